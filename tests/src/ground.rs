//! An engine of its own of either kind, for what is done the same on both.

use std::path::PathBuf;
use std::process::Command;

use crate::docker::{DockerEngine, DockerOptions};
use crate::error::PartResult;
use crate::images::Image;
use crate::podman::PodmanEngine;
use crate::rootless_podman::RootlessPodman;

/// A running engine.
pub enum Ground {
    Docker(DockerEngine),
    Podman(PodmanEngine),
    Rootless(RootlessPodman),
}

impl Ground {
    /// A Docker engine.
    pub fn docker(options: DockerOptions) -> PartResult<Self> {
        DockerEngine::start_with(options).map(Self::Docker)
    }

    /// A Podman.
    pub fn podman() -> PartResult<Self> {
        PodmanEngine::start().map(Self::Podman)
    }

    /// A Podman of a user who is not root.
    pub fn rootless_podman() -> PartResult<Self> {
        RootlessPodman::start().map(Self::Rootless)
    }

    /// Its name in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Docker(_) => "Docker",
            Self::Podman(_) => "Podman",
            Self::Rootless(_) => "Podman, rootless",
        }
    }

    /// The name of this machine inside containers.
    pub fn machine(&self) -> &'static str {
        match self {
            Self::Docker(_) => "host.docker.internal",
            Self::Podman(_) | Self::Rootless(_) => "host.containers.internal",
        }
    }

    /// The engine's own socket.
    pub fn socket(&self) -> PathBuf {
        match self {
            Self::Docker(engine) => engine.socket(),
            Self::Podman(engine) => engine.socket(),
            Self::Rootless(engine) => engine.socket(),
        }
    }

    /// The engine's own client, before its arguments.
    pub fn command(&self) -> PartResult<Command> {
        match self {
            Self::Docker(engine) => engine.command(),
            Self::Podman(engine) => engine.command(),
            Self::Rootless(engine) => engine.command(),
        }
    }

    /// What the engine's own client printed, without the last line's end.
    pub fn client(&self, arguments: &[&str]) -> PartResult<String> {
        match self {
            Self::Docker(engine) => engine.client(arguments),
            Self::Podman(engine) => engine.client(arguments),
            Self::Rootless(engine) => engine.client(arguments),
        }
    }

    /// Loads an image under this name.
    pub fn load(&self, image: &Image, name: &str) -> PartResult<()> {
        match self {
            Self::Docker(engine) => engine.load(image, name),
            Self::Podman(engine) => engine.load(image, name),
            Self::Rootless(engine) => engine.load(image, name),
        }
    }
}
