//! Previous containers are kept for a roll back until the next successful update, or for 14 days.

use std::time::Duration;

use crate::{
    computes,
    context::{self, App, lock},
};
use domain::{
    label::Labels,
    recovery::Parts,
    runtime::{Runtime, previous_is_due},
};

/// How often it is looked for ones that are due.
const LOOK: Duration = Duration::from_secs(600);

/// Removes previous containers of this installation's runtimes when their time is over.
pub(crate) async fn remove_when_due(app: App) {
    loop {
        let rows: Vec<Runtime> = lock(&app.table).rows().cloned().collect();
        for row in rows.iter().filter(|row| is_due(row)) {
            remove(&app, row).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// One that someone works on is left alone.
fn is_due(row: &Runtime) -> bool {
    let free = row.mine && row.operation.is_none() && row.lock.is_none();
    let kept = row.previous.as_ref().filter(|previous| previous.kept);
    let since = kept.and_then(|previous| previous.since);
    free && since.is_some_and(|since| previous_is_due(since, context::now()))
}

async fn remove(app: &App, row: &Runtime) {
    let Ok(engine) = computes::engine(app, &row.compute) else { return };
    let containers = lock(&app.table).containers_of(&row.compute, &row.id);
    let Some(previous) = Parts::of(&containers).previous else { return };
    let ours = Labels::read(&previous.labels).is_some_and(|labels| labels.runtime == row.id);
    if !ours || previous.is_running() {
        return;
    }
    // Its anonymous volumes were handed over by name: they stay.
    match engine.remove(&previous.id, false, false).await {
        Ok(()) => {
            tracing::info!(runtime = %row.name, "the previous container was removed after its time");
        }
        Err(error) => tracing::warn!(%error, "a previous container could not be removed"),
    }
}
