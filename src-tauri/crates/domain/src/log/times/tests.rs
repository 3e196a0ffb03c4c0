use super::*;
use crate::finding::Cause;

const RUN: &str = "\
2026-11-23 16:24:40 +0000   30394 execution.flow     INFO     Start to run 2 nodes with concurrency level 16.
2026-11-23 16:24:40 +0000   30394 execution.flow     INFO     Executing node first. node run id: r1_first_0
2026-11-23 16:24:42 +0000   30394 execution.flow     INFO     Node first completes.
2026-11-23 16:24:42 +0000   30394 execution.flow     INFO     Executing node slow_node. node run id: r1_slow_node_0
2026-11-23 16:24:45 +0000   30394 execution          WARNING  slow_node in line 0 has been running for 3 seconds, stacktrace of thread 140467102254784:
  File \"/tmp/flows/x/flow.py\", line 3, in slow_node
    wait()
  File \"/tmp/flows/x/lib/slow.py\", line 7, in wait
    time.sleep(9)
  File \"/usr/lib/python3.11/site-packages/requests/api.py\", line 59, in request
    return session.request()
2026-11-23 16:24:48 +0000   30394 execution.flow     WARNING  Task slow_node has been running for 6 seconds, stacktrace:
  File \"/tmp/flows/x/lib/slow.py\", line 7, in wait
    time.sleep(9)
";

fn analyse(text: &str) -> NodeTimes {
    let mut analysis = Analysis::default();
    analysis.text(text.as_bytes(), -3);
    analysis.finish(|frame| frame)
}

fn node<'a>(times: &'a NodeTimes, name: &str) -> &'a NodeTime {
    times.nodes.iter().find(|node| node.node == name).expect("node")
}

#[test]
fn the_node_that_takes_the_time_comes_first_with_the_persons_own_place() {
    let times = analyse(RUN);
    let names: Vec<&str> = times.nodes.iter().map(|node| node.node.as_str()).collect();
    assert_eq!((names, times.runs), (vec!["slow_node", "first"], 1));
    let first = node(&times, "first");
    assert_eq!((first.count, first.total_seconds, first.standing), (1, 2.0, NodeStanding::Ended));
    let slow = node(&times, "slow_node");
    assert_eq!((slow.running, slow.total_seconds, slow.standing), (1, 6.0, NodeStanding::Running));
    assert_eq!(slow.llm, Some(false));
    let [group] = &slow.slow[..] else { panic!("{:?}", slow.slow) };
    let at = group.at.as_ref().expect("place");
    assert_eq!(
        (at.file.as_str(), at.line, at.function.as_str()),
        ("/tmp/flows/x/lib/slow.py", 7, "wait")
    );
    assert_eq!(
        (group.warnings, group.longest_seconds, group.line, &group.rows[..]),
        (2, 6, 8, &[0][..])
    );
    assert_eq!(group.stack.len(), 2);
    assert_eq!(times.findings[0].cause, Cause::SlowPythonNode);
    assert!(
        times.findings[0].sentence.contains("lib/slow.py, line 7 (wait)"),
        "{:?}",
        times.findings
    );
}

#[test]
fn a_running_node_counts_up_to_the_last_time_however_far_above_it_stands() {
    let log = "2026-11-23 16:24:31 +0000 1 x INFO Executing node a. node run id: r_a_0\n\
               2026-11-23 16:24:40 +0000 1 x INFO other\n";
    let times = analyse(&format!("{log}{}", "printed\n".repeat(1000)));
    let a = node(&times, "a");
    assert_eq!((a.running, a.total_seconds), (1, 9.0));
}

#[test]
fn times_that_are_centuries_apart_are_read() {
    let seconds = |begins: &str, ends: &str| {
        let times = analyse(&format!(
            "{begins} +0000 1 x INFO Executing node a. node run id: r_a_0\n\
             {ends} +0000 1 x INFO Node a completes.\n"
        ));
        node(&times, "a").total_seconds as u64
    };
    let (old, new) = ("1700-01-01 00:00:00", "2200-01-01 00:00:00");
    assert_eq!(seconds(new, old), 0);
    // As much as a number of nanoseconds holds.
    assert_eq!(seconds(old, new), 9_223_372_036);
}

#[test]
fn any_cut_between_lines_gives_the_same() {
    let whole = analyse(RUN);
    for (cut, _) in RUN.match_indices('\n') {
        let (a, b) = RUN.split_at(cut + 1);
        let mut analysis = Analysis::default();
        analysis.text(a.as_bytes(), -3);
        analysis.text(b.as_bytes(), -3 + i64::try_from(a.lines().count()).expect("few"));
        assert_eq!(analysis.finish(|frame| frame), whole, "{cut}");
    }
}

#[test]
fn rows_of_a_batch_are_told_apart_by_their_processes() {
    let times = analyse(
        "2026-11-23 16:24:40 +0000   1 execution.flow     INFO     Executing node a. node run id: b1_a_0\n\
         2026-11-23 16:24:40 +0000   2 execution.flow     INFO     Executing node a. node run id: b1_a_1\n\
         2026-11-23 16:24:43 +0000   2 execution.flow     INFO     Node a completes.\n\
         2026-11-23 16:24:50 +0000   1 execution          ERROR    Node a in line 0 failed. Exception: no.\n",
    );
    let a = node(&times, "a");
    assert_eq!((a.count, a.failed, a.running), (2, 1, 0));
    assert_eq!(
        (a.total_seconds, a.longest_seconds, a.standing),
        (13.0, 10.0, NodeStanding::Failed)
    );
}

#[test]
fn older_warnings_alone_tell_of_a_node_too() {
    let times = analyse(
        "2023-11-07 08:59:46 +0000      49 execution  WARNING  ask has been running for 60 seconds.\n\
         2023-11-07 09:00:46 +0000      49 execution  WARNING  ask has been running for 120 seconds.\n",
    );
    let ask = node(&times, "ask");
    assert_eq!((ask.count, ask.total_seconds, ask.standing), (1, 120.0, NodeStanding::Unknown));
    assert!(times.findings[0].advice[0].contains("PF_LONG_RUNNING_LOGGING_INTERVAL"));
}

#[test]
fn a_slow_or_given_up_model_gets_the_documented_advice() {
    let slow = |row: u32| {
        format!(
            "2026-11-23 16:24:45 +0000   {row} execution          WARNING  ask in line {row} has been running for 60 seconds, stacktrace of thread 1:\n  \
             File \"/usr/lib/python3.11/site-packages/promptflow/tools/aoai.py\", line 7, in chat\n    x\n"
        )
    };
    let one = analyse(&slow(0));
    assert_eq!(node(&one, "ask").llm, Some(true));
    let causes =
        |times: &NodeTimes| times.findings.iter().map(|finding| finding.cause).collect::<Vec<_>>();
    assert_eq!(causes(&one), [Cause::SlowModelCall]);
    let advice = one.findings[0].advice.join(" ");
    for words in ["run it again", "smaller max_tokens", "shorter context", "batch run"] {
        assert!(advice.contains(words), "{words}: {advice}");
    }
    let several = analyse(&(slow(0) + &slow(1)));
    assert_eq!(causes(&several), [Cause::SlowModelCall, Cause::ModelCallsThrottled]);
    let given_up = analyse(
        "2026-11-23 16:24:40 +0000   1 execution.flow     INFO     Executing node ask. node run id: b1_ask_0\n\
         2026-11-23 16:24:45 +0000   1 execution          WARNING  request canceled\n",
    );
    assert_eq!(causes(&given_up), [Cause::SlowModelCall]);
    assert!(given_up.findings[0].sentence.contains("ask"), "{:?}", given_up.findings);
    let refused = analyse(
        "2026-11-23 16:24:45 +0000   1 execution WARNING  OpenAI API hits RateLimitError: 429\n",
    );
    assert_eq!(causes(&refused), [Cause::ModelCallsThrottled]);
}

#[test]
fn what_the_hosted_product_says_gets_words() {
    let cases = [
        ("UserError: Upstream request timeout", Cause::HostedTimeout),
        (
            "Invoking runtime x timeout, error message: The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing",
            Cause::HostedTimeout,
        ),
        ("Flow run timeout for exceeding 330 seconds", Cause::HostedTimeout),
        (
            "runtime is terminated. It may be caused by runtime version update",
            Cause::HostedRuntimeGone,
        ),
    ];
    for (line, cause) in cases {
        let times = analyse(&format!("{line}\n{line}\n"));
        assert_eq!(times.findings.len(), 1, "{line}: {:?}", times.findings);
        assert_eq!(times.findings[0].cause, cause);
        assert_eq!(times.findings[0].evidence[0].seen, line);
    }
}

#[test]
fn results_give_finer_times() {
    let mut times = analyse(RUN);
    let run = |node: &str, seconds| NodeRun {
        state: NodeRunState::Completed,
        duration: Some(seconds),
        ..NodeRun::waiting(node)
    };
    times.measure(&[run("first", 2.25), run("third", 9.0)]);
    let names: Vec<&str> = times.nodes.iter().map(|node| node.node.as_str()).collect();
    assert_eq!((names, times.measured), (vec!["third", "slow_node", "first"], true));
    assert!((node(&times, "first").total_seconds - 2.25).abs() < 1e-9);
}
