//! Folders of flows on this machine's disk.
//!
//! The only room that reads them. Nothing here writes into a person's folder: what is to be different in a
//! run is different in the [`Snapshot`] that is sent.

mod data;
mod folder;
mod includes;
mod snapshot;
mod watch;
mod yaml;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use data::{DataError, DataFile, DataPreview, Position, RowStream};
pub use folder::{FlowOnDisk, FlowPath, TextFile, image_value};
pub use snapshot::{Archive, Snapshot};
pub use watch::{Watching, watch};
pub use yaml::{Syntax, document};

/// Why a flow cannot be opened or sent. Each is a full sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FlowsError {
    /// The disk refused: no right, not there.
    #[error("{path} cannot be read: {reason}.")]
    Disk { path: PathBuf, reason: String },
    #[error("{0} is not there.")]
    NotThere(String),
    /// It is there, and is no flow.
    #[error("{sentence}")]
    NoFlow {
        sentence: String,
        /// Folders in it that hold flows.
        instead: Vec<PathBuf>,
    },
    #[error(
        "The flow's files take {} MB, and at most {} MB are sent to a runtime.",
        bytes / 1_000_000,
        most / 1_000_000
    )]
    TooBig { bytes: u64, most: u64 },
    #[error("{0} changed while it was being read.")]
    Changed(String),
}

impl FlowsError {
    fn disk(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        |error| Self::Disk { path: path.to_owned(), reason: error.to_string() }
    }
}

/// Runs what may block on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FlowsError> + Send + 'static,
) -> Result<T, FlowsError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(FlowsError::NotThere("The work with files was broken off, and the folder".into()))
    })
}

#[cfg(test)]
mod tests;
