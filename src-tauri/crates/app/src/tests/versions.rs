use domain::{
    facts::{PassedOver, Unfit},
    finding::{Cause, ProblemCode},
    version::Version,
};
use registry::{RegistryError, twin::TwinImage};

use super::*;
use crate::api::{
    AboutVersion, CheckVersion, Freshness, ListVersions, PreviewImage, VersionAnswer, VersionCheck,
};

fn parsed(version: &str) -> Version {
    Version::parse(version).expect(version)
}

fn passed(tag: &str, because: Unfit) -> PassedOver {
    PassedOver { tag: tag.into(), because }
}

async fn check(app: &App, id: &RuntimeId, freshness: Freshness) -> Option<VersionCheck> {
    let request = CheckVersion { runtime: id.clone(), freshness };
    handlers::check_version(app, request).await.expect("answer").check
}

async fn answer(app: &App, id: &RuntimeId) -> VersionAnswer {
    check(app, id, Freshness::Now).await.expect("asked").answer
}

/// What a check says of a runtime on the first version, when the repository also has these.
fn with_tags(tags: &[&str]) -> VersionAnswer {
    let world = World::new();
    for tag in tags {
        world.publish(tag, Image::that(Serves::Well));
    }
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        answer(&app, &id).await
    })
}

#[test]
fn the_newest_good_version_wins_and_newer_bad_ones_are_passed_over() {
    let tags = ["latest", "20240429.v9", "20240429.v10", "20241214.v1", "nightly"];
    let VersionAnswer::Newer { version, passed_over, image, download_size, skipped, .. } =
        with_tags(&tags)
    else {
        panic!("not newer")
    };
    assert_eq!(version, Some(parsed("20240429.v10")));
    assert_eq!(passed_over, [passed("20241214.v1", Unfit::PublishedAsBad)]);
    assert_eq!(image.tag.as_deref(), Some("20240429.v10"));
    assert_eq!((download_size, skipped), (1500, false));
}

#[test]
fn security_fixes_in_between_and_facts_are_told_and_no_facts_are_invented() {
    let VersionAnswer::Newer { security_fixes, facts, age_in_days, .. } =
        with_tags(&["20251014.v1"])
    else {
        panic!("not newer")
    };
    assert!(facts.expect("known").security);
    assert!(security_fixes.iter().any(|fix| fix.version == parsed("20250831.v1")));
    assert!(age_in_days.is_some_and(|days| days > 0));
    let VersionAnswer::Newer { facts, .. } = with_tags(&["20990101.v1"]) else {
        panic!("not newer")
    };
    assert_eq!(facts, None);
}

#[test]
fn the_newest_one_that_runs_is_up_to_date_and_older_ones_are_no_reason_to_change() {
    assert_eq!(with_tags(&[]), VersionAnswer::UpToDate { passed_over: vec![] });
    let older = with_tags(&["20230101.v1", "latest"]);
    assert_eq!(older, VersionAnswer::UpToDate { passed_over: vec![] });
    let only_bad = with_tags(&["20241214.v1"]);
    let passed_over = vec![passed("20241214.v1", Unfit::PublishedAsBad)];
    assert_eq!(only_bad, VersionAnswer::UpToDate { passed_over });
}

#[test]
fn a_tag_that_names_another_image_now_is_rebuilt() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.publish(V1, Image::that(Serves::Well).with("Env", json!(["A=b"])));
        let VersionAnswer::Rebuilt { image, .. } = answer(&app, &id).await else {
            panic!("not rebuilt")
        };
        assert_eq!(image.tag.as_deref(), Some(V1));
    });
}

#[test]
fn latest_counts_only_where_no_dated_tag_exists_and_is_told_by_digest() {
    let world = World::new();
    world.registry.remove_tag(&repository().tagged(V1));
    world.publish("latest", Image::that(Serves::Well));
    let newest = EnvironmentDraft::Default { repository: None, version: None };
    paused(async {
        let app = world.app().await;
        let row = create(&app, RuntimeDraft { environment: newest, ..draft("eval") }).await;
        assert_eq!((row.version, row.image), (None, format!("{REPOSITORY}:latest")));
        assert_eq!(answer(&app, &row.id).await, VersionAnswer::UpToDate { passed_over: vec![] });
        world.publish("latest", Image::that(Serves::Well).with("Env", json!(["A=b"])));
        assert!(matches!(answer(&app, &row.id).await, VersionAnswer::Rebuilt { .. }));
        // The first dated tag is newer than what has none.
        world.publish(V2, Image::that(Serves::Well));
        let VersionAnswer::Newer { version, .. } = answer(&app, &row.id).await else {
            panic!("not newer")
        };
        assert_eq!(version, Some(parsed(V2)));
    });
}

#[test]
fn an_image_by_reference_is_compared_with_its_own_tag_and_a_digest_never_changes() {
    let world = World::new();
    let tool = ImageReference::parse("registry.test/team/tool:stable").expect("reference");
    let digest = world.publish_as(&tool, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let environment = image(&tool.to_string());
        let id = create(&app, RuntimeDraft { environment, ..draft("eval") }).await.id;
        assert_eq!(answer(&app, &id).await, VersionAnswer::UpToDate { passed_over: vec![] });
        world.publish_as(&tool, Image::that(Serves::Well).with("Env", json!(["A=b"])));
        assert!(matches!(answer(&app, &id).await, VersionAnswer::Rebuilt { .. }));
        let environment = image(&tool.pinned(&digest).to_string());
        let id = create(&app, RuntimeDraft { environment, ..draft("other") }).await.id;
        assert_eq!(answer(&app, &id).await, VersionAnswer::UpToDate { passed_over: vec![] });
    });
}

#[test]
fn no_failure_is_ever_up_to_date_and_each_says_its_reason() {
    let host = || "registry.test".to_owned();
    let reason = || "planned".to_owned();
    for (error, expected) in [
        (RegistryError::NoSuchHost { host: host() }, Cause::NoSuchHost),
        (
            RegistryError::Unreachable { host: host(), reason: reason() },
            Cause::RegistryNotReachable,
        ),
        (RegistryError::Silent { host: host(), seconds: 30 }, Cause::RegistryNotReachable),
        (
            RegistryError::Certificate { host: host(), reason: reason() },
            Cause::CertificateNotTrusted,
        ),
        (RegistryError::Denied { host: host(), with_login: true }, Cause::PullDenied),
        (RegistryError::NotFound { reference: REPOSITORY.into() }, Cause::ImageNotFound),
        (RegistryError::RateLimited { host: host(), retry_after: None }, Cause::RateLimited),
        (RegistryError::Server { host: host(), status: 503 }, Cause::RegistryMisbehaves),
        (RegistryError::Nonsense { host: host(), reason: reason() }, Cause::RegistryMisbehaves),
    ] {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            world.registry.fail("registry.test", Some(error.clone()));
            let VersionAnswer::Unknown { because } = answer(&app, &id).await else {
                panic!("{error:?} is not unknown")
            };
            assert!(!because.sentence.is_empty() && !because.hints.is_empty(), "{because:#?}");
            if !matches!(error, RegistryError::NotFound { .. }) {
                assert_eq!(because.finding.expect("finding").cause, expected);
            }
            assert_eq!(row(&app, "eval").update_available, None);
        });
    }
}

fn for_arm() -> TwinImage {
    let mut arm = TwinImage::of_layers(&[("arm", 1)]);
    arm.platform = domain::image::Platform::linux("arm64");
    arm
}

fn not_for_amd64() -> Unfit {
    Unfit::NotForArchitecture { architecture: "amd64".into() }
}

#[test]
fn a_version_for_another_architecture_is_passed_over_and_that_is_told() {
    let world = World::new();
    world.registry.publish_index(&repository().tagged(V3), vec![for_arm()]);
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let passed_over = vec![passed(V3, not_for_amd64())];
        let told = answer(&app, &id).await;
        assert_eq!(told, VersionAnswer::UpToDate { passed_over: passed_over.clone() });
        assert_eq!(row(&app, "eval").update_available, None);
        world.publish(V2, Image::that(Serves::Well));
        let VersionAnswer::Newer { version, passed_over: over, .. } = answer(&app, &id).await
        else {
            panic!("not newer")
        };
        assert_eq!((version, over), (Some(parsed(V2)), passed_over));
        // What is offered as the newest, and what a create without a version takes, is the same.
        let request = ListVersions { compute: compute(), repository: None };
        let choices = handlers::list_versions(&app, request).await.expect("choices");
        assert_eq!(choices.newest, Some(parsed(V2)));
        let environment = EnvironmentDraft::Default { repository: None, version: None };
        let row = create(&app, RuntimeDraft { environment, ..draft("other") }).await;
        assert_eq!(row.version, Some(parsed(V2)));
    });
}

#[test]
fn a_repository_with_nothing_for_this_architecture_says_so() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        world.registry.remove_tag(&repository().tagged(V1));
        world.registry.publish_index(&repository().tagged(V2), vec![for_arm()]);
        let request = ListVersions { compute: compute(), repository: None };
        let problem = handlers::list_versions(&app, request).await.expect("choices").problem;
        let problem = problem.expect("a reason");
        assert_eq!(problem.code, ProblemCode::WrongArchitecture);
        assert!(problem.sentence.contains("20240202.v2 is not made for amd64."), "{problem}");
    });
}

#[test]
fn a_version_that_failed_here_is_passed_over_and_the_next_good_one_is_offered() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that_exits());
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let VersionAnswer::Newer { version: offered, .. } = answer(&app, &id).await else {
            panic!("not newer")
        };
        assert_eq!(offered, Some(parsed(V3)));
        let failed = update(&app, &id, version(V3)).await;
        assert_eq!(failed.state, OperationState::Failed);
        let VersionAnswer::Newer { version: offered, passed_over, .. } = answer(&app, &id).await
        else {
            panic!("not newer")
        };
        assert_eq!(offered, Some(parsed(V2)));
        let [PassedOver { tag, because: Unfit::FailedHere { why } }] = &passed_over[..] else {
            panic!("{passed_over:?}")
        };
        assert!(tag == V3 && why.contains("exit"), "{why}");
        // The next good one can be had, and then nothing better is known.
        succeeded(update(&app, &id, version(V2)).await);
        assert_eq!(answer(&app, &id).await, VersionAnswer::UpToDate { passed_over });
    });
}

#[test]
fn a_version_that_was_rolled_back_is_offered_to_no_other_runtime() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let [back, other] =
            [create(&app, draft("back")).await.id, create(&app, draft("other")).await.id];
        for id in [&back, &other] {
            assert!(matches!(answer(&app, id).await, VersionAnswer::Newer { .. }));
        }
        succeeded(update(&app, &back, version(V2)).await);
        let operation = crate::operations::roll_back(&app, &back).expect("begins");
        succeeded(ended(&app, &operation).await);
        // It is asked beside what the roll back does last.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let known = check(&app, &other, Freshness::Cached).await.expect("known").answer;
        let VersionAnswer::UpToDate { passed_over } = known else { panic!("still offered") };
        let [PassedOver { tag, because: Unfit::FailedHere { why } }] = &passed_over[..] else {
            panic!("{passed_over:?}")
        };
        assert!(tag == V2 && why.contains("rolled back"), "{why}");
    });
}

#[test]
fn a_rebuilt_tag_that_failed_here_is_not_offered_again() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.publish(V1, Image::that_exits());
        assert!(matches!(answer(&app, &id).await, VersionAnswer::Rebuilt { .. }));
        assert_eq!(update(&app, &id, version(V1)).await.state, OperationState::Failed);
        let VersionAnswer::UpToDate { passed_over } = answer(&app, &id).await else {
            panic!("still offered")
        };
        assert!(matches!(
            &passed_over[..],
            [PassedOver { tag, because: Unfit::FailedHere { .. } }] if tag == V1
        ));
    });
}

#[test]
fn a_skipped_or_snoozed_version_is_not_marked_on_the_row_and_a_newer_one_is() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        answer(&app, &id).await;
        assert_eq!(row(&app, "eval").update_available.as_deref(), Some(V2));
        let about = || AboutVersion { runtime: id.clone(), version: parsed(V2) };
        handlers::remind_later(&app, about()).await.expect("later");
        assert_eq!(row(&app, "eval").update_available, None);
        let VersionAnswer::Newer { snoozed_until, .. } = answer(&app, &id).await else {
            panic!("not newer")
        };
        assert!(snoozed_until.is_some());
        handlers::skip_version(&app, about()).await.expect("skip");
        assert_eq!(row(&app, "eval").update_available, None);
        let VersionAnswer::Newer { skipped, .. } = answer(&app, &id).await else { panic!("newer") };
        assert!(skipped);
        world.publish(V3, Image::that(Serves::Well));
        answer(&app, &id).await;
        assert_eq!(row(&app, "eval").update_available.as_deref(), Some(V3));
    });
}

#[test]
fn a_page_asks_unless_the_answer_is_fresh_or_the_registry_rests_and_the_button_always_asks() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        assert_eq!(check(&app, &id, Freshness::Cached).await, None);
        let asked = world.registry.asked();
        check(&app, &id, Freshness::Page).await.expect("asked");
        let once = world.registry.asked();
        assert!(once > asked);
        check(&app, &id, Freshness::Page).await.expect("kept");
        assert_eq!(world.registry.asked(), once, "it was under 10 s old");
        let limited =
            RegistryError::RateLimited { host: "registry.test".into(), retry_after: None };
        world.registry.fail("registry.test", Some(limited));
        assert!(matches!(answer(&app, &id).await, VersionAnswer::Unknown { .. }));
        world.registry.fail("registry.test", None);
        // As if some time had gone by since.
        for check in lock(&app.checks).values_mut() {
            check.checked -= jiff::SignedDuration::from_mins(2);
        }
        let before = world.registry.asked();
        check(&app, &id, Freshness::Page).await.expect("kept");
        assert_eq!(world.registry.asked(), before, "the registry asked to wait");
        assert_eq!(answer(&app, &id).await, VersionAnswer::UpToDate { passed_over: vec![] });
    });
}

#[test]
fn a_registry_that_names_a_time_is_left_alone_so_long() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let retry_after = Some(3600);
        let limited = RegistryError::RateLimited { host: "registry.test".into(), retry_after };
        world.registry.fail("registry.test", Some(limited));
        answer(&app, &id).await;
        let until = lock(&app.resting)["registry.test"];
        let left = until.duration_since(jiff::Timestamp::now());
        assert!(left > jiff::SignedDuration::from_mins(55), "{left}");
    });
}

#[test]
fn the_last_answer_is_known_after_a_restart_while_the_same_version_runs() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    let (id, before) = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        (id.clone(), check(&app, &id, Freshness::Now).await)
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        settle().await;
        assert_eq!(check(&app, &id, Freshness::Cached).await, before);
        succeeded(update(&app, &id, version(V2)).await);
    });
    paused(async {
        let app = world.start(world.parts(3)).await;
        settle().await;
        let known = check(&app, &id, Freshness::Cached).await.expect("asked after the update");
        assert_eq!(known.answer, VersionAnswer::UpToDate { passed_over: vec![] });
        let other = VersionCheck { current: Some(parsed(V1)), ..known };
        lock(&app.checks).insert(id.clone(), other);
        assert_eq!(check(&app, &id, Freshness::Cached).await, None, "it is about another version");
    });
}

#[test]
fn a_finished_update_takes_the_mark_away() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        answer(&app, &id).await;
        succeeded(update(&app, &id, version(V2)).await);
        assert_eq!(row(&app, "eval").update_available, None);
        let known = check(&app, &id, Freshness::Cached).await;
        assert!(known.is_none_or(|check| check.current == Some(parsed(V2))), "an old answer shows");
    });
}

/// A world without an override, whose default repositories have these tags.
fn published(first: &[&str], fallback: &[&str]) -> World {
    let world = World { repository_override: None, ..World::new() };
    let known = domain::facts::KnownVersions::built_in();
    for (repository, tags) in known.repositories.iter().zip([first, fallback]) {
        for tag in tags {
            world.publish_as(&repository.tagged(tag), Image::that(Serves::Well));
        }
    }
    world
}

#[test]
fn the_fallback_repository_counts_only_when_the_first_has_no_dated_tag() {
    let known = domain::facts::KnownVersions::built_in();
    let (first, fallback) = (&known.repositories[0], &known.repositories[1]);
    for (tags, more, repository, newest) in [
        (vec![V1], vec![V2], first, Some(V1)),
        (vec!["latest"], vec![V2], fallback, Some(V2)),
        (vec!["latest"], vec!["latest"], first, None),
        (vec![], vec![V2], fallback, Some(V2)),
    ] {
        let world = published(&tags, &more);
        let choices = paused(async {
            let app = world.app().await;
            let request = ListVersions { compute: compute(), repository: None };
            handlers::list_versions(&app, request).await.expect("choices")
        });
        assert_eq!(choices.problem, None);
        assert_eq!(&choices.repository, repository, "{tags:?} {more:?}");
        assert_eq!(choices.newest, newest.map(parsed));
        assert_eq!(choices.only_latest, newest.is_none());
    }
}

#[test]
fn a_first_repository_that_gives_no_answer_is_an_error_and_not_the_fallback() {
    let world = published(&[V1], &[V2]);
    world.registry.fail_next(
        "mcr.microsoft.com",
        RegistryError::Silent { host: "mcr.microsoft.com".into(), seconds: 30 },
    );
    let choices = paused(async {
        let app = world.app().await;
        let request = ListVersions { compute: compute(), repository: None };
        handlers::list_versions(&app, request).await.expect("choices")
    });
    assert!(choices.problem.is_some() && choices.newest.is_none());
    assert_eq!(
        choices.repository.to_string(),
        "mcr.microsoft.com/azureml/promptflow/promptflow-runtime"
    );
}

#[test]
fn an_image_that_only_the_compute_has_can_be_previewed() {
    let world = World::new();
    let local = engine::twin::TwinImage::new("built here");
    world.engine().add_image("built/here:1", local);
    paused(async {
        let app = world.app().await;
        let request = PreviewImage { compute: compute(), reference: "built/here:1".into() };
        let told = handlers::preview_image(&app, request).await.expect("preview");
        assert_eq!((told.local, told.download_size, told.ports), (true, 0, vec![8080]));
    });
}

#[test]
fn the_schedule_asks_by_itself_and_zero_hours_switch_it_off() {
    for (hours, asks) in [(1, true), (0, false)] {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let id = create(&app, draft("eval")).await.id;
            lock(&app.settings).check_every_hours = hours;
            tokio::time::sleep(Duration::from_secs(130)).await;
            assert_eq!(check(&app, &id, Freshness::Cached).await.is_some(), asks);
        });
    }
}

#[test]
fn a_clock_that_was_set_back_stops_no_check() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        answer(&app, &id).await;
        let ahead = jiff::SignedDuration::from_hours(24 * 30);
        // The clock stood a month ahead when all this was written.
        for check in lock(&app.checks).values_mut() {
            check.checked += ahead;
        }
        lock(&app.resting).insert("registry.test".into(), jiff::Timestamp::now() + ahead);
        let until = jiff::Timestamp::now() + ahead;
        app.parts.history.snooze(&id, parsed(V2), until).await.expect("kept");
        let before = world.registry.asked();
        let told = check(&app, &id, Freshness::Page).await.expect("asked");
        assert!(world.registry.asked() > before, "an answer from the future is not fresh");
        assert!(told.checked <= jiff::Timestamp::now());
        let VersionAnswer::Newer { snoozed_until, .. } = told.answer else { panic!("not newer") };
        assert_eq!(snoozed_until, None, "a day is no month");
    });
}
