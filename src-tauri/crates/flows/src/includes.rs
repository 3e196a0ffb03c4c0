//! `additional_includes`: files and folders beside the flow's own that a run needs. Each comes into the
//! flow's folder under its own name, as Prompt flow's client does it: `../words.zip` without such a file is
//! the folder `../words` as an archive.

use std::path::{Path, PathBuf};

/// Something that is included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Include {
    /// Its name within the flow's folder.
    pub name: String,
    pub place: PathBuf,
    /// It comes as a zip archive of the folder that `place` is.
    pub zipped: bool,
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
                    let name = name.to_string_lossy().into_owned();
                    found.push(Include { name, place, zipped: false });
                }
                None => missing.push(path.clone()),
            },
            Err(_) => match folder_to_zip(&place) {
                Some(include) => found.push(include),
                None => missing.push(path.clone()),
            },
        }
    }
    (found, missing)
}

/// The folder that a path which is not there asks to be zipped.
fn folder_to_zip(path: &Path) -> Option<Include> {
    if path.extension()? != "zip" {
        return None;
    }
    let place = path.with_extension("").canonicalize().ok().filter(|place| place.is_dir())?;
    let name = format!("{}.zip", place.file_name()?.to_string_lossy());
    Some(Include { name, place, zipped: true })
}

/// Where a path of the flow's folder is on disk: there, else below something included.
pub(crate) fn place_of(folder: &Path, includes: &[Include], path: &str) -> Option<PathBuf> {
    let own = folder.join(path);
    if own.is_file() {
        return Some(own);
    }
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let include = includes.iter().find(|include| include.name == first && !include.zipped)?;
    let place = if rest.is_empty() { include.place.clone() } else { include.place.join(rest) };
    place.is_file().then_some(place)
}
