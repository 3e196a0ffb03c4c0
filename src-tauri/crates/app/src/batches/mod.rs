//! Batch runs: a flow for each row of a file, on one or several runtimes.
//!
//! [`draft`] checks what a person put together, [`run`] leads a batch run from its begin to its end, one
//! [`lane`] for each runtime takes rows from the common [`queue`]. What has a kept result never runs again.

mod active;
mod aggregate;
mod clean;
mod control;
mod draft;
mod end_rows;
mod gate;
mod kept;
mod lane;
mod queue;
mod results;
mod row;
mod run;
mod session;
mod session_rows;
mod turn;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use domain::{
    batch::{Batch, BatchId, LaneState},
    runtime::RuntimeId,
};

use crate::context::{App, lock};

pub(crate) use control::{
    cancel, leave_all, pause, pause_all, pause_on, recover, rerun_failed, resume, start,
};
pub(crate) use draft::{count_rows, preview};
pub(crate) use kept::{detail, list};
pub(crate) use results::{compare, delete, describe, export, failures, latency, row, rows};
pub(crate) use turn::names_in_queue;
use turn::waits_for;

/// What is known of batch runs while the application runs.
#[derive(Default)]
pub(crate) struct State {
    /// Those that are active.
    active: Mutex<BTreeMap<BatchId, Arc<active::Active>>>,
    /// Whose turn it is to use the one batch of a runtime's service.
    turns: Mutex<BTreeMap<RuntimeId, Arc<tokio::sync::Mutex<()>>>>,
    /// Who uses or waits for the one batch of a runtime's service, in the order of their turns.
    queues: Mutex<BTreeMap<RuntimeId, Vec<BatchId>>>,
}

/// The batch run, when it is active.
pub(super) fn active(app: &App, id: &BatchId) -> Option<Arc<active::Active>> {
    lock(&app.batches.active).get(id).cloned()
}

/// Batch runs of this application that are active, as they stand.
pub(crate) fn all_active(app: &App) -> Vec<Batch> {
    lock(&app.batches.active).values().map(|active| active.batch()).collect()
}

/// Folders inside runtimes that active batch runs use.
pub(crate) fn folders(app: &App) -> Vec<String> {
    lock(&app.batches.active).values().map(|active| active.folder()).collect()
}

/// Rows that run on a runtime just now; a batch run that is at the service without a row counts as one.
pub(crate) fn rows_on(app: &App, runtime: &RuntimeId) -> u32 {
    let lanes = all_active(app).into_iter().flat_map(|batch| batch.lanes);
    lanes
        .filter(|lane| lane.runtime == *runtime)
        .filter(|lane| matches!(lane.state, LaneState::Preparing | LaneState::Running))
        .map(|lane| lane.running.max(1))
        .sum()
}

/// A kept batch run; one that is active as it stands now.
fn as_it_stands(app: &App, batch: Batch) -> Batch {
    active(app, &batch.id).map_or(batch, |active| active.batch())
}

/// A batch run that is active, as it stands.
fn active_batch(app: &App, id: &BatchId) -> Option<Batch> {
    active(app, id).map(|active| active.batch())
}

/// Changes a batch run that is active, and tells the window; answers how it is then. `None` = it is not.
fn change_active(app: &App, id: &BatchId, change: impl FnOnce(&mut Batch)) -> Option<Batch> {
    active(app, id).map(|active| active.change(app, change))
}
