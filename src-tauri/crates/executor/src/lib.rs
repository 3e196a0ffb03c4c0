//! The HTTP service inside a runtime.
//!
//! The only room that talks to it. Protocol: the executor service of promptflow-core
//! (`promptflow.executor._service.app`). [`client::ExecutorClient`] is the real one,
//! [`twin::TwinExecutor`] answers from memory; both pass one contract suite.

pub mod client;
pub mod twin;

use std::time::Duration;

use async_trait::async_trait;
use domain::runtime::Protocol;
use thiserror::Error;

/// What the use cases may ask of the service inside a runtime.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Asks for health at `base` (`http://127.0.0.1:18080`) and `path` (`/health`). Only the right
    /// status *and* body count: a connection to a published port proves nothing.
    async fn health(&self, base: &str, path: &str, limit: Duration) -> Result<Protocol, Miss>;

    /// Asks which version answers.
    async fn version(&self, base: &str, limit: Duration) -> Result<ServiceVersion, Miss>;
}

/// What the service says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceVersion {
    /// promptflow-core's version, e.g. `1.18.5`.
    pub version: String,
    pub commit: Option<String>,
}

/// Why no right answer came.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Miss {
    #[error("nothing listens there ({0})")]
    Refused(String),
    /// It connected, and the connection was closed without an answer: the engine's proxy found
    /// nobody inside.
    #[error("the connection was closed without an answer")]
    Closed,
    #[error("no answer within {0} s")]
    Silent(u64),
    /// Somebody answers, but not this service.
    #[error("another answer: status {status}, \"{excerpt}\"")]
    WrongAnswer {
        status: u16,
        /// The first 200 characters of the body.
        excerpt: String,
    },
}
