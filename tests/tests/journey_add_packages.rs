//! From a run that fails for want of a module to one that works, through the real window: one click.

use std::path::Path;
use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::journey::{Name, SOON};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::RuntimeImages;
use real_parts::steps::{
    OPERATION_LIMIT, begin_build, choose, click_first, inspect, open_on, open_page, press_in_dialog,
};
use real_parts::window::Window;

/// How long a build with real packages may take.
const BUILD_LIMIT: Duration = Duration::from_secs(240);

/// The page as it is now, for a person to look at.
async fn look(window: &Window, name: &str) -> PartResult<()> {
    assert_eq!(window.axe().await?, []);
    if std::env::var_os("PROMPTFLOW_RUNTIMES_LOOK").is_some() {
        let file = format!("../target/pictures/{name}.png");
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }
    Ok(())
}

/// A flow whose code needs a package that not every runtime has.
fn write_flow(folder: &Path) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    let flow = "inputs:\n  number:\n    type: string\noutputs:\n  answer:\n    type: string\n    reference: ${say.output}\nnodes:\n- name: say\n  type: python\n  source:\n    type: code\n    path: say.py\n  inputs:\n    number: ${inputs.number}\n";
    std::fs::write(folder.join("flow.dag.yaml"), flow)?;
    let code = "from promptflow.core import tool\n\n\n@tool\ndef say(number: str) -> str:\n    import humanize\n    return humanize.intword(int(number))\n";
    std::fs::write(folder.join("say.py"), code)?;
    Ok(())
}

#[tokio::test]
async fn a_run_without_its_module_is_mended_by_one_click() -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let index = images.package_index()?;
    let base = images.publish_base(
        &|arguments| engine.client(arguments),
        &registry,
        "library/python:3.11-slim",
    )?;
    let window = open_on(&engine, "registry.invalid/none").await?;

    // An environment of packages, and a runtime of it.
    open_page(&window, "Environments").await?;
    window.wait_text(SOON, "No environments yet").await?;
    click_first(&window, "button", "Add environment").await?;
    window.find("heading", "Add environment").await?;
    window.fill("textbox", "Name", "rag").await?;
    window.fill("combobox", "Base image", &base).await?;
    window.fill("textbox", "promptflow version", "1.18.5").await?;
    window.click("checkbox", Name::Starts("promptflow-tools".into())).await?;
    window.click("button", "More").await?;
    window.fill("textbox", "Index URL", &index.url(&engine.gateway())).await?;
    window.fill("textbox", "Trusted hosts", &engine.gateway()).await?;
    window.click("button", "Save").await?;
    window.find("heading", "rag").await?;
    begin_build(&window).await?;
    window.wait_text(BUILD_LIMIT, "Version 1 of rag is ready").await?;
    window.click("tab", "Versions").await?;
    click_first(&window, "link", "Version 1").await?;
    click_first(&window, "button", "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    window.fill("textbox", "Runtime name", "eval").await?;
    window.click("button", "Next").await?;
    window.find("heading", "Environment").await?;
    window.click("button", "Next").await?;
    window.find("heading", "Settings").await?;
    window.fill("textbox", "Published port", &free_port()?.to_string()).await?;
    window.click("button", "Next").await?;
    window.find("heading", "Review").await?;
    window.click("button", "Create").await?;
    window.find_within(OPERATION_LIMIT, "button", "Open eval").await?;
    let before = inspect(&engine, "eval")?["Id"].clone();

    // A flow that fails there, and says why.
    let root = tempfile::tempdir()?;
    let folder = root.path().join("count");
    write_flow(&folder)?;
    open_page(&window, "Flows").await?;
    window.fill("textbox", "Folder of a flow", &folder.to_string_lossy()).await?;
    window.click("button", "Open flow").await?;
    window.find("heading", "count").await?;
    choose(&window, "Runtime", Name::Starts("eval".into())).await?;
    window.wait_text(OPERATION_LIMIT, "Nothing is missing on eval").await?;
    window.fill("textbox", "number", "12300000").await?;
    window.click("button", "Run").await?;
    window.wait_text(OPERATION_LIMIT, "The runtime has no module \"humanize\"").await?;
    look(&window, "add-packages-failed").await?;

    // One click, a look at what will happen, and the run that works.
    click_first(&window, "button", "Add the package humanize").await?;
    window.find("dialog", "Add packages").await?;
    window.wait_text(SOON, "Into rag, the environment of this runtime").await?;
    look(&window, "add-packages-dialog").await?;
    press_in_dialog(&window, "Add, update and run again").await?;
    window.wait_text(OPERATION_LIMIT, "Build the image").await?;
    look(&window, "add-packages-progress").await?;
    window.wait_text(BUILD_LIMIT, "12.3 million").await?;
    window.wait_text(SOON, "Completed").await?;
    look(&window, "add-packages-done").await?;
    assert_ne!(inspect(&engine, "eval")?["Id"], before);
    let inside =
        engine.client(&["exec", "eval", "python", "-c", "import humanize; print('here')"])?;
    assert_eq!(inside, "here");
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
