//! A twin of the world's registries: a catalogue in memory that can be changed.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{
    image::{Digest, ImageReference, Platform, RemoteImage, RemoteLayer, Repository},
    secret::Login,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Registry, RegistryError};

/// An image to publish. The same parts give the same digests.
#[derive(Clone, Debug, PartialEq)]
pub struct TwinImage {
    pub platform: Platform,
    /// Names and compressed sizes, lowest first. A layer's digests follow from its name.
    pub layers: Vec<(String, u64)>,
    pub created: Option<Timestamp>,
    /// The `config` object of the image's configuration.
    pub config: Value,
}

impl TwinImage {
    /// An image for Linux on amd64 with these layers.
    pub fn of_layers(layers: &[(&str, u64)]) -> Self {
        Self {
            platform: Platform::linux("amd64"),
            layers: layers.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect(),
            created: None,
            config: Value::Null,
        }
    }

    fn manifest_digest(&self) -> Digest {
        Digest::of(format!("manifest {self:?}").as_bytes())
    }

    fn seen_as(&self, reference: &ImageReference, index_digest: Option<Digest>) -> RemoteImage {
        RemoteImage {
            reference: reference.clone(),
            index_digest,
            manifest_digest: self.manifest_digest(),
            config_digest: Digest::of(format!("config {self:?}").as_bytes()),
            layers: self
                .layers
                .iter()
                .map(|(name, size)| RemoteLayer {
                    digest: Digest::of(format!("packed {name}").as_bytes()),
                    size: *size,
                })
                .collect(),
            layer_ids: self
                .layers
                .iter()
                .map(|(name, _)| Digest::of(format!("layer {name}").as_bytes()))
                .collect(),
            created: self.created,
            platform: self.platform.clone(),
            config: self.config.clone(),
        }
    }
}

/// Registries in memory. A host on which nothing was ever published does not exist.
#[derive(Debug, Default)]
pub struct TwinRegistry {
    world: Mutex<World>,
}

#[derive(Debug, Default)]
struct World {
    hosts: HashMap<String, Host>,
    asked: u64,
}

#[derive(Debug, Default)]
struct Host {
    repositories: BTreeMap<String, Shelf>,
    /// Who may read; `None` = everybody.
    login: Option<Login>,
    /// Answers instead of the true ones, each once.
    next_failures: VecDeque<RegistryError>,
    /// The answer instead of every true one.
    failure: Option<RegistryError>,
}

#[derive(Debug, Default)]
struct Shelf {
    tags: BTreeMap<String, Digest>,
    published: BTreeMap<Digest, Published>,
}

#[derive(Clone, Debug)]
enum Published {
    Image(TwinImage),
    Index(Vec<TwinImage>),
}

impl TwinRegistry {
    /// No registry anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Publishes one image under a tag, moving the tag if it was there; answers its digest.
    pub fn publish(&self, reference: &ImageReference, image: TwinImage) -> Digest {
        let digest = image.manifest_digest();
        self.put(reference, digest, Published::Image(image))
    }

    /// Publishes an index of several platforms under a tag; answers the index's digest.
    pub fn publish_index(&self, reference: &ImageReference, images: Vec<TwinImage>) -> Digest {
        let digest = Digest::of(format!("index {images:?}").as_bytes());
        for image in &images {
            self.edit(reference.repository.host(), |host| {
                host.shelf(&reference.repository)
                    .published
                    .insert(image.manifest_digest(), Published::Image(image.clone()));
            });
        }
        self.put(reference, digest, Published::Index(images))
    }

    /// Adds tags that name the same image as `reference`; nothing happens when that is not there.
    pub fn tag_also(&self, reference: &ImageReference, tags: &[&str]) {
        self.edit(reference.repository.host(), |host| {
            let shelf = host.shelf(&reference.repository);
            if let Some(digest) = shelf.tags.get(reference.tag_or_latest()).cloned() {
                shelf.tags.extend(tags.iter().map(|tag| ((*tag).to_owned(), digest.clone())));
            }
        });
    }

    /// Removes a tag; what it named stays reachable by digest.
    pub fn remove_tag(&self, reference: &ImageReference) {
        self.edit(reference.repository.host(), |host| {
            host.shelf(&reference.repository).tags.remove(reference.tag_or_latest());
        });
    }

    /// From now on `host` lets in only this login.
    pub fn require_login(&self, host: &str, login: Login) {
        self.edit(host, |host| host.login = Some(login));
    }

    /// The next question to `host` gets this answer; called again, the one after it.
    pub fn fail_next(&self, host: &str, error: RegistryError) {
        self.edit(host, |host| host.next_failures.push_back(error));
    }

    /// Every question to `host` gets this answer, until it is set to `None`.
    pub fn fail(&self, host: &str, error: Option<RegistryError>) {
        self.edit(host, |host| host.failure = error);
    }

    /// How many questions were asked, to any host.
    pub fn asked(&self) -> u64 {
        self.lock().asked
    }

    fn put(&self, reference: &ImageReference, digest: Digest, published: Published) -> Digest {
        self.edit(reference.repository.host(), |host| {
            let shelf = host.shelf(&reference.repository);
            shelf.published.insert(digest.clone(), published);
            shelf.tags.insert(reference.tag_or_latest().to_owned(), digest.clone());
        });
        digest
    }

    fn edit(&self, host: &str, change: impl FnOnce(&mut Host)) {
        change(self.lock().hosts.entry(host.to_owned()).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a host: its failure, its refusal, or what `answer` makes of it.
    fn ask<T>(
        &self,
        name: &str,
        login: Option<&Login>,
        answer: impl FnOnce(&mut Host) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let mut world = self.lock();
        world.asked += 1;
        let Some(host) = world.hosts.get_mut(name) else {
            return Err(RegistryError::NoSuchHost { host: name.to_owned() });
        };
        if let Some(error) = host.next_failures.pop_front().or_else(|| host.failure.clone()) {
            return Err(error);
        }
        if host.login.is_some() && host.login.as_ref() != login {
            return Err(RegistryError::Denied {
                host: name.to_owned(),
                with_login: login.is_some(),
            });
        }
        answer(host)
    }
}

impl Host {
    fn shelf(&mut self, repository: &Repository) -> &mut Shelf {
        self.repositories.entry(repository.path().to_owned()).or_default()
    }

    fn known(&self, repository: &Repository) -> Result<&Shelf, RegistryError> {
        self.repositories
            .get(repository.path())
            .ok_or_else(|| RegistryError::NotFound { reference: repository.to_string() })
    }
}

#[async_trait]
impl Registry for TwinRegistry {
    async fn tags(
        &self,
        repository: &Repository,
        login: Option<&Login>,
    ) -> Result<Vec<String>, RegistryError> {
        self.ask(repository.host(), login, |host| {
            Ok(host.known(repository)?.tags.keys().cloned().collect())
        })
    }

    async fn image(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
    ) -> Result<RemoteImage, RegistryError> {
        self.ask(reference.repository.host(), login, |host| {
            let gone = || RegistryError::NotFound { reference: reference.to_string() };
            let shelf = host.known(&reference.repository).map_err(|_| gone())?;
            let digest = match &reference.digest {
                Some(digest) => digest,
                None => shelf.tags.get(reference.tag_or_latest()).ok_or_else(gone)?,
            };
            let (index, images) = match shelf.published.get(digest).ok_or_else(gone)? {
                Published::Image(image) => (None, std::slice::from_ref(image)),
                Published::Index(images) => (Some(digest.clone()), images.as_slice()),
            };
            let image =
                images.iter().find(|image| image.platform == *platform).ok_or_else(|| {
                    let offered: Vec<_> = images.iter().map(|i| i.platform.to_string()).collect();
                    RegistryError::NoSuchPlatform {
                        reference: reference.to_string(),
                        platform: platform.to_string(),
                        offered: offered.join(", "),
                    }
                })?;
            Ok(image.seen_as(reference, index))
        })
    }

    async fn try_login(
        &self,
        host: &str,
        repository: Option<&Repository>,
        login: &Login,
    ) -> Result<(), RegistryError> {
        self.ask(host, Some(login), |host| match repository {
            Some(repository) => host.known(repository).map(|_| ()),
            None => Ok(()),
        })
    }
}
