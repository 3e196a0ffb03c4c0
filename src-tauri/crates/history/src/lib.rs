//! What happened: operations, version checks, and the choices that no engine remembers.
//!
//! The only room that talks to SQLite. Losing its file loses no runtime.
//!
//! Everything is a small table; values whose form belongs to others are kept as JSON. Several
//! processes may have the file open: SQLite's write-ahead log lets them read while one writes, and a
//! writer waits up to five seconds for another. A file that is broken, or written by a newer version
//! of the application, is set aside under another name and never deleted.

mod batch_nodes;
mod batch_requests;
mod batch_results;
mod batch_rows;
mod batches;
mod begun;
mod connections;
mod descriptions;
mod entries;
mod environments;
mod flows;
mod schema;
mod series;
mod store;

pub use descriptions::Description;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

pub use batch_results::{SameRow, SameRows, ValueNames};
pub use batch_rows::{EndedRows, RowForAggregation, RowToKeep};
pub use batches::KeptBatch;
pub use begun::BegunCreate;
pub use flows::{KeptRun, RememberedFlow};
use rusqlite::Connection;
use thiserror::Error;

/// The database's name within the folder of the application's data.
pub const FILE_NAME: &str = "history.sqlite";

/// Why something could not be kept or read.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The folder or file cannot be used (no right, no space, a broken disk).
    #[error("The history in {place} cannot be used: {reason}")]
    Unusable { place: String, reason: String },
    /// SQLite refused one request.
    #[error("The history could not be read or written: {0}")]
    Refused(#[from] rusqlite::Error),
    /// What is stored is not in the form that was expected.
    #[error("An entry of the history cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The work did not run to its end; the application is closing.
    #[error("The history is closed.")]
    Closed,
}

/// The history. Clones share one connection.
#[derive(Clone, Debug)]
pub struct History {
    connection: Arc<Mutex<Connection>>,
}

impl History {
    /// Opens the history in this folder, making both when they are not there. The second part names
    /// the file to which a broken or newer history was moved, when that happened: a new, empty one
    /// is used then, and the person should be told.
    ///
    /// # Errors
    /// The folder or a new file cannot be made.
    pub fn open(folder: &Path) -> Result<(Self, Option<PathBuf>), HistoryError> {
        let (connection, set_aside) = store::open(folder)?;
        Ok((Self::of(connection), set_aside))
    }

    /// A history that ends with this value; for tests, and where no folder can be used.
    ///
    /// # Errors
    /// SQLite cannot be used at all.
    pub fn in_memory() -> Result<Self, HistoryError> {
        let mut connection = Connection::open_in_memory()?;
        schema::bring_up_to_date(&mut connection)?;
        Ok(Self::of(connection))
    }

    fn of(connection: Connection) -> Self {
        Self { connection: Arc::new(Mutex::new(connection)) }
    }

    /// Runs `work` on a thread that may block. Work of one history never overlaps.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let connection = Arc::clone(&self.connection);
        tokio::task::spawn_blocking(move || {
            // A panic elsewhere leaves no transaction open: dropping one rolls it back.
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .map_err(|_| HistoryError::Closed)?
    }
}

#[cfg(test)]
mod tests;
