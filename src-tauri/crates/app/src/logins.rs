//! Registry logins: kept in the keyring, Docker's own used read-only.

use domain::{
    finding::{Problem, ProblemCode},
    image::{ImageReference, Repository},
    secret::{Login, Secret},
};
use vault::VaultState;

use crate::{
    api::{
        KeyringState, KeyringView, LoginSource, LoginTrial, RegistryLogin, RegistryLogins,
        SaveLogin, TryLogin,
    },
    context::{App, lock},
    problem,
};

fn account(registry: &str) -> String {
    format!("registry-login:{registry}")
}

/// A registry's host as typed: `https://` and a path are taken off, Docker Hub has one name.
fn host(typed: &str) -> Result<String, Problem> {
    let text = typed.trim().trim_start_matches("https://").trim_start_matches("http://");
    let host = text.split('/').next().unwrap_or("").to_lowercase();
    if matches!(host.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io") {
        return Ok("docker.io".to_owned());
    }
    let proper = host.contains(['.', ':']) || host == "localhost";
    match ImageReference::parse(&format!("{host}/x")) {
        Ok(_) if proper => Ok(host),
        _ => Err(Problem::field(
            "registry",
            "Give the registry's host name, for example registry.example.com or 127.0.0.1:5000.",
        )),
    }
}

/// The login for a registry's host: ours, else Docker's own.
pub(crate) async fn login_for(app: &App, host: &str) -> Option<Login> {
    let kept = app.parts.history.logins().await.unwrap_or_default();
    if let Some((_, username)) = kept.into_iter().find(|(registry, _)| registry == host) {
        match app.parts.vault.read(&account(host)).await {
            Ok(Some(password)) => return Some(Login { username, password }),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, registry = host, "a login cannot be read from the keyring");
            }
        }
    }
    app.parts.docker_logins.login_for(host).await
}

/// The password of our own login for a registry; `None` = the keyring does not hold it.
pub(crate) async fn password(app: &App, registry: &str) -> Result<Option<Secret>, Problem> {
    let read = app.parts.vault.read(&account(registry)).await;
    read.map_err(|error| problem::of_vault(&error))
}

pub(crate) async fn list(app: &App) -> Result<RegistryLogins, Problem> {
    let state = app.parts.vault.state().await;
    let kept = app.parts.history.logins().await.map_err(|error| problem::of_history(&error))?;
    let mut logins = Vec::new();
    for (registry, username) in kept {
        let source = match app.parts.vault.read(&account(&registry)).await {
            Ok(Some(_)) if state == VaultState::Available => LoginSource::Keyring,
            Ok(Some(_)) => LoginSource::Memory,
            Ok(None) | Err(_) => LoginSource::KeyringNotReadable,
        };
        logins.push(RegistryLogin { registry, username, source });
    }
    for (registry, username) in app.parts.docker_logins.list().await {
        if !logins.iter().any(|login| login.registry == registry) {
            logins.push(RegistryLogin { registry, username, source: LoginSource::Docker });
        }
    }
    logins.sort_by(|a, b| a.registry.cmp(&b.registry));
    Ok(RegistryLogins { keyring: view(app, &state), logins })
}

fn view(app: &App, state: &VaultState) -> KeyringView {
    let (state, sentence, hint) = match state {
        VaultState::Available => {
            (KeyringState::Available, "Passwords are kept in this system's keyring.".to_owned(), None)
        }
        VaultState::Locked => (
            KeyringState::Locked,
            "The keyring is locked. Nothing can be read from it or written to it until it is unlocked.".to_owned(),
            Some("Unlock it in the system's password application."),
        ),
        VaultState::Missing { reason } => (
            KeyringState::Missing,
            format!("No keyring runs in this session ({reason})."),
            Some("Start a keyring, for example GNOME Keyring. Until then passwords can be kept for this run of the application only; they are never written to a file."),
        ),
        VaultState::Hanging { seconds } => (
            KeyringState::Hanging,
            format!("The keyring did not answer within {seconds} s."),
            Some("Log in again, or restart the keyring."),
        ),
    };
    KeyringView {
        state,
        sentence,
        hint: hint.map(str::to_owned),
        memory_allowed: *lock(&app.memory_allowed),
    }
}

pub(crate) async fn save(app: &App, request: SaveLogin) -> Result<(), Problem> {
    let registry = host(&request.registry)?;
    let username = request.username.trim();
    if username.is_empty() {
        return Err(Problem::field("username", "Give the user name."));
    }
    if request.password.expose().is_empty() {
        return Err(Problem::field("password", "Give the password or an access token."));
    }
    app.parts
        .vault
        .keep(&account(&registry), &request.password)
        .await
        .map_err(|error| problem::of_vault(&error))?;
    app.parts
        .history
        .keep_login(&registry, username)
        .await
        .map_err(|error| problem::of_history(&error))?;
    app.hub.logins();
    Ok(())
}

pub(crate) async fn try_login(app: &App, request: TryLogin) -> Result<LoginTrial, Problem> {
    let registry = host(&request.registry)?;
    let repository =
        match request.repository.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(path) => {
                let path = path.trim_start_matches('/');
                let full = if path.starts_with(&registry) {
                    path.to_owned()
                } else {
                    format!("{registry}/{path}")
                };
                Some(
                    Repository::parse(&full)
                        .map_err(|error| Problem::field("repository", error.to_string()))?,
                )
            }
            None => None,
        };
    let login = match (request.username, request.password) {
        (Some(username), Some(password)) => Login { username, password },
        _ => login_for(app, &registry).await.ok_or_else(|| {
            Problem::new(ProblemCode::NotFound, format!("No password can be read for {registry}."))
                .hint("Unlock the keyring, or enter the login again.")
        })?,
    };
    let result = app.parts.registry.try_login(&registry, repository.as_ref(), &login).await;
    Ok(LoginTrial { problem: result.err().map(|error| problem::of_registry(&error)) })
}

pub(crate) async fn delete(app: &App, registry: &str) -> Result<(), Problem> {
    app.parts.vault.forget(&account(registry)).await.map_err(|error| problem::of_vault(&error))?;
    app.parts.history.forget_login(registry).await.map_err(|error| problem::of_history(&error))?;
    app.hub.logins();
    Ok(())
}

pub(crate) fn allow_memory(app: &App) {
    app.parts.vault.allow_memory();
    *lock(&app.memory_allowed) = true;
    app.hub.logins();
}
