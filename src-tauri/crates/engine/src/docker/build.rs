//! Building an image: `POST /build`, a tar archive up and a stream of JSON lines down
//! (<https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild>).
//! BuildKit, Docker's classic builder and Podman's answer to it alike, but for what they say.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use domain::build::{BuildEvent, Builder};
use futures_util::{
    StreamExt as _, TryStreamExt as _, future::BoxFuture, stream, stream::BoxStream,
};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::{
    build_kit::Trace,
    convert::{image_id, text},
    pull::failure,
    session::{self, Session},
    wire::{Body, Call, Upload, Wire, path, query},
};
use crate::{BuildRequest, ContextStream, EngineError};

/// How often it is told how much of the context was sent.
const PACE: Duration = Duration::from_millis(200);

/// What was seen of the context while it was sent.
#[derive(Clone, Default)]
struct Sending {
    sent: Arc<AtomicU64>,
    /// Why the context could not be read to its end.
    broken: Arc<Mutex<Option<String>>>,
}

enum Stage {
    Asking(BoxFuture<'static, Result<(Body, Option<Session>), EngineError>>),
    Reading(Body),
    /// It failed; what steps said is told first.
    Failed(String),
    /// All was said; the image is looked up by its name.
    Naming(Wire),
    Over,
}

struct Build {
    stage: Stage,
    /// Answers the builder's questions for secrets as long as the build goes on.
    session: Option<Session>,
    trace: Trace,
    wire: Wire,
    name: String,
    sending: Sending,
    told: u64,
    waiting: VecDeque<BuildEvent>,
}

/// Begins when the stream is first read. Dropping it ends the build on the engine.
pub(super) fn build(
    wire: Wire,
    builder: Builder,
    request: &BuildRequest,
    context: ContextStream,
) -> BoxStream<'static, Result<BuildEvent, EngineError>> {
    if !request.secrets.is_empty() && !builder.keeps_secrets() {
        let error = EngineError::Context(builder.why_no_secrets().to_owned());
        return stream::once(async { Err(error) }).boxed();
    }
    let sending = Sending::default();
    let upload = upload(context, &sending);
    // BuildKit asks back for secrets only.
    let session = (!request.secrets.is_empty()).then(|| uuid::Uuid::new_v4().to_string());
    let asked = asked(request, builder, session.as_deref());
    let asking = {
        let (wire, secrets) = (wire.clone(), request.secrets.clone());
        async move {
            let session = match &session {
                Some(id) => Some(session::begin(&wire, id, secrets).await?),
                None => None,
            };
            let body = wire.send(Call::post(asked, None), "application/x-tar", upload).await?;
            Ok((body, session))
        }
    };
    let build = Build {
        stage: Stage::Asking(Box::pin(asking)),
        session: None,
        trace: Trace::default(),
        wire,
        name: request.name.to_string(),
        sending,
        told: 0,
        waiting: VecDeque::new(),
    };
    stream::unfold(build, |mut build| async move {
        let item = build.next().await?;
        if item.is_err() {
            build.stage = Stage::Over;
        }
        Some((item, build))
    })
    .boxed()
}

fn asked(request: &BuildRequest, builder: Builder, session: Option<&str>) -> String {
    let name = request.name.to_string();
    let arguments = json!(request.arguments).to_string();
    let labels = json!(request.labels).to_string();
    let mut pairs = vec![
        ("t", name.as_str()),
        ("dockerfile", request.dockerfile.as_str()),
        ("buildargs", arguments.as_str()),
        ("labels", labels.as_str()),
        // Intermediate containers go, also after a failure.
        ("rm", "1"),
        ("forcerm", "1"),
    ];
    if builder == Builder::BuildKit {
        pairs.push(("version", "2"));
    }
    if let Some(session) = session {
        pairs.push(("session", session));
    }
    if let Some(target) = &request.target {
        pairs.push(("target", target));
    }
    if request.no_cache {
        pairs.push(("nocache", "1"));
    }
    format!("/build{}", query(&pairs))
}

fn upload(context: ContextStream, sending: &Sending) -> Upload {
    let sending = sending.clone();
    let pieces = context
        .inspect(move |piece| match piece {
            Ok(piece) => {
                sending.sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
            Err(error) => {
                *sending.broken.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(error.to_string());
            }
        })
        .map_ok(Frame::<Bytes>::data);
    StreamBody::new(pieces).boxed_unsync()
}

impl Build {
    async fn next(&mut self) -> Option<Result<BuildEvent, EngineError>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(event));
            }
            let paced = tokio::time::sleep(PACE);
            match &mut self.stage {
                Stage::Asking(asking) => tokio::select! {
                    answer = asking => match answer {
                        Ok((body, session)) => {
                            self.stage = Stage::Reading(body);
                            self.session = session;
                        }
                        Err(error) => return Some(Err(self.why(error))),
                    },
                    () = paced => {}
                },
                Stage::Reading(body) => tokio::select! {
                    line = body.json_line() => match line {
                        Ok(Some(line)) => {
                            if let Some(words) = failure(&line) {
                                let rest = self.trace.rest();
                                if !rest.is_empty() {
                                    self.waiting.extend(rest);
                                    self.stage = Stage::Failed(words);
                                    continue;
                                }
                                return Some(Err(self.why(EngineError::Stream(words))));
                            }
                            self.waiting.extend(self.trace.take(&line));
                            self.waiting.extend(event(&line));
                        }
                        Ok(None) => {
                            self.waiting.extend(self.trace.rest());
                            self.stage = Stage::Naming(self.wire.clone());
                        }
                        Err(error) => return Some(Err(self.why(error))),
                    },
                    () = paced => {}
                },
                Stage::Failed(words) => {
                    let words = std::mem::take(words);
                    return Some(Err(self.why(EngineError::Stream(words))));
                }
                Stage::Naming(wire) => {
                    let asked = Call::get(format!("/images/{}/json", path(&self.name)));
                    let answer = wire.json(asked, super::ANSWER_LIMIT).await;
                    self.stage = Stage::Over;
                    return Some(match answer {
                        Ok(image) => Ok(BuildEvent::Image { id: image_id(text(&image, "/Id")) }),
                        Err(EngineError::NotFound(_)) => Err(EngineError::Stream(
                            "The builder ended without an image and without a reason.".into(),
                        )),
                        Err(error) => Err(error),
                    });
                }
                Stage::Over => return None,
            }
            let sent = self.sending.sent.load(Ordering::Relaxed);
            if sent > self.told {
                self.told = sent;
                self.waiting.push_back(BuildEvent::Sent { bytes: sent });
            }
        }
    }

    /// A context that could not be read is the cause of whatever the engine says of it.
    fn why(&self, error: EngineError) -> EngineError {
        let broken = self.sending.broken.lock().unwrap_or_else(PoisonError::into_inner).take();
        broken.map_or(error, EngineError::Context)
    }
}

/// One line of the answer.
fn event(line: &Value) -> Option<BuildEvent> {
    let said = text(line, "/stream");
    if !said.is_empty() {
        return Some(BuildEvent::Output { text: said.to_owned() });
    }
    let status = text(line, "/status");
    let number = |path| line.pointer(path).and_then(Value::as_u64);
    (!status.is_empty()).then(|| BuildEvent::Status {
        id: text(line, "/id").to_owned(),
        status: status.to_owned(),
        current: number("/progressDetail/current"),
        total: number("/progressDetail/total"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::image::ImageReference;
    use std::collections::BTreeMap;

    #[test]
    fn a_request_names_everything_and_a_line_becomes_an_event() {
        let request = BuildRequest {
            name: ImageReference::parse("localhost/promptflow-runtimes/rag:3").expect("name"),
            dockerfile: "docker/Dockerfile".into(),
            arguments: [("A".to_owned(), "x y".to_owned())].into(),
            labels: [("l".to_owned(), "1".to_owned())].into(),
            target: Some("run".into()),
            no_cache: true,
            secrets: BTreeMap::new(),
        };
        let asked = asked(&request, Builder::BuildKit, Some("s1"));
        for part in [
            "t=localhost%2Fpromptflow-runtimes%2Frag%3A3",
            "dockerfile=docker%2FDockerfile",
            "buildargs=%7B%22A%22%3A%22x%20y%22%7D",
            "target=run",
            "nocache=1",
            "version=2",
            "session=s1",
            "forcerm=1",
        ] {
            assert!(asked.contains(part), "{part} in {asked}");
        }
        let said = json!({"stream": "Step 1/2 : FROM x\n"});
        assert_eq!(event(&said), Some(BuildEvent::Output { text: "Step 1/2 : FROM x\n".into() }));
        assert_eq!(event(&json!({"aux": {"ID": "sha256:1"}})), None);
    }
}
