//! What the use cases may ask of an engine.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    build::BuildEvent,
    compute::EngineFacts,
    container::{Container, EngineEvent, LocalImage, Neighbour},
    disk::DiskUsage,
    image::{ImageReference, Platform},
    pull::PullEvent,
    secret::{Login, Secret},
    usage::Usage,
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use serde_json::Value;

use crate::EngineError;

/// One compute's engine. Every call may fail with [`EngineError::Unreachable`].
///
/// Containers are named by id or by name. Nothing here waits without a limit, apart from the streams:
/// dropping a stream ends what it does (a pull is cancelled, a log no longer followed).
#[async_trait]
pub trait Engine: Send + Sync {
    /// What the engine said of itself when it was connected.
    fn facts(&self) -> &EngineFacts;

    /// Asks the engine whether it is there.
    async fn ping(&self) -> Result<(), EngineError>;

    /// All containers, in any state, that carry the label `io.promptflow-runtimes.runtime`.
    /// One that vanishes while it is looked at is left out.
    async fn managed(&self) -> Result<Vec<Container>, EngineError>;

    /// Every container of the engine, as far as names, ports and volumes are concerned.
    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError>;

    /// One container, with the engine's whole answer in [`Container::raw`].
    async fn inspect(&self, container: &str) -> Result<Container, EngineError>;

    /// Creates a container from a raw body (`POST /containers/create`: what is not understood here
    /// is sent all the same) and answers its id. A taken name is [`EngineError::Conflict`].
    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError>;

    /// Starts it; no error when it runs.
    async fn start(&self, container: &str) -> Result<(), EngineError>;

    /// Stops it, with SIGKILL after `grace`; no error when it is stopped.
    async fn stop(&self, container: &str, grace: Duration) -> Result<(), EngineError>;

    /// Removes it. `force` kills it first; `volumes` removes its anonymous volumes too.
    /// No error when it is gone.
    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError>;

    /// Gives it another name; a taken one is [`EngineError::Conflict`].
    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError>;

    /// Changes the restart policy; [`EngineError::NotSupported`] on Podman 4.
    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError>;

    /// Connects a created or running container to a network with this raw `EndpointConfig`.
    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError>;

    /// Pulls an image. The stream ends when the image is there; an error item says that it failed.
    /// A stall longer than `idle` is [`EngineError::Silent`].
    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>>;

    /// Builds an image from the pieces of a tar archive and gives it a name. The stream ends with the
    /// image; an error item says that it failed. It may be silent for long. Dropping it ends the build.
    async fn build(
        &self,
        request: &BuildRequest,
        context: ContextStream,
    ) -> BoxStream<'static, Result<BuildEvent, EngineError>>;

    /// One image, by reference or id, with its layers.
    async fn image(&self, reference: &str) -> Result<LocalImage, EngineError>;

    /// Every image, with its layers.
    async fn images(&self) -> Result<Vec<LocalImage>, EngineError>;

    /// Gives an image one more name.
    async fn tag(&self, image: &str, reference: &ImageReference) -> Result<(), EngineError>;

    /// Removes an image; one in use is [`EngineError::Conflict`].
    async fn remove_image(&self, reference: &str) -> Result<(), EngineError>;

    /// Removes a volume; one that a container mounts is [`EngineError::Conflict`].
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError>;

    /// What happens from now on. The stream ends without an error when the engine goes away.
    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>>;

    /// CPU and memory about once a second while it runs.
    async fn usage(&self, container: &str) -> BoxStream<'static, Result<Usage, EngineError>>;

    /// Lines of its log, oldest first.
    async fn logs(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogLine, EngineError>>;

    /// The same for logs that are long: as it was written, many lines at a time.
    async fn log_batches(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogBatch, EngineError>> {
        let lines = self.logs(container, request).await;
        lines
            .ready_chunks(LogBatch::LINES)
            .flat_map(|lines| {
                let mut batch = LogBatch::default();
                let mut error = None;
                for line in lines {
                    match line {
                        Ok(line) => batch.push(line.source, line.time, line.text.as_bytes()),
                        Err(refused) => error = Some(Err(refused)),
                    }
                }
                let batch = (!batch.lines.is_empty()).then_some(Ok(batch));
                stream::iter(batch.into_iter().chain(error))
            })
            .boxed()
    }

    /// Runs a command inside a running container and waits for its end, at most `limit`.
    async fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecOutput, EngineError>;

    /// The same as somebody else, with variables of its own.
    async fn exec_as(
        &self,
        container: &str,
        command: &[String],
        who: &ExecAs,
        limit: Duration,
    ) -> Result<ExecOutput, EngineError>;

    /// Command lines of the processes inside a running container.
    async fn processes(&self, container: &str) -> Result<Vec<String>, EngineError>;

    /// Removes what the builder keeps of earlier builds and no build uses; answers the bytes that came
    /// free. Nothing is removed where there is no such cache.
    async fn clear_build_cache(&self) -> Result<u64, EngineError>;

    /// Files inside containers.
    fn files(&self) -> &dyn crate::Files;

    /// What images take on disk. May take long on a full engine.
    async fn disk_usage(&self) -> Result<DiskUsage, EngineError>;

    /// Free bytes where images are stored; `None` when that cannot be told from here.
    async fn free_disk(&self) -> Result<Option<u64>, EngineError>;

    /// What the kernel of this machine says of a container that was ended for memory, for an engine that does not
    /// tell it itself; `None` = nothing, or it cannot be seen from here.
    async fn kernel_on_memory(&self, container: &Container) -> Option<String>;

    /// What time it is by the engine's machine; `None` when it does not tell.
    async fn clock(&self) -> Result<Option<jiff::Timestamp>, EngineError> {
        Ok(None)
    }
}

/// Pieces of a tar archive, in order. An error ends the build.
pub type ContextStream = BoxStream<'static, std::io::Result<Bytes>>;

/// What is to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRequest {
    /// What the image is called.
    pub name: ImageReference,
    /// Path of the Dockerfile within the archive.
    pub dockerfile: String,
    pub arguments: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    /// The stage to build; `None` = the last one.
    pub target: Option<String>,
    /// Use nothing of earlier builds.
    pub no_cache: bool,
    /// What steps may mount, by id; only where the [builder](EngineFacts::builder) keeps secrets.
    pub secrets: BTreeMap<String, Secret>,
}

/// Which lines of a log are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRequest {
    /// Only the last so many lines; `None` = all.
    pub tail: Option<u32>,
    /// Go on with new lines until the container ends.
    pub follow: bool,
    /// Only lines from this second on (since 1970); 0 = all.
    pub since: i64,
}

impl LogRequest {
    /// Whether everything is wanted that is there.
    pub fn is_whole(&self) -> bool {
        self.tail.is_none() && !self.follow && self.since == 0
    }
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource {
    Out,
    Error,
}

/// One line of a log. Invalid UTF-8 is replaced; a line longer than 64 KiB is cut and says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub source: LogSource,
    /// When the engine got it; `None` when the engine does not tell.
    pub time: Option<jiff::Timestamp>,
    /// Without the line end.
    pub text: String,
}

/// Lines of a log as they were written: any bytes but line ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogBatch {
    /// The texts of the lines, one after the other.
    pub bytes: Vec<u8>,
    pub lines: Vec<BatchLine>,
}

/// One line of a batch. One longer than 32 MiB is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLine {
    pub source: LogSource,
    /// When the engine got it; `None` when the engine does not tell.
    pub time: Option<jiff::Timestamp>,
    /// Where its text ends in the batch's bytes; it begins where the one before ends.
    pub end: usize,
}

impl LogBatch {
    /// Lines that are handed over together, at most.
    pub const LINES: usize = 4096;

    /// Adds a line.
    pub fn push(&mut self, source: LogSource, time: Option<jiff::Timestamp>, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.lines.push(BatchLine { source, time, end: self.bytes.len() });
    }

    /// Each line with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&BatchLine, &[u8])> {
        let mut begin = 0;
        self.lines
            .iter()
            .map(move |line| (line, &self.bytes[std::mem::replace(&mut begin, line.end)..line.end]))
    }
}

/// As whom a command runs inside a container.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExecAs {
    /// Name or number; `None` = the container's own user.
    pub user: Option<String>,
    /// May hold a login; printing shows the names only.
    pub variables: Vec<(String, String)>,
}

impl std::fmt::Debug for ExecAs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("ExecAs")
            .field("user", &self.user)
            .field("variables", &names)
            .finish()
    }
}

/// What a command inside a container answered. Each text holds at most 8 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecOutput {
    pub exit_code: i64,
    pub out: String,
    pub error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_no_values() {
        let variables = vec![("PIP_INDEX_URL".to_owned(), "https://ann:planted@x".to_owned())];
        let printed = format!("{:?}", ExecAs { user: None, variables });
        assert!(printed.contains("PIP_INDEX_URL") && !printed.contains("planted"), "{printed}");
    }
}
