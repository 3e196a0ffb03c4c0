//! A private virtual screen.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::error::{PartError, PartResult};
use crate::janitor::Place;
use crate::program;

/// A running Xvfb with a number that it chose itself.
pub struct Display {
    place: Place,
    server: Child,
    number: u32,
}

impl Display {
    /// Starts one of 1920 × 1200 points.
    pub fn start() -> PartResult<Self> {
        let mut place = Place::new("display")?;
        let log = std::fs::File::create(place.path("log"))?;
        let mut command = program::command("Xvfb")?;
        command
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1920x1200x24",
                "-nolisten",
                "tcp",
                "-noreset",
            ])
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0);
        let mut server = command.spawn()?;
        place.janitor.owns_process(server.id())?;
        let mut line = String::new();
        if let Some(output) = server.stdout.take() {
            // It writes its number when it accepts clients, and ends the line when it cannot.
            BufReader::new(output).read_line(&mut line)?;
        }
        let Ok(number) = line.trim().parse::<u32>() else {
            let _ = server.kill();
            let _ = server.wait();
            return Err(PartError::new(format!(
                "The virtual screen did not start: {}",
                program::tail(&place.path("log"))
            )));
        };
        Ok(Self { place, server, number })
    }

    /// For `DISPLAY`.
    pub fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// The part's own folder, gone when this value is dropped.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// Titles of the windows that are on the screen, as the X server tells.
    pub fn windows(&self) -> PartResult<Vec<String>> {
        let text = program::run("xwininfo", &["-display", &self.name(), "-root", "-tree"])?;
        Ok(text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("0x"))
            .filter_map(|line| Some(line.split('"').nth(1)?.to_owned()))
            .collect())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // In good order, so that it removes its socket from the folder that all screens share.
        let _ = program::run("kill", &["-TERM", &self.server.id().to_string()]);
        let _ = self.server.wait();
    }
}
