//! What can go wrong when speaking to a registry.

use thiserror::Error;

/// Why a registry gave no usable answer. Never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistryError {
    #[error("The registry {host} was not found: no such host.")]
    NoSuchHost { host: String },
    #[error("The registry {host} cannot be reached: {reason}")]
    Unreachable { host: String, reason: String },
    #[error("The registry {host} did not answer within {seconds} s.")]
    Silent { host: String, seconds: u64 },
    #[error("The certificate of {host} is not trusted: {reason}")]
    Certificate { host: String, reason: String },
    /// 401 or 403; `with_login` tells whether a login was sent.
    #[error("The registry {host} refused access.")]
    Denied { host: String, with_login: bool },
    /// 404: the repository or the tag is not there.
    #[error("{reference} does not exist in the registry.")]
    NotFound { reference: String },
    #[error("{reference} is not offered for {platform}; it is for {offered}.")]
    NoSuchPlatform { reference: String, platform: String, offered: String },
    /// 429; seconds from Retry-After, when told.
    #[error("The registry {host} asks to wait before the next request.")]
    RateLimited { host: String, retry_after: Option<u64> },
    /// 5xx.
    #[error("The registry {host} answered with status {status}.")]
    Server { host: String, status: u16 },
    /// Not a registry, junk, a wrong digest, too many pages or redirects.
    #[error("The registry {host} gave an answer that makes no sense: {reason}")]
    Nonsense { host: String, reason: String },
}
