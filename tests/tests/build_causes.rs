//! Builds on real engines that fail for each cause, and builds through what companies put in between:
//! an index with a login, a proxy, an authority of their own.
#![cfg(feature = "app")]

use std::path::Path;

use app::api::{
    ImportEnvironment, KeepBuildSecret, Nothing, OfDraft, OfEnvironment, OfEnvironmentVersion,
};
use app::{App, api::EnvironmentDraft, handlers};
use domain::environment::{
    BuildContext, EnvironmentId, Installer, PackageIndex as IndexSettings, Packages, Source,
};
use domain::finding::{Cause, Finding};
use domain::operation::{Operation, OperationState};
use domain::runtime::Status;
use domain::secret::Secret;
use real_parts::PartResult;
use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::environments::{build, form, log_of, save};
use real_parts::headless::{application, compute, ended, plain, refused, runtime};
use real_parts::images::small_runtime;
use real_parts::package_index::{IndexOptions, PackageIndex};
use real_parts::podman::PodmanEngine;
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::RuntimeImages;

/// What the environment is called.
const NAME: &str = "causes";

/// Docker's or Podman's own client.
type Client<'a> = &'a dyn Fn(&[&str]) -> PartResult<String>;

async fn succeeds(app: &App, home: &Path, id: &EnvironmentId) -> PartResult<Operation> {
    let built = build(app, id, false).await?;
    let log = log_of(home, &built);
    assert_eq!(built.state, OperationState::Succeeded, "{built:#?}\n{log}");
    Ok(built)
}

/// Builds what cannot be built; the cause is this one.
async fn fails(app: &App, home: &Path, id: &EnvironmentId, cause: Cause) -> PartResult<Finding> {
    let failed = build(app, id, false).await?;
    let log = log_of(home, &failed);
    assert_eq!(failed.state, OperationState::Failed, "{failed:#?}\n{log}");
    let Some(finding) = failed.problem.as_ref().and_then(|problem| problem.finding.clone()) else {
        panic!("{failed:#?}\n{log}")
    };
    assert_eq!(finding.cause, cause, "{finding:#?}\n{log}");
    assert!(!finding.sentence.is_empty() && !finding.evidence.is_empty(), "{finding:#?}");
    Ok(*finding)
}

fn seen(finding: &Finding) -> String {
    finding.evidence.iter().map(|one| one.seen.clone()).collect::<Vec<_>>().join("\n")
}

fn packages(base: &str, requirements: &str, index: IndexSettings) -> Source {
    Source::Packages(Packages {
        base: base.into(),
        promptflow: "1.17.2".into(),
        tools: false,
        requirements: requirements.into(),
        system_packages: vec![],
        installer: Installer::Pip,
        index,
    })
}

fn settings(index: &PackageIndex, gateway: &str) -> IndexSettings {
    IndexSettings {
        url: index.url(gateway),
        trusted_hosts: vec![gateway.to_owned()],
        ..IndexSettings::default()
    }
}

/// An image without Python in a registry.
fn bare(registry: &RegistryServer) -> PartResult<String> {
    registry.push(&small_runtime("20240111.v2")?, "team/bare", "1")?;
    Ok(format!("{}/team/bare:1", registry.address()))
}

/// What a package environment fails of, with a real pip.
async fn causes_of_packages(
    app: &App,
    home: &Path,
    (base, no_python): (&str, &str),
    gateway: &str,
    images: &RuntimeImages,
) -> PartResult<EnvironmentId> {
    let open = images.package_index()?;
    let good = settings(&open, gateway);

    let two = packages(base, "promptflow-core==1.18.5\n", good.clone());
    let id = save(app, None, form(NAME, two.clone())).await?;
    let without = packages(no_python, "", good.clone());
    save(app, Some(&id), form(NAME, without)).await?;
    let finding = fails(app, home, &id, Cause::PythonDoesNotFit).await?;
    assert!(finding.sentence.contains("no Python"), "{finding:#?}");
    save(app, Some(&id), form(NAME, two)).await?;
    let finding = fails(app, home, &id, Cause::PackageConflict).await?;
    assert!(finding.sentence.contains("promptflow-core"), "{finding:#?}");
    assert!(seen(&finding).contains("1: promptflow-core==1.18.5"), "{finding:#?}");

    let nowhere = IndexSettings { url: "https://index.invalid/simple".into(), ..good };
    save(app, Some(&id), form(NAME, packages(base, "", nowhere))).await?;
    fails(app, home, &id, Cause::NoNetworkInBuild).await?;

    // An authority of the company's own: not trusted, until it is given.
    let options = IndexOptions { tls: Some(gateway.to_owned()), ..IndexOptions::default() };
    let behind_tls = images.package_index_with(options)?;
    let strict = IndexSettings { trusted_hosts: vec![], ..settings(&behind_tls, gateway) };
    save(app, Some(&id), form(NAME, packages(base, "", strict.clone()))).await?;
    fails(app, home, &id, Cause::CertificateNotTrusted).await?;
    let trusted = IndexSettings { certificates: behind_tls.certificates(), ..strict };
    save(app, Some(&id), form(NAME, packages(base, "", trusted))).await?;
    succeeds(app, home, &id).await?;
    Ok(id)
}

/// Only the proxy knows the way to the index.
async fn through_a_proxy(
    app: &App,
    home: &Path,
    id: &EnvironmentId,
    base: &str,
    gateway: &str,
    images: &RuntimeImages,
) -> PartResult<()> {
    let options = IndexOptions { only_as_proxy: true, ..IndexOptions::default() };
    let proxy = images.package_index_with(options)?;
    let through = IndexSettings {
        url: "http://index.company.invalid/simple".into(),
        trusted_hosts: vec!["index.company.invalid".into()],
        proxy: proxy.url(gateway).trim_end_matches("/simple").to_owned(),
        ..IndexSettings::default()
    };
    // By uv, which knows certificates and proxies in its own way.
    let by_uv = match packages(base, "humanize==4.10.0\n", through) {
        Source::Packages(packages) => {
            Source::Packages(Packages { installer: Installer::Uv, ..packages })
        }
        other => other,
    };
    save(app, Some(id), form(NAME, by_uv)).await?;
    let through = succeeds(app, home, id).await?;
    assert!(through.packages.is_some_and(|all| all.iter().any(|one| one.name == "humanize")));
    Ok(())
}

/// What needs no Prompt flow: bases, files, steps.
async fn causes_of_contexts(app: &App, registry: &RegistryServer, home: &Path) -> PartResult<()> {
    registry.push(&small_runtime("20240111.v2")?, "team/base", "20240111.v2")?;
    let base = format!("{}/team/base:20240111.v2", registry.address());
    let folder = home.join("theirs");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("environment.yaml"), "name: small\nbuild:\n  path: .\n")?;
    let dockerfile = |text: String| std::fs::write(folder.join("Dockerfile"), text);
    dockerfile(format!("FROM {base}\n"))?;
    let import = ImportEnvironment { folder: folder.display().to_string(), name: String::new() };
    let id = handlers::import_environment(app, import).await.map_err(refused)?.environment;
    succeeds(app, home, &id).await?;

    dockerfile(format!("FROM {}\n", base.replace("20240111", "20991231")))?;
    let finding = fails(app, home, &id, Cause::ImageNotFound).await?;
    assert!(format!("{finding:?}").contains("20991231"), "{finding:#?}");
    dockerfile("FROM registry.invalid/team/base:1\n".to_owned())?;
    fails(app, home, &id, Cause::NoSuchHost).await?;
    dockerfile(format!("FROM {base}\nCOPY not-there.txt /x\n"))?;
    let finding = fails(app, home, &id, Cause::FileNotInContext).await?;
    assert!(finding.sentence.contains("not-there.txt"), "{finding:#?}");
    dockerfile(format!(
        "FROM {base}\nUSER 0\nRUN echo one\nRUN no-such-command\nRUN echo three\n"
    ))?;
    let finding = fails(app, home, &id, Cause::BuildStepFailed).await?;
    assert!(seen(&finding).contains("no-such-command"), "{finding:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_fail_and_mend_on_docker() -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let docker = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let client = |arguments: &[&str]| docker.client(arguments);
    let base = images.publish_base(&client, &registry, "library/python:3.11-slim")?;
    let bare = bare(&registry)?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    let gateway = docker.gateway();
    let id = causes_of_packages(&app, home.path(), (&base, &bare), &gateway, &images).await?;
    through_a_proxy(&app, home.path(), &id, &base, &gateway, &images).await
}

/// The same on Podman, whose image becomes a runtime as well.
#[tokio::test(flavor = "multi_thread")]
async fn packages_fail_and_mend_on_podman() -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let podman = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    let client: Client<'_> = &|arguments: &[&str]| podman.client(arguments);
    let base = images.publish_base(client, &registry, "library/python:3.11-slim")?;
    let bare = bare(&registry)?;
    let home = tempfile::tempdir()?;
    let app = application(&podman.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    // Podman's builder works in the network of its machine.
    let id = causes_of_packages(&app, home.path(), (&base, &bare), "127.0.0.1", &images).await?;
    let environment = EnvironmentDraft::Named { environment: id.clone(), version: None };
    let draft = plain("eval", environment, free_port()?);
    let created = handlers::create_runtime(&app, OfDraft { compute: compute(), draft }).await;
    let created = ended(&app, &created.map_err(refused)?.operation).await?;
    assert_eq!(created.state, OperationState::Succeeded, "{created:#?}");
    runtime(&app, "eval", Status::Available).await?;

    // Podman's builder keeps no secret, and is given none.
    let mut login = settings(&images.package_index()?, "127.0.0.1");
    login.username = "ann".into();
    save(&app, Some(&id), form(NAME, packages(&base, "", login))).await?;
    let refusal = build(&app, &id, false).await?.problem.expect("refused");
    assert_eq!(refusal.field.as_deref(), Some("secrets"), "{refusal:#?}");
    assert!(refusal.sentence.contains("Podman"), "{refusal:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn contexts_fail_for_their_causes_on_docker() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    causes_of_contexts(&app, &registry, home.path()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn contexts_fail_for_their_causes_with_the_classic_builder() -> PartResult<()> {
    let options = DockerOptions { classic_builder: true, ..DockerOptions::default() };
    let docker = DockerEngine::start_with(options)?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    causes_of_contexts(&app, &registry, home.path()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn contexts_fail_for_their_causes_on_podman() -> PartResult<()> {
    let podman = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    let home = tempfile::tempdir()?;
    let app = application(&podman.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    causes_of_contexts(&app, &registry, home.path()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_the_cause_and_leaves_nothing() -> PartResult<()> {
    let options = DockerOptions { small_disk_mib: Some(120), ..DockerOptions::default() };
    let docker = DockerEngine::start_with(options)?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240111.v2")?, "team/base", "20240111.v2")?;
    let base = format!("{}/team/base:20240111.v2", registry.address());
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    let folder = home.path().join("theirs");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(
        folder.join("Dockerfile"),
        format!("FROM {base}\nUSER 0\nRUN dd if=/dev/zero of=/big bs=1M count=300\n"),
    )?;
    let source = Source::BuildContext(BuildContext {
        folder: folder.display().to_string(),
        dockerfile: String::new(),
        arguments: vec![],
        target: String::new(),
        secrets: vec![],
    });
    let id = save(&app, None, form(NAME, source)).await?;
    fails(&app, home.path(), &id, Cause::DiskFull).await?;
    let names = docker.client(&["images", "--format", "{{.Repository}}"])?;
    assert!(!names.contains("promptflow-runtimes"), "{names}");
    Ok(())
}

/// The login for an index: needed, given, and nowhere but in the keyring.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_with_a_login_is_used_and_the_password_stays_nowhere() -> PartResult<()> {
    const PASSWORD: &str = "planted:index/password";
    let images = RuntimeImages::ready()?;
    let docker = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let client = |arguments: &[&str]| docker.client(arguments);
    let base = images.publish_base(&client, &registry, "library/python:3.11-slim")?;
    let options =
        IndexOptions { login: Some(("ann".into(), PASSWORD.into())), ..IndexOptions::default() };
    let index = images.package_index_with(options)?;
    let home = tempfile::tempdir()?;
    let app = application(&docker.socket(), home.path(), "registry.invalid/x").await?;
    real_parts::headless::connected(&app).await?;
    let mut login = settings(&index, &docker.gateway());
    login.username = "ann".into();
    let source = packages(&base, "humanize==4.10.0\n", login.clone());
    let id = save(&app, None, form(NAME, source)).await?;
    let missing = build(&app, &id, false).await?.problem.expect("nothing is kept yet");
    assert_eq!(missing.field.as_deref(), Some("secrets"), "{missing:#?}");
    let keep = |value: &str| KeepBuildSecret {
        environment: id.clone(),
        secret: "index".into(),
        value: Secret::new(value.into()),
    };
    let refusal = handlers::keep_build_secret(&app, keep("two words")).await.expect_err("refused");
    assert_eq!(refusal.field.as_deref(), Some("value"));
    handlers::keep_build_secret(&app, keep("wrong")).await.map_err(refused)?;
    let wrong = build(&app, &id, false).await?;
    assert_eq!(wrong.state, OperationState::Failed, "{wrong:#?}");
    handlers::keep_build_secret(&app, keep(PASSWORD)).await.map_err(refused)?;
    let built = succeeds(&app, home.path(), &id).await?;

    // Newer packages are asked for with the same login.
    handlers::check_bases(&app, OfEnvironment { environment: id.clone() })
        .await
        .map_err(refused)?;
    let list = handlers::list_environments(&app, Nothing {}).await.map_err(refused)?;
    let seen = &list.environments[0];
    assert!(seen.secrets.iter().all(|secret| secret.kept), "{:#?}", seen.secrets);
    let news = seen.news.clone().expect("news");
    assert!(news.packages.iter().any(|package| package.name == "humanize"), "{news:#?}");

    let image = "localhost/promptflow-runtimes/causes:1";
    let texts = [
        docker.client(&["image", "inspect", image])?,
        docker.client(&["history", "--no-trunc", image])?,
        log_of(home.path(), &built),
        format!("{built:?} {list:?}"),
        serde_json::to_string(
            &handlers::environment_version(
                &app,
                OfEnvironmentVersion { environment: id.clone(), number: 1 },
            )
            .await
            .map_err(refused)?,
        )
        .unwrap_or_default(),
    ];
    for text in texts {
        assert!(!text.contains("planted") && !text.contains("password"), "{text}");
    }
    let inside = "import os,sys\nfor folder, _, files in os.walk('/', topdown=True):\n  if folder.startswith(('/proc','/sys','/dev')): continue\n  for name in files:\n    path = os.path.join(folder, name)\n    if os.path.isfile(path) and not os.path.islink(path):\n      if b'planted:index' in open(path,'rb').read(): print(path)\n";
    let found = docker.client(&["run", "--rm", "--user", "0", image, "python", "-c", inside])?;
    assert_eq!(found, "", "the password is in the image");
    Ok(())
}
