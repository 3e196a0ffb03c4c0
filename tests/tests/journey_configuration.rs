//! The configuration of a runtime is changed in the real window: the difference is shown first, the
//! change is applied by the transaction of an update, and rolled back.

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Name, SOON};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, ask, containers, end_of_dialog, inspect, open_on,
    open_tab, published_port,
};
use real_parts::window::Window;
use serde_json::Value;

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240111.v2";
const NAME: &str = "eval";

struct Scene {
    engine: DockerEngine,
    window: Window,
    port: u16,
    _registry: RegistryServer,
}

/// A runtime with a variable and a volume, its tab *Configuration* open.
async fn scene() -> PartResult<Scene> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?, REPOSITORY, VERSION)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let port = free_port()?;
    let new = NewRuntime {
        variable: Some(("TEAM_NAME".into(), "search".into())),
        volume: Some(("eval-data".into(), "/data".into())),
        ..NewRuntime::named(NAME).port(port)
    };
    add_runtime(&window, &new).await?;
    open_tab(&window, "Configuration").await?;
    Ok(Scene { engine, window, port, _registry: registry })
}

/// Opens the form.
async fn edit(window: &Window) -> PartResult<()> {
    window.click("button", "Edit").await?;
    window.find("form", "Edit the configuration").await?;
    // It scrolls to its first field.
    let focused = "document.activeElement?.tagName === 'TEXTAREA'";
    window.wait(SOON, "the form to have the focus", focused).await
}

fn variables(data: &Value) -> Vec<&str> {
    data["Config"]["Env"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn settings_are_changed_after_the_difference_was_seen_and_can_be_rolled_back()
-> PartResult<()> {
    let Scene { engine, window, port, .. } = scene().await?;
    let before = inspect(&engine, NAME)?;
    let after_port = free_port()?;
    edit(&window).await?;
    assert_eq!(window.axe().await?, []);
    window.fill("textbox", "Published port", &after_port.to_string()).await?;
    window.click("button", "Give TEAM_NAME a new value").await?;
    window.fill("textbox", "Value of variable 1", "support").await?;
    window.click("button", "Review changes").await?;

    let dialog = window.find("dialog", "Change configuration").await?;
    window.find("table", "What changes").await?;
    let said = window.text_of(&dialog).await?;
    for text in ["Published port", &port.to_string(), &after_port.to_string(), "TEAM_NAME"] {
        assert!(said.contains(text), "{text} is missing in: {said}");
    }
    assert!(!said.contains("support") && !said.contains("search"), "a value is shown: {said}");
    assert_eq!(window.axe().await?, []);
    assert_eq!(inspect(&engine, NAME)?["Id"], before["Id"], "nothing happens before Apply");

    window.click("button", "Apply").await?;
    window.find_within(OPERATION_LIMIT, "button", "Close").await?;
    end_of_dialog(&window).await?;
    let after = inspect(&engine, NAME)?;
    assert_eq!(published_port(&engine, NAME)?, after_port);
    assert_eq!(ask(after_port, "/health").await?, (200, "healthy".to_owned()));
    assert!(ask(port, "/health").await.is_err(), "the old port still answers");
    assert!(variables(&after).contains(&"TEAM_NAME=support"));
    assert_eq!(after["Image"], before["Image"]);
    assert_eq!(after["Mounts"], before["Mounts"]);
    assert_eq!(containers(&engine)?, [NAME, "eval.previous"]);
    window.wait_text(SOON, &after_port.to_string()).await?;

    window.click("button", "Roll back").await?;
    window.find("dialog", "Roll back runtime").await?;
    window.click("button", "Roll back").await?;
    window.find_within(OPERATION_LIMIT, "button", "Close").await?;
    end_of_dialog(&window).await?;
    assert_eq!(published_port(&engine, NAME)?, port);
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    assert!(variables(&inspect(&engine, NAME)?).contains(&"TEAM_NAME=search"));

    open_tab(&window, "History").await?;
    window.wait_text(SOON, "Change configuration").await?;
    window.wait_text(SOON, "Roll back").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_setting_that_the_runtime_cannot_start_with_leaves_it_as_it_was() -> PartResult<()> {
    let Scene { engine, window, port, .. } = scene().await?;
    let before = inspect(&engine, NAME)?;
    edit(&window).await?;
    // An empty folder where the image has its service.
    let empty = tempfile::tempdir()?;
    window.click("button", "Add folder or volume").await?;
    window.fill("textbox", "Folder or volume 2", &empty.path().to_string_lossy()).await?;
    window.fill("textbox", "Path in the runtime 2", "/srv").await?;
    window.click("button", "Review changes").await?;
    window.find("dialog", "Change configuration").await?;
    window.click("button", "Apply").await?;
    window.find_within(OPERATION_LIMIT, "button", "Back to the form").await?;
    window.wait_text(SOON, "It never stopped.").await?;
    assert_eq!(window.axe().await?, []);
    assert_eq!(inspect(&engine, NAME)?["Id"], before["Id"]);
    assert_eq!(containers(&engine)?, [NAME]);
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));

    // What was typed is still there, and leaving it is asked.
    window.click("button", "Back to the form").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.click("tab", "Overview").await?;
    window.find("dialog", "Leave without applying?").await?;
    window.click("button", "Leave").await?;
    window.wait_text(SOON, "Available").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
