//! How long a published port gives no answer while a runtime is replaced: by our update, and by hand
//! with Docker's own client in the two usual orders, in turns.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::api::{OfDraft, UpdateRuntime};
use app::{App, handlers};
use domain::operation::OperationState;
use domain::runtime::Status;
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, compute, ended, plain, runtime};
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::{self, RuntimeImages};
use real_parts::{PartError, PartResult};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use crate::figures::{Chapter, Figure, median, spread};

/// Pause between two questions.
const EVERY: Duration = Duration::from_millis(5);
/// What the update may cost beyond the better of the two orders by hand, in milliseconds.
const BEYOND: f64 = 30.0;
const REPOSITORY: &str = "team/promptflow-runtime";
const SMALL: [&str; 2] = ["20240111.v2", "20240429.v8"];
const BAD: &str = "20240501.v1";

/// Asks `/health` every 5 ms, whether or not earlier questions were answered.
struct Prober {
    asking: JoinHandle<()>,
    /// When right answers came.
    answers: Arc<Mutex<Vec<Instant>>>,
}

impl Prober {
    fn start(port: u16) -> Self {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&answers);
        let asking = tokio::spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                let into = Arc::clone(&into);
                tokio::spawn(async move {
                    if answers_rightly(port).await {
                        into.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                    }
                });
            }
        });
        Self { asking, answers }
    }

    /// The longest time between two right answers, in milliseconds.
    async fn end(self) -> f64 {
        // The last questions come home.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.asking.abort();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answers.sort();
        answers
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1_000.0)
            .fold(0.0, f64::max)
    }
}

async fn answers_rightly(port: u16) -> bool {
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    tokio::time::timeout(Duration::from_secs(1), ask).await.is_ok_and(|answer| {
        answer.is_ok_and(|answer| {
            answer.lines().next().is_some_and(|line| line.contains(" 200"))
                && answer.contains("healthy")
        })
    })
}

async fn until_served(port: u16) -> PartResult<()> {
    let end = Instant::now() + Duration::from_secs(60);
    while !answers_rightly(port).await {
        if Instant::now() > end {
            return Err(PartError::new(format!("Nothing serves port {port}.")));
        }
        tokio::time::sleep(EVERY).await;
    }
    Ok(())
}

/// Engine, registry and application, with one runtime of ours and two containers by hand.
struct Stage {
    engine: DockerEngine,
    /// Kept while pulls may come.
    registry: RegistryServer,
    repository: String,
    app: App,
    port: u16,
    by_hand: [(&'static str, u16); 2],
}

impl Stage {
    async fn new(
        registry: RegistryServer,
        path: &str,
        version: &str,
        home: &Path,
    ) -> PartResult<Self> {
        let engine = DockerEngine::start()?;
        let repository = format!("{}/{path}", registry.address());
        let app = application(&engine.socket(), home, &repository).await?;
        let port = free_port()?;
        let stage = Self {
            engine,
            registry,
            repository,
            app,
            port,
            by_hand: [("remove-first", free_port()?), ("create-first", free_port()?)],
        };
        stage.create(version).await?;
        for (name, port) in stage.by_hand {
            stage.engine.client(
                &stage
                    .hand_made("run", name, port, version)
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>(),
            )?;
            until_served(port).await?;
        }
        Ok(stage)
    }

    /// `docker run -d …` or `docker create …` of a container like ours.
    fn hand_made(&self, verb: &str, name: &str, port: u16, version: &str) -> Vec<String> {
        let mut words = vec![verb.to_owned()];
        if verb == "run" {
            words.push("-d".into());
        }
        let publish = format!("127.0.0.1:{port}:8080");
        let image = format!("{}:{version}", self.repository);
        words.extend(
            ["--name", name, "--init", "--restart", "unless-stopped", "-p", &publish, &image]
                .map(str::to_owned),
        );
        words
    }

    async fn create(&self, version: &str) -> PartResult<()> {
        let draft = plain("ours", real_parts::headless::version(version), self.port);
        let until = Instant::now() + Duration::from_secs(20);
        let started = loop {
            let request = OfDraft { compute: compute(), draft: draft.clone() };
            match handlers::create_runtime(&self.app, request).await {
                Ok(started) => break started,
                Err(problem) if Instant::now() > until => {
                    return Err(PartError::new(format!("{problem:#?}")));
                }
                // The engine is being connected.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let operation = ended(&self.app, &started.operation).await?;
        if operation.state == OperationState::Succeeded {
            Ok(())
        } else {
            Err(PartError::new(format!("{operation:#?}")))
        }
    }

    /// Milliseconds without an answer while our update to this version runs, and how it ended.
    async fn update(&self, version: &str) -> PartResult<(f64, OperationState)> {
        let row = runtime(&self.app, "ours", Status::Available).await?;
        let prober = Prober::start(self.port);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let request = UpdateRuntime {
            runtime: row.id,
            environment: real_parts::headless::version(version),
            confirmed: true,
            cancel_runs: true,
            shown: None,
        };
        let started = handlers::update_runtime(&self.app, request)
            .await
            .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
        let operation = ended(&self.app, &started.operation).await?;
        Ok((prober.end().await, operation.state))
    }

    /// The same by hand: the old one is stopped and removed, then the new one is made and started.
    async fn remove_first(&self, version: &str) -> PartResult<f64> {
        let (name, port) = self.by_hand[0];
        let prober = Prober::start(port);
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.by(&["stop".into(), name.into()]).await?;
        self.by(&["rm".into(), name.into()]).await?;
        self.by(&self.hand_made("run", name, port, version)).await?;
        until_served(port).await?;
        Ok(prober.end().await)
    }

    /// By hand: the new one is made, the old one stopped, the new one started.
    async fn create_first(&self, version: &str) -> PartResult<f64> {
        let (name, port) = self.by_hand[1];
        let prober = Prober::start(port);
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.by(&self.hand_made("create", "create-first-new", port, version)).await?;
        self.by(&["stop".into(), name.into()]).await?;
        self.by(&["start".into(), "create-first-new".into()]).await?;
        until_served(port).await?;
        let gap = prober.end().await;
        self.by(&["rm".into(), name.into()]).await?;
        self.by(&["rename".into(), "create-first-new".into(), name.into()]).await?;
        Ok(gap)
    }

    /// Docker's client, without holding up the prober.
    async fn by(&self, words: &[String]) -> PartResult<()> {
        let mut command = self.engine.command()?;
        command.args(words);
        let ran = tokio::task::spawn_blocking(move || real_parts::program::output(&mut command));
        ran.await.map_err(|error| PartError::new(error.to_string()))?.map(drop)
    }
}

async fn compared(
    stage: &Stage,
    versions: [&str; 2],
    rounds: usize,
    of: &str,
) -> PartResult<Vec<Figure>> {
    let (mut ours, mut removed, mut created) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let to = versions[(round + 1) % 2];
        let (gap, state) = stage.update(to).await?;
        if state != OperationState::Succeeded {
            return Err(PartError::new(format!("An update to {to} ended as {state:?}.")));
        }
        ours.push(gap);
        removed.push(stage.remove_first(to).await?);
        created.push(stage.create_first(to).await?);
    }
    let better = median(&removed).min(median(&created));
    Ok(vec![
        Figure::told(
            &format!("{of}: removed first, by hand"),
            median(&removed),
            "ms",
            spread(&removed),
        ),
        Figure::told(
            &format!("{of}: created first, by hand"),
            median(&created),
            "ms",
            spread(&created),
        ),
        Figure::told(&format!("{of}: our update"), median(&ours), "ms", spread(&ours))
            .at_most(better + BEYOND),
    ])
}

/// What the longest gap between two answers is while nothing happens.
async fn quiet(stage: &Stage) -> f64 {
    let prober = Prober::start(stage.port);
    tokio::time::sleep(Duration::from_secs(3)).await;
    prober.end().await
}

/// Measures all, with so many rounds each.
pub async fn measure(rounds: usize) -> PartResult<Chapter> {
    let mut figures = Vec::new();
    {
        let registry = RegistryServer::start()?;
        for (number, version) in SMALL.iter().enumerate() {
            registry.push(&small_runtime(version)?.padded(number + 1)?, REPOSITORY, version)?;
        }
        registry.push(&bad_runtime(BAD, Bad::ExitsAtOnce)?, REPOSITORY, BAD)?;
        let home = tempfile::tempdir()?;
        let stage = Stage::new(registry, REPOSITORY, SMALL[0], home.path()).await?;
        // Once, so that both images are there for everybody.
        stage.update(SMALL[1]).await?;
        stage.engine.client(&["pull", "-q", &format!("{}:{}", stage.repository, SMALL[1])])?;
        stage.update(SMALL[0]).await?;
        figures.extend(compared(&stage, SMALL, rounds, "small image").await?);
        let usual = quiet(&stage).await;
        let mut bad = Vec::new();
        for _ in 0..rounds.div_ceil(4) {
            let (gap, state) = stage.update(BAD).await?;
            if state != OperationState::Failed {
                return Err(PartError::new(format!(
                    "An update to a bad image ended as {state:?}."
                )));
            }
            bad.push(gap);
        }
        // An answer every few milliseconds all the time: nothing was without service.
        figures.push(Figure::told(
            "longest pause between two answers at rest",
            usual,
            "ms",
            "3 s".into(),
        ));
        figures.push(Figure::told(
            "the same while an update to a bad image fails",
            median(&bad),
            "ms",
            spread(&bad),
        ));
        let lost = bad.iter().filter(|gap| **gap > usual + 100.0).count();
        figures.push(
            Figure::told(
                "updates to a bad image that cost service",
                lost as f64,
                "",
                format!("{} updates", bad.len()),
            )
            .at_most(0.0),
        );
        drop(stage.registry);
    }
    {
        let registry = RuntimeImages::ready()?.registry()?;
        let home = tempfile::tempdir()?;
        let versions = [runtime_images::VERSIONS[0], runtime_images::VERSIONS[1]];
        let stage =
            Stage::new(registry, runtime_images::REPOSITORY, versions[0], home.path()).await?;
        stage.update(versions[1]).await?;
        stage.engine.client(&["pull", "-q", &format!("{}:{}", stage.repository, versions[1])])?;
        stage.update(versions[0]).await?;
        figures.extend(compared(&stage, versions, rounds, "real runtime").await?);
        drop(stage.registry);
    }
    Ok(Chapter {
        title: "Downtime of an update",
        how: format!(
            "`/health` of the published port is asked every {} ms; the longest time between two right answers, in turns: our update, and the same image replaced with Docker's client (`stop`, `rm`, `run`; and `create`, `stop`, `start`). {rounds} updates each; none was lost.",
            EVERY.as_millis()
        ),
        figures,
    })
}
