//! The graph of a flow: which node needs which.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Flow, FlowNode, FlowOutput, Reference};

/// Why a node needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum EdgeKind {
    /// It takes what the other gives.
    Data,
    /// Its condition looks at what the other gives.
    Activation,
}

/// What goes from one node to another. Inputs of the flow are no nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GraphNode {
    pub name: String,
    /// 0 = needs no other node; otherwise one more than the highest of those it needs. Nodes of a
    /// circle, and what needs them, come after all others.
    pub level: u32,
    pub aggregation: bool,
    /// Inputs of the flow that it takes.
    pub inputs: Vec<String>,
    /// Outputs of the flow that it gives.
    pub outputs: Vec<String>,
}

/// Nodes in an order in which they may run, and edges. Variants stand as chosen by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<Edge>,
    /// Nodes of one circle, in their order; empty = there is none.
    pub circle: Vec<String>,
}

impl Graph {
    /// The graph of a flow. `node` gives each node as it is with the variant chosen for it.
    pub fn of<'a>(flow: &'a Flow, node: impl Fn(&'a FlowNode) -> &'a FlowNode) -> Self {
        let known: BTreeSet<&str> = flow.nodes.iter().map(|node| node.name.as_str()).collect();
        let mut edges = BTreeSet::new();
        let mut inputs: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for own in &flow.nodes {
            let chosen = node(own);
            let data = chosen
                .inputs
                .iter()
                .filter_map(|input| Some((input.reference.as_ref()?, EdgeKind::Data)));
            let condition = chosen
                .activate
                .iter()
                .filter_map(|activate| Some((activate.reference.as_ref()?, EdgeKind::Activation)));
            for (reference, kind) in data.chain(condition) {
                match reference {
                    Reference::Node { name, .. } if known.contains(name.as_str()) => {
                        edges.insert(Edge { from: name.clone(), to: own.name.clone(), kind });
                    }
                    Reference::Input { name } => {
                        let taken = inputs.entry(&own.name).or_default();
                        if !taken.contains(name) {
                            taken.push(name.clone());
                        }
                    }
                    Reference::Node { .. } => {}
                }
            }
        }
        let edges: Vec<Edge> = edges.into_iter().collect();
        let (order, left) = ordered(flow, &edges);
        let after_all = order.iter().map(|(_, level)| level + 1).max().unwrap_or(0);
        let circle = circle(&left, &edges);
        let placed = order.into_iter().chain(left.into_iter().map(|name| (name, after_all)));
        let nodes = placed
            .map(|(name, level)| GraphNode {
                aggregation: flow.nodes.iter().any(|own| own.name == name && own.aggregation),
                inputs: inputs.get(name).cloned().unwrap_or_default(),
                outputs: flow
                    .outputs
                    .iter()
                    .filter(|output| gives(output, name))
                    .map(|output| output.name.clone())
                    .collect(),
                name: name.to_owned(),
                level,
            })
            .collect();
        Self { nodes, edges, circle }
    }

    /// Names of the nodes that a node takes something from, or whose result decides about it.
    pub fn before<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a str> {
        self.edges.iter().filter(move |edge| edge.to == node).map(|edge| edge.from.as_str())
    }
}

fn gives(output: &FlowOutput, node: &str) -> bool {
    matches!(Reference::parse(&output.reference), Some(Reference::Node { name, .. }) if name == node)
}

/// Nodes that can be put into an order, each with its level; and those that cannot.
fn ordered<'a>(flow: &'a Flow, edges: &[Edge]) -> (Vec<(&'a str, u32)>, Vec<&'a str>) {
    let mut order: Vec<(&str, u32)> = Vec::new();
    let mut levels: BTreeMap<&str, u32> = BTreeMap::new();
    let mut left: Vec<&str> = Vec::new();
    for node in &flow.nodes {
        if !left.contains(&node.name.as_str()) {
            left.push(&node.name);
        }
    }
    loop {
        let ready: Vec<(&str, u32)> = left
            .iter()
            .filter_map(|name| {
                let mut level = 0;
                for edge in edges.iter().filter(|edge| edge.to == *name) {
                    level = level.max(levels.get(edge.from.as_str())? + 1);
                }
                Some((*name, level))
            })
            .collect();
        if ready.is_empty() {
            return (order, left);
        }
        for (name, level) in ready {
            levels.insert(name, level);
            order.push((name, level));
            left.retain(|other| *other != name);
        }
    }
}

/// One circle among nodes that cannot be ordered.
fn circle(left: &[&str], edges: &[Edge]) -> Vec<String> {
    let Some(first) = left.first() else { return vec![] };
    // Every node that is left needs another that is left: going back finds a circle in time.
    let mut path: Vec<&str> = vec![first];
    loop {
        let now = path[path.len() - 1];
        let next = edges
            .iter()
            .find(|edge| edge.to == now && left.contains(&edge.from.as_str()))
            .map(|edge| edge.from.as_str());
        let Some(next) = next else { return vec![] };
        if let Some(at) = path.iter().position(|name| *name == next) {
            let mut circle: Vec<String> = path[at..].iter().map(ToString::to_string).collect();
            circle.reverse();
            return circle;
        }
        path.push(next);
    }
}
