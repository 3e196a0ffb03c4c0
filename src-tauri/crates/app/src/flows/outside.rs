//! A run as it is done from outside this application.

use ::flows::FlowPath;
use domain::{
    finding::{Problem, ProblemCode},
    flow::{
        self, FlowRunId, inputs,
        outside::{self, OutsideForm, OutsideRequest, StandIns, has_stand_in},
    },
    runtime::Runtime,
    secret::Secret,
    spec::looks_like_a_key,
};
use executor::{NodeRequest, RunRequest, Sealed};
use serde_json::{Map, Value};

use super::{
    again::again,
    kept, of_files, place,
    prepare::{self, Chosen},
    runtimes, view,
};
use crate::{
    api::{AskOutside, FlowOutside, OutsideRun, StartFlowRun},
    computes, connections,
    context::App,
    problem,
};

/// What a run is made of, before it is known how it is written down.
struct Given {
    start: StartFlowRun,
    chosen: Chosen,
    inputs: Map<String, Value>,
    init: Map<String, Value>,
    notes: Vec<String>,
}

/// How a run is done from outside.
pub(crate) async fn outside(app: &App, request: AskOutside) -> Result<FlowOutside, Problem> {
    let form = request.form;
    let given = match request.of {
        OutsideRun::Kept { run } => of_kept(app, &run).await?,
        OutsideRun::Proposed { start } => of_proposed(app, *start, form).await?,
    };
    let existing = view::connection_names(app).await?;
    prepare::refuse_errors(&given.chosen, given.start.node.as_deref(), &existing)?;
    let names = prepare::connections_of(&given.chosen, &existing, given.start.node.as_deref());
    match form {
        OutsideForm::Pf => with_pf(given, &names),
        OutsideForm::Curl | OutsideForm::Python => over_http(app, given, &names, form).await,
    }
}

async fn of_kept(app: &App, id: &FlowRunId) -> Result<Given, Problem> {
    let kept = kept::kept(app, id).await?;
    let is_old = kept.request.is_none();
    let start = again(&kept.run, kept.request, &kept.inputs).start;
    let others = prepare::others_of(&start.connections);
    let chosen = prepare::choose(app, &FlowPath::of(&start.flow), &start.variants, &others).await?;
    let values = kept.inputs.as_object().cloned().unwrap_or_default();
    let mut notes = Vec::new();
    for (name, value) in &values {
        let is_short = |text: &str| text == prepare::IMAGE || text.starts_with(prepare::LONG_TEXT);
        if value.as_str().is_some_and(is_short) {
            notes.push(format!(
                "The value of \"{name}\" is not kept with the run: put it in the place of {value}."
            ));
        }
    }
    let init = if start.init.is_empty() {
        Map::new()
    } else {
        inputs::values(&chosen.flow.init, &start.init, None, "init")
            .map_err(|problems| prepare::first_of(problems, ProblemCode::InvalidInput))?
    };
    if is_old && !chosen.flow.init.is_empty() {
        notes.push(
            "What the flow's class takes when it is made is not kept with this run: copy it beside Run to have it."
                .to_owned(),
        );
    }
    if let Some(node) = &start.from_node {
        notes.push(format!(
            "The run began at \"{node}\" with what an earlier run gave; from outside the whole flow runs."
        ));
    }
    Ok(Given { start, chosen, inputs: values, init, notes })
}

async fn of_proposed(app: &App, start: StartFlowRun, form: OutsideForm) -> Result<Given, Problem> {
    let others = prepare::others_of(&start.connections);
    let chosen = prepare::choose(app, &FlowPath::of(&start.flow), &start.variants, &others).await?;
    let refused = |problems| prepare::first_of(problems, ProblemCode::InvalidInput);
    let inputs = match form {
        // It reads images by itself.
        OutsideForm::Pf => {
            inputs::values(&chosen.flow.inputs, &start.inputs, None, "inputs").map_err(refused)?
        }
        _ => prepare::input_values_of(&chosen, &start).await?,
    };
    let init = if start.init.is_empty() {
        Map::new()
    } else {
        inputs::values(&chosen.flow.init, &start.init, None, "init").map_err(refused)?
    };
    Ok(Given { start, chosen, inputs, init, notes: vec![] })
}

/// Names in a sentence: `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// `pf` runs a flow where it is called.
fn with_pf(given: Given, names: &[String]) -> Result<FlowOutside, Problem> {
    let Given { start, chosen, inputs, init, mut notes } = given;
    if start.node.is_some() {
        return Err(Problem::field("form", "pf is written down for a run of a whole flow only.")
            .hint("Copy the run of the node as curl or as Python."));
    }
    notes.push(
        "pf runs the flow on the machine where it is called, with the Python there, and not on a runtime."
            .to_owned(),
    );
    if !names.is_empty() {
        notes.push(format!(
            "pf needs connections of its own with the names {}: \"pf connection list\" shows which it has.",
            listed(names)
        ));
    }
    let mut variants = start.variants.iter();
    let variant = variants.next().map(|(node, variant)| (node.as_str(), variant.as_str()));
    let left: Vec<String> = variants.map(|(node, _)| node.clone()).collect();
    if !left.is_empty() {
        notes.push(format!("pf takes one variant only; that of {} is left out.", listed(&left)));
    }
    if !start.connections.is_empty() {
        notes.push("pf takes the connections that the flow's file names.".to_owned());
    }
    let folder = chosen.disk.path.folder.display().to_string();
    Ok(FlowOutside { text: outside::pf(&folder, &inputs, &init, variant), notes })
}

/// The request to the runtime's service. The flow's files are brought there.
async fn over_http(
    app: &App,
    given: Given,
    names: &[String],
    form: OutsideForm,
) -> Result<FlowOutside, Problem> {
    let row = runtimes::usable(app, &given.start.runtime)?;
    let hash = bring(app, &row, &given).await?;
    let run = format!("outside-{}", uuid::Uuid::new_v4());
    let place = place::from_outside(&hash, &given.chosen.disk.path.file, &run);
    let folder = place.folder.clone();
    let mut notes = given.notes;
    let request = {
        let mut stand_ins = StandIns::default();
        let connections = connections::with_stand_ins(app, names, &mut stand_ins).await?;
        let mut variables = prepare::variables(&given.chosen, &connections, given.start.limit)?;
        for (name, value) in &mut variables {
            if looks_like_a_key(name, value.expose()) && !has_stand_in(value.expose()) {
                *value = Secret::new(stand_ins.of("", name));
            }
        }
        let connections = Sealed::new(connections.request_value());
        let request = |path: &str, body| OutsideRequest { path: path.to_owned(), body };
        let whole = RunRequest { run, place, inputs: given.inputs, connections, variables };
        match given.start.node {
            None => request("/execution/flow", whole.body()),
            Some(node) => {
                let from = given.start.from.as_ref();
                let graph = &given.chosen.graph;
                let outputs = prepare::outputs_before(app, graph, &node, from).await?;
                let alone = NodeRequest { run: whole, node, outputs };
                request("/execution/node", alone.body())
            }
        }
    };
    let variables = outside::variables_of(&request);
    if !variables.is_empty() {
        notes.push(format!(
            "Give {} a value first: {}.",
            if variables.len() == 1 { "this variable" } else { "these variables" },
            listed(&variables)
        ));
        if form == OutsideForm::Curl {
            notes.push(
                "A quotation mark or a backslash in a value has to be written as in JSON.".into(),
            );
        }
    }
    notes.push(format!(
        "The flow's files, as they are now, are in {folder} of {}. They stay there as long as its container: after an update, copy the request again.",
        row.name
    ));
    let endpoint = row.endpoint.as_deref().unwrap_or_default().trim_end_matches('/');
    let text = match form {
        OutsideForm::Python => outside::python(endpoint, &request),
        _ => outside::curl(endpoint, &request),
    };
    Ok(FlowOutside { text, notes })
}

/// Brings the flow to the runtime, and answers the hash that its folder is called by. What the constructor of
/// its class takes is in its file then: a request has no place for it.
async fn bring(app: &App, row: &Runtime, given: &Given) -> Result<String, Problem> {
    let chosen = &given.chosen;
    let with_init =
        (!given.init.is_empty()).then(|| flow::with_init(chosen.document(), &given.init));
    let snapshot = chosen.disk.snapshot(with_init.as_ref().or(chosen.instead.as_ref())).await;
    let snapshot = snapshot.map_err(|error| of_files(&error))?;
    let engine = computes::engine(app, &row.compute)?;
    let in_use = super::folders_in_use(app);
    place::bring(engine.as_ref(), &row.container_id, &snapshot, &in_use)
        .await
        .map_err(|error| problem::of_engine(&error))?;
    Ok(snapshot.hash().to_owned())
}
