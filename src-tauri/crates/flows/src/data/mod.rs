//! Files of rows for batch runs: JSON lines and tables with commas, semicolons or tabs.
//!
//! A file is never held whole: rows are read one after the other, and a row that is bigger than
//! [`LARGEST_ROW`] is told as a bad one. A bad row is a row: it counts and is told with its line.

mod lines;
mod table;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use domain::batch::{DataFormat, DataRow};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use lines::Lines;
use table::Table;

/// Bytes of one row; bigger ones are not read.
pub(crate) const LARGEST_ROW: u64 = 16 * 1024 * 1024;
/// Rows that are read before somebody takes them.
const AHEAD: usize = 8;
/// Rows between two looks at whether somebody still wants to know.
const LOOK: u32 = 1_000;
/// Bytes at a file's beginning that say what it is.
const BEGINNING: u64 = 64 * 1024;

/// Why a file of rows cannot be used. Each is a full sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    #[error("{} is not there.", .0.display())]
    NotThere(PathBuf),
    /// The disk refused.
    #[error("{} cannot be read: {reason}.", path.display())]
    Disk { path: PathBuf, reason: String },
    /// It is there, and holds no rows; a full sentence.
    #[error("{0}")]
    Form(String),
}

/// Where a row begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub byte: u64,
    /// From 1.
    pub line: u64,
    /// From 0.
    pub row: u32,
}

/// The first rows of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPreview {
    /// Of a table in its order; of JSON lines all that the rows of the preview have.
    pub columns: Vec<String>,
    pub rows: Vec<DataRow>,
    /// These are all.
    pub is_whole: bool,
    /// Where the next row begins.
    pub next: Position,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    pub path: PathBuf,
    pub format: DataFormat,
    pub bytes: u64,
    /// Changes when the file does: its size, and when it was written.
    pub stamp: String,
    delimiter: u8,
}

impl DataFile {
    /// Looks what a file is: by its name, else by how it begins. Reads only the beginning.
    pub async fn open(path: &Path) -> Result<Self, DataError> {
        let path = path.to_owned();
        blocking(move || Self::look(path)).await
    }

    fn look(path: PathBuf) -> Result<Self, DataError> {
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => DataError::NotThere(path.clone()),
            _ => DataError::Disk { path: path.clone(), reason: error.to_string() },
        };
        let mut file = File::open(&path).map_err(refused)?;
        let about = file.metadata().map_err(refused)?;
        if !about.is_file() {
            return Err(DataError::Form(format!("{} is no file.", path.display())));
        }
        let mut beginning = Vec::new();
        file.by_ref().take(BEGINNING).read_to_end(&mut beginning).map_err(refused)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (format, delimiter) = form(&name, &beginning)?;
        let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let stamp = format!("{}-{}", about.len(), written.unwrap_or_default().as_nanos());
        Ok(Self { path, format, bytes: about.len(), stamp, delimiter })
    }

    /// The first rows, at most `most`. Nothing behind them is read but what one read brings along.
    pub async fn preview(&self, most: usize) -> Result<DataPreview, DataError> {
        let file = self.clone();
        blocking(move || file.first(most)).await
    }

    fn first(&self, most: usize) -> Result<DataPreview, DataError> {
        let mut reader = self.reader(None)?;
        let mut rows: Vec<DataRow> = Vec::new();
        let mut columns = reader.columns();
        let mut is_whole = true;
        let mut next = reader.position();
        while let Some(row) = reader.next()? {
            if rows.len() == most {
                is_whole = false;
                break;
            }
            if self.format == DataFormat::JsonLines
                && let Ok(values) = &row.values
            {
                let new = values.keys().filter(|name| !columns.contains(name)).cloned();
                columns.extend(new.collect::<Vec<_>>());
            }
            rows.push(row);
            next = reader.position();
        }
        if rows.is_empty() && is_whole {
            return Err(DataError::Form(format!("{} holds no row.", self.path.display())));
        }
        Ok(DataPreview { columns, rows, is_whole, next })
    }

    /// How many rows the file has; `None` = it was stopped.
    pub async fn count(&self, stop: CancellationToken) -> Result<Option<u32>, DataError> {
        let file = self.clone();
        blocking(move || {
            let mut reader = file.reader(None)?;
            let mut number = 0_u32;
            while reader.skip()? {
                number = number.saturating_add(1);
                if number.is_multiple_of(LOOK) && stop.is_cancelled() {
                    return Ok(None);
                }
            }
            Ok(Some(number))
        })
        .await
    }

    /// All rows, or those from a position on. They are read a few ahead; dropping the stream ends it.
    pub fn rows(&self, from: Option<Position>) -> RowStream {
        let (sender, rows) = mpsc::channel(AHEAD);
        let file = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut reader = match file.reader(from) {
                Ok(reader) => reader,
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            };
            while let Some(row) = reader.next().transpose() {
                let ends = row.is_err();
                if sender.blocking_send(row).is_err() || ends {
                    return;
                }
            }
        });
        RowStream { rows }
    }

    fn reader(&self, from: Option<Position>) -> Result<Reader, DataError> {
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => DataError::NotThere(self.path.clone()),
            _ => DataError::Disk { path: self.path.clone(), reason: error.to_string() },
        };
        let file = File::open(&self.path).map_err(refused)?;
        let inner = match self.format {
            DataFormat::JsonLines => Inner::Lines(Lines::new(file, from).map_err(refused)?),
            DataFormat::Csv | DataFormat::Tsv => {
                Inner::Table(Table::new(file, self.delimiter, &self.path, from)?)
            }
        };
        Ok(Reader { inner, path: self.path.clone() })
    }
}

/// Rows that come one after the other.
#[derive(Debug)]
pub struct RowStream {
    rows: mpsc::Receiver<Result<DataRow, DataError>>,
}

impl RowStream {
    /// The next row; `None` = there is no more. Nothing comes after an error.
    pub async fn next(&mut self) -> Option<Result<DataRow, DataError>> {
        self.rows.recv().await
    }
}

/// Reads rows on a thread that may block.
struct Reader {
    inner: Inner,
    path: PathBuf,
}

enum Inner {
    Lines(Lines),
    Table(Table),
}

impl Reader {
    fn columns(&self) -> Vec<String> {
        match &self.inner {
            Inner::Lines(_) => vec![],
            Inner::Table(table) => table.columns().to_vec(),
        }
    }

    /// Where the next row begins, or what is empty before it.
    fn position(&self) -> Position {
        match &self.inner {
            Inner::Lines(lines) => lines.position(),
            Inner::Table(table) => table.position(),
        }
    }

    fn next(&mut self) -> Result<Option<DataRow>, DataError> {
        let row = match &mut self.inner {
            Inner::Lines(lines) => lines.next(),
            Inner::Table(table) => table.next(),
        };
        row.map_err(|error| self.refused(&error))
    }

    /// Passes over a row; `false` = there is no more.
    fn skip(&mut self) -> Result<bool, DataError> {
        let row = match &mut self.inner {
            Inner::Lines(lines) => lines.skip(),
            Inner::Table(table) => table.skip(),
        };
        row.map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &io::Error) -> DataError {
        DataError::Disk { path: self.path.clone(), reason: error.to_string() }
    }
}

/// What a file is, and what stands between its values.
fn form(name: &str, beginning: &[u8]) -> Result<(DataFormat, u8), DataError> {
    if beginning.starts_with(&[0xFF, 0xFE]) || beginning.starts_with(&[0xFE, 0xFF]) {
        return Err(DataError::Form(format!("{name} is written in UTF-16. Save it in UTF-8.")));
    }
    let text = beginning.strip_prefix(BOM).unwrap_or(beginning).trim_ascii_start();
    if text.is_empty() {
        return Err(DataError::Form(format!("{name} is empty.")));
    }
    if text.contains(&0) {
        return Err(DataError::Form(format!("{name} is no text.")));
    }
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |byte: u8| header.contains(&byte);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let format = match ending.as_deref() {
        Some("jsonl" | "ndjson" | "json") => DataFormat::JsonLines,
        Some("csv") => DataFormat::Csv,
        Some("tsv" | "tab") => DataFormat::Tsv,
        _ if text.starts_with(b"{") => DataFormat::JsonLines,
        _ if has(b'\t') => DataFormat::Tsv,
        _ => DataFormat::Csv,
    };
    if format == DataFormat::JsonLines && text.starts_with(b"[") {
        return Err(DataError::Form(format!(
            "{name} is one list. Each row has to be an object on a line of its own (JSON lines)."
        )));
    }
    let delimiter = match format {
        DataFormat::Tsv => b'\t',
        // So do programs write it whose language has commas in numbers.
        _ if !has(b',') && has(b';') => b';',
        _ => b',',
    };
    Ok((format, delimiter))
}

/// What some programs write at the beginning of a text.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Why a row is not read that is too big.
fn too_big() -> String {
    format!("It is bigger than {} MB.", LARGEST_ROW / 1024 / 1024)
}

/// Runs what may block on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DataError> + Send + 'static,
) -> Result<T, DataError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(DataError::Form("The reading of the file was broken off.".into())))
}

#[cfg(test)]
mod tests;
