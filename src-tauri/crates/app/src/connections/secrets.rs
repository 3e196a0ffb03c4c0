//! Secrets of connections: in the keyring, by the connection's name and the secret's key.

use std::collections::BTreeMap;

use domain::{
    connection::{Connection, ConnectionName},
    finding::{Problem, ProblemCode},
    secret::Secret,
};

use crate::{context::App, problem};

/// The keyring's account of one secret.
pub(super) fn account(name: &ConnectionName, key: &str) -> String {
    format!("connection:{name}:{key}")
}

/// One secret; `None` = the keyring does not hold it.
pub(crate) async fn read(
    app: &App,
    name: &ConnectionName,
    key: &str,
) -> Result<Option<Secret>, Problem> {
    let kept = app.parts.vault.read(&account(name, key)).await;
    kept.map_err(|error| {
        let problem = problem::of_vault(&error);
        Problem {
            sentence: format!(
                "The secret \"{key}\" of the connection \"{name}\" cannot be read. {}",
                problem.sentence
            ),
            ..problem
        }
    })
}

/// Every secret of a connection.
///
/// # Errors
/// One cannot be read, or is not there.
pub(super) async fn read_all(
    app: &App,
    connection: &Connection,
) -> Result<BTreeMap<String, Secret>, Problem> {
    let mut all = BTreeMap::new();
    for key in connection.secret_keys() {
        let secret = read(app, &connection.name, key).await?;
        all.insert(key.to_owned(), secret.ok_or_else(|| missing(&connection.name, key))?);
    }
    Ok(all)
}

/// The keyring works and holds nothing.
pub(super) fn missing(name: &ConnectionName, key: &str) -> Problem {
    Problem::new(
        ProblemCode::Keyring,
        format!(
            "The secret \"{key}\" of the connection \"{name}\" is not in the keyring any more."
        ),
    )
    .hint("Edit the connection and give the secret again.")
}

/// Keeps one.
pub(super) async fn keep(
    app: &App,
    name: &ConnectionName,
    key: &str,
    secret: &Secret,
) -> Result<(), Problem> {
    app.parts
        .vault
        .keep(&account(name, key), secret)
        .await
        .map_err(|error| problem::of_vault(&error))
}

/// Removes one; no error when there is none.
pub(super) async fn forget(app: &App, name: &ConnectionName, key: &str) -> Result<(), Problem> {
    app.parts.vault.forget(&account(name, key)).await.map_err(|error| problem::of_vault(&error))
}
