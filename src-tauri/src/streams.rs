//! Streams to the window: changes, and open logs. Each ends with its token, and all end when the
//! page is loaded again or the application ends.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use app::{
    App,
    api::{Change, LogNews, Nothing, OfStream, OpenLog},
};
use domain::finding::Problem;
use serde::Serialize;
use tauri::{State, ipc::Channel};
use tokio_util::sync::CancellationToken;

/// What goes to the window by itself just now.
#[derive(Default)]
pub struct Streams {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    watching: Option<CancellationToken>,
    logs: BTreeMap<u32, CancellationToken>,
    last: u32,
}

impl Streams {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for one more open log, and how it is ended.
    fn log(&self) -> (u32, CancellationToken) {
        let token = CancellationToken::new();
        let mut open = self.open();
        open.last += 1;
        let stream = open.last;
        open.logs.insert(stream, token.clone());
        (stream, token)
    }

    /// Ends everything.
    pub fn stop_all(&self) {
        let mut open = self.open();
        for (_, log) in std::mem::take(&mut open.logs) {
            log.cancel();
        }
        if let Some(watching) = open.watching.take() {
            watching.cancel();
        }
    }
}

/// Names a stream that was opened.
#[derive(Serialize)]
pub struct Opened {
    stream: u32,
}

/// Tells the window of every change from now on. A page that was loaded again replaces the old one.
#[tauri::command]
pub async fn watch(
    app: State<'_, App>,
    streams: State<'_, Streams>,
    channel: Channel<Change>,
) -> Result<Nothing, Problem> {
    streams.stop_all();
    let token = CancellationToken::new();
    streams.open().watching = Some(token.clone());
    let mut changes = app.subscribe();
    tauri::async_runtime::spawn(async move {
        loop {
            let next = tokio::select! {
                next = changes.next() => next,
                () = token.cancelled() => return,
            };
            for change in next {
                if channel.send(change).is_err() {
                    return;
                }
            }
        }
    });
    Ok(Nothing {})
}

/// Opens a log; its news come over the channel, and its lines can be asked for, until `stop_following`.
#[tauri::command]
pub async fn open_log(
    app: State<'_, App>,
    streams: State<'_, Streams>,
    request: OpenLog,
    channel: Channel<LogNews>,
) -> Result<Opened, Problem> {
    let (stream, token) = streams.log();
    let log = app::open_log(&app, stream, request).await?;
    tauri::async_runtime::spawn(async move {
        let following = log.follow(|news| channel.send(news).is_ok());
        tokio::select! { () = following => {}, () = token.cancelled() => {} }
    });
    Ok(Opened { stream })
}

/// Closes an open log; no error when it has ended.
#[tauri::command]
pub async fn stop_following(
    streams: State<'_, Streams>,
    request: OfStream,
) -> Result<Nothing, Problem> {
    if let Some(token) = streams.open().logs.remove(&request.stream) {
        token.cancel();
    }
    Ok(Nothing {})
}
