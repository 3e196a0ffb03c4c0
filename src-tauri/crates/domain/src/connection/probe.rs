//! Trying a connection: which one small request tells whether it works, and what its answer means.
//!
//! Each request only reads, and costs nothing. Where they are documented:
//! Azure OpenAI `Models - List` (<https://learn.microsoft.com/rest/api/azureopenai/models/list>), OpenAI
//! `List models`, Azure AI Search `Get Service Statistics`, Content Safety `List Text Blocklists`,
//! Document Intelligence `Get Info`, the model inference API's `Info`, SerpApi's `Account API`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use ts_rs::TS;
use url::Url;

use super::{
    Connection, ConnectionType,
    check::{is_loopback, is_this_machine_from_inside},
};

/// The oldest version of an API that has the request, for types whose connections name none.
const SERVERLESS_VERSION: &str = "2024-04-01-preview";
const INFO_VERSION: &str = "2023-07-31";

/// One small request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// A GET goes here. https, or this machine. Without the secret.
    pub url: String,
    pub auth: Auth,
    /// Which of the connection's secrets goes with it.
    pub secret: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// A right answer is a JSON object with this key.
    expects: &'static str,
    kind: ConnectionType,
    /// Where the connection leads: somewhere else, here, or here as a container names it.
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Elsewhere,
    Here,
    HereFromInside,
}

/// How the secret goes with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// In a header of this name.
    Header(&'static str),
    /// `Authorization: Bearer …`.
    Bearer,
    /// In the query, under this name: the only way that the service knows.
    Query(&'static str),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Seconds, when the service says how long to wait.
    pub retry_after: Option<u64>,
    /// The body, when it is JSON.
    pub json: Option<Value>,
    /// The body's first characters, with the secret taken out.
    pub excerpt: String,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Miss {
    #[error("The name of the host is not known.")]
    NoSuchHost,
    #[error("No connection could be made: {0}.")]
    NoConnection(String),
    #[error("Its certificate is not trusted: {0}.")]
    Certificate(String),
    #[error("No answer came within {0} s.")]
    Silent(u64),
    #[error("What answers does not speak HTTP, or broke off.")]
    Broken,
    /// Plain HTTP to another machine, or no address at all: nothing was sent.
    #[error("Nothing is sent to this address.")]
    Refused,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TestVerdict {
    /// Reached, and the key was accepted.
    Accepted,
    NotAuthorised,
    NotFound,
    Throttled,
    Unreachable,
    /// It answered, but not as such a service does.
    SomethingElse,
    /// Nothing is known that could be asked.
    NotTestable,
}

/// A test's result in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTest {
    pub verdict: TestVerdict,
    pub sentence: String,
    /// What to do, or what else to know; a sentence each.
    pub hints: Vec<String>,
    /// Technical words, without any secret.
    pub details: Option<String>,
}

impl ConnectionTest {
    fn new(verdict: TestVerdict, sentence: impl Into<String>) -> Self {
        Self { verdict, sentence: sentence.into(), hints: vec![], details: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A custom connection: only the flow knows what its pairs mean.
    pub fn not_testable() -> Self {
        Self::new(
            TestVerdict::NotTestable,
            "A custom connection cannot be tested: only the flow that uses it knows what its values mean.",
        )
        .hint("Run a flow that uses it.")
    }
}

/// The request that tells whether a connection works; `None` = there is none for its type, or its address
/// is no address.
pub fn probe(connection: &Connection) -> Option<Probe> {
    let kind = connection.kind;
    let version = |usual: &str| connection.field("api_version").unwrap_or(usual).to_owned();
    let (path, query, auth, expects) = match kind {
        ConnectionType::AzureOpenAi => {
            ("/openai/models", Some(version("2024-02-01")), Auth::Header("api-key"), "data")
        }
        ConnectionType::OpenAi => ("/models", None, Auth::Bearer, "data"),
        ConnectionType::Serverless => {
            ("/info", Some(SERVERLESS_VERSION.to_owned()), Auth::Bearer, "model_name")
        }
        ConnectionType::Serp => ("/account.json", None, Auth::Query("api_key"), "account_id"),
        ConnectionType::CognitiveSearch => {
            ("/servicestats", Some(version("2023-11-01")), Auth::Header("api-key"), "counters")
        }
        ConnectionType::AzureContentSafety => (
            "/contentsafety/text/blocklists",
            Some(version("2023-10-01")),
            Auth::Header("Ocp-Apim-Subscription-Key"),
            "value",
        ),
        ConnectionType::AzureAiServices | ConnectionType::FormRecognizer => (
            "/formrecognizer/info",
            Some(version(INFO_VERSION)),
            Auth::Header("Ocp-Apim-Subscription-Key"),
            "customDocumentModels",
        ),
        ConnectionType::Custom | ConnectionType::CustomStrongType => return None,
    };
    let mut url = Url::parse(connection.endpoint()?).ok()?;
    let place = if is_this_machine_from_inside(&url) {
        url.set_host(Some("127.0.0.1")).ok()?;
        Place::HereFromInside
    } else if is_loopback(&url) {
        Place::Here
    } else {
        Place::Elsewhere
    };
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}{path}"));
    url.set_query(None);
    if let Some(version) = query {
        url.query_pairs_mut().append_pair("api-version", &version);
    }
    let organization = (kind == ConnectionType::OpenAi)
        .then(|| connection.field("organization"))
        .flatten()
        .map(|name| ("OpenAI-Organization", name.to_owned()));
    Some(Probe {
        url: url.into(),
        auth,
        secret: "api_key",
        headers: organization.into_iter().collect(),
        expects,
        kind,
        place,
    })
}

impl Probe {
    /// Where it goes, for people: scheme, host and port.
    fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

/// What an answer means.
pub fn judge(probe: &Probe, answer: &Answer) -> ConnectionTest {
    let host = probe.host();
    let right = answer.json.as_ref().is_some_and(|json| json.get(probe.expects).is_some());
    let mut test = match answer.status {
        200 if right => accepted(probe, &host),
        401 => ConnectionTest::new(
            TestVerdict::NotAuthorised,
            format!("{host} was reached and does not accept the key."),
        )
        .hint("Copy the key again: it may have been renewed, or belong to another resource."),
        403 => forbidden(probe, &host),
        404 => not_found(probe, &host),
        429 => {
            let wait = match answer.retry_after {
                Some(seconds) => format!("Wait {seconds} s, then test again."),
                None => "Wait a minute, then test again.".to_owned(),
            };
            ConnectionTest::new(
                TestVerdict::Throttled,
                format!("{host} was reached and asks to wait: there were too many requests, or the quota is used up."),
            )
            .hint(wait)
            .hint("If it stays, look at the quota of the account.")
        }
        300..=399 => ConnectionTest::new(
            TestVerdict::SomethingElse,
            format!("{host} sends the request on to another address. The key was not sent there."),
        )
        .hint("Give the address to which it leads, if you trust it."),
        500.. => ConnectionTest::new(
            TestVerdict::SomethingElse,
            format!("{host} was reached and has a fault of its own (status {}).", answer.status),
        )
        .hint("Test again later."),
        status => ConnectionTest::new(
            TestVerdict::SomethingElse,
            format!("{host} answers, but not as this kind of service does (status {status})."),
        )
        .hint("Check the address, and the type of the connection."),
    };
    if test.verdict != TestVerdict::Accepted && !answer.excerpt.trim().is_empty() {
        test.details = Some(format!("Status {}: {}", answer.status, answer.excerpt.trim()));
    }
    test
}

fn accepted(probe: &Probe, host: &str) -> ConnectionTest {
    let test = ConnectionTest::new(
        TestVerdict::Accepted,
        format!("{host} was reached and accepts the key."),
    );
    match probe.place {
        Place::Elsewhere => test,
        Place::Here => test.hint("Inside a runtime this address means the runtime itself. Use host.docker.internal to reach this machine from there, on Podman host.containers.internal."),
        Place::HereFromInside => test.hint("It was asked at 127.0.0.1, which is what the address means for a runtime on this machine."),
    }
}

fn forbidden(probe: &Probe, host: &str) -> ConnectionTest {
    let test = ConnectionTest::new(
        TestVerdict::NotAuthorised,
        format!("{host} was reached and refuses this request."),
    );
    if probe.kind == ConnectionType::CognitiveSearch {
        test.hint("Azure AI Search answers so to a wrong key, and to a query key: that one can search and do nothing else, so it cannot be tested here.")
            .hint("Use an admin key, or run a flow that searches.")
    } else {
        test.hint("The key is wrong or has no right to this, or the resource lets only certain networks in.")
            .hint("Look at the resource's keys and at its network settings.")
    }
}

fn not_found(probe: &Probe, host: &str) -> ConnectionTest {
    let test = ConnectionTest::new(
        TestVerdict::NotFound,
        format!(
            "{host} answers, but has nothing at the address that was asked. Whether it accepts the key is not known."
        ),
    );
    match probe.kind {
        ConnectionType::AzureOpenAi => {
            test.hint("Check the address: that of the resource, without a path. Check the version of the API, too.")
        }
        ConnectionType::OpenAi => {
            test.hint("Check the address: it usually ends with /v1.")
        }
        ConnectionType::Serverless => {
            test.hint("Check the address. Models that do not tell about themselves cannot be tested: run a flow that uses one.")
        }
        ConnectionType::AzureAiServices => {
            test.hint("Check the address. A resource without Document Intelligence cannot be tested: run a flow that uses it.")
        }
        _ => test.hint("Check the address and the version of the API."),
    }
}

/// What it means that nothing came back.
pub fn judge_miss(probe: &Probe, miss: &Miss) -> ConnectionTest {
    let host = probe.host();
    let (sentence, hint) = match miss {
        Miss::NoSuchHost => (
            format!("There is no host of this name: {host}."),
            "Check the spelling of the address, and the network.",
        ),
        Miss::NoConnection(_) => (
            format!("{host} cannot be reached from this machine."),
            "Check the network, the proxy and whether the service runs. A private endpoint can be reached from its own network only.",
        ),
        Miss::Certificate(_) => (
            format!(
                "{host} was reached, but its certificate is not trusted. The key was not sent."
            ),
            "If a proxy of your company stands between, its certificate has to be among the system's.",
        ),
        Miss::Silent(seconds) => (
            format!("{host} did not answer within {seconds} s."),
            "Check the network and the proxy, then test again.",
        ),
        Miss::Broken => (
            format!("What answers at {host} does not speak HTTP, or broke off."),
            "Check the address and its port.",
        ),
        Miss::Refused => (
            format!("Nothing was sent to {host}: the key would be readable on its way."),
            "Use an address that begins with https://.",
        ),
    };
    let verdict =
        if *miss == Miss::Broken { TestVerdict::SomethingElse } else { TestVerdict::Unreachable };
    let mut test = ConnectionTest::new(verdict, sentence).hint(hint);
    test.details = Some(miss.to_string());
    test
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection::ConnectionName;

    fn of(kind: ConnectionType, fields: &[(&str, &str)]) -> Option<Probe> {
        probe(&Connection {
            name: ConnectionName::parse("x").expect("name"),
            kind,
            fields: fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            pairs: vec![],
        })
    }

    fn azure() -> Probe {
        of(ConnectionType::AzureOpenAi, &[("api_base", "https://x.openai.azure.com/")])
            .expect("probe")
    }

    fn answer(status: u16, body: &Value) -> Answer {
        Answer { status, retry_after: None, json: Some(body.clone()), excerpt: body.to_string() }
    }

    #[test]
    fn each_type_has_its_request() {
        use ConnectionType::*;
        let url = |kind, fields: &[(&str, &str)]| of(kind, fields).map(|probe| probe.url);
        assert_eq!(azure().url, "https://x.openai.azure.com/openai/models?api-version=2024-02-01");
        assert_eq!(url(OpenAi, &[]).as_deref(), Some("https://api.openai.com/v1/models"));
        let own = of(OpenAi, &[("base_url", "http://127.0.0.1:11434/v1/"), ("organization", "o")])
            .expect("probe");
        assert_eq!(own.url, "http://127.0.0.1:11434/v1/models");
        assert_eq!(own.headers, [("OpenAI-Organization", "o".to_owned())]);
        assert_eq!(
            url(CognitiveSearch, &[("api_base", "https://s"), ("api_version", "2024-07-01")])
                .as_deref(),
            Some("https://s/servicestats?api-version=2024-07-01")
        );
        assert_eq!(url(Serp, &[]).as_deref(), Some("https://serpapi.com/account.json"));
        for kind in ConnectionType::ALL {
            let fields = [("api_base", "https://x"), ("endpoint", "https://x")];
            assert_eq!(of(kind, &fields).is_none(), kind.has_pairs(), "{kind:?}");
        }
        assert_eq!(url(Serverless, &[("api_base", "no address")]), None);
    }

    #[test]
    fn this_machine_is_asked_where_it_is() {
        let inside =
            of(ConnectionType::AzureOpenAi, &[("api_base", "http://host.docker.internal:9000/")])
                .expect("probe");
        assert!(inside.url.starts_with("http://127.0.0.1:9000/openai/models"));
        let hints = |probe: &Probe| judge(probe, &answer(200, &json!({"data": []}))).hints;
        assert!(hints(&inside)[0].contains("127.0.0.1"));
        let here = of(ConnectionType::AzureOpenAi, &[("api_base", "http://127.0.0.1:9000")]);
        assert!(hints(&here.expect("probe"))[0].contains("host.docker.internal"));
        assert!(hints(&azure()).is_empty());
    }

    #[test]
    fn each_answer_has_its_meaning_and_what_to_do() {
        for (status, body, expected) in [
            (200, json!({"data": []}), TestVerdict::Accepted),
            (200, json!({"other": 1}), TestVerdict::SomethingElse),
            (200, json!("healthy"), TestVerdict::SomethingElse),
            (204, json!(null), TestVerdict::SomethingElse),
            (302, json!(null), TestVerdict::SomethingElse),
            (400, json!({"data": 1}), TestVerdict::SomethingElse),
            (401, json!({}), TestVerdict::NotAuthorised),
            (403, json!({}), TestVerdict::NotAuthorised),
            (404, json!({}), TestVerdict::NotFound),
            (429, json!({}), TestVerdict::Throttled),
            (503, json!({}), TestVerdict::SomethingElse),
        ] {
            let test = judge(&azure(), &answer(status, &body));
            assert_eq!(test.verdict, expected, "{status}");
            assert!(test.sentence.contains("https://x.openai.azure.com"), "{}", test.sentence);
            assert_eq!(test.hints.is_empty(), expected == TestVerdict::Accepted, "{status}");
        }
        let waits = Answer { retry_after: Some(7), ..answer(429, &json!({})) };
        assert!(judge(&azure(), &waits).hints[0].contains("7 s"));
    }

    #[test]
    fn a_query_key_of_a_search_is_not_called_wrong() {
        let search = of(ConnectionType::CognitiveSearch, &[("api_base", "https://s")]);
        let test = judge(&search.expect("probe"), &answer(403, &json!({})));
        assert!(test.hints[0].contains("query key"), "{:?}", test.hints);
    }

    #[test]
    fn each_silence_has_its_reason() {
        for miss in [
            Miss::NoSuchHost,
            Miss::NoConnection("refused".into()),
            Miss::Certificate("expired".into()),
            Miss::Silent(10),
            Miss::Refused,
        ] {
            let test = judge_miss(&azure(), &miss);
            assert_eq!((test.verdict, test.hints.len()), (TestVerdict::Unreachable, 1), "{miss:?}");
        }
        assert_eq!(judge_miss(&azure(), &Miss::Broken).verdict, TestVerdict::SomethingElse);
    }
}
