//! Podman's own service for this user: started and ended by this application.
//! No root and no daemon is needed: <https://docs.podman.io/en/latest/markdown/podman-system-service.1.html>.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::UnixStream,
    process::{Child, Command},
    sync::Mutex,
    time::Instant,
};

/// How long the service may take until its socket answers.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// The service, when it was started here. It ends with this value.
#[derive(Default)]
pub struct PodmanService {
    running: Mutex<Option<Child>>,
    socket: std::sync::Mutex<Option<PathBuf>>,
}

/// Podman's version, when its program is installed.
pub async fn version() -> Option<String> {
    let asked = Command::new("podman")
        .args(["--version"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(5), asked).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.trim().rsplit(' ').next().unwrap_or("").to_owned())
}

impl PodmanService {
    /// Starts the service at this socket, unless something answers there already.
    pub async fn start(&self, socket: &Path) -> Result<(), String> {
        let mut running = self.running.lock().await;
        if UnixStream::connect(socket).await.is_ok() {
            return Ok(());
        }
        if let Some(folder) = socket.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let mut child = command_that_ends_with_this_process("podman")
            .args(["system", "service", "--time=0"])
            .arg(format!("unix://{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("podman: {error}"))?;
        let words = child.stderr.take().map(|errors| {
            tokio::spawn(async move {
                // Only the last words count; they are read on so that the service never blocks.
                let mut last = String::new();
                let mut lines = BufReader::new(errors).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    tracing::info!(podman = %line);
                    last = line;
                }
                last
            })
        });
        let until = Instant::now() + READY_WITHIN;
        loop {
            if UnixStream::connect(socket).await.is_ok() {
                *running = Some(child);
                *self.socket.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some(socket.to_owned());
                return Ok(());
            }
            if let Ok(Some(status)) = child.try_wait() {
                let last = match words {
                    Some(words) => words.await.unwrap_or_default(),
                    None => String::new(),
                };
                return Err(format!("podman ended ({status}): {last}"));
            }
            if Instant::now() > until {
                return Err(format!("podman did not answer within {} s", READY_WITHIN.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends the service, when it was started here. Containers run on, as always with Podman.
    pub async fn end(&self) {
        if let Some(mut child) = self.running.lock().await.take()
            && let Err(error) = child.kill().await
        {
            tracing::warn!(%error, "Podman's service could not be ended");
        }
        *self.socket.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// Whether the service at this socket was started here.
    pub fn is_at(&self, socket: &str) -> bool {
        self.socket
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_deref()
            .is_some_and(|own| own == Path::new(socket))
    }
}

/// A command whose process ends also when this one is killed: on Linux the kernel tells it
/// (`PR_SET_PDEATHSIG`), set by the small program `setpriv` of util-linux where there is one.
/// <https://man7.org/linux/man-pages/man1/setpriv.1.html>
fn command_that_ends_with_this_process(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let helper = std::env::split_paths(&path)
        .map(|folder| folder.join("setpriv"))
        .find(|file| cfg!(target_os = "linux") && file.is_file());
    match helper {
        Some(helper) => {
            let mut command = Command::new(helper);
            command.args(["--pdeathsig", "TERM", "--", program]);
            command
        }
        None => Command::new(program),
    }
}
