//! Logs that are open in the application without a window, and containers that write them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use app::api::{LogFacets, LogLine, LogNews, LogOf, LogState, OpenLog, ReadLog};
use app::{App, handlers};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::headless::refused;
use crate::{PartError, PartResult};

/// How long anything about a log may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A log that is open until this is dropped.
pub struct OpenedLog {
    app: App,
    pub stream: u32,
    state: watch::Receiver<Option<LogState>>,
    pub facets: watch::Receiver<LogFacets>,
    task: JoinHandle<()>,
}

impl Drop for OpenedLog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OpenedLog {
    /// Opens one.
    pub async fn open(app: &App, of: LogOf) -> PartResult<Self> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let stream = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let log = app::open_log(app, stream, OpenLog { of }).await.map_err(refused)?;
        let (told, state) = watch::channel(None);
        let (facets_told, facets) = watch::channel(LogFacets::default());
        let task = tokio::spawn(log.follow(move |news| {
            match news {
                LogNews::State(state) => drop(told.send_replace(Some(state))),
                LogNews::Facets(facets) => drop(facets_told.send_replace(facets)),
            }
            true
        }));
        Ok(Self { app: app.clone(), stream, state, facets, task })
    }

    /// The news, when they say this.
    pub async fn until(
        &mut self,
        about: &str,
        is: impl Fn(&LogState) -> bool,
    ) -> PartResult<LogState> {
        let end = Instant::now() + LIMIT;
        loop {
            let now = self.state.borrow_and_update().clone();
            if let Some(now) = &now
                && is(now)
            {
                return Ok(now.clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.state.changed()).await {
                Ok(Ok(())) => {}
                _ => return Err(PartError::new(format!("{about} is not told: {now:#?}"))),
            }
        }
    }

    /// Lines of the view.
    pub async fn lines(&self, from: i64, count: u32) -> PartResult<Vec<LogLine>> {
        let request = ReadLog { stream: self.stream, from, count };
        Ok(handlers::read_log(&self.app, request).await.map_err(refused)?.lines)
    }

    /// Texts of all lines of the view.
    pub async fn texts(&self) -> PartResult<Vec<String>> {
        let mut from = self.state.borrow().as_ref().map_or(0, |state| state.view.first);
        let mut texts = Vec::new();
        loop {
            let lines = self.lines(from, 1000).await?;
            let Some(last) = lines.last() else { return Ok(texts) };
            from = last.index + 1;
            texts.extend(lines.iter().map(text));
        }
    }
}

/// The text of a line.
pub fn text(line: &LogLine) -> String {
    line.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Arguments that make a container which the application takes for a runtime, and which runs this script.
pub fn writes<'a>(
    name: &'a str,
    label: &'a str,
    more: &[&'a str],
    script: &'a str,
) -> Vec<&'a str> {
    let mut arguments = vec!["run", "-d", "--name", name, "--network", "none", "--label", label];
    arguments.extend(more);
    arguments.extend(["logs:test", "sh", "-c", script]);
    arguments
}
