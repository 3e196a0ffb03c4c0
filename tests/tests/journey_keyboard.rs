//! The main job without a mouse: every step is reached by keys, and the focus is never lost.

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Key, Name, SOON};
use real_parts::registry::RegistryServer;
use real_parts::steps::{OPERATION_LIMIT, open_on, version_of};
use real_parts::window::Window;
use serde_json::json;

const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";

/// What has the focus is an element of the page that can be seen, and it shows that it has it.
async fn focus_is_seen(window: &Window, after: &str) -> PartResult<()> {
    // The focus follows a change of the page by a frame.
    window
        .wait(
            SOON,
            &format!("the focus to be somewhere after {after}"),
            "document.activeElement && document.activeElement !== document.body",
        )
        .await?;
    let script = "const e = document.activeElement; const r = e.getBoundingClientRect(); \
        return { seen: r.width > 0 && r.height > 0 && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth, \
        shown: e.matches(':focus-visible') }";
    let focus = window.run(script, vec![]).await?;
    let what = window.focused().await?;
    assert_eq!(focus, json!({ "seen": true, "shown": true }), "after {after}: {what}");
    println!("after {after}: {what}");
    Ok(())
}

async fn press_enter(window: &Window, on: &str) -> PartResult<()> {
    window.press_key(Key::Enter, 1).await?;
    // What Enter asked for may take the element away; it must not take the focus along.
    window
        .wait(
            SOON,
            &format!("the focus after Enter on {on}"),
            "document.activeElement !== document.body",
        )
        .await
}

#[tokio::test]
async fn a_runtime_is_added_and_updated_by_keys_alone() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240111.v2")?, REPOSITORY, "20240111.v2")?;
    registry.push(&small_runtime("20240429.v8")?, REPOSITORY, "20240429.v8")?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    window.find("button", "Add runtime").await?;

    window.tab_to("button", "Add runtime").await?;
    focus_is_seen(&window, "Tab to the first button").await?;
    press_enter(&window, "Add runtime").await?;
    window.find("heading", "Name and compute").await?;
    window
        .wait(SOON, "the name's field to have the focus", "document.activeElement.matches('input')")
        .await?;
    focus_is_seen(&window, "opening the wizard").await?;
    assert_eq!(window.focused().await?, "textbox \"Runtime name\"");
    // The proposed name comes when the compute has answered.
    window.wait(SOON, "a proposed name", "document.activeElement.value !== ''").await?;
    window.press_key(Key::End, 1).await?;
    window.press_key(Key::Backspace, 30).await?;
    window.press("by-keys").await?;
    press_enter(&window, "the name").await?;

    window.find("heading", "Environment").await?;
    focus_is_seen(&window, "the first step").await?;
    window.tab_to("combobox", "Version").await?;
    focus_is_seen(&window, "Tab to the version").await?;
    window.press_key(Key::Down, 1).await?;
    window.find("option", Name::Starts("20240111.v2".into())).await?;
    window.press("20240111").await?;
    focus_is_seen(&window, "choosing in the list").await?;
    window.press_key(Key::Enter, 1).await?;
    window.wait_gone(SOON, "option", Name::Any).await?;
    focus_is_seen(&window, "choosing a version").await?;
    window.tab_to("button", "Next").await?;
    press_enter(&window, "Next").await?;

    window.find("heading", "Settings").await?;
    focus_is_seen(&window, "the second step").await?;
    window.tab_to("button", "Advanced").await?;
    window.press(" ").await?;
    window.find("textbox", "Target port").await?;
    focus_is_seen(&window, "opening the advanced part").await?;
    window.tab_to("button", "Next").await?;
    press_enter(&window, "Next").await?;

    window.find("heading", "Review").await?;
    focus_is_seen(&window, "the third step").await?;
    window.tab_to("button", "Back").await?;
    press_enter(&window, "Back").await?;
    window.find("heading", "Settings").await?;
    focus_is_seen(&window, "going back").await?;
    window.tab_to("button", "Next").await?;
    press_enter(&window, "Next").await?;
    window.find("heading", "Review").await?;
    window.tab_to("button", "Create").await?;
    press_enter(&window, "Create").await?;

    window.find_within(OPERATION_LIMIT, "button", "Open by-keys").await?;
    focus_is_seen(&window, "the creation").await?;
    window.tab_to("button", "Open by-keys").await?;
    press_enter(&window, "Open").await?;
    window.find("heading", "by-keys").await?;
    window.wait_text(SOON, "Available").await?;
    focus_is_seen(&window, "opening the runtime").await?;
    assert_eq!(version_of(&engine, "by-keys")?, "20240111.v2");

    // The dialog keeps the focus inside, and gives it back.
    window.wait_text(SOON, "A new version is available").await?;
    window.tab_to("button", "Update").await?;
    press_enter(&window, "Update").await?;
    window.find("dialog", "Update runtime").await?;
    focus_in_dialog(&window).await?;
    for _ in 0..25 {
        window.press_key(Key::Tab, 1).await?;
        focus_in_dialog(&window).await?;
    }
    window.press_key(Key::Escape, 1).await?;
    window.wait_gone(SOON, "dialog", "Update runtime").await?;
    focus_is_seen(&window, "closing the dialog").await?;
    assert_eq!(window.focused().await?, "button \"Update\"");

    press_enter(&window, "Update").await?;
    window.find("dialog", "Update runtime").await?;
    window.wait_text(SOON, "What happens").await?;
    focus_in_dialog(&window).await?;
    window.tab_to("button", "Update").await?;
    press_enter(&window, "Update in the dialog").await?;
    window.find_within(OPERATION_LIMIT, "button", "Close").await?;
    focus_in_dialog(&window).await?;
    window.tab_to("button", "Close").await?;
    press_enter(&window, "Close").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    focus_is_seen(&window, "the update").await?;
    assert_eq!(version_of(&engine, "by-keys")?, "20240429.v8");

    // The tabs by arrows, the grid by arrows, and its menu.
    window.tab_to("tab", "Overview").await?;
    window.press_key(Key::Right, 1).await?;
    window.press_key(Key::Enter, 1).await?;
    focus_is_seen(&window, "an arrow in the tabs").await?;
    window.tab_to("link", "Runtimes").await?;
    press_enter(&window, "Runtimes").await?;
    window.find("heading", "Runtimes").await?;
    focus_is_seen(&window, "going to the runtimes").await?;
    // The grid is one stop of the Tab key.
    window.tab_to("button", "Name").await?;
    window.press_key(Key::Down, 1).await?;
    focus_is_seen(&window, "an arrow in the grid").await?;
    assert_eq!(window.focused().await?, "link \"by-keys\"");
    press_enter(&window, "the runtime's name").await?;
    window.find("heading", "by-keys").await?;
    focus_is_seen(&window, "opening the runtime from the grid").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

async fn focus_in_dialog(window: &Window) -> PartResult<()> {
    window
        .wait(
            SOON,
            "the focus to be in the dialog",
            "document.activeElement.closest('[role=dialog]') !== null",
        )
        .await
}
