//! A flow as it stands: its model, what is wrong with it, and what a run begins with.

use std::collections::{BTreeMap, BTreeSet};

use ::flows::{FlowOnDisk, FlowPath};
use domain::{
    finding::Problem,
    flow::{
        Around, Flow, FlowId, FlowInput, FlowKind, FlowProblem, Graph, NeededConnection, Severity,
        ToolFiles, chosen, connection_inputs, connections_needed, inputs, problems,
    },
};
use serde_json::{Map, Value};

use super::{of_files, runtimes::remembered};
use crate::{
    api::{
        ConnectionNeed, FlowFile, FlowView, Flows, ProposedFrom, ProposedInput, ReadFlowFile,
        RecentFlow,
    },
    context::{App, lock},
    problem,
};

/// Bytes of a file that are shown.
const SHOWN_FILE: usize = 512 * 1024;
/// Flows whose folders are watched.
const WATCHED: usize = 4;

/// Flows that were opened before.
pub(crate) async fn list(app: &App) -> Result<Flows, Problem> {
    let history = &app.parts.history;
    let existing = connection_names(app).await?;
    let mut all = Vec::new();
    for known in history.flows().await.map_err(|error| problem::of_history(&error))? {
        let path = FlowPath::of(&known.flow);
        let last = history.flow_runs(Some(&known.flow), 1).await;
        let last = last.map_err(|error| problem::of_history(&error))?.into_iter().next();
        let (kind, errors) = standing(&path, &existing).await;
        all.push(RecentFlow {
            kind,
            errors,
            name: path.name(),
            folder: path.folder.display().to_string(),
            there: path.is_there(),
            opened: known.opened,
            runtime: known.runtime.map(|(id, _)| id),
            last_run: last.map(|run| super::cancel::as_it_stands(app, run)),
            flow: known.flow,
        });
    }
    Ok(Flows { flows: all })
}

/// What kind of flow it is and how many errors it has. A file that is not there has none.
async fn standing(path: &FlowPath, existing: &BTreeSet<String>) -> (Option<FlowKind>, u32) {
    let Ok(disk) = path.read().await else { return (None, 0) };
    let model = disk.read.as_ref().map(|read| &read.flow);
    let graph = model.map(default_graph).unwrap_or_default();
    let errors = all_problems(&disk, model, &graph, Some(existing))
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    (model.map(|flow| flow.kind), u32::try_from(errors).unwrap_or(u32::MAX))
}

/// Opens a flow by what a person typed.
pub(crate) async fn open(app: &App, typed: &str) -> Result<FlowView, Problem> {
    let path = FlowPath::find(typed, &crate::home::home())
        .await
        .map_err(|error| Problem { field: Some("path".into()), ..of_files(&error) })?;
    let view = view(app, &path.id).await?;
    let kept = app.parts.history.remember_flow(&path.id).await;
    kept.map_err(|error| problem::of_history(&error))?;
    app.hub.flows();
    Ok(view)
}

/// Forgets a flow and its runs; its folder is not touched.
pub(crate) async fn forget(app: &App, flow: &FlowId) -> Result<(), Problem> {
    let done = app.parts.history.forget_flow(flow).await;
    done.map_err(|error| problem::of_history(&error))?;
    lock(&app.flows.watched).retain(|(own, _)| own != flow);
    app.hub.flows();
    Ok(())
}

/// A flow as it stands on disk. Its folder is watched from now on.
pub(crate) async fn view(app: &App, flow: &FlowId) -> Result<FlowView, Problem> {
    let path = FlowPath::of(flow);
    let disk = path.read().await.map_err(|error| of_files(&error))?;
    watch(app, &disk);
    let history = &app.parts.history;
    let flows = history.flows().await.map_err(|error| problem::of_history(&error))?;
    let known = flows.into_iter().find(|known| known.flow == *flow);
    let last = history.flow_runs(Some(flow), 1).await.map_err(|e| problem::of_history(&e))?;
    let model = disk.read.as_ref().map(|read| read.flow.clone());
    let existing = connection_names(app).await?;
    let graph = model.as_ref().map(default_graph).unwrap_or_default();
    let tools = super::tools::known(app, flow, &disk.tools);
    let needed = model.as_ref().map(|flow| needs(flow, &tools, &existing)).unwrap_or_default();
    let typed = known.as_ref().map(|known| known.inputs.clone()).unwrap_or_default();
    let sample = disk.sample.clone().unwrap_or_default();
    let propose =
        |inputs: &[FlowInput]| inputs.iter().map(|i| proposed(i, &typed, &sample)).collect();
    Ok(FlowView {
        flow: flow.clone(),
        name: path.name(),
        folder: path.folder.display().to_string(),
        file: path.file.clone(),
        problems: all_problems(&disk, model.as_ref(), &graph, Some(&existing)),
        graph,
        connections: needed
            .into_iter()
            .map(|need| ConnectionNeed {
                known: existing.contains(&need.name),
                name: need.name,
                nodes: need.nodes,
            })
            .collect(),
        connection_inputs: model
            .as_ref()
            .map(|flow| connection_inputs(flow, &tools, &existing))
            .unwrap_or_default(),
        inputs: model.as_ref().map(|flow| propose(&flow.inputs)).unwrap_or_default(),
        init: model.as_ref().map(|flow| propose(&flow.init)).unwrap_or_default(),
        runtime: remembered(app, known.as_ref().and_then(|known| known.runtime.as_ref())),
        last_run: last.into_iter().next().map(|run| super::cancel::as_it_stands(app, run)),
        requirements: disk.requirements.as_ref().map(|path| path.display().to_string()),
        model,
    })
}

/// The graph with the default variants.
pub(super) fn default_graph(flow: &Flow) -> Graph {
    let none = BTreeMap::new();
    Graph::of(flow, |node| chosen(flow, node, &none))
}

/// Names of the connections that there are.
pub(crate) async fn connection_names(app: &App) -> Result<BTreeSet<String>, Problem> {
    let all = app.parts.history.connections().await;
    let all = all.map_err(|error| problem::of_history(&error))?;
    Ok(all.into_iter().map(|one| one.name.as_str().to_owned()).collect())
}

/// Connections that a flow needs; which inputs of python nodes take one is known as far as `tools` goes.
pub(super) fn needs(
    flow: &Flow,
    tools: &ToolFiles,
    existing: &BTreeSet<String>,
) -> Vec<NeededConnection> {
    let inputs = connection_inputs(flow, tools, existing);
    connections_needed(
        flow,
        &inputs.into_iter().map(|own| (own.node, own.input)).collect::<Vec<_>>(),
    )
}

/// Everything that is wrong, errors first.
pub(super) fn all_problems(
    disk: &FlowOnDisk,
    model: Option<&Flow>,
    graph: &Graph,
    existing: Option<&BTreeSet<String>>,
) -> Vec<FlowProblem> {
    let mut all: Vec<FlowProblem> = disk.syntax.iter().cloned().collect();
    if let Some(read) = &disk.read {
        all.extend(read.problems.iter().cloned());
    }
    if let Some(flow) = model {
        all.extend(problems(
            flow,
            graph,
            &Around {
                file: &disk.path.file,
                is_file: &|path| disk.is_file(path),
                missing_includes: &disk.missing_includes,
                connections: existing,
            },
        ));
    }
    all.sort_by_key(|problem| problem.severity);
    all
}

fn proposed(
    input: &FlowInput,
    typed: &BTreeMap<String, String>,
    sample: &Map<String, Value>,
) -> ProposedInput {
    let (text, from) = if let Some(text) = typed.get(&input.name) {
        (text.clone(), ProposedFrom::LastRun)
    } else if let Some(value) = sample.get(&input.name) {
        (inputs::as_typed(value), ProposedFrom::Sample)
    } else if let Some(value) = &input.default {
        (inputs::as_typed(value), ProposedFrom::Default)
    } else if input.is_chat_history {
        ("[]".to_owned(), ProposedFrom::Default)
    } else {
        (String::new(), ProposedFrom::Nowhere)
    };
    ProposedInput { name: input.name.clone(), kind: input.kind, text, from }
}

/// A file of a flow's folder.
pub(crate) async fn read_file(app: &App, request: ReadFlowFile) -> Result<FlowFile, Problem> {
    let _ = app;
    let path = FlowPath::of(&request.flow);
    let includes = match path.read().await {
        Ok(disk) => disk.read.map(|read| read.flow.additional_includes).unwrap_or_default(),
        Err(error) => return Err(of_files(&error)),
    };
    let file = path.text(&request.path, &includes, SHOWN_FILE).await;
    let file = file.map_err(|error| of_files(&error))?;
    Ok(FlowFile {
        path: request.path,
        place: file.place.display().to_string(),
        text: file.text,
        cut: file.cut,
    })
}

/// Watches a flow's files; those that were looked at longest ago are not watched any more.
fn watch(app: &App, disk: &FlowOnDisk) {
    let flow = &disk.path.id;
    let places = disk.places();
    let mut watched = lock(&app.flows.watched);
    if let Some(at) =
        watched.iter().position(|(own, watching)| own == flow && watching.places() == places)
    {
        let own = watched.remove(at);
        watched.push(own);
        return;
    }
    watched.retain(|(own, _)| own != flow);
    let (hub, changed) = (app.clone(), flow.clone());
    match ::flows::watch(places, move || hub.hub.flow(&changed)) {
        Ok(watching) => watched.push((flow.clone(), watching)),
        Err(error) => tracing::info!(%error, "a flow's folder cannot be watched"),
    }
    if watched.len() > WATCHED {
        watched.remove(0);
    }
}
