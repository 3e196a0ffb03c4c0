//! From a run that fails for want of a package to the run that works, on a real engine; and what an update
//! would take away from flows.
#![cfg(feature = "app")]

use std::path::Path;

use app::api::{
    AddPackages, AddPackagesTo, AddPackagesWay, EnvironmentDraft, OfDraft, OfRuntime, StartFlowRun,
    UpdateRuntime,
};
use app::{App, handlers};
use domain::environment::{BuildContext, EnvironmentId, Source};
use domain::finding::{Cause, Finding, Remedy};
use domain::flow::{FlowId, FlowRunState};
use domain::operation::{Operation, OperationState};
use domain::runtime::{Runtime, RuntimeId, Status};
use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::environments::{build, form, save};
use real_parts::flow_world::{HEAD, node, open, result, start, write};
use real_parts::headless::{application, compute, connected, ended, plain, refused, runtime};
use real_parts::package_index::PackageIndex;
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};

/// The folder of an environment that installs its requirements onto a runtime's image.
fn context(
    folder: &Path,
    base: &str,
    docker: &DockerEngine,
    index: &PackageIndex,
) -> PartResult<()> {
    let host = docker.gateway();
    let install = format!(
        "/opt/venv/bin/pip install --no-cache-dir --index-url {} --trusted-host {host}",
        index.url(&host)
    );
    let dockerfile = format!(
        "FROM {base}\nUSER 0\nCOPY requirements.txt /tmp/requirements.txt\nRUN {install} -r /tmp/requirements.txt\nUSER 10001\n"
    );
    write(folder, &[("Dockerfile", &dockerfile), ("requirements.txt", "tabulate==0.8.10\n")])
}

/// A flow whose only node prints a number in words, with a package that not every image has.
fn counting(folder: &Path) -> PartResult<()> {
    let flow = format!("{HEAD}${{say.output}}\nnodes:\n{}", node("say", "${inputs.text}"));
    let code = "import humanize\nfrom promptflow.core import tool\n\n\n@tool\ndef say(text: str) -> str:\n    return humanize.intword(int(text))\n";
    write(folder, &[("flow.dag.yaml", &flow), ("say.py", code)])
}

fn request(flow: &FlowId, runtime: &RuntimeId, text: &str) -> StartFlowRun {
    StartFlowRun {
        flow: flow.clone(),
        runtime: runtime.clone(),
        inputs: [("text".to_owned(), text.to_owned())].into(),
        init: std::collections::BTreeMap::new(),
        variants: std::collections::BTreeMap::new(),
        connections: vec![],
        node: None,
        from_node: None,
        from: None,
        limit: None,
    }
}

fn adding(runtime: &RuntimeId, package: &str) -> AddPackages {
    AddPackages {
        runtime: runtime.clone(),
        requirements: vec![package.into()],
        to: AddPackagesTo::Own,
        confirmed: false,
        cancel_runs: false,
        again: None,
    }
}

async fn add(app: &App, request: AddPackages) -> PartResult<Operation> {
    let begun = handlers::add_packages(app, request).await.map_err(refused)?;
    ended(app, &begun.operation).await
}

/// Why a run of a flow with this text failed.
async fn why(app: &App, request: StartFlowRun) -> PartResult<(domain::flow::FlowRunId, Finding)> {
    let run = start(app, request).await?;
    let ended = result(app, &run).await?.run;
    assert_eq!(ended.state, FlowRunState::Failed, "{ended:#?}");
    let finding = ended.problem.and_then(|problem| problem.finding).expect("finding");
    Ok((run, *finding))
}

struct World {
    docker: DockerEngine,
    app: App,
    environment: EnvironmentId,
    row: Runtime,
    folder: tempfile::TempDir,
    _registry: RegistryServer,
    _index: PackageIndex,
}

async fn world() -> PartResult<World> {
    let images = RuntimeImages::ready()?;
    let docker = DockerEngine::start()?;
    let registry = images.registry()?;
    let index = images.package_index()?;
    let folder = tempfile::tempdir()?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let place = folder.path().join("image_build");
    context(&place, &format!("{repository}:{}", VERSIONS[0]), &docker, &index)?;
    let app = application(&docker.socket(), &folder.path().join("home"), &repository).await?;
    connected(&app).await?;
    let source = Source::BuildContext(BuildContext {
        folder: place.display().to_string(),
        dockerfile: String::new(),
        arguments: vec![],
        target: String::new(),
        secrets: vec![],
    });
    let environment = save(&app, None, form("rag", source)).await?;
    let first = build(&app, &environment, false).await?;
    assert_eq!(first.state, OperationState::Succeeded, "{first:#?}");
    let named = EnvironmentDraft::Named { environment: environment.clone(), version: None };
    let mut draft = plain("eval", named, free_port()?);
    draft.memory_limit = Some(400 << 20);
    let create = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
    ended(&app, &create.map_err(refused)?.operation).await?;
    let row = runtime(&app, "eval", Status::Available).await?;
    Ok(World { docker, app, environment, row, folder, _registry: registry, _index: index })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_module_becomes_a_run_that_works_and_stays_one() -> PartResult<()> {
    let world = world().await?;
    let World { docker, app, row, folder, .. } = &world;
    let requirements =
        || std::fs::read_to_string(folder.path().join("image_build/requirements.txt"));
    counting(&folder.path().join("count"))?;
    let flow = open(app, &folder.path().join("count")).await?;

    let (failed, finding) = why(app, request(&flow, &row.id, "12300000")).await?;
    assert_eq!(finding.cause, Cause::ModuleMissing, "{finding:#?}");
    assert_eq!(finding.remedies, [Remedy::AddPackages { packages: vec!["humanize".into()] }]);
    let preview = handlers::preview_add_packages(app, OfRuntime { runtime: row.id.clone() });
    let preview = preview.await.map_err(refused)?;
    let AddPackagesWay::Own { file, .. } = &preview.ways[0] else { panic!("{preview:#?}") };
    assert!(file.as_deref().is_some_and(|file| file.ends_with("/requirements.txt")), "{file:?}");

    // A package that is not there: nothing is different afterwards.
    let wrong = add(app, adding(&row.id, "humanise==4.11.0")).await?;
    assert_eq!(wrong.state, OperationState::Failed, "{wrong:#?}");
    let found = wrong.problem.and_then(|problem| problem.finding).expect("finding");
    assert_eq!(found.cause, Cause::PackageNotFound, "{found:#?}");
    assert_eq!(requirements()?, "tabulate==0.8.10\n");
    let still = runtime(app, "eval", Status::Available).await?;
    assert_eq!(still.container_id, row.container_id);
    let tags =
        || docker.client(&["images", "localhost/promptflow-runtimes/rag", "--format", "{{.Tag}}"]);
    assert_eq!(tags()?, "1");

    // The right one, and the run is done again with its inputs.
    let right = AddPackages { again: Some(failed), ..adding(&row.id, "humanize==4.11.0") };
    let done = add(app, right).await?;
    assert_eq!(done.state, OperationState::Succeeded, "{done:#?}");
    assert!(done.without_service.is_some_and(|took| took > 0));
    let again = result(app, &done.run.expect("it runs again")).await?;
    assert_eq!(again.run.state, FlowRunState::Completed, "{:#?}", again.run);
    assert!(again.output.is_some_and(|output| output.text.contains("12.3 million")));
    assert_eq!(requirements()?, "tabulate==0.8.10\nhumanize==4.11.0\n");
    assert_eq!(tags()?, "2\n1");
    let now = runtime(app, "eval", Status::Available).await?;
    assert_eq!((now.environment.as_str(), now.memory_limit), ("rag", 400 << 20));

    memory_that_runs_out_is_proved(&world).await?;
    an_update_that_takes_the_package_away_is_held(&world).await
}

/// Somebody takes the package out again, and the update says which flow would miss it.
async fn an_update_that_takes_the_package_away_is_held(world: &World) -> PartResult<()> {
    let World { app, environment, row, folder, docker, .. } = world;
    write(&folder.path().join("image_build"), &[("requirements.txt", "tabulate==0.8.10\n")])?;
    let third = build(app, environment, false).await?;
    assert_eq!(third.state, OperationState::Succeeded, "{third:#?}");
    let before = runtime(app, "eval", Status::Available).await?.container_id;
    let copies = || docker.client(&["exec", "eval", "ls", "/tmp/promptflow-runtimes/flows"]);
    let inside = copies()?;
    let update = async |confirmed| {
        let request = UpdateRuntime {
            runtime: row.id.clone(),
            environment: EnvironmentDraft::Named {
                environment: environment.clone(),
                version: None,
            },
            confirmed,
            cancel_runs: false,
            shown: None,
        };
        let begun = handlers::update_runtime(app, request).await.map_err(refused)?;
        ended(app, &begun.operation).await
    };
    let held = update(false).await?;
    assert_eq!(held.state, OperationState::Failed, "{held:#?}");
    let finding = held.problem.and_then(|problem| problem.finding).expect("finding");
    assert_eq!(finding.cause, Cause::FlowsWouldNotFit, "{finding:#?}");
    assert_eq!(finding.evidence.len(), 1, "{finding:#?}");
    assert!(finding.evidence[0].seen.contains("humanize"), "{finding:#?}");
    assert_eq!(runtime(app, "eval", Status::Available).await?.container_id, before);
    assert_eq!(copies()?, inside);
    assert_eq!(docker.client(&["ps", "-a", "--format", "{{.Names}}"])?.lines().count(), 2);
    let done = update(true).await?;
    assert_eq!(done.state, OperationState::Succeeded, "{done:#?}");
    Ok(())
}

/// The runtime has a limit of memory, and a flow takes more.
async fn memory_that_runs_out_is_proved(world: &World) -> PartResult<()> {
    let place = world.folder.path().join("big");
    let flow = format!("{HEAD}${{fill.output}}\nnodes:\n{}", node("fill", "${inputs.text}"));
    let code = "from promptflow.core import tool\n\n\n@tool\ndef fill(text: str) -> str:\n    return str(len(b'x' * (int(text) << 20)))\n";
    write(&place, &[("flow.dag.yaml", &flow), ("fill.py", code)])?;
    let flow = open(&world.app, &place).await?;
    let (_, finding) = why(&world.app, request(&flow, &world.row.id, "4000")).await?;
    assert_eq!(finding.cause, Cause::OutOfMemory, "{finding:#?}");
    assert!(!finding.evidence.is_empty(), "{finding:#?}");
    assert_eq!(finding.remedies[0], Remedy::RaiseMemory { bytes: None });
    Ok(())
}
