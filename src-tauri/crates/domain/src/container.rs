//! Containers as the engine tells of them, converted once in the engine adapter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use crate::image::LocalImage;

/// What the engine says a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

/// A container, from `inspect`.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub id: String,
    /// Without the leading slash (or Podman's pod prefix).
    pub name: String,
    /// `sha256:…`, as the engine names the image it was made from.
    pub image_id: String,
    /// The reference it was created with.
    pub image_reference: String,
    pub state: ContainerState,
    pub exit_code: i64,
    pub out_of_memory: bool,
    /// What the engine keeps of a failed start; empty when none.
    pub error: String,
    pub created: Option<Timestamp>,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub restart_count: u32,
    pub labels: BTreeMap<String, String>,
    /// While running: as bound now. Otherwise: as asked for (host port 0 = chosen at start).
    pub ports: Vec<PublishedPort>,
    pub mounts: Vec<Mount>,
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart_policy: String,
    /// Bytes; 0 = no limit.
    pub memory_limit: u64,
    /// Billionths of a CPU; 0 = no limit.
    pub nano_cpus: u64,
    /// The whole answer, so that nothing is lost when the container is made again.
    pub raw: serde_json::Value,
}

impl Container {
    pub fn is_running(&self) -> bool {
        matches!(
            self.state,
            ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
        )
    }
}

/// A port of a container that is reachable from outside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PublishedPort {
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Empty or `0.0.0.0` = every address.
    pub host_address: String,
    /// 0 = chosen at every start.
    pub host_port: u16,
}

/// What kind of storage is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MountKind {
    Bind,
    Volume,
    AnonymousVolume,
    Tmpfs,
}

/// Storage that a container sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    pub kind: MountKind,
    /// Host path of a bind mount, name of a volume, empty for tmpfs.
    pub source: String,
    /// Path in the container.
    pub target: String,
    pub read_only: bool,
}

/// Any container of the compute, ours or not, as far as names and ports are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub id: String,
    pub name: String,
    pub ports: Vec<PublishedPort>,
    /// Reference or id of its image.
    pub image_id: String,
    /// Names of volumes it mounts.
    pub volumes: Vec<String>,
}

/// What happened on the engine, as far as runtimes are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// `start`, `die`, `rename`, `destroy`, `oom`, `health_status: healthy` …, or for images `delete`, `untag`.
    pub action: String,
    /// `container`, `image`, `network` …
    pub subject: String,
    /// Container or image id.
    pub id: String,
    /// The container's name at that time; empty for others.
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    pub time_nanos: i64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A running container with nothing special about it.
    pub(crate) fn container(id: &str, name: &str) -> Container {
        Container {
            id: id.into(),
            name: name.into(),
            image_id: "sha256:1".into(),
            image_reference: "r.example/x:1".into(),
            state: ContainerState::Running,
            exit_code: 0,
            out_of_memory: false,
            error: String::new(),
            created: None,
            started: None,
            finished: None,
            restart_count: 0,
            labels: BTreeMap::new(),
            ports: vec![],
            mounts: vec![],
            restart_policy: "no".into(),
            memory_limit: 0,
            nano_cpus: 0,
            raw: serde_json::Value::Null,
        }
    }
}
