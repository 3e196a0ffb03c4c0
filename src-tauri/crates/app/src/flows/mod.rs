//! Flows: opening their folders, choosing a runtime, running them.

mod again;
mod cancel;
mod fit;
mod from_here;
mod kept;
mod live;
mod outside;
pub(crate) mod place;
mod prepare;
mod row_processes;
mod run;
mod runtimes;
mod still_fit;
mod tools;
mod view;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use ::flows::{FlowsError, Watching};
use domain::{
    finding::{Problem, ProblemCode},
    flow::{FlowId, FlowRun, FlowRunId},
    runtime::RuntimeId,
};

use crate::context::{App, lock};

pub(crate) use again::run_again;
pub(crate) use cancel::{cancel_all, cancel_on, cancel_run, recover};
pub(crate) use fit::check as check_fit;
pub(crate) use kept::{delete_run, delete_runs, log_pieces, run_detail, run_part, runs};
pub(crate) use outside::outside;
pub(crate) use prepare::{
    Chosen, check_inputs, choose, connections_of, first_of, hidden, others_of, refuse_errors,
    shown_inputs, start_run, variables,
};
pub use row_processes::{RowsToEnd, end_rows};
pub(crate) use run::not_brought;
pub(crate) use runtimes::{choose_runtime, runtimes, unusable, usable};
pub(crate) use still_fit::{
    Container as FitContainer, lacking, still_fit, used as used_flows, used_connections,
};
pub(crate) use view::{connection_names, forget, list, open, read_file, view};

/// What is known of flows while the application runs.
#[derive(Default)]
pub(crate) struct State {
    /// Runs that are active.
    active: Mutex<BTreeMap<FlowRunId, Arc<live::Active>>>,
    /// Flows whose folders are watched, the one that was looked at last at the end.
    watched: Mutex<Vec<(FlowId, Watching)>>,
    /// What runtimes told of the tools of flows.
    told: Mutex<tools::Told>,
}

/// Runs of this application that are active, as they stand.
pub(crate) fn active(app: &App) -> Vec<FlowRun> {
    lock(&app.flows.active).values().map(|active| lock(&active.run).clone()).collect()
}

/// Runs of this application that are active on a runtime.
pub(crate) fn active_on(app: &App, runtime: &RuntimeId) -> u32 {
    let active = lock(&app.flows.active);
    let on = active.values().filter(|active| lock(&active.run).runtime == *runtime).count();
    u32::try_from(on).unwrap_or(u32::MAX)
}

/// Folders inside runtimes that active runs and batch runs use.
pub(crate) fn folders_in_use(app: &App) -> Vec<String> {
    let mut folders: Vec<String> =
        lock(&app.flows.active).values().map(|active| active.folder()).collect();
    folders.extend(crate::batches::folders(app));
    folders
}

/// Why a flow's files cannot be used, in words.
pub(crate) fn of_files(error: &FlowsError) -> Problem {
    let problem = Problem::new(
        match error {
            FlowsError::NotThere(_) => ProblemCode::NotFound,
            FlowsError::NoFlow { .. } => ProblemCode::InvalidInput,
            FlowsError::Disk { .. } | FlowsError::TooBig { .. } | FlowsError::Changed(_) => {
                ProblemCode::Storage
            }
        },
        error.to_string(),
    );
    match error {
        FlowsError::NotThere(_) => problem.hint("Check the path. Was the folder moved or renamed?"),
        FlowsError::NoFlow { instead, .. } if !instead.is_empty() => {
            let names: Vec<String> =
                instead.iter().map(|folder| folder.display().to_string()).collect();
            problem.hint(format!("Flows are in these folders: {}.", names.join(", ")))
        }
        FlowsError::NoFlow { .. } => problem.hint("Choose the folder in which the flow's file is."),
        FlowsError::Disk { .. } => problem.hint("Check the rights of the folder.").retryable(),
        FlowsError::TooBig { .. } => problem.hint(
            "Name what a run does not need in a file .amlignore in the flow's folder, a pattern on each line.",
        ),
        FlowsError::Changed(_) => problem.hint("Run it again.").retryable(),
    }
}
