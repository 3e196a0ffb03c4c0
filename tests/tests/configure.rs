//! Changes of a runtime's configuration on real engines: what was asked for is there, nothing else
//! differs in the engine's own raw answers, and a roll back gives it back.

use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{
    ChangeConfiguration, ConfigurationDraft, OfCompute, OfConfiguration, OfDraft, OfRuntime,
    RuntimeDraft,
};
use app::{App, handlers};
use domain::operation::{Operation, OperationState};
use domain::runtime::{RuntimeId, Status};
use domain::spec::{MountRequest, RestartPolicy, Variable};
use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::headless::{
    application, compute, draft_of, ended, plain, refused, runtime, version,
};
use real_parts::images::small_runtime;
use real_parts::podman::PodmanEngine;
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::{PartError, PartResult};
use serde_json::{Value, json};

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240111.v2";
const MB: u64 = 1024 * 1024;

fn draft(port: u16) -> RuntimeDraft {
    let variable = |name: &str, value: &str| Variable {
        name: name.into(),
        value: value.into(),
        confirmed: false,
    };
    RuntimeDraft {
        description: "as made".into(),
        memory_limit: Some(256 * MB),
        cpu_limit: Some(0.75),
        variables: vec![variable("MODE", "fast"), variable("LEVEL", "1")],
        mounts: vec![MountRequest {
            source: "eval-data".into(),
            target: "/data".into(),
            read_only: false,
        }],
        restart_policy: RestartPolicy::No,
        ..plain("eval", version(VERSION), port)
    }
}

/// What the form sends when one edits it.
async fn asked(
    app: &App,
    id: &RuntimeId,
    edit: impl FnOnce(&mut ConfigurationDraft),
) -> PartResult<OfConfiguration> {
    let view =
        handlers::configuration(app, OfRuntime { runtime: id.clone() }).await.map_err(refused)?;
    let based_on = view.based_on.clone();
    let mut draft = draft_of(view);
    edit(&mut draft);
    Ok(OfConfiguration { runtime: id.clone(), based_on, draft })
}

async fn change(
    app: &App,
    id: &RuntimeId,
    edit: impl FnOnce(&mut ConfigurationDraft),
) -> PartResult<Operation> {
    let OfConfiguration { runtime, based_on, draft } = asked(app, id, edit).await?;
    let request =
        ChangeConfiguration { runtime, based_on, draft, confirmed: false, cancel_runs: false };
    let started = handlers::change_configuration(app, request).await.map_err(refused)?;
    ended(app, &started.operation).await
}

fn succeeded(operation: &Operation) {
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
}

/// The parts of an inspect that a person configures, without what differs in any two containers.
fn configured(raw: &Value) -> Value {
    let mut config = raw["Config"].clone();
    let fields = config.as_object_mut().expect("an object");
    for generated in ["Hostname", "Image", "CreateCommand"] {
        fields.remove(generated);
    }
    if let Some(labels) = fields.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.retain(|name, _| !name.starts_with("io.promptflow-runtimes."));
    }
    if let Some(Value::Array(variables)) = fields.get_mut("Env") {
        // Podman tells the host name among the variables.
        variables.retain(|entry| !entry.as_str().is_some_and(|text| text.starts_with("HOSTNAME=")));
        variables.sort_by_key(ToString::to_string);
    }
    let mut host = raw["HostConfig"].clone();
    for generated in ["ContainerIDFile", "CgroupParent"] {
        host.as_object_mut().expect("an object").remove(generated);
    }
    if let Some(annotations) = config.get_mut("Annotations").and_then(Value::as_object_mut) {
        annotations.remove("io.kubernetes.cri-o.Created");
    }
    if let Some(log) = host.get_mut("LogConfig").and_then(Value::as_object_mut) {
        log.remove("Path");
        // Podman's own name of the driver that its Docker interface calls `json-file`.
        if log.get("Type").is_some_and(|kind| kind == "k8s-file") {
            log.insert("Type".into(), json!("json-file"));
        }
    }
    json!({"Config": config, "HostConfig": host})
}

/// Paths at which two values differ, e.g. `/HostConfig/Memory`.
fn differences(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<&String> =
                one.keys().chain(other.keys()).collect();
            for key in keys {
                differences(&before[key], &after[key], &format!("{path}/{key}"), found);
            }
        }
        _ if before == after => {}
        // Nothing, in the ways that engines say so.
        _ if [before, after]
            .iter()
            .all(|value| value.is_null() || **value == json!([]) || **value == json!({})) => {}
        _ => found.push(path.to_owned()),
    }
}

async fn story(app: &App, inspect: impl Fn() -> PartResult<Value>) -> PartResult<()> {
    let port = free_port()?;
    let request = OfDraft { compute: compute(), draft: draft(port) };
    let started = handlers::create_runtime(app, request).await.map_err(refused)?;
    succeeded(&ended(app, &started.operation).await?);
    let made = runtime(app, "eval", Status::Available).await?;
    let before = configured(&inspect()?);
    let folder = tempfile::tempdir()?;
    let other = free_port()?;
    let changed = change(app, &made.id, |draft| {
        draft.host_port = other.into();
        draft.memory_limit = Some(512 * MB);
        draft.variables[0].value = Some("slow".into());
        draft.variables.remove(1);
        draft.mounts.push(MountRequest {
            source: folder.path().display().to_string(),
            target: "/code".into(),
            read_only: true,
        });
    })
    .await?;
    succeeded(&changed);
    println!("without service: {:?} ms", changed.without_service);
    let row = runtime(app, "eval", Status::Available).await?;
    assert_eq!(row.endpoint.as_deref(), Some(format!("http://127.0.0.1:{other}").as_str()));
    let after = configured(&inspect()?);
    let mut found = Vec::new();
    differences(&before, &after, "", &mut found);
    found.retain(|path| !path.ends_with("/MemorySwap"));
    assert_eq!(
        found,
        [
            "/Config/Env",
            "/HostConfig/Binds",
            "/HostConfig/Memory",
            "/HostConfig/PortBindings/8080/tcp"
        ],
        "{before:#}\n{after:#}"
    );
    let env = after["Config"]["Env"].to_string();
    assert!(env.contains("MODE=slow") && !env.contains("LEVEL="), "{env}");
    assert_eq!(after["HostConfig"]["Memory"], 512 * MB);

    // Settings that do not work: too little memory is refused, a port that is taken is named.
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let number = taken.local_addr()?.port();
    let request = asked(app, &made.id, |draft| {
        draft.host_port = number.into();
        draft.memory_limit = Some(MB);
    })
    .await?;
    let preview = handlers::preview_configuration(app, request).await.map_err(refused)?;
    let fields: Vec<_> =
        preview.problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
    assert_eq!(fields, ["memoryLimit", "hostPort"]);

    assert!(row.previous.is_some(), "the previous container is kept");
    let back = handlers::roll_back_runtime(app, OfRuntime { runtime: made.id.clone() })
        .await
        .map_err(refused)?;
    succeeded(&ended(app, &back.operation).await?);
    let row = runtime(app, "eval", Status::Available).await?;
    assert_eq!(row.endpoint, made.endpoint);
    let mut found = Vec::new();
    differences(&before, &configured(&inspect()?), "", &mut found);
    assert_eq!(found, Vec::<String>::new(), "{before:#}\n{:#}", configured(&inspect()?));
    Ok(())
}

async fn on(
    socket: &Path,
    registry: &RegistryServer,
    inspect: impl Fn() -> PartResult<Value>,
) -> PartResult<()> {
    let home = tempfile::tempdir()?;
    registry.push(&small_runtime(VERSION)?, REPOSITORY, VERSION)?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(socket, home.path(), &repository).await?;
    let until = Instant::now() + Duration::from_secs(30);
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    story(&app, inspect).await
}

fn first(text: &str) -> PartResult<Value> {
    let mut all: Vec<Value> =
        serde_json::from_str(text).map_err(|error| PartError::new(error.to_string()))?;
    Ok(all.remove(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_changes_on_docker_and_goes_back() -> PartResult<()> {
    let engine = DockerEngine::start_with(DockerOptions::default())?;
    let registry = RegistryServer::start()?;
    on(&engine.socket(), &registry, || first(&engine.client(&["inspect", "eval"])?)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_changes_on_podman_and_goes_back() -> PartResult<()> {
    let engine = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    on(&engine.socket(), &registry, || first(&engine.client(&["inspect", "eval"])?)).await
}
