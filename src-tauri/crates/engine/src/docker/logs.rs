//! A container's log: `GET /containers/{id}/logs`.

use std::collections::VecDeque;

use futures_util::{FutureExt as _, StreamExt as _, stream, stream::BoxStream};
use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};

use super::{
    ANSWER_LIMIT,
    lines::{LineReader, Lines},
    wire::{Body, Call, Wire, path, query},
};
use crate::{EngineError, LogBatch, LogLine, LogRequest};

/// Bytes that are handed over together, about.
const TOGETHER: usize = 1024 * 1024;

enum Stage {
    Asking { wire: Wire, container: String },
    Reading(Body, LineReader),
    Over,
}

struct Log {
    stage: Stage,
    request: LogRequest,
    reader: fn(bool) -> LineReader,
    /// What ended it, to be told next.
    failed: Option<EngineError>,
}

/// Lines, oldest first. What is asked for when the stream is first read holds from then on.
pub(super) fn logs(
    wire: Wire,
    container: &str,
    request: LogRequest,
) -> BoxStream<'static, Result<LogLine, EngineError>> {
    let log = Log::new(wire, container, request, LineReader::new);
    let state = (log, VecDeque::<LogLine>::new());
    stream::unfold(state, |(mut log, mut ready)| async move {
        loop {
            if let Some(line) = ready.pop_front() {
                return Some((Ok(line), (log, ready)));
            }
            if let Err(error) = log.read(&mut ready).await? {
                log.stage = Stage::Over;
                return Some((Err(error), (log, ready)));
            }
        }
    })
    .boxed()
}

/// The same as it was written, as many lines at a time as the engine sends together.
pub(super) fn batches(
    wire: Wire,
    container: &str,
    request: LogRequest,
) -> BoxStream<'static, Result<LogBatch, EngineError>> {
    if request.is_whole() {
        return on_a_thread(wire, container, request);
    }
    let log = Log::new(wire, container, request, LineReader::whole);
    stream::unfold(log, |mut log| async move { Some((log.batch().await?, log)) }).boxed()
}

/// A whole log is long: a thread of its own reads it, as quickly as the engine can tell it.
fn on_a_thread(
    wire: Wire,
    container: &str,
    request: LogRequest,
) -> BoxStream<'static, Result<LogBatch, EngineError>> {
    let (sender, receiver) = mpsc::channel(4);
    let mut log = Log::new(wire.unhurried(), container, request, LineReader::whole);
    let reading = async move {
        // Until nobody takes it any more.
        while let Some(batch) = log.batch().await
            && sender.send(batch).await.is_ok()
        {}
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let thread = runtime.and_then(|runtime| {
        let thread = std::thread::Builder::new().name("whole log".into());
        thread.spawn(move || runtime.block_on(reading))
    });
    if let Err(error) = thread {
        let refused = EngineError::Stream(format!("no thread for a log: {error}"));
        return stream::iter([Err(refused)]).boxed();
    }
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        .boxed()
}

/// What Podman (4.3.1, `logs.NewLogLine`) says when it looked at a file whose last line was just being written.
const HALF_WRITTEN: &str = "is not a valid container log line";
const HALF_WRITTEN_TRIES: u32 = 20;
const HALF_WRITTEN_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// Opens the log and tells whether the container has a terminal: then its output is one stream of
/// bytes, otherwise it comes in frames. No header says so before API 1.42.
async fn open(
    wire: &Wire,
    container: &str,
    request: LogRequest,
) -> Result<(Body, bool), EngineError> {
    let inspected = format!("/containers/{}/json", path(container));
    let inspected = wire.json(Call::get(inspected), ANSWER_LIMIT).await?;
    let terminal = inspected.pointer("/Config/Tty") == Some(&Value::Bool(true));
    let tail = request.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
    let since = request.since.to_string();
    let mut pairs = vec![("stdout", "1"), ("stderr", "1"), ("timestamps", "1"), ("tail", &tail)];
    if request.follow {
        pairs.push(("follow", "1"));
    }
    if request.since > 0 {
        pairs.push(("since", &since));
    }
    let asked = format!("/containers/{}/logs{}", path(container), query(&pairs));
    let mut tries = 0;
    loop {
        // Whoever reads all of a log sees in its lines whether it came to its end.
        match wire.open(Call { plain: request.is_whole(), ..Call::get(asked.clone()) }).await {
            Err(EngineError::Refused { message, .. })
                if message.contains(HALF_WRITTEN) && tries < HALF_WRITTEN_TRIES =>
            {
                tries += 1;
                tokio::time::sleep(HALF_WRITTEN_PAUSE).await;
            }
            opened => return Ok((opened?, terminal)),
        }
    }
}

impl Log {
    fn new(
        wire: Wire,
        container: &str,
        request: LogRequest,
        reader: fn(bool) -> LineReader,
    ) -> Self {
        let stage = Stage::Asking { wire, container: container.to_owned() };
        Self { stage, request, reader, failed: None }
    }

    /// Lines that come together, at least one; `None` = nothing more comes.
    async fn batch(&mut self) -> Option<Result<LogBatch, EngineError>> {
        let mut batch = LogBatch::default();
        let is_full = |batch: &LogBatch| {
            batch.lines.len() >= LogBatch::LINES || batch.bytes.len() >= TOGETHER
        };
        while batch.lines.is_empty() || !is_full(&batch) {
            // What has arrived meanwhile is handed over together; where nobody waits for each line, as much as fits.
            let more = if batch.lines.is_empty() || !self.request.follow {
                self.read(&mut batch).await
            } else {
                self.read(&mut batch).now_or_never().flatten()
            };
            match more {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    self.stage = Stage::Over;
                    if batch.lines.is_empty() {
                        return Some(Err(error));
                    }
                    self.failed = Some(error);
                    break;
                }
                None if batch.lines.is_empty() => return None,
                None => break,
            }
        }
        Some(Ok(batch))
    }

    /// Reads what comes next, perhaps not a whole line; `None` = nothing more comes. May be given up at any time
    /// once it has been opened.
    async fn read(&mut self, lines: &mut impl Lines) -> Option<Result<(), EngineError>> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        // A followed log may be quiet for ever; one that is only read may not.
        let follow = self.request.follow;
        match &mut self.stage {
            Stage::Over => return None,
            Stage::Asking { wire, container } => {
                let opening = open(wire, container, self.request);
                match limited(!follow, opening).await {
                    Ok((body, terminal)) => {
                        self.stage = Stage::Reading(body, (self.reader)(terminal));
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            Stage::Reading(body, reader) => match limited(!follow, body.chunk()).await {
                Ok(Some(chunk)) => reader.take(&chunk, lines),
                Ok(None) => {
                    reader.finish(lines);
                    self.stage = Stage::Over;
                }
                Err(error) => return Some(Err(error)),
            },
        }
        Some(Ok(()))
    }
}

/// Waits with the usual limit, or without one.
async fn limited<T>(
    limit: bool,
    future: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    if !limit {
        return future.await;
    }
    timeout(ANSWER_LIMIT, future).await.map_err(|_| EngineError::Silent(ANSWER_LIMIT.as_secs()))?
}
