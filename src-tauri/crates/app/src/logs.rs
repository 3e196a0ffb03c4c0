//! A runtime's log: followed in batches, or saved to a file.

use std::{io::Write, time::Duration};

use domain::{
    finding::{Problem, ProblemCode},
    runtime::RuntimeId,
};
use engine::{LogLine, LogRequest, LogSource};
use futures_util::StreamExt;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    api::{FollowLog, LogEvent, LogLineView, SavedFile},
    computes,
    context::App,
    operations, problem,
};

/// Batches are at least this far apart: 10 a second.
const PACE: Duration = Duration::from_millis(100);
/// Lines in one batch.
const BATCH: usize = 2_000;

fn view(line: LogLine) -> LogLineView {
    LogLineView { time: line.time, error: line.source == LogSource::Error, text: line.text }
}

/// Follows a log until its container ends, the runtime goes, or `tell` says that nobody listens.
/// The channel inside is bounded: a reader that is slow slows the engine, and memory stays flat.
pub async fn follow_log(app: &App, request: FollowLog, mut tell: impl FnMut(LogEvent) -> bool) {
    let row = match operations::row(app, &request.runtime) {
        Ok(row) => row,
        Err(problem) => {
            tell(LogEvent::Ended { sentence: problem.sentence });
            return;
        }
    };
    let engine = match computes::engine(app, &row.compute) {
        Ok(engine) => engine,
        Err(problem) => {
            tell(LogEvent::Ended { sentence: problem.sentence });
            return;
        }
    };
    let (sender, mut receiver) = mpsc::channel::<LogLine>(BATCH);
    let asked = LogRequest { tail: Some(request.tail), follow: true, since: 0 };
    let reading = async {
        let mut lines = engine.logs(&row.container_id, asked).await;
        while let Some(line) = lines.next().await {
            match line {
                Ok(line) => {
                    if sender.send(line).await.is_err() {
                        return None;
                    }
                }
                Err(error) => return Some(problem::of_engine(&error).sentence),
            }
        }
        drop(sender);
        Some("The container ended; its log ends here.".to_owned())
    };
    let telling = async {
        let mut last: Option<Instant> = None;
        let mut lines = Vec::new();
        loop {
            let received = receiver.recv_many(&mut lines, BATCH).await;
            if received == 0 {
                return true;
            }
            if let Some(last) = last {
                tokio::time::sleep_until(last + PACE).await;
                while lines.len() < BATCH {
                    match receiver.try_recv() {
                        Ok(line) => lines.push(line),
                        Err(_) => break,
                    }
                }
            }
            let batch = lines.drain(..).map(view).collect();
            if !tell(LogEvent::Lines { lines: batch }) {
                return false;
            }
            last = Some(Instant::now());
        }
    };
    let (ended, listening) = tokio::join!(reading, telling);
    if listening && let Some(sentence) = ended {
        tell(LogEvent::Ended { sentence });
    }
}

/// Writes the whole log to a file in the downloads folder.
pub(crate) async fn save(app: &App, id: &RuntimeId) -> Result<SavedFile, Problem> {
    let row = operations::row(app, id)?;
    let engine = computes::engine(app, &row.compute)?;
    let folder = app.parts.folders.downloads.clone();
    let stamp = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S");
    let path = folder.join(format!("{}-{stamp}.log", row.name));
    let failed = |error: std::io::Error| {
        Problem::new(
            ProblemCode::Storage,
            format!("The log could not be written to {}.", folder.display()),
        )
        .hint("Check the folder's rights and the disk's free space.")
        .details(error.to_string())
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
    let asked = LogRequest { tail: None, follow: false, since: 0 };
    let mut lines = engine.logs(&row.container_id, asked).await;
    while let Some(line) = lines.next().await {
        let line = line.map_err(|error| problem::of_engine(&error))?;
        let time = line.time.map(|time| format!("{time} ")).unwrap_or_default();
        writeln!(file, "{time}{}", line.text).map_err(failed)?;
    }
    file.flush().map_err(failed)?;
    Ok(SavedFile { path: path.display().to_string() })
}
