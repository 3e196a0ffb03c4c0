//! Going back: the old container gets its name, its restart policy and its port again.
//!
//! It is started before it gets its name back. So an old container that has its name is as it was, and
//! recovery need not guess whether it was we or somebody else who stopped it.

use std::time::Duration;

use domain::{
    container::Container,
    diagnosis::{self, About},
    finding::{Cause, Evidence, Problem, ProblemCode},
    label::{Labels, LockRecord},
    name::{Part, RuntimeName},
    recreate,
};
use engine::{Engine, EngineError};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Handle, Stop,
    patience::{is_port_taken, patiently},
    swap,
};
use crate::{finding, problem};

/// How long an update waits for a port that another took; then recovery goes on waiting.
pub(super) const PORT_PATIENCE: Duration = Duration::from_secs(120);

/// Pause between two tries to start on a port that is taken.
const PORT_PAUSE: Duration = Duration::from_millis(500);

/// What is put back.
pub(super) struct Back<'a> {
    /// Id of the old container.
    pub old: &'a str,
    /// To be made again from this, if somebody removed it after we had stopped it.
    pub again: Option<&'a Container>,
    /// It ran, and is to run.
    pub ran: bool,
    /// Its restart policy, as the engine told it.
    pub policy: &'a Value,
    /// Id of an older previous container.
    pub older: Option<&'a str>,
    /// How long it is waited for a port that another took; `None` = as long as it takes.
    pub port_patience: Option<Duration>,
}

impl<'a> Back<'a> {
    /// As a lock tells it: all that is known after a crash.
    pub(super) fn of(record: &'a LockRecord) -> Self {
        Self {
            old: &record.old,
            again: None,
            ran: record.old_was_running,
            policy: &record.old_restart_policy,
            older: record.older.as_deref(),
            port_patience: None,
        }
    }
}

fn not_yet(name: &RuntimeName, error: &EngineError) -> Stop {
    Problem::new(
        ProblemCode::Engine,
        format!("{name} could not be put back yet. The application goes on trying."),
    )
    .hint("Start the engine again. The application puts the old container back by itself.")
    .details(error.words())
    .retryable()
    .into()
}

/// Puts the old container back under its name, running if it ran, and removes what was made. Each step
/// may be repeated.
pub(super) async fn put_back(
    handle: &Handle,
    name: &RuntimeName,
    back: &Back<'_>,
    remove: &[String],
) -> Result<(), Stop> {
    let engine = handle.engine.as_ref();
    let failed = |error: EngineError| not_yet(name, &error);
    let old = match (patiently(|| engine.inspect(back.old)).await, back.again) {
        (Ok(old), _) => Some(old),
        // Before what was made goes: its volumes are used all the time.
        (Err(EngineError::NotFound(_)), Some(raw)) => {
            Some(make_again(handle, name, raw).await.map_err(failed)?)
        }
        (Err(EngineError::NotFound(_)), None) => None,
        (Err(error), _) => return Err(failed(error)),
    };
    // Anonymous volumes that only the new one has go with it. Podman would take those that were handed
    // over as well, were the old one not there to use them.
    for id in remove {
        patiently(|| engine.remove(id, true, old.is_some())).await.map_err(failed)?;
    }
    if let Some(old) = &old {
        restore_policy(engine, old, back.policy).await.map_err(failed)?;
        if back.ran {
            start(handle, name, old, back.port_patience).await?;
        }
        // A name that somebody gave it meanwhile is left.
        if old.name == name.container(Part::Previous) {
            patiently(|| rename(engine, &old.id, name.as_str())).await.map_err(failed)?;
        }
    }
    older_back(engine, name, back.older).await.map_err(failed)?;
    handle.look_at(back.old).await;
    if let Some(old) = &old {
        handle.look_at(&old.id).await;
    }
    Ok(())
}

/// Gives an older previous container its name again; one that is gone is let go.
pub(super) async fn older_back(
    engine: &dyn Engine,
    name: &RuntimeName,
    older: Option<&str>,
) -> Result<(), EngineError> {
    let Some(older) = older else { return Ok(()) };
    let previous = name.container(Part::Previous);
    match patiently(|| rename(engine, older, &previous)).await {
        Err(EngineError::NotFound(_)) => Ok(()),
        answer => answer,
    }
}

/// The old container once more, under the name of the previous one.
async fn make_again(
    handle: &Handle,
    name: &RuntimeName,
    raw: &Container,
) -> Result<Container, EngineError> {
    let engine = handle.engine.as_ref();
    let place = name.container(Part::Previous);
    // By its reference where that still names the same image, else by the image's id.
    let same = engine.image(&raw.image_reference).await.is_ok_and(|now| now.id == raw.image_id);
    let image = if same { &raw.image_reference } else { &raw.image_id };
    let creation = recreate::again(raw, image);
    match patiently(|| swap::create(engine, &place, &creation)).await {
        Ok(id) => {
            handle.note("Someone removed the old container. It is made again as it was.");
            patiently(|| engine.inspect(&id)).await
        }
        // An answer that was lost: it was made all the same.
        Err(error @ EngineError::Conflict(_)) => {
            let there = patiently(|| engine.inspect(&place)).await?;
            let ours = Labels::read(&there.labels)
                .is_some_and(|labels| labels.runtime == handle.runtime());
            if ours { Ok(there) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}

/// Gives a container the restart policy that it had, where it has been taken off. One that somebody set
/// meanwhile is left.
async fn restore_policy(
    engine: &dyn Engine,
    old: &Container,
    policy: &Value,
) -> Result<(), EngineError> {
    let off = matches!(old.restart_policy.as_str(), "" | "no");
    if policy.is_null() || !off {
        return Ok(());
    }
    match patiently(|| engine.set_restart_policy(&old.id, policy)).await {
        Err(EngineError::NotSupported(_)) => Ok(()),
        other => other,
    }
}

/// Starts the old container. A port that another took meanwhile is waited for.
pub(super) async fn start(
    handle: &Handle,
    name: &RuntimeName,
    old: &Container,
    patience: Option<Duration>,
) -> Result<(), Stop> {
    let engine = handle.engine.as_ref();
    let until = patience.map(|patience| Instant::now() + patience);
    let mut told = String::new();
    loop {
        let error = match patiently(|| engine.start(&old.id)).await {
            Ok(()) => return Ok(()),
            Err(error) if is_port_taken(&error) => error,
            Err(error) => return Err(not_yet(name, &error)),
        };
        let port = wanted_port(old);
        let holder = finding::holder_of(engine, port, &old.id).await;
        let who = holder.as_deref().unwrap_or("another program");
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(port_is_held(name, port, holder.as_deref(), &error).into());
        }
        let note = format!(
            "Port {port} is held by {who}. The old container is started as soon as the port is free."
        );
        if note != told {
            handle.note(&note);
            told = note;
        }
        if patience.is_none() {
            handle.or_cancel(tokio::time::sleep(PORT_PAUSE)).await?;
        } else {
            tokio::time::sleep(PORT_PAUSE).await;
        }
    }
}

/// The port of the host that a container asks for.
fn wanted_port(container: &Container) -> u16 {
    container.ports.iter().map(|port| port.host_port).find(|port| *port != 0).unwrap_or(0)
}

/// The old container waits for its port.
fn port_is_held(
    name: &RuntimeName,
    port: u16,
    holder: Option<&str>,
    error: &EngineError,
) -> Problem {
    let about = About { port, port_holder: holder, ..About::default() };
    let mut finding = diagnosis::describe(Cause::PortTaken, about);
    finding.meaning = format!(
        "{name} was put back, but cannot be started before port {port} is free. The application goes on trying."
    );
    let who = holder.unwrap_or("the program");
    finding
        .advice
        .insert(0, format!("Stop {who} that holds port {port}; {name} starts then by itself."));
    finding
        .evidence
        .push(Evidence { probe: "The engine's answer to the start".into(), seen: error.words() });
    Problem::found(finding).retryable()
}

/// Why a container that takes the old one's place could not be started.
pub(super) async fn not_started(
    handle: &Handle,
    old: &Container,
    new: &str,
    error: &EngineError,
) -> Stop {
    let engine = handle.engine.as_ref();
    if matches!(error, EngineError::NotFound(_)) && engine.inspect(new).await.is_err() {
        return super::hands::removed_before_start("the new container").into();
    }
    // The new one may ask for another port than the old one had.
    let port = match engine.inspect(new).await {
        Ok(next) => wanted_port(&next),
        Err(_) => wanted_port(old),
    };
    let holder = finding::holder_of(engine, port, new).await;
    let free_port = crate::wizard::free_port(engine).await;
    let about = About { port, port_holder: holder.as_deref(), free_port, ..About::default() };
    problem::engine_finding(error, about).into()
}

/// Renames, unless the container has that name already.
pub(super) async fn rename(engine: &dyn Engine, id: &str, name: &str) -> Result<(), EngineError> {
    if engine.inspect(id).await?.name == name {
        return Ok(());
    }
    engine.rename(id, name).await
}
