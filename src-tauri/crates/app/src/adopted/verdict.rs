//! Whether a container that was not made here can be a runtime as it is.

use domain::{
    adopt::Verdict,
    container::{Container, ContainerState},
    name::RuntimeName,
    start,
};
use engine::Engine;
use executor::Miss;

use crate::{context::App, finding, health, table};

/// Published ports in words.
pub(super) fn ports(container: &Container) -> Vec<String> {
    container
        .ports
        .iter()
        .map(|port| {
            let address = if port.host_address.is_empty() { "0.0.0.0" } else { &port.host_address };
            format!("{address}:{} → {}", port.host_port, port.container_port)
        })
        .collect()
}

pub(super) async fn of(app: &App, engine: &dyn Engine, container: &Container) -> Verdict {
    if container.state != ContainerState::Running {
        let paused = container.state == ContainerState::Paused;
        return Verdict::NotRunning { exit_code: container.exit_code, paused };
    }
    if let Err(error) = RuntimeName::parse(&container.name) {
        return Verdict::NameCannotBeUsed { why: error.to_string() };
    }
    let Some(base) = table::endpoint(container) else {
        return not_published(app, engine, container).await;
    };
    match app.parts.executor.health(&base, "/health", health::PATIENCE).await {
        Ok(protocol) => {
            let version = app.parts.executor.version(&base, health::PATIENCE).await;
            let version = version.ok().map(|told| told.version).filter(|text| !text.is_empty());
            Verdict::Usable { protocol, endpoint: base, version }
        }
        Err(Miss::WrongAnswer { status, excerpt }) => {
            Verdict::AnotherService { answer: format!("status {status}: {excerpt}") }
        }
        Err(Miss::Silent(seconds)) => {
            Verdict::Unknown { because: format!("It did not answer within {seconds} s.") }
        }
        Err(Miss::Closed | Miss::Refused(_)) => {
            let listening = finding::listening_inside(engine, &container.id).await;
            let elsewhere = listening.unwrap_or_default();
            let mut elsewhere: Vec<String> = elsewhere.iter().map(ToString::to_string).collect();
            elsewhere.sort();
            elsewhere.dedup();
            Verdict::NothingListens { elsewhere }
        }
    }
}

/// It publishes nothing: where it may be reached all the same, from the compute's machine.
async fn not_published(app: &App, engine: &dyn Engine, container: &Container) -> Verdict {
    let networks = container.raw.pointer("/NetworkSettings/Networks");
    let address = networks
        .and_then(serde_json::Value::as_object)
        .into_iter()
        .flat_map(|networks| networks.values())
        .filter_map(|network| network["IPAddress"].as_str())
        .find(|address| !address.is_empty());
    let Some(address) = address else {
        return Verdict::NotPublished { address: None, protocol: None };
    };
    let listening = finding::listening_inside(engine, &container.id).await.unwrap_or_default();
    let outside: Vec<u16> = listening
        .iter()
        .filter(|socket| !socket.ip().is_loopback())
        .map(std::net::SocketAddr::port)
        .collect();
    let exposed = start::exposed_ports(&container.raw["Config"]);
    let mut tried = outside;
    tried.extend(exposed);
    tried.sort_unstable();
    tried.dedup();
    for port in &tried {
        let base = format!("http://{address}:{port}");
        if let Ok(protocol) = app.parts.executor.health(&base, "/health", health::PATIENCE).await {
            return Verdict::NotPublished { address: Some(base), protocol: Some(protocol) };
        }
    }
    let first = tried.first().map(|port| format!("http://{address}:{port}"));
    Verdict::NotPublished { address: first, protocol: None }
}
