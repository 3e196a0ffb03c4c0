use tokio::time::Instant;

use super::*;
use crate::{
    Subscription,
    api::{Change, CheckVersion, Freshness, WatchRows},
};

/// What comes within this time, with the moment of each message.
async fn within(changes: &mut Subscription, limit: Duration) -> Vec<(Instant, Vec<Change>)> {
    let until = Instant::now() + limit;
    let mut all = Vec::new();
    while let Ok(message) = tokio::time::timeout_at(until, changes.next()).await {
        assert!(!message.is_empty(), "a message without content");
        all.push((Instant::now(), message));
    }
    all
}

#[test]
fn a_late_subscriber_gets_the_whole_state_in_its_first_message() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let request = CheckVersion { runtime: id.clone(), freshness: Freshness::Now };
        handlers::check_version(&app, request).await.expect("check");
        let operation = begin_update(&app, &id, version(V2)).await;
        let first = app.subscribe().next().await;
        let mut kinds = [false; 5];
        for change in &first {
            match change {
                Change::Settings { .. } => kinds[0] = true,
                Change::Computes { computes } => kinds[1] = computes.len() == 1,
                Change::Operation { operation: told } => kinds[2] |= told.id == operation,
                Change::Runtimes { changed, removed } => {
                    kinds[3] = changed.len() == 1 && removed.is_empty();
                    assert_eq!(changed[0].operation, Some(operation.clone()));
                }
                Change::VersionCheck { check } => kinds[4] = check.runtime == id,
                _ => {}
            }
        }
        assert_eq!(kinds, [true; 5], "{first:#?}");
        let place = |wanted: fn(&Change) -> bool| first.iter().position(wanted).expect("told");
        let of_operation = place(|change| matches!(change, Change::Operation { .. }));
        let of_rows = place(|change| matches!(change, Change::Runtimes { .. }));
        assert!(of_operation < of_rows, "a row names an operation that was not told yet");
        succeeded(ended(&app, &operation).await);
    });
}

#[test]
fn a_burst_on_the_engine_is_a_few_messages() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        for number in 0..20 {
            create(&app, draft(&format!("eval-{number}"))).await;
        }
        let mut changes = app.subscribe();
        changes.next().await;
        for number in 0..20 {
            world.engine().stop(&format!("eval-{number}"), Duration::ZERO).await.expect("stop");
        }
        let told = within(&mut changes, Duration::from_secs(2)).await;
        assert!(told.len() <= 3, "{} messages", told.len());
        let stopped: usize = told
            .iter()
            .flat_map(|(_, message)| message)
            .map(|change| match change {
                Change::Runtimes { changed, .. } => changed.len(),
                _ => 0,
            })
            .sum();
        assert!(stopped >= 20, "only {stopped} rows were told");
    });
}

#[test]
fn a_single_change_is_told_at_once() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
        let mut changes = app.subscribe();
        within(&mut changes, Duration::from_secs(1)).await;
        let began = Instant::now();
        world.engine().stop("eval", Duration::ZERO).await.expect("stop");
        let message = changes.next().await;
        assert!(message.iter().any(|change| matches!(change, Change::Runtimes { .. })));
        assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    });
}

#[test]
fn progress_of_a_pull_comes_at_most_ten_times_a_second_and_ends_with_the_end() {
    let world = World::new();
    let mut pull = PullScript::arrives();
    let one = pull.events[3].clone();
    for bytes in 0..5_000u64 {
        pull.events.insert(4, domain::pull::PullEvent { current: Some(bytes), ..one.clone() });
    }
    world.publish_with(&repository().tagged(V2), Image::that(Serves::Well), pull);
    paused(async {
        let app = world.app().await;
        let mut changes = app.subscribe();
        changes.next().await;
        let id =
            begin_create(&app, RuntimeDraft { environment: version(V2), ..draft("eval") }).await;
        let told = within(&mut changes, Duration::from_secs(20)).await;
        for pair in told.windows(2) {
            let apart = pair[1].0 - pair[0].0;
            assert!(apart >= Duration::from_millis(15), "{apart:?}");
        }
        let states: Vec<OperationState> = told
            .iter()
            .flat_map(|(_, message)| message)
            .filter_map(|change| match change {
                Change::Operation { operation } if operation.id == id => Some(operation.state),
                _ => None,
            })
            .collect();
        assert_eq!(states.last(), Some(&OperationState::Succeeded));
        assert!(states.len() < 40, "{} messages about one operation", states.len());
    });
}

#[test]
fn usage_comes_for_rows_in_view_only_and_not_oftener_than_ten_times_a_second() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let seen = create(&app, draft("seen")).await.id;
        create(&app, draft("unseen")).await;
        handlers::watch_rows(&app, WatchRows { runtimes: vec![seen.clone()] })
            .await
            .expect("watch");
        let mut changes = app.subscribe();
        changes.next().await;
        let told = within(&mut changes, Duration::from_secs(5)).await;
        let mut readings = 0;
        for change in told.iter().flat_map(|(_, message)| message) {
            if let Change::Usage { readings: these } = change {
                assert!(these.iter().all(|reading| reading.runtime == seen));
                readings += these.len();
            }
        }
        assert!((4..=6).contains(&readings), "{readings} readings in 5 s");
        handlers::watch_rows(&app, WatchRows { runtimes: vec![] }).await.expect("watch");
        settle().await;
        let told = within(&mut changes, Duration::from_secs(5)).await;
        let usage = |change: &Change| matches!(change, Change::Usage { .. });
        let late = told.iter().skip(1).flat_map(|(_, message)| message).any(usage);
        assert!(!late, "a row out of view is still read");
    });
}

#[test]
fn a_runtime_that_is_gone_and_back_ends_as_it_stands() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let mut changes = app.subscribe();
        changes.next().await;
        world.engine().remove("eval", true, false).await.expect("remove");
        let told = within(&mut changes, Duration::from_secs(1)).await;
        let removed = told.iter().flat_map(|(_, message)| message).any(
            |change| matches!(change, Change::Runtimes { removed, .. } if removed.contains(&id)),
        );
        assert!(removed);
    });
}
