//! What lies between us and a registry: certificates and proxies, as the system has them.
//!
//! The certificate store and the proxy are told by environment variables for a whole process, so
//! such a test runs again in a process of its own.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::exchange::{Ask, Exchange};

const INSIDE: &str = "REGISTRY_TEST_INSIDE";

/// A TLS server that answers each request with a page; ended when dropped.
struct TlsServer {
    folder: TempDir,
    process: Child,
    port: u16,
}

impl TlsServer {
    /// Serves with a certificate of its own making for `name`.
    fn start(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let made = openssl(folder.path())
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem"])
            .args(["-subj", "/CN=test", "-addext", &format!("subjectAltName={name}")])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .output()
            .expect("openssl is needed (package openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = free.local_addr().expect("address").port();
        drop(free);
        let process = openssl(folder.path())
            .args(["s_server", "-quiet", "-www", "-key", "key.pem", "-cert", "cert.pem"])
            .args(["-accept", &format!("127.0.0.1:{port}")])
            .spawn()
            .expect("openssl");
        let server = Self { folder, process, port };
        for _ in 0..400 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("the TLS server did not come up");
    }

    fn certificate(&self) -> std::path::PathBuf {
        self.folder.path().join("cert.pem")
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn openssl(folder: &Path) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

async fn ask(url: &str) -> Result<Answer, RegistryError> {
    let limits = Limits {
        connect: Duration::from_secs(5),
        request: Duration::from_secs(5),
        all_pages: Duration::from_secs(5),
    };
    let url = Url::parse(url).expect("address");
    Exchange::new(limits)
        .get(Ask {
            host: "registry.example",
            url: &url,
            accept: JSON,
            path: None,
            login: None,
            most_bytes: 100_000,
            afresh: false,
        })
        .await
}

/// Runs the named test again with these variables; it must pass there.
async fn again_with(test: &str, variables: &[(&str, &str)]) {
    let output = tokio::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("client::world_tests::{test}"), "--nocapture"])
        .env(INSIDE, "1")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(variables.iter().copied())
        .output()
        .await
        .expect("the test runs again");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn certificate_reason(answer: Result<Answer, RegistryError>) -> String {
    match answer.map(|answer| answer.status) {
        Err(RegistryError::Certificate { reason, .. }) => reason,
        other => panic!("a certificate that is not trusted was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_not_trusted() {
    let server = TlsServer::start("IP:127.0.0.1");
    let answer = ask(&format!("https://127.0.0.1:{}/v2/", server.port)).await;
    let reason = certificate_reason(answer);
    assert!(reason.contains("does not know who issued it"), "{reason}");
}

#[tokio::test]
async fn the_systems_certificates_are_trusted_for_the_names_that_they_hold() {
    const TEST: &str = "the_systems_certificates_are_trusted_for_the_names_that_they_hold";
    const PORTS: &str = "REGISTRY_TEST_PORTS";
    if std::env::var_os(INSIDE).is_some() {
        let ports = std::env::var(PORTS).expect("ports");
        let (good, other) = ports.split_once(' ').expect("two ports");
        let answer = ask(&format!("https://127.0.0.1:{good}/v2/")).await.expect("answer");
        assert_eq!(answer.status, StatusCode::OK);
        let reason = certificate_reason(ask(&format!("https://127.0.0.1:{other}/v2/")).await);
        assert!(reason.contains("another name"), "{reason}");
        return;
    }
    let (good, other) = (TlsServer::start("IP:127.0.0.1"), TlsServer::start("DNS:other.example"));
    let bundle = good.folder.path().join("bundle.pem");
    let both = [good.certificate(), other.certificate()]
        .map(|file| std::fs::read_to_string(file).expect("certificate"))
        .concat();
    std::fs::write(&bundle, both).expect("bundle");
    let ports = format!("{} {}", good.port, other.port);
    let bundle = bundle.to_string_lossy().into_owned();
    again_with(TEST, &[("SSL_CERT_FILE", &bundle), (PORTS, &ports)]).await;
}

#[tokio::test]
async fn without_any_certificates_loopback_is_still_reached() {
    const TEST: &str = "without_any_certificates_loopback_is_still_reached";
    if std::env::var_os(INSIDE).is_some() {
        let server = wiremock::MockServer::start().await;
        assert!(ask(&format!("{}/v2/", server.uri())).await.is_ok());
        let reason = certificate_reason(ask("https://registry.example/v2/").await);
        assert!(reason.contains("cannot be used"), "{reason}");
        return;
    }
    let empty = tempfile::NamedTempFile::new().expect("file");
    let folder = tempfile::tempdir().expect("folder");
    let (file, folder) = (empty.path().to_string_lossy(), folder.path().to_string_lossy());
    again_with(TEST, &[("SSL_CERT_FILE", &file), ("SSL_CERT_DIR", &folder)]).await;
}

#[tokio::test]
async fn a_server_without_tls_where_tls_belongs_is_unreachable() {
    let server = wiremock::MockServer::start().await;
    let answer = ask(&format!("https://{}/v2/", server.address())).await;
    let error = answer.map(|answer| answer.status).expect_err("no TLS");
    assert!(
        matches!(&error, RegistryError::Unreachable { reason, .. } if !reason.is_empty()),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_systems_proxy_is_used_except_for_loopback() {
    const TEST: &str = "the_systems_proxy_is_used_except_for_loopback";
    if std::env::var_os(INSIDE).is_some() {
        let server = wiremock::MockServer::start().await;
        let direct = ask(&format!("{}/v2/", server.uri())).await.expect("no proxy in between");
        assert_eq!(direct.status, StatusCode::NOT_FOUND);
        let refused = ask("https://registry.example/v2/").await;
        assert!(matches!(refused, Err(RegistryError::Unreachable { .. })));
        return;
    }
    // A proxy that notes what it is asked for and refuses.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let proxy = format!("http://{}", listener.local_addr().expect("address"));
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        loop {
            let Ok(Ok((mut stream, _))) =
                tokio::time::timeout(Duration::from_secs(3), listener.accept()).await
            else {
                return asked;
            };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            asked.push(text.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    again_with(
        TEST,
        &[
            ("HTTPS_PROXY", &proxy),
            ("https_proxy", &proxy),
            ("HTTP_PROXY", &proxy),
            ("http_proxy", &proxy),
            ("ALL_PROXY", &proxy),
        ],
    )
    .await;
    assert_eq!(asked.await.expect("proxy"), ["CONNECT registry.example:443 HTTP/1.1"]);
}
