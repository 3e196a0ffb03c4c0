//! Batch runs: a flow for each row of a file, on one or several runtimes.

mod results;

pub(crate) use results::{compare, delete, describe, export, latency, row, rows};

#[allow(clippy::wildcard_imports)]
use crate::api::*;
use crate::context::App;
use domain::{batch::BatchId, finding::Problem};

pub(crate) async fn preview(app: &App, draft: BatchDraft) -> Result<BatchPreview, Problem> {
    todo!()
}

pub(crate) async fn count_rows(app: &App, file: &str) -> Result<RowCount, Problem> {
    todo!()
}

pub(crate) async fn list(app: &App, request: ListBatches) -> Result<Batches, Problem> {
    todo!()
}

pub(crate) async fn detail(app: &App, id: &BatchId) -> Result<BatchDetail, Problem> {
    todo!()
}

pub(crate) async fn start(app: &App, draft: BatchDraft) -> Result<BatchId, Problem> {
    todo!()
}

pub(crate) async fn pause(app: &App, id: &BatchId) -> Result<(), Problem> {
    todo!()
}

pub(crate) async fn resume(app: &App, id: &BatchId) -> Result<(), Problem> {
    todo!()
}

pub(crate) async fn cancel(app: &App, id: &BatchId) -> Result<(), Problem> {
    todo!()
}

pub(crate) async fn rerun_failed(app: &App, id: &BatchId) -> Result<(), Problem> {
    todo!()
}

/// Seam: a batch run that is active, as it stands. Whoever runs batch runs puts its own here:
/// `active(app, id).map(|active| active.batch())`. Until then none is active.
fn active_batch(_app: &App, _id: &BatchId) -> Option<domain::batch::Batch> {
    None
}

/// Seam: changes a batch run that is active, and tells the window; answers how it is then. `None` = it is
/// not active. Whoever runs batch runs puts its own here:
/// `active(app, id).map(|active| active.change(app, change))`. Until then none is active.
fn change_active(
    _app: &App,
    _id: &BatchId,
    _change: impl FnOnce(&mut domain::batch::Batch),
) -> Option<domain::batch::Batch> {
    None
}
