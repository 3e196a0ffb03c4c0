//! Which computes this machine knows, in the order in which Docker's own client would choose.
//!
//! Order: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of Docker's `config.json`,
//! `/var/run/docker.sock`, rootless Docker, Podman's sockets, then every other context. A socket that
//! is found twice is one compute, named by where it was found first.

mod contexts;

use std::path::{Path, PathBuf};

use domain::compute::{ComputeAddress, ComputeId, ComputeOrigin, FoundCompute};

use contexts::Contexts;

/// What the search depends on. Passed in, so that a test can build a machine of its own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`: the folder that holds Docker's `config.json`.
    pub docker_config: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: where this user's services keep their sockets.
    pub runtime_dir: Option<PathBuf>,
    /// The person's home folder.
    pub home: Option<PathBuf>,
    /// Where the file system begins; `/` outside tests.
    pub root: PathBuf,
}

impl Surroundings {
    /// The surroundings of this process. Without `XDG_RUNTIME_DIR` the usual folder of this user
    /// counts if it exists, since sessions that were started by `su` or a service lack the variable.
    pub fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let path = |name: &str| text(name).map(PathBuf::from);
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_config: path("DOCKER_CONFIG"),
            runtime_dir: path("XDG_RUNTIME_DIR").or_else(usual_runtime_dir),
            home: path("HOME"),
            root: PathBuf::from("/"),
        }
    }

    /// The folder that holds Docker's `config.json` and contexts.
    fn docker_folder(&self) -> Option<PathBuf> {
        self.docker_config.clone().or_else(|| self.home.as_ref().map(|home| home.join(".docker")))
    }

    /// A path of the system, below the root.
    fn system(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

#[cfg(unix)]
fn usual_runtime_dir() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt as _;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    Some(PathBuf::from(format!("/run/user/{user}"))).filter(|folder| folder.is_dir())
}

#[cfg(not(unix))]
fn usual_runtime_dir() -> Option<PathBuf> {
    None
}

/// A socket at a place that everybody knows, with the id and name it has however it was found.
struct KnownSocket {
    id: &'static str,
    name: &'static str,
    origin: ComputeOrigin,
    path: PathBuf,
    /// Listed even when it does not exist, so that the page can say why.
    always: bool,
}

fn known_sockets(surroundings: &Surroundings) -> Vec<KnownSocket> {
    let mut known = vec![KnownSocket {
        id: "local",
        name: "Local Docker",
        origin: ComputeOrigin::DefaultSocket,
        path: surroundings.system("var/run/docker.sock"),
        always: true,
    }];
    if let Some(folder) = &surroundings.runtime_dir {
        known.push(KnownSocket {
            id: "rootless",
            name: "Rootless Docker",
            origin: ComputeOrigin::RootlessDocker,
            path: folder.join("docker.sock"),
            always: false,
        });
        known.push(KnownSocket {
            id: "podman",
            name: "Podman (this user)",
            origin: ComputeOrigin::PodmanUser,
            path: folder.join("podman/podman.sock"),
            always: false,
        });
    }
    known.push(KnownSocket {
        id: "podman-system",
        name: "Podman (system)",
        origin: ComputeOrigin::PodmanSystem,
        path: surroundings.system("run/podman/podman.sock"),
        always: false,
    });
    known
}

/// A `DOCKER_HOST` or a context's host as an address. What is no Unix socket is kept as written.
fn address(host: &str) -> ComputeAddress {
    match host.strip_prefix("unix://") {
        Some(path) if !path.is_empty() => ComputeAddress::Socket { path: path.to_owned() },
        _ => ComputeAddress::NotSupported { url: host.to_owned() },
    }
}

/// One file, whatever path leads to it. A socket that does not exist is told by its folder.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent().and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Whether this compute stands for a context that was asked for and does not exist. Its address is
/// an empty URL: there is nowhere to connect to.
pub fn unknown_context(compute: &FoundCompute) -> Option<&str> {
    match (&compute.origin, &compute.address) {
        (ComputeOrigin::Context { name, .. }, ComputeAddress::NotSupported { url })
            if url.is_empty() =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// Collects computes, each once.
struct Search {
    known: Vec<KnownSocket>,
    found: Vec<FoundCompute>,
    sockets: Vec<PathBuf>,
}

impl Search {
    fn add(&mut self, id: String, name: &str, origin: ComputeOrigin, address: ComputeAddress) {
        let mut id = id;
        let mut name = name.to_owned();
        if let ComputeAddress::Socket { path } = &address {
            let real = real_path(Path::new(path));
            if self.sockets.contains(&real) {
                return;
            }
            // A well-known socket keeps its id whatever names it, so that what is remembered of a
            // compute survives a variable being set or unset.
            if let Some(known) = self.known.iter().find(|known| real_path(&known.path) == real) {
                known.id.clone_into(&mut id);
                if origin == ComputeOrigin::DockerHost {
                    known.name.clone_into(&mut name);
                }
            }
            self.sockets.push(real);
        }
        let id = ComputeId(id);
        if !self.found.iter().any(|compute| compute.id == id) {
            self.found.push(FoundCompute { id, name, origin, address });
        }
    }

    fn add_context(&mut self, name: &str, current: bool, host: &str) {
        self.add(
            format!("context:{name}"),
            name,
            ComputeOrigin::Context { name: name.to_owned(), current },
            // An empty host marks a context that does not exist: see `unknown_context`.
            address(host),
        );
    }
}

/// Finds the computes, best first. Reads files and follows links; connects to nothing.
pub fn find(surroundings: &Surroundings) -> Vec<FoundCompute> {
    let contexts = Contexts::read(surroundings.docker_folder().as_deref());
    let mut search =
        Search { known: known_sockets(surroundings), found: Vec::new(), sockets: Vec::new() };
    let host = surroundings.docker_host.as_deref().filter(|host| !host.is_empty());
    if let Some(host) = host {
        search.add(
            "docker-host".into(),
            "Docker (DOCKER_HOST)",
            ComputeOrigin::DockerHost,
            address(host),
        );
    }
    // Docker's client: DOCKER_HOST overrides any context, DOCKER_CONTEXT the current one. The context
    // called `default` is the usual socket.
    let asked = surroundings.docker_context.as_deref().filter(|name| !name.is_empty());
    let current = asked.or(contexts.current.as_deref());
    for name in [asked, contexts.current.as_deref()].into_iter().flatten() {
        if name != "default" {
            let in_use = host.is_none() && current == Some(name);
            search.add_context(name, in_use, contexts.host(name).unwrap_or_default());
        }
    }
    for known in known_sockets(surroundings) {
        if known.always || known.path.exists() {
            let path = known.path.to_string_lossy().into_owned();
            search.add(known.id.into(), known.name, known.origin, ComputeAddress::Socket { path });
        }
    }
    for (name, host) in &contexts.hosts {
        search.add_context(name, false, host);
    }
    search.found
}

#[cfg(test)]
mod tests;
