//! The shell: the window, the one-line commands, the log. The only room that knows Tauri.

mod closing;
mod commands;
mod folders;
mod logging;
mod streams;
mod surroundings;
mod window;

use app::App;
use tauri::{Manager, RunEvent};

/// Why the application cannot start. A sentence for the terminal.
pub type StartError = Box<dyn std::error::Error>;

/// Runs the application until its window is closed and nothing runs any more.
pub fn run() -> Result<(), StartError> {
    surroundings::prepare();
    let folders = folders::of_process();
    let _log = logging::start(&folders.logs)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the application starts");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    tauri::async_runtime::set(runtime.handle().clone());
    let parts = runtime.block_on(app::real_parts(folders, env!("CARGO_PKG_VERSION")))?;
    let state = runtime.block_on(App::new(parts));
    let tauri = tauri::Builder::default()
        // First, so that a second start does nothing but show the first one's window.
        .plugin(tauri_plugin_single_instance::init(|handle, _, _| window::show(handle)))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .manage(state.clone())
        .manage(streams::Streams::default())
        .invoke_handler(commands::handler())
        .setup(move |tauri| {
            window::create(tauri)?;
            let app = state.clone();
            tauri::async_runtime::spawn(async move {
                app::recover_all(&app).await;
                app.start();
            });
            Ok(())
        })
        .on_window_event(closing::on_window_event)
        .build(tauri::generate_context!())?;
    tauri.run(|handle, event| {
        if let RunEvent::Exit = event {
            handle.state::<streams::Streams>().stop_all();
            // The process ends without dropping what it holds.
            tauri::async_runtime::block_on(handle.state::<App>().end());
            tracing::info!("the application ends");
        }
    });
    Ok(())
}
