//! Packages that are added to a runtime to stay, as one operation.

use domain::{
    environment::BuildContext,
    flow::{FlowRunId, FlowRunState},
    operation::StepState,
};
use executor::twin::{TwinRun, completed};

use super::*;
use crate::api::{
    AddPackages, AddPackagesPreview, AddPackagesTo, AddPackagesWay, OfRuntime, OpenFlow,
    StartFlowRun,
};

fn request(runtime: &RuntimeId, requirement: &str) -> AddPackages {
    AddPackages {
        runtime: runtime.clone(),
        requirements: vec![requirement.into()],
        to: AddPackagesTo::Own,
        confirmed: false,
        cancel_runs: false,
        again: None,
    }
}

async fn begin_add(app: &App, request: AddPackages) -> OperationId {
    handlers::add_packages(app, request).await.expect("begins").operation
}

async fn add(app: &App, request: AddPackages) -> Operation {
    let operation = begin_add(app, request).await;
    ended(app, &operation).await
}

async fn preview(app: &App, runtime: &RuntimeId) -> AddPackagesPreview {
    let of = OfRuntime { runtime: runtime.clone() };
    handlers::preview_add_packages(app, of).await.expect("preview")
}

/// The requirements of an environment of the kind packages.
async fn requirements(app: &App, id: &EnvironmentId) -> String {
    match view(app, id).await.source {
        Source::Packages(packages) => packages.requirements,
        other => panic!("{other:?}"),
    }
}

/// The environment `rag` with one version, and a runtime `eval` of it.
async fn made(world: &World, app: &App, draft: RuntimeDraft) -> (EnvironmentId, Runtime) {
    world.will_build("one", Serves::Well);
    let id = save(app, "rag", packages("numpy\n")).await;
    succeeded(build(app, &id).await);
    let row = create(app, RuntimeDraft { environment: named(&id, None), ..draft }).await;
    (id, row)
}

/// A run of a flow on a runtime that fails for want of a module.
async fn failed_run(world: &World, app: &App, runtime: &RuntimeId) -> FlowRunId {
    let folder = world.folder.path().join("bs");
    std::fs::create_dir_all(&folder).expect("folder");
    let flow = "inputs:\n  text: {type: string}\noutputs: {}\nnodes:\n- name: a\n  type: python\n  source: {type: code, path: a.py}\n  inputs: {text: '${inputs.text}'}\n";
    std::fs::write(folder.join("flow.dag.yaml"), flow).expect("file");
    std::fs::write(folder.join("a.py"), "import bs4").expect("file");
    let path = folder.display().to_string();
    let flow = handlers::open_flow(app, OpenFlow { path }).await.expect("opened").flow;
    let failed = json!({"run_info": {"status": "Failed", "error": {
        "message": "Execution failure in 'a': (ModuleNotFoundError) No module named 'bs4'",
        "code": "UserError"}}, "node_run_infos": {}});
    world.service.runs.will_run(TwinRun::answers(failed));
    let start = StartFlowRun {
        flow,
        runtime: runtime.clone(),
        inputs: [("text".to_owned(), "hello".to_owned())].into(),
        init: std::collections::BTreeMap::new(),
        variants: std::collections::BTreeMap::new(),
        connections: vec![],
        node: None,
        from_node: None,
        from: None,
        limit: None,
    };
    let run = handlers::start_flow_run(app, start).await.expect("begins").run;
    let ended = run_ended(app, &run).await;
    assert_eq!(ended.state, FlowRunState::Failed);
    run
}

async fn run_ended(app: &App, run: &FlowRunId) -> domain::flow::FlowRun {
    for _ in 0..10_000 {
        let kept = app.parts.history.flow_run(run).await.expect("history").expect("kept");
        if kept.run.state.is_final() {
            return kept.run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the run does not end");
}

/// The runtime runs on as it did, and the environment is as it was.
async fn untouched(world: &World, app: &App, id: &EnvironmentId, before: &Runtime) {
    let now = row(app, "eval");
    assert_eq!((&now.container_id, now.status), (&before.container_id, Status::Available));
    assert_eq!(requirements(app, id).await, "numpy\n");
    assert_eq!(view(app, id).await.versions.len(), 1);
    assert_eq!(view(app, id).await.operation, None);
    assert_eq!(world.tags().await, ["localhost/promptflow-runtimes/rag:1"]);
    assert_eq!(world.containers(), [("eval".to_owned(), true)]);
    assert!(lock(&app.busy).is_empty());
}

#[test]
fn a_failed_run_is_mended_by_one_operation_and_runs_again_with_its_inputs() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, before) = made(&world, &app, draft("eval")).await;
        let run = failed_run(&world, &app, &before.id).await;
        let shown = preview(&app, &before.id).await;
        let AddPackagesWay::Own { name, used_by, file, .. } = &shown.ways[0] else {
            panic!("{shown:#?}")
        };
        assert_eq!((name.as_str(), used_by.len(), file), ("rag", 0, &None));
        assert_eq!((shown.notes.len(), shown.confirmations.len()), (0, 0));

        world.will_build("two", Serves::Well);
        world.service.runs.will_run(TwinRun::answers(completed(&json!({}))));
        let request =
            AddPackages { again: Some(run.clone()), ..request(&before.id, "beautifulsoup4") };
        let done = succeeded(add(&app, request).await);
        assert_eq!(world.tag_of("eval"), "2");
        assert_eq!(requirements(&app, &id).await, "numpy\nbeautifulsoup4\n");
        assert_eq!(view(&app, &id).await.versions[0].runtimes, std::slice::from_ref(&before.id));
        let states: Vec<_> = done.steps.iter().map(|step| (step.kind, step.state)).collect();
        assert!(
            states.iter().all(|(_, state)| matches!(state, StepState::Done | StepState::Skipped)),
            "{states:?}"
        );
        assert_eq!(states.len(), 12, "{states:?}");
        let again = done.run.expect("it runs again");
        assert_ne!(again, run);
        assert_eq!(run_ended(&app, &again).await.state, FlowRunState::Completed);
        let asked = world.service.runs.asked();
        let runs = asked.into_iter().filter(|one| one.path == "/execution/flow");
        let bodies: Vec<_> = runs.map(|one| one.body).collect();
        assert_eq!(bodies[1]["inputs"], json!({"text": "hello"}));
        // It can be gone back from, as from any update.
        assert!(row(&app, "eval").previous.is_some());
        assert!(lock(&app.busy).is_empty());
    });
}

#[test]
fn a_package_that_does_not_exist_leaves_everything_as_it_was() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, before) = made(&world, &app, draft("eval")).await;
        world.engine().will_build(BuildScript::fails(&[
            "ERROR: Could not find a version that satisfies the requirement bs9 (from versions: none)",
            "ERROR: No matching distribution found for bs9",
        ]));
        let failed = add(&app, request(&before.id, "bs9")).await;
        assert_eq!(failed.state, OperationState::Failed);
        let finding = failed.problem.and_then(|problem| problem.finding).expect("finding");
        assert_eq!(finding.cause, Cause::PackageNotFound);
        let outcome = failed.outcome.expect("outcome");
        assert!(outcome.contains("as before") && outcome.contains("rag is as it was"), "{outcome}");
        untouched(&world, &app, &id, &before).await;
        // Tried again under its right name it comes.
        world.will_build("two", Serves::Well);
        succeeded(add(&app, request(&before.id, "beautifulsoup4")).await);
        assert_eq!(world.tag_of("eval"), "2");
    });
}

#[test]
fn an_image_that_does_not_serve_leaves_everything_as_it_was() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, before) = made(&world, &app, draft("eval")).await;
        world.will_build_image("two", Image::that_exits());
        let failed = add(&app, request(&before.id, "pandas")).await;
        assert_eq!(failed.state, OperationState::Failed);
        untouched(&world, &app, &id, &before).await;
    });
}

#[test]
fn what_does_not_run_under_the_settings_of_the_runtime_is_taken_back() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let small = RuntimeDraft { memory_limit: Some(128 << 20), ..draft("eval") };
        let (id, before) = made(&world, &app, small).await;
        // It serves while it is proved alone, and not with the memory that the runtime gives it.
        world.will_build("two", Serves::WithEnoughMemory);
        let failed = add(&app, request(&before.id, "torch")).await;
        assert_eq!(failed.state, OperationState::Failed);
        let outcome = failed.outcome.expect("outcome");
        assert!(outcome.contains("never stopped") && outcome.contains("as it was"), "{outcome}");
        untouched(&world, &app, &id, &before).await;
    });
}

#[test]
fn a_cancel_while_it_builds_leaves_nothing() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, before) = made(&world, &app, draft("eval")).await;
        let slow = BuildScript {
            pause: Duration::from_secs(60),
            ..BuildScript::makes(TwinImage::new("slow"))
        };
        world.engine().will_build(slow);
        let operation = begin_add(&app, request(&before.id, "pandas")).await;
        tokio::time::sleep(Duration::from_secs(70)).await;
        // The runtime is as available as ever, and nothing else changes the environment.
        assert_eq!(row(&app, "eval").status, Status::Available);
        let busy = try_save(&app, Some(&id), "rag", packages("x")).await.expect_err("busy");
        assert_eq!(busy.code, ProblemCode::Busy);
        let of = OfOperation { operation: operation.clone() };
        handlers::cancel_operation(&app, of).await.expect("cancelled");
        assert_eq!(ended(&app, &operation).await.state, OperationState::Cancelled);
        untouched(&world, &app, &id, &before).await;
    });
}

#[test]
fn a_definition_that_was_edited_meanwhile_is_not_written_over() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, before) = made(&world, &app, draft("eval")).await;
        let slow = BuildScript {
            pause: Duration::from_secs(30),
            ..BuildScript::makes(TwinImage::new("slow").configured(json!({
                "Cmd": ["python", "-m", "uvicorn", "promptflow.executor._service.app:app"],
                "ExposedPorts": {"8080/tcp": {}},
                "Labels": {service::LABEL: Serves::Well.word()},
            })))
        };
        world.engine().will_build(slow);
        let operation = begin_add(&app, request(&before.id, "pandas")).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let file = std::path::Path::new(&view(&app, &id).await.folder).join("requirements.txt");
        assert_eq!(std::fs::read_to_string(&file).expect("requirements"), "numpy\n");
        std::fs::write(&file, "scipy\n").expect("edited");
        let failed = ended(&app, &operation).await;
        assert_eq!(failed.state, OperationState::Failed);
        assert_eq!(failed.problem.map(|one| one.code), Some(ProblemCode::ChangedMeanwhile));
        assert_eq!(requirements(&app, &id).await, "scipy\n");
        assert_eq!(view(&app, &id).await.versions.len(), 1);
        assert_eq!(row(&app, "eval").container_id, before.container_id);
    });
}

#[test]
fn a_runtime_without_an_environment_of_ours_gets_a_new_one_made_of_what_it_runs() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let before = create(&app, draft("eval")).await;
        let shown = preview(&app, &before.id).await;
        let [AddPackagesWay::New { name, from }] = &shown.ways[..] else { panic!("{shown:#?}") };
        assert_eq!((name.as_str(), from), ("eval", &before.image));
        assert_eq!(shown.notes.len(), 1);
        let to = AddPackagesTo::New { name: "mine".into() };
        let anew = || AddPackages { to: to.clone(), ..request(&before.id, "pandas") };
        let environments = async || {
            let list = handlers::list_environments(&app, Nothing {}).await.expect("list");
            list.environments
        };
        world.engine().will_build(BuildScript::fails(&["no"]));
        let failed = add(&app, anew()).await;
        assert_eq!(failed.state, OperationState::Failed);
        assert!(environments().await.is_empty() && world.tags().await.is_empty());
        assert_eq!(row(&app, "eval").container_id, before.container_id);

        world.will_build("two", Serves::Well);
        succeeded(add(&app, anew()).await);
        let all = environments().await;
        assert_eq!((all.len(), all[0].name.as_str()), (1, "mine"));
        assert_eq!(all[0].runtimes, std::slice::from_ref(&before.id));
        let folder = std::path::Path::new(&all[0].folder).to_owned();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
        assert!(read("Dockerfile").contains(&format!("FROM {}\n", before.image)));
        assert_eq!(read("requirements.txt"), "pandas\n");
        assert_eq!(row(&app, "eval").environment, "mine");
        // From then on it is the runtime's own, which the next package comes to.
        let shown = preview(&app, &before.id).await;
        let AddPackagesWay::Own { file, .. } = &shown.ways[0] else { panic!("{shown:#?}") };
        assert_eq!(file.as_deref(), folder.join("requirements.txt").to_str());
        world.will_build("three", Serves::Well);
        succeeded(add(&app, request(&before.id, "scipy")).await);
        assert_eq!(read("requirements.txt"), "pandas\nscipy\n");
        world.engine().will_build(BuildScript::fails(&["no"]));
        assert_eq!(add(&app, request(&before.id, "no")).await.state, OperationState::Failed);
        assert_eq!(read("requirements.txt"), "pandas\nscipy\n");
    });
}

#[test]
fn an_environment_that_others_use_or_that_installs_no_file_is_told_and_not_taken_by_itself() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let (id, first) = made(&world, &app, draft("eval")).await;
        create(&app, RuntimeDraft { environment: named(&id, None), ..draft("other") }).await;
        let shown = preview(&app, &first.id).await;
        assert!(matches!(&shown.ways[0], AddPackagesWay::New { .. }), "{shown:#?}");
        let AddPackagesWay::Own { used_by, .. } = &shown.ways[1] else { panic!("{shown:#?}") };
        assert_eq!(used_by, &["other".to_owned()]);

        let folder = world.folder.path().join("context");
        std::fs::create_dir_all(&folder).expect("folder");
        let base = repository().tagged(V1);
        let dockerfile = format!("FROM {base}\nRUN pip install pandas\n");
        std::fs::write(folder.join("Dockerfile"), dockerfile).expect("file");
        let context = Source::BuildContext(BuildContext {
            folder: folder.display().to_string(),
            dockerfile: String::new(),
            arguments: vec![],
            target: String::new(),
            secrets: vec![],
        });
        world.will_build("own", Serves::Well);
        let own = save(&app, "own", context).await;
        succeeded(build(&app, &own).await);
        let row =
            create(&app, RuntimeDraft { environment: named(&own, None), ..draft("third") }).await;
        let shown = preview(&app, &row.id).await;
        assert!(matches!(&shown.ways[..], [AddPackagesWay::New { .. }]), "{shown:#?}");
        assert!(shown.notes[0].contains("installs no requirements file"), "{:?}", shown.notes);
        let refused = handlers::add_packages(&app, request(&row.id, "scipy")).await;
        assert_eq!(refused.expect_err("refused").field.as_deref(), Some("to"));
    });
}
