//! The rules of `contract::engine`, on the twin, on Docker and on Podman; and why a socket cannot be used.
#![cfg(feature = "engine")]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use domain::build::Builder;
use domain::compute::{
    ComputeAddress, ComputeId, ComputeOrigin, FoundCompute, Unreachable, can_host,
};
use domain::image::ImageReference;
use domain::secret::{Login, Secret};
use engine::docker::DockerEngine;
use engine::twin::{Behaviour, PullScript, TwinEngine, TwinImage};
use engine::{EngineError, ExecOutput, LogSource};
use real_parts::contract::engine::{
    EXEC, Fixture, every_rule, every_rule_of_builds, everything_ends_when_the_engine_does,
};
use real_parts::images::small_runtime;
use real_parts::podman::PodmanEngine;
use real_parts::registry::RegistryServer;
use real_parts::{PartResult, docker};

fn at(socket: &std::path::Path) -> FoundCompute {
    FoundCompute {
        id: ComputeId("test".into()),
        name: "Test".into(),
        origin: ComputeOrigin::DockerHost,
        address: ComputeAddress::Socket { path: socket.to_string_lossy().into_owned() },
    }
}

const USER: &str = "ann";
/// Its encoding has characters that differ between base64's two alphabets.
const PASSWORD: &str = "??>>~~?>ü";

fn login() -> Login {
    Login { username: USER.into(), password: Secret::new(PASSWORD.into()) }
}

fn twin_fixture() -> Fixture {
    let twin = TwinEngine::new();
    let answer = ExecOutput { exit_code: 3, out: "out\n".into(), error: "err\n".into() };
    let serves =
        Behaviour { exec: vec![(EXEC.map(str::to_owned).into(), answer)], ..Behaviour::default() };
    twin.add_image("small:1", TwinImage::new("small").that(serves));
    let line = |source, text: &str| (source, text.to_owned());
    let talks = vec![
        line(LogSource::Out, "one"),
        line(LogSource::Error, "two"),
        line(LogSource::Out, "three"),
    ];
    twin.add_image(
        "talker:1",
        TwinImage::new("talker").that(Behaviour { log: talks, ..Behaviour::default() }),
    );
    let words = "OCI runtime create failed: exec: \"/not/there\": stat /not/there: no such file or directory: unknown";
    let broken = Behaviour { refuses_start: Some((400, words.into())), ..Behaviour::default() };
    twin.add_image("broken:1", TwinImage::new("broken").that(broken));
    twin.offer(
        "r.example:5000/team/runtime:20240429.v9",
        TwinImage::new("offered"),
        PullScript::arrives(),
    );
    twin.offer(
        "r.example:5000/private/runtime:1",
        TwinImage::new("private"),
        PullScript::arrives(),
    );
    twin.demand_login("r.example:5000/private/runtime", login());
    twin.add_network("extra");
    Fixture {
        endless: Some(twin.clone()),
        engine: Arc::new(twin),
        image: "small:1".into(),
        talker: "talker:1".into(),
        broken: "broken:1".into(),
        network: "extra".into(),
        pullable: ImageReference::parse("r.example:5000/team/runtime:20240429.v9")
            .expect("reference"),
        private: ImageReference::parse("r.example:5000/private/runtime:1").expect("reference"),
        login: login(),
        serves: false,
    }
}

/// A fixture of a real engine that holds `small:1` and has the network `extra`.
async fn real_fixture(
    socket: &std::path::Path,
    registry: &RegistryServer,
    private: &RegistryServer,
) -> PartResult<Fixture> {
    private.push(&small_runtime("20240429.v10")?, "team/private", "1")?;
    let repository = "team/runtime";
    registry.push(&small_runtime("20240429.v9")?.padded(2)?, repository, "20240429.v9")?;
    let pullable = format!("{}/{repository}:20240429.v9", registry.address());
    let engine = DockerEngine::connect(&at(socket)).await.expect("connect");
    Ok(Fixture {
        endless: None,
        engine: Arc::new(engine),
        image: "small:1".into(),
        talker: "small:1".into(),
        broken: "small:1".into(),
        network: "extra".into(),
        pullable: ImageReference::parse(&pullable).expect("reference"),
        private: ImageReference::parse(&format!("{}/team/private:1", private.address()))
            .expect("reference"),
        login: login(),
        serves: true,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twin_obeys_every_rule() {
    every_rule(&twin_fixture()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn docker_obeys_every_rule() -> PartResult<()> {
    let mut docker = docker::DockerEngine::start()?;
    let registry = RegistryServer::start()?;
    let private = RegistryServer::start_with_login(USER, PASSWORD)?;
    docker.load(&small_runtime("20240429.v8")?, "small:1")?;
    docker.client(&["network", "create", "extra"])?;
    let fixture = real_fixture(&docker.socket(), &registry, &private).await?;
    let facts = fixture.engine.facts();
    assert!(
        !facts.is_podman && !facts.engine_id.is_empty() && facts.cpus > 0 && facts.memory > 0,
        "{facts:?}"
    );
    assert_eq!(facts.builder, Builder::BuildKit);
    assert_eq!(std::path::Path::new(&facts.data_root), docker.data_root());
    assert_eq!(can_host(facts), Ok(()));
    every_rule(&fixture).await;
    everything_ends_when_the_engine_does(&fixture, || docker.kill().expect("end the engine")).await;
    Ok(())
}

/// Where BuildKit is switched off.
#[tokio::test(flavor = "multi_thread")]
async fn the_classic_builder_obeys_the_rules_of_builds() -> PartResult<()> {
    let options =
        docker::DockerOptions { classic_builder: true, ..docker::DockerOptions::default() };
    let docker = docker::DockerEngine::start_with(options)?;
    let registry = RegistryServer::start()?;
    let private = RegistryServer::start_with_login(USER, PASSWORD)?;
    docker.load(&small_runtime("20240429.v8")?, "small:1")?;
    let fixture = real_fixture(&docker.socket(), &registry, &private).await?;
    assert_eq!(fixture.engine.facts().builder, Builder::Classic);
    every_rule_of_builds(&fixture).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_obeys_every_rule() -> PartResult<()> {
    let mut podman = PodmanEngine::start()?;
    let registry = RegistryServer::start()?;
    let private = RegistryServer::start_with_login(USER, PASSWORD)?;
    podman.load(&small_runtime("20240429.v8")?, "small:1")?;
    podman.client(&["network", "create", "extra"])?;
    let fixture = real_fixture(&podman.socket(), &registry, &private).await?;
    let facts = fixture.engine.facts();
    assert!(
        facts.is_podman && facts.engine == "Podman" && facts.cpus > 0 && facts.memory > 0,
        "{facts:?}"
    );
    assert_eq!(can_host(facts), Ok(()));
    every_rule(&fixture).await;
    everything_ends_when_the_engine_does(&fixture, || podman.kill().expect("end the engine")).await;
    Ok(())
}

async fn refusal(socket: &std::path::Path) -> Unreachable {
    match DockerEngine::connect(&at(socket)).await.map(|_| ()) {
        Err(EngineError::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_socket_that_is_missing_or_refuses_says_so() -> PartResult<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("docker.sock");
    let path = socket.to_string_lossy().into_owned();
    assert_eq!(refusal(&socket).await, Unreachable::SocketMissing { path: path.clone() });
    // A socket that its engine left behind.
    drop(std::os::unix::net::UnixListener::bind(&socket)?);
    let why = refusal(&socket).await;
    assert_eq!(why, Unreachable::Refused { path: path.clone() });
    assert!(why.to_string().contains(&path) && why.to_string().contains("not running"), "{why}");
    Ok(())
}

#[test]
fn a_socket_that_belongs_to_others_names_the_group_and_the_command() -> PartResult<()> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let socket = folder.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o660))?;
    // Users' groups are numbered from 1000 up; "daemon" (1) is on every machine.
    std::os::unix::fs::chown(&socket, None, Some(1))?;
    let why = std::thread::spawn(move || {
        // Root may use every socket: this thread alone becomes somebody else.
        let nobody = rustix::thread::Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("run this test as root");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(refusal(&socket))
    })
    .join()
    .expect("thread");
    let Unreachable::PermissionDenied { group, command, .. } = &why else { panic!("{why:?}") };
    assert_eq!((group.as_str(), command.as_str()), ("daemon", "sudo usermod -aG daemon $USER"));
    assert!(why.to_string().contains("daemon"), "{why}");
    Ok(())
}
