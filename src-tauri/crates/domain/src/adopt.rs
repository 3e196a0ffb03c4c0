//! Containers that somebody else made: whether one can be a runtime, and to whom it belongs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    configuration::Configuration,
    container::Container,
    image::ImageReference,
    name::RuntimeName,
    runtime::Protocol,
    spec::{Environment, RecordedSpec},
};

/// The Compose project that a container belongs to
/// (<https://docs.docker.com/reference/compose-file/>: labels of its own containers).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComposeService {
    pub project: String,
    pub service: String,
    /// The file that describes it; `None` = the label is missing.
    pub file: Option<String>,
}

impl ComposeService {
    /// Reads the labels of a container; `None` = it belongs to no project.
    pub fn of(container: &Container) -> Option<Self> {
        let label = |name: &str| {
            container
                .labels
                .get(&format!("com.docker.compose.{name}"))
                .filter(|text| !text.is_empty())
                .cloned()
        };
        // Podman's own Compose has a prefix of its own.
        let podman =
            |name: &str| container.labels.get(&format!("io.podman.compose.{name}")).cloned();
        let project = label("project").or_else(|| podman("project"))?;
        let file = label("project.config_files")
            .map(|files| files.split(',').next().unwrap_or_default().to_owned());
        Some(Self { project, service: label("service").unwrap_or_default(), file })
    }

    /// The command that makes the service anew after its file was changed.
    pub fn command(&self) -> String {
        let file = self
            .file
            .as_ref()
            .map(|file| format!(" -f {}", shell_words::quote(file)))
            .unwrap_or_default();
        format!("docker compose{file} -p {} up -d --pull always {}", self.project, self.service)
            .trim_end()
            .to_owned()
    }
}

/// Whether a container can be a runtime as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Verdict {
    /// A Prompt flow service answers on a published port.
    #[serde(rename_all = "camelCase")]
    Usable {
        protocol: Protocol,
        endpoint: String,
        /// promptflow's version, when the service tells it.
        version: Option<String>,
    },
    /// It ended, was never started or is paused.
    #[serde(rename_all = "camelCase")]
    NotRunning { exit_code: i64, paused: bool },
    /// Nothing of it can be reached from this machine's ports.
    #[serde(rename_all = "camelCase")]
    NotPublished {
        /// Where it can be reached from the machine of the compute, e.g. `http://172.17.0.2:8080`.
        address: Option<String>,
        /// What answers there; `None` = nothing that is known.
        protocol: Option<Protocol>,
    },
    /// A port is published, and nobody answers behind it.
    #[serde(rename_all = "camelCase")]
    NothingListens {
        /// Ports on which something listens inside, all of them others or on the loopback only.
        elsewhere: Vec<String>,
    },
    /// Somebody answers, and it is no Prompt flow service.
    #[serde(rename_all = "camelCase")]
    AnotherService { answer: String },
    /// Its name cannot be that of a runtime: updates need names of their own beside it.
    #[serde(rename_all = "camelCase")]
    NameCannotBeUsed { why: String },
    /// It could not be looked at.
    #[serde(rename_all = "camelCase")]
    Unknown { because: String },
}

impl Verdict {
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Usable { .. })
    }
}

/// What is recorded of a container that becomes fully ours: what it is now.
pub fn spec_of(
    name: &RuntimeName,
    settings: &Configuration,
    image: ImageReference,
    target_port: Option<u16>,
) -> RecordedSpec {
    RecordedSpec {
        schema: 1,
        name: name.clone(),
        description: settings.description.clone(),
        environment: Environment::Image { reference: image },
        host_port: settings.host_port,
        bind_address: settings.bind_address.clone(),
        target_port,
        memory_limit: settings.memory_limit,
        cpu_limit: settings.cpu_limit,
        variables: settings.variables.iter().map(|variable| variable.name.clone()).collect(),
        mounts: settings.mounts.clone(),
        restart_policy: settings.restart_policy,
        start_command: String::new(),
        health_path: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::container;

    #[test]
    fn a_service_of_compose_is_recognised_with_the_command_that_updates_it() {
        let mut made = container("1", "shop-flows-1");
        assert_eq!(ComposeService::of(&made), None);
        let labels = [
            ("com.docker.compose.project", "shop"),
            ("com.docker.compose.service", "flows"),
            ("com.docker.compose.project.config_files", "/srv/my shop/compose.yaml,/srv/b.yaml"),
        ];
        made.labels =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let compose = ComposeService::of(&made).expect("compose");
        assert_eq!(
            compose.command(),
            "docker compose -f '/srv/my shop/compose.yaml' -p shop up -d --pull always flows"
        );
    }
}
