//! Where things of flows are inside a runtime, and keeping that bounded.

use std::time::Duration;

use bytes::Bytes;
use domain::flow::FlowRunId;
use engine::{ContextStream, Engine, EngineError};
use executor::Place;
use flows::Snapshot;
use futures_util::{StreamExt, stream};
use tar::{Builder, EntryType, Header};

/// A folder that every image has, and our folder in it.
const ROOT: &str = "/tmp";
const OURS: &str = "promptflow-runtimes";
/// Copies of flows that are kept inside a runtime, the newest.
const KEPT_FLOWS: usize = 8;

/// Where a flow with this hash is.
pub(crate) fn flow(hash: &str) -> String {
    format!("{ROOT}/{OURS}/flows/{hash}")
}

/// Everything that is ours inside a runtime is below this path, which ends in a slash.
pub(crate) fn everything() -> String {
    format!("{ROOT}/{OURS}/")
}

/// The folder of a run: its log, and what the service writes.
pub(crate) fn run_folder(run: &FlowRunId) -> String {
    format!("{ROOT}/{OURS}/runs/{run}")
}

/// The log of a run.
pub(crate) fn log(run: &FlowRunId) -> String {
    format!("{}/run.log", run_folder(run))
}

/// The folder of a run, as it is seen from the folder of a flow.
pub(crate) fn from_flow_to_run(run: &FlowRunId) -> String {
    format!("../../runs/{run}")
}

/// Where a run finds and writes everything.
pub(crate) fn of_run(hash: &str, file: &str, run: &FlowRunId) -> Place {
    Place {
        folder: flow(hash),
        file: file.to_owned(),
        output: format!("{}/output", run_folder(run)),
        log: log(run),
    }
}

/// Where a run from outside finds its flow. It writes where every image lets it.
pub(crate) fn from_outside(hash: &str, file: &str, run: &str) -> Place {
    Place {
        folder: flow(hash),
        file: file.to_owned(),
        output: format!("{ROOT}/{run}"),
        log: format!("{ROOT}/{run}.log"),
    }
}

/// Brings a flow into a container; `false` = it was there already. Older copies are removed, but for those
/// in use.
pub(crate) async fn bring(
    engine: &dyn Engine,
    container: &str,
    snapshot: &Snapshot,
    in_use: &[String],
) -> Result<bool, EngineError> {
    let complete = format!("{}.complete", flow(snapshot.hash()));
    match engine.files().read(container, &complete, 1).await {
        Ok(_) => return Ok(false),
        Err(EngineError::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    let archive = snapshot.archive(&format!("{OURS}/flows/{}", snapshot.hash()));
    engine.files().unpack(container, ROOT, archive).await?;
    prune(engine, container, in_use).await;
    Ok(true)
}

/// Removes copies of flows beyond those that are kept. A shell that is not there does nothing.
async fn prune(engine: &dyn Engine, container: &str, in_use: &[String]) {
    let script = format!(
        "cd {ROOT}/{OURS}/flows && ls -1tc -d *.complete | tail -n +{} | while read -r mark; do \
         copy=\"${{mark%.complete}}\"; case \" $* \" in *\"/flows/$copy \"*) continue;; esac; \
         rm -rf -- \"$mark\" \"$copy\"; done",
        KEPT_FLOWS + 1
    );
    let mut command = vec!["sh".to_owned(), "-c".into(), script, "sh".into()];
    command.extend_from_slice(in_use);
    if let Err(error) = engine.exec(container, &command, Duration::from_secs(60)).await {
        tracing::debug!(%error, "old copies of flows were left");
    }
}

/// A flow's file as one run alone has it: beside the flow's own file, since what it names is looked for from
/// there.
#[derive(Clone, Debug)]
pub(crate) struct OwnFile {
    /// Where the flow is inside, by its hash.
    pub hash: String,
    /// What it is called; begins as [`OwnFile::begin`] says.
    pub name: String,
    pub text: String,
}

impl OwnFile {
    /// What its name begins with for a run; `dag.yaml` or `flex.yaml` follows.
    pub fn begin(run: &FlowRunId) -> String {
        format!(".{run}.")
    }
}

/// Makes the folder of a run with an empty log, and the file that it alone has.
pub(crate) async fn begin_run(
    engine: &dyn Engine,
    container: &str,
    run: &FlowRunId,
    own: Option<&OwnFile>,
) -> Result<(), EngineError> {
    let archive = run_archive(run, own)
        .map_err(|error| EngineError::Context(format!("no archive: {error}")))?;
    let pieces: ContextStream = stream::iter([Ok(Bytes::from(archive))]).boxed();
    engine.files().unpack(container, ROOT, pieces).await
}

fn run_archive(run: &FlowRunId, own: Option<&OwnFile>) -> std::io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut add = |path: &str, kind: EntryType, mode: u32, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        // The service's user may be anyone.
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content)
    };
    for folder in ["", "/runs", &format!("/runs/{run}"), &format!("/runs/{run}/output")] {
        add(&format!("{OURS}{folder}"), EntryType::Directory, 0o777, b"")?;
    }
    add(&format!("{OURS}/runs/{run}/run.log"), EntryType::Regular, 0o666, b"")?;
    if let Some(OwnFile { hash, name, text }) = own {
        let path = format!("{OURS}/flows/{hash}/{name}");
        add(&path, EntryType::Regular, 0o644, text.as_bytes())?;
    }
    archive.into_inner()
}

/// Writes files into the folder of a run, which is there; paths are within it.
pub(crate) async fn put(
    engine: &dyn Engine,
    container: &str,
    run: &FlowRunId,
    files: &[(impl AsRef<str>, impl AsRef<str>)],
) -> Result<(), EngineError> {
    let archive = files_archive(run, files)
        .map_err(|error| EngineError::Context(format!("no archive: {error}")))?;
    let pieces: ContextStream = stream::iter([Ok(Bytes::from(archive))]).boxed();
    engine.files().unpack(container, ROOT, pieces).await
}

fn files_archive(
    run: &FlowRunId,
    files: &[(impl AsRef<str>, impl AsRef<str>)],
) -> std::io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut add = |path: &str, kind: EntryType, mode: u32, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, format!("{OURS}/runs/{run}/{path}"), content)
    };
    for (path, text) in files {
        let (path, text) = (path.as_ref(), text.as_ref());
        // Whoever the service's user is may write beside it, and remove all of it again.
        for (at, _) in path.match_indices('/') {
            add(&path[..at], EntryType::Directory, 0o777, b"")?;
        }
        add(path, EntryType::Regular, 0o644, text.as_bytes())?;
    }
    archive.into_inner()
}

/// Removes what a run left.
pub(crate) async fn end_run(engine: &dyn Engine, container: &str, run: &FlowRunId) {
    remove(engine, container, run, &run_folder(run)).await;
}

/// Removes a file or a folder of a run.
pub(crate) async fn remove(engine: &dyn Engine, container: &str, run: &FlowRunId, path: &str) {
    if let Err(error) = engine.files().remove(container, path).await {
        tracing::info!(%run, %error, "what a run left inside its runtime stays there");
    }
}

/// Removes what a run left that an earlier process of this application began. A shell that is not there
/// does nothing.
pub(super) async fn end_left_run(engine: &dyn Engine, container: &str, run: &FlowRunId) {
    end_run(engine, container, run).await;
    let script = format!("rm -f -- {ROOT}/{OURS}/flows/*/\"$1\"*");
    let command = ["sh", "-c", &script, "sh", &OwnFile::begin(run)].map(str::to_owned);
    if let Err(error) = engine.exec(container, &command, Duration::from_secs(60)).await {
        tracing::debug!(%run, %error, "the file of a run was left");
    }
}
