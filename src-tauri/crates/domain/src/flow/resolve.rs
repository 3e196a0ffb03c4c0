//! The file that is sent: variants chosen and other connections put in, as Prompt flow's own client does
//! before it asks a service.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Content, Document, Flow, FlowNode, Node};
use crate::finding::Problem;

/// Another connection for a node than its file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherConnection {
    pub node: String,
    /// `connection`, `deployment_name` or `model` for a node with an LLM; else the input of a python node.
    pub input: String,
    pub value: String,
}

/// A node as it is with the variant chosen for it, or its default one.
pub fn chosen<'a>(
    flow: &'a Flow,
    node: &'a FlowNode,
    variants: &BTreeMap<String, String>,
) -> &'a FlowNode {
    if !node.use_variants {
        return node;
    }
    let Some(all) = flow.variants.iter().find(|all| all.node == node.name) else { return node };
    let id = variants.get(&node.name).unwrap_or(&all.default);
    all.variants.iter().find(|variant| variant.id == *id).map_or(node, |variant| &variant.node)
}

/// The document as it is to be sent. `None` = nothing in it changes.
pub fn resolved(
    document: &Document,
    flow: &Flow,
    variants: &BTreeMap<String, String>,
    connections: &[OtherConnection],
) -> Result<Option<Document>, Vec<Problem>> {
    let mut problems = Vec::new();
    for (node, id) in variants {
        let of_node = flow.variants.iter().find(|all| all.node == *node);
        let uses = flow.nodes.iter().any(|own| own.name == *node && own.use_variants);
        if !uses || !of_node.is_some_and(|all| all.variants.iter().any(|one| one.id == *id)) {
            problems.push(Problem::field(
                &format!("variants.{node}"),
                format!("The node \"{node}\" has no variant \"{id}\"."),
            ));
        }
    }
    for other in connections {
        if !flow.nodes.iter().any(|node| node.name == other.node) {
            problems.push(Problem::field(
                &format!("connections.{}", other.node),
                format!("The flow has no node \"{}\".", other.node),
            ));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let uses_variants = flow.nodes.iter().any(|node| node.use_variants);
    if !uses_variants && connections.is_empty() {
        return Ok(None);
    }
    let mut document = document.clone();
    let written = document.remove("node_variants");
    let Some(Node { content: Content::List(nodes), .. }) = document.get_mut("nodes") else {
        return Ok(None);
    };
    for node in nodes {
        let Some(name) = node.get("name").and_then(Node::text) else { continue };
        if node.get("use_variants").is_some_and(Node::is_true) {
            let of_node = written.as_ref().and_then(|all| all.get(&name));
            let default =
                of_node.and_then(|all| all.get("default_variant_id")).and_then(Node::text);
            let id = variants.get(&name).cloned().or(default).unwrap_or_default();
            let variant = of_node
                .and_then(|all| all.get("variants"))
                .and_then(|all| all.get(&id))
                .and_then(|variant| variant.get("node"));
            if let Some(variant) = variant {
                let mut taken = variant.clone();
                taken.set("name", Content::Text(name.clone()));
                taken.remove("use_variants");
                *node = taken;
            }
        }
        for other in connections.iter().filter(|other| other.node == name) {
            let with_llm = matches!(
                node.get("type").and_then(Node::text).as_deref(),
                Some("llm" | "custom_llm")
            ) || node.get("connection").is_some();
            let value = Content::Text(other.value.clone());
            if with_llm && other.input == "connection" {
                node.set("connection", value);
            } else {
                if node.get("inputs").is_none() {
                    node.set("inputs", Content::Map(vec![]));
                }
                if let Some(inputs) = node.get_mut("inputs") {
                    inputs.set(&other.input, value);
                }
            }
        }
    }
    Ok(Some(document))
}

/// The file of a flex flow with what the constructor of its class takes put in as its sample, which the
/// service takes when a request tells it nothing else: a request for one run has no place for it.
pub fn with_init(document: &Document, init: &Map<String, Value>) -> Document {
    let mut document = document.clone();
    if document.get("sample").is_none_or(|sample| sample.entries().is_empty()) {
        document.set("sample", Content::Map(vec![]));
    }
    if let Some(sample) = document.get_mut("sample") {
        sample.set("init", Value::Object(init.clone()).into());
    }
    document
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn init() -> Map<String, Value> {
        Map::from_iter([("end".to_owned(), "!".into()), ("times".to_owned(), 2.into())])
    }

    #[test]
    fn what_a_constructor_takes_is_put_in_the_place_of_the_sample() {
        let mut document = Document::default();
        document.set("entry", Content::Text("talk:Talk".into()));
        let sample = json!({"init": {"end": "!", "times": 2}});
        assert_eq!(
            with_init(&document, &init()).value(),
            json!({"entry": "talk:Talk", "sample": sample})
        );
        document.set("sample", Content::Null);
        assert_eq!(with_init(&document, &init()).value()["sample"], sample);
        // Other samples stay; an older one of the constructor goes as a whole.
        let own = json!({"inputs": {"text": "hi"}, "init": {"end": "?", "more": 1}});
        document.set("sample", own.into());
        assert_eq!(
            with_init(&document, &init()).value()["sample"],
            json!({"inputs": {"text": "hi"}, "init": {"end": "!", "times": 2}})
        );
    }
}
