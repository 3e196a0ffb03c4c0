//! Pulling, naming and removing images.

use domain::image::{ImageReference, Platform};
use domain::pull::PullEvent;
use domain::secret::{Login, Secret};
use engine::{Engine, EngineError};
use futures_util::TryStreamExt;
use serde_json::json;

use super::{Fixture, SOON, body, create, remove, soon};

async fn pull(
    engine: &dyn Engine,
    reference: &ImageReference,
) -> Result<Vec<PullEvent>, EngineError> {
    pull_as(engine, reference, None).await
}

async fn pull_as(
    engine: &dyn Engine,
    reference: &ImageReference,
    login: Option<&Login>,
) -> Result<Vec<PullEvent>, EngineError> {
    let platform = Platform::linux(&engine.facts().architecture);
    let pull = engine.pull(reference, &platform, login, SOON).await;
    soon("the end of the pull", pull.try_collect()).await
}

pub(super) async fn a_pull_tells_its_progress_and_the_image_is_there_by_digest(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let reference = &fixture.pullable;
    let name = reference.to_string();
    assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))));
    let events = pull(engine, reference).await.expect("pull");
    assert!(events.iter().any(|event| !event.layer.is_empty()), "{events:?}");
    let image = engine.image(&name).await.expect("image");
    assert!(image.id.starts_with("sha256:"));
    assert_eq!(
        (image.architecture.as_str(), image.operating_system.as_str()),
        (engine.facts().architecture.as_str(), "linux")
    );
    assert!(!image.layers.is_empty() && image.size > 0 && image.config.is_object());
    assert!(image.tags.contains(&name), "{:?}", image.tags);
    let listed = engine.images().await.expect("images");
    assert!(listed.iter().any(|item| item.id == image.id && item.layers == image.layers));

    let digest = image.digests.first().expect("a digest").clone();
    let pinned = reference.pinned(&digest);
    pull(engine, &pinned).await.expect("pull by digest");
    assert_eq!(engine.image(&pinned.to_string()).await.expect("image by digest").id, image.id);

    let other = reference.repository.tagged("kept-as");
    engine.tag(&image.id, &other).await.expect("tag");
    assert_eq!(
        engine.image(&other.to_string()).await.expect("image by its other name").id,
        image.id
    );
    for name in [name, other.to_string()] {
        engine.remove_image(&name).await.expect("remove image");
        assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))), "{name}");
    }
    // From nothing but the digest.
    let _ = engine.remove_image(&image.id).await;
    assert!(matches!(engine.image(&image.id).await, Err(EngineError::NotFound(_))));
    pull(engine, &pinned).await.expect("pull by digest");
    let by_digest = engine.image(&pinned.to_string()).await.expect("image by digest");
    assert_eq!(by_digest.id, image.id);
    create(engine, "pinned", &body(&pinned.to_string(), json!({}))).await;
    remove(engine, "pinned").await;
    engine.remove_image(&image.id).await.expect("remove image");
}

pub(super) async fn an_unknown_tag_is_an_error(fixture: &Fixture) {
    let reference = fixture.pullable.repository.tagged("not-there");
    let error = pull(&*fixture.engine, &reference).await.expect_err("nothing to pull");
    assert!(matches!(&error, EngineError::NotFound(_) | EngineError::Stream(_)), "{error:?}");
    assert!(error.words().contains("manifest unknown"), "{error:?}");
}

pub(super) async fn a_private_image_needs_the_right_login(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let name = fixture.private.to_string();
    let wrong = Login { password: Secret::new("wrong-password".into()), ..fixture.login.clone() };
    for login in [None, Some(&wrong)] {
        let error = pull_as(engine, &fixture.private, login).await.expect_err("no way in");
        let words = error.words().to_lowercase();
        assert!(
            words.contains("no basic auth credentials") || words.contains("unauthorized"),
            "{error:?}"
        );
        assert!(!words.contains("wrong-password"), "{error:?}");
        assert!(matches!(engine.image(&name).await, Err(EngineError::NotFound(_))));
    }
    pull_as(engine, &fixture.private, Some(&fixture.login))
        .await
        .expect("pull with the right login");
    engine.image(&name).await.expect("image");
    engine.remove_image(&name).await.expect("remove image");
}

pub(super) async fn an_image_in_use_stays(fixture: &Fixture) {
    let engine = &*fixture.engine;
    pull(engine, &fixture.pullable).await.expect("pull");
    let name = fixture.pullable.to_string();
    create(engine, "user", &body(&name, json!({}))).await;
    let refused = engine.remove_image(&name).await;
    assert!(matches!(refused, Err(EngineError::Conflict(_))), "{refused:?}");
    assert!(engine.image(&name).await.is_ok());
    remove(engine, "user").await;
    engine.remove_image(&name).await.expect("remove image");
    let gone = engine.remove_image(&name).await;
    assert!(matches!(gone, Err(EngineError::NotFound(_))), "{gone:?}");
}
