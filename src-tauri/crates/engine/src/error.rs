//! What can go wrong when speaking to an engine.

use domain::compute::Unreachable;
use thiserror::Error;

/// An engine's refusal or silence. The engine's own words are kept: `domain::diagnosis` reads them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The connection could not be made or broke.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// 404: the container, image, network or volume is not there.
    #[error("{0}")]
    NotFound(String),
    /// 409: a name is taken, or the thing is in use.
    #[error("{0}")]
    Conflict(String),
    /// The engine cannot do this at all (Podman 4 has no update of the restart policy).
    #[error("{0}")]
    NotSupported(String),
    /// Any other refusal.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The engine's words.
        message: String,
    },
    /// A pull or build that began and failed; told inside its stream.
    #[error("{0}")]
    Stream(String),
    /// What is to be built could not be read to its end.
    #[error("The build context cannot be read: {0}")]
    Context(String),
    /// No answer, or no progress, within this many seconds.
    #[error("The engine was silent for {0} s.")]
    Silent(u64),
}

impl EngineError {
    /// The connection broke while an answer came, or what came makes no sense: what became of the request is not
    /// known, and the engine may serve the next one.
    pub fn is_broken_answer(&self) -> bool {
        matches!(self, Self::Unreachable(Unreachable::Other { .. }))
    }

    /// The engine's words.
    pub fn words(&self) -> String {
        self.to_string()
    }
}
