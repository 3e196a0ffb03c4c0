//! The application without a window, on a real engine: its use cases as the window would call them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::{
    Change, CheckVersion, ComputeState, ConfigurationDraft, ConfigurationView, EnvironmentDraft,
    FirstRun, Freshness, RuntimeDraft, VersionAnswer,
};
use app::{App, Computes, DockerLogins, Folders, Identity, Parts};
use domain::compute::{ComputeAddress, ComputeId, ComputeOrigin, FoundCompute};
use domain::configuration::VariableDraft;
use domain::finding::Problem;
use domain::image::Repository;
use domain::label::{Creator, ProcessMark};
use domain::operation::{Operation, OperationId};
use domain::runtime::{Runtime, Status};
use domain::secret::Login;
use domain::spec::RestartPolicy;
use engine::docker::DockerEngine;
use engine::{Engine, EngineError};

use crate::error::{PartError, PartResult};

/// How long any one operation on small images may take; the slowest image needs a minute, twice.
pub const LIMIT: Duration = Duration::from_secs(180);

/// Puts something between the application and its engine.
pub type Wrap = Box<dyn Fn(Arc<dyn Engine>) -> Arc<dyn Engine> + Send + Sync>;

/// One socket, as the only compute there is.
struct OneSocket(FoundCompute, Wrap);

#[async_trait::async_trait]
impl Computes for OneSocket {
    fn discover(&self) -> Vec<FoundCompute> {
        vec![self.0.clone()]
    }
    async fn connect(&self, found: &FoundCompute) -> Result<Arc<dyn Engine>, EngineError> {
        Ok(self.1(Arc::new(DockerEngine::connect(found).await?)))
    }
    async fn podman_version(&self) -> Option<String> {
        None
    }
    async fn start_podman(&self) -> Result<(), String> {
        Err("not here".into())
    }
    fn started_here(&self, _: &str) -> bool {
        false
    }
    fn system(&self) -> FirstRun {
        FirstRun {
            podman: None,
            podman_starting: false,
            docker_installed: false,
            system: String::new(),
            commands: vec![],
        }
    }
}

struct NoLogins;

#[async_trait::async_trait]
impl DockerLogins for NoLogins {
    async fn list(&self) -> Vec<(String, String)> {
        vec![]
    }
    async fn login_for(&self, _: &str) -> Option<Login> {
        None
    }
}

/// The id of the one compute.
pub fn compute() -> ComputeId {
    ComputeId("test".into())
}

/// The engine at this socket, without the application.
pub async fn connect(socket: &Path) -> PartResult<Arc<dyn Engine>> {
    let engine = DockerEngine::connect(&found(socket))
        .await
        .map_err(|error| PartError::new(error.to_string()))?;
    Ok(Arc::new(engine))
}

fn found(socket: &Path) -> FoundCompute {
    FoundCompute {
        id: compute(),
        name: "Test engine".into(),
        origin: ComputeOrigin::DockerHost,
        address: ComputeAddress::Socket { path: socket.display().to_string() },
    }
}

/// The application on the engine at this socket. `repository` is the default environment's.
pub async fn application(socket: &Path, home: &Path, repository: &str) -> PartResult<App> {
    start(socket, home, repository, Box::new(|engine| engine)).await
}

/// The same, with something put between it and its engine. Other processes that worked with this home
/// count as dead.
pub async fn start(socket: &Path, home: &Path, repository: &str, wrap: Wrap) -> PartResult<App> {
    start_as("ann@box", socket, home, repository, wrap).await
}

/// The same for another person.
pub async fn start_as(
    who: &str,
    socket: &Path,
    home: &Path,
    repository: &str,
    wrap: Wrap,
) -> PartResult<App> {
    let (history, _) =
        history::History::open(home).map_err(|error| PartError::new(error.to_string()))?;
    let installation =
        history.installation_id().await.map_err(|error| PartError::new(error.to_string()))?;
    let app = App::new(Parts {
        computes: Arc::new(OneSocket(found(socket), wrap)),
        registry: Arc::new(registry::client::RegistryClient::new()),
        endpoints: Arc::new(endpoints::client::EndpointsClient::new().map_err(PartError::new)?),
        executor: Arc::new(executor::client::ExecutorClient::new().map_err(PartError::new)?),
        vault: Arc::new(vault::twin::TwinVault::new()),
        docker_logins: Arc::new(NoLogins),
        history,
        history_set_aside: None,
        shelf: definitions::Shelf::new(home.join("environments")),
        identity: Identity {
            creator: Creator { installation, who: who.into() },
            process: ProcessMark { host: "box".into(), pid: std::process::id(), started: 1 },
        },
        is_alive: |_| false,
        folders: Folders { data: home.into(), logs: home.into(), downloads: home.into() },
        repository_override: Some(
            Repository::parse(repository).map_err(|error| PartError::new(error.to_string()))?,
        ),
        version: "test".into(),
        wall_clock: app::system_clock(),
    })
    .await;
    app::recover_all(&app).await;
    app.start();
    Ok(app)
}

/// Waits for the end of an operation.
pub async fn ended(app: &App, id: &OperationId) -> PartResult<Operation> {
    let mut changes = app.subscribe();
    let waiting = async {
        loop {
            for change in changes.next().await {
                if let Change::Operation { operation } = change
                    && operation.id == *id
                    && operation.state.is_final()
                {
                    return *operation;
                }
            }
        }
    };
    if let Ok(ended) = tokio::time::timeout(LIMIT, waiting).await {
        return Ok(ended);
    }
    let all = app::handlers::list_operations(app, app::api::Nothing {}).await;
    let stands = all.map(|all| all.operations.into_iter().find(|operation| operation.id == *id));
    Err(PartError::new(format!("The operation did not end in time: {stands:#?}")))
}

/// Waits until an operation is as asked.
pub async fn until(
    app: &App,
    id: &OperationId,
    as_asked: impl Fn(&Operation) -> bool,
) -> PartResult<()> {
    let mut changes = app.subscribe();
    let waiting = async {
        loop {
            for change in changes.next().await {
                if let Change::Operation { operation } = change
                    && operation.id == *id
                    && as_asked(&operation)
                {
                    return;
                }
            }
        }
    };
    let waited = tokio::time::timeout(LIMIT, waiting).await;
    waited.map_err(|_| PartError::new("The operation did not come that far in time."))
}

/// Waits until the one compute is connected.
pub async fn connected(app: &App) -> PartResult<()> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let computes = app::handlers::list_computes(app, app::api::Nothing {}).await;
        let computes = computes.map_err(refused)?.computes;
        if computes.iter().any(|compute| compute.state == ComputeState::Connected) {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(PartError::new(format!("The compute is not connected: {computes:#?}")));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a version check says of a runtime now.
pub async fn answer(app: &App, runtime: &domain::runtime::RuntimeId) -> PartResult<VersionAnswer> {
    let ask = CheckVersion { runtime: runtime.clone(), freshness: Freshness::Now };
    let check = app::handlers::check_version(app, ask).await.map_err(refused)?.check;
    check.map(|check| check.answer).ok_or_else(|| PartError::new("There is no answer."))
}

/// Waits until the runtime of this name is as asked.
pub async fn runtime(app: &App, name: &str, status: Status) -> PartResult<Runtime> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let rows = app.runtimes();
        let row = rows.iter().find(|row| row.name.as_str() == name);
        if let Some(row) = row.filter(|row| row.status == status) {
            return Ok(row.clone());
        }
        if Instant::now() > until {
            return Err(PartError::new(format!("{name} is not {status:?}: {row:#?}")));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the form of the Configuration tab sends when nothing was typed.
pub fn draft_of(view: ConfigurationView) -> ConfigurationDraft {
    let kept = |name: String| VariableDraft { name, value: None, confirmed: false };
    ConfigurationDraft {
        description: view.description,
        host_port: view.host_port.into(),
        bind_address: view.bind_address,
        confirmed_exposure: false,
        memory_limit: view.memory_limit,
        cpu_limit: view.cpu_limit,
        variables: view.variables.into_iter().map(kept).collect(),
        mounts: view.mounts,
        restart_policy: view.restart_policy,
    }
}

/// A refusal as an error of the test.
pub fn refused(problem: Problem) -> PartError {
    PartError::new(format!("{problem:#?}"))
}

/// The default environment at this version.
pub fn version(version: &str) -> EnvironmentDraft {
    EnvironmentDraft::Default { repository: None, version: Some(version.to_owned()) }
}

/// What the wizard sends when nothing but this was chosen: on this port of the loopback address.
pub fn plain(name: &str, environment: EnvironmentDraft, port: u16) -> RuntimeDraft {
    RuntimeDraft {
        name: name.to_owned(),
        description: String::new(),
        environment,
        host_port: port.into(),
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
