//! A Podman of a user who is not root, with its Docker-compatible service.
//!
//! It runs as `nobody` in a namespace of its own for mounts and processes: everything of it ends with the namespace's
//! first process. Such a user needs the device for tunnels, which not every machine lets it use, and users that it may
//! give to containers: it sees some of its own there.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use crate::docker::is_root;
use crate::error::{PartError, PartResult};
use crate::images::Image;
use crate::janitor::Place;
use crate::program;

/// `nobody`, who owns nothing.
const USER: u32 = 65534;

/// What the namespace's first process does; `$1` is the part's folder, `$2` the user. It waits for the service and
/// for what the service leaves.
const FIRST: &str = r#"set -e
mkdir "$1/dev"
mount -t tmpfs none "$1/dev"
mknod -m 666 "$1/dev/tun" c 10 200
mount --bind "$1/dev/tun" /dev/net/tun
for names in subuid subgid; do
  echo "$2:200000:65536" > "$1/$names"
  mount --bind "$1/$names" "/etc/$names"
done
cd "$1/home"
setpriv --reuid="$2" --regid="$2" --clear-groups env -i PATH="$PATH" HOME="$1/home" \
  XDG_RUNTIME_DIR="$1/home/xdg" CONTAINERS_CONF="$1/home/containers.conf" \
  CONTAINERS_STORAGE_CONF="$1/home/storage.conf" CONTAINERS_REGISTRIES_CONF="$1/home/registries.conf" \
  podman system service --time=0 "unix://$1/home/podman.sock" &
wait"#;

/// A running `podman system service` of an ordinary user. Dropped: everything it made is gone.
pub struct RootlessPodman {
    place: Place,
    namespace: Child,
}

impl RootlessPodman {
    /// Starts one and waits until it answers.
    pub fn start() -> PartResult<Self> {
        for program in ["podman", "runc", "slirp4netns", "newuidmap", "unshare", "setpriv"] {
            program::find(program)?;
        }
        if !is_root() {
            return Err(PartError::new(
                "A Podman of another user is started by root. Run these tests as root.",
            ));
        }
        let mut place = Place::new("rootless")?;
        configure(&place)?;
        let log = place.path("log");
        let mut first = program::command("unshare")?;
        first
            .args(["--mount", "--propagation=private", "--pid", "--fork", "--kill-child"])
            .args(["--mount-proc", "sh", "-c", FIRST, "sh"])
            .arg(place.folder())
            .arg(USER.to_string());
        let mut namespace = program::spawn(&mut first, &log)?;
        place.janitor.owns_process(namespace.id())?;
        let socket = place.path("home/podman.sock");
        program::wait_until(
            Duration::from_secs(30),
            "The service of a Podman without root does not answer",
            || {
                if let Some(status) = namespace.try_wait()? {
                    let told = program::tail(&log);
                    return Err(PartError::new(format!(
                        "The service of a Podman without root ended with {status}. Its log:\n{told}"
                    )));
                }
                Ok(UnixStream::connect(&socket).is_ok())
            },
        )?;
        Ok(Self { place, namespace })
    }

    /// The socket's path.
    pub fn socket(&self) -> PathBuf {
        self.place.path("home/podman.sock")
    }

    /// Podman's own command line, which asks the service.
    pub fn command(&self) -> PartResult<Command> {
        let mut command = program::command("podman")?;
        command
            .args(["--remote", "--url", &format!("unix://{}", self.socket().display())])
            .env("CONTAINERS_CONF", self.place.path("home/containers.conf"))
            .env_remove("CONTAINER_HOST");
        Ok(command)
    }

    /// Runs `podman …` and gives what it printed, without the last line's end.
    pub fn client(&self, arguments: &[&str]) -> PartResult<String> {
        program::told(self.command()?.args(arguments))
    }

    /// Loads an image under this name (`repository:tag`).
    pub fn load(&self, image: &Image, name: &str) -> PartResult<()> {
        image.load_with(&mut self.command()?, self.place.folder(), name)
    }
}

impl Drop for RootlessPodman {
    fn drop(&mut self) {
        // The namespace's first process ends with it, and with that one all others.
        let _ = self.namespace.kill();
        let _ = self.namespace.wait();
    }
}

/// Its files. Limits, runtime and control groups are as in a [`PodmanEngine`](crate::podman::PodmanEngine).
fn configure(place: &Place) -> PartResult<()> {
    let path = |name: &str| place.path(name).display().to_string();
    let home = place.path("home");
    for folder in [&home, &place.path("home/xdg")] {
        std::fs::create_dir(folder)?;
        std::os::unix::fs::chown(folder, Some(USER), Some(USER))?;
    }
    std::fs::set_permissions(place.folder(), std::fs::Permissions::from_mode(0o711))?;
    let containers = "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n";
    std::fs::write(place.path("home/containers.conf"), containers)?;
    let storage = format!(
        "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        path("home/root"),
        path("home/xdg/run")
    );
    std::fs::write(place.path("home/storage.conf"), storage)?;
    std::fs::write(place.path("home/registries.conf"), "unqualified-search-registries = []\n")?;
    Ok(())
}
