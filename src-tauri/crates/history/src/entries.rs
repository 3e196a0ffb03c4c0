//! What is kept and read.

use domain::{
    image::Digest,
    operation::{Operation, OperationId, Subject},
    runtime::RuntimeId,
    version::Version,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::{History, HistoryError};

/// Finished operations beyond this many, the oldest first, are dropped.
const MOST_OPERATIONS: i64 = 2_000;

/// The setting that holds this installation's name for itself.
const INSTALLATION: &str = "installation-id";

/// Operations.
impl History {
    /// Keeps an operation as it stands, in place of what was kept of it before. One that has ended stays
    /// ended, whichever of two that were told shortly after each other is written last.
    pub async fn save_operation(&self, operation: &Operation) -> Result<(), HistoryError> {
        let operation = operation.clone();
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO operation (id, runtime, kind, state, final, started, document)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET runtime = ?2, kind = ?3, state = ?4, final = ?5,
                     started = ?6, document = ?7
                 WHERE final = 0 OR ?5",
                params![
                    operation.id.0,
                    operation.subject().as_ref().map_or("", Subject::id),
                    word(&operation.kind)?,
                    word(&operation.state)?,
                    operation.state.is_final(),
                    operation.started.as_microsecond(),
                    serde_json::to_string(&operation)?,
                ],
            )?;
            if operation.state.is_final() {
                transaction.execute(
                    "DELETE FROM operation WHERE id IN (
                         SELECT id FROM operation WHERE final = 1
                         ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?1)",
                    [MOST_OPERATIONS],
                )?;
            }
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// One operation; `None` when it is not kept (any more).
    pub async fn operation(&self, id: &OperationId) -> Result<Option<Operation>, HistoryError> {
        let id = id.0.clone();
        self.run(move |connection| {
            let document: Option<String> = connection
                .query_row("SELECT document FROM operation WHERE id = ?1", [id], |row| row.get(0))
                .optional()?;
            Ok(document.and_then(|document| readable(&document)))
        })
        .await
    }

    /// Operations, newest first, at most `limit`; those about one subject, or all.
    pub async fn operations(
        &self,
        subject: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<Operation>, HistoryError> {
        let subject = subject.map(|subject| subject.id().to_owned());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(move |connection| match subject {
            Some(subject) => documents(
                connection,
                "SELECT document FROM operation WHERE runtime = ?1
                 ORDER BY started DESC, id DESC LIMIT ?2",
                params![subject, limit],
            ),
            None => documents(
                connection,
                "SELECT document FROM operation ORDER BY started DESC, id DESC LIMIT ?1",
                params![limit],
            ),
        })
        .await
    }

    /// Operations that have not ended, oldest first: after a start, those that were interrupted.
    pub async fn unfinished_operations(&self) -> Result<Vec<Operation>, HistoryError> {
        self.run(|connection| {
            documents(
                connection,
                "SELECT document FROM operation WHERE final = 0 ORDER BY started, id",
                [],
            )
        })
        .await
    }
}

/// Version checks, and what the person decided about versions.
impl History {
    /// Keeps the answer of a version check, in place of the one before.
    pub async fn keep_check(
        &self,
        runtime: &RuntimeId,
        answer: Value,
        checked: Timestamp,
    ) -> Result<(), HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO version_check (runtime, document, checked)
                 VALUES (?1, ?2, ?3)",
                params![runtime, answer.to_string(), checked.to_string()],
            )?;
            Ok(())
        })
        .await
    }

    /// The answer of the last version check, and when it was given.
    pub async fn check(
        &self,
        runtime: &RuntimeId,
    ) -> Result<Option<(Value, Timestamp)>, HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            let row = pair(
                connection,
                "SELECT document, checked FROM version_check WHERE runtime = ?1",
                &runtime,
            )?;
            Ok(row.and_then(|(document, checked)| Some((readable(&document)?, time(&checked)?))))
        })
        .await
    }

    /// The person does not want to hear of this version again.
    pub async fn skip_version(
        &self,
        runtime: &RuntimeId,
        version: Version,
    ) -> Result<(), HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO skipped_version (runtime, version) VALUES (?1, ?2)",
                params![runtime, version.to_string()],
            )?;
            Ok(())
        })
        .await
    }

    /// Versions that the person skipped, newest first.
    pub async fn skipped(&self, runtime: &RuntimeId) -> Result<Vec<Version>, HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT version FROM skipped_version WHERE runtime = ?1")?;
            let texts = statement
                .query_map([runtime], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()?;
            Ok(domain::version::dated(&texts))
        })
        .await
    }

    /// The person wants to hear of this version later; one version for each runtime.
    pub async fn snooze(
        &self,
        runtime: &RuntimeId,
        version: Version,
        until: Timestamp,
    ) -> Result<(), HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO snoozed_version (runtime, version, until)
                 VALUES (?1, ?2, ?3)",
                params![runtime, version.to_string(), until.to_string()],
            )?;
            Ok(())
        })
        .await
    }

    /// The version that is to be mentioned later, and when; also when that time has passed.
    pub async fn snoozed(
        &self,
        runtime: &RuntimeId,
    ) -> Result<Option<(Version, Timestamp)>, HistoryError> {
        let runtime = runtime.0.clone();
        self.run(move |connection| {
            let row = pair(
                connection,
                "SELECT version, until FROM snoozed_version WHERE runtime = ?1",
                &runtime,
            )?;
            Ok(row
                .and_then(|(version, until)| Some((Version::parse(&version).ok()?, time(&until)?))))
        })
        .await
    }

    /// An image did not hold and was rolled back: it is not offered again.
    pub async fn bad_digest(
        &self,
        digest: &Digest,
        why: &str,
        seen: Timestamp,
    ) -> Result<(), HistoryError> {
        let (digest, why) = (digest.to_string(), why.to_owned());
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO bad_digest (digest, why, seen) VALUES (?1, ?2, ?3)",
                params![digest, why, seen.to_string()],
            )?;
            Ok(())
        })
        .await
    }

    /// Why an image counts as bad; `None` when it does not.
    pub async fn is_bad_digest(&self, digest: &Digest) -> Result<Option<String>, HistoryError> {
        let digest = digest.to_string();
        self.run(move |connection| {
            Ok(connection
                .query_row("SELECT why FROM bad_digest WHERE digest = ?1", [digest], |row| {
                    row.get(0)
                })
                .optional()?)
        })
        .await
    }

    /// An image is given another chance; no error when it was not bad.
    pub async fn forgive_digest(&self, digest: &Digest) -> Result<(), HistoryError> {
        let digest = digest.to_string();
        self.run(move |connection| {
            connection.execute("DELETE FROM bad_digest WHERE digest = ?1", [digest])?;
            Ok(())
        })
        .await
    }
}

/// Settings, account names, and the name of this installation.
impl History {
    /// A setting; `None` when it was never kept.
    pub async fn setting(&self, key: &str) -> Result<Option<Value>, HistoryError> {
        let key = key.to_owned();
        self.run(move |connection| {
            let document: Option<String> = connection
                .query_row("SELECT document FROM setting WHERE key = ?1", [key], |row| row.get(0))
                .optional()?;
            Ok(document.and_then(|document| readable(&document)))
        })
        .await
    }

    /// Keeps a setting, in place of what was kept before.
    pub async fn keep_setting(&self, key: &str, value: &Value) -> Result<(), HistoryError> {
        let (key, document) = (key.to_owned(), value.to_string());
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO setting (key, document) VALUES (?1, ?2)",
                params![key, document],
            )?;
            Ok(())
        })
        .await
    }

    /// Settings whose key begins so, by the rest of their key.
    pub async fn settings_under(
        &self,
        prefix: &'static str,
    ) -> Result<Vec<(String, Value)>, HistoryError> {
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, document FROM setting WHERE substr(key, 1, length(?1)) = ?1
                 ORDER BY key",
            )?;
            let rows = statement.query_map([prefix], |row: &Row<'_>| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut settings = Vec::new();
            for row in rows {
                let (key, document) = row?;
                let rest = key.get(prefix.len()..).unwrap_or_default().to_owned();
                settings.extend(readable(&document).map(|value| (rest, value)));
            }
            Ok(settings)
        })
        .await
    }

    /// Forgets a setting; no error when it was never kept.
    pub async fn forget_setting(&self, key: &str) -> Result<(), HistoryError> {
        let key = key.to_owned();
        self.run(move |connection| {
            connection.execute("DELETE FROM setting WHERE key = ?1", [key])?;
            Ok(())
        })
        .await
    }

    /// Keeps which user name belongs to a registry. The secret is the keyring's.
    pub async fn keep_login(&self, registry: &str, username: &str) -> Result<(), HistoryError> {
        let (registry, username) = (registry.to_owned(), username.to_owned());
        self.run(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO registry_login (registry, username) VALUES (?1, ?2)",
                params![registry, username],
            )?;
            Ok(())
        })
        .await
    }

    /// Registries and user names, by registry.
    pub async fn logins(&self) -> Result<Vec<(String, String)>, HistoryError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT registry, username FROM registry_login ORDER BY registry",
            )?;
            let rows = statement.query_map([], |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// Forgets the user name of a registry; no error when none is kept.
    pub async fn forget_login(&self, registry: &str) -> Result<(), HistoryError> {
        let registry = registry.to_owned();
        self.run(move |connection| {
            connection.execute("DELETE FROM registry_login WHERE registry = ?1", [registry])?;
            Ok(())
        })
        .await
    }

    /// Names this installation: a random id, made once.
    pub async fn installation_id(&self) -> Result<String, HistoryError> {
        self.run(|connection| {
            // One statement decides, so that two processes agree on one id.
            let proposed = Value::from(uuid::Uuid::new_v4().to_string());
            connection.execute(
                "INSERT OR IGNORE INTO setting (key, document) VALUES (?1, ?2)",
                params![INSTALLATION, proposed.to_string()],
            )?;
            let document: String = connection.query_row(
                "SELECT document FROM setting WHERE key = ?1",
                [INSTALLATION],
                |row| row.get(0),
            )?;
            Ok(serde_json::from_str(&document)?)
        })
        .await
    }
}

/// How serde writes this value, without quotes: `rollBack`.
pub(crate) fn word(value: &impl serde::Serialize) -> Result<String, HistoryError> {
    Ok(match serde_json::to_value(value)? {
        Value::String(word) => word,
        other => other.to_string(),
    })
}

/// What a query's first column holds as JSON.
pub(crate) fn documents<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<T>, HistoryError> {
    let mut statement = connection.prepare_cached(query)?;
    let texts = statement.query_map(parameters, |row| row.get::<_, String>(0))?;
    let mut values = Vec::new();
    for text in texts {
        values.extend(readable(&text?));
    }
    Ok(values)
}

fn pair(
    connection: &Connection,
    query: &str,
    key: &str,
) -> Result<Option<(String, String)>, HistoryError> {
    Ok(connection.query_row(query, [key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// An entry that cannot be read must not hide the others: it is passed over, with a note in the log.
pub(crate) fn readable<T: serde::de::DeserializeOwned>(document: &str) -> Option<T> {
    serde_json::from_str(document)
        .inspect_err(|error| tracing::warn!(%error, "an entry of the history cannot be read"))
        .ok()
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse()
        .inspect_err(|error| tracing::warn!(%error, "a time in the history cannot be read"))
        .ok()
}
