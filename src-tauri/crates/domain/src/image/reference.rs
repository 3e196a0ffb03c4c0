//! References to images, as people write them and as engines and registries take them.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use super::Digest;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
