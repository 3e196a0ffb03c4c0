//! Files with connections: looked into, taken over, and written without secrets.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use domain::{
    connection::{ConnectionName, FileError, Found, export as as_yaml, read_dotenv, read_yaml},
    finding::Problem,
    secret::Secret,
};

use super::{all, named};
use crate::{
    api::{ConnectionFile, FoundConnection, FromFile, SavedFile},
    context::App,
    downloads::save_new,
};

/// Larger files are none with connections. Bytes.
const LARGEST: u64 = 256 * 1024;
/// How many names are tried for one that is taken.
const MOST_NUMBERS: u32 = 1_000;

/// What a file holds, without its secrets.
pub(crate) async fn read_file(app: &App, path: &str) -> Result<ConnectionFile, Problem> {
    let (path, all_found) = look_into(path).await?;
    let names: Vec<ConnectionName> = all(app).await?.into_iter().map(|one| one.name).collect();
    let found = all_found.into_iter().map(|found| shown(found, &names)).collect();
    Ok(ConnectionFile { path: path.display().to_string(), found })
}

/// A connection in a file under a name that is free.
fn shown(found: Found, names: &[ConnectionName]) -> FoundConnection {
    let Found { mut draft, missing, mut left_out, .. } = found;
    if let Some(near) = ConnectionName::near(&draft.name) {
        let free = free(&near, names);
        if free.as_str() != draft.name {
            left_out.push(if free == near {
                format!(
                    "The name \"{}\" is written \"{free}\" here, as flows can use it.",
                    draft.name
                )
            } else {
                format!("There is a connection \"{near}\" already; this one is called \"{free}\".")
            });
        }
        draft.name = free.to_string();
    }
    FoundConnection { draft, missing, left_out }
}

fn free(name: &ConnectionName, names: &[ConnectionName]) -> ConnectionName {
    let is_free = |wanted: &ConnectionName| !names.iter().any(|taken| taken.is_like(wanted));
    let numbered = |number| ConnectionName::parse(&format!("{name}_{number}")).ok();
    if is_free(name) {
        return name.clone();
    }
    (2..MOST_NUMBERS).filter_map(numbered).find(is_free).unwrap_or_else(|| name.clone())
}

/// The secrets of the connection of this type in a file.
pub(super) async fn secrets_of(file: &FromFile) -> Result<BTreeMap<String, Secret>, Problem> {
    let (_, all_found) = look_into(&file.path).await?;
    let found = all_found.into_iter().find(|found| found.draft.kind == file.kind);
    Ok(found.map(|found| found.secrets().clone()).unwrap_or_default())
}

async fn look_into(path: &str) -> Result<(PathBuf, Vec<Found>), Problem> {
    let place = PathBuf::from(path.trim());
    if !place.is_absolute() {
        return Err(Problem::field("path", "Give the whole path, beginning with \"/\"."));
    }
    let read = place.clone();
    let text = tokio::task::spawn_blocking(move || text_of(&read))
        .await
        .unwrap_or_else(|_| Err("the work was broken off".to_owned()))
        .map_err(|reason| Problem::field("path", format!("The file cannot be read: {reason}.")))?;
    let found = understood(&place, &text).map_err(|error| {
        Problem::field("path", format!("Nothing can be taken from this file. {error}"))
    })?;
    Ok((place, found))
}

fn text_of(path: &Path) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    let file = std::fs::File::open(path).map_err(words)?;
    if !file.metadata().map_err(words)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(words)?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than a file of connections can be".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())
}

fn understood(path: &Path, text: &str) -> Result<Vec<Found>, FileError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let is_yaml = matches!(ending.as_deref(), Some("yaml" | "yml"))
        || text.lines().any(|line| line.starts_with("type:"));
    if is_yaml {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        Ok(vec![read_yaml(text, &stem)?])
    } else {
        read_dotenv(text)
    }
}

/// Writes a connection without its secrets to a file in the downloads folder.
pub(crate) async fn export(app: &App, name: &str) -> Result<SavedFile, Problem> {
    let all = all(app).await?;
    let connection = named(&all, name)?;
    let text = as_yaml(connection);
    save_new(app, (connection.name.to_string(), "yml"), text, "The connection").await
}
