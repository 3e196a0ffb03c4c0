//! What a finding proposes, done as an operation: settings or the way of starting change by the same
//! transaction as everywhere, and the runtime is started afterwards.

use domain::{
    container::Container,
    finding::{Problem, ProblemCode, Remedy},
    label::Labels,
    name::Part,
    operation::{OperationId, OperationKind, StepKind},
    recreate::{self, Changes},
    runtime::{Runtime, RuntimeId},
};
use engine::EngineError;
use serde_json::Value;

use super::{
    Handle, Outcome, Plan, Stop, begin, configure, image, not_held, proof, row, swap,
    transaction::{STEPS, Service},
    update::image_of,
};
use crate::{configuration as settings, context::App, diagnosis, fits, problem};

/// Begins what a remedy proposes for a runtime that is there.
pub(crate) async fn mend(
    app: &App,
    id: &RuntimeId,
    remedy: &Remedy,
) -> Result<OperationId, Problem> {
    let row = row(app, id)?;
    not_held(&row)?;
    let remedy = match remedy {
        Remedy::ChoosePort { free: None } => {
            let engine = crate::computes::engine(app, &row.compute)?;
            Remedy::ChoosePort { free: fits::free_port(engine.as_ref()).await }
        }
        other => other.clone(),
    };
    match remedy {
        Remedy::PullImage => {
            let steps = [StepKind::Resolve, StepKind::Pull];
            begin(app, Plan::on(OperationKind::Reconfigure, &row, &steps), |handle| {
                pull(handle, row)
            })
        }
        Remedy::ChoosePort { free: Some(_) }
        | Remedy::RaiseMemory { bytes: Some(_) }
        | Remedy::Recreate
        | Remedy::StartWithExecutor
        | Remedy::ListenOn { .. } => {
            let steps = [&[StepKind::Check][..], &STEPS].concat();
            begin(app, Plan::on(OperationKind::Reconfigure, &row, &steps), |handle| {
                replace(handle, row, remedy)
            })
        }
        _ => Err(Problem::new(
            ProblemCode::InvalidInput,
            "This is not done by one operation. Its page offers what it needs.",
        )),
    }
}

async fn pull(handle: Handle, row: Runtime) -> Outcome {
    let engine = handle.engine.clone();
    handle.step(StepKind::Resolve);
    let container = engine.inspect(&row.container_id).await;
    let container = container.map_err(|error| problem::of_engine(&error))?;
    let target = handle.or_cancel(image_of(handle.app(), engine.as_ref(), &container)).await??;
    image::pull(&handle, &target).await?;
    diagnosis::stir_again(handle.app(), &row.id);
    Ok(format!("The image of {} is on the compute.", row.name))
}

/// Replaces the container, and starts the one that took its place.
async fn replace(handle: Handle, row: Runtime, remedy: Remedy) -> Outcome {
    let engine = handle.engine.clone();
    handle.step(StepKind::Check);
    let current = settings::current(handle.app(), engine.as_ref(), &row.id).await?;
    let mut to = current.settings.clone();
    let mut service = Service::AsBefore;
    let what = match remedy {
        Remedy::ChoosePort { free: Some(port) } => {
            to.host_port = port;
            format!("It is published on port {port}.")
        }
        Remedy::RaiseMemory { bytes: Some(bytes) } => {
            to.memory_limit = Some(bytes);
            format!("Its memory limit is {}.", problem::bytes(bytes))
        }
        Remedy::StartWithExecutor => {
            service = Service::Executor;
            "It is started with the executor service.".to_owned()
        }
        Remedy::ListenOn { inside } => {
            service = Service::On(inside);
            format!("Its published port leads to port {inside} inside.")
        }
        _ => "Its container is a new one.".to_owned(),
    };
    let outcome = configure::replace_mending(&handle, &current, to, service).await?;
    start_if_stopped(&handle, &row).await?;
    Ok(format!("{outcome} {what}"))
}

/// A runtime that did not run is to run once it is mended.
async fn start_if_stopped(handle: &Handle, row: &Runtime) -> Result<(), Stop> {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    let now = engine.inspect(row.name.as_str()).await.map_err(refused)?;
    if now.is_running() {
        return Ok(());
    }
    handle.step(StepKind::Start);
    engine.start(&now.id).await.map_err(|error| {
        diagnosis::note_refusal(handle.app(), &now.id, &error);
        problem::engine_finding(&error, domain::diagnosis::About::default())
    })?;
    handle.look_at(&now.id).await;
    wait(handle, row, &now.id).await
}

async fn wait(handle: &Handle, row: &Runtime, id: &str) -> Result<(), Stop> {
    handle.step(StepKind::WaitForHealth);
    let path = row.spec.as_ref().map_or("/health", |spec| spec.health_path()).to_owned();
    let limit = handle.app().ready_within();
    let ready = proof::wait_until_ready(handle, id, &path, limit);
    handle.or_cancel(ready).await?.map_err(Problem::found)?;
    handle.look_at(id).await;
    Ok(())
}

/// Makes a container again that somebody removed, as the engine told of it last.
pub(crate) fn make_again(app: &App, row: Runtime, last: Container) -> Result<OperationId, Problem> {
    let steps = [StepKind::Resolve, StepKind::Create, StepKind::Start, StepKind::WaitForHealth];
    let plan = Plan::on(OperationKind::Create, &row, &steps);
    begin(app, plan, |handle| async move {
        let engine = handle.engine.clone();
        handle.step(StepKind::Resolve);
        let target = handle.or_cancel(image_of(handle.app(), engine.as_ref(), &last)).await??;
        let present = image::pull(&handle, &target).await?;
        handle.step(StepKind::Create);
        let mut labels =
            Labels::read(&last.labels).ok_or_else(|| problem::not_found("The runtime's label"))?;
        labels.generation += 1;
        labels.operation = handle.id();
        let variables = labels.spec.as_ref().map(|spec| spec.variables.clone()).unwrap_or_default();
        let changes = Changes {
            image: &present.name,
            labels: labels.write(),
            start: None,
            variables_of_person: &variables,
        };
        let config: &Value = &present.image.config;
        let creation = recreate::successor(&last, config, &changes);
        let name = row.name.container(Part::Serving);
        let id = swap::create(engine.as_ref(), &name, &creation)
            .await
            .map_err(|error| problem::of_engine(&error))?;
        handle.look_at(&id).await;
        let result = async {
            handle.step(StepKind::Start);
            engine.start(&id).await.map_err(|error| {
                problem::engine_finding(&error, domain::diagnosis::About::default())
            })?;
            handle.look_at(&id).await;
            wait(&handle, &row, &id).await
        }
        .await;
        result?;
        diagnosis::is_there_again(handle.app(), &row.id);
        Ok(format!("{} is there again.", row.name))
    })
}
