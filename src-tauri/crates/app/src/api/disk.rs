//! Disk: what our images take on a compute, and cleaning up.

use domain::{
    compute::ComputeId,
    disk::{CacheDisk, ImageNeed, ImageRole},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Images of ours on a compute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DiskView {
    /// Largest first.
    pub images: Vec<DiskImage>,
    /// Free bytes where the compute keeps images; `None` = it cannot be told.
    pub free: Option<u64>,
    /// Bytes of every image on the compute, ours or not, each layer counted once.
    pub all_layers: u64,
    /// What the builder keeps of earlier builds, whoever made them; `None` = there is no such cache.
    pub build_cache: Option<CacheDisk>,
}

/// An image of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DiskImage {
    pub id: String,
    /// `repository:tag` texts; empty for what a build left.
    pub names: Vec<String>,
    pub role: ImageRole,
    /// Bytes that come free when it alone goes, as far as can be told.
    pub size: u64,
    /// Bytes of it that other images have as well.
    pub shared: u64,
    #[ts(type = "string | null")]
    pub created: Option<Timestamp>,
    pub need: ImageNeed,
    /// It may be removed.
    pub may_go: bool,
    /// Its removal is proposed.
    pub proposed: bool,
}

/// Removes images that nothing needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CleanDisk {
    pub compute: ComputeId,
    /// Ids of images.
    pub images: Vec<String>,
    /// The builder's cache as well, as far as no build uses it.
    pub build_cache: bool,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CleanedDisk {
    pub removed: u32,
    /// Bytes that came free, as the engine counts it.
    pub freed: u64,
    /// What stayed, and why, a sentence each.
    pub kept: Vec<String>,
}
