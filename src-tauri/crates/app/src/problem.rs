//! From an adapter's error to a problem in words.

use domain::{
    compute::Unreachable,
    diagnosis::{self, About},
    finding::{Cause, Evidence, Problem, ProblemCode},
};
use engine::EngineError;
use history::HistoryError;
use registry::RegistryError;
use vault::VaultError;

use crate::api::UnreachableView;

/// An engine's refusal outside pull and start, where nothing more is known around it.
pub(crate) fn of_engine(error: &EngineError) -> Problem {
    match error {
        EngineError::Unreachable(reason) => of_unreachable(reason),
        EngineError::NotFound(words) => Problem::new(
            ProblemCode::NotFound,
            "The container is not there any more. Someone removed it.",
        )
        .details(words),
        EngineError::Silent(seconds) => Problem::new(
            ProblemCode::ComputeUnreachable,
            format!("The engine did not answer within {seconds} s. What it did is not known."),
        )
        .hint("Look at the compute's state, then try again.")
        .retryable(),
        other => engine_finding(other, About::default()),
    }
}

/// An engine's refusal with what is known around it, as a finding.
pub(crate) fn engine_finding(error: &EngineError, about: About<'_>) -> Problem {
    if let EngineError::Unreachable(reason) = error {
        of_unreachable(reason)
    } else {
        let words = error.words();
        let mut problem = Problem::found(diagnosis::of_engine(&words, about)).details(words);
        problem.retry = true;
        problem
    }
}

/// That runtimes still need something.
pub(crate) fn in_use(names: &[String]) -> Problem {
    Problem::new(
        ProblemCode::Busy,
        format!("It is in use by {}, or kept there to go back to.", names.join(", ")),
    )
    .hint("Update those runtimes to another environment, or delete them, first.")
}

/// Unpacked layers take about this many times their compressed size.
pub(crate) const UNPACKED: u64 = 3;

/// An amount of data in words.
pub(crate) fn bytes(amount: u64) -> String {
    const MEGABYTE: f64 = 1e6;
    let megabytes = amount as f64 / MEGABYTE;
    if megabytes < 1_000.0 {
        format!("{megabytes:.0} MB")
    } else {
        format!("{:.1} GB", megabytes / 1_000.0)
    }
}

pub(crate) fn of_unreachable(reason: &Unreachable) -> Problem {
    let view = unreachable(reason);
    Problem {
        hints: view.hints,
        retry: true,
        ..Problem::new(ProblemCode::ComputeUnreachable, view.sentence)
    }
}

/// Why a compute cannot be used, with what helps.
pub(crate) fn unreachable(reason: &Unreachable) -> UnreachableView {
    let (hints, command): (Vec<&str>, Option<String>) = match reason {
        Unreachable::SocketMissing { .. } => {
            (vec!["Start the engine, or check the path if it was given by hand."], None)
        }
        Unreachable::PermissionDenied { command, .. } => (
            vec![
                "Add this user to the group, then log in again: group membership counts from the next login.",
            ],
            Some(command.clone()),
        ),
        Unreachable::Refused { .. } | Unreachable::NoAnswer { .. } => {
            (vec!["Start the engine again."], None)
        }
        Unreachable::ApiTooOld { .. } => (vec!["Update the engine."], None),
        Unreachable::WindowsContainers => (vec!["Switch Docker to Linux containers."], None),
        Unreachable::SwarmWorker => (vec!["Use a manager node, or a machine of its own."], None),
        Unreachable::NotSupportedYet { .. } => {
            (vec!["Use an engine on this machine for now."], None)
        }
        Unreachable::UnknownContext { .. } => {
            (vec!["Correct DOCKER_CONTEXT, or create the context."], None)
        }
        Unreachable::Other { .. } => (vec!["Look at the engine's own log."], None),
    };
    UnreachableView {
        reason: reason.clone(),
        sentence: reason.to_string(),
        hints: hints.into_iter().map(str::to_owned).collect(),
        command,
    }
}

/// A registry's refusal or silence.
pub(crate) fn of_registry(error: &RegistryError) -> Problem {
    let about = |host| About { registry: host, ..About::default() };
    let (finding, seen) = match error {
        RegistryError::NoSuchHost { host } => {
            (diagnosis::describe(Cause::NoSuchHost, about(host)), None)
        }
        RegistryError::Unreachable { host, reason } => {
            (diagnosis::describe(Cause::RegistryNotReachable, about(host)), Some(reason.clone()))
        }
        RegistryError::Silent { host, .. } => {
            (diagnosis::describe(Cause::RegistryNotReachable, about(host)), Some(error.to_string()))
        }
        RegistryError::Certificate { host, reason } => {
            (diagnosis::describe(Cause::CertificateNotTrusted, about(host)), Some(reason.clone()))
        }
        RegistryError::Denied { host, with_login } => {
            let mut finding = diagnosis::describe(
                Cause::PullDenied,
                About { image: "this repository", ..about(host) },
            );
            finding.meaning = if *with_login {
                "It does not accept the login that is kept for it, or that login may not read this repository.".to_owned()
            } else {
                "It asks for a login, and none is kept for it.".to_owned()
            };
            (finding, None)
        }
        RegistryError::NotFound { reference } => (
            diagnosis::describe(
                Cause::ImageNotFound,
                About { image: reference, ..About::default() },
            ),
            None,
        ),
        RegistryError::NoSuchPlatform { reference, platform, offered } => (
            diagnosis::describe(
                Cause::WrongArchitecture,
                About { image: reference, architecture: platform, ..About::default() },
            ),
            Some(format!("offered for {offered}")),
        ),
        RegistryError::RateLimited { host, retry_after } => {
            let mut finding = diagnosis::describe(Cause::RateLimited, about(host));
            if let Some(seconds) = retry_after {
                finding.advice[0] = format!("Wait {}, then try again.", wait(*seconds));
            }
            (finding, retry_after.map(|seconds| format!("Retry-After: {seconds} s")))
        }
        RegistryError::Server { host, .. } | RegistryError::Nonsense { host, .. } => {
            let finding = diagnosis::describe(Cause::RegistryMisbehaves, about(host));
            (finding, Some(error.to_string()))
        }
    };
    let mut finding = finding;
    let seen = seen.unwrap_or_else(|| error.to_string());
    finding.evidence.push(Evidence { probe: "The registry's answer".into(), seen });
    let mut problem = Problem::found(finding).details(error.to_string());
    problem.retry = !matches!(
        error,
        RegistryError::NotFound { .. }
            | RegistryError::NoSuchPlatform { .. }
            | RegistryError::Denied { .. }
    );
    problem
}

/// A time to wait, for people; never shorter than it is.
fn wait(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7199 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}

pub(crate) fn of_vault(error: &VaultError) -> Problem {
    let hint = match error {
        VaultError::Locked => "Unlock the keyring, then try again.",
        VaultError::Missing(_) => {
            "Start a keyring (for example GNOME Keyring), or agree to keep secrets for this run of the application only."
        }
        VaultError::Hanging(_) => "Log in again, or restart the keyring.",
        VaultError::Refused(_) => "Look at the keyring's own application.",
    };
    Problem::new(ProblemCode::Keyring, error.to_string()).hint(hint).retryable()
}

pub(crate) fn of_history(error: &HistoryError) -> Problem {
    Problem::new(
        ProblemCode::Storage,
        "The application's own data cannot be read or written. Runtimes are not affected.",
    )
    .hint("Check the disk's free space and the rights of the data folder.")
    .details(error.to_string())
    .retryable()
}

/// A batch run that is active cannot be begun once more.
pub(crate) fn busy_batch() -> Problem {
    Problem::new(ProblemCode::Busy, "The batch run goes on already.")
        .hint("Pause or cancel it first.")
}

pub(crate) fn not_found(what: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("{what} does not exist any more."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_names_a_time_to_wait_has_it_told() {
        let told = |retry_after| {
            let error = RegistryError::RateLimited { host: "r.example".into(), retry_after };
            of_registry(&error).hints[0].clone()
        };
        assert_eq!(told(None), "Wait some minutes, then try again.");
        assert_eq!(told(Some(1)), "Wait a second, then try again.");
        assert_eq!(told(Some(30)), "Wait 30 seconds, then try again.");
        assert_eq!(told(Some(3601)), "Wait 61 minutes, then try again.");
        assert_eq!(told(Some(86_400)), "Wait 24 hours, then try again.");
    }
}
