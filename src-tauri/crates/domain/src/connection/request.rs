//! Connections with their secrets, for the one moment in which a request is made of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Connection, ConnectionType};
use crate::secret::Secret;

/// Before the keys by which Prompt flow recognises a class that a package brings.
const STRONG: &str = "promptflow.connection.";
/// Where Prompt flow finds the classes.
const MODULE: &str = "promptflow.connections";

/// A connection and its secrets. It can neither be printed nor be serialised.
#[derive(Clone)]
pub struct Resolved {
    connection: Connection,
    secrets: BTreeMap<String, Secret>,
}

impl Resolved {
    /// Puts both together. Secrets that are not the connection's are left out.
    pub fn new(connection: Connection, mut secrets: BTreeMap<String, Secret>) -> Self {
        let own: Vec<String> = connection.secret_keys().into_iter().map(str::to_owned).collect();
        secrets.retain(|key, _| own.contains(key));
        Self { connection, secrets }
    }

    /// The connection without its secrets.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// One of its secrets.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        self.secrets.get(key)
    }

    /// What `${name.key}` of a flow means: a secret, a field or a pair. It may be a secret whatever it is.
    pub fn value(&self, key: &str) -> Option<Secret> {
        let pair = || {
            let found = self.connection.pairs.iter().find(|pair| pair.key == key && !pair.secret);
            found.map(|pair| pair.value.as_str())
        };
        let plain = || self.connection.field(key).or_else(pair);
        self.secrets.get(key).cloned().or_else(|| Some(Secret::new(plain()?.to_owned())))
    }

    /// Its object in a request to the executor service. It holds the secrets: call this only where the
    /// request leaves, and keep nothing of it.
    ///
    /// A class that a package brings goes as a custom connection whose configuration names the class:
    /// that is how Prompt flow itself hands one to the service, which makes the class of it.
    pub fn request_value(&self) -> Value {
        let Connection { kind, pairs, .. } = &self.connection;
        let mut value = Map::new();
        for field in kind.fields().iter().filter(|field| !field.secret) {
            if let Some(text) = self.connection.field(field.key) {
                let strong = *kind == ConnectionType::CustomStrongType;
                let key = if strong { format!("{STRONG}{}", field.key) } else { field.key.into() };
                value.insert(key, text.into());
            }
        }
        for pair in pairs.iter().filter(|pair| !pair.secret) {
            value.insert(pair.key.clone(), pair.value.as_str().into());
        }
        for (key, secret) in &self.secrets {
            value.insert(key.clone(), secret.expose().into());
        }
        let class = if kind.has_pairs() { ConnectionType::Custom } else { *kind };
        let mut object = json!({"type": class.class_name(), "module": MODULE, "value": value});
        if kind.has_pairs() {
            object["secret_keys"] = self.secrets.keys().cloned().collect();
        }
        object
    }
}

/// The connections of one request, by name. They can neither be printed nor be serialised.
#[derive(Clone, Default)]
pub struct Connections(BTreeMap<String, Resolved>);

impl Connections {
    /// The `connections` object of a request. It holds the secrets: see [`Resolved::request_value`].
    pub fn request_value(&self) -> Value {
        let objects = self.0.iter().map(|(name, one)| (name.clone(), one.request_value()));
        Value::Object(objects.collect())
    }

    /// Every secret in them, for a [`crate::scrub::Scrubber`].
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.values().flat_map(|one| one.secrets.values())
    }

    /// What `${name.key}` of a flow means; `None` = there is no such connection, or no such key.
    pub fn value(&self, name: &str, key: &str) -> Option<Secret> {
        self.0.get(name)?.value(key)
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Resolved> {
        self.0.get(name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Resolved> for Connections {
    fn from_iter<T: IntoIterator<Item = Resolved>>(all: T) -> Self {
        let named = |one: Resolved| (one.connection.name.as_str().to_owned(), one);
        Self(all.into_iter().map(named).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{ConnectionName, Pair};

    fn resolved(
        name: &str,
        kind: ConnectionType,
        fields: &[(&str, &str)],
        pairs: &[(&str, &str, bool)],
        secrets: &[(&str, &str)],
    ) -> Resolved {
        let connection = Connection {
            name: ConnectionName::parse(name).expect("name"),
            kind,
            fields: fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            pairs: pairs
                .iter()
                .map(|(key, value, secret)| Pair {
                    key: (*key).into(),
                    value: (*value).into(),
                    secret: *secret,
                })
                .collect(),
        };
        let secrets = secrets.iter().map(|(a, b)| ((*a).to_owned(), Secret::new((*b).into())));
        Resolved::new(connection, secrets.collect())
    }

    #[test]
    fn the_objects_are_those_that_the_service_reads() {
        let all: Connections = [
            resolved(
                "my_aoai",
                ConnectionType::AzureOpenAi,
                &[("api_base", "https://a/")],
                &[],
                &[("api_key", "k1"), ("other", "left out")],
            ),
            resolved("my_openai", ConnectionType::OpenAi, &[], &[], &[("api_key", "k2")]),
            resolved(
                "my_custom",
                ConnectionType::Custom,
                &[],
                &[("endpoint", "https://c/", false), ("token", "", true)],
                &[("token", "k3")],
            ),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            all.request_value(),
            json!({
                "my_aoai": {"type": "AzureOpenAIConnection", "module": "promptflow.connections",
                    "value": {"api_key": "k1", "api_base": "https://a/", "api_type": "azure", "api_version": "2024-02-01"}},
                "my_openai": {"type": "OpenAIConnection", "module": "promptflow.connections",
                    "value": {"api_key": "k2"}},
                "my_custom": {"type": "CustomConnection", "module": "promptflow.connections",
                    "secret_keys": ["token"], "value": {"endpoint": "https://c/", "token": "k3"}},
            })
        );
        let mut secrets: Vec<&str> = all.secrets().map(Secret::expose).collect();
        secrets.sort_unstable();
        assert_eq!(secrets, ["k1", "k2", "k3"]);
    }

    #[test]
    fn a_class_of_a_package_goes_as_a_custom_one_that_names_it() {
        let strong = resolved(
            "mine",
            ConnectionType::CustomStrongType,
            &[
                ("custom_type", "My"),
                ("module", "my.c"),
                ("package", "my"),
                ("package_version", "1"),
            ],
            &[("url", "u", false), ("key", "", true)],
            &[("key", "k")],
        );
        assert_eq!(
            strong.request_value(),
            json!({"type": "CustomConnection", "module": "promptflow.connections", "secret_keys": ["key"],
                "value": {"promptflow.connection.custom_type": "My", "promptflow.connection.module": "my.c",
                    "promptflow.connection.package": "my", "promptflow.connection.package_version": "1",
                    "url": "u", "key": "k"}})
        );
    }

    #[test]
    fn a_reference_of_a_flow_finds_secrets_fields_defaults_and_pairs() {
        let azure = resolved(
            "a",
            ConnectionType::AzureOpenAi,
            &[("api_base", "https://a/")],
            &[],
            &[("api_key", "k1")],
        );
        let custom = resolved(
            "c",
            ConnectionType::Custom,
            &[],
            &[("url", "u", false), ("token", "", true)],
            &[],
        );
        let all: Connections = [azure, custom].into_iter().collect();
        let value = |name, key| all.value(name, key).map(|value| value.expose().to_owned());
        assert_eq!(value("a", "api_key").as_deref(), Some("k1"));
        assert_eq!(value("a", "api_base").as_deref(), Some("https://a/"));
        assert_eq!(value("a", "api_version").as_deref(), Some("2024-02-01"));
        assert_eq!(value("c", "url").as_deref(), Some("u"));
        assert_eq!(value("c", "token"), None);
        assert_eq!(value("c", "nothing"), None);
        assert_eq!(value("d", "api_key"), None);
    }
}
