//! The graph of a flow: which node needs which.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a node needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum EdgeKind {
    /// It takes what the other gives.
    Data,
    /// Its condition looks at what the other gives.
    Activation,
}

/// What goes from one node to another. Inputs of the flow are no nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GraphNode {
    pub name: String,
    /// 0 = needs no other node; otherwise one more than the highest of those it needs. Nodes of a
    /// circle, and what needs them, come after all others.
    pub level: u32,
    pub aggregation: bool,
    /// Inputs of the flow that it takes.
    pub inputs: Vec<String>,
    /// Outputs of the flow that it gives.
    pub outputs: Vec<String>,
}

/// Nodes in an order in which they may run, and edges. Variants stand as chosen by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<Edge>,
    /// Nodes of one circle, in their order; empty = there is none.
    pub circle: Vec<String>,
}
