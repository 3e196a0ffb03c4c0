//! Events, logs, usage, and what happens inside.

use std::time::Duration;

use domain::container::ContainerState;
use domain::label;
use domain::usage::Usage;
use engine::{Engine, EngineError, LogLine, LogRequest, LogSource};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;

use super::{EXEC, Fixture, SOON, all_lines, body, create, next_event, remove, soon};

/// The command of a container that writes `one` and `three` to its output and `two` to its error
/// output, and goes on running. The pauses keep the order of what comes through two pipes.
const TALK: &str = "trap 'exit 143' TERM; echo one; sleep 0.3; echo two >&2; sleep 0.3; echo three; sleep 3600 & wait";

pub(super) async fn a_container_is_renamed_while_it_runs_and_an_event_says_so(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let mut events = engine.events().await;
    let id = create(engine, "before", &body(&fixture.image, json!({}))).await.id;
    engine.start("before").await.expect("start");
    let started = next_event(&mut events, "start", &id).await;
    assert_eq!(started.name, "before");
    assert_eq!(started.labels.get(label::RUNTIME).map(String::as_str), Some("contract"));
    assert!(started.time_nanos > 0);
    engine.rename(&id, "after").await.expect("rename");
    let renamed = next_event(&mut events, "rename", &id).await;
    assert_eq!(renamed.name, "after");
    if !engine.facts().is_podman {
        assert_eq!(renamed.labels.get("oldName").map(String::as_str), Some("before"));
    }
    let seen = engine.inspect(&id).await.expect("inspect");
    assert_eq!((seen.name.as_str(), seen.state), ("after", ContainerState::Running));
    assert!(matches!(engine.inspect("before").await, Err(EngineError::NotFound(_))));
    engine.stop("after", Duration::from_secs(10)).await.expect("stop");
    next_event(&mut events, "die", &id).await;
    remove(engine, "after").await;
    next_event(&mut events, "destroy", &id).await;
}

async fn read_log(engine: &dyn Engine, name: &str, request: LogRequest) -> Vec<LogLine> {
    let log = engine.logs(name, request).await;
    soon("the end of the log", log.try_collect()).await.expect("log")
}

/// Reads a followed log until its third line.
async fn three_lines(engine: &dyn Engine, name: &str) -> Vec<LogLine> {
    let log = engine.logs(name, LogRequest { follow: true, ..all_lines() }).await;
    soon("three lines", log.take(3).try_collect()).await.expect("log")
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

pub(super) async fn log_lines_come_in_order_with_source_and_time(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "talk", &body(&fixture.talker, json!({"Cmd": ["sh", "-c", TALK]}))).await;
    assert!(read_log(engine, "talk", all_lines()).await.is_empty(), "nothing before the start");
    engine.start("talk").await.expect("start");
    let lines = three_lines(engine, "talk").await;
    assert_eq!(texts(&lines), ["one", "two", "three"]);
    let sources: Vec<LogSource> = lines.iter().map(|line| line.source).collect();
    assert_eq!(sources, [LogSource::Out, LogSource::Error, LogSource::Out]);
    assert!(
        lines.iter().all(|line| line.time.is_some()) && lines.is_sorted_by_key(|line| line.time)
    );
    assert_eq!(read_log(engine, "talk", all_lines()).await, lines, "the same without following");
    let last = read_log(engine, "talk", LogRequest { tail: Some(1), ..all_lines() }).await;
    assert_eq!(texts(&last), ["three"]);
    let later = lines[2].time.expect("time").as_second() + 3600;
    let none = read_log(engine, "talk", LogRequest { since: later, ..all_lines() }).await;
    assert!(none.is_empty(), "{none:?}");
    remove(engine, "talk").await;
}

pub(super) async fn a_terminals_log_is_read_too(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = body(&fixture.talker, json!({"Tty": true, "Cmd": ["sh", "-c", TALK]}));
    create(engine, "terminal", &asked).await;
    engine.start("terminal").await.expect("start");
    let lines = three_lines(engine, "terminal").await;
    assert_eq!(texts(&lines), ["one", "two", "three"]);
    assert!(lines.iter().all(|line| line.time.is_some()));
    remove(engine, "terminal").await;
}

pub(super) async fn a_followed_log_ends_with_the_container(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "followed", &body(&fixture.talker, json!({"Cmd": ["sh", "-c", TALK]}))).await;
    engine.start("followed").await.expect("start");
    let mut log = engine.logs("followed", LogRequest { follow: true, ..all_lines() }).await;
    soon("a first line", log.next()).await.expect("line").expect("log");
    engine.stop("followed", Duration::from_secs(10)).await.expect("stop");
    let rest: Result<Vec<LogLine>, EngineError> =
        soon("the end of the log", log.try_collect()).await;
    rest.expect("the log ends without an error");
    remove(engine, "followed").await;
}

/// Engines cut a line into pieces of 16 KiB, each with a time of its own.
pub(super) async fn long_lines_are_whole_up_to_their_limit(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let line = |length: u32, letter: char| {
        format!("busybox head -c {length} /dev/zero | busybox tr '\\0' {letter}; echo")
    };
    let script = format!("{}; {}; echo end", line(40_000, 'x'), line(100_000, 'y'));
    for terminal in [false, true] {
        let asked = json!({"Tty": terminal, "Cmd": ["sh", "-c", script]});
        create(engine, "long", &body(&fixture.image, asked)).await;
        engine.start("long").await.expect("start");
        let lines = three_lines(engine, "long").await;
        assert!(
            lines[0].text == "x".repeat(40_000),
            "terminal: {terminal}: {} bytes",
            lines[0].text.len()
        );
        assert!(lines[1].text.starts_with(&"y".repeat(60_000)), "terminal: {terminal}");
        assert!(lines[1].text.ends_with("64 KiB)") && lines[1].text.len() < 70_000);
        assert_eq!(lines[2].text, "end");
        remove(engine, "long").await;
    }
}

pub(super) async fn a_busy_container_is_seen_to_be_busy(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = json!({"Cmd": ["sh", "-c", "while :; do :; done"]});
    create(engine, "hot", &body(&fixture.image, asked)).await;
    engine.start("hot").await.expect("start");
    let readings: Vec<Usage> =
        soon("two readings", engine.usage("hot").await.take(2).try_collect()).await.expect("usage");
    // One process keeps one CPU busy, less what other work on this machine takes.
    let last = readings.last().expect("a reading").cpu_percent;
    assert!((5.0..130.0).contains(&last), "{readings:?}");
    remove(engine, "hot").await;
}

pub(super) async fn a_command_inside_answers_with_both_outputs_and_its_code(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "inside", &body(&fixture.image, json!({}))).await;
    let command = EXEC.map(str::to_owned);
    let early = engine.exec("inside", &command, SOON).await;
    assert!(early.is_err(), "it does not run: {early:?}");
    engine.start("inside").await.expect("start");
    let answer = engine.exec("inside", &command, SOON).await.expect("exec");
    assert_eq!(
        (answer.exit_code, answer.out.as_str(), answer.error.as_str()),
        (3, "out\n", "err\n")
    );
    remove(engine, "inside").await;
}

pub(super) async fn usage_is_told_while_it_runs(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "used", &body(&fixture.image, json!({}))).await;
    engine.start("used").await.expect("start");
    let mut usage = engine.usage("used").await;
    let reading = soon("a reading", usage.next()).await.expect("reading").expect("usage");
    assert!(reading.memory > 0 && reading.memory_limit >= reading.memory, "{reading:?}");
    assert!(reading.cpu_percent >= 0.0 && reading.cpu_percent < 6400.0, "{reading:?}");
    engine.stop("used", Duration::from_secs(10)).await.expect("stop");
    soon("the end of the readings", async {
        while let Some(item) = usage.next().await {
            if item.is_err() {
                return;
            }
        }
    })
    .await;
    remove(engine, "used").await;
}

pub(super) async fn processes_are_listed(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "busy", &body(&fixture.image, json!({}))).await;
    assert!(engine.processes("busy").await.is_err(), "it does not run");
    engine.start("busy").await.expect("start");
    soon("the service's process", async {
        loop {
            let processes = engine.processes("busy").await.expect("processes");
            if processes.iter().any(|line| line.contains("httpd -f -p 8080")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    remove(engine, "busy").await;
}
