//! What went wrong, in words: problems that cross the border, and findings with evidence and fix.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of thing went wrong. The UI decides by this code alone how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProblemCode {
    /// What was asked for is not valid; `field` says where.
    InvalidInput,
    /// The runtime, operation or compute does not exist (any more).
    NotFound,
    /// Another operation holds the runtime.
    Busy,
    /// It is not any more as it was when the person decided.
    ChangedMeanwhile,
    /// The compute cannot be reached.
    ComputeUnreachable,
    /// The registry cannot be reached or gave an answer that makes no sense.
    RegistryUnreachable,
    /// The registry asks for a login, or refuses this one.
    RegistryDenied,
    /// The registry asks to wait.
    RateLimited,
    /// The registry does not have this image or repository.
    ImageNotFound,
    /// The image is not made for the compute's architecture.
    WrongArchitecture,
    /// The version is known bad or was rolled back before.
    KnownBad,
    /// What was shown to the person is not what it would be now; nothing was done.
    Moved,
    NameTaken,
    PortTaken,
    DiskFull,
    /// The container ended, or could not be started.
    ContainerFailed,
    /// The container runs but no Prompt flow service answers.
    NoService,
    /// It did not become ready in time.
    NotReadyInTime,
    /// The keyring is locked, not there or does not answer.
    Keyring,
    /// What is there cannot be kept by a recreate, so nothing was done.
    CannotBeKept,
    /// An image could not be built.
    BuildFailed,
    /// A flow has errors, so it cannot run.
    FlowHasErrors,
    /// A run of a flow failed, or could not begin.
    RunFailed,
    /// The engine refused for another reason.
    Engine,
    /// The person's own data or settings cannot be read or written.
    Storage,
    /// A fault of this application.
    Internal,
}

/// An error as a person and the UI get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub code: ProblemCode,
    /// Full sentences: what happened and what it means.
    pub sentence: String,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
    /// Technical words, folded away on screen.
    pub details: Option<String>,
    /// Whether trying the same again may help.
    pub retry: bool,
    /// For invalid input: the request's field, in camelCase.
    pub field: Option<String>,
    pub finding: Option<Box<Finding>>,
}

impl Problem {
    /// A problem with a sentence and nothing else.
    pub fn new(code: ProblemCode, sentence: impl Into<String>) -> Self {
        Self {
            code,
            sentence: sentence.into(),
            hints: vec![],
            details: None,
            retry: false,
            field: None,
            finding: None,
        }
    }

    /// Input that was refused before anything happened.
    pub fn field(field: &str, sentence: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ProblemCode::InvalidInput, sentence) }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds technical words.
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// Says that trying again may help.
    pub fn retryable(mut self) -> Self {
        self.retry = true;
        self
    }

    /// Adds the diagnosed cause; its sentence and hints lead.
    pub fn found(finding: Finding) -> Self {
        Self {
            code: finding.cause.problem_code(),
            sentence: format!("{} {}", finding.sentence, finding.meaning).trim().to_owned(),
            hints: finding.advice.clone(),
            details: None,
            retry: false,
            field: None,
            finding: Some(Box::new(finding)),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl std::error::Error for Problem {}

/// A diagnosed cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    ImageNotFound,
    PullDenied,
    NoSuchHost,
    RegistryNotReachable,
    RateLimited,
    CertificateNotTrusted,
    /// It answers, but with what no registry may answer.
    RegistryMisbehaves,
    WrongArchitecture,
    PullInterrupted,
    DiskFull,
    PortTaken,
    NameTaken,
    MountMissing,
    CommandMissing,
    ContainerExited,
    OutOfMemory,
    NoServiceInImage,
    AnswersElsewhere,
    AnotherServiceAnswers,
    NotReadyInTime,
    NetworkGone,
    EngineGone,
    ContainerGone,
    /// It writes to what is read-only for it while it is proved.
    WritesAtStart,
    /// A build begins with an image that does not exist.
    BaseNotFound,
    /// No package index offers it under this name or in this version.
    PackageNotFound,
    /// Packages need versions of each other, or of a third, that do not go together.
    PackageConflict,
    /// A package is made for other versions of Python.
    PythonDoesNotFit,
    NoNetworkInBuild,
    /// A package has to be compiled and there is nothing to do it with.
    CompilerMissing,
    /// A build copies a file that was not sent to the builder.
    FileNotInContext,
    /// The Dockerfile or the list of packages cannot be read.
    BuildSyntax,
    /// A step of a build failed for a reason that is not known here.
    BuildStepFailed,
    /// Nothing known matches; the evidence is shown as it is.
    Unknown,
}

impl Cause {
    fn problem_code(self) -> ProblemCode {
        match self {
            Self::ImageNotFound | Self::BaseNotFound => ProblemCode::ImageNotFound,
            Self::PullDenied => ProblemCode::RegistryDenied,
            Self::NoSuchHost
            | Self::RegistryNotReachable
            | Self::CertificateNotTrusted
            | Self::RegistryMisbehaves
            | Self::PullInterrupted => ProblemCode::RegistryUnreachable,
            Self::RateLimited => ProblemCode::RateLimited,
            Self::WrongArchitecture => ProblemCode::WrongArchitecture,
            Self::DiskFull => ProblemCode::DiskFull,
            Self::PortTaken => ProblemCode::PortTaken,
            Self::NameTaken => ProblemCode::NameTaken,
            Self::MountMissing
            | Self::CommandMissing
            | Self::ContainerExited
            | Self::OutOfMemory => ProblemCode::ContainerFailed,
            Self::NoServiceInImage | Self::AnswersElsewhere | Self::AnotherServiceAnswers => {
                ProblemCode::NoService
            }
            Self::NotReadyInTime => ProblemCode::NotReadyInTime,
            Self::EngineGone => ProblemCode::ComputeUnreachable,
            Self::ContainerGone => ProblemCode::NotFound,
            Self::WritesAtStart => ProblemCode::CannotBeKept,
            Self::PackageNotFound
            | Self::PackageConflict
            | Self::PythonDoesNotFit
            | Self::NoNetworkInBuild
            | Self::CompilerMissing
            | Self::FileNotInContext
            | Self::BuildSyntax
            | Self::BuildStepFailed => ProblemCode::BuildFailed,
            Self::NetworkGone | Self::Unknown => ProblemCode::Engine,
        }
    }
}

/// One diagnosed cause: what is wrong, the evidence, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub cause: Cause,
    /// What happened, a full sentence.
    pub sentence: String,
    /// What that means for the person.
    pub meaning: String,
    /// What was looked at, and what was seen there.
    pub evidence: Vec<Evidence>,
    /// What to do next, one sentence each.
    pub advice: Vec<String>,
    /// What the application can do about it, best first.
    pub remedies: Vec<Remedy>,
}

/// What a probe saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What was looked at, e.g. "Last lines of the log".
    pub probe: String,
    /// What was seen; may have several lines.
    pub seen: String,
}

/// Something that the application offers to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Remedy {
    /// Choose another published port; `free` is one that is.
    #[serde(rename_all = "camelCase")]
    ChoosePort {
        free: Option<u16>,
    },
    ChooseName,
    /// Choose another version or image.
    ChooseImage,
    /// Use another repository that mirrors the default one.
    UseMirror,
    /// Add a login for this registry.
    #[serde(rename_all = "camelCase")]
    AddLogin {
        registry: String,
    },
    RaiseMemory,
    /// Change folders and volumes.
    ChangeMounts,
    Start,
    Restart,
    ViewLogs,
    TryAgain,
}
