//! The lock of an operation: a container that is created and never started. The engine refuses a second
//! one of its name, and its labels hold what recovery needs to put things right after a crash.

use domain::{
    container::Container,
    finding::{Problem, ProblemCode},
    label::{self, Labels, LockRecord, Purpose},
    name::{Part, RuntimeName},
};
use engine::{Engine, EngineError};

use super::{Handle, Stop, held_by, patience::patiently};
use crate::problem;

/// A lock that is held.
pub(crate) struct Held {
    pub record: LockRecord,
    /// Id of the lock's container.
    pub id: String,
}

/// What a lock is taken for.
pub(crate) struct Wanted<'a> {
    pub name: &'a RuntimeName,
    /// The container that serves.
    pub old: &'a Container,
    /// Id of the previous container that is kept.
    pub older: Option<String>,
    /// Digest or id of the image that is to run.
    pub target: String,
    pub purpose: Purpose,
}

/// Takes the lock: the engine refuses a second container of its name. It is made from this image.
pub(crate) async fn take(handle: &Handle, wanted: Wanted<'_>, image: &str) -> Result<Held, Stop> {
    let identity = &handle.app().parts.identity;
    let (name, old) = (wanted.name, wanted.old);
    let record = LockRecord {
        operation: handle.id(),
        creator: identity.creator.clone(),
        process: identity.process.clone(),
        since: crate::context::now(),
        old: old.id.clone(),
        old_was_running: old.is_running(),
        old_restart_policy: old.raw["HostConfig"]["RestartPolicy"].clone(),
        older: wanted.older,
        target: wanted.target,
        purpose: wanted.purpose,
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
        Err(EngineError::Conflict(_)) => Err(held_by_another(handle, name, &place).await.into()),
        // It may have been made all the same, with the answer lost on the way.
        Err(error) => match patiently(|| handle.engine.inspect(&place)).await {
            Ok(lock) if LockRecord::read(&lock.labels).as_ref() == Some(&record) => {
                Ok(Held { record, id: lock.id })
            }
            _ => Err(problem::of_engine(&error).into()),
        },
    }
}

/// How often a lock that is just being made is looked at until the engine tells of it.
const LOOKS: u32 = 10;
const LOOK_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// That another operation was there first, and whose it is where its lock tells.
async fn held_by_another(handle: &Handle, name: &RuntimeName, place: &str) -> Problem {
    let own = &handle.app().parts.identity.creator.installation;
    for _ in 0..LOOKS {
        match handle.engine.inspect(place).await {
            Ok(lock) => match LockRecord::read(&lock.labels) {
                Some(record) if record.creator.installation != *own => {
                    return held_by(&record.creator.who).retryable();
                }
                _ => break,
            },
            // Its name is taken before the engine tells of it.
            Err(EngineError::NotFound(_)) => tokio::time::sleep(LOOK_PAUSE).await,
            Err(_) => break,
        }
    }
    Problem::new(
        ProblemCode::Busy,
        format!("Another operation holds {name}. One at a time keeps both safe."),
    )
    .hint("Wait until it ends. If it does not, take it over on the runtime's page.")
    .retryable()
}

/// An image on the compute of which a lock can be made: the old container's own, or any other when
/// somebody removed that. One that is not among `rather_not`, where there is one. `None` = there is no
/// image at all.
pub(crate) async fn some_image(
    engine: &dyn Engine,
    old: &Container,
    rather_not: &[String],
) -> Result<Option<String>, EngineError> {
    let own = match engine.image(&old.image_id).await {
        Ok(_) => Some(old.image_id.clone()),
        Err(EngineError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    if own.as_ref().is_some_and(|own| !rather_not.contains(own)) {
        return Ok(own);
    }
    let others = engine.images().await?.into_iter().map(|image| image.id);
    Ok(others.into_iter().find(|id| !rather_not.contains(id)).or(own))
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
