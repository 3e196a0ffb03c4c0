//! Where runtimes came from, by the history: an image to go back to when somebody removed the previous
//! container, as a `docker container prune` does. Only the image comes back then; settings stay.

use domain::{
    image::ImageReference,
    operation::{Operation, OperationKind, OperationState},
    runtime::{PreviousContainer, RuntimeId},
};
use jiff::Timestamp;

use crate::context::{App, lock};

/// How many operations are looked through at the start.
const LOOKED_THROUGH: usize = 500;

/// The image from which the last successful update of a runtime came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CameFrom {
    /// With its digest, where it has one.
    pub image: ImageReference,
    /// The digest, or the image's id on the compute where it has none.
    pub digest: String,
    /// The digest or id that it went to: another one that runs by now did not come from here.
    to: String,
    since: Timestamp,
}

impl CameFrom {
    fn of(operation: &Operation) -> Option<Self> {
        let changed_image = matches!(
            operation.kind,
            OperationKind::Update | OperationKind::RollBack | OperationKind::AddPackages
        );
        if !changed_image || operation.state != OperationState::Succeeded {
            return None;
        }
        let (digest, to) = (operation.from_digest.clone()?, operation.to_digest.clone()?);
        let image = ImageReference::parse(operation.from_image.as_deref()?).ok()?;
        let since = operation.finished?;
        (digest != to).then_some(Self { image, digest, to, since })
    }

    fn shown(&self) -> PreviousContainer {
        let shown = ImageReference { digest: None, ..self.image.clone() };
        PreviousContainer {
            image: shown.to_string(),
            version: self.image.version(),
            since: Some(self.since),
            kept: false,
        }
    }
}

/// Reads the history once, at the start.
pub(crate) async fn load(app: App) {
    match app.parts.history.operations(None, LOOKED_THROUGH).await {
        Ok(operations) => {
            // The newest one of a runtime counts.
            operations.iter().rev().for_each(|operation| take(&app, operation));
        }
        Err(error) => tracing::warn!(%error, "where runtimes came from cannot be read"),
    }
}

/// Takes note of an operation that has ended.
pub(crate) fn take(app: &App, operation: &Operation) {
    if let (Some(runtime), Some(from)) = (&operation.runtime, CameFrom::of(operation)) {
        lock(&app.came_from).insert(runtime.clone(), from);
        crate::table::refresh_runtime(app, runtime);
    }
}

/// Where a runtime on this image came from, when that is known.
pub(crate) fn of(app: &App, runtime: &RuntimeId, digest: &str) -> Option<CameFrom> {
    lock(&app.came_from).get(runtime).filter(|from| from.to == digest).cloned()
}

/// The same as the row shows it.
pub(crate) fn shown(app: &App, runtime: &RuntimeId, digest: &str) -> Option<PreviousContainer> {
    of(app, runtime, digest).map(|from| from.shown())
}
