//! The twin's images, and the registry that it pulls from.

use std::collections::BTreeMap;

use domain::{
    container::LocalImage,
    image::{Digest, ImageReference, Platform, Repository},
    pull::PullEvent,
    secret::Login,
};
use serde_json::{Value, json};

use crate::{EngineError, ExecOutput, LogSource};

/// What a container of an image does.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Lines that it writes when it starts.
    pub log: Vec<(LogSource, String)>,
    /// It ends at once with this code.
    pub exits: Option<i64>,
    /// The engine refuses to start it with this status and these words (`127` in the state).
    pub refuses_start: Option<(u16, String)>,
    /// It takes no notice of SIGTERM: a stop ends with 137.
    pub ignores_stop: bool,
    /// Command lines of its processes.
    pub processes: Vec<String>,
    /// Answers to commands that are run inside; any other command is not found there.
    pub exec: Vec<(Vec<String>, ExecOutput)>,
    /// Bytes of memory that it uses.
    pub memory: u64,
    /// What it does instead when its entry point is a shell, as a probe's is.
    pub in_a_shell: Option<Box<Behaviour>>,
}

impl Default for Behaviour {
    /// Runs until it is stopped.
    fn default() -> Self {
        Self {
            log: vec![(LogSource::Out, "ready".into())],
            exits: None,
            refuses_start: None,
            ignores_stop: false,
            processes: vec!["httpd -f -p 8080".into()],
            exec: Vec::new(),
            memory: 64 << 20,
            in_a_shell: None,
        }
    }
}

impl Behaviour {
    /// Exits at once with this code, having written these lines to standard error.
    pub fn exits(code: i64, log: &[&str]) -> Self {
        let log = log.iter().map(|line| (LogSource::Error, (*line).to_owned())).collect();
        Self { exits: Some(code), log, ..Self::default() }
    }
}

/// An image: its configuration, what it is made of, and what it does.
#[derive(Clone, Debug)]
pub struct TwinImage {
    /// The `Config` object: `Env`, `Cmd`, `ExposedPorts`, `Volumes`, `Labels` …
    pub config: Value,
    /// Names its content: two images with the same content are the same image.
    pub content: String,
    pub architecture: String,
    pub behaviour: Behaviour,
}

impl TwinImage {
    /// An image that serves on 8080 and runs until it is stopped.
    pub fn new(content: &str) -> Self {
        Self {
            config: json!({
                "Env": ["PATH=/usr/bin:/bin"], "Cmd": ["httpd"], "ExposedPorts": {"8080/tcp": {}}
            }),
            content: content.to_owned(),
            architecture: "amd64".into(),
            behaviour: Behaviour::default(),
        }
    }

    /// The same image with this behaviour.
    pub fn that(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// The same image with this configuration.
    pub fn configured(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    fn digest(&self) -> Digest {
        Digest::of(format!("manifest {}", self.content).as_bytes())
    }
}

/// How a pull goes.
#[derive(Clone, Debug)]
pub struct PullScript {
    /// What is told before the end.
    pub events: Vec<PullEvent>,
    pub end: PullEnd,
}

/// How a pull ends.
#[derive(Clone, Debug)]
pub enum PullEnd {
    /// The image is there.
    Arrives,
    /// It fails with this.
    Fails(EngineError),
    /// Nothing more is ever told.
    Stalls,
}

impl PullScript {
    /// Two layers arrive; one of 1000 bytes is downloaded.
    pub fn arrives() -> Self {
        let event = |layer: &str, status: &str, numbers: Option<(u64, u64)>| PullEvent {
            layer: layer.into(),
            status: status.into(),
            current: numbers.map(|(current, _)| current),
            total: numbers.map(|(_, total)| total),
        };
        Self {
            events: vec![
                event("", "Pulling from the twin", None),
                event("aaaaaaaaaaaa", "Already exists", None),
                event("bbbbbbbbbbbb", "Pulling fs layer", None),
                event("bbbbbbbbbbbb", "Downloading", Some((500, 1000))),
                event("bbbbbbbbbbbb", "Downloading", Some((1000, 1000))),
                event("bbbbbbbbbbbb", "Download complete", None),
                event("bbbbbbbbbbbb", "Pull complete", None),
            ],
            end: PullEnd::Arrives,
        }
    }

    /// Half of it comes, then it fails.
    pub fn fails(error: EngineError) -> Self {
        let mut script = Self::arrives();
        script.events.truncate(4);
        script.end = PullEnd::Fails(error);
        script
    }

    /// Half of it comes, then nothing more.
    pub fn stalls() -> Self {
        Self { end: PullEnd::Stalls, ..Self::fails(EngineError::Silent(0)) }
    }
}

/// How a build goes.
#[derive(Clone, Debug)]
pub struct BuildScript {
    /// What the builder says, line by line, with a pause of this length before each.
    pub lines: Vec<String>,
    pub pause: std::time::Duration,
    pub end: Result<TwinImage, EngineError>,
}

impl BuildScript {
    /// Two steps, then this image.
    pub fn makes(image: TwinImage) -> Self {
        Self {
            lines: vec!["Step 1/2 : FROM base".into(), "Step 2/2 : RUN pip install x".into()],
            pause: std::time::Duration::ZERO,
            end: Ok(image),
        }
    }

    /// The second step fails with these lines.
    pub fn fails(lines: &[&str]) -> Self {
        let mut script = Self::makes(TwinImage::new(""));
        script.lines.extend(lines.iter().map(|line| (*line).to_owned()));
        let words = "The command '/bin/sh -c pip install x' returned a non-zero code: 1";
        script.end = Err(EngineError::Stream(words.into()));
        script
    }
}

/// What a registry has under a reference.
#[derive(Clone)]
pub(super) struct Offer {
    pub image: TwinImage,
    pub script: PullScript,
}

struct Stored {
    local: LocalImage,
    /// `(repository, digest)` as pulled.
    pulled: Vec<(Repository, Digest)>,
    behaviour: Behaviour,
}

#[derive(Default)]
pub(super) struct Images {
    stored: Vec<Stored>,
    offers: BTreeMap<String, Offer>,
    logins: BTreeMap<Repository, Login>,
}

/// A reference in full, so that `x` and `docker.io/library/x:latest` are the same.
fn full(reference: &str) -> Option<String> {
    ImageReference::parse(reference)
        .ok()
        .map(|reference| format!("{}:{}", reference.repository, reference.tag_or_latest()))
}

impl Images {
    pub fn add(&mut self, reference: &str, image: TwinImage) -> LocalImage {
        let at = self.store(&image);
        self.name(at, reference);
        self.stored[at].local.clone()
    }

    /// An arrived pull: under its tag, or under its digest only.
    pub fn arrive(&mut self, reference: &ImageReference, image: &TwinImage) -> String {
        let at = self.store(image);
        let digest = image.digest();
        let stored = &mut self.stored[at];
        let pulled = (reference.repository.clone(), digest.clone());
        if !stored.pulled.contains(&pulled) {
            stored.pulled.push(pulled);
        }
        if !stored.local.digests.contains(&digest) {
            stored.local.digests.push(digest);
        }
        if reference.digest.is_none() {
            self.name(at, &reference.to_string());
        }
        self.stored[at].local.id.clone()
    }

    fn store(&mut self, image: &TwinImage) -> usize {
        let id = Digest::of(format!("image {}", image.content).as_bytes()).to_string();
        if let Some(at) = self.stored.iter().position(|stored| stored.local.id == id) {
            return at;
        }
        let layer = |name: &str| Digest::of(name.as_bytes());
        let local = LocalImage {
            id,
            tags: Vec::new(),
            digests: Vec::new(),
            layers: vec![layer("base"), layer(&image.content)],
            size: 2 << 20,
            created: "2024-04-29T00:00:00Z".parse().ok(),
            architecture: image.architecture.clone(),
            operating_system: "linux".into(),
            config: image.config.clone(),
        };
        self.stored.push(Stored { local, pulled: Vec::new(), behaviour: image.behaviour.clone() });
        self.stored.len() - 1
    }

    /// Gives a name to an image and takes it from the one that had it.
    fn name(&mut self, at: usize, reference: &str) {
        let wanted = full(reference);
        for stored in &mut self.stored {
            stored.local.tags.retain(|tag| full(tag) != wanted);
        }
        self.stored[at].local.tags.push(reference.to_owned());
    }

    pub fn offer(&mut self, reference: &str, image: TwinImage, script: PullScript) -> Digest {
        let digest = image.digest();
        let name = full(reference).unwrap_or_else(|| reference.to_owned());
        self.offers.insert(name, Offer { image, script });
        digest
    }

    pub fn demand_login(&mut self, repository: &str, login: Login) {
        if let Ok(repository) = Repository::parse(repository) {
            self.logins.insert(repository, login);
        }
    }

    /// What a registry has under this reference, for who may have it.
    pub fn offered(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
    ) -> Result<Offer, EngineError> {
        let refused = |message: String| EngineError::Refused { status: 500, message };
        let repository = &reference.repository;
        match (self.logins.get(repository), login) {
            (Some(_), None) => {
                return Err(refused(format!(
                    "Head \"https://{}/v2/{}/manifests/{}\": no basic auth credentials",
                    repository.host(),
                    repository.path(),
                    reference.manifest_key()
                )));
            }
            (Some(needed), Some(given)) if needed != given => {
                return Err(refused("unauthorized: authentication required".into()));
            }
            _ => {}
        }
        let prefix = format!("{repository}:");
        let found = self.offers.iter().find(|(name, offer)| {
            name.starts_with(&prefix)
                && match &reference.digest {
                    Some(digest) => offer.image.digest() == *digest,
                    None => **name == format!("{prefix}{}", reference.tag_or_latest()),
                }
        });
        let Some((_, offer)) = found else {
            return Err(EngineError::NotFound(format!(
                "manifest for {reference} not found: manifest unknown: manifest unknown"
            )));
        };
        if offer.image.architecture != platform.architecture {
            return Err(EngineError::NotFound(format!(
                "no matching manifest for {platform} in the manifest list entries"
            )));
        }
        Ok(offer.clone())
    }

    fn position(&self, reference: &str) -> Result<usize, EngineError> {
        let by_digest = reference.split_once('@').and_then(|(name, digest)| {
            Some((ImageReference::parse(name).ok()?.repository, Digest::parse(digest).ok()?))
        });
        let wanted = full(reference);
        let bare = reference.strip_prefix("sha256:").unwrap_or(reference);
        let is_id = bare.len() >= 12 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.stored
            .iter()
            .position(|stored| match &by_digest {
                Some(pulled) => stored.pulled.contains(pulled),
                None => {
                    (is_id && stored.local.id["sha256:".len()..].starts_with(bare))
                        || (wanted.is_some()
                            && stored.local.tags.iter().any(|tag| full(tag) == wanted))
                }
            })
            .ok_or_else(|| EngineError::NotFound(format!("No such image: {reference}")))
    }

    pub fn find(&self, reference: &str) -> Result<LocalImage, EngineError> {
        Ok(self.stored[self.position(reference)?].local.clone())
    }

    pub fn behaviour(&self, id: &str) -> Behaviour {
        let stored = self.stored.iter().find(|stored| stored.local.id == id);
        stored.map(|stored| stored.behaviour.clone()).unwrap_or_default()
    }

    pub fn all(&self) -> Vec<LocalImage> {
        self.stored.iter().map(|stored| stored.local.clone()).collect()
    }

    pub fn tag(&mut self, image: &str, reference: &ImageReference) -> Result<(), EngineError> {
        let at = self.position(image)?;
        let name = format!("{}:{}", reference.repository, reference.tag_or_latest());
        self.name(at, &name);
        Ok(())
    }

    /// Removes a name, and the image with its last one. Answers the id if the image went.
    pub fn remove(&mut self, reference: &str) -> Result<Option<String>, EngineError> {
        let at = self.position(reference)?;
        let wanted = full(reference);
        let local = &mut self.stored[at].local;
        local.tags.retain(|tag| full(tag) != wanted);
        let by_id = reference.starts_with("sha256:") || reference.contains('@');
        if local.tags.is_empty() || by_id {
            return Ok(Some(self.stored.remove(at).local.id));
        }
        Ok(None)
    }
}
