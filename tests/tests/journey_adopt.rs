//! Containers that somebody else made, through the real window: one made by hand, one of Compose; and
//! the disk of their compute.

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::images::small_runtime;
use real_parts::journey::{Name, SOON};
use real_parts::program::{self, free_port};
use real_parts::registry::RegistryServer;
use real_parts::steps::{
    OPERATION_LIMIT, ask, click_first, end_of_dialog, inspect, open_on, open_page, open_runtime,
    press_in_dialog,
};
use real_parts::window::Window;

const REPOSITORY: &str = "team/promptflow-runtime";
const VERSION: &str = "20240429.v8";

/// Opens the wizard's list of containers that are not ours.
async fn open_list(window: &Window) -> PartResult<()> {
    open_page(window, "Runtimes").await?;
    click_first(window, "button", "Add runtime").await?;
    window.click("radio", "Existing custom application").await?;
    window.find_within(OPERATION_LIMIT, "radiogroup", "Can be adopted").await.map(drop)
}

async fn adopt(window: &Window, name: &str) -> PartResult<()> {
    open_list(window).await?;
    window.click("radio", Name::Starts(name.into())).await?;
    window.click("button", "Adopt").await?;
    window.find("heading", name).await?;
    window.wait_text(SOON, "Adopted").await?;
    window.wait_text(SOON, "Available").await
}

/// How Compose calls the first container of the service.
const SERVICE: &str = "shop_flows_1";

/// A project of Compose with one service.
struct Compose<'a> {
    engine: &'a DockerEngine,
    _folder: tempfile::TempDir,
    file: std::path::PathBuf,
}

impl<'a> Compose<'a> {
    fn new(engine: &'a DockerEngine) -> PartResult<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("compose.yaml");
        std::fs::write(
            &file,
            "version: \"3.8\"\nservices:\n  flows:\n    image: small:1\n    ports: [\"127.0.0.1::8080\"]\n",
        )?;
        Ok(Self { engine, _folder: folder, file })
    }

    /// Brings the project up, as a person does.
    fn up(&self) -> PartResult<()> {
        let mut command = program::command("docker-compose")?;
        command
            .args(["-H", &self.engine.host(), "-p", "shop", "-f", &self.file.to_string_lossy()])
            .args(["up", "-d"])
            .env_remove("DOCKER_CONTEXT")
            .env_remove("DOCKER_HOST");
        program::output(&mut command).map(drop)
    }
}

#[tokio::test]
async fn containers_made_by_hand_and_by_compose_are_adopted_as_they_are() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    registry.push(&small_runtime(VERSION)?, REPOSITORY, VERSION)?;
    engine.load(&small_runtime("20240111.v2")?, "small:1")?;
    let port = free_port()?;
    let published = format!("127.0.0.1:{port}:8080");
    engine.client(&[
        "run", "-d", "--name", "by-hand", "-e", "OWN=kept", "-p", &published, "small:1",
    ])?;
    engine.client(&["run", "-d", "--name", "hidden", "small:1"])?;
    let compose = Compose::new(&engine)?;
    compose.up()?;
    let before = inspect(&engine, "by-hand")?;
    let repository = format!("{}/{REPOSITORY}", registry.address());
    let window = open_on(&engine, &repository).await?;

    open_list(&window).await?;
    // One that publishes nothing says how it can be reached.
    window.wait_text(SOON, "hidden").await?;
    window.wait_text(SOON, ":8080").await?;
    assert_eq!(window.axe().await?, []);
    adopt(&window, "by-hand").await?;
    assert_eq!(inspect(&engine, "by-hand")?, before);
    assert_eq!(window.axe().await?, []);

    // Released, it goes on; adopted again, it is the same.
    window.click("button", "Release").await?;
    window.find("dialog", "Release by-hand").await?;
    press_in_dialog(&window, "Release").await?;
    window.wait_text(SOON, "No runtimes yet").await?;
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    adopt(&window, "by-hand").await?;

    // Fully managed: a container of ours with everything that it had.
    window.click("button", "Manage fully").await?;
    window.find("dialog", "Manage fully").await?;
    window.wait_text(SOON, "What happens").await?;
    press_in_dialog(&window, "Manage fully").await?;
    end_of_dialog(&window).await?;
    let now = inspect(&engine, "by-hand")?;
    assert_ne!(now["Id"], before["Id"]);
    assert_eq!(now["HostConfig"]["PortBindings"], before["HostConfig"]["PortBindings"]);
    assert!(now["Config"]["Env"].to_string().contains("OWN=kept"));
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));

    // A service of Compose is adopted, and not replaced behind its back.
    let made = inspect(&engine, SERVICE)?;
    adopt(&window, SERVICE).await?;
    window.click("button", "Manage fully").await?;
    window.find("dialog", "Manage fully").await?;
    window
        .wait_text(
            SOON,
            &format!(
                "docker compose -f {} -p shop up -d --pull always flows",
                compose.file.display()
            ),
        )
        .await?;
    window.press_key(real_parts::journey::Key::Escape, 1).await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    // Compose finds its service as it left it, and has nothing to do.
    compose.up()?;
    assert_eq!(inspect(&engine, SERVICE)?["Id"], made["Id"]);

    // The disk of the compute: what runs stays, what nothing needs goes.
    engine.client(&["pull", "-q", &format!("{repository}:{VERSION}")])?;
    open_page(&window, "Computes").await?;
    window.click("button", Name::Starts("Disk of ".into())).await?;
    window.find_within(OPERATION_LIMIT, "table", "Images").await?;
    window.wait_text(SOON, "In use by").await?;
    assert_eq!(window.axe().await?, []);
    window.click("button", "Clean up").await?;
    window.click("button", "Remove 1 image").await?;
    window.wait_text(SOON, "1 image").await?;
    let end = std::time::Instant::now() + SOON;
    while !engine.client(&["images", "-q", &repository])?.is_empty() {
        assert!(std::time::Instant::now() < end, "the image is still there");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(ask(port, "/health").await?, (200, "healthy".to_owned()));
    open_runtime(&window, "by-hand").await?;
    window.wait_text(SOON, "Available").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}
