//! Docker, and Podman through its Docker-compatible service.
//!
//! The typed client (bollard) agrees on the API version and does what has nothing to lose; [`wire`]
//! does the rest.

mod build;
mod build_kit;
pub(crate) mod convert;
mod events;
mod exec;
mod files;
mod lines;
mod logs;
mod pull;
mod refusal;
mod session;
mod stats;
mod unhurried;
mod wire;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use bollard::{ClientVersion, Docker, query_parameters as options};
use domain::{
    build::{BuildEvent, Builder},
    compute::{self, ComputeAddress, EngineFacts, FoundCompute, Unreachable},
    container::{Container, EngineEvent, LocalImage, Neighbour},
    disk::DiskUsage,
    image::{ImageReference, Platform},
    label,
    pull::PullEvent,
    secret::Login,
    usage::Usage,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    BuildRequest, ContextStream, Engine, EngineError, ExecAs, ExecOutput, LogBatch, LogLine,
    LogRequest, discovery,
};
use convert::Dialect;
use wire::{Call, Wire, path, query};

/// The newest API whose answers were looked at; a newer engine is spoken to in this one.
const NEWEST_API: (u32, u32) = (1, 47);
/// How long an engine may take to say who it is.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long an ordinary answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// How long creating, starting and removing may take: a busy disk copies a volume's first content,
/// sets a network up or deletes many files meanwhile, and giving up would not end it.
const WORK_LIMIT: Duration = Duration::from_secs(180);
/// How many containers or images are looked at at once.
const AT_ONCE: usize = 8;

/// An engine behind a Unix socket.
pub struct DockerEngine {
    facts: EngineFacts,
    socket: String,
    wire: Wire,
    typed: Docker,
}

impl DockerEngine {
    /// Connects to a compute that was found, and agrees on an API version. Whether such an engine
    /// can host a runtime is for the caller to ask (`domain::compute::can_host`).
    pub async fn connect(compute: &FoundCompute) -> Result<Self, EngineError> {
        if let Some(name) = discovery::unknown_context(compute) {
            return Err(Unreachable::UnknownContext { name: name.to_owned() }.into());
        }
        let socket = match &compute.address {
            ComputeAddress::Socket { path } => path.clone(),
            ComputeAddress::NotSupported { url } => {
                return Err(Unreachable::NotSupportedYet { url: url.clone() }.into());
            }
        };
        let wire = Wire::new(&socket);
        // The first question goes over the wire: its errors say exactly why a socket refuses.
        let version = wire.json(Call::get("/version"), CONNECT_LIMIT).await?;
        let spoken = spoken_version(convert::text(&version, "/ApiVersion"))?;
        let typed = Docker::connect_with_unix(&socket, ANSWER_LIMIT.as_secs(), &spoken)
            .map_err(|error| refusal::client(Path::new(&socket), &error))?;
        let wire = wire.speaking(spoken);
        let info = wire.json(Call::get("/info"), CONNECT_LIMIT).await?;
        let builder = wire.header("/_ping", "builder-version", CONNECT_LIMIT).await?;
        Ok(Self { facts: convert::facts(&version, &info, &builder), socket, wire, typed })
    }

    fn refused(&self, error: &bollard::errors::Error) -> EngineError {
        refusal::client(Path::new(&self.socket), error)
    }

    fn dialect(&self) -> Dialect {
        if self.facts.is_podman { Dialect::Podman } else { Dialect::Docker }
    }

    async fn get(&self, path: String) -> Result<Value, EngineError> {
        self.wire.json(Call::get(path), ANSWER_LIMIT).await
    }

    async fn inspect_raw(&self, container: &str) -> Result<Value, EngineError> {
        self.get(format!("/containers/{}/json", path(container))).await
    }

    /// Looks at several things at once; those that vanished meanwhile are left out.
    async fn look_at<'a, T: Send>(
        &'a self,
        paths: Vec<String>,
        convert: impl Fn(Value) -> T + Send + Sync + Copy + 'a,
    ) -> Result<Vec<T>, EngineError> {
        stream::iter(paths)
            .map(|path| async move {
                match self.get(path).await {
                    Ok(raw) => Ok(Some(convert(raw))),
                    Err(EngineError::NotFound(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffered(AT_ONCE)
            .try_filter_map(|found| async { Ok(found) })
            .try_collect()
            .await
    }

    /// Paths that inspect each container of a list.
    async fn container_paths(&self, filters: Option<Value>) -> Result<Vec<String>, EngineError> {
        let filters = filters.map(|filters| filters.to_string());
        let mut pairs = vec![("all", "1")];
        pairs.extend(filters.as_deref().map(|filters| ("filters", filters)));
        let listed = self.get(format!("/containers/json{}", query(&pairs))).await?;
        Ok(listed
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| format!("/containers/{}/json", path(convert::text(item, "/Id"))))
            .collect())
    }

    /// Podman calls an image that no registry gave `localhost/x`, where Docker calls it `x`, which
    /// in full is `docker.io/library/x`.
    fn local_name(&self, reference: &str) -> Option<String> {
        let name = reference.strip_prefix("docker.io/library/").or_else(|| {
            (!reference.contains('/') && !reference.starts_with("sha256:")).then_some(reference)
        })?;
        self.facts.is_podman.then(|| format!("localhost/{name}"))
    }

    /// The wait for the end of a removal that somebody else began.
    async fn wait_until_removed(&self, container: &str) -> Result<(), EngineError> {
        let asked = format!("/containers/{}/wait?condition=removed", path(container));
        match self.wire.call(Call::post(asked, None), WORK_LIMIT).await {
            Ok(_) | Err(EngineError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The version that both sides speak: the engine's, or ours where the engine is newer.
fn spoken_version(engines: &str) -> Result<ClientVersion, EngineError> {
    let (major, minor) = compute::api_version(engines).ok_or_else(|| Unreachable::Other {
        reason: format!("\"{engines}\" is not a version of Docker's API"),
    })?;
    let (major_version, minor_version) = NEWEST_API.min((major, minor));
    Ok(ClientVersion {
        major_version: major_version as usize,
        minor_version: minor_version as usize,
    })
}

/// `NotFound` is what was wanted.
fn gone_is_fine<T>(result: Result<T, EngineError>) -> Result<(), EngineError> {
    match result {
        Ok(_) | Err(EngineError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Engine for DockerEngine {
    fn facts(&self) -> &EngineFacts {
        &self.facts
    }

    async fn ping(&self) -> Result<(), EngineError> {
        self.wire.call(Call::get("/_ping"), CONNECT_LIMIT).await.map(|_| ())
    }

    async fn managed(&self) -> Result<Vec<Container>, EngineError> {
        let paths = self.container_paths(Some(json!({"label": [label::RUNTIME]}))).await?;
        let dialect = self.dialect();
        self.look_at(paths, |raw| convert::container(raw, dialect)).await
    }

    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError> {
        let paths = self.container_paths(None).await?;
        let dialect = self.dialect();
        self.look_at(paths, |raw| convert::neighbour(raw, dialect)).await
    }

    async fn inspect(&self, container: &str) -> Result<Container, EngineError> {
        let raw = self.inspect_raw(container).await?;
        Ok(convert::container(raw, self.dialect()))
    }

    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        let mut pairs = vec![("name", name)];
        // Not a field of the body, but of the query: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
        pairs.extend(
            body.get("Platform").and_then(Value::as_str).map(|platform| ("platform", platform)),
        );
        let asked = format!("/containers/create{}", query(&pairs));
        let mut answer = self.wire.json(Call::post(&asked, Some(body)), WORK_LIMIT).await;
        let local =
            body.get("Image").and_then(Value::as_str).and_then(|image| self.local_name(image));
        if let (Err(EngineError::NotFound(_)), Some(local)) = (&answer, local) {
            let mut body = body.clone();
            body["Image"] = Value::String(local);
            answer = self.wire.json(Call::post(&asked, Some(&body)), WORK_LIMIT).await;
        }
        let answer = answer?;
        for warning in convert::list(&answer, "/Warnings").filter_map(Value::as_str) {
            tracing::info!(name, warning, "the engine warned when a container was created");
        }
        Ok(convert::text(&answer, "/Id").to_owned())
    }

    async fn start(&self, container: &str) -> Result<(), EngineError> {
        let asked = format!("/containers/{}/start", path(container));
        self.wire.call(Call::post(asked, None), WORK_LIMIT).await.map(|_| ())
    }

    async fn stop(&self, container: &str, grace: Duration) -> Result<(), EngineError> {
        // A part of a second would become 0, which means "kill at once".
        let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
        let asked = format!("/containers/{}/stop?t={seconds}", path(container));
        let limit = Duration::from_secs(seconds) + ANSWER_LIMIT;
        if self.facts.is_podman {
            // Podman does not stop what stands still.
            let raw = self.inspect_raw(container).await?;
            if convert::text(&raw, "/State/Status") == "paused" {
                let asked = format!("/containers/{}/unpause", path(container));
                self.wire.call(Call::post(asked, None), ANSWER_LIMIT).await?;
            }
        }
        self.wire.call(Call::post(asked, None), limit).await.map(|_| ())
    }

    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError> {
        let flag = |on: bool| if on { "1" } else { "0" };
        let asked = query(&[("force", flag(force)), ("v", flag(volumes))]);
        let asked = format!("/containers/{}{asked}", path(container));
        match self.wire.call(Call::delete(asked), WORK_LIMIT).await {
            Err(EngineError::Conflict(words)) if words.contains("already in progress") => {
                self.wait_until_removed(container).await
            }
            other => gone_is_fine(other),
        }
    }

    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        let asked = options::RenameContainerOptions { name: name.to_owned() };
        self.typed.rename_container(container, asked).await.map_err(|error| self.refused(&error))
    }

    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError> {
        let body = json!({"RestartPolicy": policy});
        let asked = format!("/containers/{}/update", path(container));
        match self.wire.call(Call::post(asked, Some(&body)), ANSWER_LIMIT).await {
            // Either the container is not there, or (Podman 4) nothing answers at this address.
            Err(EngineError::NotFound(_)) => {
                self.inspect_raw(container).await?;
                Err(EngineError::NotSupported(format!(
                    "{} {} cannot change the restart policy of a container.",
                    self.facts.engine, self.facts.version
                )))
            }
            other => other.map(|_| ()),
        }
    }

    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        // Docker takes a network that does not exist for a container that does not run, and then
        // refuses to start it.
        self.get(format!("/networks/{}", path(network))).await?;
        let body = json!({"Container": container, "EndpointConfig": endpoint});
        let asked = format!("/networks/{}/connect", path(network));
        self.wire.call(Call::post(asked, Some(&body)), ANSWER_LIMIT).await.map(|_| ())
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>> {
        pull::pull(self.wire.clone(), reference, platform, login, idle)
    }

    async fn build(
        &self,
        request: &BuildRequest,
        context: ContextStream,
    ) -> BoxStream<'static, Result<BuildEvent, EngineError>> {
        build::build(self.wire.clone(), self.facts.builder, request, context)
    }

    async fn image(&self, reference: &str) -> Result<LocalImage, EngineError> {
        let mut answer = self.get(format!("/images/{}/json", path(reference))).await;
        if let (Err(EngineError::NotFound(_)), Some(local)) = (&answer, self.local_name(reference))
        {
            answer = self.get(format!("/images/{}/json", path(&local))).await;
        }
        answer.map(|raw| convert::image(&raw))
    }

    async fn images(&self) -> Result<Vec<LocalImage>, EngineError> {
        let listed = self.get("/images/json".into()).await?;
        let ids: Vec<String> = listed
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| format!("/images/{}/json", path(convert::text(item, "/Id"))))
            .collect();
        self.look_at(ids, |raw| convert::image(&raw)).await
    }

    async fn tag(&self, image: &str, reference: &ImageReference) -> Result<(), EngineError> {
        let asked = options::TagImageOptions {
            repo: Some(reference.repository.to_string()),
            tag: Some(reference.tag_or_latest().to_owned()),
        };
        self.typed.tag_image(image, Some(asked)).await.map_err(|error| self.refused(&error))
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        let asked = format!("/images/{}", path(reference));
        let mut answer = self.wire.call(Call::delete(asked), ANSWER_LIMIT).await;
        if let (Err(EngineError::NotFound(_)), Some(local)) = (&answer, self.local_name(reference))
        {
            let asked = format!("/images/{}", path(&local));
            answer = self.wire.call(Call::delete(asked), ANSWER_LIMIT).await;
        }
        answer.map(|_| ())
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let asked = format!("/volumes/{}", path(name));
        self.wire.call(Call::delete(asked), ANSWER_LIMIT).await.map(|_| ())
    }

    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        events::events(&self.wire).await
    }

    async fn usage(&self, container: &str) -> BoxStream<'static, Result<Usage, EngineError>> {
        stats::usage(self.wire.clone(), container, self.dialect())
    }

    async fn log_batches(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogBatch, EngineError>> {
        logs::batches(self.wire.clone(), container, request)
    }

    async fn logs(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        logs::logs(self.wire.clone(), container, request)
    }

    async fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.exec_as(container, command, &ExecAs::default(), limit).await
    }

    async fn exec_as(
        &self,
        container: &str,
        command: &[String],
        who: &ExecAs,
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        timeout(limit, exec::exec(&self.typed, container, command, who))
            .await
            .map_err(|_| EngineError::Silent(limit.as_secs()))?
            .map_err(|error| self.refused(&error))
    }

    async fn processes(&self, container: &str) -> Result<Vec<String>, EngineError> {
        // Docker runs the machine's own `ps`; Podman would look for one inside the container unless
        // it is asked for columns of its own, and answers with nothing for one that does not run.
        let columns = if self.facts.is_podman { "?ps_args=pid,args&stream=false" } else { "" };
        let asked = format!("/containers/{}/top{columns}", path(container));
        let answer = self.wire.call(Call::get(asked), ANSWER_LIMIT).await?;
        if answer.is_empty() {
            return Err(EngineError::Conflict(format!("The container {container} does not run.")));
        }
        convert::processes(&answer)
    }

    async fn clear_build_cache(&self) -> Result<u64, EngineError> {
        if self.facts.builder == Builder::Podman {
            return Ok(0);
        }
        let asked = Call::post("/build/prune?all=1", None);
        let answer = self.wire.json(asked, WORK_LIMIT).await?;
        Ok(answer.get("SpaceReclaimed").and_then(Value::as_u64).unwrap_or(0))
    }

    fn files(&self) -> &dyn crate::Files {
        self
    }

    async fn disk_usage(&self) -> Result<DiskUsage, EngineError> {
        let raw = self.wire.json(Call::get("/system/df"), WORK_LIMIT).await?;
        Ok(convert::disk_usage(&raw))
    }

    async fn free_disk(&self) -> Result<Option<u64>, EngineError> {
        let folder = self.facts.data_root.clone();
        // A disk that hangs (a network file system) must not hold up everything else.
        let asked = tokio::task::spawn_blocking(move || free_bytes(&folder));
        match timeout(CONNECT_LIMIT, asked).await {
            Ok(Ok(free)) => Ok(free),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    async fn kernel_on_memory(&self, container: &Container) -> Option<String> {
        if !self.facts.is_podman {
            return None;
        }
        crate::kernel_log::ended_for_memory(&container.id, container.finished?).await
    }

    async fn clock(&self) -> Result<Option<jiff::Timestamp>, EngineError> {
        let info = self.get("/info".to_owned()).await?;
        Ok(convert::text(&info, "/SystemTime").parse().ok())
    }
}

/// Free bytes for ordinary users on the disk of a folder; `None` when it is not on this machine
/// (an engine in a virtual machine) or must not be looked at.
fn free_bytes(folder: &str) -> Option<u64> {
    if folder.is_empty() || !Path::new(folder).is_dir() {
        return None;
    }
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// A stream of one error.
fn failed<T: Send + 'static>(error: EngineError) -> BoxStream<'static, Result<T, EngineError>> {
    stream::once(async { Err(error) }).boxed()
}

#[cfg(test)]
mod tests;
