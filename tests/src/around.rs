//! Something between the application and its engine: each call that changes the engine is seen before
//! it is made and after it was answered, so that a test can act, count or die at that very instant.

use std::sync::Arc;
use std::time::Duration;

use domain::build::BuildEvent;
use domain::compute::EngineFacts;
use domain::container::{Container, EngineEvent, LocalImage, Neighbour};
use domain::disk::DiskUsage;
use domain::image::{ImageReference, Platform};
use domain::pull::PullEvent;
use domain::secret::Login;
use domain::usage::Usage;
use engine::{
    BuildRequest, ContextStream, Engine, EngineError, ExecAs, ExecOutput, LogBatch, LogLine,
    LogRequest,
};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

/// What a call does to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Start,
    Stop,
    Remove,
    Rename,
    SetRestartPolicy,
    ConnectNetwork,
    Pull,
    Tag,
    RemoveImage,
    RemoveVolume,
}

/// One call that changes the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub verb: Verb,
    /// The name of a container that is to be created; otherwise the id or name that the call is about.
    pub about: String,
    /// The name that a container gets by a rename.
    pub new_name: Option<String>,
}

impl Call {
    /// What it does, the same at each run: `create eval.lock`, `rename to eval`, `stop`.
    pub fn name(&self) -> String {
        let word = match self.verb {
            Verb::Create => return format!("create {}", self.about),
            Verb::Rename => {
                return format!("rename to {}", self.new_name.as_deref().unwrap_or_default());
            }
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Remove => "remove",
            Verb::SetRestartPolicy => "set restart policy",
            Verb::ConnectNetwork => "connect network",
            Verb::Pull => "pull",
            Verb::Tag => "tag",
            Verb::RemoveImage => "remove image",
            Verb::RemoveVolume => "remove volume",
        };
        word.to_owned()
    }
}

/// Sees each call that changes the engine.
#[async_trait::async_trait]
pub trait Watcher: Send + Sync {
    /// Right before it is made. An error is answered in its place, and the call is not made.
    async fn before(&self, _call: &Call) -> Result<(), EngineError> {
        Ok(())
    }

    /// Right after it was answered. `created` is the id of a container that was made.
    async fn after(&self, _call: &Call, _created: Option<&str>) {}

    /// A pull told something: bytes have come, and it has not ended.
    async fn in_pull(&self) {}
}

/// The engine with this watcher before it.
pub fn watched(engine: Arc<dyn Engine>, watcher: Arc<dyn Watcher>) -> Arc<dyn Engine> {
    Arc::new(Around { engine, watcher })
}

struct Around {
    engine: Arc<dyn Engine>,
    watcher: Arc<dyn Watcher>,
}

impl Around {
    async fn seen<T>(
        &self,
        verb: Verb,
        about: &str,
        made: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let call = Call { verb, about: about.to_owned(), new_name: None };
        self.watcher.before(&call).await?;
        let answer = made.await;
        self.watcher.after(&call, None).await;
        answer
    }
}

#[async_trait::async_trait]
impl Engine for Around {
    fn facts(&self) -> &EngineFacts {
        self.engine.facts()
    }
    async fn ping(&self) -> Result<(), EngineError> {
        self.engine.ping().await
    }
    async fn managed(&self) -> Result<Vec<Container>, EngineError> {
        self.engine.managed().await
    }
    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError> {
        self.engine.neighbours().await
    }
    async fn inspect(&self, container: &str) -> Result<Container, EngineError> {
        self.engine.inspect(container).await
    }
    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        let call = Call { verb: Verb::Create, about: name.to_owned(), new_name: None };
        self.watcher.before(&call).await?;
        let answer = self.engine.create(name, body).await;
        self.watcher.after(&call, answer.as_ref().ok().map(String::as_str)).await;
        answer
    }
    async fn start(&self, container: &str) -> Result<(), EngineError> {
        self.seen(Verb::Start, container, self.engine.start(container)).await
    }
    async fn stop(&self, container: &str, grace: Duration) -> Result<(), EngineError> {
        self.seen(Verb::Stop, container, self.engine.stop(container, grace)).await
    }
    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError> {
        self.seen(Verb::Remove, container, self.engine.remove(container, force, volumes)).await
    }
    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        let call = Call {
            verb: Verb::Rename,
            about: container.to_owned(),
            new_name: Some(name.to_owned()),
        };
        self.watcher.before(&call).await?;
        let answer = self.engine.rename(container, name).await;
        self.watcher.after(&call, None).await;
        answer
    }
    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError> {
        let made = self.engine.set_restart_policy(container, policy);
        self.seen(Verb::SetRestartPolicy, container, made).await
    }
    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        let made = self.engine.connect_network(network, container, endpoint);
        self.seen(Verb::ConnectNetwork, container, made).await
    }
    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>> {
        let call = Call { verb: Verb::Pull, about: reference.to_string(), new_name: None };
        if let Err(error) = self.watcher.before(&call).await {
            return futures_util::stream::once(async { Err(error) }).boxed();
        }
        let stream = self.engine.pull(reference, platform, login, idle).await;
        let (during, at_end) = (self.watcher.clone(), self.watcher.clone());
        let told = stream.then(move |event| {
            let watcher = during.clone();
            async move {
                watcher.in_pull().await;
                event
            }
        });
        let end = futures_util::stream::once(async move { at_end.after(&call, None).await })
            .filter_map(|()| async { None });
        told.chain(end).boxed()
    }
    async fn build(
        &self,
        request: &BuildRequest,
        context: ContextStream,
    ) -> BoxStream<'static, Result<BuildEvent, EngineError>> {
        self.engine.build(request, context).await
    }
    async fn image(&self, reference: &str) -> Result<LocalImage, EngineError> {
        self.engine.image(reference).await
    }
    async fn images(&self) -> Result<Vec<LocalImage>, EngineError> {
        self.engine.images().await
    }
    async fn tag(&self, image: &str, reference: &ImageReference) -> Result<(), EngineError> {
        self.seen(Verb::Tag, image, self.engine.tag(image, reference)).await
    }
    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        self.seen(Verb::RemoveImage, reference, self.engine.remove_image(reference)).await
    }
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.seen(Verb::RemoveVolume, name, self.engine.remove_volume(name)).await
    }
    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        self.engine.events().await
    }
    async fn usage(&self, container: &str) -> BoxStream<'static, Result<Usage, EngineError>> {
        self.engine.usage(container).await
    }
    async fn log_batches(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogBatch, EngineError>> {
        self.engine.log_batches(container, request).await
    }

    async fn logs(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        self.engine.logs(container, request).await
    }
    async fn exec(
        &self,
        container: &str,
        command: &[String],
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.engine.exec(container, command, limit).await
    }
    async fn exec_as(
        &self,
        container: &str,
        command: &[String],
        who: &ExecAs,
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.engine.exec_as(container, command, who, limit).await
    }
    async fn processes(&self, container: &str) -> Result<Vec<String>, EngineError> {
        self.engine.processes(container).await
    }
    async fn clear_build_cache(&self) -> Result<u64, EngineError> {
        self.engine.clear_build_cache().await
    }

    fn files(&self) -> &dyn engine::Files {
        self.engine.files()
    }
    async fn disk_usage(&self) -> Result<DiskUsage, EngineError> {
        self.engine.disk_usage().await
    }
    async fn free_disk(&self) -> Result<Option<u64>, EngineError> {
        self.engine.free_disk().await
    }
    async fn kernel_on_memory(&self, container: &Container) -> Option<String> {
        self.engine.kernel_on_memory(container).await
    }
    async fn clock(&self) -> Result<Option<jiff::Timestamp>, EngineError> {
        self.engine.clock().await
    }
}
