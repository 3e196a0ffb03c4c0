//! The first container of a new runtime.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::spec::RuntimeSpec;

/// Seconds after which a slow node is told in the log. Off since March 2024 unless it is set.
pub const SLOW_NODE_VARIABLE: (&str, &str) = ("PF_LONG_RUNNING_LOGGING_INTERVAL", "60");

/// Body of `POST /containers/create` for a spec.
///
/// `entry` replaces the image's entry point and command; `init` asks for an init process, where the
/// engine has one: without it python as process 1 takes 10 s to stop.
pub fn body(
    spec: &RuntimeSpec,
    image: &str,
    labels: &BTreeMap<String, String>,
    target_port: u16,
    entry: Option<&[String]>,
    init: bool,
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
    if init {
        host["Init"] = json!(true);
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
    use crate::spec::{MountRequest, Variable, tests::spec};

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
        let body = body(&spec, "x@sha256:1", &labels, 8080, None, true);
        assert_eq!(body["Env"], json!(["MODE=fast", "PF_LONG_RUNNING_LOGGING_INTERVAL=60"]));
        assert_eq!(
            body["HostConfig"]["PortBindings"]["8080/tcp"][0],
            json!({"HostIp": "127.0.0.1", "HostPort": "18080"})
        );
        assert_eq!(body["HostConfig"]["NanoCpus"], 1_500_000_000);
        assert_eq!(body["HostConfig"]["Memory"], 1 << 30);
        assert_eq!(body["HostConfig"]["Binds"], json!(["data:/data:ro"]));
        assert_eq!(body["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
        assert!(body.get("Entrypoint").is_none());
    }

    #[test]
    fn the_person_may_set_the_slow_node_interval() {
        let own =
            Variable { name: SLOW_NODE_VARIABLE.0.into(), value: "5".into(), confirmed: false };
        let spec = RuntimeSpec { variables: vec![own], ..spec() };
        let body = body(&spec, "x", &BTreeMap::new(), 8080, Some(&["serve".to_owned()]), false);
        assert_eq!(body["Env"], json!(["PF_LONG_RUNNING_LOGGING_INTERVAL=5"]));
        assert_eq!(body["Entrypoint"], json!(["serve"]));
        assert!(body["HostConfig"].get("Init").is_none());
    }
}
