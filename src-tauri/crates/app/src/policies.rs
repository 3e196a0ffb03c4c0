//! Policies: runtimes that are updated by themselves. One task sleeps until the next moment at which a
//! window opens or something it depends on is different.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    compute::ComputeId,
    finding::Problem,
    image::ImageReference,
    operation::{Operation, OperationKind, OperationState, Subject},
    policy::{Moment, Opening, UpdatePolicy, Window, is_old_enough, old_enough_on},
    runtime::{Runtime, RuntimeId, Status},
    version::Version,
};
use history::History;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        ActiveRuns, LastLook, PolicyNews, PolicyOutcome, PolicyView, PreviewUpdate,
        SetUpdatePolicy, TooYoung, UpdateRuntime, VersionAnswer, VersionCheck,
    },
    context::{App, lock},
    operations, problem, series, table, versions,
};

const KEY: &str = "update-policy:";

/// The longest sleep: a machine that was suspended, or whose clock was set, is noticed this late.
const LONGEST_SLEEP: SignedDuration = SignedDuration::from_mins(15);
/// How long after something hindered an update it is looked again, while the window is open.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// What is kept of one runtime's policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Record {
    policy: UpdatePolicy,
    /// By the wall clock.
    last_try: Option<Timestamp>,
    news: Option<PolicyNews>,
}

/// What the last look saw.
#[derive(Clone, Debug)]
struct Look {
    /// By the wall clock.
    at: Timestamp,
    /// Which check it saw.
    check: Option<Timestamp>,
    /// When to look again though the window stays open and nothing else changes.
    again: Option<Timestamp>,
    sentence: String,
}

/// All policies other than *tell me*, and what was seen of them.
#[derive(Default)]
pub(crate) struct Policies {
    records: BTreeMap<RuntimeId, Record>,
    looks: BTreeMap<RuntimeId, Look>,
}

/// Reads what is kept.
pub(crate) async fn load(history: &History) -> Policies {
    let kept = history.settings_under(KEY).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the update policies cannot be read; nothing is updated by itself");
        vec![]
    });
    let mut policies = Policies::default();
    for (id, value) in kept {
        match serde_json::from_value::<Record>(value) {
            Ok(mut record) => {
                close_news(history, &mut record).await;
                policies.records.insert(RuntimeId(id), record);
            }
            Err(error) => tracing::warn!(%error, "an update policy cannot be read"),
        }
    }
    policies
}

/// An update that ran when the application ended is over now: its history tells how.
async fn close_news(history: &History, record: &mut Record) {
    let Some(news) = record.news.as_mut().filter(|news| news.outcome.is_none()) else { return };
    let operation = history.operation(&news.operation).await.ok().flatten();
    news.outcome = Some(match operation.filter(|operation| operation.state.is_final()) {
        Some(operation) => outcome(&operation),
        None => PolicyOutcome {
            updated: false,
            sentence:
                "The application ended during the update. What it left is put right by itself."
                    .into(),
        },
    });
}

fn outcome(operation: &Operation) -> PolicyOutcome {
    let problem = operation.problem.as_ref().map(|problem| problem.sentence.as_str());
    let stands = operation.outcome.as_deref();
    let sentences: Vec<&str> = problem.into_iter().chain(stands).collect();
    PolicyOutcome {
        updated: operation.state == OperationState::Succeeded,
        sentence: sentences.join(" "),
    }
}

/// Whether the person does not even want to hear of newer versions of this runtime.
pub(crate) fn is_never(app: &App, id: &RuntimeId) -> bool {
    lock(&app.policies).records.get(id).is_some_and(|record| record.policy == UpdatePolicy::Never)
}

/// A runtime's policy, and what it means now.
pub(crate) fn view(app: &App, id: &RuntimeId) -> Result<PolicyView, Problem> {
    let row = operations::row(app, id)?;
    let now = (app.parts.wall_clock)();
    let check = lock(&app.checks).get(id).filter(|check| check.current == row.version).cloned();
    let policies = lock(&app.policies);
    let record = policies.records.get(id).cloned().unwrap_or_default();
    let look = policies.looks.get(id).filter(|look| look.at <= now.timestamp());
    let mut view = PolicyView {
        looks_again: None,
        open_until: None,
        too_young: None,
        last_look: None,
        news: record.news,
        policy: record.policy,
    };
    if let UpdatePolicy::Window { window, older_than_days } = &view.policy {
        let next = |now: &Zoned| window.next_after(now).map(|opening| opening.from.timestamp());
        match window.moment(&now, record.last_try) {
            Moment::Wait(until) => view.looks_again = until.map(|until| until.timestamp()),
            Moment::Open(opening) => {
                let again = look.map_or(Some(now.timestamp()), |look| look.again);
                view.looks_again =
                    again.filter(|again| *again < opening.to.timestamp()).or_else(|| next(&now));
                view.open_until = Some(opening.to.timestamp());
            }
        }
        view.too_young = check
            .as_ref()
            .and_then(newest)
            .filter(|version| !is_old_enough(*version, *older_than_days, now.date()))
            .map(|version| TooYoung {
                version,
                old_enough_on: old_enough_on(version, *older_than_days),
            });
        view.last_look = look.map(|look| LastLook { at: look.at, sentence: look.sentence.clone() });
    }
    Ok(view)
}

fn newest(check: &VersionCheck) -> Option<Version> {
    match &check.answer {
        VersionAnswer::Newer { version, .. } => *version,
        _ => None,
    }
}

/// Changes a runtime's policy.
pub(crate) async fn set(app: &App, request: SetUpdatePolicy) -> Result<(), Problem> {
    let row = operations::row(app, &request.runtime)?;
    if let Some((field, sentence)) = request.policy.fault() {
        return Err(Problem::field(field, sentence));
    }
    {
        let mut policies = lock(&app.policies);
        policies.looks.remove(&row.id);
        policies.records.entry(row.id.clone()).or_default().policy = request.policy;
    }
    keep(app, &row.id).await?;
    // Whether a newer version is told in the row may be different now.
    table::refresh_runtime(app, &row.id);
    app.hub.policy(&row.id);
    app.policies_stirred.notify_one();
    Ok(())
}

/// The person has read what was done by itself.
pub(crate) async fn acknowledge(app: &App, id: &RuntimeId) -> Result<(), Problem> {
    if let Some(record) = lock(&app.policies).records.get_mut(id) {
        record.news.take_if(|news| news.outcome.is_some());
    }
    app.hub.policy(id);
    keep(app, id).await
}

async fn keep(app: &App, id: &RuntimeId) -> Result<(), Problem> {
    let key = format!("{KEY}{id}");
    let record = lock(&app.policies).records.get(id).cloned();
    let kept = match record.map(serde_json::to_value) {
        Some(Ok(value)) => app.parts.history.keep_setting(&key, &value).await,
        Some(Err(error)) => Err(error.into()),
        None => app.parts.history.forget_setting(&key).await,
    };
    kept.map_err(|error| problem::of_history(&error))
}

/// Takes in that an operation has ended: what a policy began is told, and a deleted runtime's is gone.
pub(crate) async fn operation_ended(app: &App, operation: &Operation) {
    let Some(id) = &operation.runtime else { return };
    let deleted =
        operation.kind == OperationKind::Delete && operation.state == OperationState::Succeeded;
    let changed = {
        let mut policies = lock(&app.policies);
        if deleted {
            policies.looks.remove(id);
            policies.records.remove(id).is_some()
        } else {
            let news = policies.records.get_mut(id).and_then(|record| record.news.as_mut());
            let own = news.filter(|news| news.operation == operation.id);
            own.map(|news| news.outcome = Some(outcome(operation))).is_some()
        }
    };
    if changed {
        app.hub.policy(id);
        if let Err(error) = keep(app, id).await {
            tracing::warn!(%error, "an update policy could not be kept");
        }
    }
    app.policies_stirred.notify_one();
}

/// Looks after all policies while the application runs.
pub(crate) async fn look_after(app: App) {
    loop {
        // A stir while it looks is not lost: it holds until the next wait.
        let next = look_at_all(&app).await;
        let now = (app.parts.wall_clock)().timestamp();
        let left = next
            .map_or(LONGEST_SLEEP, |next| next.duration_since(now))
            .clamp(SignedDuration::from_secs(1), LONGEST_SLEEP);
        let left = Duration::try_from(left).unwrap_or(Duration::from_secs(1));
        tokio::select! {
            () = app.policies_stirred.notified() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}

/// Looks at each runtime that may be updated by itself now. Answers the next moment at which any of
/// them is to be looked at.
async fn look_at_all(app: &App) -> Option<Timestamp> {
    let mut rows: Vec<Runtime> = lock(&app.table).rows().cloned().collect();
    rows.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let mut moments: Vec<Timestamp> = Vec::new();
    for row in rows {
        let record = lock(&app.policies).records.get(&row.id).cloned().unwrap_or_default();
        let UpdatePolicy::Window { window, older_than_days } = &record.policy else { continue };
        let now = (app.parts.wall_clock)();
        match window.moment(&now, record.last_try) {
            Moment::Wait(until) => moments.extend(until.map(|until| until.timestamp())),
            Moment::Open(opening) => {
                if is_due(app, &row.id, &opening, &now) {
                    attend(app, &row, window, *older_than_days, &now).await;
                    app.hub.policy(&row.id);
                }
                moments.push(opening.to.timestamp());
                moments.extend(lock(&app.policies).looks.get(&row.id).and_then(|look| look.again));
            }
        }
    }
    moments.into_iter().min()
}

/// Whether an open window is a reason to look: it was not yet, something hindered and some time is over,
/// or a newer check is there.
fn is_due(app: &App, id: &RuntimeId, opening: &Opening, now: &Zoned) -> bool {
    let check = lock(&app.checks).get(id).map(|check| check.checked);
    let policies = lock(&app.policies);
    let now = now.timestamp();
    // A look that lies outside was of another opening, or under a wrong clock.
    let look =
        policies.looks.get(id).filter(|look| opening.from.timestamp() <= look.at && look.at <= now);
    look.is_none_or(|look| {
        look.again.is_some_and(|again| again <= now) || (check.is_some() && look.check != check)
    })
}

/// Why nothing is begun, and whether that may be different soon.
struct NotNow {
    sentence: String,
    soon: bool,
}

impl NotNow {
    fn soon(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), soon: true }
    }

    fn as_long_as_it_is_so(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), soon: false }
    }
}

/// Updates a runtime whose window is open, or notes why not.
async fn attend(app: &App, row: &Runtime, window: &Window, older_than_days: u32, now: &Zoned) {
    let begun = match aim(app, row, older_than_days, now).await {
        Ok((image, version)) => begin(app, row, window, &image, version, now).await,
        Err(not_now) => Err(not_now),
    };
    let check = lock(&app.checks).get(&row.id).map(|check| check.checked);
    let mut policies = lock(&app.policies);
    match begun {
        Ok(()) => {
            policies.looks.remove(&row.id);
        }
        Err(NotNow { sentence, soon }) => {
            tracing::info!(runtime = %row.name, %sentence, "not updated by its policy");
            let at = now.timestamp();
            let again = soon.then(|| at + AGAIN);
            policies.looks.insert(row.id.clone(), Look { at, check, again, sentence });
        }
    }
}

/// What to update to, when nothing speaks against it.
async fn aim(
    app: &App,
    row: &Runtime,
    older_than_days: u32,
    now: &Zoned,
) -> Result<(ImageReference, Version), NotNow> {
    hindrance(app, row)?;
    let check = versions::ask_now(app, row).await;
    let (image, version, skipped) = match check.answer {
        VersionAnswer::Newer { image, version: Some(version), skipped, .. } => {
            (image, version, skipped)
        }
        VersionAnswer::Newer { .. } => {
            return Err(NotNow::as_long_as_it_is_so(
                "The newer image has no date, so its age cannot be told. It is not taken by itself.",
            ));
        }
        VersionAnswer::Rebuilt { .. } => {
            return Err(NotNow::as_long_as_it_is_so(
                "The same version was rebuilt. Its age cannot be told, so it is not taken by itself.",
            ));
        }
        VersionAnswer::NewerOfEnvironment { .. } | VersionAnswer::NewerBase { .. } => {
            return Err(NotNow::as_long_as_it_is_so(
                "It runs an environment of yours. A new version of that is not taken by itself.",
            ));
        }
        VersionAnswer::UpToDate { .. } => {
            return Err(NotNow::as_long_as_it_is_so("There is no newer version."));
        }
        VersionAnswer::Unknown { because } => return Err(NotNow::soon(because.sentence)),
    };
    let today = now.date();
    if !skipped && is_old_enough(version, older_than_days, today) {
        return Ok((image, version));
    }
    // An older one between what runs and the newest may do.
    let unwanted = app.parts.history.skipped(&row.id).await.unwrap_or_default();
    let accepted = |version: Version| {
        is_old_enough(version, older_than_days, today) && !unwanted.contains(&version)
    };
    let found = versions::newest_where(app, row, accepted)
        .await
        .map_err(|problem| NotNow::soon(problem.sentence))?;
    match found.and_then(|image| image.version().map(|version| (image, version))) {
        Some(found) => Ok(found),
        None if skipped => Err(NotNow::as_long_as_it_is_so(format!("You skipped {version}."))),
        None => Err(NotNow::as_long_as_it_is_so(format!(
            "{version} is not old enough before {}.",
            old_enough_on(version, older_than_days)
        ))),
    }
}

/// What forbids to touch a runtime at this moment.
fn hindrance(app: &App, row: &Runtime) -> Result<(), NotNow> {
    if lock(&app.busy).contains_key(&Subject::Runtime(row.id.clone())) {
        return Err(NotNow::soon("Another operation worked on it."));
    }
    if let Some(held) = &row.lock {
        return Err(NotNow::soon(format!("{} worked on it.", held.who)));
    }
    if series::is_running(app) {
        return Err(NotNow::soon("Several runtimes were being updated together."));
    }
    if let Some(other) = other_on(app, &row.compute) {
        return Err(NotNow::soon(format!(
            "{other} was being updated. On one compute that is done one after another."
        )));
    }
    if !matches!(row.status, Status::Available | Status::Stopped) {
        return Err(NotNow::soon("It was not well. Only a runtime that works is touched."));
    }
    Ok(())
}

/// Which runtime of a compute a policy updates now.
fn other_on(app: &App, compute: &ComputeId) -> Option<String> {
    let begun: Vec<_> = lock(&app.policies)
        .records
        .values()
        .filter_map(|record| record.news.as_ref())
        .filter(|news| news.outcome.is_none())
        .map(|news| news.operation.clone())
        .collect();
    operations::active(app)
        .into_iter()
        .find(|operation| operation.compute == *compute && begun.contains(&operation.id))
        .map(|operation| operation.name)
}

/// Begins the update, unless something about it needs the person.
async fn begin(
    app: &App,
    row: &Runtime,
    window: &Window,
    image: &ImageReference,
    version: Version,
    now: &Zoned,
) -> Result<(), NotNow> {
    let environment = versions::environment(row, image);
    let request = PreviewUpdate { runtime: row.id.clone(), environment: environment.clone() };
    let preview = operations::preview_update(app, request)
        .await
        .map_err(|problem| NotNow::soon(problem.sentence))?;
    if let Some(refusal) = preview.refusals.first() {
        return Err(NotNow::as_long_as_it_is_so(refusal.sentence.clone()));
    }
    if let Some(doubt) = preview.confirmations.first() {
        return Err(NotNow::as_long_as_it_is_so(format!(
            "{} That needs your confirmation.",
            doubt.sentence
        )));
    }
    match preview.active_runs {
        ActiveRuns::Known { count: 0 } | ActiveRuns::Unknown => {}
        ActiveRuns::Known { count: 1 } => return Err(NotNow::soon("One run was active.")),
        ActiveRuns::Known { count } => {
            return Err(NotNow::soon(format!("{count} runs were active.")));
        }
    }
    let by = format!("the update policy of this runtime (window {window})");
    let request = UpdateRuntime {
        runtime: row.id.clone(),
        environment,
        confirmed: false,
        cancel_runs: false,
        shown: None,
    };
    // Written down before it begins: an application that is killed in it does not try again at its
    // next start.
    let at = now.timestamp();
    if let Some(record) = lock(&app.policies).records.get_mut(&row.id) {
        record.last_try = Some(at);
    }
    keep(app, &row.id).await.map_err(|problem| NotNow::as_long_as_it_is_so(problem.sentence))?;
    let operation = operations::update_by(app, request, Some(by))
        .map_err(|problem| NotNow::as_long_as_it_is_so(problem.sentence))?;
    tracing::info!(runtime = %row.name, %version, "updated by its policy");
    // One that could not even begin may have ended already.
    let ended = lock(&app.operations).get(&operation).map(|running| running.view());
    let outcome = ended.filter(|view| view.state.is_final()).map(|view| outcome(&view));
    let news = PolicyNews { operation, version, started: at, outcome };
    if let Some(record) = lock(&app.policies).records.get_mut(&row.id) {
        record.news = Some(news);
    }
    keep(app, &row.id).await.map_err(|problem| NotNow::as_long_as_it_is_so(problem.sentence))
}
