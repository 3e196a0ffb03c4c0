//! The Diagnostics tab: the chain of checks of a runtime, and what its buttons do.

pub use domain::diagnosis::Diagnosis;
use domain::{finding::Remedy, runtime::RuntimeId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The last diagnosis of a runtime, without looking again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LastDiagnosis {
    /// `null` = there is none since the application was started.
    pub diagnosis: Option<Diagnosis>,
}

/// Does what a finding proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MendRuntime {
    pub runtime: RuntimeId,
    pub remedy: Remedy,
}

/// What a remedy's button will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MendPreview {
    /// What it is, e.g. `Choose port 18081`.
    pub title: String,
    /// What it means, full sentences.
    pub sentence: String,
    /// What happens, in order.
    pub steps: Vec<String>,
    /// Names of the runtimes that are interrupted.
    pub affected: Vec<String>,
    /// For what only the person can do: what to type in a terminal.
    pub command: Option<String>,
}
