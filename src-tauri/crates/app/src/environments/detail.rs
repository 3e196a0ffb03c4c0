//! One version of an environment, compared with the one before.

use domain::{environment::lock_of, finding::Problem, operation::package_changes};
use engine::EngineError;

use super::view::{compute_names, users, version_view};
use crate::{
    api::{EnvironmentVersionDetail, OfEnvironmentVersion},
    context::{App, lock},
    problem,
};

pub(crate) async fn version(
    app: &App,
    request: OfEnvironmentVersion,
) -> Result<EnvironmentVersionDetail, Problem> {
    let (version, before) = {
        let known = lock(&app.environments);
        let version = known
            .version(&request.environment, request.number)
            .cloned()
            .ok_or_else(|| problem::not_found("The version"))?;
        let before =
            known.versions_of(&request.environment).find(|other| other.number < version.number);
        (version, before.cloned())
    };
    let there = match super::engine(app, &version.compute) {
        Ok(engine) => match engine.image(&version.image_id).await {
            Ok(_) => Some(true),
            Err(EngineError::NotFound(_)) => Some(false),
            Err(_) => None,
        },
        Err(_) => None,
    };
    let (users, names) = (users(app), compute_names(app));
    let shared = before.as_ref().map_or(0, |before| version.shared_layers(before));
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(EnvironmentVersionDetail {
        lock: lock_of(&version.packages),
        dockerfile: version.dockerfile.clone(),
        changes: before
            .as_ref()
            .map(|before| package_changes(&before.packages, &version.packages))
            .unwrap_or_default(),
        before: before.map(|before| version_view(&before, &users, &names)),
        shared_layers: number(shared),
        layers: number(version.layers.len()),
        there,
        version: version_view(&version, &users, &names),
        packages: version.packages,
    })
}
