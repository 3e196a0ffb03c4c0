//! What every registry must do, be it a real one or the twin in memory.
//!
//! Each function is one rule. A broken rule panics with what was seen.

use std::sync::Arc;

use domain::image::{ImageReference, Platform, RemoteImage, Repository};
use domain::secret::{Login, Secret};
use registry::{Registry, RegistryError};

/// A registry under test, and what was published there.
pub struct Fixture {
    pub registry: Arc<dyn Registry>,
    /// `host[:port]`.
    pub host: String,
    /// What it asks for; `None` = it is open.
    pub login: Option<Login>,
    /// Has the tags `20240111.v2`, `20240429.v8`, `latest` (= `20240111.v2`) and `junk`; the two
    /// versions share their lowest layer and differ above it.
    pub repository: Repository,
    /// What the images are for.
    pub platform: Platform,
    /// A tag of an index for `platform` and one other, where there is one, and that other.
    pub index: Option<(String, Platform)>,
    /// Publishes `20240429.v8` under `latest`.
    pub move_latest: Box<dyn Fn() + Send + Sync>,
}

/// Every rule, one after the other.
pub async fn every_rule(fixture: &Fixture) {
    all_tags_are_listed(fixture).await;
    what_is_not_there_is_not_found(fixture).await;
    an_image_is_the_same_by_tag_and_by_digest(fixture).await;
    two_tags_of_one_image_are_the_same_image(fixture).await;
    versions_share_their_lowest_layers(fixture).await;
    an_index_leads_to_the_image_for_the_platform(fixture).await;
    another_platform_is_told_with_what_is_offered(fixture).await;
    a_login_is_tried(fixture).await;
    a_wrong_login_is_denied(fixture).await;
    // Last, for it changes what is there.
    a_tag_that_moves_is_seen_at_once(fixture).await;
}

async fn image(fixture: &Fixture, reference: &ImageReference) -> RemoteImage {
    fixture
        .registry
        .image(reference, &fixture.platform, fixture.login.as_ref())
        .await
        .unwrap_or_else(|error| panic!("{reference}: {error}"))
}

async fn all_tags_are_listed(fixture: &Fixture) {
    let listed = fixture.registry.tags(&fixture.repository, fixture.login.as_ref()).await;
    let mut tags = listed.expect("tags");
    tags.retain(|tag| Some(tag) != fixture.index.as_ref().map(|(tag, _)| tag));
    tags.sort();
    assert_eq!(tags, ["20240111.v2", "20240429.v8", "junk", "latest"]);
}

async fn what_is_not_there_is_not_found(fixture: &Fixture) {
    let login = fixture.login.as_ref();
    let nowhere = Repository::parse(&format!("{}/no/such", fixture.host)).expect("repository");
    assert_eq!(
        fixture.registry.tags(&nowhere, login).await,
        Err(RegistryError::NotFound { reference: nowhere.to_string() })
    );
    for reference in [
        nowhere.tagged("1"),
        fixture.repository.tagged("20991231.v1"),
        fixture.repository.tagged("x").pinned(&domain::image::Digest::of(b"nothing")),
    ] {
        assert_eq!(
            fixture.registry.image(&reference, &fixture.platform, login).await,
            Err(RegistryError::NotFound { reference: reference.to_string() })
        );
    }
}

async fn an_image_is_the_same_by_tag_and_by_digest(fixture: &Fixture) {
    let reference = fixture.repository.tagged("20240429.v8");
    let by_tag = image(fixture, &reference).await;
    assert_eq!(by_tag.reference, reference);
    assert_eq!(by_tag.platform, fixture.platform);
    assert!(!by_tag.layers.is_empty() && by_tag.layers.iter().all(|layer| layer.size > 0));
    assert_eq!(by_tag.layers.len(), by_tag.layer_ids.len());
    let pinned = reference.pinned(by_tag.pull_digest());
    let by_digest = image(fixture, &pinned).await;
    assert_eq!(RemoteImage { reference, ..by_digest }, by_tag);
}

async fn two_tags_of_one_image_are_the_same_image(fixture: &Fixture) {
    let version = image(fixture, &fixture.repository.tagged("20240111.v2")).await;
    let latest = image(fixture, &fixture.repository.tagged("latest")).await;
    assert_eq!(version.pull_digest(), latest.pull_digest());
    assert_eq!(version.config_digest, latest.config_digest);
}

async fn versions_share_their_lowest_layers(fixture: &Fixture) {
    let old = image(fixture, &fixture.repository.tagged("20240111.v2")).await;
    let new = image(fixture, &fixture.repository.tagged("20240429.v8")).await;
    assert_eq!(old.layer_ids[0], new.layer_ids[0]);
    assert_ne!(old.layer_ids, new.layer_ids);
    assert_ne!(old.pull_digest(), new.pull_digest());
}

async fn an_index_leads_to_the_image_for_the_platform(fixture: &Fixture) {
    let Some((tag, other)) = &fixture.index else { return };
    let reference = fixture.repository.tagged(tag);
    let ours = image(fixture, &reference).await;
    assert!(ours.index_digest.is_some());
    assert_ne!(ours.index_digest.as_ref(), Some(&ours.manifest_digest));
    let theirs = fixture.registry.image(&reference, other, fixture.login.as_ref()).await;
    let theirs = theirs.expect("the other platform");
    assert_eq!(theirs.index_digest, ours.index_digest);
    assert_ne!(theirs.manifest_digest, ours.manifest_digest);
    // Pinned by the index, the same image is found again.
    let pinned = reference.pinned(ours.pull_digest());
    assert_eq!(image(fixture, &pinned).await.manifest_digest, ours.manifest_digest);
}

async fn another_platform_is_told_with_what_is_offered(fixture: &Fixture) {
    let strange = Platform::linux("riscv64");
    let single = fixture.repository.tagged("20240429.v8");
    let answer = fixture.registry.image(&single, &strange, fixture.login.as_ref()).await;
    assert_eq!(
        answer,
        Err(RegistryError::NoSuchPlatform {
            reference: single.to_string(),
            platform: "linux/riscv64".into(),
            offered: fixture.platform.to_string(),
        })
    );
    if let Some((tag, other)) = &fixture.index {
        let reference = fixture.repository.tagged(tag);
        let answer = fixture.registry.image(&reference, &strange, fixture.login.as_ref()).await;
        assert!(
            matches!(&answer, Err(RegistryError::NoSuchPlatform { offered, .. })
                if offered.contains(&other.to_string())
                    && offered.contains(&fixture.platform.to_string())),
            "{answer:?}"
        );
    }
}

async fn a_login_is_tried(fixture: &Fixture) {
    let Some(login) = &fixture.login else { return };
    let (registry, host) = (&fixture.registry, fixture.host.as_str());
    assert_eq!(registry.try_login(host, None, login).await, Ok(()));
    assert_eq!(registry.try_login(host, Some(&fixture.repository), login).await, Ok(()));
}

async fn a_wrong_login_is_denied(fixture: &Fixture) {
    let Some(login) = &fixture.login else { return };
    let (registry, host) = (&fixture.registry, fixture.host.as_str());
    let wrong = Login { username: login.username.clone(), password: Secret::new("wrong".into()) };
    let denied = |with_login| RegistryError::Denied { host: host.to_owned(), with_login };
    assert_eq!(registry.try_login(host, None, &wrong).await, Err(denied(true)));
    assert_eq!(
        registry.try_login(host, Some(&fixture.repository), &wrong).await,
        Err(denied(true))
    );
    assert_eq!(registry.tags(&fixture.repository, Some(&wrong)).await, Err(denied(true)));
    assert_eq!(registry.tags(&fixture.repository, None).await, Err(denied(false)));
    let reference = fixture.repository.tagged("latest");
    assert_eq!(registry.image(&reference, &fixture.platform, None).await, Err(denied(false)));
}

async fn a_tag_that_moves_is_seen_at_once(fixture: &Fixture) {
    let reference = fixture.repository.tagged("latest");
    let before = image(fixture, &reference).await;
    (fixture.move_latest)();
    let after = image(fixture, &reference).await;
    let newer = image(fixture, &fixture.repository.tagged("20240429.v8")).await;
    assert_ne!(after.pull_digest(), before.pull_digest());
    assert_eq!(after.pull_digest(), newer.pull_digest());
    // What the tag named before is still there by digest.
    let pinned = reference.pinned(before.pull_digest());
    assert_eq!(image(fixture, &pinned).await.manifest_digest, before.manifest_digest);
}
