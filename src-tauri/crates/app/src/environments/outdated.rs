//! Newer packages, as pip in a container of the newest version sees them: it knows the person's index.

use std::time::Duration;

use domain::{
    environment::{EnvironmentVersion, Packages, Source, index_with_login, service_packages},
    finding::{Problem, ProblemCode},
    operation::PackageChange,
};
use engine::{Engine, ExecAs};
use serde_json::{Value, json};

use super::{keep::named, secrets};
use crate::{context::App, operations, problem};

/// How long pip may take to ask its index about every package.
const LIMIT: Duration = Duration::from_secs(180);

/// Packages that the definition names and of which the index has a newer version than is installed.
pub(super) async fn outdated(
    app: &App,
    engine: &dyn Engine,
    source: &Source,
    version: &EnvironmentVersion,
) -> Result<Vec<PackageChange>, Problem> {
    let Source::Packages(packages) = source else { return Ok(vec![]) };
    let python = version
        .python
        .as_deref()
        .and_then(|python| Some(python.split_once('(')?.1.trim_end_matches(')')))
        .unwrap_or("python");
    let password = secrets::index_password(app, &version.environment, source).await;
    let body = body(&version.image_id, python, packages);
    let command = [
        python,
        "-m",
        "pip",
        "list",
        "--outdated",
        "--format",
        "json",
        "--no-input",
        "--disable-pip-version-check",
    ]
    .map(str::to_owned);
    // A login is in the variables of this one command, never in the container's configuration.
    let variables = index_with_login(packages, password.as_ref());
    let who = ExecAs { user: None, variables };
    let output = operations::in_scratch(app, engine, "packages", body, async |id| {
        engine.exec_as(id, &command, &who, LIMIT).await
    })
    .await
    .and_then(|output| output)
    .map_err(|error| problem::of_engine(&error))?;
    let (out, error) = (output.out, output.error);
    let Ok(Value::Array(listed)) = serde_json::from_str::<Value>(out.trim()) else {
        return Err(Problem::new(
            ProblemCode::RegistryUnreachable,
            "pip could not ask its index for newer packages.",
        )
        .hint("Check the settings of the package index, and the compute's network.")
        .details(error)
        .retryable());
    };
    let wanted: Vec<String> = service_packages(packages)
        .iter()
        .map(String::as_str)
        .chain(packages.requirements.lines())
        .filter_map(named)
        .collect();
    let text = |one: &Value, key: &str| one[key].as_str().map(str::to_owned);
    Ok(listed
        .iter()
        .filter_map(|one| {
            let name = text(one, "name")?;
            let asked_for = named(&name).is_some_and(|name| wanted.contains(&name));
            asked_for.then(|| PackageChange {
                name,
                from: text(one, "version"),
                to: text(one, "latest_version"),
            })
        })
        .collect())
}

/// A container that only waits while pip runs in it.
fn body(image: &str, python: &str, packages: &Packages) -> Value {
    let wait = format!("import time; time.sleep({})", 2 * LIMIT.as_secs());
    let mut body = json!({
        "Image": image,
        "Entrypoint": [python, "-c", wait],
        "HostConfig": {"RestartPolicy": {"Name": "no"}},
    });
    let certificates = packages.index.certificates.trim();
    if !certificates.is_empty() {
        const INSIDE: &str = "/run/certificates.pem";
        body["HostConfig"]["Binds"] = json!([format!("{certificates}:{INSIDE}:ro")]);
        body["Env"] = json!([format!("PIP_CERT={INSIDE}")]);
    }
    body
}
