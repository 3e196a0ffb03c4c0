//! Other people's hands in the middle of an update, on a real engine: somebody stops, pauses, renames,
//! removes or changes the old container, or the one that is to take its place, or prunes, or takes the
//! port. Judged with the engine's own client.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::finding::{Cause, ProblemCode};
use domain::operation::{Operation, OperationState};
use real_parts::around::Verb;
use real_parts::images::{Bad, bad_runtime};
use real_parts::meddler::Meddler;
use real_parts::scene::{DIES, NEW, OLD, REPOSITORY, Scene, Standing, life, nth, succeeded};
use real_parts::{PartError, PartResult};

/// The first container of that name looks into the new image; the old one serves meanwhile.
fn beside() -> impl Fn(&real_parts::around::Call) -> bool + Send + Sync + 'static {
    |call| call.verb == Verb::Create && call.about == "eval.candidate"
}

/// A fresh runtime is updated while the meddler does its thing. Ends with what stands when nothing of
/// the operation is left and `is_so`.
fn case(
    scene: &Scene,
    about: &str,
    to: &str,
    meddler: &Arc<Meddler>,
    is_so: impl Fn(&Standing) -> bool,
) -> PartResult<(Operation, Standing)> {
    scene.fresh()?;
    let began = Instant::now();
    let operation = life(async {
        let app = scene.open_with(meddler).await?;
        scene.update(&app, to).await
    })?;
    meddler.acted()?;
    let standing = scene.settled_when(about, is_so)?;
    let stands = standing.version.as_deref().unwrap_or("nothing");
    println!("| {about} | {stands} | {} ms |", began.elapsed().as_millis());
    Ok((operation, standing))
}

fn docker(scene: &Scene, words: &[&str]) -> impl FnOnce() -> PartResult<()> + Send + use<> {
    scene.hand().docker(words)
}

#[track_caller]
fn failed(operation: &Operation, code: ProblemCode) -> String {
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    let problem = operation.problem.as_ref().expect("a problem");
    assert_eq!(problem.code, code, "{operation:#?}");
    problem.sentence.clone()
}

fn prune(scene: &Scene) -> impl FnOnce() -> PartResult<()> + Send + use<> {
    docker(scene, &["container", "prune", "-f"])
}

#[test]
fn somebody_stops_or_prunes_in_the_middle_of_an_update() -> PartResult<()> {
    let scene = Scene::start()?;

    let meddler = Meddler::after(beside(), docker(&scene, &["stop", "eval"]));
    let (operation, standing) =
        case(&scene, "old stopped by hand", NEW, &meddler, |standing| !standing.answers)?;
    succeeded(&operation)?;
    assert!(operation.outcome.is_some_and(|told| told.contains("someone stopped it")));
    standing.is_stopped_on(NEW);

    let meddler = Meddler::after(nth(Verb::Stop, 1), prune(&scene));
    let (operation, standing) =
        case(&scene, "pruned between stop and start", NEW, &meddler, |standing| standing.answers)?;
    failed(&operation, ProblemCode::NotFound);
    standing.serves(OLD);
    assert!(!standing.keeps_previous());

    let meddler = Meddler::after(beside(), docker(&scene, &["rm", "eval.lock"]));
    let (operation, standing) =
        case(&scene, "lock removed", NEW, &meddler, |standing| standing.answers)?;
    failed(&operation, ProblemCode::Busy);
    standing.serves(OLD);
    Ok(())
}

#[test]
fn a_port_that_another_takes_between_stop_and_start_is_waited_for() -> PartResult<()> {
    let scene = Scene::start()?;
    let port = scene.port;
    let taken = move || {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(8));
            drop(listener);
        });
        Ok(())
    };
    let meddler = Meddler::after(nth(Verb::Stop, 1), taken);
    let about = "port taken between stop and start, for 8 s";
    let (operation, standing) = case(&scene, about, NEW, &meddler, |standing| standing.answers)?;
    failed(&operation, ProblemCode::PortTaken);
    standing.serves(OLD);
    let told = format!("Port {port} is held by another program.");
    let mut notes = operation.steps.iter().filter_map(|step| step.note.as_deref());
    assert!(notes.any(|note| note.starts_with(&told)), "{operation:#?}");
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn whatever_somebody_does_to_the_old_one_exactly_one_state_stands() -> PartResult<()> {
    let scene = Scene::start()?;

    let meddler = Meddler::after(beside(), docker(&scene, &["pause", "eval"]));
    let (operation, standing) =
        case(&scene, "old paused", NEW, &meddler, |standing| !standing.answers)?;
    failed(&operation, ProblemCode::CannotBeKept);
    assert_eq!(standing.containers, [("eval".to_owned(), "paused".to_owned())]);
    scene.docker(&["unpause", "eval"])?;
    scene.settled("unpaused")?.serves(OLD);

    let meddler = Meddler::after(beside(), docker(&scene, &["rename", "eval", "theirs"]));
    let (operation, standing) = case(&scene, "old renamed", NEW, &meddler, |_| true)?;
    failed(&operation, ProblemCode::NotFound);
    standing.is_gone();
    assert!(real_parts::watch::is_healthy(scene.port), "it serves under the name that they gave");
    scene.docker(&["rm", "-f", "theirs"])?;

    let meddler = Meddler::after(beside(), docker(&scene, &["rm", "-f", "eval"]));
    let (operation, standing) = case(&scene, "old removed", NEW, &meddler, |_| true)?;
    failed(&operation, ProblemCode::NotFound);
    standing.is_gone();

    let limit = ["update", "--memory", "128m", "--memory-swap", "256m", "eval"];
    let meddler = Meddler::after(beside(), docker(&scene, &limit));
    let (operation, standing) =
        case(&scene, "settings changed by hand", NEW, &meddler, |standing| standing.answers)?;
    succeeded(&operation)?;
    standing.serves(NEW);
    let memory = scene.docker(&["inspect", "eval", "--format", "{{.HostConfig.Memory}}"])?;
    assert_eq!(memory, (128 * 1024 * 1024).to_string());

    let removed = || docker(&scene, &["rm", "-f", "eval.previous"]);
    let meddler = Meddler::after(nth(Verb::Stop, 1), removed());
    let about = "old removed between stop and start, new one good";
    let (operation, standing) = case(&scene, about, NEW, &meddler, |standing| standing.answers)?;
    succeeded(&operation)?;
    standing.serves(NEW);
    assert!(!standing.keeps_previous());

    let meddler = Meddler::after(nth(Verb::Stop, 1), removed());
    let about = "old removed between stop and start, new one bad";
    let (operation, standing) = case(&scene, about, DIES, &meddler, |standing| standing.answers)?;
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    standing.serves(OLD);
    let policy =
        scene.docker(&["inspect", "eval", "--format", "{{.HostConfig.RestartPolicy.Name}}"])?;
    assert_eq!(policy, "always");
    // It is whole: another update works.
    life(async {
        let app = scene.open().await?;
        succeeded(&scene.update(&app, NEW).await?)
    })?;
    scene.settled("updated again")?.serves(NEW);
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn whatever_somebody_does_to_the_new_one_the_old_one_serves() -> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    // Which start is whose: one looks into the image, one proves it, one takes the place.
    let cases = [
        ("candidate stopped", 2, "stop -t 0 eval.candidate", "Someone stopped the candidate"),
        ("candidate removed", 2, "rm -f eval.candidate", "Someone removed the candidate"),
        ("candidate paused", 2, "pause eval.candidate", "Someone paused the candidate"),
        ("new one stopped in its health gate", 3, "stop -t 0 eval", "Someone stopped the new"),
        ("new one removed in its health gate", 3, "rm -f eval", "Someone removed the new"),
        ("new one paused in its health gate", 3, "pause eval", "Someone paused the new"),
    ];
    for (about, number, words, told) in cases {
        let words: Vec<&str> = words.split(' ').collect();
        let meddler = Meddler::after(nth(Verb::Start, number), docker(&scene, &words));
        let (operation, standing) =
            case(&scene, about, NEW, &meddler, |standing| standing.answers)?;
        let said = operation.problem.as_ref().map(|problem| problem.sentence.clone());
        assert!(said.as_ref().is_some_and(|said| said.contains(told)), "{about}: {operation:#?}");
        standing.serves(OLD);
    }
    let meddler = Meddler::after(nth(Verb::Stop, 1), docker(&scene, &["rm", "-f", "eval"]));
    let about = "new one removed before its start";
    let (operation, standing) = case(&scene, about, NEW, &meddler, |standing| standing.answers)?;
    failed(&operation, ProblemCode::NotFound);
    standing.serves(OLD);
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn a_prune_at_any_moment_leaves_one_state() -> PartResult<()> {
    let scene = Scene::start()?;
    for (verb, number) in [
        (Verb::Start, 1),
        (Verb::Start, 2),
        (Verb::Start, 3),
        (Verb::Rename, 1),
        (Verb::Rename, 2),
        (Verb::SetRestartPolicy, 1),
    ] {
        let meddler = Meddler::after(nth(verb, number), prune(&scene));
        let about = format!("pruned after {verb:?} {number}");
        let (operation, standing) =
            case(&scene, &about, NEW, &meddler, |standing| standing.answers)?;
        let new = operation.state == OperationState::Succeeded;
        standing.serves(if new { NEW } else { OLD });
    }
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn a_port_that_stays_taken_is_told_and_had_again_after_a_restart_of_the_application()
-> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    let port = scene.port;
    let (give, got) = std::sync::mpsc::channel();
    let take = move || {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        give.send(listener).map_err(|error| PartError::new(error.to_string()))
    };
    let meddler = Meddler::after(nth(Verb::Stop, 1), take);
    life(async {
        let app = scene.open_with(&meddler).await?;
        let begun = scene.begin_update(&app, NEW).await?;
        // Its patience is two minutes.
        let until = Instant::now() + Duration::from_secs(180);
        let operation = loop {
            let listed = app::handlers::list_operations(&app, app::api::Nothing {})
                .await
                .map_err(real_parts::headless::refused)?;
            let found = listed.operations.into_iter().find(|operation| operation.id == begun);
            match found.filter(|operation| operation.state.is_final()) {
                Some(operation) => break operation,
                None if Instant::now() > until => return Err(PartError::new("It does not end.")),
                None => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        failed(&operation, ProblemCode::PortTaken);
        let finding = operation.problem.and_then(|problem| problem.finding).expect("a finding");
        assert_eq!(finding.cause, Cause::PortTaken);
        Ok(())
    })?;
    meddler.acted()?;
    assert!(scene.standing()?.is_in_between(), "the lock stays");
    let listener = got.recv().map_err(|error| PartError::new(error.to_string()))?;
    let began = Instant::now();
    let free = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(5));
        drop(listener);
    });
    life(async {
        let _app = scene.open().await?;
        let standing = scene.settled("port free after the next start")?;
        println!(
            "| port free 5 s after the next start | {OLD} | {} ms |",
            began.elapsed().as_millis()
        );
        standing.serves(OLD);
        Ok(())
    })?;
    free.join().map_err(|_| PartError::new("the other program"))
}

#[test]
#[ignore = "long: make test-long"]
fn roll_back_works_after_a_prune_also_without_the_image() -> PartResult<()> {
    let scene = Scene::start()?;
    for image_is_there in [true, false] {
        scene.fresh()?;
        life(async {
            let app = scene.open().await?;
            succeeded(&scene.update(&app, NEW).await?)
        })?;
        prune(&scene)()?;
        if !image_is_there {
            scene.docker(&["image", "prune", "-a", "-f"])?;
            // The tag names another image by now.
            let other = bad_runtime(OLD, Bad::ExitsAtOnce)?;
            scene.registry.push(&other, REPOSITORY, OLD)?;
        }
        let began = Instant::now();
        let operation = life(async {
            let app = scene.open().await?;
            scene.roll_back(&app).await
        })?;
        succeeded(&operation)?;
        assert!(operation.outcome.is_some_and(|told| told.contains("only the image went back")));
        let standing = scene.settled("rolled back")?;
        standing.serves(OLD);
        let about = if image_is_there { "image still there" } else { "image pruned as well" };
        println!(
            "| rolled back after a prune, {about} | {OLD} | {} ms |",
            began.elapsed().as_millis()
        );
    }
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn a_runtime_whose_image_somebody_removed_is_updated_and_deleted() -> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    // A stopped one's image can be taken away for good.
    scene.docker(&["stop", "eval"])?;
    let id = scene.docker(&["inspect", "eval", "--format", "{{.Image}}"])?;
    scene.docker(&["rmi", "-f", &id])?;
    life(async {
        let app = scene.open().await?;
        succeeded(&scene.update(&app, NEW).await?)
    })?;
    let standing = scene.settled_when("image removed", |standing| !standing.answers)?;
    standing.is_stopped_on(NEW);
    scene.docker(&["start", "eval"])?;
    scene.settled("started")?.serves(NEW);
    scene.docker(&["stop", "eval"])?;
    let id = scene.docker(&["inspect", "eval", "--format", "{{.Image}}"])?;
    scene.docker(&["rmi", "-f", &id])?;
    life(async {
        let app = scene.open().await?;
        succeeded(&scene.delete(&app).await?)
    })?;
    scene.settled_when("deleted", |_| true)?.is_gone();
    Ok(())
}
