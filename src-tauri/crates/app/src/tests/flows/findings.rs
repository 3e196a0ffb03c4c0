//! Why a run failed, and running it again.

use domain::finding::{Cause, Finding, Remedy};
use executor::{RunError, twin::nobody};

use super::*;
use crate::api::RunFlowAgain;

/// Runs to its end, and tells why it failed.
async fn why(app: &App, run: &FlowRunId) -> Finding {
    let run = result(app, run).await.run;
    assert_eq!(run.state, FlowRunState::Failed, "{run:#?}");
    *run.problem.expect("problem").finding.expect("finding")
}

fn fails(error: RunError, after: Duration) -> TwinRun {
    TwinRun { answer: Err(error), ..TwinRun::endless() }.for_time(after)
}

#[test]
fn a_run_whose_process_was_killed_is_blamed_on_memory_only_where_the_engine_tells_it() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        let killed = || {
            let words = "Unexpected error occurred while executing the request";
            fails(service_refuses(500, words), Duration::from_secs(5))
        };
        world.service.runs.will_run(killed());
        let run = start(&app, request(&flow, &runtime)).await;
        let found = why(&app, &run).await;
        assert_eq!(found.cause, Cause::RunProcessEnded);
        assert!(found.sentence.contains("most likely"), "{}", found.sentence);

        world.service.runs.will_run(killed());
        let run = start(&app, request(&flow, &runtime)).await;
        until(&app, &run, |run| run.state == FlowRunState::Running).await;
        world.engine().end_for_memory("eval").expect("there");
        let found = why(&app, &run).await;
        assert_eq!(found.cause, Cause::OutOfMemory);
        assert_eq!(found.evidence[0].probe, "Events of the engine");
        assert_eq!(found.remedies, [Remedy::RaiseMemory { bytes: None }, Remedy::RunAgain]);

        // What was told before a run says nothing of it.
        world.service.runs.will_run(killed());
        let run = start(&app, request(&flow, &runtime)).await;
        assert_eq!(why(&app, &run).await.cause, Cause::RunProcessEnded);
    });
}

#[test]
fn a_service_that_is_lost_is_told_by_what_became_of_its_container() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        for (hand, cause) in [
            (None, Cause::ServiceGone),
            (Some(engine::twin::Hand::Stop("eval")), Cause::RuntimeStopped),
            (Some(engine::twin::Hand::Remove("eval")), Cause::RuntimeReplaced),
        ] {
            if cause == Cause::RuntimeReplaced {
                world.engine().by_hand(engine::twin::Hand::Start("eval"));
                for _ in 0..1_000 {
                    if crate::flows::usable(&app, &runtime).is_ok() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            world.service.runs.will_run(fails(nobody(), Duration::from_secs(5)));
            let run = start(&app, request(&flow, &runtime)).await;
            until(&app, &run, |run| run.state == FlowRunState::Running).await;
            if let Some(hand) = hand {
                world.engine().by_hand(hand);
            }
            let found = why(&app, &run).await;
            assert_eq!(found.cause, cause, "{found:#?}");
            assert_eq!(found.evidence[0].probe, "The service's answer");
        }
    });
}

#[test]
fn the_connection_of_the_node_that_failed_can_be_tested() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let at = folder(&world);
        let with_llm = FLOW.replace(
            "- name: second\n  type: python\n  source: {type: code, path: second.py}\n  inputs:\n    text: ${first.output}",
            "- name: second\n  type: llm\n  source: {type: code, path: second.jinja2}\n  inputs: {deployment_name: d}\n  connection: my_aoai\n  api: chat",
        );
        std::fs::write(at.join("flow.dag.yaml"), with_llm).expect("file");
        std::fs::write(at.join("second.jinja2"), "system:\nhi\n").expect("file");
        let flow = open(&app, &at).await;
        let answer = json!({
            "run_info": {"status": "Failed", "error": {
                "message": "OpenAI API hits APIConnectionError: Connection error.", "code": "UserError"}},
            "node_run_infos": {"second": {"node": "second", "status": "Failed", "error": {"message": "m"}}}
        });
        world.service.runs.will_run(TwinRun::answers(answer));
        let run = start(&app, request(&flow, &runtime)).await;
        let found = why(&app, &run).await;
        assert_eq!(found.cause, Cause::LlmUnreachable);
        assert_eq!(found.remedies[0], Remedy::TestConnection { name: Some("my_aoai".into()) });
    });
}

#[test]
fn a_run_is_done_again_with_its_inputs_and_more_time() {
    let world = World::new();
    let run = paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        keep_connection(&app, "other").await;
        let flow = open(&app, &folder(&world)).await;
        let other = ConnectionOverride {
            node: "first".into(),
            input: "conn".into(),
            connection: "other".into(),
        };
        let typed = [("text".to_owned(), "hello".to_owned()), ("times".into(), "7".into())];
        let first = StartFlowRun {
            inputs: typed.into(),
            connections: vec![other],
            ..request(&flow, &runtime)
        };
        let run = start(&app, first).await;
        result(&app, &run).await;
        let again = RunFlowAgain { run: run.clone(), limit: Some(30) };
        let second = handlers::run_flow_again(&app, again).await.expect("begins").run;
        assert_ne!(second, run);
        result(&app, &second).await;
        let asked = world.service.runs.asked();
        let bodies: Vec<_> = asked.iter().map(|one| &one.body).collect();
        assert_eq!(bodies[1]["inputs"], json!({"text": "hello", "times": 7}));
        assert_eq!(bodies[1]["inputs"], bodies[0]["inputs"]);
        assert!(bodies[1]["connections"]["other"].is_object(), "{}", bodies[1]["connections"]);
        assert_eq!(bodies[1]["environment_variables"]["PF_LINE_TIMEOUT_SEC"], "30");
        run
    });
    // After a start of the application the history tells what it was asked with.
    paused(async {
        let app = world.start(world.parts(2)).await;
        row(&app, "eval");
        let again = RunFlowAgain { run, limit: None };
        let third = handlers::run_flow_again(&app, again).await.expect("begins").run;
        result(&app, &third).await;
        let asked = world.service.runs.asked();
        assert_eq!(asked[2].body["inputs"], json!({"text": "hello", "times": 7}));
    });
}
