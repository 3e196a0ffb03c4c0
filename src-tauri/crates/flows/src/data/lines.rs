//! JSON lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use domain::batch::DataRow;
use serde_json::Value;

use super::{BOM, LARGEST_ROW, Position, too_big};

/// Reads an object from each line. Empty lines are none.
pub(super) struct Lines {
    input: BufReader<File>,
    at: Position,
    buffer: Vec<u8>,
}

/// One line that is not empty.
struct Line {
    began: Position,
    is_too_big: bool,
}

impl Lines {
    pub fn new(mut file: File, from: Option<Position>) -> io::Result<Self> {
        let at = from.unwrap_or(Position { byte: 0, line: 1, row: 0 });
        file.seek(SeekFrom::Start(at.byte))?;
        Ok(Self { input: BufReader::new(file), at, buffer: Vec::new() })
    }

    pub fn position(&self) -> Position {
        self.at
    }

    /// Reads the next line that is not empty into the buffer.
    fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let began = self.at;
            self.buffer.clear();
            let mut limited = self.input.by_ref().take(LARGEST_ROW + 1);
            let read = limited.read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.at.byte += read as u64;
            let is_too_big = read as u64 > LARGEST_ROW;
            if is_too_big && !self.buffer.ends_with(b"\n") {
                self.pass_rest()?;
            }
            self.at.line += 1;
            if began.byte == 0 && self.buffer.starts_with(BOM) {
                self.buffer.drain(..BOM.len());
            }
            if is_too_big || !self.buffer.trim_ascii().is_empty() {
                self.at.row = self.at.row.saturating_add(1);
                return Ok(Some(Line { began, is_too_big }));
            }
        }
    }

    /// Passes over the rest of a line without keeping it.
    fn pass_rest(&mut self) -> io::Result<()> {
        loop {
            let some = self.input.fill_buf()?;
            if some.is_empty() {
                return Ok(());
            }
            let end = some.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(some.len(), |end| end + 1);
            self.input.consume(passed);
            self.at.byte += passed as u64;
            if end.is_some() {
                return Ok(());
            }
        }
    }

    pub fn next(&mut self) -> io::Result<Option<DataRow>> {
        let Some(line) = self.line()? else { return Ok(None) };
        let values = if line.is_too_big {
            Err(too_big())
        } else {
            match serde_json::from_slice(&self.buffer) {
                Ok(Value::Object(values)) => Ok(values),
                Ok(_) => Err("It is no object such as {\"question\": \"…\"}.".to_owned()),
                Err(error) if std::str::from_utf8(&self.buffer).is_err() => {
                    let _ = error;
                    Err("It is not written in UTF-8.".to_owned())
                }
                Err(error) if error.is_eof() => {
                    Err("It is no JSON: it ends too early. Each row stands on one line.".to_owned())
                }
                Err(error) => {
                    Err(format!("It is no JSON: it breaks off at character {}.", error.column()))
                }
            }
        };
        let Position { line, row, .. } = line.began;
        Ok(Some(DataRow { number: row, line, values, is_text: false }))
    }

    pub fn skip(&mut self) -> io::Result<bool> {
        Ok(self.line()?.is_some())
    }
}
