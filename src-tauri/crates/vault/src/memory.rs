//! Secrets in memory while the keyring cannot be used, once the person has agreed to it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use domain::secret::Secret;

use crate::{VaultError, VaultState};

/// A keyring by itself, without memory. Methods are those of [`crate::Vault`].
#[async_trait]
pub(crate) trait Keyring: Send + Sync {
    async fn state(&self) -> VaultState;
    async fn keep(&self, account: &str, secret: &Secret) -> Result<(), VaultError>;
    async fn read(&self, account: &str) -> Result<Option<Secret>, VaultError>;
    async fn forget(&self, account: &str) -> Result<(), VaultError>;
}

/// A keyring with memory beside it.
///
/// What is in memory is newer than what the keyring holds of the same account. It leaves memory as
/// soon as the keyring has taken it.
pub(crate) struct WithMemory<K> {
    pub(crate) keyring: K,
    /// `None` for an account that was removed while the keyring could not be asked.
    held: Mutex<BTreeMap<String, Option<Secret>>>,
    allowed: AtomicBool,
    /// Held by whoever writes, so that an older value never overwrites a newer one.
    writing: tokio::sync::Mutex<()>,
}

impl<K: Keyring> WithMemory<K> {
    pub(crate) fn new(keyring: K) -> Self {
        Self {
            keyring,
            held: Mutex::default(),
            allowed: AtomicBool::new(false),
            writing: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) async fn state(&self) -> VaultState {
        let state = self.keyring.state().await;
        // Whoever writes at this moment moves the rest itself.
        if state == VaultState::Available
            && let Ok(_turn) = self.writing.try_lock()
        {
            self.move_to_keyring().await;
        }
        state
    }

    pub(crate) async fn keep(&self, account: &str, secret: &Secret) -> Result<(), VaultError> {
        let _turn = self.writing.lock().await;
        match self.keyring.keep(account, secret).await {
            Ok(()) => {
                self.held().remove(account);
                self.move_to_keyring().await;
                Ok(())
            }
            Err(_) if self.allowed.load(Ordering::Relaxed) => {
                self.held().insert(account.to_owned(), Some(secret.clone()));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn read(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        let held = self.held().get(account).cloned();
        match held {
            Some(secret) => Ok(secret),
            None => self.keyring.read(account).await,
        }
    }

    pub(crate) async fn forget(&self, account: &str) -> Result<(), VaultError> {
        let _turn = self.writing.lock().await;
        match self.keyring.forget(account).await {
            Ok(()) => {
                self.held().remove(account);
                self.move_to_keyring().await;
                Ok(())
            }
            Err(_) if self.allowed.load(Ordering::Relaxed) => {
                // The keyring may hold an older one: it is removed there when it can be.
                self.held().insert(account.to_owned(), None);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn allow_memory(&self) {
        self.allowed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn holds_in_memory(&self) -> bool {
        self.held().values().any(Option::is_some)
    }

    /// Gives the keyring what is in memory, as far as it takes it. Only while `writing` is held.
    async fn move_to_keyring(&self) {
        let held = self.held().clone();
        for (account, secret) in held {
            let taken = match &secret {
                Some(secret) => self.keyring.keep(&account, secret).await,
                None => self.keyring.forget(&account).await,
            };
            match taken {
                Ok(()) => {
                    self.held().remove(&account);
                    tracing::info!(account, "a secret was moved from memory to the keyring");
                }
                Err(error) => {
                    tracing::warn!(account, %error, "a secret stays in memory");
                    return;
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Option<Secret>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Implements [`crate::Vault`] for a type whose first field is a [`WithMemory`].
macro_rules! vault_with_memory {
    ($vault:ty) => {
        #[async_trait::async_trait]
        impl $crate::Vault for $vault {
            async fn state(&self) -> $crate::VaultState {
                self.0.state().await
            }
            async fn keep(
                &self,
                account: &str,
                secret: &domain::secret::Secret,
            ) -> Result<(), $crate::VaultError> {
                self.0.keep(account, secret).await
            }
            async fn read(
                &self,
                account: &str,
            ) -> Result<Option<domain::secret::Secret>, $crate::VaultError> {
                self.0.read(account).await
            }
            async fn forget(&self, account: &str) -> Result<(), $crate::VaultError> {
                self.0.forget(account).await
            }
            fn allow_memory(&self) {
                self.0.allow_memory();
            }
            fn holds_in_memory(&self) -> bool {
                self.0.holds_in_memory()
            }
        }
    };
}
pub(crate) use vault_with_memory;
