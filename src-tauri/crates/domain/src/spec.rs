//! What a person asked for when they created a runtime.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    environment::{EnvironmentId, EnvironmentName},
    image::{ImageReference, Repository},
    name::RuntimeName,
    version::Version,
};

/// What a runtime's image is taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Environment {
    /// The default environment: a registry repository; `version: None` = the newest good one.
    #[serde(rename_all = "camelCase")]
    Default { repository: Repository, version: Option<Version> },
    /// Any image reference.
    #[serde(rename_all = "camelCase")]
    Image { reference: ImageReference },
    /// One version of an environment that has a name.
    #[serde(rename_all = "camelCase")]
    Named {
        id: EnvironmentId,
        /// Its name when the runtime was made.
        name: EnvironmentName,
        version: u32,
        image: ImageReference,
    },
}

impl Environment {
    /// For people: `Default`, the reference, or the environment's name.
    pub fn title(&self) -> String {
        match self {
            Self::Default { .. } => "Default".to_owned(),
            Self::Image { reference } => reference.to_string(),
            Self::Named { name, .. } => name.to_string(),
        }
    }

    /// The repository that newer versions are looked for in.
    pub fn repository(&self) -> &Repository {
        match self {
            Self::Default { repository, .. } => repository,
            Self::Image { reference } => &reference.repository,
            Self::Named { image, .. } => &image.repository,
        }
    }
}

/// An environment variable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    pub name: String,
    pub value: String,
    /// The person confirmed that it is meant to be here although it looks like a key.
    #[serde(default)]
    pub confirmed: bool,
}

// A value may be a secret all the same: it is not printed.
impl std::fmt::Debug for Variable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Variable({}=…)", self.name)
    }
}

/// Storage to mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MountRequest {
    /// An absolute path on the compute (bind mount) or a volume's name.
    pub source: String,
    /// Absolute path in the container.
    pub target: String,
    #[serde(default)]
    pub read_only: bool,
}

impl MountRequest {
    /// A bind mount rather than a volume.
    pub fn is_bind(&self) -> bool {
        self.source.starts_with('/')
    }
}

/// When the engine starts the container again by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    No,
    Always,
    #[default]
    UnlessStopped,
    OnFailure,
}

impl RestartPolicy {
    /// As the engine writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure => "on-failure",
        }
    }

    /// Reads the engine's word; an engine that tells none never starts it again.
    pub fn parse(word: &str) -> Self {
        match word {
            "always" => Self::Always,
            "unless-stopped" => Self::UnlessStopped,
            "on-failure" => Self::OnFailure,
            _ => Self::No,
        }
    }
}

/// What the wizard sends: everything a person may choose for a new runtime.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeSpec {
    pub name: RuntimeName,
    #[serde(default)]
    pub description: String,
    pub environment: Environment,
    /// Published port on the compute's machine; 0 = let the engine choose at every start.
    pub host_port: u16,
    /// Address it is published on; `127.0.0.1` unless the person confirmed otherwise.
    pub bind_address: String,
    /// Port inside; `None` = the image's, else 8080.
    #[serde(default)]
    pub target_port: Option<u16>,
    /// Bytes; `None` = no limit.
    #[serde(default)]
    pub memory_limit: Option<u64>,
    /// CPUs, e.g. 1.5; `None` = no limit.
    #[serde(default)]
    pub cpu_limit: Option<f64>,
    #[serde(default)]
    pub variables: Vec<Variable>,
    #[serde(default)]
    pub mounts: Vec<MountRequest>,
    #[serde(default)]
    pub restart_policy: RestartPolicy,
    /// Replaces the image's start command; written as in a shell. Empty = decided by the image.
    #[serde(default)]
    pub start_command: String,
    /// Path that tells health; empty = `/health`.
    #[serde(default)]
    pub health_path: String,
}

/// The same as kept in the container's `.spec` label: variables by name only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordedSpec {
    /// Version of this form; 1.
    pub schema: u32,
    pub name: RuntimeName,
    #[serde(default)]
    pub description: String,
    pub environment: Environment,
    pub host_port: u16,
    pub bind_address: String,
    #[serde(default)]
    pub target_port: Option<u16>,
    #[serde(default)]
    pub memory_limit: Option<u64>,
    #[serde(default)]
    pub cpu_limit: Option<f64>,
    /// Names of the variables that the person set.
    #[serde(default)]
    pub variables: Vec<String>,
    #[serde(default)]
    pub mounts: Vec<MountRequest>,
    #[serde(default)]
    pub restart_policy: RestartPolicy,
    #[serde(default)]
    pub start_command: String,
    #[serde(default)]
    pub health_path: String,
}

impl RecordedSpec {
    /// What is kept of a request.
    pub fn of(spec: &RuntimeSpec) -> Self {
        Self {
            schema: 1,
            name: spec.name.clone(),
            description: spec.description.clone(),
            environment: spec.environment.clone(),
            host_port: spec.host_port,
            bind_address: spec.bind_address.clone(),
            target_port: spec.target_port,
            memory_limit: spec.memory_limit,
            cpu_limit: spec.cpu_limit,
            variables: spec.variables.iter().map(|variable| variable.name.clone()).collect(),
            mounts: spec.mounts.clone(),
            restart_policy: spec.restart_policy,
            start_command: spec.start_command.clone(),
            health_path: spec.health_path.clone(),
        }
    }

    /// The path that tells health.
    pub fn health_path(&self) -> &str {
        if self.health_path.is_empty() { "/health" } else { &self.health_path }
    }
}

mod check;

pub use check::{
    LOWEST_MEMORY_LIMIT, check, check_access, check_limits, check_mounts, check_variables,
    looks_like_a_key,
};

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn spec() -> RuntimeSpec {
        RuntimeSpec {
            name: RuntimeName::parse("eval").expect("name"),
            description: String::new(),
            environment: Environment::Image {
                reference: ImageReference::parse("r.example/x:1").expect("reference"),
            },
            host_port: 18080,
            bind_address: "127.0.0.1".into(),
            target_port: None,
            memory_limit: None,
            cpu_limit: None,
            variables: vec![],
            mounts: vec![],
            restart_policy: RestartPolicy::default(),
            start_command: String::new(),
            health_path: String::new(),
        }
    }

    fn variable(name: &str, value: &str) -> Variable {
        Variable { name: name.into(), value: value.into(), confirmed: false }
    }

    #[test]
    fn the_label_holds_names_of_variables_only() {
        let spec = RuntimeSpec { variables: vec![variable("MODE", "planted-value")], ..spec() };
        let label = serde_json::to_string(&RecordedSpec::of(&spec)).expect("json");
        assert!(label.contains("MODE") && !label.contains("planted-value"), "{label}");
        assert!(!format!("{spec:?}").contains("planted-value"));
    }

    #[test]
    fn keys_are_recognised_by_name_and_by_value() {
        for (name, value) in [
            ("OPENAI_API_KEY", "x"),
            ("DB_PASSWORD", "x"),
            ("GREETING", "sk-abcdefghijklmnop"),
            ("X", "DefaultEndpointsProtocol=https;AccountKey=abc"),
            ("X", "0123456789abcdef0123456789abcdef"),
        ] {
            assert!(looks_like_a_key(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("MODE", "fast"),
            ("KEYBOARD", "us"),
            ("OPENAI_API_KEY", ""),
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/some/long/path"),
        ] {
            assert!(!looks_like_a_key(name, value), "{name}={value}");
        }
    }

    #[test]
    fn every_bad_field_is_named() {
        let bad = RuntimeSpec {
            bind_address: "here".into(),
            memory_limit: Some(1),
            cpu_limit: Some(0.0),
            target_port: Some(0),
            variables: vec![
                variable("A B", ""),
                variable("T", "1"),
                variable("T", "2"),
                variable("MY_TOKEN", "x"),
            ],
            mounts: vec![
                MountRequest {
                    source: "relative/path".into(),
                    target: "data".into(),
                    read_only: false,
                },
                MountRequest { source: "/a".into(), target: "/d".into(), read_only: false },
                MountRequest { source: "vol".into(), target: "/d/".into(), read_only: false },
            ],
            start_command: "sh -c 'x".into(),
            health_path: "health".into(),
            ..spec()
        };
        let problems = check(&bad);
        let fields: Vec<&str> =
            problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
        assert_eq!(
            fields,
            [
                "bindAddress",
                "targetPort",
                "memoryLimit",
                "cpuLimit",
                "variables.0",
                "variables.2",
                "variables.3",
                "mounts.0",
                "mounts.0",
                "mounts.2",
                "startCommand",
                "healthPath"
            ]
        );
        assert!(check(&spec()).is_empty());
    }
}
