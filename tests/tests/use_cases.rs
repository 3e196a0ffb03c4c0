//! Use cases on real engines, without a window: the same story on Docker and on Podman.

use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{
    CheckVersion, DeleteRuntime, EnvironmentDraft, Freshness, OfDraft, OfRuntime, RuntimeDraft,
    UpdateRuntime, VersionAnswer,
};
use app::{App, handlers};
use domain::operation::{Operation, OperationState};
use domain::runtime::{RuntimeId, Status};
use domain::spec::{MountRequest, Variable};
use real_parts::PartResult;
use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::headless::{application, compute, ended, plain, refused, runtime};
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::podman::PodmanEngine;
use real_parts::registry::RegistryServer;

const REPOSITORY: &str = "team/promptflow-runtime";

/// The default environment, the newest version where none is named.
fn environment(version: Option<&str>) -> EnvironmentDraft {
    EnvironmentDraft::Default { repository: None, version: version.map(str::to_owned) }
}

fn draft(name: &str, version: Option<&str>, port: u16) -> RuntimeDraft {
    RuntimeDraft {
        description: "made by a test".into(),
        memory_limit: Some(256 * 1024 * 1024),
        variables: vec![Variable { name: "MODE".into(), value: "fast".into(), confirmed: false }],
        mounts: vec![MountRequest {
            source: format!("{name}-data"),
            target: "/data".into(),
            read_only: false,
        }],
        ..plain(name, environment(version), port)
    }
}

async fn create(app: &App, draft: RuntimeDraft) -> PartResult<Operation> {
    let request = OfDraft { compute: compute(), draft };
    let started = handlers::create_runtime(app, request).await.map_err(refused)?;
    ended(app, &started.operation).await
}

async fn update(app: &App, id: &RuntimeId, version: Option<&str>) -> PartResult<Operation> {
    let request = UpdateRuntime {
        runtime: id.clone(),
        environment: environment(version),
        confirmed: false,
        cancel_runs: false,
        shown: None,
    };
    let started = handlers::update_runtime(app, request).await.map_err(refused)?;
    ended(app, &started.operation).await
}

fn free_port() -> PartResult<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn succeeded(operation: &Operation) {
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
}

/// Asks a published port all the time; gives the longest time without a right answer.
fn watch_port(
    port: u16,
) -> (std::sync::Arc<std::sync::atomic::AtomicBool>, std::thread::JoinHandle<Duration>) {
    use std::io::{Read, Write};
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || {
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let asked = || -> std::io::Result<bool> {
                let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
                stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                stream.write_all(b"GET /health HTTP/1.0\r\nHost: x\r\n\r\n")?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                Ok(answer.contains("200") && answer.contains("healthy"))
            };
            if asked().unwrap_or(false) {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        longest.max(last.elapsed())
    });
    (stop, thread)
}

/// The whole life of a runtime.
async fn story(
    app: &App,
    registry: &RegistryServer,
    names: impl Fn() -> PartResult<Vec<String>>,
) -> PartResult<()> {
    let port = free_port()?;
    let created = create(app, draft("eval", Some("20240111.v2"), port)).await?;
    succeeded(&created);
    let row = runtime(app, "eval", Status::Available).await?;
    assert_eq!(row.version.map(|version| version.to_string()).as_deref(), Some("20240111.v2"));
    assert_eq!(row.endpoint.as_deref(), Some(format!("http://127.0.0.1:{port}").as_str()));

    registry.push(&small_runtime("20240429.v8")?.padded(2)?, REPOSITORY, "20240429.v8")?;
    let ask = CheckVersion { runtime: row.id.clone(), freshness: Freshness::Now };
    let check = handlers::check_version(app, ask).await.map_err(refused)?.check;
    let Some(VersionAnswer::Newer { version, download_size, .. }) = check.map(|check| check.answer)
    else {
        panic!("a newer version was expected");
    };
    assert_eq!(version.map(|version| version.to_string()).as_deref(), Some("20240429.v8"));
    assert!(download_size > 1024 * 1024, "{download_size}");

    let (stop, watching) = watch_port(port);
    let updated = update(app, &row.id, None).await?;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let gap = watching.join().expect("the watching thread");
    succeeded(&updated);
    println!("without service: {:?} ms told, {gap:?} seen from outside", updated.without_service);
    let row = runtime(app, "eval", Status::Available).await?;
    assert_eq!(row.version.map(|version| version.to_string()).as_deref(), Some("20240429.v8"));
    assert_eq!(row.generation, 2);
    assert_eq!(row.endpoint.as_deref(), Some(format!("http://127.0.0.1:{port}").as_str()));

    // A bad one: the old one serves all the time, and nothing is left.
    registry.push(&bad_runtime("20240501.v1", Bad::ExitsAtOnce)?, REPOSITORY, "20240501.v1")?;
    let (stop, watching) = watch_port(port);
    let failed = update(app, &row.id, Some("20240501.v1")).await?;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let gap = watching.join().expect("the watching thread");
    assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
    assert!(gap < Duration::from_millis(500), "the old one was away for {gap:?}");
    let finding = failed.problem.and_then(|problem| problem.finding).expect("a finding");
    assert_eq!(finding.cause, domain::finding::Cause::NoServiceInImage, "{finding:#?}");
    assert_eq!(
        failed.outcome.as_deref(),
        Some("eval runs 20240429.v8 as before. It never stopped.")
    );
    assert!(failed.kept_log.is_some_and(|log| log.contains("uvicorn")));
    let row = runtime(app, "eval", Status::Available).await?;
    assert_eq!(row.version.map(|version| version.to_string()).as_deref(), Some("20240429.v8"));
    for name in names()? {
        let part = name.rsplit('.').next().unwrap_or("");
        assert!(!["candidate", "next", "lock"].contains(&part), "{name} is left");
    }

    if row.previous.is_some() {
        let request = OfRuntime { runtime: row.id.clone() };
        let started = handlers::roll_back_runtime(app, request).await.map_err(refused)?;
        succeeded(&ended(app, &started.operation).await?);
        let row = runtime(app, "eval", Status::Available).await?;
        assert_eq!(row.version.map(|version| version.to_string()).as_deref(), Some("20240111.v2"));
        assert_eq!(row.generation, 3);
    }

    let of = || OfRuntime { runtime: row.id.clone() };
    let stopped = handlers::stop_runtime(app, of()).await.map_err(refused)?;
    succeeded(&ended(app, &stopped.operation).await?);
    runtime(app, "eval", Status::Stopped).await?;
    let request =
        DeleteRuntime { runtime: row.id.clone(), remove_volumes: true, remove_image: true };
    let deleted = handlers::delete_runtime(app, request).await.map_err(refused)?;
    succeeded(&ended(app, &deleted.operation).await?);
    assert_eq!(app.runtimes(), []);
    assert_eq!(names()?, Vec::<String>::new());
    Ok(())
}

async fn on(
    socket: &Path,
    registry: &RegistryServer,
    names: impl Fn() -> PartResult<Vec<String>>,
) -> PartResult<()> {
    let home = tempfile::tempdir()?;
    registry.push(&small_runtime("20240111.v2")?, REPOSITORY, "20240111.v2")?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(socket, home.path(), &repository).await?;
    let until = Instant::now() + Duration::from_secs(10);
    while handlers::propose_runtime(&app, app::api::OfCompute { compute: compute() }).await.is_err()
    {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    story(&app, registry, names).await
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_lives_on_docker() -> PartResult<()> {
    let engine = DockerEngine::start_with(DockerOptions::default())?;
    let registry = RegistryServer::start()?;
    on(&engine.socket(), &registry, || {
        Ok(lines(&engine.client(&["ps", "-a", "--format", "{{.Names}}"])?))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_lives_on_podman() -> PartResult<()> {
    let engine = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    on(&engine.socket(), &registry, || {
        Ok(lines(&engine.client(&["ps", "-a", "--format", "{{.Names}}"])?))
    })
    .await
}
