//! A flow run from one of its nodes on, on a real runtime: what it gives is what a whole run gives.
#![cfg(feature = "app")]

use app::api::{FlowRunDetail, ListFlowRuns, OfFlowRun, StartFlowRun};
use app::handlers;
use domain::finding::Problem;
use domain::flow::{FlowId, FlowRunId, FlowRunState, NodeRunState};
use real_parts::PartResult;
use real_parts::flow_world::{
    World, inside, log, open, request, result, seen, start, until, world, write,
};
use real_parts::headless::refused;

/// Two branches of which one is bypassed, what follows each, a node that takes both with a default for what
/// is bypassed, one beside, one that runs once over all rows.
const FLOW: &str = r#"
inputs:
  text: {type: string}
  deep: {type: bool, default: false}
outputs:
  answer: {type: string, reference: "${join.output}"}
  word: {type: string, reference: "${first.output.words[0]}"}
  skipped: {type: string, reference: "${after_deep.output}"}
  said: {type: string, reference: "${inputs.text}"}
  besides: {type: string, reference: "${beside.output}"}
nodes:
- name: first
  type: python
  source: {type: code, path: first.py}
  inputs: {text: "${inputs.text}"}
- name: quick
  type: python
  source: {type: code, path: word.py}
  inputs: {text: "${first.output.words[0]}", end: "!"}
- name: deep
  type: python
  source: {type: code, path: word.py}
  inputs: {text: "${first.output.words[1]}", end: "?"}
  activate: {when: "${inputs.deep}", is: true}
- name: after_deep
  type: python
  source: {type: code, path: word.py}
  inputs: {text: "${deep.output}", end: "."}
- name: beside
  type: python
  source: {type: code, path: word.py}
  inputs: {text: "${quick.output}", end: " beside"}
- name: join
  type: python
  source: {type: code, path: join.py}
  inputs: {one: "${quick.output}", other: "${after_deep.output}", all: "${first.output}"}
- name: count
  type: python
  aggregation: true
  source: {type: code, path: count.py}
  inputs: {answers: "${join.output}"}
"#;

const TOOL: &str = "import time\nfrom promptflow.core import log_metric, tool\n\n\n@tool\n";

fn first() -> String {
    format!(
        "{TOOL}def first(text: str) -> dict:\n    print('from first')\n    return {{'words': text.split(), 'none': None, 'number': 1.5}}\n"
    )
}

fn join(body: &str) -> String {
    format!(
        "{TOOL}def join(one: str, all: dict, other: str = 'nothing') -> str:\n    print('from join')\n    {body}\n"
    )
}

const JOINED: &str = "return f'{one} {other} {all[\"number\"]}'";

fn write_flow(folder: &std::path::Path) -> PartResult<()> {
    write(
        folder,
        &[
            ("flow.dag.yaml", FLOW),
            ("first.py", &first()),
            (
                "word.py",
                &format!("{TOOL}def word(text: str, end: str) -> str:\n    return text + end\n"),
            ),
            ("join.py", &join(JOINED)),
            (
                "count.py",
                &format!(
                    "{TOOL}def count(answers: list):\n    log_metric('answers', len(answers))\n    return answers\n"
                ),
            ),
        ],
    )
}

fn from_here(world: &World, flow: &FlowId, node: &str, from: &FlowRunId) -> StartFlowRun {
    StartFlowRun {
        from_node: Some(node.into()),
        from: Some(from.clone()),
        ..request(world, flow, "other words than before")
    }
}

/// Everything that a person sees of what a run gave; times within what was printed are not the same twice.
fn given(detail: &FlowRunDetail) -> Vec<(String, Option<String>)> {
    let text = |value: &Option<app::api::ShownValue>| value.as_ref().map(|own| own.text.clone());
    let mut all = vec![
        ("inputs".to_owned(), Some(detail.inputs.text.clone())),
        ("output".to_owned(), text(&detail.output)),
        ("metrics".to_owned(), text(&detail.metrics)),
    ];
    let mut nodes: Vec<_> = detail.nodes.iter().collect();
    nodes.sort_by(|one, other| one.node.cmp(&other.node));
    for node in nodes {
        let printed = text(&node.out)
            .map(|out| out.chars().filter(|one| !one.is_ascii_digit()).collect::<String>());
        let state = detail.run.nodes.iter().find(|own| own.node == node.node);
        all.push((format!("{} state", node.node), state.map(|own| format!("{:?}", own.state))));
        all.push((format!("{} inputs", node.node), text(&node.inputs)));
        all.push((format!("{} output", node.node), text(&node.output)));
        all.push((format!("{} out", node.node), printed));
    }
    all
}

fn taken(detail: &FlowRunDetail) -> Vec<&str> {
    let nodes = detail.run.nodes.iter().filter(|node| node.taken_over);
    nodes.map(|node| node.node.as_str()).collect()
}

async fn refusal(world: &World, request: StartFlowRun) -> Problem {
    let begun = handlers::start_flow_run(&world.app, request).await;
    begun.expect_err("it is refused before anything happens")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_from_a_node_on_gives_what_a_whole_run_gives() -> PartResult<()> {
    let world = world().await?;
    equals_a_whole_run(&world).await?;
    a_failed_run_goes_on_when_its_cause_is_mended(&world).await?;
    what_is_missing_is_refused(&world).await?;
    Ok(())
}

async fn equals_a_whole_run(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    write_flow(root.path())?;
    let before = seen(root.path())?;
    let flow = open(app, root.path()).await?;
    for deep in ["false", "true"] {
        let mut asked = request(world, &flow, "hello world");
        asked.inputs.insert("deep".into(), deep.into());
        let whole = start(app, asked).await?;
        let expected = result(app, &whole).await?;
        assert_eq!(expected.run.state, FlowRunState::Completed, "{:#?}", expected.run);
        assert!(expected.metrics.as_ref().is_some_and(|all| all.text.contains("answers")));
        let mut last = whole.clone();
        for (node, expected_taken) in [
            ("quick", vec!["first", "deep", "after_deep"]),
            ("deep", vec!["first", "quick", "beside"]),
            ("join", vec!["first", "quick", "deep", "after_deep", "beside"]),
            ("count", vec!["first", "quick", "deep", "after_deep", "beside", "join"]),
        ] {
            let run = start(app, from_here(world, &flow, node, &whole)).await?;
            let detail = result(app, &run).await?;
            assert_eq!(given(&detail), given(&expected), "{node}, deep: {deep}");
            assert_eq!(taken(&detail), expected_taken, "{node}, deep: {deep}");
            assert_eq!(detail.run.state, FlowRunState::Completed);
            let came = (detail.run.from_node.as_deref(), detail.run.from.as_ref());
            assert_eq!(came, (Some(node), Some(&whole)));
            // One of those that ran is told live, with its times; one that was taken over is not.
            for node in &detail.run.nodes {
                assert_eq!(node.started.is_some(), !node.taken_over, "{node:?}");
            }
            // It can be begun once more, with what it was begun with.
            assert_eq!(detail.again.missing, Vec::<String>::new());
            assert_eq!(detail.again.start.inputs["text"], "hello world");
            assert_eq!(detail.again.start.inputs["deep"], deep);
            last = run;
        }
        // Others can begin at one that began so itself.
        let next = start(app, from_here(world, &flow, "join", &last)).await?;
        let next = result(app, &next).await?;
        assert_eq!(given(&next), given(&expected), "deep: {deep}");
    }
    assert_eq!(seen(root.path())?, before, "something was written into the person's folder");
    assert_eq!(inside(world, "ls /tmp/promptflow-runtimes/runs")?, "", "a run left something");
    let left = inside(world, "find /tmp/promptflow-runtimes/flows -name '.*dag.yaml'")?;
    assert_eq!(left, "", "a run left its own file");
    Ok(())
}

async fn a_failed_run_goes_on_when_its_cause_is_mended(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    write_flow(root.path())?;
    write(root.path(), &[("join.py", &join("raise ValueError('not today')"))])?;
    let flow = open(app, root.path()).await?;
    let failed = start(app, request(world, &flow, "hello world")).await?;
    let failed_detail = result(app, &failed).await?;
    assert_eq!(failed_detail.run.state, FlowRunState::Failed);

    // It fails again, and says so as any run.
    let run = start(app, from_here(world, &flow, "join", &failed)).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Failed);
    let failure = detail.run.failure.expect("a failure");
    assert_eq!((failure.node.as_deref(), failure.exception.as_str()), (Some("join"), "ValueError"));

    write(root.path(), &[("join.py", &join(JOINED))])?;
    let run = start(app, from_here(world, &flow, "join", &failed)).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert!(detail.output.is_some_and(|own| own.text.contains("hello! nothing 1.5")));

    // One that would take a minute is told while it runs, and a cancel ends it.
    write(root.path(), &[("join.py", &join("time.sleep(60)\n    return one"))])?;
    let run = start(app, from_here(world, &flow, "join", &failed)).await?;
    let running = until(app, &run, "the node", |run| {
        run.nodes.iter().any(|node| node.node == "join" && node.state == NodeRunState::Running)
    })
    .await?;
    assert!(running.nodes.iter().all(|node| node.node == "join" || node.taken_over));
    handlers::cancel_flow_run(app, OfFlowRun { run: run.clone() }).await.map_err(refused)?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Cancelled, "{:#?}", detail.run);
    assert!(log(app, &run).await?.contains("Executing node join"));
    assert_eq!(inside(world, "ls /tmp/promptflow-runtimes/runs")?, "", "a run left something");
    Ok(())
}

async fn what_is_missing_is_refused(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    write_flow(root.path())?;
    write(root.path(), &[("first.py", &first().replace("print", "raise ValueError"))])?;
    let flow = open(app, root.path()).await?;
    let failed = start(app, request(world, &flow, "hello world")).await?;
    assert_eq!(result(app, &failed).await?.run.state, FlowRunState::Failed);
    let told = refusal(world, from_here(world, &flow, "join", &failed)).await;
    assert_eq!(
        told.sentence,
        "\"join\" needs what \"first\" gives, but that did not complete in that run."
    );
    let told = refusal(world, from_here(world, &flow, "gone", &failed)).await;
    assert_eq!(told.sentence, "The flow has no node \"gone\" any more.");
    let none = StartFlowRun { from: None, ..from_here(world, &flow, "join", &failed) };
    let told = refusal(world, none).await;
    assert_eq!(told.field.as_deref(), Some("from"));

    // A node that came into the file afterwards.
    write_flow(root.path())?;
    let whole = start(app, request(world, &flow, "hello world")).await?;
    assert_eq!(result(app, &whole).await?.run.state, FlowRunState::Completed);
    let new = FLOW.replace("- name: quick", "- name: swift").replace("${quick", "${swift");
    write(root.path(), &[("flow.dag.yaml", &new)])?;
    let told = refusal(world, from_here(world, &flow, "join", &whole)).await;
    assert_eq!(
        told.sentence,
        "\"join\" needs what \"swift\" gives, but that was no part of that run."
    );
    // Nothing of what was refused is among the runs.
    let all = handlers::list_flow_runs(app, ListFlowRuns { flow: Some(flow) }).await;
    assert_eq!(all.map_err(refused)?.runs.len(), 2);
    Ok(())
}
