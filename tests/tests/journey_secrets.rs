//! Planted secrets are looked for everywhere after a login, a pull, a build, an update and a crash: the
//! password is in the keyring only, and a variable in its container's configuration only.

use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Name, SOON};
use real_parts::program::{files_with, free_port};
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, begin_build, begin_update, click_first,
    end_of_dialog, inspect, open_on, open_page, open_runtime, open_tab, version_of,
    wizard_to_review,
};
use real_parts::window::Window;

const REPOSITORY: &str = "team/promptflow-runtime";
const OLD: &str = "20240111.v2";
const NEW: &str = "20240429.v8";
const PASSWORD: &str = "planted-registry-password-8842";
const BUILD_SECRET: &str = "planted-build-secret-1177";
const INDEX_PASSWORD: &str = "planted-index-password-3306";
const VALUE: &str = "planted-variable-value-5519";

/// Command lines of all processes of this machine that hold the text, apart from this test's own.
fn processes_with(secret: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let Ok(processes) = std::fs::read_dir("/proc") else { return vec![] };
    processes
        .flatten()
        .filter(|process| process.file_name().to_string_lossy() != own)
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(secret))
        .collect()
}

/// What the engine's own client says of every image, its history and every container but this one.
fn told_by_engine(engine: &DockerEngine, but: &str) -> PartResult<String> {
    let mut all = String::new();
    for image in engine.client(&["images", "-a", "-q", "--no-trunc"])?.lines() {
        all += &engine.client(&["image", "inspect", image])?;
        all += &engine.client(&["history", "--no-trunc", image])?;
    }
    for container in engine.client(&["ps", "-a", "--format", "{{.Names}}"])?.lines() {
        if container != but && container != format!("{but}.previous") {
            all += &engine.client(&["inspect", container])?;
        }
        all += &engine.client(&["logs", container])?;
    }
    Ok(all)
}

async fn page_of(window: &Window) -> PartResult<String> {
    let page = window.run("return document.documentElement.outerHTML", Vec::new()).await?;
    Ok(page.to_string())
}

/// Nothing outside the keyring holds the password, and nothing but the runtime's containers the value.
async fn nowhere(window: &Window, engine: &DockerEngine, when: &str) -> PartResult<()> {
    let page = page_of(window).await?;
    let told = told_by_engine(engine, "private")?;
    for secret in [PASSWORD, VALUE, BUILD_SECRET, INDEX_PASSWORD] {
        assert!(!page.contains(secret), "{when}: the page holds {secret}");
        assert!(!told.contains(secret), "{when}: the engine tells {secret}");
        assert_eq!(files_with(window.home(), secret)?, Vec::<String>::new(), "{when}: {secret}");
        assert!(!window.log().contains(secret), "{when}: the log holds {secret}");
        assert_eq!(processes_with(secret), Vec::<String>::new(), "{when}: {secret}");
    }
    let own = inspect(engine, "private")?.to_string();
    assert!(own.contains(VALUE) && !own.contains(PASSWORD), "{when}");
    Ok(())
}

#[tokio::test]
async fn secrets_are_in_their_place_only() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start_with_login("ann", PASSWORD)?;
    registry.push(&small_runtime(OLD)?, REPOSITORY, OLD)?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let window = open_on(&engine, &repository).await?;
    open_page(&window, "Connections").await?;
    click_first(&window, "button", "Add login").await?;
    window.find("dialog", "Add registry login").await?;
    window.fill("textbox", "Registry", &registry.address()).await?;
    window.fill("textbox", "User name", "ann").await?;
    window.fill("textbox", "Password or token", PASSWORD).await?;
    window.click("button", "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;

    // A pull, and a variable whose value the person confirmed.
    let mut new = NewRuntime::named("private").version(OLD).port(free_port()?);
    new.variable = Some(("GREETING".into(), VALUE.into()));
    add_runtime(&window, &new).await?;
    assert_eq!(version_of(&engine, "private")?, OLD);
    nowhere(&window, &engine, "after the pull").await?;

    // A build on a private base, and one argument that looks like a key: refused.
    open_page(&window, "Environments").await?;
    click_first(&window, "button", "Add environment").await?;
    window.fill("textbox", "Name", "own").await?;
    window.click("radio", "Build context").await?;
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("Dockerfile"),
        format!(
            "FROM {repository}:{OLD}\nUSER 0\nARG API_KEY\nRUN --mount=type=secret,id=pip read it < /run/secrets/pip; echo it has ${{#it}} letters\nUSER 10001\n"
        ),
    )?;
    window.fill("textbox", "Folder", &folder.path().to_string_lossy()).await?;
    window.click("button", "Add argument").await?;
    window.fill("textbox", "Name of argument 1", "API_KEY").await?;
    window.fill("textbox", "Value of argument 1", BUILD_SECRET).await?;
    window.click("button", "Save").await?;
    window.wait_text(SOON, "looks like a key").await?;
    window.click("button", "Remove argument 1").await?;
    // A real secret of the build has its place.
    window.click("button", "Add secret").await?;
    window.fill("textbox", "Id of secret 1", "pip").await?;
    window.fill("textbox", "Value of secret 1", BUILD_SECRET).await?;
    window.click("button", "Save").await?;
    window.find("heading", "own").await?;
    engine.client(&["rmi", "-f", &format!("{repository}:{OLD}")]).ok();
    begin_build(&window).await?;
    window.wait_text(OPERATION_LIMIT, "Version 1 of own is ready").await?;
    open_tab(&window, "Overview").await?;
    window.wait_text(SOON, "kept in the keyring").await?;
    let letters = format!("it has {} letters", BUILD_SECRET.len());
    assert!(!files_with(window.home(), &letters)?.is_empty(), "the step did not get its secret");
    nowhere(&window, &engine, "after the build").await?;

    // The password of a package index, in a build that fails.
    open_page(&window, "Environments").await?;
    click_first(&window, "button", "Add environment").await?;
    window.fill("textbox", "Name", "indexed").await?;
    window.fill("combobox", "Base image", &format!("{repository}:{OLD}")).await?;
    window.click("button", "More").await?;
    window.fill("textbox", "Index URL", "https://index.invalid/simple").await?;
    window.fill("textbox", "User name", "ann").await?;
    window.fill("textbox", "Password or token", INDEX_PASSWORD).await?;
    window.click("button", "Save").await?;
    window.find("heading", "indexed").await?;
    begin_build(&window).await?;
    window.wait_text(OPERATION_LIMIT, "The base has no Python").await?;
    nowhere(&window, &engine, "after the build that failed").await?;

    // An update, and a crash in the middle of the next one.
    registry.push(&small_runtime(NEW)?, REPOSITORY, NEW)?;
    open_runtime(&window, "private").await?;
    begin_update(&window, NEW).await?;
    end_of_dialog(&window).await?;
    assert_eq!(version_of(&engine, "private")?, NEW);
    nowhere(&window, &engine, "after the update").await?;
    wizard_to_review(&window, &NewRuntime::named("second").port(free_port()?)).await?;
    window.click("button", "Create").await?;
    window.kill_application()?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = told_by_engine(&engine, "private")?;
    for secret in [PASSWORD, VALUE, BUILD_SECRET, INDEX_PASSWORD] {
        assert!(!told.contains(secret), "after the crash: {secret}");
        assert_eq!(files_with(window.home(), secret)?, Vec::<String>::new(), "after the crash");
        assert_eq!(processes_with(secret), Vec::<String>::new(), "after the crash");
    }
    Ok(())
}
