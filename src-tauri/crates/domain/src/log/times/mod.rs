//! Which node takes the time, as far as a log tells.

mod analysis;
#[cfg(test)]
mod tests;
mod words;

pub use analysis::Analysis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    finding::Finding,
    flow::{Frame, NodeRun, NodeRunState},
};

/// How the executions of a node stand at the end of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NodeStanding {
    /// At least one has begun and not ended.
    Running,
    /// All have ended.
    Ended,
    /// At least one failed, was cancelled or given up.
    Failed,
    /// Only warnings tell of it: when it began or ended does not stand in the log.
    Unknown,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeTime {
    pub node: String,
    /// Executions that the log tells of.
    pub count: u64,
    /// Those that have begun and not ended.
    pub running: u64,
    pub failed: u64,
    /// Seconds of all executions. Those that still run count up to the last line that has a time. The log's times
    /// have whole seconds; results that are there give finer ones.
    pub total_seconds: f64,
    pub longest_seconds: f64,
    pub standing: NodeStanding,
    /// It asks a model, by its code or its words; `None` = that cannot be told.
    pub llm: Option<bool>,
    /// Warnings that it takes long, those at the same place together; the longest first.
    pub slow: Vec<SlowGroup>,
}

/// Warnings of one node at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlowGroup {
    pub warnings: u64,
    pub longest_seconds: u64,
    /// The innermost place in the person's own code; `None` = no such place is told.
    pub at: Option<Frame>,
    /// The innermost place of all, where it waits; `None` = no stack is told.
    pub waits_in: Option<Frame>,
    /// Rows of a batch run that it was told of, at most 20.
    pub rows: Vec<u32>,
    /// The last warning's line in the open log.
    pub line: i64,
    /// The stack of the last warning, at most 60 lines.
    pub stack: Vec<String>,
}

/// Which node takes the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeTimes {
    /// What takes the most time first.
    pub nodes: Vec<NodeTime>,
    /// What that means and what to do: slow places of the person's code, slow or given up calls of models, and what
    /// the hosted product says.
    pub findings: Vec<Finding>,
    /// Runs that the log tells of.
    pub runs: u64,
    /// The durations are those of the run's results, not of the log alone.
    pub measured: bool,
}

impl NodeTimes {
    /// Puts what the results of a run measured in the place of what its log tells.
    pub fn measure(&mut self, nodes: &[NodeRun]) {
        for run in nodes {
            let Some(seconds) = run.duration else { continue };
            self.measured = true;
            let standing = match run.state {
                NodeRunState::Failed | NodeRunState::Cancelled => NodeStanding::Failed,
                NodeRunState::Running => NodeStanding::Running,
                _ => NodeStanding::Ended,
            };
            let failed = u64::from(standing == NodeStanding::Failed);
            if let Some(node) = self.nodes.iter_mut().find(|node| node.node == run.node) {
                (node.total_seconds, node.longest_seconds) = (seconds, seconds);
                (node.standing, node.failed) = (standing, failed);
                node.running = u64::from(standing == NodeStanding::Running);
            } else {
                self.nodes.push(NodeTime {
                    node: run.node.clone(),
                    count: 1,
                    running: 0,
                    failed,
                    total_seconds: seconds,
                    longest_seconds: seconds,
                    standing,
                    llm: None,
                    slow: vec![],
                });
            }
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.nodes.sort_by(|a, b| {
            b.total_seconds.total_cmp(&a.total_seconds).then_with(|| a.node.cmp(&b.node))
        });
    }
}
