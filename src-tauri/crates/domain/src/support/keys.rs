//! What looks like a key, by the name in front of it, by how it begins, or because it looks like chance.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{RemovedKind, stand_ins::StandIns};

/// What stands where something was that looks like a key.
const KEY: &str = "**key**";

/// Shorter words are not taken for chance. Characters.
const SHORTEST_CHANCE: usize = 20;
/// Hexadecimal digits from which on a word is taken for a key.
const SHORTEST_HEX: usize = 32;
/// Digits that a long word of one case has at least, if it is a key.
const FEWEST_DIGITS: usize = 6;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file")
}

/// A private key as files have it, also on one line.
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)")
});
/// User and password in an address.
static IN_ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@"'<>]+@"#));
/// `Authorization: Bearer …`
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(bearer|basic|token|apikey|sharedaccesssignature)(\s+)([A-Za-z0-9._~+/=&%-]{8,})")
});
/// A name that says that a key follows, and what follows.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)([\w.-]*(?:api[_-]?key|apikey|access[_-]?key|account[_-]?key|subscription[_-]?key|",
        r"private[_-]?key|secret|token|passwo?r?d|passphrase|pwd|credential|signature|",
        r"authorization|set-cookie|connection[_-]?string)[\w.-]*|\bsig|\bkey)",
        r#"(\\?["']?\s*[=:]\s*(?:\\?["'])?)"#,
        r#"([^\s"',;&)}\]\\]+)"#,
    ))
});
/// The same as an option of a command.
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)(--[\w-]*(?:password|passwd|token|secret|api-?key)[\w-]*\s+)([^\s-][^\s]*)")
});
/// Beginnings that services give to their keys.
static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"\b(?:sk-[A-Za-z0-9_-]{12,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|",
        r"glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|A[KS]IA[A-Z0-9]{12,}|AIza[\w-]{30,}|",
        r"hf_[A-Za-z0-9]{16,}|pypi-[\w-]{16,}|dckr_pat_[\w-]{16,}|",
        r"eyJ[\w-]{10,}(?:\.[\w-]+){0,2})",
    ))
});
/// Words that may be chance.
static LONG: LazyLock<Regex> = LazyLock::new(|| regex(r"(sha256:)?([A-Za-z0-9+/_-]{20,}={0,2})"));
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
});

/// The text without what looks like a key.
pub(super) fn removed(text: &str, out: &mut StandIns) -> String {
    let mut key = || out.fixed(RemovedKind::Keys, KEY);
    let text = PRIVATE_KEY.replace_all(text, |_: &Captures<'_>| key().to_string());
    let text =
        IN_ADDRESS.replace_all(&text, |found: &Captures<'_>| format!("{}{}@", &found[1], key()));
    let text = SCHEME.replace_all(&text, |found: &Captures<'_>| {
        if is_word(&found[3]) {
            found[0].to_owned()
        } else {
            format!("{}{}{}", &found[1], &found[2], key())
        }
    });
    let text = BEGINS.replace_all(&text, |_: &Captures<'_>| key().to_string());
    let text = OPTION.replace_all(&text, |found: &Captures<'_>| format!("{}{}", &found[1], key()));
    let text = NAMED.replace_all(&text, |found: &Captures<'_>| {
        if says_nothing(&found[1], &found[3]) {
            found[0].to_owned()
        } else {
            format!("{}{}{}", &found[1], &found[2], key())
        }
    });
    let text = LONG.replace_all(&text, |found: &Captures<'_>| {
        if found.get(1).is_some() {
            // A digest names an image and opens nothing.
            return found[0].to_owned();
        }
        let parts = found[2]
            .split('/')
            .map(|part| if looks_like_chance(part) { key().to_string() } else { part.to_owned() });
        let parts: Vec<String> = parts.collect();
        if parts.len() > 1 && found[2].ends_with('=') && !found[2].starts_with('/') {
            return key().to_string();
        }
        parts.join("/")
    });
    text.into_owned()
}

/// A word of a sentence, as in "basic authentication".
fn is_word(text: &str) -> bool {
    text.len() < 24 && text.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '.' | '-'))
}

/// What follows the name of a key and is none: nothing, a number of tokens, a stand-in.
fn says_nothing(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_number = value.parse::<f64>().is_ok();
    let words = ["none", "null", "true", "false", "nil", "undefined", "bearer", "basic"];
    words.contains(&value.to_ascii_lowercase().as_str())
        || value.starts_with("**")
        || value.chars().all(|c| !c.is_alphanumeric() && c.is_ascii())
        || value.chars().all(|c| u32::from(c) >= 0xF_0000)
        || (is_number && (name.ends_with("tokens") || name.contains("token_count")))
        || (is_number && (name == "key" || name.ends_with("token")))
}

/// Whether no person and no program would name anything so.
fn looks_like_chance(word: &str) -> bool {
    let bare = word.trim_end_matches('=');
    if bare.len() < SHORTEST_CHANCE || UUID.is_match(bare) {
        return false;
    }
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    if bare.len() >= SHORTEST_HEX && bare.bytes().all(|b| b.is_ascii_hexdigit()) && digits > 0 {
        return true;
    }
    let alphanumeric = bare.bytes().all(|b| b.is_ascii_alphanumeric());
    if alphanumeric
        && bare.len() >= SHORTEST_HEX
        && digits >= FEWEST_DIGITS
        && bare.bytes().any(|b| b.is_ascii_alphabetic())
    {
        return true;
    }
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let classes: Vec<u8> = bare.bytes().map(class).collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    [0, 1, 2].iter().all(|class| classes.contains(class)) && changes * 5 >= bare.len() * 2
}
