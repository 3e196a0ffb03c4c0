//! The Secret Service, asked from threads that may block.
//!
//! Protocol: <https://specifications.freedesktop.org/secret-service-spec/latest/>.
//!
//! The libraries block, and a broken session bus blocks them for ever. So each question has a thread
//! of its own with a limit: one that is not answered in time is left behind, and at most
//! [`MOST_THREADS`] may be. (The asynchronous runtime's own blocking threads would keep the
//! application from ending.)

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::secret::Secret;
use keyring_core::{Entry, api::CredentialStoreApi as _};
use secret_service::{EncryptionType, blocking::SecretService};
use tokio::sync::{Semaphore, oneshot};
use zbus_secret_service_keyring_store::Store;

use crate::{VaultError, VaultState, memory::Keyring};

/// The name under which the keyring files our secrets.
pub(crate) const SERVICE: &str = "io.promptflow-runtimes";

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(3);

/// How long the person may take to unlock the keyring when its own dialog asks.
const PROMPT: Duration = Duration::from_secs(60);

/// Questions at the same time, those that never come back included.
const MOST_THREADS: usize = 4;

/// The Secret Service of this session.
pub(crate) struct SessionKeyring {
    /// Opened when first needed; given up after any failure, so that the next question finds a
    /// keyring that came up meanwhile.
    store: Arc<Mutex<Option<Arc<Store>>>>,
    threads: Arc<Semaphore>,
}

impl SessionKeyring {
    pub(crate) fn new() -> Self {
        Self { store: Arc::default(), threads: Arc::new(Semaphore::new(MOST_THREADS)) }
    }

    /// Runs `work` on a thread of its own; `limit` passes = [`VaultError::Hanging`].
    async fn on_thread<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let hanging = || VaultError::Hanging(limit.as_secs());
        let threads = Arc::clone(&self.threads);
        let answer = async {
            let place = threads.acquire_owned().await.map_err(|_| hanging())?;
            let (tell, told) = oneshot::channel();
            std::thread::Builder::new()
                .name("keyring".into())
                .spawn(move || {
                    // Nobody listens any more once the limit has passed.
                    let _ = tell.send(work());
                    drop(place);
                })
                .map_err(|error| VaultError::Refused(error.to_string()))?;
            told.await
                .unwrap_or_else(|_| Err(VaultError::Refused("its library stopped working".into())))
        };
        let answer = tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(hanging()));
        if matches!(answer, Err(VaultError::Hanging(_))) {
            self.give_up_store();
        }
        answer
    }

    /// Does `work` with one of our entries; a store that was opened before and fails is opened anew,
    /// once.
    async fn with_entry<T: Send + 'static>(
        &self,
        limit: Duration,
        account: &str,
        work: impl Fn(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        let (store, account) = (Arc::clone(&self.store), account.to_owned());
        self.on_thread(limit, move || {
            let kept = store.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(kept) = kept {
                match entry(&kept, &account).and_then(|entry| work(&entry)) {
                    // The keyring may have been started anew since: that is found out below.
                    Err(keyring_core::Error::PlatformFailure(_)) => {}
                    answer => return answer.map_err(refusal),
                }
            }
            let fresh = Store::new().map_err(missing)?;
            let answer = entry(&fresh, &account).and_then(|entry| work(&entry)).map_err(refusal);
            *store.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
            answer
        })
        .await
    }

    /// Closes the store. Closing speaks to the bus and blocks like everything else of it, and inside
    /// the asynchronous runtime it panics: so it has a thread, too.
    fn give_up_store(&self) {
        let Some(store) = self.store.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let held = Arc::new(Mutex::new(Some(store)));
        let for_thread = Arc::clone(&held);
        let closing = std::thread::Builder::new().name("keyring".into()).spawn(move || {
            drop(for_thread.lock().unwrap_or_else(PoisonError::into_inner).take());
        });
        if closing.is_err() {
            // Without a thread it is better left open than closed here.
            std::mem::forget(held);
        }
    }

    /// How long a request of the person may take; an error where none can succeed.
    async fn patience(&self) -> Result<Duration, VaultError> {
        match self.state().await {
            VaultState::Available => Ok(LIMIT),
            VaultState::Locked => Ok(PROMPT),
            VaultState::Missing { reason } => Err(VaultError::Missing(reason)),
            VaultState::Hanging { seconds } => Err(VaultError::Hanging(seconds)),
        }
    }
}

impl Drop for SessionKeyring {
    fn drop(&mut self) {
        self.give_up_store();
    }
}

#[async_trait]
impl Keyring for SessionKeyring {
    async fn state(&self) -> VaultState {
        match self.on_thread(LIMIT, look).await {
            Ok(state) => state,
            Err(VaultError::Hanging(seconds)) => VaultState::Hanging { seconds },
            Err(VaultError::Locked) => VaultState::Locked,
            Err(VaultError::Missing(reason) | VaultError::Refused(reason)) => {
                VaultState::Missing { reason }
            }
        }
    }

    /// A locked keyring shows its own dialog: keeping is something that the person just asked for.
    async fn keep(&self, account: &str, secret: &Secret) -> Result<(), VaultError> {
        let patience = self.patience().await?;
        let secret = secret.clone();
        self.with_entry(patience, account, move |entry| entry.set_password(secret.expose()))
            .await
            .map_err(|error| unanswered_prompt(error, patience))
    }

    /// Never shows a dialog: secrets are also read in the background.
    async fn read(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        if self.patience().await? == PROMPT {
            return Err(VaultError::Locked);
        }
        self.with_entry(LIMIT, account, |entry| match entry.get_password() {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    async fn forget(&self, account: &str) -> Result<(), VaultError> {
        let patience = self.patience().await?;
        let was_there = self
            .with_entry(patience, account, |entry| match entry.delete_credential() {
                Ok(()) => Ok(true),
                Err(keyring_core::Error::NoEntry) => Ok(false),
                Err(error) => Err(error),
            })
            .await
            .map_err(|error| unanswered_prompt(error, patience))?;
        // A locked keyring need not show what it holds: that nothing was found proves nothing.
        if was_there || patience != PROMPT { Ok(()) } else { Err(VaultError::Locked) }
    }
}

/// Looks whether the default collection is there and unlocked; asks nobody for anything.
fn look() -> Result<VaultState, VaultError> {
    let missing = |error: secret_service::Error| VaultError::Missing(words(&error));
    // No secret crosses here, so the session needs no key of its own.
    let service = SecretService::connect(EncryptionType::Plain).map_err(missing)?;
    let collection = match service.get_default_collection() {
        // A keyring that was never set up: its first use asks for a password, like a locked one.
        Err(secret_service::Error::NoResult) => return Ok(VaultState::Locked),
        other => other.map_err(missing)?,
    };
    let locked = collection.is_locked().map_err(missing)?;
    Ok(if locked { VaultState::Locked } else { VaultState::Available })
}

fn entry(store: &Arc<Store>, account: &str) -> keyring_core::Result<Entry> {
    // The label is what the keyring's own program shows to the person.
    let label = format!("Prompt flow Runtimes: {account}");
    store.build(SERVICE, account, Some(&HashMap::from([("label", label.as_str())])))
}

/// What a failed opening means.
fn missing(error: keyring_core::Error) -> VaultError {
    VaultError::Missing(platform_words(error))
}

/// What a failed request means. Never the data that some variants carry.
fn refusal(error: keyring_core::Error) -> VaultError {
    use keyring_core::Error;
    match error {
        Error::NoStorageAccess(_) => VaultError::Locked,
        Error::TooLong(what, most) => {
            VaultError::Refused(format!("{what} may have at most {most} characters"))
        }
        Error::Ambiguous(_) => {
            VaultError::Refused("it holds more than one secret of this name".into())
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            VaultError::Refused("the stored secret is damaged".into())
        }
        other => VaultError::Refused(platform_words(other)),
    }
}

fn platform_words(error: keyring_core::Error) -> String {
    match error {
        keyring_core::Error::PlatformFailure(inner)
        | keyring_core::Error::NoStorageAccess(inner) => {
            inner.downcast_ref::<secret_service::Error>().map_or_else(|| inner.to_string(), words)
        }
        _ => "it gave no reason".to_owned(),
    }
}

fn words(error: &secret_service::Error) -> String {
    match error {
        secret_service::Error::Unavailable => {
            "neither a session bus nor a program that keeps secrets was found".to_owned()
        }
        // D-Bus's word for a bus on which nobody offers the service.
        other if other.to_string().contains("ServiceUnknown") => {
            "no program that keeps secrets was found on the session bus".to_owned()
        }
        other => other.to_string(),
    }
}

/// A dialog that nobody answered leaves the keyring locked; that is no hanging.
fn unanswered_prompt(error: VaultError, patience: Duration) -> VaultError {
    match error {
        VaultError::Hanging(_) if patience == PROMPT => VaultError::Locked,
        other => other,
    }
}
