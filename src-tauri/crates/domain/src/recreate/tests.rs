use super::*;
use crate::container::{Mount, MountKind, tests::container};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn old() -> Container {
    let mut old = container(ID, "eval");
    old.mounts = vec![Mount {
        kind: MountKind::AnonymousVolume,
        source: "anon".into(),
        target: "/scratch".into(),
        read_only: false,
    }];
    old.raw = json!({
        "Id": ID,
        "Config": {
            "Hostname": "0123456789ab", "Image": "r.example/x:1", "User": "app", "WorkingDir": "/srv",
            "Env": ["PATH=/old/bin", "MODE=fast", "LEVEL=1"],
            "Cmd": ["serve"], "Entrypoint": null,
            "Labels": {"team": "a", "image.label": "1", "io.promptflow-runtimes.generation": "1"},
            "ExposedPorts": {"8080/tcp": {}, "9090/tcp": {}},
            "StopTimeout": 30, "SomethingNew": {"kept": true}
        },
        "HostConfig": {
            "NetworkMode": "net-a",
            "Binds": ["data:/data", "/host:/in:z"],
            "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}, {"HostIp": "", "HostPort": "7000"}]},
            "RestartPolicy": {"Name": "always"}, "Memory": 1000, "FutureField": [1],
            "Links": ["/db:/eval/database"]
        },
        "Mounts": [
            {"Type": "volume", "Name": "data", "Destination": "/data", "RW": true},
            {"Type": "volume", "Name": "anon", "Destination": "/scratch", "RW": true}
        ],
        "NetworkSettings": {
            "Ports": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}, {"HostIp": "0.0.0.0", "HostPort": "7000"}]},
            "Networks": {
                "net-b": {"Aliases": ["0123456789ab"], "IPAddress": "10.0.1.2", "MacAddress": "02:42"},
                "net-a": {"Aliases": ["flows", "0123456789ab"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}, "IPAddress": "10.0.0.9"}
            }
        }
    });
    old
}

fn image() -> Value {
    json!({
        "User": "app", "WorkingDir": "/app", "Env": ["PATH=/old/bin", "LEVEL=1"], "Cmd": ["serve"],
        "Labels": {"image.label": "1"}, "ExposedPorts": {"8080/tcp": {}}
    })
}

fn changes() -> Changes<'static> {
    Changes {
        image: "sha256:new",
        labels: BTreeMap::from([(label::GENERATION.to_owned(), "2".to_owned())]),
        start: None,
        variables_of_person: &[],
    }
}

#[test]
fn what_came_from_the_old_image_is_not_frozen_and_the_rest_stays() {
    let body = successor(&old(), &image(), &changes()).body;
    for gone in ["Hostname", "User", "Cmd", "Entrypoint"] {
        assert!(body.get(gone).is_none(), "{gone}");
    }
    assert_eq!(body["WorkingDir"], "/srv", "the person's own");
    assert_eq!(body["Env"], json!(["MODE=fast"]));
    assert_eq!(body["ExposedPorts"], json!({"9090/tcp": {}}));
    assert_eq!(body["Labels"], json!({"team": "a", "io.promptflow-runtimes.generation": "2"}));
    assert_eq!(body["SomethingNew"], json!({"kept": true}), "unknown fields are sent again");
    assert_eq!(body["HostConfig"]["FutureField"], json!([1]));
    assert_eq!(body["StopTimeout"], 30);
    assert_eq!(body["Image"], "sha256:new");
}

#[test]
fn a_variable_that_the_person_set_to_the_images_value_stays() {
    let names = ["LEVEL".to_owned()];
    let with = Changes { variables_of_person: &names, ..changes() };
    assert_eq!(successor(&old(), &image(), &with).body["Env"], json!(["MODE=fast", "LEVEL=1"]));
}

#[test]
fn an_entry_point_of_the_person_keeps_its_command() {
    let mut old = old();
    old.raw["Config"]["Entrypoint"] = json!(["/bin/tool"]);
    old.raw["Config"]["Cmd"] = Value::Null;
    let body = successor(&old, &image(), &changes()).body;
    assert_eq!((&body["Entrypoint"], &body["Cmd"]), (&json!(["/bin/tool"]), &Value::Null));
}

#[test]
fn an_entry_point_that_was_given_gets_no_command_of_the_image_though_it_is_the_images() {
    let with_entry = json!({"Entrypoint": ["/bin/tool"], "Cmd": ["serve"]});
    let mut old = old();
    old.raw["Config"]["Entrypoint"] = json!(["/bin/tool"]);
    old.raw["Config"]["Cmd"] = Value::Null;
    let body = successor(&old, &with_entry, &changes()).body;
    assert_eq!((&body["Entrypoint"], &body["Cmd"]), (&json!(["/bin/tool"]), &Value::Null));
    old.raw["Config"]["Cmd"] = json!(["serve"]);
    let body = successor(&old, &with_entry, &changes()).body;
    assert!(body.get("Entrypoint").is_none() && body.get("Cmd").is_none(), "both follow the image");
}

#[test]
fn of_a_health_check_only_the_persons_parts_stay() {
    let mut old = old();
    let mut image = image();
    image["Healthcheck"] = json!({"Test": ["CMD", "true"], "Interval": 5});
    old.raw["Config"]["Healthcheck"] = json!({"Test": ["CMD", "mine"], "Interval": 5});
    let body = successor(&old, &image, &changes()).body;
    assert_eq!(body["Healthcheck"], json!({"Test": ["CMD", "mine"]}));
    old.raw["Config"]["Healthcheck"] = json!({"Test": ["CMD", "true"], "Interval": 7});
    let body = successor(&old, &image, &changes()).body;
    assert_eq!(body["Healthcheck"], json!({"Interval": 7}));
}

#[test]
fn volumes_of_another_container_come_from_it_again() {
    let mut old = old();
    old.raw["HostConfig"]["VolumesFrom"] = json!(["donor"]);
    let given = json!({"Type": "volume", "Name": "donated", "Destination": "/donated", "RW": true});
    old.raw["Mounts"].as_array_mut().expect("mounts").push(given);
    let body = successor(&old, &image(), &changes()).body;
    assert_eq!(body["HostConfig"]["VolumesFrom"], json!(["donor"]));
    assert_eq!(body["HostConfig"]["Binds"], json!(["data:/data", "/host:/in:z", "anon:/scratch"]));
}

#[test]
fn a_new_start_command_replaces_entry_point_and_command() {
    let words = vec!["python".to_owned(), "-m".to_owned()];
    let with = Changes { start: Some(Some(words.clone())), ..changes() };
    let body = successor(&old(), &json!({}), &with).body;
    assert_eq!(body["Entrypoint"], json!(words));
    assert!(body.get("Cmd").is_none());
    let as_image = Changes { start: Some(None), ..changes() };
    assert!(successor(&old(), &json!({}), &as_image).body.get("Entrypoint").is_none());
}

#[test]
fn a_randomly_chosen_port_keeps_its_number() {
    let body = successor(&old(), &image(), &changes()).body;
    assert_eq!(
        body["HostConfig"]["PortBindings"],
        json!({"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}, {"HostIp": "", "HostPort": "7000"}]})
    );
}

#[test]
fn anonymous_volumes_are_handed_over_by_name() {
    let body = successor(&old(), &image(), &changes()).body;
    assert_eq!(body["HostConfig"]["Binds"], json!(["data:/data", "/host:/in:z", "anon:/scratch"]));
}

#[test]
fn networks_keep_aliases_and_fixed_addresses_but_nothing_generated() {
    let creation = successor(&old(), &image(), &changes());
    assert_eq!(
        creation.body["NetworkingConfig"]["EndpointsConfig"],
        json!({"net-a": {"Aliases": ["flows"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}}})
    );
    assert_eq!(creation.connect, [("net-b".to_owned(), json!({}))]);
    assert_eq!(creation.body["HostConfig"]["Links"], json!(["db:database"]));
}

#[test]
fn limits_are_sent_by_the_names_that_create_takes() {
    let mut old = old();
    old.raw["HostConfig"]["Ulimits"] = json!([
        {"Name": "RLIMIT_NOFILE", "Soft": 10, "Hard": 20}, {"Name": "nproc", "Soft": 1, "Hard": 2}
    ]);
    let body = successor(&old, &image(), &changes()).body;
    assert_eq!(body["HostConfig"]["Ulimits"][0], json!({"Name": "nofile", "Soft": 10, "Hard": 20}));
    assert_eq!(body["HostConfig"]["Ulimits"][1]["Name"], "nproc");
}

#[test]
fn a_candidate_takes_no_traffic_and_writes_to_nothing_shared() {
    let next = successor(&old(), &image(), &changes());
    let candidate = candidate(&next, &old(), 8080);
    let host = &candidate.body["HostConfig"];
    assert_eq!(
        host["PortBindings"],
        json!({"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]})
    );
    assert_eq!(host["RestartPolicy"], json!({"Name": "no"}));
    assert_eq!(
        host["Binds"],
        json!(["data:/data:ro", "/host:/in:z,ro"]),
        "the anonymous one is fresh"
    );
    assert_eq!(candidate.body["NetworkingConfig"]["EndpointsConfig"], json!({"net-a": {}}));
    assert_eq!(host["Memory"], 1000);
    assert_eq!(host["FutureField"], json!([1]));
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let mut auto = old();
    auto.raw["HostConfig"]["AutoRemove"] = json!(true);
    assert_eq!(refusals(&auto, &[]).len(), 1);
    let mut others = Vec::new();
    for (name, field, value) in [
        ("sidecar", "NetworkMode", json!(format!("container:{ID}"))),
        ("backup", "VolumesFrom", json!(["eval:ro"])),
        ("linked", "Links", json!(["/eval:/linked/e"])),
        ("free", "NetworkMode", json!("bridge")),
    ] {
        let mut other = container(name, name);
        other.raw = json!({"HostConfig": {field: value}});
        others.push(other);
    }
    let sentences: Vec<String> =
        refusals(&old(), &others).into_iter().map(|p| p.sentence).collect();
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    for (sentence, name) in sentences.iter().zip(["sidecar", "backup", "linked"]) {
        assert!(sentence.contains(name), "{sentence}");
    }
    assert!(refusals(&old(), &[]).is_empty());
}

#[test]
fn a_host_network_cannot_be_proven_beside() {
    let mut host = old();
    host.raw["HostConfig"]["NetworkMode"] = json!("host");
    assert_eq!(cannot_prove(&host, None).len(), 1);
    assert!(cannot_prove(&old(), None).is_empty());
}
