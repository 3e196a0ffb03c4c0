//! HTTP over the engine's socket, one connection for each call.
//!
//! Used where a typed client would lose something: fields it does not know (`inspect`, `create`),
//! credentials whose encoding must be URL-safe (`pull`), streams without a time-out (`events`).
//! Protocol: <https://docs.docker.com/reference/api/engine/version/v1.41/>.

use std::{fmt::Write as _, path::Path, time::Duration};

use bytes::{Bytes, BytesMut};
use domain::compute::Unreachable;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, StatusCode, Version, body::Incoming, client::conn::http1::SendRequest,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use super::{refusal, unhurried::Unhurried};
use crate::EngineError;

/// The longest line of JSON that is read from a stream.
const LONGEST_JSON_LINE: usize = 4 * 1024 * 1024;

/// An engine's socket and the API version that is spoken on it.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    socket: String,
    /// `/v1.41`; empty before a version was agreed on.
    prefix: String,
    /// Reads in large pieces, see [`Unhurried`].
    unhurried: bool,
}

/// One request.
pub(super) struct Call<'a> {
    pub method: Method,
    /// Path and query below the version, e.g. `/containers/json?all=1`.
    pub path: String,
    pub body: Option<&'a Value>,
    /// The header `X-Registry-Auth`.
    pub registry_auth: Option<String>,
    /// The answer comes as plain bytes that end with the connection (HTTP/1.0), not in chunks: engines make a chunk
    /// of each line of a log, and a long log takes twice as long that way. An answer that is cut off then looks
    /// like one that has ended.
    pub plain: bool,
}

impl<'a> Call<'a> {
    fn new(method: Method, path: impl Into<String>, body: Option<&'a Value>) -> Self {
        Self { method, path: path.into(), body, registry_auth: None, plain: false }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None)
    }

    pub fn post(path: impl Into<String>, body: Option<&'a Value>) -> Self {
        Self::new(Method::POST, path, body)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, None)
    }
}

/// The body of a request: whole, or made while it is sent.
pub(super) type Upload = UnsyncBoxBody<Bytes, std::io::Error>;

/// The body of an answer while it arrives. Dropping it closes the connection, which the engine
/// takes as the end of whatever it was doing for it.
pub(super) struct Body {
    incoming: Incoming,
    buffer: BytesMut,
    _connection: AbortOnDropHandle<()>,
}

impl Wire {
    pub fn new(socket: &str) -> Self {
        Self { socket: socket.to_owned(), prefix: String::new(), unhurried: false }
    }

    /// The same socket, from now on with this API version.
    pub fn speaking(mut self, version: impl std::fmt::Display) -> Self {
        self.prefix = format!("/v{version}");
        self
    }

    /// The same for answers that are long and of which nobody waits for the first bytes. Each piece holds its thread
    /// for a moment: only for a thread of its own.
    pub fn unhurried(&self) -> Self {
        Self { unhurried: true, ..self.clone() }
    }

    /// Sends a request and waits for the head of the answer, without a limit. A refusal is an error.
    pub async fn open(&self, call: Call<'_>) -> Result<Body, EngineError> {
        let (kind, bytes) = match call.body {
            Some(value) => ("application/json", Bytes::from(value.to_string())),
            None => ("", Bytes::new()),
        };
        let body = Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
        self.send(call, kind, body).await
    }

    /// The same with a body of its own, of this content type.
    pub async fn send(
        &self,
        call: Call<'_>,
        kind: &'static str,
        body: Upload,
    ) -> Result<Body, EngineError> {
        let (mut sender, connection) = self.connect().await?;
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.prefix, call.path))
            .header("host", "engine");
        if call.plain {
            request = request.version(Version::HTTP_10);
        }
        if let Some(auth) = call.registry_auth {
            request = request.header("x-registry-auth", auth);
        }
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let request = request.body(body).map_err(|error| EngineError::Refused {
            status: 400,
            message: format!("No request can be made of it: {error}"),
        })?;
        let answer = sender.send_request(request).await.map_err(|error| refusal::broken(&error))?;
        let status = answer.status();
        let body =
            Body { incoming: answer.into_body(), buffer: BytesMut::new(), _connection: connection };
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(body);
        }
        let text = body.all().await.unwrap_or_default();
        Err(refusal::answer(status.as_u16(), &text))
    }

    async fn connect(&self) -> Result<(SendRequest<Upload>, AbortOnDropHandle<()>), EngineError> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|error| refusal::connecting(Path::new(&self.socket), &error))?;
        if self.unhurried {
            return handshake(Unhurried { stream, was_short: false }).await;
        }
        handshake(stream).await
    }

    /// Asks for a connection on which both sides speak another protocol from then on.
    pub async fn upgrade(
        &self,
        path: &str,
        protocol: &str,
        headers: &[(&str, &str)],
    ) -> Result<Upgraded, EngineError> {
        let (mut sender, _connection) = self.connect().await?;
        let mut request = Request::post(format!("{}{path}", self.prefix))
            .header("host", "engine")
            .header("connection", "Upgrade")
            .header("upgrade", protocol);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let empty = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
        let request = request.body(empty).map_err(|error| EngineError::Refused {
            status: 400,
            message: format!("No request can be made of it: {error}"),
        })?;
        let answer = sender.send_request(request).await.map_err(|error| refusal::broken(&error))?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal::answer(answer.status().as_u16(), b""));
        }
        hyper::upgrade::on(answer).await.map_err(|error| refusal::broken(&error))
    }

    /// A header of the answer; empty = it is not there.
    pub async fn header(
        &self,
        path: &str,
        name: &str,
        limit: Duration,
    ) -> Result<String, EngineError> {
        timeout(limit, async {
            let (mut sender, _connection) = self.connect().await?;
            let empty = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
            let request = Request::get(format!("{}{path}", self.prefix))
                .header("host", "engine")
                .body(empty)
                .map_err(|error| EngineError::Refused {
                    status: 400,
                    message: error.to_string(),
                })?;
            let answer =
                sender.send_request(request).await.map_err(|error| refusal::broken(&error))?;
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            Ok(value.unwrap_or_default().to_owned())
        })
        .await
        .map_err(|_| Unreachable::NoAnswer { seconds: limit.as_secs() })?
    }

    /// A request with its whole answer within `limit`.
    pub async fn call(&self, call: Call<'_>, limit: Duration) -> Result<Bytes, EngineError> {
        timeout(limit, async { self.open(call).await?.all().await })
            .await
            .map_err(|_| Unreachable::NoAnswer { seconds: limit.as_secs() })?
    }

    /// A request whose answer is JSON.
    pub async fn json(&self, call: Call<'_>, limit: Duration) -> Result<Value, EngineError> {
        let bytes = self.call(call, limit).await?;
        serde_json::from_slice(&bytes).map_err(|error| not_json(&error))
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<(SendRequest<Upload>, AbortOnDropHandle<()>), EngineError> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| refusal::broken(&error))?;
    let connection = AbortOnDropHandle::new(tokio::spawn(async move {
        // A broken connection shows in the answer's body too, where somebody waits for it.
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection to an engine ended early");
        }
    }));
    Ok((sender, connection))
}

impl Body {
    /// The next piece; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EngineError> {
        loop {
            match self.incoming.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(refusal::broken(&error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// All that is left.
    pub async fn all(mut self) -> Result<Bytes, EngineError> {
        while let Some(chunk) = self.chunk().await? {
            self.buffer.extend_from_slice(&chunk);
        }
        Ok(self.buffer.freeze())
    }

    /// The next line of a stream of JSON; `None` at the end.
    pub async fn json_line(&mut self) -> Result<Option<Value>, EngineError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end + 1);
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return serde_json::from_slice(&line).map(Some).map_err(|error| not_json(&error));
            }
            if self.buffer.len() > LONGEST_JSON_LINE {
                let reason = "a line of its stream is longer than 4 MiB".to_owned();
                return Err(Unreachable::Other { reason }.into());
            }
            match self.chunk().await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None if self.buffer.trim_ascii().is_empty() => return Ok(None),
                None => {
                    let line = std::mem::take(&mut self.buffer);
                    return serde_json::from_slice(&line).map(Some).map_err(|e| not_json(&e));
                }
            }
        }
    }
}

pub(super) fn not_json(error: &serde_json::Error) -> EngineError {
    Unreachable::Other { reason: format!("its answer is not the JSON it should be ({error})") }
        .into()
}

/// A query, `?a=1&b=2`, with everything but letters, digits and `-_.~` encoded.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        encode(value, b"", &mut text);
    }
    text
}

/// A name as part of a path. An image reference keeps its slashes, colons and `@`.
pub(super) fn path(name: &str) -> String {
    let mut text = String::new();
    encode(name, b"/:@", &mut text);
    text
}

fn encode(value: &str, kept: &[u8], into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_paths_are_encoded() {
        assert_eq!(
            query(&[("all", "1"), ("filters", r#"{"a":["b c"]}"#)]),
            "?all=1&filters=%7B%22a%22%3A%5B%22b%20c%22%5D%7D"
        );
        assert_eq!(path("r.example:5000/a/b@sha256:00"), "r.example:5000/a/b@sha256:00");
        assert_eq!(path("a b?c"), "a%20b%3Fc");
    }
}
