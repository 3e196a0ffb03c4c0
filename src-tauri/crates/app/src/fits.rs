//! Whether a compute can give what is asked for: ports, limits, folders. For the wizard and for changes
//! of a configuration alike.

use std::net::{IpAddr, SocketAddr, TcpListener};

use domain::{
    compute::EngineFacts,
    container::Neighbour,
    diagnosis::{self, About},
    finding::{Cause, Problem},
    spec::MountRequest,
};
use engine::Engine;

/// Where the search for a free port begins.
const FIRST_PORT: u16 = 18080;

/// The holder of a port that is no container.
const ANOTHER_PROGRAM: &str = "another program";

/// The lowest port that nobody holds at this address.
pub(crate) fn first_free(neighbours: &[Neighbour], address: &str) -> Option<u16> {
    (FIRST_PORT..FIRST_PORT + 2_000).find(|port| port_holder(neighbours, address, *port).is_none())
}

/// A port that is free on 127.0.0.1 just now.
pub(crate) async fn free_port(engine: &dyn Engine) -> Option<u16> {
    let neighbours = engine.neighbours().await.ok()?;
    first_free(&neighbours, "127.0.0.1")
}

/// Who holds a port: a container's name, or `another program`. Containers are asked first, since a
/// stopped one may hold it in its configuration only; the machine itself by trying to bind.
pub(crate) fn port_holder(neighbours: &[Neighbour], address: &str, port: u16) -> Option<String> {
    container_that_holds(neighbours, address, port)
        .or_else(|| is_bound_here(address, port).then(|| ANOTHER_PROGRAM.to_owned()))
}

/// A container that publishes this port, also one that is stopped.
pub(crate) fn container_that_holds(
    neighbours: &[Neighbour],
    address: &str,
    port: u16,
) -> Option<String> {
    let any = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    let held = neighbours.iter().find(|other| {
        other.ports.iter().any(|held| {
            held.host_port == port
                && held.protocol == "tcp"
                && (any(&held.host_address) || any(address) || held.host_address == address)
        })
    });
    held.map(|held| held.name.clone())
}

/// Whether something listens on a port of this machine. All computes of this version are local sockets:
/// binding here asks the same machine.
fn is_bound_here(address: &str, port: u16) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    matches!(
        TcpListener::bind(SocketAddr::new(address, port)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse
    )
}

/// The port cannot be had; a free one is proposed.
pub(crate) fn port_taken(
    neighbours: &[Neighbour],
    address: &str,
    port: u16,
    holder: &str,
) -> Problem {
    let about = About {
        port,
        port_holder: (holder != ANOTHER_PROGRAM).then_some(holder),
        free_port: first_free(neighbours, address),
        ..About::default()
    };
    Problem {
        field: Some("hostPort".into()),
        ..Problem::found(diagnosis::describe(Cause::PortTaken, about))
    }
}

/// What is to be confirmed about an address that other machines reach.
pub(crate) fn exposure(address: &str) -> Option<Problem> {
    let address: IpAddr = address.parse().ok()?;
    (!address.is_loopback()).then(|| {
        Problem::field(
            "bindAddress",
            "Other machines could reach the service at this address, and it runs whatever code it is sent.",
        )
        .hint("Use 127.0.0.1, or confirm that others may reach it.")
    })
}

/// Limits that the compute cannot reach.
pub(crate) fn limits(facts: &EngineFacts, memory: Option<u64>, cpus: Option<f64>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if memory.is_some_and(|limit| facts.memory > 0 && limit > facts.memory) {
        problems.push(Problem::field("memoryLimit", "The compute has less memory than that."));
    }
    if cpus.is_some_and(|limit| facts.cpus > 0 && limit > f64::from(facts.cpus)) {
        problems.push(Problem::field("cpuLimit", format!("The compute has {} CPUs.", facts.cpus)));
    }
    problems
}

/// Folders that are not there.
pub(crate) fn folders<'a>(mounts: impl Iterator<Item = (usize, &'a MountRequest)>) -> Vec<Problem> {
    mounts
        // The engine is on this machine: a folder that is missing here is missing there.
        .filter(|(_, mount)| mount.is_bind() && !std::path::Path::new(&mount.source).exists())
        .map(|(at, mount)| {
            Problem::field(
                &format!("mounts.{at}"),
                format!("The folder {} does not exist on the compute.", mount.source),
            )
        })
        .collect()
}
