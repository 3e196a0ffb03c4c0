//! Does one real operation in a process of its own, which may be killed at any call to the engine.
//!
//! `worker SOCKET HOME REPOSITORY OPERATION ARGUMENT WHEN…`
//!
//! OPERATION and ARGUMENT are `create DRAFT` (JSON), `update VERSION`, `roll-back NAME`, `delete NAME`,
//! `configure BYTES` (the memory limit); all but the first are about the one runtime that there is.
//! `batch DRAFT` (JSON; `{}` = what an earlier one left goes on by itself) leads batch runs until none is
//! active. WHEN is
//! `never` (prints each call that changes the engine, and how long the operation took),
//! `before CALL N` or `after CALL N` (SIGKILL before or after the N-th call of that name; `in pull`
//! counts what a pull tells), or `at MILLISECONDS` after the operation was begun.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use app::api::{
    BatchDraft, ChangeConfiguration, ConfigurationDraft, DeleteRuntime, EnvironmentDraft,
    OfCompute, OfDraft, OfRuntime, UpdateRuntime,
};
use app::{App, handlers};
use domain::finding::Problem;
use domain::operation::OperationId;
use domain::runtime::{RuntimeId, Status};
use engine::EngineError;
use real_parts::around::{Call, Watcher, watched};
use real_parts::headless::{compute, draft_of, ended, start};
use real_parts::{PartError, PartResult};

/// When to die: `before` or `after`, the call's name, and its number among those of that name.
static WHEN: OnceLock<(String, String, u32)> = OnceLock::new();

/// The kernel ends this process at once: nothing of it can clean up.
fn die() -> ! {
    let id = std::process::id().to_string();
    let _ = Command::new("kill").args(["-KILL", &id]).status();
    loop {
        std::thread::park();
    }
}

/// Counts what changes the engine, and dies where that was asked for.
#[derive(Default)]
struct Counted {
    /// How many calls of each name were made.
    numbers: Mutex<BTreeMap<String, u32>>,
    made: Mutex<Vec<String>>,
}

impl Counted {
    fn number(&self, name: &str, more: u32) -> u32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = numbers.entry(name.to_owned()).or_default();
        *number += more;
        *number
    }

    fn look(when: &str, name: &str, number: u32) {
        if WHEN
            .get()
            .is_some_and(|(asked, call, at)| asked == when && call == name && *at == number)
        {
            die();
        }
    }
}

#[async_trait::async_trait]
impl Watcher for Counted {
    async fn before(&self, call: &Call) -> Result<(), EngineError> {
        let name = call.name();
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Self::look("before", &name, self.number(&name, 1));
        Ok(())
    }
    async fn after(&self, call: &Call, _: Option<&str>) {
        let name = call.name();
        Self::look("after", &name, self.number(&name, 0));
    }
    async fn in_pull(&self) {
        Self::look("before", "in pull", self.number("in pull", 1));
    }
}

async fn runtime(app: &App) -> PartResult<RuntimeId> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(row) = app.runtimes().first() {
            return Ok(row.id.clone());
        }
        if Instant::now() > until {
            return Err(PartError::new("There is no runtime."));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn begin(app: &App, operation: &str, argument: &str) -> PartResult<OperationId> {
    let until = Instant::now() + Duration::from_secs(30);
    while handlers::propose_runtime(app, OfCompute { compute: compute() }).await.is_err() {
        if Instant::now() > until {
            return Err(PartError::new("The engine was not connected."));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = |problem: Problem| PartError::new(format!("{problem:#?}"));
    let begun = match operation {
        "create" => {
            let draft = serde_json::from_str(argument)
                .map_err(|error| PartError::new(error.to_string()))?;
            handlers::create_runtime(app, OfDraft { compute: compute(), draft }).await
        }
        "update" => {
            let version = Some(argument.to_owned());
            let request = UpdateRuntime {
                runtime: runtime(app).await?,
                environment: EnvironmentDraft::Default { repository: None, version },
                confirmed: true,
                cancel_runs: false,
                shown: None,
            };
            handlers::update_runtime(app, request).await
        }
        "roll-back" => {
            handlers::roll_back_runtime(app, OfRuntime { runtime: runtime(app).await? }).await
        }
        "configure" => {
            let runtime = runtime(app).await?;
            let of = OfRuntime { runtime: runtime.clone() };
            let view = handlers::configuration(app, of).await.map_err(refused)?;
            let based_on = view.based_on.clone();
            let memory_limit = argument.parse().ok();
            let draft = ConfigurationDraft { memory_limit, ..draft_of(view) };
            let request = ChangeConfiguration {
                runtime,
                based_on,
                draft,
                confirmed: true,
                cancel_runs: false,
            };
            handlers::change_configuration(app, request).await
        }
        "delete" => {
            let runtime = runtime(app).await?;
            let request = DeleteRuntime { runtime, remove_volumes: true, remove_image: true };
            handlers::delete_runtime(app, request).await
        }
        other => return Err(PartError::new(format!("There is no operation {other}."))),
    };
    Ok(begun.map_err(refused)?.operation)
}

/// Leads batch runs until none is active any more.
async fn batches(app: &App, argument: &str) -> PartResult<()> {
    let refused = |problem: Problem| PartError::new(format!("{problem:#?}"));
    if argument != "{}" {
        let draft: BatchDraft =
            serde_json::from_str(argument).map_err(|error| PartError::new(error.to_string()))?;
        while app.runtimes().iter().filter(|row| row.status == Status::Available).count()
            < draft.runtimes.len()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        handlers::start_batch(app, draft).await.map_err(refused)?;
    }
    // One that goes on by itself is taken up in the background.
    tokio::time::sleep(Duration::from_secs(1)).await;
    app.idle().await;
    println!("no batch run is active");
    Ok(())
}

async fn work(arguments: &[String]) -> PartResult<()> {
    let [socket, home, repository, operation, argument, when @ ..] = arguments else {
        return Err(PartError::new("worker SOCKET HOME REPOSITORY OPERATION ARGUMENT WHEN…"));
    };
    let number = |at: usize| when.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
    let counted = Arc::new(Counted::default());
    let watcher = counted.clone();
    let wrap = Box::new(move |engine| watched(engine, watcher.clone()));
    let app = start(Path::new(socket), Path::new(home), repository, wrap).await?;
    if let [before_or_after, call, _] = when {
        let _ = WHEN.set((before_or_after.clone(), call.clone(), number(2)));
    }
    if operation == "batch" {
        return batches(&app, argument).await;
    }
    let began = Instant::now();
    let begun = begin(&app, operation, argument).await?;
    if let [_, _] = when {
        let wait = Duration::from_millis(number(1).into());
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            die();
        });
    }
    let ended = ended(&app, &begun).await?;
    let took = began.elapsed().as_millis();
    for call in counted.made.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{call}");
    }
    println!("{:?} after {took} ms", ended.state);
    // What is done right after an operation belongs to it.
    app.idle().await;
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
