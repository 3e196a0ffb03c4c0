//! Whatever goes wrong with a change of settings, the runtime runs on with those that it had.

use super::*;

/// A world whose image does not serve with less memory than `full` gives it.
fn hungry() -> World {
    let world = World::new();
    world.publish(V1, Image::that(Serves::WithEnoughMemory));
    world
}

/// The runtime is as it was, and nothing of the operation is left.
#[track_caller]
fn assert_as_before(world: &World, app: &App, before: &Runtime) {
    assert_eq!(world.containers(), [("eval".to_owned(), true)]);
    assert!(world.answers("eval"));
    let now = row(app, "eval");
    assert_eq!(now.container_id, before.container_id);
    assert_eq!(now.endpoint, before.endpoint);
    assert_eq!(now.restart_policy, before.restart_policy);
    assert_eq!(now.spec, before.spec);
}

#[test]
fn a_candidate_that_fails_leaves_the_runtime_and_the_images_name_alone() {
    let world = hungry();
    paused(async {
        let app = world.app().await;
        let before = create(&app, full("eval")).await;
        let operation =
            change(&app, &before.id, |draft| draft.memory_limit = Some(128 << 20)).await;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        assert_eq!(
            operation.outcome.as_deref(),
            Some("eval runs 20240101.v1 as before. It never stopped.")
        );
        let problem = operation.problem.expect("problem");
        assert!(problem.hints.iter().any(|hint| hint.contains("memory limit")), "{problem:#?}");
        assert_as_before(&world, &app, &before);
        for digest in [&before.digest, &world.container("eval").expect("eval").image_id] {
            let digest = Digest::parse(digest).expect("digest");
            assert_eq!(world.history.is_bad_digest(&digest).await.expect("asked"), None);
        }
    });
}

#[test]
fn a_state_that_somebody_changed_meanwhile_is_refused_and_nothing_is_lost() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let request = asked(&app, &id, |draft| draft.memory_limit = None).await;
        // Another container…
        succeeded(update(&app, &id, version(V2)).await);
        let refused =
            handlers::preview_configuration(&app, request.clone()).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::ChangedMeanwhile);
        world.engine().forget_calls();
        let refused = begin_change(&app, request).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::ChangedMeanwhile);
        // … or the same one with another restart policy.
        let request = asked(&app, &id, |draft| draft.memory_limit = None).await;
        world
            .engine()
            .set_restart_policy("eval", &json!({"Name": "on-failure"}))
            .await
            .expect("changed by hand");
        settle().await;
        let refused = begin_change(&app, request).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::ChangedMeanwhile);
        assert_eq!(told(&world), ["SetRestartPolicy eval"]);
        // What was typed is compared with what is there now, and goes through.
        succeeded(change(&app, &id, |draft| draft.memory_limit = None).await);
        assert_eq!(row(&app, "eval").restart_policy, "on-failure");
    });
}

#[test]
fn a_port_that_is_taken_while_the_candidate_proves_itself_stops_nothing() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let before = create(&app, full("eval")).await;
        let port = free_port();
        let request = asked(&app, &before.id, |draft| draft.host_port = port.into()).await;
        let operation = begin_change(&app, request).await.expect("begins");
        let image = world.container("eval").expect("eval").image_id;
        while world.container("eval.candidate").is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = json!({"Image": image, "HostConfig": {"PortBindings": {
            "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port.to_string()}]}}});
        world.engine().create("thief", &body).await.expect("create");
        world.engine().start("thief").await.expect("start");
        let operation = ended(&app, &operation).await;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        let finding = operation.problem.and_then(|problem| problem.finding).expect("finding");
        assert!(finding.sentence.contains("thief"), "{finding:#?}");
        assert_eq!(
            operation.outcome.as_deref(),
            Some("eval runs 20240101.v1 as before. It never stopped.")
        );
        world.engine().remove("thief", true, true).await.expect("remove");
        settle().await;
        assert_as_before(&world, &app, &before);
    });
}

#[test]
fn a_cancel_while_it_is_proved_leaves_the_runtime_as_it_was() {
    let world = hungry();
    paused(async {
        let app = world.app().await;
        let before = create(&app, full("eval")).await;
        let request = asked(&app, &before.id, |draft| draft.memory_limit = Some(128 << 20)).await;
        let operation = begin_change(&app, request).await.expect("begins");
        while world.container("eval.candidate").is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        crate::operations::cancel(&app, &operation).expect("cancelled");
        let operation = ended(&app, &operation).await;
        assert_eq!(operation.state, OperationState::Cancelled, "{operation:#?}");
        assert_as_before(&world, &app, &before);
    });
}

#[test]
fn any_call_may_be_refused() {
    let edit = |draft: &mut ConfigurationDraft| draft.memory_limit = Some(512 << 20);
    let calls = {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let id = create(&app, full("eval")).await.id;
            let request = asked(&app, &id, edit).await;
            let operation = begin_change(&app, request).await.expect("begins");
            world.engine().forget_calls();
            succeeded(ended(&app, &operation).await);
        });
        numbered(&world)
    };
    for (call, nth) in calls.into_iter().filter(|(call, _)| call.changes_something()) {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let before = create(&app, full("eval")).await;
            let request = asked(&app, &before.id, edit).await;
            let operation = begin_change(&app, request).await.expect("begins");
            world.engine().forget_calls();
            world.engine().fail(call, nth, refusal());
            let operation = ended(&app, &operation).await;
            let about = format!("{call:?} {nth}");
            assert!(world.answers("eval"), "{about}");
            let names: Vec<String> = world.containers().into_iter().map(|(name, _)| name).collect();
            assert!(
                names.iter().all(|name| matches!(name.as_str(), "eval" | "eval.previous")),
                "{about}: {names:?}"
            );
            let memory = world.container("eval").expect("eval").memory_limit;
            let expected =
                if operation.state == OperationState::Succeeded { 512 << 20 } else { 256 << 20 };
            assert_eq!(memory, expected, "{about}: {operation:#?}");
        });
    }
}

#[test]
fn a_policy_that_the_engine_refuses_changes_nothing_of_the_rest() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let before = create(&app, full("eval")).await;
        world.engine().fail(Call::SetRestartPolicy, 1, refusal());
        let operation = change(&app, &before.id, |draft| {
            draft.description = "new".into();
            draft.restart_policy = RestartPolicy::Always;
        })
        .await;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        assert_as_before(&world, &app, &before);
    });
}
