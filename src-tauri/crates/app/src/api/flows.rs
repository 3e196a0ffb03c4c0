//! Flows: their folders, what they need, and running them on a runtime.

use std::collections::BTreeMap;

use domain::{
    compute::ComputeId,
    finding::Problem,
    flow::{
        ConnectionInput, Flow, FlowId, FlowKind, FlowProblem, FlowRun, FlowRunId, Graph, ValueKind,
        outside::OutsideForm,
    },
    runtime::{RuntimeId, Status},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request about one flow, and the answer of what opens one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfFlow {
    pub flow: FlowId,
}

/// A request about one run, and the answer of what starts one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfFlowRun {
    pub run: FlowRunId,
}

/// Opens a flow by what a person typed or pasted, and remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OpenFlow {
    /// Absolute path of a folder or of its file; `~` is the person's home.
    pub path: String,
}

/// Flows that were opened before, the last one first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Flows {
    pub flows: Vec<RecentFlow>,
}

/// A flow that was opened before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecentFlow {
    pub flow: FlowId,
    /// The name of its folder.
    pub name: String,
    pub folder: String,
    /// Its file is still there.
    pub there: bool,
    /// `None` = the file cannot be read.
    pub kind: Option<FlowKind>,
    /// Problems of the severity error; 0 = none, or the file is not there.
    pub errors: u32,
    #[ts(type = "string")]
    pub opened: Timestamp,
    /// The runtime that it ran on last or that was chosen for it.
    pub runtime: Option<RuntimeId>,
    pub last_run: Option<FlowRun>,
}

/// A flow as it stands on disk, and what is known around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowView {
    pub flow: FlowId,
    /// The name of its folder.
    pub name: String,
    pub folder: String,
    /// The file's name within the folder.
    pub file: String,
    /// `None` = the file cannot be read; `problems` say why.
    pub model: Option<Flow>,
    pub graph: Graph,
    /// Errors first; a flow with an error cannot run.
    pub problems: Vec<FlowProblem>,
    pub connections: Vec<ConnectionNeed>,
    /// Inputs of nodes that take a connection: as a runtime told, else as the code or the value says.
    pub connection_inputs: Vec<ConnectionInput>,
    /// What the form of a run begins with, in the order of the file.
    pub inputs: Vec<ProposedInput>,
    /// What the form begins with for a class's constructor; only flex flows have it.
    pub init: Vec<ProposedInput>,
    /// `None` = no runtime was chosen yet.
    pub runtime: Option<RememberedRuntime>,
    pub last_run: Option<FlowRun>,
    /// Absolute path of a requirements file, when it has one: what `read_requirements` takes.
    pub requirements: Option<String>,
}

/// A connection that a flow needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionNeed {
    pub name: String,
    /// Nodes that use it; empty = only variables do.
    pub nodes: Vec<String>,
    /// There is a connection of this name.
    pub known: bool,
}

/// Where the proposed value of an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProposedFrom {
    /// The last run of this flow.
    LastRun,
    /// A file with sample data in the folder.
    Sample,
    /// The default that the flow names.
    Default,
    /// Nothing: a value has to be typed.
    Nowhere,
}

/// An input as the form of a run begins with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProposedInput {
    pub name: String,
    pub kind: ValueKind,
    /// As it would be typed: a list or an object as JSON.
    pub text: String,
    pub from: ProposedFrom,
}

/// The runtime that a flow used last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RememberedRuntime {
    pub runtime: RuntimeId,
    /// As it was called then, when it is gone.
    pub name: String,
    pub usable: bool,
    /// Why it cannot be used; empty = it can.
    pub sentence: String,
}

/// Reads a text file of a flow's folder, e.g. the code of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadFlowFile {
    pub flow: FlowId,
    /// Path within the folder.
    pub path: String,
}

/// A file of a flow's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowFile {
    pub path: String,
    /// Where it is on this machine.
    pub place: String,
    pub text: String,
    /// It is longer than what is shown.
    pub cut: bool,
}

/// Runtimes that a flow may run on: those that are available first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowRuntimes {
    pub runtimes: Vec<FlowRuntime>,
}

/// A runtime as the choice shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowRuntime {
    pub runtime: RuntimeId,
    pub name: String,
    pub compute: ComputeId,
    pub compute_name: String,
    pub status: Status,
    /// Empty = its image has no dated version.
    pub version: String,
    /// CPUs; 0 = no limit.
    pub cpu_limit: f64,
    /// Bytes; 0 = no limit.
    pub memory_limit: u64,
    /// Runs of this application that are active on it.
    pub runs: u32,
    /// Names of the batch runs of this application that use its service or wait for it, in their order.
    pub batches: Vec<String>,
    pub usable: bool,
    /// Why it cannot be used; empty = it can.
    pub sentence: String,
}

/// A flow on a runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowOnRuntime {
    pub flow: FlowId,
    pub runtime: RuntimeId,
    /// Variant for each node where it is not the default.
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
}

/// What stands in the way of running a flow on a runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowFit {
    /// Empty = nothing was found.
    pub findings: Vec<FlowFinding>,
}

/// One thing that a runtime lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum FlowFinding {
    /// A module of Python is not installed there.
    #[serde(rename_all = "camelCase")]
    MissingModule {
        module: String,
        /// What to install, for `install_packages`.
        package: String,
        /// Files that import it.
        files: Vec<String>,
        problem: Problem,
    },
    /// A file cannot be loaded for another reason.
    #[serde(rename_all = "camelCase")]
    CannotLoad { file: String, line: u32, problem: Problem },
    /// `promptflow-tools`, or the package of another tool, is not installed there.
    #[serde(rename_all = "camelCase")]
    MissingTool {
        /// What to install; `None` = the package of this tool is not known.
        package: Option<String>,
        /// The tool; `None` = those for prompts and LLMs.
        tool: Option<String>,
        nodes: Vec<String>,
        problem: Problem,
    },
    /// A connection is not there.
    #[serde(rename_all = "camelCase")]
    MissingConnection { name: String, problem: Problem },
}

/// Checks inputs as they are typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckFlowInputs {
    pub flow: FlowId,
    /// Only those that this node takes.
    pub node: Option<String>,
    /// As typed, by name. A missing one stands for its default.
    pub inputs: BTreeMap<String, String>,
    /// For a class's constructor.
    #[serde(default)]
    pub init: BTreeMap<String, String>,
}

/// What is wrong with inputs as typed. Each problem's field is `inputs.NAME` or `init.NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowInputsCheck {
    pub problems: Vec<Problem>,
}

/// Another connection for a node than its file names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionOverride {
    pub node: String,
    /// `connection` for a node with an LLM; for a python node, the input that takes it.
    pub input: String,
    pub connection: String,
}

/// Runs a flow, or one node of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StartFlowRun {
    pub flow: FlowId,
    pub runtime: RuntimeId,
    /// As typed, by name. A missing one stands for its default.
    pub inputs: BTreeMap<String, String>,
    /// For a class's constructor.
    #[serde(default)]
    pub init: BTreeMap<String, String>,
    /// Variant for each node where it is not the default.
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
    #[serde(default)]
    pub connections: Vec<ConnectionOverride>,
    /// Run only this node.
    #[serde(default)]
    pub node: Option<String>,
    /// Run from this node on. What is not downstream of it does not run: what it gave in the run `from`, whose
    /// inputs are taken as well, stands for it. Inputs that are not kept whole are those of `inputs`.
    #[serde(default)]
    pub from_node: Option<String>,
    /// The run whose outputs other nodes give: needed with `from_node`, and with `node` when it takes any.
    #[serde(default)]
    pub from: Option<FlowRunId>,
    /// Seconds after which the service gives up; `None` = no limit.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Runs a flow again as an earlier run did, on the same runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunFlowAgain {
    pub run: FlowRunId,
    /// Seconds after which the service gives up; `None` = as before.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A run that is to be done from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum OutsideRun {
    /// One that was: with its inputs and variants, and the flow's files as they are now.
    #[serde(rename_all = "camelCase")]
    Kept { run: FlowRunId },
    /// One that could be begun.
    #[serde(rename_all = "camelCase")]
    Proposed { start: Box<StartFlowRun> },
}

/// Asks how a run is done from outside. But for `pf` the flow's files are brought to the runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AskOutside {
    pub of: OutsideRun,
    pub form: OutsideForm,
}

/// A run as it is done from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowOutside {
    /// To be copied. It holds no secret: names of variables stand in the place of each.
    pub text: String,
    /// What has to be known or done first, in sentences.
    pub notes: Vec<String>,
}

/// Runs of one flow, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListFlowRuns {
    /// `None` = runs of every flow.
    pub flow: Option<FlowId>,
}

/// Runs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowRuns {
    pub runs: Vec<FlowRun>,
}

/// A run with its values, as long as they are not too big.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowRunDetail {
    pub run: FlowRun,
    pub inputs: ShownValue,
    /// `None` = it gave none.
    pub output: Option<ShownValue>,
    pub metrics: Option<ShownValue>,
    /// What each node took and gave; empty until the run has ended.
    pub nodes: Vec<NodeValues>,
    /// What begins it once more.
    pub again: RunAgain,
}

/// A run as it would be begun once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunAgain {
    pub start: StartFlowRun,
    /// Fields (`inputs.NAME`, `init.NAME`) whose values are not kept, because they held a secret, an image that
    /// nobody named by a path, or a very long text: they have to be typed again.
    pub missing: Vec<String>,
}

/// What a node took and gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeValues {
    pub node: String,
    pub inputs: Option<ShownValue>,
    pub output: Option<ShownValue>,
    /// What its code printed.
    pub out: Option<ShownValue>,
    pub error: Option<ShownValue>,
}

/// A value as text: JSON with line breaks, or a text itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShownValue {
    pub text: String,
    /// It is JSON; otherwise a plain text.
    pub json: bool,
    /// The text is only the beginning: `flow_run_part` gives all.
    pub cut: bool,
    /// Bytes of the whole text.
    pub bytes: u64,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum RunPart {
    Inputs,
    Output,
    Metrics,
    #[serde(rename_all = "camelCase")]
    NodeInputs {
        node: String,
    },
    #[serde(rename_all = "camelCase")]
    NodeOutput {
        node: String,
    },
    #[serde(rename_all = "camelCase")]
    NodeOut {
        node: String,
    },
    #[serde(rename_all = "camelCase")]
    NodeError {
        node: String,
    },
    Log,
}

/// Asks for the whole of one part of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadRunPart {
    pub run: FlowRunId,
    pub part: RunPart,
}
