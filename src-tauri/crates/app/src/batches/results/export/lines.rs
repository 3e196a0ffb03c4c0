//! Files with a line for each row.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use domain::batch::{
    BatchRow, RowNode,
    export::{Columns, json_row},
};

use super::Sink;

/// A JSON object on each line.
pub(super) struct JsonLines(BufWriter<File>);

impl JsonLines {
    pub fn new(file: File) -> Self {
        Self(BufWriter::new(file))
    }
}

impl Sink for JsonLines {
    fn row(&mut self, row: &BatchRow, _: &[RowNode]) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &json_row(row))?;
        self.0.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.0.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// A table: UTF-8, commas, quotation marks where they are needed.
pub(super) struct Table {
    writer: csv::Writer<File>,
    columns: Columns,
}

impl Table {
    /// Begins with the names of the columns.
    pub fn new(file: File, columns: Columns) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(columns.header())?;
        Ok(Self { writer, columns })
    }
}

impl Sink for Table {
    fn row(&mut self, row: &BatchRow, _: &[RowNode]) -> io::Result<()> {
        Ok(self.writer.write_record(self.columns.line(row))?)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)?.sync_all()
    }
}
