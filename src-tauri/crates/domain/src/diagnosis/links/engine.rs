//! The engine: whether it answers, and whether it lets this user in.

use super::words::{self, advised};
use crate::{
    compute::Unreachable,
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{EngineAnswer, Facts},
    },
    finding::{Cause, Remedy},
};

pub fn compute(facts: &Facts) -> Option<Judged> {
    let seen = facts.engine.as_ref()?;
    let compute = &facts.compute;
    Some(match &seen.value {
        EngineAnswer::Answers(engine) => {
            Judged::of(seen, LinkState::Passed, engine, format!("The engine of {compute} answers."))
        }
        EngineAnswer::Unreachable(Unreachable::PermissionDenied { path, .. }) => {
            Judged::of(seen, LinkState::Passed, path, format!("The engine of {compute} is there."))
        }
        EngineAnswer::Unreachable(why) => {
            let words = why.to_string();
            let mut finding = advised(Cause::EngineGone, &words);
            finding.sentence = format!("The engine of {compute} does not answer.");
            let running = matches!(
                why,
                Unreachable::SocketMissing { .. }
                    | Unreachable::Refused { .. }
                    | Unreachable::NoAnswer { .. }
            );
            if !running {
                finding.meaning.clone_from(&words);
                finding.remedies = vec![Remedy::TryAgain];
                finding.advice = vec!["Look at the compute's page.".into()];
            }
            Judged::of(seen, LinkState::Broken, words, finding.sentence.clone()).found(finding)
        }
        EngineAnswer::Silent(seconds) => {
            let mut finding = words::in_general(Cause::EngineGone);
            finding.sentence =
                format!("The engine of {compute} did not answer within {seconds} s.");
            finding.meaning = "It may be busy, or hang. Its containers may run on.".into();
            Judged::of(
                seen,
                LinkState::Broken,
                format!("no answer within {seconds} s"),
                finding.sentence.clone(),
            )
            .found(finding)
        }
    })
}

pub fn permission(facts: &Facts) -> Option<Judged> {
    let seen = facts.engine.as_ref()?;
    Some(match &seen.value {
        EngineAnswer::Unreachable(why @ Unreachable::PermissionDenied { command, .. }) => {
            let mut finding = words::in_general(Cause::EngineDenied);
            finding.meaning = why.to_string();
            finding.advice = vec![format!(
                "Run {command}, then log in again: membership counts from the next login."
            )];
            Judged::of(
                seen,
                LinkState::Broken,
                why.to_string(),
                "This user may not use the engine.",
            )
            .found(finding)
        }
        EngineAnswer::Answers(_) => {
            Judged::of(seen, LinkState::Passed, "allowed", "This user may use the engine.")
        }
        EngineAnswer::Unreachable(_) | EngineAnswer::Silent(_) => return None,
    })
}
