//! One runtime from a repository of its own, and all that is asked about it.

use app::api::{CheckVersion, EnvironmentDraft, Freshness, UpdateRuntime, VersionAnswer};
use app::{App, handlers};
use domain::operation::{Operation, OperationState};
use domain::runtime::{Runtime, Status};
use real_parts::docker::DockerEngine;
use real_parts::headless::{ended, refused, runtime};
use real_parts::{PartError, PartResult};

pub const OLD: &str = "20240111.v2";
pub const NEW: &str = "20240429.v8";

/// A refusal as an error of the test.
/// One runtime from a repository of its own, and all that is asked about it.
pub struct Subject<'a> {
    pub engine: &'a DockerEngine,
    pub app: &'a App,
    /// With its registry.
    pub repository: String,
    pub row: Runtime,
    /// Id and start of the container, as the engine's client tells them.
    serves: String,
}

impl<'a> Subject<'a> {
    /// Runs `image` (of the repository's [`OLD`] version) as a runtime of this name.
    pub async fn run(
        engine: &'a DockerEngine,
        app: &'a App,
        name: &str,
        repository: String,
    ) -> PartResult<Self> {
        let label = |key: &str, value: &str| format!("io.promptflow-runtimes.{key}={value}");
        engine.client(&[
            "run",
            "-d",
            "-p",
            "127.0.0.1::8080",
            "--name",
            name,
            "--label",
            &label("runtime", name),
            "--label",
            &label("generation", "1"),
            &format!("{repository}:{OLD}"),
        ])?;
        let row = runtime(app, name, Status::Available).await?;
        let serves = serves(engine, name)?;
        Ok(Self { engine, app, repository, row, serves })
    }

    pub async fn check(&self) -> PartResult<VersionAnswer> {
        let request = CheckVersion { runtime: self.row.id.clone(), freshness: Freshness::Now };
        let check = handlers::check_version(self.app, request).await.map_err(refused)?.check;
        check.map(|check| check.answer).ok_or_else(|| PartError::new("no answer"))
    }

    pub fn aim(&self, version: Option<&str>) -> EnvironmentDraft {
        EnvironmentDraft::Default {
            repository: Some(self.repository.clone()),
            version: version.map(str::to_owned),
        }
    }

    pub async fn update(
        &self,
        version: Option<&str>,
        shown: Option<String>,
    ) -> PartResult<Operation> {
        let request = UpdateRuntime {
            runtime: self.row.id.clone(),
            environment: self.aim(version),
            confirmed: false,
            cancel_runs: false,
            shown,
        };
        let started = handlers::update_runtime(self.app, request).await.map_err(refused)?;
        ended(self.app, &started.operation).await
    }

    /// The same container serves that served before, and nothing else is there.
    pub async fn stands(&self, told: &str) -> PartResult<()> {
        let name = self.row.name.as_str();
        assert_eq!(serves(self.engine, name)?, self.serves, "{told}: it never stopped");
        let filter = format!("label=io.promptflow-runtimes.runtime={name}");
        let all = self.engine.client(&["ps", "-a", "--format", "{{.Names}}", "-f", &filter])?;
        assert_eq!(all, name, "{told}: nothing is left");
        let images = self.engine.client(&["images", "--format", "{{.Tag}}", &self.repository])?;
        assert_eq!(images, OLD, "{told}: no image is left");
        let answer = reqwest::get(format!("{}/health", self.row.endpoint.as_deref().unwrap_or("")))
            .await
            .map_err(|error| PartError::new(format!("{told}: {error}")))?;
        assert_eq!(answer.status().as_u16(), 200, "{told}: it answers");
        Ok(())
    }

    /// On the healed registry the check finds the new version, and the update brings it.
    pub async fn works_again(&self, told: &str) -> PartResult<()> {
        let answer = self.check().await?;
        assert!(matches!(answer, VersionAnswer::Newer { .. }), "{told}, healed: {answer:#?}");
        let operation = self.update(Some(NEW), None).await?;
        assert_eq!(operation.state, OperationState::Succeeded, "{told}, healed: {operation:#?}");
        let image = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
        let version = self.engine.client(&["inspect", "-f", image, self.row.name.as_str()])?;
        assert_eq!(version, NEW, "{told}, healed");
        Ok(())
    }
}

fn serves(engine: &DockerEngine, name: &str) -> PartResult<String> {
    engine.client(&["inspect", "-f", "{{.Id}} {{.State.StartedAt}} {{.State.Status}}", name])
}
