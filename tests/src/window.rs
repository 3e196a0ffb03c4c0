//! The built application in a real window, started through its WebDriver. What can be done in it is in
//! [`crate::journey`].

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use serde_json::json;

use crate::display::Display;
use crate::error::{PartError, PartResult};
use crate::janitor::Place;
use crate::journey::SOON;
use crate::keyring::{Environment, Keyring, KeyringState};
use crate::program;

/// How the application is started.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// The program; without it the application that `cargo build` made beside the tests.
    pub application: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it is sent first, for a program that starts on an empty page.
    pub address: Option<String>,
    /// Variables for it, beside those of the display, the bus and the keyring, e.g. `DOCKER_HOST`.
    pub environment: Environment,
    /// Its configuration, data and logs; without it a folder of the window's own.
    pub home: Option<PathBuf>,
    /// The keyring it finds.
    pub keyring: KeyringState,
    /// Width and height in points.
    pub size: (u32, u32),
    /// The desktop prefers dark.
    pub dark: bool,
    /// The page is left alone from its start on, so that its start can be measured: nothing is put into
    /// it, it keeps the size it has, and no content is waited for.
    pub left_alone: bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            application: None,
            arguments: Vec::new(),
            address: None,
            environment: Vec::new(),
            home: None,
            keyring: KeyringState::Unlocked,
            size: (1440, 900),
            dark: false,
            left_alone: false,
        }
    }
}

/// The application's window. Dropped: driver and application have ended, display and bus are gone.
pub struct Window {
    client: Client,
    driver: Child,
    home: PathBuf,
    keyring: Keyring,
    display: Display,
    place: Place,
}

impl Window {
    /// Starts display, bus, keyring, driver and application, and waits until its page has content.
    pub async fn open(options: WindowOptions) -> PartResult<Self> {
        let application = match &options.application {
            Some(path) => path.clone(),
            None => built_application()?,
        };
        let axe = axe_source()?;
        let mut place = Place::new("window")?;
        let display = Display::start()?;
        let keyring = Keyring::start(options.keyring)?;
        let home = options.home.clone().unwrap_or_else(|| place.path("home"));
        std::fs::create_dir_all(&home)?;
        let port = program::free_port()?;
        let log = place.path("log");
        let mut command = program::command("WebKitWebDriver")?;
        command
            .args([&format!("--port={port}"), "--host=127.0.0.1"])
            // A person's own engines, screens and sessions stay out of it.
            .env_remove("DOCKER_HOST")
            .env_remove("DOCKER_CONTEXT")
            .env_remove("DOCKER_CONFIG")
            .env_remove("WAYLAND_DISPLAY")
            .envs(keyring.environment())
            .env("DISPLAY", display.name())
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("LANG", "en_US.UTF-8")
            .env_remove("LC_ALL")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("PROMPTFLOW_RUNTIMES_HOME", &home)
            .envs(options.environment.iter().map(|(name, value)| (name, value)));
        if options.dark {
            command.env("GTK_THEME", "Adwaita:dark");
        }
        let mut driver = program::spawn(&mut command, &log)?;
        place.janitor.owns_process(driver.id())?;
        let started = async {
            wait_for_port(port, &mut driver).await?;
            connect(port, &application, &options.arguments).await
        }
        .await
        .map_err(|error| PartError::new(format!("{error} Its log:\n{}", program::tail(&log))));
        let client = match started {
            Ok(client) => client,
            Err(error) => {
                let _ = driver.kill();
                let _ = driver.wait();
                return Err(error);
            }
        };
        let window = Self { client, driver, home, keyring, display, place };
        if let Some(address) = &options.address {
            window
                .client
                .goto(address)
                .await
                .map_err(|error| PartError::new(format!("Going to {address}: {error}")))?;
        }
        if options.left_alone {
            return Ok(window);
        }
        window.run(&format!("{axe}; window.axe = axe; return typeof axe"), Vec::new()).await?;
        window.run(include_str!("page.js"), Vec::new()).await?;
        window.resize(options.size.0, options.size.1).await?;
        let shown = "document.body.innerText.trim().length > 0";
        window.wait(SOON, "the page to have content", shown).await?;
        Ok(window)
    }

    /// The client, for what this type does not offer.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The screen it is on.
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// The bus and keyring it finds.
    pub fn keyring(&mut self) -> &mut Keyring {
        &mut self.keyring
    }

    /// `PROMPTFLOW_RUNTIMES_HOME` of the application.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What the application and the driver wrote to their output.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("log")).unwrap_or_default()
    }

    /// Id of the application's process.
    pub fn application_process(&self) -> PartResult<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.driver.id());
        std::fs::read_to_string(children)?
            .split_whitespace()
            .next()
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| PartError::new("The application has ended."))
    }

    /// Kills the application as a crash would, and waits until it is gone.
    pub fn kill_application(&self) -> PartResult<()> {
        let id = self.application_process()?.to_string();
        program::run("kill", &["-KILL", &id])?;
        program::wait_until(SOON, "the killed application is still there", || {
            Ok(!program::is_alive(&id))
        })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The driver leaves the application alive; both are the janitor's. The driver is halted first
        // so that its children keep it as their parent until they are all found.
        let descendants = program::descendants(self.driver.id());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        for process in descendants {
            let _ = program::run("kill", &["-KILL", &process.to_string()]);
        }
    }
}

/// `target/debug` (or another profile's folder), where the running test lies in `deps`.
pub(crate) fn target_folder() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|path| {
            let folder = path.parent()?;
            Some(if folder.ends_with("deps") {
                folder.parent()?.to_owned()
            } else {
                folder.to_owned()
            })
        })
        .unwrap_or_else(std::env::temp_dir)
}

/// The application beside the running test.
pub fn built_application() -> PartResult<PathBuf> {
    let path = target_folder().join("promptflow-runtimes");
    if path.is_file() {
        Ok(path)
    } else {
        Err(PartError::new(format!(
            "The application is not built ({} is missing). `make test` builds it; by hand: `npm --prefix ui run build`, then `cargo build`.",
            path.display()
        )))
    }
}

fn axe_source() -> PartResult<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).map_err(|_| {
        PartError::new("axe-core is not installed, and this test needs it. Run `npm ci` in ui.")
    })
}

async fn wait_for_port(port: u16, driver: &mut Child) -> PartResult<()> {
    let end = Instant::now() + SOON;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if let Some(status) = driver.try_wait()? {
            return Err(PartError::new(format!("The WebDriver ended with {status}.")));
        }
        if Instant::now() > end {
            return Err(PartError::new("The WebDriver does not answer."));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Ok(())
}

async fn connect(port: u16, application: &Path, arguments: &[String]) -> PartResult<Client> {
    let mut capabilities = serde_json::Map::new();
    capabilities.insert(
        "webkitgtk:browserOptions".to_owned(),
        json!({ "binary": application.to_string_lossy(), "args": arguments }),
    );
    let limit = Duration::from_secs(30);
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    builder.capabilities(capabilities);
    let address = format!("http://127.0.0.1:{port}");
    match tokio::time::timeout(limit, builder.connect(&address)).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            Err(PartError::new(format!("The application's window could not be driven: {error}.")))
        }
        Err(_) => Err(PartError::new(format!(
            "The application showed no window that can be driven within {} s.",
            limit.as_secs()
        ))),
    }
}
