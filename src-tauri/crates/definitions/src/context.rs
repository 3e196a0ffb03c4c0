//! A build context: a folder, without what `.dockerignore` leaves out, as a stream of a tar archive.
//!
//! Files are read while they are sent: a context of any size needs no more memory than what is under way.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use domain::build::{IgnoreRules, always_sent};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use crate::{DefinitionsError, blocking};

/// Bytes in one piece of the stream.
const PIECE: usize = 256 * 1024;
/// Pieces that wait for the engine.
const WAITING: usize = 8;

/// Pieces of an archive, in order.
pub type ContextStream = BoxStream<'static, io::Result<Bytes>>;

/// A folder to build from.
#[derive(Clone, Debug)]
pub struct Context {
    root: PathBuf,
    dockerfile: String,
    /// Files that take the place of those in the folder, or are added, by path.
    instead: BTreeMap<String, Vec<u8>>,
}

/// How much a context is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    pub files: u64,
    pub bytes: u64,
    /// Files and whole folders that are left out.
    pub ignored: u64,
}

impl Context {
    /// The context of a folder; `dockerfile` is the Dockerfile's path within it.
    pub fn new(root: PathBuf, dockerfile: &str) -> Self {
        Self { root, dockerfile: dockerfile.to_owned(), instead: BTreeMap::new() }
    }

    /// Sends this text in the place of a file, or as one more.
    pub fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.instead.insert(path.to_owned(), content.into());
        self
    }

    /// The text of a file as it would be sent; `None` = there is none.
    pub async fn text(&self, path: &str) -> Result<Option<String>, DefinitionsError> {
        let of_bytes = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if let Some(content) = self.instead.get(path) {
            return Ok(Some(of_bytes(content.clone())));
        }
        let file = self.root.join(path);
        blocking(move || match std::fs::read(&file) {
            Ok(bytes) => Ok(Some(of_bytes(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DefinitionsError::disk(&file)(error)),
        })
        .await
    }

    /// Where a file of it is on disk.
    pub fn place(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Looks through it without reading any file.
    pub async fn measure(&self) -> Result<Measured, DefinitionsError> {
        let context = self.clone();
        blocking(move || {
            let mut measured = Measured::default();
            let rules = context.rules()?;
            context
                .walk(&rules, &mut |found| {
                    match found {
                        Found::File { size, .. } => {
                            measured.files += 1;
                            measured.bytes += size;
                        }
                        Found::LeftOut => measured.ignored += 1,
                        Found::Folder { .. } | Found::Link { .. } => {}
                    }
                    Ok(())
                })
                .map_err(DefinitionsError::disk(&context.root))?;
            measured.files += context.instead.len() as u64;
            measured.bytes +=
                context.instead.values().map(|content| content.len() as u64).sum::<u64>();
            Ok(measured)
        })
        .await
    }

    /// The archive. It is made while it is read, on a thread of its own, which ends when the stream is
    /// dropped.
    pub fn stream(&self) -> ContextStream {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(WAITING);
        let context = self.clone();
        tokio::task::spawn_blocking(move || {
            let pieces = Pieces { sender: sender.clone(), waiting: Vec::with_capacity(PIECE) };
            if let Err(error) = context.archive(pieces) {
                // Nobody listens any more when the build was cancelled.
                let _ = sender.blocking_send(Err(error));
            }
        });
        stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        })
        .boxed()
    }

    fn rules(&self) -> Result<IgnoreRules, DefinitionsError> {
        // A file of its own for this Dockerfile goes first.
        for name in [format!("{}.dockerignore", self.dockerfile), ".dockerignore".to_owned()] {
            let path = self.root.join(&name);
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let (rules, bad) = IgnoreRules::parse(&text);
                    return match bad.into_iter().next() {
                        Some(bad) => Err(DefinitionsError::Malformed(format!("{name}: {bad}"))),
                        None => Ok(rules),
                    };
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(DefinitionsError::disk(&path)(error)),
            }
        }
        Ok(IgnoreRules::parse("").0)
    }

    fn archive(&self, pieces: Pieces) -> io::Result<()> {
        let rules = self.rules().map_err(io::Error::other)?;
        let mut archive = Builder::new(pieces);
        self.walk(&rules, &mut |found| match found {
            Found::Folder { path, metadata } => {
                let mut header = header(EntryType::Directory, metadata, 0);
                archive.append_data(&mut header, path, io::empty())
            }
            Found::Link { path, place, metadata } => {
                let mut header = header(EntryType::Symlink, metadata, 0);
                archive.append_link(&mut header, path, std::fs::read_link(place)?)
            }
            Found::File { path, place, metadata, size } => {
                let file = std::fs::File::open(place).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", place.display()))
                })?;
                let mut header = header(EntryType::Regular, metadata, size);
                // A file that grows or shrinks meanwhile must not shift what follows it.
                let padded = io::Read::take(io::Read::chain(file, io::repeat(0)), size);
                archive.append_data(&mut header, path, padded)
            }
            Found::LeftOut => Ok(()),
        })?;
        for (path, content) in &self.instead {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o644);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content.as_slice())?;
        }
        archive.finish()?;
        archive.into_inner()?.flush()
    }

    /// Goes through the folder in the order of names, so that the same files make the same archive.
    fn walk(
        &self,
        rules: &IgnoreRules,
        tell: &mut dyn FnMut(Found<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.root.is_dir() {
            let reason = format!("{} is no folder", self.root.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, reason));
        }
        self.walk_folder(&self.root, "", rules, tell)
    }

    fn walk_folder(
        &self,
        folder: &Path,
        prefix: &str,
        rules: &IgnoreRules,
        tell: &mut dyn FnMut(Found<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if self.instead.contains_key(&path) {
                continue;
            }
            let place = entry.path();
            let metadata = place.symlink_metadata()?;
            let excluded = rules.excludes(&path) && !always_sent(&self.dockerfile, &path);
            if metadata.is_dir() {
                // Below a folder that is left out an exception may readmit something.
                if rules.prunes(&path) && !self.dockerfile.starts_with(&format!("{path}/")) {
                    tell(Found::LeftOut)?;
                    continue;
                }
                if !excluded {
                    tell(Found::Folder { path: &path, metadata: &metadata })?;
                }
                self.walk_folder(&place, &path, rules, tell)?;
            } else if excluded {
                tell(Found::LeftOut)?;
            } else if metadata.is_symlink() {
                tell(Found::Link { path: &path, place: &place, metadata: &metadata })?;
            } else if metadata.is_file() {
                let size = metadata.len();
                tell(Found::File { path: &path, place: &place, metadata: &metadata, size })?;
            }
            // Sockets and devices are nothing to build from.
        }
        Ok(())
    }
}

enum Found<'a> {
    Folder { path: &'a str, metadata: &'a std::fs::Metadata },
    File { path: &'a str, place: &'a Path, metadata: &'a std::fs::Metadata, size: u64 },
    Link { path: &'a str, place: &'a Path, metadata: &'a std::fs::Metadata },
    LeftOut,
}

/// As Docker's own client sends it: nobody's user and group.
fn header(kind: EntryType, metadata: &std::fs::Metadata, size: u64) -> Header {
    use std::os::unix::fs::MetadataExt as _;
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(metadata.mode() & 0o7777);
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_size(size);
    header
}

/// Hands written bytes on in pieces.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    waiting: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE)));
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the build ended"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    async fn unpacked(context: &Context) -> BTreeMap<String, String> {
        let mut bytes = Vec::new();
        let mut stream = context.stream();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.expect("piece"));
        }
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found = BTreeMap::new();
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("entry");
            let path = entry.path().expect("path").to_string_lossy().into_owned();
            let mut text = String::new();
            match entry.link_name().expect("link") {
                Some(target) => text = format!("-> {}", target.display()),
                None => drop(entry.read_to_string(&mut text).expect("text")),
            }
            found.insert(path, text);
        }
        found
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::fs::write(path, text).expect("file");
        }
        folder
    }

    #[tokio::test]
    async fn what_is_ignored_stays_here_and_what_replaces_a_file_is_sent_instead() {
        let folder = folder(&[
            ("Dockerfile", "FROM old"),
            (".dockerignore", "data\n!data/keep.txt\n*.log\nDockerfile\n"),
            ("data/big.bin", "big"),
            ("data/keep.txt", "kept"),
            ("a.log", "log"),
            ("src/main.py", "code"),
        ]);
        std::os::unix::fs::symlink("src/main.py", folder.path().join("link.py")).expect("link");
        let context = Context::new(folder.path().to_owned(), "Dockerfile")
            .with("Dockerfile", "FROM new")
            .with("certificates.pem", "pem");
        let found = unpacked(&context).await;
        let of = |path: &str| found.get(path).map(String::as_str);
        assert_eq!(of("Dockerfile"), Some("FROM new"));
        assert_eq!(of("certificates.pem"), Some("pem"));
        assert_eq!(of("data/keep.txt"), Some("kept"));
        assert_eq!(of("link.py"), Some("-> src/main.py"));
        assert_eq!(of("src/main.py"), Some("code"));
        assert!(of(".dockerignore").is_some());
        assert_eq!((of("data/big.bin"), of("a.log")), (None, None));
        let measured = context.measure().await.expect("measured");
        assert_eq!(measured.ignored, 2);
        assert_eq!(measured.files, 5);
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_ends_its_thread() {
        let folder = folder(&[("Dockerfile", "FROM scratch")]);
        std::fs::write(folder.path().join("big"), vec![7_u8; 8 * 1024 * 1024]).expect("file");
        let context = Context::new(folder.path().to_owned(), "Dockerfile");
        let mut stream = context.stream();
        assert!(stream.next().await.is_some());
        drop(stream);
        // The runtime of this test waits for its blocking threads: one that went on would hang here.
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        let context = Context::new("/does/not/exist".into(), "Dockerfile");
        assert!(context.measure().await.is_err());
        assert!(context.stream().next().await.expect("one").is_err());
    }
}
