//! Other people's hands: what somebody does to our containers in the middle of an operation.
//!
//! A container that somebody stopped looks like one that failed. Only the engine's events tell the two
//! apart, so they are followed while a container is proven: an image is never blamed for what a person,
//! or an engine that was restarted, did to it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    container::{Container, ContainerState},
    finding::{Finding, Problem, ProblemCode},
    name::RuntimeName,
};
use engine::{Engine, EngineError};
use futures_util::StreamExt;

use super::{Handle, Stop};
use crate::{context::lock, problem};

/// How long after a failure it is waited for the event that explains it.
const EVENT_PATIENCE: Duration = Duration::from_millis(500);

/// What was done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    Stopped,
    Paused,
    Removed,
    /// The engine went away, and ended the container with it.
    EngineGone,
}

#[derive(Default)]
struct Seen {
    /// Container's id and what was done to it.
    hands: Vec<(String, Hand)>,
    engine_gone: bool,
}

/// Hears what is done to containers from now on, until it is dropped.
pub(crate) struct Hands {
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hands {
    /// Begins to listen.
    pub(crate) fn watch(engine: &Arc<dyn Engine>) -> Self {
        let (engine, seen) = (engine.clone(), Arc::<Mutex<Seen>>::default());
        let heard = seen.clone();
        let task = tokio::spawn(async move {
            let mut events = engine.events().await;
            while let Some(Ok(event)) = events.next().await {
                let hand = match event.action.as_str() {
                    "kill" | "stop" => Hand::Stopped,
                    "pause" => Hand::Paused,
                    "destroy" => Hand::Removed,
                    _ => continue,
                };
                if event.subject == "container" {
                    lock(&heard).hands.push((event.id, hand));
                }
            }
            lock(&heard).engine_gone = true;
        });
        Self { seen, task }
    }

    /// What was done to this container; asked before we do anything to it ourselves.
    pub(crate) async fn on(&self, container: &str) -> Option<Hand> {
        let until = tokio::time::Instant::now() + EVENT_PATIENCE;
        loop {
            {
                let seen = lock(&self.seen);
                if seen.engine_gone {
                    return Some(Hand::EngineGone);
                }
                // The last one counts: a removal kills first.
                let hand = seen.hands.iter().rev().find(|(id, _)| id == container);
                if let Some((_, hand)) = hand {
                    return Some(*hand);
                }
            }
            if tokio::time::Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Why a container did not become ready: somebody's hand where one was in it, else what was found.
    /// `what` begins a sentence, e.g. `The new container`.
    pub(crate) async fn or_found(&self, container: &str, what: &str, found: Finding) -> Problem {
        let done = match self.on(container).await {
            Some(Hand::Stopped) => format!("Someone stopped {what} while it was being proven."),
            Some(Hand::Paused) => format!("Someone paused {what} while it was being proven."),
            Some(Hand::Removed) => format!("Someone removed {what} while it was being proven."),
            Some(Hand::EngineGone) => {
                format!("The engine was restarted, or ended, while {what} was being proven.")
            }
            None => return Problem::found(found),
        };
        Problem::new(ProblemCode::ContainerFailed, format!("{done} That says nothing about it."))
            .hint("Try again.")
            .retryable()
    }
}

/// The container could not be started because it is gone: somebody removed it.
pub(crate) fn removed_before_start(what: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("Someone removed {what} before it was started."))
        .hint("Try again.")
        .retryable()
}

/// Refuses a container that is paused. Whether its service works cannot be seen, so neither *as it was*
/// nor *running* could be held to.
pub(crate) fn not_paused(name: &RuntimeName, old: &Container) -> Result<(), Problem> {
    if old.state != ContainerState::Paused {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::CannotBeKept,
        format!(
            "{name} is paused, so it cannot be seen whether its service works. Nothing was changed."
        ),
    )
    .hint(format!("Let it go on (docker unpause {name}), or stop it; then try again."))
    .retryable())
}

/// The old container as it is right now, which has to be there under the name that we gave it.
pub(crate) async fn old_now(
    handle: &Handle,
    id: &str,
    name: &RuntimeName,
    called: &str,
) -> Result<Container, Stop> {
    let old = match handle.engine.inspect(id).await {
        Ok(old) => old,
        Err(EngineError::NotFound(_)) => return Err(gone(name).into()),
        Err(error) => return Err(problem::of_engine(&error).into()),
    };
    if matches!(old.state, ContainerState::Removing | ContainerState::Dead) {
        return Err(gone(name).into());
    }
    if old.name != called {
        return Err(Problem::new(
            ProblemCode::NotFound,
            format!("Someone renamed {called} to {} meanwhile. The operation was ended, and the container keeps that name.", old.name),
        )
        .into());
    }
    not_paused(name, &old)?;
    Ok(old)
}

fn gone(name: &RuntimeName) -> Problem {
    Problem::new(
        ProblemCode::NotFound,
        format!(
            "Someone removed the container of {name} meanwhile. The operation was ended, and nothing that it made is left."
        ),
    )
}
