//! Logs that are open: files of this machine, and containers of the twin.

use std::{fmt::Write as _, path::Path};

use domain::{finding::ProblemCode, log::LogLevel};
use tokio::{sync::watch, task::JoinHandle};

use super::*;
use crate::api::{
    FilterLog, FindInLog, FoldLog, LocateInLog, LogFilter, LogLine, LogNews, LogOf, LogQuery,
    LogState, OfRuntime, OfStream, OpenLog, ReadLog, ReadLogLine, ReadLogText, SaveOpenLog,
    SearchLog,
};

/// An open log.
struct Log {
    app: App,
    state: watch::Receiver<Option<LogState>>,
    task: JoinHandle<()>,
}

impl Drop for Log {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const STREAM: u32 = 7;

impl Log {
    async fn open(app: &App, of: LogOf) -> Self {
        let log = crate::open_log(app, STREAM, OpenLog { of }).await.expect("opens");
        let (told, state) = watch::channel(None);
        let task = tokio::spawn(log.follow(move |news| {
            if let LogNews::State(state) = news {
                told.send_replace(Some(state));
            }
            true
        }));
        Self { app: app.clone(), state, task }
    }

    async fn file(app: &App, path: &Path) -> Self {
        let mut log = Self::open(app, LogOf::File { path: path.display().to_string() }).await;
        log.until(|state| state.whole && !state.live).await;
        log
    }

    async fn until(&mut self, is: impl Fn(&LogState) -> bool) -> LogState {
        let waiting = self.state.wait_for(|state| state.as_ref().is_some_and(&is));
        let told = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        told.expect("in time").expect("told").clone().expect("state")
    }

    async fn lines(&self, from: i64, count: u32) -> Vec<LogLine> {
        let request = ReadLog { stream: STREAM, from, count };
        handlers::read_log(&self.app, request).await.expect("page").lines
    }

    async fn filter(&self, filter: LogFilter) -> crate::api::LogView {
        let request = FilterLog { stream: STREAM, filter };
        handlers::filter_log(&self.app, request).await.expect("view")
    }

    async fn find(&self, number: i64, backwards: bool, here: bool) -> Option<crate::api::LogHit> {
        let request = FindInLog { stream: STREAM, number, backwards, here };
        handlers::find_in_log(&self.app, request).await.expect("found").found
    }

    async fn search(&self, text: &str, expression: bool, case: bool) -> Option<u64> {
        let query = Some(LogQuery { text: text.into(), expression, case });
        let searched = handlers::search_log(&self.app, SearchLog { stream: STREAM, query }).await;
        searched.expect("searched").matches.map(|matches| matches.lines)
    }
}

fn text(line: &LogLine) -> String {
    line.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(text).collect()
}

fn write(world: &World, name: &str, text: &str) -> std::path::PathBuf {
    let path = world.folder.path().join(name);
    std::fs::write(&path, text).expect("file");
    path
}

const SMALL: &str = "\
2026-11-23 16:24:47 +0000   30394 execution.flow     INFO     Executing node a. node run id: r1_a_0
2026-11-23 16:24:48 +0000   30394 execution          WARNING  a in line 0 has been running for 3 seconds, stacktrace of thread 1:
  File \"/tmp/promptflow-runtimes/flows/0abc/slow.py\", line 7, in wait
    time.sleep(9)
2026-11-23 16:24:49 +0000   30394 execution.flow     WARNING  task Task-36 has no start time, which should not happen
2026-11-23 16:24:50 +0000   30394 execution.flow     ERROR    Node a in line 0 failed. Exception: no.
Traceback (most recent call last):
  File \"/tmp/promptflow-runtimes/flows/0abc/slow.py\", line 9, in wait
ValueError: no such row
2026-11-23 16:24:51 +0000   30394 execution.flow     INFO     \u{1b}[32mdone\u{1b}[0m
";

#[tokio::test]
async fn a_file_is_filtered_folded_and_searched() {
    let world = World::new();
    let app = world.app().await;
    let path = write(&world, "small.log", SMALL);
    let mut log = Log::file(&app, &path).await;
    let state = log.until(|state| state.end == 10).await;
    // The noise is hidden and counted.
    assert_eq!((state.first, state.view.first, state.view.end, state.noise), (0, 0, 9, 1));
    let lines = log.lines(0, 100).await;
    assert_eq!(lines.len(), 9);
    assert_eq!(
        lines.iter().map(|line| line.number).collect::<Vec<_>>(),
        [0, 1, 2, 3, 5, 6, 7, 8, 9]
    );
    assert_eq!(lines[0].time.map(|time| time.to_string()).as_deref(), Some("2026-11-23T16:24:47Z"));
    assert_eq!(
        (lines[2].level, lines[2].node.as_deref(), lines[2].row),
        (LogLevel::Warning, Some("a"), Some(0))
    );
    assert_eq!(lines[2].run.as_deref(), Some("r1"));
    let place = lines[2].place.as_ref().expect("place");
    assert_eq!((place.file.as_str(), place.line), ("slow.py", 7));
    let fold =
        |line: &LogLine| line.fold.clone().map(|fold| (fold.lines, fold.folded, fold.summary));
    assert_eq!(fold(&lines[1]), Some((2, false, Some("slow.py, line 7".into()))));
    assert_eq!(fold(&lines[4]), Some((3, false, Some("ValueError: no such row".into()))));
    assert!(lines[8].pieces.iter().any(|piece| piece.text == "done" && piece.style.is_some()));

    let view = log.filter(LogFilter { folded: true, ..LogFilter::default() }).await;
    assert_eq!((view.end - view.first, view.revision), (4, 1));
    let request = FoldLog { stream: STREAM, number: 5, folded: false };
    let view = handlers::fold_log(&app, request).await.expect("view");
    assert_eq!((view.end, view.revision), (7, 2));
    let numbers: Vec<i64> = log.lines(0, 100).await.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [0, 1, 5, 6, 7, 8, 9]);
    // What a fold hides is found all the same, and opens it.
    assert_eq!(log.search("time.sleep", false, true).await, Some(1));
    let hit = log.find(0, false, true).await.expect("hit");
    assert_eq!(
        (hit.position.number, hit.position.index, hit.ordinal, hit.wrapped),
        (3, 3, 1, false)
    );
    assert_eq!(hit.position.view.end, 9);
    let found = &log.lines(3, 1).await[0];
    assert_eq!(found.pieces.iter().filter(|piece| piece.found).count(), 1);
    assert!(log.find(3, false, false).await.expect("round").wrapped);

    let errors = LogFilter { levels: vec![LogLevel::Error], ..LogFilter::default() };
    assert_eq!(log.filter(errors).await.end, 4);
    // A search is within what is shown.
    assert_eq!(log.search("done", false, true).await, Some(0));
    assert_eq!(log.find(0, false, true).await, None);
    let all = LogFilter { noise: true, ..LogFilter::default() };
    assert_eq!(log.filter(all).await.end, 10);
    assert_eq!(log.search("DONE|no such", true, false).await, Some(2));
    let only = |text: &str| LogFilter {
        text: Some(LogQuery { text: text.into(), expression: false, case: true }),
        folded: true,
        ..LogFilter::default()
    };
    assert_eq!(log.filter(only("slow.py")).await.end, 2);
    assert_eq!(
        log.filter(LogFilter { nodes: vec!["b".into()], ..LogFilter::default() }).await.end,
        0
    );
    let bad = Some(LogQuery { text: "(".into(), expression: true, case: true });
    let problem = handlers::search_log(&app, SearchLog { stream: STREAM, query: bad }).await;
    assert_eq!(problem.expect_err("refused").field.as_deref(), Some("text"));

    let times = handlers::log_node_times(&app, OfStream { stream: STREAM }).await.expect("times");
    assert_eq!((times.nodes[0].node.as_str(), times.nodes[0].failed), ("a", 1));
    assert_eq!(times.nodes[0].slow[0].at.as_ref().map(|at| at.file.as_str()), Some("slow.py"));
    assert_eq!(times.nodes[0].slow[0].line, 1);
    drop(log);
    settle().await;
    let gone = handlers::read_log(&app, ReadLog { stream: STREAM, from: 0, count: 1 }).await;
    assert_eq!(gone.expect_err("closed").code, ProblemCode::NotFound);
}

#[tokio::test]
async fn a_long_file_is_shown_from_its_end_and_joined() {
    let world = World::new();
    let app = world.app().await;
    let mut content = String::new();
    for index in 0..30_000 {
        let _ = match index % 10 {
            0 => writeln!(
                content,
                "2026-11-23 16:24:47 +0000   {} execution.flow     INFO     Executing node n{}. node run id: r{}_n{}_0",
                index % 97,
                index % 3,
                index % 50,
                index % 3
            ),
            1 => writeln!(content, "Traceback (most recent call last):"),
            9 => writeln!(content, "ValueError: {index}"),
            _ => writeln!(content, "  File \"/x/y.py\", line {index}, in f"),
        };
    }
    let path = write(&world, "long.log", &content);
    let log = Log::file(&app, &path).await;
    let request = LocateInLog { stream: STREAM, number: i64::MIN };
    let view = handlers::locate_in_log(&app, request).await.expect("view").view;
    assert_eq!(view.end - view.first, 30_000);
    assert!(view.first < -20_000, "{view:?}");
    let expected: Vec<&str> = content.lines().collect();
    let mut all = Vec::new();
    while all.len() < 30_000 {
        let page = log.lines(view.first + i64::try_from(all.len()).expect("few"), 1000).await;
        assert_eq!(page.len(), 1000);
        all.extend(page);
    }
    for (line, expected) in all.iter().zip(&expected) {
        assert_eq!(text(line), *expected);
    }
    // Also where the end was cut from the rest, each line belongs to its record.
    for (index, line) in all.iter().enumerate() {
        assert_eq!((line.in_fold, line.level), (index % 10 != 0, LogLevel::Info), "{index}");
        assert_eq!(line.node, Some(format!("n{}", (index - index % 10) % 3)), "{index}");
    }
    let view = log
        .filter(LogFilter { folded: true, nodes: vec!["n1".into()], ..LogFilter::default() })
        .await;
    assert_eq!(view.end - view.first, 1000);
    for index in (view.first..view.end).step_by(37) {
        let line = log.lines(index, 1).await.remove(0);
        assert_eq!((line.index, line.node.as_deref()), (index, Some("n1")));
        assert_eq!(line.fold.map(|fold| fold.lines), Some(9));
        let request = LocateInLog { stream: STREAM, number: line.number };
        assert_eq!(handlers::locate_in_log(&app, request).await.expect("place").index, index);
    }
    // Next and previous go through all matches, round at the ends.
    log.filter(LogFilter::default()).await;
    assert_eq!(log.search(r"ValueError: \d*9$", true, true).await, Some(3000));
    let mut number = view.first * 1000;
    for ordinal in 1..=100 {
        let hit = log.find(number, false, false).await.expect("hit");
        assert_eq!(hit.ordinal, ordinal);
        number = hit.position.number;
    }
    number = log.find(i64::MAX, true, true).await.expect("hit").position.number;
    let round = log.find(number, false, false).await.expect("hit");
    assert!(round.wrapped && round.ordinal == 1);
    let back = log.find(round.position.number, true, false).await.expect("hit");
    assert!(back.wrapped && back.ordinal == 3000 && back.position.number == number);
    let save = SaveOpenLog { stream: STREAM, filtered: false, times: false };
    let saved = handlers::save_open_log(&app, save).await.expect("saved");
    assert_eq!(std::fs::read_to_string(saved.path).expect("file"), content);
}

#[tokio::test]
async fn long_lines_are_read_in_parts_and_texts_copied() {
    let world = World::new();
    let app = world.app().await;
    let long = "ä".repeat(100_000);
    let path = write(&world, "wide.log", &format!("one\r\n{long}\nthree"));
    let log = Log::file(&app, &path).await;
    let lines = log.lines(0, 10).await;
    assert_eq!((texts(&lines[..1]), lines[1].cut), (vec!["one".into()], Some(200_000)));
    assert!(text(&lines[1]).len() < 20_000);
    let (mut from, mut whole) = (0, String::new());
    loop {
        let request = ReadLogLine { stream: STREAM, number: 1, from };
        let part = handlers::read_log_line(&app, request).await.expect("part");
        whole += &part.text;
        match part.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(whole, long);
    let request = ReadLogText { stream: STREAM, from: -5, end: 1, times: true };
    let copied = handlers::read_log_text(&app, request).await.expect("text");
    assert_eq!((copied.text.as_str(), copied.cut), ("one", true));
    let request = ReadLogText { stream: STREAM, from: 2, end: 99, times: true };
    assert_eq!(handlers::read_log_text(&app, request).await.expect("text").text, "three");
    let missing = OpenLog { of: LogOf::File { path: "/no/such/file.log".into() } };
    assert!(crate::open_log(&app, 8, missing).await.is_err());
}

#[tokio::test]
async fn a_runtime_that_starts_again_is_followed_on() {
    let world = World::new();
    let app = world.app().await;
    let row = create(&app, draft("eval")).await;
    let of = LogOf::Runtimes { runtimes: vec![row.id.clone()] };
    let mut log = Log::open(&app, of).await;
    let before = log.until(|state| state.whole && state.sources[0].following).await;
    let request = || OfRuntime { runtime: row.id.clone() };
    let stop = handlers::stop_runtime(&app, request()).await.expect("begins").operation;
    ended(&app, &stop).await;
    let stopped = log.until(|state| state.sources[0].ended.is_some()).await;
    assert!(stopped.live && !stopped.sources[0].following, "{stopped:?}");
    let start = handlers::start_runtime(&app, request()).await.expect("begins").operation;
    ended(&app, &start).await;
    let again = log.until(|state| state.sources[0].following).await;
    assert_eq!(again.sources[0].ended, None);
    assert!(again.end >= before.end, "{again:?}");
    let commands = handlers::log_commands(&app, OfStream { stream: STREAM }).await.expect("words");
    assert_eq!(
        commands.commands,
        ["docker --host unix:///twin/0.sock logs --timestamps --follow eval"]
    );
}
