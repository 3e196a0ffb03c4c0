//! From an environment to one exact image: which reference, which digest, is it there already.

use domain::{
    compute::ComputeId,
    container::LocalImage,
    environment::EnvironmentName,
    facts::{Offered, offered},
    finding::Problem,
    image::{Digest, ImageReference, Platform, RemoteImage, Repository},
    secret::Login,
    spec::Environment,
    version::Version,
};
use engine::{Engine, EngineError};
use jiff::SignedDuration;
use registry::RegistryError;

use crate::{
    api::EnvironmentDraft,
    context::{App, lock},
    environments, fitness, logins, problem, settings,
};

/// How long a registry rests after a 429 that names no time.
const REST: SignedDuration = SignedDuration::from_mins(5);
/// The longest rest that is believed.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(24);

/// One exact image.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// With tag, where one is known; its digest is filled in.
    pub reference: ImageReference,
    /// What the registry says; `None` for an image that is only on the compute.
    pub remote: Option<RemoteImage>,
    /// The same image on the compute, when it is there.
    pub local: Option<LocalImage>,
    /// Bytes to download.
    pub download_size: u64,
    pub login: Option<Login>,
}

impl Target {
    pub(crate) fn version(&self) -> Option<Version> {
        self.reference.version()
    }

    /// For people: the version, the environment and its version, else the reference without its digest.
    pub(crate) fn title(&self) -> String {
        if let Some(title) = EnvironmentName::title_of(&self.reference) {
            return title;
        }
        self.version().map_or_else(
            || ImageReference { digest: None, ..self.reference.clone() }.to_string(),
            |version| version.to_string(),
        )
    }

    /// What identifies it: the digest, else the image id.
    pub(crate) fn digest(&self) -> String {
        match (&self.reference.digest, &self.local) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(local)) => local.id.clone(),
            (None, None) => String::new(),
        }
    }

    /// Every digest by which it may be known.
    pub(crate) fn digests(&self) -> Vec<Digest> {
        let mut all: Vec<Digest> = self.reference.digest.iter().cloned().collect();
        if let Some(remote) = &self.remote {
            all.extend(remote.index_digest.clone());
            all.push(remote.manifest_digest.clone());
            all.push(remote.config_digest.clone());
        }
        if let Some(local) = &self.local {
            all.extend(local.digests.iter().cloned());
            all.extend(Digest::parse(&local.id));
        }
        all
    }

    /// The configuration of the image.
    pub(crate) fn config(&self) -> &serde_json::Value {
        match (&self.local, &self.remote) {
            (Some(local), _) => &local.config,
            (None, Some(remote)) => &remote.config,
            (None, None) => &serde_json::Value::Null,
        }
    }
}

/// Parses an environment as typed, for a runtime on this compute.
pub(crate) fn parse(
    app: &App,
    compute: &ComputeId,
    draft: &EnvironmentDraft,
) -> Result<Environment, Problem> {
    match draft {
        EnvironmentDraft::Default { repository, version } => {
            let repository =
                match repository.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                    Some(text) => Repository::parse(text).map_err(|error| {
                        Problem::field("environment.repository", error.to_string())
                    })?,
                    None => settings::repositories(app).into_iter().next().ok_or_else(|| {
                        Problem::field("environment.repository", "Give a repository.")
                    })?,
                };
            let version = version
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(Version::parse)
                .transpose()
                .map_err(|error| Problem::field("environment.version", error.to_string()))?;
            Ok(Environment::Default { repository, version })
        }
        EnvironmentDraft::Image { reference } => Ok(Environment::Image {
            reference: ImageReference::parse(reference)
                .map_err(|error| Problem::field("environment.reference", error.to_string()))?,
        }),
        EnvironmentDraft::Named { environment, version } => {
            environments::chosen(app, compute, environment, *version)
        }
    }
}

/// The tags of the default environment: from the first repository that has a dated one (the fallback
/// is asked only when the first answers and has none).
pub(crate) async fn default_tags(
    app: &App,
    asked: Option<&Repository>,
) -> Result<(Repository, Vec<String>), Problem> {
    let mut repositories = settings::repositories(app);
    // The default repository was written into a spec: its fallback still counts.
    if let Some(asked) = asked
        && repositories.first() != Some(asked)
    {
        repositories = vec![asked.clone()];
    }
    let mut best: Option<(Repository, Vec<String>)> = None;
    for repository in repositories {
        match tags(app, &repository).await {
            Ok(tags) if !domain::version::dated(&tags).is_empty() => return Ok((repository, tags)),
            Ok(tags) => {
                best.get_or_insert((repository, tags));
            }
            Err(RegistryError::NotFound { .. }) if best.is_none() => {
                best.get_or_insert((repository, vec![]));
            }
            Err(error) if best.is_none() => return Err(problem::of_registry(&error)),
            Err(error) => tracing::info!(%error, "the fallback repository gave no answer"),
        }
    }
    best.ok_or_else(|| Problem::field("environment.repository", "Give a repository."))
}

/// Tags of one repository, with the login that is kept for it.
pub(crate) async fn tags(app: &App, repository: &Repository) -> Result<Vec<String>, RegistryError> {
    let login = logins::login_for(app, repository.host()).await;
    let answer = app.parts.registry.tags(repository, login.as_ref()).await;
    answer.inspect_err(|error| heed(app, error))
}

/// What a registry says of one image, and the login that was sent.
pub(crate) async fn remote(
    app: &App,
    reference: &ImageReference,
    platform: &Platform,
) -> (Result<RemoteImage, RegistryError>, Option<Login>) {
    let login = logins::login_for(app, reference.repository.host()).await;
    let answer = app.parts.registry.image(reference, platform, login.as_ref()).await;
    (answer.inspect_err(|error| heed(app, error)), login)
}

/// A registry that asks to wait is not asked by itself until then.
fn heed(app: &App, error: &RegistryError) {
    if let RegistryError::RateLimited { host, retry_after } = error {
        let asked = retry_after.and_then(|seconds| i64::try_from(seconds).ok());
        let rest = asked.map_or(REST, SignedDuration::from_secs).min(LONGEST_REST);
        lock(&app.resting).insert(host.clone(), crate::context::now() + rest);
    }
}

/// Whether a registry asked to be left alone, and the time is not over.
pub(crate) fn rests(app: &App, host: &str) -> bool {
    lock(&app.resting).get(host).is_some_and(|until| {
        let left = until.duration_since(crate::context::now());
        // A longer one than any that is believed is of a clock that was set back meanwhile.
        left.is_positive() && left <= LONGEST_REST
    })
}

/// Resolves an environment on a compute.
pub(crate) async fn resolve(
    app: &App,
    engine: &dyn Engine,
    environment: &Environment,
) -> Result<Target, Problem> {
    let reference = match environment {
        Environment::Default { repository, version: Some(version) } => {
            repository.tagged(&version.to_string())
        }
        Environment::Default { repository, version: None } => {
            let (repository, tags) = default_tags(app, Some(repository)).await?;
            match offered(&tags) {
                Offered::Dated(versions) => {
                    let found = fitness::newest_good(app, engine, &repository, versions).await?;
                    let nothing = || fitness::nothing_of(&repository, &found.passed_over);
                    return found.target.ok_or_else(nothing);
                }
                Offered::Latest => repository.tagged("latest"),
                Offered::Nothing => return Err(fitness::nothing_of(&repository, &[])),
            }
        }
        Environment::Image { reference } => reference.clone(),
        Environment::Named { .. } => {
            return environments::target(app, engine, environment).await;
        }
    };
    image(app, engine, &reference).await
}

/// Resolves one reference: the registry decides; an image that only the compute has is taken from
/// there, and so is one whose registry gives no answer.
pub(crate) async fn image(
    app: &App,
    engine: &dyn Engine,
    reference: &ImageReference,
) -> Result<Target, Problem> {
    let platform = Platform::linux(&engine.facts().architecture);
    let (answer, login) = remote(app, reference, &platform).await;
    let remote = match answer {
        Ok(remote) => remote,
        Err(error) => return local_only(engine, reference, &platform, &error).await,
    };
    let locals = engine.images().await.map_err(|error| problem::of_engine(&error))?;
    let local = locals.iter().find(|local| remote.is(local)).cloned();
    let download_size = if local.is_some() { 0 } else { remote.download_size(&locals) };
    let reference = ImageReference {
        tag: reference
            .tag
            .clone()
            .or_else(|| reference.digest.is_none().then(|| "latest".to_owned())),
        digest: Some(remote.pull_digest().clone()),
        repository: reference.repository.clone(),
    };
    Ok(Target { reference, remote: Some(remote), local, download_size, login })
}

async fn local_only(
    engine: &dyn Engine,
    reference: &ImageReference,
    platform: &Platform,
    error: &RegistryError,
) -> Result<Target, Problem> {
    let local = match engine.image(&reference.to_string()).await {
        Ok(local) => local,
        Err(EngineError::NotFound(_)) => return Err(problem::of_registry(error)),
        Err(error) => return Err(problem::of_engine(&error)),
    };
    if !local.architecture.is_empty() && local.architecture != platform.architecture {
        return Err(problem::of_registry(&RegistryError::NoSuchPlatform {
            reference: reference.to_string(),
            platform: platform.to_string(),
            offered: format!("{}/{}", local.operating_system, local.architecture),
        }));
    }
    Ok(Target {
        reference: reference.clone(),
        remote: None,
        local: Some(local),
        download_size: 0,
        login: None,
    })
}
