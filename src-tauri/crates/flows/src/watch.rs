//! Watching a flow's files. Editors replace a file rather than write into it, and write several at once:
//! folders are watched, and a burst is told once.

use std::{path::PathBuf, time::Duration};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::FlowsError;

/// It is told when nothing has happened for so long, or after [`LONGEST`] of an endless burst.
const QUIET: Duration = Duration::from_millis(150);
const LONGEST: Duration = Duration::from_secs(1);

/// Watches until it is dropped.
pub struct Watching {
    places: Vec<PathBuf>,
    _watcher: RecommendedWatcher,
    _telling: AbortOnDropHandle<()>,
}

impl Watching {
    /// What is watched.
    pub fn places(&self) -> &[PathBuf] {
        &self.places
    }
}

/// Tells whenever something in one of these files and folders changed. Needs a runtime of tokio.
///
/// # Errors
/// The system refuses to watch, e.g. because too much is watched already.
pub fn watch(
    places: Vec<PathBuf>,
    tell: impl Fn() + Send + 'static,
) -> Result<Watching, FlowsError> {
    let (sender, mut receiver) = mpsc::unbounded_channel::<()>();
    let first = places.first().cloned().unwrap_or_default();
    let refused =
        |error: notify::Error| FlowsError::Disk { path: first.clone(), reason: error.to_string() };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| matters(&event)) {
            // Nobody listens any more: the watcher is about to end.
            let _ = sender.send(());
        }
    })
    .map_err(refused)?;
    for place in &places {
        // A file that is replaced is another one: its folder is watched instead.
        let (watched, mode) = if place.is_dir() {
            (place.as_path(), RecursiveMode::Recursive)
        } else {
            (place.parent().unwrap_or(place), RecursiveMode::NonRecursive)
        };
        watcher.watch(watched, mode).map_err(refused)?;
    }
    let telling = tokio::spawn(async move {
        while receiver.recv().await.is_some() {
            let until = tokio::time::Instant::now() + LONGEST;
            while tokio::time::Instant::now() < until {
                match tokio::time::timeout(QUIET, receiver.recv()).await {
                    Ok(Some(())) => {}
                    Ok(None) => return,
                    Err(_) => break,
                }
            }
            tell();
        }
    });
    Ok(Watching { places, _watcher: watcher, _telling: AbortOnDropHandle::new(telling) })
}

/// Reading a file is no change, and neither is what Python and Git leave.
fn matters(event: &Event) -> bool {
    let changes = matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Any
    );
    let noise = |path: &PathBuf| {
        path.components().any(|part| {
            matches!(part.as_os_str().to_str(), Some("__pycache__" | ".git" | ".promptflow"))
        })
    };
    changes && !event.paths.iter().all(noise)
}
