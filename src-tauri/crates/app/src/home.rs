//! The person's home.

use std::path::PathBuf;

/// Where it is; the root of everything where nobody has one.
pub(crate) fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"))
}

/// The path that a person typed; `~` is their home.
pub(crate) fn path_of(typed: &str) -> PathBuf {
    match typed.trim().strip_prefix('~') {
        Some(rest) => home().join(rest.trim_start_matches(['/', '\\'])),
        None => PathBuf::from(typed.trim()),
    }
}
