//! The main job through the real window, with real Prompt flow images: add a runtime, see it run, run a
//! flow on it, be told of a newer version, update, go back, delete.
//!
//! With `PROMPTFLOW_RUNTIMES_PICTURES=1` it writes the pictures of the README, light and dark.

use std::path::Path;
use std::time::Duration;

use real_parts::docker::DockerEngine;
use real_parts::journey::{Key, Name, SOON};
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::slow_proxy::SlowProxy;
use real_parts::steps::{
    NewRuntime, add_runtime, ask, click_first, containers, end_of_dialog, inspect, on,
    open_runtime, open_tab, open_update, version_of, wizard_to_review,
};
use real_parts::watch::PortWatch;
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult};
use serde_json::{Value, json};

const NAME: &str = "my-runtime";
const OLD: &str = VERSIONS[1];
const NEW: &str = VERSIONS[2];
/// Real images are larger, and Python takes its time.
const LONG: Duration = Duration::from_secs(120);

struct Scene {
    engine: DockerEngine,
    registry: RegistryServer,
    /// What the application takes for the registry.
    proxy: SlowProxy,
    window: Window,
    /// `light` or `dark` when pictures are wanted.
    pictures: Option<&'static str>,
}

impl Scene {
    async fn picture(&self, name: &str) -> PartResult<()> {
        let Some(appearance) = self.pictures else { return Ok(()) };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
        self.window.picture(&folder.join(format!("{name}-{appearance}.png"))).await
    }
}

#[tokio::test]
async fn a_runtime_is_added_runs_a_flow_is_updated_rolled_back_and_deleted() -> PartResult<()> {
    if std::env::var_os("PROMPTFLOW_RUNTIMES_PICTURES").is_some_and(|value| value == "1") {
        main_job(Some("light")).await?;
        main_job(Some("dark")).await
    } else {
        main_job(None).await
    }
}

async fn main_job(pictures: Option<&'static str>) -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let registry = images.registry()?;
    registry.hide_tag(REPOSITORY, NEW)?;
    let engine = DockerEngine::start()?;
    // For a picture in mid-download.
    let proxy = SlowProxy::before(&registry.address(), 6 * 1024 * 1024)?;
    if pictures.is_none() {
        proxy.open();
    }
    let repository = format!("{}/{REPOSITORY}", proxy.address());
    let window =
        Window::open(WindowOptions { dark: pictures == Some("dark"), ..on(&engine, &repository) })
            .await?;
    let scene = Scene { engine, registry, proxy, window, pictures };
    scene.window.wait_text(SOON, "No runtimes yet").await?;
    let port = add(&scene).await?;
    runs_a_flow(&scene.engine, port).await?;
    tabs(&scene).await?;
    told_of_a_newer_version(&scene).await?;
    updates(&scene, port).await?;
    rolls_back(&scene, port).await?;
    deletes(&scene).await?;
    assert_eq!(scene.window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

/// Adds the runtime on the newest version that is published so far. Gives its port.
async fn add(scene: &Scene) -> PartResult<u16> {
    let Scene { engine, window, .. } = scene;
    let new = NewRuntime {
        volume: Some(("my-data".into(), "/data".into())),
        variable: Some(("MODE".into(), "fast".into())),
        ..NewRuntime::named(NAME)
    };
    wizard_to_review(window, &new).await?;
    window.wait_text(SOON, "may be pulled").await?;
    window.wait_text(SOON, OLD).await?;
    scene.picture("wizard").await?;
    window.click("button", "Create").await?;
    window.find("heading", "Creating my-runtime").await?;
    if scene.pictures.is_some() {
        let part =
            "document.querySelector('[role=progressbar][aria-valuenow]')?.ariaValueNow > 0.3";
        window.wait(LONG, "a third of the image", part).await?;
        window.wait_text(SOON, " left").await?;
    }
    scene.picture("progress").await?;
    scene.proxy.open();
    window.find_within(LONG, "button", "Open my-runtime").await?;
    window.click("button", "Open my-runtime").await?;
    window.find("heading", NAME).await?;
    window.wait_text(SOON, "Available").await?;
    window.wait_text(SOON, OLD).await?;

    assert_eq!(containers(engine)?, [NAME]);
    assert_eq!(version_of(engine, NAME)?, OLD);
    let data = inspect(engine, NAME)?;
    assert_eq!(data["State"]["Running"], true);
    let bindings = &data["HostConfig"]["PortBindings"]["8080/tcp"][0];
    assert_eq!(bindings["HostIp"], "127.0.0.1");
    assert_eq!(data["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
    let variables = data["Config"]["Env"].to_string();
    assert!(variables.contains("MODE=fast"), "{variables}");
    assert!(variables.contains("PF_LONG_RUNNING_LOGGING_INTERVAL="), "{variables}");
    engine.client(&["exec", "--user", "0", NAME, "sh", "-c", "echo kept > /data/note"])?;
    let port = bindings["HostPort"]
        .as_str()
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| PartError::new(format!("No port is published: {data}")))?;
    window.wait_text(SOON, &format!("http://127.0.0.1:{port}")).await?;
    Ok(port)
}

/// Copies a flow into the runtime and runs it as anybody with curl would.
async fn runs_a_flow(engine: &DockerEngine, port: u16) -> PartResult<()> {
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    let folder = tempfile::tempdir()?;
    let flow = folder.path().join("shout");
    std::fs::create_dir(&flow)?;
    std::fs::write(
        flow.join("flow.dag.yaml"),
        "inputs:\n  text:\n    type: string\noutputs:\n  shouted:\n    type: string\n    reference: ${shout.output}\n\
         nodes:\n- name: shout\n  type: python\n  source:\n    type: code\n    path: shout.py\n  inputs:\n    text: ${inputs.text}\n",
    )?;
    std::fs::write(
        flow.join("shout.py"),
        "from promptflow.core import tool\n\n\n@tool\ndef shout(text: str) -> str:\n    print('shouting', text)\n    return text.upper()\n",
    )?;
    engine.client(&["exec", "--user", "0", NAME, "mkdir", "-p", "/flows"])?;
    engine.client(&["exec", NAME, "mkdir", "-p", "/tmp/out"])?;
    engine.client(&["cp", &flow.to_string_lossy(), &format!("{NAME}:/flows/shout")])?;
    let request = json!({
        "run_id": "r1",
        "working_dir": "/flows/shout",
        "flow_file": "flow.dag.yaml",
        "output_dir": "/tmp/out/r1",
        "log_path": "/tmp/out/r1.log",
        "inputs": { "text": "hello" },
        "connections": {},
        "environment_variables": {},
    });
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/execution/flow"))
        .header("content-type", "application/json")
        .body(request.to_string())
        .send()
        .await
        .map_err(|error| PartError::new(format!("Running the flow: {error}")))?;
    let status = answer.status();
    let body = answer.text().await.unwrap_or_default();
    assert!(status.is_success(), "{status}: {body}");
    let body: Value =
        serde_json::from_str(&body).map_err(|error| PartError::new(error.to_string()))?;
    assert_eq!(body["run_info"]["status"], "Completed", "{body}");
    assert_eq!(body["output"]["shouted"], "HELLO", "{body}");
    Ok(())
}

/// Each tab shows what the runtime is and did.
async fn tabs(scene: &Scene) -> PartResult<()> {
    let window = &scene.window;
    for text in ["my-data", "127.0.0.1", "1.17.2", "3.11"] {
        window.wait_text(SOON, text).await?;
    }
    open_tab(window, "Packages").await?;
    window.find("row", Name::Starts("anyio ".into())).await?;
    window.fill("searchbox", "Search packages", "humanize").await?;
    window.wait_gone(SOON, "row", Name::Starts("anyio ".into())).await?;
    window.find("row", "humanize 4.11.0").await?;
    open_tab(window, "Logs").await?;
    log(window).await?;
    open_tab(window, "History").await?;
    window.wait_text(SOON, "Create").await?;
    window.wait_text(SOON, "Succeeded").await?;
    open_tab(window, "Configuration").await?;
    window.wait_text(SOON, "MODE").await?;
    window.wait_text(SOON, "/data").await?;
    open_tab(window, "Overview").await
}

/// The log opens at its end. The whole of it is searched and filtered, and tells which node took the time.
async fn log(window: &Window) -> PartResult<()> {
    window.find("log", "Log of my-runtime").await?;
    let at_end = "(() => { const lines = document.querySelector('[role=log] [role=grid]'); \
        return lines?.querySelector('[role=row]') \
            && lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 1 })()";
    window.wait(SOON, "the end of the log to be shown", at_end).await?;
    window.fill("searchbox", "Search the log", "uvicorn RUNNING on").await?;
    window.wait_text(SOON, "1 of 1").await?;
    window.wait_text(SOON, "Uvicorn running on").await?;
    window.click("button", "Match case").await?;
    window.wait_text(SOON, "Not found").await?;
    window.click("button", "Match case").await?;
    window.wait_text(SOON, "1 of 1").await?;
    window.click("button", "Filter").await?;
    window.click("checkbox", Name::Starts("shout (".into())).await?;
    window.press_key(Key::Escape, 1).await?;
    window.wait_text(SOON, "Executing node shout").await?;
    window.wait_text(SOON, "Not found").await?;
    window.click("button", "Node times").await?;
    window.find("table", "Node times of Log of my-runtime").await?;
    window.find("row", Name::Starts("shout ".into())).await?;
    window.click("button", "Node times").await?;
    window.click("button", "Clear filters").await?;
    window.click("button", "Next (F3)").await?;
    window.wait_text(SOON, "1 of 1").await
}

/// A newer version is published; the page tells of it when asked.
async fn told_of_a_newer_version(scene: &Scene) -> PartResult<()> {
    let window = &scene.window;
    window.click("button", "Check version").await?;
    window.wait_text(SOON, "my-runtime is up to date").await?;
    scene.registry.show_tag(REPOSITORY, NEW)?;
    window.click("button", "Check version").await?;
    window.wait_text(SOON, &format!("A new version is available: {NEW}")).await?;
    let text = window.text().await?;
    let line = text.lines().find(|line| line.starts_with("A new version")).unwrap_or_default();
    assert!(line.contains("days old"), "{line}");
    assert!(line.contains("MB to download"), "{line}");
    if scene.pictures.is_some() {
        // The word of the first check goes by itself.
        let gone = "!document.body.innerText.includes('my-runtime is up to date')";
        window.wait(SOON, "the notice to go", gone).await?;
        click_first(window, "button", "Dismiss").await?;
    }
    scene.picture("detail").await
}

async fn updates(scene: &Scene, port: u16) -> PartResult<()> {
    let Scene { engine, window, .. } = scene;
    open_update(window).await?;
    window.wait_text(SOON, "What happens").await?;
    let dialog = window.find("dialog", "Update runtime").await?;
    let said = window.text_of(&dialog).await?;
    for text in [OLD, NEW, "my-data", "MB to download"] {
        assert!(said.contains(text), "{text} is missing in: {said}");
    }
    scene.picture("update").await?;
    let watch = PortWatch::start(port);
    window.click("button", "Update").await?;
    window.find_within(LONG, "button", "Close").await?;
    let seen = watch.end()?;
    window.click("button", Name::Contains("packages differ".into())).await?;
    let said = end_of_dialog(window).await?;
    println!("update of a real runtime: {seen:?}");
    assert!(said.contains("humanize") && said.contains("4.12.3"), "{said}");
    assert!(said.contains("promptflow-core") && said.contains("1.18.5"), "{said}");
    // Python takes seconds to start; the rest is ours.
    assert!(seen.longest_gap < Duration::from_secs(15), "{seen:?}");
    is_on(scene, NEW, port).await?;
    assert_eq!(containers(engine)?, [NAME, "my-runtime.previous"]);
    assert_eq!(version_of(engine, "my-runtime.previous")?, OLD);
    assert_eq!(inspect(engine, "my-runtime.previous")?["State"]["Running"], false);
    let policy = &inspect(engine, "my-runtime.previous")?["HostConfig"]["RestartPolicy"];
    assert_eq!(policy["Name"], "no");
    let (_, version) = ask(port, "/version").await?;
    assert!(version.contains("1.18.5"), "{version}");
    Ok(())
}

/// The page, the engine and the runtime agree on the version, and nothing else has changed.
async fn is_on(scene: &Scene, version: &str, port: u16) -> PartResult<()> {
    let Scene { engine, window, .. } = scene;
    open_tab(window, "Overview").await?;
    window.wait_text(SOON, "Available").await?;
    window.wait_text(SOON, version).await?;
    assert_eq!(version_of(engine, NAME)?, version);
    let data = inspect(engine, NAME)?;
    assert_eq!(data["State"]["Running"], true);
    let bindings = &data["HostConfig"]["PortBindings"]["8080/tcp"][0];
    assert_eq!(bindings["HostPort"], port.to_string());
    assert_eq!(data["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
    assert!(data["Config"]["Env"].to_string().contains("MODE=fast"));
    assert_eq!(engine.client(&["exec", NAME, "cat", "/data/note"])?, "kept");
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    Ok(())
}

async fn rolls_back(scene: &Scene, port: u16) -> PartResult<()> {
    let Scene { engine, window, .. } = scene;
    window.click("button", "Roll back").await?;
    let dialog = window.find("dialog", "Roll back runtime").await?;
    let said = window.text_of(&dialog).await?;
    for text in [OLD, NEW, "my-data"] {
        assert!(said.contains(text), "{text} is missing in: {said}");
    }
    window.click("button", "Roll back").await?;
    window.find_within(LONG, "button", "Close").await?;
    end_of_dialog(window).await?;
    is_on(scene, OLD, port).await?;
    let left = containers(engine)?;
    assert!(
        left.iter().all(|name| [NAME, "my-runtime.previous"].contains(&name.as_str())),
        "{left:?}"
    );
    open_tab(window, "History").await?;
    for text in ["Create", "Update", "Roll back"] {
        window.wait_text(SOON, text).await?;
    }
    if scene.pictures.is_some() {
        add_runtime(window, &NewRuntime::named("evaluation").version(VERSIONS[0])).await?;
        window.click("button", "Stop").await?;
        window.wait_text(SOON, "Stopped").await?;
        add_runtime(window, &NewRuntime::named("support-bot")).await?;
        real_parts::steps::open_page(window, "Runtimes").await?;
        window.wait_text(SOON, "MB of").await.ok();
        window
            .wait(
                LONG,
                "curves to be drawn",
                "document.querySelectorAll('polyline, path').length > 3",
            )
            .await?;
        scene.picture("runtimes").await?;
        for name in ["evaluation", "support-bot"] {
            open_runtime(window, name).await?;
            delete_shown(window, name).await?;
        }
        open_runtime(window, NAME).await?;
    }
    Ok(())
}

async fn delete_shown(window: &Window, name: &str) -> PartResult<()> {
    window.click("button", "Delete").await?;
    window.find("dialog", format!("Delete {name}").as_str()).await?;
    window.click("button", "Delete runtime").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.find_within(LONG, "heading", "Runtimes").await?;
    window.wait_gone(LONG, "link", name).await
}

async fn deletes(scene: &Scene) -> PartResult<()> {
    let Scene { engine, window, .. } = scene;
    click_first(window, "button", "Delete").await?;
    let dialog = window.find("dialog", "Delete my-runtime").await?;
    window.wait_text(SOON, "These go").await?;
    let said = window.text_of(&dialog).await?;
    for text in ["Container my-runtime", "Volume my-data"] {
        assert!(said.contains(text), "{text} is missing in: {said}");
    }
    window.click("button", "Delete runtime").await?;
    window.wait_text(LONG, "No runtimes yet").await?;
    assert_eq!(containers(engine)?, Vec::<String>::new());
    // What it wrote stays: nobody asked to delete it.
    assert_eq!(engine.client(&["volume", "ls", "-q"])?, "my-data");
    Ok(())
}
