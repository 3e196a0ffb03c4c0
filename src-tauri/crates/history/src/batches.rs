//! Batch runs, and what each of their rows gave.

use domain::{
    batch::{Batch, BatchId, BatchRow, Finished, RowPage, RowQuery, RowSort, RowState},
    flow::FlowId,
    label::ProcessMark,
};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};

use crate::{
    History, HistoryError,
    entries::{documents, readable, word},
};

/// Ended batch runs beyond this many, the oldest first, are dropped with their rows.
const MOST_BATCHES: i64 = 100;

/// A batch run with what it needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptBatch {
    pub batch: Batch,
    /// Its form is that of whoever keeps it. Never a secret.
    pub request: Value,
    /// Who runs it, or did.
    pub process: ProcessMark,
}

/// Rows of a batch run that have a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedRows {
    pub rows: Finished,
    pub completed: u32,
    pub failed: u32,
}

/// What nodes that run once over all rows get of one.
#[derive(Clone, Debug, PartialEq)]
pub struct RowForAggregation {
    /// From 0.
    pub row: u32,
    pub inputs: Map<String, Value>,
    /// By `${node.output}`.
    pub outputs: Map<String, Value>,
}

/// Batch runs.
impl History {
    /// Keeps a batch run that begins. `process` is who runs it.
    pub async fn begin_batch(
        &self,
        batch: &Batch,
        request: &Value,
        process: &ProcessMark,
    ) -> Result<(), HistoryError> {
        let (batch, request) = (batch.clone(), request.to_string());
        let process = serde_json::to_string(process)?;
        self.run(move |connection| {
            connection.execute(
                "INSERT INTO batch (id, flow, final, started, document, request, process)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    batch.id.0,
                    batch.flow.0,
                    batch.state.is_final(),
                    batch.started.as_microsecond(),
                    serde_json::to_string(&batch)?,
                    request,
                    process,
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Keeps a batch run as it stands. What cannot be kept any more is dropped.
    pub async fn save_batch(&self, batch: &Batch) -> Result<(), HistoryError> {
        let batch = batch.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE batch SET final = ?2, document = ?3 WHERE id = ?1",
                params![batch.id.0, batch.state.is_final(), serde_json::to_string(&batch)?],
            )?;
            if batch.state.is_final() {
                transaction.execute(
                    "DELETE FROM batch WHERE id IN (
                         SELECT id FROM batch WHERE final = 1
                         ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?1)",
                    [MOST_BATCHES],
                )?;
                transaction.execute(
                    "DELETE FROM batch_row WHERE batch NOT IN (SELECT id FROM batch)",
                    [],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Batch runs of a flow, or of all, newest first, at most `limit`.
    pub async fn batches(
        &self,
        flow: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<Batch>, HistoryError> {
        let flow = flow.map(|flow| flow.0.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(move |connection| {
            documents(
                connection,
                "SELECT document FROM batch WHERE ?1 IS NULL OR flow = ?1
                 ORDER BY started DESC, id DESC LIMIT ?2",
                params![flow, limit],
            )
        })
        .await
    }

    /// One batch run; `None` when it is not kept (any more).
    pub async fn batch(&self, id: &BatchId) -> Result<Option<KeptBatch>, HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            let found: Option<(String, String, String)> = connection
                .query_row(
                    "SELECT document, request, process FROM batch WHERE id = ?1",
                    [id],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((batch, request, process)) = found else { return Ok(None) };
            Ok(Some(KeptBatch {
                batch: serde_json::from_str(&batch)?,
                request: serde_json::from_str(&request)?,
                process: serde_json::from_str(&process)?,
            }))
        })
        .await
    }

    /// Batch runs that have not ended, the oldest first: those that are paused as well.
    pub async fn unfinished_batches(&self) -> Result<Vec<KeptBatch>, HistoryError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT document, request, process FROM batch WHERE final = 0 ORDER BY started, id",
            )?;
            let rows = statement.query_map([], |row: &Row<'_>| {
                let (batch, request): (String, String) = (row.get(0)?, row.get(1)?);
                Ok((batch, request, row.get::<_, String>(2)?))
            })?;
            let mut all = Vec::new();
            for row in rows {
                let (batch, request, process) = row?;
                if let (Some(batch), Some(request), Some(process)) =
                    (readable(&batch), readable(&request), readable(&process))
                {
                    all.push(KeptBatch { batch, request, process });
                }
            }
            Ok(all)
        })
        .await
    }

    /// Another process takes a batch run up. `false` = one was quicker, or it is not kept any more. Of
    /// several that try at the same time exactly one is told `true`.
    pub async fn take_batch(
        &self,
        id: &BatchId,
        from: &ProcessMark,
        to: &ProcessMark,
    ) -> Result<bool, HistoryError> {
        let id = id.0.clone();
        let (from, to) = (serde_json::to_string(from)?, serde_json::to_string(to)?);
        self.run(move |connection| {
            let changed = connection.execute(
                "UPDATE batch SET process = ?3 WHERE id = ?1 AND process = ?2",
                params![id, from, to],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// Deletes a batch run that has ended, with its rows; no error when there is none.
    pub async fn delete_batch(&self, id: &BatchId) -> Result<(), HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            let gone =
                transaction.execute("DELETE FROM batch WHERE id = ?1 AND final = 1", [&id])?;
            if gone > 0 {
                transaction.execute("DELETE FROM batch_row WHERE batch = ?1", [&id])?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }
}

/// Rows.
impl History {
    /// Keeps the result of a row that completed or failed, and what nodes that run over all rows get of it.
    /// When this has returned, the result is there after a crash as well. `false` = the row had completed
    /// before, or was cancelled and has no result: nothing was changed.
    pub async fn keep_batch_row(
        &self,
        batch: &BatchId,
        row: &BatchRow,
        outputs: &Map<String, Value>,
    ) -> Result<bool, HistoryError> {
        if row.state == RowState::Cancelled {
            return Ok(false);
        }
        let (id, row) = (batch.0.clone(), row.clone());
        let outputs = serde_json::to_string(outputs)?;
        self.run(move |connection| {
            let changed = connection.execute(
                "INSERT INTO batch_row
                     (batch, number, state, tries, duration, tokens, document, aggregation)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (batch, number) DO UPDATE SET state = ?3, tries = ?4, duration = ?5,
                     tokens = ?6, document = ?7, aggregation = ?8
                 WHERE state <> 'completed'",
                params![
                    id,
                    row.row,
                    word(&row.state)?,
                    row.tries,
                    row.duration,
                    row.tokens.map(|tokens| i64::try_from(tokens.total).unwrap_or(i64::MAX)),
                    serde_json::to_string(&row)?,
                    outputs,
                ],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// Which rows have a result.
    pub async fn ended_batch_rows(&self, batch: &BatchId) -> Result<EndedRows, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, state = 'completed' FROM batch_row WHERE batch = ?1",
            )?;
            let rows =
                statement.query_map([id], |row| Ok((row.get(0)?, row.get::<_, bool>(1)?)))?;
            let mut ended = EndedRows::default();
            for row in rows {
                let (number, has_completed) = row?;
                ended.rows.add(number);
                if has_completed {
                    ended.completed += 1;
                } else {
                    ended.failed += 1;
                }
            }
            Ok(ended)
        })
        .await
    }

    /// Rows that failed have no result any more, so they run again; answers how many those are.
    pub async fn forget_failed_batch_rows(&self, batch: &BatchId) -> Result<u32, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let gone = connection
                .execute("DELETE FROM batch_row WHERE batch = ?1 AND state = 'failed'", [id])?;
            Ok(u32::try_from(gone).unwrap_or(u32::MAX))
        })
        .await
    }

    /// A page of rows that have ended.
    pub async fn batch_rows(
        &self,
        batch: &BatchId,
        query: &RowQuery,
    ) -> Result<RowPage, HistoryError> {
        const WHERE: &str = "batch = ?1 AND (?2 IS NULL OR state = ?2)
             AND (?3 = '' OR document LIKE ?3 ESCAPE '!')";
        let (id, query) = (batch.0.clone(), query.clone());
        let state = query.state.as_ref().map(word).transpose()?;
        let text = pattern(&query.text)?;
        // Nothing of this comes from outside: it is one of these words.
        let by = match query.sort {
            RowSort::Row => "number",
            RowSort::State => "state",
            RowSort::Duration => "duration",
            RowSort::Tokens => "tokens",
            RowSort::Tries => "tries",
        };
        let way = if query.descending { "DESC" } else { "ASC" };
        // What is not known stands at the end, whichever way it is sorted.
        let order = match query.sort {
            RowSort::Row => format!("number {way}"),
            _ => format!("{by} {way} NULLS LAST, number"),
        };
        let limit = query.limit.min(RowQuery::MOST);
        self.run(move |connection| {
            let total = connection
                .prepare_cached(&format!("SELECT COUNT(*) FROM batch_row WHERE {WHERE}"))?
                .query_row(params![id, state, text], |row| row.get(0))?;
            let rows = documents(
                connection,
                &format!(
                    "SELECT document FROM batch_row WHERE {WHERE} ORDER BY {order} LIMIT ?4 OFFSET ?5"
                ),
                params![id, state, text, limit, query.offset],
            )?;
            Ok(RowPage { rows, total })
        })
        .await
    }

    /// One row that has ended; `None` = it has no result.
    pub async fn batch_row(
        &self,
        batch: &BatchId,
        row: u32,
    ) -> Result<Option<BatchRow>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let found: Option<String> = connection
                .query_row(
                    "SELECT document FROM batch_row WHERE batch = ?1 AND number = ?2",
                    params![id, row],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(found.and_then(|document| readable(&document)))
        })
        .await
    }

    /// Rows that completed, in their order, from `from` on, at most `limit`: for nodes that run over all.
    pub async fn completed_batch_rows(
        &self,
        batch: &BatchId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<RowForAggregation>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, document, aggregation FROM batch_row
                 WHERE batch = ?1 AND state = 'completed' AND number >= ?2 ORDER BY number LIMIT ?3",
            )?;
            let rows = statement.query_map(params![id, from, limit], |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            let mut all = Vec::new();
            for row in rows {
                let (row, document, outputs) = row?;
                // A row that is left out would make a wrong measure: it has to be readable.
                let kept: BatchRow = serde_json::from_str(&document)?;
                let inputs = match kept.inputs {
                    Value::Object(inputs) => inputs,
                    _ => Map::new(),
                };
                all.push(RowForAggregation {
                    row,
                    inputs,
                    outputs: serde_json::from_str(&outputs)?,
                });
            }
            Ok(all)
        })
        .await
    }
}

/// What `LIKE` looks for: the text as it stands inside JSON.
fn pattern(text: &str) -> Result<String, HistoryError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let quoted = serde_json::to_string(text)?;
    let inside = &quoted[1..quoted.len() - 1];
    let escaped = inside.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Ok(format!("%{escaped}%"))
}

#[cfg(test)]
mod tests {
    use domain::{
        batch::{BatchSettings, BatchState, DataFormat, Mapping},
        finding::{Problem, ProblemCode},
        flow::Tokens,
        runtime::RuntimeId,
    };
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn process(pid: u32) -> ProcessMark {
        ProcessMark { host: "here".into(), pid, started: 7 }
    }

    fn batch(id: &str, flow: &str, started: i64) -> Batch {
        Batch {
            id: BatchId(id.into()),
            flow: FlowId(flow.into()),
            flow_name: "f".into(),
            name: "f 1".into(),
            tags: vec![],
            description: String::new(),
            lanes: vec![],
            file: "/rows.jsonl".into(),
            format: DataFormat::JsonLines,
            mapping: Mapping::new(),
            other: None,
            variants: [].into(),
            settings: BatchSettings { workers: 2, retries: 0, stop_after: None, row_limit: None },
            state: BatchState::Running,
            note: None,
            started: Timestamp::from_second(started).expect("time"),
            ended: None,
            rows: None,
            completed: 0,
            failed: 0,
            running: 0,
            bytes: 0,
            rate: None,
            time_left: None,
            mixed: false,
            metrics: vec![],
            tokens: None,
            problem: None,
        }
    }

    fn row(number: u32, state: RowState) -> BatchRow {
        BatchRow {
            row: number,
            line: u64::from(number) + 1,
            state,
            tries: 1,
            runtime: String::new(),
            duration: Some(f64::from(10 - number)),
            tokens: None,
            inputs: json!({"text": format!("row {number}")}),
            output: json!({"answer": number}),
            problem: (state == RowState::Failed)
                .then(|| Problem::new(ProblemCode::RunFailed, "100% \"wrong\".")),
        }
    }

    async fn keep(history: &History, id: &BatchId, row: &BatchRow) -> bool {
        let outputs = json!({"${n.output}": row.row}).as_object().cloned().unwrap_or_default();
        history.keep_batch_row(id, row, &outputs).await.expect("kept")
    }

    fn numbers(page: &RowPage) -> Vec<u32> {
        page.rows.iter().map(|row| row.row).collect()
    }

    #[tokio::test]
    async fn a_batch_run_is_kept_taken_up_by_one_and_deleted_when_it_has_ended() {
        let history = History::in_memory().expect("history");
        let mut one = batch("b", "/a", 5);
        history.begin_batch(&one, &json!({"k": 1}), &process(1)).await.expect("kept");
        history.begin_batch(&batch("c", "/b", 4), &json!({}), &process(1)).await.expect("kept");
        let unfinished = history.unfinished_batches().await.expect("read");
        assert_eq!(
            unfinished.iter().map(|kept| kept.batch.id.0.as_str()).collect::<Vec<_>>(),
            ["c", "b"]
        );
        for (pid, expected) in [(2, true), (3, false)] {
            let taken = history.take_batch(&one.id, &process(1), &process(pid)).await;
            assert_eq!(taken.expect("asked"), expected, "{pid}");
        }
        assert!(keep(&history, &one.id, &row(0, RowState::Completed)).await);
        history.delete_batch(&one.id).await.expect("not while it is active");
        one.state = BatchState::Completed;
        one.completed = 1;
        history.save_batch(&one).await.expect("kept");
        let kept = history.batch(&one.id).await.expect("read").expect("there");
        assert_eq!(kept.batch, one);
        assert_eq!((kept.request, kept.process), (json!({"k": 1}), process(2)));
        assert_eq!(history.unfinished_batches().await.expect("read").len(), 1);
        let of_flow = history.batches(Some(&FlowId("/a".into())), 9).await.expect("read");
        assert_eq!(of_flow, [one.clone()]);
        history.delete_batch(&one.id).await.expect("deleted");
        assert_eq!(history.batch(&one.id).await.expect("read"), None);
        assert_eq!(history.batch_row(&one.id, 0).await.expect("read"), None);
        assert_eq!(history.batches(None, 9).await.expect("read").len(), 1);
    }

    #[tokio::test]
    async fn a_result_is_there_when_the_file_is_opened_again_and_is_never_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let id = BatchId("b".into());
        {
            let (history, _) = History::open(folder.path()).expect("history");
            history.begin_batch(&batch("b", "/a", 5), &json!({}), &process(1)).await.expect("kept");
            assert!(keep(&history, &id, &row(0, RowState::Completed)).await);
            assert!(keep(&history, &id, &row(2, RowState::Failed)).await);
            assert!(!keep(&history, &id, &row(3, RowState::Cancelled)).await);
        }
        let (history, _) = History::open(folder.path()).expect("history");
        let ended = history.ended_batch_rows(&id).await.expect("read");
        assert_eq!((ended.completed, ended.failed, ended.rows.number()), (1, 1, 2));
        assert!(ended.rows.has(0) && ended.rows.has(2) && !ended.rows.has(1) && !ended.rows.has(3));
        // One that completed stays; one that failed may complete.
        assert!(!keep(&history, &id, &row(0, RowState::Failed)).await);
        assert!(keep(&history, &id, &row(2, RowState::Completed)).await);
        let ended = history.ended_batch_rows(&id).await.expect("read");
        assert_eq!((ended.completed, ended.failed), (2, 0));
        let kept = history.batch_row(&id, 0).await.expect("read");
        assert_eq!(kept, Some(row(0, RowState::Completed)));
    }

    #[tokio::test]
    async fn rows_come_in_pages_filtered_and_sorted() {
        let history = History::in_memory().expect("history");
        let id = BatchId("b".into());
        for number in 0..6 {
            let state = if number % 3 == 0 { RowState::Failed } else { RowState::Completed };
            let tokens = (number == 4).then(|| Tokens { total: 9, ..Tokens::default() });
            keep(&history, &id, &BatchRow { tokens, ..row(number, state) }).await;
        }
        keep(&history, &BatchId("other".into()), &row(0, RowState::Failed)).await;
        let asked = async |query: RowQuery| history.batch_rows(&id, &query).await.expect("page");
        let usual = RowQuery { limit: 4, ..RowQuery::default() };
        let page = asked(usual.clone()).await;
        assert_eq!((numbers(&page), page.total), (vec![0, 1, 2, 3], 6));
        let page = asked(RowQuery { offset: 4, ..usual.clone() }).await;
        assert_eq!((numbers(&page), page.total), (vec![4, 5], 6));
        let page = asked(RowQuery { state: Some(RowState::Failed), ..usual.clone() }).await;
        assert_eq!((numbers(&page), page.total), (vec![0, 3], 2));
        let page = asked(RowQuery { sort: RowSort::Duration, ..usual.clone() }).await;
        assert_eq!(numbers(&page), [5, 4, 3, 2]);
        let page = asked(RowQuery { descending: true, ..usual.clone() }).await;
        assert_eq!(numbers(&page), [5, 4, 3, 2]);
        let by_state = RowQuery { sort: RowSort::State, descending: true, ..usual.clone() };
        assert_eq!(numbers(&asked(by_state).await), [0, 3, 1, 2]);
        for descending in [false, true] {
            let by_tokens = RowQuery { sort: RowSort::Tokens, descending, ..usual.clone() };
            assert_eq!(numbers(&asked(by_tokens).await), [4, 0, 1, 2]);
        }
        for (text, expected) in
            [("ROW 4", vec![4]), ("100%", vec![0, 3]), ("\"wrong\"", vec![0, 3]), ("row_4", vec![])]
        {
            let page = asked(RowQuery { text: text.into(), ..usual.clone() }).await;
            assert_eq!(numbers(&page), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn failed_rows_can_run_again_and_completed_ones_are_aggregated_in_order() {
        let history = History::in_memory().expect("history");
        let id = BatchId("b".into());
        for (number, state) in
            [(4, RowState::Completed), (1, RowState::Failed), (0, RowState::Completed)]
        {
            keep(&history, &id, &row(number, state)).await;
        }
        let all = history.completed_batch_rows(&id, 0, 9).await.expect("read");
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.row, &one.inputs["text"], &one.outputs["${n.output}"]))
            .collect();
        assert_eq!(told, [(0, &json!("row 0"), &json!(0)), (4, &json!("row 4"), &json!(4))]);
        assert_eq!(history.completed_batch_rows(&id, 1, 9).await.expect("read").len(), 1);
        assert_eq!(history.completed_batch_rows(&id, 0, 1).await.expect("read").len(), 1);
        assert_eq!(history.forget_failed_batch_rows(&id).await.expect("forgotten"), 1);
        let ended = history.ended_batch_rows(&id).await.expect("read");
        assert_eq!((ended.completed, ended.failed, ended.rows.has(1)), (2, 0, false));
    }

    #[tokio::test]
    async fn the_oldest_batch_runs_are_dropped_with_their_rows() {
        let history = History::in_memory().expect("history");
        let paused = Batch { state: BatchState::Paused, ..batch("paused", "/a", 0) };
        history.begin_batch(&paused, &json!({}), &process(1)).await.expect("kept");
        for number in 0..MOST_BATCHES + 2 {
            let one = batch(&format!("b{number}"), "/a", number);
            history.begin_batch(&one, &json!({}), &process(1)).await.expect("kept");
            keep(&history, &one.id, &row(0, RowState::Completed)).await;
            history.save_batch(&Batch { state: BatchState::Completed, ..one }).await.expect("kept");
        }
        let kept = history.batches(None, 1_000).await.expect("read");
        assert_eq!(kept.len(), usize::try_from(MOST_BATCHES).expect("number") + 1);
        assert_eq!(history.batch_row(&BatchId("b1".into()), 0).await.expect("read"), None);
        assert!(history.batch_row(&BatchId("b2".into()), 0).await.expect("read").is_some());
    }

    #[tokio::test]
    async fn a_file_of_before_gets_the_tables_and_keeps_what_it_has() {
        const KNEW_NO_BATCHES: usize = 7;
        let folder = tempfile::tempdir().expect("folder");
        let older = rusqlite::Connection::open(folder.path().join(crate::FILE_NAME)).expect("file");
        crate::schema::as_of_before(&older, KNEW_NO_BATCHES).expect("older");
        older.execute("INSERT INTO flow (flow, opened) VALUES ('/a', 1)", []).expect("a flow");
        drop(older);
        let (history, set_aside) = History::open(folder.path()).expect("history");
        assert_eq!(set_aside, None);
        assert_eq!(history.flows().await.expect("read").len(), 1);
        history.begin_batch(&batch("b", "/a", 5), &json!({}), &process(1)).await.expect("kept");
    }
}
