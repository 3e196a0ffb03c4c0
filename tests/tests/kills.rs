//! The application is killed in the middle of an update, before and after each call that changes the
//! engine. After its next start exactly one container serves, and nothing of the operation is left.
//! The state is judged with the engine's own client.

use std::process::Command;
use std::time::{Duration, Instant};

use app::api::{EnvironmentDraft, OfCompute, OfDraft, RuntimeDraft};
use app::handlers;
use domain::operation::OperationState;
use domain::runtime::Status;
use domain::spec::RestartPolicy;
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, compute, ended, runtime};
use real_parts::images::small_runtime;
use real_parts::registry::RegistryServer;
use real_parts::{PartError, PartResult};

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSIONS: [&str; 2] = ["20240111.v2", "20240429.v8"];

struct Stage {
    engine: DockerEngine,
    registry: RegistryServer,
    home: tempfile::TempDir,
    port: u16,
}

impl Stage {
    fn repository(&self) -> String {
        format!("{}/{REPOSITORY}", self.registry.address())
    }

    /// Name and state of every container.
    fn containers(&self) -> PartResult<Vec<(String, String)>> {
        let told = self.engine.client(&["ps", "-a", "--format", "{{.Names}} {{.State}}"])?;
        let mut all: Vec<(String, String)> = told
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, state)| (name.to_owned(), state.to_owned()))
            .collect();
        all.sort();
        Ok(all)
    }

    /// The version that serves, by the label that the image brings.
    fn serving(&self) -> PartResult<String> {
        let label = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
        Ok(self.engine.client(&["inspect", "eval", "--format", label])?.trim().to_owned())
    }

    /// Runs the update in a process of its own.
    fn worker(&self, version: &str, when: &[&str]) -> PartResult<(bool, String)> {
        let socket = self.engine.socket();
        let output = Command::new(env!("CARGO_BIN_EXE_worker"))
            .args([socket.as_path(), self.home.path()])
            .args([&self.repository(), "eval", version])
            .args(when)
            .output()?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((output.status.success(), said))
    }
}

async fn stage() -> PartResult<Stage> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    for (number, version) in VERSIONS.iter().enumerate() {
        registry.push(&small_runtime(version)?.padded(number + 1)?, REPOSITORY, version)?;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let stage = Stage { engine, registry, home: tempfile::tempdir()?, port };
    let app = open(&stage).await?;
    let draft = RuntimeDraft {
        name: "eval".into(),
        description: String::new(),
        environment: EnvironmentDraft::Default {
            repository: None,
            version: Some(VERSIONS[0].into()),
        },
        host_port: port.into(),
        bind_address: "127.0.0.1".into(),
        confirmed_exposure: false,
        target_port: None,
        memory_limit: None,
        cpu_limit: None,
        variables: vec![],
        mounts: vec![],
        restart_policy: RestartPolicy::Always,
        start_command: String::new(),
        health_path: String::new(),
    };
    let request = OfDraft { compute: compute(), draft };
    let started = handlers::create_runtime(&app, request)
        .await
        .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
    let operation = ended(&app, &started.operation).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    Ok(stage)
}

async fn open(stage: &Stage) -> PartResult<app::App> {
    let app = application(&stage.engine.socket(), stage.home.path(), &stage.repository()).await?;
    let until = Instant::now() + Duration::from_secs(10);
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(app)
}

fn answers(port: u16) -> bool {
    use std::io::{Read, Write};
    let asked = || -> std::io::Result<String> {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\nHost: x\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.contains("200") && answer.contains("healthy"))
}

/// Starts the application again and waits until nothing of an operation is left.
async fn after_the_next_start(stage: &Stage, told: &str) -> PartResult<Duration> {
    let began = Instant::now();
    let app = open(stage).await?;
    let until = began + Duration::from_secs(60);
    loop {
        let all = stage.containers()?;
        let settled = all.iter().all(|(name, _)| name == "eval" || name == "eval.previous")
            && all.iter().any(|(name, state)| name == "eval" && state == "running")
            && app.runtimes().iter().all(|row| row.operation.is_none());
        if settled && answers(stage.port) {
            let running: Vec<_> = all.iter().filter(|(_, state)| state == "running").collect();
            assert_eq!(running.len(), 1, "{told}: {all:?}");
            let policy = "{{.HostConfig.RestartPolicy.Name}}";
            let policy = stage.engine.client(&["inspect", "eval", "--format", policy])?;
            assert_eq!(policy.trim(), "always", "{told}: what serves comes back after a restart");
            runtime(&app, "eval", Status::Available).await?;
            return Ok(began.elapsed());
        }
        if Instant::now() > until {
            return Err(PartError::new(format!(
                "{told}: 60 s after the next start: {all:?}, answers: {}",
                answers(stage.port)
            )));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_call_leaves_the_old_runtime_or_the_new_one() -> PartResult<()> {
    let stage = stage().await?;
    let (ended, said) = stage.worker(VERSIONS[1], &["never"])?;
    assert!(ended && said.contains("Succeeded"), "{said}");
    // The second one meets a previous container that is kept already: the longest way.
    let (ended, said) = stage.worker(VERSIONS[0], &["never"])?;
    assert!(ended && said.contains("Succeeded"), "{said}");
    let calls: u32 = said
        .split_whitespace()
        .rev()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| PartError::new(said.clone()))?;
    assert!(calls >= 12, "{said}");
    println!("an update changes the engine with {calls} calls");
    for number in 1..=calls {
        for when in ["before", "after"] {
            let from = stage.serving()?;
            let to = if from == VERSIONS[0] { VERSIONS[1] } else { VERSIONS[0] };
            let told = format!("{when} call {number} of {calls}, {from} to {to}");
            let (ended, said) = stage.worker(to, &[when, &number.to_string()])?;
            assert!(!ended && said.is_empty(), "{told}: the worker was not killed: {said}");
            let took = after_the_next_start(&stage, &told).await?;
            let serves = stage.serving()?;
            assert!(serves == from || serves == to, "{told}: {serves} serves");
            println!("killed {told} → {serves} serves, right after {} ms", took.as_millis());
        }
    }
    Ok(())
}
