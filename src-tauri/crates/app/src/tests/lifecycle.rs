use domain::{finding::Cause, operation::OperationKind, runtime::Status};

use super::*;
use crate::api::{DeleteRuntime, OfRuntime, Operations};

fn of(id: &RuntimeId) -> OfRuntime {
    OfRuntime { runtime: id.clone() }
}

async fn stop(app: &App, id: &RuntimeId) -> Operation {
    let operation = handlers::stop_runtime(app, of(id)).await.expect("begins").operation;
    ended(app, &operation).await
}

async fn start(app: &App, id: &RuntimeId) -> Operation {
    let operation = handlers::start_runtime(app, of(id)).await.expect("begins").operation;
    ended(app, &operation).await
}

#[test]
fn stop_start_and_restart_do_what_they_say() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        succeeded(stop(&app, &id).await);
        assert_eq!(row(&app, "eval").status, Status::Stopped);
        succeeded(start(&app, &id).await);
        assert_eq!(row(&app, "eval").status, Status::Available);
        let operation = handlers::restart_runtime(&app, of(&id)).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        assert_eq!(row(&app, "eval").status, Status::Available);
        let Operations { operations } =
            handlers::runtime_history(&app, of(&id)).await.expect("history");
        let kinds: Vec<OperationKind> = operations.iter().map(|operation| operation.kind).collect();
        let expected = [
            OperationKind::Restart,
            OperationKind::Start,
            OperationKind::Stop,
            OperationKind::Create,
        ];
        assert_eq!(kinds, expected);
    });
}

#[test]
fn a_start_that_finds_its_port_taken_names_who_has_it() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let asked = draft("eval");
        let port = asked.host_port.to_string();
        let id = create(&app, asked).await.id;
        succeeded(stop(&app, &id).await);
        let binding = json!({"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]});
        let image = world.container("eval").expect("eval").image_id;
        let body = json!({"Image": image, "HostConfig": {"PortBindings": binding}});
        world.engine().create("nginx", &body).await.expect("create");
        world.engine().start("nginx").await.expect("start");
        let operation = start(&app, &id).await;
        let finding = operation.problem.expect("told").finding.expect("finding");
        assert_eq!(finding.cause, Cause::PortTaken);
        assert!(finding.sentence.contains("nginx"), "{}", finding.sentence);
        assert_eq!(row(&app, "eval").status, Status::Failed);
    });
}

#[test]
fn what_happens_outside_is_in_the_table_at_once() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
        let engine = world.engine();
        engine.stop("eval", Duration::ZERO).await.expect("stop");
        settle().await;
        assert_eq!(row(&app, "eval").status, Status::Stopped);
        engine.start("eval").await.expect("start");
        settle().await;
        assert_eq!(row(&app, "eval").status, Status::Available);
        engine.rename("eval", "renamed").await.expect("rename");
        settle().await;
        assert_eq!(row(&app, "renamed").status, Status::Available);
        engine.remove("renamed", true, false).await.expect("remove");
        settle().await;
        assert_eq!(app.runtimes(), []);
    });
}

#[test]
fn a_service_that_hangs_is_unavailable_after_three_misses_and_has_a_finding() {
    let world = World::new();
    let image = Image::that(Serves::Well);
    world.publish(V2, image);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.service.hang(true);
        // Out of view it is asked once a minute.
        tokio::time::sleep(Duration::from_secs(75)).await;
        let now = row(&app, "eval");
        assert_eq!(now.status, Status::Unavailable, "{now:#?}");
        assert!(now.finding.is_some() && !now.status_reason.is_empty());
        world.service.hang(false);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let now = row(&app, "eval");
        assert_eq!((now.status, now.finding), (Status::Available, None));
        let _ = id;
    });
}

#[test]
fn a_compute_that_goes_away_keeps_its_rows_and_says_since_when_they_are_not_in_step() {
    let world = World::on(vec![TwinEngine::new(), TwinEngine::new()]);
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
        world.engine().set_unreachable(true);
        settle().await;
        let views = crate::computes::views(&app);
        assert!(matches!(views[0].state, ComputeState::Reconnecting { .. }), "{:?}", views[0]);
        assert!(views[0].in_step_until.is_some());
        assert_eq!(views[1].state, ComputeState::Connected, "another compute is not delayed");
        assert_eq!(app.runtimes().len(), 1);
        let refused = handlers::stop_runtime(&app, of(&row(&app, "eval").id)).await;
        assert_eq!(
            refused.expect_err("away").code,
            domain::finding::ProblemCode::ComputeUnreachable
        );
        world.engine().set_unreachable(false);
        tokio::time::sleep(Duration::from_secs(6)).await;
        let view = &crate::computes::views(&app)[0];
        assert_eq!((&view.state, view.in_step_until), (&ComputeState::Connected, None));
    });
}

#[test]
fn delete_says_what_goes_and_takes_just_that() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let mut asked = draft("eval");
        let volume = |name: &str, target: &str| domain::spec::MountRequest {
            source: name.into(),
            target: target.into(),
            read_only: false,
        };
        asked.mounts = vec![volume("own", "/own"), volume("shared", "/shared")];
        let id = create(&app, asked).await.id;
        let mounts = vec![volume("shared", "/x")];
        create(&app, RuntimeDraft { mounts, ..draft("other") }).await;
        succeeded(update(&app, &id, version(V2)).await);
        let told = handlers::preview_delete(&app, of(&id)).await.expect("preview");
        assert_eq!(told.containers, ["eval", "eval.previous"]);
        assert_eq!(
            (told.own_volumes, told.shared_volumes),
            (vec!["own".into()], vec!["shared".into()])
        );
        assert_eq!(told.unused_image, Some(format!("{REPOSITORY}:{V2}")));
        let request = DeleteRuntime { runtime: id, remove_volumes: true, remove_image: true };
        let operation = handlers::delete_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        assert_eq!(world.containers(), [("other".to_owned(), true)]);
        assert_eq!(world.engine().volumes(), ["shared"]);
        let images = world.engine().images().await.expect("images");
        let tags: Vec<&String> = images.iter().flat_map(|image| &image.tags).collect();
        assert_eq!(tags, [&format!("{REPOSITORY}:{V1}")], "the one that the other uses");
        assert_eq!(app.runtimes().len(), 1);
    });
}

#[test]
fn delete_keeps_volumes_and_image_unless_asked() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let mut asked = draft("eval");
        asked.mounts = vec![domain::spec::MountRequest {
            source: "own".into(),
            target: "/own".into(),
            read_only: false,
        }];
        let id = create(&app, asked).await.id;
        let request = DeleteRuntime { runtime: id, remove_volumes: false, remove_image: false };
        let operation = handlers::delete_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        assert_eq!(world.containers(), []);
        assert_eq!(world.engine().volumes(), ["own"]);
        assert_eq!(world.engine().images().await.expect("images").len(), 1);
    });
}

#[test]
fn a_delete_that_the_engine_cuts_off_can_be_done_again() {
    let calls = {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            world.engine().forget_calls();
            succeeded(delete(&app, &id).await);
        });
        numbered(&world)
    };
    for (call, nth) in calls {
        for fault in [refusal(), Fault::AnswerLost] {
            let world = World::new();
            paused(async {
                let app = world.app().await;
                let id = create(&app, draft("eval")).await.id;
                world.engine().fail(call, nth, fault.clone());
                let request = || DeleteRuntime {
                    runtime: id.clone(),
                    remove_volumes: true,
                    remove_image: true,
                };
                // A lost event stream is subscribed again within seconds.
                for _ in 0..2 {
                    if let Ok(begun) = handlers::delete_runtime(&app, request()).await {
                        ended(&app, &begun.operation).await;
                    }
                    tokio::time::sleep(Duration::from_secs(10)).await;
                }
                assert_eq!(world.containers(), [], "{call:?} {nth} {fault:?}");
                assert_eq!(app.runtimes(), [], "{call:?} {nth} {fault:?}");
            });
        }
    }
}

async fn delete(app: &App, id: &RuntimeId) -> Operation {
    let request = DeleteRuntime { runtime: id.clone(), remove_volumes: true, remove_image: true };
    let operation = handlers::delete_runtime(app, request).await.expect("begins").operation;
    ended(app, &operation).await
}
