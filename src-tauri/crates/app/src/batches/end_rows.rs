//! Ending rows that run, when a batch run is cancelled or the application ends.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{active::Want, run::Work};
use crate::{
    computes,
    context::lock,
    flows::{RowsToEnd, end_rows},
};

/// How long answers of rows are waited for that were asked to end.
const AFTER_CANCEL: Duration = Duration::from_secs(10);
/// How long rows may go on when the application ends.
const AFTER_LEAVE: Duration = Duration::from_secs(5);

/// Ends the processes of the rows that run on each runtime.
async fn end_rows_of(work: &Work) {
    for lane in work.active.batch().lanes.iter().filter(|lane| lane.running > 0) {
        let row = lock(&work.app.table).row(&lane.runtime).cloned();
        let Some(row) = row else { continue };
        let Ok(engine) = computes::engine(&work.app, &row.compute) else { continue };
        let ended = end_rows(engine.as_ref(), &row.container_id, &work.place.log, RowsToEnd::All);
        match ended.await {
            Ok(rows) => tracing::info!(?rows, runtime = lane.name, "rows of a batch were ended"),
            Err(error) => {
                tracing::info!(%error, runtime = lane.name, "rows of a batch could not be ended");
            }
        }
    }
}

/// Ends rows that run when that is wanted, and after some time waits for none of them.
pub(super) async fn give_up(work: Arc<Work>) {
    work.active.until(Want::Leave).await;
    if work.active.wanted() < Want::Cancel {
        let _ = tokio::time::timeout(AFTER_LEAVE, work.active.until(Want::Cancel)).await;
    }
    let end = Instant::now() + AFTER_CANCEL;
    while Instant::now() < end && work.active.batch().running > 0 {
        end_rows_of(&work).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    work.given_up.cancel();
}
