//! Batch runs as they are kept, and what is around one.

use domain::{
    batch::{Batch, BatchId},
    finding::Problem,
};

use super::as_it_stands;
use crate::{
    api::{BatchDetail, Batches, ListBatches},
    context::App,
    problem,
};

/// Batch runs in a list.
const LISTED: usize = 1_000;

/// Batch runs of a flow, or of all, that hold all the words.
pub(crate) async fn list(app: &App, request: ListBatches) -> Result<Batches, Problem> {
    let kept = app.parts.history.batches(request.flow.as_ref(), LISTED).await;
    let kept = kept.map_err(|error| problem::of_history(&error))?;
    let all: Vec<Batch> = kept.into_iter().map(|batch| as_it_stands(app, batch)).collect();
    let bytes = all.iter().map(|batch| batch.bytes).sum();
    let words: Vec<String> = request.text.split_whitespace().map(str::to_lowercase).collect();
    let batches = all.into_iter().filter(|batch| holds(batch, &words)).collect();
    Ok(Batches { batches, bytes })
}

/// Whether what a person sees of a batch run holds all these words, in small letters.
fn holds(batch: &Batch, words: &[String]) -> bool {
    let lanes = batch.lanes.iter().flat_map(|lane| [&lane.name, &lane.version]);
    let own = [&batch.name, &batch.flow_name, &batch.file, &batch.description];
    let all: Vec<String> =
        own.into_iter().chain(&batch.tags).chain(lanes).map(|text| text.to_lowercase()).collect();
    words.iter().all(|word| all.iter().any(|text| text.contains(word)))
}

/// Names of the inputs and of the outputs that a batch run's results have, by its first rows.
pub(super) async fn value_names(
    app: &App,
    batch: &Batch,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    let names = app.parts.history.batch_value_names(&batch.id).await;
    let mut names = names.map_err(|error| problem::of_history(&error))?;
    if names.inputs.is_empty() {
        names.inputs = batch.mapping.keys().cloned().collect();
    }
    Ok((names.inputs, names.outputs))
}

/// A batch run, and what is around it.
pub(crate) async fn detail(app: &App, id: &BatchId) -> Result<BatchDetail, Problem> {
    let history = &app.parts.history;
    let kept = history.batch(id).await.map_err(|error| problem::of_history(&error))?;
    let kept = kept.ok_or_else(|| problem::not_found("The batch run"))?;
    let batch = as_it_stands(app, kept.batch);
    let request: Option<super::run::Request> = serde_json::from_value(kept.request).ok();
    let (inputs, outputs) = value_names(app, &batch).await?;
    let other = match &batch.other {
        Some(other) => history.batch(other).await.map_err(|error| problem::of_history(&error))?,
        None => None,
    };
    let other_name = other.map(|other| as_it_stands(app, other.batch).name);
    let taking = history.batches_taking_from(id).await;
    let taking = taking.map_err(|error| problem::of_history(&error))?;
    let taken_by = taking.into_iter().map(|own| as_it_stands(app, own)).collect();
    Ok(BatchDetail {
        waits_for: super::waits_for(app, &batch),
        draft: request.map(|request| request.draft),
        batch,
        inputs,
        outputs,
        taken_by,
        other_name,
    })
}
