//! The rules of `contract::executor`, on the twin and on real services in containers of a real engine.
#![cfg(feature = "executor")]

use std::sync::Arc;
use std::time::Duration;

use domain::runtime::Protocol;
use executor::client::ExecutorClient;
use executor::twin::TwinExecutor;
use executor::{Executor, Miss};
use real_parts::contract::executor::{Fixture, LIMIT, every_rule};
use real_parts::contract::runs;
use real_parts::docker::DockerEngine;
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::{PartResult, program};

#[tokio::test]
async fn the_twin_obeys_every_rule() {
    let twin = TwinExecutor::new();
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    twin.serve(&at(1), "1.18.5");
    twin.answer_health(&at(3), Err(Miss::Closed));
    twin.answer_health(&at(4), Err(Miss::Silent(0)));
    twin.answer_version(&at(4), Err(Miss::Silent(0)));
    twin.answer_health(&at(5), Err(Miss::WrongAnswer { status: 404, excerpt: String::new() }));
    every_rule(&Fixture {
        executor: Arc::new(twin),
        healthy: (at(1), "1.18.5".into()),
        refusing: at(2),
        closing: at(3),
        silent: at(4),
        foreign: (at(5), 404),
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_twin_runs_flows_by_every_rule() {
    let twin = TwinExecutor::new();
    let base = "http://127.0.0.1:1".to_owned();
    let (told, counted) = (twin.runs().clone(), twin.runs().clone());
    runs::every_rule(&runs::Fixture {
        executor: Box::new(twin),
        base,
        folder: "/flows".into(),
        output: "/out".into(),
        twin: Some(told),
        active: Box::new(move || counted.running().len()),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_service_runs_flows_by_every_rule() -> PartResult<()> {
    let docker = Arc::new(DockerEngine::start()?);
    let registry = RuntimeImages::ready()?.registry()?;
    let image = format!("{}/{REPOSITORY}:{}", registry.address(), VERSIONS[2]);
    docker.client(&["pull", "-q", &image])?;
    let base = run(&docker, "service", &image, &["--init"])?;
    let folder = tempfile::tempdir()?;
    for (name, text) in runs::FILES {
        std::fs::write(folder.path().join(name), text)?;
    }
    docker.client(&["exec", "service", "mkdir", "-p", "/tmp/out", "/tmp/flows"])?;
    let from = format!("{}/.", folder.path().display());
    docker.client(&["cp", &from, "service:/tmp/flows"])?;
    let client = ExecutorClient::new().expect("client");
    answers(&client, &base).await;
    let seen = docker.clone();
    runs::every_rule(&runs::Fixture {
        executor: Box::new(client),
        base,
        folder: "/tmp/flows".into(),
        output: "/tmp/out".into(),
        twin: None,
        active: Box::new(move || {
            // The service forks one process that keeps the result, and one that runs.
            let listed = seen.client(&["top", "service"]).unwrap_or_default();
            listed.lines().filter(|line| line.contains("uvicorn")).count().saturating_sub(3)
        }),
    })
    .await;
    Ok(())
}

/// Runs an image with its port published on loopback; answers the address.
fn run(docker: &DockerEngine, name: &str, image: &str, more: &[&str]) -> PartResult<String> {
    let mut words = vec!["run", "-d", "--name", name, "-p", "127.0.0.1:0:8080"];
    words.extend(more.iter().take_while(|word| **word != "--"));
    words.push(image);
    words.extend(more.iter().skip_while(|word| **word != "--").skip(1));
    docker.client(&words)?;
    let published = docker.client(&["port", name, "8080"])?;
    Ok(format!("http://{}", published.lines().next().unwrap_or_default()))
}

/// Waits until a service answers somehow.
async fn answers(client: &ExecutorClient, base: &str) {
    let answered = async {
        while matches!(
            client.health(base, "/health", LIMIT).await,
            Err(Miss::Refused(_) | Miss::Closed | Miss::Silent(_))
        ) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), answered).await.expect("it answers in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_services_obey_every_rule() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let newest = VERSIONS[2];
    let image = format!("{}/{REPOSITORY}:{newest}", registry.address());
    docker.client(&["pull", "-q", &image])?;
    docker.load(&bad_runtime("1", Bad::NoService)?, "nothing:1")?;
    docker.load(&bad_runtime("1", Bad::NeverAnswers)?, "silent:1")?;
    docker.load(&small_runtime("1")?, "small:1")?;

    let client = ExecutorClient::new().expect("client");
    let healthy = run(&docker, "healthy", &image, &[])?;
    let foreign =
        run(&docker, "foreign", "small:1", &["--", "httpd", "-f", "-p", "8080", "-h", "/tmp"])?;
    answers(&client, &healthy).await;
    answers(&client, &foreign).await;
    every_rule(&Fixture {
        executor: Arc::new(client.clone()),
        healthy: (healthy.clone(), "1.18.5".into()),
        refusing: format!("http://127.0.0.1:{}", program::free_port()?),
        closing: run(&docker, "nothing", "nothing:1", &[])?,
        silent: run(&docker, "silent", "silent:1", &[])?,
        foreign: (foreign, 404),
    })
    .await;

    // A container that is started anew is asked anew: no kept connection gets in the way.
    docker.client(&["restart", "-t", "0", "foreign"])?;
    docker.client(&["restart", "-t", "0", "healthy"])?;
    let published = docker.client(&["port", "healthy", "8080"])?;
    let again = format!("http://{}", published.lines().next().unwrap_or_default());
    answers(&client, &again).await;
    assert_eq!(client.health(&again, "/health", LIMIT).await, Ok(Protocol::Executor));
    docker.client(&["stop", "-t", "0", "healthy"])?;
    let stopped = client.health(&again, "/health", LIMIT).await;
    assert!(matches!(stopped, Err(Miss::Refused(_))), "{stopped:?}");
    Ok(())
}
