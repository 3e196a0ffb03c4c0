//! Several batch runs side by side.

use domain::{
    batch::{RowQuery, differs},
    finding::Problem,
};
use history::SameRow;

use super::{latency::measured, rows::in_page, standing};
use crate::{
    api::{CompareBatches, ComparedBatch, ComparedRow, Comparison},
    context::App,
    problem,
};

/// Puts batch runs side by side, row by row of their number. They may be of different flows.
pub(crate) async fn compare(app: &App, request: CompareBatches) -> Result<Comparison, Problem> {
    let ids = &request.batches;
    if !(2..=CompareBatches::MOST).contains(&ids.len()) {
        let most = CompareBatches::MOST;
        let words = format!("Two to {most} batch runs are compared at once.");
        return Err(Problem::field("batches", words).hint("Choose others."));
    }
    if (1..ids.len()).any(|at| ids[..at].contains(&ids[at])) {
        let words = "A batch run is compared with others, not with itself.";
        return Err(Problem::field("batches", words).hint("Choose each of them once."));
    }
    let mut batches = Vec::new();
    for id in ids {
        let (batch, latency) = (standing(app, id).await?, measured(app, id).await?);
        batches.push(ComparedBatch { batch, latency });
    }
    let limit = request.limit.min(RowQuery::MOST);
    let page =
        app.parts.history.same_batch_rows(ids, request.differing, request.offset, limit).await;
    let page = page.map_err(|error| problem::of_history(&error))?;
    Ok(Comparison {
        batches,
        rows: page.rows.into_iter().map(compared).collect(),
        total: page.total,
    })
}

fn compared(row: SameRow) -> ComparedRow {
    let cells: Vec<_> = row.cells.iter().map(Option::as_ref).collect();
    let differs = differs(&cells);
    let cells: Vec<_> = row.cells.into_iter().map(|cell| cell.map(in_page)).collect();
    let inputs = cells.iter().flatten().next().map(|cell| cell.inputs.clone()).unwrap_or_default();
    ComparedRow { row: row.row, inputs, cells, differs }
}
