//! A container's log: `GET /containers/{id}/logs`.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    ANSWER_LIMIT,
    lines::LineReader,
    wire::{Body, Call, Wire, path, query},
};
use crate::{EngineError, LogLine, LogRequest};

enum Stage {
    Asking { wire: Wire, container: String },
    Reading(Body, LineReader),
    Over,
}

struct Log {
    stage: Stage,
    request: LogRequest,
    ready: VecDeque<LogLine>,
}

/// Lines, oldest first. What is asked for when the stream is first read holds from then on.
pub(super) fn logs(
    wire: Wire,
    container: &str,
    request: LogRequest,
) -> BoxStream<'static, Result<LogLine, EngineError>> {
    let stage = Stage::Asking { wire, container: container.to_owned() };
    let log = Log { stage, request, ready: VecDeque::new() };
    stream::unfold(log, |mut log| async move {
        let item = log.next().await?;
        if item.is_err() {
            log.stage = Stage::Over;
        }
        Some((item, log))
    })
    .boxed()
}

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
    Ok((wire.open(Call::get(asked)).await?, terminal))
}

impl Log {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Ok(line));
            }
            // A followed log may be quiet for ever; one that is only read may not.
            let follow = self.request.follow;
            match &mut self.stage {
                Stage::Over => return None,
                Stage::Asking { wire, container } => {
                    let opening = open(wire, container, self.request);
                    match limited(!follow, opening).await {
                        Ok((body, terminal)) => {
                            self.stage = Stage::Reading(body, LineReader::new(terminal));
                        }
                        Err(error) => return Some(Err(error)),
                    }
                }
                Stage::Reading(body, reader) => match limited(!follow, body.chunk()).await {
                    Ok(Some(chunk)) => reader.take(&chunk, &mut self.ready),
                    Ok(None) => {
                        reader.finish(&mut self.ready);
                        self.stage = Stage::Over;
                    }
                    Err(error) => return Some(Err(error)),
                },
            }
        }
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
