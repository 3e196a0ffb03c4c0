//! Versions of environments: which images were built or chosen, and what was found in them.

use domain::environment::{EnvironmentId, EnvironmentVersion};
use rusqlite::params;

use crate::{History, HistoryError, entries::documents};

impl History {
    /// Keeps a version, in place of one with the same number.
    pub async fn keep_environment_version(
        &self,
        version: &EnvironmentVersion,
    ) -> Result<(), HistoryError> {
        let version = version.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO environment_version (environment, number, document)
                 VALUES (?1, ?2, ?3)",
                params![version.environment.0, version.number, serde_json::to_string(&version)?],
            )?;
            Ok(())
        })
        .await
    }

    /// Versions of every environment, newest first within each.
    pub async fn environment_versions(&self) -> Result<Vec<EnvironmentVersion>, HistoryError> {
        self.run(|connection| {
            documents(
                connection,
                "SELECT document FROM environment_version ORDER BY environment, number DESC",
                [],
            )
        })
        .await
    }

    /// Forgets every version of an environment; no error when there is none.
    pub async fn forget_environment(
        &self,
        environment: &EnvironmentId,
    ) -> Result<(), HistoryError> {
        let environment = environment.0.clone();
        self.run(move |connection| {
            connection
                .execute("DELETE FROM environment_version WHERE environment = ?1", [environment])?;
            Ok(())
        })
        .await
    }
}
