//! From an engine's or a container's own words to a cause that a person understands.
//!
//! The forms were seen on Docker 20.10 and Podman 4.3. What is not recognised stays unknown, with
//! the words as evidence: a wrong cause is worse than none.

use crate::finding::{Cause, Evidence, Finding, Remedy};

mod chain;
#[cfg(test)]
mod chain_tests;
mod check;
mod facts;
pub mod inside;
mod links;
mod memory;
mod misfit;
mod pythons;
mod resources;
mod run;

pub use chain::{Verdict, judge};
pub use check::{Check, Diagnosis, Link, LinkState};
pub use facts::{
    ContainerAnswer, EngineAnswer, Facts, FlowsSeen, Holder, ImageAnswer, Inside, InsideAnswer,
    Seen, ServiceAnswer,
};
pub use memory::{COUNTERS, ended_for_memory};
pub use misfit::{FlowMisfit, flows_would_not_fit};
pub use pythons::{WHO_HAS, read_who_has};
pub use resources::{
    Clocks, DiskInside, EndpointAnswer, EndpointInside, MemoryInside, NetworkInside,
    ProcessorInside, ProxyInside, Resources,
};
pub use run::{
    AboutRun, Lost, cause_of_run, lacks_connection, lacks_tool, module_in_other_python, of_lost,
    of_run,
};

/// What is known around the words.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The image, as shown to people.
    pub image: &'a str,
    /// The registry's host.
    pub registry: &'a str,
    /// The published port.
    pub port: u16,
    /// Who holds that port, when it is a container.
    pub port_holder: Option<&'a str>,
    /// A port that is free.
    pub free_port: Option<u16>,
    /// The compute's architecture.
    pub architecture: &'a str,
}

fn finding(
    cause: Cause,
    sentence: String,
    meaning: &str,
    advice: &[&str],
    remedies: Vec<Remedy>,
) -> Finding {
    Finding {
        cause,
        sentence,
        meaning: meaning.to_owned(),
        evidence: vec![],
        advice: advice.iter().map(ToString::to_string).collect(),
        remedies,
    }
}

/// Recognises the cause in words of an engine; `None` = unknown.
pub fn cause_of(words: &str) -> Option<Cause> {
    // Podman adds this to whatever file was not found: it says nothing of its own.
    let words = words
        .to_lowercase()
        .replace("oci runtime attempted to invoke a command that was not found", "");
    let has = |forms: &[&str]| forms.iter().any(|form| words.contains(form));
    // The order matters: "manifest unknown" comes with "denied" in some registries' answers.
    Some(if has(&["no space left on device"]) {
        Cause::DiskFull
    } else if has(&["toomanyrequests", "too many requests", "rate limit"]) {
        Cause::RateLimited
    } else if has(&[
        "x509:",
        "certificate signed by unknown authority",
        "server gave http response to https client",
        "certificate is not trusted",
    ]) {
        Cause::CertificateNotTrusted
    } else if has(&[
        "no matching manifest",
        "does not match the specified platform",
        "exec format error",
        "no image found in manifest list",
        "no image found in image index",
    ]) {
        Cause::WrongArchitecture
    } else if has(&[
        "manifest unknown",
        "not found: manifest",
        "name unknown",
        "repository name not known",
    ]) {
        Cause::ImageNotFound
    } else if has(&[
        "no basic auth credentials",
        "unauthorized",
        "pull access denied",
        "authentication required",
        "access to the resource is denied",
        "403 forbidden",
    ]) {
        Cause::PullDenied
    } else if has(&["no such host", "server misbehaving", "temporary failure in name resolution"]) {
        Cause::NoSuchHost
    } else if has(&["port is already allocated", "address already in use"]) {
        Cause::PortTaken
    } else if has(&["is already in use by container", "that name is already in use"]) {
        Cause::NameTaken
    } else if has(&["short-name resolution", "did not resolve to an alias", "short-name \""]) {
        Cause::ShortImageName
    } else if has(&["cannot expose privileged port", "bind: permission denied"]) {
        Cause::PrivilegedPort
    } else if has(&["container-init binary not found", "docker-init\": stat", "catatonit: no such"])
    {
        Cause::InitMissing
    } else if has(&["adding custom device", "error gathering device information", "stat /dev/"]) {
        Cause::DeviceMissing
    } else if has(&["could not find bridge"])
        || (words.contains("network") && words.contains("not found"))
    {
        Cause::NetworkGone
    } else if has(&["bind source path does not exist", "statfs", "invalid mount config"])
        || (words.contains("error mounting") && words.contains("no such file"))
    {
        Cause::MountMissing
    } else if has(&["executable file not found", "executable file `"])
        || (has(&["exec: \"", "exec /", "exec \""])
            && has(&["no such file or directory", "permission denied"]))
    {
        // Other files may be missing as well: only what was to be run is the command.
        Cause::CommandMissing
    } else if has(&[
        "verification failed for digest",
        "digest did not match",
        "redirects",
        "unexpected http status",
        "unknown: unknown error",
        "error parsing http",
        "invalid character",
        "unexpected end of json input",
        "manifest invalid",
    ]) {
        Cause::RegistryMisbehaves
    } else if has(&["unexpected eof", "connection reset by peer", "was silent for"]) {
        Cause::PullInterrupted
    } else if has(&[
        "connection refused",
        "i/o timeout",
        "context deadline exceeded",
        "network is unreachable",
        "tls handshake timeout",
        "no route to host",
    ]) {
        Cause::RegistryNotReachable
    } else {
        return None;
    })
}

/// The finding for a refusal of the engine while an image was pulled or a container started.
pub fn of_engine(words: &str, about: About<'_>) -> Finding {
    let mut finding = describe(cause_of(words).unwrap_or(Cause::Unknown), about);
    finding.evidence.push(Evidence { probe: "The engine's answer".into(), seen: words.to_owned() });
    finding
}

/// Sentence, meaning, advice and remedies for a cause.
pub fn describe(cause: Cause, about: About<'_>) -> Finding {
    let About { image, registry, port, .. } = about;
    match cause {
        Cause::ImageNotFound => finding(
            cause,
            format!("The image {image} was not found."),
            "It does not exist in this repository, or it was removed there.",
            &["Choose another version or image."],
            vec![Remedy::ChooseImage, Remedy::UseMirror],
        ),
        Cause::PullDenied => finding(
            cause,
            format!("{registry} refused to hand out {image}."),
            "The registry asks for a login, the login may not read this repository, or the repository does not exist.",
            &["Add or replace the login for this registry.", "Check the spelling of the image."],
            vec![Remedy::AddLogin { registry: registry.to_owned() }, Remedy::ChooseImage],
        ),
        Cause::NoSuchHost => finding(
            cause,
            format!("The registry {registry} was not found on the network."),
            "Its name does not resolve: it is misspelt, or this machine or the compute has no connection to it.",
            &[
                "Check the spelling, the network and the proxy.",
                "Use a mirror of the repository or another image.",
            ],
            vec![Remedy::UseMirror, Remedy::ChooseImage, Remedy::TryAgain],
        ),
        Cause::RegistryNotReachable => finding(
            cause,
            format!("The registry {registry} cannot be reached."),
            "It does not answer from here.",
            &[
                "Check the network and the proxy, then try again.",
                "Use a mirror of the repository or another image.",
            ],
            vec![Remedy::TryAgain, Remedy::UseMirror, Remedy::ChooseImage],
        ),
        Cause::RateLimited => finding(
            cause,
            format!("The registry {registry} asks to wait."),
            "Too many requests came from this address within a short time.",
            &["Wait some minutes, then try again.", "A login often raises the limit."],
            vec![Remedy::TryAgain, Remedy::AddLogin { registry: registry.to_owned() }],
        ),
        Cause::CertificateNotTrusted => finding(
            cause,
            format!("The certificate of {registry} is not trusted."),
            "Either the registry uses a certificate of its own, or a proxy between signs connections anew.",
            &[
                "Add the authority's certificate to the compute's trusted ones.",
                "Use a mirror of the repository.",
            ],
            vec![Remedy::UseMirror, Remedy::TryAgain],
        ),
        Cause::RegistryMisbehaves => finding(
            cause,
            format!("The registry {registry} does not work as it should."),
            "Its answer cannot be used, so nothing was taken from it.",
            &[
                "Try again later, or tell who runs the registry.",
                "Use a mirror of the repository or another image.",
            ],
            vec![Remedy::TryAgain, Remedy::UseMirror, Remedy::ChooseImage],
        ),
        Cause::WrongArchitecture => finding(
            cause,
            format!("{image} is not made for this compute."),
            &format!(
                "The compute's architecture is {}; the image is for another one.",
                about.architecture
            ),
            &["Choose an image that is offered for this architecture."],
            vec![Remedy::ChooseImage],
        ),
        Cause::PullInterrupted => finding(
            cause,
            "The download was interrupted.".to_owned(),
            "The connection to the registry broke or stood still, and nothing was kept.",
            &["Try again; layers that were complete are not downloaded twice."],
            vec![Remedy::TryAgain],
        ),
        Cause::DiskFull => finding(
            cause,
            "The compute's disk is full.".to_owned(),
            "There is no space left where the engine keeps images and containers.",
            &["Remove images and containers that are not needed, then try again."],
            vec![Remedy::TryAgain],
        ),
        Cause::PortTaken => finding(
            cause,
            match about.port_holder {
                Some(holder) => format!("Port {port} is taken by \"{holder}\"."),
                None if port == 0 => {
                    "The port that the engine chose is taken by another program.".to_owned()
                }
                None => format!("Port {port} is taken by another program."),
            },
            "Two programs cannot listen on one port.",
            &["Choose another port, or stop the program that holds it."],
            vec![Remedy::ChoosePort { free: about.free_port }, Remedy::TryAgain],
        ),
        Cause::NameTaken => finding(
            cause,
            "A container of this name exists already.".to_owned(),
            "Names are unique on a compute.",
            &["Choose another name."],
            vec![Remedy::ChooseName],
        ),
        Cause::MountMissing => finding(
            cause,
            "A folder to mount does not exist.".to_owned(),
            "The container cannot start without it.",
            &["Create the folder on the compute's machine, or change the mount."],
            vec![Remedy::ChangeMounts, Remedy::TryAgain],
        ),
        Cause::CommandMissing => finding(
            cause,
            "The start command does not exist in the image.".to_owned(),
            "The container was created, but its first program is not there.",
            &["Correct the start command, or leave it to the image."],
            vec![Remedy::ChooseImage],
        ),
        Cause::NetworkGone => finding(
            cause,
            "A network of the engine is gone.".to_owned(),
            "The container cannot be connected, so it cannot start.",
            &["Restart the engine: it makes its own networks again."],
            vec![Remedy::TryAgain],
        ),
        Cause::ContainerExited => finding(
            cause,
            "The container ended by itself.".to_owned(),
            "The program inside stopped before the service answered.",
            &["Look at the last lines of its log below."],
            vec![Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::OutOfMemory => finding(
            cause,
            "The container ran out of memory.".to_owned(),
            "The system ended it because it reached its memory limit.",
            &["Give it a higher memory limit."],
            vec![Remedy::RaiseMemory { bytes: None }, Remedy::Start],
        ),
        Cause::NoServiceInImage => finding(
            cause,
            "There is no Prompt flow service in this image.".to_owned(),
            "The container started and ended, because promptflow-core or uvicorn is not installed in it.",
            &["Choose an image that contains promptflow-core and uvicorn."],
            vec![Remedy::ChooseImage],
        ),
        Cause::AnswersElsewhere => finding(
            cause,
            "The service inside cannot be reached through the published port.".to_owned(),
            "Something runs inside, but nothing accepts connections on the target port from outside the container. It may listen on 127.0.0.1 only, or on another port.",
            &["Let the service listen on 0.0.0.0, or set the right target port."],
            vec![Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::AnotherServiceAnswers => finding(
            cause,
            "Another service answers at this port.".to_owned(),
            "It is not a Prompt flow service: its health page says something else.",
            &["Choose another image, another target port or another health path."],
            vec![Remedy::ChooseImage, Remedy::ViewLogs],
        ),
        Cause::NotReadyInTime => finding(
            cause,
            "The service did not become ready in time.".to_owned(),
            "The container runs, but its health page gave no right answer.",
            &["Look at its log for what it waits for."],
            vec![Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::EngineGone => finding(
            cause,
            "The engine went away in the middle of it.".to_owned(),
            "What it was doing is not known until it answers again; then everything is put right.",
            &["Start the engine again."],
            vec![Remedy::TryAgain],
        ),
        Cause::ContainerGone => finding(
            cause,
            "The container was removed by someone else.".to_owned(),
            "What was being done cannot go on without it.",
            &["Try again."],
            vec![Remedy::TryAgain],
        ),
        Cause::WritesAtStart => finding(
            cause,
            "The new image cannot be proved beside the running one.".to_owned(),
            "It writes to a volume or folder when it starts, and these are read-only for it until it serves.",
            &[
                "Update again and confirm: it is proved after the switch-over instead, and on a failure the old one is put back.",
            ],
            vec![],
        ),
        Cause::BaseNotFound
        | Cause::PackageNotFound
        | Cause::PackageConflict
        | Cause::PythonDoesNotFit
        | Cause::NoNetworkInBuild
        | Cause::CompilerMissing
        | Cause::FileNotInContext
        | Cause::BuildSyntax
        | Cause::BuildStepFailed => crate::build::in_general(cause),
        Cause::LogCannotBeRead
        | Cause::SlowPythonNode
        | Cause::SlowModelCall
        | Cause::ModelCallsThrottled
        | Cause::HostedTimeout
        | Cause::HostedRuntimeGone => finding(
            cause,
            "The log tells more.".to_owned(),
            "What it means is read from the log itself.",
            &["Open the log."],
            vec![Remedy::ViewLogs],
        ),
        Cause::ModuleMissing
        | Cause::ToolsMissing
        | Cause::ConnectionNotGiven
        | Cause::LlmUnreachable
        | Cause::LlmUnauthorised
        | Cause::LlmQuota
        | Cause::LlmThrottled
        | Cause::LlmNoDeployment
        | Cause::LlmTimedOut
        | Cause::LlmFiltered
        | Cause::TimeLimit
        | Cause::RunProcessEnded
        | Cause::OtherPython
        | Cause::OwnCode => run::in_general(cause),
        Cause::FlowsWouldNotFit => misfit::flows_would_not_fit("the runtime", "another image", &[]),
        Cause::RuntimeReplaced => run::of_lost(Lost::Replaced, "The runtime", vec![]),
        Cause::RuntimeRestarted => run::of_lost(Lost::Restarted, "The runtime", vec![]),
        Cause::RuntimeStopped => run::of_lost(Lost::Stopped, "The runtime", vec![]),
        Cause::ServiceGone => run::of_lost(Lost::Silent, "the runtime", vec![]),
        // What only the chain tells, and what nothing tells.
        _ => links::own(cause).unwrap_or_else(|| {
            finding(
                cause,
                "The engine refused, for a reason that is not known here.".to_owned(),
                "Its own words stand below.",
                &[],
                vec![Remedy::TryAgain],
            )
        }),
    }
}

/// Whether the log of a container that ended says that it could not write.
pub fn could_not_write(log: &str) -> bool {
    let log = log.to_lowercase();
    log.contains("read-only file system") || log.contains("erofs")
}

/// How a container ended or stands while it was expected to become ready.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub exit_code: i64,
    pub out_of_memory: bool,
    /// What the engine keeps of a failed start.
    pub error: &'a str,
    /// Last lines of the log.
    pub log: &'a str,
}

/// The finding for a container that ended before it was ready, or died.
pub fn of_ending(ending: Ending<'_>, about: About<'_>) -> Finding {
    let log = ending.log.to_lowercase();
    let missing_service = [
        "no module named uvicorn",
        "no module named 'uvicorn'",
        "no module named 'promptflow",
        "could not import module \"promptflow",
    ]
    .iter()
    .any(|form| log.contains(form));
    let cause = if ending.out_of_memory {
        Cause::OutOfMemory
    } else if log.contains("exec format error") || ending.error.contains("exec format error") {
        Cause::WrongArchitecture
    } else if let Some(cause) =
        Some(ending.error).filter(|error| !error.is_empty()).and_then(cause_of)
    {
        cause
    } else if missing_service {
        Cause::NoServiceInImage
    } else {
        Cause::ContainerExited
    };
    let mut finding = describe(cause, about);
    if cause == Cause::ContainerExited {
        finding.sentence = match ending.exit_code {
            137 => "The container was killed (137).".to_owned(),
            139 => "The program in the container crashed (139, segmentation fault).".to_owned(),
            127 => "The container ended at once: a command was not found (127).".to_owned(),
            code => format!("The container ended by itself with exit code {code}."),
        };
    }
    finding.evidence.push(Evidence {
        probe: "The container's state".into(),
        seen: format!("exited ({})", ending.exit_code),
    });
    if !ending.error.is_empty() {
        finding
            .evidence
            .push(Evidence { probe: "The engine's answer".into(), seen: ending.error.to_owned() });
    }
    if !ending.log.trim().is_empty() {
        finding
            .evidence
            .push(Evidence { probe: "Last lines of the log".into(), seen: ending.log.to_owned() });
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_words_lead_to_their_cause() {
        for (words, cause) in [
            (
                "manifest for x/y:1 not found: manifest unknown: manifest unknown",
                Cause::ImageNotFound,
            ),
            (
                "Error response from daemon: pull access denied for x, repository does not exist or may require 'docker login'",
                Cause::PullDenied,
            ),
            ("Get \"http://127.0.0.1:5/v2/\": no basic auth credentials", Cause::PullDenied),
            ("dial tcp: lookup nowhere.example: no such host", Cause::NoSuchHost),
            ("dial tcp 127.0.0.1:1: connect: connection refused", Cause::RegistryNotReachable),
            ("toomanyrequests: You have reached your pull rate limit", Cause::RateLimited),
            ("x509: certificate signed by unknown authority", Cause::CertificateNotTrusted),
            (
                "no matching manifest for linux/amd64 in the manifest list entries",
                Cause::WrongArchitecture,
            ),
            ("write /var/lib/x: no space left on device", Cause::DiskFull),
            ("Bind for 127.0.0.1:8080 failed: port is already allocated", Cause::PortTaken),
            ("listen tcp4 127.0.0.1:8080: bind: address already in use", Cause::PortTaken),
            (
                "Conflict. The container name \"/a\" is already in use by container \"b\"",
                Cause::NameTaken,
            ),
            ("could not find bridge docker0: no such network interface", Cause::NetworkGone),
            (
                "invalid mount config for type \"bind\": bind source path does not exist: /x",
                Cause::MountMissing,
            ),
            ("exec: \"nope\": executable file not found in $PATH: unknown", Cause::CommandMissing),
            (
                "runc create failed: exec: \"/x\": stat /x: no such file or directory: unknown",
                Cause::CommandMissing,
            ),
            (
                "error gathering device information while adding custom device \"/dev/x\": no such file or directory",
                Cause::DeviceMissing,
            ),
            ("unexpected EOF", Cause::PullInterrupted),
            ("filesystem layer verification failed for digest sha256:1", Cause::RegistryMisbehaves),
            (
                "happened during read: Digest did not match, expected sha256:1, got sha256:2",
                Cause::RegistryMisbehaves,
            ),
            ("Get \"http://r/v2/\": stopped after 10 redirects", Cause::RegistryMisbehaves),
            (
                "received unexpected HTTP status: 500 Internal Server Error",
                Cause::RegistryMisbehaves,
            ),
            ("received unexpected HTTP status: 429 Too Many Requests", Cause::RateLimited),
        ] {
            assert_eq!(cause_of(words), Some(cause), "{words}");
        }
        assert_eq!(cause_of("something quite new happened"), None);
        let sysctl = "runc create failed: error during container init: open /proc/sys/net/no/such/thing: no such file or directory: unknown";
        assert_eq!(cause_of(sysctl), None);
        let podman =
            format!("{sysctl}: OCI runtime attempted to invoke a command that was not found");
        assert_eq!(cause_of(&podman), None);
        let crun = "crun: executable file `nope` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found";
        assert_eq!(cause_of(crun), Some(Cause::CommandMissing));
    }

    #[test]
    fn an_unknown_refusal_keeps_its_words_as_evidence() {
        let finding = of_engine("quite new", About::default());
        assert_eq!(finding.cause, Cause::Unknown);
        assert_eq!(finding.evidence[0].seen, "quite new");
    }

    #[test]
    fn a_container_that_ended_is_explained_by_memory_log_or_code() {
        let ending = Ending { exit_code: 1, out_of_memory: false, error: "", log: "" };
        let no_service = Ending { log: "/usr/bin/python: No module named uvicorn", ..ending };
        assert_eq!(of_ending(no_service, About::default()).cause, Cause::NoServiceInImage);
        let memory = Ending { exit_code: 137, out_of_memory: true, ..ending };
        assert_eq!(of_ending(memory, About::default()).cause, Cause::OutOfMemory);
        let other = of_ending(Ending { exit_code: 3, ..ending }, About::default());
        assert!(other.sentence.contains("exit code 3"), "{}", other.sentence);
        let port = Ending { exit_code: 128, error: "port is already allocated", ..ending };
        let about = About { port: 80, port_holder: Some("nginx"), ..About::default() };
        assert!(of_ending(port, about).sentence.contains("nginx"));
    }
}
