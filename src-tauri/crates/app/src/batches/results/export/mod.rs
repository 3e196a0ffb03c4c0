//! Results as files in the downloads folder.
//!
//! Rows are read in pages and written as they come, however many there are. Everything is written under
//! another name first, `NAME.part`: what stands under the name is whole.

mod lines;
mod pf_folder;
mod target;

use std::{io, path::Path};

use domain::{
    batch::{Batch, BatchId, BatchRow, Finished, RowNode, export as rules},
    finding::{Problem, ProblemCode},
};

use super::standing;
use crate::{
    api::{BatchExport, ExportBatch, SavedFile},
    context::{App, now},
    problem,
};
use lines::{JsonLines, Table};
use pf_folder::PfFolder;
use target::Target;

/// Rows that are read at once.
const PAGE: u32 = 200;

/// Something that rows are written into, in their order. What it does may block.
trait Sink: Send {
    fn row(&mut self, row: &BatchRow, nodes: &[RowNode]) -> io::Result<()>;
    /// All rows were written. What was not given back before is on the disk afterwards.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Writes the results of a batch run into the downloads folder: those that there are when it begins.
pub(crate) async fn export(app: &App, request: ExportBatch) -> Result<SavedFile, Problem> {
    let batch = standing(app, &request.batch).await?;
    let ended = app.parts.history.ended_batch_rows(&batch.id).await;
    let ended = ended.map_err(|error| problem::of_history(&error))?;
    if ended.rows.number() == 0 {
        return Err(Problem::new(
            ProblemCode::InvalidInput,
            format!("No row of \"{}\" has ended yet, so there is nothing to save.", batch.name),
        ));
    }
    let folder = app.parts.folders.downloads.clone();
    let stamp = (app.parts.wall_clock)().strftime("%Y%m%d-%H%M%S").to_string();
    let name = format!("{}-{stamp}", rules::file_stem(&batch.name));
    let full = |error: io::Error| not_written(&folder, &error);
    let ending = match request.form {
        BatchExport::JsonLines => ".jsonl",
        BatchExport::Csv => ".csv",
        BatchExport::PfRun => "",
    };
    let pages = || Pages::of(app, &request.batch, &ended.rows);
    let target = Target::new(&folder, &name, ending).map_err(full)?;
    match request.form {
        BatchExport::JsonLines => {
            let sink = JsonLines::new(target.file().map_err(full)?);
            pour(pages(), Box::new(sink), &folder).await?;
        }
        BatchExport::Csv => {
            let columns = columns(pages()).await?;
            let sink = Table::new(target.file().map_err(full)?, columns).map_err(full)?;
            pour(pages(), Box::new(sink), &folder).await?;
        }
        BatchExport::PfRun => {
            let (place, run) = (target.folder().map_err(full)?, target.name());
            let snapshot = pf_folder::snapshot(&batch, &place).await.map_err(full)?;
            let batch = Batch { completed: ended.completed, failed: ended.failed, ..batch };
            let sink = PfFolder::new(&place, batch, run, now(), snapshot).map_err(full)?;
            pour(pages(), Box::new(sink), &folder).await?;
        }
    }
    let path = target.keep().map_err(full)?;
    Ok(SavedFile { path: path.display().to_string() })
}

/// Why an export cannot be written.
fn not_written(folder: &Path, error: &io::Error) -> Problem {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let place = folder.display();
    let problem = if full {
        Problem::new(
            ProblemCode::DiskFull,
            format!("The results could not be written to {place}: the disk is full."),
        )
        .hint("Free some space on it, then save them again.")
    } else {
        Problem::new(ProblemCode::Storage, format!("The results could not be written to {place}."))
            .hint("Check the folder's rights and the disk's free space.")
    };
    problem.details(error.to_string()).retryable()
}

/// Goes through rows in their order, in pages. Rows that end meanwhile are not among them.
struct Pages<'a> {
    app: &'a App,
    id: &'a BatchId,
    rows: &'a Finished,
    from: u32,
}

impl<'a> Pages<'a> {
    fn of(app: &'a App, id: &'a BatchId, rows: &'a Finished) -> Self {
        Self { app, id, rows, from: 0 }
    }

    /// Rows with what their nodes did. `None` = that was the last page.
    async fn next(&mut self) -> Result<Option<Vec<(BatchRow, Vec<RowNode>)>>, Problem> {
        let history = &self.app.parts.history;
        let page = history.batch_rows_from(self.id, self.from, PAGE).await;
        let page = page.map_err(|error| problem::of_history(&error))?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(None) };
        let nodes = history.batch_row_nodes(self.id, first.row, last.row).await;
        let mut nodes = nodes.map_err(|error| problem::of_history(&error))?;
        self.from = last.row.saturating_add(1);
        let rows = page.into_iter().filter(|row| self.rows.has(row.row));
        Ok(Some(
            rows.map(|row| {
                let nodes = nodes.remove(&row.row).unwrap_or_default();
                (row, nodes)
            })
            .collect(),
        ))
    }
}

/// The columns of these rows: a row somewhere in the middle may have one that no other has.
async fn columns(mut pages: Pages<'_>) -> Result<rules::Columns, Problem> {
    let mut columns = rules::Columns::default();
    while let Some(page) = pages.next().await? {
        for (row, _) in &page {
            columns.add(row);
        }
    }
    Ok(columns)
}

/// Writes these rows into a sink.
async fn pour(mut pages: Pages<'_>, mut sink: Box<dyn Sink>, folder: &Path) -> Result<(), Problem> {
    while let Some(page) = pages.next().await? {
        sink = blocking(folder, move || {
            page.iter().try_for_each(|(row, nodes)| sink.row(row, nodes))?;
            Ok(sink)
        })
        .await?;
    }
    blocking(folder, move || sink.finish()).await
}

async fn blocking<T: Send + 'static>(
    folder: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(format!("The work was broken off: {error}"))));
    done.map_err(|error| not_written(folder, &error))
}

#[cfg(test)]
mod tests {
    use domain::batch::RowState;
    use serde_json::{Value, json};

    use super::*;

    /// A device of Linux whose disk is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_as_one() {
        let row = BatchRow {
            row: 0,
            line: 1,
            state: RowState::Completed,
            tries: 1,
            runtime: String::new(),
            duration: None,
            tokens: None,
            inputs: json!({"q": "why"}),
            output: Value::Null,
            problem: None,
        };
        let full = || std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let mut columns = rules::Columns::default();
        columns.add(&row);
        let table = Table::new(full(), columns).expect("nothing is written yet");
        let sinks: [Box<dyn Sink>; 2] = [Box::new(JsonLines::new(full())), Box::new(table)];
        for mut sink in sinks {
            sink.row(&row, &[]).expect("nothing is written yet");
            let error = sink.finish().expect_err("full");
            let problem = not_written(Path::new("/downloads"), &error);
            assert_eq!(problem.code, ProblemCode::DiskFull);
            assert!(problem.hints[0].contains("Free some space"), "{problem:?}");
        }
    }
}
