//! The real services, over HTTP.

use std::{error::Error as _, net::IpAddr, time::Duration};

use async_trait::async_trait;
use domain::{
    connection::{Answer, Auth, Miss, Probe},
    scrub::Scrubber,
    secret::Secret,
};
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER},
};

use crate::Endpoints;

/// Most bytes read of one answer. Lists of models are the longest.
const LONGEST_BODY: usize = 4 * 1024 * 1024;
/// Characters of an answer that are kept for people.
const EXCERPT: usize = 300;
/// For the connection alone.
const CONNECT: Duration = Duration::from_secs(8);

/// Asks services. Connections are not kept: a test must not be answered by what was there before.
#[derive(Clone, Debug)]
pub struct EndpointsClient {
    /// For this machine: plain HTTP, never through a proxy.
    loopback: Client,
    /// For all others: the system's proxy and certificates.
    world: Client,
}

impl EndpointsClient {
    /// Makes a client; it holds no connection.
    ///
    /// # Errors
    /// The TLS library cannot be set up (a reason in words).
    pub fn new() -> Result<Self, String> {
        let builder = || {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT)
                .user_agent(concat!("promptflow-runtimes/", env!("CARGO_PKG_VERSION")))
        };
        let words = |error: reqwest::Error| error.to_string();
        Ok(Self {
            loopback: builder().no_proxy().build().map_err(words)?,
            world: builder().https_only(true).build().map_err(words)?,
        })
    }

    fn request(&self, probe: &Probe, secret: &Secret) -> Option<RequestBuilder> {
        let mut url = Url::parse(&probe.url).ok()?;
        let client = if is_loopback(&url) {
            &self.loopback
        } else if url.scheme() == "https" {
            &self.world
        } else {
            return None;
        };
        let sensitive = |text: &str| {
            let mut value = HeaderValue::from_str(text).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let header = match probe.auth {
            Auth::Header(name) => {
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, sensitive(secret.expose())?))
            }
            Auth::Bearer => {
                Some((AUTHORIZATION, sensitive(&format!("Bearer {}", secret.expose()))?))
            }
            Auth::Query(name) => {
                url.query_pairs_mut().append_pair(name, secret.expose());
                None
            }
        };
        let mut request = client.get(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        for (name, value) in &probe.headers {
            request = request.header(*name, value);
        }
        Some(request)
    }
}

#[async_trait]
impl Endpoints for EndpointsClient {
    async fn ask(&self, probe: &Probe, secret: &Secret, limit: Duration) -> Result<Answer, Miss> {
        let request = self.request(probe, secret).ok_or(Miss::Refused)?;
        let asking = async {
            let mut response = request.send().await.map_err(|error| miss(&error))?;
            let retry_after = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let status = response.status().as_u16();
            let body = body_of(&mut response).await?;
            let scrubber = Scrubber::new([secret]);
            let text = scrubber.text(&String::from_utf8_lossy(&body));
            Ok(Answer {
                status,
                retry_after,
                json: serde_json::from_str(&text).ok(),
                excerpt: text.trim().chars().take(EXCERPT).collect(),
            })
        };
        let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
        let answer =
            tokio::time::timeout(limit, asking).await.unwrap_or(Err(Miss::Silent(seconds)));
        tracing::debug!(status = ?answer.as_ref().map(|answer| answer.status), "a connection was tried");
        answer
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Reads a body up to [`LONGEST_BODY`]; the rest is left unread.
async fn body_of(response: &mut Response) -> Result<Vec<u8>, Miss> {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(miss(&error)),
        }
    }
    bytes.truncate(LONGEST_BODY);
    Ok(bytes)
}

/// What a failed exchange means. The library's own sentence names the address, which may hold the secret:
/// only causes below it are told.
fn miss(error: &reqwest::Error) -> Miss {
    if error.is_timeout() {
        return Miss::Silent(CONNECT.as_secs());
    }
    if !error.is_connect() {
        return Miss::Broken;
    }
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(inner) = source {
        causes.push(inner.to_string());
        source = inner.source();
    }
    let all = causes.join(": ").to_lowercase();
    let innermost = causes.pop().unwrap_or_else(|| "no connection".to_owned());
    let any = |words: &[&str]| words.iter().any(|word| all.contains(word));
    if any(&["dns error", "failed to lookup", "name or service not known", "no such host"]) {
        Miss::NoSuchHost
    } else if any(&["certificate", "unknownissuer", "cert"]) {
        Miss::Certificate(innermost)
    } else if any(&["corrupt message", "invalid message", "handshake"]) {
        Miss::Broken
    } else {
        Miss::NoConnection(innermost)
    }
}

#[cfg(test)]
mod tests {
    use domain::connection::{Connection, ConnectionName, ConnectionType, probe};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{header, method, path, query_param},
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const SECRET: &str = "planted-api-key-4471";

    fn probe_of(kind: ConnectionType, address: &str) -> Probe {
        let mut fields = std::collections::BTreeMap::new();
        for key in ["api_base", "base_url", "endpoint"] {
            fields.insert(key.to_owned(), address.to_owned());
        }
        let name = ConnectionName::parse("x").expect("name");
        probe(&Connection { name, kind, fields, pairs: vec![] }).expect("probe")
    }

    async fn ask(probe: &Probe) -> Result<Answer, Miss> {
        let secret = Secret::new(SECRET.into());
        let answer = EndpointsClient::new().expect("client").ask(probe, &secret, LIMIT).await;
        assert!(!format!("{answer:?}").contains(SECRET), "{answer:?}");
        answer
    }

    #[tokio::test]
    async fn the_key_goes_where_each_service_wants_it() {
        let server = MockServer::start().await;
        let ok = || ResponseTemplate::new(200).set_body_json(serde_json::json!({"data": []}));
        Mock::given(method("GET"))
            .and(path("/openai/models"))
            .and(query_param("api-version", "2024-02-01"))
            .and(header("api-key", SECRET))
            .respond_with(ok())
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path("/models"))
            .and(header("authorization", format!("Bearer {SECRET}").as_str()))
            .respond_with(ok())
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path("/contentsafety/text/blocklists"))
            .and(header("ocp-apim-subscription-key", SECRET))
            .respond_with(ok())
            .mount(&server)
            .await;
        for kind in [
            ConnectionType::AzureOpenAi,
            ConnectionType::OpenAi,
            ConnectionType::AzureContentSafety,
        ] {
            let answer = ask(&probe_of(kind, &server.uri())).await.expect("answer");
            assert_eq!(answer.status, 200, "{kind:?}");
        }
        // What is mounted answers only with the right key.
        let other = Secret::new("other".into());
        let wrong = EndpointsClient::new()
            .expect("client")
            .ask(&probe_of(ConnectionType::OpenAi, &server.uri()), &other, LIMIT)
            .await;
        assert_eq!(wrong.expect("answer").status, 404);
    }

    #[tokio::test]
    async fn a_key_in_the_query_is_told_nowhere() {
        let server = MockServer::start().await;
        Mock::given(query_param("api_key", SECRET))
            .respond_with(ResponseTemplate::new(200).set_body_json(
                serde_json::json!({"account_id": "1", "api_key": SECRET, "link": format!("?k={SECRET}")}),
            ))
            .mount(&server)
            .await;
        let mut probe = probe_of(ConnectionType::Serp, "");
        probe.url = format!("{}/account.json", server.uri());
        let answer = ask(&probe).await.expect("answer");
        assert_eq!(answer.json.expect("json")["api_key"], domain::scrub::SCRUBBED);
        drop(server);
        let gone = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        probe.url = format!("http://{}/account.json", gone.local_addr().expect("address"));
        drop(gone);
        let miss = ask(&probe).await.expect_err("nobody listens");
        assert!(matches!(miss, Miss::NoConnection(_)), "{miss:?}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_gets_no_key() {
        let elsewhere = MockServer::start().await;
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(307).insert_header("location", elsewhere.uri()))
            .mount(&server)
            .await;
        let answer = ask(&probe_of(ConnectionType::OpenAi, &server.uri())).await.expect("answer");
        assert_eq!(answer.status, 307);
        assert_eq!(elsewhere.received_requests().await.expect("requests").len(), 0);
    }

    #[tokio::test]
    async fn plain_http_leaves_this_machine_never() {
        for address in ["http://192.0.2.1:1", "http://localhost.example.com:1", "ftp://127.0.0.2"] {
            let mut probe = probe_of(ConnectionType::OpenAi, "https://x.example");
            probe.url = address.into();
            let miss = ask(&probe).await.expect_err(address);
            if address.starts_with("http") {
                assert_eq!(miss, Miss::Refused, "{address}");
            }
        }
    }

    #[tokio::test]
    async fn how_long_to_wait_is_read() {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "7"))
            .mount(&server)
            .await;
        let answer = ask(&probe_of(ConnectionType::OpenAi, &server.uri())).await.expect("answer");
        assert_eq!((answer.status, answer.retry_after), (429, Some(7)));
        assert_eq!(answer.json, None);
    }

    #[tokio::test]
    async fn silence_what_is_no_http_and_unknown_names_are_told_apart() {
        let server = MockServer::start().await;
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(9));
        Mock::given(method("GET")).respond_with(slow).mount(&server).await;
        let secret = Secret::new(SECRET.into());
        let probe = probe_of(ConnectionType::OpenAi, &server.uri());
        let client = EndpointsClient::new().expect("client");
        let silent = client.ask(&probe, &secret, Duration::from_millis(200)).await;
        assert_eq!(silent, Err(Miss::Silent(1)));

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut some = [0; 1024];
                let _ = stream.read(&mut some).await;
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
            }
        });
        let broken = ask(&probe_of(ConnectionType::OpenAi, &format!("http://{address}"))).await;
        assert_eq!(broken, Err(Miss::Broken));
        let broken = ask(&probe_of(ConnectionType::OpenAi, &format!("https://{address}"))).await;
        assert_eq!(broken, Err(Miss::Broken));

        let nowhere = probe_of(ConnectionType::OpenAi, "https://no-such-host.invalid");
        assert_eq!(ask(&nowhere).await, Err(Miss::NoSuchHost));
    }

    #[tokio::test]
    async fn an_endless_answer_ends() {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(500).set_body_string("ä".repeat(5_000_000));
        Mock::given(method("GET")).respond_with(answer).mount(&server).await;
        let answer = ask(&probe_of(ConnectionType::OpenAi, &server.uri())).await.expect("answer");
        assert_eq!(answer.excerpt, "ä".repeat(EXCERPT));
    }
}
