//! The client against scripted servers: what a registry may answer, rightly and wrongly.

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

// ---- tags

#[tokio::test]
async fn pages_of_tags_are_followed_to_the_end() {
    let server = MockServer::start().await;
    let list = || Mock::given(method("GET")).and(path("/v2/team/app/tags/list"));
    list()
        .and(query_param("n", "1000"))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("link", r#"</v2/team/app/tags/list?last=b&n=2>; rel="next""#)
                .set_body_json(json!({"name": "team/app", "tags": ["a", "b"]})),
        )
        .mount(&server)
        .await;
    list()
        .and(query_param("last", "b"))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("link", r#"<?last=c>; rel="next""#)
                .set_body_json(json!({"name": "team/app", "tags": ["b", "c"]})),
        )
        .mount(&server)
        .await;
    list()
        .and(query_param("last", "c"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"tags": null})))
        .mount(&server)
        .await;
    let tags = client().tags(&repository(&server), None).await;
    assert_eq!(tags, Ok(vec!["a".into(), "b".into(), "c".into()]));
}

#[tokio::test]
async fn pages_that_lead_in_a_circle_end() {
    let answer = ResponseTemplate::new(200)
        .insert_header("link", r#"</v2/team/app/tags/list?last=b>; rel="next""#)
        .set_body_json(json!({"tags": ["a"]}));
    assert!(nonsense_reason(tags_of(answer).await).contains("circle"));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let server = MockServer::start().await;
    let page = std::sync::atomic::AtomicU32::new(0);
    Mock::given(method("GET"))
        .respond_with(move |_: &Request| {
            let number = page.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            ResponseTemplate::new(200)
                .insert_header("link", format!("<?last={number}>; rel=next").as_str())
                .set_body_json(json!({"tags": [number.to_string()]}))
        })
        .mount(&server)
        .await;
    let reason = nonsense_reason(client().tags(&repository(&server), None).await);
    assert!(reason.contains("more than 100 pages"), "{reason}");
}

#[tokio::test]
async fn too_many_tags_are_refused() {
    let tags: Vec<String> = (0..=MOST_TAGS).map(|number| number.to_string()).collect();
    let answer = ResponseTemplate::new(200).set_body_json(json!({"tags": tags}));
    assert!(nonsense_reason(tags_of(answer).await).contains("100000 tags"));
}

#[tokio::test]
async fn a_next_page_on_another_host_is_refused_and_never_asked() {
    let other = MockServer::start().await;
    let answer = ResponseTemplate::new(200)
        .insert_header("link", format!("<{}/v2/x>; rel=next", other.uri()).as_str())
        .set_body_json(json!({"tags": ["a"]}));
    assert!(nonsense_reason(tags_of(answer).await).contains("another address"));
    assert_eq!(other.received_requests().await.unwrap_or_default().len(), 0);
}

// ---- logins

/// A registry that wants tokens of a token service, which wants ann's login when `closed`.
async fn with_tokens(closed: bool) -> (MockServer, MockServer) {
    let (registry, service) = (MockServer::start().await, MockServer::start().await);
    let asks = format!(
        r#"Bearer realm="{}/token",service="reg",scope="repository:team/app:pull""#,
        service.uri()
    );
    Mock::given(header("authorization", "Bearer good"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"tags": ["a"]})))
        .with_priority(1)
        .mount(&registry)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", asks.as_str()))
        .mount(&registry)
        .await;
    let token = Mock::given(method("GET"))
        .and(path("/token"))
        .and(query_param("service", "reg"))
        .and(query_param("scope", "repository:team/app:pull"));
    // ann:right
    let token =
        if closed { token.and(header("authorization", "Basic YW5uOnJpZ2h0")) } else { token };
    token
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"token": "good", "expires_in": 300})),
        )
        .with_priority(1)
        .mount(&service)
        .await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).mount(&service).await;
    (registry, service)
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_again() {
    let (registry, service) = with_tokens(false).await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(client.tags(&repository(&registry), None).await, Ok(vec!["a".into()]));
    }
    assert_eq!(service.received_requests().await.unwrap_or_default().len(), 1);
    assert_eq!(registry.received_requests().await.unwrap_or_default().len(), 4);
}

#[tokio::test]
async fn a_login_goes_to_the_token_service_and_not_to_the_registry() {
    let (registry, service) = with_tokens(true).await;
    let client = client();
    let right = client.tags(&repository(&registry), Some(&login("right"))).await;
    assert_eq!(right, Ok(vec!["a".into()]));
    for request in registry.received_requests().await.unwrap_or_default() {
        let sent = request.headers.get("authorization").map(|value| value.as_bytes().to_vec());
        assert!(sent.is_none_or(|value| value == b"Bearer good"));
    }
    // The token of one login serves nobody else.
    let nobody = client.tags(&repository(&registry), None).await;
    assert_eq!(nobody, Err(RegistryError::Denied { host: host(&registry), with_login: false }));
    let wrong = client.tags(&repository(&registry), Some(&login("wrong"))).await;
    assert_eq!(wrong, Err(RegistryError::Denied { host: host(&registry), with_login: true }));
    assert_eq!(service.received_requests().await.unwrap_or_default().len(), 3);
}

#[tokio::test]
async fn a_token_that_is_no_longer_accepted_is_fetched_anew() {
    let (registry, service) = with_tokens(false).await;
    let client = client();
    client.exchange.keep_for_test(
        &host(&registry),
        "repository:team/app:pull",
        None,
        &Secret::new("Bearer stale".into()),
    );
    assert_eq!(client.tags(&repository(&registry), None).await, Ok(vec!["a".into()]));
    assert_eq!(service.received_requests().await.unwrap_or_default().len(), 1);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_without_showing_it_in_an_address() {
    let (registry, service) = (MockServer::start().await, MockServer::start().await);
    let asks = format!(r#"Bearer realm="{}/token",service="reg""#, service.uri());
    Mock::given(header("authorization", "Bearer good"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"tags": ["a"]})))
        .with_priority(1)
        .mount(&registry)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", asks.as_str()))
        .mount(&registry)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "good"})))
        .mount(&service)
        .await;
    let identity =
        Login { username: crate::IDENTITY_TOKEN_USER.into(), password: Secret::new("i+d".into()) };
    let tags = client().tags(&repository(&registry), Some(&identity)).await;
    assert_eq!(tags, Ok(vec!["a".into()]));
    let requests = service.received_requests().await.unwrap_or_default();
    let body = String::from_utf8_lossy(&requests[0].body).into_owned();
    assert!(body.contains("grant_type=refresh_token") && body.contains("refresh_token=i%2Bd"));
    assert!(body.contains("scope=repository%3Ateam%2Fapp%3Apull"), "{body}");
    assert_eq!(requests[0].url.query(), None);
}

#[tokio::test]
async fn user_name_and_password_answer_a_basic_challenge() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Basic YW5uOnJpZ2h0"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"tags": ["a"]})))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(401).insert_header("www-authenticate", r#"Basic realm="r""#),
        )
        .mount(&server)
        .await;
    let client = client();
    let (host, repository) = (host(&server), repository(&server));
    let right = login("right");
    assert_eq!(client.tags(&repository, Some(&right)).await, Ok(vec!["a".into()]));
    assert_eq!(client.tags(&repository, Some(&right)).await, Ok(vec!["a".into()]));
    // Challenged once, then sent at once.
    assert_eq!(server.received_requests().await.unwrap_or_default().len(), 3);
    assert_eq!(client.try_login(&host, Some(&repository), &right).await, Ok(()));
    assert_eq!(client.try_login(&host, None, &right).await, Ok(()));
    let denied = Err(RegistryError::Denied { host: host.clone(), with_login: true });
    assert_eq!(client.try_login(&host, None, &login("wrong")).await, denied);
    assert_eq!(
        client.tags(&repository, None).await,
        Err(RegistryError::Denied { host, with_login: false })
    );
}

#[tokio::test]
async fn a_login_is_tried_even_where_the_repository_may_be_read_without_one() {
    let (registry, _service) = with_tokens(true).await;
    get(
        &registry,
        "/v2/team/app/tags/list",
        ResponseTemplate::new(200).set_body_json(json!({"tags": ["a"]})),
    )
    .await;
    let tried =
        client().try_login(&host(&registry), Some(&repository(&registry)), &login("wrong")).await;
    assert_eq!(tried, Err(RegistryError::Denied { host: host(&registry), with_login: true }));
}

#[tokio::test]
async fn a_token_service_without_encryption_outside_loopback_gets_no_login() {
    let server = MockServer::start().await;
    let asks = r#"Bearer realm="http://auth.example/token",service="reg""#;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", asks))
        .mount(&server)
        .await;
    let answer = client().tags(&repository(&server), Some(&login("right"))).await;
    assert!(nonsense_reason(answer).contains("not encrypted"));
}

#[tokio::test]
async fn no_error_holds_a_credential() {
    let (registry, _service) = with_tokens(true).await;
    let answer = client().tags(&repository(&registry), Some(&login("hunter2"))).await;
    let error = answer.expect_err("denied");
    let printed = format!("{error:?} {error}");
    assert!(!printed.contains("hunter2") && !printed.contains("aHVudGVy"), "{printed}");
}

// ---- refusals and junk

#[tokio::test]
async fn each_refusal_is_told_in_its_own_way() {
    let server = MockServer::start().await;
    let (name, repository) = (host(&server), repository(&server));
    for (answer, expected) in [
        (
            ResponseTemplate::new(401),
            RegistryError::Denied { host: name.clone(), with_login: false },
        ),
        (
            ResponseTemplate::new(403),
            RegistryError::Denied { host: name.clone(), with_login: false },
        ),
        (
            ResponseTemplate::new(404).set_body_json(json!({"errors": [{"code": "NAME_UNKNOWN"}]})),
            RegistryError::NotFound { reference: repository.to_string() },
        ),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "30"),
            RegistryError::RateLimited { host: name.clone(), retry_after: Some(30) },
        ),
        (
            ResponseTemplate::new(429),
            RegistryError::RateLimited { host: name.clone(), retry_after: None },
        ),
        (ResponseTemplate::new(500), RegistryError::Server { host: name.clone(), status: 500 }),
    ] {
        server.reset().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        assert_eq!(client().tags(&repository, None).await, Err(expected));
    }
}

#[tokio::test]
async fn what_is_no_registry_makes_no_sense() {
    for answer in [
        ResponseTemplate::new(200).set_body_string("<html>hello</html>"),
        ResponseTemplate::new(200).set_body_json(json!({"tags": [1, 2]})),
        ResponseTemplate::new(404).set_body_string("\n<!doctype html>"),
        ResponseTemplate::new(418),
    ] {
        nonsense_reason(tags_of(answer).await);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let server = MockServer::start().await;
    let long = vec![b' '; LONGEST_MANIFEST + 1];
    get(
        &server,
        "/v2/team/app/manifests/1",
        ResponseTemplate::new(200).set_body_raw(long, OCI_MANIFEST),
    )
    .await;
    assert!(nonsense_reason(image_of(&server, "1").await).contains("longer"));
}

#[tokio::test]
async fn a_registry_that_does_not_answer_in_time_is_silent() {
    let answer = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    assert!(matches!(tags_of(answer).await, Err(RegistryError::Silent { seconds: 2, .. })));
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told_apart_from_one_that_refuses() {
    let client = client();
    let nowhere = Repository::parse("registry.invalid/team/app").expect("repository");
    assert_eq!(
        client.tags(&nowhere, None).await,
        Err(RegistryError::NoSuchHost { host: "registry.invalid".into() })
    );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    drop(listener);
    let refusing = Repository::parse(&format!("{address}/team/app")).expect("repository");
    let answer = client.tags(&refusing, None).await;
    assert!(
        matches!(&answer, Err(RegistryError::Unreachable { reason, .. }) if reason.to_lowercase().contains("refused")),
        "{answer:?}"
    );
}

// ---- redirects

#[tokio::test]
async fn an_endless_redirect_ends() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("location", "/again"))
        .mount(&server)
        .await;
    let reason = nonsense_reason(client().tags(&repository(&server), None).await);
    assert!(reason.contains("more than 5 times"), "{reason}");
    assert_eq!(server.received_requests().await.unwrap_or_default().len(), 6);
}

#[tokio::test]
async fn a_redirect_to_another_host_takes_no_credential_along() {
    let (registry, store) = (MockServer::start().await, MockServer::start().await);
    Mock::given(header_exists("authorization"))
        .respond_with(
            ResponseTemplate::new(307)
                .insert_header("location", format!("{}/elsewhere", store.uri()).as_str()),
        )
        .with_priority(1)
        .mount(&registry)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", "Basic"))
        .mount(&registry)
        .await;
    get(&store, "/elsewhere", ResponseTemplate::new(200).set_body_json(json!({"tags": ["a"]})))
        .await;
    let tags = client().tags(&repository(&registry), Some(&login("right"))).await;
    assert_eq!(tags, Ok(vec!["a".into()]));
    let requests = store.received_requests().await.unwrap_or_default();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_challenge_of_another_host_is_not_answered() {
    let (registry, store) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("location", store.uri().as_str()))
        .mount(&registry)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", "Basic"))
        .mount(&store)
        .await;
    let tags = client().tags(&repository(&registry), Some(&login("right"))).await;
    assert_eq!(tags, Err(RegistryError::Denied { host: host(&registry), with_login: false }));
    for request in store.received_requests().await.unwrap_or_default() {
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_redirect_out_of_encryption_is_refused() {
    let answer =
        ResponseTemplate::new(302).insert_header("location", "http://registry.example/v2/");
    assert!(nonsense_reason(tags_of(answer).await).contains("not encrypted"));
}

// ---- images

#[tokio::test]
async fn an_image_is_read_with_its_layers_and_configuration() {
    let server = MockServer::start().await;
    let stored = Stored::new("amd64");
    stored.serve(&server, "1").await;
    let image = image_of(&server, "1").await.expect("image");
    assert_eq!(image.index_digest, None);
    assert_eq!(image.manifest_digest, stored.digest());
    assert_eq!(image.config_digest, Digest::of(&stored.config));
    assert_eq!(image.layers.iter().map(|layer| layer.size).sum::<u64>(), 4711);
    assert_eq!(image.layer_ids, [Digest::of(b"one")]);
    assert_eq!(image.config["Cmd"][0], "serve");
    assert!(image.created.is_some());
    let pinned = repository(&server).tagged("1").pinned(&stored.digest());
    let again = client().image(&pinned, &Platform::linux("amd64"), None).await.expect("image");
    assert_eq!(again.manifest_digest, image.manifest_digest);
}

fn index_of(entries: &[(&Digest, &str, &str)]) -> Value {
    let manifests: Vec<Value> = entries
        .iter()
        .map(|(digest, os, architecture)| {
            json!({"mediaType": OCI_MANIFEST, "digest": digest.as_str(), "size": 1,
                   "platform": {"os": os, "architecture": architecture}})
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
}

#[tokio::test]
async fn the_right_image_of_an_index_is_chosen() {
    let server = MockServer::start().await;
    let (amd, arm) = (Stored::new("amd64"), Stored::new("arm64"));
    amd.serve(&server, "amd").await;
    arm.serve(&server, "arm").await;
    let attestation = Digest::of(b"attestation");
    let index = index_of(&[
        (&arm.digest(), "linux", "arm64"),
        (&attestation, "unknown", "unknown"),
        (&amd.digest(), "linux", "amd64"),
    ])
    .to_string();
    get(
        &server,
        "/v2/team/app/manifests/all",
        ResponseTemplate::new(200).set_body_raw(index.clone(), OCI_INDEX),
    )
    .await;
    let image = image_of(&server, "all").await.expect("image");
    assert_eq!(image.index_digest, Some(Digest::of(index.as_bytes())));
    assert_eq!(image.manifest_digest, amd.digest());
    let reference = repository(&server).tagged("all");
    assert_eq!(
        client().image(&reference, &Platform::linux("s390x"), None).await,
        Err(RegistryError::NoSuchPlatform {
            reference: reference.to_string(),
            platform: "linux/s390x".into(),
            offered: "linux/arm64, linux/amd64".into(),
        })
    );
}

#[tokio::test]
async fn a_single_image_of_another_architecture_is_not_for_this_platform() {
    let server = MockServer::start().await;
    Stored::new("arm64").serve(&server, "1").await;
    assert!(matches!(
        image_of(&server, "1").await,
        Err(RegistryError::NoSuchPlatform { offered, .. }) if offered == "linux/arm64"
    ));
}

#[tokio::test]
async fn a_document_that_does_not_match_its_digest_is_refused() {
    // By digest: the body must be it.
    let server = MockServer::start().await;
    let wrong = repository(&server).tagged("1").pinned(&Digest::of(b"another"));
    get(
        &server,
        &format!("/v2/team/app/manifests/{}", Digest::of(b"another")),
        ResponseTemplate::new(200).set_body_raw(Stored::new("amd64").manifest, OCI_MANIFEST),
    )
    .await;
    let answer = client().image(&wrong, &Platform::linux("amd64"), None).await;
    assert!(nonsense_reason(answer).contains("does not match its digest"));

    // By tag: the body must be what the header says.
    let server = MockServer::start().await;
    get(
        &server,
        "/v2/team/app/manifests/1",
        ResponseTemplate::new(200)
            .insert_header("docker-content-digest", Digest::of(b"another").as_str())
            .set_body_raw(Stored::new("amd64").manifest, OCI_MANIFEST),
    )
    .await;
    assert!(nonsense_reason(image_of(&server, "1").await).contains("does not match its digest"));

    // The configuration must be what the manifest declares.
    let server = MockServer::start().await;
    let mut stored = Stored::new("amd64");
    let declared = Digest::of(&stored.config);
    stored.config = b"{}".to_vec();
    stored.serve(&server, "1").await;
    get(
        &server,
        &format!("/v2/team/app/blobs/{declared}"),
        ResponseTemplate::new(200).set_body_string("{}"),
    )
    .await;
    assert!(nonsense_reason(image_of(&server, "1").await).contains("does not match its digest"));
}

#[tokio::test]
async fn outdated_and_unknown_formats_make_no_sense() {
    for (body, kind) in [
        (
            json!({"schemaVersion": 1, "fsLayers": []}),
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ),
        (json!({"schemaVersion": 2, "layers": []}), "application/vnd.example+json"),
        (json!({"schemaVersion": 2}), DOCKER_MANIFEST),
        (json!("junk"), DOCKER_MANIFEST),
    ] {
        let server = MockServer::start().await;
        get(
            &server,
            "/v2/team/app/manifests/1",
            ResponseTemplate::new(200).set_body_raw(body.to_string(), kind),
        )
        .await;
        nonsense_reason(image_of(&server, "1").await);
    }
}

#[tokio::test]
async fn a_missing_tag_is_named_in_full() {
    let server = MockServer::start().await;
    let reference = repository(&server).tagged("20240429.v8").to_string();
    assert_eq!(image_of(&server, "20240429.v8").await, Err(RegistryError::NotFound { reference }));
}
