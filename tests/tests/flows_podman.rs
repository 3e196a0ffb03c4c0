//! Runs and batch runs on Podman: the same as on Docker.
#![cfg(feature = "app")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use app::api::{BatchDraft, OfBatch, OfDraft, OfFlowRun, StartFlowRun};
use app::{App, handlers};
use domain::batch::{Batch, BatchId, BatchSettings, BatchState, Mapping};
use domain::flow::{FlowId, FlowRunState};
use domain::runtime::{RuntimeId, Status};
use real_parts::flow_world::{log, open, result, start, until, write};
use real_parts::headless::{
    application, compute, connected, ended, plain, refused, runtime, version,
};
use real_parts::podman::PodmanEngine;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::{PartError, PartResult};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(120);
const ROWS: u32 = 40;

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
  inputs: {doubles: '${work.output}'}
";

const WORK: &str = "
import time
from promptflow.core import tool


@tool
def work(number: int, pause: float) -> int:
    print(f'the number is {number}')
    with open('/tmp/seen', 'a') as seen:
        seen.write(f'{number}\\n')
    time.sleep(pause)
    return number * 2
";

const SUM: &str = "
from typing import List
from promptflow.core import log_metric, tool


@tool
def sum(doubles: List[int]) -> int:
    log_metric('rows', len(doubles))
    return len(doubles)
";

fn run(flow: &FlowId, runtime: &RuntimeId, number: u32, pause: u32) -> PartResult<StartFlowRun> {
    let inputs = json!({"number": number.to_string(), "pause": pause.to_string()});
    let request = json!({"flow": flow, "runtime": runtime, "inputs": inputs});
    serde_json::from_value(request).map_err(|error| PartError::new(error.to_string()))
}

async fn batch_until(
    app: &App,
    id: &BatchId,
    what: &str,
    as_asked: impl Fn(&Batch) -> bool,
) -> PartResult<Batch> {
    let end = Instant::now() + LIMIT;
    loop {
        let request = OfBatch { batch: id.clone() };
        let batch = handlers::batch(app, request).await.map_err(refused)?.batch;
        if as_asked(&batch) {
            return Ok(batch);
        }
        if Instant::now() > end {
            return Err(PartError::new(format!("{what} did not happen: {batch:#?}")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_run_on_podman_as_they_do_on_docker() -> PartResult<()> {
    let podman = PodmanEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let home = tempfile::tempdir()?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&podman.socket(), home.path(), &repository).await?;
    connected(&app).await?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let draft = plain("flows", version(VERSIONS[2]), port);
    let create = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
    ended(&app, &create.map_err(refused)?.operation).await?;
    let row = runtime(&app, "flows", Status::Available).await?;
    let folder = home.path().join("double");
    write(&folder, &[("flow.dag.yaml", FLOW), ("work.py", WORK), ("sum.py", SUM)])?;
    let flow = open(&app, &folder).await?;

    // A run: its nodes, its values, its log.
    let id = start(&app, run(&flow, &row.id, 21, 0)?).await?;
    let done = result(&app, &id).await?;
    assert_eq!(done.run.state, FlowRunState::Completed, "{:#?}", done.run);
    assert_eq!(
        done.output.map(|output| output.text.replace([' ', '\n'], "")).as_deref(),
        Some("{\"double\":42}")
    );
    let printed = done.nodes[0].out.as_ref().map(|out| out.text.as_str());
    assert!(printed.is_some_and(|text| text.contains("the number is 21")), "{printed:?}");
    assert!(log(&app, &id).await?.contains("Executing node work"));

    // One that is cancelled while its node runs.
    let id = start(&app, run(&flow, &row.id, 1, 300)?).await?;
    until(&app, &id, "a running node", |run| {
        run.nodes.iter().any(|node| node.state == domain::flow::NodeRunState::Running)
    })
    .await?;
    handlers::cancel_flow_run(&app, OfFlowRun { run: id.clone() }).await.map_err(refused)?;
    assert_eq!(result(&app, &id).await?.run.state, FlowRunState::Cancelled);

    // A batch run whose container is killed in the middle.
    let mut text = String::new();
    for number in 100..100 + ROWS {
        let _ = writeln!(text, "{{\"number\": {number}, \"pause\": 0.4}}");
    }
    let file = home.path().join("rows.jsonl");
    std::fs::write(&file, text)?;
    let mapping = ["number", "pause"].map(|name| (name.to_owned(), format!("${{data.{name}}}")));
    let draft = BatchDraft {
        flow,
        name: String::new(),
        runtimes: vec![row.id.clone()],
        file: file.display().to_string(),
        mapping: Mapping::from(mapping),
        other: None,
        variants: BTreeMap::new(),
        connections: vec![],
        init: BTreeMap::new(),
        settings: BatchSettings { workers: 4, retries: 0, stop_after: None, row_limit: None },
    };
    let id = handlers::start_batch(&app, draft).await.map_err(refused)?.batch;
    let before = batch_until(&app, &id, "some rows", |batch| batch.completed >= 8).await?;
    assert!(before.completed < ROWS, "{before:#?}");
    podman.client(&["kill", &row.container_id])?;
    podman.client(&["start", &row.container_id])?;
    let done = batch_until(&app, &id, "the end", |batch| !batch.state.is_active()).await?;
    assert_eq!((done.state, done.completed), (BatchState::Completed, ROWS), "{done:#?}");
    let metrics: Vec<_> =
        done.metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
    assert_eq!(metrics, [("rows", f64::from(ROWS))]);
    // The rows that had a result when it was killed have begun once.
    let seen = podman.client(&["exec", &row.container_id, "cat", "/tmp/seen"])?;
    let times = |number: u32| seen.lines().filter(|line| *line == number.to_string()).count();
    let once = (100..100 + ROWS).filter(|number| times(*number) == 1).count();
    assert!(once >= before.completed as usize, "{seen}");
    assert!((100..100 + ROWS).all(|number| times(number) >= 1), "{seen}");
    Ok(())
}
