//! What is kept of runs, and following the log of one.

use domain::{
    finding::Problem,
    flow::{FlowId, FlowRunId},
};
use history::KeptRun;
use serde_json::Value;
use tokio::sync::mpsc;

use super::cancel::as_it_stands;
use crate::{
    api::{FlowRunDetail, FlowRuns, ListFlowRuns, NodeValues, ReadRunPart, RunPart, ShownValue},
    context::{App, lock},
    logs::LogText,
    problem,
    shown::{cut, whole},
};

/// Bytes of a value that are shown before somebody asks for all of it.
const SHOWN: usize = 16 * 1024;
/// Runs in a list.
const LISTED: usize = 200;

/// Runs of a flow, or of all.
pub(crate) async fn runs(app: &App, request: ListFlowRuns) -> Result<FlowRuns, Problem> {
    let kept = app.parts.history.flow_runs(request.flow.as_ref(), LISTED).await;
    let kept = kept.map_err(|error| problem::of_history(&error))?;
    Ok(FlowRuns { runs: kept.into_iter().map(|run| as_it_stands(app, run)).collect() })
}

/// A run with everything that is kept of it.
pub(super) async fn kept(app: &App, id: &FlowRunId) -> Result<KeptRun, Problem> {
    let kept = app.parts.history.flow_run(id).await;
    kept.map_err(|error| problem::of_history(&error))?.ok_or_else(|| problem::not_found("The run"))
}

/// The object of a node in an answer; that to one node alone is the node's own.
fn node_info<'a>(answer: &'a Value, node: &str) -> &'a Value {
    let alone = answer.get("run_info").is_none() && answer["node"].as_str() == Some(node);
    if alone { answer } else { &answer["node_run_infos"][node] }
}

fn output(answer: &Value) -> &Value {
    &answer["output"]
}

fn metrics(answer: &Value) -> &Value {
    &answer["run_info"]["metrics"]
}

fn shown(value: &Value) -> Option<ShownValue> {
    cut(value, SHOWN)
}

/// A printed text; an empty one is nothing.
fn printed(value: &Value) -> Option<ShownValue> {
    shown(value).filter(|value| !value.text.is_empty())
}

/// A run with its values.
pub(crate) async fn run_detail(app: &App, id: &FlowRunId) -> Result<FlowRunDetail, Problem> {
    let kept = kept(app, id).await?;
    let run = as_it_stands(app, kept.run);
    let answer = kept.answer.unwrap_or(Value::Null);
    let nodes = run
        .nodes
        .iter()
        .filter(|_| !answer.is_null())
        .map(|node| {
            let info = node_info(&answer, &node.node);
            NodeValues {
                node: node.node.clone(),
                inputs: shown(&info["inputs"]),
                output: shown(&info["output"]),
                out: printed(&info["logs"]["stdout"]),
                error: printed(&info["logs"]["stderr"]),
            }
        })
        .collect();
    let nothing = || ShownValue { text: String::new(), json: false, cut: false, bytes: 0 };
    Ok(FlowRunDetail {
        again: super::again::again(&run, kept.request, &kept.inputs),
        inputs: shown(&kept.inputs).unwrap_or_else(nothing),
        output: shown(output(&answer)),
        metrics: shown(metrics(&answer)),
        nodes,
        run,
    })
}

/// The whole of one part of a run.
pub(crate) async fn run_part(app: &App, request: ReadRunPart) -> Result<ShownValue, Problem> {
    let kept = kept(app, &request.run).await?;
    let answer = kept.answer.unwrap_or(Value::Null);
    let found = match &request.part {
        RunPart::Inputs => whole(&kept.inputs),
        RunPart::Output => whole(output(&answer)),
        RunPart::Metrics => whole(metrics(&answer)),
        RunPart::NodeInputs { node } => whole(&node_info(&answer, node)["inputs"]),
        RunPart::NodeOutput { node } => whole(&node_info(&answer, node)["output"]),
        RunPart::NodeOut { node } => whole(&node_info(&answer, node)["logs"]["stdout"]),
        RunPart::NodeError { node } => whole(&node_info(&answer, node)["logs"]["stderr"]),
        RunPart::Log => {
            let active = lock(&app.flows.active).get(&request.run).cloned();
            whole(&Value::from(active.map_or(kept.log, |active| active.text())))
        }
    };
    found.ok_or_else(|| problem::not_found("This part of the run"))
}

/// Deletes a run that has ended.
pub(crate) async fn delete_run(app: &App, id: &FlowRunId) -> Result<(), Problem> {
    let done = app.parts.history.delete_flow_run(id).await;
    done.map_err(|error| problem::of_history(&error))?;
    app.hub.flows();
    Ok(())
}

/// Deletes all runs of a flow that have ended.
pub(crate) async fn delete_runs(app: &App, flow: &FlowId) -> Result<(), Problem> {
    let done = app.parts.history.delete_flow_runs(flow).await;
    done.map_err(|error| problem::of_history(&error))?;
    app.hub.flows();
    Ok(())
}

/// Tells the log of a run in pieces, as it grows, until the run ends.
pub(crate) async fn log_pieces(
    app: &App,
    run: &FlowRunId,
    sender: mpsc::Sender<LogText>,
) -> Result<(), Problem> {
    let active = lock(&app.flows.active).get(run).map(std::sync::Arc::downgrade);
    let Some(active) = active else {
        let text = kept(app, run).await?.log.into_bytes();
        let _ = sender.send(LogText { text, times: false }).await;
        return Ok(());
    };
    let Some(mut growing) = active.upgrade().map(|active| active.growing()) else { return Ok(()) };
    let mut told = 0;
    loop {
        growing.borrow_and_update();
        let Some(now) = active.upgrade() else { return Ok(()) };
        let lines = now.lines_from(told);
        let is_over = now.is_over();
        drop(now);
        told += lines.len();
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        if sender.send(LogText { text: text.into_bytes(), times: false }).await.is_err()
            || is_over
            || growing.changed().await.is_err()
        {
            return Ok(());
        }
    }
}
