//! The service inside: it is well, it is the executor, and its versions are right.

use super::{port::still_starting, words};
use crate::{
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{Facts, ServiceAnswer},
    },
    finding::{Cause, Remedy},
    runtime::Protocol,
    start::FoundPython,
};

pub fn health(facts: &Facts) -> Option<Judged> {
    let seen = facts.service.as_ref()?;
    let saw = seen.value.to_string();
    let had_its_time = facts.had_its_time();
    let wait = || Judged::of(seen, LinkState::Warning, saw.clone(), still_starting(facts));
    Some(match &seen.value {
        ServiceAnswer::Healthy(_) => {
            Judged::of(seen, LinkState::Passed, saw, "The service says that it is well.")
        }
        // What stands before a service says so while that is not ready.
        ServiceAnswer::Other { status: 502..=504, .. } if !had_its_time => wait(),
        ServiceAnswer::Other { status, .. } if *status >= 500 => {
            let mut finding = words::in_general(Cause::HealthFails);
            finding.sentence = format!("The service answers with an error ({status}).");
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone())
                .found(finding)
                .with_log(facts)
        }
        ServiceAnswer::Other { status: 0, .. } => {
            Judged::of(seen, LinkState::Broken, saw, "Something answers that does not speak HTTP.")
        }
        ServiceAnswer::Other { .. } => {
            let finding = words::in_general(Cause::AnotherServiceAnswers);
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding)
        }
        _ if !had_its_time => wait(),
        ServiceAnswer::Refused(_) | ServiceAnswer::Closed => {
            Judged::of(seen, LinkState::Broken, saw, "The service gives no answer.")
        }
        ServiceAnswer::Silent(_) => Judged::of(
            seen,
            LinkState::Broken,
            saw,
            "The service takes connections and says nothing.",
        ),
    })
}

pub fn protocol(facts: &Facts) -> Option<Judged> {
    let seen = facts.service.as_ref()?;
    Some(match &seen.value {
        ServiceAnswer::Healthy(Protocol::Executor) => {
            Judged::of(seen, LinkState::Passed, "executor", "It is the open executor service.")
        }
        ServiceAnswer::Healthy(Protocol::AzureRuntime) => {
            let serves = facts
                .pythons
                .as_ref()
                .is_some_and(|pythons| pythons.value.iter().any(FoundPython::serves));
            let mut finding = words::in_general(Cause::NoExecutor);
            if !serves {
                finding.meaning += " No Python with the open executor service was found in it.";
                finding.advice = vec!["Choose an image that serves flows by itself.".into()];
                finding.remedies = vec![Remedy::ChooseImage];
            }
            Judged::of(seen, LinkState::Broken, seen.value.to_string(), finding.sentence.clone())
                .found(finding)
                .and_saw(facts.pythons.as_ref(), |pythons| pythons_words(pythons))
        }
        _ => Judged::of(
            seen,
            LinkState::Unknown,
            seen.value.to_string(),
            "Who answers is not known yet.",
        ),
    })
}

/// The Pythons inside, one a line.
pub fn pythons_words(pythons: &[FoundPython]) -> String {
    let or_none = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".into());
    pythons
        .iter()
        .map(|python| {
            format!(
                "{} (Python {}): promptflow {}, uvicorn {}, promptflow-tools {}",
                python.path,
                python.version,
                or_none(&python.promptflow),
                or_none(&python.uvicorn),
                or_none(&python.tools)
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

pub fn versions(facts: &Facts) -> Option<Judged> {
    let seen = facts.pythons.as_ref()?;
    let saw = pythons_words(&seen.value);
    let serving: Vec<&FoundPython> = seen.value.iter().filter(|python| python.serves()).collect();
    Some(match serving[..] {
        [] => Judged::of(
            seen,
            LinkState::Unknown,
            if saw.is_empty() { "no Python was found".to_owned() } else { saw },
            "Which Prompt flow serves could not be seen.",
        ),
        [python, ..] => {
            let version = python.promptflow.as_deref().unwrap_or_default();
            let tools = match &python.tools {
                Some(tools) => format!("promptflow-tools {tools}"),
                None => "no promptflow-tools, so LLM and prompt nodes do not run".to_owned(),
            };
            Judged::of(
                seen,
                LinkState::Passed,
                saw,
                format!("promptflow {version} on Python {}, {tools}.", python.version),
            )
        }
    })
}
