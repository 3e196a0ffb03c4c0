//! Candidates that misbehave in ways that show late: one that dies after it was healthy, one that is slow,
//! one that does not hear SIGTERM, one that writes to the runtime's data. The state is judged with the
//! engine's own client, and the runtime's port is asked all the time.

use std::path::Path;
use std::time::{Duration, Instant};

use app::App;
use app::api::{PreviewUpdate, Settings, UpdateRuntime};
use app::handlers;
use domain::finding::{Cause, ProblemCode};
use domain::operation::{Operation, OperationState};
use real_parts::PartResult;
use real_parts::docker::DockerOptions;
use real_parts::headless::{ended, refused, version};
use real_parts::images::{Bad, bad_runtime};
use real_parts::scene::{DIES, NEW, OLD, REPOSITORY, Scene, succeeded};
use real_parts::watch::PortWatch;

/// What the runtime's data folder holds: names and contents, sorted.
fn data(folder: &Path) -> PartResult<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        all.push((path.display().to_string(), std::fs::read(&path)?));
    }
    all.sort();
    Ok(all)
}

fn row(fault: &str, at: &str, state: &str, began: Instant, gap: Duration) {
    println!(
        "| {fault} | {at} | {state} | {:.1} s | {} ms |",
        began.elapsed().as_secs_f32(),
        gap.as_millis()
    );
}

/// Updates to a version of the registry and watches the port meanwhile.
async fn watched(scene: &Scene, app: &App, to: &str) -> PartResult<(Operation, Duration, Instant)> {
    let (watch, began) = (PortWatch::start(scene.port), Instant::now());
    let operation = scene.update(app, to).await?;
    Ok((operation, watch.end()?.longest_gap, began))
}

/// Nothing of a failed update is left, and the old one serves.
fn old_serves(scene: &Scene, told: &str) -> PartResult<()> {
    scene.settled(told)?.serves(OLD);
    let left = scene.docker(&["images", "--format", "{{.Tag}}", &scene.repository()])?;
    assert_eq!(left, OLD, "{told}: what was pulled is removed again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_healthy_first_and_dies_then_leaves_the_old_one() -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let beside = "20240601.v1";
    scene.registry.push(
        &bad_runtime(beside, Bad::AnswersThenDies(1))?.unlike(11)?,
        REPOSITORY,
        beside,
    )?;
    let app = scene.open().await?;
    for (to, at) in [(beside, "beside the old one"), (DIES, "in its place")] {
        let (operation, gap, began) = watched(&scene, &app, to).await?;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        let finding = operation.problem.and_then(|problem| problem.finding).expect("a finding");
        assert_eq!(finding.cause, Cause::ContainerExited, "{finding:#?}");
        old_serves(&scene, at)?;
        row("healthy, then dies", at, "old", began, gap);
    }
    Ok(())
}

async fn wait_at_most(app: &App, seconds: u32) -> PartResult<()> {
    let settings = Settings { ready_within_seconds: seconds, ..Settings::default() };
    handlers::change_settings(app, settings).await.map_err(refused).map(drop)
}

/// An image that needs so long is waited for within the limit, and given up beyond it.
async fn slow(delay: u32, within: u32, expected: &str) -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let to = "20240601.v2";
    scene.registry.push(&bad_runtime(to, Bad::SlowStart(delay))?.unlike(12)?, REPOSITORY, to)?;
    let app = scene.open().await?;
    wait_at_most(&app, within).await?;
    let (operation, gap, began) = watched(&scene, &app, to).await?;
    if expected == "new" {
        succeeded(&operation)?;
        scene.settled("slow")?.serves(to);
    } else {
        let problem = operation.problem.expect("a problem");
        assert_eq!(problem.code, ProblemCode::NotReadyInTime, "{problem:#?}");
        old_serves(&scene, "too slow")?;
    }
    row(&format!("needs {delay} s to start"), &format!("limit {within} s"), expected, began, gap);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_starts_slowly_is_waited_for_as_long_as_the_settings_say() -> PartResult<()> {
    slow(5, 60, "new").await?;
    slow(30, 10, "old").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make test-long"]
async fn one_that_needs_a_minute_works_within_the_usual_limit() -> PartResult<()> {
    slow(60, Settings::default().ready_within_seconds, "new").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make test-long"]
async fn one_that_does_not_hear_sigterm_is_no_third_state() -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let to = "20240601.v3";
    scene.registry.push(&bad_runtime(to, Bad::IgnoresStop)?.unlike(13)?, REPOSITORY, to)?;
    let app = scene.open().await?;
    // The candidate and the new one do not hear it.
    let (operation, gap, began) = watched(&scene, &app, to).await?;
    succeeded(&operation)?;
    scene.settled("deaf")?.serves(to);
    row("ignores SIGTERM", "the new one", "new", began, gap);
    // The old one does not: it gets its grace, then it is killed.
    let (operation, gap, began) = watched(&scene, &app, NEW).await?;
    succeeded(&operation)?;
    scene.settled("deaf before")?.serves(NEW);
    row("ignores SIGTERM", "the old one", "new", began, gap);
    // In its place, then given up: it has to go, too.
    let began = Instant::now();
    let watch = PortWatch::start(scene.port);
    succeeded(&scene.roll_back(&app).await?)?;
    scene.settled("back to a deaf one")?.serves(to);
    row("ignores SIGTERM", "rolled back to", "the previous", began, watch.end()?.longest_gap);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_writes_to_the_data_writes_nothing_before_it_serves() -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let (writes, must) = ("20240601.v4", "20240601.v5");
    for (to, bad) in [(writes, Bad::Writes), (must, Bad::WritesOrEnds)] {
        scene.registry.push(&bad_runtime(to, bad)?.unlike(14)?, REPOSITORY, to)?;
    }
    std::fs::write(scene.data.path().join("of-the-person"), "precious")?;
    let before = data(scene.data.path())?;
    let app = scene.open().await?;

    // One that cannot start without writing: said, nothing written, and not held against the image.
    let (operation, gap, began) = watched(&scene, &app, must).await?;
    let problem = operation.problem.expect("a problem");
    assert_eq!(problem.code, ProblemCode::CannotBeKept, "{problem:#?}");
    assert_eq!(
        problem.sentence,
        "The new image cannot be proved beside the running one. It writes to a volume or folder when it starts, and these are read-only for it until it serves."
    );
    old_serves(&scene, "has to write")?;
    assert_eq!(data(scene.data.path())?, before, "the same bytes");
    row("has to write to a volume", "beside the old one", "old, asked", began, gap);

    // The next preview asks, and confirmed it is proved in the old one's place.
    let id = scene.id(&app).await?;
    let request = PreviewUpdate { runtime: id.clone(), environment: version(must) };
    let preview = handlers::preview_update(&app, request).await.map_err(refused)?;
    assert_eq!(preview.confirmations.len(), 1, "{preview:#?}");
    let request = UpdateRuntime {
        runtime: id,
        environment: version(must),
        confirmed: true,
        cancel_runs: false,
        shown: Some(preview.to.digest),
    };
    let began = Instant::now();
    let watch = PortWatch::start(scene.port);
    let started = handlers::update_runtime(&app, request).await.map_err(refused)?;
    succeeded(&ended(&app, &started.operation).await?)?;
    scene.settled("writes")?.serves(must);
    row("has to write to a volume", "confirmed", "new", began, watch.end()?.longest_gap);

    // One that can do without: the candidate writes nothing, the one that serves does.
    let after = data(scene.data.path())?;
    let (operation, gap, began) = watched(&scene, &app, writes).await?;
    succeeded(&operation)?;
    scene.settled("writes if it can")?.serves(writes);
    let journal = std::fs::read_to_string(scene.data.path().join("journal"))?;
    assert_eq!(journal.lines().count(), 2, "each that served wrote once: {journal:?}");
    assert_eq!(after.len(), data(scene.data.path())?.len());
    row("writes to a volume", "–", "new", began, gap);
    Ok(())
}
