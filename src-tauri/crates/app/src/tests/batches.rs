//! Batch runs on twins: each row once, whatever goes wrong in between.

mod ahead;
mod faults;
mod refusals;

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{
    batch::{Batch, BatchId, BatchSettings, BatchState, LaneState, Mapping, RowQuery, RowState},
    connection::{ConnectionDraft, ConnectionType},
    finding::ProblemCode,
    flow::FlowId,
    secret::Secret,
};
use executor::twin::{TwinRun, completed, completed_in};

use super::*;
use crate::api::{BatchDraft, ListBatches, OfBatch, OpenFlow, PreviewBatch, SaveConnection};

const PLANTED: &str = "planted-batch-key-7741";

const FLOW: &str = "
inputs:
  text: {type: string}
  times: {type: int, default: 2}
outputs:
  answer: {type: string, reference: '${work.output}'}
environment_variables:
  KEY: ${my_aoai.api_key}
nodes:
- name: work
  type: python
  source: {type: code, path: work.py}
  inputs: {text: '${inputs.text}', times: '${inputs.times}'}
";

/// Seconds of a row that takes long.
const SLOW: f64 = 60.0;
/// How many rows the file has.
const ROWS: u32 = 6;

async fn keep_connection(app: &App) {
    let draft = ConnectionDraft {
        name: "my_aoai".into(),
        kind: ConnectionType::AzureOpenAi,
        fields: BTreeMap::from([("api_base".into(), "https://x.openai.azure.com/".into())]),
        pairs: vec![],
        given: vec![],
    };
    let secrets = BTreeMap::from([("api_key".to_owned(), Secret::new(PLANTED.into()))]);
    let request = SaveConnection { original: None, draft, secrets, file: None };
    handlers::save_connection(app, request).await.expect("saved");
}

/// An application with these runtimes, the flow and a file of rows.
struct Bench {
    app: App,
    draft: BatchDraft,
}

fn rows_file(world: &World) -> std::path::PathBuf {
    let file = world.folder.path().join("rows.csv");
    if !file.exists() {
        let mut rows = "Text,number\n".to_owned();
        for row in 0..ROWS {
            let _ = writeln!(rows, "row {row},{row}");
        }
        std::fs::write(&file, rows).expect("file");
    }
    file
}

async fn open_flow(world: &World, app: &App) -> FlowId {
    let folder = world.folder.path().join("my-flow");
    std::fs::create_dir_all(&folder).expect("folder");
    for (name, text) in [("flow.dag.yaml", FLOW), ("work.py", "a")] {
        std::fs::write(folder.join(name), text).expect("file");
    }
    let path = folder.display().to_string();
    handlers::open_flow(app, OpenFlow { path }).await.expect("opened").flow
}

async fn bench_on(world: &World, app: App, names: &[&str]) -> Bench {
    let mut runtimes = vec![];
    for name in names {
        runtimes.push(create(&app, draft(name)).await.id);
    }
    keep_connection(&app).await;
    let flow = open_flow(world, &app).await;
    let draft = BatchDraft {
        flow,
        name: String::new(),
        runtimes,
        file: rows_file(world).display().to_string(),
        mapping: Mapping::from([
            ("text".into(), "${data.Text}".into()),
            ("times".into(), "${data.number}".into()),
        ]),
        other: None,
        variants: BTreeMap::new(),
        connections: vec![],
        init: BTreeMap::new(),
        settings: BatchSettings { workers: 2, retries: 0, stop_after: None, row_limit: None },
    };
    Bench { app, draft }
}

/// A flow whose rows take long, so that the service gets none ahead.
async fn bench(world: &World) -> Bench {
    world.service.runs.say_they_take(SLOW);
    bench_on(world, world.app().await, &["eval"]).await
}

impl Bench {
    async fn start(&self, draft: &BatchDraft) -> BatchId {
        handlers::start_batch(&self.app, draft.clone()).await.expect("begins").batch
    }

    async fn begin(&self) -> BatchId {
        self.start(&self.draft).await
    }

    async fn batch(&self, id: &BatchId) -> Batch {
        handlers::batch(&self.app, OfBatch { batch: id.clone() }).await.expect("there").batch
    }

    async fn until(&self, id: &BatchId, as_asked: impl Fn(&Batch) -> bool) -> Batch {
        for _ in 0..100_000 {
            let batch = self.batch(id).await;
            if as_asked(&batch) {
                return batch;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not come to that: {:#?}", self.batch(id).await);
    }

    /// Waits until nothing of it goes on any more.
    async fn rest(&self, id: &BatchId) -> Batch {
        let batch = self.until(id, |batch| !batch.state.is_active()).await;
        while crate::batches::active(&self.app, id).is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        settle().await;
        assert_eq!(
            self.app.parts.history.batch(id).await.expect("read").expect("kept").batch,
            self.batch(id).await
        );
        drop(batch);
        self.batch(id).await
    }

    /// Row, state and tries of each row with a result.
    async fn results(&self, id: &BatchId) -> Vec<(u32, RowState, u32)> {
        let query = RowQuery { limit: 500, ..RowQuery::default() };
        let page = self.app.parts.history.batch_rows(id, &query).await.expect("rows");
        page.rows.into_iter().map(|row| (row.row, row.state, row.tries)).collect()
    }
}

fn of(id: &BatchId) -> OfBatch {
    OfBatch { batch: id.clone() }
}

/// How often each row was given to the service.
fn asked(world: &World) -> BTreeMap<u64, usize> {
    let mut all = BTreeMap::new();
    for asked in world.service.runs.asked() {
        if asked.path == "/execution" {
            *all.entry(asked.body["line_number"].as_u64().expect("number")).or_default() += 1;
        }
    }
    all
}

fn each_once() -> BTreeMap<u64, usize> {
    (0..u64::from(ROWS)).map(|row| (row, 1)).collect()
}

fn all(state: RowState) -> Vec<(u32, RowState, u32)> {
    (0..ROWS).map(|row| (row, state, 1)).collect()
}

fn fails(message: &str) -> TwinRun {
    TwinRun::answers(json!({
        "output": null, "aggregation_inputs": {}, "node_run_infos": {},
        "run_info": {"status": "Failed", "error": {"message": message, "code": "UserError"}}
    }))
}

#[test]
fn each_row_runs_once_and_secrets_are_found_nowhere() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        let leaks = json!({"answer": format!("the key is {PLANTED}")});
        world.service.runs.will_run_line(1, TwinRun::answers(completed(&leaks)));
        let id = bench.begin().await;
        let batch = bench.rest(&id).await;
        assert_eq!(batch.state, BatchState::Completed, "{batch:#?}");
        assert_eq!((batch.rows, batch.completed, batch.failed), (Some(ROWS), ROWS, 0));
        assert_eq!((batch.running, batch.name.as_str()), (0, "my-flow 1"));
        assert!(batch.bytes > 0 && batch.ended.is_some() && !batch.mixed);
        assert_eq!(
            batch.lanes.iter().map(|lane| (lane.name.as_str(), lane.ended)).collect::<Vec<_>>(),
            [("eval", ROWS)]
        );
        assert_eq!(asked(&world), each_once());
        assert_eq!(bench.results(&id).await, all(RowState::Completed));
        let row = bench.app.parts.history.batch_row(&id, 3).await.expect("read").expect("kept");
        assert_eq!(row.inputs, json!({"text": "row 3", "times": 3}));
        assert_eq!((row.line, row.runtime.as_str()), (5, "eval"));

        let asked = world.service.runs.asked();
        let begun = asked.iter().find(|one| one.path == "/initialize").expect("begun");
        assert_eq!(begun.body["environment_variables"]["KEY"], PLANTED);
        assert_eq!(begun.body["worker_count"], 2);
        let leaked = bench.app.parts.history.batch_row(&id, 1).await.expect("read").expect("kept");
        assert_eq!(leaked.output, json!({"answer": "the key is **secret**"}));
        let kept = bench.app.parts.history.batch(&id).await.expect("read").expect("kept");
        assert!(!format!("{kept:?}").contains(PLANTED), "{kept:?}");
        // The service is free again, and nothing of the run stays inside.
        let ended = asked.iter().rev().take(2).map(|one| one.path).collect::<Vec<_>>();
        assert_eq!(ended, ["/initialize", "/finalize"]);
        // What the service would keep of it is taken out, by a flow that is ours.
        let last = &asked[asked.len() - 1].body;
        assert_eq!(
            (&last["environment_variables"], &last["connections"]),
            (&json!({}), &json!({}))
        );
        let folder = last["working_dir"].as_str().expect("folder");
        assert!(folder.ends_with(&format!("/runs/{}/forget", id.0)), "{folder}");
        let left = world.engine().files_in("eval");
        assert!(left.iter().all(|path| !path.contains("/runs/")), "{left:?}");
        assert_eq!(bench.app.flows_may_close(), (true, 0));
    });
}

impl App {
    /// Whether the window may close, and how many batch runs are active.
    fn flows_may_close(&self) -> (bool, usize) {
        (self.may_close(), crate::batches::all_active(self).len())
    }
}

#[test]
fn a_paused_one_goes_on_where_it_was() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        for row in 0..ROWS {
            let takes = Duration::from_secs(10);
            world.service.runs.will_run_line(
                row,
                TwinRun::answers(completed_in(&json!({}), SLOW)).for_time(takes),
            );
        }
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.completed >= 2 && batch.running == 2).await;
        handlers::pause_batch(&bench.app, of(&id)).await.expect("pauses");
        let pausing = bench.batch(&id).await;
        assert_eq!(pausing.state, BatchState::Pausing);
        let paused = bench.rest(&id).await;
        assert_eq!((paused.state, paused.completed, paused.ended), (BatchState::Paused, 4, None));
        assert_eq!(paused.lanes[0].state, LaneState::Waiting);
        assert!(bench.app.may_close(), "it holds the window open");

        handlers::resume_batch(&bench.app, of(&id)).await.expect("goes on");
        let done = bench.rest(&id).await;
        assert_eq!((done.state, done.completed, done.mixed), (BatchState::Completed, ROWS, false));
        assert_eq!(asked(&world), each_once());
        let again = handlers::resume_batch(&bench.app, of(&id)).await;
        assert_eq!(again.expect_err("there is nothing left").code, ProblemCode::Busy);
    });
}

#[test]
fn a_cancelled_one_ends_soon_and_keeps_what_has_a_result() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        for row in [2, 3] {
            world.service.runs.will_run_line(row, TwinRun::endless());
        }
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.completed == 2 && batch.running == 2).await;
        handlers::cancel_batch(&bench.app, of(&id)).await.expect("cancels");
        assert_eq!(bench.batch(&id).await.state, BatchState::Cancelling);
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Cancelled, 2, 0));
        assert!(ended.ended.is_some());
        // It can go on all the same.
        handlers::resume_batch(&bench.app, of(&id)).await.expect("goes on");
        let done = bench.rest(&id).await;
        assert_eq!((done.state, done.completed), (BatchState::Completed, ROWS));
        let times: Vec<usize> = asked(&world).into_values().collect();
        assert_eq!(times, [1, 1, 2, 2, 1, 1]);
    });
}

#[test]
fn failed_rows_are_tried_again_and_can_run_again_alone() {
    let world = World::new();
    paused(async {
        let mut bench = bench(&world).await;
        bench.draft.settings.retries = 1;
        world.service.runs.will_run_line(0, fails("once"));
        for _ in 0..2 {
            world.service.runs.will_run_line(4, fails("twice"));
        }
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, 5, 1));
        let results = bench.results(&id).await;
        assert_eq!(results[0], (0, RowState::Completed, 2));
        assert_eq!(results[4], (4, RowState::Failed, 2));
        let failed = bench.app.parts.history.batch_row(&id, 4).await.expect("read").expect("kept");
        let why = failed.problem.expect("why").sentence;
        assert!(why.contains("twice"), "{why}");

        handlers::rerun_failed_rows(&bench.app, of(&id)).await.expect("again");
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, 6, 0));
        let times: Vec<usize> = asked(&world).into_values().collect();
        assert_eq!(times, [2, 1, 1, 1, 3, 1]);
    });
}

#[test]
fn it_stops_after_so_many_failures() {
    let world = World::new();
    paused(async {
        let mut bench = bench(&world).await;
        bench.draft.settings =
            BatchSettings { workers: 1, stop_after: Some(2), ..bench.draft.settings };
        for row in [0, 2] {
            world.service.runs.will_run_line(row, fails("no"));
        }
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Failed, 1, 2));
        let why = ended.problem.expect("why").sentence;
        assert!(why.starts_with("It stopped because 2 rows failed."), "{why}");
        assert_eq!(asked(&world).len(), 3);
    });
}

#[test]
fn nodes_over_all_rows_get_the_lists_and_their_metrics_are_kept() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_aggregate(json!({
            "metrics": {"accuracy": 0.5}, "output": {}, "node_run_infos": {}
        }));
        world.service.runs.will_run_line(2, fails("no"));
        let mut answer = completed(&json!({}));
        answer["aggregation_inputs"] = json!({"${work.output}": "four"});
        world.service.runs.will_run_line(4, TwinRun::answers(answer));
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed), (BatchState::Completed, 5));
        let metrics: Vec<_> =
            ended.metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
        assert_eq!(metrics, [("accuracy", 0.5)]);
        let asked = world.service.runs.asked();
        let over_all: Vec<_> = asked.iter().filter(|one| one.path == "/aggregation").collect();
        assert_eq!(over_all.len(), 1);
        assert_eq!(over_all[0].body["batch_inputs"]["times"], json!([0, 1, 3, 4, 5]));
        let outputs = &over_all[0].body["aggregation_inputs"]["${work.output}"];
        assert_eq!(outputs, &json!([null, null, null, "four", null]));
    });
}

#[test]
fn a_second_one_waits_for_the_service_and_says_so() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_run_line(
            5,
            TwinRun::answers(completed(&json!({}))).for_time(Duration::from_secs(60)),
        );
        let first = bench.begin().await;
        bench.until(&first, |batch| batch.state == BatchState::Running).await;
        let preview =
            handlers::preview_batch(&bench.app, PreviewBatch { draft: bench.draft.clone() });
        let preview = preview.await.expect("preview");
        assert_eq!(preview.queues[0].batches, ["my-flow 1"]);
        let second = bench.begin().await;
        let waits = bench.until(&second, |batch| batch.lanes[0].note.is_some()).await;
        assert_eq!((waits.state, waits.name.as_str()), (BatchState::Queued, "my-flow 2"));
        let note = "It begins when my-flow 1 has ended there.";
        assert_eq!(waits.lanes[0].note.as_deref(), Some(note));
        let detail = handlers::batch(&bench.app, of(&second)).await.expect("detail");
        assert_eq!(detail.waits_for, ["my-flow 1"]);
        assert_eq!(crate::batches::names_in_queue(&bench.app, &bench.draft.runtimes[0]).len(), 2);
        // An update sees that something runs.
        assert!(crate::batches::rows_on(&bench.app, &bench.draft.runtimes[0]) >= 1);
        let first = bench.rest(&first).await;
        let second = bench.rest(&second).await;
        assert!(second.lanes[0].note.is_none(), "{second:#?}");
        assert_eq!((first.completed, second.completed), (ROWS, ROWS));
        let paths: Vec<_> = world.service.runs.asked().into_iter().map(|one| one.path).collect();
        let begins: Vec<_> = paths
            .iter()
            .filter(|path| ["/initialize", "/finalize"].contains(*path))
            .copied()
            .collect();
        // Each begins after the one before has ended.
        let one = ["/finalize", "/initialize", "/finalize", "/initialize"];
        assert_eq!(begins, [one, one].concat());
        assert_eq!(crate::batches::names_in_queue(&bench.app, &bench.draft.runtimes[0]).len(), 0);
    });
}

#[test]
fn an_evaluation_takes_what_another_one_gave() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_run_line(1, fails("no"));
        for row in [0, 2, 3, 4, 5] {
            let output = json!({"answer": format!("answer {row}")});
            world.service.runs.will_run_line(row, TwinRun::answers(completed(&output)));
        }
        let first = bench.begin().await;
        bench.rest(&first).await;
        let draft = BatchDraft {
            name: "Are the answers right?".into(),
            other: Some(first.clone()),
            file: String::new(),
            mapping: Mapping::from([
                ("text".into(), "${run.outputs.answer}".into()),
                ("times".into(), "${run.inputs.times}".into()),
            ]),
            ..bench.draft.clone()
        };
        let preview = handlers::preview_batch(&bench.app, PreviewBatch { draft: draft.clone() });
        let preview = preview.await.expect("preview");
        assert_eq!(preview.problems, []);
        let other = preview.other.expect("other");
        assert_eq!((other.name.as_str(), other.outputs), ("my-flow 1", vec!["answer".to_owned()]));
        assert_eq!(preview.rows[2].inputs["text"], "answer 2");
        assert_eq!(preview.rows[1].problems.len(), 1, "{:?}", preview.rows[1]);
        let second = bench.start(&draft).await;
        let ended = bench.rest(&second).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, 5, 1));
        let results = bench.results(&second).await;
        assert_eq!(results[1], (1, RowState::Failed, 0));
        let row = bench.app.parts.history.batch_row(&second, 4).await.expect("read").expect("kept");
        assert_eq!(row.inputs, json!({"text": "answer 4", "times": 4}));
        let detail = handlers::batch(&bench.app, of(&first)).await.expect("detail");
        assert_eq!(detail.taken_by.iter().map(|batch| &batch.id).collect::<Vec<_>>(), [&second]);
        let list = ListBatches { flow: None, text: "RIGHT? eval".into() };
        let list = handlers::list_batches(&bench.app, list).await.expect("list");
        assert_eq!(list.batches.iter().map(|batch| &batch.id).collect::<Vec<_>>(), [&second]);
        assert!(list.bytes > 0);
    });
}
