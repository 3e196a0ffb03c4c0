//! What the nodes of a flow did in each row, kept short: there may be a million rows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

use crate::flow::{NodeRun, NodeRunState, Outcome, Tokens};

/// What one node did in one row. Its inputs and output are not kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowNode {
    pub node: String,
    pub state: NodeRunState,
    /// Seconds from the begin of the row; `None` = it never began.
    pub began: Option<f64>,
    /// Seconds as the service measured them.
    pub duration: Option<f64>,
    pub tokens: Option<Tokens>,
    /// Why it failed, cut after [`RowNode::LONGEST_ERROR`] characters.
    pub error: Option<String>,
}

impl RowNode {
    /// Nodes of a row beyond this many are not kept.
    pub const MOST: usize = 200;
    /// The whole of it stands with the row. Characters.
    pub const LONGEST_ERROR: usize = 200;

    /// What the nodes of a row did, in the order in which they began.
    pub fn all_of(outcome: &Outcome) -> Vec<Self> {
        let mut nodes: Vec<Self> =
            outcome.nodes.iter().map(|node| Self::of(node, outcome.started)).collect();
        // Those that never began come last.
        let began = |node: &Self| node.began.unwrap_or(f64::INFINITY);
        nodes.sort_by(|one, other| began(one).total_cmp(&began(other)));
        nodes.truncate(Self::MOST);
        nodes
    }

    fn of(node: &NodeRun, begin: Option<Timestamp>) -> Self {
        let began = node.started.zip(begin);
        let began = began.map(|(own, begin)| own.duration_since(begin).as_secs_f64().max(0.0));
        let error = node.failure.as_ref().map(|failure| {
            let mut error: String = failure.message.chars().take(Self::LONGEST_ERROR).collect();
            if error.len() < failure.message.len() {
                error.push('…');
            }
            error
        });
        Self {
            node: node.node.clone(),
            state: node.state,
            began: began.map(rounded),
            duration: node.duration.map(rounded),
            tokens: node.tokens,
            error,
        }
    }
}

/// Milliseconds are enough.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

const STATES: [(&str, NodeRunState); 6] = [
    ("w", NodeRunState::Waiting),
    ("r", NodeRunState::Running),
    ("c", NodeRunState::Completed),
    ("f", NodeRunState::Failed),
    ("x", NodeRunState::Cancelled),
    ("b", NodeRunState::Bypassed),
];

/// Nodes of a row as they are kept: a JSON list of lists without what is not known at the end, e.g.
/// `[["search","c",0,1.204],["answer","c",1.21,2.5,[120,40,160]]]`; about 25 bytes and the name for each node,
/// so that those of a million rows of five nodes take about 200 MB.
pub fn node_list(nodes: &[RowNode]) -> String {
    let list = nodes.iter().map(|node| {
        let state =
            STATES.iter().find(|(_, state)| *state == node.state).map_or("w", |(word, _)| word);
        let tokens = node.tokens.map(|own| json!([own.prompt, own.completion, own.total]));
        let mut values = vec![
            json!(node.node),
            json!(state),
            json!(node.began),
            json!(node.duration),
            json!(tokens),
            json!(node.error),
        ];
        while values.last().is_some_and(Value::is_null) {
            values.pop();
        }
        Value::Array(values)
    });
    Value::Array(list.collect()).to_string()
}

/// Reads what [`node_list`] wrote; what cannot be read is left out.
pub fn read_node_list(text: &str) -> Vec<RowNode> {
    let list: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let read = |own: &Value| {
        let count = |at: usize| own[4][at].as_u64();
        Some(RowNode {
            node: own[0].as_str()?.to_owned(),
            state: STATES.iter().find(|(word, _)| own[1] == *word)?.1,
            began: own[2].as_f64(),
            duration: own[3].as_f64(),
            tokens: count(0)
                .zip(count(1))
                .zip(count(2))
                .map(|((prompt, completion), total)| Tokens { prompt, completion, total }),
            error: own[5].as_str().map(str::to_owned),
        })
    };
    list.iter().filter_map(read).collect()
}

/// What one node did in all rows that ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeFigures {
    pub node: String,
    /// Rows in which it came to an end.
    pub rows: u32,
    /// Of these, those in which it failed.
    pub failed: u32,
    /// Of these, those in which its condition kept it from running.
    pub bypassed: u32,
    /// Rows in which its time was measured, and all these times together in seconds.
    pub measured: u32,
    pub seconds: f64,
    /// `None` = it was measured in none.
    pub longest: Option<f64>,
    pub tokens: u64,
}

/// Adds what the nodes of a row did. Nodes stand in the order in which they came first.
pub fn add_figures(all: &mut Vec<NodeFigures>, nodes: &[RowNode]) {
    for node in nodes {
        let is_over = !matches!(node.state, NodeRunState::Waiting | NodeRunState::Running);
        if !is_over {
            continue;
        }
        let at = all.iter().position(|own| own.node == node.node).unwrap_or_else(|| {
            all.push(NodeFigures { node: node.node.clone(), ..NodeFigures::default() });
            all.len() - 1
        });
        let own = &mut all[at];
        own.rows += 1;
        own.failed += u32::from(node.state == NodeRunState::Failed);
        own.bypassed += u32::from(node.state == NodeRunState::Bypassed);
        own.tokens += node.tokens.map_or(0, |tokens| tokens.total);
        if let Some(seconds) = node.duration.filter(|_| node.state != NodeRunState::Bypassed) {
            own.measured += 1;
            own.seconds += seconds;
            own.longest = Some(own.longest.map_or(seconds, |longest| longest.max(seconds)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::outcome;

    fn answer() -> Value {
        json!({
            "run_info": {"status": "Failed", "start_time": "2026-11-23T16:24:48.000000",
                "error": {"message": "no"}},
            "node_run_infos": {
                "late": {"status": "Failed", "start_time": "2026-11-23T16:24:49.204400",
                    "error": {"message": "x".repeat(300)},
                    "system_metrics": {"duration": 0.5, "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
                "skipped": {"status": "Bypassed", "start_time": "2026-11-23T16:24:48.1",
                    "system_metrics": {"duration": 0.0}},
                "first": {"status": "Completed", "start_time": "2026-11-23T16:24:48.000100",
                    "system_metrics": {"duration": 1.2039}},
            }
        })
    }

    fn nodes() -> Vec<RowNode> {
        RowNode::all_of(&outcome(&answer(), "/f").expect("an outcome"))
    }

    #[test]
    fn a_row_is_kept_short_and_read_again() {
        let nodes = nodes();
        let names: Vec<&str> = nodes.iter().map(|node| node.node.as_str()).collect();
        assert_eq!(names, ["first", "skipped", "late"]);
        let text = node_list(&nodes);
        let begin = "[[\"first\",\"c\",0.0,1.204],[\"skipped\",\"b\",0.1,0.0],[\"late\",\"f\",1.204,0.5,[1,2,3],\"xxx";
        assert!(text.starts_with(begin), "{text}");
        assert_eq!(nodes[2].error.as_ref().map(|text| text.chars().count()), Some(201));
        assert_eq!(read_node_list(&text), nodes);
        assert_eq!(read_node_list("no list"), []);
    }

    #[test]
    fn figures_of_all_rows_are_added_up() {
        let mut all = Vec::new();
        add_figures(&mut all, &nodes());
        let again = RowNode { duration: Some(3.0), ..nodes()[0].clone() };
        let waits = RowNode { state: NodeRunState::Waiting, ..nodes()[2].clone() };
        add_figures(&mut all, &[again, waits]);
        assert_eq!(
            (all[0].rows, all[0].failed, all[0].measured, all[0].longest),
            (2, 0, 2, Some(3.0))
        );
        assert!((all[0].seconds - 4.204).abs() < 1e-9);
        assert_eq!((all[1].rows, all[1].bypassed, all[1].measured), (1, 1, 0));
        assert_eq!((all[2].rows, all[2].failed, all[2].tokens), (1, 1, 3));
    }
}
