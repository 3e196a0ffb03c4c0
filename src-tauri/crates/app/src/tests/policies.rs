use domain::{
    policy::{ClockTime, UpdatePolicy, Weekday, Window},
    version::Version,
};

use super::*;
use crate::api::{
    AboutVersion, CheckVersion, DeleteRuntime, Freshness, Nothing, OfRuntime, PolicyView,
    SetUpdatePolicy,
};

fn parsed(version: &str) -> Version {
    Version::parse(version).expect(version)
}

fn of(id: &RuntimeId) -> OfRuntime {
    OfRuntime { runtime: id.clone() }
}

/// Every night from 02:00 to 04:00, to versions that are a week old.
fn nightly() -> UpdatePolicy {
    let days = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let time = |text: &str| ClockTime::parse(text).expect(text);
    let window = Window { days: days.to_vec(), from: time("02:00"), to: time("04:00") };
    UpdatePolicy::Window { window, older_than_days: 7 }
}

async fn set(app: &App, id: &RuntimeId, policy: UpdatePolicy) {
    let request = SetUpdatePolicy { runtime: id.clone(), policy };
    handlers::set_update_policy(app, request).await.expect("set");
}

async fn view(app: &App, id: &RuntimeId) -> PolicyView {
    handlers::update_policy(app, of(id)).await.expect("policy")
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

async fn operations(app: &App) -> Vec<Operation> {
    let all = handlers::list_operations(app, Nothing {}).await.expect("operations").operations;
    let is_update = |one: &Operation| one.kind == domain::operation::OperationKind::Update;
    all.into_iter().filter(is_update).collect()
}

/// What the last look said.
async fn said(app: &App, id: &RuntimeId) -> String {
    view(app, id).await.last_look.map(|look| look.sentence).unwrap_or_default()
}

/// A runtime with this policy, at this time, and a version that is old enough since 9 February 2024.
async fn at(world: &World, time: &str) -> (App, RuntimeId) {
    let app = world.app().await;
    let id = create(&app, draft("eval")).await.id;
    world.clock.set(time);
    set(&app, &id, nightly()).await;
    settle().await;
    (app, id)
}

#[test]
fn a_runtime_is_updated_by_itself_in_its_window_and_that_is_told() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let (app, id) = at(&world, "2024-02-10T01:00").await;
        let told = view(&app, &id).await;
        let opens = "2024-02-10T02:00:00Z".parse().expect("time");
        assert_eq!((told.looks_again, told.open_until), (Some(opens), None));
        minutes(58).await;
        assert_eq!(world.tag_of("eval"), V1, "the window is not open");
        minutes(4).await;
        assert_eq!(world.tag_of("eval"), V2);
        assert!(world.answers("eval"));
        let update = operations(&app).await.remove(0);
        assert_eq!(update.started_by, "the update policy of this runtime (window 02:00–04:00)");
        let news = view(&app, &id).await.news.expect("told");
        let outcome = news.outcome.expect("it ended");
        assert!(news.version == parsed(V2) && outcome.updated, "{outcome:?}");
        assert!(outcome.sentence.contains("eval runs 20240202.v2."), "{}", outcome.sentence);
        handlers::acknowledge_policy(&app, of(&id)).await.expect("acknowledged");
        assert_eq!(view(&app, &id).await.news, None);
        let opens = "2024-02-11T02:00:00Z".parse().expect("time");
        assert_eq!(view(&app, &id).await.looks_again, Some(opens), "one try in each opening");
    });
}

#[test]
fn a_version_that_is_too_young_waits_for_its_day_and_an_older_one_is_taken_meanwhile() {
    let world = World::new();
    world.publish(V3, Image::that(Serves::Well));
    paused(async {
        let (app, id) = at(&world, "2024-03-09T01:00").await;
        minutes(90).await;
        assert_eq!(world.tag_of("eval"), V1);
        assert_eq!(said(&app, &id).await, "20240303.v3 is not old enough before 2024-03-10.");
        let too_young = view(&app, &id).await.too_young.expect("told");
        assert_eq!(too_young.old_enough_on, jiff::civil::date(2024, 3, 10));
        // One in between that is old enough is found by the next check.
        world.publish(V2, Image::that(Serves::Well));
        let now = CheckVersion { runtime: id.clone(), freshness: Freshness::Now };
        handlers::check_version(&app, now).await.expect("checked");
        minutes(5).await;
        assert_eq!(world.tag_of("eval"), V2);
        minutes(24 * 60).await;
        assert_eq!(world.tag_of("eval"), V3);
    });
}

#[test]
fn a_version_that_does_not_work_is_tried_once_and_the_old_one_serves() {
    let world = World::new();
    world.publish(V2, Image::that_exits());
    paused(async {
        let (app, id) = at(&world, "2024-02-10T01:00").await;
        minutes(3 * 24 * 60).await;
        assert_eq!(operations(&app).await.len(), 1, "it is not tried again in any night");
        assert!(world.answers("eval") && world.tag_of("eval") == V1);
        let outcome = view(&app, &id).await.news.expect("told").outcome.expect("ended");
        assert!(!outcome.updated && outcome.sentence.contains("as before"), "{outcome:?}");
        // What was rolled back by the person is not taken again either.
        world.publish(V3, Image::that(Serves::Well));
        succeeded(update(&app, &id, version(V3)).await);
        let back = handlers::roll_back_runtime(&app, of(&id)).await.expect("begins").operation;
        succeeded(ended(&app, &back).await);
        world.clock.set("2024-04-01T01:00");
        minutes(3 * 24 * 60).await;
        assert_eq!(world.tag_of("eval"), V1);
        assert_eq!(operations(&app).await.len(), 2);
    });
}

#[test]
fn a_runtime_with_an_active_run_or_an_open_doubt_is_not_touched() {
    let world = World::new();
    let mut busy = Image::that(Serves::Well);
    let run = "python -c from multiprocessing.spawn import spawn_main; spawn_main()";
    busy.behaviour.processes.push(run.into());
    world.publish(V1, busy);
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let (app, id) = at(&world, "2024-02-10T01:00").await;
        minutes(150).await;
        assert_eq!(said(&app, &id).await, "One run was active.");
        assert_eq!(operations(&app).await, []);
        let told = view(&app, &id).await;
        assert!(told.looks_again < told.open_until, "it looks again within the window");
    });
}

#[test]
fn a_runtime_that_is_not_well_is_not_touched() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let asked = RuntimeDraft { restart_policy: RestartPolicy::No, ..draft("eval") };
        let id = create(&app, asked).await.id;
        world.clock.set("2024-02-10T01:00");
        set(&app, &id, nightly()).await;
        world.engine().end_process("eval", 1).expect("ends");
        minutes(150).await;
        assert!(said(&app, &id).await.starts_with("It was not well."), "{}", said(&app, &id).await);
        assert_eq!(operations(&app).await, []);
    });
}

#[test]
fn skipped_versions_and_other_policies_are_left_alone() {
    for (policy, skip) in
        [(UpdatePolicy::TellMe, false), (UpdatePolicy::Never, false), (nightly(), true)]
    {
        let world = World::new();
        world.publish(V2, Image::that(Serves::Well));
        paused(async {
            let (app, id) = at(&world, "2024-02-10T01:00").await;
            if skip {
                let about = AboutVersion { runtime: id.clone(), version: parsed(V2) };
                handlers::skip_version(&app, about).await.expect("skip");
            }
            set(&app, &id, policy.clone()).await;
            minutes(26 * 60).await;
            assert_eq!(operations(&app).await, [], "{policy:?}");
            let marked = row(&app, "eval").update_available;
            assert_eq!(marked.is_some(), policy == UpdatePolicy::TellMe, "{policy:?}");
            // It can still be found by asking.
            let now = CheckVersion { runtime: id.clone(), freshness: Freshness::Now };
            let check = handlers::check_version(&app, now).await.expect("asked").check;
            let answer = check.expect("answer").answer;
            assert!(matches!(answer, crate::api::VersionAnswer::Newer { .. }), "{policy:?}");
        });
    }
}

#[test]
fn two_on_one_compute_are_updated_one_after_another() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let (app, first) = at(&world, "2024-02-10T01:00").await;
        let second = create(&app, draft("second")).await.id;
        set(&app, &second, nightly()).await;
        minutes(90).await;
        let all = operations(&app).await;
        assert_eq!(all.len(), 2);
        assert!(all[1].finished.expect("ended") <= all[0].started, "{all:#?}");
        assert!(
            view(&app, &first).await.news.is_some() && view(&app, &second).await.news.is_some()
        );
    });
}

#[test]
fn a_clock_that_is_set_back_brings_no_second_try_and_a_missed_window_is_missed() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.clock.set("2024-02-10T02:30");
        // The engine's fault, so the image is not to blame and could be tried again.
        world.engine().forget_calls();
        for nth in 1..4 {
            world.engine().fail(Call::Create, nth, refusal());
        }
        set(&app, &id, nightly()).await;
        minutes(10).await;
        assert_eq!(operations(&app).await.len(), 1);
        assert_eq!(operations(&app).await[0].state, OperationState::Failed);
        world.clock.set("2024-02-10T02:10");
        minutes(60).await;
        assert_eq!(operations(&app).await.len(), 1, "still the same opening");
        // The machine slept through a window: nothing happens outside of it.
        world.clock.set("2024-02-11T09:00");
        minutes(60).await;
        assert_eq!(operations(&app).await.len(), 1);
        let opens = "2024-02-12T02:00:00Z".parse().expect("time");
        assert_eq!(view(&app, &id).await.looks_again, Some(opens));
    });
}

#[test]
fn a_policy_outlives_updates_and_restarts_and_ends_with_its_runtime() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that(Serves::Well));
    let id = paused(async {
        let (app, id) = at(&world, "2024-02-10T01:00").await;
        succeeded(update(&app, &id, version(V2)).await);
        id
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        settle().await;
        assert_eq!(view(&app, &id).await.policy, nightly());
        world.clock.set("2024-03-20T02:00");
        minutes(16).await;
        assert_eq!(world.tag_of("eval"), V3);
        let request =
            DeleteRuntime { runtime: id.clone(), remove_volumes: false, remove_image: false };
        let delete = handlers::delete_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &delete).await);
        let kept = app.parts.history.settings_under("update-policy:").await.expect("settings");
        assert_eq!(kept, []);
    });
}

#[test]
fn an_update_that_the_end_of_the_application_cut_off_is_told_and_not_tried_again_that_night() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    let id = paused(async {
        let (app, id) = at(&world, "2024-02-10T02:30").await;
        while operations(&app).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        settle().await;
        id
    });
    paused(async {
        world.clock.set("2024-02-10T02:40");
        let app = world.start(world.parts(2)).await;
        minutes(60).await;
        assert_eq!(operations(&app).await.len(), 1);
        let outcome = view(&app, &id).await.news.expect("told").outcome.expect("it is over");
        assert!(outcome.sentence.contains("The application ended"), "{outcome:?}");
        assert!(world.answers("eval"));
    });
}

#[test]
fn a_policy_that_cannot_be_is_refused_with_its_field() {
    let world = World::new();
    paused(async {
        let (app, id) = at(&world, "2024-02-10T01:00").await;
        let UpdatePolicy::Window { window, .. } = nightly() else { panic!("a window") };
        let window = Window { days: vec![], ..window };
        let policy = UpdatePolicy::Window { window, older_than_days: 7 };
        let request = SetUpdatePolicy { runtime: id.clone(), policy };
        let problem = handlers::set_update_policy(&app, request).await.expect_err("refused");
        assert_eq!(problem.field.as_deref(), Some("days"));
        assert_eq!(view(&app, &id).await.policy, nightly());
    });
}
