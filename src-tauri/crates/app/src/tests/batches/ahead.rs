//! Rows of a quick flow, which a service gets ahead of its processes.

use executor::twin::nobody;

use super::*;

/// Rows of the longer file.
const MANY: u32 = 60;

fn many_rows(world: &World) -> String {
    let file = world.folder.path().join("many.csv");
    let mut rows = "Text,number\n".to_owned();
    for row in 0..MANY {
        let _ = writeln!(rows, "row {row},{row}");
    }
    std::fs::write(&file, rows).expect("file");
    file.display().to_string()
}

/// Runs to its end with a real clock: one that jumps waits for the thread that reads the file, and that one for the
/// rows to be taken.
fn on_the_clock<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("runtime").block_on(work)
}

/// A flow that takes a hundredth of a second, on a service that keeps its answers back.
async fn quick(world: &World) -> Bench {
    let mut bench = bench(world).await;
    world.service.runs.say_they_take(0.01);
    world.service.runs.keep_back(Duration::from_millis(300));
    bench.draft.file = many_rows(world);
    bench
}

#[test]
fn a_quick_flow_does_not_wait_for_each_answer() {
    let world = World::new();
    on_the_clock(async {
        let bench = quick(&world).await;
        let id = bench.begin().await;
        // Those that the service has, beside the two that its processes run.
        bench.until(&id, |batch| batch.running > MANY / 2).await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.state, ended.completed), (BatchState::Completed, MANY));
        assert_eq!(world.service.runs.most_at_once(), 2);
        assert_eq!(asked(&world), (0..u64::from(MANY)).map(|row| (row, 1)).collect());
    });
}

/// The most rows that the service has while none of a batch run has ended.
async fn most_at_first(bench: &Bench) -> u32 {
    let id = bench.begin().await;
    let mut most = 0;
    loop {
        let batch = bench.batch(&id).await;
        if batch.completed > 0 {
            break;
        }
        most = most.max(batch.running);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.rest(&id).await.completed, MANY);
    most
}

#[test]
fn the_first_rows_go_by_the_last_time() {
    let world = World::new();
    on_the_clock(async {
        let bench = quick(&world).await;
        assert_eq!(most_at_first(&bench).await, 2, "nothing is known yet");
        // A part of all, although it is known how quick they are: this time they may not be.
        assert_eq!(most_at_first(&bench).await, MANY / 4);
    });
}

#[test]
fn a_row_that_takes_the_runtime_along_is_found_among_those_that_wait() {
    let world = World::new();
    on_the_clock(async {
        let bench = quick(&world).await;
        let dies = || TwinRun { answer: Err(nobody()), ..TwinRun::answers(Value::Null) };
        for _ in 0..4 {
            world.service.runs.will_run_line(20, dies());
        }
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!(
            (ended.state, ended.completed, ended.failed),
            (BatchState::Completed, MANY - 1, 1)
        );
        let failed = bench.app.parts.history.batch_row(&id, 20).await.expect("read").expect("kept");
        let why = failed.problem.expect("why").sentence;
        assert!(why.starts_with("The runtime ended each time while this row ran alone."), "{why}");
        // Among many, among few, and twice alone.
        assert_eq!(asked(&world)[&20], 4);
    });
}

#[test]
fn a_row_that_waited_too_long_behind_others_runs_again() {
    let world = World::new();
    on_the_clock(async {
        let bench = quick(&world).await;
        world.service.runs.will_run_line(30, TwinRun::answers(Value::Null));
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!((ended.completed, ended.failed), (MANY, 0), "{ended:#?}");
        assert_eq!(asked(&world)[&30], 2);
    });
}

#[test]
fn no_more_rows_run_ahead_than_may_fail() {
    let world = World::new();
    on_the_clock(async {
        let mut bench = quick(&world).await;
        bench.draft.settings.stop_after = Some(5);
        for row in 4..MANY {
            world.service.runs.will_run_line(row, fails("no"));
        }
        let id = bench.begin().await;
        let ended = bench.rest(&id).await;
        assert_eq!(ended.state, BatchState::Failed);
        // As many as may fail, and the one that the other process ran.
        assert!((5..=6).contains(&ended.failed), "{}", ended.failed);
    });
}

#[test]
fn a_pause_leaves_what_was_not_handed_over() {
    let world = World::new();
    on_the_clock(async {
        let mut bench = quick(&world).await;
        bench.draft.settings.workers = 1;
        world.service.runs.say_they_take(1.0);
        let id = bench.begin().await;
        let before = bench.until(&id, |batch| batch.running == 3).await;
        handlers::pause_batch(&bench.app, of(&id)).await.expect("pauses");
        let paused = bench.rest(&id).await;
        assert_eq!(paused.state, BatchState::Paused);
        assert!(paused.completed <= before.completed + 4, "{}", paused.completed);
        handlers::resume_batch(&bench.app, of(&id)).await.expect("goes on");
        assert_eq!(bench.rest(&id).await.completed, MANY);
        assert!(asked(&world).values().all(|times| *times == 1));
    });
}
