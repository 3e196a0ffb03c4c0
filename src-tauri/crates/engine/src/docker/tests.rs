//! The adapter against an engine that is scripted to the byte: what real ones seldom do on demand.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::compute::{ComputeId, ComputeOrigin};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::mpsc,
};

use super::*;

const VERSION: &str = r#"{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux","Arch":"amd64","Components":[{"Name":"Engine"}]}"#;

/// What the scripted engine does with a request.
enum Reply {
    /// Answers and closes.
    Answer(u16, String),
    /// Sends the head and this, and then nothing more.
    Hang(String),
    /// Sends nothing at all.
    Silence,
}

/// An engine on a socket of its own.
struct Scripted {
    folder: tempfile::TempDir,
    /// First lines of requests, and `closed` when a client went away from a reply that hangs.
    seen: mpsc::UnboundedReceiver<String>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(script: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let listener = UnixListener::bind(folder.path().join("docker.sock")).expect("socket");
        let (sender, seen) = mpsc::unbounded_channel();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&requests);
        let script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, sender) = (Arc::clone(&script), sender.clone());
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let head = read_head(stream, &noted).await;
                    if let Some((line, stream)) = head {
                        reply(script(&line), &line, stream, &sender).await;
                    }
                });
            }
        });
        Self { folder, seen, requests }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    async fn connect(&self) -> DockerEngine {
        DockerEngine::connect(&compute(&self.socket())).await.expect("connect")
    }
}

async fn read_head(
    mut stream: UnixStream,
    noted: &Mutex<Vec<String>>,
) -> Option<(String, UnixStream)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        head.extend_from_slice(&piece[..length]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let line = text.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    noted.lock().expect("lock").push(text);
    Some((line, stream))
}

async fn reply(
    scripted: Option<Reply>,
    line: &str,
    mut stream: UnixStream,
    sender: &mpsc::UnboundedSender<String>,
) {
    let usual = if line.contains("/version") {
        Reply::Answer(200, VERSION.into())
    } else if line.contains("/info") {
        Reply::Answer(200, r#"{"NCPU":2}"#.into())
    } else {
        Reply::Answer(404, r#"{"message":"page not found"}"#.into())
    };
    match scripted.unwrap_or(usual) {
        Reply::Answer(status, body) => {
            let text = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Reply::Hang(body) => {
            let text = format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
                body.len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.read(&mut [0]).await;
            let _ = sender.send("closed".into());
        }
        Reply::Silence => {
            let _ = stream.read(&mut [0]).await;
            let _ = sender.send("closed".into());
        }
    }
}

fn compute(socket: &Path) -> FoundCompute {
    FoundCompute {
        id: ComputeId("test".into()),
        name: "Test".into(),
        origin: ComputeOrigin::DockerHost,
        address: ComputeAddress::Socket { path: socket.to_string_lossy().into_owned() },
    }
}

fn pull_of(
    engine: &DockerEngine,
    idle: Duration,
) -> BoxStream<'static, Result<PullEvent, EngineError>> {
    let reference = ImageReference::parse("r.example/x:1").expect("reference");
    pull::pull(engine.wire.clone(), &reference, &Platform::linux("amd64"), None, idle)
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_accepts_and_never_answers_is_given_up() {
    let engine = Scripted::new(|_| Some(Reply::Silence));
    let refused = DockerEngine::connect(&compute(&engine.socket())).await.map(|_| ());
    assert_eq!(refused, Err(Unreachable::NoAnswer { seconds: 5 }.into()));
}

#[tokio::test]
async fn somebody_who_is_no_engine_is_not_understood() {
    let engine = Scripted::new(|_| Some(Reply::Answer(200, "<html>hello</html>".into())));
    let refused = DockerEngine::connect(&compute(&engine.socket())).await.map(|_| ());
    assert!(
        matches!(refused, Err(EngineError::Unreachable(Unreachable::Other { .. }))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_is_no_local_socket_says_so() {
    let mut there = compute(Path::new("/x"));
    there.address = ComputeAddress::NotSupported { url: "ssh://far.example".into() };
    let refused = DockerEngine::connect(&there).await.map(|_| ());
    assert_eq!(
        refused,
        Err(Unreachable::NotSupportedYet { url: "ssh://far.example".into() }.into())
    );
    there.origin = ComputeOrigin::Context { name: "nope".into(), current: true };
    there.address = ComputeAddress::NotSupported { url: String::new() };
    let refused = DockerEngine::connect(&there).await.map(|_| ());
    assert_eq!(refused, Err(Unreachable::UnknownContext { name: "nope".into() }.into()));
}

#[tokio::test]
async fn the_agreed_version_is_spoken() {
    let engine = Scripted::new(|_| None);
    let connected = engine.connect().await;
    assert_eq!(connected.facts().api_version, "1.41");
    assert!(connected.inspect("x").await.is_err());
    let last = engine.requests.lock().expect("lock").last().cloned().expect("a request");
    assert!(last.starts_with("GET /v1.41/containers/x/json"), "{last}");
}

#[tokio::test]
async fn a_pull_that_stalls_is_silent_after_its_limit_though_it_repeats_itself() {
    let line = r#"{"status":"Downloading","id":"a","progressDetail":{"current":1,"total":9}}"#;
    let lines = format!("{line}\n{line}\n");
    let engine = Scripted::new(move |asked| {
        asked.contains("/images/create").then(|| Reply::Hang(lines.clone()))
    });
    let connected = engine.connect().await;
    let items: Vec<_> = pull_of(&connected, Duration::from_secs(1)).collect().await;
    assert_eq!(items.len(), 3, "{items:?}");
    assert_eq!(items[2], Err(EngineError::Silent(1)));
}

#[tokio::test]
async fn a_pull_whose_head_never_comes_is_silent_too() {
    let engine = Scripted::new(|asked| asked.contains("/images/create").then_some(Reply::Silence));
    let connected = engine.connect().await;
    let items: Vec<_> = pull_of(&connected, Duration::from_secs(1)).collect().await;
    assert_eq!(items, [Err(EngineError::Silent(1))]);
}

#[tokio::test]
async fn dropping_a_pull_closes_its_connection() {
    let mut engine = Scripted::new(|asked| {
        asked
            .contains("/images/create")
            .then(|| Reply::Hang("{\"status\":\"Downloading\",\"id\":\"a\"}\n".into()))
    });
    let connected = engine.connect().await;
    let mut pulling = pull_of(&connected, Duration::from_secs(60));
    assert!(pulling.next().await.expect("an item").is_ok());
    drop(pulling);
    let closed = timeout(Duration::from_secs(5), engine.seen.recv()).await;
    assert_eq!(closed.expect("closed in time").as_deref(), Some("closed"));
}

#[tokio::test]
async fn a_failure_after_a_good_status_ends_the_pull() {
    let engine = Scripted::new(|asked| {
        let lines = "{\"status\":\"Pulling fs layer\",\"id\":\"a\"}\n{\"errorDetail\":{\"message\":\"no space left on device\"},\"error\":\"no space left on device\"}\n{\"status\":\"more\"}\n";
        asked.contains("/images/create").then(|| Reply::Answer(200, lines.into()))
    });
    let connected = engine.connect().await;
    let items: Vec<_> = pull_of(&connected, Duration::from_secs(5)).collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1], Err(EngineError::Stream("no space left on device".into())));
}

#[tokio::test]
async fn events_whose_head_is_held_back_still_come() {
    let engine = Scripted::new(|asked| asked.contains("/events").then_some(Reply::Silence));
    let connected = engine.connect().await;
    // Handed out although no head came, so that a quiet engine holds nobody up.
    let events = timeout(Duration::from_secs(5), connected.events()).await.expect("in time");
    drop(events);
    let engine = Scripted::new(|asked| {
        let line = "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"c\",\"Attributes\":{\"name\":\"n\"}}}\n";
        asked.contains("/events").then(|| Reply::Answer(200, line.into()))
    });
    let told: Vec<_> = engine.connect().await.events().await.collect().await;
    assert_eq!(told.len(), 1, "one event, then the end without an error: {told:?}");
    assert_eq!(told[0].as_ref().expect("event").name, "n");
}

#[tokio::test]
async fn no_address_for_the_restart_policy_is_told_from_no_container() {
    let engine = Scripted::new(|asked| {
        asked.contains("/containers/here/json").then(|| Reply::Answer(200, r#"{"Id":"c"}"#.into()))
    });
    let connected = engine.connect().await;
    let policy = json!({"Name": "no"});
    let there = connected.set_restart_policy("here", &policy).await;
    assert!(matches!(there, Err(EngineError::NotSupported(_))), "{there:?}");
    let gone = connected.set_restart_policy("gone", &policy).await;
    assert!(matches!(gone, Err(EngineError::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn a_container_that_vanishes_while_it_is_looked_at_is_left_out() {
    let engine = Scripted::new(|asked| {
        if asked.contains("/containers/json") {
            Some(Reply::Answer(200, r#"[{"Id":"one"},{"Id":"gone"},{"Id":"two"}]"#.into()))
        } else if asked.contains("/containers/gone/") {
            None
        } else {
            let id = asked.split('/').nth(3).unwrap_or("");
            asked
                .contains("/containers/")
                .then(|| Reply::Answer(200, json!({"Id": id, "Name": "/n"}).to_string()))
        }
    });
    let found = engine.connect().await.managed().await.expect("managed");
    let ids: Vec<&str> = found.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["one", "two"]);
}

#[tokio::test]
async fn a_create_sends_what_it_does_not_know_and_the_platform_as_a_question() {
    let engine = Scripted::new(|asked| {
        asked.contains("/containers/create").then(|| Reply::Answer(201, r#"{"Id":"c"}"#.into()))
    });
    let body = json!({"Image": "x", "FutureField": {"a": [1]}, "Platform": "linux/arm64"});
    let id = engine.connect().await.create("n", &body).await;
    assert_eq!(id.as_deref(), Ok("c"));
    let last = engine.requests.lock().expect("lock").last().cloned().expect("a request");
    assert!(
        last.starts_with("POST /v1.41/containers/create?name=n&platform=linux%2Farm64"),
        "{last}"
    );
}

#[test]
fn a_newer_engine_is_spoken_to_in_the_newest_version_known_here() {
    let spoken = |text: &str| spoken_version(text).map(|version| version.to_string());
    assert_eq!(spoken("1.41").as_deref(), Ok("1.41"));
    assert_eq!(spoken("1.99").as_deref(), Ok("1.47"));
    assert!(matches!(spoken("new"), Err(EngineError::Unreachable(Unreachable::Other { .. }))));
}
