//! From a row of a file to the inputs of one execution.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use super::{Mapping, Source, mapping};
use crate::flow::{FlowInput, ValueKind, inputs};

/// A row as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct DataRow {
    /// From 0; bad rows count as well.
    pub number: u32,
    /// The line of the file at which it begins, from 1.
    pub line: u64,
    /// By column. The error is a full sentence: why the row cannot be read.
    pub values: Result<Map<String, Value>, String>,
    /// Its values are texts that stand for values of any type, as in CSV: an empty one is none.
    pub is_text: bool,
}

/// The same row of another batch run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtherRun {
    pub inputs: Map<String, Value>,
    pub outputs: Map<String, Value>,
}

/// Why a row cannot run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowProblem {
    /// From 0.
    pub row: u32,
    /// From 1.
    pub line: u64,
    /// The input that it is about; `None` = the row itself.
    pub input: Option<String>,
    /// A full sentence that begins with the row, counted from 1.
    pub sentence: String,
}

/// One row as the preview shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowPreview {
    /// From 0.
    pub row: u32,
    /// From 1.
    pub line: u64,
    /// Inputs by name; empty = it has a problem.
    #[ts(type = "Record<string, unknown>")]
    pub inputs: Map<String, Value>,
    pub problems: Vec<RowProblem>,
}

/// The inputs of one row, each of its type. What has no value gets its default.
pub fn inputs_of_row(
    flow: &[FlowInput],
    mapping: &Mapping,
    row: &DataRow,
    other: Option<&OtherRun>,
) -> Result<Map<String, Value>, Vec<RowProblem>> {
    let problem = |input: Option<&str>, sentence: &str| RowProblem {
        row: row.number,
        line: row.line,
        input: input.map(str::to_owned),
        sentence: format!("Row {} (line {}): {sentence}", u64::from(row.number) + 1, row.line),
    };
    let data = match &row.values {
        Ok(data) => data,
        Err(sentence) => return Err(vec![problem(None, sentence)]),
    };
    let mut values = Map::new();
    let mut problems = Vec::new();
    for input in flow {
        let written = mapping.get(&input.name).filter(|written| !written.trim().is_empty());
        let value = match written {
            None => otherwise(input, "it gets no value"),
            Some(written) => mapping::read(input, written).and_then(|source| {
                let (found, place) = match &source {
                    Source::Literal(value) => return Ok(value.clone()),
                    Source::Data(name) => (at(data, name), format!("the column \"{name}\"")),
                    Source::RunInput(name) => (
                        other.and_then(|other| at(&other.inputs, name)),
                        format!("the other run's input \"{name}\""),
                    ),
                    Source::RunOutput(name) => (
                        other.and_then(|other| at(&other.outputs, name)),
                        format!("the other run's output \"{name}\""),
                    ),
                };
                let is_text = row.is_text && matches!(source, Source::Data(_));
                value_of(input, found, is_text, &place)
            }),
        };
        match value {
            Ok(value) => {
                values.insert(input.name.clone(), value);
            }
            Err(sentence) => problems.push(problem(Some(&input.name), &sentence)),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// The first rows with their inputs, or with what is wrong.
pub fn preview(
    flow: &[FlowInput],
    mapping: &Mapping,
    rows: &[DataRow],
    other: impl Fn(u32) -> Option<OtherRun>,
) -> Vec<RowPreview> {
    rows.iter()
        .map(|row| {
            let made = inputs_of_row(flow, mapping, row, other(row.number).as_ref());
            let (inputs, problems) = match made {
                Ok(inputs) => (inputs, vec![]),
                Err(problems) => (Map::new(), problems),
            };
            RowPreview { row: row.number, line: row.line, inputs, problems }
        })
        .collect()
}

/// The value of this name; else of what its first part names, and so on inwards.
fn at<'a>(values: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = values.get(name) {
        return Some(found);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = values.get(&name[..dot])?.as_object()?;
        at(inner, &name[dot + 1..])
    })
}

/// What an input gets that has no value of its own.
fn otherwise(input: &FlowInput, why: &str) -> Result<Value, String> {
    match &input.default {
        Some(default) => Ok(default.clone()),
        None if input.is_chat_history => Ok(Value::Array(vec![])),
        None => Err(format!("\"{}\" needs a value, but {why}.", input.name)),
    }
}

fn value_of(
    input: &FlowInput,
    found: Option<&Value>,
    is_text: bool,
    place: &str,
) -> Result<Value, String> {
    match (found, input.kind) {
        (None | Some(Value::Null), _) => otherwise(input, &format!("{place} has none")),
        // An empty cell is an empty text only where a text is wanted and nothing else is known.
        (Some(Value::String(text)), kind) if is_text && text.trim().is_empty() => {
            if kind == ValueKind::String && input.default.is_none() {
                Ok(text.as_str().into())
            } else {
                otherwise(input, &format!("{place} is empty"))
            }
        }
        (Some(Value::String(text)), _) => inputs::typed(input, text),
        (Some(value @ Value::Object(_)), ValueKind::Image | ValueKind::Object)
        | (Some(value), ValueKind::Other)
        | (Some(value @ Value::Array(_)), ValueKind::List)
        | (Some(value @ Value::Bool(_)), ValueKind::Bool)
        | (Some(value @ Value::Number(_)), ValueKind::Double) => Ok(value.clone()),
        (Some(value), ValueKind::String) => Ok(value.to_string().into()),
        (Some(Value::Number(number)), ValueKind::Int) => match number.as_i64() {
            Some(whole) => Ok(whole.into()),
            None => inputs::typed(input, number.to_string().trim_end_matches(".0")),
        },
        (Some(value), _) => inputs::typed(input, &value.to_string()),
    }
}
