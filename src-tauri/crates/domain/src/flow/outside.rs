//! A run as it is done from outside this application: on a command line, in a program, with `pf`.
//!
//! What is written never holds a secret. Where a request would hold one it has a stand-in, which names a
//! variable of the environment; whoever runs what was copied gives that variable its value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

mod pf;

pub use pf::pf;

/// Around the name of a variable in a stand-in: characters that have no meaning anywhere.
const OPEN: char = '\u{f0001}';
const CLOSE: char = '\u{f0002}';

/// How a run is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OutsideForm {
    /// For a POSIX shell.
    Curl,
    /// For Python 3, with nothing but its own library.
    Python,
    /// `pf flow test`, for a POSIX shell.
    Pf,
}

/// One request to a runtime's service.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideRequest {
    /// `/execution/flow`, …
    pub path: String,
    /// JSON, with stand-ins in the place of secrets.
    pub body: Value,
}

/// Names of variables for secrets. No two secrets have the same.
#[derive(Clone, Debug, Default)]
pub struct StandIns(BTreeMap<(String, String), String>);

impl StandIns {
    /// The stand-in of a secret: of a connection's key, or of a variable (`connection` is empty then).
    pub fn of(&mut self, connection: &str, key: &str) -> String {
        let id = (connection.to_owned(), key.to_owned());
        let name = if let Some(name) = self.0.get(&id) {
            name.clone()
        } else {
            let plain = variable_name(connection, key);
            let mut name = plain.clone();
            let mut number = 2;
            while self.0.values().any(|own| *own == name) {
                name = format!("{plain}_{number}");
                number += 1;
            }
            self.0.insert(id, name.clone());
            name
        };
        format!("{OPEN}{name}{CLOSE}")
    }
}

/// `my-aoai` and `api_key` → `MY_AOAI_API_KEY`.
fn variable_name(connection: &str, key: &str) -> String {
    let separator = if connection.is_empty() { "" } else { "_" };
    let fitting = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
        _ => '_',
    };
    let name: String = format!("{connection}{separator}{key}").chars().map(fitting).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A piece of a text with stand-ins.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// A text in its pieces. What only looks like a stand-in is text: nothing but a name is ever taken for one.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(open) = text[at..].find(OPEN).map(|found| at + found) {
        let inside = open + OPEN.len_utf8();
        let close = text[inside..].find(CLOSE).map(|found| inside + found);
        let Some(close) = close.filter(|close| is_name(&text[inside..*close])) else {
            at = inside;
            continue;
        };
        if begin < open {
            pieces.push(Piece::Text(&text[begin..open]));
        }
        pieces.push(Piece::Variable(&text[inside..close]));
        at = close + CLOSE.len_utf8();
        begin = at;
    }
    if begin < text.len() || pieces.is_empty() {
        pieces.push(Piece::Text(&text[begin..]));
    }
    pieces
}

/// Whether a text holds a stand-in.
pub fn has_stand_in(text: &str) -> bool {
    pieces(text).iter().any(|piece| matches!(piece, Piece::Variable(_)))
}

/// Variables that have to be given a value, in the order in which they are used.
pub fn variables_of(request: &OutsideRequest) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(&request.body.to_string()) {
        if let Piece::Variable(name) = piece
            && !names.iter().any(|own| own == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// One word of a POSIX shell, its stand-ins as `"$NAME"`.
fn word(text: &str) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => shell_words::quote(text).into_owned(),
            Piece::Variable(name) => format!("\"${name}\""),
        })
        .collect()
}

/// The request for a POSIX shell. The body goes to `curl` through a pipe: as one of its words it might be too
/// long, and everyone on the machine could read the secrets in it. `endpoint` has no slash at its end.
pub fn curl(endpoint: &str, request: &OutsideRequest) -> String {
    format!(
        "printf '%s' {} |\n  curl --silent --show-error {} \\\n  --header 'Content-Type: application/json' \\\n  --data-binary @-\n",
        word(&request.body.to_string()),
        word(&format!("{endpoint}{}", request.path)),
    )
}

/// The request for Python 3. `endpoint` has no slash at its end.
pub fn python(endpoint: &str, request: &OutsideRequest) -> String {
    let secrets = !variables_of(request).is_empty();
    let mut text = String::from("import json\n");
    if secrets {
        text.push_str("import os\n");
    }
    text.push_str("import urllib.request\n\nrequest = urllib.request.Request(\n    ");
    text.push_str(&literal(&Value::from(format!("{endpoint}{}", request.path)), 0));
    text.push_str(",\n    data=json.dumps(");
    text.push_str(&literal(&request.body, 1));
    text.push_str(
        ").encode(),\n    headers={\"Content-Type\": \"application/json\"},\n)\nwith urllib.request.urlopen(request) as answer:\n    print(json.dumps(json.load(answer), indent=2, ensure_ascii=False))\n",
    );
    text
}

/// A value as Python writes it, with stand-ins as `os.environ["NAME"]`. `depth` = how far it is indented.
fn literal(value: &Value, depth: usize) -> String {
    const STEP: &str = "    ";
    let inner = STEP.repeat(depth + 1);
    let outer = STEP.repeat(depth);
    let lines = |open: char, lines: Vec<String>, close: char| {
        if lines.is_empty() {
            return format!("{open}{close}");
        }
        let mut text = format!("{open}\n");
        for line in lines {
            text.push_str(&inner);
            text.push_str(&line);
            text.push_str(",\n");
        }
        text.push_str(&outer);
        text.push(close);
        text
    };
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => python_text(text),
        Value::Array(all) => {
            lines('[', all.iter().map(|one| literal(one, depth + 1)).collect(), ']')
        }
        Value::Object(all) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", python_text(key), literal(value, depth + 1))
            };
            lines('{', all.iter().map(entry).collect(), '}')
        }
    }
}

/// A text as Python writes it: what JSON escapes, Python reads the same.
fn python_text(text: &str) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => Value::from(text).to_string(),
        Piece::Variable(name) => format!("os.environ[\"{name}\"]"),
    };
    pieces(text).into_iter().map(piece).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The words of a command when the variable `NAME` has the value `value of NAME`.
    fn words(command: &str, variable: &str) -> Vec<String> {
        let with = command.replace(&format!("\"${variable}\""), &format!("'value of {variable}'"));
        assert_ne!(with, command, "the variable is not used");
        shell_words::split(&with).expect("words")
    }

    fn request(body: Value) -> OutsideRequest {
        OutsideRequest { path: "/execution/flow".into(), body }
    }

    #[test]
    fn variables_have_names_that_shells_take_and_no_two_the_same() {
        let mut names = StandIns::default();
        assert!(has_stand_in(&names.of("other", "key")) && !has_stand_in("$OTHER_KEY"));
        let name = |text: String| text.trim_matches([OPEN, CLOSE]).to_owned();
        assert_eq!(name(names.of("my_aoai", "api_key")), "MY_AOAI_API_KEY");
        assert_eq!(name(names.of("my-aoai", "api_key")), "MY_AOAI_API_KEY_2");
        assert_eq!(name(names.of("my_aoai", "api_key")), "MY_AOAI_API_KEY");
        assert_eq!(name(names.of("1st", "tökén")), "_1ST_T_K_N");
        assert_eq!(name(names.of("", "SECRET_KEY")), "SECRET_KEY");
    }

    #[test]
    fn a_shell_gives_curl_the_body_as_it_is_with_the_variables_put_in() {
        let mut names = StandIns::default();
        let nasty = "it's \"$HOME\" `id` \\ $(id)\nüber 💡 !";
        let body = json!({"inputs": {"text": nasty}, "key": names.of("my_aoai", "api_key")});
        let request = request(body);
        let command = curl("http://127.0.0.1:5002", &request);
        assert_eq!(variables_of(&request), ["MY_AOAI_API_KEY"]);
        let words = words(&command, "MY_AOAI_API_KEY");
        assert_eq!(
            (&words[..2], &words[3..5]),
            (&["printf", "%s"].map(str::to_owned)[..], &["|", "curl"].map(str::to_owned)[..])
        );
        assert!(words.contains(&"http://127.0.0.1:5002/execution/flow".to_owned()), "{words:?}");
        let sent: Value = serde_json::from_str(&words[2]).expect("JSON");
        assert_eq!(sent, json!({"inputs": {"text": nasty}, "key": "value of MY_AOAI_API_KEY"}));
    }

    #[test]
    fn a_text_that_only_looks_like_a_stand_in_is_quoted_like_any_other() {
        let evil = format!("{OPEN}X\"; rm -rf ~; \"{CLOSE} {OPEN}9{CLOSE} {OPEN}");
        let request = request(json!({"text": evil}));
        assert_eq!(variables_of(&request), Vec::<String>::new());
        let words = shell_words::split(&curl("http://h", &request)).expect("words");
        let sent: Value = serde_json::from_str(&words[2]).expect("JSON");
        assert_eq!(sent["text"], evil.as_str());
        let mut names = StandIns::default();
        let real = names.of("", "KEY");
        assert_eq!(
            pieces(&format!("{OPEN}a{real}b")),
            [Piece::Text(&format!("{OPEN}a")), Piece::Variable("KEY"), Piece::Text("b")]
        );
    }

    #[test]
    fn python_writes_every_kind_of_value_its_own_way() {
        let mut names = StandIns::default();
        let key = names.of("c", "k");
        let body = json!({"a": null, "b": [true, false, 1.5, -2], "c": {}, "k": key, "s": "a\n\"b\"", "m": format!("Bearer {key}")});
        let text = python("http://h:1", &request(body));
        for line in [
            "import os\n",
            "    \"http://h:1/execution/flow\",\n    data=json.dumps({\n",
            "        \"a\": None,\n",
            "            True,\n            False,\n            1.5,\n            -2,\n        ],\n",
            "        \"c\": {},\n",
            "        \"k\": os.environ[\"C_K\"],\n",
            "        \"m\": \"Bearer \" + os.environ[\"C_K\"],\n",
            "        \"s\": \"a\\n\\\"b\\\"\",\n    }).encode(),\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        assert!(!text.contains(OPEN) && !text.contains(CLOSE));
        assert!(!python("http://h:1", &request(json!({}))).contains("import os"));
    }
}
