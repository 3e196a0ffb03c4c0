//! A runtime is killed for memory, in the real window: the row leads to its diagnosis, which names the link
//! that broke; the button raises the limit, and it serves again. Then the support file: shown, and saved
//! without the key that stood in the runtime's log.

use std::path::Path;
use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime};
use real_parts::journey::{Name, SOON};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, add_runtime, ask, click_first, end_of_dialog, inspect, open_on, open_page,
    press_in_dialog,
};
use real_parts::window::Window;

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240111.v2";
const NAME: &str = "eval";
const KEY: &str = "planted-azure-openai-key-3391";
const MB: u64 = 1024 * 1024;
/// A diagnosis takes at most 20 s.
const LOOKED: Duration = Duration::from_secs(40);

/// Keeps a connection with the key.
async fn add_connection(window: &Window) -> PartResult<()> {
    open_page(window, "Connections").await?;
    click_first(window, "button", "Add connection").await?;
    window.find("dialog", "Add connection").await?;
    window.fill("textbox", "Name", "my_aoai").await?;
    window.fill("textbox", "API base", "https://acme-models.openai.azure.com/").await?;
    window.fill("textbox", "API key", KEY).await?;
    press_in_dialog(window, "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    open_page(window, "Runtimes").await
}

/// The runtime says more than it should, is given little memory, and ends for it.
fn starve(engine: &DockerEngine) -> PartResult<()> {
    let said = format!("echo 'calling with {KEY}' > /proc/1/fd/1");
    engine.client(&["exec", NAME, "sh", "-c", &said])?;
    let little = ["--memory", "128m", "--memory-swap", "128m", "--restart", "no"];
    engine.client(&[&["update"], &little[..], &[NAME]].concat())?;
    engine.client(&["restart", "-t", "1", NAME])?;
    Ok(())
}

#[tokio::test]
async fn a_runtime_killed_for_memory_is_diagnosed_and_mended_and_the_support_file_holds_no_key()
-> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&bad_runtime(VERSION, Bad::HungryWhenSmall)?, REPOSITORY, VERSION)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    add_connection(&window).await?;
    let port = free_port()?;
    add_runtime(&window, &NewRuntime::named(NAME).port(port)).await?;
    open_page(&window, "Runtimes").await?;
    starve(&engine)?;

    // The list says it, and leads to the diagnosis.
    window.find_within(LOOKED, "button", "Diagnose").await?;
    window.click("button", "Diagnose").await?;
    window.find_within(LOOKED, "heading", "The first broken link is: Process").await?;
    let checks = window.find("list", "Checks").await?;
    let seen = window.text_of(&checks).await?;
    for text in ["First broken link", "Broken", "137", "Not reached", "Passed"] {
        assert!(seen.contains(text), "{text} is missing in: {seen}");
    }
    window.wait_text(SOON, "memory").await?;
    assert_eq!(window.axe().await?, []);
    if std::env::var_os("PROMPTFLOW_RUNTIMES_PICTURES").is_some() {
        let file = "../docs/pictures/diagnostics-light.png";
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }

    // Told first, then done.
    let raise = "Raise the memory limit to 256 MB";
    window.click("button", raise).await?;
    window.find("dialog", raise).await?;
    window.wait_text(SOON, "What happens").await?;
    assert_eq!(window.axe().await?, []);
    assert_eq!(inspect(&engine, NAME)?["HostConfig"]["Memory"], 128 * MB);
    press_in_dialog(&window, raise).await?;
    end_of_dialog(&window).await?;
    window.wait_text(SOON, "Available").await?;
    assert_eq!(inspect(&engine, NAME)?["HostConfig"]["Memory"], 256 * MB);
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    window.wait_gone(LOOKED, "heading", "The first broken link is: Process").await?;

    // The log of the container that was replaced is gone with it: it says it once more.
    let said = format!("echo 'calling with {KEY}' > /proc/1/fd/1");
    engine.client(&["exec", NAME, "sh", "-c", &said])?;
    window.click("button", "Save support file").await?;
    window.find("heading", "Support file about eval").await?;
    window.find_within(LOOKED, "region", "Text of the support file").await?;
    assert_eq!(window.axe().await?, []);
    window.click("button", "Save support file").await?;
    window.wait_text(SOON, "The support file was saved").await?;
    let folder = window.home().join("downloads");
    let file = std::fs::read_dir(&folder)?.flatten().next().expect("the saved file").path();
    let text = std::fs::read_to_string(&file)?;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    for gone in [KEY, "acme-models", host.trim()] {
        assert!(!text.contains(gone), "{gone} is in the support file:\n{text}");
    }
    for there in ["== Runtime eval ==", "calling with **secret**", "looked at: ", VERSION] {
        assert!(text.contains(there), "{there} is missing in the support file:\n{text}");
    }
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
