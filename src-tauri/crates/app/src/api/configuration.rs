//! The Configuration tab: what a runtime's settings are, and what a change of them would do.

use domain::{
    configuration::{SettingChange, VariableDraft},
    finding::Problem,
    runtime::RuntimeId,
    spec::{MountRequest, RestartPolicy},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ActiveRuns;

/// The settings of a runtime that can be changed, as its container has them. Values of variables stay
/// where they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationView {
    /// Names the state that was read; a change is refused when another one stands by then.
    pub based_on: String,
    pub description: String,
    /// The description is newer than the container and gets into its label when it is next replaced.
    pub description_not_in_label: bool,
    /// 0 = the engine chooses at every start.
    pub host_port: u16,
    pub bind_address: String,
    /// Bytes; `null` = no limit.
    pub memory_limit: Option<u64>,
    pub cpu_limit: Option<f64>,
    /// Names of the variables that the person set.
    pub variables: Vec<String>,
    pub mounts: Vec<MountRequest>,
    pub restart_policy: RestartPolicy,
    /// Bytes of memory and number of CPUs of the compute.
    pub compute_memory: u64,
    pub compute_cpus: u32,
}

/// Settings as typed, not checked yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationDraft {
    pub description: String,
    /// 0 = the engine chooses at every start.
    pub host_port: u32,
    pub bind_address: String,
    /// The person confirmed a bind address that others can reach.
    pub confirmed_exposure: bool,
    /// Bytes.
    pub memory_limit: Option<u64>,
    pub cpu_limit: Option<f64>,
    pub variables: Vec<VariableDraft>,
    pub mounts: Vec<MountRequest>,
    pub restart_policy: RestartPolicy,
}

/// A change of a runtime's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfConfiguration {
    pub runtime: RuntimeId,
    /// The view's.
    pub based_on: String,
    pub draft: ConfigurationDraft,
}

/// What a change of settings would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationPreview {
    /// What differs, in the order of the form.
    pub changes: Vec<SettingChange>,
    /// The container is replaced by one with the new settings; otherwise all is changed in place.
    pub replaces: bool,
    /// What is wrong with what was typed; each names its field (`hostPort`, `bindAddress`,
    /// `memoryLimit`, `cpuLimit`, `variables.N`, `mounts.N`).
    pub problems: Vec<Problem>,
    /// Why it cannot be done.
    pub refusals: Vec<Problem>,
    /// What the person has to confirm first.
    pub confirmations: Vec<Problem>,
    pub active_runs: ActiveRuns,
    /// It runs now; a stopped runtime is changed and left stopped.
    pub running: bool,
    /// Days for which the previous container is kept.
    pub keeps_previous_days: u32,
}

/// Starts a change of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeConfiguration {
    pub runtime: RuntimeId,
    pub based_on: String,
    pub draft: ConfigurationDraft,
    /// The confirmations of the preview were given.
    #[serde(default)]
    pub confirmed: bool,
    /// Do not wait for active runs.
    #[serde(default)]
    pub cancel_runs: bool,
}

/// What a roll back would change beside the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollBackPreview {
    /// Settings that change back, from what they are now to what they were.
    pub changes: Vec<SettingChange>,
}
