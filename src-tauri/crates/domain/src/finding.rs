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
    /// An update was ended because flows would not run any more.
    FlowsWouldNotFit,
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
    /// The log driver of a container gives nothing back.
    LogCannotBeRead,
    /// A node of the person's own code takes long.
    SlowPythonNode,
    /// A node that asks a model takes long, or its call was given up.
    SlowModelCall,
    /// Several calls of models show the same: the service lets through less than is asked of it.
    ModelCallsThrottled,
    /// The hosted product gave up waiting for its runtime.
    HostedTimeout,
    /// The hosted product ended its runtime.
    HostedRuntimeGone,
    /// A run needs a module of Python that its runtime does not have.
    ModuleMissing,
    /// A run needs tools, those for LLMs or others, that its runtime does not have.
    ToolsMissing,
    /// A run needs a connection that it was not given.
    ConnectionNotGiven,
    LlmUnreachable,
    LlmUnauthorised,
    LlmQuota,
    LlmThrottled,
    /// The LLM's service has no deployment or model of this name.
    LlmNoDeployment,
    LlmTimedOut,
    LlmFiltered,
    /// A run took longer than it may.
    TimeLimit,
    /// The process of a run was ended from outside, and nothing proves by what.
    RunProcessEnded,
    RuntimeReplaced,
    RuntimeRestarted,
    RuntimeStopped,
    /// The service of a runtime that runs gave no answer to a run.
    ServiceGone,
    /// An error came out of the person's own code.
    OwnCode,
    /// Flows that run on a runtime now would not run on what it is to be updated to.
    FlowsWouldNotFit,
    /// The engine does not let this user in.
    EngineDenied,
    /// The container ended together with its engine.
    EngineRestarted,
    /// The image of a container was removed.
    ImageGone,
    /// The container has another image than the one that is expected.
    AnotherImage,
    /// Somebody gave the container another name.
    RuntimeRenamed,
    /// It was stopped, or never started.
    ContainerStopped,
    /// Its program ended by itself with exit code 0.
    EndedInOrder,
    /// It was killed, and nothing shows that memory was the reason.
    Killed,
    /// Its program got a signal for a fault of its own.
    Crashed,
    /// It ends and is started again, over and over.
    RestartLoop,
    ContainerPaused,
    DeviceMissing,
    /// A port below 1024 that the engine may not publish.
    PrivilegedPort,
    /// Podman does not look up an image without its registry.
    ShortImageName,
    InitMissing,
    NoPortPublished,
    /// It runs, and nothing listens inside where the port leads.
    NothingListens,
    /// It listens inside on another port than the published one.
    ListensElsewhere,
    /// It listens inside on 127.0.0.1 only.
    ListensOnLoopback,
    /// It is well inside, and the published port does not lead there.
    PortNotReachable,
    /// What answers at the published port is not this container.
    NotTheOneThatAnswers,
    /// The service says that it is not well.
    HealthFails,
    /// What answers is no open executor service.
    NoExecutor,
    /// The promptflow inside has no executor service yet.
    PromptflowTooOld,
    /// Packages are in another Python than the one that serves.
    OtherPython,
    DiskShort,
    MemoryShort,
    ProcessorBusy,
    ClockOff,
    NamesNotFoundInside,
    /// The proxy that a container is to use cannot be reached from inside.
    ProxyNotReachable,
    /// Nothing known matches; the evidence is shown as it is.
    Unknown,
}

impl Cause {
    fn problem_code(self) -> ProblemCode {
        match self {
            Self::ImageNotFound | Self::BaseNotFound | Self::ImageGone | Self::ShortImageName => {
                ProblemCode::ImageNotFound
            }
            Self::PullDenied => ProblemCode::RegistryDenied,
            Self::NoSuchHost
            | Self::RegistryNotReachable
            | Self::CertificateNotTrusted
            | Self::RegistryMisbehaves
            | Self::PullInterrupted => ProblemCode::RegistryUnreachable,
            Self::RateLimited => ProblemCode::RateLimited,
            Self::WrongArchitecture => ProblemCode::WrongArchitecture,
            Self::DiskFull | Self::DiskShort => ProblemCode::DiskFull,
            Self::PortTaken | Self::PrivilegedPort => ProblemCode::PortTaken,
            Self::NameTaken => ProblemCode::NameTaken,
            Self::MountMissing
            | Self::CommandMissing
            | Self::DeviceMissing
            | Self::InitMissing
            | Self::ContainerExited
            | Self::ContainerStopped
            | Self::ContainerPaused
            | Self::EngineRestarted
            | Self::EndedInOrder
            | Self::Killed
            | Self::Crashed
            | Self::RestartLoop
            | Self::OutOfMemory => ProblemCode::ContainerFailed,
            Self::NoServiceInImage
            | Self::AnswersElsewhere
            | Self::AnotherServiceAnswers
            | Self::NoPortPublished
            | Self::NothingListens
            | Self::ListensElsewhere
            | Self::ListensOnLoopback
            | Self::PortNotReachable
            | Self::NotTheOneThatAnswers
            | Self::HealthFails
            | Self::NoExecutor
            | Self::PromptflowTooOld => ProblemCode::NoService,
            Self::NotReadyInTime => ProblemCode::NotReadyInTime,
            Self::EngineGone | Self::EngineDenied => ProblemCode::ComputeUnreachable,
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
            Self::SlowPythonNode
            | Self::SlowModelCall
            | Self::ModelCallsThrottled
            | Self::HostedTimeout
            | Self::HostedRuntimeGone
            | Self::ModuleMissing
            | Self::ToolsMissing
            | Self::ConnectionNotGiven
            | Self::LlmUnreachable
            | Self::LlmUnauthorised
            | Self::LlmQuota
            | Self::LlmThrottled
            | Self::LlmNoDeployment
            | Self::LlmTimedOut
            | Self::LlmFiltered
            | Self::TimeLimit
            | Self::RunProcessEnded
            | Self::RuntimeReplaced
            | Self::RuntimeRestarted
            | Self::RuntimeStopped
            | Self::ServiceGone
            | Self::OwnCode => ProblemCode::RunFailed,
            Self::FlowsWouldNotFit => ProblemCode::FlowsWouldNotFit,
            Self::NetworkGone
            | Self::LogCannotBeRead
            | Self::AnotherImage
            | Self::RuntimeRenamed
            | Self::OtherPython
            | Self::MemoryShort
            | Self::ProcessorBusy
            | Self::ClockOff
            | Self::NamesNotFoundInside
            | Self::ProxyNotReachable
            | Self::Unknown => ProblemCode::Engine,
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
    /// Give the runtime a higher memory limit; `bytes` is the proposed one, `None` = the person says which.
    #[serde(rename_all = "camelCase")]
    RaiseMemory {
        bytes: Option<u64>,
    },
    /// Change folders and volumes.
    ChangeMounts,
    /// Change the runtime's environment variables.
    ChangeVariables,
    Start,
    Restart,
    ViewLogs,
    TryAgain,
    /// Add packages to the runtime's environment; empty = the person says which.
    #[serde(rename_all = "camelCase")]
    AddPackages {
        packages: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    AddConnection {
        name: String,
    },
    /// Try a connection; `None` = which one is not known.
    #[serde(rename_all = "camelCase")]
    TestConnection {
        name: Option<String>,
    },
    /// Give a run more time; `seconds` is what it had, `None` = not known.
    #[serde(rename_all = "camelCase")]
    RaiseTimeLimit {
        seconds: Option<u32>,
    },
    /// Show a line of a file of the flow's folder.
    #[serde(rename_all = "camelCase")]
    ShowPlace {
        file: String,
        line: u32,
        node: Option<String>,
    },
    /// See what takes the compute's disk.
    FreeDisk,
    RunAgain,
    /// Update all the same, which the person confirms by it.
    UpdateAnyway,
    /// Pull the runtime's image again.
    PullImage,
    /// Make the container again, with the same image and settings.
    Recreate,
    /// Make the container again with the open executor service's own command.
    StartWithExecutor,
    /// Let the published port lead to another one inside, on which the service listens.
    #[serde(rename_all = "camelCase")]
    ListenOn {
        inside: u16,
    },
    /// Restart the engine's service; only the person can.
    RestartEngine,
    /// Let the engine make its networks again; only the person can.
    ResetNetwork,
    /// Open the diagnosis of the runtime.
    ShowDiagnosis,
}
