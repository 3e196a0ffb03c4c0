//! Rows that have ended.

use domain::{
    batch::{BatchRow, named_values},
    finding::Problem,
};
use serde_json::Value;

use super::standing;
use crate::{
    api::{BatchRowView, BatchRows, NamedValue, ReadBatchRow, ReadBatchRows, ShownValue},
    context::App,
    problem,
    shown::cut,
};

/// Bytes of a value in a page.
const SHOWN: usize = 2 * 1024;
/// Bytes of a value of one row: no window shows more of a text.
const WHOLE: usize = 4 * 1024 * 1024;

/// A page of rows; long values are cut.
pub(crate) async fn rows(app: &App, request: ReadBatchRows) -> Result<BatchRows, Problem> {
    standing(app, &request.batch).await?;
    let page = app.parts.history.batch_rows(&request.batch, &request.query).await;
    let page = page.map_err(|error| problem::of_history(&error))?;
    Ok(BatchRows { rows: page.rows.into_iter().map(in_page).collect(), total: page.total })
}

/// One row with its whole values.
pub(crate) async fn row(app: &App, request: ReadBatchRow) -> Result<BatchRowView, Problem> {
    standing(app, &request.batch).await?;
    let row = app.parts.history.batch_row(&request.batch, request.row).await;
    let row = row.map_err(|error| problem::of_history(&error))?;
    let row = row.ok_or_else(|| problem::not_found("The result of this row"))?;
    let nodes = app.parts.history.batch_row_nodes(&request.batch, row.row, row.row).await;
    let nodes = nodes.map_err(|error| problem::of_history(&error))?.remove(&row.row);
    Ok(BatchRowView { nodes: nodes.unwrap_or_default(), ..view(row, WHOLE) })
}

/// A row as pages show it.
pub(super) fn in_page(row: BatchRow) -> BatchRowView {
    view(row, SHOWN)
}

fn view(row: BatchRow, most: usize) -> BatchRowView {
    BatchRowView {
        row: row.row,
        line: row.line,
        state: row.state,
        tries: row.tries,
        duration: row.duration,
        tokens: row.tokens,
        runtime: row.runtime,
        nodes: vec![],
        inputs: values(&row.inputs, most),
        outputs: values(&row.output, most),
        problem: row.problem,
    }
}

fn values(values: &Value, most: usize) -> Vec<NamedValue> {
    let null = || ShownValue { text: "null".into(), json: true, cut: false, bytes: 4 };
    named_values(values)
        .into_iter()
        .map(|(name, value)| NamedValue {
            name: name.to_owned(),
            value: cut(value, most).unwrap_or_else(null),
        })
        .collect()
}
