//! A stage for what may happen to a runtime: an engine of its own, a registry with good and bad versions,
//! one runtime on it, and a judge who asks the engine's own client and the port, never our code.
//!
//! ```ignore
//! let scene = Scene::start()?;
//! scene.fresh()?;
//! let prune = scene.hand().docker(&["container", "prune", "-f"]);
//! let meddler = Meddler::after(nth(Verb::Stop, 1), prune);
//! life(async {
//!     let app = scene.open_with(&meddler).await?;
//!     scene.update(&app, NEW).await
//! })?;
//! meddler.acted()?;
//! scene.settled("pruned between stop and start")?.serves(OLD);
//! ```

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use app::api::{DeleteRuntime, OfCompute, OfDraft, OfRuntime, RuntimeDraft, UpdateRuntime};
use app::{App, handlers};
use domain::operation::{Operation, OperationId, OperationState};
use domain::runtime::{RuntimeId, Status};
use domain::spec::{MountRequest, RestartPolicy};

use crate::around::{Call, Verb, Watcher, watched};
use crate::docker::{DockerEngine, DockerOptions};
use crate::error::{PartError, PartResult};
use crate::headless::{Wrap, compute, ended, plain, refused, runtime, start, version};
use crate::images::{Bad, bad_runtime, small_runtime};
use crate::registry::RegistryServer;
use crate::watch::is_healthy;
use crate::{program, steps};

/// The repository of the default environment.
pub const REPOSITORY: &str = "team/promptflow-runtime";
/// The version that the runtime is made from.
pub const OLD: &str = "20240111.v2";
/// A good one that is newer.
pub const NEW: &str = "20240429.v8";
/// One that proves well beside the old one, and ends a second after its start in the old one's place.
pub const DIES: &str = "20240501.v1";
/// One that ends at once.
pub const BAD: &str = "20240502.v1";
/// The runtime's name.
pub const NAME: &str = "eval";
/// How long what was cut off may take to be put right.
pub const SETTLES_WITHIN: Duration = Duration::from_secs(60);

/// An engine that several hold: a test, and somebody who acts on it in the middle of an operation.
#[derive(Clone)]
pub struct Hand(Arc<Mutex<DockerEngine>>);

impl Hand {
    /// The engine itself.
    pub fn engine(&self) -> MutexGuard<'_, DockerEngine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `docker …` now.
    pub fn run(&self, arguments: &[&str]) -> PartResult<String> {
        // The engine is not held meanwhile: the command waits for others' calls.
        let mut command = self.engine().command()?;
        program::told(command.args(arguments))
    }

    /// `docker …`, to be run later.
    pub fn docker(&self, arguments: &[&str]) -> impl FnOnce() -> PartResult<()> + Send + use<> {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let hand = self.clone();
        move || {
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            hand.run(&words).map(drop)
        }
    }
}

/// Engine, registry, the application's folder, and a port of the host for the runtime.
pub struct Scene {
    hand: Hand,
    pub registry: RegistryServer,
    pub home: tempfile::TempDir,
    /// The runtime sees it as `/data`.
    pub data: tempfile::TempDir,
    pub port: u16,
}

/// What stands on the engine, told by its own client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name and state of every container that belongs to the runtime or one of its parts.
    pub containers: Vec<(String, String)>,
    /// The version that the runtime's image names; `None` when there is no runtime.
    pub version: Option<String>,
    /// The runtime's port answers `/health` rightly.
    pub answers: bool,
}

impl Standing {
    fn has(&self, name: &str) -> bool {
        self.containers.iter().any(|(other, _)| other == name)
    }

    /// Something of an operation is left, or more than one runs.
    pub fn is_in_between(&self) -> bool {
        let known = |name: &str| name == NAME || name == format!("{NAME}.previous");
        let running =
            |name: &str, state: &str| name != NAME && state != "exited" && state != "created";
        self.containers.iter().any(|(name, state)| !known(name) || running(name, state))
    }

    /// Exactly one container serves, it is of this version, and at most one stopped previous is there.
    #[track_caller]
    pub fn serves(&self, version: &str) {
        assert!(!self.is_in_between(), "{self:#?}");
        assert_eq!(self.version.as_deref(), Some(version), "{self:#?}");
        assert!(self.containers.contains(&(NAME.to_owned(), "running".to_owned())), "{self:#?}");
        assert!(self.answers, "{self:#?}");
    }

    /// The runtime is there on this version and does not run.
    #[track_caller]
    pub fn is_stopped_on(&self, version: &str) {
        assert!(!self.is_in_between(), "{self:#?}");
        assert_eq!(self.version.as_deref(), Some(version), "{self:#?}");
        let running = self.containers.iter().any(|(_, state)| state == "running");
        assert!(self.has(NAME) && !running && !self.answers, "{self:#?}");
    }

    /// Nothing of the runtime is there.
    #[track_caller]
    pub fn is_gone(&self) {
        assert_eq!(self.containers, [], "{self:#?}");
    }

    /// A previous container is kept.
    pub fn keeps_previous(&self) -> bool {
        self.has(&format!("{NAME}.previous"))
    }
}

impl Scene {
    /// Engine and registry with all versions; no runtime yet.
    pub fn start() -> PartResult<Self> {
        Self::start_with(DockerOptions::default())
    }

    /// The same on an engine with options.
    pub fn start_with(options: DockerOptions) -> PartResult<Self> {
        let engine = DockerEngine::start_with(options)?;
        let registry = RegistryServer::start()?;
        for (number, version) in [OLD, NEW].into_iter().enumerate() {
            registry.push(&small_runtime(version)?.padded(number + 1)?, REPOSITORY, version)?;
        }
        registry.push(&bad_runtime(DIES, Bad::DiesInPlace)?, REPOSITORY, DIES)?;
        registry.push(&bad_runtime(BAD, Bad::ExitsAtOnce)?, REPOSITORY, BAD)?;
        let hand = Hand(Arc::new(Mutex::new(engine)));
        let data = tempfile::tempdir()?;
        std::fs::set_permissions(data.path(), PermissionsExt::from_mode(0o777))?;
        Ok(Self { hand, registry, home: tempfile::tempdir()?, data, port: program::free_port()? })
    }

    /// The runtime [`NAME`] on version [`OLD`], available, made by an application that has ended. Whatever
    /// was there of it before is gone.
    pub fn fresh(&self) -> PartResult<()> {
        for (name, _) in self.standing()?.containers {
            self.docker(&["rm", "-f", "-v", &name])?;
        }
        life(async {
            let app = self.open().await?;
            self.create(&app).await.map(drop)
        })
    }

    /// The same as [`Self::start_with`] and then [`Self::fresh`], for tests that are asynchronous
    /// themselves.
    pub async fn with_runtime(options: DockerOptions) -> PartResult<Self> {
        let made = tokio::task::spawn_blocking(move || {
            let scene = Self::start_with(options)?;
            scene.fresh()?;
            Ok(scene)
        });
        made.await.map_err(|error| PartError::new(error.to_string()))?
    }

    /// The engine, to be shared.
    pub fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// Runs `docker …` now.
    pub fn docker(&self, arguments: &[&str]) -> PartResult<String> {
        self.hand.run(arguments)
    }

    /// The default environment's repository with the registry's address.
    pub fn repository(&self) -> String {
        format!("{}/{REPOSITORY}", self.registry.address())
    }

    /// The application, connected.
    pub async fn open(&self) -> PartResult<App> {
        self.open_wrapped(self.home.path(), Box::new(|engine| engine)).await
    }

    /// The application with this watcher between it and its engine.
    pub async fn open_with(&self, watcher: &Arc<impl Watcher + 'static>) -> PartResult<App> {
        let watcher = watcher.clone();
        let wrap: Wrap = Box::new(move |engine| watched(engine, watcher.clone()));
        self.open_wrapped(self.home.path(), wrap).await
    }

    /// An application with another home is another installation.
    pub async fn open_wrapped(&self, home: &std::path::Path, wrap: Wrap) -> PartResult<App> {
        let socket = self.hand.engine().socket();
        let app = start(&socket, home, &self.repository(), wrap).await?;
        let until = Instant::now() + Duration::from_secs(30);
        while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
            if Instant::now() > until {
                return Err(PartError::new("The application was not connected to its engine."));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(app)
    }

    /// What the wizard would be told for the runtime.
    pub fn draft(&self) -> RuntimeDraft {
        RuntimeDraft {
            mounts: vec![MountRequest {
                source: self.data.path().display().to_string(),
                target: "/data".into(),
                read_only: false,
            }],
            restart_policy: RestartPolicy::Always,
            ..plain(NAME, version(OLD), self.port)
        }
    }

    /// Creates the runtime and waits until it is available.
    pub async fn create(&self, app: &App) -> PartResult<RuntimeId> {
        let request = OfDraft { compute: compute(), draft: self.draft() };
        let begun = handlers::create_runtime(app, request).await.map_err(refused)?.operation;
        succeeded(&ended(app, &begun).await?)?;
        Ok(runtime(app, NAME, Status::Available).await?.id)
    }

    /// The runtime's id, once the application shows it.
    pub async fn id(&self, app: &App) -> PartResult<RuntimeId> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(row) = app.runtimes().iter().find(|row| row.name.as_str() == NAME) {
                return Ok(row.id.clone());
            }
            if Instant::now() > until {
                return Err(PartError::new(format!("{NAME} is not shown: {:#?}", app.runtimes())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Begins an update to this version of the default environment; doubts are confirmed.
    pub async fn begin_update(&self, app: &App, to: &str) -> PartResult<OperationId> {
        let request = UpdateRuntime {
            runtime: self.id(app).await?,
            environment: version(to),
            confirmed: true,
            cancel_runs: false,
            shown: None,
        };
        Ok(handlers::update_runtime(app, request).await.map_err(refused)?.operation)
    }

    /// Updates to this version; the operation may end in any way.
    pub async fn update(&self, app: &App, to: &str) -> PartResult<Operation> {
        let begun = self.begin_update(app, to).await?;
        ended(app, &begun).await
    }

    /// Rolls back; the operation may end in any way.
    pub async fn roll_back(&self, app: &App) -> PartResult<Operation> {
        let request = OfRuntime { runtime: self.id(app).await? };
        let begun = handlers::roll_back_runtime(app, request).await.map_err(refused)?.operation;
        ended(app, &begun).await
    }

    /// Deletes the runtime with its volumes and image; the operation may end in any way.
    pub async fn delete(&self, app: &App) -> PartResult<Operation> {
        let runtime = self.id(app).await?;
        let request = DeleteRuntime { runtime, remove_volumes: true, remove_image: true };
        let begun = handlers::delete_runtime(app, request).await.map_err(refused)?.operation;
        ended(app, &begun).await
    }

    /// What the engine's own client and the port say just now.
    pub fn standing(&self) -> PartResult<Standing> {
        let told = self.docker(&["ps", "-a", "--format", "{{.Names}} {{.State}}"])?;
        let mut containers: Vec<(String, String)> = told
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, _)| *name == NAME || name.starts_with(&format!("{NAME}.")))
            .map(|(name, state)| (name.to_owned(), state.to_owned()))
            .collect();
        containers.sort();
        // It may go between the two questions.
        let version = steps::version_of(&self.hand.engine(), NAME).ok();
        Ok(Standing { containers, version, answers: is_healthy(self.port) })
    }

    /// Waits until nothing of an operation is left and it is so; then that is how it stands.
    pub fn settled_when(
        &self,
        about: &str,
        is_so: impl Fn(&Standing) -> bool,
    ) -> PartResult<Standing> {
        let until = Instant::now() + SETTLES_WITHIN;
        loop {
            // The engine may be away just now.
            let standing = self.standing();
            if let Ok(standing) = &standing
                && !standing.is_in_between()
                && is_so(standing)
            {
                return Ok(standing.clone());
            }
            if Instant::now() > until {
                return Err(PartError::new(format!(
                    "{about}: not settled after {} s: {standing:#?}",
                    SETTLES_WITHIN.as_secs()
                )));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until nothing of an operation is left and the runtime answers.
    pub fn settled(&self, about: &str) -> PartResult<Standing> {
        self.settled_when(about, |standing| standing.answers)
    }
}

/// One life of the application: when `work` is done, all that still runs of it is dropped, as when its
/// process ends.
pub fn life<T>(work: impl Future<Output = PartResult<T>>) -> PartResult<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(10));
    done
}

/// Finds the call of this kind that has this number among its kind, 1 = the first.
pub fn nth(verb: Verb, number: u32) -> impl Fn(&Call) -> bool + Send + Sync + 'static {
    let seen = AtomicU32::new(0);
    move |call| call.verb == verb && seen.fetch_add(1, Ordering::SeqCst) + 1 == number
}

/// The operation ended well.
pub fn succeeded(operation: &Operation) -> PartResult<()> {
    if operation.state == OperationState::Succeeded {
        return Ok(());
    }
    Err(PartError::new(format!("{operation:#?}")))
}
