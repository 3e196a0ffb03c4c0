use domain::{
    container::MountKind,
    label::Labels,
    operation::{Cancel, StepKind, StepState},
    runtime::Status,
    spec::{MountRequest, Variable},
};

use super::*;

/// A world with a good runtime at the first version, and two more versions.
fn world() -> World {
    of(TwinEngine::new())
}

fn of(engine: TwinEngine) -> World {
    let world = World::on(vec![engine]);
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that(Serves::Well));
    world
}

fn policy(world: &World, name: &str) -> String {
    world.container(name).expect(name).restart_policy
}

#[test]
fn an_update_keeps_everything_but_the_version() {
    let world = world();
    let folder = tempfile::tempdir().expect("folder");
    let volumes = json!({"/cache": {}});
    world.publish(V1, Image::that(Serves::Well).with("Volumes", volumes.clone()));
    world.publish(V2, Image::that(Serves::Well).with("Volumes", volumes));
    let mut asked = draft("eval");
    asked.variables =
        vec![Variable { name: "MODE".into(), value: "fast".into(), confirmed: false }];
    asked.mounts = vec![
        MountRequest { source: "data".into(), target: "/data".into(), read_only: false },
        MountRequest {
            source: folder.path().display().to_string(),
            target: "/code".into(),
            read_only: true,
        },
    ];
    asked.memory_limit = Some(256 << 20);
    asked.cpu_limit = Some(0.5);
    let (before, operation, after) = paused(async {
        let app = world.app().await;
        let before = create(&app, asked).await;
        let operation = succeeded(update(&app, &before.id, version(V2)).await);
        (before, operation, row(&app, "eval"))
    });
    let expected = [("eval".to_owned(), true), ("eval.previous".to_owned(), false)];
    assert_eq!(world.containers(), expected);
    assert_eq!((world.tag_of("eval"), world.tag_of("eval.previous")), (V2.into(), V1.into()));
    assert_eq!((before.generation, after.generation), (1, 2));
    assert_eq!((&before.id, &before.endpoint), (&after.id, &after.endpoint));
    assert_eq!((before.memory_limit, before.cpu_limit), (after.memory_limit, after.cpu_limit));
    let mut mounts = after.mounts.clone();
    for mount in &mut mounts {
        // Handed over by name, it counts as a named one.
        if mount.target == "/cache" {
            assert_eq!(mount.kind, MountKind::Volume);
            mount.kind = MountKind::AnonymousVolume;
        }
    }
    let by_target = |mut mounts: Vec<domain::container::Mount>| {
        mounts.sort_by(|a, b| a.target.cmp(&b.target));
        mounts
    };
    assert_eq!(by_target(mounts), by_target(before.mounts));
    let new = world.container("eval").expect("eval");
    assert_eq!(new.raw["HostConfig"]["ExtraHosts"], json!([domain::first::MACHINE]));
    let variables = new.raw["Config"]["Env"].to_string();
    assert!(
        variables.contains("MODE=fast") && variables.contains("PF_LONG_RUNNING"),
        "{variables}"
    );
    assert_eq!(
        (policy(&world, "eval"), policy(&world, "eval.previous")),
        ("unless-stopped".into(), "no".into())
    );
    let labels = Labels::read(&new.labels).expect("labels");
    assert_eq!(labels.operation, operation.id);
    assert_eq!(labels.image.expect("image").tag.as_deref(), Some(V2));
    assert!(operation.without_service.is_some());
    assert_eq!((operation.from.as_deref(), operation.to.as_deref()), (Some(V1), Some(V2)));
    assert!(
        operation.steps.iter().all(|step| matches!(step.state, StepState::Done)),
        "{operation:#?}"
    );
    assert_eq!(after.status, Status::Available);
    assert_eq!(after.previous.expect("kept").image, format!("{REPOSITORY}:{V1}"));
}

#[test]
fn the_old_container_is_stopped_only_after_the_new_image_was_proved() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let row = create(&app, draft("eval")).await;
        world.engine().forget_calls();
        succeeded(update(&app, &row.id, version(V2)).await);
    });
    let told: Vec<String> = world
        .engine()
        .changes()
        .into_iter()
        .map(|(call, about)| format!("{call:?} {about}"))
        .filter(|line| !line.starts_with("Pull") && !line.starts_with("Tag"))
        .collect();
    assert_eq!(
        told,
        [
            "Create eval.lock",
            "Create eval.candidate",
            "Start eval.candidate",
            "Remove eval.candidate",
            "Create eval.next",
            "Rename eval -> eval.previous",
            "Rename eval.next -> eval",
            "SetRestartPolicy eval.previous",
            "Stop eval.previous",
            "Start eval",
            "Remove eval.lock",
        ]
    );
}

#[test]
fn a_port_that_the_engine_chose_keeps_its_number() {
    let world = world();
    let (before, after) = paused(async {
        let app = world.app().await;
        let before = create(&app, RuntimeDraft { host_port: 0, ..draft("eval") }).await;
        succeeded(update(&app, &before.id, version(V2)).await);
        (before, row(&app, "eval"))
    });
    assert!(before.endpoint.is_some());
    assert_eq!(before.endpoint, after.endpoint);
}

#[test]
fn an_older_previous_container_goes_only_when_the_next_update_held() {
    let world = world();
    world.publish("20240404.v4", Image::that(Serves::AsCandidate));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(update(&app, &id, version(V2)).await);
        let failed = update(&app, &id, version("20240404.v4")).await;
        assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
        assert_eq!((world.tag_of("eval"), world.tag_of("eval.previous")), (V2.into(), V1.into()));
        succeeded(update(&app, &id, version(V3)).await);
    });
    assert_eq!((world.tag_of("eval"), world.tag_of("eval.previous")), (V3.into(), V2.into()));
    assert_eq!(world.containers().len(), 2);
}

#[test]
fn a_stopped_runtime_is_updated_and_stays_stopped() {
    let world = world();
    let row = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let stop = crate::operations::stop(&app, &id).expect("begins");
        succeeded(ended(&app, &stop).await);
        let operation = succeeded(update(&app, &id, version(V2)).await);
        assert_eq!(operation.without_service, None);
        row(&app, "eval")
    });
    assert_eq!(row.status, Status::Stopped);
    let expected = [("eval".to_owned(), false), ("eval.previous".to_owned(), false)];
    assert_eq!(world.containers(), expected);
    assert_eq!(world.tag_of("eval"), V2);
    assert_eq!(policy(&world, "eval"), "unless-stopped");
}

#[test]
fn podman_which_cannot_change_a_restart_policy_keeps_no_container_that_would_come_back() {
    let world = of(TwinEngine::podman());
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let operation = succeeded(update(&app, &id, version(V2)).await);
        assert!(operation.outcome.expect("told").contains("was removed"));
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        let restart_policy = RestartPolicy::No;
        let id = create(&app, RuntimeDraft { restart_policy, ..draft("other") }).await.id;
        succeeded(update(&app, &id, version(V2)).await);
    });
    let names: Vec<String> = world.containers().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["eval", "other", "other.previous"]);
}

#[test]
fn a_new_image_that_does_not_serve_never_stops_the_old_one() {
    for bad in [
        Image::that_exits(),
        Image::that(Serves::Never),
        Image::that(Serves::Otherwise),
        Image::that(Serves::Once),
    ] {
        let world = world();
        world.publish(V2, bad);
        let operation = paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            world.engine().forget_calls();
            update(&app, &id, version(V2)).await
        });
        assert_eq!(operation.state, OperationState::Failed);
        assert!(operation.problem.expect("told").finding.is_some());
        let told = operation.outcome.as_deref();
        assert_eq!(told, Some("eval runs 20240101.v1 as before. It never stopped."));
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        assert_eq!(world.tag_of("eval"), V1);
        let stopped = world.engine().changes().iter().any(|(call, _)| *call == Call::Stop);
        assert!(!stopped, "the old one was stopped");
        let failed = operation.steps.iter().find(|step| step.state == StepState::Failed);
        assert_eq!(failed.map(|step| step.kind), Some(StepKind::Prove));
    }
}

#[test]
fn a_new_container_that_fails_in_the_old_ones_place_gives_it_back_as_it_was() {
    let world = world();
    world.publish(V3, Image::that(Serves::AsCandidate));
    let (operation, row) = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(update(&app, &id, version(V2)).await);
        let operation = update(&app, &id, version(V3)).await;
        (operation, row(&app, "eval"))
    });
    assert_eq!(operation.state, OperationState::Failed);
    let expected = [("eval".to_owned(), true), ("eval.previous".to_owned(), false)];
    assert_eq!(world.containers(), expected);
    assert_eq!((world.tag_of("eval"), world.tag_of("eval.previous")), (V2.into(), V1.into()));
    assert_eq!(
        (policy(&world, "eval"), policy(&world, "eval.previous")),
        ("unless-stopped".into(), "no".into())
    );
    assert!(world.answers("eval"));
    assert_eq!(row.status, Status::Available);
    let told = operation.outcome.as_deref();
    assert_eq!(told, Some("eval runs 20240202.v2 as before. It was put back."));
    let of = |kind| operation.steps.iter().find(|step| step.kind == kind).map(|step| step.state);
    assert_eq!(of(StepKind::WaitForHealth), Some(StepState::Failed));
    assert_eq!(of(StepKind::PutBack), Some(StepState::Done));
}

#[test]
fn an_update_leaves_no_volume_behind_and_takes_none_away() {
    for serves in [Serves::AsCandidate, Serves::Never] {
        let world = world();
        let of = |volumes: Value, serves| Image::that(serves).with("Volumes", volumes);
        world.publish(V1, of(json!({"/cache": {}}), Serves::Well));
        world.publish(V2, of(json!({"/cache": {}, "/more": {}}), serves));
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            let before = world.engine().volumes();
            assert_eq!(before.len(), 1);
            let operation = update(&app, &id, version(V2)).await;
            assert_eq!(operation.state, OperationState::Failed);
            assert_eq!(world.engine().volumes(), before, "{serves:?}");
            // One that holds has those that its image asks for, and no more.
            let volumes = json!({"/cache": {}, "/more": {}});
            world.publish(V3, of(volumes, Serves::Well));
            succeeded(update(&app, &id, version(V3)).await);
            assert_eq!(world.engine().volumes().len(), 2, "{serves:?}");
        });
    }
}

#[test]
fn an_image_that_did_not_hold_is_refused_the_next_time_unless_it_is_confirmed() {
    let world = world();
    world.publish(V2, Image::that_exits());
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        update(&app, &id, version(V2)).await;
        let again = update(&app, &id, version(V2)).await;
        let problem = again.problem.expect("refused");
        assert_eq!(problem.code, domain::finding::ProblemCode::KnownBad, "{problem:#?}");
        assert!(again.kept_log.is_none(), "it was not tried");
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: version(V2),
            confirmed: true,
            cancel_runs: false,
            shown: None,
        };
        let confirmed = handlers::update_runtime(&app, request).await.expect("begins").operation;
        assert!(ended(&app, &confirmed).await.kept_log.is_some(), "it was tried");
    });
}

#[test]
fn a_version_published_as_bad_is_refused_unless_it_is_confirmed() {
    let world = world();
    world.publish("20241214.v1", Image::that(Serves::Well));
    let operation = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        update(&app, &id, version("20241214.v1")).await
    });
    assert_eq!(operation.problem.expect("refused").code, domain::finding::ProblemCode::KnownBad);
    assert_eq!(world.containers(), [("eval".to_owned(), true)]);
}

/// Cancels an update to the second version at each of its calls in turn.
#[test]
fn a_cancel_leaves_the_old_container_and_going_back_brings_it_back() {
    let good = world();
    paused(async {
        let app = good.app().await;
        let id = create(&app, draft("eval")).await.id;
        let operation = begin_update(&app, &id, version(V2)).await;
        good.engine().forget_calls();
        succeeded(ended(&app, &operation).await);
    });
    let mut went_back = 0;
    for (call, nth) in numbered(&good) {
        let world = world();
        let meant = Arc::new(std::sync::Mutex::new(Cancel::No));
        let (state, row) = paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            let operation = begin_update(&app, &id, version(V2)).await;
            let (now, this, meant) = (app.clone(), operation.clone(), meant.clone());
            world.engine().at_call(call, nth, move || {
                *lock(&meant) = lock(&now.operations).get(&this).expect("known").view().cancel;
                crate::operations::cancel(&now, &this).expect("known");
            });
            (ended(&app, &operation).await.state, row(&app, "eval"))
        });
        let at = format!("{call:?} {nth}");
        assert_eq!(row.status, Status::Available, "{at}");
        let expected = if state == OperationState::Cancelled { V1 } else { V2 };
        assert_eq!(world.tag_of("eval"), expected, "{at}");
        assert_eq!(policy(&world, "eval"), "unless-stopped", "{at}");
        let mut names: Vec<String> = world.containers().into_iter().map(|(name, _)| name).collect();
        names.retain(|name| name != "eval.previous" || state == OperationState::Cancelled);
        assert_eq!(names, ["eval"], "{at}");
        went_back +=
            u32::from(state == OperationState::Cancelled && *lock(&meant) == Cancel::GoBack);
    }
    assert!(went_back > 3, "the button never read Go back");
}

#[test]
fn roll_back_returns_to_the_kept_image_and_is_kept_from_offering_the_bad_one() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(update(&app, &id, version(V2)).await);
        let operation = crate::operations::roll_back(&app, &id).expect("begins");
        succeeded(ended(&app, &operation).await);
        assert_eq!((world.tag_of("eval"), world.tag_of("eval.previous")), (V1.into(), V2.into()));
        assert_eq!(row(&app, "eval").generation, 3);
        let again = update(&app, &id, version(V2)).await;
        assert_eq!(again.problem.expect("refused").code, domain::finding::ProblemCode::KnownBad);
    });
}

#[test]
fn roll_back_works_after_someone_removed_the_kept_image() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(update(&app, &id, version(V2)).await);
        let operation = crate::operations::roll_back(&app, &id).expect("begins");
        // Removed by force, as pruning by hand does: it is pulled again by its digest.
        let words = EngineError::NotFound("No such image".into());
        world.engine().fail(Call::Image, 1, Fault::Refuse(words));
        succeeded(ended(&app, &operation).await);
    });
    assert_eq!(world.tag_of("eval"), V1);
}
