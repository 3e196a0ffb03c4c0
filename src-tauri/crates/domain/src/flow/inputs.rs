//! Inputs: from what a person types to values, and what a form begins with.

use serde_json::{Map, Value};

use super::{Flow, FlowInput, FlowKind, Reference, ValueKind};
use crate::finding::Problem;

/// The value of a typed text. The error is a full sentence.
pub fn typed(input: &FlowInput, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    let name = &input.name;
    let needs = |what: &str| {
        if trimmed.is_empty() {
            format!("\"{name}\" needs a value: {what}.")
        } else {
            format!("\"{name}\" needs {what}; \"{}\" is none.", short(trimmed))
        }
    };
    match input.kind {
        ValueKind::String => Ok(text.into()),
        ValueKind::Int => {
            trimmed.parse::<i64>().map(Value::from).map_err(|_| needs("a whole number"))
        }
        ValueKind::Double => trimmed
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::from)
            .ok_or_else(|| needs("a number, with a point before its fraction")),
        ValueKind::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(needs("true or false")),
        },
        ValueKind::List => match json(name, trimmed, "a list such as [\"a\", \"b\"]")? {
            list @ Value::Array(_) => Ok(list),
            _ => Err(needs("a list such as [\"a\", \"b\"]")),
        },
        ValueKind::Object => match json(name, trimmed, "an object such as {\"a\": 1}")? {
            object @ Value::Object(_) => Ok(object),
            _ => Err(needs("an object such as {\"a\": 1}")),
        },
        ValueKind::Image if trimmed.is_empty() => Err(needs("the path or address of an image")),
        ValueKind::Image => match serde_json::from_str(trimmed) {
            Ok(object @ Value::Object(_)) => Ok(object),
            _ => Ok(trimmed.into()),
        },
        ValueKind::Other => match serde_json::from_str(trimmed) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
            _ => Ok(text.into()),
        },
    }
}

fn json(name: &str, text: &str, what: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err(format!("\"{name}\" needs a value: {what}."));
    }
    serde_json::from_str(text).map_err(|error| {
        format!(
            "\"{name}\" needs {what} in JSON. It breaks off in line {}, at character {}.",
            error.line(),
            error.column()
        )
    })
}

fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A value as it would be typed.
pub fn as_typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(value).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

/// Values for a run. What was not typed, or typed empty where that is no value, is its default.
/// `only` = these inputs alone are needed. `field` begins each problem's field, e.g. `inputs`.
pub fn values<'a>(
    inputs: impl IntoIterator<Item = &'a FlowInput>,
    typed_texts: &std::collections::BTreeMap<String, String>,
    only: Option<&[String]>,
    field: &str,
) -> Result<Map<String, Value>, Vec<Problem>> {
    let mut values = Map::new();
    let mut problems = Vec::new();
    let inputs: Vec<&FlowInput> = inputs.into_iter().collect();
    for name in typed_texts.keys() {
        if !inputs.iter().any(|input| input.name == *name) {
            problems.push(Problem::field(
                &format!("{field}.{name}"),
                format!("The flow has no input \"{name}\" any more."),
            ));
        }
    }
    for input in inputs {
        if only.is_some_and(|only| !only.contains(&input.name)) {
            continue;
        }
        let text = typed_texts.get(&input.name).filter(|text| {
            !text.trim().is_empty() || (input.kind == ValueKind::String && input.default.is_none())
        });
        let value = match (text, &input.default) {
            (Some(text), _) => typed(input, text),
            (None, Some(default)) => Ok(default.clone()),
            // The history of a chat begins with nothing.
            (None, None) if input.is_chat_history => Ok(Value::Array(vec![])),
            (None, None) => typed(input, "").and_then(|_| {
                Err(format!("\"{}\" needs a value: the flow names no default.", input.name))
            }),
        };
        match value {
            Ok(value) => {
                values.insert(input.name.clone(), value);
            }
            Err(sentence) => {
                problems.push(Problem::field(&format!("{field}.{}", input.name), sentence));
            }
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// Inputs of the flow that a node takes by itself, also for its condition.
pub fn of_node(flow: &Flow, node: &str) -> Vec<String> {
    let own = flow.nodes.iter().filter(|own| own.name == node);
    let variants = flow.variants.iter().filter(|all| all.node == node);
    let variants = variants.flat_map(|all| all.variants.iter().map(|variant| &variant.node));
    let mut names = Vec::new();
    for node in own.chain(variants) {
        let references = node.inputs.iter().filter_map(|input| input.reference.as_ref());
        let condition = node.activate.as_ref().and_then(|activate| activate.reference.as_ref());
        for reference in references.chain(condition) {
            if let Reference::Input { name } = reference
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
    }
    names
}

/// Inputs by the signature of a flex flow's function, for a flow that declares none. `text` is the code of
/// the module; `entry` is `module:function` or `module:Class`, for which `__call__` counts.
pub fn of_signature(text: &str, entry: &str) -> Option<Vec<FlowInput>> {
    let name = entry.split(':').nth(1)?;
    let is_class = defines(text, "class ", name).is_some();
    let from = if is_class {
        let class = defines(text, "class ", name)?;
        class + defines(&text[class..], "def ", "__call__")?
    } else {
        defines(text, "def ", name)?
    };
    let opening = from + text[from..].find('(')?;
    let inside = bracketed(&text[opening..])?;
    let mut inputs = Vec::new();
    for parameter in split(inside) {
        let parameter = parameter.trim();
        if parameter.is_empty() || parameter.starts_with('*') || parameter == "/" {
            continue;
        }
        let (declared, default) = match split_once_outside(parameter, '=') {
            Some((declared, default)) => (declared.trim(), Some(default.trim())),
            None => (parameter, None),
        };
        let (name, written) = match declared.split_once(':') {
            Some((name, written)) => (name.trim(), written.trim()),
            None => (declared, ""),
        };
        if inputs.is_empty() && is_class && name == "self" {
            continue;
        }
        let base = written.split('[').next().unwrap_or_default().trim();
        let kind = match base {
            // Without a type a text is the most likely.
            "" => ValueKind::String,
            "List" | "Sequence" => ValueKind::List,
            "Dict" | "Mapping" => ValueKind::Object,
            other => ValueKind::of(other),
        };
        inputs.push(FlowInput {
            name: name.to_owned(),
            kind,
            written: written.to_owned(),
            default: default.and_then(literal),
            description: String::new(),
            is_chat_input: false,
            is_chat_history: false,
            line: 0,
        });
    }
    Some(inputs)
}

/// Parameters of the function below `@tool`, with their annotations as written; `None` = there is none.
pub(super) fn parameters_of(text: &str) -> Option<Vec<(String, String)>> {
    let mut at = 0;
    let mut is_tool = false;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "@tool" || line.starts_with("@tool(") {
            is_tool = true;
        } else if is_tool && (line.starts_with("def ") || line.starts_with("async def ")) {
            let opening = at + text[at..].find('(')?;
            let parameters = split(bracketed(&text[opening..])?).into_iter().map(|parameter| {
                let declared =
                    split_once_outside(parameter, '=').map_or(parameter, |(declared, _)| declared);
                let (name, written) = declared.split_once(':').unwrap_or((declared, ""));
                (name.trim().to_owned(), written.trim().to_owned())
            });
            return Some(parameters.collect());
        }
        at += line.len();
    }
    None
}

/// Where `keyword name` stands at the beginning of a line, further in or not.
fn defines(text: &str, keyword: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let rest = trimmed.strip_prefix("async ").unwrap_or(trimmed).trim_start();
        if let Some(rest) = rest.strip_prefix(keyword)
            && let Some(after) = rest.trim_start().strip_prefix(name)
            && after.trim_start().starts_with(['(', ':'])
        {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// What stands between the first bracket and the one that closes it.
fn bracketed(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(&text[1..at]);
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits at commas outside brackets and quotes.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = split_once_outside(rest, ',') {
        parts.push(before);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn split_once_outside(text: &str, wanted: char) -> Option<(&str, &str)> {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, found) in text.char_indices() {
        match (found, quote) {
            ('"' | '\'', None) => quote = Some(found),
            (_, Some(open)) if found == open => quote = None,
            (_, Some(_)) => {}
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth -= 1,
            _ if found == wanted && depth == 0 => {
                return Some((&text[..at], &text[at + found.len_utf8()..]));
            }
            _ => {}
        }
    }
    None
}

/// A literal of Python that JSON has as well.
fn literal(text: &str) -> Option<Value> {
    match text {
        "True" => return Some(true.into()),
        "False" => return Some(false.into()),
        "None" => return None,
        _ => {}
    }
    let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    match quoted {
        Some(inside) if !inside.contains(['\\', '"']) => Some(inside.into()),
        _ => serde_json::from_str(text).ok(),
    }
}

/// Completes a flex flow that declares no inputs by the code of its entry; anything else stays.
pub fn complete(flow: &mut Flow, code: &str) {
    if flow.kind == FlowKind::Flex
        && flow.inputs.is_empty()
        && let Some(entry) = &flow.entry
        && let Some(inputs) = of_signature(code, entry)
    {
        flow.inputs = inputs;
    }
}
