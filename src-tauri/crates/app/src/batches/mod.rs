//! Batch runs: a flow for each row of a file, on one or several runtimes.

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

pub(crate) async fn rows(app: &App, request: ReadBatchRows) -> Result<BatchRows, Problem> {
    todo!()
}

pub(crate) async fn row(app: &App, request: ReadBatchRow) -> Result<BatchRowView, Problem> {
    todo!()
}

pub(crate) async fn latency(app: &App, id: &BatchId) -> Result<BatchLatency, Problem> {
    todo!()
}

pub(crate) async fn compare(app: &App, request: CompareBatches) -> Result<Comparison, Problem> {
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

pub(crate) async fn describe(app: &App, request: DescribeBatch) -> Result<(), Problem> {
    todo!()
}

pub(crate) async fn delete(app: &App, id: &BatchId) -> Result<(), Problem> {
    todo!()
}

pub(crate) async fn export(app: &App, request: ExportBatch) -> Result<SavedFile, Problem> {
    todo!()
}
