//! From a document to a flow. What is not understood is a problem, and the rest is read on.

use super::{
    Activate, Chat, Content, Document, Entry, Flow, FlowEnvironment, FlowInput, FlowKind, FlowNode,
    FlowOutput, FlowProblem, FlowProblemKind, FlowVariable, Node, NodeInput, NodeKind, NodeSource,
    NodeVariants, Place, Reference, Severity, SourceKind, ValueKind, Variant,
};
use crate::spec::looks_like_a_key;

/// A flow, and what of its file was not understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub flow: Flow,
    pub problems: Vec<FlowProblem>,
}

/// Reads a document; `file` is its name, for problems.
pub fn read(document: &Document, file: &str) -> Read {
    let mut reading = Reading { file, problems: vec![] };
    let flow = reading.flow(document);
    Read { flow, problems: reading.problems }
}

struct Reading<'a> {
    file: &'a str,
    problems: Vec<FlowProblem>,
}

impl Reading<'_> {
    fn problem(&mut self, place: Place, node: Option<&str>, sentence: String, hint: &str) {
        self.problems.push(FlowProblem {
            severity: Severity::Error,
            kind: FlowProblemKind::Form,
            sentence,
            hint: hint.to_owned(),
            file: self.file.to_owned(),
            line: place.line,
            column: place.column,
            node: node.map(str::to_owned),
        });
    }

    fn flow(&mut self, document: &Document) -> Flow {
        if !matches!(document.content, Content::Map(_)) {
            self.problem(
                document.place,
                None,
                "The file holds no keys such as \"inputs\" and \"nodes\".".into(),
                "Compare it with a flow that works.",
            );
        }
        let kind = if document.get("entry").is_some() || self.file.ends_with(".flex.yaml") {
            FlowKind::Flex
        } else {
            FlowKind::Dag
        };
        let inputs = self.inputs(document, "inputs");
        let outputs = self.outputs(document);
        let entry = document.get("entry").and_then(Node::text);
        if kind == FlowKind::Flex && entry.is_none() {
            self.problem(
                document.place,
                None,
                "The flow names no entry, so nothing can run.".into(),
                "Add a line such as \"entry: flow_entry:my_function\".",
            );
        }
        let nodes = self.nodes(document);
        if kind == FlowKind::Dag && nodes.is_empty() {
            let place = document.get("nodes").map_or(document.place, |nodes| nodes.place);
            self.problem(
                place,
                None,
                "The flow has no nodes, so nothing can run.".into(),
                "Add a node.",
            );
        }
        let chat_history =
            inputs.iter().find(|input| input.is_chat_history).map(|input| input.name.clone());
        let chat_output =
            outputs.iter().find(|output| output.is_chat_output).map(|output| output.name.clone());
        let chat = inputs.iter().find(|input| input.is_chat_input).map(|input| Chat {
            input: input.name.clone(),
            // A history that is only called so counts as well, as it does for Prompt flow itself.
            history: chat_history.or_else(|| {
                inputs
                    .iter()
                    .find(|input| input.name == "chat_history")
                    .map(|input| input.name.clone())
            }),
            output: chat_output,
        });
        Flow {
            kind,
            display_name: text(document, "display_name").unwrap_or_default(),
            description: text(document, "description").unwrap_or_default(),
            variants: self.variants(document),
            environment_variables: variables(document),
            additional_includes: document
                .get("additional_includes")
                .map(|list| list.items().iter().filter_map(Node::text).collect())
                .unwrap_or_default(),
            environment: document.get("environment").map(|environment| FlowEnvironment {
                requirements: text(environment, "python_requirements_txt"),
                image: text(environment, "image"),
            }),
            entry,
            init: self.inputs(document, "init"),
            chat,
            inputs,
            outputs,
            nodes,
        }
    }

    /// Entries below a key; one that is no map is a problem.
    fn map<'d>(&mut self, document: &'d Document, key: &str) -> &'d [Entry] {
        let Some(found) = document.get(key) else { return &[] };
        if !matches!(found.content, Content::Map(_) | Content::Null) {
            self.problem(
                found.place,
                None,
                format!("\"{key}\" holds no names with what belongs to each."),
                "Write each name on a line of its own, further in, with a colon.",
            );
        }
        found.entries()
    }

    fn inputs(&mut self, document: &Document, key: &str) -> Vec<FlowInput> {
        let mut inputs = Vec::new();
        for Entry { key: name, place, value } in self.map(document, key) {
            let written = text(value, "type").unwrap_or_default();
            if written.is_empty() {
                self.problem(
                    *place,
                    None,
                    format!("The input \"{name}\" has no type."),
                    "Add \"type: string\", or int, double, bool, list, object or image.",
                );
            }
            inputs.push(FlowInput {
                name: name.clone(),
                kind: ValueKind::of(&written),
                written,
                default: value.get("default").filter(|default| !default.is_null()).map(Node::value),
                description: text(value, "description").unwrap_or_default(),
                is_chat_input: value.get("is_chat_input").is_some_and(Node::is_true),
                is_chat_history: value.get("is_chat_history").is_some_and(Node::is_true),
                line: place.line,
            });
        }
        inputs
    }

    fn outputs(&mut self, document: &Document) -> Vec<FlowOutput> {
        self.map(document, "outputs")
            .iter()
            .map(|Entry { key, place, value }| FlowOutput {
                name: key.clone(),
                written: text(value, "type").unwrap_or_default(),
                reference: text(value, "reference").unwrap_or_default(),
                is_chat_output: value.get("is_chat_output").is_some_and(Node::is_true),
                line: value.get("reference").map_or(place.line, |found| found.place.line),
            })
            .collect()
    }

    fn nodes(&mut self, document: &Document) -> Vec<FlowNode> {
        let Some(list) = document.get("nodes") else { return vec![] };
        if !matches!(list.content, Content::List(_) | Content::Null) {
            self.problem(
                list.place,
                None,
                "\"nodes\" is no list.".into(),
                "Begin each node with \"- name:\".",
            );
        }
        let mut nodes = Vec::new();
        for item in list.items() {
            match text(item, "name").filter(|name| !name.is_empty()) {
                Some(name) => nodes.push(self.node(&name, item)),
                None => self.problem(
                    item.place,
                    None,
                    "A node has no name.".into(),
                    "Add \"name:\" to it.",
                ),
            }
        }
        nodes
    }

    fn node(&mut self, name: &str, item: &Node) -> FlowNode {
        let use_variants = item.get("use_variants").is_some_and(Node::is_true);
        let written = text(item, "type").unwrap_or_default();
        let source = item.get("source").map(|source| NodeSource {
            kind: match text(source, "type").as_deref() {
                Some("package") => SourceKind::Package,
                Some("package_with_prompt") => SourceKind::PackageWithPrompt,
                _ => SourceKind::Code,
            },
            path: text(source, "path"),
            tool: text(source, "tool"),
        });
        if written.is_empty() && !use_variants && source.is_none() && item.get("tool").is_none() {
            self.problem(
                item.place,
                Some(name),
                format!("The node \"{name}\" says neither its type nor its source."),
                "Add \"type: python\" and a source with the path of its file.",
            );
        }
        let activate = item.get("activate").and_then(|activate| {
            let (Some(when), Some(is)) = (activate.get("when"), activate.get("is")) else {
                self.problem(
                    activate.place,
                    Some(name),
                    format!("The condition of the node \"{name}\" lacks \"when\" or \"is\"."),
                    "Add both, e.g. \"when: ${inputs.deep}\" and \"is: true\".",
                );
                return None;
            };
            let written = when.text().unwrap_or_default();
            Some(Activate {
                reference: Reference::parse(&written),
                when: written,
                is: is.value(),
                line: when.place.line,
            })
        });
        FlowNode {
            name: name.to_owned(),
            kind: match written.as_str() {
                "python" => NodeKind::Python,
                "prompt" => NodeKind::Prompt,
                "llm" => NodeKind::Llm,
                "custom_llm" => NodeKind::CustomLlm,
                _ => NodeKind::Other,
            },
            written,
            source,
            inputs: item
                .get("inputs")
                .map(|inputs| inputs.entries().iter().map(node_input).collect())
                .unwrap_or_default(),
            connection: text(item, "connection").filter(|name| !name.is_empty()),
            api: text(item, "api"),
            provider: text(item, "provider"),
            module: text(item, "module"),
            aggregation: ["aggregation", "reduce"]
                .iter()
                .any(|key| item.get(key).is_some_and(Node::is_true)),
            activate,
            use_variants,
            comment: text(item, "comment").unwrap_or_default(),
            line: item.place.line,
        }
    }

    fn variants(&mut self, document: &Document) -> Vec<NodeVariants> {
        let mut all = Vec::new();
        for Entry { key, place, value } in self.map(document, "node_variants") {
            let variants = value.get("variants").map(Node::entries).unwrap_or_default();
            all.push(NodeVariants {
                node: key.clone(),
                default: text(value, "default_variant_id").unwrap_or_default(),
                variants: variants
                    .iter()
                    .filter_map(|variant| {
                        let node = variant.value.get("node")?;
                        Some(Variant {
                            id: variant.key.clone(),
                            node: self.node(key, node),
                            line: variant.place.line,
                        })
                    })
                    .collect(),
                line: place.line,
            });
        }
        all
    }
}

impl ValueKind {
    /// The kind by the type as written.
    pub fn of(written: &str) -> Self {
        match written.to_ascii_lowercase().as_str() {
            "string" | "str" => Self::String,
            "int" | "integer" => Self::Int,
            "double" | "float" | "number" => Self::Double,
            "bool" | "boolean" => Self::Bool,
            "list" | "array" => Self::List,
            "object" | "dict" => Self::Object,
            "image" => Self::Image,
            _ => Self::Other,
        }
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::text)
}

fn node_input(entry: &Entry) -> NodeInput {
    let reference = match &entry.value.content {
        Content::Text(text) => Reference::parse(text),
        _ => None,
    };
    NodeInput {
        name: entry.key.clone(),
        value: entry.value.value(),
        reference,
        line: entry.place.line,
    }
}

fn variables(document: &Document) -> Vec<FlowVariable> {
    let entries = document.get("environment_variables").map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .map(|Entry { key, place, value }| {
            let written = value.text().unwrap_or_default();
            let connection = super::connection_reference(&written).map(|(name, _)| name.to_owned());
            let hidden = connection.is_none() && looks_like_a_key(key, &written);
            FlowVariable {
                name: key.clone(),
                value: (!hidden).then_some(written),
                connection,
                line: place.line,
            }
        })
        .collect()
}
