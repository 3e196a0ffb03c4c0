//! Docker contexts, as Docker's client keeps them: `config.json` names the current one,
//! `contexts/meta/<sha256 of the name>/meta.json` describes each.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

#[derive(Default)]
pub(super) struct Contexts {
    /// `currentContext` of `config.json`.
    pub current: Option<String>,
    /// Name → host (`unix://…`, `ssh://…`), in the order of names.
    pub hosts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext", default)]
    current_context: String,
}

#[derive(Deserialize)]
struct MetaFile {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host", default)]
    host: String,
}

impl Contexts {
    /// Reads what is there. A missing file is no context; a broken one is told in the log and
    /// passed over, as one bad context must not hide the others.
    pub fn read(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let current = read_json::<ConfigFile>(&folder.join("config.json"))
            .map(|config| config.current_context)
            .filter(|name| !name.is_empty());
        let mut hosts = BTreeMap::new();
        for entry in fs::read_dir(folder.join("contexts/meta")).into_iter().flatten().flatten() {
            let Some(meta) = read_json::<MetaFile>(&entry.path().join("meta.json")) else {
                continue;
            };
            if let Some(docker) = meta.endpoints.get("docker")
                && !docker.host.is_empty()
            {
                hosts.insert(meta.name, docker.host.clone());
            }
        }
        Self { current, hosts }
    }

    /// Where a context leads; `None` when there is no such context.
    pub fn host(&self, name: &str) -> Option<&str> {
        self.hosts.get(name).map(String::as_str)
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "a file of Docker's client cannot be read");
            }
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            // Only where it is broken, never its text: config.json may hold logins.
            tracing::warn!(path = %path.display(), line = error.line(), "a file of Docker's client is not understood");
            None
        }
    }
}
