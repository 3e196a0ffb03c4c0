//! The real service, over HTTP.

use std::{error::Error as _, time::Duration};

use async_trait::async_trait;
use domain::runtime::Protocol;
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    BatchRequest, Executor, Line, Miss, NodeRequest, RunError, RunRequest, Runs, Sealed,
    ServiceVersion, ToolMeta,
};

/// Most bytes read of one answer; what the service says of itself is far shorter.
const LONGEST_BODY: usize = 64 * 1024;

/// Most bytes read of the answer to a run: outputs may be big, and a flood must not fill the memory.
const LONGEST_ANSWER: usize = 512 * 1024 * 1024;

/// How long the service is given to end a run whose caller is gone.
const CANCEL_LIMIT: Duration = Duration::from_secs(45);

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
    http: reqwest::Client,
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

    /// Sends JSON and reads JSON, without a limit.
    async fn post(&self, base: &str, path: &str, body: Value) -> Result<Value, RunError> {
        let url = address(base, path)?;
        let asked = self.http.post(url).json(&body);
        // What is sent may hold secrets: it is not kept while the answer is waited for.
        drop(body);
        answer_of(asked.send().await.map_err(|error| miss(&error))?).await
    }

    async fn post_within(
        &self,
        base: &str,
        path: &str,
        body: Value,
        limit: Duration,
    ) -> Result<Value, RunError> {
        tokio::time::timeout(limit, self.post(base, path, body))
            .await
            .unwrap_or_else(|_| Err(Miss::Silent(seconds(limit)).into()))
    }

    /// Runs something that has an id; when nobody waits for the answer any more, it is cancelled.
    async fn run(&self, base: &str, path: &str, run: &str, body: Value) -> Result<Value, RunError> {
        let guard = CancelOnDrop { client: self, base, run, armed: true };
        let answer = self.post(base, path, body).await;
        // Without an answer the run may go on: then the guard cancels it as well.
        guard.disarm_if(!matches!(answer, Err(RunError::Miss(Miss::Closed | Miss::Silent(_)))));
        answer
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

#[async_trait]
impl Runs for ExecutorClient {
    async fn run_flow(&self, base: &str, request: &RunRequest) -> Result<Value, RunError> {
        self.run(base, "/execution/flow", &request.run, request.body()).await
    }

    async fn run_node(&self, base: &str, request: &NodeRequest) -> Result<Value, RunError> {
        self.run(base, "/execution/node", &request.run.run, request.body()).await
    }

    async fn cancel(&self, base: &str, run: &str, limit: Duration) -> Result<(), RunError> {
        let body = json!({"run_id": run});
        self.post_within(base, "/execution/cancel", body, limit).await.map(drop)
    }

    async fn tool_meta(
        &self,
        base: &str,
        folder: &str,
        files: &[(String, String)],
        limit: Duration,
    ) -> Result<ToolMeta, RunError> {
        let tools: Map<String, Value> =
            files.iter().map(|(path, kind)| (path.clone(), json!({"tool_type": kind}))).collect();
        let body = json!({"working_dir": folder, "tools": tools});
        let answer = self.post_within(base, "/tool/meta", body, limit).await?;
        let object = |key: &str| answer[key].as_object().cloned().unwrap_or_default();
        let errors = object("errors").into_iter().map(|(path, error)| {
            let inner = error.get("error").cloned().unwrap_or(error);
            (path, inner)
        });
        Ok(ToolMeta { tools: object("tools"), errors: errors.collect() })
    }

    async fn package_tools(&self, base: &str, limit: Duration) -> Result<Value, RunError> {
        let asked = self.http.get(address(base, "/tool/package_tools")?);
        let answer = async { answer_of(asked.send().await.map_err(|error| miss(&error))?).await };
        tokio::time::timeout(limit, answer)
            .await
            .unwrap_or_else(|_| Err(Miss::Silent(seconds(limit)).into()))
    }

    async fn begin_batch(
        &self,
        base: &str,
        request: &BatchRequest,
        limit: Duration,
    ) -> Result<Value, RunError> {
        self.post_within(base, "/initialize", request.body(), limit).await
    }

    async fn run_line(&self, base: &str, line: &Line) -> Result<Value, RunError> {
        self.post(base, "/execution", line.body()).await
    }

    async fn aggregate(
        &self,
        base: &str,
        run: &str,
        inputs: &Value,
        outputs: &Value,
    ) -> Result<Value, RunError> {
        let body = json!({"run_id": run, "batch_inputs": inputs, "aggregation_inputs": outputs});
        self.post(base, "/aggregation", body).await
    }

    async fn end_batch(&self, base: &str, limit: Duration) -> Result<(), RunError> {
        self.post_within(base, "/finalize", json!({}), limit).await.map(drop)
    }
}

/// Cancels a run when it is dropped armed.
struct CancelOnDrop<'a> {
    client: &'a ExecutorClient,
    base: &'a str,
    run: &'a str,
    armed: bool,
}

impl CancelOnDrop<'_> {
    fn disarm_if(mut self, answered: bool) {
        self.armed = !answered;
    }
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (client, base, run) = (self.client.clone(), self.base.to_owned(), self.run.to_owned());
        runtime.spawn(async move {
            if let Err(error) = client.cancel(&base, &run, CANCEL_LIMIT).await {
                tracing::info!(run, %error, "a run that nobody waits for could not be cancelled");
            }
        });
    }
}

fn address(base: &str, path: &str) -> Result<Url, Miss> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let address = format!("{}{slash}{path}", base.trim_end_matches('/'));
    Url::parse(&address)
        .map_err(|error| Miss::Refused(format!("{address} is not an address: {error}")))
}

/// The JSON of an answer; that of a refusal is its error.
async fn answer_of(mut response: Response) -> Result<Value, RunError> {
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| miss(&error))? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            let excerpt = "it is longer than 512 MB".to_owned();
            return Err(Miss::WrongAnswer { status: status.as_u16(), excerpt }.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
        // A framework's own words for a fault are plain text.
        return Err(wrong(
            status,
            &String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST_BODY)]),
        )
        .into());
    };
    if status.is_success() {
        return Ok(value);
    }
    let error = match &value {
        Value::Object(map) if map.contains_key("error") => value["error"].clone(),
        // A field was missing or wrong: the framework lists which.
        Value::Object(map) if map.contains_key("detail") => {
            json!({"message": value["detail"].to_string(), "code": "SystemError"})
        }
        _ => return Err(wrong(status, &value.to_string()).into()),
    };
    Err(RunError::Refused { status: status.as_u16(), error: Sealed::new(error) })
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

fn wrong(status: StatusCode, body: &str) -> Miss {
    Miss::WrongAnswer {
        status: status.as_u16(),
        excerpt: body.trim().chars().take(EXCERPT).collect(),
    }
}

/// What a failed exchange means.
fn miss(error: &reqwest::Error) -> Miss {
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

    fn request(run: &str) -> RunRequest {
        RunRequest {
            run: run.into(),
            place: crate::Place {
                folder: "/f".into(),
                file: "flow.dag.yaml".into(),
                output: "/o".into(),
                log: "/o.log".into(),
            },
            inputs: Map::new(),
            connections: Sealed::new(json!({"c": {"value": {"api_key": "hunter2"}}})),
            variables: vec![],
        }
    }

    async fn posting(at: &str, answer: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("POST")).and(path(at)).respond_with(answer).mount(&server).await;
        server
    }

    #[tokio::test]
    async fn a_run_that_failed_is_an_answer_and_a_refusal_is_not() {
        let body = json!({"run_info": {"status": "Failed"}});
        let server =
            posting("/execution/flow", ResponseTemplate::new(200).set_body_json(&body)).await;
        assert_eq!(client().run_flow(&server.uri(), &request("r")).await, Ok(body));

        let error =
            json!({"error": {"message": "Tool load failed with hunter2", "code": "UserError"}});
        let server =
            posting("/execution/flow", ResponseTemplate::new(400).set_body_json(&error)).await;
        let refused = client().run_flow(&server.uri(), &request("r")).await.expect_err("refused");
        assert!(!format!("{refused:?} {refused}").contains("hunter2"), "{refused:?}");
        let RunError::Refused { status: 400, error: sealed } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(sealed.expose(), &error["error"]);

        let missing = json!({"detail": [{"loc": ["body", "run_id"]}]});
        let server =
            posting("/execution/flow", ResponseTemplate::new(422).set_body_json(&missing)).await;
        let refused = client().run_flow(&server.uri(), &request("r")).await;
        assert!(matches!(refused, Err(RunError::Refused { status: 422, .. })), "{refused:?}");

        let server =
            posting("/execution/flow", ResponseTemplate::new(500).set_body_string("Internal"))
                .await;
        let wrong = Miss::WrongAnswer { status: 500, excerpt: "Internal".into() };
        assert_eq!(client().run_flow(&server.uri(), &request("r")).await, Err(wrong.into()));
    }

    /// Waits until the service was asked to cancel this run.
    async fn cancelled(server: &MockServer, run: &str) {
        let asked = async || {
            let asked = server.received_requests().await.unwrap_or_default();
            asked.iter().any(|one| {
                one.url.path() == "/execution/cancel"
                    && String::from_utf8_lossy(&one.body).contains(run)
            })
        };
        let until = std::time::Instant::now() + LIMIT;
        while !asked().await {
            assert!(std::time::Instant::now() < until, "the run was left behind");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_run_that_nobody_waits_for_is_cancelled() {
        let slow = ResponseTemplate::new(200).set_body_json(json!({})).set_delay(LIMIT * 2);
        let server = posting("/execution/flow", slow).await;
        Mock::given(method("POST"))
            .and(path("/execution/cancel"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"status": "canceled"})))
            .mount(&server)
            .await;
        let waited = tokio::time::timeout(
            Duration::from_millis(200),
            client().run_flow(&server.uri(), &request("left-behind")),
        )
        .await;
        assert!(waited.is_err(), "it answered");
        cancelled(&server, "left-behind").await;
        // One that has answered is not.
        let server =
            posting("/execution/flow", ResponseTemplate::new(200).set_body_json(json!({}))).await;
        client().run_flow(&server.uri(), &request("done")).await.expect("answered");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.received_requests().await.unwrap_or_default().len(), 1);
    }

    #[tokio::test]
    async fn tools_are_told_with_what_keeps_each_from_loading() {
        let answer = json!({
            "tools": {"a.py": {"function": "a"}},
            "errors": {"b.py": {"error": {"message": "No module named 'bs4'"}}}
        });
        let server = posting("/tool/meta", ResponseTemplate::new(200).set_body_json(answer)).await;
        let files =
            [("a.py".to_owned(), "python".to_owned()), ("b.py".to_owned(), "python".into())];
        let meta = client().tool_meta(&server.uri(), "/f", &files, LIMIT).await.expect("meta");
        assert_eq!(meta.tools["a.py"]["function"], "a");
        assert_eq!(meta.errors["b.py"]["message"], "No module named 'bs4'");
    }
}
