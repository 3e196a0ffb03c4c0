//! The application's own log: one file a day, a week of them. Secrets cannot reach it: their type
//! prints nothing, and requests are never logged.

use std::path::Path;

use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Files that are kept.
const DAYS: usize = 7;

/// Starts logging into this folder; what is buffered is written when the guard is dropped.
/// `PROMPTFLOW_RUNTIMES_LOG` filters, e.g. `debug` or `app=trace`.
pub fn start(folder: &Path) -> Result<WorkerGuard, crate::StartError> {
    std::fs::create_dir_all(folder)?;
    let file = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("promptflow-runtimes")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    // Libraries that speak HTTP would log headers at their finest levels: they stay at `warn`.
    let filter = EnvFilter::try_from_env("PROMPTFLOW_RUNTIMES_LOG").unwrap_or_else(|_| {
        EnvFilter::new("warn,app=info,engine=info,registry=info,vault=info,history=info,executor=info,promptflow_runtimes=info")
    });
    let quiet =
        ["hyper", "hyper_util", "reqwest", "h2", "rustls", "bollard", "zbus", "secret_service"]
            .iter()
            .filter_map(|library| format!("{library}=warn").parse().ok())
            .fold(filter, EnvFilter::add_directive);
    tracing_subscriber::registry()
        .with(quiet)
        .with(tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false))
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let payload = panic.payload();
        let words = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(%place, "a fault of this application: {}", words.unwrap_or("no words"));
        eprintln!("{panic}");
    }));
    Ok(guard)
}
