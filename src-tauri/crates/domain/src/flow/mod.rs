//! Flows: what a folder with a `flow.dag.yaml` or `flow.flex.yaml` says, and what a run of it was.
//!
//! A [`Document`] is the file as written, with the place of everything in it; a [`Flow`] is what it
//! means. Reading never fails half-way: what is not understood is a [`FlowProblem`] with its place, and
//! the rest is read on.

mod document;
mod graph;
mod model;
mod reference;
mod run;

pub use document::{Content, Document, Entry, Node, Place};
pub use graph::{Edge, EdgeKind, Graph, GraphNode};
pub use model::{
    Activate, Chat, Flow, FlowEnvironment, FlowId, FlowInput, FlowKind, FlowNode, FlowOutput,
    FlowProblem, FlowProblemKind, FlowVariable, NodeInput, NodeKind, NodeSource, NodeVariants,
    Severity, SourceKind, ValueKind, Variant,
};
pub use reference::Reference;
pub use run::{
    FlowRun, FlowRunId, FlowRunState, Frame, NodeRun, NodeRunState, RunFailure, SlowNode, Tokens,
};
