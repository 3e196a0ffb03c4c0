//! Start, stop and restart.

use std::time::Duration;

use domain::{
    container::Container,
    diagnosis::About,
    finding::Problem,
    operation::{Cancel, OperationId, OperationKind, StepKind},
    runtime::{Runtime, RuntimeId},
};

use super::{Handle, Outcome, Plan, begin, not_held, proof, row};
use crate::{context::App, finding, problem, wizard};

/// Seconds an engine waits before it kills, where the container says nothing.
const USUAL_GRACE: u64 = 10;

/// How long a container is given to stop.
pub(crate) fn grace(container: &Container) -> Duration {
    Duration::from_secs(container.raw["Config"]["StopTimeout"].as_u64().unwrap_or(USUAL_GRACE))
}

pub(crate) fn start(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    plain(app, id, OperationKind::Start, &[StepKind::Start, StepKind::WaitForHealth])
}

pub(crate) fn stop(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    plain(app, id, OperationKind::Stop, &[StepKind::Stop])
}

pub(crate) fn restart(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    plain(
        app,
        id,
        OperationKind::Restart,
        &[StepKind::Stop, StepKind::Start, StepKind::WaitForHealth],
    )
}

fn plain(
    app: &App,
    id: &RuntimeId,
    kind: OperationKind,
    steps: &[StepKind],
) -> Result<OperationId, Problem> {
    let row = row(app, id)?;
    not_held(&row)?;
    begin(app, Plan::on(kind, &row, steps), move |handle| work(handle, row, kind))
}

async fn work(handle: Handle, row: Runtime, kind: OperationKind) -> Outcome {
    let engine = handle.engine.clone();
    let id = &row.container_id;
    if kind != OperationKind::Start {
        handle.step(StepKind::Stop);
        handle.set_cancel(Cancel::No);
        let container = engine.inspect(id).await.map_err(|error| problem::of_engine(&error))?;
        engine.stop(id, grace(&container)).await.map_err(|error| problem::of_engine(&error))?;
        handle.look_at(id).await;
        if kind == OperationKind::Stop {
            return Ok(format!("{} is stopped.", row.name));
        }
        handle.set_cancel(Cancel::Cancel);
    }
    handle.step(StepKind::Start);
    if let Err(error) = engine.start(id).await {
        crate::diagnosis::note_refusal(handle.app(), id, &error);
        let port = row.ports.iter().map(|port| port.host_port).find(|port| *port != 0).unwrap_or(0);
        let holder = finding::holder_of(engine.as_ref(), port, id).await;
        let free = wizard::free_port(engine.as_ref()).await;
        handle.look_at(id).await;
        let about = About {
            image: &row.image,
            port,
            port_holder: holder.as_deref(),
            free_port: free,
            ..About::default()
        };
        return Err(problem::engine_finding(&error, about).into());
    }
    handle.look_at(id).await;
    handle.step(StepKind::WaitForHealth);
    let path = row.spec.as_ref().map_or("/health", |spec| spec.health_path()).to_owned();
    let limit = handle.app().ready_within();
    let ready = proof::wait_until_ready(&handle, id, &path, limit);
    match handle.or_cancel(ready).await {
        Ok(Ok(_)) => Ok(format!("{} is available.", row.name)),
        Ok(Err(finding)) => Err(Problem::found(finding).into()),
        Err(stop) => {
            handle.set(|operation| {
                operation.outcome = Some("The container was started and goes on; only the waiting for its service was ended.".into());
            });
            Err(stop)
        }
    }
}
