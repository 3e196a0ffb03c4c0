//! The two images, and what may differ between a container and its successor.

use real_parts::PartResult;
use real_parts::images::{Image, small_runtime};
use serde_json::{Value, json};

pub const OLD: &str = "20240111.v2";
pub const NEW: &str = "20240429.v8";

/// What the two images say of themselves, each in its own way: what a person did not set follows it.
pub fn config_of(version: &str) -> Value {
    let new = version == NEW;
    let own = |old: &'static str, new_one: &'static str| if new { new_one } else { old };
    let build = format!("BUILD_INFO={{\"build_number\":\"{version}\"}}");
    let mut config = json!({
        "User": "10001:10001",
        "WorkingDir": own("/", "/srv"),
        "Env": [
            "PATH=/usr/local/bin:/usr/bin:/bin", "SAME=1", "TAKEN_AWAY=not", build,
            own("OF_OLD=1", "OF_NEW=1"), own("OF_BOTH=old", "OF_BOTH=new"),
        ],
        "Cmd": ["/srv/serve"],
        "Volumes": {"/scratch": {}},
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": {"org.opencontainers.image.version": version, "of.image": version},
    });
    if new {
        config["Cmd"] = json!(["/srv/serve", "newly"]);
        config["StopSignal"] = json!("SIGTERM");
        config["Healthcheck"] = json!({"Test": ["CMD", "true"], "Interval": 40_000_000_000_u64});
        config["ExposedPorts"]["9099/tcp"] = json!({});
    }
    config
}

pub fn image(version: &str, megabytes: usize) -> PartResult<Image> {
    let config = config_of(version);
    let fields = config.as_object().cloned().unwrap_or_default();
    let plain = small_runtime(version)?.padded(megabytes)?;
    Ok(fields.into_iter().fold(plain, |image, (key, value)| image.with(&key, value)))
}

/// What a person configured, and what any container has: without what differs between any two, however
/// alike they are made, and without what `image` says of itself.
pub fn comparable(mut raw: Value, id: &str, image: &Value) -> Value {
    let top = raw.as_object_mut().expect("an object");
    for generated in [
        "Id",
        "Created",
        "State",
        "Image",
        "ResolvConfPath",
        "HostnamePath",
        "HostsPath",
        "LogPath",
        "RestartCount",
        "GraphDriver",
        "ExecIDs",
        // What entry point and command lead to; these are compared.
        "Path",
        "Args",
    ] {
        top.remove(generated);
    }
    let config = &mut raw["Config"];
    // The pinned image takes the place of the tag.
    config["Image"] = Value::Null;
    if config["Hostname"].as_str().is_some_and(|host| id.starts_with(host)) {
        config["Hostname"] = Value::Null;
    }
    for key in FROM_IMAGE {
        if config[key] == image[key] {
            config.as_object_mut().expect("an object").remove(key);
        }
    }
    for key in ["Labels", "ExposedPorts", "Volumes", "Healthcheck"] {
        let Some(own) = config[key].as_object_mut() else { continue };
        own.retain(|name, value| {
            image[key].get(name) != Some(value) && !name.starts_with("io.promptflow-runtimes.")
        });
    }
    if let Some(variables) = config["Env"].as_array_mut() {
        let of_image = image["Env"].as_array().cloned().unwrap_or_default();
        variables.retain(|variable| !of_image.contains(variable));
        variables.sort_by_key(ToString::to_string);
    }
    for key in ["Volumes", "ExposedPorts", "Healthcheck"] {
        // None and empty are the same.
        if config[key].as_object().is_some_and(serde_json::Map::is_empty) {
            config[key] = Value::Null;
        }
    }
    // Anonymous volumes are handed over by name: compared under Mounts.
    let anonymous: Vec<String> = raw["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mount| mount["Name"].as_str())
        .filter(|name| name.len() == 64)
        .map(str::to_owned)
        .collect();
    let host = &mut raw["HostConfig"];
    if let Some(binds) = host["Binds"].as_array_mut() {
        binds.retain(|bind| {
            !anonymous
                .iter()
                .any(|name| bind.as_str().is_some_and(|bind| bind.starts_with(name.as_str())))
        });
        if binds.is_empty() {
            host["Binds"] = Value::Null;
        }
    }
    for mount in host["Mounts"].as_array_mut().into_iter().flatten() {
        if mount["Source"].as_str().is_some_and(|name| anonymous.iter().any(|own| own == name)) {
            mount.as_object_mut().expect("an object").remove("Source");
        }
    }
    // A random port keeps its number, which is then asked for: compared as bound, below.
    host["PortBindings"] = Value::Null;
    if let Some(mounts) = raw["Mounts"].as_array_mut() {
        for mount in mounts.iter_mut() {
            // `z` is what the engine writes for a volume that was named in a bind.
            mount["Mode"] = Value::Null;
        }
        mounts.sort_by_key(|mount| mount["Destination"].to_string());
    }
    let network = raw["NetworkSettings"].as_object_mut().expect("an object");
    let kept = ["Ports", "Networks"];
    network.retain(|name, _| kept.contains(&name.as_str()));
    let ports = network["Ports"].as_object_mut().expect("an object");
    // One that is exposed by the image alone comes and goes with it, also where all are published.
    ports.retain(|port, bound| !bound.is_null() && port != "9099/tcp");
    for bound in ports.values_mut().filter_map(Value::as_array_mut) {
        bound.sort_by_key(ToString::to_string);
    }
    for endpoint in network["Networks"].as_object_mut().expect("an object").values_mut() {
        let fixed = endpoint["IPAMConfig"]["IPv4Address"].clone();
        let aliases: Vec<Value> = endpoint["Aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|alias| alias.as_str().is_some_and(|alias| !id.starts_with(alias)))
            .cloned()
            .collect();
        let links = endpoint["Links"].clone();
        *endpoint = json!({"fixed": fixed, "aliases": aliases, "links": links});
    }
    raw
}

/// What a container has from its image, where nothing else was asked for.
const FROM_IMAGE: [&str; 6] =
    ["WorkingDir", "User", "StopSignal", "Healthcheck", "Entrypoint", "Cmd"];

/// What came from the old image's defaults came from the new one's afterwards, and is not frozen.
pub fn defaults_arrived(told: &str, before: &Value, after: &Value, from: &str, to: &str) {
    let (old, new) = (config_of(from), config_of(to));
    let (before, after) = (&before["Config"], &after["Config"]);
    // With an entry point of its own a container takes no command from an image.
    let own_entry = !before["Entrypoint"].is_null();
    for key in FROM_IMAGE {
        if before[key] == old[key] && !(own_entry && key == "Cmd") {
            assert_eq!(after[key], new[key], "{told}: {key} of the new image");
        }
    }
    let has = |config: &Value, variable: &Value| {
        config["Env"].as_array().is_some_and(|all| all.contains(variable))
    };
    let name = |variable: &Value| {
        variable.as_str().and_then(|text| text.split('=').next().map(str::to_owned))
    };
    let set_by_person: Vec<_> = before["Env"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|variable| !has(&old, variable))
        .map(name)
        .collect();
    for variable in new["Env"].as_array().into_iter().flatten() {
        let arrived = has(after, variable);
        assert!(
            arrived || set_by_person.contains(&name(variable)),
            "{told}: {variable} of the new image"
        );
    }
    for variable in old["Env"].as_array().into_iter().flatten() {
        assert!(!has(after, variable) || has(&new, variable), "{told}: {variable} is frozen");
    }
}

/// Where two answers differ: path, first, second.
pub fn differences(path: &str, first: &Value, second: &Value) -> Vec<String> {
    match (first, second) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> =
                one.keys().chain(other.keys()).collect();
            let at = |object: &serde_json::Map<String, Value>, name: &String| {
                object.get(name).cloned().unwrap_or_default()
            };
            names
                .into_iter()
                .flat_map(|name| {
                    differences(&format!("{path}/{name}"), &at(one, name), &at(other, name))
                })
                .collect()
        }
        _ if first == second => vec![],
        _ => vec![format!("{path}: {first} became {second}")],
    }
}
