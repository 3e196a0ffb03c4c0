//! Files of `pf connection create --file`: read, and written without secrets.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Connection, ConnectionType, FileError, Found, Pair, file::is_placeholder};

/// What stands for a secret in a file; `pf` asks for each when it reads one.
const ASK: &str = "<user-input>";
/// Where the schemas of the files are.
const SCHEMAS: &str = "https://azuremlschemas.azureedge.net/promptflow/latest";
/// Before the keys by which `pf` notes the class of a strong type among its configuration.
const STRONG: &str = "promptflow.connection.";
/// Characters of a type that are told when it is not known.
const LONGEST_TYPE: usize = 40;
/// What `pf` writes into a file and does not mean anything here.
const OF_NO_MEANING: [&str; 5] =
    ["$schema", "module", "created_date", "last_modified_date", "expiry_time"];

/// Reads a file's text. `stem` is the file's name without its ending, for one that has no name inside.
///
/// # Errors
/// It is no YAML, or not one of a connection.
pub fn read(text: &str, stem: &str) -> Result<Found, FileError> {
    let value: Value = serde_saphyr::from_str(text).map_err(|error| FileError::NoYaml {
        line: error.location().map(|place| place.line()).filter(|line| *line > 0),
    })?;
    let Value::Object(mut map) = value else { return Err(FileError::NoKeys) };
    let name = map.remove("name").and_then(text_of).unwrap_or_else(|| stem.to_owned());
    let named = map.remove("type").and_then(text_of).ok_or(FileError::NoType)?;
    let mut kind = ConnectionType::named(&named)
        .ok_or_else(|| FileError::UnknownType(named.chars().take(LONGEST_TYPE).collect()))?;
    let mut configs = entries(&mut map, "configs");
    let secrets = entries(&mut map, "secrets");
    if kind.has_pairs() {
        // The class stands beside the configuration in a file, and among it where `pf` kept it.
        for (key, value) in std::mem::take(&mut configs) {
            match key.strip_prefix(STRONG) {
                Some(own) => drop(map.insert(own.to_owned(), value.into())),
                None => configs.push((key, value)),
            }
        }
        if map.contains_key("custom_type") {
            kind = ConnectionType::CustomStrongType;
        }
    }
    let mut found = Found::empty(name, kind);
    found.read_fields(&mut map);
    found.read_pairs(configs, secrets);
    found.read_rest(&map);
    Ok(found.finish())
}

impl Found {
    fn read_fields(&mut self, map: &mut Map<String, Value>) {
        for field in self.draft.kind.fields() {
            let Some(value) = map.remove(field.key).and_then(text_of) else { continue };
            if field.secret {
                self.secret(field.key, value);
            } else if !value.trim().is_empty() {
                self.field(field.key, value);
            }
        }
    }

    fn read_pairs(&mut self, configs: Vec<(String, String)>, secrets: Vec<(String, String)>) {
        if !self.draft.kind.has_pairs() {
            for key in configs.iter().chain(&secrets).map(|(key, _)| key) {
                self.left_out.push(format!("\"{key}\" belongs to custom connections only."));
            }
            return;
        }
        for (key, value) in configs {
            let open = is_placeholder(&value) && !value.trim().is_empty();
            if open {
                self.missing.push(key.clone());
            }
            let value = if open { String::new() } else { value };
            self.draft.pairs.push(Pair { key, value, secret: false });
        }
        for (key, value) in secrets {
            self.draft.pairs.push(Pair { key: key.clone(), value: String::new(), secret: true });
            self.secret(&key, value);
        }
    }

    fn read_rest(&mut self, map: &Map<String, Value>) {
        for (key, value) in map {
            if key == "auth_mode" {
                if value.as_str() == Some("meid_token") {
                    self.left_out.push("Its auth_mode is meid_token. A runtime has no identity of its own in Azure, so it needs a key.".to_owned());
                }
            } else if !OF_NO_MEANING.contains(&key.as_str()) {
                self.left_out.push(format!("\"{key}\" is nothing that this type has."));
            }
        }
    }
}

/// The entries of a map inside, in its order.
fn entries(map: &mut Map<String, Value>, key: &str) -> Vec<(String, String)> {
    match map.remove(key) {
        Some(Value::Object(inner)) => inner
            .into_iter()
            .map(|(key, value)| (key, text_of(value).unwrap_or_default()))
            .collect(),
        _ => vec![],
    }
}

/// A value as a text; `None` = it is none (a list, a map, null).
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The connection as a file that `pf connection create --file` reads. In the place of each secret it asks
/// for one.
pub fn export(connection: &Connection) -> String {
    let Connection { name, kind, .. } = connection;
    let schema = format!("{SCHEMAS}/{}.schema.json", kind.class_name());
    let mut keys = vec![
        ("$schema", Written::Text(schema)),
        ("name", Written::Text(name.to_string())),
        ("type", Written::Text(kind.yaml_name().to_owned())),
    ];
    for field in kind.fields() {
        if field.secret {
            keys.push((field.key, Written::Text(ASK.to_owned())));
        } else if let Some(value) = connection.field(field.key) {
            keys.push((field.key, Written::Text(value.to_owned())));
        }
    }
    if kind.has_pairs() {
        let of = |secret: bool| {
            let pairs = connection.pairs.iter().filter(move |pair| pair.secret == secret);
            pairs.map(move |pair| {
                let value = if secret { ASK.to_owned() } else { pair.value.clone() };
                (pair.key.as_str(), Written::Text(value))
            })
        };
        keys.push(("configs", Written::Keys(of(false).collect())));
        keys.push(("secrets", Written::Keys(of(true).collect())));
    }
    // Nothing in it can be refused: it is texts under texts.
    serde_saphyr::to_string(&Written::Keys(keys)).unwrap_or_default()
}

/// What is written, in the order in which a person reads it.
enum Written<'a> {
    Text(String),
    Keys(Vec<(&'a str, Written<'a>)>),
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Keys(keys) => {
                serializer.collect_map(keys.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::connection::ConnectionName;

    fn found(text: &str) -> Found {
        read(text, "stem").unwrap_or_else(|error| panic!("{error}"))
    }

    fn fields(found: &Found) -> Vec<(&str, &str)> {
        found.draft.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_file_of_azure_openai_is_read() {
        let found = found(
            "$schema: https://azuremlschemas.azureedge.net/promptflow/latest/AzureOpenAIConnection.schema.json\nname: my_aoai\ntype: azure_open_ai\napi_key: planted-key\napi_base: https://x.openai.azure.com/\napi_type: azure\napi_version: 2024-02-01\nresource_id: /subscriptions/1\n",
        );
        assert_eq!(found.draft.name, "my_aoai");
        assert_eq!(found.draft.kind, ConnectionType::AzureOpenAi);
        assert_eq!(
            fields(&found),
            [
                ("api_base", "https://x.openai.azure.com/"),
                ("api_type", "azure"),
                ("api_version", "2024-02-01")
            ]
        );
        assert_eq!(found.draft.given, ["api_key"]);
        assert_eq!(found.secrets()["api_key"].expose(), "planted-key");
        assert_eq!(found.missing, [""; 0]);
        assert_eq!(found.left_out.len(), 1);
        assert!(!format!("{found:?}").contains("planted-key"));
    }

    #[test]
    fn what_is_left_open_is_missing() {
        for open in ["<user-input>", "<to-be-replaced>", "${env:AZURE_KEY}", "'*****'", "''"] {
            let found = found(&format!("type: azure_open_ai\napi_key: {open}\n"));
            assert_eq!(found.missing, ["api_key", "api_base"], "{open}");
            assert_eq!((found.draft.name.as_str(), found.draft.given.len()), ("stem", 0));
        }
        let found = found("type: open_ai\napi_key: k\nauth_mode: meid_token\n");
        assert!(found.left_out[0].contains("meid_token"));
    }

    #[test]
    fn custom_ones_have_configs_and_secrets_and_perhaps_a_class() {
        let found = self::found(
            "name: c\ntype: custom\nconfigs:\n  key1: test1\n  port: 80\nsecrets:\n  api-key: s1\n  other: <user-input>\n",
        );
        let pairs: Vec<(&str, &str, bool)> = found
            .draft
            .pairs
            .iter()
            .map(|pair| (pair.key.as_str(), pair.value.as_str(), pair.secret))
            .collect();
        assert_eq!(
            pairs,
            [
                ("key1", "test1", false),
                ("port", "80", false),
                ("api-key", "", true),
                ("other", "", true)
            ]
        );
        assert_eq!(
            (found.draft.given, found.missing),
            (vec!["api-key".into()], vec!["other".into()])
        );
        let strong = self::found(
            "name: c\ntype: custom\ncustom_type: My\nmodule: my.c\npackage: my\npackage_version: '1.0'\nconfigs: {url: u}\nsecrets: {key: k}\n",
        );
        assert_eq!(strong.draft.kind, ConnectionType::CustomStrongType);
        assert_eq!(fields(&strong).len(), 4);
        let kept_so = self::found(
            "type: custom\nconfigs:\n  promptflow.connection.custom_type: My\n  promptflow.connection.module: my.c\nsecrets: {key: k}\n",
        );
        assert_eq!(kept_so.draft.kind, ConnectionType::CustomStrongType);
        assert_eq!(kept_so.missing, ["package", "package_version"]);
    }

    #[test]
    fn what_is_no_such_file_is_told_without_its_content() {
        for (text, part) in [
            ("planted: [", "no valid YAML"),
            ("- planted", "no keys"),
            ("planted", "no keys"),
            ("name: planted", "no \"type\""),
            ("type: weaviate\napi_key: planted", "\"weaviate\" is not known"),
        ] {
            let error = read(text, "x").expect_err(text).to_string();
            assert!(error.contains(part) && !error.contains("planted"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_exported_is_read_back_without_its_secrets() {
        let pair =
            |key: &str, value: &str, secret| Pair { key: key.into(), value: value.into(), secret };
        for kind in ConnectionType::ALL {
            let connection = Connection {
                name: ConnectionName::parse("mine").expect("name"),
                kind,
                fields: kind
                    .fields()
                    .iter()
                    .filter(|field| !field.secret)
                    .map(|field| (field.key.to_owned(), format!("value: of \"{}\"", field.key)))
                    .collect::<BTreeMap<_, _>>(),
                pairs: if kind.has_pairs() {
                    vec![pair("b", "0123", false), pair("token", "", true)]
                } else {
                    vec![]
                },
            };
            let text = export(&connection);
            assert!(text.starts_with("$schema: "), "{text}");
            let found = found(&text);
            assert_eq!((found.draft.kind, &found.draft.fields), (kind, &connection.fields));
            assert_eq!(found.draft.pairs, connection.pairs, "{text}");
            assert_eq!(found.left_out, [""; 0], "{text}");
            assert_eq!(found.missing, connection.secret_keys(), "{text}");
        }
    }
}
