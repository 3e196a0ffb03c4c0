//! A YAML file as it was written: values in their order, each with its place.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// Where something begins in a file; both count from 1. 0 = not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// One value of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub place: Place,
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// Whole numbers beyond `i64`, and all others.
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file. Keys may repeat: the reader of a flow says so.
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    pub value: Node,
}

/// A whole file.
pub type Document = Node;

impl Node {
    /// The value of a key, when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Entries of a map; nothing for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Content::Map(entries) = &self.content { entries } else { &[] }
    }

    /// Items of a list; nothing for anything else.
    pub fn items(&self) -> &[Node] {
        if let Content::List(items) = &self.content { items } else { &[] }
    }

    /// A text as it is; numbers and truth values as they would be written.
    pub fn text(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            Content::Int(number) => Some(number.to_string()),
            Content::Float(number) => Some(number.to_string()),
            Content::Bool(value) => Some(value.to_string()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Whether it says `true`.
    pub fn is_true(&self) -> bool {
        self.content == Content::Bool(true)
    }

    /// Whether nothing stands there.
    pub fn is_null(&self) -> bool {
        self.content == Content::Null
    }

    /// Sets a key of a map, in its place or at the end; anything else becomes a map first.
    pub fn set(&mut self, key: &str, value: Content) {
        if !matches!(self.content, Content::Map(_)) {
            self.content = Content::Map(vec![]);
        }
        let place = self.place;
        let Content::Map(entries) = &mut self.content else { return };
        let value = Node { place, content: value };
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key: key.to_owned(), place, value }),
        }
    }

    /// Removes a key; no error when it is not there.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at).value)
    }

    /// The value without places.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::from(*value),
            Content::Int(number) => Value::from(*number),
            Content::Float(number) => Value::from(*number),
            Content::Text(text) => Value::from(text.as_str()),
            Content::List(items) => items.iter().map(Self::value).collect(),
            Content::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.value())).collect(),
            ),
        }
    }

    /// The file's text: JSON, which every reader of YAML understands, in the order of the file.
    pub fn to_text(&self) -> String {
        // Every key is a text and every number finite or null, so that this cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            Content::Null => serializer.serialize_unit(),
            Content::Bool(value) => serializer.serialize_bool(*value),
            Content::Int(number) => serializer.serialize_i64(*number),
            Content::Float(number) => serializer.serialize_f64(*number),
            Content::Text(text) => serializer.serialize_str(text),
            Content::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Content::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&entry.key, &entry.value)?;
                }
                map.end()
            }
        }
    }
}

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        let node = |value: Value| Node { place: Place::default(), content: value.into() };
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(node).collect()),
            Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| Entry { key, place: Place::default(), value: node(value) })
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_written_in_its_order_and_changes_in_place() {
        let mut document = Node::default();
        document.set("z", Content::Int(1));
        document.set("a", json!({"text": "ä\n"}).into());
        document.set("z", Content::Text("new".into()));
        assert_eq!(
            document.to_text(),
            "{\n  \"z\": \"new\",\n  \"a\": {\n    \"text\": \"ä\\n\"\n  }\n}"
        );
        assert_eq!(document.remove("z").and_then(|node| node.text()).as_deref(), Some("new"));
        assert_eq!(document.remove("z"), None);
        assert_eq!(document.value(), json!({"a": {"text": "ä\n"}}));
    }
}
