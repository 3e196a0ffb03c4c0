//! Making a container again on another image, losing nothing that the person configured.
//!
//! Works on the engine's raw JSON: `inspect` gives the configuration *after* merging the image's
//! own, so what merely came from the old image is taken out (or a new image's changed defaults would
//! be frozen at old values), and everything else is sent again, known to this product or not.
//! Fields: Docker Engine API 1.41, <https://docs.docker.com/engine/api/v1.41/>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    adopt::ComposeService,
    container::Container,
    finding::{Problem, ProblemCode},
    label,
};

mod ports;

/// A container to create, and the networks to connect before it is started: before API 1.44 a create
/// takes one network only.
#[derive(Clone, Debug, PartialEq)]
pub struct Creation {
    /// Body of `POST /containers/create`.
    pub body: Value,
    /// Network and raw endpoint configuration.
    pub connect: Vec<(String, Value)>,
}

/// What a recreate changes.
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    /// The image to run, as the engine takes it.
    pub image: &'a str,
    /// Labels of ours for the new container; they replace all old ones of ours.
    pub labels: BTreeMap<String, String>,
    /// How the new image's service is started: `Some(words)` replaces entry point and command
    /// (`None` inside = as the image says); `None` = keep what the old container has.
    pub start: Option<Option<Vec<String>>>,
    /// Names of variables that the person set: kept even where the value equals the old image's.
    pub variables_of_person: &'a [String],
}

/// Why a container cannot be made again without losing something or breaking others.
pub fn refusals(old: &Container, others: &[Container]) -> Vec<Problem> {
    let refuse =
        |sentence: String, hint: &str| Problem::new(ProblemCode::CannotBeKept, sentence).hint(hint);
    let mut problems = Vec::new();
    if old.raw["HostConfig"]["AutoRemove"] == json!(true) {
        problems.push(refuse(
            format!("{} was created to be removed as soon as it stops (--rm). Its anonymous volumes would go with it, and nothing would be left to go back to.", old.name),
            "Create a runtime without --rm beside it.",
        ));
    }
    if let Some(compose) = ComposeService::of(old) {
        problems.push(refuse(
            format!("{} belongs to the Compose project {}. Replacing it here would go behind Compose's back: its next \"up\" would undo it.", old.name, compose.project),
            &format!("Change the image in the Compose file and run: {}", compose.command()),
        ).hint("Or make a new runtime beside it."));
    }
    let names = |text: &str| {
        let text = text.trim_start_matches('/');
        text == old.name || text == old.id || (text.len() >= 12 && old.id.starts_with(text))
    };
    for other in others.iter().filter(|other| other.id != old.id) {
        let host = &other.raw["HostConfig"];
        let shares = ["NetworkMode", "IpcMode", "PidMode"].iter().any(|mode| {
            host[*mode].as_str().and_then(|mode| mode.strip_prefix("container:")).is_some_and(names)
        });
        let list = |key: &str| -> Vec<&str> {
            host[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let volumes =
            list("VolumesFrom").iter().any(|from| names(from.split(':').next().unwrap_or(from)));
        let links = list("Links").iter().any(|link| names(link.split(':').next().unwrap_or(link)));
        let what = match (shares, volumes, links) {
            (true, ..) => "shares its network or processes",
            (_, true, _) => "uses its volumes",
            (.., true) => "is linked to it",
            _ => continue,
        };
        problems.push(refuse(
            format!(
                "The container {} {what}. It would be cut off when {} is replaced.",
                other.name, old.name
            ),
            "Remove or change that container first.",
        ));
    }
    problems
}

/// Lets the published port that led to `before` inside lead to `now`.
pub fn lead_to(creation: &mut Creation, before: u16, now: u16) {
    let (before, now) = (format!("{before}/tcp"), format!("{now}/tcp"));
    let published = &mut creation.body["HostConfig"]["PortBindings"];
    if let Some(all) = published.as_object_mut()
        && let Some(bindings) = all.remove(&before)
    {
        all.insert(now.clone(), bindings);
    }
    if let Some(exposed) = creation.body["ExposedPorts"].as_object_mut() {
        exposed.remove(&before);
        exposed.insert(now, json!({}));
    }
}

/// Takes out of `Config` what merely came from the old image.
fn own_config(
    old: &Container,
    image_config: &Value,
    kept_variables: &[String],
) -> Map<String, Value> {
    let mut config = old.raw["Config"].as_object().cloned().unwrap_or_default();
    let image = |key: &str| image_config.get(key).unwrap_or(&Value::Null);
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    // The generated host name is the short id.
    if config.get("Hostname").and_then(Value::as_str).is_some_and(|host| old.id.starts_with(host)) {
        config.remove("Hostname");
    }
    for key in
        ["WorkingDir", "User", "StopSignal", "Healthcheck", "Shell", "OnBuild", "StopTimeout"]
    {
        if config.get(key).is_none_or(|value| value == image(key) || empty(value)) {
            config.remove(key);
        }
    }
    // The engine takes each part of a health check from the image that a container does not have.
    if let Some(Value::Object(check)) = config.get_mut("Healthcheck") {
        check.retain(|part, value| image("Healthcheck").get(part) != Some(value));
    }
    let same = |key: &str, config: &Map<String, Value>| {
        let value = config.get(key).unwrap_or(&Value::Null);
        value == image(key) || (empty(value) && empty(image(key)))
    };
    // A command belongs to its entry point: with another entry point the engine takes no command
    // from the image, so both are kept as they are. So it is with one that the person gave, though it
    // is the image's: only then the image's command is missing.
    let nothing = |key: &str| config.get(key).is_none_or(empty);
    let given = !nothing("Entrypoint") && nothing("Cmd") && !empty(image("Cmd"));
    if same("Entrypoint", &config) && !given {
        config.remove("Entrypoint");
        if same("Cmd", &config) {
            config.remove("Cmd");
        }
    }
    if let Some(Value::Array(variables)) = config.get_mut("Env") {
        let inherited: Vec<&Value> = image("Env").as_array().into_iter().flatten().collect();
        variables.retain(|variable| {
            let name = variable.as_str().and_then(|text| text.split('=').next()).unwrap_or("");
            kept_variables.iter().any(|kept| kept == name) || !inherited.contains(&variable)
        });
    }
    for key in ["Labels", "ExposedPorts", "Volumes"] {
        if let Some(Value::Object(entries)) = config.get_mut(key) {
            let inherited = image(key).as_object();
            entries.retain(|name, value| inherited.and_then(|all| all.get(name)) != Some(value));
        }
    }
    config.remove("Image");
    config
}

/// Names the anonymous volumes in `HostConfig`, so that the new container gets the same ones.
fn hand_over_volumes(old: &Container, host: &mut Map<String, Value>) {
    let mut binds: Vec<Value> =
        host.get("Binds").and_then(Value::as_array).cloned().unwrap_or_default();
    let target_of = |bind: &Value| -> Option<String> {
        bind.as_str()?.split(':').nth(1).map(|target| target.trim_end_matches('/').to_owned())
    };
    let mut mounts: Vec<Value> =
        host.get("Mounts").and_then(Value::as_array).cloned().unwrap_or_default();
    // What has a name and was not asked for here comes with the volumes of another container, and does
    // so again.
    let from_others =
        host.get("VolumesFrom").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    let is_anonymous = |name: &str| {
        old.mounts.iter().any(|mount| {
            mount.kind == crate::container::MountKind::AnonymousVolume && mount.source == name
        })
    };
    for mount in old.raw["Mounts"].as_array().into_iter().flatten() {
        let (Some(name), Some(target)) = (mount["Name"].as_str(), mount["Destination"].as_str())
        else {
            continue;
        };
        if mount["Type"] != json!("volume") {
            continue;
        }
        let place = target.trim_end_matches('/');
        if let Some(asked) = mounts.iter_mut().find(|asked| {
            asked["Target"].as_str().map(|target| target.trim_end_matches('/')) == Some(place)
        }) {
            if asked["Source"].as_str().unwrap_or("").is_empty() {
                asked["Source"] = json!(name);
            }
        } else if !binds.iter().any(|bind| target_of(bind).as_deref() == Some(place))
            && (!from_others || is_anonymous(name))
        {
            let suffix = if mount["RW"] == json!(false) { ":ro" } else { "" };
            binds.push(json!(format!("{name}:{target}{suffix}")));
        }
    }
    if !binds.is_empty() {
        host.insert("Binds".into(), Value::Array(binds));
    }
    if !mounts.is_empty() {
        host.insert("Mounts".into(), Value::Array(mounts));
    }
}

/// Networks to join: aliases and fixed addresses stay, generated addresses do not, nor the alias
/// that equals the short id.
fn endpoints(old: &Container) -> Vec<(String, Value)> {
    let mode = old.raw["HostConfig"]["NetworkMode"].as_str().unwrap_or("default");
    if matches!(mode, "host" | "none") || mode.starts_with("container:") {
        return Vec::new();
    }
    let mut all: Vec<(String, Value)> = old.raw["NetworkSettings"]["Networks"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, seen)| {
            let mut endpoint = Map::new();
            for key in ["IPAMConfig", "Links", "DriverOpts", "GwPriority"] {
                if !seen[key].is_null() {
                    endpoint.insert(key.into(), seen[key].clone());
                }
            }
            let aliases: Vec<&Value> = seen["Aliases"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|alias| {
                    alias.as_str().is_some_and(|alias| {
                        !(alias.len() >= 12 && old.id.starts_with(alias)) && alias != old.name
                    })
                })
                .collect();
            if !aliases.is_empty() {
                endpoint.insert("Aliases".into(), json!(aliases));
            }
            (name.clone(), Value::Object(endpoint))
        })
        .collect();
    // The network that the create names comes first.
    all.sort_by_key(|(name, _)| {
        let id = old.raw["NetworkSettings"]["Networks"][name]["NetworkID"].as_str();
        let first = name == mode || id == Some(mode) || (mode == "default" && name == "bridge");
        (!first, name.clone())
    });
    all
}

/// Limits by the names that create takes: Podman tells `RLIMIT_NOFILE` and takes `nofile`.
fn ulimits(host: &mut Map<String, Value>) {
    for limit in host.get_mut("Ulimits").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(name) = limit["Name"].as_str().and_then(|name| name.strip_prefix("RLIMIT_")) {
            limit["Name"] = json!(name.to_lowercase());
        }
    }
}

/// Podman tells one limit of CPUs in two ways, of which create takes one only.
fn cpus(host: &mut Map<String, Value>) {
    if host.get("NanoCpus").and_then(Value::as_u64).is_some_and(|limit| limit > 0) {
        host.remove("CpuPeriod");
        host.remove("CpuQuota");
    }
}

/// `/other:/this/alias` as inspect tells links, into `other:alias` as create takes them.
fn links(host: &mut Map<String, Value>) {
    if let Some(Value::Array(links)) = host.get_mut("Links") {
        for link in links {
            if let Some((from, to)) = link.as_str().and_then(|text| text.split_once(':')) {
                let alias = to.rsplit('/').next().unwrap_or(to);
                *link = json!(format!("{}:{alias}", from.trim_start_matches('/')));
            }
        }
    }
}

/// The container that takes over from `old` on another image.
///
/// `old_image` is the `Config` object of the image that `old` was made from; `Null` when it cannot be
/// had any more (then nothing counts as inherited).
pub fn successor(old: &Container, old_image: &Value, changes: &Changes<'_>) -> Creation {
    let mut config = own_config(old, old_image, changes.variables_of_person);
    if let Some(start) = &changes.start {
        config.remove("Entrypoint");
        config.remove("Cmd");
        if let Some(words) = start {
            config.insert("Entrypoint".into(), json!(words));
        }
    }
    let mut labels = config
        .remove("Labels")
        .and_then(|labels| match labels {
            Value::Object(labels) => Some(labels),
            _ => None,
        })
        .unwrap_or_default();
    labels.retain(|name, _| !name.starts_with(label::PREFIX));
    for (name, value) in &changes.labels {
        labels.insert(name.clone(), json!(value));
    }
    config.insert("Labels".into(), Value::Object(labels));
    config.insert("Image".into(), json!(changes.image));

    let mut host = old.raw["HostConfig"].as_object().cloned().unwrap_or_default();
    host.remove("ContainerIDFile");
    host.insert("PortBindings".into(), ports::bound(old));
    hand_over_volumes(old, &mut host);
    links(&mut host);
    ulimits(&mut host);
    cpus(&mut host);
    // Docker's default bridge knows neither aliases nor fixed addresses: the mode alone says it.
    let mut connect = endpoints(old);
    if !connect.is_empty() {
        let (name, endpoint) = connect.remove(0);
        if endpoint.as_object().is_some_and(|fields| !fields.is_empty()) || name != "bridge" {
            config.insert("NetworkingConfig".into(), json!({"EndpointsConfig": {name: endpoint}}));
        }
    }
    config.insert("HostConfig".into(), Value::Object(host));
    Creation { body: Value::Object(config), connect }
}

/// The container itself once more, from what the engine told of it, after somebody removed it: same
/// image, settings and labels, the same ports, and its anonymous volumes by name.
pub fn again(old: &Container, image: &str) -> Creation {
    let ours = |name: &String| name.starts_with(label::PREFIX);
    let labels = old.labels.iter().filter(|(name, _)| ours(name));
    let changes = Changes {
        image,
        labels: labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        start: None,
        variables_of_person: &[],
    };
    // Nothing counts as inherited: the image is the same, so nothing is frozen by that.
    successor(old, &Value::Null, &changes)
}

/// The container that proves the new image beside the running one: the successor, except that it
/// takes no live traffic and can write to nothing that is shared.
pub fn candidate(successor: &Creation, old: &Container, target_port: u16) -> Creation {
    let mut body = successor.body.clone();
    body.as_object_mut().map(|body| body.remove("MacAddress"));
    let anonymous: Vec<&str> = old
        .mounts
        .iter()
        .filter(|mount| mount.kind == crate::container::MountKind::AnonymousVolume)
        .map(|mount| mount.source.as_str())
        .collect();
    let host = &mut body["HostConfig"];
    host["RestartPolicy"] = json!({"Name": "no"});
    host["PublishAllPorts"] = json!(false);
    host["PortBindings"] =
        json!({format!("{target_port}/tcp"): [{"HostIp": "127.0.0.1", "HostPort": ""}]});
    if let Some(binds) = host["Binds"].as_array_mut() {
        binds.retain(|bind| {
            bind.as_str().is_some_and(|bind| {
                !anonymous.iter().any(|name| bind.split(':').next() == Some(*name))
            })
        });
        for bind in binds {
            if let Some(text) = bind.as_str() {
                *bind = json!(read_only(text));
            }
        }
    }
    for mount in host["Mounts"].as_array_mut().into_iter().flatten() {
        if mount["Source"].as_str().is_some_and(|source| anonymous.contains(&source)) {
            mount["Source"] = json!("");
        } else if mount["Type"] != json!("tmpfs") {
            mount["ReadOnly"] = json!(true);
        }
    }
    for from in host["VolumesFrom"].as_array_mut().into_iter().flatten() {
        if let Some(text) = from.as_str() {
            *from = json!(format!("{}:ro", text.split(':').next().unwrap_or(text)));
        }
    }
    let bare = |endpoint: &mut Value| {
        if let Some(fields) = endpoint.as_object_mut() {
            fields.retain(|name, _| matches!(name.as_str(), "Links" | "DriverOpts"));
        }
    };
    for endpoint in
        body["NetworkingConfig"]["EndpointsConfig"].as_object_mut().into_iter().flatten()
    {
        bare(endpoint.1);
    }
    if body["NetworkingConfig"].is_null() {
        body.as_object_mut().map(|body| body.remove("NetworkingConfig"));
    }
    let mut connect = successor.connect.clone();
    for (_, endpoint) in &mut connect {
        bare(endpoint);
    }
    let exposed = format!("{target_port}/tcp");
    if !body["ExposedPorts"].is_object() {
        body["ExposedPorts"] = json!({});
    }
    body["ExposedPorts"][exposed] = json!({});
    Creation { body, connect }
}

fn read_only(bind: &str) -> String {
    let mut parts: Vec<&str> = bind.splitn(3, ':').collect();
    let options = if parts.len() == 3 { parts.pop().unwrap_or("") } else { "" };
    let mut kept: Vec<&str> =
        options.split(',').filter(|option| !matches!(*option, "" | "rw" | "ro")).collect();
    kept.push("ro");
    format!("{}:{}", parts.join(":"), kept.join(","))
}

/// Why a candidate cannot run beside the old container; empty = it can.
pub fn cannot_prove(old: &Container, memory_free: Option<u64>) -> Vec<String> {
    let mut reasons = Vec::new();
    let mode = old.raw["HostConfig"]["NetworkMode"].as_str().unwrap_or("");
    if mode == "host" {
        reasons.push("It uses the machine's own network, so a second one beside it would want the same ports.".to_owned());
    }
    if mode.starts_with("container:") {
        reasons.push("It shares another container's network, so a second one beside it would want the same ports.".to_owned());
    }
    if let Some(free) = memory_free
        && old.memory_limit > 0
        && old.memory_limit > free
    {
        reasons.push(
            "There is not enough free memory on the compute for a second one beside it.".to_owned(),
        );
    }
    reasons
}

#[cfg(test)]
mod tests;
