//! What an operation's work holds in its hand: it tells steps and progress, and hears of a cancel.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{
    compute::ComputeId,
    finding::Problem,
    operation::{
        BuildProgress, Cancel, Operation, OperationId, OperationKind, OperationState, Step,
        StepKind, StepState,
    },
    pull::PullProgress,
    runtime::RuntimeId,
};
use engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::{
    computes,
    context::{App, lock},
};

/// How an operation's work ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The person cancelled it.
    Cancelled,
    Failed(Box<Problem>),
}

impl Stop {
    /// How it shows on the step in which it happened.
    pub(super) fn of_step(&self) -> StepState {
        match self {
            Self::Cancelled => StepState::Skipped,
            Self::Failed(_) => StepState::Failed,
        }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(Box::new(problem))
    }
}

/// How an operation's work ended well: a sentence about what stands now.
pub(crate) type Outcome = Result<String, Stop>;

/// One operation, running or ended.
pub(crate) struct Running {
    pub(super) operation: Mutex<Operation>,
    pub(super) cancel: CancellationToken,
    /// It waits for its compute, and nothing happens until then.
    waits: AtomicBool,
    /// Something that it made is still on the compute although it was to be removed.
    leaves_something: AtomicBool,
}

impl Running {
    pub(super) fn new(operation: Operation) -> Self {
        Self {
            operation: Mutex::new(operation),
            cancel: CancellationToken::new(),
            waits: AtomicBool::new(false),
            leaves_something: AtomicBool::new(false),
        }
    }

    pub(super) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    pub(super) fn set_waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    pub(super) fn leaves_something(&self) -> bool {
        self.leaves_something.load(Ordering::Relaxed)
    }

    pub(super) fn change(&self, app: &App, urgent: bool, change: impl FnOnce(&mut Operation)) {
        let view = {
            let mut operation = lock(&self.operation);
            change(&mut operation);
            operation.clone()
        };
        app.hub.operation(&view, urgent);
    }

    pub(crate) fn view(&self) -> Operation {
        lock(&self.operation).clone()
    }
}

/// What an operation's work says while it goes on.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(super) app: App,
    pub(super) running: Arc<Running>,
    pub(crate) compute: ComputeId,
    pub(crate) engine: Arc<dyn Engine>,
    /// The steps of the list that this work has, where several kinds of work follow each other.
    part: Option<Range<usize>>,
}

impl Handle {
    pub(super) fn new(app: &App, running: Arc<Running>, engine: Arc<dyn Engine>) -> Self {
        let operation = running.view();
        Self { app: app.clone(), running, compute: operation.compute, engine, part: None }
    }

    /// For work that has only these steps of the list: others that it begins are not shown, but for what puts
    /// something back.
    pub(crate) fn with_steps(&self, part: Range<usize>) -> Self {
        Self { part: Some(part), ..self.clone() }
    }

    /// Where a step is in the list; `None` = it is not among them.
    fn place(&self, operation: &Operation, kind: StepKind) -> Option<usize> {
        let part = self.part.clone().unwrap_or(0..operation.steps.len());
        let steps = operation.steps.iter().enumerate();
        steps
            .skip(part.start)
            .take(part.len())
            .find(|(_, step)| step.kind == kind)
            .map(|(at, _)| at)
    }

    /// Whether a step is shown although it is not in the list.
    fn shows(&self, kind: StepKind) -> bool {
        self.part.is_none() || matches!(kind, StepKind::PutBack)
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn id(&self) -> OperationId {
        lock(&self.running.operation).id.clone()
    }

    /// The runtime that it works on. Nothing asks this of an operation on an environment.
    pub(crate) fn runtime(&self) -> RuntimeId {
        lock(&self.running.operation).runtime.clone().unwrap_or_else(|| RuntimeId(String::new()))
    }

    pub(crate) fn kind(&self) -> OperationKind {
        lock(&self.running.operation).kind
    }

    pub(super) fn change(&self, urgent: bool, change: impl FnOnce(&mut Operation)) {
        self.running.change(&self.app, urgent, change);
    }

    /// Something that was made could not be removed: that is done when the compute can be asked again.
    pub(crate) fn leave_something(&self) {
        self.running.leaves_something.store(true, Ordering::Relaxed);
    }

    /// A step begins; the one that ran before is done. A step that is not in the list is added.
    pub(crate) fn step(&self, kind: StepKind) {
        let now = crate::context::now();
        self.change(true, |operation| {
            let place = self.place(operation, kind);
            if place.is_none() && !self.shows(kind) {
                return;
            }
            for step in &mut operation.steps {
                if step.state == StepState::Running {
                    step.state = StepState::Done;
                    step.finished = Some(now);
                }
            }
            let at = place.unwrap_or_else(|| {
                operation.steps.push(Step::pending(kind));
                operation.steps.len() - 1
            });
            let step = &mut operation.steps[at];
            step.state = StepState::Running;
            step.started = Some(now);
        });
    }

    /// The running step is where the work stopped; what follows only tidies up.
    pub(crate) fn stopped(&self, stop: &Stop) {
        let now = crate::context::now();
        self.change(true, |operation| {
            for step in &mut operation.steps {
                if step.state == StepState::Running {
                    step.state = stop.of_step();
                    step.finished = Some(now);
                }
            }
        });
    }

    /// Whether a step is among the operation's.
    pub(crate) fn has_step(&self, kind: StepKind) -> bool {
        lock(&self.running.operation).steps.iter().any(|step| step.kind == kind)
    }

    /// A step is not needed, and why.
    pub(crate) fn skip(&self, kind: StepKind, why: &str) {
        self.change(true, |operation| {
            if let Some(at) = self.place(operation, kind) {
                let step = &mut operation.steps[at];
                step.state = StepState::Skipped;
                step.note = Some(why.to_owned());
            }
        });
    }

    /// What the running step does or found.
    pub(crate) fn note(&self, note: impl Into<String>) {
        let note = note.into();
        self.change(true, |operation| {
            if let Some(step) =
                operation.steps.iter_mut().find(|step| step.state == StepState::Running)
            {
                step.note = Some(note);
            }
        });
    }

    pub(crate) fn pull(&self, progress: &PullProgress) {
        self.change(false, |operation| operation.pull = Some(progress.clone()));
    }

    pub(crate) fn build(&self, progress: BuildProgress) {
        self.change(false, |operation| operation.build = Some(progress));
    }

    /// Sets facts about the operation.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Operation)) {
        self.change(true, change);
    }

    /// What a cancel means from here on.
    pub(crate) fn set_cancel(&self, cancel: Cancel) {
        self.change(true, |operation| {
            if operation.state == OperationState::Running {
                operation.cancel = cancel;
            }
        });
    }

    /// The person asked to cancel or to go back.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.running.cancel.is_cancelled()
    }

    pub(crate) async fn cancelled(&self) {
        self.running.cancel.cancelled().await;
    }

    /// Ends here when the person cancelled.
    pub(crate) fn check_cancel(&self) -> Result<(), Stop> {
        if self.is_cancelled() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// Waits for `work`, or ends when the person cancels.
    pub(crate) async fn or_cancel<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = self.cancelled() => Err(Stop::Cancelled),
            done = work => Ok(done),
        }
    }

    /// The table looks at a container again now rather than at its event.
    pub(crate) async fn look_at(&self, container: &str) {
        computes::look_at(&self.app, &self.compute, &self.engine, container).await;
    }
}
