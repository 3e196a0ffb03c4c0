//! Proving a container: it becomes ready in time, or the cause is found, at once where it is known.

use std::time::Duration;

use domain::{
    finding::Finding,
    runtime::{Package, Protocol},
};
use engine::{Engine, EngineError};
use executor::Miss;
use tokio::time::Instant;

use super::Handle;
use crate::{finding, health, table};

/// Pause between two questions: short, since a switch-over waits for the answer.
const PAUSE: Duration = Duration::from_millis(20);
const LATER_PAUSE: Duration = Duration::from_millis(150);
/// Pause between two looks at the container meanwhile: a look costs more than a question.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// Pause between two looks at a container that is to stay.
const STAY_PAUSE: Duration = Duration::from_millis(60);
/// How long the short pause is kept.
const EAGER_FOR: Duration = Duration::from_secs(60);
/// After so long without an answer it is looked at what listens inside.
const LOOK_INSIDE_AFTER: Duration = Duration::from_secs(12);

/// Waits until the service of a started container is ready. Ends early when the container ended or
/// is gone, or when it can be seen that the service will never be reached.
pub(crate) async fn wait_until_ready(
    handle: &Handle,
    container: &str,
    health_path: &str,
    limit: Duration,
) -> Result<Protocol, Finding> {
    let engine = handle.engine.as_ref();
    let began = Instant::now();
    let mut looked_inside = began;
    // Where it answers, and when that was looked up.
    let mut base: Option<String> = None;
    let mut looked: Option<Instant> = None;
    loop {
        if looked.is_none_or(|at| at.elapsed() >= LOOK_PAUSE) {
            let now = match engine.inspect(container).await {
                Ok(now) => now,
                Err(EngineError::NotFound(_)) => {
                    return Err(domain::diagnosis::describe(
                        domain::finding::Cause::ContainerGone,
                        domain::diagnosis::About::default(),
                    ));
                }
                // The engine may be back before the time is over.
                Err(error) if began.elapsed() > limit => {
                    return Err(domain::diagnosis::of_engine(
                        &error.words(),
                        domain::diagnosis::About::default(),
                    ));
                }
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
            };
            if !now.is_running() || now.state == domain::container::ContainerState::Restarting {
                // The engine writes the reason a moment after the state.
                tokio::time::sleep(LATER_PAUSE).await;
                if let Some(finding) = finding::ended(engine, container).await {
                    return Err(finding);
                }
            }
            if now.state == domain::container::ContainerState::Paused {
                // It will not answer however long it is waited.
                return Err(finding::paused());
            }
            base = table::endpoint(&now);
            looked = Some(Instant::now());
        }
        let miss = match &base {
            Some(base) => {
                match handle.app().parts.executor.health(base, health_path, health::PATIENCE).await
                {
                    Ok(protocol) => return Ok(protocol),
                    Err(miss) => miss,
                }
            }
            None => Miss::Refused("no port is published".into()),
        };
        let waited = began.elapsed();
        // Nothing that listens on the loopback inside only will ever be reached.
        if waited > LOOK_INSIDE_AFTER && looked_inside.elapsed() > Duration::from_secs(5) {
            looked_inside = Instant::now();
            if let Some(listening) = finding::listening_inside(engine, container).await
                && !listening.is_empty()
                && listening.iter().all(|address| address.ip().is_loopback())
                && matches!(miss, Miss::Closed | Miss::Refused(_))
            {
                return Err(finding::not_answering(engine, container, &miss).await);
            }
        }
        if waited >= limit {
            return Err(finding::not_answering(engine, container, &miss).await);
        }
        tokio::time::sleep(if waited < EAGER_FOR { PAUSE } else { LATER_PAUSE }).await;
    }
}

/// How long a service has to stay ready before it is believed.
pub(crate) const STAY: Duration = Duration::from_millis(700);
/// The same once it serves in the place of the old one: waiting costs nobody anything then, and what
/// was proved beside the old one may still end under its real settings.
pub(crate) const STAY_IN_PLACE: Duration = Duration::from_secs(3);

/// It must stay ready for a while: one that answers and dies is not ready, nor is one that its restart
/// policy has brought back meanwhile.
pub(crate) async fn stays_ready(
    handle: &Handle,
    container: &str,
    health_path: &str,
    limit: Duration,
    stay: Duration,
) -> Result<Protocol, Finding> {
    let engine = handle.engine.as_ref();
    let protocol = wait_until_ready(handle, container, health_path, limit).await?;
    let began = Instant::now();
    // What an engine that is away for a moment does not tell is looked at again at the end.
    let restarts = engine.inspect(container).await.map_or(0, |now| now.restart_count);
    while began.elapsed() < stay {
        tokio::time::sleep(STAY_PAUSE).await;
        let Ok(now) = engine.inspect(container).await else { continue };
        if now.is_running() && now.restart_count == restarts {
            continue;
        }
        let ended = match now.state {
            domain::container::ContainerState::Running => None,
            _ => finding::ended(engine, container).await,
        };
        return Err(match ended {
            Some(finding) => finding,
            None => finding::came_back(engine, container).await,
        });
    }
    wait_until_ready(handle, container, health_path, Duration::from_secs(10)).await?;
    Ok(protocol)
}

/// The Python that serves inside a container and what is installed in it.
pub(crate) struct Inside {
    /// `3.11.2 (/opt/venv/bin/python)`.
    pub python: String,
    pub packages: Vec<Package>,
}

/// Prints the interpreter of process 1 or its children, then the packages of that Python, one
/// `name==version` a line. Falls back to the Pythons that may serve.
const LIST: &str = r#"p=""
for d in /proc/[0-9]*; do
  c=$(tr '\0' ' ' < "$d/cmdline" 2>/dev/null) || continue
  case "$c" in *uvicorn*|*gunicorn*|*promptflow*) set -- $c; case "$1" in */python*|python*) p=$(command -v "$1"); break;; esac;; esac
done
if [ -z "$p" ]; then for q in /azureml-envs/prompt-flow/runtime/bin/python /opt/venv/bin/python "$(command -v python)" "$(command -v python3)"; do [ -x "$q" ] && p="$q" && break; done; fi
[ -n "$p" ] || exit 3
"$p" -c '
import sys
from importlib.metadata import distributions
print("PYTHON %d.%d.%d (%s)" % (*sys.version_info[:3], sys.executable))
seen = set()
for d in distributions():
    n = d.metadata["Name"]
    if n and n.lower() not in seen:
        seen.add(n.lower())
        print("%s==%s" % (n, d.version))
'"#;

/// Lists the packages inside a running container; `None` when there is no Python or no shell.
pub(crate) async fn inside(engine: &dyn Engine, container: &str) -> Option<Inside> {
    let command = ["sh".to_owned(), "-c".to_owned(), LIST.to_owned()];
    let output = engine.exec(container, &command, Duration::from_secs(20)).await.ok()?;
    if output.exit_code != 0 {
        return None;
    }
    let mut python = String::new();
    let mut packages = Vec::new();
    for line in output.out.lines() {
        if let Some(version) = line.strip_prefix("PYTHON ") {
            version.clone_into(&mut python);
        } else if let Some((name, version)) = line.split_once("==") {
            packages
                .push(Package { name: name.trim().to_owned(), version: version.trim().to_owned() });
        }
    }
    packages.sort_by_key(|package| package.name.to_lowercase());
    Some(Inside { python, packages })
}
