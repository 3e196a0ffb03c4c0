//! Closing the window while operations or flows run: the person is asked, and nothing is lost either way.

use app::{App, api::ClosingDecision};
use tauri::{AppHandle, Manager, Runtime, Window, WindowEvent};

/// Holds the window open while operations or flows run, until the person has decided.
pub fn on_window_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        let app = window.state::<App>().inner().clone();
        if app.may_close() {
            return;
        }
        api.prevent_close();
        let handle = window.app_handle().clone();
        tauri::async_runtime::spawn(decide(app, handle));
    }
}

async fn decide<R: Runtime>(app: App, handle: AppHandle<R>) {
    let decision = app.decision_about_closing().await;
    match decision {
        ClosingDecision::Stay => {}
        ClosingDecision::KeepRunning => {
            if let Some(window) = handle.get_webview_window(crate::window::MAIN)
                && let Err(error) = window.hide()
            {
                tracing::warn!(%error, "the window could not be hidden");
            }
            app.idle().await;
            // Shown again meanwhile by a second start: then it stays.
            let hidden = handle
                .get_webview_window(crate::window::MAIN)
                .is_none_or(|window| !window.is_visible().unwrap_or(false));
            if hidden {
                handle.exit(0);
            }
        }
        ClosingDecision::CancelOperations => {
            app.idle().await;
            handle.exit(0);
        }
    }
}
