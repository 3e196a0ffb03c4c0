//! Whose turn it is to use the one batch of a runtime's service.

use domain::{
    batch::{Batch, BatchId, LaneState},
    runtime::RuntimeId,
};

use super::{lane, run::Work};
use crate::context::{App, lock};

/// The right to use the one batch of a runtime's service. Dropping it lets the next one begin.
pub(super) struct Turn {
    app: App,
    runtime: RuntimeId,
    batch: BatchId,
    _held: tokio::sync::OwnedMutexGuard<()>,
}

/// A place in the queue of a runtime. Whoever stops waiting leaves it.
struct Waiting<'a> {
    app: &'a App,
    runtime: &'a RuntimeId,
    batch: &'a BatchId,
    done: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.done {
            leave(self.app, self.runtime, self.batch);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        leave(&self.app, &self.runtime, &self.batch);
    }
}

fn leave(app: &App, runtime: &RuntimeId, batch: &BatchId) {
    let mut queues = lock(&app.batches.queues);
    if let Some(queue) = queues.get_mut(runtime) {
        if let Some(at) = queue.iter().position(|own| own == batch) {
            queue.remove(at);
        }
        if queue.is_empty() {
            queues.remove(runtime);
        }
    }
}

impl Turn {
    /// Waits for the turn; who came first goes first.
    pub async fn take(work: &Work, index: usize, runtime: &RuntimeId) -> Self {
        let (app, batch) = (&work.app, &work.id);
        lock(&app.batches.queues).entry(runtime.clone()).or_default().push(batch.clone());
        let mut waiting = Waiting { app, runtime, batch, done: false };
        let turn = lock(&app.batches.turns).entry(runtime.clone()).or_default().clone();
        let held = if let Ok(held) = turn.clone().try_lock_owned() {
            held
        } else {
            let before = in_queue(app, runtime);
            let note = match before.first() {
                Some(Some(first)) if before.len() > 1 => {
                    format!("It begins when {first} has ended there.")
                }
                _ => "It begins when its service has ended what ran before.".to_owned(),
            };
            lane::set(work, index, LaneState::Waiting, Some(note));
            turn.lock_owned().await
        };
        waiting.done = true;
        Self { app: app.clone(), runtime: runtime.clone(), batch: batch.clone(), _held: held }
    }
}

/// Names of the batch runs that use a runtime's service or wait for it, in their order.
/// `None` = one that has ended, whose service is still busy with its end.
fn in_queue(app: &App, runtime: &RuntimeId) -> Vec<Option<String>> {
    let queue = lock(&app.batches.queues).get(runtime).cloned().unwrap_or_default();
    queue.iter().map(|id| name_of(app, id)).collect()
}

/// The same without those that have ended.
pub(crate) fn names_in_queue(app: &App, runtime: &RuntimeId) -> Vec<String> {
    in_queue(app, runtime).into_iter().flatten().collect()
}

fn name_of(app: &App, id: &BatchId) -> Option<String> {
    super::active(app, id).map(|active| active.batch().name)
}

/// Names of the batch runs that have to end before this one begins on all its runtimes.
pub(super) fn waits_for(app: &App, batch: &Batch) -> Vec<String> {
    let mut names = Vec::new();
    for lane in batch.lanes.iter().filter(|lane| lane.state == LaneState::Waiting) {
        let queue = lock(&app.batches.queues).get(&lane.runtime).cloned().unwrap_or_default();
        for id in queue.iter().take_while(|id| **id != batch.id) {
            if let Some(name) = name_of(app, id)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names
}
