//! One runtime of a batch run: it takes rows as it is free, and may go and come back.

use std::{sync::Arc, time::Duration};

use domain::{
    batch::{BatchState, LaneState},
    runtime::Runtime,
};
use tokio::time::Instant;

use super::{
    active::Want,
    run::Work,
    session::{End, session},
    turn::Turn,
};
use crate::{context::lock, flows::unusable};

/// How long a runtime that went is waited for.
const LOST_LIMIT: Duration = Duration::from_secs(600);
/// How often it is looked whether it is back.
const LOOK: Duration = Duration::from_millis(500);

/// Leads one runtime to the end of the batch run.
pub(super) async fn lane(work: Arc<Work>, index: usize) {
    let until_stop = work.active.until(Want::Pause);
    tokio::pin!(until_stop);
    let mut lost: Option<Instant> = None;
    let mut kept = None;
    loop {
        let row = tokio::select! {
            row = usable_again(&work, index, lost) => row,
            () = work.finished.cancelled() => None,
            () = &mut until_stop => return,
        };
        let Some(row) = row else {
            if work.finished.is_cancelled() {
                set(&work, index, LaneState::Ended, None);
            }
            return;
        };
        let turn = if let Some(turn) = kept.take() {
            turn
        } else {
            tokio::select! {
                turn = Turn::take(&work, index, &row.id) => turn,
                () = work.finished.cancelled() => continue,
                () = &mut until_stop => return,
            }
        };
        let ended_before = ended_on(&work, index);
        match session(&work, index, row, turn, &mut kept).await {
            Ok(End::Over) => {
                set(&work, index, LaneState::Ended, None);
                return;
            }
            Ok(End::Again) => {}
            Ok(End::Lost(sentence)) => {
                if ended_on(&work, index) > ended_before {
                    lost = None;
                }
                lost.get_or_insert_with(Instant::now);
                set(&work, index, LaneState::Lost, Some(sentence));
                tokio::time::sleep(LOOK).await;
            }
            Err(problem) => {
                set(&work, index, LaneState::Ended, Some(problem.sentence.clone()));
                work.active.fails(&work.app, problem);
                return;
            }
        }
    }
}

fn ended_on(work: &Work, index: usize) -> u32 {
    work.active.batch().lanes.get(index).map_or(0, |lane| lane.ended)
}

/// How a lane stands; the whole follows from its lanes.
pub(super) fn set(work: &Work, index: usize, state: LaneState, note: Option<String>) {
    work.active.change(&work.app, |batch| {
        if let Some(lane) = batch.lanes.get_mut(index) {
            lane.state = state;
            lane.note = note;
        }
        if matches!(batch.state, BatchState::Queued | BatchState::Preparing | BatchState::Running) {
            let any = |wanted: LaneState| batch.lanes.iter().any(|lane| lane.state == wanted);
            batch.state = if any(LaneState::Running) {
                BatchState::Running
            } else if any(LaneState::Preparing) {
                BatchState::Preparing
            } else if any(LaneState::Waiting) && !any(LaneState::Lost) {
                BatchState::Queued
            } else {
                BatchState::Running
            };
        }
    });
}

/// Waits until a runtime can be used; `None` = it did not come back in time.
async fn usable_again(work: &Work, index: usize, lost: Option<Instant>) -> Option<Runtime> {
    let id = work.active.batch().lanes.get(index)?.runtime.clone();
    let since = lost.unwrap_or_else(Instant::now);
    loop {
        let row = lock(&work.app.table).row(&id).cloned();
        let why = match &row {
            Some(row) => unusable(row).map(|why| format!("{} cannot be used. {why}", row.name)),
            None => Some("It is not there, or its compute is not connected.".to_owned()),
        };
        let Some(why) = why else { return row };
        if since.elapsed() > LOST_LIMIT {
            let minutes = LOST_LIMIT.as_secs() / 60;
            set(
                work,
                index,
                LaneState::Ended,
                Some(format!("It was waited for {minutes} minutes. {why}")),
            );
            return None;
        }
        let note = work.active.batch().lanes.get(index).and_then(|lane| lane.note.clone());
        if note.as_deref() != Some(&why) {
            set(work, index, LaneState::Lost, Some(why));
        }
        tokio::time::sleep(LOOK).await;
    }
}
