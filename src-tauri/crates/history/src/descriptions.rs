//! Descriptions that were written after a container was made: its label cannot change.

use domain::runtime::RuntimeId;
use rusqlite::{Row, params};

use crate::{History, HistoryError};

/// What a person wrote, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub runtime: RuntimeId,
    pub words: String,
    /// What the container's label said then. When it says something else, a later container has a
    /// description of its own.
    pub label_words: String,
}

impl History {
    /// Keeps a description, in place of the one before.
    pub async fn keep_description(&self, description: &Description) -> Result<(), HistoryError> {
        let kept = description.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO description (runtime, words, label_words)
                 VALUES (?1, ?2, ?3)",
                params![kept.runtime.0, kept.words, kept.label_words],
            )?;
            Ok(())
        })
        .await
    }

    /// Every description that is kept.
    pub async fn descriptions(&self) -> Result<Vec<Description>, HistoryError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT runtime, words, label_words FROM description")?;
            let rows = statement.query_map([], |row: &Row<'_>| {
                Ok(Description {
                    runtime: RuntimeId(row.get(0)?),
                    words: row.get(1)?,
                    label_words: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// Forgets a description; no error when none is kept.
    pub async fn forget_description(&self, runtime: &RuntimeId) -> Result<(), HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            connection.execute("DELETE FROM description WHERE runtime = ?1", [runtime])?;
            Ok(())
        })
        .await
    }
}
