//! Version checks.

use domain::{
    compute::ComputeId,
    environment::{EnvironmentId, EnvironmentName},
    facts::{PassedOver, VersionFacts},
    finding::Problem,
    image::{ImageReference, Repository},
    operation::PackageChange,
    runtime::RuntimeId,
    version::Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::NewerBase;

/// Asks for a version check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckVersion {
    pub runtime: RuntimeId,
    /// What may be answered.
    pub freshness: Freshness,
}

/// How fresh an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Freshness {
    /// Only what is known already; nothing is asked.
    Cached,
    /// Ask, unless an answer is under 10 s old or the registry asked to wait.
    Page,
    /// Always ask.
    Now,
}

/// The newest answer; `None` = it was never asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LatestCheck {
    pub check: Option<VersionCheck>,
}

/// What is known of a runtime's version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VersionCheck {
    pub runtime: RuntimeId,
    #[ts(type = "string")]
    pub checked: Timestamp,
    pub repository: Repository,
    /// What runs: the dated version when the image has one.
    pub current: Option<Version>,
    pub current_facts: Option<VersionFacts>,
    pub answer: VersionAnswer,
    /// Images of this repository get no more updates since this day.
    #[ts(type = "string | null")]
    pub support_ended: Option<jiff::civil::Date>,
}

/// The answer. An error is never *up to date*.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum VersionAnswer {
    #[serde(rename_all = "camelCase")]
    Newer {
        image: ImageReference,
        /// `None` when only `latest` exists.
        version: Option<Version>,
        /// Days since its date.
        age_in_days: Option<i32>,
        download_size: u64,
        /// `None` = no facts known.
        facts: Option<VersionFacts>,
        /// Known security fixes between what runs and this one, oldest first.
        security_fixes: Vec<VersionFacts>,
        /// Newer ones that are not offered, newest first, and why.
        passed_over: Vec<PassedOver>,
        /// The person skipped this version.
        skipped: bool,
        /// The person asked to be reminded later.
        #[ts(type = "string | null")]
        snoozed_until: Option<Timestamp>,
    },
    #[serde(rename_all = "camelCase")]
    UpToDate {
        /// Newer ones that are not offered, newest first, and why.
        passed_over: Vec<PassedOver>,
    },
    /// The runtime's environment has a newer version on this compute.
    #[serde(rename_all = "camelCase")]
    NewerOfEnvironment {
        environment: EnvironmentId,
        name: EnvironmentName,
        from: u32,
        to: u32,
        /// What differs, as far as both were proved.
        packages: Vec<PackageChange>,
    },
    /// The runtime runs the newest version of its environment, and there is a newer base for that.
    #[serde(rename_all = "camelCase")]
    NewerBase { environment: EnvironmentId, name: EnvironmentName, bases: Vec<NewerBase> },
    /// The same tag names another image now.
    #[serde(rename_all = "camelCase")]
    Rebuilt { image: ImageReference, download_size: u64 },
    /// It cannot be told.
    #[serde(rename_all = "camelCase")]
    Unknown { because: Problem },
}

/// A version to skip, or to be reminded of in a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AboutVersion {
    pub runtime: RuntimeId,
    pub version: Version,
}

/// Which versions a repository offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListVersions {
    pub compute: ComputeId,
    /// `None` = the default environment's.
    pub repository: Option<String>,
}

/// A repository's versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VersionChoices {
    /// The one that answered: the default, or its fallback.
    pub repository: Repository,
    /// Newest first.
    pub versions: Vec<VersionChoice>,
    /// The newest good one; `None` when there is none (then `latest` may be used).
    pub newest: Option<Version>,
    /// Only `latest` exists.
    pub only_latest: bool,
    /// Bytes to download for the newest good one (or `latest`) on this compute.
    pub newest_download_size: Option<u64>,
    /// Why there is no answer. The repository is then the one that was asked.
    pub problem: Option<Problem>,
}

/// One version to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VersionChoice {
    pub version: Version,
    pub age_in_days: i32,
    /// `None` = no facts known.
    pub facts: Option<VersionFacts>,
}

/// Looks at one image without pulling it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewImage {
    pub compute: ComputeId,
    /// As typed.
    pub reference: String,
}

/// What an image is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImagePreview {
    pub reference: ImageReference,
    pub digest: String,
    #[ts(type = "string | null")]
    pub created: Option<Timestamp>,
    /// Bytes; 0 = all is there.
    pub download_size: u64,
    /// TCP ports that it exposes.
    pub ports: Vec<u16>,
    /// It is on the compute and the registry was not needed.
    pub local: bool,
}
