//! The logs that are open.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::finding::{Problem, ProblemCode};
use tokio::{sync::Notify, time::Instant};

use super::{
    container,
    mend::Mended,
    places::Places,
    selection::{Selection, Wanted},
    store::{Counts, Feeder, Store},
    texts,
};
use crate::{
    api::{LogMatches, LogNews, LogOf, LogSourceView, LogState, LogView, OpenLog},
    context::{App, lock},
    flows, operations, problem,
};

/// News are at least this far apart: 10 a second; those of facets a second.
const PACE: Duration = Duration::from_millis(100);
/// The first lines are told at once.
const FIRST_PACE: Duration = Duration::from_millis(5);
const FACETS_PACE: Duration = Duration::from_secs(1);
/// Logs that are merged at most.
const MOST_MERGED: usize = 16;
/// What cannot happen to a job that does not panic.
const GONE: &str = "The log could not be read because of a fault of the application.";

/// One log that is open.
pub(crate) struct Opened {
    pub(super) app: App,
    pub(super) of: LogOf,
    pub(super) store: Store,
    pub(super) standing: Mutex<Standing>,
    pub(super) views: Mutex<Views>,
    /// The filter or fold that was asked for last, and the search.
    pub(super) filter_turn: AtomicU64,
    pub(super) search_turn: AtomicU64,
    /// Nobody has it open any more.
    pub(super) closed: AtomicBool,
    /// There is something new.
    pub(super) stirred: Notify,
    pub(super) places: Places,
    /// How it is called in a file's name.
    pub(super) name: String,
}

/// How a log stands.
#[derive(Clone, Default)]
pub(super) struct Standing {
    pub whole: bool,
    pub reading: u64,
    pub live: bool,
    pub sources: Vec<LogSourceView>,
    pub notes: Vec<String>,
}

/// What is shown and searched.
#[derive(Default)]
pub(super) struct Views {
    pub revision: u32,
    pub view: Selection,
    pub search: Option<Selection>,
}

impl Views {
    pub fn view(&self) -> LogView {
        LogView { revision: self.revision, first: -self.view.before(), end: self.view.after() }
    }

    pub fn matches(&self) -> Option<LogMatches> {
        self.search
            .as_ref()
            .map(|search| LogMatches { lines: (search.before() + search.after()).unsigned_abs() })
    }
}

/// The logs that are open, by stream.
#[derive(Default)]
pub(crate) struct OpenLogs(Mutex<BTreeMap<u32, Arc<Opened>>>);

/// The log of a stream.
pub(crate) fn of(app: &App, stream: u32) -> Result<Arc<Opened>, Problem> {
    lock(&app.logs.0).get(&stream).cloned().ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, "This log is not open any more.").hint("Open it again.")
    })
}

/// That a file of the application cannot be written or read.
pub(super) fn of_disk(error: &io::Error) -> Problem {
    Problem::new(ProblemCode::Storage, "The log cannot be kept on this machine's disk.")
        .hint("Check the free space of the disk, then open the log again.")
        .details(error.to_string())
        .retryable()
}

/// A log that was opened; it is closed when this is dropped.
pub struct FollowedLog {
    opened: Arc<Opened>,
    stream: u32,
}

impl Drop for FollowedLog {
    fn drop(&mut self) {
        self.opened.closed.store(true, Ordering::Relaxed);
        lock(&self.opened.app.logs.0).remove(&self.stream);
    }
}

/// Opens a log under the number of a stream.
pub async fn open_log(app: &App, stream: u32, request: OpenLog) -> Result<FollowedLog, Problem> {
    let source = |name: String| LogSourceView {
        name,
        runtime: None,
        following: true,
        ended: None,
        problem: None,
    };
    let mut places = Places::default();
    let (name, sources) = match &request.of {
        LogOf::Runtimes { runtimes } => {
            if runtimes.is_empty() || runtimes.len() > MOST_MERGED {
                return Err(Problem::field("of", "Choose from one to 16 runtimes."));
            }
            let rows = runtimes.iter().map(|id| operations::row(app, id));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            places.known = known_flows(app).await;
            let sources = rows.iter().map(|row| LogSourceView {
                runtime: Some(row.id.clone()),
                ..source(row.name.to_string())
            });
            let name = match &rows[..] {
                [only] => only.name.to_string(),
                several => format!("{}-runtimes", several.len()),
            };
            (name, sources.collect())
        }
        LogOf::Build { operation } => (format!("build-{operation}"), vec![source("Build".into())]),
        LogOf::FlowRun { run } => {
            let run = flows::run_detail(app, run).await?.run;
            let folder = PathBuf::from(&run.flow.0);
            places.own = folder.parent().map(|folder| (run.flow.clone(), folder.to_owned()));
            (run.flow_name.clone(), vec![source(run.flow_name)])
        }
        LogOf::File { path } => {
            let path = PathBuf::from(path);
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.filter(|_| path.is_absolute() && path.is_file()).ok_or_else(|| {
                Problem::field("of", "There is no such file.")
                    .hint("Choose a log file of this machine.")
            })?;
            places.known = known_flows(app).await;
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            (stem.unwrap_or_else(|| name.clone()), vec![source(name)])
        }
    };
    let folder = app.parts.folders.data.join("open-logs");
    let store = tokio::task::spawn_blocking(move || Store::create(&folder));
    let store = joined(store.await)?.map_err(|error| of_disk(&error))?;
    let opened = Arc::new(Opened {
        app: app.clone(),
        of: request.of,
        store,
        standing: Mutex::new(Standing { live: true, sources, ..Standing::default() }),
        views: Mutex::new(Views { view: Selection::new(Wanted::default()), ..Views::default() }),
        filter_turn: AtomicU64::new(0),
        search_turn: AtomicU64::new(0),
        closed: AtomicBool::new(false),
        stirred: Notify::new(),
        places,
        name,
    });
    lock(&app.logs.0).insert(stream, opened.clone());
    Ok(FollowedLog { opened, stream })
}

async fn known_flows(app: &App) -> Vec<(domain::flow::FlowId, PathBuf)> {
    let known = app.parts.history.flows().await.unwrap_or_default();
    known
        .into_iter()
        .filter_map(|known| {
            let folder = PathBuf::from(&known.flow.0).parent()?.to_owned();
            Some((known.flow, folder))
        })
        .collect()
}

/// The answer of a job that blocks.
pub(super) fn joined<T>(answer: Result<T, tokio::task::JoinError>) -> Result<T, Problem> {
    answer.map_err(|error| Problem::new(ProblemCode::Internal, GONE).details(error.to_string()))
}

impl FollowedLog {
    /// Reads the log and tells news until `tell` says that nobody listens. It never ends by itself: the lines can be
    /// asked for until this is dropped.
    pub async fn follow(self, tell: impl FnMut(LogNews) -> bool) {
        let reading = async {
            let ended = match &self.opened.of {
                LogOf::Runtimes { runtimes } => container::read(&self.opened, runtimes).await,
                LogOf::Build { operation } => texts::build(&self.opened, operation).await,
                LogOf::FlowRun { run } => texts::flow_run(&self.opened, run).await,
                LogOf::File { path } => texts::file(&self.opened, path).await,
            };
            self.opened.change(|standing| {
                standing.live = false;
                for source in &mut standing.sources {
                    source.following = false;
                    if let Err(problem) = &ended {
                        source.problem.get_or_insert_with(|| Box::new(problem.clone()));
                    }
                }
            });
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = reading => {}
            () = self.opened.tell(tell) => {}
        }
    }
}

impl Opened {
    /// Changes how it stands, and tells.
    pub(super) fn change(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut lock(&self.standing));
        self.stirred.notify_one();
    }

    /// Does work that blocks.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let opened = self.clone();
        let answer = tokio::task::spawn_blocking(move || work(&opened)).await;
        joined(answer)?.map_err(|error| of_disk(&error))
    }

    async fn tell(self: &Arc<Self>, mut tell: impl FnMut(LogNews) -> bool) {
        let mut told = None;
        let mut facets = crate::api::LogFacets::default();
        let mut facets_told: Option<Instant> = None;
        loop {
            let state = match self.blocking(Self::state).await {
                Ok(state) => state,
                Err(problem) => {
                    tracing::warn!(?problem, "an open log cannot be read");
                    return;
                }
            };
            let quiet = told.as_ref() == Some(&state);
            if !quiet {
                if !tell(LogNews::State(state.clone())) {
                    return;
                }
                told = Some(state);
            }
            if facets_told.is_none_or(|at| at.elapsed() >= FACETS_PACE) {
                let now = self.store.facets();
                if now != facets {
                    facets = now;
                    facets_told = Some(Instant::now());
                    if !tell(LogNews::Facets(facets.clone())) {
                        return;
                    }
                }
            }
            let nothing_yet = told.as_ref().is_none_or(|told| told.end == told.first);
            tokio::time::sleep(if nothing_yet { FIRST_PACE } else { PACE }).await;
            tokio::select! {
                () = self.stirred.notified() => {}
                () = tokio::time::sleep(FACETS_PACE), if !quiet => {}
            }
        }
    }

    /// How it stands now, with all lines that are there taken in.
    fn state(&self) -> io::Result<LogState> {
        let mut views = lock(&self.views);
        views.view.catch_up(&self.store, &|| true)?;
        if let Some(search) = &mut views.search {
            search.catch_up(&self.store, &|| true)?;
        }
        let (view, search) = (views.view(), views.matches());
        let standing = lock(&self.standing).clone();
        let noise = lock(&self.store.counts).noise;
        let (first, end) = (self.store.first(), self.store.end());
        drop(views);
        Ok(LogState {
            first,
            end,
            whole: standing.whole,
            reading: if standing.whole { 0 } else { standing.reading },
            live: standing.live,
            noise,
            view,
            search,
            sources: standing.sources,
            notes: standing.notes,
        })
    }

    /// Puts older lines before the others. From then on the log is whole.
    pub(super) fn join(
        &self,
        older: spool::Part,
        counts: &Counts,
        feeders: Vec<Feeder>,
        mended: &[Mended],
    ) -> io::Result<Vec<Feeder>> {
        let mut views = lock(&self.views);
        let (changed, feeders) = self.store.join(older, counts, feeders, mended)?;
        if changed {
            views.revision += 1;
            views.view = Selection::new(views.view.wanted.clone());
            if let Some(search) = &views.search {
                views.search = Some(Selection::new(search.wanted.clone()));
            }
        }
        views.view.catch_up(&self.store, &|| true)?;
        drop(views);
        self.change(|standing| {
            standing.whole = true;
            standing.reading = 0;
        });
        Ok(feeders)
    }

    /// Sentence of a problem that keeps a source from being read on.
    pub(super) fn stopped(&self, source: usize, problem: &Problem) {
        self.change(|standing| {
            if let Some(source) = standing.sources.get_mut(source) {
                source.following = false;
                source.ended = Some(problem.sentence.clone());
            }
        });
    }

    /// The runtime's row now; `None` = it is gone.
    pub(super) fn row(&self, id: &domain::runtime::RuntimeId) -> Option<domain::runtime::Runtime> {
        operations::row(&self.app, id).ok()
    }

    /// An engine's refusal in words.
    pub(super) fn refused(error: &engine::EngineError) -> Problem {
        problem::of_engine(error)
    }
}
