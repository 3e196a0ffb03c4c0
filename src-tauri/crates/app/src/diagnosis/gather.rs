//! What is looked at for a diagnosis: each look by itself, with a limit of its own, and side by side where
//! none needs what another saw.

use std::{sync::Arc, time::Duration};

use domain::{
    compute::Unreachable,
    container::{Container, Neighbour},
    diagnosis::{
        Clocks, ContainerAnswer, EngineAnswer, Facts, FlowsSeen, Holder, ImageAnswer, Seen,
        ServiceAnswer, judge,
    },
    finding::Cause,
    label::Labels,
};
use engine::{Engine, EngineError};
use executor::Miss;
use tokio::time::Instant;

use super::{Course, Subject, inside};
use crate::{
    api::ComputeState,
    computes,
    context::{App, lock, now},
    finding::{self, KILLED},
    fits, health, table,
};

/// All looks of one diagnosis together.
pub(super) const ALTOGETHER: Duration = Duration::from_secs(20);
/// One look at an engine.
pub(super) const LOOK: Duration = Duration::from_secs(3);
/// Looking at the files of flows.
const FLOWS: Duration = Duration::from_secs(12);
/// Asking an engine for all its containers may take longer.
const LIST: Duration = Duration::from_secs(6);

/// What is known without looking.
pub(super) fn known(app: &App, subject: &Subject) -> Facts {
    let row = &subject.row;
    let labels = subject.container.as_ref().and_then(|found| Labels::read(&found.labels));
    let engine_facts = lock(&app.computes).get(&row.compute).and_then(|entry| entry.facts.clone());
    let wanted_port = row.ports.iter().map(|port| port.host_port).find(|port| *port != 0);
    let away = lock(&app.diagnosis.away).get(&row.compute).copied();
    Facts {
        name: row.name.to_string(),
        compute: computes::name(app, &row.compute),
        image_name: row.image.clone(),
        digest: row.digest.clone(),
        architecture: engine_facts.as_ref().map_or_else(String::new, |f| f.architecture.clone()),
        is_podman: engine_facts.as_ref().is_some_and(|facts| facts.is_podman),
        compute_memory: engine_facts.as_ref().map_or(0, |facts| facts.memory),
        target_port: labels.and_then(|labels| labels.target_port),
        endpoint: row.endpoint.clone(),
        wanted_port: wanted_port
            .or_else(|| row.spec.as_ref().map(|spec| spec.host_port))
            .unwrap_or(0),
        answered_before: table::answered_before(app, &row.container_id),
        ready_within: app.ready_within().as_secs(),
        now: now(),
        engine_away: away.and_then(|(gone, back)| Some((gone, back?))),
        told_out_of_memory: lock(&app.out_of_memory).contains_key(&row.container_id),
        told_refusal: lock(&app.diagnosis.refusals).get(&row.container_id).cloned(),
        told_stop: lock(&app.diagnosis.stops).get(&row.container_id).cloned(),
        ..Facts::default()
    }
}

/// Looks at everything, as far as there is something to be looked at.
pub(super) async fn gather(course: Arc<Course>) {
    let Some(engine) = engine(&course).await else { return };
    let engine = engine.as_ref();
    let found = container(&course, engine).await;
    let Some(found) = found else { return };
    let beside = async {
        tokio::join!(engine_disk(&course, engine), clock(&course, engine));
    };
    let chain = async {
        if found.state == domain::container::ContainerState::Running {
            runs(&course, engine, &found).await;
            // They may take long, and nobody who waits for a cause is to wait for them.
            let holds = judge(&lock(&course.facts), false).broken.is_none();
            if holds {
                tokio::join!(inside::services(&course, engine, &found), flows(&course, engine));
            }
        } else {
            tokio::join!(
                log(&course, engine, &found),
                port(&course, engine, &found),
                memory(&course, engine, &found)
            );
        }
    };
    tokio::join!(image(&course, engine, &found), chain, beside);
}

/// What a look gives within its limit, and how long it took.
pub(super) async fn look<T>(
    probe: &str,
    limit: Duration,
    work: impl Future<Output = T>,
    late: impl FnOnce() -> T,
) -> Seen<T> {
    let began = Instant::now();
    let value = tokio::time::timeout(limit, work).await.unwrap_or_else(|_| late());
    Seen {
        probe: probe.to_owned(),
        value,
        milliseconds: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
    }
}

/// The engine, when it answers now.
async fn engine(course: &Course) -> Option<Arc<dyn Engine>> {
    let compute = &course.subject.row.compute;
    let (found, connected, state) = {
        let computes = lock(&course.app.computes);
        let entry = computes.get(compute)?;
        (entry.found.clone(), entry.engine.clone(), entry.state.clone())
    };
    let connect = course.app.parts.computes.clone();
    let mut engine = connected.clone();
    let asking = async {
        let answer = match &connected {
            Some(engine) => engine.ping().await,
            None => connect.connect(&found).await.map(|new| {
                engine = Some(new);
            }),
        };
        match answer {
            Ok(()) => EngineAnswer::Answers(engine.as_ref().map_or_else(String::new, |engine| {
                format!("{} {}", engine.facts().engine, engine.facts().version)
            })),
            Err(EngineError::Unreachable(reason)) => EngineAnswer::Unreachable(reason),
            Err(error) => EngineAnswer::Unreachable(Unreachable::Other { reason: error.words() }),
        }
    };
    let silent = || EngineAnswer::Silent(LOOK.as_secs());
    let mut seen = look("Engine: ping", LOOK, asking, silent).await;
    // What the watch over the compute knows is more than that nobody answered.
    if let (
        EngineAnswer::Unreachable(Unreachable::Other { .. }) | EngineAnswer::Silent(_),
        ComputeState::CannotHost { why } | ComputeState::NotReachable { why },
    ) = (&seen.value, &state)
    {
        seen.value = EngineAnswer::Unreachable(why.reason.clone());
    }
    let answers = matches!(seen.value, EngineAnswer::Answers(_));
    course.saw(|facts| facts.engine = Some(seen));
    engine.filter(|_| answers)
}

async fn container(course: &Course, engine: &dyn Engine) -> Option<Container> {
    let id = &course.subject.row.container_id;
    let asking = async {
        match engine.inspect(id).await {
            Ok(found) => ContainerAnswer::There(Box::new(found)),
            Err(EngineError::NotFound(_)) => ContainerAnswer::Gone,
            Err(error) => ContainerAnswer::NotSeen(error.words()),
        }
    };
    let late = || ContainerAnswer::NotSeen(format!("no answer within {} s", LOOK.as_secs()));
    let seen = look("Container: inspect", LOOK, asking, late).await;
    let found = match &seen.value {
        ContainerAnswer::There(found) => Some((**found).clone()),
        _ => None,
    };
    let endpoint = found.as_ref().and_then(table::endpoint);
    course.saw(|facts| {
        // The time that the container has had is that at this look.
        facts.now = now();
        facts.endpoint = endpoint.or(facts.endpoint.take());
        facts.container = Some(seen);
    });
    if found.is_none() {
        image_of_gone(course, engine).await;
    }
    found
}

async fn image(course: &Course, engine: &dyn Engine, found: &Container) {
    look_at_image(course, engine, &found.image_id).await;
}

/// Of a container that is gone the image is what it would be made from again.
async fn image_of_gone(course: &Course, engine: &dyn Engine) {
    if let Some(container) = &course.subject.container {
        look_at_image(course, engine, &container.image_id).await;
    }
}

async fn look_at_image(course: &Course, engine: &dyn Engine, id: &str) {
    let asking = async {
        match engine.image(id).await {
            Ok(image) => ImageAnswer::There(Box::new(image)),
            Err(EngineError::NotFound(_)) => ImageAnswer::Missing,
            Err(error) => ImageAnswer::NotSeen(error.words()),
        }
    };
    let late = || ImageAnswer::NotSeen(format!("no answer within {} s", LOOK.as_secs()));
    let seen = look("Image: inspect", LOOK, asking, late).await;
    course.saw(|facts| facts.image = Some(seen));
}

async fn log(course: &Course, engine: &dyn Engine, found: &Container) {
    let lines = finding::last_lines(engine, &found.id);
    let seen = look("Last lines of the log", LOOK, lines, String::new).await;
    course.saw(|facts| facts.log = Some(seen));
}

/// Whether the kernel says that it ended a container for memory, where the engine does not.
async fn memory(course: &Course, engine: &dyn Engine, found: &Container) {
    if found.out_of_memory || found.exit_code != KILLED {
        return;
    }
    let asking = engine.kernel_on_memory(found);
    let seen = look("The log of this machine's kernel", LOOK, asking, || None).await;
    if let Some(words) = seen.value {
        let seen = Seen { probe: seen.probe, value: words, milliseconds: seen.milliseconds };
        course.saw(|facts| facts.kernel_on_memory = Some(seen));
    }
}

/// Who holds the port that the container is to have, while it does not.
async fn port(course: &Course, engine: &dyn Engine, found: &Container) {
    let wanted = found.ports.iter().find(|port| port.protocol == "tcp" && port.host_port != 0);
    let Some(wanted) = wanted else { return };
    let (address, number) = match wanted.host_address.as_str() {
        "" => ("0.0.0.0", wanted.host_port),
        address => (address, wanted.host_port),
    };
    let asking = async {
        let all: Vec<Neighbour> = engine.neighbours().await.ok()?;
        let others: Vec<Neighbour> = all.into_iter().filter(|one| one.id != found.id).collect();
        let running = |one: &&Neighbour| one.ports.iter().any(|port| port.host_port == number);
        let free = fits::first_free(&others, address);
        let holder = match fits::container_that_holds(&others, address, number) {
            Some(name) => {
                let held = others.iter().filter(running).find(|one| one.name == name);
                // One that does not run holds it in its configuration only.
                let runs = match held {
                    Some(held) => {
                        engine.inspect(&held.id).await.is_ok_and(|held| held.is_running())
                    }
                    None => false,
                };
                if runs { Holder::Container(name) } else { held_here(address, number) }
            }
            None => held_here(address, number),
        };
        Some((holder, free))
    };
    let seen = look(&format!("Port {number} on this machine"), LIST, asking, || None).await;
    let Some((holder, free)) = seen.value else { return };
    let seen = Seen { probe: seen.probe, value: holder, milliseconds: seen.milliseconds };
    course.saw(|facts| {
        facts.port_holder = Some(seen);
        facts.free_port = free;
    });
}

fn held_here(address: &str, port: u16) -> Holder {
    match fits::port_holder(&[], address, port) {
        Some(_) => Holder::Program,
        None => Holder::Nobody,
    }
}

/// Everything about a container that runs.
async fn runs(course: &Course, engine: &dyn Engine, found: &Container) {
    let listening = async {
        let seen = inside::listening(engine, found).await;
        course.saw(|facts| facts.listening = Some(seen));
    };
    let service = async {
        if let Some(seen) = service(course, found).await {
            course.saw(|facts| facts.service = Some(seen));
        }
    };
    let chain = async {
        tokio::join!(listening, service);
        let well = matches!(
            course.facts().service.map(|seen| seen.value),
            Some(ServiceAnswer::Healthy(_))
        );
        if well {
            let pythons = async {
                let seen = inside::pythons(engine, found).await;
                course.saw(|facts| facts.pythons = Some(seen));
            };
            tokio::join!(pythons, port_if_anothers(course, engine));
        } else {
            let asked = async {
                let facts = course.facts();
                let path = health_path(course);
                if let Some(seen) = inside::ask(engine, found, &facts, &path).await {
                    course.saw(|facts| facts.inside = Some(seen));
                }
            };
            tokio::join!(asked, log(course, engine, found), port_if_lost(course, engine, found));
        }
    };
    tokio::join!(chain, inside::resources(course, engine, found));
}

/// A free port is proposed where none is published.
async fn port_if_lost(course: &Course, engine: &dyn Engine, found: &Container) {
    if table::endpoint(found).is_none() {
        let free = tokio::time::timeout(LIST, fits::free_port(engine)).await.ok().flatten();
        course.saw(|facts| facts.free_port = free);
    }
}

/// A free port is proposed where another program answers in the container's place.
async fn port_if_anothers(course: &Course, engine: &dyn Engine) {
    let broken = judge(&course.facts(), false).finding.map(|finding| finding.cause);
    if broken == Some(Cause::NotTheOneThatAnswers) {
        let free = tokio::time::timeout(LIST, fits::free_port(engine)).await.ok().flatten();
        course.saw(|facts| facts.free_port = free);
    }
}

fn health_path(course: &Course) -> String {
    let spec = course.subject.row.spec.as_ref();
    spec.map_or("/health", |spec| spec.health_path()).to_owned()
}

async fn service(course: &Course, found: &Container) -> Option<Seen<ServiceAnswer>> {
    let base = table::endpoint(found)?;
    let path = health_path(course);
    let asking = async {
        match course.app.parts.executor.health(&base, &path, health::PATIENCE).await {
            Ok(protocol) => ServiceAnswer::Healthy(protocol),
            Err(Miss::Refused(words)) => ServiceAnswer::Refused(words),
            Err(Miss::Closed) => ServiceAnswer::Closed,
            Err(Miss::Silent(seconds)) => ServiceAnswer::Silent(seconds),
            Err(Miss::WrongAnswer { status, excerpt }) => ServiceAnswer::Other { status, excerpt },
        }
    };
    let late = || ServiceAnswer::Silent(health::PATIENCE.as_secs());
    Some(look(&format!("GET {base}{path}"), health::PATIENCE * 2, asking, late).await)
}

/// Whether flows that ran here find what they need.
async fn flows(course: &Course, engine: &dyn Engine) {
    let row = &course.subject.row;
    let asking = crate::flows::lacking(&course.app, row, engine, FLOWS);
    // It has a limit of its own, so that what was seen by then is told.
    let seen =
        look("What flows that ran here need (/tool/meta)", FLOWS + LOOK, asking, || FlowsSeen {
            not_seen: vec!["the flows were not read in time".into()],
            ..FlowsSeen::default()
        });
    let seen = seen.await;
    course.saw(|facts| facts.flows = Some(seen));
}

async fn engine_disk(course: &Course, engine: &dyn Engine) {
    let asking = async { engine.free_disk().await.ok().flatten() };
    let seen = look("Free space of the engine's disk", LOOK, asking, || None).await;
    course.saw(|facts| facts.resources.engine_disk = Some(seen));
}

async fn clock(course: &Course, engine: &dyn Engine) {
    let asking = async {
        let before = now();
        let told = engine.clock().await.ok().flatten()?;
        // The middle of asking is the moment that it tells of.
        let took = now().duration_since(before);
        let here = before + took / 2;
        Some(Clocks { engine: told, here })
    };
    let seen = look("Engine: its time", LOOK, asking, || None).await;
    if let Some(clocks) = seen.value {
        let seen = Seen { probe: seen.probe, value: clocks, milliseconds: seen.milliseconds };
        course.saw(|facts| facts.resources.clock = Some(seen));
    }
}
