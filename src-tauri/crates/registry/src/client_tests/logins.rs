//! Challenges, tokens and logins: what is sent where, and what never is.

use super::*;

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
