//! Which process of a service runs which row of a batch, and how a row ends whose process was ended.
//!
//! A service ends a row only when the row ends by itself: `/finalize` waits for those that run, and
//! `/execution/cancel` knows no rows. What ends one at once is ending its process. What the service then does
//! (promptflow-core 1.11 to 1.18, with processes that are forked):
//!
//! - After 1 to 4 seconds it answers that row with `run_info.status` `Failed` and an error whose innermost code
//!   is `ProcessCrashError` ([`ended_by_force`]), and it starts a new process in the place of the old one.
//!   Programs that the row's code has started go on.
//! - It often takes the *old* process for the one that it goes on with. The next row of that worker is then
//!   answered in the same way although the new process does run it, and **every later answer of that worker is
//!   that of the row before**. So after a row that was answered so, also by itself (out of memory), an answer
//!   counts for the row that it names ([`row_answered`]) and never for the row that was asked for, and a batch
//!   that goes on is best ended and begun again first.
//! - `/finalize` afterwards takes up to 15 seconds, as long as no row is left.
//!
//! What else a batch leaves in its service: `/initialize` puts its variables into the service's own process, where
//! every later run sees them (another `/initialize` of a flow that is not there, with empty values, empties them),
//! and it loads the flow's modules there. A later run of one request finds these in the place of files of the same
//! name, changed or of another flow, until the container starts again; rows of a later batch do not.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

/// A process of a service that runs a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowProcess {
    /// From 0.
    pub row: u32,
    /// Its number inside the container.
    pub process: u32,
    /// The number of the process that it works for, the service.
    pub service: u32,
    /// When the row began, to the second.
    pub began: Timestamp,
}

/// The rows that run, read from the lines of a batch's log in their order.
#[derive(Clone, Debug, Default)]
pub struct RowProcesses {
    /// By process: one runs a single row at a time.
    running: BTreeMap<u32, RowProcess>,
}

#[expect(clippy::unwrap_used, reason = "the pattern is fixed and tested")]
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    // `2026-11-29 17:32:24 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:1)-Process
    // id(22368)-Line number(1) start execution.`, and a form with colons.
    Regex::new(concat!(
        r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\s+(\d+)\s+execution\.bulk\s+[A-Z]+\s+",
        r"Process name(?:\([^)]*\)-|: [^,]*, )Process id(?:\((\d+)\)-|: (\d+), )",
        r"Line number(?:\((\d+)\)|: (\d+)) (start execution|completed|failed)\.\s*$",
    ))
    .unwrap()
});

impl RowProcesses {
    /// Takes in the next line of the log.
    pub fn line(&mut self, line: &str) {
        let Some(parts) = LINE.captures(line) else { return };
        let number = |at: usize, or: usize| {
            parts.get(at).or_else(|| parts.get(or)).and_then(|text| text.as_str().parse().ok())
        };
        let (Some(service), Some(process), Some(row)) = (number(2, 2), number(3, 4), number(5, 6))
        else {
            return;
        };
        if &parts[7] != "start execution" {
            self.running.remove(&process);
            return;
        }
        let began = jiff::Zoned::strptime("%Y-%m-%d %H:%M:%S %z", &parts[1]);
        if let Ok(began) = began {
            let began = began.timestamp();
            self.running.insert(process, RowProcess { row, process, service, began });
        }
    }

    /// Those that run, in the order of their rows.
    pub fn running(&self) -> Vec<RowProcess> {
        let mut running: Vec<RowProcess> = self.running.values().copied().collect();
        running.sort_by_key(|one| one.row);
        running
    }
}

/// Whether a service's answer to a row says that the row's process was ended from outside.
pub fn ended_by_force(answer: &Value) -> bool {
    let mut error = &answer["run_info"]["error"];
    while error.is_object() {
        if error["code"] == "ProcessCrashError" {
            return true;
        }
        error = &error["innerError"];
    }
    false
}

/// The row, from 0, that a service's answer is about; `None` = it does not say so.
pub fn row_answered(answer: &Value) -> Option<u32> {
    answer["run_info"]["index"].as_u64().and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(log: &str) -> Vec<(u32, u32, u32)> {
        let mut rows = RowProcesses::default();
        log.lines().for_each(|line| rows.line(line));
        rows.running().iter().map(|one| (one.row, one.process, one.service)).collect()
    }

    #[test]
    fn rows_that_have_begun_and_not_ended_run() {
        let log = "\
2026-11-29 17:32:21 +0000   22232 execution.bulk     INFO     Set process count to 2.
2026-11-29 17:32:22 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:2)-Process id(22369)-Line number(3) start execution.
2026-11-29 17:32:22 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:1)-Process id(22368)-Line number(0) start execution.
2026-11-29 17:32:22 +0000   22368 execution.flow     INFO     [one in line 0 (index starts from 0)] stdout> Process id(1)-Line number(9) start execution.
2026-11-29 17:32:22 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:1)-Process id(22368)-Line number(0) completed.
2026-11-29 17:32:24 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:1)-Process id(22368)-Line number(1) start execution.
";
        assert_eq!(read(log), [(1, 22368, 22232), (3, 22369, 22232)]);
        let failed = format!(
            "{log}2026-11-29 17:32:28 +0000   22232 execution.bulk     WARNING  Process crashed while executing line 1.
2026-11-29 17:32:28 +0000   22232 execution.bulk     INFO     Process name(ForkProcess-2:1)-Process id(22368)-Line number(1) failed.
"
        );
        assert_eq!(read(&failed), [(3, 22369, 22232)]);
        let mut rows = RowProcesses::default();
        log.lines().for_each(|line| rows.line(line));
        assert_eq!(rows.running()[0].began.to_string(), "2026-11-29T17:32:24Z");
    }

    #[test]
    fn the_form_with_colons_is_read_as_well() {
        let log = "2026-11-29 19:32:24 +0200      12 execution.bulk     INFO     Process name: ForkProcess-2:1, Process id: 68, Line number: 7 start execution.";
        assert_eq!(read(log), [(7, 68, 12)]);
        let ended = format!(
            "{log}\n2026-11-29 19:32:25 +0200      12 execution.bulk     INFO     Process name: ForkProcess-2:1, Process id: 68, Line number: 7 completed."
        );
        assert_eq!(read(&ended), []);
    }

    #[test]
    fn what_a_nodes_code_writes_is_no_row() {
        for line in [
            "Process name(a)-Process id(1)-Line number(0) start execution.",
            "2026-11-29 17:32:22 +0000   22368 execution.flow     INFO     Process name(a)-Process id(1)-Line number(0) start execution.",
            "2026-11-29 17:32:22 +0000   22368 execution.bulk     INFO     Process name(a)-Process id(1)-Line number(0) start execution. or not",
        ] {
            assert_eq!(read(line), [], "{line}");
        }
    }

    #[test]
    fn an_answer_tells_its_row_and_whether_its_process_was_ended() {
        let answer = json!({"output": {}, "run_info": {"index": 1, "status": "Failed", "error": {
            "message": "Process crashed while executing line 1,", "code": "UserError",
            "innerError": {"code": "ProcessCrashError", "innerError": null}}}});
        assert!(ended_by_force(&answer));
        assert_eq!(row_answered(&answer), Some(1));
        let failed =
            json!({"run_info": {"error": {"code": "UserError", "innerError": {"code": "X"}}}});
        assert!(!ended_by_force(&failed) && row_answered(&failed).is_none());
        assert!(!ended_by_force(&json!({"run_info": {"error": null}})));
    }
}
