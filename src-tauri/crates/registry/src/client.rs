//! The real registries, over HTTPS.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use domain::{
    image::{Digest, ImageReference, Platform, RemoteImage, Repository},
    secret::Login,
};
use reqwest::{StatusCode, Url, header::CONTENT_TYPE};
use serde::Deserialize;

use crate::{
    Registry, RegistryError,
    exchange::{Answer, Ask, Exchange, Limits, address, failure, nonsense},
    link,
    manifest::{self, ImageManifest, Manifest},
};

const MOST_PAGES: usize = 100;
const MOST_TAGS: usize = 100_000;

/// Tags asked for in one page; a registry may give fewer, or ignore it.
const PAGE: &str = "1000";

const LONGEST_MANIFEST: usize = 4 * 1024 * 1024;
const LONGEST_CONFIG: usize = 16 * 1024 * 1024;
const LONGEST_TAGS: usize = 32 * 1024 * 1024;

const JSON: &str = "application/json";

/// Speaks to registries.
///
/// HTTPS through the system's proxy and with the system's certificates; plain HTTP, without a proxy,
/// for loopback addresses alone. A login is sent to the registry that it is for and to the token
/// service that this registry names, never across a redirect to another host. Every document is
/// compared with the digest that was asked for or declared.
#[derive(Debug)]
pub struct RegistryClient {
    exchange: Exchange,
}

impl Default for RegistryClient {
    fn default() -> Self {
        Self::new()
    }
}

impl RegistryClient {
    /// Limits: 10 s to connect, 30 s for each question, two minutes for all pages of a list.
    pub fn new() -> Self {
        Self::with_limits(Limits {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            all_pages: Duration::from_secs(120),
        })
    }

    fn with_limits(limits: Limits) -> Self {
        Self { exchange: Exchange::new(limits) }
    }

    async fn all_pages(
        &self,
        repository: &Repository,
        login: Option<&Login>,
    ) -> Result<Vec<String>, RegistryError> {
        let host = repository.host();
        let first = tags_address(repository, PAGE)?;
        let mut url = first.clone();
        let mut asked = HashSet::new();
        let (mut tags, mut seen) = (Vec::new(), HashSet::new());
        loop {
            if !asked.insert(url.clone()) {
                return Err(nonsense(host, "its pages of tags lead in a circle"));
            }
            if asked.len() > MOST_PAGES {
                return Err(nonsense(
                    host,
                    &format!("its list of tags has more than {MOST_PAGES} pages"),
                ));
            }
            let answer = self
                .exchange
                .get(Ask {
                    host,
                    url: &url,
                    accept: JSON,
                    path: Some(repository.path()),
                    login,
                    most_bytes: LONGEST_TAGS,
                    afresh: false,
                })
                .await?;
            succeeded(&answer, host, &repository.to_string(), login)?;
            let page: Tags = serde_json::from_slice(&answer.body)
                .map_err(|error| nonsense(host, &format!("no list of tags ({error})")))?;
            for tag in page.tags.unwrap_or_default() {
                if seen.insert(tag.clone()) {
                    tags.push(tag);
                }
            }
            if tags.len() > MOST_TAGS {
                return Err(nonsense(host, &format!("it has more than {MOST_TAGS} tags")));
            }
            url = match link::next_page(&answer.headers, &url) {
                None => return Ok(tags),
                Some(Ok(next)) if next.origin() == first.origin() => next,
                Some(_) => {
                    return Err(nonsense(host, "its next page of tags is at another address"));
                }
            };
        }
    }

    /// Gets a manifest by tag or digest and compares it with what was asked.
    async fn manifest(
        &self,
        reference: &ImageReference,
        key: &str,
        login: Option<&Login>,
    ) -> Result<(Digest, Manifest), RegistryError> {
        let repository = &reference.repository;
        let host = repository.host();
        let url = within(repository, &format!("manifests/{key}"))?;
        let answer = self
            .exchange
            .get(Ask {
                host,
                url: &url,
                accept: manifest::ACCEPT,
                path: Some(repository.path()),
                login,
                most_bytes: LONGEST_MANIFEST,
                afresh: false,
            })
            .await?;
        succeeded(&answer, host, &reference.to_string(), login)?;
        let digest = Digest::of(&answer.body);
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        // By digest the answer must be it; by tag it must be what the registry says it is.
        let declared = Digest::parse(key)
            .ok()
            .or_else(|| header("docker-content-digest").and_then(|text| Digest::parse(text).ok()));
        if declared.is_some_and(|declared| declared != digest) {
            return Err(nonsense(host, "the manifest does not match its digest"));
        }
        let manifest = manifest::manifest(&answer.body, header(CONTENT_TYPE.as_str()))
            .map_err(|reason| nonsense(host, &reason))?;
        Ok((digest, manifest))
    }

    async fn config(
        &self,
        reference: &ImageReference,
        image: &ImageManifest,
        login: Option<&Login>,
    ) -> Result<manifest::ImageConfig, RegistryError> {
        let repository = &reference.repository;
        let host = repository.host();
        let url = within(repository, &format!("blobs/{}", image.config.digest))?;
        let answer = self
            .exchange
            .get(Ask {
                host,
                url: &url,
                accept: "*/*",
                path: Some(repository.path()),
                login,
                most_bytes: LONGEST_CONFIG,
                afresh: false,
            })
            .await?;
        succeeded(&answer, host, &format!("The configuration of {reference}"), login)?;
        if Digest::of(&answer.body) != image.config.digest {
            return Err(nonsense(host, "the image's configuration does not match its digest"));
        }
        manifest::config(&answer.body).map_err(|reason| nonsense(host, &reason))
    }
}

#[async_trait]
impl Registry for RegistryClient {
    async fn tags(
        &self,
        repository: &Repository,
        login: Option<&Login>,
    ) -> Result<Vec<String>, RegistryError> {
        let limit = self.exchange.limits().all_pages;
        tokio::time::timeout(limit, self.all_pages(repository, login)).await.unwrap_or_else(|_| {
            Err(RegistryError::Silent {
                host: repository.host().to_owned(),
                seconds: limit.as_secs(),
            })
        })
    }

    async fn image(
        &self,
        reference: &ImageReference,
        platform: &Platform,
        login: Option<&Login>,
    ) -> Result<RemoteImage, RegistryError> {
        let host = reference.repository.host();
        let not_offered = |offered: String| RegistryError::NoSuchPlatform {
            reference: reference.to_string(),
            platform: platform.to_string(),
            offered,
        };
        let (digest, found) = self.manifest(reference, reference.manifest_key(), login).await?;
        let (index_digest, manifest_digest, image) = match found {
            Manifest::Image(image) => (None, digest, image),
            Manifest::Index(entries) => {
                let entry = manifest::choose(&entries, platform)
                    .ok_or_else(|| not_offered(manifest::offered(&entries)))?;
                match self.manifest(reference, entry.digest.as_str(), login).await? {
                    (found, Manifest::Image(image)) => (Some(digest), found, image),
                    (_, Manifest::Index(_)) => {
                        return Err(nonsense(host, "its index names an index as an image"));
                    }
                }
            }
        };
        let config = self.config(reference, &image, login).await?;
        if let Some(built_for) = &config.platform
            && built_for != platform
        {
            return Err(not_offered(built_for.to_string()));
        }
        Ok(RemoteImage {
            reference: reference.clone(),
            index_digest,
            manifest_digest,
            config_digest: image.config.digest,
            layers: image.layers,
            layer_ids: config.layer_ids,
            created: config.created,
            platform: platform.clone(),
            config: config.config,
        })
    }

    async fn try_login(
        &self,
        host: &str,
        repository: Option<&Repository>,
        login: &Login,
    ) -> Result<(), RegistryError> {
        let root = address(host)?;
        let ask = |url, path, afresh| Ask {
            host,
            url,
            accept: JSON,
            path,
            login: Some(login),
            most_bytes: LONGEST_TAGS,
            afresh,
        };
        let path = repository.map(Repository::path);
        // The root asks for a login even where a repository may be read without one. The token that
        // it leads to is of this repository's pull scope.
        let answer = self.exchange.get(ask(&root, path, true)).await?;
        // Some registries have no root; then the repository's own answer counts.
        let no_root = repository.is_some() && answer.status == StatusCode::NOT_FOUND;
        if !no_root {
            succeeded(&answer, host, host, Some(login))?;
        }
        if let Some(repository) = repository {
            let url = tags_address(repository, "1")?;
            let answer = self.exchange.get(ask(&url, path, false)).await?;
            succeeded(&answer, host, &repository.to_string(), Some(login))?;
        }
        Ok(())
    }
}

/// `GET /v2/<name>/tags/list`; a repository without tags may say `null`.
#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

fn within(repository: &Repository, rest: &str) -> Result<Url, RegistryError> {
    address(repository.host())?
        .join(&format!("{}/{rest}", repository.path()))
        .map_err(|error| nonsense(repository.host(), &format!("no address ({error})")))
}

fn tags_address(repository: &Repository, page: &str) -> Result<Url, RegistryError> {
    let mut url = within(repository, "tags/list")?;
    url.query_pairs_mut().append_pair("n", page);
    Ok(url)
}

/// Anything but 200 is an error; `what` was asked for.
fn succeeded(
    answer: &Answer,
    host: &str,
    what: &str,
    login: Option<&Login>,
) -> Result<(), RegistryError> {
    match answer.status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(RegistryError::Denied { host: host.to_owned(), with_login: login.is_some() })
        }
        // A web server that is no registry answers 404 with a page for people.
        StatusCode::NOT_FOUND if answer.body.trim_ascii_start().starts_with(b"<") => {
            Err(nonsense(host, "it answers with a web page; it may be no image registry"))
        }
        StatusCode::NOT_FOUND => Err(RegistryError::NotFound { reference: what.to_owned() }),
        status => Err(failure(host, answer)
            .unwrap_or_else(|| nonsense(host, &format!("status {}", status.as_u16())))),
    }
}

#[cfg(test)]
#[path = "client_tests/mod.rs"]
mod tests;

#[cfg(test)]
#[path = "world_tests.rs"]
mod world_tests;
