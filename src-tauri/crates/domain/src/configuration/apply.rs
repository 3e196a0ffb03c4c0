//! New settings in the body of the container that takes over.

use serde_json::{Value, json};

use super::{
    ChangedSetting, Configuration, VariableChange, difference,
    difference::{nano_cpus, place},
    read::name_of,
};
use crate::{first::SLOW_NODE_VARIABLE, recreate::Creation, spec::MountRequest};

/// Puts what differs between `from` and `to` into a creation that has `from`'s settings. Nothing else
/// of it changes. `port` is the one inside that serves.
pub fn apply(from: &Configuration, to: &Configuration, creation: &mut Creation, port: u16) {
    let body = &mut creation.body;
    for change in difference(from, to, false) {
        match change.setting {
            // It is in the spec's label, which the caller writes.
            ChangedSetting::Description { .. } => {}
            ChangedSetting::HostPort { after, .. } => {
                let number = if after == 0 { String::new() } else { after.to_string() };
                binding(body, port, &to.bind_address)["HostPort"] = json!(number);
            }
            ChangedSetting::BindAddress { after, .. } => {
                binding(body, port, &after)["HostIp"] = json!(after);
            }
            ChangedSetting::MemoryLimit { before, after } => {
                memory(&mut body["HostConfig"], before, after);
            }
            ChangedSetting::CpuLimit { after, .. } => cpus(&mut body["HostConfig"], after),
            ChangedSetting::Variable { name, change } => {
                let value = to
                    .variables
                    .iter()
                    .find(|variable| variable.name == name)
                    .and_then(|variable| variable.value.as_deref());
                variable(body, &name, change, value);
            }
            ChangedSetting::Mount { target, before, after } => {
                mount(&mut body["HostConfig"], &target, before.as_ref(), after.as_ref());
            }
            ChangedSetting::RestartPolicy { after, .. } => {
                body["HostConfig"]["RestartPolicy"] =
                    json!({"Name": after.as_str(), "MaximumRetryCount": 0});
            }
        }
    }
}

/// The number on the host on which a creation publishes the port inside that serves; `None` when the
/// engine is to choose, or nothing is published.
pub fn published_port(creation: &Creation, port: u16) -> Option<u16> {
    creation.body["HostConfig"]["PortBindings"][format!("{port}/tcp")][0]["HostPort"]
        .as_str()
        .and_then(|number| number.parse().ok())
        .filter(|number| *number != 0)
}

/// The first binding of the port that serves; made when there is none.
fn binding<'a>(body: &'a mut Value, port: u16, address: &str) -> &'a mut Value {
    let key = format!("{port}/tcp");
    let exposed = &mut body["ExposedPorts"];
    if !exposed.is_object() {
        *exposed = json!({});
    }
    exposed[&key] = json!({});
    let published = &mut body["HostConfig"]["PortBindings"];
    if !published.is_object() {
        *published = json!({});
    }
    let bindings = &mut published[&key];
    if bindings.as_array().is_none_or(Vec::is_empty) {
        *bindings = json!([{"HostIp": address, "HostPort": ""}]);
    }
    &mut bindings[0]
}

/// Engines make up the limit of memory and swap together as twice the memory: theirs goes, so that they
/// make it up anew. One that was asked for stays as far above the memory as it was.
fn memory(host: &mut Value, before: Option<u64>, after: Option<u64>) {
    host["Memory"] = json!(after.unwrap_or(0));
    let swap = host["MemorySwap"].as_i64().and_then(|swap| u64::try_from(swap).ok());
    // -1 = as much swap as there is.
    let (Some(swap), Some(before)) = (swap, before) else { return };
    match after {
        Some(after) if swap != 0 && swap != before.saturating_mul(2) => {
            host["MemorySwap"] = json!(after.saturating_add(swap.saturating_sub(before)));
        }
        _ => forget(host, &["MemorySwap"]),
    }
}

fn cpus(host: &mut Value, after: Option<f64>) {
    host["NanoCpus"] = json!(nano_cpus(after));
    // The same limit in another way, which engines do not take beside it.
    forget(host, &["CpuPeriod", "CpuQuota"]);
}

fn forget(host: &mut Value, keys: &[&str]) {
    if let Some(fields) = host.as_object_mut() {
        fields.retain(|name, _| !keys.contains(&name.as_str()));
    }
}

fn variable(body: &mut Value, name: &str, change: VariableChange, value: Option<&str>) {
    if !body["Env"].is_array() {
        body["Env"] = json!([]);
    }
    let Value::Array(all) = &mut body["Env"] else { return };
    let at = all.iter().position(|entry| name_of(entry) == name);
    let value = match change {
        VariableChange::Removed if name == SLOW_NODE_VARIABLE.0 => Some(SLOW_NODE_VARIABLE.1),
        VariableChange::Removed => None,
        VariableChange::Added | VariableChange::Changed => value,
    };
    let entry = value.map(|value| json!(format!("{name}={value}")));
    match (at, entry) {
        (Some(at), Some(entry)) => all[at] = entry,
        (Some(at), None) => {
            all.remove(at);
        }
        (None, Some(entry)) => all.push(entry),
        (None, None) => {}
    }
}

fn mount(
    host: &mut Value,
    target: &str,
    before: Option<&MountRequest>,
    after: Option<&MountRequest>,
) {
    let is_bind = |bind: &Value| {
        let at = bind.as_str().and_then(|bind| bind.split(':').nth(1));
        at.map(place) == Some(place(target))
    };
    let is_mount = |mount: &Value| mount["Target"].as_str().map(place) == Some(place(target));
    let Some(after) = after else {
        if let Some(binds) = host["Binds"].as_array_mut() {
            binds.retain(|bind| !is_bind(bind));
        }
        if let Some(mounts) = host["Mounts"].as_array_mut() {
            mounts.retain(|mount| !is_mount(mount));
        }
        return;
    };
    let same_kind = before.is_some_and(|before| before.is_bind() == after.is_bind());
    let mounts = host["Mounts"].as_array_mut();
    if let Some(entry) = mounts.and_then(|all| all.iter_mut().find(|one| is_mount(one))) {
        entry["Source"] = json!(after.source);
        entry["ReadOnly"] = json!(after.read_only);
        if !same_kind {
            entry["Type"] = json!(if after.is_bind() { "bind" } else { "volume" });
            forget(entry, &["BindOptions", "VolumeOptions"]);
        }
        return;
    }
    if !host["Binds"].is_array() {
        host["Binds"] = json!([]);
    }
    let Value::Array(binds) = &mut host["Binds"] else { return };
    let at = binds.iter().position(is_bind);
    let of_before =
        at.filter(|_| same_kind).and_then(|at| binds[at].as_str()?.splitn(3, ':').nth(2));
    let mut options: Vec<&str> = of_before
        .into_iter()
        .flat_map(|options| options.split(','))
        .filter(|option| !matches!(*option, "" | "rw" | "ro"))
        .collect();
    if after.read_only {
        options.insert(0, "ro");
    }
    let mut entry = format!("{}:{}", after.source, after.target);
    if !options.is_empty() {
        entry = format!("{entry}:{}", options.join(","));
    }
    match at {
        Some(at) => binds[at] = json!(entry),
        None => binds.push(json!(entry)),
    }
}
