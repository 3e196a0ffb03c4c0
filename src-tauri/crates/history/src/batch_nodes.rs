//! What nodes did in the rows of batch runs, as it is looked at.

use std::collections::BTreeMap;

use domain::batch::{BatchId, NodeFigures, RowNode, add_figures, read_node_list};
use rusqlite::params;

use crate::{History, HistoryError};

impl History {
    /// What the nodes of these rows did, from the first to the last number, by number.
    pub async fn batch_row_nodes(
        &self,
        batch: &BatchId,
        first: u32,
        last: u32,
    ) -> Result<BTreeMap<u32, Vec<RowNode>>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, nodes FROM batch_row_nodes
                 WHERE batch = ?1 AND number BETWEEN ?2 AND ?3",
            )?;
            let rows = statement.query_map(params![id, first, last], |row| {
                Ok((row.get(0)?, read_node_list(&row.get::<_, String>(1)?)))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// What each node did in all rows that ended. It goes through all of them, one after the other: some
    /// seconds for a million, and no more memory than for one.
    pub async fn batch_node_figures(
        &self,
        batch: &BatchId,
    ) -> Result<Vec<NodeFigures>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT nodes FROM batch_row_nodes WHERE batch = ?1 ORDER BY number",
            )?;
            let mut rows = statement.query([id])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                add_figures(
                    &mut all,
                    &read_node_list(row.get_ref(0)?.as_str().unwrap_or_default()),
                );
            }
            Ok(all)
        })
        .await
    }
}
