use domain::{
    operation::{OperationKind, Subject},
    policy::UpdatePolicy,
    series::{MemberState, OnFailure, Rules, Series, SeriesEnd},
};

use super::*;
use crate::api::{
    DeleteRuntime, Freshness, NotAmong, Nothing, PreviewUpdateAll, SetUpdatePolicy, StopUpdateAll,
    UpdateAll, UpdateAllMember, UpdateAllPreview, UpdateCandidate, WhyNotAmong,
};

const SEQUENTIAL: Rules = Rules { parallel: 1, on_failure: OnFailure::Stop, cancel_runs: false };
const GO_ON: Rules = Rules { on_failure: OnFailure::GoOn, ..SEQUENTIAL };

async fn preview(app: &App) -> UpdateAllPreview {
    preview_as(app, Freshness::Now).await
}

async fn preview_as(app: &App, freshness: Freshness) -> UpdateAllPreview {
    handlers::preview_update_all(app, PreviewUpdateAll { freshness }).await.expect("preview")
}

/// These of the candidates, in this order.
fn chosen(preview: &UpdateAllPreview, names: &[&str]) -> Vec<UpdateAllMember> {
    let find = |name: &&str| {
        preview.candidates.iter().find(|one| one.name == **name).expect("a candidate")
    };
    let member = |one: &UpdateCandidate| UpdateAllMember {
        runtime: one.runtime.clone(),
        environment: one.environment.clone(),
        to: one.to.clone(),
        digest: one.preview.to.digest.clone(),
        confirmed: false,
    };
    names.iter().map(find).map(member).collect()
}

async fn begin(app: &App, names: &[&str], rules: Rules) {
    let members = chosen(&preview(app).await, names);
    handlers::update_all(app, UpdateAll { members, rules }).await.expect("begins");
}

async fn newest(app: &App) -> Series {
    let mut all = handlers::update_series(app, Nothing {}).await.expect("series").series;
    all.swap_remove(0)
}

async fn until(app: &App, is: impl Fn(&Series) -> bool) -> Series {
    for _ in 0..100_000 {
        let series = newest(app).await;
        if is(&series) {
            return series;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to that: {:#?}", newest(app).await);
}

async fn end(app: &App) -> Series {
    let series = until(app, |series| series.end.is_some()).await;
    settle().await;
    series
}

fn states(series: &Series) -> Vec<(&str, MemberState)> {
    series.members.iter().map(|member| (member.name.as_str(), member.state)).collect()
}

async fn with(world: &World, names: &[&str]) -> App {
    let app = world.app().await;
    for name in names {
        create(&app, draft(name)).await;
    }
    app
}

/// Updates in the order in which they began.
async fn updates(app: &App) -> Vec<Operation> {
    let all = handlers::list_operations(app, Nothing {}).await.expect("operations").operations;
    let mut updates: Vec<_> =
        all.into_iter().filter(|operation| operation.kind == OperationKind::Update).collect();
    updates.reverse();
    updates
}

#[test]
fn the_preview_tells_what_would_be_updated_and_why_the_others_would_not() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    let other = ImageReference::parse("registry.test/team/tool:stable").expect("reference");
    world.publish_as(&other, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["one", "two"]).await;
        let environment = image(&other.to_string());
        create(&app, RuntimeDraft { environment, ..draft("tool") }).await;
        let never = SetUpdatePolicy { runtime: row(&app, "two").id, policy: UpdatePolicy::Never };
        handlers::set_update_policy(&app, never).await.expect("set");
        let told = preview(&app).await;
        let candidates: Vec<_> = told
            .candidates
            .iter()
            .map(|one| (one.name.as_str(), one.to.as_str(), one.never))
            .collect();
        assert_eq!(candidates, [("one", V2, false), ("two", V2, true)]);
        assert_eq!(told.candidates[0].from, V1);
        assert_eq!(told.candidates[0].preview.download_size, 1500);
        let [NotAmong { name, because: WhyNotAmong::UpToDate { .. }, .. }] = &told.others[..]
        else {
            panic!("{:#?}", told.others)
        };
        assert_eq!(name, "tool");
        world.registry.fail(
            "registry.test",
            Some(registry::RegistryError::NoSuchHost { host: "registry.test".into() }),
        );
        let told = preview(&app).await;
        assert!(told.candidates.is_empty());
        assert!(
            told.others.iter().all(|one| matches!(one.because, WhyNotAmong::Unknown { .. })),
            "an error is never up to date"
        );
    });
}

#[test]
fn opening_the_page_finds_what_was_published_since_the_last_check() {
    let world = World::new();
    paused(async {
        let app = with(&world, &["one"]).await;
        assert!(preview(&app).await.candidates.is_empty());
        world.publish(V2, Image::that(Serves::Well));
        let asked = world.registry.asked();
        assert!(preview_as(&app, Freshness::Page).await.candidates.is_empty());
        assert_eq!(world.registry.asked(), asked, "it was under 10 s old");
        // As if some time had gone by since.
        for check in lock(&app.checks).values_mut() {
            check.checked -= jiff::SignedDuration::from_mins(2);
        }
        assert_eq!(preview_as(&app, Freshness::Page).await.candidates.len(), 1);
    });
}

#[test]
fn they_are_updated_one_after_another_in_the_persons_order() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["one", "two", "three"]).await;
        begin(&app, &["three", "one", "two"], SEQUENTIAL).await;
        let series = end(&app).await;
        assert_eq!(series.end, Some(SeriesEnd::Complete));
        assert!(series.members.iter().all(|member| member.state == MemberState::Updated));
        let updates = updates(&app).await;
        let order: Vec<_> = updates.iter().map(|update| update.name.as_str()).collect();
        assert_eq!(order, ["three", "one", "two"]);
        for pair in updates.windows(2) {
            assert!(pair[0].finished.expect("ended") <= pair[1].started, "two at a time");
        }
        assert!(updates.iter().all(|update| update.started_by == "ann@here (update all)"));
        assert!(["one", "two", "three"].iter().all(|name| world.tag_of(name) == V2));
        assert!(preview(&app).await.candidates.is_empty());
    });
}

/// The first gets a bad image, the second would get the same, the third another.
async fn with_a_bad_one(world: &World) -> App {
    let other = ImageReference::parse("registry.test/team/tool:20240101.v1").expect("reference");
    world.publish_as(&other, Image::that(Serves::Well));
    let app = with(world, &["one", "two"]).await;
    let environment = image(&other.to_string());
    create(&app, RuntimeDraft { environment, ..draft("three") }).await;
    world.publish(V2, Image::that_exits());
    let newer = ImageReference::parse("registry.test/team/tool:20240202.v2").expect("reference");
    world.publish_as(&newer, Image::that(Serves::Well));
    app
}

#[test]
fn after_a_failure_it_stops_and_nothing_else_was_touched() {
    let world = World::new();
    paused(async {
        let app = with_a_bad_one(&world).await;
        begin(&app, &["one", "two", "three"], SEQUENTIAL).await;
        let series = end(&app).await;
        use MemberState::{Failed, NotStarted, Skipped};
        assert_eq!(states(&series), [("one", Failed), ("two", Skipped), ("three", NotStarted)]);
        assert_eq!(series.end, Some(SeriesEnd::AfterFailure));
        assert_eq!(updates(&app).await.len(), 1);
        for name in ["one", "two", "three"] {
            assert!(world.answers(name), "{name}");
            assert_eq!(world.tag_of(name), "20240101.v1");
        }
    });
}

#[test]
fn it_may_go_on_after_a_failure_and_the_same_bad_image_is_not_tried_on_a_second_one() {
    let world = World::new();
    paused(async {
        let app = with_a_bad_one(&world).await;
        begin(&app, &["one", "two", "three"], GO_ON).await;
        let series = end(&app).await;
        use MemberState::{Failed, Skipped, Updated};
        assert_eq!(states(&series), [("one", Failed), ("two", Skipped), ("three", Updated)]);
        assert_eq!(series.end, Some(SeriesEnd::Complete));
        let note = series.members[1].note.as_deref().expect("a reason");
        assert_eq!(note, "20240202.v2 did not work on one, so it was not tried here.");
        let tried: Vec<_> = updates(&app).await.into_iter().map(|one| one.name).collect();
        assert_eq!(tried, ["one", "three"]);
        assert_eq!(world.tag_of("three"), "20240202.v2");
        // Nor is it offered after that.
        let told = preview_as(&app, Freshness::Cached).await;
        assert!(told.candidates.is_empty(), "{:#?}", told.candidates);
    });
}

#[test]
fn one_at_a_time_on_each_compute_and_computes_at_the_same_time() {
    let world = World::on(vec![TwinEngine::new(), TwinEngine::new()]);
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["here-1", "here-2"]).await;
        for name in ["there-1", "there-2"] {
            let other = domain::compute::ComputeId("twin-1".into());
            let request = OfDraft { compute: other, draft: draft(name) };
            let id = handlers::create_runtime(&app, request).await.expect("begins").operation;
            succeeded(ended(&app, &id).await);
        }
        begin(&app, &["here-1", "here-2", "there-1", "there-2"], SEQUENTIAL).await;
        let series = end(&app).await;
        assert!(series.members.iter().all(|member| member.state == MemberState::Updated));
        let updates = updates(&app).await;
        let of = |name: &str| {
            let found = updates.iter().find(|update| update.name == name).expect("update");
            (found.started, found.finished.expect("ended"))
        };
        // The image was proven on one of them first.
        assert!(of("here-1").1 <= of("there-1").0);
        assert!(of("here-2").0 < of("there-1").1 && of("there-1").0 < of("here-2").1, "together");
        assert!(of("there-1").1 <= of("there-2").0, "one at a time there");
    });
}

#[test]
fn stopping_lets_the_running_one_end_and_starts_no_further_one() {
    for cancel_running in [false, true] {
        let world = World::new();
        world.publish(V2, Image::that(Serves::Well));
        paused(async {
            let app = with(&world, &["one", "two"]).await;
            begin(&app, &["one", "two"], SEQUENTIAL).await;
            until(&app, |series| series.members[0].state == MemberState::Running).await;
            handlers::stop_update_all(&app, StopUpdateAll { cancel_running }).await.expect("stops");
            let series = end(&app).await;
            assert_eq!(series.end, Some(SeriesEnd::Stopped));
            let first = if cancel_running { MemberState::Cancelled } else { MemberState::Updated };
            assert_eq!(states(&series), [("one", first), ("two", MemberState::NotStarted)]);
            assert_eq!(world.tag_of("one"), if cancel_running { V1 } else { V2 });
            assert!(world.answers("one") && world.tag_of("two") == V1);
        });
    }
}

#[test]
fn only_one_series_at_a_time_and_the_window_asks_before_it_closes() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["one", "two"]).await;
        assert!(app.may_close());
        begin(&app, &["one"], SEQUENTIAL).await;
        let members = chosen(&preview(&app).await, &["two"]);
        let second = UpdateAll { members, rules: SEQUENTIAL };
        let problem = handlers::update_all(&app, second.clone()).await.expect_err("refused");
        assert_eq!(problem.code, domain::finding::ProblemCode::Busy);
        assert!(!app.may_close());
        app.idle().await;
        assert_eq!(newest(&app).await.end, Some(SeriesEnd::Complete));
        handlers::update_all(&app, second).await.expect("begins");
        assert_eq!(end(&app).await.members.len(), 1);
        let nobody = UpdateAll { members: vec![], rules: SEQUENTIAL };
        assert!(handlers::update_all(&app, nobody).await.is_err());
    });
}

#[test]
fn a_busy_runtime_waits_for_its_turn_and_a_deleted_one_is_skipped() {
    let world = World::new();
    let v2 = Image::that(Serves::Well);
    world.publish_with(&repository().tagged(V2), v2, PullScript::arrives());
    paused(async {
        let app = with(&world, &["one", "two", "three"]).await;
        let members = chosen(&preview(&app).await, &["one", "two", "three"]);
        // Another operation holds the first one for a long time.
        let id = row(&app, "one").id;
        lock(&app.busy).insert(Subject::Runtime(id.clone()), OperationId("held".into()));
        let delete = DeleteRuntime {
            runtime: row(&app, "three").id,
            remove_volumes: false,
            remove_image: false,
        };
        handlers::update_all(&app, UpdateAll { members, rules: SEQUENTIAL }).await.expect("begins");
        let waiting = until(&app, |series| series.members[0].note.is_some()).await;
        assert_eq!(waiting.members[0].state, MemberState::Waiting, "{waiting:#?}");
        // One is deleted before its turn.
        let delete = handlers::delete_runtime(&app, delete).await.expect("begins").operation;
        succeeded(ended(&app, &delete).await);
        use MemberState::{Skipped, Updated, Waiting};
        let waiting = until(&app, |series| series.members[2].state == Skipped).await;
        assert_eq!(states(&waiting), [("one", Waiting), ("two", Updated), ("three", Skipped)]);
        assert_eq!(waiting.members[2].note.as_deref(), Some("three is not there any more."));
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(world.tag_of("one"), V1);
        lock(&app.busy).remove(&Subject::Runtime(id));
        app.operation_ended.notify_waiters();
        let series = end(&app).await;
        assert_eq!(states(&series), [("one", Updated), ("two", Updated), ("three", Skipped)]);
    });
}

#[test]
fn a_series_that_was_cut_off_is_told_and_does_not_go_on_by_itself() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["one", "two", "three"]).await;
        begin(&app, &["one", "two", "three"], SEQUENTIAL).await;
        until(&app, |series| series.members[1].state == MemberState::Running).await;
        // Written down before the process ends.
        settle().await;
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        let series = newest(&app).await;
        assert_eq!(series.end, Some(SeriesEnd::CutOff));
        use MemberState::{CutOff, NotStarted, Updated};
        assert_eq!(states(&series), [("one", Updated), ("two", CutOff), ("three", NotStarted)]);
        assert_eq!(updates(&app).await.len(), 2, "nothing began by itself");
        assert_eq!(world.tag_of("three"), V1);
        assert!(app.may_close());
    });
}

#[test]
fn what_the_window_sees_is_the_series_as_it_moves_on() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = with(&world, &["one"]).await;
        let mut changes = app.subscribe();
        begin(&app, &["one"], SEQUENTIAL).await;
        let mut seen = Vec::new();
        while seen.last() != Some(&MemberState::Updated) {
            for change in changes.next().await {
                if let crate::api::Change::Series { series } = change {
                    seen.push(series.members[0].state);
                }
            }
        }
        seen.dedup();
        assert!(seen.contains(&MemberState::Running), "{seen:?}");
    });
}
