//! The rules of `contract::vault`, on the twin and on a real keyring in each state that it may have.
//!
//! Which bus is used is told by an environment variable, so each test runs again in a process of its
//! own with the bus that it needs.
#![cfg(feature = "vault")]

use std::future::Future;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::secret::Secret;
use real_parts::contract::vault::{every_rule_when_available, every_rule_when_not};
use real_parts::keyring::{Environment, Keyring, KeyringState};
use real_parts::{PartResult, program};
use vault::keyring_vault::KeyringVault;
use vault::twin::TwinVault;
use vault::{Vault, VaultError, VaultState};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// Runs this future on the runtime that the application has: several threads.
fn on_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(future)
}

/// Lets a test talk with itself in the process that has the keyring's bus: a message is a file that
/// one makes and the other awaits.
struct Talk(PathBuf);

impl Talk {
    const FOLDER: &str = "VAULT_MESSAGES";

    /// In the process with the bus, `None` in the other one.
    fn inside() -> Option<Self> {
        std::env::var_os(Self::FOLDER).map(|folder| Self(folder.into()))
    }

    fn say(&self, message: &str) {
        std::fs::write(self.0.join(message), "").expect("said");
    }

    fn hear(&self, message: &str) {
        let (file, limit) = (self.0.join(message), Duration::from_secs(30));
        program::wait_until(limit, &format!("\"{message}\" was not said"), || Ok(file.exists()))
            .expect("in time");
    }

    /// Starts `test` again with this keyring, and does `outside` meanwhile.
    fn about(
        test: &'static str,
        keyring: &mut Keyring,
        outside: impl FnOnce(&Self, &mut Keyring),
    ) -> PartResult<()> {
        let folder = tempfile::tempdir()?;
        let mut environment = keyring.environment();
        environment.push((Self::FOLDER.into(), folder.path().to_string_lossy().into_owned()));
        let inside = std::thread::spawn(move || program::again_with(test, &environment));
        outside(&Self(folder.path().to_owned()), keyring);
        inside.join().expect("the thread ends").map(drop)
    }
}

#[test]
fn the_twin_obeys_every_rule() {
    on_runtime(async {
        let twin = TwinVault::new();
        every_rule_when_available(&twin).await;
        for state in [
            VaultState::Locked,
            VaultState::Missing { reason: "no bus".into() },
            VaultState::Hanging { seconds: 1 },
        ] {
            let twin = TwinVault::new();
            twin.set_state(state.clone());
            every_rule_when_not(&twin, &state).await;
        }
    });
}

#[test]
fn an_open_keyring_obeys_every_rule() -> PartResult<()> {
    let keyring = Keyring::start(KeyringState::Unlocked)?;
    if program::again_with("an_open_keyring_obeys_every_rule", &keyring.environment())? {
        on_runtime(async {
            let vault = KeyringVault::new();
            every_rule_when_available(&vault).await;
            // Another one of this person's applications sees the same keyring.
            vault.keep("contract:one", &secret("first")).await.expect("kept");
            assert_eq!(KeyringVault::new().read("contract:one").await, Ok(Some(secret("first"))));
        });
    } else {
        let attributes = ["service", KeyringVault::SERVICE, "username", "contract:one"];
        assert_eq!(keyring.lookup(&attributes)?.as_deref(), Some("first"));
    }
    Ok(())
}

#[test]
fn a_locked_keyring_is_told_and_nobody_waits() -> PartResult<()> {
    let keyring = Keyring::start(KeyringState::Locked)?;
    if program::again_with("a_locked_keyring_is_told_and_nobody_waits", &keyring.environment())? {
        let began = Instant::now();
        on_runtime(every_rule_when_not(&KeyringVault::new(), &VaultState::Locked));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    Ok(())
}

/// The state of a vault that has no keyring, in the words of this machine.
async fn missing(vault: &KeyringVault) -> VaultState {
    let state = vault.state().await;
    assert!(matches!(&state, VaultState::Missing { reason } if !reason.is_empty()), "{state:?}");
    state
}

#[test]
fn a_session_without_a_bus_has_no_keyring() -> PartResult<()> {
    if program::again_with("a_session_without_a_bus_has_no_keyring", &Keyring::no_bus())? {
        on_runtime(async {
            let vault = KeyringVault::new();
            every_rule_when_not(&vault, &missing(&vault).await).await;
        });
    }
    Ok(())
}

#[test]
fn a_bus_without_a_keyring_has_none() -> PartResult<()> {
    let keyring = Keyring::start(KeyringState::Absent)?;
    if program::again_with("a_bus_without_a_keyring_has_none", &keyring.environment())? {
        on_runtime(async {
            let vault = KeyringVault::new();
            every_rule_when_not(&vault, &missing(&vault).await).await;
        });
    }
    Ok(())
}

/// An address at which connections are accepted and never answered, while the listener is held.
fn hanging_bus() -> PartResult<(tempfile::TempDir, UnixListener, Environment)> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("bus");
    // Connections are completed by the system and wait in its queue for ever.
    let listener = UnixListener::bind(&socket)?;
    let address = format!("unix:path={}", socket.display());
    Ok((folder, listener, vec![("DBUS_SESSION_BUS_ADDRESS".into(), address)]))
}

#[test]
fn a_bus_that_never_answers_is_told_as_hanging() -> PartResult<()> {
    let (_folder, _listener, environment) = hanging_bus()?;
    if program::again_with("a_bus_that_never_answers_is_told_as_hanging", &environment)? {
        on_runtime(async {
            let hanging = VaultState::Hanging { seconds: 3 };
            every_rule_when_not(&KeyringVault::new(), &hanging).await;
        });
        // The process ends although questions were left behind: it is waited for.
    }
    Ok(())
}

#[test]
fn questions_to_a_bus_that_never_answers_do_not_pile_up() -> PartResult<()> {
    let (_folder, _listener, environment) = hanging_bus()?;
    if program::again_with("questions_to_a_bus_that_never_answers_do_not_pile_up", &environment)? {
        on_runtime(async {
            let vault = KeyringVault::new();
            let began = Instant::now();
            let questions = (0..30).map(|_| vault.read("contract:one"));
            for answer in futures_util::future::join_all(questions).await {
                assert_eq!(answer, Err(VaultError::Hanging(3)));
            }
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
            let own = std::fs::read_dir("/proc/self/task").expect("threads").filter(|thread| {
                thread.as_ref().is_ok_and(|thread| {
                    std::fs::read_to_string(thread.path().join("comm"))
                        .is_ok_and(|name| name.trim() == "keyring")
                })
            });
            assert!(own.count() <= 4);
        });
    }
    Ok(())
}

#[test]
fn a_keyring_that_comes_up_later_is_used_and_takes_what_was_in_memory() -> PartResult<()> {
    if let Some(talk) = Talk::inside() {
        on_runtime(async {
            let vault = KeyringVault::new();
            missing(&vault).await;
            vault.allow_memory();
            vault.keep("contract:one", &secret("first")).await.expect("kept");
            vault.keep("contract:two", &secret("gone")).await.expect("kept");
            vault.forget("contract:two").await.expect("forgotten");
            assert!(vault.holds_in_memory());
            talk.say("in memory");
            talk.hear("it is up");
            assert_eq!(vault.state().await, VaultState::Available);
            assert!(!vault.holds_in_memory());
            assert_eq!(vault.read("contract:one").await, Ok(Some(secret("first"))));
            talk.say("moved");
            // The keyring goes and comes again: the store that was open is opened anew.
            talk.hear("it is back");
            assert_eq!(vault.read("contract:one").await, Ok(Some(secret("first"))));
            vault.keep("contract:one", &secret("second")).await.expect("kept");
        });
        return Ok(());
    }
    let attributes = ["service", KeyringVault::SERVICE, "username", "contract:one"];
    let mut keyring = Keyring::start(KeyringState::Absent)?;
    Talk::about(
        "a_keyring_that_comes_up_later_is_used_and_takes_what_was_in_memory",
        &mut keyring,
        |talk, keyring| {
            talk.hear("in memory");
            keyring.unlock().expect("unlock");
            talk.say("it is up");
            talk.hear("moved");
            assert_eq!(keyring.lookup(&attributes).expect("look").as_deref(), Some("first"));
            keyring.end_daemon().expect("end");
            keyring.unlock().expect("unlock");
            talk.say("it is back");
        },
    )?;
    assert_eq!(keyring.lookup(&attributes)?.as_deref(), Some("second"));
    Ok(())
}

#[test]
fn a_keyring_that_halts_is_told_as_hanging_and_is_used_again() -> PartResult<()> {
    if let Some(talk) = Talk::inside() {
        on_runtime(async {
            let vault = KeyringVault::new();
            vault.keep("contract:one", &secret("first")).await.expect("kept");
            talk.say("kept");
            talk.hear("halted");
            assert_eq!(vault.read("contract:one").await, Err(VaultError::Hanging(3)));
            talk.say("hanging");
            talk.hear("goes on");
            assert_eq!(vault.read("contract:one").await, Ok(Some(secret("first"))));
        });
        return Ok(());
    }
    let mut keyring = Keyring::start(KeyringState::Unlocked)?;
    Talk::about(
        "a_keyring_that_halts_is_told_as_hanging_and_is_used_again",
        &mut keyring,
        |talk, keyring| {
            talk.hear("kept");
            keyring.suspend().expect("halt");
            talk.say("halted");
            talk.hear("hanging");
            keyring.resume().expect("go on");
            talk.say("goes on");
        },
    )
}

#[test]
fn a_keyring_that_is_locked_meanwhile_keeps_what_it_holds() -> PartResult<()> {
    if let Some(talk) = Talk::inside() {
        on_runtime(async {
            let vault = KeyringVault::new();
            vault.keep("contract:one", &secret("first")).await.expect("kept");
            talk.say("kept");
            talk.hear("locked");
            assert_eq!(vault.state().await, VaultState::Locked);
            assert_eq!(vault.read("contract:one").await, Err(VaultError::Locked));
            assert_eq!(
                vault.keep("contract:one", &secret("second")).await,
                Err(VaultError::Locked)
            );
            assert_eq!(vault.forget("contract:one").await, Err(VaultError::Locked));
            vault.allow_memory();
            vault.keep("contract:one", &secret("third")).await.expect("in memory");
            assert_eq!(vault.read("contract:one").await, Ok(Some(secret("third"))));
            talk.say("in memory");
            talk.hear("unlocked");
            assert_eq!(vault.state().await, VaultState::Available);
            assert!(!vault.holds_in_memory());
        });
        return Ok(());
    }
    let attributes = ["service", KeyringVault::SERVICE, "username", "contract:one"];
    let mut keyring = Keyring::start(KeyringState::Unlocked)?;
    Talk::about(
        "a_keyring_that_is_locked_meanwhile_keeps_what_it_holds",
        &mut keyring,
        |talk, keyring| {
            talk.hear("kept");
            keyring.lock().expect("lock");
            talk.say("locked");
            talk.hear("in memory");
            keyring.unlock().expect("unlock");
            assert_eq!(keyring.lookup(&attributes).expect("look").as_deref(), Some("first"));
            talk.say("unlocked");
        },
    )?;
    assert_eq!(keyring.lookup(&attributes)?.as_deref(), Some("third"));
    Ok(())
}
