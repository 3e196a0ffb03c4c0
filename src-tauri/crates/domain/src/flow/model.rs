//! What a flow is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::Reference;

/// Names one flow: the absolute path of its file, links followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct FlowId(pub String);

impl std::fmt::Display for FlowId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Which of the two forms a flow has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FlowKind {
    /// `flow.dag.yaml`: nodes and what goes from one to the next.
    Dag,
    /// `flow.flex.yaml`: one function or class.
    Flex,
}

/// A flow as its file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    pub kind: FlowKind,
    /// `display_name`; empty = it has none.
    pub display_name: String,
    pub description: String,
    /// In the order of the file, as everything else here.
    pub inputs: Vec<FlowInput>,
    pub outputs: Vec<FlowOutput>,
    pub nodes: Vec<FlowNode>,
    pub variants: Vec<NodeVariants>,
    pub environment_variables: Vec<FlowVariable>,
    /// Files and folders outside the flow's folder that a run needs, as written.
    pub additional_includes: Vec<String>,
    pub environment: Option<FlowEnvironment>,
    /// For flex flows: `module:function` or `module:Class`.
    pub entry: Option<String>,
    /// For flex flows whose entry is a class: what its constructor takes.
    pub init: Vec<FlowInput>,
    /// `None` = it is no chat flow.
    pub chat: Option<Chat>,
}

/// What makes a flow a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// The input that a person types.
    pub input: String,
    /// The input that gets what was said before: a list of `{"inputs": {…}, "outputs": {…}}`.
    pub history: Option<String>,
    /// The output that is the answer.
    pub output: Option<String>,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ValueKind {
    String,
    Int,
    Double,
    Bool,
    List,
    Object,
    Image,
    /// Any other, e.g. the name of a connection's class: typed as it is.
    Other,
}

/// An input of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowInput {
    pub name: String,
    pub kind: ValueKind,
    /// The type as written.
    pub written: String,
    /// `None` = it has none, so a run needs a value.
    pub default: Option<Value>,
    pub description: String,
    pub is_chat_input: bool,
    pub is_chat_history: bool,
    /// 0 = not known.
    pub line: u32,
}

/// An output of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowOutput {
    pub name: String,
    pub written: String,
    /// As written, e.g. `${answer.output}`.
    pub reference: String,
    pub is_chat_output: bool,
    pub line: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NodeKind {
    Python,
    Prompt,
    Llm,
    CustomLlm,
    Other,
}

/// Where a node's code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    /// A file of the folder.
    Code,
    /// A tool of an installed package.
    Package,
    /// The same with a prompt of the folder.
    PackageWithPrompt,
}

/// The source of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeSource {
    pub kind: SourceKind,
    /// Path within the folder.
    pub path: Option<String>,
    /// Name of a package's tool.
    pub tool: Option<String>,
}

/// What an input of a node gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeInput {
    pub name: String,
    /// As written.
    pub value: Value,
    /// What it refers to; `None` = the value itself is meant.
    pub reference: Option<Reference>,
    pub line: u32,
}

/// The condition under which a node runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activate {
    /// As written, e.g. `${inputs.deep}`.
    pub when: String,
    pub reference: Option<Reference>,
    pub is: Value,
    pub line: u32,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowNode {
    pub name: String,
    pub kind: NodeKind,
    /// The type as written; empty = none is.
    pub written: String,
    /// `None` = none is written: with variants that is so.
    pub source: Option<NodeSource>,
    pub inputs: Vec<NodeInput>,
    pub connection: Option<String>,
    pub api: Option<String>,
    pub provider: Option<String>,
    pub module: Option<String>,
    /// It runs once over all rows of a batch.
    pub aggregation: bool,
    pub activate: Option<Activate>,
    pub use_variants: bool,
    pub comment: String,
    pub line: u32,
}

/// The variants of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeVariants {
    pub node: String,
    /// The one that is taken when none is chosen.
    pub default: String,
    pub variants: Vec<Variant>,
    pub line: u32,
}

/// One way to do a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    pub id: String,
    pub node: FlowNode,
    pub line: u32,
}

/// A variable that a run gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowVariable {
    pub name: String,
    /// As written; `None` = it looks like a key and is not shown.
    pub value: Option<String>,
    /// The connection that it is taken from.
    pub connection: Option<String>,
    pub line: u32,
}

/// What a flow says of the environment it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowEnvironment {
    /// Path of a requirements file within the folder.
    pub requirements: Option<String>,
    pub image: Option<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It cannot run.
    Error,
    /// It can run, and is perhaps not what was meant.
    Warning,
}

/// What is wrong with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FlowProblemKind {
    /// The file is no YAML.
    Syntax,
    /// It is YAML and does not have the form of a flow.
    Form,
    FileMissing,
    UnknownReference,
    Cycle,
    UnusedNode,
    DuplicateName,
    UnknownVariant,
    UnknownConnection,
}

/// One thing that is wrong with a flow, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowProblem {
    pub severity: Severity,
    pub kind: FlowProblemKind,
    /// Full sentences.
    pub sentence: String,
    /// What to do, a sentence; empty = the sentence says it.
    pub hint: String,
    /// Path of the file within the folder.
    pub file: String,
    /// From 1; 0 = not known.
    pub line: u32,
    pub column: u32,
    /// The node that it is about.
    pub node: Option<String>,
}
