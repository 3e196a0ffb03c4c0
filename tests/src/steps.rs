//! Steps that several journeys take: opening pages, filling the wizard, updating, and asking engine and
//! runtime themselves whether what the page says is so.

use std::time::Duration;

use serde_json::Value;

use crate::docker::DockerEngine;
use crate::error::{PartError, PartResult};
use crate::journey::{Name, SOON};
use crate::window::{Window, WindowOptions};

/// How long creating or updating with small images may take.
pub const OPERATION_LIMIT: Duration = Duration::from_secs(60);

/// What the wizard is told; everything that is `None` stays as proposed.
#[derive(Clone, Debug, Default)]
pub struct NewRuntime {
    pub name: String,
    /// A version of the default environment.
    pub version: Option<String>,
    /// An image's reference instead of the default environment.
    pub image: Option<String>,
    pub port: Option<u16>,
    /// A volume and where the runtime sees it.
    pub volume: Option<(String, String)>,
    /// Name and value of an environment variable.
    pub variable: Option<(String, String)>,
}

impl NewRuntime {
    /// A runtime of this name, everything else as proposed.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
    /// From this version of the default environment.
    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }
    /// From this image.
    pub fn image(mut self, reference: &str) -> Self {
        self.image = Some(reference.to_owned());
        self
    }
    /// Published on this port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }
}

/// Opens the application on this engine; `repository` is that of the default environment.
pub async fn open_on(engine: &DockerEngine, repository: &str) -> PartResult<Window> {
    let window = Window::open(on(engine, repository)).await?;
    window.find("heading", "Runtimes").await?;
    Ok(window)
}

/// The options for a window on this engine.
pub fn on(engine: &DockerEngine, repository: &str) -> WindowOptions {
    WindowOptions {
        environment: vec![
            ("DOCKER_HOST".into(), engine.host()),
            ("PROMPTFLOW_RUNTIMES_REPOSITORY".into(), repository.to_owned()),
        ],
        ..WindowOptions::default()
    }
}

/// Goes to a page by the navigation, e.g. `Settings`.
pub async fn open_page(window: &Window, page: &str) -> PartResult<()> {
    // The navigation stands first; a page may have a link of the same name.
    click_first(window, "link", page).await?;
    window.find("heading", page).await.map(drop)
}

/// Goes to the page of a runtime by the runtimes' grid.
pub async fn open_runtime(window: &Window, name: &str) -> PartResult<()> {
    open_page(window, "Runtimes").await?;
    window.click("link", name).await?;
    window.find("heading", name).await.map(drop)
}

/// Shows a tab of a page.
pub async fn open_tab(window: &Window, tab: &str) -> PartResult<()> {
    let end = std::time::Instant::now() + SOON;
    loop {
        // What stands around it may move at that very moment, and then the click falls beside it.
        window.click("tab", tab).await?;
        for _ in 0..20 {
            let shown = window.find("tab", tab).await?.attr("aria-selected").await;
            if shown.is_ok_and(|shown| shown.as_deref() == Some("true")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if std::time::Instant::now() > end {
            return Err(window.explain(&format!("The tab \"{tab}\" is not shown.")).await);
        }
    }
}

/// Clicks the first element of this role and name where several lead to the same.
pub async fn click_first(window: &Window, role: &str, name: &str) -> PartResult<()> {
    let end = std::time::Instant::now() + SOON;
    loop {
        if let Some(element) = window.find_all(role, name).await?.first() {
            return window.click_on(element).await;
        }
        if std::time::Instant::now() > end {
            return Err(window.explain(&format!("There is no {role} \"{name}\".")).await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Presses the last button of this name: that of the open dialog, where the page has one as well.
pub async fn press_in_dialog(window: &Window, name: &str) -> PartResult<()> {
    match window.find_all("button", name).await?.last() {
        Some(button) => window.click_on(button).await,
        None => Err(window.explain(&format!("There is no button {name}.")).await),
    }
}

/// On an environment's page: opens the dialog *Build environment*, waits for what a build would do, and
/// begins it.
pub async fn begin_build(window: &Window) -> PartResult<()> {
    click_first(window, "button", "Build").await?;
    window.find("dialog", "Build environment").await?;
    window.find_within(OPERATION_LIMIT, "region", "Built on").await?;
    press_in_dialog(window, "Build").await
}

/// On the page *Environments*: imports a folder and opens the environment that was made of it.
pub async fn import_folder(window: &Window, folder: &std::path::Path) -> PartResult<()> {
    open_page(window, "Environments").await?;
    click_first(window, "button", "Import folder").await?;
    window.find("dialog", "Import folder").await?;
    window.fill("textbox", "Folder", &folder.to_string_lossy()).await?;
    press_in_dialog(window, "Import").await?;
    window.wait_text(SOON, "The folder was imported").await
}

/// Takes an option of a drop-down list.
pub async fn choose(window: &Window, list: &str, option: impl Into<Name>) -> PartResult<()> {
    window.click("combobox", list).await?;
    window.click("option", option).await
}

/// Fills the wizard and stops at its last step, the review.
pub async fn wizard_to_review(window: &Window, new: &NewRuntime) -> PartResult<()> {
    open_page(window, "Runtimes").await?;
    click_first(window, "button", "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    window.fill("textbox", "Runtime name", &new.name).await?;
    window.click("button", "Next").await?;
    window.find("heading", "Environment").await?;
    if let Some(image) = &new.image {
        window.click("radio", "Use customized environment").await?;
        window.fill("textbox", "Image reference", image).await?;
    }
    if let Some(version) = &new.version {
        choose(window, "Version", Name::Starts(version.clone())).await?;
    }
    window.click("button", "Next").await?;
    window.find("heading", "Settings").await?;
    if let Some(port) = new.port {
        window.fill("textbox", "Published port", &port.to_string()).await?;
    }
    if let Some((name, value)) = &new.variable {
        window.click("button", "Add variable").await?;
        window.fill("textbox", "Name of variable 1", name).await?;
        window.fill("textbox", "Value of variable 1", value).await?;
    }
    if let Some((volume, target)) = &new.volume {
        window.click("button", "Add folder or volume").await?;
        window.fill("textbox", "Folder or volume 1", volume).await?;
        window.fill("textbox", "Path in the runtime 1", target).await?;
    }
    window.click("button", "Next").await?;
    window.find("heading", "Review").await.map(drop)
}

/// Fills the wizard and presses *Create*; the operation runs when this returns.
pub async fn begin_to_add(window: &Window, new: &NewRuntime) -> PartResult<()> {
    wizard_to_review(window, new).await?;
    window.click("button", "Create").await
}

/// What the download's progress bar says of itself, in percent.
async fn percent(window: &Window) -> PartResult<f64> {
    let value = window
        .run(
            "const bar = document.querySelector('[role=progressbar][aria-valuenow]'); \
             return bar ? 100 * bar.ariaValueNow / (bar.ariaValueMax ?? 1) : -1",
            Vec::new(),
        )
        .await?;
    Ok(value.as_f64().unwrap_or(-1.0))
}

/// Waits until something of the image, but not all, has come. Gives the percentage.
pub async fn in_mid_download(window: &Window) -> PartResult<f64> {
    let end = std::time::Instant::now() + OPERATION_LIMIT;
    loop {
        let now = percent(window).await?;
        if now > 2.0 && now < 95.0 {
            return Ok(now);
        }
        if std::time::Instant::now() > end {
            return Err(window.explain(&format!("The download stands at {now} %.")).await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Adds a runtime with the wizard and goes to its page, where it is *Available*.
pub async fn add_runtime(window: &Window, new: &NewRuntime) -> PartResult<()> {
    begin_to_add(window, new).await?;
    let open = format!("Open {}", new.name);
    window.find_within(OPERATION_LIMIT, "button", open.as_str()).await?;
    window.click("button", open.as_str()).await?;
    window.find("heading", new.name.as_str()).await?;
    window.wait_text(SOON, "Available").await
}

/// On a runtime's page: opens the dialog *Update runtime*.
pub async fn open_update(window: &Window) -> PartResult<()> {
    click_first(window, "button", "Update").await?;
    window.find("dialog", "Update runtime").await.map(drop)
}

/// On a runtime's page: begins an update to this version of the default environment.
pub async fn begin_update(window: &Window, version: &str) -> PartResult<()> {
    open_update(window).await?;
    // The dialog grows, and stays in the middle, when what its first choice means has come.
    window.wait_text(SOON, "From → to").await?;
    choose(window, "Version", Name::Starts(version.to_owned())).await?;
    window.wait_text(SOON, "What happens").await?;
    window.click("button", "Update").await
}

/// Waits until the operation in the open dialog has ended, closes it, and gives what it said.
pub async fn end_of_dialog(window: &Window) -> PartResult<String> {
    window.find_within(OPERATION_LIMIT, "button", "Close").await?;
    let dialog = window.find("dialog", Name::Any).await?;
    let text = window.text_of(&dialog).await?;
    window.click("button", "Close").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    Ok(text)
}

/// Names of all containers of the engine, in order.
pub fn containers(engine: &DockerEngine) -> PartResult<Vec<String>> {
    let mut names: Vec<String> = engine
        .client(&["ps", "-a", "--format", "{{.Names}}"])?
        .lines()
        .map(str::to_owned)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    Ok(names)
}

/// What the engine's own client says of a container, without the commands that run inside just now: the application
/// may be looking at something there.
pub fn inspect(engine: &DockerEngine, container: &str) -> PartResult<Value> {
    let answer = engine.client(&["inspect", "--type", "container", container])?;
    let mut list: Vec<Value> = serde_json::from_str(&answer)
        .map_err(|error| PartError::new(format!("docker inspect: {error}")))?;
    let mut found =
        list.pop().ok_or_else(|| PartError::new(format!("There is no container {container}.")))?;
    if let Some(found) = found.as_object_mut() {
        found.remove("ExecIDs");
    }
    Ok(found)
}

/// The version that the image of a container names in its label.
pub fn version_of(engine: &DockerEngine, container: &str) -> PartResult<String> {
    let data = inspect(engine, container)?;
    let environment = data["Config"]["Env"].as_array().cloned().unwrap_or_default();
    // The image's own variable: the product hands labels on, this it never sets.
    environment
        .iter()
        .filter_map(Value::as_str)
        .find_map(|line| line.strip_prefix("BUILD_INFO="))
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .and_then(|info| info["build_number"].as_str().map(str::to_owned))
        .ok_or_else(|| PartError::new(format!("The image of {container} names no version.")))
}

/// The number of the host's port on which a container is published.
pub fn published_port(engine: &DockerEngine, container: &str) -> PartResult<u16> {
    let data = inspect(engine, container)?;
    data["HostConfig"]["PortBindings"]
        .as_object()
        .and_then(|ports| ports.values().next())
        .and_then(|bindings| bindings[0]["HostPort"].as_str())
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| PartError::new(format!("{container} is published on no port.")))
}

/// Asks the runtime itself: its status code and body.
pub async fn ask(port: u16, path: &str) -> PartResult<(u16, String)> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}"))
        .await
        .map_err(|error| PartError::new(format!("GET {path} on {port}: {error}")))?;
    let status = answer.status().as_u16();
    let body = answer
        .text()
        .await
        .map_err(|error| PartError::new(format!("GET {path} on {port}: {error}")))?;
    Ok((status, body))
}
