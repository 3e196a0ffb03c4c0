//! Versions of environments: which images were built or chosen, and what was found in them.

use domain::{
    compute::ComputeId,
    environment::{EnvironmentId, EnvironmentVersion},
};
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

/// Single versions.
impl History {
    /// Forgets one version of an environment.
    pub async fn forget_environment_version(
        &self,
        environment: &EnvironmentId,
        number: u32,
    ) -> Result<(), HistoryError> {
        let environment = environment.0.clone();
        self.run(move |connection| {
            connection.execute(
                "DELETE FROM environment_version WHERE environment = ?1 AND number = ?2",
                rusqlite::params![environment, number],
            )?;
            Ok(())
        })
        .await
    }
}

/// What builds left on an engine for the next build.
impl History {
    /// Keeps the ids of images that a build left; short ones will do.
    pub async fn keep_built_layers(
        &self,
        compute: &ComputeId,
        images: &[String],
    ) -> Result<(), HistoryError> {
        let (compute, images) = (compute.to_string(), images.to_vec());
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            for image in &images {
                transaction.execute(
                    "INSERT OR IGNORE INTO built_layer (compute, image) VALUES (?1, ?2)",
                    params![compute, image],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Ids of images that builds left, as they were kept.
    pub async fn built_layers(&self, compute: &ComputeId) -> Result<Vec<String>, HistoryError> {
        let compute = compute.to_string();
        self.run(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT image FROM built_layer WHERE compute = ?1")?;
            let rows = statement.query_map([compute], |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }
}
