//! Containers, images, logs, stats and events of one compute.
//!
//! The only room that talks to a container engine. [`Engine`] is what the use cases see;
//! [`docker::DockerEngine`] speaks to Docker and to Podman's compatible service, and
//! [`twin::TwinEngine`] behaves the same in memory. Both pass one contract suite.

pub mod discovery;
pub mod docker;
mod error;
mod files;
mod kernel_log;
pub mod podman_service;
mod port;
pub mod twin;

pub use error::EngineError;
pub use files::Files;
pub use port::{
    BatchLine, BuildRequest, ContextStream, Engine, ExecAs, ExecOutput, LogBatch, LogLine,
    LogRequest, LogSource,
};
