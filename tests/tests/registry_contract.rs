//! The rules of `contract::registry`, on the twin and on real registries, open and with a login; and
//! what only a real one can show.
#![cfg(feature = "registry")]

use std::sync::Arc;

use domain::image::{Platform, Repository};
use domain::secret::{Login, Secret};
use real_parts::PartResult;
use real_parts::contract::registry::{Fixture, every_rule};
use real_parts::images::{architecture, small_runtime};
use real_parts::registry::RegistryServer;
use registry::client::RegistryClient;
use registry::twin::{TwinImage, TwinRegistry};
use registry::{Registry, RegistryError};

const PATH: &str = "team/runtime";

fn repository(host: &str) -> Repository {
    Repository::parse(&format!("{host}/{PATH}")).expect("repository")
}

fn login() -> Login {
    Login { username: "ann".into(), password: Secret::new("pass:word".into()) }
}

fn other_platform() -> Platform {
    Platform::linux(if architecture() == "amd64" { "arm64" } else { "amd64" })
}

/// The twin with all that the rules need.
fn twin(login: Option<Login>) -> Fixture {
    let host = "r.example:5000";
    let (twin, repository) = (Arc::new(TwinRegistry::new()), repository(host));
    let image = |top: &str| TwinImage {
        platform: Platform::linux(architecture()),
        ..TwinImage::of_layers(&[("base", 100), (top, 10)])
    };
    let foreign = TwinImage { platform: other_platform(), ..image("foreign") };
    twin.publish(&repository.tagged("20240111.v2"), image("old"));
    twin.tag_also(&repository.tagged("20240111.v2"), &["latest", "junk"]);
    twin.publish(&repository.tagged("20240429.v8"), image("new"));
    twin.publish_index(&repository.tagged("both"), vec![image("new"), foreign]);
    if let Some(login) = login.clone() {
        twin.require_login(host, login);
    }
    let (for_move, newer) = (Arc::clone(&twin), repository.tagged("20240429.v8"));
    Fixture {
        registry: twin,
        host: host.into(),
        login,
        repository,
        platform: Platform::linux(architecture()),
        index: Some(("both".into(), other_platform())),
        move_latest: Box::new(move || for_move.tag_also(&newer, &["latest"])),
    }
}

/// A real registry with the same.
fn real(server: Arc<RegistryServer>, login: Option<Login>) -> PartResult<Fixture> {
    let old = small_runtime("20240111.v2")?;
    let new = small_runtime("20240429.v8")?.padded(1)?;
    for tag in ["20240111.v2", "latest", "junk"] {
        server.push(&old, PATH, tag)?;
    }
    server.push(&new, PATH, "20240429.v8")?;
    // Indexes are put into open registries only.
    let index = if login.is_none() {
        let foreign =
            real_parts::images::bad_runtime("1", real_parts::images::Bad::WrongArchitecture)?;
        server.push_index(&new, &foreign, PATH, "both")?;
        Some(("both".to_owned(), other_platform()))
    } else {
        None
    };
    let host = server.address();
    Ok(Fixture {
        registry: Arc::new(RegistryClient::new()),
        repository: repository(&host),
        host,
        login,
        platform: Platform::linux(architecture()),
        index,
        move_latest: Box::new(move || server.push(&new, PATH, "latest").expect("push")),
    })
}

#[tokio::test]
async fn the_twin_obeys_every_rule() {
    every_rule(&twin(None)).await;
    every_rule(&twin(Some(login()))).await;
}

#[tokio::test]
async fn an_open_registry_obeys_every_rule() -> PartResult<()> {
    let server = Arc::new(RegistryServer::start()?);
    let fixture = real(Arc::clone(&server), None)?;
    every_rule(&fixture).await;
    // What the client says of an image is what the registry stores.
    let reference = fixture.repository.tagged("20240429.v8");
    let image = fixture.registry.image(&reference, &fixture.platform, None).await.expect("image");
    let manifest = server.manifest(PATH, "20240429.v8")?;
    assert_eq!(image.manifest_digest.to_string(), real_parts::images::digest(manifest.as_bytes()));
    assert_eq!(image.config["Labels"]["org.opencontainers.image.version"], "20240429.v8");
    assert!(image.created.is_some());
    Ok(())
}

#[tokio::test]
async fn a_registry_with_a_login_obeys_every_rule() -> PartResult<()> {
    let login = login();
    let server = RegistryServer::start_with_login(&login.username, login.password.expose())?;
    every_rule(&real(Arc::new(server), Some(login))?).await;
    Ok(())
}

#[tokio::test]
async fn a_registry_that_stops_is_unreachable_and_is_used_again_when_it_is_back() -> PartResult<()>
{
    let mut server = RegistryServer::start()?;
    server.push(&small_runtime("20240111.v2")?, PATH, "20240111.v2")?;
    let (client, repository) = (RegistryClient::new(), repository(&server.address()));
    assert_eq!(client.tags(&repository, None).await, Ok(vec!["20240111.v2".into()]));
    server.stop()?;
    let answer = client.tags(&repository, None).await;
    assert!(matches!(answer, Err(RegistryError::Unreachable { .. })), "{answer:?}");
    server.start_again()?;
    assert_eq!(client.tags(&repository, None).await, Ok(vec!["20240111.v2".into()]));
    Ok(())
}
