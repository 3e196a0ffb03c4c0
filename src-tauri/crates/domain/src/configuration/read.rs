//! The settings that a container has.

use serde_json::Value;

use super::{Configuration, VariableSetting};
use crate::{
    container::{Container, Mount, MountKind},
    first::SLOW_NODE_VARIABLE,
    label::Labels,
    spec::{MountRequest, RecordedSpec, RestartPolicy},
};

/// Reads the settings of a container.
///
/// `image` is the `Config` object of its image, which tells what merely came from there; `Null` when
/// it cannot be had any more: then only variables that the spec names are taken for the person's.
pub fn read(container: &Container, image: &Value) -> Configuration {
    let labels = Labels::read(&container.labels);
    let spec = labels.as_ref().and_then(|labels| labels.spec.as_ref());
    let port = target_port(container);
    let binding = &container.raw["HostConfig"]["PortBindings"][format!("{port}/tcp")][0];
    let address = binding["HostIp"].as_str();
    Configuration {
        description: spec.map(|spec| spec.description.clone()).unwrap_or_default(),
        host_port: binding["HostPort"].as_str().and_then(|port| port.parse().ok()).unwrap_or(0),
        bind_address: match address {
            Some("") => "0.0.0.0",
            Some(address) => address,
            None if publishes_all(container) => "0.0.0.0",
            None => "127.0.0.1",
        }
        .to_owned(),
        memory_limit: Some(container.memory_limit).filter(|limit| *limit > 0),
        cpu_limit: cpu_limit(container),
        variables: variables(container, image, spec)
            .into_iter()
            .map(|name| VariableSetting { name, value: None })
            .collect(),
        mounts: container
            .mounts
            .iter()
            .filter(|mount| is_of_person(container, mount))
            .map(|mount| MountRequest {
                source: mount.source.clone(),
                target: mount.target.clone(),
                read_only: mount.read_only,
            })
            .collect(),
        restart_policy: RestartPolicy::parse(&container.restart_policy),
    }
}

/// The port inside that serves.
pub(super) fn target_port(container: &Container) -> u16 {
    let asked = Labels::read(&container.labels).and_then(|labels| labels.target_port);
    if publishes_all(container) {
        // A stopped one does not tell which; what it exposes is the same at any time.
        return crate::start::target_port(asked, &container.raw["Config"]);
    }
    let published = container.ports.iter().find(|port| port.protocol == "tcp");
    asked.or_else(|| published.map(|port| port.container_port)).unwrap_or(crate::start::USUAL_PORT)
}

/// Every port that it exposes is published on all addresses (`--publish-all`).
fn publishes_all(container: &Container) -> bool {
    container.raw["HostConfig"]["PublishAllPorts"] == true
}

fn cpu_limit(container: &Container) -> Option<f64> {
    if container.nano_cpus > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a number of CPUs is small")]
        return Some(container.nano_cpus as f64 / 1e9);
    }
    let host = &container.raw["HostConfig"];
    let quota = host["CpuQuota"].as_f64().filter(|quota| *quota > 0.0)?;
    let period = host["CpuPeriod"].as_f64().filter(|period| *period > 0.0).unwrap_or(100_000.0);
    Some(quota / period)
}

/// Variables that Podman sets in each container by itself and tells among the person's.
fn is_of_engine(entry: &Value) -> bool {
    matches!(name_of(entry), "HOME" | "HOSTNAME")
        || matches!(entry.as_str(), Some("TERM=xterm" | "container=podman" | "container=oci"))
}

/// Names of the variables that the person set: those of the spec in its order, then others by name, for
/// engines tell them in any order.
fn variables(container: &Container, image: &Value, spec: Option<&RecordedSpec>) -> Vec<String> {
    let named = spec.map(|spec| spec.variables.as_slice()).unwrap_or_default();
    let inherited: Vec<&Value> = image["Env"].as_array().into_iter().flatten().collect();
    let of_person = |entry: &&Value| {
        let name = name_of(entry);
        named.iter().any(|own| own == name)
            || (!image.is_null()
                && name != SLOW_NODE_VARIABLE.0
                && !is_of_engine(entry)
                && !inherited.contains(entry))
    };
    let mut found: Vec<String> = container.raw["Config"]["Env"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(of_person)
        .map(|entry| name_of(entry).to_owned())
        .collect();
    let place = |name: &String| named.iter().position(|own| own == name).unwrap_or(named.len());
    found.sort_by(|one, other| place(one).cmp(&place(other)).then_with(|| one.cmp(other)));
    found
}

/// The name of `NAME=value`.
pub(super) fn name_of(entry: &Value) -> &str {
    entry.as_str().and_then(|text| text.split('=').next()).unwrap_or("")
}

/// Whether a person asked for this mount by name: not an anonymous volume (also one that was handed
/// over by its generated name), and not one that another container lends.
fn is_of_person(container: &Container, mount: &Mount) -> bool {
    let generated =
        mount.source.len() == 64 && mount.source.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lists = &container.raw["HostConfig"];
    let place = mount.target.trim_end_matches('/');
    let asked =
        lists["Binds"].as_array().into_iter().flatten().any(|bind| {
            bind.as_str().and_then(|bind| bind.split(':').nth(1)).map(|at| at.trim_end_matches('/'))
                == Some(place)
        }) || lists["Mounts"].as_array().into_iter().flatten().any(|asked| {
            asked["Target"].as_str().map(|at| at.trim_end_matches('/')) == Some(place)
        });
    matches!(mount.kind, MountKind::Bind | MountKind::Volume)
        && !(mount.kind == MountKind::Volume && generated)
        && asked
}

/// The value that a container has for a variable.
fn value_of<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    let all = container.raw["Config"]["Env"].as_array()?;
    let entry = all.iter().find(|entry| name_of(entry) == name)?;
    entry.as_str().map(|text| text.split_once('=').map_or("", |(_, value)| value))
}

/// The settings that `present` is to get when its last replacement is taken back: what `previous` had,
/// but for what can be changed in place. That stays as it is now, and so does a limit that was
/// changed on `present` after it was made.
///
/// `now` and `before` are their settings as [`read`].
pub fn going_back(
    present: &Container,
    now: &Configuration,
    previous: &Container,
    before: &Configuration,
) -> Configuration {
    let spec = Labels::read(&present.labels).and_then(|labels| labels.spec);
    let untouched_memory = spec.as_ref().is_none_or(|spec| spec.memory_limit == now.memory_limit);
    let untouched_cpus = spec.as_ref().is_none_or(|spec| spec.cpu_limit == now.cpu_limit);
    // One that the engine chose got its number by being kept, not by anybody's wish.
    let port_was_kept = before.host_port == 0 && spec.is_none_or(|spec| spec.host_port == 0);
    let kept = |name: &str| {
        now.variables.iter().any(|variable| variable.name == name)
            && value_of(present, name) == value_of(previous, name)
    };
    Configuration {
        description: now.description.clone(),
        restart_policy: now.restart_policy,
        host_port: if port_was_kept { now.host_port } else { before.host_port },
        bind_address: before.bind_address.clone(),
        memory_limit: if untouched_memory { before.memory_limit } else { now.memory_limit },
        cpu_limit: if untouched_cpus { before.cpu_limit } else { now.cpu_limit },
        variables: before
            .variables
            .iter()
            .map(|variable| VariableSetting {
                name: variable.name.clone(),
                value: (!kept(&variable.name))
                    .then(|| value_of(previous, &variable.name).unwrap_or("").to_owned()),
            })
            .collect(),
        mounts: before.mounts.clone(),
    }
}
