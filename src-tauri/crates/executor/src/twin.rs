//! A twin of the service: answers are scripted for each address.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::runtime::Protocol;

use crate::{Executor, Miss, Runs, ServiceVersion, client::seconds};

pub use crate::twin_runs::{Asked, TwinRun, TwinRuns, completed, completed_in, nobody, refusal};

/// Services in memory, by their base address. An address that was never scripted refuses.
#[derive(Debug, Default)]
pub struct TwinExecutor {
    services: Mutex<HashMap<String, Service>>,
    runs: TwinRuns,
}

#[derive(Debug, Default)]
struct Service {
    /// Answers still to come; the last one stays.
    health: VecDeque<Result<Protocol, Miss>>,
    version: Option<Result<ServiceVersion, Miss>>,
    asked: u64,
}

impl TwinExecutor {
    /// No service answers anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on `base` answers so to each question for health.
    pub fn answer_health(&self, base: &str, answer: Result<Protocol, Miss>) {
        self.script_health(base, [answer]);
    }

    /// From now on `base` gives these answers in turn; the last one stays. None = it refuses.
    pub fn script_health(
        &self,
        base: &str,
        answers: impl IntoIterator<Item = Result<Protocol, Miss>>,
    ) {
        self.lock().entry(key(base)).or_default().health = answers.into_iter().collect();
    }

    /// From now on `base` answers so to each question for its version.
    pub fn answer_version(&self, base: &str, answer: Result<ServiceVersion, Miss>) {
        self.lock().entry(key(base)).or_default().version = Some(answer);
    }

    /// A healthy open executor service of this version.
    pub fn serve(&self, base: &str, version: &str) {
        self.answer_health(base, Ok(Protocol::Executor));
        self.answer_version(base, Ok(ServiceVersion { version: version.into(), commit: None }));
    }

    /// Nothing listens at `base` any more.
    pub fn stop(&self, base: &str) {
        let mut services = self.lock();
        let service = services.entry(key(base)).or_default();
        service.health.clear();
        service.version = None;
    }

    /// What happens to runs, whatever their address.
    pub fn runs(&self) -> &TwinRuns {
        &self.runs
    }

    /// How often `base` was asked for health.
    pub fn asked(&self, base: &str) -> u64 {
        self.lock().get(&key(base)).map_or(0, |service| service.asked)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Executor for TwinExecutor {
    async fn health(&self, base: &str, _path: &str, limit: Duration) -> Result<Protocol, Miss> {
        let answer = {
            let mut services = self.lock();
            let service = services.entry(key(base)).or_default();
            service.asked += 1;
            if service.health.len() > 1 {
                service.health.pop_front()
            } else {
                service.health.front().cloned()
            }
        };
        in_time(answer.unwrap_or_else(refused), limit).await
    }

    async fn version(&self, base: &str, limit: Duration) -> Result<ServiceVersion, Miss> {
        let answer = self.lock().get(&key(base)).and_then(|service| service.version.clone());
        in_time(answer.unwrap_or_else(refused), limit).await
    }

    fn runs(&self) -> &dyn Runs {
        &self.runs
    }
}

fn key(base: &str) -> String {
    base.trim_end_matches('/').to_owned()
}

fn refused<T>() -> Result<T, Miss> {
    Err(Miss::Refused("Connection refused (os error 111)".into()))
}

/// Silence takes as long as the limit, as it does in the world.
async fn in_time<T>(answer: Result<T, Miss>, limit: Duration) -> Result<T, Miss> {
    if matches!(answer, Err(Miss::Silent(_))) {
        tokio::time::sleep(limit).await;
        return Err(Miss::Silent(seconds(limit)));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const BASE: &str = "http://127.0.0.1:18080";

    #[tokio::test]
    async fn answers_come_in_turn_and_the_last_one_stays() {
        let twin = TwinExecutor::new();
        assert!(matches!(twin.health(BASE, "/health", LIMIT).await, Err(Miss::Refused(_))));
        twin.script_health(BASE, [Err(Miss::Closed), Ok(Protocol::Executor)]);
        assert_eq!(twin.health(BASE, "/health", LIMIT).await, Err(Miss::Closed));
        assert_eq!(twin.health(BASE, "/health", LIMIT).await, Ok(Protocol::Executor));
        assert_eq!(twin.health(BASE, "/health", LIMIT).await, Ok(Protocol::Executor));
        twin.stop(BASE);
        assert!(matches!(twin.health(BASE, "/health", LIMIT).await, Err(Miss::Refused(_))));
        assert_eq!(twin.asked(BASE), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_lasts_as_long_as_the_limit() {
        let twin = TwinExecutor::new();
        twin.answer_health(BASE, Err(Miss::Silent(0)));
        let began = tokio::time::Instant::now();
        assert_eq!(twin.health(BASE, "/health", LIMIT).await, Err(Miss::Silent(5)));
        assert_eq!(began.elapsed(), LIMIT);
    }
}
