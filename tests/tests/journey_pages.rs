//! Every page and dialog, light and dark, wide and narrow: nothing that axe finds, no error of the page,
//! nothing that has to be scrolled sideways. And the keyring as people have it.
//!
//! With `PROMPTFLOW_RUNTIMES_PICTURES=1` it writes the pictures of the README that it passes; with
//! `PROMPTFLOW_RUNTIMES_LOOK=1` a picture of everything that it looks at into `target/pictures`.

use std::path::Path;

use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::journey::{Name, SOON};
use real_parts::keyring::KeyringState;
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, begin_build, begin_to_add, click_first,
    import_folder, on, open_on, open_page, open_runtime, open_tab, open_update, press_in_dialog,
};
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartResult, program};
use serde_json::json;

const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";
const WIDE: (u32, u32) = (1440, 900);
const NARROW: (u32, u32) = (800, 700);

/// A window that is looked at in one appearance.
struct Tour<'a> {
    window: &'a Window,
    appearance: &'static str,
    wrong: Vec<String>,
}

impl<'a> Tour<'a> {
    async fn begin(window: &'a Window, appearance: &'static str) -> PartResult<Self> {
        open_page(window, "Settings").await?;
        let name = if appearance == "dark" { "Dark" } else { "Light" };
        window.click("radio", name).await?;
        let scheme = format!("document.documentElement.style.colorScheme === '{appearance}'");
        window.wait(SOON, "the appearance", &scheme).await?;
        Ok(Self { window, appearance, wrong: Vec::new() })
    }

    /// Looks at what is shown now, wide and narrow.
    async fn look(&mut self, name: &str) -> PartResult<()> {
        for (size, words) in [(NARROW, "narrow"), (WIDE, "wide")] {
            self.window.resize(size.0, size.1).await?;
            let arrived = format!("innerWidth === {}", size.0);
            self.window.wait(SOON, "the window's new size", &arrived).await?;
            // Moving parts come to rest; skeletons have gone.
            self.window
                .wait(
                    SOON,
                    "the page to come to rest",
                    "document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getComputedTiming().iterations === Infinity)",
                )
                .await?;
            for mut violation in self.window.axe().await? {
                if violation.rule == "region" {
                    // Menus and tooltips are layers over the page that belong to their button, not to
                    // a landmark.
                    let layer = |html: &String| {
                        ["role=\"menuitem\"", "role=\"tooltip\""]
                            .iter()
                            .any(|role| html.contains(role))
                    };
                    violation.elements.retain(|html| !layer(html));
                    if violation.elements.is_empty() {
                        continue;
                    }
                }
                self.wrong.push(format!("{name} {} {words}: {violation:?}", self.appearance));
            }
            let sideways = "return [document.documentElement, document.querySelector('main')].some((e) => e && e.scrollWidth > e.clientWidth + 1)";
            if self.window.run(sideways, vec![]).await? != json!(false) {
                self.wrong.push(format!("{name} {} {words}: scrolls sideways", self.appearance));
            }
            let file = format!("../target/pictures/{name}-{}-{words}.png", self.appearance);
            if std::env::var_os("PROMPTFLOW_RUNTIMES_LOOK").is_some() {
                self.window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
            }
        }
        Ok(())
    }

    /// The same for a page whose picture the README shows.
    async fn look_and_keep(&mut self, name: &str) -> PartResult<()> {
        self.look(name).await?;
        if std::env::var_os("PROMPTFLOW_RUNTIMES_PICTURES").is_some_and(|value| value == "1") {
            let file = format!("../docs/pictures/{name}-{}.png", self.appearance);
            // The folders of the test's own parts would say nothing to a reader.
            self.window
                .run(
                    "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
                     while (walk.nextNode()) { const node = walk.currentNode; node.data = node.data \
                     .replace(/\\/\\S*parts-docker-\\w+\\/docker.sock/, '/run/user/1000/docker.sock') \
                     .replace(/\\/\\S*parts-window-\\S*?(data\\/environments|home\\/data|home\\/logs)/, (_, end) => '~/promptflow-runtimes/' + end.replace('home/', '')) \
                     .replace(/\\/\\S*\\.tmp\\w+\\/image_build/, '/home/ann/flows/image_build') }",
                    Vec::new(),
                )
                .await?;
            self.window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
        }
        Ok(())
    }

    async fn end(self) -> PartResult<()> {
        assert_eq!(self.wrong, Vec::<String>::new(), "{:#?}", self.wrong);
        assert_eq!(self.window.page_errors().await?, Vec::<String>::new());
        Ok(())
    }
}

fn new_runtime(name: &str) -> PartResult<NewRuntime> {
    Ok(NewRuntime::named(name).port(program::free_port()?))
}

/// A flow that branches, with a step that nothing uses.
fn write_flow(folder: &Path) -> PartResult<()> {
    let step = |name: &str, text: &str| {
        format!(
            "- name: {name}\n  type: python\n  source:\n    type: code\n    path: step.py\n  inputs:\n    text: {text}\n"
        )
    };
    let flow = format!(
        "inputs:\n  question:\n    type: string\n    default: What is a runtime\n  words:\n    type: list\n    default: [\"a\", \"b\"]\noutputs:\n  answer:\n    type: string\n    reference: ${{answer.output}}\nnodes:\n{}{}{}{}",
        step("search", "${inputs.question}"),
        step("classify", "${inputs.question}"),
        step("answer", "${search.output}"),
        step("left_over", "${classify.output}"),
    );
    std::fs::write(folder.join("flow.dag.yaml"), flow)?;
    std::fs::write(
        folder.join("step.py"),
        "from promptflow.core import tool\n\n\n@tool\ndef step(text: str) -> str:\n    return text\n",
    )?;
    Ok(())
}

async fn before_anything_exists(appearance: &'static str) -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240111.v2")?, REPOSITORY, "20240111.v2")?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let mut tour = Tour::begin(&window, appearance).await?;
    open_page(&window, "Runtimes").await?;
    window.wait_text(SOON, "No runtimes yet").await?;
    tour.look_and_keep("empty").await?;
    open_page(&window, "Environments").await?;
    window.wait_text(SOON, "No environments yet").await?;
    tour.look("environments-empty").await?;
    click_first(&window, "button", "Add environment").await?;
    window.find("heading", "Add environment").await?;
    window.fill("textbox", "Name", "rag").await?;
    window.fill("textbox", "Requirements", "pandas>=2\nPyPDF2\n").await?;
    window.wait_text(SOON, "HEALTHCHECK").await?;
    tour.look_and_keep("environment-form").await?;
    window.click("button", "More").await?;
    window.click("button", "Service").await?;
    tour.look("environment-form-more").await?;
    for kind in ["Build context", "Image", "Default"] {
        window.click("radio", kind).await?;
        tour.look(&format!("environment-form-{}", kind.to_lowercase().replace(' ', "-"))).await?;
    }
    // What was typed is not thrown away unasked.
    click_first(&window, "link", "Activity").await?;
    window.find("dialog", "Leave without saving?").await?;
    tour.look("environment-form-leave").await?;
    press_in_dialog(&window, "Discard changes").await?;
    window.find("heading", "Activity").await?;
    window.wait_text(SOON, "Nothing has been done yet").await?;
    tour.look("activity-empty").await?;
    let flow = tempfile::tempdir()?;
    open_page(&window, "Flows").await?;
    window.wait_text(SOON, "No flows yet").await?;
    tour.look("flows-empty").await?;
    write_flow(flow.path())?;
    window.fill("textbox", "Folder of a flow", &flow.path().to_string_lossy()).await?;
    window.click("button", "Open flow").await?;
    window.find("region", Name::Starts("Graph of ".into())).await?;
    tour.look("flow-without-runtime").await?;
    window.click("tab", "List").await?;
    window.find("table", "Steps").await?;
    tour.look("flow-list").await?;
    open_page(&window, "Flows").await?;
    window.find("table", "Flows").await?;
    tour.look("flows-list").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "No registry login yet").await?;
    tour.look("connections-empty").await?;
    click_first(&window, "button", "Add connection").await?;
    window.find("dialog", "Add connection").await?;
    tour.look("flow-connection-dialog").await?;
    press_in_dialog(&window, "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    click_first(&window, "button", "Add login").await?;
    window.find("dialog", "Add registry login").await?;
    tour.look("connections-dialog").await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;

    open_page(&window, "Runtimes").await?;
    click_first(&window, "button", "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    tour.look("wizard-name").await?;
    for (step, heading) in
        [("environment", "Environment"), ("settings", "Settings"), ("review", "Review")]
    {
        window.click("button", "Next").await?;
        window.find("heading", heading).await?;
        if step == "settings" {
            window.click("button", "Add variable").await?;
            window.click("button", "Add folder or volume").await?;
            window.click("button", "Advanced").await?;
            tour.look("wizard-settings").await?;
            window.click("button", "Remove variable 1").await?;
            window.click("button", "Remove folder or volume 1").await?;
        } else {
            tour.look(&format!("wizard-{step}")).await?;
        }
    }
    tour.end().await
}

async fn with_runtimes(appearance: &'static str) -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    for version in ["20240111.v2", "20240429.v8"] {
        registry.push(&small_runtime(version)?, REPOSITORY, version)?;
    }
    registry.push(&bad_runtime("20240501.v1", Bad::ExitsAtOnce)?, "others/bad", "20240501.v1")?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let mut tour = Tour::begin(&window, appearance).await?;
    add_runtime(&window, &new_runtime("eval")?.version("20240429.v8")).await?;
    tour.look("detail-up-to-date").await?;
    begin_to_add(&window, &new_runtime("my-runtime")?.version("20240111.v2")).await?;
    window.find_within(OPERATION_LIMIT, "button", "Open my-runtime").await?;
    tour.look("wizard-done").await?;
    let bad = format!("{}/others/bad:20240501.v1", registry.address());
    begin_to_add(&window, &new_runtime("broken")?.image(&bad)).await?;
    window.find_within(OPERATION_LIMIT, "heading", "broken was not created").await?;
    tour.look("wizard-failed").await?;
    window.click("button", "Change settings").await?;
    window.click("button", "Cancel").await?;
    window.find("heading", "Runtimes").await?;
    // A runtime that failed: another program took its port.
    let port = program::free_port()?;
    add_runtime(&window, &NewRuntime::named("rag-test").version("20240111.v2").port(port)).await?;
    engine.client(&["stop", "rag-test"])?;
    let _held = std::net::TcpListener::bind(("127.0.0.1", port))?;
    window.click("button", "Start").await?;
    window.wait_text(SOON, "is taken by another program").await?;
    tour.look("detail-failed").await?;

    open_page(&window, "Runtimes").await?;
    window.wait_text(SOON, "is taken by another program").await?;
    tour.look("runtimes").await?;
    window.click("button", "Actions for my-runtime").await?;
    window.find("menuitem", "Restart").await?;
    tour.look("runtimes-menu").await?;
    window.press_key(real_parts::journey::Key::Escape, 1).await?;
    window.wait_gone(SOON, "menuitem", Name::Any).await?;

    window.click("checkbox", "Choose my-runtime").await?;
    window.click("checkbox", "Choose eval").await?;
    window.find("toolbar", "2 runtimes chosen").await?;
    tour.look("runtimes-chosen").await?;
    window.click("button", "Logs").await?;
    window.find("heading", "Logs of 2 runtimes").await?;
    tour.look("logs").await?;
    click_first(&window, "link", "Runtimes").await?;
    open_runtime(&window, "my-runtime").await?;
    window.wait_text(SOON, "A new version is available").await?;
    for tab in ["Overview", "Logs", "Packages", "History", "Configuration"] {
        open_tab(&window, tab).await?;
        tour.look(&format!("detail-{}", tab.to_lowercase())).await?;
    }
    window.click("button", "Edit").await?;
    window.find("form", "Edit the configuration").await?;
    let focused = "document.activeElement?.tagName === 'TEXTAREA'";
    window.wait(SOON, "the form to have the focus", focused).await?;
    window.fill("textbox", "Memory limit", "2 GB").await?;
    window.click("button", "Add variable").await?;
    window.fill("textbox", "Name of variable 1", "TEAM_NAME").await?;
    window.fill("textbox", "Value of variable 1", "search").await?;
    tour.look("configuration-edit").await?;
    window.click("button", "Review changes").await?;
    window.find("table", "What changes").await?;
    tour.look_and_keep("configuration").await?;
    window.click("button", "Back to the form").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "form", Name::Any).await?;
    open_tab(&window, "Overview").await?;
    window.click("radio", "Update by itself in a time window").await?;
    tour.look("detail-policy").await?;
    window.click("button", "Discard").await?;
    open_update(&window).await?;
    window.wait_text(SOON, "What happens").await?;
    tour.look("update").await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.click("button", "Delete").await?;
    window.find("button", Name::Starts("Delete runtime".into())).await?;
    tour.look("delete").await?;
    window.click("button", "Cancel").await?;

    open_page(&window, "Runtimes").await?;
    window.click("button", "Update all").await?;
    window.find("list", "Runtimes to update, in this order").await?;
    tour.look_and_keep("update-all").await?;
    open_page(&window, "Computes").await?;
    window.wait_text(SOON, "API version").await?;
    tour.look_and_keep("computes").await?;
    open_page(&window, "Activity").await?;
    window.find("button", Name::Starts("Failed".into())).await?;
    tour.look_and_keep("activity").await?;
    log_file(&mut tour).await?;
    open_page(&window, "Connections").await?;
    add_login(&window, "registry.example.com", "anna").await?;
    add_login(&window, "127.0.0.1:5000", "robot$builds").await?;
    tour.look_and_keep("connections").await?;
    window.click("button", "Delete the login for 127.0.0.1:5000").await?;
    window.find("button", "Delete login").await?;
    tour.look("connections-delete").await?;
    window.click("button", "Keep").await?;
    window.wait_gone(SOON, "button", "Delete login").await?;
    open_page(&window, "Settings").await?;
    window.wait_text(SOON, "Log folder").await?;
    tour.look_and_keep("settings").await?;
    window.press("?").await?;
    window.find("dialog", "Keyboard shortcuts").await?;
    tour.look("shortcuts").await?;
    tour.end().await
}

/// A log that came from elsewhere, e.g. from the hosted product.
async fn log_file(tour: &mut Tour<'_>) -> PartResult<()> {
    let window = tour.window;
    window.click("button", "Open log file").await?;
    window.wait_text(SOON, "executor log of the hosted product").await?;
    tour.look("log-files").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("executor.log");
    let line = |second: u32, level: &str, text: &str| {
        format!("2026-03-04 10:00:{second:02} +0000      42 execution.flow     {level:<8} {text}\n")
    };
    let text = [
        line(0, "INFO", "Executing node search. node run id: run_search_0"),
        line(
            30,
            "WARNING",
            "search in line 0 has been running for 30 seconds, stacktrace of thread 7:",
        ),
        "  File \"/service/app/1/search.py\", line 21, in search\n    return client.get(url)\n"
            .into(),
        line(41, "INFO", "Node search completes."),
        line(41, "ERROR", "\u{1b}[31mExecution failed: answer\u{1b}[0m"),
    ];
    std::fs::write(&file, text.concat())?;
    window.fill("textbox", "Path of a log file", &file.to_string_lossy()).await?;
    window.click("button", "Open log").await?;
    window.find("log", "Log file executor.log").await?;
    window.wait_text(SOON, "Node search completes.").await?;
    window.click("button", "Node times").await?;
    window.find("row", Name::Starts("search ".into())).await?;
    tour.look("log-file").await?;
    window.fill("textbox", "Path of a log file", "/no/such/file.log").await?;
    window.click("button", "Open log").await?;
    window.wait_gone(SOON, "log", Name::Any).await?;
    tour.look("log-file-gone").await
}

/// A folder to build, on a base that a registry offers.
fn folder_to_build(folder: &Path, base: &str, last: &str) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("environment.yaml"), "name: rag\nversion: 1\nbuild: {path: .}\n")?;
    std::fs::write(folder.join("requirements.txt"), "pandas\npyPDF99==1.0\n")?;
    let dockerfile = format!("FROM {base}\nUSER 0\nCOPY ./* ./\n{last}\nUSER 10001\n");
    Ok(std::fs::write(folder.join("Dockerfile"), dockerfile)?)
}

async fn with_environments(appearance: &'static str) -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240111.v2")?, "team/base", "20240111.v2")?;
    let base = format!("{}/team/base:20240111.v2", registry.address());
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let mut tour = Tour::begin(&window, appearance).await?;
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("image_build");
    folder_to_build(&place, &base, "RUN true")?;
    import_folder(&window, &place).await?;
    tour.look("environment-imported").await?;
    window.click("button", "Open").await?;
    window.find("heading", "rag").await?;
    tour.look("environment-not-built").await?;
    begin_build(&window).await?;
    window.wait_text(OPERATION_LIMIT, "Version 1 of rag is ready").await?;
    tour.look("environment-built").await?;
    window.click("tab", "Versions").await?;
    click_first(&window, "link", "Version 1").await?;
    window.find("region", "Version 1").await?;
    tour.look_and_keep("environment-versions").await?;
    click_first(&window, "button", "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    window.fill("textbox", "Runtime name", "eval").await?;
    window.click("button", "Next").await?;
    window.wait_text(SOON, "rag, version 1").await?;
    tour.look("wizard-environment-named").await?;
    for heading in ["Settings", "Review"] {
        window.click("button", "Next").await?;
        window.find("heading", heading).await?;
    }
    window.click("button", "Create").await?;
    window.find_within(OPERATION_LIMIT, "button", "Open eval").await?;

    let fails = "RUN echo 'ERROR: No matching distribution found for pyPDF99==1.0' >&2; exit 1";
    folder_to_build(&place, &base, fails)?;
    open_page(&window, "Environments").await?;
    window.click("link", "rag").await?;
    begin_build(&window).await?;
    window.find_within(OPERATION_LIMIT, "group", "The image was not built").await?;
    tour.look_and_keep("environment-failed").await?;
    folder_to_build(&place, &base, "RUN echo 2")?;
    begin_build(&window).await?;
    window.wait_text(OPERATION_LIMIT, "Version 2 of rag is ready").await?;
    window.wait_text(SOON, "1 runtime runs an older version").await?;
    registry.push(&small_runtime("20240429.v8")?.padded(1)?, "team/base", "20240429.v8")?;
    window.click("button", "More actions").await?;
    window.click("menuitem", "Check for newer bases").await?;
    window.wait_text(SOON, "A newer base is available").await?;
    window.click("tab", "Overview").await?;
    tour.look_and_keep("environment").await?;
    window.click("button", "Rebuild on newest base").await?;
    window.find_within(OPERATION_LIMIT, "table", "Changed lines").await?;
    tour.look("environment-rebuild").await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.click("button", "More actions").await?;
    window.click("menuitem", "Delete").await?;
    window.find("alertdialog", Name::Any).await?;
    tour.look("environment-delete").await?;
    window.press_key(real_parts::journey::Key::Escape, 1).await?;
    window.wait_gone(SOON, "alertdialog", Name::Any).await?;

    // Others, put there as files.
    for (name, text) in [
        ("chat", "name: chat\ndescription: What the chat flows run on\nimage: python:3.11-slim\n"),
        ("evaluation", "name: evaluation\nimage: registry.example.com/team/evaluation:7\n"),
    ] {
        let place = window.home().join("data/environments").join(name);
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join("environment.yaml"), text)?;
    }
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Environments").await?;
    window.wait_text(SOON, "evaluation").await?;
    tour.look_and_keep("environments").await?;
    // One that somebody broke by hand.
    let broken = window.home().join("data/environments/broken");
    std::fs::create_dir_all(&broken)?;
    std::fs::write(broken.join("environment.yaml"), "name: [\n")?;
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Environments").await?;
    window.wait_text(SOON, "no valid YAML").await?;
    tour.look("environments-unreadable").await?;

    open_runtime(&window, "eval").await?;
    window.wait_text(SOON, "A new version is available. Version 2 of rag").await?;
    tour.look("detail-environment").await?;
    open_update(&window).await?;
    window.wait_text(SOON, "What happens").await?;
    tour.look("update-environment").await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;

    engine.load(&small_runtime("20240111.v2")?, "small:1")?;
    engine.client(&["run", "-d", "--name", "by-hand", "-p", "127.0.0.1::8080", "small:1"])?;
    engine.client(&["run", "-d", "--name", "hidden", "small:1"])?;
    open_page(&window, "Runtimes").await?;
    click_first(&window, "button", "Add runtime").await?;
    window.click("radio", "Existing custom application").await?;
    window.find_within(OPERATION_LIMIT, "radiogroup", "Can be adopted").await?;
    tour.look_and_keep("adopt").await?;
    window.click("radio", Name::Starts("by-hand".into())).await?;
    window.click("button", "Adopt").await?;
    window.find("heading", "by-hand").await?;
    window.wait_text(SOON, "Available").await?;
    tour.look("detail-adopted").await?;
    window.click("button", "Manage fully").await?;
    window.wait_text(SOON, "What happens").await?;
    tour.look("manage").await?;
    window.click("button", "Cancel").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    open_page(&window, "Computes").await?;
    window.click("button", Name::Starts("Disk of ".into())).await?;
    window.find_within(OPERATION_LIMIT, "table", "Images").await?;
    tour.look_and_keep("disk").await?;
    tour.end().await
}

async fn add_login(window: &Window, registry: &str, user: &str) -> PartResult<()> {
    click_first(window, "button", "Add login").await?;
    window.find("dialog", "Add registry login").await?;
    window.fill("textbox", "Registry", registry).await?;
    window.fill("textbox", "User name", user).await?;
    window.fill("textbox", "Password or token", "pass-of-a-test").await?;
    window.click("button", "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.find("button", format!("Replace the login for {registry}").as_str()).await.map(drop)
}

#[tokio::test]
async fn pages_before_anything_exists_are_well_in_the_light() -> PartResult<()> {
    before_anything_exists("light").await
}

#[tokio::test]
async fn pages_before_anything_exists_are_well_in_the_dark() -> PartResult<()> {
    before_anything_exists("dark").await
}

#[tokio::test]
async fn pages_of_runtimes_are_well_in_the_light() -> PartResult<()> {
    with_runtimes("light").await
}

#[tokio::test]
async fn pages_of_runtimes_are_well_in_the_dark() -> PartResult<()> {
    with_runtimes("dark").await
}

#[tokio::test]
async fn pages_of_environments_are_well_in_the_light() -> PartResult<()> {
    with_environments("light").await
}

#[tokio::test]
async fn pages_of_environments_are_well_in_the_dark() -> PartResult<()> {
    with_environments("dark").await
}

#[tokio::test]
async fn the_first_run_is_well_light_and_dark() -> PartResult<()> {
    let folder = tempfile::tempdir()?;
    let missing = folder.path().join("docker.sock");
    let window = Window::open(WindowOptions {
        environment: vec![("DOCKER_HOST".into(), format!("unix://{}", missing.display()))],
        ..WindowOptions::default()
    })
    .await?;
    for appearance in ["light", "dark"] {
        let mut tour = Tour::begin(&window, appearance).await?;
        open_page(&window, "Runtimes").await?;
        window.find("heading", "No container engine is running").await?;
        window.wait_text(SOON, "This machine:").await?;
        tour.look_and_keep("first-run").await?;
        window.click("button", "What was tried").await?;
        tour.look("first-run-tried").await?;
        open_page(&window, "Computes").await?;
        window.wait_text(SOON, "Not reachable").await?;
        tour.look("computes-not-reachable").await?;
        tour.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_keyring_is_told_as_it_is_and_one_that_comes_later_is_used() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let options = |keyring| WindowOptions { keyring, ..on(&engine, "127.0.0.1:1/none") };

    let mut window = Window::open(options(KeyringState::Unlocked)).await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "Keyring available").await?;
    add_login(&window, "registry.example.com", "anna").await?;
    window.wait_text(SOON, "Keyring").await?;
    window.keyring().lock()?;
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "The keyring is locked").await?;
    drop(window);

    let mut window = Window::open(options(KeyringState::Locked)).await?;
    let mut tour = Tour::begin(&window, "light").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "The keyring is locked").await?;
    tour.look("keyring-locked").await?;
    assert_eq!(window.find_all("button", "Keep them for this run only").await?.len(), 0);
    tour.end().await?;
    // Unlocked meanwhile: used without a restart of the application.
    window.keyring().unlock()?;
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "Keyring available").await?;
    add_login(&window, "registry.example.com", "anna").await?;
    drop(window);

    let mut window = Window::open(options(KeyringState::Absent)).await?;
    let mut tour = Tour::begin(&window, "light").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "There is no keyring").await?;
    tour.look("keyring-absent").await?;
    window.click("button", "Keep them for this run only").await?;
    window.wait_text(SOON, "Passwords are kept in memory").await?;
    add_login(&window, "one.example.com", "anna").await?;
    window.wait_text(SOON, "This run of the application only").await?;
    tour.look("keyring-memory").await?;
    tour.end().await?;
    window.keyring().unlock()?;
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "Keyring available").await?;
    add_login(&window, "two.example.com", "ben").await?;
    let rows = window.text().await?;
    assert!(rows.contains("two.example.com"), "{rows}");
    // Kept where the system's own tool finds it, and nowhere on disk in clear words.
    let home = window.home().display().to_string();
    let keyring = window.keyring();
    // It takes over what was typed while there was none.
    for registry in ["two.example.com", "one.example.com"] {
        let account = format!("registry-login:{registry}");
        let found = keyring.lookup(&["service", "io.promptflow-runtimes", "username", &account])?;
        assert!(found.is_some_and(|secret| secret.contains("pass-of-a-test")), "{registry}");
    }
    let found = program::run("grep", &["-rl", "pass-of-a-test", &home]);
    assert!(found.is_err(), "a password lies in the application's folder: {found:?}");
    Ok(())
}
