//! Environments: what a runtime's image is made from, under a name, with its versions.
//!
//! A [`Definition`] says what to make; it is a file that a person may read, edit and put under version
//! control, so it may hold anything and is [checked](check) rather than refused. Each build, or each
//! digest that was chosen, is one [`EnvironmentVersion`]: an image that was proved and never changes.

mod check;
mod generated;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use crate::{
    compute::ComputeId,
    image::{ImageReference, Repository},
    operation::OperationId,
    runtime::{Package, Protocol},
};

pub use check::{check, check_index_password, is_requirement};
pub(crate) use generated::WRONG_PYTHON;
pub use generated::{
    BUILD_NUMBER, CERTIFICATES, HIGHEST_PYTHON, IGNORE_FILE, INDEX_SECRET, Installed,
    LOWEST_PYTHON, REQUIREMENTS, build_arguments, generated, index_with_login, lock_of, login_file,
    service_packages,
};

/// Names one environment: a random UUID. It stays when the environment is renamed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct EnvironmentId(pub String);

impl std::fmt::Display for EnvironmentId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Images of environments have names below this one. `localhost` is no registry: engines never ask one.
const IMAGES: &str = "localhost/promptflow-runtimes";

/// On an image: the environment that it is a version of.
pub const ENVIRONMENT_LABEL: &str = "io.promptflow-runtimes.environment";
/// On an image: which version.
pub const VERSION_LABEL: &str = "io.promptflow-runtimes.environment-version";
/// On a container that only proves an image: the process that works with it, as JSON.
pub const PROOF_LABEL: &str = "io.promptflow-runtimes.proof";

/// An environment's name: the name of its folder and of its images.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct EnvironmentName(String);

/// Why a text is no environment's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnvironmentNameError {
    #[error("Give the environment a name.")]
    Empty,
    #[error("A name has at most 63 characters.")]
    TooLong,
    #[error(
        "A name has lower-case letters and digits, with single dots, underscores or hyphens between them."
    )]
    Characters,
}

impl EnvironmentName {
    const LONGEST: usize = 63;

    /// Parses what a person typed.
    pub fn parse(text: &str) -> Result<Self, EnvironmentNameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EnvironmentNameError::Empty);
        }
        if text.len() > Self::LONGEST {
            return Err(EnvironmentNameError::TooLong);
        }
        let fits = !text.contains(['/', ':', '@'])
            && Repository::parse(&format!("{IMAGES}/{text}")).is_ok();
        if fits { Ok(Self(text.to_owned())) } else { Err(EnvironmentNameError::Characters) }
    }

    /// A name near to any text, e.g. that of a folder; `None` when nothing of it can be used.
    pub fn near(text: &str) -> Option<Self> {
        let mut near = String::new();
        for letter in text.to_lowercase().chars() {
            if letter.is_ascii_alphanumeric() {
                near.push(letter);
            } else if !near.is_empty() && !near.ends_with('-') {
                near.push('-');
            }
        }
        let near: String = near.chars().take(Self::LONGEST).collect();
        Self::parse(near.trim_end_matches('-')).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name with a number behind it.
    pub fn numbered(&self, number: u32) -> Self {
        let end = format!("-{number}");
        let kept: String = self.0.chars().take(Self::LONGEST - end.len()).collect();
        Self(format!("{}{end}", kept.trim_end_matches(['.', '_', '-'])))
    }

    /// Whether an image is called as versions of environments are, on every engine.
    pub fn is_image(tag: &str) -> bool {
        tag.strip_prefix(IMAGES).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Reads the name of an image of a version: `rag 3`. `None` = it is no such image.
    pub fn title_of(image: &ImageReference) -> Option<String> {
        let name = image.repository.to_string();
        let name = name.strip_prefix(IMAGES)?.strip_prefix('/')?;
        Some(format!("{name} {}", image.tag.as_deref()?))
    }

    /// The name of the image of one version.
    pub fn image(&self, number: u32) -> Result<ImageReference, crate::image::ReferenceError> {
        ImageReference::parse(&format!("{IMAGES}/{}:{number}", self.0))
    }
}

impl std::fmt::Display for EnvironmentName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for EnvironmentName {
    type Error = EnvironmentNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<EnvironmentName> for String {
    fn from(name: EnvironmentName) -> Self {
        name.0
    }
}

/// What an environment's images are made from. The texts are as a person typed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Source {
    /// Prompt flow and requirements on a Python base.
    Packages(Packages),
    /// A folder with a Dockerfile.
    BuildContext(BuildContext),
    /// Any image of a registry or of the compute.
    #[serde(rename_all = "camelCase")]
    Image { reference: String },
    /// A repository with dated versions. Empty repository = the default one; empty version = the newest.
    #[serde(rename_all = "camelCase")]
    Default { repository: String, version: String },
}

/// Which kind of [`Source`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    Packages,
    BuildContext,
    Image,
    Default,
}

impl Source {
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Packages(_) => SourceKind::Packages,
            Self::BuildContext(_) => SourceKind::BuildContext,
            Self::Image { .. } => SourceKind::Image,
            Self::Default { .. } => SourceKind::Default,
        }
    }

    /// Ids of the secrets that a build of it is given; their values are in the keyring.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Packages(packages) if packages.index.has_login() => vec![INDEX_SECRET],
            Self::BuildContext(context) => context.secrets.iter().map(String::as_str).collect(),
            Self::Packages(_) | Self::Image { .. } | Self::Default { .. } => vec![],
        }
    }

    /// An image is built on the compute, rather than taken from somewhere.
    pub fn is_built(&self) -> bool {
        matches!(self, Self::Packages(_) | Self::BuildContext(_))
    }
}

/// Prompt flow and requirements on a Python base. The Dockerfile is [generated].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Packages {
    /// An image with Python 3.9 to 3.13, e.g. `python:3.11-slim` or a mirror of it.
    pub base: String,
    /// Version of promptflow; empty = the newest.
    #[serde(default)]
    pub promptflow: String,
    /// With promptflow-tools, which `llm` and `prompt` nodes need.
    #[serde(default)]
    pub tools: bool,
    /// The text of `requirements.txt`.
    #[serde(default)]
    pub requirements: String,
    /// Debian packages.
    #[serde(default)]
    pub system_packages: Vec<String>,
    #[serde(default)]
    pub installer: Installer,
    #[serde(default)]
    pub index: PackageIndex,
}

/// What installs Python packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Installer {
    #[default]
    Pip,
    Uv,
}

impl Installer {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
        }
    }
}

/// Where packages are downloaded from while an image is built; nothing of it stays in the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct PackageIndex {
    /// Empty = the public index.
    pub url: String,
    /// Who may use it; empty = everybody. The password is in the keyring.
    pub username: String,
    /// Further ones.
    pub extra_urls: Vec<String>,
    /// Hosts whose certificate is not checked, or which speak plain HTTP.
    pub trusted_hosts: Vec<String>,
    /// Empty = none.
    pub proxy: String,
    /// Hosts that are reached without the proxy, with commas between.
    pub no_proxy: String,
    /// Absolute path on this machine of a file with certificates (PEM) to trust; empty = none.
    pub certificates: String,
}

impl PackageIndex {
    /// It asks who one is.
    pub fn has_login(&self) -> bool {
        !self.username.trim().is_empty()
    }
}

/// A folder with a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildContext {
    /// Absolute path on this machine; empty = the environment's own folder.
    #[serde(default)]
    pub folder: String,
    /// Path of the Dockerfile within the folder; empty = `Dockerfile`.
    #[serde(default)]
    pub dockerfile: String,
    #[serde(default)]
    pub arguments: Vec<BuildArgument>,
    /// The stage to build; empty = the last one.
    #[serde(default)]
    pub target: String,
    /// Ids of secrets for `RUN --mount=type=secret,id=…`; their values are in the keyring.
    #[serde(default)]
    pub secrets: Vec<String>,
}

impl BuildContext {
    /// The Dockerfile's path within the folder.
    pub fn dockerfile(&self) -> &str {
        match self.dockerfile.trim() {
            "" => "Dockerfile",
            path => path.trim_start_matches("./"),
        }
    }
}

/// A build argument. It can be read in the image's history by everyone who has the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildArgument {
    pub name: String,
    pub value: String,
    /// The person confirmed that it is no secret although it looks like one.
    #[serde(default)]
    pub confirmed: bool,
}

/// What an environment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub id: EnvironmentId,
    pub name: EnvironmentName,
    pub description: String,
    pub source: Source,
    /// Where the service listens inside; `None` = the image's own port, else 8080.
    pub port: Option<u16>,
    /// Path that tells health; empty = `/health`.
    pub health_path: String,
}

impl Definition {
    pub fn health_path(&self) -> &str {
        if self.health_path.is_empty() { "/health" } else { &self.health_path }
    }
}

/// An image that a version was built on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BaseUsed {
    /// With tag, as it was written; without digest.
    pub reference: String,
    /// What it was then: the digest in its registry, else the id on the compute.
    pub digest: String,
    /// The digest is that of a registry, which can be asked for a newer one.
    pub from_registry: bool,
}

/// One image of an environment: built or chosen, proved, and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVersion {
    pub environment: EnvironmentId,
    /// 1, 2, …
    pub number: u32,
    pub compute: ComputeId,
    /// With its tag and, where a registry gave it, its digest.
    pub image: ImageReference,
    /// `sha256:…`, as the engine names it.
    pub image_id: String,
    /// Bytes on disk.
    pub size: u64,
    pub created: Timestamp,
    pub bases: Vec<BaseUsed>,
    /// Digests of the image's layers, lowest first.
    pub layers: Vec<String>,
    /// `3.11.2 (/opt/venv/bin/python)`; `None` = it could not be told.
    pub python: Option<String>,
    /// What answered when it was proved.
    pub protocol: Protocol,
    pub packages: Vec<Package>,
    /// The Dockerfile as it was built; empty for one that was not built.
    pub dockerfile: String,
    /// The operation that made it; its log is kept under this id.
    pub operation: OperationId,
}

impl EnvironmentVersion {
    /// How many of its layers, from the lowest up, it has in common with another version.
    pub fn shared_layers(&self, other: &Self) -> usize {
        self.layers.iter().zip(&other.layers).take_while(|(ours, theirs)| ours == theirs).count()
    }

    /// The version of an installed package.
    pub fn package(&self, name: &str) -> Option<&str> {
        self.packages
            .iter()
            .find(|package| package.name.eq_ignore_ascii_case(name))
            .map(|package| package.version.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_a_folder_and_of_an_image() {
        for good in ["rag", "rag-prod", "a.b_c-1"] {
            let name = EnvironmentName::parse(good).expect(good);
            let image = name.image(3).expect("image").to_string();
            assert_eq!(image, format!("localhost/promptflow-runtimes/{good}:3"));
            let image = name.image(3).expect("image");
            assert_eq!(EnvironmentName::title_of(&image), Some(format!("{good} 3")));
        }
        for bad in ["", "  ", "A", "a b", "-a", "a..b", "a/b", "a:1", &"x".repeat(64)] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn any_text_has_a_name_near_to_it() {
        let near = |text: &str| EnvironmentName::near(text).map(|name| name.to_string());
        assert_eq!(near("My Env (2)").as_deref(), Some("my-env-2"));
        assert_eq!(near("image_build").as_deref(), Some("image-build"));
        assert_eq!(near("…"), None);
        let long = EnvironmentName::near(&"x".repeat(80)).expect("name");
        assert!(EnvironmentName::parse(long.numbered(12).as_str()).is_ok());
    }
}
