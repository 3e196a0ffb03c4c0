//! Packages of a running runtime, and how they come to stay.

use domain::{environment::EnvironmentId, runtime::RuntimeId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Installs packages into the running container of a runtime. They last until it is recreated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InstallPackages {
    pub runtime: RuntimeId,
    /// Lines of a requirements file, e.g. `pandas==2.1`.
    pub requirements: Vec<String>,
}

/// Makes packages part of the environment of a runtime: of the one that it has, else of a new one that
/// is made from the runtime's image. Nothing is built by this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeepPackages {
    pub runtime: RuntimeId,
    pub requirements: Vec<String>,
}

/// Where packages were written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeptPackages {
    pub environment: EnvironmentId,
    pub name: String,
    /// The environment was made for this.
    pub is_new: bool,
}
