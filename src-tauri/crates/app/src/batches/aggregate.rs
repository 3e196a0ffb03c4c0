//! The nodes that run once over all rows.

use domain::{
    batch::{Aggregation, BatchState, metrics},
    finding::Problem,
    flow::{explain, failure},
};
use executor::RunError;
use serde_json::Value;

use super::run::Work;
use crate::problem;

/// Rows that are read at once.
const PAGE: u32 = 1_000;

/// Why it did not come to an answer.
pub(super) enum Stop {
    /// The service is gone, a sentence: it can be done once more.
    Gone(String),
    Failed(Box<Problem>),
}

/// Runs them over the rows that completed; `Some` = what is wrong with it, though the rows are right.
pub(super) async fn run(work: &Work, base: &str) -> Result<Option<Problem>, Stop> {
    let mut all = Aggregation::default();
    let mut from = 0;
    loop {
        let rows = work.app.parts.history.completed_batch_rows(&work.id, from, PAGE).await;
        let rows = rows.map_err(|error| Stop::Failed(Box::new(problem::of_history(&error))))?;
        let Some(last) = rows.last().map(|row| row.row) else { break };
        from = last + 1;
        for row in rows {
            all.add(row.inputs, row.outputs);
        }
    }
    if all.rows() == 0 {
        return Ok(None);
    }
    work.active.change(&work.app, |batch| {
        if !matches!(batch.state, BatchState::Cancelling | BatchState::Pausing) {
            batch.state = BatchState::Aggregating;
        }
    });
    let (inputs, outputs) = all.finish();
    let runs = work.app.parts.executor.runs();
    let answer = match runs.aggregate(base, &work.id.0, &inputs, &outputs).await {
        Ok(answer) => work.scrubber.value(&answer),
        Err(RunError::Miss(miss)) => {
            return Err(Stop::Gone(format!("The service gave no answer over all rows: {miss}.")));
        }
        Err(RunError::Refused { error, .. }) => {
            let error = work.scrubber.value(error.expose());
            return Ok(Some(about(&explain(&failure(&error, &work.place.folder)))));
        }
    };
    let measured = metrics(&answer);
    work.active.change(&work.app, |batch| batch.metrics = measured);
    Ok(failed_node(&answer, &work.place.folder))
}

/// The first of the nodes that failed.
fn failed_node(answer: &Value, folder: &str) -> Option<Problem> {
    let nodes = answer["node_run_infos"].as_object()?;
    let failed = nodes.values().find(|info| info["status"] == "Failed")?;
    Some(about(&explain(&failure(&failed["error"], folder))))
}

fn about(problem: &Problem) -> Problem {
    let sentence = format!(
        "The rows have their results, but what runs once over all of them failed. {}",
        problem.sentence
    );
    let finding = problem.finding.clone().map(|mut found| {
        found.sentence.clone_from(&sentence);
        found
    });
    Problem { sentence, finding, ..problem.clone() }
}
