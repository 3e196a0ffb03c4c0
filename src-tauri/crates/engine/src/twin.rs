//! An engine in memory that obeys the rules of the real ones.
//!
//! For tests of the use cases. It passes the same contract suite as Docker and Podman, and can be
//! told to misbehave: images that exit, pulls that stall, the Nth call of a kind that fails, an
//! engine that goes away. No container of it serves anything; health is the executor twin's part.

mod calls;
mod files;
mod hands;
mod images;
mod lifecycle;
mod shape;
mod streams;
mod world;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    build::{BuildEvent, Builder},
    compute::EngineFacts,
    container::{Container, EngineEvent, LocalImage, Neighbour},
    disk::{CacheDisk, DiskUsage, ImageDisk},
    image::{Digest, ImageReference, Platform},
    label,
    pull::PullEvent,
    secret::Login,
    usage::Usage,
};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    BuildRequest, ContextStream, Engine, EngineError, ExecAs, ExecOutput, LogLine, LogRequest,
    LogSource,
    docker::convert::{Dialect, container, neighbour},
};
pub use calls::{Call, Fault};
pub use hands::Hand;
pub use images::{Behaviour, BuildScript, PullEnd, PullScript, TwinImage};
use world::World;

/// The engine. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct TwinEngine {
    facts: Arc<EngineFacts>,
    world: Arc<Mutex<World>>,
    changed: Arc<watch::Sender<()>>,
}

impl Default for TwinEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl TwinEngine {
    /// A Docker engine with nothing on it.
    pub fn new() -> Self {
        let facts = EngineFacts {
            engine: "Docker Engine".into(),
            version: "20.10.24".into(),
            api_version: "1.41".into(),
            architecture: "amd64".into(),
            operating_system: "linux".into(),
            cpus: 2,
            memory: 8 << 30,
            engine_id: "twin".into(),
            data_root: "/var/lib/docker".into(),
            swarm_worker_without_control: false,
            is_podman: false,
            builder: Builder::BuildKit,
        };
        Self::with_facts(facts)
    }

    /// A Podman 4: it cannot change a restart policy.
    pub fn podman() -> Self {
        let mut facts = EngineFacts::clone(&Self::new().facts);
        facts.engine = "Podman".into();
        facts.builder = Builder::Podman;
        facts.version = "4.3.1".into();
        facts.engine_id = String::new();
        facts.is_podman = true;
        Self::with_facts(facts)
    }

    /// An engine that says this of itself.
    pub fn with_facts(facts: EngineFacts) -> Self {
        Self {
            facts: Arc::new(facts),
            world: Arc::new(Mutex::new(World::new())),
            changed: Arc::new(watch::Sender::new(())),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked elsewhere says so itself.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: recorded, refused if a fault waits for it, and otherwise done.
    fn act<T>(
        &self,
        call: Call,
        subject: &str,
        work: impl FnOnce(&mut World) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let result = {
            let mut world = self.world();
            for hand in world.calls.hands_at(call) {
                world.by_hand(hand);
            }
            let lost = match world.calls.begin(call, subject) {
                Ok(lost) => lost,
                Err(error) => {
                    if world.calls.unreachable {
                        world.listeners.clear();
                    }
                    return Err(error);
                }
            };
            let done = work(&mut world);
            if lost { Err(calls::gone()) } else { done }
        };
        self.changed.send_replace(());
        result
    }

    /// Something that happens without a call.
    fn happen<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        let done = work(&mut self.world());
        self.changed.send_replace(());
        done
    }

    /// Puts an image on the engine, as if pulled before. The reference may be short (`small:1`).
    pub fn add_image(&self, reference: &str, image: TwinImage) -> LocalImage {
        self.happen(|world| world.images.add(reference, image))
    }

    /// Puts an image into a registry; a pull of this reference (or of the image's digest in the same
    /// repository) then goes as the script says. Answers the digest.
    pub fn offer(&self, reference: &str, image: TwinImage, script: PullScript) -> Digest {
        self.happen(|world| world.images.offer(reference, image, script))
    }

    /// The next build goes so; several wait for their turn. Without one a build makes an image that
    /// serves.
    pub fn will_build(&self, script: BuildScript) {
        self.happen(|world| world.builds.push_back(script));
    }

    /// From now on pulls of this repository need this login.
    pub fn demand_login(&self, repository: &str, login: Login) {
        self.happen(|world| world.images.demand_login(repository, login));
    }

    /// Gives the engine one more network.
    pub fn add_network(&self, name: &str) {
        self.happen(|world| world.networks.insert(name.to_owned()));
    }

    /// Some other program of the machine listens on this port.
    pub fn hold_port(&self, port: u16) {
        self.happen(|world| world.held_ports.insert(port));
    }

    /// That other program is gone.
    pub fn free_port(&self, port: u16) {
        self.happen(|world| world.held_ports.remove(&port));
    }

    /// How many bytes of disk are free; `None` = cannot be told.
    pub fn set_free_disk(&self, bytes: Option<u64>) {
        self.happen(|world| world.free_disk = bytes);
    }

    /// The `nth` call of this kind from now on (1 = the next) meets this fault.
    pub fn fail(&self, call: Call, nth: usize, fault: Fault) {
        self.happen(|world| world.calls.plan(call, nth, fault));
    }

    /// Does this at the moment of the `nth` call of this kind from now on, before the call itself.
    /// It must not ask this engine anything.
    pub fn at_call(&self, call: Call, nth: usize, then: impl FnOnce() + Send + 'static) {
        self.happen(|world| world.calls.wait(call, nth, Box::new(then)));
    }

    /// Somebody does this right before the `nth` call of this kind from now on.
    pub fn by_hand_at(&self, call: Call, nth: usize, hand: Hand) {
        self.happen(|world| world.calls.hand(call, nth, hand));
    }

    /// Somebody does this now.
    pub fn by_hand(&self, hand: Hand) {
        self.happen(|world| world.by_hand(hand));
    }

    /// Whether the engine went away.
    pub fn is_unreachable(&self) -> bool {
        self.world().calls.unreachable
    }

    /// Every container in full. That is no call: nothing is recorded, and no fault meets it.
    pub fn seen(&self) -> Vec<Container> {
        let world = self.world();
        (0..world.containers.len())
            .map(|at| container(world.inspected(at), Dialect::Docker))
            .collect()
    }

    /// The engine goes away (every call fails, event streams end), or comes back.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.happen(|world| {
            world.calls.unreachable = unreachable;
            if unreachable {
                world.listeners.clear();
            }
        });
    }

    /// Calls that change something, in their order, with what they were about.
    pub fn changes(&self) -> Vec<(Call, String)> {
        self.calls().into_iter().filter(|(call, _)| call.changes_something()).collect()
    }

    /// Every call so far, with what it was about (`old -> new` for a rename).
    pub fn calls(&self) -> Vec<(Call, String)> {
        self.world().calls.made.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.world().calls.made.clear();
    }

    /// Names of all containers with their state, by name: what `docker ps -a` shows.
    pub fn containers(&self) -> BTreeMap<String, domain::container::ContainerState> {
        let world = self.world();
        world.containers.iter().map(|item| (item.name.clone(), item.state)).collect()
    }

    /// Names of all volumes.
    pub fn volumes(&self) -> Vec<String> {
        self.world().volumes.iter().cloned().collect()
    }

    /// The container's main process ends by itself.
    pub fn end_process(&self, container: &str, exit_code: i64) -> Result<(), EngineError> {
        self.happen(|world| {
            let at = world.position(container)?;
            world.process_ends(at, exit_code);
            Ok(())
        })
    }

    /// The system ends a process inside for memory; the main one goes on.
    pub fn end_for_memory(&self, container: &str) -> Result<(), EngineError> {
        self.happen(|world| {
            let at = world.position(container)?;
            world.tell_container(at, "oom", &[]);
            Ok(())
        })
    }

    /// The container writes a line.
    pub fn write_log(
        &self,
        container: &str,
        source: LogSource,
        text: &str,
    ) -> Result<(), EngineError> {
        self.happen(|world| {
            let at = world.position(container)?;
            world.containers[at].log(source, text);
            Ok(())
        })
    }
}

#[async_trait]
impl Engine for TwinEngine {
    fn facts(&self) -> &EngineFacts {
        &self.facts
    }

    async fn ping(&self) -> Result<(), EngineError> {
        self.act(Call::Ping, "", |_| Ok(()))
    }

    async fn managed(&self) -> Result<Vec<Container>, EngineError> {
        self.act(Call::Managed, "", |world| {
            let all = (0..world.containers.len())
                .map(|at| container(world.inspected(at), Dialect::Docker));
            Ok(all.filter(|item| item.labels.contains_key(label::RUNTIME)).collect())
        })
    }

    async fn neighbours(&self) -> Result<Vec<Neighbour>, EngineError> {
        self.act(Call::Neighbours, "", |world| {
            Ok((0..world.containers.len())
                .map(|at| neighbour(world.inspected(at), Dialect::Docker))
                .collect())
        })
    }

    async fn inspect(&self, name: &str) -> Result<Container, EngineError> {
        self.act(Call::Inspect, name, |world| {
            let at = world.position(name)?;
            Ok(container(world.inspected(at), Dialect::Docker))
        })
    }

    async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        self.act(Call::Create, name, |world| world.create(name, body))
    }

    async fn start(&self, container: &str) -> Result<(), EngineError> {
        let subject = self.world().shown_name(container);
        self.act(Call::Start, &subject, |world| world.start(container))
    }

    async fn stop(&self, container: &str, _grace: Duration) -> Result<(), EngineError> {
        let subject = self.world().shown_name(container);
        self.act(Call::Stop, &subject, |world| world.stop(container))
    }

    async fn remove(&self, container: &str, force: bool, volumes: bool) -> Result<(), EngineError> {
        let subject = self.world().shown_name(container);
        self.act(Call::Remove, &subject, |world| world.remove(container, force, volumes))
    }

    async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        let subject = format!("{} -> {name}", self.world().shown_name(container));
        self.act(Call::Rename, &subject, |world| world.rename(container, name))
    }

    async fn set_restart_policy(&self, container: &str, policy: &Value) -> Result<(), EngineError> {
        let subject = self.world().shown_name(container);
        let words = "Podman 4.3.1 cannot change the restart policy of a container.";
        self.act(Call::SetRestartPolicy, &subject, |world| {
            let at = world.position(container)?;
            if self.facts.is_podman {
                return Err(EngineError::NotSupported(words.to_owned()));
            }
            world.set_restart_policy(at, policy);
            Ok(())
        })
    }

    async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        let subject = format!("{} to {network}", self.world().shown_name(container));
        self.act(Call::ConnectNetwork, &subject, |world| {
            world.connect_network(network, container, endpoint)
        })
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
        idle: Duration,
    ) -> BoxStream<'static, Result<PullEvent, EngineError>> {
        let found = self.act(Call::Pull, &reference.to_string(), |world| {
            world.images.offered(reference, platform, login)
        });
        match found {
            Ok(found) => streams::pull(self.clone(), reference.clone(), found, idle),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn build(
        &self,
        request: &BuildRequest,
        context: ContextStream,
    ) -> BoxStream<'static, Result<BuildEvent, EngineError>> {
        match self.act(Call::Build, &request.name.to_string(), |world| Ok(world.builds.pop_front()))
        {
            Ok(script) => {
                let script = script.unwrap_or_else(|| BuildScript::makes(TwinImage::new("built")));
                streams::build(self.clone(), request.clone(), script, context)
            }
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn image(&self, reference: &str) -> Result<LocalImage, EngineError> {
        self.act(Call::Image, reference, |world| world.images.find(reference))
    }

    async fn images(&self) -> Result<Vec<LocalImage>, EngineError> {
        self.act(Call::Images, "", |world| Ok(world.images.all()))
    }

    async fn tag(&self, image: &str, reference: &ImageReference) -> Result<(), EngineError> {
        self.act(Call::Tag, &reference.to_string(), |world| world.images.tag(image, reference))
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        self.act(Call::RemoveImage, reference, |world| world.remove_image(reference))
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.act(Call::RemoveVolume, name, |world| world.remove_volume(name))
    }

    async fn events(&self) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        match self.act(Call::Events, "", |world| Ok(world.listen())) {
            Ok(receiver) => streams::events(receiver),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn usage(&self, container: &str) -> BoxStream<'static, Result<Usage, EngineError>> {
        match self.act(Call::Usage, container, |world| world.position(container)) {
            Ok(_) => streams::usage(self.clone(), container.to_owned()),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn logs(
        &self,
        container: &str,
        request: LogRequest,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        let id = self.act(Call::Logs, container, |world| {
            let at = world.position(container)?;
            Ok(world.containers[at].id.clone())
        });
        match id {
            Ok(id) => streams::logs(self.clone(), id, request),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn exec(
        &self,
        container: &str,
        command: &[String],
        _limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.act(Call::Exec, container, |world| world.exec(container, command))
    }

    async fn exec_as(
        &self,
        container: &str,
        command: &[String],
        _who: &ExecAs,
        limit: Duration,
    ) -> Result<ExecOutput, EngineError> {
        self.exec(container, command, limit).await
    }

    async fn processes(&self, container: &str) -> Result<Vec<String>, EngineError> {
        self.act(Call::Processes, container, |world| {
            let at = world.running(container)?;
            Ok(world.behaviour(at).processes)
        })
    }

    async fn clear_build_cache(&self) -> Result<u64, EngineError> {
        self.act(Call::ClearBuildCache, "", |world| Ok(std::mem::take(&mut world.build_cache)))
    }

    fn files(&self) -> &dyn crate::Files {
        self
    }

    async fn disk_usage(&self) -> Result<DiskUsage, EngineError> {
        self.act(Call::DiskUsage, "", |world| {
            let images: Vec<ImageDisk> = world
                .images
                .all()
                .into_iter()
                .map(|image| ImageDisk { id: image.id, size: image.size, shared: Some(0) })
                .collect();
            let cache = world.build_cache;
            Ok(DiskUsage {
                layers: images.iter().map(|image| image.size).sum(),
                images,
                build_cache: (cache > 0).then_some(CacheDisk { size: cache, unused: cache }),
            })
        })
    }

    async fn free_disk(&self) -> Result<Option<u64>, EngineError> {
        self.act(Call::FreeDisk, "", |world| Ok(world.free_disk))
    }

    async fn kernel_on_memory(&self, _container: &Container) -> Option<String> {
        // It has no kernel, and tells by itself who ran out of memory.
        None
    }
}

#[cfg(test)]
mod tests;
