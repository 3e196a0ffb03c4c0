//! Clears up behind a part, also when the test that started it is killed.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::error::{PartError, PartResult};

const SCRIPT: &str = include_str!("janitor.sh");

/// A small process beside the test that knows what a part owns and removes it when this value is
/// dropped or the test process is gone.
pub(crate) struct Janitor {
    process: Child,
    words: Option<ChildStdin>,
}

impl Janitor {
    /// Starts one that owns nothing yet.
    pub(crate) fn start() -> PartResult<Self> {
        let mut process = Command::new("bash")
            .args(["-c", SCRIPT, "janitor"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn()
            .map_err(|error| PartError::new(format!("bash could not be started: {error}")))?;
        let words = process.stdin.take();
        Ok(Self { process, words })
    }

    fn note(&mut self, line: &str) -> PartResult<()> {
        if let Some(words) = &mut self.words {
            writeln!(words, "{line}")?;
            words.flush()?;
        }
        Ok(())
    }

    /// The folder is the part's: processes that name it on their command line, mounts in it, itself.
    pub(crate) fn owns_folder(&mut self, folder: &Path) -> PartResult<()> {
        self.note(&format!("folder {}", folder.display()))
    }

    /// The process, with all its descendants.
    pub(crate) fn owns_process(&mut self, process: u32) -> PartResult<()> {
        match start_time(process) {
            Some(time) => self.note(&format!("process {process} {time}")),
            // It has ended already.
            None => Ok(()),
        }
    }

    /// A network link.
    pub(crate) fn owns_link(&mut self, link: &str) -> PartResult<()> {
        self.note(&format!("link {link}"))
    }

    /// Bridges and rules with addresses that start like this (`10.230.`).
    pub(crate) fn owns_network(&mut self, start: &str) -> PartResult<()> {
        self.note(&format!("network {start}"))
    }

    /// A firewall rule, as `iptables -t <table> -A <rule>` made it.
    pub(crate) fn owns_rule(&mut self, table: &str, rule: &str) -> PartResult<()> {
        self.note(&format!("rule {table} {rule}"))
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        drop(self.words.take());
        // The janitor ends by itself; without it there is nothing more to be done here.
        let _ = self.process.wait();
    }
}

/// When a process started, in the kernel's ticks: with it an id cannot be mistaken for a later one.
fn start_time(process: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let rest = &text[text.rfind(')')? + 2..];
    rest.split(' ').nth(19).map(str::to_owned)
}

/// A folder of a part's own, with its janitor.
pub(crate) struct Place {
    folder: PathBuf,
    pub(crate) janitor: Janitor,
}

impl Place {
    /// A new folder. Short, because the path of a socket may have 107 bytes only.
    pub(crate) fn new(part: &str) -> PartResult<Self> {
        let mut janitor = Janitor::start()?;
        let folder = tempfile::Builder::new().prefix(&format!("parts-{part}-")).tempdir()?.keep();
        janitor.owns_folder(&folder)?;
        Ok(Self { folder, janitor })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// What is still there of a part whose folder this was: mounts, processes, the folder itself.
/// Empty after the part was dropped.
pub fn leftovers(folder: &Path) -> Vec<String> {
    let text = folder.to_string_lossy();
    let mut left: Vec<String> = std::fs::read_to_string("/proc/self/mountinfo")
        .unwrap_or_default()
        .lines()
        .filter(|line| line.contains(&*text))
        .map(|line| format!("mount {line}"))
        .collect();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(&*text) {
            left.push(format!("process {command}"));
        }
    }
    if folder.exists() {
        left.push(format!("folder {text}"));
    }
    left
}
