//! Delete: says what goes and what stays, then does exactly that, under a lock that says the same: one
//! that was cut off is carried to its end.

use domain::{
    container::{Container, MountKind},
    environment::EnvironmentName,
    finding::Problem,
    label::{Labels, LockRecord, Purpose},
    name::{Part, RuntimeName},
    operation::{Cancel, OperationId, OperationKind, StepKind},
    recovery::Parts,
    runtime::{Runtime, RuntimeId},
};
use engine::{Engine, EngineError};

use super::{Handle, Outcome, Plan, Stop, begin, held, not_held, patience::patiently, row};
use crate::{
    api::{DeletePreview, DeleteRuntime},
    computes,
    context::{App, lock},
    problem, table,
};

/// What a delete would remove and keep.
pub(crate) async fn preview_delete(app: &App, id: &RuntimeId) -> Result<DeletePreview, Problem> {
    let row = row(app, id)?;
    let engine = computes::engine(app, &row.compute)?;
    let ours = lock(&app.table).containers_of(&row.compute, id);
    let neighbours = engine.neighbours().await.map_err(|error| problem::of_engine(&error))?;
    let others: Vec<_> =
        neighbours.iter().filter(|other| !ours.iter().any(|own| own.id == other.id)).collect();
    let mut own_volumes = Vec::new();
    let mut shared_volumes = Vec::new();
    let mut bind_mounts = Vec::new();
    for mount in ours.iter().flat_map(|container| &container.mounts) {
        let list = match mount.kind {
            MountKind::Bind => &mut bind_mounts,
            MountKind::Volume | MountKind::AnonymousVolume
                if others.iter().any(|other| other.volumes.contains(&mount.source)) =>
            {
                &mut shared_volumes
            }
            MountKind::Volume | MountKind::AnonymousVolume => &mut own_volumes,
            MountKind::Tmpfs => continue,
        };
        if !list.contains(&mount.source) {
            list.push(mount.source.clone());
        }
    }
    let serving = ours.iter().find(|container| container.id == row.container_id);
    let image_id = serving.map(|container| container.image_id.clone()).unwrap_or_default();
    let used = others.iter().any(|other| other.image_id == image_id);
    // The image of a version belongs to its environment, which may need it again.
    let of_environment = EnvironmentName::is_image(&row.image);
    let image = if used || of_environment { None } else { engine.image(&image_id).await.ok() };
    let mut containers: Vec<String> = ours.iter().map(|container| container.name.clone()).collect();
    containers.sort();
    Ok(DeletePreview {
        containers,
        own_volumes,
        shared_volumes,
        bind_mounts,
        unused_image: image.as_ref().map(|_| row.image.clone()),
        unused_image_size: image.map_or(0, |image| image.size),
    })
}

pub(crate) async fn delete(app: &App, request: DeleteRuntime) -> Result<OperationId, Problem> {
    let row = row(app, &request.runtime)?;
    not_held(&row)?;
    crate::adopted::not_adopted(&row)?;
    let preview = preview_delete(app, &request.runtime).await?;
    let plan = Plan::on(
        OperationKind::Delete,
        &row,
        &[StepKind::Lock, StepKind::Stop, StepKind::Remove, StepKind::CleanUp],
    );
    begin(app, plan, move |handle| work(handle, row, request, preview))
}

/// What goes.
struct Going {
    /// Anonymous volumes go with their containers.
    with_volumes: bool,
    volumes: Vec<String>,
    images: Vec<String>,
}

impl Going {
    fn of(purpose: &Purpose) -> Option<Self> {
        match purpose.clone() {
            Purpose::Replace => None,
            Purpose::Delete { with_volumes, volumes, images } => {
                Some(Self { with_volumes, volumes, images })
            }
        }
    }
}

async fn work(
    handle: Handle,
    row: Runtime,
    request: DeleteRuntime,
    preview: DeletePreview,
) -> Outcome {
    let engine = handle.engine.as_ref();
    handle.set_cancel(Cancel::No);
    handle.step(StepKind::Lock);
    let all = containers(&handle).await?;
    let mut images: Vec<String> = Vec::new();
    if request.remove_image {
        images.extend(all.iter().map(|container| container.image_id.clone()));
        images.sort();
        images.dedup();
    }
    let volumes = if request.remove_volumes { preview.own_volumes } else { vec![] };
    let purpose = Purpose::Delete { with_volumes: request.remove_volumes, volumes, images };
    let held = take_lock(&handle, engine, &row, &all, purpose.clone()).await?;
    let going = Going::of(&purpose);
    carry_out(&handle, &row.name, held.as_ref(), going).await
}

/// Every container of the runtime, as the engine tells them now.
async fn containers(handle: &Handle) -> Result<Vec<Container>, Stop> {
    let all =
        patiently(|| handle.engine.managed()).await.map_err(|error| problem::of_engine(&error))?;
    let ours = all.into_iter().filter(|container| {
        Labels::read(&container.labels).is_some_and(|labels| labels.runtime == handle.runtime())
    });
    Ok(ours.collect())
}

/// The lock of the delete. `None`: there is nothing to make a lock from, or one that an operation of
/// this installation left stays until the end; then what is left after a crash can be deleted again.
async fn take_lock(
    handle: &Handle,
    engine: &dyn Engine,
    row: &Runtime,
    all: &[Container],
    purpose: Purpose,
) -> Result<Option<held::Held>, Stop> {
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    let parts = Parts::of(all);
    let left = parts.lock.and_then(|lock| LockRecord::read(&lock.labels));
    let ours = &handle.app().parts.identity.creator.installation;
    if left.is_some_and(|record| record.creator.installation == *ours) {
        return Ok(None);
    }
    let Some(serving) = all.iter().find(|container| container.id == row.container_id) else {
        return Ok(None);
    };
    let Purpose::Delete { images, .. } = &purpose else { return Ok(None) };
    let Some(image) = held::some_image(engine, serving, images).await.map_err(refused)? else {
        return Ok(None);
    };
    let wanted = held::Wanted {
        name: &row.name,
        old: serving,
        older: parts.previous.map(|container| container.id.clone()),
        target: String::new(),
        purpose,
    };
    held::take(handle, wanted, &image).await.map(Some)
}

/// Goes on with a delete that was cut off.
pub(super) async fn go_on(handle: &Handle, name: &RuntimeName, held: &held::Held) -> Outcome {
    carry_out(handle, name, Some(held), Going::of(&held.record.purpose)).await
}

/// Removes all that goes. Each step may be repeated; the lock is the last container.
async fn carry_out(
    handle: &Handle,
    name: &RuntimeName,
    held: Option<&held::Held>,
    going: Option<Going>,
) -> Outcome {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    let Some(going) = going else { return Err(problem::not_found("What is to be deleted").into()) };
    let all = containers(handle).await?;
    handle.step(StepKind::Stop);
    for running in all.iter().filter(|container| container.is_running()) {
        patiently(|| engine.stop(&running.id, super::lifecycle::grace(running)))
            .await
            .or_else(gone)
            .map_err(refused)?;
    }
    handle.step(StepKind::Remove);
    let lock_id = held.map(|held| held.id.as_str());
    let part = |container: &Container| Part::of_container(&container.name).1;
    // The serving one last: until it is gone, the runtime is still in the list. A lock comes after all.
    let mut order: Vec<_> =
        all.iter().filter(|container| lock_id != Some(container.id.as_str())).collect();
    order
        .sort_by_key(|container| (part(container) == Part::Lock, part(container) == Part::Serving));
    for container in order {
        patiently(|| engine.remove(&container.id, true, going.with_volumes))
            .await
            .or_else(gone)
            .map_err(refused)?;
        table::remove(handle.app(), &handle.compute, &container.id);
    }
    handle.step(StepKind::CleanUp);
    let mut left = Vec::new();
    for volume in &going.volumes {
        if let Err(error) = engine.remove_volume(volume).await.or_else(gone) {
            left.push(format!("volume {volume} ({error})"));
        }
    }
    // A lock that had to be made from one of these images would keep it.
    let lock_image = match held {
        Some(held) => engine.inspect(&held.id).await.ok().map(|lock| lock.image_id),
        None => None,
    };
    let (of_lock, others): (Vec<_>, Vec<_>) =
        going.images.iter().partition(|image| lock_image.as_ref() == Some(*image));
    for image in others {
        left.extend(remove_image(engine, image).await);
    }
    if let Some(held) = held {
        held::release(handle, held).await;
        table::remove(handle.app(), &handle.compute, &held.id);
    }
    for image in of_lock {
        left.extend(remove_image(engine, image).await);
    }
    lock(&handle.app().checks).remove(&handle.runtime());
    computes::tell(handle.app());
    Ok(if left.is_empty() {
        format!("{name} is deleted.")
    } else {
        format!("{name} is deleted. Left behind: {}.", left.join(", "))
    })
}

/// Removes an image; what is told when it stays, for another container, or another name, came to use it.
async fn remove_image(engine: &dyn Engine, image: &str) -> Option<String> {
    match engine.remove_image(image).await {
        Ok(()) | Err(EngineError::NotFound(_)) => None,
        Err(error) => Some(format!("image {image} ({error})")),
    }
}

fn gone(error: EngineError) -> Result<(), EngineError> {
    match error {
        EngineError::NotFound(_) => Ok(()),
        other => Err(other),
    }
}
