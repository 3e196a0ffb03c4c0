//! Batch runs: a flow for each row of a file.

use std::collections::BTreeMap;

use domain::{
    batch::{
        Batch, BatchId, BatchSettings, DataFormat, FailureGroup, Mapping, RowNode, RowPreview,
        RowQuery, RowState,
    },
    finding::Problem,
    flow::{FlowId, Tokens},
    runtime::RuntimeId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ConnectionOverride, ShownValue};

/// A request about one batch run, and the answer of what starts one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfBatch {
    pub batch: BatchId,
}

/// What a person puts together for a batch run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchDraft {
    pub flow: FlowId,
    /// Empty = the flow's name and a number.
    pub name: String,
    /// Runtimes that share the rows, at least one, all of one version.
    pub runtimes: Vec<RuntimeId>,
    /// Absolute path of the file of rows; `~` is the person's home. Empty = that of the other batch run.
    pub file: String,
    pub mapping: Mapping,
    /// The batch run that `${run.inputs.…}` and `${run.outputs.…}` are taken from.
    pub other: Option<BatchId>,
    /// Variant for each node where it is not the default.
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
    #[serde(default)]
    pub connections: Vec<ConnectionOverride>,
    /// For a class's constructor, as typed.
    #[serde(default)]
    pub init: BTreeMap<String, String>,
    pub settings: BatchSettings,
}

/// Asks what a batch run would do, as it is put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewBatch {
    pub draft: BatchDraft,
}

/// What a batch run would do. Nothing was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchPreview {
    /// `None` = no file is named, or it cannot be read; `problems` say why (field `file`).
    pub data: Option<DataView>,
    /// The inputs that a mapping may name, in the order of the flow.
    pub inputs: Vec<MappedInput>,
    /// Names of inputs and outputs of the other batch run; `None` = none is chosen.
    pub other: Option<OtherColumns>,
    /// A mapping by equal names, for the inputs that have one.
    pub proposed: Mapping,
    /// The first rows with what the flow would get, by the mapping as it is in the draft.
    pub rows: Vec<RowPreview>,
    /// Everything that would be refused. Fields: `file`, `other`, `runtimes`, `mapping.NAME`, `init.NAME`,
    /// `workers`, `retries`, `stopAfter`, `rowLimit`; without a field it is the flow itself.
    pub problems: Vec<Problem>,
    /// Rows at the same time on each runtime, by its CPUs and memory.
    pub proposed_workers: u32,
    /// Batch runs that have to end first, for each runtime that has any.
    pub queues: Vec<RuntimeQueue>,
    /// The flow has nodes that run once over all rows.
    pub has_aggregation: bool,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DataView {
    /// Absolute path.
    pub file: String,
    pub format: DataFormat,
    pub bytes: u64,
    pub columns: Vec<String>,
    /// How many rows it has, when the preview saw all of them.
    pub rows: Option<u32>,
}

/// An input of the flow as the table of the mapping shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MappedInput {
    pub name: String,
    /// The type as the flow writes it.
    pub kind: String,
    /// It has a default, or is a chat history: it may stay without a value.
    pub optional: bool,
}

/// What can be taken from another batch run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OtherColumns {
    pub name: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
}

/// What uses the service of a runtime, or waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeQueue {
    pub runtime: RuntimeId,
    pub name: String,
    /// Names of the batch runs, the one that runs first.
    pub batches: Vec<String>,
}

/// Counts the rows of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CountRows {
    /// Absolute path; `~` is the person's home.
    pub file: String,
}

/// Rows of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowCount {
    pub rows: u32,
}

/// Batch runs of one flow, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListBatches {
    /// `None` = of every flow.
    pub flow: Option<FlowId>,
    /// Only those whose name, flow, file, tags, note or runtimes hold all of these words. Empty = all.
    pub text: String,
}

/// Batch runs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Batches {
    pub batches: Vec<Batch>,
    /// What all that are kept take on the disk; bytes.
    pub bytes: u64,
}

/// A batch run, and what is around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchDetail {
    pub batch: Batch,
    /// What it was begun with, for one that begins as it did; `None` = that cannot be read any more.
    pub draft: Option<BatchDraft>,
    /// Names of the flow's inputs and outputs, as the results have them.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    /// Batch runs that have to end before it begins, the next one last.
    pub waits_for: Vec<String>,
    /// Batch runs that take something from this one.
    pub taken_by: Vec<Batch>,
    /// How the other one is called that this one takes something from; `None` = it takes nothing, or that
    /// one is not kept any more.
    pub other_name: Option<String>,
}

/// Asks for a page of rows that have ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadBatchRows {
    pub batch: BatchId,
    pub query: RowQuery,
}

/// One page of rows; long values are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchRows {
    pub rows: Vec<BatchRowView>,
    /// Rows in all pages.
    pub total: u32,
}

/// Asks for one row with its whole values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadBatchRow {
    pub batch: BatchId,
    /// From 0.
    pub row: u32,
}

/// A row that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchRowView {
    /// From 0.
    pub row: u32,
    /// The line of the file at which it begins, from 1.
    pub line: u64,
    pub state: RowState,
    /// How often it was tried; 0 = its inputs are not right, so it never ran.
    pub tries: u32,
    /// Seconds.
    pub duration: Option<f64>,
    pub tokens: Option<Tokens>,
    /// The name of the runtime that ran it; empty = none did.
    pub runtime: String,
    /// What its nodes did, in the order in which they began. Empty in pages, for flows without nodes, and when
    /// it is not known.
    pub nodes: Vec<RowNode>,
    pub inputs: Vec<NamedValue>,
    pub outputs: Vec<NamedValue>,
    pub problem: Option<Problem>,
}

/// Why rows of a batch run failed, most rows first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchFailures {
    pub groups: Vec<FailureGroup>,
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamedValue {
    pub name: String,
    pub value: ShownValue,
}

/// Changes what a person calls a batch run and says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DescribeBatch {
    pub batch: BatchId,
    pub name: String,
    pub tags: Vec<String>,
    pub description: String,
}

/// Puts batch runs side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CompareBatches {
    /// Two to [`CompareBatches::MOST`].
    pub batches: Vec<BatchId>,
    /// Only rows whose outputs or states are not all the same.
    pub differing: bool,
    /// Rows that are left out at the beginning.
    pub offset: u32,
    /// At most this many.
    pub limit: u32,
}

impl CompareBatches {
    /// More do not fit beside each other.
    pub const MOST: usize = 6;
}

/// Batch runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// In the order that was asked for.
    pub batches: Vec<ComparedBatch>,
    pub rows: Vec<ComparedRow>,
    /// Rows in all pages.
    pub total: u32,
}

/// One of the batch runs that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComparedBatch {
    pub batch: Batch,
    /// `None` = no row completed.
    pub latency: Option<Latency>,
}

/// The same row of each batch run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComparedRow {
    /// From 0.
    pub row: u32,
    /// Of the first batch run that has the row.
    pub inputs: Vec<NamedValue>,
    /// One for each batch run; `None` = it has no result for the row.
    pub cells: Vec<Option<BatchRowView>>,
    /// Not all outputs and states are the same.
    pub differs: bool,
}

/// How long completed rows took; seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Rows that were measured.
    pub rows: u32,
    pub mean: f64,
    pub median: f64,
    pub p90: f64,
    pub p99: f64,
    pub longest: f64,
    /// Equally wide bars from the shortest to the longest.
    pub bars: Vec<LatencyBar>,
}

/// Rows that took so long: `from` up to `to`, which is part of the last bar only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LatencyBar {
    pub from: f64,
    pub to: f64,
    pub rows: u32,
}

/// How long completed rows took; `None` = none did yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchLatency {
    pub latency: Option<Latency>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum BatchExport {
    /// A JSON object for each row: `line_number`, `inputs`, `outputs`, `status`, `error`, `duration`, `tokens`.
    JsonLines,
    /// A column for each input and output.
    Csv,
    /// The folder that `pf run` keeps of a run.
    PfRun,
}

/// Writes the results into the downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportBatch {
    pub batch: BatchId,
    pub form: BatchExport,
}
