//! Images: references, digests, platforms, and when two of them are the same image.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

mod reference;

pub use reference::{ImageReference, ReferenceError, Repository};

/// A content digest, `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Digest(String);

/// The text is no digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a digest of the form sha256:….")]
pub struct NotADigest(pub String);

impl Digest {
    /// Parses `sha256:<64 hex digits>`.
    pub fn parse(text: &str) -> Result<Self, NotADigest> {
        match text.strip_prefix("sha256:") {
            Some(hex)
                if hex.len() == 64
                    && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotADigest(text.to_owned())),
        }
    }

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in sha2::Sha256::digest(bytes) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 hexadecimal digits, as people see it.
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

/// What an image is built for, in the words of image configurations (`linux`, `amd64`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    pub operating_system: String,
    pub architecture: String,
}

impl Platform {
    /// A Linux platform of this architecture; accepts what `uname` says (`x86_64`, `aarch64`).
    pub fn linux(architecture: &str) -> Self {
        let architecture = match architecture {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self { operating_system: "linux".into(), architecture: architecture.into() }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.operating_system, self.architecture)
    }
}

/// An image that the engine holds.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalImage {
    pub id: String,
    /// `repository:tag` texts.
    pub tags: Vec<String>,
    /// Digests of RepoDigests.
    pub digests: Vec<Digest>,
    /// Ids of the uncompressed layers, lowest first.
    pub layers: Vec<Digest>,
    /// Bytes on disk.
    pub size: u64,
    pub created: Option<Timestamp>,
    pub architecture: String,
    pub operating_system: String,
    /// The `Config` object of the image's inspect answer.
    pub config: serde_json::Value,
}

/// One compressed layer as a registry offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteLayer {
    pub digest: Digest,
    /// Compressed bytes: what is downloaded.
    pub size: u64,
}

/// What a registry says of one image for one platform.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteImage {
    /// As asked.
    pub reference: ImageReference,
    /// Digest of the index, where the reference names one.
    pub index_digest: Option<Digest>,
    /// Digest of the manifest for the platform.
    pub manifest_digest: Digest,
    /// Digest of the image's configuration, which Docker's classic store uses as the image id.
    pub config_digest: Digest,
    /// Lowest first.
    pub layers: Vec<RemoteLayer>,
    /// Ids of the uncompressed layers (`rootfs.diff_ids`), lowest first.
    pub layer_ids: Vec<Digest>,
    pub created: Option<Timestamp>,
    pub platform: Platform,
    /// The `config` object of the image's configuration (command, environment, labels …).
    pub config: serde_json::Value,
}

impl RemoteImage {
    /// The digest that pins this image in a pull: the index where there is one.
    pub fn pull_digest(&self) -> &Digest {
        self.index_digest.as_ref().unwrap_or(&self.manifest_digest)
    }

    /// Whether a local image is this one. Docker stores only the index digest, Podman both and the
    /// containerd store another id, so any meeting of the digests counts, or the same layers with
    /// the same configuration (two versions may differ in a variable alone).
    pub fn is(&self, local: &LocalImage) -> bool {
        let mut ours = self.index_digest.iter().chain([&self.manifest_digest, &self.config_digest]);
        ours.any(|digest| local.digests.contains(digest) || local.id == digest.as_str())
            || (!self.layer_ids.is_empty()
                && self.layer_ids == local.layers
                && same_config(&self.config, &local.config))
    }

    /// Bytes to download, given the images that the engine holds: a layer is there when it and all
    /// below it are the lowest layers of some local image.
    pub fn download_size(&self, locals: &[LocalImage]) -> u64 {
        let shared = locals
            .iter()
            .map(|local| {
                local.layers.iter().zip(&self.layer_ids).take_while(|(a, b)| a == b).count()
            })
            .max()
            .unwrap_or(0);
        // Without layer ids (or with another number of them) nothing can be said to be there.
        let present = if self.layer_ids.len() == self.layers.len() { shared } else { 0 };
        self.layers[present..].iter().map(|layer| layer.size).sum()
    }
}

/// Whether two `config` objects start the same thing; what is missing counts as empty. One that is not
/// known at all tells nothing against.
fn same_config(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value;
    let known = |config: &Value| config.as_object().is_some_and(|fields| !fields.is_empty());
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let keys =
        ["Env", "Cmd", "Entrypoint", "User", "WorkingDir", "ExposedPorts", "Labels", "Volumes"];
    !known(one)
        || !known(other)
        || keys
            .iter()
            .all(|key| one[*key] == other[*key] || (empty(&one[*key]) && empty(&other[*key])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: &str) -> Digest {
        Digest::of(of.as_bytes())
    }

    fn local(id: &Digest, digests: &[&Digest], layers: &[&str]) -> LocalImage {
        LocalImage {
            id: id.to_string(),
            tags: vec![],
            digests: digests.iter().map(|&d| d.clone()).collect(),
            layers: layers.iter().map(|layer| digest(layer)).collect(),
            size: 0,
            created: None,
            architecture: "amd64".into(),
            operating_system: "linux".into(),
            config: serde_json::Value::Null,
        }
    }

    fn remote(layers: &[(&str, u64)]) -> RemoteImage {
        RemoteImage {
            reference: ImageReference::parse("r.example/x:1").expect("reference"),
            index_digest: Some(digest("index")),
            manifest_digest: digest("manifest"),
            config_digest: digest("config"),
            layers: layers
                .iter()
                .map(|(name, size)| RemoteLayer {
                    digest: digest(&format!("gz {name}")),
                    size: *size,
                })
                .collect(),
            layer_ids: layers.iter().map(|(name, _)| digest(name)).collect(),
            created: None,
            platform: Platform::linux("x86_64"),
            config: serde_json::Value::Null,
        }
    }

    #[test]
    fn images_are_the_same_by_any_digest_or_by_all_layers() {
        let image = remote(&[("a", 1), ("b", 2)]);
        let other = digest("other");
        assert!(image.is(&local(&other, &[&digest("index")], &[])), "Docker keeps the index");
        assert!(image.is(&local(&other, &[&digest("manifest")], &[])), "Podman keeps the platform");
        assert!(image.is(&local(&digest("config"), &[], &[])), "the classic store's id");
        assert!(image.is(&local(&other, &[], &["a", "b"])), "the containerd store: same layers");
        let mut changed = local(&other, &[], &["a", "b"]);
        changed.config = serde_json::json!({"Env": ["VERSION=1"]});
        let mut newer = image.clone();
        newer.config = serde_json::json!({"Env": ["VERSION=2"], "Labels": null});
        assert!(!newer.is(&changed), "the same layers, but another variable");
        newer.config = serde_json::json!({"Env": ["VERSION=1"], "Labels": {}});
        assert!(newer.is(&changed));
        assert!(!image.is(&local(&other, &[&other], &["a"])));
        assert!(!remote(&[]).is(&local(&other, &[], &[])), "no layers prove nothing");
    }

    #[test]
    fn shared_lowest_layers_need_no_download() {
        let image = remote(&[("a", 10), ("b", 20), ("c", 40)]);
        let id = digest("x");
        assert_eq!(image.download_size(&[]), 70);
        assert_eq!(image.download_size(&[local(&id, &[], &["a", "z"])]), 60);
        assert_eq!(image.download_size(&[local(&id, &[], &["b", "c"])]), 70, "not from the bottom");
        assert_eq!(
            image.download_size(&[local(&id, &[], &["a"]), local(&id, &[], &["a", "b", "c", "d"])]),
            0
        );
    }
}
