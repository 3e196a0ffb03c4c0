//! Starting, pausing, cancelling and going on with batch runs.

use std::{sync::Arc, time::Duration};

use domain::{
    batch::{Batch, BatchId, BatchState, Lane, LaneState},
    finding::{Problem, ProblemCode},
    runtime::RuntimeId,
};
use history::KeptBatch;

use super::{
    active,
    active::{Active, Want},
    draft::{Examined, examine},
    run::{self, Request},
};
use crate::{
    api::BatchDraft,
    context::{App, lock, now},
    flows::first_of,
    problem,
};

/// How long rows that run may take when a runtime is wanted for something else.
const PAUSE_LIMIT: Duration = Duration::from_secs(60);

fn of_history(error: &history::HistoryError) -> Problem {
    problem::of_history(error)
}

/// Begins a batch run and answers its id. What can be known to be wrong is refused before anything happens.
pub(crate) async fn start(app: &App, draft: BatchDraft) -> Result<BatchId, Problem> {
    let Examined { data, runtimes, init, problems, .. } = examine(app, &draft).await;
    if !problems.is_empty() {
        return Err(first_of(problems, ProblemCode::InvalidInput));
    }
    let Some((data, preview)) = data else {
        return Err(Problem::field("file", "Choose the file of rows."));
    };
    let history = &app.parts.history;
    let flow_name = run::name_of(&draft);
    let name = match draft.name.trim() {
        "" => proposed_name(app, &draft, &flow_name).await?,
        typed => typed.to_owned(),
    };
    let batch = Batch {
        id: BatchId(uuid::Uuid::new_v4().to_string()),
        flow: draft.flow.clone(),
        flow_name,
        name,
        tags: vec![],
        description: String::new(),
        lanes: runtimes
            .iter()
            .map(|(row, version)| Lane {
                runtime: row.id.clone(),
                name: row.name.to_string(),
                version: version.clone(),
                state: LaneState::Waiting,
                running: 0,
                ended: 0,
                note: None,
            })
            .collect(),
        file: data.path.display().to_string(),
        format: data.format,
        mapping: draft.mapping.clone(),
        other: draft.other.clone(),
        variants: draft.variants.clone(),
        settings: draft.settings.clone(),
        state: BatchState::Queued,
        note: None,
        started: now(),
        ended: None,
        rows: preview.is_whole.then(|| u32::try_from(preview.rows.len()).unwrap_or(u32::MAX)),
        completed: 0,
        failed: 0,
        running: 0,
        bytes: 0,
        rate: None,
        time_left: None,
        mixed: false,
        metrics: vec![],
        tokens: None,
        nodes: vec![],
        problem: None,
    };
    let file = data.path.display().to_string();
    let draft = BatchDraft { file, ..draft };
    let request = Request { draft, init, stamp: data.stamp, hash: String::new() };
    history.remember_flow(&batch.flow).await.map_err(|error| of_history(&error))?;
    let kept = serde_json::to_value(&request).unwrap_or_default();
    let begun = history.begin_batch(&batch, &kept, &app.parts.identity.process).await;
    begun.map_err(|error| of_history(&error))?;
    let id = batch.id.clone();
    run::begin(app, Arc::new(Active::new(batch)), request);
    Ok(id)
}

/// The flow's name and the first number that none of its batch runs has.
async fn proposed_name(app: &App, draft: &BatchDraft, flow: &str) -> Result<String, Problem> {
    let others = app.parts.history.batches(Some(&draft.flow), 1_000).await;
    let others = others.map_err(|error| of_history(&error))?;
    let mut number = others.len() + 1;
    let name = |number: usize| format!("{flow} {number}");
    while others.iter().any(|other| other.name == name(number)) {
        number += 1;
    }
    Ok(name(number))
}

async fn kept(app: &App, id: &BatchId) -> Result<KeptBatch, Problem> {
    let kept = app.parts.history.batch(id).await.map_err(|error| of_history(&error))?;
    kept.ok_or_else(|| problem::not_found("The batch run"))
}

/// No row begins any more; those that run end. One that has ended stays as it is.
pub(crate) async fn pause(app: &App, id: &BatchId) -> Result<(), Problem> {
    match active(app, id) {
        Some(active) => active.want(app, Want::Pause),
        None => drop(kept(app, id).await?),
    }
    Ok(())
}

/// Ends a batch run: rows that run are ended, what has a result stays.
pub(crate) async fn cancel(app: &App, id: &BatchId) -> Result<(), Problem> {
    if let Some(active) = active(app, id) {
        active.want(app, Want::Cancel);
        return Ok(());
    }
    let mut batch = kept(app, id).await?.batch;
    if batch.state == BatchState::Paused {
        batch.state = BatchState::Cancelled;
        batch.ended = Some(now());
        app.parts.history.save_batch(&batch).await.map_err(|error| of_history(&error))?;
        app.hub.batch(&batch);
        app.hub.batches();
    }
    Ok(())
}

/// Goes on with a batch run that is paused, or that ended before all its rows had.
pub(crate) async fn resume(app: &App, id: &BatchId) -> Result<(), Problem> {
    if active(app, id).is_some() {
        return Err(problem::busy_batch());
    }
    let kept = kept(app, id).await?;
    if !kept.batch.state.can_resume(kept.batch.left()) {
        return Err(Problem::new(
            ProblemCode::Busy,
            format!("{} has nothing left to do.", kept.batch.name),
        )
        .hint("Rerun failed takes the rows that failed; Run again starts a new one."));
    }
    go_on(app, kept).await
}

/// Rows that failed run again, and those that are left.
pub(crate) async fn rerun_failed(app: &App, id: &BatchId) -> Result<(), Problem> {
    if active(app, id).is_some() {
        return Err(problem::busy_batch());
    }
    let kept = kept(app, id).await?;
    if kept.batch.failed == 0 {
        return Err(Problem::new(
            ProblemCode::Busy,
            format!("No row of {} failed.", kept.batch.name),
        ));
    }
    let forgotten = app.parts.history.forget_failed_batch_rows(id).await;
    forgotten.map_err(|error| of_history(&error))?;
    go_on(app, kept).await
}

/// Takes a kept batch run up where its results end.
async fn go_on(app: &App, kept: KeptBatch) -> Result<(), Problem> {
    let history = &app.parts.history;
    let KeptBatch { mut batch, request, process } = kept;
    let own = &app.parts.identity.process;
    if process != *own && (app.parts.is_alive)(&process) && batch.state.is_active() {
        return Err(problem::busy_batch());
    }
    let request: Request = serde_json::from_value(request).map_err(|error| {
        Problem::new(
            ProblemCode::Storage,
            format!("What {} needs to go on cannot be read.", batch.name),
        )
        .hint("Start a new batch run with the same file.")
        .details(error.to_string())
    })?;
    if !history.take_batch(&batch.id, &process, own).await.map_err(|error| of_history(&error))? {
        return Err(problem::busy_batch());
    }
    let ended = history.ended_batch_rows(&batch.id).await.map_err(|error| of_history(&error))?;
    batch.interrupted(ended.completed, ended.failed);
    // What was counted of rows that run again does not count.
    let figures = history.batch_node_figures(&batch.id).await;
    batch.nodes = figures.map_err(|error| of_history(&error))?;
    batch.state = BatchState::Queued;
    batch.ended = None;
    batch.problem = None;
    let changed = versions_now(app, &mut batch);
    batch.mixed |= changed && ended.rows.number() > 0;
    history.save_batch(&batch).await.map_err(|error| of_history(&error))?;
    run::begin(app, Arc::new(Active::new(batch)), request);
    Ok(())
}

/// Puts in which versions the runtimes have now; `true` = one is known to differ.
fn versions_now(app: &App, batch: &mut Batch) -> bool {
    let mut changed = false;
    for lane in &mut batch.lanes {
        let row = lock(&app.table).row(&lane.runtime).cloned();
        if let Some(version) = row.and_then(|row| row.version).map(|version| version.to_string())
            && version != lane.version
        {
            changed |= !lane.version.is_empty();
            lane.version = version;
        }
    }
    changed
}

/// Pauses everything that is active.
pub(crate) fn pause_all(app: &App) {
    for active in lock(&app.batches.active).values() {
        active.want(app, Want::Leave);
    }
}

/// The application ends: everything is paused and nothing is waited for longer than `limit`. What had no
/// result by then runs again later.
pub(crate) async fn leave_all(app: &App, limit: Duration) {
    pause_all(app);
    let ended = async {
        while !lock(&app.batches.active).is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(limit, ended).await.is_err() {
        tracing::info!("a batch run has not ended in time");
    }
}

/// Pauses what uses a runtime, and waits until no row runs there.
pub(crate) async fn pause_on(app: &App, runtime: &RuntimeId) {
    let meant: Vec<Arc<Active>> = {
        let all = lock(&app.batches.active);
        let on = all
            .values()
            .filter(|active| active.batch().lanes.iter().any(|lane| lane.runtime == *runtime));
        on.cloned().collect()
    };
    for active in &meant {
        active.want(app, Want::Leave);
    }
    let ended = async {
        while meant.iter().any(|own| active(app, &own.batch().id).is_some()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(PAUSE_LIMIT, ended).await.is_err() {
        tracing::info!("a batch run was not paused in time");
    }
}

/// Batch runs that an earlier process of this application left go on by themselves; those that it was about
/// to pause are paused.
pub(crate) async fn recover(app: App) {
    let Ok(left) = app.parts.history.unfinished_batches().await else { return };
    for kept in left {
        let own = kept.process == app.parts.identity.process;
        if own || (app.parts.is_alive)(&kept.process) || kept.batch.state == BatchState::Paused {
            continue;
        }
        let name = kept.batch.name.clone();
        let done = if matches!(kept.batch.state, BatchState::Pausing | BatchState::Cancelling) {
            settle(&app, kept.batch).await
        } else {
            go_on(&app, kept).await
        };
        if let Err(problem) = done {
            tracing::warn!(name, problem = problem.sentence, "a batch run does not go on");
        }
    }
}

/// Writes down what was wanted of one that nobody leads any more.
async fn settle(app: &App, mut batch: Batch) -> Result<(), Problem> {
    let history = &app.parts.history;
    let ended = history.ended_batch_rows(&batch.id).await.map_err(|error| of_history(&error))?;
    batch.interrupted(ended.completed, ended.failed);
    batch.ended = batch.state.is_final().then(now);
    history.save_batch(&batch).await.map_err(|error| of_history(&error))?;
    app.hub.batch(&batch);
    app.hub.batches();
    Ok(())
}
