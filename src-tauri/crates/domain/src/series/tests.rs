use proptest::prelude::*;

use super::*;

fn id(number: usize) -> RuntimeId {
    RuntimeId(format!("runtime-{number}"))
}

/// A series of these (compute, image) pairs.
fn series(members: &[(u8, u8)], parallel: u32, on_failure: OnFailure) -> Series {
    let member = |(number, (compute, image)): (usize, &(u8, u8))| Member {
        runtime: id(number),
        name: format!("r{number}"),
        compute: ComputeId(format!("compute-{compute}")),
        from: "old".into(),
        to: format!("v{image}"),
        image: format!("sha256:{image}"),
        state: MemberState::Waiting,
        operation: None,
        note: None,
    };
    Series {
        id: SeriesId("series".into()),
        rules: Rules { parallel, on_failure, cancel_runs: false },
        members: members.iter().enumerate().map(member).collect(),
        closing: None,
        end: None,
        started_by: "ann@here".into(),
        started: Timestamp::UNIX_EPOCH,
        finished: None,
    }
}

/// Starts all that may, and answers which.
fn start_all(series: &mut Series, busy: &BTreeSet<RuntimeId>) -> Vec<RuntimeId> {
    let mut begun = Vec::new();
    while let Some(next) = series.next(busy).map(|member| member.runtime.clone()) {
        series.started(&next, OperationId(format!("of-{next}")));
        begun.push(next);
    }
    begun
}

fn failed(blames_image: bool) -> Ended {
    Ended::Failed { why: "It failed.".into(), blames_image }
}

fn states(series: &Series) -> Vec<MemberState> {
    series.members.iter().map(|member| member.state).collect()
}

const NOBODY: &BTreeSet<RuntimeId> = &BTreeSet::new();

#[test]
fn one_at_a_time_on_each_compute_in_the_given_order() {
    let mut series = series(&[(0, 0), (0, 1), (1, 2), (0, 3)], 1, OnFailure::Stop);
    assert_eq!(start_all(&mut series, NOBODY), [id(0), id(2)]);
    series.ended(&id(0), Ended::Updated);
    assert_eq!(start_all(&mut series, NOBODY), [id(1)]);
    series.ended(&id(2), Ended::Updated);
    assert_eq!(start_all(&mut series, NOBODY), []);
    assert!(!series.finish(Timestamp::UNIX_EPOCH));
    series.ended(&id(1), Ended::Updated);
    assert_eq!(start_all(&mut series, NOBODY), [id(3)]);
    series.ended(&id(3), Ended::Updated);
    assert!(series.finish(Timestamp::UNIX_EPOCH));
    assert_eq!(series.end, Some(SeriesEnd::Complete));
}

#[test]
fn an_image_goes_to_one_runtime_first_and_then_to_as_many_as_may_be() {
    let mut series = series(&[(0, 0), (0, 0), (1, 0), (0, 0)], 2, OnFailure::GoOn);
    assert_eq!(start_all(&mut series, NOBODY), [id(0)], "it is not proven yet");
    series.ended(&id(0), Ended::Updated);
    assert_eq!(start_all(&mut series, NOBODY), [id(1), id(2), id(3)]);
}

#[test]
fn a_bad_image_is_not_tried_on_a_second_runtime_and_others_go_on() {
    let mut series = series(&[(0, 0), (0, 0), (0, 1), (1, 0)], 1, OnFailure::GoOn);
    assert_eq!(start_all(&mut series, NOBODY), [id(0)]);
    series.ended(&id(0), failed(true));
    assert_eq!(start_all(&mut series, NOBODY), [id(2)]);
    assert_eq!(
        series.members[1].note.as_deref(),
        Some("v0 did not work on r0, so it was not tried here.")
    );
    series.ended(&id(2), Ended::Updated);
    assert!(series.finish(Timestamp::UNIX_EPOCH));
    use MemberState::{Failed, Skipped, Updated};
    assert_eq!(states(&series), [Failed, Skipped, Updated, Skipped]);
    assert_eq!(series.end, Some(SeriesEnd::Complete));
}

#[test]
fn a_failure_that_is_not_the_images_lets_the_next_try_it() {
    let mut series = series(&[(0, 0), (0, 0)], 1, OnFailure::GoOn);
    start_all(&mut series, NOBODY);
    series.ended(&id(0), failed(false));
    assert_eq!(start_all(&mut series, NOBODY), [id(1)]);
}

#[test]
fn after_a_failure_nothing_more_starts_and_running_ones_end_as_they_would() {
    let mut series = series(&[(0, 0), (1, 1), (0, 2)], 1, OnFailure::Stop);
    assert_eq!(start_all(&mut series, NOBODY), [id(0), id(1)]);
    series.ended(&id(0), failed(false));
    assert_eq!(start_all(&mut series, NOBODY), []);
    assert!(!series.finish(Timestamp::UNIX_EPOCH), "one still runs");
    series.ended(&id(1), Ended::Updated);
    assert!(series.finish(Timestamp::UNIX_EPOCH));
    use MemberState::{Failed, NotStarted, Updated};
    assert_eq!(states(&series), [Failed, Updated, NotStarted]);
    assert_eq!(series.end, Some(SeriesEnd::AfterFailure));
}

#[test]
fn a_busy_runtime_waits_while_others_go_on_and_skipping_is_no_failure() {
    let mut series = series(&[(0, 0), (0, 1), (0, 2)], 1, OnFailure::Stop);
    let busy = BTreeSet::from([id(0)]);
    assert_eq!(start_all(&mut series, &busy), [id(1)]);
    series.ended(&id(1), Ended::Updated);
    series.ended(&id(2), Ended::Skipped { why: "It was deleted.".into() });
    assert_eq!(start_all(&mut series, &busy), []);
    assert!(!series.finish(Timestamp::UNIX_EPOCH), "one still waits");
    assert_eq!(start_all(&mut series, NOBODY), [id(0)]);
}

#[test]
fn stopping_starts_no_further_one_and_a_late_stop_changes_nothing() {
    let mut stopped = series(&[(0, 0), (0, 1)], 1, OnFailure::Stop);
    start_all(&mut stopped, NOBODY);
    stopped.stop();
    stopped.ended(&id(0), Ended::Cancelled);
    assert_eq!(start_all(&mut stopped, NOBODY), []);
    assert!(stopped.finish(Timestamp::UNIX_EPOCH));
    assert_eq!(states(&stopped), [MemberState::Cancelled, MemberState::NotStarted]);
    assert_eq!(stopped.end, Some(SeriesEnd::Stopped));

    let mut late = series(&[(0, 0)], 1, OnFailure::Stop);
    start_all(&mut late, NOBODY);
    late.stop();
    late.ended(&id(0), Ended::Updated);
    assert!(late.finish(Timestamp::UNIX_EPOCH));
    assert_eq!(late.end, Some(SeriesEnd::Complete), "all had their turn");
}

#[test]
fn a_series_that_was_cut_off_says_what_was_done_and_what_was_not() {
    let mut series = series(&[(0, 0), (0, 1), (0, 2)], 1, OnFailure::Stop);
    start_all(&mut series, NOBODY);
    series.ended(&id(0), Ended::Updated);
    start_all(&mut series, NOBODY);
    series.cut_off(Timestamp::UNIX_EPOCH);
    use MemberState::{CutOff, NotStarted, Updated};
    assert_eq!(states(&series), [Updated, CutOff, NotStarted]);
    assert_eq!(series.end, Some(SeriesEnd::CutOff));
    assert_eq!(series.next(NOBODY), None, "it does not start by itself again");
}

/// One step of a made-up life: which of the running ones ends, how, and who is busy then.
fn steps() -> impl Strategy<Value = Vec<(usize, u8, BTreeSet<usize>)>> {
    prop::collection::vec(
        (any::<usize>(), 0u8..5, prop::collection::btree_set(0usize..8, 0..3)),
        0..60,
    )
}

proptest! {
    #[test]
    fn the_rules_hold_in_every_life(
        members in prop::collection::vec((0u8..3, 0u8..3), 1..9),
        parallel in 1u32..4,
        go_on in any::<bool>(),
        steps in steps(),
        stop_at in prop::option::of(0usize..12),
    ) {
        let on_failure = if go_on { OnFailure::GoOn } else { OnFailure::Stop };
        let mut series = series(&members, parallel, on_failure);
        let mut bad: BTreeSet<String> = BTreeSet::new();
        let mut any_failed = false;
        let mut tried: BTreeSet<RuntimeId> = BTreeSet::new();
        // After what was made up, nobody is busy and all ends well: it must come to an end.
        let tail = std::iter::repeat_n((0, 0, BTreeSet::new()), 40);
        for (at, (which, how, busy)) in steps.into_iter().chain(tail).enumerate() {
            if stop_at == Some(at) {
                series.stop();
            }
            let busy: BTreeSet<RuntimeId> = busy.into_iter().map(id).collect();
            let mut last = None;
            while let Some(next) = series.next(&busy) {
                prop_assert!(!bad.contains(&next.image), "a bad image is tried again");
                prop_assert!(!(any_failed && on_failure == OnFailure::Stop), "started after a failure");
                prop_assert!(stop_at.is_none_or(|stop| at < stop), "started after a stop");
                prop_assert!(!busy.contains(&next.runtime), "a busy one is touched");
                let next = next.runtime.clone();
                prop_assert!(tried.insert(next.clone()), "started twice");
                // Within one moment the order is the person's.
                let place = series.members.iter().position(|member| member.runtime == next);
                prop_assert!(last < place);
                last = place;
                series.started(&next, OperationId(String::new()));
            }
            for compute in 0..3 {
                let on = ComputeId(format!("compute-{compute}"));
                prop_assert!(series.running_on(&on) <= parallel, "too many on one compute");
            }
            let running: Vec<Member> = series
                .members
                .iter()
                .filter(|member| member.state == MemberState::Running)
                .cloned()
                .collect();
            if !running.is_empty() {
                let member = &running[which % running.len()];
                let end = match how {
                    0 | 1 => Ended::Updated,
                    2 => failed(true),
                    3 => failed(false),
                    _ => Ended::Cancelled,
                };
                // A proven image does not turn bad for the sake of this test's "tried once".
                if how == 2 {
                    bad.insert(member.image.clone());
                }
                any_failed |= matches!(how, 2 | 3);
                series.ended(&member.runtime, end);
            }
            series.finish(Timestamp::UNIX_EPOCH);
        }
        prop_assert!(series.end.is_some(), "it never ends: {series:#?}");
        prop_assert!(series.members.iter().all(|member| member.state.is_final()));
    }
}
