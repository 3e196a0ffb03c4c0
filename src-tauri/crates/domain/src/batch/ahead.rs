//! How many rows are handed to a runtime's service at the same time.

use std::collections::VecDeque;

/// How many rows of a batch run a runtime's service is given at the same time.
///
/// The service (promptflow-core 1.11 to 1.18, `LineExecutionProcessPool.submit`) takes any number of requests for
/// rows, and its processes take one after the other from a common queue. But it looks only once a second whether
/// a row has ended, and sleeps a second more before it answers: a caller that waits for each answer gets half a
/// row a second from each process, however quick the flow is. So rows are handed over ahead, as many as its
/// processes do in those two seconds: a flow that takes long gets none ahead, a quick one up to [`Ahead::MOST`].
/// Until a row has ended, [`Before`] says how many.
#[derive(Clone, Debug)]
pub struct Ahead {
    processes: u32,
    /// Rows at the same time until one has ended.
    first: u32,
    /// Seconds that the last rows took.
    recent: VecDeque<f64>,
}

/// What is known before the first row of a batch run ends.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Seconds that rows, or runs, of this flow took the last time; empty = it did not run yet.
    pub seconds: Vec<f64>,
    /// How many rows there are for each runtime, 0 = they are not counted yet. Rows may take longer this time, and then
    /// a pause is to leave most of them, and no runtime is to hold what another could do.
    pub share: u32,
}

impl Ahead {
    /// Rows at the same time, whatever the flow.
    pub const MOST: u32 = 256;
    /// How long the service keeps an answer back; seconds.
    const KEPT_BACK: f64 = 2.0;
    /// What a row costs beside its flow; seconds.
    const LEAST: f64 = 0.01;
    /// Rows that tell how long the next ones will take.
    pub const RECENT: usize = 32;
    /// The part of its share that a runtime is given before it is known how long rows take: one of so many.
    const FIRST_PART: u32 = 4;

    /// For a batch that has so many processes; at least one. Nothing is known of its flow: it may take long, and rows
    /// that wait at the service keep a pause waiting.
    pub fn new(processes: u32) -> Self {
        let processes = processes.max(1);
        Self { processes, first: processes, recent: VecDeque::new() }
    }

    /// This is known before the first row ends.
    pub fn begins(&mut self, before: &Before) {
        let mut last = Self::new(self.processes);
        for seconds in &before.seconds {
            last.took(*seconds);
        }
        self.first = last.rows().min(before.share / Self::FIRST_PART).max(self.processes);
    }

    /// A row has taken so many seconds.
    pub fn took(&mut self, seconds: f64) {
        if seconds.is_finite() && seconds >= 0.0 {
            if self.recent.len() == Self::RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(seconds);
        }
    }

    /// How many rows the service should have at the same time, at least one for each process.
    pub fn rows(&self) -> u32 {
        self.by_recent().unwrap_or(self.first)
    }

    /// By how long the last rows took; `None` = none has ended.
    fn by_recent(&self) -> Option<u32> {
        if self.recent.is_empty() {
            return None;
        }
        let mean = self.recent.iter().sum::<f64>() / self.recent.len() as f64;
        let each = 1.0 + Self::KEPT_BACK / mean.max(Self::LEAST);
        let rows = (f64::from(self.processes) * each).round();
        let rows = if rows < f64::from(Self::MOST) { rows as u32 } else { Self::MOST };
        Some(rows.max(self.processes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(processes: u32, seconds: &[f64]) -> Ahead {
        let mut ahead = Ahead::new(processes);
        for one in seconds {
            ahead.took(*one);
        }
        ahead
    }

    #[test]
    fn a_quick_flow_is_given_rows_ahead_and_a_slow_one_is_not() {
        for (processes, seconds, expected) in [
            (4, &[][..], 4),
            (4, &[0.005][..], Ahead::MOST),
            (1, &[0.0][..], 201),
            (4, &[0.5][..], 20),
            (4, &[2.0][..], 8),
            (4, &[60.0][..], 4),
            (64, &[0.001][..], Ahead::MOST),
            (0, &[60.0][..], 1),
            (4, &[f64::NAN, -1.0, f64::INFINITY][..], 4),
        ] {
            assert_eq!(after(processes, seconds).rows(), expected, "{processes} {seconds:?}");
        }
    }

    #[test]
    fn the_first_rows_go_by_the_last_time_and_leave_others_their_share() {
        for (seconds, share, expected) in [
            (&[0.005][..], 4_000, Ahead::MOST),
            (&[0.005][..], 400, 100),
            (&[0.005][..], 0, 4),
            (&[60.0][..], 400, 4),
            (&[][..], 400, 4),
        ] {
            let before = Before { seconds: seconds.to_vec(), share };
            let mut ahead = Ahead::new(4);
            ahead.begins(&before);
            assert_eq!(ahead.rows(), expected, "{before:?}");
            // Only this time counts as soon as it is known.
            ahead.took(0.5);
            assert_eq!(ahead.rows(), 20, "{before:?}");
        }
    }

    #[test]
    fn the_last_rows_count() {
        let mut seconds = vec![0.005; 100];
        assert_eq!(after(4, &seconds).rows(), Ahead::MOST);
        // A single long row is enough that hardly any waits behind it.
        seconds.push(64.0);
        assert_eq!(after(4, &seconds).rows(), 8);
        seconds.extend([0.005; Ahead::RECENT]);
        assert_eq!(after(4, &seconds).rows(), Ahead::MOST);
    }
}
