//! What BuildKit tells of a build: lines `{"id": "moby.buildkit.trace", "aux": BASE64}` with a
//! `moby.buildkit.v1.StatusResponse` each
//! (<https://github.com/moby/buildkit/blob/master/api/services/control/control.proto>).

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bollard_buildkit_proto::{
    google::protobuf,
    moby::buildkit::v1::{StatusResponse, Vertex},
};
use domain::build::{BuildEvent, StepTold};
use jiff::Timestamp;
use prost::Message as _;
use serde_json::Value;

use super::convert::text;

/// Bytes of a step's line that are held back until the line ends.
const LONGEST: usize = 16 * 1024;

/// Makes events of what BuildKit tells.
#[derive(Debug, Default)]
pub(super) struct Trace {
    told: HashMap<String, StepTold>,
    /// The last line of each step, while it has no end.
    begun: HashMap<String, Vec<u8>>,
}

impl Trace {
    /// One line of the answer; nothing when it is none of BuildKit's.
    pub fn take(&mut self, line: &Value) -> Vec<BuildEvent> {
        if text(line, "/id") != "moby.buildkit.trace" {
            return vec![];
        }
        let status = BASE64_STANDARD
            .decode(text(line, "/aux"))
            .ok()
            .and_then(|bytes| StatusResponse::decode(bytes.as_slice()).ok());
        let Some(status) = status else {
            tracing::debug!("a line of a build could not be read");
            return vec![];
        };
        let mut events = vec![];
        for vertex in status.vertexes {
            // What it said last comes before its end.
            let ends = vertex.completed.is_some();
            events.extend(self.step(vertex, ends));
        }
        for log in status.logs {
            let begun = self.begun.entry(log.vertex.clone()).or_default();
            begun.extend_from_slice(&log.msg);
            let whole = match begun.iter().rposition(|byte| *byte == b'\n') {
                Some(at) => at + 1,
                None if begun.len() > LONGEST => begun.len(),
                None => continue,
            };
            let lines: Vec<u8> = begun.drain(..whole).collect();
            events.push(said(log.vertex, &lines));
        }
        events
    }

    /// Lines that have no end yet.
    pub fn rest(&mut self) -> Vec<BuildEvent> {
        let mut rest: Vec<_> = self.begun.drain().filter(|(_, line)| !line.is_empty()).collect();
        rest.sort();
        rest.into_iter().map(|(step, line)| said(step, &line)).collect()
    }

    fn step(&mut self, vertex: Vertex, ends: bool) -> Vec<BuildEvent> {
        let told = told(vertex);
        if !is_of_the_dockerfile(&told) || self.told.get(&told.id) == Some(&told) {
            return vec![];
        }
        let mut events = vec![];
        if ends && let Some(line) = self.begun.remove(&told.id).filter(|line| !line.is_empty()) {
            events.push(said(told.id.clone(), &line));
        }
        self.told.insert(told.id.clone(), told.clone());
        events.push(BuildEvent::Step(told));
        events
    }
}

fn said(step: String, lines: &[u8]) -> BuildEvent {
    let mut text = String::from_utf8_lossy(lines).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    BuildEvent::StepOutput { step, text }
}

/// Instructions, what is made of them at the end, and whatever fails; not how BuildKit gets its files.
fn is_of_the_dockerfile(told: &StepTold) -> bool {
    told.error.is_some()
        || (told.title.starts_with('[') && !told.title.starts_with("[internal]"))
        || told.title.starts_with("exporting to ")
}

fn told(vertex: Vertex) -> StepTold {
    let time = |stamp: Option<protobuf::Timestamp>| {
        stamp.and_then(|stamp| Timestamp::new(stamp.seconds, stamp.nanos).ok())
    };
    StepTold {
        id: vertex.digest,
        title: vertex.name,
        started: time(vertex.started),
        finished: time(vertex.completed),
        cached: vertex.cached,
        error: Some(vertex.error).filter(|error| !error.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard_buildkit_proto::moby::buildkit::v1::VertexLog;
    use serde_json::json;

    fn line(status: StatusResponse) -> Value {
        json!({"id": "moby.buildkit.trace", "aux": BASE64_STANDARD.encode(status.encode_to_vec())})
    }

    fn vertex(name: &str, completed: bool) -> Vertex {
        let stamp = |seconds| protobuf::Timestamp { seconds, nanos: 0 };
        Vertex {
            digest: "sha256:1".into(),
            name: name.into(),
            started: Some(stamp(1)),
            completed: completed.then(|| stamp(2)),
            ..Vertex::default()
        }
    }

    fn log(words: &str) -> VertexLog {
        VertexLog { vertex: "sha256:1".into(), msg: words.into(), ..VertexLog::default() }
    }

    fn words(events: &[BuildEvent]) -> Vec<String> {
        events
            .iter()
            .map(|event| match event {
                BuildEvent::Step(told) => told.title.clone(),
                BuildEvent::StepOutput { text, .. } => text.clone(),
                _ => panic!("{event:?}"),
            })
            .collect()
    }

    #[test]
    fn steps_and_whole_lines_come_out_and_the_inside_of_build_kit_does_not() {
        let mut trace = Trace::default();
        let run = "[a 2/2] RUN x";
        let first = StatusResponse {
            vertexes: vec![vertex("[internal] load metadata for x", true), vertex(run, false)],
            logs: vec![log("one\ntw")],
            ..StatusResponse::default()
        };
        assert_eq!(words(&trace.take(&line(first.clone()))), [run, "one\n"]);
        let same = StatusResponse { logs: vec![], ..first };
        assert!(trace.take(&line(same)).is_empty(), "nothing new was said");
        let last =
            StatusResponse { vertexes: vec![vertex(run, true)], ..StatusResponse::default() };
        assert_eq!(words(&trace.take(&line(last))), ["tw\n", run]);
        assert!(trace.rest().is_empty());
    }

    #[test]
    fn what_is_no_trace_is_passed_over() {
        let mut trace = Trace::default();
        assert!(trace.take(&json!({"stream": "x"})).is_empty());
        assert!(trace.take(&json!({"id": "moby.buildkit.trace", "aux": "%%"})).is_empty());
    }
}
