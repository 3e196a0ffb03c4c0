//! Several runtimes are updated together in the real window: chosen, put in order, followed, summed up;
//! and a runtime is told what to do by itself from now on.

use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::journey::{Key, Name, SOON};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, add_runtime, click_first, containers, open_on, open_page, open_runtime, version_of,
};
use real_parts::window::Window;

const REPOSITORY: &str = "team/promptflow-runtime";
const OTHER: &str = "other/promptflow-runtime";
const OLD: &str = "20240111.v2";
const NEW: &str = "20240429.v8";
const BAD: &str = "20240501.v1";
/// Several updates with small images.
const LONG: Duration = Duration::from_secs(180);

struct Scene {
    engine: DockerEngine,
    registry: RegistryServer,
    window: Window,
}

/// Two runtimes of the default environment and one of another image, on [`OLD`].
async fn scene() -> PartResult<Scene> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    for repository in [REPOSITORY, OTHER] {
        registry.push(&small_runtime(OLD)?, repository, OLD)?;
    }
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    for name in ["one", "two"] {
        add_runtime(&window, &NewRuntime::named(name).port(free_port()?)).await?;
    }
    let other = format!("{}/{OTHER}:{OLD}", registry.address());
    add_runtime(&window, &NewRuntime::named("other").image(&other).port(free_port()?)).await?;
    Ok(Scene { engine, registry, window })
}

/// From a runtime's page, on which a newer version is found, to *Update all* with this many runtimes.
async fn open_update_all(window: &Window, count: usize) -> PartResult<()> {
    window.click("button", "Check version").await?;
    window.wait_text(SOON, "A new version is available").await?;
    open_page(window, "Runtimes").await?;
    window.click("button", "Update all").await?;
    window.find("heading", "Update all").await?;
    window.find("list", "Runtimes to update, in this order").await?;
    // Answers under ten seconds old are not asked for again by opening the page.
    window.click("button", "Check versions again").await?;
    window.find_within(SOON, "button", format!("Update {count} runtimes").as_str()).await.map(drop)
}

#[tokio::test]
async fn all_are_updated_together_and_a_bad_version_is_tried_once() -> PartResult<()> {
    let Scene { engine, registry, window } = scene().await?;
    registry.push(&bad_runtime(BAD, Bad::ExitsAtOnce)?, REPOSITORY, BAD)?;
    registry.push(&small_runtime(NEW)?.padded(1)?, OTHER, NEW)?;
    open_update_all(&window, 3).await?;
    assert_eq!(window.axe().await?, []);
    // The order by keyboard: `other` stood first by its name.
    window.tab_to("button", "Move other down").await?;
    window.press_key(Key::Enter, 1).await?;
    window.press_key(Key::Enter, 1).await?;
    window.wait_text(SOON, "other is number 3 of 3.").await?;
    window.click("radio", "Go on with the next").await?;
    window.click("button", "Update 3 runtimes").await?;
    window.find("list", "Runtimes of this series").await?;
    window.find_within(LONG, "button", "Close").await?;
    window.wait_text(SOON, "1 runtime was updated. 1 failed").await?;
    window.wait_text(SOON, "20240501.v1 did not work on one, so it was not tried here.").await?;
    assert_eq!(window.axe().await?, []);
    for (name, version) in [("one", OLD), ("two", OLD), ("other", NEW)] {
        assert_eq!(version_of(&engine, name)?, version, "{name}");
    }
    assert_eq!(containers(&engine)?, ["one", "other", "other.previous", "two"]);
    window.click("button", "Close").await?;
    window.wait_text(SOON, "Nothing is to be done").await?;
    window.wait_text(SOON, "20240501.v1 was passed over: it did not work here before.").await?;

    // One line in Activity, with what became of each.
    open_page(&window, "Activity").await?;
    window.click("button", Name::Starts("Update 3 runtimes".into())).await?;
    window.wait_text(SOON, "did not work on one, so it was not tried here.").await?;
    window.find("list", "Updates of this series").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn stopping_starts_no_further_one_and_what_runs_can_be_cancelled() -> PartResult<()> {
    let Scene { engine, registry, window } = scene().await?;
    // It takes its time to prove itself, so that there is time to stop.
    registry.push(&bad_runtime(BAD, Bad::NeverAnswers)?, REPOSITORY, BAD)?;
    open_runtime(&window, "one").await?;
    open_update_all(&window, 2).await?;
    window.click("button", "Update 2 runtimes").await?;
    window.find("list", "Runtimes of this series").await?;
    window.wait_text(LONG, "Prove the new container beside the running one").await?;
    window.click("button", "Stop").await?;
    window.wait_text(SOON, "No further one starts.").await?;
    window.click("button", "Cancel those that run").await?;
    window.find_within(LONG, "button", "Close").await?;
    window.wait_text(SOON, "1 was cancelled. 1 was not begun.").await?;
    assert_eq!(containers(&engine)?, ["one", "other", "two"]);
    for name in ["one", "two"] {
        assert_eq!(version_of(&engine, name)?, OLD, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_runtime_is_given_a_policy_and_says_what_it_will_do() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(OLD)?, REPOSITORY, OLD)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    add_runtime(&window, &NewRuntime::named("eval").port(free_port()?)).await?;
    registry.push(&small_runtime(NEW)?.padded(1)?, REPOSITORY, NEW)?;

    // Never: nothing is said until it is asked.
    window.find("radio", "Tell me").await?;
    window.click("radio", "Never").await?;
    window.click("button", "Save").await?;
    window.wait_text(SOON, "Newer versions are not mentioned.").await?;
    assert!(!window.text().await?.contains("A new version is available"));
    window.click("button", "Check version").await?;
    window.wait_text(SOON, "A new version is available: 20240429.v8").await?;
    open_page(&window, "Runtimes").await?;
    assert!(!window.text().await?.contains("Update all"));
    open_runtime(&window, "eval").await?;
    window.wait_text(SOON, "20240429.v8 is newer").await?;
    assert!(!window.text().await?.contains("A new version is available"));

    // By itself, at any time of any day: it begins at once.
    window.click("radio", "Update by itself in a time window").await?;
    let times = "for (const [at, input] of document.querySelectorAll('input[type=time]').entries()) { \
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, at === 0 ? '00:00' : '23:59'); \
         input.dispatchEvent(new Event('input', { bubbles: true })) }";
    window.run(times, vec![]).await?;
    assert_eq!(window.axe().await?, []);
    click_first(&window, "button", "Save").await?;
    window.wait_text(LONG, "Updated by itself to 20240429.v8").await?;
    assert_eq!(version_of(&engine, "eval")?, NEW);
    window.wait_text(SOON, "Looks again").await?;
    click_first(&window, "tab", "History").await?;
    window.wait_text(SOON, "the update policy of this runtime (window 00:00–23:59)").await?;
    window.click("button", "Dismiss").await?;
    window
        .wait(SOON, "the message to go", "!document.body.innerText.includes('Updated by itself')")
        .await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
