//! The runtimes page and the detail page.

use domain::facts::VersionFacts;
use domain::{
    finding::Problem,
    image::ImageReference,
    operation::{Operation, PackageChange},
    runtime::{Package, Runtime, RuntimeId},
    version::Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ComputeView, EnvironmentDraft};

/// Everything the runtimes page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeTable {
    pub runtimes: Vec<Runtime>,
    pub computes: Vec<ComputeView>,
}

/// Which rows are on screen: CPU and memory are streamed for these only, and health asked oftener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WatchRows {
    pub runtimes: Vec<RuntimeId>,
}

/// What the detail page shows beside the list's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeDetail {
    pub runtime: Runtime,
    /// promptflow's version as the service tells it; `None` while it does not answer.
    pub promptflow: Option<String>,
    /// promptflow-tools' version from inside; `None` = not installed or cannot be told.
    pub tools: Option<String>,
    pub python: Option<String>,
    #[ts(type = "string | null")]
    pub image_created: Option<Timestamp>,
    /// Bytes on disk.
    pub image_size: Option<u64>,
    pub variables: Vec<VariableView>,
    /// Command and entry point that the container runs, in one line.
    pub command: String,
    pub networks: Vec<String>,
    /// Why an update would be refused as things stand; empty = it would not.
    pub cannot_update: Vec<Problem>,
    /// An example request for the endpoint; `None` while nothing is published.
    pub curl: Option<String>,
}

/// A variable of the container. Values are not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VariableView {
    pub name: String,
    pub source: VariableSource,
}

/// Where a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum VariableSource {
    Person,
    Image,
    /// Set by this application.
    Product,
}

/// Packages installed inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackageList {
    /// The Python that serves, e.g. `3.11.2 (/opt/venv/bin/python)`.
    pub python: String,
    pub packages: Vec<Package>,
}

/// Operations, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Operations {
    pub operations: Vec<Operation>,
}

/// What an update would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewUpdate {
    pub runtime: RuntimeId,
    pub environment: EnvironmentDraft,
}

/// One side of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageSide {
    pub image: ImageReference,
    pub version: Option<Version>,
    pub digest: String,
    #[ts(type = "string | null")]
    pub created: Option<Timestamp>,
    /// `None` = no facts known.
    pub facts: Option<VersionFacts>,
}

/// Runs that are active on a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ActiveRuns {
    #[serde(rename_all = "camelCase")]
    Known {
        count: u32,
    },
    Unknown,
}

/// What the update dialog shows before anything happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePreview {
    pub from: Option<ImageSide>,
    pub to: ImageSide,
    /// The target is the image that runs already.
    pub same_image: bool,
    /// Bytes.
    pub download_size: u64,
    /// Known security fixes in between, oldest first.
    pub security_fixes: Vec<VersionFacts>,
    /// What differs, where that is known beforehand.
    pub changes: Option<KnownChanges>,
    /// Why it cannot be done.
    pub refusals: Vec<Problem>,
    /// What the person has to confirm first (known bad, rolled back before, cannot be proved beside).
    pub confirmations: Vec<Problem>,
    pub active_runs: ActiveRuns,
    /// Volumes whose content does not roll back, by name.
    pub volumes: Vec<String>,
    /// It runs now; a stopped runtime is updated and left stopped.
    pub running: bool,
    /// Days for which the previous container is kept.
    pub keeps_previous_days: u32,
}

/// What is known of the difference before an update, because both images were proved as versions of
/// environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KnownChanges {
    pub packages: Vec<PackageChange>,
    /// `3.11.2 (/opt/venv/bin/python)`; `None` = it could not be told.
    pub python_from: Option<String>,
    pub python_to: Option<String>,
    /// Bytes on disk.
    pub size_from: u64,
    pub size_to: u64,
    /// Layers of the new image, and how many of them the old one has as well.
    pub layers: u32,
    pub shared_layers: u32,
}

/// Starts an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRuntime {
    pub runtime: RuntimeId,
    pub environment: EnvironmentDraft,
    /// The confirmations of the preview were given.
    #[serde(default)]
    pub confirmed: bool,
    /// Do not wait for active runs.
    #[serde(default)]
    pub cancel_runs: bool,
    /// The digest that the preview showed. When the tag names another image by now, nothing is done and
    /// that is said. `None` = nothing was shown.
    #[serde(default)]
    #[ts(optional)]
    pub shown: Option<String>,
}

/// What a delete would remove and keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeletePreview {
    /// Names of containers that go: the serving one, the previous one.
    pub containers: Vec<String>,
    /// Volumes that only this runtime uses: removed on request, kept otherwise.
    pub own_volumes: Vec<String>,
    /// Volumes that others use too: always kept.
    pub shared_volumes: Vec<String>,
    pub bind_mounts: Vec<String>,
    /// The image, when no other container uses it.
    pub unused_image: Option<String>,
    /// Bytes of that image.
    pub unused_image_size: u64,
}

/// Deletes a runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeleteRuntime {
    pub runtime: RuntimeId,
    pub remove_volumes: bool,
    pub remove_image: bool,
}

/// Where a file was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    pub path: String,
}
