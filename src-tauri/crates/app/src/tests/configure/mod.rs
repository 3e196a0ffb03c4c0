//! Changes of a runtime's settings: in place, or by a container that has proved itself.

mod faults;
mod roll_back;

use domain::{
    configuration::{ChangedSetting, VariableDraft},
    finding::{Problem, ProblemCode},
    label::Labels,
    operation::{OperationKind, StepKind, StepState},
    spec::{MountRequest, Variable},
};

use super::*;
use crate::api::{
    ChangeConfiguration, ConfigurationDraft, ConfigurationPreview, ConfigurationView,
    OfConfiguration, OfRuntime,
};

async fn view(app: &App, id: &RuntimeId) -> ConfigurationView {
    handlers::configuration(app, OfRuntime { runtime: id.clone() }).await.expect("view")
}

/// What the form sends when nothing is typed.
fn unchanged(view: &ConfigurationView) -> ConfigurationDraft {
    ConfigurationDraft {
        description: view.description.clone(),
        host_port: view.host_port.into(),
        bind_address: view.bind_address.clone(),
        confirmed_exposure: false,
        memory_limit: view.memory_limit,
        cpu_limit: view.cpu_limit,
        variables: view.variables.iter().map(|name| kept(name)).collect(),
        mounts: view.mounts.clone(),
        restart_policy: view.restart_policy,
    }
}

fn kept(name: &str) -> VariableDraft {
    VariableDraft { name: name.into(), value: None, confirmed: false }
}

fn given(name: &str, value: &str) -> VariableDraft {
    VariableDraft { value: Some(value.into()), ..kept(name) }
}

/// A change of the form as it stands now.
async fn asked(
    app: &App,
    id: &RuntimeId,
    edit: impl FnOnce(&mut ConfigurationDraft),
) -> OfConfiguration {
    let view = view(app, id).await;
    let mut draft = unchanged(&view);
    edit(&mut draft);
    OfConfiguration { runtime: id.clone(), based_on: view.based_on, draft }
}

async fn preview(app: &App, request: &OfConfiguration) -> ConfigurationPreview {
    handlers::preview_configuration(app, request.clone()).await.expect("preview")
}

fn fields(preview: &ConfigurationPreview) -> Vec<&str> {
    preview.problems.iter().filter_map(|problem| problem.field.as_deref()).collect()
}

async fn begin_change(app: &App, request: OfConfiguration) -> Result<OperationId, Problem> {
    let OfConfiguration { runtime, based_on, draft } = request;
    let request =
        ChangeConfiguration { runtime, based_on, draft, confirmed: false, cancel_runs: false };
    handlers::change_configuration(app, request).await.map(|started| started.operation)
}

async fn change(
    app: &App,
    id: &RuntimeId,
    edit: impl FnOnce(&mut ConfigurationDraft),
) -> Operation {
    let request = asked(app, id, edit).await;
    let operation = begin_change(app, request).await.expect("begins");
    ended(app, &operation).await
}

/// A runtime with a variable, a volume and a limit.
fn full(name: &str) -> RuntimeDraft {
    let variable = |name: &str, value: &str| Variable {
        name: name.into(),
        value: value.into(),
        confirmed: false,
    };
    RuntimeDraft {
        description: "as made".into(),
        variables: vec![variable("MODE", "fast"), variable("LEVEL", "1")],
        mounts: vec![MountRequest {
            source: "data".into(),
            target: "/data".into(),
            read_only: false,
        }],
        memory_limit: Some(256 << 20),
        ..draft(name)
    }
}

fn env_of(world: &World, name: &str) -> Vec<String> {
    let container = world.container(name).expect(name);
    let all = container.raw["Config"]["Env"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn told(world: &World) -> Vec<String> {
    world.engine().changes().iter().map(|(call, about)| format!("{call:?} {about}")).collect()
}

#[test]
fn values_of_variables_never_reach_the_window() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let mut draft = full("eval");
        draft.variables[0].value = "planted-value".into();
        let id = create(&app, draft).await.id;
        let view = view(&app, &id).await;
        assert_eq!(view.variables, ["MODE", "LEVEL"]);
        let request =
            asked(&app, &id, |draft| draft.variables[1] = given("LEVEL", "new-planted")).await;
        let preview = preview(&app, &request).await;
        let operation =
            change(&app, &id, |draft| draft.variables[1] = given("LEVEL", "new-planted")).await;
        let seen = [
            serde_json::to_string(&view).expect("json"),
            serde_json::to_string(&preview).expect("json"),
            serde_json::to_string(&succeeded(operation)).expect("json"),
        ];
        assert!(!seen.concat().contains("planted"), "{seen:?}");
        assert!(env_of(&world, "eval").contains(&"LEVEL=new-planted".to_owned()));
    });
}

#[test]
fn description_and_restart_policy_change_in_place() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let made = create(&app, full("eval")).await;
        let edit = |draft: &mut ConfigurationDraft| {
            draft.description = "for the team".into();
            draft.restart_policy = RestartPolicy::Always;
        };
        let request = asked(&app, &made.id, edit).await;
        let seen = preview(&app, &request).await;
        assert!(!seen.replaces && seen.changes.iter().all(|change| change.in_place), "{seen:?}");
        world.engine().forget_calls();
        let operation = succeeded(change(&app, &made.id, edit).await);
        assert_eq!(operation.kind, OperationKind::Reconfigure);
        assert_eq!(
            operation.outcome.as_deref(),
            Some("eval has the new description and restart policy. It went on running.")
        );
        assert_eq!(told(&world), ["SetRestartPolicy eval"]);
        let after = row(&app, "eval");
        assert_eq!(
            (after.container_id, after.restart_policy),
            (made.container_id, "always".into())
        );
        assert_eq!(after.spec.expect("spec").description, "for the team");
        assert!(view(&app, &made.id).await.description_not_in_label);
    });
    // It is remembered, and gets into the label when the container is next replaced.
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.start(world.parts(2)).await;
        let before = row(&app, "eval");
        assert_eq!(before.spec.expect("spec").description, "for the team");
        succeeded(update(&app, &before.id, version(V2)).await);
        let labels = Labels::read(&world.container("eval").expect("eval").labels).expect("labels");
        let spec = labels.spec.expect("spec");
        assert_eq!(spec.description, "for the team");
        assert_eq!(spec.restart_policy, RestartPolicy::Always);
        let after = view(&app, &before.id).await;
        assert_eq!(
            (after.description.as_str(), after.description_not_in_label),
            ("for the team", false)
        );
    });
}

#[test]
fn what_the_container_cannot_take_is_proved_beside_it_first() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let made = create(&app, full("eval")).await;
        let folder = tempfile::tempdir().expect("folder");
        let source = folder.path().display().to_string();
        let port = free_port();
        let edit = |draft: &mut ConfigurationDraft| {
            draft.host_port = port.into();
            draft.memory_limit = Some(512 << 20);
            draft.cpu_limit = Some(1.5);
            draft.variables = vec![given("MODE", "slow"), given("NEW", "1")];
            draft.mounts.push(MountRequest {
                source: source.clone(),
                target: "/code".into(),
                read_only: true,
            });
            draft.restart_policy = RestartPolicy::No;
            draft.description = "changed".into();
        };
        let request = asked(&app, &made.id, edit).await;
        let seen = preview(&app, &request).await;
        assert!(seen.replaces && seen.running && seen.problems.is_empty(), "{seen:?}");
        let titles: Vec<String> =
            seen.changes.iter().map(|change| change.setting.title()).collect();
        assert_eq!(
            titles,
            [
                "description",
                "published port",
                "memory limit",
                "CPU limit",
                "variable MODE",
                "variable NEW",
                "variable LEVEL",
                "mount /code",
                "restart policy"
            ]
        );
        world.engine().forget_calls();
        let operation = succeeded(change(&app, &made.id, edit).await);
        assert_eq!(
            told(&world),
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
        let done =
            |kind| operation.steps.iter().any(|s| s.kind == kind && s.state == StepState::Done);
        assert!(done(StepKind::Prove) && !done(StepKind::Pull), "{operation:#?}");
        assert!(operation.without_service.is_some());
        let after = row(&app, "eval");
        assert_eq!(after.endpoint.as_deref(), Some(format!("http://127.0.0.1:{port}").as_str()));
        assert_eq!((after.memory_limit, after.cpu_limit), (512 << 20, 1.5));
        assert_eq!((after.restart_policy.as_str(), after.generation), ("no", 2));
        assert_eq!((after.version, &after.digest), (made.version, &made.digest));
        let env = env_of(&world, "eval");
        for expected in ["MODE=slow", "NEW=1", "PF_LONG_RUNNING_LOGGING_INTERVAL=60"] {
            assert!(env.iter().any(|entry| entry == expected), "{env:?}");
        }
        assert!(!env.iter().any(|entry| entry.starts_with("LEVEL=")), "{env:?}");
        let spec = after.spec.expect("spec");
        assert_eq!(spec.variables, ["MODE", "NEW"]);
        assert_eq!((spec.host_port, spec.memory_limit), (port, Some(512 << 20)));
        assert_eq!((spec.mounts.len(), spec.restart_policy), (2, RestartPolicy::No));
        let again = view(&app, &made.id).await;
        assert_eq!(
            (again.description.as_str(), again.description_not_in_label),
            ("changed", false)
        );
        assert!(world.answers("eval"));
    });
}

#[test]
fn a_stopped_runtime_is_changed_and_left_stopped() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let stop =
            handlers::stop_runtime(&app, OfRuntime { runtime: id.clone() }).await.expect("begins");
        succeeded(ended(&app, &stop.operation).await);
        succeeded(change(&app, &id, |draft| draft.memory_limit = None).await);
        assert_eq!(
            world.containers(),
            [("eval".to_owned(), false), ("eval.previous".to_owned(), false)]
        );
        assert_eq!(row(&app, "eval").memory_limit, 0);
    });
}

#[test]
fn on_podman_4_a_restart_policy_needs_a_new_container() {
    let world = World::on(vec![TwinEngine::podman()]);
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let edit = |draft: &mut ConfigurationDraft| draft.restart_policy = RestartPolicy::No;
        let request = asked(&app, &id, edit).await;
        assert!(preview(&app, &request).await.replaces);
        succeeded(change(&app, &id, edit).await);
        assert_eq!(row(&app, "eval").restart_policy, "no");
        assert!(world.answers("eval"));
    });
}

#[test]
fn what_cannot_be_is_told_by_its_field_before_anything_happens() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let other = create(&app, draft("other")).await;
        let taken = other.ports[0].host_port;
        world.engine().forget_calls();
        type Edit = Box<dyn Fn(&mut ConfigurationDraft)>;
        let cases: [(&str, Edit); 9] = [
            ("hostPort", Box::new(move |draft| draft.host_port = taken.into())),
            ("hostPort", Box::new(|draft| draft.host_port = 70_000)),
            ("bindAddress", Box::new(|draft| draft.bind_address = "here".into())),
            ("bindAddress", Box::new(|draft| draft.bind_address = "0.0.0.0".into())),
            ("memoryLimit", Box::new(|draft| draft.memory_limit = Some(1))),
            ("cpuLimit", Box::new(|draft| draft.cpu_limit = Some(64.0))),
            ("variables.0", Box::new(|draft| draft.variables[0] = given("API_KEY", "x"))),
            ("variables.2", Box::new(|draft| draft.variables.push(kept("NOT_THERE")))),
            (
                "mounts.1",
                Box::new(|draft| {
                    draft.mounts.push(MountRequest {
                        source: "/no/such/folder".into(),
                        target: "/x".into(),
                        read_only: false,
                    });
                }),
            ),
        ];
        for (field, edit) in cases {
            let request = asked(&app, &id, edit).await;
            let seen = preview(&app, &request).await;
            assert_eq!(fields(&seen), [field]);
            if field == "hostPort" && request.draft.host_port == u32::from(taken) {
                assert!(seen.problems[0].sentence.contains("other"), "{seen:?}");
                assert!(seen.problems[0].finding.is_some(), "a free one is proposed");
            }
            let refused = begin_change(&app, request).await.expect_err("refused");
            assert_eq!(refused.field.as_deref(), Some(field));
        }
        assert_eq!(told(&world), Vec::<String>::new());
        // What looks like a key, and what others can reach, is taken once it is confirmed.
        let request = asked(&app, &id, |draft| {
            draft.variables[0] = VariableDraft { confirmed: true, ..given("API_KEY", "x") };
            draft.bind_address = "0.0.0.0".into();
            draft.confirmed_exposure = true;
        })
        .await;
        assert_eq!(fields(&preview(&app, &request).await), Vec::<&str>::new());
    });
}

#[test]
fn what_is_there_already_is_not_held_against_a_change() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let folder = tempfile::tempdir().expect("folder");
        let mut draft = full("eval");
        draft.bind_address = "0.0.0.0".into();
        draft.confirmed_exposure = true;
        draft.mounts[0].source = folder.path().display().to_string();
        let id = create(&app, draft).await.id;
        drop(folder);
        let request = asked(&app, &id, |draft| draft.cpu_limit = Some(1.0)).await;
        assert_eq!(fields(&preview(&app, &request).await), Vec::<&str>::new());
    });
}

#[test]
fn the_settings_that_it_has_are_no_change() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let request = asked(&app, &id, |_| {}).await;
        assert_eq!(preview(&app, &request).await.changes, vec![]);
        let refused = begin_change(&app, request).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::InvalidInput);
    });
}

#[test]
fn one_on_the_machines_own_network_is_changed_only_when_that_is_confirmed() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, full("eval")).await.id;
        let old = world.container("eval").expect("eval");
        let mut body = old.raw["Config"].clone();
        body["HostConfig"] = old.raw["HostConfig"].clone();
        body["HostConfig"]["NetworkMode"] = json!("host");
        let engine = world.engine();
        engine.remove("eval", true, false).await.expect("remove");
        engine.create("eval", &body).await.expect("create");
        engine.start("eval").await.expect("start");
        settle().await;
        let request = asked(&app, &id, |draft| draft.memory_limit = None).await;
        assert_eq!(preview(&app, &request).await.confirmations.len(), 1);
        let operation = begin_change(&app, request).await.expect("begins");
        let operation = ended(&app, &operation).await;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        let ChangedSetting::MemoryLimit { .. } =
            preview(&app, &asked(&app, &id, |draft| draft.memory_limit = None).await).await.changes
                [0]
            .setting
        else {
            panic!("the limit is as it was");
        };
    });
}
