//! Two installations on one engine, each with its own home, and a clock that was set back. The state is
//! judged with the engine's own client.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::App;
use app::api::{OfCompute, OfRuntime};
use app::handlers;
use domain::finding::ProblemCode;
use domain::operation::{Operation, OperationState};
use domain::runtime::{Runtime, Status};
use engine::EngineError;
use real_parts::around::{Call, Verb, Watcher, watched};
use real_parts::docker::DockerOptions;
use real_parts::headless::{Wrap, compute, ended, refused, runtime, start_as};
use real_parts::scene::{NAME, NEW, OLD, Scene, succeeded};
use real_parts::watch::PortWatch;
use real_parts::{PartError, PartResult};
use tokio::sync::Barrier;

/// How long something that another installation did may take until it is seen.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// Another person's installation on the same engine.
async fn of_bob(scene: &Scene, home: &std::path::Path, wrap: Wrap) -> PartResult<App> {
    let socket = scene.hand().engine().socket();
    let app = start_as("bob@desk", &socket, home, &scene.repository(), wrap).await?;
    let until = Instant::now() + SEEN_WITHIN;
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    runtime(&app, NAME, Status::Available).await?;
    Ok(app)
}

/// Both come here before they take the lock: nobody is first by luck.
struct AtOnce(Barrier);

#[async_trait::async_trait]
impl Watcher for AtOnce {
    async fn before(&self, call: &Call) -> Result<(), EngineError> {
        if call.verb == Verb::Create && call.about == format!("{NAME}.lock") {
            // One alone, in a later try, does not wait.
            let _ = tokio::time::timeout(Duration::from_secs(10), self.0.wait()).await;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_update_at_once_one_wins_and_the_other_is_told_who() -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let barrier = Arc::new(AtOnce(Barrier::new(2)));
    let wrap = || -> Wrap {
        let barrier = barrier.clone();
        Box::new(move |engine| watched(engine, barrier.clone()))
    };
    let home = tempfile::tempdir()?;
    let ann = scene.open_wrapped(scene.home.path(), wrap()).await?;
    let bob = of_bob(&scene, home.path(), wrap()).await?;
    runtime(&ann, NAME, Status::Available).await?;
    let (began, watch) = (Instant::now(), PortWatch::start(scene.port));
    let (by_ann, by_bob) = tokio::join!(scene.update(&ann, NEW), scene.update(&bob, NEW));
    let gap = watch.end()?.longest_gap;
    let (by_ann, by_bob) = (by_ann?, by_bob?);
    let (winner, loser, who) = match by_ann.state {
        OperationState::Succeeded => (by_ann, by_bob, "ann@box"),
        _ => (by_bob, by_ann, "bob@desk"),
    };
    succeeded(&winner)?;
    assert_eq!(loser.state, OperationState::Failed, "{loser:#?}");
    let problem = loser.problem.expect("a problem");
    assert_eq!(problem.code, ProblemCode::Busy, "{problem:#?}");
    assert_eq!(problem.sentence, format!("{who} works on this runtime from another installation."));
    scene.settled("both at once")?.serves(NEW);
    // The loser sees what the winner did.
    for app in [&ann, &bob] {
        let row = until(app, |row| {
            row.version.is_some_and(|version| version.to_string() == NEW) && row.lock.is_none()
        })
        .await?;
        assert_eq!(row.status, Status::Available);
    }
    println!(
        "| two installations update at once | new, by one | {:.1} s | {} ms |",
        began.elapsed().as_secs_f32(),
        gap.as_millis()
    );
    Ok(())
}

/// Waits until the application shows the runtime so.
async fn until(app: &App, is_so: impl Fn(&Runtime) -> bool) -> PartResult<Runtime> {
    let until = Instant::now() + SEEN_WITHIN;
    loop {
        let row = app.runtimes().into_iter().find(|row| row.name.as_str() == NAME);
        match row {
            Some(row) if is_so(&row) => return Ok(row),
            row if Instant::now() > until => return Err(PartError::new(format!("{row:#?}"))),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Ann's installation, in a process of its own, begins an update and is killed.
fn kill_in_mid_update(scene: &Scene) -> PartResult<()> {
    let socket = scene.hand().engine().socket();
    let output = Command::new(env!("CARGO_BIN_EXE_worker"))
        .args([socket.as_path(), scene.home.path()])
        // The old one has been renamed by then.
        .args([&scene.repository(), "update", NEW, "after", "rename to eval.previous", "1"])
        .output()?;
    if output.status.success() {
        return Err(PartError::new("The worker was not killed."));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_killed_is_shown_to_the_other_who_may_take_over() -> PartResult<()> {
    let scene = Scene::with_runtime(DockerOptions::default()).await?;
    let home = tempfile::tempdir()?;
    let bob = of_bob(&scene, home.path(), Box::new(|engine| engine)).await?;
    let before = jiff::Timestamp::now();
    kill_in_mid_update(&scene)?;
    let held = until(&bob, |row| row.lock.is_some()).await?.lock.expect("held");
    assert_eq!((held.who.as_str(), held.ours), ("ann@box", false));
    assert!(held.since.is_some_and(|since| since >= before - jiff::SignedDuration::from_secs(1)));
    // It is never taken by itself, and no other work begins meanwhile.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(scene.standing()?.is_in_between(), "{:#?}", scene.standing()?);
    let id = scene.id(&bob).await?;
    let busy = handlers::stop_runtime(&bob, OfRuntime { runtime: id.clone() }).await;
    let busy = busy.expect_err("held");
    assert_eq!(busy.code, ProblemCode::Busy);
    assert_eq!(busy.sentence, "ann@box works on this runtime from another installation.");
    let began = Instant::now();
    let taken = handlers::take_over(&bob, OfRuntime { runtime: id }).await.map_err(refused)?;
    let operation: Operation = ended(&bob, &taken.operation).await?;
    succeeded(&operation)?;
    assert_eq!(operation.started_by, "bob@desk");
    let standing = scene.settled("taken over")?;
    let version = standing.version.clone().unwrap_or_default();
    assert!([OLD, NEW].contains(&version.as_str()), "{standing:#?}");
    standing.serves(&version);
    let took = began.elapsed();
    succeeded(&scene.update(&bob, if version == OLD { NEW } else { OLD }).await?)?;
    println!(
        "| one installation is killed, another takes over | {} | {:.1} s | – |",
        if version == OLD { "old" } else { "new" },
        took.as_secs_f32()
    );
    Ok(())
}
