//! Update and roll back: what is aimed at, whether it may be, and what a bad end is remembered for.

use domain::{
    container::Container,
    finding::{Problem, ProblemCode},
    image::{Digest, ImageReference},
    label::{Labels, Purpose},
    operation::{OperationId, OperationKind, StepKind},
    recovery::Parts,
    recreate,
    runtime::{Runtime, RuntimeId},
    spec::Environment,
};
use engine::{Engine, EngineError};

use super::{
    Handle, Outcome, Plan, Stop, begin, hands, held, image, not_held,
    preview::{all_containers, cannot_prove, doubts, may_not_fit, unproven},
    row, swap,
    transaction::{Change, Flows, STEPS, Service, Transaction},
};
use crate::{
    api::UpdateRuntime,
    came_from::{self, CameFrom},
    configuration::going_back,
    context::{App, lock},
    problem,
    resolve::{self, Target},
    versions,
};

/// What an update goes to.
enum Aim {
    Environment {
        environment: Environment,
        confirmed: bool,
        cancel_runs: bool,
        /// The digest that was shown.
        shown: Option<String>,
    },
    /// The image of the kept previous container.
    Previous(Box<Container>),
    /// The image from which the runtime came, by the history: the previous container is gone.
    Known(Box<CameFrom>),
}

/// Starts an update for the person.
pub(crate) fn update(app: &App, request: UpdateRuntime) -> Result<OperationId, Problem> {
    update_by(app, request, None)
}

/// Starts an update; `by` tells who or what wants it when it is not the person alone.
pub(crate) fn update_by(
    app: &App,
    request: UpdateRuntime,
    by: Option<String>,
) -> Result<OperationId, Problem> {
    let row = row(app, &request.runtime)?;
    not_held(&row)?;
    let environment = resolve::parse(app, &row.compute, &request.environment)?;
    let mut plan = Plan::on(OperationKind::Update, &row, &STEPS);
    plan.from = Some(shown(&row));
    plan.started_by = by;
    let aim = Aim::Environment {
        environment,
        confirmed: request.confirmed,
        cancel_runs: request.cancel_runs,
        shown: request.shown,
    };
    begin(app, plan, |handle| work(handle, row, aim))
}

/// Starts to go back to the image of the kept previous container; where that is gone, to the image that
/// the history knows.
pub(crate) fn roll_back(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    let row = row(app, id)?;
    not_held(&row)?;
    let containers = lock(&app.table).containers_of(&row.compute, id);
    let kept = Parts::of(&containers).previous.cloned();
    let aim = kept.map(|previous| Aim::Previous(Box::new(previous)));
    let known = || came_from::of(app, id, &row.digest).map(|from| Aim::Known(Box::new(from)));
    let aim = aim.or_else(known).ok_or_else(|| {
        Problem::new(
            ProblemCode::NotFound,
            "No previous container is kept, so there is nothing to go back to.",
        )
        .hint("Update to the version that you want instead.")
    })?;
    let mut plan = Plan::on(OperationKind::RollBack, &row, &STEPS);
    plan.from = Some(shown(&row));
    begin(app, plan, |handle| work(handle, row, aim))
}

/// What runs, for people.
pub(crate) fn shown(row: &Runtime) -> String {
    if let Some(Environment::Named { name, version, .. }) =
        row.spec.as_ref().map(|spec| &spec.environment)
    {
        return format!("{name} {version}");
    }
    row.version.map_or_else(|| row.image.clone(), |version| version.to_string())
}

/// Updates within another operation.
pub(super) async fn to(
    handle: Handle,
    row: Runtime,
    environment: Environment,
    confirmed: bool,
    cancel_runs: bool,
) -> Outcome {
    work(handle, row, Aim::Environment { environment, confirmed, cancel_runs, shown: None }).await
}

async fn work(handle: Handle, row: Runtime, aim: Aim) -> Outcome {
    let engine = handle.engine.clone();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    handle.step(StepKind::Resolve);
    let old = engine.inspect(&row.container_id).await.map_err(refused)?;
    if old.name != row.name.as_str() {
        return Err(problem::not_found("The container of this name").into());
    }
    hands::not_paused(&row.name, &old)?;
    let others = all_containers(engine.as_ref()).await.map_err(refused)?;
    if let Some(refusal) = recreate::refusals(&old, &others).into_iter().next() {
        return Err(refusal.into());
    }
    let kept = !matches!(aim, Aim::Known(_));
    let mut settings = None;
    let (target, environment, confirmed, cancel_runs) = match aim {
        Aim::Environment { environment, confirmed, cancel_runs, shown } => {
            let target = handle
                .or_cancel(resolve::resolve(handle.app(), engine.as_ref(), &environment))
                .await??;
            if let Some(shown) = shown {
                still_shown(&target, &shown)?;
            }
            (target, Some(environment), confirmed, cancel_runs)
        }
        Aim::Previous(previous) => {
            let target = image_of(handle.app(), engine.as_ref(), &previous).await?;
            settings = going_back(handle.app(), engine.as_ref(), &row.id, &old, &previous)
                .await
                .map_err(refused)?
                .map(|(from, to)| Change { from, to });
            let environment = Labels::read(&previous.labels)
                .and_then(|labels| labels.spec)
                .map(|spec| spec.environment);
            (target, environment, true, false)
        }
        Aim::Known(from) => {
            let work = known_image(handle.app(), engine.as_ref(), &from);
            let target = handle.or_cancel(work).await??;
            let environment = row.spec.as_ref().map(|spec| now_on(&spec.environment, &target));
            (target, environment, true, false)
        }
    };
    let rolling_back = handle.kind() == OperationKind::RollBack;
    handle.note(target.title());
    let digest = target.digest();
    let from_image = Labels::read(&old.labels)
        .and_then(|labels| labels.image)
        .map_or_else(|| old.image_reference.clone(), |image| image.to_string());
    handle.set(|operation| {
        operation.to = Some(target.title());
        operation.to_digest = Some(digest);
        operation.from_image = Some(from_image);
        operation.from_digest = Some(row.digest.clone());
    });
    let cannot_prove = cannot_prove(handle.app(), &row.id, &old, &target);
    let mut open_questions = doubts(handle.app(), &target).await;
    if old.is_running() {
        open_questions.extend(unproven(&cannot_prove));
    }
    open_questions.extend(may_not_fit(engine.as_ref(), &target).await);
    if let Some(doubt) = open_questions.into_iter().next()
        && !confirmed
    {
        return Err(doubt
            .hint("Choose another version, or confirm that you want this one.")
            .into());
    }

    handle.step(StepKind::Lock);
    let ours = lock(&handle.app().table).containers_of(&row.compute, &row.id);
    let older = Parts::of(&ours).previous.map(|container| container.id.clone());
    let wanted = held::Wanted {
        name: &row.name,
        old: &old,
        older,
        target: target.digest(),
        purpose: Purpose::Replace,
    };
    let image = match held::some_image(engine.as_ref(), &old, &[]).await.map_err(refused)? {
        Some(image) => image,
        // Somebody removed every image: the target is the first one that can be had.
        None => image::pull(&handle, &target).await?.name,
    };
    let held = held::take(&handle, wanted, &image).await?;
    let transaction = Transaction {
        row: &row,
        old: &old,
        target: &target,
        environment,
        cancel_runs,
        flows: if confirmed { Flows::Tell } else { Flows::Hold },
        settings: settings.as_ref(),
        service: Service::AsBefore,
    };
    let result = transaction.go(&handle, &held, &cannot_prove).await;
    match result {
        Ok(outcome) => {
            // Where only settings went back, nothing is wrong with the image.
            if rolling_back
                && old.image_id != target.local.as_ref().map_or("", |local| local.id.as_str())
                && let Ok(digest) = Digest::parse(&row.digest)
            {
                let image = ImageReference::parse(&row.image).ok();
                remember_bad(handle.app(), image, &[digest], "It was rolled back.").await;
            }
            Ok(if kept {
                outcome
            } else {
                format!(
                    "{outcome} Its previous container was gone, so only the image went back; the settings stayed as they are."
                )
            })
        }
        Err(stop) => {
            transaction.clean_up(&handle, &held).await;
            // The compute is not left fuller than it was.
            if target.local.is_none() && !image::is_fine(&stop) {
                image::discard(engine.as_ref(), &target.reference).await;
            }
            if let Stop::Failed(problem) = &stop
                && let Some(finding) =
                    problem.finding.as_ref().filter(|finding| swap::blames_image(finding))
            {
                let image = Some(target.reference.clone());
                remember_bad(handle.app(), image, &target.digests(), &finding.sentence).await;
            }
            Err(stop)
        }
    }
}

/// Refuses when the person was shown another image than the one that would be taken now.
fn still_shown(target: &Target, shown: &str) -> Result<(), Stop> {
    // A registry that is away meanwhile leaves the image as the engine knows it: the same all the same.
    if shown == target.digest() || target.digests().iter().any(|digest| digest.as_str() == shown) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::Moved,
        format!(
            "{} names another image now than when it was shown. Nothing was done.",
            target.title()
        ),
    )
    .hint("Look at what would change now, then update.")
    .details(format!("shown: {shown}\nnow: {}", target.digest()))
    .into())
}

async fn remember_bad(app: &App, image: Option<ImageReference>, digests: &[Digest], why: &str) {
    for digest in digests {
        if let Err(error) = app.parts.history.bad_digest(digest, why, crate::context::now()).await {
            tracing::warn!(%error, "a bad digest could not be written to the history");
        }
    }
    if let Some(image) = image {
        tokio::spawn(versions::image_failed(app.clone(), image));
    }
}

/// The image of a container: on the compute, else from where it came by its digest.
pub(super) async fn image_of(
    app: &App,
    engine: &dyn Engine,
    container: &Container,
) -> Result<Target, Stop> {
    let labels = Labels::read(&container.labels);
    let reference = labels
        .and_then(|labels| labels.image)
        .or_else(|| ImageReference::parse(&container.image_reference).ok());
    match (engine.image(&container.image_id).await, reference) {
        (Ok(local), Some(reference)) => Ok(Target {
            reference,
            remote: None,
            local: Some(local),
            download_size: 0,
            login: None,
        }),
        (Err(EngineError::NotFound(_)), Some(reference)) => {
            Ok(resolve::image(app, engine, &reference).await?)
        }
        (Err(error), _) => Err(problem::of_engine(&error).into()),
        (_, None) => Err(problem::not_found("The image of the container").into()),
    }
}

/// The image from which a runtime came: on the compute, else from where it came by its digest.
async fn known_image(app: &App, engine: &dyn Engine, from: &CameFrom) -> Result<Target, Stop> {
    let reference = &from.image;
    let exact = reference
        .digest
        .as_ref()
        .map_or_else(|| from.digest.clone(), |digest| reference.pinned(digest).to_string());
    match engine.image(&exact).await {
        Ok(local) => Ok(Target {
            reference: reference.clone(),
            remote: None,
            local: Some(local),
            download_size: 0,
            login: None,
        }),
        Err(EngineError::NotFound(_)) if reference.digest.is_some() => {
            Ok(resolve::image(app, engine, reference).await?)
        }
        // Its tag may name another image by now.
        Err(EngineError::NotFound(_)) => Err(Problem::new(
            ProblemCode::ImageNotFound,
            format!("The image {reference} from which this runtime came is not on the compute any more, and came from no registry."),
        )
        .hint("Update to the version that you want instead.")
        .into()),
        Err(error) => Err(problem::of_engine(&error).into()),
    }
}

/// An environment, once it is on this image.
fn now_on(environment: &Environment, target: &Target) -> Environment {
    match environment {
        Environment::Default { repository, version } => Environment::Default {
            repository: repository.clone(),
            // One that follows the newest goes on following it.
            version: version.and_then(|version| target.version().or(Some(version))),
        },
        // Going back by the image alone leaves the environment that it belongs to.
        Environment::Image { .. } | Environment::Named { .. } => {
            Environment::Image { reference: target.reference.clone() }
        }
    }
}
