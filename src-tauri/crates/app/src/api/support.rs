//! The support file: shown first, saved as it was shown.

use domain::{runtime::RuntimeId, support::Removed};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Collects what helps to find what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewSupport {
    /// The runtime that it is about; `null` = all of them.
    pub runtime: Option<RuntimeId>,
}

/// A support file as it would be saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SupportFile {
    /// Names this text when it is saved.
    pub id: String,
    /// All of it, plain text, cleaned.
    pub text: String,
    /// What was taken out of it.
    pub removed: Vec<Removed>,
    /// What could not be put in or looked for, full sentences.
    pub notes: Vec<String>,
}

/// Saves a support file that was shown, to a file in the downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveSupport {
    /// The [`SupportFile`]'s.
    pub id: String,
}
