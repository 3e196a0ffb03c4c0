//! Whether the same row of several batch runs came out the same.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{BatchRow, RowState};

/// Names how a row came out: rows of the same state with the same output have the same name, others have
/// another one. The order of an object's keys does not count; 1 and 1.0 are not the same, as everywhere in
/// JSON's types here.
pub fn fingerprint(row: &BatchRow) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(match row.state {
        RowState::Completed => b"+",
        RowState::Failed => b"-",
        RowState::Cancelled => b"0",
    });
    feed(&mut hasher, &row.output);
    let mut name = [0; 16];
    name.copy_from_slice(&hasher.finalize()[..16]);
    name
}

fn feed(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Array(values) => {
            hasher.update(format!("[{}", values.len()));
            for value in values {
                feed(hasher, value);
            }
        }
        Value::Object(values) => {
            hasher.update(format!("{{{}", values.len()));
            let mut values: Vec<_> = values.iter().collect();
            values.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in values {
                feed_text(hasher, name);
                feed(hasher, value);
            }
        }
        Value::String(text) => feed_text(hasher, text),
        // Null, true, false and numbers: an end keeps 1 and 2 from being 12.
        other => hasher.update(format!("{other};")),
    }
}

fn feed_text(hasher: &mut Sha256, text: &str) {
    hasher.update(format!("\"{}:", text.len()));
    hasher.update(text);
}

/// Whether the same row of several batch runs did not come out the same: one of them has no result for it,
/// or not all states and outputs are equal. Why rows failed does not count.
pub fn differs(cells: &[Option<&BatchRow>]) -> bool {
    let mut names = cells.iter().map(|cell| cell.map(fingerprint));
    let Some(first) = names.next() else { return false };
    names.any(|other| other != first || other.is_none())
}
