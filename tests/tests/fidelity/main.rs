//! Nothing that a person configured is lost by an update: containers made with Docker's own client in
//! random combinations are updated and rolled back, and the engine's raw answers are compared.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use app::api::{EnvironmentDraft, OfCompute, OfRuntime, UpdateRuntime};
use app::{App, handlers};
use domain::operation::OperationState;
use domain::runtime::{RuntimeId, Status};
use futures_util::{FutureExt, StreamExt};
use real_parts::docker::DockerEngine;
use real_parts::headless::{application, compute, ended, runtime};
use real_parts::images::small_runtime;
use real_parts::registry::RegistryServer;
use real_parts::{PartError, PartResult};
use serde_json::Value;

use compare::{NEW, OLD, comparable, config_of, defaults_arrived, differences, image};
use options::{Choices, Draw, OPTIONS, words};

mod compare;
mod options;

const REPOSITORY: &str = "team/promptflow-runtime";
/// Combinations that are tried each time; each is updated and rolled back.
const CASES: u64 = 10;
/// Combinations that are tried beyond these where it may take long.
const MORE_CASES: u64 = 60;
/// Combinations that are tried at once: mostly each waits for its containers to prove themselves.
const AT_ONCE: usize = 4;

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

    /// Where a container has a tmpfs.
    fn tmpfs(raw: &Value) -> Option<String> {
        let by_option = raw["HostConfig"]["Tmpfs"].as_object().and_then(|all| all.keys().next());
        let mut mounts = raw["HostConfig"]["Mounts"].as_array().into_iter().flatten();
        let by_mount = mounts.find(|mount| mount["Type"] == "tmpfs");
        by_option.cloned().or_else(|| by_mount?["Target"].as_str().map(str::to_owned))
    }

    fn use_tmpfs(&self, name: &str, raw: &Value) -> PartResult<()> {
        let Some(place) = Self::tmpfs(raw) else { return Ok(()) };
        let file = format!("{place}/of-the-old-one");
        self.engine.client(&["exec", "-u", "0", name, "touch", &file]).map(drop)
    }

    /// What is in memory only is not handed over; the new one has a place of its own that it can use.
    fn tmpfs_is_fresh(&self, name: &str, raw: &Value) -> PartResult<()> {
        let Some(place) = Self::tmpfs(raw) else { return Ok(()) };
        let found = self.engine.client(&["exec", "-u", "0", name, "ls", "-A", &place])?;
        assert_eq!(found, "", "{name}: {place} is fresh");
        self.use_tmpfs(name, raw)
    }

    async fn update(&self, id: &RuntimeId, version: &str) -> PartResult<()> {
        let reference = format!("{}/{REPOSITORY}:{version}", self.registry.address());
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: EnvironmentDraft::Image { reference },
            confirmed: true,
            cancel_runs: false,
            shown: None,
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
    registry.push(&image(OLD, 1)?, REPOSITORY, OLD)?;
    registry.push(&image(NEW, 2)?, REPOSITORY, NEW)?;
    for (network, number) in [("net-a", 200), ("net-c", 201)] {
        let subnet = format!("{}{number}.0/24", engine.pool());
        engine.client(&["network", "create", "--subnet", &subnet, network])?;
    }
    engine.client(&["network", "create", "net-b"])?;
    // One that others link to and take volumes from.
    engine.load(&small_runtime(OLD)?, "neighbour:1")?;
    let run = "run -d --name neighbour --network net-a -v donated:/donated neighbour:1";
    engine.client(&run.split(' ').collect::<Vec<_>>())?;
    engine.client(&["network", "connect", "bridge", "neighbour"])?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&engine.socket(), home, &repository).await?;
    let until = Instant::now() + Duration::from_secs(10);
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(Stage { engine, registry, app })
}

/// Makes the container of one case, started, and gives its name.
fn make(stage: &Stage, number: u64) -> PartResult<String> {
    let mut draw = Draw { choices: Choices::of(number), case: number };
    let name = format!("case-{number}");
    let mut arguments: Vec<String> = vec!["create".into()];
    // The engine's own bridge knows neither aliases nor fixed addresses.
    let on_bridge = draw.choices.below(4) == 0;
    if !on_bridge {
        arguments.extend(words("--network net-a"));
    }
    for (at, option) in OPTIONS.iter().enumerate() {
        // Each option is taken in a third of the cases, and every one at least once.
        if draw.choices.below(3) == 0 || at as u64 % CASES == number {
            let pool = stage.engine.pool();
            let option: Vec<String> =
                option(&mut draw).iter().map(|word| word.replace("POOL", &pool)).collect();
            let of_network = ["--network-alias", "--ip"].contains(&option[0].as_str());
            if !(on_bridge && of_network) {
                arguments.extend(option);
            }
        }
    }
    if !arguments.iter().any(|word| word.ends_with("8080") || word == "-P") {
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
    arguments.push(format!("{}/{REPOSITORY}:{OLD}", stage.registry.address()));
    if draw.choices.yes() {
        arguments.extend(words("/srv/serve with own arguments"));
    }
    println!("case {number}: docker {}", arguments.join(" "));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    stage.engine.client(&arguments)?;
    let more = draw.choices.below(3);
    if more > 0 {
        stage.engine.client(&["network", "connect", "--alias", "elsewhere", "net-b", &name])?;
    }
    if more > 1 {
        let address = format!("{}201.{}", stage.engine.pool(), 20 + number);
        let connect =
            format!("network connect --alias third --alias fourth --ip {address} net-c {name}");
        stage.engine.client(&connect.split(' ').collect::<Vec<_>>())?;
    }
    stage.engine.client(&["start", &name])?;
    Ok(name)
}

fn same(told: &str, before: &Value, after: &Value) {
    assert_eq!(differences("", before, after), Vec::<String>::new(), "{told}");
}

async fn case(stage: &Stage, number: u64) -> PartResult<()> {
    let name = make(stage, number)?;
    let row = runtime(&stage.app, &name, Status::Available).await?;
    let (before, id) = stage.inspect(&name)?;
    let volumes = contents(stage, &before)?;
    let kept = comparable(before.clone(), &id, &config_of(OLD));
    stage.use_tmpfs(&name, &before)?;

    stage.update(&row.id, NEW).await?;
    runtime(&stage.app, &name, Status::Available).await?;
    let (after, new) = stage.inspect(&name)?;
    let told = format!("case {number}, updated");
    same(&told, &kept, &comparable(after.clone(), &new, &config_of(NEW)));
    defaults_arrived(&told, &before, &after, OLD, NEW);
    assert_eq!(volumes, contents(stage, &after)?, "{told}: data");
    stage.tmpfs_is_fresh(&name, &after)?;

    let request = OfRuntime { runtime: row.id.clone() };
    let started = handlers::roll_back_runtime(&stage.app, request)
        .await
        .map_err(|problem| PartError::new(format!("{problem:#?}")))?;
    let operation = ended(&stage.app, &started.operation).await?;
    let told = format!("case {number}, rolled back");
    assert_eq!(operation.state, OperationState::Succeeded, "{told}: {operation:#?}");
    let (back, third) = stage.inspect(&name)?;
    same(&told, &kept, &comparable(back.clone(), &third, &config_of(OLD)));
    defaults_arrived(&told, &after, &back, NEW, OLD);
    assert_eq!(volumes, contents(stage, &back)?, "{told}: data");
    stage.engine.client(&["rm", "-f", "-v", &name, &format!("{name}.previous")])?;
    Ok(())
}

async fn cases(numbers: std::ops::Range<u64>) -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let stage = stage(home.path()).await?;
    // One that fails does not hide the others.
    let ended: Vec<Result<(), String>> = futures_util::stream::iter(numbers)
        .map(|number| {
            let ended = AssertUnwindSafe(case(&stage, number)).catch_unwind();
            ended.map(move |end| match end {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("case {number}: {error}")),
                // It has said why.
                Err(_) => Err(format!("case {number}")),
            })
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let failed: Vec<String> = ended.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{failed:#?}");
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
    cases(0..CASES).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make test-long"]
async fn nothing_is_lost_in_many_more_combinations() -> PartResult<()> {
    cases(CASES..CASES + MORE_CASES).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_refused_before_anything_happens() -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let stage = stage(home.path()).await?;
    let image = format!("{}/{REPOSITORY}:{OLD}", stage.registry.address());
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
    let depending = [
        ("networked", "--network container:networked"),
        ("process-shared", "--pid container:process-shared"),
        ("memory-shared", "--ipc container:memory-shared"),
        ("lending", "--volumes-from lending"),
        ("linked", "--link linked:it"),
    ];
    for (name, how) in depending {
        run(format!("run -d --ipc shareable {}", labels(name)))?;
        run(format!("run -d {how} --name on-{name}"))?;
    }
    let rows = depending.iter().map(|(name, _)| (*name, format!("on-{name}")));
    for (name, says) in rows.chain([("auto-remove", "--rm".to_owned())]) {
        let row = runtime(&stage.app, name, Status::Available).await?;
        let started = |stage: &Stage| -> PartResult<(String, Value)> {
            let (raw, id) = stage.inspect(name)?;
            Ok((id, raw["State"]["StartedAt"].clone()))
        };
        let before = started(&stage)?;
        let refused = stage.update(&row.id, NEW).await.expect_err("refused").to_string();
        assert!(refused.contains("CannotBeKept") && refused.contains(&says), "{refused}");
        assert_eq!(started(&stage)?, before, "{name} is the same container and never stopped");
    }
    let names = stage.engine.client(&["ps", "-a", "--format", "{{.Names}}"])?;
    assert_eq!(names.lines().count(), 2 + 2 * depending.len(), "{names}");
    let images = stage.engine.client(&["images", "--format", "{{.Tag}}", &image])?;
    assert_eq!(images, OLD, "nothing was pulled");
    Ok(())
}
