//! The files of a flow as they are sent: the same files always make the same archive and the same hash.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use ignore::WalkBuilder;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{FlowsError, includes::Include};

/// Pieces of an archive, in order.
pub type Archive = BoxStream<'static, io::Result<Bytes>>;

/// Flows bigger than this are not sent; bytes.
const MOST: u64 = 500_000_000;
/// Files up to this size are kept in memory; bigger ones are read again when they are sent.
const KEPT: u64 = 1_000_000;
/// Bytes in one piece of the archive, and pieces that wait.
const PIECE: usize = 256 * 1024;
const WAITING: usize = 8;
/// A time for every file, so that archives do not differ by it: 1 January 2020.
const TIME: u64 = 1_577_836_800;
/// What is of no use to a run, wherever it is.
const NEVER: [&str; 8] = [
    ".git",
    ".hg",
    ".svn",
    "__pycache__",
    ".promptflow",
    ".venv",
    "node_modules",
    ".ipynb_checkpoints",
];
/// Files that say what is not sent, beside `.gitignore`.
const IGNORE_FILES: [&str; 2] = [".amlignore", ".promptflowignore"];

/// Files to send.
#[derive(Clone, Debug)]
pub struct Snapshot {
    files: BTreeMap<String, File>,
    hash: String,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct File {
    executable: bool,
    size: u64,
    digest: [u8; 32],
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Kept(Bytes),
    OnDisk(PathBuf),
}

impl Snapshot {
    /// Names what is in it: paths, whether they are programs, and content.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// How many bytes its files have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Paths of its files, in their order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(crate) fn take(
        folder: &Path,
        includes: &[Include],
        needed: &[String],
        instead: Option<(String, String)>,
    ) -> Result<Self, FlowsError> {
        let mut places: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut zipped: BTreeMap<String, Bytes> = BTreeMap::new();
        // The flow's own files win over what it includes.
        for include in includes {
            if include.zipped {
                zipped.insert(include.name.clone(), zip(&include.place)?);
            } else if include.place.is_dir() {
                walk(&include.place, &include.name, &mut places);
            } else {
                places.insert(include.name.clone(), include.place.clone());
            }
        }
        walk(folder, "", &mut places);
        // What a node is made of is sent whatever the ignore files say.
        for path in needed {
            let place = folder.join(path);
            if place.is_file() {
                places.insert(path.clone(), place);
            }
        }
        zipped.retain(|path, _| !places.contains_key(path));
        let mut files = BTreeMap::new();
        let mut bytes = 0;
        for (path, archive) in zipped {
            bytes += archive.len() as u64;
            files.insert(path, File::kept(archive, false));
        }
        for (path, place) in places {
            if instead.as_ref().is_some_and(|(replaced, _)| *replaced == path) {
                continue;
            }
            let Some(file) = File::read(&place)? else { continue };
            bytes += file.size;
            if bytes > MOST {
                // The rest is counted, so that the sentence tells how much it is.
                return Err(FlowsError::TooBig { bytes: bytes.max(MOST + 1), most: MOST });
            }
            files.insert(path, file);
        }
        if let Some((path, text)) = instead {
            bytes += text.len() as u64;
            files.insert(path, File::kept(Bytes::from(text), false));
        }
        Ok(Self { hash: hash(&files), files, bytes })
    }

    /// The archive, with everything below `prefix` (`a/b`) and, last of all, an empty file `prefix.complete`
    /// that says that nothing is missing. It is made while it is read, on a thread of its own, which ends
    /// when the stream is dropped.
    pub fn archive(&self, prefix: &str) -> Archive {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(WAITING);
        let (files, prefix) = (self.files.clone(), prefix.trim_matches('/').to_owned());
        tokio::task::spawn_blocking(move || {
            let pieces = Pieces { sender: sender.clone(), waiting: Vec::with_capacity(PIECE) };
            if let Err(error) = archive(&files, &prefix, pieces)
                // Nobody reads any more: there is nobody to tell.
                && error.kind() != io::ErrorKind::BrokenPipe
            {
                let _ = sender.blocking_send(Err(error));
            }
        });
        stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        })
        .boxed()
    }
}

impl File {
    /// `None` = it vanished meanwhile.
    fn read(place: &Path) -> Result<Option<Self>, FlowsError> {
        let metadata = match std::fs::metadata(place) {
            Ok(metadata) if metadata.is_file() => metadata,
            // A socket or a device is nothing to send.
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FlowsError::disk(place)(error)),
        };
        let executable = is_executable(&metadata);
        if metadata.len() > MOST {
            return Err(FlowsError::TooBig { bytes: metadata.len(), most: MOST });
        }
        if metadata.len() <= KEPT {
            let content = std::fs::read(place).map_err(FlowsError::disk(place))?;
            return Ok(Some(Self::kept(content.into(), executable)));
        }
        let mut file = std::fs::File::open(place).map_err(FlowsError::disk(place))?;
        let mut digest = Sha256::new();
        let size = io::copy(&mut file, &mut digest).map_err(FlowsError::disk(place))?;
        Ok(Some(Self {
            executable,
            size,
            digest: digest.finalize().into(),
            content: Content::OnDisk(place.to_owned()),
        }))
    }

    fn kept(content: Bytes, executable: bool) -> Self {
        Self {
            executable,
            size: content.len() as u64,
            digest: Sha256::digest(&content).into(),
            content: Content::Kept(content),
        }
    }
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

/// Adds the files of a folder that are not ignored, below `prefix`.
fn walk(root: &Path, prefix: &str, places: &mut BTreeMap<String, PathBuf>) {
    let mut builder = WalkBuilder::new(root);
    // Only what is in this folder decides, whatever lies around it.
    builder
        .hidden(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .ignore(false)
        .git_ignore(true)
        .follow_links(true)
        .filter_entry(|entry| {
            entry.depth() == 0 || !NEVER.iter().any(|name| *name == entry.file_name())
        });
    for name in IGNORE_FILES {
        builder.add_custom_ignore_filename(name);
    }
    for entry in builder.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // A link that leads nowhere, or in a circle.
                tracing::info!(%error, "a file of a flow is left out");
                continue;
            }
        };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(path) = entry.path().strip_prefix(root) else { continue };
        let parts: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let path = parts.join("/");
        let path = if prefix.is_empty() { path } else { format!("{prefix}/{path}") };
        places.insert(path, entry.into_path());
    }
}

/// A folder as a zip archive, not compressed: the folder itself, and below it its files that are not ignored.
fn zip(folder: &Path) -> Result<Bytes, FlowsError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut places = BTreeMap::new();
    walk(folder, &name, &mut places);
    let bytes: u64 =
        places.values().filter_map(|place| place.metadata().ok()).map(|of| of.len()).sum();
    if bytes > MOST {
        return Err(FlowsError::TooBig { bytes, most: MOST });
    }
    let failed = |error: zip::result::ZipError| FlowsError::disk(folder)(io::Error::other(error));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    archive.add_directory(format!("{name}/"), options).map_err(failed)?;
    for (path, place) in places {
        let Some(file) = std::fs::metadata(&place).ok().filter(std::fs::Metadata::is_file) else {
            continue;
        };
        let mode = if is_executable(&file) { 0o755 } else { 0o644 };
        archive.start_file(path, options.unix_permissions(mode)).map_err(failed)?;
        let mut file = std::fs::File::open(&place).map_err(FlowsError::disk(&place))?;
        io::copy(&mut file, &mut archive).map_err(FlowsError::disk(&place))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner().into())
}

fn hash(files: &BTreeMap<String, File>) -> String {
    let mut all = Sha256::new();
    for (path, file) in files {
        all.update((path.len() as u64).to_be_bytes());
        all.update(path.as_bytes());
        all.update([u8::from(file.executable)]);
        all.update(file.digest);
    }
    all.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn archive(files: &BTreeMap<String, File>, prefix: &str, pieces: Pieces) -> io::Result<()> {
    let mut archive = Builder::new(pieces);
    let mut folders: Vec<String> = Vec::new();
    for (path, file) in files {
        let whole = format!("{prefix}/{path}");
        for (at, _) in whole.match_indices('/') {
            let folder = &whole[..at];
            if folders.iter().any(|known| known == folder) {
                continue;
            }
            archive.append_data(
                &mut header(EntryType::Directory, 0o777, 0),
                folder,
                io::empty(),
            )?;
            folders.push(folder.to_owned());
        }
        // The service's user may be anyone, and nodes write beside their code: as on a person's own machine.
        let mode = if file.executable { 0o777 } else { 0o666 };
        let mut header = header(EntryType::Regular, mode, file.size);
        match &file.content {
            Content::Kept(content) => {
                archive.append_data(&mut header, &whole, content.as_ref())?;
            }
            Content::OnDisk(place) => {
                let mut reader = Checked { file: std::fs::File::open(place)?, seen: Sha256::new() };
                // A file that grows or shrinks meanwhile must not shift what follows it.
                let padded = Read::take(Read::chain(&mut reader, io::repeat(0)), file.size);
                archive.append_data(&mut header, &whole, padded)?;
                let seen: [u8; 32] = reader.seen.finalize().into();
                if seen != file.digest {
                    return Err(io::Error::other(FlowsError::Changed(place.display().to_string())));
                }
            }
        }
    }
    let complete = format!("{prefix}.complete");
    archive.append_data(&mut header(EntryType::Regular, 0o666, 0), complete, io::empty())?;
    archive.finish()?;
    archive.into_inner()?.flush()
}

/// A file that is hashed while it is read.
struct Checked {
    file: std::fs::File,
    seen: Sha256,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.seen.update(&buffer[..length]);
        Ok(length)
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(TIME);
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
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads any more"))
    }
}
