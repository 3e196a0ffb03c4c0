//! What is to be known before an update: what it would do, and what speaks against it.

use std::time::Duration;

use domain::{
    container::Container,
    diagnosis::{self, About},
    finding::{Cause, Problem, ProblemCode},
    image::ImageReference,
    operation::package_changes,
    recreate,
    runtime::RuntimeId,
    start,
};
use engine::{Engine, EngineError};

use super::row;
use crate::{
    api::{ActiveRuns, ImageSide, KnownChanges, PreviewUpdate, UpdatePreview},
    computes,
    context::{App, lock},
    environments, fitness, problem,
    resolve::{self, Target},
};

/// Every container of the engine in full, to see who depends on one.
pub(crate) async fn all_containers(engine: &dyn Engine) -> Result<Vec<Container>, EngineError> {
    let mut all = Vec::new();
    for neighbour in engine.neighbours().await? {
        match engine.inspect(&neighbour.id).await {
            Ok(container) => all.push(container),
            Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Why an update of this container would be refused.
pub(crate) async fn refusals(
    engine: &dyn Engine,
    container: &str,
) -> Result<Vec<Problem>, Problem> {
    let old = engine.inspect(container).await.map_err(|error| problem::of_engine(&error))?;
    let others = all_containers(engine).await.map_err(|error| problem::of_engine(&error))?;
    Ok(recreate::refusals(&old, &others))
}

/// What speaks against a target, unless the person says so all the same.
pub(super) async fn doubts(app: &App, target: &Target) -> Vec<Problem> {
    let title = target.title();
    fitness::against(app, target)
        .await
        .iter()
        .map(|unfit| Problem::new(ProblemCode::KnownBad, format!("{title} {unfit}")))
        .collect()
}

/// Why a target cannot be proved beside the old container; empty = it can, as far as is known.
pub(super) fn cannot_prove(
    app: &App,
    runtime: &RuntimeId,
    old: &Container,
    target: &Target,
) -> Vec<String> {
    let mut reasons = recreate::cannot_prove(old, None);
    let known = lock(&app.write_at_start).get(runtime).cloned().unwrap_or_default();
    if target.digests().iter().any(|digest| known.contains(digest)) {
        reasons.push(diagnosis::describe(Cause::WritesAtStart, About::default()).meaning);
    }
    reasons
}

/// That a download may not fit where the compute keeps images.
pub(super) async fn may_not_fit(engine: &dyn Engine, target: &Target) -> Option<Problem> {
    let needed = target.download_size.saturating_mul(problem::UNPACKED);
    let free = engine.free_disk().await.ok().flatten()?;
    (free < needed).then(|| {
        Problem::new(
            ProblemCode::DiskFull,
            format!(
                "The download may not fit: it takes about {} unpacked, and {} are free.",
                problem::bytes(needed),
                problem::bytes(free)
            ),
        )
        .hint("Clean up the disk of the compute first. If it does not fit, nothing is changed.")
    })
}

pub(crate) fn unproven(reasons: &[String]) -> Vec<Problem> {
    reasons
        .iter()
        .map(|reason| {
            Problem::new(
                ProblemCode::CannotBeKept,
                format!("The new image cannot be proved beside the running one. {reason}"),
            )
            .hint(
                "It is proved after the switch-over instead; on a failure the old one is put back.",
            )
        })
        .collect()
}

/// A run has both of its processes after this time.
const BEGINS_WITHIN: Duration = Duration::from_millis(400);

/// Runs that are active on a runtime's container: ours, and others as far as its processes show them.
pub(crate) async fn active_runs(
    app: &App,
    runtime: &RuntimeId,
    engine: &dyn Engine,
    container: &str,
) -> ActiveRuns {
    let ours = crate::flows::active_on(app, runtime) + crate::batches::rows_on(app, runtime);
    let look = async || {
        let processes = engine.processes(container).await.ok();
        processes.and_then(|lines| start::active_runs(&lines))
    };
    let mut seen = look().await;
    if seen == Some(start::RunsSeen { runs: 0, and_one: true }) {
        // A run that others just began has its second process by then.
        tokio::time::sleep(BEGINS_WITHIN).await;
        seen = look().await;
    }
    match seen {
        Some(seen) => ActiveRuns::Known { count: seen.runs.max(ours) },
        None if ours > 0 => ActiveRuns::Known { count: ours },
        None => ActiveRuns::Unknown,
    }
}

/// What differs between two images of this compute, if both are versions of environments.
fn changes(app: &App, from: &str, to: &str) -> Option<KnownChanges> {
    let versions: Vec<_> =
        environments::known(app).into_iter().flat_map(|(_, versions)| versions).collect();
    let of = |id: &str| versions.iter().find(|version| version.image_id == id);
    let (from, to) = (of(from)?, of(to)?);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(KnownChanges {
        packages: package_changes(&from.packages, &to.packages),
        python_from: from.python.clone(),
        python_to: to.python.clone(),
        size_from: from.size,
        size_to: to.size,
        layers: count(to.layers.len()),
        shared_layers: count(to.shared_layers(from)),
    })
}

/// What an update would do.
pub(crate) async fn preview_update(
    app: &App,
    request: PreviewUpdate,
) -> Result<UpdatePreview, Problem> {
    let row = row(app, &request.runtime)?;
    let engine = computes::engine(app, &row.compute)?;
    let engine = engine.as_ref();
    let environment = resolve::parse(app, &row.compute, &request.environment)?;
    let target = resolve::resolve(app, engine, &environment).await?;
    let old =
        engine.inspect(&row.container_id).await.map_err(|error| problem::of_engine(&error))?;
    let others = all_containers(engine).await.map_err(|error| problem::of_engine(&error))?;
    let refusals = recreate::refusals(&old, &others);
    let mut confirmations = doubts(app, &target).await;
    if old.is_running() {
        confirmations.extend(unproven(&cannot_prove(app, &row.id, &old, &target)));
    }
    confirmations.extend(may_not_fit(engine, &target).await);
    let from = ImageReference::parse(&row.image).ok().map(|image| ImageSide {
        version: row.version,
        digest: row.digest.clone(),
        created: None,
        facts: row.version.and_then(|version| app.known.of(version).cloned()),
        image,
    });
    let same_image = target.local.as_ref().is_some_and(|local| local.id == old.image_id);
    let active_runs = if old.is_running() {
        active_runs(app, &row.id, engine, &old.id).await
    } else {
        ActiveRuns::Known { count: 0 }
    };
    let changes = target.local.as_ref().and_then(|new| changes(app, &old.image_id, &new.id));
    let to_version = target.version();
    Ok(UpdatePreview {
        from,
        same_image,
        download_size: target.download_size,
        security_fixes: match (row.version, to_version) {
            (Some(from), Some(to)) => app.known.security_fixes(from, to),
            _ => vec![],
        },
        changes,
        refusals,
        confirmations,
        active_runs,
        volumes: old
            .mounts
            .iter()
            .filter(|mount| mount.kind != domain::container::MountKind::Tmpfs && !mount.read_only)
            .map(|mount| mount.source.clone())
            .collect(),
        running: old.is_running(),
        keeps_previous_days: domain::runtime::KEEPS_PREVIOUS_DAYS,
        to: ImageSide {
            version: to_version,
            digest: target.digest(),
            created: target.remote.as_ref().and_then(|remote| remote.created),
            facts: to_version.and_then(|version| app.known.of(version).cloned()),
            image: ImageReference { digest: None, ..target.reference },
        },
    })
}
