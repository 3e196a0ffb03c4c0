//! What a diagnosis says: each link of the chain that was looked at, the first one that is broken, and
//! what that means.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{finding::Finding, runtime::RuntimeId};

/// What was looked at about one runtime, in the order of the chain, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    pub runtime: RuntimeId,
    #[ts(type = "string")]
    pub began: Timestamp,
    /// Milliseconds from begin to end; while it goes on, until now.
    pub milliseconds: u32,
    /// Checks still come.
    pub running: bool,
    /// In the order of the chain; what is not looked at yet is missing while it goes on.
    pub checks: Vec<Check>,
    /// The first broken link; `None` = the chain is whole.
    pub broken: Option<Link>,
    /// What is wrong in words: of the first broken link (or `Unknown` with the evidence).
    pub finding: Option<Finding>,
    /// Other findings, warnings among them (disk, clock, memory pressure …), first broken one left out.
    pub others: Vec<Finding>,
}

/// One link of the chain, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub link: Link,
    pub state: LinkState,
    /// What was looked at, e.g. `GET http://127.0.0.1:8080/health`.
    pub probe: String,
    /// The value it saw, e.g. `exited (137), killed for memory`. May have several lines.
    pub saw: String,
    /// One sentence for people.
    pub sentence: String,
    pub milliseconds: u32,
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LinkState {
    Passed,
    Broken,
    Warning,
    /// It could not be seen; never shown as passed.
    Unknown,
    /// Behind the broken link.
    NotReached,
    /// E.g. no connection is used.
    NotNeeded,
}

/// The links of the chain, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Link {
    /// The engine answers.
    Compute,
    /// It lets this user in.
    Permission,
    Image,
    Container,
    /// The container could be started.
    Started,
    /// It runs on.
    Running,
    PortPublished,
    /// Something listens inside where the port leads.
    Listening,
    /// The port can be reached from here.
    Reachable,
    Health,
    /// Who answers is the executor service.
    Protocol,
    Versions,
    Disk,
    Memory,
    Processor,
    Clock,
    /// Names and connections from inside.
    Network,
    /// Services that the connections in use lead to, from inside.
    ModelEndpoints,
    /// Flows that ran here find what they need.
    Flows,
}

impl Link {
    /// Every link, in the order of the chain.
    pub const ALL: [Self; 19] = [
        Self::Compute,
        Self::Permission,
        Self::Image,
        Self::Container,
        Self::Started,
        Self::Running,
        Self::PortPublished,
        Self::Listening,
        Self::Reachable,
        Self::Health,
        Self::Protocol,
        Self::Versions,
        Self::Disk,
        Self::Memory,
        Self::Processor,
        Self::Clock,
        Self::Network,
        Self::ModelEndpoints,
        Self::Flows,
    ];
}
