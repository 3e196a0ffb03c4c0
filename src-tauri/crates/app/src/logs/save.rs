//! An open log as a file, and as the command of a terminal.

use std::{
    io::{self, BufWriter, Write as _},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::Duration,
};

use domain::{
    compute::{ComputeAddress, FoundCompute},
    finding::{Problem, ProblemCode},
};

use super::{
    lines::put_line,
    open::{Opened, joined},
};
use crate::{
    api::{LogCommands, LogOf, SaveOpenLog, SavedFile},
    context::lock,
};

/// Where Docker's own client looks for its engine.
const DEFAULT_SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/docker.sock"];

impl Opened {
    pub async fn save_open_log(
        self: Arc<Self>,
        request: SaveOpenLog,
    ) -> Result<SavedFile, Problem> {
        loop {
            {
                let standing = lock(&self.standing);
                if standing.whole || !standing.live {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let folder = self.app.parts.folders.downloads.clone();
        let stamp = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S");
        let path = folder.join(format!("{}-{stamp}.log", self.name));
        let opened = self.clone();
        let (to, into) = (path.clone(), folder.clone());
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&into)?;
            opened.write(&to, request)
        });
        joined(written.await)?.map_err(|error| {
            Problem::new(
                ProblemCode::Storage,
                format!("The log could not be written to {}.", folder.display()),
            )
            .hint("Check the folder's rights and the disk's free space.")
            .details(error.to_string())
        })?;
        Ok(SavedFile { path: path.display().to_string() })
    }

    fn write(&self, path: &Path, request: SaveOpenLog) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
        let wanted = lock(&self.views).view.unfolded();
        let names = self.source_names();
        let store = &self.store;
        let parts = [(store.first(), store.older.get()), (0, Some(&store.tail))];
        for (first, part) in parts.into_iter().filter_map(|(first, part)| Some((first, part?))) {
            let mut text = Vec::new();
            let mut written = Ok(());
            part.go_through(0..part.lines(), true, |block| {
                let shown = request.filtered.then(|| wanted.shown(block, first));
                text.clear();
                for (index, line) in block.lines.iter().enumerate() {
                    if shown.as_ref().is_none_or(|shown| shown[index]) {
                        let name = names.get(usize::from(line.mark.source)).map(String::as_str);
                        let time = line.time.filter(|_| request.times);
                        put_line(&mut text, time, name, &block.text[block.range(index)]);
                    }
                }
                written = file.write_all(&text);
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            written?;
        }
        file.flush()
    }

    /// The same for a terminal.
    pub fn log_commands(&self) -> LogCommands {
        let LogOf::Runtimes { runtimes } = &self.of else {
            return LogCommands { commands: vec![] };
        };
        let rows = runtimes.iter().filter_map(|id| self.row(id));
        let commands = rows.filter_map(|row| {
            let computes = lock(&self.app.computes);
            let entry = computes.get(&row.compute)?;
            let podman = entry.facts.as_ref().is_some_and(|facts| facts.is_podman);
            Some(command(&entry.found, podman, row.name.as_str()))
        });
        LogCommands { commands: commands.collect() }
    }
}

/// The command for one container.
fn command(found: &FoundCompute, podman: bool, name: &str) -> String {
    let mut words = vec![if podman { "podman" } else { "docker" }.to_owned()];
    match &found.address {
        ComputeAddress::Socket { path } if podman => {
            words.extend(["--url".into(), format!("unix://{path}")]);
        }
        ComputeAddress::Socket { path } if !DEFAULT_SOCKETS.contains(&path.as_str()) => {
            words.extend(["--host".into(), format!("unix://{path}")]);
        }
        ComputeAddress::Socket { .. } => {}
        ComputeAddress::NotSupported { url } => words.extend(["--host".into(), url.clone()]),
    }
    words.extend(["logs", "--timestamps", "--follow", name].map(str::to_owned));
    shell_words::join(words)
}
