//! Steps with environments, without a window.

use std::path::Path;

use app::api::{BuildEnvironment, EnvironmentForm, SaveEnvironment};
use app::{App, handlers};
use domain::environment::{EnvironmentId, Source};
use domain::operation::Operation;

use crate::error::PartResult;
use crate::headless::{compute, ended, refused};

/// An environment as typed, everything else as proposed.
pub fn form(name: &str, source: Source) -> EnvironmentForm {
    EnvironmentForm {
        name: name.into(),
        description: String::new(),
        source,
        port: None,
        health_path: String::new(),
    }
}

/// Makes an environment, or changes one.
pub async fn save(
    app: &App,
    id: Option<&EnvironmentId>,
    form: EnvironmentForm,
) -> PartResult<EnvironmentId> {
    let request = SaveEnvironment { environment: id.cloned(), form };
    Ok(handlers::save_environment(app, request).await.map_err(refused)?.environment)
}

/// Builds it to its end, however that is.
pub async fn build(app: &App, id: &EnvironmentId, newest_base: bool) -> PartResult<Operation> {
    let request = BuildEnvironment {
        environment: id.clone(),
        compute: compute(),
        newest_base,
        no_cache: false,
        exactly: None,
        update: vec![],
    };
    let started = handlers::build_environment(app, request).await.map_err(refused)?;
    ended(app, &started.operation).await
}

/// What is kept of what a builder said; `home` is the application's data folder.
pub fn log_of(home: &Path, operation: &Operation) -> String {
    std::fs::read_to_string(home.join("builds").join(format!("{}.log", operation.id)))
        .unwrap_or_default()
}
