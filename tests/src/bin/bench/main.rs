//! `make bench`: how fast and how quiet the application is, and what an update costs.
//!
//! `bench [quick] [write FOLDER] [CHAPTER …]`, where a chapter is `start`, `changes`, `idle`,
//! `downtime`, `upload`, `rows`, `first`, `logs` or
//! `frames`; all of them without one. `write` puts `benchmark.md` and `benchmark.json` into the
//! folder. Ends with 1 when a target was missed.

mod changes;
mod crowd;
mod downtime;
mod figures;
mod first_node;
mod frames;
mod idle;
mod logs;
mod memory;
mod peers;
mod rows;
mod start;
mod upload;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use figures::Chapter;
use real_parts::docker::is_root;
use real_parts::{PartError, PartResult, program};

struct Wanted {
    quick: bool,
    write: Option<PathBuf>,
    chapters: Vec<String>,
}

fn wanted() -> Wanted {
    let mut wanted = Wanted { quick: false, write: None, chapters: vec![] };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "quick" => wanted.quick = true,
            "write" => wanted.write = words.next().map(PathBuf::from),
            _ => wanted.chapters.push(word),
        }
    }
    wanted
}

/// Machine, system, engine and day.
fn about(quick: bool) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key))
            .map(|rest| rest.trim_start_matches([':', '=', ' ', '\t']).trim_matches('"').to_owned())
            .unwrap_or_default()
    };
    let processor = value(&read("/proc/cpuinfo"), "model name");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let system = value(&read("/etc/os-release"), "PRETTY_NAME");
    let engine = program::run("dockerd", &["--version"]).unwrap_or_default();
    let day = program::run("date", &["-u", "+%d %B %Y"]).unwrap_or_default();
    let kind = if quick { " A quick run with few measurements." } else { "" };
    format!(
        "{cores} cores of {processor}, {system}, {}, release build, {}.{kind}",
        engine.trim(),
        day.trim()
    )
}

async fn measure(wanted: &Wanted) -> PartResult<Vec<Chapter>> {
    let is_wanted =
        |name: &str| wanted.chapters.is_empty() || wanted.chapters.iter().any(|word| word == name);
    let some = |quick: usize, whole: usize| if wanted.quick { quick } else { whole };
    let mut chapters = Vec::new();
    if is_wanted("start") {
        eprintln!("==> Start of the application.");
        chapters.push(start::measure(some(3, 15)).await?);
    }
    if is_wanted("changes") {
        eprintln!("==> Changes from outside.");
        chapters.push(changes::measure(some(100, 1_000)).await?);
    }
    if is_wanted("idle") {
        eprintln!("==> Idle.");
        chapters.push(idle::measure(Duration::from_secs(some(15, 60) as u64)).await?);
    }
    if is_wanted("downtime") {
        eprintln!("==> Downtime of updates.");
        chapters.push(downtime::measure(some(4, 20)).await?);
    }
    if is_wanted("upload") {
        eprintln!("==> A large build context.");
        let (files, bytes) = (some(2_000, 20_000), some(100_000_000, 1_000_000_000));
        chapters.push(upload::measure(some(2, 7), files, bytes).await?);
    }
    if is_wanted("rows") {
        eprintln!("==> Batch runs.");
        let (rows, large) = (some(100, 1_000), some(100_000, 1_000_000));
        chapters.push(rows::measure(some(1, 3), rows, large).await?);
    }
    if is_wanted("first") {
        eprintln!("==> First node.");
        chapters.push(rows::first_node(some(5, 15)).await?);
    }
    if is_wanted("logs") {
        eprintln!("==> Logs.");
        chapters.push(logs::measure(some(2, 7), some(100_000, 500_000), some(5, 60)).await?);
    }
    if is_wanted("frames") {
        eprintln!("==> Frames.");
        chapters.push(logs::frames(some(5, 60)).await?);
    }
    Ok(chapters)
}

fn write(folder: &Path, about: &str, chapters: &[Chapter]) -> PartResult<()> {
    std::fs::write(folder.join("benchmark.md"), figures::markdown(about, chapters))?;
    let json = serde_json::to_string_pretty(&figures::document(about, chapters))
        .map_err(|error| PartError::new(error.to_string()))?;
    Ok(std::fs::write(folder.join("benchmark.json"), json + "\n")?)
}

fn main() -> ExitCode {
    let wanted = wanted();
    if !is_root() {
        eprintln!("The benchmark starts container engines of its own and needs root for that.");
        return ExitCode::FAILURE;
    }
    let measured = tokio::runtime::Runtime::new()
        .map_err(PartError::from)
        .and_then(|runtime| runtime.block_on(measure(&wanted)));
    let chapters = match measured {
        Ok(chapters) => chapters,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let about = about(wanted.quick);
    println!("{}", figures::markdown(&about, &chapters));
    if let Some(folder) = &wanted.write
        && let Err(error) = write(folder, &about, &chapters)
    {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let missed = chapters
        .iter()
        .flat_map(|chapter| &chapter.figures)
        .filter(|figure| figure.met() == Some(false))
        .count();
    if missed == 0 {
        ExitCode::SUCCESS
    } else {
        eprintln!("{missed} targets were missed.");
        ExitCode::FAILURE
    }
}
