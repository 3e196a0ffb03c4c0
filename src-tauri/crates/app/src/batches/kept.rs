//! Batch runs as they are kept, and what is around one.

use std::collections::BTreeSet;

use domain::{
    batch::{Batch, BatchId, RowQuery, RowState},
    finding::Problem,
};
use serde_json::Value;

use super::as_it_stands;
use crate::{
    api::{BatchDetail, Batches, ListBatches},
    context::App,
    problem,
};

/// Batch runs in a list.
const LISTED: usize = 1_000;
/// Rows that are looked at for the names of values.
const LOOKED_AT: u32 = 20;

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
    let query =
        RowQuery { state: Some(RowState::Completed), limit: LOOKED_AT, ..RowQuery::default() };
    let page = app.parts.history.batch_rows(&batch.id, &query).await;
    let rows = page.map_err(|error| problem::of_history(&error))?.rows;
    let names = |value: fn(&domain::batch::BatchRow) -> &Value| -> Vec<String> {
        let mut seen = BTreeSet::new();
        let keys = rows.iter().filter_map(|row| value(row).as_object()).flat_map(|map| map.keys());
        keys.filter(|key| seen.insert((*key).clone())).cloned().collect()
    };
    let mut inputs = names(|row| &row.inputs);
    if inputs.is_empty() {
        inputs = batch.mapping.keys().cloned().collect();
    }
    Ok((inputs, names(|row| &row.output)))
}

/// A batch run, and what is around it.
pub(crate) async fn detail(app: &App, id: &BatchId) -> Result<BatchDetail, Problem> {
    let history = &app.parts.history;
    let kept = history.batch(id).await.map_err(|error| problem::of_history(&error))?;
    let kept = kept.ok_or_else(|| problem::not_found("The batch run"))?;
    let batch = as_it_stands(app, kept.batch);
    let (inputs, outputs) = value_names(app, &batch).await?;
    let all = history.batches(None, LISTED).await.map_err(|error| problem::of_history(&error))?;
    let other = batch.other.as_ref().and_then(|other| all.iter().find(|own| own.id == *other));
    let other_name = other.map(|other| other.name.clone());
    let taken_by = all
        .into_iter()
        .filter(|own| own.other.as_ref() == Some(id))
        .map(|own| as_it_stands(app, own))
        .collect();
    Ok(BatchDetail {
        waits_for: super::waits_for(app, &batch),
        batch,
        inputs,
        outputs,
        taken_by,
        other_name,
    })
}
