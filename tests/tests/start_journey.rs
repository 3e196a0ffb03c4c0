//! The built application starts in a real window and ends.

use real_parts::docker::DockerEngine;
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartResult, program};

#[tokio::test]
async fn the_application_opens_on_its_runtimes_and_ends_with_the_window() -> PartResult<()> {
    let docker = DockerEngine::start()?;
    let window = Window::open(WindowOptions {
        environment: vec![("DOCKER_HOST".to_owned(), docker.host())],
        ..WindowOptions::default()
    })
    .await?;
    window.find("heading", "Runtimes").await?;
    assert_eq!(window.axe().await?, []);
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    let application = window.application_process()?;
    assert!(program::is_alive(&application.to_string()));
    drop(window);
    assert!(!program::is_alive(&application.to_string()));
    Ok(())
}
