//! Definitions of environments on this machine's disk, and the folders that images are built from.
//!
//! The only room that reads and writes these files. Every environment has a folder of its own with an
//! `environment.yaml` in the form that Azure Machine Learning documents
//! (<https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment>), with what only
//! this product knows under one key, so that a person may read it, edit it and put it under version
//! control.

mod context;
mod shelf;
mod yaml;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use context::{Context, ContextStream, Measured};
pub use shelf::{OnShelf, Shelf};
pub use yaml::{Document, FILE_NAME, read as read_document};

/// Why a file or folder cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DefinitionsError {
    /// The disk refused: no right, no space, not there.
    #[error("{path}: {reason}")]
    Disk { path: PathBuf, reason: String },
    /// It is there, and is not what it should be. A sentence.
    #[error("{0}")]
    Malformed(String),
}

impl DefinitionsError {
    fn disk(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        |error| Self::Disk { path: path.to_owned(), reason: error.to_string() }
    }
}

/// Runs what may block on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DefinitionsError> + Send + 'static,
) -> Result<T, DefinitionsError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(DefinitionsError::Malformed("The work with files was broken off.".into()))
    })
}
