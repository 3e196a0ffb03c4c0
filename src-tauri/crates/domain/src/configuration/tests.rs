use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    container::{Container, Mount, MountKind, tests::container},
    image::ImageReference,
    label::{Creator, Labels},
    name::RuntimeName,
    operation::OperationId,
    recreate::{Changes, Creation, successor},
    runtime::RuntimeId,
    spec::Environment,
};

const PORT: u16 = 8080;

fn recorded(of: &Configuration) -> RecordedSpec {
    let spec = RecordedSpec {
        schema: 1,
        name: RuntimeName::parse("eval").expect("name"),
        description: String::new(),
        environment: Environment::Image {
            reference: ImageReference::parse("r.example/x:1").expect("reference"),
        },
        host_port: of.host_port,
        bind_address: of.bind_address.clone(),
        target_port: None,
        memory_limit: None,
        cpu_limit: None,
        variables: vec![],
        mounts: vec![],
        restart_policy: RestartPolicy::No,
        start_command: String::new(),
        health_path: "/healthz".into(),
    };
    of.record(of, &spec)
}

fn labels(spec: Option<RecordedSpec>) -> BTreeMap<String, String> {
    Labels {
        runtime: RuntimeId("r1".into()),
        generation: 1,
        operation: OperationId("o1".into()),
        creator: Creator { installation: "i1".into(), who: "ann@box".into() },
        started_by: None,
        image: None,
        target_port: Some(PORT),
        spec,
    }
    .write()
}

fn image() -> Value {
    json!({"Env": ["PATH=/bin", "LANG=C"], "ExposedPorts": {"8080/tcp": {}}})
}

/// The container that an engine makes of a body.
fn made(body: &Value, labels: BTreeMap<String, String>) -> Container {
    let host = &body["HostConfig"];
    let mut config = body.clone();
    let mut env = body["Env"].as_array().cloned().unwrap_or_default();
    for inherited in image()["Env"].as_array().expect("list") {
        if !env.iter().any(|entry| read::name_of(entry) == read::name_of(inherited)) {
            env.push(inherited.clone());
        }
    }
    config["Env"] = json!(env);
    let kind = |source: &str| match source {
        path if path.starts_with('/') => MountKind::Bind,
        _ => MountKind::Volume,
    };
    let mut mounts: Vec<Mount> = Vec::new();
    for bind in host["Binds"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let parts: Vec<&str> = bind.split(':').collect();
        mounts.push(Mount {
            kind: kind(parts[0]),
            source: parts[0].into(),
            target: parts[1].into(),
            read_only: parts.get(2).is_some_and(|options| options.split(',').any(|o| o == "ro")),
        });
    }
    for mount in host["Mounts"].as_array().into_iter().flatten() {
        let text = |key: &str| mount[key].as_str().unwrap_or("").to_owned();
        mounts.push(Mount {
            kind: if text("Type") == "tmpfs" { MountKind::Tmpfs } else { kind(&text("Source")) },
            source: text("Source"),
            target: text("Target"),
            read_only: mount["ReadOnly"] == json!(true),
        });
    }
    Container {
        labels,
        mounts,
        memory_limit: host["Memory"].as_u64().unwrap_or(0),
        nano_cpus: host["NanoCpus"].as_u64().unwrap_or(0),
        restart_policy: host["RestartPolicy"]["Name"].as_str().unwrap_or("no").into(),
        raw: json!({"Config": config, "HostConfig": host}),
        ..container("0123456789abcdef", "eval")
    }
}

/// The creation of a container with these settings, and with things that nobody may lose.
fn creation(of: &Configuration) -> Creation {
    let mut body = json!({
        "Env": ["PF_LONG_RUNNING_LOGGING_INTERVAL=60"], "User": "app",
        "HostConfig": {
            "Binds": [format!("{}:/scratch", "a".repeat(64))],
            "Mounts": [{"Type": "tmpfs", "Target": "/tmp/x"}],
            "CapAdd": ["SYS_PTRACE"], "Memory": 0, "NanoCpus": 0,
        },
    });
    for variable in &of.variables {
        let value = variable.value.as_deref().unwrap_or("kept");
        body["Env"].as_array_mut().expect("list").push(json!(format!("{}={value}", variable.name)));
    }
    let plain = Configuration { variables: vec![], ..bare() };
    let mut creation = Creation { body, connect: vec![] };
    let to = Configuration { variables: vec![], ..of.clone() };
    apply(&plain, &to, &mut creation, PORT);
    creation
}

fn bare() -> Configuration {
    Configuration {
        description: String::new(),
        host_port: 0,
        bind_address: "127.0.0.1".into(),
        memory_limit: None,
        cpu_limit: None,
        variables: vec![],
        mounts: vec![],
        restart_policy: RestartPolicy::No,
    }
}

fn variable(name: &str, value: Option<&str>) -> VariableSetting {
    VariableSetting { name: name.into(), value: value.map(str::to_owned) }
}

fn mount(source: &str, target: &str, read_only: bool) -> MountRequest {
    MountRequest { source: source.into(), target: target.into(), read_only }
}

fn settings() -> impl Strategy<Value = Configuration> {
    let memory = prop_oneof![Just(None), (128u64..8192).prop_map(|mb| Some(mb << 20))];
    let cpus =
        prop_oneof![Just(None), (1u32..64).prop_map(|quarters| Some(f64::from(quarters) / 4.0))];
    let policy = prop_oneof![
        Just(RestartPolicy::No),
        Just(RestartPolicy::Always),
        Just(RestartPolicy::UnlessStopped),
        Just(RestartPolicy::OnFailure)
    ];
    let value = prop_oneof![Just(None), "[a-z]{0,4}".prop_map(Some)];
    let variables =
        prop::collection::btree_map(prop::sample::select(vec!["A", "B", "C", "LANG"]), value, 0..4);
    let source = prop::sample::select(vec!["data", "models", "/srv/flows", "/mnt"]);
    let mounts = prop::collection::btree_map(
        prop::sample::select(vec!["/data", "/flows", "/models"]),
        (source, any::<bool>()),
        0..3,
    );
    let address = prop::sample::select(vec!["127.0.0.1", "0.0.0.0", "10.0.0.7"]);
    (("[a-z ]{0,8}", 0u16..=u16::MAX, address), memory, cpus, variables, mounts, policy).prop_map(
        |(
            (description, host_port, address),
            memory_limit,
            cpu_limit,
            variables,
            mounts,
            restart_policy,
        )| {
            Configuration {
                description,
                host_port,
                bind_address: address.into(),
                memory_limit,
                cpu_limit,
                variables: variables
                    .into_iter()
                    .map(|(name, value)| VariableSetting { name: name.into(), value })
                    .collect(),
                mounts: mounts
                    .into_iter()
                    .map(|(target, (source, read_only))| mount(source, target, read_only))
                    .collect(),
                restart_policy,
            }
        },
    )
}

/// What a reader sees of settings: names of variables, sorted lists.
fn shown(of: &Configuration) -> Configuration {
    let mut shown = of.clone();
    for variable in &mut shown.variables {
        variable.value = None;
    }
    shown.variables.sort_by(|one, other| one.name.cmp(&other.name));
    shown.mounts.sort_by(|one, other| one.target.cmp(&other.target));
    shown
}

fn value<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    let all = body["Env"].as_array()?;
    let entry = all.iter().find(|entry| read::name_of(entry) == name)?.as_str()?;
    entry.split_once('=').map(|(_, value)| value)
}

proptest! {
    #[test]
    fn a_change_gives_what_was_asked_for_and_nothing_else(from in settings(), to in settings()) {
        let before = creation(&from);
        let old = made(&before.body, labels(Some(recorded(&from))));
        let read_from = read(&old, &image());
        prop_assert_eq!(shown(&read_from), shown(&from));
        // A variable is kept only where there was one.
        let mut wanted = to.clone();
        for variable in &mut wanted.variables {
            if !from.variables.iter().any(|had| had.name == variable.name) && variable.value.is_none() {
                variable.value = Some("given".into());
            }
        }
        let mut after = before.clone();
        apply(&read_from, &wanted, &mut after, PORT);
        let new = made(&after.body, labels(Some(wanted.record(&read_from, &recorded(&from)))));
        prop_assert_eq!(shown(&read(&new, &image())), shown(&wanted));
        for variable in &wanted.variables {
            let expected = variable.value.as_deref().or_else(|| value(&before.body, &variable.name));
            prop_assert_eq!(value(&after.body, &variable.name), expected);
        }
        // What is no setting stays as it was.
        let rest = |body: &Value| {
            let mut body = body.clone();
            body["Env"] = Value::Null;
            body["ExposedPorts"] = Value::Null;
            for key in ["PortBindings", "Binds", "Memory", "MemorySwap", "NanoCpus", "RestartPolicy"] {
                body["HostConfig"].as_object_mut().expect("object").remove(key);
            }
            body
        };
        prop_assert_eq!(rest(&after.body), rest(&before.body));
        prop_assert_eq!(value(&after.body, "PF_LONG_RUNNING_LOGGING_INTERVAL"), Some("60"));
        let scratch = format!("{}:/scratch", "a".repeat(64));
        prop_assert!(after.body["HostConfig"]["Binds"].as_array().expect("list").contains(&json!(scratch)));
        // There and back.
        prop_assert_eq!(difference(&wanted, &Configuration {
            variables: wanted.variables.iter().map(|one| variable(&one.name, None)).collect(), ..wanted.clone()
        }, true), vec![]);
    }

    #[test]
    fn going_back_gives_what_the_replacement_changed(from in settings(), to in settings()) {
        let before = creation(&from);
        let previous = made(&before.body, labels(Some(recorded(&from))));
        let read_from = read(&previous, &image());
        let mut wanted = to.clone();
        for variable in &mut wanted.variables {
            variable.value.get_or_insert_with(|| "given".into());
        }
        let mut after = before.clone();
        apply(&read_from, &wanted, &mut after, PORT);
        let present = made(&after.body, labels(Some(wanted.record(&read_from, &recorded(&from)))));
        let now = read(&present, &image());
        let back = going_back(&present, &now, &previous, &read_from);
        prop_assert_eq!(
            shown(&back),
            shown(&Configuration { description: now.description.clone(), restart_policy: now.restart_policy, ..read_from.clone() })
        );
        let mut again = after.clone();
        apply(&now, &back, &mut again, PORT);
        for variable in &from.variables {
            prop_assert_eq!(value(&again.body, &variable.name), value(&before.body, &variable.name));
        }
    }
}

#[test]
fn values_of_variables_are_in_no_difference_and_in_no_debug_text() {
    let from = Configuration { variables: vec![variable("MODE", None)], ..bare() };
    let to = Configuration {
        variables: vec![variable("MODE", Some("planted")), variable("NEW", Some("planted"))],
        ..bare()
    };
    let changes = difference(&from, &to, true);
    let titles: Vec<String> = changes.iter().map(|change| change.setting.title()).collect();
    assert_eq!(titles, ["variable MODE", "variable NEW"]);
    let told = format!("{} {to:?}", serde_json::to_string(&changes).expect("json"));
    assert!(!told.contains("planted"), "{told}");
    let draft = VariableDraft { name: "A".into(), value: Some("planted".into()), confirmed: false };
    assert!(!format!("{draft:?}").contains("planted"));
}

#[test]
fn only_description_and_restart_policy_need_no_new_container() {
    let to = Configuration {
        description: "new".into(),
        restart_policy: RestartPolicy::Always,
        host_port: 1,
        memory_limit: Some(1 << 28),
        cpu_limit: Some(1.0),
        bind_address: "0.0.0.0".into(),
        variables: vec![variable("A", Some("1"))],
        mounts: vec![mount("data", "/data", false)],
    };
    let in_place = |policy: bool| -> Vec<String> {
        difference(&bare(), &to, policy)
            .iter()
            .filter(|change| change.in_place)
            .map(|change| change.setting.title())
            .collect()
    };
    assert_eq!(in_place(true), ["description", "restart policy"]);
    assert_eq!(in_place(false), ["description"]);
    assert_eq!(difference(&bare(), &to, true).len(), 8);
}

#[test]
fn what_the_engine_made_up_for_swap_follows_the_memory() {
    let limit = |bytes| Configuration { memory_limit: bytes, ..bare() };
    let swap_after = |swap: i64, from: Option<u64>, to: Option<u64>| {
        let body = json!({"HostConfig": {"Memory": from.unwrap_or(0), "MemorySwap": swap}});
        let mut creation = Creation { body, connect: vec![] };
        apply(&limit(from), &limit(to), &mut creation, PORT);
        assert_eq!(creation.body["HostConfig"]["Memory"], json!(to.unwrap_or(0)));
        creation.body["HostConfig"]["MemorySwap"].as_i64()
    };
    assert_eq!(swap_after(400, Some(200), Some(500)), None);
    assert_eq!(swap_after(250, Some(200), Some(500)), Some(550));
    assert_eq!(swap_after(-1, Some(200), Some(500)), Some(-1));
    assert_eq!(swap_after(400, Some(200), None), None);
    assert_eq!(swap_after(0, None, Some(500)), Some(0));
}

#[test]
fn options_of_a_mount_stay_while_it_is_the_same_kind() {
    let change =
        |binds: Value, mounts: Value, before: MountRequest, after: Option<MountRequest>| {
            let body = json!({"HostConfig": {"Binds": binds, "Mounts": mounts}});
            let mut creation = Creation { body, connect: vec![] };
            let from = Configuration { mounts: vec![before], ..bare() };
            let to = Configuration { mounts: after.into_iter().collect(), ..bare() };
            apply(&from, &to, &mut creation, PORT);
            creation.body["HostConfig"].clone()
        };
    let old = || mount("/a", "/in", false);
    let host = change(
        json!(["/a:/in:z,rw", "keep:/k"]),
        json!(null),
        old(),
        Some(mount("/b", "/in/", true)),
    );
    assert_eq!(host["Binds"], json!(["/b:/in/:ro,z", "keep:/k"]));
    let host = change(json!(["/a:/in:z"]), json!(null), old(), Some(mount("data", "/in", false)));
    assert_eq!(host["Binds"], json!(["data:/in"]));
    let asked = json!([{"Type": "bind", "Source": "/a", "Target": "/in", "BindOptions": {"Propagation": "rslave"}}]);
    let host = change(json!(null), asked.clone(), old(), Some(mount("/b", "/in", true)));
    assert_eq!(
        host["Mounts"],
        json!([{"Type": "bind", "Source": "/b", "Target": "/in", "ReadOnly": true, "BindOptions": {"Propagation": "rslave"}}])
    );
    let host = change(json!(null), asked.clone(), old(), Some(mount("data", "/in", false)));
    assert_eq!(
        host["Mounts"],
        json!([{"Type": "volume", "Source": "data", "Target": "/in", "ReadOnly": false}])
    );
    assert_eq!(change(json!(["/a:/in"]), asked, old(), None)["Mounts"], json!([]));
}

#[test]
fn a_port_that_the_engine_chose_is_not_taken_back() {
    let chosen = creation(&bare());
    let previous = made(&chosen.body, labels(Some(recorded(&bare()))));
    // An update keeps the number that was chosen, and the spec's word.
    let numbered = Configuration { host_port: 49153, ..bare() };
    let present = made(&creation(&numbered).body, labels(Some(recorded(&bare()))));
    let (before, now) = (read(&previous, &image()), read(&present, &image()));
    assert_eq!((before.host_port, now.host_port), (0, 49153));
    assert_eq!(difference(&now, &going_back(&present, &now, &previous, &before), true), vec![]);
    // One that a person gave is.
    let present =
        made(&creation(&numbered).body, labels(Some(numbered.record(&bare(), &recorded(&bare())))));
    assert_eq!(going_back(&present, &now, &previous, &before).host_port, 0);
}

#[test]
fn publishing_all_ports_is_no_change_of_the_address_that_a_roll_back_undoes() {
    let one = |name: &str, bindings: Value| {
        let mut one = container(name, name);
        one.raw = json!({
            "Config": {"ExposedPorts": {"8080/tcp": {}, "80/tcp": {}}},
            "HostConfig": {"PublishAllPorts": true, "PortBindings": bindings},
        });
        one
    };
    let own = json!([{"HostIp": "127.0.0.1", "HostPort": "7000"}]);
    let kept = json!([{"HostIp": "", "HostPort": "32768"}]);
    let mut previous = one("eval.previous", json!({"80/tcp": own}));
    // Stopped, it tells only what was published by number.
    previous.ports = vec![crate::container::PublishedPort {
        container_port: 80,
        protocol: "tcp".into(),
        host_address: "127.0.0.1".into(),
        host_port: 7000,
    }];
    let present = one("eval", json!({"80/tcp": own, "8080/tcp": kept}));
    let (now, before) = (read(&present, &Value::Null), read(&previous, &Value::Null));
    assert_eq!((before.host_port, before.bind_address.as_str()), (0, "0.0.0.0"));
    assert_eq!(going_back(&present, &now, &previous, &before), now);
}

#[test]
fn a_limit_that_was_changed_in_place_stays_when_going_back() {
    let previous = made(&creation(&bare()).body, labels(Some(recorded(&bare()))));
    let limited = Configuration { memory_limit: Some(1 << 30), ..bare() };
    let present = made(&creation(&limited).body, labels(Some(recorded(&bare()))));
    let (before, now) = (read(&previous, &image()), read(&present, &image()));
    assert_eq!(going_back(&present, &now, &previous, &before).memory_limit, Some(1 << 30));
}

#[test]
fn without_the_image_only_what_the_spec_names_is_the_persons() {
    let asked = Configuration { variables: vec![variable("MODE", Some("fast"))], ..bare() };
    let mut container = made(&creation(&asked).body, labels(Some(recorded(&asked))));
    container.raw["Config"]["Env"].as_array_mut().expect("list").push(json!("BY=hand"));
    let names = |image: &Value| -> Vec<String> {
        read(&container, image).variables.into_iter().map(|variable| variable.name).collect()
    };
    assert_eq!(names(&Value::Null), ["MODE"]);
    assert_eq!(names(&image()), ["MODE", "BY"]);
}

#[test]
fn what_podman_sets_by_itself_is_not_the_persons_and_its_order_does_not_count() {
    let two = vec![variable("MODE", Some("fast")), variable("LEVEL", Some("1"))];
    let asked = Configuration { variables: two, ..bare() };
    let mut container = made(&creation(&asked).body, labels(Some(recorded(&asked))));
    container.raw["Config"]["Env"] = json!([
        "container=podman",
        "HOME=/",
        "Z=2",
        "LEVEL=1",
        "TERM=xterm",
        "PATH=/bin",
        "A=1",
        "HOSTNAME=x",
        "MODE=fast"
    ]);
    let names: Vec<String> =
        read(&container, &image()).variables.into_iter().map(|variable| variable.name).collect();
    assert_eq!(names, ["MODE", "LEVEL", "A", "Z"]);
}

#[test]
fn everything_else_is_kept_as_in_an_update() {
    let asked = Configuration {
        variables: vec![variable("MODE", Some("fast"))],
        host_port: 18080,
        ..bare()
    };
    let old = made(&creation(&asked).body, labels(Some(recorded(&asked))));
    let from = read(&old, &image());
    let changes = Changes {
        image: "sha256:1",
        labels: BTreeMap::new(),
        start: None,
        variables_of_person: &["MODE".to_owned()],
    };
    let plain = successor(&old, &image(), &changes);
    let mut changed = plain.clone();
    let to = Configuration { host_port: 18099, ..from.clone() };
    apply(&from, &to, &mut changed, PORT);
    assert_eq!(published_port(&changed, PORT), Some(18099));
    assert_eq!(published_port(&plain, PORT), Some(18080));
    let mut expected = plain.body.clone();
    expected["HostConfig"]["PortBindings"]["8080/tcp"][0]["HostPort"] = json!("18099");
    expected["ExposedPorts"] = json!({"8080/tcp": {}});
    assert_eq!(changed.body, expected);
    assert_eq!(changed.connect, plain.connect);
}
