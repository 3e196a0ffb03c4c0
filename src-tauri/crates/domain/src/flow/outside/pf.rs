//! A run as `pf` does it.

use serde_json::{Map, Value};

use crate::flow::inputs::as_typed;

/// `pf flow test` of a whole flow, for a POSIX shell. `folder` is where the flow is on this machine; one
/// variant can be chosen.
///
/// Values are words of the command, as people write them. Where `pf` would not read a value from there as
/// it is, they are in a file that is gone afterwards.
pub fn pf(
    folder: &str,
    inputs: &Map<String, Value>,
    init: &Map<String, Value>,
    variant: Option<(&str, &str)>,
) -> String {
    let mut files = Vec::new();
    let mut command = format!("pf flow test --flow {}", shell_words::quote(folder));
    // The types of inputs are known to it, those of what a constructor takes are not: each is a text there.
    for (option, name, values, typed) in
        [("--inputs", "inputs.json", inputs, true), ("--init", "init.json", init, false)]
    {
        if values.is_empty() {
            continue;
        }
        command.push_str(" \\\n  ");
        command.push_str(option);
        if values.values().all(|value| is_read_from_a_word(value, typed)) {
            for (name, value) in values {
                let pair = format!("{name}={}", as_typed(value));
                command.push(' ');
                command.push_str(&shell_words::quote(&pair));
            }
        } else {
            let file = format!("\"$values/{name}\"");
            command.push(' ');
            command.push_str(&file);
            let content = Value::Object(values.clone()).to_string();
            let content = shell_words::quote(&content);
            files.push(format!("printf '%s' {content} > {file} &&\n"));
        }
    }
    if let Some((node, variant)) = variant {
        let reference = format!("${{{node}.{variant}}}");
        command.push_str(" \\\n  --variant ");
        command.push_str(&shell_words::quote(&reference));
    }
    command.push('\n');
    if files.is_empty() {
        return command;
    }
    let files = files.concat();
    format!("(\nvalues=\"$(mktemp -d)\" && trap 'rm -r \"$values\"' EXIT &&\n{files}{command})\n")
}

/// Whether `pf` takes a value from a word of its command as it is: it drops quotes around a text.
fn is_read_from_a_word(value: &Value, typed: bool) -> bool {
    let Value::String(text) = value else { return typed };
    !['"', '\''].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("no object: {value}") };
        map
    }

    fn words(text: &str) -> Vec<String> {
        shell_words::split(&text.replace("\\\n", " ")).expect("words")
    }

    #[test]
    fn pf_gets_each_input_as_one_word() {
        let inputs = map(json!({"text": "what's up? $HOME", "times": 2, "list": ["a b", 1]}));
        let text = pf("/home/an na/flow", &inputs, &map(json!({"model": "x"})), Some(("n", "v1")));
        let words = words(&text);
        assert_eq!(words[..5], ["pf", "flow", "test", "--flow", "/home/an na/flow"]);
        assert!(words.contains(&"text=what's up? $HOME".to_owned()), "{words:?}");
        assert!(words.contains(&"times=2".to_owned()) && words.contains(&"model=x".to_owned()));
        let list = words.iter().find_map(|word| word.strip_prefix("list=")).expect("list");
        assert_eq!(serde_json::from_str::<Value>(list).expect("JSON"), json!(["a b", 1]));
        assert_eq!(words[words.len() - 2..], ["--variant", "${n.v1}"]);
        assert_eq!(pf("/f", &Map::new(), &Map::new(), None), "pf flow test --flow /f\n");
    }

    #[test]
    fn what_pf_would_read_otherwise_from_a_word_is_in_a_file() {
        let file = |text: &str, name: &str| {
            let words = words(text);
            let to = format!("$values/{name}.json");
            assert!(words.windows(2).any(|two| two == [format!("--{name}"), to.clone()]), "{text}");
            let at = words.windows(2).position(|two| two == [">".to_owned(), to.clone()]);
            serde_json::from_str::<Value>(&words[at.expect("a file") - 1]).expect("JSON")
        };
        let init = json!({"end": "it's", "times": 2});
        let text = pf("/f", &map(json!({"text": "a"})), &map(init.clone()), None);
        assert_eq!(file(&text, "init"), init);
        assert!(words(&text).contains(&"text=a".to_owned()) && !text.contains("times=2"), "{text}");
        for quoted in ["\"a\"", "'a'", "'", "\"\""] {
            let inputs = json!({"text": quoted});
            let text = pf("/f", &map(inputs.clone()), &Map::new(), None);
            assert_eq!(file(&text, "inputs"), inputs);
        }
        let plain = pf("/f", &map(json!({"text": "'a\"", "other": ""})), &Map::new(), None);
        assert!(plain.starts_with("pf flow test"), "{plain}");
    }
}
