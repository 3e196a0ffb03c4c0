//! Update all: a series of updates, driven by the ends of operations. What may start next is decided
//! by `domain::series`.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    finding::{Problem, ProblemCode},
    image::{Digest, ImageReference},
    operation::{Operation, OperationState, Subject},
    runtime::{Runtime, RuntimeId},
    series::{Ended, Member, MemberState, Series, SeriesId},
};
use futures_util::StreamExt;

use crate::{
    api::{
        AllSeries, CheckVersion, EnvironmentDraft, Freshness, NotAmong, PreviewUpdate, UpdateAll,
        UpdateAllMember, UpdateAllPreview, UpdateCandidate, UpdateRuntime, VersionAnswer,
        WhyNotAmong,
    },
    context::{self, App, lock},
    fitness, operations, policies, problem, versions,
};

/// Runtimes that are looked at together.
const LOOKS_TOGETHER: usize = 4;
/// Series that are listed.
const LISTED: usize = 50;

/// Looks at every runtime: what would be updated, and why the others would not.
pub(crate) async fn preview(app: &App, freshness: Freshness) -> UpdateAllPreview {
    let mut rows: Vec<Runtime> = lock(&app.table).rows().cloned().collect();
    rows.sort_by(|a, b| {
        let key = |row: &Runtime| (row.compute_name.clone(), row.name.to_string());
        key(a).cmp(&key(b))
    });
    let looks = rows.clone().into_iter().map(|row| look(app.clone(), row, freshness));
    let looks: Vec<_> = futures_util::stream::iter(looks).buffered(LOOKS_TOGETHER).collect().await;
    let (mut candidates, mut others) = (Vec::new(), Vec::new());
    for (row, look) in rows.iter().zip(looks) {
        match look {
            Ok(candidate) => candidates.push(candidate),
            Err(because) => others.push(NotAmong {
                runtime: row.id.clone(),
                name: row.name.to_string(),
                compute_name: row.compute_name.clone(),
                because,
            }),
        }
    }
    UpdateAllPreview { candidates, others }
}

async fn look(
    app: App,
    row: Runtime,
    freshness: Freshness,
) -> Result<UpdateCandidate, WhyNotAmong> {
    let (app, row) = (&app, &row);
    let request = CheckVersion { runtime: row.id.clone(), freshness };
    let check = match versions::check(app, request).await {
        Ok(Some(check)) => check,
        Ok(None) => versions::ask_now(app, row).await,
        Err(because) => return Err(WhyNotAmong::Unknown { because }),
    };
    let of_image = |image: ImageReference| {
        let to = image.version().map_or_else(|| image.to_string(), |version| version.to_string());
        (to, versions::environment(row, &image))
    };
    let ((to, environment), rebuilt, skipped) = match check.answer {
        VersionAnswer::Newer { image, skipped, .. } => (of_image(image), false, skipped),
        VersionAnswer::Rebuilt { image, .. } => (of_image(image), true, false),
        VersionAnswer::NewerOfEnvironment { environment, name, to, .. } => {
            let draft = EnvironmentDraft::Named { environment, version: Some(to) };
            ((format!("{name} {to}"), draft), false, false)
        }
        VersionAnswer::NewerBase { .. } => {
            return Err(WhyNotAmong::UpToDate { passed_over: vec![] });
        }
        VersionAnswer::UpToDate { passed_over } => {
            return Err(WhyNotAmong::UpToDate { passed_over });
        }
        VersionAnswer::Unknown { because } => return Err(WhyNotAmong::Unknown { because }),
    };
    let request = PreviewUpdate { runtime: row.id.clone(), environment: environment.clone() };
    let preview = operations::preview_update(app, request)
        .await
        .map_err(|because| WhyNotAmong::Unknown { because })?;
    if let Some(because) = preview.refusals.first() {
        return Err(WhyNotAmong::Refused { because: because.clone() });
    }
    if preview.same_image {
        return Err(WhyNotAmong::UpToDate { passed_over: vec![] });
    }
    Ok(UpdateCandidate {
        runtime: row.id.clone(),
        name: row.name.to_string(),
        compute: row.compute.clone(),
        compute_name: row.compute_name.clone(),
        from: operations::shown(row),
        to,
        environment,
        rebuilt,
        preview,
        never: policies::is_never(app, &row.id),
        skipped,
    })
}

/// Whether a series runs.
pub(crate) fn is_running(app: &App) -> bool {
    lock(&app.series).as_ref().is_some_and(|series| series.end.is_none())
}

/// Starts a series; refused while another runs.
pub(crate) async fn start(app: &App, request: UpdateAll) -> Result<(), Problem> {
    if request.members.is_empty() {
        return Err(Problem::field("members", "Choose at least one runtime to update."));
    }
    if !(1..=20).contains(&request.rules.parallel) {
        return Err(Problem::field("parallel", "Give between 1 and 20 at a time."));
    }
    let mut members = Vec::new();
    for asked in &request.members {
        let row = operations::row(app, &asked.runtime)?;
        if members.iter().any(|member: &Member| member.runtime == row.id) {
            return Err(Problem::field("members", format!("{} is there twice.", row.name)));
        }
        members.push(Member {
            runtime: row.id.clone(),
            name: row.name.to_string(),
            compute: row.compute.clone(),
            from: operations::shown(&row),
            to: asked.to.clone(),
            image: asked.digest.clone(),
            state: MemberState::Waiting,
            operation: None,
            note: None,
        });
    }
    let series = Series {
        id: SeriesId(uuid::Uuid::new_v4().to_string()),
        rules: request.rules,
        members,
        closing: None,
        end: None,
        started_by: app.parts.identity.creator.who.clone(),
        started: context::now(),
        finished: None,
    };
    {
        let mut held = lock(&app.series);
        if held.as_ref().is_some_and(|running| running.end.is_none()) {
            return Err(Problem::new(
                ProblemCode::Busy,
                "Several runtimes are being updated already. One series at a time keeps them safe.",
            )
            .hint("Wait until it ends, or stop it."));
        }
        app.hub.series(&series);
        *held = Some(series);
    }
    keep_held(app).await;
    let asked = request.members.into_iter().map(|one| (one.runtime.clone(), one)).collect();
    tokio::spawn(drive(app.clone(), asked));
    Ok(())
}

/// No further one starts; those that run are cancelled, too, where that is wanted.
pub(crate) async fn stop(app: &App, cancel_running: bool) {
    let Some(series) = change(app, Series::stop).await else { return };
    if cancel_running {
        for operation in series
            .members
            .iter()
            .filter(|member| member.state == MemberState::Running)
            .filter_map(|member| member.operation.as_ref())
        {
            if let Err(error) = operations::cancel(app, operation) {
                tracing::info!(%error, "an update of a series had ended before it was cancelled");
            }
        }
    }
    app.operation_ended.notify_waiters();
}

/// Series, newest first: the one in memory as it stands, older ones from the history.
pub(crate) async fn list(app: &App) -> Result<AllSeries, Problem> {
    let kept = app.parts.history.series(LISTED).await;
    let mut series = kept.map_err(|error| problem::of_history(&error))?;
    if let Some(held) = lock(&app.series).clone() {
        match series.iter_mut().find(|one| one.id == held.id) {
            Some(one) => *one = held,
            None => series.insert(0, held),
        }
    }
    Ok(AllSeries { series })
}

/// Series of an earlier run of this application ended with it. They do not go on by themselves.
pub(crate) async fn close_cut_off(app: &App) {
    let unfinished = app.parts.history.unfinished_series().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "unfinished series cannot be read");
        vec![]
    });
    for mut series in unfinished {
        for member in series.members.clone() {
            // What ended before the application did is told as it ended.
            if let Some(operation) = ended_operation(app, &member).await {
                let how = how_it_ended(app, &member, &operation).await;
                series.ended(&member.runtime, how);
            }
        }
        series.cut_off(context::now());
        keep(app, &series).await;
    }
}

async fn drive(app: App, asked: BTreeMap<RuntimeId, UpdateAllMember>) {
    loop {
        // Whoever ends from here on is heard of.
        let ended = app.operation_ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        settle(&app).await;
        start_next_ones(&app, &asked).await;
        let finished = change(&app, |series| {
            series.finish(context::now());
        })
        .await;
        if finished.is_none_or(|series| series.end.is_some()) {
            app.policies_stirred.notify_one();
            return;
        }
        ended.await;
    }
}

/// Takes in which of the running ones have ended.
async fn settle(app: &App) {
    for member in members(app, MemberState::Running) {
        if let Some(operation) = ended_operation(app, &member).await {
            let how = how_it_ended(app, &member, &operation).await;
            change(app, |series| series.ended(&member.runtime, how)).await;
        }
    }
}

/// The operation of a running member once it has ended and let go of the runtime.
async fn ended_operation(app: &App, member: &Member) -> Option<Operation> {
    let id = member.operation.as_ref().filter(|_| member.state == MemberState::Running)?;
    if lock(&app.busy).values().any(|holder| holder == id) {
        return None;
    }
    let held = lock(&app.operations).get(id).map(|running| running.view());
    let operation = match held {
        Some(operation) => operation,
        None => app.parts.history.operation(id).await.ok().flatten()?,
    };
    operation.state.is_final().then_some(operation)
}

async fn how_it_ended(app: &App, member: &Member, operation: &Operation) -> Ended {
    let problem = operation.problem.as_ref();
    match operation.state {
        OperationState::Succeeded => Ended::Updated,
        OperationState::Cancelled => Ended::Cancelled,
        _ => {
            let why = problem.map(|problem| problem.sentence.clone()).unwrap_or_default();
            // What was doubted was not tried.
            if problem.is_some_and(|problem| problem.code == ProblemCode::KnownBad) {
                return Ended::Skipped { why };
            }
            let digests = [Some(&member.image), operation.to_digest.as_ref()];
            Ended::Failed { why, blames_image: is_bad(app, digests).await.is_some() }
        }
    }
}

/// Why one of these images counts as bad here.
async fn is_bad(app: &App, digests: [Option<&String>; 2]) -> Option<domain::facts::Unfit> {
    let digests: Vec<Digest> =
        digests.into_iter().flatten().filter_map(|digest| Digest::parse(digest).ok()).collect();
    fitness::failed_here(app, &digests).await
}

/// Starts whatever may start now.
async fn start_next_ones(app: &App, asked: &BTreeMap<RuntimeId, UpdateAllMember>) {
    let mut busy: BTreeSet<RuntimeId> = lock(&app.busy)
        .keys()
        .filter_map(|subject| match subject {
            Subject::Runtime(id) => Some(id.clone()),
            Subject::Environment(_) => None,
        })
        .collect();
    for member in members(app, MemberState::Waiting) {
        let why = busy.contains(&member.runtime).then(|| {
            format!("Another operation works on {}. Its turn comes after that.", member.name)
        });
        if member.note != why {
            change(app, |series| series.waits(&member.runtime, why)).await;
        }
    }
    loop {
        let next = lock(&app.series).as_ref().and_then(|series| series.next(&busy).cloned());
        let Some(member) = next else { return };
        let Some(asked) = asked.get(&member.runtime) else { return };
        let begun = match must_not(app, &member, asked).await {
            Some(why) => Err(Ended::Skipped { why }),
            None => begin(app, asked),
        };
        match begun {
            Ok(Some(operation)) => {
                change(app, |series| series.started(&member.runtime, operation)).await;
            }
            Ok(None) => {
                busy.insert(member.runtime);
            }
            Err(how) => {
                change(app, |series| series.ended(&member.runtime, how)).await;
            }
        }
    }
}

/// Why a member must not be touched now that its turn has come.
async fn must_not(app: &App, member: &Member, asked: &UpdateAllMember) -> Option<String> {
    let Ok(row) = operations::row(app, &member.runtime) else {
        return Some(format!("{} is not there any more.", member.name));
    };
    if let Some(held) = row.lock.filter(|held| !held.ours) {
        return Some(format!("{} works on it from another installation.", held.who));
    }
    if row.digest == member.image {
        return Some(format!("It runs {} already.", member.to));
    }
    if asked.confirmed {
        return None;
    }
    // It may have failed since the preview, on a runtime outside this series.
    let unfit = is_bad(app, [Some(&member.image), None]).await?;
    Some(format!("{} {unfit}", member.to))
}

/// Begins the update; `None` = another operation came first.
fn begin(
    app: &App,
    asked: &UpdateAllMember,
) -> Result<Option<domain::operation::OperationId>, Ended> {
    let cancel_runs = lock(&app.series).as_ref().is_some_and(|series| series.rules.cancel_runs);
    let request = UpdateRuntime {
        runtime: asked.runtime.clone(),
        environment: asked.environment.clone(),
        confirmed: asked.confirmed,
        cancel_runs,
        shown: None,
    };
    let by = format!("{} (update all)", app.parts.identity.creator.who);
    match operations::update_by(app, request, Some(by)) {
        Ok(operation) => Ok(Some(operation)),
        Err(problem) if problem.code == ProblemCode::Busy => Ok(None),
        Err(problem) => Err(Ended::Failed { why: problem.sentence, blames_image: false }),
    }
}

fn members(app: &App, state: MemberState) -> Vec<Member> {
    let held = lock(&app.series);
    let members = held.iter().flat_map(|series| &series.members);
    members.filter(|member| member.state == state).cloned().collect()
}

/// Changes the running series, keeps it and tells it; answers it as it stands then.
async fn change(app: &App, change: impl FnOnce(&mut Series)) -> Option<Series> {
    let (before, after) = {
        let mut held = lock(&app.series);
        let series = held.as_mut().filter(|series| series.end.is_none())?;
        let before = series.clone();
        change(series);
        if before != *series {
            app.hub.series(series);
        }
        (before, series.clone())
    };
    if before != after {
        keep_held(app).await;
    }
    Some(after)
}

/// Writes the held series as it stands when its turn to write has come: of several that change it at a
/// time, the last one to write writes the newest.
async fn keep_held(app: &App) {
    let _turn = app.series_turn.lock().await;
    let held = lock(&app.series).clone();
    if let Some(series) = held {
        keep(app, &series).await;
    }
}

async fn keep(app: &App, series: &Series) {
    if let Err(error) = app.parts.history.save_series(series).await {
        tracing::warn!(%error, "a series could not be written to the history");
    }
}
