//! What runtimes told of the tools of flows while the application runs.

use std::collections::BTreeMap;

use domain::flow::{FlowId, ToolFile, ToolFiles};
use executor::ToolMeta;

use super::prepare::Chosen;
use crate::context::{App, lock};

/// Flows of which it is remembered.
const MOST: usize = 64;

/// By flow, the one that was told of last at the end.
#[derive(Default)]
pub(super) struct Told(Vec<(FlowId, ToolFiles)>);

/// Remembers what a runtime told of a flow's files. When it is something new, the flow is told to have changed.
pub(super) fn learn(app: &App, flow: &FlowId, chosen: &Chosen, meta: &ToolMeta) {
    let known = known(app, flow, &chosen.disk.tools);
    let mut files = known.clone();
    for (path, told) in &meta.tools {
        if let Some(own) = chosen.disk.tools.get(path) {
            files.insert(path.clone(), ToolFile { mark: own.mark, ..ToolFile::of_meta("", told) });
        }
    }
    if files == known {
        return;
    }
    {
        let mut all = lock(&app.flows.told);
        all.0.retain(|(own, _)| own != flow);
        all.0.push((flow.clone(), files));
        if all.0.len() > MOST {
            all.0.remove(0);
        }
    }
    app.hub.flow(flow);
}

/// What is known of a flow's files: what a runtime told, for code that is still the same; else what the code
/// tells.
pub(super) fn known(app: &App, flow: &FlowId, by_code: &ToolFiles) -> ToolFiles {
    let all = lock(&app.flows.told);
    let told: Option<&BTreeMap<_, _>> =
        all.0.iter().find(|(own, _)| own == flow).map(|(_, files)| files);
    by_code
        .iter()
        .map(|(path, own)| {
            let told = told.and_then(|files| files.get(path)).filter(|told| told.mark == own.mark);
            (path.clone(), told.unwrap_or(own).clone())
        })
        .collect()
}
