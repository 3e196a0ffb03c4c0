//! What every executor service must be seen as, be it a real one or the twin in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::runtime::Protocol;
use executor::{Executor, Miss};

/// Longest wait of a rule for one answer.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Addresses behind which things are as their names say. Where something cannot be brought about,
/// `None`.
pub struct Fixture {
    pub executor: Arc<dyn Executor>,
    /// An open executor service, and promptflow-core's version in it.
    pub healthy: (String, String),
    /// Nothing listens.
    pub refusing: String,
    /// Connections are accepted and closed.
    pub closing: String,
    /// Connections are accepted and never answered.
    pub silent: String,
    /// A web server that is no executor service, and the status that it gives.
    pub foreign: (String, u16),
}

/// Every rule, one after the other.
pub async fn every_rule(fixture: &Fixture) {
    a_healthy_service_tells_its_protocol_and_version(fixture).await;
    an_address_may_end_with_a_slash(fixture).await;
    each_miss_is_told_apart(fixture).await;
    silence_ends_with_the_limit(fixture).await;
}

async fn a_healthy_service_tells_its_protocol_and_version(fixture: &Fixture) {
    let (base, version) = &fixture.healthy;
    assert_eq!(fixture.executor.health(base, "/health", LIMIT).await, Ok(Protocol::Executor));
    let told = fixture.executor.version(base, LIMIT).await.expect("version");
    assert_eq!(&told.version, version);
}

async fn an_address_may_end_with_a_slash(fixture: &Fixture) {
    let base = format!("{}/", fixture.healthy.0);
    assert_eq!(fixture.executor.health(&base, "/health", LIMIT).await, Ok(Protocol::Executor));
}

async fn each_miss_is_told_apart(fixture: &Fixture) {
    let executor = &fixture.executor;
    let refused = executor.health(&fixture.refusing, "/health", LIMIT).await;
    assert!(matches!(refused, Err(Miss::Refused(_))), "{refused:?}");
    assert_eq!(executor.health(&fixture.closing, "/health", LIMIT).await, Err(Miss::Closed));
    let (base, expected) = &fixture.foreign;
    let foreign = executor.health(base, "/health", LIMIT).await;
    assert!(
        matches!(&foreign, Err(Miss::WrongAnswer { status, .. }) if status == expected),
        "{foreign:?}"
    );
}

async fn silence_ends_with_the_limit(fixture: &Fixture) {
    let began = Instant::now();
    let limit = Duration::from_millis(1500);
    let silent = fixture.executor.health(&fixture.silent, "/health", limit).await;
    assert_eq!(silent, Err(Miss::Silent(2)));
    assert!(began.elapsed() >= limit && began.elapsed() < limit * 2);
    let silent = fixture.executor.version(&fixture.silent, limit).await;
    assert_eq!(silent, Err(Miss::Silent(2)));
}
