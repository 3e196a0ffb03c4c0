//! What slow nodes and given up calls mean, in words.

use super::{NodeTime, analysis::distinct};
use crate::finding::{Cause, Evidence, Finding, Remedy};

/// What the hosted product says when it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosted {
    /// `UserError: Upstream request timeout`
    Upstream,
    /// `Invoking runtime … timeout, error message: The request was canceled …`
    Invoking,
    /// `Flow run timeout for exceeding 330 seconds`
    FlowRun,
    /// `runtime is terminated … may be caused by runtime version update`
    Terminated,
}

/// What was heard beside the nodes' own lines.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The service of a model asked to wait.
    pub throttled: u64,
    /// Calls of models that were given up.
    pub given_up: u64,
    /// In these nodes.
    pub given_up_in: Vec<String>,
    /// Each once, with its words.
    pub hosted: Vec<(Hosted, String)>,
}

/// Words of a line that are shown as evidence. Bytes.
const SEEN: usize = 400;
/// Slow nodes that get a finding of their own.
const MOST_FINDINGS: usize = 5;

impl Heard {
    pub fn given_up(&mut self, node: Option<String>) {
        self.given_up += 1;
        if let Some(node) = node
            && self.given_up_in.len() < 100
            && !self.given_up_in.contains(&node)
        {
            self.given_up_in.push(node);
        }
    }

    pub fn hosted(&mut self, hosted: Hosted, message: &[u8]) {
        if !self.hosted.iter().any(|(other, _)| *other == hosted) {
            let seen = &message[..message.len().min(SEEN)];
            self.hosted.push((hosted, String::from_utf8_lossy(seen).trim().to_owned()));
        }
    }
}

/// Whether a file belongs to what asks models.
pub(super) fn is_of_model(file: &str) -> bool {
    [
        "/openai/",
        "/promptflow/tools/",
        "/promptflow/connections/",
        "/azure/ai/inference/",
        "/litellm/",
        "/anthropic/",
    ]
    .iter()
    .any(|part| file.replace('\\', "/").contains(part))
}

pub(super) fn findings(nodes: &[NodeTime], heard: &Heard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let asks_model = |node: &&NodeTime| node.llm == Some(true);
    let slow: Vec<&NodeTime> = nodes.iter().filter(|node| !node.slow.is_empty()).collect();
    findings.extend(
        slow.iter()
            .filter(|node| !asks_model(node))
            .take(MOST_FINDINGS)
            .map(|node| slow_python(node)),
    );
    let slow_models =
        distinct(slow.iter().copied().filter(asks_model).map(|node| node.node.as_str()));
    if !slow_models.is_empty() || heard.given_up > 0 {
        findings.push(slow_model(&slow_models, heard));
    }
    // One slow call may be one long answer; several at the same time are waiting for the same.
    let rows: usize = slow
        .iter()
        .filter(|node| node.llm == Some(true))
        .map(|node| node.slow.iter().map(|group| group.rows.len().max(1)).max().unwrap_or(0))
        .sum();
    let calls = rows as u64 + heard.given_up;
    if heard.throttled > 0 || calls > 1 {
        findings.push(throttled(calls, heard));
    }
    findings.extend(heard.hosted.iter().map(|(hosted, seen)| of_hosted(*hosted, seen)));
    findings
}

fn seconds(seconds: u64) -> String {
    if seconds == 1 { "1 second".into() } else { format!("{seconds} seconds") }
}

fn slow_python(node: &NodeTime) -> Finding {
    let name = &node.node;
    let group = node.slow.first();
    let longest = seconds(group.map_or(0, |group| group.longest_seconds));
    let at = group.and_then(|group| group.at.as_ref());
    let sentence = match at {
        Some(at) if at.function.is_empty() => {
            format!(
                "Node {name} takes long in {}, line {}: it had been running for {longest}.",
                at.file, at.line
            )
        }
        Some(at) => format!(
            "Node {name} takes long in {}, line {} ({}): it had been running for {longest}.",
            at.file, at.line, at.function
        ),
        None => format!("Node {name} takes long: it had been running for {longest}."),
    };
    let mut advice = Vec::new();
    if at.is_some() {
        advice.push(
            "Look at this line of your code: what does it wait for, and could it give up sooner?"
                .into(),
        );
    } else {
        advice.push(
            "The log does not tell where. Newer runtimes tell it with each warning: set \
             PF_LONG_RUNNING_LOGGING_INTERVAL on the runtime, in seconds."
                .into(),
        );
    }
    advice.push("If it waits for a service, try that service alone; if it computes, give it less at a time.".into());
    Finding {
        cause: Cause::SlowPythonNode,
        sentence,
        meaning: "The flow waits for this node, and nodes that need its output wait too.".into(),
        evidence: group
            .filter(|group| !group.stack.is_empty())
            .map(|group| Evidence {
                probe: "Stack of the last warning".into(),
                seen: group.stack.join("\n"),
            })
            .into_iter()
            .collect(),
        advice,
        remedies: vec![],
    }
}

fn slow_model(slow: &[&str], heard: &Heard) -> Finding {
    let given_up = heard.given_up > 0;
    let names = if slow.is_empty() && given_up {
        distinct(heard.given_up_in.iter().map(String::as_str)).join(", ")
    } else {
        slow.join(", ")
    };
    let sentence = match (names.is_empty(), given_up) {
        (true, _) => "A call of a model took too long and was given up.".to_owned(),
        (false, true) => format!("A call of a model took too long and was given up: {names}."),
        (false, false) => format!("The answer of a model takes long: {names}."),
    };
    let seen = if given_up {
        format!("“request canceled”, {} times", heard.given_up)
    } else {
        "Warnings that a node which asks a model has been running for long".to_owned()
    };
    Finding {
        cause: Cause::SlowModelCall,
        sentence,
        meaning: "The network, or a request that needs much work: a long context or a long answer."
            .into(),
        evidence: vec![Evidence { probe: "The log".into(), seen }],
        advice: vec![
            "Wait a few seconds and run it again: that is enough when it was the network.".into(),
            "Set a smaller max_tokens: long answers take long.".into(),
            "Use a model with a shorter context, or give it less text.".into(),
            "Run it as a batch run: that has no limit of time for an answer.".into(),
        ],
        remedies: vec![],
    }
}

fn throttled(calls: u64, heard: &Heard) -> Finding {
    let sentence = if heard.throttled > 0 {
        "The service of a model asked to wait: more is asked of it than it lets through.".to_owned()
    } else {
        format!(
            "{calls} calls of models show the same, so the service may let through less than is asked of it."
        )
    };
    Finding {
        cause: Cause::ModelCallsThrottled,
        sentence,
        meaning: "Each call waits its turn, or is sent again after a pause.".into(),
        evidence: vec![Evidence {
            probe: "The log".into(),
            seen: format!(
                "{} refusals for too many requests, {calls} slow or given up calls",
                heard.throttled
            ),
        }],
        advice: vec![
            "Ask for less at the same time: fewer workers for a batch run.".into(),
            "Raise the deployment's tokens per minute at its provider, or spread the calls over several deployments.".into(),
        ],
        remedies: vec![Remedy::TryAgain],
    }
}

fn of_hosted(hosted: Hosted, seen: &str) -> Finding {
    let (cause, sentence, meaning, advice): (_, _, _, &[&str]) = match hosted {
        Hosted::Upstream => (
            Cause::HostedTimeout,
            "The hosted service gave up waiting for its runtime.",
            "The request took longer than the service in front of the runtime waits.",
            &[
                "Find the node that takes the time: the table beside this names it.",
                "Run it as a batch run, or on a runtime of your own: neither has this limit.",
            ],
        ),
        Hosted::Invoking => (
            Cause::HostedTimeout,
            "The hosted service could not reach its runtime in 100 seconds.",
            "The runtime was busy or not there; the flow itself may be right.",
            &[
                "Look whether other runs kept the runtime busy at that time.",
                "Run it on a runtime of your own, where this limit does not exist.",
            ],
        ),
        Hosted::FlowRun => (
            Cause::HostedTimeout,
            "The hosted service ended the run because it took longer than its limit.",
            "Interactive runs of the hosted service end after 330 seconds.",
            &[
                "Find the node that takes the time: the table beside this names it.",
                "Run it as a batch run, or on a runtime of your own: neither has this limit.",
            ],
        ),
        Hosted::Terminated => (
            Cause::HostedRuntimeGone,
            "The hosted service ended the runtime while the flow ran.",
            "That happens when it brings the runtime to another version.",
            &["Run the flow again.", "A runtime of your own is updated only when you say so."],
        ),
    };
    Finding {
        cause,
        sentence: sentence.into(),
        meaning: meaning.into(),
        evidence: vec![Evidence { probe: "The log".into(), seen: seen.to_owned() }],
        advice: advice.iter().map(|advice| (*advice).to_owned()).collect(),
        remedies: vec![],
    }
}
