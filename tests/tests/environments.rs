//! Environments on real engines: real builds of real packages, and what a failed one leaves.
#![cfg(feature = "app")]

use std::path::Path;

use app::api::{
    BuildEnvironment, EnvironmentDraft, ImportEnvironment, Nothing, OfDraft, OfEnvironment,
    OfEnvironmentVersion, PreviewBuild, UpdateRuntime, VersionAnswer,
};
use app::{App, handlers};
use domain::environment::{Installer, PackageIndex as IndexSettings, Packages, Source};
use domain::finding::Cause;
use domain::operation::{Operation, OperationState, StepState};
use domain::runtime::Status;
use real_parts::PartResult;
use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::environments::{build, form, log_of, save};
use real_parts::headless::{application, compute, ended, plain, refused, runtime};
use real_parts::images::{Image, small_runtime};
use real_parts::podman::PodmanEngine;
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::RuntimeImages;
use serde_json::json;

fn succeeded(operation: &Operation) {
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
}

/// Nothing that only served to build or to prove is left.
fn nothing_left(docker: &DockerEngine) -> PartResult<()> {
    let names = docker.client(&["ps", "-a", "--format", "{{.Names}}"])?;
    assert!(!names.contains("proof"), "{names}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_become_a_runtime_that_follows_its_environment() -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let docker = DockerEngine::start_with(DockerOptions::default())?;
    let registry = RegistryServer::start()?;
    let index = images.package_index()?;
    let base = images.publish_base(
        &|arguments| docker.client(arguments),
        &registry,
        "library/python:3.11-slim",
    )?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;

    let packages_by = |installer, requirements: &str, base: &str| {
        Source::Packages(Packages {
            base: base.into(),
            promptflow: "1.17.2".into(),
            tools: false,
            requirements: requirements.into(),
            system_packages: vec![],
            installer,
            index: IndexSettings {
                url: index.url(&docker.gateway()),
                trusted_hosts: vec![docker.gateway()],
                ..IndexSettings::default()
            },
        })
    };
    let packages = |requirements: &str, base: &str| packages_by(Installer::Pip, requirements, base);
    // A wheel of one's own lies in the environment's folder.
    let wheel = images.wheel("tabulate-0.8.10")?;
    let name =
        wheel.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let own = form("rag", packages(&format!("./{name}\n"), &base));
    let id = save(&app, None, own).await?;
    std::fs::copy(&wheel, home.path().join("environments/rag").join(&name))?;
    let first = build(&app, &id, false).await?;
    succeeded(&first);
    let progress = first.build.as_ref().expect("progress");
    assert!(progress.steps.len() > 8, "{progress:#?}");
    assert!(progress.steps.iter().all(|step| step.state == StepState::Done), "{progress:#?}");
    let log = log_of(home.path(), &first);
    assert!(log.contains("Successfully installed"), "{log}");
    nothing_left(&docker)?;

    // What was made is small, not root, healthy, and tells nothing of the index.
    let image = "localhost/promptflow-runtimes/rag:1";
    let inspected = docker.client(&["image", "inspect", image])?;
    let history = docker.client(&["history", "--no-trunc", image])?;
    let value: serde_json::Value = serde_json::from_str(&inspected).expect("json");
    assert_eq!(value[0]["Config"]["User"], json!("runtime"));
    assert!(value[0]["Config"]["Healthcheck"]["Test"].is_array(), "{inspected}");
    assert!(inspected.contains(r#"BUILD_INFO={\"build_number\": \"rag.v1\"}"#), "{inspected}");
    for text in [&inspected, &history] {
        assert!(!text.contains(&docker.gateway()) && !text.contains("/simple"), "{text}");
    }

    let port = free_port()?;
    let named = |version| EnvironmentDraft::Named { environment: id.clone(), version };
    let draft = plain("eval", named(None), port);
    let created = handlers::create_runtime(&app, OfDraft { compute: compute(), draft })
        .await
        .map_err(refused)?;
    succeeded(&ended(&app, &created.operation).await?);
    let row = runtime(&app, "eval", Status::Available).await?;
    assert_eq!((row.environment.as_str(), row.image.as_str()), ("rag", image));

    // A package that is not there: the right line and words, and nothing else changes.
    let wrong = form("rag", packages("tabulate==0.8.10\nnot-there-at-all==1.0\n", &base));
    save(&app, Some(&id), wrong).await?;
    let failed = build(&app, &id, false).await?;
    assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
    let problem = failed.problem.expect("problem");
    let finding = problem.finding.expect("finding");
    assert_eq!(finding.cause, Cause::PackageNotFound, "{finding:#?}");
    assert!(finding.sentence.contains("not-there-at-all"), "{}", finding.sentence);
    let seen: Vec<&str> = finding.evidence.iter().map(|one| one.seen.as_str()).collect();
    assert!(seen.iter().any(|seen| seen.contains("2: not-there-at-all==1.0")), "{seen:#?}");
    assert!(seen.iter().any(|seen| seen.contains("pip install")), "{seen:#?}");
    let tags =
        docker.client(&["images", "localhost/promptflow-runtimes/rag", "--format", "{{.Tag}}"])?;
    assert_eq!(tags, "1");
    nothing_left(&docker)?;
    let still = runtime(&app, "eval", Status::Available).await?;
    assert_eq!(still.container_id, row.container_id);

    // Mended, with one package more: the runtime is told, and updated.
    let requirements = "tabulate==0.8.10\nhumanize==4.11.0\n";
    let mended = form("rag", packages_by(Installer::Uv, requirements, &base));
    save(&app, Some(&id), mended).await?;
    let second = build(&app, &id, false).await?;
    succeeded(&second);
    let changes = second.packages.expect("packages");
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].name, "humanize");
    let detail = OfEnvironmentVersion { environment: id.clone(), number: 2 };
    let detail = handlers::environment_version(&app, detail).await.map_err(refused)?;
    assert!(detail.lock.contains("humanize==4.11.0\n"), "{}", detail.lock);
    assert_eq!(detail.there, Some(true));
    assert!(detail.version.python.as_deref().is_some_and(|python| python.contains("/opt/venv")));
    let answer = real_parts::headless::answer(&app, &row.id).await?;
    let VersionAnswer::NewerOfEnvironment { from: 1, to: 2, .. } = answer else {
        panic!("{answer:#?}");
    };
    // What differs is known before anything happens.
    let preview = app::api::PreviewUpdate { runtime: row.id.clone(), environment: named(Some(2)) };
    let preview = handlers::preview_update(&app, preview).await.map_err(refused)?;
    let known = preview.changes.expect("both were proved");
    assert_eq!(known.packages.len(), 1, "{known:#?}");
    assert!(known.shared_layers > 0 && known.shared_layers < known.layers, "{known:#?}");
    assert!(known.size_from > 0 && known.size_to > 0, "{known:#?}");
    assert_eq!(known.python_from, known.python_to);
    let update = UpdateRuntime {
        runtime: row.id.clone(),
        environment: named(Some(2)),
        confirmed: false,
        cancel_runs: false,
        shown: None,
    };
    let started = handlers::update_runtime(&app, update).await.map_err(refused)?;
    let updated = ended(&app, &started.operation).await?;
    succeeded(&updated);
    let now = runtime(&app, "eval", Status::Available).await?;
    assert_eq!(now.image, "localhost/promptflow-runtimes/rag:2");
    // One version runs, the other is kept to go back to.
    let list = handlers::list_environments(&app, Nothing {}).await.map_err(refused)?;
    let uses: Vec<_> = list.environments[0]
        .versions
        .iter()
        .map(|version| (version.number, version.runtimes.len(), version.kept_by.len()))
        .collect();
    assert_eq!(uses, [(2, 1, 0), (1, 0, 1)]);
    let inside = docker.client(&[
        "exec",
        "eval",
        "python",
        "-c",
        "import humanize; print(humanize.__version__)",
    ])?;
    assert_eq!(inside, "4.11.0");

    // A package more, quickly: it is there, and is lost when the container is recreated, unless kept.
    let requirements = vec!["tabulate==0.9.0".to_owned()];
    let install = app::api::InstallPackages { runtime: row.id.clone(), requirements };
    let started = handlers::install_packages(&app, install.clone()).await.map_err(refused)?;
    let installed = ended(&app, &started.operation).await?;
    succeeded(&installed);
    assert_eq!(installed.packages.as_deref().map(<[_]>::len), Some(1), "{installed:#?}");
    let tabulate = ["exec", "eval", "python", "-c", "import tabulate; print(tabulate.__version__)"];
    assert_eq!(docker.client(&tabulate)?, "0.9.0");
    let keep = app::api::KeepPackages {
        runtime: install.runtime.clone(),
        requirements: install.requirements.clone(),
    };
    let kept = handlers::keep_packages(&app, keep).await.map_err(refused)?;
    assert_eq!((kept.environment, kept.is_new), (id.clone(), false));
    let text = std::fs::read_to_string(home.path().join("environments/rag/requirements.txt"))?;
    assert_eq!(text, "tabulate==0.9.0\nhumanize==4.11.0\n");
    let missing = app::api::InstallPackages {
        requirements: vec!["not-there-at-all".into()],
        ..install.clone()
    };
    let started = handlers::install_packages(&app, missing).await.map_err(refused)?;
    let failed = ended(&app, &started.operation).await?;
    let finding = failed.problem.and_then(|problem| problem.finding).expect("finding");
    assert_eq!(finding.cause, Cause::PackageNotFound, "{finding:#?}");
    runtime(&app, "eval", Status::Available).await?;

    // In use: not deleted, and said by whom.
    let delete = app::api::DeleteEnvironment { environment: id.clone(), remove_images: true };
    let refusal = handlers::delete_environment(&app, delete).await.expect_err("in use");
    assert!(refusal.sentence.contains("eval"), "{refusal:#?}");

    // Built again exactly, whatever the definition says by now and the index offers since.
    save(&app, Some(&id), form("rag", packages("tabulate==0.9.0\n", &base))).await?;
    let exactly = BuildEnvironment {
        environment: id.clone(),
        compute: compute(),
        newest_base: false,
        no_cache: true,
        exactly: Some(2),
        update: vec![],
    };
    let started = handlers::build_environment(&app, exactly).await.map_err(refused)?;
    let third = ended(&app, &started.operation).await?;
    succeeded(&third);
    assert_eq!(third.packages.as_deref(), Some(&[][..]), "{third:#?}");

    // The base's tag names another image: told on the environment and the runtime, and built on.
    docker.client(&["run", "--name", "newer", &base, "touch", "/newer-base"])?;
    docker.client(&["commit", "newer", &base])?;
    docker.client(&["rm", "newer"])?;
    docker.client(&["push", "-q", &base])?;
    handlers::check_bases(&app, OfEnvironment { environment: id.clone() })
        .await
        .map_err(refused)?;
    let list = handlers::list_environments(&app, Nothing {}).await.map_err(refused)?;
    let news = list.environments[0].news.clone().expect("news");
    assert_eq!(news.newer.len(), 1, "{news:#?}");
    // pip in a container asked the same index: what the definition names and is older than it offers.
    let newer = |name: &str| {
        let found = news.packages.iter().find(|package| package.name == name);
        found.and_then(|package| package.to.clone())
    };
    assert_eq!(newer("tabulate").as_deref(), Some("0.9.0"), "{news:#?}");
    assert_eq!(newer("promptflow-core").as_deref(), Some("1.18.5"), "{news:#?}");
    assert_eq!(newer("humanize"), None, "it is not named any more");
    let preview = PreviewBuild { environment: id.clone(), compute: compute(), newest_base: true };
    let preview = handlers::preview_build(&app, preview).await.map_err(refused)?;
    assert_ne!(Some(&preview.bases[0].digest), preview.bases[0].used_digest.as_ref());
    let fourth = build(&app, &id, true).await?;
    succeeded(&fourth);
    docker.client(&[
        "run",
        "--rm",
        "localhost/promptflow-runtimes/rag:4",
        "test",
        "-e",
        "/newer-base",
    ])?;
    nothing_left(&docker)?;
    Ok(())
}

/// A small context: no network, no packages.
fn small_context(folder: &Path, base: &str, last: &str) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(
        folder.join("environment.yaml"),
        "name: small-env\nversion: 7\nbuild:\n  path: .\ninference_config:\n  liveness_route: {port: 8080, path: /health}\n  readiness_route: {port: 8080, path: /health}\n  scoring_route: {port: 8080, path: /score}\n",
    )?;
    std::fs::write(folder.join("requirements.txt"), "nothing\n")?;
    std::fs::write(folder.join("secret.txt"), "left out")?;
    std::fs::write(folder.join(".dockerignore"), "secret.txt\n")?;
    std::fs::write(
        folder.join("Dockerfile"),
        format!("ARG BASE={base}\nFROM ${{BASE}}\nUSER 0\nCOPY . /context/\n{last}\nUSER 10001\n"),
    )?;
    Ok(())
}

async fn contexts(
    app: &App,
    registry: &RegistryServer,
    home: &Path,
    client: &dyn Fn(&[&str]) -> PartResult<String>,
) -> PartResult<()> {
    let version = |version: &str| -> PartResult<Image> { small_runtime(version) };
    registry.push(&version("20240111.v2")?, "team/base", "20240111.v2")?;
    let base = format!("{}/team/base:20240111.v2", registry.address());
    let folder = home.join("theirs");
    small_context(&folder, &base, "RUN echo built > /context/built")?;
    let import = ImportEnvironment { folder: folder.display().to_string(), name: String::new() };
    let imported = handlers::import_environment(app, import).await.map_err(refused)?;
    assert!(imported.left_out.iter().any(|said| said.contains("version")), "{imported:#?}");
    let id = imported.environment;
    let first = build(app, &id, false).await?;
    assert_eq!(first.state, OperationState::Succeeded, "{first:#?}\n{}", log_of(home, &first));
    let image = "localhost/promptflow-runtimes/small-env:1";
    let inside = client(&["run", "--rm", "--entrypoint", "sh", image, "-c", "ls /context"])?;
    assert!(inside.contains("built") && !inside.contains("secret.txt"), "{inside}");

    // The step that failed is named, with what it said.
    small_context(&folder, &base, "RUN echo the reason is this >&2; exit 7")?;
    let failed = build(app, &id, false).await?;
    assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
    let finding = failed.problem.and_then(|problem| problem.finding).expect("finding");
    assert_eq!(finding.cause, Cause::BuildStepFailed, "{finding:#?}");
    let seen: Vec<&str> = finding.evidence.iter().map(|one| one.seen.as_str()).collect();
    assert!(seen.iter().any(|seen| seen.contains("the reason is this")), "{seen:#?}");

    // A file that is left out.
    small_context(&folder, &base, "COPY secret.txt /secret.txt")?;
    let failed = build(app, &id, false).await?;
    let finding = failed.problem.and_then(|problem| problem.finding).expect("finding");
    assert_eq!(finding.cause, Cause::FileNotInContext, "{finding:#?}");
    assert!(finding.sentence.contains("secret.txt"), "{}", finding.sentence);

    // A dated base that got a higher version: the Dockerfile names it once it is proved.
    small_context(&folder, &base, "RUN echo built > /context/built")?;
    registry.push(&version("20240429.v8")?.padded(1)?, "team/base", "20240429.v8")?;
    handlers::check_bases(app, OfEnvironment { environment: id.clone() }).await.map_err(refused)?;
    let list = handlers::list_environments(app, Nothing {}).await.map_err(refused)?;
    let news = list.environments[0].news.clone().expect("news");
    assert!(news.newer.iter().any(|newer| newer.to.ends_with(":20240429.v8")), "{news:#?}");
    let second = build(app, &id, true).await?;
    assert_eq!(second.state, OperationState::Succeeded, "{second:#?}\n{}", log_of(home, &second));
    let text = std::fs::read_to_string(folder.join("Dockerfile"))?;
    assert!(
        text.starts_with(&format!(
            "ARG BASE={}/team/base:20240429.v8\nFROM ${{BASE}}\n",
            registry.address()
        )),
        "{text}"
    );

    // Cancelled in its middle: the engine works no more on it, and no image is left.
    small_context(&folder, &base, "RUN sleep 600")?;
    let request = BuildEnvironment {
        environment: id.clone(),
        compute: compute(),
        newest_base: false,
        no_cache: false,
        exactly: None,
        update: vec![],
    };
    let started = handlers::build_environment(app, request).await.map_err(refused)?;
    real_parts::headless::until(app, &started.operation, |operation| {
        let steps = operation.build.as_ref().map(|build| build.steps.clone()).unwrap_or_default();
        steps.last().is_some_and(|step| step.instruction.contains("sleep 600"))
    })
    .await?;
    handlers::cancel_operation(app, started.clone()).await.map_err(refused)?;
    let cancelled = ended(app, &started.operation).await?;
    assert_eq!(cancelled.state, OperationState::Cancelled, "{cancelled:#?}");
    let images = client(&["images", "--format", "{{.Repository}}:{{.Tag}}"])?;
    assert!(!images.contains("small-env:3"), "{images}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_built_on_docker() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    contexts(&app, &registry, home.path(), &|arguments| docker.client(arguments)).await?;
    nothing_left(&docker)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_built_on_podman() -> PartResult<()> {
    let podman = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&podman.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    contexts(&app, &registry, home.path(), &|arguments| podman.client(arguments)).await
}

fn serving(docker: &DockerEngine, name: &str, more: &[&str]) -> PartResult<String> {
    let arguments: Vec<&str> =
        ["run", "-d", "--name", name].into_iter().chain(more.iter().copied()).collect();
    docker.client(&arguments)
}

/// A container that somebody made by hand becomes a runtime, is released, and is managed fully.
#[tokio::test(flavor = "multi_thread")]
async fn containers_of_others_are_adopted_as_they_are() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    docker.load(&small_runtime("20240429.v8")?, "small:1")?;
    let port = free_port()?.to_string();
    let published = format!("127.0.0.1:{port}:8080");
    let theirs = serving(&docker, "theirs", &["-p", &published, "-e", "OWN=kept", "small:1"])?;
    serving(&docker, "hidden", &["small:1"])?;
    serving(&docker, "gone", &["small:1", "false"])?;
    let compose = [
        "-p",
        "127.0.0.1::8080",
        "--label",
        "com.docker.compose.project=shop",
        "--label",
        "com.docker.compose.service=flows",
        "small:1",
    ];
    serving(&docker, "shop-flows-1", &compose)?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    let of_compute = || app::api::OfCompute { compute: compute() };
    // The services need a moment to answer.
    let list = loop {
        let list = handlers::foreign_containers(&app, of_compute()).await.map_err(refused)?;
        if list.containers.iter().filter(|one| one.verdict.is_usable()).count() == 2 {
            break list.containers;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    let of = |name: &str| list.iter().find(|one| one.name == name).expect(name);
    let domain::adopt::Verdict::NotPublished { address: Some(address), protocol: Some(_) } =
        &of("hidden").verdict
    else {
        panic!("{:#?}", of("hidden"));
    };
    assert!(address.ends_with(":8080"), "{address}");
    assert!(matches!(of("gone").verdict, domain::adopt::Verdict::NotRunning { .. }));
    assert_eq!(of("shop-flows-1").compose.as_ref().expect("compose").service, "flows");

    let before = docker.client(&["inspect", "theirs"])?;
    let adopt = app::api::AdoptContainer { compute: compute(), container: theirs.clone() };
    let adopted = handlers::adopt_container(&app, adopt.clone()).await.map_err(refused)?;
    let row = runtime(&app, "theirs", Status::Available).await?;
    assert!(row.adopted.is_some() && row.id == adopted.runtime, "{row:#?}");
    assert_eq!(docker.client(&["inspect", "theirs"])?, before);
    // Released and adopted again: it never noticed.
    handlers::release_runtime(&app, adopted).await.map_err(refused)?;
    assert!(app.runtimes().is_empty());
    let adopted = handlers::adopt_container(&app, adopt).await.map_err(refused)?;
    runtime(&app, "theirs", Status::Available).await?;
    assert_eq!(docker.client(&["inspect", "theirs"])?, before);

    let manage = app::api::ManageRuntime {
        runtime: adopted.runtime.clone(),
        confirmed: false,
        cancel_runs: false,
    };
    let started = handlers::manage_runtime(&app, manage).await.map_err(refused)?;
    succeeded(&ended(&app, &started.operation).await?);
    let row = runtime(&app, "theirs", Status::Available).await?;
    assert!(row.adopted.is_none() && row.container_id != theirs, "{row:#?}");
    assert_eq!(row.endpoint.as_deref(), Some(format!("http://127.0.0.1:{port}").as_str()));
    let variables = docker.client(&["exec", "theirs", "sh", "-c", "echo $OWN"])?;
    assert_eq!(variables, "kept");
    Ok(())
}

/// What builds leave is found and cleaned up; what something needs stays.
async fn disk(
    app: &App,
    registry: &RegistryServer,
    home: &Path,
    client: &dyn Fn(&[&str]) -> PartResult<String>,
) -> PartResult<()> {
    registry.push(&small_runtime("20240111.v2")?, "team/base", "20240111.v2")?;
    let base = format!("{}/team/base:20240111.v2", registry.address());
    let folder = home.join("theirs");
    let big = |number: u32| format!("RUN head -c 3000000 /dev/urandom > /context/big{number}");
    small_context(&folder, &base, &big(1))?;
    let import = ImportEnvironment { folder: folder.display().to_string(), name: String::new() };
    let id = handlers::import_environment(app, import).await.map_err(refused)?.environment;
    assert_eq!(build(app, &id, false).await?.state, OperationState::Succeeded);
    let draft = plain(
        "eval",
        EnvironmentDraft::Named { environment: id.clone(), version: Some(1) },
        free_port()?,
    );
    let created = handlers::create_runtime(app, OfDraft { compute: compute(), draft }).await;
    succeeded(&ended(app, &created.map_err(refused)?.operation).await?);
    for number in [2, 3] {
        small_context(&folder, &base, &big(number))?;
        assert_eq!(build(app, &id, false).await?.state, OperationState::Succeeded);
    }
    // A build that fails late leaves its steps.
    small_context(&folder, &base, &format!("{}\nRUN exit 7", big(4)))?;
    assert_eq!(build(app, &id, false).await?.state, OperationState::Failed);
    client(&["pull", "-q", &base])?;
    let view = handlers::disk(app, app::api::OfCompute { compute: compute() }).await;
    let view = view.map_err(refused)?;
    let version = |number: u32| {
        view.images.iter().find(|image| {
            matches!(&image.role, domain::disk::ImageRole::Version { number: own, .. } if *own == number)
        })
    };
    assert!(!version(1).expect("version 1").may_go, "{view:#?}");
    assert!(version(2).expect("version 2").proposed, "{view:#?}");
    let newest = version(3).expect("version 3");
    assert!(newest.may_go && !newest.proposed, "{view:#?}");
    let proposed: Vec<String> =
        view.images.iter().filter(|image| image.proposed).map(|image| image.id.clone()).collect();
    let in_use = version(1).expect("version 1").id.clone();
    let clean = app::api::CleanDisk {
        compute: compute(),
        images: proposed.iter().cloned().chain([in_use]).collect(),
        build_cache: true,
    };
    let cleaned = handlers::clean_disk(app, clean).await.map_err(refused)?;
    assert_eq!(cleaned.removed as usize, proposed.len(), "{cleaned:#?}");
    assert_eq!(cleaned.kept.len(), 1, "{cleaned:#?}");
    runtime(app, "eval", Status::Available).await?;
    // What the builder kept of the failed build is gone as well, and the next build goes on without it.
    let after = handlers::disk(app, app::api::OfCompute { compute: compute() }).await;
    let after = after.map_err(refused)?;
    if let Some(cache) = view.build_cache {
        assert!(cache.unused > 2_900_000 && cleaned.freed > 4_000_000, "{cache:?} {cleaned:#?}");
        assert!(after.build_cache.is_none_or(|cache| cache.unused == 0), "{after:#?}");
        small_context(&folder, &base, &big(5))?;
        assert_eq!(build(app, &id, false).await?.state, OperationState::Succeeded);
    }
    let images = client(&["images", "--format", "{{.Repository}}:{{.Tag}}"])?;
    assert!(images.contains("small-env:1") && !images.contains("small-env:2"), "{images}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_is_cleaned_up_on_docker() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    disk(&app, &registry, home.path(), &|arguments| docker.client(arguments)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_is_cleaned_up_where_the_classic_builder_works() -> PartResult<()> {
    let options = DockerOptions { classic_builder: true, ..DockerOptions::default() };
    let docker = DockerEngine::start_with(options)?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    disk(&app, &registry, home.path(), &|arguments| docker.client(arguments)).await?;
    // What the failed build left was ours to find.
    let dangling = docker.client(&["images", "-q", "--filter", "dangling=true"])?;
    assert_eq!(dangling, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_is_cleaned_up_on_podman() -> PartResult<()> {
    let podman = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&podman.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    disk(&app, &registry, home.path(), &|arguments| podman.client(arguments)).await
}
