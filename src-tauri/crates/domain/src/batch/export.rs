//! Results of a batch run as files that others read: a JSON object or a line of a table for each row.

use serde_json::{Value, json};

use super::{BatchRow, RowState, named_values};

/// Characters of a name of a file that come from a batch run's name.
const LONGEST_NAME: usize = 80;

/// What a file or folder may be called after a batch run of this name, with something after it: letters,
/// digits, `.`, `-` and `_` of the name, and an `_` for everything else. It is never empty or hidden.
pub fn file_stem(name: &str) -> String {
    let mut stem = String::new();
    for one in name.trim().chars() {
        let fits = one.is_alphanumeric() || matches!(one, '.' | '-' | '_');
        match fits {
            true => stem.push(one),
            false if stem.ends_with('_') => {}
            false => stem.push('_'),
        }
    }
    let stem = stem.trim_matches(|one| matches!(one, '.' | '_' | '-'));
    let stem: String = stem.chars().take(LONGEST_NAME).collect();
    if stem.is_empty() { "batch-run".to_owned() } else { stem }
}

/// What Prompt flow calls the state of a row.
pub fn status(state: RowState) -> &'static str {
    match state {
        RowState::Completed => "Completed",
        RowState::Failed => "Failed",
        RowState::Cancelled => "Canceled",
    }
}

/// A row as JSON: `line_number` (from 0, as Prompt flow counts), `inputs`, `outputs`, `status`, `error`
/// (`null`, or `message` and `details`), `duration` (seconds) and `tokens` (`null`, or `prompt`,
/// `completion`, `total`).
pub fn json_row(row: &BatchRow) -> Value {
    json!({
        "line_number": row.row,
        "inputs": row.inputs,
        "outputs": row.output,
        "status": status(row.state),
        "error": row.problem.as_ref().map(|problem| json!({
            "message": problem.sentence,
            "details": problem.details,
        })),
        "duration": row.duration,
        "tokens": row.tokens.map(|tokens| json!({
            "prompt": tokens.prompt,
            "completion": tokens.completion,
            "total": tokens.total,
        })),
    })
}

/// The columns of a table, which are those of all of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    inputs: std::collections::BTreeSet<String>,
    outputs: std::collections::BTreeSet<String>,
}

impl Columns {
    /// Adds those that this row has.
    pub fn add(&mut self, row: &BatchRow) {
        for (names, values) in [(&mut self.inputs, &row.inputs), (&mut self.outputs, &row.output)] {
            for (name, _) in named_values(values) {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            }
        }
    }

    /// The first line: `line_number`, `inputs.NAME` and `outputs.NAME` by name, `status`, `error`,
    /// `duration`, `tokens`.
    pub fn header(&self) -> Vec<String> {
        let mut header = vec!["line_number".to_owned()];
        header.extend(self.inputs.iter().map(|name| format!("inputs.{name}")));
        header.extend(self.outputs.iter().map(|name| format!("outputs.{name}")));
        header.extend(["status", "error", "duration", "tokens"].map(str::to_owned));
        header
    }

    /// The line of a row: texts as they are ([`cell`]), other values as JSON, nothing for what is not there.
    pub fn line(&self, row: &BatchRow) -> Vec<String> {
        let mut line = vec![row.row.to_string()];
        for (names, values) in [(&self.inputs, &row.inputs), (&self.outputs, &row.output)] {
            let values = named_values(values);
            line.extend(names.iter().map(|name| {
                let found = values.iter().find(|(own, _)| own == name);
                found.map(|(_, value)| cell(value)).unwrap_or_default()
            }));
        }
        line.push(status(row.state).to_owned());
        line.push(row.problem.as_ref().map(|one| harmless(&one.sentence)).unwrap_or_default());
        line.push(row.duration.map(|seconds| seconds.to_string()).unwrap_or_default());
        line.push(row.tokens.map(|tokens| tokens.total.to_string()).unwrap_or_default());
        line
    }
}

/// A value in a table: a text as it is, except that one which a spreadsheet would take for a formula gets
/// an apostrophe before it; anything else as JSON; null is nothing.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}

/// Models and data write these texts, and spreadsheets run what begins like this: it might fetch an
/// address with what is in other cells, or start a program. A number is none of that. Whoever needs texts
/// to the letter takes JSON.
fn harmless(text: &str) -> String {
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.to_owned() }
}
