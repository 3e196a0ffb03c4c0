//! Environments through the real window: packages into a runtime without a terminal, and builds that
//! fail without hurting anything.

use std::path::Path;
use std::time::Duration;

use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Name, SOON};
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::RuntimeImages;
use real_parts::steps::{
    OPERATION_LIMIT, ask, begin_build, click_first, import_folder, inspect, open_on, open_page,
    open_runtime, press_in_dialog,
};
use real_parts::window::Window;
use real_parts::{PartResult, program};

/// How long a build with real packages may take.
const BUILD_LIMIT: Duration = Duration::from_secs(180);

async fn open_environment(window: &Window, name: &str) -> PartResult<()> {
    open_page(window, "Environments").await?;
    window.click("link", name).await?;
    window.find("heading", name).await.map(drop)
}

/// Replaces the requirements of the environment that is open.
async fn require(window: &Window, name: &str, requirements: &str) -> PartResult<()> {
    click_first(window, "button", "Edit").await?;
    window.find("heading", format!("Edit {name}").as_str()).await?;
    window.fill("textbox", "Requirements", requirements).await?;
    window.click("button", "Save").await?;
    window.find("heading", name).await.map(drop)
}

#[tokio::test]
async fn packages_come_into_a_runtime_and_a_mistake_hurts_nothing() -> PartResult<()> {
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

    open_page(&window, "Environments").await?;
    window.wait_text(SOON, "No environments yet").await?;
    click_first(&window, "button", "Add environment").await?;
    window.find("heading", "Add environment").await?;
    window.fill("textbox", "Name", "rag").await?;
    window.fill("combobox", "Base image", &base).await?;
    window.fill("textbox", "promptflow version", "1.18.5").await?;
    window.click("checkbox", Name::Starts("promptflow-tools".into())).await?;
    window.fill("textbox", "Requirements", "tabulate==0.9.0\n").await?;
    window.click("button", "More").await?;
    window.fill("textbox", "Index URL", &index.url(&engine.gateway())).await?;
    window.fill("textbox", "Trusted hosts", &engine.gateway()).await?;
    // The Dockerfile is shown while one types.
    window.wait_text(SOON, "promptflow-core==1.18.5 uvicorn -r requirements.txt").await?;
    window.click("button", "Save").await?;
    window.find("heading", "rag").await?;

    begin_build(&window).await?;
    window.wait_text(BUILD_LIMIT, "Version 1 of rag is ready").await?;
    window.wait_text(SOON, "Successfully tagged").await?;

    // A runtime of it, from the version's own page.
    window.click("tab", "Versions").await?;
    click_first(&window, "link", "Version 1").await?;
    click_first(&window, "button", "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    window.fill("textbox", "Runtime name", "eval").await?;
    window.click("button", "Next").await?;
    window.find("heading", "Environment").await?;
    window.wait_text(SOON, "rag, version 1").await?;
    window.click("button", "Next").await?;
    window.find("heading", "Settings").await?;
    let port = program::free_port()?;
    window.fill("textbox", "Published port", &port.to_string()).await?;
    window.click("button", "Next").await?;
    window.find("heading", "Review").await?;
    window.click("button", "Create").await?;
    window.find_within(OPERATION_LIMIT, "button", "Open eval").await?;
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    let before = inspect(&engine, "eval")?["Id"].clone();

    // A package that does not exist: which line, in words, and the runtime goes on.
    open_environment(&window, "rag").await?;
    require(&window, "rag", "tabulate==0.9.0\nhumanise==4.11.0\n").await?;
    begin_build(&window).await?;
    window.find_within(BUILD_LIMIT, "group", "The image was not built").await?;
    for said in ["humanise", "2: humanise==4.11.0", "pip install"] {
        window.wait_text(SOON, said).await?;
    }
    assert_eq!(inspect(&engine, "eval")?["Id"], before);
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));

    // Mended: the runtime hears of it and is updated.
    require(&window, "rag", "tabulate==0.9.0\nhumanize==4.11.0\n").await?;
    begin_build(&window).await?;
    window.wait_text(BUILD_LIMIT, "Version 2 of rag is ready").await?;
    open_runtime(&window, "eval").await?;
    window.wait_text(SOON, "A new version is available. Version 2 of rag is ready").await?;
    click_first(&window, "button", "Update").await?;
    window.find("dialog", "Update runtime").await?;
    window.wait_text(SOON, "From → to").await?;
    window.wait_text(SOON, "What happens").await?;
    press_in_dialog(&window, "Update").await?;
    real_parts::steps::end_of_dialog(&window).await?;
    let inside =
        engine.client(&["exec", "eval", "python", "-c", "import humanize; print('here')"])?;
    assert_eq!(inside, "here");
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    let found = window.axe().await?;
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

fn folder_for_azure(folder: &Path, base: &str, requirements: &str) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(
        folder.join("environment.yaml"),
        "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\nname: image_build\nversion: 3\nbuild:\n  path: .\ninference_config:\n  liveness_route: {port: 8080, path: /health}\n  readiness_route: {port: 8080, path: /health}\n  scoring_route: {port: 8080, path: /score}\n",
    )?;
    std::fs::write(folder.join("requirements.txt"), requirements)?;
    // The small image has no Python: what reads the requirements there is a step of the same form.
    std::fs::write(
        folder.join("Dockerfile"),
        format!(
            "FROM {base}\nUSER 0\nCOPY ./* ./\nRUN sh install.sh -r requirements.txt\nUSER 10001\n"
        ),
    )?;
    std::fs::write(
        folder.join("install.sh"),
        "while read -r line; do case $line in pyPDF99*) echo 'ERROR: Could not find a version that satisfies the requirement pyPDF99==1.0 (from versions: none)' >&2; echo 'ERROR: No matching distribution found for pyPDF99==1.0' >&2; exit 1;; esac; echo \"Collecting $line\"; done < \"$2\"\n",
    )?;
    Ok(())
}

#[tokio::test]
async fn a_folder_made_for_azure_is_built_as_it_is_and_says_which_line_is_wrong() -> PartResult<()>
{
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240429.v8")?, "team/base", "20240429.v8")?;
    let base = format!("{}/team/base:20240429.v8", registry.address());
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("image_build");
    folder_for_azure(&place, &base, "pandas\n")?;
    let window = open_on(&engine, "registry.invalid/none").await?;
    import_folder(&window, &place).await?;
    window.wait_text(SOON, "\"version\" is not kept").await?;
    window.click("button", "Open").await?;
    window.find("heading", "image_build").await?;
    begin_build(&window).await?;
    window.wait_text(OPERATION_LIMIT, "Version 1 of image_build is ready").await?;

    folder_for_azure(&place, &base, "pandas\npyPDF99==1.0\n")?;
    begin_build(&window).await?;
    window.find_within(OPERATION_LIMIT, "group", "The image was not built").await?;
    for said in ["pyPDF99", "2: pyPDF99==1.0", "sh install.sh -r requirements.txt"] {
        window.wait_text(SOON, said).await?;
    }
    folder_for_azure(&place, &base, "pandas\nPyPDF2\n")?;
    window.click("button", "Try again").await?;
    window.find_within(OPERATION_LIMIT, "region", "Built on").await?;
    press_in_dialog(&window, "Build").await?;
    window.wait_text(OPERATION_LIMIT, "Version 2 of image_build is ready").await?;

    // A newer base: told on the page, and the Dockerfile names it once the image is proved.
    registry.push(&small_runtime("20240512.v1")?.padded(1)?, "team/base", "20240512.v1")?;
    window.click("button", "More actions").await?;
    window.click("menuitem", "Check for newer bases").await?;
    window.wait_text(SOON, "A newer base is available").await?;
    window.click("button", "Rebuild on newest base").await?;
    window.find("dialog", "Build environment").await?;
    window.find_within(OPERATION_LIMIT, "table", "Changed lines").await?;
    press_in_dialog(&window, "Build").await?;
    window.wait_text(OPERATION_LIMIT, "Version 3 of image_build is ready").await?;
    let text = std::fs::read_to_string(place.join("Dockerfile"))?;
    assert!(
        text.starts_with(&format!("FROM {}/team/base:20240512.v1\n", registry.address())),
        "{text}"
    );
    window.wait_gone(SOON, "button", Name::Is("Rebuild on newest base".into())).await?;
    let found = window.axe().await?;
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
