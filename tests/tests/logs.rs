//! Logs of containers on real engines: long ones, broken ones, ones that end and begin again, several at once.

use std::time::{Duration, Instant};

use app::api::{
    FilterLog, FindInLog, LogFilter, LogOf, LogQuery, LogState, OfStream, ReadLogLine, SaveOpenLog,
    SearchLog,
};
use app::{App, handlers};
use domain::finding::Cause;
use domain::runtime::RuntimeId;
use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::engine_door::EngineDoor;
use real_parts::headless::{application, connected, refused};
use real_parts::images::small_runtime;
use real_parts::log_world::{OpenedLog, text, writes};
use real_parts::podman::PodmanEngine;

/// An engine by its client.
trait Client {
    fn run(&self, arguments: &[&str]) -> PartResult<String>;
}

impl Client for DockerEngine {
    fn run(&self, arguments: &[&str]) -> PartResult<String> {
        self.client(arguments)
    }
}

impl Client for PodmanEngine {
    fn run(&self, arguments: &[&str]) -> PartResult<String> {
        self.client(arguments)
    }
}

/// Makes a container that writes, and waits until the application has its row.
async fn container(
    app: &App,
    client: &dyn Client,
    name: &str,
    more: &[&str],
    script: &str,
) -> PartResult<RuntimeId> {
    let label = format!("io.promptflow-runtimes.runtime=id-{name}");
    client.run(&writes(name, &label, more, script))?;
    let end = Instant::now() + Duration::from_secs(20);
    while !app.runtimes().iter().any(|row| row.name.as_str() == name) {
        assert!(Instant::now() < end, "no row {name}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(RuntimeId(format!("id-{name}")))
}

fn of(ids: &[&RuntimeId]) -> LogOf {
    LogOf::Runtimes { runtimes: ids.iter().map(|id| (*id).clone()).collect() }
}

fn query(text: &str, expression: bool) -> LogQuery {
    LogQuery { text: text.into(), expression, case: true }
}

const LINES: i64 = 200_000;

/// 200,000 lines, every thousandth of them a warning with a stack, then one more each second.
const LONG: &str = r#"awk 'BEGIN { for (i = 0; i < 199001; i++) {
  if (i % 1000 == 999) { print "2026-11-23 16:24:48 +0000   " 100 + i % 7 " execution          WARNING  slow in line 0 has been running for 3 seconds, stacktrace of thread 1:"; print "  File \"/tmp/x/slow.py\", line 7, in slow"; print "    wait()"; print "    wait()"; print "    wait()"; print "    wait()" }
  else print "2026-11-23 16:24:48 +0000   " 100 + i % 7 " execution.flow     INFO     line " i } }'
i=0; while true; do sleep 0.3; echo "more $i"; i=$((i+1)); done"#;

/// 199,001 records, and the five lines that each of 199 warnings has besides.
async fn long(app: &App, client: &dyn Client, folder: &std::path::Path) -> PartResult<()> {
    let id = container(app, client, "long", &[], LONG).await?;
    // Everything but the last lines is written.
    // Podman's client refuses a line that is just being written.
    while !client.run(&["logs", "--tail", "1", "long"]).is_ok_and(|last| last.contains("more")) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("the end", |state| state.end >= 2000).await?;
    assert!(state.first == 0 || state.whole, "{state:?}");
    let state = log.until("the whole", |state| state.whole).await?;
    let before = LINES - 4;
    let all = log.texts().await?;
    let more = all.iter().position(|line| line == "more 0").expect("more");
    assert_eq!(
        i64::try_from(more).expect("few"),
        before,
        "lines before the first of those that come later"
    );
    assert_eq!(all[0], "2026-11-23 16:24:48 +0000   100 execution.flow     INFO     line 0");
    for (at, line) in all[more..].iter().enumerate() {
        assert_eq!(*line, format!("more {at}"));
    }
    assert_eq!(state.notes, [""; 0]);
    // It goes on, and the numbers stay.
    let first = log.lines(0, 1).await?;
    let grown = log.until("more", |now| now.end >= state.end + 2).await?;
    assert_eq!((grown.first, log.lines(0, 1).await?), (state.first, first));

    let filter = LogFilter { nodes: vec!["slow".into()], folded: true, ..LogFilter::default() };
    let request = FilterLog { stream: log.stream, filter };
    let view = handlers::filter_log(app, request).await.map_err(refused)?;
    assert_eq!(view.end - view.first, 199);
    let lines = log.lines(view.first, 2).await?;
    let fold = lines[0].fold.as_ref().expect("fold");
    assert_eq!((fold.lines, fold.folded, lines[0].row), (5, true, Some(0)));

    let all = FilterLog { stream: log.stream, filter: LogFilter::default() };
    handlers::filter_log(app, all).await.map_err(refused)?;
    let search = SearchLog { stream: log.stream, query: Some(query(r"line \d*77$", true)) };
    let found = handlers::search_log(app, search).await.map_err(refused)?;
    assert_eq!(found.matches.map(|matches| matches.lines), Some(1990));
    let find = FindInLog { stream: log.stream, number: state.first, backwards: false, here: true };
    let hit = handlers::find_in_log(app, find).await.map_err(refused)?.found.expect("hit");
    assert_eq!((hit.ordinal, hit.position.number), (1, state.first + 77));
    let shown = log.lines(hit.position.index, 1).await?;
    assert!(
        shown[0].pieces.iter().any(|piece| piece.found && piece.text == "line 77"),
        "{shown:?}"
    );

    let times = handlers::log_node_times(app, OfStream { stream: log.stream }).await;
    let times = times.map_err(refused)?;
    let slow = times.nodes.iter().find(|node| node.node == "slow").expect("node");
    assert_eq!(slow.slow.iter().map(|group| group.warnings).sum::<u64>(), 199);

    let save = SaveOpenLog { stream: log.stream, filtered: false, times: false };
    let saved = handlers::save_open_log(app, save).await.map_err(refused)?;
    let saved = std::fs::read_to_string(saved.path)?;
    assert!(i64::try_from(saved.lines().count()).expect("few") >= before);
    drop(log);
    // What was kept of it is gone, and nobody could see it.
    let kept = std::fs::read_dir(folder.join("data/open-logs")).map(Iterator::count);
    assert!(kept.is_err() || kept.is_ok_and(|files| files == 0));
    client.run(&["rm", "-f", "long"])?;
    Ok(())
}

/// Bytes that are no text, and escape sequences.
async fn broken(app: &App, client: &dyn Client) -> PartResult<()> {
    let script = r"printf 'bad \377\376 bytes\n\033[31mred\033[0m and \001\n'; sleep 600";
    let id = container(app, client, "broken", &[], script).await?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("all lines", |state| state.whole && state.end - state.first >= 2).await?;
    let lines = log.lines(state.view.first, 10).await?;
    assert_eq!(text(&lines[0]), "bad \u{fffd}\u{fffd} bytes");
    assert_eq!(text(&lines[1]), "red and \u{2401}");
    assert!(lines[1].pieces[0].style.is_some() && lines[1].pieces[0].text == "red");
    client.run(&["rm", "-f", "broken"])?;
    Ok(())
}

/// A line of ten megabytes, and one without an end.
async fn huge(app: &App, client: &dyn Client) -> PartResult<()> {
    let script = r"echo first
        head -c 10000000 /dev/zero | tr '\0' 'x'; echo; printf 'last without end'; sleep 600";
    let id = container(app, client, "huge", &[], script).await?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("all lines", |state| state.whole && state.end - state.first >= 2).await?;
    let lines = log.lines(state.view.first, 10).await?;
    assert_eq!(text(&lines[0]), "first");
    assert_eq!(lines[1].cut, Some(10_000_000), "{:?}", lines[1].cut);
    assert!(text(&lines[1]).len() < 100_000);
    let (mut from, mut length) = (0, 0);
    loop {
        let request = ReadLogLine { stream: log.stream, number: lines[1].number, from };
        let part = handlers::read_log_line(app, request).await.map_err(refused)?;
        assert!(part.text.bytes().all(|byte| byte == b'x'));
        length += part.text.len();
        match part.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(length, 10_000_000);
    client.run(&["rm", "-f", "huge"])?;
    Ok(())
}

/// It ends while it is followed, is started again, and is removed.
async fn restarted(app: &App, client: &dyn Client) -> PartResult<()> {
    let script = "echo begins; sleep 1; echo ends";
    let id = container(app, client, "again", &[], script).await?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    log.until("the end", |state| state.sources[0].ended.is_some()).await?;
    assert_eq!(log.texts().await?, ["begins", "ends"]);
    client.run(&["start", "again"])?;
    log.until("more", |state| state.end - state.first >= 4 && state.sources[0].ended.is_some())
        .await?;
    assert_eq!(log.texts().await?, ["begins", "ends", "begins", "ends"]);
    client.run(&["rm", "-f", "again"])?;
    let gone = log.until("that it is gone", |state| !state.live).await?;
    assert!(gone.sources[0].ended.as_ref().is_some_and(|ended| ended.contains("deleted")));
    assert_eq!(log.texts().await?.len(), 4);
    Ok(())
}

/// The engine throws the oldest lines away, before the log is opened and while it is followed.
async fn rotated(app: &App, client: &dyn Client) -> PartResult<()> {
    let script = r#"awk 'BEGIN { for (i = 0; i < 20000; i++) print i, "a line of the usual length of a log" }'
        while [ ! -e /tmp/on ]; do sleep 0.1; done
        awk 'BEGIN { for (i = 20000; i < 40000; i++) print i, "a line of the usual length of a log" }'
        i=40000; while true; do echo $i; i=$((i+1)); sleep 0.2; done"#;
    let more = ["--log-opt", "max-size=200k", "--log-opt", "max-file=2"];
    let id = container(app, client, "rotated", &more, script).await?;
    while !client.run(&["logs", "--tail", "1", "rotated"]).is_ok_and(|last| last.contains("19999"))
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("what is left", |state| state.whole).await?;
    let numbers = async |log: &OpenedLog| -> PartResult<Vec<u32>> {
        let texts = log.texts().await?;
        let number = |text: &String| text.split(' ').next().and_then(|first| first.parse().ok());
        Ok(texts.iter().map(|text| number(text).expect("a number")).collect())
    };
    let all = numbers(&log).await?;
    assert!(all[0] > 0 && all.windows(2).all(|pair| pair[1] == pair[0] + 1), "{}", all[0]);
    assert_eq!((all.last(), state.notes.len()), (Some(&19_999), 0));

    client.run(&["exec", "rotated", "touch", "/tmp/on"])?;
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let all = numbers(&log).await?;
        // What the engine threw away before it could be read is gone; what is there stands once, in order.
        let wrong = all.windows(2).position(|pair| pair[1] <= pair[0]);
        if let Some(at) = wrong {
            panic!("not in order: {:?} of {}", &all[at.saturating_sub(2)..at + 4], all.len());
        }
        if all.last().is_some_and(|last| *last >= 40_002) {
            break;
        }
        assert!(Instant::now() < end, "it does not go on: {:?}", all.last());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    client.run(&["rm", "-f", "rotated"])?;
    Ok(())
}

/// The connection breaks while everything is read, once and again each time.
async fn cut(app: &App, client: &dyn Client, door: &EngineDoor) -> PartResult<()> {
    let script = r#"awk 'BEGIN { for (i = 0; i < 60000; i++) print i, "a line of the usual length of a log" }'
        sleep 600"#;
    let id = container(app, client, "cut", &[], script).await?;
    while !client.run(&["logs", "--tail", "1", "cut"]).is_ok_and(|last| last.contains("59999")) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    door.cut_after(1_000_000);
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("the whole", |state| state.whole).await?;
    assert!(!door.is_to_cut());
    assert_eq!(state.notes, [""; 0]);
    let all = log.texts().await?;
    assert_eq!(all.len(), 60_000);
    assert!(all.iter().enumerate().all(|(at, line)| line.starts_with(&format!("{at} "))));
    drop(log);

    // Where it breaks off each time, that is said, and what was shown at first is still there.
    door.cut_each_after(1_000_000);
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let said = |state: &LogState| !state.notes.is_empty() || state.sources[0].problem.is_some();
    log.until("what happened", said).await?;
    door.cut_each_after(0);
    let last = log.texts().await?.pop().expect("a line");
    assert!(last.starts_with("59999 "), "{last}");
    client.run(&["rm", "-f", "cut"])?;
    Ok(())
}

/// More is written than the end of a log that is asked for holds, while the engine cannot be reached.
async fn away(app: &App, client: &dyn Client, door: &EngineDoor) -> PartResult<()> {
    let script = r#"awk 'BEGIN { for (i = 0; i < 1000; i++) print i, "a line" }'
        while [ ! -e /tmp/on ]; do sleep 0.1; done
        awk 'BEGIN { for (i = 1000; i < 9000; i++) print i, "a line" }'
        i=9000; while true; do sleep 0.2; echo $i a line; i=$((i+1)); done"#;
    let id = container(app, client, "away", &[], script).await?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    log.until("the beginning", |state| state.whole && state.end - state.first >= 1000).await?;
    door.shut();
    client.run(&["exec", "away", "touch", "/tmp/on"])?;
    let written = |last: String| last.split(' ').next().and_then(|last| last.parse().ok());
    while !client
        .run(&["logs", "--tail", "1", "away"])
        .is_ok_and(|last| written(last) > Some(9_000))
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    door.open();
    let state = log.until("what came meanwhile", |state| state.end - state.first >= 9_003).await?;
    assert_eq!(state.notes, [""; 0]);
    let all = log.texts().await?;
    let wrong = all.iter().enumerate().find(|(at, line)| **line != format!("{at} a line"));
    assert_eq!(wrong, None, "of {}", all.len());
    client.run(&["rm", "-f", "away"])?;
    Ok(())
}

/// Makes a container that has written the numbers up to 9,000.
async fn numbers(app: &App, client: &dyn Client, name: &str) -> PartResult<RuntimeId> {
    let script = r"awk 'BEGIN { for (i = 0; i < 9000; i++) print i }'; sleep 600";
    let id = container(app, client, name, &[], script).await?;
    while client.run(&["logs", "--tail", "1", name]).ok().as_deref() != Some("8999") {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(id)
}

/// Its log has them all, in order.
async fn has_numbers(log: &OpenedLog) -> PartResult<()> {
    let all = log.texts().await?;
    assert_eq!(all.len(), 9000);
    assert!(all.iter().enumerate().all(|(at, line)| *line == at.to_string()), "not in order");
    Ok(())
}

/// The engine takes its time for the first lines.
async fn late(app: &App, client: &dyn Client, door: &EngineDoor) -> PartResult<()> {
    let id = numbers(app, client, "late").await?;
    door.slow(Duration::from_millis(700));
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    door.slow(Duration::ZERO);
    let state = log.until("the whole", |state| state.whole).await?;
    assert_eq!(state.notes, [""; 0]);
    has_numbers(&log).await?;
    client.run(&["rm", "-f", "late"])?;
    Ok(())
}

/// The engine's clock jumps back by two hours and forward again while a container writes, as what the engine keeps
/// of it tells. Lines stay in the order in which they were written.
async fn clock_jumps(app: &App, client: &dyn Client) -> PartResult<()> {
    let id = numbers(app, client, "jumps").await?;
    let kept = client.run(&["inspect", "jumps", "--format", "{{if .LogPath}}{{.LogPath}}{{end}}"]);
    let kept = match kept {
        Ok(path) if !path.is_empty() => path,
        _ => client.run(&["inspect", "jumps", "--format", "{{.HostConfig.LogConfig.Path}}"])?,
    };
    let text = std::fs::read_to_string(&kept)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in &mut lines[3000..6000] {
        let at = line
            .find('T')
            .and_then(|at| line[..at].rfind(|c: char| !c.is_ascii_digit() && c != '-'));
        let begin = at.map_or(0, |at| at + 1);
        let time = &line[begin..begin + "2026-11-23T16:24:48".len()];
        let time: jiff::civil::DateTime = time.parse().expect("a time");
        let back = time.checked_sub(jiff::SignedDuration::from_hours(2)).expect("a time");
        let back = back.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        line.replace_range(begin..begin + back.len(), &back);
    }
    std::fs::write(&kept, lines.join("\n") + "\n")?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    log.until("the whole", |state| state.whole && state.end - state.first >= 9000).await?;
    has_numbers(&log).await?;
    client.run(&["rm", "-f", "jumps"])?;
    Ok(())
}

/// A driver that gives nothing back is said, with what to do.
async fn without_log(app: &App, client: &dyn Client) -> PartResult<()> {
    let id = container(app, client, "mute", &["--log-driver", "none"], "echo x; sleep 600").await?;
    let mut log = OpenedLog::open(app, of(&[&id])).await?;
    let state = log.until("the cause", |state| state.sources[0].problem.is_some()).await?;
    let problem = state.sources[0].problem.clone().expect("problem");
    let finding = problem.finding.expect("finding");
    assert_eq!(finding.cause, Cause::LogCannotBeRead);
    assert!(finding.sentence.contains("“none”"), "{finding:?}");
    assert!(finding.advice.iter().any(|advice| advice.contains("default")), "{finding:?}");
    client.run(&["rm", "-f", "mute"])?;
    Ok(())
}

/// Two containers, older lines and new ones, in the order of their times.
async fn merged(app: &App, client: &dyn Client) -> PartResult<()> {
    let script = |name: &str| {
        format!(
            "i=0; while [ $i -lt 3000 ]; do echo {name} $i; i=$((i+1)); done; sleep 1; \
             while true; do echo {name} later; sleep 0.2; done"
        )
    };
    let (one, two) = (script("one"), script("two"));
    let a = container(app, client, "one", &[], &one).await?;
    let b = container(app, client, "two", &[], &two).await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut log = OpenedLog::open(app, of(&[&a, &b])).await?;
    let whole = log.until("the whole", |state| state.whole).await?;
    let state = log.until("more", |state| state.end >= whole.end + 6).await?;
    let (mut from, mut seen) = (state.view.first, Vec::new());
    loop {
        let lines = log.lines(from, 1000).await?;
        let Some(last) = lines.last() else { break };
        from = last.index + 1;
        seen.extend(lines.into_iter().map(|line| (line.time, line.source, text(&line))));
    }
    // New lines wait for those of others for a moment only, which a busy engine may need for itself.
    let there = usize::try_from(whole.end - whole.first).expect("few");
    let wrong = seen[..there.min(6000)].windows(2).position(|pair| pair[0].0 > pair[1].0);
    if let Some(at) = wrong {
        panic!("not in order at {at} of {} ({state:?}): {:#?}", seen.len(), &seen[at..at + 2]);
    }
    for (source, name) in ["one", "two"].into_iter().enumerate() {
        let own: Vec<&str> = seen
            .iter()
            .filter(|(_, of, _)| *of as usize == source)
            .map(|(.., text)| text.as_str())
            .collect();
        for (number, line) in own.iter().take(3000).enumerate() {
            assert_eq!(*line, format!("{name} {number}"));
        }
        assert!(own.len() > 3000 && own[3000..].iter().all(|line| line.ends_with("later")));
    }
    let filter = LogFilter { sources: vec![1], ..LogFilter::default() };
    let request = FilterLog { stream: log.stream, filter };
    let view = handlers::filter_log(app, request).await.map_err(refused)?;
    assert!(log.lines(view.first, 100).await?.iter().all(|line| line.source == 1));
    client.run(&["rm", "-f", "one", "two"])?;
    Ok(())
}

/// What is the same on both engines.
async fn story(
    app: &App,
    client: &dyn Client,
    door: &EngineDoor,
    home: &std::path::Path,
) -> PartResult<()> {
    for (name, done) in [
        ("broken", broken(app, client).await),
        ("restarted", restarted(app, client).await),
        ("rotated", rotated(app, client).await),
        ("an engine that is slow", late(app, client, door).await),
        ("a clock that jumps", clock_jumps(app, client).await),
        ("a connection that breaks", cut(app, client, door).await),
        ("an engine that is away", away(app, client, door).await),
        ("without a log", without_log(app, client).await),
        ("long", long(app, client, home).await),
        ("merged", merged(app, client).await),
    ] {
        done.map_err(|error| real_parts::PartError::new(format!("{name}: {error}")))?;
    }
    Ok(())
}

async fn opened_on(socket: &std::path::Path, home: &std::path::Path) -> PartResult<App> {
    let app = application(socket, home, "registry.invalid/x/runtime").await?;
    connected(&app).await?;
    Ok(app)
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_on_docker() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    docker.load(&small_runtime("20240111.v2")?, "logs:test")?;
    let home = tempfile::tempdir()?;
    let door = EngineDoor::before(&docker.socket())?;
    let app = opened_on(&door.socket(), home.path()).await?;
    story(&app, &docker, &door, home.path()).await?;
    huge(&app, &docker).await
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_on_podman() -> PartResult<()> {
    let podman = PodmanEngine::start()?;
    podman.load(&small_runtime("20240111.v2")?, "logs:test")?;
    let home = tempfile::tempdir()?;
    let door = EngineDoor::before(&podman.socket())?;
    let app = opened_on(&door.socket(), home.path()).await?;
    story(&app, &podman, &door, home.path()).await
}
