//! One question to a registry: redirects, challenges, limits, and what a failure means.

use std::{error::Error as _, time::Duration};

use domain::secret::{Login, Secret};
use reqwest::{
    Client, Method, RequestBuilder, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
};

use crate::{
    IDENTITY_TOKEN_USER, RegistryError,
    authorization::{self, Accepted, Challenge, TokenAnswer},
};

/// Redirects that are followed for one question.
const MOST_REDIRECTS: usize = 5;

/// Bytes of a token service's answer that are read.
const LONGEST_TOKEN: usize = 1024 * 1024;

/// How long an accepted user name and password are sent without waiting for a challenge again.
const BASIC_LIFE: Duration = Duration::from_secs(300);

/// Limits of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    /// For one question with its redirects, its challenge and its whole body.
    pub(crate) request: Duration,
    /// For all pages of a list of tags.
    pub(crate) all_pages: Duration,
}

/// A question.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The registry as people write it; it names the registry in errors.
    pub(crate) host: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) accept: &'a str,
    /// The repository's path, for the scope of a token.
    pub(crate) path: Option<&'a str>,
    pub(crate) login: Option<&'a Login>,
    /// Bytes of the body beyond which the answer is refused.
    pub(crate) most_bytes: usize,
    /// Answer a challenge anew, even when an answer was accepted before.
    pub(crate) afresh: bool,
}

/// An answer with its body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Where it came from, after redirects.
    from: Url,
}

/// Asks registries.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// For loopback addresses: plain HTTP, never through a proxy.
    loopback: Result<Client, String>,
    /// For all others: the system's proxy and the system's certificates.
    world: Result<Client, String>,
    limits: Limits,
    accepted: Accepted,
}

impl Exchange {
    pub(crate) fn new(limits: Limits) -> Self {
        let builder = || {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(limits.connect)
                .user_agent(concat!("promptflow-runtimes/", env!("CARGO_PKG_VERSION")))
        };
        let words = |error: reqwest::Error| innermost(&error);
        Self {
            loopback: builder().no_proxy().tls_certs_only([]).build().map_err(words),
            world: builder().build().map_err(words),
            limits,
            accepted: Accepted::default(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    #[cfg(test)]
    pub(crate) fn keep_for_test(
        &self,
        host: &str,
        scope: &str,
        login: Option<&Login>,
        authorization: &Secret,
    ) {
        self.accepted.keep(host, scope, login, authorization, Duration::from_secs(60));
    }

    /// Asks with GET, answering a challenge when there is one. Any status but 401 is handed back.
    pub(crate) async fn get(&self, ask: Ask<'_>) -> Result<Answer, RegistryError> {
        tokio::time::timeout(self.limits.request, self.get_within(ask)).await.unwrap_or_else(|_| {
            Err(RegistryError::Silent {
                host: ask.host.to_owned(),
                seconds: self.limits.request.as_secs(),
            })
        })
    }

    async fn get_within(&self, ask: Ask<'_>) -> Result<Answer, RegistryError> {
        let own_scope = ask.path.map(|path| format!("repository:{path}:pull"));
        let scope = own_scope.as_deref().unwrap_or_default();
        let kept = if ask.afresh { None } else { self.accepted.find(ask.host, scope, ask.login) };
        let first = self.follow(ask, kept.as_ref()).await?;
        if first.status != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        if kept.is_some() {
            self.accepted.drop(ask.host, scope, ask.login);
        }
        let denied = |with_login| RegistryError::Denied { host: ask.host.to_owned(), with_login };
        // A challenge of another host than the registry is never answered with its login.
        if first.from.origin() != ask.url.origin() {
            return Err(denied(kept.is_some() && ask.login.is_some()));
        }
        let (authorization, life) = match (authorization::challenge(&first.headers), ask.login) {
            (Some(Challenge::Bearer { realm, service, scope: told }), _) => {
                let scope = told.or_else(|| own_scope.clone());
                self.token(ask, &realm, service.as_deref(), scope.as_deref()).await?
            }
            (Some(Challenge::Basic), Some(login)) => (authorization::basic(login), BASIC_LIFE),
            (Some(Challenge::Basic) | None, _) => return Err(denied(false)),
        };
        let second = self.follow(ask, Some(&authorization)).await?;
        if second.status == StatusCode::UNAUTHORIZED {
            return Err(denied(ask.login.is_some()));
        }
        self.accepted.keep(ask.host, scope, ask.login, &authorization, life);
        Ok(second)
    }

    /// Asks, following redirects. The authorization stays with the registry's own origin.
    async fn follow(
        &self,
        ask: Ask<'_>,
        authorization: Option<&Secret>,
    ) -> Result<Answer, RegistryError> {
        let mut url = ask.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self
                .client(ask.host, &url)?
                .request(Method::GET, url.clone())
                .header(ACCEPT, ask.accept);
            if let Some(authorization) = authorization
                && url.origin() == ask.url.origin()
            {
                request = request.header(AUTHORIZATION, header(ask.host, authorization)?);
            }
            let answer = self.send(ask.host, request, ask.most_bytes).await?;
            if !answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            let target = answer.headers.get(LOCATION).and_then(|target| target.to_str().ok());
            url = target
                .and_then(|target| url.join(target).ok())
                .ok_or_else(|| nonsense(ask.host, "it redirects to nowhere"))?;
            allowed(ask, &url)?;
        }
        Err(nonsense(ask.host, &format!("it redirects more than {MOST_REDIRECTS} times")))
    }

    /// Gets a token of pull scope from the service that the registry named.
    async fn token(
        &self,
        ask: Ask<'_>,
        realm: &str,
        service: Option<&str>,
        scope: Option<&str>,
    ) -> Result<(Secret, Duration), RegistryError> {
        let mut url = Url::parse(realm)
            .map_err(|_| nonsense(ask.host, "the address of its token service is no address"))?;
        allowed(ask, &url)?;
        let fields = [("service", service), ("scope", scope)];
        let fields = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let request = match ask.login {
            // An identity token is exchanged by OAuth2
            // (https://distribution.github.io/distribution/spec/auth/oauth/).
            Some(login) if login.username == IDENTITY_TOKEN_USER => {
                let mut form = url.clone();
                form.query_pairs_mut()
                    .clear()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "promptflow-runtimes")
                    .append_pair("refresh_token", login.password.expose())
                    .extend_pairs(fields);
                self.client(ask.host, &url)?
                    .request(Method::POST, url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.query().unwrap_or_default().to_owned())
            }
            login => {
                url.query_pairs_mut().extend_pairs(fields);
                let request = self.client(ask.host, &url)?.request(Method::GET, url);
                match login {
                    Some(login) => request
                        .header(AUTHORIZATION, header(ask.host, &authorization::basic(login))?),
                    None => request,
                }
            }
        };
        let answer = self.send(ask.host, request, LONGEST_TOKEN).await?;
        match answer.status {
            StatusCode::OK => serde_json::from_slice::<TokenAnswer>(&answer.body)
                .ok()
                .and_then(TokenAnswer::authorization)
                .ok_or_else(|| nonsense(ask.host, "its token service gave no token")),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(RegistryError::Denied {
                host: ask.host.to_owned(),
                with_login: ask.login.is_some(),
            }),
            _ => Err(failure(ask.host, &answer).unwrap_or_else(|| {
                nonsense(
                    ask.host,
                    &format!("its token service answered with status {}", answer.status.as_u16()),
                )
            })),
        }
    }

    fn client(&self, host: &str, url: &Url) -> Result<&Client, RegistryError> {
        let client = if is_loopback(url.host_str().unwrap_or_default()) && url.scheme() == "http" {
            &self.loopback
        } else {
            &self.world
        };
        client.as_ref().map_err(|reason| RegistryError::Certificate {
            host: host.to_owned(),
            reason: format!("the system's certificates cannot be used ({reason})"),
        })
    }

    /// Sends and reads the whole body, up to `most_bytes`.
    async fn send(
        &self,
        host: &str,
        request: RequestBuilder,
        most_bytes: usize,
    ) -> Result<Answer, RegistryError> {
        let wrong = |error: reqwest::Error| self.error(host, &error);
        let mut response = request.send().await.map_err(wrong)?;
        let too_long = || nonsense(host, &format!("its answer is longer than {most_bytes} bytes"));
        if response.content_length().is_some_and(|told| told > most_bytes as u64) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(wrong)? {
            if body.len() + chunk.len() > most_bytes {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            from: response.url().clone(),
            body,
        })
    }

    /// What a failed exchange means.
    fn error(&self, host: &str, error: &reqwest::Error) -> RegistryError {
        let host = host.to_owned();
        if error.is_timeout() {
            // The only limit that the HTTP library keeps is the one for connecting.
            return RegistryError::Silent { host, seconds: self.limits.connect.as_secs() };
        }
        if error.is_dns() {
            return RegistryError::NoSuchHost { host };
        }
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(reason)) => {
                RegistryError::Certificate { host, reason: certificate_words(reason) }
            }
            _ => RegistryError::Unreachable { host, reason: innermost(error) },
        }
    }
}

/// The failure that an answer's status tells, the same for every question; `None` for others.
pub(crate) fn failure(host: &str, answer: &Answer) -> Option<RegistryError> {
    let host = host.to_owned();
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => {
            Some(RegistryError::RateLimited { host, retry_after: retry_after(&answer.headers) })
        }
        status if status.is_server_error() => {
            Some(RegistryError::Server { host, status: status.as_u16() })
        }
        _ => None,
    }
}

/// Seconds to wait: a number, or a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(u64::try_from(date.duration_since(jiff::Timestamp::now()).as_secs()).unwrap_or(0))
}

/// The address of a registry. Docker Hub's name differs from the host of its API.
pub(crate) fn address(host: &str) -> Result<Url, RegistryError> {
    let api = if host == "docker.io" { "registry-1.docker.io" } else { host };
    let name = api.rsplit_once(':').map_or(api, |(name, _)| name);
    let scheme = if is_loopback(name) { "http" } else { "https" };
    Url::parse(&format!("{scheme}://{api}/v2/"))
        .map_err(|error| nonsense(host, &format!("\"{host}\" is no host ({error})")))
}

/// Only HTTPS, except within loopback when the registry itself is there.
fn allowed(ask: Ask<'_>, target: &Url) -> Result<(), RegistryError> {
    let loopback = |url: &Url| is_loopback(url.host_str().unwrap_or_default());
    match target.scheme() {
        "https" => Ok(()),
        "http" if loopback(target) && loopback(ask.url) => Ok(()),
        _ => Err(nonsense(ask.host, "it sends us to an address that is not encrypted")),
    }
}

fn is_loopback(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn header(host: &str, authorization: &Secret) -> Result<HeaderValue, RegistryError> {
    let mut value = HeaderValue::from_str(authorization.expose())
        .map_err(|_| nonsense(host, "its token holds characters that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn nonsense(host: &str, reason: &str) -> RegistryError {
    RegistryError::Nonsense { host: host.to_owned(), reason: reason.to_owned() }
}

/// The TLS library's error in the chain, when there is one.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        next = match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            // An I/O error's source is that of the error inside, not the error inside; and one may
            // lie in another.
            Some(inside) => Some(inside),
            None => cause.source(),
        };
    }
    None
}

fn certificate_words(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer => "this machine does not know who issued it".to_owned(),
        Reason::Expired | Reason::ExpiredContext { .. } => "it has expired".to_owned(),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "it is not valid yet; this machine's clock may be wrong".to_owned()
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            "it was issued for another name".to_owned()
        }
        Reason::Revoked => "it has been revoked".to_owned(),
        // Mostly a certificate of an authority that stands where a server's should.
        other => format!("it does not hold for this purpose ({other})"),
    }
}

/// The last cause in the chain: the operating system's own words, without the address asked.
fn innermost(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut words = "the connection ended".to_owned();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_asked_without_encryption() {
        for (host, expected) in [
            ("docker.io", "https://registry-1.docker.io/v2/"),
            ("mcr.microsoft.com", "https://mcr.microsoft.com/v2/"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000/v2/"),
            ("localhost.example:5000", "https://localhost.example:5000/v2/"),
            ("localhost:5000", "http://localhost:5000/v2/"),
            ("127.8.0.1:5000", "http://127.8.0.1:5000/v2/"),
            ("[::1]:5000", "http://[::1]:5000/v2/"),
        ] {
            assert_eq!(address(host).expect("address").as_str(), expected);
        }
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let told = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).expect("value"));
            retry_after(&headers)
        };
        assert_eq!(told("17"), Some(17));
        assert_eq!(told("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert_eq!(told("soon"), None);
    }
}
