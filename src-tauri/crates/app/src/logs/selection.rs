//! Lines that fulfil something, and their places among each other: what a filter shows, what a search finds.

use std::{
    collections::HashSet,
    io,
    ops::{ControlFlow, Range},
};

use domain::log::{CHUNK, Chunks, Filter, Finder, Mark};
use spool::{Block, Part};

use super::store::{Store, signed};

/// What lines have to fulfil.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub filter: Filter,
    /// Only lines with this.
    pub text: Option<Finder>,
    /// And with this, which is searched for.
    pub search: Option<Finder>,
    pub folds: Folds,
}

/// Which groups are folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Folds {
    /// All but these, otherwise only these.
    pub folded: bool,
    /// Numbers of the lines that head them.
    pub but: HashSet<i64>,
}

impl Folds {
    pub fn is_folded(&self, head: i64) -> bool {
        self.folded != self.but.contains(&head)
    }

    fn fold_something(&self) -> bool {
        self.folded || !self.but.is_empty()
    }
}

/// Lines that are wanted, by chunks of both parts.
#[derive(Clone, Default)]
pub(super) struct Selection {
    pub wanted: Wanted,
    older: Option<Chunks>,
    tail: Chunks,
    /// The line that heads the group which the next line of the tail may be in.
    head: i64,
}

/// How far back the head of a group is looked for. Lines.
const LONGEST_GROUP: u64 = 100_000;

impl Selection {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, older: None, tail: Chunks::default(), head: 0 }
    }

    /// The same with lines that only the folds decide on, for a search.
    pub fn unfolded(&self) -> Wanted {
        Wanted { folds: Folds::default(), ..self.wanted.clone() }
    }

    /// Lines of the older part that are wanted.
    pub fn before(&self) -> i64 {
        self.older.as_ref().map_or(0, |chunks| signed(chunks.count()))
    }

    /// Lines of the tail that are wanted.
    pub fn after(&self) -> i64 {
        signed(self.tail.count())
    }

    /// Takes in lines that are new. `go_on` says whether it is still wanted; `false` = it was given up.
    pub fn catch_up(&mut self, store: &Store, go_on: &dyn Fn() -> bool) -> io::Result<bool> {
        if self.older.is_none()
            && let Some(part) = store.older.get()
        {
            let (mut chunks, mut head) = (Chunks::default(), store.first());
            if !self.go_through(part, store.first(), &mut chunks, &mut head, go_on)? {
                return Ok(false);
            }
            self.older = Some(chunks);
            if self.tail.looked_at() == 0 {
                self.head = head;
            }
        }
        let (mut chunks, mut head) = (std::mem::take(&mut self.tail), self.head);
        let done = self.go_through(&store.tail, 0, &mut chunks, &mut head, go_on);
        (self.tail, self.head) = (chunks, head);
        done
    }

    fn go_through(
        &self,
        part: &Part,
        first: i64,
        chunks: &mut Chunks,
        head: &mut i64,
        go_on: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        let mut given_up = false;
        let mut hits = Vec::new();
        part.go_through(chunks.looked_at()..part.lines(), self.wanted.needs_text(), |block| {
            if !go_on() {
                given_up = true;
                return ControlFlow::Break(());
            }
            self.wanted.look_at(block, first, head, &mut hits);
            for hit in &hits {
                chunks.push(*hit);
            }
            ControlFlow::Continue(())
        })?;
        Ok(!given_up)
    }

    /// How many wanted lines of the same part there are before this line, as an index: less than 0 in the older part.
    pub fn index_of(&self, store: &Store, number: i64) -> io::Result<i64> {
        let (part, chunks, first) = match (number < 0, store.older.get(), &self.older) {
            (true, Some(part), Some(chunks)) => (part, chunks, store.first()),
            (true, ..) => return Ok(0),
            (false, ..) => (&store.tail, &self.tail, 0),
        };
        let line = (number.max(first) - first).unsigned_abs().min(chunks.looked_at());
        let chunk = line / CHUNK;
        let begin = chunk * CHUNK;
        let hits = self.look(part, first, begin..line)?;
        let count = chunks.before(chunk) + hits.iter().filter(|hit| **hit).count() as u64;
        Ok(signed(count) - if number < 0 { self.before() } else { 0 })
    }

    /// Numbers of wanted lines from an index on.
    pub fn numbers(&self, store: &Store, from: i64, count: usize) -> io::Result<Vec<i64>> {
        let mut numbers = Vec::new();
        let mut index = from.max(-self.before());
        let end = index.saturating_add(signed(count as u64)).min(self.after());
        while index < end {
            let (part, chunks, first, nth) = match (index < 0, store.older.get(), &self.older) {
                (true, Some(part), Some(chunks)) => {
                    (part, chunks, store.first(), (index + self.before()).unsigned_abs())
                }
                _ => (&store.tail, &self.tail, 0, index.unsigned_abs()),
            };
            let Some(chunk) = chunks.chunk_of(nth) else { break };
            let begin = chunk * CHUNK;
            let hits = self.look(part, first, begin..(begin + CHUNK).min(chunks.looked_at()))?;
            let skipped = usize::try_from(nth - chunks.before(chunk)).unwrap_or(usize::MAX);
            let before = numbers.len();
            numbers.extend(
                (begin..)
                    .zip(&hits)
                    .filter(|(_, hit)| **hit)
                    .skip(skipped)
                    .take(usize::try_from(end - index).unwrap_or(0))
                    .map(|(line, _)| first + signed(line)),
            );
            let found = numbers.len() - before;
            if found == 0 {
                break;
            }
            index += signed(found as u64);
        }
        Ok(numbers)
    }

    /// Which of these lines are wanted.
    fn look(&self, part: &Part, first: i64, lines: Range<u64>) -> io::Result<Vec<bool>> {
        let mut head = if self.wanted.folds.fold_something() {
            group_head(part, lines.start)?.map_or(first, |line| first + signed(line))
        } else {
            first
        };
        let (mut all, mut hits) = (Vec::new(), Vec::new());
        part.go_through(lines, self.wanted.needs_text(), |block| {
            self.wanted.look_at(block, first, &mut head, &mut hits);
            all.append(&mut hits);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

/// The line before this one that heads the group which it may be in.
pub(super) fn group_head(part: &Part, line: u64) -> io::Result<Option<u64>> {
    let mut end = line;
    while end > 0 && line - end < LONGEST_GROUP {
        let begin = end.saturating_sub(256);
        let records = part.records(begin, end - begin)?;
        if let Some(at) = records.iter().rposition(|line| !line.mark.inside) {
            return Ok(Some(begin + at as u64));
        }
        end = begin;
    }
    Ok(None)
}

impl Wanted {
    fn needs_text(&self) -> bool {
        self.text.is_some() || self.search.is_some()
    }

    /// Which lines of a block are wanted. `head` goes on from block to block.
    fn look_at(&self, block: &Block<'_>, first: i64, head: &mut i64, hits: &mut Vec<bool>) {
        hits.clear();
        // Lines that are found by their text are shown wherever they stand.
        let folding = self.text.is_none() && self.folds.fold_something();
        for (number, line) in (first + signed(block.first)..).zip(block.lines) {
            if !line.mark.inside {
                *head = number;
            }
            let hidden = folding && line.mark.inside && self.folds.is_folded(*head);
            hits.push(!hidden && self.filter.passes(&line.mark));
        }
        for finder in [&self.text, &self.search].into_iter().flatten() {
            let mut found = vec![false; hits.len()];
            finder.lines(block.text, |range| found[block.line_at(range.start)] = true);
            for (hit, found) in hits.iter_mut().zip(found) {
                *hit &= found;
            }
        }
    }

    /// Which lines of a block are wanted, whatever is folded.
    pub fn shown(&self, block: &Block<'_>, first: i64) -> Vec<bool> {
        let mut hits = Vec::new();
        self.look_at(block, first, &mut 0, &mut hits);
        hits
    }

    /// Whether the filter shows a line with this mark.
    pub fn passes(&self, mark: &Mark) -> bool {
        self.filter.passes(mark)
    }
}
