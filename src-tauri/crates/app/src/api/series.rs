//! Several updates one after another.

use domain::{
    compute::ComputeId,
    facts::PassedOver,
    finding::Problem,
    runtime::RuntimeId,
    series::{Rules, Series},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{EnvironmentDraft, Freshness, UpdatePreview};

/// Looks at every runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewUpdateAll {
    /// How fresh the answers of the registries have to be.
    pub freshness: Freshness,
}

/// What an update of all would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAllPreview {
    /// Runtimes with a newer good version, by compute and name.
    pub candidates: Vec<UpdateCandidate>,
    /// The others, and why they are not among them.
    pub others: Vec<NotAmong>,
}

/// A runtime that can be updated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCandidate {
    pub runtime: RuntimeId,
    pub name: String,
    pub compute: ComputeId,
    pub compute_name: String,
    /// What it would be updated to, for `update_all`.
    pub environment: EnvironmentDraft,
    /// Versions or images for people.
    pub from: String,
    pub to: String,
    /// The same tag names another image now.
    pub rebuilt: bool,
    pub preview: UpdatePreview,
    /// Its policy is *never*, so it is chosen only by hand.
    pub never: bool,
    /// The person skipped this version, so it is chosen only by hand.
    pub skipped: bool,
}

/// A runtime that is not among those to update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NotAmong {
    pub runtime: RuntimeId,
    pub name: String,
    pub compute_name: String,
    pub because: WhyNotAmong,
}

/// Why a runtime is not among those to update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum WhyNotAmong {
    #[serde(rename_all = "camelCase")]
    UpToDate {
        /// Newer ones that are not offered.
        passed_over: Vec<PassedOver>,
    },
    /// It cannot be told whether there is a newer version, or what an update would do.
    #[serde(rename_all = "camelCase")]
    Unknown { because: Problem },
    /// It cannot be updated as things stand.
    #[serde(rename_all = "camelCase")]
    Refused { because: Problem },
}

/// Starts the updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAll {
    /// In the order in which they are to be updated.
    pub members: Vec<UpdateAllMember>,
    pub rules: Rules,
}

/// One of the runtimes to update, as the preview told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAllMember {
    pub runtime: RuntimeId,
    pub environment: EnvironmentDraft,
    pub to: String,
    /// The digest that the preview told.
    pub digest: String,
    /// The confirmations of the preview were given.
    pub confirmed: bool,
}

/// Stops the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StopUpdateAll {
    /// Cancel those that run, too; otherwise they end as they would.
    pub cancel_running: bool,
}

/// Series, newest first; the first one may still run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AllSeries {
    pub series: Vec<Series>,
}
