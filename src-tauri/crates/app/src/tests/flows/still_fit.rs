//! Flows that an update would leave without what they need.

use domain::finding::{Cause, Remedy};
use executor::ToolMeta;

use super::*;

/// What the service of a container says when it looks at the flow's files: this module is missing.
fn without(module: &str) -> ToolMeta {
    let message = format!(
        "Tool load failed in 'first': (PythonLoadError) Failed to load python module from file 'first.py': (ModuleNotFoundError) No module named '{module}'"
    );
    ToolMeta {
        errors: [("first.py".to_owned(), json!({"message": message, "code": "UserError"}))]
            .into_iter()
            .collect(),
        ..ToolMeta::default()
    }
}

/// The module is missing wherever the runtime's own service does not answer.
fn only_in_candidates(world: &World, app: &App) {
    if let Some(own) = row(app, "eval").endpoint {
        world.service.runs.tell_meta_at(&own, ToolMeta::default());
    }
    world.service.runs.tell_meta(without("bs4"));
}

/// A runtime on V1 on which a flow ran, with V2 to update to.
async fn used(world: &World) -> (App, RuntimeId, FlowId) {
    world.publish(V2, Image::that(Serves::Well));
    let (app, runtime) = with_runtime(world).await;
    keep_connection(&app, "my_aoai").await;
    let flow = open(&app, &folder(world)).await;
    let run = start(&app, request(&flow, &runtime)).await;
    result(&app, &run).await;
    (app, runtime, flow)
}

async fn update_to(app: &App, runtime: &RuntimeId, confirmed: bool) -> Operation {
    let request = UpdateRuntime {
        runtime: runtime.clone(),
        environment: version(V2),
        confirmed,
        cancel_runs: false,
        shown: None,
    };
    let begun = handlers::update_runtime(app, request).await.expect("begins");
    ended(app, &begun.operation).await
}

fn note_of_proof(operation: &Operation) -> String {
    let proof = domain::operation::StepKind::Prove;
    let step = operation.steps.iter().find(|step| step.kind == proof).expect("proof");
    step.note.clone().unwrap_or_default()
}

#[test]
fn an_update_that_would_take_a_module_from_a_flow_is_ended_before_anything_is_switched() {
    let world = World::new();
    paused(async {
        let (app, runtime, _) = used(&world).await;
        let before = row(&app, "eval");
        let inside = world.engine().files_in("eval");
        only_in_candidates(&world, &app);
        let held = update_to(&app, &runtime, false).await;
        assert_eq!(held.state, OperationState::Failed, "{held:#?}");
        let problem = held.problem.expect("problem");
        assert_eq!(problem.code, ProblemCode::FlowsWouldNotFit);
        let finding = problem.finding.expect("finding");
        assert_eq!(finding.cause, Cause::FlowsWouldNotFit);
        assert_eq!(finding.evidence[0].probe, "my-flow");
        assert!(finding.evidence[0].seen.contains("bs4"), "{finding:#?}");
        assert!(finding.advice[0].contains("beautifulsoup4"), "{finding:#?}");
        assert_eq!(finding.remedies[0], Remedy::UpdateAnyway);
        assert!(held.outcome.expect("outcome").contains("never stopped"));
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        assert_eq!(row(&app, "eval").container_id, before.container_id);
        // The one that runs was not written to: the flow's files were there already.
        assert_eq!(world.engine().files_in("eval"), inside);
        // It says nothing against the image: confirmed, it goes on, and tells what it does.
        let done = succeeded(update_to(&app, &runtime, true).await);
        assert!(note_of_proof(&done).contains("You agreed to that"), "{}", note_of_proof(&done));
        assert_eq!(world.tag_of("eval"), V2);
    });
}

#[test]
fn what_did_not_fit_before_or_cannot_be_looked_at_is_no_obstacle() {
    let world = World::new();
    paused(async {
        let (app, runtime, _) = used(&world).await;
        // Missing in both.
        world.service.runs.tell_meta(without("bs4"));
        let done = succeeded(update_to(&app, &runtime, false).await);
        assert!(note_of_proof(&done).contains("One flow"), "{}", note_of_proof(&done));
    });
    let world = World::new();
    paused(async {
        let (app, runtime, _) = used(&world).await;
        only_in_candidates(&world, &app);
        std::fs::write(world.folder.path().join("my-flow/flow.dag.yaml"), "nodes: [")
            .expect("file");
        let done = succeeded(update_to(&app, &runtime, false).await);
        let note = note_of_proof(&done);
        assert!(note.contains("Not checked: my-flow"), "{note}");
    });
    let world = World::new();
    paused(async {
        let (app, runtime, _) = used(&world).await;
        only_in_candidates(&world, &app);
        // A folder that is gone concerns nobody any more.
        std::fs::remove_dir_all(world.folder.path().join("my-flow")).expect("removed");
        let done = succeeded(update_to(&app, &runtime, false).await);
        assert!(!note_of_proof(&done).contains("flow"), "{}", note_of_proof(&done));
    });
}

#[test]
fn a_stopped_runtime_is_updated_with_a_word_about_what_cannot_be_told() {
    let world = World::new();
    paused(async {
        let (app, runtime, _) = used(&world).await;
        only_in_candidates(&world, &app);
        world.engine().by_hand(engine::twin::Hand::Stop("eval"));
        settle().await;
        let done = succeeded(update_to(&app, &runtime, false).await);
        assert!(note_of_proof(&done).contains("stopped"), "{}", note_of_proof(&done));
    });
}
