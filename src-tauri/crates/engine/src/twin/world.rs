//! All that the twin holds.

use std::collections::{BTreeMap, BTreeSet};

use domain::container::{ContainerState, EngineEvent, PublishedPort};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::{
    calls::Calls,
    images::{Behaviour, Images},
};
use crate::{EngineError, LogLine, LogSource};

/// A container of the twin.
pub(super) struct TwinContainer {
    pub id: String,
    pub name: String,
    pub image_id: String,
    /// The body it was created with, unchanged but for the restart policy.
    pub body: Value,
    /// `Config` after merging the image's.
    pub config: Value,
    pub state: ContainerState,
    pub exit_code: i64,
    pub error: String,
    pub created: Timestamp,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub restart_count: u32,
    /// As bound now; empty unless it runs.
    pub bound: Vec<PublishedPort>,
    /// Network → endpoint as asked for.
    pub networks: Map<String, Value>,
    /// `Mounts` as inspect tells them.
    pub mounts: Vec<Value>,
    /// Names of volumes that the engine made for it.
    pub anonymous: Vec<String>,
    pub lines: Vec<LogLine>,
}

impl TwinContainer {
    pub fn log(&mut self, source: LogSource, text: &str) {
        let time = Some(Timestamp::now());
        self.lines.push(LogLine { source, time, text: text.to_owned() });
    }

    pub fn is_running(&self) -> bool {
        matches!(
            self.state,
            ContainerState::Running | ContainerState::Restarting | ContainerState::Paused
        )
    }

    pub fn restart_policy(&self) -> &str {
        match self.body.pointer("/HostConfig/RestartPolicy/Name").and_then(Value::as_str) {
            None | Some("") => "no",
            Some(name) => name,
        }
    }
}

pub(super) struct World {
    pub calls: Calls,
    pub images: Images,
    pub builds: std::collections::VecDeque<super::BuildScript>,
    /// Bytes that BuildKit keeps of earlier builds.
    pub build_cache: u64,
    pub containers: Vec<TwinContainer>,
    pub networks: BTreeSet<String>,
    pub volumes: BTreeSet<String>,
    /// By container's id and path.
    pub files: BTreeMap<(String, String), Vec<u8>>,
    /// Ports that other programs of the machine hold.
    pub held_ports: BTreeSet<u16>,
    pub free_disk: Option<u64>,
    pub listeners: Vec<mpsc::UnboundedSender<EngineEvent>>,
    numbers: u64,
    next_port: u16,
}

impl World {
    pub fn new() -> Self {
        Self {
            calls: Calls::default(),
            images: Images::default(),
            builds: std::collections::VecDeque::new(),
            build_cache: 0,
            containers: Vec::new(),
            networks: ["bridge", "host", "none"].map(str::to_owned).into(),
            volumes: BTreeSet::new(),
            files: BTreeMap::new(),
            held_ports: BTreeSet::new(),
            free_disk: Some(100 << 30),
            listeners: Vec::new(),
            numbers: 0,
            next_port: 49152,
        }
    }

    /// 64 hexadecimal digits that were not given before.
    pub fn new_id(&mut self) -> String {
        self.numbers += 1;
        domain::image::Digest::of(format!("id {}", self.numbers).as_bytes()).as_str()[7..]
            .to_owned()
    }

    /// A port as the engine chooses one: another at every start.
    pub fn new_port(&mut self) -> u16 {
        self.next_port += 1;
        self.next_port
    }

    /// Finds a container by its name, its id or the beginning of its id.
    pub fn position(&self, container: &str) -> Result<usize, EngineError> {
        let name = container.trim_start_matches('/');
        self.containers
            .iter()
            .position(|item| item.name == name || (name.len() >= 12 && item.id.starts_with(name)))
            .ok_or_else(|| EngineError::NotFound(format!("No such container: {container}")))
    }

    /// A running one.
    pub fn running(&self, container: &str) -> Result<usize, EngineError> {
        let at = self.position(container)?;
        if self.containers[at].is_running() {
            Ok(at)
        } else {
            let id = &self.containers[at].id;
            Err(EngineError::Conflict(format!("Container {id} is not running")))
        }
    }

    /// Its name where there is one: what tests read.
    pub fn shown_name(&self, container: &str) -> String {
        self.position(container)
            .map_or_else(|_| container.to_owned(), |at| self.containers[at].name.clone())
    }

    pub fn behaviour(&self, at: usize) -> Behaviour {
        let container = &self.containers[at];
        let behaviour = self.images.behaviour(&container.image_id);
        let shell = container.config.pointer("/Entrypoint/0").and_then(Value::as_str) == Some("sh");
        match behaviour.in_a_shell {
            Some(other) if shell => *other,
            _ => behaviour,
        }
    }

    pub fn listen(&mut self) -> mpsc::UnboundedReceiver<EngineEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.push(sender);
        receiver
    }

    fn tell(&mut self, event: &EngineEvent) {
        self.listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }

    /// Tells of a container; `more` are attributes beside its labels.
    pub fn tell_container(&mut self, at: usize, action: &str, more: &[(&str, &str)]) {
        let container = &self.containers[at];
        let mut labels = crate::docker::convert::texts(container.config.get("Labels"));
        labels.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let event = EngineEvent {
            action: action.to_owned(),
            subject: "container".into(),
            id: container.id.clone(),
            name: container.name.clone(),
            labels,
            time_nanos: now_nanos(),
        };
        self.tell(&event);
    }

    pub fn tell_image(&mut self, action: &str, id: &str) {
        let event = EngineEvent {
            action: action.to_owned(),
            subject: "image".into(),
            id: id.to_owned(),
            name: String::new(),
            labels: BTreeMap::new(),
            time_nanos: now_nanos(),
        };
        self.tell(&event);
    }
}

fn now_nanos() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}
