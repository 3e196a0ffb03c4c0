//! What is refused before anything begins, each at its field.

use super::*;

async fn refused(bench: &Bench, draft: &BatchDraft) -> Vec<(Option<String>, String)> {
    let preview = handlers::preview_batch(&bench.app, PreviewBatch { draft: draft.clone() });
    let problems = preview.await.expect("preview").problems;
    let started = handlers::start_batch(&bench.app, draft.clone()).await;
    assert_eq!(started.is_err(), !problems.is_empty());
    problems.into_iter().map(|problem| (problem.field, problem.sentence)).collect()
}

fn fields(problems: &[(Option<String>, String)]) -> Vec<&str> {
    problems.iter().map(|(field, _)| field.as_deref().unwrap_or("")).collect()
}

#[test]
fn each_wrong_choice_is_told_at_its_field_and_nothing_begins() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        let good = &bench.draft;
        let is_refused = async |draft: BatchDraft, expected: &[&str]| {
            let problems = refused(&bench, &draft).await;
            assert_eq!(fields(&problems), expected, "{problems:?}");
            problems
        };
        is_refused(BatchDraft { runtimes: vec![], ..good.clone() }, &["runtimes"]).await;
        let twice = vec![good.runtimes[0].clone(), good.runtimes[0].clone()];
        is_refused(BatchDraft { runtimes: twice, ..good.clone() }, &["runtimes"]).await;
        is_refused(BatchDraft { file: String::new(), ..good.clone() }, &["file"]).await;
        is_refused(BatchDraft { file: "rows.csv".into(), ..good.clone() }, &["file"]).await;
        is_refused(BatchDraft { file: "/nowhere/rows.csv".into(), ..good.clone() }, &["file"])
            .await;
        let settings = BatchSettings { workers: 0, ..good.settings.clone() };
        is_refused(BatchDraft { settings, ..good.clone() }, &["workers"]).await;
        let mapping = Mapping::from([("text".into(), "${data.nothing}".into())]);
        let told = is_refused(BatchDraft { mapping, ..good.clone() }, &["mapping.text"]).await;
        assert!(told[0].1.contains("which the file does not have"), "{told:?}");
        let gone = Some(BatchId("gone".into()));
        is_refused(BatchDraft { other: gone, ..good.clone() }, &["other"]).await;
        let variants = BTreeMap::from([("work".to_owned(), "none".to_owned())]);
        assert_eq!(refused(&bench, &BatchDraft { variants, ..good.clone() }).await.len(), 1);
        let list = ListBatches { flow: None, text: String::new() };
        let list = handlers::list_batches(&bench.app, list).await.expect("list");
        assert_eq!(list.batches, []);
        assert_eq!(asked(&world).len(), 0);
        assert_eq!(refused(&bench, good).await, []);
    });
}

#[test]
fn the_preview_proposes_and_shows_rows_with_their_problems() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        let file = world.folder.path().join("odd.jsonl");
        std::fs::write(
            &file,
            "{\"text\":\"a\",\"times\":\"3\"}\n{\"text\":\"b\",\"times\":\"x\"}\nno\n",
        )
        .expect("file");
        let empty = BatchDraft {
            file: file.display().to_string(),
            mapping: Mapping::new(),
            ..bench.draft.clone()
        };
        let preview = async |draft: BatchDraft| {
            handlers::preview_batch(&bench.app, PreviewBatch { draft }).await.expect("preview")
        };
        let told = preview(empty.clone()).await;
        assert_eq!(told.proposed.get("text").map(String::as_str), Some("${data.text}"));
        assert_eq!(told.proposed_workers, 4.min(told.proposed_workers));
        assert!(told.proposed_workers >= 1);
        let data = told.data.expect("data");
        assert_eq!((data.columns, data.rows), (vec!["text".into(), "times".into()], Some(3)));
        let told = preview(BatchDraft { mapping: told.proposed, ..empty }).await;
        assert_eq!(told.problems, []);
        assert_eq!(told.rows[0].inputs["times"], 3);
        let wrong: Vec<usize> = told.rows.iter().map(|row| row.problems.len()).collect();
        assert_eq!(wrong, [0, 1, 1]);
        let counted = crate::api::CountRows { file: file.display().to_string() };
        assert_eq!(handlers::count_rows(&bench.app, counted).await.expect("counted").rows, 3);
    });
}

#[test]
fn runtimes_of_different_versions_do_not_share_rows() {
    let world = World::new();
    paused(async {
        let mut bench = bench(&world).await;
        world.publish(V2, Image::that(Serves::Well));
        let other =
            create(&bench.app, RuntimeDraft { environment: version(V2), ..draft("newer") }).await;
        bench.draft.runtimes.push(other.id);
        let problems = refused(&bench, &bench.draft).await;
        assert_eq!(fields(&problems), ["runtimes"], "{problems:?}");
        assert!(problems[0].1.starts_with("The runtimes are not of one version: eval ("));
    });
}
