//! What the person chose.

use domain::{finding::Problem, image::Repository};
use history::History;

use crate::{
    api::Settings,
    context::{App, lock},
    problem,
};

const KEY: &str = "settings";

pub(crate) async fn load(history: &History) -> Settings {
    match history.setting(KEY).await {
        Ok(Some(value)) => serde_json::from_value(value).unwrap_or_default(),
        Ok(None) => Settings::default(),
        Err(error) => {
            tracing::warn!(%error, "settings cannot be read; defaults are used");
            Settings::default()
        }
    }
}

pub(crate) async fn change(app: &App, settings: Settings) -> Result<(), Problem> {
    if let Some(repository) = &settings.repository {
        Repository::parse(repository)
            .map_err(|error| Problem::field("repository", error.to_string()))?;
    }
    if !(10..=3600).contains(&settings.ready_within_seconds) {
        return Err(Problem::field("readyWithinSeconds", "Give between 10 seconds and one hour."));
    }
    let value = serde_json::to_value(&settings)
        .map_err(|error| Problem::field("settings", error.to_string()))?;
    app.parts
        .history
        .keep_setting(KEY, &value)
        .await
        .map_err(|error| problem::of_history(&error))?;
    lock(&app.settings).clone_from(&settings);
    app.hub.settings(&settings);
    Ok(())
}

/// Repositories of the default environment, best first.
pub(crate) fn repositories(app: &App) -> Vec<Repository> {
    if let Some(repository) = &app.parts.repository_override {
        return vec![repository.clone()];
    }
    let own =
        lock(&app.settings).repository.as_deref().and_then(|text| Repository::parse(text).ok());
    own.map_or_else(|| app.known.repositories.clone(), |repository| vec![repository])
}
