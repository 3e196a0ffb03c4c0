//! The client against scripted servers: what a registry may answer, rightly and wrongly.

mod answers;
mod images;
mod logins;
mod tags;

use super::*;
use domain::secret::Secret;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, header, header_exists, method, path, query_param},
};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn client() -> RegistryClient {
    RegistryClient::with_limits(Limits {
        connect: Duration::from_secs(2),
        request: Duration::from_secs(2),
        all_pages: Duration::from_secs(5),
    })
}

fn host(server: &MockServer) -> String {
    server.address().to_string()
}

fn repository(server: &MockServer) -> Repository {
    Repository::parse(&format!("{}/team/app", host(server))).expect("repository")
}

fn login(password: &str) -> Login {
    Login { username: "ann".into(), password: Secret::new(password.into()) }
}

async fn get(server: &MockServer, at: &str, answer: ResponseTemplate) {
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(server).await;
}

async fn tags_of(answer: ResponseTemplate) -> Result<Vec<String>, RegistryError> {
    let server = MockServer::start().await;
    get(&server, "/v2/team/app/tags/list", answer).await;
    client().tags(&repository(&server), None).await
}

fn nonsense_reason<T: std::fmt::Debug>(answer: Result<T, RegistryError>) -> String {
    match answer {
        Err(RegistryError::Nonsense { reason, .. }) => reason,
        other => panic!("nonsense was expected, not {other:?}"),
    }
}

/// An image as a registry stores it.
struct Stored {
    manifest: Vec<u8>,
    config: Vec<u8>,
}

impl Stored {
    fn new(architecture: &str) -> Self {
        let config = json!({
            "architecture": architecture, "os": "linux", "created": "2024-04-29T10:00:00Z",
            "config": {"Cmd": ["serve"]},
            "rootfs": {"type": "layers", "diff_ids": [Digest::of(b"one").as_str()]},
        })
        .to_string()
        .into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                       "digest": Digest::of(&config).as_str(), "size": config.len()},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                        "digest": Digest::of(b"packed").as_str(), "size": 4711}],
        })
        .to_string()
        .into_bytes();
        Self { manifest, config }
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// Serves the manifest under its digest and `tag`, and the configuration.
    async fn serve(&self, server: &MockServer, tag: &str) {
        for key in [tag, self.digest().as_str()] {
            get(
                server,
                &format!("/v2/team/app/manifests/{key}"),
                ResponseTemplate::new(200).set_body_raw(self.manifest.clone(), OCI_MANIFEST),
            )
            .await;
        }
        get(
            server,
            &format!("/v2/team/app/blobs/{}", Digest::of(&self.config)),
            ResponseTemplate::new(200)
                .set_body_raw(self.config.clone(), "application/octet-stream"),
        )
        .await;
    }
}

async fn image_of(server: &MockServer, tag: &str) -> Result<RemoteImage, RegistryError> {
    client().image(&repository(server).tagged(tag), &Platform::linux("amd64"), None).await
}
