//! What is checked and put together before a run begins.

use std::collections::{BTreeMap, BTreeSet};

use ::flows::{FlowOnDisk, FlowPath, image_value};
use domain::{
    connection::Connections,
    finding::{Problem, ProblemCode},
    flow::{
        Document, Flow, FlowKind, FlowProblemKind, FlowRun, FlowRunId, FlowRunState, Graph, Node,
        NodeRun, OtherConnection, Severity, ToolFiles, ValueKind, connection_reference, inputs,
        read, resolved,
    },
    scrub::Scrubber,
    secret::Secret,
    spec::looks_like_a_key,
};
use serde_json::{Map, Value};

use super::{
    from_here, of_files,
    run::{self, Work},
    runtimes, tools, view,
};
use crate::{
    api::{CheckFlowInputs, ConnectionOverride, FlowInputsCheck, StartFlowRun},
    connections,
    context::{App, now},
    problem,
};

/// How often the service tells that a node takes long, unless the flow says otherwise; seconds.
const SLOW_AFTER: &str = "10";
/// Variables that a run gets unless the flow sets them itself: tokens and calls are counted only with the
/// first, slow nodes told only with the second.
const VARIABLES: [(&str, &str); 2] =
    [("PF_DISABLE_TRACING", "false"), ("PF_LONG_RUNNING_LOGGING_INTERVAL", SLOW_AFTER)];
/// What is kept in the place of an image that went along.
pub(super) const IMAGE: &str = "(an image)";
/// What is kept in the place of a long text begins so.
pub(super) const LONG_TEXT: &str = "(a text of ";
/// Problems that are named in one sentence.
const NAMED: usize = 3;

/// A flow with its variants and connections as chosen.
pub(crate) struct Chosen {
    pub disk: FlowOnDisk,
    pub flow: Flow,
    pub graph: Graph,
    /// What is known of the tools of its nodes.
    pub tools: ToolFiles,
    /// What is sent in the place of the flow's file; `None` = the file as it is.
    pub instead: Option<Document>,
}

/// Reads a flow and puts the choices in.
pub(crate) async fn choose(
    app: &App,
    path: &FlowPath,
    variants: &BTreeMap<String, String>,
    others: &[OtherConnection],
) -> Result<Chosen, Problem> {
    let disk = path.read().await.map_err(|error| of_files(&error))?;
    let Some(own) = &disk.read else {
        let syntax = disk.syntax.as_ref();
        let sentence = syntax.map(|problem| problem.sentence.clone()).unwrap_or_default();
        let place = syntax.map(|problem| format!("Line {} of {}.", problem.line, problem.file));
        return Err(
            Problem::new(ProblemCode::FlowHasErrors, sentence).hint(place.unwrap_or_default())
        );
    };
    let instead = resolved(&disk.document, &own.flow, variants, others)
        .map_err(|problems| first_of(problems, ProblemCode::InvalidInput))?;
    let flow = match &instead {
        Some(document) => read(document, &path.file).flow,
        None => own.flow.clone(),
    };
    // What was found in the code or beside it stays.
    let flow = Flow { inputs: own.flow.inputs.clone(), init: own.flow.init.clone(), ..flow };
    let graph = view::default_graph(&flow);
    let tools = tools::known(app, &path.id, &disk.tools);
    Ok(Chosen { disk, flow, graph, tools, instead })
}

/// Several problems as one: the first leads, the others are hints.
pub(crate) fn first_of(mut problems: Vec<Problem>, code: ProblemCode) -> Problem {
    if problems.is_empty() {
        return Problem::new(code, "Something is not right, and it is not known what.");
    }
    let mut first = problems.remove(0);
    first.hints.extend(problems.into_iter().map(|problem| problem.sentence));
    first
}

/// What is wrong with inputs as typed.
pub(crate) async fn check_inputs(
    app: &App,
    request: CheckFlowInputs,
) -> Result<FlowInputsCheck, Problem> {
    let _ = app;
    let disk = FlowPath::of(&request.flow).read().await.map_err(|error| of_files(&error))?;
    let Some(read) = &disk.read else { return Ok(FlowInputsCheck { problems: vec![] }) };
    let mut problems = Vec::new();
    let only = request.node.as_deref().map(|node| inputs::of_node(&read.flow, node));
    for (inputs, typed, field) in
        [(&read.flow.inputs, &request.inputs, "inputs"), (&read.flow.init, &request.init, "init")]
    {
        let only = if field == "inputs" { only.as_deref() } else { None };
        if let Err(found) = inputs::values(inputs, typed, only, field) {
            problems.extend(found);
        }
    }
    Ok(FlowInputsCheck { problems })
}

/// Connections that were chosen in the place of those of the file.
pub(crate) fn others_of(connections: &[ConnectionOverride]) -> Vec<OtherConnection> {
    let other = |one: &ConnectionOverride| OtherConnection {
        node: one.node.clone(),
        input: one.input.clone(),
        value: one.connection.clone(),
    };
    connections.iter().map(other).collect()
}

/// Begins a run and answers its id. What can be known to be wrong is refused before anything happens.
pub(crate) async fn start_run(app: &App, request: StartFlowRun) -> Result<FlowRunId, Problem> {
    let row = runtimes::usable(app, &request.runtime)?;
    let path = FlowPath::of(&request.flow);
    let chosen = choose(app, &path, &request.variants, &others_of(&request.connections)).await?;
    let existing = view::connection_names(app).await?;
    refuse_errors(&chosen, request.node.as_deref(), &existing)?;
    let taken = match &request.from_node {
        Some(node) => Some(from_here::take_over(app, &chosen, &request, node).await?),
        None => None,
    };
    let values = match &taken {
        Some(taken) => taken.inputs.clone(),
        None => input_values_of(&chosen, &request).await?,
    };
    let init = inputs::values(&chosen.flow.init, &request.init, None, "init")
        .map_err(|problems| first_of(problems, ProblemCode::InvalidInput))?;
    let init = if request.init.is_empty() { Map::new() } else { init };
    let outputs = match &request.node {
        Some(node) => outputs_before(app, &chosen.graph, node, request.from.as_ref()).await?,
        None => Map::new(),
    };
    let names = connections_for(&chosen, &existing, |own| match (&request.node, &taken) {
        (Some(node), _) => own == node,
        (None, Some(taken)) => !taken.has(own),
        (None, None) => true,
    });
    let connections = connections::for_flow(app, &names).await?;
    let variables = variables(&chosen, &connections, request.limit)?;
    let scrubber = Scrubber::new(connections.secrets().chain(hidden(&variables)));
    let run = FlowRun {
        id: FlowRunId(uuid::Uuid::new_v4().to_string()),
        flow: path.id.clone(),
        flow_name: path.name(),
        runtime: row.id.clone(),
        runtime_name: row.name.to_string(),
        version: row.version.map(|version| version.to_string()).unwrap_or_default(),
        node: request.node.clone(),
        from_node: request.from_node.clone(),
        from: request.from.clone(),
        variants: request.variants.clone(),
        state: FlowRunState::Preparing,
        note: Some("The flow's files are looked through.".into()),
        started: now(),
        ended: None,
        duration: None,
        nodes: match &request.node {
            Some(node) => vec![NodeRun::waiting(node)],
            // Flows of one function have no nodes of their own.
            None => chosen
                .flow
                .nodes
                .iter()
                .filter(|node| !node.aggregation)
                .map(|node| match &taken {
                    Some(taken) => taken.node_run(&node.name),
                    None => NodeRun::waiting(&node.name),
                })
                .collect(),
        },
        failure: None,
        problem: None,
        tokens: None,
    };
    let history = &app.parts.history;
    let kept = async {
        let kept_inputs: Option<BTreeMap<String, String>> =
            (request.node.is_none() && taken.is_none()).then(|| {
                let typed = request.inputs.iter();
                typed.map(|(name, text)| (name.clone(), scrubber.text(text))).collect()
            });
        let inputs = scrubber.value(&shown_inputs(&values));
        let typed =
            taken.as_ref().map_or_else(|| request.inputs.clone(), |own| own.typed(&request));
        let typed = typed.into_iter().map(|(name, text)| (name, short(&text))).collect();
        let asked = StartFlowRun { inputs: typed, ..request.clone() };
        let asked = scrubber.value(&serde_json::to_value(&asked).unwrap_or_default());
        let process = &app.parts.identity.process;
        history.begin_flow_run(&run, &inputs, &asked, kept_inputs.as_ref(), process).await
    };
    kept.await.map_err(|error| problem::of_history(&error))?;
    let id = run.id.clone();
    let work = Work { row, chosen, values, init, outputs, taken, connections, variables };
    run::begin(app, run, scrubber, work);
    Ok(id)
}

/// Names of the connections that a run needs; of one node alone, those of the node and of the variables.
pub(crate) fn connections_of(
    chosen: &Chosen,
    existing: &BTreeSet<String>,
    node: Option<&str>,
) -> Vec<String> {
    connections_for(chosen, existing, |own| node.is_none_or(|node| own == node))
}

/// Names of the connections that these nodes and the variables need.
fn connections_for(
    chosen: &Chosen,
    existing: &BTreeSet<String>,
    of_node: impl Fn(&str) -> bool,
) -> Vec<String> {
    let needed = view::needs(&chosen.flow, &chosen.tools, existing);
    // Variables are those of every run.
    let in_variables = |name: &str| {
        let mut variables = chosen.flow.environment_variables.iter();
        variables.any(|variable| variable.connection.as_deref() == Some(name))
    };
    needed
        .into_iter()
        .filter(|need| in_variables(&need.name) || need.nodes.iter().any(|own| of_node(own)))
        .map(|need| need.name)
        .collect()
}

/// Refuses a flow with errors. For one node only what is about it counts.
pub(crate) fn refuse_errors(
    chosen: &Chosen,
    node: Option<&str>,
    existing: &BTreeSet<String>,
) -> Result<(), Problem> {
    if let Some(name) = node
        && !chosen.flow.nodes.iter().any(|own| own.name == name)
    {
        return Err(Problem::field("node", format!("The flow has no node \"{name}\".")));
    }
    let errors: Vec<_> =
        view::all_problems(&chosen.disk, Some(&chosen.flow), &chosen.graph, Some(existing))
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .filter(|problem| match node {
                None => true,
                Some(node) => {
                    problem.node.as_deref() == Some(node)
                        || matches!(
                            problem.kind,
                            FlowProblemKind::Syntax | FlowProblemKind::DuplicateName
                        )
                }
            })
            // Those of variants that were not chosen are in the file as written.
            .filter(|problem| {
                problem.kind != FlowProblemKind::UnknownVariant || chosen.instead.is_none()
            })
            .collect();
    let Some(first) = errors.first() else { return Ok(()) };
    let sentence = match errors.len() {
        1 => first.sentence.clone(),
        number => format!("The flow has {number} errors. {}", first.sentence),
    };
    let mut found = Problem::new(ProblemCode::FlowHasErrors, sentence);
    if !first.hint.is_empty() {
        found.hints.push(first.hint.clone());
    }
    found.hints.extend(errors.iter().skip(1).take(NAMED).map(|error| error.sentence.clone()));
    if first.line > 0 {
        found.details = Some(format!("{}, line {}", first.file, first.line));
    }
    Err(found)
}

/// The values of the inputs; images of this machine go along.
pub(super) async fn input_values_of(
    chosen: &Chosen,
    request: &StartFlowRun,
) -> Result<Map<String, Value>, Problem> {
    let only = request.node.as_deref().map(|node| inputs::of_node(&chosen.flow, node));
    input_values(chosen, &request.inputs, only.as_deref()).await
}

/// The same of texts as typed; `only` = these inputs alone are needed.
pub(super) async fn input_values(
    chosen: &Chosen,
    typed: &BTreeMap<String, String>,
    only: Option<&[String]>,
) -> Result<Map<String, Value>, Problem> {
    let flow = &chosen.flow;
    let mut values = inputs::values(&flow.inputs, typed, only, "inputs")
        .map_err(|problems| first_of(problems, ProblemCode::InvalidInput))?;
    for input in flow.inputs.iter().filter(|input| input.kind == ValueKind::Image) {
        if let Some(Value::String(text)) = values.get(&input.name) {
            let value = image_value(&chosen.disk.path.folder, text).await.map_err(|error| {
                Problem { field: Some(format!("inputs.{}", input.name)), ..of_files(&error) }
            })?;
            values.insert(input.name.clone(), value);
        }
    }
    Ok(values)
}

/// Inputs as they are kept: an image that went along is only named.
pub(crate) fn shown_inputs(values: &Map<String, Value>) -> Value {
    let shown = |value: &Value| match value {
        Value::Object(map) if map.keys().any(|key| key.ends_with(";base64")) => Value::from(IMAGE),
        Value::String(text) => Value::from(short(text)),
        other => other.clone(),
    };
    Value::Object(values.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
}

/// A text as it is kept: of a very long one only how long it is.
fn short(text: &str) -> String {
    const LONGEST_KEPT: usize = 1_000_000;
    match text.len() {
        bytes if bytes > LONGEST_KEPT => format!("{LONG_TEXT}{bytes} bytes)"),
        _ => text.to_owned(),
    }
}

/// What the nodes before a node gave in a run.
pub(super) async fn outputs_before(
    app: &App,
    graph: &Graph,
    node: &str,
    from: Option<&FlowRunId>,
) -> Result<Map<String, Value>, Problem> {
    let before: Vec<&str> = graph.before(node).collect();
    if before.is_empty() {
        return Ok(Map::new());
    }
    let list = before.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let Some(from) = from else {
        return Err(Problem::field(
            "from",
            format!("The node \"{node}\" takes what {list} gives, so it needs a run that has it."),
        )
        .hint("Run the whole flow first."));
    };
    let kept = app.parts.history.flow_run(from).await;
    let kept = kept.map_err(|error| problem::of_history(&error))?;
    let kept = kept.ok_or_else(|| problem::not_found("The run that it should take outputs of"))?;
    let infos = kept.answer.as_ref().map_or(&Value::Null, |answer| &answer["node_run_infos"]);
    let mut outputs = Map::new();
    for name in before {
        let info = &infos[name];
        match (info["status"].as_str(), info.get("output")) {
            (Some("Completed"), Some(output)) => {
                outputs.insert(name.to_owned(), output.clone());
            }
            (Some("Bypassed"), _) => {
                outputs.insert(name.to_owned(), Value::Null);
            }
            _ => {
                return Err(Problem::field(
                    "from",
                    format!("The node \"{node}\" takes what \"{name}\" gives, and that did not complete in the run that was chosen."),
                )
                .hint("Choose another run, or run the whole flow."));
            }
        }
    }
    Ok(outputs)
}

/// Values of variables that look like keys.
pub(crate) fn hidden(variables: &[(String, Secret)]) -> impl Iterator<Item = &Secret> {
    variables
        .iter()
        .filter(|(name, value)| looks_like_a_key(name, value.expose()))
        .map(|(_, value)| value)
}

/// The variable that tells the service after how many seconds a run ends.
pub(super) const LIMIT_VARIABLE: &str = "PF_LINE_TIMEOUT_SEC";

/// Variables of the run: the flow's own with `${connection.key}` put in, and ours.
pub(crate) fn variables(
    chosen: &Chosen,
    connections: &Connections,
    limit: Option<u32>,
) -> Result<Vec<(String, Secret)>, Problem> {
    let entries =
        chosen.document().get("environment_variables").map(Node::entries).unwrap_or_default();
    let mut variables = Vec::new();
    for entry in entries {
        let written = entry.value.text().unwrap_or_default();
        let value = match connection_reference(&written) {
            Some((name, key)) => connections.value(name, key).ok_or_else(|| {
                Problem::new(
                    ProblemCode::FlowHasErrors,
                    format!(
                        "The variable {} takes \"{key}\" of the connection \"{name}\", which has none.",
                        entry.key
                    ),
                )
                .hint("Correct the variable in the flow's file, or add it to the connection.")
            })?,
            None => Secret::new(written),
        };
        variables.push((entry.key.clone(), value));
    }
    for (name, value) in VARIABLES {
        if !variables.iter().any(|(own, _)| own == name) {
            variables.push((name.to_owned(), Secret::new(value.to_owned())));
        }
    }
    if let Some(limit) = limit {
        variables.retain(|(name, _)| name != LIMIT_VARIABLE);
        variables.push((LIMIT_VARIABLE.to_owned(), Secret::new(limit.to_string())));
    }
    Ok(variables)
}

impl Chosen {
    /// The flow's file as it is sent.
    pub fn document(&self) -> &Document {
        self.instead.as_ref().unwrap_or(&self.disk.document)
    }

    /// Files of python nodes, with the kind that the service calls them by.
    pub fn tool_files(&self) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = Vec::new();
        if self.flow.kind == FlowKind::Flex {
            return files;
        }
        for node in &self.flow.nodes {
            let Some(source) = &node.source else { continue };
            let Some(path) = &source.path else { continue };
            if source.kind == domain::flow::SourceKind::Code
                && !files.iter().any(|(own, _)| own == path)
            {
                files.push((path.clone(), node.written.clone()));
            }
        }
        files
    }
}
