//! Series of updates.

use domain::series::Series;
use rusqlite::params;

use crate::{History, HistoryError, entries::documents};

/// Ended series beyond this many, the oldest first, are dropped.
const MOST_SERIES: i64 = 200;

impl History {
    /// Keeps a series as it stands, in place of what was kept of it before.
    pub async fn save_series(&self, series: &Series) -> Result<(), HistoryError> {
        let series = series.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO series (id, final, started, document) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET final = ?2, started = ?3, document = ?4",
                params![
                    series.id.0,
                    series.end.is_some(),
                    series.started.as_microsecond(),
                    serde_json::to_string(&series)?,
                ],
            )?;
            transaction.execute(
                "DELETE FROM series WHERE id IN (
                     SELECT id FROM series WHERE final = 1
                     ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?1)",
                [MOST_SERIES],
            )?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Series, newest first, at most `limit`.
    pub async fn series(&self, limit: usize) -> Result<Vec<Series>, HistoryError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(move |connection| {
            documents(
                connection,
                "SELECT document FROM series ORDER BY started DESC, id DESC LIMIT ?1",
                params![limit],
            )
        })
        .await
    }

    /// Series that have not ended: after a start, those that were cut off.
    pub async fn unfinished_series(&self) -> Result<Vec<Series>, HistoryError> {
        self.run(|connection| {
            documents(
                connection,
                "SELECT document FROM series WHERE final = 0 ORDER BY started, id",
                params![],
            )
        })
        .await
    }
}
