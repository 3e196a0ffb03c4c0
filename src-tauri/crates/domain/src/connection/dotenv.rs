//! Files of `NAME=VALUE` (`.env`): which connections their variables make.

use super::{
    ConnectionType,
    ConnectionType::{
        AzureAiServices, AzureContentSafety, AzureOpenAi, CognitiveSearch, FormRecognizer, OpenAi,
        Serp, Serverless,
    },
    FileError, Found, Pair,
};
use crate::spec::looks_like_a_key;

/// Usual names of variables: type, field, names; those of the libraries' own first.
const USUAL: &[(ConnectionType, &str, &[&str])] = &[
    (
        AzureOpenAi,
        "api_base",
        &["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_BASE", "AZURE_OPENAI_BASE_URL"],
    ),
    (AzureOpenAi, "api_key", &["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"]),
    (AzureOpenAi, "api_version", &["OPENAI_API_VERSION", "AZURE_OPENAI_API_VERSION"]),
    (OpenAi, "api_key", &["OPENAI_API_KEY"]),
    (OpenAi, "base_url", &["OPENAI_BASE_URL", "OPENAI_API_BASE"]),
    (OpenAi, "organization", &["OPENAI_ORG_ID", "OPENAI_ORGANIZATION"]),
    (Serverless, "api_base", &["AZURE_INFERENCE_ENDPOINT", "AZURE_AI_CHAT_ENDPOINT"]),
    (Serverless, "api_key", &["AZURE_INFERENCE_CREDENTIAL", "AZURE_AI_CHAT_KEY"]),
    (
        CognitiveSearch,
        "api_base",
        &["AZURE_SEARCH_ENDPOINT", "AZURE_AI_SEARCH_ENDPOINT", "AZURE_SEARCH_SERVICE_ENDPOINT"],
    ),
    (
        CognitiveSearch,
        "api_key",
        &[
            "AZURE_SEARCH_KEY",
            "AZURE_SEARCH_API_KEY",
            "AZURE_SEARCH_ADMIN_KEY",
            "AZURE_AI_SEARCH_API_KEY",
        ],
    ),
    (AzureAiServices, "endpoint", &["AZURE_AI_SERVICES_ENDPOINT", "AI_SERVICES_ENDPOINT"]),
    (AzureAiServices, "api_key", &["AZURE_AI_SERVICES_KEY", "AI_SERVICES_KEY"]),
    (AzureContentSafety, "endpoint", &["CONTENT_SAFETY_ENDPOINT", "AZURE_CONTENT_SAFETY_ENDPOINT"]),
    (AzureContentSafety, "api_key", &["CONTENT_SAFETY_KEY", "AZURE_CONTENT_SAFETY_KEY"]),
    (
        FormRecognizer,
        "endpoint",
        &[
            "FORM_RECOGNIZER_ENDPOINT",
            "DOCUMENTINTELLIGENCE_ENDPOINT",
            "AZURE_FORM_RECOGNIZER_ENDPOINT",
        ],
    ),
    (
        FormRecognizer,
        "api_key",
        &["FORM_RECOGNIZER_KEY", "DOCUMENTINTELLIGENCE_API_KEY", "AZURE_FORM_RECOGNIZER_KEY"],
    ),
    (Serp, "api_key", &["SERPAPI_API_KEY", "SERP_API_KEY", "SERPAPI_KEY"]),
];

/// Reads a file's text. The answer has one connection for each type whose key is among the variables,
/// and at last a custom one of all of them.
///
/// # Errors
/// A line is no pair, or there is none.
pub fn read(text: &str) -> Result<Vec<Found>, FileError> {
    let pairs = pairs(text)?;
    if pairs.is_empty() {
        return Err(FileError::Empty);
    }
    let mut all: Vec<(bool, Found)> = ConnectionType::ALL
        .into_iter()
        .filter(|kind| !kind.has_pairs())
        .filter_map(|kind| typed(kind, &pairs))
        .collect();
    // Those that are meant by a name of their own come first.
    all.sort_by_key(|(named, _)| !named);
    let all = all.into_iter().map(|(_, found)| found);
    Ok(all.chain([custom(&pairs)]).collect())
}

fn typed(kind: ConnectionType, pairs: &[(String, String)]) -> Option<(bool, Found)> {
    let mut found = Found::empty(format!("{}_connection", kind.yaml_name()), kind);
    let mut named = false;
    let mut has_key = false;
    for field in kind.fields() {
        let usual = USUAL.iter().find(|(of, key, _)| *of == kind && *key == field.key);
        let usual = usual.map_or(&[][..], |(_, _, names)| names);
        let by_usual_name = pairs.iter().find(|(name, _)| usual.contains(&name.as_str()));
        let by_key = || pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(field.key));
        let Some((_, value)) = by_usual_name.or_else(by_key) else { continue };
        named |= by_usual_name.is_some();
        if field.secret {
            has_key = true;
            found.secret(field.key, value.clone());
        } else if !value.trim().is_empty() {
            found.field(field.key, value.clone());
        }
    }
    has_key.then(|| (named, found.finish()))
}

fn custom(pairs: &[(String, String)]) -> Found {
    let kind = ConnectionType::Custom;
    let mut found = Found::empty(format!("{}_connection", kind.yaml_name()), kind);
    for (name, value) in pairs {
        let secret = is_secret(name, value);
        let shown = if secret { String::new() } else { value.clone() };
        found.draft.pairs.push(Pair { key: name.clone(), value: shown, secret });
        if secret {
            found.secret(name, value.clone());
        }
    }
    found
}

fn is_secret(name: &str, value: &str) -> bool {
    // One that is still open counts by its name.
    let value = if value.trim().is_empty() { "open" } else { value };
    let has_password = value
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next()?.split_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    looks_like_a_key(name, value) || has_password || value.starts_with("-----BEGIN")
}

/// The pairs of a file in their order; of a name that is there twice the last counts.
fn pairs(text: &str) -> Result<Vec<(String, String)>, FileError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = at + 1;
        let (name, value) = line.split_once('=').ok_or(FileError::NoPair { line: number })?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(FileError::NoPair { line: number });
        }
        let value = value.trim();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                // A quoted value may go on over several lines.
                let mut raw = value[1..].to_owned();
                loop {
                    if let Some(value) = unquoted(&raw, quote) {
                        break value;
                    }
                    let (_, next) = lines.next().ok_or(FileError::OpenQuote { line: number })?;
                    raw = format!("{raw}\n{next}");
                }
            }
            _ => value.split(" #").next().unwrap_or_default().trim().to_owned(),
        };
        pairs.retain(|(other, _)| other != name);
        pairs.push((name.to_owned(), value));
    }
    Ok(pairs)
}

/// A value up to its closing quotation mark; `None` = that has not come yet.
fn unquoted(raw: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter == quote => return Some(value),
            '\\' if quote == '"' => match letters.next()? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<ConnectionType> {
        read(text).expect(text).iter().map(|found| found.draft.kind).collect()
    }

    #[test]
    fn variables_of_the_libraries_make_their_connections() {
        let text = "# keys\nexport AZURE_OPENAI_ENDPOINT=https://x.openai.azure.com/\nAZURE_OPENAI_API_KEY='planted-1'\nOPENAI_API_VERSION=2024-06-01 # new\nSERPAPI_API_KEY=planted-2\n";
        let all = read(text).expect("read");
        assert_eq!(kinds(text), [AzureOpenAi, Serp, ConnectionType::Custom]);
        let azure = &all[0];
        assert_eq!(azure.draft.fields["api_base"], "https://x.openai.azure.com/");
        assert_eq!(azure.draft.fields["api_version"], "2024-06-01");
        assert_eq!(azure.secrets()["api_key"].expose(), "planted-1");
        assert_eq!(
            (azure.missing.len(), azure.draft.name.as_str()),
            (0, "azure_open_ai_connection")
        );
        assert!(!format!("{all:?}").contains("planted"));
    }

    #[test]
    fn keys_of_the_fields_themselves_do_too() {
        let text = "api_key=<your_api_key>\napi_base=https://x.example\n";
        let all = read(text).expect("read");
        let azure = all.iter().find(|found| found.draft.kind == AzureOpenAi).expect("azure");
        assert_eq!(azure.missing, ["api_key"]);
        assert_eq!(azure.draft.fields["api_base"], "https://x.example");
        assert_eq!(kinds("OPENAI_API_KEY=k\napi_key=l")[0], OpenAi);
    }

    #[test]
    fn a_custom_one_has_them_all_and_knows_what_looks_secret() {
        let text = "DB_URL=postgres://ann:pw@db/x\nDB_HOST=db\nGITHUB_TOKEN=\nLANGUAGE=de\nPEM=\"-----BEGIN KEY-----\nabc\n-----END KEY-----\"\n";
        let custom = read(text).expect("read").pop().expect("custom");
        let secret: Vec<(&str, bool)> =
            custom.draft.pairs.iter().map(|pair| (pair.key.as_str(), pair.secret)).collect();
        assert_eq!(
            secret,
            [
                ("DB_URL", true),
                ("DB_HOST", false),
                ("GITHUB_TOKEN", true),
                ("LANGUAGE", false),
                ("PEM", true)
            ]
        );
        assert_eq!(custom.missing, ["GITHUB_TOKEN"]);
        assert_eq!(custom.secrets()["PEM"].expose().lines().count(), 3);
        assert!(custom.draft.pairs.iter().all(|pair| !pair.secret || pair.value.is_empty()));
    }

    #[test]
    fn values_are_read_as_they_are_meant() {
        let value = |line: &str| pairs(line).expect(line).remove(0).1;
        assert_eq!(value("A=b=c"), "b=c");
        assert_eq!(value("A = b "), "b");
        assert_eq!(value("A=\"b # c\\n\\\"d\\\"\" # e"), "b # c\n\"d\"");
        assert_eq!(value("A='b\\n'"), "b\\n");
        assert_eq!(value("A=b#c"), "b#c");
        assert_eq!(value("A=1\nB=2\nA=3").as_str(), "2");
        assert_eq!(pairs("A=1\nA=3").expect("pairs"), [("A".to_owned(), "3".to_owned())]);
        assert_eq!(value("\u{feff}A=1"), "1");
    }

    #[test]
    fn what_is_no_such_file_is_told_by_its_line() {
        assert_eq!(read("A=1\nplanted").expect_err("refused"), FileError::NoPair { line: 2 });
        assert_eq!(read("A=1\nB='x").expect_err("refused"), FileError::OpenQuote { line: 2 });
        assert_eq!(read("# nothing\n").expect_err("refused"), FileError::Empty);
    }
}
