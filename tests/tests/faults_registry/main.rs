//! A registry that misbehaves, at a version check, at an update, and while the engine pulls: a runtime
//! serves on, nothing is left, the cause is said, and on the healed registry the same action works. The
//! state is judged with the engine's own client.

use std::time::{Duration, Instant};

use app::api::{CheckVersion, Freshness, OfCompute, PreviewUpdate, SaveLogin, VersionAnswer};
use app::{App, handlers};
use domain::finding::{Problem, ProblemCode};
use domain::operation::{Operation, OperationState};
use domain::secret::Secret;
use futures_util::StreamExt;
use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::headless::{application, compute, refused};
use real_parts::images::small_runtime;
use real_parts::lying_registry::{Lie, LyingRegistry, To};
use real_parts::registry::RegistryServer;
use real_parts::{PartError, PartResult};

mod faults;
mod subject;

use faults::{Fault, Told, faults};
use subject::{NEW, OLD, Subject};

/// An engine whose pulls end at the first failure, instead of trying for a minute.
fn engine() -> PartResult<DockerEngine> {
    DockerEngine::start_with(DockerOptions {
        arguments: vec!["--max-download-attempts=1".into()],
        ..DockerOptions::default()
    })
}

async fn open(engine: &DockerEngine, home: &std::path::Path, registry: &str) -> PartResult<App> {
    let app = application(&engine.socket(), home, &format!("{registry}/team/default")).await?;
    let until = Instant::now() + Duration::from_secs(30);
    while handlers::propose_runtime(&app, OfCompute { compute: compute() }).await.is_err() {
        assert!(Instant::now() < until, "the engine was not connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(app)
}

fn of_check(answer: VersionAnswer) -> PartResult<Problem> {
    match answer {
        VersionAnswer::Unknown { because } => Ok(because),
        other => Err(PartError::new(format!("unknown was expected, not {other:#?}"))),
    }
}

fn of_failed(operation: &Operation) -> PartResult<Problem> {
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    operation.problem.clone().ok_or_else(|| PartError::new("failed without a problem"))
}

async fn try_one(
    number: usize,
    fault: Fault,
    engine: &DockerEngine,
    app: &App,
    registry: &RegistryServer,
    liar: &LyingRegistry,
) -> PartResult<String> {
    let path = format!("fault-{number}/promptflow-runtime");
    for (at, version) in [OLD, NEW].into_iter().enumerate() {
        registry.push(
            &small_runtime(version)?.unlike((number * 2 + at) as u64)?,
            &path,
            version,
        )?;
    }
    let repository = format!("{}/{path}", liar.address());
    let told = fault.name;
    let subject = Subject::run(engine, app, &format!("fault-{number}"), repository.clone()).await?;
    let version = (!fault.to_newest).then_some(NEW);
    let expect = |phase: &str, expected: Told, problem: &Problem| {
        let Some((code, sentence)) = expected else { panic!("{told}: {phase}: {problem:#?}") };
        let sentence = sentence
            .replace("HOST", &liar.address())
            .replace("IMAGE", &format!("{repository}:{NEW}"))
            .replace("REPOSITORY", &repository);
        assert_eq!(
            (problem.code, &problem.sentence),
            (code, &sentence),
            "{told}: {phase}: {problem:#?}"
        );
        assert!(!problem.hints.is_empty(), "{told}: {phase} tells what to do next");
    };
    let mut cells = vec![told.to_owned()];
    // The check.
    liar.lie(&path, To::Everyone, fault.lie.clone());
    let began = Instant::now();
    let answer = subject.check().await?;
    let took = began.elapsed().as_millis();
    match fault.at_check {
        None => assert!(matches!(answer, VersionAnswer::Newer { .. }), "{told}: {answer:#?}"),
        told => expect("check", told, &of_check(answer)?),
    }
    cells.push(format!("{} {took} ms", fault.at_check.map_or("newer,".into(), code_word)));
    subject.stands(&format!("{told}, check")).await?;
    // The update.
    let began = Instant::now();
    let operation = subject.update(version, None).await?;
    let took = began.elapsed().as_millis();
    expect("update", fault.at_update.or(fault.in_pull), &of_failed(&operation)?);
    cells.push(format!("{} {took} ms", fault.at_update.map_or("in the pull,".into(), code_word)));
    subject.stands(&format!("{told}, update")).await?;
    // The pull.
    if fault.in_pull.is_some() {
        liar.lie(&path, To::Engines, fault.lie.clone());
        let began = Instant::now();
        let operation = subject.update(version, None).await?;
        let took = began.elapsed().as_millis();
        expect("pull", fault.in_pull, &of_failed(&operation)?);
        let name = &subject.row.name;
        let stands = format!("{name} runs {OLD} as before. It never stopped.");
        assert_eq!(operation.outcome.as_deref(), Some(stands.as_str()), "{told}: {operation:#?}");
        cells.push(format!("{} {took} ms", fault.in_pull.map_or(String::new(), code_word)));
        subject.stands(&format!("{told}, pull")).await?;
    } else {
        cells.push("–".to_owned());
    }
    liar.heal(&path);
    subject.works_again(told).await?;
    cells.push("old; after healing new".to_owned());
    Ok(format!("| {} |", cells.join(" | ")))
}

fn code_word(told: (ProblemCode, &str)) -> String {
    format!("{:?},", told.0)
}

/// Which faults are tried each time; the others where it may take long.
const EACH_TIME: [&str; 6] = [
    "cut in mid-layer",
    "401",
    "404",
    "429, Retry-After: 40",
    "junk JSON",
    "layer of another digest",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_misbehaves_harms_no_runtime() -> PartResult<()> {
    try_all(|name| EACH_TIME.contains(&name)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make test-long"]
async fn a_registry_that_misbehaves_in_any_other_way_harms_none_either() -> PartResult<()> {
    try_all(|name| !EACH_TIME.contains(&name)).await
}

async fn try_all(wanted: impl Fn(&str) -> bool) -> PartResult<()> {
    let home = tempfile::tempdir()?;
    let engine = engine()?;
    let registry = RegistryServer::start()?;
    let liar = LyingRegistry::before(&registry.address())?;
    let app = open(&engine, home.path(), &liar.address()).await?;
    // A registry that asked one runtime to wait is not asked for another one by itself meanwhile; what a
    // person asks for is asked.
    let faults = faults().into_iter().enumerate().filter(|(_, fault)| wanted(fault.name));
    let rows: Vec<PartResult<String>> = futures_util::stream::iter(faults)
        .map(|(number, fault)| try_one(number, fault, &engine, &app, &registry, &liar))
        .buffered(4)
        .collect()
        .await;
    let failed: Vec<String> =
        rows.iter().filter_map(|row| row.as_ref().err().map(ToString::to_string)).collect();
    for row in rows.iter().flatten() {
        println!("{row}");
    }
    assert_eq!(failed, Vec::<String>::new());
    let dangling = engine.client(&["images", "-q", "-f", "dangling=true"])?;
    assert_eq!(dangling, "", "no image without a name is left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_to_wait_is_told_and_kept() -> PartResult<()> {
    const PATH: &str = "team/promptflow-runtime";
    let home = tempfile::tempdir()?;
    let engine = engine()?;
    let registry = RegistryServer::start()?;
    let liar = LyingRegistry::before(&registry.address())?;
    for version in [OLD, NEW] {
        registry.push(&small_runtime(version)?, PATH, version)?;
    }
    let app = open(&engine, home.path(), &liar.address()).await?;
    let repository = format!("{}/{PATH}", liar.address());
    let subject = Subject::run(&engine, &app, "eval", repository).await?;
    let wait = |seconds: &str| {
        Lie::Status(429, "TOOMANYREQUESTS", vec![("Retry-After", seconds.to_owned())])
    };
    liar.lie(PATH, To::Everyone, wait("3600"));
    let problem = of_check(subject.check().await?)?;
    assert_eq!(problem.hints[0], "Wait 60 minutes, then try again.");
    liar.heal(PATH);
    let by_application =
        || liar.asked(PATH).into_iter().filter(|asked| asked.by_application).count();
    let page = || async {
        let request = CheckVersion { runtime: subject.row.id.clone(), freshness: Freshness::Page };
        handlers::check_version(&app, request).await.map_err(refused)
    };
    let before = by_application();
    page().await?;
    assert_eq!(by_application(), before, "opening the page does not ask while it is to be waited");
    // The person's own press is asked, and a shorter time is told and then over.
    liar.lie(PATH, To::Everyone, wait("1"));
    let problem = of_check(subject.check().await?)?;
    assert_eq!(problem.hints[0], "Wait a second, then try again.");
    liar.heal(PATH);
    let before = by_application();
    let until = Instant::now() + Duration::from_secs(30);
    // An answer younger than ten seconds is shown as it is.
    while by_application() == before {
        assert!(Instant::now() < until, "it is asked again once the time is over");
        tokio::time::sleep(Duration::from_millis(250)).await;
        page().await?;
    }
    assert!(matches!(subject.check().await?, VersionAnswer::Newer { .. }));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_to_another_host_takes_no_login_there() -> PartResult<()> {
    const PATH: &str = "team/promptflow-runtime";
    let home = tempfile::tempdir()?;
    let engine = engine()?;
    let private = RegistryServer::start_with_login("ann", "s3cret-word")?;
    let open_one = RegistryServer::start()?;
    for registry in [&private, &open_one] {
        for version in [OLD, NEW] {
            registry.push(&small_runtime(version)?.unlike(7)?, PATH, version)?;
        }
    }
    let liar = LyingRegistry::before(&private.address())?;
    let elsewhere = LyingRegistry::before_at("127.0.0.2", &open_one.address())?;
    let app = open(&engine, home.path(), &liar.address()).await?;
    let login = SaveLogin {
        registry: liar.address(),
        username: "ann".into(),
        password: Secret::new("s3cret-word".into()),
    };
    handlers::save_registry_login(&app, login).await.map_err(refused)?;
    engine.load(&small_runtime(OLD)?.unlike(7)?, &format!("{}/{PATH}:{OLD}", liar.address()))?;
    let subject = Subject::run(&engine, &app, "eval", format!("{}/{PATH}", liar.address())).await?;
    // The login is used and accepted …
    assert!(matches!(subject.check().await?, VersionAnswer::Newer { .. }));
    assert!(liar.asked(PATH).iter().any(|asked| asked.authorization.is_some()));
    // … and stays at home when the registry sends everybody elsewhere.
    liar.lie(PATH, To::Everyone, Lie::RedirectsTo(format!("http://{}", elsewhere.address())));
    assert!(matches!(subject.check().await?, VersionAnswer::Newer { .. }));
    let operation = subject.update(Some(NEW), None).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    let received = elsewhere.asked_at_all();
    assert!(received.iter().any(|asked| asked.by_application), "{received:#?}");
    assert!(received.iter().any(|asked| !asked.by_application), "{received:#?}");
    for asked in received {
        assert_eq!(asked.authorization, None, "{} {}", asked.method, asked.path);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_signed_certificate_is_told_and_nothing_is_taken_from_there() -> PartResult<()> {
    const PATH: &str = "team/promptflow-runtime";
    let home = tempfile::tempdir()?;
    let engine = engine()?;
    let registry = RegistryServer::start_self_signed(&engine.gateway())?;
    let good = RegistryServer::start()?;
    for registry in [&registry, &good] {
        registry.push(&small_runtime(NEW)?.unlike(8)?, PATH, NEW)?;
    }
    let app = open(&engine, home.path(), &good.address()).await?;
    let repository = format!("{}/{PATH}", registry.address());
    engine.load(&small_runtime(OLD)?, &format!("{repository}:{OLD}"))?;
    let mut subject = Subject::run(&engine, &app, "eval", repository).await?;
    let sentence = format!(
        "The certificate of {} is not trusted. Either the registry uses a certificate of its own, or a proxy between signs connections anew.",
        registry.address()
    );
    let told =
        [of_check(subject.check().await?)?, of_failed(&subject.update(Some(NEW), None).await?)?];
    for problem in told {
        assert_eq!(problem.code, ProblemCode::RegistryUnreachable);
        assert_eq!(problem.sentence, sentence, "{problem:#?}");
    }
    subject.stands("self-signed").await?;
    // The same version from a registry that is trusted.
    subject.repository = format!("{}/{PATH}", good.address());
    let operation = subject.update(Some(NEW), None).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_moved_since_it_was_shown_is_shown_again_first() -> PartResult<()> {
    const PATH: &str = "team/promptflow-runtime";
    let home = tempfile::tempdir()?;
    let engine = engine()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(OLD)?, PATH, OLD)?;
    registry.push(&small_runtime(NEW)?.unlike(1)?, PATH, NEW)?;
    let app = open(&engine, home.path(), &registry.address()).await?;
    let repository = format!("{}/{PATH}", registry.address());
    let subject = Subject::run(&engine, &app, "eval", repository.clone()).await?;
    let shown = || async {
        let request =
            PreviewUpdate { runtime: subject.row.id.clone(), environment: subject.aim(Some(NEW)) };
        handlers::preview_update(&app, request).await.map_err(refused).map(|told| told.to.digest)
    };
    assert!(matches!(subject.check().await?, VersionAnswer::Newer { .. }));
    let first = shown().await?;
    registry.push(&small_runtime(NEW)?.unlike(2)?, PATH, NEW)?;
    let problem = of_failed(&subject.update(Some(NEW), Some(first.clone())).await?)?;
    assert_eq!(problem.code, ProblemCode::Moved);
    assert_eq!(
        problem.sentence,
        format!("{NEW} names another image now than when it was shown. Nothing was done.")
    );
    subject.stands("moved").await?;
    // Shown again, exactly that is taken.
    let now = shown().await?;
    assert_ne!(now, first);
    let operation = subject.update(Some(NEW), Some(now.clone())).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    let image = engine.client(&["inspect", "-f", "{{.Config.Image}}", "eval"])?;
    assert_eq!(image, format!("{repository}@{now}"));
    Ok(())
}
