//! Nothing that a person configured is lost by an update: containers made with Docker's own client in
//! random combinations are updated and rolled back, and the engine's raw answers are compared.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use app::api::{EnvironmentDraft, OfCompute, OfRuntime, UpdateRuntime};
use app::{App, handlers};
use domain::operation::OperationState;
use domain::runtime::{RuntimeId, Status};
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, compute, ended, runtime};
use real_parts::images::{Image, small_runtime};
use real_parts::registry::RegistryServer;
use real_parts::{PartError, PartResult};
use serde_json::{Value, json};

const REPOSITORY: &str = "team/promptflow-runtime";
/// Combinations that are tried; each is updated and rolled back.
const CASES: u64 = 10;

/// A small reproducible source of choices (a linear congruential generator).
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn image(version: &str, own: &[&str], megabytes: usize) -> PartResult<Image> {
    let mut variables = vec!["PATH=/usr/local/bin:/usr/bin:/bin".to_owned(), "SAME=1".to_owned()];
    variables.push(format!("BUILD_INFO={{\"build_number\":\"{version}\"}}"));
    variables.extend(own.iter().map(ToString::to_string));
    Ok(small_runtime(version)?
        .padded(megabytes)?
        .with("Env", json!(variables))
        .with("Volumes", json!({"/scratch": {}}))
        .with("Labels", json!({"org.opencontainers.image.version": version, "of.image": version})))
}

/// One thing a person may have configured: arguments for `docker create`.
type Option_ = fn(&mut Choices) -> Vec<String>;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

const OPTIONS: [Option_; 30] = [
    |c| words(if c.yes() { "-p 127.0.0.1::8080" } else { "-p 8080" }),
    |c| words(&format!("-p 127.0.0.1:{}:9090/udp", 21_000 + c.below(900))),
    |_| words("--network-alias flows --network-alias second"),
    |c| words(&format!("--ip POOL200.{}", 20 + c.below(200))),
    |_| words("-v data:/data"),
    |_| words("-v data:/readonly:ro"),
    |_| words("-v /srv:/srv-in:ro"),
    |_| words("-v /anonymous"),
    |_| words("--mount type=volume,target=/unnamed"),
    |_| words("--mount type=bind,source=/tmp,target=/bound,readonly"),
    |_| words("--tmpfs /quick:size=1048576"),
    |_| words("--label team=a --label of.image=mine"),
    |_| words("-e MODE=fast -e SAME=2 -e EMPTY="),
    |c| {
        words(
            ["--restart always", "--restart unless-stopped", "--restart on-failure:3"]
                [c.below(3) as usize],
        )
    },
    |_| words("--memory 256m --memory-reservation 128m"),
    |_| words("--cpus 1.5 --cpu-shares 512"),
    |_| words("--pids-limit 200"),
    |_| words("--ulimit nofile=2048:4096"),
    |_| words("--shm-size 96m"),
    |_| words("--cap-drop ALL --cap-add NET_BIND_SERVICE"),
    |_| words("--device /dev/null:/dev/mine"),
    |_| words("--sysctl net.ipv4.ip_unprivileged_port_start=0"),
    |_| words("--security-opt no-new-privileges"),
    |_| words("--group-add 4242"),
    |_| words("--dns 10.9.8.7 --dns-search example.test --dns-option ndots:2"),
    |_| words("--add-host other.test:10.1.2.3"),
    |_| words("--log-opt max-size=1m --log-opt max-file=2"),
    |_| words("--user 10002:10002 --workdir /srv/www --hostname my-host"),
    |_| words("--stop-signal SIGINT --stop-timeout 7 --health-cmd true --health-interval 30s"),
    |_| words("--init --read-only --oom-score-adj 100"),
];

/// Fields that differ between any two containers, however alike they are made.
fn comparable(mut raw: Value, id: &str) -> Value {
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
    ] {
        top.remove(generated);
    }
    let config = &mut raw["Config"];
    // The pinned image takes the place of the tag.
    config["Image"] = Value::Null;
    if config["Hostname"].as_str().is_some_and(|host| id.starts_with(host)) {
        config["Hostname"] = Value::Null;
    }
    if let Some(labels) = config["Labels"].as_object_mut() {
        labels.retain(|name, _| !name.starts_with("io.promptflow-runtimes."));
        // What the image says of itself follows the image.
        labels.remove("org.opencontainers.image.version");
        if labels.get("of.image").is_some_and(|value| value != "mine") {
            labels.remove("of.image");
        }
    }
    if let Some(variables) = config["Env"].as_array_mut() {
        variables.retain(|variable| {
            let text = variable.as_str().unwrap_or("");
            !["BUILD_INFO=", "OF_OLD=", "OF_NEW="].iter().any(|name| text.starts_with(name))
                && text != "SAME=1"
        });
        variables.sort_by_key(ToString::to_string);
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

struct Stage {
    engine: DockerEngine,
    registry: RegistryServer,
    app: App,
}

impl Stage {
    fn inspect(&self, name: &str) -> PartResult<(Value, String)> {
        let text = self.engine.client(&["inspect", name])?;
        let all: Vec<Value> =
            serde_json::from_str(&text).map_err(|error| PartError::new(error.to_string()))?;
        let raw = all.into_iter().next().ok_or_else(|| PartError::new("nothing inspected"))?;
        let id = raw["Id"].as_str().unwrap_or("").to_owned();
        Ok((raw, id))
    }

    async fn update(&self, id: &RuntimeId, version: &str) -> PartResult<()> {
        let reference = format!("{}/{REPOSITORY}:{version}", self.registry.address());
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: EnvironmentDraft::Image { reference },
            confirmed: true,
            cancel_runs: false,
        };
        let started = handlers::update_runtime(&self.app, request)
            .await
            .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
        let operation = ended(&self.app, &started.operation).await?;
        if operation.state == OperationState::Succeeded {
            Ok(())
        } else {
            Err(PartError::new(format!("{operation:#?}")))
        }
    }
}

async fn stage(home: &std::path::Path) -> PartResult<Stage> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&image("20240111.v2", &["OF_OLD=1"], 1)?, REPOSITORY, "20240111.v2")?;
    registry.push(&image("20240429.v8", &["OF_NEW=1"], 2)?, REPOSITORY, "20240429.v8")?;
    let subnet = format!("{}200.0/24", engine.pool());
    engine.client(&["network", "create", "--subnet", &subnet, "net-a"])?;
    engine.client(&["network", "create", "net-b"])?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&engine.socket(), home, &repository).await?;
    let until = Instant::now() + Duration::from_secs(10);
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(Stage { engine, registry, app })
}

async fn case(stage: &Stage, number: u64) -> PartResult<()> {
    let mut choices = Choices(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let name = format!("case-{number}");
    let mut arguments: Vec<String> = words("create --network net-a");
    for (at, option) in OPTIONS.iter().enumerate() {
        // Each option is taken in a third of the cases, and every one at least once.
        if choices.below(3) == 0 || at as u64 % CASES == number {
            let pool = stage.engine.pool();
            arguments.extend(option(&mut choices).iter().map(|word| word.replace("POOL", &pool)));
        }
    }
    if !arguments.iter().any(|word| word.ends_with("8080")) {
        arguments.extend(words("-p 127.0.0.1::8080"));
    }
    for (label, value) in [
        ("runtime", format!("runtime-{number}")),
        ("generation", "1".into()),
        ("operation", "by-hand".into()),
        ("creator", "someone ann@box".into()),
    ] {
        arguments.extend(["--label".into(), format!("io.promptflow-runtimes.{label}={value}")]);
    }
    arguments.extend(["--name".into(), name.clone()]);
    arguments.push(format!("{}/{REPOSITORY}:20240111.v2", stage.registry.address()));
    if choices.yes() {
        arguments.extend(words("/srv/serve with own arguments"));
    }
    println!("case {number}: docker {}", arguments.join(" "));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    stage.engine.client(&arguments)?;
    if choices.yes() {
        stage.engine.client(&["network", "connect", "--alias", "elsewhere", "net-b", &name])?;
    }
    stage.engine.client(&["start", &name])?;
    let row = runtime(&stage.app, &name, Status::Available).await?;
    let (before, id) = stage.inspect(&name)?;
    let volumes = contents(stage, &before)?;

    stage.update(&row.id, "20240429.v8").await?;
    runtime(&stage.app, &name, Status::Available).await?;
    let (after, new) = stage.inspect(&name)?;
    assert_eq!(
        comparable(before.clone(), &id),
        comparable(after.clone(), &new),
        "case {number}, updated"
    );
    let variables = after["Config"]["Env"].to_string();
    assert!(variables.contains("OF_NEW=1") && !variables.contains("OF_OLD"), "{variables}");
    assert_eq!(volumes, contents(stage, &after)?, "case {number}: data");

    let request = OfRuntime { runtime: row.id.clone() };
    let started = handlers::roll_back_runtime(&stage.app, request)
        .await
        .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
    let operation = ended(&stage.app, &started.operation).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "case {number}: {operation:#?}");
    let (back, third) = stage.inspect(&name)?;
    assert_eq!(
        comparable(before, &id),
        comparable(back.clone(), &third),
        "case {number}, rolled back"
    );
    let variables = back["Config"]["Env"].to_string();
    assert!(variables.contains("OF_OLD=1") && !variables.contains("OF_NEW"), "{variables}");
    assert_eq!(volumes, contents(stage, &back)?, "case {number}: data");
    stage.engine.client(&["rm", "-f", "-v", &name, &format!("{name}.previous")])?;
    Ok(())
}

/// Writes something into every volume (once), and gives what is in each, by destination.
fn contents(stage: &Stage, raw: &Value) -> PartResult<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for mount in raw["Mounts"].as_array().into_iter().flatten() {
        let Some(volume) = mount["Name"].as_str() else { continue };
        let target = mount["Destination"].as_str().unwrap_or("").to_owned();
        let folder = stage.engine.data_root().join("volumes").join(volume).join("_data");
        let file = folder.join("planted");
        if !file.exists() {
            std::fs::write(&file, format!("data of {target} in {volume}"))?;
        }
        found.insert(target, std::fs::read_to_string(&file)?);
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_person_configured_is_lost() -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let stage = stage(home.path()).await?;
    for number in 0..CASES {
        case(&stage, number).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_refused_before_anything_happens() -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let stage = stage(home.path()).await?;
    let image = format!("{}/{REPOSITORY}:20240111.v2", stage.registry.address());
    let labels = |name: &str| {
        format!(
            "--label io.promptflow-runtimes.runtime={name} --label io.promptflow-runtimes.generation=1 -p 127.0.0.1::8080 --name {name}"
        )
    };
    let run = |arguments: String| {
        let mut all = words(&arguments);
        all.push(image.clone());
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        stage.engine.client(&all).map(|_| ())
    };
    run(format!("run -d --rm {}", labels("auto-remove")))?;
    run(format!("run -d {}", labels("depended-on")))?;
    run("run -d --network container:depended-on --name sidecar".into())?;
    for (name, says) in [("auto-remove", "--rm"), ("depended-on", "sidecar")] {
        let row = runtime(&stage.app, name, Status::Available).await?;
        let (_, before) = stage.inspect(name)?;
        let refused = stage.update(&row.id, "20240429.v8").await.expect_err("refused").to_string();
        assert!(refused.contains("CannotBeKept") && refused.contains(says), "{refused}");
        assert_eq!(stage.inspect(name)?.1, before, "{name} is the same container");
    }
    let names = stage.engine.client(&["ps", "-a", "--format", "{{.Names}}"])?;
    assert_eq!(names.lines().count(), 3, "{names}");
    Ok(())
}
