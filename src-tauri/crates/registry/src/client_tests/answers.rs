//! Refusals, nonsense, silence and redirects: each is told in its own way.

use super::*;

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
