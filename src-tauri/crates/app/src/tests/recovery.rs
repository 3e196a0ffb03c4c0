use domain::{
    label::{self, LockRecord},
    operation::{OperationKind, Subject},
    runtime::Status,
};

use super::*;

/// A runtime on the first version, made by an application that has ended since.
fn world() -> (World, RuntimeId) {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    let id = paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await.id
    });
    (world, id)
}

/// A container with the labels of the runtime, which this operation made.
async fn add(world: &World, name: &str, operation: &str, more: &[(&str, String)]) -> String {
    let old = world.container("eval").or_else(|| world.container("eval.previous")).expect("old");
    let mut labels = old.labels.clone();
    labels.insert(label::OPERATION.into(), operation.into());
    for (label, value) in more {
        labels.insert((*label).to_owned(), value.clone());
    }
    let mut body =
        json!({"Image": old.image_id, "Labels": labels, "ExposedPorts": {"8080/tcp": {}}});
    body["HostConfig"] = old.raw["HostConfig"].clone();
    world.engine().create(name, &body).await.expect("create")
}

/// A lock of this installation, by that process.
async fn lock_by(world: &World, process: ProcessMark) {
    lock_of(world, "installation", process).await;
}

async fn lock_of(world: &World, installation: &str, process: ProcessMark) {
    let old = world.container("eval").expect("eval");
    let record = LockRecord {
        operation: OperationId("cut-off".into()),
        creator: Creator { installation: installation.into(), who: "ann@here".into() },
        process,
        since: jiff::Timestamp::now(),
        old: old.id.clone(),
        old_was_running: true,
        old_restart_policy: json!({"Name": "unless-stopped"}),
        older: None,
        target: "sha256:0".into(),
        purpose: label::Purpose::Replace,
    };
    let json = serde_json::to_string(&record).expect("json");
    add(world, "eval.lock", "cut-off", &[(label::LOCK, json)]).await;
}

fn process(host: &str, pid: u32) -> ProcessMark {
    ProcessMark { host: host.into(), pid, started: pid.into() }
}

/// The next start of the application, until all is quiet.
async fn next_start(world: &World) -> App {
    let app = world.start(world.parts(2)).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    app.idle().await;
    settle().await;
    app
}

#[test]
fn without_a_lock_nothing_is_touched() {
    let (world, _) = world();
    paused(async {
        for name in ["eval.next", "eval.previous"] {
            add(&world, name, "some-operation", &[]).await;
        }
        let before = world.containers();
        world.engine().forget_calls();
        next_start(&world).await;
        assert_eq!(world.engine().changes(), []);
        assert_eq!(world.containers(), before);
    });
}

#[test]
fn a_candidate_of_a_dead_operation_of_ours_is_removed_and_one_of_others_is_not() {
    let (world, id) = world();
    paused(async {
        let app = world.app().await;
        let ours = crate::operations::list(&app, Some(&Subject::Runtime(id.clone())))
            .await
            .expect("history");
        let ours = ours[0].id.to_string();
        add(&world, "eval.candidate", &ours, &[]).await;
        add(&world, "other.candidate", "another-installations", &[]).await;
    });
    paused(next_start(&world));
    let names: Vec<String> = world.containers().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["eval", "other.candidate"]);
}

#[test]
fn a_lock_that_may_be_alive_or_is_another_installations_is_left_alone() {
    let (world, _) = world();
    let (ours, others) = ("installation", "another");
    // The last one is dead and on this machine, but it is another installation's.
    for (installation, held) in
        [(ours, process("here", 1)), (ours, process("there", 1)), (others, process("here", 9))]
    {
        paused(async {
            lock_of(&world, installation, held.clone()).await;
            add(&world, "eval.next", "cut-off", &[]).await;
            world.engine().forget_calls();
            let mut parts = world.parts(2);
            parts.is_alive = |mark| mark.host == "here" && mark.pid == 1;
            let app = world.start(parts).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(world.engine().changes(), [], "{held:?}");
            assert!(row(&app, "eval").lock.is_some());
            for name in ["eval.lock", "eval.next"] {
                world.engine().remove(name, true, false).await.expect("remove");
            }
        });
    }
}

#[test]
fn before_the_renames_what_was_made_goes_and_the_old_one_serves_on() {
    let (world, id) = world();
    paused(async {
        lock_by(&world, process("here", 1)).await;
        add(&world, "eval.candidate", "cut-off", &[]).await;
        add(&world, "eval.next", "cut-off", &[]).await;
        world.engine().forget_calls();
        let app = next_start(&world).await;
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        let stopped = world.engine().changes().iter().any(|(call, _)| *call == Call::Stop);
        assert!(!stopped, "the old one was stopped for nothing");
        let told = crate::operations::list(&app, Some(&Subject::Runtime(id.clone())))
            .await
            .expect("history");
        assert_eq!(
            (told[0].kind, told[0].state),
            (OperationKind::Recover, OperationState::Succeeded)
        );
        assert_eq!(told[0].started_by, "the application, by itself");
    });
}

#[test]
fn between_the_renames_the_old_one_gets_its_name_back() {
    let (world, _) = world();
    paused(async {
        lock_by(&world, process("here", 1)).await;
        world.engine().rename("eval", "eval.previous").await.expect("rename");
        add(&world, "eval.next", "cut-off", &[]).await;
        let app = next_start(&world).await;
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        assert_eq!(row(&app, "eval").status, Status::Available);
    });
}

#[test]
fn an_old_one_that_someone_removed_leaves_the_new_one_with_the_name() {
    let (world, _) = world();
    paused(async {
        lock_by(&world, process("here", 1)).await;
        add(&world, "eval.next", "cut-off", &[]).await;
        world.engine().remove("eval", true, false).await.expect("remove");
        let app = next_start(&world).await;
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        assert_eq!(row(&app, "eval").status, Status::Available);
    });
}

#[test]
fn a_recovery_that_the_engine_cuts_off_is_done_when_the_engine_is_back() {
    let calls = {
        let (world, _) = world();
        paused(async {
            lock_by(&world, process("here", 1)).await;
            world.engine().rename("eval", "eval.previous").await.expect("rename");
            add(&world, "eval.next", "cut-off", &[]).await;
            world.engine().forget_calls();
            next_start(&world).await;
        });
        numbered(&world)
    };
    for (call, nth) in calls {
        for (fault, away) in
            [(refusal(), 0), (Fault::AnswerLost, 0), (Fault::GoAway, 5), (Fault::GoAway, 600)]
        {
            let (world, _) = world();
            paused(async {
                lock_by(&world, process("here", 1)).await;
                world.engine().rename("eval", "eval.previous").await.expect("rename");
                add(&world, "eval.next", "cut-off", &[]).await;
                world.engine().fail(call, nth, fault.clone());
                tokio::spawn(comes_back(world.engine().clone(), Duration::from_secs(away)));
                let app = world.start(world.parts(2)).await;
                tokio::time::sleep(Duration::from_secs(away + 60)).await;
                app.idle().await;
                settle().await;
                let about = format!("{call:?} {nth} {fault:?} {away}");
                assert_eq!(world.containers(), [("eval".to_owned(), true)], "{about}");
                assert_eq!(row(&app, "eval").status, Status::Available, "{about}");
            });
        }
    }
}

#[test]
fn operations_that_never_ended_are_told_so_in_the_history() {
    let (world, id) = world();
    paused(async {
        let app = world.app().await;
        begin_update(&app, &id, version(V2)).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    });
    paused(async {
        let app = next_start(&world).await;
        let told = crate::operations::list(&app, Some(&Subject::Runtime(id.clone())))
            .await
            .expect("history");
        let update = told.iter().find(|operation| operation.kind == OperationKind::Update);
        let update = update.expect("kept");
        assert_eq!(update.state, OperationState::Failed);
        assert!(update.finished.is_some() && update.problem.is_some());
    });
}
