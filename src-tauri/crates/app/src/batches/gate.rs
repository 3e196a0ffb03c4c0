//! How many rows a runtime's service has at the same time.

use std::sync::{Arc, Mutex};

use domain::batch::{Ahead, Before, DataRow};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::queue::Care;
use crate::context::lock;

/// Bytes of rows that one permit stands for: all together hold 64 MB at most, beside one row for each process.
const BYTES: usize = 64 * 1024 * 1024 / Ahead::MOST as usize;

/// Lets rows to a service: as many as [`Ahead`] says, fewer where they are large, and one alone where that one may
/// take the runtime along. There are as many permits as rows at most; a row takes the more of them the fewer rows
/// there shall be.
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    all: u32,
    /// Permits of a row that nobody waits behind: one for each process takes all.
    share: u32,
    ahead: Mutex<Ahead>,
}

impl Gate {
    /// For a batch that has so many processes.
    pub fn new(processes: u32) -> Self {
        let processes = processes.clamp(1, Ahead::MOST);
        let share = Ahead::MOST / processes;
        let all = share * processes;
        Self {
            permits: Arc::new(Semaphore::new(all as usize)),
            all,
            share,
            ahead: Mutex::new(Ahead::new(processes)),
        }
    }

    /// What is known before the first row goes.
    pub fn begins(&self, before: &Before) {
        lock(&self.ahead).begins(before);
    }

    /// Waits until one more row may go, before it is known which.
    pub async fn any(&self) -> OwnedSemaphorePermit {
        let rows = lock(&self.ahead).rows();
        self.take((self.all / rows).clamp(1, self.share)).await
    }

    /// Waits until this row may go, for which there is a place already.
    pub async fn this(
        &self,
        row: &DataRow,
        care: Care,
        place: OwnedSemaphorePermit,
    ) -> OwnedSemaphorePermit {
        let needed = match care {
            Care::Alone => self.all,
            Care::Few => self.share,
            Care::None => {
                let by_size = u32::try_from(size(row) / BYTES).unwrap_or(self.share);
                by_size.clamp(1, self.share)
            }
        };
        if u32::try_from(place.num_permits()).is_ok_and(|held| held >= needed) {
            return place;
        }
        // Others that are let in meanwhile come before it; nobody holds one place and waits for a larger one.
        drop(place);
        self.take(needed).await
    }

    /// Whether rows are handed over that no process takes at once.
    pub fn is_ahead(&self) -> bool {
        let ahead = lock(&self.ahead);
        ahead.rows() > self.all / self.share
    }

    /// A row has taken so many seconds.
    pub fn took(&self, seconds: f64) {
        lock(&self.ahead).took(seconds);
    }

    async fn take(&self, permits: u32) -> OwnedSemaphorePermit {
        let taken = self.permits.clone().acquire_many_owned(permits).await;
        // It is never closed.
        taken.unwrap_or_else(|_| unreachable!("the permits of a gate are never closed"))
    }
}

/// About how many bytes the values of a row take.
fn size(row: &DataRow) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(all) => all.iter().map(of).sum(),
            Value::Object(all) => all.iter().map(|(name, value)| name.len() + of(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        }
    }
    match &row.values {
        Ok(values) => values.values().map(of).sum(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Map, json};

    use super::*;

    fn row(text: &str) -> DataRow {
        let values = Map::from_iter([("text".to_owned(), json!(text))]);
        DataRow { number: 0, line: 1, values: Ok(values), is_text: false }
    }

    /// How many rows of this kind get in at the same time.
    async fn fit(gate: &Gate, text: &str, care: Care) -> usize {
        let mut held = Vec::new();
        let row = row(text);
        loop {
            let entering = async { gate.this(&row, care, gate.any().await).await };
            match tokio::time::timeout(Duration::from_millis(20), entering).await {
                Ok(place) => held.push(place),
                Err(_) => return held.len(),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_rows_get_in_as_suit_them() {
        for (processes, seconds, care, expected) in [
            (4, None, Care::None, 4),
            (4, Some(0.001), Care::None, 256),
            (4, Some(60.0), Care::None, 4),
            (4, Some(0.001), Care::Few, 4),
            (4, Some(0.001), Care::Alone, 1),
            (3, Some(0.001), Care::None, 255),
            (3, Some(0.001), Care::Few, 3),
            (64, None, Care::None, 64),
            (1, None, Care::None, 1),
        ] {
            let gate = Gate::new(processes);
            if let Some(seconds) = seconds {
                gate.took(seconds);
            }
            let found = fit(&gate, "short", care).await;
            assert_eq!(found, expected, "{processes} {seconds:?} {care:?}");
            assert_eq!(gate.is_ahead(), seconds == Some(0.001), "{processes} {seconds:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn large_rows_do_not_pile_up() {
        let gate = Gate::new(4);
        gate.took(0.001);
        let megabyte = "x".repeat(1024 * 1024);
        assert_eq!(fit(&gate, &megabyte, Care::None).await, 64);
        let huge = "x".repeat(100 * 1024 * 1024);
        assert_eq!(fit(&gate, &huge, Care::None).await, 4);
    }
}
