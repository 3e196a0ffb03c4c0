//! When the application looks by itself: whenever a runtime is not well, and once more when it is well
//! again. And what engines tell meanwhile that no later look would show.

use domain::{
    compute::ComputeId,
    container::{Container, EngineEvent},
    runtime::{Runtime, RuntimeId, Status},
};

use engine::EngineError;

use super::{GONE_HELD, Gone, Why, begin};
use crate::context::{App, lock, now};

/// A runtime that has just been found has been asked for health by then.
const FIRST_ASKED: std::time::Duration = std::time::Duration::from_millis(700);

/// The row of a runtime is another one than before: looks where that shows that it is not well, or that a
/// broken link is whole again. Does not wait.
pub(crate) fn stir(app: &App, before: Option<&Runtime>, row: &Runtime) {
    if row.operation.is_some() {
        return;
    }
    let same = before.is_some_and(|before| {
        before.status == row.status
            && before.container_id == row.container_id
            && before.operation == row.operation
            && before.restart_count == row.restart_count
    });
    if same {
        return;
    }
    let not_well = is_not_well(row);
    if not_well && before.is_none() && row.started.is_some() {
        // It has not been asked for health yet.
        spawn_later(app, &row.id);
        return;
    }
    let mended = row.status == Status::Available
        && lock(&app.diagnosis.last).get(&row.id).is_some_and(|last| last.broken.is_some());
    if not_well || mended {
        spawn(app, &row.id);
    }
}

fn is_not_well(row: &Runtime) -> bool {
    matches!(row.status, Status::Stopped | Status::Unavailable | Status::Failed)
        // It never comes so far as to be ready.
        || (row.status == Status::Starting && row.restart_count >= 2)
}

/// Something is different about a runtime that is not well: looks again.
pub(crate) fn stir_again(app: &App, id: &RuntimeId) {
    let works = lock(&app.table).row(id).is_some_and(|row| row.operation.is_some());
    if !works {
        spawn(app, id);
    }
}

/// Something more is known of why a runtime ended: looks again where it did.
pub(crate) fn stir_ended(app: &App, id: &RuntimeId) {
    let ended = lock(&app.table).row(id).is_some_and(|row| row.started.is_none());
    if ended {
        stir_again(app, id);
    }
}

/// Outside of whatever lock the caller holds.
fn spawn(app: &App, id: &RuntimeId) {
    let (app, id) = (app.clone(), id.clone());
    tokio::spawn(async move {
        // One that is gone meanwhile has nothing to be looked at.
        let _ = begin(&app, &id, Why::Stirred);
    });
}

/// The same after a moment, if it is not well then either.
fn spawn_later(app: &App, id: &RuntimeId) {
    let (app, id) = (app.clone(), id.clone());
    tokio::spawn(async move {
        tokio::time::sleep(FIRST_ASKED).await;
        if lock(&app.table).row(&id).is_some_and(is_not_well) {
            let _ = begin(&app, &id, Why::Stirred);
        }
    });
}

/// The engine of a compute went away: its runtimes can no longer be seen.
pub(crate) fn compute_gone(app: &App, compute: &ComputeId) {
    lock(&app.diagnosis.away).insert(compute.clone(), (now(), None));
    of_compute(app, compute, |_| true);
}

/// It is back.
pub(crate) fn compute_back(app: &App, compute: &ComputeId) {
    let was_away = match lock(&app.diagnosis.away).get_mut(compute) {
        Some((_, back @ None)) => {
            *back = Some(now());
            true
        }
        _ => false,
    };
    if was_away {
        let last = lock(&app.diagnosis.last).clone();
        of_compute(app, compute, |id| last.get(id).is_some_and(|last| last.broken.is_some()));
    }
}

fn of_compute(app: &App, compute: &ComputeId, which: impl Fn(&RuntimeId) -> bool) {
    let all: Vec<RuntimeId> = lock(&app.table)
        .rows()
        .filter(|row| row.compute == *compute && which(&row.id))
        .map(|row| row.id.clone())
        .collect();
    for id in all {
        stir_again(app, &id);
    }
}

/// Keeps what an event tells that nothing tells later: that somebody wished a container to end.
pub(crate) fn note_event(app: &App, event: &EngineEvent) {
    let action = event.action.split(':').next().unwrap_or("");
    match action {
        "kill" | "stop" => {
            lock(&app.diagnosis.stops).entry(event.id.clone()).or_insert_with(|| action.to_owned());
        }
        "start" | "destroy" | "remove" => {
            lock(&app.diagnosis.stops).remove(&event.id);
            lock(&app.diagnosis.refusals).remove(&event.id);
        }
        _ => {}
    }
}

/// The engine refused to start a container. Not every engine keeps why.
pub(crate) fn note_refusal(app: &App, container: &str, error: &EngineError) {
    if !matches!(error, EngineError::Unreachable(_) | EngineError::Silent(_)) {
        lock(&app.diagnosis.refusals).insert(container.to_owned(), error.words());
    }
}

/// Somebody removed the container of a runtime behind the application's back.
pub(crate) fn note_gone(app: &App, row: Runtime, container: Container) {
    let id = row.id.clone();
    {
        let mut gone = lock(&app.diagnosis.gone);
        gone.insert(id.clone(), Gone { row, container, since: now() });
        while gone.len() > GONE_HELD {
            let oldest = gone.iter().min_by_key(|(_, gone)| gone.since).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            gone.remove(&oldest);
        }
    }
    spawn(app, &id);
}
