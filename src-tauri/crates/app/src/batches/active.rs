//! A batch run while it is active: how it stands, and what its person wants of it.

use std::sync::Mutex;

use domain::{
    batch::{Batch, BatchRow, BatchState, Pace, RowNode, RowState, add_figures},
    finding::Problem,
};
use tokio::{sync::watch, time::Instant};

use crate::context::{App, lock, now};

/// Numbers are written down at most so often; results of rows are at once.
const SAVED_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

/// What is wanted of a batch run. Later ones are stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    GoOn,
    /// No row begins any more; those that run end.
    Pause,
    /// The same, but rows that run are given up soon: the application ends. They run again later.
    Leave,
    /// Rows that run are ended.
    Cancel,
}

/// A row that has ended.
pub(crate) struct Ended<'a> {
    pub row: &'a BatchRow,
    pub nodes: &'a [RowNode],
    /// What its result takes on the disk.
    pub bytes: u64,
    /// It ran; otherwise it never began.
    pub began: bool,
}

/// An active batch run.
pub(crate) struct Active {
    batch: Mutex<Batch>,
    pace: Mutex<Pace>,
    want: watch::Sender<Want>,
    saved: Mutex<Option<Instant>>,
    folder: Mutex<String>,
}

impl Active {
    pub fn new(batch: Batch) -> Self {
        Self {
            batch: Mutex::new(batch),
            pace: Mutex::new(Pace::new(now())),
            want: watch::Sender::new(Want::GoOn),
            saved: Mutex::new(None),
            folder: Mutex::default(),
        }
    }

    /// Where the flow is inside the runtimes; empty = it is not there yet.
    pub fn folder(&self) -> String {
        lock(&self.folder).clone()
    }

    /// The flow will be there.
    pub fn set_folder(&self, folder: &str) {
        folder.clone_into(&mut lock(&self.folder));
    }

    /// As it stands.
    pub fn batch(&self) -> Batch {
        lock(&self.batch).clone()
    }

    /// What is wanted of it.
    pub fn wanted(&self) -> Want {
        *self.want.borrow()
    }

    /// Asks for something; what is weaker than what was asked for already changes nothing.
    pub fn want(&self, app: &App, want: Want) {
        let stronger = self.want.send_if_modified(|own| {
            let stronger = want > *own;
            *own = (*own).max(want);
            stronger
        });
        if stronger {
            self.change(app, |batch| {
                batch.state = match want {
                    Want::GoOn => batch.state,
                    Want::Pause | Want::Leave => BatchState::Pausing,
                    Want::Cancel => BatchState::Cancelling,
                };
            });
        }
    }

    /// Returns when at least this is wanted.
    pub async fn until(&self, want: Want) {
        let mut watched = self.want.subscribe();
        // The sender lives as long as this does.
        let _ = watched.wait_for(|own| *own >= want).await;
    }

    /// Changes how it stands, and tells the window.
    pub fn change(&self, app: &App, change: impl FnOnce(&mut Batch)) -> Batch {
        let batch = {
            let mut batch = lock(&self.batch);
            change(&mut batch);
            batch.clone()
        };
        app.hub.batch(&batch);
        batch
    }

    /// Rows begin or end on a runtime without a result.
    pub fn running(&self, app: &App, index: usize, by: i32) {
        self.change(app, |batch| {
            batch.running = batch.running.saturating_add_signed(by);
            if let Some(lane) = batch.lanes.get_mut(index) {
                lane.running = lane.running.saturating_add_signed(by);
            }
        });
    }

    /// A row has ended on a runtime and its result is kept.
    pub fn row_ended(&self, app: &App, index: usize, ended: &Ended<'_>) {
        let Ended { row, nodes, bytes, began } = *ended;
        let at = now();
        let mut pace = lock(&self.pace);
        pace.row_ended(at);
        self.change(app, |batch| {
            // Counted before as one that runs, when it did.
            batch.running += u32::from(!began);
            batch.row_ended(row.state, row.tokens);
            batch.bytes += bytes;
            if row.state != RowState::Cancelled {
                add_figures(&mut batch.nodes, nodes);
            }
            batch.measure(&pace, at);
            if let Some(lane) = batch.lanes.get_mut(index) {
                lane.running = lane.running.saturating_sub(u32::from(began));
                lane.ended += u32::from(row.state != RowState::Cancelled);
            }
        });
    }

    /// The first row begins: how quickly it goes is measured from here on.
    pub fn begins(&self) {
        *lock(&self.pace) = Pace::new(now());
    }

    /// Why it stops, unless something was the reason before.
    pub fn fails(&self, app: &App, problem: Problem) {
        self.change(app, |batch| {
            batch.problem.get_or_insert(problem);
        });
        // Like a pause: what runs may end, and its results are kept.
        self.want.send_if_modified(|own| {
            let stronger = Want::Pause > *own;
            *own = (*own).max(Want::Pause);
            stronger
        });
    }

    /// Writes down how it stands; numbers that merely moved on not each time.
    pub async fn save(&self, app: &App, at_once: bool) -> Result<(), Problem> {
        {
            let mut saved = lock(&self.saved);
            if !at_once && saved.is_some_and(|saved| saved.elapsed() < SAVED_EVERY) {
                return Ok(());
            }
            *saved = Some(Instant::now());
        }
        let batch = self.batch();
        app.parts
            .history
            .save_batch(&batch)
            .await
            .map_err(|error| crate::problem::of_history(&error))
    }
}
