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

    /// Takes the lines that are there already, and answers those behind this one.
    pub async fn new_lines(
        &self,
        batches: &mut BoxStream<'static, Result<LogBatch, EngineError>>,
    ) -> Result<New, EngineError> {
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
        let Some(at) = known.iter().rposition(|print| *print == self.0) else {
            // A shorter log began anew.
            let more = all.lines.len() >= TAIL as usize;
            return Ok(if more { New::After(all) } else { New::Next(all) });
        };
        let mut new = LogBatch::default();
        for (line, text) in all.iter().skip(at + 1) {
            new.push(line.source, line.time, text);
        }
        Ok(New::Next(new))
    }

    /// Looks for the lines between this one and those that the end of the log holds; `None` = they cannot be told apart.
    pub fn up_to(&self, end: &LogBatch) -> Option<Between> {
        let first = end.iter().next().map(|(line, text)| Print::of(line, text))?;
        Some(Between { first: Some(first), ..self.onwards()? })
    }

    /// Looks for all lines behind this one; `None` = they cannot be told apart.
    pub fn onwards(&self) -> Option<Between> {
        Some(Between { last: self.0, time: self.0.time?, first: None, behind: false })
    }
}

/// Picks the lines behind one, and before another where there is one, out of a log.
#[derive(Debug)]
pub(super) struct Between {
    last: Print,
    time: Timestamp,
    first: Option<Print>,
    behind: bool,
}

impl Between {
    /// The second from which on the log has them.
    pub fn since(&self) -> i64 {
        self.time.as_second()
    }

    /// Those of them that a batch holds; `true` = the line after them has come.
    pub fn pick(&mut self, batch: &LogBatch) -> (LogBatch, bool) {
        let mut new = LogBatch::default();
        for (line, text) in batch.iter() {
            let print = Print::of(line, text);
            if self.first == Some(print) {
                return (new, true);
            }
            // Where the last one itself is gone, its time tells.
            self.behind |= line.time.is_some_and(|at| at > self.time);
            if self.behind {
                new.push(line.source, line.time, text);
            }
            self.behind |= print == self.last;
        }
        (new, false)
    }
}

/// Lines behind the last one that was read.
pub(super) enum New {
    /// They come right after it.
    Next(LogBatch),
    /// There may be others in between: it is no longer within the end of the log.
    After(LogBatch),
}

#[cfg(test)]
mod tests {
    use engine::LogSource;

    use super::*;

    fn batch(lines: &[(i64, &str)]) -> LogBatch {
        let mut batch = LogBatch::default();
        for (second, text) in lines {
            let time = Timestamp::from_second(*second).ok();
            batch.push(LogSource::Out, time, text.as_bytes());
        }
        batch
    }

    fn texts(batch: &LogBatch) -> Vec<String> {
        batch.iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect()
    }

    #[test]
    fn lines_between_are_those_behind_the_last_and_before_the_first() {
        let last = Last::of(&batch(&[(4, "a"), (5, "b")])).expect("a line");
        let mut between = last.up_to(&batch(&[(9, "y"), (9, "z")])).expect("lines");
        assert_eq!(between.since(), 5);
        let (new, met) = between.pick(&batch(&[(5, "other"), (5, "b"), (5, "c"), (6, "d")]));
        assert_eq!((texts(&new), met), (vec!["c".to_owned(), "d".to_owned()], false));
        let (new, met) = between.pick(&batch(&[(7, "e"), (9, "y"), (9, "z")]));
        assert_eq!((texts(&new), met), (vec!["e".to_owned()], true));
    }

    #[test]
    fn all_lines_behind_one_are_picked() {
        let last = Last::of(&batch(&[(5, "b")])).expect("a line");
        let mut onwards = last.onwards().expect("it has a time");
        let (new, met) = onwards.pick(&batch(&[(5, "a"), (5, "b"), (5, "b2"), (6, "c")]));
        assert_eq!((texts(&new), met), (vec!["b2".to_owned(), "c".to_owned()], false));
        let (new, met) = onwards.pick(&batch(&[(6, "d")]));
        assert_eq!((texts(&new), met), (vec!["d".to_owned()], false));
    }

    #[test]
    fn where_the_last_line_is_gone_its_time_tells() {
        let last = Last::of(&batch(&[(5, "b")])).expect("a line");
        let mut between = last.up_to(&batch(&[(9, "y")])).expect("lines");
        let (new, met) = between.pick(&batch(&[(5, "before"), (6, "d"), (9, "y")]));
        assert_eq!((texts(&new), met), (vec!["d".to_owned()], true));
        assert!(last.up_to(&LogBatch::default()).is_none());
    }
}
