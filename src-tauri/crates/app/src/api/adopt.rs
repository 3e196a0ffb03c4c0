//! Containers that were not made here: looked at, adopted, released.

use domain::{
    adopt::{ComposeService, Verdict},
    compute::ComputeId,
    runtime::RuntimeId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Every container of a compute that is not a runtime yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ForeignContainers {
    /// Usable ones first, then by name.
    pub containers: Vec<ForeignContainer>,
}

/// A container that was not made here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ForeignContainer {
    pub id: String,
    pub name: String,
    pub image: String,
    /// Published ports, as `127.0.0.1:18080 → 8080`.
    pub ports: Vec<String>,
    pub verdict: Verdict,
    /// `None` = it belongs to no Compose project.
    pub compose: Option<ComposeService>,
    /// The engine removes it as soon as it stops (`--rm`): it cannot be updated in place.
    pub auto_remove: bool,
}

/// Adopts a container as it is. Nothing in it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AdoptContainer {
    pub compute: ComputeId,
    /// Its id.
    pub container: String,
}

/// Makes an adopted container fully ours: replaces it by one with the same image and settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ManageRuntime {
    pub runtime: RuntimeId,
    /// Go on although it cannot be proved beside the old one.
    pub confirmed: bool,
    /// Do not wait for active runs.
    pub cancel_runs: bool,
}
