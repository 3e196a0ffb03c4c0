//! The engine itself is restarted, or crashes, in the middle of an update. Judged with the engine's own
//! client after it is back: exactly one container serves, and the replaced one does not come back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use domain::finding::Cause;
use domain::operation::OperationState;
use real_parts::PartResult;
use real_parts::around::Verb;
use real_parts::meddler::Meddler;
use real_parts::scene::{Hand, NAME, NEW, OLD, Scene, life, nth, succeeded};

/// How the engine goes away and comes back.
#[derive(Clone, Copy, Debug)]
enum Away {
    /// In good order.
    Restart,
    /// Killed; its containers' processes survive it until it is back.
    Crash,
}

fn go(hand: Hand, away: Away) -> impl FnOnce() -> PartResult<()> + Send + 'static {
    move || {
        let mut engine = hand.engine();
        match away {
            Away::Restart => engine.restart(),
            Away::Crash => {
                engine.kill()?;
                engine.start_again()
            }
        }
    }
}

/// An update of a fresh runtime in which the engine goes away.
fn case(scene: &Scene, about: &str, meddler: &Arc<Meddler>) -> PartResult<()> {
    scene.fresh()?;
    // It is pulled again each time.
    scene.docker(&["image", "prune", "-a", "-f"])?;
    let began = Instant::now();
    life(async {
        let app = scene.open_with(meddler).await?;
        let operation = scene.update(&app, NEW).await?;
        meddler.acted()?;
        let standing = scene.settled(about)?;
        let new = operation.state == OperationState::Succeeded;
        standing.serves(if new { NEW } else { OLD });
        // The image is not blamed for what happened to its container.
        let finding = operation.problem.and_then(|problem| problem.finding);
        assert!(
            finding.as_ref().is_none_or(|finding| finding.cause == Cause::Unknown),
            "{about}: {finding:#?}"
        );
        let stands = if new { NEW } else { OLD };
        println!("| {about} | {stands} | {} ms |", began.elapsed().as_millis());
        Ok(())
    })?;
    // What serves comes back, and nothing else does.
    scene.hand().engine().restart()?;
    let after = scene.settled(&format!("{about}, and restarted once more"))?;
    let running: Vec<_> = after.containers.iter().filter(|(_, state)| state == "running").collect();
    assert_eq!(running.len(), 1, "{about}: {after:#?}");
    Ok(())
}

fn updated(scene: &Scene) -> PartResult<()> {
    life(async {
        let app = scene.open().await?;
        succeeded(&scene.update(&app, NEW).await?)
    })
}

#[test]
fn an_engine_that_restarts_between_stop_and_start_leaves_one_that_serves() -> PartResult<()> {
    let scene = Scene::start()?;
    let meddler = Meddler::after(nth(Verb::Stop, 1), go(scene.hand(), Away::Restart));
    case(&scene, "engine restarted between stop and start", &meddler)
}

#[test]
#[ignore = "long: make test-long"]
fn an_engine_that_goes_away_at_any_moment_leaves_one_that_serves() -> PartResult<()> {
    let scene = Scene::start()?;
    for away in [Away::Restart, Away::Crash] {
        let go = || go(scene.hand(), away);
        case(&scene, &format!("{away:?} in mid-pull"), &Meddler::in_pull(go()))?;
        for (verb, number, about) in [
            (Verb::Create, 1, "with the lock taken"),
            (Verb::Start, 2, "while the candidate is proven"),
            (Verb::Create, 4, "with the next one made"),
            (Verb::Rename, 1, "between the renames"),
            (Verb::SetRestartPolicy, 1, "before the stop"),
            (Verb::Stop, 1, "between stop and start"),
            (Verb::Start, 3, "in the health gate"),
        ] {
            let meddler = Meddler::after(nth(verb, number), go());
            case(&scene, &format!("{away:?} {about}"), &meddler)?;
        }
    }
    Ok(())
}

#[test]
#[ignore = "long: make test-long"]
fn a_previous_container_does_not_come_back_with_the_engine() -> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    updated(&scene)?;
    for away in [Away::Restart, Away::Crash] {
        go(scene.hand(), away)()?;
        let standing = scene.settled(&format!("{away:?} after an update"))?;
        standing.serves(NEW);
        assert!(standing.keeps_previous());
    }
    Ok(())
}

/// The engine starts no container that the person had stopped: neither the old one nor, though it was
/// never started and so never stopped, the new one.
#[test]
fn a_stopped_runtime_that_was_updated_stays_stopped_when_the_engine_restarts() -> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    scene.docker(&["update", "--restart", "unless-stopped", NAME])?;
    scene.docker(&["stop", "-t", "1", NAME])?;
    updated(&scene)?;
    for away in [Away::Restart, Away::Crash] {
        go(scene.hand(), away)()?;
        let form = "{{.Names}} {{.State}}";
        let all = scene.docker(&["ps", "-a", "--format", form])?;
        let all: BTreeMap<_, _> = all.lines().filter_map(|line| line.split_once(' ')).collect();
        assert!(all.contains_key(NAME), "{away:?}: {all:?}");
        assert!(all.values().all(|state| *state != "running"), "{away:?}: {all:?}");
    }
    Ok(())
}
