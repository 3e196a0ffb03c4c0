//! What only Podman has: users who are not root, names of images that it does not look up, an init program that may be
//! missing. Each is caused for real: the application has to name it, or to go round it.
//!
//! With `PROMPTFLOW_RUNTIMES_DIAGNOSIS=1` it writes its table into `docs/diagnosis.md`.

use std::net::TcpListener;
use std::time::Duration;

use app::api::{EnvironmentDraft, OfDraft};
use app::handlers;
use domain::diagnosis::{Link, cause_of};
use domain::finding::Cause;
use domain::image::{ImageReference, Platform};
use domain::operation::OperationState;
use domain::runtime::Status;
use futures_util::StreamExt;
use jiff::Timestamp;
use real_parts::ground::Ground;
use real_parts::headless::{compute, ended, plain, refused, runtime};
use real_parts::images::small_runtime;
use real_parts::podman::{PodmanEngine, PodmanOptions};
use real_parts::program::free_port;
use real_parts::registry::RegistryServer;
use real_parts::round::Round;
use real_parts::ward::{IMAGE, Making, Row, WELL, Ward, write_table};
use real_parts::{PartError, PartResult};
use serde_json::json;

/// A port below 1024 that nobody here holds.
fn low_port() -> u16 {
    (700..1024).rev().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port")
}

/// A user who is not root publishes a port below 1024.
async fn low(round: &mut Round) -> PartResult<()> {
    let port = low_port();
    let making = Making::script("low", WELL).edit(move |body| {
        body["HostConfig"]["PortBindings"]["8080/tcp"] =
            json!([{"HostIp": "127.0.0.1", "HostPort": port.to_string()}]);
    });
    let patient = round.ward.make(making).await?;
    round.ward.start_refused(&patient).await?;
    let expected = (Link::Started, Cause::PrivilegedPort);
    let fault = "a port below 1024 of a user who is not root";
    round.after(fault, &patient, Timestamp::now(), expected, true).await?;
    round.all_mended().await
}

/// What Podman itself refuses with these words does not meet the application.
fn gone_round(fault: &str, refusal: &str, cause: Cause) -> Row {
    assert_eq!(cause_of(refusal), Some(cause), "{refusal}");
    Row {
        fault: fault.to_owned(),
        link: "none".into(),
        cause: format!("{cause:?}, which is gone round"),
        seconds: 0.0,
        mended: "not needed".into(),
    }
}

/// Podman looks up no name without a registry: the application writes it out in full, as Docker does.
async fn short_name(ward: &Ward) -> PartResult<Row> {
    let refusal = ward.ground.client(&["pull", "small:1"]).expect_err("Podman refuses it");
    let short = ImageReference::parse("small:1").expect("a reference");
    let platform = Platform::linux(&ward.engine.facts().architecture);
    let idle = Duration::from_secs(30);
    let mut pull = ward.engine.pull(&short, &platform, None, idle).await;
    while let Some(event) = pull.next().await {
        event.map_err(|error| PartError::new(error.to_string()))?;
    }
    let full = short.to_string();
    let making = Making::script("short", WELL).edit(move |body| body["Image"] = full.into());
    let patient = ward.sick(making).await?;
    ward.is(&patient, Status::Available).await?;
    let fault = "an image's name without its registry, which Podman does not look up";
    Ok(gone_round(fault, &refusal.to_string(), Cause::ShortImageName))
}

/// Podman has no init program: a runtime is made without.
async fn without_init(ward: &Ward, reference: &str) -> PartResult<Row> {
    let run = ["run", "--rm", "--init", IMAGE, "true"];
    let refusal = ward.ground.client(&run).expect_err("Podman refuses it");
    let environment = EnvironmentDraft::Image { reference: reference.to_owned() };
    let draft = plain("bare", environment, free_port()?);
    let begun = handlers::create_runtime(&ward.app, OfDraft { compute: compute(), draft }).await;
    let operation = ended(&ward.app, &begun.map_err(refused)?.operation).await?;
    assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
    runtime(&ward.app, "bare", Status::Available).await?;
    let fault = "Podman does not find its init program";
    Ok(gone_round(fault, &refusal.to_string(), Cause::InitMissing))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_podman_has_is_named_or_gone_round() -> PartResult<()> {
    let mut round = Round::new(Ward::on(Ground::rootless_podman()?).await?);
    low(&mut round).await?;
    let mut rows = round.rows;

    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("1")?, "library/small", "1")?;
    let options = PodmanOptions { without_init: true, docker_hub: Some(registry.address()) };
    let engine = PodmanEngine::start_with(&options)?;
    let ward = Ward::on(Ground::Podman(engine)).await?;
    rows.push(short_name(&ward).await?);
    rows.push(without_init(&ward, &format!("{}/library/small:1", registry.address())).await?);
    write_table("Podman, its own", &rows)
}
