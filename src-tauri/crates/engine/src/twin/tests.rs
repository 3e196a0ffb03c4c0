use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;

use super::*;

fn twin() -> TwinEngine {
    let twin = TwinEngine::new();
    twin.add_image("small:1", TwinImage::new("one"));
    twin
}

#[tokio::test]
async fn the_planned_call_fails_and_the_others_do_not() {
    let twin = twin();
    let refusal = EngineError::Refused { status: 500, message: "planned".into() };
    twin.fail(Call::Start, 2, Fault::Refuse(refusal.clone()));
    for name in ["a", "b"] {
        twin.create(name, &json!({"Image": "small:1"})).await.expect("create");
    }
    assert_eq!(twin.start("a").await, Ok(()));
    assert_eq!(twin.start("b").await, Err(refusal));
    assert_eq!(twin.start("b").await, Ok(()));
    let names: Vec<String> = twin.changes().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["a", "b", "a", "b", "b"]);
}

#[tokio::test]
async fn a_lost_answer_means_that_it_was_done() {
    let twin = twin();
    twin.create("a", &json!({"Image": "small:1"})).await.expect("create");
    twin.fail(Call::Rename, 1, Fault::AnswerLost);
    assert!(matches!(twin.rename("a", "b").await, Err(EngineError::Unreachable(_))));
    assert!(twin.inspect("b").await.is_ok());
}

#[tokio::test]
async fn an_engine_that_goes_away_ends_its_events_and_comes_back_as_it_was() {
    let twin = twin();
    twin.create("a", &json!({"Image": "small:1"})).await.expect("create");
    let mut events = twin.events().await;
    twin.fail(Call::Start, 1, Fault::GoAway);
    assert!(twin.start("a").await.is_err());
    assert!(twin.ping().await.is_err());
    twin.set_unreachable(true);
    assert_eq!(events.next().await, None);
    twin.set_unreachable(false);
    assert_eq!(twin.start("a").await, Ok(()));
}

#[tokio::test]
async fn a_bad_image_exits_and_a_restart_policy_makes_it_a_crash_loop() {
    let twin = TwinEngine::new();
    twin.add_image("bad:1", TwinImage::new("bad").that(Behaviour::exits(3, &["Traceback"])));
    twin.create("a", &json!({"Image": "bad:1"})).await.expect("create");
    twin.start("a").await.expect("start");
    let seen = twin.inspect("a").await.expect("inspect");
    assert_eq!((seen.state, seen.exit_code), (domain::container::ContainerState::Exited, 3));
    let body = json!({"Image": "bad:1", "HostConfig": {"RestartPolicy": {"Name": "always"}}});
    twin.create("b", &body).await.expect("create");
    twin.start("b").await.expect("start");
    let seen = twin.inspect("b").await.expect("inspect");
    assert_eq!(seen.state, domain::container::ContainerState::Restarting);
    twin.stop("b", Duration::ZERO).await.expect("stop");
    let seen = twin.inspect("b").await.expect("inspect");
    assert_eq!(seen.state, domain::container::ContainerState::Exited);
}

#[tokio::test]
async fn anonymous_volumes_go_only_with_the_last_container_that_uses_them() {
    let twin = TwinEngine::new();
    let config = json!({"Volumes": {"/data": {}}});
    twin.add_image("data:1", TwinImage::new("data").configured(config));
    twin.create("old", &json!({"Image": "data:1"})).await.expect("create");
    let volume = twin.inspect("old").await.expect("inspect").mounts[0].source.clone();
    let mount = json!([{"Type": "volume", "Source": volume, "Target": "/data"}]);
    let body = json!({"Image": "data:1", "HostConfig": {"Mounts": mount}});
    twin.create("new", &body).await.expect("create");
    twin.remove("old", false, true).await.expect("remove");
    assert_eq!(twin.volumes(), [volume.as_str()]);
    // Handed over by name it counts as named.
    twin.remove("new", false, true).await.expect("remove");
    assert_eq!(twin.volumes(), [volume.as_str()]);
    twin.create("again", &json!({"Image": "data:1"})).await.expect("create");
    assert_eq!(twin.volumes().len(), 2);
    twin.remove("again", false, true).await.expect("remove");
    assert_eq!(twin.volumes(), [volume.as_str()]);
}

#[tokio::test]
async fn networks_follow_the_engines_rules() {
    let twin = twin();
    twin.add_network("one");
    twin.add_network("two");
    let endpoints = json!({"one": {"IPAMConfig": {"IPv4Address": "10.1.0.5"}}});
    let body = json!({
        "Image": "small:1", "HostConfig": {"NetworkMode": "one"},
        "NetworkingConfig": {"EndpointsConfig": endpoints}
    });
    twin.create("old", &body).await.expect("create");
    twin.create("new", &body).await.expect("create");
    twin.connect_network("two", "new", &json!({"Aliases": ["api"]})).await.expect("connect");
    assert!(matches!(
        twin.connect_network("three", "new", &json!({})).await,
        Err(EngineError::NotFound(_))
    ));
    twin.start("old").await.expect("start");
    // The same fixed address: create is fine, start is refused while the old one runs.
    let refused = twin.start("new").await;
    assert!(matches!(refused, Err(EngineError::Refused { status: 403, .. })), "{refused:?}");
    twin.stop("old", Duration::ZERO).await.expect("stop");
    twin.start("new").await.expect("start");
    let raw = twin.inspect("new").await.expect("inspect").raw;
    assert_eq!(raw["NetworkSettings"]["Networks"]["two"]["Aliases"][0], "api");
    assert_eq!(raw["NetworkSettings"]["Networks"]["one"]["IPAddress"], "10.1.0.5");
    let two = json!({"Image": "small:1", "NetworkingConfig": {"EndpointsConfig": {"one": {}, "two": {}}}});
    assert!(matches!(twin.create("x", &two).await, Err(EngineError::Refused { status: 400, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_pull_ends_after_its_limit_and_leaves_nothing() {
    let twin = TwinEngine::new();
    twin.offer("r.example/x:1", TwinImage::new("x"), PullScript::stalls());
    let reference = ImageReference::parse("r.example/x:1").expect("reference");
    let platform = Platform::linux("amd64");
    let pull = twin.pull(&reference, &platform, None, Duration::from_secs(60)).await;
    let items: Vec<_> = pull.collect().await;
    assert_eq!(items.last(), Some(&Err(EngineError::Silent(60))));
    assert!(twin.images().await.expect("images").is_empty());
}

#[tokio::test]
async fn a_private_repository_wants_the_right_login() {
    let twin = TwinEngine::new();
    let login = |password: &str| Login {
        username: "ann".into(),
        password: domain::secret::Secret::new(password.into()),
    };
    twin.offer("r.example/x:1", TwinImage::new("x"), PullScript::arrives());
    twin.demand_login("r.example/x", login("right"));
    let reference = ImageReference::parse("r.example/x:1").expect("reference");
    let platform = Platform::linux("amd64");
    for (given, ends_well) in
        [(None, false), (Some(login("wrong")), false), (Some(login("right")), true)]
    {
        let pull = twin.pull(&reference, &platform, given.as_ref(), Duration::from_secs(1)).await;
        let items: Vec<_> = pull.collect().await;
        assert_eq!(items.iter().all(Result::is_ok), ends_well, "{items:?}");
    }
    assert_eq!(twin.images().await.expect("images").len(), 1);
}
