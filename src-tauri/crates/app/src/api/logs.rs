//! Logs: one way to look at any of them.
//!
//! `open_log` gives a stream. [`LogNews`] tell how long the log and its view are; the lines themselves are asked for
//! in pages. A line has two numbers that never change while the log is open, except that a new filter gives new
//! indexes: its *number* in the log, and its *index* in the view, which is the log as it is filtered and folded. Both
//! are 0 for the first line of what was there first; older lines are put before them with negative ones.

pub use domain::log::NodeTimes;
use domain::{
    finding::Problem,
    flow::{FlowId, FlowRunId},
    log::LogLevel,
    operation::OperationId,
    runtime::RuntimeId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Opens a log over a channel of [`LogNews`]; the answer's `stream` names it in all other requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OpenLog {
    pub of: LogOf,
}

/// What a log is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LogOf {
    /// The containers of runtimes; those of several are merged by time. At most 16.
    #[serde(rename_all = "camelCase")]
    Runtimes { runtimes: Vec<RuntimeId> },
    /// A build of an environment.
    #[serde(rename_all = "camelCase")]
    Build { operation: OperationId },
    #[serde(rename_all = "camelCase")]
    FlowRun { run: FlowRunId },
    /// A file on this machine, e.g. one that was dropped on the window. Absolute path.
    #[serde(rename_all = "camelCase")]
    File { path: String },
}

/// What comes over the channel of an open log; at most 10 a second. Each tells all of its kind, so that only the
/// last one counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LogNews {
    State(LogState),
    /// At most one a second.
    Facets(LogFacets),
}

/// How an open log stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogState {
    /// Number of the first line that can be asked for: 0 or less.
    pub first: i64,
    /// One past the number of the last line.
    pub end: i64,
    /// The log is there from its beginning. Until then only its end can be read and searched.
    pub whole: bool,
    /// Lines that were read from the beginning so far, while it is not whole.
    pub reading: u64,
    /// More lines may come.
    pub live: bool,
    /// Lines that are known to say nothing, e.g. `task Task-36 has no start time, which should not happen`. They are
    /// hidden unless the filter shows them.
    pub noise: u64,
    pub view: LogView,
    /// The search that is set; `None` = none is.
    pub search: Option<LogMatches>,
    /// Where it comes from; one entry except for merged logs. A line's `source` is an index into this.
    pub sources: Vec<LogSourceView>,
    /// What the person has to know of the log as a whole, full sentences, e.g. that older lines are gone.
    pub notes: Vec<String>,
}

/// The view: the log as it is filtered and folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Another one whenever indexes mean other lines than before: after `filter_log`, `fold_log`, and a `find_in_log`
    /// that opened a fold. Lines that are added at either end keep it.
    pub revision: u32,
    /// Index of its first line: 0 or less.
    pub first: i64,
    /// One past the index of its last line.
    pub end: i64,
}

/// How a search stands. Lines that the filter hides are not searched; lines inside folds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogMatches {
    /// Lines in which it was found.
    pub lines: u64,
}

/// One container or file of an open log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogSourceView {
    /// What people call it, e.g. the runtime's name.
    pub name: String,
    pub runtime: Option<RuntimeId>,
    pub following: bool,
    /// Why no more lines come just now, a full sentence; a container that starts again is followed again.
    pub ended: Option<String>,
    /// Why it cannot be read. The finding says what to do, e.g. which log driver it has and how to change it.
    pub problem: Option<Box<Problem>>,
}

/// What a log can be filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogFacets {
    /// Levels that occur, with their lines.
    pub levels: Vec<LevelCount>,
    /// Nodes by name with their lines, those with the most first; at most 200.
    pub nodes: Vec<NameCount>,
    /// Runs, the latest last; at most 200.
    pub runs: Vec<NameCount>,
    /// Rows of batch runs in order; at most 200.
    pub rows: Vec<RowLines>,
    /// There are more nodes, runs or rows than are listed; each of them can be filtered by all the same.
    pub more: bool,
}

/// A level and how many lines have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LevelCount {
    pub level: LogLevel,
    pub lines: u64,
}

/// A name and how many lines have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NameCount {
    pub name: String,
    pub lines: u64,
}

/// A row of a batch run (Prompt flow's "line") and how many lines it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowLines {
    pub row: u32,
    pub lines: u64,
}

/// Asks for lines of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadLog {
    pub stream: u32,
    /// Index of the first line wanted; what lies outside the view is left out.
    pub from: i64,
    /// At most 1000 are given.
    pub count: u32,
}

/// Lines of the view, in order, without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The view as it was when these were read. Another revision than the one that was asked for: forget all pages.
    pub view: LogView,
    pub lines: Vec<LogLine>,
}

/// One line. It has no control characters: escape sequences of terminals are told as styles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// In the view.
    pub index: i64,
    /// In the log.
    pub number: i64,
    /// When the engine got it; for files and runs the time that the line tells itself.
    #[ts(type = "string | null")]
    pub time: Option<Timestamp>,
    /// Index of its source.
    pub source: u32,
    /// It was written to standard error.
    pub error: bool,
    /// That of its record, as the next three.
    pub level: LogLevel,
    pub node: Option<String>,
    pub row: Option<u32>,
    pub run: Option<String>,
    pub noise: bool,
    /// It belongs to the record above it.
    pub continued: bool,
    /// The text; put together it is the whole line, or its beginning.
    pub pieces: Vec<LogPiece>,
    /// Bytes of the whole line, where `pieces` hold only its beginning: `read_log_line` gives all of it.
    pub cut: Option<u64>,
    /// It heads a group that can be folded.
    pub fold: Option<LogFold>,
    /// It is inside such a group.
    pub in_fold: bool,
    /// The place in the person's own flow that it names.
    pub place: Option<LogPlace>,
}

/// A piece of a line that looks the same throughout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPiece {
    pub text: String,
    /// How its writer wanted it to look; `None` = plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub style: Option<LogStyle>,
    /// The search found it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub found: bool,
}

/// How a piece looks, by the escape sequences before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogStyle {
    pub bold: bool,
    pub faint: bool,
    pub italic: bool,
    pub underline: bool,
    pub strike: bool,
    /// Colour of the text and of what is behind it change places.
    pub inverse: bool,
    pub colour: Option<LogColour>,
    pub background: Option<LogColour>,
}

/// A colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LogColour {
    /// One of the sixteen that a theme decides on: black, red, green, yellow, blue, magenta, cyan, white, and the
    /// same again bright (8 to 15).
    #[serde(rename_all = "camelCase")]
    Theme { index: u8 },
    /// `#rrggbb`.
    #[serde(rename_all = "camelCase")]
    Exact { hex: String },
}

/// A group of lines that can be folded to its first: a stack, a traceback, an indented text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogFold {
    /// Lines inside, without this one.
    pub lines: u64,
    pub folded: bool,
    /// What a traceback ends with, e.g. `ValueError: no such row`; the person's own place of a slow node's stack.
    pub summary: Option<String>,
}

/// A place in the person's own flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPlace {
    /// The flow, where it is one that this application knows.
    pub flow: Option<FlowId>,
    /// Path within the flow's folder where that is known, else as the line has it.
    pub file: String,
    /// From 1.
    pub line: u32,
    pub function: String,
    /// The file on this machine, where it is there.
    pub path: Option<String>,
}

/// Sets the filter; another one that is being applied is given up (its answer is a problem `changedMeanwhile`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FilterLog {
    pub stream: u32,
    pub filter: LogFilter,
}

/// Which lines the view has: those that fulfil all of this. An empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct LogFilter {
    pub levels: Vec<LogLevel>,
    pub nodes: Vec<String>,
    pub rows: Vec<u32>,
    pub runs: Vec<String>,
    /// Indexes of sources.
    pub sources: Vec<u32>,
    /// Only lines in which this is found.
    pub text: Option<LogQuery>,
    /// Also lines that are known to say nothing.
    pub noise: bool,
    /// Groups are folded unless `fold_log` opened them; otherwise they are open unless it folded them.
    pub folded: bool,
}

/// What is searched for, in the text without styles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogQuery {
    /// Not empty.
    pub text: String,
    /// A regular expression. One that is not valid is a problem with the field `text`.
    pub expression: bool,
    /// Capital and small letters differ.
    pub case: bool,
}

/// Folds or opens one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoldLog {
    pub stream: u32,
    /// Number (not index) of the line that heads the group.
    pub number: i64,
    pub folded: bool,
}

/// Where a line is in the view now; `index` is that of the nearest shown line before it when it is hidden itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPosition {
    pub view: LogView,
    pub index: i64,
    pub number: i64,
}

/// Asks where a line is in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LocateInLog {
    pub stream: u32,
    pub number: i64,
}

/// Sets the search, or takes it away (`None`). Pages that are read from then on mark what was found; the news count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SearchLog {
    pub stream: u32,
    pub query: Option<LogQuery>,
}

/// The search that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogSearched {
    pub matches: Option<LogMatches>,
}

/// Asks for the next line in which the search finds something; it goes round at the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FindInLog {
    pub stream: u32,
    /// Number (not index) of the line to begin at; that line itself is not answered unless `here`.
    pub number: i64,
    pub backwards: bool,
    /// The line at `number` counts too.
    pub here: bool,
}

/// What was found; `None` = nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogFound {
    pub found: Option<LogHit>,
    pub matches: LogMatches,
}

/// A line in which the search finds something. A fold that hid it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogHit {
    pub position: LogPosition,
    /// Which of the matches it is, from 1.
    pub ordinal: u64,
    /// The search went round.
    pub wrapped: bool,
}

/// Asks for a part of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadLogLine {
    pub stream: u32,
    /// Number (not index) of the line.
    pub number: i64,
    /// In bytes; 0, or what an earlier part said.
    pub from: u64,
}

/// A part of one line, at most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogLinePart {
    pub text: String,
    /// Where the next part begins; `None` = this was the last one.
    pub next: Option<u64>,
    /// Bytes of the whole line.
    pub bytes: u64,
}

/// Asks for the text of lines of the view, e.g. for the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadLogText {
    pub stream: u32,
    /// Index of the first line.
    pub from: i64,
    /// One past the index of the last line.
    pub end: i64,
    /// With each line's time in front.
    pub times: bool,
}

/// Text of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogText {
    pub text: String,
    /// There is more than 8 MiB of it, or a part is no more there: save it as a file instead.
    pub cut: bool,
}

/// Writes a log to a file in the downloads folder. It waits until the log is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveOpenLog {
    pub stream: u32,
    /// Only the lines of the view (folded ones too); otherwise all.
    pub filtered: bool,
    /// With each line's time in front.
    pub times: bool,
}

/// How the same log is read in a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogCommands {
    /// One for each container; empty where there is none.
    pub commands: Vec<String>,
}
