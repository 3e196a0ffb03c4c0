//! Files inside a container: `PUT` and `GET /containers/{id}/archive`
//! (<https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/PutContainerArchive>),
//! and a program that reads a growing file inside.

use std::{
    collections::VecDeque,
    io::Read as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bollard::{
    Docker,
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{Method, body::Frame};
use tokio::{io::AsyncWrite, time::timeout};

use super::{
    ANSWER_LIMIT, DockerEngine, WORK_LIMIT, refusal,
    wire::{Call, path, query},
};
use crate::{ContextStream, Engine as _, EngineError, Files};

/// How much beside the file itself an archive of one file may have.
const AROUND_A_FILE: u64 = 64 * 1024;
/// The longest line; what is longer comes in pieces.
const LONGEST_LINE: usize = 64 * 1024;
/// What the engine says of a program that is not there.
const NOT_THERE: [i64; 2] = [126, 127];

/// Reads a file while it grows. It waits ten seconds for one that is not there yet, and ends when the file is gone,
/// or when its own input ends: that is how it learns that nobody reads any more, whatever happened to the other side.
const FOLLOWER: &str = "
import os, sys, threading, time
def wait():
    try:
        while sys.stdin.buffer.read(1):
            pass
    finally:
        os._exit(0)
threading.Thread(target=wait, daemon=True).start()
path = sys.argv[1]
end = time.monotonic() + 10
while not os.path.exists(path):
    if time.monotonic() > end:
        os._exit(0)
    time.sleep(0.01)
try:
    file = open(path, 'rb')
except FileNotFoundError:
    os._exit(0)
while True:
    piece = file.read(65536)
    if piece:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    elif os.path.exists(path):
        time.sleep(0.02)
    else:
        os._exit(0)
";

/// The same by a `tail` that can look often (GNU's; on a container's own file system it is not told of changes), which
/// begins sooner than Python does. Elsewhere it ends as a program does that is not there.
const QUICK_FOLLOWER: &str = r#"
tail --version > /dev/null 2>&1 || exit 127
left=1000
until [ -e "$0" ]; do
    [ $left -gt 0 ] || exit 0
    left=$((left - 1))
    sleep 0.01
done
tail -n +1 -s 0.02 -f "$0" 2> /dev/null & reader=$!
( while [ -e "$0" ]; do sleep 1; done; kill $reader $$ ) & watcher=$!
cat > /dev/null
kill $reader $watcher
"#;

/// The same for an image without Python.
const SHELL_FOLLOWER: &str = r#"
left=100
until [ -e "$0" ]; do
    [ $left -gt 0 ] || exit 0
    left=$((left - 1))
    sleep 0.1 2> /dev/null || { sleep 1; left=$((left - 9)); }
done
tail -n +1 -f "$0" & reader=$!
( while [ -e "$0" ]; do sleep 1; done; kill $reader $$ ) & watcher=$!
cat > /dev/null
kill $reader $watcher
"#;

/// Where Python may be, beside the places where programs are looked for.
const PYTHONS: [&str; 4] =
    ["python3", "python", "/opt/venv/bin/python", "/azureml-envs/prompt-flow/runtime/bin/python"];

#[async_trait]
impl Files for DockerEngine {
    async fn unpack(
        &self,
        container: &str,
        folder: &str,
        archive: ContextStream,
    ) -> Result<(), EngineError> {
        let broken: Arc<Mutex<Option<String>>> = Arc::default();
        let seen = broken.clone();
        let pieces = archive
            .inspect_err(move |error| {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            })
            .map_ok(Frame::<Bytes>::data);
        let asked = query(&[("path", folder)]);
        let target = format!("/containers/{}/archive{asked}", path(container));
        let call = Call { method: Method::PUT, ..Call::get(target) };
        let upload = StreamBody::new(pieces).boxed_unsync();
        let done = async {
            self.wire.send(call, "application/x-tar", upload).await?.all().await.map(drop)
        };
        let done = timeout(WORK_LIMIT, done)
            .await
            .unwrap_or(Err(EngineError::Silent(WORK_LIMIT.as_secs())));
        // Pieces that could not be read are the cause of whatever the engine says of it.
        let broken = broken.lock().unwrap_or_else(PoisonError::into_inner).take();
        broken.map_or(done, |words| Err(EngineError::Context(words)))
    }

    async fn read(&self, container: &str, file: &str, most: u64) -> Result<Vec<u8>, EngineError> {
        let asked = query(&[("path", file)]);
        let asked = format!("/containers/{}/archive{asked}", path(container));
        let reading = async {
            let mut body = self.wire.open(Call::get(asked)).await?;
            let mut archive = Vec::new();
            while let Some(piece) = body.chunk().await? {
                archive.extend_from_slice(&piece);
                if archive.len() as u64 > most + AROUND_A_FILE {
                    break;
                }
            }
            Ok(archive)
        };
        let archive = timeout(ANSWER_LIMIT, reading)
            .await
            .unwrap_or(Err(EngineError::Silent(ANSWER_LIMIT.as_secs())))?;
        let not_a_file = || EngineError::NotFound(format!("{file} is no file"));
        let mut archive = tar::Archive::new(archive.as_slice());
        let mut entries = archive.entries().map_err(|_| not_a_file())?;
        let entry = entries.next().and_then(Result::ok).ok_or_else(not_a_file)?;
        if !entry.header().entry_type().is_file() {
            return Err(not_a_file());
        }
        let mut content = Vec::new();
        // The archive may be cut: what is there counts.
        let _ = entry.take(most).read_to_end(&mut content);
        Ok(content)
    }

    async fn follow(
        &self,
        container: &str,
        file: &str,
    ) -> BoxStream<'static, Result<String, EngineError>> {
        let follow = Follow {
            docker: self.typed.clone(),
            socket: self.socket.clone(),
            container: container.to_owned(),
            followers: followers(file).into(),
            reading: None,
            buffer: BytesMut::new(),
            said_something: false,
        };
        stream::unfold(Some(follow), |follow| async move {
            let mut follow = follow?;
            match follow.next().await {
                Ok(Some(line)) => Some((Ok(line), Some(follow))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn remove(&self, container: &str, file: &str) -> Result<(), EngineError> {
        let shell = ["rm", "-rf", "--", file].map(str::to_owned);
        let python = "import os, shutil, sys\np = sys.argv[1]\nshutil.rmtree(p) if os.path.isdir(p) else os.path.lexists(p) and os.remove(p)";
        let others = PYTHONS
            .iter()
            .map(|name| vec![(*name).to_owned(), "-c".into(), python.into(), file.to_owned()]);
        let mut words = String::new();
        for command in std::iter::once(shell.to_vec()).chain(others) {
            let done = match self.exec(container, &command, Duration::from_secs(60)).await {
                Ok(done) => done,
                // Podman refuses a program that is not there rather than answering with a code.
                Err(EngineError::Refused { message, .. }) => {
                    words = message;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if done.exit_code == 0 {
                return Ok(());
            }
            words = format!("{}{}", done.out, done.error);
            if !NOT_THERE.contains(&done.exit_code) {
                break;
            }
        }
        Err(EngineError::Refused { status: 500, message: words.trim().to_owned() })
    }
}

/// Programs that follow a file, the best first.
fn followers(file: &str) -> Vec<Vec<String>> {
    let python = |name: &&str| [*name, "-u", "-c", FOLLOWER, file].map(str::to_owned).to_vec();
    let shell = |script: &str| ["sh", "-c", script, file].map(str::to_owned).to_vec();
    let quick = std::iter::once(shell(QUICK_FOLLOWER));
    quick.chain(PYTHONS.iter().map(python)).chain([shell(SHELL_FOLLOWER)]).collect()
}

/// Whether a program ended since it was not there.
async fn was_not_there(docker: &Docker, id: &str) -> bool {
    let ended = docker.inspect_exec(id).await;
    ended.is_ok_and(|ended| ended.exit_code.is_some_and(|code| NOT_THERE.contains(&code)))
}

type Output = BoxStream<'static, Result<LogOutput, bollard::errors::Error>>;

struct Reading {
    id: String,
    output: Output,
    /// As long as it is there the program inside goes on.
    _input: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
}

struct Follow {
    docker: Docker,
    socket: String,
    container: String,
    /// Programs that were not tried yet.
    followers: VecDeque<Vec<String>>,
    reading: Option<Reading>,
    buffer: BytesMut,
    said_something: bool,
}

impl Follow {
    async fn next(&mut self) -> Result<Option<String>, EngineError> {
        loop {
            if let Some(line) = self.line(false) {
                return Ok(Some(line));
            }
            let Some(reading) = &mut self.reading else {
                self.begin().await?;
                continue;
            };
            match reading.output.next().await {
                // Docker says here that there is no such program.
                Some(Ok(LogOutput::StdOut { message }))
                    if !self.said_something && message.starts_with(b"OCI runtime exec failed") => {}
                Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => {
                    self.said_something = true;
                    self.buffer.extend_from_slice(&message);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(refusal::client(std::path::Path::new(&self.socket), &error));
                }
                None => {
                    let id = reading.id.clone();
                    if let Some(line) = self.line(true) {
                        return Ok(Some(line));
                    }
                    self.reading = None;
                    if self.said_something || !was_not_there(&self.docker, &id).await {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Starts the next program.
    async fn begin(&mut self) -> Result<(), EngineError> {
        let refused = |socket: &str, error: &bollard::errors::Error| {
            refusal::client(std::path::Path::new(socket), error)
        };
        let Some(command) = self.followers.pop_front() else {
            return Err(EngineError::NotSupported(
                "Neither Python nor a shell was found inside, so no file can be followed.".into(),
            ));
        };
        let asked = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command),
            ..ExecConfig::default()
        };
        let id = self
            .docker
            .create_exec(&self.container, asked)
            .await
            .map_err(|error| refused(&self.socket, &error))?
            .id;
        match self.docker.start_exec(&id, None::<StartExecOptions>).await {
            Ok(StartExecResults::Attached { output, input }) => {
                self.reading = Some(Reading { id, output: output.boxed(), _input: input });
                Ok(())
            }
            Ok(StartExecResults::Detached) => Ok(()),
            // A program that is not there: the next one is tried.
            Err(bollard::errors::Error::DockerResponseServerError { status_code, .. })
                if status_code != 404 && status_code != 409 =>
            {
                Ok(())
            }
            Err(error) => Err(refused(&self.socket, &error)),
        }
    }

    /// The next line; with `last` what has no line end is one as well.
    fn line(&mut self, last: bool) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n');
        let bytes = match end {
            Some(end) => {
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                line
            }
            None if self.buffer.len() >= LONGEST_LINE || (last && !self.buffer.is_empty()) => {
                self.buffer.split()
            }
            None => return None,
        };
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_end_matches('\r').to_owned())
    }
}
