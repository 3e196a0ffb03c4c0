//! Other programs that show logs of containers, with the same long log beside: those of them that this machine has.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use real_parts::program;
use real_parts::{PartError, PartResult};

use crate::figures::Figure;

/// Programs that run in a terminal and show the log of the first container by themselves.
const PEERS: [&str; 2] = ["oxker", "lazydocker"];
/// How long one of them may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Figures of each peer that is found: until the text of the log's last line is on its screen, and its memory then.
pub fn of_log(socket: &Path, last: &str) -> PartResult<Vec<Figure>> {
    let mut figures = Vec::new();
    for name in PEERS {
        if program::find(name).is_err() {
            eprintln!("    {name} is not on this machine.");
            continue;
        }
        let (shown, memory) = shows(name, socket, last)?;
        let (value, from) = match shown {
            Some(took) => (took, "one measurement".to_owned()),
            None => (
                LIMIT.as_secs_f64() * 1_000.0,
                format!("it was not there within {} s", LIMIT.as_secs()),
            ),
        };
        figures.push(Figure::told(&format!("{name}: the end is shown"), value, "ms", from));
        let from = "one measurement".to_owned();
        figures.push(Figure::told(&format!("{name}: memory"), memory, "MB", from));
    }
    Ok(figures)
}

/// Milliseconds until this text is on the peer's screen (`None` = not within the limit), and the most memory that it
/// had until then in MB.
fn shows(name: &str, socket: &Path, text: &str) -> PartResult<(Option<f64>, f64)> {
    let home = tempfile::tempdir()?;
    let began = Instant::now();
    // A terminal of its own, as large as a window.
    let mut terminal = Command::new("script")
        .args(["-qfec", &format!("stty rows 50 cols 200; exec {name}"), "/dev/null"])
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env("TERM", "xterm-256color")
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut screen = terminal.stdout.take().ok_or_else(|| PartError::new("no screen"))?;
    let (told, heard) = mpsc::channel();
    let wanted = text.as_bytes().to_vec();
    std::thread::spawn(move || {
        let (mut seen, mut buffer) = (Vec::new(), vec![0; 65_536]);
        while let Ok(count) = screen.read(&mut buffer) {
            if count == 0 {
                return;
            }
            seen.extend_from_slice(&buffer[..count]);
            if seen.windows(wanted.len()).any(|part| part == wanted) {
                let _ = told.send(());
                return;
            }
            // What was drawn before does not come again.
            let keep = seen.len().saturating_sub(wanted.len());
            seen.drain(..keep);
        }
    });
    let shown = heard.recv_timeout(LIMIT).is_ok();
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    let memory = end(&mut terminal)?;
    Ok((shown.then_some(took), memory))
}

/// Ends a terminal and what runs in it; the most memory that this had, in MB.
fn end(terminal: &mut Child) -> PartResult<f64> {
    let mut memory = 0;
    for process in below(terminal.id())? {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = most.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        memory += kilobytes.unwrap_or(0);
        let _ = program::run("kill", &["-9", &process.to_string()]);
    }
    let _ = terminal.kill();
    let _ = terminal.wait();
    Ok(f64::from(memory) * 1024.0 / 1e6)
}

/// Processes that this one started, and theirs.
fn below(process: u32) -> PartResult<Vec<u32>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        if parent.and_then(|line| line.trim().parse().ok()) == Some(process) {
            all.push(id);
            all.extend(below(id)?);
        }
    }
    Ok(all)
}
