//! The lines of an open log: those that were there first and come after, and the older ones once all of them are
//! there. The first line of the former is number 0; older ones have negative numbers.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
};

use domain::log::{Mark, Marker, Names, clean};
use spool::{NewLine, Part};

use super::mend::Mended;
use crate::{
    api::{LevelCount, LogFacets, NameCount, RowLines},
    context::lock,
};

/// Names or rows that are listed.
const LISTED: usize = 200;
/// Rows whose lines are counted; a log can have no more.
const MOST_ROWS: usize = 100_000;
/// The first lines whose records may have begun in older lines.
const REMARKED: u64 = 5000;

pub(super) struct Store {
    pub folder: PathBuf,
    pub tail: Part,
    pub older: OnceLock<Part>,
    pub names: Mutex<Names>,
    pub counts: Mutex<Counts>,
}

/// How many lines have what.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    levels: [u64; 6],
    nodes: HashMap<u16, u64>,
    runs: HashMap<u16, u64>,
    rows: BTreeMap<u32, u64>,
    pub noise: u64,
}

/// Turns lines as they were written into lines of a part.
#[derive(Default)]
pub(super) struct Feeder {
    marker: Marker,
    source: u8,
    text: Vec<u8>,
}

impl Store {
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            tail: Part::create(folder)?,
            older: OnceLock::new(),
            names: Mutex::default(),
            counts: Mutex::default(),
        })
    }

    /// Number of the first line; 0 or less.
    pub fn first(&self) -> i64 {
        -self.older.get().map_or(0, |part| signed(part.lines()))
    }

    /// One past the number of the last line.
    pub fn end(&self) -> i64 {
        signed(self.tail.lines())
    }

    /// The part that holds a line, and which of its lines it is.
    pub fn part_of(&self, number: i64) -> Option<(&Part, u64)> {
        if let Ok(line) = u64::try_from(number) {
            return (line < self.tail.lines()).then_some((&self.tail, line));
        }
        let part = self.older.get()?;
        let line = part.lines().checked_sub(number.unsigned_abs())?;
        Some((part, line))
    }

    /// Puts older lines before the others. `feeders` read them, each those of one source; the records of the first
    /// lines after them may have begun there, and are told anew; `mended` are lines that were told wrongly before.
    /// `true` = a line or a mark is another one now.
    pub fn join(
        &self,
        older: Part,
        counts: &Counts,
        feeders: Vec<Feeder>,
        mended: &[Mended],
    ) -> io::Result<(bool, Vec<Feeder>)> {
        let anew = self.mend(mended)?;
        let mut changed = anew > 0;
        let mut text = Vec::new();
        let mut feeders: HashMap<u8, Feeder> =
            feeders.into_iter().map(|feeder| (feeder.source, feeder)).collect();
        let records = self.tail.records(0, REMARKED.max(anew))?;
        for (number, line) in (0..).zip(&records) {
            let Some(feeder) = feeders.get_mut(&line.mark.source) else { continue };
            (text, _) = self.tail.text(number, 0, 4096)?;
            let told = feeder.marker.line(&text, line.mark.error, &mut lock(&self.names)).0;
            let mark = Mark { source: line.mark.source, cut: line.mark.cut, ..told };
            if mark != line.mark {
                self.tail.mark(number, mark)?;
                let mut all = lock(&self.counts);
                all.take(&line.mark);
                all.add(&mark);
                changed = true;
            }
        }
        drop(text);
        lock(&self.counts).merge(counts);
        // Set once, by the one who reads the older lines.
        let _ = self.older.set(older);
        Ok((changed, feeders.into_values().collect()))
    }

    /// What the lines can be filtered by.
    pub fn facets(&self) -> LogFacets {
        let counts = lock(&self.counts).clone();
        let names = lock(&self.names);
        let listed = |of: &HashMap<u16, u64>, by_count: bool| {
            let mut all: Vec<(u16, u64)> =
                of.iter().map(|(name, lines)| (*name, *lines)).filter(|(_, n)| *n > 0).collect();
            if by_count {
                all.sort_by_key(|(name, lines)| (std::cmp::Reverse(*lines), *name));
                all.truncate(LISTED);
            } else {
                // Names get their numbers in the order in which they occur.
                all.sort_unstable();
                all.drain(..all.len().saturating_sub(LISTED));
            }
            all.into_iter()
                .filter_map(|(name, lines)| {
                    Some(NameCount { name: names.name(name)?.into(), lines })
                })
                .collect::<Vec<_>>()
        };
        let levels = domain::log::LogLevel::ALL;
        LogFacets {
            levels: levels
                .into_iter()
                .map(|level| LevelCount { level, lines: counts.levels[level as usize] })
                .filter(|count| count.lines > 0)
                .collect(),
            nodes: listed(&counts.nodes, true),
            runs: listed(&counts.runs, false),
            rows: counts
                .rows
                .iter()
                .take(LISTED)
                .map(|(row, lines)| RowLines { row: *row, lines: *lines })
                .collect(),
            more: counts.nodes.len().max(counts.runs.len()).max(counts.rows.len()) > LISTED,
        }
    }
}

impl Counts {
    pub fn add(&mut self, mark: &Mark) {
        self.levels[mark.level as usize] += 1;
        self.noise += u64::from(mark.noise);
        if mark.node != 0 {
            *self.nodes.entry(mark.node).or_default() += 1;
        }
        if mark.run != 0 {
            *self.runs.entry(mark.run).or_default() += 1;
        }
        if let Some(row) = mark.row
            && (self.rows.len() < MOST_ROWS || self.rows.contains_key(&row))
        {
            *self.rows.entry(row).or_default() += 1;
        }
    }

    fn take(&mut self, mark: &Mark) {
        fn less<K: std::cmp::Eq + std::hash::Hash>(counts: &mut HashMap<K, u64>, key: &K) {
            if let Some(count) = counts.get_mut(key) {
                *count = count.saturating_sub(1);
            }
        }
        let level = &mut self.levels[mark.level as usize];
        *level = level.saturating_sub(1);
        self.noise = self.noise.saturating_sub(u64::from(mark.noise));
        less(&mut self.nodes, &mark.node);
        less(&mut self.runs, &mark.run);
        if let Some(count) = mark.row.and_then(|row| self.rows.get_mut(&row)) {
            *count = count.saturating_sub(1);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (level, lines) in self.levels.iter_mut().zip(other.levels) {
            *level += lines;
        }
        self.noise += other.noise;
        for (name, lines) in &other.nodes {
            *self.nodes.entry(*name).or_default() += lines;
        }
        for (name, lines) in &other.runs {
            *self.runs.entry(*name).or_default() += lines;
        }
        for (row, lines) in &other.rows {
            *self.rows.entry(*row).or_default() += lines;
        }
    }
}

/// A line as a feeder read it.
struct Read {
    time: Option<i64>,
    mark: Mark,
    /// It was not text as it was written.
    changed: bool,
}

impl Feeder {
    pub fn new(source: u8) -> Self {
        Self { source, ..Self::default() }
    }

    fn read(&mut self, names: &mut Names, time: Option<i64>, error: bool, line: &[u8]) -> Read {
        let changed = clean(line, &mut self.text);
        let (mark, own_time) = self.marker.line(&self.text, error, names);
        Read { time: time.or(own_time), mark: Mark { source: self.source, ..mark }, changed }
    }

    /// Index of the source that it reads.
    pub fn source(&self) -> usize {
        usize::from(self.source)
    }

    /// Takes over what another one knows of processes.
    pub fn learn(&mut self, other: &Self) {
        self.marker.learn(&other.marker);
    }

    /// Reads the next line and adds it to a part.
    pub fn add(
        &mut self,
        (part, counts): (&Part, &mut Counts),
        names: &mut Names,
        time: Option<i64>,
        error: bool,
        line: &[u8],
    ) -> io::Result<()> {
        let read = self.read(names, time, error, line);
        counts.add(&read.mark);
        let written = read.changed.then_some(line);
        part.push(NewLine { time: read.time, mark: read.mark, text: &self.text, written })
    }
}

pub(super) fn signed(lines: u64) -> i64 {
    i64::try_from(lines).unwrap_or(i64::MAX)
}
