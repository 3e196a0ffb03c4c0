//! The switch-over: the successor takes the name, and on any failure the old container gets it back.
//!
//! The order of the steps is that of the design: create, rename, take the restart policy off, *stop
//! old, start new*, health gate. The two in the middle are all the downtime. A lock on the engine
//! holds what is needed to put things right after a crash at any instant. What somebody else did to the
//! old container meanwhile is looked at right before it counts.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use domain::{
    container::Container,
    finding::{Finding, Problem, ProblemCode},
    name::{Part, RuntimeName},
    operation::{Cancel, StepKind},
    recreate::Creation,
};
use engine::{Engine, EngineError};
use serde_json::json;
use tokio::time::Instant;

pub(crate) use super::patience::patiently;
use super::{
    Handle, Stop,
    hands::{self, Hands},
    held::{Held, release, still_held},
    lifecycle::grace,
    patience::is_port_taken,
    proof,
    put_back::{Back, PORT_PATIENCE, not_started, put_back, rename},
};
use crate::{finding, problem};

/// How many ports that the engine chose may be taken before it is told.
const TRIES_OF_PORTS: u32 = 20;

/// Creates a container and connects its other networks; nothing stays when that goes wrong.
pub(crate) async fn create(
    engine: &dyn Engine,
    name: &str,
    creation: &Creation,
) -> Result<String, EngineError> {
    let id = engine.create(name, &creation.body).await?;
    for (network, endpoint) in &creation.connect {
        if let Err(error) = engine.connect_network(network, &id, endpoint).await {
            engine.remove(&id, true, false).await?;
            return Err(error);
        }
    }
    Ok(id)
}

/// How a switch-over ended.
pub(crate) struct Switched {
    /// Milliseconds during which neither answered; `None` for a runtime that was stopped.
    pub without_service: Option<u64>,
    /// It runs; a runtime that was stopped, also in the middle of the operation, is left stopped.
    pub runs: bool,
    /// The old container had to go: this engine cannot take its restart policy off.
    pub old_removed: bool,
}

/// What is switched over.
pub(crate) struct Switch<'a> {
    pub name: &'a RuntimeName,
    /// Id of the old container.
    pub old: &'a str,
    pub held: &'a Held,
    pub health_path: &'a str,
}

/// One switch-over with the old container as it was right before.
struct Now<'a> {
    switch: &'a Switch<'a>,
    old: &'a Container,
    new: &'a str,
    /// It ran when it was looked at last, and is to run again.
    ran: AtomicBool,
    /// We began to stop the old one: from here on it is ours to bring back.
    stopping: AtomicBool,
    /// What somebody does meanwhile.
    hands: Hands,
}

/// Switches over to what `successor` makes of the old container as it is by then: somebody may have
/// changed its settings meanwhile. An error means that the old state stands again.
pub(crate) async fn switch_over(
    handle: &Handle,
    switch: &Switch<'_>,
    successor: impl Fn(&Container) -> Creation,
) -> Result<Switched, Stop> {
    let engine = handle.engine.as_ref();
    let name = switch.name;
    still_held(handle, switch.held).await?;
    handle.check_cancel()?;
    let old = hands::old_now(handle, switch.old, name, name.as_str()).await?;
    if old.is_running() && !switch.held.record.old_was_running {
        return Err(started_meanwhile(name).into());
    }
    let hands = Hands::watch(&handle.engine);
    let new = create(engine, &name.container(Part::Next), &successor(&old))
        .await
        .map_err(|error| problem::engine_finding(&error, domain::diagnosis::About::default()))?;
    let (ran, stopping) = (old.is_running().into(), false.into());
    let now = Now { switch, old: &old, new: &new, ran, stopping, hands };
    match now.forward(handle).await {
        Ok(switched) => Ok(switched),
        Err(stop) => {
            if matches!(stop, Stop::Failed(_)) {
                let log = finding::last_lines(engine, &new).await;
                handle
                    .set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
            }
            handle.stopped(&stop);
            handle.set_cancel(Cancel::No);
            handle.step(StepKind::PutBack);
            let back = put_back(handle, name, &now.back(), std::slice::from_ref(&new)).await;
            back.inspect_err(|failed| handle.stopped(failed))?;
            Err(stop)
        }
    }
}

fn started_meanwhile(name: &RuntimeName) -> Problem {
    Problem::new(
        ProblemCode::Busy,
        format!("Someone started {name} meanwhile. It was stopped when the operation began, so nothing was prepared for a running one. Nothing was changed."),
    )
    .hint("Try again.")
    .retryable()
}

impl Now<'_> {
    fn back(&self) -> Back<'_> {
        Back {
            old: &self.old.id,
            // Only what we stopped is made again: what somebody removed before that is their wish.
            again: self.stopping.load(SeqCst).then_some(self.old),
            ran: self.ran.load(SeqCst),
            policy: &self.old.raw["HostConfig"]["RestartPolicy"],
            older: self.switch.held.record.older.as_deref(),
            port_patience: Some(PORT_PATIENCE),
        }
    }

    async fn forward(&self, handle: &Handle) -> Result<Switched, Stop> {
        let engine = handle.engine.as_ref();
        let Switch { name, held, .. } = self.switch;
        let (old, new) = (self.old, self.new);
        let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
        if let Some(older) = &held.record.older {
            // The previous one of an earlier update waits under a free name until this one is proven.
            match rename(engine, older, &name.container(Part::Candidate)).await {
                // Somebody removed it: there is one less to go back to, and nothing in the way.
                Ok(()) | Err(EngineError::NotFound(_)) => {}
                Err(error) => return Err(refused(error)),
            }
        }
        still_held(handle, held).await?;
        engine.rename(&old.id, &name.container(Part::Previous)).await.map_err(refused)?;
        engine.rename(new, name.as_str()).await.map_err(refused)?;
        // Else it comes back after an engine restart and fights for the port.
        let policy_is_off = match engine.set_restart_policy(&old.id, &json!({"Name": "no"})).await {
            Ok(()) => true,
            Err(EngineError::NotSupported(_)) => old.restart_policy == "no",
            Err(error) => return Err(refused(error)),
        };
        still_held(handle, held).await?;
        let last = hands::old_now(handle, &old.id, name, &name.container(Part::Previous)).await?;
        let mut runs = last.is_running();
        if !runs && old.is_running() {
            // An engine that was restarted has stopped it, since its policy is off: nobody's wish.
            runs = self.hands.on(&old.id).await == Some(hands::Hand::EngineGone);
        }
        self.ran.store(runs, SeqCst);
        let mut without_service = None;
        if runs && !old.is_running() {
            return Err(started_meanwhile(name).into());
        }
        if runs {
            handle.check_cancel()?;
            handle.set_cancel(Cancel::GoBack);
            without_service = Some(self.in_its_place(handle).await?);
        }
        // It serves: who has removed the lock by now changes nothing about that any more.
        handle.set_cancel(Cancel::No);
        handle.step(StepKind::CleanUp);
        if let Err(EngineError::NotFound(_)) = engine.inspect(new).await {
            return Err(hands::removed_before_start("the new container").into());
        }
        if let Some(older) = &held.record.older {
            patiently(|| engine.remove(older, true, false)).await.map_err(refused)?;
        }
        release(handle, held).await;
        let old_removed = !policy_is_off;
        if old_removed {
            // Anonymous volumes were handed over by name and stay with the new one.
            if let Err(error) = patiently(|| engine.remove(&old.id, true, false)).await {
                tracing::warn!(%error, "a replaced container could not be removed");
            }
        }
        handle.look_at(new).await;
        Ok(Switched { without_service, runs, old_removed })
    }

    /// Stops the old one, starts the new one, and waits until it has proven itself. Answers the
    /// milliseconds without service.
    async fn in_its_place(&self, handle: &Handle) -> Result<u64, Stop> {
        let engine = handle.engine.as_ref();
        let (old, new) = (self.old, self.new);
        self.stopping.store(true, SeqCst);
        let began = Instant::now();
        match engine.stop(&old.id, grace(old)).await {
            // Somebody removed it, which stopped it as well.
            Ok(()) | Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(problem::of_engine(&error).into()),
        }
        if let Err(error) = engine.start(new).await {
            return Err(not_started(handle, old, new, &error).await);
        }
        handle.step(StepKind::WaitForHealth);
        let limit = handle.app().ready_within();
        let path = self.switch.health_path;
        let gate = proof::wait_until_ready(handle, new, path, limit);
        if let Err(found) = handle.or_cancel(gate).await? {
            return Err(self.hands.or_found(new, "the new container", found).await.into());
        }
        let without_service = super::millis(began);
        let stays = proof::stays_ready(handle, new, path, limit, proof::STAY_IN_PLACE);
        if let Err(found) = handle.or_cancel(stays).await? {
            return Err(self.hands.or_found(new, "the new container", found).await.into());
        }
        Ok(without_service)
    }
}

/// Starts a container whose port on the host the engine is to choose. Engines choose without looking at
/// other programs, and go on to the next one each time: a choice that is taken is made again.
pub(crate) async fn start_on_any_port(engine: &dyn Engine, id: &str) -> Result<(), EngineError> {
    let mut tries = 0;
    loop {
        match engine.start(id).await {
            Err(error) if tries < TRIES_OF_PORTS && is_port_taken(&error) => tries += 1,
            answer => return answer,
        }
    }
}

/// Whether a finding speaks against the image itself, so that it is not tried again by itself.
pub(crate) fn blames_image(finding: &Finding) -> bool {
    use domain::finding::Cause;
    matches!(
        finding.cause,
        Cause::ContainerExited
            | Cause::NoServiceInImage
            | Cause::AnotherServiceAnswers
            | Cause::AnswersElsewhere
            | Cause::NotReadyInTime
            | Cause::CommandMissing
            | Cause::WrongArchitecture
    )
}
