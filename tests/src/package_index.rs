//! A Python package index on this machine, in the simple form of PEP 503, with the packages that the
//! real images are made of.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::error::{PartError, PartResult};
use crate::janitor::Place;
use crate::program;

/// Files by project.
type Files = Arc<Mutex<BTreeMap<String, Vec<PathBuf>>>>;

/// How an index is more than an open one.
#[derive(Clone, Debug, Default)]
pub struct IndexOptions {
    /// Only who gives this name and password gets anything.
    pub login: Option<(String, String)>,
    /// Speaks TLS on this address, with a certificate of an authority that nobody trusts.
    pub tls: Option<String>,
    /// Answers only what a client asks of a proxy: whole addresses rather than paths.
    pub only_as_proxy: bool,
}

/// A running index; it ends with the process.
pub struct PackageIndex {
    port: u16,
    /// The authority's certificate, as a file (PEM), and the folder it is in.
    authority: Option<(PathBuf, Place)>,
}

/// What one connection is answered by.
struct Offer {
    files: Files,
    options: IndexOptions,
}

impl PackageIndex {
    /// Offers the wheels of a folder on every address of this machine.
    pub fn start(folder: &Path) -> PartResult<Self> {
        Self::start_with(folder, IndexOptions::default())
    }

    /// The same as the options say.
    pub fn start_with(folder: &Path, options: IndexOptions) -> PartResult<Self> {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(folder)?.flatten() {
            if let Some(project) = project_of(&entry.path()) {
                files.entry(project).or_default().push(entry.path());
            }
        }
        let listener = TcpListener::bind(("0.0.0.0", 0))?;
        let port = listener.local_addr()?.port();
        let made = options.tls.as_deref().map(certificates).transpose()?;
        let (tls, authority) = made
            .map_or((None, None), |(tls, path, place)| (Some(Arc::new(tls)), Some((path, place))));
        let offer = Arc::new(Offer { files: Arc::new(Mutex::new(files)), options });
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (offer, tls) = (offer.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => answer(BufReader::new(connection), &offer),
                    Some(tls) => {
                        let server = rustls::ServerConnection::new(tls).ok()?;
                        let stream = rustls::StreamOwned::new(server, connection);
                        answer(BufReader::new(stream), &offer)
                    }
                });
            }
        });
        Ok(Self { port, authority })
    }

    /// Its address as seen from `host`.
    pub fn url(&self, host: &str) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{host}:{}/simple", self.port)
    }

    /// Where its authority's certificate is; empty = it needs none.
    pub fn certificates(&self) -> String {
        self.authority.as_ref().map_or(String::new(), |(path, _)| path.display().to_string())
    }
}

/// A server's settings with a certificate for this address, and the file of the authority behind it.
fn certificates(host: &str) -> PartResult<(rustls::ServerConfig, PathBuf, Place)> {
    let place = Place::new("index")?;
    let path = |name: &str| place.path(name).to_string_lossy().into_owned();
    let openssl = |arguments: &[&str]| program::run("openssl", arguments).map(drop);
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let (key, certificate) = (path("authority-key.pem"), path("authority.pem"));
    let (own_key, request, own) = (path("key.pem"), path("request.pem"), path("cert.pem"));
    let mut asked = vec!["req", "-x509", "-days", "2", "-subj", "/CN=Company authority"];
    asked.extend(new_key);
    asked.extend(["-keyout", &key, "-out", &certificate]);
    openssl(&asked)?;
    let mut asked = vec!["req", "-new", "-subj", "/CN=index"];
    asked.extend(new_key);
    asked.extend(["-keyout", &own_key, "-out", &request]);
    openssl(&asked)?;
    let extensions = path("extensions");
    fs::write(&extensions, format!("subjectAltName=IP:{host}\nbasicConstraints=CA:FALSE\n"))?;
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &certificate,
        "-CAkey",
        &key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        &extensions,
        "-out",
        &own,
    ])?;
    let failed = |error: &dyn std::fmt::Display| PartError::new(format!("TLS: {error}"));
    let chain = CertificateDer::pem_file_iter(&own)
        .and_then(Iterator::collect)
        .map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::from_pem_file(&own_key).map_err(|error| failed(&error))?;
    let settings = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| failed(&error))?;
    Ok((settings, PathBuf::from(certificate), place))
}

/// `promptflow_core-1.18.5-py3-none-any.whl` is of `promptflow-core`.
fn project_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".whl")?;
    Some(name.split('-').next()?.replace(['_', '.'], "-").to_lowercase())
}

fn answer<S: Read + Write>(mut reader: BufReader<S>, offer: &Offer) -> Option<()> {
    let expected = offer.options.login.as_ref().map(|(user, password)| {
        format!("basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
    });
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
        let mut given = None;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("authorization")
            {
                let (scheme, word) = value.trim().split_once(' ')?;
                given = Some(format!("{} {}", scheme.to_lowercase(), word.trim()));
            }
        }
        let asked = request.split(' ').nth(1)?;
        let path = match asked.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None if offer.options.only_as_proxy => "/not-by-the-proxy",
            None => asked,
        };
        let (status, kind, body) = if expected.is_some() && given != expected {
            ("401 Unauthorized", "text/plain", b"who is it".to_vec())
        } else {
            content(path, &offer.files)
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nWWW-Authenticate: Basic realm=\"index\"\r\n\r\n",
            body.len()
        );
        let writer = reader.get_mut();
        writer.write_all(head.as_bytes()).ok()?;
        if !request.starts_with("HEAD") {
            writer.write_all(&body).ok()?;
        }
        writer.flush().ok()?;
    }
}

fn content(path: &str, files: &Files) -> (&'static str, &'static str, Vec<u8>) {
    let files = files.lock().unwrap_or_else(PoisonError::into_inner);
    let nothing = ("404 Not Found", "text/plain", b"not here".to_vec());
    let Some(rest) = path.strip_prefix("/simple/") else {
        let Some(name) = path.strip_prefix("/files/") else { return nothing };
        let file = files.values().flatten().find(|file| file.ends_with(name));
        return match file.and_then(|file| fs::read(file).ok()) {
            Some(bytes) => ("200 OK", "application/octet-stream", bytes),
            None => nothing,
        };
    };
    let Some(offered) = files.get(rest.trim_end_matches('/')) else { return nothing };
    let links: Vec<String> = offered
        .iter()
        .filter_map(|file| file.file_name()?.to_str())
        .map(|name| format!("<a href=\"/files/{name}\">{name}</a><br>\n"))
        .collect();
    let links = links.concat();
    (
        "200 OK",
        "text/html",
        format!("<!DOCTYPE html><html><body>{links}</body></html>").into_bytes(),
    )
}
