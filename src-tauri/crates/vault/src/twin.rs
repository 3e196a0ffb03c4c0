//! A twin of the keyring, whose state can be set.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::secret::Secret;

use crate::{
    VaultError, VaultState,
    memory::{Keyring, WithMemory, vault_with_memory},
};

/// A keyring in memory; available and empty at first. It has the same fallback as the real one.
pub struct TwinVault(WithMemory<TwinKeyring>);

vault_with_memory!(TwinVault);

impl Default for TwinVault {
    fn default() -> Self {
        Self::new()
    }
}

impl TwinVault {
    /// An available, empty keyring.
    pub fn new() -> Self {
        Self(WithMemory::new(TwinKeyring {
            contents: Mutex::new(Contents {
                state: VaultState::Available,
                secrets: BTreeMap::new(),
            }),
        }))
    }

    /// From now on the keyring is in this state. What it holds stays. A hanging one takes as long
    /// as it says before each answer.
    pub fn set_state(&self, state: VaultState) {
        self.0.keyring.contents().state = state;
    }

    /// What the keyring itself holds of an account, memory left aside.
    pub fn in_keyring(&self, account: &str) -> Option<Secret> {
        self.0.keyring.contents().secrets.get(account).cloned()
    }
}

struct TwinKeyring {
    contents: Mutex<Contents>,
}

struct Contents {
    state: VaultState,
    secrets: BTreeMap<String, Secret>,
}

impl TwinKeyring {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keyring, when it can be used.
    async fn usable(&self) -> Result<MutexGuard<'_, Contents>, VaultError> {
        match self.state().await {
            VaultState::Available => Ok(self.contents()),
            VaultState::Locked => Err(VaultError::Locked),
            VaultState::Missing { reason } => Err(VaultError::Missing(reason)),
            VaultState::Hanging { seconds } => Err(VaultError::Hanging(seconds)),
        }
    }
}

#[async_trait]
impl Keyring for TwinKeyring {
    async fn state(&self) -> VaultState {
        let state = self.contents().state.clone();
        if let VaultState::Hanging { seconds } = state {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        state
    }

    async fn keep(&self, account: &str, secret: &Secret) -> Result<(), VaultError> {
        self.usable().await?.secrets.insert(account.to_owned(), secret.clone());
        Ok(())
    }

    async fn read(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.usable().await?.secrets.get(account).cloned())
    }

    async fn forget(&self, account: &str) -> Result<(), VaultError> {
        self.usable().await?.secrets.remove(account);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vault;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    fn missing() -> VaultState {
        VaultState::Missing { reason: "no bus".into() }
    }

    #[tokio::test]
    async fn without_a_keyring_nothing_is_kept_until_the_person_agrees() {
        let vault = TwinVault::new();
        vault.set_state(missing());
        let refused = Err(VaultError::Missing("no bus".into()));
        assert_eq!(vault.keep("a", &secret("one")).await, refused);
        assert!(!vault.holds_in_memory());
        vault.allow_memory();
        assert_eq!(vault.keep("a", &secret("one")).await, Ok(()));
        assert!(vault.holds_in_memory());
        assert_eq!(vault.read("a").await, Ok(Some(secret("one"))));
        // What is not in memory may be in the keyring: it is not said that there is none.
        assert_eq!(vault.read("b").await, Err(VaultError::Missing("no bus".into())));
    }

    #[tokio::test]
    async fn a_keyring_that_comes_up_takes_what_was_in_memory() {
        let vault = TwinVault::new();
        vault.allow_memory();
        for state in [missing(), VaultState::Locked] {
            vault.set_state(state);
            vault.keep("a", &secret("one")).await.expect("kept");
            vault.keep("b", &secret("two")).await.expect("kept");
            vault.set_state(VaultState::Available);
            assert_eq!(vault.state().await, VaultState::Available);
            assert!(!vault.holds_in_memory());
            assert_eq!(vault.in_keyring("a"), Some(secret("one")));
            assert_eq!(vault.in_keyring("b"), Some(secret("two")));
            assert_eq!(vault.read("b").await, Ok(Some(secret("two"))));
        }
    }

    #[tokio::test]
    async fn keeping_one_secret_moves_the_others_too() {
        let vault = TwinVault::new();
        vault.allow_memory();
        vault.set_state(missing());
        vault.keep("a", &secret("one")).await.expect("kept");
        vault.set_state(VaultState::Available);
        vault.keep("b", &secret("two")).await.expect("kept");
        assert!(!vault.holds_in_memory());
        assert_eq!(vault.in_keyring("a"), Some(secret("one")));
    }

    #[tokio::test]
    async fn what_was_forgotten_without_the_keyring_does_not_come_back() {
        let vault = TwinVault::new();
        vault.keep("a", &secret("old")).await.expect("kept");
        vault.set_state(VaultState::Locked);
        assert_eq!(vault.forget("a").await, Err(VaultError::Locked));
        vault.allow_memory();
        vault.forget("a").await.expect("forgotten");
        assert!(!vault.holds_in_memory());
        assert_eq!(vault.read("a").await, Ok(None));
        vault.set_state(VaultState::Available);
        vault.state().await;
        assert_eq!(vault.in_keyring("a"), None);
        assert_eq!(vault.read("a").await, Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_keyring_is_told_as_hanging() {
        let vault = TwinVault::new();
        vault.set_state(VaultState::Hanging { seconds: 3 });
        assert_eq!(vault.read("a").await, Err(VaultError::Hanging(3)));
        assert_eq!(vault.keep("a", &secret("one")).await, Err(VaultError::Hanging(3)));
    }
}
