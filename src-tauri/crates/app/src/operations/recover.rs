//! Recovery: puts right what an interrupted operation left, from the lock on the engine alone.

use std::time::Duration;

use domain::{
    compute::ComputeId,
    container::Container,
    finding::{Problem, ProblemCode},
    label::{Labels, LockRecord, Purpose},
    name::{Part, RuntimeName},
    operation::{Cancel, OperationId, OperationKind, OperationState, StepKind, Subject},
    recovery::{Parts, Recovery, judge},
    runtime::RuntimeId,
};
use engine::EngineError;
use serde_json::json;

use super::{
    Handle, Outcome, Plan, Stop, begin, delete, held,
    patience::patiently,
    proof,
    put_back::{self, Back},
    resume, works_no_more,
};
use crate::{
    context::{App, lock},
    problem, table,
};

const STEPS: [StepKind; 3] = [StepKind::Check, StepKind::PutBack, StepKind::CleanUp];

/// Operations of an earlier run of this application that never ended: a create goes on by itself, every
/// other is told so in the history, and so is a series.
pub async fn recover_all(app: &App) {
    crate::series::close_cut_off(app).await;
    let begun = match app.parts.history.begun().await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::warn!(%error, "creates that were cut off cannot be read");
            return;
        }
    };
    let unfinished = match app.parts.history.unfinished_operations().await {
        Ok(unfinished) => unfinished,
        Err(error) => {
            tracing::warn!(%error, "unfinished operations cannot be read");
            return;
        }
    };
    let begun = resume::take_up_all(app, begun).await;
    for mut operation in unfinished.into_iter().filter(|operation| !begun.contains(&operation.id)) {
        operation.state = OperationState::Failed;
        operation.cancel = Cancel::No;
        operation.finished = Some(crate::context::now());
        operation.problem = Some(if operation.kind == OperationKind::Build {
            super::build::cut_off()
        } else {
            Problem::new(
                ProblemCode::Internal,
                "The application ended while this went on. What it left is put right by itself.",
            )
            .retryable()
        });
        if let Err(error) = app.parts.history.save_operation(&operation).await {
            tracing::warn!(%error, "an unfinished operation could not be closed in the history");
        }
    }
}

/// How long after an operation that could not put everything right recovery begins.
const LATER: Duration = Duration::from_secs(5);

/// Looks again in a moment, when an operation ended without being able to put everything right.
pub(super) fn later(app: &App, compute: &ComputeId) {
    let (app, compute) = (app.clone(), compute.clone());
    tokio::spawn(async move {
        tokio::time::sleep(LATER).await;
        recover_compute(&app, &compute);
    });
}

/// Looks at a compute that was just listed for what dead operations of this installation left.
pub(crate) fn recover_compute(app: &App, compute: &ComputeId) {
    let all = lock(&app.table).on(compute);
    for container in &all {
        let Some(labels) = Labels::read(&container.labels) else { continue };
        match Part::of_container(&container.name) {
            (name, Part::Lock) => {
                let Some(record) = LockRecord::read(&container.labels) else { continue };
                let ours = record.creator.installation == app.parts.identity.creator.installation;
                if ours && is_dead(app, &record) {
                    start(app, compute, &labels.runtime, name, container, record);
                }
            }
            (_, Part::Candidate) if !all.iter().any(|other| is_lock_of(other, &labels.runtime)) => {
                let (app, compute, id) = (app.clone(), compute.clone(), container.id.clone());
                tokio::spawn(
                    async move { remove_orphan(&app, &compute, &labels.operation, &id).await },
                );
            }
            _ => {}
        }
    }
}

fn is_lock_of(container: &Container, runtime: &RuntimeId) -> bool {
    Part::of_container(&container.name).1 == Part::Lock
        && Labels::read(&container.labels).is_some_and(|labels| labels.runtime == *runtime)
}

fn is_dead(app: &App, record: &LockRecord) -> bool {
    works_no_more(app, &record.process, &record.operation)
}

/// A container that was made to look into an image or to prove it, by an operation of ours that is
/// not running any more and held no lock.
async fn remove_orphan(app: &App, compute: &ComputeId, operation: &OperationId, container: &str) {
    let running = lock(&app.operations).get(operation).map(|running| running.view());
    if running.is_some_and(|operation| !operation.state.is_final()) {
        return;
    }
    if resume::is_another_ones(app, operation).await {
        return;
    }
    let known = app.parts.history.operations(None, 2_000).await.unwrap_or_default();
    if !known.iter().any(|kept| kept.id == *operation) {
        return;
    }
    let Ok(engine) = crate::computes::engine(app, compute) else { return };
    if let Err(error) = engine.remove(container, true, true).await {
        tracing::warn!(%error, "a container that an operation left could not be removed");
    }
}

fn start(
    app: &App,
    compute: &ComputeId,
    runtime: &RuntimeId,
    name: &str,
    lock_container: &Container,
    record: LockRecord,
) {
    if !lock(&app.recovering).insert(lock_container.id.clone()) {
        return;
    }
    if let Err(problem) = plan(app, compute, runtime, name, &lock_container.id, record, None) {
        tracing::warn!(%problem, "an interrupted operation cannot be put right now");
        lock(&app.recovering).remove(&lock_container.id);
    }
}

fn plan(
    app: &App,
    compute: &ComputeId,
    runtime: &RuntimeId,
    name: &str,
    lock_id: &str,
    record: LockRecord,
    started_by: Option<String>,
) -> Result<OperationId, Problem> {
    let name = RuntimeName::parse(name)
        .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    let plan = Plan {
        kind: OperationKind::Recover,
        subject: Subject::Runtime(runtime.clone()),
        name: name.to_string(),
        compute: compute.clone(),
        steps: STEPS.to_vec(),
        from: None,
        to: None,
        started_by: Some(started_by.unwrap_or_else(|| "the application, by itself".to_owned())),
    };
    let held = held::Held { record, id: lock_id.to_owned() };
    begin(app, plan, move |handle| async move {
        let lock_id = held.id.clone();
        let outcome = work(&handle, &name, &held).await;
        lock(&handle.app().recovering).remove(&lock_id);
        outcome
    })
}

/// Takes a runtime over from an installation that holds it; only when the person says so.
pub(crate) fn take_over(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    let row = super::row(app, id)?;
    let containers = lock(&app.table).containers_of(&row.compute, id);
    let parts = Parts::of(&containers);
    let (container, record) = parts
        .lock
        .and_then(|container| Some((container, LockRecord::read(&container.labels)?)))
        .ok_or_else(|| problem::not_found("The lock of this runtime"))?;
    let who = app.parts.identity.creator.who.clone();
    plan(app, &row.compute, id, row.name.as_str(), &container.id, record, Some(who))
}

async fn work(handle: &Handle, name: &RuntimeName, held: &held::Held) -> Outcome {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    handle.set_cancel(Cancel::No);
    handle.step(StepKind::Check);
    let record = &held.record;
    if record.purpose != Purpose::Replace {
        return delete::go_on(handle, name, held).await;
    }
    let all: Vec<Container> = patiently(|| engine.managed())
        .await
        .map_err(refused)?
        .into_iter()
        .filter(|container| {
            Labels::read(&container.labels).is_some_and(|labels| labels.runtime == handle.runtime())
        })
        .collect();
    let parts = Parts::of(&all);
    let running =
        |id: &str| all.iter().any(|container| container.id == id && container.is_running());
    handle.step(StepKind::PutBack);
    let back = Back::of(record);
    // It waits for a port that another holds as long as it takes, unless the person ends that.
    handle.set_cancel(Cancel::Cancel);
    let to_old = async |back: &Back<'_>, remove: &[String]| {
        let done = put_back::put_back(handle, name, back, remove).await;
        handle.set_cancel(Cancel::No);
        done
    };
    let outcome = match judge(&parts, record) {
        Recovery::KeepOld { old, remove, older, start } => {
            handle.set_cancel(Cancel::No);
            for id in &remove {
                patiently(|| engine.remove(id, true, true)).await.map_err(refused)?;
            }
            put_back::older_back(engine, name, older.as_deref()).await.map_err(refused)?;
            if let Some(old) = all.iter().find(|container| container.id == old && start) {
                handle.set_cancel(Cancel::Cancel);
                put_back::start(handle, name, old, None).await?;
            }
            format!("{name} is as it was before the interrupted operation.")
        }
        Recovery::PutBack { old, remove, .. } => {
            to_old(&Back { old: &old, ..back }, &remove).await?;
            format!("{name} was put back as it was before the interrupted operation.")
        }
        // The old one still serves: nothing has to be proven, and nothing need stop.
        Recovery::ProveNew { new, old, .. } if running(&old) && !running(&new) => {
            to_old(&Back { old: &old, ..back }, &[new]).await?;
            format!("{name} was put back as it was before the interrupted operation.")
        }
        Recovery::ProveNew { new, old, older } => {
            if prove(handle, &new, record).await {
                let off = json!({"Name": "no"});
                match patiently(|| engine.set_restart_policy(&old, &off)).await {
                    Ok(()) | Err(EngineError::NotSupported(_) | EngineError::NotFound(_)) => {}
                    Err(error) => return Err(refused(error)),
                }
                if let Some(older) = older {
                    patiently(|| engine.remove(&older, true, false)).await.map_err(refused)?;
                }
                format!(
                    "The interrupted operation on {name} was brought to its end: the new container answers."
                )
            } else {
                to_old(&Back { old: &old, ..back }, &[new]).await?;
                format!(
                    "{name} was put back: the new container of the interrupted operation does not answer."
                )
            }
        }
        Recovery::OldGone { keep, remove, older } => {
            for id in &remove {
                patiently(|| engine.remove(id, true, false)).await.map_err(refused)?;
            }
            if let Some(keep) = all.iter().find(|container| Some(&container.id) == keep.as_ref()) {
                patiently(|| put_back::rename(engine, &keep.id, name.as_str()))
                    .await
                    .map_err(refused)?;
                if record.old_was_running {
                    put_back::start(handle, name, keep, None).await?;
                }
            }
            put_back::older_back(engine, name, older.as_deref()).await.map_err(refused)?;
            format!("The old container of {name} was removed by someone; what is there was kept.")
        }
    };
    handle.set_cancel(Cancel::No);
    handle.step(StepKind::CleanUp);
    held::release(handle, held).await;
    for container in patiently(|| engine.managed()).await.map_err(refused)? {
        table::put(handle.app(), &handle.compute, container);
    }
    Ok(outcome)
}

async fn prove(handle: &Handle, new: &str, record: &LockRecord) -> bool {
    if !record.old_was_running {
        return true;
    }
    if patiently(|| handle.engine.start(new)).await.is_err() {
        return false;
    }
    let path = lock(&handle.app().table)
        .row(&handle.runtime())
        .and_then(|row| row.spec.as_ref().map(|spec| spec.health_path().to_owned()))
        .unwrap_or_else(|| "/health".to_owned());
    proof::stays_ready(handle, new, &path, handle.app().ready_within(), proof::STAY).await.is_ok()
}
