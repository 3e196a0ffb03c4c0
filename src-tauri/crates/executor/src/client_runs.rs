//! The real service: running flows.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Response;
use serde_json::{Map, Value, json};

use crate::{
    BatchRequest, Line, Miss, NodeRequest, RunError, RunRequest, Runs, Sealed, ToolMeta,
    client::{ExecutorClient, LONGEST_BODY, address, miss, seconds, wrong},
};

/// Most bytes read of the answer to a run: outputs may be big, and a flood must not fill the memory.
const LONGEST_ANSWER: usize = 512 * 1024 * 1024;

/// How long the service is given to end a run whose caller is gone.
const CANCEL_LIMIT: Duration = Duration::from_secs(45);

impl ExecutorClient {
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

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{method, path},
    };

    const LIMIT: Duration = Duration::from_secs(5);

    fn client() -> ExecutorClient {
        ExecutorClient::new().expect("client")
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
