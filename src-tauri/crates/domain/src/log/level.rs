//! How serious a record of a log is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How serious a record is, as its writer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    /// Lines that belong to no record with a level.
    None,
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl LogLevel {
    /// All, the least serious first.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// A level by the word that writers use.
    pub fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"DEBUG" | b"TRACE" => Self::Debug,
            b"INFO" | b"NOTICE" => Self::Info,
            b"WARNING" | b"WARN" => Self::Warning,
            b"ERROR" | b"ERR" => Self::Error,
            b"CRITICAL" | b"FATAL" => Self::Critical,
            _ => return None,
        })
    }

    /// The level of a number that `as u8` gave; any other is none.
    pub(super) fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::None)
    }
}
