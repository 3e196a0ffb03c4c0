//! What is known here that must not be given away.

use std::path::Path;

use domain::{
    compute::ComputeAddress, container::MountKind, image::ImageReference, runtime::Runtime,
    secret::Secret, spec::looks_like_a_key, support::Known,
};
use futures_util::future::join_all;

use super::facts::Containers;
use crate::{
    connections,
    context::{App, lock},
    environments, home, logins,
};

/// Everything of it; what could not be read is told in the notes.
pub(super) async fn gather(
    app: &App,
    rows: &[Runtime],
    containers: &Containers,
    notes: &mut Vec<String>,
) -> Known {
    let mut known = Known::default();
    // Not one after the other: a keyring may be slow.
    let (missing, others) = tokio::join!(of_connections(app), of_builds(app));
    let unread = missing.unread + others.unread + of_logins(app, &mut known).await;
    known.secrets.extend(missing.secrets);
    known.secrets.extend(others.secrets);
    known.hosts.extend(missing.hosts);
    if unread > 0 {
        notes.push(format!(
            "{unread} of the secrets kept by this application could not be read from the keyring, so they could not be looked for in the text. What looks like a key was taken out all the same."
        ));
    }
    of_containers(rows, containers, &mut known, notes);
    of_machines(app, rows, &mut known);
    of_places(app, rows, &mut known).await;
    known
}

#[derive(Default)]
struct Read {
    secrets: Vec<Secret>,
    unread: usize,
    hosts: Vec<String>,
}

impl Read {
    fn of(all: Vec<Result<Option<Secret>, domain::finding::Problem>>) -> Self {
        let mut read = Self::default();
        for one in all {
            match one {
                Ok(secret) => read.secrets.extend(secret),
                Err(_) => read.unread += 1,
            }
        }
        read
    }
}

async fn of_connections(app: &App) -> Read {
    let Ok(all) = connections::all(app).await else {
        return Read { unread: 1, ..Read::default() };
    };
    let keys = all.iter().flat_map(|one| one.secret_keys().into_iter().map(move |key| (one, key)));
    let secrets = join_all(keys.map(|(one, key)| connections::secret(app, &one.name, key))).await;
    let values = all.iter().flat_map(|one| {
        one.fields.values().chain(one.pairs.iter().filter(|pair| !pair.secret).map(|p| &p.value))
    });
    let hosts = values.filter(|value| value.contains("://")).map(|value| host_of(value)).collect();
    Read { hosts, ..Read::of(secrets) }
}

async fn of_builds(app: &App) -> Read {
    let mut wanted = Vec::new();
    for (definition, _) in environments::known(app) {
        for id in definition.source.secrets() {
            wanted.push((definition.id.clone(), id.to_owned()));
        }
    }
    let secrets =
        wanted.iter().map(|(environment, id)| environments::build_secret(app, environment, id));
    Read::of(join_all(secrets).await)
}

/// Logins of registries, ours and Docker's own; answers how many passwords could not be read.
async fn of_logins(app: &App, known: &mut Known) -> usize {
    let ours = app.parts.history.logins().await;
    let docker = app.parts.docker_logins.list().await;
    let mut unread = usize::from(ours.is_err());
    let ours = ours.unwrap_or_default();
    for (registry, username) in ours.iter().chain(&docker) {
        known.hosts.push(registry.clone());
        known.users.push(username.clone());
    }
    // Both passwords, where one registry has two logins.
    for (registry, _) in &ours {
        match logins::password(app, registry).await {
            Ok(password) => known.secrets.extend(password),
            Err(_) => unread += 1,
        }
    }
    for (registry, _) in &docker {
        if let Some(login) = app.parts.docker_logins.login_for(registry).await {
            known.secrets.push(login.password);
        }
    }
    unread
}

/// Values of variables that look like keys.
fn of_containers(
    rows: &[Runtime],
    containers: &Containers,
    known: &mut Known,
    notes: &mut Vec<String>,
) {
    for row in rows {
        let Some(Ok(container)) = containers.get(&row.id) else {
            notes.push(format!(
                "The container of {} could not be looked at, so the values of its variables could not be looked for.",
                row.name
            ));
            continue;
        };
        let variables = container.raw["Config"]["Env"].as_array().into_iter().flatten();
        for variable in variables.filter_map(|variable| variable.as_str()) {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            if looks_like_a_key(name, value) {
                known.secrets.push(Secret::new(value.to_owned()));
            }
        }
    }
}

fn of_machines(app: &App, rows: &[Runtime], known: &mut Known) {
    let identity = &app.parts.identity;
    known.hosts.push(identity.process.host.clone());
    known.creators.push(identity.creator.who.clone());
    known.users.extend(
        ["USER", "LOGNAME", "USERNAME"].map(|name| std::env::var(name).unwrap_or_default()),
    );
    for entry in lock(&app.computes).values() {
        if let ComputeAddress::NotSupported { url } = &entry.found.address {
            known.hosts.push(host_of(url));
        }
    }
    known.hosts.extend(lock(&app.settings).repository.iter().map(|one| registry_of(one)));
    known.hosts.extend(app.parts.repository_override.iter().map(|one| one.host().to_owned()));
    for row in rows {
        known.hosts.push(registry_of(&row.image));
        known.creators.push(row.creator.clone());
        known.creators.extend(row.lock.iter().map(|lock| lock.who.clone()));
    }
}

async fn of_places(app: &App, rows: &[Runtime], known: &mut Known) {
    let shown = |path: &Path| path.display().to_string();
    known.homes.push(shown(&home::home()));
    let folders = &app.parts.folders;
    known.paths.extend([&folders.data, &folders.logs, &folders.downloads].map(|path| shown(path)));
    for remembered in app.parts.history.flows().await.unwrap_or_default() {
        known.paths.extend(Path::new(&remembered.flow.0).parent().map(shown));
    }
    for row in rows {
        let mounts = row.mounts.iter().filter(|mount| mount.kind == MountKind::Bind);
        known.paths.extend(mounts.map(|mount| mount.source.clone()));
    }
}

/// The host of an image's or a repository's registry.
fn registry_of(image: &str) -> String {
    ImageReference::parse(image)
        .map(|reference| reference.repository.host().to_owned())
        .unwrap_or_default()
}

/// The host of an address, without user and port.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_owned()
}
