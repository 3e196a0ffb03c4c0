//! Takes known secrets out of what is shown or kept.

use std::{collections::BTreeSet, fmt::Write as _};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::{Map, Value};

use crate::secret::Secret;

/// What stands where a secret was.
pub const SCRUBBED: &str = "**secret**";

/// Shorter secrets are not looked for: they would be found in any text. Characters.
const SHORTEST: usize = 4;
/// Of a secret with several lines each line from this length on is looked for by itself, since logs are
/// read line by line. Characters.
const SHORTEST_LINE: usize = 8;

/// Replaces secrets by [`SCRUBBED`], in the forms in which they travel: as they are, escaped in JSON (plain
/// or ASCII only), encoded for addresses, and in base64 wherever they begin in what was encoded. Work is in
/// proportion to the text. Printing it shows no secret.
pub struct Scrubber {
    /// `None` = there is nothing to look for.
    forms: Option<AhoCorasick>,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scrubber(redacted)")
    }
}

impl Scrubber {
    /// One that looks for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            add_forms(&mut forms, secret.expose(), SHORTEST);
            if secret.expose().contains('\n') {
                // The frame around a key is no secret.
                for line in secret.expose().lines().filter(|line| !line.starts_with("-----")) {
                    add_forms(&mut forms, line, SHORTEST_LINE);
                }
            }
        }
        let forms = (!forms.is_empty())
            .then(|| AhoCorasick::builder().match_kind(MatchKind::Standard).build(forms).ok())
            .flatten();
        Self { forms }
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        self.scrubbed(text).unwrap_or_else(|| text.to_owned())
    }

    /// A JSON value without secrets: in texts, in keys, and in numbers that hold one.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                let clean = |(key, value): (&String, &Value)| (self.text(key), self.value(value));
                Value::Object(map.iter().map(clean).collect::<Map<_, _>>())
            }
            Value::Number(number) => match self.scrubbed(&number.to_string()) {
                Some(text) => Value::String(text),
                None => value.clone(),
            },
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// `None` = no secret is in it.
    fn scrubbed(&self, text: &str) -> Option<String> {
        // Overlapping matches are one piece: nothing of either secret may stay.
        let mut pieces: Vec<(usize, usize)> = Vec::new();
        for found in self.forms.as_ref()?.find_overlapping_iter(text) {
            // They come by their end; an earlier piece may lie within a later, longer one.
            let mut start = found.start();
            while let Some((last_start, last_end)) = pieces.last().copied() {
                if last_end <= start {
                    break;
                }
                start = start.min(last_start);
                pieces.pop();
            }
            pieces.push((start, found.end()));
        }
        if pieces.is_empty() {
            return None;
        }
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in pieces {
            clean.push_str(&text[at..start]);
            clean.push_str(SCRUBBED);
            at = end;
        }
        clean.push_str(&text[at..]);
        Some(clean)
    }
}

/// Adds every form of a secret that is long enough.
fn add_forms(forms: &mut BTreeSet<String>, secret: &str, shortest: usize) {
    if secret.chars().count() < shortest {
        return;
    }
    forms.insert(secret.to_owned());
    let quoted = Value::from(secret).to_string();
    let json = &quoted[1..quoted.len() - 1];
    forms.insert(json.to_owned());
    forms.insert(json.replace('/', "\\/"));
    forms.insert(ascii(json));
    // A text that was put into JSON twice, as answers inside of logs are.
    let twice = Value::from(json).to_string();
    forms.insert(twice[1..twice.len() - 1].to_owned());
    for (kept, space) in [("-_.~", "%20"), ("-_.~/", "%20"), ("-_.~", "+"), ("-_.!~*'()", "%20")] {
        let encoded = percent(secret, kept, space);
        forms.insert(lower_hex(&encoded));
        forms.insert(encoded);
    }
    add_base64(forms, secret.as_bytes());
}

/// JSON with nothing but ASCII in it, as Python writes it.
fn ascii(json: &str) -> String {
    let mut all = String::new();
    for letter in json.chars() {
        if letter.is_ascii() {
            all.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                _ = write!(all, "\\u{unit:04x}");
            }
        }
    }
    all
}

/// Encoded for an address. `kept` are signs that stay beside letters and digits.
fn percent(text: &str, kept: &str, space: &str) -> String {
    let mut all = String::new();
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || (byte.is_ascii() && kept.contains(letter)) {
            all.push(letter);
        } else if letter == ' ' {
            all.push_str(space);
        } else {
            _ = write!(all, "%{byte:02X}");
        }
    }
    all
}

fn lower_hex(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        all.push('%');
        all += &hex.to_ascii_lowercase();
        all += rest;
    }
    all
}

/// In base64, alone and behind one or two other bytes (of three): only what the secret alone decides.
fn add_base64(forms: &mut BTreeSet<String>, secret: &[u8]) {
    for engine in [&STANDARD, &URL_SAFE] {
        forms.insert(engine.encode(secret));
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret);
            let encoded = engine.encode(&bytes);
            // The first letters hold bits of what stands before, the last one may hold some of what follows.
            let first = (before * 8).div_ceil(6);
            let last = bytes.len() * 8 / 6;
            if last > first {
                forms.insert(encoded[first..last].to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn scrubber(secrets: &[&str]) -> Scrubber {
        let secrets: Vec<Secret> = secrets.iter().map(|one| Secret::new((*one).into())).collect();
        Scrubber::new(&secrets)
    }

    #[test]
    fn every_occurrence_goes_and_the_rest_stays() {
        let scrubber = scrubber(&["hunter2!"]);
        assert_eq!(
            scrubber.text("a hunter2! b hunter2!hunter2! c"),
            "a **secret** b **secret****secret** c"
        );
        assert_eq!(scrubber.text("hunter2 and nothing else"), "hunter2 and nothing else");
        assert_eq!(scrubber.text(""), "");
    }

    #[test]
    fn the_longest_goes_and_nothing_of_those_that_overlap_stays() {
        let both = scrubber(&["secret", "secret-long", "long-tail"]);
        assert_eq!(both.text("x secret-long y"), "x **secret** y");
        assert_eq!(both.text("x secret-long-tail y"), "x **secret** y");
        assert_eq!(scrubber(&["abcd", "xabcdefgh"]).text("xabcdefgh"), "**secret**");
        assert_eq!(scrubber(&["aaaa"]).text("aaaaaab"), "**secret**b");
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        assert_eq!(scrubber(&["abc", ""]).text("abc"), "abc");
        assert_eq!(scrubber(&["abcd"]).text("abcd"), "**secret**");
        assert_eq!(scrubber(&[]).text("abcd"), "abcd");
    }

    #[test]
    fn forms_in_which_secrets_travel_are_found() {
        let secret = "pä\"ss/wo rd+\\1&🔑";
        let scrubber = scrubber(&[secret]);
        let json = serde_json::to_string(secret).expect("json");
        let python = "p\\u00e4\\\"ss/wo rd+\\\\1&\\ud83d\\udd11";
        for form in [
            json.as_str(),
            python,
            "p%C3%A4%22ss%2Fwo%20rd%2B%5C1%26%F0%9F%94%91",
            "p%c3%a4%22ss%2fwo%20rd%2b%5c1%26%f0%9f%94%91",
            "p%C3%A4%22ss/wo%20rd%2B%5C1%26%F0%9F%94%91",
            "p%C3%A4%22ss%2Fwo+rd%2B%5C1%26%F0%9F%94%91",
            &serde_json::to_string(&json).expect("json"),
        ] {
            let clean = scrubber.text(&format!("key={form};"));
            assert!(clean.contains(SCRUBBED) && !clean.contains("ss"), "{form}: {clean}");
        }
    }

    #[test]
    fn a_secret_within_base64_is_found_wherever_it_begins() {
        let scrubber = scrubber(&["planted-secret-77"]);
        for before in ["", "a", "ab", "user:", "x:y:z"] {
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(format!("{before}planted-secret-77?"));
                let clean = scrubber.text(&format!("Basic {encoded}"));
                assert!(clean.contains(SCRUBBED), "{before}: {clean}");
                assert!(clean.len() < "Basic ".len() + before.len() * 2 + 20, "{before}: {clean}");
            }
        }
    }

    #[test]
    fn lines_of_a_key_are_found_by_themselves() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nab\n-----END KEY-----";
        let scrubber = scrubber(&[key]);
        assert_eq!(scrubber.text("log: MIIEvQIBADAN"), "log: **secret**");
        assert_eq!(scrubber.text("-----BEGIN KEY-----"), "-----BEGIN KEY-----");
        assert_eq!(scrubber.text(&format!("a {key} b")), "a **secret** b");
    }

    #[test]
    fn json_is_scrubbed_in_texts_keys_and_numbers() {
        let scrubber = scrubber(&["hunter22", "123456"]);
        let value =
            json!({"a": ["x hunter22", 1, null, true], "hunter22": {"n": 123_456, "m": 12}});
        assert_eq!(
            scrubber.value(&value),
            json!({"a": ["x **secret**", 1, null, true], "**secret**": {"n": "**secret**", "m": 12}})
        );
    }

    #[test]
    fn a_scrubber_prints_nothing() {
        assert!(!format!("{:?}", scrubber(&["hunter22"])).contains("hunter22"));
    }

    #[test]
    fn long_texts_with_many_matches_take_time_in_proportion() {
        let scrubber = scrubber(&["aaaa", "aaaaaaaa", "aaaaaaaaaaaaaaaa"]);
        assert_eq!(scrubber.text(&"a".repeat(2_000_000)), SCRUBBED);
    }

    proptest! {
        #[test]
        fn no_secret_is_left(
            secrets in prop::collection::vec("[ab\"ä/]{4,8}", 1..4),
            parts in prop::collection::vec("[ab\"ä/ ]{0,6}", 1..4),
        ) {
            let mut text = String::new();
            for (at, part) in parts.iter().enumerate() {
                text += part;
                text += &secrets[at % secrets.len()];
            }
            let refs: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let clean = scrubber(&refs).text(&text);
            for secret in &secrets {
                prop_assert!(!clean.contains(secret.as_str()), "{clean}");
            }
        }
    }
}
