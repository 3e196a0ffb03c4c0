//! Facts about the application, and what the person chose.

use domain::image::Repository;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Facts about this installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    pub version: String,
    /// `user@host`, as containers' labels name this installation.
    pub creator: String,
    pub data_folder: String,
    pub log_folder: String,
    /// The repository in force for the default environment, and its fallbacks.
    pub default_repositories: Vec<Repository>,
    /// `PROMPTFLOW_RUNTIMES_REPOSITORY` decides it, not the settings.
    pub repository_from_environment: bool,
    /// Set when the last history file could not be used and was put aside: where it is.
    pub history_set_aside: Option<String>,
}

/// What the person chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub appearance: Appearance,
    /// Repository of the default environment; `None` = Microsoft's.
    pub repository: Option<String>,
    /// Hours between version checks in the background; 0 = never.
    pub check_every_hours: u32,
    /// Seconds within which a service has to become ready before it counts as failed; 10 to 3600.
    pub ready_within_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            appearance: Appearance::System,
            repository: None,
            check_every_hours: 24,
            ready_within_seconds: 120,
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Appearance {
    System,
    Light,
    Dark,
}
