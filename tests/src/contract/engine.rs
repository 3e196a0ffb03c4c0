//! What every engine must do, be it Docker, Podman or the twin in memory.
//!
//! Each function is one rule and leaves the engine as it found it. A broken rule panics with what
//! was seen.

use std::sync::Arc;
use std::time::Duration;

use domain::container::{Container, ContainerState, EngineEvent, MountKind};
use domain::image::{ImageReference, Platform};
use domain::label;
use domain::pull::PullEvent;
use domain::secret::{Login, Secret};
use domain::usage::Usage;
use engine::{Engine, EngineError, LogLine, LogRequest, LogSource};
use futures_util::{Stream, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The command of a container that writes `one` and `three` to its output and `two` to its error
/// output, and goes on running. The pauses keep the order of what comes through two pipes.
const TALK: &str = "trap 'exit 143' TERM; echo one; sleep 0.3; echo two >&2; sleep 0.3; echo three; sleep 3600 & wait";

/// A command that writes to both outputs and fails.
pub const EXEC: [&str; 3] = ["sh", "-c", "echo out; echo err >&2; exit 3"];

/// Longest wait for something that a person would call immediate.
const SOON: Duration = Duration::from_secs(20);

/// An engine under test, and what was prepared on it.
pub struct Fixture {
    pub engine: Arc<dyn Engine>,
    /// An image on the engine that serves HTTP on 8080: `/health` says `healthy`.
    pub image: String,
    /// An image on the engine that talks as [`TALK`] says: in the twin by itself, otherwise told to.
    pub talker: String,
    /// An image on the engine that does not start: in the twin by itself, otherwise told so.
    pub broken: String,
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
    a_container_lives_from_create_to_remove(fixture).await;
    a_taken_name_is_a_conflict(fixture).await;
    a_held_port_is_refused_at_the_start_and_noted(fixture).await;
    a_command_that_is_not_there_is_refused_at_the_start(fixture).await;
    what_was_asked_for_survives_unchanged(fixture).await;
    a_container_is_renamed_while_it_runs_and_an_event_says_so(fixture).await;
    log_lines_come_in_order_with_source_and_time(fixture).await;
    a_terminals_log_is_read_too(fixture).await;
    a_followed_log_ends_with_the_container(fixture).await;
    if fixture.serves {
        long_lines_are_whole_up_to_their_limit(fixture).await;
        a_busy_container_is_seen_to_be_busy(fixture).await;
    }
    a_command_inside_answers_with_both_outputs_and_its_code(fixture).await;
    usage_is_told_while_it_runs(fixture).await;
    processes_are_listed(fixture).await;
    a_pull_tells_its_progress_and_the_image_is_there_by_digest(fixture).await;
    an_unknown_tag_is_an_error(fixture).await;
    a_private_image_needs_the_right_login(fixture).await;
    an_image_in_use_stays(fixture).await;
    the_restart_policy_changes_or_the_engine_says_that_it_cannot(fixture).await;
    a_network_is_connected_before_the_start(fixture).await;
    a_volume_handed_over_is_named(fixture).await;
    what_is_not_there_is_not_found(engine).await;
    assert!(engine.free_disk().await.expect("free disk").is_none_or(|bytes| bytes > 0));
    assert!(engine.managed().await.expect("managed").is_empty(), "a rule left something behind");
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

async fn healthy(port: u16) {
    soon("a healthy answer", async {
        loop {
            let url = format!("http://127.0.0.1:{port}/health");
            if let Ok(answer) = reqwest::get(url).await
                && answer.text().await.is_ok_and(|text| text == "healthy")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

async fn a_container_lives_from_create_to_remove(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let created = create(engine, "life", &body(&fixture.image, json!({}))).await;
    assert_eq!(
        (created.state, created.exit_code, created.error.as_str()),
        (ContainerState::Created, 0, "")
    );
    assert_eq!(created.ports.len(), 1);
    if !engine.facts().is_podman {
        // Podman chooses a port when it creates the container, and keeps it.
        assert_eq!(created.ports[0].host_port, 0, "asked for: any port");
    }
    assert_eq!(created.restart_policy, "no");
    let image = engine.image(&fixture.image).await.expect("image");
    assert_eq!(created.image_id, image.id);

    engine.start("life").await.expect("start");
    engine.start("life").await.expect("start of a running one");
    let running = engine.inspect(&created.id).await.expect("inspect");
    assert_eq!(running.state, ContainerState::Running);
    assert!(running.started.is_some() && running.created.is_some() && running.finished.is_none());
    let port = running.ports[0].host_port;
    assert_eq!(
        (running.ports[0].container_port, running.ports[0].host_address.as_str()),
        (8080, "127.0.0.1")
    );
    assert_ne!(port, 0, "as bound");
    if fixture.serves {
        healthy(port).await;
    }
    let managed = engine.managed().await.expect("managed");
    assert_eq!(managed.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["life"]);
    let neighbours = engine.neighbours().await.expect("neighbours");
    let neighbour = neighbours.iter().find(|item| item.id == created.id).expect("neighbour");
    assert_eq!((neighbour.name.as_str(), neighbour.ports[0].host_port), ("life", port));
    assert!(matches!(engine.remove("life", false, false).await, Err(EngineError::Conflict(_))));

    engine.stop("life", Duration::from_secs(10)).await.expect("stop");
    engine.stop("life", Duration::from_secs(10)).await.expect("stop of a stopped one");
    let stopped = engine.inspect("life").await.expect("inspect");
    assert_eq!((stopped.state, stopped.exit_code), (ContainerState::Exited, 143));
    assert!(stopped.finished.is_some());
    assert_eq!(stopped.ports, created.ports, "as asked for, once it does not run");
    engine.start("life").await.expect("start again");
    assert_eq!(engine.inspect("life").await.expect("inspect").state, ContainerState::Running);

    engine.remove("life", true, true).await.expect("remove");
    engine.remove("life", true, true).await.expect("remove of one that is gone");
    assert!(matches!(engine.inspect("life").await, Err(EngineError::NotFound(_))));
}

async fn a_taken_name_is_a_conflict(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let body = body(&fixture.image, json!({}));
    create(engine, "taken", &body).await;
    create(engine, "other", &body).await;
    let again = engine.create("taken", &body).await;
    assert!(
        matches!(&again, Err(EngineError::Conflict(words)) if words.contains("in use")),
        "{again:?}"
    );
    let renamed = engine.rename("other", "taken").await;
    assert!(
        matches!(&renamed, Err(EngineError::Conflict(words)) if words.contains("in use")),
        "{renamed:?}"
    );
    assert_eq!(engine.inspect("other").await.expect("inspect").name, "other");
    remove(engine, "taken").await;
    remove(engine, "other").await;
}

async fn a_held_port_is_refused_at_the_start_and_noted(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let port = crate::program::free_port().expect("port");
    let bindings = json!({"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port.to_string()}]});
    let body = body(&fixture.image, json!({"HostConfig": {"PortBindings": bindings}}));
    create(engine, "first", &body).await;
    // The same port is no obstacle to a create.
    let second = create(engine, "second", &body).await;
    assert_eq!(second.ports[0].host_port, port);
    engine.start("first").await.expect("start");
    let refused = engine.start("second").await;
    let held = |words: &str| {
        words.contains("port is already allocated") || words.contains("address already in use")
    };
    assert!(
        matches!(&refused, Err(EngineError::Refused { message, .. }) if held(message)),
        "{refused:?}"
    );
    let seen = engine.inspect("second").await.expect("inspect");
    assert!(!seen.is_running(), "{:?}", seen.state);
    if !engine.facts().is_podman {
        assert_eq!((seen.state, seen.exit_code), (ContainerState::Created, 128));
        assert!(held(&seen.error), "{}", seen.error);
    }
    engine.stop("first", Duration::from_secs(10)).await.expect("stop");
    engine.start("second").await.expect("start once the port is free");
    let seen = engine.inspect("second").await.expect("inspect");
    assert_eq!((seen.state, seen.error.as_str()), (ContainerState::Running, ""));
    remove(engine, "first").await;
    remove(engine, "second").await;
}

async fn a_command_that_is_not_there_is_refused_at_the_start(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let body = body(&fixture.broken, json!({"Cmd": ["/not/there"]}));
    create(engine, "broken", &body).await;
    let refused = engine.start("broken").await;
    let Err(error) = refused else { panic!("it started") };
    assert!(error.words().to_lowercase().contains("no such file or directory"), "{error:?}");
    let seen = engine.inspect("broken").await.expect("inspect");
    assert!(!seen.is_running(), "{:?}", seen.state);
    if !engine.facts().is_podman {
        assert_eq!((seen.state, seen.exit_code), (ContainerState::Created, 127));
    }
    remove(engine, "broken").await;
}

async fn what_was_asked_for_survives_unchanged(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = body(
        &fixture.image,
        json!({
            "Env": ["MODE=fast", "EMPTY="], "StopSignal": "SIGINT", "Hostname": "kept",
            "Labels": {"team": "a=b, \"c\""},
            "HostConfig": {
                "ShmSize": 128 << 20, "ExtraHosts": ["far:10.9.8.7"], "Memory": 256 << 20,
                "NanoCpus": 500_000_000, "Tmpfs": {"/scratch": "size=1m"}, "CapAdd": ["NET_ADMIN"],
                "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}
            }
        }),
    );
    let seen = create(engine, "kept", &asked).await;
    let get = |path: &str| seen.raw.pointer(path).cloned().unwrap_or_default();
    assert_eq!(get("/HostConfig/ShmSize"), json!(128 << 20));
    assert_eq!(get("/HostConfig/ExtraHosts"), json!(["far:10.9.8.7"]));
    assert!(get("/HostConfig/CapAdd").to_string().contains("NET_ADMIN"));
    assert_eq!(get("/HostConfig/RestartPolicy/MaximumRetryCount"), json!(3));
    assert_eq!(get("/Config/Hostname"), json!("kept"));
    let env = get("/Config/Env");
    let env: Vec<&str> = env.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(env.contains(&"MODE=fast") && env.contains(&"EMPTY="), "{env:?}");
    assert!(env.iter().any(|entry| entry.starts_with("PATH=")), "the image's own: {env:?}");
    assert_eq!(seen.labels["team"], "a=b, \"c\"");
    assert_eq!((seen.memory_limit, seen.restart_policy.as_str()), (256 << 20, "on-failure"));
    assert!(
        seen.mounts
            .iter()
            .any(|mount| mount.kind == MountKind::Tmpfs && mount.target == "/scratch")
    );
    if !engine.facts().is_podman {
        // Podman tells a quota and a period instead, and the number of the signal.
        assert_eq!((seen.nano_cpus, get("/Config/StopSignal")), (500_000_000, json!("SIGINT")));
    }
    remove(engine, "kept").await;
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

async fn a_container_is_renamed_while_it_runs_and_an_event_says_so(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let mut events = engine.events().await;
    let id = create(engine, "before", &body(&fixture.image, json!({}))).await.id;
    engine.start("before").await.expect("start");
    let started = next_event(&mut events, "start", &id).await;
    assert_eq!(started.name, "before");
    assert_eq!(started.labels.get(label::RUNTIME).map(String::as_str), Some("contract"));
    assert!(started.time_nanos > 0);
    engine.rename(&id, "after").await.expect("rename");
    let renamed = next_event(&mut events, "rename", &id).await;
    assert_eq!(renamed.name, "after");
    if !engine.facts().is_podman {
        assert_eq!(renamed.labels.get("oldName").map(String::as_str), Some("before"));
    }
    let seen = engine.inspect(&id).await.expect("inspect");
    assert_eq!((seen.name.as_str(), seen.state), ("after", ContainerState::Running));
    assert!(matches!(engine.inspect("before").await, Err(EngineError::NotFound(_))));
    engine.stop("after", Duration::from_secs(10)).await.expect("stop");
    next_event(&mut events, "die", &id).await;
    remove(engine, "after").await;
    next_event(&mut events, "destroy", &id).await;
}

fn all_lines() -> LogRequest {
    LogRequest { tail: None, follow: false, since: 0 }
}

async fn read_log(engine: &dyn Engine, name: &str, request: LogRequest) -> Vec<LogLine> {
    let log = engine.logs(name, request).await;
    soon("the end of the log", log.try_collect()).await.expect("log")
}

/// Reads a followed log until its third line.
async fn three_lines(engine: &dyn Engine, name: &str) -> Vec<LogLine> {
    let log = engine.logs(name, LogRequest { follow: true, ..all_lines() }).await;
    soon("three lines", log.take(3).try_collect()).await.expect("log")
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

async fn log_lines_come_in_order_with_source_and_time(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "talk", &body(&fixture.talker, json!({"Cmd": ["sh", "-c", TALK]}))).await;
    assert!(read_log(engine, "talk", all_lines()).await.is_empty(), "nothing before the start");
    engine.start("talk").await.expect("start");
    let lines = three_lines(engine, "talk").await;
    assert_eq!(texts(&lines), ["one", "two", "three"]);
    let sources: Vec<LogSource> = lines.iter().map(|line| line.source).collect();
    assert_eq!(sources, [LogSource::Out, LogSource::Error, LogSource::Out]);
    assert!(
        lines.iter().all(|line| line.time.is_some()) && lines.is_sorted_by_key(|line| line.time)
    );
    assert_eq!(read_log(engine, "talk", all_lines()).await, lines, "the same without following");
    let last = read_log(engine, "talk", LogRequest { tail: Some(1), ..all_lines() }).await;
    assert_eq!(texts(&last), ["three"]);
    let later = lines[2].time.expect("time").as_second() + 3600;
    let none = read_log(engine, "talk", LogRequest { since: later, ..all_lines() }).await;
    assert!(none.is_empty(), "{none:?}");
    remove(engine, "talk").await;
}

async fn a_terminals_log_is_read_too(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = body(&fixture.talker, json!({"Tty": true, "Cmd": ["sh", "-c", TALK]}));
    create(engine, "terminal", &asked).await;
    engine.start("terminal").await.expect("start");
    let lines = three_lines(engine, "terminal").await;
    assert_eq!(texts(&lines), ["one", "two", "three"]);
    assert!(lines.iter().all(|line| line.time.is_some()));
    remove(engine, "terminal").await;
}

async fn a_followed_log_ends_with_the_container(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "followed", &body(&fixture.talker, json!({"Cmd": ["sh", "-c", TALK]}))).await;
    engine.start("followed").await.expect("start");
    let mut log = engine.logs("followed", LogRequest { follow: true, ..all_lines() }).await;
    soon("a first line", log.next()).await.expect("line").expect("log");
    engine.stop("followed", Duration::from_secs(10)).await.expect("stop");
    let rest: Result<Vec<LogLine>, EngineError> =
        soon("the end of the log", log.try_collect()).await;
    rest.expect("the log ends without an error");
    remove(engine, "followed").await;
}

/// Engines cut a line into pieces of 16 KiB, each with a time of its own.
async fn long_lines_are_whole_up_to_their_limit(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let line = |length: u32, letter: char| {
        format!("busybox head -c {length} /dev/zero | busybox tr '\\0' {letter}; echo")
    };
    let script = format!("{}; {}; echo end", line(40_000, 'x'), line(100_000, 'y'));
    for terminal in [false, true] {
        let asked = json!({"Tty": terminal, "Cmd": ["sh", "-c", script]});
        create(engine, "long", &body(&fixture.image, asked)).await;
        engine.start("long").await.expect("start");
        let lines = three_lines(engine, "long").await;
        assert!(
            lines[0].text == "x".repeat(40_000),
            "terminal: {terminal}: {} bytes",
            lines[0].text.len()
        );
        assert!(lines[1].text.starts_with(&"y".repeat(60_000)), "terminal: {terminal}");
        assert!(lines[1].text.ends_with("64 KiB)") && lines[1].text.len() < 70_000);
        assert_eq!(lines[2].text, "end");
        remove(engine, "long").await;
    }
}

async fn a_busy_container_is_seen_to_be_busy(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked = json!({"Cmd": ["sh", "-c", "while :; do :; done"]});
    create(engine, "hot", &body(&fixture.image, asked)).await;
    engine.start("hot").await.expect("start");
    let readings: Vec<Usage> =
        soon("two readings", engine.usage("hot").await.take(2).try_collect()).await.expect("usage");
    // One process keeps one CPU busy, less what other work on this machine takes.
    let last = readings.last().expect("a reading").cpu_percent;
    assert!((15.0..120.0).contains(&last), "{readings:?}");
    remove(engine, "hot").await;
}

async fn a_command_inside_answers_with_both_outputs_and_its_code(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "inside", &body(&fixture.image, json!({}))).await;
    let command = EXEC.map(str::to_owned);
    let early = engine.exec("inside", &command, SOON).await;
    assert!(early.is_err(), "it does not run: {early:?}");
    engine.start("inside").await.expect("start");
    let answer = engine.exec("inside", &command, SOON).await.expect("exec");
    assert_eq!(
        (answer.exit_code, answer.out.as_str(), answer.error.as_str()),
        (3, "out\n", "err\n")
    );
    remove(engine, "inside").await;
}

async fn usage_is_told_while_it_runs(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "used", &body(&fixture.image, json!({}))).await;
    engine.start("used").await.expect("start");
    let mut usage = engine.usage("used").await;
    let reading = soon("a reading", usage.next()).await.expect("reading").expect("usage");
    assert!(reading.memory > 0 && reading.memory_limit >= reading.memory, "{reading:?}");
    assert!(reading.cpu_percent >= 0.0 && reading.cpu_percent < 6400.0, "{reading:?}");
    engine.stop("used", Duration::from_secs(10)).await.expect("stop");
    soon("the end of the readings", async {
        while let Some(item) = usage.next().await {
            if item.is_err() {
                return;
            }
        }
    })
    .await;
    remove(engine, "used").await;
}

async fn processes_are_listed(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "busy", &body(&fixture.image, json!({}))).await;
    assert!(engine.processes("busy").await.is_err(), "it does not run");
    engine.start("busy").await.expect("start");
    soon("the service's process", async {
        loop {
            let processes = engine.processes("busy").await.expect("processes");
            if processes.iter().any(|line| line.contains("httpd -f -p 8080")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    remove(engine, "busy").await;
}

async fn pull(
    engine: &dyn Engine,
    reference: &ImageReference,
) -> Result<Vec<PullEvent>, EngineError> {
    pull_as(engine, reference, None).await
}

async fn pull_as(
    engine: &dyn Engine,
    reference: &ImageReference,
    login: Option<&Login>,
) -> Result<Vec<PullEvent>, EngineError> {
    let platform = Platform::linux(&engine.facts().architecture);
    let pull = engine.pull(reference, &platform, login, SOON).await;
    soon("the end of the pull", pull.try_collect()).await
}

async fn a_pull_tells_its_progress_and_the_image_is_there_by_digest(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let reference = &fixture.pullable;
    let name = reference.to_string();
    assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))));
    let events = pull(engine, reference).await.expect("pull");
    assert!(events.iter().any(|event| !event.layer.is_empty()), "{events:?}");
    let image = engine.image(&name).await.expect("image");
    assert!(image.id.starts_with("sha256:"));
    assert_eq!(
        (image.architecture.as_str(), image.operating_system.as_str()),
        (engine.facts().architecture.as_str(), "linux")
    );
    assert!(!image.layers.is_empty() && image.size > 0 && image.config.is_object());
    assert!(image.tags.contains(&name), "{:?}", image.tags);
    let listed = engine.images().await.expect("images");
    assert!(listed.iter().any(|item| item.id == image.id && item.layers == image.layers));

    let digest = image.digests.first().expect("a digest").clone();
    let pinned = reference.pinned(&digest);
    pull(engine, &pinned).await.expect("pull by digest");
    assert_eq!(engine.image(&pinned.to_string()).await.expect("image by digest").id, image.id);

    let other = reference.repository.tagged("kept-as");
    engine.tag(&image.id, &other).await.expect("tag");
    assert_eq!(
        engine.image(&other.to_string()).await.expect("image by its other name").id,
        image.id
    );
    for name in [name, other.to_string()] {
        engine.remove_image(&name).await.expect("remove image");
        assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))), "{name}");
    }
    // From nothing but the digest.
    let _ = engine.remove_image(&image.id).await;
    assert!(matches!(engine.image(&image.id).await, Err(EngineError::NotFound(_))));
    pull(engine, &pinned).await.expect("pull by digest");
    let by_digest = engine.image(&pinned.to_string()).await.expect("image by digest");
    assert_eq!(by_digest.id, image.id);
    create(engine, "pinned", &body(&pinned.to_string(), json!({}))).await;
    remove(engine, "pinned").await;
    engine.remove_image(&image.id).await.expect("remove image");
}

async fn an_unknown_tag_is_an_error(fixture: &Fixture) {
    let reference = fixture.pullable.repository.tagged("not-there");
    let error = pull(&*fixture.engine, &reference).await.expect_err("nothing to pull");
    assert!(matches!(&error, EngineError::NotFound(_) | EngineError::Stream(_)), "{error:?}");
    assert!(error.words().contains("manifest unknown"), "{error:?}");
}

async fn a_private_image_needs_the_right_login(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let name = fixture.private.to_string();
    let wrong = Login { password: Secret::new("wrong-password".into()), ..fixture.login.clone() };
    for login in [None, Some(&wrong)] {
        let error = pull_as(engine, &fixture.private, login).await.expect_err("no way in");
        let words = error.words().to_lowercase();
        assert!(
            words.contains("no basic auth credentials") || words.contains("unauthorized"),
            "{error:?}"
        );
        assert!(!words.contains("wrong-password"), "{error:?}");
        assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))));
    }
    pull_as(engine, &fixture.private, Some(&fixture.login))
        .await
        .expect("pull with the right login");
    engine.image(&name).await.expect("image");
    engine.remove_image(&name).await.expect("remove image");
}

async fn an_image_in_use_stays(fixture: &Fixture) {
    let engine = &*fixture.engine;
    pull(engine, &fixture.pullable).await.expect("pull");
    let name = fixture.pullable.to_string();
    create(engine, "user", &body(&name, json!({}))).await;
    let refused = engine.remove_image(&name).await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))), "{refused:?}");
    assert!(engine.image(&name).await.is_ok());
    remove(engine, "user").await;
    engine.remove_image(&name).await.expect("remove image");
    let gone = engine.remove_image(&name).await;
    assert!(matches!(gone, Err(EngineError::NotFound(_))), "{gone:?}");
}

async fn the_restart_policy_changes_or_the_engine_says_that_it_cannot(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let asked =
        body(&fixture.image, json!({"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}));
    assert_eq!(create(engine, "policy", &asked).await.restart_policy, "unless-stopped");
    engine.start("policy").await.expect("start");
    let changed = engine.set_restart_policy("policy", &json!({"Name": "no"})).await;
    let now = engine.inspect("policy").await.expect("inspect").restart_policy;
    match changed {
        Ok(()) => assert_eq!(now, "no"),
        Err(EngineError::NotSupported(words)) => {
            assert!(engine.facts().is_podman && words.contains("restart policy"), "{words}");
            assert_eq!(now, "unless-stopped");
        }
        Err(other) => panic!("{other:?}"),
    }
    let missing = engine.set_restart_policy("nobody", &json!({"Name": "no"})).await;
    assert!(matches!(missing, Err(EngineError::NotFound(_))), "{missing:?}");
    remove(engine, "policy").await;
}

async fn a_network_is_connected_before_the_start(fixture: &Fixture) {
    let engine = &*fixture.engine;
    create(engine, "linked", &body(&fixture.image, json!({}))).await;
    let endpoint = json!({"Aliases": ["api"]});
    engine.connect_network(&fixture.network, "linked", &endpoint).await.expect("connect");
    let unknown = engine.connect_network("no-such-network", "linked", &endpoint).await;
    assert!(matches!(unknown, Err(EngineError::NotFound(_))), "{unknown:?}");
    engine.start("linked").await.expect("start");
    let raw = engine.inspect("linked").await.expect("inspect").raw;
    let networks = raw.pointer("/NetworkSettings/Networks").expect("networks");
    assert_eq!(networks.as_object().map(serde_json::Map::len), Some(2), "{networks}");
    let network = &networks[&fixture.network];
    assert!(network["Aliases"].as_array().expect("aliases").contains(&json!("api")), "{network}");
    assert_ne!(network["IPAddress"], json!(""), "{network}");
    remove(engine, "linked").await;
}

async fn a_volume_handed_over_is_named(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let first =
        create(engine, "owner", &body(&fixture.image, json!({"Volumes": {"/data": {}}}))).await;
    let mount = first.mounts.iter().find(|mount| mount.target == "/data").expect("mount");
    assert_eq!(mount.kind, MountKind::AnonymousVolume);
    let handed = json!([{"Type": "volume", "Source": mount.source, "Target": "/data"}]);
    let second =
        body(&fixture.image, json!({"Volumes": {"/data": {}}, "HostConfig": {"Mounts": handed}}));
    let second = create(engine, "heir", &second).await;
    let inherited = second.mounts.iter().find(|other| other.target == "/data").expect("mount");
    assert_eq!(inherited.source, mount.source);
    // Podman calls it anonymous for ever.
    let named =
        if engine.facts().is_podman { MountKind::AnonymousVolume } else { MountKind::Volume };
    assert_eq!(inherited.kind, named);
    // The old one's removal with its volumes keeps what another container refers to.
    remove(engine, "owner").await;
    engine.start("heir").await.expect("start with the volume");
    remove(engine, "heir").await;
}

async fn what_is_not_there_is_not_found(engine: &dyn Engine) {
    fn missing<T: std::fmt::Debug>(result: Result<T, EngineError>) {
        assert!(matches!(result, Err(EngineError::NotFound(_))), "{result:?}");
    }
    missing(engine.inspect("nobody").await);
    missing(engine.start("nobody").await);
    missing(engine.stop("nobody", Duration::from_secs(1)).await);
    missing(engine.rename("nobody", "somebody").await);
    missing(engine.image("r.example/no/image:1").await);
    missing(engine.create("nobody", &json!({"Image": "r.example/no/image:1"})).await);
    missing(engine.logs("nobody", all_lines()).await.next().await.expect("an item"));
    missing(engine.usage("nobody").await.next().await.expect("an item"));
    missing(engine.exec("nobody", &["true".to_owned()], SOON).await);
    engine.remove("nobody", true, true).await.expect("gone is gone");
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
