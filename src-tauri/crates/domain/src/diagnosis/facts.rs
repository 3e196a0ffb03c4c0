//! What a diagnosis has seen so far. Gathering is the business of the use cases; the rules of the chain
//! read nothing but this.

use std::net::SocketAddr;

use jiff::Timestamp;

use crate::{
    compute::Unreachable,
    container::{Container, LocalImage},
    finding::Finding,
    runtime::Protocol,
    start::FoundPython,
};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// What was looked at, for people, e.g. `GET http://127.0.0.1:8080/health`.
    pub probe: String,
    pub value: T,
    pub milliseconds: u32,
}

/// Everything that the rules of the chain read. A field that is `None` was not looked at (yet).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The runtime's name.
    pub name: String,
    /// The compute's name for people.
    pub compute: String,
    /// The image, as shown to people.
    pub image_name: String,
    /// The digest or id that the container was made from; empty = it is not told.
    pub digest: String,
    /// The compute's architecture.
    pub architecture: String,
    pub is_podman: bool,
    /// Bytes of memory of the compute.
    pub compute_memory: u64,
    /// The port inside that is to serve; `None` = nothing says.
    pub target_port: Option<u16>,
    /// Where it is to answer from here, `http://127.0.0.1:18080`.
    pub endpoint: Option<String>,
    /// The published port that was asked for; 0 = the engine chooses.
    pub wanted_port: u16,
    /// The service answered since the container was started.
    pub answered_before: bool,
    /// Seconds that a service may take to become ready.
    pub ready_within: u64,
    /// Now, by this machine's clock.
    pub now: Timestamp,
    /// When the engine went away and came back, the last time that was seen.
    pub engine_away: Option<(Timestamp, Timestamp)>,
    /// The engine said that processes of the container were ended for memory.
    pub told_out_of_memory: bool,
    /// The kernel's own words that it ended a process of the container for memory.
    pub kernel_on_memory: Option<Seen<String>>,
    /// The engine's words when it refused to start the container; it does not keep all of them itself.
    pub told_refusal: Option<String>,
    /// Somebody asked the engine to stop or kill the container, by its events: the event's word.
    pub told_stop: Option<String>,

    pub engine: Option<Seen<EngineAnswer>>,
    pub image: Option<Seen<ImageAnswer>>,
    pub container: Option<Seen<ContainerAnswer>>,
    /// The last lines of the container's log.
    pub log: Option<Seen<String>>,
    /// Who holds the published port while the container does not.
    pub port_holder: Option<Seen<Holder>>,
    /// A port that is free on this machine.
    pub free_port: Option<u16>,
    pub listening: Option<Seen<Inside>>,
    /// What answers inside when its own ports are asked for health: port and the answer's first words.
    pub inside: Option<Seen<Vec<InsideAnswer>>>,
    pub service: Option<Seen<ServiceAnswer>>,
    pub pythons: Option<Seen<Vec<FoundPython>>>,
    pub resources: crate::diagnosis::resources::Resources,
    /// What flows that ran here find.
    pub flows: Option<Seen<FlowsSeen>>,
}

/// What flows that ran on a runtime find there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowsSeen {
    /// How many were looked at.
    pub looked_at: usize,
    /// What one of them lacks: its name, and the finding.
    pub lacks: Vec<(String, Finding)>,
    /// Those that could not be looked at, each with the reason.
    pub not_seen: Vec<String>,
}

/// How an engine answered.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineAnswer {
    /// It answers; what it calls itself.
    Answers(String),
    Unreachable(Unreachable),
    /// Seconds that were waited.
    Silent(u64),
}

/// What the engine says of the image.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageAnswer {
    There(Box<LocalImage>),
    Missing,
    /// The engine's words.
    NotSeen(String),
}

/// What the engine says of the container.
#[derive(Clone, Debug, PartialEq)]
pub enum ContainerAnswer {
    There(Box<Container>),
    /// It was there before.
    Gone,
    /// The engine's words.
    NotSeen(String),
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// A container, by name.
    Container(String),
    /// A program that is no container.
    Program,
}

/// What listens inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    Listening(Vec<SocketAddr>),
    /// Why it could not be seen.
    NotSeen(String),
}

/// An answer to a question for health that was asked inside the container itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsideAnswer {
    pub port: u16,
    /// The first words; empty = nothing came.
    pub body: String,
}

impl InsideAnswer {
    /// It is what a Prompt flow service says.
    pub fn is_well(&self) -> bool {
        let body = self.body.trim().trim_matches('"');
        body == "healthy" || body.contains("\"Healthy\"")
    }
}

/// How the service answered from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceAnswer {
    Healthy(Protocol),
    /// No connection; the system's words.
    Refused(String),
    /// A connection that was closed without an answer.
    Closed,
    /// Seconds that were waited.
    Silent(u64),
    /// Somebody answers, but not as a Prompt flow service. Status 0 = it is not HTTP.
    Other {
        status: u16,
        excerpt: String,
    },
}

impl std::fmt::Display for ServiceAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Healthy(Protocol::Executor) => formatter.write_str("healthy"),
            Self::Healthy(Protocol::AzureRuntime) => {
                formatter.write_str("Healthy, as the Azure runtime says it")
            }
            Self::Refused(words) => write!(formatter, "no connection ({words})"),
            Self::Closed => formatter.write_str("the connection was closed without an answer"),
            Self::Silent(seconds) => write!(formatter, "no answer within {seconds} s"),
            Self::Other { status: 0, excerpt } => write!(formatter, "{excerpt}"),
            Self::Other { status, excerpt } => write!(formatter, "status {status}, \"{excerpt}\""),
        }
    }
}

impl Facts {
    /// The container, when it was found.
    pub fn found(&self) -> Option<&Container> {
        match self.container.as_ref().map(|seen| &seen.value) {
            Some(ContainerAnswer::There(container)) => Some(container),
            _ => None,
        }
    }

    /// The last lines of the log; empty = none were seen.
    pub fn log_text(&self) -> &str {
        self.log.as_ref().map_or("", |log| log.value.as_str())
    }

    /// Why the container could not be started, in the engine's words; empty = nothing tells.
    pub fn start_refusal(&self) -> &str {
        match self.found() {
            Some(found) if !found.is_running() => match found.error.as_str() {
                "" => self.told_refusal.as_deref().unwrap_or_default(),
                kept => kept,
            },
            _ => "",
        }
    }

    /// Seconds since the container started.
    pub fn running_for(&self) -> u64 {
        let started = self.found().and_then(|container| container.started);
        started.map_or(0, |started| {
            u64::try_from(self.now.as_second() - started.as_second()).unwrap_or(0)
        })
    }

    /// The service has had its time, or answered already: what does not answer now is not well.
    pub fn had_its_time(&self) -> bool {
        self.answered_before || self.running_for() > self.ready_within
    }

    /// The answer that came from inside at this port.
    pub(super) fn inside_at(&self, port: u16) -> Option<&InsideAnswer> {
        self.inside.as_ref()?.value.iter().find(|answer| answer.port == port)
    }
}
