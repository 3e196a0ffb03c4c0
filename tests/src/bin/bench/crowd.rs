//! Many runtimes on one private engine, made with Docker's own client.

use std::time::Duration;

use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::{PartResult, program};

/// The image that they run.
pub const IMAGE: &str = "crowd.example/team/promptflow-runtime:20240429.v8";

/// The label that makes a container a runtime.
pub fn label(number: usize) -> String {
    format!("io.promptflow-runtimes.runtime=00000000-0000-4000-8000-{number:012}")
}

/// The name of one of them.
pub fn name(number: usize) -> String {
    format!("runtime-{number:02}")
}

/// Arguments that make the container of one of them.
pub fn arguments(number: usize) -> Vec<String> {
    ["--name", &name(number), "--label", &label(number), "-p", "127.0.0.1::8080", IMAGE]
        .map(str::to_owned)
        .to_vec()
}

/// An engine with so many running runtimes. Each answers before this returns.
pub fn start(count: usize) -> PartResult<DockerEngine> {
    let engine = DockerEngine::start()?;
    engine.load(&small_runtime("20240429.v8")?, IMAGE)?;
    for number in 1..=count {
        let arguments = arguments(number);
        let words: Vec<&str> =
            ["run", "-d"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        engine.client(&words)?;
    }
    program::wait_until(Duration::from_secs(30), "the runtimes are not all running", || {
        Ok(engine.client(&["ps", "-q"])?.lines().count() == count)
    })?;
    Ok(engine)
}
