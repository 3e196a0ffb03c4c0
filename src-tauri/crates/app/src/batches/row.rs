//! One row: what the flow gets of it, and what is kept of its answer.

use domain::{
    batch::{BatchId, BatchRow, DataRow, OtherRun, RowNode, RowState, inputs_of_row, node_list},
    diagnosis::AboutRun,
    finding::{Problem, ProblemCode},
    flow::{FlowRunState, RunFailure, ValueKind, explain_about, outcome},
};
use serde_json::{Map, Value};

use super::run::Work;
use crate::{
    context::App,
    flows::{of_files, shown_inputs},
    problem,
};

/// What a row of another batch run took and gave; `None` = it did not complete.
pub(super) async fn other_run(
    app: &App,
    other: &BatchId,
    row: u32,
) -> Result<Option<OtherRun>, Problem> {
    let kept = app.parts.history.batch_row(other, row).await;
    let kept = kept.map_err(|error| problem::of_history(&error))?;
    let object = |value: Value| match value {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Ok(kept
        .filter(|kept| kept.state == RowState::Completed)
        .map(|kept| OtherRun { inputs: object(kept.inputs), outputs: object(kept.output) }))
}

/// What the flow gets of a row; images of this machine go along. The error is why it cannot run.
pub(super) async fn inputs(work: &Work, row: &DataRow) -> Result<Map<String, Value>, Problem> {
    let flow = &work.chosen.flow.inputs;
    let other = match &work.other {
        Some(other) => other_run(&work.app, other, row.number).await?,
        None => None,
    };
    let made = inputs_of_row(flow, &work.draft.mapping, row, other.as_ref());
    let mut values = made.map_err(|problems| {
        let mut sentences = problems.into_iter().map(|problem| problem.sentence);
        let first = sentences.next().unwrap_or_default();
        let mut problem = Problem::new(ProblemCode::InvalidInput, first);
        problem.hints = sentences.collect();
        problem
    })?;
    for input in flow.iter().filter(|input| input.kind == ValueKind::Image) {
        if let Some(Value::String(text)) = values.get(&input.name) {
            let beside = work.data.path.parent().unwrap_or(&work.data.path);
            let image = ::flows::image_value(beside, text).await;
            values.insert(input.name.clone(), image.map_err(|error| of_files(&error))?);
        }
    }
    Ok(values)
}

/// A row as it is kept, and what nodes get of it that run over all rows.
pub(super) struct Kept {
    pub row: BatchRow,
    /// What its nodes did.
    pub nodes: Vec<RowNode>,
    pub outputs: Map<String, Value>,
}

impl Kept {
    /// A row that failed for this reason. `tries` as in [`BatchRow::tries`].
    pub fn failed(
        work: &Work,
        row: &DataRow,
        tries: u32,
        inputs: &Value,
        problem: Problem,
    ) -> Self {
        Self {
            row: BatchRow {
                row: row.number,
                line: row.line,
                state: RowState::Failed,
                tries,
                runtime: String::new(),
                duration: None,
                tokens: None,
                inputs: work.scrubber.value(inputs),
                output: Value::Null,
                problem: Some(problem),
            },
            nodes: vec![],
            outputs: Map::new(),
        }
    }

    /// What the service answered; `about` says what is known around it, without its connection.
    pub fn answered(
        work: &Work,
        row: &DataRow,
        tries: u32,
        inputs: &Value,
        answer: &Value,
        about: AboutRun,
    ) -> Self {
        let answer = work.scrubber.value(answer);
        let Some(read) = outcome(&answer, &work.place.folder) else {
            let problem = Problem::new(
                ProblemCode::RunFailed,
                "The service answered with something that is no result of a row.",
            )
            .details(answer.to_string().chars().take(2_000).collect::<String>());
            return Self::failed(work, row, tries, inputs, problem);
        };
        let state = match read.state {
            FlowRunState::Completed | FlowRunState::Bypassed => RowState::Completed,
            FlowRunState::Cancelled => RowState::Cancelled,
            _ => RowState::Failed,
        };
        let object = |key: &str| answer[key].as_object().cloned().unwrap_or_default();
        Self {
            row: BatchRow {
                state,
                duration: read.duration,
                tokens: read.tokens,
                output: answer["output"].clone(),
                problem: (state == RowState::Failed).then(|| match &read.failure {
                    Some(failure) => {
                        let connection = connection_of(work, failure);
                        explain_about(failure, &AboutRun { connection, ..about })
                    }
                    None => Problem::new(
                        ProblemCode::RunFailed,
                        "The service says that the row failed, and not why.",
                    ),
                }),
                ..Self::failed(work, row, tries, inputs, Problem::new(ProblemCode::RunFailed, ""))
                    .row
            },
            nodes: RowNode::all_of(&read),
            outputs: if state == RowState::Completed {
                object("aggregation_inputs")
            } else {
                Map::new()
            },
        }
    }
}

/// The connection that the node names which failed.
fn connection_of(work: &Work, failure: &RunFailure) -> Option<String> {
    let name = failure.node.as_deref()?;
    work.chosen.flow.nodes.iter().find(|node| node.name == name)?.connection.clone()
}

impl Kept {
    /// What it takes on the disk; bytes.
    pub fn bytes(&self) -> u64 {
        let row = serde_json::to_string(&self.row).map_or(0, |text| text.len());
        let outputs = serde_json::to_string(&self.outputs).map_or(0, |text| text.len());
        let nodes = if self.nodes.is_empty() { 0 } else { node_list(&self.nodes).len() };
        (row + outputs + nodes) as u64
    }
}

/// Inputs as they are kept: an image that went along is only named.
pub(super) fn shown(inputs: &Map<String, Value>) -> Value {
    shown_inputs(inputs)
}
