//! What batch runs gave, on a history that is filled here: rows, comparisons, files.

use std::path::PathBuf;

use domain::{
    batch::{
        Batch, BatchId, BatchRow, BatchSettings, BatchState, DataFormat, Mapping, Metric, RowQuery,
        RowState,
    },
    finding::{Problem, ProblemCode},
    flow::{FlowId, Tokens},
};

use super::*;
use crate::api::{
    BatchExport, BatchRowView, Change, CompareBatches, Comparison, DescribeBatch, ExportBatch,
    NamedValue, OfBatch, ReadBatchRow, ReadBatchRows,
};

fn batch(id: &str, state: BatchState) -> Batch {
    Batch {
        id: BatchId(id.into()),
        flow: FlowId("/nowhere/flow.dag.yaml".into()),
        flow_name: "web".into(),
        name: format!("web {id}"),
        tags: vec![],
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
        started: jiff::Timestamp::UNIX_EPOCH,
        ended: None,
        rows: Some(3),
        completed: 0,
        failed: 0,
        running: 0,
        bytes: 0,
        rate: None,
        time_left: None,
        mixed: false,
        metrics: vec![Metric { name: "rows".into(), value: 2.0 }],
        nodes: vec![],
        tokens: None,
        problem: None,
    }
}

fn completed(number: u32, inputs: Value, output: Value) -> BatchRow {
    BatchRow {
        row: number,
        line: u64::from(number) + 1,
        state: RowState::Completed,
        tries: 1,
        runtime: "mine".into(),
        duration: Some(f64::from(number) + 1.0),
        tokens: Some(Tokens { prompt: 1, completion: 1, total: 2 }),
        inputs,
        output,
        problem: None,
    }
}

fn failed(number: u32) -> BatchRow {
    let problem = Problem::new(ProblemCode::RunFailed, "The node \"a\" failed.")
        .details("Execution failure in 'a'.\n\nTraceback (most recent call last):");
    BatchRow {
        state: RowState::Failed,
        duration: None,
        tokens: None,
        problem: Some(problem),
        ..completed(number, json!({"q": "bad"}), Value::Null)
    }
}

/// An application that knows these batch runs.
async fn with(world: &World, batches: &[(Batch, Vec<BatchRow>)]) -> App {
    let app = App::new(world.parts(1)).await;
    let process = world.parts(1).identity.process;
    for (batch, rows) in batches {
        world.history.begin_batch(batch, &json!({}), &process).await.expect("kept");
        for row in rows {
            let row = history::RowToKeep {
                row: row.clone(),
                nodes: vec![],
                aggregation: serde_json::Map::new(),
            };
            let kept = world.history.keep_batch_row(&batch.id, row).await;
            assert!(kept.expect("kept"));
        }
    }
    app
}

/// One that has ended: two rows completed, one failed.
fn usual(id: &str) -> (Batch, Vec<BatchRow>) {
    let rows = vec![
        completed(0, json!({"q": "why"}), json!({"answer": "so"})),
        failed(1),
        completed(2, json!({"q": "=1+1"}), json!({"answer": ["a, \"b\"", 1]})),
    ];
    (batch(id, BatchState::Completed), rows)
}

fn of(id: &str) -> OfBatch {
    OfBatch { batch: BatchId(id.into()) }
}

fn names(values: &[NamedValue]) -> Vec<(&str, &str)> {
    values.iter().map(|one| (one.name.as_str(), one.value.text.as_str())).collect()
}

#[test]
fn pages_cut_long_values_and_one_row_has_them_whole() {
    paused(async {
        let world = World::new();
        let long = "ä".repeat(5_000);
        let rows = vec![completed(0, json!({"q": long, "n": null}), json!("alone")), failed(1)];
        let app = with(&world, &[(batch("a", BatchState::Running), rows)]).await;
        let query = RowQuery { limit: 10, ..RowQuery::default() };
        let request = ReadBatchRows { batch: BatchId("a".into()), query };
        let page = handlers::batch_rows(&app, request.clone()).await.expect("page");
        assert_eq!((page.rows.len(), page.total), (2, 2));
        let first = &page.rows[0];
        assert_eq!(names(&first.inputs)[0], ("n", "null"));
        let value = &first.inputs[1].value;
        assert_eq!((value.text.len(), value.cut, value.bytes), (2_048, true, 10_000));
        assert_eq!(names(&first.outputs), [("output", "alone")]);
        let second = &page.rows[1];
        assert_eq!((second.state, second.line), (RowState::Failed, 2));
        assert_eq!(second.outputs, []);
        assert!(second.problem.is_some());

        let one = ReadBatchRow { batch: BatchId("a".into()), row: 0 };
        let whole = handlers::batch_row(&app, one.clone()).await.expect("row");
        assert_eq!(whole.inputs[1].value.text, long);
        let lost = ReadBatchRow { row: 7, ..one };
        let problem = handlers::batch_row(&app, lost).await.expect_err("no such row");
        assert_eq!(problem.code, ProblemCode::NotFound);
        let lost = ReadBatchRows { batch: BatchId("x".into()), ..request };
        let problem = handlers::batch_rows(&app, lost).await.expect_err("no such batch run");
        assert_eq!(problem.code, ProblemCode::NotFound);
    });
}

#[test]
fn latency_is_that_of_completed_rows() {
    paused(async {
        let world = World::new();
        let nothing = (batch("b", BatchState::Running), vec![failed(0)]);
        let app = with(&world, &[usual("a"), nothing]).await;
        let latency = handlers::batch_latency(&app, of("a")).await.expect("measured").latency;
        let latency = latency.expect("two rows");
        assert_eq!((latency.rows, latency.mean, latency.median), (2, 2.0, 2.0));
        assert_eq!((latency.longest, latency.bars.len()), (3.0, 2));
        assert_eq!(latency.bars.iter().map(|bar| bar.rows).sum::<u32>(), 2);
        assert_eq!(handlers::batch_latency(&app, of("b")).await.expect("asked").latency, None);
    });
}

fn cells(comparison: &Comparison) -> Vec<(u32, Vec<Option<RowState>>, bool)> {
    let state = |cell: &Option<BatchRowView>| cell.as_ref().map(|cell| cell.state);
    let rows = comparison.rows.iter();
    rows.map(|row| (row.row, row.cells.iter().map(state).collect(), row.differs)).collect()
}

#[test]
fn batch_runs_stand_side_by_side_and_only_what_differs_can_be_asked_for() {
    use RowState::{Completed, Failed};
    paused(async {
        let world = World::new();
        let other =
            Batch { flow: FlowId("/other/flow.dag.yaml".into()), ..batch("b", BatchState::Paused) };
        let rows = vec![
            completed(0, json!({"text": "why"}), json!({"answer": "so"})),
            failed(2),
            completed(3, json!({"text": "late"}), json!({"answer": "so"})),
        ];
        let app = with(&world, &[usual("a"), (other, rows)]).await;
        let request = CompareBatches {
            batches: vec![BatchId("a".into()), BatchId("b".into())],
            differing: false,
            offset: 0,
            limit: 50,
        };
        let all = handlers::compare_batches(&app, request.clone()).await.expect("compared");
        let expected = [
            (0, vec![Some(Completed), Some(Completed)], false),
            (1, vec![Some(Failed), None], true),
            (2, vec![Some(Completed), Some(Failed)], true),
            (3, vec![None, Some(Completed)], true),
        ];
        assert_eq!((cells(&all), all.total), (expected.to_vec(), 4));
        assert_eq!(names(&all.rows[0].inputs), [("q", "why")]);
        assert_eq!(names(&all.rows[3].inputs), [("text", "late")]);
        let told: Vec<_> = all
            .batches
            .iter()
            .map(|one| (one.batch.name.as_str(), one.latency.as_ref().map(|all| all.rows)))
            .collect();
        assert_eq!(told, [("web a", Some(2)), ("web b", Some(2))]);

        let some = CompareBatches { differing: true, offset: 1, limit: 1, ..request.clone() };
        let some = handlers::compare_batches(&app, some).await.expect("compared");
        assert_eq!((cells(&some), some.total), (expected[2..3].to_vec(), 3));

        for (batches, code) in [
            (vec!["a"], ProblemCode::InvalidInput),
            (vec!["a", "b", "a"], ProblemCode::InvalidInput),
            (vec!["1", "2", "3", "4", "5", "6", "7"], ProblemCode::InvalidInput),
            (vec!["a", "x"], ProblemCode::NotFound),
        ] {
            let batches: Vec<_> = batches.into_iter().map(|id| BatchId(id.into())).collect();
            let refused = CompareBatches { batches, ..request.clone() };
            let problem = handlers::compare_batches(&app, refused).await.expect_err("refused");
            assert_eq!(problem.code, code);
            let field = (code == ProblemCode::InvalidInput).then_some("batches");
            assert_eq!(problem.field.as_deref(), field);
        }
    });
}

#[test]
fn a_description_is_kept_and_told_also_while_it_runs() {
    paused(async {
        let world = World::new();
        let app = with(&world, &[(batch("a", BatchState::Running), vec![])]).await;
        let mut changes = app.subscribe();
        let request = DescribeBatch {
            batch: BatchId("a".into()),
            name: " Better ".into(),
            tags: vec!["good".into(), " good".into()],
            description: "Why".into(),
        };
        handlers::describe_batch(&app, request.clone()).await.expect("described");
        let kept = world.history.batch(&request.batch).await.expect("read").expect("there").batch;
        let expected = Batch {
            name: "Better".into(),
            tags: vec!["good".into()],
            description: "Why".into(),
            ..batch("a", BatchState::Running)
        };
        assert_eq!(kept, expected);
        let told = async {
            loop {
                for change in changes.next().await {
                    if let Change::Batch { batch } = change {
                        return *batch;
                    }
                }
            }
        };
        assert_eq!(told.await, expected);
        let empty = DescribeBatch { name: " ".into(), ..request.clone() };
        let problem = handlers::describe_batch(&app, empty).await.expect_err("refused");
        assert_eq!(problem.field.as_deref(), Some("name"));
        let lost = DescribeBatch { batch: BatchId("x".into()), ..request };
        let problem = handlers::describe_batch(&app, lost).await.expect_err("no such");
        assert_eq!(problem.code, ProblemCode::NotFound);
    });
}

#[test]
fn what_is_active_or_needed_is_not_deleted() {
    paused(async {
        let world = World::new();
        let needs = Batch { other: Some(BatchId("a".into())), ..batch("b", BatchState::Paused) };
        let app = with(
            &world,
            &[usual("a"), (needs, vec![failed(0)]), (batch("c", BatchState::Running), vec![])],
        )
        .await;
        for (id, words) in [("c", "\"web c\" has not ended"), ("a", "\"web b\" takes values")] {
            let problem = handlers::delete_batch(&app, of(id)).await.expect_err("refused");
            assert_eq!(problem.code, ProblemCode::Busy);
            assert!(problem.sentence.contains(words), "{problem}");
            assert!(world.history.batch(&BatchId(id.into())).await.expect("read").is_some());
        }
        for id in ["b", "a"] {
            handlers::delete_batch(&app, of(id)).await.expect("deleted");
            assert!(world.history.batch(&BatchId(id.into())).await.expect("read").is_none());
            let row = world.history.batch_row(&BatchId(id.into()), 0).await.expect("read");
            assert_eq!(row, None);
        }
        let problem = handlers::delete_batch(&app, of("a")).await.expect_err("gone");
        assert_eq!(problem.code, ProblemCode::NotFound);
    });
}

async fn save(app: &App, id: &str, form: BatchExport) -> Result<PathBuf, Problem> {
    let request = ExportBatch { batch: BatchId(id.into()), form };
    handlers::export_batch(app, request).await.map(|saved| saved.path.into())
}

fn text(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

#[test]
fn results_are_saved_as_lines_and_as_a_table() {
    paused(async {
        let world = World::new();
        world.clock.set("2026-01-02T03:04");
        let app = with(&world, &[usual("a")]).await;
        let path = save(&app, "a", BatchExport::JsonLines).await.expect("saved");
        assert_eq!(path, world.folder.path().join("web_a-20260102-030400.jsonl"));
        let lines: Vec<Value> =
            text(&path).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2]["outputs"], json!({"answer": ["a, \"b\"", 1]}));
        assert_eq!(lines[2]["inputs"], json!({"q": "=1+1"}));
        assert_eq!(lines[1]["error"]["message"], "The node \"a\" failed.");
        let path = save(&app, "a", BatchExport::Csv).await.expect("saved");
        let expected = "line_number,inputs.q,outputs.answer,status,error,duration,tokens\n\
             0,why,so,Completed,,1,2\n\
             1,bad,,Failed,\"The node \"\"a\"\" failed.\",,\n\
             2,'=1+1,\"[\"\"a, \\\"\"b\\\"\"\"\",1]\",Completed,,3,2\n";
        assert_eq!(text(&path), expected);
        // A second one in the same second has a name of its own.
        let second = save(&app, "a", BatchExport::Csv).await.expect("saved");
        assert_ne!(second, path);
        assert_eq!(text(&second), expected);
        let half = std::fs::read_dir(world.folder.path()).expect("folder").flatten();
        let half = half.filter(|file| file.path().extension().is_some_and(|end| end == "part"));
        assert_eq!(half.count(), 0);
    });
}

#[test]
fn many_rows_are_saved_in_pages_and_none_is_lost() {
    paused(async {
        let world = World::new();
        let rows = (0..1_001)
            .filter(|number| number % 5 != 3)
            .map(|number| completed(number, json!({"q": number}), json!({})))
            .collect();
        let app = with(&world, &[(batch("a", BatchState::Running), rows)]).await;
        let path = save(&app, "a", BatchExport::JsonLines).await.expect("saved");
        let told: Vec<_> = text(&path)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["line_number"].as_u64())
            .collect();
        let expected: Vec<_> = (0..1_001).filter(|number| number % 5 != 3).map(Some).collect();
        assert_eq!(told, expected);
    });
}

#[test]
fn a_folder_of_pf_run_holds_all_rows_and_the_flow() {
    paused(async {
        let world = World::new();
        let flow = world.folder.path().join("flow");
        std::fs::create_dir(&flow).expect("folder");
        std::fs::write(flow.join("flow.dag.yaml"), "nodes: []\n").expect("written");
        std::fs::write(flow.join(".gitignore"), "secret\n").expect("written");
        std::fs::write(flow.join("secret"), "x").expect("written");
        let id = FlowId(flow.join("flow.dag.yaml").display().to_string());
        let (own, rows) = usual("a");
        let own = Batch { flow: id, ..own };
        let app = with(&world, &[(own, rows), usual("b")]).await;
        let folder = save(&app, "a", BatchExport::PfRun).await.expect("saved");
        let file = |name: &str| text(&folder.join(name));
        let json_of = |name: &str| serde_json::from_str::<Value>(&file(name)).expect("JSON");
        let run = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(json_of("run_metadata.json")["name"], run);
        assert_eq!(json_of("metrics.json"), json!({"rows": 2}));
        assert_eq!(file("inputs.jsonl").lines().count(), 3);
        let outputs = file("outputs.jsonl");
        assert_eq!(outputs.lines().next(), Some(r#"{"answer":"so","line_number":0}"#));
        assert_eq!((outputs.lines().count(), &file("flow_outputs/output.jsonl")), (2, &outputs));
        let artifact = json_of("flow_artifacts/000000001_000000001.jsonl");
        assert_eq!(artifact["run_info"]["error"]["message"], "Execution failure in 'a'.");
        let message = "Failed to run 1/3 lines. First error message is: Execution failure in 'a'.";
        assert_eq!(json_of("error.json")["message"], message);
        assert!(file("logs.txt").contains("Line 1 failed: Execution failure in 'a'."));
        assert_eq!(file("snapshot/flow.dag.yaml"), "nodes: []\n");
        assert!(!folder.join("snapshot/secret").exists());
        assert!(!folder.join("snapshot.complete").exists());

        // A flow that is gone is no reason to give no results.
        let folder = save(&app, "b", BatchExport::PfRun).await.expect("saved");
        assert_eq!(std::fs::read_dir(folder.join("snapshot")).expect("folder").count(), 0);
        assert!(text(&folder.join("logs.txt")).contains("snapshot is empty"));
        assert_eq!(text(&folder.join("inputs.jsonl")).lines().count(), 3);
    });
}

#[test]
fn what_cannot_be_saved_is_told_and_leaves_nothing() {
    paused(async {
        let world = World::new();
        let nothing = (batch("b", BatchState::Running), vec![]);
        with(&world, &[usual("a"), nothing]).await;
        let blocked = world.folder.path().join("blocked");
        std::fs::write(&blocked, "").expect("written");
        let mut parts = world.parts(1);
        parts.folders.downloads = blocked.join("downloads");
        let app = App::new(parts).await;
        for form in [BatchExport::JsonLines, BatchExport::Csv, BatchExport::PfRun] {
            let problem = save(&app, "a", form).await.expect_err("no folder");
            assert_eq!(problem.code, ProblemCode::Storage);
            let problem = save(&app, "b", form).await.expect_err("no rows");
            assert_eq!(problem.code, ProblemCode::InvalidInput);
            let problem = save(&app, "x", form).await.expect_err("no batch run");
            assert_eq!(problem.code, ProblemCode::NotFound);
        }
    });
}
