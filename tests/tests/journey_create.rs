//! Adding a runtime when something is in the way, through the real window: cancelled in mid-download,
//! no such image, the port taken in the last moment, no service inside, a registry with a login.

use std::net::TcpListener;
use std::time::Duration;

use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::journey::{Name, SOON};
use real_parts::program::files_with;
use real_parts::registry::RegistryServer;
use real_parts::slow_proxy::SlowProxy;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, ask, begin_to_add, click_first, containers, in_mid_download,
    inspect, open_on, open_page, version_of, wizard_to_review,
};
use real_parts::window::Window;
use real_parts::{PartError, PartResult};

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240429.v8";

fn repository(registry: &RegistryServer) -> String {
    format!("{}/{REPOSITORY}", registry.address())
}

/// Published where nothing else is: what the wizard proposes may be proposed to a neighbour too.
fn named(name: &str) -> PartResult<NewRuntime> {
    Ok(NewRuntime::named(name).port(real_parts::program::free_port()?))
}

/// Ids of all images of the engine.
fn images(engine: &DockerEngine) -> PartResult<String> {
    engine.client(&["images", "-a", "-q"])
}

#[tokio::test]
async fn a_download_can_be_left_and_come_back_to_and_cancelled_and_leaves_nothing() -> PartResult<()>
{
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?.padded(24)?, REPOSITORY, VERSION)?;
    let proxy = SlowProxy::before(&registry.address(), 1024 * 1024)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", proxy.address())).await?;
    begin_to_add(&window, &named("slow")?).await?;
    window.find("heading", "Creating slow").await?;
    let before = in_mid_download(&window).await?;

    open_page(&window, "Settings").await?;
    window.wait_text(SOON, "Creating slow").await?;
    open_page(&window, "Runtimes").await?;
    click_first(&window, "link", "View").await?;
    window.find("heading", "Creating slow").await?;
    let after = in_mid_download(&window).await?;
    assert!(after >= before, "{before} % before, {after} % after");

    let pressed = std::time::Instant::now();
    window.click("button", "Cancel").await?;
    window.wait_text(SOON, "was cancelled").await?;
    let took = pressed.elapsed();
    println!("cancelled after {took:?} at {after:.0} %");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(containers(&engine)?, Vec::<String>::new());
    assert_eq!(images(&engine)?, "");
    open_page(&window, "Runtimes").await?;
    window.wait_text(SOON, "No runtimes yet").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn an_image_that_is_not_there_is_told_and_nothing_is_created() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?, REPOSITORY, VERSION)?;
    let window = open_on(&engine, &repository(&registry)).await?;
    let missing = format!("{}:20231231.v9", repository(&registry));
    let new = named("nowhere")?.image(&missing);
    wizard_to_review(&window, &new).await?;
    window.wait_text(SOON, "20231231.v9").await?;
    window.click("button", "Create").await?;
    window.wait_text(SOON, "The runtime was not created because a check did not pass").await?;
    let text = window.text().await?;
    assert!(
        text.contains("not found")
            || text.contains("does not exist")
            || text.contains("is not there"),
        "{text}"
    );
    assert_eq!(containers(&engine)?, Vec::<String>::new());
    assert_eq!(images(&engine)?, "");
    // The remedy leads to the field, and with an image that exists it goes on.
    click_first(&window, "button", "Choose another version or image").await?;
    window.find("heading", "Environment").await?;
    let good = format!("{}:{VERSION}", repository(&registry));
    window.fill("textbox", "Image reference", &good).await?;
    for heading in ["Settings", "Review"] {
        window.click("button", "Next").await?;
        window.find("heading", heading).await?;
    }
    window.click("button", "Create").await?;
    window.find_within(OPERATION_LIMIT, "button", "Open nowhere").await?;
    assert_eq!(version_of(&engine, "nowhere")?, VERSION);
    Ok(())
}

#[tokio::test]
async fn a_port_taken_in_the_last_moment_is_told_and_another_one_works() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?.padded(6)?, REPOSITORY, VERSION)?;
    let proxy = SlowProxy::before(&registry.address(), 1024 * 1024)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", proxy.address())).await?;
    let port = real_parts::program::free_port()?;
    begin_to_add(&window, &NewRuntime::named("late").port(port)).await?;
    // The checks have passed and the image is on its way: now another program takes the port.
    in_mid_download(&window).await?;
    let taken = TcpListener::bind(("127.0.0.1", port))?;
    proxy.open();
    window.find_within(OPERATION_LIMIT, "heading", "late was not created").await?;
    window.wait_text(SOON, &port.to_string()).await?;
    assert_eq!(containers(&engine)?, Vec::<String>::new());
    click_first_starting(&window, "button", "Use port ").await?;
    window.find("heading", "Settings").await?;
    window.click("button", "Next").await?;
    window.find("heading", "Review").await?;
    window.click("button", "Create").await?;
    window.find_within(OPERATION_LIMIT, "button", "Open late").await?;
    let bound = inspect(&engine, "late")?["HostConfig"]["PortBindings"]["8080/tcp"][0]["HostPort"]
        .as_str()
        .and_then(|port| port.parse::<u16>().ok())
        .ok_or_else(|| PartError::new("No port is published."))?;
    assert_ne!(bound, port);
    assert_eq!(ask(bound, "/health").await?, (200, "healthy".to_owned()));
    drop(taken);
    Ok(())
}

async fn click_first_starting(window: &Window, role: &str, name: &str) -> PartResult<()> {
    let end = std::time::Instant::now() + SOON;
    loop {
        if let Some(element) = window.find_all(role, Name::Starts(name.into())).await?.first() {
            return window.click_on(element).await;
        }
        if std::time::Instant::now() > end {
            return Err(window.explain(&format!("No {role} starts with {name}.")).await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_image_without_the_service_is_told_with_its_last_words_and_leaves_nothing()
-> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&bad_runtime(VERSION, Bad::ExitsAtOnce)?, REPOSITORY, VERSION)?;
    let window = open_on(&engine, &repository(&registry)).await?;
    begin_to_add(&window, &named("empty")?).await?;
    window.find_within(OPERATION_LIMIT, "heading", "empty was not created").await?;
    window.wait_text(SOON, "service").await?;
    window.click("button", "What was seen").await?;
    window.wait_text(SOON, "No module named uvicorn").await?;
    assert_eq!(containers(&engine)?, Vec::<String>::new());
    assert_eq!(images(&engine)?, "");
    Ok(())
}

const PASSWORD: &str = "correct-horse-battery-staple-731";

#[tokio::test]
async fn a_registry_with_a_login_takes_the_right_one_only_and_the_password_is_nowhere()
-> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start_with_login("ann", PASSWORD)?;
    registry.push(&small_runtime(VERSION)?, REPOSITORY, VERSION)?;
    let window = open_on(&engine, &repository(&registry)).await?;
    open_page(&window, "Connections").await?;
    click_first(&window, "button", "Add login").await?;
    window.find("dialog", "Add registry login").await?;
    window.fill("textbox", "Registry", &registry.address()).await?;
    window.fill("textbox", "User name", "ann").await?;
    window.fill("textbox", "Password or token", "wrong-horse").await?;
    window.fill("textbox", "Repository to test with", REPOSITORY).await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "The registry refuses access").await?;
    window.fill("textbox", "Password or token", PASSWORD).await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "accepts this login and lets it download").await?;
    window.click("button", "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    let test = format!("Test the login for {}", registry.address());
    window.click("button", test.as_str()).await?;
    window.wait_text(SOON, "accepts this login").await?;

    begin_to_add(&window, &named("private")?.version(VERSION)).await?;
    window.find_within(OPERATION_LIMIT, "button", "Open private").await?;
    assert_eq!(version_of(&engine, "private")?, VERSION);

    let page = window.run("return document.documentElement.outerHTML", Vec::new()).await?;
    assert!(!page.to_string().contains(PASSWORD), "The page holds the password.");
    assert!(!inspect(&engine, "private")?.to_string().contains(PASSWORD));
    let holding = files_with(window.home(), PASSWORD)?;
    assert_eq!(holding, Vec::<String>::new());
    assert!(!window.log().contains(PASSWORD), "The log holds the password.");
    Ok(())
}
