//! The port: published, listening inside, and reachable from here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::words;
use crate::{
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{Facts, Inside, InsideAnswer, ServiceAnswer},
    },
    finding::{Cause, Remedy},
    runtime::Protocol,
    start::USUAL_PORT,
};

/// Docker's own server for names, inside every container on a network with a name.
const NAMES_OF_ENGINE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// What listens inside, for people.
pub fn listening_words(inside: &Inside) -> String {
    match inside {
        Inside::NotSeen(why) => why.clone(),
        Inside::Listening(_) => {
            let all: Vec<String> = own(inside).iter().map(ToString::to_string).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
        }
    }
}

/// What answered inside, for people.
pub fn inside_words(answers: &[InsideAnswer]) -> String {
    let words = |answer: &InsideAnswer| match answer.body.trim() {
        "" => format!("port {}: no answer", answer.port),
        body => format!("port {}: {body}", answer.port),
    };
    answers.iter().map(words).collect::<Vec<_>>().join("\n")
}

/// Addresses of the container's own programs.
fn own(inside: &Inside) -> Vec<SocketAddr> {
    match inside {
        Inside::Listening(all) => {
            all.iter().filter(|address| address.ip() != NAMES_OF_ENGINE).copied().collect()
        }
        Inside::NotSeen(_) => vec![],
    }
}

/// The port inside that is to serve.
pub fn target(facts: &Facts) -> u16 {
    let published = || {
        let found = facts.found()?;
        found.ports.iter().find(|port| port.protocol == "tcp").map(|port| port.container_port)
    };
    facts.target_port.or_else(published).unwrap_or(USUAL_PORT)
}

/// The container has the machine's own network: nothing is to be published.
fn on_host(facts: &Facts) -> bool {
    facts
        .found()
        .is_some_and(|found| found.raw["HostConfig"]["NetworkMode"].as_str() == Some("host"))
}

pub fn published(facts: &Facts) -> Option<Judged> {
    let seen = facts.container.as_ref()?;
    let found = facts.found()?;
    if on_host(facts) {
        return Some(Judged::of(
            seen,
            LinkState::NotNeeded,
            "network host",
            "It uses the machine's own network, so no port is published.",
        ));
    }
    let target = target(facts);
    let of_target = found.ports.iter().find(|port| {
        port.protocol == "tcp" && port.container_port == target && port.host_port != 0
    });
    if let Some(port) = of_target {
        let address = if port.host_address.is_empty() { "0.0.0.0" } else { &port.host_address };
        let saw = format!("{address}:{} → {target}", port.host_port);
        return Some(Judged::of(seen, LinkState::Passed, saw, "The port is published."));
    }
    let others: Vec<String> = found
        .ports
        .iter()
        .filter(|port| port.host_port != 0)
        .map(|port| format!("{} → {}", port.host_port, port.container_port))
        .collect();
    let saw = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
    let mut finding = words::in_general(Cause::NoPortPublished);
    finding.sentence = format!("The port {target} inside is not published.");
    finding.remedies = vec![Remedy::ChoosePort { free: facts.free_port }];
    Some(Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding))
}

pub fn listening(facts: &Facts) -> Option<Judged> {
    let seen = facts.listening.as_ref()?;
    let saw = listening_words(&seen.value);
    if let Inside::NotSeen(_) = &seen.value {
        let sentence = "What listens inside could not be seen.";
        return Some(Judged::of(seen, LinkState::Unknown, saw, sentence));
    }
    let target = target(facts);
    let all = own(&seen.value);
    let at_target: Vec<&SocketAddr> = all.iter().filter(|one| one.port() == target).collect();
    if at_target.iter().any(|one| !one.ip().is_loopback()) {
        let sentence = format!("Something listens on port {target} inside.");
        return Some(Judged::of(seen, LinkState::Passed, saw, sentence));
    }
    // Something answers from here although nothing listens inside: it is not this container.
    if let Some(service) = &facts.service
        && matches!(service.value, ServiceAnswer::Healthy(_))
        && at_target.is_empty()
    {
        let mut finding = words::in_general(Cause::NotTheOneThatAnswers);
        if let Some(endpoint) = &facts.endpoint {
            finding.sentence =
                format!("Something answers at {endpoint}, and it is not this container.");
        }
        finding.remedies = vec![Remedy::ChoosePort { free: facts.free_port }];
        return Some(
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone())
                .found(finding)
                .and_saw(Some(service), ToString::to_string),
        );
    }
    let proven = |port: u16| facts.inside_at(port).is_some_and(InsideAnswer::is_well);
    if !at_target.is_empty() {
        let loopback = (proven(target) || facts.had_its_time()).then(|| {
            let mut finding = words::in_general(Cause::ListensOnLoopback);
            finding.sentence =
                format!("The service listens on 127.0.0.1:{target} inside the container only.");
            finding.remedies = vec![Remedy::StartWithExecutor, Remedy::ViewLogs];
            finding
        });
        return Some(or_wait(facts, seen, saw, loopback));
    }
    let elsewhere = all.iter().find(|one| proven(one.port())).or_else(|| {
        all.iter().find(|one| !one.ip().is_loopback()).filter(|_| facts.had_its_time())
    });
    if let Some(other) = elsewhere {
        let port = other.port();
        let mut finding = words::in_general(Cause::ListensElsewhere);
        finding.sentence = format!(
            "The service listens on port {port} inside; port {target} is the one that is published."
        );
        finding.remedies = if other.ip().is_loopback() {
            vec![Remedy::StartWithExecutor, Remedy::ViewLogs]
        } else {
            vec![Remedy::ListenOn { inside: port }, Remedy::ViewLogs]
        };
        return Some(
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone())
                .found(finding)
                .and_saw(facts.inside.as_ref(), |answers| inside_words(answers)),
        );
    }
    let nothing = facts.had_its_time().then(|| {
        let mut finding = words::in_general(Cause::NothingListens);
        finding.sentence = format!("Nothing listens on port {target} inside the container.");
        finding
    });
    Some(or_wait(facts, seen, saw, nothing).with_log(facts))
}

/// Broken with this finding, or too early to say.
fn or_wait(
    facts: &Facts,
    seen: &crate::diagnosis::facts::Seen<Inside>,
    saw: String,
    finding: Option<crate::finding::Finding>,
) -> Judged {
    match finding {
        Some(finding) => {
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding)
        }
        None => Judged::of(seen, LinkState::Warning, saw, still_starting(facts)),
    }
}

/// That a service has time yet.
pub fn still_starting(facts: &Facts) -> String {
    let left = facts.ready_within.saturating_sub(facts.running_for());
    format!("Not yet. It started {} s ago and has {left} s more.", facts.running_for())
}

/// Whether the service answers inside, where it is to.
pub fn is_well_inside(facts: &Facts) -> bool {
    facts.inside_at(target(facts)).is_some_and(InsideAnswer::is_well)
}

pub fn reachable(facts: &Facts) -> Option<Judged> {
    let seen = facts.service.as_ref()?;
    let saw = seen.value.to_string();
    let cut_off = || {
        let mut finding = words::in_general(Cause::PortNotReachable);
        if facts.is_podman {
            finding.advice = vec![
                "Restart the runtime: Podman then makes its rules for the network anew.".into(),
            ];
        }
        Judged::of(seen, LinkState::Broken, saw.clone(), finding.sentence.clone())
            .found(finding)
            .and_saw(facts.listening.as_ref(), listening_words)
            .and_saw(facts.inside.as_ref(), |answers| inside_words(answers))
    };
    Some(match &seen.value {
        ServiceAnswer::Healthy(Protocol::Executor | Protocol::AzureRuntime)
        | ServiceAnswer::Other { .. } => {
            Judged::of(seen, LinkState::Passed, "connected", "The port can be reached from here.")
        }
        ServiceAnswer::Refused(_) | ServiceAnswer::Closed | ServiceAnswer::Silent(_)
            if is_well_inside(facts) =>
        {
            cut_off()
        }
        ServiceAnswer::Refused(_) => {
            if facts.had_its_time() {
                Judged::of(seen, LinkState::Broken, saw, "The port cannot be reached from here.")
            } else {
                Judged::of(seen, LinkState::Warning, saw, still_starting(facts))
            }
        }
        ServiceAnswer::Closed | ServiceAnswer::Silent(_) => {
            Judged::of(seen, LinkState::Passed, "connected", "A connection can be made from here.")
        }
    })
}
