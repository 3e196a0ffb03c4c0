//! What others do to containers is on screen at once, and what a killed application left is put right.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::journey::{Name, SOON};
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, begin_update, containers, inspect, on, open_on,
    open_page, open_runtime, open_tab, open_update, published_port,
};
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult, program};
use serde_json::{Value, json};

const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";

/// How soon a change outside has to be on screen.
const AT_ONCE: Duration = Duration::from_secs(2);

/// On a port of its own: other tests run on this machine at the same time, and each application
/// proposes the first free one.
fn new_runtime(name: &str) -> PartResult<NewRuntime> {
    Ok(NewRuntime::named(name).port(program::free_port()?))
}

struct World {
    engine: DockerEngine,
    registry: RegistryServer,
}

impl World {
    fn start() -> PartResult<Self> {
        let world = Self { engine: DockerEngine::start()?, registry: RegistryServer::start()? };
        world.registry.push(&small_runtime("20240111.v2")?, REPOSITORY, "20240111.v2")?;
        Ok(world)
    }

    fn repository(&self) -> String {
        format!("{}/{REPOSITORY}", self.registry.address())
    }

    async fn window(&self) -> PartResult<Window> {
        open_on(&self.engine, &self.repository()).await
    }

    fn docker(&self, words: &str) -> PartResult<String> {
        self.engine.client(&words.split(' ').collect::<Vec<_>>())
    }
}

/// A JavaScript expression: the row of this name shows all these words.
fn row_shows(name: &str, words: &[&str]) -> String {
    format!(
        "[...document.querySelectorAll('[role=row]')].some((row) => \
         row.querySelector('[role=rowheader]')?.innerText.trim() === {} && \
         {}.every((word) => row.innerText.includes(word)))",
        json!(name),
        json!(words)
    )
}

/// A JavaScript expression: there is no row of this name.
fn no_row(name: &str) -> String {
    format!("!{}", row_shows(name, &[]))
}

fn milliseconds() -> PartResult<f64> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| PartError::new(error.to_string()))?;
    Ok(since.as_secs_f64() * 1000.0)
}

/// Does something outside and gives how long after its end the page was so. The page looks at
/// itself every 5 ms meanwhile.
async fn seen_after(
    window: &Window,
    what: &str,
    expression: &str,
    outside: impl FnOnce() -> PartResult<()>,
) -> PartResult<Duration> {
    let watch = format!(
        "window.__seen = null; const t = setInterval(() => {{ \
         if ({expression}) {{ window.__seen = Date.now(); clearInterval(t) }} }}, 5)"
    );
    let already = window.run(&format!("return Boolean({expression})"), vec![]).await?;
    assert_eq!(already, json!(false), "{what}: it is so before anything was done");
    window.run(&watch, vec![]).await?;
    outside()?;
    let end = milliseconds()?;
    window.wait(SOON, what, "window.__seen !== null").await?;
    let seen = window.run("return window.__seen", vec![]).await?.as_f64().unwrap_or(f64::MAX);
    let after = Duration::from_secs_f64((seen - end).max(0.0) / 1000.0);
    println!("{what}: on screen after {} ms", after.as_millis());
    assert!(after < AT_ONCE, "{what}: on screen only after {after:?}");
    Ok(after)
}

#[tokio::test]
async fn what_others_do_is_on_screen_at_once() -> PartResult<()> {
    let mut world = World::start()?;
    let window = world.window().await?;
    add_runtime(&window, &new_runtime("alpha")?).await?;
    add_runtime(&window, &new_runtime("beta")?).await?;
    open_page(&window, "Runtimes").await?;
    window.wait(SOON, "both", &row_shows("alpha", &["Available", "%", "B"])).await?;
    window.wait(SOON, "both", &row_shows("beta", &["Available", "%", "B"])).await?;

    // A container of somebody else is no runtime, whatever its name.
    let image =
        inspect(&world.engine, "alpha")?["Config"]["Image"].as_str().unwrap_or("").to_owned();
    world.docker(&format!("run -d --name gamma.candidate {image}"))?;
    world.docker(&format!("run -d --name foreign {image}"))?;

    let docker = |words: &str| {
        let words = words.to_owned();
        let world = &world;
        move || world.docker(&words).map(drop)
    };
    let is = |name: &'static str, word: &'static str| row_shows(name, &[word]);
    seen_after(&window, "docker stop", &is("alpha", "Stopped"), docker("stop alpha")).await?;
    seen_after(&window, "docker start", &is("alpha", "Available"), docker("start alpha")).await?;
    seen_after(&window, "docker rename", &is("delta", "Available"), docker("rename alpha delta"))
        .await?;
    assert_eq!(window.run(&format!("return {}", no_row("alpha")), vec![]).await?, json!(true));
    seen_after(&window, "docker pause", &is("delta", "Unavailable"), docker("pause delta")).await?;
    seen_after(&window, "docker unpause", &is("delta", "Available"), docker("unpause delta"))
        .await?;
    seen_after(&window, "docker kill", &is("delta", "Stopped"), docker("kill delta")).await?;
    seen_after(&window, "docker rm -f", &no_row("delta"), docker("rm -f delta")).await?;
    assert_eq!(window.run(&format!("return {}", no_row("foreign")), vec![]).await?, json!(true));
    assert_eq!(window.run(&format!("return {}", no_row("gamma")), vec![]).await?, json!(true));

    // The engine goes: the page says since when what it shows is not live. It comes back by itself.
    let as_of = "document.body.innerText.includes(': as of ')";
    seen_after(&window, "engine stopped", as_of, || world.engine.stop()).await?;
    assert_eq!(window.axe().await?, []);
    world.engine.start_again()?;
    window.wait(SOON, "the page to be in step again", &format!("!({as_of})")).await?;
    world.docker("start beta")?;
    window.wait(SOON, "beta to answer again", &is("beta", "Available")).await?;
    seen_after(&window, "engine killed", as_of, || world.engine.kill()).await?;
    world.engine.start_again()?;
    window.wait(SOON, "the page to be in step again", &format!("!({as_of})")).await?;

    // A runtime that is removed while its page is open closes the page with a word.
    world.docker("start beta")?;
    window.wait(SOON, "beta to answer again", &is("beta", "Available")).await?;
    open_runtime(&window, "beta").await?;
    let gone = "location.hash === '#/runtimes' && document.body.innerText.includes('beta is gone')";
    seen_after(&window, "docker rm -f of an open page", gone, || {
        world.docker("rm -f beta").map(drop)
    })
    .await?;
    window.find("heading", "Runtimes").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

async fn row_action(window: &Window, name: &str, action: &str) -> PartResult<()> {
    window.click("button", format!("Actions for {name}").as_str()).await?;
    window.click("menuitem", action).await
}

#[tokio::test]
async fn rows_are_worked_searched_and_filtered_and_say_why_one_failed() -> PartResult<()> {
    let world = World::start()?;
    world.registry.push(
        &bad_runtime("20240112.v1", Bad::AnswersThenDies(6))?,
        "others/dies",
        "20240112.v1",
    )?;
    let window = world.window().await?;
    add_runtime(&window, &new_runtime("alpha")?).await?;
    let port = published_port(&world.engine, "alpha")?;
    let dies = format!("{}/others/dies:20240112.v1", world.registry.address());
    add_runtime(&window, &new_runtime("fragile")?.image(&dies)).await?;
    // Else the engine starts it again and again.
    world.docker("update --restart=no fragile")?;
    open_page(&window, "Runtimes").await?;
    let is = |name: &str, word: &str| row_shows(name, &[word]);
    window.wait(SOON, "the finding", &row_shows("fragile", &["Failed", "ended", "code 3"])).await?;
    assert_eq!(window.axe().await?, []);

    row_action(&window, "alpha", "Stop").await?;
    window.wait(SOON, "alpha to stop", &is("alpha", "Stopped")).await?;
    row_action(&window, "alpha", "Start").await?;
    window.wait(SOON, "alpha to start", &is("alpha", "Available")).await?;
    let started = inspect(&world.engine, "alpha")?["State"]["StartedAt"].clone();
    row_action(&window, "alpha", "Restart").await?;
    window.wait(SOON, "alpha to restart", &is("alpha", "Starting")).await.ok();
    window.wait(SOON, "alpha to be back", &is("alpha", "Available")).await?;
    assert_ne!(inspect(&world.engine, "alpha")?["State"]["StartedAt"], started);

    // Another program takes the port while the runtime is stopped.
    row_action(&window, "alpha", "Stop").await?;
    window.wait(SOON, "alpha to stop", &is("alpha", "Stopped")).await?;
    let image =
        inspect(&world.engine, "alpha")?["Config"]["Image"].as_str().unwrap_or("").to_owned();
    world.docker(&format!("run -d --name nginx -p 127.0.0.1:{port}:8080 {image}"))?;
    row_action(&window, "alpha", "Start").await?;
    let taken = port.to_string();
    window
        .wait(SOON, "the finding", &row_shows("alpha", &["Failed", "nginx", taken.as_str()]))
        .await?;
    window.find("button", Name::Contains("Needs attention".into())).await?;
    assert_eq!(window.axe().await?, []);
    world.docker("rm -f nginx")?;
    row_action(&window, "alpha", "Start").await?;
    window.wait(SOON, "alpha to start", &is("alpha", "Available")).await?;

    // Search and pills.
    window.fill("searchbox", "Search runtimes", "frag").await?;
    window.wait(SOON, "the search", &no_row("alpha")).await?;
    window.wait(SOON, "the search", &row_shows("fragile", &[])).await?;
    window.fill("searchbox", "Search runtimes", "nothing like it").await?;
    window.wait_text(SOON, "No runtime matches").await?;
    window.click("button", "Show all runtimes").await?;
    window.wait(SOON, "all rows", &row_shows("alpha", &[])).await?;
    window.click("button", Name::Starts("Needs attention".into())).await?;
    window.wait(SOON, "the pill", &no_row("alpha")).await?;
    window.wait(SOON, "the pill", &row_shows("fragile", &[])).await?;
    window.click("button", Name::Starts("Available".into())).await?;
    window.wait(SOON, "the pill", &no_row("fragile")).await?;
    window.click("button", Name::Starts("All".into())).await?;
    window.wait(SOON, "all rows", &row_shows("fragile", &[])).await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn two_installations_see_each_other_and_do_not_work_on_one_runtime() -> PartResult<()> {
    let world = World::start()?;
    world.registry.push(
        &bad_runtime("20240429.v8", Bad::NeverAnswers)?,
        REPOSITORY,
        "20240429.v8",
    )?;
    let first = world.window().await?;
    let second = world.window().await?;
    add_runtime(&first, &new_runtime("shared")?.version("20240111.v2")).await?;
    second.wait(SOON, "the other's runtime", &row_shows("shared", &["Available"])).await?;
    second.click("button", "Mine").await?;
    second.wait_text(SOON, "No runtime matches").await?;
    second.click("button", "Mine").await?;
    second.wait(SOON, "the other's runtime", &row_shows("shared", &["Available"])).await?;
    open_page(&first, "Runtimes").await?;
    first.click("button", "Mine").await?;
    first.wait(SOON, "its own runtime", &row_shows("shared", &["Available"])).await?;
    first.click("button", "Mine").await?;

    // The second has the dialog open when the first begins.
    open_runtime(&second, "shared").await?;
    open_update(&second).await?;
    second.wait_text(SOON, "What happens").await?;
    open_runtime(&first, "shared").await?;
    begin_update(&first, "20240429.v8").await?;
    program::wait_until(SOON, "the update takes no lock", || {
        Ok(containers(&world.engine)?.contains(&"shared.candidate".to_owned()))
    })?;
    second.click("button", "Update").await?;
    second.wait_text(SOON, "works on this runtime").await?;
    let dialog = second.find("dialog", "Update runtime").await?;
    second
        .wait(SOON, "the refusal", "/works on|is being worked on|in use by|locked/i.test(document.querySelector('[role=dialog]').innerText)")
        .await?;
    println!("refusal: {}", second.text_of(&dialog).await?);
    assert_eq!(second.axe().await?, []);
    second.click("button", "Cancel").await?;
    second.wait_gone(SOON, "dialog", "Update runtime").await?;
    second.find("button", "Take over").await?;
    assert_eq!(second.find_all("button", "Update").await?.len(), 0);

    first.click("button", "Cancel").await?;
    program::wait_until(OPERATION_LIMIT, "the cancelled update leaves something", || {
        Ok(containers(&world.engine)? == ["shared"])
    })?;
    second.wait_gone(SOON, "button", "Take over").await?;
    open_update(&second).await
}

#[tokio::test]
async fn what_a_killed_application_left_is_put_right_at_its_next_start() -> PartResult<()> {
    let world = World::start()?;
    world.registry.push(
        &bad_runtime("20240429.v8", Bad::NeverAnswers)?,
        REPOSITORY,
        "20240429.v8",
    )?;
    let home = tempfile::tempdir()?;
    let options = || WindowOptions {
        home: Some(home.path().to_owned()),
        ..on(&world.engine, &world.repository())
    };
    let window = Window::open(options()).await?;
    add_runtime(&window, &new_runtime("kept")?.version("20240111.v2")).await?;
    begin_update(&window, "20240429.v8").await?;
    program::wait_until(SOON, "the update does not get as far as its candidate", || {
        Ok(containers(&world.engine)?.contains(&"kept.candidate".to_owned()))
    })?;
    window.kill_application()?;
    drop(window);
    assert_eq!(containers(&world.engine)?, ["kept", "kept.candidate", "kept.lock"]);

    let begun = Instant::now();
    let window = Window::open(options()).await?;
    program::wait_until(OPERATION_LIMIT, "the recovery leaves something", || {
        Ok(containers(&world.engine)? == ["kept"])
    })?;
    println!("put right {} ms after the start", begun.elapsed().as_millis());
    window.wait(SOON, "the runtime", &row_shows("kept", &["Available", "20240111.v2"])).await?;
    open_runtime(&window, "kept").await?;
    open_tab(&window, "History").await?;
    window.wait_text(SOON, "Recovery").await?;
    window.wait_text(SOON, "by the application, by itself").await?;
    let entries = window
        .run("return document.querySelector('[aria-label=Operations]')?.innerText ?? ''", vec![])
        .await?;
    println!("history: {entries}");
    assert!(
        matches!(entries, Value::String(text) if text.contains("Succeeded") && text.contains("Failed"))
    );
    Ok(())
}
