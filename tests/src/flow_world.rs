//! The application with a runtime of a real engine, and what the tests of flows do with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{FlowRunDetail, OfDraft, OfFlowRun, OpenFlow, ReadRunPart, RunPart, StartFlowRun};
use app::{App, handlers};
use domain::flow::{FlowId, FlowRun, FlowRunId};
use domain::runtime::{Runtime, RuntimeId, Status};
use tempfile::TempDir;

use crate::docker::DockerOptions;
use crate::ground::Ground;
use crate::headless::{application, compute, connected, ended, plain, refused, runtime, version};
use crate::registry::RegistryServer;
use crate::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use crate::{PartError, PartResult};

/// The application, and a runtime of it that serves.
pub struct World {
    pub engine: Ground,
    pub app: App,
    pub runtime: RuntimeId,
    /// The runtime as it stood when it began to serve.
    pub row: Runtime,
    pub container: String,
    /// What the application keeps.
    pub home: TempDir,
    _registry: RegistryServer,
}

/// Starts all of it, on Docker.
pub async fn world() -> PartResult<World> {
    world_on(Ground::docker(DockerOptions::default())?).await
}

/// The same on this engine.
pub async fn world_on(engine: Ground) -> PartResult<World> {
    let registry = RuntimeImages::ready()?.registry()?;
    let home = tempfile::tempdir()?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let app = application(&engine.socket(), home.path(), &repository).await?;
    connected(&app).await?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let draft = plain("flows", version(VERSIONS[2]), port);
    let create = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
    ended(&app, &create.map_err(refused)?.operation).await?;
    let row = runtime(&app, "flows", Status::Available).await?;
    Ok(World {
        engine,
        app,
        runtime: row.id.clone(),
        container: row.container_id.clone(),
        row,
        home,
        _registry: registry,
    })
}

/// Writes files below a folder.
pub fn write(root: &Path, files: &[(&str, &str)]) -> PartResult<()> {
    for (path, text) in files {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Content and time by path.
pub type Seen = BTreeMap<String, (Vec<u8>, std::time::SystemTime)>;

/// Every file below a folder with its content and time.
pub fn seen(root: &Path) -> PartResult<Seen> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = path.metadata()?.modified()?;
                all.insert(path.display().to_string(), (std::fs::read(&path)?, changed));
            }
        }
    }
    Ok(all)
}

/// One python tool of a text.
pub fn tool(name: &str, body: &str) -> String {
    format!(
        "import time\nfrom promptflow.core import tool\n\n\n@tool\ndef {name}(text: str) -> str:\n    {body}\n"
    )
}

/// A python node with this name that takes a text.
pub fn node(name: &str, text: &str) -> String {
    format!(
        "- name: {name}\n  type: python\n  source:\n    type: code\n    path: {name}.py\n  inputs:\n    text: {text}\n"
    )
}

/// The head of a flow with the input `text`, up to the node's name that the output `answer` refers to.
pub const HEAD: &str =
    "inputs:\n  text:\n    type: string\noutputs:\n  answer:\n    type: string\n    reference: ";

/// Opens a flow without problems.
pub async fn open(app: &App, folder: &Path) -> PartResult<FlowId> {
    let request = OpenFlow { path: folder.display().to_string() };
    let view = handlers::open_flow(app, request).await.map_err(refused)?;
    assert_eq!(view.problems, [], "{:#?}", view.problems);
    Ok(view.flow)
}

/// A run with this text.
pub fn request(world: &World, flow: &FlowId, text: &str) -> StartFlowRun {
    StartFlowRun {
        flow: flow.clone(),
        runtime: world.runtime.clone(),
        inputs: [("text".to_owned(), text.to_owned())].into(),
        init: BTreeMap::new(),
        variants: BTreeMap::new(),
        connections: vec![],
        node: None,
        from_node: None,
        from: None,
        limit: None,
    }
}

/// Starts a run.
pub async fn start(app: &App, request: StartFlowRun) -> PartResult<FlowRunId> {
    Ok(handlers::start_flow_run(app, request).await.map_err(refused)?.run)
}

/// Waits until a run is as asked.
pub async fn until(
    app: &App,
    id: &FlowRunId,
    what: &str,
    as_asked: impl Fn(&FlowRun) -> bool,
) -> PartResult<FlowRun> {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let run =
            handlers::flow_run(app, OfFlowRun { run: id.clone() }).await.map_err(refused)?.run;
        if as_asked(&run) {
            return Ok(run);
        }
        if Instant::now() > limit {
            return Err(PartError::new(format!("{what} did not happen: {run:#?}")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for the end of a run, and what is kept of it.
pub async fn result(app: &App, id: &FlowRunId) -> PartResult<FlowRunDetail> {
    until(app, id, "the end", |run| run.state.is_final()).await?;
    // What is kept is written right after.
    tokio::time::sleep(Duration::from_millis(300)).await;
    handlers::flow_run(app, OfFlowRun { run: id.clone() }).await.map_err(refused)
}

/// The log of a run as it is kept.
pub async fn log(app: &App, id: &FlowRunId) -> PartResult<String> {
    let part = ReadRunPart { run: id.clone(), part: RunPart::Log };
    Ok(handlers::flow_run_part(app, part).await.map_err(refused)?.text)
}

/// Runs a script inside the runtime.
pub fn inside(world: &World, script: &str) -> PartResult<String> {
    world.engine.client(&["exec", &world.container, "sh", "-c", script])
}
