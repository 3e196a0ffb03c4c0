//! YAML with the place of everything in it.

use std::fmt;

use domain::flow::{Content, Document, Entry, Node, Place};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    pub place: Place,
    /// What the parser found, without a full stop.
    pub words: String,
}

/// Reads a text. An empty one is an empty document.
pub fn document(text: &str) -> Result<Document, Syntax> {
    if text.trim().is_empty() {
        return Ok(Document::default());
    }
    // Only `true` and `false` are truth values, as for the reader that Prompt flow uses.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options).map(node).map_err(|error| {
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
        // The place is told apart.
        let words = match first.split_once(": ") {
            Some((place, rest)) if place.starts_with("line ") => rest,
            _ => first,
        };
        Syntax {
            place: error.location().map(place).unwrap_or_default(),
            words: words.trim_end_matches('.').to_owned(),
        }
    })
}

fn place(location: Location) -> Place {
    let number = |value: u64| u32::try_from(value).unwrap_or(0);
    Place { line: number(location.line()), column: number(location.column()) }
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Key>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>) -> Node {
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Bool(value) => Content::Bool(value),
        Raw::Int(number) => Content::Int(number),
        Raw::Float(number) => Content::Float(number),
        Raw::Text(text) => Content::Text(text),
        Raw::List(items) => Content::List(items.into_iter().map(node).collect()),
        Raw::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    place: place(key.referenced),
                    key: key.value.0,
                    value: node(value),
                })
                .collect(),
        ),
    };
    Node { place: place(raw.referenced), content }
}

/// A key; numbers and truth values count as they are written.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(Key(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(i64::try_from(number).map_or(Raw::Float(number as f64), Raw::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FLOW: &str = "inputs:\n  text:\n    type: string\n    default: 'a: b'\n  n: {type: int, default: 3}\nnodes:\n- name: upper\n  type: python\n  inputs:\n    text: ${inputs.text}\n    yes: no\n    4: null\n    f: 1.5\n";

    #[test]
    fn values_come_with_their_places_and_in_their_order() {
        let read = document(FLOW).expect("YAML");
        assert_eq!(
            read.value(),
            json!({
                "inputs": {"text": {"type": "string", "default": "a: b"}, "n": {"type": "int", "default": 3}},
                "nodes": [{"name": "upper", "type": "python",
                    "inputs": {"text": "${inputs.text}", "yes": "no", "4": null, "f": 1.5}}]
            })
        );
        let keys: Vec<_> =
            read.entries().iter().map(|one| (one.key.as_str(), one.place.line)).collect();
        assert_eq!(keys, [("inputs", 1), ("nodes", 6)]);
        let node = &read.get("nodes").expect("nodes").items()[0];
        assert_eq!(node.place.line, 7);
        let input = &node.get("inputs").expect("inputs").entries()[0];
        assert_eq!((input.place.line, input.place.column), (10, 5));
        assert_eq!(input.value.place, Place { line: 10, column: 11 });
    }

    #[test]
    fn what_is_written_again_means_the_same() {
        let read = document(FLOW).expect("YAML");
        assert_eq!(document(&read.to_text()).expect("YAML").value(), read.value());
    }

    #[test]
    fn an_error_has_its_line() {
        let error =
            document("inputs:\n  a:\n    type: string\n   b: 1\n").expect_err("it is refused");
        assert_eq!(error.place.line, 4, "{error:?}");
        assert!(!error.words.is_empty() && !error.words.contains("line"), "{error:?}");
        let twice = document("nodes: []\nnodes: []\n").expect_err("it is refused");
        assert_eq!(twice.place.line, 2, "{twice:?}");
        assert!(twice.words.contains("nodes"), "{twice:?}");
        assert_eq!(document(" \n").expect("empty"), Document::default());
    }

    #[test]
    fn anchors_are_followed() {
        let read = document("a: &x {b: 1}\nc: *x\n").expect("YAML");
        assert_eq!(read.value(), json!({"a": {"b": 1}, "c": {"b": 1}}));
    }
}
