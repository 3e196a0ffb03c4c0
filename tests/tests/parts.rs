//! Each part starts, works and leaves nothing behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use real_parts::docker::{DockerEngine, DockerOptions};
use real_parts::images::{Bad, bad_runtime, small_runtime};
use real_parts::podman::PodmanEngine;
use real_parts::registry::RegistryServer;
use real_parts::runtime_images::{
    BROKEN_REPOSITORY, BROKEN_VERSION, REPOSITORY, RuntimeImages, VERSIONS,
};
use real_parts::{PartResult, leftovers, program};

fn get(port: &str, path: &str) -> String {
    let limit = Duration::from_secs(1);
    let Ok(port) = port.parse::<u16>() else { return String::new() };
    let Ok(mut connection) = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), limit)
    else {
        return String::new();
    };
    let mut answer = String::new();
    let _ = connection.set_read_timeout(Some(limit));
    let _ = write!(connection, "GET {path} HTTP/1.0\r\n\r\n");
    let _ = connection.read_to_string(&mut answer);
    answer
}

fn published(line: &str) -> String {
    line.lines().next().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned()
}

#[test]
fn a_docker_engine_runs_a_small_runtime_and_leaves_nothing() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    docker.load(&small_runtime("20240429.v8")?, "small:1")?;
    docker.client(&["run", "-d", "--name", "one", "-p", "127.0.0.1:0:8080", "small:1"])?;
    let port = published(&docker.client(&["port", "one", "8080"])?);
    program::wait_until(Duration::from_secs(10), "the small runtime does not answer", || {
        Ok(get(&port, "/health").ends_with("healthy"))
    })?;
    assert!(get(&port, "/version").contains("\"status\":\"healthy\""));
    docker.client(&["network", "create", "extra"])?;
    docker.client(&["run", "-d", "--network", "extra", "--init", "small:1"])?;
    let (folder, bridge) = (docker.folder().to_owned(), docker.bridge());
    let links = program::run("ip", &["-o", "link"])?;
    assert!(links.contains(&bridge) && links.contains("br-"));
    drop(docker);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    assert!(!program::run("ip", &["-o", "addr"])?.contains(&format!("{bridge} ")));
    Ok(())
}

#[test]
fn two_docker_engines_run_side_by_side_and_survive_a_restart() -> PartResult<()> {
    let mut first = DockerEngine::start()?;
    let second = DockerEngine::start()?;
    for engine in [&first, &second] {
        engine.load(&small_runtime("20240429.v8")?, "small:1")?;
        engine.client(&[
            "run",
            "-d",
            "--restart",
            "always",
            "--name",
            "one",
            "-p",
            "127.0.0.1:0:8080",
            "small:1",
        ])?;
    }
    first.restart()?;
    first.kill()?;
    assert!(first.client(&["ps"]).is_err());
    first.start_again()?;
    for engine in [&first, &second] {
        program::wait_until(
            Duration::from_secs(20),
            "a runtime does not answer after the restart",
            || {
                let port = published(&engine.client(&["port", "one", "8080"])?);
                Ok(get(&port, "/health").ends_with("healthy"))
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_small_disk_fills_up_and_goes_with_the_engine() -> PartResult<()> {
    let docker = DockerEngine::start_with(DockerOptions {
        small_disk_mib: Some(64),
        ..DockerOptions::default()
    })?;
    docker.load(&small_runtime("20240429.v8")?, "small:1")?;
    let refused = docker.load(&small_runtime("20240429.v10")?.padded(80)?, "small:2");
    assert!(refused.is_err_and(|error| error.to_string().contains("no space left on device")));
    let folder = docker.folder().to_owned();
    drop(docker);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    assert!(!program::run("losetup", &["-a"])?.contains(&*folder.to_string_lossy()));
    Ok(())
}

#[test]
fn each_bad_image_misbehaves_in_its_own_way() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let start = |name: &str, bad: Bad| -> PartResult<()> {
        let image = format!("{name}:1");
        docker.load(&bad_runtime("20240501.v1", bad)?, &image)?;
        docker.client(&["run", "-d", "--name", name, "-p", "127.0.0.1:0:8080", &image]).map(drop)
    };
    let state = |name: &str| {
        docker.client(&["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name])
    };
    let port = |name: &str| docker.client(&["port", name, "8080"]).map(|line| published(&line));
    let becomes = |name: &str, wanted: &str| {
        program::wait_until(Duration::from_secs(15), &format!("{name} is not {wanted}"), || {
            Ok(state(name)? == wanted)
        })
    };

    start("exits", Bad::ExitsAtOnce)?;
    becomes("exits", "exited 1")?;
    assert!(docker.client(&["logs", "exits"]).is_ok());

    start("dies", Bad::AnswersThenDies(2))?;
    let answered = port("dies")?;
    program::wait_until(Duration::from_secs(10), "it does not answer first", || {
        Ok(get(&answered, "/health").ends_with("healthy"))
    })?;
    becomes("dies", "exited 3")?;

    for (name, bad) in
        [("none", Bad::NoService), ("silent", Bad::NeverAnswers), ("inward", Bad::LoopbackOnly)]
    {
        start(name, bad)?;
        becomes(name, "running 0")?;
        assert_eq!(get(&port(name)?, "/health"), "", "{name}");
    }
    let inside = docker.client(&[
        "exec",
        "inward",
        "wget",
        "-q",
        "-O",
        "-",
        "http://127.0.0.1:8080/health",
    ])?;
    assert_eq!(inside, "healthy");

    start("deaf", Bad::IgnoresStop)?;
    let deaf = port("deaf")?;
    program::wait_until(Duration::from_secs(10), "it does not answer", || {
        Ok(get(&deaf, "/health").ends_with("healthy"))
    })?;
    docker.client(&["stop", "-t", "1", "deaf"])?;
    becomes("deaf", "exited 137")?;

    let refused = start("foreign", Bad::WrongArchitecture);
    assert!(
        refused.as_ref().is_err_and(|error| error.to_string().contains("exec format error"))
            || becomes("foreign", "exited 1").is_ok(),
        "{refused:?}"
    );
    Ok(())
}

#[test]
fn podman_runs_a_small_runtime_from_a_registry_and_leaves_nothing() -> PartResult<()> {
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240429.v8")?, "team/runtime", "20240429.v8")?;
    let mut podman = PodmanEngine::start()?;
    let image = format!("{}/team/runtime:20240429.v8", registry.address());
    podman.client(&["pull", "-q", &image])?;
    podman.client(&["run", "-d", "--name", "one", "-p", "127.0.0.1::8080", &image])?;
    let port = published(&podman.client(&["port", "one"])?);
    program::wait_until(Duration::from_secs(10), "the small runtime does not answer", || {
        Ok(get(&port, "/health").ends_with("healthy"))
    })?;
    podman.restart()?;
    assert!(get(&port, "/health").ends_with("healthy"));
    let folder = podman.folder().to_owned();
    let gateway = podman.gateway();
    let network = gateway.trim_end_matches("0.1").to_owned();
    drop(podman);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    assert!(!program::run("ip", &["-o", "addr"])?.contains(&format!(" {network}")));
    let rules = program::run("iptables-save", &["-t", "nat"])?;
    assert!(!rules.contains(&format!(" {network}")), "{rules}");
    Ok(())
}

#[test]
fn a_registry_serves_tags_and_an_index_and_asks_for_its_login() -> PartResult<()> {
    let image = small_runtime("20240429.v8")?;
    let mut open = RegistryServer::start()?;
    open.push(&image, "team/runtime", "20240429.v8")?;
    open.tag("team/runtime", "20240429.v8", "latest")?;
    let foreign = bad_runtime("20240429.v8", Bad::WrongArchitecture)?;
    let digest = open.push_index(&image, &foreign, "team/runtime", "20240429.v10")?;
    assert!(digest.starts_with("sha256:"));
    let port = open.address().rsplit(':').next().unwrap_or_default().to_owned();
    let tags = get(&port, "/v2/team/runtime/tags/list");
    for tag in ["20240429.v8", "20240429.v10", "latest"] {
        assert!(tags.contains(&format!("\"{tag}\"")), "{tags}");
    }
    open.delete_tag("team/runtime", "latest")?;
    assert!(!get(&port, "/v2/team/runtime/tags/list").contains("latest"));
    let docker = DockerEngine::start()?;
    docker.client(&["pull", "-q", &format!("{}/team/runtime:20240429.v10", open.address())])?;
    open.stop()?;
    assert_eq!(get(&port, "/v2/"), "");
    open.start_again()?;
    assert!(get(&port, "/v2/").contains("200 OK"));

    let closed = RegistryServer::start_with_login("ada", "s3cret")?;
    closed.push(&image, "team/runtime", "20240429.v8")?;
    let refused =
        docker.client(&["pull", "-q", &format!("{}/team/runtime:20240429.v8", closed.address())]);
    assert!(refused.is_err_and(|error| error.to_string().contains("no basic auth credentials")));
    let folder = closed.folder().to_owned();
    drop(closed);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_real_runtime_image_answers_as_the_executor_service() -> PartResult<()> {
    let registry = RuntimeImages::ready()?.registry()?;
    let docker = DockerEngine::start()?;
    let run = |name: &str, repository: &str, version: &str| {
        let image = format!("{}/{repository}:{version}", registry.address());
        docker.client(&["run", "-d", "--name", name, "-p", "127.0.0.1:0:8080", &image])
    };
    run("good", REPOSITORY, VERSIONS[2])?;
    let port = published(&docker.client(&["port", "good", "8080"])?);
    program::wait_until(Duration::from_secs(60), "the executor service does not answer", || {
        Ok(get(&port, "/health").ends_with("healthy"))
    })?;
    assert!(get(&port, "/version").contains("\"version\":\"1.18.5\""));
    let inspect = |format: &str| docker.client(&["inspect", "-f", format, "good"]);
    assert_eq!(inspect("{{.Config.User}} {{.HostConfig.NetworkMode}}")?, "runtime default");
    let environment = inspect("{{json .Config.Env}}")?;
    assert!(
        environment.contains(r#"BUILD_INFO={\"build_number\":\"20240429.v10\"}"#),
        "{environment}"
    );
    assert!(
        !environment.contains("PIP_") && !environment.to_lowercase().contains("proxy"),
        "{environment}"
    );
    let mounted = docker.client(&[
        "exec",
        "good",
        "sh",
        "-c",
        "cat /etc/pip.conf /run/certificates.crt || true",
    ])?;
    assert_eq!(mounted, "");

    run("broken", BROKEN_REPOSITORY, BROKEN_VERSION)?;
    program::wait_until(Duration::from_secs(20), "the broken image does not end", || {
        Ok(docker.client(&["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "broken"])?
            == "exited 1")
    })?;
    Ok(())
}

#[test]
fn a_hidden_tag_is_published_later_and_other_registries_do_not_notice() -> PartResult<()> {
    let images = RuntimeImages::ready()?;
    let (registry, other) = (images.registry()?, images.registry_with_login("ada", "s3cret")?);
    let port = registry.address().rsplit(':').next().unwrap_or_default().to_owned();
    let list = format!("/v2/{REPOSITORY}/tags/list");
    assert!(get(&port, &list).contains(VERSIONS[2]));
    registry.hide_tag(REPOSITORY, VERSIONS[2])?;
    assert!(!get(&port, &list).contains(VERSIONS[2]));
    assert!(other.manifest(REPOSITORY, VERSIONS[2]).is_ok());
    assert!(images.registry()?.manifest(REPOSITORY, VERSIONS[2]).is_ok());
    registry.show_tag(REPOSITORY, VERSIONS[2])?;
    registry.copy_tag((BROKEN_REPOSITORY, BROKEN_VERSION), (REPOSITORY, BROKEN_VERSION))?;
    let tags = get(&port, &list);
    assert!(tags.contains(VERSIONS[2]) && tags.contains(BROKEN_VERSION), "{tags}");
    Ok(())
}

#[test]
fn a_killed_test_leaves_nothing() -> PartResult<()> {
    const HOLD: &str = "REAL_PARTS_HOLD";
    if std::env::var_os(HOLD).is_some() {
        let docker = DockerEngine::start()?;
        docker.load(&small_runtime("20240429.v8")?, "small:1")?;
        docker.client(&["run", "-d", "--name", "one", "-p", "127.0.0.1:0:8080", "small:1"])?;
        let registry = RegistryServer::start()?;
        println!(
            "\nHOLDING {} {} {}",
            docker.folder().display(),
            registry.folder().display(),
            docker.bridge()
        );
        // Until it is killed.
        loop {
            std::thread::park();
        }
    }
    let mut test = Command::new(std::env::current_exe()?)
        .args(["--exact", "a_killed_test_leaves_nothing", "--nocapture"])
        .env(HOLD, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(test.stdout.take().expect("standard output was asked for"));
    let line = output
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with("HOLDING"))
        .unwrap_or_default();
    test.kill()?;
    test.wait()?;
    let words: Vec<&str> = line.split(' ').collect();
    let [_, docker, registry, bridge] = words[..] else {
        panic!("the parts did not start: {line}")
    };
    for folder in [docker, registry] {
        let folder = Path::new(folder);
        program::wait_until(
            Duration::from_secs(20),
            &format!("{:?} is left", leftovers(folder)),
            || Ok(leftovers(folder).is_empty()),
        )?;
    }
    assert!(!Path::new("/sys/class/net").join(bridge).exists());
    Ok(())
}
