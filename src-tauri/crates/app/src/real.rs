//! The parts of a real application: found in its surroundings and put together.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use domain::{
    compute::FoundCompute,
    image::{ReferenceError, Repository},
    label::{Creator, ProcessMark},
    secret::Login,
};
use engine::{
    Engine, EngineError, discovery::Surroundings, docker::DockerEngine,
    podman_service::PodmanService,
};
use history::{History, HistoryError};
use registry::docker_logins;
use thiserror::Error;

use crate::{
    api::{CommandPurpose, FirstRun, ShellCommand},
    context::{Computes, DockerLogins, Folders, Identity, Parts, WallClock},
};

/// Why the application cannot be put together.
#[derive(Debug, Error)]
pub enum RealPartsError {
    #[error("The folder {folder} cannot be used: {reason}")]
    Folder { folder: PathBuf, reason: String },
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("PROMPTFLOW_RUNTIMES_REPOSITORY: {0}")]
    Repository(#[from] ReferenceError),
    #[error("No HTTP client can be made: {0}")]
    Http(String),
}

/// Puts the real parts together on these folders.
pub async fn real_parts(folders: Folders, version: &str) -> Result<Parts, RealPartsError> {
    for folder in [&folders.data, &folders.logs] {
        std::fs::create_dir_all(folder).map_err(|error| RealPartsError::Folder {
            folder: folder.clone(),
            reason: error.to_string(),
        })?;
    }
    let repository_override = match std::env::var("PROMPTFLOW_RUNTIMES_REPOSITORY") {
        Ok(text) if !text.trim().is_empty() => Some(Repository::parse(&text)?),
        _ => None,
    };
    let (history, history_set_aside) = History::open(&folders.data)?;
    let installation = history.installation_id().await?;
    let surroundings = Surroundings::of_process();
    let home = surroundings.home.clone().unwrap_or_else(|| PathBuf::from("/"));
    let config = docker_logins::config_file(surroundings.docker_config.as_deref(), &home);
    let host = hostname();
    let who = format!("{}@{host}", user());
    let pid = std::process::id();
    Ok(Parts {
        computes: Arc::new(LocalComputes { surroundings, podman: PodmanService::default() }),
        registry: Arc::new(registry::client::RegistryClient::new()),
        executor: Arc::new(executor::client::ExecutorClient::new().map_err(RealPartsError::Http)?),
        endpoints: Arc::new(
            endpoints::client::EndpointsClient::new().map_err(RealPartsError::Http)?,
        ),
        vault: Arc::new(vault::keyring_vault::KeyringVault::new()),
        docker_logins: Arc::new(OwnDockerLogins(docker_logins::DockerLogins::new(config))),
        history,
        history_set_aside,
        shelf: definitions::Shelf::new(folders.data.join("environments")),
        identity: Identity {
            creator: Creator { installation, who },
            process: ProcessMark { host, pid, started: process_started(pid).unwrap_or(0) },
        },
        is_alive,
        folders,
        repository_override,
        version: version.to_owned(),
        wall_clock: system_clock(),
    })
}

/// This system's clock and zone. The zone is asked each time: a laptop travels.
pub fn system_clock() -> WallClock {
    Arc::new(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::system()))
}

/// The person's login name: sessions that were started by a service lack the variables.
fn user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .or_else(account)
        .unwrap_or_else(|| "user".to_owned())
}

/// The name of this process's owner in the system's table of accounts.
fn account() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let id = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&id.as_str())).then(|| fields[0].to_owned())
    })
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|text| text.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_else(|| "this-machine".to_owned())
}

/// When a living process started, in the kernel's ticks since the machine did: field 22 of
/// `/proc/PID/stat` (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>). One that has
/// ended and only waits to be collected by its parent (state Z or X) lives no more.
fn process_started(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name in brackets may hold spaces and brackets itself.
    let rest = text.get(text.rfind(')')? + 2..)?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn is_alive(mark: &ProcessMark) -> bool {
    process_started(mark.pid) == Some(mark.started)
}

struct LocalComputes {
    surroundings: Surroundings,
    podman: PodmanService,
}

impl LocalComputes {
    /// Where Podman's service for this user listens, by Podman's own convention.
    fn podman_socket(&self) -> PathBuf {
        let folder = self.surroundings.runtime_dir.clone().unwrap_or_else(|| PathBuf::from("/run"));
        folder.join("podman").join("podman.sock")
    }
}

#[async_trait]
impl Computes for LocalComputes {
    fn discover(&self) -> Vec<FoundCompute> {
        engine::discovery::find(&self.surroundings)
    }

    async fn connect(&self, found: &FoundCompute) -> Result<Arc<dyn Engine>, EngineError> {
        Ok(Arc::new(DockerEngine::connect(found).await?))
    }

    async fn podman_version(&self) -> Option<String> {
        engine::podman_service::version().await
    }

    async fn start_podman(&self) -> Result<(), String> {
        self.podman.start(&self.podman_socket()).await
    }

    async fn end_podman(&self) {
        self.podman.end().await;
    }

    fn started_here(&self, socket: &str) -> bool {
        self.podman.is_at(socket)
    }

    fn system(&self) -> FirstRun {
        system(Path::new("/"))
    }
}

/// What this system is and which commands fit it; `root` is where its file system begins.
fn system(root: &Path) -> FirstRun {
    let release = std::fs::read_to_string(root.join("etc/os-release")).unwrap_or_default();
    let field = |name: &str| {
        release.lines().find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix('=')
                .map(|value| value.trim_matches('"').to_owned())
        })
    };
    let ids =
        format!("{} {}", field("ID").unwrap_or_default(), field("ID_LIKE").unwrap_or_default());
    let installed = |program: &str| {
        ["usr/bin", "usr/sbin", "usr/local/bin", "bin", "sbin"]
            .iter()
            .any(|folder| root.join(folder).join(program).exists())
    };
    let docker_installed = installed("dockerd");
    let has_systemd = root.join("run/systemd/system").exists();
    let install = if ids.contains("debian") || ids.contains("ubuntu") {
        Some(("sudo apt install", "docker.io"))
    } else if ids.contains("fedora") || ids.contains("rhel") {
        Some(("sudo dnf install", "moby-engine"))
    } else if ids.contains("suse") {
        Some(("sudo zypper install", "docker"))
    } else if ids.contains("arch") {
        Some(("sudo pacman -S", "docker"))
    } else {
        None
    };
    let mut commands = Vec::new();
    let mut add = |purpose, command: String| commands.push(ShellCommand { purpose, command });
    if docker_installed {
        let command = if has_systemd { "sudo systemctl start docker" } else { "sudo dockerd" };
        add(CommandPurpose::StartDocker, command.to_owned());
        add(CommandPurpose::JoinDockerGroup, "sudo usermod -aG docker $USER".to_owned());
    } else if let Some((install, docker)) = install {
        add(CommandPurpose::InstallDocker, format!("{install} {docker}"));
    }
    if !installed("podman")
        && let Some((install, _)) = install
    {
        add(CommandPurpose::InstallPodman, format!("{install} podman"));
    }
    FirstRun {
        podman: None,
        podman_starting: false,
        docker_installed,
        system: field("PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned()),
        commands,
    }
}

struct OwnDockerLogins(docker_logins::DockerLogins);

#[async_trait]
impl DockerLogins for OwnDockerLogins {
    async fn list(&self) -> Vec<(String, String)> {
        let listing = self.0.list().await;
        for problem in &listing.problems {
            tracing::info!(%problem, "Docker's own logins");
        }
        listing
            .logins
            .into_iter()
            .map(|login| (login.registry, login.username.unwrap_or_default()))
            .collect()
    }

    async fn login_for(&self, host: &str) -> Option<Login> {
        match self.0.login_for(host).await {
            Ok(login) => login,
            Err(problem) => {
                tracing::info!(%problem, registry = host, "Docker's own login cannot be used");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_another_start_is_not_the_same() {
        let pid = std::process::id();
        let mark =
            ProcessMark { host: String::new(), pid, started: process_started(pid).expect("own") };
        assert!(is_alive(&mark));
        assert!(!is_alive(&ProcessMark { started: mark.started + 1, ..mark }));
    }

    #[test]
    fn a_process_that_ended_and_was_not_collected_is_dead() {
        let mut child = std::process::Command::new("true").spawn().expect("true runs");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while process_started(child.id()).is_some() {
            assert!(std::time::Instant::now() < until, "a zombie counts as alive");
            std::thread::yield_now();
        }
        child.wait().expect("collected");
    }

    #[test]
    fn commands_fit_the_system() {
        let root = tempfile::tempdir().expect("folder");
        std::fs::create_dir_all(root.path().join("etc")).expect("folder");
        let release = "PRETTY_NAME=\"Fedora Linux 42\"\nID=fedora\n";
        std::fs::write(root.path().join("etc/os-release"), release).expect("file");
        let found = system(root.path());
        assert_eq!(found.system, "Fedora Linux 42");
        let commands: Vec<_> = found.commands.iter().map(|shell| shell.command.as_str()).collect();
        assert_eq!(commands, ["sudo dnf install moby-engine", "sudo dnf install podman"]);
    }
}
