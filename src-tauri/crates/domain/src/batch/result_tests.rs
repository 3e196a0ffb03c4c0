//! What batch runs gave.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    export::{Columns, cell, file_stem, json_row},
    *,
};
use crate::{
    finding::{Problem, ProblemCode},
    flow::Tokens,
};

fn row(number: u32, inputs: Value, output: Value) -> BatchRow {
    BatchRow {
        row: number,
        line: u64::from(number) + 1,
        state: RowState::Completed,
        tries: 1,
        runtime: "r".into(),
        duration: Some(1.5),
        tokens: Some(Tokens { prompt: 1, completion: 2, total: 3 }),
        inputs,
        output,
        problem: None,
    }
}

fn failed(number: u32, inputs: Value) -> BatchRow {
    let problem = Problem::new(ProblemCode::RunFailed, "=The node \"a\" failed.")
        .details("Execution failure in 'a'.\n\nTraceback (most recent call last):\n  File");
    BatchRow {
        state: RowState::Failed,
        duration: None,
        tokens: None,
        problem: Some(problem),
        ..row(number, inputs, Value::Null)
    }
}

fn batch() -> Batch {
    let batch = json!({
        "id": "b", "flow": "/f/flow.dag.yaml", "flowName": "f", "name": "f 1", "tags": ["good"],
        "description": "", "lanes": [], "file": "/rows.jsonl", "format": "jsonLines",
        "mapping": {"q": "${data.q}"}, "other": null, "variants": {},
        "settings": {"workers": 1, "retries": 0, "stopAfter": null, "rowLimit": null},
        "state": "completed", "note": null, "started": "2026-01-02T03:04:05.25Z",
        "ended": "2026-01-02T03:05:05Z", "rows": 2, "completed": 1, "failed": 1, "running": 0,
        "bytes": 0, "rate": null, "timeLeft": null, "mixed": false,
        "metrics": [{"name": "accuracy.variant_0", "value": 0.5}], "tokens": null, "problem": null,
    });
    serde_json::from_value(batch).expect("batch")
}

fn of(seconds: &[f64]) -> Durations {
    Durations::of(seconds.to_vec()).expect("durations")
}

#[test]
fn percentiles_stand_between_the_durations_around_them() {
    let seconds: Vec<f64> = (0..=10).rev().map(f64::from).collect();
    let measured = of(&seconds);
    assert_eq!((measured.rows, measured.mean, measured.longest), (11, 5.0, 10.0));
    assert_eq!((measured.median, measured.p90), (5.0, 9.0));
    assert!((measured.p99 - 9.9).abs() < 1e-9, "{}", measured.p99);
    let two = of(&[2.0, 1.0]);
    assert_eq!((two.mean, two.median), (1.5, 1.5));
    let one = of(&[3.0]);
    assert_eq!((one.mean, one.median, one.p90, one.p99, one.longest), (3.0, 3.0, 3.0, 3.0, 3.0));
    assert_eq!(Durations::of(vec![]), None);
    assert_eq!(Durations::of(vec![f64::NAN, -1.0, f64::INFINITY]), None);
}

#[test]
fn bars_are_as_many_as_there_is_to_say() {
    let told = |seconds: &[f64]| {
        let bars = of(seconds).bars.into_iter();
        bars.map(|bar| (bar.from, bar.to, bar.rows)).collect::<Vec<_>>()
    };
    assert_eq!(told(&[0.1; 50]), [(0.1, 0.1, 50)]);
    // What stands at an edge is part of the bar that begins there, the longest of the last one.
    assert_eq!(told(&[0.0, 1.0, 1.0, 2.0]), [(0.0, 1.0, 1), (1.0, 2.0, 3)]);
    assert_eq!(told(&[0.0, 9.0]), [(0.0, 4.5, 1), (4.5, 9.0, 1)]);
    assert_eq!(told(&[1.0, 1.0 + f64::EPSILON]).iter().map(|bar| bar.2).sum::<u32>(), 2);
    assert_eq!(of(&(0..1_000).map(f64::from).collect::<Vec<_>>()).bars.len(), 20);
}

proptest! {
    #[test]
    fn each_duration_is_in_one_bar_and_nothing_is_outside(
        seconds in prop::collection::vec(0.0..1e6_f64, 1..400),
    ) {
        let measured = of(&seconds);
        let shortest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert_eq!(measured.bars.iter().map(|bar| bar.rows).sum::<u32>(), measured.rows);
        let last = measured.bars.len() - 1;
        let ends = (measured.bars[0].from, measured.bars[last].to);
        prop_assert_eq!(ends, (shortest, measured.longest));
        for (at, bar) in measured.bars.iter().enumerate() {
            let inside = seconds.iter().filter(|one| {
                **one >= bar.from && (**one < bar.to || at == last)
            });
            prop_assert_eq!(inside.count(), bar.rows as usize);
        }
        let order = [shortest, measured.median, measured.p90, measured.p99, measured.longest];
        prop_assert!(order.is_sorted(), "{:?}", order);
    }
}

#[test]
fn rows_are_the_same_by_state_and_output_alone() {
    let first = row(1, json!({"q": 1}), json!({"a": {"x": 1, "y": [1, 2]}}));
    let same = BatchRow {
        duration: None,
        tokens: None,
        ..row(9, json!({"q": 2}), json!({"a": {"y": [1, 2], "x": 1}}))
    };
    assert!(!differs(&[Some(&first), Some(&same)]));
    assert!(differs(&[Some(&first), None]) && differs(&[None, Some(&first)]));
    assert!(!differs(&[Some(&failed(1, json!({}))), Some(&failed(1, json!({"q": 1})))]));
    assert!(differs(&[Some(&first), Some(&same), Some(&failed(1, json!({})))]));
    let outputs = [
        json!(null),
        json!(""),
        json!("null"),
        json!([12]),
        json!([1, 2]),
        json!(["1", "2"]),
        json!([[1], 2]),
        json!({"a": "b"}),
        json!({"a": "b", "c": null}),
        json!({"ab": ""}),
        json!(1),
        json!(1.0),
        json!("1"),
        json!(true),
    ];
    for (at, one) in outputs.iter().enumerate() {
        for other in &outputs[..at] {
            let (one, other) = (row(1, json!({}), one.clone()), row(1, json!({}), other.clone()));
            assert!(differs(&[Some(&one), Some(&other)]), "{} {}", one.output, other.output);
        }
    }
}

#[test]
fn what_a_person_says_is_tidied_or_refused() {
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let read =
        Described::read(" New ", &tags(&[" a ", "", "b", "a", "A"]), " why\n").expect("read");
    assert_eq!((read.name.as_str(), read.description.as_str()), ("New", "why"));
    assert_eq!(read.tags, tags(&["a", "b", "A"]));
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    let field = |name: &str, tags: &[String], description: &str| {
        Described::read(name, tags, description).expect_err("refused").field.unwrap_or_default()
    };
    assert_eq!(field("  ", &[], ""), "name");
    assert_eq!(field("a\nb", &[], ""), "name");
    assert_eq!(field(&"ä".repeat(201), &[], ""), "name");
    assert_eq!(field("a", &many, ""), "tags");
    assert_eq!(field("a", &["ä".repeat(51)], ""), "tags");
    assert_eq!(field("a", &[], &"ä".repeat(10_001)), "description");
    let most = Described::read(&"ä".repeat(200), &many[..20], &"ä".repeat(10_000));
    assert_eq!(most.map(|most| most.tags.len()), Ok(20));
}

#[test]
fn a_file_is_called_after_the_batch_run_whatever_that_is_called() {
    for (name, stem) in [
        ("web 3", "web_3"),
        ("../../etc/passwd", "etc_passwd"),
        ("a<b>:\"|?*\\c", "a_b_c"),
        ("Größe.v1-2", "Größe.v1-2"),
        (" .hidden ", "hidden"),
        ("…", "batch-run"),
        ("", "batch-run"),
    ] {
        assert_eq!(file_stem(name), stem, "{name}");
    }
    assert_eq!(file_stem(&"ä".repeat(200)).chars().count(), 80);
}

#[test]
fn a_table_has_a_column_for_each_value_that_any_row_has() {
    let rows = [
        row(0, json!({"q": "why", "n": -2}), json!({"answer": "so", "list": [1, "x"]})),
        failed(1, json!({"q": null})),
        row(2, json!({"late": true}), json!("alone")),
    ];
    let mut columns = Columns::default();
    for row in &rows {
        columns.add(row);
    }
    assert_eq!(
        columns.header().join(" "),
        "line_number inputs.late inputs.n inputs.q outputs.answer outputs.list outputs.output status \
         error duration tokens"
    );
    assert_eq!(
        columns.line(&rows[0]),
        ["0", "", "-2", "why", "so", "[1,\"x\"]", "", "Completed", "", "1.5", "3"]
    );
    let sentence = "'=The node \"a\" failed.";
    assert_eq!(columns.line(&rows[1]), ["1", "", "", "", "", "", "", "Failed", sentence, "", ""]);
    assert_eq!(columns.line(&rows[2])[6], "alone");
}

#[test]
fn a_spreadsheet_runs_nothing_of_a_table() {
    for formula in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "- a point", "\t=1", "\r=1"] {
        assert_eq!(cell(&json!(formula)), format!("'{formula}"));
    }
    for text in ["-2", "+3.5e4", "a=1", " =1", "", "'=1"] {
        assert_eq!(cell(&json!(text)), text);
    }
    assert_eq!((cell(&json!(-2)), cell(&json!(null))), ("-2".to_owned(), String::new()));
}

#[test]
fn a_row_is_a_json_object() {
    let whole = row(4, json!({"q": "=1"}), json!({"a": [1]}));
    let expected = json!({"line_number": 4, "inputs": {"q": "=1"}, "outputs": {"a": [1]},
        "status": "Completed", "error": null, "duration": 1.5,
        "tokens": {"prompt": 1, "completion": 2, "total": 3}});
    assert_eq!(json_row(&whole), expected);
    let told = json_row(&failed(5, json!({})));
    assert_eq!(told["error"]["message"], "=The node \"a\" failed.");
    assert_eq!((&told["status"], &told["tokens"]), (&json!("Failed"), &json!(null)));
}

#[test]
fn a_folder_of_pf_run_tells_the_same_rows() {
    let (batch, now) = (batch(), Timestamp::UNIX_EPOCH);
    let metadata = pf_run::metadata(&batch, "f_1-x", now);
    assert_eq!(metadata["created_on"], "2026-01-02T03:04:05.250000+00:00");
    assert_eq!(metadata["end_time"], "2026-01-02T03:05:05.000000+00:00");
    assert_eq!((&metadata["name"], &metadata["status"]), (&json!("f_1-x"), &json!("Completed")));
    assert_eq!(metadata["tags"], json!({"good": ""}));
    let paused = Batch { state: BatchState::Paused, ended: None, ..batch.clone() };
    let metadata = pf_run::metadata(&paused, "r", now);
    assert_eq!(metadata["status"], "Canceled");
    assert_eq!(metadata["end_time"], "1970-01-01T00:00:00.000000+00:00");
    assert_eq!(pf_run::metrics(&batch), json!({"accuracy.variant_0": 0.5}));

    let good = row(7, json!({"q": "why"}), json!("alone"));
    assert_eq!(pf_run::inputs(&good), json!({"q": "why", "line_number": 7}));
    assert_eq!(pf_run::outputs(&good), Some(json!({"output": "alone", "line_number": 7})));
    assert_eq!(pf_run::artifact_name(7), "000000007_000000007.jsonl");
    let artifact = pf_run::artifact(&batch, "f_1-x", &good);
    let info = &artifact["run_info"];
    assert_eq!((&info["run_id"], &info["error"]), (&json!("f_1-x_7"), &json!(null)));
    assert_eq!(info["output"], json!({"output": "alone"}));
    assert_eq!(info["end_time"], "2026-01-02T03:04:06.750000Z");
    assert_eq!(info["system_metrics"]["total_tokens"], 3);

    let bad = failed(8, json!({"q": "why"}));
    assert_eq!(pf_run::outputs(&bad), None);
    let artifact = pf_run::artifact(&batch, "f_1-x", &bad);
    assert_eq!(artifact["status"], "Failed");
    assert_eq!(artifact["run_info"]["error"]["message"], "Execution failure in 'a'.");
    assert_eq!(artifact["run_info"]["output"], json!(null));
    let (before, after) = pf_run::errors_around(2, 3, "He said \"no\".");
    let errors = [pf_run::line_error(&bad).to_string(), pf_run::line_error(&bad).to_string()];
    let errors: Value =
        serde_json::from_str(&format!("{before}{}{after}", errors.join(", "))).expect("JSON");
    let message = "Failed to run 2/3 lines. First error message is: He said \"no\".";
    assert_eq!(errors["message"], message);
    assert_eq!(errors["additionalInfo"][0]["info"]["errors"][1]["line_number"], 8);
}
