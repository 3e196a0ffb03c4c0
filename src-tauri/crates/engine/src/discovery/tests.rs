use std::{fs, path::Path};

use super::*;

/// A machine in a folder.
struct Machine {
    folder: tempfile::TempDir,
    surroundings: Surroundings,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let surroundings = Surroundings {
            home: Some(folder.path().join("home")),
            runtime_dir: Some(folder.path().join("run/user/1000")),
            root: folder.path().to_owned(),
            ..Surroundings::default()
        };
        Self { folder, surroundings }
    }

    fn path(&self, path: &str) -> String {
        self.folder.path().join(path).to_string_lossy().into_owned()
    }

    fn file(&self, path: &str, text: &str) -> String {
        let file = self.folder.path().join(path);
        fs::create_dir_all(file.parent().expect("parent")).expect("folder");
        fs::write(&file, text).expect("file");
        self.path(path)
    }

    fn context(&self, folder: &str, name: &str, host: &str) {
        let text = serde_json::json!({
            "Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": false}}
        });
        self.file(&format!("{folder}/contexts/meta/{name}-hash/meta.json"), &text.to_string());
    }

    fn found(&self) -> Vec<FoundCompute> {
        find(&self.surroundings)
    }

    fn ids(&self) -> Vec<String> {
        self.found().into_iter().map(|compute| compute.id.0).collect()
    }
}

fn socket(path: String) -> ComputeAddress {
    ComputeAddress::Socket { path }
}

#[test]
fn a_bare_machine_lists_only_the_usual_socket_that_is_missing() {
    let machine = Machine::new();
    let found = machine.found();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.0.as_str(), found[0].name.as_str()), ("local", "Local Docker"));
    assert_eq!(found[0].address, socket(machine.path("var/run/docker.sock")));
    assert!(!Path::new(&machine.path("var/run/docker.sock")).exists());
}

#[test]
fn the_order_is_the_one_of_dockers_client() {
    let mut machine = Machine::new();
    for path in [
        "var/run/docker.sock",
        "run/user/1000/docker.sock",
        "run/user/1000/podman/podman.sock",
        "run/podman/podman.sock",
    ] {
        machine.file(path, "");
    }
    machine.context("home/.docker", "alpha", "ssh://ann@far.example");
    machine.context("home/.docker", "wanted", &format!("unix://{}", machine.path("wanted.sock")));
    machine.context("home/.docker", "usual", &format!("unix://{}", machine.path("usual.sock")));
    machine.file("home/.docker/config.json", r#"{"currentContext":"usual"}"#);
    machine.surroundings.docker_host = Some("unix:///elsewhere/docker.sock".into());
    machine.surroundings.docker_context = Some("wanted".into());
    assert_eq!(
        machine.ids(),
        [
            "docker-host",
            "context:wanted",
            "context:usual",
            "local",
            "rootless",
            "podman",
            "podman-system",
            "context:alpha"
        ]
    );
    let found = machine.found();
    assert_eq!(found[0].origin, ComputeOrigin::DockerHost);
    // DOCKER_HOST overrides every context.
    assert_eq!(found[1].origin, ComputeOrigin::Context { name: "wanted".into(), current: false });
    assert_eq!(
        found[7].address,
        ComputeAddress::NotSupported { url: "ssh://ann@far.example".into() }
    );
}

#[test]
fn the_context_in_use_is_marked() {
    let mut machine = Machine::new();
    machine.context("home/.docker", "one", "unix:///one.sock");
    machine.context("home/.docker", "two", "unix:///two.sock");
    machine.file("home/.docker/config.json", r#"{"currentContext":"one","auths":{}}"#);
    let current = |machine: &Machine| {
        machine
            .found()
            .into_iter()
            .filter_map(|compute| match compute.origin {
                ComputeOrigin::Context { name, current: true } => Some(name),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(current(&machine), ["one"]);
    machine.surroundings.docker_context = Some("two".into());
    assert_eq!(current(&machine), ["two"]);
    machine.surroundings.docker_context = Some("default".into());
    assert!(current(&machine).is_empty());
}

#[test]
fn one_socket_found_on_several_ways_is_one_compute_with_one_id() {
    let mut machine = Machine::new();
    let real = machine.file("home/desktop/docker.sock", "");
    fs::create_dir_all(machine.path("var/run")).expect("folder");
    std::os::unix::fs::symlink(&real, machine.path("var/run/docker.sock")).expect("link");
    machine.context("home/.docker", "desktop", &format!("unix://{real}"));
    machine.surroundings.docker_host = Some(format!("unix://{real}"));
    let found = machine.found();
    assert_eq!(machine.ids(), ["local"]);
    assert_eq!(found[0].origin, ComputeOrigin::DockerHost);
    assert_eq!(found[0].name, "Local Docker");
}

#[test]
fn a_missing_socket_is_recognised_through_a_linked_folder() {
    let mut machine = Machine::new();
    fs::create_dir_all(machine.path("run")).expect("folder");
    fs::create_dir_all(machine.path("var")).expect("folder");
    std::os::unix::fs::symlink(machine.path("run"), machine.path("var/run")).expect("link");
    machine.surroundings.docker_host = Some(format!("unix://{}", machine.path("run/docker.sock")));
    assert_eq!(machine.ids(), ["local"]);
}

#[test]
fn an_unknown_scheme_is_listed_as_not_supported() {
    let mut machine = Machine::new();
    for host in ["tcp://10.0.0.1:2376", "gopher://x", "/run/docker.sock", "unix://"] {
        machine.surroundings.docker_host = Some(host.into());
        assert_eq!(
            machine.found()[0].address,
            ComputeAddress::NotSupported { url: host.into() },
            "{host}"
        );
        assert_eq!(unknown_context(&machine.found()[0]), None);
    }
}

#[test]
fn a_context_that_does_not_exist_is_a_compute_that_says_so() {
    let mut machine = Machine::new();
    machine.surroundings.docker_context = Some("nope".into());
    let found = machine.found();
    assert_eq!(found[0].id.0, "context:nope");
    assert_eq!(unknown_context(&found[0]), Some("nope"));
    assert_eq!(found[1].id.0, "local");
}

#[test]
fn docker_config_moves_the_contexts_and_broken_ones_hide_nothing() {
    let mut machine = Machine::new();
    machine.context("home/.docker", "hidden", "unix:///hidden.sock");
    machine.context("elsewhere", "seen", "unix:///seen.sock");
    machine.file("elsewhere/contexts/meta/broken/meta.json", "{");
    machine.file("elsewhere/config.json", r#"{"currentContext":"seen"}"#);
    machine.surroundings.docker_config = Some(machine.folder.path().join("elsewhere"));
    assert_eq!(machine.ids(), ["context:seen", "local"]);
}

#[test]
fn optional_sockets_are_listed_only_when_they_exist() {
    let machine = Machine::new();
    machine.file("run/user/1000/podman/podman.sock", "");
    assert_eq!(machine.ids(), ["local", "podman"]);
    assert_eq!(machine.found()[1].origin, ComputeOrigin::PodmanUser);
}
