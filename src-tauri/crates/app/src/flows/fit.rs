//! Whether a runtime has what a flow needs, without running it.

use std::time::Duration;

use ::flows::FlowPath;
use domain::{
    diagnosis::{lacks_connection, lacks_tool, module_in_other_python},
    finding::{Finding, Problem, ProblemCode},
    flow::{NodeKind, SourceKind, explain, failure, missing_module, package_of, run_failed},
};
use engine::Engine;
use serde_json::Value;

use super::{place, prepare, runtimes, view};
use crate::{
    api::{FlowFinding, FlowFit, FlowOnRuntime},
    computes, connections,
    context::App,
    other_python, problem,
};

/// How long the service may take to look at all files.
const LIMIT: Duration = Duration::from_secs(60);

/// Looks for what a runtime lacks. The flow is copied to it, as for a run.
pub(crate) async fn check(app: &App, request: FlowOnRuntime) -> Result<FlowFit, Problem> {
    let row = runtimes::usable(app, &request.runtime)?;
    let path = FlowPath::of(&request.flow);
    let chosen = prepare::choose(app, &path, &request.variants, &[]).await?;
    let mut findings = missing_connections(app, &chosen).await?;
    let engine = computes::engine(app, &row.compute)?;
    let on = On {
        engine: engine.as_ref(),
        container: &row.container_id,
        base: row.endpoint.as_deref().unwrap_or_default(),
        name: row.name.as_str(),
    };
    findings.extend(lacks(app, &chosen, &on).await?);
    Ok(FlowFit { findings })
}

/// A container in which it is looked for what a flow needs.
pub(super) struct On<'a> {
    pub engine: &'a dyn Engine,
    pub container: &'a str,
    /// Where its service answers.
    pub base: &'a str,
    /// As it is called in sentences.
    pub name: &'a str,
}

/// What a container lacks for a flow: tools and modules. The flow is copied into it.
pub(super) async fn lacks(
    app: &App,
    chosen: &prepare::Chosen,
    on: &On<'_>,
) -> Result<Vec<FlowFinding>, Problem> {
    let base = on.base;
    let runs = app.parts.executor.runs();
    let told = |error: executor::RunError| {
        Problem::new(
            ProblemCode::NoService,
            format!("{} did not say what it has: {error}.", on.name),
        )
        .hint("Look at the runtime's log, then try again.")
        .retryable()
    };
    let mut findings = Vec::new();
    findings.extend(missing_tools(chosen, &runs.package_tools(base, LIMIT).await.map_err(told)?));
    let files = chosen.tool_files();
    if !files.is_empty() {
        let snapshot = chosen.disk.snapshot(chosen.instead.as_ref()).await;
        let snapshot = snapshot.map_err(|error| super::of_files(&error))?;
        let in_use = super::folders_in_use(app);
        place::bring(on.engine, on.container, &snapshot, &in_use)
            .await
            .map_err(|error| problem::of_engine(&error))?;
        let folder = place::flow(snapshot.hash());
        let meta = runs.tool_meta(base, &folder, &files, LIMIT).await.map_err(told)?;
        super::tools::learn(app, &chosen.disk.path.id, chosen, &meta);
        for (file, error) in &meta.errors {
            of_file(&mut findings, file, error, &folder);
        }
        for found in &mut findings {
            if let FlowFinding::MissingModule { module, problem, .. } = found
                && let Some(seen) = other_python::look(on.engine, on.container, module).await
            {
                *problem = run_failed(module_in_other_python(module, seen));
            }
        }
    }
    Ok(findings)
}

impl FlowFinding {
    /// What went wrong, in words.
    pub(crate) fn problem(&self) -> &Problem {
        match self {
            Self::MissingModule { problem, .. }
            | Self::CannotLoad { problem, .. }
            | Self::MissingTool { problem, .. }
            | Self::MissingConnection { problem, .. } => problem,
        }
    }

    /// Packages that mend it, as far as they are known.
    pub(crate) fn packages(&self) -> Vec<String> {
        match self {
            Self::MissingModule { package, .. } => vec![package.clone()],
            Self::MissingTool { package, .. } => package.iter().cloned().collect(),
            Self::CannotLoad { .. } | Self::MissingConnection { .. } => vec![],
        }
    }

    /// What the runtime lacks, as a finding; `None` = it lacks nothing, the flow cannot be loaded.
    pub(crate) fn finding(&self) -> Option<Finding> {
        match self {
            Self::MissingModule { problem, .. } => problem.finding.as_deref().cloned(),
            Self::MissingTool { tool, .. } => Some(lacks_tool(tool.as_deref())),
            Self::MissingConnection { name, .. } => Some(lacks_connection(name)),
            Self::CannotLoad { .. } => None,
        }
    }

    /// Whether both say that the same is missing.
    pub(crate) fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MissingModule { module, .. }, Self::MissingModule { module: its, .. }) => {
                module == its
            }
            (Self::MissingTool { nodes, .. }, Self::MissingTool { nodes: its, .. }) => nodes == its,
            (Self::MissingConnection { name, .. }, Self::MissingConnection { name: its, .. }) => {
                name == its
            }
            // A file that cannot be loaded for one reason may not be loaded for another.
            (Self::CannotLoad { file, .. }, Self::CannotLoad { file: its, .. }) => file == its,
            (Self::MissingModule { files, .. }, Self::CannotLoad { file, .. })
            | (Self::CannotLoad { file, .. }, Self::MissingModule { files, .. }) => {
                files.contains(file)
            }
            _ => false,
        }
    }
}

pub(super) async fn missing_connections(
    app: &App,
    chosen: &prepare::Chosen,
) -> Result<Vec<FlowFinding>, Problem> {
    let existing = view::connection_names(app).await?;
    let needed =
        view::needs(&chosen.flow, &chosen.tools, &existing).into_iter().map(|need| need.name);
    let unknown = connections::unknown(app, &needed.collect::<Vec<_>>()).await?;
    Ok(unknown
        .into_iter()
        .map(|name| FlowFinding::MissingConnection {
            problem: Problem::new(
                ProblemCode::NotFound,
                format!("There is no connection \"{name}\"."),
            )
            .hint("Add it under Connections, or choose another for this run."),
            name,
        })
        .collect())
}

/// Nodes whose tools no package of the runtime brings.
fn missing_tools(chosen: &prepare::Chosen, tools: &Value) -> Vec<FlowFinding> {
    let mut findings = Vec::new();
    let with_llm: Vec<String> = chosen
        .flow
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, NodeKind::Llm | NodeKind::Prompt))
        .map(|node| node.name.clone())
        .collect();
    // The package that brings LLMs and prompts brings these tools as well.
    let has_tools = tools
        .as_object()
        .is_some_and(|tools| tools.keys().any(|name| name.starts_with("promptflow.tools.")));
    if !with_llm.is_empty() && !has_tools {
        findings.push(FlowFinding::MissingTool {
            package: Some("promptflow-tools".into()),
            tool: None,
            nodes: with_llm,
            problem: Problem::new(
                ProblemCode::RunFailed,
                "The runtime has no tools for prompts and LLMs.",
            )
            .hint("Install the package promptflow-tools on the runtime, or make it part of its environment."),
        });
    }
    for node in &chosen.flow.nodes {
        let Some(source) = &node.source else { continue };
        let Some(tool) = &source.tool else { continue };
        if source.kind == SourceKind::Code || tools.get(tool).is_some() {
            continue;
        }
        let package = tool.starts_with("promptflow.tools.").then(|| "promptflow-tools".to_owned());
        findings.push(FlowFinding::MissingTool {
            package,
            tool: Some(tool.clone()),
            nodes: vec![node.name.clone()],
            problem: Problem::new(
                ProblemCode::RunFailed,
                format!("The runtime has no tool \"{tool}\", which the node \"{}\" uses.", node.name),
            )
            .hint("Install the package that brings it on the runtime, or make it part of its environment."),
        });
    }
    findings
}

/// What keeps a file from loading.
fn of_file(findings: &mut Vec<FlowFinding>, file: &str, error: &Value, folder: &str) {
    let failure = failure(error, folder);
    let Some(module) = missing_module(&failure.message) else {
        let said = failure.message.rsplit(": ").next().unwrap_or_default();
        let sentence = format!("{file} cannot be loaded: {}", said.trim_end_matches('.'));
        let line = failure.at.as_ref().map_or(0, |at| at.line);
        let mut problem = explain(&failure);
        problem.sentence = format!("{sentence}.");
        findings.push(FlowFinding::CannotLoad { file: file.to_owned(), line, problem });
        return;
    };
    let known = findings.iter_mut().find_map(|finding| match finding {
        FlowFinding::MissingModule { module: own, files, .. } if own == module => Some(files),
        _ => None,
    });
    if let Some(files) = known {
        files.push(file.to_owned());
        return;
    }
    findings.push(FlowFinding::MissingModule {
        module: module.to_owned(),
        package: package_of(module),
        files: vec![file.to_owned()],
        problem: explain(&failure),
    });
}
