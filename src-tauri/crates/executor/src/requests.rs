//! What is sent to the service.

use domain::secret::Secret;
use serde_json::{Map, Value, json};

/// JSON that may hold secrets: it cannot be serialised by accident, and printing it prints nothing.
#[derive(Clone, Default, PartialEq)]
pub struct Sealed(Value);

impl Sealed {
    /// Seals a value.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value itself. Call this only where it leaves in a request, or to scrub it.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealed(redacted)")
    }
}

/// Where a flow is and where a run writes. All paths are those inside the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub folder: String,
    /// The flow's file, relative to the folder.
    pub file: String,
    /// A folder; the service makes it.
    pub output: String,
    /// A file; its folder must exist.
    pub log: String,
}

/// The run of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    pub run: String,
    pub place: Place,
    pub inputs: Map<String, Value>,
    /// The `connections` object.
    pub connections: Sealed,
    /// Variables of the run's process; their values may be secrets.
    pub variables: Vec<(String, Secret)>,
}

/// The run of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRequest {
    /// Its inputs are those of the flow.
    pub run: RunRequest,
    pub node: String,
    /// What the nodes before it gave, by name.
    pub outputs: Map<String, Value>,
}

/// The beginning of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRequest {
    pub place: Place,
    pub connections: Sealed,
    pub variables: Vec<(String, Secret)>,
    /// Lines at the same time; `None` = as many as the service thinks right.
    pub workers: Option<u32>,
    /// Seconds for a line; `None` = the service's own limit.
    pub line_limit: Option<u32>,
    /// What the constructor of a flex flow's class takes.
    pub init: Map<String, Value>,
}

/// One line of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub run: String,
    /// From 0.
    pub number: u32,
    pub inputs: Map<String, Value>,
}

/// What is known of tools without running them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolMeta {
    /// By file: the tool's `function`, `inputs` with their types, …
    pub tools: Map<String, Value>,
    /// By file: why it cannot be loaded, an error object of the service.
    pub errors: Map<String, Value>,
}

fn object(variables: &[(String, Secret)]) -> Value {
    let pairs = variables.iter().map(|(name, value)| (name.clone(), value.expose().into()));
    Value::Object(pairs.collect())
}

/// Fields that every request has. `user_agent` is told to an LLM's provider.
fn base(place: &Place, connections: &Sealed, variables: &[(String, Secret)]) -> Value {
    json!({
        "working_dir": place.folder,
        "flow_file": place.file,
        "output_dir": place.output,
        "log_path": place.log,
        "connections": connections.expose(),
        "environment_variables": object(variables),
    })
}

impl RunRequest {
    /// The body. It holds what the connections and variables hold: with secrets it is to leave at once.
    pub fn body(&self) -> Value {
        let mut body = base(&self.place, &self.connections, &self.variables);
        body["run_id"] = self.run.as_str().into();
        body["inputs"] = Value::Object(self.inputs.clone());
        body["operation_context"] =
            json!({"request_id": self.run, "user_agent": "promptflow-runtimes"});
        body
    }
}

impl NodeRequest {
    /// The body: see [`RunRequest::body`].
    pub fn body(&self) -> Value {
        let mut body = self.run.body();
        if let Some(inputs) = body.as_object_mut().and_then(|body| body.remove("inputs")) {
            body["flow_inputs"] = inputs;
        }
        body["node_name"] = self.node.as_str().into();
        body["dependency_nodes_outputs"] = Value::Object(self.outputs.clone());
        body
    }
}

impl BatchRequest {
    /// The body: see [`RunRequest::body`].
    pub fn body(&self) -> Value {
        let mut body = base(&self.place, &self.connections, &self.variables);
        if let Some(workers) = self.workers {
            body["worker_count"] = workers.into();
        }
        if let Some(limit) = self.line_limit {
            body["line_timeout_sec"] = limit.into();
        }
        if !self.init.is_empty() {
            body["init_kwargs"] = Value::Object(self.init.clone());
        }
        body
    }
}

impl Line {
    /// The body.
    pub fn body(&self) -> Value {
        json!({"run_id": self.run, "line_number": self.number, "inputs": self.inputs})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn request() -> RunRequest {
        RunRequest {
            run: "r1".into(),
            place: Place {
                folder: "/f/x".into(),
                file: "flow.dag.yaml".into(),
                output: "/o/r1".into(),
                log: "/o/r1.log".into(),
            },
            inputs: Map::from_iter([("text".to_owned(), "hi".into())]),
            connections: Sealed::new(json!({"c": {"value": {"api_key": "hunter2"}}})),
            variables: vec![("KEY".into(), Secret::new("hunter3".into()))],
        }
    }

    #[test]
    fn a_body_has_the_services_fields_and_a_request_prints_no_secret() {
        let node = NodeRequest {
            run: request(),
            node: "n".into(),
            outputs: Map::from_iter([("first".to_owned(), "abc".into())]),
        };
        assert_eq!(
            node.body(),
            json!({
                "run_id": "r1", "working_dir": "/f/x", "flow_file": "flow.dag.yaml", "output_dir": "/o/r1",
                "log_path": "/o/r1.log", "connections": {"c": {"value": {"api_key": "hunter2"}}},
                "environment_variables": {"KEY": "hunter3"}, "flow_inputs": {"text": "hi"},
                "node_name": "n", "dependency_nodes_outputs": {"first": "abc"},
                "operation_context": {"request_id": "r1", "user_agent": "promptflow-runtimes"}
            })
        );
        assert_eq!(node.run.body()["inputs"], json!({"text": "hi"}));
        let printed = format!("{node:?}");
        assert!(printed.contains("r1") && !printed.contains("hunter"), "{printed}");
    }
}
