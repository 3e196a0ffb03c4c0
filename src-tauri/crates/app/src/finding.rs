//! Findings about containers: what the rules in `domain::diagnosis` need is fetched here.

use std::time::Duration;

use domain::{
    container::Container,
    diagnosis::{self, About, Ending},
    finding::{Cause, Evidence, Finding},
};
use engine::{Engine, LogRequest};
use executor::Miss;
use futures_util::StreamExt;

/// Lines of a failed container's log that are kept as evidence.
const LAST_LINES: u32 = 40;
/// The exit code of what was killed: 128 and the number of the signal.
pub(crate) const KILLED: i64 = 137;

/// The last lines of a container's log; empty when it cannot be read.
pub(crate) async fn last_lines(engine: &dyn Engine, container: &str) -> String {
    let request = LogRequest { tail: Some(LAST_LINES), follow: false, since: 0 };
    let mut lines = Vec::new();
    let read = async {
        let mut log = engine.logs(container, request).await;
        while let Some(Ok(line)) = log.next().await {
            lines.push(line.text);
        }
    };
    // A log driver that cannot be read must not hold up the finding.
    let _ = tokio::time::timeout(Duration::from_secs(3), read).await;
    lines.join("\n")
}

/// Why a container ended or could not be started; `None` when it is gone or runs.
pub(crate) async fn ended(engine: &dyn Engine, container: &str) -> Option<Finding> {
    let found = engine.inspect(container).await.ok()?;
    let log = last_lines(engine, container).await;
    let port = found.ports.first().map_or(0, |port| port.host_port);
    let holder = holder_of(engine, port, container).await;
    Some(diagnosis::of_ending(
        Ending {
            exit_code: found.exit_code,
            out_of_memory: ended_for_memory(engine, &found).await,
            error: &found.error,
            log: &log,
        },
        About {
            image: &found.image_reference,
            port,
            port_holder: holder.as_deref(),
            architecture: &engine.facts().architecture,
            ..About::default()
        },
    ))
}

/// Whether a container that ended did so for memory, by the engine or, where that does not tell, by the kernel.
pub(crate) async fn ended_for_memory(engine: &dyn Engine, found: &Container) -> bool {
    found.out_of_memory
        || (found.exit_code == KILLED && engine.kernel_on_memory(found).await.is_some())
}

/// Why a container counts as ended although it runs: it ended, and its restart policy started it again.
pub(crate) async fn came_back(engine: &dyn Engine, container: &str) -> Finding {
    let mut finding = diagnosis::describe(Cause::ContainerExited, About::default());
    finding.meaning =
        "The program inside answered, then stopped, and was started again by the restart policy."
            .into();
    let log = last_lines(engine, container).await;
    if !log.trim().is_empty() {
        finding.evidence.push(Evidence { probe: "Last lines of the log".into(), seen: log });
    }
    finding
}

/// Why a container does not answer that somebody paused.
pub(crate) fn paused() -> Finding {
    let mut finding = diagnosis::describe(Cause::NotReadyInTime, About::default());
    let seen = "paused".to_owned();
    finding.evidence.push(Evidence { probe: "State of the container".into(), seen });
    finding
}

/// Name of another container that publishes this port.
pub(crate) async fn holder_of(engine: &dyn Engine, port: u16, not: &str) -> Option<String> {
    if port == 0 {
        return None;
    }
    let neighbours = engine.neighbours().await.ok()?;
    neighbours
        .into_iter()
        .find(|other| other.id != not && other.ports.iter().any(|held| held.host_port == port))
        .map(|other| other.name)
}

/// Why a running container's service does not answer rightly.
pub(crate) async fn not_answering(engine: &dyn Engine, container: &str, miss: &Miss) -> Finding {
    let listening = listening_inside(engine, container).await;
    let cause = match miss {
        Miss::WrongAnswer { .. } => Cause::AnotherServiceAnswers,
        Miss::Closed | Miss::Refused(_)
            if listening.as_ref().is_some_and(|all| !all.is_empty()) =>
        {
            Cause::AnswersElsewhere
        }
        _ => Cause::NotReadyInTime,
    };
    let mut finding = diagnosis::describe(cause, About::default());
    finding.evidence.push(Evidence { probe: "Health page".into(), seen: miss.to_string() });
    if let Some(listening) = listening {
        let seen = if listening.is_empty() {
            "nothing listens inside".to_owned()
        } else {
            listening.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        finding.evidence.push(Evidence { probe: "Listening inside the container".into(), seen });
    }
    let log = last_lines(engine, container).await;
    if !log.trim().is_empty() {
        finding.evidence.push(Evidence { probe: "Last lines of the log".into(), seen: log });
    }
    finding
}

/// Addresses on which something listens inside; `None` when that cannot be seen.
pub(crate) async fn listening_inside(
    engine: &dyn Engine,
    container: &str,
) -> Option<Vec<std::net::SocketAddr>> {
    let command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"].map(str::to_owned);
    let output = engine.exec(container, &command, Duration::from_secs(3)).await.ok()?;
    (!output.out.is_empty()).then(|| domain::listening::read(&output.out))
}
