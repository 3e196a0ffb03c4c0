//! Computes and the page shown when there is none.

use domain::compute::{ComputeAddress, ComputeId, ComputeOrigin, EngineFacts, Unreachable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All computes, in Docker's own order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Computes {
    pub computes: Vec<ComputeView>,
}

/// A compute as the UI shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComputeView {
    pub id: ComputeId,
    pub name: String,
    pub origin: ComputeOrigin,
    pub address: ComputeAddress,
    pub state: ComputeState,
    /// Since it was first connected; kept while it reconnects.
    pub facts: Option<EngineFacts>,
    /// When the list of runtimes was last known to be right, while it is not live.
    #[ts(type = "string | null")]
    pub in_step_until: Option<Timestamp>,
    /// Free bytes where images are stored; `None` = cannot be told.
    pub free_disk: Option<u64>,
    pub runtimes: u32,
    /// The application itself started this engine's service and will end it.
    pub started_here: bool,
}

/// Whether a compute can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ComputeState {
    Connecting,
    /// Connected, and the list of runtimes is live.
    Connected,
    /// It was connected before and is being tried again.
    #[serde(rename_all = "camelCase")]
    Reconnecting {
        why: UnreachableView,
    },
    /// Not connected; it is tried again now and then.
    #[serde(rename_all = "camelCase")]
    NotReachable {
        why: UnreachableView,
    },
    /// It answers, but cannot host a runtime.
    #[serde(rename_all = "camelCase")]
    CannotHost {
        why: UnreachableView,
    },
}

/// Why a compute cannot be used, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UnreachableView {
    pub reason: Unreachable,
    pub sentence: String,
    /// What to do, one sentence each.
    pub hints: Vec<String>,
    /// A command for a terminal that mends it.
    pub command: Option<String>,
}

/// What fits when no engine runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FirstRun {
    /// Podman's version, when its program is installed.
    pub podman: Option<String>,
    /// Podman's service, started by this application, is up or on its way.
    pub podman_starting: bool,
    /// Docker's daemon is installed, though it does not run.
    pub docker_installed: bool,
    /// The system's name, e.g. `Debian GNU/Linux 12 (bookworm)`.
    pub system: String,
    /// Commands for a terminal on this system, by purpose.
    pub commands: Vec<ShellCommand>,
}

/// A command for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShellCommand {
    pub purpose: CommandPurpose,
    pub command: String,
}

/// What a terminal command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CommandPurpose {
    StartDocker,
    InstallDocker,
    InstallPodman,
    JoinDockerGroup,
}
