//! Logs: how soon the end of a long one is seen and all of it can be searched, beside the engine's own hand-over;
//! a log that grows quickly; and the speed of the parts that go through all lines.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{LogOf, LogQuery, SearchLog};
use app::{App, handlers};
use domain::log::Analysis;
use domain::runtime::RuntimeId;
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, connected, refused};
use real_parts::images::small_runtime;
use real_parts::log_world::{OpenedLog, writes};
use real_parts::{PartError, PartResult};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::figures::{Chapter, Figure, median, spread};
use crate::frames::{Frames, Shown};
use crate::memory::with_memory;

/// The end of a long log, in ms; all of it against the engine's own hand-over; memory beyond before, in MB.
const END: f64 = 150.0;
const SLOWER: f64 = 1.1;
const EXTRA_MEMORY: f64 = 150.0;
/// Plain search of a million lines, in ms; time to go through a gigabyte for nodes' times, in ms: 500 MB/s.
const SEARCH: f64 = 200.0;
const ANALYSIS: f64 = 2_000.0;
/// The longest time between two frames of the window while a log grows quickly, in ms.
const FRAME: f64 = 100.0;
/// Lines a second that a quick container writes.
const QUICK: usize = 50_000;

/// So many lines of 98 bytes, as the service writes them, then nothing more.
fn script(lines: usize) -> String {
    format!(
        "awk 'BEGIN {{ for (i = 0; i < {lines}; i++) printf \"2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     line %08d is one of the usual\\n\", i }}'; sleep 100000"
    )
}

/// The same, so many a second, once the file `/tmp/go` is there.
fn quick_script(seconds: usize) -> String {
    let together = QUICK / 10;
    format!(
        "echo ready; until [ -e /tmp/go ]; do usleep 100000; done; n=0; while [ $n -lt {} ]; do n=$((n+1)); awk -v n=$n 'BEGIN {{ for (i = 0; i < {together}; i++) print \"quick line\", n * {together} + i }}'; usleep 80000; done; echo over; sleep 100000",
        seconds * 10
    )
}

struct Scene {
    app: App,
    docker: DockerEngine,
    home: tempfile::TempDir,
}

async fn scene() -> PartResult<Scene> {
    let docker = DockerEngine::start()?;
    docker.load(&small_runtime("20240111.v2")?, "logs:test")?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x/runtime").await?;
    connected(&app).await?;
    Ok(Scene { app, docker, home })
}

impl Scene {
    async fn container(&self, name: &str, script: &str) -> PartResult<LogOf> {
        let label = format!("io.promptflow-runtimes.runtime=id-{name}");
        self.docker.client(&writes(name, &label, &[], script))?;
        while !self.app.runtimes().iter().any(|row| row.name.as_str() == name) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(LogOf::Runtimes { runtimes: vec![RuntimeId(format!("id-{name}"))] })
    }

    /// The engine hands all lines over and nothing is done with them; milliseconds.
    async fn bare(&self, name: &str) -> PartResult<f64> {
        let began = Instant::now();
        let mut stream = UnixStream::connect(self.docker.socket()).await?;
        let request = format!(
            "GET /containers/{name}/logs?stdout=1&stderr=1&timestamps=1&tail=all HTTP/1.0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = vec![0; 256 * 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(began.elapsed().as_secs_f64() * 1_000.0)
    }

    /// Until the end is seen, and until all lines can be searched; milliseconds, and memory in MB.
    async fn ours(&self, of: LogOf, lines: usize) -> PartResult<(f64, f64, f64)> {
        let began = Instant::now();
        let opening = async {
            let mut log = OpenedLog::open(&self.app, of).await?;
            log.until("the end", |state| state.end > 0).await?;
            log.lines(0, 100).await?;
            let end = began.elapsed().as_secs_f64() * 1_000.0;
            let state = log.until("the whole", |state| state.whole).await?;
            let whole = began.elapsed().as_secs_f64() * 1_000.0;
            if u64::try_from(state.end - state.first).ok() != Some(lines as u64) {
                return Err(PartError::new(format!("{} lines", state.end - state.first)));
            }
            Ok((end, whole))
        };
        let (times, memory) = with_memory(opening).await;
        let (end, whole) = times?;
        Ok((end, whole, memory as f64 / 1e6))
    }

    /// Lets a quick container write.
    fn go(&self, name: &str) -> PartResult<()> {
        self.docker.client(&["exec", name, "touch", "/tmp/go"]).map(drop)
    }

    /// Frames of a window that shows a log: at rest, and while it grows quickly.
    async fn frames(&self, seconds: usize) -> PartResult<(Frames, Frames)> {
        self.container("shown", &quick_script(seconds)).await?;
        let shown = Shown::open(&self.docker, "shown").await?;
        let time = Duration::from_secs(seconds as u64);
        let rest = shown.during(time.min(Duration::from_secs(10))).await?;
        self.go("shown")?;
        let busy = shown.during(time).await?;
        // All of it came, and the end of it is what is seen.
        shown.shows("over").await?;
        self.docker.client(&["rm", "-f", "shown"])?;
        Ok((rest, busy))
    }

    /// Lines that are missing of a container that writes quickly.
    async fn lost(&self, seconds: usize) -> PartResult<f64> {
        let of = self.container("quick", &quick_script(seconds)).await?;
        let mut log = OpenedLog::open(&self.app, of).await?;
        self.go("quick")?;
        let expected = i64::try_from(seconds * QUICK + 2).unwrap_or(i64::MAX);
        let all =
            log.until("all lines", |state| state.whole && state.end - state.first >= expected);
        let told = tokio::time::timeout(Duration::from_secs(seconds as u64 * 3 + 60), all).await;
        let lost = match told {
            Ok(state) => {
                let state = state?;
                (expected - (state.end - state.first)).abs() as f64
            }
            Err(_) => return Err(PartError::new("Lines of the quick container are missing.")),
        };
        self.docker.client(&["rm", "-f", "quick"])?;
        Ok(lost)
    }
}

/// Milliseconds of a plain search of a file of so many lines, with few hits.
async fn search(app: &App, folder: &Path, lines: usize, rounds: usize) -> PartResult<Vec<f64>> {
    let path = folder.join("large.log");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for line in 0..lines {
        writeln!(
            file,
            "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     line {line:08} is one of the usual"
        )?;
    }
    file.flush()?;
    drop(file);
    let of = LogOf::File { path: path.display().to_string() };
    let mut log = OpenedLog::open(app, of).await?;
    log.until("the whole", |state| state.whole && !state.live).await?;
    let mut took = Vec::new();
    for round in 0..rounds {
        let query =
            LogQuery { text: format!("line {round:05}777 "), expression: false, case: true };
        let request = SearchLog { stream: log.stream, query: Some(query) };
        let began = Instant::now();
        let found = handlers::search_log(app, request).await.map_err(refused)?;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        if found.matches.is_none_or(|matches| matches.lines != 1) {
            return Err(PartError::new(format!("{:?}", found.matches)));
        }
    }
    Ok(took)
}

/// Milliseconds for a gigabyte of a log, on one core.
fn analysis(rounds: usize) -> Vec<f64> {
    let mut text = String::new();
    let mut line = 0;
    while text.len() < 64 * 1024 * 1024 {
        line += 1;
        let told = match line % 1000 {
            0 => format!("Executing node work. node run id: r{line}_work_0"),
            1 => "Node work completes.".to_owned(),
            _ => format!("line {line:08} is one of the usual"),
        };
        let _ =
            writeln!(text, "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     {told}");
    }
    (0..rounds)
        .map(|_| {
            let began = Instant::now();
            let mut analysis = Analysis::default();
            analysis.text(text.as_bytes(), 0);
            assert_eq!(analysis.finish(|frame| frame).nodes.len(), 1);
            began.elapsed().as_secs_f64() * 1e12 / text.len() as f64
        })
        .collect()
}

pub async fn measure(rounds: usize, lines: usize, seconds: usize) -> PartResult<Chapter> {
    let scene = scene().await?;
    let of = scene.container("long", &script(lines)).await?;
    let last = format!("line {:08}", lines - 1);
    while !scene.docker.client(&["logs", "--tail", "1", "long"])?.contains(&last) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Everything is warm.
    scene.bare("long").await?;
    let (mut bare, mut end, mut whole, mut memory) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        bare.push(scene.bare("long").await?);
        let (to_end, to_whole, extra) = scene.ours(of.clone(), lines).await?;
        end.push(to_end);
        whole.push(to_whole);
        memory.push(extra);
    }
    let peers = crate::peers::of_log(&scene.docker.socket(), &last)?;
    let lost = scene.lost(seconds).await?;
    let search = search(&scene.app, scene.home.path(), 2 * lines, rounds.max(3)).await?;
    let analysis = analysis(rounds.max(3));
    Ok(Chapter {
        title: "Logs",
        how: format!(
            "The log of a container of {lines} lines of about 98 bytes, in turns: handed over by the engine with nothing done to it, and opened by us until its last lines could be read, and until all of it could be. Then a container that writes about {QUICK} lines a second for {seconds} s while its log is open; other programs that show logs, as far as this machine has them, with the first log from their start on; a plain search of {} lines; and 64 MB gone through for nodes' times on one core.",
            2 * lines
        ),
        figures: [
            Figure::told("the end can be read", median(&end), "ms", spread(&end)).at_most(END),
            Figure::told("the engine's own hand-over", median(&bare), "ms", spread(&bare)),
            Figure::told("all can be searched", median(&whole), "ms", spread(&whole)),
            Figure::told(
                "all can be searched, as a multiple of the hand-over",
                median(&whole) / median(&bare),
                "",
                "ratio of the medians".into(),
            )
            .at_most(SLOWER),
            Figure::told("memory beyond before", median(&memory), "MB", spread(&memory))
                .at_most(EXTRA_MEMORY),
        ]
        .into_iter()
        .chain(peers)
        .chain([
            Figure::told("lines lost of a quick container", lost, "", "one measurement".into())
                .at_most(0.0),
            Figure::told("plain search", median(&search), "ms", spread(&search)).at_most(SEARCH),
            Figure::told("nodes' times of a gigabyte", median(&analysis), "ms", spread(&analysis))
                .at_most(ANALYSIS),
        ])
        .collect(),
    })
}

/// Frames of a window that shows a log.
pub async fn frames(seconds: usize) -> PartResult<Chapter> {
    let (rest, busy) = scene().await?.frames(seconds).await?;
    Ok(Chapter {
        title: "Frames",
        how: format!(
            "A window that shows the log of a container: at rest, and while the container writes about {QUICK} lines a second for {seconds} s."
        ),
        figures: vec![
            Figure::told(
                "longest time between two frames at rest",
                rest.longest,
                "ms",
                rest.from(),
            ),
            Figure::told("the same while the log grows quickly", busy.longest, "ms", busy.from())
                .at_most(FRAME),
        ],
    })
}
