//! The folder that `pf run` keeps of a run, as promptflow-devkit 1.18 reads it: a batch run of this
//! application becomes one of `pf run` by `pf run create --source FOLDER`.
//!
//! What is in it: `run_metadata.json` (what `--source` reads), `meta.json`, `metrics.json`, `inputs.jsonl`
//! and `outputs.jsonl` (what `pf run show-details` shows; a row that is in the first only has failed),
//! `flow_outputs/output.jsonl`, a file for each row in `flow_artifacts`, `error.json` when rows failed,
//! `logs.txt`, the flow in `snapshot`, and in `node_artifacts` a folder for each node with a file for each row.
//! What nodes took and gave is not kept by this application, only how they ended and how long they took; when
//! each row began is neither, so all begin with the batch run.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Batch, BatchRow, BatchState, RowNode, RowState, export::status, named_values};
use crate::flow::NodeRunState;

/// Rows in one file of `flow_artifacts`, as `meta.json` says it.
const ROWS_IN_A_FILE: u32 = 1;
const LINE_NUMBER: &str = "line_number";

/// `meta.json`.
pub fn meta() -> Value {
    json!({"batch_size": ROWS_IN_A_FILE})
}

/// `run_metadata.json`. `run` names the run among those of `pf run`; `now` is its end when it has none yet.
pub fn metadata(batch: &Batch, run: &str, now: Timestamp) -> Value {
    let tags: Map<String, Value> =
        batch.tags.iter().map(|tag| (tag.clone(), Value::from(""))).collect();
    json!({
        "name": run,
        "display_name": batch.name,
        "description": batch.description,
        "tags": tags,
        "status": match batch.state {
            BatchState::Completed => "Completed",
            BatchState::Failed => "Failed",
            // `pf` would wait for one that runs; nothing is added to this one.
            _ => "Canceled",
        },
        // Python 3.9 reads no other form.
        "created_on": iso(batch.started, "+00:00"),
        "start_time": iso(batch.started, "+00:00"),
        "end_time": iso(batch.ended.unwrap_or(now), "+00:00"),
        "data": batch.file,
        "column_mapping": batch.mapping,
    })
}

/// `metrics.json`. Whole numbers are written as such.
pub fn metrics(batch: &Batch) -> Value {
    /// Bigger ones are not exact any more.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let all = batch.metrics.iter().map(|metric| {
        let is_whole = metric.value.fract() == 0.0 && metric.value.abs() < EXACT;
        let value = if is_whole { (metric.value as i64).into() } else { metric.value.into() };
        (metric.name.clone(), value)
    });
    Value::Object(all.collect())
}

/// A line of `inputs.jsonl`.
pub fn inputs(row: &BatchRow) -> Value {
    with_number(row, &row.inputs)
}

/// A line of `outputs.jsonl` and `output.jsonl`; `None` = the row gave none, because it did not complete.
pub fn outputs(row: &BatchRow) -> Option<Value> {
    (row.state == RowState::Completed).then(|| with_number(row, &row.output))
}

fn with_number(row: &BatchRow, values: &Value) -> Value {
    let mut all: Map<String, Value> = named_values(values)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    all.insert(LINE_NUMBER.to_owned(), row.row.into());
    Value::Object(all)
}

/// The file of a row in `flow_artifacts`.
pub fn artifact_name(row: u32) -> String {
    format!("{row:09}_{row:09}.jsonl")
}

/// What is in that file.
pub fn artifact(batch: &Batch, run: &str, row: &BatchRow) -> Value {
    let took = SignedDuration::try_from_secs_f64(row.duration.unwrap_or(0.0)).unwrap_or_default();
    let end = batch.started.checked_add(took).unwrap_or(batch.started);
    let error = error(row);
    let output: Value = match row.state {
        RowState::Completed => named_values(&row.output)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect::<Map<_, _>>()
            .into(),
        _ => Value::Null,
    };
    let tokens = row.tokens.unwrap_or_default();
    json!({
        LINE_NUMBER: row.row,
        "run_info": {
            "run_id": format!("{run}_{}", row.row),
            "status": status(row.state),
            "error": error,
            "inputs": inputs(row),
            "output": output,
            "metrics": null,
            "request": null,
            "parent_run_id": run,
            "root_run_id": run,
            "source_run_id": null,
            "flow_id": "default_flow_id",
            "start_time": iso(batch.started, "Z"),
            "end_time": iso(end, "Z"),
            "index": row.row,
            "api_calls": null,
            "name": "",
            "description": "",
            "tags": null,
            "system_metrics": {
                "duration": row.duration.unwrap_or(0.0),
                "prompt_tokens": tokens.prompt,
                "completion_tokens": tokens.completion,
                "total_tokens": tokens.total,
            },
            "result": null,
            "upload_metrics": false,
            "otel_trace_id": null,
            "message_format": "basic",
        },
        "start_time": iso(batch.started, ""),
        "end_time": iso(end, ""),
        "name": "",
        "description": "",
        "status": status(row.state),
        "tags": null,
    })
}

/// The folder of a node in `node_artifacts`. A name that is no name of a folder cannot come from a flow that
/// ran under `pf`.
pub fn node_folder(node: &str) -> String {
    node.replace(['/', '\\'], "_").trim_start_matches('.').to_owned()
}

/// The file of a row in that folder.
pub fn node_artifact_name(row: u32) -> String {
    format!("{row:09}.jsonl")
}

/// What is in that file.
pub fn node_artifact(batch: &Batch, run: &str, row: &BatchRow, node: &RowNode) -> Value {
    let after = |seconds: f64| {
        let took = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
        batch.started.checked_add(took).unwrap_or(batch.started)
    };
    let began = node.began.unwrap_or(0.0);
    let (start, end) = (after(began), after(began + node.duration.unwrap_or(0.0)));
    let status = match node.state {
        NodeRunState::Completed => "Completed",
        NodeRunState::Failed => "Failed",
        NodeRunState::Bypassed => "Bypassed",
        NodeRunState::Cancelled => "Canceled",
        NodeRunState::Running => "Running",
        NodeRunState::Waiting => "NotStarted",
    };
    let tokens = node.tokens.unwrap_or_default();
    json!({
        "NodeName": node.node,
        LINE_NUMBER: row.row,
        "run_info": {
            "node": node.node,
            "flow_run_id": run,
            "run_id": format!("{run}_{}_{}", node.node, row.row),
            "status": status,
            "inputs": null,
            "output": null,
            "metrics": null,
            "error": node.error.as_deref().map_or(Value::Null, error_of),
            "parent_run_id": format!("{run}_{}", row.row),
            "start_time": iso(start, "Z"),
            "end_time": iso(end, "Z"),
            "index": row.row,
            "api_calls": null,
            "cached_run_id": null,
            "cached_flow_run_id": null,
            "logs": {"stdout": "", "stderr": ""},
            "system_metrics": {
                "duration": node.duration.unwrap_or(0.0),
                "prompt_tokens": tokens.prompt,
                "completion_tokens": tokens.completion,
                "total_tokens": tokens.total,
            },
            "result": null,
            "message_format": "basic",
        },
        "start_time": iso(start, ""),
        "end_time": iso(end, ""),
        "status": status,
    })
}

fn error_of(message: &str) -> Value {
    json!({
        "message": message,
        "messageFormat": "",
        "messageParameters": {},
        "referenceCode": null,
        "code": "UserError",
        "innerError": null,
        "additionalInfo": null,
        "debugInfo": null,
    })
}

fn iso(time: Timestamp, zone: &str) -> String {
    format!("{}{zone}", time.strftime("%Y-%m-%dT%H:%M:%S%.6f"))
}

/// What the service said of a row that failed, without the trace of its code.
pub fn message(row: &BatchRow) -> Option<&str> {
    let problem = row.problem.as_ref()?;
    let words = problem.details.as_deref().unwrap_or(&problem.sentence);
    let message = words.split_once("\n\nTraceback ").map_or(words, |(message, _)| message);
    Some(message.trim_end())
}

/// Why a row failed, in the form of promptflow's errors; null = it did not.
pub fn error(row: &BatchRow) -> Value {
    let Some(message) = message(row) else { return Value::Null };
    json!({
        "message": message,
        "messageFormat": "",
        "messageParameters": {},
        "referenceCode": null,
        "code": "UserError",
        "innerError": null,
        "additionalInfo": null,
        "debugInfo": row.problem.as_ref().and_then(|problem| problem.details.as_ref()).map(
            |details| json!({"type": "", "message": message, "stackTrace": details, "innerException": null})),
    })
}

/// One of the errors in `error.json`.
pub fn line_error(row: &BatchRow) -> Value {
    json!({LINE_NUMBER: row.row, "error": error(row)})
}

/// What is before the errors in `error.json`, which are separated by commas, and what is after them.
pub fn errors_around(failed: u32, total: u32, first: &str) -> (String, String) {
    let message = format!("Failed to run {failed}/{total} lines. First error message is: {first}");
    let before = "{\"additionalInfo\": [{\"type\": \"BulkRunErrors\", \"info\": {\"errors\": [";
    let after = format!(
        "]}}}}], \"code\": \"UserError\", \"innerError\": {}, \"message\": {}, \"messageFormat\": \"\", \
         \"messageParameters\": {{}}, \"referenceCode\": \"Runtime\"}}",
        json!({"code": "SDKError", "innerError": {"code": "BulkRunException", "innerError": null}}),
        Value::from(message),
    );
    (before.to_owned(), after)
}
