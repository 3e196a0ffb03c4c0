//! Use cases on the adapters' twins: fast, and with faults that real parts show seldom.

mod adopt;
mod batch_results;
mod batches;
mod changes;
mod configure;
mod connections;
mod create;
mod disk;
mod endpoint;
mod environments;
mod flows;
mod hands;
mod lifecycle;
mod logins;
mod logs;
mod policies;
mod recovery;
mod resume;
mod series;
mod service;
mod support;
mod update;
mod update_faults;
mod update_refusals;
mod update_shown;
mod versions;
mod wizard;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    compute::{ComputeAddress, ComputeId, ComputeOrigin, FoundCompute},
    container::{Container, ContainerState},
    image::{Digest, ImageReference, Repository},
    label::{Creator, ProcessMark},
    operation::{Operation, OperationId, OperationState},
    runtime::{Runtime, RuntimeId},
    secret::Login,
    spec::RestartPolicy,
};
use endpoints::twin::TwinEndpoints;
use engine::{
    Engine, EngineError,
    twin::{Behaviour, Call, Fault, PullScript, TwinEngine},
};
use history::History;
use registry::twin::TwinRegistry;
use serde_json::{Value, json};
use service::{Serves, Service};
use vault::twin::TwinVault;

use crate::{
    App, Computes, DockerLogins, Folders, Identity, Parts,
    api::{ComputeState, EnvironmentDraft, FirstRun, OfDraft, RuntimeDraft, UpdateRuntime},
    context::lock,
    handlers,
};

/// The default environment's repository.
const REPOSITORY: &str = "registry.test/flows/runtime";
const V1: &str = "20240101.v1";
const V2: &str = "20240202.v2";
const V3: &str = "20240303.v3";

fn repository() -> Repository {
    Repository::parse(REPOSITORY).expect("repository")
}

fn compute() -> ComputeId {
    ComputeId("twin-0".into())
}

/// Runs to its end with a clock of its own that jumps to the next timer whenever all wait. What still
/// runs then is dropped, as when the process ends.
fn paused<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("runtime")
        .block_on(work)
}

struct TwinComputes(Vec<(FoundCompute, TwinEngine)>);

#[async_trait]
impl Computes for TwinComputes {
    fn discover(&self) -> Vec<FoundCompute> {
        self.0.iter().map(|(found, _)| found.clone()).collect()
    }

    async fn connect(&self, found: &FoundCompute) -> Result<Arc<dyn Engine>, EngineError> {
        let (_, engine) = self.0.iter().find(|(own, _)| own.id == found.id).expect("known");
        engine.ping().await?;
        Ok(Arc::new(engine.clone()))
    }

    async fn podman_version(&self) -> Option<String> {
        None
    }

    async fn start_podman(&self) -> Result<(), String> {
        Err("There is no Podman here.".into())
    }

    fn started_here(&self, _: &str) -> bool {
        false
    }

    fn system(&self) -> FirstRun {
        FirstRun {
            podman: None,
            podman_starting: false,
            docker_installed: false,
            system: "Twin".into(),
            commands: vec![],
        }
    }
}

/// Logins of Docker's own client: registry's host and login.
#[derive(Default)]
struct TwinDockerLogins(Vec<(String, Login)>);

#[async_trait]
impl DockerLogins for TwinDockerLogins {
    async fn list(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(host, login)| (host.clone(), login.username.clone())).collect()
    }

    async fn login_for(&self, host: &str) -> Option<Login> {
        self.0.iter().find(|(own, _)| own == host).map(|(_, login)| login.clone())
    }
}

/// What a test's image is.
#[derive(Clone)]
struct Image {
    serves: Serves,
    config: Value,
    behaviour: Behaviour,
}

impl Image {
    /// It starts the executor service by its own command.
    fn that(serves: Serves) -> Self {
        let config = json!({
            "Env": ["PATH=/usr/bin:/bin"],
            "Cmd": ["python", "-m", "uvicorn", "promptflow.executor._service.app:app"],
            "ExposedPorts": {"8080/tcp": {}},
        });
        let behaviour = Behaviour {
            processes: vec!["python -m uvicorn promptflow.executor._service.app:app".into()],
            ..Behaviour::default()
        };
        Self { serves, config, behaviour }
    }

    /// It ends as soon as it is started.
    fn that_exits() -> Self {
        let lines = ["Traceback (most recent call last):", "RuntimeError: no"];
        Self { behaviour: Behaviour::exits(1, &lines), ..Self::that(Serves::Never) }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.config[key] = value;
        self
    }
}

/// Everything around the application. It outlives applications, as engines and files do.
struct World {
    engines: Vec<TwinEngine>,
    registry: Arc<TwinRegistry>,
    vault: Arc<TwinVault>,
    service: Arc<Service>,
    endpoints: Arc<TwinEndpoints>,
    history: History,
    docker_logins: Vec<(String, Login)>,
    repository_override: Option<Repository>,
    folder: tempfile::TempDir,
    clock: Arc<Clock>,
}

/// The time of day of a test: it goes on from what was set last.
struct Clock(Mutex<(jiff::Zoned, tokio::time::Instant)>);

impl Clock {
    /// `2024-05-06T02:00` in UTC.
    fn set(&self, time: &str) {
        let time = format!("{time}:00Z").parse::<jiff::Timestamp>().expect(time);
        *lock(&self.0) = (time.to_zoned(jiff::tz::TimeZone::UTC), tokio::time::Instant::now());
    }

    fn now(&self) -> jiff::Zoned {
        let (time, since) = &*lock(&self.0);
        let gone = jiff::SignedDuration::try_from(since.elapsed()).expect("some time");
        time.checked_add(gone).expect("time")
    }
}

impl World {
    fn new() -> Self {
        Self::on(vec![TwinEngine::new()])
    }

    fn on(engines: Vec<TwinEngine>) -> Self {
        let world = Self {
            service: Arc::new(Service::new(engines.clone())),
            engines,
            registry: Arc::new(TwinRegistry::new()),
            vault: Arc::new(TwinVault::new()),
            endpoints: Arc::new(TwinEndpoints::new()),
            history: History::in_memory().expect("history"),
            docker_logins: vec![],
            repository_override: Some(repository()),
            folder: tempfile::tempdir().expect("folder"),
            clock: Arc::new(Clock(Mutex::new((jiff::Zoned::now(), tokio::time::Instant::now())))),
        };
        world.publish(V1, Image::that(Serves::Well));
        world
    }

    fn engine(&self) -> &TwinEngine {
        &self.engines[0]
    }

    /// Puts an image into the registry, where every engine can pull it.
    fn publish(&self, tag: &str, image: Image) -> Digest {
        self.publish_as(&repository().tagged(tag), image)
    }

    fn publish_as(&self, reference: &ImageReference, image: Image) -> Digest {
        self.publish_with(reference, image, PullScript::arrives())
    }

    fn publish_with(&self, reference: &ImageReference, image: Image, pull: PullScript) -> Digest {
        let mut config = image.config;
        config["Labels"] = json!({service::LABEL: image.serves.word()});
        let mut offered = registry::twin::TwinImage::of_layers(&[
            ("base", 1000),
            (reference.tag_or_latest(), 500),
        ]);
        offered.config = config.clone();
        // The engine's twin takes its digest from the content: this one gives the registry's.
        let same = engine::twin::TwinImage {
            config,
            content: format!("{offered:?}"),
            architecture: "amd64".into(),
            behaviour: image.behaviour,
        };
        for engine in &self.engines {
            engine.offer(&reference.to_string(), same.clone(), pull.clone());
        }
        self.registry.publish(reference, offered)
    }

    /// The parts of the application at its `start`-th start.
    fn parts(&self, start: u32) -> Parts {
        let found = |at: usize| FoundCompute {
            id: ComputeId(format!("twin-{at}")),
            name: format!("Twin {at}"),
            origin: ComputeOrigin::DefaultSocket,
            address: ComputeAddress::Socket { path: format!("/twin/{at}.sock") },
        };
        let computes =
            self.engines.iter().enumerate().map(|(at, twin)| (found(at), twin.clone())).collect();
        Parts {
            computes: Arc::new(TwinComputes(computes)),
            registry: self.registry.clone(),
            executor: self.service.clone(),
            endpoints: self.endpoints.clone(),
            vault: self.vault.clone(),
            docker_logins: Arc::new(TwinDockerLogins(self.docker_logins.clone())),
            history: self.history.clone(),
            history_set_aside: None,
            shelf: definitions::Shelf::new(self.folder.path().join("environments")),
            identity: Identity {
                creator: Creator { installation: "installation".into(), who: "ann@here".into() },
                process: ProcessMark { host: "here".into(), pid: start, started: start.into() },
            },
            is_alive: |_| false,
            folders: Folders {
                data: self.folder.path().to_owned(),
                logs: self.folder.path().to_owned(),
                downloads: self.folder.path().to_owned(),
            },
            repository_override: self.repository_override.clone(),
            version: "0.0.0".into(),
            wall_clock: {
                let clock = self.clock.clone();
                Arc::new(move || clock.now())
            },
        }
    }

    /// An application on these parts, connected to every compute that can be.
    async fn start(&self, parts: Parts) -> App {
        let app = App::new(parts).await;
        crate::recover_all(&app).await;
        app.start();
        let connecting = |app: &App| {
            crate::computes::views(app).iter().any(|view| view.state == ComputeState::Connecting)
        };
        while connecting(&app) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        app
    }

    async fn app(&self) -> App {
        self.start(self.parts(1)).await
    }

    /// A container, by its name, without a call to the engine.
    fn container(&self, name: &str) -> Option<Container> {
        self.engine().seen().into_iter().find(|container| container.name == name)
    }

    /// Names of all containers, and whether each runs.
    fn containers(&self) -> Vec<(String, bool)> {
        let all = self.engine().containers();
        all.into_iter().map(|(name, state)| (name, state == ContainerState::Running)).collect()
    }

    /// The tag from which a container was made.
    fn tag_of(&self, name: &str) -> String {
        let container = self.container(name).expect(name);
        let labels = domain::label::Labels::read(&container.labels).expect("labels");
        labels.image.and_then(|image| image.tag).unwrap_or_default()
    }

    /// Whether the service of this container answers now.
    fn answers(&self, name: &str) -> bool {
        let Some(container) = self.container(name) else { return false };
        container.ports.iter().any(|port| self.service.answer(port.host_port).is_ok())
    }
}

/// A port that nobody listens on here: the wizard tries to bind it.
fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("socket");
    socket.local_addr().expect("address").port()
}

fn draft(name: &str) -> RuntimeDraft {
    RuntimeDraft {
        name: name.into(),
        description: String::new(),
        environment: version(V1),
        host_port: free_port().into(),
        bind_address: "127.0.0.1".into(),
        confirmed_exposure: false,
        target_port: None,
        memory_limit: None,
        cpu_limit: None,
        variables: vec![],
        mounts: vec![],
        restart_policy: RestartPolicy::UnlessStopped,
        start_command: String::new(),
        health_path: String::new(),
    }
}

/// The default environment at this version.
fn version(version: &str) -> EnvironmentDraft {
    EnvironmentDraft::Default { repository: None, version: Some(version.into()) }
}

fn image(reference: &str) -> EnvironmentDraft {
    EnvironmentDraft::Image { reference: reference.into() }
}

async fn begin_create(app: &App, draft: RuntimeDraft) -> OperationId {
    let request = OfDraft { compute: compute(), draft };
    handlers::create_runtime(app, request).await.expect("begins").operation
}

async fn begin_update(app: &App, id: &RuntimeId, environment: EnvironmentDraft) -> OperationId {
    let request = UpdateRuntime {
        runtime: id.clone(),
        environment,
        confirmed: false,
        cancel_runs: false,
        shown: None,
    };
    handlers::update_runtime(app, request).await.expect("begins").operation
}

/// Waits until an operation has ended and let go of its runtime.
async fn ended(app: &App, id: &OperationId) -> Operation {
    for _ in 0..100_000 {
        let view = lock(&app.operations).get(id).expect("known").view();
        if view.state.is_final() && !lock(&app.busy).values().any(|holder| holder == id) {
            settle().await;
            return view;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "the operation does not end: {:#?}",
        lock(&app.operations).get(id).expect("known").view()
    );
}

/// Lets everything happen that is under way.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

fn succeeded(operation: Operation) -> Operation {
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    operation
}

fn row(app: &App, name: &str) -> Runtime {
    let found = app.runtimes().into_iter().find(|row| row.name.as_str() == name);
    found.unwrap_or_else(|| panic!("no row {name}"))
}

async fn create(app: &App, draft: RuntimeDraft) -> Runtime {
    let name = draft.name.clone();
    let id = begin_create(app, draft).await;
    succeeded(ended(app, &id).await);
    row(app, &name)
}

async fn update(app: &App, id: &RuntimeId, environment: EnvironmentDraft) -> Operation {
    let operation = begin_update(app, id, environment).await;
    ended(app, &operation).await
}

/// Each call that an engine got since they were forgotten, with its number among its kind. Of looks at
/// the same thing over and over only the first counts.
fn numbered(world: &World) -> Vec<(Call, usize)> {
    let calls = world.engine().calls();
    let mut all: Vec<(Call, usize)> = Vec::new();
    for (at, (call, _)) in calls.iter().enumerate() {
        let again = at > 0 && calls[at - 1] == calls[at] && !call.changes_something();
        if !again {
            let nth = calls[..=at].iter().filter(|(other, _)| other == call).count();
            all.push((*call, nth));
        }
    }
    // Only streams of the whole engine, and readings, are no part of any operation.
    all.retain(|(call, _)| !matches!(call, Call::Events | Call::Usage | Call::Ping));
    all
}

fn refusal() -> Fault {
    Fault::Refuse(EngineError::Refused { status: 500, message: "planned by the test".into() })
}

/// The engine is back so long after it went away.
async fn comes_back(engine: TwinEngine, after: Duration) {
    while !engine.is_unreachable() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(after).await;
    engine.set_unreachable(false);
}
