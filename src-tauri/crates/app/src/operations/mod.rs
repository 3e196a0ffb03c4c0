//! Operations: started, followed, cancelled, kept. One at a time for each runtime.

mod add_packages;
mod build;
mod build_log;
mod configure;
mod create;
mod delete;
mod handle;
mod hands;
mod held;
mod image;
mod install;
mod lifecycle;
mod mend;
mod patience;
mod preview;
mod proof;
mod put_back;
mod recover;
mod resume;
mod scratch;
mod swap;
mod transaction;
mod update;

use std::sync::Arc;

use domain::{
    compute::ComputeId,
    finding::{Problem, ProblemCode},
    label::ProcessMark,
    operation::{
        Cancel, Operation, OperationId, OperationKind, OperationState, Step, StepKind, StepState,
        Subject,
    },
    runtime::{Runtime, RuntimeId},
};
use futures_util::FutureExt;
use tokio::time::Instant;

pub(crate) use add_packages::{add_packages, preview as preview_add_packages};
pub(crate) use build::build;
pub(crate) use build_log::build_log_pieces;
pub(crate) use configure::{change_configuration, manage};
pub(crate) use create::create;
pub(crate) use delete::{delete, preview_delete};
pub(crate) use handle::{Handle, Outcome, Running, Stop};
pub(crate) use install::{install, requirements};
pub(crate) use lifecycle::{restart, start, stop};
pub(crate) use mend::{make_again, mend};
pub(crate) use preview::{active_runs, all_containers, preview_update, refusals, unproven};
pub(crate) use proof::inside;
pub use recover::recover_all;
pub(crate) use recover::{recover_compute, take_over};
pub(crate) use scratch::in_scratch;
pub(crate) use update::{roll_back, shown, update, update_by};

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
    pub subject: Subject,
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
            subject: Subject::Runtime(row.id.clone()),
            name: row.name.to_string(),
            compute: row.compute.clone(),
            steps: steps.to_vec(),
            from: None,
            to: None,
            started_by: None,
        }
    }

    /// The operation before its first step.
    fn operation(self, app: &App) -> Operation {
        let (runtime, environment) = match self.subject {
            Subject::Runtime(id) => (Some(id), None),
            Subject::Environment(id) => (None, Some(id)),
        };
        Operation {
            id: OperationId(uuid::Uuid::new_v4().to_string()),
            kind: self.kind,
            runtime,
            environment,
            name: self.name,
            compute: self.compute,
            state: OperationState::Running,
            steps: self.steps.into_iter().map(Step::pending).collect(),
            pull: None,
            build: None,
            cancel: Cancel::Cancel,
            from: self.from,
            to: self.to,
            from_image: None,
            from_digest: None,
            to_digest: None,
            packages: None,
            problem: None,
            outcome: None,
            kept_log: None,
            without_service: None,
            run: None,
            started_by: self.started_by.unwrap_or_else(|| app.parts.identity.creator.who.clone()),
            started: crate::context::now(),
            finished: None,
        }
    }
}

/// Begins an operation; refused while another holds what it works on.
pub(crate) fn begin<F, W>(app: &App, plan: Plan, work: F) -> Result<OperationId, Problem>
where
    F: FnOnce(Handle) -> W + Send + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    begin_holding(app, plan, None, work)
}

/// The same for one that holds something else beside its subject.
pub(crate) fn begin_holding<F, W>(
    app: &App,
    plan: Plan,
    also: Option<Subject>,
    work: F,
) -> Result<OperationId, Problem>
where
    F: FnOnce(Handle) -> W + Send + 'static,
    W: Future<Output = Outcome> + Send + 'static,
{
    let engine = computes::engine(app, &plan.compute)?;
    let subject = plan.subject.clone();
    let running = take_on(app, plan.operation(app), &subject, also)?;
    let handle = Handle::new(app, running, engine);
    let id = handle.id();
    tokio::spawn(run(handle, work));
    Ok(id)
}

/// An operation is there from now on and holds its subject; refused while another does.
fn take_on(
    app: &App,
    operation: Operation,
    subject: &Subject,
    also: Option<Subject>,
) -> Result<Arc<Running>, Problem> {
    {
        let mut busy = lock(&app.busy);
        if busy.contains_key(subject) || also.as_ref().is_some_and(|also| busy.contains_key(also)) {
            return Err(Problem::new(
                ProblemCode::Busy,
                format!(
                    "Another operation works on {}. One at a time keeps both safe.",
                    operation.name
                ),
            )
            .hint("Wait until it ends, or cancel it.")
            .retryable());
        }
        busy.insert(subject.clone(), operation.id.clone());
        if let Some(also) = also {
            busy.insert(also, operation.id.clone());
        }
    }
    let running = Arc::new(Running::new(operation.clone()));
    {
        let mut operations = lock(&app.operations);
        operations.insert(operation.id.clone(), running.clone());
        forget_old(&mut operations);
    }
    app.hub.operation(&operation, true);
    refresh(app, subject);
    Ok(running)
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
    // A cancel is written down when it is asked for: what was cancelled does not go on after a crash.
    let cancelling = handle.clone();
    let noted = tokio::spawn(async move {
        cancelling.cancelled().await;
        keep(&cancelling.app, &cancelling.running.view()).await;
    });
    // A panic is a fault of ours: it ends this operation, not the application.
    let result = std::panic::AssertUnwindSafe(work(handle.clone())).catch_unwind().await;
    let result = result.unwrap_or_else(|_| {
        Err(Problem::new(
            ProblemCode::Internal,
            "A fault of this application ended the operation. At its next start the application looks at the runtime and puts it right.",
        )
        .into())
    });
    noted.abort();
    let view = conclude(&app, &handle.running, result).await;
    if view.kind == OperationKind::Create {
        resume::after(&app, &handle.running).await;
    }
    crate::usage::sync(&app);
    let changed_image = matches!(
        view.kind,
        OperationKind::Update | OperationKind::RollBack | OperationKind::AddPackages
    );
    if changed_image
        && view.state == OperationState::Succeeded
        && let Some(runtime) = view.runtime
    {
        tokio::spawn(crate::versions::image_changed(app, runtime));
    }
}

/// The operation has ended so: that is kept, it lets go of its runtime, and then it is told. In this order: an
/// end that was seen is not forgotten when the application dies right after it, and whoever saw it may begin the next.
async fn conclude(app: &App, running: &Running, result: Outcome) -> Operation {
    let ended = ended(running.view(), result);
    keep(app, &ended).await;
    crate::came_from::take(app, &ended);
    let held: Vec<Subject> = {
        let mut busy = lock(&app.busy);
        let held = busy.iter().filter(|(_, holder)| **holder == ended.id);
        let held: Vec<Subject> = held.map(|(subject, _)| subject.clone()).collect();
        for subject in &held {
            busy.remove(subject);
        }
        held
    };
    running.change(app, true, |operation| *operation = ended.clone());
    tracing::info!(operation = %ended.id, kind = ?ended.kind, state = ?ended.state, "operation ended");
    for subject in &held {
        refresh(app, subject);
    }
    crate::policies::operation_ended(app, &ended).await;
    app.operation_ended.notify_waiters();
    ended
}

/// What an operation holds shows it, or shows it no more.
fn refresh(app: &App, subject: &Subject) {
    match subject {
        Subject::Runtime(id) => table::refresh_runtime(app, id),
        Subject::Environment(_) => app.hub.environments(),
    }
}

/// The operation after its end.
fn ended(mut operation: Operation, result: Outcome) -> Operation {
    let now = crate::context::now();
    let last = match &result {
        Err(stop) if !was_stopped(&operation, stop.of_step()) => stop.of_step(),
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
    operation
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

/// Whether the process that worked on an operation has ended. One on another machine may live.
fn works_no_more(app: &App, process: &ProcessMark, operation: &OperationId) -> bool {
    let here = &app.parts.identity.process;
    if process == here {
        let running = lock(&app.operations).get(operation).map(|running| running.view());
        return running.is_none_or(|operation| operation.state.is_final());
    }
    process.host == here.host && !(app.parts.is_alive)(process)
}

/// Operations that have not ended, e.g. when the window closes. One that waits for its compute is left
/// out: it does nothing, and goes on after the next start all the same.
pub(crate) fn active(app: &App) -> Vec<Operation> {
    lock(&app.operations)
        .values()
        .filter(|running| !running.waits())
        .map(|running| running.view())
        .filter(|operation| !operation.state.is_final())
        .collect()
}

/// Operations, newest first: those in memory as they stand, older ones from the history.
pub(crate) async fn list(app: &App, subject: Option<&Subject>) -> Result<Vec<Operation>, Problem> {
    let mut all = app
        .parts
        .history
        .operations(subject, 200)
        .await
        .map_err(|error| problem::of_history(&error))?;
    for running in lock(&app.operations).values() {
        let view = running.view();
        if subject.is_some() && subject != view.subject().as_ref() {
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

/// That somebody's other installation works on a runtime.
pub(crate) fn held_by(who: &str) -> Problem {
    Problem::new(
        ProblemCode::Busy,
        format!("{who} works on this runtime from another installation."),
    )
    .hint("Wait until that ends. If it does not, take it over on the runtime's page.")
}

/// Refuses when someone else's operation holds the runtime.
pub(crate) fn not_held(row: &Runtime) -> Result<(), Problem> {
    match &row.lock {
        Some(held) if !held.ours => Err(held_by(&held.who)),
        _ => Ok(()),
    }
}

/// Measures the time without service.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
