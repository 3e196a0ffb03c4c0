//! Pulling an image: `POST /images/create`, answered by a stream of JSON lines.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use domain::{
    image::{ImageReference, Platform},
    pull::PullEvent,
    secret::Login,
};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    convert::text,
    wire::{Body, Call, Wire, query},
};
use crate::EngineError;

/// A pull before its first answer, and while it goes on.
enum Stage {
    Asking { wire: Wire, path: String, auth: Option<String> },
    Reading(Body),
    Over,
}

struct Pull {
    stage: Stage,
    idle: Duration,
    deadline: Instant,
    /// What was last told of each layer: a line that only repeats it is no progress.
    told: HashMap<String, (String, Option<u64>)>,
}

/// Starts a pull when the stream is first read.
pub(super) fn pull(
    wire: Wire,
    reference: &ImageReference,
    platform: &Platform,
    login: Option<&Login>,
    idle: Duration,
) -> BoxStream<'static, Result<PullEvent, EngineError>> {
    let repository = reference.repository.to_string();
    let path = query(&[
        ("fromImage", &repository),
        ("tag", reference.manifest_key()),
        ("platform", &platform.to_string()),
    ]);
    let stage = Stage::Asking {
        wire,
        path: format!("/images/create{path}"),
        auth: login.map(|login| registry_auth(login, reference.repository.host())),
    };
    let pull = Pull { stage, idle, deadline: Instant::now() + idle, told: HashMap::new() };
    stream::unfold(pull, |mut pull| async move {
        let item = pull.next().await?;
        if item.is_err() {
            pull.stage = Stage::Over;
        }
        Some((item, pull))
    })
    .boxed()
}

/// The header `X-Registry-Auth`. The engine decodes it with the URL-safe alphabet and takes no login
/// at all when that goes wrong, so the standard alphabet would lose some passwords.
fn registry_auth(login: &Login, host: &str) -> String {
    let server = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
    let login = json!({
        "username": login.username,
        "password": login.password.expose(),
        "serveraddress": server,
    });
    URL_SAFE.encode(login.to_string())
}

impl Pull {
    async fn next(&mut self) -> Option<Result<PullEvent, EngineError>> {
        if let Stage::Asking { wire, path, auth } = &mut self.stage {
            let call = Call { registry_auth: auth.take(), ..Call::post(path.as_str(), None) };
            // The head of the answer comes only after the engine has spoken to the registry.
            self.deadline = Instant::now() + self.idle;
            match timeout_at(self.deadline, wire.open(call)).await {
                Ok(Ok(body)) => self.stage = Stage::Reading(body),
                Ok(Err(error)) => return Some(Err(error)),
                Err(_) => return Some(Err(EngineError::Silent(self.idle.as_secs()))),
            }
            self.deadline = Instant::now() + self.idle;
        }
        let Stage::Reading(body) = &mut self.stage else { return None };
        let line = match timeout_at(self.deadline, body.json_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => return None,
            Ok(Err(error)) => return Some(Err(error)),
            Err(_) => return Some(Err(EngineError::Silent(self.idle.as_secs()))),
        };
        if let Some(words) = failure(&line) {
            return Some(Err(EngineError::Stream(words)));
        }
        let event = event(&line);
        let news = (event.status.clone(), event.current);
        if self.told.get(&event.layer) != Some(&news) {
            self.told.insert(event.layer.clone(), news);
            self.deadline = Instant::now() + self.idle;
        }
        Some(Ok(event))
    }
}

/// The words of a failure that is told inside the stream, after a 200.
pub(super) fn failure(line: &Value) -> Option<String> {
    let words = match text(line, "/errorDetail/message") {
        "" => text(line, "/error"),
        words => words,
    };
    (!words.is_empty() || line.get("errorDetail").is_some())
        .then(|| if words.is_empty() { "It ended without a reason." } else { words }.to_owned())
}

/// One line of progress. Podman tells its layers' words in `stream` or without an id.
fn event(line: &Value) -> PullEvent {
    let status = match text(line, "/status") {
        "" => text(line, "/stream").trim_end(),
        status => status,
    };
    let number = |path| line.pointer(path).and_then(Value::as_u64);
    PullEvent {
        layer: text(line, "/id").to_owned(),
        status: status.to_owned(),
        current: number("/progressDetail/current"),
        total: number("/progressDetail/total"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::secret::Secret;

    #[test]
    fn a_password_of_any_bytes_reaches_the_engine() {
        let login = Login { username: "ann".into(), password: Secret::new("??>>~~üü".into()) };
        let header = registry_auth(&login, "r.example:5000");
        assert!(!header.contains(['+', '/']), "{header}");
        let told: Value =
            serde_json::from_slice(&URL_SAFE.decode(header).expect("base64")).expect("json");
        assert_eq!(told["password"], "??>>~~üü");
        assert_eq!(told["serveraddress"], "r.example:5000");
        let hub = URL_SAFE.decode(registry_auth(&login, "docker.io")).expect("base64");
        assert!(String::from_utf8_lossy(&hub).contains("https://index.docker.io/v1/"));
    }

    #[test]
    fn lines_become_events_and_late_failures_are_seen() {
        let line = json!({"status": "Downloading", "id": "ab12", "progressDetail": {"current": 5, "total": 9}});
        assert_eq!(failure(&line), None);
        let expected = PullEvent {
            layer: "ab12".into(),
            status: "Downloading".into(),
            current: Some(5),
            total: Some(9),
        };
        assert_eq!(event(&line), expected);
        let full = json!({"errorDetail": {"message": "no space left on device"}, "error": "x"});
        assert_eq!(failure(&full).as_deref(), Some("no space left on device"));
        assert_eq!(failure(&json!({"error": "denied"})).as_deref(), Some("denied"));
    }
}
