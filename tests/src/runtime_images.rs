//! Real Prompt flow images: Debian's Python with promptflow-core and its executor service, at several
//! versions that differ by a layer and by packages.
//!
//! Made once on this machine (about two minutes: debootstrap, then packages from the Python index) and
//! kept in `.cache/runtime-images` as the storage of a registry. What the machine needs for reaching
//! the package index (its certificates, pip's configuration) is lent to the download only; the images
//! are then installed from the downloaded files without any network and carry nothing of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::docker::DockerEngine;
use crate::error::{PartError, PartResult};
use crate::package_index::{IndexOptions, PackageIndex};
use crate::program;
use crate::registry::RegistryServer;

/// The repository's path in every registry that [`RuntimeImages`] starts.
pub const REPOSITORY: &str = "azureml/promptflow/promptflow-runtime";
/// Where the images that do not serve are kept, see [`BROKEN_VERSION`].
pub const BROKEN_REPOSITORY: &str = "azureml/promptflow/promptflow-runtime-broken";
/// The good versions, oldest first. `latest` is the first of them.
pub const VERSIONS: [&str; 3] = ["20240111.v2", "20240429.v8", "20240429.v10"];
/// Tags that are no versions.
pub const JUNK_TAGS: [&str; 4] = ["nightly", "20240429", "20240430.v1-test", "v99"];
/// A tag of [`BROKEN_REPOSITORY`]: newer than all good ones; its uvicorn is gone, so it ends at once.
pub const BROKEN_VERSION: &str = "20240501.v1";
/// A tag of [`BROKEN_REPOSITORY`] that starts well and whose version was published as one not to use.
pub const ADVISED_AGAINST_VERSION: &str = "20241214.v1";

/// The packages of the lowest layer, and what each version changes, oldest first.
const FIRST_PACKAGES: &str = "promptflow-core==1.17.2 uvicorn tabulate==0.8.10";
const CHANGES: [&str; 2] =
    ["tabulate==0.9.0 humanize==4.11.0", "promptflow-core==1.18.5 humanize==4.12.3"];
const ADVISED_AGAINST_CHANGE: &str = "humanize==4.10.0";
/// What nodes with prompts and LLMs need, and `pf`, for the newest version.
const LLM_PACKAGES: &str = "promptflow==1.18.5 promptflow-tools==1.6.1";
/// What no image has and the package index offers all the same.
const ONLY_OFFERED: &str = "uv";
/// Counts up when the recipe below changes in a way that the constants do not show.
const RECIPE: u32 = 2;

/// Counts up when the Debian base is made in another way.
const BASE: u32 = 2;

/// The images, made. While this value lives nobody makes them anew.
pub struct RuntimeImages {
    folder: PathBuf,
    /// Locked: alone while the images are made, shared afterwards.
    lock: fs::File,
}

impl RuntimeImages {
    /// Gives the images, and makes them first where they are missing or of an older recipe. Several
    /// processes may ask at once: one makes them, the others wait.
    pub fn ready() -> PartResult<Self> {
        let folder = cache_folder()?.join("runtime-images");
        fs::create_dir_all(&folder)?;
        let images = Self { lock: fs::File::create(folder.join("lock"))?, folder };
        images.lock.lock_shared()?;
        if !images.are_made() {
            images.lock.unlock()?;
            images.lock.lock()?;
            // Another process may have made them while this one waited.
            if !images.are_made() {
                let _ = fs::remove_file(images.stamp());
                images.make()?;
                fs::write(images.stamp(), recipe())?;
            }
            images.lock.lock_shared()?;
        }
        Ok(images)
    }

    /// A registry of its own with all the images.
    pub fn registry(&self) -> PartResult<RegistryServer> {
        RegistryServer::start_on_copy(&self.storage(), None)
    }

    /// The same, behind a login.
    pub fn registry_with_login(&self, user: &str, password: &str) -> PartResult<RegistryServer> {
        RegistryServer::start_on_copy(&self.storage(), Some((user.to_owned(), password.to_owned())))
    }

    /// A wheel among the packages, by the beginning of its file's name.
    pub fn wheel(&self, starts: &str) -> PartResult<PathBuf> {
        let entries = fs::read_dir(self.folder.join("packages"))?.flatten();
        entries
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(starts))
            })
            .ok_or_else(|| PartError::new(format!("There is no wheel {starts}.")))
    }

    /// A folder with the packages for nodes with prompts and LLMs and for `pf` itself, for the newest version.
    /// They are downloaded the first time, with an image of that version that is there in the engine.
    fn llm_packages(&self, engine: Command, image: &str) -> PartResult<PathBuf> {
        let folder = self.folder.join("llm-packages");
        let lock = fs::File::create(self.folder.join("llm-packages.lock"))?;
        lock.lock()?;
        let stamp = folder.join("stamp");
        if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == LLM_PACKAGES) {
            return Ok(folder);
        }
        fetch(engine, image, &self.folder.join("packages"), &folder, &[LLM_PACKAGES])?;
        fs::write(stamp, LLM_PACKAGES)?;
        Ok(folder)
    }

    /// Puts the packages for nodes with prompts and LLMs, and `pf` itself, into a container of the newest
    /// version, without any network. `engine` gives its client's command, before the arguments.
    pub fn add_llm_packages(
        &self,
        engine: &dyn Fn() -> PartResult<Command>,
        container: &str,
    ) -> PartResult<()> {
        let client = |arguments: &[&str]| program::told(engine()?.args(arguments));
        let image = client(&["inspect", "-f", "{{.Config.Image}}", container])?;
        let from = format!("{}/.", self.llm_packages(engine()?, &image)?.display());
        client(&["exec", "-u", "0", container, "mkdir", "-p", "/tmp/wheels"])?;
        client(&["cp", &from, &format!("{container}:/tmp/wheels")])?;
        let install = format!(
            "/opt/venv/bin/pip install -q --no-cache-dir --disable-pip-version-check --no-index -f /tmp/wheels {LLM_PACKAGES} && rm -rf /tmp/wheels"
        );
        client(&["exec", "-u", "0", container, "sh", "-c", &install]).map(drop)
    }

    /// An index of the Python packages that the images are made of.
    pub fn package_index(&self) -> PartResult<PackageIndex> {
        self.package_index_with(IndexOptions::default())
    }

    /// The same as the options say.
    pub fn package_index_with(&self, options: IndexOptions) -> PartResult<PackageIndex> {
        PackageIndex::start_with(&self.folder.join("packages"), options)
    }

    /// Publishes the Python base that the images are made of under this name and tag.
    pub fn publish_base(
        &self,
        client: &dyn Fn(&[&str]) -> PartResult<String>,
        registry: &RegistryServer,
        name: &str,
    ) -> PartResult<String> {
        let archive = self.folder.join(format!("base-{BASE}.tar"));
        let reference = format!("{}/{name}", registry.address());
        client(&["import", &archive.to_string_lossy(), &reference])?;
        client(&["push", "-q", &reference])?;
        Ok(reference)
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("stamp")
    }

    fn are_made(&self) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|stamp| stamp == recipe())
    }

    fn storage(&self) -> PathBuf {
        self.folder.join("registry")
    }

    fn make(&self) -> PartResult<()> {
        let begin = Instant::now();
        let say =
            |what: &str| eprintln!("[runtime images, {:>3} s] {what}", begin.elapsed().as_secs());
        say("Making real Prompt flow images. This happens once and takes a few minutes.");
        let docker = DockerEngine::start()?;
        let base = self.folder.join(format!("base-{BASE}.tar"));
        if !base.exists() {
            say("A Debian base with Python (debootstrap).");
            make_base(&self.folder, &base)?;
        }
        docker.client(&["import", &base.to_string_lossy(), "base:1"])?;
        let packages = self.folder.join("packages");
        say("Prompt flow from the Python package index.");
        download(&docker, &packages)?;
        say("Installing three versions.");
        install(&docker, &packages, "base:1", VERSIONS[0], FIRST_PACKAGES)?;
        for (index, change) in CHANGES.iter().enumerate() {
            install(&docker, &packages, &local(VERSIONS[index]), VERSIONS[index + 1], change)?;
        }
        install(
            &docker,
            &packages,
            &local(VERSIONS[2]),
            ADVISED_AGAINST_VERSION,
            ADVISED_AGAINST_CHANGE,
        )?;
        layer(
            &docker,
            &packages,
            &local(VERSIONS[2]),
            BROKEN_VERSION,
            "/opt/venv/bin/pip uninstall -q -y uvicorn",
        )?;
        say("Publishing them.");
        let registry = RegistryServer::start()?;
        for version in VERSIONS {
            publish(&docker, &registry, version, REPOSITORY)?;
        }
        for version in [BROKEN_VERSION, ADVISED_AGAINST_VERSION] {
            publish(&docker, &registry, version, BROKEN_REPOSITORY)?;
        }
        for tag in ["latest"].iter().chain(&JUNK_TAGS) {
            registry.tag(REPOSITORY, VERSIONS[0], tag)?;
        }
        let storage = self.storage();
        if storage.exists() {
            fs::remove_dir_all(&storage)?;
        }
        program::run(
            "cp",
            &["-r", "--", &registry.storage().to_string_lossy(), &storage.to_string_lossy()],
        )?;
        say("Done.");
        Ok(())
    }
}

/// `.cache` at the repository's root.
fn cache_folder() -> PartResult<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(|root| root.join(".cache"))
        .ok_or_else(|| PartError::new("The repository's root was not found."))
}

fn recipe() -> String {
    format!(
        "{RECIPE} {BASE} {FIRST_PACKAGES} {CHANGES:?} {ADVISED_AGAINST_CHANGE} {VERSIONS:?} {JUNK_TAGS:?} \
         {BROKEN_VERSION} {ADVISED_AGAINST_VERSION} {}",
        crate::images::architecture()
    )
}

fn local(version: &str) -> String {
    format!("runtime:{version}")
}

/// A minimal Debian 12 with Python 3.11, without what no container needs.
fn make_base(folder: &Path, archive: &Path) -> PartResult<()> {
    let root = tempfile::Builder::new().prefix("base-").tempdir_in(folder)?;
    let path = root.path().to_string_lossy().into_owned();
    let mut arguments = vec![
        "--variant=minbase".to_owned(),
        "--include=python3,python3-venv,ca-certificates".to_owned(),
        "bookworm".to_owned(),
        path.clone(),
    ];
    arguments.extend(mirror());
    program::run("debootstrap", &arguments)?;
    let part = archive.with_extension("part");
    let exclude = [
        "./var/cache/apt/*",
        "./var/lib/apt/lists/*",
        "./usr/share/doc/*",
        "./usr/share/man/*",
        "./usr/share/locale/*",
        "./var/log/*",
        "./dev/*",
        "./proc/*",
        "./sys/*",
        // Names of the mirror and of this machine's network are of no use inside.
        "./etc/apt/sources.list",
        "./etc/hostname",
        "./etc/resolv.conf",
    ]
    .map(|pattern| format!("--exclude={pattern}"));
    let mut command = program::command("tar")?;
    command.args(["-C", &path]).args(exclude).args(["-cf", &part.to_string_lossy(), "."]);
    program::output(&mut command)?;
    fs::rename(&part, archive)?;
    Ok(())
}

/// The package mirror this machine uses itself, if it is one for Debian 12.
fn mirror() -> Option<String> {
    let folder = fs::read_dir("/etc/apt/sources.list.d").ok()?;
    for entry in folder.flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        for paragraph in text.split("\n\n") {
            let field = |name: &str| {
                paragraph
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|value| value.trim().to_owned())
            };
            let here = field("Suites:")
                .is_some_and(|suites| suites.split(' ').any(|suite| suite == "bookworm"));
            if here && entry.path().extension().is_some_and(|ending| ending == "sources") {
                return field("URIs:").and_then(|uris| uris.split(' ').next().map(str::to_owned));
            }
        }
    }
    None
}

/// Downloads all packages of all versions, for the Python of the base.
fn download(docker: &DockerEngine, packages: &Path) -> PartResult<()> {
    let beside = [ADVISED_AGAINST_CHANGE, ONLY_OFFERED];
    let sets: Vec<&str> = [FIRST_PACKAGES].into_iter().chain(CHANGES).chain(beside).collect();
    fetch(docker.command()?, "base:1", packages, packages, &sets)
}

/// Downloads sets of packages for the Python of an image, beside those that are there already.
fn fetch(
    mut command: Command,
    image: &str,
    there: &Path,
    packages: &Path,
    sets: &[&str],
) -> PartResult<()> {
    fs::create_dir_all(packages)?;
    command
        .args(["run", "--rm", "--user", "0", "--network", "host", "-v"])
        .arg(format!("{}:/mnt", packages.display()))
        .arg("-v")
        .arg(format!("{}:/srv:ro", there.display()));
    let certificates = "/etc/ssl/certs/ca-certificates.crt";
    if Path::new(certificates).exists() {
        command.args([
            "-v",
            &format!("{certificates}:/run/certificates.crt:ro"),
            "-e",
            "PIP_CERT=/run/certificates.crt",
        ]);
    }
    if let Some(configuration) = pip_configuration() {
        command.args(["-v", &format!("{}:/etc/pip.conf:ro", configuration.display())]);
    }
    for name in [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_TRUSTED_HOST",
        "PIP_PROXY",
        "PIP_DEFAULT_TIMEOUT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ] {
        if std::env::var_os(name).is_some() {
            // By name only: the value is taken from this process and stands on no command line.
            command.args(["-e", name]);
        }
    }
    let mut steps = vec![
        "set -e; python3 -m venv /tmp/venv".to_owned(),
        // For packages that come as sources only.
        "/tmp/venv/bin/pip install -q --disable-pip-version-check setuptools wheel".to_owned(),
    ];
    for set in sets {
        steps.push(format!(
            "/tmp/venv/bin/pip wheel -q --disable-pip-version-check -f /srv -f /mnt -w /mnt {set}"
        ));
    }
    program::output(command.args([image, "sh", "-c", &steps.join("; ")])).map(drop)
}

fn pip_configuration() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    std::env::var_os("PIP_CONFIG_FILE")
        .map(PathBuf::from)
        .into_iter()
        .chain([
            home.join(".config/pip/pip.conf"),
            home.join(".pip/pip.conf"),
            PathBuf::from("/etc/pip.conf"),
        ])
        .find(|path| path.is_file())
}

/// A version on top of another: these packages, installed from the downloaded files.
fn install(
    docker: &DockerEngine,
    packages: &Path,
    from: &str,
    version: &str,
    set: &str,
) -> PartResult<()> {
    let prepare = if from == "base:1" {
        "python3 -m venv /opt/venv; useradd --uid 10001 --create-home runtime; "
    } else {
        ""
    };
    let script = format!(
        "set -e; {prepare}/opt/venv/bin/pip install -q --no-cache-dir --disable-pip-version-check --no-index -f /mnt {set}"
    );
    layer(docker, packages, from, version, &script)
}

/// Runs a script in an image without any network and keeps the result as a version.
fn layer(
    docker: &DockerEngine,
    packages: &Path,
    from: &str,
    version: &str,
    script: &str,
) -> PartResult<()> {
    let mount = format!("{}:/mnt:ro", packages.display());
    let name = format!("make-{version}");
    docker.client(&[
        "run",
        "--name",
        &name,
        "--network",
        "none",
        "--user",
        "0",
        "-v",
        &mount,
        from,
        "sh",
        "-c",
        script,
    ])?;
    let serve = json!([
        "python",
        "-m",
        "uvicorn",
        "promptflow.executor._service.app:app",
        "--host",
        "0.0.0.0",
        "--port",
        "8080"
    ]);
    // The value of ENV is in double quotes, as in a Dockerfile.
    let build_info = json!({ "build_number": version }).to_string().replace('"', "\\\"");
    let changes = [
        format!("CMD {serve}"),
        "ENTRYPOINT []".to_owned(),
        "USER runtime".to_owned(),
        "WORKDIR /home/runtime".to_owned(),
        "EXPOSE 8080".to_owned(),
        "ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin".to_owned(),
        format!("ENV BUILD_INFO=\"{build_info}\""),
        format!("LABEL org.opencontainers.image.version={version}"),
    ];
    let mut command = docker.command()?;
    command.arg("commit");
    for change in &changes {
        command.args(["--change", change]);
    }
    program::output(command.args([&name, &local(version)]))?;
    docker.client(&["rm", &name]).map(drop)
}

fn publish(
    docker: &DockerEngine,
    registry: &RegistryServer,
    version: &str,
    repository: &str,
) -> PartResult<()> {
    let target = format!("{}/{repository}:{version}", registry.address());
    docker.client(&["tag", &local(version), &target])?;
    docker.client(&["push", "-q", &target]).map(drop)
}
