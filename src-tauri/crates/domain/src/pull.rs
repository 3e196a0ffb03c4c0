//! Progress of a pull: by layer, and as one bar that never runs backwards.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How far one layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LayerState {
    Waiting,
    Downloading,
    /// Downloaded, and being checked or unpacked.
    Unpacking,
    Done,
    /// It was there already.
    Present,
    /// The engine tries again.
    Retrying,
}

/// One layer of a pull.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LayerProgress {
    /// The engine's short id.
    pub id: String,
    pub state: LayerState,
    /// Compressed bytes so far.
    pub current: u64,
    /// Compressed bytes; 0 = not told yet.
    pub total: u64,
}

/// A pull as shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PullProgress {
    pub layers: Vec<LayerProgress>,
    /// Bytes downloaded.
    pub current: u64,
    /// Bytes to download: as the registry announced, else the sum of what the engine told.
    pub total: u64,
    /// 0 to 100; never falls.
    pub percent: f64,
    /// Bytes a second over the last seconds.
    pub rate: u64,
    /// Seconds left at that rate; `None` = cannot be told.
    pub seconds_left: Option<u64>,
}

/// One item of the engine's pull stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullEvent {
    /// The layer's short id; empty for lines about the whole image.
    pub layer: String,
    /// The engine's words, e.g. `Downloading`, `Pull complete`, `Already exists`.
    pub status: String,
    pub current: Option<u64>,
    pub total: Option<u64>,
}

/// Adds up a pull's events.
#[derive(Debug, Default)]
pub struct PullTracker {
    progress: PullProgress,
    /// Bytes announced by the registry for the missing layers; 0 = unknown.
    announced: u64,
    /// (milliseconds, bytes) of the last seconds.
    samples: VecDeque<(u64, u64)>,
}

/// How far back the rate looks, in milliseconds.
const RATE_WINDOW: u64 = 5_000;

impl PullTracker {
    /// A tracker for a pull of which the registry announced this many bytes (0 = unknown).
    pub fn new(announced: u64) -> Self {
        Self { announced, ..Self::default() }
    }

    /// Takes one event at `now` (milliseconds of any steady clock) into account.
    pub fn take(&mut self, event: &PullEvent, now: u64) {
        // Lines without a layer, or that repeat the tag ("Pulling from …"), say nothing of progress.
        if event.layer.is_empty() || event.status.starts_with("Pulling from") {
            return;
        }
        let position = self.progress.layers.iter().position(|layer| layer.id == event.layer);
        let at = position.unwrap_or_else(|| {
            self.progress.layers.push(LayerProgress {
                id: event.layer.clone(),
                state: LayerState::Waiting,
                current: 0,
                total: 0,
            });
            self.progress.layers.len() - 1
        });
        let layer = &mut self.progress.layers[at];
        let total = event.total.unwrap_or(0);
        match event.status.as_str() {
            "Downloading" => {
                layer.state = LayerState::Downloading;
                // After a retry the engine reports only the rest: the bar must not jump.
                layer.total = layer.total.max(total);
                layer.current = layer.current.max(event.current.unwrap_or(0)).min(layer.total);
            }
            "Download complete" | "Verifying Checksum" | "Extracting" => {
                layer.state = LayerState::Unpacking;
                layer.total = layer.total.max(total);
                layer.current = layer.total;
            }
            "Pull complete" => {
                layer.state = LayerState::Done;
                layer.current = layer.total;
            }
            "Already exists" => layer.state = LayerState::Present,
            status if status.starts_with("Retrying") => layer.state = LayerState::Retrying,
            _ => {}
        }
        self.sum(now);
    }

    fn sum(&mut self, now: u64) {
        let progress = &mut self.progress;
        let current = progress.layers.iter().map(|layer| layer.current).sum::<u64>();
        let told = progress.layers.iter().map(|layer| layer.total).sum::<u64>();
        progress.current = progress.current.max(current);
        progress.total = told.max(self.announced);
        let percent = if progress.total == 0 {
            0.0
        } else {
            (progress.current as f64 / progress.total as f64 * 100.0).min(99.0)
        };
        progress.percent = progress.percent.max(percent);

        self.samples.push_back((now, progress.current));
        while self.samples.len() > 2
            && self.samples.front().is_some_and(|(time, _)| now.saturating_sub(*time) > RATE_WINDOW)
        {
            self.samples.pop_front();
        }
        if let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) {
            let elapsed = last.0.saturating_sub(first.0);
            progress.rate = ((last.1 - first.1) * 1000).checked_div(elapsed).unwrap_or(0);
        }
        let left = progress.total.saturating_sub(progress.current);
        progress.seconds_left = left.checked_div(progress.rate);
    }

    /// The engine says that the image is there: all is done, whatever was told on the way.
    pub fn finish(&mut self) {
        for layer in &mut self.progress.layers {
            if layer.state != LayerState::Present {
                layer.state = LayerState::Done;
                layer.current = layer.total;
            }
        }
        self.progress.current = self.progress.current.max(self.progress.total);
        self.progress.percent = 100.0;
        self.progress.seconds_left = Some(0);
    }

    /// How it stands.
    pub fn progress(&self) -> &PullProgress {
        &self.progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(layer: &str, status: &str, current: u64, total: u64) -> PullEvent {
        PullEvent {
            layer: layer.into(),
            status: status.into(),
            current: Some(current),
            total: Some(total),
        }
    }

    #[test]
    fn layers_add_up_to_one_bar_with_rate_and_time_left() {
        let mut tracker = PullTracker::new(300);
        tracker.take(&event("", "Pulling from x", 0, 0), 0);
        tracker.take(&event("a", "Already exists", 0, 0), 0);
        tracker.take(&event("b", "Downloading", 0, 100), 0);
        tracker.take(&event("b", "Downloading", 100, 100), 1000);
        let progress = tracker.progress();
        assert_eq!(
            (progress.current, progress.total, progress.rate, progress.seconds_left),
            (100, 300, 100, Some(2))
        );
        assert!((progress.percent - 33.3).abs() < 0.1);
        tracker.finish();
        assert!((tracker.progress().percent - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_retry_that_reports_only_the_rest_does_not_turn_the_bar_back() {
        let mut tracker = PullTracker::new(0);
        tracker.take(&event("a", "Downloading", 80, 100), 0);
        let before = tracker.progress().percent;
        tracker.take(&event("a", "Retrying in 5 seconds", 0, 0), 1);
        assert_eq!(tracker.progress().layers[0].state, LayerState::Retrying);
        tracker.take(&event("a", "Downloading", 1, 20), 2);
        assert!(tracker.progress().percent >= before);
        assert_eq!(tracker.progress().layers[0].total, 100);
    }

    proptest! {
        #[test]
        fn percent_never_falls_and_stays_within_bounds(
            events in prop::collection::vec((0usize..3, 0usize..6, 0u64..200, 0u64..200), 1..60)
        ) {
            let words = ["Downloading", "Extracting", "Pull complete", "Already exists", "Retrying in 1 second", "Waiting"];
            let mut tracker = PullTracker::new(0);
            let mut last = 0.0;
            for (time, (layer, word, current, total)) in events.into_iter().enumerate() {
                tracker.take(&event(["a", "b", "c"][layer], words[word], current, total), time as u64 * 10);
                let percent = tracker.progress().percent;
                prop_assert!(percent >= last && percent <= 100.0);
                last = percent;
            }
        }
    }
}
