//! Bytes of a log into lines.
//!
//! Without a terminal the engine sends frames (`[kind, 0, 0, 0, length as four bytes, payload]`), each
//! beginning with a time. A line longer than 16 KiB comes in several frames, each with a time of its
//! own, and only the last ends with a line end. With a terminal there are no frames, and the times of
//! a long line's pieces stand in the middle of its text.

use std::collections::VecDeque;

use bytes::{Buf as _, BytesMut};
use jiff::Timestamp;

use crate::{LogBatch, LogLine, LogSource};

/// The longest text of a line.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest text of a line that is handed over as it was written.
const LONGEST_WHOLE: usize = 32 * 1024 * 1024;
/// What is put behind a line that was cut.
const CUT_NOTE: &str = " … (the rest of this line is left out: it is longer than 64 KiB)";
const WHOLE_CUT_NOTE: &str = " … (the rest of this line is left out: it is longer than 32 MiB)";
/// Frames have eight bytes in front.
const HEADER: usize = 8;

/// A line that is not complete yet.
#[derive(Default)]
struct Partial {
    time: Option<Timestamp>,
    text: Vec<u8>,
    cut: bool,
    /// Something of it was seen, be it only its time.
    begun: bool,
}

/// Puts lines together, for each source on its own.
pub(super) struct LineReader {
    terminal: bool,
    /// The longest text of a line.
    longest: usize,
    buffer: BytesMut,
    out: Partial,
    error: Partial,
    /// What is left of the frame whose payload is being read.
    frame: Option<(LogSource, usize)>,
    /// The beginning of a frame's payload or of a terminal's line, until its time is complete.
    at_start: bool,
}

/// Terminals' lines shorter than this come in one piece (Podman's are the smallest).
const SHORTEST_PIECE: usize = 4000;
/// How far a piece's time may lie behind that of its line, in seconds.
const PIECES_WITHIN: i64 = 60;
/// The longest time in front of a line, e.g. `2026-01-01T00:00:00.000000000+01:00 `.
const LONGEST_TIME: usize = 40;

impl LineReader {
    pub fn new(terminal: bool) -> Self {
        Self {
            terminal,
            longest: LONGEST_LINE,
            buffer: BytesMut::new(),
            out: Partial::default(),
            error: Partial::default(),
            frame: None,
            at_start: true,
        }
    }

    /// One that cuts only lines that are very long.
    pub fn whole(terminal: bool) -> Self {
        Self { longest: LONGEST_WHOLE, ..Self::new(terminal) }
    }

    /// Takes more bytes, cut anywhere, and puts out the lines that are complete.
    pub fn take(&mut self, bytes: &[u8], lines: &mut impl Lines) {
        self.buffer.extend_from_slice(bytes);
        while self.step(false, lines) {}
    }

    /// The end: what has no line end is a line all the same.
    pub fn finish(&mut self, lines: &mut impl Lines) {
        while self.step(true, lines) {}
        for (source, partial) in
            [(LogSource::Out, &mut self.out), (LogSource::Error, &mut self.error)]
        {
            if partial.begun {
                std::mem::take(partial).put(source, self.terminal, lines);
            }
        }
    }

    /// Reads one piece; `false` when more bytes are needed.
    fn step(&mut self, last: bool, lines: &mut impl Lines) -> bool {
        if self.terminal && self.frame.is_none() {
            // One endless frame.
            self.frame = Some((LogSource::Out, usize::MAX));
        }
        let Some((source, left)) = self.frame else {
            return self.read_header();
        };
        let there = self.buffer.len().min(left);
        if there == 0 {
            return false;
        }
        let partial = match source {
            LogSource::Out => &mut self.out,
            LogSource::Error => &mut self.error,
        };
        let mut used = 0;
        if self.at_start {
            let piece = &self.buffer[..there];
            let space = piece.iter().take(LONGEST_TIME).position(|b| matches!(b, b' ' | b'\n'));
            if space.is_none() && there < LONGEST_TIME.min(left) && !last {
                return false;
            }
            let time = space.and_then(|end| time(&piece[..end]).map(|time| (time, end)));
            if let Some((time, end)) = time {
                // A continued line keeps the time of its beginning.
                if !partial.begun {
                    partial.time = Some(time);
                }
                used = if piece[end] == b' ' { end + 1 } else { end };
            }
            partial.begun = true;
            self.at_start = false;
        }
        let piece = &self.buffer[used..there];
        let end = piece.iter().position(|byte| *byte == b'\n');
        let text = &piece[..end.unwrap_or(piece.len())];
        partial.add(text, self.longest);
        used += text.len();
        if end.is_some() {
            used += 1;
            std::mem::take(partial).put(source, self.terminal, lines);
            // A frame may hold several lines (Podman, and engines that read old files).
            self.at_start = true;
        }
        self.buffer.advance(used);
        if left != usize::MAX {
            self.frame = Some((source, left - used)).filter(|(_, left)| *left > 0);
            self.at_start |= self.frame.is_none();
        }
        true
    }

    fn read_header(&mut self) -> bool {
        if self.buffer.len() < HEADER {
            return false;
        }
        let source = if self.buffer[0] == 2 { LogSource::Error } else { LogSource::Out };
        self.buffer.advance(4);
        let length = self.buffer.get_u32() as usize;
        self.frame = Some((source, length)).filter(|(_, length)| *length > 0);
        self.at_start = true;
        true
    }
}

impl Partial {
    fn add(&mut self, text: &[u8], longest: usize) {
        let room = longest.saturating_sub(self.text.len());
        self.cut |= text.len() > room;
        self.text.extend_from_slice(&text[..text.len().min(room)]);
        self.begun = true;
    }

    fn put(mut self, source: LogSource, terminal: bool, lines: &mut impl Lines) {
        if !self.cut && self.text.last() == Some(&b'\r') {
            self.text.pop();
        }
        if terminal && self.text.len() > SHORTEST_PIECE {
            self.text = without_times(&self.text, self.time);
        }
        lines.put(source, self.time, &self.text, self.cut);
    }
}

/// Takes lines that are complete.
pub(super) trait Lines {
    /// The text is as it was written; `cut` = its rest is left out.
    fn put(&mut self, source: LogSource, time: Option<Timestamp>, text: &[u8], cut: bool);
}

impl Lines for VecDeque<LogLine> {
    fn put(&mut self, source: LogSource, time: Option<Timestamp>, text: &[u8], cut: bool) {
        let mut text = String::from_utf8_lossy(text).into_owned();
        if cut {
            text.push_str(CUT_NOTE);
        }
        self.push_back(LogLine { source, time, text });
    }
}

impl Lines for LogBatch {
    fn put(&mut self, source: LogSource, time: Option<Timestamp>, text: &[u8], cut: bool) {
        self.bytes.extend_from_slice(text);
        let note = if cut { WHOLE_CUT_NOTE } else { "" };
        self.push(source, time, note.as_bytes());
    }
}

/// Takes the times of its pieces out of a line: whatever reads like one and lies close to the line's.
fn without_times(text: &[u8], line: Option<Timestamp>) -> Vec<u8> {
    let Some(line) = line else { return text.to_vec() };
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let piece = &rest[..rest.len().min(LONGEST_TIME)];
        let of_piece = (first.is_ascii_digit() && piece.get(4) == Some(&b'-'))
            .then(|| piece.iter().position(|byte| *byte == b' '))
            .flatten()
            .and_then(|end| Some((time(&piece[..end])?, end)))
            .filter(|(time, _)| {
                (0..=PIECES_WITHIN).contains(&(time.as_second() - line.as_second()))
            });
        if let Some((_, end)) = of_piece {
            rest = &rest[end + 1..];
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

fn time(bytes: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
