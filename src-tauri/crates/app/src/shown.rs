//! Values of flows as they are shown: a text as it is, anything else as JSON.

use serde_json::Value;

use crate::api::ShownValue;

/// A whole value; `None` = a null.
pub(crate) fn whole(value: &Value) -> Option<ShownValue> {
    let (text, json) = match value {
        Value::Null => return None,
        Value::String(text) => (text.clone(), false),
        other => (serde_json::to_string_pretty(other).unwrap_or_default(), true),
    };
    let bytes = text.len() as u64;
    Some(ShownValue { text, json, cut: false, bytes })
}

/// The beginning of a value, at most so many bytes; `None` = a null.
pub(crate) fn cut(value: &Value, most: usize) -> Option<ShownValue> {
    let mut shown = whole(value)?;
    if shown.text.len() > most {
        let mut end = most;
        while !shown.text.is_char_boundary(end) {
            end -= 1;
        }
        shown.text.truncate(end);
        shown.cut = true;
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters_and_tells_its_length() {
        let told = |value: Value, most| {
            let shown = cut(&value, most).expect("shown");
            (shown.text, shown.json, shown.cut, shown.bytes)
        };
        assert_eq!(told(json!("äöü"), 6), ("äöü".to_owned(), false, false, 6));
        assert_eq!(told(json!("äöü"), 5), ("äö".to_owned(), false, true, 6));
        assert_eq!(told(json!([1]), 100), ("[\n  1\n]".to_owned(), true, false, 7));
        assert_eq!(cut(&Value::Null, 9), None);
    }
}
