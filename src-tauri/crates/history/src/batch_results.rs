//! What was kept of rows, as it is looked at: pages, durations, several batch runs side by side.

use domain::{
    batch::{BatchId, BatchRow, FailureGroups, RowPage, RowQuery, RowSort, named_values},
    flow::FlowId,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    History, HistoryError,
    entries::{documents, readable, word},
};

/// Rows that tell which inputs and outputs there are.
const TELLING: u32 = 20;

/// Names of what rows were given, and of what they gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueNames {
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
}

/// One row of several batch runs.
#[derive(Clone, Debug, PartialEq)]
pub struct SameRow {
    /// From 0.
    pub row: u32,
    /// One for each batch run, in the order that was asked for; `None` = it has no result for the row.
    pub cells: Vec<Option<BatchRow>>,
}

/// A page of rows of several batch runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SameRows {
    pub rows: Vec<SameRow>,
    /// Rows in all pages.
    pub total: u32,
}

/// Rows, as somebody looks at them.
impl History {
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

    /// Why rows failed, together by their cause.
    pub async fn batch_failures(&self, batch: &BatchId) -> Result<FailureGroups, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, document ->> '$.runtime', document -> '$.problem' FROM batch_row
                 WHERE batch = ?1 AND state = 'failed' ORDER BY number",
            )?;
            let mut rows = statement.query([id])?;
            let mut groups = FailureGroups::default();
            while let Some(row) = rows.next()? {
                let problem: String = row.get(2)?;
                let runtime: Option<String> = row.get(1)?;
                if let Some(problem) = serde_json::from_str(&problem)? {
                    groups.add(row.get(0)?, &runtime.unwrap_or_default(), problem);
                }
            }
            Ok(groups)
        })
        .await
    }

    /// Rows that have ended, in their order, from `from` on, at most `limit`. Unlike pages, all of them can
    /// be gone through in this way in a time that grows with their number only.
    pub async fn batch_rows_from(
        &self,
        batch: &BatchId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<BatchRow>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT document FROM batch_row WHERE batch = ?1 AND number >= ?2
                 ORDER BY number LIMIT ?3",
            )?;
            let texts = statement.query_map(params![id, from, limit], |row| row.get(0))?;
            let mut rows = Vec::new();
            for text in texts {
                // An export without it would be wrong: it has to be readable.
                let text: String = text?;
                rows.push(serde_json::from_str(&text)?);
            }
            Ok(rows)
        })
        .await
    }

    /// How long each row took that completed; seconds, in no order. A million take 8 MB.
    pub async fn batch_durations(&self, batch: &BatchId) -> Result<Vec<f64>, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT duration FROM batch_row
                 WHERE batch = ?1 AND state = 'completed' AND duration IS NOT NULL",
            )?;
            let all = statement.query_map([id], |row| row.get(0))?;
            Ok(all.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// How long the last rows took of the newest batch run of this flow in which some completed; seconds, at most
    /// `most`, the last ones first. Empty = there is none.
    pub async fn last_row_durations(
        &self,
        flow: &FlowId,
        most: usize,
    ) -> Result<Vec<f64>, HistoryError> {
        let (flow, most) = (flow.0.clone(), i64::try_from(most).unwrap_or(i64::MAX));
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT duration FROM batch_row
                 WHERE state = 'completed' AND duration IS NOT NULL AND batch = (
                     SELECT id FROM batch WHERE flow = ?1 AND EXISTS (
                         SELECT 1 FROM batch_row WHERE batch_row.batch = batch.id
                         AND state = 'completed' AND duration IS NOT NULL
                     ) ORDER BY started DESC LIMIT 1
                 ) ORDER BY number DESC LIMIT ?2",
            )?;
            let all = statement.query_map(params![flow, most], |row| row.get(0))?;
            Ok(all.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// Names of the inputs and outputs of a batch run, by its first completed rows; while none has
    /// completed, by those that failed. Empty while no row has ended.
    pub async fn batch_value_names(&self, batch: &BatchId) -> Result<ValueNames, HistoryError> {
        let id = batch.0.clone();
        self.run(move |connection| {
            let first = |state: &str| -> Result<Vec<BatchRow>, HistoryError> {
                documents(
                    connection,
                    "SELECT document FROM batch_row WHERE batch = ?1 AND state = ?2
                     ORDER BY number LIMIT ?3",
                    params![id, state, TELLING],
                )
            };
            let mut rows = first("completed")?;
            if rows.is_empty() {
                rows = first("failed")?;
            }
            let mut names = ValueNames::default();
            for row in &rows {
                for (list, value) in
                    [(&mut names.inputs, &row.inputs), (&mut names.outputs, &row.output)]
                {
                    for (name, _) in named_values(value) {
                        if !list.iter().any(|known| known == name) {
                            list.push(name.to_owned());
                        }
                    }
                }
            }
            Ok(names)
        })
        .await
    }

    /// A page of the same rows of several batch runs, by number. A row is there when one of them has it;
    /// `differing` = only where not all of them have it with the same state and output. Which rows those
    /// are is found in the index alone; only what is on the page is read.
    pub async fn same_batch_rows(
        &self,
        batches: &[BatchId],
        differing: bool,
        offset: u32,
        limit: u32,
    ) -> Result<SameRows, HistoryError> {
        let ids: Vec<String> = batches.iter().map(|batch| batch.0.clone()).collect();
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number FROM batch_row WHERE batch IN (SELECT value FROM json_each(?1))
                 GROUP BY number
                 HAVING NOT ?2 OR COUNT(*) < ?3 OR MIN(outcome) <> MAX(outcome)
                 ORDER BY number",
            )?;
            let batches = i64::try_from(ids.len()).unwrap_or(i64::MAX);
            let mut all =
                statement.query(params![serde_json::to_string(&ids)?, differing, batches])?;
            // One pass over all gives both the page and how many there are.
            let (mut numbers, mut total): (Vec<u32>, u32) = (vec![], 0);
            while let Some(row) = all.next()? {
                if total >= offset && total - offset < limit {
                    numbers.push(row.get(0)?);
                }
                total += 1;
            }
            let mut rows: Vec<SameRow> = numbers
                .iter()
                .map(|row| SameRow { row: *row, cells: vec![None; ids.len()] })
                .collect();
            for (at, id) in ids.iter().enumerate() {
                for (number, row) in those(connection, id, &numbers)? {
                    if let Ok(place) = numbers.binary_search(&number) {
                        rows[place].cells[at] = row;
                    }
                }
            }
            Ok(SameRows { rows, total })
        })
        .await
    }
}

/// Rows with these numbers, with their numbers.
fn those(
    connection: &Connection,
    batch: &str,
    numbers: &[u32],
) -> Result<Vec<(u32, Option<BatchRow>)>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, document FROM batch_row
         WHERE batch = ?1 AND number IN (SELECT value FROM json_each(?2))",
    )?;
    let found = statement
        .query_map(params![batch, serde_json::to_string(numbers)?], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?))
        })?
        .map(|row| row.map(|(number, document)| (number, readable(&document))));
    Ok(found.collect::<Result<_, _>>()?)
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
