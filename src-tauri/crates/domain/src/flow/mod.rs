//! Flows: what a folder with a `flow.dag.yaml` or `flow.flex.yaml` says, and what a run of it was.
//!
//! A [`Document`] is the file as written, with the place of everything in it; a [`Flow`] is what it
//! means. Reading never fails half-way: what is not understood is a [`FlowProblem`] with its place, and
//! the rest is read on.

mod check;
mod document;
mod explain;
mod from_here;
mod graph;
pub mod inputs;
mod lines;
mod model;
mod modules;
pub mod outside;
mod read;
mod reference;
mod resolve;
mod result;
mod row_processes;
mod run;
mod tools;

pub use check::{Around, NeededConnection, connections_needed, problems};
pub use document::{Content, Document, Entry, Node, Place};
pub use explain::{explain, explain_about, run_failed};
pub use from_here::{Taken, nodes_taken_over, with_taken_over};
pub use graph::{Edge, EdgeKind, Graph, GraphNode};
pub use lines::{LogReader, RunEvent};
pub use model::{
    Activate, Chat, Flow, FlowEnvironment, FlowId, FlowInput, FlowKind, FlowNode, FlowOutput,
    FlowProblem, FlowProblemKind, FlowVariable, NodeInput, NodeKind, NodeSource, NodeVariants,
    Severity, SourceKind, ValueKind, Variant,
};
pub use modules::{missing_module, package_of};
pub use read::{Read, read};
pub use reference::{Reference, connection_reference};
pub use resolve::{OtherConnection, chosen, resolved, with_init};
pub use result::{Outcome, failure, outcome};
pub use row_processes::{RowProcess, RowProcesses, ended_by_force, row_answered};
pub use run::{
    FlowRun, FlowRunId, FlowRunState, Frame, NodeRun, NodeRunState, RunFailure, SlowNode, Tokens,
};
pub use tools::{ConnectionInput, ConnectionTypes, ToolFile, ToolFiles, connection_inputs};

#[cfg(test)]
mod tests;
