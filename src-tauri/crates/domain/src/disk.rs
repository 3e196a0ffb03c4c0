//! Disk: which images on a compute are ours, which of them something needs, and which may go.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What images take on a compute, as the engine counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// Bytes of all layers together, each counted once.
    pub layers: u64,
    pub images: Vec<ImageDisk>,
    /// What BuildKit keeps of earlier builds, whoever made them; `None` = the engine has no such cache.
    pub build_cache: Option<CacheDisk>,
}

/// The cache of an engine's builder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CacheDisk {
    /// Bytes, without those that images have as well.
    pub size: u64,
    /// Bytes that come free when it goes: no build uses them just now.
    pub unused: u64,
}

/// One image, as the engine counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDisk {
    /// `sha256:…`
    pub id: String,
    /// Bytes, those shared with other images as well.
    pub size: u64,
    /// Bytes that other images share; `None` = the engine does not tell.
    pub shared: Option<u64>,
}

impl ImageDisk {
    /// Bytes that come free when it goes, as far as can be told.
    pub fn own(&self) -> u64 {
        self.size.saturating_sub(self.shared.unwrap_or(0))
    }
}

/// What an image is to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ImageRole {
    /// A version of an environment; `name: None` = one that is not in this installation.
    #[serde(rename_all = "camelCase")]
    Version { name: Option<String>, number: u32 },
    /// An image that runtimes are made of as it is.
    Runtime,
    /// What environments are built on.
    Base,
    /// What a build left for the next one to be quick.
    BuildCache,
}

/// Why an image stays, or that nothing needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ImageNeed {
    /// Containers were made of it.
    #[serde(rename_all = "camelCase")]
    InUse {
        by: Vec<String>,
    },
    /// A runtime can only go back to it as long as it is there.
    #[serde(rename_all = "camelCase")]
    ToGoBack {
        of: Vec<String>,
    },
    /// It is the newest version of an environment on this compute, or its base: it may go, but the next
    /// runtime or build would need it again.
    #[serde(rename_all = "camelCase")]
    Useful {
        of: Vec<String>,
    },
    Nothing,
}

impl ImageNeed {
    /// It may be removed when the person says so.
    pub fn may_go(&self) -> bool {
        matches!(self, Self::Useful { .. } | Self::Nothing)
    }

    /// Its removal is proposed.
    pub fn is_proposed(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// What is known around an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Names of all containers that were made of it, ours or not.
    pub containers: Vec<String>,
    /// Names of runtimes that may want to go back to it.
    pub to_go_back: Vec<String>,
    /// Names of environments whose newest version, or whose base, it is.
    pub useful_for: Vec<String>,
}

/// The rule: what runs, or may have to run again, stays.
pub fn need(around: Around) -> ImageNeed {
    if !around.containers.is_empty() {
        ImageNeed::InUse { by: around.containers }
    } else if !around.to_go_back.is_empty() {
        ImageNeed::ToGoBack { of: around.to_go_back }
    } else if !around.useful_for.is_empty() {
        ImageNeed::Useful { of: around.useful_for }
    } else {
        ImageNeed::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_or_may_have_to_run_again_stays() {
        let names = |name: &str| vec![name.to_owned()];
        let all = Around {
            containers: names("eval"),
            to_go_back: names("rag"),
            useful_for: names("env"),
        };
        assert!(!need(all.clone()).may_go());
        let back = Around { containers: vec![], ..all };
        assert!(!need(back.clone()).may_go());
        let useful = need(Around { to_go_back: vec![], ..back });
        assert!(useful.may_go() && !useful.is_proposed());
        assert!(need(Around::default()).is_proposed());
    }

    #[test]
    fn only_what_no_other_image_shares_comes_free() {
        let disk = ImageDisk { id: "sha256:1".into(), size: 10, shared: Some(7) };
        assert_eq!(disk.own(), 3);
        assert_eq!(ImageDisk { shared: None, ..disk }.own(), 10);
    }
}
