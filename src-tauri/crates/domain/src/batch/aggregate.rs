//! What the nodes get that run once over all rows, and what they measure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// Lists over the rows that completed, in their order. Each list is as long as there are such rows: where
/// a row has no value, there is a null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregation {
    rows: usize,
    inputs: BTreeMap<String, Vec<Value>>,
    outputs: BTreeMap<String, Vec<Value>>,
}

impl Aggregation {
    /// Adds a row that completed: its inputs, and what the service answered as `aggregation_inputs`. Rows
    /// are added in their order.
    pub fn add(&mut self, inputs: Map<String, Value>, outputs: Map<String, Value>) {
        put(&mut self.inputs, self.rows, inputs);
        put(&mut self.outputs, self.rows, outputs);
        self.rows += 1;
    }

    /// How many rows were added.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The lists for the service: of the inputs by name, and of outputs by `${node.output}`.
    pub fn finish(self) -> (Value, Value) {
        let whole = |lists: BTreeMap<String, Vec<Value>>| {
            let lists = lists.into_iter().map(|(name, mut list)| {
                list.resize(self.rows, Value::Null);
                (name, Value::Array(list))
            });
            Value::Object(lists.collect())
        };
        (whole(self.inputs), whole(self.outputs))
    }
}

fn put(lists: &mut BTreeMap<String, Vec<Value>>, row: usize, values: Map<String, Value>) {
    for (name, value) in values {
        let list = lists.entry(name).or_default();
        list.resize(row, Value::Null);
        list.push(value);
    }
}

/// One number that a flow measured over all rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// With dots where the flow measured several under one name, e.g. `accuracy.variant_0`.
    pub name: String,
    pub value: f64,
}

/// Metrics in the service's answer to an aggregation, by name. What is no number is none.
pub fn metrics(answer: &Value) -> Vec<Metric> {
    let mut found = Vec::new();
    collect(&mut found, "", &answer["metrics"]);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn collect(found: &mut Vec<Metric>, before: &str, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        match value.as_f64() {
            Some(value) => found.push(Metric { name, value }),
            None => collect(found, &name, value),
        }
    }
}
