//! A registry that lies: it stands on a port of its own before a real one, hands everything on, and
//! misbehaves where and towards whom a test says. It remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::PartResult;

/// Answers above this size are layers; configurations and manifests of small images are below it.
const LAYER: usize = 8 * 1024;
/// What is answered in place of a document.
const JUNK: &str = "{\"tags\": [\"20240111.v2\", ";

/// How it misbehaves.
#[derive(Clone, Debug)]
pub enum Lie {
    /// This status with these headers and a registry's error document.
    Status(u16, &'static str, Vec<(&'static str, String)>),
    /// Half of each layer, then the connection ends.
    CutInLayer,
    /// Half of each answer, then the connection ends.
    CutInAnswer,
    /// Documents that end in their middle, announced as complete.
    Junk,
    /// Manifests with one byte more than their digest is of.
    WrongManifest,
    /// Layers in which one byte differs.
    WrongLayer,
    /// Each redirect leads to the next one.
    RedirectsForEver,
    /// To the same path of another host (`http://127.0.0.2:…`).
    RedirectsTo(String),
    /// The list of tags names itself as its next page.
    PagesInCircle,
}

/// Whom it lies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Everyone,
    /// Only engines: the application's own questions are answered truly.
    Engines,
}

/// One question that it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    /// The whole header `Authorization`, when there was one.
    pub authorization: Option<String>,
    /// The application asked, not an engine.
    pub by_application: bool,
}

#[derive(Default)]
struct World {
    /// By repository.
    lies: HashMap<String, (To, Lie)>,
    asked: Vec<Asked>,
}

/// The registry. Dropped: nothing new is taken.
pub struct LyingRegistry {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: Arc<AtomicBool>,
}

impl LyingRegistry {
    /// Stands before the registry at this address (`127.0.0.1:<port>`).
    pub fn before(target: &str) -> PartResult<Self> {
        Self::before_at("127.0.0.1", target)
    }

    /// The same at another address of the loopback: another host for whoever looks.
    pub fn before_at(host: &str, target: &str) -> PartResult<Self> {
        let listener = TcpListener::bind((host, 0))?;
        let address = listener.local_addr()?;
        let (world, stop) = (Arc::<Mutex<World>>::default(), Arc::new(AtomicBool::new(false)));
        let (its_world, stopped, target) =
            (Arc::clone(&world), Arc::clone(&stop), target.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (world, target) = (Arc::clone(&its_world), target.clone());
                // A connection that breaks is the other side's affair.
                std::thread::spawn(move || serve(client, &target, &world).ok());
            }
        });
        Ok(Self { address, world, stop })
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on it lies about this repository.
    pub fn lie(&self, repository: &str, to: To, lie: Lie) {
        locked(&self.world).lies.insert(repository.to_owned(), (to, lie));
    }

    /// From now on it tells the truth about this repository.
    pub fn heal(&self, repository: &str) {
        locked(&self.world).lies.remove(repository);
    }

    /// What it was asked about a repository so far.
    pub fn asked(&self, repository: &str) -> Vec<Asked> {
        let about = format!("/{repository}/");
        let world = locked(&self.world);
        world.asked.iter().filter(|asked| asked.path.contains(&about)).cloned().collect()
    }

    /// Everything that it was asked so far.
    pub fn asked_at_all(&self) -> Vec<Asked> {
        locked(&self.world).asked.clone()
    }
}

impl Drop for LyingRegistry {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one question and ends the connection.
fn serve(mut client: TcpStream, target: &str, world: &Mutex<World>) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut lines = Vec::new();
    let mut reader = BufReader::new(client.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let Some((first, headers)) = lines.split_first() else { return Ok(()) };
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let header = |name: &str| {
        headers
            .iter()
            .filter_map(|line| line.split_once(':'))
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let asked = Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        authorization: header("authorization"),
        by_application: header("user-agent")
            .is_some_and(|agent| agent.starts_with("promptflow-runtimes/")),
    };
    let lie = {
        let mut world = locked(world);
        world.asked.push(asked.clone());
        let about = |repository: &str| path.starts_with(&format!("/v2/{repository}/"));
        let found = world.lies.iter().find(|(repository, _)| about(repository));
        found.and_then(|(_, (to, lie))| {
            (*to == To::Everyone || !asked.by_application).then(|| lie.clone())
        })
    };
    let truth = |headers: &[String]| ask(target, method, path, headers);
    let answer = match &lie {
        None => truth(headers)?,
        Some(lie) => lying(lie, path, || truth(headers))?,
    };
    answer.write(&mut client, method == "HEAD")?;
    client.shutdown(Shutdown::Both)
}

/// An answer, and how much of it is sent.
struct Answer {
    status: String,
    headers: Vec<String>,
    body: Vec<u8>,
    sent: usize,
}

impl Answer {
    fn new(status: &str, headers: Vec<String>, body: Vec<u8>) -> Self {
        Self { status: status.to_owned(), headers, sent: body.len(), body }
    }

    fn write(&self, to: &mut TcpStream, head_only: bool) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for header in &self.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        let length = format!("Content-Length: {}\r\n", self.body.len());
        head.push_str(&length);
        head.push_str("Connection: close\r\n\r\n");
        to.write_all(head.as_bytes())?;
        if head_only { Ok(()) } else { to.write_all(&self.body[..self.sent]) }
    }
}

/// Asks the real registry. HTTP/1.0, so that it sends no chunks and ends the connection.
fn ask(target: &str, method: &str, path: &str, headers: &[String]) -> std::io::Result<Answer> {
    let mut server = TcpStream::connect(target)?;
    let mut question = format!("{method} {path} HTTP/1.0\r\n");
    for header in headers.iter().filter(|header| !is_of_connection(header)) {
        question.push_str(header);
        question.push_str("\r\n");
    }
    question.push_str("\r\n");
    server.write_all(question.as_bytes())?;
    let mut all = Vec::new();
    server.read_to_end(&mut all)?;
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let body = all.get(end + 4..).unwrap_or_default().to_vec();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap_or_default();
    let status = status.split_once(' ').map_or("502 Bad Gateway", |(_, status)| status);
    let headers = lines.filter(|header| !is_of_connection(header)).collect();
    Ok(Answer::new(status, headers, body))
}

fn is_of_connection(header: &str) -> bool {
    let name = header.split(':').next().unwrap_or("").to_ascii_lowercase();
    ["connection", "content-length", "transfer-encoding"].contains(&name.as_str())
}

fn lying(
    lie: &Lie,
    path: &str,
    truth: impl FnOnce() -> std::io::Result<Answer>,
) -> std::io::Result<Answer> {
    let json = || vec!["Content-Type: application/json".to_owned()];
    let redirect =
        |to: String| Answer::new("307 Temporary Redirect", vec![format!("Location: {to}")], vec![]);
    Ok(match lie {
        Lie::Status(status, code, more) => {
            let mut headers = json();
            headers.extend(more.iter().map(|(name, value)| format!("{name}: {value}")));
            let body =
                format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"unknown error\"}}]}}");
            Answer::new(&format!("{status} Status"), headers, body.into_bytes())
        }
        Lie::Junk => Answer::new("200 OK", json(), JUNK.as_bytes().to_vec()),
        Lie::RedirectsForEver => redirect(format!("{}/again", path.trim_end_matches("/again"))),
        Lie::RedirectsTo(host) => redirect(format!("{host}{path}")),
        Lie::CutInLayer | Lie::CutInAnswer => {
            let mut answer = truth()?;
            if matches!(lie, Lie::CutInAnswer) || answer.body.len() > LAYER {
                answer.sent /= 2;
            }
            answer
        }
        Lie::WrongLayer => {
            let mut answer = truth()?;
            if answer.body.len() > LAYER {
                let middle = answer.body.len() / 2;
                answer.body[middle] ^= 1;
            }
            answer
        }
        Lie::WrongManifest => {
            let answer = truth()?;
            if path.contains("/manifests/") {
                let body = [answer.body.as_slice(), b" "].concat();
                Answer::new(&answer.status, answer.headers, body)
            } else {
                answer
            }
        }
        Lie::PagesInCircle => {
            let mut answer = truth()?;
            if path.contains("/tags/list") {
                let page = path.split('?').next().unwrap_or(path);
                answer.headers.push(format!("Link: <{page}?last=a&n=1000>; rel=\"next\""));
            }
            answer
        }
    })
}
