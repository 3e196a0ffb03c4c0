//! Labels: what a container itself tells of the runtime it belongs to.
//!
//! Labels cannot change after creation, so they hold only what never changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    image::ImageReference, operation::OperationId, runtime::RuntimeId, spec::RecordedSpec,
    start::StartedBy,
};

/// The runtime's id; every container of ours has it.
pub const RUNTIME: &str = "io.promptflow-runtimes.runtime";
/// 1, 2, …: one more at each recreate.
pub const GENERATION: &str = "io.promptflow-runtimes.generation";
/// The operation that created the container.
pub const OPERATION: &str = "io.promptflow-runtimes.operation";
/// What the person asked for, as JSON.
pub const SPEC: &str = "io.promptflow-runtimes.spec";
/// Installation id and `user@host`, with a space in between.
pub const CREATOR: &str = "io.promptflow-runtimes.creator";
/// How the service is started: decides what an update does with the start command.
pub const STARTED_BY: &str = "io.promptflow-runtimes.started-by";
/// The image with tag and digest, as it was resolved: the service inside does not tell its version.
pub const IMAGE: &str = "io.promptflow-runtimes.image";
/// The port inside that serves.
pub const TARGET_PORT: &str = "io.promptflow-runtimes.target-port";
/// On a lock only: the [`LockRecord`] as JSON.
pub const LOCK: &str = "io.promptflow-runtimes.lock";

/// On no container: told of one that was adopted, with the time since when. Its own labels cannot change.
pub const ADOPTED: &str = "io.promptflow-runtimes.adopted";

/// Prefix of all labels of ours.
pub const PREFIX: &str = "io.promptflow-runtimes.";

/// Who created a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// Random id of the installation.
    pub installation: String,
    /// `user@host`.
    pub who: String,
}

impl Creator {
    /// Reads a label.
    pub fn parse(label: &str) -> Self {
        let (installation, who) = label.split_once(' ').unwrap_or((label, ""));
        Self { installation: installation.to_owned(), who: who.to_owned() }
    }
}

impl std::fmt::Display for Creator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.installation, self.who)
    }
}

/// What a managed container's labels say.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    pub runtime: RuntimeId,
    pub generation: u32,
    pub operation: OperationId,
    pub creator: Creator,
    /// `None` when the container was not made by this product: then an update keeps its command.
    pub started_by: Option<StartedBy>,
    /// `None` when the label is missing; then the container's own reference is all there is.
    pub image: Option<ImageReference>,
    pub target_port: Option<u16>,
    /// `None` when the label is missing or cannot be read: then the container itself is the truth.
    pub spec: Option<RecordedSpec>,
}

impl Labels {
    /// Reads the labels of a container; `None` when it is not one of ours.
    pub fn read(labels: &BTreeMap<String, String>) -> Option<Self> {
        let text = |key: &str| labels.get(key).cloned().unwrap_or_default();
        Some(Self {
            runtime: RuntimeId(labels.get(RUNTIME).filter(|id| !id.is_empty())?.clone()),
            generation: text(GENERATION).parse().unwrap_or(1),
            operation: OperationId(text(OPERATION)),
            creator: Creator::parse(&text(CREATOR)),
            started_by: StartedBy::parse(&text(STARTED_BY)),
            image: ImageReference::parse(&text(IMAGE)).ok(),
            target_port: text(TARGET_PORT).parse().ok(),
            spec: serde_json::from_str(&text(SPEC)).ok(),
        })
    }

    /// As they are written.
    pub fn write(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            (RUNTIME.to_owned(), self.runtime.to_string()),
            (GENERATION.to_owned(), self.generation.to_string()),
            (OPERATION.to_owned(), self.operation.to_string()),
            (CREATOR.to_owned(), self.creator.to_string()),
        ]);
        if let Some(by) = self.started_by {
            labels.insert(STARTED_BY.to_owned(), by.as_str().to_owned());
        }
        if let Some(image) = &self.image {
            labels.insert(IMAGE.to_owned(), image.to_string());
        }
        if let Some(port) = self.target_port {
            labels.insert(TARGET_PORT.to_owned(), port.to_string());
        }
        if let Some(spec) = &self.spec
            && let Ok(json) = serde_json::to_string(spec)
        {
            labels.insert(SPEC.to_owned(), json);
        }
        labels
    }
}

/// One process on one machine, so that a later one can tell whether it still lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessMark {
    pub host: String,
    pub pid: u32,
    /// When the process started, in any unit that is the same each time it is read.
    pub started: u64,
}

/// What the operation under a lock is about, as far as recovery has to know it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Purpose {
    /// A container takes the place of the old one: cut off, the old state or the new one is to stand.
    #[default]
    Replace,
    /// The runtime goes: cut off, the rest goes as well.
    #[serde(rename_all = "camelCase")]
    Delete {
        /// Anonymous volumes go with their containers.
        with_volumes: bool,
        /// Names of volumes that go.
        volumes: Vec<String>,
        /// Ids of images that go.
        images: Vec<String>,
    },
}

/// What a lock says: everything that is needed to put the old container back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockRecord {
    pub operation: OperationId,
    pub creator: Creator,
    pub process: ProcessMark,
    pub since: Timestamp,
    /// Id of the container that served when the lock was taken.
    pub old: String,
    /// It ran then.
    pub old_was_running: bool,
    /// Its restart policy, as the engine tells it.
    pub old_restart_policy: Value,
    /// Id of the previous container that was kept at that time.
    pub older: Option<String>,
    /// The digest (or image id) that is to run; empty for a delete.
    pub target: String,
    #[serde(default)]
    pub purpose: Purpose,
}

impl LockRecord {
    /// Reads a lock's labels.
    pub fn read(labels: &BTreeMap<String, String>) -> Option<Self> {
        serde_json::from_str(labels.get(LOCK)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{RecordedSpec, tests::spec};

    #[test]
    fn labels_are_read_as_they_were_written() {
        let labels = Labels {
            runtime: RuntimeId("r1".into()),
            generation: 3,
            operation: OperationId("o1".into()),
            creator: Creator { installation: "i1".into(), who: "ann@box".into() },
            started_by: Some(StartedBy::Executor),
            image: ImageReference::parse("r.example/x:1").ok(),
            target_port: Some(8080),
            spec: Some(RecordedSpec::of(&spec())),
        };
        assert_eq!(Labels::read(&labels.write()), Some(labels));
    }

    #[test]
    fn a_lock_that_names_no_purpose_replaces() {
        let record = r#"{"operation":"o","creator":{"installation":"i","who":"a@b"},
            "process":{"host":"b","pid":1,"started":1},"since":"2026-01-01T00:00:00Z","old":"c",
            "oldWasRunning":true,"oldRestartPolicy":null,"older":null,"target":"t"}"#;
        let labels = BTreeMap::from([(LOCK.to_owned(), record.to_owned())]);
        let read = LockRecord::read(&labels).expect("a lock of an earlier version");
        assert_eq!(read.purpose, Purpose::Replace);
    }

    #[test]
    fn a_container_with_a_broken_spec_is_still_ours() {
        let labels = BTreeMap::from([
            (RUNTIME.to_owned(), "r1".to_owned()),
            (SPEC.to_owned(), "{broken".to_owned()),
        ]);
        let read = Labels::read(&labels).expect("ours");
        assert_eq!((read.generation, read.spec), (1, None));
        assert_eq!(Labels::read(&BTreeMap::new()), None);
    }
}
