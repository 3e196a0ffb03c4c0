//! Results of a batch run in the hands of others: `pf`, the command of Prompt flow itself, takes the folder
//! that is saved for it and tells of it what it tells of a run of its own; and Python reads the tables.
#![cfg(feature = "app")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use app::api::{BatchExport, ExportBatch};
use app::{App, handlers};
use domain::batch::{
    Batch, BatchId, BatchRow, BatchSettings, BatchState, DataFormat, Mapping, Metric, RowNode,
    RowState,
};
use domain::flow::{FlowId, FlowRunState, explain, outcome};
use domain::label::ProcessMark;
use history::{History, RowToKeep};
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, refused};
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::{PartResult, program};
use serde_json::{Map, Value, json};

const FLOW: &str = "
inputs:
  number: {type: int}
  text: {type: string, default: usual}
outputs:
  double: {type: int, reference: '${work.output.double}'}
  echo: {type: string, reference: '${work.output.echo}'}
  list: {type: list, reference: '${work.output.list}'}
nodes:
- name: work
  type: python
  source: {type: code, path: work.py}
  inputs: {number: '${inputs.number}', text: '${inputs.text}'}
- name: sum
  type: python
  source: {type: code, path: sum.py}
  aggregation: true
  inputs: {outputs: '${work.output}'}
";

const WORK: &str = "
from promptflow.core import tool


@tool
def work(number: int, text: str) -> dict:
    if number == 13:
        raise ValueError('thirteen is not wanted')
    return {'double': number * 2, 'echo': text, 'list': [number, text, None]}
";

const SUM: &str = "
from typing import List
from promptflow.core import log_metric, tool


@tool
def sum(outputs: List[dict]) -> int:
    log_metric('rows', len(outputs))
    return len(outputs)
";

/// Prints what `pf` knows of runs, a JSON object for each.
const TELL: &str = "
import json, sys, warnings
warnings.filterwarnings('ignore')
from promptflow.client import PFClient
from promptflow._sdk.operations._local_storage_operations import LocalStorageOperations
client = PFClient()
for name in sys.argv[1:]:
    run = client.runs.get(name)
    storage = LocalStorageOperations(run)
    details = client.runs.get_details(name, all_results=True)
    infos = storage.load_detail()['flow_runs']
    print(json.dumps({
        'status': run.status,
        'details': json.loads(details.to_json(orient='records')),
        'metrics': client.runs.get_metrics(name) if run.status == 'Completed' else None,
        'error': storage.load_exception().get('message'),
        'lines': [[info['index'], info['status'], info['inputs'], info['output'],
                   (info['error'] or {}).get('message'), sorted(info)] for info in infos],
        'nodes': [[info['node'], info['index'], info['status']]
                  for info in storage.load_detail()['node_runs'] if info['node'] != 'sum'],
        'line 1': storage.load_flow_run_info(1).status.value,
    }))
";

/// Prints the rows of a table and of lines as Python's own readers understand them.
const READ: &str = "
import csv, json, sys
with open(sys.argv[1], encoding='utf-8', newline='') as table:
    print(json.dumps(list(csv.DictReader(table))))
with open(sys.argv[2], encoding='utf-8') as lines:
    print(json.dumps([json.loads(line) for line in lines]))
";

/// A container with `pf`, which has the same folder under the same name.
struct Pf {
    docker: DockerEngine,
    home: PathBuf,
}

impl Pf {
    fn start(home: &Path) -> PartResult<Self> {
        let docker = DockerEngine::start()?;
        let images = RuntimeImages::ready()?;
        let registry = images.registry()?;
        let image = format!("{}/{REPOSITORY}:{}", registry.address(), VERSIONS[2]);
        docker.client(&["pull", "-q", &image])?;
        let mut command = docker.command()?;
        command.args(["run", "-d", "--init", "--name", "pf", "--user", "0", "--network", "host"]);
        command.args(["-v", &format!("{0}:{0}", home.display())]);
        command.args(["-e", &format!("HOME={}", home.display()), "-e", "PF_DISABLE_TRACING=true"]);
        program::output(command.args([&image, "sleep", "infinity"]))?;
        let pf = Self { docker, home: home.to_owned() };
        images.add_llm_packages(&|| pf.docker.command(), "pf")?;
        // It would try to reach its maker's service, which no test needs.
        pf.sh("pf config set telemetry.enabled=false")?;
        Ok(pf)
    }

    fn sh(&self, script: &str) -> PartResult<String> {
        self.docker.client(&["exec", "pf", "sh", "-c", script])
    }

    /// Runs a script of Python; answers the JSON of each line that it prints.
    fn python(&self, script: &str, arguments: &[&str]) -> PartResult<Vec<Value>> {
        let place = self.home.join("script.py");
        std::fs::write(&place, script)?;
        let place = place.display().to_string();
        let mut words = vec!["exec", "pf", "/opt/venv/bin/python", &place];
        words.extend_from_slice(arguments);
        let told = self.docker.client(&words)?;
        Ok(told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

fn batch(id: &str, name: &str, flow: &Path, state: BatchState) -> Batch {
    Batch {
        id: BatchId(id.into()),
        flow: FlowId(flow.join("flow.dag.yaml").display().to_string()),
        flow_name: "flow".into(),
        name: name.into(),
        tags: vec!["good".into()],
        description: String::new(),
        lanes: vec![],
        file: "/rows.jsonl".into(),
        format: DataFormat::JsonLines,
        mapping: Mapping::new(),
        other: None,
        variants: [].into(),
        settings: BatchSettings { workers: 1, retries: 0, stop_after: None, row_limit: None },
        state,
        note: None,
        started: jiff::Timestamp::now(),
        ended: Some(jiff::Timestamp::now()),
        rows: Some(4),
        completed: 3,
        failed: 1,
        running: 0,
        bytes: 0,
        rate: None,
        time_left: None,
        mixed: false,
        metrics: vec![Metric { name: "rows".into(), value: 3.0 }],
        nodes: vec![],
        tokens: None,
        problem: None,
    }
}

/// What the node of a row did, as this application keeps it, of what the service says of it in a run of `pf`.
fn nodes(row: &Value, node: &Value) -> Vec<RowNode> {
    let answer = json!({"run_info": row, "node_run_infos": {"work": node}});
    RowNode::all_of(&outcome(&answer, "/flow").expect("the result of a row"))
}

/// A row as this application keeps it, of what the service says of it in a run of `pf`.
fn row(number: u32, info: &Value) -> BatchRow {
    let answer = json!({"run_info": info, "node_run_infos": {}});
    let read = outcome(&answer, "/flow").expect("the result of a row");
    let mut inputs = info["inputs"].clone();
    if let Some(inputs) = inputs.as_object_mut() {
        // Whoever leads the rows adds it to what the service gets.
        inputs.remove("line_number");
    }
    let has_completed = read.state == FlowRunState::Completed;
    BatchRow {
        row: number,
        line: u64::from(number) + 1,
        state: if has_completed { RowState::Completed } else { RowState::Failed },
        tries: 1,
        runtime: "mine".into(),
        duration: read.duration,
        tokens: read.tokens,
        inputs,
        output: info["output"].clone(),
        problem: read.failure.as_ref().map(explain),
    }
}

async fn keep(history: &History, batch: &Batch, rows: Vec<(BatchRow, Vec<RowNode>)>) {
    let process = ProcessMark { host: "here".into(), pid: 1, started: 1 };
    history.begin_batch(batch, &json!({}), &process).await.expect("kept");
    let rows =
        rows.into_iter().map(|(row, nodes)| RowToKeep { row, nodes, aggregation: Map::new() });
    let rows = rows.collect();
    let kept = history.keep_batch_rows(&batch.id, rows).await.expect("kept");
    assert!(kept.iter().all(Option::is_some), "{kept:?}");
}

async fn save(app: &App, batch: &Batch, form: BatchExport) -> PartResult<String> {
    let request = ExportBatch { batch: batch.id.clone(), form };
    Ok(handlers::export_batch(app, request).await.map_err(refused)?.path)
}

/// Names in a folder.
fn names(folder: &Path) -> PartResult<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder)?.flatten();
    Ok(entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// The JSON of each line.
fn lines(file: &Path) -> PartResult<Vec<Value>> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn pf_takes_a_saved_batch_run_for_one_of_its_own() -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let pf = Pf::start(home.path())?;
    let flow = home.path().join("flow");
    std::fs::create_dir(&flow)?;
    for (name, text) in [("flow.dag.yaml", FLOW), ("work.py", WORK), ("sum.py", SUM)] {
        std::fs::write(flow.join(name), text)?;
    }
    let texts = ["=1+1", "thirteen", "a \"b\",\nä\t漢", "007"];
    let data = [1, 13, 3, 4].into_iter().zip(texts);
    let data = data.map(|(number, text)| json!({"number": number, "text": text}).to_string());
    std::fs::write(home.path().join("rows.jsonl"), data.collect::<Vec<_>>().join("\n"))?;
    // What pf itself keeps of such a run.
    let mapping = "number='${data.number}' text='${data.text}'";
    pf.sh(&format!(
        "cd {} && pf run create --flow flow --data rows.jsonl --column-mapping {mapping} --name real",
        home.path().display()
    ))?;
    let real = home.path().join(".promptflow/.runs/real");
    let (mut rows, mut of_nodes) = (vec![], vec![]);
    for number in 0..4_u32 {
        let artifact = real.join(format!("flow_artifacts/{number:09}_{number:09}.jsonl"));
        let info = &lines(&artifact)?[0]["run_info"];
        let node = &lines(&real.join(format!("node_artifacts/work/{number:09}.jsonl")))?[0];
        rows.push(row(number, info));
        of_nodes.push(nodes(info, &node["run_info"]));
    }
    assert_eq!(rows.iter().filter(|row| row.state == RowState::Failed).count(), 1);

    let downloads = home.path().join("application");
    std::fs::create_dir(&downloads)?;
    let (history, _) = History::open(&downloads).expect("history");
    let whole = batch("whole", "My run: 1", &flow, BatchState::Completed);
    let none = batch("none", "none", &flow, BatchState::Failed);
    let failed = BatchRow { row: 0, ..rows[1].clone() };
    let twice = vec![(failed.clone(), vec![]), (BatchRow { row: 1, ..failed }, vec![])];
    keep(&history, &none, twice).await;
    keep(&history, &whole, rows.iter().cloned().zip(of_nodes).collect()).await;
    // No container is needed by it: whatever is at this socket is not asked.
    let app = application(&pf.docker.socket(), &downloads, "registry.test/runtime").await?;

    let saved = PathBuf::from(save(&app, &whole, BatchExport::PfRun).await?);
    let run = saved.file_name().expect("a name").to_string_lossy().into_owned();
    // File by file: what each line logged is kept by nobody here.
    let mut expected = names(&real)?;
    assert!(expected.remove("flow_logs"));
    expected.insert("run_metadata.json".into());
    assert_eq!(names(&saved)?, expected);
    for name in ["inputs.jsonl", "outputs.jsonl", "flow_outputs/output.jsonl", "meta.json"] {
        assert_eq!(lines(&saved.join(name))?, lines(&real.join(name))?, "{name}");
    }
    for name in ["flow_artifacts", "snapshot"] {
        assert_eq!(names(&saved.join(name))?, names(&real.join(name))?, "{name}");
    }

    for number in 0..4_u32 {
        let name = format!("node_artifacts/work/{number:09}.jsonl");
        same_node(&lines(&saved.join(&name))?[0], &lines(&real.join(&name))?[0]);
    }

    let told = pf.sh(&format!("pf run create --source '{}'", saved.display()))?;
    assert!(told.contains(&format!("\"name\": \"{run}\"")), "{told}");
    let told = pf.python(TELL, &["real", &run])?;
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(told[1], told[0]);
    assert_eq!(told[1]["line 1"], "Failed");
    // The table on the terminal: only the order of its columns is another.
    let shown = pf.sh(&format!("pf run show-details --name '{run}'"))?;
    let real_shown = pf.sh("pf run show-details --name real")?;
    let mut cells = [words(&shown), words(&real_shown)];
    for cells in &mut cells {
        cells.sort_unstable();
    }
    assert_eq!(cells[0], cells[1], "{shown}\n{real_shown}");
    let place = home.path().join("shown.html");
    pf.sh(&format!("pf run visualize --names '{run}' --html-path {}", place.display()))?;
    assert!(std::fs::read_to_string(&place)?.contains("thirteen is not wanted"));

    // All rows failed: there is no output at all.
    let saved = save(&app, &none, BatchExport::PfRun).await?;
    pf.sh(&format!("pf run create --source '{saved}'"))?;
    let run = saved.rsplit('/').next().unwrap_or_default();
    let told = pf.python(TELL, &[run])?;
    assert_eq!(told[0]["status"], "Failed");
    let message = told[0]["error"].as_str().unwrap_or_default();
    assert!(message.starts_with("Failed to run 2/2 lines."), "{message}");
    assert_eq!(told[0]["details"].as_array().map(Vec::len), Some(2), "{told:#?}");

    // The other forms, read by Python.
    let table = save(&app, &whole, BatchExport::Csv).await?;
    let jsonl = save(&app, &whole, BatchExport::JsonLines).await?;
    let told = pf.python(READ, &[&table, &jsonl])?;
    for (row, (cells, object)) in rows.iter().zip(array(&told[0]).iter().zip(array(&told[1]))) {
        assert_eq!(cells["line_number"], row.row.to_string());
        assert_eq!((&object["inputs"], &object["outputs"]), (&row.inputs, &row.output));
        assert_eq!(object["duration"].as_f64(), row.duration);
        let status = if row.state == RowState::Completed { "Completed" } else { "Failed" };
        assert_eq!((&cells["status"], &object["status"]), (&json!(status), &json!(status)));
        let sentence = row.problem.as_ref().map(|problem| problem.sentence.as_str());
        assert_eq!(cells["error"], sentence.unwrap_or_default());
        assert_eq!(object["error"]["message"].as_str(), sentence);
        let text = row.inputs["text"].as_str().unwrap_or_default();
        let guarded = if text == "=1+1" { "'=1+1" } else { text };
        assert_eq!(cells["inputs.text"], guarded);
        let list = cells["outputs.list"].as_str().unwrap_or_default();
        let list: Value = serde_json::from_str(list).unwrap_or_default();
        assert_eq!(list, row.output["list"]);
    }
    assert_eq!((array(&told[0]).len(), array(&told[1]).len()), (4, 4));
    Ok(())
}

/// A node in a row, as it was saved and as `pf` itself keeps it: the same but for what is kept by nobody here,
/// which is what it took, gave and printed, and when exactly it began.
fn same_node(own: &Value, real: &Value) {
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    assert_eq!((keys(own), keys(&own["run_info"])), (keys(real), keys(&real["run_info"])));
    for key in ["NodeName", "line_number", "status"] {
        assert_eq!(own[key], real[key], "{key}");
    }
    let (own, real) = (&own["run_info"], &real["run_info"]);
    for key in ["node", "status", "index", "metrics", "result", "message_format", "cached_run_id"] {
        assert_eq!(own[key], real[key], "{key}");
    }
    let told = real["error"]["message"].as_str().unwrap_or_default();
    let kept = own["error"]["message"].as_str().unwrap_or_default();
    assert!(told.starts_with(kept.trim_end_matches('…')), "{kept}");
    assert_eq!(own["error"].is_null(), real["error"].is_null());
    let seconds = |value: &Value| value["system_metrics"]["duration"].as_f64().unwrap_or(-1.0);
    assert!((seconds(own) - seconds(real)).abs() < 0.001, "{own} {real}");
}

/// What stands in the cells of a table.
fn words(table: &str) -> Vec<&str> {
    let cells = table.split(['|', '\n']).map(str::trim);
    cells.filter(|cell| !cell.is_empty() && !cell.starts_with('+')).collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
