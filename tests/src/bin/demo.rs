//! `make demo`: the application with a registry of its own on loopback that holds real runtime images
//! at several versions, a bad newer one and one that was published as not to be used.
//!
//! `demo images` only makes the images (needs root, once).

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use real_parts::docker::{DockerEngine, is_root};
use real_parts::runtime_images::{
    ADVISED_AGAINST_VERSION, BROKEN_REPOSITORY, BROKEN_VERSION, REPOSITORY, RuntimeImages, VERSIONS,
};
use real_parts::window::built_application;
use real_parts::{PartResult, program};

fn main() -> ExitCode {
    let only_images = std::env::args().nth(1).as_deref() == Some("images");
    let done = if only_images { RuntimeImages::ready().map(|_| ()) } else { demo() };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn say(words: &str) {
    println!("==> {words}");
}

fn demo() -> PartResult<()> {
    let application = built_application()?;
    let registry = RuntimeImages::ready()?.registry()?;
    for bad in [BROKEN_VERSION, ADVISED_AGAINST_VERSION] {
        registry.copy_tag((BROKEN_REPOSITORY, bad), (REPOSITORY, bad))?;
    }
    let repository = format!("{}/{REPOSITORY}", registry.address());
    say(&format!("A registry of its own holds real runtime images: {repository}"));
    say(&format!("  {} work.", VERSIONS.join(", ")));
    say(&format!(
        "  {BROKEN_VERSION} is newer and bad: it ends at once, so an update to it must end on the old one."
    ));
    say(&format!(
        "  {ADVISED_AGAINST_VERSION} was published with the advice not to use it, so it must not be offered."
    ));

    let home = tempfile::Builder::new().prefix("demo-").tempdir()?;
    let podman = home.path().join("registries.conf");
    // Podman, which the application may start itself, speaks plain HTTP only where it is told to.
    std::fs::write(
        &podman,
        "[[registry]]\nprefix = \"127.0.0.1\"\nlocation = \"127.0.0.1\"\ninsecure = true\n",
    )?;
    let mut command = Command::new(application);
    command
        .env("PROMPTFLOW_RUNTIMES_REPOSITORY", &repository)
        .env("PROMPTFLOW_RUNTIMES_HOME", home.path().join("application"))
        .env("CONTAINERS_REGISTRIES_CONF", &podman);

    // Kept until the application has ended.
    let mut engine = None;
    if let Some(socket) = answering_engine() {
        say(&format!(
            "The engine that answers on {} is used. What you make there stays until you delete it.",
            socket.display()
        ));
    } else if is_root() {
        let docker = DockerEngine::start()?;
        say(&format!(
            "No engine answers, so a Docker engine of its own was started: {}",
            docker.host()
        ));
        command.env("DOCKER_HOST", docker.host());
        engine = Some(docker);
    } else {
        say("No engine answers; the application offers to start Podman.");
    }

    say("Starting the application. Everything of the demo goes when its window is closed.");
    let ended = command.status();
    drop(engine);
    drop(registry);
    let ended = ended?;
    if ended.success() {
        Ok(())
    } else {
        Err(real_parts::PartError::new(format!("The application ended with {ended}.")))
    }
}

/// An engine that this person has already, in the order in which the application looks.
fn answering_engine() -> Option<PathBuf> {
    let own = std::env::var("DOCKER_HOST")
        .ok()
        .and_then(|host| host.strip_prefix("unix://").map(PathBuf::from));
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let of_session = |name: &str| session.as_ref().map(|folder| folder.join(name));
    [
        own,
        Some(PathBuf::from("/var/run/docker.sock")),
        of_session("docker.sock"),
        of_session("podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ]
    .into_iter()
    .flatten()
    .find(|socket| {
        program::command("curl").is_ok_and(|mut curl| {
            curl.args(["-s", "--max-time", "3", "--unix-socket"])
                .arg(socket)
                .arg("http://engine/_ping");
            program::output(&mut curl).is_ok_and(|answer| answer == "OK")
        })
    })
}
