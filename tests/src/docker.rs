//! A private Docker engine.
//!
//! It has a data folder, a bridge and address ranges of its own and leaves the firewall alone, so it
//! runs beside any other engine. Published ports on loopback work through the engine's own proxy.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use crate::error::{PartError, PartResult};
use crate::images::Image;
use crate::janitor::Place;
use crate::program;

/// What may be asked of a private Docker engine beside its usual form.
#[derive(Clone, Debug, Default)]
pub struct DockerOptions {
    /// The data folder stands on a file system of its own with this many MiB, so that it can be filled.
    pub small_disk_mib: Option<u32>,
    /// Registries that may be spoken to without TLS; those on loopback need not be named.
    pub insecure_registries: Vec<String>,
    /// Containers reach the network beyond this machine (one address translation rule, removed at the
    /// end). Without it they reach this machine and each other.
    pub reaches_outside: bool,
    /// BuildKit is switched off: images are made by the classic builder.
    pub classic_builder: bool,
    /// More arguments for `dockerd`, e.g. `--max-download-attempts=1`.
    pub arguments: Vec<String>,
}

/// A running `dockerd`. Dropped: everything it made is gone.
pub struct DockerEngine {
    place: Place,
    options: DockerOptions,
    number: u8,
    daemon: Option<Child>,
}

impl DockerEngine {
    /// Starts one and waits until it answers.
    pub fn start() -> PartResult<Self> {
        Self::start_with(DockerOptions::default())
    }

    /// Starts one with options and waits until it answers.
    pub fn start_with(options: DockerOptions) -> PartResult<Self> {
        program::find("dockerd")?;
        program::find("docker")?;
        program::find("runc")?;
        let mut place = Place::new("docker")?;
        std::fs::create_dir(place.path("client"))?;
        let number = make_bridge(&mut place)?;
        if let Some(size) = options.small_disk_mib {
            mount_small_disk(&place, size)?;
        }
        if options.reaches_outside {
            let rule = format!(
                "POSTROUTING -s 172.29.{number}.0/24 ! -o {} -j MASQUERADE",
                bridge(number)
            );
            std::fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
            let words: Vec<&str> =
                ["-w", "5", "-t", "nat", "-A"].into_iter().chain(rule.split(' ')).collect();
            program::run("iptables", &words)?;
            place.janitor.owns_rule("nat", &rule)?;
        }
        let mut engine = Self { place, options, number, daemon: None };
        engine.start_again()?;
        Ok(engine)
    }

    /// The engine's own folder, gone when this value is dropped.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// The socket's path.
    pub fn socket(&self) -> PathBuf {
        self.place.path("docker.sock")
    }

    /// For `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// What the engine wrote to its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path("log")).unwrap_or_default()
    }

    /// Where the engine keeps its data.
    pub fn data_root(&self) -> PathBuf {
        if self.options.small_disk_mib.is_some() {
            self.place.path("disk/data")
        } else {
            self.place.path("data")
        }
    }

    /// The bridge that its containers are on.
    pub fn bridge(&self) -> String {
        bridge(self.number)
    }

    /// The address of this machine as its containers see it.
    pub fn gateway(&self) -> String {
        format!("172.29.{}.1", self.number)
    }

    /// How the addresses of networks begin that are made on it: `10.131.`. A network with addresses of
    /// its own choice takes some of these, so that its bridge is removed with the engine.
    pub fn pool(&self) -> String {
        pool(self.number)
    }

    /// Docker's client for this engine, with no trace of a person's own logins and contexts.
    pub fn command(&self) -> PartResult<Command> {
        let mut command = program::command("docker")?;
        command
            .args(["-H", &self.host()])
            .env_remove("DOCKER_HOST")
            .env_remove("DOCKER_CONTEXT")
            .env("DOCKER_CONFIG", self.place.path("client"));
        Ok(command)
    }

    /// Runs `docker …` and gives what it printed, without the last line's end.
    pub fn client(&self, arguments: &[&str]) -> PartResult<String> {
        program::told(self.command()?.args(arguments))
    }

    /// Loads an image under this name (`repository:tag`).
    pub fn load(&self, image: &Image, name: &str) -> PartResult<()> {
        image.load_with(&mut self.command()?, self.place.folder(), name)
    }

    /// Ends the engine in good order, as its service would: containers are stopped first, and the
    /// client finds no socket afterwards.
    pub fn stop(&mut self) -> PartResult<()> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        program::run("kill", &["-TERM", &daemon.id().to_string()])?;
        daemon.wait()?;
        Ok(())
    }

    /// Starts the engine on the data it had.
    pub fn start_again(&mut self) -> PartResult<()> {
        if self.daemon.is_some() {
            return Ok(());
        }
        let log = self.place.path("log");
        let path = |name: &str| self.place.path(name).to_string_lossy().into_owned();
        let mut command = program::command("dockerd")?;
        command
            .args(["--data-root", &self.data_root().to_string_lossy()])
            .args(["--exec-root", &path("exec"), "--pidfile", &path("pid"), "-H", &self.host()])
            .args(["--bridge", &self.bridge(), "--config-file", &path("daemon.json")])
            .args([
                "--iptables=false",
                "--ip6tables=false",
                "--ip-masq=false",
                "--ip-forward=false",
            ])
            .args(["--default-address-pool", &format!("base={}0.0/16,size=24", pool(self.number))])
            .args(&self.options.arguments);
        for registry in &self.options.insecure_registries {
            command.args(["--insecure-registry", registry]);
        }
        // Its own configuration, so that none of the machine's is read.
        let features = if self.options.classic_builder { "\"buildkit\": false" } else { "" };
        let settings = format!("{{\"features\": {{{features}}}}}");
        std::fs::write(self.place.path("daemon.json"), settings)?;
        let mut daemon = program::spawn(&mut command, &log)?;
        self.place.janitor.owns_process(daemon.id())?;
        let ready = program::wait_until(
            Duration::from_secs(30),
            &format!("the Docker engine does not answer on {}", self.host()),
            || {
                if let Some(status) = daemon.try_wait()? {
                    return Err(PartError::new(format!(
                        "The Docker engine ended with {status}. Its log:\n{}",
                        program::tail(&log)
                    )));
                }
                Ok(self.socket().exists()
                    && self.client(&["version", "--format", "{{.Server.Version}}"]).is_ok())
            },
        );
        self.daemon = Some(daemon);
        ready
    }

    /// Ends the engine in good order and starts it again.
    pub fn restart(&mut self) -> PartResult<()> {
        self.stop()?;
        self.start_again()
    }

    /// Kills the engine as a crash would: its containers run on, the socket's file stays.
    pub fn kill(&mut self) -> PartResult<()> {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill()?;
            daemon.wait()?;
            // Its containerd dies with it, a moment later; an engine that starts in between would
            // wait for it in vain.
            let pid_file = self.place.path("exec/containerd/containerd.pid");
            let containerd = std::fs::read_to_string(&pid_file).unwrap_or_default();
            program::wait_until(Duration::from_secs(10), "containerd outlives its engine", || {
                Ok(!program::is_alive(containerd.trim()))
            })?;
            std::fs::remove_file(&pid_file)?;
        }
        Ok(())
    }

    /// Removes the engine's bridge under its feet: containers then no longer start.
    pub fn lose_bridge(&self) -> PartResult<()> {
        program::run("ip", &["link", "del", &self.bridge()]).map(drop)
    }
}

impl Drop for DockerEngine {
    fn drop(&mut self) {
        // The janitor kills what is left when `place` goes; the process must not stay as a zombie.
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn bridge(number: u8) -> String {
    format!("parts{number}")
}

fn pool(number: u8) -> String {
    format!("10.{}.", 130 + u16::from(number))
}

/// Makes a bridge whose number nobody else uses: making a link that exists is refused, so the
/// number is taken and kept in one step.
fn make_bridge(place: &mut Place) -> PartResult<u8> {
    if !is_root() {
        return Err(PartError::new(
            "A private Docker engine needs root: it makes a network bridge and mounts. Run these tests as root.",
        ));
    }
    let routes = program::run("ip", &["-4", "route"])?;
    let mut last = String::new();
    for number in 1..=120 {
        let start = format!("172.29.{number}.");
        if routes.contains(&start) {
            continue;
        }
        let name = bridge(number);
        match program::run("ip", &["link", "add", &name, "type", "bridge"]) {
            Ok(_) => {
                place.janitor.owns_link(&name)?;
                place.janitor.owns_network(&pool(number))?;
                program::run("ip", &["addr", "add", &format!("{start}1/24"), "dev", &name])?;
                program::run("ip", &["link", "set", &name, "up"])?;
                return Ok(number);
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(PartError::new(format!("No bridge could be made for a private Docker engine: {last}")))
}

fn mount_small_disk(place: &Place, size_mib: u32) -> PartResult<()> {
    let image = place.path("disk.img");
    std::fs::File::create(&image)?.set_len(u64::from(size_mib) * 1024 * 1024)?;
    let image = image.to_string_lossy().into_owned();
    let folder = place.path("disk");
    std::fs::create_dir(&folder)?;
    program::run("mkfs.ext4", &["-q", "-F", &image])?;
    program::run("mount", &["-o", "loop", &image, &folder.to_string_lossy()]).map(drop)
}

/// This process may do what root may.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0)
}
