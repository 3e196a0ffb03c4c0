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
        let mut child = Command::new("podman")
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

    /// Whether the service at this socket was started here.
    pub fn is_at(&self, socket: &str) -> bool {
        self.socket
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_deref()
            .is_some_and(|own| own == Path::new(socket))
    }
}
