//! What every engine must do, be it Docker, Podman or the twin in memory.
//!
//! Each function is one rule and leaves the engine as it found it. A broken rule panics with what
//! was seen.

mod builds;
mod containers;
mod files;
mod images;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use domain::container::{Container, EngineEvent};
use domain::image::ImageReference;
use domain::label;
use domain::secret::Login;
use engine::{Engine, EngineError, LogRequest};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;

/// A command that writes to both outputs and fails.
pub const EXEC: [&str; 3] = ["sh", "-c", "echo out; echo err >&2; exit 3"];

/// Longest wait for something that a person would call immediate.
const SOON: Duration = Duration::from_secs(20);

/// An engine under test, and what was prepared on it.
pub struct Fixture {
    pub engine: Arc<dyn Engine>,
    /// An image on the engine that serves HTTP on 8080: `/health` says `healthy`.
    pub image: String,
    /// An image on the engine whose container writes `one`, `two` and `three`: in the twin by itself,
    /// otherwise told to.
    pub talker: String,
    /// An image on the engine that does not start: in the twin by itself, otherwise told so.
    pub broken: String,
    /// What a build says and does that never ends by itself: in the twin by itself, otherwise told to.
    pub endless: Option<engine::twin::TwinEngine>,
    /// A network beside the usual one.
    pub network: String,
    /// An image that a registry offers and the engine does not hold yet.
    pub pullable: ImageReference,
    /// An image in a repository that only this login may read.
    pub private: ImageReference,
    pub login: Login,
    /// Whether published ports lead anywhere (in the twin they do not).
    pub serves: bool,
}

/// Every rule, one after the other.
pub async fn every_rule(fixture: &Fixture) {
    let engine = &*fixture.engine;
    containers::a_container_lives_from_create_to_remove(fixture).await;
    containers::a_taken_name_is_a_conflict(fixture).await;
    containers::a_held_port_is_refused_at_the_start_and_noted(fixture).await;
    containers::a_command_that_is_not_there_is_refused_at_the_start(fixture).await;
    containers::what_was_asked_for_survives_unchanged(fixture).await;
    containers::the_machine_has_a_name_inside(fixture).await;
    watching::a_container_is_renamed_while_it_runs_and_an_event_says_so(fixture).await;
    watching::log_lines_come_in_order_with_source_and_time(fixture).await;
    watching::a_terminals_log_is_read_too(fixture).await;
    watching::a_followed_log_ends_with_the_container(fixture).await;
    if fixture.serves {
        watching::long_lines_are_whole_up_to_their_limit(fixture).await;
        watching::a_busy_container_is_seen_to_be_busy(fixture).await;
    }
    watching::a_command_inside_answers_with_both_outputs_and_its_code(fixture).await;
    files::what_is_unpacked_is_read_again_and_removed(fixture).await;
    files::an_archive_that_cannot_be_read_is_the_cause(fixture).await;
    files::a_growing_file_is_followed_until_it_is_gone(fixture).await;
    watching::usage_is_told_while_it_runs(fixture).await;
    watching::processes_are_listed(fixture).await;
    images::a_pull_tells_its_progress_and_the_image_is_there_by_digest(fixture).await;
    images::an_unknown_tag_is_an_error(fixture).await;
    images::a_private_image_needs_the_right_login(fixture).await;
    images::an_image_in_use_stays(fixture).await;
    builds::a_context_becomes_an_image_with_its_labels_and_arguments(fixture).await;
    if fixture.serves {
        builds::a_step_that_fails_ends_the_build_with_what_it_said(fixture).await;
    }
    builds::a_context_that_cannot_be_read_is_the_cause(fixture).await;
    builds::a_build_that_nobody_reads_ends(fixture).await;
    builds::a_secret_reaches_its_step_and_stays_nowhere(fixture).await;
    containers::the_restart_policy_changes_or_the_engine_says_that_it_cannot(fixture).await;
    containers::a_network_is_connected_before_the_start(fixture).await;
    containers::a_volume_handed_over_is_named(fixture).await;
    containers::what_is_not_there_is_not_found(engine).await;
    assert!(engine.free_disk().await.expect("free disk").is_none_or(|bytes| bytes > 0));
    assert!(engine.managed().await.expect("managed").is_empty(), "a rule left something behind");
}

/// The rules of building alone.
pub async fn every_rule_of_builds(fixture: &Fixture) {
    builds::a_context_becomes_an_image_with_its_labels_and_arguments(fixture).await;
    builds::a_step_that_fails_ends_the_build_with_what_it_said(fixture).await;
    builds::a_context_that_cannot_be_read_is_the_cause(fixture).await;
    builds::a_build_that_nobody_reads_ends(fixture).await;
    builds::a_secret_reaches_its_step_and_stays_nowhere(fixture).await;
}

fn body(image: &str, more: Value) -> Value {
    let mut body = json!({
        "Image": image,
        "Labels": {label::RUNTIME: "contract"},
        "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
        "ExposedPorts": {"8080/tcp": {}}
    });
    merge(&mut body, more);
    body
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

async fn create(engine: &dyn Engine, name: &str, body: &Value) -> Container {
    let id = engine.create(name, body).await.expect("create");
    let seen = engine.inspect(&id).await.expect("inspect");
    assert_eq!((seen.id.as_str(), seen.name.as_str()), (id.as_str(), name));
    seen
}

async fn remove(engine: &dyn Engine, name: &str) {
    engine.remove(name, true, true).await.expect("remove");
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(SOON, future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

async fn next_event(
    events: &mut (impl Stream<Item = Result<EngineEvent, EngineError>> + Unpin),
    action: &str,
    id: &str,
) -> EngineEvent {
    soon(&format!("the event {action}"), async {
        loop {
            let event = events.next().await.expect("the events go on").expect("event");
            if event.subject == "container" && event.action == action && event.id == id {
                return event;
            }
        }
    })
    .await
}

fn all_lines() -> LogRequest {
    LogRequest { tail: None, follow: false, since: 0 }
}

/// For engines that can be ended: what is being followed ends too, and every call says why.
pub async fn everything_ends_when_the_engine_does(fixture: &Fixture, end: impl FnOnce()) {
    let engine = &*fixture.engine;
    let mut events = engine.events().await;
    engine.ping().await.expect("ping");
    // Something has to have been told, or a stream that never began would look like one that ended.
    let id = create(engine, "last", &body(&fixture.image, json!({}))).await.id;
    next_event(&mut events, "create", &id).await;
    tokio::task::block_in_place(end);
    soon("the end of the events", async {
        while let Some(event) = events.next().await {
            event.expect("events end without an error");
        }
    })
    .await;
    for result in
        [engine.ping().await, engine.inspect("last").await.map(|_| ()), engine.start("last").await]
    {
        assert!(matches!(result, Err(EngineError::Unreachable(_))), "{result:?}");
    }
    let events: Vec<_> = engine.events().await.collect().await;
    assert!(matches!(events.as_slice(), [Err(EngineError::Unreachable(_))]), "{events:?}");
}
