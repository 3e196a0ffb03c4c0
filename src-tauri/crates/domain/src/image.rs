//! Images: references, digests, platforms, and when two of them are the same image.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use crate::container::LocalImage;

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

/// A repository of a registry, `host[:port]/path`, always with its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Repository {
    host: String,
    path: String,
}

impl Repository {
    /// Parses `host[:port]/path` or Docker's short forms (`ubuntu` = `docker.io/library/ubuntu`).
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let reference = ImageReference::parse(text)?;
        if reference.tag.is_some() || reference.digest.is_some() {
            return Err(ReferenceError::NotARepository(text.to_owned()));
        }
        Ok(reference.repository)
    }

    /// `host[:port]`, `docker.io` for Docker Hub.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path within the registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path, as a short name for people.
    pub fn short_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// This repository with a tag.
    pub fn tagged(&self, tag: &str) -> ImageReference {
        ImageReference { repository: self.clone(), tag: Some(tag.to_owned()), digest: None }
    }
}

impl std::fmt::Display for Repository {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.host, self.path)
    }
}

impl TryFrom<String> for Repository {
    type Error = ReferenceError;
    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::parse(&text)
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.to_string()
    }
}

/// A reference to an image: a repository with a tag, a digest, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ImageReference {
    pub repository: Repository,
    pub tag: Option<String>,
    pub digest: Option<Digest>,
}

/// Why a text is no image reference. Sentences for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    #[error("Give an image, for example registry.example.com/team/image:tag.")]
    Empty,
    #[error("An image reference has no spaces.")]
    Space,
    #[error("An image reference has no \"https://\" in front.")]
    Scheme,
    #[error(
        "The repository \"{0}\" has upper-case letters; repositories are written in lower case."
    )]
    UpperCase(String),
    #[error(
        "\"{0}\" is not a repository path. Use lower-case letters, digits, dots, underscores, hyphens and slashes."
    )]
    BadPath(String),
    #[error("\"{0}\" is not a registry's host name.")]
    BadHost(String),
    #[error(
        "\"{0}\" is not a tag. A tag has letters, digits, dots, underscores and hyphens, and at most 128 of them."
    )]
    BadTag(String),
    #[error("\"{0}\" is not a digest. A digest is sha256: and 64 hexadecimal digits.")]
    BadDigest(String),
    #[error("\"{0}\" names one image. Give the repository alone, without tag or digest.")]
    NotARepository(String),
}

impl ImageReference {
    /// Parses a reference by the grammar of the distribution project
    /// (<https://pkg.go.dev/github.com/distribution/reference>), with Docker's defaults for the host.
    /// The tag is left out when it is not written; see [`ImageReference::tag_or_latest`].
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.contains("://") {
            return Err(ReferenceError::Scheme);
        }
        if text.contains(char::is_whitespace) {
            return Err(ReferenceError::Space);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest = Digest::parse(digest)
                    .map_err(|_| ReferenceError::BadDigest(digest.to_owned()))?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        let last_slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[last_slash..].rfind(':') {
            Some(colon) => (&rest[..last_slash + colon], Some(&rest[last_slash + colon + 1..])),
            None => (rest, None),
        };
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return Err(ReferenceError::BadTag(tag.to_owned()));
        }
        let (host, path) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => {
                (first.to_owned(), path.to_owned())
            }
            Some(_) => ("docker.io".to_owned(), name.to_owned()),
            None => ("docker.io".to_owned(), format!("library/{name}")),
        };
        let host = if host == "index.docker.io" { "docker.io".to_owned() } else { host };
        if !is_host(&host) {
            return Err(ReferenceError::BadHost(host));
        }
        if path.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(ReferenceError::UpperCase(path));
        }
        if !path.split('/').all(is_path_component) {
            return Err(ReferenceError::BadPath(path));
        }
        Ok(Self { repository: Repository { host, path }, tag: tag.map(str::to_owned), digest })
    }

    /// What a manifest is asked by: the digest, else the tag, else `latest`.
    pub fn manifest_key(&self) -> &str {
        self.digest.as_ref().map_or_else(|| self.tag_or_latest(), Digest::as_str)
    }

    /// The tag, `latest` when none is written.
    pub fn tag_or_latest(&self) -> &str {
        self.tag.as_deref().unwrap_or("latest")
    }

    /// `repository@digest`: exactly this image, whatever happens to the tag.
    pub fn pinned(&self, digest: &Digest) -> Self {
        Self { repository: self.repository.clone(), tag: None, digest: Some(digest.clone()) }
    }

    /// The dated version that the tag names, if it is one.
    pub fn version(&self) -> Option<crate::version::Version> {
        self.tag.as_deref().and_then(|tag| crate::version::Version::parse(tag).ok())
    }
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    tag.len() <= 128
        && bytes.next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    good_port
        && !name.is_empty()
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

fn is_path_component(part: &str) -> bool {
    let bytes = part.as_bytes();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !plain(*first) || !plain(*last) {
        return false;
    }
    // Between letters and digits: one dot, one or two underscores, or any number of hyphens.
    part.split(|c: char| plain(c as u8) && c.is_ascii()).all(|separator| {
        matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
    })
}

impl std::fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ImageReference {
    type Error = ReferenceError;
    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::parse(&text)
    }
}

impl From<ImageReference> for String {
    fn from(reference: ImageReference) -> Self {
        reference.to_string()
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
    use proptest::prelude::*;

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
    fn references_are_parsed_as_docker_does() {
        for (text, host, path, tag) in [
            ("ubuntu", "docker.io", "library/ubuntu", None),
            ("a/b:1", "docker.io", "a/b", Some("1")),
            ("localhost/x", "localhost", "x", None),
            ("127.0.0.1:5000/a/b:20240429.v8", "127.0.0.1:5000", "a/b", Some("20240429.v8")),
            (
                "mcr.microsoft.com/azureml/promptflow/promptflow-runtime:latest",
                "mcr.microsoft.com",
                "azureml/promptflow/promptflow-runtime",
                Some("latest"),
            ),
        ] {
            let reference = ImageReference::parse(text).expect(text);
            assert_eq!(
                (
                    reference.repository.host(),
                    reference.repository.path(),
                    reference.tag.as_deref()
                ),
                (host, path, tag)
            );
        }
    }

    #[test]
    fn a_malformed_reference_says_what_is_wrong() {
        use ReferenceError as E;
        let is = |text: &str| ImageReference::parse(text).expect_err(text);
        assert_eq!(is("  "), E::Empty);
        assert_eq!(is("a b"), E::Space);
        assert_eq!(is("https://x.io/a"), E::Scheme);
        assert!(matches!(is("x.io/Team/a"), E::UpperCase(_)));
        assert!(matches!(is("x.io/a:"), E::BadTag(_)));
        assert!(matches!(is("x.io//a"), E::BadPath(_)));
        assert!(matches!(is("x.io/a..b"), E::BadPath(_)));
        assert!(matches!(is("x.io:0/a"), E::BadHost(_)));
        assert!(matches!(is("x.io/a@sha256:12"), E::BadDigest(_)));
        assert!(matches!(Repository::parse("x.io/a:1"), Err(E::NotARepository(_))));
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

    proptest! {
        #[test]
        fn references_go_to_text_and_back(text in "([a-z0-9]{1,8}\\.io(:[1-9][0-9]{0,3})?/)?[a-z0-9]{1,6}(/[a-z0-9]{1,6}){0,2}(:[a-z0-9_][a-z0-9_.-]{0,8})?") {
            let reference = ImageReference::parse(&text).expect("generated by the grammar");
            prop_assert_eq!(ImageReference::parse(&reference.to_string()), Ok(reference));
        }

        #[test]
        fn any_text_is_parsed_or_refused_without_a_panic(text in "\\PC{0,40}") {
            let _ = ImageReference::parse(&text);
        }
    }
}
