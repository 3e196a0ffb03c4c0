//! What is known of the default image's published versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{image::Repository, version::Version};

/// What is known of one published version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VersionFacts {
    pub version: Version,
    /// The promptflow version inside.
    #[serde(default)]
    pub promptflow: Option<String>,
    /// The promptflow-tools version inside.
    #[serde(default)]
    pub tools: Option<String>,
    /// It mends a vulnerability.
    #[serde(default)]
    pub security: bool,
    /// It was published with the advice not to use it.
    #[serde(default, alias = "known_bad")]
    pub known_bad: bool,
    #[serde(default)]
    pub note: Option<String>,
}

/// The table of published versions that the product carries.
#[derive(Clone, Debug)]
pub struct KnownVersions {
    /// Where the default image is published, best first.
    pub repositories: Vec<Repository>,
    /// No images after this day get updates.
    pub support_ended: jiff::civil::Date,
    /// The hosted service ends on this day.
    pub service_retires: jiff::civil::Date,
    by_version: BTreeMap<Version, VersionFacts>,
}

#[derive(Deserialize)]
struct File {
    repositories: Vec<Repository>,
    support_ended: jiff::civil::Date,
    service_retires: jiff::civil::Date,
    versions: Vec<VersionFacts>,
}

impl KnownVersions {
    /// The table built into the product.
    ///
    /// # Panics
    /// Never in a released build: a test reads the same data.
    pub fn built_in() -> Self {
        let file: File = serde_json::from_str(include_str!("../data/runtime-image-versions.json"))
            .expect("the built-in table is valid");
        Self {
            repositories: file.repositories,
            support_ended: file.support_ended,
            service_retires: file.service_retires,
            by_version: file.versions.into_iter().map(|facts| (facts.version, facts)).collect(),
        }
    }

    /// What is known of this version; `None` = no facts known.
    pub fn of(&self, version: Version) -> Option<&VersionFacts> {
        self.by_version.get(&version)
    }

    /// Published with the advice not to use it.
    pub fn is_known_bad(&self, version: Version) -> bool {
        self.of(version).is_some_and(|facts| facts.known_bad)
    }

    /// Known security fixes in versions after `from` up to and with `to`, oldest first. A fix that
    /// came in a version known bad counts as well: later versions hold it.
    pub fn security_fixes(&self, from: Version, to: Version) -> Vec<VersionFacts> {
        if from >= to {
            return Vec::new();
        }
        self.by_version
            .range((std::ops::Bound::Excluded(from), std::ops::Bound::Included(to)))
            .map(|(_, facts)| facts)
            .filter(|facts| facts.security)
            .cloned()
            .collect()
    }
}

/// What a repository's tags offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// Dated versions, newest first; never empty.
    Dated(Vec<Version>),
    /// No dated tag, but `latest` exists.
    Latest,
    Nothing,
}

/// Applies the rule "the highest good dated tag wins; `latest` counts only where no dated tag exists"
/// as far as the tags decide it. Which dated one is good needs a look at each.
pub fn offered(tags: &[String]) -> Offered {
    let versions = crate::version::dated(tags);
    if !versions.is_empty() {
        Offered::Dated(versions)
    } else if tags.iter().any(|tag| tag == "latest") {
        Offered::Latest
    } else {
        Offered::Nothing
    }
}

/// Why an image is not offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Unfit {
    /// It was published with the advice not to use it.
    PublishedAsBad,
    /// It was tried here before and did not hold, or was rolled back.
    #[serde(rename_all = "camelCase")]
    FailedHere {
        /// What was seen then, a sentence.
        why: String,
    },
    /// It has nothing for the compute's processor.
    #[serde(rename_all = "camelCase")]
    NotForArchitecture { architecture: String },
}

/// The words after a name: "NAME did not work here before: …".
impl std::fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PublishedAsBad => {
                formatter.write_str("was published with the advice not to use it.")
            }
            Self::FailedHere { why } => write!(formatter, "did not work here before: {why}"),
            Self::NotForArchitecture { architecture } => {
                write!(formatter, "is not made for {architecture}.")
            }
        }
    }
}

/// A tag that a version check passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    pub tag: String,
    pub because: Unfit,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect(text)
    }

    fn tags(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_built_in_table_can_be_read() {
        let known = KnownVersions::built_in();
        assert_eq!(
            known.repositories[0].to_string(),
            "mcr.microsoft.com/azureml/promptflow/promptflow-runtime"
        );
        assert!(known.is_known_bad(version("20241214.v1")));
        assert!(!known.is_known_bad(version("20240429.v8")));
        assert_eq!(known.of(version("20990101.v1")), None);
    }

    #[test]
    fn security_fixes_in_between_are_counted_without_the_start() {
        let known = KnownVersions::built_in();
        let fixes = known.security_fixes(version("20250220.v2"), version("20250831.v1"));
        let versions: Vec<_> = fixes.iter().map(|facts| facts.version.to_string()).collect();
        assert_eq!(versions, ["20250728.v1", "20250806.v3", "20250831.v1"]);
        assert!(known.security_fixes(version("20250831.v1"), version("20250831.v1")).is_empty());
        assert!(known.security_fixes(version("20251211.v2"), version("20250831.v1")).is_empty());
    }

    #[test]
    fn dated_tags_are_offered_before_latest_newest_first() {
        assert_eq!(
            offered(&tags(&["latest", "20241126.v3", "20241214.v1"])),
            Offered::Dated(vec![version("20241214.v1"), version("20241126.v3")])
        );
        assert_eq!(offered(&tags(&["latest", "x"])), Offered::Latest);
        assert_eq!(offered(&tags(&["dev"])), Offered::Nothing);
    }

    #[test]
    fn why_a_version_is_not_offered_reads_as_a_sentence() {
        let why = "The container exited with code 1.".to_owned();
        assert_eq!(
            format!("20240501.v3 {}", Unfit::FailedHere { why }),
            "20240501.v3 did not work here before: The container exited with code 1."
        );
        let architecture = "arm64".to_owned();
        assert_eq!(
            format!("20240501.v3 {}", Unfit::NotForArchitecture { architecture }),
            "20240501.v3 is not made for arm64."
        );
    }
}
