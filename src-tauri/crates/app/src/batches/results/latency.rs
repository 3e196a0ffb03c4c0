//! How long rows took.

use domain::{
    batch::{BatchId, Durations},
    finding::Problem,
};

use super::standing;
use crate::{
    api::{BatchLatency, Latency, LatencyBar},
    context::App,
    problem,
};

/// How long the rows of a batch run took that have completed.
pub(crate) async fn latency(app: &App, id: &BatchId) -> Result<BatchLatency, Problem> {
    standing(app, id).await?;
    Ok(BatchLatency { latency: measured(app, id).await? })
}

/// `None` = no row has completed.
pub(super) async fn measured(app: &App, id: &BatchId) -> Result<Option<Latency>, Problem> {
    let seconds = app.parts.history.batch_durations(id).await;
    let seconds = seconds.map_err(|error| problem::of_history(&error))?;
    Ok(Durations::of(seconds).map(|durations| Latency {
        rows: durations.rows,
        mean: durations.mean,
        median: durations.median,
        p90: durations.p90,
        p99: durations.p99,
        longest: durations.longest,
        bars: durations
            .bars
            .into_iter()
            .map(|bar| LatencyBar { from: bar.from, to: bar.to, rows: bar.rows })
            .collect(),
    }))
}
