//! Flows: opening their folders, choosing a runtime, running them.

use domain::{
    finding::{Problem, ProblemCode},
    flow::{FlowId, FlowRunId},
};

use crate::{
    api::{
        CheckFlowInputs, FlowFile, FlowFit, FlowInputsCheck, FlowOnRuntime, FlowRunDetail,
        FlowRuns, FlowRuntimes, FlowView, Flows, FollowFlowRun, ListFlowRuns, LogEvent,
        ReadFlowFile, ReadRunPart, ShownValue, StartFlowRun,
    },
    context::App,
};

fn under_way<T>() -> Result<T, Problem> {
    Err(Problem::new(ProblemCode::Internal, "Flows are being built."))
}

pub(crate) async fn list(_: &App) -> Result<Flows, Problem> {
    under_way()
}
pub(crate) async fn view(_: &App, _: &FlowId) -> Result<FlowView, Problem> {
    under_way()
}
pub(crate) async fn read_file(_: &App, _: ReadFlowFile) -> Result<FlowFile, Problem> {
    under_way()
}
pub(crate) async fn runtimes(_: &App, _: &FlowId) -> Result<FlowRuntimes, Problem> {
    under_way()
}
pub(crate) async fn check_inputs(_: &App, _: CheckFlowInputs) -> Result<FlowInputsCheck, Problem> {
    under_way()
}
pub(crate) async fn runs(_: &App, _: ListFlowRuns) -> Result<FlowRuns, Problem> {
    under_way()
}
pub(crate) async fn run_detail(_: &App, _: &FlowRunId) -> Result<FlowRunDetail, Problem> {
    under_way()
}
pub(crate) async fn run_part(_: &App, _: ReadRunPart) -> Result<ShownValue, Problem> {
    under_way()
}
pub(crate) async fn open(_: &App, _: &str) -> Result<FlowView, Problem> {
    under_way()
}
pub(crate) async fn forget(_: &App, _: &FlowId) -> Result<(), Problem> {
    under_way()
}
pub(crate) async fn choose_runtime(_: &App, _: FlowOnRuntime) -> Result<(), Problem> {
    under_way()
}
pub(crate) async fn check_fit(_: &App, _: FlowOnRuntime) -> Result<FlowFit, Problem> {
    under_way()
}
pub(crate) async fn start_run(_: &App, _: StartFlowRun) -> Result<FlowRunId, Problem> {
    under_way()
}
pub(crate) async fn cancel_run(_: &App, _: &FlowRunId) -> Result<(), Problem> {
    under_way()
}
pub(crate) async fn delete_run(_: &App, _: &FlowRunId) -> Result<(), Problem> {
    under_way()
}
pub(crate) async fn delete_runs(_: &App, _: &FlowId) -> Result<(), Problem> {
    under_way()
}

/// Follows the log of a run until it ends, or `tell` says that nobody listens.
pub async fn follow_run(_: &App, _: FollowFlowRun, mut tell: impl FnMut(LogEvent) -> bool) {
    tell(LogEvent::Ended { sentence: "No log is kept of this run.".into() });
}
