//! A private Podman with its Docker-compatible service.
//!
//! Storage, network and configuration of its own. Published ports are rules in the firewall here
//! (Podman has no proxy process); they go with the containers, and at the end with the part.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::json;

use crate::docker::is_root;
use crate::error::{PartError, PartResult};
use crate::images::Image;
use crate::janitor::Place;
use crate::keyring::Environment;
use crate::program;

/// What may differ between two engines.
#[derive(Default)]
pub struct PodmanOptions {
    /// It does not find its init program.
    pub without_init: bool,
    /// The registry on loopback (`host:port`) that stands for `docker.io`.
    pub docker_hub: Option<String>,
}

/// A running `podman system service`. Dropped: everything it made is gone.
pub struct PodmanEngine {
    place: Place,
    number: u8,
    service: Option<Child>,
}

impl PodmanEngine {
    /// Starts one and waits until it answers. Registries on loopback may be spoken to without TLS.
    pub fn start() -> PartResult<Self> {
        Self::start_with(&PodmanOptions::default())
    }

    /// The same, with options.
    pub fn start_with(options: &PodmanOptions) -> PartResult<Self> {
        for program in ["podman", "runc"] {
            program::find(program)?;
        }
        if !is_root() {
            return Err(PartError::new(
                "A private Podman engine with a network of its own needs root. Run these tests as root.",
            ));
        }
        let mut place = Place::new("podman")?;
        let number = take_number(&mut place)?;
        write_configuration(&place, number, options)?;
        let mut engine = Self { place, number, service: None };
        engine.start_again()?;
        Ok(engine)
    }

    /// The engine's own folder, gone when this value is dropped.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// The socket's path.
    pub fn socket(&self) -> PathBuf {
        self.place.path("podman.sock")
    }

    /// For `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// What the service wrote to its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("log")).unwrap_or_default()
    }

    /// The address of this machine as its containers see it.
    pub fn gateway(&self) -> String {
        format!("{}0.1", pool(self.number))
    }

    /// Podman's own command line on the same storage.
    pub fn command(&self) -> PartResult<Command> {
        let mut command = program::command("podman")?;
        command
            .arg("--root")
            .arg(self.place.path("root"))
            .arg("--runroot")
            .arg(self.place.path("run"))
            .env("CONTAINERS_CONF", self.place.path("containers.conf"))
            .env("CONTAINERS_REGISTRIES_CONF", self.place.path("registries.conf"))
            .env("REGISTRY_AUTH_FILE", self.place.path("auth.json"))
            .env("XDG_RUNTIME_DIR", self.place.path("xdg"))
            .env_remove("CONTAINER_HOST")
            // What watches over a container leaves a file where it was started when memory runs out.
            .current_dir(self.place.path(""));
        // Podman gives its own proxy to every build.
        for name in ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        Ok(command)
    }

    /// For programs that call `podman` themselves, without its options for storage: they find this
    /// engine's storage, network and registries, and no service while this one is stopped.
    pub fn environment(&self) -> PartResult<Environment> {
        let path = |name: &str| self.place.path(name).to_string_lossy().into_owned();
        let storage = format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
            path("root"),
            path("run")
        );
        std::fs::write(self.place.path("storage.conf"), storage)?;
        Ok([
            ("CONTAINERS_CONF", path("containers.conf")),
            ("CONTAINERS_REGISTRIES_CONF", path("registries.conf")),
            ("CONTAINERS_STORAGE_CONF", path("storage.conf")),
            ("REGISTRY_AUTH_FILE", path("auth.json")),
            ("XDG_RUNTIME_DIR", path("xdg")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec())
    }

    /// Runs `podman …` and gives what it printed, without the last line's end.
    pub fn client(&self, arguments: &[&str]) -> PartResult<String> {
        program::told(self.command()?.args(arguments))
    }

    /// Loads an image under this name (`repository:tag`; without a registry's name Podman puts
    /// `localhost/` before it).
    pub fn load(&self, image: &Image, name: &str) -> PartResult<()> {
        image.load_with(&mut self.command()?, self.place.folder(), name)
    }

    /// Takes its bridge away, as a network manager may; the containers on it have no network then.
    pub fn lose_bridge(&self) -> PartResult<()> {
        program::run("ip", &["link", "delete", &bridge(self.number)]).map(drop)
    }

    /// Ends the service; containers run on, as always with Podman.
    pub fn stop(&mut self) -> PartResult<()> {
        if let Some(mut service) = self.service.take() {
            program::run("kill", &["-TERM", &service.id().to_string()])?;
            service.wait()?;
        }
        Ok(())
    }

    /// Starts the service again on the same storage.
    pub fn start_again(&mut self) -> PartResult<()> {
        if self.service.is_some() {
            return Ok(());
        }
        let log = self.place.path("log");
        // A socket that a killed service left would be taken for an answer's place.
        let _ = std::fs::remove_file(self.socket());
        let mut command = self.command()?;
        command.args(["system", "service", "--time=0", &self.host()]);
        let mut service = program::spawn(&mut command, &log)?;
        self.place.janitor.owns_process(service.id())?;
        let socket = self.socket();
        let ready = program::wait_until(
            Duration::from_secs(30),
            &format!("Podman's service does not answer on {}", self.host()),
            || {
                if let Some(status) = service.try_wait()? {
                    return Err(PartError::new(format!(
                        "Podman's service ended with {status}. Its log:\n{}",
                        program::tail(&log)
                    )));
                }
                Ok(std::os::unix::net::UnixStream::connect(&socket).is_ok())
            },
        );
        self.service = Some(service);
        ready
    }

    /// Ends the service and starts it again.
    pub fn restart(&mut self) -> PartResult<()> {
        self.stop()?;
        self.start_again()
    }

    /// Kills the service as a crash would; the socket's file stays.
    pub fn kill(&mut self) -> PartResult<()> {
        if let Some(mut service) = self.service.take() {
            service.kill()?;
            service.wait()?;
        }
        Ok(())
    }
}

impl Drop for PodmanEngine {
    fn drop(&mut self) {
        // Podman takes its firewall rules away only when it removes a container itself.
        let _ = self.client(&["rm", "--all", "--force", "--time", "0", "--volumes"]);
        let _ = self.kill();
    }
}

fn pool(number: u8) -> String {
    format!("10.{}.", 10 + u16::from(number))
}

fn bridge(number: u8) -> String {
    format!("partsp{number}")
}

/// Takes a number by making a link of that name: a second one is refused. The bridge itself is
/// Podman's to make: it gives one that exists no address.
fn take_number(place: &mut Place) -> PartResult<u8> {
    let routes = program::run("ip", &["-4", "route"])?;
    let mut last = String::new();
    for number in 1..=100 {
        if routes.contains(&pool(number)) {
            continue;
        }
        let taken = format!("partsl{number}");
        match program::run("ip", &["link", "add", &taken, "type", "bridge"]) {
            Ok(_) => {
                place.janitor.owns_link(&taken)?;
                place.janitor.owns_link(&bridge(number))?;
                place.janitor.owns_network(&pool(number))?;
                return Ok(number);
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(PartError::new(format!("No bridge could be made for a private Podman engine: {last}")))
}

fn write_configuration(place: &Place, number: u8, options: &PodmanOptions) -> PartResult<()> {
    let networks = place.path("networks");
    let storage = place.path("tmp");
    for folder in [&networks, &storage, &place.path("xdg")] {
        std::fs::create_dir(folder)?;
    }
    // Limits, runtime and control groups: for machines that may not raise limits and have both
    // generations of control groups. The network: its own bridge, so that two engines do not meet.
    let init = if options.without_init { "init_path = \"/nowhere/catatonit\"\n" } else { "" };
    let text = format!(
        r#"[containers]
{init}default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{tmp}"
[network]
network_backend = "netavark"
network_config_dir = "{networks}"
default_subnet = "{pool}0.0/24"
default_subnet_pools = [{{ base = "{pool}128.0/17", size = 24 }}]
"#,
        tmp = storage.display(),
        networks = networks.display(),
        pool = pool(number),
    );
    std::fs::write(place.path("containers.conf"), text)?;
    let network = json!({
        "name": "podman",
        "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
        "driver": "bridge",
        "network_interface": bridge(number),
        "created": "2024-01-11T00:00:00Z",
        "subnets": [{ "subnet": format!("{}0.0/24", pool(number)), "gateway": format!("{}0.1", pool(number)) }],
        "ipv6_enabled": false,
        "internal": false,
        "dns_enabled": false,
        "ipam_options": { "driver": "host-local" },
    });
    std::fs::write(networks.join("podman.json"), network.to_string())?;
    // Loopback as a whole cannot be named here, and a registry's port is known only later: the
    // prefix form covers them all.
    let mut registries = "unqualified-search-registries = []\n\n[[registry]]\nprefix = \"127.0.0.1\"\nlocation = \"127.0.0.1\"\ninsecure = true\n".to_owned();
    if let Some(hub) = &options.docker_hub {
        let _ = write!(
            registries,
            "\n[[registry]]\nprefix = \"docker.io\"\nlocation = \"{hub}\"\ninsecure = true\n"
        );
    }
    std::fs::write(place.path("registries.conf"), registries)?;
    std::fs::write(place.path("auth.json"), "{}")?;
    Ok(())
}
