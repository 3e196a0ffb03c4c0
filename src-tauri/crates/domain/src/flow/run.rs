//! One run of a flow: how it stands, and what it gave.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::FlowId;
use crate::{finding::Problem, runtime::RuntimeId};

/// Names one run: a random UUID, also the service's id of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct FlowRunId(pub String);

impl std::fmt::Display for FlowRunId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FlowRunState {
    /// The flow is being brought to the runtime.
    Preparing,
    Running,
    /// A cancel was asked for; the service ends what runs.
    Cancelling,
    Completed,
    Failed,
    Cancelled,
    /// A node alone that its condition kept from running.
    Bypassed,
    /// The application ended before the run did; what it gave is not known.
    Lost,
}

impl FlowRunState {
    /// Nothing more will happen.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Preparing | Self::Running | Self::Cancelling)
    }
}

/// How a node of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NodeRunState {
    /// It has not begun. In a run that has ended: it never did.
    Waiting,
    Running,
    Completed,
    Failed,
    Cancelled,
    /// Its condition kept it from running.
    Bypassed,
}

/// A place in a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Path within the flow's folder, else as the runtime has it.
    pub file: String,
    pub line: u32,
    /// Empty = not known.
    pub function: String,
}

/// That a node takes long, as the service tells it while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlowNode {
    /// For so long it had been running when this was told.
    pub seconds: u64,
    /// Where the person's own code was then.
    pub at: Option<Frame>,
}

/// What an LLM counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    pub prompt: u64,
    pub completion: u64,
    pub total: u64,
}

/// Why a run or a node failed, as the service tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunFailure {
    /// The service's codes from the outermost in, e.g. `UserError/ToolExecutionError`.
    pub code: String,
    /// The innermost exception's class, e.g. `ZeroDivisionError`; empty = not told.
    pub exception: String,
    pub message: String,
    pub node: Option<String>,
    /// Where in the person's own code it happened.
    pub at: Option<Frame>,
    /// Python's own words.
    pub traceback: Option<String>,
}

/// One node of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeRun {
    pub node: String,
    pub state: NodeRunState,
    #[ts(type = "string | null")]
    pub started: Option<Timestamp>,
    #[ts(type = "string | null")]
    pub ended: Option<Timestamp>,
    /// Seconds as the service measured them.
    pub duration: Option<f64>,
    /// The last warning that it takes long; stays when it has ended.
    pub slow: Option<SlowNode>,
    pub failure: Option<RunFailure>,
    pub tokens: Option<Tokens>,
    /// It did not run: what it gave in an earlier run stands here, see [`FlowRun::from_node`].
    #[serde(default)]
    pub taken_over: bool,
}

impl NodeRun {
    /// A node that has not begun.
    pub fn waiting(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            state: NodeRunState::Waiting,
            started: None,
            ended: None,
            duration: None,
            slow: None,
            failure: None,
            tokens: None,
            taken_over: false,
        }
    }
}

/// A run without its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowRun {
    pub id: FlowRunId,
    pub flow: FlowId,
    /// The name of the flow's folder.
    pub flow_name: String,
    pub runtime: RuntimeId,
    pub runtime_name: String,
    /// The runtime's dated version, else promptflow's; empty = not known.
    pub version: String,
    /// Only this node ran.
    pub node: Option<String>,
    /// The flow ran from this node on; what the nodes before it gave is that of the run `from`.
    #[serde(default)]
    pub from_node: Option<String>,
    /// The run that gave the outputs of nodes that did not run.
    pub from: Option<FlowRunId>,
    /// Variants that were chosen, by node.
    pub variants: BTreeMap<String, String>,
    pub state: FlowRunState,
    /// What is done just now, a sentence.
    pub note: Option<String>,
    #[ts(type = "string")]
    pub started: Timestamp,
    #[ts(type = "string | null")]
    pub ended: Option<Timestamp>,
    /// Seconds as the service measured them.
    pub duration: Option<f64>,
    /// In the order of the flow's file.
    pub nodes: Vec<NodeRun>,
    pub failure: Option<RunFailure>,
    /// The failure in words, with what to do next; also why a run never began.
    pub problem: Option<Problem>,
    pub tokens: Option<Tokens>,
}
