//! Registry logins and the keyring.

use domain::{finding::Problem, secret::Secret};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The Connections page's *Registry logins*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RegistryLogins {
    pub keyring: KeyringView,
    /// By registry.
    pub logins: Vec<RegistryLogin>,
}

/// How the keyring stands, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeyringView {
    pub state: KeyringState,
    pub sentence: String,
    /// What to do, when it cannot be used.
    pub hint: Option<String>,
    /// The person agreed to keep secrets in memory for this run only.
    pub memory_allowed: bool,
}

/// The keyring's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeyringState {
    Available,
    Locked,
    Missing,
    Hanging,
}

/// A login for a registry. The password is never part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RegistryLogin {
    /// `host[:port]`, `docker.io` for Docker Hub.
    pub registry: String,
    /// Empty when Docker's helper does not tell.
    pub username: String,
    pub source: LoginSource,
}

/// Where a login is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LoginSource {
    Keyring,
    /// In memory, for this run of the application only.
    Memory,
    /// Our record says the keyring holds it, but the keyring cannot be read now.
    KeyringNotReadable,
    /// Docker's own configuration or helper; read only.
    Docker,
}

/// Adds or replaces a login.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveLogin {
    pub registry: String,
    pub username: String,
    #[ts(type = "string")]
    pub password: Secret,
}

/// Tries a login with a real request of pull scope.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TryLogin {
    pub registry: String,
    /// Path of a repository there, e.g. `team/runtime`; without it the registry's root is asked.
    pub repository: Option<String>,
    /// Together with `password`: what to try; without both, the kept login.
    pub username: Option<String>,
    #[ts(type = "string | null")]
    pub password: Option<Secret>,
}

/// How the trial went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoginTrial {
    /// `None` = the registry accepted it.
    pub problem: Option<Problem>,
}

/// Removes a login of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeleteLogin {
    pub registry: String,
}
