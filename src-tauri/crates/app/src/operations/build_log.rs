//! The log of a build: a file while it grows and after it ended.

use std::path::PathBuf;

use domain::operation::OperationId;
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Mutex, mpsc, watch},
};

use crate::{
    context::{App, lock},
    logs::LogText,
};

/// A log that grows beyond this is cut; a builder that floods it must not fill the disk.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Logs that are kept, the newest.
const KEPT: usize = 300;
/// Bytes of a piece.
const PIECE: usize = 256 * 1024;

/// A log that is being written.
pub(super) struct BuildLog {
    file: Mutex<Option<tokio::fs::File>>,
    written: watch::Sender<u64>,
}

fn path(app: &App, operation: &OperationId) -> PathBuf {
    app.parts.folders.data.join("builds").join(format!("{operation}.log"))
}

/// Removes the oldest logs beyond those that are kept.
async fn forget_old(folder: &std::path::Path) {
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return };
    let mut logs = Vec::new();
    while let Ok(Some(entry)) = entries.next_entry().await {
        if let Ok(metadata) = entry.metadata().await
            && let Ok(changed) = metadata.modified()
        {
            logs.push((changed, entry.path()));
        }
    }
    logs.sort();
    let surplus = logs.len().saturating_sub(KEPT);
    for (_, path) in logs.into_iter().take(surplus) {
        if let Err(error) = tokio::fs::remove_file(&path).await {
            tracing::info!(%error, "an old log of a build was left");
        }
    }
}

impl BuildLog {
    /// Begins the log of an operation. Where it cannot be written the build goes on without one.
    pub async fn begin(app: &App, operation: &OperationId) -> Self {
        let path = path(app, operation);
        let (written, growing) = watch::channel(0);
        let file = async {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await?;
                forget_old(folder).await;
            }
            tokio::fs::File::create(&path).await
        };
        let file = file
            .await
            .inspect_err(|error| tracing::warn!(%error, "the log of a build cannot be written"))
            .ok();
        lock(&app.build_logs).insert(operation.clone(), growing);
        Self { file: Mutex::new(file), written }
    }

    /// One more line, with the time.
    pub async fn line(&self, text: &str) {
        let mut file = self.file.lock().await;
        let Some(open) = file.as_mut() else { return };
        let before = *self.written.borrow();
        let line = if before >= LONGEST {
            format!("{} The log is cut here: it is longer than 64 MB.\n", Timestamp::now())
        } else {
            format!("{} {text}\n", Timestamp::now())
        };
        let done = async {
            open.write_all(line.as_bytes()).await?;
            open.flush().await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "the log of a build cannot be written");
            *file = None;
            return;
        }
        if before >= LONGEST {
            *file = None;
        }
        self.written.send_replace(before + line.len() as u64);
    }

    /// Nothing more comes.
    pub fn end(self, app: &App, operation: &OperationId) {
        drop(self);
        lock(&app.build_logs).remove(operation);
    }
}

/// Tells the log of a build in pieces, as it grows, until it ends; `false` = none is kept.
pub(crate) async fn build_log_pieces(
    app: &App,
    operation: &OperationId,
    sender: mpsc::Sender<LogText>,
) -> bool {
    let is_id = operation.0.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let mut growing = lock(&app.build_logs).get(operation).cloned();
    let file = if is_id { tokio::fs::File::open(path(app, operation)).await.ok() } else { None };
    let Some(mut file) = file else { return false };
    loop {
        // Asked first: what is written after this is read in the next round.
        let more = growing.as_mut().is_some_and(|growing| {
            growing.borrow_and_update();
            growing.has_changed().is_ok()
        });
        loop {
            let mut text = Vec::with_capacity(PIECE);
            match file.read_buf(&mut text).await {
                Ok(0) => break,
                Ok(_) if sender.send(LogText { text, times: true }).await.is_err() => return true,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the log of a build cannot be read");
                    return true;
                }
            }
        }
        match &mut growing {
            Some(growing) if more => {
                // An error says that it ended: what it wrote last is read once more.
                let _ = growing.changed().await;
            }
            _ => return true,
        }
    }
}
