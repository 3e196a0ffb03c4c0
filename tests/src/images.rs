//! Small images: a static busybox that answers like the executor service, and ones that misbehave.
//!
//! They are composed here without any engine, are a few MiB, answer 0.4 s after their start, and are
//! the same bytes each time. The real Prompt flow images are in [`crate::runtime_images`].

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::PartResult;
use crate::program;

/// Where the runtimes' service listens inside.
pub const PORT: u16 = 8080;

/// How an image misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It runs, and nothing listens.
    NoService,
    /// It ends at once with code 1 and Python's words for a missing module.
    ExitsAtOnce,
    /// It accepts connections and never answers.
    NeverAnswers,
    /// It answers well and ends with code 3 that many seconds after its start.
    AnswersThenDies(u32),
    /// It answers well where `/data` is read-only, as beside a running one, and where it can write there
    /// it ends with code 3 a second after its start.
    DiesInPlace,
    /// It answers, on the container's own loopback only.
    LoopbackOnly,
    /// It answers well and does not react to SIGTERM.
    IgnoresStop,
    /// It answers well, so many seconds after its start.
    SlowStart(u32),
    /// It adds a line to `/data/journal` at its start, if it may, and answers well.
    Writes,
    /// The same, but it ends with code 5 where it may not.
    WritesOrEnds,
    /// It answers well; with a memory limit below 200 MB it takes more than that some seconds after its
    /// start, and is killed for it.
    HungryWhenSmall,
    /// It is made for another kind of processor: `exec format error`.
    WrongArchitecture,
}

/// An image for one platform: its configuration and its layers, lowest first.
#[derive(Clone, Debug)]
pub struct Image {
    config: Value,
    layers: Vec<Vec<u8>>,
}

/// A small image that answers like the executor service of this version.
pub fn small_runtime(version: &str) -> PartResult<Image> {
    serving(version, "trap 'exit 143' TERM INT\nhttpd -f -p 8080 -h /srv/www &\nwait\n")
}

/// A small image that misbehaves.
pub fn bad_runtime(version: &str, bad: Bad) -> PartResult<Image> {
    let script = match bad {
        Bad::NoService => {
            "trap 'exit 143' TERM INT\nwhile true; do sleep 3600 & wait; done\n".to_owned()
        }
        Bad::ExitsAtOnce => {
            "echo '/opt/venv/bin/python: No module named uvicorn' >&2\nexit 1\n".to_owned()
        }
        Bad::NeverAnswers => {
            "trap 'exit 143' TERM INT\nnc -ll -p 8080 -e sleep 3600 &\nwait\n".to_owned()
        }
        Bad::AnswersThenDies(seconds) => format!(
            "trap 'exit 143' TERM INT\nhttpd -f -p 8080 -h /srv/www &\nsleep {seconds} &\nwait $!\n\
             echo 'RuntimeError: the service ended by itself' >&2\nexit 3\n"
        ),
        Bad::DiesInPlace => "trap 'exit 143' TERM INT\nhttpd -f -p 8080 -h /srv/www &\n\
             if touch /data/here 2>/dev/null; then sleep 1 & wait $!; \
             echo 'RuntimeError: the service ended by itself' >&2; exit 3; fi\nwait\n"
            .to_owned(),
        Bad::LoopbackOnly => {
            "trap 'exit 143' TERM INT\nhttpd -f -p 127.0.0.1:8080 -h /srv/www &\nwait\n".to_owned()
        }
        Bad::SlowStart(seconds) => format!(
            "trap 'exit 143' TERM INT\nsleep {seconds} &\nwait $!\n\
             httpd -f -p 8080 -h /srv/www &\nwait\n"
        ),
        Bad::Writes | Bad::WritesOrEnds => {
            let otherwise = if bad == Bad::WritesOrEnds { "exit 5" } else { "true" };
            format!(
                "trap 'exit 143' TERM INT\n{{ echo started >> /data/journal; }} || {otherwise}\n\
                 httpd -f -p 8080 -h /srv/www &\nwait\n"
            )
        }
        Bad::HungryWhenSmall => "trap 'exit 143' TERM INT\nhttpd -f -p 8080 -h /srv/www &\n\
             limit=$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null)\n\
             if [ \"$limit\" -lt 200000000 ] 2>/dev/null; then sleep 5 & wait $!; all=0123456789; \
             while true; do all=$all$all; done; fi\nwait\n"
            .to_owned(),
        Bad::IgnoresStop => "trap '' TERM INT\nhttpd -f -p 8080 -h /srv/www\n".to_owned(),
        Bad::WrongArchitecture => return wrong_architecture(version),
    };
    serving(version, &script)
}

fn serving(version: &str, script: &str) -> PartResult<Image> {
    let announce =
        "echo 'INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)'\n";
    let answer = json!({
        "status": "healthy", "version": "1.18.5", "commit_id": null, "feature_list": []
    });
    let mut top = Layer::default();
    top.file("srv/www/health", 0o644, b"healthy")?;
    top.file("srv/www/version", 0o644, answer.to_string().as_bytes())?;
    top.file("srv/serve", 0o755, format!("#!/bin/sh\n{announce}{script}").as_bytes())?;
    Ok(Image::on_busybox()?.layer(top.finish()?).config(&json!({
        "User": "10001:10001",
        "WorkingDir": "/",
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", format!("BUILD_INFO={}", json!({"build_number": version}))],
        "Cmd": ["/srv/serve"],
        "ExposedPorts": { "8080/tcp": {} },
        "Labels": { "org.opencontainers.image.version": version },
    })))
}

/// A small image whose own command is this script, and in which a Python is found that can serve: a script
/// as well, which answers the application's question for it and starts the same small service.
pub fn small_with_python(version: &str, script: &str) -> PartResult<Image> {
    let python = "#!/bin/sh\n\
        if [ \"$1\" = -c ]; then [ $# -eq 2 ] || exit 1; echo '/usr/local/bin/python|3.11.2|1.18.5|0.38.0|'; exit 0; fi\n\
        trap 'exit 143' TERM INT\nfor port; do :; done\n\
        httpd -f -p \"$port\" -h /srv/www &\nwait\n";
    let mut top = Layer::default();
    top.file("usr/local/bin/python", 0o755, python.as_bytes())?;
    Ok(serving(version, script)?.layer(top.finish()?))
}

fn wrong_architecture(version: &str) -> PartResult<Image> {
    let other = if architecture() == "amd64" { "arm64" } else { "amd64" };
    let mut image = serving(version, "exit 1\n")?;
    // The program's header names the other processor, so the kernel refuses it.
    let mut foreign = std::fs::read(program::find("busybox")?)?;
    let machine: u16 = if other == "arm64" { 0xB7 } else { 0x3E };
    foreign[18..20].copy_from_slice(&machine.to_le_bytes());
    let mut top = Layer::default();
    top.file("bin/busybox", 0o755, &foreign)?;
    image = image.layer(top.finish()?);
    image.config["architecture"] = json!(other);
    Ok(image)
}

/// `sha256:` and the digest of these bytes.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// This machine's architecture as images name it.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Image {
    /// The base of all small images: busybox, with a shell's usual words.
    fn on_busybox() -> PartResult<Self> {
        let mut base = Layer::default();
        for folder in ["tmp", "var/tmp"] {
            base.folder(folder, 0o1777)?;
        }
        base.file(
            "etc/passwd",
            0o644,
            b"root:x:0:0:root:/:/bin/sh\nruntime:x:10001:10001::/:/bin/sh\n",
        )?;
        // BuildKit looks for a user's groups.
        base.file("etc/group", 0o644, b"root:x:0:\nruntime:x:10001:\n")?;
        base.file("bin/busybox", 0o755, &std::fs::read(program::find("busybox")?)?)?;
        for word in [
            "cat", "dd", "echo", "env", "false", "grep", "httpd", "id", "ip", "kill", "ls",
            "mount", "nc", "ps", "rm", "sh", "sleep", "stat", "tail", "top", "touch", "true",
            "wget",
        ] {
            base.link(&format!("bin/{word}"), "busybox")?;
        }
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "created": "2024-01-11T00:00:00Z",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": [] },
            "history": [],
        });
        Ok(Self { config, layers: Vec::new() }.layer(base.finish()?))
    }

    /// The same image with one more layer, as a tar archive.
    fn layer(mut self, tar: Vec<u8>) -> Self {
        if let Some(ids) = self.config["rootfs"]["diff_ids"].as_array_mut() {
            ids.push(json!(digest(&tar)));
        }
        if let Some(history) = self.config["history"].as_array_mut() {
            history.push(json!({ "created": "2024-01-11T00:00:00Z", "created_by": "composed" }));
        }
        self.layers.push(tar);
        self
    }

    fn config(mut self, config: &Value) -> Self {
        self.config["config"] = config.clone();
        self
    }

    /// The same image with another value in its container configuration (`Cmd`, `Env`, `Labels` …).
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.config["config"][key] = value;
        self
    }

    /// The same image with a layer of that many MiB that do not compress: pulling it takes a while.
    pub fn padded(self, mib: usize) -> PartResult<Self> {
        self.filled(mib * 1024, 0x9E37_79B9_7F4A_7C15)
    }

    /// The same image with a layer of 64 KiB that no other image has, unless it is made from this seed:
    /// it has to be pulled wherever others were pulled before.
    pub fn unlike(self, seed: u64) -> PartResult<Self> {
        self.filled(64, seed.wrapping_mul(2).wrapping_add(1))
    }

    fn filled(self, kib: usize, seed: u64) -> PartResult<Self> {
        let mut state = seed;
        let mut bytes = Vec::with_capacity(kib * 1024);
        for _ in 0..kib * 128 {
            // Marsaglia's xorshift: the same each time, and no compressor finds anything in it.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        let mut layer = Layer::default();
        layer.file("srv/padding", 0o644, &bytes)?;
        Ok(self.layer(layer.finish()?))
    }

    /// The image's id: the digest of its configuration.
    pub fn id(&self) -> String {
        digest(self.config.to_string().as_bytes())
    }

    /// Loads it with this client of an engine (before its arguments), through a file in this folder.
    pub fn load_with(&self, client: &mut Command, folder: &Path, name: &str) -> PartResult<()> {
        let archive = folder.join("load.tar");
        self.write_archive(&archive, name)?;
        let loaded = program::told(client.args(["load", "-q", "-i"]).arg(&archive));
        std::fs::remove_file(&archive)?;
        loaded.map(drop)
    }

    /// Writes the archive that `docker load`, Podman and skopeo read, under this name.
    pub fn write_archive(&self, path: &Path, name: &str) -> PartResult<()> {
        let hex = |digest: String| digest.trim_start_matches("sha256:").to_owned();
        let config_name = format!("{}.json", hex(self.id()));
        let mut archive = Layer::default();
        archive.file(&config_name, 0o644, self.config.to_string().as_bytes())?;
        let mut names = Vec::new();
        for tar in &self.layers {
            let name = format!("{}/layer.tar", hex(digest(tar)));
            archive.file(&name, 0o644, tar)?;
            names.push(name);
        }
        let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": names }]);
        archive.file("manifest.json", 0o644, manifest.to_string().as_bytes())?;
        std::fs::File::create(path)?.write_all(&archive.finish()?)?;
        Ok(())
    }
}

/// A tar archive in the making; every entry belongs to root and has the same time.
struct Layer(tar::Builder<Vec<u8>>);

impl Default for Layer {
    fn default() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }
}

impl Layer {
    fn header(kind: tar::EntryType, mode: u32, size: usize) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size as u64);
        header.set_mtime(1_704_931_200);
        header
    }

    fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) -> PartResult<()> {
        let mut header = Self::header(tar::EntryType::Regular, mode, bytes.len());
        Ok(self.0.append_data(&mut header, path, bytes)?)
    }

    fn folder(&mut self, path: &str, mode: u32) -> PartResult<()> {
        let mut header = Self::header(tar::EntryType::Directory, mode, 0);
        Ok(self.0.append_data(&mut header, format!("{path}/"), std::io::empty())?)
    }

    fn link(&mut self, path: &str, target: &str) -> PartResult<()> {
        let mut header = Self::header(tar::EntryType::Symlink, 0o777, 0);
        Ok(self.0.append_link(&mut header, path, target)?)
    }

    fn finish(self) -> PartResult<Vec<u8>> {
        Ok(self.0.into_inner()?)
    }
}
