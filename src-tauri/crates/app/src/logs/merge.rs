//! Lines of several containers in the order of their times. Lines of one record stay together, and those of one
//! container in their order, whatever its clock did.

use std::{collections::VecDeque, io, ops::ControlFlow};

use engine::{BatchLine, LogBatch};
use spool::{Line, NewLine, Part};

use super::{
    container::TAIL,
    older::Older,
    open::Opened,
    resume::Print,
    store::{Counts, Feeder},
};

/// Lines whose prints tell where a log meets what was first shown of it.
const PRINTS: usize = 64;

/// Where what is shown of one container begins.
#[derive(Default)]
pub(super) struct Start {
    /// Its first lines; all that were first read where some of them may be told wrongly.
    pub prints: Vec<Print>,
    /// Some may be (see [`domain::compute::EngineFacts::ends_of_logs_are_cut_wrongly`]).
    pub nearly: bool,
    /// Lines that are put before it: others' lines of the same time are not there yet.
    pub before: Vec<LogBatch>,
}

impl Start {
    /// How many of the prints are of lines that are put before it.
    pub fn lines_before(&self) -> usize {
        self.before.iter().map(|batch| batch.lines.len()).sum()
    }
}

/// Which of the first lines are shown at once: those from the time on from which all containers' lines are there.
/// `nearly` = for each container whether some of its lines may be told wrongly.
pub(super) fn begin(
    first: Vec<Vec<LogBatch>>,
    nearly: &[bool],
) -> (Vec<(usize, LogBatch)>, Vec<Start>) {
    let count = |batches: &[LogBatch]| batches.iter().map(|batch| batch.lines.len()).sum::<usize>();
    let from = (first.len() > 1)
        .then(|| {
            let full = first.iter().filter(|batches| count(batches) >= TAIL as usize);
            full.filter_map(|batches| batches.first()?.lines.first()?.time).max()
        })
        .flatten();
    let (mut shown, mut starts) = (Vec::new(), Vec::new());
    for (source, batches) in first.into_iter().enumerate() {
        let nearly = nearly.get(source).copied().unwrap_or(false);
        let most = if nearly { usize::MAX } else { PRINTS };
        let prints = batches.iter().flat_map(LogBatch::iter).take(most);
        let mut start = Start {
            prints: prints.map(|(line, text)| Print::of(line, text)).collect(),
            nearly,
            before: vec![],
        };
        let mut is_before = from.is_some();
        // The first of those lines may lack its beginning.
        let mut is_cut = nearly && count(&batches) >= TAIL as usize;
        for batch in batches {
            let (mut before, mut after) = (LogBatch::default(), LogBatch::default());
            for (line, text) in batch.iter() {
                is_before &= line.time < from;
                let to = if is_before || is_cut { &mut before } else { &mut after };
                is_cut = false;
                to.push(line.source, line.time, text);
            }
            if !before.lines.is_empty() {
                start.before.push(before);
            }
            if !after.lines.is_empty() {
                shown.push((source, after));
            }
        }
        starts.push(start);
    }
    (shown, starts)
}

/// All lines of a group in order.
pub(super) fn in_order(group: &[(usize, LogBatch)]) -> Vec<(usize, &BatchLine, &[u8])> {
    let mut lines: Vec<(usize, &BatchLine, &[u8])> = group
        .iter()
        .flat_map(|(source, batch)| batch.iter().map(|(line, text)| (*source, line, text)))
        .collect();
    if group.iter().all(|(source, _)| *source == group[0].0) {
        return lines;
    }
    // What a record's other lines are sorted by is when the record came.
    let mut latest = std::collections::HashMap::new();
    let keys: Vec<_> = lines
        .iter()
        .map(|(source, line, text)| {
            let time = latest.entry(*source).or_insert(line.time);
            if domain::log::head(text).is_some() || !matches!(text.first(), Some(b' ' | b'\t')) {
                *time = line.time.max(*time);
            }
            *time
        })
        .collect();
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|index| keys[*index]);
    lines = order.into_iter().map(|index| lines[index]).collect();
    lines
}

/// Puts the older lines of all containers before the others.
pub(super) fn join(opened: &Opened, mut older: Vec<Older>) -> io::Result<Vec<Feeder>> {
    let mut counts = Counts::default();
    let mut mended = Vec::new();
    for one in &mut older {
        counts.merge(&one.counts);
        mended.append(&mut one.mended);
    }
    let part = if older.len() == 1
        && let Some(only) = older.pop()
    {
        let feeders = vec![only.feeder];
        return opened.join(only.part, &counts, feeders, &mended);
    } else {
        let part = Part::create(&opened.store.folder)?;
        let mut cursors: Vec<Cursor<'_>> = older.iter().map(|one| Cursor::new(&one.part)).collect();
        loop {
            let mut least: Option<(i64, usize)> = None;
            for (index, cursor) in cursors.iter_mut().enumerate() {
                if let Some(key) = cursor.key()?
                    && least.is_none_or(|(least, _)| key < least)
                {
                    least = Some((key, index));
                }
            }
            let Some((_, index)) = least else { break };
            if let Some((line, text, written)) = cursors[index].next()? {
                let written = written.as_deref();
                part.push(NewLine { time: line.time, mark: line.mark, text: &text, written })?;
            }
        }
        part.flush()?;
        part
    };
    let feeders = older.into_iter().map(|one| one.feeder).collect();
    opened.join(part, &counts, feeders, &mended)
}

/// Reads the lines of a part one after the other.
struct Cursor<'a> {
    part: &'a Part,
    next: u64,
    ready: VecDeque<(Line, Vec<u8>)>,
    latest: i64,
}

/// A line with its text, and what it was written as where that is not its text.
type Whole = (Line, Vec<u8>, Option<Vec<u8>>);

/// Lines that are read together.
const TOGETHER: u64 = 1024;
/// The longest line as it was written that is kept.
const WRITTEN: usize = 64 * 1024 * 1024;

impl<'a> Cursor<'a> {
    fn new(part: &'a Part) -> Self {
        Self { part, next: 0, ready: VecDeque::new(), latest: i64::MIN }
    }

    /// When the next line is to be put.
    fn key(&mut self) -> io::Result<Option<i64>> {
        if self.ready.is_empty() {
            let ready = &mut self.ready;
            self.part.go_through(self.next..self.next + TOGETHER, true, |block| {
                for (index, line) in block.lines.iter().enumerate() {
                    ready.push_back((*line, block.text[block.range(index)].to_vec()));
                }
                ControlFlow::Continue(())
            })?;
            self.next += self.ready.len() as u64;
        }
        let Some((line, _)) = self.ready.front() else { return Ok(None) };
        if !line.mark.continued {
            self.latest = line.time.unwrap_or(self.latest).max(self.latest);
        }
        Ok(Some(self.latest))
    }

    fn next(&mut self) -> io::Result<Option<Whole>> {
        let Some((line, text)) = self.ready.pop_front() else { return Ok(None) };
        let written = self.part.written(&line, WRITTEN)?;
        Ok(Some((line, text, written)))
    }
}
