//! Does one real operation in a process of its own, which may be killed at any call to the engine.
//!
//! `worker SOCKET HOME REPOSITORY RUNTIME VERSION WHEN`, where WHEN is `never` (prints the number of
//! calls that change something), `before N` or `after N`: SIGKILL before or after the N-th of them.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use app::api::{EnvironmentDraft, UpdateRuntime};
use app::handlers;
use engine::EngineError;
use real_parts::around::{Call, Watcher, watched};
use real_parts::headless::{ended, start};
use real_parts::{PartError, PartResult};

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

/// Counts what changes the engine, and dies where that was asked for.
struct Counted;

impl Counted {
    fn at(number: u32, when: &str) {
        if WHEN.get().is_some_and(|(asked, at)| asked == when && *at == number) {
            die();
        }
    }
}

#[async_trait::async_trait]
impl Watcher for Counted {
    async fn before(&self, _: &Call) -> Result<(), EngineError> {
        Self::at(CALLS.fetch_add(1, Ordering::SeqCst) + 1, "before");
        Ok(())
    }
    async fn after(&self, _: &Call, _: Option<&str>) {
        Self::at(CALLS.load(Ordering::SeqCst), "after");
    }
}

async fn work(arguments: &[String]) -> PartResult<()> {
    let [socket, home, repository, name, version, when @ ..] = arguments else {
        return Err(PartError::new("worker SOCKET HOME REPOSITORY RUNTIME VERSION WHEN [N]"));
    };
    let at = when.get(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    let _ = WHEN.set((when.first().cloned().unwrap_or_default(), at));
    let wrap = Box::new(|engine| watched(engine, Arc::new(Counted)));
    let app = start(Path::new(socket), Path::new(home), repository, wrap).await?;
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
