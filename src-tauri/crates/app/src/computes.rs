//! Computes: connected, watched, and tried again. One task each, so that a slow or dead one never
//! delays another.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use domain::{
    compute::{ComputeAddress, ComputeId, EngineFacts, FoundCompute, Unreachable, can_host},
    container::EngineEvent,
    finding::{Problem, ProblemCode},
    label,
};
use engine::{Engine, EngineError};
use futures_util::{StreamExt, stream::BoxStream};
use jiff::Timestamp;
use tokio::{sync::Notify, time::Instant};

use crate::{
    api::{ComputeState, ComputeView},
    context::{App, lock},
    problem,
};

/// First and longest pause between two tries to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often engines are looked for that were not there before.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A compute and how it stands.
pub(crate) struct ComputeEntry {
    pub found: FoundCompute,
    pub state: ComputeState,
    pub engine: Option<Arc<dyn Engine>>,
    pub facts: Option<EngineFacts>,
    pub in_step_until: Option<Timestamp>,
    pub free_disk: Option<u64>,
    retry: Arc<Notify>,
}

/// Looks for computes now and again, and watches each.
pub(crate) fn start(app: &App) {
    look(app);
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            look(&app);
        }
    });
}

/// Looks for computes now, e.g. after one was started.
pub(crate) fn look_now(app: &App) {
    look(app);
    for entry in lock(&app.computes).values() {
        if entry.engine.is_none() {
            entry.retry.notify_one();
        }
    }
}

/// Takes in computes that were not known yet. Known ones stay: they say themselves why they are gone.
fn look(app: &App) {
    let found = app.parts.computes.discover();
    let mut new = Vec::new();
    {
        let mut computes = lock(&app.computes);
        let mut order = lock(&app.order);
        for compute in &found {
            if !computes.contains_key(&compute.id) {
                let retry = Arc::new(Notify::new());
                computes.insert(
                    compute.id.clone(),
                    ComputeEntry {
                        found: compute.clone(),
                        state: ComputeState::Connecting,
                        engine: None,
                        facts: None,
                        in_step_until: None,
                        free_disk: None,
                        retry: retry.clone(),
                    },
                );
                new.push((compute.clone(), retry));
            }
        }
        let known: Vec<ComputeId> = computes.keys().cloned().collect();
        *order = found.iter().map(|compute| compute.id.clone()).collect();
        let missing: Vec<ComputeId> = known.into_iter().filter(|id| !order.contains(id)).collect();
        order.extend(missing);
    }
    if new.is_empty() {
        return;
    }
    tell(app);
    for (compute, retry) in new {
        tokio::spawn(watch(app.clone(), compute, retry));
    }
}

/// How all computes stand, in Docker's own order.
pub(crate) fn views(app: &App) -> Vec<ComputeView> {
    let counts = lock(&app.table).counts();
    let computes = lock(&app.computes);
    lock(&app.order)
        .iter()
        .filter_map(|id| computes.get(id))
        .map(|entry| ComputeView {
            id: entry.found.id.clone(),
            name: entry.found.name.clone(),
            origin: entry.found.origin.clone(),
            address: entry.found.address.clone(),
            state: entry.state.clone(),
            facts: entry.facts.clone(),
            in_step_until: entry.in_step_until,
            free_disk: entry.free_disk,
            runtimes: counts.get(&entry.found.id).copied().unwrap_or(0),
            started_here: match &entry.found.address {
                ComputeAddress::Socket { path } => app.parts.computes.started_here(path),
                ComputeAddress::NotSupported { .. } => false,
            },
        })
        .collect()
}

pub(crate) fn tell(app: &App) {
    app.hub.computes(&views(app));
}

/// The compute's name for people.
pub(crate) fn name(app: &App, id: &ComputeId) -> String {
    lock(&app.computes).get(id).map_or_else(|| id.to_string(), |entry| entry.found.name.clone())
}

/// The engine of a connected compute.
pub(crate) fn engine(app: &App, id: &ComputeId) -> Result<Arc<dyn Engine>, Problem> {
    let computes = lock(&app.computes);
    let entry = computes.get(id).ok_or_else(|| problem::not_found("The compute"))?;
    match (&entry.engine, &entry.state) {
        (Some(engine), _) => Ok(engine.clone()),
        (
            None,
            ComputeState::NotReachable { why }
            | ComputeState::Reconnecting { why }
            | ComputeState::CannotHost { why },
        ) => Err(problem::of_unreachable(&why.reason)),
        (None, _) => Err(Problem::new(
            ProblemCode::ComputeUnreachable,
            "The compute is being connected and cannot be used yet.",
        )
        .retryable()),
    }
}

/// Waits until a compute is connected and in step; gives its engine.
pub(crate) async fn connected(app: &App, id: &ComputeId) -> Arc<dyn Engine> {
    loop {
        // Listens before it looks: what is told in between is not missed.
        let listed = app.listed.notified();
        tokio::pin!(listed);
        listed.as_mut().enable();
        let engine = lock(&app.computes)
            .get(id)
            .filter(|entry| entry.state == ComputeState::Connected)
            .and_then(|entry| entry.engine.clone());
        if let Some(engine) = engine {
            return engine;
        }
        listed.await;
    }
}

/// Tries a compute again at once.
pub(crate) fn retry(app: &App, id: &ComputeId) -> Result<(), Problem> {
    look(app);
    let computes = lock(&app.computes);
    computes.get(id).ok_or_else(|| problem::not_found("The compute"))?.retry.notify_one();
    Ok(())
}

fn set_state(app: &App, id: &ComputeId, change: impl FnOnce(&mut ComputeEntry)) {
    if let Some(entry) = lock(&app.computes).get_mut(id) {
        change(entry);
    }
    tell(app);
}

async fn watch(app: App, found: FoundCompute, retry: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    let mut was_connected = false;
    loop {
        match app.parts.computes.connect(&found).await {
            Ok(engine) => match can_host(engine.facts()) {
                Ok(()) => {
                    let engine = crate::adopted::linked(&app, &found.id, engine);
                    match follow(&app, &found, &engine).await {
                        Ok(()) => pause = FIRST_PAUSE,
                        Err(error) => tracing::info!(compute = %found.id, %error, "listing ended"),
                    }
                    was_connected = true;
                    // An engine that only ended the stream of events can still be asked.
                    let (why, answers) = ended(&app, &found).await;
                    let why = problem::unreachable(&why);
                    set_state(&app, &found.id, |entry| {
                        if !answers {
                            entry.engine = None;
                        }
                        entry.in_step_until.get_or_insert(Timestamp::now());
                        entry.state = ComputeState::Reconnecting { why };
                    });
                    crate::diagnosis::compute_gone(&app, &found.id);
                }
                Err(reason) => {
                    let facts = engine.facts().clone();
                    set_state(&app, &found.id, |entry| {
                        entry.facts = Some(facts);
                        entry.state =
                            ComputeState::CannotHost { why: problem::unreachable(&reason) };
                    });
                    pause = LONGEST_PAUSE;
                }
            },
            Err(error) => {
                let why = problem::unreachable(&reason(&error));
                if let Some(entry) = lock(&app.computes).get_mut(&found.id) {
                    entry.engine = None;
                }
                let state = if was_connected {
                    ComputeState::Reconnecting { why }
                } else {
                    ComputeState::NotReachable { why }
                };
                let changed =
                    lock(&app.computes).get(&found.id).is_some_and(|entry| entry.state != state);
                if changed {
                    set_state(&app, &found.id, |entry| entry.state = state);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = retry.notified() => pause = FIRST_PAUSE,
        }
    }
}

fn reason(error: &EngineError) -> Unreachable {
    match error {
        EngineError::Unreachable(reason) => reason.clone(),
        other => Unreachable::Other { reason: other.words() },
    }
}

/// Why a stream of events ended, as a new try to connect tells, and whether the engine answers.
async fn ended(app: &App, found: &FoundCompute) -> (Unreachable, bool) {
    match app.parts.computes.connect(found).await {
        Ok(_) => {
            (Unreachable::Other { reason: "The connection to the engine ended.".into() }, true)
        }
        Err(error) => (reason(&error), false),
    }
}

/// One list, then events, until they end.
async fn follow(
    app: &App,
    found: &FoundCompute,
    engine: &Arc<dyn Engine>,
) -> Result<(), EngineError> {
    // Subscribed before the list, so that nothing falls between the two.
    // A burst asks once more after the end: fused, the end stays the end.
    let mut events = engine.events().await.fuse().boxed();
    let id = &found.id;
    let containers = engine.managed().await?;
    let free_disk = engine.free_disk().await.ok().flatten();
    let facts = engine.facts().clone();
    if let Some(entry) = lock(&app.computes).get_mut(id) {
        entry.engine = Some(engine.clone());
        entry.facts = Some(facts);
        entry.free_disk = free_disk;
        entry.in_step_until = None;
        entry.state = ComputeState::Connected;
    }
    crate::diagnosis::compute_back(app, id);
    crate::table::replace(app, id, containers);
    tell(app);
    app.listed.notify_waiters();
    crate::operations::recover_compute(app, id);
    // Once more shortly after: an engine that subscribes late loses nothing.
    let mut list_again = Some(Instant::now() + Duration::from_secs(2));
    loop {
        let due = list_again.unwrap_or_else(Instant::now);
        tokio::select! {
            batch = next_batch(&mut events) => {
                let Some(batch) = batch else { return Ok(()) };
                if apply(app, id, engine, batch?).await? == Look::Again {
                    list_again = Some(Instant::now() + Duration::from_millis(300));
                }
            }
            () = tokio::time::sleep_until(due), if list_again.is_some() => {
                list_again = None;
                crate::table::replace(app, id, engine.managed().await?);
                tell(app);
            }
        }
    }
}

/// What a burst of events amounts to: ids to look at again, and ids that are gone.
#[derive(Default)]
struct Batch {
    changed: BTreeSet<String>,
    gone: BTreeSet<String>,
    /// Processes of them were ended for memory.
    out_of_memory: BTreeSet<String>,
    /// What they tell that no later look would show.
    told: Vec<EngineEvent>,
}

impl Batch {
    fn take(&mut self, event: &EngineEvent) {
        if event.subject != "container" || !event.labels.contains_key(label::RUNTIME) {
            return;
        }
        let action = event.action.split(':').next().unwrap_or("");
        if matches!(action, "kill" | "stop" | "start" | "destroy" | "remove") {
            self.told.push(event.clone());
        }
        match action {
            "destroy" | "remove" => {
                self.changed.remove(&event.id);
                self.gone.insert(event.id.clone());
            }
            // Commands that run inside, and looking at files, change nothing of what is shown.
            "exec_create" | "exec_start" | "exec_die" | "exec_detach" | "exec" | "top"
            | "attach" | "archive-path" | "extract-to-dir" | "export" | "exec_died" => {}
            _ => {
                if action == "oom" {
                    self.out_of_memory.insert(event.id.clone());
                }
                self.changed.insert(event.id.clone());
            }
        }
    }
}

/// The next event, with all others that are there already; `None` when the stream ended.
async fn next_batch(
    events: &mut BoxStream<'static, Result<EngineEvent, EngineError>>,
) -> Option<Result<Batch, EngineError>> {
    let mut batch = Batch::default();
    match events.next().await? {
        Ok(event) => batch.take(&event),
        Err(error) => return Some(Err(error)),
    }
    // A burst on the engine is one look at each container.
    let until = Instant::now() + Duration::from_millis(8);
    while let Ok(Some(next)) = tokio::time::timeout_at(until, events.next()).await {
        match next {
            Ok(event) => batch.take(&event),
            // What was seen is applied first; the stream tells its end again.
            Err(error) => {
                tracing::info!(%error, "the stream of events broke");
                break;
            }
        }
    }
    Some(Ok(batch))
}

/// Whether every container could be looked at.
#[derive(PartialEq, Eq)]
enum Look {
    Done,
    /// One gave an odd answer, e.g. while it was being removed: list again in a moment.
    Again,
}

async fn apply(
    app: &App,
    compute: &ComputeId,
    engine: &Arc<dyn Engine>,
    batch: Batch,
) -> Result<Look, EngineError> {
    let mut look = Look::Done;
    for event in &batch.told {
        crate::diagnosis::note_event(app, event);
    }
    for container in &batch.out_of_memory {
        crate::memory::note(app, container);
    }
    for gone in &batch.gone {
        lock(&app.out_of_memory).remove(gone);
        crate::table::remove(app, compute, gone);
    }
    let looked: Vec<(String, Result<_, EngineError>)> =
        futures_util::stream::iter(batch.changed.into_iter().map(|id| async move {
            let answer = engine.inspect(&id).await;
            (id, answer)
        }))
        .buffer_unordered(8)
        .collect()
        .await;
    for (id, answer) in looked {
        match answer {
            Ok(container) => crate::table::put(app, compute, container),
            Err(EngineError::NotFound(_)) => crate::table::remove(app, compute, &id),
            Err(error @ EngineError::Unreachable(_)) => return Err(error),
            Err(error) => {
                tracing::info!(%error, "a container gave an odd answer");
                look = Look::Again;
            }
        }
    }
    if !batch.gone.is_empty() {
        tell(app);
    }
    Ok(look)
}

/// Looks at one container again, e.g. after an operation's own step.
pub(crate) async fn look_at(app: &App, compute: &ComputeId, engine: &Arc<dyn Engine>, id: &str) {
    match engine.inspect(id).await {
        Ok(container) => crate::table::put(app, compute, container),
        Err(EngineError::NotFound(_)) => crate::table::remove(app, compute, id),
        Err(error) => tracing::debug!(%error, "a container could not be looked at again"),
    }
}
