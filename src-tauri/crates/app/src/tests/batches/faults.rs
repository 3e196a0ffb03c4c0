//! What goes wrong in the middle of a batch run: no row is lost, and none with a result runs again.

use engine::twin::Hand;
use executor::twin::nobody;

use super::*;

/// How often a batch was begun at a service, but for what only takes out what one left.
fn begun(world: &World) -> usize {
    let asked = world.service.runs.asked();
    let begun = asked.iter().filter(|one| one.path == "/initialize");
    begun.filter(|one| one.body["environment_variables"]["KEY"] == PLANTED).count()
}

fn dies() -> TwinRun {
    TwinRun { answer: Err(nobody()), ..TwinRun::answers(Value::Null) }
        .for_time(Duration::from_secs(1))
}

fn slow() -> TwinRun {
    TwinRun::answers(completed_in(&json!({}), SLOW)).for_time(Duration::from_secs(5))
}

#[test]
fn a_service_that_goes_and_comes_back_gets_the_rows_that_are_left() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_run_line(2, dies());
        world.service.runs.will_run_line(3, dies());
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, ROWS, 0));
        let times: Vec<usize> = asked(&world).into_values().collect();
        assert_eq!(times, [1, 1, 2, 2, 1, 1]);
        assert_eq!(begun(&world), 2);
    });
}

#[test]
fn a_row_that_takes_its_runtime_along_fails_alone() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        for _ in 0..3 {
            world.service.runs.will_run_line(2, dies());
        }
        // Beside it the first time, and not the cause.
        world.service.runs.will_run_line(3, dies());
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, 5, 1));
        let failed = bench.app.parts.history.batch_row(&id, 2).await.expect("read").expect("kept");
        let why = failed.problem.expect("why").sentence;
        assert!(why.starts_with("The runtime ended each time while this row ran alone."), "{why}");
        let times: Vec<usize> = asked(&world).into_values().collect();
        assert_eq!(times, [1, 1, 3, 2, 1, 1]);
    });
}

#[test]
fn a_runtime_that_is_removed_is_waited_for_and_then_told() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        for row in 2..ROWS {
            world.service.runs.will_run_line(row, dies());
        }
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.completed == 2).await;
        world.engine().by_hand(Hand::Remove("eval"));
        let lost = bench.until(&id, |batch| batch.lanes[0].state == LaneState::Lost).await;
        assert!(lost.lanes[0].note.is_some() && lost.state == BatchState::Running, "{lost:#?}");
        let ended = bench.rest(&id).await;
        assert_eq!(ended.state, BatchState::Failed);
        assert_eq!(ended.problem.expect("why").code, ProblemCode::NoService);
        // Rows that ran when it went had no result: they are left.
        assert_eq!(ended.failed, 0, "{:?}", bench.results(&id).await);
    });
}

#[test]
fn two_runtimes_share_the_rows_and_one_that_dies_loses_none() {
    let world = World::new();
    paused(async {
        let bench = bench_on(&world, world.app().await, &["one", "two"]).await;
        for row in 0..ROWS {
            world.service.runs.will_run_line(row, slow());
        }
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.running == 4).await;
        world.engine().by_hand(Hand::Remove("two"));
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed), (BatchState::Completed, ROWS));
        assert!(ended.lanes.iter().all(|lane| lane.ended > 0), "{:#?}", ended.lanes);
        assert_eq!(ended.lanes.iter().map(|lane| lane.ended).sum::<u32>(), ROWS);
        assert_eq!(asked(&world), each_once());
    });
}

#[test]
fn what_was_cut_off_goes_on_at_the_next_start_and_a_paused_one_does_not() {
    let world = World::new();
    let (running, pausing) = paused(async {
        let bench = bench(&world).await;
        for row in [2, 3] {
            world.service.runs.will_run_line(row, TwinRun::endless());
        }
        let first = bench.begin().await;
        bench.until(&first, |batch| batch.completed == 2 && batch.running == 2).await;
        let second = bench.begin().await;
        bench.until(&second, |batch| batch.lanes[0].note.is_some()).await;
        handlers::pause_batch(&bench.app, of(&second)).await.expect("pauses");
        bench.rest(&second).await;
        // Nothing is told to anyone: the process is gone.
        (first, second)
    });
    let before = asked(&world);
    paused(async {
        let app = world.start(world.parts(2)).await;
        let bench = Bench {
            app,
            draft: BatchDraft {
                flow: FlowId(String::new()),
                name: String::new(),
                runtimes: vec![],
                file: String::new(),
                mapping: Mapping::new(),
                other: None,
                variants: BTreeMap::new(),
                connections: vec![],
                init: BTreeMap::new(),
                settings: BatchSettings {
                    workers: 1,
                    retries: 0,
                    stop_after: None,
                    row_limit: None,
                },
            },
        };
        let ended = bench.rest(&running).await;
        assert_eq!((ended.state, ended.completed), (BatchState::Completed, ROWS), "{ended:#?}");
        assert_eq!(bench.batch(&pausing).await.state, BatchState::Paused);
        let after = asked(&world);
        for row in [0, 1] {
            assert_eq!(after[&row], before[&row], "row {row} ran again");
        }
        assert!(!ended.mixed);
    });
}

#[test]
fn a_file_of_rows_that_changed_is_refused_and_a_flow_that_changed_is_told() {
    let world = World::new();
    paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_run_line(4, TwinRun::endless());
        world.service.runs.will_run_line(5, TwinRun::endless());
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.completed == 4).await;
        handlers::cancel_batch(&bench.app, of(&id)).await.expect("cancels");
        bench.rest(&id).await;
        std::fs::write(world.folder.path().join("my-flow/work.py"), "changed").expect("written");
        let before = std::fs::read(&bench.draft.file).expect("read");
        let written =
            std::fs::metadata(&bench.draft.file).and_then(|about| about.modified()).expect("time");
        std::fs::write(&bench.draft.file, "Text,number\nother,1\n").expect("written");
        handlers::resume_batch(&bench.app, of(&id)).await.expect("tries");
        let refused = bench.rest(&id).await;
        assert_eq!(refused.state, BatchState::Failed);
        assert_eq!(refused.problem.expect("why").code, ProblemCode::ChangedMeanwhile);
        assert_eq!(refused.completed, 4);

        std::fs::write(&bench.draft.file, before).expect("written");
        let file = std::fs::File::options().write(true).open(&bench.draft.file).expect("file");
        file.set_modified(written).expect("time");
        handlers::resume_batch(&bench.app, of(&id)).await.expect("goes on");
        let done = bench.rest(&id).await;
        assert_eq!((done.state, done.completed, done.mixed), (BatchState::Completed, ROWS, true));
    });
}

#[test]
fn closing_pauses_and_the_next_start_does_not_go_on_by_itself() {
    let world = World::new();
    let id = paused(async {
        let bench = bench(&world).await;
        world.service.runs.will_run_line(3, TwinRun::endless());
        let id = bench.begin().await;
        bench.until(&id, |batch| batch.running == 1 && batch.completed >= 4).await;
        assert!(!bench.app.may_close());
        let decision = crate::api::ClosingDecision::CancelOperations;
        handlers::finish_closing(&bench.app, crate::api::FinishClosing { decision })
            .await
            .expect("closes");
        bench.app.idle().await;
        let paused = bench.rest(&id).await;
        assert_eq!((paused.state, paused.completed), (BatchState::Paused, 5));
        id
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        settle().await;
        let batch = handlers::batch(&app, OfBatch { batch: id }).await.expect("there").batch;
        assert_eq!(batch.state, BatchState::Paused);
    });
}

/// The answer to a row whose process was ended from outside, or to another row than was asked for.
fn mixed_up(index: u32, status: &str) -> TwinRun {
    let crash = json!({"message": "The process crashed.", "code": "UserError",
        "innerError": {"code": "ProcessCrashError"}});
    let error = if status == "Failed" { crash } else { Value::Null };
    TwinRun::answers(json!({
        "output": {"answer": format!("of row {index}")}, "aggregation_inputs": {}, "node_run_infos": {},
        "run_info": {"status": status, "index": index, "error": error}
    }))
}

#[test]
fn after_a_crash_inside_the_batch_begins_anew_and_no_row_gets_the_answer_of_another() {
    let world = World::new();
    paused(async {
        let mut bench = bench(&world).await;
        bench.draft.settings.workers = 1;
        world.service.runs.will_run_line(1, mixed_up(1, "Failed"));
        world.service.runs.will_run_line(3, mixed_up(2, "Completed"));
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed, ended.failed), (BatchState::Completed, 5, 1));
        let times: Vec<usize> = asked(&world).into_values().collect();
        assert_eq!(times, [1, 1, 1, 2, 1, 1]);
        let row = bench.app.parts.history.batch_row(&id, 3).await.expect("read").expect("kept");
        assert_eq!(row.output, json!({"text": "row 3", "times": 3}));
        assert_eq!(begun(&world), 3);
        // With retries it gets another try.
        bench.draft.settings.retries = 1;
        world.service.runs.will_run_line(1, mixed_up(1, "Failed"));
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.completed, ended.failed), (ROWS, 0));
    });
}
