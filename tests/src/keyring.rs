//! A private session bus with a private keyring, in the states that people have.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::error::{PartError, PartResult};
use crate::janitor::Place;
use crate::program;

/// Environment variables to hand to a child process.
pub type Environment = Vec<(String, String)>;

const PASSWORD: &str = "the keyring's own password";

/// What a person's keyring may be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyringState {
    /// Open, as after a graphical login.
    Unlocked,
    /// There, but locked, and nobody to ask for its password.
    Locked,
    /// A session bus without any keyring, and none that the bus could start.
    Absent,
}

/// A session bus and what stands on it. Dropped: gone, with all that was stored.
pub struct Keyring {
    place: Place,
    bus: Child,
    daemon: Option<Child>,
}

impl Keyring {
    /// Starts a bus, and a keyring in this state.
    pub fn start(state: KeyringState) -> PartResult<Self> {
        for program in ["dbus-daemon", "gdbus", "gnome-keyring-daemon", "secret-tool"] {
            program::find(program)?;
        }
        let mut place = Place::new("keyring")?;
        // The home folder must exist, else opening the keyring hangs.
        for folder in ["home", "home/.local/share/keyrings", "config", "cache", "run", "services"] {
            std::fs::create_dir_all(place.path(folder))?;
        }
        let mut mode = std::fs::metadata(place.path("run"))?.permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o700);
        std::fs::set_permissions(place.path("run"), mode)?;
        let bus = start_bus(&mut place)?;
        let mut keyring = Self { place, bus, daemon: None };
        match state {
            KeyringState::Absent => {}
            KeyringState::Unlocked => keyring.unlock()?,
            KeyringState::Locked => {
                keyring.unlock()?;
                keyring.end_daemon()?;
                keyring.start_locked()?;
            }
        }
        Ok(keyring)
    }

    /// For children that are to use this bus and keyring: the bus, and a home of its own.
    pub fn environment(&self) -> Environment {
        let path = |name: &str| self.place.path(name).to_string_lossy().into_owned();
        [
            ("DBUS_SESSION_BUS_ADDRESS", self.address()),
            ("HOME", path("home")),
            ("XDG_DATA_HOME", path("home/.local/share")),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_CACHE_HOME", path("cache")),
            ("XDG_RUNTIME_DIR", path("run")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// For children that are to find no bus at all. Without the variable they would find a person's
    /// own bus.
    pub fn no_bus() -> Environment {
        vec![("DBUS_SESSION_BUS_ADDRESS".to_owned(), "unix:path=/nonexistent/bus".to_owned())]
    }

    /// The part's own folder, gone when this value is dropped.
    pub fn folder(&self) -> &std::path::Path {
        self.place.folder()
    }

    /// Starts an open keyring on a bus that had none, or opens a locked one.
    pub fn unlock(&mut self) -> PartResult<()> {
        self.end_daemon()?;
        self.start_daemon(true)
    }

    /// Locks the keyring: its process is replaced by one that was not given the password.
    pub fn lock(&mut self) -> PartResult<()> {
        self.end_daemon()?;
        self.start_locked()
    }

    /// Ends the keyring; the bus stays.
    pub fn end_daemon(&mut self) -> PartResult<()> {
        if let Some(mut daemon) = self.daemon.take() {
            program::run("kill", &["-TERM", &daemon.id().to_string()])?;
            daemon.wait()?;
        }
        Ok(())
    }

    /// Halts the keyring's process, so that calls to it hang, until [`Self::resume`].
    pub fn suspend(&self) -> PartResult<()> {
        self.signal("-STOP")
    }

    /// Lets a halted keyring go on.
    pub fn resume(&self) -> PartResult<()> {
        self.signal("-CONT")
    }

    /// Reads a secret back with the system's own tool. `attributes` are pairs of name and value,
    /// e.g. `&["service", "x", "username", "y"]`.
    pub fn lookup(&self, attributes: &[&str]) -> PartResult<Option<String>> {
        let mut command = program::command("secret-tool")?;
        let output = command.arg("lookup").args(attributes).envs(self.environment()).output()?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            Some(1) if output.stderr.is_empty() => Ok(None),
            _ => Err(PartError::new(format!(
                "secret-tool ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.place.path("bus").display())
    }

    fn signal(&self, signal: &str) -> PartResult<()> {
        match &self.daemon {
            Some(daemon) => program::run("kill", &[signal, &daemon.id().to_string()]).map(drop),
            None => Err(PartError::new("There is no keyring on this bus.")),
        }
    }

    fn start_locked(&mut self) -> PartResult<()> {
        self.start_daemon(false)
    }

    fn start_daemon(&mut self, unlocked: bool) -> PartResult<()> {
        let log =
            std::fs::File::options().create(true).append(true).open(self.place.path("log"))?;
        let mut command = program::command("gnome-keyring-daemon")?;
        command.args(["--foreground", "--components=secrets"]).arg(if unlocked {
            "--unlock"
        } else {
            "--start"
        });
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut daemon = command
            .envs(self.environment())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.place.janitor.owns_process(daemon.id())?;
        if let Some(mut input) = daemon.stdin.take() {
            input.write_all(PASSWORD.as_bytes())?;
        }
        self.daemon = Some(daemon);
        program::output(
            program::command("gdbus")?
                .args(["wait", "--session", "--timeout", "10", "org.freedesktop.secrets"])
                .envs(self.environment()),
        )
        .map_err(|error| PartError::new(format!("The keyring did not come up: {error}")))
        .map(drop)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for process in self.daemon.iter_mut().chain([&mut self.bus]) {
            // Whatever is left is the janitor's.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A bus that starts nothing by itself but the accessibility bus that windows ask for.
fn start_bus(place: &mut Place) -> PartResult<Child> {
    let socket: PathBuf = place.path("bus");
    let accessibility = "/usr/share/dbus-1/services/org.a11y.Bus.service";
    if let Ok(text) = std::fs::read_to_string(accessibility) {
        let own: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("SystemdService")).collect();
        std::fs::write(place.path("services/org.a11y.Bus.service"), own.join("\n") + "\n")?;
    }
    let configuration = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket = socket.display(),
        services = place.path("services").display(),
    );
    let file = place.path("bus.conf");
    std::fs::write(&file, configuration)?;
    let log = place.path("log");
    let mut command = program::command("dbus-daemon")?;
    command.args(["--nofork", "--nopidfile", &format!("--config-file={}", file.display())]);
    let mut bus = program::spawn(&mut command, &log)?;
    place.janitor.owns_process(bus.id())?;
    program::wait_until(Duration::from_secs(10), "the session bus does not answer", || {
        if let Some(status) = bus.try_wait()? {
            return Err(PartError::new(format!(
                "The session bus ended with {status}: {}",
                program::tail(&log)
            )));
        }
        Ok(std::os::unix::net::UnixStream::connect(&socket).is_ok())
    })?;
    Ok(bus)
}
