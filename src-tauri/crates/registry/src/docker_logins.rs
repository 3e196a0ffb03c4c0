//! Docker's own logins, read only.
//!
//! Format: Docker's `config.json` (`auths`, `credHelpers`, `credsStore`) and the protocol of its
//! credential helpers (<https://github.com/docker/docker-credential-helpers>). Helpers are programs
//! of others: each runs under a limit and is ended when it does not answer.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use domain::secret::{Login, Secret};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use tokio::io::AsyncWriteExt;

use crate::IDENTITY_TOKEN_USER;

/// How long a helper, or the file, may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Under this name Docker keeps the login for Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What a helper prints when it knows no such registry (a constant of its protocol).
const HELPER_KNOWS_NOTHING: &str = "credentials not found in native keychain";

/// A login that Docker keeps. The secret is not in it; see [`DockerLogins::login_for`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerLogin {
    /// `host[:port]`, `docker.io` for Docker Hub.
    pub registry: String,
    /// `None` where only a helper knows it and does not tell without giving the secret away.
    pub username: Option<String>,
    pub kept_by: KeptBy,
}

/// Who keeps one of Docker's logins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptBy {
    /// The file itself.
    File,
    /// The program `docker-credential-<name>`.
    Helper(String),
}

/// What Docker keeps, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by registry.
    pub logins: Vec<DockerLogin>,
    /// What could not be read, and why.
    pub problems: Vec<DockerLoginsError>,
}

/// Why Docker's logins cannot be read. Never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DockerLoginsError {
    #[error("Docker's configuration {file} cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("Docker's configuration {file} is not in the form that Docker writes: {reason}")]
    Malformed { file: String, reason: String },
    #[error("The login for {registry} in Docker's configuration cannot be decoded.")]
    Undecodable { registry: String },
    #[error("Docker's credential helper {helper} cannot be started: {reason}")]
    HelperMissing { helper: String, reason: String },
    #[error("Docker's credential helper {helper} did not answer within {seconds} s.")]
    HelperSilent { helper: String, seconds: u64 },
    #[error("Docker's credential helper {helper} gave no login: {reason}")]
    HelperFailed { helper: String, reason: String },
}

/// Reads Docker's logins. Nothing is cached: each call looks anew.
#[derive(Clone, Debug)]
pub struct DockerLogins {
    file: PathBuf,
    /// Where helpers are looked for, instead of `PATH`.
    search_path: Option<OsString>,
    limit: Duration,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Value>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

/// What a helper answers to `get`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    username: String,
    secret: String,
}

/// Docker's configuration file: in `DOCKER_CONFIG` when that is set, else in the home folder.
pub fn config_file(docker_config: Option<&Path>, home: &Path) -> PathBuf {
    match docker_config {
        Some(folder) if !folder.as_os_str().is_empty() => folder.join("config.json"),
        _ => home.join(".docker").join("config.json"),
    }
}

impl DockerLogins {
    /// Reads from this file; see [`config_file`]. It need not exist.
    pub fn new(file: PathBuf) -> Self {
        Self { file, search_path: None, limit: LIMIT }
    }

    /// Looks for helpers in these folders (as in `PATH`) instead of those of this process.
    #[must_use]
    pub fn with_helpers_in(mut self, search_path: OsString) -> Self {
        self.search_path = Some(search_path);
        self
    }

    /// All logins that Docker keeps. A helper that cannot be asked hides only its own.
    pub async fn list(&self) -> Listing {
        let config = match self.config().await {
            Ok(config) => config,
            Err(problem) => return Listing { logins: Vec::new(), problems: vec![problem] },
        };
        let mut found: BTreeMap<String, DockerLogin> = BTreeMap::new();
        let mut problems = Vec::new();
        if !config.creds_store.is_empty() {
            match self.helper_list(&config.creds_store).await {
                Ok(logins) => {
                    found.extend(logins.into_iter().map(|login| (login.registry.clone(), login)));
                }
                Err(problem) => problems.push(problem),
            }
        }
        for key in config.auths.keys() {
            match from_file(&config, key) {
                // An empty entry only says that the store keeps this one.
                Ok(None) => {}
                Ok(Some(login)) => {
                    let username =
                        (login.username != IDENTITY_TOKEN_USER).then_some(login.username);
                    let registry = registry_of(key);
                    found.insert(
                        registry.clone(),
                        DockerLogin { registry, username, kept_by: KeptBy::File },
                    );
                }
                Err(problem) => problems.push(problem),
            }
        }
        for (key, helper) in config.cred_helpers.iter().filter(|(_, helper)| !helper.is_empty()) {
            let registry = registry_of(key);
            found.insert(
                registry.clone(),
                DockerLogin { registry, username: None, kept_by: KeptBy::Helper(helper.clone()) },
            );
        }
        Listing { logins: found.into_values().collect(), problems }
    }

    /// The login for a registry (`host[:port]`, `docker.io`); `None` when Docker keeps none.
    /// An identity token has the user name [`IDENTITY_TOKEN_USER`].
    pub async fn login_for(&self, host: &str) -> Result<Option<Login>, DockerLoginsError> {
        let config = self.config().await?;
        let wanted = registry_of(host);
        let own_helper = config
            .cred_helpers
            .iter()
            .find(|(key, helper)| registry_of(key) == wanted && !helper.is_empty());
        if let Some((key, helper)) = own_helper {
            return self.helper_get(helper, key).await;
        }
        for key in config.auths.keys().filter(|key| registry_of(key) == wanted) {
            if let Some(login) = from_file(&config, key)? {
                return Ok(Some(login));
            }
        }
        if config.creds_store.is_empty() {
            return Ok(None);
        }
        let server = if wanted == "docker.io" { DOCKER_HUB } else { &wanted };
        self.helper_get(&config.creds_store, server).await
    }

    async fn config(&self) -> Result<Config, DockerLoginsError> {
        let file = self.file.display().to_string();
        let read = tokio::time::timeout(self.limit, tokio::fs::read(&self.file)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Config::default());
            }
            Ok(Err(error)) => {
                return Err(DockerLoginsError::Unreadable { file, reason: error.to_string() });
            }
            Err(_) => {
                let reason = format!("it could not be read within {} s", self.limit.as_secs());
                return Err(DockerLoginsError::Unreadable { file, reason });
            }
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(Config::default());
        }
        // The parser's own words may quote a value: tell only where it stopped.
        serde_json::from_slice(&bytes).map_err(|error| DockerLoginsError::Malformed {
            file,
            reason: format!("line {}, column {}", error.line(), error.column()),
        })
    }

    async fn helper_list(&self, helper: &str) -> Result<Vec<DockerLogin>, DockerLoginsError> {
        let output = self.run(helper, "list", "").await?;
        if !output.status.success() {
            return Err(failed(helper, &words(&output.stderr)));
        }
        let known: HashMap<String, String> = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed(helper, "its list is not in the form of the protocol"))?;
        Ok(known
            .into_iter()
            // Docker Desktop keeps its own tokens beside the login for Docker Hub.
            .filter(|(server, _)| !is_token_of_docker_desktop(server))
            .map(|(server, username)| DockerLogin {
                registry: registry_of(&server),
                username: Some(username)
                    .filter(|name| !name.is_empty() && name != IDENTITY_TOKEN_USER),
                kept_by: KeptBy::Helper(helper.to_owned()),
            })
            .collect())
    }

    async fn helper_get(
        &self,
        helper: &str,
        server: &str,
    ) -> Result<Option<Login>, DockerLoginsError> {
        let output = self.run(helper, "get", server).await?;
        if !output.status.success() {
            // Standard output is read for this one sentence only: it may hold a secret.
            if words(&output.stdout) == HELPER_KNOWS_NOTHING {
                return Ok(None);
            }
            return Err(failed(helper, &words(&output.stderr)));
        }
        let answer: HelperAnswer = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed(helper, "its answer is not in the form of the protocol"))?;
        Ok(Some(Login { username: answer.username, password: Secret::new(answer.secret) }))
    }

    /// Runs `docker-credential-<helper> <verb>`; it is ended when the limit passes.
    async fn run(
        &self,
        helper: &str,
        verb: &str,
        input: &str,
    ) -> Result<Output, DockerLoginsError> {
        // The name comes from a file: it must stay a name, not become a path.
        if !helper.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return Err(DockerLoginsError::HelperMissing {
                helper: helper.to_owned(),
                reason: "its name holds characters that no helper's name has".to_owned(),
            });
        }
        let mut command = tokio::process::Command::new(format!("docker-credential-{helper}"));
        command
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(search_path) = &self.search_path {
            command.env("PATH", search_path);
        }
        let mut child = command.spawn().map_err(|error| DockerLoginsError::HelperMissing {
            helper: helper.to_owned(),
            reason: error.to_string(),
        })?;
        let exchange = async {
            if let Some(mut stdin) = child.stdin.take() {
                // A helper that does not read is no error: what it answers counts.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
            child.wait_with_output().await
        };
        match tokio::time::timeout(self.limit, exchange).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => Err(failed(helper, &error.to_string())),
            Err(_) => Err(DockerLoginsError::HelperSilent {
                helper: helper.to_owned(),
                seconds: self.limit.as_secs(),
            }),
        }
    }
}

/// The login that the file itself holds under `key`; `None` for an empty entry.
fn from_file(config: &Config, key: &str) -> Result<Option<Login>, DockerLoginsError> {
    // Docker leaves empty texts where a store keeps the secret; to the reader they are not there.
    let mut entry = config.auths.get(key).cloned().unwrap_or_default();
    if let Some(fields) = entry.as_object_mut() {
        fields.retain(|_, value| value.as_str().is_none_or(|text| !text.is_empty()));
    }
    let alone = serde_json::json!({"auths": {key: entry}}).to_string();
    match docker_credential::get_credential_from_reader(alone.as_bytes(), key) {
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            // Docker ends old passwords with zero bytes.
            let password = password.trim_end_matches('\0').to_owned();
            Ok(Some(Login { username, password: Secret::new(password) }))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Login {
            username: IDENTITY_TOKEN_USER.to_owned(),
            password: Secret::new(token),
        })),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        Err(_) => Err(DockerLoginsError::Undecodable { registry: registry_of(key) }),
    }
}

/// The registry that one of Docker's keys means: without scheme and path, Docker Hub by its name.
fn registry_of(key: &str) -> String {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = bare.split('/').next().unwrap_or(bare);
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        other => other.to_owned(),
    }
}

fn is_token_of_docker_desktop(server: &str) -> bool {
    server.starts_with(DOCKER_HUB)
        && (server.ends_with("/access-token") || server.ends_with("/refresh-token"))
}

fn failed(helper: &str, reason: &str) -> DockerLoginsError {
    let reason = if reason.is_empty() { "it gave no reason" } else { reason };
    DockerLoginsError::HelperFailed { helper: helper.to_owned(), reason: reason.to_owned() }
}

/// The first line of what a helper printed, at most 200 characters.
fn words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.trim().lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
#[path = "docker_logins_tests.rs"]
mod tests;
