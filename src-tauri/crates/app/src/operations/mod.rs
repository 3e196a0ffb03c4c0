//! Operations: started, followed, cancelled, kept. One at a time for each runtime.

mod create;
mod delete;
mod handle;
mod image;
mod lifecycle;
mod preview;
mod proof;
mod recover;
mod swap;
mod transaction;
mod update;

use std::sync::{Arc, Mutex};

use domain::{
    compute::ComputeId,
    finding::{Problem, ProblemCode},
    operation::{
        Cancel, Operation, OperationId, OperationKind, OperationState, Step, StepKind, StepState,
    },
    runtime::{Runtime, RuntimeId},
};
use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use create::create;
pub(crate) use delete::{delete, preview_delete};
pub(crate) use handle::{Handle, Outcome, Running, Stop};
pub(crate) use lifecycle::{restart, start, stop};
pub(crate) use preview::{preview_update, refusals};
pub(crate) use proof::inside;
pub use recover::recover_all;
pub(crate) use recover::{recover_compute, take_over};
pub(crate) use update::{roll_back, update};

use crate::{
    computes,
    context::{App, lock},
    problem, table,
};

/// How many ended operations are held for the window; older ones are in the history.
const HELD: usize = 50;

/// What an operation is about.
pub(crate) struct Plan {
    pub kind: OperationKind,
    pub runtime: RuntimeId,
    pub name: String,
    pub compute: ComputeId,
    pub steps: Vec<StepKind>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// `user@host`, or what started it.
    pub started_by: Option<String>,
}

impl Plan {
    /// An operation on a runtime that exists.
    pub(crate) fn on(kind: OperationKind, row: &Runtime, steps: &[StepKind]) -> Self {
        Self {
            kind,
            runtime: row.id.clone(),
            name: row.name.to_string(),
            compute: row.compute.clone(),
            steps: steps.to_vec(),
            from: None,
            to: None,
            started_by: None,
        }
    }
}

/// Begins an operation; refused while another holds the runtime.
pub(crate) fn begin<F, W>(app: &App, plan: Plan, work: F) -> Result<OperationId, Problem>
where
    F: FnOnce(Handle) -> W + Send + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    let engine = computes::engine(app, &plan.compute)?;
    let id = OperationId(uuid::Uuid::new_v4().to_string());
    {
        let mut busy = lock(&app.busy);
        if busy.contains_key(&plan.runtime) {
            return Err(Problem::new(
                ProblemCode::Busy,
                format!("Another operation works on {}. One at a time keeps both safe.", plan.name),
            )
            .hint("Wait until it ends, or cancel it.")
            .retryable());
        }
        busy.insert(plan.runtime.clone(), id.clone());
    }
    let operation = Operation {
        id: id.clone(),
        kind: plan.kind,
        runtime: plan.runtime.clone(),
        runtime_name: plan.name,
        compute: plan.compute.clone(),
        state: OperationState::Running,
        steps: plan.steps.into_iter().map(Step::pending).collect(),
        pull: None,
        cancel: Cancel::Cancel,
        from: plan.from,
        to: plan.to,
        from_digest: None,
        to_digest: None,
        packages: None,
        problem: None,
        outcome: None,
        kept_log: None,
        without_service: None,
        started_by: plan.started_by.unwrap_or_else(|| app.parts.identity.creator.who.clone()),
        started: crate::context::now(),
        finished: None,
    };
    let running = Arc::new(Running {
        operation: Mutex::new(operation.clone()),
        cancel: CancellationToken::new(),
    });
    {
        let mut operations = lock(&app.operations);
        operations.insert(id.clone(), running.clone());
        forget_old(&mut operations);
    }
    app.hub.operation(&operation, true);
    table::refresh_runtime(app, &plan.runtime);
    let handle =
        Handle { app: app.clone(), running, runtime: plan.runtime, compute: plan.compute, engine };
    tokio::spawn(run(handle, work));
    Ok(id)
}

fn forget_old(operations: &mut std::collections::BTreeMap<OperationId, Arc<Running>>) {
    let mut ended: Vec<(jiff::Timestamp, OperationId)> = operations
        .values()
        .map(|running| running.view())
        .filter_map(|view| view.finished.map(|finished| (finished, view.id)))
        .collect();
    ended.sort();
    let surplus = ended.len().saturating_sub(HELD);
    for (_, id) in ended.into_iter().take(surplus) {
        operations.remove(&id);
    }
}

async fn run<F, W>(handle: Handle, work: F)
where
    F: FnOnce(Handle) -> W + Send + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    let app = handle.app.clone();
    keep(&app, &handle.running.view()).await;
    // A panic is a fault of ours: it ends this operation, not the application.
    let result = std::panic::AssertUnwindSafe(work(handle.clone())).catch_unwind().await;
    let result = result.unwrap_or_else(|_| {
        Err(Problem::new(
            ProblemCode::Internal,
            "A fault of this application ended the operation. At its next start the application looks at the runtime and puts it right.",
        )
        .into())
    });
    let now = crate::context::now();
    handle.change(true, |operation| {
        let last = match &result {
            Err(stop) if !was_stopped(operation, stop.of_step()) => stop.of_step(),
            _ => StepState::Done,
        };
        for step in operation.steps.iter_mut().filter(|step| step.state == StepState::Running) {
            step.state = last;
            step.finished = Some(now);
        }
        match result {
            Ok(outcome) => {
                operation.state = OperationState::Succeeded;
                operation.outcome = Some(outcome);
            }
            Err(Stop::Cancelled) => {
                operation.state = OperationState::Cancelled;
                operation.outcome.get_or_insert_with(|| {
                    "It was cancelled. What it had made so far was removed.".into()
                });
            }
            Err(Stop::Failed(problem)) => {
                operation.state = OperationState::Failed;
                operation.problem = Some(*problem);
            }
        }
        operation.cancel = Cancel::No;
        operation.finished = Some(now);
    });
    lock(&app.busy).remove(&handle.runtime);
    let view = handle.running.view();
    tracing::info!(operation = %view.id, kind = ?view.kind, state = ?view.state, "operation ended");
    keep(&app, &view).await;
    table::refresh_runtime(&app, &handle.runtime);
    crate::usage::sync(&app);
    let changed_image = matches!(view.kind, OperationKind::Update | OperationKind::RollBack);
    if changed_image && view.state == OperationState::Succeeded {
        tokio::spawn(crate::versions::image_changed(app, view.runtime));
    }
}

/// Whether a step shows already that the work stopped there: then the last one only tidied up.
fn was_stopped(operation: &Operation, as_state: StepState) -> bool {
    operation.steps.iter().any(|step| step.state == as_state && step.finished.is_some())
}

async fn keep(app: &App, operation: &Operation) {
    if let Err(error) = app.parts.history.save_operation(operation).await {
        tracing::warn!(%error, "an operation could not be written to the history");
    }
}

/// Asks an operation to stop; acknowledged at once.
pub(crate) fn cancel(app: &App, id: &OperationId) -> Result<(), Problem> {
    let running = lock(&app.operations)
        .get(id)
        .cloned()
        .ok_or_else(|| problem::not_found("The operation"))?;
    let view = {
        let mut operation = lock(&running.operation);
        match operation.cancel {
            Cancel::No => return Ok(()),
            Cancel::Cancel => operation.state = OperationState::Cancelling,
            Cancel::GoBack => operation.state = OperationState::GoingBack,
        }
        operation.cancel = Cancel::No;
        operation.clone()
    };
    running.cancel.cancel();
    app.hub.operation(&view, true);
    Ok(())
}

/// Operations that have not ended, e.g. when the window closes.
pub(crate) fn active(app: &App) -> Vec<Operation> {
    lock(&app.operations)
        .values()
        .map(|running| running.view())
        .filter(|operation| !operation.state.is_final())
        .collect()
}

/// Operations, newest first: those in memory as they stand, older ones from the history.
pub(crate) async fn list(
    app: &App,
    runtime: Option<&RuntimeId>,
) -> Result<Vec<Operation>, Problem> {
    let mut all = app
        .parts
        .history
        .operations(runtime, 200)
        .await
        .map_err(|error| problem::of_history(&error))?;
    for running in lock(&app.operations).values() {
        let view = running.view();
        if runtime.is_some_and(|id| *id != view.runtime) {
            continue;
        }
        match all.iter_mut().find(|operation| operation.id == view.id) {
            Some(kept) => *kept = view,
            None => all.push(view),
        }
    }
    all.sort_by_key(|operation| std::cmp::Reverse(operation.started));
    Ok(all)
}

/// The row of a runtime, or that it is gone.
pub(crate) fn row(app: &App, id: &RuntimeId) -> Result<Runtime, Problem> {
    lock(&app.table).row(id).cloned().ok_or_else(|| problem::not_found("The runtime"))
}

/// Refuses when someone else's operation holds the runtime.
pub(crate) fn not_held(row: &Runtime) -> Result<(), Problem> {
    match &row.lock {
        Some(held) if !held.ours => Err(Problem::new(
            ProblemCode::Busy,
            format!("{} works on this runtime from another installation.", held.who),
        )
        .hint("Wait until that ends. If it does not, take it over on the runtime's page.")),
        _ => Ok(()),
    }
}

/// Measures the time without service.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
