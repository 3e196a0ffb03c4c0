//! Patience with an engine that is away for a moment, or refuses with a fault of its own.

use std::time::Duration;

use domain::{diagnosis::cause_of, finding::Cause};
use engine::EngineError;
use tokio::time::Instant;

/// How long a call is tried while the engine does not answer.
const WITH_SILENCE: Duration = Duration::from_secs(120);

/// How often a call is tried again that the engine refused with a fault of its own.
const TRIES_OF_REFUSED: u32 = 3;

/// Tries again while the engine cannot be reached, for it may be restarting, and a few times when it
/// refuses with a fault of its own.
pub(crate) async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    let until = Instant::now() + WITH_SILENCE;
    let mut refused = 0;
    loop {
        match call().await {
            Err(EngineError::Unreachable(_) | EngineError::Silent(_)) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error @ EngineError::Refused { status: 500.., .. })
                if refused < TRIES_OF_REFUSED && !is_port_taken(&error) =>
            {
                refused += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            answer => return answer,
        }
    }
}

/// A container could not be started because a port of the host that it wants is held by another.
pub(crate) fn is_port_taken(error: &EngineError) -> bool {
    cause_of(&error.words()) == Some(Cause::PortTaken)
}
