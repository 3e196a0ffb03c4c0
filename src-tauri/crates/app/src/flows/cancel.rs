//! Cancelling runs, and those that an earlier process left.

use std::time::Duration;

use domain::{
    finding::{Problem, ProblemCode},
    flow::{FlowRun, FlowRunId, FlowRunState},
    runtime::RuntimeId,
};

use super::{
    place,
    run::{AFTER_CANCEL, CANCEL_LIMIT},
};
use crate::{
    computes,
    context::{App, lock, now},
    problem,
};

/// How long it is looked for the runtime of a run that was cut off.
const LOOK_FOR_RUNTIME: Duration = Duration::from_secs(60);

/// Cancels a run for real: the service ends it.
pub(crate) async fn cancel_run(app: &App, id: &FlowRunId) -> Result<(), Problem> {
    let active = lock(&app.flows.active).get(id).cloned();
    // One that has ended meanwhile is as good as cancelled.
    if let Some(active) = active {
        active.cancel.cancel();
        return Ok(());
    }
    match app.parts.history.flow_run(id).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(problem::not_found("The run")),
        Err(error) => Err(problem::of_history(&error)),
    }
}

/// Cancels everything that is active, and waits until that has ended, at most `limit`.
pub(crate) async fn cancel_all(app: &App, limit: Duration) {
    cancel_where(app, limit, |_| true).await;
}

/// Cancels what is active on a runtime, and waits for the end as long as that may take.
pub(crate) async fn cancel_on(app: &App, runtime: &RuntimeId) {
    cancel_where(app, CANCEL_LIMIT + AFTER_CANCEL, |run| run.runtime == *runtime).await;
}

async fn cancel_where(app: &App, limit: Duration, which: impl Fn(&FlowRun) -> bool) {
    let meant: Vec<FlowRunId> = {
        let active = lock(&app.flows.active);
        let meant = active.iter().filter(|(_, active)| which(&lock(&active.run)));
        meant
            .map(|(id, active)| {
                active.cancel.cancel();
                id.clone()
            })
            .collect()
    };
    let ended = async {
        while meant.iter().any(|id| lock(&app.flows.active).contains_key(id)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(limit, ended).await.is_err() {
        tracing::info!("a run that was cancelled has not ended in time");
    }
}

/// A kept run; one that is active as it stands now.
pub(super) fn as_it_stands(app: &App, run: FlowRun) -> FlowRun {
    let active = lock(&app.flows.active).get(&run.id).cloned();
    active.map_or(run, |active| lock(&active.run).clone())
}

/// Runs that an earlier process of this application left: they are told as lost, and the service is asked to
/// end them as soon as their runtime answers.
pub(crate) async fn recover(app: App) {
    let Ok(left) = app.parts.history.unfinished_flow_runs().await else { return };
    for (mut run, process) in left {
        let own = process == app.parts.identity.process;
        if own || (app.parts.is_alive)(&process) {
            continue;
        }
        run.state = FlowRunState::Lost;
        run.ended = Some(now());
        run.note = None;
        run.problem = Some(
            Problem::new(
                ProblemCode::RunFailed,
                "The application ended before this run did, so what it gave is not known.",
            )
            .hint("Run it again."),
        );
        run.end_nodes();
        if let Err(error) = app.parts.history.end_flow_run(&run, None, "").await {
            tracing::info!(%error, "a run that was cut off could not be written down");
        }
        app.hub.flow_run(&run, false);
        tokio::spawn(end_left(app.clone(), run));
    }
}

/// Asks the service to end a run that nobody waits for.
async fn end_left(app: App, run: FlowRun) {
    let until = tokio::time::Instant::now() + LOOK_FOR_RUNTIME;
    while tokio::time::Instant::now() < until {
        let row = lock(&app.table).row(&run.runtime).cloned();
        if let Some(row) = row
            && super::runtimes::unusable(&row).is_none()
            && let Some(base) = &row.endpoint
        {
            let runs = app.parts.executor.runs();
            if let Err(error) = runs.cancel(base, &run.id.0, CANCEL_LIMIT).await {
                tracing::info!(run = %run.id, %error, "a run that was cut off could not be ended");
            }
            if let Ok(engine) = computes::engine(&app, &row.compute) {
                place::end_left_run(engine.as_ref(), &row.container_id, &run.id).await;
            }
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
