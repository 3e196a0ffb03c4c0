//! Images that do not come: each fault is caused for real by a registry, and the creation of a runtime that fails for
//! it has to name the cause. Then the registry is mended, and the same creation works.
//!
//! With `PROMPTFLOW_RUNTIMES_DIAGNOSIS=1` it writes its tables into `docs/diagnosis.md`.

use std::collections::BTreeMap;
use std::time::Instant;

use app::api::{EnvironmentDraft, MendRuntime, OfDraft, OfRuntime};
use app::{App, handlers};
use domain::diagnosis::Diagnosis;
use domain::finding::{Cause, Finding};
use domain::operation::{Operation, OperationState};
use domain::runtime::Status;
use real_parts::PartResult;
use real_parts::docker::DockerOptions;
use real_parts::ground::Ground;
use real_parts::headless::{compute, ended, plain, refused, runtime};
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::lying_registry::{Lie, LyingRegistry, To};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::round::title;
use real_parts::ward::{Row, Ward, write_table};

/// Seconds within which every cause is named, also while others keep the machine busy: engines try again, for a
/// minute at most.
const WITHIN: f64 = 100.0;

/// What was seen so far.
struct Images {
    ward: Ward,
    rows: Vec<Row>,
}

/// Creates a runtime of an image.
async fn create(app: &App, name: &str, reference: &str) -> PartResult<Operation> {
    let environment = EnvironmentDraft::Image { reference: reference.to_owned() };
    let draft = plain(name, environment, free_port()?);
    let begun = handlers::create_runtime(app, OfDraft { compute: compute(), draft }).await;
    ended(app, &begun.map_err(refused)?.operation).await
}

impl Images {
    /// Creating a runtime of this image fails with this cause, and nothing is left of it.
    async fn fails(
        &mut self,
        fault: &str,
        name: &str,
        reference: &str,
        cause: Cause,
    ) -> PartResult<Finding> {
        let began = Instant::now();
        let operation = create(&self.ward.app, name, reference).await?;
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(operation.state, OperationState::Failed, "{fault}: {operation:#?}");
        let finding = operation.problem.clone().and_then(|problem| problem.finding);
        let finding = *finding.unwrap_or_else(|| panic!("{fault}: {operation:#?}"));
        assert_eq!(finding.cause, cause, "{fault}: {operation:#?}");
        assert!(!finding.evidence.is_empty() && !finding.advice.is_empty(), "{finding:#?}");
        assert!(seconds <= WITHIN, "{fault} took {seconds:.1} s");
        let all = ["ps", "-a", "--format", "{{.Names}}"];
        let left = self.ward.ground.client(&all)?;
        assert!(left.lines().all(|one| one != name), "{fault}: {left}");
        let first = finding.remedies.first();
        self.rows.push(Row {
            fault: fault.to_owned(),
            link: "the image".into(),
            cause: format!("{cause:?}"),
            seconds,
            mended: first.map_or("no".into(), |one| format!("{}, by a page", title(one))),
        });
        Ok(finding)
    }

    /// A diagnosis told this beside the chain.
    fn warned(&mut self, fault: &str, found: &Diagnosis, finding: &Finding, mended: String) {
        assert!(!finding.evidence.is_empty(), "{finding:#?}");
        self.rows.push(Row {
            fault: fault.to_owned(),
            link: "Image, told as a warning".into(),
            cause: format!("{:?}", finding.cause),
            seconds: f64::from(found.milliseconds) / 1000.0,
            mended,
        });
    }

    /// The same creation works once its cause is gone.
    async fn works(&self, name: &str, reference: &str) -> PartResult<()> {
        let operation = create(&self.ward.app, name, reference).await?;
        assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
        runtime(&self.ward.app, name, Status::Available).await?;
        self.ward.ground.client(&["rm", "-f", name]).map(drop)
    }
}

/// What somebody does with a runtime's image behind its back. Podman removes containers together with their image.
async fn by_hand(images: &mut Images, reference: &str) -> PartResult<()> {
    let app = images.ward.app.clone();
    let operation = create(&app, "bare", reference).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    let row = runtime(&app, "bare", Status::Available).await?;
    let of = OfRuntime { runtime: row.id.clone() };
    let stop = handlers::stop_runtime(&app, of.clone()).await.map_err(refused)?;
    ended(&app, &stop.operation).await?;
    let client = |arguments: &[&str]| images.ward.ground.client(arguments);
    let image = client(&["inspect", "-f", "{{.Image}}", "bare"])?;
    let labels = client(&["inspect", "-f", "{{json .Config.Labels}}", "bare"])?;
    client(&["rmi", "-f", &image])?;
    let found = handlers::diagnose_runtime(&app, of.clone()).await.map_err(refused)?;
    let gone = found.others.iter().find(|one| one.cause == Cause::ImageGone);
    let gone = gone.unwrap_or_else(|| panic!("{found:#?}")).clone();
    let pull = gone.remedies.first().expect("a remedy").clone();
    let mend = MendRuntime { runtime: row.id.clone(), remedy: pull.clone() };
    let operation = handlers::mend_runtime(&app, mend).await.map_err(refused)?.operation;
    let operation = ended(&app, &operation).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    let again = handlers::diagnose_runtime(&app, of.clone()).await.map_err(refused)?;
    assert!(again.others.iter().all(|one| one.cause != Cause::ImageGone), "{again:#?}");
    images.warned("the image was removed", &found, &gone, title(&pull));

    // Somebody makes the container anew, of another image, with everything that tells of the runtime.
    let client = |arguments: &[&str]| images.ward.ground.client(arguments);
    let labels: BTreeMap<String, String> = serde_json::from_str(&labels).expect("labels");
    client(&["rm", "-f", "bare"])?;
    let other = format!("{}:other", reference.rsplit_once(':').expect("a tag").0);
    client(&["pull", &other])?;
    let labels: Vec<String> =
        labels.iter().map(|(key, value)| format!("--label={key}={value}")).collect();
    let mut run = vec!["run", "-d", "--name", "bare", "-p", "127.0.0.1::8080"];
    run.extend(labels.iter().map(String::as_str));
    run.push(&other);
    client(&run)?;
    runtime(&app, "bare", Status::Available).await?;
    let found = handlers::diagnose_runtime(&app, of).await.map_err(refused)?;
    let another = found.others.iter().find(|one| one.cause == Cause::AnotherImage);
    let another = another.unwrap_or_else(|| panic!("{found:#?}")).clone();
    let fault = "the container was made anew of another image";
    images.warned(fault, &found, &another, "ChooseImage, by a page".into());
    images.ward.ground.client(&["rm", "-f", "bare"]).map(drop)
}

async fn all(ground: Ground, gateway: &str) -> PartResult<()> {
    let socket = ground.socket();
    let ward = Ward::at(ground, &socket, Box::new(|engine| engine)).await?;
    let mut images = Images { ward, rows: vec![] };
    let registry = RegistryServer::start()?;
    let liar = LyingRegistry::before(&registry.address())?;
    for (number, (fault, name, lie, cause)) in [
        (
            "the registry refuses (403)",
            "denied",
            Lie::Status(403, "DENIED", vec![]),
            Cause::PullDenied,
        ),
        (
            "the registry asks to wait (429)",
            "limited",
            Lie::Status(429, "TOOMANYREQUESTS", vec![]),
            Cause::RateLimited,
        ),
        (
            "the connection breaks while a layer comes",
            "cut",
            Lie::CutInLayer,
            Cause::PullInterrupted,
        ),
        ("the registry sends another layer", "other", Lie::WrongLayer, Cause::RegistryMisbehaves),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("team/{name}");
        registry.push(&small_runtime("1")?.unlike(number as u64 + 50)?, &path, "1")?;
        let reference = format!("{}/{path}:1", liar.address());
        liar.lie(&path, To::Everyone, lie);
        images.fails(fault, name, &reference, cause).await?;
        liar.heal(&path);
        images.works(name, &reference).await?;
    }

    let missing = format!("{}/team/denied:none", liar.address());
    images.fails("the tag does not exist", "missing", &missing, Cause::ImageNotFound).await?;
    let nobody = format!("127.0.0.1:{}/team/x:1", free_port()?);
    let fault = "nothing answers at the registry's address";
    images.fails(fault, "silent", &nobody, Cause::RegistryNotReachable).await?;
    let fault = "the registry's host does not exist";
    images.fails(fault, "nowhere", "registry.invalid/team/x:1", Cause::NoSuchHost).await?;

    let secret = RegistryServer::start_with_login("ann", "s3cret-word")?;
    secret.push(&small_runtime("1")?, "team/secret", "1")?;
    let reference = format!("{}/team/secret:1", secret.address());
    let fault = "the registry asks for a login";
    images.fails(fault, "secret", &reference, Cause::PullDenied).await?;

    let signed = RegistryServer::start_self_signed(gateway)?;
    signed.push(&small_runtime("1")?, "team/signed", "1")?;
    let reference = format!("{}/team/signed:1", signed.address());
    let fault = "the registry's certificate is its own";
    images.fails(fault, "signed", &reference, Cause::CertificateNotTrusted).await?;

    registry.push(&bad_runtime("1", Bad::WrongArchitecture)?, "team/foreign", "1")?;
    let reference = format!("{}/team/foreign:1", registry.address());
    let fault = "the image is for another processor";
    images.fails(fault, "foreign", &reference, Cause::WrongArchitecture).await?;

    if let Ground::Docker(_) = images.ward.ground {
        for (tag, seed) in [("1", 71), ("other", 72)] {
            registry.push(&small_runtime("1")?.unlike(seed)?, "team/hands", tag)?;
        }
        by_hand(&mut images, &format!("{}/team/hands:1", registry.address())).await?;
    }
    let table = format!("{}, images", images.ward.ground.name());
    write_table(&table, &images.rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_images_is_named_rightly_on_docker() -> PartResult<()> {
    let options = DockerOptions {
        arguments: vec!["--max-download-attempts=1".into()],
        ..DockerOptions::default()
    };
    let ground = Ground::docker(options)?;
    let Ground::Docker(engine) = &ground else { unreachable!("it is Docker") };
    let gateway = engine.gateway();
    all(ground, &gateway).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_images_is_named_rightly_on_podman() -> PartResult<()> {
    // A machine's own address that is none of the loopback: engines do not check certificates there.
    let docker = real_parts::docker::DockerEngine::start()?;
    all(Ground::podman()?, &docker.gateway()).await
}
