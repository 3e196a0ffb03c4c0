//! An engine whose linked containers are told of as runtimes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    build::BuildEvent,
    compute::{ComputeId, EngineFacts},
    container::{Container, EngineEvent, LocalImage, Neighbour},
    disk::DiskUsage,
    image::{ImageReference, Platform},
    label,
    pull::PullEvent,
    secret::Login,
    usage::Usage,
};
use engine::{
    BuildRequest, ContextStream, Engine, EngineError, ExecAs, ExecOutput, LogBatch, LogLine,
    LogRequest,
};
use futures_util::{StreamExt as _, stream::BoxStream};
use serde_json::Value;

use super::Links;

pub(super) struct Linked {
    engine: Arc<dyn Engine>,
    compute: ComputeId,
    links: Links,
}

impl Linked {
    pub fn new(engine: Arc<dyn Engine>, compute: ComputeId, links: Links) -> Self {
        Self { engine, compute, links }
    }

    /// The container with the labels of a runtime, when it is linked and has none of its own.
    fn with_labels(&self, mut container: Container) -> Container {
        if !container.labels.contains_key(label::RUNTIME)
            && let Some(link) = self.links.of(&container.id)
        {
            link.write(&mut container.labels);
        }
        container
    }
}

#[async_trait]
impl Engine for Linked {
    fn facts(&self) -> &EngineFacts {
        self.engine.facts()
    }

    async fn managed(&self) -> Result<Vec<Container>, EngineError> {
        let mut all = self.engine.managed().await?;
        for link in self.links.on(&self.compute) {
            match self.engine.inspect(&link.container).await {
                Ok(container) => all.push(self.with_labels(container)),
                // Somebody removed it, or made it anew under another id: the link is lost.
                Err(EngineError::NotFound(_)) => self.links.drop(&link.container).await,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn inspect(&self, container: &str) -> Result<Container, EngineError> {
        self.engine.inspect(container).await.map(|container| self.with_labels(container))
    }

    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        let links = self.links.clone();
        let events = self.engine.events().await;
        events
            .map(move |event| {
                event.map(|mut event| {
                    if event.subject == "container"
                        && let Some(link) = links.of(&event.id)
                    {
                        link.write(&mut event.labels);
                    }
                    event
                })
            })
            .boxed()
    }

    async fn ping(&self) -> Result<(), EngineError> {
        self.engine.ping().await
    }

    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError> {
        self.engine.neighbours().await
    }

    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        self.engine.create(name, body).await
    }

    async fn start(&self, container: &str) -> Result<(), EngineError> {
        self.engine.start(container).await
    }

    async fn stop(&self, container: &str, grace: Duration) -> Result<(), EngineError> {
        self.engine.stop(container, grace).await
    }

    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError> {
        self.engine.remove(container, force, volumes).await
    }

    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        self.engine.rename(container, name).await
    }

    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError> {
        self.engine.set_restart_policy(container, policy).await
    }

    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        self.engine.connect_network(network, container, endpoint).await
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>> {
        self.engine.pull(reference, platform, login, idle).await
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
        self.engine.tag(image, reference).await
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        self.engine.remove_image(reference).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.engine.remove_volume(name).await
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
