//! Flows on twins: secrets, live states, cancels, and what refuses a run.

mod findings;
mod outside;
mod still_fit;

use std::{collections::BTreeMap, path::Path};

use domain::{
    connection::{ConnectionDraft, ConnectionType},
    finding::{Problem, ProblemCode},
    flow::{FlowId, FlowKind, FlowRun, FlowRunId, FlowRunState, NodeRunState, Severity},
    secret::Secret,
};
use executor::twin::{TwinRun, completed, refusal as service_refuses};

use super::*;
use crate::api::{
    ActiveRuns, Change, CheckFlowInputs, ClosingDecision, ConnectionOverride, FinishClosing,
    FlowOnRuntime, FlowRunDetail, ListFlowRuns, Nothing, OfFlow, OfFlowRun, OfRuntime, OpenFlow,
    PreviewUpdate, ReadRunPart, RunPart, SaveConnection, StartFlowRun,
};

/// A key that would be found wherever it was written.
const PLANTED: &str = "planted-api-key-9983";

const FLOW: &str = "
inputs:
  text:
    type: string
  times:
    type: int
    default: 2
outputs:
  answer:
    type: string
    reference: ${second.output}
environment_variables:
  KEY: ${my_aoai.api_key}
  BASE: ${my_aoai.api_base}
nodes:
- name: first
  type: python
  source: {type: code, path: first.py}
  inputs:
    text: ${inputs.text}
    conn: my_aoai
- name: second
  type: python
  source: {type: code, path: second.py}
  inputs:
    text: ${first.output}
";

/// A line of the service's log.
fn line(message: &str) -> String {
    format!("2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     {message}")
}

/// A folder with the flow.
fn folder(world: &World) -> std::path::PathBuf {
    let folder = world.folder.path().join("my-flow");
    std::fs::create_dir_all(&folder).expect("folder");
    for (name, text) in [("flow.dag.yaml", FLOW), ("first.py", "a"), ("second.py", "b")] {
        std::fs::write(folder.join(name), text).expect("file");
    }
    folder
}

async fn keep_connection(app: &App, name: &str) {
    let draft = ConnectionDraft {
        name: name.into(),
        kind: ConnectionType::AzureOpenAi,
        fields: BTreeMap::from([("api_base".into(), "https://x.openai.azure.com/".into())]),
        pairs: vec![],
        given: vec![],
    };
    let secrets = BTreeMap::from([("api_key".to_owned(), Secret::new(PLANTED.into()))]);
    let request = SaveConnection { original: None, draft, secrets, file: None };
    handlers::save_connection(app, request).await.expect("saved");
}

async fn open(app: &App, folder: &Path) -> FlowId {
    let path = folder.display().to_string();
    handlers::open_flow(app, OpenFlow { path }).await.expect("opened").flow
}

fn request(flow: &FlowId, runtime: &RuntimeId) -> StartFlowRun {
    StartFlowRun {
        flow: flow.clone(),
        runtime: runtime.clone(),
        inputs: [("text".to_owned(), "hi".to_owned())].into(),
        init: BTreeMap::new(),
        variants: BTreeMap::new(),
        connections: vec![],
        node: None,
        from_node: None,
        from: None,
        limit: None,
    }
}

async fn start(app: &App, request: StartFlowRun) -> FlowRunId {
    handlers::start_flow_run(app, request).await.expect("begins").run
}

async fn detail(app: &App, id: &FlowRunId) -> FlowRunDetail {
    handlers::flow_run(app, OfFlowRun { run: id.clone() }).await.expect("run")
}

/// Waits for the end of a run, and until it is kept.
async fn result(app: &App, id: &FlowRunId) -> FlowRunDetail {
    for _ in 0..10_000 {
        let kept = app.parts.history.flow_run(id).await.expect("history").expect("kept");
        if kept.run.state.is_final() {
            settle().await;
            return detail(app, id).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the run does not end: {:#?}", detail(app, id).await.run);
}

async fn until(app: &App, id: &FlowRunId, as_asked: impl Fn(&FlowRun) -> bool) -> FlowRun {
    for _ in 0..10_000 {
        let run = detail(app, id).await.run;
        if as_asked(&run) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not come to that: {:#?}", detail(app, id).await.run);
}

/// The application with a runtime `eval` whose service writes its logs into its container.
async fn with_runtime(world: &World) -> (App, RuntimeId) {
    let app = world.app().await;
    let row = create(&app, draft("eval")).await;
    let engine = world.engine().clone();
    world.service.runs.write_logs(Arc::new(move |path, line| {
        engine.append("eval", path, &format!("{line}\n"));
    }));
    (app, row.id)
}

fn unpacked(world: &World) -> usize {
    world.engine().calls().iter().filter(|(call, _)| *call == Call::Unpack).count()
}

#[test]
fn secrets_travel_in_the_request_and_are_found_nowhere_else() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        let view = handlers::flow(&app, OfFlow { flow: flow.clone() }).await.expect("view");
        assert_eq!(view.problems, []);
        assert_eq!(
            view.connections.iter().map(|one| (one.name.as_str(), one.known)).collect::<Vec<_>>(),
            [("my_aoai", true)]
        );
        let leaks = json!({"answer": format!("the key is {PLANTED}")});
        let leaking = TwinRun::answers(completed(&leaks)).says(
            Duration::ZERO,
            &line(&format!("Executing node first. node run id: x {PLANTED}")),
        );
        world.service.runs.will_run(leaking);
        let run = start(&app, request(&flow, &runtime)).await;
        let ended = result(&app, &run).await;
        assert_eq!(ended.run.state, FlowRunState::Completed, "{:#?}", ended.run);

        let asked = world.service.runs.asked();
        let body = &asked[0].body;
        assert_eq!(body["connections"]["my_aoai"]["value"]["api_key"], PLANTED);
        assert_eq!(body["environment_variables"]["KEY"], PLANTED);
        assert_eq!(body["environment_variables"]["BASE"], "https://x.openai.azure.com/");
        assert_eq!(body["environment_variables"]["PF_DISABLE_TRACING"], "false");
        assert_eq!(body["environment_variables"]["PF_LONG_RUNNING_LOGGING_INTERVAL"], "10");
        assert_eq!(body["inputs"], json!({"text": "hi", "times": 2}));
        let folder = body["working_dir"].as_str().expect("folder").to_owned();
        assert!(folder.starts_with("/tmp/promptflow-runtimes/flows/"), "{folder}");

        let shown = ended.output.expect("output").text;
        assert!(shown.contains("the key is **secret**"), "{shown}");
        let log = ReadRunPart { run: run.clone(), part: RunPart::Log };
        let log = handlers::flow_run_part(&app, log).await.expect("log").text;
        assert!(log.contains("**secret**") && !log.contains(PLANTED), "{log}");
        let kept = app.parts.history.flow_run(&run).await.expect("history").expect("kept");
        let everything = format!("{kept:?}{:?}", app.parts.history.flows().await.expect("flows"));
        assert!(!everything.contains(PLANTED), "{everything}");
        // Nothing of a run stays inside; the flow does.
        let left = world.engine().files_in("eval");
        assert!(left.iter().all(|path| !path.contains("/runs/")), "{left:?}");
        assert!(left.contains(&format!("{folder}/first.py")), "{left:?}");
        let (before, copies) = (unpacked(&world), left.len());
        let run = start(&app, request(&flow, &runtime)).await;
        result(&app, &run).await;
        assert_eq!(unpacked(&world), before + 1, "the flow was copied again");
        assert_eq!(world.engine().files_in("eval").len(), copies);
    });
}

#[test]
fn nodes_are_told_live_and_a_cancel_is_real() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        let seconds = Duration::from_secs;
        let slow = TwinRun::endless()
            .says(seconds(1), &line("Executing node first. node run id: x_first_0"))
            .says(seconds(2), &line("task Task-3 has no start time, which should not happen"))
            .says(seconds(3), &line("Node first completes."))
            .says(seconds(4), &line("Executing node second. node run id: x_second_0"));
        world.service.runs.will_run(slow);
        let mut changes = app.subscribe();
        let run = start(&app, request(&flow, &runtime)).await;
        let now = until(&app, &run, |run| run.nodes[1].state == NodeRunState::Running).await;
        assert_eq!(
            (now.state, now.nodes[0].state),
            (FlowRunState::Running, NodeRunState::Completed)
        );
        let told = changes.next().await;
        assert!(told.iter().any(|change| matches!(change, crate::api::Change::FlowRun { .. })));
        let choice =
            handlers::flow_runtimes(&app, OfFlow { flow: flow.clone() }).await.expect("list");
        assert_eq!((choice.runtimes[0].runs, choice.runtimes[0].usable), (1, true));
        assert_eq!(world.service.runs.running().len(), 1);

        handlers::cancel_flow_run(&app, OfFlowRun { run: run.clone() }).await.expect("cancelled");
        let ended = result(&app, &run).await.run;
        assert_eq!(ended.state, FlowRunState::Cancelled);
        assert_eq!(ended.nodes[1].state, NodeRunState::Cancelled);
        assert_eq!(ended.problem, None);
        let cancels = world.service.runs.asked();
        let cancels = cancels.iter().filter(|asked| asked.path == "/execution/cancel");
        assert_eq!(
            cancels.map(|asked| asked.body["run_id"].clone()).collect::<Vec<_>>(),
            [json!(run.0)]
        );
        assert!(world.service.runs.running().is_empty());

        // Its log can be read again, without what says nothing.
        let (sender, mut pieces) = tokio::sync::mpsc::channel(16);
        crate::flows::log_pieces(&app, &run, sender).await.expect("kept");
        let mut log = String::new();
        while let Some(piece) = pieces.recv().await {
            log += &String::from_utf8_lossy(&piece.text);
        }
        assert_eq!(log.lines().count(), 3, "{log}");
        // Cancelling again is no error, and it can be deleted.
        handlers::cancel_flow_run(&app, OfFlowRun { run: run.clone() }).await.expect("as good");
        handlers::delete_flow_run(&app, OfFlowRun { run: run.clone() }).await.expect("deleted");
        let runs = handlers::list_flow_runs(&app, ListFlowRuns { flow: None }).await.expect("runs");
        assert_eq!(runs.runs, []);
    });
}

#[test]
fn a_run_that_the_process_left_is_lost_and_ended_by_the_next_one() {
    let world = World::new();
    let (flow, run) = paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        world.service.runs.will_run(TwinRun::endless());
        let run = start(&app, request(&flow, &runtime)).await;
        until(&app, &run, |run| run.state == FlowRunState::Running).await;
        (flow, run)
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        let lost = until(&app, &run, |run| run.state.is_final()).await;
        assert_eq!(lost.state, FlowRunState::Lost);
        assert!(lost.problem.is_some());
        let asked = || {
            let asked = world.service.runs.asked();
            asked
                .iter()
                .any(|asked| asked.path == "/execution/cancel" && asked.body["run_id"] == run.0)
        };
        for _ in 0..1_000 {
            if asked() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(asked(), "the run was left behind");
        let flows = handlers::list_flows(&app, Nothing {}).await.expect("flows").flows;
        assert_eq!((flows[0].flow.clone(), flows[0].there), (flow, true));
        assert_eq!(flows[0].last_run.as_ref().map(|run| run.state), Some(FlowRunState::Lost));
    });
}

async fn refused(app: &App, request: StartFlowRun) -> Problem {
    handlers::start_flow_run(app, request).await.expect_err("refused")
}

#[test]
fn what_is_known_to_be_wrong_is_refused_before_anything_happens() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        let at = folder(&world);
        let flow = open(&app, &at).await;
        let unknown = refused(&app, request(&flow, &runtime)).await;
        assert_eq!(unknown.code, ProblemCode::FlowHasErrors);
        assert!(unknown.sentence.contains("my_aoai"), "{unknown:#?}");
        keep_connection(&app, "my_aoai").await;
        let wrong = StartFlowRun {
            inputs: [("text".to_owned(), "a".to_owned()), ("times".to_owned(), "x".into())].into(),
            ..request(&flow, &runtime)
        };
        let check = CheckFlowInputs {
            flow: flow.clone(),
            node: None,
            inputs: wrong.inputs.clone(),
            init: BTreeMap::new(),
        };
        let checked = handlers::check_flow_inputs(&app, check).await.expect("checked").problems;
        assert_eq!(checked[0].field.as_deref(), Some("inputs.times"));
        assert_eq!(refused(&app, wrong).await.field.as_deref(), Some("inputs.times"));
        let alone = StartFlowRun { node: Some("second".into()), ..request(&flow, &runtime) };
        let alone = refused(&app, alone).await;
        assert!(alone.sentence.contains("\"first\""), "{alone:#?}");
        let other = ConnectionOverride {
            node: "first".into(),
            input: "conn".into(),
            connection: "nobody".into(),
        };
        let other = StartFlowRun { connections: vec![other], ..request(&flow, &runtime) };
        // A python node may take any text: only what is a connection counts.
        let run = start(&app, other).await;
        result(&app, &run).await;
        let sent = world.service.runs.asked();
        assert!(sent[0].body["connections"]["my_aoai"].is_object(), "the variables need it still");

        std::fs::write(at.join("flow.dag.yaml"), "nodes: [").expect("file");
        let broken = refused(&app, request(&flow, &runtime)).await;
        assert_eq!(broken.code, ProblemCode::FlowHasErrors);
        std::fs::write(at.join("flow.dag.yaml"), FLOW).expect("file");
        let stop = handlers::stop_runtime(&app, OfRuntime { runtime: runtime.clone() }).await;
        succeeded(ended(&app, &stop.expect("begins").operation).await);
        let stopped = refused(&app, request(&flow, &runtime)).await;
        assert!(stopped.sentence.contains("Start it first."), "{stopped:#?}");
        let runs = handlers::list_flow_runs(&app, ListFlowRuns { flow: Some(flow) }).await;
        assert_eq!(runs.expect("runs").runs.len(), 1, "a refused run was kept");
    });
}

#[test]
fn an_engine_or_a_service_that_fails_is_told_in_words() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        world.engine().fail(Call::Unpack, 1, refusal());
        let run = start(&app, request(&flow, &runtime)).await;
        let failed = result(&app, &run).await.run;
        assert_eq!(failed.state, FlowRunState::Failed);
        let sentence = failed.problem.expect("a problem").sentence;
        assert!(
            sentence.starts_with("The flow could not be brought to the runtime."),
            "{sentence}"
        );

        let words = "Tool load failed in 'first': (PythonLoadError) Failed to load python module from file 'first.py': (ModuleNotFoundError) No module named 'bs4'";
        let answer = Err(service_refuses(400, words));
        world.service.runs.will_run(TwinRun { answer, ..TwinRun::answers(json!({})) });
        let run = start(&app, request(&flow, &runtime)).await;
        let failed = result(&app, &run).await.run;
        let problem = failed.problem.expect("a problem");
        assert_eq!(problem.sentence, "The runtime has no module \"bs4\".");
        assert!(problem.hints[0].contains("beautifulsoup4"), "{problem:#?}");

        // Somebody stops the container in the middle of it; then it crashes and comes back.
        let mut told = Vec::new();
        for crashes in [false, true] {
            let answer = Err(executor::Miss::Closed.into());
            let gone =
                TwinRun { answer, ..TwinRun::answers(json!({})).for_time(Duration::from_secs(3)) };
            world.service.runs.will_run(gone);
            let run = start(&app, request(&flow, &runtime)).await;
            until(&app, &run, |run| run.state == FlowRunState::Running).await;
            if crashes {
                world.engine().end_process("eval", 137).expect("ends");
            } else {
                world.engine().by_hand(engine::twin::Hand::Stop("eval"));
            }
            told.push(result(&app, &run).await.run.problem.expect("a problem").sentence);
            if !crashes {
                world.engine().by_hand(engine::twin::Hand::Start("eval"));
                settle().await;
            }
        }
        assert_eq!(told[0], "eval was stopped while the flow ran.");
        assert!(told[1].starts_with("eval was restarted while the flow ran"), "{told:?}");
    });
}

#[test]
fn a_big_value_is_cut_until_somebody_asks_for_all_of_it() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        let big = "ä".repeat(100_000);
        world.service.runs.will_run(TwinRun::answers(completed(&json!(big))));
        let run = start(&app, request(&flow, &runtime)).await;
        let shown = result(&app, &run).await.output.expect("output");
        assert!(shown.cut && shown.text.len() <= 16 * 1024 && shown.bytes == 200_000);
        let part = ReadRunPart { run: run.clone(), part: RunPart::Output };
        let whole = handlers::flow_run_part(&app, part).await.expect("whole");
        assert!(!whole.cut && whole.text == big);
        let part = ReadRunPart { run, part: RunPart::Metrics };
        let none = handlers::flow_run_part(&app, part).await.expect_err("there are none");
        assert_eq!(none.code, ProblemCode::NotFound);
    });
}

#[test]
fn the_runtime_of_a_flow_is_remembered_also_when_it_is_gone() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        let flow = open(&app, &folder(&world)).await;
        let view =
            async || handlers::flow(&app, OfFlow { flow: flow.clone() }).await.expect("view");
        assert_eq!(view().await.runtime, None);
        let choice = FlowOnRuntime {
            flow: flow.clone(),
            runtime: runtime.clone(),
            variants: BTreeMap::new(),
        };
        handlers::choose_flow_runtime(&app, choice).await.expect("chosen");
        assert!(view().await.runtime.expect("remembered").usable);
        world.engine().by_hand(engine::twin::Hand::Remove("eval"));
        settle().await;
        let remembered = view().await.runtime.expect("remembered");
        assert_eq!((remembered.name.as_str(), remembered.usable), ("eval", false));
        assert!(!remembered.sentence.is_empty());
        handlers::forget_flow(&app, OfFlow { flow: flow.clone() }).await.expect("forgotten");
        assert_eq!(handlers::list_flows(&app, Nothing {}).await.expect("flows").flows, []);
    });
}

#[test]
fn an_update_sees_our_runs_and_ends_them_when_told_to() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        world.service.runs.will_run(TwinRun::endless());
        let run = start(&app, request(&flow, &runtime)).await;
        until(&app, &run, |run| run.state == FlowRunState::Running).await;
        let preview = PreviewUpdate { runtime: runtime.clone(), environment: version(V2) };
        let preview = handlers::preview_update(&app, preview).await.expect("preview");
        assert_eq!(preview.active_runs, ActiveRuns::Known { count: 1 });
        let update = UpdateRuntime {
            runtime: runtime.clone(),
            environment: version(V2),
            confirmed: false,
            cancel_runs: true,
            shown: None,
        };
        let begun = handlers::update_runtime(&app, update).await.expect("begins");
        succeeded(ended(&app, &begun.operation).await);
        assert_eq!(result(&app, &run).await.run.state, FlowRunState::Cancelled);
        assert_eq!(world.tag_of("eval"), V2);
    });
}

#[test]
fn the_list_tells_of_each_flow_its_kind_and_how_many_errors_it_has() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let path = folder(&world);
        let flow = open(&app, &path).await;
        let row = async || {
            let all = handlers::list_flows(&app, Nothing {}).await.expect("list").flows;
            let found = all.into_iter().find(|row| row.flow == flow).expect("row");
            (found.kind, found.errors, found.there)
        };
        let view = handlers::flow(&app, OfFlow { flow: flow.clone() }).await.expect("flow");
        let errors = |view: &crate::api::FlowView| {
            view.problems.iter().filter(|one| one.severity == Severity::Error).count()
        };
        let before = u32::try_from(errors(&view)).expect("number");
        assert_eq!(row().await, (Some(FlowKind::Dag), before, true));
        keep_connection(&app, "my_aoai").await;
        std::fs::remove_file(path.join("second.py")).expect("removed");
        assert_eq!(row().await, (Some(FlowKind::Dag), 1, true));
        std::fs::write(path.join("flow.dag.yaml"), "nodes: [").expect("written");
        assert_eq!(row().await, (None, 1, true));
        std::fs::remove_dir_all(&path).expect("removed");
        assert_eq!(row().await, (None, 0, false));
    });
}

#[test]
fn the_window_asks_before_it_closes_over_a_run_and_waits_for_its_end() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        assert!(app.may_close());
        let takes = Duration::from_secs(40);
        world.service.runs.will_run(TwinRun::answers(completed(&json!({}))).for_time(takes));
        let run = start(&app, request(&flow, &runtime)).await;
        let mut changes = app.subscribe();
        assert!(!app.may_close());
        let asked = loop {
            let told = changes.next().await;
            let closing = told.into_iter().find_map(|change| match change {
                Change::Closing { operations, runs, .. } => Some((operations.len(), runs)),
                _ => None,
            });
            if let Some(closing) = closing {
                break closing;
            }
        };
        assert_eq!((asked.0, asked.1.len(), &asked.1[0].id), (0, 1, &run));
        // Kept running, it ends by itself.
        app.idle().await;
        assert_eq!(result(&app, &run).await.run.state, FlowRunState::Completed);
        assert!(app.may_close());

        world.service.runs.will_run(TwinRun::endless());
        let run = start(&app, request(&flow, &runtime)).await;
        until(&app, &run, |run| run.state == FlowRunState::Running).await;
        let decision = ClosingDecision::CancelOperations;
        handlers::finish_closing(&app, FinishClosing { decision }).await.expect("cancelled");
        app.idle().await;
        assert_eq!(result(&app, &run).await.run.state, FlowRunState::Cancelled);
        assert!(app.may_close());
    });
}

/// What the constructor of a flex flow's class takes is in a file that the run alone has: the service's batch,
/// which has a place for it, would load the flow into the service itself.
#[test]
fn what_a_constructor_takes_is_in_a_file_of_the_run_alone() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        let folder = world.folder.path().join("class");
        std::fs::create_dir_all(&folder).expect("folder");
        for (name, text) in [
            ("flow.flex.yaml", "entry: talk:Talk\ninit:\n  end:\n    type: string\n"),
            ("talk.py", "class Talk: ..."),
        ] {
            std::fs::write(folder.join(name), text).expect("file");
        }
        let flow = open(&app, &folder).await;
        world.service.runs.will_run(TwinRun::endless());
        let with = StartFlowRun {
            init: [("end".to_owned(), "!".to_owned())].into(),
            inputs: BTreeMap::new(),
            ..request(&flow, &runtime)
        };
        let run = start(&app, with).await;
        until(&app, &run, |run| run.state == FlowRunState::Running).await;
        settle().await;
        let asked = world.service.runs.asked();
        assert_eq!(asked.iter().map(|one| one.path).collect::<Vec<_>>(), ["/execution/flow"]);
        let body = &asked[0].body;
        let file = format!(".{run}.flex.yaml");
        assert_eq!(body["flow_file"], file);
        let path = format!("{}/{file}", body["working_dir"].as_str().unwrap_or_default());
        let engine = world.engine();
        let text = engine.files().read("eval", &path, 4096).await.expect("the file");
        let own: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(
            (&own["entry"], &own["sample"]["init"]),
            (&json!("talk:Talk"), &json!({"end": "!"}))
        );
        handlers::cancel_flow_run(&app, OfFlowRun { run: run.clone() }).await.expect("cancelled");
        assert_eq!(result(&app, &run).await.run.state, FlowRunState::Cancelled);
        assert!(!engine.files_in("eval").iter().any(|path| path.contains(&file)));
    });
}
