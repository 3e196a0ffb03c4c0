//! What a person calls a batch run, and deleting it.

use domain::{
    batch::{Batch, BatchId, Described},
    finding::{Problem, ProblemCode},
};

use super::standing;
use crate::{api::DescribeBatch, context::App, problem};

/// Changes name, tags and note of a batch run, also while it runs.
pub(crate) async fn describe(app: &App, request: DescribeBatch) -> Result<(), Problem> {
    let new = Described::read(&request.name, &request.tags, &request.description)?;
    change_kept(app, &request.batch, move |batch| {
        batch.name.clone_from(&new.name);
        batch.tags.clone_from(&new.tags);
        batch.description.clone_from(&new.description);
    })
    .await
}

/// Changes a batch run wherever it is: what is written down of it, and, while it is active, the copy of
/// whoever runs it, which is written down later. `change` may be done twice.
async fn change_kept(
    app: &App,
    id: &BatchId,
    change: impl Fn(&mut Batch) + Clone + Send + 'static,
) -> Result<(), Problem> {
    let before = super::super::change_active(app, id, change.clone());
    let written = app.parts.history.change_batch(id, change.clone()).await;
    let written = written
        .map_err(|error| problem::of_history(&error))?
        .ok_or_else(|| problem::not_found("The batch run"))?;
    if before.is_none() && super::super::change_active(app, id, change).is_none() {
        app.hub.batch(&written);
    }
    app.hub.batches();
    Ok(())
}

/// Deletes a batch run that has ended or is paused, with its rows.
///
/// # Errors
/// It is active, or one that has not ended takes something from it.
pub(crate) async fn delete(app: &App, id: &BatchId) -> Result<(), Problem> {
    let batch = standing(app, id).await?;
    let is_active = || {
        Problem::new(
            ProblemCode::Busy,
            format!("The batch run \"{}\" has not ended, so it cannot be deleted.", batch.name),
        )
        .hint("Cancel it, or wait until it has ended.")
    };
    if batch.state.is_active() {
        return Err(is_active());
    }
    let taking = app.parts.history.batches_taking_from(id).await;
    let taking = taking.map_err(|error| problem::of_history(&error))?;
    if let Some(needs_it) = taking.iter().find(|other| !other.state.is_final()) {
        return Err(Problem::new(
            ProblemCode::Busy,
            format!("\"{}\" takes values from it and has not ended.", needs_it.name),
        )
        .hint("Cancel that one, or wait until it has ended."));
    }
    let is_gone = app.parts.history.delete_batch(id).await;
    if !is_gone.map_err(|error| problem::of_history(&error))? {
        return Err(is_active());
    }
    app.hub.batches();
    Ok(())
}
