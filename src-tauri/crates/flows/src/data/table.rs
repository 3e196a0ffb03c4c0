//! Tables: the first line names the columns.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use csv::{ByteRecord, ReaderBuilder};
use domain::batch::DataRow;
use serde_json::{Map, Value};

use super::{DataError, LARGEST_ROW, Position, too_big};

/// Reads rows of a table.
pub(super) struct Table {
    reader: csv::Reader<Limited>,
    columns: Vec<String>,
    /// The byte up to which may be read.
    limit: Arc<AtomicU64>,
    /// The same file, to look at what is passed over.
    aside: File,
    bytes: u64,
    record: ByteRecord,
    row: u32,
    has_ended: bool,
}

/// Why the last row of a file cannot be read.
const NEVER_CLOSED: &str =
    "A quote that it opens is never closed, so the rest of the file is in it.";

/// How a row was read.
enum Got {
    Row,
    /// It goes on beyond what one row may have, so nothing behind it can be found.
    TooBig,
    Nothing,
}

impl Table {
    pub fn new(
        file: File,
        delimiter: u8,
        path: &Path,
        from: Option<Position>,
    ) -> Result<Self, DataError> {
        let refused = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) if is_too_big(&error) => DataError::Form(format!(
                "The names of the columns never end in {}.",
                path.display()
            )),
            csv::ErrorKind::Io(error) => {
                DataError::Disk { path: path.to_owned(), reason: error.to_string() }
            }
            kind => DataError::Form(format!("{} is no table: {kind:?}.", path.display())),
        };
        let limit = Arc::new(AtomicU64::new(LARGEST_ROW));
        let limited = Limited { file, at: 0, limit: limit.clone() };
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(limited);
        let header = reader.byte_headers().map_err(refused)?.clone();
        let columns = names(&header)?;
        let mut row = 0;
        if let Some(from) = from {
            let mut position = csv::Position::new();
            position.set_byte(from.byte).set_line(from.line).set_record(u64::from(from.row) + 1);
            limit.store(from.byte + LARGEST_ROW, Ordering::Relaxed);
            reader.seek(position).map_err(refused)?;
            row = from.row;
        }
        let unreadable =
            |error: io::Error| DataError::Disk { path: path.to_owned(), reason: error.to_string() };
        let aside = File::open(path).map_err(unreadable)?;
        let bytes = aside.metadata().map_err(unreadable)?.len();
        let record = ByteRecord::new();
        Ok(Self { reader, columns, limit, aside, bytes, record, row, has_ended: false })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn position(&self) -> Position {
        let at = self.reader.position();
        Position { byte: at.byte(), line: at.line(), row: self.row }
    }

    fn read(&mut self) -> io::Result<Got> {
        if self.has_ended {
            return Ok(Got::Nothing);
        }
        let most = self.reader.position().byte() + LARGEST_ROW;
        self.limit.store(most, Ordering::Relaxed);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {
                self.row = self.row.saturating_add(1);
                Ok(Got::Row)
            }
            Ok(false) => Ok(Got::Nothing),
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(error) if is_too_big(&error) => {
                    self.has_ended = true;
                    self.row = self.row.saturating_add(1);
                    Ok(Got::TooBig)
                }
                csv::ErrorKind::Io(error) => Err(error),
                kind => Err(io::Error::other(format!("{kind:?}"))),
            },
        }
    }

    pub fn next(&mut self) -> io::Result<Option<DataRow>> {
        let before = self.reader.position().clone();
        let values = match self.read()? {
            Got::Nothing => return Ok(None),
            Got::TooBig => {
                let hint =
                    "Perhaps a quote that it opens is never closed: nothing behind it is read.";
                Err(format!("{} {hint}", too_big()))
            }
            Got::Row => {
                let values = self.values();
                if self.is_cut_off()? { Err(NEVER_CLOSED.to_owned()) } else { values }
            }
        };
        let line = before.line() + self.ends_at(before.byte())?;
        Ok(Some(DataRow { number: self.row - 1, line, values, is_text: true }))
    }

    /// Ends of lines that stand at this byte: of the row before, or of empty lines.
    fn ends_at(&mut self, byte: u64) -> io::Result<u64> {
        self.aside.seek(SeekFrom::Start(byte))?;
        let (mut ends, mut some) = (0, [0; 64]);
        loop {
            let read = self.aside.read(&mut some)?;
            for byte in &some[..read] {
                match byte {
                    b'\n' => ends += 1,
                    b'\r' => {}
                    _ => return Ok(ends),
                }
            }
            if read == 0 {
                return Ok(ends);
            }
        }
    }

    /// Whether the row goes on to the end of the file because a quote is never closed.
    fn is_cut_off(&mut self) -> io::Result<bool> {
        let last = self.record.get(self.record.len().saturating_sub(1)).unwrap_or_default();
        if self.reader.position().byte() < self.bytes || !last.contains(&b'\n') {
            return Ok(false);
        }
        let mut tail = Vec::new();
        self.aside.seek(SeekFrom::Start(self.bytes.saturating_sub(16)))?;
        (&self.aside).take(16).read_to_end(&mut tail)?;
        Ok(!tail.trim_ascii_end().ends_with(b"\""))
    }

    fn values(&self) -> Result<Map<String, Value>, String> {
        let (has, wanted) = (self.record.len(), self.columns.len());
        if has != wanted {
            return Err(format!(
                "It has {has} {} where the first line names {wanted}. Is a value with a comma or line break not in quotes?",
                if has == 1 { "value" } else { "values" }
            ));
        }
        let mut values = Map::new();
        for (name, cell) in self.columns.iter().zip(&self.record) {
            let text = std::str::from_utf8(cell)
                .map_err(|_| format!("The column \"{name}\" is not written in UTF-8."))?;
            values.insert(name.clone(), text.into());
        }
        Ok(values)
    }

    pub fn skip(&mut self) -> io::Result<bool> {
        Ok(!matches!(self.read()?, Got::Nothing))
    }
}

/// The names of the columns.
fn names(header: &ByteRecord) -> Result<Vec<String>, DataError> {
    let mut columns: Vec<String> = Vec::new();
    for (number, cell) in header.iter().enumerate() {
        let Ok(name) = std::str::from_utf8(cell) else {
            return Err(DataError::Form("The first line is not written in UTF-8.".into()));
        };
        let name = name.trim();
        if name.is_empty() {
            return Err(DataError::Form(format!(
                "Column {} has no name in the first line.",
                number + 1
            )));
        }
        if columns.iter().any(|own| own == name) {
            return Err(DataError::Form(format!("Two columns are called \"{name}\".")));
        }
        columns.push(name.to_owned());
    }
    Ok(columns)
}

/// A file that cannot be read beyond a limit, which moves on with the rows: a quote that is never closed
/// must not bring all of it into memory.
struct Limited {
    file: File,
    at: u64,
    limit: Arc<AtomicU64>,
}

/// What it says then.
const BEYOND: &str = "the row is too big";

fn is_too_big(error: &io::Error) -> bool {
    error.to_string() == BEYOND
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What is read ahead belongs to the next rows: only a row that fills all of it is refused.
        if self.at > self.limit.load(Ordering::Relaxed) {
            return Err(io::Error::other(BEYOND));
        }
        let read = self.file.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Limited {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}
