//! How a batch run and each of its rows stand, and what is done next.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{Mapping, Metric, NodeFigures};
use crate::{
    finding::Problem,
    flow::{FlowId, Tokens},
    runtime::RuntimeId,
};

/// Names one batch run: a random UUID, also the service's id of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct BatchId(pub String);

impl std::fmt::Display for BatchId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The form of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DataFormat {
    /// A JSON object on each line.
    JsonLines,
    /// Names in the first line, then values with commas or semicolons between.
    Csv,
    /// The same with tabs.
    Tsv,
}

/// How a batch run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum BatchState {
    /// Another one uses the runtime's service: it begins afterwards.
    Queued,
    /// The flow is being brought to the runtime.
    Preparing,
    Running,
    /// No row begins any more; those that run end.
    Pausing,
    Paused,
    /// A cancel was asked for; the service ends what runs.
    Cancelling,
    /// All rows have ended; the nodes that run once over all rows do.
    Aggregating,
    /// All rows have ended, some of them perhaps failed.
    Completed,
    /// It could not go on, or too many rows failed.
    Failed,
    Cancelled,
}

impl BatchState {
    /// Nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Something is done just now, so it is taken up again when the application ended meanwhile.
    pub fn is_active(self) -> bool {
        !self.is_final() && self != Self::Paused
    }

    /// Whether it can be paused.
    pub fn can_pause(self) -> bool {
        matches!(self, Self::Queued | Self::Preparing | Self::Running)
    }

    /// Whether it can go on: it is paused, or it could not go on and rows are left.
    pub fn can_resume(self, left: u32) -> bool {
        self == Self::Paused || (matches!(self, Self::Failed | Self::Cancelled) && left > 0)
    }
}

/// How one row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RowState {
    Completed,
    Failed,
    /// It was ended by a cancel: it has no result, and runs again when the batch run goes on.
    Cancelled,
}

/// What a person chose for a batch run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchSettings {
    /// Rows at the same time, 1 to [`BatchSettings::MOST_WORKERS`].
    pub workers: u32,
    /// How often a row that failed is tried again.
    pub retries: u32,
    /// It stops when so many rows have failed; `None` = it goes on to the end.
    pub stop_after: Option<u32>,
    /// Seconds for a row; `None` = the service's own limit.
    pub row_limit: Option<u32>,
}

impl BatchSettings {
    /// More processes than this at the same time help no runtime.
    pub const MOST_WORKERS: u32 = 64;
    /// A row that failed so often will fail again.
    pub const MOST_RETRIES: u32 = 10;

    /// What is wrong; each problem's field is the setting's name.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add =
            |field: &str, sentence: String| problems.push(Problem::field(field, sentence));
        if !(1..=Self::MOST_WORKERS).contains(&self.workers) {
            let most = Self::MOST_WORKERS;
            add("workers", format!("Rows at the same time are a number from 1 to {most}."));
        }
        if self.retries > Self::MOST_RETRIES {
            let most = Self::MOST_RETRIES;
            add("retries", format!("A row is tried again at most {most} times."));
        }
        if self.stop_after == Some(0) {
            add("stopAfter", "It can stop after one failed row at the earliest.".into());
        }
        if self.row_limit == Some(0) {
            add("rowLimit", "A row needs at least one second.".into());
        }
        problems
    }

    /// How many rows may run at the same time, `failed` having failed: where it stops after some, no more of them
    /// fail than that, but for those that the processes run already.
    pub fn may_run(&self, failed: u32) -> u32 {
        match self.stop_after {
            Some(most) => most.saturating_sub(failed).max(self.workers),
            None => u32::MAX,
        }
    }

    /// Whether a row that failed in its `tried`th try (from 1) is tried again.
    pub fn tries_again(&self, tried: u32) -> bool {
        tried <= self.retries
    }

    /// Whether it stops, so many rows having failed.
    pub fn stops(&self, failed: u32) -> bool {
        self.stop_after.is_some_and(|most| failed >= most)
    }
}

/// Processes for the rows of a batch run: two for each CPU of the runtime, since most of a flow is waiting for its
/// LLM, but no more than fit into its memory, and at least one. `cpus` and `memory` (bytes) are the runtime's
/// limits, else what its compute has; `None` = not known.
pub fn propose_workers(cpus: Option<f64>, memory: Option<u64>) -> u32 {
    /// What the service does when nobody says anything.
    const USUAL: u32 = 4;
    /// Each takes a process of about 80 MB, and a flow has something of its own; bytes.
    const EACH: u64 = 150_000_000;
    const MOST: u32 = 16;
    let by_cpus =
        cpus.filter(|cpus| cpus.is_finite()).map_or(USUAL, |cpus| (2.0 * cpus).ceil() as u32);
    let by_memory = memory.map_or(MOST, |memory| u32::try_from(memory / EACH).unwrap_or(MOST));
    by_cpus.min(by_memory).clamp(1, MOST)
}

/// How one of the runtimes of a batch run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LaneState {
    /// Another batch run uses its service, or this one does not go on just now.
    Waiting,
    /// The flow is being brought to it.
    Preparing,
    Running,
    /// It does not answer: it is waited for, and the others take its rows.
    Lost,
    /// It takes no further row.
    Ended,
}

/// One of the runtimes that share the rows of a batch run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    pub runtime: RuntimeId,
    /// As it was called when the batch run began.
    pub name: String,
    /// The runtime's dated version, else promptflow's; empty = not known.
    pub version: String,
    pub state: LaneState,
    /// Rows that run on it just now.
    pub running: u32,
    /// Rows that have ended on it.
    pub ended: u32,
    /// Why it waits or is lost, a sentence.
    pub note: Option<String>,
}

/// A batch run without its rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    pub id: BatchId,
    pub flow: FlowId,
    /// The name of the flow's folder.
    pub flow_name: String,
    /// What a person calls it; never empty.
    pub name: String,
    /// In the order in which they were put on.
    pub tags: Vec<String>,
    /// What a person says of it; empty = nothing.
    pub description: String,
    /// The runtimes that share the rows; at least one.
    pub lanes: Vec<Lane>,
    /// Absolute path of the file of rows.
    pub file: String,
    pub format: DataFormat,
    pub mapping: Mapping,
    /// The batch run that `${run.…}` is taken from.
    pub other: Option<BatchId>,
    /// Variants that were chosen, by node.
    pub variants: std::collections::BTreeMap<String, String>,
    pub settings: BatchSettings,
    pub state: BatchState,
    /// What is done just now, a sentence.
    pub note: Option<String>,
    #[ts(type = "string")]
    pub started: Timestamp,
    #[ts(type = "string | null")]
    pub ended: Option<Timestamp>,
    /// Rows of the file; `None` = they are still being counted.
    pub rows: Option<u32>,
    pub completed: u32,
    pub failed: u32,
    /// Rows that run just now, on all runtimes.
    pub running: u32,
    /// What its results take on the disk; bytes.
    pub bytes: u64,
    /// Rows in a minute, over the last ones; `None` = too few have ended.
    pub rate: Option<f64>,
    /// Seconds until all have ended at this rate.
    pub time_left: Option<f64>,
    /// Files of the flow, or versions of its runtimes, changed before all rows had ended: not all rows come
    /// from the same.
    pub mixed: bool,
    /// What the nodes measured that run once over all rows.
    pub metrics: Vec<Metric>,
    /// Of all rows together; `None` = no row counted any.
    pub tokens: Option<Tokens>,
    /// What each node did in all rows that ended. Empty for flows without nodes, and for batch runs of older
    /// versions of this application.
    #[serde(default)]
    pub nodes: Vec<NodeFigures>,
    /// Why it could not go on, or stopped.
    pub problem: Option<Problem>,
}

impl Batch {
    /// Rows that have not ended; 0 while it is not known how many there are.
    pub fn left(&self) -> u32 {
        self.rows.unwrap_or(0).saturating_sub(self.completed + self.failed)
    }

    /// Rows that wait for their turn.
    pub fn waiting(&self) -> u32 {
        self.left().saturating_sub(self.running)
    }

    /// A row has ended and its result is kept. One that was cancelled counts as one that never began.
    pub fn row_ended(&mut self, state: RowState, tokens: Option<Tokens>) {
        self.running = self.running.saturating_sub(1);
        match state {
            RowState::Completed => self.completed += 1,
            RowState::Failed => self.failed += 1,
            RowState::Cancelled => {}
        }
        if let Some(own) = tokens {
            let all = self.tokens.get_or_insert_default();
            all.prompt += own.prompt;
            all.completion += own.completion;
            all.total += own.total;
        }
    }

    /// Puts in how quickly it goes.
    pub fn measure(&mut self, pace: &Pace, now: Timestamp) {
        self.rate = pace.rate(now).map(|each_second| each_second * 60.0);
        self.time_left = match (self.rate, self.rows) {
            (Some(rate), Some(_)) if rate > 0.0 => Some(f64::from(self.left()) * 60.0 / rate),
            _ => None,
        };
    }

    /// The application that ran it is gone: nothing runs, and it is as it was before it went on. What has a
    /// kept result stays counted by those results alone.
    pub fn interrupted(&mut self, completed: u32, failed: u32) {
        self.running = 0;
        for lane in &mut self.lanes {
            lane.state = LaneState::Waiting;
            lane.running = 0;
            lane.note = None;
        }
        self.rate = None;
        self.time_left = None;
        self.completed = completed;
        self.failed = failed;
        self.note = None;
        match self.state {
            // What was asked for last is what the person wants.
            BatchState::Pausing => self.state = BatchState::Paused,
            BatchState::Cancelling => self.state = BatchState::Cancelled,
            state if state.is_active() => self.state = BatchState::Queued,
            _ => {}
        }
    }
}

/// How quickly rows end, over the last of them.
#[derive(Clone, Debug)]
pub struct Pace {
    began: Timestamp,
    last: VecDeque<Timestamp>,
}

impl Pace {
    /// Ends of rows that count.
    const MOST: usize = 60;
    /// Fewer say nothing.
    const FEWEST: usize = 3;

    /// Nothing has ended since `began`, when the first row began.
    pub fn new(began: Timestamp) -> Self {
        Self { began, last: VecDeque::new() }
    }

    /// A row has ended.
    pub fn row_ended(&mut self, now: Timestamp) {
        self.last.push_back(now);
        if self.last.len() > Self::MOST
            && let Some(oldest) = self.last.pop_front()
        {
            self.began = oldest;
        }
    }

    /// Rows in a second; falls while none ends.
    pub fn rate(&self, now: Timestamp) -> Option<f64> {
        let seconds = now.duration_since(self.began).as_secs_f64();
        (self.last.len() >= Self::FEWEST && seconds > 0.0).then(|| self.last.len() as f64 / seconds)
    }
}

/// One row with its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BatchRow {
    /// From 0, as the service counts.
    pub row: u32,
    /// The line of the file at which it begins, from 1.
    pub line: u64,
    pub state: RowState,
    /// How often it was tried; 0 = it could not be read, or its inputs are not right.
    pub tries: u32,
    /// The name of the runtime that ran it; empty = none did.
    pub runtime: String,
    /// Seconds as the service measured them.
    pub duration: Option<f64>,
    pub tokens: Option<Tokens>,
    /// By name; without known secrets, as everything here.
    #[ts(type = "unknown")]
    pub inputs: Value,
    /// `null` = it gave none.
    #[ts(type = "unknown")]
    pub output: Value,
    /// Why it failed, in words.
    pub problem: Option<Problem>,
}
