//! Batch runs of files of rows on a real service: what the service does with many rows at once, and after
//! whoever asked is gone; and that results that were kept are enough to go on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::batch::{
    Aggregation, Batch, BatchId, BatchRow, BatchSettings, BatchState, DataFormat, DataRow, Lane,
    LaneState, Mapping, RowQuery, RowState, inputs_of_row, metrics, propose,
};
use domain::finding::{Problem, ProblemCode};
use domain::flow::{FlowId, FlowInput, FlowRunState, ValueKind, explain, outcome};
use domain::label::ProcessMark;
use domain::runtime::RuntimeId;
use executor::client::ExecutorClient;
use executor::{BatchRequest, Executor, Line, Place, Runs, Sealed};
use flows::DataFile;
use futures_util::{StreamExt, stream};
use history::{History, RowToKeep};
use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use serde_json::{Map, Value, json};

/// How long the service may take to begin or end a batch.
const LIMIT: Duration = Duration::from_secs(60);
const WORKERS: u32 = 8;
/// Rows of the file; the one with this number fails, and that with the other is no number.
const ROWS: u32 = 50;
const FAILS: u32 = 13;
const NO_NUMBER: u32 = 20;

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

/// A real service with the flow in it.
struct Service {
    docker: DockerEngine,
    client: ExecutorClient,
    base: String,
}

impl Service {
    async fn start() -> PartResult<Self> {
        let docker = DockerEngine::start()?;
        let registry = RuntimeImages::ready()?.registry()?;
        let image = format!("{}/{REPOSITORY}:{}", registry.address(), VERSIONS[2]);
        docker.client(&["pull", "-q", &image])?;
        docker.client(&[
            "run",
            "-d",
            "--init",
            "--name",
            "service",
            "-p",
            "127.0.0.1:0:8080",
            &image,
        ])?;
        let published = docker.client(&["port", "service", "8080"])?;
        let base = format!("http://{}", published.lines().next().unwrap_or_default());
        let folder = tempfile::tempdir()?;
        for (name, text) in [("flow.dag.yaml", FLOW), ("work.py", WORK), ("sum.py", SUM)] {
            std::fs::write(folder.path().join(name), text)?;
        }
        docker.client(&["exec", "service", "mkdir", "-p", "/tmp/flow", "/tmp/out"])?;
        docker.client(&["cp", &format!("{}/.", folder.path().display()), "service:/tmp/flow"])?;
        let client = ExecutorClient::new().expect("client");
        let until = Instant::now() + LIMIT;
        while client.health(&base, "/health", Duration::from_secs(5)).await.is_err() {
            assert!(Instant::now() < until, "the service does not answer");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Self { docker, client, base })
    }

    fn runs(&self) -> &dyn Runs {
        self.client.runs()
    }

    /// Begins a batch; `true` = there are nodes that run over all rows.
    async fn begin(&self) -> bool {
        let request = BatchRequest {
            place: Place {
                folder: "/tmp/flow".into(),
                file: "flow.dag.yaml".into(),
                output: "/tmp/out".into(),
                log: "/tmp/out.log".into(),
            },
            connections: Sealed::new(json!({})),
            variables: vec![],
            workers: Some(WORKERS),
            line_limit: None,
            init: Map::new(),
        };
        let begun = self.runs().begin_batch(&self.base, &request, LIMIT).await.expect("begun");
        begun["has_aggregation"] == true
    }

    async fn end(&self) {
        self.runs().end_batch(&self.base, LIMIT).await.expect("ended");
    }

    /// How often the flow's code began with each number.
    fn seen(&self) -> PartResult<BTreeMap<u32, u32>> {
        let told = self.docker.client(&["exec", "service", "cat", "/tmp/seen"])?;
        let mut seen = BTreeMap::new();
        for number in told.lines().filter_map(|line| line.trim().parse().ok()) {
            *seen.entry(number).or_default() += 1;
        }
        Ok(seen)
    }
}

fn inputs() -> [FlowInput; 2] {
    let input = |name: &str, kind, default| FlowInput {
        name: name.into(),
        kind,
        written: String::new(),
        default,
        description: String::new(),
        is_chat_input: false,
        is_chat_history: false,
        line: 0,
    };
    [input("number", ValueKind::Int, None), input("pause", ValueKind::Double, Some(json!(0.0)))]
}

fn batch(id: &BatchId, file: &Path) -> Batch {
    Batch {
        id: id.clone(),
        flow: FlowId("/f/flow.dag.yaml".into()),
        flow_name: "f".into(),
        name: "f 1".into(),
        tags: vec![],
        description: String::new(),
        lanes: vec![Lane {
            runtime: RuntimeId("r".into()),
            name: "r".into(),
            version: String::new(),
            state: LaneState::Running,
            running: 0,
            ended: 0,
            note: None,
        }],
        file: file.display().to_string(),
        format: DataFormat::Csv,
        mapping: Mapping::new(),
        other: None,
        variants: BTreeMap::new(),
        settings: BatchSettings { workers: WORKERS, retries: 0, stop_after: None, row_limit: None },
        state: BatchState::Running,
        note: None,
        started: jiff::Timestamp::UNIX_EPOCH,
        ended: None,
        rows: Some(ROWS),
        completed: 0,
        failed: 0,
        running: 0,
        bytes: 0,
        rate: None,
        time_left: None,
        mixed: false,
        metrics: vec![],
        nodes: vec![],
        tokens: None,
        problem: None,
    }
}

/// Runs one row and keeps what it gave.
async fn run_row(
    service: &Service,
    history: &History,
    id: &BatchId,
    mapping: &Mapping,
    row: DataRow,
) {
    let failed = |tries, problem| BatchRow {
        row: row.number,
        line: row.line,
        state: RowState::Failed,
        tries,
        runtime: String::new(),
        duration: None,
        tokens: None,
        inputs: Value::Null,
        output: Value::Null,
        problem: Some(problem),
    };
    let inputs = match inputs_of_row(&inputs(), mapping, &row, None) {
        Ok(inputs) => inputs,
        Err(problems) => {
            let problem = Problem::new(ProblemCode::InvalidInput, problems[0].sentence.clone());
            let row = failed(0, problem);
            let row = RowToKeep { row, nodes: vec![], aggregation: Map::new() };
            history.keep_batch_row(id, row).await.expect("kept");
            return;
        }
    };
    let line = Line { run: id.0.clone(), number: row.number, inputs: inputs.clone() };
    let answer = service.runs().run_line(&service.base, &line).await.expect("an answer");
    let read = outcome(&answer, "/tmp/flow").expect("the result of a row");
    let has_completed = read.state == FlowRunState::Completed;
    let kept = BatchRow {
        state: if has_completed { RowState::Completed } else { RowState::Failed },
        duration: read.duration,
        inputs: inputs.into(),
        output: answer["output"].clone(),
        problem: read.failure.as_ref().map(explain),
        ..failed(1, Problem::new(ProblemCode::RunFailed, ""))
    };
    let outputs = answer["aggregation_inputs"].as_object().cloned().unwrap_or_default();
    let kept = RowToKeep { row: kept, nodes: vec![], aggregation: outputs };
    assert!(history.keep_batch_row(id, kept).await.expect("kept"), "row {}", row.number);
}

/// Runs all rows that have no result, some at the same time.
async fn run_rows(service: &Service, history: &History, id: &BatchId, file: &DataFile) {
    let columns = file.preview(1).await.expect("preview").columns;
    let mapping = propose(&inputs(), &columns, &[], &[]);
    assert_eq!(mapping, Mapping::from([("number".into(), "${data.Number}".into())]));
    let ended = history.ended_batch_rows(id).await.expect("read").rows;
    let rows = stream::unfold(file.rows(None), async |mut rows| Some((rows.next().await?, rows)));
    rows.map(|row| row.expect("read"))
        .filter(|row| std::future::ready(!ended.has(row.number)))
        .for_each_concurrent(WORKERS as usize, |row| run_row(service, history, id, &mapping, row))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_rows_runs_and_goes_on_after_a_crash() -> PartResult<()> {
    let service = Service::start().await?;
    let home = tempfile::tempdir()?;
    let mut text = "Number,note\r\n".to_owned();
    for number in 0..ROWS {
        let written = if number == NO_NUMBER { "many".into() } else { number.to_string() };
        let _ = write!(text, "{written},\"a note,\r\nwith two lines\"\r\n");
    }
    let path = home.path().join("rows.csv");
    std::fs::write(&path, text)?;
    let file = DataFile::open(&path).await.expect("opened");
    let id = BatchId("batch-of-rows".into());
    let process = ProcessMark { host: "here".into(), pid: 1, started: 1 };

    // Whoever asks is gone in the middle: nothing is told to the service, and what is kept is on the disk.
    {
        let (history, _) = History::open(home.path()).expect("history");
        history.begin_batch(&batch(&id, &path), &json!({}), &process).await.expect("kept");
        assert!(service.begin().await, "the aggregation is not told");
        let until_some = async {
            while history.ended_batch_rows(&id).await.expect("read").rows.number() < 10 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = run_rows(&service, &history, &id, &file) => panic!("all rows ran before the crash"),
            () = until_some => {}
        }
    }

    let (history, _) = History::open(home.path()).expect("history");
    let unfinished = history.unfinished_batches().await.expect("read");
    assert_eq!(unfinished.len(), 1);
    let before = history.ended_batch_rows(&id).await.expect("read");
    assert!((10..ROWS).contains(&before.rows.number()), "{before:?}");
    // The service still has the batch of before, and would go on with that one.
    service.end().await;
    assert!(service.begin().await);
    run_rows(&service, &history, &id, &file).await;

    let seen = service.seen()?;
    for number in (0..ROWS).filter(|number| *number != NO_NUMBER) {
        let times = seen.get(&number).copied().unwrap_or(0);
        // Those that ran when it was cut off had no result, so they ran again.
        let most = if before.rows.has(number) { 1 } else { 2 };
        assert!((1..=most).contains(&times), "row {number} began {times} times");
    }
    let ended = history.ended_batch_rows(&id).await.expect("read");
    assert_eq!((ended.completed, ended.failed, ended.rows.number()), (ROWS - 2, 2, ROWS));
    let failed = RowQuery { state: Some(RowState::Failed), limit: 9, ..RowQuery::default() };
    let failed = history.batch_rows(&id, &failed).await.expect("page").rows;
    let told: Vec<_> = failed
        .into_iter()
        .map(|row| (row.row, row.tries, row.problem.map(|problem| problem.sentence)))
        .collect();
    let why = "The node \"work\" failed in work.py, line 12: thirteen is not wanted. (ValueError)";
    let no_number = "Row 21 (line 42): \"number\" needs a whole number; \"many\" is none.";
    assert_eq!(
        told,
        [(FAILS, 1, Some(why.to_owned())), (NO_NUMBER, 0, Some(no_number.to_owned()))]
    );
    let row = history.batch_row(&id, 7).await.expect("read").expect("kept");
    assert_eq!((row.output, row.line), (json!({"double": 14}), 16));

    let mut all = Aggregation::default();
    for row in history.completed_batch_rows(&id, 0, ROWS).await.expect("read") {
        all.add(row.inputs, row.outputs);
    }
    let (inputs, outputs) = all.finish();
    let answer = service.runs().aggregate(&service.base, &id.0, &inputs, &outputs).await;
    let measured = metrics(&answer.expect("aggregated"));
    let measured: Vec<_> = measured.iter().map(|one| (one.name.as_str(), one.value)).collect();
    let all = f64::from(ROWS - 2);
    assert_eq!(measured, [("right", all), ("rows", all)]);
    service.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_can_be_tried_again_and_an_end_cancels_nothing() -> PartResult<()> {
    let service = Service::start().await?;
    service.begin().await;
    let line = |number: u32, value: u32, pause: f64| {
        let inputs = json!({"number": value, "pause": pause});
        let inputs = inputs.as_object().cloned().unwrap_or_default();
        Line { run: "traps".into(), number, inputs }
    };
    let status = async |line: Line| {
        let answer = service.runs().run_line(&service.base, &line).await.expect("an answer");
        answer["run_info"]["status"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(status(line(0, FAILS, 0.0)).await, "Failed");
    assert_eq!(status(line(0, 1_000, 0.0)).await, "Completed", "it is not tried again");

    let pause = Duration::from_secs(8);
    let slow = line(1, 2_000, pause.as_secs_f64());
    let ending = async {
        let until = Instant::now() + LIMIT;
        while !service.seen().is_ok_and(|seen| seen.contains_key(&2_000)) {
            assert!(Instant::now() < until, "the row did not begin");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let began = Instant::now();
        service.end().await;
        began.elapsed()
    };
    let running = service.runs().run_line(&service.base, &slow);
    // Its answer may be lost with the batch: who waits for it waits for nothing.
    let running = async { drop(running.await) };
    tokio::pin!(running, ending);
    let took = tokio::select! {
        took = &mut ending => took,
        () = &mut running => ending.await,
    };
    assert!(took + Duration::from_secs(2) > pause, "the row was ended after {took:?}");
    // Another batch begins as if nothing had been.
    assert!(service.begin().await);
    assert_eq!(status(line(0, 1_002, 0.0)).await, "Completed");
    service.end().await;
    Ok(())
}
