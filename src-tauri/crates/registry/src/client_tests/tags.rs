//! Lists of tags: pages, their ends, and pages that lead elsewhere.

use super::*;

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
