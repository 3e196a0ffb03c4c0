//! The twin's streams.

use std::time::Duration;

use domain::{
    build::{BuildEvent, Builder, StepTold},
    container::EngineEvent,
    image::ImageReference,
    pull::PullEvent,
    usage::Usage,
};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::{
    TwinEngine,
    images::{BuildScript, Offer, PullEnd},
};
use crate::{BuildRequest, ContextStream, EngineError, LogLine, LogRequest};

/// Events until the engine goes away.
pub(super) fn events(
    receiver: mpsc::UnboundedReceiver<EngineEvent>,
) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
    stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (Ok(event), receiver))
    })
    .boxed()
}

/// A pull by its script; the image is there when the stream has ended, and not before.
pub(super) fn pull(
    twin: TwinEngine,
    reference: ImageReference,
    offer: Offer,
    idle: Duration,
) -> BoxStream<'static, Result<PullEvent, EngineError>> {
    let told = stream::iter(offer.script.events.into_iter().map(Ok));
    let image = offer.image;
    let end = offer.script.end;
    let last = stream::once(async move {
        match end {
            PullEnd::Arrives => {
                twin.happen(|world| {
                    let id = world.images.arrive(&reference, &image);
                    world.tell_image("pull", &id);
                });
                None
            }
            PullEnd::Fails(error) => Some(Err(error)),
            PullEnd::Stalls => {
                tokio::time::sleep(idle).await;
                Some(Err(EngineError::Silent(idle.as_secs())))
            }
        }
    });
    told.chain(last.filter_map(std::future::ready)).boxed()
}

/// A build by its script: it reads the whole context, as the real ones do.
pub(super) fn build(
    twin: TwinEngine,
    request: BuildRequest,
    script: BuildScript,
    mut context: ContextStream,
) -> BoxStream<'static, Result<BuildEvent, EngineError>> {
    let sending = stream::once(async move {
        let mut bytes = 0;
        while let Some(piece) = context.next().await {
            match piece {
                Ok(piece) => bytes += piece.len() as u64,
                Err(error) => return Err(EngineError::Context(error.to_string())),
            }
        }
        Ok(BuildEvent::Sent { bytes })
    });
    let pause = script.pause;
    let builder = twin.facts.builder;
    let mut step = String::new();
    let told = script.lines.into_iter().map(move |line| match builder {
        Builder::BuildKit => told_apart(&mut step, &line),
        Builder::Classic | Builder::Podman => BuildEvent::Output { text: format!("{line}\n") },
    });
    let told = stream::iter(told).then(move |event| async move {
        tokio::time::sleep(pause).await;
        Ok(event)
    });
    let last = stream::once(async move {
        let mut image = script.end?;
        for (name, value) in &request.labels {
            image.config["Labels"][name] = serde_json::json!(value);
        }
        image.content = format!("{} as {}", image.content, request.name);
        let local = twin.add_image(&request.name.to_string(), image);
        if builder == Builder::BuildKit {
            twin.world().build_cache += 1 << 20;
        }
        Ok(BuildEvent::Image { id: local.id })
    });
    let mut over = false;
    sending
        .chain(told)
        .chain(last)
        .take_while(move |item| {
            let go_on = !over;
            over |= item.is_err();
            std::future::ready(go_on)
        })
        .boxed()
}

/// A script's line as BuildKit tells it. What begins no step was said by the one before.
fn told_apart(step: &mut String, line: &str) -> BuildEvent {
    let Some((number, instruction)) =
        line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : "))
    else {
        return BuildEvent::StepOutput { step: step.clone(), text: format!("{line}\n") };
    };
    number.clone_into(step);
    BuildEvent::Step(StepTold {
        id: number.to_owned(),
        title: format!("[{number}] {instruction}"),
        started: Some(Timestamp::UNIX_EPOCH),
        ..StepTold::default()
    })
}

/// A reading a second while it runs.
pub(super) fn usage(
    twin: TwinEngine,
    container: String,
) -> BoxStream<'static, Result<Usage, EngineError>> {
    let first = true;
    stream::unfold((twin, container, first), |(twin, container, first)| async move {
        if !first {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let memory = {
            let world = twin.world();
            let at = world.running(&container).ok()?;
            world.behaviour(at).memory
        };
        let reading = Usage { cpu_percent: 1.0, memory, memory_limit: twin.facts.memory };
        Some((Ok(reading), (twin, container, false)))
    })
    .boxed()
}

struct Log {
    twin: TwinEngine,
    changed: watch::Receiver<()>,
    id: String,
    next: usize,
    request: LogRequest,
}

/// Lines that are there and, if asked for, those that come until the container ends.
pub(super) fn logs(
    twin: TwinEngine,
    id: String,
    request: LogRequest,
) -> BoxStream<'static, Result<LogLine, EngineError>> {
    let next = {
        let world = twin.world();
        let lines = world.position(&id).map_or(0, |at| world.containers[at].lines.len());
        request.tail.map_or(0, |tail| lines.saturating_sub(tail as usize))
    };
    let log = Log { changed: twin.changed.subscribe(), twin, id, next, request };
    stream::unfold(log, |mut log| async move {
        let line = log.next().await?;
        Some((Ok(line), log))
    })
    .boxed()
}

impl Log {
    async fn next(&mut self) -> Option<LogLine> {
        loop {
            self.changed.borrow_and_update();
            {
                let world = self.twin.world();
                let item = &world.containers[world.position(&self.id).ok()?];
                let recent = |line: &&LogLine| {
                    self.request.since == 0
                        || line.time.is_some_and(|time| time.as_second() >= self.request.since)
                };
                if let Some(skipped) = item.lines[self.next..].iter().position(|line| recent(&line))
                {
                    let at = self.next + skipped;
                    self.next = at + 1;
                    return Some(item.lines[at].clone());
                }
                self.next = item.lines.len();
                if !self.request.follow || !item.is_running() || world.calls.unreachable {
                    return None;
                }
            }
            self.changed.changed().await.ok()?;
        }
    }
}
