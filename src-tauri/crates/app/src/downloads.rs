//! Text files in the person's downloads folder.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use domain::finding::{Problem, ProblemCode};

use crate::{api::SavedFile, context::App};

/// Files of one name that there may be.
const MOST_NUMBERS: u32 = 1_000;

/// Writes a text to a new file; where one of that name is there, a number comes behind it. `what` begins the
/// sentence that tells of a failure, e.g. `The connection`.
pub(crate) async fn save_new(
    app: &App,
    (name, ending): (String, &'static str),
    text: String,
    what: &str,
) -> Result<SavedFile, Problem> {
    let folder = app.parts.folders.downloads.clone();
    let written = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || write_new(&folder, &name, ending, &text)).await
    };
    let failed = |reason: String| {
        Problem::new(
            ProblemCode::Storage,
            format!("{what} could not be written to {}.", folder.display()),
        )
        .hint("Check the folder's rights and the disk's free space.")
        .details(reason)
    };
    let path = written
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))?;
    Ok(SavedFile { path: path.display().to_string() })
}

fn write_new(folder: &Path, name: &str, ending: &str, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let mut number = 1;
    loop {
        let behind = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{behind}.{ending}"));
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error)
                if error.kind() == std::io::ErrorKind::AlreadyExists && number < MOST_NUMBERS =>
            {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
