use domain::{
    container::ContainerState,
    finding::ProblemCode,
    label::{self, LockRecord},
};

use super::*;
use crate::api::PreviewUpdate;

fn world() -> World {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    world
}

/// Makes the same container again with this change to its `HostConfig`.
async fn change_host(world: &World, name: &str, change: impl FnOnce(&mut Value)) {
    let old = world.container(name).expect(name);
    let mut body = old.raw["Config"].clone();
    body["HostConfig"] = old.raw["HostConfig"].clone();
    change(&mut body["HostConfig"]);
    let engine = world.engine();
    engine.remove(name, true, false).await.expect("remove");
    engine.create(name, &body).await.expect("create");
    engine.start(name).await.expect("start");
    settle().await;
}

async fn preview(
    app: &App,
    id: &RuntimeId,
    environment: EnvironmentDraft,
) -> crate::api::UpdatePreview {
    let request = PreviewUpdate { runtime: id.clone(), environment };
    handlers::preview_update(app, request).await.expect("preview")
}

/// An update is refused with this code, the preview and the page tell it, and nothing was done.
async fn is_refused(world: &World, app: &App, id: &RuntimeId, code: ProblemCode) {
    let told = preview(app, id, version(V2)).await.refusals;
    assert_eq!(told.first().map(|problem| problem.code), Some(code));
    let page = handlers::runtime_detail(app, crate::api::OfRuntime { runtime: id.clone() }).await;
    assert_eq!(page.expect("page").cannot_update, told);
    world.engine().forget_calls();
    let operation = update(app, id, version(V2)).await;
    assert_eq!(operation.problem.as_ref(), told.first(), "{operation:#?}");
    assert_eq!(world.engine().changes(), []);
}

#[test]
fn a_container_that_removes_itself_is_refused() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        change_host(&world, "eval", |host| {
            host["AutoRemove"] = json!(true);
            host["RestartPolicy"] = json!({"Name": "no"});
        })
        .await;
        is_refused(&world, &app, &id, ProblemCode::CannotBeKept).await;
    });
}

#[test]
fn a_container_that_another_one_depends_on_is_refused() {
    for (key, value) in [
        ("NetworkMode", json!("container:eval")),
        ("VolumesFrom", json!(["eval:ro"])),
        ("Links", json!(["/eval:/other/eval"])),
    ] {
        let world = world();
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            let image = world.container("eval").expect("eval").image_id;
            let body = json!({"Image": image, "HostConfig": {key: value}});
            world.engine().create("other", &body).await.expect("create");
            is_refused(&world, &app, &id, ProblemCode::CannotBeKept).await;
        });
    }
}

#[test]
fn one_on_the_machines_own_network_cannot_be_proved_beside_and_that_is_asked_first() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        change_host(&world, "eval", |host| host["NetworkMode"] = json!("host")).await;
        let told = preview(&app, &id, version(V2)).await;
        assert_eq!((told.refusals.len(), told.confirmations.len()), (0, 1));
        let refused = update(&app, &id, version(V2)).await.problem.expect("refused");
        assert_eq!(refused.code, ProblemCode::CannotBeKept);
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: version(V2),
            confirmed: true,
            cancel_runs: false,
            shown: None,
        };
        let operation = handlers::update_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        let proved = |call: &(Call, String)| call.1 == "eval.candidate";
        assert!(!world.engine().changes().iter().any(proved));
        assert_eq!(world.tag_of("eval"), V2);
    });
}

#[test]
fn the_preview_tells_what_will_change_and_changes_nothing() {
    let world = world();
    world.publish("20241214.v1", Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let mut asked = draft("eval");
        asked.mounts = vec![domain::spec::MountRequest {
            source: "data".into(),
            target: "/data".into(),
            read_only: false,
        }];
        let id = create(&app, asked).await.id;
        world.engine().forget_calls();
        let told = preview(&app, &id, version(V2)).await;
        let versions = (told.from.expect("from").version, told.to.version);
        assert_eq!(versions.0.map(|version| version.to_string()).as_deref(), Some(V1));
        assert_eq!(versions.1.map(|version| version.to_string()).as_deref(), Some(V2));
        assert_eq!((told.same_image, told.download_size, told.running), (false, 1500, true));
        assert_eq!(told.volumes, ["data"]);
        assert_eq!(told.active_runs, crate::api::ActiveRuns::Known { count: 0 });
        assert_eq!(told.keeps_previous_days, 14);
        assert!(preview(&app, &id, version(V1)).await.same_image);
        let bad = preview(&app, &id, version("20241214.v1")).await.confirmations;
        assert_eq!(bad.first().map(|problem| problem.code), Some(ProblemCode::KnownBad));
        assert_eq!(world.engine().changes(), []);
    });
}

#[test]
fn an_update_waits_for_active_runs_unless_the_person_says_otherwise() {
    let run = "python -c from multiprocessing.spawn import spawn_main";
    let mut busy = Image::that(Serves::Well);
    busy.behaviour.processes.push(run.into());
    let world = world();
    world.publish(V1, busy);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let operation = begin_update(&app, &id, version(V2)).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        let view = lock(&app.operations).get(&operation).expect("known").view();
        let running =
            view.steps.iter().find(|step| step.state == domain::operation::StepState::Running);
        let note = running.and_then(|step| step.note.as_deref());
        assert_eq!(note, Some("Waiting for one active run."), "{view:#?}");
        crate::operations::cancel(&app, &operation).expect("cancels");
        assert_eq!(ended(&app, &operation).await.state, OperationState::Cancelled);
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: version(V2),
            confirmed: false,
            cancel_runs: true,
            shown: None,
        };
        let operation = handlers::update_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
    });
}

#[test]
fn an_update_does_not_wait_for_what_stays_of_a_batch_run() {
    let mut used = Image::that(Serves::Well);
    // The process that held its results.
    used.behaviour.processes.push("python -m uvicorn promptflow.executor._service.app:app".into());
    let world = world();
    world.publish(V1, used);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        assert_eq!(
            preview(&app, &id, version(V2)).await.active_runs,
            crate::api::ActiveRuns::Known { count: 0 }
        );
        let operation = begin_update(&app, &id, version(V2)).await;
        succeeded(ended(&app, &operation).await);
    });
}

/// Puts a lock of another installation on the runtime, as if its update had got so far.
async fn foreign_lock(world: &World, name: &str) {
    let old = world.container(name).expect(name);
    let record = LockRecord {
        operation: OperationId("theirs".into()),
        creator: Creator { installation: "another".into(), who: "bob@there".into() },
        process: ProcessMark { host: "there".into(), pid: 7, started: 7 },
        since: jiff::Timestamp::now(),
        old: old.id.clone(),
        old_was_running: true,
        old_restart_policy: json!({"Name": "unless-stopped"}),
        older: None,
        target: "sha256:0".into(),
        purpose: label::Purpose::Replace,
    };
    let mut labels = old.labels.clone();
    labels.insert(label::LOCK.into(), serde_json::to_string(&record).expect("json"));
    let body = json!({"Image": old.image_id, "Labels": labels});
    world.engine().create(&format!("{name}.lock"), &body).await.expect("lock");
    labels.remove(label::LOCK);
    let body = json!({"Image": old.image_id, "Labels": labels});
    world.engine().create(&format!("{name}.next"), &body).await.expect("next");
    settle().await;
}

#[test]
fn a_lock_of_another_installation_is_shown_never_taken_by_itself_and_can_be_taken_over() {
    let world = world();
    let id = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        foreign_lock(&world, "eval").await;
        id
    });
    paused(async {
        // Another start looks at every lock, and leaves this one alone.
        let app = world.start(world.parts(2)).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let held = row(&app, "eval").lock.expect("held");
        assert_eq!(
            (held.who.as_str(), held.ours, held.since.is_some()),
            ("bob@there", false, true)
        );
        let request = UpdateRuntime {
            runtime: id.clone(),
            environment: version(V2),
            confirmed: true,
            cancel_runs: true,
            shown: None,
        };
        let of = || crate::api::OfRuntime { runtime: id.clone() };
        for refused in [
            handlers::update_runtime(&app, request).await,
            handlers::stop_runtime(&app, of()).await,
            handlers::restart_runtime(&app, of()).await,
            handlers::roll_back_runtime(&app, of()).await,
            handlers::delete_runtime(
                &app,
                crate::api::DeleteRuntime {
                    runtime: id.clone(),
                    remove_volumes: false,
                    remove_image: false,
                },
            )
            .await,
        ] {
            assert_eq!(refused.expect_err("held").code, ProblemCode::Busy);
        }
        let taken = handlers::take_over(&app, of()).await.expect("begins").operation;
        let operation = succeeded(ended(&app, &taken).await);
        assert_eq!(operation.started_by, "ann@here");
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        assert!(row(&app, "eval").lock.is_none());
        succeeded(update(&app, &id, version(V2)).await);
    });
}

#[test]
fn an_operation_whose_lock_was_taken_over_ends_and_touches_nothing_more() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let operation = begin_update(&app, &id, version(V2)).await;
        let engine = world.engine().clone();
        // In the middle of it somebody else removes the lock, as a take-over does at its end.
        let watch = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let all = engine.containers();
                if all.get("eval.candidate") == Some(&ContainerState::Running) {
                    break engine.remove("eval.lock", true, false).await.expect("remove");
                }
            }
        };
        let (operation, ()) = tokio::join!(ended(&app, &operation), watch);
        assert_eq!(operation.state, OperationState::Failed);
        assert_eq!(operation.problem.expect("told").code, ProblemCode::Busy);
        assert_eq!(world.tag_of("eval"), V1);
        assert!(world.answers("eval"));
    });
}

#[test]
fn a_second_operation_on_the_same_runtime_is_refused() {
    let world = world();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let operation = begin_update(&app, &id, version(V2)).await;
        let of = crate::api::OfRuntime { runtime: id.clone() };
        let refused = handlers::stop_runtime(&app, of).await.expect_err("busy");
        assert_eq!((refused.code, refused.retry), (ProblemCode::Busy, true));
        succeeded(ended(&app, &operation).await);
    });
}
