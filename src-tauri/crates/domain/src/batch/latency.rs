//! How long rows took.

/// How long rows took; seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Durations {
    /// Rows that were measured.
    pub rows: u32,
    pub mean: f64,
    pub median: f64,
    pub p90: f64,
    pub p99: f64,
    pub longest: f64,
    /// Equally wide, from the shortest to the longest.
    pub bars: Vec<DurationBar>,
}

/// Rows that took so long: `from` up to `to`, which is part of the last bar only.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationBar {
    pub from: f64,
    pub to: f64,
    pub rows: u32,
}

impl Durations {
    /// More bars say no more.
    const MOST_BARS: usize = 20;

    /// Measures these durations; `None` = there are none.
    ///
    /// A percentile stands at its part of the way from the first to the last of the sorted durations; where
    /// that is between two of them, so is the percentile, in proportion. The median of 1 and 2 is 1.5, and
    /// the 90th percentile of 0, 1, … 10 is 9. numpy and pandas count in the same way when nobody tells them
    /// another.
    ///
    /// There are about as many bars as the square root of the number of rows, at most 20; one when all took
    /// equally long.
    pub fn of(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.retain(|one| one.is_finite() && *one >= 0.0);
        seconds.sort_unstable_by(f64::total_cmp);
        let (shortest, longest) = (*seconds.first()?, *seconds.last()?);
        Some(Self {
            rows: number(seconds.len()),
            // Rounding must not put it outside.
            mean: (seconds.iter().sum::<f64>() / seconds.len() as f64).clamp(shortest, longest),
            median: percentile(&seconds, 0.5),
            p90: percentile(&seconds, 0.9),
            p99: percentile(&seconds, 0.99),
            longest,
            bars: bars(&seconds, shortest, longest),
        })
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let (low, high) = (sorted[below], sorted[above]);
    (low + (high - low) * (place - place.floor())).clamp(low, high)
}

fn bars(sorted: &[f64], shortest: f64, longest: f64) -> Vec<DurationBar> {
    let wanted = ((sorted.len() as f64).sqrt().ceil() as usize).clamp(1, Durations::MOST_BARS);
    let edge = |at: usize| match at {
        0 => shortest,
        at if at == wanted => longest,
        at => shortest + (longest - shortest) * (at as f64 / wanted as f64),
    };
    let is_too_narrow = (0..wanted).any(|at| edge(at) >= edge(at + 1));
    if is_too_narrow {
        return vec![DurationBar { from: shortest, to: longest, rows: number(sorted.len()) }];
    }
    let until = |at: usize| match at {
        at if at == wanted => sorted.len(),
        at => sorted.partition_point(|one| *one < edge(at)),
    };
    (0..wanted)
        .map(|at| DurationBar {
            from: edge(at),
            to: edge(at + 1),
            rows: number(until(at + 1) - until(at)),
        })
        .collect()
}
