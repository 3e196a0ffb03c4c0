//! The switch-over: the successor takes the name, and on any failure the old container gets it back.
//!
//! The order of the steps is that of the design: create, rename, take the restart policy off, *stop
//! old, start new*, health gate. The two in the middle are all the downtime. A lock on the engine
//! holds what is needed to put things right after a crash at any instant.

use std::time::Duration;

use domain::{
    container::Container,
    finding::{Finding, Problem, ProblemCode},
    label::{self, Labels, LockRecord},
    name::{Part, RuntimeName},
    operation::{Cancel, StepKind},
    recreate::Creation,
};
use engine::{Engine, EngineError};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Handle, Stop, lifecycle::grace, proof};
use crate::{finding, problem};

/// How long a step of going back is tried while the engine does not answer.
const PUT_BACK_PATIENCE: Duration = Duration::from_secs(120);

/// How often a step of going back is tried again that the engine refused with a fault of its own.
const TRIES_OF_REFUSED: u32 = 3;

/// How many ports that the engine chose may be taken before it is told.
const TRIES_OF_PORTS: u32 = 20;

/// A lock that is held.
pub(crate) struct Held {
    pub record: LockRecord,
    /// Id of the lock's container.
    pub id: String,
}

/// Takes the lock: the engine refuses a second container of its name.
pub(crate) async fn take_lock(
    handle: &Handle,
    name: &RuntimeName,
    old: &Container,
    older: Option<String>,
    target: &str,
    image: &str,
) -> Result<Held, Stop> {
    let identity = &handle.app().parts.identity;
    let record = LockRecord {
        operation: handle.id(),
        creator: identity.creator.clone(),
        process: identity.process.clone(),
        since: crate::context::now(),
        old: old.id.clone(),
        old_was_running: old.is_running(),
        old_restart_policy: old.raw["HostConfig"]["RestartPolicy"].clone(),
        older,
        target: target.to_owned(),
    };
    let mut labels = Labels::read(&old.labels)
        .map(|labels| Labels { spec: None, ..labels }.write())
        .unwrap_or_default();
    let json = serde_json::to_string(&record)
        .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    labels.insert(label::LOCK.to_owned(), json);
    let body = domain::first::lock_body(image, &labels);
    let place = name.container(Part::Lock);
    match handle.engine.create(&place, &body).await {
        Ok(id) => Ok(Held { record, id }),
        Err(EngineError::Conflict(_)) => Err(Problem::new(
            ProblemCode::Busy,
            format!("Another operation holds {name}. One at a time keeps both safe."),
        )
        .hint("Wait until it ends. If it does not, take it over on the runtime's page.")
        .retryable()
        .into()),
        // It may have been made all the same, with the answer lost on the way.
        Err(error) => match patiently(|| handle.engine.inspect(&place)).await {
            Ok(lock) if LockRecord::read(&lock.labels).as_ref() == Some(&record) => {
                Ok(Held { record, id: lock.id })
            }
            _ => Err(problem::of_engine(&error).into()),
        },
    }
}

/// Looks at the lock again: someone may have taken the runtime over.
pub(crate) async fn still_held(handle: &Handle, held: &Held) -> Result<(), Stop> {
    match handle.engine.inspect(&held.id).await {
        Ok(_) => Ok(()),
        Err(EngineError::NotFound(_)) => Err(Problem::new(
            ProblemCode::Busy,
            "Someone took this operation over, or removed its lock. It was ended.",
        )
        .into()),
        Err(error) => Err(problem::of_engine(&error).into()),
    }
}

/// Removes the lock: the commit. The anonymous volumes that the engine made for it go as well.
pub(crate) async fn release(handle: &Handle, held: &Held) {
    let removed = patiently(|| handle.engine.remove(&held.id, true, true)).await;
    if let Err(error) = removed {
        tracing::warn!(%error, "a lock could not be removed; the next start does it");
    }
}

/// Creates a container and connects its other networks; nothing stays when that goes wrong.
pub(crate) async fn create(
    engine: &dyn Engine,
    name: &str,
    creation: &Creation,
) -> Result<String, EngineError> {
    let id = engine.create(name, &creation.body).await?;
    for (network, endpoint) in &creation.connect {
        if let Err(error) = engine.connect_network(network, &id, endpoint).await {
            engine.remove(&id, true, false).await?;
            return Err(error);
        }
    }
    Ok(id)
}

/// How a switch-over ended.
pub(crate) struct Switched {
    /// Milliseconds during which neither answered; `None` for a runtime that was stopped.
    pub without_service: Option<u64>,
    /// The old container had to go: this engine cannot take its restart policy off.
    pub old_removed: bool,
}

/// Switches over. An error means that the old state stands again.
pub(crate) async fn switch_over(
    handle: &Handle,
    name: &RuntimeName,
    old: &Container,
    held: &Held,
    creation: &Creation,
    health_path: &str,
) -> Result<Switched, Stop> {
    let engine = handle.engine.as_ref();
    still_held(handle, held).await?;
    handle.check_cancel()?;
    let new = create(engine, &name.container(Part::Next), creation)
        .await
        .map_err(|error| problem::engine_finding(&error, domain::diagnosis::About::default()))?;
    match forward(handle, name, old, held, &new, health_path).await {
        Ok(switched) => Ok(switched),
        Err(stop) => {
            if matches!(stop, Stop::Failed(_)) {
                let log = finding::last_lines(engine, &new).await;
                handle
                    .set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
            }
            handle.stopped(&stop);
            handle.set_cancel(Cancel::No);
            handle.step(StepKind::PutBack);
            let back = put_back(handle, name, &held.record, std::slice::from_ref(&new)).await;
            back.inspect_err(|failed| handle.stopped(failed))?;
            Err(stop)
        }
    }
}

async fn forward(
    handle: &Handle,
    name: &RuntimeName,
    old: &Container,
    held: &Held,
    new: &str,
    health_path: &str,
) -> Result<Switched, Stop> {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    if let Some(older) = &held.record.older {
        // The previous one of an earlier update waits under a free name until this one is proven.
        rename(engine, older, &name.container(Part::Candidate)).await.map_err(refused)?;
    }
    still_held(handle, held).await?;
    engine.rename(&old.id, &name.container(Part::Previous)).await.map_err(refused)?;
    engine.rename(new, name.as_str()).await.map_err(refused)?;
    // Else it comes back after an engine restart and fights for the port.
    let policy_is_off = match engine.set_restart_policy(&old.id, &json!({"Name": "no"})).await {
        Ok(()) => true,
        Err(EngineError::NotSupported(_)) => old.restart_policy == "no",
        Err(error) => return Err(refused(error)),
    };
    let mut without_service = None;
    if held.record.old_was_running {
        still_held(handle, held).await?;
        handle.check_cancel()?;
        handle.set_cancel(Cancel::GoBack);
        let began = Instant::now();
        engine.stop(&old.id, grace(old)).await.map_err(refused)?;
        if let Err(error) = engine.start(new).await {
            let port =
                old.ports.iter().map(|port| port.host_port).find(|port| *port != 0).unwrap_or(0);
            let holder = finding::holder_of(engine, port, new).await;
            let about = domain::diagnosis::About {
                port,
                port_holder: holder.as_deref(),
                ..domain::diagnosis::About::default()
            };
            return Err(problem::engine_finding(&error, about).into());
        }
        handle.step(StepKind::WaitForHealth);
        let limit = handle.app().ready_within();
        let gate = proof::wait_until_ready(handle, new, health_path, limit);
        handle.or_cancel(gate).await?.map_err(Problem::found)?;
        without_service = Some(super::millis(began));
        let stays = proof::stays_ready(handle, new, health_path, limit, proof::STAY_IN_PLACE);
        handle.or_cancel(stays).await?.map_err(Problem::found)?;
    }
    still_held(handle, held).await?;
    handle.set_cancel(Cancel::No);
    handle.step(StepKind::CleanUp);
    if let Some(older) = &held.record.older {
        patiently(|| engine.remove(older, true, false)).await.map_err(refused)?;
    }
    release(handle, held).await;
    let old_removed = !policy_is_off;
    if old_removed {
        // Anonymous volumes were handed over by name and stay with the new one.
        if let Err(error) = patiently(|| engine.remove(&old.id, true, false)).await {
            tracing::warn!(%error, "a replaced container could not be removed");
        }
    }
    handle.look_at(new).await;
    Ok(Switched { without_service, old_removed })
}

/// Starts a container whose port on the host the engine is to choose. Engines choose without looking at
/// other programs, and go on to the next one each time: a choice that is taken is made again.
pub(crate) async fn start_on_any_port(engine: &dyn Engine, id: &str) -> Result<(), EngineError> {
    let mut tries = 0;
    loop {
        match engine.start(id).await {
            Err(error)
                if tries < TRIES_OF_PORTS
                    && domain::diagnosis::cause_of(&error.words())
                        == Some(domain::finding::Cause::PortTaken) =>
            {
                tries += 1;
            }
            answer => return answer,
        }
    }
}

/// Puts the old container back under its name, running if it ran. Each step may be repeated.
pub(crate) async fn put_back(
    handle: &Handle,
    name: &RuntimeName,
    record: &LockRecord,
    remove: &[String],
) -> Result<(), Stop> {
    let engine = handle.engine.as_ref();
    let failed = |error: EngineError| {
        Stop::from(
            Problem::new(
                ProblemCode::Engine,
                format!("{name} could not be put back yet. Nothing was lost: the old container is there, stopped."),
            )
            .hint("Start the engine again. The application puts the old container back by itself.")
            .details(error.words())
            .retryable(),
        )
    };
    // Anonymous volumes that only the new one has go with it. Podman would take those that were handed
    // over as well, were the old one not there to use them.
    let old_uses_its_own = engine.inspect(&record.old).await.is_ok();
    for id in remove {
        patiently(|| engine.remove(id, true, old_uses_its_own)).await.map_err(failed)?;
    }
    patiently(|| rename(engine, &record.old, name.as_str())).await.map_err(failed)?;
    if let Some(older) = &record.older {
        let previous = name.container(Part::Previous);
        match patiently(|| rename(engine, older, &previous)).await {
            Ok(()) | Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    restore(engine, record).await.map_err(failed)?;
    if record.old_was_running {
        patiently(|| engine.start(&record.old)).await.map_err(failed)?;
    }
    handle.look_at(&record.old).await;
    Ok(())
}

/// Gives the old container its restart policy again.
pub(crate) async fn restore(engine: &dyn Engine, record: &LockRecord) -> Result<(), EngineError> {
    if matches!(record.old_restart_policy, Value::Null) {
        return Ok(());
    }
    match patiently(|| engine.set_restart_policy(&record.old, &record.old_restart_policy)).await {
        Err(EngineError::NotSupported(_)) => Ok(()),
        other => other,
    }
}

/// Renames, unless the container has that name already.
pub(crate) async fn rename(engine: &dyn Engine, id: &str, name: &str) -> Result<(), EngineError> {
    if engine.inspect(id).await?.name == name {
        return Ok(());
    }
    engine.rename(id, name).await
}

/// Tries again while the engine cannot be reached, for it may be restarting, and a few times when it
/// refuses with a fault of its own.
pub(crate) async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    let until = Instant::now() + PUT_BACK_PATIENCE;
    let mut refused = 0;
    loop {
        match call().await {
            Err(EngineError::Unreachable(_) | EngineError::Silent(_)) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(EngineError::Refused { status: 500.., .. }) if refused < TRIES_OF_REFUSED => {
                refused += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            answer => return answer,
        }
    }
}

/// Whether a finding speaks against the image itself, so that it is not tried again by itself.
pub(crate) fn blames_image(finding: &Finding) -> bool {
    use domain::finding::Cause;
    matches!(
        finding.cause,
        Cause::ContainerExited
            | Cause::NoServiceInImage
            | Cause::AnotherServiceAnswers
            | Cause::AnswersElsewhere
            | Cause::NotReadyInTime
            | Cause::CommandMissing
            | Cause::WrongArchitecture
    )
}
