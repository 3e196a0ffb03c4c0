//! The one window.

use tauri::{AppHandle, Manager, Runtime, WebviewUrl, WebviewWindowBuilder};

/// Label of the window; the capability grants by it.
pub const MAIN: &str = "main";

/// Set to anything: the window opens on a page without content. The benchmark measures the start
/// against it, in the same binary.
const BLANK: &str = "PROMPTFLOW_RUNTIMES_BLANK";

/// Creates the window. Its place and size are those of the last time.
pub fn create<R: Runtime>(app: &tauri::App<R>) -> tauri::Result<()> {
    let page = match std::env::var_os(BLANK) {
        Some(_) => WebviewUrl::App("blank.html".into()),
        None => WebviewUrl::default(),
    };
    WebviewWindowBuilder::new(app, MAIN, page)
        .title("Prompt flow Runtimes")
        .inner_size(1240.0, 800.0)
        .min_inner_size(640.0, 480.0)
        .build()?;
    Ok(())
}

/// Shows the window, e.g. when the application is started a second time.
pub fn show<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let shown =
            window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}
