//! Where each input of a flow comes from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    finding::Problem,
    flow::{FlowInput, inputs},
};

/// For each input by name, what a person wrote: `${data.COLUMN}`, `${run.inputs.NAME}`,
/// `${run.outputs.NAME}`, or the value itself. An input that is missing, or empty, stands for its default.
pub type Mapping = BTreeMap<String, String>;

/// What a mapping of one input means.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A column of the row; with dots also a value inside one.
    Data(String),
    /// An input of the same row of another batch run.
    RunInput(String),
    /// An output of the same row of another batch run.
    RunOutput(String),
    /// This value for each row.
    Literal(Value),
}

impl Source {
    /// As it is written in a mapping; `None` = it is a value.
    pub fn written(&self) -> Option<String> {
        match self {
            Self::Data(name) => Some(format!("${{data.{name}}}")),
            Self::RunInput(name) => Some(format!("${{run.inputs.{name}}}")),
            Self::RunOutput(name) => Some(format!("${{run.outputs.{name}}}")),
            Self::Literal(_) => None,
        }
    }
}

/// Reads what was written for one input. The error is a full sentence.
pub fn read(input: &FlowInput, written: &str) -> Result<Source, String> {
    let trimmed = written.trim();
    let inside = trimmed.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let Some(inside) = inside.filter(|inside| !inside.contains(['{', '}'])) else {
        return inputs::typed(input, written).map(Source::Literal);
    };
    let inside = inside.trim();
    let of = |prefix: &str| inside.strip_prefix(prefix).filter(|name| !name.is_empty());
    if let Some(name) = of("data.") {
        return Ok(Source::Data(name.to_owned()));
    }
    if let Some(name) = of("run.inputs.") {
        return Ok(Source::RunInput(name.to_owned()));
    }
    if let Some(name) = of("run.outputs.") {
        return Ok(Source::RunOutput(name.to_owned()));
    }
    Err(format!(
        "\"{}\" cannot be taken from {trimmed}: write ${{data.COLUMN}}, ${{run.inputs.NAME}} or ${{run.outputs.NAME}}.",
        input.name
    ))
}

/// A name as it is compared: `Chat History` and `chat_history` are the same.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The name that is meant: the same, else the only one that differs in case, spaces and lines alone.
fn same<'a>(name: &str, among: &'a [String]) -> Option<&'a String> {
    let bare_name = bare(name);
    let mut alike = among.iter().filter(|own| bare(own) == bare_name);
    among.iter().find(|own| *own == name).or_else(|| {
        let found = alike.next()?;
        alike.next().is_none().then_some(found)
    })
}

/// A mapping by equal names: columns of the file first, then outputs, then inputs of the other run. Inputs
/// without such a name are left out.
pub fn propose(
    inputs: &[FlowInput],
    columns: &[String],
    run_inputs: &[String],
    run_outputs: &[String],
) -> Mapping {
    let source = |input: &FlowInput| {
        let name = &input.name;
        same(name, columns)
            .map(|found| Source::Data(found.clone()))
            .or_else(|| same(name, run_outputs).map(|found| Source::RunOutput(found.clone())))
            .or_else(|| same(name, run_inputs).map(|found| Source::RunInput(found.clone())))
            .and_then(|source| source.written())
    };
    inputs.iter().filter_map(|input| Some((input.name.clone(), source(input)?))).collect()
}

/// What is wrong with a mapping before any row is read. `columns` are those of the file; `other` the names
/// of inputs and of outputs of the other run, `None` = none was chosen. Each problem's field is
/// `mapping.NAME`.
pub fn check(
    flow: &[FlowInput],
    mapping: &Mapping,
    columns: &[String],
    other: Option<(&[String], &[String])>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |name: &str, sentence: String| {
        problems.push(Problem::field(&format!("mapping.{name}"), sentence));
    };
    for name in mapping.keys() {
        if !flow.iter().any(|input| input.name == *name) {
            add(name, format!("The flow has no input \"{name}\"."));
        }
    }
    for input in flow {
        let name = &input.name;
        let written = mapping.get(name).filter(|written| !written.trim().is_empty());
        let Some(written) = written else {
            if input.default.is_none() && !input.is_chat_history {
                add(
                    name,
                    format!("\"{name}\" gets no value: choose a column for it, or write a value."),
                );
            }
            continue;
        };
        match (read(input, written), other) {
            (Err(sentence), _) => add(name, sentence),
            (Ok(Source::Data(column)), _) if !has(columns, &column) => add(
                name,
                format!(
                    "\"{name}\" is taken from the column \"{column}\", which the file does not have."
                ),
            ),
            (Ok(Source::RunInput(_) | Source::RunOutput(_)), None) => add(
                name,
                format!("\"{name}\" is taken from another batch run, and none is chosen."),
            ),
            (Ok(Source::RunInput(own)), Some((inputs, _))) if !has(inputs, &own) => add(
                name,
                format!(
                    "\"{name}\" is taken from the input \"{own}\", which the other run does not have."
                ),
            ),
            (Ok(Source::RunOutput(own)), Some((_, outputs))) if !has(outputs, &own) => add(
                name,
                format!(
                    "\"{name}\" is taken from the output \"{own}\", which the other run does not have."
                ),
            ),
            (Ok(_), _) => {}
        }
    }
    problems
}

/// Whether a name, or what its path begins with, is there.
fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|own| {
        wanted
            .strip_prefix(own.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
