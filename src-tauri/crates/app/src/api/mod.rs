//! What crosses the border to the UI: requests, responses and events.
//!
//! TypeScript is generated from these types and committed; see `commands.rs` for the table.

mod add_packages;
mod adopt;
mod batches;
mod computes;
mod configuration;
mod connections;
mod credentials;
mod diagnosis;
mod disk;
mod environments;
mod events;
mod flows;
mod logs;
mod packages;
mod policies;
mod runtimes;
mod series;
mod settings;
mod support;
mod versions;
mod wizard;

pub use add_packages::*;
pub use adopt::*;
pub use batches::*;
pub use computes::*;
pub use configuration::*;
pub use connections::*;
pub use credentials::*;
pub use diagnosis::*;
pub use disk::*;
pub use environments::*;
pub use events::*;
pub use flows::*;
pub use logs::*;
pub use packages::*;
pub use policies::*;
pub use runtimes::*;
pub use series::*;
pub use settings::*;
pub use support::*;
pub use versions::*;
pub use wizard::*;

use domain::{compute::ComputeId, operation::OperationId, runtime::RuntimeId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request or response without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// A request about one runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfRuntime {
    pub runtime: RuntimeId,
}

/// A request about one compute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfCompute {
    pub compute: ComputeId,
}

/// A request about one operation, and the answer of what starts one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfOperation {
    pub operation: OperationId,
}
