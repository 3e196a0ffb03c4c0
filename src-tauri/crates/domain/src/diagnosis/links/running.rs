//! The container: it exists, it could be started, and it runs on.

use super::{
    ending::{self, state_words},
    words,
};
use crate::{
    container::{Container, ContainerState},
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{ContainerAnswer, Facts, Holder, Seen},
    },
    finding::{Cause, Evidence, Finding, Remedy},
    label::Labels,
};

pub fn container(facts: &Facts) -> Option<Judged> {
    let seen = facts.container.as_ref()?;
    let name = &facts.name;
    Some(match &seen.value {
        ContainerAnswer::Gone => {
            let mut finding = words::in_general(Cause::ContainerGone);
            finding.sentence = format!("The container of {name} was removed by someone else.");
            finding.meaning = "The runtime has no container any more.".into();
            finding.advice = vec!["Make it again, with the same image and settings.".into()];
            finding.remedies = vec![Remedy::Recreate];
            Judged::of(seen, LinkState::Broken, "no such container", finding.sentence.clone())
                .found(finding)
        }
        ContainerAnswer::NotSeen(words) => {
            Judged::of(seen, LinkState::Broken, words, "The engine does not tell of the container.")
        }
        ContainerAnswer::There(container) => {
            let saw = format!("{}, {}", container.name, short(&container.id));
            match renamed_from(container) {
                Some(before) => {
                    let mut finding = words::in_general(Cause::RuntimeRenamed);
                    finding.sentence =
                        format!("{} was made as {before} and renamed by hand.", container.name);
                    Judged::of(seen, LinkState::Warning, saw, finding.sentence.clone())
                        .found(finding)
                }
                None => Judged::of(seen, LinkState::Passed, saw, "The container is there."),
            }
        }
    })
}

/// The name that it was made with, where that is another one than it has.
fn renamed_from(container: &Container) -> Option<String> {
    let made = Labels::read(&container.labels)?.spec?.name;
    let (now, part) = crate::name::Part::of_container(&container.name);
    (part == crate::name::Part::Serving && now != made.as_str()).then(|| made.to_string())
}

/// Whether the container could be started: a start that is refused leaves it created or exited, with the
/// engine's words.
pub fn started(facts: &Facts) -> Option<Judged> {
    let seen = facts.container.as_ref()?;
    let found = facts.found()?;
    let refusal = facts.start_refusal();
    if !refusal.is_empty() {
        let sentence = "The engine could not start the container.";
        let judged = Judged::of(seen, LinkState::Broken, refusal, sentence);
        return Some(match of_refusal(facts, refusal) {
            Some(finding) => judged.found(finding),
            None => judged,
        });
    }
    if found.state == ContainerState::Created {
        let mut finding = words::in_general(Cause::ContainerStopped);
        finding.sentence = "The container was created and never started.".into();
        return Some(
            Judged::of(seen, LinkState::Broken, "created", finding.sentence.clone()).found(finding),
        );
    }
    let when = found.started.map_or_else(String::new, |at| at.to_string());
    Some(Judged::of(seen, LinkState::Passed, when, "The engine could start it."))
}

/// Why a start was refused; `None` = the words are not known.
fn of_refusal(facts: &Facts, refusal: &str) -> Option<Finding> {
    let cause = ending::cause_of_start(refusal)?;
    let port = facts.wanted_port;
    let holder = facts.port_holder.as_ref();
    let mut finding = crate::diagnosis::describe(
        cause,
        crate::diagnosis::About {
            image: &facts.image_name,
            port,
            port_holder: holder.and_then(|seen| match &seen.value {
                Holder::Container(name) => Some(name.as_str()),
                Holder::Nobody | Holder::Program => None,
            }),
            free_port: facts.free_port,
            architecture: &facts.architecture,
            ..crate::diagnosis::About::default()
        },
    );
    match cause {
        Cause::PortTaken => {
            if let Some(seen) = holder {
                finding.evidence.push(evidence_of_holder(seen));
                if seen.value == Holder::Nobody {
                    finding.sentence = format!("Port {port} was taken when it was started.");
                    finding.meaning = "Now nobody holds it any more.".into();
                    finding.advice = vec!["Start it again.".into()];
                    finding.remedies = vec![Remedy::Start];
                    return Some(finding);
                }
            }
            finding.remedies = vec![Remedy::ChoosePort { free: facts.free_port }, Remedy::Start];
        }
        Cause::PrivilegedPort => {
            finding.remedies = vec![Remedy::ChoosePort { free: facts.free_port }];
        }
        Cause::MountMissing => finding.remedies = vec![Remedy::ChangeMounts, Remedy::Start],
        Cause::CommandMissing => {
            finding.remedies = vec![Remedy::StartWithExecutor, Remedy::ChooseImage];
        }
        Cause::NetworkGone => finding.remedies = vec![Remedy::ResetNetwork, Remedy::Start],
        Cause::DiskFull => finding.remedies = vec![Remedy::FreeDisk, Remedy::Start],
        _ => {}
    }
    Some(finding)
}

fn evidence_of_holder(seen: &Seen<Holder>) -> Evidence {
    let words = match &seen.value {
        Holder::Nobody => "nobody".to_owned(),
        Holder::Container(name) => format!("the container {name}"),
        Holder::Program => "a program that is no container".to_owned(),
    };
    Evidence { probe: seen.probe.clone(), seen: words }
}

pub fn running(facts: &Facts) -> Option<Judged> {
    let seen = facts.container.as_ref()?;
    let found = facts.found()?;
    let saw = state_words(found);
    let judged = match found.state {
        ContainerState::Running if facts.service.is_some() && ending::goes_round(facts, found) => {
            let cause = ending::cause_by_log(facts);
            let finding = ending::of_loop(facts, found, cause);
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding)
        }
        ContainerState::Running => {
            return Some(Judged::of(seen, LinkState::Passed, saw, "The container runs."));
        }
        ContainerState::Removing => {
            return Some(Judged::of(seen, LinkState::Broken, saw, "It is being removed."));
        }
        ContainerState::Paused => {
            let finding = words::in_general(Cause::ContainerPaused);
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding)
        }
        ContainerState::Restarting
        | ContainerState::Exited
        | ContainerState::Dead
        | ContainerState::Created => {
            let finding = ending::of_end(facts, found);
            Judged::of(seen, LinkState::Broken, saw, finding.sentence.clone()).found(finding)
        }
    };
    // Of one that was stopped in good order the log tells nothing.
    let stopped = judged.finding.as_ref().is_some_and(|finding| {
        matches!(finding.cause, Cause::ContainerStopped | Cause::ContainerPaused)
    });
    if stopped {
        return Some(judged);
    }
    Some(judged.and_saw(facts.kernel_on_memory.as_ref(), Clone::clone).with_log(facts))
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
