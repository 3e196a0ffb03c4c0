//! The first container of a new runtime.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    compute::{self, EngineFacts},
    spec::RuntimeSpec,
};

/// Seconds after which a slow node is told in the log. Off since March 2024 unless it is set.
pub const SLOW_NODE_VARIABLE: (&str, &str) = ("PF_LONG_RUNNING_LOGGING_INTERVAL", "60");

/// The name that a runtime has for the machine of its engine, and what stands for the machine's address;
/// the engine puts the address there at every start.
pub const MACHINE: &str = "host.docker.internal:host-gateway";

/// What a new container gets beside what was asked for, where its engine has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Additions {
    /// An init process: without it python as process 1 takes 10 s to stop.
    pub init: bool,
    /// [`MACHINE`], which Docker's desktop has by itself and Docker on Linux has not.
    pub machine: bool,
}

impl Additions {
    /// What is asked of an engine. Not the machine's name of Podman: that gives its containers the name
    /// `host.containers.internal` by itself, and what a person says of names there is left alone.
    pub fn of(facts: &EngineFacts) -> Self {
        Self { init: true, machine: compute::knows_host_gateway(facts) }
    }

    /// What is asked after the engine refused with these words; `None` = it refused something else.
    /// `made` says that it took the container and refused to start it.
    pub fn without_refused(self, words: &str, made: bool) -> Option<Self> {
        let words = words.to_lowercase();
        // An engine without a bridge of its own has no address for it.
        if self.machine && words.contains("host-gateway") {
            return Some(Self { machine: false, ..self });
        }
        // Podman refuses at once what it lacks, other engines at the start, where more has that word.
        let init = words.contains("init") && (!made || words.contains("not found"));
        (self.init && init).then_some(Self { init: false, ..self })
    }
}

/// Body of `POST /containers/create` for a spec.
///
/// `entry` replaces the image's entry point and command. A spec has no names of hosts of a person, so
/// that the machine's never stands against one.
pub fn body(
    spec: &RuntimeSpec,
    image: &str,
    labels: &BTreeMap<String, String>,
    target_port: u16,
    entry: Option<&[String]>,
    additions: Additions,
) -> Value {
    let (slow, seconds) = SLOW_NODE_VARIABLE;
    let mut variables: Vec<String> = spec
        .variables
        .iter()
        .map(|variable| format!("{}={}", variable.name, variable.value))
        .collect();
    if !spec.variables.iter().any(|variable| variable.name == slow) {
        variables.push(format!("{slow}={seconds}"));
    }
    let port = format!("{target_port}/tcp");
    let binds: Vec<String> = spec
        .mounts
        .iter()
        .map(|mount| {
            let suffix = if mount.read_only { ":ro" } else { "" };
            format!("{}:{}{suffix}", mount.source, mount.target)
        })
        .collect();
    let host_port = if spec.host_port == 0 { String::new() } else { spec.host_port.to_string() };
    let mut host = json!({
        "PortBindings": {&port: [{"HostIp": spec.bind_address, "HostPort": host_port}]},
        "RestartPolicy": {"Name": spec.restart_policy.as_str()},
        "Binds": binds,
    });
    if additions.init {
        host["Init"] = json!(true);
    }
    if additions.machine {
        host["ExtraHosts"] = json!([MACHINE]);
    }
    if let Some(memory) = spec.memory_limit {
        host["Memory"] = json!(memory);
    }
    if let Some(cpus) = spec.cpu_limit {
        host["NanoCpus"] = json!((cpus * 1e9).round() as i64);
    }
    let mut body = json!({
        "Image": image,
        "Env": variables,
        "Labels": labels,
        "ExposedPorts": {&port: {}},
        "HostConfig": host,
    });
    if let Some(entry) = entry {
        body["Entrypoint"] = json!(entry);
    }
    body
}

/// Body of a short-lived container that runs a script in an image and is thrown away.
pub fn probe_body(image: &str, script: &str, labels: &BTreeMap<String, String>) -> Value {
    json!({
        "Image": image,
        "Entrypoint": ["sh", "-c", script],
        "Labels": labels,
        "HostConfig": {"NetworkMode": "none", "RestartPolicy": {"Name": "no"}},
    })
}

/// Body of a container that only proves an image: on a loopback port of its own.
pub fn proof_body(
    image: &str,
    labels: &BTreeMap<String, String>,
    target_port: u16,
    entry: Option<&[String]>,
) -> Value {
    let port = format!("{target_port}/tcp");
    let mut body = json!({
        "Image": image,
        "Labels": labels,
        "ExposedPorts": {&port: {}},
        "HostConfig": {
            "PortBindings": {&port: [{"HostIp": "127.0.0.1", "HostPort": ""}]},
            "RestartPolicy": {"Name": "no"},
        },
    });
    if let Some(entry) = entry {
        body["Entrypoint"] = json!(entry);
    }
    body
}

/// Body of a lock: created, never started.
pub fn lock_body(image: &str, labels: &BTreeMap<String, String>) -> Value {
    json!({
        "Image": image,
        "Entrypoint": ["lock"],
        "Labels": labels,
        "HostConfig": {"NetworkMode": "none", "RestartPolicy": {"Name": "no"}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compute::tests::facts,
        spec::{MountRequest, Variable, tests::spec},
    };

    const ALL: Additions = Additions { init: true, machine: true };
    const NONE: Additions = Additions { init: false, machine: false };

    #[test]
    fn everything_that_was_asked_for_is_in_the_body() {
        let spec = RuntimeSpec {
            memory_limit: Some(1 << 30),
            cpu_limit: Some(1.5),
            variables: vec![Variable {
                name: "MODE".into(),
                value: "fast".into(),
                confirmed: false,
            }],
            mounts: vec![MountRequest {
                source: "data".into(),
                target: "/data".into(),
                read_only: true,
            }],
            ..spec()
        };
        let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let body = body(&spec, "x@sha256:1", &labels, 8080, None, ALL);
        assert_eq!(body["Env"], json!(["MODE=fast", "PF_LONG_RUNNING_LOGGING_INTERVAL=60"]));
        assert_eq!(
            body["HostConfig"]["PortBindings"]["8080/tcp"][0],
            json!({"HostIp": "127.0.0.1", "HostPort": "18080"})
        );
        assert_eq!(body["HostConfig"]["NanoCpus"], 1_500_000_000);
        assert_eq!(body["HostConfig"]["Memory"], 1 << 30);
        assert_eq!(body["HostConfig"]["Binds"], json!(["data:/data:ro"]));
        assert_eq!(body["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
        assert_eq!(body["HostConfig"]["Init"], true);
        assert_eq!(body["HostConfig"]["ExtraHosts"], json!(["host.docker.internal:host-gateway"]));
        assert!(body.get("Entrypoint").is_none());
    }

    #[test]
    fn the_person_may_set_the_slow_node_interval() {
        let own =
            Variable { name: SLOW_NODE_VARIABLE.0.into(), value: "5".into(), confirmed: false };
        let spec = RuntimeSpec { variables: vec![own], ..spec() };
        let body = body(&spec, "x", &BTreeMap::new(), 8080, Some(&["serve".to_owned()]), NONE);
        assert_eq!(body["Env"], json!(["PF_LONG_RUNNING_LOGGING_INTERVAL=5"]));
        assert_eq!(body["Entrypoint"], json!(["serve"]));
        assert!(body["HostConfig"].get("Init").is_none());
        assert!(body["HostConfig"].get("ExtraHosts").is_none());
    }

    #[test]
    fn the_machine_has_a_name_where_the_engine_knows_its_address() {
        let of = |version: &str, is_podman| {
            Additions::of(&EngineFacts { api_version: version.into(), is_podman, ..facts() })
        };
        assert_eq!(of("1.41", false), ALL);
        assert_eq!(of("1.100", false), ALL);
        for (version, is_podman) in [("1.40", false), ("", false), ("1.41", true)] {
            let expected = Additions { machine: false, ..ALL };
            assert_eq!(of(version, is_podman), expected, "{version} {is_podman}");
        }
    }

    #[test]
    fn only_what_an_engine_refuses_is_left_out() {
        let gateway = "Unable to derive the IP value for host-gateway";
        let no_init = "exec: \"docker-init\": executable file not found in $PATH";
        let without_machine = Additions { machine: false, ..ALL };
        for made in [false, true] {
            assert_eq!(ALL.without_refused(gateway, made), Some(without_machine));
            assert_eq!(without_machine.without_refused(gateway, made), None);
            assert_eq!(without_machine.without_refused(no_init, made), Some(NONE));
            assert_eq!(NONE.without_refused(no_init, made), None);
            assert_eq!(ALL.without_refused("port is already allocated", made), None);
        }
        let other = "error during container init: permission denied";
        assert_eq!(ALL.without_refused(other, true), None);
    }
}
