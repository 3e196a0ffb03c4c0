//! The folder that `pf run` keeps of a run.

use std::{
    fs,
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use bytes::{Buf as _, Bytes};
use domain::batch::{Batch, BatchRow, RowNode, RowState, pf_run as rules};
use flows::{Archive, FlowPath};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Handle;

use super::Sink;

const SNAPSHOT: &str = "snapshot";
const FLOW_ARTIFACTS: &str = "flow_artifacts";
const FLOW_OUTPUTS: &str = "flow_outputs";
const NODE_ARTIFACTS: &str = "node_artifacts";

/// What was put into the folder for the flow, a sentence.
pub(super) struct Snapshot(String);

/// Puts the flow's files into the folder, as they are now: what they were when the run began, no machine
/// but the runtime knows. A flow that is not there any more is no reason to give no results.
///
/// # Errors
/// Nothing can be written.
pub(super) async fn snapshot(batch: &Batch, folder: &Path) -> io::Result<Snapshot> {
    let place = folder.join(SNAPSHOT);
    fs::create_dir(&place)?;
    let left_out = |why: String| {
        tracing::info!(why, "an export has no files of the flow");
        Snapshot(format!("The flow's files could not be read, so {SNAPSHOT} is empty."))
    };
    let taken = match FlowPath::of(&batch.flow).read().await {
        Ok(flow) => flow.snapshot(None).await,
        Err(error) => Err(error),
    };
    let archive = match taken {
        Ok(taken) => taken.archive(SNAPSHOT),
        Err(error) => return Ok(left_out(error.to_string())),
    };
    let (into, handle) = (folder.to_owned(), Handle::current());
    let unpacked = tokio::task::spawn_blocking(move || unpack(archive, handle, &into)).await;
    match unpacked.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(()) => Ok(Snapshot(format!("The flow's files in {SNAPSHOT} are as they were now."))),
        Err(error) if is_full(&error) => Err(error),
        Err(error) => {
            fs::remove_dir_all(&place)?;
            fs::create_dir(&place)?;
            Ok(left_out(error.to_string()))
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(own) = cause {
        if own.downcast_ref::<io::Error>().is_some_and(|own| kinds.contains(&own.kind())) {
            return true;
        }
        cause = own.source();
    }
    false
}

fn unpack(archive: Archive, handle: Handle, into: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(Pieces { archive, handle, piece: Bytes::new() });
    archive.set_preserve_mtime(false);
    // For this person, and not for everybody as in a container.
    archive.set_mask(0o022);
    archive.unpack(into)?;
    // The archive's own mark of its end.
    match fs::remove_file(into.join(format!("{SNAPSHOT}.complete"))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads an archive where waiting is allowed.
struct Pieces {
    archive: Archive,
    handle: Handle,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.handle.block_on(self.archive.next()) {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(into.len());
        self.piece.split_to(length).copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}

/// The folder while it is being filled.
pub(super) struct PfFolder {
    folder: PathBuf,
    batch: Batch,
    run: String,
    inputs: BufWriter<File>,
    outputs: BufWriter<File>,
    flow_outputs: BufWriter<File>,
    log: Log,
    /// Begins with the first row that failed.
    errors: Option<Errors>,
}

struct Errors {
    file: BufWriter<File>,
    /// What is after the errors.
    end: String,
}

impl PfFolder {
    /// Begins the files in an empty folder. `batch` counts the rows that will be written; `run` names the
    /// run among those of `pf run`.
    pub fn new(
        folder: &Path,
        batch: Batch,
        run: &str,
        now: Timestamp,
        snapshot: Snapshot,
    ) -> io::Result<Self> {
        for name in [FLOW_ARTIFACTS, FLOW_OUTPUTS, NODE_ARTIFACTS] {
            fs::create_dir(folder.join(name))?;
        }
        let json = |name: &str, value: &Value| fs::write(folder.join(name), value.to_string());
        json("meta.json", &rules::meta())?;
        json("metrics.json", &rules::metrics(&batch))?;
        json("run_metadata.json", &rules::metadata(&batch, run, now))?;
        let begin = |name: &str| File::create_new(folder.join(name)).map(BufWriter::new);
        let mut log = Log { file: begin("logs.txt")?, time: now };
        let runtimes: Vec<_> = batch.lanes.iter().map(|lane| lane.name.as_str()).collect();
        log.line("INFO", &format!("Batch run \"{}\" on {}.", batch.name, runtimes.join(", ")))?;
        log.line("INFO", &snapshot.0)?;
        Ok(Self {
            inputs: begin("inputs.jsonl")?,
            outputs: begin("outputs.jsonl")?,
            flow_outputs: begin(&format!("{FLOW_OUTPUTS}/output.jsonl"))?,
            log,
            errors: None,
            folder: folder.to_owned(),
            batch,
            run: run.to_owned(),
        })
    }

    fn failed(&mut self, row: &BatchRow) -> io::Result<()> {
        let message = rules::message(row).unwrap_or_default();
        self.log.line("ERROR", &format!("Line {} failed: {message}", row.row))?;
        let errors = match &mut self.errors {
            Some(errors) => {
                errors.file.write_all(b", ")?;
                errors
            }
            none => {
                let (failed, total) = (self.batch.failed, self.batch.completed + self.batch.failed);
                let (begin, end) = rules::errors_around(failed, total, message);
                let mut file = BufWriter::new(File::create_new(self.folder.join("error.json"))?);
                file.write_all(begin.as_bytes())?;
                none.insert(Errors { file, end })
            }
        };
        Ok(serde_json::to_writer(&mut errors.file, &rules::line_error(row))?)
    }
}

fn line(file: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *file, value)?;
    file.write_all(b"\n")
}

impl Sink for PfFolder {
    fn row(&mut self, row: &BatchRow, nodes: &[RowNode]) -> io::Result<()> {
        line(&mut self.inputs, &rules::inputs(row))?;
        if let Some(outputs) = rules::outputs(row) {
            line(&mut self.outputs, &outputs)?;
            line(&mut self.flow_outputs, &outputs)?;
        }
        let place = self.folder.join(FLOW_ARTIFACTS).join(rules::artifact_name(row.row));
        fs::write(place, rules::artifact(&self.batch, &self.run, row).to_string())?;
        for node in nodes {
            let folder = self.folder.join(NODE_ARTIFACTS).join(rules::node_folder(&node.node));
            fs::create_dir_all(&folder)?;
            let record = rules::node_artifact(&self.batch, &self.run, row, node);
            fs::write(folder.join(rules::node_artifact_name(row.row)), record.to_string())?;
        }
        if row.state == RowState::Failed { self.failed(row) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let (completed, failed) = (self.batch.completed, self.batch.failed);
        let words = format!(
            "Finished {} lines: {completed} completed, {failed} failed.",
            completed + failed
        );
        self.log.line("INFO", &words)?;
        if let Some(Errors { mut file, end }) = self.errors {
            file.write_all(end.as_bytes())?;
            file.flush()?;
        }
        for mut file in [self.inputs, self.outputs, self.flow_outputs, self.log.file] {
            file.flush()?;
        }
        Ok(())
    }
}

/// `logs.txt`, in the form of Prompt flow's logs.
struct Log {
    file: BufWriter<File>,
    time: Timestamp,
}

impl Log {
    fn line(&mut self, level: &str, words: &str) -> io::Result<()> {
        let (time, process) = (self.time.strftime("%Y-%m-%d %H:%M:%S +0000"), std::process::id());
        writeln!(self.file, "{time} {process:>7} execution.bulk     {level:<8} {words}")
    }
}
