//! A build context of many files, handed to the engine: by us and by Docker's own client (classic
//! builder), in turns.

use std::path::Path;
use std::time::Instant;

use definitions::Context;
use domain::image::ImageReference;
use engine::{BuildRequest, Engine};
use futures_util::TryStreamExt;
use real_parts::docker::DockerEngine;
use real_parts::headless::connect;
use real_parts::{PartError, PartResult, program};

use crate::figures::{Chapter, Figure, median, spread};
use crate::memory::with_memory;

/// Time against Docker's own client, and memory beyond what the process had, in MB.
const SLOWER: f64 = 1.2;
const EXTRA_MEMORY: f64 = 60.0;
/// Files in one folder.
const IN_FOLDER: usize = 200;

/// Writes `files` files of about `bytes` bytes together, of text that repeats nowhere.
fn fill(folder: &Path, files: usize, bytes: usize) -> PartResult<()> {
    // A Dockerfile that takes nothing of it: only the way to the engine is measured.
    std::fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n")?;
    let size = bytes / files;
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    let mut content = vec![0_u8; size];
    for file in 0..files {
        for piece in content.chunks_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let random = state.to_le_bytes();
            piece.copy_from_slice(&random[..piece.len()]);
        }
        let place = folder.join(format!("part-{}", file / IN_FOLDER));
        std::fs::create_dir_all(&place)?;
        std::fs::write(place.join(format!("file-{file}.bin")), &content)?;
    }
    Ok(())
}

async fn ours(engine: &dyn Engine, folder: &Path) -> PartResult<(f64, u64)> {
    let request = BuildRequest {
        name: ImageReference::parse("localhost/promptflow-runtimes/bench:1")
            .map_err(|error| PartError::new(error.to_string()))?,
        dockerfile: "Dockerfile".into(),
        arguments: [].into(),
        labels: [].into(),
        target: None,
        no_cache: true,
        secrets: std::collections::BTreeMap::new(),
    };
    let context = Context::new(folder.to_owned(), "Dockerfile");
    let began = Instant::now();
    let build = async {
        let events = engine.build(&request, context.stream()).await;
        events.try_for_each(|_| async { Ok(()) }).await
    };
    let (ended, memory) = with_memory(build).await;
    ended.map_err(|error| PartError::new(error.to_string()))?;
    Ok((began.elapsed().as_secs_f64() * 1_000.0, memory))
}

fn theirs(docker: &DockerEngine, folder: &Path) -> PartResult<f64> {
    let began = Instant::now();
    let mut command = docker.command()?;
    command.env("DOCKER_BUILDKIT", "0").args(["build", "-q", "--no-cache", "-t", "bench:1"]);
    program::output(command.arg(folder))?;
    Ok(began.elapsed().as_secs_f64() * 1_000.0)
}

pub async fn measure(rounds: usize, files: usize, bytes: usize) -> PartResult<Chapter> {
    let docker = DockerEngine::start()?;
    let engine = connect(&docker.socket()).await?;
    let folder = tempfile::tempdir()?;
    fill(folder.path(), files, bytes)?;
    // Both read from memory: the disk is not what is measured.
    theirs(&docker, folder.path())?;
    let (mut own, mut others, mut memory) = (vec![], vec![], vec![]);
    for _ in 0..rounds {
        let (time, extra) = ours(&*engine, folder.path()).await?;
        own.push(time);
        memory.push(extra as f64 / 1e6);
        others.push(theirs(&docker, folder.path())?);
    }
    let ratio = median(&own) / median(&others);
    Ok(Chapter {
        title: "A large build context",
        how: format!(
            "A folder of {:.1} GB in {files} files is handed to a Docker engine for a build that uses none of it, in turns: by us (BuildKit), and by `docker build` (classic builder, which unpacks all of it first). Memory: the most that the process had beyond what it had before.",
            bytes as f64 / 1e9
        ),
        figures: vec![
            Figure::told("docker build", median(&others), "ms", spread(&others)),
            Figure::told("ours", median(&own), "ms", spread(&own)),
            Figure::told(
                "ours, as a multiple of docker build",
                ratio,
                "",
                "ratio of the medians".into(),
            )
            .at_most(SLOWER),
            Figure::told("memory beyond before", median(&memory), "MB", spread(&memory))
                .at_most(EXTRA_MEMORY),
        ],
    })
}
