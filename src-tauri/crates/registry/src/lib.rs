//! Versions, digests and sizes that an image registry offers.
//!
//! The only room that talks to registries. Protocol: the OCI distribution specification
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>), with Docker's token
//! and basic authentication. [`client::RegistryClient`] is the real one, [`twin::TwinRegistry`]
//! behaves the same in memory; both pass one contract suite.

mod authorization;
pub mod client;
pub mod docker_logins;
mod error;
mod exchange;
mod link;
mod manifest;
pub mod twin;

use async_trait::async_trait;
use domain::{
    image::{ImageReference, Platform, RemoteImage, Repository},
    secret::Login,
};

pub use error::RegistryError;

/// The user name of a login whose password is an identity token (a refresh token of `OAuth2`), as
/// Docker's credential helpers write it.
pub const IDENTITY_TOKEN_USER: &str = "<token>";

/// What the use cases may ask of the world's registries.
#[async_trait]
pub trait Registry: Send + Sync {
    /// All tags of a repository, in no particular order.
    async fn tags(
        &self,
        repository: &Repository,
        login: Option<&Login>,
    ) -> Result<Vec<String>, RegistryError>;

    /// Resolves a reference to the image for one platform: digests, layers with their sizes, and
    /// configuration. An index without that platform is [`RegistryError::NoSuchPlatform`].
    async fn image(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
    ) -> Result<RemoteImage, RegistryError>;

    /// Tries a login for real: a request of pull scope for `repository`, or of the registry's root
    /// where no repository is known.
    async fn try_login(
        &self,
        host: &str,
        repository: Option<&Repository>,
        login: &Login,
    ) -> Result<(), RegistryError>;
}
