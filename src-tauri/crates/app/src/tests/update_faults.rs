//! An update cannot take a working runtime down: whichever of its calls goes wrong, and however.

use super::*;

/// Three versions, of which the last serves so.
fn of(engine: TwinEngine, last: Serves) -> World {
    let world = World::on(vec![engine]);
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that(last));
    world
}

/// A runtime that was updated once already, so that an older previous container is there, and an
/// update to the third version that was begun and has made no call yet.
async fn begun(world: &World, app: &App) -> (Runtime, OperationId) {
    let id = create(app, draft("eval")).await.id;
    succeeded(update(app, &id, version(V2)).await);
    let before = row(app, "eval");
    let operation = begin_update(app, &id, version(V3)).await;
    world.engine().forget_calls();
    (before, operation)
}

/// Every call of an update, each with its number among its kind. It holds, or goes back in the old
/// one's place.
fn calls_of_an_update(engine: TwinEngine, last: Serves) -> Vec<(Call, usize)> {
    let world = of(engine, last);
    paused(async {
        let app = world.app().await;
        let (_, operation) = begun(&world, &app).await;
        let state = ended(&app, &operation).await.state;
        assert_eq!(state == OperationState::Succeeded, last == Serves::Well);
    });
    let calls = numbered(&world);
    for needed in [Call::Pull, Call::Create, Call::Rename, Call::Stop, Call::Start, Call::Remove] {
        assert!(calls.iter().any(|(call, _)| *call == needed), "no {needed:?} in {calls:?}");
    }
    calls
}

/// Only those calls after which the engine is another one.
fn changing(calls: Vec<(Call, usize)>) -> impl Iterator<Item = (Call, usize)> {
    calls.into_iter().filter(|(call, _)| call.changes_something())
}

/// One container of the name runs, answers, and is whole; nothing of an operation is left.
#[track_caller]
fn assert_whole(world: &World, endpoint: Option<&String>, about: &str) {
    let all = world.containers();
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert!(all.contains(&("eval".to_owned(), true)), "{about}: {all:?}");
    assert!(
        names.iter().all(|name| matches!(*name, "eval" | "eval.previous")),
        "{about}: {all:?} {:#?}",
        world.engine().changes()
    );
    assert!(!all.contains(&("eval.previous".to_owned(), true)), "{about}: {all:?}");
    assert!(world.answers("eval"), "{about}");
    let serving = world.container("eval").expect("eval");
    assert_eq!(serving.restart_policy, "unless-stopped", "{about}");
    assert_eq!(crate::table::endpoint(&serving).as_ref(), endpoint, "{about}");
    let tags = (world.tag_of("eval"), names.contains(&"eval.previous"));
    let previous = tags.1.then(|| world.tag_of("eval.previous"));

    match tags.0.as_str() {
        V2 => assert!(previous.is_none_or(|tag| tag == V1), "{about}: the older one is lost"),
        V3 => assert!(previous.is_none_or(|tag| tag == V2), "{about}"),
        other => panic!("{about}: {other}"),
    }
    if !engine::Engine::facts(world.engine()).is_podman {
        let policy = world.container("eval.previous").map(|previous| previous.restart_policy);
        assert_eq!(policy.as_deref(), Some("no"), "{about}: the previous one");
    }
}

/// An update during which one call meets this fault, and how it ended.
fn with_fault(
    engine: TwinEngine,
    last: Serves,
    (call, nth): (Call, usize),
    fault: &Fault,
    away: Option<u64>,
) {
    let about = format!("{call:?} {nth} {fault:?}");
    let world = of(engine, last);
    let (endpoint, operation) = paused(async {
        let app = world.app().await;
        let (before, id) = begun(&world, &app).await;
        world.engine().fail(call, nth, fault.clone());
        if let Some(seconds) = away {
            let engine = world.engine().clone();
            tokio::spawn(comes_back(engine, Duration::from_secs(seconds)));
        }
        let operation = ended(&app, &id).await;
        tokio::time::sleep(Duration::from_secs(away.unwrap_or(0) + 30)).await;
        app.idle().await;
        settle().await;
        let now = row(&app, "eval");
        assert_eq!(now.status, domain::runtime::Status::Available, "{about} {now:#?}");
        assert!(now.lock.is_none() && now.operation.is_none(), "{about} {now:#?}");
        (before.endpoint, operation)
    });
    assert_whole(&world, endpoint.as_ref(), &about);
    if operation.state == OperationState::Succeeded {
        assert_eq!(world.tag_of("eval"), V3, "{about}");
    }
    if last != Serves::Well {
        assert_eq!(world.tag_of("eval"), V2, "{about}");
    }
}

/// Each call of an update meets this fault, on Docker.
fn each_call_meets(last: Serves, fault: &Fault, away: Option<u64>) {
    let calls = calls_of_an_update(TwinEngine::new(), last);
    // Whatever a long absence begins with, it is the same for all that only looks.
    let long = away.is_some_and(|seconds| seconds > 60);
    for at in calls.into_iter().filter(|(call, _)| !long || call.changes_something()) {
        with_fault(TwinEngine::new(), last, at, fault, away);
    }
}

#[test]
fn a_call_that_is_refused_leaves_the_old_or_the_new_one_serving() {
    each_call_meets(Serves::Well, &refusal(), None);
}

#[test]
fn an_answer_that_is_lost_leaves_the_old_or_the_new_one_serving() {
    each_call_meets(Serves::Well, &Fault::AnswerLost, None);
}

#[test]
fn an_engine_that_is_away_for_a_while_leaves_the_old_or_the_new_one_serving() {
    each_call_meets(Serves::Well, &Fault::GoAway, Some(5));
}

#[test]
fn an_engine_that_is_away_for_long_is_put_right_when_it_is_back() {
    each_call_meets(Serves::Well, &Fault::GoAway, Some(600));
}

#[test]
fn a_fault_while_the_old_one_is_put_back_does_not_keep_it_from_serving() {
    each_call_meets(Serves::DiesInPlace, &refusal(), None);
    each_call_meets(Serves::DiesInPlace, &Fault::AnswerLost, None);
    each_call_meets(Serves::DiesInPlace, &Fault::GoAway, Some(5));
    each_call_meets(Serves::DiesInPlace, &Fault::GoAway, Some(600));
}

#[test]
fn podman_is_left_with_the_old_or_the_new_one_serving_as_well() {
    for last in [Serves::Well, Serves::DiesInPlace] {
        for at in changing(calls_of_an_update(TwinEngine::podman(), last)) {
            for fault in [refusal(), Fault::AnswerLost] {
                with_fault(TwinEngine::podman(), last, at, &fault, None);
            }
            with_fault(TwinEngine::podman(), last, at, &Fault::GoAway, Some(5));
        }
    }
}

/// The application ends at this call, and another one is started later.
fn with_crash(engine: TwinEngine, last: Serves, (call, nth): (Call, usize)) {
    let about = format!("crash at {call:?} {nth}");
    let world = of(engine, last);
    let endpoint = paused(async {
        let app = world.app().await;
        let (before, id) = begun(&world, &app).await;
        // An engine that is gone lets nothing more be done, which is what a dead process does.
        world.engine().fail(call, nth, Fault::GoAway);
        let over =
            |app: &App| lock(&app.operations).get(&id).expect("known").view().state.is_final();
        while !world.engine().is_unreachable() && !over(&app) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        before.endpoint
    });
    world.engine().set_unreachable(false);
    paused(async {
        let app = world.start(world.parts(2)).await;
        settle().await;
        app.idle().await;
        settle().await;
        let now = row(&app, "eval");
        assert_eq!(now.status, domain::runtime::Status::Available, "{about} {now:#?}");
        assert!(now.lock.is_none() && now.operation.is_none(), "{about} {now:#?}");
        let history = crate::operations::list(
            &app,
            Some(&domain::operation::Subject::Runtime(now.id.clone())),
        )
        .await
        .expect("history");
        assert!(history.iter().all(|operation| operation.state.is_final()), "{about} {history:#?}");
        // It is whole: another update works.
        let operation = update(&app, &now.id, version(V1)).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{about} {operation:#?}");
        assert_eq!(world.tag_of("eval"), V1);
    });
    assert_eq!(row_endpoint(&world), endpoint, "{about}");
}

fn row_endpoint(world: &World) -> Option<String> {
    crate::table::endpoint(&world.container("eval").expect("eval"))
}

#[test]
fn a_crash_at_any_call_is_put_right_at_the_next_start() {
    for last in [Serves::Well, Serves::DiesInPlace] {
        for at in calls_of_an_update(TwinEngine::new(), last) {
            with_crash(TwinEngine::new(), last, at);
        }
    }
}

#[test]
fn a_crash_at_any_call_on_podman_is_put_right_at_the_next_start() {
    for last in [Serves::Well, Serves::DiesInPlace] {
        for at in changing(calls_of_an_update(TwinEngine::podman(), last)) {
            with_crash(TwinEngine::podman(), last, at);
        }
    }
}
