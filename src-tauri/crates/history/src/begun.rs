//! Creates that were begun: what is needed to go on with one that was cut off.

use domain::{image::ImageReference, label::ProcessMark, operation::OperationId};
use rusqlite::params;
use serde_json::Value;

use crate::{History, HistoryError, entries::readable};

/// A create that was begun, and of which something has to be remembered still.
#[derive(Clone, Debug, PartialEq)]
pub struct BegunCreate {
    pub operation: OperationId,
    /// The process that works on it, or did.
    pub process: ProcessMark,
    /// What was asked for; its form is that of whoever keeps it. Never the value of a variable.
    pub request: Value,
    /// The image that it began to pull, which was not on the compute before.
    pub pulling: Option<ImageReference>,
}

impl History {
    /// Keeps a create that begins, in place of what was kept of it before.
    pub async fn keep_begun(&self, begun: &BegunCreate) -> Result<(), HistoryError> {
        let begun = begun.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO begun_create (operation, process, request, pulling)
                 VALUES (?1, ?2, ?3, ?4)",
                params![
                    begun.operation.0,
                    serde_json::to_string(&begun.process)?,
                    begun.request.to_string(),
                    begun.pulling.map(|reference| reference.to_string()),
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// All creates of which something has to be remembered.
    pub async fn begun(&self) -> Result<Vec<BegunCreate>, HistoryError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT operation, process, request, pulling FROM begun_create ORDER BY operation",
            )?;
            let rows = statement.query_map([], |row| {
                let operation: String = row.get(0)?;
                let (process, request): (String, String) = (row.get(1)?, row.get(2)?);
                Ok((operation, process, request, row.get::<_, Option<String>>(3)?))
            })?;
            let mut all = Vec::new();
            for row in rows {
                let (operation, process, request, pulling) = row?;
                let (Some(process), Some(request)) = (readable(&process), readable(&request))
                else {
                    continue;
                };
                all.push(BegunCreate {
                    operation: OperationId(operation),
                    process,
                    request,
                    pulling: pulling.and_then(|text| ImageReference::parse(&text).ok()),
                });
            }
            Ok(all)
        })
        .await
    }

    /// A create begins to pull this image, which is not on its compute yet.
    pub async fn begun_pulls(
        &self,
        operation: &OperationId,
        image: &ImageReference,
    ) -> Result<(), HistoryError> {
        let (operation, image) = (operation.0.clone(), image.to_string());
        self.run(move |connection| {
            connection.execute(
                "UPDATE begun_create SET pulling = ?2 WHERE operation = ?1",
                params![operation, image],
            )?;
            Ok(())
        })
        .await
    }

    /// Another process takes a create up. `false` = one was quicker, or nothing is kept of it any
    /// more. Of several that try at the same time exactly one is told `true`.
    pub async fn take_begun(
        &self,
        operation: &OperationId,
        from: &ProcessMark,
        to: &ProcessMark,
    ) -> Result<bool, HistoryError> {
        let operation = operation.0.clone();
        let (from, to) = (serde_json::to_string(from)?, serde_json::to_string(to)?);
        self.run(move |connection| {
            let changed = connection.execute(
                "UPDATE begun_create SET process = ?3 WHERE operation = ?1 AND process = ?2",
                params![operation, from, to],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// Nothing of a create has to be remembered any more; no error when nothing was.
    pub async fn forget_begun(&self, operation: &OperationId) -> Result<(), HistoryError> {
        let operation = operation.0.clone();
        self.run(move |connection| {
            connection.execute("DELETE FROM begun_create WHERE operation = ?1", [operation])?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn process(pid: u32) -> ProcessMark {
        ProcessMark { host: "here".into(), pid, started: 7 }
    }

    #[tokio::test]
    async fn a_begun_create_is_kept_until_it_is_forgotten() {
        let history = History::in_memory().expect("history");
        let mut begun = BegunCreate {
            operation: OperationId("o".into()),
            process: process(1),
            request: json!({"name": "eval"}),
            pulling: None,
        };
        history.keep_begun(&begun).await.expect("kept");
        assert_eq!(history.begun().await.expect("read"), [begun.clone()]);
        let image = ImageReference::parse("r.example/x:1").expect("reference");
        history.begun_pulls(&begun.operation, &image).await.expect("kept");
        begun.pulling = Some(image);
        assert_eq!(history.begun().await.expect("read"), [begun.clone()]);
        history.forget_begun(&begun.operation).await.expect("forgotten");
        assert_eq!(history.begun().await.expect("read"), []);
        history.forget_begun(&begun.operation).await.expect("nothing to forget");
    }

    #[tokio::test]
    async fn of_two_processes_that_take_it_up_one_gets_it() {
        let history = History::in_memory().expect("history");
        let operation = OperationId("o".into());
        let begun = BegunCreate {
            operation: operation.clone(),
            process: process(1),
            request: json!({}),
            pulling: None,
        };
        history.keep_begun(&begun).await.expect("kept");
        for (pid, expected) in [(2, true), (3, false)] {
            let taken = history.take_begun(&operation, &begun.process, &process(pid)).await;
            assert_eq!(taken.expect("asked"), expected, "{pid}");
        }
        assert_eq!(history.begun().await.expect("read")[0].process, process(2));
    }
}
