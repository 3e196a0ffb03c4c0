//! Connections: an endpoint and the keys with which nodes of a flow reach it.
//!
//! What is kept of one ([`Connection`]) never holds a secret: only the names of its secrets. Their values
//! are in the keyring, and come together with it in [`Resolved`] for the moment of a request.

mod check;
mod dotenv;
mod file;
mod kind;
mod probe;
mod request;
mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use check::{ConnectionDraft, check, check_secrets};
pub use dotenv::read as read_dotenv;
pub use file::{FileError, Found};
pub use kind::{ConnectionType, FieldKind, FieldSpec};
pub use probe::{Answer, Auth, ConnectionTest, Miss, Probe, TestVerdict, judge, judge_miss, probe};
pub use request::{Connections, Resolved};
pub use yaml::{export, read as read_yaml};

/// A connection's name. 1–64 letters, digits, `_` and `-`, as in `${name.key}` of a flow; upper and lower
/// case count, but two names that differ only in them are not both allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ConnectionName(String);

/// Longest name.
const LONGEST_NAME: usize = 64;

impl ConnectionName {
    /// Reads a name as a person writes it; spaces around it do not count.
    ///
    /// # Errors
    /// A sentence about what a name is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Give the connection a name, the one that flows use for it.".to_owned());
        }
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
        if !begins || !text.chars().all(fits) {
            return Err("A name has letters, digits, \"_\" and \"-\" only, and begins with a letter, a digit or \"_\". Flows name a connection as ${name.key}.".to_owned());
        }
        if text.len() > LONGEST_NAME {
            return Err(format!("A name has at most {LONGEST_NAME} characters."));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name near to a text: what does not fit becomes `_`. `None` = nothing of it can be used.
    pub fn near(text: &str) -> Option<Self> {
        let fitting: String = text
            .trim()
            .chars()
            .map(|letter| match letter {
                letter if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') => letter,
                _ => '_',
            })
            .take(LONGEST_NAME)
            .collect();
        Self::parse(fitting.trim_matches(['_', '-'])).ok()
    }

    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two names are the same to a person.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl std::fmt::Display for ConnectionName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<ConnectionName> for String {
    fn from(name: ConnectionName) -> Self {
        name.0
    }
}

/// A connection as it is kept and shown: without any secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub name: ConnectionName,
    #[serde(rename = "type")]
    pub kind: ConnectionType,
    /// What the type itself asks for, secrets left out, by key (`api_base`, `api_version`, …). Empty
    /// values are not kept.
    pub fields: BTreeMap<String, String>,
    /// What a custom connection holds beside that, in the person's order.
    pub pairs: Vec<Pair>,
}

/// One entry of a custom connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    pub key: String,
    /// Always empty for a secret.
    pub value: String,
    /// Its value is in the keyring.
    pub secret: bool,
}

impl Connection {
    /// Keys of all secrets that belong to it, whether they are there or not.
    pub fn secret_keys(&self) -> Vec<&str> {
        let own = self.kind.fields().iter().filter(|field| field.secret).map(|field| field.key);
        let pairs = self.pairs.iter().filter(|pair| pair.secret).map(|pair| pair.key.as_str());
        own.chain(pairs).collect()
    }

    /// A field's value, the type's default where it has none.
    pub fn field(&self, key: &str) -> Option<&str> {
        let kept = self.fields.get(key).map(String::as_str).filter(|value| !value.is_empty());
        kept.or_else(|| self.kind.field(key).and_then(|field| field.default))
    }

    /// Where it leads, for people; `None` = its type has no address of its own, or none was given.
    pub fn endpoint(&self) -> Option<&str> {
        let address = self.kind.fields().iter().find(|field| field.kind == FieldKind::Address);
        let named = |pair: &&Pair| !pair.secret && pair.value.starts_with("http");
        address
            .and_then(|field| self.field(field.key))
            .or_else(|| self.kind.usual_address())
            .or_else(|| self.pairs.iter().find(named).map(|pair| pair.value.as_str()))
    }

    /// Scheme, host and port of where it leads, e.g. `https://a.openai.azure.com`: no path and no login; `None` = it
    /// leads to no address of the web.
    pub fn origin(&self) -> Option<String> {
        let address = url::Url::parse(self.endpoint()?).ok()?;
        address.host_str()?;
        matches!(address.scheme(), "http" | "https").then(|| address.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_flow_can_use() {
        for good in ["my_aoai", "open-ai", "A1", "_x", " spaces "] {
            assert_eq!(ConnectionName::parse(good).expect(good).as_str(), good.trim());
        }
        for bad in ["", "  ", "a b", "a.b", "ä", "-a", "${x}", &"a".repeat(65)] {
            ConnectionName::parse(bad).expect_err(bad);
        }
        let near = |text| ConnectionName::near(text).map(|name| name.0);
        assert_eq!(near("My connection.v2").as_deref(), Some("My_connection_v2"));
        assert_eq!(near("…"), None);
    }

    #[test]
    fn a_broken_name_is_not_read_back() {
        serde_json::from_str::<ConnectionName>("\"a.b\"").expect_err("refused");
    }

    #[test]
    fn where_a_connection_leads_is_told_for_each_type() {
        let connection = |kind, fields: &[(&str, &str)], pairs: Vec<Pair>| Connection {
            name: ConnectionName::parse("x").expect("name"),
            kind,
            fields: fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            pairs,
        };
        let azure = connection(ConnectionType::AzureOpenAi, &[("api_base", "https://a/")], vec![]);
        assert_eq!(azure.endpoint(), Some("https://a/"));
        assert_eq!(azure.field("api_type"), Some("azure"));
        assert_eq!(azure.secret_keys(), ["api_key"]);
        let open = connection(ConnectionType::OpenAi, &[], vec![]);
        assert_eq!(open.endpoint(), Some("https://api.openai.com/v1"));
        let serp = connection(ConnectionType::Serp, &[], vec![]);
        assert_eq!(serp.endpoint(), Some("https://serpapi.com"));
        let pair =
            |key: &str, value: &str, secret| Pair { key: key.into(), value: value.into(), secret };
        let pairs = vec![pair("token", "", true), pair("url", "https://c/", false)];
        let custom = connection(ConnectionType::Custom, &[], pairs);
        assert_eq!(custom.endpoint(), Some("https://c/"));
        assert_eq!(custom.secret_keys(), ["token"]);
    }
}
