//! The batch of a runtime's service while it is ours: its begin, its rows, and its end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{
    batch::{LaneState, NextStep, RowState},
    finding::{Problem, ProblemCode},
    flow::{FlowRunId, ended_by_force, explain, failure, row_answered},
    runtime::Runtime,
    secret::Secret,
};
use engine::Engine;
use executor::{BatchRequest, Line, Place, RunError, Sealed};
use futures_util::future::join_all;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::{
    active::Want,
    aggregate,
    lane::set,
    queue::Item,
    row::{self, Kept},
    run::Work,
    turn::Turn,
};
use crate::{
    computes,
    flows::{hidden_names, not_brought, place},
    problem,
};

/// How long beginning and ending a batch may take.
const BATCH_LIMIT: Duration = Duration::from_secs(60);
/// How long the end of a batch is waited for whose rows still run.
const END_LIMIT: Duration = Duration::from_secs(900);
/// A row that took its runtime along so often, alone, has failed.
const MOST_LOSSES: u32 = 2;

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
    index: usize,
    row: Runtime,
    engine: Arc<dyn Engine>,
    /// When the container was started, and how often it was restarted: another value means that the service
    /// that knew our batch is gone.
    life: (Option<jiff::Timestamp>, u32),
    /// Rows run beside each other with it held for reading; one that may take the runtime along runs with it
    /// held for writing.
    beside: RwLock<()>,
    /// The runtime went: no row begins here any more.
    gone: CancellationToken,
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
        place::bring(engine.as_ref(), &container, &work.snapshot, &in_use).await?;
        place::begin_run(engine.as_ref(), &container, &run, None).await
    };
    if let Err(error) = brought.await {
        return match engine.inspect(&container).await {
            Ok(found) if found.is_running() => Err(not_brought(&error)),
            _ => Ok(End::Lost(problem::of_engine(&error).sentence)),
        };
    }
    let session = Session {
        index,
        row,
        engine,
        life,
        beside: RwLock::new(()),
        gone: CancellationToken::new(),
    };
    let begun = match session.begin(work).await {
        Ok(begun) => begun,
        Err(stop) => return stop,
    };
    set(work, index, LaneState::Running, None);
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
    let work = work.clone();
    tokio::spawn(async move {
        session.end(&work, limit).await;
        drop(turn);
    });
    ended
}

impl Session {
    pub fn base(&self) -> &str {
        self.row.endpoint.as_deref().unwrap_or_default()
    }

    /// Begins the batch; `true` = there are nodes that run once over all rows.
    async fn begin(&self, work: &Work) -> Result<bool, Result<End, Problem>> {
        let runs = work.app.parts.executor.runs();
        // One that an application left which is gone would go on in the place of ours.
        if let Err(error) = runs.end_batch(self.base(), BATCH_LIMIT).await {
            tracing::debug!(%error, "no earlier batch was ended");
        }
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

    /// Rows until there is none, or until no further one is wanted.
    async fn rows(&self, work: &Arc<Work>) -> Result<End, Problem> {
        let workers = work.draft.settings.workers;
        let ends = join_all((0..workers).map(|_| self.worker(work))).await;
        let mut all = End::Over;
        for end in ends {
            match (end?, &all) {
                (End::Lost(sentence), _) => all = End::Lost(sentence),
                (End::Again, End::Over) => all = End::Again,
                _ => {}
            }
        }
        Ok(all)
    }

    /// Takes one row after the other.
    async fn worker(&self, work: &Arc<Work>) -> Result<End, Problem> {
        loop {
            if self.gone.is_cancelled() || work.active.wanted() >= Want::Pause {
                return Ok(End::Over);
            }
            let item = tokio::select! {
                () = self.gone.cancelled() => return Ok(End::Over),
                item = work.rows.next() => item.map_err(|error| super::draft::of_data(&error))?,
                () = work.active.until(Want::Pause) => return Ok(End::Over),
            };
            let Some(item) = item else {
                work.drained.store(true, Ordering::SeqCst);
                return Ok(End::Over);
            };
            let end = if item.is_suspect {
                let _alone = self.beside.write().await;
                self.row(work, item).await
            } else {
                let _beside = self.beside.read().await;
                self.row(work, item).await
            };
            if let Some(end) = end? {
                return Ok(end);
            }
        }
    }

    /// One row with its tries; `Some` = this runtime takes no further one.
    async fn row(&self, work: &Arc<Work>, item: Item) -> Result<Option<End>, Problem> {
        if self.gone.is_cancelled() {
            work.rows.give_back(item);
            return Ok(Some(End::Over));
        }
        let inputs = match row::inputs(work, &item.row).await {
            Ok(inputs) => inputs,
            Err(problem) => {
                let none = serde_json::Value::Null;
                let kept = Kept::failed(work, &item.row, 0, &none, problem);
                return self.keep(work, item, kept, false).await;
            }
        };
        let shown = row::shown(&inputs);
        let line = Line { run: work.id.0.clone(), number: item.row.number, inputs };
        work.active.running(&work.app, self.index, 1);
        let mut tried = 0;
        loop {
            tried += 1;
            let runs = work.app.parts.executor.runs();
            let answer = tokio::select! {
                answer = runs.run_line(self.base(), &line) => answer,
                () = work.given_up.cancelled() => return Ok(Some(self.give_back(work, item, End::Over))),
            };
            if let Ok(answer) = &answer
                && row_answered(answer).is_some_and(|row| row != item.row.number)
            {
                // It is the answer to another row; that one was or is asked for anew as well.
                self.gone.cancel();
                return Ok(Some(self.give_back(work, item, End::Again)));
            }
            let crashed = answer.as_ref().is_ok_and(ended_by_force);
            if crashed {
                self.gone.cancel();
            }
            let kept = match answer {
                Ok(answer) => Kept::answered(work, &item.row, tried, &shown, &answer),
                Err(error) => match self.refused(work, error).await {
                    Ok(problem) => Kept::failed(work, &item.row, tried, &shown, problem),
                    Err(gone) => return self.lost(work, item, &shown, tried, gone).await,
                },
            };
            // It was ended, or what it gave after that is not its own doing.
            if kept.row.state == RowState::Cancelled
                || (kept.row.state == RowState::Failed && was_ended(work, crashed))
            {
                return Ok(Some(self.give_back(work, item, End::Over)));
            }
            if kept.row.state == RowState::Failed {
                let failed = work.active.batch().failed;
                match work.draft.settings.after_failure(tried, failed) {
                    // The tries that are left are those of the batch that begins anew.
                    NextStep::TryAgain if crashed && item.tried + 1 < MOST_LOSSES => {
                        let item = Item { tried: item.tried + 1, ..item };
                        return Ok(Some(self.give_back(work, item, End::Again)));
                    }
                    NextStep::TryAgain if crashed => {}
                    NextStep::TryAgain if work.active.wanted() == Want::GoOn => continue,
                    // It gets its other tries when the batch run goes on.
                    NextStep::TryAgain => return Ok(Some(self.give_back(work, item, End::Over))),
                    NextStep::Stop => {
                        let problem = stopped(failed + 1, &kept);
                        let ended = self.keep(work, item, kept, true).await;
                        work.active.fails(&work.app, problem);
                        return ended;
                    }
                    NextStep::GoOn => {}
                }
            }
            let ended = self.keep(work, item, kept, true).await?;
            return Ok(if crashed { Some(End::Again) } else { ended });
        }
    }

    /// Keeps the result of a row. Only then it is done.
    async fn keep(
        &self,
        work: &Arc<Work>,
        item: Item,
        mut kept: Kept,
        began: bool,
    ) -> Result<Option<End>, Problem> {
        if began {
            self.row.name.as_str().clone_into(&mut kept.row.runtime);
        }
        let history = &work.app.parts.history;
        let written = history.keep_batch_row(&work.id, &kept.row, &kept.outputs).await;
        if let Err(error) = written {
            if began {
                work.active.running(&work.app, self.index, -1);
            }
            work.rows.give_back(item);
            return Err(problem::of_history(&error));
        }
        let bytes = kept.bytes();
        work.active.row_ended(&work.app, self.index, &kept.row, bytes, began);
        work.rows.done();
        work.active.save(&work.app, false).await?;
        Ok(None)
    }

    fn give_back(&self, work: &Work, item: Item, end: End) -> End {
        work.active.running(&work.app, self.index, -1);
        work.rows.give_back(item);
        end
    }

    /// The runtime went while a row ran. Beside others it runs again, alone; alone it was most likely the cause.
    async fn lost(
        &self,
        work: &Arc<Work>,
        mut item: Item,
        inputs: &serde_json::Value,
        tried: u32,
        gone: String,
    ) -> Result<Option<End>, Problem> {
        // First, so that nobody here takes it again.
        self.gone.cancel();
        item.lost_alone += u32::from(item.is_suspect);
        item.is_suspect = true;
        if item.lost_alone < MOST_LOSSES {
            return Ok(Some(self.give_back(work, item, End::Lost(gone))));
        }
        let problem = Problem::new(
            ProblemCode::RunFailed,
            format!("The runtime ended each time while this row ran alone. {gone}"),
        )
        .hint("Look at the runtime's page: it may have run out of memory. Give it a higher memory limit, or let the flow take less for this row.");
        let kept = Kept::failed(work, &item.row, tried, inputs, problem);
        self.keep(work, item, kept, true).await?;
        Ok(Some(End::Lost(gone)))
    }

    /// Why a row failed that the service gave no result for; the error is why the service is gone.
    async fn refused(&self, work: &Work, error: RunError) -> Result<Problem, String> {
        let name = &self.row.name;
        let found = match self.engine.inspect(&self.row.container_id).await {
            Ok(found) => found,
            Err(error) => return Err(problem::of_engine(&error).sentence),
        };
        if !found.is_running() {
            return Err(if found.raw["State"]["OOMKilled"] == true {
                format!("{name} ran out of memory and was ended.")
            } else {
                format!("{name} was stopped.")
            });
        }
        if (found.started, found.restart_count) != self.life {
            return Err(format!("{name} was restarted."));
        }
        match error {
            RunError::Miss(miss) => Err(format!("The service of {name} gave no answer: {miss}.")),
            RunError::Refused { error, .. } => {
                let error = work.scrubber.value(error.expose());
                Ok(explain(&failure(&error, &work.place.folder)))
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

    /// Ends the batch at the service.
    async fn end(&self, work: &Work, limit: Duration) {
        let runs = work.app.parts.executor.runs();
        if let Err(error) = runs.end_batch(self.base(), limit).await {
            tracing::info!(batch = %work.id, %error, "a batch was not ended at its service");
        }
        self.forget_variables(work).await;
        place::end_run(self.engine.as_ref(), &self.row.container_id, &FlowRunId(work.id.0.clone()))
            .await;
    }

    /// The service keeps the variables of a batch in its own process, where every later run would find them.
    /// Those that hold a secret are emptied by the begin of a batch of a flow that is not there.
    async fn forget_variables(&self, work: &Work) {
        let variables: Vec<_> = hidden_names(&work.variables)
            .map(|name| (name.to_owned(), Secret::new(String::new())))
            .collect();
        if variables.is_empty() {
            return;
        }
        let request = BatchRequest {
            place: Place { file: "forgotten.dag.yaml".into(), ..work.place.clone() },
            connections: Sealed::new(serde_json::json!({})),
            variables,
            workers: Some(1),
            line_limit: None,
            init: serde_json::Map::new(),
        };
        let runs = work.app.parts.executor.runs();
        if let Err(RunError::Miss(miss)) =
            runs.begin_batch(self.base(), &request, BATCH_LIMIT).await
        {
            tracing::debug!(%miss, "variables of a batch could not be emptied");
        }
    }
}

/// Whether a row that failed was ended because nobody wants it any more.
fn was_ended(work: &Work, crashed: bool) -> bool {
    match work.active.wanted() {
        Want::Cancel => true,
        Want::Leave => crashed,
        Want::GoOn | Want::Pause => false,
    }
}

/// Why it stops after failed rows.
fn stopped(failed: u32, last: &Kept) -> Problem {
    let why = last.row.problem.as_ref().map(|problem| problem.sentence.as_str());
    let rows = if failed == 1 { "one row".to_owned() } else { format!("{failed} rows") };
    Problem::new(
        ProblemCode::RunFailed,
        format!("It stopped because {rows} failed. The last one: {}", why.unwrap_or("not known")),
    )
    .hint("Look at the failed rows. When the cause is mended, press Resume; Rerun failed also takes those that failed.")
}
