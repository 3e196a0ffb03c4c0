//! Versions, settings, findings, what happened, and what engines say.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    container::Container,
    diagnosis::{Check, Diagnosis},
    finding::{Finding, Problem},
    operation::Operation,
    runtime::{Runtime, RuntimeId},
};
use futures_util::future::join_all;
use serde::Serialize;

use super::text::Text;
use crate::{
    api::ComputeView,
    computes,
    context::{App, lock, now},
    diagnosis, operations, problem, settings,
};

/// What the engine says of the container of each runtime; a reason where it could not be asked.
pub(super) type Containers = BTreeMap<RuntimeId, Result<Container, String>>;

/// How long an engine may take to tell.
const PATIENCE: Duration = Duration::from_secs(5);
/// Operations that are told, newest first.
const OPERATIONS: usize = 30;

const HEAD: &str = "Support file of Prompt flow Runtimes\n\
    Secrets, host names, addresses, names of people and their paths were taken out; the same stand-in\n\
    stands for the same thing everywhere. Look through it before you give it to others.\n";

/// Asks the engines.
pub(super) async fn containers(app: &App, rows: &[Runtime]) -> Containers {
    let asked = rows.iter().map(|row| async {
        let asking = async {
            let engine = computes::engine(app, &row.compute).map_err(|problem| problem.sentence)?;
            engine.inspect(&row.container_id).await.map_err(|error| error.to_string())
        };
        let told = tokio::time::timeout(PATIENCE, asking).await;
        (row.id.clone(), told.unwrap_or_else(|_| Err("the engine took too long".to_owned())))
    });
    join_all(asked).await.into_iter().collect()
}

/// A value as the border to the UI writes it, without quotes around a word.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(error) => format!("(not writable: {error})"),
    }
}

/// Everything but logs.
pub(super) async fn write(app: &App, rows: &[Runtime], containers: &Containers) -> Text {
    let mut text = Text::new(HEAD);
    application(app, &mut text).await;
    for view in computes::views(app) {
        compute(&mut text, &view);
    }
    for row in rows {
        runtime(&mut text, row, containers.get(&row.id));
        match diagnosis::last(app, &row.id) {
            Some(last) => looked_at(&mut text, &last),
            None => text.lines("It was not looked at since the application was started."),
        }
    }
    happened(app, &mut text, rows).await;
    text
}

async fn application(app: &App, text: &mut Text) {
    text.part("Application");
    text.fact("version", &app.parts.version);
    text.fact("collected", now());
    text.fact("system", app.parts.computes.system().system);
    text.fact("built for", format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    text.fact("keyring", format_args!("{:?}", app.parts.vault.state().await));
    let history = if app.parts.history_set_aside.is_some() {
        "a new one was begun, because the last one could not be used"
    } else {
        "in use"
    };
    text.fact("history", history);
    let chosen = lock(&app.settings).clone();
    let repositories = settings::repositories(app);
    text.fact("default repositories", word(&repositories));
    text.fact("repository from the environment", app.parts.repository_override.is_some());
    text.part("Settings");
    if let Ok(serde_json::Value::Object(values)) = serde_json::to_value(&chosen) {
        for (name, value) in values {
            text.fact(&name, value);
        }
    }
}

fn compute(text: &mut Text, view: &ComputeView) {
    text.part(format_args!("Compute {}", view.name));
    text.fact("found as", word(&view.origin));
    text.fact("address", word(&view.address));
    text.fact("state", word(&view.state));
    text.fact("runtimes", view.runtimes);
    text.maybe("free where images are stored", view.free_disk.map(problem::bytes));
    text.fact("service started by this application", view.started_here);
    let Some(facts) = &view.facts else {
        text.lines("It was not connected yet, so nothing is known of its engine.");
        return;
    };
    text.fact("engine", format_args!("{} {}", facts.engine, facts.version));
    text.fact("API", &facts.api_version);
    text.fact("system", format_args!("{}/{}", facts.operating_system, facts.architecture));
    text.fact("CPUs", facts.cpus);
    text.fact("memory", problem::bytes(facts.memory));
    text.fact("images are stored in", &facts.data_root);
    text.fact("builder", word(&facts.builder));
}

fn runtime(text: &mut Text, row: &Runtime, container: Option<&Result<Container, String>>) {
    text.part(format_args!("Runtime {}", row.name));
    text.fact("id", &row.id.0);
    text.fact("compute", &row.compute_name);
    text.fact("status", format_args!("{} {}", word(&row.status), row.status_reason));
    text.fact("image", &row.image);
    text.fact("digest", &row.digest);
    text.fact("environment", &row.environment);
    text.maybe("serves", row.protocol.as_ref().map(word));
    text.maybe("endpoint", row.endpoint.as_ref());
    text.fact("ports", word(&row.ports));
    text.maybe("created", row.created);
    text.maybe("started", row.started);
    text.fact("generation", row.generation);
    text.fact("restarts", row.restart_count);
    text.fact("restart policy", &row.restart_policy);
    let limit =
        if row.memory_limit == 0 { "none".to_owned() } else { problem::bytes(row.memory_limit) };
    text.fact("memory limit", limit);
    text.fact("CPU limit", row.cpu_limit);
    for mount in &row.mounts {
        let read_only = if mount.read_only { ", read-only" } else { "" };
        text.fact("mount", format_args!("{} at {}{read_only}", word(&mount.kind), mount.target));
    }
    text.fact("adopted", row.adopted.is_some());
    if let Some(finding) = &row.finding {
        self::finding(text, finding);
    }
    match container {
        Some(Ok(container)) => of_engine(text, container),
        Some(Err(reason)) => text.fact("the engine does not tell of the container", reason),
        None => {}
    }
}

/// What the engine says of the container; of variables the names only.
fn of_engine(text: &mut Text, container: &Container) {
    let raw = &container.raw;
    text.fact("state by the engine", &raw["State"]);
    text.fact("command", &raw["Config"]["Cmd"]);
    text.fact("entry point", &raw["Config"]["Entrypoint"]);
    let names: Vec<&str> = raw["Config"]["Env"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|variable| variable.as_str()?.split('=').next())
        .collect();
    text.fact("variables", names.join(", "));
    let networks = raw["NetworkSettings"]["Networks"].as_object().into_iter().flatten();
    let networks: Vec<&str> = networks.map(|(name, _)| name.as_str()).collect();
    text.fact("networks", networks.join(", "));
    text.fact("log driver", &raw["HostConfig"]["LogConfig"]["Type"]);
}

fn finding(text: &mut Text, finding: &Finding) {
    text.fact("finding", format_args!("{} {}", word(&finding.cause), finding.sentence));
    text.lines(&finding.meaning);
    for evidence in &finding.evidence {
        text.fact("  seen", &evidence.probe);
        text.lines(&indented(&evidence.seen));
    }
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// The chain of checks, as it was seen last.
fn looked_at(text: &mut Text, last: &Diagnosis) {
    text.fact("looked at", last.began);
    text.fact("first broken link", last.broken.as_ref().map_or("none".to_owned(), word));
    for check in &last.checks {
        let Check { link, state, probe, saw, sentence, milliseconds } = check;
        let how =
            if probe.is_empty() { String::new() } else { format!(" ({probe}, {milliseconds} ms)") };
        text.lines(&format!("  {} {}: {sentence}{how}", word(link), word(state)));
        if !saw.is_empty() {
            text.lines(&indented(saw));
        }
    }
    for found in last.finding.iter().chain(&last.others) {
        finding(text, found);
    }
}

async fn happened(app: &App, text: &mut Text, rows: &[Runtime]) {
    text.part("What happened last");
    let all = match operations::list(app, None).await {
        Ok(all) => all,
        Err(problem) => return text.fact("it could not be read", problem.sentence),
    };
    let about = |operation: &&Operation| {
        operation.runtime.as_ref().is_none_or(|id| rows.iter().any(|row| row.id == *id))
    };
    for operation in all.iter().filter(about).take(OPERATIONS) {
        text.lines(&format!(
            "{} {} of {}: {}",
            operation.started,
            word(&operation.kind),
            operation.name,
            word(&operation.state)
        ));
        let steps = operation.steps.iter().map(|step| {
            format!(
                "    {} {} {}",
                word(&step.kind),
                word(&step.state),
                step.note.as_deref().unwrap_or_default()
            )
        });
        if let Some(problem) = &operation.problem {
            text.lines(&steps.collect::<Vec<_>>().join("\n"));
            of_problem(text, problem);
            if let Some(log) = &operation.kept_log {
                text.lines("    Last lines of the container's log:");
                text.lines(&indented(log));
            }
        }
    }
}

fn of_problem(text: &mut Text, problem: &Problem) {
    text.fact("    problem", format_args!("{} {}", word(&problem.code), problem.sentence));
    if let Some(details) = &problem.details {
        text.lines(&indented(details));
    }
    for evidence in problem.finding.iter().flat_map(|finding| &finding.evidence) {
        text.fact("    seen", &evidence.probe);
        text.lines(&indented(&evidence.seen));
    }
}
