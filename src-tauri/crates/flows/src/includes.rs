//! `additional_includes`: files and folders beside the flow's own that a run needs. Each comes into the
//! flow's folder under its own name, as Prompt flow's client does it.

use std::path::{Path, PathBuf};

/// Something that is included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Include {
    /// Its name within the flow's folder.
    pub name: String,
    pub place: PathBuf,
}

/// What is included, and what of it is not there, as written.
pub(crate) fn find(folder: &Path, written: &[String]) -> (Vec<Include>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for path in written {
        let place = folder.join(path.trim().trim_end_matches('/'));
        // The name is that of the thing itself: `..` has none.
        match place.canonicalize() {
            Ok(place) => match place.file_name() {
                Some(name) => {
                    found.push(Include { name: name.to_string_lossy().into_owned(), place });
                }
                None => missing.push(path.clone()),
            },
            Err(_) => missing.push(path.clone()),
        }
    }
    (found, missing)
}

/// Where a path of the flow's folder is on disk: there, else below something included.
pub(crate) fn place_of(folder: &Path, includes: &[Include], path: &str) -> Option<PathBuf> {
    let own = folder.join(path);
    if own.is_file() {
        return Some(own);
    }
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let include = includes.iter().find(|include| include.name == first)?;
    let place = if rest.is_empty() { include.place.clone() } else { include.place.join(rest) };
    place.is_file().then_some(place)
}
