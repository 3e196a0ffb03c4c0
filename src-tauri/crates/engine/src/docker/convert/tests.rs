use super::{container as container_of, neighbour as neighbour_of, *};
use serde_json::json;

fn container(raw: Value) -> Container {
    container_of(raw, Dialect::Docker)
}

fn neighbour(raw: Value) -> Neighbour {
    neighbour_of(raw, Dialect::Docker)
}

fn inspected(status: &str) -> Value {
    json!({
        "Id": "c1", "Name": "/eval", "Image": "sha256:aa", "RestartCount": 3,
        "Created": "2026-01-02T03:04:05.5Z",
        "State": {
            "Status": status, "ExitCode": 128, "OOMKilled": true, "Error": "port is taken",
            "StartedAt": "2026-01-02T03:04:06Z", "FinishedAt": "0001-01-01T00:00:00Z"
        },
        "Config": {"Image": "r.example/x:1", "Labels": {"a": "b"}, "FutureField": {"kept": true}},
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"}, "Memory": 1024, "NanoCpus": 500_000_000u64,
            "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
            "Tmpfs": {"/run": "size=1m"}
        },
        "NetworkSettings": {"Ports": {
            "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}], "9090/tcp": null
        }},
        "Mounts": []
    })
}

#[test]
fn an_inspect_answer_becomes_a_container_and_is_kept_whole() {
    let raw = inspected("running");
    let seen = container(raw.clone());
    assert_eq!(
        (seen.id.as_str(), seen.name.as_str(), seen.image_id.as_str()),
        ("c1", "eval", "sha256:aa")
    );
    assert_eq!(seen.image_reference, "r.example/x:1");
    assert_eq!(seen.state, ContainerState::Running);
    assert_eq!(
        (seen.exit_code, seen.out_of_memory, seen.error.as_str()),
        (128, true, "port is taken")
    );
    assert_eq!(seen.created, Some("2026-01-02T03:04:05.5Z".parse().expect("time")));
    assert_eq!(seen.finished, None);
    assert_eq!((seen.restart_count, seen.restart_policy.as_str()), (3, "unless-stopped"));
    assert_eq!((seen.memory_limit, seen.nano_cpus), (1024, 500_000_000));
    assert_eq!(seen.labels["a"], "b");
    assert_eq!(seen.raw, raw);
}

#[test]
fn ports_are_as_bound_while_it_runs_and_as_asked_for_otherwise() {
    let port = |status: &str| container(inspected(status)).ports;
    assert_eq!(port("running").len(), 1);
    assert_eq!((port("running")[0].host_port, port("running")[0].container_port), (49153, 8080));
    assert_eq!(port("exited")[0].host_port, 0);
    assert_eq!(port("exited")[0].host_address, "127.0.0.1");
}

#[test]
fn every_address_is_one_port_though_the_engine_tells_it_twice() {
    let mut raw = inspected("running");
    raw["NetworkSettings"]["Ports"] = json!({"53/udp": [
        {"HostIp": "0.0.0.0", "HostPort": "5353"}, {"HostIp": "::", "HostPort": "5353"}
    ]});
    let ports = container(raw).ports;
    assert_eq!(ports.len(), 1);
    assert_eq!((ports[0].protocol.as_str(), ports[0].host_address.as_str()), ("udp", "0.0.0.0"));
}

#[test]
fn a_volume_handed_over_by_name_is_no_longer_anonymous() {
    let hex = "ab".repeat(32);
    let mut raw = inspected("exited");
    raw["Mounts"] = json!([
        {"Type": "volume", "Name": hex, "Source": "/var/lib/x", "Destination": "/data", "RW": true},
        {"Type": "volume", "Name": "mine", "Destination": "/mine", "RW": false},
        {"Type": "bind", "Source": "/srv", "Destination": "/srv", "RW": true}
    ]);
    let kinds = |raw: &Value| {
        container(raw.clone()).mounts.iter().map(|mount| mount.kind).collect::<Vec<_>>()
    };
    let rest = [MountKind::Volume, MountKind::Bind, MountKind::Tmpfs];
    assert_eq!(kinds(&raw), [&[MountKind::AnonymousVolume][..], &rest].concat());
    let seen = container(raw.clone());
    assert_eq!((seen.mounts[0].source.as_str(), seen.mounts[1].read_only), (hex.as_str(), true));
    assert_eq!(neighbour(raw.clone()).volumes, [hex.clone(), "mine".to_owned()]);
    raw["HostConfig"]["Mounts"] = json!([{"Type": "volume", "Source": hex, "Target": "/data"}]);
    assert_eq!(kinds(&raw)[0], MountKind::Volume);
    // Podman calls it anonymous for ever.
    let seen = container_of(raw, Dialect::Podman);
    assert_eq!(seen.mounts[0].kind, MountKind::AnonymousVolume);
}

#[test]
fn a_sparse_answer_is_no_accident() {
    let seen = container(json!({"Id": "x", "State": {"Status": "new word"}}));
    assert_eq!(seen.state, ContainerState::Dead);
    assert_eq!(seen.restart_policy, "no");
    assert!(seen.ports.is_empty() && seen.mounts.is_empty() && seen.labels.is_empty());
}

#[test]
fn podmans_images_look_like_dockers() {
    let hex = "cd".repeat(32);
    let seen = image(&json!({
        "Id": hex,
        "RepoTags": ["localhost/base:1", "r.example/x:2", "<none>:<none>"],
        "RepoDigests": [format!("localhost/base@sha256:{hex}"), format!("sha256:{hex}"), hex, "x@y"],
        "RootFS": {"Layers": [format!("sha256:{hex}"), "broken"]},
        "Size": 5, "Architecture": "amd64", "Os": "linux", "Config": {"Cmd": ["x"]}
    }));
    assert_eq!(seen.id, format!("sha256:{hex}"));
    assert_eq!(seen.tags, ["base:1", "r.example/x:2"]);
    assert_eq!((seen.digests.len(), seen.layers.len(), seen.size), (1, 1, 5));
    assert_eq!(seen.config["Cmd"][0], "x");
}

#[test]
fn facts_tell_podman_and_a_swarm_worker() {
    let docker = json!({
        "Components": [{"Name": "Engine"}], "Version": "20.10.24", "ApiVersion": "1.41", "Os": "linux", "Arch": "x86_64"
    });
    let info = json!({
        "ID": "abc", "NCPU": 2, "MemTotal": 1024, "DockerRootDir": "/var/lib/docker",
        "Swarm": {"LocalNodeState": "active", "ControlAvailable": false}
    });
    let seen = facts(&docker, &info, "");
    assert_eq!((seen.engine.as_str(), seen.architecture.as_str()), ("Docker Engine", "amd64"));
    assert_eq!((seen.engine_id.as_str(), seen.cpus, seen.memory), ("abc", 2, 1024));
    assert!(seen.swarm_worker_without_control && !seen.is_podman);
    let manager = json!({"Swarm": {"LocalNodeState": "active", "ControlAvailable": true}});
    assert!(!facts(&docker, &manager, "").swarm_worker_without_control);
    let podman = json!({"Components": [{"Name": "Podman Engine"}], "Version": "4.3.1"});
    let seen = facts(&podman, &info, "");
    assert!(seen.is_podman && seen.engine_id.is_empty());
}

#[test]
fn command_lines_are_found_by_their_title() {
    let docker = br#"{"Titles":["UID","PID","CMD"],"Processes":[["root","1","httpd -f"],["root","7","sleep 1"]]}"#;
    assert_eq!(processes(docker).expect("table"), ["httpd -f", "sleep 1"]);
    let podman = br#"{"Titles":["PID","COMMAND"],"Processes":[["1","httpd -f"]]}"#;
    assert_eq!(processes(podman).expect("table"), ["httpd -f"]);
    assert!(processes(b"words").is_err());
}
