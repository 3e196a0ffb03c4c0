//! Other people's hands in the middle of an operation, and what stands afterwards.

use domain::finding::{Cause, ProblemCode};
use engine::twin::Hand;

use super::*;

/// The first start is the candidate's, the second one the new container's in the old one's place.
const BESIDE: (Call, usize) = (Call::Start, 1);
const BETWEEN_STOP_AND_START: (Call, usize) = (Call::Start, 2);

/// A second version that serves so.
fn world(second: Serves) -> World {
    let world = World::new();
    world.publish(V2, Image::that(second));
    world
}

/// An update to the second version, in which this is done right before that call.
fn update_with(world: &World, at: (Call, usize), hand: Hand) -> Operation {
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.engine().by_hand_at(at.0, at.1, hand);
        let operation = begin_update(&app, &id, version(V2)).await;
        let operation = ended(&app, &operation).await;
        app.idle().await;
        settle().await;
        operation
    })
}

#[track_caller]
fn failed(operation: &Operation, code: ProblemCode) -> String {
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    let problem = operation.problem.as_ref().expect("a problem");
    assert_eq!(problem.code, code, "{operation:#?}");
    problem.sentence.clone()
}

/// Exactly one container is there, of this name and tag.
#[track_caller]
fn only(world: &World, name: &str, runs: bool, tag: &str) {
    assert_eq!(world.containers(), [(name.to_owned(), runs)], "{:#?}", world.engine().changes());
    assert_eq!(world.tag_of(name), tag);
    assert_eq!(world.container(name).expect(name).restart_policy, "unless-stopped");
}

#[test]
fn one_that_somebody_stops_while_its_successor_is_proven_is_left_stopped_on_the_new_version() {
    let world = world(Serves::Well);
    let operation = succeeded(update_with(&world, BESIDE, Hand::Stop("eval")));
    let told = operation.outcome.expect("told");
    assert!(told.contains("someone stopped it"), "{told}");
    assert_eq!(
        world.containers(),
        [("eval".to_owned(), false), ("eval.previous".to_owned(), false)]
    );
    assert_eq!(world.tag_of("eval"), V2);
}

#[test]
fn one_that_is_paused_is_refused_before_anything_happens_and_before_anything_stops() {
    let world = world(Serves::Well);
    let operation = update_with(&world, BESIDE, Hand::Pause("eval"));
    let told = failed(&operation, ProblemCode::CannotBeKept);
    assert!(told.contains("eval is paused"), "{told}");
    assert_eq!(world.engine().containers().len(), 1);
    let state = world.container("eval").expect("eval").state;
    assert_eq!((state, world.tag_of("eval").as_str()), (ContainerState::Paused, V1));
    // It is paused already when the next one begins.
    world.engine().forget_calls();
    paused(async {
        let app = world.app().await;
        let again = update(&app, &row(&app, "eval").id, version(V2)).await;
        failed(&again, ProblemCode::CannotBeKept);
    });
    assert_eq!(world.engine().changes(), []);
}

#[test]
fn one_that_somebody_renames_keeps_that_name_and_nothing_is_left() {
    let world = world(Serves::Well);
    let operation = update_with(&world, BESIDE, Hand::Rename("eval", "theirs"));
    let told = failed(&operation, ProblemCode::NotFound);
    assert!(told.contains("renamed eval to theirs"), "{told}");
    only(&world, "theirs", true, V1);
    assert!(world.answers("theirs"));
}

#[test]
fn one_that_somebody_removes_stays_away_and_nothing_is_left() {
    let world = world(Serves::Well);
    let operation = update_with(&world, BESIDE, Hand::Remove("eval"));
    failed(&operation, ProblemCode::NotFound);
    assert_eq!(world.containers(), []);
}

#[test]
fn one_whose_lock_is_removed_or_pruned_goes_on_serving() {
    for (at, hand) in [
        (BESIDE, Hand::Remove("eval.lock")),
        ((Call::Exec, 1), Hand::Prune),
        // Right before the switch-over, with everything made.
        ((Call::Rename, 1), Hand::Remove("eval.lock")),
        ((Call::Rename, 1), Hand::Prune),
        ((Call::SetRestartPolicy, 1), Hand::Prune),
    ] {
        let world = world(Serves::Well);
        let operation = update_with(&world, at, hand);
        assert_eq!(operation.state, OperationState::Failed, "{at:?} {hand:?} {operation:#?}");
        only(&world, "eval", true, V1);
        assert!(world.answers("eval"), "{at:?} {hand:?}");
        let stopped = world.engine().changes().iter().any(|(call, _)| *call == Call::Stop);
        assert!(!stopped, "{at:?} {hand:?} {:#?}", world.engine().changes());
    }
}

#[test]
fn settings_that_somebody_changes_while_the_successor_is_proven_are_kept() {
    let world = world(Serves::Well);
    succeeded(update_with(&world, BESIDE, Hand::LimitMemory("eval", 1 << 29)));
    assert_eq!(world.tag_of("eval"), V2);
    assert_eq!(world.container("eval").expect("eval").memory_limit, 1 << 29);
}

#[test]
fn one_that_was_stopped_and_is_started_meanwhile_goes_on_as_it_is() {
    let world = world(Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.engine().by_hand(Hand::Stop("eval"));
        settle().await;
        world.engine().by_hand_at(BESIDE.0, BESIDE.1, Hand::Start("eval"));
        let operation = update(&app, &id, version(V2)).await;
        let told = failed(&operation, ProblemCode::Busy);
        assert!(told.contains("Someone started eval"), "{told}");
    });
    only(&world, "eval", true, V1);
}

/// Acts as soon as the container of this name runs from this tag.
async fn once_it_runs(world: &World, name: &str, tag: &str, act: Hand) {
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let runs = world.containers().contains(&(name.to_owned(), true));
        if runs && world.tag_of(name) == tag {
            return world.engine().by_hand(act);
        }
    }
}

#[test]
fn an_image_is_not_blamed_for_what_somebody_did_to_its_container() {
    for (name, act, word) in [
        ("eval.candidate", Hand::Stop("eval.candidate"), "stopped"),
        ("eval.candidate", Hand::Remove("eval.candidate"), "removed"),
        ("eval", Hand::Stop("eval"), "stopped"),
        ("eval", Hand::Remove("eval"), "removed"),
    ] {
        let world = world(Serves::Well);
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            let begun = begin_update(&app, &id, version(V2)).await;
            let (operation, ()) =
                tokio::join!(ended(&app, &begun), once_it_runs(&world, name, V2, act));
            assert_eq!(operation.state, OperationState::Failed, "{act:?} {operation:#?}");
            let problem = operation.problem.expect("told");
            assert!(problem.sentence.contains(&format!("Someone {word}")), "{act:?} {problem:#?}");
            only(&world, "eval", true, V1);
            assert!(world.answers("eval"), "{act:?}");
            succeeded(update(&app, &id, version(V2)).await);
        });
    }
}

#[test]
fn an_old_one_that_is_removed_between_stop_and_start_is_not_missed_when_the_new_one_serves() {
    let world = world(Serves::Well);
    succeeded(update_with(&world, BETWEEN_STOP_AND_START, Hand::Remove("eval.previous")));
    only(&world, "eval", true, V2);
    assert!(world.answers("eval"));
}

#[test]
fn an_old_one_that_is_removed_between_stop_and_start_is_made_again_when_it_is_needed() {
    for (second, hand) in [
        (Serves::DiesInPlace, Hand::Remove("eval.previous")),
        // Everything that does not run: lock, old and new one.
        (Serves::Well, Hand::Prune),
    ] {
        let world = world(second);
        let before = paused(async {
            let app = world.app().await;
            let mut asked = draft("eval");
            let mount = domain::spec::MountRequest {
                source: "data".into(),
                target: "/data".into(),
                read_only: false,
            };
            asked.mounts = vec![mount];
            asked.variables = vec![domain::spec::Variable {
                name: "A".into(),
                value: "b".into(),
                confirmed: false,
            }];
            let id = create(&app, asked).await.id;
            let before = world.container("eval").expect("eval");
            world.engine().by_hand_at(BETWEEN_STOP_AND_START.0, BETWEEN_STOP_AND_START.1, hand);
            let operation = update(&app, &id, version(V2)).await;
            assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
            let told = operation.outcome.expect("told");
            assert!(told.contains("as before. It was put back."), "{told}");
            // It is whole.
            let now = row(&app, "eval");
            assert_eq!((now.id, now.lock, now.operation), (id, None, None));
            before
        });
        only(&world, "eval", true, V1);
        let again = world.container("eval").expect("eval");
        assert_ne!(again.id, before.id);
        assert_eq!(again.labels, before.labels);
        assert_eq!(again.mounts, before.mounts);
        assert_eq!((again.ports, again.image_id), (before.ports, before.image_id));
        assert_eq!(again.raw["Config"]["Env"], before.raw["Config"]["Env"]);
        assert!(world.answers("eval"));
    }
}

#[test]
fn a_new_one_that_is_removed_before_its_start_leaves_the_old_one_in_its_place() {
    let world = world(Serves::Well);
    let operation = update_with(&world, BETWEEN_STOP_AND_START, Hand::Remove("eval"));
    let told = failed(&operation, ProblemCode::NotFound);
    assert!(told.contains("removed the new container"), "{told}");
    only(&world, "eval", true, V1);
    assert!(world.answers("eval"));
}

/// The runtime's port.
fn port_of(world: &World) -> u16 {
    world.container("eval").expect("eval").ports[0].host_port
}

/// An update whose port another program takes between stop and start, and gives back so much later.
async fn with_port_taken(world: &World, app: &App, back_after: u64) -> Operation {
    let id = create(app, draft("eval")).await.id;
    let port = port_of(world);
    let (call, nth) = BETWEEN_STOP_AND_START;
    world.engine().by_hand_at(call, nth, Hand::HoldPort(port));
    let engine = world.engine().clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(back_after)).await;
        engine.free_port(port);
    });
    let begun = begin_update(app, &id, version(V2)).await;
    ended(app, &begun).await
}

#[test]
fn a_port_that_is_taken_between_stop_and_start_is_waited_for() {
    let world = world(Serves::Well);
    paused(async {
        let app = world.app().await;
        let operation = with_port_taken(&world, &app, 60).await;
        failed(&operation, ProblemCode::PortTaken);
        let waited = operation.steps.iter().filter_map(|step| step.note.as_deref());
        let told = format!("Port {} is held by another program.", port_of(&world));
        assert!(waited.into_iter().any(|note| note.starts_with(&told)), "{operation:#?}");
        let outcome = operation.outcome.expect("told");
        assert_eq!(outcome, format!("eval runs {V1} as before. It was put back."));
    });
    only(&world, "eval", true, V1);
}

#[test]
fn a_port_that_stays_taken_is_told_and_waited_for_also_after_a_restart_of_the_application() {
    let world = world(Serves::Well);
    paused(async {
        let app = world.app().await;
        let operation = with_port_taken(&world, &app, 100_000).await;
        failed(&operation, ProblemCode::PortTaken);
        let finding = operation.problem.and_then(|problem| problem.finding).expect("a finding");
        assert_eq!(finding.cause, Cause::PortTaken);
        assert!(world.container("eval.lock").is_some(), "{:?}", world.containers());
        // Recovery goes on, and one may end its waiting.
        tokio::time::sleep(Duration::from_secs(30)).await;
        let waiting = crate::operations::active(&app);
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].cancel, domain::operation::Cancel::Cancel);
    });
    let port = world.container("eval.previous").expect("kept").ports[0].host_port;
    paused(async {
        let app = world.start(world.parts(2)).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(world.containers().iter().filter(|(_, runs)| *runs).count(), 0);
        world.engine().free_port(port);
        app.idle().await;
        settle().await;
        assert_eq!(row(&app, "eval").status, domain::runtime::Status::Available);
    });
    only(&world, "eval", true, V1);
}

#[test]
fn a_name_is_not_free_while_a_part_of_it_is_left() {
    let world = world(Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(update(&app, &id, version(V2)).await);
        world.engine().by_hand(Hand::Remove("eval"));
        settle().await;
        let request = || OfDraft { compute: compute(), draft: draft("eval") };
        let check = handlers::check_draft(&app, request()).await.expect("check");
        let preflight = handlers::preflight(&app, request()).await.expect("preflight");
        let refused = handlers::create_runtime(&app, request()).await.expect_err("taken");
        assert!(!preflight.can_create);
        let told = preflight.checks.into_iter().filter_map(|check| check.problem);
        let all: Vec<_> = check.problems.into_iter().chain(told).chain([refused]).collect();
        assert_eq!(all.len(), 3);
        for problem in all {
            assert_eq!(problem.code, ProblemCode::NameTaken);
            assert!(problem.sentence.contains("eval.previous"), "{problem:#?}");
        }
    });
}

#[test]
fn an_operation_whose_image_somebody_removed_works_all_the_same() {
    let gone = || Fault::Refuse(EngineError::NotFound("No such image".into()));
    let world = world(Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let begun = begin_update(&app, &id, version(V2)).await;
        // The one for the lock, and the one whose defaults are not to be frozen.
        world.engine().fail(Call::Image, 1, gone());
        world.engine().fail(Call::Image, 3, gone());
        succeeded(ended(&app, &begun).await);
        assert_eq!(world.tag_of("eval"), V2);
        let begun = DeleteRuntime { runtime: id, remove_volumes: false, remove_image: false };
        let begun = handlers::delete_runtime(&app, begun).await.expect("begins").operation;
        world.engine().fail(Call::Image, 1, gone());
        succeeded(ended(&app, &begun).await);
    });
    assert_eq!(world.containers(), []);
}

use crate::api::DeleteRuntime;

async fn begin_delete(app: &App, id: &RuntimeId) -> OperationId {
    let request = DeleteRuntime { runtime: id.clone(), remove_volumes: true, remove_image: true };
    handlers::delete_runtime(app, request).await.expect("begins").operation
}

#[test]
fn a_delete_that_a_crash_cuts_off_is_carried_to_its_end() {
    let of = || {
        let world = world(Serves::Well);
        let id = paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            succeeded(update(&app, &id, version(V2)).await);
            id
        });
        world.engine().forget_calls();
        (world, id)
    };
    let (first, id) = of();
    paused(async {
        let app = first.app().await;
        first.engine().forget_calls();
        let begun = begin_delete(&app, &id).await;
        succeeded(ended(&app, &begun).await);
    });
    let calls: Vec<_> =
        numbered(&first).into_iter().filter(|(call, _)| call.changes_something()).collect();
    assert_eq!(calls.first().map(|(call, _)| *call), Some(Call::Create), "the lock comes first");
    for (call, nth) in calls {
        let about = format!("crash at {call:?} {nth}");
        let (world, id) = of();
        paused(async {
            let app = world.app().await;
            world.engine().fail(call, nth, Fault::GoAway);
            begin_delete(&app, &id).await;
            while !world.engine().is_unreachable() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        world.engine().set_unreachable(false);
        let before = world.containers();
        paused(async {
            let app = world.start(world.parts(2)).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
            app.idle().await;
            settle().await;
            if before.iter().any(|(name, _)| name == "eval.lock") {
                assert_eq!(world.containers(), [], "{about}");
                assert_eq!(app.runtimes(), [], "{about}");
            } else if call == Call::Create {
                assert_eq!(world.containers(), before, "{about}");
            } else {
                // The lock was the last thing to go.
                assert_eq!(world.containers(), [], "{about}");
            }
        });
    }
}

#[test]
fn roll_back_works_after_a_prune_with_the_image_alone() {
    for image_is_there in [true, false] {
        let world = world(Serves::Well);
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            succeeded(update(&app, &id, version(V2)).await);
            assert!(row(&app, "eval").previous.is_some_and(|previous| previous.kept));
            world.engine().by_hand(Hand::Prune);
            world.engine().by_hand(Hand::LimitMemory("eval", 1 << 29));
            settle().await;
            let back = row(&app, "eval").previous.expect("known from the history");
            assert_eq!(
                (back.kept, back.version.map(|version| version.to_string())),
                (false, Some(V1.into()))
            );
            if !image_is_there {
                let digest = world.engine().images().await.expect("images");
                let old =
                    digest.into_iter().find(|image| image.tags.iter().any(|tag| tag.ends_with(V1)));
                let old = old.expect("the old image");
                for tag in &old.tags {
                    world.engine().remove_image(tag).await.expect("unused");
                }
                assert!(world.engine().image(&old.id).await.is_err(), "it is gone");
            }
        });
        // The next start of the application knows it as well.
        paused(async {
            let app = world.start(world.parts(2)).await;
            settle().await;
            let id = row(&app, "eval").id;
            let begun = crate::operations::roll_back(&app, &id).expect("begins");
            let operation = succeeded(ended(&app, &begun).await);
            let told = operation.outcome.expect("told");
            assert!(told.contains("only the image went back"), "{told}");
            assert_eq!(world.tag_of("eval"), V1);
            assert!(world.answers("eval"));
            assert_eq!(world.container("eval").expect("eval").memory_limit, 1 << 29);
        });
    }
}
