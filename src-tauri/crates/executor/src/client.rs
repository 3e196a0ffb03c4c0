//! The real service, over HTTP.

use std::{error::Error as _, time::Duration};

use async_trait::async_trait;
use domain::runtime::Protocol;
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use crate::{Executor, Miss, Runs, ServiceVersion};

/// Most bytes read of one answer; what the service says of itself is far shorter.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;

/// Characters of a wrong answer that are kept for people.
const EXCERPT: usize = 200;

/// The path that the open executor service and the Azure runtime both answer.
const HEALTH: &str = "/health";

/// Speaks to the service inside runtimes.
///
/// Each question opens a connection of its own: a kept one would belong to a container that may have
/// been replaced since. No proxy stands between (a runtime is on the person's own machine or
/// network), and a redirect is a wrong answer.
#[derive(Clone, Debug)]
pub struct ExecutorClient {
    pub(crate) http: reqwest::Client,
}

impl ExecutorClient {
    /// Makes a client; it holds no connection.
    ///
    /// # Errors
    /// The TLS library cannot be set up (a reason in words).
    pub fn new() -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .http1_only()
            // A run may take hours; a machine that is gone must be noticed all the same.
            .tcp_keepalive(Duration::from_secs(30))
            // The service speaks plain HTTP, so the system's certificates are not needed.
            .tls_certs_only([])
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { http })
    }

    /// Asks once, headers and body within `limit`.
    async fn ask(
        &self,
        base: &str,
        path: &str,
        limit: Duration,
    ) -> Result<(StatusCode, String), Miss> {
        let url = address(base, path)?;
        let answer = async {
            let mut response = self.http.get(url).send().await.map_err(|error| miss(&error))?;
            let body = text_of(&mut response).await?;
            Ok((response.status(), body))
        };
        tokio::time::timeout(limit, answer)
            .await
            .unwrap_or_else(|_| Err(Miss::Silent(seconds(limit))))
    }
}

#[async_trait]
impl Executor for ExecutorClient {
    async fn health(&self, base: &str, path: &str, limit: Duration) -> Result<Protocol, Miss> {
        let (status, body) = self.ask(base, path, limit).await?;
        let answer = protocol(path, status, &body).ok_or_else(|| wrong(status, &body));
        tracing::trace!(base, path, ?answer, "health");
        answer
    }

    async fn version(&self, base: &str, limit: Duration) -> Result<ServiceVersion, Miss> {
        let (status, body) = self.ask(base, "/version", limit).await?;
        if status != StatusCode::OK {
            return Err(wrong(status, &body));
        }
        let told: VersionAnswer = serde_json::from_str(&body).map_err(|_| wrong(status, &body))?;
        if told.version.is_empty() {
            return Err(wrong(status, &body));
        }
        Ok(ServiceVersion {
            version: told.version,
            commit: told.commit_id.filter(|commit| !commit.is_empty()),
        })
    }

    fn runs(&self) -> &dyn Runs {
        self
    }
}

pub(crate) fn address(base: &str, path: &str) -> Result<Url, Miss> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let address = format!("{}{slash}{path}", base.trim_end_matches('/'));
    Url::parse(&address)
        .map_err(|error| Miss::Refused(format!("{address} is not an address: {error}")))
}

/// `GET /version` of `promptflow.executor._service.app`.
#[derive(Deserialize)]
struct VersionAnswer {
    version: String,
    commit_id: Option<String>,
}

/// Which protocol this answer to a question for health shows; `None` = it is not the right one.
fn protocol(path: &str, status: StatusCode, body: &str) -> Option<Protocol> {
    let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
    // The Azure runtime writes {"status":"Healthy","version":…}, with a capital H.
    let says_healthy = |json: &serde_json::Value| json["status"] == "Healthy";
    if status == StatusCode::OK && json.as_ref().is_some_and(says_healthy) {
        return Some(Protocol::AzureRuntime);
    }
    if format!("/{}", path.trim_start_matches('/')) == HEALTH {
        // The open service writes the bare word; a framework may quote it as a JSON string.
        let word = json.as_ref().and_then(|json| json.as_str()).unwrap_or(body.trim());
        (status == StatusCode::OK && word == "healthy").then_some(Protocol::Executor)
    } else {
        // A path that the person chose: what its body should say is not known here.
        status.is_success().then_some(Protocol::Executor)
    }
}

/// Reads a body up to [`LONGEST_BODY`]; the rest is left unread.
async fn text_of(response: &mut Response) -> Result<String, Miss> {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(miss(&error)),
        }
    }
    bytes.truncate(LONGEST_BODY);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn wrong(status: StatusCode, body: &str) -> Miss {
    Miss::WrongAnswer {
        status: status.as_u16(),
        excerpt: body.trim().chars().take(EXCERPT).collect(),
    }
}

/// What a failed exchange means.
pub(crate) fn miss(error: &reqwest::Error) -> Miss {
    if error.is_connect() {
        return Miss::Refused(innermost(error));
    }
    // Something answers, but does not speak HTTP. (A connection that ended early is no such thing.)
    if let Some(hyper) = hyper_error(error)
        && hyper.is_parse()
    {
        return Miss::WrongAnswer { status: 0, excerpt: "this is not HTTP".into() };
    }
    Miss::Closed
}

/// The error of the HTTP library below, when there is one.
fn hyper_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
            return Some(hyper);
        }
        source = inner.source();
    }
    None
}

/// The last cause in the chain: the operating system's own words, without the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut words = "no connection".to_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    words
}

/// Whole seconds, rounded up, as people read a limit.
pub(crate) fn seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{method, path},
    };

    const LIMIT: Duration = Duration::from_secs(5);

    fn client() -> ExecutorClient {
        ExecutorClient::new().expect("client")
    }

    async fn answering(at: &str, answer: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(&server).await;
        server
    }

    async fn health_of(answer: ResponseTemplate) -> Result<Protocol, Miss> {
        let server = answering("/health", answer).await;
        client().health(&server.uri(), "/health", LIMIT).await
    }

    /// Accepts one connection, reads a little of it, writes `reply` and closes.
    async fn raw(reply: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut some = [0; 1024];
                let _ = stream.read(&mut some).await;
                let _ = stream.write_all(reply).await;
            }
        });
        base
    }

    #[tokio::test]
    async fn the_bare_word_healthy_is_the_open_service() {
        let answer = ResponseTemplate::new(200).set_body_string("healthy\n");
        assert_eq!(health_of(answer).await, Ok(Protocol::Executor));
        let answer = ResponseTemplate::new(200).set_body_json("healthy");
        assert_eq!(health_of(answer).await, Ok(Protocol::Executor));
    }

    #[tokio::test]
    async fn status_healthy_in_json_is_the_azure_runtime() {
        let body = serde_json::json!({"status": "Healthy", "version": "20240429.v8"});
        let answer = ResponseTemplate::new(200).set_body_json(body);
        assert_eq!(health_of(answer).await, Ok(Protocol::AzureRuntime));
    }

    #[tokio::test]
    async fn the_right_status_with_another_body_is_a_wrong_answer() {
        for body in ["<html>It works</html>", "unhealthy", "", "{\"status\":\"Starting\"}"] {
            let answer = ResponseTemplate::new(200).set_body_string(body);
            assert_eq!(
                health_of(answer).await,
                Err(Miss::WrongAnswer { status: 200, excerpt: body.into() })
            );
        }
    }

    #[tokio::test]
    async fn the_right_body_with_another_status_is_a_wrong_answer() {
        for status in [201, 302, 403, 500, 503] {
            let answer = ResponseTemplate::new(status)
                .insert_header("location", "/elsewhere")
                .set_body_string("healthy");
            assert_eq!(
                health_of(answer).await,
                Err(Miss::WrongAnswer { status, excerpt: "healthy".into() })
            );
        }
    }

    #[tokio::test]
    async fn a_path_that_the_person_chose_needs_only_success() {
        let server = answering("/live", ResponseTemplate::new(204)).await;
        assert_eq!(client().health(&server.uri(), "live", LIMIT).await, Ok(Protocol::Executor));
        let server = answering("/live", ResponseTemplate::new(404)).await;
        assert_eq!(
            client().health(&server.uri(), "/live", LIMIT).await,
            Err(Miss::WrongAnswer { status: 404, excerpt: String::new() })
        );
    }

    #[tokio::test]
    async fn an_excerpt_has_at_most_200_characters_and_an_endless_body_ends() {
        let answer = ResponseTemplate::new(500).set_body_string("ä".repeat(1_000_000));
        let Err(Miss::WrongAnswer { status: 500, excerpt }) = health_of(answer).await else {
            panic!("a wrong answer was expected");
        };
        assert_eq!(excerpt, "ä".repeat(200));
    }

    #[tokio::test]
    async fn an_answer_after_the_limit_is_silence() {
        let answer =
            ResponseTemplate::new(200).set_body_string("healthy").set_delay(Duration::from_secs(9));
        let server = answering("/health", answer).await;
        let began = std::time::Instant::now();
        let got = client().health(&server.uri(), "/health", Duration::from_millis(200)).await;
        assert_eq!(got, Err(Miss::Silent(1)));
        assert!(began.elapsed() < Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_connection_that_closes_without_an_answer_is_told_apart() {
        let base = raw(b"").await;
        assert_eq!(client().health(&base, "/health", LIMIT).await, Err(Miss::Closed));
        // Cut in the middle of the body.
        let base = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nheal").await;
        assert_eq!(client().health(&base, "/health", LIMIT).await, Err(Miss::Closed));
    }

    #[tokio::test]
    async fn what_does_not_speak_http_is_a_wrong_answer() {
        let base = raw(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        assert!(matches!(
            client().health(&base, "/health", LIMIT).await,
            Err(Miss::WrongAnswer { status: 0, .. })
        ));
    }

    #[tokio::test]
    async fn a_port_on_which_nothing_listens_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        drop(listener);
        let Err(Miss::Refused(reason)) = client().health(&base, "/health", LIMIT).await else {
            panic!("a refusal was expected");
        };
        assert!(reason.to_lowercase().contains("refused"), "{reason}");
        assert!(matches!(client().health("no address", "/x", LIMIT).await, Err(Miss::Refused(_))));
    }

    #[tokio::test]
    async fn the_version_is_read_from_what_the_service_says() {
        let body = serde_json::json!({
            "status": "healthy", "version": "1.18.5", "commit_id": "", "feature_list": []
        });
        let server = answering("/version", ResponseTemplate::new(200).set_body_json(body)).await;
        assert_eq!(
            client().version(&server.uri(), LIMIT).await,
            Ok(ServiceVersion { version: "1.18.5".into(), commit: None })
        );
        let server =
            answering("/version", ResponseTemplate::new(200).set_body_string("nothing")).await;
        assert_eq!(
            client().version(&server.uri(), LIMIT).await,
            Err(Miss::WrongAnswer { status: 200, excerpt: "nothing".into() })
        );
    }
}
