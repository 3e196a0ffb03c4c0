//! From the words of a run that failed to a cause that a person understands.
//!
//! The forms were seen with promptflow-core 1.18 and promptflow-tools 1.6. What is not recognised stays
//! unknown, with the words as evidence.

use super::finding;
use crate::{
    finding::{Cause, Evidence, Finding, Remedy},
    flow::{RunFailure, missing_module, package_of},
};

/// What is known around a run that failed, besides what its service told.
#[derive(Clone, Debug, Default)]
pub struct AboutRun {
    /// The connection that the node which failed names; `None` = it names none.
    pub connection: Option<String>,
    /// Where it was seen that the system ended a process of the runtime for memory while the run went on;
    /// `None` = it was not seen.
    pub out_of_memory: Option<Evidence>,
    /// Where it was seen that another Python of the container has the module which the serving one lacks;
    /// `None` = it was not seen.
    pub in_other_python: Option<Evidence>,
}

/// How the service was lost that a run was asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Its container is not there any more.
    Replaced,
    /// Its container was ended because it reached its memory limit.
    OutOfMemory,
    /// Its container was started again meanwhile.
    Restarted,
    Stopped,
    /// Its container runs on, and the service said nothing.
    Silent,
}

/// Sentence, meaning, advice and remedies of a cause of runs when nothing more is known.
pub(super) fn in_general(cause: Cause) -> Finding {
    words(cause, "A node", &RunFailure::default(), &AboutRun::default())
}

/// The cause of a failure, by the service's words alone.
pub fn cause_of_run(failure: &RunFailure) -> Cause {
    let message = failure.message.as_str();
    if lacks_llm_tools(message) || missing_tool(message).is_some() {
        return Cause::ToolsMissing;
    }
    if missing_module(message).is_some() {
        return Cause::ModuleMissing;
    }
    if missing_connection(message).is_some() {
        return Cause::ConnectionNotGiven;
    }
    if let Some(cause) = of_llm(message, &failure.exception) {
        return cause;
    }
    if limit_of(message).is_some() {
        return Cause::TimeLimit;
    }
    if message.contains("Unexpected error occurred while executing the request")
        || failure.code.contains("ProcessCrashError")
    {
        return Cause::RunProcessEnded;
    }
    if failure.exception == "MemoryError" {
        return Cause::OutOfMemory;
    }
    if message.contains("No space left on device") || message.contains("[Errno 28]") {
        return Cause::DiskFull;
    }
    match &failure.at {
        // What is not within the flow's folder is not the person's own.
        Some(at) if !at.file.starts_with('/') => Cause::OwnCode,
        _ => Cause::Unknown,
    }
}

/// The finding for a run, a node or a row that failed.
pub fn of_run(failure: &RunFailure, about: &AboutRun) -> Finding {
    let node = failure.node.as_deref();
    let the_node = node.map_or_else(|| "A node".to_owned(), |node| format!("The node \"{node}\""));
    let cause = match cause_of_run(failure) {
        Cause::RunProcessEnded if about.out_of_memory.is_some() => Cause::OutOfMemory,
        Cause::ModuleMissing if about.in_other_python.is_some() => Cause::OtherPython,
        cause => cause,
    };
    let mut found = words(cause, &the_node, failure, about);
    found.evidence.extend(about.out_of_memory.clone().filter(|_| cause == Cause::OutOfMemory));
    found.evidence.extend(about.in_other_python.clone().filter(|_| cause == Cause::OtherPython));
    if cause == Cause::Unknown {
        let seen = failure.message.clone();
        found.evidence.push(Evidence { probe: "The service's answer".into(), seen });
    }
    found
}

/// The finding for a run whose service gave no answer. `seen` is what was looked at.
pub fn of_lost(lost: Lost, runtime: &str, seen: Vec<Evidence>) -> Finding {
    let again = Remedy::RunAgain;
    let found = match lost {
        Lost::Replaced => finding(
            Cause::RuntimeReplaced,
            format!("The container of {runtime} was replaced or removed while the flow ran."),
            "What the run had done until then is lost with it.",
            &["Run it again."],
            vec![again],
        ),
        Lost::OutOfMemory => finding(
            Cause::OutOfMemory,
            format!("{runtime} ran out of memory while the flow ran, and was ended."),
            "The system ended it because it reached its memory limit.",
            &["Give the runtime a higher memory limit, or let the flow take less at once."],
            vec![Remedy::RaiseMemory { bytes: None }, Remedy::Start, again],
        ),
        Lost::Restarted => finding(
            Cause::RuntimeRestarted,
            format!(
                "{runtime} was restarted while the flow ran, most likely because its service ended."
            ),
            "The run ended with it.",
            &["Look at the runtime's log for the reason, then run the flow again."],
            vec![again, Remedy::ViewLogs],
        ),
        Lost::Stopped => finding(
            Cause::RuntimeStopped,
            format!("{runtime} was stopped while the flow ran."),
            "The run ended with it.",
            &["Start it, then run the flow again."],
            vec![Remedy::Start, again, Remedy::ViewLogs],
        ),
        Lost::Silent => finding(
            Cause::ServiceGone,
            format!("The service of {runtime} gave no answer to the run."),
            "Its container runs, but what became of the run is not known.",
            &["Look at the runtime's log, then run the flow again.", "If that stays, restart it."],
            vec![again, Remedy::Restart, Remedy::ViewLogs],
        ),
    };
    Finding { evidence: seen, ..found }
}

/// The finding for a module that the serving Python lacks while another one has it, as `seen` says.
pub fn module_in_other_python(module: &str, seen: Evidence) -> Finding {
    Finding { evidence: vec![seen], ..of_other_python(module) }
}

fn of_other_python(module: &str) -> Finding {
    let package = package_of(module);
    finding(
        Cause::OtherPython,
        format!(
            "The module \"{module}\" is in the container, but in another Python than the one that serves."
        ),
        "It was most likely installed by hand, with the pip of the other one. The service does not see it.",
        &[&add(&package)],
        vec![Remedy::AddPackages { packages: vec![package] }],
    )
}

/// The finding for a connection that flows name and that does not exist here.
pub fn lacks_connection(name: &str) -> Finding {
    finding(
        Cause::ConnectionNotGiven,
        format!("There is no connection \"{name}\"."),
        "Connections are given to a run by their names.",
        &["Add it under Connections, or choose another when the flow is run."],
        vec![Remedy::AddConnection { name: name.to_owned() }],
    )
}

fn add(package: &str) -> String {
    format!(
        "Make the package {package} part of the runtime's environment, or install it only for now."
    )
}

fn words(cause: Cause, the_node: &str, failure: &RunFailure, about: &AboutRun) -> Finding {
    let message = failure.message.as_str();
    let test = || Remedy::TestConnection { name: about.connection.clone() };
    let again = Remedy::RunAgain;
    match cause {
        Cause::ModuleMissing => {
            let module = missing_module(message).unwrap_or_default();
            let package = package_of(module);
            finding(
                cause,
                format!("The runtime has no module \"{module}\"."),
                &format!("It is most likely part of the package {package}."),
                &[&add(&package)],
                vec![Remedy::AddPackages { packages: vec![package] }],
            )
        }
        Cause::OtherPython => of_other_python(missing_module(message).unwrap_or_default()),
        Cause::ToolsMissing => lacks_tool(missing_tool(message)),
        Cause::ConnectionNotGiven => {
            let name = missing_connection(message).unwrap_or_default();
            finding(
                cause,
                format!("{the_node} needs the connection \"{name}\", which was not given to it."),
                "Connections are given to a run by their names.",
                &["Add it under Connections, or choose another for this run."],
                vec![Remedy::AddConnection { name: name.to_owned() }, again],
            )
        }
        Cause::LlmUnreachable => finding(
            cause,
            format!("{the_node} did not reach its LLM."),
            "Nothing answers at the address of its connection, as seen from inside the runtime.",
            &[
                "Test the connection under Connections. An address of this machine has to be written as host.docker.internal for a runtime, on Podman as host.containers.internal.",
            ],
            vec![test(), again],
        ),
        Cause::LlmUnauthorised => finding(
            cause,
            format!("The LLM of {} did not accept the key of its connection.", lower(the_node)),
            "The key is wrong or has ended, or it is not for this address.",
            &[
                "Check the key and the address of the connection under Connections, then run again.",
            ],
            vec![test(), again],
        ),
        Cause::LlmQuota => finding(
            cause,
            format!("The quota of the LLM of {} is used up.", lower(the_node)),
            "Its host answers no request until there is more of it.",
            &["Raise it where the LLM is hosted, or choose another connection for this run."],
            vec![again, test()],
        ),
        Cause::LlmThrottled => finding(
            cause,
            format!("The LLM of {} got more requests than it takes.", lower(the_node)),
            "Its host counts requests or tokens a minute.",
            &[
                "Wait a while and run again, let fewer runs go at the same time, or raise the deployment's limit.",
            ],
            vec![again],
        ),
        Cause::LlmNoDeployment => finding(
            cause,
            format!("{the_node} asks for a deployment or a model that its LLM does not have."),
            "The address answers, but not for this name.",
            &[
                "Check the node's deployment or model, and the address and API version of its connection.",
            ],
            vec![test(), again],
        ),
        Cause::LlmTimedOut => finding(
            cause,
            format!("The LLM of {} gave no answer in time.", lower(the_node)),
            "It took the request and did not come to an end with it.",
            &["Run it again. If that stays, test the connection under Connections."],
            vec![again, test()],
        ),
        Cause::LlmFiltered => finding(
            cause,
            format!("The content filter of the LLM refused what {} asked.", lower(the_node)),
            "The request reached the LLM and was not answered.",
            &["Change the prompt, or the filter of the deployment."],
            vec![again],
        ),
        Cause::TimeLimit => {
            let seconds = limit_of(message);
            let limit = seconds.map_or_else(|| "its limit".into(), |s| format!("its limit of {s} s"));
            finding(
                cause,
                format!("The run took longer than {limit} and was ended."),
                "What its nodes gave until then is not known.",
                &["Give it a higher limit, or look at which node was slow."],
                vec![Remedy::RaiseTimeLimit { seconds: seconds.and_then(|s| s.parse().ok()) }],
            )
        }
        Cause::OutOfMemory => finding(
            cause,
            "The process of the run was ended because the runtime ran out of memory.".into(),
            "The runtime reached its memory limit, or its machine has none left.",
            &["Give the runtime a higher memory limit, or let the flow take less at once."],
            vec![Remedy::RaiseMemory { bytes: None }, again],
        ),
        Cause::RunProcessEnded => finding(
            cause,
            "The process of the run was ended from outside, most likely because the runtime ran out of memory.".into(),
            "The service goes on, but the run gave nothing.",
            &["Give the runtime a higher memory limit, or let the flow take less at once."],
            vec![Remedy::RaiseMemory { bytes: None }, again, Remedy::ViewLogs],
        ),
        Cause::DiskFull => finding(
            cause,
            format!("There was no space left on the disk when {} wrote to it.", lower(the_node)),
            "Inside a runtime that is the disk of its compute, or a volume that is full.",
            &["Remove images and containers that are not needed, or make room in the volume; then run again."],
            vec![Remedy::FreeDisk, again],
        ),
        Cause::OwnCode => {
            let at = failure.at.as_ref();
            finding(
                cause,
                failed(failure),
                "The error came out of the flow's own code.",
                &["Correct it there, then run again."],
                at.map(|at| Remedy::ShowPlace {
                    file: at.file.clone(),
                    line: at.line,
                    node: failure.node.clone(),
                })
                .into_iter()
                .chain([again])
                .collect(),
            )
        }
        _ => finding(
            Cause::Unknown,
            failed(failure),
            "What caused it is not known here.",
            &["The details tell more."],
            vec![again, Remedy::ViewLogs],
        ),
    }
}

/// The finding for a runtime that lacks a tool; `None` = it has none for prompts and LLMs.
pub fn lacks_tool(tool: Option<&str>) -> Finding {
    const OTHERS: &str = "Make the package that brings it part of the runtime's environment.";
    let Some(tool) = tool.filter(|tool| !tool.starts_with("promptflow.tools.")) else {
        return finding(
            Cause::ToolsMissing,
            "The runtime has no tools for prompts and LLMs.".into(),
            "They are part of the package promptflow-tools.",
            &[&add("promptflow-tools")],
            vec![Remedy::AddPackages { packages: vec!["promptflow-tools".into()] }],
        );
    };
    finding(
        Cause::ToolsMissing,
        format!("The runtime has no tool \"{tool}\"."),
        "Which package brings it is not known here.",
        &[OTHERS],
        // Which one, the person says.
        vec![Remedy::AddPackages { packages: vec![] }],
    )
}

fn lacks_llm_tools(message: &str) -> bool {
    message.contains("LLM api mapping is empty") || message.contains("'promptflow.tools'")
}

fn missing_tool(message: &str) -> Option<&str> {
    between(message, "Package tool '", "' is not found")
}

fn missing_connection(message: &str) -> Option<&str> {
    between(message, "Get connection '", "'")
}

fn limit_of(message: &str) -> Option<&str> {
    between(message, "execution timeout for exceeding ", " seconds")
}

/// What the service of an LLM answered. The names are those of the client's exceptions, which both Prompt
/// flow's own nodes and code that asks by itself tell.
fn of_llm(message: &str, exception: &str) -> Option<Cause> {
    // A name alone may be that of another client's exception.
    let of_client = message.contains("OpenAI API hits") || message.contains("Error code: ");
    let is = |name: &str| message.contains(name) && (of_client || exception == name);
    Some(if is("AuthenticationError") || is("PermissionDeniedError") {
        Cause::LlmUnauthorised
    } else if of_client
        // The client tells either the whole body or its sentence alone.
        && (message.contains("insufficient_quota")
            || message.contains("exceeded your current quota"))
    {
        Cause::LlmQuota
    } else if is("RateLimitError") {
        Cause::LlmThrottled
    } else if is("NotFoundError") && message.contains("Error code: 404") {
        Cause::LlmNoDeployment
    } else if is("APITimeoutError") {
        Cause::LlmTimedOut
    } else if of_client
        && (message.contains("content_filter") || message.contains("content management policy"))
    {
        Cause::LlmFiltered
    } else if is("APIConnectionError") || message.contains("request canceled") {
        Cause::LlmUnreachable
    } else {
        return None;
    })
}

/// The node within a sentence.
fn lower(the_node: &str) -> String {
    let mut letters = the_node.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What failed, where, and what the innermost exception says of it.
fn failed(failure: &RunFailure) -> String {
    let place = failure.at.as_ref().map(|at| format!(" in {}, line {}", at.file, at.line));
    let place = place.unwrap_or_default();
    let reason = reason(&failure.message, &failure.exception);
    match failure.node.as_deref() {
        Some(node) => format!("The node \"{node}\" failed{place}: {reason}"),
        None => format!("The flow failed{place}: {reason}"),
    }
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
#[path = "run_tests.rs"]
mod tests;
