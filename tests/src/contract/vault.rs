//! What every keyring must do, be it the real one or the twin in memory.
//!
//! Each function is one rule and leaves the keyring as it found it.

use domain::secret::Secret;
use vault::{Vault, VaultError, VaultState};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// Every rule for a keyring that can be used.
pub async fn every_rule_when_available(vault: &dyn Vault) {
    assert_eq!(vault.state().await, VaultState::Available);
    what_was_kept_is_read(vault).await;
    keeping_again_replaces(vault).await;
    accounts_do_not_mix(vault).await;
    any_text_survives(vault).await;
    what_is_not_there_is_none_and_may_be_forgotten(vault).await;
    nothing_is_in_memory(vault).await;
}

/// Every rule for a keyring that cannot be used for the reason that `state` tells.
pub async fn every_rule_when_not(vault: &dyn Vault, state: &VaultState) {
    let same = |error: VaultError| match (&error, state) {
        (VaultError::Locked, VaultState::Locked) => {}
        (VaultError::Missing(told), VaultState::Missing { reason }) => assert_eq!(told, reason),
        (VaultError::Hanging(told), VaultState::Hanging { seconds }) => assert_eq!(told, seconds),
        _ => panic!("{error:?} when the keyring is {state:?}"),
    };
    assert_eq!(&vault.state().await, state);
    same(vault.keep("contract:one", &secret("first")).await.expect_err("kept"));
    same(vault.read("contract:one").await.expect_err("read"));
    same(vault.forget("contract:one").await.expect_err("forgotten"));
    assert!(!vault.holds_in_memory());

    // With the person's consent.
    vault.allow_memory();
    assert_eq!(vault.keep("contract:one", &secret("first")).await, Ok(()));
    assert_eq!(vault.keep("contract:one", &secret("second")).await, Ok(()));
    assert!(vault.holds_in_memory());
    assert_eq!(vault.read("contract:one").await, Ok(Some(secret("second"))));
    assert_eq!(vault.forget("contract:one").await, Ok(()));
    assert_eq!(vault.read("contract:one").await, Ok(None));
    assert!(!vault.holds_in_memory());
    same(vault.read("contract:other").await.expect_err("read"));
}

async fn what_was_kept_is_read(vault: &dyn Vault) {
    assert_eq!(vault.keep("contract:one", &secret("first")).await, Ok(()));
    assert_eq!(vault.read("contract:one").await, Ok(Some(secret("first"))));
    assert_eq!(vault.forget("contract:one").await, Ok(()));
    assert_eq!(vault.read("contract:one").await, Ok(None));
}

async fn keeping_again_replaces(vault: &dyn Vault) {
    for text in ["first", "second"] {
        assert_eq!(vault.keep("contract:one", &secret(text)).await, Ok(()));
    }
    assert_eq!(vault.read("contract:one").await, Ok(Some(secret("second"))));
    assert_eq!(vault.forget("contract:one").await, Ok(()));
    assert_eq!(vault.read("contract:one").await, Ok(None));
}

async fn accounts_do_not_mix(vault: &dyn Vault) {
    assert_eq!(vault.keep("contract:one", &secret("first")).await, Ok(()));
    assert_eq!(vault.keep("contract:one:more", &secret("other")).await, Ok(()));
    assert_eq!(vault.forget("contract:one").await, Ok(()));
    assert_eq!(vault.read("contract:one:more").await, Ok(Some(secret("other"))));
    assert_eq!(vault.forget("contract:one:more").await, Ok(()));
}

async fn any_text_survives(vault: &dyn Vault) {
    for text in ["", " space\nand \"quotes\" ", "Schlüssel 鍵 🔑", &"x".repeat(16_000)] {
        assert_eq!(vault.keep("contract:one", &secret(text)).await, Ok(()));
        assert_eq!(vault.read("contract:one").await, Ok(Some(secret(text))));
    }
    assert_eq!(vault.forget("contract:one").await, Ok(()));
}

async fn what_is_not_there_is_none_and_may_be_forgotten(vault: &dyn Vault) {
    assert_eq!(vault.read("contract:never").await, Ok(None));
    assert_eq!(vault.forget("contract:never").await, Ok(()));
}

async fn nothing_is_in_memory(vault: &dyn Vault) {
    vault.allow_memory();
    assert_eq!(vault.keep("contract:one", &secret("first")).await, Ok(()));
    assert!(!vault.holds_in_memory());
    assert_eq!(vault.forget("contract:one").await, Ok(()));
}
