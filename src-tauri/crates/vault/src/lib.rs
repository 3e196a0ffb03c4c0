//! Secrets in the OS keyring.
//!
//! The only room that talks to a keyring. [`keyring_vault::KeyringVault`] is the real one (the
//! Secret Service on Linux), [`twin::TwinVault`] behaves the same in memory; both pass one contract
//! suite. Account names are kept elsewhere, the secret never.

mod keyring;
pub mod keyring_vault;
mod memory;
pub mod twin;

use async_trait::async_trait;
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How the keyring stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultState {
    /// Opened and unlocked.
    Available,
    /// It is there, but locked.
    Locked,
    /// No keyring runs in this session.
    Missing { reason: String },
    /// It did not answer within this many seconds.
    Hanging { seconds: u64 },
}

/// Why a secret cannot be kept or read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VaultError {
    #[error("The keyring is locked.")]
    Locked,
    #[error("No keyring runs in this session: {0}")]
    Missing(String),
    #[error("The keyring did not answer within {0} s.")]
    Hanging(u64),
    #[error("The keyring refused: {0}")]
    Refused(String),
}

/// What the use cases may ask of the keyring.
///
/// An account names one secret, e.g. `registry-login:registry.example.com`. When the person allowed
/// it, secrets are kept in memory for this run of the application only, while the keyring cannot be
/// used; one that comes up later is used from then on, and memory's secrets are moved there.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Looks at the keyring now; never cached.
    async fn state(&self) -> VaultState;

    /// Keeps a secret, replacing one of the same account.
    async fn keep(&self, account: &str, secret: &Secret) -> Result<(), VaultError>;

    /// Reads a secret; `None` = there is none.
    async fn read(&self, account: &str) -> Result<Option<Secret>, VaultError>;

    /// Removes a secret; no error when there is none.
    async fn forget(&self, account: &str) -> Result<(), VaultError>;

    /// The person agreed that secrets are kept in memory while no keyring can be used.
    fn allow_memory(&self);

    /// Whether secrets are (also) held in memory for this run only.
    fn holds_in_memory(&self) -> bool;
}
