//! Which inputs of nodes take a connection: by what a runtime tells of the tool, else by its code, else by
//! the value.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{Flow, FlowNode, SourceKind, inputs::parameters_of};
use crate::connection::ConnectionType;

/// An input of a node that takes a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInput {
    pub node: String,
    /// `connection` for a node with an LLM; for a python node, the input.
    pub input: String,
    /// Types of connections that it takes, one of them; empty = not known.
    pub types: Vec<ConnectionType>,
}

/// Inputs of a tool's file that take a connection, by name, with the types that each takes.
pub type ConnectionTypes = BTreeMap<String, Vec<ConnectionType>>;

/// What is known of the tool in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolFile {
    /// The same for the same code, while the application runs.
    pub mark: u64,
    pub types: ConnectionTypes,
    /// A runtime told it, which has loaded the file: inputs that are not here take no connection.
    pub is_told: bool,
}

/// By path within the flow's folder.
pub type ToolFiles = BTreeMap<String, ToolFile>;

impl ToolFile {
    /// By the annotations of the function below `@tool`. Only the names of the classes themselves count; one
    /// that is imported under another name is not found.
    pub fn of_code(code: &str) -> Self {
        let parameters = parameters_of(code).unwrap_or_default();
        let types = parameters
            .into_iter()
            .map(|(name, written)| {
                (name, classes(&written).filter_map(of_class).collect::<Vec<_>>())
            })
            .filter(|(_, types)| !types.is_empty())
            .collect();
        Self { mark: mark(code), types, is_told: false }
    }

    /// By what the service tells of the file: `{"inputs": {"conn": {"type": ["AzureOpenAIConnection"]}}}`.
    pub fn of_meta(code: &str, meta: &Value) -> Self {
        let inputs = meta["inputs"].as_object().into_iter().flatten();
        let types = inputs
            .map(|(name, input)| {
                let told = input["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
                // A class of the person's own stands beside the type.
                let is_own = input.get("custom_type").is_some();
                let types = told.filter_map(|name| match of_class(name) {
                    Some(ConnectionType::Custom) if is_own => {
                        Some(ConnectionType::CustomStrongType)
                    }
                    other => other,
                });
                (name.clone(), types.collect::<Vec<_>>())
            })
            .filter(|(_, types)| !types.is_empty())
            .collect();
        Self { mark: mark(code), types, is_told: true }
    }
}

fn mark(code: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    code.hash(&mut hasher);
    hasher.finish()
}

/// Names within an annotation: `Union[a.OpenAIConnection, None]`.
fn classes(written: &str) -> impl Iterator<Item = &str> {
    written.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|name| !name.is_empty())
}

fn of_class(name: &str) -> Option<ConnectionType> {
    ConnectionType::ALL.into_iter().find(|kind| kind.class_name() == name)
}

/// Inputs of nodes, and of their variants, that take a connection. `existing` are the names of connections:
/// where nothing else is known, an input whose value is one of them takes one.
pub fn connection_inputs(
    flow: &Flow,
    tools: &ToolFiles,
    existing: &BTreeSet<String>,
) -> Vec<ConnectionInput> {
    let mut found: Vec<ConnectionInput> = Vec::new();
    let mut add = |node: &str, input: &str, types: &[ConnectionType]| {
        let known = found.iter_mut().find(|own| own.node == node && own.input == input);
        match known {
            Some(own) => {
                let more = types.iter().filter(|kind| !own.types.contains(kind));
                let more: Vec<_> = more.copied().collect();
                own.types.extend(more);
            }
            None => found.push(ConnectionInput {
                node: node.to_owned(),
                input: input.to_owned(),
                types: types.to_vec(),
            }),
        }
    };
    let variants = flow.variants.iter().flat_map(|all| all.variants.iter().map(|one| &one.node));
    for node in flow.nodes.iter().chain(variants) {
        if node.connection.is_some() {
            add(&node.name, "connection", &of_provider(node));
        }
        let tool = tool_of(node, tools);
        for input in node.inputs.iter().filter(|input| input.reference.is_none()) {
            let types = tool.and_then(|tool| tool.types.get(&input.name));
            let is_told = tool.is_some_and(|tool| tool.is_told);
            let is_name = || input.value.as_str().is_some_and(|value| existing.contains(value));
            match types {
                Some(types) => add(&node.name, &input.name, types),
                None if !is_told && is_name() => add(&node.name, &input.name, &[]),
                None => {}
            }
        }
    }
    found
}

fn tool_of<'a>(node: &FlowNode, tools: &'a ToolFiles) -> Option<&'a ToolFile> {
    let source = node.source.as_ref().filter(|source| source.kind == SourceKind::Code)?;
    tools.get(source.path.as_deref()?)
}

/// What a node with an LLM takes; without a provider either of them.
fn of_provider(node: &FlowNode) -> Vec<ConnectionType> {
    match node.provider.as_deref() {
        Some("AzureOpenAI") => vec![ConnectionType::AzureOpenAi],
        Some("OpenAI") => vec![ConnectionType::OpenAi],
        Some(_) => vec![],
        None => vec![ConnectionType::AzureOpenAi, ConnectionType::OpenAi],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::{Content, Document, read};

    const CODE: &str = "
from promptflow.core import tool
from promptflow.connections import AzureOpenAIConnection, CustomConnection

def helper(conn: CustomConnection): ...

@tool
def ask(
    conn: AzureOpenAIConnection, text: str,
    other: \"Union[connections.OpenAIConnection, None]\" = None,
) -> str:
    return text
";

    #[test]
    fn annotations_of_the_tool_tell_its_connections() {
        let types = ToolFile::of_code(CODE).types;
        assert_eq!(
            types,
            ConnectionTypes::from([
                ("conn".to_owned(), vec![ConnectionType::AzureOpenAi]),
                ("other".to_owned(), vec![ConnectionType::OpenAi]),
            ])
        );
        assert_eq!(ToolFile::of_code("def ask(conn: CustomConnection): ...").types, [].into());
        assert_eq!(ToolFile::of_code("@tool\nasync def ask(").types, [].into());
    }

    #[test]
    fn a_runtime_tells_more_than_the_code() {
        let meta = json!({"inputs": {
            "conn": {"type": ["AzureOpenAIConnection"]}, "text": {"type": ["string"]},
            "own": {"type": ["CustomConnection"], "custom_type": ["MyConnection"]},
        }});
        let told = ToolFile::of_meta(CODE, &meta);
        assert_eq!(told.mark, ToolFile::of_code(CODE).mark);
        assert_eq!(told.types["own"], [ConnectionType::CustomStrongType]);
        assert_eq!(told.types.len(), 2);
    }

    #[test]
    fn inputs_are_told_by_their_type_and_else_by_their_value() {
        let node = |name: &str| {
            json!({"name": name, "type": "python", "source": {"type": "code", "path": format!("{name}.py")},
                "inputs": {"conn": "mine", "text": "mine", "own": "${inputs.x}"}})
        };
        let llm = json!({"name": "llm", "type": "llm", "connection": "mine", "provider": "OpenAI", "api": "chat",
            "source": {"type": "code", "path": "x.jinja2"}, "inputs": {}});
        let content: Content =
            json!({"nodes": [node("told"), node("read"), node("gone"), llm]}).into();
        let flow = read(&Document { content, ..Document::default() }, "flow.dag.yaml").flow;
        let types = ConnectionTypes::from([("conn".to_owned(), vec![ConnectionType::Custom])]);
        let file = |is_told| ToolFile { mark: 0, types: types.clone(), is_told };
        let tools = ToolFiles::from([
            ("told.py".to_owned(), file(true)),
            ("read.py".to_owned(), file(false)),
        ]);
        let found = connection_inputs(&flow, &tools, &BTreeSet::from(["mine".to_owned()]));
        let names: Vec<(&str, &str, usize)> = found
            .iter()
            .map(|own| (own.node.as_str(), own.input.as_str(), own.types.len()))
            .collect();
        // A text that happens to be the name of a connection is none, once a runtime has told the types.
        assert_eq!(
            names,
            [
                ("told", "conn", 1),
                ("read", "conn", 1),
                ("read", "text", 0),
                ("gone", "conn", 0),
                ("gone", "text", 0),
                ("llm", "connection", 1)
            ]
        );
        // Without any connection it is known all the same where one is taken.
        let none = connection_inputs(&flow, &tools, &BTreeSet::new());
        assert_eq!(none.len(), 3, "{none:?}");
    }
}
