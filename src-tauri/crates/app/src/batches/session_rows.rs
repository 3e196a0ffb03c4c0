//! Rows on one runtime: taken, tried, kept, or given back when the runtime goes.

use std::sync::{Arc, atomic::Ordering};

use domain::{
    batch::RowState,
    diagnosis::{AboutRun, Lost, of_lost},
    finding::{Evidence, Problem, ProblemCode, Remedy},
    flow::{ended_by_force, explain, failure, outcome, row_answered, run_failed},
};
use executor::{Line, RunError};
use futures_util::{StreamExt, stream::FuturesUnordered};
use history::RowToKeep;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    active::{Ended, Want},
    queue::{Care, Item},
    row::{self, Kept},
    run::Work,
    session::{End, Session},
};
use crate::problem;

/// That the container of a runtime was ended, in words that are recognised again.
const OUT_OF_MEMORY: &str = "ran out of memory and was ended";
/// A row that took its runtime along so often, alone, has failed.
const MOST_LOSSES: u32 = 2;

impl Session {
    /// Rows until there is none, or until no further one is wanted. Those that the service has come to their end.
    pub(super) async fn rows(&self, work: &Arc<Work>) -> Result<End, Problem> {
        let mut running = FuturesUnordered::new();
        let mut all = Ok(End::Over);
        let mut goes_on = true;
        // It may hold a row: whatever else happens meanwhile, it comes to its end.
        let next = self.next_row(work);
        tokio::pin!(next);
        while goes_on || !running.is_empty() {
            let may_run = work.draft.settings.may_run(work.active.batch().failed) as usize;
            let may_one_more = goes_on && running.len() < may_run;
            // What has ended comes first: it may say that no further one is to begin.
            let ended = tokio::select! {
                biased;
                Some(ended) = running.next() => ended,
                taken = &mut next, if may_one_more => {
                    match taken {
                        Ok(Some((item, place))) => {
                            running.push(self.row_in(work, item, place));
                            next.set(self.next_row(work));
                        }
                        Ok(None) => goes_on = false,
                        Err(problem) => {
                            goes_on = false;
                            all = all.and(Err(problem));
                        }
                    }
                    continue;
                }
            };
            match ended {
                Ok(None) => {}
                Ok(Some(end)) => {
                    self.full.cancel();
                    all = all.map(|all| worse(all, end));
                }
                Err(problem) => {
                    self.full.cancel();
                    all = all.and(Err(problem));
                }
            }
        }
        all
    }

    /// The next row and its place at the service; `None` = no further one begins here.
    async fn next_row(
        &self,
        work: &Arc<Work>,
    ) -> Result<Option<(Item, OwnedSemaphorePermit)>, Problem> {
        let until_stop = async {
            tokio::select! {
                () = self.gone.cancelled() => {}
                () = self.full.cancelled() => {}
                () = work.active.until(Want::Pause) => {}
            }
        };
        tokio::pin!(until_stop);
        let place = tokio::select! {
            biased;
            () = &mut until_stop => return Ok(None),
            place = self.gate.any() => place,
        };
        let item = tokio::select! {
            biased;
            () = &mut until_stop => return Ok(None),
            item = work.rows.next() => item.map_err(|error| super::draft::of_data(&error))?,
        };
        let Some(item) = item else {
            work.drained.store(true, Ordering::SeqCst);
            return Ok(None);
        };
        let placed = tokio::select! {
            biased;
            () = &mut until_stop => None,
            place = self.gate.this(&item.row, item.care, place) => Some(place),
        };
        if placed.is_none() {
            work.rows.give_back(item);
            return Ok(None);
        }
        Ok(placed.map(|place| (item, place)))
    }

    /// What is known around a row that was answered.
    async fn about(&self, work: &Work, answer: &Value, crashed: bool) -> AboutRun {
        if crashed {
            let out_of_memory = self.memory.seen(&work.app).await;
            return AboutRun { out_of_memory, ..AboutRun::default() };
        }
        // Most rows do not fail, and an answer may be large.
        let failed = answer["run_info"]["status"] == "Failed";
        let failure = || outcome(answer, &work.place.folder)?.failure;
        let in_other_python = match failed.then(failure).flatten() {
            Some(failure) => self.pythons.has(&failure).await,
            None => None,
        };
        AboutRun { in_other_python, ..AboutRun::default() }
    }

    /// One row, and its place until it has ended.
    async fn row_in(
        &self,
        work: &Arc<Work>,
        item: Item,
        _place: OwnedSemaphorePermit,
    ) -> Result<Option<End>, Problem> {
        self.row(work, item).await
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
                let none = Value::Null;
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
            if answer.as_ref().is_ok_and(Value::is_null) && item.care == Care::None {
                // It waited behind others for longer than the service waits for a row.
                let item = Item { care: Care::Few, ..item };
                self.give_back(work, item, End::Over);
                return Ok(None);
            }
            let crashed = answer.as_ref().is_ok_and(ended_by_force);
            if crashed {
                self.gone.cancel();
            }
            let kept = match answer {
                Ok(answer) => {
                    let about = self.about(work, &answer, crashed).await;
                    Kept::answered(work, &item.row, tried, &shown, &answer, about)
                }
                Err(error) => match self.refused(work, error).await {
                    Ok(problem) => Kept::failed(work, &item.row, tried, &shown, problem),
                    Err(gone) => return self.lost(work, item, &shown, tried, gone).await,
                },
            };
            if let Some(seconds) = kept.row.duration {
                self.gate.took(seconds);
            }
            // It was ended, or what it gave after that is not its own doing.
            if kept.row.state == RowState::Cancelled
                || (kept.row.state == RowState::Failed && was_ended(work, crashed))
            {
                return Ok(Some(self.give_back(work, item, End::Over)));
            }
            let why = match kept.row.state {
                RowState::Failed => Some(kept.row.problem.clone()),
                _ => None,
            };
            let settings = &work.draft.settings;
            if why.is_some() && settings.tries_again(tried) {
                // The tries that are left are those of the batch that begins anew.
                if crashed && item.tried + 1 < MOST_LOSSES {
                    let item = Item { tried: item.tried + 1, ..item };
                    return Ok(Some(self.give_back(work, item, End::Again)));
                }
                if !crashed && work.active.wanted() == Want::GoOn {
                    continue;
                }
                if !crashed {
                    // It gets its other tries when the batch run goes on.
                    return Ok(Some(self.give_back(work, item, End::Over)));
                }
            }
            let ended = self.keep(work, item, kept, true).await?;
            // Others may have failed while it was kept: what counts is how many there are now.
            let failed = work.active.batch().failed;
            if let Some(why) = why
                && settings.stops(failed)
            {
                work.active.fails(&work.app, stopped(failed, why.as_ref()));
            }
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
        let bytes = kept.bytes();
        let Kept { row, nodes, outputs } = kept;
        let to_keep = RowToKeep { row: row.clone(), nodes: nodes.clone(), aggregation: outputs };
        let written = history.keep_batch_row(&work.id, to_keep).await;
        if let Err(error) = written {
            if began {
                work.active.running(&work.app, self.index, -1);
            }
            work.rows.give_back(item);
            return Err(problem::of_history(&error));
        }
        let ended = Ended { row: &row, nodes: &nodes, bytes, began };
        work.active.row_ended(&work.app, self.index, &ended);
        work.rows.done();
        work.active.save(&work.app, false).await?;
        Ok(None)
    }

    fn give_back(&self, work: &Work, item: Item, end: End) -> End {
        work.active.running(&work.app, self.index, -1);
        work.rows.give_back(item);
        end
    }

    /// The runtime went while the service had a row. It runs again, with more care; alone it was most likely the
    /// cause.
    async fn lost(
        &self,
        work: &Arc<Work>,
        mut item: Item,
        inputs: &Value,
        tried: u32,
        gone: String,
    ) -> Result<Option<End>, Problem> {
        // First, so that nobody here takes it again.
        self.gone.cancel();
        item.lost_alone += u32::from(item.care == Care::Alone);
        item.care = match item.care {
            Care::None if self.gate.is_ahead() => Care::Few,
            Care::None | Care::Few | Care::Alone => Care::Alone,
        };
        if item.lost_alone < MOST_LOSSES {
            return Ok(Some(self.give_back(work, item, End::Lost(gone))));
        }
        let seen = vec![Evidence { probe: "The runtime".into(), seen: gone.clone() }];
        let lost = if gone.contains(OUT_OF_MEMORY) { Lost::OutOfMemory } else { Lost::Restarted };
        let mut found = of_lost(lost, self.row.name.as_str(), seen);
        found.sentence = format!("The runtime ended each time while this row ran alone. {gone}");
        found.advice = vec!["Look at the runtime's page: it may have run out of memory. Give it a higher memory limit, or let the flow take less for this row.".into()];
        let raise = Remedy::RaiseMemory { bytes: None };
        if !found.remedies.contains(&raise) {
            found.remedies.insert(0, raise);
        }
        let problem = run_failed(found);
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
                format!("{name} {OUT_OF_MEMORY}.")
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

/// How rows ended together: what went weighs more than what has to begin anew.
fn worse(all: End, end: End) -> End {
    match (end, &all) {
        (End::Lost(sentence), _) => End::Lost(sentence),
        (End::Again, End::Over) => End::Again,
        _ => all,
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
fn stopped(failed: u32, last: Option<&Problem>) -> Problem {
    let why = last.map(|problem| problem.sentence.as_str());
    let rows = if failed == 1 { "one row".to_owned() } else { format!("{failed} rows") };
    Problem::new(
        ProblemCode::RunFailed,
        format!("It stopped because {rows} failed. The last one: {}", why.unwrap_or("not known")),
    )
    .hint("Look at the failed rows. When the cause is mended, press Resume; Rerun failed also takes those that failed.")
}
