use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    flow::{FlowId, FlowInput, Tokens, ValueKind},
    runtime::RuntimeId,
};

fn input(name: &str, kind: ValueKind) -> FlowInput {
    FlowInput {
        name: name.into(),
        kind,
        written: String::new(),
        default: None,
        description: String::new(),
        is_chat_input: false,
        is_chat_history: false,
        line: 0,
    }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn mapping(pairs: &[(&str, &str)]) -> Mapping {
    pairs.iter().map(|(name, written)| ((*name).to_owned(), (*written).to_owned())).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn row(values: Value, is_text: bool) -> DataRow {
    DataRow { number: 6, line: 9, values: Ok(map(values)), is_text }
}

#[test]
fn a_mapping_is_proposed_by_equal_names_and_data_comes_first() {
    let flow = [
        input("question", ValueKind::String),
        input("ground_truth", ValueKind::String),
        input("answer", ValueKind::String),
        input("alone", ValueKind::String),
        input("twice", ValueKind::String),
    ];
    let columns = names(&["question", "Ground Truth", "TWICE", "Twice"]);
    let proposed = propose(&flow, &columns, &names(&["question"]), &names(&["answer"]));
    let expected = mapping(&[
        ("question", "${data.question}"),
        ("ground_truth", "${data.Ground Truth}"),
        ("answer", "${run.outputs.answer}"),
    ]);
    assert_eq!(proposed, expected);
}

#[test]
fn each_input_without_a_value_is_named_in_a_sentence() {
    let flow = [
        input("a", ValueKind::String),
        input("b", ValueKind::Int),
        input("c", ValueKind::String),
        input("d", ValueKind::String),
        FlowInput { default: Some(json!(3)), ..input("e", ValueKind::Int) },
        FlowInput { is_chat_history: true, ..input("history", ValueKind::List) },
    ];
    let columns = names(&["x", "deep"]);
    let told = |mapping: &Mapping, other: Option<(&[String], &[String])>| {
        let found = check(&flow, mapping, &columns, other).into_iter();
        found.map(|one| (one.field.unwrap_or_default(), one.sentence)).collect::<Vec<_>>()
    };
    let wrong = mapping(&[
        ("a", " "),
        ("b", "many"),
        ("c", "${data.y}"),
        ("d", "${run.outputs.z}"),
        ("f", "1"),
    ]);
    let found = told(&wrong, None);
    let expected = [
        ("mapping.f", "The flow has no input \"f\"."),
        ("mapping.a", "\"a\" gets no value: choose a column for it, or write a value."),
        ("mapping.b", "\"b\" needs a whole number; \"many\" is none."),
        ("mapping.c", "\"c\" is taken from the column \"y\", which the file does not have."),
        ("mapping.d", "\"d\" is taken from another batch run, and none is chosen."),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(field, words)| ((*field).to_owned(), (*words).to_owned())).collect();
    assert_eq!(found, expected);

    let right = mapping(&[
        ("a", "${data.x}"),
        ("b", "7"),
        ("c", "${data.deep.er}"),
        ("d", "${run.outputs.z}"),
    ]);
    let (inputs, outputs) = (names(&[]), names(&["z"]));
    assert_eq!(told(&right, Some((&inputs, &outputs))), []);
    assert_eq!(told(&right, Some((&outputs, &inputs))).len(), 1);
    let unknown = mapping(&[("a", "${inputs.x}"), ("b", "7"), ("c", "x"), ("d", "x")]);
    assert!(told(&unknown, None)[0].1.contains("write ${data.COLUMN}"));
}

#[test]
fn texts_of_a_table_become_values_of_the_inputs_types() {
    let kinds = [
        ("s", ValueKind::String, "${data.n}"),
        ("i", ValueKind::Int, "${data.n}"),
        ("f", ValueKind::Double, "${data.n}"),
        ("b", ValueKind::Bool, "${data.b}"),
        ("l", ValueKind::List, "${data.l}"),
        ("o", ValueKind::Object, "${data.o}"),
        ("empty", ValueKind::String, "${data.none}"),
        ("same", ValueKind::Int, "4"),
    ];
    let flow: Vec<_> = kinds.iter().map(|(name, kind, _)| input(name, *kind)).collect();
    let written: Vec<_> = kinds.iter().map(|(name, _, written)| (*name, *written)).collect();
    let cells = json!({"n": "12", "b": "TRUE", "l": "[1]", "o": "{\"k\": 1}", "none": ""});
    let values = inputs_of_row(&flow, &mapping(&written), &row(cells, true), None);
    let expected = json!({"s": "12", "i": 12, "f": 12.0, "b": true, "l": [1], "o": {"k": 1},
        "empty": "", "same": 4});
    assert_eq!(values, Ok(map(expected)));
}

#[test]
fn values_of_json_keep_their_type_or_are_told() {
    let flow = [
        input("s", ValueKind::String),
        input("i", ValueKind::Int),
        input("d", ValueKind::Double),
        FlowInput { default: Some(json!("x")), ..input("e", ValueKind::String) },
    ];
    let written = mapping(&[
        ("s", "${data.a}"),
        ("i", "${data.b.c}"),
        ("d", "${data.b.c}"),
        ("e", "${data.nothing}"),
    ]);
    let good = json!({"a": 5, "b": {"c": 2.0}, "nothing": null});
    let values = inputs_of_row(&flow, &written, &row(good, false), None);
    assert_eq!(values, Ok(map(json!({"s": "5", "i": 2, "d": 2.0, "e": "x"}))));

    let bad = row(json!({"b": {"c": 2.5}}), false);
    let problems = inputs_of_row(&flow, &written, &bad, None).expect_err("no inputs");
    let told: Vec<_> = problems.iter().map(|one| one.sentence.as_str()).collect();
    assert_eq!(
        told,
        [
            "Row 7 (line 9): \"s\" needs a value, but the column \"a\" has none.",
            "Row 7 (line 9): \"i\" needs a whole number; \"2.5\" is none.",
        ]
    );
    assert_eq!((problems[0].row, problems[0].input.as_deref()), (6, Some("s")));
}

#[test]
fn an_empty_cell_is_the_default_and_no_number() {
    let flow = [
        input("i", ValueKind::Int),
        FlowInput { default: Some(json!("usual")), ..input("s", ValueKind::String) },
    ];
    let written = mapping(&[("i", "${data.x}"), ("s", "${data.x}")]);
    let problems =
        inputs_of_row(&flow, &written, &row(json!({"x": ""}), true), None).expect_err("no inputs");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].sentence.ends_with("the column \"x\" is empty."), "{problems:?}");
    let values = inputs_of_row(&flow[1..], &written, &row(json!({"x": ""}), true), None);
    assert_eq!(values, Ok(map(json!({"s": "usual"}))));
    // In JSON an empty text was written on purpose.
    let values = inputs_of_row(&flow[1..], &written, &row(json!({"x": ""}), false), None);
    assert_eq!(values, Ok(map(json!({"s": ""}))));
}

#[test]
fn a_row_takes_from_another_run_and_a_bad_row_is_told_in_the_preview() {
    let flow = [input("q", ValueKind::String), input("a", ValueKind::String)];
    let written = mapping(&[("q", "${run.inputs.q}"), ("a", "${run.outputs.answer}")]);
    let other = |number: u32| {
        (number == 6).then(|| OtherRun {
            inputs: map(json!({"q": "why"})),
            outputs: map(json!({"answer": "so"})),
        })
    };
    let bad =
        DataRow { number: 7, line: 10, values: Err("This is no JSON.".into()), is_text: false };
    let lost = DataRow { number: 8, line: 11, ..row(json!({}), false) };
    let shown = preview(&flow, &written, &[row(json!({}), false), bad, lost], other);
    assert_eq!(shown[0].inputs, map(json!({"q": "why", "a": "so"})));
    assert_eq!(shown[1].problems[0].sentence, "Row 8 (line 10): This is no JSON.");
    assert_eq!(shown[2].problems.len(), 2);
}

#[test]
fn what_has_a_result_never_runs_again() {
    let finished: Finished = [0, 1, 2, 4, 130].into_iter().collect();
    assert_eq!((finished.number(), finished.first_left()), (5, 3));
    let runs: Vec<u32> = (0..8).filter(|row| !finished.has(*row)).collect();
    assert_eq!(runs, [3, 5, 6, 7]);
    assert!(finished.has(130) && !finished.has(131) && !finished.has(4_000_000));
    let mut all: Finished = (0..128).collect();
    assert_eq!(all.first_left(), 128);
    assert!(!all.add(127) && all.add(128));
    assert_eq!((all.number(), all.first_left()), (129, 129));
}

fn batch() -> Batch {
    Batch {
        id: BatchId("b".into()),
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
        file: "/rows.jsonl".into(),
        format: DataFormat::JsonLines,
        mapping: Mapping::new(),
        other: None,
        variants: BTreeMap::new(),
        settings: BatchSettings { workers: 2, retries: 1, stop_after: Some(2), row_limit: None },
        state: BatchState::Running,
        note: None,
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        rows: Some(10),
        completed: 0,
        failed: 0,
        running: 2,
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

#[test]
fn rows_are_counted_as_they_end() {
    let mut batch = batch();
    let tokens = Tokens { prompt: 1, completion: 2, total: 3 };
    batch.row_ended(RowState::Completed, Some(tokens));
    batch.running += 1;
    batch.row_ended(RowState::Failed, Some(tokens));
    assert_eq!((batch.completed, batch.failed, batch.running), (1, 1, 1));
    assert_eq!((batch.left(), batch.waiting()), (8, 7));
    assert_eq!(batch.tokens.map(|all| all.total), Some(6));
    batch.row_ended(RowState::Cancelled, None);
    assert_eq!((batch.left(), batch.waiting(), batch.running), (8, 8, 0));
}

#[test]
fn a_failed_row_is_tried_again_and_too_many_stop_the_run() {
    let settings = batch().settings;
    assert!(settings.tries_again(1) && !settings.tries_again(2));
    assert!(!settings.stops(1) && settings.stops(2) && settings.stops(3));
    let patient = BatchSettings { stop_after: None, retries: 0, ..settings };
    assert!(!patient.stops(999));
    assert_eq!(patient.problems(), []);
    let wrong = BatchSettings { workers: 0, retries: 11, stop_after: Some(0), row_limit: Some(0) }
        .problems();
    let fields: Vec<_> = wrong.into_iter().filter_map(|one| one.field).collect();
    assert_eq!(fields, ["workers", "retries", "stopAfter", "rowLimit"]);
}

#[test]
fn the_time_left_follows_the_last_rows() {
    let at = |seconds: i64| Timestamp::UNIX_EPOCH + seconds.seconds();
    let mut batch = Batch { completed: 4, ..batch() };
    let mut pace = Pace::new(at(0));
    pace.row_ended(at(1));
    pace.row_ended(at(2));
    batch.measure(&pace, at(2));
    assert_eq!((batch.rate, batch.time_left), (None, None));
    pace.row_ended(at(3));
    pace.row_ended(at(4));
    batch.measure(&pace, at(4));
    assert_eq!((batch.rate, batch.time_left), (Some(60.0), Some(6.0)));
    batch.measure(&pace, at(8));
    assert_eq!((batch.rate, batch.time_left), (Some(30.0), Some(12.0)));
    batch.rows = None;
    batch.measure(&pace, at(8));
    assert_eq!(batch.time_left, None);
    // What was slow at first is forgotten.
    let mut pace = Pace::new(at(0));
    for second in 1_000..1_100 {
        pace.row_ended(at(second));
    }
    assert_eq!(pace.rate(at(1_099)), Some(1.0));
}

#[test]
fn a_run_that_was_cut_off_waits_for_its_turn_and_counts_what_is_kept() {
    for (was, becomes) in [
        (BatchState::Queued, BatchState::Queued),
        (BatchState::Running, BatchState::Queued),
        (BatchState::Aggregating, BatchState::Queued),
        (BatchState::Pausing, BatchState::Paused),
        (BatchState::Paused, BatchState::Paused),
        (BatchState::Cancelling, BatchState::Cancelled),
        (BatchState::Completed, BatchState::Completed),
    ] {
        let mut batch = Batch { state: was, completed: 9, ..batch() };
        batch.interrupted(3, 1);
        assert_eq!((batch.state, batch.running, batch.left()), (becomes, 0, 6), "{was:?}");
    }
    assert!(BatchState::Paused.can_resume(0) && BatchState::Cancelled.can_resume(1));
    assert!(!BatchState::Completed.can_resume(1) && !BatchState::Cancelled.can_resume(0));
    assert!(BatchState::Running.can_pause() && !BatchState::Aggregating.can_pause());
}

#[test]
fn workers_follow_cpus_and_fit_into_memory() {
    let gigabyte = 1_000_000_000;
    for (cpus, memory, expected) in [
        (Some(2.0), None, 4),
        (Some(0.5), None, 1),
        (Some(2.9), Some(64 * gigabyte), 6),
        (Some(8.0), Some(gigabyte), 6),
        (Some(8.0), Some(0), 1),
        (Some(96.0), None, 16),
        (None, None, 4),
        (Some(f64::NAN), None, 4),
    ] {
        assert_eq!(propose_workers(cpus, memory), expected, "{cpus:?} {memory:?}");
    }
}

#[test]
fn aggregation_gets_lists_of_one_length() {
    let mut all = Aggregation::default();
    all.add(map(json!({"q": "a"})), map(json!({"${grade.output}": 1})));
    all.add(map(json!({"q": "b", "late": 1})), map(json!({})));
    all.add(map(json!({"q": "c"})), map(json!({"${grade.output}": 0})));
    assert_eq!(all.rows(), 3);
    let (inputs, outputs) = all.finish();
    assert_eq!(inputs, json!({"q": ["a", "b", "c"], "late": [null, 1, null]}));
    assert_eq!(outputs, json!({"${grade.output}": [1, null, 0]}));
    assert_eq!(Aggregation::default().finish(), (json!({}), json!({})));
}

#[test]
fn metrics_are_numbers_also_where_they_are_inside_others() {
    let answer = json!({"metrics": {"accuracy": 0.5, "by": {"variant_0": 1, "note": "x"}}});
    let found = metrics(&answer);
    let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.value)).collect();
    assert_eq!(found, [("accuracy", 0.5), ("by.variant_0", 1.0)]);
    assert_eq!(metrics(&json!({"metrics": null})), []);
}

#[test]
fn where_it_stops_after_failures_no_more_rows_run_than_may_fail() {
    let stopping =
        |stop_after| BatchSettings { workers: 4, retries: 0, stop_after, row_limit: None };
    for (stop_after, failed, expected) in [
        (None, 9, u32::MAX),
        (Some(10), 0, 10),
        (Some(10), 3, 7),
        (Some(10), 8, 4),
        (Some(1), 0, 4),
    ] {
        assert_eq!(stopping(stop_after).may_run(failed), expected, "{stop_after:?} {failed}");
    }
}
