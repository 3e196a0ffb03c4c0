//! Adding, changing and deleting connections.

use std::collections::BTreeMap;

use domain::{
    connection::{Connection, ConnectionDraft, ConnectionName, check as rules, check_secrets},
    finding::Problem,
    secret::Secret,
};

use super::{all, files, named, secrets};
use crate::{
    api::{FromFile, SaveConnection},
    context::App,
    problem,
};

/// What a form makes, checked with everything that belongs to it.
pub(super) struct Checked {
    pub(super) connection: Connection,
    /// The connection that it replaces.
    pub(super) before: Option<Connection>,
    /// Secrets that were typed, or that a file holds.
    pub(super) given: BTreeMap<String, Secret>,
    /// Secrets that stay as they are, by their keys, as read from where they are kept.
    pub(super) kept: BTreeMap<String, Secret>,
}

/// Checks a form with its secrets.
///
/// # Errors
/// The first problem, with its field; the file or the keyring cannot be read.
pub(super) async fn checked(
    app: &App,
    original: Option<&str>,
    mut draft: ConnectionDraft,
    typed: BTreeMap<String, Secret>,
    file: Option<&FromFile>,
) -> Result<Checked, Problem> {
    let all = all(app).await?;
    let before = match original {
        Some(name) => Some(named(&all, name)?.clone()),
        None => None,
    };
    let mut given = match file {
        Some(file) => files::secrets_of(file).await?,
        None => BTreeMap::new(),
    };
    given.extend(typed.into_iter().filter(|(_, secret)| !secret.expose().is_empty()));
    draft.given = given.keys().cloned().collect();
    // The name is checked first of all; until then any will do.
    let name = ConnectionName::parse(&draft.name);
    let keys = |name: ConnectionName| {
        let connection = draft.connection(name);
        connection.secret_keys().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut kept = BTreeMap::new();
    if let (Some(before), Ok(name)) = (&before, &name) {
        let own = before.secret_keys();
        for key in keys(name.clone()) {
            if own.contains(&key.as_str())
                && !given.contains_key(&key)
                && let Some(secret) = secrets::read(app, &before.name, &key).await?
            {
                kept.insert(key, secret);
            }
        }
    }
    let names: Vec<ConnectionName> = all.iter().map(|one| one.name.clone()).collect();
    let kept_keys: Vec<String> = kept.keys().cloned().collect();
    let mut problems = rules(&draft, before.as_ref(), &names, &kept_keys);
    problems.extend(check_secrets(&draft, &given));
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let name = name.map_err(|sentence| Problem::field("name", sentence))?;
    let connection = draft.connection(name);
    given.retain(|key, _| connection.secret_keys().contains(&key.as_str()));
    Ok(Checked { connection, before, given, kept })
}

/// Adds a connection, or changes one. Secrets that were not given stay as they are.
pub(crate) async fn save(app: &App, request: SaveConnection) -> Result<(), Problem> {
    let _turn = app.connections_turn.lock().await;
    let SaveConnection { original, draft, secrets: typed, file } = request;
    let checked = checked(app, original.as_deref(), draft, typed, file.as_ref()).await?;
    let Checked { connection, before, given, kept } = checked;
    let renamed = before.as_ref().is_some_and(|before| before.name != connection.name);
    let new_place = before.is_none() || renamed;
    // A secret is there before anything names it.
    let to_keep = given.iter().chain(kept.iter().filter(|_| renamed));
    let mut done = Vec::new();
    let mut outcome = Ok(());
    for (key, secret) in to_keep {
        outcome = secrets::keep(app, &connection.name, key, secret).await;
        if outcome.is_err() {
            break;
        }
        done.push(key);
    }
    if outcome.is_ok() {
        let kept =
            app.parts.history.keep_connection(&connection, before.as_ref().map(|one| &one.name));
        outcome = kept.await.map_err(|error| problem::of_history(&error));
    }
    if let Err(problem) = outcome {
        if new_place {
            for key in done {
                let _ = secrets::forget(app, &connection.name, key).await;
            }
        }
        return Err(problem);
    }
    if let Some(before) = before {
        let still: Vec<&str> = if renamed { vec![] } else { connection.secret_keys() };
        for key in before.secret_keys().into_iter().filter(|key| !still.contains(key)) {
            if let Err(problem) = secrets::forget(app, &before.name, key).await {
                tracing::warn!(%problem, key, "a secret that nothing uses any more stays in the keyring");
            }
        }
    }
    app.hub.connections();
    Ok(())
}

/// Deletes a connection and its secrets.
pub(crate) async fn delete(app: &App, name: &str) -> Result<(), Problem> {
    let _turn = app.connections_turn.lock().await;
    let all = all(app).await?;
    let connection = named(&all, name)?;
    for key in connection.secret_keys() {
        secrets::forget(app, &connection.name, key).await?;
    }
    app.parts
        .history
        .forget_connection(&connection.name)
        .await
        .map_err(|error| problem::of_history(&error))?;
    app.hub.connections();
    Ok(())
}
