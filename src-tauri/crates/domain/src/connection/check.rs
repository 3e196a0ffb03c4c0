//! Whether a connection can be as a person wants it. Each problem names its field.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::{Host, Url};

use super::{Connection, ConnectionName, ConnectionType, FieldKind, FieldSpec, Pair};
use crate::{finding::Problem, secret::Secret};

/// Names under which a container engine shows the machine it runs on to a container.
const THIS_MACHINE: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

/// A connection as it stands in a form. Secrets are not part of it: only which of them were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDraft {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ConnectionType,
    /// What the type itself asks for, secrets left out, by key.
    pub fields: BTreeMap<String, String>,
    /// What a custom connection holds; values of secrets are empty.
    pub pairs: Vec<Pair>,
    /// Keys of the secrets that were given.
    pub given: Vec<String>,
}

impl ConnectionDraft {
    /// The connection that it makes; nothing of it may have a problem.
    pub fn connection(&self, name: ConnectionName) -> Connection {
        let own = |key: &str| self.kind.field(key).is_some_and(|field| !field.secret);
        Connection {
            name,
            kind: self.kind,
            fields: self
                .fields
                .iter()
                .map(|(key, value)| (key.clone(), value.trim().to_owned()))
                .filter(|(key, value)| own(key) && !value.is_empty())
                .collect(),
            pairs: if self.kind.has_pairs() {
                let pair = |pair: &Pair| Pair {
                    key: pair.key.trim().to_owned(),
                    value: if pair.secret { String::new() } else { pair.value.clone() },
                    secret: pair.secret,
                };
                self.pairs.iter().map(pair).collect()
            } else {
                vec![]
            },
        }
    }
}

/// Checks everything but the values of secrets.
///
/// Fields: `name`, each field of the type by its key, `pairs` (there is no secret among them),
/// `pairs.N.key`, `pairs.N.value`. `before` is the connection that is edited; `others` are the names of
/// all connections, its own among them; `kept` are the secrets that are there already.
pub fn check(
    draft: &ConnectionDraft,
    before: Option<&Connection>,
    others: &[ConnectionName],
    kept: &[String],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    match ConnectionName::parse(&draft.name) {
        Err(sentence) => problems.push(Problem::field("name", sentence)),
        Ok(name) => {
            let own = before.map(|before| &before.name);
            if let Some(taken) =
                others.iter().find(|other| other.is_like(&name) && Some(*other) != own)
            {
                problems.push(Problem::field(
                    "name",
                    format!("There is a connection \"{taken}\" already. Choose another name."),
                ));
            }
        }
    }
    if before.is_some_and(|before| before.kind != draft.kind) {
        problems.push(Problem::field(
            "type",
            "The type of a connection stays as it is. Add a new connection for another type.",
        ));
    }
    let there = |key: &str| {
        let is = |own: &String| own == key;
        draft.given.iter().any(is) || kept.iter().any(is)
    };
    for field in draft.kind.fields() {
        if field.secret {
            if field.required && !there(field.key) {
                problems.push(Problem::field(field.key, "Give the key. It goes into the keyring."));
            }
            continue;
        }
        let value = draft.fields.get(field.key).map_or("", |value| value.trim());
        if let Some(sentence) = check_field(draft.kind, field, value) {
            problems.push(Problem::field(field.key, sentence));
        }
    }
    if draft.kind.has_pairs() {
        problems.extend(check_pairs(draft, &there));
    }
    problems
}

fn check_field(kind: ConnectionType, field: &FieldSpec, value: &str) -> Option<String> {
    if value.is_empty() {
        let example = field.example.map(|example| format!(", for example {example}"));
        return (field.required && field.default.is_none())
            .then(|| format!("This is needed{}.", example.unwrap_or_default()));
    }
    if value.contains(char::is_control) {
        return Some("It is one line of text, without control characters.".to_owned());
    }
    match field.kind {
        FieldKind::Address => check_address(kind, value),
        FieldKind::Version => (!is_api_version(value)).then(|| {
            format!(
                "A version of the API is a date, for example {}, or one with \"-preview\" behind it.",
                field.default.unwrap_or("2024-02-01")
            )
        }),
        FieldKind::PythonName => {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
            (!value.chars().all(fits))
                .then(|| "A name in Python has letters, digits, \"_\", \"-\" and dots only.".to_owned())
        }
        FieldKind::Text => None,
    }
}

/// `2024-02-01`, `2023-03-15-preview`.
fn is_api_version(text: &str) -> bool {
    let mut parts = text.splitn(4, '-');
    let digits = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(parts.next(), 4)
        && digits(parts.next(), 2)
        && digits(parts.next(), 2)
        && parts.next().is_none_or(|ending| {
            !ending.is_empty() && ending.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

fn check_address(kind: ConnectionType, text: &str) -> Option<String> {
    let Ok(url) = Url::parse(text) else {
        return Some("This is no address. It begins with https:// and names a host.".to_owned());
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Some("The address begins with https:// and names a host.".to_owned());
    }
    if url.scheme() == "http" && !is_loopback(&url) && !is_this_machine_from_inside(&url) {
        return Some("With http:// everyone on the way can read the key. Use https://; only an address of this machine may do without.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("The address holds a user name or password. Leave them out: keys have a field of their own.".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some("Give the address alone, without \"?\" or \"#\" and what follows.".to_owned());
    }
    if kind == ConnectionType::AzureOpenAi && url.path().contains("/deployments/") {
        return Some("Give the address of the resource alone, for example https://NAME.openai.azure.com/. A node of the flow names its deployment.".to_owned());
    }
    None
}

fn check_pairs(draft: &ConnectionDraft, there: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut keys = BTreeSet::new();
    for (at, pair) in draft.pairs.iter().enumerate() {
        let key = pair.key.trim();
        let (of_key, of_value) = (format!("pairs.{at}.key"), format!("pairs.{at}.value"));
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if key.is_empty() {
            problems.push(Problem::field(&of_key, "Give the key, by which the flow asks for it."));
        } else if !key.chars().all(fits) {
            problems.push(Problem::field(
                &of_key,
                "A key has letters, digits, \"_\", \"-\" and dots only.",
            ));
        } else if draft.kind.field(key).is_some() || key.starts_with("promptflow.connection.") {
            problems
                .push(Problem::field(&of_key, format!("\"{key}\" has a field of its own here.")));
        } else if !keys.insert(key) {
            problems.push(Problem::field(&of_key, format!("\"{key}\" is there twice.")));
        }
        if pair.secret && !key.is_empty() && !there(key) {
            problems.push(Problem::field(&of_value, "Give the secret. It goes into the keyring."));
        }
    }
    if !draft.pairs.iter().any(|pair| pair.secret) {
        problems.push(Problem::field(
            "pairs",
            "A custom connection has at least one secret. Prompt flow refuses it without.",
        ));
    }
    problems
}

/// Checks values of secrets, by their keys. A key of a service is one line without spaces; what a custom
/// connection keeps secret may be any text that is not empty.
pub fn check_secrets(draft: &ConnectionDraft, secrets: &BTreeMap<String, Secret>) -> Vec<Problem> {
    let field = |key: &str| {
        let pair = draft.pairs.iter().position(|pair| pair.secret && pair.key.trim() == key);
        pair.map_or_else(|| key.to_owned(), |at| format!("pairs.{at}.value"))
    };
    let mut problems = Vec::new();
    for (key, secret) in secrets {
        let value = secret.expose();
        let is_key = draft.kind.field(key).is_some();
        let sentence = if value.trim().is_empty() {
            "There is nothing but spaces in it."
        } else if is_key && value.contains(char::is_whitespace) {
            "A key has no spaces and no line breaks. Copy it again."
        } else if is_key && !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            "A key has letters, digits and signs of ASCII only. Copy it again."
        } else if super::file::is_placeholder(value) {
            "This stands for a secret and is none. Give the secret itself."
        } else {
            continue;
        };
        problems.push(Problem::field(&field(key), sentence));
    }
    problems
}

/// Whether an address never leaves this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether an address means this machine as a container sees it.
pub(super) fn is_this_machine_from_inside(url: &Url) -> bool {
    url.host_str().is_some_and(|host| THIS_MACHINE.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: ConnectionType) -> ConnectionDraft {
        let fields = [
            ("api_base", "https://x.openai.azure.com/"),
            ("endpoint", "https://x.cognitiveservices.azure.com/"),
            ("custom_type", "My"),
            ("module", "my.connections"),
            ("package", "my-package"),
            ("package_version", "1.0"),
        ];
        ConnectionDraft {
            name: "mine".into(),
            kind,
            fields: fields
                .into_iter()
                .filter(|(key, _)| kind.field(key).is_some())
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            pairs: if kind.has_pairs() { vec![pair("token", "", true)] } else { vec![] },
            given: vec!["api_key".into(), "token".into()],
        }
    }

    fn pair(key: &str, value: &str, secret: bool) -> Pair {
        Pair { key: key.into(), value: value.into(), secret }
    }

    fn fields(draft: &ConnectionDraft) -> Vec<String> {
        let problems = check(draft, None, &[], &[]);
        for problem in &problems {
            assert!(problem.sentence.ends_with('.'), "{}", problem.sentence);
        }
        problems.into_iter().filter_map(|problem| problem.field).collect()
    }

    #[test]
    fn every_type_can_be_filled_and_misses_what_it_needs() {
        for kind in ConnectionType::ALL {
            assert_eq!(fields(&draft(kind)), [""; 0], "{kind:?}");
            let empty = ConnectionDraft { fields: BTreeMap::new(), given: vec![], ..draft(kind) };
            let mut needed: Vec<String> = kind
                .fields()
                .iter()
                .filter(|field| field.required)
                .map(|field| field.key.to_owned())
                .collect();
            if kind.has_pairs() {
                needed.push("pairs.0.value".into());
            }
            assert_eq!(fields(&empty), needed, "{kind:?}");
        }
    }

    #[test]
    fn an_address_is_told_what_is_wrong_with_it() {
        let with = |key: &str, address: &str| {
            let mut draft = draft(ConnectionType::AzureOpenAi);
            draft.fields.insert(key.into(), address.into());
            fields(&draft)
        };
        for good in [
            "https://x.openai.azure.com",
            "http://127.0.0.1:8080/",
            "http://[::1]:1",
            "http://localhost:11434/v1",
            "http://host.docker.internal:9000",
            " https://proxy.example/azure/ ",
        ] {
            assert_eq!(with("api_base", good), [""; 0], "{good}");
        }
        for bad in [
            "x.openai.azure.com",
            "ftp://x.example",
            "https://",
            "http://x.openai.azure.com",
            "http://127.0.0.1.example.com",
            "https://ann:pass@x.example",
            "https://x.example/?code=1",
            "https://x.example/#a",
            "https://x.openai.azure.com/openai/deployments/gpt/chat",
        ] {
            assert_eq!(with("api_base", bad), ["api_base"], "{bad}");
        }
        for bad in ["2024", "2024-2-1", "latest", "2024-02-01 ", "2024-02-01-"] {
            let expected: &[&str] = if bad.trim() == "2024-02-01" { &[] } else { &["api_version"] };
            assert_eq!(with("api_version", bad), expected, "{bad}");
        }
        assert_eq!(with("api_version", "2023-07-01-preview"), [""; 0]);
        assert_eq!(with("api_type", "a\nb"), ["api_type"]);
    }

    #[test]
    fn a_name_is_free_but_for_the_own_one() {
        let name = |text: &str| ConnectionName::parse(text).expect(text);
        let others = [name("Mine"), name("yours")];
        let draft = draft(ConnectionType::OpenAi);
        let told = check(&draft, None, &others, &[]);
        assert_eq!(told[0].field.as_deref(), Some("name"));
        assert!(told[0].sentence.contains("\"Mine\""));
        let before = draft.connection(name("Mine"));
        assert_eq!(check(&draft, Some(&before), &others, &[]), []);
        let yours = ConnectionDraft { name: "Yours".into(), ..draft.clone() };
        assert_eq!(check(&yours, Some(&before), &others, &[]).len(), 1);
        let other = ConnectionDraft { kind: ConnectionType::Serp, ..draft };
        let told = check(&other, Some(&before), &others, &[]);
        assert_eq!(told[0].field.as_deref(), Some("type"));
    }

    #[test]
    fn a_kept_secret_needs_not_be_given_again() {
        let edited = ConnectionDraft { given: vec![], ..draft(ConnectionType::Serp) };
        assert_eq!(check(&edited, None, &[], &["api_key".into()]), []);
        assert_eq!(fields(&edited), ["api_key"]);
    }

    #[test]
    fn pairs_are_checked_one_by_one() {
        let with = |pairs: &[Pair]| {
            fields(&ConnectionDraft { pairs: pairs.to_vec(), ..draft(ConnectionType::Custom) })
        };
        let token = pair("token", "", true);
        assert_eq!(with(&[token.clone(), pair("url", "", false)]), [""; 0]);
        assert_eq!(with(&[]), ["pairs"]);
        assert_eq!(with(&[pair("url", "x", false)]), ["pairs"]);
        assert_eq!(with(&[token.clone(), token.clone()]), ["pairs.1.key"]);
        assert_eq!(with(&[token.clone(), pair("a b", "", false)]), ["pairs.1.key"]);
        assert_eq!(with(&[token.clone(), pair(" ", "", false)]), ["pairs.1.key"]);
        assert_eq!(with(&[token.clone(), pair("other", "", true)]), ["pairs.1.value"]);
        let reserved = ConnectionDraft {
            pairs: vec![token, pair("module", "x", false)],
            ..draft(ConnectionType::CustomStrongType)
        };
        assert_eq!(fields(&reserved), ["pairs.1.key"]);
    }

    #[test]
    fn a_secret_that_can_be_none_is_refused_without_being_told() {
        let told = |kind, key: &str, value: &str| {
            let secrets = BTreeMap::from([(key.to_owned(), Secret::new(value.into()))]);
            check_secrets(&draft(kind), &secrets)
        };
        for bad in [" ", "ab cd", "ab\n", "schlüssel", "<user-input>", "${env:KEY}"] {
            let problems = told(ConnectionType::OpenAi, "api_key", bad);
            assert_eq!(problems.len(), 1, "{bad:?}");
            assert_eq!(problems[0].field.as_deref(), Some("api_key"));
            assert!(bad.trim().is_empty() || !problems[0].sentence.contains(bad));
        }
        assert_eq!(told(ConnectionType::OpenAi, "api_key", "sk-1"), []);
        assert_eq!(told(ConnectionType::Custom, "token", "two words\nand lines"), []);
        let empty = told(ConnectionType::Custom, "token", "");
        assert_eq!(empty[0].field.as_deref(), Some("pairs.0.value"));
    }

    #[test]
    fn what_is_kept_has_no_secret_and_nothing_empty() {
        let mut draft = draft(ConnectionType::AzureOpenAi);
        draft.fields.insert("api_key".into(), "planted".into());
        draft.fields.insert("api_version".into(), " ".into());
        draft.fields.insert("unknown".into(), "x".into());
        draft.pairs = vec![pair("a", "b", false)];
        let kept = draft.connection(ConnectionName::parse("mine").expect("name"));
        assert_eq!(kept.fields.keys().collect::<Vec<_>>(), ["api_base"]);
        assert_eq!(kept.pairs, []);
        let mut draft = self::draft(ConnectionType::Custom);
        draft.pairs[0].value = "planted".into();
        let kept = draft.connection(ConnectionName::parse("mine").expect("name"));
        assert_eq!(kept.pairs, [pair("token", "", true)]);
    }
}
