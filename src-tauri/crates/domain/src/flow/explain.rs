//! Why a run failed, in words that say what to do.

use super::{RunFailure, missing_module, package_of};
use crate::finding::{Problem, ProblemCode};

/// The failure of a run in words.
pub fn explain(failure: &RunFailure) -> Problem {
    let (sentence, hints) = words(failure);
    let mut problem = Problem::new(ProblemCode::RunFailed, sentence);
    problem.hints = hints;
    problem.details = Some(match &failure.traceback {
        Some(traceback) => format!("{}\n\n{traceback}", failure.message),
        None => failure.message.clone(),
    });
    problem
}

fn words(failure: &RunFailure) -> (String, Vec<String>) {
    let message = failure.message.as_str();
    let node = failure.node.as_deref();
    let one = |sentence: String, hint: &str| (sentence, vec![hint.to_owned()]);
    let the_node = node.map_or_else(|| "A node".to_owned(), |node| format!("The node \"{node}\""));
    if message.contains("LLM api mapping is empty") || message.contains("'promptflow.tools'") {
        return one(
            "The runtime has no tools for prompts and LLMs.".into(),
            "Install the package promptflow-tools on the runtime, or make it part of its environment.",
        );
    }
    if let Some(module) = missing_module(message) {
        return one(
            format!("The runtime has no module \"{module}\"."),
            &format!(
                "Install the package {} on the runtime, or make it part of its environment.",
                package_of(module)
            ),
        );
    }
    if let Some(tool) = between(message, "Package tool '", "' is not found") {
        return one(
            format!("The runtime has no tool \"{tool}\"."),
            "Install the package that brings it on the runtime, or make it part of its environment.",
        );
    }
    if let Some(name) = between(message, "Get connection '", "'") {
        return one(
            format!("{the_node} needs the connection \"{name}\", which was not given to it."),
            "Add it under Connections, or choose another for this run.",
        );
    }
    if message.contains("APIConnectionError") || message.contains("request canceled") {
        return one(
            format!("{the_node} did not reach its LLM."),
            "Test the connection under Connections. An address of this machine has to be written as host.docker.internal for a runtime.",
        );
    }
    if let Some(seconds) = between(message, "execution timeout for exceeding ", " seconds") {
        return one(
            format!("The run took longer than its limit of {seconds} s and was ended."),
            "Give it a higher limit, or look at which node was slow.",
        );
    }
    if message.contains("Unexpected error occurred while executing the request") {
        return one(
            "The process of the run was ended from outside, most likely because the runtime ran out of memory.".into(),
            "Give the runtime a higher memory limit, or let the flow take less at once.",
        );
    }
    let place = failure.at.as_ref().map(|at| format!(" in {}, line {}", at.file, at.line));
    let reason = reason(message, &failure.exception);
    let sentence = match node {
        Some(node) => {
            format!("The node \"{node}\" failed{}: {reason}", place.unwrap_or_default())
        }
        None => format!("The flow failed{}: {reason}", place.unwrap_or_default()),
    };
    let hint = if failure.at.is_some() {
        "Correct it there, then run again.".to_owned()
    } else {
        "The details tell more.".to_owned()
    };
    (sentence, vec![hint])
}

/// What the innermost exception says, as a sentence's end.
fn reason(message: &str, exception: &str) -> String {
    let marker = format!("({exception}) ");
    let said = match message.rsplit_once(&marker) {
        Some((_, said)) if !exception.is_empty() => said,
        _ => message,
    };
    let said = said.lines().next().unwrap_or_default().trim();
    let end = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    match (exception, said) {
        ("", "") => "no reason was given.".to_owned(),
        ("", said) => format!("{said}{end}"),
        (exception, "") => format!("{exception}."),
        (exception, said) => format!("{said}{end} ({exception})"),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split(before).nth(1)?.split(after).next().filter(|found| !found.is_empty())
}
