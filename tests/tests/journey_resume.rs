//! The application is killed in the middle of a download, through the real window: after the next start
//! the create goes on by itself, as the same operation, until the runtime is available.

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::SOON;
use real_parts::program::{files_with, free_port};
use real_parts::registry::RegistryServer;
use real_parts::slow_proxy::SlowProxy;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, ask, begin_to_add, click_first, containers, in_mid_download,
    inspect, on, open_page, version_of,
};
use real_parts::window::{Window, WindowOptions};

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240429.v8";
/// The value of a variable: it must outlive the application, and be in none of its files.
const VALUE: &str = "quite-fast-with-beans-417";

#[tokio::test]
async fn a_create_that_was_cut_off_in_mid_download_goes_on_until_it_is_available() -> PartResult<()>
{
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?.padded(24)?, REPOSITORY, VERSION)?;
    let proxy = SlowProxy::before(&registry.address(), 1024 * 1024)?;
    let home = tempfile::tempdir()?;
    let options = || WindowOptions {
        home: Some(home.path().to_owned()),
        ..on(&engine, &format!("{}/{REPOSITORY}", proxy.address()))
    };
    let mut first = Window::open(options()).await?;
    first.find("heading", "Runtimes").await?;
    let port = free_port()?;
    let variable = Some(("MODE".to_owned(), VALUE.to_owned()));
    begin_to_add(&first, &NewRuntime { variable, ..NewRuntime::named("slow").port(port) }).await?;
    first.find("heading", "Creating slow").await?;
    let at = in_mid_download(&first).await?;
    first.kill_application()?;
    println!("killed at {at:.0} % of the download");
    assert_eq!(containers(&engine)?, Vec::<String>::new());
    assert_eq!(files_with(home.path(), VALUE)?, Vec::<String>::new(), "the value is in a file");

    // The next start, in the same session: its bus and keyring live on.
    let mut again = options();
    again.environment.extend(first.keyring().environment());
    let window = Window::open(again).await?;
    window.wait_text(SOON, "Creating slow").await?;
    open_page(&window, "Activity").await?;
    window.wait_text(SOON, "Create slow").await?;
    window
        .wait_text(SOON, "It was cut off when the application ended, and goes on by itself.")
        .await?;
    let at = in_mid_download(&window).await?;
    println!("it goes on, and stands at {at:.0} %");
    click_first(&window, "link", "Open in the wizard").await?;
    window.find("heading", "Creating slow").await?;
    proxy.open();
    window.find_within(OPERATION_LIMIT, "button", "Open slow").await?;
    window.click("button", "Open slow").await?;
    window.find("heading", "slow").await?;
    window.wait_text(SOON, "Available").await?;

    assert_eq!(containers(&engine)?, ["slow"]);
    assert_eq!(version_of(&engine, "slow")?, VERSION);
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    let variables = inspect(&engine, "slow")?["Config"]["Env"].to_string();
    assert!(variables.contains(&format!("MODE={VALUE}")), "the value of its variable is lost");
    open_page(&window, "Runtimes").await?;
    window.wait_text(SOON, "Available").await?;
    open_page(&window, "Activity").await?;
    window.wait_text(SOON, "Succeeded").await?;
    let text = window.text().await?;
    assert_eq!(text.matches("Create slow").count(), 1, "one entry: {text}");
    assert_eq!(files_with(home.path(), VALUE)?, Vec::<String>::new(), "the value is in a file");
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
