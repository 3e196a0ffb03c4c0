//! CPU and memory, streamed for rows in view only; one stream for each container, never two.

use std::collections::{BTreeMap, BTreeSet};

use domain::runtime::RuntimeId;
use futures_util::StreamExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    computes,
    context::{App, lock},
    health::Attention,
};

/// What is watched for the rows on screen.
#[derive(Default)]
pub(crate) struct Watched {
    pub in_view: BTreeSet<RuntimeId>,
    pub attention: BTreeMap<RuntimeId, Attention>,
    /// Container id and the guard that ends its stream.
    streams: BTreeMap<RuntimeId, (String, DropGuard)>,
}

/// Rows in view from now on.
pub(crate) fn watch(app: &App, rows: Vec<RuntimeId>) {
    let rows: BTreeSet<RuntimeId> = rows.into_iter().collect();
    lock(&app.watched).in_view.clone_from(&rows);
    sync(app);
}

/// Begins and ends streams so that exactly the running rows in view have one.
pub(crate) fn sync(app: &App) {
    let running: BTreeMap<RuntimeId, (domain::compute::ComputeId, String)> = lock(&app.table)
        .rows()
        .filter(|row| row.started.is_some())
        .map(|row| (row.id.clone(), (row.compute.clone(), row.container_id.clone())))
        .collect();
    let mut watched = lock(&app.watched);
    let wanted = watched.in_view.clone();
    watched.streams.retain(|id, (container, _)| {
        wanted.contains(id) && running.get(id).is_some_and(|(_, now)| now == container)
    });
    for id in wanted {
        let Some((compute, container)) = running.get(&id) else { continue };
        if watched.streams.contains_key(&id) {
            continue;
        }
        let stop = CancellationToken::new();
        watched.streams.insert(id.clone(), (container.clone(), stop.clone().drop_guard()));
        let (app, compute, container) = (app.clone(), compute.clone(), container.clone());
        tokio::spawn(async move {
            let follow = async {
                let Ok(engine) = computes::engine(&app, &compute) else { return };
                let mut readings = engine.usage(&container).await;
                while let Some(Ok(usage)) = readings.next().await {
                    app.hub.usage(&id, usage);
                }
            };
            tokio::select! { () = follow => {}, () = stop.cancelled() => {} }
            let mut watched = lock(&app.watched);
            if watched.streams.get(&id).is_some_and(|(now, _)| *now == container)
                && !stop.is_cancelled()
            {
                watched.streams.remove(&id);
            }
        });
    }
}
