//! Lines as the window gets them.

use std::io;

use domain::{
    flow::Frame,
    log::{Colour, Finder, Style, pieces, place},
};
use jiff::Timestamp;

use super::{
    places::Places,
    selection::{Folds, Selection},
    store::Store,
};
use crate::{
    api::{LogColour, LogFold, LogLine, LogPiece, LogStyle},
    context::lock,
};

/// Bytes of a line that are shown.
pub(super) const SHOWN: usize = 8 * 1024;
/// Bytes of a line as it was written that are looked at for styles.
const WRITTEN: usize = 8 * SHOWN;
/// Lines of a group that are looked at for its summary.
const SUMMARY_WITHIN: u64 = 200;
/// A group longer than this is told to be as long.
const COUNTED: u64 = 100_000;

/// What is needed to show lines.
pub(super) struct Shown<'a> {
    pub store: &'a Store,
    pub view: &'a Selection,
    pub search: Option<&'a Finder>,
    pub places: &'a Places,
}

impl Shown<'_> {
    /// Lines of the view from an index on.
    pub fn page(&self, from: i64, count: usize) -> io::Result<Vec<LogLine>> {
        let from = from.max(-self.view.before());
        let numbers = self.view.numbers(self.store, from, count)?;
        (from..).zip(numbers).map(|(index, number)| self.line(index, number)).collect()
    }

    fn line(&self, index: i64, number: i64) -> io::Result<LogLine> {
        let Some((part, at)) = self.store.part_of(number) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such line"));
        };
        let records = part.records(at, 2)?;
        let Some(record) = records.first() else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such line"));
        };
        let (text, bytes) = part.text(at, 0, SHOWN)?;
        let mark = record.mark;
        let found = self.search.filter(|_| self.view.wanted.passes(&mark));
        let found = found.map(|finder| finder.places(&text)).unwrap_or_default();
        let written = part.written(record, WRITTEN)?;
        let shown = pieces(written.as_deref().unwrap_or(&text), &found, SHOWN);
        let name = |name: u16| lock(&self.store.names).name(name).map(str::to_owned);
        // The first of the tail may head a group, too: the next line says so, be it in the same part.
        let heads = !mark.inside && records.get(1).is_some_and(|next| next.mark.inside);
        Ok(LogLine {
            index,
            number,
            time: record.time.and_then(|time| Timestamp::from_nanosecond(i128::from(time)).ok()),
            source: u32::from(mark.source),
            error: mark.error,
            level: mark.level,
            node: name(mark.node),
            row: mark.row,
            run: name(mark.run),
            noise: mark.noise,
            continued: mark.continued,
            pieces: shown.into_iter().map(piece).collect(),
            cut: (bytes > SHOWN as u64).then_some(bytes),
            fold: if heads { Some(self.fold(number, &self.view.wanted.folds)?) } else { None },
            in_fold: mark.inside,
            place: mark
                .continued
                .then(|| place(&text))
                .flatten()
                .and_then(|frame| self.places.place(frame)),
        })
    }

    fn fold(&self, number: i64, folds: &Folds) -> io::Result<LogFold> {
        let Some((part, head)) = self.store.part_of(number) else { return Ok(nothing_inside()) };
        let mut lines = 0;
        while lines < COUNTED {
            let records = part.records(head + 1 + lines, 256)?;
            let inside = records.iter().take_while(|line| line.mark.inside).count() as u64;
            lines += inside;
            if inside < 256 {
                break;
            }
        }
        Ok(LogFold {
            lines,
            folded: self.view.wanted.text.is_none() && folds.is_folded(number),
            summary: self.summary(number, lines)?,
        })
    }

    /// The exception of a traceback, else the innermost place in the person's own flow.
    fn summary(&self, number: i64, lines: u64) -> io::Result<Option<String>> {
        let Some((part, head)) = self.store.part_of(number) else { return Ok(None) };
        let mut own: Option<Frame> = None;
        for line in (head + 1..=head + lines).rev().take(SUMMARY_WITHIN as usize) {
            let (text, _) = part.text(line, 0, 400)?;
            let first = text.first().copied().unwrap_or(b' ');
            let is_exception = first.is_ascii_alphabetic()
                && !text.starts_with(b"Traceback (")
                && !text.starts_with(b"During handling")
                && !text.starts_with(b"The above exception");
            if is_exception {
                return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
            }
            if own.is_none() {
                own = place(&text).filter(|frame| self.places.place(frame.clone()).is_some());
            }
        }
        Ok(own.map(|at| {
            let at = self.places.shorten(at);
            format!("{}, line {}", at.file, at.line)
        }))
    }
}

fn nothing_inside() -> LogFold {
    LogFold { lines: 0, folded: false, summary: None }
}

fn piece(piece: domain::log::Piece) -> LogPiece {
    let style = (piece.style != Style::default()).then(|| style(piece.style));
    LogPiece { text: piece.text, style, found: piece.found }
}

fn style(style: Style) -> LogStyle {
    let colour = |colour: Colour| match colour {
        Colour::Theme(index) => LogColour::Theme { index },
        Colour::Exact(red, green, blue) => {
            LogColour::Exact { hex: format!("#{red:02x}{green:02x}{blue:02x}") }
        }
    };
    LogStyle {
        bold: style.bold,
        faint: style.faint,
        italic: style.italic,
        underline: style.underline,
        strike: style.strike,
        inverse: style.inverse,
        colour: style.colour.map(colour),
        background: style.background.map(colour),
    }
}

/// A line's time and text for a file or the clipboard. `name` = that of its source.
pub(super) fn put_line(text: &mut Vec<u8>, time: Option<i64>, name: Option<&str>, line: &[u8]) {
    if let Some(name) = name {
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
    }
    if let Some(time) = time.and_then(|time| Timestamp::from_nanosecond(i128::from(time)).ok()) {
        text.extend_from_slice(format!("{time} ").as_bytes());
    }
    text.extend_from_slice(line);
    text.push(b'\n');
}
