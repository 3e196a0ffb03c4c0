//! The services that connections lead to.
//!
//! The only room that talks to them, and only to try a connection: one small GET. What to ask and what an
//! answer means are rules of `domain::connection`. [`client::EndpointsClient`] is the real one,
//! [`twin::TwinEndpoints`] answers from memory; both pass one contract suite.

pub mod client;
#[cfg(test)]
mod contract_tests;
pub mod twin;

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    connection::{Answer, Miss, Probe},
    secret::Secret,
};

/// What the use cases may ask of services.
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// Sends the request with its secret, once. A redirect is an answer and is never followed; plain HTTP
    /// goes to this machine only. Nothing of the secret is in the answer or in the reason.
    async fn ask(&self, probe: &Probe, secret: &Secret, limit: Duration) -> Result<Answer, Miss>;
}
