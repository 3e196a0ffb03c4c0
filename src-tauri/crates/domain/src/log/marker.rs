//! Lines of one container or file, in order, to marks: which record each belongs to, and what is known of that.

use std::collections::HashMap;

use super::{
    LogLevel, Mark, Names, Told,
    head::{Form, head},
    message::run_and_row,
    told,
};

/// Reads the lines of one source.
#[derive(Debug, Default)]
pub struct Marker {
    /// For standard output and for standard error: they are written at the same time.
    streams: [Stream; 2],
    /// What a process works on, by its number.
    processes: HashMap<u32, Work>,
}

/// The run and the row that a process works on.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    run: u16,
    row: Option<u32>,
}

#[derive(Debug)]
struct Stream {
    /// The record that lines without a head belong to.
    record: Option<Mark>,
    stack: Stack,
    /// There is a line that an indented one can belong to.
    begun: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self { record: None, stack: Stack::None, begun: false }
    }
}

/// Where in a traceback the last line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stack {
    None,
    /// Frames come.
    Frames,
    /// The exception was told; another traceback may be chained to it.
    Told,
}

/// Processes that are remembered; runs of long ago are forgotten.
const MOST_PROCESSES: usize = 10_000;
const TRACEBACK: &[u8] = b"Traceback (most recent call last):";

impl Marker {
    /// The mark of the next line, and the time that the line tells itself (nanoseconds since 1970). `text` is without
    /// escape sequences.
    pub fn line(&mut self, text: &[u8], error: bool, names: &mut Names) -> (Mark, Option<i64>) {
        let stream = &mut self.streams[usize::from(error)];
        let Some(head) = head(text) else { return (stream.without_head(text, error), None) };
        let mut mark = Mark { level: head.level, error, ..Mark::PLAIN };
        if let Some(work) = head.process.and_then(|process| self.processes.get(&process)) {
            (mark.run, mark.row) = (work.run, work.row);
        }
        match told(&text[head.message..]) {
            Some(Told::Begins { node, run_id, .. }) => {
                let (run, row) = run_and_row(run_id, node);
                mark.node = names.number(node);
                mark.run = names.number(run);
                mark.row = row;
                if let Some(process) = head.process {
                    if self.processes.len() >= MOST_PROCESSES {
                        self.processes.clear();
                    }
                    self.processes.insert(process, Work { run: mark.run, row });
                }
            }
            Some(Told::Completes { node }) => mark.node = names.number(node),
            Some(
                Told::Fails { node, row }
                | Told::Cancelled { node, row }
                | Told::Slow { node, row, .. }
                | Told::Output { node, row },
            ) => {
                mark.node = names.number(node);
                mark.row = row.or(mark.row);
            }
            Some(Told::Row { row }) => mark.row = Some(row),
            Some(Told::Noise) => mark.noise = true,
            None => {}
        }
        stream.begun = true;
        stream.stack = Stack::None;
        // What follows such a line without a head was written by something else.
        stream.record = (head.form != Form::LevelFirst).then_some(mark);
        (mark, head.time)
    }
}

impl Marker {
    /// Takes over what another one knows of processes that this one has not heard of.
    pub fn learn(&mut self, other: &Self) {
        for (process, work) in &other.processes {
            self.processes.entry(*process).or_insert(*work);
        }
    }
}

impl Stream {
    fn without_head(&mut self, text: &[u8], error: bool) -> Mark {
        let record = self.record;
        let mut mark = match record {
            Some(record) => Mark { continued: true, inside: false, ..record },
            None => Mark { error, ..Mark::PLAIN },
        };
        let chained = self.stack != Stack::None;
        if text.starts_with(TRACEBACK) {
            mark.inside = record.is_some() || chained;
            self.stack = Stack::Frames;
            if record.is_none() {
                mark.level = LogLevel::Error;
            }
        } else if text.iter().all(u8::is_ascii_whitespace) {
            mark.inside = chained;
        } else if matches!(text.first(), Some(b' ' | b'\t')) {
            mark.inside = self.begun;
        } else if self.stack == Stack::Frames {
            // The exception itself.
            mark.inside = true;
            self.stack = Stack::Told;
        } else if self.stack == Stack::Told {
            let is_chain = text.starts_with(b"During handling of the above exception")
                || text.starts_with(b"The above exception was the direct cause");
            mark.inside = is_chain || record.is_some();
            if !mark.inside {
                self.stack = Stack::None;
            }
        }
        if mark.inside && record.is_none() {
            mark.continued = true;
            if self.stack != Stack::None {
                mark.level = LogLevel::Error;
            }
        }
        self.begun = true;
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(lines: &[&str]) -> (Vec<Mark>, Names) {
        let (mut marker, mut names) = (Marker::default(), Names::default());
        let marks =
            lines.iter().map(|line| marker.line(line.as_bytes(), false, &mut names).0).collect();
        (marks, names)
    }

    const SLOW: [&str; 7] = [
        "2026-11-23 16:24:47 +0000   30394 execution.flow     INFO     Executing node slow_node. node run id: r1_slow_node_4",
        "2026-11-23 16:24:48 +0000   30394 execution          WARNING  slow_node in line 4 has been running for 3 seconds, stacktrace of thread 140467102254784:",
        "  File \"/tmp/flows/x/slow.py\", line 7, in slow_node",
        "    time.sleep(9)",
        "",
        "2026-11-23 16:24:49 +0000   30394 execution.flow     INFO     Node slow_node completes.",
        "INFO:     127.0.0.1:5 - \"GET /health HTTP/1.1\" 200 OK",
    ];

    #[test]
    fn lines_of_a_stack_belong_to_their_record() {
        let (marks, names) = marks(&SLOW);
        let shown: Vec<_> = marks
            .iter()
            .map(|mark| (mark.level, mark.inside, mark.continued, names.name(mark.node), mark.row))
            .collect();
        let node = Some("slow_node");
        assert_eq!(
            shown,
            [
                (LogLevel::Info, false, false, node, Some(4)),
                (LogLevel::Warning, false, false, node, Some(4)),
                (LogLevel::Warning, true, true, node, Some(4)),
                (LogLevel::Warning, true, true, node, Some(4)),
                (LogLevel::Warning, false, true, node, Some(4)),
                (LogLevel::Info, false, false, node, Some(4)),
                (LogLevel::Info, false, false, None, None),
            ]
        );
        assert_eq!(names.name(marks[5].run), Some("r1"));
        assert_eq!(marks[6].run, 0);
    }

    #[test]
    fn a_traceback_is_one_group_with_what_it_is_chained_to() {
        let lines = [
            "Traceback (most recent call last):",
            "  File \"/a.py\", line 1, in f",
            "    g()",
            "ValueError: no",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            "Traceback (most recent call last):",
            "  File \"/a.py\", line 3, in f",
            "KeyError: 'x'",
            "plain text again",
        ];
        let inside: Vec<bool> = marks(&lines).0.iter().map(|mark| mark.inside).collect();
        assert_eq!(inside, [false, true, true, true, true, true, true, true, true, true, false]);
        let levels: Vec<LogLevel> = marks(&lines).0.iter().map(|mark| mark.level).collect();
        assert_eq!(levels[..10], [LogLevel::Error; 10]);
        assert_eq!(levels[10], LogLevel::None);
        // Below a record it is that record's, with all that follows until the next.
        let logged = "2026-11-23 16:24:49 +0000   1 execution ERROR    Node x in line 0 failed. Exception: no.";
        let below: Vec<&str> = [logged].into_iter().chain(lines).collect();
        let (marks, names) = marks(&below);
        assert!(marks[1..].iter().all(|mark| mark.inside && mark.level == LogLevel::Error));
        assert_eq!(names.name(marks[5].node), Some("x"));
    }

    #[test]
    fn both_streams_of_a_container_keep_their_own_records() {
        let (mut marker, mut names) = (Marker::default(), Names::default());
        let mut line = |text: &str, error| marker.line(text.as_bytes(), error, &mut names).0;
        line(SLOW[1], false);
        assert_eq!(
            line("[2023-11-07 14:19:59 +0000] [12] [ERROR] bad", true).level,
            LogLevel::Error
        );
        assert_eq!(line(SLOW[2], false).level, LogLevel::Warning);
        assert_eq!(line("more", true).level, LogLevel::Error);
    }

    #[test]
    fn noise_is_marked() {
        let line = "2026-11-23 16:24:48 +0000   30394 execution.flow     WARNING  task Task-36 has no start time, which should not happen";
        assert!(marks(&[line]).0[0].noise);
        assert!(!marks(&SLOW).0.iter().any(|mark| mark.noise));
    }
}
