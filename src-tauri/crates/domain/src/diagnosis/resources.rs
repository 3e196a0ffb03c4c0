//! What was seen of the resources of a runtime and of its compute.

use jiff::Timestamp;

use super::facts::Seen;

/// A field that is `None` was not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Free bytes where the engine keeps images; `None` inside = it cannot be told from here.
    pub engine_disk: Option<Seen<Option<u64>>>,
    /// File systems inside the container that the runtime writes to.
    pub disks_inside: Option<Seen<Vec<DiskInside>>>,
    pub memory: Option<Seen<MemoryInside>>,
    pub processor: Option<Seen<ProcessorInside>>,
    /// The engine's clock, and this machine's at the same moment.
    pub clock: Option<Seen<Clocks>>,
    pub network: Option<Seen<NetworkInside>>,
    pub proxies: Option<Seen<Vec<ProxyInside>>>,
    pub endpoints: Option<Seen<Vec<EndpointInside>>>,
}

/// One file system inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskInside {
    /// Where it is mounted.
    pub at: String,
    /// Bytes.
    pub size: u64,
    pub free: u64,
}

/// Memory of the container's control group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryInside {
    /// Bytes in use, without what can be given back.
    pub used: u64,
    /// Bytes; 0 = no limit.
    pub limit: u64,
}

/// How busy the processors are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessorInside {
    /// Processes that wait or run, on the average of a minute.
    pub load: f64,
    pub cpus: u32,
}

/// Two clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    pub engine: Timestamp,
    pub here: Timestamp,
}

impl Clocks {
    /// Seconds by which the engine's clock is ahead of this machine's.
    pub fn ahead(&self) -> i64 {
        self.engine.as_second() - self.here.as_second()
    }
}

/// What the container itself knows of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkInside {
    /// Servers that are asked for names.
    pub name_servers: Vec<String>,
    /// Variables of a proxy, by name; values may hold a login and are left out.
    pub proxies: Vec<String>,
}

/// A proxy that the container is to use, and whether it lets itself be connected to from inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyInside {
    /// Host and port; nothing secret.
    pub address: String,
    /// Why not, in the system's words; `None` = it does.
    pub refusal: Option<String>,
}

/// How the service that a connection leads to answered from inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointInside {
    /// The connection's name.
    pub connection: String,
    /// Scheme, host and port; nothing secret.
    pub address: String,
    pub answer: EndpointAnswer,
}

/// The answer of such a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointAnswer {
    /// It answered with this HTTP status.
    Status(u16),
    /// The server for names says that there is no such name.
    NoSuchHost,
    /// No server for names answered.
    NoNameServer,
    /// No connection: the words.
    Unreachable(String),
    /// It could not be asked from inside.
    NotSeen(String),
}
