//! Running a flow from one of its nodes on: what is taken over of an earlier run, and how it gets there.

use std::collections::BTreeMap;

use domain::{
    finding::Problem,
    flow::{
        Document, FlowId, FlowRunId, NodeRun, NodeRunState, Taken, inputs, nodes_taken_over,
        with_taken_over,
    },
    scrub::SCRUBBED,
};
use history::KeptRun;
use serde_json::{Map, Value};

use super::{
    kept, place,
    prepare::{self, Chosen},
};
use crate::{api::StartFlowRun, context::App};

/// What its file of a node taken over is called in the folder of the run, by the node's place.
const TOOL: &str = "taken_over.py";

/// Gives what a node gave before. Nothing of it may be found by the person's own code.
const CODE: &str = r#"
import json
import os

try:
    from promptflow.core import tool
except ImportError:
    from promptflow import tool


@tool
def taken_over(file: str):
    beside = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(beside, file), encoding="utf-8") as kept:
        return json.load(kept)
"#;

/// What a run takes over of an earlier one.
pub(super) struct TakenOver {
    nodes: BTreeMap<String, Taken>,
    /// The service's objects of these nodes, as they were.
    infos: Map<String, Value>,
    /// Values of the flow's inputs; those that are not kept whole are taken as typed.
    pub inputs: Map<String, Value>,
}

/// Looks for everything that is needed of the earlier run; what is missing is refused.
pub(super) async fn take_over(
    app: &App,
    chosen: &Chosen,
    request: &StartFlowRun,
    node: &str,
) -> Result<TakenOver, Problem> {
    let Some(from) = &request.from else {
        return Err(Problem::field("from", "Choose the run whose outputs are taken over.")
            .hint("Run the whole flow first."));
    };
    let kept = former(app, &request.flow, from).await?;
    let infos = kept.answer.as_ref().map_or(&Value::Null, |answer| &answer["node_run_infos"]);
    let nodes =
        nodes_taken_over(&chosen.flow, &chosen.graph, node, |name| Taken::read(&infos[name]))?;
    let infos = nodes.keys().map(|name| (name.clone(), infos[name].clone())).collect();
    let inputs = inputs_of(chosen, request, &kept).await?;
    Ok(TakenOver { nodes, infos, inputs })
}

/// The earlier run, when it can give anything.
async fn former(app: &App, flow: &FlowId, from: &FlowRunId) -> Result<KeptRun, Problem> {
    let kept = kept::kept(app, from).await?;
    let refuse = |sentence: &str| {
        Err(Problem::field("from", sentence).hint("Choose another run, or run the whole flow."))
    };
    if kept.run.flow != *flow {
        return refuse("The run that outputs are to be taken of is one of another flow.");
    }
    if kept.run.node.is_some() {
        return refuse("The run that outputs are to be taken of was one of a single node.");
    }
    if !kept.run.state.is_final() {
        return refuse("The run that outputs are to be taken of has not ended.");
    }
    if kept.answer.is_none() {
        return refuse("The run that outputs are to be taken of has none that are kept.");
    }
    Ok(kept)
}

/// Whether a value is kept as it was.
pub(super) fn is_whole(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text != prepare::IMAGE
                && !text.starts_with(prepare::LONG_TEXT)
                && !text.contains(SCRUBBED)
        }
        other => !other.to_string().contains(SCRUBBED),
    }
}

/// The inputs of the earlier run: what is taken over was made of them.
async fn inputs_of(
    chosen: &Chosen,
    request: &StartFlowRun,
    kept: &KeptRun,
) -> Result<Map<String, Value>, Problem> {
    let whole = |name: &str| kept.inputs.get(name).filter(|value| is_whole(value));
    let all = &chosen.flow.inputs;
    let typed: Vec<String> =
        all.iter().map(|input| input.name.clone()).filter(|name| whole(name).is_none()).collect();
    let mut texts = request.inputs.clone();
    texts.retain(|name, _| typed.contains(name));
    let mut values = prepare::input_values(chosen, &texts, Some(&typed)).await?;
    for input in all {
        if let Some(value) = whole(&input.name) {
            values.insert(input.name.clone(), value.clone());
        }
    }
    Ok(values)
}

impl TakenOver {
    /// The inputs as they would be typed; images as they were typed.
    pub fn typed(&self, request: &StartFlowRun) -> BTreeMap<String, String> {
        let typed = |(name, value): (&String, &Value)| {
            let text = match (value, request.inputs.get(name)) {
                (Value::Object(_), Some(typed)) => typed.clone(),
                _ => inputs::as_typed(value),
            };
            (name.clone(), text)
        };
        self.inputs.iter().map(typed).collect()
    }

    /// Whether a node is taken over.
    pub fn has(&self, node: &str) -> bool {
        self.nodes.contains_key(node)
    }

    /// How such a node stands from the begin on.
    pub fn node_run(&self, node: &str) -> NodeRun {
        let state = match self.nodes.get(node) {
            Some(Taken::Bypassed) => NodeRunState::Bypassed,
            Some(Taken::Gave(_)) => NodeRunState::Completed,
            None => return NodeRun::waiting(node),
        };
        NodeRun { state, taken_over: true, ..NodeRun::waiting(node) }
    }

    /// The flow's file as it is sent.
    pub fn document(&self, document: &Document, run: &FlowRunId) -> Document {
        let tool = format!("{}/{TOOL}", place::from_flow_to_run(run));
        with_taken_over(document, &self.nodes, &tool, |node| self.file(node))
    }

    fn file(&self, node: &str) -> String {
        let at = self.nodes.keys().position(|name| name == node).unwrap_or_default();
        format!("taken_over_{at}.json")
    }

    /// Files in the folder of the run.
    pub fn files(&self) -> Vec<(String, String)> {
        let gave = self.nodes.iter().filter_map(|(name, taken)| match taken {
            Taken::Gave(value) => Some((self.file(name), value.to_string())),
            Taken::Bypassed => None,
        });
        gave.chain([(TOOL.to_owned(), CODE.to_owned())]).collect()
    }

    /// Puts what the nodes took and gave then in the place of what stood for them.
    pub fn put_back(&self, answer: &mut Value) {
        if let Some(all) = answer["node_run_infos"].as_object_mut() {
            all.extend(self.infos.clone());
        }
    }
}
