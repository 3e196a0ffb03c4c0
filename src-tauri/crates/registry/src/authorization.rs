//! Proving who asks: the challenges of a registry, and the tokens that answer them.
//!
//! Protocol: RFC 9110 section 11 for the header, and Docker's token authentication
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::secret::{Login, Secret};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde::Deserialize;

/// How long a token lives when the token service does not say (its specification's default).
const DEFAULT_LIFE: u64 = 60;

/// Seconds before its end from which a token is no longer used.
const MARGIN: u64 = 10;

/// Most answers to challenges that are remembered.
const MOST_KEPT: usize = 64;

/// What a registry wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password in each request.
    Basic,
    /// A token of the service at `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The challenge to answer, bearer first; `None` when none is understood.
pub(crate) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for header in headers.get_all(WWW_AUTHENTICATE) {
        let Ok(text) = header.to_str() else { continue };
        for (scheme, parameters) in challenges(text) {
            let parameter = |name: &str| {
                parameters
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.clone())
            };
            if scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = parameter("realm")
            {
                return Some(Challenge::Bearer {
                    realm,
                    service: parameter("service"),
                    scope: parameter("scope"),
                });
            }
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

/// Splits a header into its challenges: scheme and parameters.
fn challenges(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for part in split_outside_quotes(text) {
        let part = part.trim();
        // "Bearer realm=…" begins a challenge, "service=…" continues one, "Basic" stands alone.
        let (scheme, parameter) = match part.split_once('=') {
            None => (Some(part), None),
            Some((before, value)) => match before.trim().split_once(char::is_whitespace) {
                Some((scheme, name)) => (Some(scheme), Some((name.trim(), value))),
                None => (None, Some((before.trim(), value))),
            },
        };
        if let Some(scheme) = scheme.filter(|scheme| !scheme.is_empty()) {
            found.push((scheme.to_owned(), Vec::new()));
        }
        if let (Some((_, parameters)), Some((name, value))) = (found.last_mut(), parameter) {
            parameters.push((name.to_owned(), unquoted(value.trim())));
        }
    }
    found
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut escaped = false;
    for character in inner.chars() {
        if character == '\\' && !escaped {
            escaped = true;
        } else {
            text.push(character);
            escaped = false;
        }
    }
    text
}

/// The value of the `Authorization` header for a user name and password.
pub(crate) fn basic(login: &Login) -> Secret {
    let both = format!("{}:{}", login.username, login.password.expose());
    Secret::new(format!("Basic {}", STANDARD.encode(both)))
}

/// What a token service answers.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl TokenAnswer {
    /// The header's value and how long it may be used; `None` when there is no token in it.
    pub(crate) fn authorization(self) -> Option<(Secret, Duration)> {
        let token = self.token.or(self.access_token).filter(|token| !token.is_empty())?;
        let life = self.expires_in.unwrap_or(DEFAULT_LIFE).saturating_sub(MARGIN);
        // A token that claims to live for years is asked for anew after an hour all the same.
        Some((Secret::new(format!("Bearer {token}")), Duration::from_secs(life.min(3600))))
    }
}

/// Answers to challenges that were accepted, by registry, scope and login.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    host: String,
    scope: String,
    login: Option<Login>,
    authorization: Secret,
    until: Instant,
}

impl Accepted {
    /// What was accepted for this before and is still good.
    pub(crate) fn find(&self, host: &str, scope: &str, login: Option<&Login>) -> Option<Secret> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.until > now);
        kept.iter().find(|one| one.is_for(host, scope, login)).map(|one| one.authorization.clone())
    }

    pub(crate) fn keep(
        &self,
        host: &str,
        scope: &str,
        login: Option<&Login>,
        authorization: &Secret,
        life: Duration,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| !one.is_for(host, scope, login));
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push(Kept {
            host: host.to_owned(),
            scope: scope.to_owned(),
            login: login.cloned(),
            authorization: authorization.clone(),
            until: Instant::now() + life,
        });
    }

    pub(crate) fn drop(&self, host: &str, scope: &str, login: Option<&Login>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| !one.is_for(host, scope, login));
    }
}

impl Kept {
    fn is_for(&self, host: &str, scope: &str, login: Option<&Login>) -> bool {
        self.host == host && self.scope == scope && self.login.as_ref() == login
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn of(headers: &[&'static str]) -> Option<Challenge> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, HeaderValue::from_static(header));
        }
        challenge(&map)
    }

    fn login(password: &str) -> Login {
        Login { username: "ann".into(), password: Secret::new(password.into()) }
    }

    #[test]
    fn a_bearer_challenge_is_taken_apart_even_with_commas_inside_quotes() {
        assert_eq!(
            of(&[
                r#"Bearer realm="https://auth.example/token",service="a \"b\"",scope="repository:x/y:pull,push""#
            ]),
            Some(Challenge::Bearer {
                realm: "https://auth.example/token".into(),
                service: Some("a \"b\"".into()),
                scope: Some("repository:x/y:pull,push".into()),
            })
        );
    }

    #[test]
    fn bearer_is_preferred_wherever_it_stands() {
        let bearer =
            Some(Challenge::Bearer { realm: "https://a/t".into(), service: None, scope: None });
        assert_eq!(of(&[r#"Basic realm="x""#, r#"bearer realm="https://a/t""#]), bearer);
        assert_eq!(of(&[r#"Basic realm="x", Bearer realm="https://a/t""#]), bearer);
    }

    #[test]
    fn basic_alone_and_unknown_schemes_are_told_apart() {
        assert_eq!(of(&["BASIC"]), Some(Challenge::Basic));
        assert_eq!(of(&[r#"Basic realm="probe""#]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate", r#"Digest realm="x""#, "Bearer", ""]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn an_accepted_answer_is_only_for_its_registry_scope_and_login() {
        let accepted = Accepted::default();
        let (good, other) = (login("one"), login("two"));
        let token = Secret::new("Bearer abc".into());
        accepted.keep("r.example", "s", Some(&good), &token, Duration::from_secs(60));
        assert_eq!(accepted.find("r.example", "s", Some(&good)), Some(token.clone()));
        assert_eq!(accepted.find("r.example", "s", Some(&other)), None);
        assert_eq!(accepted.find("r.example", "s", None), None);
        assert_eq!(accepted.find("r.example", "t", Some(&good)), None);
        assert_eq!(accepted.find("q.example", "s", Some(&good)), None);
        assert!(!format!("{accepted:?}").contains("abc"));
        accepted.keep("r.example", "s", Some(&good), &token, Duration::ZERO);
        assert_eq!(accepted.find("r.example", "s", Some(&good)), None);
    }

    #[test]
    fn a_token_is_not_used_up_to_its_very_end() {
        let answer =
            |text: &str| serde_json::from_str::<TokenAnswer>(text).expect("answer").authorization();
        let (_, life) = answer(r#"{"token":"t","expires_in":300}"#).expect("token");
        assert_eq!(life, Duration::from_secs(290));
        let (_, life) = answer(r#"{"access_token":"t"}"#).expect("token");
        assert_eq!(life, Duration::from_secs(50));
        assert_eq!(answer(r#"{"token":""}"#), None);
    }
}
