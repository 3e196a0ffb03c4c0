//! A private image registry on loopback, open or with a login.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use serde_json::json;

use crate::docker::DockerEngine;
use crate::error::{PartError, PartResult};
use crate::images::{Image, digest};
use crate::janitor::Place;
use crate::program;

/// A running `docker-registry` (distribution 2.8). Dropped: gone with its storage.
pub struct RegistryServer {
    place: Place,
    /// Where it listens.
    host: String,
    port: u16,
    login: Option<(String, String)>,
    /// It speaks TLS with a certificate that nobody trusts.
    tls: bool,
    service: Option<Child>,
}

impl RegistryServer {
    /// Starts an open one.
    pub fn start() -> PartResult<Self> {
        Self::start_in(None, None)
    }

    /// Starts an open one behind TLS, on this address of the machine, with a certificate that it signed
    /// itself. Addresses of the loopback are of no use here: engines do not check certificates there.
    pub fn start_self_signed(host: &str) -> PartResult<Self> {
        let mut place = Place::new("registry")?;
        let path = |name: &str| place.path(name).to_string_lossy().into_owned();
        let (key, certificate) = (path("key.pem"), path("cert.pem"));
        let name = format!("subjectAltName=IP:{host}");
        program::output(
            program::command("openssl")?
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
                .args(["-nodes", "-days", "2", "-subj", "/CN=self-signed", "-addext", &name])
                .args(["-keyout", &key, "-out", &certificate]),
        )?;
        Self::serve_somewhere(&mut place, host, false, true).map(|(port, service)| Self {
            place,
            host: host.to_owned(),
            port,
            login: None,
            tls: true,
            service: Some(service),
        })
    }

    /// Starts one that asks for this login (HTTP basic, realm `probe`).
    pub fn start_with_login(user: &str, password: &str) -> PartResult<Self> {
        Self::start_in(Some((user.to_owned(), password.to_owned())), None)
    }

    /// Starts an open one on a copy of this storage folder.
    pub(crate) fn start_on_copy(
        storage: &Path,
        login: Option<(String, String)>,
    ) -> PartResult<Self> {
        Self::start_in(login, Some(storage))
    }

    fn start_in(login: Option<(String, String)>, storage: Option<&Path>) -> PartResult<Self> {
        program::find("docker-registry")?;
        program::find("skopeo")?;
        let mut place = Place::new("registry")?;
        if let Some(storage) = storage {
            // Blobs are never written again once complete, so links to them are enough.
            let copy = place.path("storage");
            let (from, to) = (storage.to_string_lossy(), copy.to_string_lossy());
            if program::run("cp", &["-rl", "--", &from, &to]).is_err() {
                // Another file system.
                let _ = std::fs::remove_dir_all(&copy);
                program::run("cp", &["-r", "--", &from, &to])?;
            } else {
                unlink_references(&copy)?;
            }
        }
        if let Some((user, password)) = &login {
            let line = program::run("htpasswd", &["-Bbn", user, password])?;
            std::fs::write(place.path("htpasswd"), line)?;
        }
        let host = "127.0.0.1".to_owned();
        let (port, service) = Self::serve_somewhere(&mut place, &host, login.is_some(), false)?;
        Ok(Self { place, host, port, login, tls: false, service: Some(service) })
    }

    fn serve_somewhere(
        place: &mut Place,
        host: &str,
        login: bool,
        tls: bool,
    ) -> PartResult<(u16, Child)> {
        let mut last = None;
        // Another process may take the free port before the registry does.
        for _ in 0..5 {
            let port = program::free_port()?;
            match serve(place, (host, port), login, tls) {
                Ok(service) => return Ok((port, service)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| PartError::new("The registry did not start.")))
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The registry's own folder, gone when this value is dropped.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// What the registry wrote to its log so far: each request with its status.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("log")).unwrap_or_default()
    }

    /// Ends the registry: connections are refused until [`Self::start_again`].
    pub fn stop(&mut self) -> PartResult<()> {
        if let Some(mut service) = self.service.take() {
            service.kill()?;
            service.wait()?;
        }
        Ok(())
    }

    /// Starts it again on the same port with the same content.
    pub fn start_again(&mut self) -> PartResult<()> {
        if self.service.is_none() {
            let at = (self.host.as_str(), self.port);
            self.service = Some(serve(&mut self.place, at, self.login.is_some(), self.tls)?);
        }
        Ok(())
    }

    /// Puts an image there.
    pub fn push(&self, image: &Image, repository: &str, tag: &str) -> PartResult<()> {
        let archive = self.place.path("push.tar");
        image.write_archive(&archive, "push:push")?;
        let pushed =
            self.copy_from(&format!("docker-archive:{}", archive.display()), repository, tag);
        std::fs::remove_file(&archive)?;
        pushed
    }

    /// Puts an image of this engine there.
    pub fn push_from(
        &self,
        docker: &DockerEngine,
        local: &str,
        repository: &str,
        tag: &str,
    ) -> PartResult<()> {
        let archive = self.place.path("engine.tar");
        docker.client(&["save", "-o", &archive.to_string_lossy(), local])?;
        let pushed =
            self.copy_from(&format!("docker-archive:{}", archive.display()), repository, tag);
        std::fs::remove_file(&archive)?;
        pushed
    }

    /// Puts whatever skopeo can read there (`docker-archive:…`, `oci:…`, `dir:…`).
    pub fn copy_from(&self, source: &str, repository: &str, tag: &str) -> PartResult<()> {
        let target = format!("docker://{}/{repository}:{tag}", self.address());
        let mut command = self.skopeo()?;
        command.args(["copy", "--all", "--dest-tls-verify=false", "--src-tls-verify=false"]);
        if let Some((user, password)) = &self.login {
            let login = format!("{user}:{password}");
            command.args(["--dest-creds", &login]);
            if source.starts_with("docker://") {
                command.args(["--src-creds", &login]);
            }
        }
        program::output(command.args([source, &target])).map(drop)
    }

    /// The same image under one more tag.
    pub fn tag(&self, repository: &str, from: &str, tag: &str) -> PartResult<()> {
        let source = self.tag_folder(repository, from);
        if !source.exists() {
            return Err(PartError::new(format!("The registry has no {repository}:{from}.")));
        }
        let target = self.tag_folder(repository, tag);
        let _ = std::fs::remove_dir_all(&target);
        program::run("cp", &["-r", "--", &source.to_string_lossy(), &target.to_string_lossy()])
            .map(drop)
    }

    /// Puts a multi-architecture index there, for this machine's architecture and another one, and
    /// gives its digest. For open registries.
    pub fn push_index(
        &self,
        native: &Image,
        foreign: &Image,
        repository: &str,
        tag: &str,
    ) -> PartResult<String> {
        let other = if crate::images::architecture() == "amd64" { "arm64" } else { "amd64" };
        let mut manifests = Vec::new();
        for (image, architecture) in [(native, crate::images::architecture()), (foreign, other)] {
            let part = format!("{tag}-{architecture}");
            self.push(image, repository, &part)?;
            let raw = self.manifest(repository, &part)?;
            manifests.push(json!({
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "size": raw.len(),
                "digest": digest(raw.as_bytes()),
                "platform": { "architecture": architecture, "os": "linux" },
            }));
            self.delete_tag(repository, &part)?;
        }
        let media = "application/vnd.docker.distribution.manifest.list.v2+json";
        let index =
            json!({ "schemaVersion": 2, "mediaType": media, "manifests": manifests }).to_string();
        let answer =
            self.request("PUT", &format!("/v2/{repository}/manifests/{tag}"), media, &index)?;
        if answer.starts_with("HTTP/1.1 201") {
            Ok(digest(index.as_bytes()))
        } else {
            Err(PartError::new(format!("The registry did not take the index: {answer}")))
        }
    }

    /// The manifest of a tag, byte for byte.
    pub fn manifest(&self, repository: &str, tag: &str) -> PartResult<String> {
        let mut command = self.skopeo()?;
        command.args(["inspect", "--raw", "--tls-verify=false"]);
        if let Some((user, password)) = &self.login {
            command.args(["--creds", &format!("{user}:{password}")]);
        }
        program::output(command.arg(format!("docker://{}/{repository}:{tag}", self.address())))
    }

    /// Puts a tag of one repository into another one, or under another name.
    pub fn copy_tag(&self, from: (&str, &str), to: (&str, &str)) -> PartResult<()> {
        let source = format!("docker://{}/{}:{}", self.address(), from.0, from.1);
        self.copy_from(&source, to.0, to.1)
    }

    /// Takes a tag away; what it named stays reachable by digest.
    pub fn delete_tag(&self, repository: &str, tag: &str) -> PartResult<()> {
        let folder = self.tag_folder(repository, tag);
        std::fs::remove_dir_all(&folder).map_err(|error| {
            PartError::new(format!("{repository}:{tag} could not be taken away: {error}"))
        })
    }

    /// Takes a tag away so that [`Self::show_tag`] can publish it later.
    pub fn hide_tag(&self, repository: &str, tag: &str) -> PartResult<()> {
        let to = self.place.path("hidden").join(repository);
        std::fs::create_dir_all(&to)?;
        std::fs::rename(self.tag_folder(repository, tag), to.join(tag)).map_err(|error| {
            PartError::new(format!("The registry has no {repository}:{tag}: {error}"))
        })
    }

    /// Publishes a hidden tag.
    pub fn show_tag(&self, repository: &str, tag: &str) -> PartResult<()> {
        let from = self.place.path("hidden").join(repository).join(tag);
        std::fs::rename(&from, self.tag_folder(repository, tag))
            .map_err(|error| PartError::new(format!("{repository}:{tag} was not hidden: {error}")))
    }

    /// Where the registry keeps its content.
    pub(crate) fn storage(&self) -> PathBuf {
        self.place.path("storage")
    }

    fn tag_folder(&self, repository: &str, tag: &str) -> PathBuf {
        self.storage()
            .join("docker/registry/v2/repositories")
            .join(repository)
            .join("_manifests/tags")
            .join(tag)
    }

    fn skopeo(&self) -> PartResult<std::process::Command> {
        let mut command = program::command("skopeo")?;
        command
            .args(["--insecure-policy", "--tmpdir"])
            .arg(self.place.folder())
            .env("REGISTRY_AUTH_FILE", self.place.path("no-logins.json"));
        Ok(command)
    }

    fn request(&self, method: &str, path: &str, media: &str, body: &str) -> PartResult<String> {
        request((&self.host, self.port), method, path, media, body)
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn serve(place: &mut Place, at: (&str, u16), login: bool, tls: bool) -> PartResult<Child> {
    let (host, port) = at;
    let path = |name: &str| place.path(name).to_string_lossy().into_owned();
    let auth = if login {
        json!({ "htpasswd": { "realm": "probe", "path": path("htpasswd") } })
    } else {
        json!({})
    };
    let mut configuration = json!({
        "version": 0.1,
        "log": { "level": "info", "accesslog": { "disabled": false } },
        "storage": { "filesystem": { "rootdirectory": path("storage") }, "delete": { "enabled": true } },
        "http": { "addr": format!("{host}:{port}") },
    });
    if tls {
        configuration["http"]["tls"] =
            json!({ "certificate": path("cert.pem"), "key": path("key.pem") });
    }
    if login {
        configuration["auth"] = auth;
    }
    let file = place.path("config.yml");
    // JSON is YAML.
    std::fs::write(&file, configuration.to_string())?;
    let log = place.path("log");
    let mut command = program::command("docker-registry")?;
    command.arg("serve").arg(&file).env("OTEL_TRACES_EXPORTER", "none");
    let mut service = program::spawn(&mut command, &log)?;
    place.janitor.owns_process(service.id())?;
    program::wait_until(
        Duration::from_secs(15),
        &format!("the registry does not answer on {host}:{port}"),
        || {
            if let Some(status) = service.try_wait()? {
                return Err(PartError::new(format!(
                    "The registry ended with {status}. Its log:\n{}",
                    program::tail(&log)
                )));
            }
            let answer = request(at, "GET", "/v2/", "", "").unwrap_or_default();
            let expected = match (login, tls) {
                (true, _) => "HTTP/1.1 401",
                (_, false) => "HTTP/1.1 200",
                // What it says to those who do not speak TLS.
                (_, true) => "HTTP/1.0 400",
            };
            Ok(answer.starts_with(expected))
        },
    )?;
    Ok(service)
}

/// Replaces the linked small files that the registry writes over by copies of their own.
fn unlink_references(storage: &Path) -> PartResult<()> {
    let repositories = storage.join("docker/registry/v2/repositories");
    let (from, to) = (
        repositories.to_string_lossy().into_owned(),
        storage.join("copy").to_string_lossy().into_owned(),
    );
    program::run("cp", &["-r", "--", &from, &to])?;
    std::fs::remove_dir_all(&repositories)?;
    std::fs::rename(&to, &repositories)?;
    Ok(())
}

fn request(
    at: (&str, u16),
    method: &str,
    path: &str,
    media: &str,
    body: &str,
) -> PartResult<String> {
    let (host, port) = at;
    let mut connection = TcpStream::connect(at)?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nContent-Type: {media}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
