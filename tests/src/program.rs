//! Programs of the system: found, or named with the Debian package that holds them; run, or started
//! in a process group of their own.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{PartError, PartResult};

/// Which Debian package holds which program.
const PACKAGES: &[(&str, &str)] = &[
    ("busybox", "busybox-static"),
    ("dbus-daemon", "dbus"),
    ("debootstrap", "debootstrap"),
    ("docker", "docker.io"),
    ("docker-registry", "docker-registry"),
    ("dockerd", "docker.io"),
    ("dpkg-deb", "dpkg"),
    ("gdbus", "libglib2.0-bin"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("htpasswd", "apache2-utils"),
    ("import", "imagemagick"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("mkfs.ext4", "e2fsprogs"),
    ("newuidmap", "uidmap"),
    ("openssl", "openssl"),
    ("podman", "podman"),
    ("runc", "runc"),
    ("secret-tool", "libsecret-tools"),
    ("setpriv", "util-linux"),
    ("skopeo", "skopeo"),
    ("slirp4netns", "slirp4netns"),
    ("tar", "tar"),
    ("unshare", "util-linux"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("xdotool", "xdotool"),
    ("Xvfb", "xvfb"),
    ("xwininfo", "x11-utils"),
];

/// Where the program stands: `PATH` first, then the system's folders, which `PATH` lacks for
/// people who are not root.
pub fn find(program: &str) -> PartResult<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            let package = PACKAGES
                .iter()
                .find(|(name, _)| *name == program)
                .map_or(program, |(_, package)| package);
            PartError::new(format!(
                "The program {program} is not installed, and this test needs it. It is in the Debian package {package}: \
                 run scripts/setup, or apt-get install {package}."
            ))
        })
}

/// A command for this program.
pub fn command(program: &str) -> PartResult<Command> {
    let mut command = Command::new(find(program)?);
    command.stdin(Stdio::null());
    Ok(command)
}

/// Runs to the end and gives standard output; a failure tells what was run and what it said.
pub fn output(command: &mut Command) -> PartResult<String> {
    let words = words_of(command);
    let output = command
        .output()
        .map_err(|error| PartError::new(format!("`{words}` could not be started: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(PartError::new(format!(
            "`{words}` ended with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim(),
            String::from_utf8_lossy(&output.stdout).trim(),
        )))
    }
}

/// The same, without the last line's end.
pub fn told(command: &mut Command) -> PartResult<String> {
    output(command).map(|text| text.trim_end().to_owned())
}

/// Runs a program with these arguments to the end and gives standard output.
pub fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> PartResult<String> {
    output(command(program)?.args(arguments))
}

/// Starts a process that stays, in a group of its own (a Ctrl-C or a runner's time limit reaches the
/// test, not the part: the part is cleared up by its janitor), with its output in `log`.
pub fn spawn(command: &mut Command, log: &Path) -> PartResult<Child> {
    let words = words_of(command);
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    let other: File = file.try_clone()?;
    command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(other)
        .process_group(0)
        .spawn()
        .map_err(|error| PartError::new(format!("`{words}` could not be started: {error}")))
}

/// Asks again until the condition holds or the limit has passed.
///
/// For programs that announce their readiness in no other way than by answering.
pub fn wait_until(
    limit: Duration,
    what: &str,
    mut holds: impl FnMut() -> PartResult<bool>,
) -> PartResult<()> {
    let end = Instant::now() + limit;
    loop {
        if holds()? {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(PartError::new(format!("After {} s: {what}.", limit.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// The process runs: it is there and not merely waiting to be collected by its parent.
pub fn is_alive(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat[stat.rfind(')').unwrap_or(0)..].starts_with(") Z"))
}

/// Ids of all processes that this one started, and those they started.
pub fn descendants(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        // Children belong to the thread that started them.
        for thread in
            std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten()
        {
            let children =
                std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
        next += 1;
    }
    found.split_off(1)
}

/// Runs this very test again in a process of its own with these variables, for code that reads them
/// for the whole process. Gives `true` inside that process: go on there; `false` in the first one, when
/// the second has passed: return.
pub fn again_with(test: &str, environment: &[(String, String)]) -> PartResult<bool> {
    const INSIDE: &str = "REAL_PARTS_INSIDE";
    if std::env::var_os(INSIDE).is_some_and(|inside| inside == test) {
        return Ok(true);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, test)
        .envs(environment.iter().map(|(name, value)| (name, value)));
    let said = output(&mut command)?;
    if said.contains("test result: ok. 1 passed") {
        Ok(false)
    } else {
        Err(PartError::new(format!("There is no test named {test} to run again: {said}")))
    }
}

/// The last lines of a log, for an error's message.
pub fn tail(log: &Path) -> String {
    last_lines(&std::fs::read_to_string(log).unwrap_or_default())
}

/// The last lines of a text.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// A port of this machine's loopback that nobody holds at this moment.
pub fn free_port() -> PartResult<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Files under this folder that hold this text as it is. An error when there is no file at all: then
/// nothing would be shown by it.
pub fn files_with(folder: &Path, secret: &str) -> PartResult<Vec<String>> {
    let secret = secret.as_bytes();
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                seen += 1;
                let bytes = std::fs::read(entry.path())?;
                if bytes.windows(secret.len()).any(|window| window == secret) {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    if seen == 0 {
        return Err(PartError::new("The application keeps no file there, so nothing was shown."));
    }
    Ok(found)
}

fn words_of(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
