//! Environments: what runtimes' images are made from, and their versions.

use domain::{
    build::LineChange,
    compute::ComputeId,
    environment::{BaseUsed, EnvironmentId, EnvironmentName, Source},
    finding::Problem,
    image::ImageReference,
    operation::{OperationId, PackageChange},
    runtime::{Package, Protocol, RuntimeId},
    secret::Secret,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request about one environment, and the answer of what makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfEnvironment {
    pub environment: EnvironmentId,
}

/// Every environment, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Environments {
    pub environments: Vec<EnvironmentView>,
    /// Folders of environments that cannot be read, and why.
    pub unreadable: Vec<UnreadableEnvironment>,
    /// The folder in which every environment has its own.
    pub folder: String,
}

/// A folder whose `environment.yaml` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableEnvironment {
    pub folder: String,
    pub problem: Problem,
}

/// An environment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    pub id: EnvironmentId,
    pub name: EnvironmentName,
    pub description: String,
    pub source: Source,
    /// Where the service listens inside; `None` = the image's own port, else 8080.
    pub port: Option<u16>,
    /// Empty = `/health`.
    pub health_path: String,
    /// Where its definition is.
    pub folder: String,
    /// Newest first.
    pub versions: Vec<EnvironmentVersionView>,
    /// Runtimes that were made from any version of it.
    pub runtimes: Vec<RuntimeId>,
    /// What works on it just now.
    pub operation: Option<OperationId>,
    /// Secrets that builds are given.
    pub secrets: Vec<BuildSecretView>,
    /// What stands in the way of making a version, e.g. a definition that was edited by hand.
    pub problems: Vec<Problem>,
    /// Something newer than what the newest version was made from; `None` = nothing is known.
    pub news: Option<BaseNews>,
}

/// A newer base of an environment's newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BaseNews {
    /// Bases of which there is a newer one.
    pub newer: Vec<NewerBase>,
    /// Packages that its definition names and of which the index has newer ones, as pip sees it.
    pub packages: Vec<PackageChange>,
    #[ts(type = "string")]
    pub checked: Timestamp,
    /// Why a base or the index could not be asked about.
    pub problem: Option<Problem>,
}

/// A base of which there is a newer one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewerBase {
    /// As it is written now.
    pub from: String,
    /// The same when the tag names another image now; else a reference with a higher version.
    pub to: String,
    /// What `to` is now.
    pub digest: String,
}

/// One version of an environment: an image that was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVersionView {
    /// 1, 2, …
    pub number: u32,
    pub compute: ComputeId,
    pub compute_name: String,
    pub image: ImageReference,
    /// The digest that a registry gave, else the id that the engine gave.
    pub digest: String,
    /// Bytes on disk.
    pub size: u64,
    #[ts(type = "string")]
    pub created: Timestamp,
    pub bases: Vec<BaseUsed>,
    /// `3.11.2 (/opt/venv/bin/python)`; `None` = it could not be told.
    pub python: Option<String>,
    /// Version of promptflow, and of its tools; `None` = not in it.
    pub promptflow: Option<String>,
    pub tools: Option<String>,
    pub protocol: Protocol,
    pub packages: u32,
    /// Runtimes that run it.
    pub runtimes: Vec<RuntimeId>,
    /// Runtimes that run another one and keep it to go back to.
    pub kept_by: Vec<RuntimeId>,
    /// The operation that made it.
    pub operation: OperationId,
}

/// An environment as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentForm {
    pub name: String,
    pub description: String,
    pub source: Source,
    pub port: Option<u32>,
    pub health_path: String,
}

/// Checks an environment as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckEnvironment {
    /// `None` = a new one.
    pub environment: Option<EnvironmentId>,
    pub form: EnvironmentForm,
}

/// What is wrong with an environment as typed. Each problem names its field: `name`, `port`,
/// `healthPath`, and those of the source (`base`, `promptflow`, `requirements`, `systemPackages`,
/// `index.url`, `index.extraUrls`, `index.proxy`, `index.certificates`, `folder`, `dockerfile`,
/// `arguments.N`, `target`, `reference`, `repository`, `version`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentCheck {
    pub problems: Vec<Problem>,
    /// The Dockerfile that would be built; `None` = nothing is built, or it cannot be read.
    pub dockerfile: Option<String>,
    /// Images that it is built on, arguments put in.
    pub bases: Vec<String>,
    /// Names of its stages.
    pub stages: Vec<String>,
}

/// Makes an environment, or changes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveEnvironment {
    /// `None` = a new one.
    pub environment: Option<EnvironmentId>,
    pub form: EnvironmentForm,
}

/// Keeps the value of a secret that builds of an environment are given, in the keyring.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeepBuildSecret {
    pub environment: EnvironmentId,
    /// Its id: as in `--mount=type=secret,id=…`; `index` for the password of a package index.
    pub secret: String,
    #[ts(type = "string")]
    pub value: Secret,
}

/// A secret that builds are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildSecretView {
    pub id: String,
    /// Its value can be read from the keyring.
    pub kept: bool,
}

/// Makes an environment like another under a new name; versions are not copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DuplicateEnvironment {
    pub environment: EnvironmentId,
    pub name: String,
}

/// Deletes an environment. Its folder is moved away rather than removed; the images of its versions
/// are removed when that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeleteEnvironment {
    pub environment: EnvironmentId,
    pub remove_images: bool,
}

/// Makes an environment of a folder that was written for Azure Machine Learning or by this product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportEnvironment {
    /// Absolute path of a folder, or of its `environment.yaml`.
    pub folder: String,
    /// Empty = the name in the file, else that of the folder.
    pub name: String,
}

/// What was made of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportedEnvironment {
    pub environment: EnvironmentId,
    /// What was understood, a sentence each.
    pub honoured: Vec<String>,
    /// What was not taken over, and why, a sentence each.
    pub left_out: Vec<String>,
}

/// Reads a requirements file, e.g. that of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadRequirements {
    /// Absolute path of the file, or of the folder that has a `requirements.txt`.
    pub path: String,
}

/// The text of a requirements file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RequirementsText {
    pub path: String,
    pub text: String,
}

/// What a build would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewBuild {
    pub environment: EnvironmentId,
    pub compute: ComputeId,
    /// On the newest bases.
    pub newest_base: bool,
}

/// What a build would do, before anything happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildPreview {
    /// The number that the version would get.
    pub number: u32,
    pub bases: Vec<BasePreview>,
    /// Lines of the Dockerfile, or of the definition, that would change.
    pub changes: Vec<LineChange>,
    /// The Dockerfile as it would be built; empty for what is not built.
    pub dockerfile: String,
    /// What would be sent to the engine; `None` = nothing is.
    pub context: Option<ContextSize>,
    /// Free bytes where the compute keeps images; `None` = it cannot be told.
    pub free_disk: Option<u64>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
    /// What may go wrong, a sentence each.
    pub warnings: Vec<String>,
}

/// One base of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BasePreview {
    pub reference: String,
    /// What it is now; empty = it could not be told.
    pub digest: String,
    /// What the newest version was built on; `None` = it has no version, or another base.
    pub used_digest: Option<String>,
    /// Bytes to download; `None` = it could not be told.
    pub download_size: Option<u64>,
    pub problem: Option<Problem>,
}

/// How much a build context is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ContextSize {
    pub files: u64,
    pub bytes: u64,
    /// Files and folders that `.dockerignore` leaves out.
    pub ignored: u64,
}

/// Makes a version of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildEnvironment {
    pub environment: EnvironmentId,
    pub compute: ComputeId,
    /// Take the newest bases; the definition is changed once the image is proved.
    pub newest_base: bool,
    /// Use nothing of earlier builds.
    pub no_cache: bool,
    /// Install exactly the packages of this version, on exactly its base.
    pub exactly: Option<u32>,
    /// Runtimes that are updated to the version once it is proved.
    #[serde(default)]
    pub update: Vec<RuntimeId>,
}

/// A request about one version of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfEnvironmentVersion {
    pub environment: EnvironmentId,
    pub number: u32,
}

/// Everything about one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVersionDetail {
    pub version: EnvironmentVersionView,
    pub packages: Vec<Package>,
    /// A requirements file that names exactly these packages.
    pub lock: String,
    /// The Dockerfile as it was built; empty for what was not built.
    pub dockerfile: String,
    /// The version before it, with which it is compared.
    pub before: Option<EnvironmentVersionView>,
    /// What differs from the version before.
    pub changes: Vec<PackageChange>,
    /// How many of its layers the version before has as well, and how many it has.
    pub shared_layers: u32,
    pub layers: u32,
    /// It is on its compute; `None` = that cannot be told just now.
    pub there: Option<bool>,
}
