//! Newer bases: a tag that names another image now, or a repository that has a higher dated version.

use std::collections::BTreeMap;

use domain::{
    environment::{EnvironmentId, EnvironmentVersion, Source},
    finding::Problem,
    image::{ImageReference, Platform},
    version::Version,
};
use engine::Engine;

use super::outdated::outdated;
use crate::{
    api::{BaseNews, EnvironmentDraft, NewerBase},
    context::{App, lock},
    fitness, resolve,
};

/// For each base whose repository has a higher good dated version: that one.
pub(super) async fn higher_tags(
    app: &App,
    engine: &dyn Engine,
    references: &[ImageReference],
) -> Result<BTreeMap<String, String>, Problem> {
    let mut higher = BTreeMap::new();
    for reference in references {
        if let Some(newer) = higher_tag(app, engine, reference).await? {
            higher.insert(reference.to_string(), newer.to_string());
        }
    }
    Ok(higher)
}

async fn higher_tag(
    app: &App,
    engine: &dyn Engine,
    reference: &ImageReference,
) -> Result<Option<ImageReference>, Problem> {
    let Some(current) = reference.version() else { return Ok(None) };
    let tags = resolve::tags(app, &reference.repository)
        .await
        .map_err(|error| crate::problem::of_registry(&error))?;
    let versions: Vec<Version> =
        domain::version::dated(&tags).into_iter().filter(|version| *version > current).collect();
    let found = fitness::newest_good(app, engine, &reference.repository, versions).await?;
    Ok(found.target.and_then(|target| {
        let tag = target.reference.tag?;
        Some(reference.repository.tagged(&tag))
    }))
}

/// The image that an environment takes as it is.
pub(crate) async fn reference_of(
    app: &App,
    engine: &dyn Engine,
    source: &Source,
) -> Result<ImageReference, Problem> {
    let draft = match source {
        Source::Image { reference } => EnvironmentDraft::Image { reference: reference.clone() },
        Source::Default { repository, version } => EnvironmentDraft::Default {
            repository: Some(repository.clone()),
            version: Some(version.clone()),
        },
        Source::Packages(_) | Source::BuildContext(_) => {
            return Err(crate::problem::not_found("The image"));
        }
    };
    let nowhere = domain::compute::ComputeId(String::new());
    let environment = resolve::parse(app, &nowhere, &draft)?;
    Ok(resolve::resolve(app, engine, &environment).await?.reference)
}

/// Asks whether there is something newer than what the newest version was made from, bases and packages,
/// and keeps the answer.
pub(crate) async fn check(app: &App, id: &EnvironmentId) -> Result<(), Problem> {
    let on_disk = super::on_disk(app, id)?;
    let Some(newest) = super::newest(app, id, None) else { return Ok(()) };
    let engine = super::engine(app, &newest.compute)?;
    let source = &on_disk.definition.source;
    let mut news = news(app, engine.as_ref(), source, &newest).await;
    match outdated(app, engine.as_ref(), source, &newest).await {
        Ok(packages) => news.packages = packages,
        Err(problem) => news.problem = Some(problem),
    }
    lock(&app.environments).news.insert(id.clone(), news);
    super::tell_runtimes(app, id);
    Ok(())
}

/// Asks for every environment that was not asked about for so long.
pub(crate) async fn check_due(app: &App, due: jiff::SignedDuration) {
    let now = crate::context::now();
    let ids: Vec<EnvironmentId> = {
        let known = lock(&app.environments);
        let is_due = |id: &&EnvironmentId| {
            known.versions_of(id).next().is_some()
                && known.news.get(id).is_none_or(|news| {
                    let age = now.duration_since(news.checked);
                    age.is_negative() || age >= due
                })
        };
        known.definitions.keys().filter(is_due).cloned().collect()
    };
    for id in ids {
        if let Err(problem) = check(app, &id).await {
            tracing::info!(environment = %id, %problem, "newer bases could not be asked for");
        }
    }
}

async fn news(
    app: &App,
    engine: &dyn Engine,
    source: &Source,
    newest: &EnvironmentVersion,
) -> BaseNews {
    let mut news =
        BaseNews { newer: vec![], packages: vec![], checked: crate::context::now(), problem: None };
    let follows = match source {
        Source::Default { version, .. } => version.trim().is_empty(),
        _ => true,
    };
    if !follows {
        return news;
    }
    for base in newest.bases.iter().filter(|base| base.from_registry) {
        let Ok(reference) = ImageReference::parse(&base.reference) else { continue };
        match newer_of(app, engine, &reference, &base.digest).await {
            Ok(newer) => news.newer.extend(newer),
            Err(problem) => news.problem = Some(problem),
        }
    }
    news
}

/// What is newer than an image of a registry that was used under this digest.
async fn newer_of(
    app: &App,
    engine: &dyn Engine,
    reference: &ImageReference,
    used: &str,
) -> Result<Option<NewerBase>, Problem> {
    let from = reference.to_string();
    if let Some(higher) = higher_tag(app, engine, reference).await? {
        let digest = digest_of(app, engine, &higher).await?;
        return Ok(Some(NewerBase { from, to: higher.to_string(), digest }));
    }
    let digest = digest_of(app, engine, reference).await?;
    Ok((digest != used).then(|| NewerBase { to: from.clone(), from, digest }))
}

async fn digest_of(
    app: &App,
    engine: &dyn Engine,
    reference: &ImageReference,
) -> Result<String, Problem> {
    let platform = Platform::linux(&engine.facts().architecture);
    let (answer, _) = resolve::remote(app, reference, &platform).await;
    answer
        .map(|remote| remote.pull_digest().to_string())
        .map_err(|error| crate::problem::of_registry(&error))
}
