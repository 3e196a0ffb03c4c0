//! A Python package index on this machine, in the simple form of PEP 503, with the packages that the
//! real images are made of.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::PartResult;

/// Files by project.
type Files = Arc<Mutex<BTreeMap<String, Vec<PathBuf>>>>;

/// A running index; it ends with the process.
pub struct PackageIndex {
    port: u16,
}

impl PackageIndex {
    /// Offers the wheels of a folder on every address of this machine.
    pub fn start(folder: &Path) -> PartResult<Self> {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(folder)?.flatten() {
            if let Some(project) = project_of(&entry.path()) {
                files.entry(project).or_default().push(entry.path());
            }
        }
        let files = Arc::new(Mutex::new(files));
        let listener = TcpListener::bind(("0.0.0.0", 0))?;
        let port = listener.local_addr()?.port();
        let offered = files;
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let offered = offered.clone();
                std::thread::spawn(move || answer(&connection, &offered));
            }
        });
        Ok(Self { port })
    }

    /// Its address as seen from `host`.
    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/simple", self.port)
    }
}

/// `promptflow_core-1.18.5-py3-none-any.whl` is of `promptflow-core`.
fn project_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".whl")?;
    Some(name.split('-').next()?.replace(['_', '.'], "-").to_lowercase())
}

fn answer(connection: &TcpStream, files: &Files) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1)?;
        let (status, kind, body) = content(path, files);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        if !request.starts_with("HEAD") {
            writer.write_all(&body).ok()?;
        }
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
