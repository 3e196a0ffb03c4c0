//! Batch runs without their rows.

use domain::{
    batch::{Batch, BatchId, BatchState},
    flow::FlowId,
    label::ProcessMark,
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde_json::Value;

use crate::{
    History, HistoryError,
    entries::{documents, readable},
};

/// Ended batch runs beyond this many, the oldest first, are dropped with their rows.
pub(crate) const MOST_BATCHES: i64 = 100;
/// Rows that are dropped at once: others may read and write between.
const DROPPED_AT_ONCE: i64 = 2_000;

/// A batch run with what it needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptBatch {
    pub batch: Batch,
    /// Its form is that of whoever keeps it. Never a secret.
    pub request: Value,
    /// Who runs it, or did.
    pub process: ProcessMark,
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
        let is_final = batch.state.is_final();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            update(&transaction, &batch)?;
            if is_final {
                transaction.execute(
                    "DELETE FROM batch WHERE id IN (
                         SELECT id FROM batch WHERE final = 1
                         ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?1)",
                    [MOST_BATCHES],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await?;
        if is_final { self.drop_rows_without_batch().await } else { Ok(()) }
    }

    /// Changes what is kept of a batch run, in one step; answers how it is then. `None` = it is not kept
    /// (any more). Whoever runs it just now knows nothing of this: change its own copy instead.
    pub async fn change_batch(
        &self,
        id: &BatchId,
        change: impl FnOnce(&mut Batch) + Send + 'static,
    ) -> Result<Option<Batch>, HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let found: Option<String> = transaction
                .query_row("SELECT document FROM batch WHERE id = ?1", [id], |row| row.get(0))
                .optional()?;
            let Some(document) = found else { return Ok(None) };
            let mut batch: Batch = serde_json::from_str(&document)?;
            change(&mut batch);
            update(&transaction, &batch)?;
            transaction.commit()?;
            Ok(Some(batch))
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

    /// Batch runs that take something from this one, newest first.
    pub async fn batches_taking_from(&self, id: &BatchId) -> Result<Vec<Batch>, HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            documents(
                connection,
                "SELECT document FROM batch WHERE json_extract(document, '$.other') = ?1
                 ORDER BY started DESC, id DESC",
                [id],
            )
        })
        .await
    }

    /// Deletes a batch run that has ended or is paused, with its rows; no error when there is none.
    /// `false` = it is active, so nothing was deleted.
    pub async fn delete_batch(&self, id: &BatchId) -> Result<bool, HistoryError> {
        let id = id.0.clone();
        let is_gone = self
            .run(move |connection| {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let state: Option<String> = transaction
                    .query_row(
                        "SELECT json_extract(document, '$.state') FROM batch WHERE id = ?1",
                        [&id],
                        |row| row.get(0),
                    )
                    .optional()?;
                let state: Option<BatchState> =
                    state.map(|word| serde_json::from_value(word.into())).transpose()?;
                if state.is_some_and(BatchState::is_active) {
                    return Ok(false);
                }
                transaction.execute("DELETE FROM batch WHERE id = ?1", [&id])?;
                transaction.commit()?;
                Ok(true)
            })
            .await?;
        self.drop_rows_without_batch().await?;
        Ok(is_gone)
    }

    /// Drops rows whose batch run is not kept any more, some at a time. What was interrupted goes on the
    /// next time.
    async fn drop_rows_without_batch(&self) -> Result<(), HistoryError> {
        loop {
            let dropped = self
                .run(|connection| match batch_of_lost_rows(connection)? {
                    None => Ok(0),
                    Some(lost) => Ok(connection.execute(
                        "DELETE FROM batch_row WHERE rowid IN (
                             SELECT rowid FROM batch_row WHERE batch = ?1 LIMIT ?2)",
                        params![lost, DROPPED_AT_ONCE],
                    )?),
                })
                .await?;
            if dropped == 0 {
                return Ok(());
            }
        }
    }
}

fn update(connection: &Connection, batch: &Batch) -> Result<(), HistoryError> {
    connection.execute(
        "UPDATE batch SET final = ?2, document = ?3 WHERE id = ?1",
        params![batch.id.0, batch.state.is_final(), serde_json::to_string(batch)?],
    )?;
    Ok(())
}

/// A batch run that is not kept any more, of which there are rows. One look for each batch run, however
/// many rows there are.
fn batch_of_lost_rows(connection: &Connection) -> Result<Option<String>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE has_rows (batch) AS (
             SELECT MIN(batch) FROM batch_row
             UNION ALL
             SELECT (SELECT MIN(batch) FROM batch_row WHERE batch > has_rows.batch) FROM has_rows
             WHERE has_rows.batch IS NOT NULL)
         SELECT batch FROM has_rows
         WHERE batch IS NOT NULL AND batch NOT IN (SELECT id FROM batch) LIMIT 1",
    )?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
