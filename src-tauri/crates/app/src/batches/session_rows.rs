//! Rows on one runtime: taken, tried, kept, or given back when the runtime goes.

use std::sync::{Arc, atomic::Ordering};

use domain::{
    batch::{NextStep, RowState},
    finding::{Problem, ProblemCode},
    flow::{ended_by_force, explain, failure, row_answered},
};
use executor::{Line, RunError};
use futures_util::future::join_all;

use super::{
    active::Want,
    queue::Item,
    row::{self, Kept},
    run::Work,
    session::{End, Session},
};
use crate::problem;

/// A row that took its runtime along so often, alone, has failed.
const MOST_LOSSES: u32 = 2;

impl Session {
    /// Rows until there is none, or until no further one is wanted.
    pub(super) async fn rows(&self, work: &Arc<Work>) -> Result<End, Problem> {
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
