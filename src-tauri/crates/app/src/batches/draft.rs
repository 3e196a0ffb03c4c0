//! What a person puts together for a batch run: looked through before anything begins.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use ::flows::{DataError, DataFile, DataPreview, FlowPath};
use domain::{
    batch::{
        Batch, BatchState, OtherRun, Source, check, preview as preview_rows, propose,
        propose_workers, read,
    },
    finding::{Problem, ProblemCode},
    flow::{FlowInput, inputs},
    runtime::Runtime,
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::kept::value_names;
use crate::{
    api::{BatchDraft, BatchPreview, DataView, MappedInput, OtherColumns, RowCount, RuntimeQueue},
    connections,
    context::{App, lock},
    flows::{Chosen, choose, connection_names, connections_of, others_of, refuse_errors, usable},
    home::path_of,
    problem,
};

/// Rows that the preview shows.
const SHOWN_ROWS: usize = 20;
/// How long a service may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// A draft after it was looked through.
pub(super) struct Examined {
    pub chosen: Option<Chosen>,
    pub data: Option<(DataFile, DataPreview)>,
    /// Those that can be used, with the version of each; empty = not known.
    pub runtimes: Vec<(Runtime, String)>,
    pub init: Map<String, Value>,
    other: Option<OtherColumns>,
    /// Everything that is refused.
    pub problems: Vec<Problem>,
}

/// Why a file of rows cannot be used, in words.
pub(super) fn of_data(error: &DataError) -> Problem {
    let problem = Problem::new(
        match error {
            DataError::NotThere(_) => ProblemCode::NotFound,
            DataError::Disk { .. } => ProblemCode::Storage,
            DataError::Form(_) => ProblemCode::InvalidInput,
        },
        error.to_string(),
    );
    let problem = match error {
        DataError::NotThere(_) => problem.hint("Check the path. Was the file moved or renamed?"),
        DataError::Disk { .. } => problem.hint("Check the rights of the file.").retryable(),
        DataError::Form(_) => problem.hint(
            "A file of rows has a JSON object on each line, or names in its first line and values with commas or tabs below.",
        ),
    };
    Problem { field: Some("file".into()), ..problem }
}

fn on(field: &str, problem: Problem) -> Problem {
    Problem { field: Some(field.into()), ..problem }
}

/// Reads the flow with what the draft chooses.
pub(super) async fn chosen(app: &App, draft: &BatchDraft) -> Result<Chosen, Problem> {
    choose(app, &FlowPath::of(&draft.flow), &draft.variants, &others_of(&draft.connections)).await
}

/// The file of rows: the one that is named, else that of the other batch run.
pub(super) fn file_of(draft: &BatchDraft, other: Option<&Batch>) -> Option<PathBuf> {
    match (draft.file.trim(), other) {
        ("", None) => None,
        ("", Some(other)) => Some(PathBuf::from(&other.file)),
        (typed, _) => Some(path_of(typed)),
    }
}

/// The batch run that something is taken from.
pub(super) async fn other_of(app: &App, draft: &BatchDraft) -> Result<Option<Batch>, Problem> {
    let Some(id) = &draft.other else { return Ok(None) };
    let kept = app.parts.history.batch(id).await.map_err(|error| problem::of_history(&error))?;
    let Some(kept) = kept else {
        return Err(on("other", problem::not_found("The batch run that values are taken from")));
    };
    let other = super::as_it_stands(app, kept.batch);
    if other.state != BatchState::Completed {
        let sentence = format!("{} has not completed, so its values cannot be taken.", other.name);
        return Err(
            Problem::field("other", sentence).hint("Let it run to its end, or choose another one.")
        );
    }
    Ok(Some(other))
}

/// The dated version of a runtime, else promptflow's; empty = not known.
async fn version_of(app: &App, row: &Runtime) -> String {
    if let Some(version) = row.version {
        return version.to_string();
    }
    let base = row.endpoint.as_deref().unwrap_or_default();
    match app.parts.executor.version(base, VERSION_LIMIT).await {
        Ok(told) => format!("promptflow {}", told.version),
        Err(_) => String::new(),
    }
}

async fn runtimes_of(
    app: &App,
    draft: &BatchDraft,
    problems: &mut Vec<Problem>,
) -> Vec<(Runtime, String)> {
    if draft.runtimes.is_empty() {
        problems.push(Problem::field("runtimes", "Choose the runtime that the rows run on."));
    }
    let distinct: BTreeSet<_> = draft.runtimes.iter().collect();
    if distinct.len() < draft.runtimes.len() {
        problems.push(Problem::field("runtimes", "A runtime is named twice."));
    }
    let mut all = Vec::new();
    for id in &draft.runtimes {
        match usable(app, id) {
            Ok(row) => {
                let version = version_of(app, &row).await;
                all.push((row, version));
            }
            Err(problem) => problems.push(on("runtimes", problem)),
        }
    }
    let versions: BTreeSet<&str> = all.iter().map(|(_, version)| version.as_str()).collect();
    if versions.len() > 1 {
        let told: Vec<String> = all
            .iter()
            .map(|(row, version)| {
                let version = if version.is_empty() { "not known" } else { version };
                format!("{} ({version})", row.name)
            })
            .collect();
        problems.push(
            Problem::field(
                "runtimes",
                format!("The runtimes are not of one version: {}.", told.join(", ")),
            )
            .hint("Rows of one batch run are comparable only when they run on the same version. Update the older ones, or leave them out."),
        );
    }
    all
}

/// Looks a draft through.
pub(super) async fn examine(app: &App, draft: &BatchDraft) -> Examined {
    let mut problems = draft.settings.problems();
    let chosen = match chosen(app, draft).await {
        Ok(chosen) => Some(chosen),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let mut init = Map::new();
    if let Some(chosen) = &chosen {
        match connection_names(app).await {
            Ok(existing) => {
                problems.extend(refuse_errors(chosen, None, &existing).err());
                let names = connections_of(chosen, &existing, None);
                problems.extend(connections::for_flow(app, &names).await.err());
            }
            Err(problem) => problems.push(problem),
        }
        match inputs::values(&chosen.flow.init, &draft.init, None, "init") {
            Ok(values) if !draft.init.is_empty() => init = values,
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    let runtimes = runtimes_of(app, draft, &mut problems).await;
    let other = match other_of(app, draft).await {
        Ok(other) => other,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let data = data_of(draft, other.as_ref(), &mut problems).await;
    let other = match other {
        Some(other) => match value_names(app, &other).await {
            Ok((inputs, outputs)) => Some(OtherColumns { name: other.name, inputs, outputs }),
            Err(problem) => {
                problems.push(problem);
                None
            }
        },
        None => None,
    };
    if let (Some(chosen), Some((_, preview))) = (&chosen, &data) {
        let names = other.as_ref().map(|other| (&other.inputs[..], &other.outputs[..]));
        problems.extend(check(&chosen.flow.inputs, &draft.mapping, &preview.columns, names));
    }
    Examined { chosen, data, runtimes, init, other, problems }
}

async fn data_of(
    draft: &BatchDraft,
    other: Option<&Batch>,
    problems: &mut Vec<Problem>,
) -> Option<(DataFile, DataPreview)> {
    let Some(path) = file_of(draft, other) else {
        problems.push(Problem::field("file", "Choose the file of rows: JSON lines, CSV or TSV."));
        return None;
    };
    if !path.is_absolute() {
        problems.push(Problem::field("file", "Write the whole path of the file."));
        return None;
    }
    let read = async {
        let data = DataFile::open(&path).await?;
        let preview = data.preview(SHOWN_ROWS).await?;
        Ok((data, preview))
    };
    match read.await {
        Ok(read) => Some(read),
        Err(error) => {
            problems.push(of_data(&error));
            None
        }
    }
}

/// What a batch run would do. Nothing begins.
pub(crate) async fn preview(app: &App, draft: BatchDraft) -> Result<BatchPreview, Problem> {
    let Examined { chosen, data, runtimes, other, problems, .. } = examine(app, &draft).await;
    let flow_inputs: &[FlowInput] = chosen.as_ref().map_or(&[], |chosen| &chosen.flow.inputs);
    let none: &[String] = &[];
    let (run_inputs, run_outputs) =
        other.as_ref().map_or((none, none), |other| (&other.inputs[..], &other.outputs[..]));
    let columns = data.as_ref().map_or(none, |(_, preview)| &preview.columns[..]);
    let proposed = propose(flow_inputs, columns, run_inputs, run_outputs);
    let mut rows = Vec::new();
    if let Some((_, shown)) = &data {
        // Each row of the other one is looked for once, and only when something is taken from it.
        let mut others: std::collections::BTreeMap<u32, OtherRun> = [].into();
        if let Some(id) = &draft.other
            && takes_from_other(flow_inputs, &draft)
        {
            for row in &shown.rows {
                if let Some(other) = super::row::other_run(app, id, row.number).await? {
                    others.insert(row.number, other);
                }
            }
        }
        rows =
            preview_rows(flow_inputs, &draft.mapping, &shown.rows, |row| others.get(&row).cloned());
    }
    Ok(BatchPreview {
        inputs: flow_inputs.iter().map(mapped).collect(),
        data: data.map(|(data, shown)| DataView {
            file: data.path.display().to_string(),
            format: data.format,
            bytes: data.bytes,
            rows: shown.is_whole.then(|| u32::try_from(shown.rows.len()).unwrap_or(u32::MAX)),
            columns: shown.columns,
        }),
        other,
        proposed,
        rows,
        problems,
        proposed_workers: workers_for(app, &runtimes),
        queues: queues(app, &runtimes),
        has_aggregation: chosen
            .as_ref()
            .is_some_and(|chosen| chosen.flow.nodes.iter().any(|node| node.aggregation)),
    })
}

/// Whether a mapping takes anything from another batch run.
pub(super) fn takes_from_other(inputs: &[FlowInput], draft: &BatchDraft) -> bool {
    inputs.iter().any(|input| {
        let written = draft.mapping.get(&input.name).map(String::as_str).unwrap_or_default();
        matches!(read(input, written), Ok(Source::RunInput(_) | Source::RunOutput(_)))
    })
}

fn mapped(input: &FlowInput) -> MappedInput {
    MappedInput {
        name: input.name.clone(),
        kind: input.written.clone(),
        optional: input.default.is_some() || input.is_chat_history,
    }
}

/// Rows at the same time that suit the weakest of the runtimes.
fn workers_for(app: &App, runtimes: &[(Runtime, String)]) -> u32 {
    let of = |row: &Runtime| {
        let facts = lock(&app.computes).get(&row.compute).and_then(|entry| entry.facts.clone());
        let cpus = (row.cpu_limit > 0.0)
            .then_some(row.cpu_limit)
            .or_else(|| facts.as_ref().map(|facts| f64::from(facts.cpus)));
        let memory = (row.memory_limit > 0)
            .then_some(row.memory_limit)
            .or_else(|| facts.map(|facts| facts.memory));
        propose_workers(cpus, memory)
    };
    runtimes.iter().map(|(row, _)| of(row)).min().unwrap_or_else(|| propose_workers(None, None))
}

fn queues(app: &App, runtimes: &[(Runtime, String)]) -> Vec<RuntimeQueue> {
    let queue = |row: &Runtime| RuntimeQueue {
        runtime: row.id.clone(),
        name: row.name.to_string(),
        batches: super::names_in_queue(app, &row.id),
    };
    runtimes.iter().map(|(row, _)| queue(row)).filter(|queue| !queue.batches.is_empty()).collect()
}

/// How many rows a file has.
pub(crate) async fn count_rows(_: &App, typed: &str) -> Result<RowCount, Problem> {
    let data = DataFile::open(&path_of(typed)).await.map_err(|error| of_data(&error))?;
    // Whoever asked may be gone by then: counting a million rows takes a moment only.
    let counted = data.count(CancellationToken::new()).await.map_err(|error| of_data(&error))?;
    Ok(RowCount { rows: counted.unwrap_or(0) })
}
