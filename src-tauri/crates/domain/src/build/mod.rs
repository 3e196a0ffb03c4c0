//! Building images: what a Dockerfile is built on, what is sent to the builder, how far it is, and
//! why it failed.
//!
//! Everything here reads text and gives an answer; who builds and how is the engine's matter.

mod dockerfile;
mod failure;
mod ignore;
mod lines;
mod output;

pub use dockerfile::{Base, Dockerfile, DockerfileError, LineChange};
pub(crate) use failure::in_general;
pub use failure::{FailedBuild, of_build};
pub use ignore::{IgnoreRules, always_sent};
pub use lines::LineSplitter;
pub use output::{BuildEvent, BuildProgress, BuildStep, BuildTracker};
