//! The JSON that the twin answers: what a create makes of its body and the image, and `inspect`.

use serde_json::{Map, Value, json};

use super::world::{TwinContainer, World};
use crate::docker::convert::{list, text};
use domain::container::ContainerState;

/// `Config` as the engine keeps it: the image's own, overridden by what was asked for.
pub(super) fn merged_config(image: &Value, body: &Value) -> Value {
    let mut config = image.as_object().cloned().unwrap_or_default();
    for (name, value) in body.as_object().into_iter().flatten() {
        if matches!(name.as_str(), "HostConfig" | "NetworkingConfig" | "Platform")
            || value.is_null()
        {
            continue;
        }
        let value = match (name.as_str(), config.get(name)) {
            ("Env", Some(of_image)) => merged_env(of_image, value),
            ("Labels" | "ExposedPorts" | "Volumes", Some(of_image)) => {
                let mut both = of_image.as_object().cloned().unwrap_or_default();
                both.extend(value.as_object().cloned().unwrap_or_default());
                Value::Object(both)
            }
            _ => value.clone(),
        };
        config.insert(name.clone(), value);
    }
    // Another entry point leaves the image's command behind.
    if body.get("Entrypoint").is_some_and(|entry| !entry.is_null()) && body.get("Cmd").is_none() {
        config.remove("Cmd");
    }
    Value::Object(config)
}

fn merged_env(image: &Value, asked: &Value) -> Value {
    let words = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let name = |entry: &str| entry.split('=').next().unwrap_or(entry).to_owned();
    let mut all = words(asked);
    for entry in words(image) {
        if !all.iter().any(|other| name(other) == name(&entry)) {
            all.push(entry);
        }
    }
    json!(all)
}

/// Networks of a new container: the one of its mode, and what was asked for it.
pub(super) fn first_networks(body: &Value) -> Map<String, Value> {
    let mode = match text(body, "/HostConfig/NetworkMode") {
        "" | "default" => "bridge",
        mode => mode,
    };
    let asked = body.pointer("/NetworkingConfig/EndpointsConfig").and_then(Value::as_object);
    match asked {
        Some(asked) if !asked.is_empty() => asked.clone(),
        _ if mode.starts_with("container:") => Map::new(),
        _ => Map::from_iter([(mode.to_owned(), json!({}))]),
    }
}

impl World {
    /// `Mounts` of a new container, and the names of the volumes made for it.
    pub(super) fn new_mounts(&mut self, config: &Value, body: &Value) -> (Vec<Value>, Vec<String>) {
        let mut mounts: Vec<Value> = Vec::new();
        for bind in list(body, "/HostConfig/Binds").filter_map(Value::as_str) {
            let mut parts = bind.split(':');
            let (source, target) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let writable = !parts.next().unwrap_or("").split(',').any(|option| option == "ro");
            mounts.push(self.mount(source, target, writable));
        }
        for mount in list(body, "/HostConfig/Mounts") {
            let writable = mount.get("ReadOnly") != Some(&Value::Bool(true));
            let (source, target) = (text(mount, "/Source"), text(mount, "/Target"));
            let entry = match text(mount, "/Type") {
                "tmpfs" => json!({"Type": "tmpfs", "Destination": target, "RW": true}),
                "volume" if source.is_empty() => continue,
                _ => self.mount(source, target, writable),
            };
            mounts.push(entry);
        }
        let mut anonymous = Vec::new();
        let unnamed = list(body, "/HostConfig/Mounts")
            .filter(|mount| text(mount, "/Type") == "volume" && text(mount, "/Source").is_empty())
            .map(|mount| text(mount, "/Target").to_owned());
        let declared = config.get("Volumes").and_then(Value::as_object).into_iter().flatten();
        let targets: Vec<String> =
            declared.map(|(target, _)| target.clone()).chain(unnamed).collect();
        for target in targets {
            if !mounts.iter().any(|mount| text(mount, "/Destination") == target) {
                let name = self.new_id();
                mounts.push(self.mount(&name, &target, true));
                anonymous.push(name);
            }
        }
        (mounts, anonymous)
    }

    fn mount(&mut self, source: &str, target: &str, writable: bool) -> Value {
        if source.starts_with('/') {
            return json!({"Type": "bind", "Source": source, "Destination": target, "RW": writable});
        }
        self.volumes.insert(source.to_owned());
        let path = format!("/var/lib/docker/volumes/{source}/_data");
        json!({"Type": "volume", "Name": source, "Source": path, "Destination": target, "RW": writable})
    }

    /// The whole answer of `inspect`.
    pub(super) fn inspected(&self, at: usize) -> Value {
        let item = &self.containers[at];
        let running = item.state == ContainerState::Running;
        let mut host = item.body.get("HostConfig").cloned().unwrap_or_else(|| json!({}));
        if host.get("RestartPolicy").is_none_or(Value::is_null) {
            host["RestartPolicy"] = json!({"Name": "no", "MaximumRetryCount": 0});
        }
        if text(&host, "/NetworkMode").is_empty() {
            host["NetworkMode"] = json!("default");
        }
        let time = |moment: Option<jiff::Timestamp>| {
            moment.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |moment| moment.to_string())
        };
        json!({
            "Id": item.id,
            "Name": format!("/{}", item.name),
            "Image": item.image_id,
            "Created": time(Some(item.created)),
            "RestartCount": item.restart_count,
            "State": {
                "Status": status(item.state), "Running": item.is_running(),
                "ExitCode": item.exit_code, "Error": item.error, "OOMKilled": false,
                "StartedAt": time(item.started), "FinishedAt": time(item.finished),
            },
            "Config": item.config,
            "HostConfig": host,
            "Mounts": item.mounts,
            "NetworkSettings": {
                "Ports": if running { bound_ports(item) } else { json!({}) },
                "Networks": networks(item, running),
            },
        })
    }
}

fn status(state: ContainerState) -> &'static str {
    match state {
        ContainerState::Created => "created",
        ContainerState::Running => "running",
        ContainerState::Paused => "paused",
        ContainerState::Restarting => "restarting",
        ContainerState::Removing => "removing",
        ContainerState::Exited => "exited",
        ContainerState::Dead => "dead",
    }
}

fn bound_ports(item: &TwinContainer) -> Value {
    let mut ports = Map::new();
    for port in &item.bound {
        let key = format!("{}/{}", port.container_port, port.protocol);
        let binding = json!({"HostIp": port.host_address, "HostPort": port.host_port.to_string()});
        match ports.get_mut(&key).and_then(Value::as_array_mut) {
            Some(bindings) => bindings.push(binding),
            None => {
                ports.insert(key, json!([binding]));
            }
        }
    }
    Value::Object(ports)
}

/// Endpoints as asked for, with the alias and addresses that the engine adds.
fn networks(item: &TwinContainer, running: bool) -> Value {
    let mut networks = Map::new();
    for (at, (name, asked)) in item.networks.iter().enumerate() {
        let mut endpoint = asked.as_object().cloned().unwrap_or_default();
        if name != "bridge" {
            let mut aliases: Vec<Value> = list(asked, "/Aliases").cloned().collect();
            aliases.push(json!(item.id[..12]));
            endpoint.insert("Aliases".into(), json!(aliases));
        }
        let fixed = text(asked, "/IPAMConfig/IPv4Address");
        let address = if fixed.is_empty() { format!("172.17.{at}.2") } else { fixed.to_owned() };
        endpoint.insert("IPAddress".into(), json!(if running { address.as_str() } else { "" }));
        networks.insert(name.clone(), Value::Object(endpoint));
    }
    Value::Object(networks)
}
