//! What the application tells the UI by itself.

use domain::{
    batch::Batch,
    diagnosis::Diagnosis,
    flow::{FlowId, FlowRun},
    operation::Operation,
    runtime::{Runtime, RuntimeId},
    series::Series,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ComputeView, Settings, VersionCheck};

/// One change. After `watch` the first ones tell the whole state; later only what changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Change {
    /// Rows that are new or differ, and rows that are gone.
    #[serde(rename_all = "camelCase")]
    Runtimes {
        changed: Vec<Runtime>,
        removed: Vec<RuntimeId>,
    },
    /// All computes.
    #[serde(rename_all = "camelCase")]
    Computes {
        computes: Vec<ComputeView>,
    },
    /// New readings for rows in view.
    #[serde(rename_all = "camelCase")]
    Usage {
        readings: Vec<UsageReading>,
    },
    /// An operation began, moved on or ended.
    #[serde(rename_all = "camelCase")]
    Operation {
        operation: Box<Operation>,
    },
    /// A diagnosis of a runtime began, moved on or ended, also one that the application makes by itself.
    #[serde(rename_all = "camelCase")]
    Diagnosis {
        diagnosis: Box<Diagnosis>,
    },
    #[serde(rename_all = "camelCase")]
    VersionCheck {
        check: Box<VersionCheck>,
    },
    #[serde(rename_all = "camelCase")]
    Settings {
        settings: Settings,
    },
    RegistryLogins,
    /// A connection is new, differs or is gone.
    Connections,
    /// An environment is new, differs or is gone.
    Environments,
    /// Files of a flow changed, or what is known around it did: ask for it again.
    #[serde(rename_all = "camelCase")]
    Flow {
        flow: FlowId,
    },
    /// The list of flows is different.
    Flows,
    /// A run of a flow began, moved on or ended.
    #[serde(rename_all = "camelCase")]
    FlowRun {
        run: Box<FlowRun>,
    },
    /// A batch run began, moved on or ended; at most 10 a second. That rows have ended is told by its numbers.
    #[serde(rename_all = "camelCase")]
    Batch {
        batch: Box<Batch>,
    },
    /// The list of batch runs is different.
    Batches,
    /// A series began, moved on or ended.
    #[serde(rename_all = "camelCase")]
    Series {
        series: Box<Series>,
    },
    /// What a runtime's policy means may be different now.
    #[serde(rename_all = "camelCase")]
    UpdatePolicy {
        runtime: RuntimeId,
    },
    /// The person closes the window while these operations, runs of flows and batch runs are active: ask what to
    /// do, then call `finish_closing`.
    #[serde(rename_all = "camelCase")]
    Closing {
        operations: Vec<Operation>,
        runs: Vec<FlowRun>,
        batches: Vec<Batch>,
    },
}

/// CPU and memory of one runtime.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageReading {
    pub runtime: RuntimeId,
    pub usage: Usage,
}

/// Answer to the question of [`Change::Closing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FinishClosing {
    pub decision: ClosingDecision,
}

/// What happens to running operations and runs of flows when the window closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ClosingDecision {
    /// Hide the window; the application ends by itself when they are done.
    KeepRunning,
    /// Cancel them, wait for that, then end. Batch runs are paused: nothing of them is lost.
    CancelOperations,
    /// Do not close.
    Stay,
}

/// Names one open log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfStream {
    pub stream: u32,
}
