//! Looks into a running container.

use std::time::Duration;

use domain::{
    connection::ConnectionType,
    container::{Container, MountKind},
    diagnosis::{
        EndpointAnswer, EndpointInside, Facts, Inside, InsideAnswer, ProcessorInside, Seen,
        inside::{
            ASK, ASK_ADDRESSES, LOOK as LOOK_INSIDE, read_addresses, read_answers, read_look,
            read_proxies,
        },
    },
    start::{FoundPython, PROBE, read_probe},
};
use engine::Engine;

use super::{
    Course,
    gather::{LOOK, look},
};
use crate::{connections, flows::used_connections};

/// Several Pythons are started for it.
const PYTHONS: Duration = Duration::from_secs(12);
/// Services that are asked at the same time take a few seconds when they do not answer.
const SERVICES_LIMIT: Duration = Duration::from_secs(8);
/// Services that are asked inside at most.
const SERVICES: usize = 8;
/// Ports that are asked inside at most.
const PORTS: usize = 6;

fn shell(script: &str, arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    ["sh".to_owned(), "-c".to_owned(), script.to_owned(), "sh".to_owned()]
        .into_iter()
        .chain(arguments)
        .collect()
}

/// Addresses on which something listens inside.
pub(super) async fn listening(engine: &dyn Engine, found: &Container) -> Seen<Inside> {
    let command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"].map(str::to_owned);
    let asking = async {
        match engine.exec(&found.id, &command, LOOK).await {
            Ok(output) if !output.out.is_empty() => {
                Inside::Listening(domain::listening::read(&output.out))
            }
            Ok(output) => Inside::NotSeen(output.error.trim().to_owned()),
            Err(error) => Inside::NotSeen(error.words()),
        }
    };
    let late = || Inside::NotSeen(format!("no answer within {} s", LOOK.as_secs()));
    look("Listening inside the container (/proc/net/tcp)", LOOK, asking, late).await
}

/// Asks the container's own ports for health, from within; `None` = there is nothing to ask.
pub(super) async fn ask(
    engine: &dyn Engine,
    found: &Container,
    facts: &Facts,
    path: &str,
) -> Option<Seen<Vec<InsideAnswer>>> {
    let Some(Inside::Listening(all)) = facts.listening.as_ref().map(|seen| &seen.value) else {
        return None;
    };
    let mut ports: Vec<u16> = all.iter().map(std::net::SocketAddr::port).collect();
    ports.sort_unstable();
    ports.dedup();
    // Where it is to serve is asked first.
    ports.sort_by_key(|port| Some(*port) != facts.target_port);
    ports.truncate(PORTS);
    if ports.is_empty() {
        return None;
    }
    let arguments = std::iter::once(path.to_owned()).chain(ports.iter().map(ToString::to_string));
    let command = shell(ASK, arguments);
    let limit = LOOK + LOOK;
    let asking = async {
        let output = engine.exec(&found.id, &command, limit).await.ok()?;
        Some(read_answers(&output.out))
    };
    let probe = format!("Asked inside: http://127.0.0.1:…{path}");
    let seen = look(&probe, limit, asking, || None).await;
    let value = seen.value?;
    Some(Seen { probe: seen.probe, value, milliseconds: seen.milliseconds })
}

/// Pythons inside that may serve.
pub(super) async fn pythons(engine: &dyn Engine, found: &Container) -> Seen<Vec<FoundPython>> {
    let command = shell(PROBE, []);
    let asking = async {
        let output = engine.exec(&found.id, &command, PYTHONS).await.ok();
        output.map(|output| read_probe(&output.out)).unwrap_or_default()
    };
    look("Pythons inside, and their packages", PYTHONS, asking, Vec::new).await
}

/// Disks, memory, load and network, as the container sees them.
pub(super) async fn resources(course: &Course, engine: &dyn Engine, found: &Container) {
    let mut places = vec!["/tmp".to_owned()];
    let own = |kind: &MountKind| *kind != MountKind::Bind;
    places.extend(
        found
            .mounts
            .iter()
            .filter(|mount| !mount.read_only && own(&mount.kind))
            .map(|mount| mount.target.clone()),
    );
    let in_memory = found.raw["HostConfig"]["Tmpfs"].as_object();
    places.extend(in_memory.into_iter().flatten().map(|(place, _)| place.clone()));
    let command = shell(LOOK_INSIDE, places);
    let asking = async {
        let output = engine.exec(&found.id, &command, LOOK).await.ok()?;
        Some(read_look(&output.out))
    };
    let seen = look("Looked at inside", LOOK, asking, || None).await;
    let Some(told) = seen.value else { return };
    let part = |probe: &str| (probe.to_owned(), seen.milliseconds);
    let cpus = engine.facts().cpus;
    course.saw(|facts| {
        let resources = &mut facts.resources;
        let (probe, milliseconds) = part("Disks inside");
        if !told.disks.is_empty() {
            resources.disks_inside = Some(Seen { probe, value: told.disks, milliseconds });
        }
        let (probe, milliseconds) = part("Memory of the container's control group");
        resources.memory = told.memory.map(|mut value| {
            // An engine without a limit of its own shows that of a group above it.
            if found.memory_limit == 0 {
                value.limit = 0;
            }
            Seen { probe, value, milliseconds }
        });
        let (probe, milliseconds) = part("Load of the compute (/proc/loadavg)");
        resources.processor = told.load.map(|load| Seen {
            probe,
            value: ProcessorInside { load, cpus },
            milliseconds,
        });
        let (probe, milliseconds) = part("Names and proxy inside (/etc/resolv.conf)");
        resources.network = Some(Seen { probe, value: told.network, milliseconds });
    });
}

/// How the services of connections answer inside that flows on this runtime use, and the proxies on the way.
pub(super) async fn services(course: &Course, engine: &dyn Engine, found: &Container) {
    let used = async {
        let names = used_connections(&course.app, &course.subject.row.id).await;
        let all = connections::all(&course.app).await.unwrap_or_default();
        all.into_iter()
            // What a custom connection leads to may be anything.
            .filter(|connection| connection.kind != ConnectionType::Custom)
            .filter(|connection| names.contains(connection.name.as_str()))
            .filter_map(|connection| Some((connection.name.to_string(), connection.origin()?)))
            .take(SERVICES)
            .collect::<Vec<_>>()
    };
    let has_proxy =
        course.facts().resources.network.is_some_and(|network| !network.value.proxies.is_empty());
    let asking = async {
        let used = used.await;
        if used.is_empty() && !has_proxy {
            return (vec![], vec![]);
        }
        let command = shell(ASK_ADDRESSES, used.iter().map(|(_, address)| address.clone()));
        let told = engine.exec(&found.id, &command, SERVICES_LIMIT).await;
        let told = told.map(|told| told.out).unwrap_or_default();
        (read_addresses(&told, &used), read_proxies(&told))
    };
    // Reading flows takes its time as well.
    let limit = SERVICES_LIMIT + LOOK;
    let late = || {
        let not_seen = EndpointAnswer::NotSeen(format!("no answer within {} s", limit.as_secs()));
        let unseen = EndpointInside {
            connection: "connections in use".into(),
            address: "inside".into(),
            answer: not_seen,
        };
        (vec![unseen], vec![])
    };
    let probe = "Addresses of connections, asked inside without a key";
    let Seen { probe, value: (endpoints, proxies), milliseconds } =
        look(probe, limit, asking, late).await;
    course.saw(|facts| {
        let resources = &mut facts.resources;
        resources.endpoints = Some(Seen { probe, value: endpoints, milliseconds });
        let probe = "Proxies of the container, connected to from inside".to_owned();
        resources.proxies = Some(Seen { probe, value: proxies, milliseconds });
    });
}
