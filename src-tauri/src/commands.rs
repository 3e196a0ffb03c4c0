//! The one-line commands, written from the table in the `app` crate.

use std::panic::AssertUnwindSafe;

#[allow(clippy::wildcard_imports, reason = "the table names every type of the border")]
use app::{App, api::*};
use domain::finding::{Problem, ProblemCode};
use futures_util::FutureExt;
use tauri::{State, ipc::Invoke};

/// A panic in a command becomes an error answer.
async fn guarded<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Err(Problem::new(
            ProblemCode::Internal,
            "The application could not do this because of a fault of its own.",
        )
        .hint("Try again. If it stays, the log folder named under Settings tells more.")
        .retryable())
    })
}

macro_rules! handlers {
    ($($set:ident $name:ident($request:ty) -> $response:ty;)*) => {
        mod table {
            use super::*;
            $(
                #[tauri::command]
                pub async fn $name(app: State<'_, App>, request: $request) -> Result<$response, Problem> {
                    guarded(app::handlers::$name(&app, request)).await
                }
            )*
        }

        /// Handles every command of the table, and the streams.
        pub fn handler() -> impl Fn(Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![
                $(table::$name,)*
                crate::streams::watch,
                crate::streams::open_log,
                crate::streams::stop_following,
            ]
        }
    };
}

app::for_each_command!(handlers);
