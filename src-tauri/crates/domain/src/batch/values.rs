//! Inputs and outputs of a row by their names.

use serde_json::Value;

/// What an output is called that has no name of its own, as Prompt flow calls it.
const OUTPUT: &str = "output";

/// What a row was given or gave, by name. A flow that is a function may give something else than an object:
/// that is called `output`. A null is nothing.
pub fn named_values(values: &Value) -> Vec<(&str, &Value)> {
    match values {
        Value::Null => vec![],
        Value::Object(values) => {
            values.iter().map(|(name, value)| (name.as_str(), value)).collect()
        }
        other => vec![(OUTPUT, other)],
    }
}
