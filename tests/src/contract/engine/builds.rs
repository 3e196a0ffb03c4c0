//! Building images.

use std::{collections::BTreeMap, time::Duration};

use domain::build::{BuildEvent, Builder};
use domain::image::ImageReference;
use domain::secret::Secret;
use engine::twin::{BuildScript, TwinImage};
use engine::{BuildRequest, ContextStream, EngineError};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Fixture, SOON, soon};

/// A context with this Dockerfile, on the image that the fixture has.
fn context(dockerfile: &str) -> ContextStream {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in [("Dockerfile", dockerfile), ("file.txt", "content")] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, path, text.as_bytes()).expect("archive");
    }
    let bytes = archive.into_inner().expect("archive");
    // In small pieces, as a large one comes.
    let pieces: Vec<_> = bytes.chunks(700).map(|piece| Ok(piece.to_vec().into())).collect();
    stream::iter(pieces).boxed()
}

fn request(tag: &str) -> BuildRequest {
    BuildRequest {
        name: ImageReference::parse(&format!("localhost/promptflow-runtimes/contract:{tag}"))
            .expect("name"),
        dockerfile: "Dockerfile".into(),
        arguments: [("WHO".to_owned(), "a b=c".to_owned())].into(),
        labels: [("io.promptflow-runtimes.environment".to_owned(), "the id".to_owned())].into(),
        target: None,
        no_cache: false,
        secrets: BTreeMap::new(),
    }
}

fn said(events: &[BuildEvent]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            BuildEvent::Output { text } | BuildEvent::StepOutput { text, .. } => {
                Some(text.as_str())
            }
            _ => None,
        })
        .collect()
}

pub(super) async fn a_context_becomes_an_image_with_its_labels_and_arguments(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let request = request("good");
    let dockerfile = format!(
        "FROM {}\nARG WHO\nUSER 0\nCOPY file.txt /copied.txt\nRUN echo \"it is $WHO\"\n",
        fixture.image
    );
    let build = engine.build(&request, context(&dockerfile)).await;
    let events: Vec<BuildEvent> =
        soon("the end of the build", build.try_collect()).await.expect("build");
    let Some(BuildEvent::Image { id }) = events.last() else { panic!("{events:#?}") };
    let image = engine.image(&request.name.to_string()).await.expect("image");
    assert_eq!(image.id, *id);
    assert_eq!(
        image.config["Labels"]["io.promptflow-runtimes.environment"].as_str(),
        Some("the id")
    );
    assert!(image.tags.contains(&request.name.to_string()), "{:?}", image.tags);
    assert!(events.iter().any(|event| matches!(event, BuildEvent::Sent { bytes } if *bytes > 0)));
    if fixture.serves {
        assert!(said(&events).contains("it is a b=c"), "{events:#?}");
    }
    let usage = engine.disk_usage().await.expect("disk usage");
    assert!(usage.images.iter().any(|counted| counted.id == image.id), "{usage:#?}");
    engine.remove_image(&request.name.to_string()).await.expect("remove image");
    assert!(matches!(engine.image(id).await, Err(EngineError::NotFound(_))));
    // What the builder keeps for the next build.
    let usage = engine.disk_usage().await.expect("disk usage");
    let has_cache = engine.facts().builder == Builder::BuildKit;
    assert_eq!(usage.build_cache.is_some_and(|cache| cache.unused > 0), has_cache, "{usage:?}");
    let freed = engine.clear_build_cache().await.expect("clear the cache");
    assert_eq!(freed > 0, has_cache);
    let usage = engine.disk_usage().await.expect("disk usage");
    assert!(usage.build_cache.is_none_or(|cache| cache.unused == 0), "{usage:?}");
}

pub(super) async fn a_step_that_fails_ends_the_build_with_what_it_said(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let request = request("bad");
    let dockerfile = format!("FROM {}\nRUN echo the reason; exit 7\n", fixture.image);
    let mut build = engine.build(&request, context(&dockerfile)).await;
    let mut events = Vec::new();
    let error = soon("the end of the build", async {
        loop {
            match build.next().await {
                Some(Ok(event)) => events.push(event),
                Some(Err(error)) => break error,
                None => panic!("it ended well: {events:#?}"),
            }
        }
    })
    .await;
    assert!(matches!(error, EngineError::Stream(_)), "{error:?}");
    assert!(said(&events).contains("the reason"), "{events:#?}");
    assert!(build.next().await.is_none(), "nothing comes after an error");
    let image = engine.image(&request.name.to_string()).await;
    assert!(matches!(image, Err(EngineError::NotFound(_))), "{image:?}");
}

pub(super) async fn a_context_that_cannot_be_read_is_the_cause(fixture: &Fixture) {
    let broken = std::io::Error::other("a file went away");
    let pieces = context("FROM scratch\n").take(1).chain(stream::iter([Err(broken)])).boxed();
    let build = fixture.engine.build(&request("broken"), pieces).await;
    let ended: Result<Vec<BuildEvent>, EngineError> =
        soon("the end of the build", build.try_collect()).await;
    let error = ended.expect_err("it fails");
    assert!(
        matches!(&error, EngineError::Context(words) if words.contains("went away")),
        "{error:?}"
    );
}

pub(super) async fn a_build_that_nobody_reads_ends(fixture: &Fixture) {
    let engine = &*fixture.engine;
    if let Some(twin) = &fixture.endless {
        twin.will_build(BuildScript {
            pause: Duration::from_secs(600),
            ..BuildScript::makes(TwinImage::new("endless"))
        });
    }
    let request = request("endless");
    // A length that no other test's step has.
    let length = (100_000 + std::process::id()).to_string();
    let dockerfile = format!("FROM {}\nRUN sleep {length}\n", fixture.image);
    let mut build = engine.build(&request, context(&dockerfile)).await;
    // It is under way.
    let begun = async {
        while let Some(event) = build.next().await {
            let event = event.expect("event");
            let runs = match &event {
                BuildEvent::Output { text } => text.contains("sleep"),
                BuildEvent::Step(step) => step.title.contains("sleep") && step.started.is_some(),
                _ => false,
            };
            if runs || !fixture.serves {
                break;
            }
        }
    };
    soon("the build", begun).await;
    drop(build);
    if !fixture.serves {
        return;
    }
    // The process of the step is gone: nothing of the engine's sleeps so long.
    let gone = async {
        while sleeps(&length) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ended = tokio::time::timeout(SOON, gone).await;
    assert!(ended.is_ok(), "the step goes on although nobody reads the build");
}

pub(super) async fn a_secret_reaches_its_step_and_stays_nowhere(fixture: &Fixture) {
    let engine = &*fixture.engine;
    let secret = "planted-build-secret";
    let mut request = request("secret");
    request.secrets = [("pip".to_owned(), Secret::new(secret.to_owned()))].into();
    let dockerfile = format!(
        "FROM {}\nUSER 0\nRUN --mount=type=secret,id=pip read it < /run/secrets/pip; echo \"it has ${{#it}} letters\"\n",
        fixture.image
    );
    let build = engine.build(&request, context(&dockerfile)).await;
    let ended: Result<Vec<BuildEvent>, EngineError> =
        soon("the end of the build", build.try_collect()).await;
    if !engine.facts().builder.keeps_secrets() {
        let error = ended.expect_err("no builder that would keep it gets it");
        let why = engine.facts().builder.why_no_secrets();
        assert!(matches!(&error, EngineError::Context(words) if words == why), "{error:?}");
        return;
    }
    let events = ended.expect("build");
    if fixture.serves {
        assert!(said(&events).contains("it has 20 letters"), "{events:#?}");
    }
    assert!(!format!("{request:?} {events:?}").contains(secret), "{events:#?}");
    let image = engine.image(&request.name.to_string()).await.expect("image");
    assert!(!image.config.to_string().contains(secret));
    engine.remove_image(&request.name.to_string()).await.expect("remove image");
}

/// Whether any process of this machine does what the endless step does.
fn sleeps(length: &str) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| {
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        command == format!("sleep\0{length}\0").into_bytes()
    })
}
