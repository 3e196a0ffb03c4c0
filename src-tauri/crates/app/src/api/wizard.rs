//! The wizard: a draft as typed, its checks, and the preflight.

use domain::{
    compute::ComputeId,
    environment::EnvironmentId,
    finding::Problem,
    image::Repository,
    spec::{MountRequest, RestartPolicy, Variable},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the wizard begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// A free name.
    pub name: String,
    /// A free port.
    pub host_port: u16,
    pub repository: Repository,
    /// Bytes of memory and number of CPUs of the compute.
    pub memory: u64,
    pub cpus: u32,
}

/// A runtime as typed, not checked yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeDraft {
    pub name: String,
    pub description: String,
    pub environment: EnvironmentDraft,
    /// 0 = the engine chooses at every start.
    pub host_port: u32,
    pub bind_address: String,
    /// The person confirmed a bind address that others can reach.
    pub confirmed_exposure: bool,
    pub target_port: Option<u32>,
    /// Bytes.
    pub memory_limit: Option<u64>,
    pub cpu_limit: Option<f64>,
    pub variables: Vec<Variable>,
    pub mounts: Vec<MountRequest>,
    pub restart_policy: RestartPolicy,
    pub start_command: String,
    pub health_path: String,
}

/// An environment as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum EnvironmentDraft {
    /// `repository: None` = the default one; `version: None` = the newest good one.
    #[serde(rename_all = "camelCase")]
    Default { repository: Option<String>, version: Option<String> },
    #[serde(rename_all = "camelCase")]
    Image { reference: String },
    /// An environment with a name; `version: None` = its newest one on the compute.
    #[serde(rename_all = "camelCase")]
    Named { environment: EnvironmentId, version: Option<u32> },
}

/// A draft and where it is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfDraft {
    pub compute: ComputeId,
    pub draft: RuntimeDraft,
}

/// What is wrong with a draft; each problem names its field (`name`, `environment.reference`,
/// `environment.version`, `environment.repository`, `environment.named`, `hostPort`, `bindAddress`, `targetPort`,
/// `memoryLimit`, `cpuLimit`, `variables.N`, `mounts.N`, `startCommand`, `healthPath`, `compute`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftCheck {
    pub problems: Vec<Problem>,
}

/// Results of the preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Preflight {
    pub checks: Vec<PreflightCheck>,
    /// No check failed.
    pub can_create: bool,
    /// The image resolved: the version or reference in words, and what is to be downloaded.
    pub image: Option<String>,
    pub download_size: Option<u64>,
}

/// One check of the preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreflightCheck {
    pub kind: PreflightKind,
    pub state: CheckState,
    /// What was found, a sentence.
    pub sentence: String,
    pub problem: Option<Problem>,
}

/// What a preflight looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PreflightKind {
    Engine,
    Image,
    Disk,
    Memory,
    Port,
    Name,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    Good,
    Warning,
    Failed,
    /// It could not be told.
    Unknown,
}
