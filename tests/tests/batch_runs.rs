//! Batch runs of the application on real runtimes: every row once, whoever is killed in the middle.
//!
//! The flow's code writes down each row that it begins, so what ran is known without asking the application.
#![cfg(feature = "app")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use app::api::{BatchDraft, ListBatches, OfBatch, OfDraft, OfFlowRun, OpenFlow, StartFlowRun};
use app::{App, handlers};
use domain::batch::{
    Batch, BatchId, BatchSettings, BatchState, LaneState, Mapping, RowQuery, RowState,
};
use domain::runtime::{RuntimeId, Status};
use history::History;
use real_parts::docker::DockerEngine;
use real_parts::headless::{
    application, compute, connected, ended, plain, refused, runtime, version,
};
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::{PartError, PartResult};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);
/// The row with this number fails.
const FAILS: u32 = 13;

const FLOW: &str = "
inputs:
  number: {type: int}
  pause: {type: double, default: 0}
outputs:
  double: {type: int, reference: '${work.output}'}
nodes:
- name: work
  type: python
  source: {type: code, path: work.py}
  inputs: {number: '${inputs.number}', pause: '${inputs.pause}'}
- name: sum
  type: python
  source: {type: code, path: sum.py}
  aggregation: true
  inputs: {doubles: '${work.output}', numbers: '${inputs.number}'}
";

const WORK: &str = "
import time
from promptflow.core import tool


@tool
def work(number: int, pause: float) -> int:
    with open('/tmp/seen', 'a') as seen:
        seen.write(f'{number}\\n')
    time.sleep(pause)
    if number == 13:
        raise ValueError('thirteen is not wanted')
    return number * 2
";

const SUM: &str = "
from typing import List
from promptflow.core import log_metric, tool


@tool
def sum(doubles: List[int], numbers: List[int]) -> int:
    log_metric('rows', len(doubles))
    log_metric('right', len([1 for a, b in zip(doubles, numbers) if a == 2 * b]))
    return len(doubles)
";

/// The application with runtimes that serve, a flow, and a folder for files of rows.
struct World {
    app: App,
    docker: DockerEngine,
    repository: String,
    runtimes: Vec<RuntimeId>,
    draft: BatchDraft,
    _registry: RegistryServer,
    home: TempDir,
}

async fn world(names: &[&str]) -> PartResult<World> {
    let docker = DockerEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let home = tempfile::tempdir()?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&docker.socket(), home.path(), &repository).await?;
    connected(&app).await?;
    let mut runtimes = Vec::new();
    for name in names {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let draft = plain(name, version(VERSIONS[2]), port);
        let create = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
        ended(&app, &create.map_err(refused)?.operation).await?;
        runtimes.push(runtime(&app, name, Status::Available).await?.id);
    }
    let folder = home.path().join("double");
    std::fs::create_dir(&folder)?;
    for (name, text) in [("flow.dag.yaml", FLOW), ("work.py", WORK), ("sum.py", SUM)] {
        std::fs::write(folder.join(name), text)?;
    }
    let open = OpenFlow { path: folder.display().to_string() };
    let flow = handlers::open_flow(&app, open).await.map_err(refused)?.flow;
    let mapping = ["number", "pause"].map(|name| (name.to_owned(), format!("${{data.{name}}}")));
    let draft = BatchDraft {
        flow,
        name: String::new(),
        runtimes: runtimes.clone(),
        file: String::new(),
        mapping: Mapping::from(mapping),
        other: None,
        variants: BTreeMap::new(),
        connections: vec![],
        init: BTreeMap::new(),
        settings: BatchSettings { workers: 4, retries: 0, stop_after: None, row_limit: None },
    };
    Ok(World { app, docker, repository, runtimes, draft, _registry: registry, home })
}

impl World {
    /// A draft for so many rows from this number on, each with this pause in seconds.
    fn rows(&self, from: u32, rows: u32, pause: f64) -> PartResult<BatchDraft> {
        let mut text = String::new();
        for number in from..from + rows {
            let _ = writeln!(text, "{{\"number\": {number}, \"pause\": {pause}}}");
        }
        let file = self.home.path().join(format!("rows-{from}-{rows}.jsonl"));
        std::fs::write(&file, text)?;
        Ok(BatchDraft { file: file.display().to_string(), ..self.draft.clone() })
    }

    async fn begin(&self, draft: BatchDraft) -> PartResult<BatchId> {
        Ok(handlers::start_batch(&self.app, draft).await.map_err(refused)?.batch)
    }

    async fn batch(&self, id: &BatchId) -> PartResult<Batch> {
        Ok(handlers::batch(&self.app, OfBatch { batch: id.clone() }).await.map_err(refused)?.batch)
    }

    async fn until(
        &self,
        id: &BatchId,
        what: &str,
        as_asked: impl Fn(&Batch) -> bool,
    ) -> PartResult<Batch> {
        let end = Instant::now() + LIMIT;
        loop {
            let batch = self.batch(id).await?;
            if as_asked(&batch) {
                return Ok(batch);
            }
            if Instant::now() > end {
                return Err(PartError::new(format!("{what} did not happen: {batch:#?}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn rest(&self, id: &BatchId) -> PartResult<Batch> {
        self.until(id, "the end", |batch| !batch.state.is_active()).await
    }

    /// How often the flow's code began with each number, on all runtimes.
    fn seen(&self) -> BTreeMap<u32, u32> {
        let mut seen = BTreeMap::new();
        for row in self.app.runtimes() {
            let told = self.docker.client(&["exec", row.name.as_str(), "cat", "/tmp/seen"]);
            for number in
                told.unwrap_or_default().lines().filter_map(|line| line.trim().parse().ok())
            {
                *seen.entry(number).or_default() += 1;
            }
        }
        seen
    }

    /// That every row from this number on has its result, and that none ran again after its result was kept:
    /// `kept` is what had one when something was taken away, each time.
    async fn each_has_run(
        &self,
        id: &BatchId,
        from: u32,
        rows: u32,
        kept: &[&history::EndedRows],
    ) -> PartResult<()> {
        let history = open(&self.home)?;
        let ended =
            history.ended_batch_rows(id).await.map_err(|e| PartError::new(e.to_string()))?;
        assert_eq!(ended.rows.number(), rows, "a row was lost");
        let seen = self.seen();
        for row in 0..rows {
            let times = seen.get(&(from + row)).copied().unwrap_or(0);
            let most = 1 + kept.iter().filter(|kept| !kept.rows.has(row)).count();
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            assert!((1..=most).contains(&times), "row {row} began {times} times: {seen:?}");
        }
        Ok(())
    }
}

/// The history in this folder, beside whoever has it open.
fn open(home: &TempDir) -> PartResult<History> {
    let (history, _) =
        History::open(home.path()).map_err(|error| PartError::new(error.to_string()))?;
    Ok(history)
}

async fn kept(home: &TempDir, id: &BatchId) -> PartResult<history::EndedRows> {
    open(home)?.ended_batch_rows(id).await.map_err(|error| PartError::new(error.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_run_on_a_real_service_and_are_measured_together() -> PartResult<()> {
    let world = world(&["one"]).await?;
    let mut draft = world.rows(0, 60, 0.0)?;
    draft.settings.workers = 8;
    let id = world.begin(draft).await?;
    let done = world.rest(&id).await?;
    assert_eq!(done.state, BatchState::Completed, "{done:#?}");
    assert_eq!((done.completed, done.failed, done.rows), (59, 1, Some(60)));
    let metrics: Vec<_> =
        done.metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
    assert_eq!(metrics, [("right", 59.0), ("rows", 59.0)]);
    world.each_has_run(&id, 0, 60, &[]).await?;
    let history = open(&world.home)?;
    let query = RowQuery { state: Some(RowState::Failed), limit: 9, ..RowQuery::default() };
    let page = history.batch_rows(&id, &query).await.map_err(|e| PartError::new(e.to_string()))?;
    let failed = &page.rows[0];
    assert_eq!((failed.row, failed.runtime.as_str()), (FAILS, "one"));
    let why = failed.problem.as_ref().map(|problem| problem.sentence.as_str());
    let expected =
        "The node \"work\" failed in work.py, line 12: thirteen is not wanted. (ValueError)";
    assert_eq!(why, Some(expected));

    // A row that takes longer than it may fails with that as its reason, and the others go on.
    let mut draft = world.rows(100, 3, 0.1)?;
    std::fs::write(
        &draft.file,
        "{\"number\": 100}\n{\"number\": 101, \"pause\": 40}\n{\"number\": 102}\n",
    )?;
    draft.settings.row_limit = Some(3);
    let id = world.begin(draft).await?;
    let done = world.rest(&id).await?;
    assert_eq!((done.state, done.completed, done.failed), (BatchState::Completed, 2, 1));
    let page = history.batch_rows(&id, &query).await.map_err(|e| PartError::new(e.to_string()))?;
    let why = page.rows[0].problem.as_ref().map(|problem| problem.sentence.clone());
    assert!(why.as_ref().is_some_and(|why| why.contains("3 s")), "{why:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_slow_rows_and_the_next_batch_run_begins() -> PartResult<()> {
    let world = world(&["one"]).await?;
    let id = world.begin(world.rows(0, 8, 300.0)?).await?;
    world.until(&id, "running rows", |batch| batch.running == 4).await?;
    let end = Instant::now() + LIMIT;
    while world.seen().len() < 4 {
        assert!(Instant::now() < end, "the rows did not begin");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let began = Instant::now();
    handlers::cancel_batch(&world.app, OfBatch { batch: id.clone() }).await.map_err(refused)?;
    let cancelled = world.rest(&id).await?;
    assert_eq!((cancelled.state, cancelled.completed), (BatchState::Cancelled, 0));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // Rows that were ended have no result, and the service is free.
    assert_eq!(kept(&world.home, &id).await?.rows.number(), 0);
    let next = world.begin(world.rows(100, 4, 0.0)?).await?;
    let done = world.rest(&next).await?;
    assert_eq!((done.state, done.completed), (BatchState::Completed, 4), "{done:#?}");
    assert!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_container_and_a_killed_engine_lose_no_row() -> PartResult<()> {
    let mut world = world(&["one"]).await?;
    let id = world.begin(world.rows(200, 60, 0.3)?).await?;
    world.until(&id, "some rows", |batch| batch.completed >= 10).await?;
    let before = kept(&world.home, &id).await?;
    world.docker.client(&["kill", "-s", "KILL", "one"])?;
    world.until(&id, "the loss", |batch| batch.lanes[0].state == LaneState::Lost).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    // A kill by hand is no crash to the engine: it starts it only when asked.
    world.docker.client(&["start", "one"])?;
    world.until(&id, "more rows", |batch| batch.completed >= 25).await?;
    let again = kept(&world.home, &id).await?;
    world.docker.kill()?;
    world.docker.start_again()?;
    // Whether an engine that crashed starts a container again that was killed by hand before is its own.
    world.docker.client(&["start", "one"])?;
    let done = world.rest(&id).await?;
    assert_eq!((done.state, done.completed), (BatchState::Completed, 60), "{done:#?}");
    assert!(before.rows.number() >= 10 && again.rows.number() >= 25);
    world.each_has_run(&id, 200, 60, &[&before, &again]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runtimes_share_the_rows_and_one_that_is_killed_loses_none() -> PartResult<()> {
    let world = world(&["one", "two"]).await?;
    assert_eq!(world.runtimes.len(), 2);
    let id = world.begin(world.rows(200, 60, 0.3)?).await?;
    world
        .until(&id, "rows on both", |batch| batch.lanes.iter().all(|lane| lane.ended >= 4))
        .await?;
    let before = kept(&world.home, &id).await?;
    world.docker.client(&["kill", "-s", "KILL", "two"])?;
    let done = world.rest(&id).await?;
    assert_eq!((done.state, done.completed), (BatchState::Completed, 60), "{done:#?}");
    assert!(done.lanes[0].ended > done.lanes[1].ended, "{:#?}", done.lanes);
    world.docker.client(&["start", "two"])?;
    world.each_has_run(&id, 200, 60, &[&before]).await?;
    Ok(())
}

const GREET: &str = "
inputs:
  text: {type: string}
outputs:
  answer: {type: string, reference: '${greet.output}'}
environment_variables:
  GREETING_TOKEN: planted-greeting-4471
nodes:
- name: greet
  type: python
  source: {type: code, path: greet.py}
  inputs: {text: '${inputs.text}'}
";

const GREET_CODE: &str = "
import os
from words import WORD
from promptflow.core import tool


@tool
def greet(text: str) -> str:
    return f\"{WORD} {text} {os.environ.get('GREETING_TOKEN')}\"
";

/// What one run of a flow gives.
async fn run_once(world: &World, flow: &domain::flow::FlowId) -> PartResult<String> {
    let request = StartFlowRun {
        flow: flow.clone(),
        runtime: world.runtimes[0].clone(),
        inputs: [("text".to_owned(), "Ann".to_owned())].into(),
        init: BTreeMap::new(),
        variants: BTreeMap::new(),
        connections: vec![],
        node: None,
        from_node: None,
        from: None,
        limit: None,
    };
    let run = handlers::start_flow_run(&world.app, request).await.map_err(refused)?.run;
    let end = Instant::now() + LIMIT;
    loop {
        let of = OfFlowRun { run: run.clone() };
        let detail = handlers::flow_run(&world.app, of).await.map_err(refused)?;
        if let Some(output) = detail.output.filter(|_| detail.run.state.is_final()) {
            return Ok(output.text);
        }
        assert!(Instant::now() < end, "the run does not end: {:#?}", detail.run);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_batch_run_stays_in_its_service() -> PartResult<()> {
    let world = world(&["one"]).await?;
    let folder = world.home.path().join("greet");
    std::fs::create_dir(&folder)?;
    for (name, text) in
        [("flow.dag.yaml", GREET), ("greet.py", GREET_CODE), ("words.py", "WORD = 'Hello'\n")]
    {
        std::fs::write(folder.join(name), text)?;
    }
    let open = OpenFlow { path: folder.display().to_string() };
    let flow = handlers::open_flow(&world.app, open).await.map_err(refused)?.flow;
    let file = world.home.path().join("greet.jsonl");
    std::fs::write(&file, "{\"text\": \"Bob\"}\n")?;
    let draft = BatchDraft {
        flow: flow.clone(),
        file: file.display().to_string(),
        mapping: Mapping::from([("text".into(), "${data.text}".into())]),
        ..world.draft.clone()
    };
    let id = world.begin(draft.clone()).await?;
    assert_eq!(world.rest(&id).await?.completed, 1);
    // The end of the batch at its service goes on for a moment.
    let next = world.begin(draft).await?;
    assert_eq!(world.rest(&next).await?.completed, 1);
    let end = Instant::now() + LIMIT;
    while !world.docker.client(&["exec", "one", "ls", "/tmp/promptflow-runtimes/runs"])?.is_empty()
    {
        assert!(Instant::now() < end, "a batch left its folder");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    // A module that was edited is the new one, and a variable of the batch is not there any more.
    std::fs::write(folder.join("words.py"), "WORD = 'Goodbye'\n")?;
    std::fs::write(
        folder.join("flow.dag.yaml"),
        GREET.replace("environment_variables:\n  GREETING_TOKEN: planted-greeting-4471\n", ""),
    )?;
    let answer = run_once(&world, &flow).await?;
    assert!(answer.contains("Goodbye Ann None"), "{answer}");
    Ok(())
}

/// The application in a process of its own, with this batch run to lead.
fn worker(world: &World, argument: &str) -> PartResult<Child> {
    Ok(Command::new(env!("CARGO_BIN_EXE_worker"))
        .args([world.docker.socket().as_path(), world.home.path()])
        .args([&world.repository, "batch", argument, "never"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_killed_goes_on_at_its_next_start() -> PartResult<()> {
    let world = world(&["one"]).await?;
    let draft = world.rows(200, 60, 0.3)?;
    let argument =
        serde_json::to_string(&draft).map_err(|error| PartError::new(error.to_string()))?;
    let mut first = worker(&world, &argument)?;
    let history = open(&world.home)?;
    let end = Instant::now() + LIMIT;
    let id = loop {
        let list = ListBatches { flow: None, text: String::new() };
        let all = handlers::list_batches(&world.app, list).await.map_err(refused)?.batches;
        if let Some(batch) = all.first()
            && kept(&world.home, &batch.id).await?.rows.number() >= 12
        {
            break batch.id.clone();
        }
        assert!(Instant::now() < end, "it did not begin");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    first.kill()?;
    first.wait()?;
    let before = kept(&world.home, &id).await?;
    assert!(before.rows.number() < 60, "it was too late");
    let mut second = worker(&world, "{}")?;
    let end = Instant::now() + LIMIT;
    loop {
        let kept = history.batch(&id).await.map_err(|error| PartError::new(error.to_string()))?;
        let batch = kept.ok_or_else(|| PartError::new("It is not kept."))?.batch;
        if batch.state == BatchState::Completed {
            assert_eq!((batch.completed, batch.failed), (60, 0));
            break;
        }
        assert!(Instant::now() < end, "it does not go on: {batch:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(second.wait()?.success());
    world.each_has_run(&id, 200, 60, &[&before]).await
}
