//! CPU and memory: `GET /containers/{id}/stats`, one JSON line a second.

use std::time::Duration;

use domain::usage::Usage;
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use serde_json::Value;
use tokio::time::{Interval, interval, timeout};

use super::{
    ANSWER_LIMIT,
    convert::{Dialect, list, text, time, whole},
    wire::{Body, Call, Wire, path},
};
use crate::EngineError;

/// What a CPU figure follows from, as counted since the container started.
#[derive(Clone, Copy)]
struct CpuSample {
    /// Nanoseconds of CPU time of the container.
    container: u64,
    /// Nanoseconds of CPU time of the whole machine, all CPUs added; 0 = not told.
    machine: u64,
    /// When it was read, nanoseconds since 1970; 0 = not told.
    read: i128,
    cpus: u64,
}

/// Where figures come from.
enum Figures {
    /// Not asked yet.
    Stream(Wire, String),
    Streaming(Body),
    /// Podman's stream has a line every five seconds only, so it is asked each second instead.
    Asked(Wire, String, Option<Interval>),
    Over,
}

/// Readings while the container runs; the stream ends with it.
pub(super) fn usage(
    wire: Wire,
    container: &str,
    dialect: Dialect,
) -> BoxStream<'static, Result<Usage, EngineError>> {
    let stats = format!("/containers/{}/stats", path(container));
    let figures = match dialect {
        Dialect::Docker => Figures::Stream(wire, format!("{stats}?stream=1")),
        Dialect::Podman => Figures::Asked(wire, format!("{stats}?stream=0"), None),
    };
    stream::unfold((figures, None), move |(mut figures, mut before)| async move {
        loop {
            let line = match figures.next().await {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some((Err(error), (Figures::Over, None))),
            };
            // A stopped container is told with empty figures once a second, for ever.
            if !runs(&line) {
                return None;
            }
            let now = sample(&line, "/cpu_stats", "/read", dialect);
            let earlier = before.or_else(|| {
                Some(sample(&line, "/precpu_stats", "/preread", dialect))
                    .filter(|sample| sample.container > 0 && sample.read > 0)
            });
            before = Some(now);
            // The first line has nothing to compare with; the next comes in a second.
            if let Some(cpu_percent) = earlier.and_then(|earlier| percent(earlier, now)) {
                return Some((Ok(reading(&line, cpu_percent)), (figures, before)));
            }
        }
    })
    .boxed()
}

impl Figures {
    /// The next figures; `None` at the end. An engine that tells nothing for long hangs.
    async fn next(&mut self) -> Result<Option<Value>, EngineError> {
        if let Self::Stream(wire, path) = self {
            let opening = wire.open(Call::get(path.as_str()));
            *self = Self::Streaming(limited(opening).await?);
        }
        match self {
            Self::Streaming(body) => limited(body.json_line()).await,
            Self::Asked(wire, path, clock) => {
                clock.get_or_insert_with(|| interval(Duration::from_secs(1))).tick().await;
                let mut answer = limited(wire.open(Call::get(path.as_str()))).await?;
                limited(answer.json_line()).await
            }
            Self::Stream(..) | Self::Over => Ok(None),
        }
    }
}

async fn limited<T>(
    future: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    timeout(ANSWER_LIMIT, future).await.map_err(|_| EngineError::Silent(ANSWER_LIMIT.as_secs()))?
}

/// A running container has memory in use or has used CPU time.
fn runs(line: &Value) -> bool {
    whole(line, "/memory_stats/usage") > 0 || whole(line, "/cpu_stats/cpu_usage/total_usage") > 0
}

fn sample(line: &Value, stats: &str, read: &str, dialect: Dialect) -> CpuSample {
    let at = |path: &str| whole(line, &format!("{stats}{path}"));
    let cpus = match at("/online_cpus") {
        0 => list(line, &format!("{stats}/cpu_usage/percpu_usage")).count() as u64,
        cpus => cpus,
    };
    CpuSample {
        container: at("/cpu_usage/total_usage"),
        // What Podman tells under this name follows the container's own use, not the machine's time.
        machine: if dialect == Dialect::Podman { 0 } else { at("/system_cpu_usage") },
        read: time(text(line, read)).map_or(0, jiff::Timestamp::as_nanosecond),
        cpus,
    }
}

/// Percent of one CPU between two readings: by Docker's formula, or by the clock where the machine's
/// own time is not told.
fn percent(before: CpuSample, now: CpuSample) -> Option<f64> {
    let used = now.container.checked_sub(before.container)? as f64;
    let machine = now.machine.saturating_sub(before.machine) as f64;
    if before.machine > 0 && machine > 0.0 && now.cpus > 0 {
        return Some(used / machine * now.cpus as f64 * 100.0);
    }
    let elapsed = (now.read - before.read) as f64;
    (before.read > 0 && elapsed > 0.0).then(|| used / elapsed * 100.0)
}

fn reading(line: &Value, cpu_percent: f64) -> Usage {
    let used = whole(line, "/memory_stats/usage");
    // cgroup v1 says total_inactive_file, v2 inactive_file: page cache that can be given back.
    let cache = ["/memory_stats/stats/total_inactive_file", "/memory_stats/stats/inactive_file"]
        .iter()
        .find_map(|path| line.pointer(path).and_then(Value::as_u64))
        .unwrap_or(0);
    Usage {
        cpu_percent,
        memory: if cache < used { used - cache } else { used },
        memory_limit: whole(line, "/memory_stats/limit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(container: u64, machine: u64, second: u64) -> Value {
        json!({
            "read": format!("2026-01-01T00:00:{second:02}Z"),
            "cpu_stats": {"cpu_usage": {"total_usage": container}, "system_cpu_usage": machine, "online_cpus": 2},
            "memory_stats": {"usage": 1000, "limit": 5000, "stats": {"inactive_file": 300}}
        })
    }

    fn at(line: &Value) -> CpuSample {
        sample(line, "/cpu_stats", "/read", Dialect::Docker)
    }

    const SECOND: u64 = 1_000_000_000;

    fn cpu(before: &Value, now: &Value) -> f64 {
        percent(at(before), at(now)).expect("percent")
    }

    #[test]
    fn one_busy_cpu_of_two_is_a_hundred_percent() {
        let busy = cpu(&line(0, 10 * SECOND, 1), &line(SECOND, 12 * SECOND, 2));
        assert!((busy - 100.0).abs() < 0.01, "{busy}");
    }

    #[test]
    fn without_the_machines_time_the_clock_serves() {
        let busy = cpu(&line(0, 0, 1), &line(SECOND / 2, 0, 2));
        assert!((busy - 50.0).abs() < 0.01, "{busy}");
        // Podman's "machine time" is something else.
        let podman = |line: &Value| sample(line, "/cpu_stats", "/read", Dialect::Podman);
        let (before, now) = (line(0, SECOND, 1), line(SECOND / 2, 2 * SECOND, 2));
        let busy = percent(podman(&before), podman(&now)).expect("percent");
        assert!((busy - 50.0).abs() < 0.01, "{busy}");
    }

    #[test]
    fn cache_that_can_be_given_back_is_no_use_of_memory() {
        assert_eq!(reading(&line(0, 0, 1), 0.0).memory, 700);
        let v1 = json!({"memory_stats": {"usage": 1000, "limit": 1, "stats": {"total_inactive_file": 100, "inactive_file": 7}}});
        assert_eq!(reading(&v1, 0.0).memory, 900);
        let podman = json!({"memory_stats": {"usage": 1000, "limit": 1}});
        assert_eq!(reading(&podman, 0.0).memory, 1000);
    }

    #[test]
    fn a_stopped_container_is_recognised_by_its_empty_figures() {
        assert!(!runs(
            &json!({"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}})
        ));
        assert!(runs(&line(1, 1, 1)));
    }
}
