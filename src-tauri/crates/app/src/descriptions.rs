//! Descriptions of runtimes: what was written since the container was made counts, until a later container
//! says something else in its label.

use std::collections::BTreeMap;

use domain::{finding::Problem, runtime::RuntimeId};
use history::{Description, History};

use crate::{
    context::{App, lock},
    problem,
};

/// What is kept, by runtime.
pub(crate) type Descriptions = BTreeMap<RuntimeId, Description>;

/// Reads what is kept; a history that cannot be read has nothing to say.
pub(crate) async fn load(history: &History) -> Descriptions {
    let all = history.descriptions().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "descriptions cannot be read");
        vec![]
    });
    all.into_iter().map(|one| (one.runtime.clone(), one)).collect()
}

/// The description of a runtime whose label says `label`.
pub(crate) fn of(app: &App, runtime: &RuntimeId, label: &str) -> String {
    lock(&app.descriptions)
        .get(runtime)
        .filter(|kept| kept.label_words == label)
        .map_or_else(|| label.to_owned(), |kept| kept.words.clone())
}

/// Keeps what a person wrote over what the label says.
pub(crate) async fn keep(
    app: &App,
    runtime: &RuntimeId,
    words: &str,
    label: &str,
) -> Result<(), Problem> {
    let description = Description {
        runtime: runtime.clone(),
        words: words.to_owned(),
        label_words: label.to_owned(),
    };
    let kept = app.parts.history.keep_description(&description).await;
    kept.map_err(|error| problem::of_history(&error))?;
    lock(&app.descriptions).insert(runtime.clone(), description);
    Ok(())
}
