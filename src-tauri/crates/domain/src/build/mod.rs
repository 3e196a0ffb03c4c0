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
pub use output::{BuildEvent, BuildProgress, BuildStep, BuildTracker, StepTold};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What on an engine makes images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Builder {
    /// Docker's, since 18.09: steps beside each other, `RUN --mount`, here-documents, real secrets.
    #[default]
    BuildKit,
    /// Docker's old one, where BuildKit is switched off.
    Classic,
    /// Podman's own.
    Podman,
}

impl Builder {
    /// A secret that it is given is neither in the image nor in the build context nor in a file.
    pub fn keeps_secrets(self) -> bool {
        self == Self::BuildKit
    }

    /// Why it cannot be given a secret; empty = it can.
    pub fn why_no_secrets(self) -> &'static str {
        match self {
            Self::BuildKit => "",
            Self::Classic => {
                "BuildKit is switched off on this engine, and the classic builder has no secrets: it would keep them in the image's history."
            }
            Self::Podman => {
                "Podman's builder takes secrets only as files of the build context, where each COPY could put them into the image."
            }
        }
    }
}
