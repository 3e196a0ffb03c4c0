//! Where a whole log meets what was first shown of it: its end, which was read before.

use engine::BatchLine;

use super::resume::Print;

/// A line and what tells it from others.
pub(super) type Held = (Print, BatchLine, Vec<u8>);

/// Looks for the place, line by line. Lines that come before it are given back, those that may be behind it are held:
/// a few, or those of one moment and as many as were first shown.
pub(super) struct Meeting<'a> {
    /// Lines that were first shown.
    shown: &'a [Print],
    /// Some of those were told wrongly (see [`domain::compute::EngineFacts::ends_of_logs_are_cut_wrongly`]).
    nearly: bool,
    held: Vec<Held>,
    /// The last line held that may be the first one shown.
    last_candidate: usize,
}

impl<'a> Meeting<'a> {
    /// `shown` are lines that were first shown, from the first one on: all, or as many as tell the place.
    pub fn new(shown: &'a [Print], nearly: bool) -> Self {
        Self { shown, nearly, held: Vec::new(), last_candidate: 0 }
    }

    /// Whether a line comes before the place for certain: it need not be taken.
    pub fn is_before(&self, line: &BatchLine) -> bool {
        self.held.is_empty() && !self.shown.first().is_some_and(|first| first.has_time(line))
    }

    /// Takes the next line. The answer: lines that come before the place, and whether it has been reached; what is
    /// held then begins with the first line shown.
    pub fn take(&mut self, line: &BatchLine, text: &[u8]) -> (Vec<Held>, bool) {
        let taken = (Print::of(line, text), *line, text.to_vec());
        if self.is_before(line) {
            return (vec![taken], false);
        }
        self.held.push(taken);
        if !self.nearly {
            let mut before = Vec::new();
            while !self.held.iter().zip(self.shown).all(|((print, ..), shown)| print == shown) {
                before.push(self.held.remove(0));
            }
            return (before, self.held.len() == self.shown.len());
        }
        let may_be = self.shown.first().is_some_and(|first| first.has_time(line));
        if may_be {
            self.last_candidate = self.held.len() - 1;
        }
        if may_be || self.held.len() < self.last_candidate + self.shown.len() {
            return (vec![], false);
        }
        if let Some(place) = self.nearest() {
            return (self.held.drain(..place).collect(), true);
        }
        // None of them is it.
        self.last_candidate = 0;
        (std::mem::take(&mut self.held), false)
    }

    /// The log has ended. Whether what is held begins with the first line shown; lines before it are given back.
    pub fn end(&mut self) -> (Vec<Held>, bool) {
        if !self.nearly {
            return (vec![], !self.held.is_empty());
        }
        match self.nearest() {
            Some(place) => (self.held.drain(..place).collect(), true),
            None => (vec![], false),
        }
    }

    /// What is held.
    pub fn into_held(self) -> Vec<Held> {
        self.held
    }

    /// Where among the lines held those shown are most alike; `None` = wherever, more than half of them and one are
    /// others.
    fn nearest(&self) -> Option<usize> {
        let first = self.shown.first()?;
        let mut best = (self.shown.len() / 2 + 1, None);
        let candidates = self.held.iter().enumerate().take(self.last_candidate + 1);
        for (place, _) in candidates.filter(|(_, (print, ..))| print.is_of_the_time_of(first)) {
            let there = &self.held[place..];
            let mut wrong = self.shown.len().saturating_sub(there.len());
            for ((print, ..), shown) in there.iter().zip(self.shown) {
                wrong += usize::from(print != shown);
                if wrong > best.0 {
                    break;
                }
            }
            // The last of equal ones: the end of the log was shown.
            if wrong <= best.0 {
                best = (wrong, Some(place));
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use engine::LogSource;
    use jiff::Timestamp;

    use super::*;

    fn line(second: i64) -> BatchLine {
        BatchLine { source: LogSource::Out, time: Timestamp::from_second(second).ok(), end: 0 }
    }

    fn prints(lines: &[(i64, &str)]) -> Vec<Print> {
        lines.iter().map(|(second, text)| Print::of(&line(*second), text.as_bytes())).collect()
    }

    /// Lines before the place, and whether and with how many lines held it was met.
    fn met(
        shown: &[(i64, &str)],
        nearly: bool,
        whole: &[(i64, &str)],
    ) -> (Vec<String>, bool, usize) {
        let shown = prints(shown);
        let mut meeting = Meeting::new(&shown, nearly);
        let mut before = Vec::new();
        let mut is_met = false;
        for (second, text) in whole {
            let (some, met) = meeting.take(&line(*second), text.as_bytes());
            before.extend(some);
            is_met = met;
            if met {
                break;
            }
        }
        if !is_met {
            let (some, met) = meeting.end();
            before.extend(some);
            is_met = met;
        }
        let before = before.into_iter().map(|(.., text)| String::from_utf8_lossy(&text).into());
        (before.collect(), is_met, meeting.into_held().len())
    }

    #[test]
    fn lines_are_met_exactly() {
        let whole = [(1, "a"), (1, "b"), (1, "b"), (1, "c"), (2, "d"), (2, "e")];
        let (before, is_met, _) = met(&[(1, "b"), (1, "c")], false, &whole);
        assert_eq!((before, is_met), (vec!["a".into(), "b".into()], true));
        let (before, is_met, held) = met(&[(2, "e"), (3, "f")], false, &whole);
        assert_eq!((before.len(), is_met, held), (5, true, 1));
        assert!(!met(&[(3, "x")], false, &whole).1);
        assert!(!met(&[], false, &whole).1);
    }

    #[test]
    fn lines_are_met_nearly_where_some_are_told_wrongly() {
        let whole = [
            (1, "a"),
            (1, "one"),
            (1, "two"),
            (1, "three"),
            (2, "one"),
            (2, "two"),
            (2, "x"),
            (2, "y"),
            (2, "z"),
            (3, "later"),
        ];
        // A part of "two" is told with the line before it.
        let shown = [(2, "onetw"), (2, "o"), (2, "x"), (2, "y"), (2, "z")];
        let (before, is_met, held) = met(&shown, true, &whole);
        assert_eq!((before.len(), is_met, held), (4, true, 6));
        // Nothing but lines told wrongly is no place.
        let wrong = [(2, "o"), (2, "netwo"), (2, "xy"), (2, ""), (2, "z")];
        assert!(!met(&wrong, true, &whole).1);
        assert!(!met(&[(9, "one")], true, &whole).1);
    }

    #[test]
    fn of_equal_lines_the_last_are_those_shown() {
        let whole = [(1, "same"); 10];
        for count in [1, 4, 10] {
            let (before, is_met, held) = met(&whole[..count], true, &whole);
            assert_eq!((before.len(), is_met, held), (10 - count, true, count));
        }
    }
}
