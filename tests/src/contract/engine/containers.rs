//! Making, starting, stopping, renaming and removing containers.

use std::time::Duration;

use domain::container::{ContainerState, MountKind};
use engine::{Engine, EngineError};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{Fixture, SOON, all_lines, body, create, remove, soon};

async fn healthy(port: u16) {
    soon("a healthy answer", async {
        loop {
            let url = format!("http://127.0.0.1:{port}/health");
            if let Ok(answer) = reqwest::get(url).await
                && answer.text().await.is_ok_and(|text| text == "healthy")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

pub(super) async fn a_container_lives_from_create_to_remove(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let created = create(engine, "life", &body(&fixture.image, json!({}))).await;
    assert_eq!(
        (created.state, created.exit_code, created.error.as_str()),
        (ContainerState::Created, 0, "")
    );
    assert_eq!(created.ports.len(), 1);
    if !engine.facts().is_podman {
        // Podman chooses a port when it creates the container, and keeps it.
        assert_eq!(created.ports[0].host_port, 0, "asked for: any port");
    }
    assert_eq!(created.restart_policy, "no");
    let image = engine.image(&fixture.image).await.expect("image");
    assert_eq!(created.image_id, image.id);

    engine.start("life").await.expect("start");
    engine.start("life").await.expect("start of a running one");
    let running = engine.inspect(&created.id).await.expect("inspect");
    assert_eq!(running.state, ContainerState::Running);
    assert!(running.started.is_some() && running.created.is_some() && running.finished.is_none());
    let port = running.ports[0].host_port;
    assert_eq!(
        (running.ports[0].container_port, running.ports[0].host_address.as_str()),
        (8080, "127.0.0.1")
    );
    assert_ne!(port, 0, "as bound");
    if fixture.serves {
        healthy(port).await;
    }
    let managed = engine.managed().await.expect("managed");
    assert_eq!(managed.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["life"]);
    let neighbours = engine.neighbours().await.expect("neighbours");
    let neighbour = neighbours.iter().find(|item| item.id == created.id).expect("neighbour");
    assert_eq!((neighbour.name.as_str(), neighbour.ports[0].host_port), ("life", port));
    assert!(matches!(engine.remove("life", false, false).await, Err(EngineError::Conflict(_))));

    engine.stop("life", Duration::from_secs(10)).await.expect("stop");
    engine.stop("life", Duration::from_secs(10)).await.expect("stop of a stopped one");
    let stopped = engine.inspect("life").await.expect("inspect");
    assert_eq!((stopped.state, stopped.exit_code), (ContainerState::Exited, 143));
    assert!(stopped.finished.is_some());
    assert_eq!(stopped.ports, created.ports, "as asked for, once it does not run");
    engine.start("life").await.expect("start again");
    assert_eq!(engine.inspect("life").await.expect("inspect").state, ContainerState::Running);

    engine.remove("life", true, true).await.expect("remove");
    engine.remove("life", true, true).await.expect("remove of one that is gone");
    assert!(matches!(engine.inspect("life").await, Err(EngineError::NotFound(_))));
}

pub(super) async fn a_taken_name_is_a_conflict(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let body = body(&fixture.image, json!({}));
    create(engine, "taken", &body).await;
    create(engine, "other", &body).await;
    let again = engine.create("taken", &body).await;
    assert!(
        matches!(&again, Err(EngineError::Conflict(words)) if words.contains("in use")),
        "{again:?}"
    );
    let renamed = engine.rename("other", "taken").await;
    assert!(
        matches!(&renamed, Err(EngineError::Conflict(words)) if words.contains("in use")),
        "{renamed:?}"
    );
    assert_eq!(engine.inspect("other").await.expect("inspect").name, "other");
    remove(engine, "taken").await;
    remove(engine, "other").await;
}

pub(super) async fn a_held_port_is_refused_at_the_start_and_noted(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let port = crate::program::free_port().expect("port");
    let bindings = json!({"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port.to_string()}]});
    let body = body(&fixture.image, json!({"HostConfig": {"PortBindings": bindings}}));
    create(engine, "first", &body).await;
    // The same port is no obstacle to a create.
    let second = create(engine, "second", &body).await;
    assert_eq!(second.ports[0].host_port, port);
    engine.start("first").await.expect("start");
    let refused = engine.start("second").await;
    let held = |words: &str| {
        words.contains("port is already allocated") || words.contains("address already in use")
    };
    assert!(
        matches!(&refused, Err(EngineError::Refused { message, .. }) if held(message)),
        "{refused:?}"
    );
    let seen = engine.inspect("second").await.expect("inspect");
    assert!(!seen.is_running(), "{:?}", seen.state);
    if !engine.facts().is_podman {
        assert_eq!((seen.state, seen.exit_code), (ContainerState::Created, 128));
        assert!(held(&seen.error), "{}", seen.error);
    }
    engine.stop("first", Duration::from_secs(10)).await.expect("stop");
    engine.start("second").await.expect("start once the port is free");
    let seen = engine.inspect("second").await.expect("inspect");
    assert_eq!((seen.state, seen.error.as_str()), (ContainerState::Running, ""));
    remove(engine, "first").await;
    remove(engine, "second").await;
}

pub(super) async fn a_command_that_is_not_there_is_refused_at_the_start(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let body = body(&fixture.broken, json!({"Cmd": ["/not/there"]}));
    create(engine, "broken", &body).await;
    let refused = engine.start("broken").await;
    let Err(error) = refused else { panic!("it started") };
    assert!(error.words().to_lowercase().contains("no such file or directory"), "{error:?}");
    let seen = engine.inspect("broken").await.expect("inspect");
    assert!(!seen.is_running(), "{:?}", seen.state);
    if !engine.facts().is_podman {
        assert_eq!((seen.state, seen.exit_code), (ContainerState::Created, 127));
    }
    remove(engine, "broken").await;
}

pub(super) async fn what_was_asked_for_survives_unchanged(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = body(
        &fixture.image,
        json!({
            "Env": ["MODE=fast", "EMPTY="], "StopSignal": "SIGINT", "Hostname": "kept",
            "Labels": {"team": "a=b, \"c\""},
            "HostConfig": {
                "ShmSize": 128 << 20, "ExtraHosts": ["far:10.9.8.7"], "Memory": 256 << 20,
                "NanoCpus": 500_000_000, "Tmpfs": {"/scratch": "size=1m"}, "CapAdd": ["NET_ADMIN"],
                "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}
            }
        }),
    );
    let seen = create(engine, "kept", &asked).await;
    let get = |path: &str| seen.raw.pointer(path).cloned().unwrap_or_default();
    assert_eq!(get("/HostConfig/ShmSize"), json!(128 << 20));
    assert_eq!(get("/HostConfig/ExtraHosts"), json!(["far:10.9.8.7"]));
    assert!(get("/HostConfig/CapAdd").to_string().contains("NET_ADMIN"));
    assert_eq!(get("/HostConfig/RestartPolicy/MaximumRetryCount"), json!(3));
    assert_eq!(get("/Config/Hostname"), json!("kept"));
    let env = get("/Config/Env");
    let env: Vec<&str> = env.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(env.contains(&"MODE=fast") && env.contains(&"EMPTY="), "{env:?}");
    assert!(env.iter().any(|entry| entry.starts_with("PATH=")), "the image's own: {env:?}");
    assert_eq!(seen.labels["team"], "a=b, \"c\"");
    assert_eq!((seen.memory_limit, seen.restart_policy.as_str()), (256 << 20, "on-failure"));
    assert!(
        seen.mounts
            .iter()
            .any(|mount| mount.kind == MountKind::Tmpfs && mount.target == "/scratch")
    );
    if !engine.facts().is_podman {
        // Podman tells a quota and a period instead, and the number of the signal.
        assert_eq!((seen.nano_cpus, get("/Config/StopSignal")), (500_000_000, json!("SIGINT")));
    }
    remove(engine, "kept").await;
}

pub(super) async fn the_machine_has_a_name_inside(fixture: &Fixture) {
    let engine = &*fixture.engine;
    if !domain::compute::knows_host_gateway(engine.facts()) {
        return;
    }
    let hosts = json!([domain::first::MACHINE]);
    let asked = body(&fixture.image, json!({"HostConfig": {"ExtraHosts": &hosts}}));
    create(engine, "named", &asked).await;
    engine.start("named").await.expect("start");
    let seen = engine.inspect("named").await.expect("inspect");
    // It stays as asked: whoever makes the container again asks the same, whatever the address is then.
    assert_eq!(seen.raw["HostConfig"]["ExtraHosts"], hosts);
    remove(engine, "named").await;
}

pub(super) async fn the_restart_policy_changes_or_the_engine_says_that_it_cannot(
    fixture: &Fixture,
) {
    let engine = &*fixture.engine;
    let asked =
        body(&fixture.image, json!({"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}));
    assert_eq!(create(engine, "policy", &asked).await.restart_policy, "unless-stopped");
    engine.start("policy").await.expect("start");
    let changed = engine.set_restart_policy("policy", &json!({"Name": "no"})).await;
    let now = engine.inspect("policy").await.expect("inspect").restart_policy;
    match changed {
        Ok(()) => assert_eq!(now, "no"),
        Err(EngineError::NotSupported(words)) => {
            assert!(engine.facts().is_podman && words.contains("restart policy"), "{words}");
            assert_eq!(now, "unless-stopped");
        }
        Err(other) => panic!("{other:?}"),
    }
    let missing = engine.set_restart_policy("nobody", &json!({"Name": "no"})).await;
    assert!(matches!(missing, Err(EngineError::NotFound(_))), "{missing:?}");
    remove(engine, "policy").await;
}

pub(super) async fn a_network_is_connected_before_the_start(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "linked", &body(&fixture.image, json!({}))).await;
    let endpoint = json!({"Aliases": ["api"]});
    engine.connect_network(&fixture.network, "linked", &endpoint).await.expect("connect");
    let unknown = engine.connect_network("no-such-network", "linked", &endpoint).await;
    assert!(matches!(unknown, Err(EngineError::NotFound(_))), "{unknown:?}");
    engine.start("linked").await.expect("start");
    let raw = engine.inspect("linked").await.expect("inspect").raw;
    let networks = raw.pointer("/NetworkSettings/Networks").expect("networks");
    assert_eq!(networks.as_object().map(serde_json::Map::len), Some(2), "{networks}");
    let network = &networks[&fixture.network];
    assert!(network["Aliases"].as_array().expect("aliases").contains(&json!("api")), "{network}");
    assert_ne!(network["IPAddress"], json!(""), "{network}");
    remove(engine, "linked").await;
}

pub(super) async fn a_volume_handed_over_is_named(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let first =
        create(engine, "owner", &body(&fixture.image, json!({"Volumes": {"/data": {}}}))).await;
    let mount = first.mounts.iter().find(|mount| mount.target == "/data").expect("mount");
    assert_eq!(mount.kind, MountKind::AnonymousVolume);
    let handed = json!([{"Type": "volume", "Source": mount.source, "Target": "/data"}]);
    let second =
        body(&fixture.image, json!({"Volumes": {"/data": {}}, "HostConfig": {"Mounts": handed}}));
    let second = create(engine, "heir", &second).await;
    let inherited = second.mounts.iter().find(|other| other.target == "/data").expect("mount");
    assert_eq!(inherited.source, mount.source);
    // Podman calls it anonymous for ever.
    let named =
        if engine.facts().is_podman { MountKind::AnonymousVolume } else { MountKind::Volume };
    assert_eq!(inherited.kind, named);
    // The old one's removal with its volumes keeps what another container refers to.
    remove(engine, "owner").await;
    engine.start("heir").await.expect("start with the volume");
    remove(engine, "heir").await;
}

pub(super) async fn what_is_not_there_is_not_found(engine: &dyn Engine) {
    fn missing<T: std::fmt::Debug>(result: Result<T, EngineError>) {
        assert!(matches!(result, Err(EngineError::NotFound(_))), "{result:?}");
    }
    missing(engine.inspect("nobody").await);
    missing(engine.start("nobody").await);
    missing(engine.stop("nobody", Duration::from_secs(1)).await);
    missing(engine.rename("nobody", "somebody").await);
    missing(engine.image("r.example/no/image:1").await);
    missing(engine.create("nobody", &json!({"Image": "r.example/no/image:1"})).await);
    missing(engine.logs("nobody", all_lines()).await.next().await.expect("an item"));
    missing(engine.usage("nobody").await.next().await.expect("an item"));
    missing(engine.exec("nobody", &["true".to_owned()], SOON).await);
    engine.remove("nobody", true, true).await.expect("gone is gone");
}
