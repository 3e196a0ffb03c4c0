//! A log read for what it tells of nodes' times. Most lines tell nothing: they are passed over without a look at
//! their words.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::{memchr, memchr_iter, memrchr};

use super::{NodeStanding, NodeTime, NodeTimes, SlowGroup, words};
use crate::{
    flow::Frame,
    log::{
        Told,
        head::head,
        message::run_and_row,
        place::{is_foreign, place},
        told,
    },
};

/// Words of lines that tell something, and what they are about. The service's own sentences are read whole.
const WORDS: [(&str, About); 13] = [
    (" node run id: ", About::Node),
    (" completes.", About::Node),
    (" has been running for ", About::Node),
    (" failed. Exception", About::Node),
    (" is canceled.", About::Node),
    ("request canceled", About::GivenUp),
    ("Request canceled", About::GivenUp),
    ("RateLimitError", About::Throttled),
    ("Too Many Requests", About::Throttled),
    ("Upstream request timeout", About::Hosted(words::Hosted::Upstream)),
    ("timeout, error message: The request was canceled", About::Hosted(words::Hosted::Invoking)),
    ("Flow run timeout for exceeding", About::Hosted(words::Hosted::FlowRun)),
    ("runtime is terminated", About::Hosted(words::Hosted::Terminated)),
];

#[derive(Clone, Copy, Debug)]
enum About {
    Node,
    /// A call of a model was given up.
    GivenUp,
    Throttled,
    Hosted(words::Hosted),
}

#[expect(clippy::unwrap_used, reason = "the words are fixed and tested")]
static INTERESTING: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(WORDS.iter().map(|(words, _)| words))
        .unwrap()
});

/// Bounds: a log can tell of no more than this.
const MOST_NODES: usize = 2000;
const MOST_OPEN: usize = 100_000;
const MOST_GROUPS: usize = 50;
const MOST_ROWS: usize = 20;
const MOST_RUNS: usize = 100_000;
/// Lines of a stack that are kept.
const STACK: usize = 60;

/// Reads a log in texts of whole lines, in order.
#[derive(Debug, Default)]
pub struct Analysis {
    nodes: HashMap<String, Node>,
    /// Executions that have begun, by process and node: the row, and when.
    open: HashMap<(u32, String), Vec<Begun>>,
    opened: usize,
    runs: HashSet<Vec<u8>>,
    last: Option<i64>,
    /// The slow warning whose stack goes on in the next text.
    stack: Option<Stack>,
    pub(super) heard: words::Heard,
}

/// The row of an execution, and when it began.
type Begun = (Option<u32>, Option<i64>);

#[derive(Debug, Default)]
struct Node {
    count: u64,
    failed: u64,
    total: i64,
    longest: i64,
    ended: u64,
    llm: Option<bool>,
    groups: Vec<SlowGroup>,
    /// Executions that only warnings tell of: how long they had been running.
    unbegun: HashMap<(u32, Option<u32>), u64>,
}

#[derive(Debug)]
struct Stack {
    node: String,
    row: Option<u32>,
    seconds: u64,
    line: i64,
    lines: Vec<String>,
}

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

impl Analysis {
    /// Reads the next lines; each ends with `\n`. `first` is the number of the first one.
    pub fn text(&mut self, text: &[u8], first: i64) {
        let mut at = self.go_on_with_stack(text);
        // Lines are counted up to here.
        let (mut counted, mut number) = (0, first);
        while let Some(found) = INTERESTING.find(aho_corasick::Input::new(text).range(at..)) {
            let begin = memrchr(b'\n', &text[..found.start()]).map_or(0, |end| end + 1);
            let end =
                memchr(b'\n', &text[found.start()..]).map_or(text.len(), |end| found.start() + end);
            number += lines_in(&text[counted..begin]);
            counted = begin;
            let about = WORDS[found.pattern().as_usize()].1;
            at =
                self.line(&text[begin..end], about, number).unwrap_or(found.end()).max(found.end());
            if at < end && !matches!(about, About::Hosted(_)) {
                at = end;
            }
            if self.stack.is_some() {
                at = end + 1;
                at += self.go_on_with_stack(text.get(at..).unwrap_or_default());
            }
            if at >= text.len() {
                break;
            }
        }
        self.last = last_time(text).or(self.last);
    }

    /// What the log tells. `shorten` makes paths those within the flow's folder.
    pub fn finish(mut self, shorten: impl Fn(Frame) -> Frame) -> NodeTimes {
        self.end_stack();
        for group in self.nodes.values_mut().flat_map(|node| &mut node.groups) {
            group.at = group.at.take().map(&shorten);
        }
        let last = self.last;
        let mut running: HashMap<String, u64> = HashMap::new();
        for ((_, name), begun) in std::mem::take(&mut self.open) {
            for (_, time) in begun {
                *running.entry(name.clone()).or_default() += 1;
                if let (Some(node), Some(time), Some(last)) =
                    (self.nodes.get_mut(&name), time, last)
                {
                    node.took(last.saturating_sub(time));
                }
            }
        }
        let nodes = std::mem::take(&mut self.nodes);
        let mut times = NodeTimes {
            nodes: nodes
                .into_iter()
                .map(|(name, node)| {
                    let running = running.get(&name).copied().unwrap_or(0);
                    node.told(name, running)
                })
                .collect(),
            findings: vec![],
            runs: self.runs.len() as u64,
            measured: false,
        };
        times.sort();
        times.findings = words::findings(&times.nodes, &self.heard);
        times
    }

    /// One line that has interesting words.
    fn line(&mut self, line: &[u8], about: About, number: i64) -> Option<usize> {
        let found = head(line);
        let message = found.map_or(line, |head| &line[head.message..]);
        let process = found.and_then(|head| head.process).unwrap_or(0);
        let time = found.and_then(|head| head.time);
        match about {
            About::Node => {
                if let Some(told) = told(message) {
                    self.told(told, process, time, number);
                }
                // A failure may hold words of its own.
                if memchr::memmem::find(line, b"RateLimitError").is_some() {
                    self.heard.throttled += 1;
                }
                if memchr::memmem::find(line, b"equest canceled").is_some() {
                    self.given_up(message, process);
                }
            }
            About::GivenUp => self.given_up(message, process),
            About::Throttled => self.heard.throttled += 1,
            About::Hosted(hosted) => self.heard.hosted(hosted, message),
        }
        None
    }

    fn told(&mut self, told: Told<'_>, process: u32, time: Option<i64>, number: i64) {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        match told {
            Told::Begins { bypassed: true, .. }
            | Told::Output { .. }
            | Told::Row { .. }
            | Told::Noise => {}
            Told::Begins { node, run_id, .. } => {
                let (run, row) = run_and_row(run_id, node);
                if self.runs.len() < MOST_RUNS {
                    self.runs.insert(run.to_vec());
                }
                let name = text(node);
                let Some(node) = self.node(&name) else { return };
                node.count += 1;
                if self.opened < MOST_OPEN {
                    self.opened += 1;
                    self.open.entry((process, name)).or_default().push((row, time));
                }
            }
            Told::Completes { node } => self.ended(&text(node), process, None, time, false),
            Told::Fails { node, row } | Told::Cancelled { node, row } => {
                self.ended(&text(node), process, row, time, true);
            }
            Told::Slow { node, row, seconds } => {
                let name = text(node);
                let row = row.or_else(|| {
                    self.open.get(&(process, name.clone())).and_then(|begun| begun.first()?.0)
                });
                let begun =
                    self.open.get(&(process, name.clone())).is_some_and(|open| !open.is_empty());
                let Some(node) = self.node(&name) else { return };
                if !begun && node.unbegun.len() < MOST_OPEN {
                    let longest = node.unbegun.entry((process, row)).or_default();
                    *longest = seconds.max(*longest);
                }
                self.stack = Some(Stack { node: name, row, seconds, line: number, lines: vec![] });
            }
        }
    }

    fn ended(
        &mut self,
        name: &str,
        process: u32,
        row: Option<u32>,
        time: Option<i64>,
        failed: bool,
    ) {
        let key = (process, name.to_owned());
        let begun = self.open.get_mut(&key).and_then(|begun| {
            let at = begun.iter().position(|(of, _)| row.is_none() || *of == row)?;
            self.opened -= 1;
            Some(begun.remove(at))
        });
        if self.open.get(&key).is_some_and(Vec::is_empty) {
            self.open.remove(&key);
        }
        let Some(node) = self.node(name) else { return };
        node.ended += 1;
        node.failed += u64::from(failed);
        match begun {
            Some((_, Some(from))) => {
                if let Some(time) = time {
                    node.took(time.saturating_sub(from));
                }
            }
            Some(_) => {}
            // Its beginning is not in the log.
            None => {
                node.count += 1;
                node.unbegun.remove(&(process, row));
            }
        }
    }

    /// A call of a model was given up: in the node that the message names, else in the one that runs.
    fn given_up(&mut self, message: &[u8], process: u32) {
        let named = match told(message) {
            Some(Told::Fails { node, .. } | Told::Output { node, .. }) => {
                Some(String::from_utf8_lossy(node).into_owned())
            }
            _ => None,
        };
        let mut of_process =
            self.open.keys().filter(|(other, _)| *other == process).map(|(_, name)| name.clone());
        let name = named.or_else(|| match (of_process.next(), of_process.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        });
        if let Some(node) = name.as_deref().and_then(|name| self.node(name)) {
            node.llm = Some(true);
        }
        self.heard.given_up(name);
    }

    fn node(&mut self, name: &str) -> Option<&mut Node> {
        if !self.nodes.contains_key(name) {
            if self.nodes.len() >= MOST_NODES {
                return None;
            }
            self.nodes.insert(name.to_owned(), Node::default());
        }
        self.nodes.get_mut(name)
    }

    /// Takes the lines of a stack at the beginning of a text; answers where it ends.
    fn go_on_with_stack(&mut self, text: &[u8]) -> usize {
        let Some(stack) = &mut self.stack else { return 0 };
        let mut at = 0;
        while at < text.len() && matches!(text[at], b' ' | b'\t') {
            let end = memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
            if stack.lines.len() < STACK {
                let line = &text[at..end.min(at + 2000)];
                stack.lines.push(String::from_utf8_lossy(line).trim_end().to_owned());
            }
            at = end + 1;
        }
        if at < text.len() {
            self.end_stack();
        }
        at.min(text.len())
    }

    fn end_stack(&mut self) {
        let Some(stack) = self.stack.take() else { return };
        let frames: Vec<Frame> =
            stack.lines.iter().filter_map(|line| place(line.as_bytes())).collect();
        let at = frames.iter().rev().find(|frame| !is_foreign(&frame.file)).cloned();
        let waits_in = frames.last().cloned();
        let asks_model = frames.iter().any(|frame| words::is_of_model(&frame.file));
        let Some(node) = self.nodes.get_mut(&stack.node) else { return };
        if asks_model {
            node.llm = Some(true);
        } else if at.is_some() {
            node.llm = node.llm.or(Some(false));
        }
        let same = |a: &Option<Frame>, b: &Option<Frame>| match (a, b) {
            (Some(a), Some(b)) => a.file == b.file && a.line == b.line,
            (None, None) => true,
            _ => false,
        };
        let known = node.groups.iter().position(|group| {
            same(&group.at, &at) && (at.is_some() || same(&group.waits_in, &waits_in))
        });
        let index = match known {
            Some(index) => index,
            None if node.groups.len() < MOST_GROUPS => {
                node.groups.push(SlowGroup {
                    warnings: 0,
                    longest_seconds: 0,
                    at,
                    waits_in: None,
                    rows: vec![],
                    line: 0,
                    stack: vec![],
                });
                node.groups.len() - 1
            }
            None => return,
        };
        let group = &mut node.groups[index];
        group.warnings += 1;
        group.longest_seconds = group.longest_seconds.max(stack.seconds);
        group.waits_in = waits_in;
        group.line = stack.line;
        group.stack = stack.lines;
        if let Some(row) = stack.row
            && group.rows.len() < MOST_ROWS
            && !group.rows.contains(&row)
        {
            group.rows.push(row);
        }
    }
}

impl Node {
    fn took(&mut self, nanoseconds: i64) {
        // Clocks are set back now and then.
        let nanoseconds = nanoseconds.max(0);
        self.total = self.total.saturating_add(nanoseconds);
        self.longest = self.longest.max(nanoseconds);
    }

    fn told(mut self, name: String, running: u64) -> NodeTime {
        self.groups.sort_by_key(|group| std::cmp::Reverse(group.longest_seconds));
        let unbegun: u64 = self.unbegun.values().sum();
        let slowest = self.groups.iter().map(|group| group.longest_seconds).max().unwrap_or(0);
        let longest = (self.longest as f64 / SECOND).max(slowest as f64);
        let total = (self.total as f64 / SECOND + unbegun as f64).max(longest);
        let standing = if self.failed > 0 {
            NodeStanding::Failed
        } else if running > 0 {
            NodeStanding::Running
        } else if self.ended > 0 && self.unbegun.is_empty() {
            NodeStanding::Ended
        } else {
            NodeStanding::Unknown
        };
        NodeTime {
            node: name,
            count: self.count + self.unbegun.len() as u64,
            running,
            failed: self.failed,
            total_seconds: total,
            longest_seconds: longest,
            standing,
            llm: self.llm,
            slow: self.groups,
        }
    }
}

fn lines_in(text: &[u8]) -> i64 {
    i64::try_from(memchr_iter(b'\n', text).count()).unwrap_or(i64::MAX)
}

/// The time of the last line that has one.
fn last_time(text: &[u8]) -> Option<i64> {
    let mut end = text.strip_suffix(b"\n").map_or(text.len(), <[u8]>::len);
    loop {
        let begin = memrchr(b'\n', &text[..end]).map_or(0, |at| at + 1);
        if let Some(time) = head(&text[begin..end]).and_then(|head| head.time) {
            return Some(time);
        }
        end = begin.checked_sub(1)?;
    }
}

/// Nodes of these, e.g. for a sentence.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
