//! A log that is asked for again goes on behind the last line that was read.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use engine::{BatchLine, EngineError, LogBatch};
use futures_util::{StreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use tokio::time::timeout;

use super::container::TAIL;

/// The lines that are there already have come when none comes for so long.
const QUIET: Duration = Duration::from_millis(300);

/// What tells a line from others: when the engine got it, and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Print {
    time: Option<Timestamp>,
    text: u64,
}

impl Print {
    /// Whether a line has the same time.
    pub fn has_time(&self, line: &BatchLine) -> bool {
        self.time == line.time
    }

    /// Whether the line has the time of another one.
    pub fn is_of_the_time_of(&self, other: &Self) -> bool {
        self.time == other.time
    }

    pub fn of(line: &BatchLine, text: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self { time: line.time, text: hasher.finish() }
    }
}

/// The last line that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last(Print);

impl Last {
    pub fn of(batch: &LogBatch) -> Option<Self> {
        batch.iter().last().map(|(line, text)| Self(Print::of(line, text)))
    }

    /// Whether a batch ends with this line; where none was read: whether it has none.
    pub fn is_end_of(last: Option<&Self>, batch: &LogBatch) -> bool {
        Self::of(batch).map(|end| end.0) == last.map(|last| last.0)
    }

    /// Takes the lines that are there already, and answers those behind this one; all, if it is not among them.
    pub async fn new_lines(
        &self,
        batches: &mut BoxStream<'static, Result<LogBatch, EngineError>>,
    ) -> Result<LogBatch, EngineError> {
        let mut all = LogBatch::default();
        while all.lines.len() < TAIL as usize {
            match timeout(QUIET, batches.next()).await {
                Ok(Some(batch)) => {
                    for (line, text) in batch?.iter() {
                        all.push(line.source, line.time, text);
                    }
                }
                Ok(None) | Err(_) => break,
            }
        }
        let known = all.iter().map(|(line, text)| Print::of(line, text)).collect::<Vec<_>>();
        let Some(at) = known.iter().rposition(|print| *print == self.0) else { return Ok(all) };
        let mut new = LogBatch::default();
        for (line, text) in all.iter().skip(at + 1) {
            new.push(line.source, line.time, text);
        }
        Ok(new)
    }
}
