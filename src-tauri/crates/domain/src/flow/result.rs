//! What the service answers when a run has ended.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use super::{
    FlowRun, FlowRunState, Frame, NodeRun, NodeRunState, RunFailure, Tokens,
    lines::{own_frame, within},
};

/// An answer, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub state: FlowRunState,
    pub failure: Option<RunFailure>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub duration: Option<f64>,
    pub tokens: Option<Tokens>,
    pub nodes: Vec<NodeRun>,
}

/// Reads the answer to the run of a flow, or of one node. `folder` is where the flow is inside the runtime.
/// `None` = it is not such an answer.
pub fn outcome(answer: &Value, folder: &str) -> Option<Outcome> {
    let alone = answer.get("run_info").is_none();
    let info = if alone { answer } else { &answer["run_info"] };
    let state = match info["status"].as_str()? {
        "Completed" => FlowRunState::Completed,
        "Canceled" | "CancelRequested" => FlowRunState::Cancelled,
        "Bypassed" => FlowRunState::Bypassed,
        _ => FlowRunState::Failed,
    };
    let nodes: Vec<NodeRun> = if alone {
        info["node"].as_str().map(|name| node_run(name, info, folder)).into_iter().collect()
    } else {
        let all = answer["node_run_infos"].as_object().into_iter().flatten();
        all.map(|(name, info)| node_run(name, info, folder)).collect()
    };
    let failed = nodes.iter().find(|node| node.state == NodeRunState::Failed);
    let mut failure = match state {
        FlowRunState::Failed => Some(failure(&info["error"], folder)),
        _ => None,
    };
    if let (Some(failure), Some(node)) = (&mut failure, failed) {
        failure.node.get_or_insert_with(|| node.node.clone());
        if failure.at.is_none()
            && let Some(own) = &node.failure
        {
            failure.at.clone_from(&own.at);
            failure.traceback = failure.traceback.take().or_else(|| own.traceback.clone());
        }
    }
    Some(Outcome {
        state,
        failure,
        started: time(&info["start_time"]),
        ended: time(&info["end_time"]),
        duration: info["system_metrics"]["duration"].as_f64(),
        tokens: tokens(&info["system_metrics"]),
        nodes,
    })
}

fn node_run(name: &str, info: &Value, folder: &str) -> NodeRun {
    let state = match info["status"].as_str() {
        Some("Completed") => NodeRunState::Completed,
        Some("Canceled" | "CancelRequested") => NodeRunState::Cancelled,
        Some("Bypassed") => NodeRunState::Bypassed,
        Some("Running" | "Preparing") => NodeRunState::Running,
        Some("NotStarted") => NodeRunState::Waiting,
        _ => NodeRunState::Failed,
    };
    NodeRun {
        state,
        started: time(&info["start_time"]),
        ended: time(&info["end_time"]),
        duration: info["system_metrics"]["duration"].as_f64(),
        failure: (state == NodeRunState::Failed)
            .then(|| RunFailure { node: Some(name.to_owned()), ..failure(&info["error"], folder) }),
        tokens: tokens(&info["system_metrics"]),
        ..NodeRun::waiting(name)
    }
}

/// Reads an error object of the service, be it of a run or of a refusal.
pub fn failure(error: &Value, folder: &str) -> RunFailure {
    let mut codes = Vec::new();
    let mut inner = error;
    while let Some(code) = inner["code"].as_str() {
        codes.push(code);
        inner = &inner["innerError"];
    }
    let details = error["additionalInfo"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["info"])
        .find(|info| info.get("type").is_some() || info.get("traceback").is_some());
    let message = error["message"].as_str().unwrap_or_default();
    let of_details = |key: &str| details.and_then(|info| info[key].as_str());
    let exception = of_details("type").or_else(|| in_brackets(message)).unwrap_or_default();
    let traceback = of_details("traceback")
        .or_else(|| error["debugInfo"]["stackTrace"].as_str())
        .map(str::to_owned);
    let named = details.and_then(|info| {
        Some(Frame {
            file: within(info["filename"].as_str()?, folder),
            line: u32::try_from(info["lineno"].as_u64()?).unwrap_or(0),
            function: info["name"].as_str().unwrap_or_default().to_owned(),
        })
    });
    // The service names the last frame, which may be one of a package: the person's own is wanted.
    let at = match named {
        Some(named) if !named.file.starts_with('/') => Some(named),
        named => traceback.as_deref().and_then(|text| own_frame(text, folder)).or(named),
    };
    let node = error["messageParameters"]["node_name"].as_str().map(str::to_owned);
    RunFailure {
        code: codes.join("/"),
        exception: exception.to_owned(),
        message: message.to_owned(),
        node,
        at,
        traceback,
    }
}

/// The class in `…: (ModuleNotFoundError) No module named 'x'`; the innermost where there are several.
fn in_brackets(message: &str) -> Option<&str> {
    let mut found = None;
    for (at, _) in message.match_indices('(') {
        let inside = message[at + 1..].split(')').next().unwrap_or_default();
        let is_class = inside.chars().next().is_some_and(char::is_uppercase)
            && inside.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
        if is_class && message[at + 1 + inside.len()..].starts_with(") ") {
            found = Some(inside);
        }
    }
    found
}

/// A time of the service: UTC, without a zone.
fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let time: DateTime = text.parse().ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}

fn tokens(metrics: &Value) -> Option<Tokens> {
    let count = |key: &str| metrics[key].as_u64().unwrap_or(0);
    let tokens = Tokens {
        prompt: count("prompt_tokens"),
        completion: count("completion_tokens"),
        total: count("total_tokens"),
    };
    (tokens.total > 0).then_some(tokens)
}

impl FlowRun {
    /// Takes over what the service answered. Nodes that it does not name stay as the log told them, but
    /// none goes on running.
    pub fn take(&mut self, outcome: Outcome) {
        self.state = outcome.state;
        self.failure = outcome.failure;
        self.duration = outcome.duration;
        self.tokens = outcome.tokens;
        if let Some(started) = outcome.started {
            self.started = started;
        }
        if outcome.ended.is_some() {
            self.ended = outcome.ended;
        }
        for node in outcome.nodes {
            match self.nodes.iter_mut().find(|own| own.node == node.node) {
                Some(own) if own.taken_over => {}
                Some(own) => *own = NodeRun { slow: own.slow.take(), ..node },
                None => self.nodes.push(node),
            }
        }
        self.end_nodes();
    }

    /// Nodes that the log told to run have ended with the run.
    pub fn end_nodes(&mut self) {
        for node in &mut self.nodes {
            if node.state == NodeRunState::Running {
                node.state = match self.state {
                    FlowRunState::Completed => NodeRunState::Completed,
                    FlowRunState::Cancelled => NodeRunState::Cancelled,
                    _ => NodeRunState::Failed,
                };
                node.ended = node.ended.or(self.ended);
            }
        }
    }

    /// Takes in what a line of the log tells; `true` = something changed.
    pub fn tell(&mut self, event: &super::RunEvent) -> bool {
        use super::RunEvent;
        let name = match event {
            RunEvent::NodeStarted { node, .. }
            | RunEvent::NodeEnded { node, .. }
            | RunEvent::NodeSlow { node, .. }
            | RunEvent::NodeSlowAt { node, .. } => node,
            RunEvent::Noise | RunEvent::Other => return false,
        };
        let Some(node) = self.nodes.iter_mut().find(|own| own.node == *name) else { return false };
        if node.taken_over {
            return false;
        }
        match event {
            RunEvent::NodeStarted { time, .. } => {
                node.state = NodeRunState::Running;
                node.started = *time;
            }
            RunEvent::NodeEnded { time, .. } => {
                node.state = NodeRunState::Completed;
                node.ended = *time;
            }
            RunEvent::NodeSlow { seconds, .. } => {
                let at = node.slow.take().and_then(|slow| slow.at);
                node.slow = Some(super::SlowNode { seconds: *seconds, at });
            }
            RunEvent::NodeSlowAt { at, .. } => match &mut node.slow {
                Some(slow) => slow.at = Some(at.clone()),
                None => return false,
            },
            RunEvent::Noise | RunEvent::Other => return false,
        }
        true
    }
}
