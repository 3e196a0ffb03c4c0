//! What the causes of the chain mean, and what to do about them.

use crate::{
    diagnosis::{About, describe, finding},
    finding::{Cause, Finding, Remedy},
};

/// The finding for a cause when nothing more is known.
pub fn in_general(cause: Cause) -> Finding {
    own(cause).unwrap_or_else(|| describe(cause, About::default()))
}

/// The same, with what the engine's own state means.
pub fn advised(cause: Cause, meaning: &str) -> Finding {
    Finding { meaning: meaning.to_owned(), ..in_general(cause) }
}

/// An amount of data in words, in powers of 1024 as everywhere in the window.
pub fn bytes(amount: u64) -> String {
    const MEGABYTE: f64 = 1024.0 * 1024.0;
    let megabytes = (amount as f64 / MEGABYTE).round();
    if megabytes < 1_024.0 {
        return format!("{megabytes:.0} MB");
    }
    let gigabytes = format!("{:.1}", megabytes / 1_024.0);
    format!("{} GB", gigabytes.trim_end_matches(".0"))
}

/// Causes that only the chain tells; `None` = the cause is told elsewhere.
pub fn own(cause: Cause) -> Option<Finding> {
    let (sentence, meaning, advice, remedies) = match cause {
        Cause::EngineGone => (
            "The engine does not answer.",
            "What its containers do cannot be seen, and nothing can be changed.",
            "Start the engine's service again.",
            vec![Remedy::RestartEngine, Remedy::TryAgain],
        ),
        Cause::EngineDenied => (
            "This user may not use the engine.",
            "The engine refuses every request.",
            "Add this user to the engine's group.",
            vec![Remedy::TryAgain],
        ),
        Cause::EngineRestarted => (
            "The engine was restarted, and the container ended with it.",
            "Its restart policy does not start it again.",
            "Start it. With another restart policy it would start by itself.",
            vec![Remedy::Start],
        ),
        Cause::ImageGone => (
            "The image is not on the compute any more.",
            "The container keeps what it runs on, but it cannot be made again without the image.",
            "Pull the image again.",
            vec![Remedy::PullImage, Remedy::ChooseImage],
        ),
        Cause::AnotherImage => (
            "The container's image is not the one that is expected.",
            "Somebody made the container again, or gave the image another content.",
            "Update to the version that you want.",
            vec![Remedy::ChooseImage],
        ),
        Cause::RuntimeRenamed => (
            "The runtime was renamed by hand.",
            "It works all the same, under its new name.",
            "Nothing has to be done.",
            vec![],
        ),
        Cause::ContainerStopped => (
            "The container is stopped.",
            "It does not serve until it is started.",
            "Start it.",
            vec![Remedy::Start],
        ),
        Cause::EndedInOrder => (
            "The program in the container ended by itself, without an error (0).",
            "A service goes on until it is stopped: this program does not serve, or was told to end.",
            "Start it again. If it ends again, let it start the executor service.",
            vec![Remedy::Start, Remedy::StartWithExecutor, Remedy::ViewLogs],
        ),
        Cause::Killed => (
            "The container was killed (137).",
            "Somebody, or the system, ended it at once. Nothing shows that memory was the reason.",
            "Start it again.",
            vec![Remedy::Start, Remedy::ViewLogs],
        ),
        Cause::Crashed => (
            "The program in the container crashed.",
            "A fault in the program, or in a library that it uses, ended it.",
            "Start it again. If it crashes again, choose another version.",
            vec![Remedy::Start, Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::RestartLoop => (
            "The container ends and is started again, over and over.",
            "The program inside ends soon after each start.",
            "Look at the last lines of its log.",
            vec![Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::ContainerPaused => (
            "The container is paused.",
            "Its programs stand still, so the service does not answer.",
            "Restart it.",
            vec![Remedy::Restart],
        ),
        Cause::DeviceMissing => (
            "A device that the container is to use does not exist.",
            "The container cannot start without it.",
            "Connect the device, or make a runtime without it.",
            vec![Remedy::Start],
        ),
        Cause::PrivilegedPort => (
            "The engine may not publish a port below 1024.",
            "Without root, ports below 1024 are reserved.",
            "Choose a port from 1024 on.",
            vec![Remedy::ChoosePort { free: None }],
        ),
        Cause::ShortImageName => (
            "The image has a short name that the engine does not look up.",
            "Podman does not know in which registry it is to look.",
            "Write the image with its registry, e.g. docker.io/library/python:3.11.",
            vec![Remedy::ChooseImage],
        ),
        Cause::InitMissing => (
            "The engine has no init program.",
            "The container was made to start with one.",
            "Install catatonit on the compute.",
            vec![Remedy::TryAgain],
        ),
        Cause::NoPortPublished => (
            "No port is published.",
            "The service inside cannot be reached from here.",
            "Publish its port.",
            vec![Remedy::ChoosePort { free: None }],
        ),
        Cause::NothingListens => (
            "Nothing listens inside the container.",
            "The container runs, but its service has not begun to listen.",
            "Look at the log for what it waits for.",
            vec![Remedy::ViewLogs, Remedy::Restart, Remedy::StartWithExecutor],
        ),
        Cause::ListensElsewhere => (
            "The service listens on another port inside.",
            "The published port leads to a port on which nothing listens.",
            "Let the published port lead to the one on which the service listens.",
            vec![Remedy::ViewLogs],
        ),
        Cause::ListensOnLoopback => (
            "The service listens on 127.0.0.1 inside the container only.",
            "That address belongs to the container alone: no published port leads to it.",
            "Let the service listen on 0.0.0.0.",
            vec![Remedy::StartWithExecutor],
        ),
        Cause::PortNotReachable => (
            "The service is well inside, and cannot be reached through its published port.",
            "The engine's network between this machine and the container does not work.",
            "Restart the runtime. If that does not help, the engine has to make its network again.",
            vec![Remedy::Restart, Remedy::ResetNetwork],
        ),
        Cause::NotTheOneThatAnswers => (
            "Something answers at the published port, and it is not this container.",
            "Nothing listens inside this container, so the answer comes from another program.",
            "Stop the other program, or choose another port.",
            vec![Remedy::ChoosePort { free: None }],
        ),
        Cause::HealthFails => (
            "The service answers with an error.",
            "It runs and can be reached, but is not able to serve.",
            "Look at the last lines of its log, and restart it.",
            vec![Remedy::Restart, Remedy::ViewLogs, Remedy::ChooseImage],
        ),
        Cause::NoExecutor => (
            "It answers as the Azure runtime, not as the open executor service.",
            "It needs an Azure workspace to run flows.",
            "Start the open executor service of the same image instead.",
            vec![Remedy::StartWithExecutor],
        ),
        Cause::PromptflowTooOld => (
            "The promptflow in this image is too old.",
            "It has no executor service yet, so nothing can serve.",
            "Choose an image with promptflow 1.6 or newer.",
            vec![Remedy::ChooseImage],
        ),
        Cause::DiskShort => (
            "The compute's disk is almost full.",
            "The runtime works, but another image will not fit.",
            "Free space there.",
            vec![Remedy::FreeDisk],
        ),
        Cause::MemoryShort => (
            "The runtime is close to its memory limit.",
            "The system ends it, or a run of it, when it asks for more.",
            "Give it a higher limit.",
            vec![Remedy::RaiseMemory { bytes: None }],
        ),
        Cause::ProcessorBusy => (
            "The compute's processors have more to do than they can.",
            "Everything there takes longer, starts and answers too.",
            "Wait, or end what is not needed there.",
            vec![],
        ),
        Cause::ClockOff => (
            "The compute's clock is wrong.",
            "Certificates and tokens may be refused, and times in logs do not fit.",
            "Set the clock of the compute's machine.",
            vec![],
        ),
        Cause::NamesNotFoundInside => (
            "Names are not found inside the container.",
            "Services on the network cannot be reached by name from there.",
            "Look at the compute's servers for names. Restart the runtime when they have changed: a container keeps those it was started with.",
            vec![Remedy::Restart, Remedy::ResetNetwork],
        ),
        Cause::ProxyNotReachable => (
            "The proxy that the container is to use cannot be reached from inside.",
            "What the flows ask over the network, models too, goes through it.",
            "Look at the proxy, and at the variables HTTP_PROXY and HTTPS_PROXY of the runtime.",
            vec![Remedy::ChangeVariables],
        ),
        _ => return None,
    };
    Some(finding(cause, sentence.to_owned(), meaning, &[advice], remedies))
}

#[cfg(test)]
mod tests {
    #[test]
    fn amounts_are_as_in_the_window() {
        let told = [128 << 20, (1 << 30) - 1, 1 << 30, 1546 << 20, 4 << 30].map(super::bytes);
        assert_eq!(told, ["128 MB", "1 GB", "1 GB", "1.5 GB", "4 GB"]);
    }
}
