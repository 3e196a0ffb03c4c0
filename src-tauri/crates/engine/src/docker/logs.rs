//! A container's log: `GET /containers/{id}/logs`.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use serde_json::Value;

use super::{
    ANSWER_LIMIT,
    lines::LineReader,
    wire::{Body, Call, Wire, path, query},
};
use crate::{EngineError, LogLine, LogRequest};

struct Reading {
    body: Option<Body>,
    reader: LineReader,
    ready: VecDeque<LogLine>,
}

/// Lines, oldest first. The connection is made before the stream is handed out.
pub(super) async fn logs(
    wire: &Wire,
    container: &str,
    request: LogRequest,
) -> BoxStream<'static, Result<LogLine, EngineError>> {
    match open(wire, container, request).await {
        Ok((body, terminal)) => {
            let reader = LineReader::new(terminal);
            let reading = Reading { body: Some(body), reader, ready: VecDeque::new() };
            stream::unfold(reading, |mut reading| async move {
                let item = reading.next().await?;
                Some((item, reading))
            })
            .boxed()
        }
        Err(error) => super::failed(error),
    }
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

impl Reading {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Ok(line));
            }
            match self.body.as_mut()?.chunk().await {
                Ok(Some(chunk)) => self.reader.take(&chunk, &mut self.ready),
                Ok(None) => {
                    self.body = None;
                    self.reader.finish(&mut self.ready);
                    if self.ready.is_empty() {
                        return None;
                    }
                }
                Err(error) => {
                    self.body = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
