//! What a batch run needs to go on, when that changes.

use domain::batch::BatchId;
use rusqlite::params;
use serde_json::Value;

use crate::{History, HistoryError};

impl History {
    /// Keeps what a batch run needs to go on in the place of what was kept. Never a secret.
    pub async fn keep_batch_request(
        &self,
        id: &BatchId,
        request: &Value,
    ) -> Result<(), HistoryError> {
        let (id, request) = (id.0.clone(), request.to_string());
        self.run(move |connection| {
            connection
                .execute("UPDATE batch SET request = ?2 WHERE id = ?1", params![id, request])?;
            Ok(())
        })
        .await
    }
}
