//! The keyring of this session, with memory beside it.

use crate::{
    keyring::SessionKeyring,
    memory::{WithMemory, vault_with_memory},
};

/// The real keyring (the Secret Service). Making one asks nothing; each request looks for the
/// keyring that is there at that moment and has an answer, or an error, within seconds. The only
/// exception is the keyring's own dialog: it shows when the person keeps or removes a secret while
/// the keyring is locked, and has a minute.
pub struct KeyringVault(WithMemory<SessionKeyring>);

vault_with_memory!(KeyringVault);

impl Default for KeyringVault {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyringVault {
    /// Makes the vault.
    pub fn new() -> Self {
        Self(WithMemory::new(SessionKeyring::new()))
    }

    /// The name under which the keyring files our secrets (attribute `service`).
    pub const SERVICE: &'static str = crate::keyring::SERVICE;
}
