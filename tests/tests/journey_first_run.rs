//! The application without an engine: it says so, offers what fits, and goes on when one appears.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Name, SOON};
use real_parts::podman::PodmanEngine;
use real_parts::registry::RegistryServer;
use real_parts::steps::{NewRuntime, OPERATION_LIMIT, add_runtime, open_page};
use real_parts::window::{Window, WindowOptions, built_application};
use real_parts::{PartError, PartResult, program};

const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";

/// On a port of its own: other tests run on this machine at the same time, and each application
/// proposes the first free one.
fn new_runtime(name: &str) -> PartResult<NewRuntime> {
    Ok(NewRuntime::named(name).port(program::free_port()?))
}

/// A program that starts the application in surroundings that only root can make.
fn wrapper(folder: &Path, script: &str) -> PartResult<PathBuf> {
    let file = folder.join("start");
    let application = built_application()?;
    std::fs::write(
        &file,
        format!("#!/bin/sh\nAPPLICATION='{}'\n{script}\n", application.display()),
    )?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
    Ok(file)
}

/// The application, blind to engines of the machine that a person may use.
fn without_the_machines_engines(folder: &Path) -> PartResult<PathBuf> {
    wrapper(
        folder,
        r#"hide() { [ -e "$1" ] && echo "mount --bind /dev/null $1;"; }
hidden="$(hide /run/docker.sock) $(hide /run/podman/podman.sock)"
[ -z "$(echo $hidden)" ] && exec "$APPLICATION" "$@"
exec unshare -m /bin/sh -c "$hidden"' exec "$0" "$@"' "$APPLICATION" "$@""#,
    )
}

async fn nothing_wrong(window: &Window) -> PartResult<()> {
    assert_eq!(window.axe().await?, []);
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn without_an_engine_the_page_offers_what_fits_and_goes_on_when_docker_appears()
-> PartResult<()> {
    let folder = tempfile::tempdir()?;
    let mut engine = DockerEngine::start()?;
    engine.stop()?;
    let window = Window::open(WindowOptions {
        application: Some(without_the_machines_engines(folder.path())?),
        environment: vec![("DOCKER_HOST".into(), engine.host())],
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "No container engine is running").await?;
    // Podman is installed here, and Docker is, but does not run.
    window.find("button", "Start Podman's service").await?;
    window.find("heading", "Docker is installed, but does not run").await?;
    window.click("button", "What was tried").await?;
    window.wait_text(SOON, &engine.socket().display().to_string()).await?;
    nothing_wrong(&window).await?;
    engine.start_again()?;
    window.find("button", "Add runtime").await?;
    window.wait_text(SOON, "No runtimes yet").await?;
    window.wait_gone(SOON, "heading", "No container engine is running").await?;
    nothing_wrong(&window).await
}

#[tokio::test]
async fn without_podman_on_the_path_its_service_is_not_offered() -> PartResult<()> {
    let folder = tempfile::tempdir()?;
    let script = without_the_machines_engines(folder.path())?;
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs)?;
    let missing = folder.path().join("nothing.sock");
    let script =
        {
            let text = std::fs::read_to_string(&script)?;
            // The shell has what it needs; only the application gets the short path.
            let exec = format!("exec env PATH={} ", programs.display());
            std::fs::write(
                &script,
                text.replacen("exec \"$APPLICATION\"", &format!("{exec}\"$APPLICATION\""), 1)
                    .replacen("exec \"$0\"", &format!("{exec}\"$0\""), 1),
            )?;
            script
        };
    let window = Window::open(WindowOptions {
        application: Some(script),
        environment: vec![("DOCKER_HOST".into(), format!("unix://{}", missing.display()))],
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "No container engine is running").await?;
    window.find("button", "Try again").await?;
    window.wait_text(SOON, "This machine:").await?;
    assert_eq!(window.find_all("button", Name::Starts("Start Podman".into())).await?.len(), 0);
    window.click("button", "Try again").await?;
    window.find("heading", "No container engine is running").await?;
    nothing_wrong(&window).await
}

#[tokio::test]
async fn a_socket_that_this_user_may_not_use_names_its_group_and_the_command() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    std::fs::create_dir(&home)?;
    // A group that owns nothing else here.
    program::run("chgrp", &["dialout", &engine.socket().display().to_string()])?;
    for open in [folder.path(), engine.folder()] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755))?;
    }
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o777))?;
    let start = wrapper(
        folder.path(),
        &format!(
            "export HOME={home} XDG_RUNTIME_DIR={home} XDG_DATA_HOME={home}/data XDG_CONFIG_HOME={home}/config XDG_CACHE_HOME={home}/cache\n\
             exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$APPLICATION\" \"$@\"",
            home = home.display()
        ),
    )?;
    let window = Window::open(WindowOptions {
        application: Some(start),
        environment: vec![("DOCKER_HOST".into(), engine.host())],
        home: Some(home),
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "No container engine can be used").await?;
    window.wait_text(SOON, "It belongs to the group \"dialout\".").await?;
    window.wait_text(SOON, "sudo usermod -aG dialout $USER").await?;
    nothing_wrong(&window).await?;
    // The right is given: the page goes on without being asked.
    std::fs::set_permissions(engine.socket(), std::fs::Permissions::from_mode(0o666))?;
    window.wait_text(SOON, "No runtimes yet").await
}

#[tokio::test]
async fn podmans_own_service_is_started_from_the_page_hosts_a_runtime_and_ends_with_the_application()
-> PartResult<()> {
    let folder = tempfile::tempdir()?;
    let mut podman = PodmanEngine::start()?;
    podman.stop()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime("20240429.v8")?, REPOSITORY, "20240429.v8")?;
    let mut environment = podman.environment()?;
    let missing = folder.path().join("nothing.sock");
    environment.extend([
        ("DOCKER_HOST".to_owned(), format!("unix://{}", missing.display())),
        (
            "PROMPTFLOW_RUNTIMES_REPOSITORY".to_owned(),
            format!("{}/{REPOSITORY}", registry.address()),
        ),
    ]);
    let window = Window::open(WindowOptions {
        application: Some(without_the_machines_engines(folder.path())?),
        environment,
        ..WindowOptions::default()
    })
    .await?;
    window.click("button", "Start Podman's service").await?;
    window.wait_text(OPERATION_LIMIT, "No runtimes yet").await?;
    open_page(&window, "Computes").await?;
    window.wait_text(SOON, "Its service was started by this application and ends with it.").await?;
    window.wait_text(SOON, "Podman (this user)").await?;
    nothing_wrong(&window).await?;

    add_runtime(&window, &new_runtime("on-podman")?).await?;
    window.wait_text(SOON, "20240429.v8").await?;
    nothing_wrong(&window).await?;
    assert!(podman.client(&["ps", "--format", "{{.Names}}"])?.contains("on-podman"));

    let service = service_of(window.application_process()?)?;
    // Killed, so that it can clear up nothing itself: the worst end there is.
    window.kill_application()?;
    program::wait_until(SOON, "Podman's service outlives the application", || {
        Ok(!program::is_alive(&service.to_string()))
    })?;
    Ok(())
}

/// The process of Podman's service that this application started.
fn service_of(application: u32) -> PartResult<u32> {
    program::descendants(application)
        .into_iter()
        .find(|process| {
            let words =
                std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
            words.replace('\0', " ").contains("system service")
        })
        .ok_or_else(|| PartError::new("The application started no service of Podman."))
}
