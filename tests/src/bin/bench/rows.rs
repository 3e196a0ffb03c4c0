//! Batch runs: the way to the first rows of a large file, what leading a batch run costs beside the bare
//! requests, and what several runtimes bring.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use app::api::{BatchDraft, Change, OfDraft, OpenFlow};
use app::{App, handlers};
use domain::batch::{Ahead, BatchId, BatchSettings, BatchState, Mapping};
use domain::runtime::{Runtime, Status};
use executor::client::ExecutorClient;
use executor::{BatchRequest, Executor, Line, Place, Sealed};
use flows::DataFile;
use futures_util::{StreamExt, stream};
use real_parts::docker::DockerEngine;
use real_parts::headless::{
    application, compute, connected, ended, plain, refused, runtime, version,
};
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::{PartError, PartResult};
use serde_json::{Map, json};

use crate::figures::{Chapter, Figure, median, spread};
use crate::first_node;
use crate::memory::with_memory;

/// The first rows of a file, in ms, and memory beyond what the process had, in MB.
const PREVIEW: f64 = 300.0;
const EXTRA_MEMORY: f64 = 50.0;
/// Time against the bare requests.
const SLOWER: f64 = 1.15;
/// Time against `pf run create`: three times as quick.
const PF: f64 = 1.0 / 3.0;
/// From *Run* to the first node on screen, beyond what the service takes; ms.
const FIRST_NODE: f64 = 150.0;
/// Time of three runtimes against that of one: 2.4 times as quick.
const THREE: f64 = 1.0 / 2.4;
/// Processes for rows on a runtime.
const WORKERS: u32 = 4;
const LIMIT: Duration = Duration::from_secs(600);

const FLOW: &str = "
inputs:
  number: {type: int}
  pause: {type: double}
outputs:
  double: {type: int, reference: '${work.output}'}
nodes:
- name: work
  type: python
  source: {type: code, path: work.py}
  inputs: {number: '${inputs.number}', pause: '${inputs.pause}'}
";

const WORK: &str = "
import time
from promptflow.core import tool


@tool
def work(number: int, pause: float) -> int:
    time.sleep(pause)
    return number * 2
";

/// The application with three runtimes.
struct Scene {
    app: App,
    docker: DockerEngine,
    rows: Vec<Runtime>,
    draft: BatchDraft,
    home: tempfile::TempDir,
    _registry: real_parts::registry::RegistryServer,
}

async fn scene() -> PartResult<Scene> {
    let docker = DockerEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let home = tempfile::tempdir()?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&docker.socket(), home.path(), &repository).await?;
    connected(&app).await?;
    let mut rows = Vec::new();
    for name in ["one", "two", "three"] {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let draft = plain(name, version(VERSIONS[2]), port);
        let create = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
        ended(&app, &create.map_err(refused)?.operation).await?;
        rows.push(runtime(&app, name, Status::Available).await?);
    }
    let folder = home.path().join("double");
    std::fs::create_dir(&folder)?;
    for (name, text) in [("flow.dag.yaml", FLOW), ("work.py", WORK)] {
        std::fs::write(folder.join(name), text)?;
    }
    let open = OpenFlow { path: folder.display().to_string() };
    let flow = handlers::open_flow(&app, open).await.map_err(refused)?.flow;
    let mapping = ["number", "pause"].map(|name| (name.to_owned(), format!("${{data.{name}}}")));
    let draft = BatchDraft {
        flow,
        name: String::new(),
        runtimes: vec![rows[0].id.clone()],
        file: String::new(),
        mapping: Mapping::from(mapping),
        other: None,
        variants: BTreeMap::new(),
        connections: vec![],
        init: BTreeMap::new(),
        settings: BatchSettings { workers: WORKERS, retries: 0, stop_after: None, row_limit: None },
    };
    Ok(Scene { app, docker, rows, draft, home, _registry: registry })
}

fn file_of_rows(folder: &Path, rows: usize, pause: f64) -> PartResult<PathBuf> {
    let file = folder.join(format!("rows-{rows}-{pause}.jsonl"));
    let mut text = String::new();
    for row in 0..rows {
        let _ = writeln!(text, "{{\"number\": {row}, \"pause\": {pause}}}");
    }
    std::fs::write(&file, text)?;
    Ok(file)
}

impl Scene {
    /// Milliseconds from the start of a batch run on so many runtimes until its last row was told.
    async fn ours(&self, file: &Path, runtimes: usize, rows: usize) -> PartResult<f64> {
        let draft = BatchDraft {
            file: file.display().to_string(),
            runtimes: self.rows.iter().take(runtimes).map(|row| row.id.clone()).collect(),
            ..self.draft.clone()
        };
        let mut changes = self.app.subscribe();
        let began = Instant::now();
        let id = handlers::start_batch(&self.app, draft).await.map_err(refused)?.batch;
        let telling = async {
            loop {
                for change in changes.next().await {
                    if let Change::Batch { batch } = change
                        && batch.id == id
                    {
                        if batch.completed as usize == rows {
                            return Ok(began.elapsed());
                        }
                        if batch.state == BatchState::Failed {
                            return Err(PartError::new(format!("{batch:#?}")));
                        }
                    }
                }
            }
        };
        let took = tokio::time::timeout(LIMIT, telling).await;
        let took = took.map_err(|_| PartError::new("The batch run did not end."))??;
        self.free(&id).await?;
        Ok(took.as_secs_f64() * 1_000.0)
    }

    /// Waits until the services are free again.
    async fn free(&self, id: &BatchId) -> PartResult<()> {
        let end = Instant::now() + LIMIT;
        for row in &self.rows {
            let folder = format!("/tmp/promptflow-runtimes/runs/{}", id.0);
            while self
                .docker
                .client(&["exec", row.name.as_str(), "test", "!", "-e", &folder])
                .is_err()
            {
                if Instant::now() > end {
                    return Err(PartError::new("A service is still busy."));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }

    /// `pf` itself, with the flow and the rows, in the container of the first runtime.
    fn prepare_pf(&self, file: &Path) -> PartResult<()> {
        RuntimeImages::ready()?.add_llm_packages(&|| self.docker.command(), "one")?;
        self.as_pf("mkdir -p /root/pf/.promptflow && printf 'telemetry:\\n  enabled: false\\ntrace:\\n  destination: none\\n' > /root/pf/.promptflow/pf.yaml")?;
        for (from, to) in [(self.home.path().join("double"), "double"), (file.into(), "rows.jsonl")]
        {
            let to = format!("one:/root/pf/{to}");
            self.docker.client(&["cp", &from.display().to_string(), &to])?;
        }
        Ok(())
    }

    fn as_pf(&self, script: &str) -> PartResult<String> {
        let mut words = vec!["exec", "-u", "0"];
        let workers = format!("PF_WORKER_COUNT={WORKERS}");
        for variable in ["HOME=/root/pf", "PF_DISABLE_TRACING=true", &workers] {
            words.extend(["-e", variable]);
        }
        words.extend(["one", "sh", "-c", script]);
        self.docker.client(&words)
    }

    /// Milliseconds of `pf run create` for the same rows, from its start until it has ended.
    fn pf(&self, name: &str) -> PartResult<f64> {
        let began = Instant::now();
        self.as_pf(&format!(
            "cd /root/pf && pf run create --flow double --data rows.jsonl --name {name} --column-mapping number='${{data.number}}' pause='${{data.pause}}' > told 2>&1 || {{ cat told; exit 1; }}"
        ))?;
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        let told = self.as_pf("cat /root/pf/told")?;
        if !told.contains("\"status\": \"Completed\"") {
            return Err(PartError::new(told));
        }
        Ok(took)
    }

    /// The same rows by nothing but the service's requests, as many at the same time as it can be given.
    async fn bare(&self, rows: usize) -> PartResult<f64> {
        let row = &self.rows[0];
        let folders = self.docker.client(&[
            "exec",
            row.name.as_str(),
            "sh",
            "-c",
            "mkdir -p /tmp/bare && ls -d /tmp/promptflow-runtimes/flows/*/",
        ])?;
        let folder = folders.lines().next().unwrap_or_default().trim_end_matches('/').to_owned();
        let client = ExecutorClient::new().map_err(PartError::new)?;
        let base = row.endpoint.clone().unwrap_or_default();
        let wrong = |error: executor::RunError| PartError::new(error.to_string());
        let request = BatchRequest {
            place: Place {
                folder,
                file: "flow.dag.yaml".into(),
                output: "/tmp/bare".into(),
                log: "/tmp/bare/run.log".into(),
            },
            connections: Sealed::new(json!({})),
            variables: vec![],
            workers: Some(WORKERS),
            line_limit: None,
            init: Map::new(),
        };
        let began = Instant::now();
        client.runs().begin_batch(&base, &request, LIMIT).await.map_err(wrong)?;
        let lines = (0..rows).map(|number| Line {
            run: "bare".into(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            inputs: json!({"number": number, "pause": 0.0})
                .as_object()
                .cloned()
                .unwrap_or_default(),
        });
        let answers: Vec<_> = stream::iter(lines)
            .map(|line| {
                let (client, base) = (&client, &base);
                async move { client.runs().run_line(base, &line).await }
            })
            .buffer_unordered(Ahead::MOST as usize)
            .collect()
            .await;
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        for answer in answers {
            if answer.map_err(wrong)?["run_info"]["status"] != "Completed" {
                return Err(PartError::new("A row of the bare requests failed."));
            }
        }
        client.runs().end_batch(&base, LIMIT).await.map_err(wrong)?;
        Ok(took)
    }
}

/// The first rows of a file of a million, in milliseconds, and the memory that it took in MB.
async fn preview(file: &Path) -> PartResult<(f64, f64)> {
    let began = Instant::now();
    let looking = async {
        let data = DataFile::open(file).await?;
        data.preview(20).await
    };
    let (shown, memory) = with_memory(looking).await;
    let shown = shown.map_err(|error| PartError::new(error.to_string()))?;
    assert_eq!(shown.rows.len(), 20);
    Ok((began.elapsed().as_secs_f64() * 1_000.0, memory as f64 / 1e6))
}

/// A flow of one node, until its node is shown.
pub async fn first_node(rounds: usize) -> PartResult<Chapter> {
    let scene = scene().await?;
    let (first, of_service) = first_node::measure(
        &scene.app,
        &scene.rows[0],
        &|script| scene.docker.client(&["exec", "one", "sh", "-c", script]),
        scene.home.path(),
        rounds,
    )
    .await?;
    Ok(Chapter {
        title: "First node",
        how: "A flow of one node on a warm runtime, in turns: from the press of *Run* until the window was told that the node runs, and from the bare request until the node's code began.".into(),
        figures: vec![
            Figure::told(
                "the service: request until the node began",
                median(&of_service),
                "ms",
                spread(&of_service),
            ),
            Figure::told(
                "Run until the window shows the node",
                median(&first),
                "ms",
                spread(&first),
            ),
            Figure::told(
                "beyond the service's own",
                median(&first) - median(&of_service),
                "ms",
                "difference of the medians".into(),
            )
            .at_most(FIRST_NODE),
        ],
    })
}

pub async fn measure(rounds: usize, rows: usize, large: usize) -> PartResult<Chapter> {
    let scene = scene().await?;
    let big = scene.home.path().join("large.jsonl");
    let mut writer = std::io::BufWriter::new(std::fs::File::create(&big)?);
    for row in 0..large {
        writeln!(
            writer,
            "{{\"number\": {row}, \"text\": \"the question of row {row}, which is as long as questions are\"}}"
        )?;
    }
    writer.flush()?;
    drop(writer);
    let (mut looks, mut memory) = (vec![], vec![]);
    for _ in 0..rounds.max(3) {
        let (took, extra) = preview(&big).await?;
        looks.push(took);
        memory.push(extra);
    }
    let quick = file_of_rows(scene.home.path(), rows, 0.0)?;
    // Everything is warm.
    scene.ours(&quick, 1, rows).await?;
    scene.prepare_pf(&quick)?;
    let (mut own, mut bare, mut pf) = (vec![], vec![], vec![]);
    for round in 0..rounds {
        own.push(scene.ours(&quick, 1, rows).await?);
        bare.push(scene.bare(rows).await?);
        pf.push(scene.pf(&format!("rows-{round}"))?);
    }
    let waits = rows * 3 / 10;
    let slow = file_of_rows(scene.home.path(), waits, 1.0)?;
    scene.ours(&slow, 3, waits).await?;
    let (mut one, mut three) = (vec![], vec![]);
    for _ in 0..rounds {
        one.push(scene.ours(&slow, 1, waits).await?);
        three.push(scene.ours(&slow, 3, waits).await?);
    }
    Ok(Chapter {
        title: "Batch runs",
        how: format!(
            "The first 20 rows of a file of {large} rows of JSON lines. Then {rows} rows of a flow with one node on a warm runtime, in {WORKERS} processes, in turns: by us, from the press of *Start* until the window was told of the last row, its result kept; by nothing but the service's requests (`/initialize`, `/execution` with {} at the same time; the end apart); and by `pf run create` in the same container, from its start to its end. Then {waits} rows of a flow that waits a second, on one runtime and on three.",
            Ahead::MOST
        ),
        figures: vec![
            Figure::told("first rows of a large file", median(&looks), "ms", spread(&looks))
                .at_most(PREVIEW),
            Figure::told("memory beyond before", median(&memory), "MB", spread(&memory))
                .at_most(EXTRA_MEMORY),
            Figure::told("bare requests", median(&bare), "ms", spread(&bare)),
            Figure::told("ours", median(&own), "ms", spread(&own)),
            Figure::told(
                "ours, as a multiple of the bare requests",
                median(&own) / median(&bare),
                "",
                "ratio of the medians".into(),
            )
            .at_most(SLOWER),
            Figure::told("pf run create", median(&pf), "ms", spread(&pf)),
            Figure::told(
                "ours, as a part of pf run create",
                median(&own) / median(&pf),
                "",
                "ratio of the medians".into(),
            )
            .at_most(PF),
            Figure::told("waiting flow on one runtime", median(&one), "ms", spread(&one)),
            Figure::told("waiting flow on three", median(&three), "ms", spread(&three)),
            Figure::told(
                "three, as a part of one",
                median(&three) / median(&one),
                "",
                "ratio of the medians".into(),
            )
            .at_most(THREE),
        ],
    })
}
