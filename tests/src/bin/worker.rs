//! Does one real operation in a process of its own, which may be killed at any call to the engine.
//!
//! `worker SOCKET HOME REPOSITORY RUNTIME VERSION WHEN`, where WHEN is `never` (prints the number of
//! calls that change something), `before N` or `after N`: SIGKILL before or after the N-th of them.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use app::api::{EnvironmentDraft, UpdateRuntime};
use app::handlers;
use domain::compute::EngineFacts;
use domain::container::{Container, EngineEvent, LocalImage, Neighbour};
use domain::image::{ImageReference, Platform};
use domain::pull::PullEvent;
use domain::secret::Login;
use domain::usage::Usage;
use engine::{Engine, EngineError, ExecOutput, LogLine, LogRequest};
use futures_util::stream::BoxStream;
use real_parts::headless::{ended, start};
use real_parts::{PartError, PartResult};
use serde_json::Value;

static CALLS: AtomicU32 = AtomicU32::new(0);
static WHEN: OnceLock<(String, u32)> = OnceLock::new();

/// The kernel ends this process at once: nothing of it can clean up.
fn die() -> ! {
    let id = std::process::id().to_string();
    let _ = Command::new("kill").args(["-KILL", &id]).status();
    loop {
        std::thread::park();
    }
}

/// Counts a call that changes something, and dies where that was asked for.
async fn counted<T>(call: impl Future<Output = T>) -> T {
    let number = CALLS.fetch_add(1, Ordering::SeqCst) + 1;
    let (when, at) = WHEN.get().cloned().unwrap_or_default();
    if number == at && when == "before" {
        die();
    }
    let answer = call.await;
    if number == at && when == "after" {
        die();
    }
    answer
}

/// An engine that counts what changes it.
struct Counted(Arc<dyn Engine>);

#[async_trait::async_trait]
impl Engine for Counted {
    fn facts(&self) -> &EngineFacts {
        self.0.facts()
    }
    async fn ping(&self) -> Result<(), EngineError> {
        self.0.ping().await
    }
    async fn managed(&self) -> Result<Vec<Container>, EngineError> {
        self.0.managed().await
    }
    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError> {
        self.0.neighbours().await
    }
    async fn inspect(&self, container: &str) -> Result<Container, EngineError> {
        self.0.inspect(container).await
    }
    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        counted(self.0.create(name, body)).await
    }
    async fn start(&self, container: &str) -> Result<(), EngineError> {
        counted(self.0.start(container)).await
    }
    async fn stop(&self, container: &str, grace: Duration) -> Result<(), EngineError> {
        counted(self.0.stop(container, grace)).await
    }
    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError> {
        counted(self.0.remove(container, force, volumes)).await
    }
    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        counted(self.0.rename(container, name)).await
    }
    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError> {
        counted(self.0.set_restart_policy(container, policy)).await
    }
    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        counted(self.0.connect_network(network, container, endpoint)).await
    }
    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>> {
        counted(self.0.pull(reference, platform, login, idle)).await
    }
    async fn image(&self, reference: &str) -> Result<LocalImage, EngineError> {
        self.0.image(reference).await
    }
    async fn images(&self) -> Result<Vec<LocalImage>, EngineError> {
        self.0.images().await
    }
    async fn tag(&self, image: &str, reference: &ImageReference) -> Result<(), EngineError> {
        counted(self.0.tag(image, reference)).await
    }
    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        counted(self.0.remove_image(reference)).await
    }
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        counted(self.0.remove_volume(name)).await
    }
    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        self.0.events().await
    }
    async fn usage(&self, container: &str) -> BoxStream<'static, Result<Usage, EngineError>> {
        self.0.usage(container).await
    }
    async fn logs(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        self.0.logs(container, request).await
    }
    async fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.0.exec(container, command, limit).await
    }
    async fn processes(&self, container: &str) -> Result<Vec<String>, EngineError> {
        self.0.processes(container).await
    }
    async fn free_disk(&self) -> Result<Option<u64>, EngineError> {
        self.0.free_disk().await
    }
}

async fn work(arguments: &[String]) -> PartResult<()> {
    let [socket, home, repository, name, version, when @ ..] = arguments else {
        return Err(PartError::new("worker SOCKET HOME REPOSITORY RUNTIME VERSION WHEN [N]"));
    };
    let at = when.get(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    let _ = WHEN.set((when.first().cloned().unwrap_or_default(), at));
    let app =
        start(Path::new(socket), Path::new(home), repository, |engine| Arc::new(Counted(engine)))
            .await?;
    let row = real_parts::headless::runtime(&app, name, domain::runtime::Status::Available).await?;
    let request = UpdateRuntime {
        runtime: row.id,
        environment: EnvironmentDraft::Default { repository: None, version: Some(version.clone()) },
        confirmed: true,
        cancel_runs: false,
    };
    let started = handlers::update_runtime(&app, request)
        .await
        .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
    let operation = ended(&app, &started.operation).await?;
    println!("{:?} after {} calls", operation.state, CALLS.load(Ordering::SeqCst));
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = tokio::runtime::Runtime::new()
        .map_err(PartError::from)
        .and_then(|runtime| runtime.block_on(work(&arguments)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
