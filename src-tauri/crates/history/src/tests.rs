//! The history on real files.

use super::*;
use domain::{
    compute::ComputeId,
    image::Digest,
    operation::{Cancel, Operation, OperationId, OperationKind, OperationState, Subject},
    runtime::RuntimeId,
    series::{OnFailure, Rules, Series, SeriesEnd, SeriesId},
    version::Version,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

fn runtime(name: &str) -> RuntimeId {
    RuntimeId(name.into())
}

fn version(text: &str) -> Version {
    Version::parse(text).expect(text)
}

fn noon() -> Timestamp {
    "2024-04-29T12:00:00Z".parse().expect("time")
}

fn operation(id: &str, of: &str, minute: i64, state: OperationState) -> Operation {
    Operation {
        id: OperationId(id.into()),
        kind: OperationKind::Update,
        runtime: Some(runtime(of)),
        environment: None,
        name: of.into(),
        compute: ComputeId("local".into()),
        state,
        steps: vec![],
        pull: None,
        build: None,
        cancel: Cancel::No,
        from: None,
        to: None,
        from_image: None,
        from_digest: None,
        to_digest: None,
        packages: None,
        problem: None,
        outcome: None,
        kept_log: None,
        without_service: None,
        run: None,
        started_by: "ann@desk".into(),
        started: noon() + SignedDuration::from_mins(minute),
        finished: None,
    }
}

fn ids(operations: &[Operation]) -> Vec<&str> {
    operations.iter().map(|operation| operation.id.0.as_str()).collect()
}

#[tokio::test]
async fn operations_come_back_newest_first_and_whole() {
    let history = History::in_memory().expect("history");
    let first = operation("a", "one", 0, OperationState::Succeeded);
    for operation in [
        first.clone(),
        operation("b", "two", 1, OperationState::Failed),
        operation("c", "one", 2, OperationState::Running),
    ] {
        history.save_operation(&operation).await.expect("saved");
    }
    assert_eq!(ids(&history.operations(None, 10).await.expect("all")), ["c", "b", "a"]);
    assert_eq!(ids(&history.operations(None, 2).await.expect("some")), ["c", "b"]);
    let one = Subject::Runtime(runtime("one"));
    assert_eq!(ids(&history.operations(Some(&one), 10).await.expect("one")), ["c", "a"]);
    assert_eq!(ids(&history.unfinished_operations().await.expect("open")), ["c"]);
    assert_eq!(history.operation(&first.id).await.expect("found"), Some(first));
    assert_eq!(history.operation(&OperationId("z".into())).await.expect("looked"), None);
}

#[tokio::test]
async fn a_description_is_kept_until_it_is_replaced_or_forgotten() {
    let history = History::in_memory().expect("history");
    let description = |words: &str| Description {
        runtime: runtime("one"),
        words: words.into(),
        label_words: "as made".into(),
    };
    for words in ["first", "second"] {
        history.keep_description(&description(words)).await.expect("kept");
        assert_eq!(history.descriptions().await.expect("read"), [description(words)]);
    }
    history.forget_description(&runtime("other")).await.expect("nothing to forget");
    history.forget_description(&runtime("one")).await.expect("forgotten");
    assert_eq!(history.descriptions().await.expect("read"), []);
}

#[tokio::test]
async fn saving_again_replaces() {
    let history = History::in_memory().expect("history");
    let mut running = operation("a", "one", 0, OperationState::Running);
    history.save_operation(&running).await.expect("saved");
    running.state = OperationState::Succeeded;
    running.outcome = Some("It runs.".into());
    history.save_operation(&running).await.expect("saved");
    let late = operation("a", "one", 0, OperationState::Cancelling);
    history.save_operation(&late).await.expect("passed over");
    assert_eq!(history.operations(None, 10).await.expect("all"), [running]);
    assert_eq!(history.unfinished_operations().await.expect("open"), []);
}

#[tokio::test]
async fn old_finished_operations_are_dropped_and_unfinished_ones_are_not() {
    let history = History::in_memory().expect("history");
    history
        .save_operation(&operation("open", "one", -9, OperationState::Running))
        .await
        .expect("saved");
    for number in 0..2_003 {
        let done = operation(&format!("{number:05}"), "one", number, OperationState::Cancelled);
        history.save_operation(&done).await.expect("saved");
    }
    let all = history.operations(None, 10_000).await.expect("all");
    assert_eq!(all.len(), 2_001);
    assert_eq!(all[0].id.0, "02002");
    assert_eq!(all[1_999].id.0, "00003");
    assert_eq!(all[2_000].id.0, "open");
}

#[tokio::test]
async fn checks_and_choices_are_kept_for_each_runtime() {
    let history = History::in_memory().expect("history");
    let (one, two) = (runtime("one"), runtime("two"));
    assert_eq!(history.check(&one).await.expect("looked"), None);
    history.keep_check(&one, json!({"old": true}), noon()).await.expect("kept");
    history.keep_check(&one, json!({"new": 1}), noon()).await.expect("kept");
    assert_eq!(history.check(&one).await.expect("found"), Some((json!({"new": 1}), noon())));
    assert_eq!(history.check(&two).await.expect("looked"), None);

    for text in ["20240111.v2", "20240429.v9", "20240429.v10", "20240111.v2"] {
        history.skip_version(&one, version(text)).await.expect("kept");
    }
    assert_eq!(
        history.skipped(&one).await.expect("found"),
        ["20240429.v10", "20240429.v9", "20240111.v2"].map(version)
    );
    assert_eq!(history.skipped(&two).await.expect("looked"), []);

    assert_eq!(history.snoozed(&one).await.expect("looked"), None);
    history.snooze(&one, version("20240111.v2"), noon()).await.expect("kept");
    let later = noon() + SignedDuration::from_hours(24);
    history.snooze(&one, version("20240429.v9"), later).await.expect("kept");
    assert_eq!(history.snoozed(&one).await.expect("found"), Some((version("20240429.v9"), later)));
}

#[tokio::test]
async fn a_bad_digest_stays_bad_until_it_is_forgiven() {
    let history = History::in_memory().expect("history");
    let digest = Digest::of(b"bad");
    assert_eq!(history.is_bad_digest(&digest).await.expect("looked"), None);
    history.bad_digest(&digest, "It never answered.", noon()).await.expect("kept");
    assert_eq!(
        history.is_bad_digest(&digest).await.expect("found").as_deref(),
        Some("It never answered.")
    );
    assert_eq!(history.is_bad_digest(&Digest::of(b"good")).await.expect("looked"), None);
    history.forgive_digest(&digest).await.expect("forgiven");
    assert_eq!(history.is_bad_digest(&digest).await.expect("looked"), None);
}

#[tokio::test]
async fn settings_and_logins_are_kept() {
    let history = History::in_memory().expect("history");
    assert_eq!(history.setting("theme").await.expect("looked"), None);
    history.keep_setting("theme", &json!("dark")).await.expect("kept");
    history.keep_setting("theme", &json!(null)).await.expect("kept");
    assert_eq!(history.setting("theme").await.expect("found"), Some(json!(null)));

    history.keep_login("r.example", "ann").await.expect("kept");
    history.keep_login("a.example", "eve").await.expect("kept");
    history.keep_login("r.example", "bob").await.expect("kept");
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    assert_eq!(
        history.logins().await.expect("found"),
        pairs(&[("a.example", "eve"), ("r.example", "bob")])
    );
    history.forget_login("r.example").await.expect("forgotten");
    history.forget_login("r.example").await.expect("nothing to forget");
    assert_eq!(history.logins().await.expect("found"), pairs(&[("a.example", "eve")]));
}

#[tokio::test]
async fn what_was_kept_is_there_after_opening_again() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("data").join("deep");
    let id = {
        let (history, aside) = History::open(&place).expect("opened");
        assert_eq!(aside, None);
        history
            .save_operation(&operation("a", "one", 0, OperationState::Failed))
            .await
            .expect("saved");
        history.installation_id().await.expect("id")
    };
    let (history, aside) = History::open(&place).expect("opened again");
    assert_eq!(aside, None);
    assert_eq!(ids(&history.operations(None, 9).await.expect("all")), ["a"]);
    assert_eq!(history.installation_id().await.expect("id"), id);
}

#[tokio::test]
async fn two_processes_write_and_see_each_other() {
    let folder = tempfile::tempdir().expect("folder");
    let (one, _) = History::open(folder.path()).expect("first");
    let (two, _) = History::open(folder.path()).expect("second");
    let writes = |history: History, name: &'static str| async move {
        for number in 0..50 {
            let done =
                operation(&format!("{name}{number}"), name, number, OperationState::Succeeded);
            history.save_operation(&done).await.expect("saved");
        }
    };
    tokio::join!(writes(one.clone(), "one"), writes(two.clone(), "two"));
    assert_eq!(one.operations(None, 1_000).await.expect("all").len(), 100);
    assert_eq!(two.operations(None, 1_000).await.expect("all").len(), 100);
    let (a, b) = tokio::join!(one.installation_id(), two.installation_id());
    assert_eq!(a.expect("id"), b.expect("id"));
}

/// The history in `folder` is set aside on opening, with its content, and a new one works.
async fn is_set_aside(folder: &Path) -> Vec<u8> {
    let before = std::fs::read(folder.join(FILE_NAME)).expect("before");
    let (history, aside) = History::open(folder).expect("opened all the same");
    let aside = aside.expect("it was set aside");
    assert_eq!(std::fs::read(&aside).expect("it is still there"), before);
    history.keep_setting("works", &json!(true)).await.expect("kept");
    drop(history);
    let (history, aside) = History::open(folder).expect("opened again");
    assert_eq!(aside, None);
    assert_eq!(history.setting("works").await.expect("found"), Some(json!(true)));
    before
}

#[tokio::test]
async fn a_file_that_is_no_database_is_set_aside() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join(FILE_NAME), "this is no database ".repeat(500))
        .expect("junk");
    is_set_aside(folder.path()).await;
}

#[tokio::test]
async fn a_file_with_broken_pages_is_set_aside() {
    let folder = tempfile::tempdir().expect("folder");
    {
        let (history, _) = History::open(folder.path()).expect("opened");
        for number in 0..200 {
            let done = operation(&number.to_string(), "one", number, OperationState::Succeeded);
            history.save_operation(&done).await.expect("saved");
        }
        // Everything into the file itself, so that no log repairs it.
        history
            .run(|connection| {
                Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
            })
            .await
            .expect("written");
    }
    let file = folder.path().join(FILE_NAME);
    let mut bytes = std::fs::read(&file).expect("file");
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xA5);
    std::fs::write(&file, bytes).expect("broken");
    is_set_aside(folder.path()).await;
}

#[tokio::test]
async fn a_history_of_a_newer_version_is_set_aside_unchanged() {
    let folder = tempfile::tempdir().expect("folder");
    let newer = Connection::open(folder.path().join(FILE_NAME)).expect("file");
    newer
        .execute_batch(
            "CREATE TABLE future (x); INSERT INTO future VALUES (1); PRAGMA user_version = 99;",
        )
        .expect("newer");
    drop(newer);
    is_set_aside(folder.path()).await;
}

#[tokio::test]
async fn tables_that_are_not_ours_are_set_aside() {
    let folder = tempfile::tempdir().expect("folder");
    let other = Connection::open(folder.path().join(FILE_NAME)).expect("file");
    other.execute_batch("CREATE TABLE other (x); PRAGMA user_version = 1;").expect("other");
    drop(other);
    is_set_aside(folder.path()).await;
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_in_words() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("file");
    let error = History::open(&file.join("below")).expect_err("refused");
    assert!(error.to_string().starts_with("The history in "), "{error}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_does_not_hide_the_others() {
    let history = History::in_memory().expect("history");
    for id in ["a", "b"] {
        history
            .save_operation(&operation(id, "one", 0, OperationState::Succeeded))
            .await
            .expect("saved");
    }
    history
        .run(|connection| {
            Ok(connection.execute("UPDATE operation SET document = '{}' WHERE id = 'a'", [])?)
        })
        .await
        .expect("spoiled");
    assert_eq!(ids(&history.operations(None, 9).await.expect("all")), ["b"]);
}

fn series(id: &str, minute: i64, end: Option<SeriesEnd>) -> Series {
    Series {
        id: SeriesId(id.into()),
        rules: Rules { parallel: 1, on_failure: OnFailure::Stop, cancel_runs: false },
        members: vec![],
        closing: None,
        end,
        started_by: "ann@desk".into(),
        started: noon() + SignedDuration::from_mins(minute),
        finished: None,
    }
}

#[tokio::test]
async fn series_come_back_newest_first_and_one_that_was_cut_off_is_found() {
    let history = History::in_memory().expect("history");
    let ended = series("a", 0, Some(SeriesEnd::Complete));
    let running = series("b", 1, None);
    for one in [&ended, &running] {
        history.save_series(one).await.expect("saved");
    }
    assert_eq!(history.series(9).await.expect("all"), [running.clone(), ended.clone()]);
    assert_eq!(history.unfinished_series().await.expect("open"), std::slice::from_ref(&running));
    let closed = Series { end: Some(SeriesEnd::CutOff), ..running };
    history.save_series(&closed).await.expect("saved");
    assert_eq!(history.unfinished_series().await.expect("open"), []);
    assert_eq!(history.series(1).await.expect("newest"), [closed]);
}

#[tokio::test]
async fn settings_of_one_kind_are_found_by_the_beginning_of_their_key_and_forgotten() {
    let history = History::in_memory().expect("history");
    for key in ["kind:b", "kind:a", "kinder", "other:a"] {
        history.keep_setting(key, &json!(key)).await.expect("kept");
    }
    let found = history.settings_under("kind:").await.expect("found");
    assert_eq!(found, [("a".into(), json!("kind:a")), ("b".into(), json!("kind:b"))]);
    history.forget_setting("kind:a").await.expect("forgotten");
    history.forget_setting("kind:never").await.expect("nothing to forget");
    assert_eq!(history.settings_under("kind:").await.expect("found").len(), 1);
    assert_eq!(history.setting("other:a").await.expect("kept"), Some(json!("other:a")));
}
