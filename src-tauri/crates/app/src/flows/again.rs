//! A run once more: with everything that it was begun with.

use std::collections::BTreeMap;

use domain::{
    finding::Problem,
    flow::{FlowRun, FlowRunId, inputs},
};
use serde_json::Value;

use super::{from_here::is_whole, kept, prepare};
use crate::{
    api::{RunAgain, RunFlowAgain, StartFlowRun},
    context::App,
};

/// Begins a run with everything that an earlier one was begun with, and with another limit where one is given;
/// answers its id.
pub(crate) async fn run_again(app: &App, request: RunFlowAgain) -> Result<FlowRunId, Problem> {
    let kept = kept::kept(app, &request.run).await?;
    let RunAgain { mut start, missing } = again(&kept.run, kept.request, &kept.inputs);
    if let Some(field) = missing.first() {
        let name = field.split_once('.').map_or(field.as_str(), |(_, name)| name);
        return Err(Problem::field(
            field,
            format!("The value of \"{name}\" is not kept with a run, since it is too big or holds a secret. So it cannot run again by itself."),
        )
        .hint("Give the value again on the flow's page, then press Run."));
    }
    if let Some(limit) = request.limit {
        start.limit = Some(limit);
    }
    prepare::start_run(app, start).await
}

/// What begins a run once more. `request` is what is kept of how it was begun; an older version of this
/// application kept none, so that only its inputs and variants are known. What held a secret is not kept and
/// has to be typed again.
pub(super) fn again(run: &FlowRun, request: Option<Value>, values: &Value) -> RunAgain {
    let kept = request.and_then(|request| serde_json::from_value(request).ok());
    let mut start = kept.unwrap_or_else(|| by_values(run, values));
    let mut missing = Vec::new();
    for (field, texts) in [("inputs", &mut start.inputs), ("init", &mut start.init)] {
        texts.retain(|name, text| {
            let is_there = is_whole(&Value::from(text.as_str()));
            if !is_there {
                missing.push(format!("{field}.{name}"));
            }
            is_there
        });
    }
    RunAgain { start, missing }
}

fn by_values(run: &FlowRun, values: &Value) -> StartFlowRun {
    let typed = |(name, value): (&String, &Value)| (name.clone(), inputs::as_typed(value));
    StartFlowRun {
        flow: run.flow.clone(),
        runtime: run.runtime.clone(),
        inputs: values.as_object().into_iter().flatten().map(typed).collect(),
        init: BTreeMap::new(),
        variants: run.variants.clone(),
        connections: vec![],
        node: run.node.clone(),
        from_node: run.from_node.clone(),
        from: run.from.clone(),
        limit: None,
    }
}
