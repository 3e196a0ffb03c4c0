//! A service that answers like Azure OpenAI's, on one address only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::PartResult;

/// The deployment that it has.
pub const DEPLOYMENT: &str = "gpt-35-turbo";

/// How it refuses what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are too many requests.
    TooMany,
    /// Nothing is left of what was paid for.
    Quota,
    /// The content filter does not let it through.
    Filtered,
}

/// A running service; it ends with the process.
pub struct FakeLlm {
    address: String,
    state: Arc<State>,
}

struct State {
    key: String,
    /// Requests that are refused next, as too many.
    refusals: AtomicU32,
    /// Every request is refused so, whatever its key.
    refuses: Mutex<Option<Refusal>>,
    /// How long it waits before it answers; milliseconds.
    delay: AtomicU32,
    asked: Mutex<Vec<Value>>,
}

impl FakeLlm {
    /// Starts one at an address of this machine, which runtimes know under the name `machine`, for who has this key.
    pub fn start(at: IpAddr, machine: &str, key: &str) -> PartResult<Self> {
        let listener = TcpListener::bind((at, 0))?;
        let address = format!("http://{machine}:{}", listener.local_addr()?.port());
        let state = Arc::new(State {
            key: key.to_owned(),
            refusals: AtomicU32::new(0),
            refuses: Mutex::default(),
            delay: AtomicU32::new(0),
            asked: Mutex::default(),
        });
        let own = state.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = own.clone();
                std::thread::spawn(move || answer(connection, &state));
            }
        });
        Ok(Self { address, state })
    }

    /// What a connection has as its `api_base`, as seen from inside a runtime.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next requests are refused since there are too many.
    pub fn refuse_next(&self, requests: u32) {
        self.state.refusals.store(requests, Ordering::SeqCst);
    }

    /// From now on every request is refused so; `None` = no longer.
    pub fn refuse(&self, how: Option<Refusal>) {
        *self.state.refuses.lock().unwrap_or_else(PoisonError::into_inner) = how;
    }

    /// From now on it waits so long before it answers.
    pub fn wait(&self, delay: Duration) {
        self.state.delay.store(u32::try_from(delay.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }

    /// The bodies of what was asked so far.
    pub fn asked(&self) -> Vec<Value> {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(connection: TcpStream, state: &State) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
        let (mut length, mut key) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.split_once(':') else { break };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "api-key" => value.trim().clone_into(&mut key),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        // Whoever only looks whether it is there sends nothing.
        let body: Value =
            if length == 0 { Value::Null } else { serde_json::from_slice(&body).ok()? };
        if !body.is_null() {
            state.asked.lock().unwrap_or_else(PoisonError::into_inner).push(body.clone());
        }
        std::thread::sleep(Duration::from_millis(state.delay.load(Ordering::SeqCst).into()));
        let path = request.split(' ').nth(1)?;
        let (status, content) = said(path, &key, &body, state);
        let content = content.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 1\r\nContent-Length: {}\r\n\r\n{content}",
            content.len()
        );
        reader.get_mut().write_all(head.as_bytes()).ok()?;
    }
}

fn said(path: &str, key: &str, body: &Value, state: &State) -> (&'static str, Value) {
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    let too_many = || {
        let message = "Requests have exceeded call rate limit. Please retry after 1 second.";
        ("429 Too Many Requests", error("429", message))
    };
    match *state.refuses.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(Refusal::TooMany) => return too_many(),
        Some(Refusal::Quota) => {
            let message =
                "You exceeded your current quota, please check your plan and billing details.";
            let mut body = error("insufficient_quota", message);
            body["error"]["type"] = json!("insufficient_quota");
            return ("429 Too Many Requests", body);
        }
        Some(Refusal::Filtered) => {
            let message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.";
            return ("400 Bad Request", error("content_filter", message));
        }
        None => {}
    }
    if key != state.key {
        let message = "Access denied due to invalid subscription key or wrong API endpoint.";
        return ("401 Unauthorized", error("401", message));
    }
    if !path.starts_with(&format!("/openai/deployments/{DEPLOYMENT}/chat/completions?")) {
        let message = "The API deployment for this resource does not exist.";
        return ("404 Not Found", error("DeploymentNotFound", message));
    }
    let one_less = |left: u32| left.checked_sub(1);
    if state.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
        return too_many();
    }
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let last = messages.last().map(|message| message["content"].clone()).unwrap_or_default();
    let last = last.as_str().map_or_else(|| last.to_string(), str::to_owned);
    let told = format!("{} messages, the last: {last}", messages.len());
    let (prompt, completion) = (last.len() + messages.len(), told.len());
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
    let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": told}});
    let answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": DEPLOYMENT,
        "choices": [choice], "usage": usage
    });
    ("200 OK", answer)
}
