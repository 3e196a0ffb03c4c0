//! Adding packages to a runtime to stay.

use domain::{
    environment::{EnvironmentId, EnvironmentName},
    finding::Problem,
    flow::FlowRunId,
    runtime::RuntimeId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ActiveRuns;

/// What adding packages to a runtime would do, before anything happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddPackagesPreview {
    /// The best first; empty = they can only be installed into the running container.
    pub ways: Vec<AddPackagesWay>,
    /// Why it is not as one might expect, a sentence each.
    pub notes: Vec<String>,
    /// What the person has to agree to.
    pub confirmations: Vec<Problem>,
    pub active_runs: ActiveRuns,
    pub running: bool,
}

/// Where packages may come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum AddPackagesWay {
    /// Into the runtime's own environment.
    #[serde(rename_all = "camelCase")]
    Own {
        environment: EnvironmentId,
        name: EnvironmentName,
        /// The requirements file of its build context; `None` = the definition names them.
        file: Option<String>,
        /// Other runtimes that were made from it. They stay as they are until they are updated.
        used_by: Vec<String>,
    },
    /// Into a new environment that is made of what the runtime runs now.
    #[serde(rename_all = "camelCase")]
    New {
        /// A name that is free.
        name: EnvironmentName,
        /// The image that it begins with.
        from: String,
    },
}

/// Where packages are to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum AddPackagesTo {
    Own,
    #[serde(rename_all = "camelCase")]
    New {
        name: String,
    },
}

/// Adds packages to the environment of a runtime, builds it, updates the runtime to it, and runs a flow again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddPackages {
    pub runtime: RuntimeId,
    /// As in requirements.txt, one each.
    pub requirements: Vec<String>,
    pub to: AddPackagesTo,
    /// The person agreed to what the preview asks.
    pub confirmed: bool,
    /// End active runs rather than wait for them.
    pub cancel_runs: bool,
    /// The run that is done again at the end; `None` = none is.
    pub again: Option<FlowRunId>,
}
