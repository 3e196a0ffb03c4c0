//! Faults of runtimes on real engines: each is caused for real, and the application has to name the broken
//! link and the cause, within two seconds of the last piece of evidence, and mend it where it offers to.
//!
//! With `PROMPTFLOW_RUNTIMES_DIAGNOSIS=1` it writes `docs/diagnosis.md`.

use std::net::TcpListener;

use domain::diagnosis::Link;
use domain::finding::Cause;
use domain::runtime::Status;
use domain::spec::RestartPolicy;
use jiff::Timestamp;
use real_parts::docker::DockerOptions;
use real_parts::ground::Ground;
use real_parts::round::Round;
use real_parts::ward::{
    Making, Patient, READY_WITHIN, Row, Ward, with_missing_device, without_swap, write_table,
};
use real_parts::{PartError, PartResult};
use serde_json::json;

const MB: u64 = 1024 * 1024;
/// What answers each connection on port 8080 with an error.
const FAILS: &str =
    r#"nc -ll -p 8080 -e sh -c 'read l; printf "HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops"'"#;

/// What stops a container from being started.
async fn starts(round: &mut Round) -> PartResult<()> {
    let nope = Making { command: vec!["/no/such/program".into()], ..Making::script("nope", "") };
    let expected = (Link::Started, Cause::CommandMissing);
    round.by_itself("start command does not exist", nope, expected, true).await?;

    let folder = tempfile::tempdir()?;
    let path = folder.path().display().to_string();
    let mount = json!([{"Type": "bind", "Source": path, "Target": "/data"}]);
    let making = Making::script("mount", "true").edit(|body| body["HostConfig"]["Mounts"] = mount);
    let patient = round.ward.make(making).await?;
    drop(folder);
    round.ward.start_refused(&patient).await?;
    let expected = (Link::Started, Cause::MountMissing);
    round.after("folder to mount is gone", &patient, Timestamp::now(), expected, false).await?;

    let device = Making::script("device", "true").edit(with_missing_device);
    let expected = (Link::Started, Cause::DeviceMissing);
    if let Ground::Docker(_) = &round.ward.ground {
        round.by_itself("device does not exist", device, expected, false).await?;
    } else {
        // Podman refuses at once to make such a container.
        let refused = round.ward.make(device).await.expect_err("refused").to_string();
        assert_eq!(domain::diagnosis::cause_of(&refused), Some(expected.1), "{refused}");
        round.rows.push(Row {
            fault: "device does not exist".into(),
            link: "none: it is not made".into(),
            cause: format!("{:?}", expected.1),
            seconds: 0.0,
            mended: "not needed".into(),
        });
    }

    let patient = round.ward.make(Making::script("taken", real_parts::ward::WELL)).await?;
    let holder = TcpListener::bind(("127.0.0.1", patient.port))?;
    round.ward.start_refused(&patient).await?;
    let expected = (Link::Started, Cause::PortTaken);
    round.after("port taken by a program", &patient, Timestamp::now(), expected, true).await?;
    let (_, ended, operation) = round.mending.pop().expect("begun");
    round.ward.mended(&ended, &operation).await?;
    drop(holder);

    let unknown = Making::script("strange", "true")
        .edit(|body| body["HostConfig"]["Sysctls"] = json!({"net.no.such.thing": "1"}));
    let expected = (Link::Started, Cause::Unknown);
    round
        .by_itself("*outside the list:* a sysctl that does not exist", unknown, expected, false)
        .await?;
    Ok(())
}

/// What ends a container.
async fn ends(round: &mut Round) -> PartResult<()> {
    let at = |cause| (Link::Running, cause);
    let once = |script: &str| {
        format!(
            "[ -e /tmp/again ] && {{ {}; }}; touch /tmp/again; {script}",
            real_parts::ward::WELL
        )
    };
    let in_order = once("exit 0");
    let fault = "ends with exit code 0";
    round
        .by_itself(fault, Making::script("zero", &in_order), at(Cause::EndedInOrder), true)
        .await?;
    let fault = "ends with exit code 1";
    let one = Making::script("one", "echo broken >&2; exit 1");
    round.by_itself(fault, one, at(Cause::ContainerExited), false).await?;
    let crashes = once("sh -c 'kill -SEGV $$'; exit $?");
    let fault = "crashes (139)";
    round.by_itself(fault, Making::script("crash", &crashes), at(Cause::Crashed), true).await?;

    let patient = round.ward.well("killed").await?;
    real_parts::program::run("kill", &["-9", &round.ward.process(&patient)?])?;
    let (found, told) = round.ward.told(&patient, Cause::Killed).await?;
    let since = round.ward.ended_at(&patient).await?;
    let seconds = (told.as_millisecond() - since.as_millisecond()) as f64 / 1000.0;
    round.holds("killed (137)", &patient, &found, at(Cause::Killed), seconds, true).await?;

    let hungry = format!(
        "dd if=/dev/zero of=/dev/null bs=24M count=1 || {{ sleep 0.5; exit 137; }}; {}",
        real_parts::ward::WELL
    );
    let memory = Making { memory_limit: Some(16 * MB), ..Making::script("hungry", &hungry) };
    let fault = "runs out of memory (137)";
    // Podman 4 does not tell of it: there the kernel's log does.
    round.by_itself(fault, memory.edit(without_swap), at(Cause::OutOfMemory), true).await?;

    let service =
        Making::script("empty", "echo '/opt/venv/bin/python: No module named uvicorn' >&2; exit 1");
    let fault = "no executor service in the image's command";
    round.by_itself(fault, service, at(Cause::NoServiceInImage), true).await?;
    let old =
        "echo \"ModuleNotFoundError: No module named 'promptflow.executor._service'\" >&2; exit 1";
    let fault = "promptflow is too old";
    round.by_itself(fault, Making::script("old", old), at(Cause::PromptflowTooOld), false).await?;
    let module = "echo \"ModuleNotFoundError: No module named 'langchain'\" >&2; exit 1";
    let fault = "a module is missing";
    round
        .by_itself(fault, Making::script("module", module), at(Cause::ModuleMissing), false)
        .await?;

    let looping = Making {
        restart_policy: RestartPolicy::Always,
        ..Making::script("loop", "echo again >&2; exit 3")
    };
    let fault = "ends and is started again, over and over";
    let patient = round.ward.sick(looping).await?;
    let (found, told) = round.ward.told(&patient, Cause::RestartLoop).await?;
    // A loop is one from the second end on.
    let since = round.ward.ended_at(&patient).await?;
    let seconds = (told.as_millisecond() - since.as_millisecond()) as f64 / 1000.0;
    round.holds(fault, &patient, &found, at(Cause::RestartLoop), seconds, false).await?;
    round.ward.ground.client(&["rm", "-f", &patient.name])?;
    Ok(())
}

/// What runs and cannot be reached, or is another service.
async fn serves(round: &mut Round) -> PartResult<()> {
    let listening = |cause| (Link::Listening, cause);
    let health = |cause| (Link::Health, cause);
    // It has its time first, while the others are looked at.
    let nothing = round.ward.sick(Making::script("nothing", "sleep 3600")).await?;
    let slow = format!("sleep 3; {}", real_parts::ward::WELL);
    let slow = round.ward.sick(Making::script("slow", &slow)).await?;

    let elsewhere = "httpd -f -p 8081 -h /srv/www";
    let fault = "listens on another port inside";
    let making = Making::script("elsewhere", elsewhere);
    round.by_itself(fault, making, listening(Cause::ListensElsewhere), true).await?;
    let loopback = "httpd -f -p 127.0.0.1:8080 -h /srv/www";
    let fault = "listens on 127.0.0.1 inside";
    let making = Making::script("loopback", loopback);
    round.by_itself(fault, making, listening(Cause::ListensOnLoopback), true).await?;
    let failing = format!(
        "[ -e /tmp/again ] && {{ {}; }}; touch /tmp/again; {FAILS}",
        real_parts::ward::WELL
    );
    let fault = "health answers 500";
    round
        .by_itself(fault, Making::script("fails", &failing), health(Cause::HealthFails), true)
        .await?;
    let other = "busybox mkdir /tmp/www; echo 'Welcome to nginx' > /tmp/www/health; httpd -f -p 8080 -h /tmp/www";
    let fault = "another service answers";
    let making = Making::script("other", other);
    round.by_itself(fault, making, health(Cause::AnotherServiceAnswers), false).await?;
    let garbled = "nc -ll -p 8080 -e sh -c 'read l; echo SSH-2.0-OpenSSH_9.2; sleep 1'";
    let fault = "*outside the list:* what answers does not speak HTTP";
    round
        .by_itself(fault, Making::script("garbled", garbled), health(Cause::Unknown), false)
        .await?;

    let azure = r#"busybox mkdir /tmp/www; echo '{"status":"Healthy","version":"20240111.v2"}' > /tmp/www/health; httpd -f -p 8080 -h /tmp/www"#;
    let patient = round.ward.sick(Making::script("azure", azure)).await?;
    round.ward.is(&patient, Status::Available).await?;
    let expected = (Link::Protocol, Cause::NoExecutor);
    round.asked("no executor service: the Azure runtime answers", &patient, expected, true).await?;

    let patient = round.ward.well("paused").await?;
    round.ward.ground.client(&["pause", &patient.name])?;
    let expected = (Link::Running, Cause::ContainerPaused);
    round.after("paused", &patient, Timestamp::now(), expected, true).await?;

    let tmpfs = Making::script("full", real_parts::ward::WELL)
        .edit(|body| body["HostConfig"]["Tmpfs"] = json!({"/data": "size=128k,mode=1777"}));
    let patient = round.ward.sick(tmpfs).await?;
    round.ward.is(&patient, Status::Available).await?;
    let fill =
        ["exec", patient.name.as_str(), "sh", "-c", "dd if=/dev/zero of=/data/x bs=1k || true"];
    round.ward.ground.client(&fill)?;
    round
        .asked("a disk in the container is full", &patient, (Link::Disk, Cause::DiskFull), false)
        .await?;

    // Slow is not broken, before its time and afterwards.
    round.ward.is(&slow, Status::Available).await?;
    let early = round.ward.diagnoses(&slow);
    assert!(early.iter().all(|(_, one)| one.broken.is_none()), "{early:#?}");
    round.rows.push(Row {
        fault: "slow start".into(),
        link: "none".into(),
        cause: "none, before its time is over".into(),
        seconds: 0.0,
        mended: "not needed".into(),
    });
    let (found, told) = round.ward.told(&nothing, Cause::NothingListens).await?;
    let started = round.ward.started_at(&nothing).await?;
    let over = started.as_millisecond() + i64::from(READY_WITHIN) * 1000;
    let seconds = (told.as_millisecond() - over) as f64 / 1000.0;
    round
        .holds(
            "nothing listens",
            &nothing,
            &found,
            listening(Cause::NothingListens),
            seconds,
            false,
        )
        .await
}

/// What others do.
async fn hands(round: &mut Round) -> PartResult<()> {
    let patient = round.ward.well("stopped").await?;
    round.ward.ground.client(&["stop", "-t", "1", &patient.name])?;
    let expected = (Link::Running, Cause::ContainerStopped);
    let since = round.ward.ended_at(&patient).await?;
    round.after("stopped by somebody", &patient, since, expected, true).await?;

    let patient = round.ward.well("removed").await?;
    round.ward.ground.client(&["rm", "-f", &patient.name])?;
    let expected = (Link::Container, Cause::ContainerGone);
    round.after("removed by somebody", &patient, Timestamp::now(), expected, true).await?;

    let patient = round.ward.well("renamed").await?;
    round.ward.ground.client(&["rename", "renamed", "theirs"])?;
    let patient = Patient { name: "theirs".into(), ..patient };
    round.ward.is(&patient, Status::Available).await?;
    let found = round.ward.look(&patient).await?;
    assert_eq!(found.broken, None, "{found:#?}");
    assert!(found.others.iter().any(|one| one.cause == Cause::RuntimeRenamed), "{found:#?}");
    round.rows.push(Row {
        fault: "renamed by somebody".into(),
        link: "none, told as a warning".into(),
        cause: "RuntimeRenamed".into(),
        seconds: f64::from(found.milliseconds) / 1000.0,
        mended: "not needed".into(),
    });

    let patient = round.ward.well("frozen").await?;
    real_parts::program::run("kill", &["-STOP", &round.ward.process(&patient)?])?;
    for child in real_parts::program::descendants(
        round.ward.process(&patient)?.parse().map_err(|_| PartError::new("no process"))?,
    ) {
        real_parts::program::run("kill", &["-STOP", &child.to_string()])?;
    }
    let found = round.ward.look(&patient).await?;
    // What does not answer is waited for: three seconds from here, and as many from inside.
    let seconds = f64::from(found.milliseconds) / 1000.0;
    let (fault, expected) =
        ("*outside the list:* its processes stand still", (Link::Health, Cause::Unknown));
    round.holds(fault, &patient, &found, expected, seconds, false).await?;
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// The engine itself, last: it takes everything with it.
async fn engine(round: &mut Round) -> PartResult<()> {
    let Ground::Docker(_) = &round.ward.ground else { return Ok(()) };
    let patient = round.ward.well("beside").await?;
    if let Ground::Docker(engine) = &mut round.ward.ground {
        engine.stop()?;
    }
    let expected = (Link::Compute, Cause::EngineGone);
    round.after("the engine is gone", &patient, Timestamp::now(), expected, false).await?;
    if let Ground::Docker(engine) = &mut round.ward.ground {
        engine.start_again()?;
    }
    let since = Timestamp::now();
    let expected = (Link::Running, Cause::EngineRestarted);
    let (found, told) = round.ward.told(&patient, Cause::EngineRestarted).await?;
    // The application tries an engine that is gone again at most every five seconds.
    let seconds = (told.as_millisecond() - since.as_millisecond()) as f64 / 1000.0;
    let fault = "the engine was restarted (from its return on)";
    round.holds(fault, &patient, &found, expected, seconds, true).await?;
    round.all_mended().await?;

    let patient = round.ward.make(Making::script("bridge", real_parts::ward::WELL)).await?;
    if let Ground::Docker(engine) = &round.ward.ground {
        engine.lose_bridge()?;
    }
    round.ward.start_refused(&patient).await?;
    let expected = (Link::Started, Cause::NetworkGone);
    round.after("the engine's bridge is gone", &patient, Timestamp::now(), expected, false).await
}

/// Podman's service goes away and comes back; its containers run on.
async fn service(round: &mut Round) -> PartResult<()> {
    let Ground::Podman(_) = &round.ward.ground else { return Ok(()) };
    let patient = round.ward.well("beside").await?;
    let since = Timestamp::now();
    if let Ground::Podman(engine) = &mut round.ward.ground {
        engine.stop()?;
    }
    let expected = (Link::Compute, Cause::EngineGone);
    round.after("the engine's service is gone", &patient, since, expected, false).await?;
    if let Ground::Podman(engine) = &mut round.ward.ground {
        engine.start_again()?;
    }
    // Nothing has to be done to the runtime.
    round.ward.is(&patient, Status::Available).await?;
    let found = round.ward.look(&patient).await?;
    assert_eq!(found.broken, None, "{found:#?}");
    round.ward.ground.client(&["rm", "-f", &patient.name])?;

    if let Ground::Podman(engine) = &round.ward.ground {
        engine.lose_bridge()?;
    }
    let patient = round.ward.well("bridge").await?;
    round.rows.push(Row {
        fault: "the engine's bridge is gone".into(),
        link: "none".into(),
        cause: "none: Podman makes it anew".into(),
        seconds: 0.0,
        mended: "not needed".into(),
    });
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

async fn all(ward: Ward) -> PartResult<()> {
    let mut round = Round::new(ward);
    starts(&mut round).await?;
    ends(&mut round).await?;
    serves(&mut round).await?;
    hands(&mut round).await?;
    round.all_mended().await?;
    engine(&mut round).await?;
    service(&mut round).await?;
    write_table(round.ward.ground.name(), &round.rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_on_docker_is_named_first_and_rightly() -> PartResult<()> {
    all(Ward::on(Ground::docker(DockerOptions::default())?).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_on_podman_is_named_first_and_rightly() -> PartResult<()> {
    all(Ward::on(Ground::podman()?).await?).await
}
