//! Computes: engines that can host runtimes, and whether they can be reached.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use crate::build::Builder;

/// Names a compute within this application, e.g. `local`, `context:colima` or `podman`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct ComputeId(pub String);

impl std::fmt::Display for ComputeId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a compute was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ComputeOrigin {
    /// The variable `DOCKER_HOST`.
    DockerHost,
    /// A Docker context; `current` when Docker's own client would use it.
    #[serde(rename_all = "camelCase")]
    Context { name: String, current: bool },
    /// Docker's usual socket.
    DefaultSocket,
    /// Docker running without root for this user.
    RootlessDocker,
    /// Podman's service for this user.
    PodmanUser,
    /// Podman's service for the whole system.
    PodmanSystem,
}

/// How a compute is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ComputeAddress {
    /// A Unix socket's path.
    #[serde(rename_all = "camelCase")]
    Socket { path: String },
    /// Something this version cannot speak to yet (`ssh://…`, `tcp://…`), as written.
    #[serde(rename_all = "camelCase")]
    NotSupported { url: String },
}

/// A compute that was found, connected or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundCompute {
    pub id: ComputeId,
    /// Shown to people.
    pub name: String,
    pub origin: ComputeOrigin,
    pub address: ComputeAddress,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EngineFacts {
    /// `Docker Engine`, `Podman` or what it calls itself.
    pub engine: String,
    pub version: String,
    /// Highest API version it speaks, e.g. `1.41`.
    pub api_version: String,
    /// As images name it: `amd64`, `arm64` …
    pub architecture: String,
    /// As images name it: `linux`, `windows`.
    pub operating_system: String,
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
    /// The engine's own id, the same from every client; empty where it has none.
    pub engine_id: String,
    /// Where images are stored, on the engine's machine.
    pub data_root: String,
    /// A node of a swarm that may not run containers by itself is told by this.
    pub swarm_worker_without_control: bool,
    pub is_podman: bool,
    /// What makes images there.
    pub builder: Builder,
}

impl EngineFacts {
    /// Whether an engine, asked for the last lines of a log, tells some of them wrongly: Podman (libpod's
    /// `getTailLog`, seen in 4.3.1) puts the first part of a line that was written in two behind the line before.
    /// Where such a part stands is not told. Whole logs are told rightly.
    pub fn ends_of_logs_are_cut_wrongly(&self) -> bool {
        self.is_podman
    }
}

/// Why an engine cannot be used. Sentences for people; the UI adds the fix.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Unreachable {
    #[error("No engine listens at {path}: the socket does not exist.")]
    #[serde(rename_all = "camelCase")]
    SocketMissing { path: String },
    #[error("This user may not use {path}. It belongs to the group \"{group}\".")]
    #[serde(rename_all = "camelCase")]
    PermissionDenied { path: String, group: String, command: String },
    #[error("Nobody answers at {path}: the connection was refused. The engine is not running.")]
    #[serde(rename_all = "camelCase")]
    Refused { path: String },
    #[error("The engine speaks API {found}; runtimes need {needed} or newer.")]
    #[serde(rename_all = "camelCase")]
    ApiTooOld { found: String, needed: String },
    #[error("This engine runs Windows containers. Runtimes are Linux containers.")]
    WindowsContainers,
    #[error("This engine is a swarm worker that takes orders only from its manager.")]
    SwarmWorker,
    #[error("{url} cannot be used yet: this version connects to local sockets only.")]
    #[serde(rename_all = "camelCase")]
    NotSupportedYet { url: String },
    #[error("The Docker context \"{name}\" does not exist.")]
    #[serde(rename_all = "camelCase")]
    UnknownContext { name: String },
    #[error("The engine did not answer within {seconds} s.")]
    #[serde(rename_all = "camelCase")]
    NoAnswer { seconds: u64 },
    #[error("The engine gave an answer that could not be understood: {reason}")]
    #[serde(rename_all = "camelCase")]
    Other { reason: String },
}

/// Whether an engine can change the restart policy of a container that is there: Podman can from
/// version 5 on.
pub fn changes_policy_in_place(facts: &EngineFacts) -> bool {
    let major = facts.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    !facts.is_podman || major.is_some_and(|major| major >= 5)
}

/// Whether an engine knows its machine's address under the word `host-gateway`: Docker from 20.10 on.
pub fn knows_host_gateway(facts: &EngineFacts) -> bool {
    !facts.is_podman && api_version(&facts.api_version).is_some_and(|found| found >= (1, 41))
}

/// Lowest API that can host a runtime: the first with `--init` and health checks as used here.
pub const LOWEST_API: (u32, u32) = (1, 40);

/// `1.41` as two numbers.
pub fn api_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// Whether an engine can host a runtime at all.
pub fn can_host(facts: &EngineFacts) -> Result<(), Unreachable> {
    if facts.operating_system.eq_ignore_ascii_case("windows") {
        return Err(Unreachable::WindowsContainers);
    }
    if api_version(&facts.api_version).is_none_or(|found| found < LOWEST_API) {
        return Err(Unreachable::ApiTooOld {
            found: facts.api_version.clone(),
            needed: format!("{}.{}", LOWEST_API.0, LOWEST_API.1),
        });
    }
    if facts.swarm_worker_without_control {
        return Err(Unreachable::SwarmWorker);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn facts() -> EngineFacts {
        EngineFacts {
            engine: "Docker Engine".into(),
            version: "20.10.24".into(),
            api_version: "1.41".into(),
            architecture: "amd64".into(),
            operating_system: "linux".into(),
            cpus: 2,
            memory: 1 << 30,
            engine_id: "x".into(),
            data_root: "/var/lib/docker".into(),
            swarm_worker_without_control: false,
            is_podman: false,
            builder: Builder::BuildKit,
        }
    }

    #[test]
    fn podman_changes_policies_from_version_5_on() {
        let podman =
            |version: &str| EngineFacts { is_podman: true, version: version.into(), ..facts() };
        assert!(changes_policy_in_place(&facts()));
        assert!(!changes_policy_in_place(&podman("4.3.1")));
        assert!(changes_policy_in_place(&podman("5.4.0")));
        assert!(!changes_policy_in_place(&podman("")));
    }

    #[test]
    fn an_engine_that_cannot_host_says_why() {
        assert_eq!(can_host(&facts()), Ok(()));
        let old = EngineFacts { api_version: "1.39".into(), ..facts() };
        assert!(matches!(can_host(&old), Err(Unreachable::ApiTooOld { .. })));
        let newer = EngineFacts { api_version: "1.100".into(), ..facts() };
        assert_eq!(can_host(&newer), Ok(()));
        let windows = EngineFacts { operating_system: "windows".into(), ..facts() };
        assert_eq!(can_host(&windows), Err(Unreachable::WindowsContainers));
        let worker = EngineFacts { swarm_worker_without_control: true, ..facts() };
        assert_eq!(can_host(&worker), Err(Unreachable::SwarmWorker));
    }
}
