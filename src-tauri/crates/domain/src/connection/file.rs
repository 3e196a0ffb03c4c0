//! What files with connections have in common: what is found in one, and what is missing there.

use std::collections::BTreeMap;

use thiserror::Error;

use super::ConnectionDraft;
use crate::secret::Secret;

/// Why nothing can be taken from a file. No sentence holds anything of the file's values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    #[error("It is no valid YAML{}.", at(*.line))]
    NoYaml { line: Option<u64> },
    #[error("It holds no keys such as \"name\" and \"type\".")]
    NoKeys,
    #[error(
        "It names no \"type\". A file of \"pf connection\" has one, for example azure_open_ai."
    )]
    NoType,
    #[error("Its type \"{0}\" is not known here.")]
    UnknownType(String),
    #[error("Line {line} is neither NAME=VALUE nor a remark.")]
    NoPair { line: usize },
    #[error("A quotation mark that begins in line {line} is not closed.")]
    OpenQuote { line: usize },
    #[error("It holds nothing.")]
    Empty,
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

/// A connection that a file describes. Printing it shows no secret, and it cannot be serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What can be shown of it; `given` names the secrets whose values the file holds.
    pub draft: ConnectionDraft,
    /// Keys that the person has to fill: left open in the file, or not there although needed.
    pub missing: Vec<String>,
    /// What was not taken over and why; a sentence each.
    pub left_out: Vec<String>,
    pub(super) secrets: BTreeMap<String, Secret>,
}

impl Found {
    /// The secrets that the file holds, by key.
    pub fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.secrets
    }

    /// One that has nothing yet.
    pub(super) fn empty(name: String, kind: super::ConnectionType) -> Self {
        let draft =
            ConnectionDraft { name, kind, fields: BTreeMap::new(), pairs: vec![], given: vec![] };
        Self { draft, missing: vec![], left_out: vec![], secrets: BTreeMap::new() }
    }

    /// Takes a secret's value, or says that it is missing.
    pub(super) fn secret(&mut self, key: &str, value: String) {
        if is_placeholder(&value) {
            self.missing.push(key.to_owned());
        } else {
            self.draft.given.push(key.to_owned());
            self.secrets.insert(key.to_owned(), Secret::new(value));
        }
    }

    /// Takes a field's value, or says that it is missing.
    pub(super) fn field(&mut self, key: &str, value: String) {
        if is_placeholder(&value) {
            self.missing.push(key.to_owned());
        } else {
            self.draft.fields.insert(key.to_owned(), value);
        }
    }

    /// Adds what the type needs and nothing said so far.
    pub(super) fn finish(mut self) -> Self {
        for field in self.draft.kind.fields() {
            let there = self.draft.fields.contains_key(field.key)
                || self.secrets.contains_key(field.key)
                || self.missing.iter().any(|key| key == field.key);
            if field.required && !there {
                self.missing.push(field.key.to_owned());
            }
        }
        self
    }
}

/// Whether a value only stands for one: empty, `<user-input>`, `<to-be-replaced>`, `****`, `${env:NAME}`.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let enclosed = |open, close| value.starts_with(open) && value.ends_with(close);
    value.chars().all(|letter| letter == '*') || enclosed("<", ">") || enclosed("${", "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_value_is_none() {
        for text in ["", " ", "<user-input>", "<no-change>", "*****", "${env:API_KEY}", "${KEY}"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["sk-1", "a*b", "<a", "$x", "{a}"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
