//! Why a container does not run (any more): by its state, the engine's events, and its log.

use super::words;
use crate::{
    container::{Container, ContainerState},
    diagnosis::{cause_of, facts::Facts},
    finding::{Cause, Finding, Remedy},
    flow::{missing_module, package_of},
};

/// How a container stands, in a few words: `exited (137), killed for memory`.
pub fn state_words(container: &Container) -> String {
    let word = match container.state {
        ContainerState::Created => "created",
        ContainerState::Running => "running",
        ContainerState::Paused => "paused",
        ContainerState::Restarting => "restarting",
        ContainerState::Removing => "removing",
        ContainerState::Exited => "exited",
        ContainerState::Dead => "dead",
    };
    let mut parts = vec![word.to_owned()];
    if matches!(
        container.state,
        ContainerState::Exited | ContainerState::Dead | ContainerState::Restarting
    ) {
        parts[0] = format!("{word} ({})", container.exit_code);
    }
    if container.out_of_memory {
        parts.push("killed for memory".to_owned());
    }
    if container.restart_count > 0 {
        parts.push(format!("restarted {} times", container.restart_count));
    }
    parts.join(", ")
}

/// The cause in words of a refused start; those that only a pull has are none.
pub fn cause_of_start(words: &str) -> Option<Cause> {
    cause_of(words).filter(|cause| {
        matches!(
            cause,
            Cause::DiskFull
                | Cause::PortTaken
                | Cause::PrivilegedPort
                | Cause::MountMissing
                | Cause::DeviceMissing
                | Cause::CommandMissing
                | Cause::NetworkGone
                | Cause::WrongArchitecture
        )
    })
}

/// Why a container ended.
pub fn of_end(facts: &Facts, found: &Container) -> Finding {
    let cause = cause(facts, found);
    if goes_round(facts, found) {
        return of_loop(facts, found, cause);
    }
    told(facts, found, cause)
}

/// It ends and is started again, over and over. Podman has no state of its own for it: there it is over, or
/// has just begun.
pub fn goes_round(facts: &Facts, found: &Container) -> bool {
    let again = match found.restart_policy.as_str() {
        "always" | "unless-stopped" => true,
        "on-failure" => found.exit_code != 0,
        _ => false,
    };
    match found.state {
        ContainerState::Restarting => true,
        ContainerState::Exited => {
            facts.is_podman && again && found.restart_count >= 2 && facts.told_stop.is_none()
        }
        ContainerState::Running => {
            let well = facts.service.as_ref().is_some_and(|seen| {
                matches!(seen.value, crate::diagnosis::ServiceAnswer::Healthy(_))
            });
            again && found.restart_count >= 2 && facts.running_for() <= 5 && !well
        }
        _ => false,
    }
}

/// It ends again and again, and is started again each time.
pub fn of_loop(facts: &Facts, found: &Container, cause: Cause) -> Finding {
    let mut finding = words::in_general(Cause::RestartLoop);
    finding.sentence = if found.state == ContainerState::Restarting {
        format!(
            "The container ends and is started again, {} times so far (exit code {}).",
            found.restart_count, found.exit_code
        )
    } else {
        format!("The container ends and is started again, {} times so far.", found.restart_count)
    };
    if !matches!(cause, Cause::ContainerExited | Cause::ContainerStopped | Cause::EndedInOrder) {
        let inner = told(facts, found, cause);
        finding.meaning = format!("{} {}", inner.sentence, inner.meaning);
        finding.advice = inner.advice;
        finding.remedies =
            inner.remedies.into_iter().filter(|remedy| *remedy != Remedy::Start).collect();
    }
    finding
}

/// The cause of an end.
pub fn cause(facts: &Facts, found: &Container) -> Cause {
    let code = found.exit_code;
    let by_request = matches!(code, 0 | 137 | 143);
    let for_memory =
        found.out_of_memory || facts.told_out_of_memory || facts.kernel_on_memory.is_some();
    if for_memory && !matches!(code, 0 | 143) {
        return Cause::OutOfMemory;
    }
    if let (Some((gone, back)), Some(at)) = (facts.engine_away, found.finished) {
        // An engine that ends in good order stops its containers first; one that does not tells of their
        // end when it is back.
        let (from, to) = (gone.as_second() - 15, back.as_second() + 5);
        if (from..=to).contains(&at.as_second()) {
            return Cause::EngineRestarted;
        }
    }
    if code == 143 || (by_request && facts.told_stop.is_some()) {
        return Cause::ContainerStopped;
    }
    if code == 0 {
        return Cause::EndedInOrder;
    }
    if let Some(cause) = of_log(facts.log_text()) {
        return cause;
    }
    match code {
        137 => Cause::Killed,
        // 128 and the number of a signal that a program gets for a fault of its own.
        132 | 134 | 135 | 136 | 139 => Cause::Crashed,
        _ => Cause::ContainerExited,
    }
}

/// The cause of the ends before, as far as the log tells.
pub fn cause_by_log(facts: &Facts) -> Cause {
    of_log(facts.log_text()).unwrap_or(Cause::ContainerExited)
}

/// What the last lines of a log say about the end.
fn of_log(log: &str) -> Option<Cause> {
    let lower = log.to_lowercase();
    let has = |forms: &[&str]| forms.iter().any(|form| lower.contains(form));
    if has(&["exec format error"]) {
        return Some(Cause::WrongArchitecture);
    }
    if has(&["no space left on device"]) {
        return Some(Cause::DiskFull);
    }
    if has(&["address already in use"]) {
        return Some(Cause::PortTaken);
    }
    // The package is there, and has no service yet.
    if has(&[
        "no module named 'promptflow.executor._service",
        "no module named promptflow.executor._service",
    ]) {
        return Some(Cause::PromptflowTooOld);
    }
    if has(&[
        "no module named uvicorn",
        "no module named 'uvicorn'",
        "no module named 'promptflow",
        "no module named promptflow",
        "could not import module \"promptflow",
    ]) {
        return Some(Cause::NoServiceInImage);
    }
    missing_module(log).map(|_| Cause::ModuleMissing)
}

fn told(facts: &Facts, found: &Container, cause: Cause) -> Finding {
    let mut finding = words::in_general(cause);
    let code = found.exit_code;
    match cause {
        Cause::OutOfMemory => {
            let limit = found.memory_limit;
            if limit == 0 {
                finding.meaning =
                    "The whole compute ran out of memory, and the system ended it.".into();
                finding.advice =
                    vec!["End what takes memory there, or use a larger compute.".into()];
                finding.remedies = vec![Remedy::Start];
            } else {
                finding.meaning = format!(
                    "The system ended it because it reached its limit of {}.",
                    words::bytes(limit)
                );
                finding.remedies = vec![more_memory(facts, limit), Remedy::Start];
            }
        }
        Cause::Killed if found.memory_limit > 0 => {
            finding.meaning = format!(
                "Somebody, or the system, ended it at once. Its memory limit of {} may be the reason; nothing proves it.",
                words::bytes(found.memory_limit)
            );
            finding.remedies =
                vec![Remedy::Start, more_memory(facts, found.memory_limit), Remedy::ViewLogs];
        }
        Cause::ContainerStopped => {
            finding.sentence = match &facts.told_stop {
                Some(_) => "The container was stopped by somebody.".into(),
                None => "The container was asked to stop, and did.".into(),
            };
        }
        Cause::ModuleMissing => {
            if let Some(module) = missing_module(facts.log_text()) {
                let package = package_of(module);
                finding.sentence =
                    format!("The container ended because the module {module} is missing.");
                finding.meaning = format!("It comes with the package {package}.");
                finding.advice = vec![format!("Add the package {package} and build again.")];
                finding.remedies = vec![Remedy::AddPackages { packages: vec![package] }];
            }
        }
        Cause::PortTaken => {
            finding.sentence =
                "The service ended because its port is taken inside the container.".into();
            finding.meaning =
                "Another program inside, or on a network that it shares, listens there.".into();
            finding.advice = vec!["Look at what the container starts.".into()];
            finding.remedies = vec![Remedy::ViewLogs];
        }
        Cause::DiskFull => {
            finding.sentence = "The container ended because a disk is full.".into();
            finding.remedies = vec![Remedy::FreeDisk, Remedy::Start];
        }
        Cause::NoServiceInImage => {
            finding.remedies = vec![Remedy::StartWithExecutor, Remedy::ChooseImage];
        }
        Cause::Crashed => {
            finding.sentence =
                format!("The program in the container crashed ({code}, {}).", signal(code));
        }
        Cause::ContainerExited => {
            finding.sentence = match code {
                127 => "The container ended at once: a command was not found (127).".into(),
                126 => "The container ended at once: a command could not be run (126).".into(),
                _ => format!("The container ended by itself with exit code {code}."),
            };
            finding.meaning = "The program inside ended with an error.".into();
            finding.remedies = vec![Remedy::ViewLogs, Remedy::Start, Remedy::ChooseImage];
        }
        _ => {}
    }
    finding
}

/// Twice the limit, as far as the compute has it.
fn more_memory(facts: &Facts, limit: u64) -> Remedy {
    let most = facts.compute_memory;
    let twice = limit.saturating_mul(2);
    let bytes = if most == 0 { twice } else { twice.min(most) };
    Remedy::RaiseMemory { bytes: (bytes > limit).then_some(bytes) }
}

fn signal(code: i64) -> &'static str {
    match code {
        132 => "illegal instruction",
        134 => "it gave up",
        135 => "bus error",
        136 => "arithmetic error",
        _ => "segmentation fault",
    }
}
