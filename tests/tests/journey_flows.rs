//! Flows through the real window, on a real runtime: opened, run, failed, cancelled, mended.

use std::path::Path;

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::journey::{Name, SOON};
use real_parts::program::free_port;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, choose, open_on, open_page, open_tab,
};
use real_parts::window::Window;

/// A step of a text.
fn tool(name: &str, body: &str) -> String {
    format!(
        "import time\nfrom promptflow.core import tool\n\n\n@tool\ndef {name}(text: str) -> str:\n    {body}\n"
    )
}

fn node(name: &str, text: &str) -> String {
    format!(
        "- name: {name}\n  type: python\n  source:\n    type: code\n    path: {name}.py\n  inputs:\n    text: {text}\n"
    )
}

/// A flow of two steps.
fn write_flow(folder: &Path) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    let flow = format!(
        "inputs:\n  text:\n    type: string\noutputs:\n  answer:\n    type: string\n    reference: ${{second.output}}\nnodes:\n{}{}",
        node("first", "${inputs.text}"),
        node("second", "${first.output}")
    );
    std::fs::write(folder.join("flow.dag.yaml"), flow)?;
    std::fs::write(
        folder.join("first.py"),
        tool("first", "print('from first')\n    return text.upper()"),
    )?;
    std::fs::write(folder.join("second.py"), tool("second", "return text + '!'"))?;
    Ok(())
}

/// The page as it is now, for a person to look at.
async fn look(window: &Window, name: &str) -> PartResult<()> {
    assert_eq!(window.axe().await?, []);
    if std::env::var_os("PROMPTFLOW_RUNTIMES_LOOK").is_some() {
        let file = format!("../target/pictures/{name}.png");
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }
    Ok(())
}

/// Opens the menu of a step in the list.
async fn open_menu(window: &Window, step: &str) -> PartResult<()> {
    open_tab(window, "List").await?;
    window.click("button", format!("More for {step}").as_str()).await
}

#[tokio::test]
async fn a_flow_is_opened_run_and_mended_on_the_runtime_of_its_choice() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let new = NewRuntime::named("mine").version(VERSIONS[2]).port(free_port()?);
    add_runtime(&window, &new).await?;

    let root = tempfile::tempdir()?;
    let folder = root.path().join("shout");
    write_flow(&folder)?;
    open_page(&window, "Flows").await?;
    window.wait_text(SOON, "No flows yet").await?;
    window
        .fill("textbox", "Folder of a flow", &root.path().join("nothing").to_string_lossy())
        .await?;
    window.click("button", "Open flow").await?;
    window.wait_text(SOON, "is not there").await?;
    window.fill("textbox", "Folder of a flow", &folder.to_string_lossy()).await?;
    window.click("button", "Open flow").await?;
    window.find("heading", "shout").await?;

    // The runtime, and whether the flow fits it.
    choose(&window, "Runtime", Name::Starts("mine".into())).await?;
    window.wait_text(OPERATION_LIMIT, "Nothing is missing on mine").await?;
    look(&window, "flow-ready").await?;

    // Run: live, with its result.
    window.fill("textbox", "text", "hello").await?;
    window.click("button", "Run").await?;
    window.wait_text(OPERATION_LIMIT, "HELLO!").await?;
    window.wait_text(SOON, "Completed").await?;
    look(&window, "flow-run").await?;
    if std::env::var_os("PROMPTFLOW_RUNTIMES_PICTURES").is_some_and(|value| value == "1") {
        // The folder of the test would say nothing to a reader.
        window
            .run(
                "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
                 while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data \
                 .replace(/\\/\\S*\\/shout$/, '/home/ann/flows/shout')",
                Vec::new(),
            )
            .await?;
        let file = "../docs/pictures/flow-light.png";
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }

    // An edit of somebody's editor: seen at once, and the run leads to file and line.
    std::fs::write(folder.join("second.py"), tool("second", "raise ValueError('not today')"))?;
    window.click("button", "Run").await?;
    window.wait_text(OPERATION_LIMIT, "not today").await?;
    window.wait_text(SOON, "second.py").await?;
    look(&window, "flow-failed").await?;

    // Mended, and only the step that failed runs: what the first gave is taken over.
    std::fs::write(folder.join("second.py"), tool("second", "return text + '?'"))?;
    open_menu(&window, "second").await?;
    window.click("menuitem", Name::Starts("Run from here".into())).await?;
    window.wait_text(OPERATION_LIMIT, "HELLO?").await?;
    window.wait_text(SOON, "From second on, with the inputs and outputs of").await?;
    window.wait_text(SOON, "Taken over").await?;
    look(&window, "flow-from-here").await?;
    window.click("button", "Close").await?;

    // Once more, with all that it was begun with.
    window.click("button", "Run again").await?;
    window.wait_gone(SOON, "button", "Run again").await?;
    window.find_within(OPERATION_LIMIT, "button", "Run again").await?;
    window.wait_text(OPERATION_LIMIT, "HELLO?").await?;
    look(&window, "flow-again").await?;

    // A step that would take a minute, cancelled.
    std::fs::write(folder.join("second.py"), tool("second", "time.sleep(60)\n    return text"))?;
    window.click("button", "Run").await?;
    window.find_within(OPERATION_LIMIT, "button", "Cancel run").await?;
    open_tab(&window, "Output lines").await?;
    window.wait_text(OPERATION_LIMIT, "from first").await?;
    look(&window, "flow-running").await?;
    window.click("button", "Cancel run").await?;
    open_tab(&window, "Run").await?;
    window.wait_text(OPERATION_LIMIT, "Cancelled").await?;

    // A mistake in the flow's file is told where it is, and it cannot be run meanwhile.
    let broken = std::fs::read_to_string(folder.join("flow.dag.yaml"))?
        .replace("${first.output}", "${frist.output}");
    std::fs::write(folder.join("flow.dag.yaml"), broken)?;
    window.wait_text(SOON, "frist").await?;
    look(&window, "flow-problem").await?;
    write_flow(&folder)?;
    window.wait_gone(SOON, "region", "Problems of the flow").await?;
    window.click("button", "Run").await?;
    window.wait_text(OPERATION_LIMIT, "HELLO!").await?;

    // Nothing of it is in the person's folder.
    let mut files: Vec<String> = std::fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, ["first.py", "flow.dag.yaml", "second.py"]);
    open_page(&window, "Flows").await?;
    window.find("table", "Flows").await?;
    window.wait_text(SOON, "shout").await?;
    look(&window, "flows").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
