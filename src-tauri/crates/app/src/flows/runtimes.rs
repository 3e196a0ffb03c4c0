//! Which runtime a flow runs on.

use domain::{
    finding::{Problem, ProblemCode},
    flow::FlowId,
    runtime::{Protocol, Runtime, Status},
};

use super::active_on;
use crate::{
    api::{FlowOnRuntime, FlowRuntime, FlowRuntimes, RememberedRuntime},
    context::{App, lock},
    operations, problem,
};

/// Why no flow can run on a runtime just now; `None` = it can.
pub(crate) fn unusable(row: &Runtime) -> Option<&'static str> {
    match (row.status, row.protocol) {
        (Status::Available, Some(Protocol::AzureRuntime)) => Some(
            "It serves flows of an Azure workspace only. Start its image with the open executor service instead.",
        ),
        (Status::Available, _) if row.endpoint.is_none() => {
            Some("Its service is published on no port, so it cannot be reached from here.")
        }
        (Status::Available, _) => None,
        (Status::Starting, _) => Some("It is starting, and can be used in a moment."),
        (Status::Updating, _) => Some("It is being updated, and can be used afterwards."),
        (Status::Stopping, _) => Some("It is stopping."),
        (Status::Stopped, _) => Some("It is stopped. Start it first."),
        (Status::Unavailable, _) => Some("Its service does not answer. Restart it."),
        (Status::Failed, _) => Some("It failed. Its page says why."),
    }
}

/// The runtime, when flows can run on it.
pub(crate) fn usable(app: &App, runtime: &domain::runtime::RuntimeId) -> Result<Runtime, Problem> {
    let row = operations::row(app, runtime)?;
    match unusable(&row) {
        None => Ok(row),
        Some(sentence) => Err(Problem {
            field: Some("runtime".into()),
            ..Problem::new(
                ProblemCode::NoService,
                format!("{} cannot run flows. {sentence}", row.name),
            )
        }),
    }
}

/// Every runtime as the choice shows it.
pub(crate) async fn runtimes(app: &App, _: &FlowId) -> Result<FlowRuntimes, Problem> {
    let rows: Vec<Runtime> = lock(&app.table).rows().cloned().collect();
    let mut runtimes: Vec<FlowRuntime> = rows
        .into_iter()
        .map(|row| FlowRuntime {
            runs: active_on(app, &row.id),
            batches: crate::batches::names_in_queue(app, &row.id),
            usable: unusable(&row).is_none(),
            sentence: unusable(&row).unwrap_or_default().to_owned(),
            version: row.version.map(|version| version.to_string()).unwrap_or_default(),
            name: row.name.to_string(),
            runtime: row.id,
            compute: row.compute,
            compute_name: row.compute_name,
            status: row.status,
            cpu_limit: row.cpu_limit,
            memory_limit: row.memory_limit,
        })
        .collect();
    runtimes.sort_by(|a, b| b.usable.cmp(&a.usable).then_with(|| a.name.cmp(&b.name)));
    Ok(FlowRuntimes { runtimes })
}

/// Remembers the runtime for a flow.
pub(crate) async fn choose_runtime(app: &App, request: FlowOnRuntime) -> Result<(), Problem> {
    let row = operations::row(app, &request.runtime)?;
    app.parts
        .history
        .choose_runtime_for_flow(&request.flow, &row.id, row.name.as_str())
        .await
        .map_err(|error| problem::of_history(&error))?;
    app.hub.flow(&request.flow);
    Ok(())
}

/// How the remembered runtime stands now.
pub(super) fn remembered(
    app: &App,
    runtime: Option<&(domain::runtime::RuntimeId, String)>,
) -> Option<RememberedRuntime> {
    let (id, name) = runtime?;
    let row = lock(&app.table).row(id).cloned();
    let (name, sentence) = match &row {
        Some(row) => (row.name.to_string(), unusable(row).unwrap_or_default().to_owned()),
        None => (
            name.clone(),
            "It is not among the runtimes any more, or its compute is not connected.".to_owned(),
        ),
    };
    Some(RememberedRuntime { runtime: id.clone(), name, usable: sentence.is_empty(), sentence })
}
