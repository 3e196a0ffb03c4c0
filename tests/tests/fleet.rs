//! Several runtimes on a real engine are updated together: in order, one at a time, and what does not
//! work on one is not tried on another.

use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{
    EnvironmentDraft, Freshness, Nothing, OfDraft, PreviewUpdateAll, UpdateAll, UpdateAllMember,
    UpdateAllPreview,
};
use app::{App, handlers};
use domain::operation::{Operation, OperationKind, OperationState};
use domain::runtime::Status;
use domain::series::{MemberState, OnFailure, Rules, Series, SeriesEnd};
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, compute, ended, plain, refused, runtime};
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::watch::PortWatch;
use real_parts::{PartError, PartResult};

/// The default environment's repository, and another one.
const TEAM: &str = "team/promptflow-runtime";
const OTHER: &str = "other/promptflow-runtime";
const OLD: &str = "20240111.v2";
/// Two of each repository.
const FLEET: [&str; 4] = ["a-team", "b-team", "c-other", "d-other"];

struct Fleet {
    engine: DockerEngine,
    registry: RegistryServer,
    app: App,
    ports: Vec<u16>,
    _home: tempfile::TempDir,
}

impl Fleet {
    /// Four runtimes on [`OLD`], all of them available.
    async fn start() -> PartResult<Self> {
        let engine = DockerEngine::start()?;
        let registry = RegistryServer::start()?;
        for repository in [TEAM, OTHER] {
            registry.push(&small_runtime(OLD)?, repository, OLD)?;
        }
        let home = tempfile::tempdir()?;
        let repository = format!("{}/{TEAM}", registry.address());
        let app = connected(&engine.socket(), home.path(), &repository).await?;
        let mut ports = Vec::new();
        for name in FLEET {
            ports.push(add(&app, &registry, name).await?);
        }
        Ok(Self { engine, registry, app, ports, _home: home })
    }

    async fn preview(&self) -> PartResult<UpdateAllPreview> {
        let request = PreviewUpdateAll { freshness: Freshness::Now };
        handlers::preview_update_all(&self.app, request).await.map_err(refused)
    }

    /// Updates all that can be, in the order of their names, while everybody's port is asked.
    async fn update_all(&self, rules: Rules) -> PartResult<Series> {
        let preview = self.preview().await?;
        let members = preview
            .candidates
            .into_iter()
            .map(|one| UpdateAllMember {
                runtime: one.runtime,
                environment: one.environment,
                to: one.to,
                digest: one.preview.to.digest,
                confirmed: false,
            })
            .collect();
        let watches: Vec<PortWatch> =
            self.ports.iter().map(|port| PortWatch::start(*port)).collect();
        handlers::update_all(&self.app, UpdateAll { members, rules }).await.map_err(refused)?;
        let until = Instant::now() + Duration::from_secs(240);
        let series = loop {
            let all = handlers::update_series(&self.app, Nothing {}).await.map_err(refused)?;
            match all.series.into_iter().next() {
                Some(series) if series.end.is_some() => break series,
                series if Instant::now() > until => {
                    return Err(PartError::new(format!("It does not end: {series:#?}")));
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        for (name, watch) in FLEET.iter().zip(watches) {
            println!("{name}: {:?}", watch.end()?);
        }
        Ok(series)
    }

    /// Updates that were begun, oldest first.
    async fn updates(&self) -> PartResult<Vec<Operation>> {
        let all = handlers::list_operations(&self.app, Nothing {}).await.map_err(refused)?;
        let mut updates: Vec<Operation> = all
            .operations
            .into_iter()
            .filter(|operation| operation.kind == OperationKind::Update)
            .collect();
        updates.sort_by_key(|operation| operation.started);
        Ok(updates)
    }

    /// Containers that the engine made since this moment, by its own client.
    fn created_since(&self, second: u64) -> PartResult<Vec<String>> {
        let (since, until) = (second.to_string(), now().to_string());
        let told = self.engine.client(&[
            "events",
            "--since",
            &since,
            "--until",
            &until,
            "--filter",
            "event=create",
            "--format",
            "{{.Actor.Attributes.name}}",
        ])?;
        Ok(told.lines().map(str::to_owned).collect())
    }

    /// Name, version and that it serves, of each.
    async fn versions(&self) -> PartResult<Vec<String>> {
        let mut versions = Vec::new();
        for name in FLEET {
            let row = runtime(&self.app, name, Status::Available).await?;
            versions.push(row.version.map(|version| version.to_string()).unwrap_or_default());
        }
        Ok(versions)
    }

    /// That nothing of an update is left.
    fn is_tidy(&self) -> PartResult<()> {
        let names = self.engine.client(&["ps", "-a", "--format", "{{.Names}}"])?;
        for name in names.lines() {
            let part = name.rsplit('.').next().unwrap_or("");
            assert!(!["candidate", "next", "lock"].contains(&part), "{name} is left");
        }
        Ok(())
    }
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() + 1)
}

async fn connected(socket: &Path, home: &Path, repository: &str) -> PartResult<App> {
    let app = application(socket, home, repository).await?;
    let until = Instant::now() + Duration::from_secs(30);
    while handlers::propose_runtime(&app, app::api::OfCompute { compute: compute() }).await.is_err()
    {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(app)
}

/// Adds a runtime of the fleet, on another port when one was taken meanwhile. Gives its port.
async fn add(app: &App, registry: &RegistryServer, name: &str) -> PartResult<u16> {
    let environment = if name.ends_with("team") {
        EnvironmentDraft::Default { repository: None, version: Some(OLD.into()) }
    } else {
        let reference = format!("{}/{OTHER}:{OLD}", registry.address());
        EnvironmentDraft::Image { reference }
    };
    let mut last = None;
    for _ in 0..3 {
        let port = free_port()?;
        let draft = plain(name, environment.clone(), port);
        let request = OfDraft { compute: compute(), draft };
        let begun = handlers::create_runtime(app, request).await.map_err(refused)?;
        let operation = ended(app, &begun.operation).await?;
        if operation.state == OperationState::Succeeded {
            runtime(app, name, Status::Available).await?;
            return Ok(port);
        }
        last = operation.problem;
    }
    Err(PartError::new(format!("{name} could not be added: {last:#?}")))
}

fn states(series: &Series) -> Vec<MemberState> {
    series.members.iter().map(|member| member.state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_version_is_tried_once_and_what_the_person_chose_decides_about_the_others()
-> PartResult<()> {
    use MemberState::{Failed, NotStarted, Skipped, Updated};
    let fleet = Fleet::start().await?;
    let stop = Rules { parallel: 1, on_failure: OnFailure::Stop, cancel_runs: false };

    // Stop at the first failure: nobody else is touched.
    let bad = "20240501.v1";
    fleet.registry.push(&bad_runtime(bad, Bad::ExitsAtOnce)?, TEAM, bad)?;
    fleet.registry.push(&small_runtime("20240429.v8")?.padded(1)?, OTHER, "20240429.v8")?;
    let begin = now();
    let series = fleet.update_all(stop).await?;
    assert_eq!(states(&series), [Failed, Skipped, NotStarted, NotStarted], "{series:#?}");
    assert_eq!(series.end, Some(SeriesEnd::AfterFailure));
    assert_eq!(fleet.versions().await?, [OLD; 4]);
    fleet.is_tidy()?;
    let made = fleet.created_since(begin)?;
    assert!(made.iter().any(|name| name == "a-team.candidate"), "{made:?}");
    assert!(made.iter().all(|name| name.starts_with("a-team")), "others were touched: {made:?}");

    // It is passed over from now on. Another bad one; those that can go on do.
    let bad = "20240502.v1";
    fleet.registry.push(&bad_runtime(bad, Bad::ExitsAtOnce)?, TEAM, bad)?;
    let begin = now();
    let series = fleet.update_all(Rules { on_failure: OnFailure::GoOn, ..stop }).await?;
    assert_eq!(states(&series), [Failed, Skipped, Updated, Updated], "{series:#?}");
    let note = series.members[1].note.as_deref();
    assert_eq!(note, Some("20240502.v1 did not work on a-team, so it was not tried here."));
    assert_eq!(fleet.versions().await?, [OLD, OLD, "20240429.v8", "20240429.v8"]);
    fleet.is_tidy()?;
    let made = fleet.created_since(begin)?;
    assert!(made.iter().all(|name| !name.starts_with("b-team")), "it was tried again: {made:?}");
    for pair in fleet.updates().await?.windows(2) {
        assert!(pair[0].finished.is_some_and(|end| end <= pair[1].started), "two at a time");
    }

    // A good one, older than the bad ones, is what is offered; the first proves it for the other.
    fleet.registry.push(&small_runtime("20240430.v1")?.padded(1)?, TEAM, "20240430.v1")?;
    let preview = fleet.preview().await?;
    let offered: Vec<_> = preview.candidates.iter().map(|one| one.to.as_str()).collect();
    assert_eq!(offered, ["20240430.v1", "20240430.v1"]);
    let series = fleet.update_all(Rules { parallel: 2, ..stop }).await?;
    assert_eq!(states(&series), [Updated, Updated], "{series:#?}");
    let versions = ["20240430.v1", "20240430.v1", "20240429.v8", "20240429.v8"];
    assert_eq!(fleet.versions().await?, versions);
    assert!(fleet.preview().await?.candidates.is_empty());
    fleet.is_tidy()
}
