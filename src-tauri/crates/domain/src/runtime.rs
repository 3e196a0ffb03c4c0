//! Runtimes: what one is, and how its status follows from what was seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    compute::ComputeId,
    container::{ContainerState, Mount, PublishedPort},
    finding::Finding,
    name::RuntimeName,
    operation::{OperationId, OperationKind},
    spec::RecordedSpec,
    version::Version,
};

/// Names one runtime for its whole life: a random UUID kept in its containers' labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct RuntimeId(pub String);

impl std::fmt::Display for RuntimeId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Status of a runtime. *Available* is said only when `/health` answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub enum Status {
    Starting,
    Available,
    Updating,
    Stopping,
    Stopped,
    /// The container runs, but the service does not answer.
    Unavailable,
    Failed,
}

/// How the service inside answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// The open executor service: `/health` says `healthy`.
    Executor,
    /// The Azure runtime: `/health` says `{"status":"Healthy",…}`; flows need an Azure workspace.
    AzureRuntime,
}

/// What is known of the service's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not asked yet, or not answered yet since it started.
    NotYet,
    /// It answered with the right status and body.
    Answered(Protocol),
    /// It answered before and missed this many times in a row since.
    Missed(u32),
}

/// Misses in a row after which a runtime that answered before is *Unavailable*.
pub const MISSES_UNTIL_UNAVAILABLE: u32 = 3;

/// What the status of a runtime follows from.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    pub state: ContainerState,
    pub exit_code: i64,
    /// The engine says that it was ended for memory.
    pub out_of_memory: bool,
    /// What the engine keeps of a failed start.
    pub error: &'a str,
    pub health: &'a Health,
    /// Seconds since the container started, while it runs.
    pub running_for: u64,
    pub operation: Option<OperationKind>,
    /// Seconds it may take to become ready before it counts as *Unavailable*.
    pub ready_within: u64,
}

/// The rule for the status.
pub fn status(seen: &Seen<'_>) -> Status {
    match seen.operation {
        Some(
            OperationKind::Update
            | OperationKind::RollBack
            | OperationKind::Reconfigure
            | OperationKind::Manage
            | OperationKind::Recover,
        ) => {
            return Status::Updating;
        }
        Some(OperationKind::Stop | OperationKind::Delete) => return Status::Stopping,
        Some(OperationKind::Create | OperationKind::Start | OperationKind::Restart) => {
            return match seen.health {
                Health::Answered(_) if seen.state == ContainerState::Running => Status::Available,
                _ => Status::Starting,
            };
        }
        // A build works on an environment, and what is installed goes on beside the service.
        Some(OperationKind::Build | OperationKind::Install | OperationKind::AddPackages) | None => {
        }
    }
    match seen.state {
        ContainerState::Running => match seen.health {
            Health::Answered(_) => Status::Available,
            Health::Missed(misses) if *misses < MISSES_UNTIL_UNAVAILABLE => Status::Available,
            Health::NotYet if seen.running_for <= seen.ready_within => Status::Starting,
            Health::Missed(_) | Health::NotYet => Status::Unavailable,
        },
        ContainerState::Paused => Status::Unavailable,
        ContainerState::Removing => Status::Stopping,
        // Nobody stopped it: what ends for memory is killed in the same way.
        ContainerState::Exited if seen.exit_code == 137 && seen.out_of_memory => Status::Failed,
        // 143 and 137 are what a stop leaves (SIGTERM, then SIGKILL after the grace period).
        ContainerState::Exited
            if matches!(seen.exit_code, 0 | 137 | 143) && seen.error.is_empty() =>
        {
            Status::Stopped
        }
        ContainerState::Created if seen.error.is_empty() => Status::Stopped,
        ContainerState::Restarting
        | ContainerState::Dead
        | ContainerState::Created
        | ContainerState::Exited => Status::Failed,
    }
}

/// An installed Python package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    pub name: String,
    pub version: String,
}

/// A runtime as the list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    pub id: RuntimeId,
    pub name: RuntimeName,
    pub compute: ComputeId,
    /// The compute's name for people.
    pub compute_name: String,
    pub status: Status,
    /// Why it is so, in a few words; empty when there is nothing to say.
    pub status_reason: String,
    /// For a runtime that is not well: the cause, when it is known.
    pub finding: Option<Finding>,
    /// The dated version, when the image has one.
    pub version: Option<Version>,
    /// The image as the container was created with.
    pub image: String,
    /// Digest that identifies what really runs; empty when the engine does not tell it.
    pub digest: String,
    /// `default` (with repository), an image reference … for people.
    pub environment: String,
    /// `http://127.0.0.1:18080`; `None` while nothing is published.
    pub endpoint: Option<String>,
    pub protocol: Option<Protocol>,
    pub container_id: String,
    #[ts(type = "string | null")]
    pub created: Option<Timestamp>,
    /// When the container started, while it runs.
    #[ts(type = "string | null")]
    pub started: Option<Timestamp>,
    /// `user@host` of the installation that created it.
    pub creator: String,
    /// Created by this installation.
    pub mine: bool,
    /// The operation under way on it.
    pub operation: Option<OperationId>,
    /// Another live or foreign installation works on it: who, since when.
    pub lock: Option<LockHolder>,
    /// A previous container is kept, or its image is known, and can be rolled back to.
    pub previous: Option<PreviousContainer>,
    /// The newest version, when the last check found a newer one that was not skipped.
    pub update_available: Option<String>,
    /// Counts recreates: 1, 2, …
    pub generation: u32,
    pub restart_count: u32,
    pub ports: Vec<PublishedPort>,
    pub mounts: Vec<Mount>,
    /// Bytes; 0 = no limit.
    pub memory_limit: u64,
    /// CPUs; 0 = no limit.
    pub cpu_limit: f64,
    pub restart_policy: String,
    /// Since when it has been adopted; `None` = it was made here, or is fully managed.
    #[ts(type = "string | null")]
    pub adopted: Option<Timestamp>,
    /// What the person asked for; `None` when the label cannot be read.
    pub spec: Option<RecordedSpec>,
}

/// Who holds a runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LockHolder {
    /// `user@host`.
    pub who: String,
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// It is this installation, running now.
    pub ours: bool,
}

/// Days for which a previous container is kept, unless the next successful update replaces it.
pub const KEEPS_PREVIOUS_DAYS: u32 = 14;

/// Whether the time of a previous container is over. `since` is when its successor was made.
pub fn previous_is_due(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since)
        > jiff::SignedDuration::from_hours(24 * i64::from(KEEPS_PREVIOUS_DAYS))
}

/// What *Roll back* goes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviousContainer {
    pub image: String,
    pub version: Option<Version>,
    /// When its successor was made.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
    /// The container itself is kept. Otherwise somebody removed it, and the history knows its image: only
    /// that comes back, and settings stay as they are.
    pub kept: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: ContainerState, health: &Health) -> Seen<'_> {
        Seen {
            state,
            exit_code: 0,
            out_of_memory: false,
            error: "",
            health,
            running_for: 5,
            operation: None,
            ready_within: 120,
        }
    }

    #[test]
    fn available_is_said_only_when_health_answered() {
        let yes = Health::Answered(Protocol::Executor);
        assert_eq!(status(&seen(ContainerState::Running, &yes)), Status::Available);
        assert_eq!(status(&seen(ContainerState::Running, &Health::NotYet)), Status::Starting);
        let late = Seen { running_for: 121, ..seen(ContainerState::Running, &Health::NotYet) };
        assert_eq!(status(&late), Status::Unavailable);
        assert_eq!(status(&seen(ContainerState::Exited, &yes)), Status::Stopped);
    }

    #[test]
    fn a_previous_container_is_kept_for_14_days() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |hours| since + jiff::SignedDuration::from_hours(hours);
        assert!(!previous_is_due(since, after(14 * 24)));
        assert!(previous_is_due(since, after(14 * 24 + 1)));
    }

    #[test]
    fn three_misses_are_unavailable() {
        assert_eq!(status(&seen(ContainerState::Running, &Health::Missed(2))), Status::Available);
        assert_eq!(status(&seen(ContainerState::Running, &Health::Missed(3))), Status::Unavailable);
    }

    #[test]
    fn a_container_that_failed_is_not_called_stopped() {
        let none = Health::NotYet;
        let crashed = Seen { exit_code: 1, ..seen(ContainerState::Exited, &none) };
        assert_eq!(status(&crashed), Status::Failed);
        let not_started =
            Seen { error: "port is already allocated", ..seen(ContainerState::Created, &none) };
        assert_eq!(status(&not_started), Status::Failed);
        let stopped = Seen { exit_code: 143, ..seen(ContainerState::Exited, &none) };
        assert_eq!(status(&stopped), Status::Stopped);
        // What one of its processes met earlier does not count for one that was stopped since.
        let stopped_later = Seen { out_of_memory: true, ..stopped };
        assert_eq!(status(&stopped_later), Status::Stopped);
        let killed = Seen { exit_code: 137, ..seen(ContainerState::Exited, &none) };
        assert_eq!(status(&killed), Status::Stopped);
        assert_eq!(status(&Seen { out_of_memory: true, ..killed }), Status::Failed);
        assert_eq!(status(&seen(ContainerState::Restarting, &none)), Status::Failed);
    }

    #[test]
    fn an_operation_shows_in_the_status() {
        let yes = Health::Answered(Protocol::Executor);
        let updating =
            Seen { operation: Some(OperationKind::Update), ..seen(ContainerState::Running, &yes) };
        assert_eq!(status(&updating), Status::Updating);
        let stopping =
            Seen { operation: Some(OperationKind::Stop), ..seen(ContainerState::Running, &yes) };
        assert_eq!(status(&stopping), Status::Stopping);
    }
}
