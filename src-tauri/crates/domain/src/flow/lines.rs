//! Lines that the service writes while a run goes on, and what each tells.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use super::Frame;

/// What a line of a run's log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEvent {
    NodeStarted {
        node: String,
        time: Option<Timestamp>,
    },
    NodeEnded {
        node: String,
        time: Option<Timestamp>,
    },
    /// It has been running for so long.
    NodeSlow {
        node: String,
        seconds: u64,
    },
    /// Where the person's own code of a slow node is.
    NodeSlowAt {
        node: String,
        at: Frame,
    },
    /// It says nothing to a person.
    Noise,
    /// Any other line.
    Other,
}

/// Reads the lines of one run, in their order.
#[derive(Clone, Debug, Default)]
pub struct LogReader {
    /// Where the flow's folder is inside the runtime.
    folder: String,
    /// The slow node whose stack is being told.
    slow: Option<String>,
}

#[expect(clippy::unwrap_used, reason = "the pattern is fixed and tested")]
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    // `2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     Executing node upper. …`
    Regex::new(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\s+\d+\s+\S+\s+[A-Z]+\s+(.*)$").unwrap()
});
#[expect(clippy::unwrap_used, reason = "the pattern is fixed and tested")]
static SLOW: LazyLock<Regex> = LazyLock::new(|| {
    // The forms for functions, for coroutines, and of older runtimes.
    Regex::new(
        r"^(?:Task )?(\S+?)(?: in line \d+)? has been running for (\d+)(?:\.\d+)? seconds[,.]",
    )
    .unwrap()
});
#[expect(clippy::unwrap_used, reason = "the pattern is fixed and tested")]
static FRAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^\s*File "(.+)", line (\d+), in (.+)$"#).unwrap());

impl LogReader {
    /// A reader for a run whose flow is in this folder inside the runtime.
    pub fn new(folder: &str) -> Self {
        Self { folder: folder.trim_end_matches('/').to_owned(), slow: None }
    }

    /// What a line tells.
    pub fn line(&mut self, line: &str) -> RunEvent {
        let Some(parts) = LINE.captures(line) else { return self.stack(line) };
        self.slow = None;
        let (time, message) = (&parts[1], &parts[2]);
        let time =
            jiff::Zoned::strptime("%Y-%m-%d %H:%M:%S %z", time).map(|time| time.timestamp()).ok();
        if let Some(rest) = message.strip_prefix("Executing node ")
            && let Some((node, _)) = rest.split_once(". node run id:")
        {
            return RunEvent::NodeStarted { node: node.to_owned(), time };
        }
        if let Some(node) =
            message.strip_prefix("Node ").and_then(|rest| rest.strip_suffix(" completes."))
        {
            return RunEvent::NodeEnded { node: node.to_owned(), time };
        }
        if message.ends_with("has no start time, which should not happen") {
            return RunEvent::Noise;
        }
        if let Some(slow) = SLOW.captures(message)
            && let Ok(seconds) = slow[2].parse()
        {
            self.slow = Some(slow[1].to_owned());
            return RunEvent::NodeSlow { node: slow[1].to_owned(), seconds };
        }
        RunEvent::Other
    }

    /// A line below another one: part of a stack, perhaps.
    fn stack(&mut self, line: &str) -> RunEvent {
        if let Some(node) = &self.slow
            && let Some(at) = frame(line, &self.folder)
        {
            return RunEvent::NodeSlowAt { node: node.clone(), at };
        }
        RunEvent::Other
    }
}

/// A frame of the person's own code; `None` = it is no frame, or one of Python or of a package.
fn frame(line: &str, folder: &str) -> Option<Frame> {
    let found = FRAME.captures(line)?;
    let file = within(&found[1], folder);
    let foreign = file.starts_with('/') || file.starts_with('<');
    (!foreign).then(|| Frame {
        file,
        line: found[2].parse().unwrap_or(0),
        function: found[3].trim().to_owned(),
    })
}

/// A path within the flow's folder; one elsewhere stays as it is.
pub(super) fn within(path: &str, folder: &str) -> String {
    path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path).to_owned()
}

/// The innermost frame of the person's own code in a traceback.
pub(super) fn own_frame(traceback: &str, folder: &str) -> Option<Frame> {
    traceback.lines().rev().find_map(|line| frame(line, folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Vec<RunEvent> {
        let mut reader = LogReader::new("/tmp/flows/x/");
        lines.iter().map(|line| reader.line(line)).collect()
    }

    #[test]
    fn nodes_begin_and_end() {
        let time = "2026-11-23T16:24:48Z".parse().ok();
        let node = |name: &str| name.to_owned();
        assert_eq!(
            read(&[
                "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     Executing node upper. node run id: r1_upper_0",
                "2026-11-23 18:24:48 +0200   30394 execution.flow     INFO     Node upper completes.",
                "2026-11-23 16:24:48 +0000   30394 execution.flow     WARNING  task Task-36 has no start time, which should not happen",
                "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     [upper in line 0 (index starts from 0)] stdout> Node x completes.",
                "Node upper completes.",
            ]),
            [
                RunEvent::NodeStarted { node: node("upper"), time },
                RunEvent::NodeEnded { node: node("upper"), time },
                RunEvent::Noise,
                RunEvent::Other,
                RunEvent::Other,
            ]
        );
    }

    #[test]
    fn a_slow_node_is_told_in_each_form_with_the_persons_own_frame() {
        let slow = |seconds| RunEvent::NodeSlow { node: "slow_node".into(), seconds };
        let at = |line| RunEvent::NodeSlowAt {
            node: "slow_node".into(),
            at: Frame { file: "lib/slow.py".into(), line, function: "wait_for_it".into() },
        };
        assert_eq!(
            read(&[
                "2026-11-23 16:24:48 +0000   30394 execution          WARNING  slow_node in line 0 has been running for 3 seconds, stacktrace of thread 140467102254784:",
                "  File \"/opt/venv/lib/python3.11/site-packages/promptflow/core.py\", line 7, in run",
                "  File \"/tmp/flows/x/lib/slow.py\", line 7, in wait_for_it",
                "    time.sleep(9)",
                "2026-11-23 16:24:49 +0000   30394 execution.flow     WARNING  Task slow_node has been running for 4 seconds, stacktrace:",
                "  File \"/tmp/flows/x/lib/slow.py\", line 9, in wait_for_it",
                "2026-11-23 16:24:50 +0000   30394 execution.flow     WARNING  slow_node has been running for 60 seconds.",
                "2026-11-23 16:24:50 +0000   30394 execution.flow     INFO     Something else",
                "  File \"/tmp/flows/x/lib/slow.py\", line 9, in wait_for_it",
            ]),
            [
                slow(3),
                RunEvent::Other,
                at(7),
                RunEvent::Other,
                slow(4),
                at(9),
                slow(60),
                RunEvent::Other,
                RunEvent::Other,
            ]
        );
    }
}
