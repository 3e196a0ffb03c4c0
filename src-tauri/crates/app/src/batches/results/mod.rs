//! What batch runs gave: rows, how long they took, several runs side by side, and files of all that; and
//! what a person does with a run that is there.

mod change;
mod compare;
mod export;
mod failures;
mod latency;
mod rows;

use domain::{
    batch::{Batch, BatchId},
    finding::Problem,
};

pub(crate) use change::{delete, describe};
pub(crate) use compare::compare;
pub(crate) use export::export;
pub(crate) use failures::failures;
pub(crate) use latency::latency;
pub(crate) use rows::{row, rows};

use crate::{context::App, problem};

/// A batch run as it stands.
///
/// # Errors
/// It is not kept (any more).
async fn standing(app: &App, id: &BatchId) -> Result<Batch, Problem> {
    if let Some(active) = super::active_batch(app, id) {
        return Ok(active);
    }
    let kept = app.parts.history.batch(id).await;
    let kept = kept.map_err(|error| problem::of_history(&error))?;
    Ok(kept.ok_or_else(|| problem::not_found("The batch run"))?.batch)
}
