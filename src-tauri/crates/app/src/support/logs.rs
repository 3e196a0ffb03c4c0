//! The last lines of logs.

use std::{
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use domain::runtime::{Runtime, Status};
use engine::LogRequest;
use futures_util::StreamExt as _;

use super::text::Text;
use crate::{computes, context::App};

/// Lines of the log of the one runtime that it is about.
const OF_ONE: u32 = 500;
/// Lines of each log where it is about all runtimes, and of how many: those that are not well.
const OF_EACH: u32 = 200;
const MOST_RUNTIMES: usize = 6;
/// How long a log may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The end of the application's own log. Bytes.
const OWN: u64 = 128 * 1024;

/// Writes them.
pub(super) async fn write(
    app: &App,
    text: &mut Text,
    rows: &[Runtime],
    about_one: bool,
    notes: &mut Vec<String>,
) {
    let not_well = |row: &&Runtime| {
        about_one
            || row.finding.is_some()
            || matches!(row.status, Status::Failed | Status::Unavailable)
    };
    let lines = if about_one { OF_ONE } else { OF_EACH };
    for row in rows.iter().filter(not_well).take(MOST_RUNTIMES) {
        text.part(format_args!("Log of {}, its last lines", row.name));
        match of_container(app, row, lines).await {
            Ok(lines) if lines.is_empty() => text.lines("(nothing was written)"),
            Ok(lines) => text.lines(&lines.join("\n")),
            Err(reason) => {
                notes.push(format!("The log of {} could not be read.", row.name));
                text.lines(&format!("(it could not be read: {reason})"));
            }
        }
    }
    text.part("Log of this application, its last lines");
    let folder = app.parts.folders.logs.clone();
    let own = tokio::task::spawn_blocking(move || end_of_newest(&folder)).await;
    match own.map_err(std::io::Error::other).and_then(|read| read) {
        Ok(Some(lines)) => text.lines(&lines),
        Ok(None) => text.lines("(there is none)"),
        Err(error) => {
            notes.push("The log of this application could not be read.".to_owned());
            text.lines(&format!("(it could not be read: {error})"));
        }
    }
}

async fn of_container(app: &App, row: &Runtime, count: u32) -> Result<Vec<String>, String> {
    let engine = computes::engine(app, &row.compute).map_err(|problem| problem.sentence)?;
    let reading = async {
        let asked = LogRequest { tail: Some(count), follow: false, since: 0 };
        let mut stream = engine.logs(&row.container_id, asked).await;
        let mut lines = Vec::new();
        while let Some(line) = stream.next().await {
            let line = line.map_err(|error| error.to_string())?;
            let time = line.time.map(|time| format!("{time} ")).unwrap_or_default();
            lines.push(format!("{time}{}", line.text));
        }
        Ok(lines)
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap_or_else(|_| Err("the engine took too long".to_owned()))
}

/// The end of the newest log file; `None` = there is none.
fn end_of_newest(folder: &Path) -> std::io::Result<Option<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_log = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "log");
    // Their names hold the day.
    let newest = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_log).max();
    let Some(path) = newest else { return Ok(None) };
    let mut file = std::fs::File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(OWN);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(OWN).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may be cut.
    let whole = match text.split_once('\n') {
        Some((_, rest)) if from > 0 => rest,
        _ => &text,
    };
    Ok(Some(whole.to_owned()))
}
