//! Files inside a running container.

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::{ContextStream, EngineError};

/// What the use cases may do with files inside containers. Paths are absolute.
#[async_trait]
pub trait Files: Send + Sync {
    /// Unpacks a tar archive into a folder that is there. Who owns what is made differs from engine to
    /// engine (Docker looks for the container's user among its own machine's), so the archive's modes have to
    /// let everyone in. Pieces that cannot be read are [`EngineError::Context`]; what was unpacked until then stays.
    async fn unpack(
        &self,
        container: &str,
        folder: &str,
        archive: ContextStream,
    ) -> Result<(), EngineError>;

    /// The beginning of a file, at most so many bytes. [`EngineError::NotFound`] when it is not there.
    async fn read(&self, container: &str, path: &str, most: u64) -> Result<Vec<u8>, EngineError>;

    /// Lines of a file that grows, from its first one on, without their ends. One that is not there yet is waited
    /// for, ten seconds at least. The stream ends when the file is removed or the container ends; dropping it
    /// ends whatever reads inside. An error item says that nothing inside can follow a file. It is begun with the
    /// first line that is asked for.
    async fn follow(
        &self,
        container: &str,
        path: &str,
    ) -> BoxStream<'static, Result<String, EngineError>>;

    /// Removes a file or a folder with everything in it; no error when it is not there.
    async fn remove(&self, container: &str, path: &str) -> Result<(), EngineError>;
}
