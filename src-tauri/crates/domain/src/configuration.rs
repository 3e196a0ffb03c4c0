//! What of a runtime's configuration a person may change, what a change of it means, and how it gets
//! into the container that takes over.
//!
//! Everything else that a container has (networks, labels, devices …) is kept as an update keeps it.
//! Values of variables never leave: they are kept as they are, or replaced by new ones.

mod apply;
mod difference;
mod read;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::spec::{MountRequest, RecordedSpec, RestartPolicy};

pub use apply::{apply, published_port};
pub use difference::{ChangedSetting, SettingChange, VariableChange, difference};
pub use read::{going_back, read};

/// The settings of one container that a person may change.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    pub description: String,
    /// Published port on the compute's machine; 0 = the engine chooses at every start.
    pub host_port: u16,
    /// Address it is published on.
    pub bind_address: String,
    /// Bytes; `None` = no limit.
    pub memory_limit: Option<u64>,
    /// CPUs; `None` = no limit.
    pub cpu_limit: Option<f64>,
    /// Those that the person set; the image's own are not among them.
    pub variables: Vec<VariableSetting>,
    /// Folders and volumes with a name. Anonymous volumes are not among them, and stay.
    pub mounts: Vec<MountRequest>,
    pub restart_policy: RestartPolicy,
}

/// A variable, and what becomes of its value.
#[derive(Clone, PartialEq, Eq)]
pub struct VariableSetting {
    pub name: String,
    /// `None` = the value that the container has is kept.
    pub value: Option<String>,
}

// A value may be a secret all the same: it is not printed.
impl std::fmt::Debug for VariableSetting {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.value.is_some() { "new" } else { "kept" };
        write!(formatter, "VariableSetting({}, {value})", self.name)
    }
}

/// A variable as a person sends it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VariableDraft {
    pub name: String,
    /// `null` = the value that it has is kept.
    pub value: Option<String>,
    /// The person confirmed that it is meant to be here although it looks like a key.
    #[serde(default)]
    pub confirmed: bool,
}

impl std::fmt::Debug for VariableDraft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "VariableDraft({}=…)", self.name)
    }
}

impl Configuration {
    /// What the spec says once a container with these settings took over from one with `before`.
    ///
    /// A port that nobody changed keeps its word: one that the engine chose has a number from the
    /// first recreate on, and was chosen by the engine all the same.
    pub fn record(&self, before: &Self, spec: &RecordedSpec) -> RecordedSpec {
        let changed = |differs: bool, new: &str, old: &str| {
            if differs { new.to_owned() } else { old.to_owned() }
        };
        RecordedSpec {
            description: self.description.clone(),
            host_port: if self.host_port == before.host_port {
                spec.host_port
            } else {
                self.host_port
            },
            bind_address: changed(
                self.bind_address != before.bind_address,
                &self.bind_address,
                &spec.bind_address,
            ),
            memory_limit: self.memory_limit,
            cpu_limit: self.cpu_limit,
            variables: self.variables.iter().map(|variable| variable.name.clone()).collect(),
            mounts: self.mounts.clone(),
            restart_policy: self.restart_policy,
            ..spec.clone()
        }
    }
}

#[cfg(test)]
mod tests;
