//! Update and roll back: what is aimed at, whether it may be, and what a bad end is remembered for.

use domain::{
    container::Container,
    finding::{Problem, ProblemCode},
    image::{Digest, ImageReference},
    label::Labels,
    operation::{OperationId, OperationKind, StepKind},
    recovery::Parts,
    recreate,
    runtime::{Runtime, RuntimeId},
    spec::Environment,
};
use engine::{Engine, EngineError};

use super::{
    Handle, Outcome, Plan, Stop, begin, not_held,
    preview::{all_containers, doubts, unproven},
    row, swap,
    transaction::Transaction,
};
use crate::{
    api::UpdateRuntime,
    context::{App, lock},
    problem,
    resolve::{self, Target},
};

const STEPS: [StepKind; 9] = [
    StepKind::Resolve,
    StepKind::Lock,
    StepKind::Pull,
    StepKind::Inspect,
    StepKind::Prove,
    StepKind::WaitForRuns,
    StepKind::SwitchOver,
    StepKind::WaitForHealth,
    StepKind::CleanUp,
];

/// What an update goes to.
enum Aim {
    Environment {
        environment: Environment,
        confirmed: bool,
        cancel_runs: bool,
    },
    /// The image of the kept previous container.
    Previous(Box<Container>),
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
    let environment = resolve::parse(app, &request.environment)?;
    let mut plan = Plan::on(OperationKind::Update, &row, &STEPS);
    plan.from = Some(shown(&row));
    plan.started_by = by;
    let aim = Aim::Environment {
        environment,
        confirmed: request.confirmed,
        cancel_runs: request.cancel_runs,
    };
    begin(app, plan, |handle| work(handle, row, aim))
}

/// Starts to go back to the image of the kept previous container.
pub(crate) fn roll_back(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    let row = row(app, id)?;
    not_held(&row)?;
    let containers = lock(&app.table).containers_of(&row.compute, id);
    let previous = Parts::of(&containers).previous.cloned().ok_or_else(|| {
        Problem::new(
            ProblemCode::NotFound,
            "No previous container is kept, so there is nothing to go back to.",
        )
        .hint("Update to the version that you want instead.")
    })?;
    let mut plan = Plan::on(OperationKind::RollBack, &row, &STEPS);
    plan.from = Some(shown(&row));
    begin(app, plan, |handle| work(handle, row, Aim::Previous(Box::new(previous))))
}

/// What runs, for people.
pub(crate) fn shown(row: &Runtime) -> String {
    row.version.map_or_else(|| row.image.clone(), |version| version.to_string())
}

async fn work(handle: Handle, row: Runtime, aim: Aim) -> Outcome {
    let engine = handle.engine.clone();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    handle.step(StepKind::Resolve);
    let old = engine.inspect(&row.container_id).await.map_err(refused)?;
    if old.name != row.name.as_str() {
        return Err(problem::not_found("The container of this name").into());
    }
    let others = all_containers(engine.as_ref()).await.map_err(refused)?;
    if let Some(refusal) = recreate::refusals(&old, &others).into_iter().next() {
        return Err(refusal.into());
    }
    let (target, environment, confirmed, cancel_runs) = match aim {
        Aim::Environment { environment, confirmed, cancel_runs } => {
            let target = handle
                .or_cancel(resolve::resolve(handle.app(), engine.as_ref(), &environment))
                .await??;
            (target, Some(environment), confirmed, cancel_runs)
        }
        Aim::Previous(previous) => {
            let target = previous_image(handle.app(), engine.as_ref(), &previous).await?;
            let environment = Labels::read(&previous.labels)
                .and_then(|labels| labels.spec)
                .map(|spec| spec.environment);
            (target, environment, true, false)
        }
    };
    let rolling_back = handle.kind() == OperationKind::RollBack;
    handle.note(target.title());
    let digest = target.digest();
    handle.set(|operation| {
        operation.to = Some(target.title());
        operation.to_digest = Some(digest);
        operation.from_digest = Some(row.digest.clone());
    });
    let cannot_prove = recreate::cannot_prove(&old, None);
    let mut open_questions = doubts(handle.app(), &target).await;
    if old.is_running() {
        open_questions.extend(unproven(&cannot_prove));
    }
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
    let held =
        swap::take_lock(&handle, &row.name, &old, older, &target.digest(), &old.image_id).await?;
    let transaction =
        Transaction { row: &row, old: &old, target: &target, environment, cancel_runs };
    let result = transaction.go(&handle, &held, &cannot_prove).await;
    match result {
        Ok(outcome) => {
            if rolling_back && let Ok(digest) = Digest::parse(&row.digest) {
                remember_bad(handle.app(), &digest, "It was rolled back.").await;
            }
            Ok(outcome)
        }
        Err(stop) => {
            transaction.clean_up(&handle, &held).await;
            if let Stop::Failed(problem) = &stop
                && let Some(finding) =
                    problem.finding.as_ref().filter(|finding| swap::blames_image(finding))
            {
                for digest in target.digests() {
                    remember_bad(handle.app(), &digest, &finding.sentence).await;
                }
            }
            Err(stop)
        }
    }
}

async fn remember_bad(app: &App, digest: &Digest, why: &str) {
    if let Err(error) = app.parts.history.bad_digest(digest, why, crate::context::now()).await {
        tracing::warn!(%error, "a bad digest could not be written to the history");
    }
}

/// The image of the previous container: on the compute, else from where it came by its digest.
async fn previous_image(
    app: &App,
    engine: &dyn Engine,
    previous: &Container,
) -> Result<Target, Stop> {
    let labels = Labels::read(&previous.labels);
    let reference = labels
        .and_then(|labels| labels.image)
        .or_else(|| ImageReference::parse(&previous.image_reference).ok());
    match (engine.image(&previous.image_id).await, reference) {
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
        (_, None) => Err(problem::not_found("The image of the previous container").into()),
    }
}
