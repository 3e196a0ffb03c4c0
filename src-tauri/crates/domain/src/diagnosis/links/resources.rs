//! Resources beside the chain: disk, memory, processors, clock, network, and what connections lead to.

use super::words;
use crate::{
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::Facts,
        resources::{DiskInside, EndpointAnswer, EndpointInside, NetworkInside, ProxyInside},
    },
    finding::{Cause, Evidence, Finding, Remedy},
};

/// With less than this the engine can hardly make a container, in bytes.
const DISK_IS_FULL: u64 = 32 * 1024 * 1024;
/// With less than this an image no longer fits, in bytes.
const DISK_IS_SHORT: u64 = 1024 * 1024 * 1024;
/// Part of a memory limit from which on it is short.
const MEMORY_IS_SHORT: f64 = 0.95;
/// Processes that wait for each processor, from which on everything is slow.
const LOAD_IS_HIGH: f64 = 4.0;
/// Seconds by which clocks may differ: signatures and tokens of most services allow five minutes.
const CLOCK_MAY_DIFFER: i64 = 60;

pub fn disk(facts: &Facts) -> Option<Judged> {
    let resources = &facts.resources;
    // A full disk inside stops this runtime; a short one of the engine stops the next update.
    if let Some(inside) = &resources.disks_inside
        && let Some(full) = inside.value.iter().find(|disk| is_full(disk))
    {
        let mut finding = words::in_general(Cause::DiskFull);
        finding.sentence = format!("The disk at {} in the container is full.", full.at);
        finding.meaning = "The service cannot write there, so runs fail.".into();
        finding.advice = vec!["Free space there, or give the runtime a larger volume.".into()];
        finding.remedies = vec![Remedy::FreeDisk, Remedy::ChangeMounts];
        let saw = disks_words(&inside.value);
        return Some(
            Judged::of(inside, LinkState::Broken, saw, finding.sentence.clone()).found(finding),
        );
    }
    let seen = resources.engine_disk.as_ref()?;
    let Some(free) = seen.value else {
        let sentence = "The free space of the engine's disk cannot be told from here.";
        return Some(Judged::of(seen, LinkState::Unknown, "not told", sentence));
    };
    let saw = format!("{} free", words::bytes(free));
    if free < DISK_IS_FULL {
        let finding = words::in_general(Cause::DiskFull);
        return Some(
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding),
        );
    }
    if free < DISK_IS_SHORT {
        let finding = words::in_general(Cause::DiskShort);
        return Some(
            Judged::of(seen, LinkState::Warning, saw, finding.sentence.clone()).found(finding),
        );
    }
    Some(Judged::of(seen, LinkState::Passed, saw, "There is space on the engine's disk."))
}

/// Nothing of any use can be written any more.
fn is_full(disk: &DiskInside) -> bool {
    disk.size > 0 && disk.free < 64 * 1024
}

fn disks_words(disks: &[DiskInside]) -> String {
    let words = |disk: &DiskInside| {
        format!("{}: {} of {} free", disk.at, words::bytes(disk.free), words::bytes(disk.size))
    };
    disks.iter().map(words).collect::<Vec<_>>().join("\n")
}

pub fn memory(facts: &Facts) -> Option<Judged> {
    let seen = facts.resources.memory.as_ref()?;
    let memory = seen.value;
    if memory.limit == 0 {
        let saw = format!("{} in use, no limit", words::bytes(memory.used));
        return Some(Judged::of(seen, LinkState::Passed, saw, "Its memory has no limit."));
    }
    let saw = format!("{} of {}", words::bytes(memory.used), words::bytes(memory.limit));
    if memory.used as f64 >= memory.limit as f64 * MEMORY_IS_SHORT {
        let mut finding = words::in_general(Cause::MemoryShort);
        let twice = memory.limit.saturating_mul(2);
        let bytes = if facts.compute_memory == 0 { twice } else { twice.min(facts.compute_memory) };
        finding.remedies =
            vec![Remedy::RaiseMemory { bytes: (bytes > memory.limit).then_some(bytes) }];
        return Some(
            Judged::of(seen, LinkState::Warning, saw, finding.sentence.clone()).found(finding),
        );
    }
    Some(Judged::of(seen, LinkState::Passed, saw, "It has memory left."))
}

pub fn processor(facts: &Facts) -> Option<Judged> {
    let seen = facts.resources.processor.as_ref()?;
    let processor = seen.value;
    let saw = format!("load {:.2} on {} CPUs", processor.load, processor.cpus);
    if processor.cpus > 0 && processor.load >= LOAD_IS_HIGH * f64::from(processor.cpus) {
        let finding = words::in_general(Cause::ProcessorBusy);
        return Some(
            Judged::of(seen, LinkState::Warning, saw, finding.sentence.clone()).found(finding),
        );
    }
    Some(Judged::of(seen, LinkState::Passed, saw, "The compute's processors keep up."))
}

pub fn clock(facts: &Facts) -> Option<Judged> {
    let seen = facts.resources.clock.as_ref()?;
    let ahead = seen.value.ahead();
    if ahead.abs() <= CLOCK_MAY_DIFFER {
        let saw = format!("{} s apart", ahead.abs());
        return Some(Judged::of(seen, LinkState::Passed, saw, "The clocks agree."));
    }
    let (by, way) = (duration(ahead.unsigned_abs()), if ahead > 0 { "ahead" } else { "behind" });
    let mut finding = words::in_general(Cause::ClockOff);
    finding.sentence = format!("The compute's clock is {by} {way} of this machine's.");
    let saw = format!("engine {}, here {}", seen.value.engine, seen.value.here);
    Some(Judged::of(seen, LinkState::Warning, saw, finding.sentence.clone()).found(finding))
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What leads out of the container: servers for names, and proxies. One that is used and does not answer breaks it.
pub fn network(facts: &Facts) -> Option<Judged> {
    let seen = facts.resources.network.as_ref()?;
    let NetworkInside { name_servers, proxies } = &seen.value;
    let mut saw = vec![if name_servers.is_empty() {
        "no server for names".to_owned()
    } else {
        format!("names from {}", name_servers.join(", "))
    }];
    if !proxies.is_empty() {
        saw.push(format!("proxy by {}", proxies.join(", ")));
    }
    let tried = facts.resources.proxies.as_ref().map_or(&[][..], |tried| tried.value.as_slice());
    for ProxyInside { address, refusal } in tried {
        let answer = refusal.as_deref().unwrap_or("can be connected to");
        saw.push(format!("the proxy {address}: {answer}"));
    }
    let saw = saw.join("\n");
    let asked = facts.resources.endpoints.as_ref().map_or(&[][..], |asked| asked.value.as_slice());
    let lost = asked.iter().any(|endpoint| is_lost(&endpoint.answer));
    // One that nothing goes through is only told.
    let state = if lost { LinkState::Broken } else { LinkState::Warning };
    let told = |finding: Finding| {
        Judged::of(seen, state, saw.clone(), finding.sentence.clone()).found(finding)
    };
    if let Some(proxy) = tried.iter().find(|proxy| proxy.refusal.is_some()) {
        let mut finding = words::in_general(Cause::ProxyNotReachable);
        finding.sentence = format!(
            "The proxy {} that the container is to use cannot be reached from inside.",
            proxy.address
        );
        if proxy.address.starts_with("127.") || proxy.address.starts_with("localhost:") {
            finding.meaning = "That address belongs to the container alone: no proxy of this machine, or of the compute, is there.".into();
        }
        return Some(told(finding));
    }
    let in_vain = asked.iter().find(|endpoint| endpoint.answer == EndpointAnswer::NoNameServer);
    if let Some(endpoint) = in_vain {
        let mut finding = words::in_general(Cause::NamesNotFoundInside);
        finding.sentence = format!(
            "Inside the container no server for names gives an answer for {}.",
            endpoint.address
        );
        return Some(told(finding));
    }
    let sentence = if proxies.is_empty() {
        "Nothing shows that names are not found inside."
    } else {
        "The container uses a proxy."
    };
    Some(Judged::of(seen, LinkState::Passed, saw, sentence))
}

pub fn endpoints(facts: &Facts) -> Option<Judged> {
    let seen = facts.resources.endpoints.as_ref()?;
    if seen.value.is_empty() {
        let sentence = "No connection is used with this runtime.";
        return Some(Judged::of(seen, LinkState::NotNeeded, "none", sentence));
    }
    let words = |endpoint: &EndpointInside| {
        let told = match &endpoint.answer {
            EndpointAnswer::Status(status) => format!("status {status}"),
            EndpointAnswer::NoSuchHost => "its name is not found inside".into(),
            EndpointAnswer::NoNameServer => "no server for names gives an answer inside".into(),
            EndpointAnswer::Unreachable(words) => format!("no connection ({words})"),
            EndpointAnswer::NotSeen(why) => why.clone(),
        };
        format!("{} ({}): {told}", endpoint.connection, endpoint.address)
    };
    let saw = seen.value.iter().map(words).collect::<Vec<_>>().join("\n");
    let bad = seen
        .value
        .iter()
        .find_map(|endpoint| cause_of(&endpoint.answer).map(|cause| (endpoint, cause)));
    if let Some((endpoint, cause)) = bad {
        // What leads out of the container is the cause then.
        let out = network(facts).filter(|_| is_lost(&endpoint.answer));
        if out.is_some_and(|out| out.state == LinkState::Broken) {
            let sentence = "Nothing leads from the container to the services of its connections.";
            return Some(Judged::of(seen, LinkState::Broken, saw, sentence));
        }
        let mut finding = words::in_general(cause);
        let name = &endpoint.connection;
        finding.sentence = match cause {
            _ if endpoint.answer == EndpointAnswer::Status(PROXY_WANTS_LOGIN) => {
                format!(
                    "A proxy between the runtime and the service of the connection {name} asks for a login."
                )
            }
            Cause::LlmThrottled => format!("The service of the connection {name} asks to wait."),
            _ => format!("The service of the connection {name} cannot be reached from inside."),
        };
        finding.evidence = vec![Evidence { probe: seen.probe.clone(), seen: words(endpoint) }];
        finding.remedies = vec![Remedy::TestConnection { name: Some(name.clone()) }];
        return Some(
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding),
        );
    }
    let unseen =
        seen.value.iter().any(|endpoint| matches!(endpoint.answer, EndpointAnswer::NotSeen(_)));
    let (state, sentence) = if unseen {
        (LinkState::Unknown, "Not every service could be asked from inside.")
    } else {
        (LinkState::Passed, "The services of the connections in use answer inside.")
    };
    Some(Judged::of(seen, state, saw, sentence))
}

/// Nothing answered at all: what leads out of the container may be the reason.
fn is_lost(answer: &EndpointAnswer) -> bool {
    matches!(
        answer,
        EndpointAnswer::NoSuchHost | EndpointAnswer::NoNameServer | EndpointAnswer::Unreachable(_)
    )
}

/// What only a proxy answers.
const PROXY_WANTS_LOGIN: u16 = 407;

/// Without a key many services answer 401 or 404, which shows that they can be reached; 502 to 504 come from what
/// stands before a service that does not answer.
fn cause_of(answer: &EndpointAnswer) -> Option<Cause> {
    match answer {
        EndpointAnswer::Status(429) => Some(Cause::LlmThrottled),
        EndpointAnswer::NoSuchHost
        | EndpointAnswer::NoNameServer
        | EndpointAnswer::Unreachable(_)
        | EndpointAnswer::Status(PROXY_WANTS_LOGIN | 502..=504) => Some(Cause::LlmUnreachable),
        EndpointAnswer::Status(_) | EndpointAnswer::NotSeen(_) => None,
    }
}
