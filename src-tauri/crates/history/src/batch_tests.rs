use domain::{
    batch::{
        BatchRow, BatchSettings, BatchState, DataFormat, Mapping, RowNode, RowPage, RowQuery,
        RowSort, RowState,
    },
    finding::{Problem, ProblemCode},
    flow::{NodeRunState, Tokens},
};
use jiff::Timestamp;
use serde_json::{Map, json};

use super::*;
use crate::RowToKeep;

fn process(pid: u32) -> ProcessMark {
    ProcessMark { host: "here".into(), pid, started: 7 }
}

fn batch(id: &str, flow: &str, started: i64) -> Batch {
    Batch {
        id: BatchId(id.into()),
        flow: FlowId(flow.into()),
        flow_name: "f".into(),
        name: "f 1".into(),
        tags: vec![],
        description: String::new(),
        lanes: vec![],
        file: "/rows.jsonl".into(),
        format: DataFormat::JsonLines,
        mapping: Mapping::new(),
        other: None,
        variants: [].into(),
        settings: BatchSettings { workers: 2, retries: 0, stop_after: None, row_limit: None },
        state: BatchState::Running,
        note: None,
        started: Timestamp::from_second(started).expect("time"),
        ended: None,
        rows: None,
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

fn row(number: u32, state: RowState) -> BatchRow {
    BatchRow {
        row: number,
        line: u64::from(number) + 1,
        state,
        tries: 1,
        runtime: String::new(),
        duration: Some(f64::from(10 - number)),
        tokens: None,
        inputs: json!({"text": format!("row {number}")}),
        output: json!({"answer": number}),
        problem: (state == RowState::Failed)
            .then(|| Problem::new(ProblemCode::RunFailed, "100% \"wrong\".")),
    }
}

async fn keep(history: &History, id: &BatchId, row: &BatchRow) -> bool {
    let outputs = json!({"${n.output}": row.row}).as_object().cloned().unwrap_or_default();
    let row = RowToKeep { row: row.clone(), nodes: vec![], aggregation: outputs };
    history.keep_batch_row(id, row).await.expect("kept")
}

fn numbers(page: &RowPage) -> Vec<u32> {
    page.rows.iter().map(|row| row.row).collect()
}

#[tokio::test]
async fn a_batch_run_is_kept_taken_up_by_one_and_deleted_when_it_has_ended() {
    let history = History::in_memory().expect("history");
    let mut one = batch("b", "/a", 5);
    history.begin_batch(&one, &json!({"k": 1}), &process(1)).await.expect("kept");
    history.begin_batch(&batch("c", "/b", 4), &json!({}), &process(1)).await.expect("kept");
    let unfinished = history.unfinished_batches().await.expect("read");
    assert_eq!(
        unfinished.iter().map(|kept| kept.batch.id.0.as_str()).collect::<Vec<_>>(),
        ["c", "b"]
    );
    for (pid, expected) in [(2, true), (3, false)] {
        let taken = history.take_batch(&one.id, &process(1), &process(pid)).await;
        assert_eq!(taken.expect("asked"), expected, "{pid}");
    }
    assert!(keep(&history, &one.id, &row(0, RowState::Completed)).await);
    assert!(!history.delete_batch(&one.id).await.expect("not while it is active"));
    one.state = BatchState::Completed;
    one.completed = 1;
    history.save_batch(&one).await.expect("kept");
    let kept = history.batch(&one.id).await.expect("read").expect("there");
    assert_eq!(kept.batch, one);
    assert_eq!((kept.request, kept.process), (json!({"k": 1}), process(2)));
    assert_eq!(history.unfinished_batches().await.expect("read").len(), 1);
    let of_flow = history.batches(Some(&FlowId("/a".into())), 9).await.expect("read");
    assert_eq!(of_flow, [one.clone()]);
    assert!(history.delete_batch(&one.id).await.expect("deleted"));
    assert!(history.delete_batch(&one.id).await.expect("nothing to do"));
    assert_eq!(history.batch(&one.id).await.expect("read"), None);
    assert_eq!(history.batch_row(&one.id, 0).await.expect("read"), None);
    assert_eq!(history.batches(None, 9).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_result_is_there_when_the_file_is_opened_again_and_is_never_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let id = BatchId("b".into());
    {
        let (history, _) = History::open(folder.path()).expect("history");
        history.begin_batch(&batch("b", "/a", 5), &json!({}), &process(1)).await.expect("kept");
        assert!(keep(&history, &id, &row(0, RowState::Completed)).await);
        assert!(keep(&history, &id, &row(2, RowState::Failed)).await);
        assert!(!keep(&history, &id, &row(3, RowState::Cancelled)).await);
    }
    let (history, _) = History::open(folder.path()).expect("history");
    let ended = history.ended_batch_rows(&id).await.expect("read");
    assert_eq!((ended.completed, ended.failed, ended.rows.number()), (1, 1, 2));
    assert!(ended.rows.has(0) && ended.rows.has(2) && !ended.rows.has(1) && !ended.rows.has(3));
    // One that completed stays; one that failed may complete.
    assert!(!keep(&history, &id, &row(0, RowState::Failed)).await);
    assert!(keep(&history, &id, &row(2, RowState::Completed)).await);
    let ended = history.ended_batch_rows(&id).await.expect("read");
    assert_eq!((ended.completed, ended.failed), (2, 0));
    let text = |number| serde_json::to_string(&row(number, RowState::Completed)).expect("JSON");
    let bytes = text(0).len() + text(2).len() + 2 * r#"{"${n.output}":0}"#.len();
    assert_eq!(ended.bytes, bytes as u64);
    let kept = history.batch_row(&id, 0).await.expect("read");
    assert_eq!(kept, Some(row(0, RowState::Completed)));
}

#[tokio::test]
async fn rows_come_in_pages_filtered_and_sorted() {
    let history = History::in_memory().expect("history");
    let id = BatchId("b".into());
    for number in 0..6 {
        let state = if number % 3 == 0 { RowState::Failed } else { RowState::Completed };
        let tokens = (number == 4).then(|| Tokens { total: 9, ..Tokens::default() });
        keep(&history, &id, &BatchRow { tokens, ..row(number, state) }).await;
    }
    keep(&history, &BatchId("other".into()), &row(0, RowState::Failed)).await;
    let asked = async |query: RowQuery| history.batch_rows(&id, &query).await.expect("page");
    let usual = RowQuery { limit: 4, ..RowQuery::default() };
    let page = asked(usual.clone()).await;
    assert_eq!((numbers(&page), page.total), (vec![0, 1, 2, 3], 6));
    let page = asked(RowQuery { offset: 4, ..usual.clone() }).await;
    assert_eq!((numbers(&page), page.total), (vec![4, 5], 6));
    let page = asked(RowQuery { state: Some(RowState::Failed), ..usual.clone() }).await;
    assert_eq!((numbers(&page), page.total), (vec![0, 3], 2));
    let page = asked(RowQuery { sort: RowSort::Duration, ..usual.clone() }).await;
    assert_eq!(numbers(&page), [5, 4, 3, 2]);
    let page = asked(RowQuery { descending: true, ..usual.clone() }).await;
    assert_eq!(numbers(&page), [5, 4, 3, 2]);
    let by_state = RowQuery { sort: RowSort::State, descending: true, ..usual.clone() };
    assert_eq!(numbers(&asked(by_state).await), [0, 3, 1, 2]);
    for descending in [false, true] {
        let by_tokens = RowQuery { sort: RowSort::Tokens, descending, ..usual.clone() };
        assert_eq!(numbers(&asked(by_tokens).await), [4, 0, 1, 2]);
    }
    for (text, expected) in
        [("ROW 4", vec![4]), ("100%", vec![0, 3]), ("\"wrong\"", vec![0, 3]), ("row_4", vec![])]
    {
        let page = asked(RowQuery { text: text.into(), ..usual.clone() }).await;
        assert_eq!(numbers(&page), expected, "{text}");
    }
}

#[tokio::test]
async fn failed_rows_can_run_again_and_completed_ones_are_aggregated_in_order() {
    let history = History::in_memory().expect("history");
    let id = BatchId("b".into());
    for (number, state) in
        [(4, RowState::Completed), (1, RowState::Failed), (0, RowState::Completed)]
    {
        keep(&history, &id, &row(number, state)).await;
    }
    let all = history.completed_batch_rows(&id, 0, 9).await.expect("read");
    let told: Vec<_> =
        all.iter().map(|one| (one.row, &one.inputs["text"], &one.outputs["${n.output}"])).collect();
    assert_eq!(told, [(0, &json!("row 0"), &json!(0)), (4, &json!("row 4"), &json!(4))]);
    assert_eq!(history.completed_batch_rows(&id, 1, 9).await.expect("read").len(), 1);
    assert_eq!(history.completed_batch_rows(&id, 0, 1).await.expect("read").len(), 1);
    assert_eq!(history.forget_failed_batch_rows(&id).await.expect("forgotten"), 1);
    let ended = history.ended_batch_rows(&id).await.expect("read");
    assert_eq!((ended.completed, ended.failed, ended.rows.has(1)), (2, 0, false));
}

#[tokio::test]
async fn the_oldest_batch_runs_are_dropped_with_their_rows() {
    let history = History::in_memory().expect("history");
    let paused = Batch { state: BatchState::Paused, ..batch("paused", "/a", 0) };
    history.begin_batch(&paused, &json!({}), &process(1)).await.expect("kept");
    for number in 0..MOST_BATCHES + 2 {
        let one = batch(&format!("b{number}"), "/a", number);
        history.begin_batch(&one, &json!({}), &process(1)).await.expect("kept");
        keep(&history, &one.id, &row(0, RowState::Completed)).await;
        history.save_batch(&Batch { state: BatchState::Completed, ..one }).await.expect("kept");
    }
    let kept = history.batches(None, 1_000).await.expect("read");
    assert_eq!(kept.len(), usize::try_from(MOST_BATCHES).expect("number") + 1);
    assert_eq!(history.batch_row(&BatchId("b1".into()), 0).await.expect("read"), None);
    assert!(history.batch_row(&BatchId("b2".into()), 0).await.expect("read").is_some());
}

#[tokio::test]
async fn a_file_of_before_gets_the_tables_and_keeps_what_it_has() {
    const KNEW_NO_BATCHES: usize = 7;
    let folder = tempfile::tempdir().expect("folder");
    let older = rusqlite::Connection::open(folder.path().join(crate::FILE_NAME)).expect("file");
    crate::schema::as_of_before(&older, KNEW_NO_BATCHES).expect("older");
    older.execute("INSERT INTO flow (flow, opened) VALUES ('/a', 1)", []).expect("a flow");
    drop(older);
    let (history, set_aside) = History::open(folder.path()).expect("history");
    assert_eq!(set_aside, None);
    assert_eq!(history.flows().await.expect("read").len(), 1);
    history.begin_batch(&batch("b", "/a", 5), &json!({}), &process(1)).await.expect("kept");
}

#[tokio::test]
async fn several_rows_are_kept_at_once_or_none_and_each_tells_its_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let (history, _) = History::open(folder.path()).expect("history");
    let id = BatchId("b".into());
    assert!(keep(&history, &id, &row(1, RowState::Completed)).await);
    let to_keep = |number, state| RowToKeep {
        row: row(number, state),
        nodes: vec![],
        aggregation: Map::new(),
    };
    let rows = vec![
        to_keep(0, RowState::Completed),
        to_keep(1, RowState::Failed),
        to_keep(2, RowState::Cancelled),
        to_keep(3, RowState::Failed),
    ];
    let kept = history.keep_batch_rows(&id, rows).await.expect("kept");
    let bytes = |number, state| {
        Some(serde_json::to_string(&row(number, state)).expect("JSON").len() as u64 + 2)
    };
    assert_eq!(kept, [bytes(0, RowState::Completed), None, None, bytes(3, RowState::Failed)]);
    let ended = history.ended_batch_rows(&id).await.expect("read");
    assert_eq!((ended.completed, ended.failed), (2, 1));
    // What comes afterwards is not forced to the disk each time.
    let forced = history
        .run(|connection| {
            Ok(connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))?)
        })
        .await;
    assert_eq!(forced.expect("asked"), 1);
}

#[tokio::test]
async fn a_batch_run_is_changed_where_it_is_kept_and_a_paused_one_can_be_deleted() {
    let history = History::in_memory().expect("history");
    let paused = Batch { state: BatchState::Paused, ..batch("b", "/a", 5) };
    history.begin_batch(&paused, &json!({}), &process(1)).await.expect("kept");
    let other = Some(paused.id.clone());
    let taking = Batch { other, ..batch("c", "/a", 6) };
    history.begin_batch(&taking, &json!({}), &process(1)).await.expect("kept");
    let taken = history.batches_taking_from(&paused.id).await.expect("read");
    assert_eq!(taken, std::slice::from_ref(&taking));
    assert_eq!(history.batches_taking_from(&taking.id).await.expect("read"), []);
    let changed = history.change_batch(&paused.id, |batch| batch.name = "new".into()).await;
    let expected = Batch { name: "new".into(), ..paused.clone() };
    assert_eq!(changed.expect("changed"), Some(expected.clone()));
    assert_eq!(history.batch(&paused.id).await.expect("read").expect("there").batch, expected);
    assert!(history.delete_batch(&paused.id).await.expect("deleted"));
    assert_eq!(history.change_batch(&paused.id, |_| ()).await.expect("asked"), None);
}

#[tokio::test]
async fn many_rows_of_a_deleted_batch_run_go_and_others_stay() {
    let history = History::in_memory().expect("history");
    let ended = Batch { state: BatchState::Completed, ..batch("b", "/a", 5) };
    for id in ["a", "b", "c"] {
        let one = Batch { id: BatchId(id.into()), ..ended.clone() };
        history.begin_batch(&one, &json!({}), &process(1)).await.expect("kept");
        let rows = (0..2_500).map(|number| RowToKeep {
            row: BatchRow { row: number, ..row(0, RowState::Completed) },
            nodes: vec![],
            aggregation: Map::new(),
        });
        history.keep_batch_rows(&one.id, rows.collect()).await.expect("kept");
    }
    assert!(history.delete_batch(&ended.id).await.expect("deleted"));
    for (id, rows) in [("a", 2_500), ("b", 0), ("c", 2_500)] {
        let left = history.ended_batch_rows(&BatchId(id.into())).await.expect("read");
        assert_eq!(left.rows.number(), rows, "{id}");
    }
}

#[tokio::test]
async fn rows_are_gone_through_in_their_order_and_durations_are_those_of_completed_ones() {
    let history = History::in_memory().expect("history");
    let id = BatchId("b".into());
    for number in [4, 0, 2] {
        keep(&history, &id, &row(number, RowState::Completed)).await;
    }
    keep(&history, &id, &row(3, RowState::Failed)).await;
    keep(&history, &id, &BatchRow { duration: None, ..row(5, RowState::Completed) }).await;
    let asked = async |from, limit| {
        let rows = history.batch_rows_from(&id, from, limit).await.expect("read");
        rows.into_iter().map(|row| row.row).collect::<Vec<_>>()
    };
    assert_eq!(asked(0, 3).await, [0, 2, 3]);
    assert_eq!(asked(4, 3).await, [4, 5]);
    let mut durations = history.batch_durations(&id).await.expect("read");
    durations.sort_by(f64::total_cmp);
    assert_eq!(durations, [6.0, 8.0, 10.0]);
}

#[tokio::test]
async fn the_last_durations_are_those_of_the_newest_batch_run_of_a_flow_that_has_any() {
    let history = History::in_memory().expect("history");
    let of = async |flow: &str, most| {
        history.last_row_durations(&FlowId(flow.into()), most).await.expect("read")
    };
    assert_eq!(of("one", 9).await, [0.0; 0]);
    for (id, flow, started) in [("a", "one", 1), ("b", "one", 2), ("c", "one", 3), ("d", "two", 4)]
    {
        let begun = batch(id, flow, started);
        history.begin_batch(&begun, &json!({}), &process(1)).await.expect("begun");
    }
    keep(&history, &BatchId("a".into()), &row(9, RowState::Completed)).await;
    for number in 0..4 {
        let id = BatchId("b".into());
        keep(&history, &id, &row(number, RowState::Completed)).await;
    }
    // No row of the newest has completed.
    keep(&history, &BatchId("c".into()), &row(5, RowState::Failed)).await;
    assert_eq!(of("one", 3).await, [7.0, 8.0, 9.0]);
    assert_eq!(of("two", 3).await, [0.0; 0]);
}

#[tokio::test]
async fn names_of_values_come_from_completed_rows_and_else_from_others() {
    let history = History::in_memory().expect("history");
    let id = BatchId("b".into());
    let names = async || {
        let names = history.batch_value_names(&id).await.expect("read");
        (names.inputs.join(" "), names.outputs.join(" "))
    };
    assert_eq!(names().await, (String::new(), String::new()));
    let failed = BatchRow { output: Value::Null, ..row(0, RowState::Failed) };
    keep(&history, &id, &failed).await;
    assert_eq!(names().await, ("text".into(), String::new()));
    keep(&history, &id, &row(1, RowState::Completed)).await;
    let other = BatchRow { output: json!("alone"), ..row(2, RowState::Completed) };
    keep(&history, &id, &BatchRow { inputs: json!({"late": 1}), ..other }).await;
    assert_eq!(names().await, ("text late".into(), "answer output".into()));
}

#[tokio::test]
async fn rows_of_several_batch_runs_stand_side_by_side() {
    let history = History::in_memory().expect("history");
    let (a, b) = (BatchId("a".into()), BatchId("b".into()));
    let with = |number, output: Value| BatchRow {
        output,
        duration: None,
        ..row(number, RowState::Completed)
    };
    for number in [0, 1, 2, 5] {
        keep(&history, &a, &with(number, json!({"x": 1, "y": 2}))).await;
    }
    // The same, another output, another state, and one that the first does not have.
    keep(&history, &b, &with(0, json!({"y": 2, "x": 1}))).await;
    keep(&history, &b, &with(1, json!({"x": 1, "y": 3}))).await;
    let failed = BatchRow { state: RowState::Failed, ..with(2, json!({"x": 1, "y": 2})) };
    keep(&history, &b, &failed).await;
    keep(&history, &b, &with(7, Value::Null)).await;
    keep(&history, &BatchId("c".into()), &with(3, Value::Null)).await;
    let asked = async |batches: &[&BatchId], differing, offset, limit| {
        let batches: Vec<_> = batches.iter().map(|id| (*id).clone()).collect();
        let page = history.same_batch_rows(&batches, differing, offset, limit).await.expect("page");
        let numbers: Vec<_> = page.rows.iter().map(|row| row.row).collect();
        (numbers, page.total, page.rows)
    };
    let (numbers, total, rows) = asked(&[&b, &a], false, 0, 9).await;
    assert_eq!((numbers, total), (vec![0, 1, 2, 5, 7], 5));
    assert_eq!(rows[2].cells, [Some(failed), Some(with(2, json!({"x": 1, "y": 2})))]);
    assert_eq!(rows[3].cells, [None, Some(with(5, json!({"x": 1, "y": 2})))]);
    let (numbers, total, _) = asked(&[&a, &b], true, 0, 9).await;
    assert_eq!((numbers, total), (vec![1, 2, 5, 7], 4));
    let (numbers, total, _) = asked(&[&a, &b], true, 1, 2).await;
    assert_eq!((numbers, total), (vec![2, 5], 4));
    let (numbers, total, _) = asked(&[&a, &b], false, 4, 2).await;
    assert_eq!((numbers, total), (vec![7], 5));
}

fn row_node(node: &str, state: NodeRunState, seconds: f64) -> RowNode {
    let (began, duration) = (Some(0.5), Some(seconds));
    RowNode { node: node.into(), state, began, duration, tokens: None, error: None }
}

#[tokio::test]
async fn what_nodes_did_is_kept_with_each_row_added_up_and_goes_with_it() {
    let history = History::in_memory().expect("history");
    let ended = Batch { state: BatchState::Completed, ..batch("b", "/a", 5) };
    history.begin_batch(&ended, &json!({}), &process(1)).await.expect("kept");
    let id = &ended.id;
    let did = |failed: bool| {
        let state = if failed { NodeRunState::Failed } else { NodeRunState::Completed };
        vec![row_node("a", NodeRunState::Completed, 1.0), row_node("b", state, 3.0)]
    };
    let to_keep = |number, failed: bool| RowToKeep {
        row: row(number, if failed { RowState::Failed } else { RowState::Completed }),
        nodes: did(failed),
        aggregation: Map::new(),
    };
    let plain = history.keep_batch_rows(id, vec![to_keep(0, false)]).await.expect("kept");
    let without = RowToKeep { nodes: vec![], ..to_keep(2, false) };
    let without = history.keep_batch_rows(id, vec![without]).await.expect("kept");
    assert!(plain[0] > without[0], "their bytes count");
    assert!(history.keep_batch_row(id, to_keep(1, true)).await.expect("kept"));
    let read = history.batch_row_nodes(id, 0, 2).await.expect("read");
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [(0, did(false)), (1, did(true))]);
    let figures = history.batch_node_figures(id).await.expect("added up");
    assert_eq!((figures[1].rows, figures[1].failed, figures[1].longest), (2, 1, Some(3.0)));
    // A row that completed is not changed any more, nor is what its nodes did.
    assert!(!history.keep_batch_row(id, to_keep(0, true)).await.expect("kept"));
    assert_eq!(history.batch_row_nodes(id, 0, 0).await.expect("read")[&0], did(false));
    assert_eq!(history.forget_failed_batch_rows(id).await.expect("forgotten"), 1);
    assert_eq!(history.batch_row_nodes(id, 1, 1).await.expect("read").len(), 0);
    assert!(history.delete_batch(id).await.expect("deleted"));
    assert_eq!(history.batch_node_figures(id).await.expect("added up"), []);
}
