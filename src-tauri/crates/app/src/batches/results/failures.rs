//! Why rows failed.

use domain::{batch::BatchId, finding::Problem};

use super::standing;
use crate::{api::BatchFailures, context::App, problem};

/// Rows of a batch run that failed, together by their cause.
pub(crate) async fn failures(app: &App, id: &BatchId) -> Result<BatchFailures, Problem> {
    standing(app, id).await?;
    let groups = app.parts.history.batch_failures(id).await;
    let groups = groups.map_err(|error| problem::of_history(&error))?;
    Ok(BatchFailures { groups: groups.finish() })
}
