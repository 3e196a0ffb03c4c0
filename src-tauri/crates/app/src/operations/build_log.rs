//! The log of a build: a file while it grows and after it ended, followed from its end.

use std::path::PathBuf;

use domain::operation::OperationId;
use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncSeekExt, AsyncWriteExt, BufReader},
    sync::{Mutex, watch},
};

use crate::{
    api::{FollowBuild, LogEvent, LogLineView},
    context::{App, lock},
};

/// A log that grows beyond this is cut; a builder that floods it must not fill the disk.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Logs that are kept, the newest.
const KEPT: usize = 300;
/// How much of a long log is shown: its end.
const SHOWN: u64 = 8 * 1024 * 1024;
/// Lines in one batch, and the pause between two of them.
const BATCH: usize = 2_000;
const PACE: std::time::Duration = std::time::Duration::from_millis(100);

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

/// Follows the log of a build until it ends, or `tell` says that nobody listens.
pub async fn follow_build(app: &App, request: FollowBuild, mut tell: impl FnMut(LogEvent) -> bool) {
    // An id is part of a path here: only one that an operation can have is looked for.
    let is_id = request.operation.0.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let growing = lock(&app.build_logs).get(&request.operation).cloned();
    let file =
        if is_id { tokio::fs::File::open(path(app, &request.operation)).await.ok() } else { None };
    let Some(file) = file else {
        tell(LogEvent::Ended { sentence: "No log is kept of this build.".into() });
        return;
    };
    let ended = match read(file, growing, &mut tell).await {
        Ok(true) => "The build ended; its log ends here.".to_owned(),
        Ok(false) => return,
        Err(error) => format!("The log cannot be read on: {error}."),
    };
    tell(LogEvent::Ended { sentence: ended });
}

/// Reads to the end; `false` = nobody listens any more.
async fn read(
    mut file: tokio::fs::File,
    mut growing: Option<watch::Receiver<u64>>,
    tell: &mut impl FnMut(LogEvent) -> bool,
) -> std::io::Result<bool> {
    let length = file.metadata().await?.len();
    let from_middle = length > SHOWN;
    if from_middle {
        file.seek(std::io::SeekFrom::Start(length - SHOWN)).await?;
    }
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    if from_middle {
        // The first line is not whole.
        reader.read_until(b'\n', &mut bytes).await?;
        bytes.clear();
    }
    loop {
        // Asked first: what is written after this is read in the next round.
        let more = match &mut growing {
            Some(growing) => {
                growing.borrow_and_update();
                growing.has_changed().is_ok()
            }
            None => false,
        };
        let mut lines = Vec::new();
        loop {
            reader.read_until(b'\n', &mut bytes).await?;
            // A line that is still being written is waited for.
            if !bytes.ends_with(b"\n") {
                break;
            }
            lines.push(view(&String::from_utf8_lossy(&bytes)));
            bytes.clear();
            if lines.len() == BATCH {
                if !tell(LogEvent::Lines { lines: std::mem::take(&mut lines) }) {
                    return Ok(false);
                }
                tokio::time::sleep(PACE).await;
            }
        }
        if !lines.is_empty() {
            if !tell(LogEvent::Lines { lines }) {
                return Ok(false);
            }
            tokio::time::sleep(PACE).await;
        }
        match &mut growing {
            Some(growing) if more => {
                // An error says that it ended: what it wrote last is read once more.
                let _ = growing.changed().await;
            }
            _ => return Ok(true),
        }
    }
}

fn view(line: &str) -> LogLineView {
    let line = line.trim_end_matches(['\n', '\r']);
    let (time, text) = line.split_once(' ').unwrap_or(("", line));
    match time.parse() {
        Ok(time) => LogLineView { time: Some(time), error: false, text: text.to_owned() },
        Err(_) => LogLineView { time: None, error: false, text: line.to_owned() },
    }
}
