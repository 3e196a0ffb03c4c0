//! Connections, without their secrets: those are the keyring's.

use domain::connection::{Connection, ConnectionName};
use rusqlite::params;

use crate::{History, HistoryError, entries::documents};

impl History {
    /// Keeps a connection in the place of the one called `before`, and of one of its own name.
    pub async fn keep_connection(
        &self,
        connection: &Connection,
        before: Option<&ConnectionName>,
    ) -> Result<(), HistoryError> {
        let (connection, before) = (connection.clone(), before.cloned());
        self.run(move |database| {
            let transaction = database.transaction()?;
            if let Some(before) = before {
                transaction.execute("DELETE FROM connection WHERE name = ?1", [before.as_str()])?;
            }
            transaction.execute(
                "INSERT OR REPLACE INTO connection (name, document) VALUES (?1, ?2)",
                params![connection.name.as_str(), serde_json::to_string(&connection)?],
            )?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }

    /// Every connection, by name.
    pub async fn connections(&self) -> Result<Vec<Connection>, HistoryError> {
        self.run(|database| {
            documents(
                database,
                "SELECT document FROM connection ORDER BY name COLLATE NOCASE, name",
                [],
            )
        })
        .await
    }

    /// Forgets a connection; no error when there is none.
    pub async fn forget_connection(&self, name: &ConnectionName) -> Result<(), HistoryError> {
        let name = name.clone();
        self.run(move |database| {
            database.execute("DELETE FROM connection WHERE name = ?1", [name.as_str()])?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use domain::connection::ConnectionType;

    use super::*;

    fn connection(name: &str, kind: ConnectionType) -> Connection {
        let name = ConnectionName::parse(name).expect("name");
        Connection { name, kind, fields: [].into(), pairs: vec![] }
    }

    #[tokio::test]
    async fn connections_are_kept_renamed_and_forgotten() {
        let history = History::in_memory().expect("history");
        let names = async || {
            let all = history.connections().await.expect("found");
            all.into_iter().map(|one| one.name.to_string()).collect::<Vec<_>>()
        };
        let b = connection("b", ConnectionType::OpenAi);
        history.keep_connection(&b, None).await.expect("kept");
        history.keep_connection(&connection("A", ConnectionType::Serp), None).await.expect("kept");
        assert_eq!(names().await, ["A", "b"]);
        let changed = connection("b", ConnectionType::Custom);
        history.keep_connection(&changed, Some(&b.name)).await.expect("kept");
        assert_eq!(history.connections().await.expect("found")[1], changed);
        history
            .keep_connection(&connection("c", ConnectionType::Custom), Some(&b.name))
            .await
            .expect("kept");
        assert_eq!(names().await, ["A", "c"]);
        history.forget_connection(&b.name).await.expect("nothing to forget");
        history
            .forget_connection(&connection("A", ConnectionType::Serp).name)
            .await
            .expect("forgotten");
        assert_eq!(names().await, ["c"]);
    }
}
