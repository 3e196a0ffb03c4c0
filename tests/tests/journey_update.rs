//! Updates that must not succeed, through the real window: whatever is wrong with the new image, the
//! old one goes on serving and the page tells the cause.

use std::time::Duration;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::journey::{Name, SOON};
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, ask, begin_update, choose, containers, end_of_dialog,
    inspect, open_on, open_page, open_runtime, open_tab, open_update, published_port, version_of,
};
use real_parts::watch::PortWatch;
use real_parts::window::Window;

const REPOSITORY: &str = "team/promptflow-runtime";
const OLD: &str = "20240111.v2";
const NAME: &str = "eval";
/// With this, a service that never answers is given up soon.
const READY_SECONDS: &str = "10";

struct Scene {
    engine: DockerEngine,
    registry: RegistryServer,
    window: Window,
    port: u16,
}

/// A runtime on [`OLD`], its page open.
async fn running() -> PartResult<Scene> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(OLD)?, REPOSITORY, OLD)?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    open_page(&window, "Settings").await?;
    window.fill("textbox", "Seconds until a runtime has to be ready", READY_SECONDS).await?;
    window.click("button", "Save").await?;
    window.wait_text(SOON, "Saved").await?;
    let port = real_parts::program::free_port()?;
    add_runtime(&window, &NewRuntime::named(NAME).port(port)).await?;
    assert_eq!(published_port(&engine, NAME)?, port);
    Ok(Scene { engine, registry, window, port })
}

impl Scene {
    /// Updates to this version, which does not succeed, and gives what the dialog said with the evidence.
    async fn update_in_vain(&self, version: &str) -> PartResult<String> {
        begin_update(&self.window, version).await?;
        self.window.find_within(OPERATION_LIMIT, "button", "Close").await?;
        self.window.wait_text(SOON, "eval was not updated").await?;
        self.window.wait_text(SOON, "eval runs 20240111.v2 as before.").await?;
        self.window.click("button", "What was seen").await?;
        end_of_dialog(&self.window).await
    }

    /// Updates to this version and gives what the dialog said at the end.
    async fn update(&self, version: &str) -> PartResult<String> {
        begin_update(&self.window, version).await?;
        end_of_dialog(&self.window).await
    }

    /// The old container serves as if nothing had been tried.
    async fn is_as_before(&self, id: &str) -> PartResult<()> {
        assert_eq!(containers(&self.engine)?, [NAME]);
        assert_eq!(version_of(&self.engine, NAME)?, OLD);
        let data = inspect(&self.engine, NAME)?;
        assert_eq!(data["Id"], id);
        assert_eq!(data["State"]["Running"], true);
        assert_eq!(data["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
        assert_eq!(ask(self.port, "/health").await?, (200, "healthy".to_owned()));
        self.window.wait_text(SOON, "Available").await?;
        self.window.wait_text(SOON, OLD).await
    }

    fn id(&self) -> PartResult<String> {
        Ok(inspect(&self.engine, NAME)?["Id"].as_str().unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn images_that_do_not_prove_themselves_never_touch_the_running_one() -> PartResult<()> {
    let scene = running().await?;
    let id = scene.id()?;
    for (version, bad, words) in [
        ("20240201.v1", Bad::ExitsAtOnce, "No module named uvicorn"),
        ("20240202.v1", Bad::NeverAnswers, "answer"),
        ("20240203.v1", Bad::LoopbackOnly, "127.0.0.1"),
        ("20240205.v1", Bad::NoService, "nothing listens inside"),
    ] {
        scene.registry.push(&bad_runtime(version, bad)?, REPOSITORY, version)?;
        scene.window.click("button", "Check version").await?;
        let watch = PortWatch::start(scene.port);
        let said = scene.update_in_vain(version).await?;
        let seen = watch.end()?;
        println!("{bad:?}: {seen:?}\n{said}\n");
        assert!(said.contains(words), "{bad:?}: {said}");
        assert!(said.contains("It never stopped."), "{bad:?}: {said}");
        assert_eq!(seen.misses, 0, "{bad:?}: {seen:?}");
        assert!(seen.longest_gap < Duration::from_secs(1), "{bad:?}: {seen:?}");
        scene.is_as_before(&id).await?;
    }
    // Made for another processor: told before anything begins.
    let version = "20240206.v1";
    let image = bad_runtime(version, Bad::WrongArchitecture)?;
    scene.registry.push(&image, REPOSITORY, version)?;
    open_update(&scene.window).await?;
    scene.window.wait_text(SOON, "From → to").await?;
    choose(&scene.window, "Version", Name::Starts(version.into())).await?;
    scene.window.wait_text(SOON, "The image is made for another architecture").await?;
    scene.window.click("button", "Update").await?;
    scene.window.wait_text(SOON, "The update did not start").await?;
    scene.window.click("button", "Cancel").await?;
    scene.window.wait_gone(SOON, "dialog", Name::Any).await?;
    scene.is_as_before(&id).await?;
    open_tab(&scene.window, "History").await?;
    scene.window.wait_text(SOON, "20240205.v1").await?;
    scene.window.wait_text(SOON, "Failed").await?;
    assert_eq!(scene.window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn one_that_dies_after_the_switch_over_is_taken_back_by_itself() -> PartResult<()> {
    let scene = running().await?;
    let id = scene.id()?;
    let version = "20240301.v1";
    // The candidate lives long enough to prove itself; in its place it does not stay.
    let image = bad_runtime(version, Bad::AnswersThenDies(2))?;
    scene.registry.push(&image, REPOSITORY, version)?;
    scene.window.click("button", "Check version").await?;
    let watch = PortWatch::start(scene.port);
    let said = scene.update_in_vain(version).await?;
    let seen = watch.end()?;
    println!("answers, then dies: {seen:?}\n{said}");
    assert!(said.contains("the service ended by itself"), "{said}");
    assert!(said.contains("It was put back."), "{said}");
    assert!(seen.longest_gap < Duration::from_secs(8), "{seen:?}");
    scene.is_as_before(&id).await
}

#[tokio::test]
async fn a_version_published_as_bad_is_passed_over_and_that_is_told() -> PartResult<()> {
    let scene = running().await?;
    // Published with the advice not to use it.
    let bad = real_parts::runtime_images::ADVISED_AGAINST_VERSION;
    for version in ["20240429.v8", bad] {
        let image = small_runtime(version)?.padded(1)?;
        scene.registry.push(&image, REPOSITORY, version)?;
    }
    scene.window.click("button", "Check version").await?;
    scene.window.wait_text(SOON, "A new version is available: 20240429.v8").await?;
    scene.window.click("button", "What changes").await?;
    scene.window.wait_text(SOON, "Passed over").await?;
    scene.window.wait_text(SOON, bad).await?;
    scene.window.click("button", "Close").await?;
    scene.window.wait_gone(SOON, "dialog", Name::Any).await?;
    let said = scene.update("20240429.v8").await?;
    assert!(said.contains("without service"), "{said}");
    assert_eq!(version_of(&scene.engine, NAME)?, "20240429.v8");
    Ok(())
}

#[tokio::test]
async fn a_stopped_runtime_is_updated_and_left_stopped() -> PartResult<()> {
    let scene = running().await?;
    scene.window.click("button", "Stop").await?;
    scene.window.wait_text(SOON, "Stopped").await?;
    let version = "20240429.v8";
    scene.registry.push(&small_runtime(version)?.padded(1)?, REPOSITORY, version)?;
    scene.window.click("button", "Check version").await?;
    let said = scene.update(version).await?;
    println!("{said}");
    assert_eq!(version_of(&scene.engine, NAME)?, version);
    let data = inspect(&scene.engine, NAME)?;
    assert_eq!(data["State"]["Running"], false);
    assert_eq!(containers(&scene.engine)?, [NAME, "eval.previous"]);
    scene.window.wait_text(SOON, "Stopped").await?;
    scene.window.click("button", "Start").await?;
    scene.window.wait_text(OPERATION_LIMIT, "Available").await?;
    assert_eq!(published_port(&scene.engine, NAME)?, scene.port);
    assert_eq!(ask(scene.port, "/health").await?, (200, "healthy".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_cancel_while_the_new_one_proves_itself_leaves_the_old_state() -> PartResult<()> {
    let scene = running().await?;
    let id = scene.id()?;
    let version = "20240202.v1";
    scene.registry.push(&bad_runtime(version, Bad::NeverAnswers)?, REPOSITORY, version)?;
    scene.window.click("button", "Check version").await?;
    let watch = PortWatch::start(scene.port);
    begin_update(&scene.window, version).await?;
    // The candidate is there: it is being proved.
    let end = std::time::Instant::now() + OPERATION_LIMIT;
    while !containers(&scene.engine)?.iter().any(|name| name == "eval.candidate") {
        assert!(std::time::Instant::now() < end, "{:?}", containers(&scene.engine)?);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    scene.window.click("button", "Cancel").await?;
    let said = end_of_dialog(&scene.window).await?;
    let seen = watch.end()?;
    assert!(said.contains("ancelled"), "{said}");
    assert_eq!(seen.misses, 0, "{seen:?}");
    scene.is_as_before(&id).await
}

#[tokio::test]
async fn one_that_ignores_the_stop_signal_is_updated_all_the_same() -> PartResult<()> {
    let scene = running().await?;
    let (stubborn, version) = ("20240401.v1", "20240429.v8");
    scene.registry.push(&bad_runtime(stubborn, Bad::IgnoresStop)?, REPOSITORY, stubborn)?;
    scene.window.click("button", "Check version").await?;
    scene.update(stubborn).await?;
    assert_eq!(version_of(&scene.engine, NAME)?, stubborn);
    scene.registry.push(&small_runtime(version)?.padded(1)?, REPOSITORY, version)?;
    scene.window.click("button", "Check version").await?;
    let watch = PortWatch::start(scene.port);
    scene.update(version).await?;
    let seen = watch.end()?;
    println!("the old one ignores SIGTERM: {seen:?}");
    assert_eq!(version_of(&scene.engine, NAME)?, version);
    assert_eq!(ask(scene.port, "/health").await?, (200, "healthy".to_owned()));
    open_runtime(&scene.window, NAME).await
}
