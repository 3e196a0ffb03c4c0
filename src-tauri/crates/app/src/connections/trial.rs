//! Trying a connection with one small request.

use std::time::Duration;

use domain::{
    connection::{Connection, ConnectionTest, judge, judge_miss, probe},
    finding::Problem,
    secret::Secret,
};

use super::{all, edit, named, secrets};
use crate::{api::TestConnection, context::App};

/// How long a service has to answer.
const LIMIT: Duration = Duration::from_secs(15);

/// Tries a connection as it is kept, or as it stands in a form.
///
/// # Errors
/// The form has a problem, or the secret cannot be read. That a service refuses or is silent is a result.
pub(crate) async fn test(app: &App, request: TestConnection) -> Result<ConnectionTest, Problem> {
    let TestConnection { original, draft, secrets: typed, file } = request;
    let Some(draft) = draft else {
        let all = all(app).await?;
        let connection = named(&all, original.as_deref().unwrap_or_default())?;
        let Some(probe) = probe(connection) else { return Ok(ConnectionTest::not_testable()) };
        let secret = secrets::read(app, &connection.name, probe.secret).await?;
        let secret = secret.ok_or_else(|| secrets::missing(&connection.name, probe.secret))?;
        return Ok(ask(app, connection, &secret).await);
    };
    let mut checked = edit::checked(app, original.as_deref(), draft, typed, file.as_ref()).await?;
    let Some(probe) = probe(&checked.connection) else { return Ok(ConnectionTest::not_testable()) };
    let given = checked.given.remove(probe.secret);
    let secret = given
        .or_else(|| checked.kept.remove(probe.secret))
        .ok_or_else(|| secrets::missing(&checked.connection.name, probe.secret))?;
    Ok(ask(app, &checked.connection, &secret).await)
}

async fn ask(app: &App, connection: &Connection, secret: &Secret) -> ConnectionTest {
    let Some(probe) = probe(connection) else { return ConnectionTest::not_testable() };
    match app.parts.endpoints.ask(&probe, secret, LIMIT).await {
        Ok(answer) => judge(&probe, &answer),
        Err(miss) => judge_miss(&probe, &miss),
    }
}
