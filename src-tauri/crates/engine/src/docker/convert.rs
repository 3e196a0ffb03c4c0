//! The engine's JSON, converted once into the product's own types.

use std::collections::BTreeMap;

use domain::{
    build::Builder,
    compute::EngineFacts,
    container::{
        Container, ContainerState, LocalImage, Mount, MountKind, Neighbour, PublishedPort,
    },
    disk::{CacheDisk, DiskUsage, ImageDisk},
    environment::EnvironmentName,
    image::{Digest, Platform},
};
use jiff::Timestamp;
use serde_json::Value;

use super::wire::not_json;
use crate::EngineError;

/// Facts from `/version` and `/info`, and the header `Builder-Version` of `/_ping`.
pub(super) fn facts(version: &Value, info: &Value, builder: &str) -> EngineFacts {
    let is_podman = list(version, "/Components")
        .any(|component| text(component, "/Name").to_lowercase().contains("podman"));
    let swarm_active = text(info, "/Swarm/LocalNodeState") == "active";
    EngineFacts {
        engine: if is_podman { "Podman" } else { "Docker Engine" }.to_owned(),
        version: text(version, "/Version").to_owned(),
        api_version: text(version, "/ApiVersion").to_owned(),
        architecture: Platform::linux(text(version, "/Arch")).architecture,
        operating_system: text(version, "/Os").to_owned(),
        cpus: u32::try_from(whole(info, "/NCPU")).unwrap_or(0),
        memory: whole(info, "/MemTotal"),
        // Podman makes a new id for every answer, which identifies nothing.
        engine_id: if is_podman { String::new() } else { text(info, "/ID").to_owned() },
        data_root: text(info, "/DockerRootDir").to_owned(),
        swarm_worker_without_control: swarm_active
            && info.pointer("/Swarm/ControlAvailable") != Some(&Value::Bool(true)),
        is_podman,
        builder: match (is_podman, builder) {
            (true, _) => Builder::Podman,
            // Said only where the engine's settings switch BuildKit on or off.
            (false, "1") => Builder::Classic,
            (false, _) => Builder::BuildKit,
        },
    }
}

/// Whose answer it is, where they mean different things by the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Docker,
    Podman,
}

/// A container from `inspect`.
pub(crate) fn container(raw: Value, dialect: Dialect) -> Container {
    let state = state(text(&raw, "/State/Status"));
    let restart_policy = match text(&raw, "/HostConfig/RestartPolicy/Name") {
        "" => "no",
        name => name,
    };
    Container {
        id: text(&raw, "/Id").to_owned(),
        name: container_name(text(&raw, "/Name")),
        image_id: image_id(text(&raw, "/Image")),
        image_reference: text(&raw, "/Config/Image").to_owned(),
        state,
        exit_code: raw.pointer("/State/ExitCode").and_then(Value::as_i64).unwrap_or(0),
        out_of_memory: raw.pointer("/State/OOMKilled") == Some(&Value::Bool(true)),
        error: text(&raw, "/State/Error").to_owned(),
        created: time(text(&raw, "/Created")),
        started: time(text(&raw, "/State/StartedAt")),
        finished: time(text(&raw, "/State/FinishedAt")),
        restart_count: u32::try_from(whole(&raw, "/RestartCount")).unwrap_or(0),
        labels: texts(raw.pointer("/Config/Labels")),
        ports: container_ports(&raw, state),
        mounts: mounts(&raw, dialect),
        restart_policy: restart_policy.to_owned(),
        memory_limit: whole(&raw, "/HostConfig/Memory"),
        nano_cpus: whole(&raw, "/HostConfig/NanoCpus"),
        raw,
    }
}

/// What other containers need to know of one, from `inspect`: the list has no ports of stopped
/// containers, and Podman's none at all.
pub(crate) fn neighbour(raw: Value, dialect: Dialect) -> Neighbour {
    let container = container(raw, dialect);
    Neighbour {
        volumes: container
            .mounts
            .iter()
            .filter(|mount| matches!(mount.kind, MountKind::Volume | MountKind::AnonymousVolume))
            .map(|mount| mount.source.clone())
            .collect(),
        id: container.id,
        name: container.name,
        ports: container.ports,
        image_id: container.image_id,
    }
}

/// An image from `inspect`.
pub(super) fn image(raw: &Value) -> LocalImage {
    let named = |path: &str| {
        list(raw, path).filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut digests: Vec<Digest> = named("/RepoDigests")
        .iter()
        .filter_map(|text| {
            Digest::parse(text.split_once('@').map_or(text.as_str(), |(_, digest)| digest)).ok()
        })
        .collect();
    digests.sort_unstable();
    digests.dedup();
    LocalImage {
        id: image_id(text(raw, "/Id")),
        tags: named("/RepoTags")
            .into_iter()
            .filter(|tag| !tag.contains("<none>"))
            // Podman's prefix for an image that no registry gave; Docker has none. Versions of
            // environments have it as part of their name on both.
            .map(|tag| match tag.strip_prefix("localhost/") {
                Some(bare) if !EnvironmentName::is_image(&tag) => bare.to_owned(),
                _ => tag,
            })
            .collect(),
        digests,
        layers: named("/RootFS/Layers").iter().filter_map(|id| Digest::parse(id).ok()).collect(),
        size: whole(raw, "/Size"),
        created: time(text(raw, "/Created")),
        architecture: text(raw, "/Architecture").to_owned(),
        operating_system: text(raw, "/Os").to_owned(),
        config: raw.get("Config").cloned().unwrap_or(Value::Null),
    }
}

/// What images take, from `/system/df`.
pub(super) fn disk_usage(raw: &Value) -> DiskUsage {
    let images = list(raw, "/Images").map(|image| ImageDisk {
        id: image_id(text(image, "/Id")),
        size: whole(image, "/Size"),
        // -1 = it was not counted.
        shared: image.get("SharedSize").and_then(Value::as_u64),
    });
    let is = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or(false);
    let entries: Vec<&Value> = list(raw, "/BuildCache").collect();
    let sum = |unused: bool| {
        entries
            .iter()
            .filter(|entry| !is(entry, "Shared") && (!unused || !is(entry, "InUse")))
            .map(|entry| whole(entry, "/Size"))
            .sum()
    };
    DiskUsage {
        layers: whole(raw, "/LayersSize"),
        images: images.collect(),
        build_cache: (!entries.is_empty())
            .then(|| CacheDisk { size: sum(false), unused: sum(true) }),
    }
}

/// Command lines from `top`: a table with its columns' titles.
pub(super) fn processes(answer: &[u8]) -> Result<Vec<String>, EngineError> {
    let table: Value = serde_json::from_slice(answer).map_err(|error| not_json(&error))?;
    let titles: Vec<&Value> = list(&table, "/Titles").collect();
    // Docker calls the column CMD, Podman COMMAND; it is the last one in both.
    let column = titles
        .iter()
        .position(|title| matches!(title.as_str(), Some("CMD" | "COMMAND")))
        .unwrap_or(titles.len().saturating_sub(1));
    let cell = |row: &Value| row.get(column).and_then(Value::as_str).map(str::to_owned);
    Ok(list(&table, "/Processes").filter_map(cell).collect())
}

fn state(words: &str) -> ContainerState {
    match words {
        // The last two are Podman's.
        "created" | "configured" | "initialized" => ContainerState::Created,
        "running" | "stopping" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "exited" | "stopped" => ContainerState::Exited,
        _ => ContainerState::Dead,
    }
}

/// Without the slash in front.
pub(super) fn container_name(name: &str) -> String {
    name.trim_start_matches('/').to_owned()
}

/// Podman names images by bare hexadecimal digits.
pub(super) fn image_id(id: &str) -> String {
    if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("sha256:{id}")
    } else {
        id.to_owned()
    }
}

fn container_ports(raw: &Value, state: ContainerState) -> Vec<PublishedPort> {
    let running = matches!(state, ContainerState::Running | ContainerState::Paused);
    let bound = if running { ports(raw.pointer("/NetworkSettings/Ports")) } else { Vec::new() };
    if bound.is_empty() { ports(raw.pointer("/HostConfig/PortBindings")) } else { bound }
}

/// `{"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}]}`.
fn ports(map: Option<&Value>) -> Vec<PublishedPort> {
    let mut found: Vec<PublishedPort> = Vec::new();
    for (key, bindings) in map.and_then(Value::as_object).into_iter().flatten() {
        let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
        let Ok(container_port) = port.parse() else { continue };
        for binding in bindings.as_array().into_iter().flatten() {
            let port = PublishedPort {
                container_port,
                protocol: protocol.to_owned(),
                host_address: text(binding, "/HostIp").to_owned(),
                host_port: text(binding, "/HostPort").parse().unwrap_or(0),
            };
            // "Every address" is told twice, for both kinds of addresses.
            let twice = port.host_address == "::"
                && found.iter().any(|other| {
                    PublishedPort { host_address: other.host_address.clone(), ..port.clone() }
                        == *other
                });
            if !twice {
                found.push(port);
            }
        }
    }
    found
}

fn mounts(raw: &Value, dialect: Dialect) -> Vec<Mount> {
    let mut found: Vec<Mount> = list(raw, "/Mounts")
        .map(|mount| {
            let name = text(mount, "/Name");
            let kind = match text(mount, "/Type") {
                "volume" if is_anonymous(raw, name, dialect) => MountKind::AnonymousVolume,
                "volume" => MountKind::Volume,
                "tmpfs" => MountKind::Tmpfs,
                _ => MountKind::Bind,
            };
            Mount {
                kind,
                source: match kind {
                    MountKind::Volume | MountKind::AnonymousVolume => name.to_owned(),
                    MountKind::Bind => text(mount, "/Source").to_owned(),
                    MountKind::Tmpfs => String::new(),
                },
                target: text(mount, "/Destination").to_owned(),
                read_only: mount.get("RW") == Some(&Value::Bool(false)),
            }
        })
        .collect();
    for target in raw.pointer("/HostConfig/Tmpfs").and_then(Value::as_object).into_iter().flatten()
    {
        if !found.iter().any(|mount| mount.target == *target.0) {
            found.push(Mount {
                kind: MountKind::Tmpfs,
                source: String::new(),
                target: target.0.clone(),
                read_only: false,
            });
        }
    }
    found
}

/// A volume that the engine named (64 hexadecimal digits). To Docker, one that was handed over from
/// an older container is asked for by name and counts as named from then on; Podman repeats every
/// mount in `Binds` and keeps calling such a volume anonymous.
fn is_anonymous(raw: &Value, name: &str, dialect: Dialect) -> bool {
    let asked = || {
        list(raw, "/HostConfig/Binds")
            .filter_map(Value::as_str)
            .any(|bind| bind.split(':').next() == Some(name))
            || list(raw, "/HostConfig/Mounts").any(|mount| text(mount, "/Source") == name)
    };
    name.len() == 64
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (dialect == Dialect::Podman || !asked())
}

/// A moment; the engine's "never" (year 1) is `None`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|time| time.as_second() > 0)
}

pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

pub(super) fn whole(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

pub(crate) fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    map.and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
        .collect()
}

#[cfg(test)]
mod tests;
