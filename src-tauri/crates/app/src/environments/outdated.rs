//! Newer packages, as pip in a container of the newest version sees them: it knows the person's index.

use std::time::Duration;

use domain::{
    environment::{EnvironmentVersion, Packages, Source, build_arguments, service_packages},
    finding::{Problem, ProblemCode},
    operation::PackageChange,
};
use engine::{Engine, LogRequest, LogSource};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::keep::named;
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
    let body = body(&version.image_id, python, packages);
    let asked = |engine_error| problem::of_engine(&engine_error);
    let said = operations::in_scratch(app, engine, "packages", body, LIMIT, async |id| {
        let request = LogRequest { tail: None, follow: false, since: 0 };
        let mut lines = engine.logs(id, request).await;
        let (mut out, mut error) = (String::new(), String::new());
        while let Some(Ok(line)) = lines.next().await {
            match line.source {
                LogSource::Out => out.push_str(&line.text),
                LogSource::Error => error = format!("{error}{}\n", line.text),
            }
        }
        (out, error)
    })
    .await
    .map_err(asked)?;
    let (out, error) = said;
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

/// A container that only runs pip, with the settings of the index as variables.
fn body(image: &str, python: &str, packages: &Packages) -> Value {
    let variables: Vec<String> =
        build_arguments(packages).iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut body = json!({
        "Image": image,
        "Entrypoint": [
            python, "-m", "pip", "list", "--outdated", "--format", "json",
            "--disable-pip-version-check",
        ],
        "Env": variables,
        "HostConfig": {"RestartPolicy": {"Name": "no"}},
    });
    let certificates = packages.index.certificates.trim();
    if !certificates.is_empty() {
        const INSIDE: &str = "/run/certificates.pem";
        body["HostConfig"]["Binds"] = json!([format!("{certificates}:{INSIDE}:ro")]);
        if let Some(variables) = body["Env"].as_array_mut() {
            variables.extend([json!(format!("PIP_CERT={INSIDE}"))]);
        }
    }
    body
}
