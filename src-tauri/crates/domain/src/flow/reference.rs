//! References: `${inputs.question}`, `${search.output[0].title}`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a reference points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Reference {
    /// An input of the flow.
    #[serde(rename_all = "camelCase")]
    Input { name: String },
    /// What a node gives.
    #[serde(rename_all = "camelCase")]
    Node {
        name: String,
        /// What stands after the node's name and `output`, e.g. `[0].title`; empty = all of it.
        path: String,
    },
}

impl Reference {
    /// Reads a value that is a reference as a whole; `None` = it is an ordinary text. A text that only
    /// holds one somewhere is none: the service takes it as it stands.
    pub fn parse(text: &str) -> Option<Self> {
        let inside = text.strip_prefix("${")?.strip_suffix('}')?.trim();
        if inside.is_empty() {
            return None;
        }
        for prefix in ["inputs.", "flow."] {
            if let Some(rest) = inside.strip_prefix(prefix) {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                return Some(Self::Input { name: rest[..end].to_owned() });
            }
        }
        let end = inside.find(['.', '[']).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(end);
        let path = rest.strip_prefix(".output").unwrap_or(rest);
        Some(Self::Node {
            name: name.to_owned(),
            path: path.strip_prefix('.').unwrap_or(path).to_owned(),
        })
    }
}

/// Reads `${connection.key}` of a variable: the connection's name and the key.
pub fn connection_reference(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim().strip_prefix("${")?.strip_suffix('}')?.trim();
    let (name, key) = inside.split_once('.')?;
    (!name.is_empty() && !key.is_empty()).then_some((name, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_texts() {
        let node =
            |name: &str, path: &str| Some(Reference::Node { name: name.into(), path: path.into() });
        let input = |name: &str| Some(Reference::Input { name: name.into() });
        for (text, expected) in [
            ("${inputs.question}", input("question")),
            ("${flow.question}", input("question")),
            ("${inputs.image.url}", input("image")),
            ("${search.output}", node("search", "")),
            ("${search.output[0].title}", node("search", "[0].title")),
            ("${search.output.a.b}", node("search", "a.b")),
            ("${search}", node("search", "")),
            ("a ${inputs.question}", None),
            ("${inputs.question} b", None),
            ("$100", None),
            ("${}", None),
        ] {
            assert_eq!(Reference::parse(text), expected, "{text}");
        }
    }
}
