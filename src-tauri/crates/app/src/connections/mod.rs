//! Connections that flows use: what is kept of them in the history, their secrets in the keyring.

mod edit;
mod files;
mod secrets;
mod trial;

use domain::{
    connection::{
        Connection, ConnectionName, ConnectionType, Connections, Resolved, check as rules, probe,
    },
    finding::{Problem, ProblemCode},
    flow::outside::StandIns,
    secret::Secret,
};
use futures_util::future::join_all;
use vault::VaultState;

pub(crate) use edit::{delete, save};
pub(crate) use files::{export, read_file};
pub(crate) use secrets::read as secret;
pub(crate) use trial::test;

use crate::{
    api::{
        CheckConnection, ConnectionTypeView, ConnectionView, DraftCheck, FlowConnections,
        SecretState, SecretView,
    },
    context::App,
    problem,
};

/// Every connection, and the types that there are.
pub(crate) async fn list(app: &App) -> Result<FlowConnections, Problem> {
    let all = all(app).await?;
    let state = app.parts.vault.state().await;
    let connections = join_all(all.into_iter().map(|connection| view(app, &state, connection)));
    let types = ConnectionType::ALL.into_iter().map(|kind| ConnectionTypeView {
        kind,
        fields: kind.fields().to_vec(),
        has_pairs: kind.has_pairs(),
        testable: !kind.has_pairs(),
    });
    Ok(FlowConnections { connections: connections.await, types: types.collect() })
}

async fn view(app: &App, state: &VaultState, connection: Connection) -> ConnectionView {
    let looked_at = connection.secret_keys().into_iter().map(|key| {
        let account = secrets::account(&connection.name, key);
        async move {
            let state = match app.parts.vault.read(&account).await {
                Ok(Some(_)) if *state == VaultState::Available => SecretState::Keyring,
                Ok(Some(_)) => SecretState::Memory,
                Ok(None) => SecretState::Missing,
                Err(_) => SecretState::NotReadable,
            };
            SecretView { key: key.to_owned(), state }
        }
    });
    let secrets = join_all(looked_at).await;
    ConnectionView {
        endpoint: connection.endpoint().map(str::to_owned),
        secret: secrets.iter().map(|one| one.state).max().unwrap_or(SecretState::Keyring),
        secrets,
        testable: probe(&connection).is_some(),
        connection,
    }
}

/// What is not right yet about a form. A secret that is kept counts as given.
pub(crate) async fn check(app: &App, request: CheckConnection) -> Result<DraftCheck, Problem> {
    let all = all(app).await?;
    let before = match &request.original {
        Some(name) => Some(named(&all, name)?),
        None => None,
    };
    let kept: Vec<String> = before
        .map(|before| before.secret_keys().into_iter().map(str::to_owned).collect())
        .unwrap_or_default();
    let names: Vec<ConnectionName> = all.iter().map(|one| one.name.clone()).collect();
    Ok(DraftCheck { problems: rules(&request.draft, before, &names, &kept) })
}

/// The connections that a request to the executor service needs, with their secrets.
///
/// # Errors
/// One of them is not there, or one of their secrets cannot be read or is missing.
pub(crate) async fn for_flow(app: &App, names: &[String]) -> Result<Connections, Problem> {
    let all = all(app).await?;
    let mut resolved = Vec::new();
    for name in names {
        let connection = named(&all, name)?;
        let secrets = secrets::read_all(app, connection).await?;
        resolved.push(Resolved::new(connection.clone(), secrets));
    }
    Ok(resolved.into_iter().collect())
}

/// Connections as a request has them, with stand-ins in the place of their secrets, which are not read.
///
/// # Errors
/// One of them is not there.
pub(crate) async fn with_stand_ins(
    app: &App,
    names: &[String],
    stand_ins: &mut StandIns,
) -> Result<Connections, Problem> {
    let all = all(app).await?;
    let mut resolved = Vec::new();
    for name in names {
        let connection = named(&all, name)?;
        let keys = connection.secret_keys().into_iter();
        let secrets = keys.map(|key| (key.to_owned(), Secret::new(stand_ins.of(name, key))));
        resolved.push(Resolved::new(connection.clone(), secrets.collect()));
    }
    Ok(resolved.into_iter().collect())
}

/// Which of these names no connection has.
pub(crate) async fn unknown(app: &App, names: &[String]) -> Result<Vec<String>, Problem> {
    let all = all(app).await?;
    let is_unknown = |name: &&String| !all.iter().any(|one| one.name.as_str() == *name);
    Ok(names.iter().filter(is_unknown).cloned().collect())
}

/// Every connection as it is kept, without secrets.
pub(crate) async fn all(app: &App) -> Result<Vec<Connection>, Problem> {
    app.parts.history.connections().await.map_err(|error| problem::of_history(&error))
}

fn named<'a>(all: &'a [Connection], name: &str) -> Result<&'a Connection, Problem> {
    all.iter().find(|one| one.name.as_str() == name).ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, format!("There is no connection \"{name}\"."))
            .hint("Add it on the page Connections, or choose another one.")
    })
}
