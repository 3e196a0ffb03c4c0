//! Operations: long work with steps, progress, cancel and a result that is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use crate::build::{BuildProgress, BuildStep};
use crate::{
    compute::ComputeId, environment::EnvironmentId, finding::Problem, flow::FlowRunId,
    pull::PullProgress, runtime::RuntimeId,
};

/// Names one operation: a random UUID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct OperationId(pub String);

impl std::fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What an operation works on. One operation at a time for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Runtime(RuntimeId),
    Environment(EnvironmentId),
}

impl Subject {
    /// The id alone; it is random, so no two subjects share one.
    pub fn id(&self) -> &str {
        match self {
            Self::Runtime(id) => &id.0,
            Self::Environment(id) => &id.0,
        }
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    Create,
    Update,
    RollBack,
    /// Replaces the container by one with other settings, or changes them in place.
    Reconfigure,
    Start,
    Stop,
    Restart,
    Delete,
    /// Replaces an adopted container by one of ours with the same image and settings.
    Manage,
    /// Puts right what an interrupted operation left.
    Recover,
    /// Makes or takes an image for an environment, and proves it.
    Build,
    /// Installs packages into the running container.
    Install,
    /// Adds packages to a runtime's environment, builds it, and updates the runtime to it.
    AddPackages,
}

/// One step. The order is that of the operation's list, not of this enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    Check,
    Lock,
    Resolve,
    Pull,
    /// The engine's builder works.
    Build,
    /// pip works in the running container.
    Install,
    Inspect,
    Prove,
    WaitForRuns,
    Create,
    SwitchOver,
    /// Changes what a container can take as it is.
    ChangeInPlace,
    Start,
    Stop,
    WaitForHealth,
    Remove,
    PutBack,
    CleanUp,
    /// What was made is kept as a version.
    Keep,
    /// A flow is run again.
    RunAgain,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    Pending,
    Running,
    Done,
    Failed,
    Skipped,
}

/// A step of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub kind: StepKind,
    pub state: StepState,
    /// What it found or does just now, a sentence.
    pub note: Option<String>,
    #[ts(type = "string | null")]
    pub started: Option<Timestamp>,
    #[ts(type = "string | null")]
    pub finished: Option<Timestamp>,
}

impl Step {
    /// A step that has not begun.
    pub fn pending(kind: StepKind) -> Self {
        Self { kind, state: StepState::Pending, note: None, started: None, finished: None }
    }
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OperationState {
    Running,
    /// A cancel was acknowledged; what was made is being removed.
    Cancelling,
    /// After the switch-over: the old container is being put back.
    GoingBack,
    Succeeded,
    Failed,
    /// Cancelled by the person; the old state stands.
    Cancelled,
}

impl OperationState {
    /// Nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// What cancelling would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Cancel {
    /// It can be cancelled; what was made is removed. The button reads *Cancel*.
    Cancel,
    /// The old container has been stopped; it will be put back. The button reads *Go back*.
    GoBack,
    /// Too late or already asked for.
    No,
}

/// One package that differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackageChange {
    pub name: String,
    /// `None` = added.
    pub from: Option<String>,
    /// `None` = removed.
    pub to: Option<String>,
}

/// An operation as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub id: OperationId,
    pub kind: OperationKind,
    /// The runtime that it works on; `None` = an environment.
    #[serde(default)]
    pub runtime: Option<RuntimeId>,
    /// The environment that it works on; `None` = a runtime.
    #[serde(default)]
    pub environment: Option<EnvironmentId>,
    /// The name of that runtime or environment when it began.
    #[serde(alias = "runtimeName")]
    pub name: String,
    pub compute: ComputeId,
    pub state: OperationState,
    pub steps: Vec<Step>,
    /// While and after a pull.
    pub pull: Option<PullProgress>,
    /// While and after a build.
    #[serde(default)]
    pub build: Option<BuildProgress>,
    pub cancel: Cancel,
    /// Version or image before and after, as shown to people.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The image before, with its digest where it has one: to go back to when nothing else is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from_image: Option<String>,
    /// Digests before and after.
    pub from_digest: Option<String>,
    pub to_digest: Option<String>,
    /// Known once a candidate ran.
    pub packages: Option<Vec<PackageChange>>,
    /// When it failed.
    pub problem: Option<Problem>,
    /// What stands now, a sentence, when it ended.
    pub outcome: Option<String>,
    /// Last lines of the log of a container that failed and was removed.
    pub kept_log: Option<String>,
    /// Milliseconds during which neither container served; for updates that switched over.
    pub without_service: Option<u64>,
    /// The run of a flow that it began at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub run: Option<FlowRunId>,
    /// `user@host`.
    pub started_by: String,
    #[ts(type = "string")]
    pub started: Timestamp,
    #[ts(type = "string | null")]
    pub finished: Option<Timestamp>,
}

impl Operation {
    /// What it works on; `None` = a document that names neither.
    pub fn subject(&self) -> Option<Subject> {
        let runtime = self.runtime.clone().map(Subject::Runtime);
        runtime.or_else(|| self.environment.clone().map(Subject::Environment))
    }
}

/// What differs between two lists of installed packages, by name, sorted.
pub fn package_changes(
    before: &[crate::runtime::Package],
    after: &[crate::runtime::Package],
) -> Vec<PackageChange> {
    use std::collections::BTreeMap;
    // Names are compared as Python's package index does: case and -_. do not matter.
    let key = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    let mut all: BTreeMap<String, PackageChange> = BTreeMap::new();
    for package in before {
        all.insert(
            key(&package.name),
            PackageChange {
                name: package.name.clone(),
                from: Some(package.version.clone()),
                to: None,
            },
        );
    }
    for package in after {
        all.entry(key(&package.name))
            .or_insert_with(|| PackageChange { name: package.name.clone(), from: None, to: None })
            .to = Some(package.version.clone());
    }
    all.into_values().filter(|change| change.from != change.to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Package;

    #[test]
    fn only_packages_that_differ_are_told() {
        let list = |items: &[(&str, &str)]| {
            items
                .iter()
                .map(|(name, version)| Package { name: (*name).into(), version: (*version).into() })
                .collect::<Vec<_>>()
        };
        let changes = package_changes(
            &list(&[("A_b", "1"), ("gone", "2"), ("same", "3")]),
            &list(&[("a-b", "2"), ("same", "3"), ("new", "1")]),
        );
        let told: Vec<_> =
            changes.iter().map(|c| (c.name.as_str(), c.from.as_deref(), c.to.as_deref())).collect();
        assert_eq!(
            told,
            [("A_b", Some("1"), Some("2")), ("gone", Some("2"), None), ("new", None, Some("1"))]
        );
    }
}
