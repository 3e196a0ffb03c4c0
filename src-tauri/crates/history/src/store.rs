//! The file: opening it, and setting aside one that cannot be used.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode};

use crate::{FILE_NAME, HistoryError, schema};

/// How long a request waits for another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// When what was written is forced to the disk: with the write-ahead log this loses at most the last
/// moments, and never the file.
pub(crate) const SYNCHRONOUS: &str = "NORMAL";

/// What opening found.
enum Opened {
    Usable(Connection),
    /// Broken, or of a newer version.
    Foreign,
}

/// Opens the file, setting aside one that cannot be used.
pub(crate) fn open(folder: &Path) -> Result<(Connection, Option<PathBuf>), HistoryError> {
    let unusable =
        |reason: String| HistoryError::Unusable { place: folder.display().to_string(), reason };
    std::fs::create_dir_all(folder).map_err(|error| unusable(error.to_string()))?;
    let file = folder.join(FILE_NAME);
    if let Opened::Usable(connection) =
        attempt(&file).map_err(|error| unusable(error.to_string()))?
    {
        return Ok((connection, None));
    }
    let aside = set_aside(&file).map_err(|error| unusable(error.to_string()))?;
    tracing::warn!(file = %file.display(), aside = %aside.display(), "a history that cannot be read was set aside");
    match attempt(&file).map_err(|error| unusable(error.to_string()))? {
        Opened::Usable(connection) => Ok((connection, Some(aside))),
        Opened::Foreign => Err(unusable("a new file cannot be read back".into())),
    }
}

/// Opens the file. Only what shows that its *content* is of no use is [`Opened::Foreign`]; a lock,
/// a missing right or a full disk is an error, and the file stays where it is.
fn attempt(file: &Path) -> rusqlite::Result<Opened> {
    match prepared(file) {
        Err(error) if is_broken(&error) => Ok(Opened::Foreign),
        other => other,
    }
}

fn prepared(file: &Path) -> rusqlite::Result<Opened> {
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    // Only looked at so far: a file that is not ours must not be written to.
    let version = schema::of(&connection)?;
    if version > schema::current() {
        return Ok(Opened::Foreign);
    }
    let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Ok(Opened::Foreign);
    }
    if version > 0 {
        // A file with a number of ours but other tables.
        connection.prepare("SELECT id, runtime, final, started, document FROM operation")?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", SYNCHRONOUS)?;
    schema::bring_up_to_date(&mut connection)?;
    Ok(Opened::Usable(connection))
}

fn is_broken(error: &rusqlite::Error) -> bool {
    // Unknown is SQLite's "no such table" and "table already exists": the content is not what its
    // number says.
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
    )
}

/// Moves the file and what belongs to it to a name that is free; answers that name.
fn set_aside(file: &Path) -> std::io::Result<PathBuf> {
    let with = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let mut aside = with(file, &format!(".set-aside-{now}"));
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = with(file, &format!(".set-aside-{now}-{number}"));
    }
    std::fs::rename(file, &aside)?;
    for ending in ["-wal", "-shm"] {
        match std::fs::rename(with(file, ending), with(&aside, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}
