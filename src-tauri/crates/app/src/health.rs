//! Health of running containers. No event says that a service hangs, so
//! `/health` is asked: often until it is ready, then every 15 s for rows in view and every 60 s
//! otherwise.

use std::time::Duration;

use domain::{
    compute::ComputeId,
    container::Container,
    runtime::{Health, MISSES_UNTIL_UNAVAILABLE, Runtime, RuntimeId},
};
use executor::Miss;
use tokio_util::sync::CancellationToken;

use crate::{
    context::{App, lock},
    table,
};

const UNTIL_READY: Duration = Duration::from_millis(250);
const SLOWLY: Duration = Duration::from_secs(2);
/// While it is not ready it is looked at after so long for the first time, and then again and again: some
/// causes show long before its time is over.
const LOOK_FIRST: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_secs(3);
const IN_VIEW: Duration = Duration::from_secs(15);
const OUT_OF_VIEW: Duration = Duration::from_secs(60);
/// How long one answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// What is done for one container: it is asked for health while it runs.
#[derive(Debug)]
pub(crate) struct Attention {
    /// Container, the moment it started, and whether it failed: another start, and another end, is
    /// another attention. A start that is refused changes nothing but the last.
    key: (String, Option<jiff::Timestamp>, bool),
    stop: CancellationToken,
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Sees to it that a row's container is asked for health while it runs.
pub(crate) fn attend(app: &App, row: &Runtime) {
    let running = row.started.is_some();
    let failed = row.status == domain::runtime::Status::Failed;
    let key = (row.container_id.clone(), row.started, failed && !running);
    let mut watched = lock(&app.watched);
    if watched.attention.get(&row.id).is_some_and(|attention| attention.key == key) {
        return;
    }
    let stop = CancellationToken::new();
    watched.attention.insert(row.id.clone(), Attention { key: key.clone(), stop: stop.clone() });
    drop(watched);
    let (own, id, compute, container) =
        (app.clone(), row.id.clone(), row.compute.clone(), row.container_id.clone());
    tokio::spawn(async move {
        let app = own;
        let work = async {
            if running {
                ask(&app, &id, &compute, &container).await;
                // The container is gone from the list. Should it come back, it is asked again.
                let mut watched = lock(&app.watched);
                if watched.attention.get(&id).is_some_and(|attention| attention.key == key) {
                    watched.attention.remove(&id);
                }
            }
        };
        tokio::select! { () = work => {}, () = stop.cancelled() => {} }
    });
    // It started or ended: its CPU and memory are streamed, or no longer.
    crate::usage::sync(app);
}

/// The container as the table has it, while it belongs to a runtime.
fn container_of(
    app: &App,
    id: &RuntimeId,
    compute: &ComputeId,
    container: &str,
) -> Option<Container> {
    lock(&app.table).containers_of(compute, id).into_iter().find(|found| found.id == container)
}

async fn ask(app: &App, id: &RuntimeId, compute: &ComputeId, container: &str) {
    // Another start: what it answered before says nothing.
    table::set_health(app, compute, container, Health::NotYet);
    let (mut answered, mut misses) = (false, 0u32);
    let began = tokio::time::Instant::now();
    let mut explained = None;
    let mut look = began + LOOK_FIRST;
    loop {
        let Some(now) = container_of(app, id, compute, container) else { return };
        let path = lock(&app.table)
            .row(id)
            .and_then(|row| row.spec.as_ref().map(|spec| spec.health_path().to_owned()))
            .unwrap_or_else(|| "/health".to_owned());
        let answer = match table::endpoint(&now) {
            Some(base) => app.parts.executor.health(&base, &path, PATIENCE).await,
            None => Err(Miss::Refused("no port is published".into())),
        };
        match answer {
            Ok(protocol) => {
                (answered, misses, explained) = (true, 0, None);
                table::set_health(app, compute, container, Health::Answered(protocol));
            }
            Err(miss) => {
                misses += 1;
                let late = began.elapsed() > app.ready_within();
                if !answered && !late && look <= tokio::time::Instant::now() {
                    look += LOOK_AGAIN;
                    crate::diagnosis::stir_again(app, id);
                }
                if answered {
                    table::set_health(app, compute, container, Health::Missed(misses));
                } else if late {
                    // The clock alone made it *Unavailable*: the row is made anew.
                    table::refresh_runtime(app, id);
                }
                // What it answers is another thing than before: what is wrong may be, too.
                let lost = (answered && misses >= MISSES_UNTIL_UNAVAILABLE) || late;
                if lost && explained.as_ref() != Some(&miss) {
                    let first = explained.replace(miss).is_none();
                    // The first time the row itself is another one, which leads to a look.
                    if !first {
                        crate::diagnosis::stir_again(app, id);
                    }
                }
            }
        }
        let pause = if !answered {
            if began.elapsed() < Duration::from_secs(30) { UNTIL_READY } else { SLOWLY }
        } else if misses > 0 {
            SLOWLY
        } else if lock(&app.watched).in_view.contains(id) {
            IN_VIEW
        } else {
            OUT_OF_VIEW
        };
        tokio::time::sleep(pause).await;
    }
}
