//! Logs of pieces put together at random, as a fuzzer does: nothing of them may break what reads them.

use std::path::Path;

use proptest::prelude::*;

use super::invariants::{holds, holds_for_text};

/// Pieces that the forms of logs are made of, whole and broken.
const PIECES: [&str; 44] = [
    "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     ",
    "2026-11-23 16:24:48 +0000   1 execution          WARNING  ",
    "2026-11-23 16:24:48 +9999   1 execution          ERROR  ",
    "9999-12-31 23:59:60 -2559 4294967295 x CRITICAL ",
    "0000-00-00 00:00:00 +0000 1 x INFO ",
    "2026-11-23 16:24:48",
    "[2023-11-07 14:19:59 +0000] [12] [INFO] ",
    "[2023-11-07 10:55:00,123][flowinvoker][",
    "INFO:     ",
    "ERROR:x:",
    "Executing node ",
    "Bypassing node ",
    ". node run id: ",
    "r1_slow_0",
    "r1_slow_reduce",
    "Node ",
    " completes.",
    " in line ",
    " failed. Exception: ",
    " is canceled.",
    "slow",
    "Task ",
    " has been running for ",
    " seconds, stacktrace of thread 1:",
    " seconds.",
    "18446744073709551616",
    "4294967295",
    "0",
    "None",
    "[slow in line 2 (index starts from 0)] stdout> ",
    "task Task-36 has no start time, which should not happen",
    "Traceback (most recent call last):",
    "  File \"/x/y.py\", line ",
    ", in f",
    "  | File \"",
    "During handling of the above exception, another exception occurred:",
    "ValueError: ",
    "request canceled",
    "Upstream request timeout",
    "Process name(a)-Process id(2)-Line number(",
    "\u{1b}[38;5;",
    "\u{1b}[48:2::1:2:3m",
    "\u{1b}]0;",
    "ä\u{9b}\u{2028}",
];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::sample::select(&PIECES[..]).prop_flat_map(|piece| {
            (0..=piece.len()).prop_map(move |end| piece.as_bytes()[..end].to_vec())
        }),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| {
        let mut line = pieces.concat();
        line.retain(|byte| *byte != b'\n');
        line
    })
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(line(), 0..30)
}

/// The texts of a folder beside the fuzz target, with their names.
fn kept(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect()
}

/// What the fuzz target began with, and what once broke something: `scripts/fuzz`.
#[test]
fn what_a_fuzzer_found_stays_found() {
    let seeds = kept("seeds");
    assert!(!seeds.is_empty(), "the fuzz target has seeds");
    for (name, text) in seeds.into_iter().chain(kept("crashes")) {
        println!("{name}");
        holds_for_text(&text);
    }
}

proptest! {
    #[test]
    fn nothing_breaks_what_reads_logs(lines in lines()) {
        holds(&lines);
    }
}

/// How long the long one goes on.
const SECONDS: u64 = 150;

/// The same for minutes: a new beginning each time.
#[test]
#[ignore = "long: make test-long"]
fn nothing_breaks_what_reads_logs_for_long() {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(SECONDS);
    while std::time::Instant::now() < until {
        let config =
            ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        runner
            .run(&lines(), |lines| {
                holds(&lines);
                Ok(())
            })
            .expect("no log breaks it");
    }
}
