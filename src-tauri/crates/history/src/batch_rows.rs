//! Rows of batch runs: keeping what they gave, and what a batch run needs of it to go on.

use domain::{
    batch::{BatchId, BatchRow, Finished, RowNode, RowState, fingerprint, node_list},
    flow::Tokens,
};
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Map, Value};

use crate::{History, HistoryError, entries::word, store};

/// Rows of a batch run that have a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedRows {
    pub rows: Finished,
    pub completed: u32,
    pub failed: u32,
    /// What they take on the disk.
    pub bytes: u64,
}

/// A row that ended, and what nodes that run over all rows get of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowToKeep {
    pub row: BatchRow,
    /// What its nodes did; empty = it is not known, or there are none.
    pub nodes: Vec<RowNode>,
    /// By `${node.output}`.
    pub aggregation: Map<String, Value>,
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

/// Rows, as a batch run goes on.
impl History {
    /// Keeps the result of a row that completed or failed, and what nodes that run over all rows get of it.
    /// When this has returned, the result is there however the application ends; a loss of power may take
    /// the last moments ([`History::keep_batch_rows`] stands that as well). `false` = the row had completed
    /// before, or was cancelled and has no result: nothing was changed.
    pub async fn keep_batch_row(
        &self,
        batch: &BatchId,
        row: RowToKeep,
    ) -> Result<bool, HistoryError> {
        let kept = self.keep(batch, vec![row], store::SYNCHRONOUS).await?;
        Ok(matches!(kept[..], [Some(_)]))
    }

    /// The same for several rows, in one step: all of them are kept, or none and an error is told. When
    /// this has returned, they are there after a loss of power as well. That takes as long for many rows as
    /// for one, some milliseconds: whoever has several at hand gives them together. Answers for each of them,
    /// in their order, how many bytes its result takes on the disk; `None` = as `false` above.
    pub async fn keep_batch_rows(
        &self,
        batch: &BatchId,
        rows: Vec<RowToKeep>,
    ) -> Result<Vec<Option<u64>>, HistoryError> {
        self.keep(batch, rows, "FULL").await
    }

    async fn keep(
        &self,
        batch: &BatchId,
        rows: Vec<RowToKeep>,
        synchronous: &'static str,
    ) -> Result<Vec<Option<u64>>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            if synchronous == store::SYNCHRONOUS {
                return keep_all(connection, &id, &rows);
            }
            connection.pragma_update(None, "synchronous", synchronous)?;
            let done = keep_all(connection, &id, &rows);
            connection.pragma_update(None, "synchronous", store::SYNCHRONOUS)?;
            done
        })
        .await
    }

    /// Which rows have a result.
    pub async fn ended_batch_rows(&self, batch: &BatchId) -> Result<EndedRows, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, state = 'completed', bytes FROM batch_row WHERE batch = ?1",
            )?;
            let rows = statement.query_map([id], |row| {
                Ok((row.get(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?))
            })?;
            let mut ended = EndedRows::default();
            for row in rows {
                let (number, has_completed, bytes) = row?;
                ended.rows.add(number);
                ended.bytes += u64::try_from(bytes).unwrap_or(0);
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

fn keep_all(
    connection: &mut Connection,
    batch: &str,
    rows: &[RowToKeep],
) -> Result<Vec<Option<u64>>, HistoryError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kept =
        rows.iter().map(|row| keep_one(&transaction, batch, row)).collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(kept)
}

/// How many bytes the result takes; `None` = it is not to be kept.
fn keep_one(
    connection: &Connection,
    batch: &str,
    RowToKeep { row, nodes, aggregation }: &RowToKeep,
) -> Result<Option<u64>, HistoryError> {
    if row.state == RowState::Cancelled {
        return Ok(None);
    }
    let (document, aggregation) =
        (serde_json::to_string(row)?, serde_json::to_string(aggregation)?);
    let nodes = (!nodes.is_empty()).then(|| node_list(nodes));
    let bytes = document.len() + aggregation.len() + nodes.as_ref().map_or(0, String::len);
    let changed = connection
        .prepare_cached(
            "INSERT INTO batch_row
                 (batch, number, state, tries, duration, tokens, bytes, outcome, document, aggregation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (batch, number) DO UPDATE SET state = ?3, tries = ?4, duration = ?5,
                 tokens = ?6, bytes = ?7, outcome = ?8, document = ?9, aggregation = ?10
             WHERE state <> 'completed'",
        )?
        .execute(params![
            batch,
            row.row,
            word(&row.state)?,
            row.tries,
            row.duration,
            row.tokens.map(|Tokens { total, .. }| i64::try_from(total).unwrap_or(i64::MAX)),
            i64::try_from(bytes).unwrap_or(i64::MAX),
            fingerprint(row),
            document,
            aggregation,
        ])?;
    if changed == 1 {
        keep_nodes(connection, batch, row.row, nodes)?;
    }
    Ok((changed == 1).then_some(bytes as u64))
}

/// Keeps what the nodes of a row did in the place of what they did in an earlier try.
fn keep_nodes(
    connection: &Connection,
    batch: &str,
    row: u32,
    nodes: Option<String>,
) -> Result<(), HistoryError> {
    match nodes {
        Some(nodes) => connection
            .prepare_cached(
                "INSERT OR REPLACE INTO batch_row_nodes (batch, number, nodes) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![batch, row, nodes])?,
        None => connection
            .prepare_cached("DELETE FROM batch_row_nodes WHERE batch = ?1 AND number = ?2")?
            .execute(params![batch, row])?,
    };
    Ok(())
}
