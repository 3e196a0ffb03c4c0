//! What happens on the engine: `GET /events`, a stream of JSON lines without an end.

use std::time::Duration;

use domain::container::EngineEvent;
use futures_util::{StreamExt as _, future::BoxFuture, stream, stream::BoxStream};
use serde_json::{Value, json};

use super::{
    convert::{container_name, text, texts},
    wire::{Body, Call, Wire, query},
};
use crate::EngineError;

/// How long the head of the answer is waited for before the stream is handed out. Docker sends it at
/// once, and then everything that follows is told. Podman may hold it back until something happens.
const HEAD_WAIT: Duration = Duration::from_secs(1);

enum Stage {
    Asking(BoxFuture<'static, Result<Body, EngineError>>),
    Reading(Body),
    Over,
}

/// Events of containers and images from now on. There is no time-out here: a quiet engine is no dead
/// one, and a broken connection ends the stream.
pub(super) async fn events(wire: &Wire) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
    let filters = json!({"type": ["container", "image"]}).to_string();
    let path = format!("/events{}", query(&[("filters", &filters)]));
    let wire = wire.clone();
    let mut asking: BoxFuture<'static, _> =
        Box::pin(async move { wire.open(Call::get(path)).await });
    let stage = match tokio::time::timeout(HEAD_WAIT, &mut asking).await {
        Ok(Ok(body)) => Stage::Reading(body),
        Ok(Err(error)) => return super::failed(error),
        Err(_) => Stage::Asking(asking),
    };
    stream::unfold(stage, |mut stage| async move {
        loop {
            match stage {
                Stage::Over => return None,
                Stage::Asking(asking) => match asking.await {
                    Ok(body) => stage = Stage::Reading(body),
                    // It went before it said anything: an end, like any other.
                    Err(EngineError::Unreachable(_)) => return None,
                    Err(error) => return Some((Err(error), Stage::Over)),
                },
                Stage::Reading(mut body) => match body.json_line().await {
                    Ok(Some(line)) => {
                        stage = Stage::Reading(body);
                        if let Some(event) = event(&line) {
                            return Some((Ok(event), stage));
                        }
                    }
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::debug!(%error, "an engine's events ended");
                        return None;
                    }
                },
            }
        }
    })
    .boxed()
}

/// One line as an event; `None` for other subjects.
fn event(line: &Value) -> Option<EngineEvent> {
    let subject = text(line, "/Type");
    if subject != "container" && subject != "image" {
        return None;
    }
    let action = match (subject, text(line, "/Action")) {
        // Podman's own words.
        ("container", "died") => "die",
        ("container", "remove") => "destroy",
        ("image", "remove") => "delete",
        (_, action) => action,
    };
    let mut labels = texts(line.pointer("/Actor/Attributes"));
    let name = labels.remove("name").map(|name| container_name(&name)).unwrap_or_default();
    // The name before a rename comes with a slash in front.
    if let Some(old) = labels.get_mut("oldName") {
        *old = container_name(old);
    }
    let time_nanos = line
        .get("timeNano")
        .and_then(Value::as_i64)
        .or_else(|| line.get("time").and_then(Value::as_i64).map(|seconds| seconds * 1_000_000_000))
        .unwrap_or(0);
    Some(EngineEvent {
        action: action.to_owned(),
        subject: subject.to_owned(),
        id: text(line, "/Actor/ID").to_owned(),
        name: if subject == "container" { name } else { String::new() },
        labels,
        time_nanos,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_carries_both_names() {
        let line = json!({
            "Type": "container", "Action": "rename", "timeNano": 5,
            "Actor": {"ID": "c1", "Attributes": {"name": "new", "oldName": "/old", "a": "b"}}
        });
        let event = event(&line).expect("event");
        assert_eq!((event.action.as_str(), event.name.as_str()), ("rename", "new"));
        assert_eq!(event.labels["oldName"], "old");
        assert_eq!(event.labels["a"], "b");
        assert_eq!(event.time_nanos, 5);
    }

    #[test]
    fn podmans_words_become_dockers_and_other_subjects_are_passed_over() {
        let of = |kind: &str, action: &str| {
            event(&json!({"Type": kind, "Action": action, "time": 2, "Actor": {"ID": "x"}}))
        };
        assert_eq!(of("container", "died").expect("event").action, "die");
        assert_eq!(of("container", "remove").expect("event").action, "destroy");
        assert_eq!(of("image", "pull").expect("event").time_nanos, 2_000_000_000);
        assert_eq!(of("network", "connect"), None);
    }
}
