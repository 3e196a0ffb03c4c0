//! Lines that an engine gives a second time.

use std::collections::{HashSet, VecDeque};

use engine::LogBatch;
use jiff::Timestamp;

use super::resume::Print;

/// Lines that are remembered.
const RECENT: usize = 50_000;

/// Leaves lines out that were given before. Docker (20.10, driver `json-file`) follows a log from the beginning of a
/// file again when it throws old ones away quickly. Each of its lines has a time of its own, so that the same text at
/// the same time is the same line; where times are coarser than that, lines may only look the same.
#[derive(Default)]
pub(super) struct Repeated {
    newest: Option<Timestamp>,
    order: VecDeque<Print>,
    recent: HashSet<Print>,
}

impl Repeated {
    /// The lines of a batch that were not given before.
    pub fn leave_out(&mut self, batch: LogBatch) -> LogBatch {
        let mut repeated = false;
        let new: Vec<bool> = batch
            .iter()
            .map(|(line, text)| {
                let print = Print::of(line, text);
                if line.time.is_some() && line.time <= self.newest && self.recent.contains(&print) {
                    repeated = true;
                    return false;
                }
                self.newest = self.newest.max(line.time);
                if self.recent.insert(print) {
                    self.order.push_back(print);
                }
                if self.order.len() > RECENT
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.recent.remove(&oldest);
                }
                true
            })
            .collect();
        if !repeated {
            return batch;
        }
        let mut left = LogBatch::default();
        for ((line, text), _) in batch.iter().zip(new).filter(|(_, new)| *new) {
            left.push(line.source, line.time, text);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use engine::LogSource;

    use super::*;

    fn batch(lines: &[(Option<i64>, &str)]) -> LogBatch {
        let mut batch = LogBatch::default();
        for (time, text) in lines {
            let time = time.and_then(|time| Timestamp::from_nanosecond(time.into()).ok());
            batch.push(LogSource::Out, time, text.as_bytes());
        }
        batch
    }

    #[test]
    fn only_lines_that_were_given_before_are_left_out() {
        let mut repeated = Repeated::default();
        let mut left = |lines: &[(Option<i64>, &str)]| {
            let left = repeated.leave_out(batch(lines));
            left.iter()
                .map(|(_, text)| String::from_utf8_lossy(text).into())
                .collect::<Vec<String>>()
        };
        assert_eq!(left(&[(Some(1), "a"), (Some(2), "a"), (Some(3), "b")]), ["a", "a", "b"]);
        assert_eq!(left(&[(Some(2), "a"), (Some(3), "b"), (Some(4), "c")]), ["c"]);
        // The clock was set back: those are new lines, and so are lines without a time.
        assert_eq!(
            left(&[(Some(1), "x"), (Some(2), "b"), (None, "y"), (None, "y")]),
            ["x", "b", "y", "y"]
        );
        assert_eq!(left(&[]), [""; 0]);
    }

    #[test]
    fn not_all_lines_are_remembered() {
        let mut repeated = Repeated::default();
        let all = i64::try_from(2 * RECENT).expect("few");
        for time in 0..all {
            repeated.leave_out(batch(&[(Some(time), "x")]));
        }
        assert_eq!((repeated.order.len(), repeated.recent.len()), (RECENT, RECENT));
        assert_eq!(repeated.leave_out(batch(&[(Some(0), "x")])).lines.len(), 1);
        assert_eq!(repeated.leave_out(batch(&[(Some(all - 1), "x")])).lines.len(), 0);
    }
}
