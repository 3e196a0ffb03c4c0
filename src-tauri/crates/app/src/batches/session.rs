//! The batch of a runtime's service while it is ours: its begin, its rows, and its end.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{
    batch::LaneState,
    finding::Problem,
    flow::{FlowRunId, explain, failure},
    runtime::Runtime,
};
use engine::Engine;
use executor::{BatchRequest, RunError, Sealed};
use tokio_util::sync::CancellationToken;

use super::{active::Want, aggregate, clean, gate::Gate, lane::set, run::Work, turn::Turn};
use crate::{
    computes,
    flows::{RowsToEnd, end_rows, not_brought, place},
    memory::MemoryWatch,
    other_python::OtherPython,
    problem,
};

/// How long beginning and ending a batch may take.
const BATCH_LIMIT: Duration = Duration::from_secs(60);
/// How long the end of a batch is waited for whose rows still run.
const END_LIMIT: Duration = Duration::from_secs(900);

/// How often it is looked whether a row has begun that nobody wants any more.
const END_EACH: Duration = Duration::from_millis(500);

/// How a session on a runtime ended.
pub(super) enum End {
    /// Nothing is left to do, or nothing more is wanted.
    Over,
    /// The runtime or its service went; a sentence says so.
    Lost(String),
    /// The service mixes up its answers since a row's process ended (see [`domain::flow::ended_by_force`]): the
    /// batch has to begin anew there.
    Again,
}

/// The batch of a runtime's service while it is ours.
pub(super) struct Session {
    pub(super) index: usize,
    pub(super) row: Runtime,
    pub(super) engine: Arc<dyn Engine>,
    /// When the container was started, and how often it was restarted: another value means that the service
    /// that knew our batch is gone.
    pub(super) life: (Option<jiff::Timestamp>, u32),
    /// Lets rows to the service.
    pub(super) gate: Gate,
    /// What tells whether a row was ended for memory.
    pub(super) memory: Arc<MemoryWatch>,
    /// What tells whether a module that a row lacks is in another Python.
    pub(super) pythons: OtherPython,
    /// The runtime went: no row begins here any more.
    pub(super) gone: CancellationToken,
    /// No further row is taken here, for another reason.
    pub(super) full: CancellationToken,
}

/// Brings the flow to the runtime, begins a batch there and takes rows until there is none. The end of the
/// batch goes on by itself, and the turn with it, which is `kept` when the batch has to begin anew.
pub(super) async fn session(
    work: &Arc<Work>,
    index: usize,
    row: Runtime,
    turn: Turn,
    kept: &mut Option<Turn>,
) -> Result<End, Problem> {
    set(work, index, LaneState::Preparing, None);
    let engine = match computes::engine(&work.app, &row.compute) {
        Ok(engine) => engine,
        Err(problem) => return Ok(End::Lost(problem.sentence)),
    };
    let container = row.container_id.clone();
    let life = match engine.inspect(&container).await {
        Ok(found) => (found.started, found.restart_count),
        Err(error) => return Ok(End::Lost(problem::of_engine(&error).sentence)),
    };
    let run = FlowRunId(work.id.0.clone());
    let brought = async {
        let in_use = crate::flows::folders_in_use(&work.app);
        let bring = place::bring(engine.as_ref(), &container, &work.snapshot, &in_use);
        let begin = place::begin_run(engine.as_ref(), &container, &run, None);
        tokio::try_join!(bring, begin)
    };
    let (brought, ()) = tokio::join!(brought, end_earlier(work, &row));
    if let Err(error) = brought {
        return match engine.inspect(&container).await {
            Ok(found) if found.is_running() => Err(not_brought(&error)),
            _ => Ok(End::Lost(problem::of_engine(&error).sentence)),
        };
    }
    let session = Session {
        index,
        memory: MemoryWatch::begin(&engine, &row),
        pythons: OtherPython::of(&engine, &row.container_id),
        row,
        engine,
        life,
        gate: Gate::new(work.draft.settings.workers),
        gone: CancellationToken::new(),
        full: CancellationToken::new(),
    };
    let begun = match session.begin(work).await {
        Ok(begun) => begun,
        Err(stop) => {
            session.leave(work, turn, BATCH_LIMIT);
            return stop;
        }
    };
    set(work, index, LaneState::Running, None);
    session.gate.begins(&work.before().await);
    work.active.begins();
    let ended = session.rows(work).await;
    let ended = match ended {
        Ok(End::Over) if work.drained.load(Ordering::SeqCst) => {
            session.over_all_rows(work, begun).await
        }
        other => other,
    };
    if matches!(ended, Ok(End::Again)) {
        session.end(work, BATCH_LIMIT).await;
        *kept = Some(turn);
        return ended;
    }
    let limit = if matches!(ended, Ok(End::Lost(_))) { BATCH_LIMIT } else { END_LIMIT };
    session.leave(work, turn, limit);
    ended
}

/// Ends the batch that an application left which is gone: it would go on in the place of ours.
async fn end_earlier(work: &Work, row: &Runtime) {
    let base = row.endpoint.as_deref().unwrap_or_default();
    if let Err(error) = work.app.parts.executor.runs().end_batch(base, BATCH_LIMIT).await {
        tracing::debug!(%error, "no earlier batch was ended");
    }
}

impl Session {
    pub fn base(&self) -> &str {
        self.row.endpoint.as_deref().unwrap_or_default()
    }

    /// Begins the batch; `true` = there are nodes that run once over all rows.
    async fn begin(&self, work: &Work) -> Result<bool, Result<End, Problem>> {
        let runs = work.app.parts.executor.runs();
        let settings = &work.draft.settings;
        let request = BatchRequest {
            place: work.place.clone(),
            connections: Sealed::new(work.connections.request_value()),
            variables: work.variables.clone(),
            workers: Some(settings.workers),
            line_limit: settings.row_limit,
            init: work.init.clone(),
        };
        match runs.begin_batch(self.base(), &request, BATCH_LIMIT).await {
            Ok(answer) => Ok(answer["has_aggregation"] == true),
            Err(RunError::Miss(miss)) => Err(Ok(End::Lost(format!(
                "The service of {} does not answer: {miss}.",
                self.row.name
            )))),
            Err(RunError::Refused { error, .. }) => {
                let error = work.scrubber.value(error.expose());
                Err(Err(explain(&failure(&error, &work.place.folder))))
            }
        }
    }

    /// Runs the nodes that run once over all rows, when no other runtime did.
    async fn over_all_rows(&self, work: &Arc<Work>, has_any: bool) -> Result<End, Problem> {
        let _one = work.aggregating.lock().await;
        if work.aggregated.load(Ordering::SeqCst) {
            return Ok(End::Over);
        }
        if has_any {
            let done = tokio::select! {
                done = aggregate::run(work, self.base()) => done,
                () = work.given_up.cancelled() => return Ok(End::Over),
            };
            match done {
                Ok(problem) => {
                    work.active.change(&work.app, |batch| batch.problem = problem);
                }
                Err(aggregate::Stop::Gone(sentence)) => return Ok(End::Lost(sentence)),
                Err(aggregate::Stop::Failed(problem)) => return Err(*problem),
            }
        }
        work.aggregated.store(true, Ordering::SeqCst);
        work.finished.cancel();
        Ok(End::Over)
    }

    /// Lets the end of the batch go on by itself; the turn is held until then.
    fn leave(self, work: &Arc<Work>, turn: Turn, limit: Duration) {
        let work = work.clone();
        tokio::spawn(async move {
            self.end(&work, limit).await;
            drop(turn);
        });
    }

    /// Ends the batch at the service.
    async fn end(&self, work: &Work, limit: Duration) {
        let runs = work.app.parts.executor.runs();
        let ended = tokio::select! {
            ended = runs.end_batch(self.base(), limit) => ended,
            never = self.end_what_waits(work) => match never {},
        };
        if let Err(error) = ended {
            tracing::info!(batch = %work.id, %error, "a batch was not ended at its service");
        }
        let names: Vec<&str> = work.variables.iter().map(|(name, _)| name.as_str()).collect();
        let (engine, container) = (self.engine.as_ref(), &self.row.container_id);
        let run = FlowRunId(work.id.0.clone());
        let cleaned = clean::clean(runs, self.base(), engine, container, &run, &names).await;
        if let Err(why) = cleaned {
            tracing::info!(batch = %work.id, why, "what a batch left in its service stays there");
        }
        place::end_run(self.engine.as_ref(), &self.row.container_id, &FlowRunId(work.id.0.clone()))
            .await;
    }

    /// A batch ends only after all rows that the service has. Those of a cancelled one are ended as each begins.
    async fn end_what_waits(&self, work: &Work) -> Infallible {
        work.active.until(Want::Cancel).await;
        loop {
            tokio::time::sleep(END_EACH).await;
            let (container, log) = (&self.row.container_id, &work.place.log);
            if let Err(error) = end_rows(self.engine.as_ref(), container, log, RowsToEnd::All).await
            {
                tracing::debug!(%error, "rows that wait at a service could not be ended");
            }
        }
    }
}
