//! Version checks: each opening of the detail page asks, a button always asks, a schedule asks in
//! the background. An error is never *up to date*.

use std::time::Duration;

use domain::{
    container::Container,
    facts::{Offered, PassedOver, offered},
    finding::Problem,
    image::{Digest, ImageReference, Platform, Repository},
    label::Labels,
    runtime::{Runtime, RuntimeId},
    spec::Environment,
    version::Version,
};
use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use registry::RegistryError;

use crate::{
    api::{
        AboutVersion, CheckVersion, EnvironmentDraft, Freshness, ImagePreview, ListVersions,
        PreviewImage, VersionAnswer, VersionCheck, VersionChoice, VersionChoices,
    },
    computes,
    context::{App, lock},
    environments,
    fitness::{self, Newest},
    operations, policies, problem,
    resolve::{self, Target},
    settings, table,
};

/// An answer under this age is not asked for again by opening a page.
const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// How long *Remind me later* lasts.
const LATER: SignedDuration = SignedDuration::from_hours(24);
/// How often the schedule looks whether a check is due.
const LOOK: Duration = Duration::from_secs(60);

/// Answers a check.
pub(crate) async fn check(
    app: &App,
    request: CheckVersion,
) -> Result<Option<VersionCheck>, Problem> {
    let row = operations::row(app, &request.runtime)?;
    let known = known(app, &row.id).await;
    let now = crate::context::now();
    let ask = match request.freshness {
        Freshness::Cached => false,
        Freshness::Now => true,
        Freshness::Page => {
            let age = known.as_ref().and_then(|known| age(known, now));
            let fresh = age.is_some_and(|age| age < FRESH);
            !fresh && !resolve::rests(app, repository(app, &row).host())
        }
    };
    if !ask {
        return Ok(known);
    }
    Ok(Some(ask_now(app, &row).await))
}

/// How old an answer is; `None` when it is of a time that has not come yet: the clock was set back, and
/// nothing is known of its age.
fn age(check: &VersionCheck, now: Timestamp) -> Option<SignedDuration> {
    Some(now.duration_since(check.checked)).filter(|age| !age.is_negative())
}

/// What was answered last: in memory, else in the history.
pub(crate) async fn known(app: &App, id: &RuntimeId) -> Option<VersionCheck> {
    // An answer about a version that does not run any more says nothing.
    let current = lock(&app.table).row(id)?.version;
    let held = lock(&app.checks).get(id).cloned();
    if let Some(check) = held {
        return (check.current == current).then_some(check);
    }
    let (kept, _) = app.parts.history.check(id).await.ok().flatten()?;
    let check: VersionCheck = serde_json::from_value(kept).ok()?;
    if check.current != current {
        return None;
    }
    lock(&app.checks).insert(id.clone(), check.clone());
    table::refresh_runtime(app, id);
    Some(check)
}

/// The repository in which newer versions of a runtime are looked for.
fn repository(app: &App, row: &Runtime) -> Repository {
    let spec = row.spec.as_ref().map(|spec| spec.environment.repository().clone());
    spec.or_else(|| ImageReference::parse(&row.image).ok().map(|image| image.repository))
        .or_else(|| settings::repositories(app).into_iter().next())
        .unwrap_or_else(|| app.known.repositories[0].clone())
}

/// Another image runs: what was known is asked anew, unless the registry rests.
pub(crate) async fn image_changed(app: App, id: RuntimeId) {
    if lock(&app.checks).remove(&id).is_some() {
        ask_unless_resting(&app, &id).await;
    }
}

async fn ask_unless_resting(app: &App, id: &RuntimeId) {
    let Ok(row) = operations::row(app, id) else { return };
    if !resolve::rests(app, repository(app, &row).host()) {
        ask_now(app, &row).await;
    }
}

/// An image did not work here: for every runtime to which it was offered is asked anew what there is,
/// unless the registry rests.
pub(crate) async fn image_failed(app: App, failed: ImageReference) {
    let failed = ImageReference { digest: None, ..failed };
    let offered = |check: &VersionCheck| match &check.answer {
        VersionAnswer::Newer { image, .. } | VersionAnswer::Rebuilt { image, .. } => {
            ImageReference { digest: None, ..image.clone() } == failed
        }
        VersionAnswer::NewerOfEnvironment { .. }
        | VersionAnswer::NewerBase { .. }
        | VersionAnswer::UpToDate { .. }
        | VersionAnswer::Unknown { .. } => false,
    };
    let runtimes: Vec<RuntimeId> = lock(&app.checks)
        .values()
        .filter(|check| offered(check))
        .map(|check| check.runtime.clone())
        .collect();
    for id in &runtimes {
        ask_unless_resting(&app, id).await;
    }
}

/// The environment that a version check's image stands for, for an update of this runtime: it stays of
/// the kind that the runtime was made from.
pub(crate) fn environment(row: &Runtime, image: &ImageReference) -> EnvironmentDraft {
    match row.spec.as_ref().map(|spec| &spec.environment) {
        Some(Environment::Default { .. }) => EnvironmentDraft::Default {
            repository: Some(image.repository.to_string()),
            version: image.version().map(|version| version.to_string()),
        },
        Some(Environment::Image { .. } | Environment::Named { .. }) | None => {
            EnvironmentDraft::Image { reference: image.to_string() }
        }
    }
}

/// The newest good version above the one that runs for which this holds.
pub(crate) async fn newest_where(
    app: &App,
    row: &Runtime,
    accepted: impl Fn(Version) -> bool,
) -> Result<Option<ImageReference>, Problem> {
    let Some(current) = row.version else { return Ok(None) };
    let engine = computes::engine(app, &row.compute)?;
    let (repository, tags) = resolve::default_tags(app, Some(&repository(app, row))).await?;
    let Offered::Dated(versions) = offered(&tags) else { return Ok(None) };
    let versions = versions.into_iter().filter(|version| *version > current && accepted(*version));
    let found = fitness::newest_good(app, engine.as_ref(), &repository, versions).await?;
    Ok(found.target.map(|target| ImageReference { digest: None, ..target.reference }))
}

/// Asks now, keeps the answer and tells it.
pub(crate) async fn ask_now(app: &App, row: &Runtime) -> VersionCheck {
    let repository = repository(app, row);
    let answer = match answer(app, row, &repository).await {
        Ok(answer) => answer,
        Err(because) => VersionAnswer::Unknown { because },
    };
    let ours = app.known.repositories.contains(&repository);
    let check = VersionCheck {
        runtime: row.id.clone(),
        checked: crate::context::now(),
        repository,
        current: row.version,
        current_facts: row.version.and_then(|version| app.known.of(version).cloned()),
        answer,
        support_ended: ours
            .then_some(app.known.support_ended)
            .filter(|day| *day <= crate::context::today()),
    };
    keep(app, &check).await;
    check
}

async fn keep(app: &App, check: &VersionCheck) {
    lock(&app.checks).insert(check.runtime.clone(), check.clone());
    app.hub.check(check);
    app.policies_stirred.notify_one();
    table::refresh_runtime(app, &check.runtime);
    if let Ok(value) = serde_json::to_value(check)
        && let Err(error) = app.parts.history.keep_check(&check.runtime, value, check.checked).await
    {
        tracing::warn!(%error, "a version check could not be kept");
    }
}

async fn answer(
    app: &App,
    row: &Runtime,
    repository: &Repository,
) -> Result<VersionAnswer, Problem> {
    if environments::environment_of(row).is_some() {
        return environments::news_for(app, row).await;
    }
    let engine = computes::engine(app, &row.compute)?;
    let container =
        engine.inspect(&row.container_id).await.map_err(|error| problem::of_engine(&error))?;
    // Newer versions are looked for where tags are dated; any other reference is looked up itself.
    let dated = match row.spec.as_ref().map(|spec| &spec.environment) {
        Some(Environment::Image { reference }) => reference.version().is_some(),
        _ => true,
    };
    if dated {
        let (repository, tags) = resolve::default_tags(app, Some(repository)).await?;
        return match offered(&tags) {
            Offered::Dated(versions) => {
                of_dated(app, row, engine.as_ref(), &container, &repository, &versions).await
            }
            Offered::Latest => {
                let latest = repository.tagged("latest");
                same_tag(app, engine.as_ref(), &container, &latest, vec![]).await
            }
            Offered::Nothing => Err(fitness::nothing_of(&repository, &[])),
        };
    }
    let reference = row
        .spec
        .as_ref()
        .and_then(|spec| match &spec.environment {
            Environment::Image { reference } => Some(reference.clone()),
            Environment::Default { .. } | Environment::Named { .. } => None,
        })
        .unwrap_or_else(|| repository.tagged("latest"));
    if reference.digest.is_some() {
        return Ok(VersionAnswer::UpToDate { passed_over: vec![] });
    }
    same_tag(app, engine.as_ref(), &container, &reference, vec![]).await
}

/// Whether it is to be reminded only later. A clock that was set back makes no day longer.
fn is_still_later(until: Timestamp) -> bool {
    let left = until.duration_since(crate::context::now());
    left.is_positive() && left <= LATER
}

/// The answer where tags are dated, newest first.
async fn of_dated(
    app: &App,
    row: &Runtime,
    engine: &dyn Engine,
    container: &Container,
    repository: &Repository,
    versions: &[Version],
) -> Result<VersionAnswer, Problem> {
    let good = |version: &&Version| !app.known.is_known_bad(**version);
    if row.version.is_none()
        && let Some(newest) = versions.iter().find(good)
    {
        // What runs has no dated version: whether it is that image can only be told by digest.
        let image = repository.tagged(&newest.to_string());
        let same = same_tag(app, engine, container, &image, vec![]).await?;
        if matches!(&same, VersionAnswer::UpToDate { passed_over } if passed_over.is_empty()) {
            return Ok(same);
        }
    }
    let higher =
        versions.iter().copied().filter(|version| row.version.is_none_or(|it| it < *version));
    let found = fitness::newest_good(app, engine, repository, higher).await?;
    match (found.target, row.version) {
        (Some(target), _) => Ok(newer(app, row, target, found.passed_over).await),
        // The same tag may name another image now; an older newest one is no reason to go back.
        (None, Some(current))
            if versions.iter().filter(good).any(|version| *version == current) =>
        {
            let same = repository.tagged(&current.to_string());
            same_tag(app, engine, container, &same, found.passed_over).await
        }
        (None, _) => Ok(VersionAnswer::UpToDate { passed_over: found.passed_over }),
    }
}

async fn newer(
    app: &App,
    row: &Runtime,
    target: Target,
    passed_over: Vec<PassedOver>,
) -> VersionAnswer {
    let image = ImageReference { digest: None, ..target.reference };
    let version = image.version();
    let skipped = app.parts.history.skipped(&row.id).await.unwrap_or_default();
    let snoozed = app.parts.history.snoozed(&row.id).await.ok().flatten();
    VersionAnswer::Newer {
        age_in_days: version.map(|version| version.age_in_days(crate::context::today())),
        download_size: target.download_size,
        facts: version.and_then(|version| app.known.of(version).cloned()),
        security_fixes: match (row.version, version) {
            (Some(from), Some(to)) => app.known.security_fixes(from, to),
            _ => vec![],
        },
        passed_over,
        skipped: version.is_some_and(|version| skipped.contains(&version)),
        snoozed_until: snoozed
            .filter(|(of, until)| Some(*of) == version && is_still_later(*until))
            .map(|(_, until)| until),
        image,
        version,
    }
}

/// Whether the image that a tag names is the one that runs.
async fn same_tag(
    app: &App,
    engine: &dyn Engine,
    container: &Container,
    reference: &ImageReference,
    passed_over: Vec<PassedOver>,
) -> Result<VersionAnswer, Problem> {
    let kept = |mut passed_over: Vec<PassedOver>, because| {
        passed_over.push(PassedOver { tag: reference.tag_or_latest().to_owned(), because });
        Ok(VersionAnswer::UpToDate { passed_over })
    };
    let platform = Platform::linux(&engine.facts().architecture);
    let remote = match resolve::remote(app, reference, &platform).await.0 {
        Ok(remote) => remote,
        Err(RegistryError::NoSuchPlatform { .. }) => {
            return kept(passed_over, fitness::not_for(engine));
        }
        Err(error) => return Err(problem::of_registry(&error)),
    };
    let recorded = Labels::read(&container.labels)
        .and_then(|labels| labels.image)
        .and_then(|image| image.digest);
    let digests =
        [remote.index_digest.as_ref(), Some(&remote.manifest_digest), Some(&remote.config_digest)];
    if recorded.is_some_and(|digest| digests.contains(&Some(&digest))) {
        return Ok(VersionAnswer::UpToDate { passed_over });
    }
    let local =
        engine.image(&container.image_id).await.map_err(|error| problem::of_engine(&error))?;
    if remote.is(&local) {
        return Ok(VersionAnswer::UpToDate { passed_over });
    }
    let digests: Vec<Digest> = digests.into_iter().flatten().cloned().collect();
    if let Some(because) = fitness::failed_here(app, &digests).await {
        return kept(passed_over, because);
    }
    let locals = engine.images().await.map_err(|error| problem::of_engine(&error))?;
    Ok(VersionAnswer::Rebuilt {
        image: reference.clone(),
        download_size: remote.download_size(&locals),
    })
}

/// Checks that are due, while the application runs.
pub(crate) async fn check_in_background(app: App) {
    loop {
        tokio::time::sleep(LOOK).await;
        let hours = lock(&app.settings).check_every_hours;
        if hours == 0 {
            continue;
        }
        let due = SignedDuration::from_hours(i64::from(hours));
        environments::check_due(&app, due).await;
        let rows: Vec<Runtime> = lock(&app.table).rows().cloned().collect();
        for row in rows.into_iter().filter(|row| !policies::is_never(&app, &row.id)) {
            let known = known(&app, &row.id).await;
            let is_due = known.is_none_or(|known| {
                age(&known, crate::context::now()).is_none_or(|age| age >= due)
            });
            if is_due && !resolve::rests(&app, repository(&app, &row).host()) {
                ask_now(&app, &row).await;
            }
        }
    }
}

/// The person does not want to hear of this version of this runtime.
pub(crate) async fn skip(app: &App, request: AboutVersion) -> Result<(), Problem> {
    app.parts
        .history
        .skip_version(&request.runtime, request.version)
        .await
        .map_err(|error| problem::of_history(&error))?;
    amend(app, &request, |skipped, _| *skipped = true).await;
    Ok(())
}

/// The person wants to be told again in a day.
pub(crate) async fn later(app: &App, request: AboutVersion) -> Result<(), Problem> {
    let until = crate::context::now() + LATER;
    app.parts
        .history
        .snooze(&request.runtime, request.version, until)
        .await
        .map_err(|error| problem::of_history(&error))?;
    amend(app, &request, |_, snoozed| *snoozed = Some(until)).await;
    Ok(())
}

async fn amend(
    app: &App,
    about: &AboutVersion,
    change: impl FnOnce(&mut bool, &mut Option<Timestamp>),
) {
    let Some(mut check) = lock(&app.checks).get(&about.runtime).cloned() else { return };
    if let VersionAnswer::Newer { version, skipped, snoozed_until, .. } = &mut check.answer
        && *version == Some(about.version)
    {
        change(skipped, snoozed_until);
        keep(app, &check).await;
    }
}

/// Which versions a repository offers.
pub(crate) async fn list(app: &App, request: ListVersions) -> Result<VersionChoices, Problem> {
    let asked = match request.repository.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(
            Repository::parse(text)
                .map_err(|error| Problem::field("environment.repository", error.to_string()))?,
        ),
        None => None,
    };
    let first = asked
        .clone()
        .or_else(|| settings::repositories(app).into_iter().next())
        .ok_or_else(|| Problem::field("environment.repository", "Give a repository."))?;
    let (repository, tags) = match resolve::default_tags(app, asked.as_ref()).await {
        Ok(found) => found,
        Err(problem) => return Ok(no_versions(first, problem)),
    };
    let dated = domain::version::dated(&tags);
    let engine = computes::engine(app, &request.compute);
    let (newest, size) = match (offered(&tags), &engine) {
        (Offered::Nothing, _) => {
            let problem = fitness::nothing_of(&repository, &[]);
            return Ok(no_versions(repository, problem));
        }
        (Offered::Dated(versions), Ok(engine)) => {
            match fitness::newest_good(app, engine.as_ref(), &repository, versions).await {
                Ok(Newest { target: Some(target), .. }) => {
                    (target.version(), Some(target.download_size))
                }
                Ok(Newest { passed_over, .. }) => {
                    let problem = fitness::nothing_of(&repository, &passed_over);
                    let versions = choices(app, &dated);
                    return Ok(VersionChoices { versions, ..no_versions(repository, problem) });
                }
                // The tags are known all the same.
                Err(_) => (newest_published(app, &dated), None),
            }
        }
        (Offered::Dated(versions), Err(_)) => (newest_published(app, &versions), None),
        (Offered::Latest, engine) => {
            let latest = repository.tagged("latest");
            let size = match engine {
                Ok(engine) => resolve::image(app, engine.as_ref(), &latest)
                    .await
                    .ok()
                    .map(|target| target.download_size),
                Err(_) => None,
            };
            (None, size)
        }
    };
    Ok(VersionChoices {
        versions: choices(app, &dated),
        only_latest: dated.is_empty(),
        newest,
        newest_download_size: size,
        problem: None,
        repository,
    })
}

/// The newest version that was not published as bad.
fn newest_published(app: &App, versions: &[Version]) -> Option<Version> {
    versions.iter().copied().find(|version| !app.known.is_known_bad(*version))
}

fn no_versions(repository: Repository, problem: Problem) -> VersionChoices {
    VersionChoices {
        repository,
        versions: vec![],
        newest: None,
        only_latest: false,
        newest_download_size: None,
        problem: Some(problem),
    }
}

fn choices(app: &App, dated: &[Version]) -> Vec<VersionChoice> {
    dated
        .iter()
        .map(|version| VersionChoice {
            version: *version,
            age_in_days: version.age_in_days(crate::context::today()),
            facts: app.known.of(*version).cloned(),
        })
        .collect()
}

/// Looks at one image without pulling it.
pub(crate) async fn preview_image(
    app: &App,
    request: PreviewImage,
) -> Result<ImagePreview, Problem> {
    let reference = ImageReference::parse(&request.reference)
        .map_err(|error| Problem::field("environment.reference", error.to_string()))?;
    let engine = computes::engine(app, &request.compute)?;
    let target = resolve::image(app, engine.as_ref(), &reference).await?;
    Ok(ImagePreview {
        digest: target.digest(),
        created: target
            .remote
            .as_ref()
            .and_then(|remote| remote.created)
            .or_else(|| target.local.as_ref().and_then(|local| local.created)),
        download_size: target.download_size,
        ports: domain::start::exposed_ports(target.config()),
        local: target.remote.is_none(),
        reference: ImageReference { digest: None, ..target.reference },
    })
}
