//! What an engine's refusals, and a socket's, mean.

use std::{io, path::Path};

use domain::compute::Unreachable;
use serde_json::Value;

use crate::EngineError;

/// A connection that could not be made.
pub(super) fn connecting(socket: &Path, error: &io::Error) -> EngineError {
    let path = socket.to_string_lossy().into_owned();
    match error.kind() {
        io::ErrorKind::NotFound => Unreachable::SocketMissing { path },
        io::ErrorKind::PermissionDenied => {
            let group = owning_group(socket);
            let command = joining(&path, &group);
            Unreachable::PermissionDenied { path, group, command }
        }
        io::ErrorKind::ConnectionRefused => Unreachable::Refused { path },
        _ => Unreachable::Other { reason: format!("{path}: {error}") },
    }
    .into()
}

/// A connection that broke in the middle of an answer.
pub(super) fn broken(error: &hyper::Error) -> EngineError {
    let reason = if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        "it closed the connection in the middle of an answer".to_owned()
    } else {
        error.to_string()
    };
    Unreachable::Other { reason }.into()
}

/// Causes for which Podman answers 500 where Docker answers 409; it puts the cause last.
const PODMAN_CONFLICTS: [&str; 4] = [
    "that name is already in use",
    "container already exists",
    "container state improper",
    "image is in use by a container",
];

/// An answer with an error status. Docker says `{"message": …}`, Podman adds a cause; anything else
/// is taken as it is.
pub(super) fn answer(status: u16, body: &[u8]) -> EngineError {
    let text = String::from_utf8_lossy(body);
    let message = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|value| value.get("message")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| text.into_owned());
    let message = match message.trim() {
        "" => format!("The engine answered with status {status} and no words."),
        words => words.to_owned(),
    };
    match status {
        500 if PODMAN_CONFLICTS.iter().any(|cause| message.ends_with(cause)) => {
            EngineError::Conflict(message)
        }
        // Podman's word for a container that goes while it is looked at.
        500 if message.ends_with("does not exist in database: no such container") => {
            EngineError::NotFound(message)
        }
        404 => EngineError::NotFound(message),
        409 => EngineError::Conflict(message),
        501 => EngineError::NotSupported(message),
        _ => EngineError::Refused { status, message },
    }
}

/// The typed client's errors.
pub(super) fn client(socket: &Path, error: &bollard::errors::Error) -> EngineError {
    use bollard::errors::Error;
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            answer(*status_code, message.as_bytes())
        }
        Error::RequestTimeoutError => {
            Unreachable::NoAnswer { seconds: super::ANSWER_LIMIT.as_secs() }.into()
        }
        Error::SocketNotFoundError(path) => {
            Unreachable::SocketMissing { path: path.clone() }.into()
        }
        other => match io_cause(other) {
            Some(cause) => connecting(socket, cause),
            None => Unreachable::Other { reason: other.to_string() }.into(),
        },
    }
}

fn io_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// The name of the group that owns a socket, or of the nearest folder above that can be looked at.
fn owning_group(socket: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let Some(group) = socket.ancestors().find_map(|path| path.metadata().ok()).map(|m| m.gid())
    else {
        return "root".to_owned();
    };
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    group_name(&groups, group).unwrap_or_else(|| group.to_string())
}

/// Looks a number up in the text of `/etc/group` (`name:x:number:members`).
fn group_name(groups: &str, number: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == number).then(|| name.to_owned())
    })
}

/// The command that lets this user use the socket.
fn joining(socket: &str, group: &str) -> String {
    if socket.contains("podman") {
        // Podman's system service belongs to root alone; the user's own needs no right at all.
        "systemctl --user enable --now podman.socket".to_owned()
    } else if group == "root" || group.parse::<u32>().is_ok() {
        "sudo groupadd --force docker && sudo usermod -aG docker $USER && sudo systemctl restart docker"
            .to_owned()
    } else {
        format!("sudo usermod -aG {group} $USER")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_what_they_mean_with_the_engines_words() {
        let docker = br#"{"message":"No such container: x"}"#;
        assert_eq!(answer(404, docker), EngineError::NotFound("No such container: x".into()));
        let gone = b"container b1 does not exist in database: no such container";
        assert!(matches!(answer(500, gone), EngineError::NotFound(_)));
        let podman = br#"{"cause":"name in use","message":"the name is taken","response":409}"#;
        assert_eq!(answer(409, podman), EngineError::Conflict("the name is taken".into()));
        assert_eq!(
            answer(500, b"port is already allocated\n"),
            EngineError::Refused { status: 500, message: "port is already allocated".into() }
        );
        let podman = br#"{"message":"name \"a\" is in use by x: that name is already in use","response":500}"#;
        assert!(matches!(answer(500, podman), EngineError::Conflict(_)));
        assert!(answer(500, b"").words().contains("500"));
        assert!(matches!(answer(501, b"no"), EngineError::NotSupported(_)));
    }

    #[test]
    fn a_socket_that_refuses_says_why() {
        let path = Path::new("/var/run/docker.sock");
        let of = |kind: io::ErrorKind| connecting(path, &io::Error::from(kind));
        assert!(matches!(
            of(io::ErrorKind::NotFound),
            EngineError::Unreachable(Unreachable::SocketMissing { .. })
        ));
        assert!(matches!(
            of(io::ErrorKind::ConnectionRefused),
            EngineError::Unreachable(Unreachable::Refused { .. })
        ));
        assert!(matches!(
            of(io::ErrorKind::PermissionDenied),
            EngineError::Unreachable(Unreachable::PermissionDenied { .. })
        ));
        assert!(matches!(
            of(io::ErrorKind::Other),
            EngineError::Unreachable(Unreachable::Other { .. })
        ));
    }

    #[test]
    fn the_command_names_the_group_that_owns_the_socket() {
        let groups = "root:x:0:\ndocker:x:998:ann\nbroken\n";
        assert_eq!(group_name(groups, 998).as_deref(), Some("docker"));
        assert_eq!(group_name(groups, 5), None);
        assert_eq!(joining("/var/run/docker.sock", "docker"), "sudo usermod -aG docker $USER");
        assert!(joining("/var/run/docker.sock", "root").contains("groupadd"));
        assert!(joining("/run/podman/podman.sock", "root").contains("--user"));
    }
}
