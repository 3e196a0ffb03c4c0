//! Steps that every operation with an image shares: pull it, and find out how it is started.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    container::LocalImage,
    diagnosis::About,
    finding::{Cause, Problem},
    first,
    image::{ImageReference, Platform},
    operation::StepKind,
    pull::PullTracker,
    start::{self, Decision, FoundPython, StartedBy},
};
use engine::{Engine, EngineError};
use futures_util::StreamExt;
use tokio::time::Instant;

use super::{Handle, Stop, proof};
use crate::{problem, resolve::Target};

/// A pull that makes no progress for so long is given up: a stalled connection never ends by itself.
const IDLE: Duration = Duration::from_secs(60);
/// How long an image's own command may take to answer before it is started as the executor.
const TRIAL: Duration = Duration::from_secs(20);

/// An image that is on the compute.
pub(crate) struct Present {
    pub image: LocalImage,
    /// What a create names it by: exactly this image, whatever happens to its tag.
    pub name: String,
}

/// Pulls the target unless it is there. Nothing is kept of a pull that is cancelled.
pub(crate) async fn pull(handle: &Handle, target: &Target) -> Result<Present, Stop> {
    let engine = &handle.engine;
    if let Some(local) = &target.local {
        handle.skip(StepKind::Pull, "The image is on the compute already.");
        let exact = exact_name(target, local);
        // The same image may have come from another repository: then it has no such name here.
        let name = if exact == local.id || engine.image(&exact).await.is_ok() {
            exact
        } else {
            local.id.clone()
        };
        return Ok(Present { name, image: local.clone() });
    }
    handle.step(StepKind::Pull);
    let wanted = match &target.reference.digest {
        Some(digest) => target.reference.pinned(digest),
        None => target.reference.clone(),
    };
    let refused = |error: &EngineError| {
        let shown = ImageReference { digest: None, ..target.reference.clone() }.to_string();
        let about = About {
            image: &shown,
            registry: target.reference.repository.host(),
            architecture: &engine.facts().architecture,
            ..About::default()
        };
        Stop::from(problem::engine_finding(error, about))
    };
    let platform = Platform::linux(&engine.facts().architecture);
    let began = Instant::now();
    let mut tracker = PullTracker::new(target.download_size);
    let mut events = engine.pull(&wanted, &platform, target.login.as_ref(), IDLE).await;
    while let Some(event) = handle.or_cancel(events.next()).await? {
        let event = event.map_err(|error| refused(&error))?;
        tracker.take(&event, super::millis(began));
        handle.pull(tracker.progress());
    }
    tracker.finish();
    handle.pull(tracker.progress());
    let image = engine.image(&wanted.to_string()).await.map_err(|error| refused(&error))?;
    if let Some(tag) = &target.reference.tag {
        // Only so that the engine's own lists show the tag; the digest is what counts.
        let tagged = target.reference.repository.tagged(tag);
        if let Err(error) = engine.tag(&image.id, &tagged).await {
            tracing::info!(%error, "the pulled image could not be tagged");
        }
    }
    Ok(Present { name: exact_name(target, &image), image })
}

fn exact_name(target: &Target, local: &LocalImage) -> String {
    match &target.reference.digest {
        Some(digest) if local.digests.contains(digest) => {
            target.reference.pinned(digest).to_string()
        }
        _ => local.id.clone(),
    }
}

/// How the service of an image is to be started.
pub(crate) struct Start {
    pub by: StartedBy,
    /// Replaces entry point and command.
    pub entry: Option<Vec<String>>,
    pub port: u16,
}

/// Decides how to start an image: by its configuration, a short probe, and where needed a trial.
pub(crate) async fn decide_start(
    handle: &Handle,
    present: &Present,
    person: &[String],
    asked_port: Option<u16>,
    health_path: &str,
    labels: &BTreeMap<String, String>,
    scratch_name: &str,
) -> Result<Start, Stop> {
    let config = &present.image.config;
    let port = start::target_port(asked_port, config);
    let needs_probe =
        person.is_empty() && start::own_command(config) != start::OwnCommand::Executor;
    let pythons = if needs_probe {
        handle.or_cancel(probe(handle, present, labels, scratch_name)).await??
    } else {
        vec![]
    };
    match start::decide(person, config, &pythons, port) {
        Decision::Start { by, entry } => Ok(Start { by, entry, port }),
        Decision::Try { otherwise } => {
            handle.note("The image holds Prompt flow and starts something else. Its own command is tried first.");
            let serves = trial(handle, present, port, health_path, labels, scratch_name).await?;
            if serves {
                Ok(Start { by: StartedBy::Image, entry: None, port })
            } else {
                handle.note("Its own command does not serve flows. It is started with the open executor service.");
                Ok(Start { by: StartedBy::Executor, entry: Some(otherwise), port })
            }
        }
    }
}

/// How the open executor service of an image is started; refused where no Python in it can serve.
pub(crate) async fn executor_start(
    handle: &Handle,
    present: &Present,
    asked_port: Option<u16>,
    labels: &BTreeMap<String, String>,
    scratch_name: &str,
) -> Result<Start, Stop> {
    let port = start::target_port(asked_port, &present.image.config);
    let pythons = handle.or_cancel(probe(handle, present, labels, scratch_name)).await??;
    let Some(python) = pythons.iter().find(|python| python.serves()) else {
        let about = domain::diagnosis::About::default();
        let mut finding = domain::diagnosis::describe(Cause::NoServiceInImage, about);
        finding.sentence =
            "No Python with the open executor service was found in this image.".into();
        finding.meaning = "Nothing was changed.".into();
        return Err(Problem::found(finding).into());
    };
    let entry = Some(start::executor_command(&python.path, port));
    Ok(Start { by: start::StartedBy::Executor, entry, port })
}

/// Looks into the image with a short-lived container. An image without a shell, or one that prints
/// nothing, tells nothing: that is not an error.
async fn probe(
    handle: &Handle,
    present: &Present,
    labels: &BTreeMap<String, String>,
    name: &str,
) -> Result<Vec<FoundPython>, Stop> {
    let engine = &handle.engine;
    let body = first::probe_body(&present.name, start::PROBE, labels);
    let output = with_scratch(engine.as_ref(), name, &body, async |id| {
        if engine.start(id).await.is_err() {
            return String::new();
        }
        wait_for_end(engine.as_ref(), id, Duration::from_secs(30)).await;
        crate::finding::last_lines(engine.as_ref(), id).await
    })
    .await
    .map_err(|error| Stop::from(problem::of_engine(&error)))?;
    Ok(start::read_probe(&output))
}

/// Starts the image as it is and looks whether it serves the open executor.
async fn trial(
    handle: &Handle,
    present: &Present,
    port: u16,
    health_path: &str,
    labels: &BTreeMap<String, String>,
    name: &str,
) -> Result<bool, Stop> {
    let engine = &handle.engine;
    let body = first::proof_body(&present.name, labels, port, None);
    let waited = with_scratch(engine.as_ref(), name, &body, async |id| {
        if super::swap::start_on_any_port(engine.as_ref(), id).await.is_err() {
            return false;
        }
        let ready = proof::wait_until_ready(handle, id, health_path, TRIAL);
        matches!(handle.or_cancel(ready).await, Ok(Ok(domain::runtime::Protocol::Executor)))
    })
    .await
    .map_err(|error| Stop::from(problem::of_engine(&error)))?;
    handle.check_cancel()?;
    Ok(waited)
}

/// A container that is there for `work` only, whatever happens.
async fn with_scratch<T>(
    engine: &dyn Engine,
    name: &str,
    body: &serde_json::Value,
    work: impl AsyncFnOnce(&str) -> T,
) -> Result<T, EngineError> {
    // What an interrupted operation left under this name is ours.
    engine.remove(name, true, true).await?;
    let id = engine.create(name, body).await?;
    let result = work(&id).await;
    engine.remove(&id, true, true).await?;
    Ok(result)
}

pub(super) async fn wait_for_end(engine: &dyn Engine, id: &str, limit: Duration) {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        match engine.inspect(id).await {
            Ok(container) if container.is_running() => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            _ => return,
        }
    }
}

/// Whether only something beside the image was wrong, as a port or a mount: then it is kept for the
/// next try.
pub(crate) fn is_fine(stop: &Stop) -> bool {
    let Stop::Failed(problem) = stop else { return false };
    problem.finding.as_ref().is_some_and(|finding| {
        matches!(
            finding.cause,
            Cause::PortTaken
                | Cause::NameTaken
                | Cause::MountMissing
                | Cause::NetworkGone
                | Cause::FlowsWouldNotFit
        )
    })
}

/// Removes an image that this operation pulled, when nothing uses it; no error when it never arrived.
pub(crate) async fn discard(engine: &dyn Engine, reference: &ImageReference) {
    let exact = match &reference.digest {
        Some(digest) => reference.pinned(digest).to_string(),
        None => reference.to_string(),
    };
    let image = match engine.image(&exact).await {
        Ok(image) => image,
        Err(EngineError::NotFound(_)) => return,
        Err(error) => {
            tracing::info!(%error, "a pulled image cannot be looked for");
            return;
        }
    };
    let tagged = reference.tag.as_ref().map(|tag| reference.repository.tagged(tag).to_string());
    for name in tagged.into_iter().chain([exact, image.id]) {
        match engine.remove_image(&name).await {
            Ok(()) | Err(EngineError::NotFound(_)) => {}
            Err(error) => tracing::info!(%error, "a pulled image was left"),
        }
    }
}

/// What a person asked to start, taken apart as a shell does.
pub(crate) fn words(command: &str) -> Result<Vec<String>, Problem> {
    shell_words::split(command).map_err(|_| {
        Problem::field("startCommand", "A quotation mark in the start command is not closed.")
    })
}
