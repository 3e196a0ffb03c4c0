//! One running application: its parts, and what its use cases share.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use definitions::Shelf;
use domain::{
    compute::{ComputeId, FoundCompute},
    facts::KnownVersions,
    image::{Digest, Repository},
    label::{Creator, ProcessMark},
    operation::{OperationId, Subject},
    runtime::RuntimeId,
    secret::Login,
    series::Series,
};
use endpoints::Endpoints;
use engine::{Engine, EngineError};
use executor::Executor;
use history::History;
use jiff::{Timestamp, Zoned};
use registry::Registry;
use tokio::sync::Notify;
use vault::Vault;

use crate::{
    api::{Settings, VersionCheck},
    changes::Hub,
    computes::ComputeEntry,
    descriptions::Descriptions,
    operations::Running,
    policies::Policies,
    table::Table,
    usage::Watched,
};

/// Where this installation keeps its things.
#[derive(Clone, Debug)]
pub struct Folders {
    pub data: PathBuf,
    pub logs: PathBuf,
    /// Where saved logs go.
    pub downloads: PathBuf,
}

/// Who this is, for labels and locks.
#[derive(Clone, Debug)]
pub struct Identity {
    pub creator: Creator,
    pub process: ProcessMark,
}

/// How computes are found and connected.
#[async_trait]
pub trait Computes: Send + Sync {
    /// Every compute there may be, in Docker's own order.
    fn discover(&self) -> Vec<FoundCompute>;

    /// Connects one.
    async fn connect(&self, found: &FoundCompute) -> Result<Arc<dyn Engine>, EngineError>;

    /// Podman's version, when its program is installed.
    async fn podman_version(&self) -> Option<String>;

    /// Starts Podman's service for this user; it ends with this application. No error when it runs.
    async fn start_podman(&self) -> Result<(), String>;

    /// Ends the service that [`Computes::start_podman`] started, if it did.
    async fn end_podman(&self) {}

    /// Whether the service that listens at this socket was started by [`Computes::start_podman`].
    fn started_here(&self, socket: &str) -> bool;

    /// What this system is, and how engines are installed and started on it.
    fn system(&self) -> crate::api::FirstRun;
}

/// Logins that Docker's own client keeps.
#[async_trait]
pub trait DockerLogins: Send + Sync {
    /// Registry and user name of each.
    async fn list(&self) -> Vec<(String, String)>;
    /// The login for a registry's host.
    async fn login_for(&self, host: &str) -> Option<Login>;
}

/// The adapters, real or twins.
pub struct Parts {
    pub computes: Arc<dyn Computes>,
    pub registry: Arc<dyn Registry>,
    pub executor: Arc<dyn Executor>,
    /// Services that connections lead to.
    pub endpoints: Arc<dyn Endpoints>,
    pub vault: Arc<dyn Vault>,
    pub docker_logins: Arc<dyn DockerLogins>,
    pub history: History,
    /// Definitions of environments.
    pub shelf: Shelf,
    /// Where a history that could not be used was put.
    pub history_set_aside: Option<PathBuf>,
    pub identity: Identity,
    /// Whether a process on this machine still lives.
    pub is_alive: fn(&ProcessMark) -> bool,
    pub folders: Folders,
    /// `PROMPTFLOW_RUNTIMES_REPOSITORY`.
    pub repository_override: Option<Repository>,
    /// The application's version.
    pub version: String,
    /// The time of day where the person is.
    pub wall_clock: WallClock,
}

/// Tells the time of day. It may jump: people set clocks, and machines sleep.
pub type WallClock = Arc<dyn Fn() -> Zoned + Send + Sync>;

/// One running application. Clones are the same application.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub(crate) parts: Parts,
    pub(crate) known: KnownVersions,
    pub(crate) hub: Hub,
    pub(crate) computes: Mutex<BTreeMap<ComputeId, ComputeEntry>>,
    /// Ids of computes in the order in which they were found.
    pub(crate) order: Mutex<Vec<ComputeId>>,
    /// Told each time when a compute was listed and is in step.
    pub(crate) listed: tokio::sync::Notify,
    pub(crate) table: Mutex<Table>,
    pub(crate) watched: Mutex<Watched>,
    pub(crate) operations: Mutex<BTreeMap<OperationId, Arc<Running>>>,
    /// What operations hold.
    pub(crate) busy: Mutex<BTreeMap<Subject, OperationId>>,
    pub(crate) settings: Mutex<Settings>,
    pub(crate) descriptions: Mutex<Descriptions>,
    pub(crate) checks: Mutex<BTreeMap<RuntimeId, VersionCheck>>,
    /// Where runtimes came from, by the history.
    pub(crate) came_from: Mutex<BTreeMap<RuntimeId, crate::came_from::CameFrom>>,
    /// Until when a registry asked to be left alone.
    pub(crate) resting: Mutex<BTreeMap<String, Timestamp>>,
    /// Images that wrote at their start to what was read-only for them, by runtime: they cannot be proved
    /// beside the running one.
    pub(crate) write_at_start: Mutex<BTreeMap<RuntimeId, Vec<Digest>>>,
    /// When the engine last said of a container that processes of it were ended for memory.
    pub(crate) out_of_memory: Mutex<BTreeMap<String, Timestamp>>,
    /// Support files that were shown and may be saved.
    pub(crate) shown_support: Mutex<crate::support::Shown>,
    pub(crate) podman_starting: Mutex<bool>,
    /// Who waits for what the person decides about closing the window.
    pub(crate) closing: Mutex<Option<tokio::sync::oneshot::Sender<crate::api::ClosingDecision>>>,
    /// The person agreed to keep secrets in memory for this run.
    pub(crate) memory_allowed: Mutex<bool>,
    /// Ids of locks that were judged already, so that one is not recovered twice.
    pub(crate) recovering: Mutex<BTreeSet<String>>,
    /// The series that runs, or the last one of this run of the application.
    pub(crate) series: Mutex<Option<Series>>,
    pub(crate) environments: Mutex<crate::environments::Known>,
    /// Containers that were adopted.
    pub(crate) links: crate::adopted::Links,
    /// Logs of builds that grow just now: how many bytes they have.
    pub(crate) build_logs: Mutex<BTreeMap<OperationId, tokio::sync::watch::Receiver<u64>>>,
    /// Whose turn it is to write the series to the history.
    pub(crate) series_turn: tokio::sync::Mutex<()>,
    pub(crate) diagnosis: crate::diagnosis::State,
    pub(crate) policies: Mutex<Policies>,
    pub(crate) flows: crate::flows::State,
    pub(crate) batches: crate::batches::State,
    pub(crate) logs: crate::logs::OpenLogs,
    /// Whose turn it is to change connections.
    pub(crate) connections_turn: tokio::sync::Mutex<()>,
    /// Wakes everyone who waits for an operation to end, whichever it is.
    pub(crate) operation_ended: Notify,
    /// Wakes who looks after the policies: something they depend on is different.
    pub(crate) policies_stirred: Notify,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Locks a mutex. A poisoned one is used all the same: the panic was reported where it happened, and
/// every value behind these locks is whole after each single change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Today, where the person is.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}

impl App {
    /// An application on these parts; nothing runs yet.
    pub async fn new(parts: Parts) -> Self {
        let settings = crate::settings::load(&parts.history).await;
        let policies = crate::policies::load(&parts.history).await;
        let descriptions = crate::descriptions::load(&parts.history).await;
        let links = crate::adopted::Links::load(&parts.history).await;
        let environments = crate::environments::Known::load(&parts).await;
        Self(Arc::new(Inner {
            parts,
            known: KnownVersions::built_in(),
            hub: Hub::default(),
            computes: Mutex::default(),
            order: Mutex::default(),
            listed: tokio::sync::Notify::new(),
            table: Mutex::default(),
            watched: Mutex::default(),
            operations: Mutex::default(),
            busy: Mutex::default(),
            settings: Mutex::new(settings),
            descriptions: Mutex::new(descriptions),
            checks: Mutex::default(),
            came_from: Mutex::default(),
            resting: Mutex::default(),
            write_at_start: Mutex::default(),
            out_of_memory: Mutex::default(),
            shown_support: Mutex::default(),
            podman_starting: Mutex::new(false),
            closing: Mutex::default(),
            memory_allowed: Mutex::new(false),
            recovering: Mutex::default(),
            environments: Mutex::new(environments),
            links,
            build_logs: Mutex::default(),
            series: Mutex::default(),
            series_turn: tokio::sync::Mutex::default(),
            diagnosis: crate::diagnosis::State::default(),
            policies: Mutex::new(policies),
            flows: crate::flows::State::default(),
            batches: crate::batches::State::default(),
            logs: crate::logs::OpenLogs::default(),
            connections_turn: tokio::sync::Mutex::default(),
            operation_ended: Notify::new(),
            policies_stirred: Notify::new(),
        }))
    }

    /// Begins to look at computes, and to check versions in the background.
    pub fn start(&self) {
        crate::computes::start(self);
        tokio::spawn(crate::came_from::load(self.clone()));
        tokio::spawn(crate::versions::check_in_background(self.clone()));
        tokio::spawn(crate::previous::remove_when_due(self.clone()));
        tokio::spawn(crate::policies::look_after(self.clone()));
        tokio::spawn(crate::flows::recover(self.clone()));
        tokio::spawn(crate::batches::recover(self.clone()));
    }

    /// Ends what this application started beside itself, right before it ends.
    pub async fn end(&self) {
        crate::batches::leave_all(self, Duration::from_secs(10)).await;
        crate::flows::cancel_all(self, Duration::from_secs(10)).await;
        self.parts.computes.end_podman().await;
    }

    /// How long a service may take to become ready.
    pub(crate) fn ready_within(&self) -> Duration {
        Duration::from_secs(u64::from(lock(&self.settings).ready_within_seconds))
    }

    /// Changes from now on; the first ones tell the whole state.
    pub fn subscribe(&self) -> crate::changes::Subscription {
        crate::changes::subscribe(self)
    }
}
