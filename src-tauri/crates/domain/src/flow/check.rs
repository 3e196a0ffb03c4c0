//! What is wrong with a flow.

use std::collections::BTreeSet;

use super::{
    Flow, FlowKind, FlowNode, FlowProblem, FlowProblemKind, Graph, NodeKind, NodeSource, Reference,
    Severity, SourceKind,
};

/// What is around a flow.
pub struct Around<'a> {
    /// The name of its file, for problems.
    pub file: &'a str,
    /// Whether a path within the folder, or among what it includes, is a file.
    pub is_file: &'a dyn Fn(&str) -> bool,
    /// Included files and folders that are not there, as written.
    pub missing_includes: &'a [String],
    /// Names of the connections that there are; `None` = that is not known.
    pub connections: Option<&'a BTreeSet<String>>,
}

/// A connection that a flow needs, and the nodes that use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededConnection {
    pub name: String,
    /// Empty = only variables do.
    pub nodes: Vec<String>,
    /// Where it is first named.
    pub line: u32,
}

/// Connections that a flow needs, by name: of its nodes and all their variants, and of its variables.
/// `of_python` are those that python nodes take as an input, as the tools' own facts tell: node and input.
pub fn connections_needed(flow: &Flow, of_python: &[(String, String)]) -> Vec<NeededConnection> {
    let mut needed: Vec<NeededConnection> = Vec::new();
    let mut add = |name: &str, node: Option<&str>, line: u32| {
        let at = needed.iter().position(|one| one.name == name).unwrap_or_else(|| {
            needed.push(NeededConnection { name: name.to_owned(), nodes: vec![], line });
            needed.len() - 1
        });
        if let Some(node) = node
            && !needed[at].nodes.iter().any(|other| other == node)
        {
            needed[at].nodes.push(node.to_owned());
        }
    };
    let variants = flow.variants.iter().flat_map(|all| all.variants.iter().map(|one| &one.node));
    for node in flow.nodes.iter().chain(variants) {
        if let Some(name) = &node.connection {
            add(name, Some(&node.name), node.line);
        }
        for input in &node.inputs {
            let taken = of_python.iter().any(|(of, name)| *of == node.name && *name == input.name);
            let by_name = node.kind != NodeKind::Llm && input.name == "connection";
            if (taken || by_name)
                && input.reference.is_none()
                && let Some(name) = input.value.as_str().filter(|name| !name.is_empty())
            {
                add(name, Some(&node.name), input.line);
            }
        }
    }
    for variable in &flow.environment_variables {
        if let Some(name) = &variable.connection {
            add(name, None, variable.line);
        }
    }
    needed
}

/// Everything that is wrong with a flow, errors first. Whatever [`super::read`] found comes before.
pub fn problems(flow: &Flow, graph: &Graph, around: &Around<'_>) -> Vec<FlowProblem> {
    let mut check = Check { flow, around, found: vec![] };
    check.names();
    check.references();
    check.files();
    check.variants();
    check.circle(graph);
    check.unused(graph);
    check.connections();
    let mut found = check.found;
    found.sort_by_key(|problem| problem.severity);
    found
}

struct Check<'a> {
    flow: &'a Flow,
    around: &'a Around<'a>,
    found: Vec<FlowProblem>,
}

impl<'a> Check<'a> {
    fn add(
        &mut self,
        (severity, kind): (Severity, FlowProblemKind),
        line: u32,
        node: Option<&str>,
        sentence: String,
        hint: &str,
    ) {
        self.found.push(FlowProblem {
            severity,
            kind,
            sentence,
            hint: hint.to_owned(),
            file: self.around.file.to_owned(),
            line,
            column: 0,
            node: node.map(str::to_owned),
        });
    }

    fn error(
        &mut self,
        kind: FlowProblemKind,
        line: u32,
        node: Option<&str>,
        sentence: String,
        hint: &str,
    ) {
        self.add((Severity::Error, kind), line, node, sentence, hint);
    }

    fn names(&mut self) {
        let mut seen = BTreeSet::new();
        for node in &self.flow.nodes {
            if !seen.insert(&node.name) {
                self.error(
                    FlowProblemKind::DuplicateName,
                    node.line,
                    Some(&node.name),
                    format!("Two nodes are called \"{}\".", node.name),
                    "Give one of them another name, also where it is referred to.",
                );
            }
        }
    }

    /// Nodes as written, and all their variants.
    fn all_nodes(&self) -> impl Iterator<Item = &'a FlowNode> + use<'a> {
        let flow = self.flow;
        let variants = flow.variants.iter().flat_map(|all| all.variants.iter());
        flow.nodes.iter().chain(variants.map(|variant| &variant.node))
    }

    fn references(&mut self) {
        for node in self.all_nodes() {
            for input in &node.inputs {
                if let Some(reference) = &input.reference {
                    let who = format!("The input \"{}\" of the node \"{}\"", input.name, node.name);
                    self.reference(&who, reference, input.line, Some(&node.name));
                }
            }
            if let Some(activate) = &node.activate {
                let who = format!("The condition of the node \"{}\"", node.name);
                match &activate.reference {
                    Some(reference) => {
                        self.reference(&who, reference, activate.line, Some(&node.name));
                    }
                    None => self.error(
                        FlowProblemKind::UnknownReference,
                        activate.line,
                        Some(&node.name),
                        format!("{who} looks at \"{}\", which is no reference.", activate.when),
                        "Write it as ${inputs.name} or ${node.output}.",
                    ),
                }
            }
        }
        if self.flow.kind == FlowKind::Flex {
            return;
        }
        for output in &self.flow.outputs {
            let who = format!("The output \"{}\"", output.name);
            match Reference::parse(&output.reference) {
                Some(reference) => self.reference(&who, &reference, output.line, None),
                None => self.error(
                    FlowProblemKind::UnknownReference,
                    output.line,
                    None,
                    if output.reference.is_empty() {
                        format!("{who} refers to nothing.")
                    } else {
                        format!("{who} says \"{}\", which is no reference.", output.reference)
                    },
                    "Write it as ${node.output}.",
                ),
            }
        }
    }

    fn reference(&mut self, who: &str, reference: &Reference, line: u32, node: Option<&str>) {
        let (sentence, near) = match reference {
            Reference::Input { name } => {
                let mut names = self.flow.inputs.iter().map(|input| input.name.as_str());
                if names.clone().any(|known| known == name) {
                    return;
                }
                let near = names.find(|known| is_near(known, name));
                (
                    format!("{who} refers to the input \"{name}\", which the flow does not have."),
                    near,
                )
            }
            Reference::Node { name, .. } => {
                let mut names = self.flow.nodes.iter().map(|node| node.name.as_str());
                if names.clone().any(|known| known == name) {
                    return;
                }
                let near = names.find(|known| is_near(known, name));
                (
                    format!("{who} refers to the node \"{name}\", which the flow does not have."),
                    near,
                )
            }
        };
        let hint = match near {
            Some(near) => format!("Perhaps \"{near}\" is meant."),
            None => "Correct the name, or add what it refers to.".to_owned(),
        };
        self.error(FlowProblemKind::UnknownReference, line, node, sentence, &hint);
    }

    fn files(&mut self) {
        for include in self.around.missing_includes {
            self.error(
                FlowProblemKind::FileMissing,
                0,
                None,
                format!("The flow includes \"{include}\", which is not there."),
                "Correct the path under \"additional_includes\": it is relative to the flow's folder.",
            );
        }
        for node in self.all_nodes() {
            let Some(NodeSource { kind, path, .. }) = &node.source else { continue };
            match path {
                Some(path) if !(self.around.is_file)(path) => self.error(
                    FlowProblemKind::FileMissing,
                    node.line,
                    Some(&node.name),
                    format!(
                        "The node \"{}\" needs the file \"{path}\", which is not there.",
                        node.name
                    ),
                    "Add the file, or correct the path of the node's source.",
                ),
                None if *kind != SourceKind::Package => self.error(
                    FlowProblemKind::FileMissing,
                    node.line,
                    Some(&node.name),
                    format!("The node \"{}\" does not say in which file its code is.", node.name),
                    "Add \"path:\" to its source.",
                ),
                _ => {}
            }
        }
        if let Some(path) = self.flow.environment.as_ref().and_then(|it| it.requirements.as_ref())
            && !(self.around.is_file)(path)
        {
            self.add(
                (Severity::Warning, FlowProblemKind::FileMissing),
                0,
                None,
                format!("The flow's environment names \"{path}\", which is not there."),
                "Add the file, or correct its path.",
            );
        }
        if let Some(module) = self.flow.entry.as_ref().and_then(|entry| entry.split(':').next()) {
            let path = if module.ends_with(".prompty") {
                module.to_owned()
            } else {
                format!("{}.py", module.trim_end_matches(".py").replace('.', "/"))
            };
            let package = format!("{}/__init__.py", module.replace('.', "/"));
            if !(self.around.is_file)(&path) && !(self.around.is_file)(&package) {
                self.error(
                    FlowProblemKind::FileMissing,
                    0,
                    None,
                    format!("The entry of the flow is in \"{path}\", which is not there."),
                    "Add the file, or correct \"entry:\".",
                );
            }
        }
    }

    fn variants(&mut self) {
        for node in self.flow.nodes.iter().filter(|node| node.use_variants) {
            let of_node = self.flow.variants.iter().find(|all| all.node == node.name);
            let (line, sentence) = match of_node {
                None => (
                    node.line,
                    format!("The node \"{}\" uses variants, and none are written.", node.name),
                ),
                Some(all) if all.variants.iter().any(|one| one.id == all.default) => continue,
                Some(all) if all.default.is_empty() => {
                    (all.line, format!("The variants of \"{}\" name no default.", node.name))
                }
                Some(all) => {
                    (all.line, format!("\"{}\" has no variant \"{}\".", node.name, all.default))
                }
            };
            self.error(
                FlowProblemKind::UnknownVariant,
                line,
                Some(&node.name),
                sentence,
                "Set \"default_variant_id\" below \"node_variants\" to one that is there.",
            );
        }
    }

    fn circle(&mut self, graph: &Graph) {
        let Some(first) = graph.circle.first() else { return };
        let line = self.flow.nodes.iter().find(|node| node.name == *first).map_or(0, |n| n.line);
        let sentence = if graph.circle.len() == 1 {
            format!("The node \"{first}\" needs itself, so it can never begin.")
        } else {
            let names: Vec<String> =
                graph.circle.iter().chain([first]).map(|name| format!("\"{name}\"")).collect();
            format!("These nodes need each other in a circle: {}.", names.join(" → "))
        };
        self.error(
            FlowProblemKind::Cycle,
            line,
            Some(first),
            sentence,
            "Take one of the references between them out.",
        );
    }

    fn unused(&mut self, graph: &Graph) {
        // Of what is in a circle nothing can be said.
        if !graph.circle.is_empty() {
            return;
        }
        for node in &graph.nodes {
            let taken = graph.edges.iter().any(|edge| edge.from == node.name);
            if taken || !node.outputs.is_empty() || node.aggregation {
                continue;
            }
            let line =
                self.flow.nodes.iter().find(|own| own.name == node.name).map_or(0, |n| n.line);
            self.add(
                (Severity::Warning, FlowProblemKind::UnusedNode),
                line,
                Some(&node.name),
                format!("Nothing uses what the node \"{}\" gives.", node.name),
                "Refer to it, or take it out: it runs all the same.",
            );
        }
    }

    fn connections(&mut self) {
        let Some(known) = self.around.connections else { return };
        for need in connections_needed(self.flow, &[]) {
            if !known.contains(&need.name) {
                self.error(
                    FlowProblemKind::UnknownConnection,
                    need.line,
                    need.nodes.first().map(String::as_str),
                    format!("There is no connection \"{}\".", need.name),
                    "Add it under Connections, or choose another for this run.",
                );
            }
        }
    }
}

/// Whether two names differ by a letter's case or by one letter.
fn is_near(left: &str, right: &str) -> bool {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let before = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[before..], &b[before..]);
    let after = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    a.len().max(b.len()) - after <= 1
}
