//! A batch run from its begin to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::flows::{DataFile, FlowPath, Snapshot};
use domain::{
    batch::{Ahead, BatchId, BatchState, Before, LaneState},
    connection::Connections,
    finding::{Problem, ProblemCode},
    flow::{FlowId, FlowRunId, FlowRunState},
    scrub::Scrubber,
    secret::Secret,
};
use executor::Place;
use history::HistoryError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    active::{Active, Want},
    draft, end_rows, lane,
    queue::Rows,
};
use crate::{
    api::BatchDraft,
    connections,
    context::{App, lock, now},
    flows::{Chosen, connection_names, connections_of, hidden, of_files, place, variables},
    problem,
};

/// How long rows that are counted are waited for.
const COUNTED_WITHIN: Duration = Duration::from_millis(300);
/// Runs of a flow that tell how long its rows will take.
const RUNS_LOOKED_AT: usize = 8;

/// What is kept of a batch run so that it can go on. It holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub draft: BatchDraft,
    /// What a class's constructor takes, by type.
    pub init: Map<String, Value>,
    /// Tells whether the file of rows is still the same.
    pub stamp: String,
    /// Tells whether the flow's files are still the same; empty = it did not run yet.
    pub hash: String,
}

/// Everything that the lanes of a batch run share.
pub(super) struct Work {
    pub app: App,
    pub active: Arc<Active>,
    pub id: BatchId,
    pub draft: BatchDraft,
    pub init: Map<String, Value>,
    pub chosen: Chosen,
    pub snapshot: Snapshot,
    pub data: DataFile,
    /// The batch run that values are taken from; `None` = the mapping takes none.
    pub other: Option<BatchId>,
    pub connections: Connections,
    pub variables: Vec<(String, Secret)>,
    pub scrubber: Scrubber,
    pub rows: Rows,
    /// Seconds that rows of the flow took the last time.
    seconds: Vec<f64>,
    /// It has been tried to count the rows.
    counted: CancellationToken,
    /// Where everything is inside the runtimes; the same in each.
    pub place: Place,
    /// Every row has its result.
    pub drained: AtomicBool,
    /// The nodes that run once over all rows have, or there are none.
    pub aggregated: AtomicBool,
    /// Nothing is left to do for any runtime.
    pub finished: CancellationToken,
    /// One of the runtimes sees to that.
    pub aggregating: tokio::sync::Mutex<()>,
    /// Answers of rows that run are not waited for any more.
    pub given_up: CancellationToken,
}

impl Work {
    /// What is known before the first row ends. Very many rows are not waited for until they are counted.
    pub async fn before(&self) -> Before {
        let _ = timeout(COUNTED_WITHIN, self.counted.cancelled()).await;
        let batch = self.active.batch();
        let lanes = u32::try_from(batch.lanes.len()).unwrap_or(u32::MAX).max(1);
        let left = batch.rows.map_or(0, |rows| rows.saturating_sub(batch.completed + batch.failed));
        Before { seconds: self.seconds.clone(), share: left / lanes }
    }
}

/// Lets a batch run go on by itself. It is kept already, and not active.
pub(super) fn begin(app: &App, active: Arc<Active>, request: Request) {
    let id = active.batch().id;
    lock(&app.batches.active).insert(id.clone(), active.clone());
    app.hub.batches();
    let app = app.clone();
    tokio::spawn(async move {
        let done = go(&app, &active, request).await;
        end(&app, &active, done).await;
        lock(&app.batches.active).remove(&id);
        // Once more: whoever asks now finds what is kept.
        app.hub.batch(&active.batch());
        app.hub.batches();
    });
}

/// How it came to its end: whether everything that was wanted of it is done.
async fn go(app: &App, active: &Arc<Active>, request: Request) -> bool {
    let prepared = tokio::select! {
        prepared = prepare(app, active, request) => prepared,
        () = active.until(Want::Pause) => return false,
    };
    let work = match prepared {
        Ok(work) => Arc::new(work),
        Err(problem) => {
            active.fails(app, problem);
            return false;
        }
    };
    let counting = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(count(work.clone())));
    let giving_up =
        tokio_util::task::AbortOnDropHandle::new(tokio::spawn(end_rows::give_up(work.clone())));
    let lanes = (0..active.batch().lanes.len())
        .map(|index| tokio::spawn(lane::lane(work.clone(), index)))
        .collect::<Vec<_>>();
    for lane in lanes {
        if let Err(error) = lane.await {
            active.fails(
                app,
                Problem::new(
                    ProblemCode::Internal,
                    format!("A part of the batch run ended unexpectedly: {error}."),
                ),
            );
        }
    }
    let _ = (counting, giving_up);
    work.drained.load(Ordering::SeqCst) && work.aggregated.load(Ordering::SeqCst)
}

async fn prepare(app: &App, active: &Arc<Active>, request: Request) -> Result<Work, Problem> {
    let history = &app.parts.history;
    let Request { draft, init, stamp, hash } = request;
    let id = active.batch().id;
    active.change(app, |batch| {
        batch.note = Some("The flow's files are looked through.".into());
    });
    let chosen = draft::chosen(app, &draft).await?;
    let existing = connection_names(app).await?;
    crate::flows::refuse_errors(&chosen, None, &existing)?;
    let names = connections_of(&chosen, &existing, None);
    let connections = connections::for_flow(app, &names).await?;
    let variables = variables(&chosen, &connections, None)?;
    let scrubber = Scrubber::new(connections.secrets().chain(hidden(&variables)));
    let snapshot = chosen.disk.snapshot(chosen.instead.as_ref()).await;
    let snapshot = snapshot.map_err(|error| of_files(&error))?;

    let other = draft::other_of(app, &draft).await?;
    let path = draft::file_of(&draft, other.as_ref()).unwrap_or_default();
    let data = DataFile::open(&path).await.map_err(|error| draft::of_data(&error))?;
    if data.stamp != stamp {
        return Err(Problem::new(
            ProblemCode::ChangedMeanwhile,
            format!(
                "{} was changed since the batch run began, so its rows are not the same any more.",
                data.path.display()
            ),
        )
        .hint("Put the file back as it was, or start a new batch run."));
    }
    let ended = history.ended_batch_rows(&id).await.map_err(|error| problem::of_history(&error))?;
    let seconds = took_before(app, &draft.flow).await;
    let seconds = seconds.map_err(|error| problem::of_history(&error))?;
    let is_mixed = !hash.is_empty() && hash != snapshot.hash() && ended.rows.number() > 0;
    active.change(app, |batch| {
        batch.completed = ended.completed;
        batch.failed = ended.failed;
        batch.bytes = ended.bytes;
        batch.mixed |= is_mixed;
        batch.note = None;
    });
    let kept = Request { draft, init, stamp, hash: snapshot.hash().to_owned() };
    let kept_value = serde_json::to_value(&kept).unwrap_or_default();
    let saved = history.keep_batch_request(&id, &kept_value).await;
    saved.map_err(|error| problem::of_history(&error))?;
    let place = place::of_run(snapshot.hash(), &chosen.disk.path.file, &FlowRunId(id.0.clone()));
    active.set_folder(&place.folder);
    let takes = draft::takes_from_other(&chosen.flow.inputs, &kept.draft);
    Ok(Work {
        app: app.clone(),
        active: active.clone(),
        id,
        other: kept.draft.other.clone().filter(|_| takes),
        draft: kept.draft,
        init: kept.init,
        chosen,
        snapshot,
        rows: Rows::new(data.rows(None), ended.rows),
        seconds,
        data,
        connections,
        variables,
        scrubber,
        counted: CancellationToken::new(),
        place,
        drained: AtomicBool::new(false),
        aggregated: AtomicBool::new(false),
        finished: CancellationToken::new(),
        aggregating: tokio::sync::Mutex::new(()),
        given_up: CancellationToken::new(),
    })
}

/// Seconds that the last rows of a flow took, or else its last runs.
async fn took_before(app: &App, flow: &FlowId) -> Result<Vec<f64>, HistoryError> {
    let history = &app.parts.history;
    let rows = history.last_row_durations(flow, Ahead::RECENT).await?;
    if !rows.is_empty() {
        return Ok(rows);
    }
    let runs = history.flow_runs(Some(flow), RUNS_LOOKED_AT).await?;
    let whole = runs
        .into_iter()
        .filter(|run| run.node.is_none() && run.state == FlowRunState::Completed)
        .filter_map(|run| run.duration);
    Ok(whole.collect())
}

/// Counts the rows of the file beside everything else.
async fn count(work: Arc<Work>) {
    // Also where it ends early.
    let _counted = work.counted.clone().drop_guard();
    if work.active.batch().rows.is_some() {
        return;
    }
    match work.data.count(work.given_up.clone()).await {
        Ok(Some(rows)) => {
            work.active.change(&work.app, |batch| batch.rows = Some(rows));
        }
        Ok(None) => {}
        // Whoever reads the rows meets the same.
        Err(error) => tracing::info!(%error, "the rows of a file could not be counted"),
    }
}

/// Writes down how it ended, and tells it.
async fn end(app: &App, active: &Active, done: bool) {
    active.change(app, |batch| {
        batch.state = match active.wanted() {
            _ if done => BatchState::Completed,
            Want::Cancel => BatchState::Cancelled,
            _ if batch.problem.is_some() => BatchState::Failed,
            Want::Pause | Want::Leave => BatchState::Paused,
            Want::GoOn => BatchState::Failed,
        };
        if batch.state == BatchState::Failed && batch.problem.is_none() {
            batch.problem = Some(
                Problem::new(
                    ProblemCode::NoService,
                    "None of its runtimes can be used any more, so the rows that are left did not run.",
                )
                .hint("Look at the runtimes' pages for the reason, then press Resume."),
            );
        }
        batch.note = None;
        batch.running = 0;
        batch.rate = None;
        batch.time_left = None;
        for lane in &mut batch.lanes {
            lane.running = 0;
            lane.state = if batch.state.is_final() { LaneState::Ended } else { LaneState::Waiting };
        }
        batch.ended = batch.state.is_final().then(now);
    });
    if let Err(problem) = active.save(app, true).await {
        tracing::warn!(problem = problem.sentence, "the end of a batch run could not be kept");
    }
}

/// The path of a flow, for its name.
pub(super) fn name_of(draft: &BatchDraft) -> String {
    FlowPath::of(&draft.flow).name()
}
