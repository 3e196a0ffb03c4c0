//! Environments: their definitions on disk, their versions, and which runtimes run them.

mod add;
mod bases;
mod detail;
mod edit;
mod keep;
mod made;
mod outdated;
mod secrets;
mod view;

use std::{collections::BTreeMap, path::PathBuf};

use definitions::{DefinitionsError, OnShelf};
use domain::{
    compute::ComputeId,
    environment::{Definition, EnvironmentId, EnvironmentName, EnvironmentVersion},
    finding::{Problem, ProblemCode},
    image::Digest,
    operation::package_changes,
    runtime::Runtime,
    spec::Environment,
};
use engine::{Engine, EngineError};

use crate::{
    api::{BaseNews, VersionAnswer},
    computes,
    context::{App, Parts, lock},
    fitness, problem,
    resolve::{self, Target},
};

pub(crate) use add::{
    Addition, check_name, other_users, place as place_of_packages, proposed_name,
};
pub(crate) use bases::{check as check_bases, check_due, reference_of};
pub(crate) use detail::version as version_detail;
pub(crate) use edit::{
    check, delete, duplicate, import, read_requirements, save, take_over_dockerfile,
};
pub(crate) use keep::keep_packages;
pub(crate) use made::{Made, Wanted, made_of, preview};
pub(crate) use secrets::{index_password, keep as keep_build_secret, value as build_secret};
pub(crate) use view::list;

/// What is known of all environments.
#[derive(Default)]
pub(crate) struct Known {
    definitions: BTreeMap<EnvironmentId, OnDisk>,
    unreadable: Vec<(PathBuf, DefinitionsError)>,
    /// Newest first within each environment.
    versions: Vec<EnvironmentVersion>,
    news: BTreeMap<EnvironmentId, BaseNews>,
}

/// A definition and its folder.
#[derive(Clone)]
pub(crate) struct OnDisk {
    pub definition: Definition,
    pub folder: PathBuf,
}

impl Known {
    /// Reads the disk and the history; what cannot be read is told where it is shown.
    pub(crate) async fn load(parts: &Parts) -> Self {
        let mut known = Self::default();
        match parts.shelf.list().await {
            Ok(list) => known.take(list),
            Err(error) => tracing::warn!(%error, "environments cannot be listed"),
        }
        match parts.history.environment_versions().await {
            Ok(versions) => known.versions = versions,
            Err(error) => tracing::warn!(%error, "versions of environments cannot be read"),
        }
        known
    }

    fn take(&mut self, list: Vec<OnShelf>) {
        self.definitions.clear();
        self.unreadable.clear();
        for one in list {
            match one {
                OnShelf::Environment { definition, folder } => {
                    let id = definition.id.clone();
                    if let Some(other) = self.definitions.get(&id) {
                        let sentence = format!(
                            "It has the same id as {}: one is a copy of the other. Remove the line \"id\" from one of them.",
                            other.folder.display()
                        );
                        self.unreadable.push((folder, DefinitionsError::Malformed(sentence)));
                    } else {
                        self.definitions.insert(id, OnDisk { definition: *definition, folder });
                    }
                }
                OnShelf::Unreadable { folder, error } => self.unreadable.push((folder, error)),
            }
        }
    }

    /// Versions of one environment, newest first.
    fn versions_of(&self, id: &EnvironmentId) -> impl Iterator<Item = &EnvironmentVersion> {
        self.versions.iter().filter(move |version| version.environment == *id)
    }

    fn version(&self, id: &EnvironmentId, number: u32) -> Option<&EnvironmentVersion> {
        self.versions_of(id).find(|version| version.number == number)
    }
}

/// Reads the definitions again: a person may have edited them.
pub(crate) async fn read_again(app: &App) -> Result<(), Problem> {
    let list = app.parts.shelf.list().await.map_err(|error| of_disk(&error))?;
    lock(&app.environments).take(list);
    Ok(())
}

/// What went wrong with files.
pub(crate) fn of_disk(error: &DefinitionsError) -> Problem {
    match error {
        DefinitionsError::Disk { path, reason } => {
            Problem::new(ProblemCode::Storage, format!("{} cannot be used.", path.display()))
                .hint("Check the path, its rights and the disk's free space.")
                .details(reason)
        }
        DefinitionsError::Malformed(sentence) => Problem::new(ProblemCode::InvalidInput, sentence),
    }
}

/// One definition.
pub(crate) fn on_disk(app: &App, id: &EnvironmentId) -> Result<OnDisk, Problem> {
    lock(&app.environments)
        .definitions
        .get(id)
        .cloned()
        .ok_or_else(|| problem::not_found("The environment"))
}

/// Every definition with its versions, newest first.
pub(crate) fn known(app: &App) -> Vec<(Definition, Vec<EnvironmentVersion>)> {
    let known = lock(&app.environments);
    known
        .definitions
        .values()
        .map(|on_disk| {
            let definition = on_disk.definition.clone();
            let versions = known.versions_of(&definition.id).cloned().collect();
            (definition, versions)
        })
        .collect()
}

/// One version, as it was kept.
pub(crate) fn kept_version(
    app: &App,
    id: &EnvironmentId,
    number: u32,
) -> Option<EnvironmentVersion> {
    lock(&app.environments).version(id, number).cloned()
}

/// The newest version of an environment, on this compute or anywhere.
pub(crate) fn newest(
    app: &App,
    id: &EnvironmentId,
    compute: Option<&ComputeId>,
) -> Option<EnvironmentVersion> {
    lock(&app.environments)
        .versions_of(id)
        .find(|version| compute.is_none_or(|compute| version.compute == *compute))
        .cloned()
}

/// The number that the next version gets: above every one that is known, and above every image of this
/// name on the compute, which another installation may have made.
pub(crate) async fn next_number(
    app: &App,
    engine: &dyn Engine,
    definition: &Definition,
) -> Result<u32, Problem> {
    let images = engine.images().await.map_err(|error| problem::of_engine(&error))?;
    let there = images.iter().flat_map(|image| &image.tags).filter_map(|tag| {
        let image = domain::image::ImageReference::parse(tag).ok()?;
        let title = EnvironmentName::title_of(&image)?;
        let (name, number) = title.rsplit_once(' ')?;
        (name == definition.name.as_str()).then(|| number.parse::<u32>().ok())?
    });
    let highest = there.max().unwrap_or(0);
    let known = lock(&app.environments);
    let kept = known.versions_of(&definition.id).map(|version| version.number).max();
    Ok(kept.unwrap_or(0).max(highest) + 1)
}

/// Keeps a new version and tells everyone whom it concerns.
pub(crate) async fn keep_version(app: &App, version: EnvironmentVersion) -> Result<(), Problem> {
    app.parts
        .history
        .keep_environment_version(&version)
        .await
        .map_err(|error| problem::of_history(&error))?;
    let id = version.environment.clone();
    {
        let mut known = lock(&app.environments);
        known.versions.retain(|other| other.environment != id || other.number != version.number);
        known.versions.push(version);
        known
            .versions
            .sort_by(|a, b| a.environment.cmp(&b.environment).then(b.number.cmp(&a.number)));
        known.news.remove(&id);
    }
    tell_runtimes(app, &id);
    Ok(())
}

/// A version that is not to be after all.
pub(crate) async fn forget_version(app: &App, id: &EnvironmentId, number: u32) {
    if let Err(error) = app.parts.history.forget_environment_version(id, number).await {
        tracing::warn!(%error, "a version could not be taken out of the history");
    }
    lock(&app.environments)
        .versions
        .retain(|other| other.environment != *id || other.number != number);
    tell_runtimes(app, id);
}

/// What is known of newer versions may be different now for runtimes of this environment.
fn tell_runtimes(app: &App, id: &EnvironmentId) {
    app.hub.environments();
    let rows: Vec<Runtime> = lock(&app.table)
        .rows()
        .filter(|row| environment_of(row).is_some_and(|(own, _)| own == id))
        .cloned()
        .collect();
    for row in rows {
        let app = app.clone();
        tokio::spawn(async move { crate::versions::ask_now(&app, &row).await });
    }
}

/// The environment and version that a runtime was made from.
pub(crate) fn environment_of(row: &Runtime) -> Option<(&EnvironmentId, u32)> {
    match &row.spec.as_ref()?.environment {
        Environment::Named { id, version, .. } => Some((id, *version)),
        Environment::Default { .. } | Environment::Image { .. } => None,
    }
}

/// The environment that a draft names, on a compute: the version that was chosen, else the newest there.
pub(crate) fn chosen(
    app: &App,
    compute: &ComputeId,
    id: &EnvironmentId,
    number: Option<u32>,
) -> Result<Environment, Problem> {
    const FIELD: &str = "environment.named";
    let known = lock(&app.environments);
    let name = known.definitions.get(id).map(|on_disk| on_disk.definition.name.clone());
    let Some(name) = name else {
        return Err(Problem::field(FIELD, "Choose an environment."));
    };
    let version = match number {
        Some(number) => known.version(id, number),
        None => known.versions_of(id).find(|version| version.compute == *compute),
    };
    let Some(version) = version else {
        return Err(Problem::field(FIELD, format!("{name} has no version on this compute yet."))
            .hint("Build it there first, on the page of the environment."));
    };
    if version.compute != *compute && version.image.digest.is_none() {
        return Err(Problem::field(
            FIELD,
            format!("Version {} of {name} was built on another compute.", version.number),
        )
        .hint("Build the environment on this compute, or choose a version that is here."));
    }
    Ok(Environment::Named {
        id: id.clone(),
        name,
        version: version.number,
        image: version.image.clone(),
    })
}

/// The image of one version of an environment on a compute.
pub(crate) async fn target(
    app: &App,
    engine: &dyn Engine,
    environment: &Environment,
) -> Result<Target, Problem> {
    let Environment::Named { id, name, version, image } = environment else {
        return Err(problem::not_found("The environment"));
    };
    let kept = kept_version(app, id, *version);
    let asked = kept.as_ref().map_or_else(|| image.to_string(), |kept| kept.image_id.clone());
    match engine.image(&asked).await {
        Ok(local) => Ok(Target {
            reference: image.clone(),
            remote: None,
            local: Some(local),
            download_size: 0,
            login: None,
        }),
        // One that a registry gave can be had again.
        Err(EngineError::NotFound(_)) if image.digest.is_some() => {
            resolve::image(app, engine, image).await
        }
        Err(EngineError::NotFound(_)) => Err(Problem::new(
            ProblemCode::ImageNotFound,
            format!("The image of version {version} of {name} is not on this compute any more."),
        )
        .hint("Build it again: with its packages locked, the same comes out.")),
        Err(error) => Err(problem::of_engine(&error)),
    }
}

/// Whether a runtime's environment has something newer for it.
pub(crate) async fn news_for(app: &App, row: &Runtime) -> Result<VersionAnswer, Problem> {
    let Some((id, number)) = environment_of(row) else {
        return Err(problem::not_found("The environment"));
    };
    let (name, runs, newer, news) = {
        let known = lock(&app.environments);
        let Some(on_disk) = known.definitions.get(id) else {
            return Err(Problem::new(
                ProblemCode::NotFound,
                "The environment of this runtime is not in this installation, so nothing is known of newer versions.",
            )
            .hint("Import the environment, or update the runtime to another one."));
        };
        let newer: Vec<EnvironmentVersion> = known
            .versions_of(id)
            .filter(|version| version.number > number && version.compute == row.compute)
            .cloned()
            .collect();
        let news = known.news.get(id).cloned();
        (on_disk.definition.name.clone(), known.version(id, number).cloned(), newer, news)
    };
    for version in newer {
        let digests: Vec<Digest> =
            version.image.digest.iter().cloned().chain(Digest::parse(&version.image_id)).collect();
        if fitness::failed_here(app, &digests).await.is_some() {
            continue;
        }
        return Ok(VersionAnswer::NewerOfEnvironment {
            environment: id.clone(),
            name,
            from: number,
            to: version.number,
            packages: runs
                .map(|runs| package_changes(&runs.packages, &version.packages))
                .unwrap_or_default(),
        });
    }
    Ok(match news {
        Some(news) if !news.newer.is_empty() => {
            VersionAnswer::NewerBase { environment: id.clone(), name, bases: news.newer }
        }
        _ => VersionAnswer::UpToDate { passed_over: vec![] },
    })
}

/// The engine of a compute and its name.
fn engine(app: &App, compute: &ComputeId) -> Result<std::sync::Arc<dyn Engine>, Problem> {
    computes::engine(app, compute)
}
