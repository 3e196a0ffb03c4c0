//! An update cannot take a working runtime down: whichever of its calls goes wrong, and however.

use super::*;

fn world() -> World {
    of(TwinEngine::new())
}

fn of(engine: TwinEngine) -> World {
    let world = World::on(vec![engine]);
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that(Serves::Well));
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

/// Every call of a good update, each with its number among its kind.
fn calls_of_an_update(engine: TwinEngine) -> Vec<(Call, usize)> {
    let world = of(engine);
    paused(async {
        let app = world.app().await;
        let (_, operation) = begun(&world, &app).await;
        succeeded(ended(&app, &operation).await);
    });
    let calls = numbered(&world);
    for needed in [Call::Pull, Call::Create, Call::Rename, Call::Stop, Call::Start, Call::Remove] {
        assert!(calls.iter().any(|(call, _)| *call == needed), "no {needed:?} in {calls:?}");
    }
    calls
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
fn with_fault(engine: TwinEngine, call: Call, nth: usize, fault: &Fault, away: Option<u64>) {
    let about = format!("{call:?} {nth} {fault:?}");
    let world = of(engine);
    let (endpoint, operation) = paused(async {
        let app = world.app().await;
        let (before, id) = begun(&world, &app).await;
        world.engine().fail(call, nth, fault.clone());
        if let Some(seconds) = away {
            tokio::spawn(comes_back(world.engine().clone(), Duration::from_secs(seconds)));
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
}

#[test]
fn a_call_that_is_refused_leaves_the_old_or_the_new_one_serving() {
    for (call, nth) in calls_of_an_update(TwinEngine::new()) {
        with_fault(TwinEngine::new(), call, nth, &refusal(), None);
    }
}

#[test]
fn an_answer_that_is_lost_leaves_the_old_or_the_new_one_serving() {
    for (call, nth) in calls_of_an_update(TwinEngine::new()) {
        with_fault(TwinEngine::new(), call, nth, &Fault::AnswerLost, None);
    }
}

#[test]
fn an_engine_that_is_away_for_a_while_leaves_the_old_or_the_new_one_serving() {
    for (call, nth) in calls_of_an_update(TwinEngine::new()) {
        with_fault(TwinEngine::new(), call, nth, &Fault::GoAway, Some(5));
    }
}

#[test]
fn an_engine_that_is_away_for_long_is_put_right_when_it_is_back() {
    for (call, nth) in calls_of_an_update(TwinEngine::new()) {
        with_fault(TwinEngine::new(), call, nth, &Fault::GoAway, Some(600));
    }
}

#[test]
fn podman_is_left_with_the_old_or_the_new_one_serving_as_well() {
    for (call, nth) in calls_of_an_update(TwinEngine::podman()) {
        for fault in [refusal(), Fault::AnswerLost] {
            with_fault(TwinEngine::podman(), call, nth, &fault, None);
        }
        with_fault(TwinEngine::podman(), call, nth, &Fault::GoAway, Some(5));
    }
}

/// The application ends at this call, and another one is started later.
fn with_crash(engine: TwinEngine, call: Call, nth: usize) {
    let about = format!("crash at {call:?} {nth}");
    let world = of(engine);
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
        let history = crate::operations::list(&app, Some(&now.id)).await.expect("history");
        assert!(history.iter().all(|operation| operation.state.is_final()), "{about} {history:#?}");
        // It is whole: another update works.
        let operation = update(&app, &now.id, version(V1)).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{about} {operation:#?}");
        assert_eq!(world.tag_of("eval"), V1);
        let back = update(&app, &now.id, version(V2)).await;
        assert_eq!(back.state, OperationState::Succeeded, "{about} {back:#?}");
    });
    assert_eq!(row_endpoint(&world), endpoint, "{about}");
}

fn row_endpoint(world: &World) -> Option<String> {
    crate::table::endpoint(&world.container("eval").expect("eval"))
}

#[test]
fn a_crash_at_any_call_is_put_right_at_the_next_start() {
    for (call, nth) in calls_of_an_update(TwinEngine::new()) {
        with_crash(TwinEngine::new(), call, nth);
    }
}

#[test]
fn a_crash_at_any_call_on_podman_is_put_right_at_the_next_start() {
    for (call, nth) in calls_of_an_update(TwinEngine::podman()) {
        with_crash(TwinEngine::podman(), call, nth);
    }
}
