//! Secrets that builds are given: ids in the definition, values in the keyring.

use std::collections::BTreeMap;

use domain::{
    environment::{
        Definition, EnvironmentId, INDEX_SECRET, Source, check_index_password, login_file,
    },
    finding::{Problem, ProblemCode},
    secret::Secret,
};

use super::on_disk;
use crate::{
    api::{BuildSecretView, KeepBuildSecret},
    context::App,
    problem,
};

fn account(environment: &EnvironmentId, id: &str) -> String {
    format!("build-secret:{environment}:{id}")
}

/// Keeps the value of a secret that the definition names.
pub(crate) async fn keep(app: &App, request: KeepBuildSecret) -> Result<(), Problem> {
    super::read_again(app).await?;
    let on_disk = on_disk(app, &request.environment)?;
    let source = &on_disk.definition.source;
    if !source.secrets().contains(&request.secret.as_str()) {
        return Err(Problem::new(
            ProblemCode::ChangedMeanwhile,
            format!("This environment has no secret called {} any more.", request.secret),
        ));
    }
    let bad = match source {
        Source::Packages(_) => check_index_password(request.value.expose()),
        _ => request.value.expose().is_empty().then_some("Give the secret's value."),
    };
    if let Some(bad) = bad {
        return Err(Problem::field("value", bad));
    }
    app.parts
        .vault
        .keep(&account(&request.environment, &request.secret), &request.value)
        .await
        .map_err(|error| problem::of_vault(&error))?;
    app.hub.environments();
    Ok(())
}

/// Which secrets a definition names, and whether their values can be read.
pub(super) async fn views(app: &App, definition: &Definition) -> Vec<BuildSecretView> {
    let mut views = vec![];
    for id in definition.source.secrets() {
        let kept = app.parts.vault.read(&account(&definition.id, id)).await;
        views.push(BuildSecretView { id: id.to_owned(), kept: matches!(kept, Ok(Some(_))) });
    }
    views
}

/// The value itself.
pub(crate) async fn value(
    app: &App,
    environment: &EnvironmentId,
    id: &str,
) -> Result<Option<Secret>, Problem> {
    app.parts.vault.read(&account(environment, id)).await.map_err(|error| problem::of_vault(&error))
}

/// The password for the package index; `None` = it needs none, or none can be read.
pub(crate) async fn index_password(
    app: &App,
    environment: &EnvironmentId,
    source: &Source,
) -> Option<Secret> {
    if !source.secrets().contains(&INDEX_SECRET) {
        return None;
    }
    value(app, environment, INDEX_SECRET).await.ok().flatten()
}

/// What a build is given, by id. Each one has to be there.
pub(super) async fn for_build(
    app: &App,
    definition: &Definition,
) -> Result<BTreeMap<String, Secret>, Problem> {
    let mut all = BTreeMap::new();
    for id in definition.source.secrets() {
        let missing = || {
            let what = match &definition.source {
                Source::Packages(_) => "The password for the package index".to_owned(),
                _ => format!("The value of the build secret {id}"),
            };
            Problem::field("secrets", format!("{what} is not in the keyring.")).hint(
                "Edit the environment and enter it. It is not kept in the environment's files.",
            )
        };
        let value = value(app, &definition.id, id).await?.ok_or_else(missing)?;
        let value = match &definition.source {
            Source::Packages(packages) => {
                login_file(&packages.index, &value).ok_or_else(missing)?
            }
            _ => value,
        };
        all.insert(id.to_owned(), value);
    }
    Ok(all)
}

/// A second environment gets the same values.
pub(super) async fn copy(app: &App, from: &Definition, to: &EnvironmentId) {
    for id in from.source.secrets() {
        let Ok(Some(value)) = value(app, &from.id, id).await else { continue };
        if let Err(error) = app.parts.vault.keep(&account(to, id), &value).await {
            tracing::warn!(%error, "a build secret was not copied");
        }
    }
}

/// The login for the index becomes a file of the person's own Dockerfile.
pub(super) async fn take_over(app: &App, definition: &Definition) -> Result<(), Problem> {
    for (id, value) in for_build(app, definition).await? {
        app.parts
            .vault
            .keep(&account(&definition.id, &id), &value)
            .await
            .map_err(|error| problem::of_vault(&error))?;
    }
    Ok(())
}

/// Values of secrets that are not named any more.
pub(super) async fn forget(app: &App, environment: &EnvironmentId, ids: &[String]) {
    for id in ids {
        if let Err(error) = app.parts.vault.forget(&account(environment, id)).await {
            tracing::warn!(%error, "a build secret was left in the keyring");
        }
    }
}
