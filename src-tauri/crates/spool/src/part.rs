//! One part of a log: lines that were written one after the other.

use std::{
    fs::File,
    io,
    ops::{ControlFlow, Range},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::log::Mark;

use crate::file::{read_at, unnamed, write_at};

/// Bytes of a line's record: time, where its text begins, where it stands as it was written, mark.
const RECORD: usize = 32;
/// What is written together.
const WRITTEN_TOGETHER: usize = 256 * 1024;
/// What is read together when many lines are gone through.
const READ_TOGETHER: u64 = 1024 * 1024;
/// Lines that are gone through together.
const LINES_TOGETHER: u64 = 16 * 1024;
/// Stands for "no time".
const NO_TIME: i64 = i64::MIN;

/// A line to add.
#[derive(Clone, Copy, Debug)]
pub struct NewLine<'a> {
    /// Nanoseconds since 1970.
    pub time: Option<i64>,
    pub mark: Mark,
    /// Without line ends.
    pub text: &'a [u8],
    /// What it was written as, where that is not its text.
    pub written: Option<&'a [u8]>,
}

/// What is kept of a line beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Nanoseconds since 1970.
    pub time: Option<i64>,
    pub mark: Mark,
    /// Where its text begins in the file of texts.
    begin: u64,
    /// Where it stands as it was written; 0 = that is its text.
    written: u64,
}

/// Lines that are gone through together.
#[derive(Debug)]
pub struct Block<'a> {
    /// Number of the first one in its part.
    pub first: u64,
    pub lines: &'a [Line],
    /// Their texts; each ends with `\n`.
    pub text: &'a [u8],
}

impl Block<'_> {
    /// Where the text of one of the lines is, without its line end.
    pub fn range(&self, index: usize) -> Range<usize> {
        let base = self.lines[0].begin;
        let at = |begin: u64| usize::try_from(begin - base).unwrap_or(usize::MAX);
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| at(next.begin));
        at(self.lines[index].begin)..end - 1
    }

    /// Which of the lines has the byte at this place of the text.
    pub fn line_at(&self, place: usize) -> usize {
        let place = self.lines[0].begin + place as u64;
        self.lines.partition_point(|line| line.begin <= place).saturating_sub(1)
    }
}

/// Lines on disk.
#[derive(Debug)]
pub struct Part {
    texts: File,
    written: File,
    records: File,
    /// Lines that can be read, and where the text of the next one will begin.
    lines: AtomicU64,
    bytes: AtomicU64,
    pending: Mutex<Pending>,
}

/// Lines that are not on disk yet.
#[derive(Debug)]
struct Pending {
    texts: Vec<u8>,
    written: Vec<u8>,
    records: Vec<u8>,
    /// Where the next ones begin.
    text_end: u64,
    written_end: u64,
    lines: u64,
}

impl Part {
    /// An empty one; its files are in this folder, without a name.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            texts: unnamed(folder)?,
            written: unnamed(folder)?,
            records: unnamed(folder)?,
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            pending: Mutex::new(Pending {
                texts: vec![],
                written: vec![],
                records: vec![],
                text_end: 0,
                // 0 stands for "as its text".
                written_end: 1,
                lines: 0,
            }),
        })
    }

    /// Lines that can be read.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Acquire)
    }

    /// Bytes of the texts that can be read.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Adds a line. It can be read after [`Part::flush`].
    pub fn push(&self, line: NewLine<'_>) -> io::Result<()> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = pending.text_end;
        let mut at = 0;
        if let Some(written) = line.written {
            at = pending.written_end;
            let length = u32::try_from(written.len()).unwrap_or(u32::MAX);
            pending.written.extend_from_slice(&length.to_le_bytes());
            pending.written.extend_from_slice(&written[..length as usize]);
            pending.written_end += 4 + u64::from(length);
        }
        pending.texts.extend_from_slice(line.text);
        pending.texts.push(b'\n');
        pending.text_end += line.text.len() as u64 + 1;
        let record = Line { time: line.time, mark: line.mark, begin, written: at }.to_bytes();
        pending.records.extend_from_slice(&record);
        pending.lines += 1;
        if pending.texts.len() + pending.written.len() + pending.records.len() > WRITTEN_TOGETHER {
            self.write(&mut pending)?;
        }
        Ok(())
    }

    /// Makes all lines readable.
    pub fn flush(&self) -> io::Result<()> {
        self.write(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, pending: &mut Pending) -> io::Result<()> {
        if pending.lines == 0 {
            return Ok(());
        }
        let lines = self.lines();
        write_at(&self.texts, &pending.texts, pending.text_end - pending.texts.len() as u64)?;
        if !pending.written.is_empty() {
            let at = pending.written_end - pending.written.len() as u64;
            write_at(&self.written, &pending.written, at)?;
        }
        let next = Line { time: None, mark: Mark::PLAIN, begin: pending.text_end, written: 0 };
        pending.records.extend_from_slice(&next.to_bytes());
        write_at(&self.records, &pending.records, lines * RECORD as u64)?;
        for buffer in [&mut pending.texts, &mut pending.written, &mut pending.records] {
            buffer.clear();
            // A very long line does not keep its room.
            buffer.shrink_to(4 * WRITTEN_TOGETHER);
        }
        self.bytes.store(pending.text_end, Ordering::Release);
        self.lines.store(lines + pending.lines, Ordering::Release);
        pending.lines = 0;
        Ok(())
    }

    /// Changes the mark of a line that can be read.
    pub fn mark(&self, number: u64, mark: Mark) -> io::Result<()> {
        self.in_range(number)?;
        let at = number * RECORD as u64 + (RECORD - Mark::BYTES) as u64;
        write_at(&self.records, &mark.to_bytes(), at)
    }

    /// Tells lines anew that can be read, from the first one on: their texts, and what they were written as where
    /// that is not their text. All together are as long as before; otherwise nothing is changed, and the answer is
    /// `false`. Whoever reads them at the same time may read either, or some of both.
    pub fn retell(&self, first: u64, lines: &[(&[u8], Option<&[u8]>)]) -> io::Result<bool> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&mut pending)?;
        let Some(last) = first.checked_add(lines.len() as u64).and_then(|end| end.checked_sub(1))
        else {
            return Ok(true);
        };
        let mut records = self.records(first, lines.len() as u64)?;
        if records.len() < lines.len() || lines.is_empty() {
            return Ok(lines.is_empty());
        }
        let begin = records[0].begin;
        let mut texts = Vec::new();
        let mut written = Vec::new();
        for (record, (text, as_written)) in records.iter_mut().zip(lines) {
            record.begin = begin + texts.len() as u64;
            texts.extend_from_slice(text);
            texts.push(b'\n');
            record.written = 0;
            if let Some(as_written) = as_written {
                record.written = pending.written_end + written.len() as u64;
                let length = u32::try_from(as_written.len()).unwrap_or(u32::MAX);
                written.extend_from_slice(&length.to_le_bytes());
                written.extend_from_slice(&as_written[..length as usize]);
            }
        }
        if begin + texts.len() as u64 != self.end(last)? + 1 {
            return Ok(false);
        }
        write_at(&self.written, &written, pending.written_end)?;
        pending.written_end += written.len() as u64;
        write_at(&self.texts, &texts, begin)?;
        let records: Vec<u8> = records.into_iter().flat_map(Line::to_bytes).collect();
        write_at(&self.records, &records, first * RECORD as u64)?;
        Ok(true)
    }

    /// Records of lines; fewer where there are no more.
    pub fn records(&self, from: u64, count: u64) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        self.read_records(from, count, &mut Vec::new(), &mut lines)?;
        Ok(lines)
    }

    fn read_records(
        &self,
        from: u64,
        count: u64,
        buffer: &mut Vec<u8>,
        lines: &mut Vec<Line>,
    ) -> io::Result<()> {
        lines.clear();
        let count = count.min(self.lines().saturating_sub(from));
        buffer.resize(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(RECORD), 0);
        read_at(&self.records, buffer, from * RECORD as u64)?;
        lines.extend(buffer.as_chunks::<RECORD>().0.iter().map(Line::from_bytes));
        Ok(())
    }

    /// Where the text of a line ends, without its line end. Behind the last line stands where the next one will
    /// begin, so that it needs no look at how many there are.
    fn end(&self, number: u64) -> io::Result<u64> {
        let mut next = [0; RECORD];
        read_at(&self.records, &mut next, (number + 1) * RECORD as u64)?;
        Ok(Line::from_bytes(&next).begin - 1)
    }

    /// The text of a line from a place on, at most so many bytes, and how long all of it is.
    pub fn text(&self, number: u64, from: u64, most: usize) -> io::Result<(Vec<u8>, u64)> {
        let line = self.in_range(number)?;
        let length = self.end(number)? - line.begin;
        let from = from.min(length);
        let mut text = vec![0; usize::try_from(length - from).unwrap_or(usize::MAX).min(most)];
        read_at(&self.texts, &mut text, line.begin + from)?;
        Ok((text, length))
    }

    /// A line as it was written, at most so many bytes; `None` = as its text.
    pub fn written(&self, line: &Line, most: usize) -> io::Result<Option<Vec<u8>>> {
        if line.written == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        read_at(&self.written, &mut length, line.written)?;
        let mut bytes = vec![0; (u32::from_le_bytes(length) as usize).min(most)];
        read_at(&self.written, &mut bytes, line.written + 4)?;
        Ok(Some(bytes))
    }

    fn in_range(&self, number: u64) -> io::Result<Line> {
        self.records(number, 1)?
            .first()
            .copied()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no such line"))
    }

    /// Goes through lines in order, many at a time. `text` = their texts are wanted too.
    pub fn go_through(
        &self,
        lines: Range<u64>,
        text: bool,
        mut tell: impl FnMut(&Block<'_>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let end = lines.end.min(self.lines());
        let mut from = lines.start;
        let (mut buffer, mut records, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        while from < end {
            self.read_records(from, LINES_TOGETHER.min(end - from), &mut buffer, &mut records)?;
            let Some(begin) = records.first().map(|line| line.begin) else { return Ok(()) };
            texts.clear();
            if text {
                // As many lines as fit together, at least one.
                let fit = records.partition_point(|line| line.begin - begin <= READ_TOGETHER);
                let fit = if fit == records.len()
                    && self.end_of(&records, from)? - begin > READ_TOGETHER
                {
                    fit - 1
                } else {
                    fit
                };
                records.truncate(fit.max(1));
                let length = self.end_of(&records, from)? - begin;
                texts.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
                read_at(&self.texts, &mut texts, begin)?;
            }
            if tell(&Block { first: from, lines: &records, text: &texts }).is_break() {
                return Ok(());
            }
            from += records.len() as u64;
        }
        Ok(())
    }

    /// Where the text of the last of these lines ends, with its line end.
    fn end_of(&self, records: &[Line], first: u64) -> io::Result<u64> {
        Ok(self.end(first + records.len() as u64 - 1)? + 1)
    }
}

impl Line {
    fn to_bytes(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(&self.time.unwrap_or(NO_TIME).to_le_bytes());
        // Six bytes are enough for 256 TB.
        bytes[8..14].copy_from_slice(&self.begin.to_le_bytes()[..6]);
        bytes[14..20].copy_from_slice(&self.written.to_le_bytes()[..6]);
        bytes[20..].copy_from_slice(&self.mark.to_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; RECORD]) -> Self {
        let six = |at: usize| {
            let mut eight = [0; 8];
            eight[..6].copy_from_slice(&bytes[at..at + 6]);
            u64::from_le_bytes(eight)
        };
        let mut time = [0; 8];
        time.copy_from_slice(&bytes[..8]);
        let mut mark = [0; Mark::BYTES];
        mark.copy_from_slice(&bytes[20..]);
        let time = i64::from_le_bytes(time);
        Self {
            time: (time != NO_TIME).then_some(time),
            begin: six(8),
            written: six(14),
            mark: Mark::from_bytes(mark),
        }
    }
}
