use domain::{
    container::MountKind,
    finding::{Cause, ProblemCode},
    first,
    label::{self, Labels},
    operation::StepKind,
    spec::{MountRequest, Variable},
    start::StartedBy,
};
use registry::RegistryError;

use super::*;

/// How a create of this draft ends; nothing of it may be left on the engine.
fn fails(world: &World, draft: RuntimeDraft) -> Operation {
    let before = world.containers();
    let operation = paused(async {
        let app = world.app().await;
        let id = begin_create(&app, draft).await;
        ended(&app, &id).await
    });
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    assert_eq!(world.containers(), before, "{operation:#?}");
    operation
}

fn cause(operation: &Operation) -> Cause {
    let problem = operation.problem.as_ref().expect("problem");
    problem.finding.as_ref().unwrap_or_else(|| panic!("no finding: {problem:#?}")).cause
}

async fn images(world: &World) -> usize {
    world.engine().images().await.expect("images").len()
}

#[test]
fn a_runtime_is_created_with_everything_that_was_asked_for() {
    let world = World::new();
    let mut asked = draft("eval");
    asked.variables =
        vec![Variable { name: "MODE".into(), value: "quite-fast".into(), confirmed: false }];
    asked.mounts =
        vec![MountRequest { source: "data".into(), target: "/data".into(), read_only: true }];
    asked.memory_limit = Some(256 << 20);
    asked.cpu_limit = Some(1.5);
    let port = asked.host_port;
    let row = paused(async {
        let app = world.app().await;
        create(&app, asked).await
    });
    assert_eq!(world.containers(), [("eval".to_owned(), true)]);
    assert_eq!(row.status, domain::runtime::Status::Available);
    assert_eq!(row.version.map(|version| version.to_string()).as_deref(), Some(V1));
    assert_eq!(row.endpoint, Some(format!("http://127.0.0.1:{port}")));
    assert!(row.mine && row.operation.is_none() && row.lock.is_none());

    let container = world.container("eval").expect("eval");
    let host = &container.raw["HostConfig"];
    assert_eq!(host["Init"], json!(true));
    assert_eq!(host["ExtraHosts"], json!([first::MACHINE]));
    assert_eq!(host["RestartPolicy"]["Name"], json!("unless-stopped"));
    assert_eq!(host["Memory"], json!(256 << 20));
    assert_eq!(host["NanoCpus"], json!(1_500_000_000));
    let variables = container.raw["Config"]["Env"].to_string();
    assert!(variables.contains("MODE=quite-fast"), "{variables}");
    assert!(variables.contains("PF_LONG_RUNNING_LOGGING_INTERVAL=60"), "{variables}");
    assert_eq!(container.mounts[0].kind, MountKind::Volume);
    assert!(container.mounts[0].read_only);

    let labels = Labels::read(&container.labels).expect("labels");
    assert_eq!(labels.generation, 1);
    assert_eq!(labels.creator.who, "ann@here");
    assert_eq!(labels.started_by, Some(StartedBy::Image));
    assert_eq!(labels.target_port, Some(8080));
    let image = labels.image.expect("image");
    assert_eq!((image.tag.as_deref(), image.digest.is_some()), (Some(V1), true));
    let spec = &container.labels[label::SPEC];
    assert!(spec.contains("MODE") && !spec.contains("quite-fast"), "{spec}");
}

#[test]
fn what_the_engine_does_not_have_is_left_out_and_the_runtime_is_made() {
    let refusal = |words: &str| {
        Fault::Refuse(EngineError::Refused { status: 500, message: words.to_owned() })
    };
    let gateway = "unable to derive the IP value for host-gateway";
    let no_init = "exec: \"docker-init\": executable file not found in $PATH: unknown";
    let yes = json!(true);
    for (faults, init, hosts) in [
        (vec![(Call::Start, 1, gateway)], &yes, &Value::Null),
        (vec![(Call::Start, 1, no_init)], &Value::Null, &json!([first::MACHINE])),
        (vec![(Call::Start, 1, gateway), (Call::Start, 2, no_init)], &Value::Null, &Value::Null),
    ] {
        let world = World::new();
        let row = paused(async {
            let app = world.app().await;
            // The first start of all only looks into the image.
            create(&app, draft("known")).await;
            for (call, nth, words) in faults {
                world.engine().fail(call, nth, refusal(words));
            }
            create(&app, draft("eval")).await
        });
        assert_eq!(row.status, domain::runtime::Status::Available);
        assert_eq!(world.containers().len(), 2);
        let host = world.container("eval").expect("eval").raw["HostConfig"].clone();
        assert_eq!((&host["Init"], &host["ExtraHosts"]), (init, hosts));
    }
    // Podman has a name of its own for its machine.
    let world = World::on(vec![TwinEngine::podman()]);
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
    });
    let host = world.container("eval").expect("eval").raw["HostConfig"].clone();
    assert_eq!((&host["Init"], &host["ExtraHosts"]), (&yes, &Value::Null));
}

#[test]
fn each_image_that_cannot_serve_gives_its_cause_and_leaves_nothing() {
    let not_there = Behaviour {
        refuses_start: Some((
            400,
            "exec: \"nope\": executable file not found in $PATH: unknown".into(),
        )),
        ..Behaviour::default()
    };
    let no_uvicorn = Behaviour::exits(1, &["/usr/bin/python: No module named uvicorn"]);
    let of = |serves| Image::that(serves);
    let cases = [
        (Image::that_exits(), Cause::ContainerExited),
        (Image { behaviour: no_uvicorn, ..of(Serves::Never) }, Cause::NoServiceInImage),
        (Image { behaviour: not_there, ..of(Serves::Never) }, Cause::CommandMissing),
        (of(Serves::Never), Cause::NotReadyInTime),
        (of(Serves::Otherwise), Cause::AnotherServiceAnswers),
        (of(Serves::Once), Cause::ContainerExited),
    ];
    for (bad, expected) in cases {
        let world = World::new();
        world.publish(V2, bad);
        let operation = fails(&world, RuntimeDraft { environment: version(V2), ..draft("eval") });
        assert_eq!(cause(&operation), expected, "{operation:#?}");
        assert_eq!(paused(images(&world)), 0, "{expected:?}: the image is left");
    }
}

#[test]
fn a_pull_that_fails_or_stands_still_gives_its_cause_and_leaves_nothing() {
    let told = |words: &str| PullScript::fails(EngineError::Stream(words.into()));
    for (pull, expected) in [
        (told("write /var/lib/docker/x: no space left on device"), Cause::DiskFull),
        (told("toomanyrequests: You have reached your pull rate limit"), Cause::RateLimited),
        (told("unexpected EOF"), Cause::PullInterrupted),
        (PullScript::stalls(), Cause::PullInterrupted),
    ] {
        let world = World::new();
        world.publish_with(&repository().tagged(V2), Image::that(Serves::Well), pull);
        let operation = fails(&world, RuntimeDraft { environment: version(V2), ..draft("eval") });
        assert_eq!(cause(&operation), expected, "{operation:#?}");
        assert_eq!(paused(images(&world)), 0);
    }
}

#[test]
fn each_answer_of_a_registry_gives_its_cause() {
    let host = || "registry.test".to_owned();
    let no_platform = RegistryError::NoSuchPlatform {
        reference: "x".into(),
        platform: "linux/amd64".into(),
        offered: "linux/arm64".into(),
    };
    for (error, expected) in [
        (RegistryError::NoSuchHost { host: host() }, Cause::NoSuchHost),
        (RegistryError::Denied { host: host(), with_login: false }, Cause::PullDenied),
        (RegistryError::NotFound { reference: "x".into() }, Cause::ImageNotFound),
        (RegistryError::RateLimited { host: host(), retry_after: None }, Cause::RateLimited),
        (RegistryError::Silent { host: host(), seconds: 30 }, Cause::RegistryNotReachable),
        (no_platform, Cause::WrongArchitecture),
    ] {
        let world = World::new();
        world.registry.fail("registry.test", Some(error));
        assert_eq!(cause(&fails(&world, draft("eval"))), expected);
    }
}

#[test]
fn a_port_that_another_program_took_meanwhile_is_named_and_the_image_is_kept() {
    let world = World::new();
    let asked = draft("eval");
    world.engine().hold_port(u16::try_from(asked.host_port).expect("port"));
    let operation = fails(&world, asked);
    assert_eq!(cause(&operation), Cause::PortTaken);
    assert_eq!(paused(images(&world)), 1, "a fine image is not pulled twice");
}

#[test]
fn a_name_that_is_taken_is_refused_before_anything_happens_and_at_the_last_moment() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
        let request = OfDraft { compute: compute(), draft: draft("eval") };
        let refused = handlers::create_runtime(&app, request).await.expect_err("taken");
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (ProblemCode::NameTaken, Some("name"))
        );
        // Someone else is quicker.
        let id = begin_create(&app, draft("other")).await;
        let words = "Conflict. The container name \"/other\" is already in use by container \"x\".";
        world.engine().fail(Call::Create, 1, Fault::Refuse(EngineError::Conflict(words.into())));
        let operation = ended(&app, &id).await;
        assert_eq!(cause(&operation), Cause::NameTaken);
    });
    assert_eq!(world.containers(), [("eval".to_owned(), true)]);
}

/// The calls of a create that goes well.
fn calls_of_a_create() -> Vec<(Call, usize)> {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = begin_create(&app, draft("eval")).await;
        world.engine().forget_calls();
        succeeded(ended(&app, &id).await);
    });
    numbered(&world)
}

#[test]
fn a_cancel_at_any_call_leaves_nothing() {
    for (call, nth) in calls_of_a_create() {
        let world = World::new();
        let state = paused(async {
            let app = world.app().await;
            let id = begin_create(&app, draft("eval")).await;
            let (now, this) = (app.clone(), id.clone());
            world.engine().at_call(call, nth, move || {
                crate::operations::cancel(&now, &this).expect("known");
            });
            ended(&app, &id).await.state
        });
        let left = world.containers();
        match state {
            OperationState::Cancelled => {
                assert_eq!(left, [], "cancelled at {call:?} {nth}");
                assert_eq!(paused(images(&world)), 0, "cancelled at {call:?} {nth}");
            }
            // The last look came too late for a cancel.
            _ => {
                assert_eq!((state, left), (OperationState::Succeeded, vec![("eval".into(), true)]));
            }
        }
    }
}

#[test]
fn whatever_call_is_refused_there_is_a_whole_runtime_or_nothing() {
    for (call, nth) in calls_of_a_create() {
        for fault in [refusal(), Fault::AnswerLost] {
            let world = World::new();
            let operation = paused(async {
                let app = world.app().await;
                let id = begin_create(&app, draft("eval")).await;
                world.engine().fail(call, nth, fault.clone());
                ended(&app, &id).await
            });
            let expected = match operation.state {
                OperationState::Succeeded => vec![("eval".to_owned(), true)],
                _ => vec![],
            };
            assert_eq!(world.containers(), expected, "{call:?} {nth} {fault:?} {operation:#?}");
        }
    }
}

#[test]
fn what_an_engine_that_went_away_in_the_middle_kept_is_removed_when_it_is_back() {
    for (call, nth) in calls_of_a_create() {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let id = begin_create(&app, draft("eval")).await;
            world.engine().fail(call, nth, Fault::GoAway);
            tokio::spawn(comes_back(world.engine().clone(), Duration::from_secs(4)));
            let operation = ended(&app, &id).await;
            tokio::time::sleep(Duration::from_secs(30)).await;
            let expected = match operation.state {
                OperationState::Succeeded => vec![("eval".to_owned(), true)],
                _ => vec![],
            };
            assert_eq!(world.containers(), expected, "{call:?} {nth} {operation:#?}");
        });
    }
}

#[test]
fn an_image_that_holds_prompt_flow_but_serves_something_else_is_started_with_the_executor() {
    let world = World::new();
    let probe = Behaviour {
        log: vec![(
            engine::LogSource::Out,
            "/opt/venv/bin/python|3.11.2|1.18.0|0.30.1|1.6.0".into(),
        )],
        exits: Some(0),
        ..Behaviour::default()
    };
    for (command, tag) in [(json!(["python3"]), V2), (json!(["jupyter", "lab"]), V3)] {
        let mut image = Image::that(Serves::AsExecutor).with("Cmd", command);
        image.behaviour.in_a_shell = Some(Box::new(probe.clone()));
        world.publish(tag, image);
        paused(async {
            let app = world.app().await;
            let name = format!("from-{tag}");
            create(&app, RuntimeDraft { environment: version(tag), ..draft(&name) }).await;
            let container = world.container(&name).expect("made");
            let entry = container.raw["Config"]["Entrypoint"].to_string();
            assert!(
                entry.contains("/opt/venv/bin/python") && entry.contains("promptflow.executor")
            );
            let labels = Labels::read(&container.labels).expect("labels");
            assert_eq!(labels.started_by, Some(StartedBy::Executor));
        });
    }
    assert_eq!(world.containers().len(), 2, "no probe is left");
}

#[test]
fn a_start_command_of_the_person_is_used_as_it_is() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let start_command = "python -m 'my service'".to_owned();
        create(&app, RuntimeDraft { start_command, ..draft("eval") }).await;
    });
    let container = world.container("eval").expect("eval");
    assert_eq!(container.raw["Config"]["Entrypoint"], json!(["python", "-m", "my service"]));
}

#[test]
fn a_failed_create_keeps_the_log_and_its_steps_tell_where_it_stopped() {
    let world = World::new();
    world.publish(V2, Image::that_exits());
    let operation = fails(&world, RuntimeDraft { environment: version(V2), ..draft("eval") });
    assert!(operation.kept_log.expect("log").contains("RuntimeError: no"));
    let failed: Vec<_> = operation
        .steps
        .iter()
        .filter(|step| step.state == domain::operation::StepState::Failed)
        .map(|step| step.kind)
        .collect();
    assert_eq!(failed, [StepKind::WaitForHealth]);
}

#[test]
fn an_image_that_came_from_another_repository_is_not_pulled_again() {
    let world = World::new();
    let other = ImageReference::parse("registry.test/team/tool:20240101.v1").expect("reference");
    world.publish_as(&other, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        create(&app, draft("one")).await;
        let environment = image(&other.to_string());
        create(&app, RuntimeDraft { environment, ..draft("two") }).await;
        assert!(world.answers("two"));
    });
}
