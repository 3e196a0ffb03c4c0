//! Connections that flows use. Values of secrets come in, and never go out.

use std::collections::BTreeMap;

pub use domain::connection::ConnectionTest;
use domain::{
    connection::{Connection, ConnectionDraft, ConnectionType, FieldSpec},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The Connections page's *Flow connections*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowConnections {
    /// By name.
    pub connections: Vec<ConnectionView>,
    /// What can be added, the usual types first.
    pub types: Vec<ConnectionTypeView>,
}

/// One connection, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    pub connection: Connection,
    /// Where it leads; `None` = its type has no address.
    pub endpoint: Option<String>,
    /// Where each of its secrets is, in the order of its fields.
    pub secrets: Vec<SecretView>,
    /// The state of the secret that stands worst.
    pub secret: SecretState,
    /// There is a request that tells whether it works.
    pub testable: bool,
}

/// Where one secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    pub key: String,
    pub state: SecretState,
}

/// Where a secret is; a later one stands worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SecretState {
    Keyring,
    /// In memory, for this run of the application only.
    Memory,
    /// Our record says the keyring holds it, but the keyring cannot be read now.
    NotReadable,
    /// The keyring can be read and does not hold it.
    Missing,
}

/// A type of connection and its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTypeView {
    #[serde(rename = "type")]
    pub kind: ConnectionType,
    pub fields: Vec<FieldSpec>,
    /// It holds pairs of the person's choice.
    pub has_pairs: bool,
    pub testable: bool,
}

/// Checks a form as it is filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckConnection {
    /// The name of the connection that is edited; `None` = a new one.
    pub original: Option<String>,
    pub draft: ConnectionDraft,
}

/// Adds or changes a connection.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveConnection {
    /// The name of the connection that is edited; `None` = a new one.
    pub original: Option<String>,
    pub draft: ConnectionDraft,
    /// By key. A secret that is not here is taken from `file`, or stays as it is.
    #[ts(type = "{ [key in string]: string }")]
    pub secrets: BTreeMap<String, Secret>,
    pub file: Option<FromFile>,
}

/// Sends one small request to where a connection leads.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TestConnection {
    /// The name of a connection that is there.
    pub original: Option<String>,
    /// What to try; `None` = the connection as it is kept.
    pub draft: Option<ConnectionDraft>,
    /// By key. A secret that is not here is taken from `file`, or from where it is kept.
    #[ts(type = "{ [key in string]: string }")]
    pub secrets: BTreeMap<String, Secret>,
    pub file: Option<FromFile>,
}

/// A file that was looked at, and which of the connections in it is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FromFile {
    pub path: String,
    #[serde(rename = "type")]
    pub kind: ConnectionType,
}

/// A request about one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OfConnection {
    pub name: String,
}

/// Looks into a file of `pf connection`, or a `.env` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadConnectionFile {
    /// The whole path, beginning with `/`.
    pub path: String,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionFile {
    pub path: String,
    /// One or more, no type twice; the most likely one first.
    pub found: Vec<FoundConnection>,
}

/// A connection that a file describes. Secrets stay in the file: `draft.given` names those it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundConnection {
    pub draft: ConnectionDraft,
    /// Keys that the person has to fill.
    pub missing: Vec<String>,
    /// What was not taken over and why; a sentence each.
    pub left_out: Vec<String>,
}
