//! Delete: says what goes and what stays, then does exactly that.

use domain::{
    container::MountKind,
    finding::Problem,
    name::{Part, RuntimeName},
    operation::{Cancel, OperationId, OperationKind, StepKind},
    runtime::{Runtime, RuntimeId},
};
use engine::EngineError;

use super::{Handle, Outcome, Plan, begin, not_held, row};
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
    let image = if used { None } else { engine.image(&image_id).await.ok() };
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
    let preview = preview_delete(app, &request.runtime).await?;
    let plan = Plan::on(
        OperationKind::Delete,
        &row,
        &[StepKind::Stop, StepKind::Remove, StepKind::CleanUp],
    );
    begin(app, plan, move |handle| work(handle, row, request, preview))
}

async fn work(
    handle: Handle,
    row: Runtime,
    request: DeleteRuntime,
    preview: DeletePreview,
) -> Outcome {
    let engine = handle.engine.clone();
    handle.set_cancel(Cancel::No);
    let refused = |error: EngineError| problem::of_engine(&error);
    let all = lock(&handle.app().table).containers_of(&row.compute, &row.id);
    let image_ids: Vec<String> = all.iter().map(|container| container.image_id.clone()).collect();

    handle.step(StepKind::Stop);
    if let Some(serving) = all.iter().find(|container| container.id == row.container_id) {
        engine
            .stop(&serving.id, super::lifecycle::grace(serving))
            .await
            .or_else(gone)
            .map_err(refused)?;
    }
    handle.step(StepKind::Remove);
    // The serving one last: until it is gone, the runtime is still in the list.
    let mut order: Vec<_> = all.iter().collect();
    order.sort_by_key(|container| {
        RuntimeName::parse(&container.name).is_ok()
            && Part::of_container(&container.name).1 == Part::Serving
    });
    for container in order {
        engine
            .remove(&container.id, true, request.remove_volumes)
            .await
            .or_else(gone)
            .map_err(refused)?;
        table::remove(handle.app(), &row.compute, &container.id);
    }
    handle.step(StepKind::CleanUp);
    let mut left = Vec::new();
    if request.remove_volumes {
        for volume in &preview.own_volumes {
            if let Err(error) = engine.remove_volume(volume).await.or_else(gone) {
                left.push(format!("volume {volume} ({error})"));
            }
        }
    }
    if request.remove_image {
        for image in &image_ids {
            match engine.remove_image(image).await {
                Ok(()) | Err(EngineError::NotFound(_)) => {}
                // Another container, or another name, came to use it meanwhile.
                Err(error) => left.push(format!("image {} ({error})", row.image)),
            }
        }
    }
    lock(&handle.app().checks).remove(&row.id);
    computes::tell(handle.app());
    Ok(if left.is_empty() {
        format!("{} is deleted.", row.name)
    } else {
        format!("{} is deleted. Left behind: {}.", row.name, left.join(", "))
    })
}

fn gone(error: EngineError) -> Result<(), EngineError> {
    match error {
        EngineError::NotFound(_) => Ok(()),
        other => Err(other),
    }
}
