//! What differs between two configurations, in terms that people know.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Configuration;
use crate::spec::{MountRequest, RestartPolicy};

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    pub setting: ChangedSetting,
    /// The running container can take it; otherwise it is replaced by one that has it.
    pub in_place: bool,
}

/// A setting, before and after. Values of variables are not told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ChangedSetting {
    #[serde(rename_all = "camelCase")]
    Description { before: String, after: String },
    /// 0 = chosen at every start.
    #[serde(rename_all = "camelCase")]
    HostPort { before: u16, after: u16 },
    #[serde(rename_all = "camelCase")]
    BindAddress { before: String, after: String },
    /// Bytes; `null` = no limit.
    #[serde(rename_all = "camelCase")]
    MemoryLimit { before: Option<u64>, after: Option<u64> },
    #[serde(rename_all = "camelCase")]
    CpuLimit { before: Option<f64>, after: Option<f64> },
    #[serde(rename_all = "camelCase")]
    Variable { name: String, change: VariableChange },
    /// `null` = not mounted.
    #[serde(rename_all = "camelCase")]
    Mount { target: String, before: Option<MountRequest>, after: Option<MountRequest> },
    #[serde(rename_all = "camelCase")]
    RestartPolicy { before: RestartPolicy, after: RestartPolicy },
}

/// What happens to a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum VariableChange {
    Added,
    Changed,
    Removed,
}

impl ChangedSetting {
    /// For sentences: `published port`, `variable MODE` …
    pub fn title(&self) -> String {
        match self {
            Self::Description { .. } => "description".into(),
            Self::HostPort { .. } => "published port".into(),
            Self::BindAddress { .. } => "bind address".into(),
            Self::MemoryLimit { .. } => "memory limit".into(),
            Self::CpuLimit { .. } => "CPU limit".into(),
            Self::Variable { name, .. } => format!("variable {name}"),
            Self::Mount { target, .. } => format!("mount {target}"),
            Self::RestartPolicy { .. } => "restart policy".into(),
        }
    }
}

/// What differs, in the order of the form. `policy_in_place` says whether the engine can change the
/// restart policy of a container that is there.
pub fn difference(
    from: &Configuration,
    to: &Configuration,
    policy_in_place: bool,
) -> Vec<SettingChange> {
    let mut all: Vec<ChangedSetting> = Vec::new();
    if from.description != to.description {
        let (before, after) = (from.description.clone(), to.description.clone());
        all.push(ChangedSetting::Description { before, after });
    }
    if from.host_port != to.host_port {
        all.push(ChangedSetting::HostPort { before: from.host_port, after: to.host_port });
    }
    if from.bind_address != to.bind_address {
        let (before, after) = (from.bind_address.clone(), to.bind_address.clone());
        all.push(ChangedSetting::BindAddress { before, after });
    }
    if from.memory_limit != to.memory_limit {
        all.push(ChangedSetting::MemoryLimit { before: from.memory_limit, after: to.memory_limit });
    }
    if nano_cpus(from.cpu_limit) != nano_cpus(to.cpu_limit) {
        all.push(ChangedSetting::CpuLimit { before: from.cpu_limit, after: to.cpu_limit });
    }
    all.extend(variables(from, to));
    all.extend(mounts(&from.mounts, &to.mounts));
    if from.restart_policy != to.restart_policy {
        all.push(ChangedSetting::RestartPolicy {
            before: from.restart_policy,
            after: to.restart_policy,
        });
    }
    all.into_iter()
        .map(|setting| SettingChange {
            in_place: match setting {
                ChangedSetting::Description { .. } => true,
                ChangedSetting::RestartPolicy { .. } => policy_in_place,
                _ => false,
            },
            setting,
        })
        .collect()
}

/// As engines count CPUs; 0 = no limit.
#[expect(clippy::cast_possible_truncation, reason = "a number of CPUs is small")]
pub(super) fn nano_cpus(limit: Option<f64>) -> i64 {
    limit.map_or(0, |cpus| (cpus * 1e9).round() as i64)
}

fn variables(from: &Configuration, to: &Configuration) -> Vec<ChangedSetting> {
    let change = |name: &str, change| ChangedSetting::Variable { name: name.to_owned(), change };
    let had = |name: &str| from.variables.iter().any(|variable| variable.name == name);
    let removed = from
        .variables
        .iter()
        .filter(|old| !to.variables.iter().any(|new| new.name == old.name))
        .map(|old| change(&old.name, VariableChange::Removed));
    let given = to.variables.iter().filter(|new| new.value.is_some()).map(|new| {
        let kind = if had(&new.name) { VariableChange::Changed } else { VariableChange::Added };
        change(&new.name, kind)
    });
    given.chain(removed).collect()
}

/// Where something is mounted, without a slash at the end.
pub(super) fn place(target: &str) -> &str {
    target.trim_end_matches('/')
}

fn mounts(from: &[MountRequest], to: &[MountRequest]) -> Vec<ChangedSetting> {
    let at = |list: &[MountRequest], target: &str| {
        list.iter().find(|mount| place(&mount.target) == place(target)).cloned()
    };
    let same = |one: &MountRequest, other: &MountRequest| {
        one.source == other.source && one.read_only == other.read_only
    };
    let given = to.iter().filter_map(|new| {
        let before = at(from, &new.target);
        let differs = before.as_ref().is_none_or(|before| !same(before, new));
        differs.then(|| ChangedSetting::Mount {
            target: new.target.clone(),
            before,
            after: Some(new.clone()),
        })
    });
    let removed = from.iter().filter(|old| at(to, &old.target).is_none()).map(|old| {
        ChangedSetting::Mount { target: old.target.clone(), before: Some(old.clone()), after: None }
    });
    given.chain(removed).collect()
}
