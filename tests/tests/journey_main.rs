//! The main job through the real window: add a runtime, see it run, update it, go back, delete it.

use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::SOON;
use real_parts::registry::RegistryServer;
use real_parts::window::{Window, WindowOptions};

fn pictures(name: &str) -> std::path::PathBuf {
    let folder =
        std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures"));
    std::fs::create_dir_all(&folder).ok();
    folder.join(format!("{name}.png"))
}

const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_runtime_is_added_updated_rolled_back_and_deleted() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    for version in ["20240111.v2", "20240429.v8"] {
        registry.push(&small_runtime(version)?, REPOSITORY, version)?;
    }
    let window = Window::open(WindowOptions {
        environment: vec![
            ("DOCKER_HOST".into(), engine.host()),
            (
                "PROMPTFLOW_RUNTIMES_REPOSITORY".into(),
                format!("{}/{REPOSITORY}", registry.address()),
            ),
        ],
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "Runtimes").await?;
    window.picture(&pictures("runtimes-empty")).await?;
    window.click("button", "Add runtime").await?;
    window.find("heading", "Add runtime").await?;
    window.fill("textbox", "Runtime name", "my-runtime").await?;
    window.picture(&pictures("wizard-1")).await?;
    for (step, heading) in [(2, "Environment"), (3, "Settings"), (4, "Review")] {
        window.click("button", "Next").await?;
        window.find("heading", heading).await?;
        window.picture(&pictures(&format!("wizard-{step}"))).await?;
    }
    window.click("button", "Create").await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    window.picture(&pictures("wizard-progress")).await?;
    window.find_within(LONG, "button", "Open my-runtime").await?;
    window.picture(&pictures("wizard-done")).await?;
    window.click("button", "Open my-runtime").await?;
    window.find_within(SOON, "heading", "my-runtime").await?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    window.picture(&pictures("detail")).await?;
    Ok(())
}
