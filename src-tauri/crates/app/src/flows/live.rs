//! A run while it is active: how it stands, and its log as far as it has come.

use std::sync::Mutex;

use domain::{
    flow::{FlowRun, LogReader, NodeRunState, RunEvent},
    scrub::Scrubber,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::context::{App, lock};

/// A log that grows beyond this is cut: a node that floods it must not fill the memory. Bytes.
pub(super) const LONGEST_LOG: usize = 16 * 1024 * 1024;

/// An active run.
pub(crate) struct Active {
    pub(super) run: Mutex<FlowRun>,
    /// A cancel was asked for.
    pub(super) cancel: CancellationToken,
    log: Mutex<Log>,
    /// How many lines there are; told once more when the run has ended.
    grown: watch::Sender<usize>,
    pub(super) scrubber: Scrubber,
}

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    bytes: usize,
    /// Lines that were taken in, also those that are not kept.
    taken: usize,
    folder: String,
    reader: LogReader,
}

impl Active {
    pub(super) fn new(run: FlowRun, scrubber: Scrubber) -> Self {
        Self {
            run: Mutex::new(run),
            cancel: CancellationToken::new(),
            log: Mutex::default(),
            grown: watch::Sender::new(0),
            scrubber,
        }
    }

    /// Where the flow is inside the runtime.
    pub(super) fn set_folder(&self, folder: &str) {
        let mut log = lock(&self.log);
        log.reader = LogReader::new(folder);
        folder.clone_into(&mut log.folder);
    }

    /// Where the flow is inside the runtime; empty = it is not there yet.
    pub(super) fn folder(&self) -> String {
        lock(&self.log).folder.clone()
    }

    /// Takes in the next line of the log. What the line tells of a node is told to the window.
    pub(super) fn line(&self, app: &App, line: &str) {
        let event = {
            let mut log = lock(&self.log);
            log.taken += 1;
            let event = log.reader.line(line);
            if event != RunEvent::Noise && log.bytes < LONGEST_LOG {
                let line = self.scrubber.text(line);
                log.bytes += line.len() + 1;
                log.lines.push(line);
                if log.bytes >= LONGEST_LOG {
                    log.lines.push("The log is cut here: it is longer than 16 MB.".into());
                }
            }
            event
        };
        self.grown.send_modify(|lines| *lines += 1);
        let changed = {
            let mut run = lock(&self.run);
            // That it got as far as its first node is what everyone waits for who pressed *Run*.
            let is_first = run.nodes.iter().all(|node| node.state == NodeRunState::Waiting);
            run.tell(&event).then(|| (run.clone(), is_first))
        };
        if let Some((run, is_first)) = changed {
            app.hub.flow_run(&run, is_first);
        }
    }

    /// Takes in what of a whole log was not taken in yet. What is kept are its lines as they were written:
    /// very long ones came in pieces.
    pub(super) fn rest(&self, app: &App, whole: &str) {
        let taken = lock(&self.log).taken;
        for line in whole.lines().skip(taken) {
            self.line(app, line);
        }
        if whole.len() < LONGEST_LOG {
            let mut reader = LogReader::default();
            let lines = whole.lines().filter(|line| reader.line(line) != RunEvent::Noise);
            let lines = lines.map(|line| self.scrubber.text(line)).collect();
            lock(&self.log).lines = lines;
        }
    }

    /// The log as it is kept.
    pub(super) fn text(&self) -> String {
        let log = lock(&self.log);
        log.lines.iter().fold(String::with_capacity(log.bytes), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        })
    }

    /// Lines from this one on.
    pub(super) fn lines_from(&self, first: usize) -> Vec<String> {
        let log = lock(&self.log);
        log.lines.get(first..).map(<[String]>::to_vec).unwrap_or_default()
    }

    /// Nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        lock(&self.run).state.is_final()
    }

    /// Tells when there are more lines, and at the end.
    pub(super) fn growing(&self) -> watch::Receiver<usize> {
        self.grown.subscribe()
    }

    /// Changes how it stands, and tells the window.
    pub(super) fn change(&self, app: &App, change: impl FnOnce(&mut FlowRun)) -> FlowRun {
        let run = {
            let mut run = lock(&self.run);
            change(&mut run);
            run.clone()
        };
        app.hub.flow_run(&run, false);
        if run.state.is_final() {
            self.grown.send_modify(|_| {});
        }
        run
    }
}
