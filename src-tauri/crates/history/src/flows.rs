//! Flows that were opened, and their runs.

use std::collections::BTreeMap;

use domain::{
    flow::{FlowId, FlowRun, FlowRunId},
    label::ProcessMark,
    runtime::RuntimeId,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::{
    History, HistoryError,
    entries::{documents, readable},
};

/// Flows beyond this many, those that were not opened for longest, are forgotten.
const MOST_FLOWS: i64 = 200;
/// Ended runs beyond this many, the oldest first, are dropped: of one flow, and of all.
const MOST_RUNS_OF_A_FLOW: i64 = 100;
const MOST_RUNS: i64 = 1_000;

/// What is remembered of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct RememberedFlow {
    pub flow: FlowId,
    pub opened: Timestamp,
    /// The runtime that was chosen for it, and what it was called then.
    pub runtime: Option<(RuntimeId, String)>,
    /// Inputs as they were typed last, by name. They hold no known secret.
    pub inputs: BTreeMap<String, String>,
}

/// A run with all that is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    pub run: FlowRun,
    /// What it was given, by name.
    pub inputs: Value,
    /// What it was begun with; its form is that of whoever keeps it. Never a secret. `None` = an older version
    /// of this application began it.
    pub request: Option<Value>,
    /// The service's answer; `None` = there was none, or it was too big to be kept.
    pub answer: Option<Value>,
    pub log: String,
}

fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// This flow was opened just now.
fn remember(connection: &Connection, flow: &str) -> Result<(), HistoryError> {
    connection.execute(
        "INSERT INTO flow (flow, opened) VALUES (?1, ?2)
         ON CONFLICT (flow) DO UPDATE SET opened = ?2",
        params![flow, now()],
    )?;
    connection.execute(
        "DELETE FROM flow WHERE flow IN (
             SELECT flow FROM flow ORDER BY opened DESC LIMIT -1 OFFSET ?1)",
        [MOST_FLOWS],
    )?;
    Ok(())
}

/// This runtime was chosen for a flow.
fn choose_runtime(
    connection: &Connection,
    flow: &str,
    runtime: &str,
    name: &str,
) -> Result<(), HistoryError> {
    connection.execute(
        "INSERT INTO flow (flow, opened, runtime, runtime_name) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (flow) DO UPDATE SET runtime = ?3, runtime_name = ?4",
        params![flow, now(), runtime, name],
    )?;
    Ok(())
}

/// Flows.
impl History {
    /// A flow was opened.
    pub async fn remember_flow(&self, flow: &FlowId) -> Result<(), HistoryError> {
        let flow = flow.0.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            remember(&transaction, &flow)?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// This runtime was chosen for a flow.
    pub async fn choose_runtime_for_flow(
        &self,
        flow: &FlowId,
        runtime: &RuntimeId,
        name: &str,
    ) -> Result<(), HistoryError> {
        let (flow, runtime, name) = (flow.0.clone(), runtime.0.clone(), name.to_owned());
        self.run(move |connection| choose_runtime(connection, &flow, &runtime, &name)).await
    }

    /// Flows, the one that was opened last first.
    pub async fn flows(&self) -> Result<Vec<RememberedFlow>, HistoryError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT flow, opened, runtime, runtime_name, inputs FROM flow ORDER BY opened DESC",
            )?;
            let rows = statement.query_map([], |row| {
                let runtime: Option<String> = row.get(2)?;
                let name: Option<String> = row.get(3)?;
                let inputs: String = row.get(4)?;
                Ok(RememberedFlow {
                    flow: FlowId(row.get(0)?),
                    opened: Timestamp::from_microsecond(row.get(1)?).unwrap_or_default(),
                    runtime: runtime.map(|id| (RuntimeId(id), name.unwrap_or_default())),
                    inputs: readable(&inputs).unwrap_or_default(),
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// Forgets a flow and its runs that have ended; no error when nothing was kept.
    pub async fn forget_flow(&self, flow: &FlowId) -> Result<(), HistoryError> {
        let flow = flow.0.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM flow WHERE flow = ?1", [&flow])?;
            transaction.execute("DELETE FROM flow_run WHERE flow = ?1 AND final = 1", [&flow])?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }
}

/// Runs.
impl History {
    /// Keeps a run that begins, and what it is begun with; its flow was opened now, on its runtime. `typed` are the
    /// flow's inputs from now on; `None` = they stay. `process` is who runs it.
    pub async fn begin_flow_run(
        &self,
        run: &FlowRun,
        inputs: &Value,
        request: &Value,
        typed: Option<&BTreeMap<String, String>>,
        process: &ProcessMark,
    ) -> Result<(), HistoryError> {
        let (run, inputs, request) = (run.clone(), inputs.to_string(), request.to_string());
        let typed = typed.map(serde_json::to_string).transpose()?;
        let process = serde_json::to_string(process)?;
        self.run(move |connection| {
            // One transaction: each waits for the disk, and somebody waits for the run.
            let transaction = connection.transaction()?;
            remember(&transaction, &run.flow.0)?;
            choose_runtime(&transaction, &run.flow.0, &run.runtime.0, &run.runtime_name)?;
            if let Some(typed) = typed {
                transaction.execute(
                    "UPDATE flow SET inputs = ?2 WHERE flow = ?1",
                    params![run.flow.0, typed],
                )?;
            }
            transaction.execute(
                "INSERT INTO flow_run (id, flow, final, started, document, inputs, request, process)
                 VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run.id.0,
                    run.flow.0,
                    run.started.as_microsecond(),
                    serde_json::to_string(&run)?,
                    inputs,
                    request,
                    process,
                ],
            )?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Keeps how a run ended. What cannot be kept any more is dropped.
    pub async fn end_flow_run(
        &self,
        run: &FlowRun,
        answer: Option<&Value>,
        log: &str,
    ) -> Result<(), HistoryError> {
        let (run, answer, log) = (run.clone(), answer.map(Value::to_string), log.to_owned());
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE flow_run SET final = 1, started = ?2, document = ?3, answer = ?4, log = ?5
                 WHERE id = ?1",
                params![
                    run.id.0,
                    run.started.as_microsecond(),
                    serde_json::to_string(&run)?,
                    answer,
                    log,
                ],
            )?;
            transaction.execute(
                "DELETE FROM flow_run WHERE id IN (
                     SELECT id FROM flow_run WHERE final = 1 AND flow = ?1
                     ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?2)",
                params![run.flow.0, MOST_RUNS_OF_A_FLOW],
            )?;
            transaction.execute(
                "DELETE FROM flow_run WHERE id IN (
                     SELECT id FROM flow_run WHERE final = 1
                     ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?1)",
                [MOST_RUNS],
            )?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Runs of a flow, or of all, newest first, at most `limit`.
    pub async fn flow_runs(
        &self,
        flow: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<FlowRun>, HistoryError> {
        let flow = flow.map(|flow| flow.0.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(move |connection| {
            documents(
                connection,
                "SELECT document FROM flow_run WHERE ?1 IS NULL OR flow = ?1
                 ORDER BY started DESC, id DESC LIMIT ?2",
                params![flow, limit],
            )
        })
        .await
    }

    /// One run; `None` when it is not kept (any more).
    pub async fn flow_run(&self, id: &FlowRunId) -> Result<Option<KeptRun>, HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            type Found = (String, String, Option<String>, Option<String>, String);
            let found: Option<Found> = connection
                .query_row(
                    "SELECT document, inputs, request, answer, log FROM flow_run WHERE id = ?1",
                    [id],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
                )
                .optional()?;
            let Some((run, inputs, request, answer, log)) = found else { return Ok(None) };
            Ok(Some(KeptRun {
                run: serde_json::from_str(&run)?,
                inputs: serde_json::from_str(&inputs)?,
                request: request.map(|request| serde_json::from_str(&request)).transpose()?,
                answer: answer.map(|answer| serde_json::from_str(&answer)).transpose()?,
                log,
            }))
        })
        .await
    }

    /// Runs that have not ended, with who ran them: after a start, those that were cut off.
    pub async fn unfinished_flow_runs(&self) -> Result<Vec<(FlowRun, ProcessMark)>, HistoryError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT document, process FROM flow_run WHERE final = 0")?;
            let rows = statement
                .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            let mut all = Vec::new();
            for row in rows {
                let (run, process) = row?;
                if let (Some(run), Some(process)) = (readable(&run), readable(&process)) {
                    all.push((run, process));
                }
            }
            Ok(all)
        })
        .await
    }

    /// Deletes a run that has ended; no error when it is not kept.
    pub async fn delete_flow_run(&self, id: &FlowRunId) -> Result<(), HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            connection.execute("DELETE FROM flow_run WHERE id = ?1 AND final = 1", [id])?;
            Ok(())
        })
        .await
    }

    /// Deletes all runs of a flow that have ended.
    pub async fn delete_flow_runs(&self, flow: &FlowId) -> Result<(), HistoryError> {
        let flow = flow.0.clone();
        self.run(move |connection| {
            connection.execute("DELETE FROM flow_run WHERE flow = ?1 AND final = 1", [flow])?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use domain::flow::FlowRunState;
    use serde_json::json;

    use super::*;

    fn process() -> ProcessMark {
        ProcessMark { host: "here".into(), pid: 1, started: 7 }
    }

    fn run(id: &str, flow: &str, started: i64) -> FlowRun {
        FlowRun {
            id: FlowRunId(id.into()),
            flow: FlowId(flow.into()),
            flow_name: "f".into(),
            runtime: RuntimeId("t".into()),
            runtime_name: "t".into(),
            version: String::new(),
            node: None,
            from_node: None,
            from: None,
            variants: BTreeMap::new(),
            state: FlowRunState::Running,
            note: None,
            started: Timestamp::from_second(started).expect("time"),
            ended: None,
            duration: None,
            nodes: vec![],
            failure: None,
            problem: None,
            tokens: None,
        }
    }

    #[tokio::test]
    async fn flows_are_remembered_with_their_runtime_and_inputs_until_forgotten() {
        let history = History::in_memory().expect("history");
        let (a, b) = (FlowId("/a/flow.dag.yaml".into()), FlowId("/b/flow.dag.yaml".into()));
        history.remember_flow(&a).await.expect("kept");
        history.remember_flow(&b).await.expect("kept");
        let inputs = BTreeMap::from([("text".to_owned(), "hi".to_owned())]);
        let begun = run("r", &a.0, 1);
        let (none, process) = (json!({}), process());
        let kept = history.begin_flow_run(&begun, &none, &none, Some(&inputs), &process);
        kept.await.expect("kept");
        let kept = history.flows().await.expect("read").remove(0);
        assert_eq!(kept.runtime, Some((begun.runtime.clone(), begun.runtime_name.clone())));
        // A run of one node says nothing about the flow's own inputs.
        let begun = run("s", &a.0, 1);
        let kept = history.begin_flow_run(&begun, &none, &none, None, &process);
        kept.await.expect("kept");
        let runtime = RuntimeId("t".into());
        history.choose_runtime_for_flow(&a, &runtime, "mine").await.expect("kept");
        history.remember_flow(&a).await.expect("opened again");
        let flows = history.flows().await.expect("read");
        assert_eq!(flows.iter().map(|one| &one.flow).collect::<Vec<_>>(), [&a, &b]);
        assert_eq!(flows[0].runtime, Some((runtime, "mine".into())));
        assert_eq!(flows[0].inputs, inputs);
        history.forget_flow(&a).await.expect("forgotten");
        assert_eq!(history.flows().await.expect("read").len(), 1);
        // Those that are active are not lost by it.
        assert_eq!(history.flow_runs(None, 9).await.expect("read").len(), 2);
    }

    #[tokio::test]
    async fn a_run_is_kept_with_its_answer_and_log_and_can_be_deleted() {
        let history = History::in_memory().expect("history");
        let mut one = run("r", "/a", 5);
        history
            .begin_flow_run(&one, &json!({"text": "hi"}), &json!({"limit": 5}), None, &process())
            .await
            .expect("kept");
        let unfinished = history.unfinished_flow_runs().await.expect("read");
        assert_eq!(unfinished, [(one.clone(), process())]);
        history.delete_flow_run(&one.id).await.expect("not while it is active");
        one.state = FlowRunState::Completed;
        let answer = json!({"output": 1});
        history.end_flow_run(&one, Some(&answer), "log\n").await.expect("kept");
        let kept = history.flow_run(&one.id).await.expect("read").expect("there");
        assert_eq!(kept.run, one);
        assert_eq!((kept.inputs, kept.answer), (json!({"text": "hi"}), Some(answer)));
        assert_eq!(kept.request, Some(json!({"limit": 5})));
        assert_eq!(kept.log, "log\n");
        assert_eq!(history.unfinished_flow_runs().await.expect("read"), []);
        history.delete_flow_run(&one.id).await.expect("deleted");
        assert_eq!(history.flow_run(&one.id).await.expect("read"), None);
    }

    #[tokio::test]
    async fn the_oldest_runs_of_a_flow_are_dropped() {
        let history = History::in_memory().expect("history");
        for number in 0..MOST_RUNS_OF_A_FLOW + 5 {
            let one = run(&format!("r{number}"), "/a", number);
            history
                .begin_flow_run(&one, &json!({}), &json!({}), None, &process())
                .await
                .expect("kept");
            history.end_flow_run(&one, None, "").await.expect("kept");
        }
        let other = run("other", "/b", 0);
        history
            .begin_flow_run(&other, &json!({}), &json!({}), None, &process())
            .await
            .expect("kept");
        history.end_flow_run(&other, None, "").await.expect("kept");
        let kept = history.flow_runs(Some(&FlowId("/a".into())), 1_000).await.expect("read");
        assert_eq!(kept.len(), usize::try_from(MOST_RUNS_OF_A_FLOW).expect("number"));
        assert_eq!(kept.last().map(|run| run.id.0.as_str()), Some("r5"));
        history.delete_flow_runs(&FlowId("/a".into())).await.expect("deleted");
        assert_eq!(history.flow_runs(None, 9).await.expect("read").len(), 1);
    }
}
