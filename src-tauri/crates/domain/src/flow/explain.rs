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
    if let Some((sentence, hint)) = of_llm(message, &the_node) {
        return one(sentence, hint);
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

/// What the service of an LLM answered. The names are those of the client's exceptions, which both Prompt flow's
/// own nodes and code that asks by itself tell.
fn of_llm(message: &str, the_node: &str) -> Option<(String, &'static str)> {
    let is = |name: &str| message.contains(name);
    Some(if is("AuthenticationError") || is("PermissionDeniedError") {
        (
            format!("The LLM of {} did not accept the key of its connection.", lower(the_node)),
            "Check the key and the address of the connection under Connections, then run again.",
        )
    } else if is("insufficient_quota") {
        (
            format!("The quota of the LLM of {} is used up.", lower(the_node)),
            "Raise it where the LLM is hosted, or choose another connection for this run.",
        )
    } else if is("RateLimitError") {
        (
            format!("The LLM of {} got more requests than it takes.", lower(the_node)),
            "Wait a while and run again, let fewer runs go at the same time, or raise the deployment's limit.",
        )
    } else if is("NotFoundError") && is("Error code: 404") {
        (
            format!("{the_node} asks for a deployment or a model that its LLM does not have."),
            "Check the node's deployment or model, and the address and API version of its connection.",
        )
    } else if is("APITimeoutError") {
        (
            format!("The LLM of {} gave no answer in time.", lower(the_node)),
            "Run it again. If that stays, test the connection under Connections.",
        )
    } else if is("content_filter") || is("content management policy") {
        (
            format!("The content filter of the LLM refused what {} asked.", lower(the_node)),
            "Change the prompt, or the filter of the deployment.",
        )
    } else {
        return None;
    })
}

/// The node within a sentence.
fn lower(the_node: &str) -> String {
    let mut letters = the_node.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::failure;

    /// What promptflow-tools 1.6 tells of the answers of an LLM's service.
    #[test]
    fn what_an_llm_answers_is_told_with_what_to_do() {
        let seen = [
            (
                "OpenAI API hits AuthenticationError: Error code: 401 - Access denied due to invalid subscription key or wrong API endpoint.",
                "The LLM of the node \"chat\" did not accept the key of its connection.",
                "key",
            ),
            (
                "Execution failure in 'chat': (AuthenticationError) Error code: 401 - {'error': {'code': '401'}}",
                "The LLM of the node \"chat\" did not accept the key of its connection.",
                "key",
            ),
            (
                "OpenAI API hits NotFoundError: Error code: 404 - The API deployment for this resource does not exist.",
                "The node \"chat\" asks for a deployment or a model that its LLM does not have.",
                "deployment",
            ),
            (
                "OpenAI API hits RateLimitError: Error code: 429 - {'error': {'type': 'insufficient_quota'}}",
                "The quota of the LLM of the node \"chat\" is used up.",
                "Raise it",
            ),
            (
                "OpenAI API hits exception: Exceed max retry times. RateLimitError: Error code: 429 - Requests have exceeded call rate limit.",
                "The LLM of the node \"chat\" got more requests than it takes.",
                "Wait",
            ),
            (
                "OpenAI API hits APITimeoutError: Request timed out.",
                "The LLM of the node \"chat\" gave no answer in time.",
                "again",
            ),
            (
                "OpenAI API hits BadRequestError: Error code: 400 - The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                "The content filter of the LLM refused what the node \"chat\" asked.",
                "prompt",
            ),
            (
                "OpenAI API hits APIConnectionError: Connection error.",
                "The node \"chat\" did not reach its LLM.",
                "host.docker.internal",
            ),
        ];
        for (message, sentence, hint) in seen {
            let error = json!({"message": message, "code": "UserError"});
            let mut failure = failure(&error, "/f");
            failure.node = Some("chat".into());
            let problem = explain(&failure);
            assert_eq!(problem.sentence, sentence);
            assert!(problem.hints.iter().any(|one| one.contains(hint)), "{:?}", problem.hints);
        }
    }
}
