//! Keyring, display and window start, work and leave nothing behind.
//!
//! The window's own tools are tried on WebKit's small browser with a page that has what journeys meet.

use std::path::PathBuf;

use real_parts::display::Display;
use real_parts::journey::{Key, Name, SOON};
use real_parts::keyring::{Keyring, KeyringState};
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult, leftovers, program};

#[test]
fn an_unlocked_keyring_stores_and_a_locked_one_does_not() -> PartResult<()> {
    let store = |keyring: &Keyring| {
        program::output(
            program::command("sh")?
                .args(["-c", "printf s3cret | timeout 5 secret-tool store --label=x service parts username ada"])
                .envs(keyring.environment()),
        )
    };
    let mut keyring = Keyring::start(KeyringState::Unlocked)?;
    assert_eq!(keyring.lookup(&["service", "parts", "username", "ada"])?, None);
    store(&keyring)?;
    assert_eq!(
        keyring.lookup(&["service", "parts", "username", "ada"])?.as_deref(),
        Some("s3cret")
    );
    keyring.lock()?;
    assert!(store(&keyring).is_err());
    keyring.unlock()?;
    assert_eq!(
        keyring.lookup(&["service", "parts", "username", "ada"])?.as_deref(),
        Some("s3cret")
    );
    let folder = keyring.folder().to_owned();
    drop(keyring);
    assert_eq!(leftovers(&folder), Vec::<String>::new());

    let mut absent = Keyring::start(KeyringState::Absent)?;
    assert!(store(&absent).is_err());
    absent.unlock()?;
    store(&absent)?;
    assert!(store(&Keyring::start(KeyringState::Locked)?).is_err());
    Ok(())
}

#[test]
fn a_test_runs_again_with_other_variables() -> PartResult<()> {
    let environment = Keyring::no_bus();
    if program::again_with("a_test_runs_again_with_other_variables", &environment)? {
        assert_eq!(
            std::env::var("DBUS_SESSION_BUS_ADDRESS").as_deref(),
            Ok("unix:path=/nonexistent/bus")
        );
    }
    Ok(())
}

#[test]
fn two_displays_have_two_numbers() -> PartResult<()> {
    let (first, second) = (Display::start()?, Display::start()?);
    assert_ne!(first.name(), second.name());
    assert_eq!(first.windows()?, Vec::<String>::new());
    let socket = PathBuf::from(format!("/tmp/.X11-unix/X{}", first.name().trim_start_matches(':')));
    assert!(socket.exists());
    drop(first);
    assert!(!socket.exists());
    Ok(())
}

const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Parts</title>
<style>button { overflow: hidden }</style></head><body><main>
<h1>Runtimes</h1>
<label>Name <input id="name" value="old"></label>
<button id="add" onclick="document.getElementById('out').textContent = 'added ' + document.getElementById('name').value">
  <span>Add</span> runtime</button>
<button hidden>Add runtime</button>
<button disabled id="later">Later</button>
<button onclick="console.error('made on purpose')">Break</button>
<img src="data:," id="bad">
<p id="out"></p></main></body></html>"#;

fn small_browser() -> PartResult<PathBuf> {
    let folders = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|machine| format!("/usr/lib/{machine}/webkit2gtk-4.1/MiniBrowser"));
    folders.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        PartError::new(
            "WebKit's MiniBrowser is missing: it is in the Debian package libwebkit2gtk-4.1-0.",
        )
    })
}

#[tokio::test]
async fn a_window_is_driven_by_role_and_name_and_leaves_nothing() -> PartResult<()> {
    let page = tempfile::Builder::new().suffix(".html").tempfile()?;
    std::fs::write(page.path(), PAGE)?;
    let window = Window::open(WindowOptions {
        application: Some(small_browser()?),
        arguments: vec!["--automation".to_owned()],
        address: Some(format!("file://{}", page.path().display())),
        size: (1000, 700),
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "Runtimes").await?;
    window.fill("textbox", "Name", "new").await?;
    window.click("button", "Add runtime").await?;
    window.wait_text(SOON, "added new").await?;
    let button = window.find("button", Name::Starts("Add".to_owned())).await?;
    assert_eq!(window.text_of(&button).await?, "Add runtime");
    window.click("textbox", "Name").await?;
    window.press("er").await?;
    window.tab_to("button", "Add runtime").await?;
    window.press_key(Key::Enter, 1).await?;
    window.wait_text(SOON, "er").await?;
    let rules: Vec<String> =
        window.axe().await?.into_iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, ["image-alt"]);
    window.click("button", "Break").await?;
    window.wait(SOON, "the error", "window.partsPage.errors.length > 0").await?;
    assert!(window.page_errors().await?[0].contains("made on purpose"));
    let error =
        window.find_within(std::time::Duration::from_millis(200), "button", "Nowhere").await;
    let words = error.map(drop).expect_err("no such button").to_string();
    assert!(words.contains("button \"Add runtime\"") && words.contains("added new"), "{words}");
    // It goes in the moment it was found, as the last frame of a closing dialog does.
    let goes = "const find = window.partsPage.find; \
        window.partsPage.find = (...what) => { const found = find(...what); \
        found.forEach((element) => element.remove()); return found; };";
    window.run(goes, Vec::new()).await?;
    window.wait_gone(SOON, "button", "Later").await?;
    let picture = page.path().with_extension("png");
    window.picture(&picture).await?;
    assert!(std::fs::read(&picture)?.starts_with(b"\x89PNG"));
    std::fs::remove_file(&picture)?;
    assert!(!window.display().windows()?.is_empty());
    let application = window.application_process()?;
    drop(window);
    assert!(!program::is_alive(&application.to_string()));
    Ok(())
}
