//! The HTTP service inside a runtime.
//!
//! The only room that talks to it. Protocol: the executor service of promptflow-core
//! (`promptflow.executor._service.app`). [`client::ExecutorClient`] is the real one,
//! [`twin::TwinExecutor`] answers from memory; both pass one contract suite.

pub mod client;
mod client_runs;
mod requests;
pub mod twin;
mod twin_runs;

use std::time::Duration;

use async_trait::async_trait;
use domain::runtime::Protocol;
use serde_json::Value;
use thiserror::Error;

pub use requests::{BatchRequest, Line, NodeRequest, Place, RunRequest, Sealed, ToolMeta};

/// What the use cases may ask of the service inside a runtime.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Asks for health at `base` (`http://127.0.0.1:18080`) and `path` (`/health`). Only the right
    /// status *and* body count: a connection to a published port proves nothing.
    async fn health(&self, base: &str, path: &str, limit: Duration) -> Result<Protocol, Miss>;

    /// Asks which version answers.
    async fn version(&self, base: &str, limit: Duration) -> Result<ServiceVersion, Miss>;

    /// What it does with flows.
    fn runs(&self) -> &dyn Runs;
}

/// Running flows on the service inside a runtime; `base` is as for [`Executor`].
#[async_trait]
pub trait Runs: Send + Sync {
    /// Runs a flow and waits for its end, however long that takes. The answer is the service's own: a run
    /// that failed or was cancelled is an answer as well, and its `run_info.status` says so. Dropping the
    /// call cancels the run.
    async fn run_flow(&self, base: &str, request: &RunRequest) -> Result<Value, RunError>;

    /// Runs one node. The same as [`Runs::run_flow`], but the answer is the node's object alone.
    async fn run_node(&self, base: &str, request: &NodeRequest) -> Result<Value, RunError>;

    /// Ends a run; no error when there is none of this id. Returns when it has ended, after at most
    /// `limit`; the service itself takes up to 30 s.
    async fn cancel(&self, base: &str, run: &str, limit: Duration) -> Result<(), RunError>;

    /// What the tools in these files take, without running them. Paths are relative to the folder.
    async fn tool_meta(
        &self,
        base: &str,
        folder: &str,
        files: &[(String, String)],
        limit: Duration,
    ) -> Result<ToolMeta, RunError>;

    /// Tools of installed packages, by name.
    async fn package_tools(&self, base: &str, limit: Duration) -> Result<Value, RunError>;

    /// Begins a batch and answers the inputs' definition and whether there are aggregation nodes. A service
    /// does one at a time and does *not* refuse a second: whoever calls this sees to it.
    async fn begin_batch(
        &self,
        base: &str,
        request: &BatchRequest,
        limit: Duration,
    ) -> Result<Value, RunError>;

    /// Runs one line of the batch, however long that takes.
    async fn run_line(&self, base: &str, line: &Line) -> Result<Value, RunError>;

    /// Runs the aggregation nodes over all lines, however long that takes. `outputs` is by
    /// `${node.output}`, a list each.
    async fn aggregate(
        &self,
        base: &str,
        run: &str,
        inputs: &Value,
        outputs: &Value,
    ) -> Result<Value, RunError>;

    /// Ends the batch. Takes up to 15 s.
    async fn end_batch(&self, base: &str, limit: Duration) -> Result<(), RunError>;
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RunError {
    /// No right answer came.
    #[error(transparent)]
    Miss(#[from] Miss),
    /// The service refused, or broke.
    #[error("the service answered with status {status}")]
    Refused {
        status: u16,
        /// Its error object: `message`, `code`, `additionalInfo`. It may hold what the request held, so it
        /// is scrubbed before it is shown.
        error: Sealed,
    },
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
