//! What the real services and their twin have in common.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    connection::{Answer, Connection, ConnectionName, ConnectionType, Miss, Probe, probe},
    secret::Secret,
};
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method},
};

use crate::{Endpoints, client::EndpointsClient, twin::TwinEndpoints};

const KEY: &str = "planted-api-key-4471";

fn at(address: &str) -> Probe {
    let fields = BTreeMap::from([("base_url".to_owned(), address.to_owned())]);
    let name = ConnectionName::parse("x").expect("name");
    let kind = ConnectionType::OpenAi;
    probe(&Connection { name, kind, fields, pairs: vec![] }).expect("probe")
}

/// `served` takes [`KEY`] alone, `redirecting` sends everyone on, and nobody is at `nowhere`.
async fn suite(endpoints: &dyn Endpoints, served: &str, redirecting: &str, nowhere: &str) {
    let ask = async |address: &str, key: &str| {
        let secret = Secret::new(key.to_owned());
        let answer = endpoints.ask(&at(address), &secret, Duration::from_secs(5)).await;
        assert!(!format!("{answer:?}").contains(KEY), "{answer:?}");
        answer
    };
    let accepted = ask(served, KEY).await.expect("answer");
    assert_eq!((accepted.status, accepted.json), (200, Some(json!({"data": []}))));
    assert_eq!(ask(served, "wrong").await.expect("answer").status, 401);
    let sent_on = ask(redirecting, KEY).await.expect("answer");
    assert_eq!((sent_on.status, sent_on.json, sent_on.retry_after), (307, None, None));
    assert_eq!(ask(nowhere, KEY).await, Err(Miss::NoSuchHost));
}

#[tokio::test]
async fn the_real_services_keep_the_contract() {
    let served = MockServer::start().await;
    Mock::given(method("GET"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": []})))
        .mount(&served)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401))
        .with_priority(9)
        .mount(&served)
        .await;
    let redirecting = MockServer::start().await;
    let to = ResponseTemplate::new(307).insert_header("location", served.uri());
    Mock::given(method("GET")).respond_with(to).mount(&redirecting).await;
    let client = EndpointsClient::new().expect("client");
    suite(&client, &served.uri(), &redirecting.uri(), "https://no-such-host.invalid").await;
}

#[tokio::test]
async fn the_twin_keeps_the_contract() {
    let twin = TwinEndpoints::new();
    twin.serve("https://served.test", KEY, json!({"data": []}));
    let sent_on = Answer { status: 307, retry_after: None, json: None, excerpt: String::new() };
    twin.answer("https://redirecting.test", sent_on);
    suite(&twin, "https://served.test", "https://redirecting.test", "https://nowhere.test").await;
}
