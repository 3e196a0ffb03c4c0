//! Running a flow from one of its nodes on, with what the nodes before it gave in an earlier run.
//!
//! The service has no request for that. What is sent is the flow with other nodes in the place of those that
//! are taken over: they give what was given then, and one that was bypassed is bypassed again. Everything
//! else is left to the service, so that conditions, defaults of bypassed inputs, aggregation, outputs, limits
//! and a cancel are those of any run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Content, Document, Flow, Graph, Node};
use crate::{finding::Problem, scrub::SCRUBBED};

/// What a node gave in an earlier run.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    Gave(Value),
    /// Its condition, or those before it, kept it from running.
    Bypassed,
}

impl Taken {
    /// Reads the service's object of a node. The error says why it cannot stand for the node, as the end of
    /// a sentence about it.
    pub fn read(info: &Value) -> Result<Self, &'static str> {
        match (info["status"].as_str(), info.get("output")) {
            (Some("Bypassed"), _) => Ok(Self::Bypassed),
            (Some("Completed"), Some(output)) if holds_image(output) => {
                Err("gave an image, and images are not kept with a run")
            }
            (Some("Completed"), Some(output)) if holds_text(output, SCRUBBED) => {
                Err("gave something that held a secret, and secrets are not kept with a run")
            }
            (Some("Completed"), Some(output)) => Ok(Self::Gave(output.clone())),
            (None, _) => Err("was no part of that run"),
            _ => Err("did not complete in that run"),
        }
    }
}

/// An image is a map with one key, e.g. `data:image/png;path`.
fn holds_image(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_image),
        Value::Object(map) => {
            map.keys().any(|key| key.starts_with("data:image/")) || map.values().any(holds_image)
        }
        _ => false,
    }
}

fn holds_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds_text(item, text)),
        Value::Object(map) => {
            map.iter().any(|(key, value)| key.contains(text) || holds_text(value, text))
        }
        _ => false,
    }
}

/// The nodes that are taken over when the flow runs from `node` on, with what each gave. `former` tells what
/// a node gave in the earlier run.
///
/// Those that `node` needs, near or far, have to be there; a problem names the first that is not. Of the
/// others, what is not downstream of `node` is taken over where that is possible; where it is not, because
/// that run had ended before it, it runs as well, with all that needs it. Nodes that run over all rows always
/// run: what they measure is told only then.
pub fn nodes_taken_over(
    flow: &Flow,
    graph: &Graph,
    node: &str,
    former: impl Fn(&str) -> Result<Taken, &'static str>,
) -> Result<BTreeMap<String, Taken>, Problem> {
    if !flow.nodes.iter().any(|own| own.name == node) {
        return Err(Problem::field(
            "fromNode",
            format!("The flow has no node \"{node}\" any more."),
        )
        .hint("Choose another node, or run the whole flow."));
    }
    let over_all = |name: &str| flow.nodes.iter().any(|own| own.name == name && own.aggregation);
    let before = reached(node, |name| graph.before(name).collect());
    let mut runs = BTreeSet::from([node]);
    let mut taken = BTreeMap::new();
    for own in flow.nodes.iter().filter(|own| own.name != node && !over_all(&own.name)) {
        match former(&own.name) {
            Ok(gave) => {
                taken.insert(own.name.clone(), gave);
            }
            Err(why) if before.contains(own.name.as_str()) => {
                return Err(Problem::field(
                    "from",
                    format!("\"{node}\" needs what \"{}\" gives, but that {why}.", own.name),
                )
                .hint("Choose another run, begin at an earlier node, or run the whole flow."));
            }
            Err(_) => {
                runs.insert(&own.name);
            }
        }
    }
    let after = |name: &str| {
        let edges = graph.edges.iter().filter(move |edge| edge.from == name);
        edges.map(|edge| edge.to.as_str()).collect()
    };
    for start in runs {
        taken.remove(start);
        for name in reached(start, after) {
            taken.remove(name);
        }
    }
    Ok(taken)
}

/// Everything that is reached from a node, step by step; not the node itself.
fn reached<'a>(from: &'a str, next: impl Fn(&'a str) -> Vec<&'a str>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = next(from);
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(next(name));
        }
    }
    found
}

/// The flow's file with other nodes in the place of those that are taken over. `tool` is the path of a tool
/// that takes `file` and gives what is in it; `file` tells it for each node.
pub fn with_taken_over(
    document: &Document,
    taken: &BTreeMap<String, Taken>,
    tool: &str,
    file: impl Fn(&str) -> String,
) -> Document {
    let mut document = document.clone();
    let Some(Node { content: Content::List(nodes), .. }) = document.get_mut("nodes") else {
        return document;
    };
    for node in nodes {
        let Some(name) = node.get("name").and_then(Node::text) else { continue };
        let Some(gave) = taken.get(&name) else { continue };
        let mut other = json!({
            "name": name,
            "type": "python",
            "source": {"type": "code", "path": tool},
            "inputs": {"file": file(&name)},
        });
        if *gave == Taken::Bypassed {
            // Two texts that never are the same: the service bypasses it, and what that leads to is its matter.
            other["activate"] = json!({"when": "taken over", "is": "bypassed"});
        }
        node.content = other.into();
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::read;

    fn flow() -> (Document, Flow, Graph) {
        let node = |name: &str, needs: &[&str]| {
            let inputs: serde_json::Map<_, _> = needs
                .iter()
                .map(|need| (format!("of_{need}"), Value::from(format!("${{{need}.output}}"))))
                .collect();
            json!({"name": name, "type": "python", "inputs": inputs,
                "source": {"type": "code", "path": format!("{name}.py")}})
        };
        let mut all = node("all", &["join"]);
        all["aggregation"] = true.into();
        let document: Content = json!({"nodes": [
            node("first", &[]), node("left", &["first"]), node("right", &["first"]),
            node("beside", &["right"]), node("join", &["left", "right"]), all,
        ]})
        .into();
        let document = Document { content: document, ..Document::default() };
        let flow = read(&document, "flow.dag.yaml").flow;
        let graph = Graph::of(&flow, |node| node);
        (document, flow, graph)
    }

    fn taken(node: &str, without: &[&str]) -> Result<Vec<String>, String> {
        let (_, flow, graph) = flow();
        let former = |name: &str| {
            if without.contains(&name) {
                Err("did not complete in that run")
            } else {
                Ok(Taken::Gave(name.into()))
            }
        };
        nodes_taken_over(&flow, &graph, node, former)
            .map(|taken| taken.into_keys().collect())
            .map_err(|problem| problem.sentence)
    }

    #[test]
    fn what_is_not_downstream_is_taken_over() {
        let names = |all: &[&str]| Ok(all.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(taken("first", &[]), names(&[]));
        assert_eq!(taken("left", &["left", "join"]), names(&["beside", "first", "right"]));
        assert_eq!(taken("join", &[]), names(&["beside", "first", "left", "right"]));
        assert_eq!(taken("all", &[]), names(&["beside", "first", "join", "left", "right"]));
        // What that run never came to runs as well, with all that needs it.
        assert_eq!(taken("left", &["right"]), names(&["first"]));
        assert_eq!(taken("left", &["beside", "left", "join"]), names(&["first", "right"]));
    }

    #[test]
    fn what_is_needed_has_to_be_there() {
        assert_eq!(
            taken("left", &["first"]),
            Err("\"left\" needs what \"first\" gives, but that did not complete in that run."
                .into())
        );
        // Also from afar.
        assert!(taken("join", &["first"]).is_err());
        assert_eq!(taken("gone", &[]), Err("The flow has no node \"gone\" any more.".into()));
    }

    #[test]
    fn a_result_is_read_from_what_the_service_told_of_the_node() {
        let read = |info: Value| Taken::read(&info);
        assert_eq!(
            read(json!({"status": "Completed", "output": null})),
            Ok(Taken::Gave(Value::Null))
        );
        assert_eq!(read(json!({"status": "Bypassed", "output": null})), Ok(Taken::Bypassed));
        for (info, why) in [
            (json!(null), "was no part"),
            (json!({"status": "Failed", "output": null}), "did not complete"),
            (json!({"status": "Completed", "output": [{"data:image/png;path": "a.png"}]}), "image"),
            (json!({"status": "Completed", "output": {"a": "b**secret**"}}), "secret"),
        ] {
            let told = read(info).expect_err("not usable");
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn the_file_gives_what_was_given_and_bypasses_what_was_bypassed() {
        let (document, ..) = flow();
        let taken = BTreeMap::from([
            ("first".to_owned(), Taken::Gave(1.into())),
            ("right".to_owned(), Taken::Bypassed),
        ]);
        let made = with_taken_over(&document, &taken, "../given.py", |name| format!("{name}.json"));
        let nodes = &made.value()["nodes"];
        assert_eq!(
            nodes[0],
            json!({"name": "first", "type": "python", "inputs": {"file": "first.json"},
                "source": {"type": "code", "path": "../given.py"}})
        );
        assert_eq!(nodes[1], document.value()["nodes"][1]);
        assert_eq!(nodes[2]["activate"], json!({"when": "taken over", "is": "bypassed"}));
    }
}
