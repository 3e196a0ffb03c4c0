//! Faults of what surrounds runtimes: the engine's own time, socket, disk and processors, its network, and
//! others that hold or answer at a runtime's port. Each is caused for real, as in `diagnosis`, and is a row.
//!
//! With `PROMPTFLOW_RUNTIMES_DIAGNOSIS=1` it writes its tables into `docs/diagnosis.md`.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::diagnosis::Link;
use domain::finding::{Cause, Remedy};
use domain::operation::OperationState;
use domain::runtime::Status;
use jiff::Timestamp;
use real_parts::docker::DockerOptions;
use real_parts::engine_door::EngineDoor;
use real_parts::ground::Ground;
use real_parts::headless::ended;
use real_parts::round::Round;
use real_parts::ward::{IMAGE, Making, Patient, WELL, Ward, without_swap, write_table};
use real_parts::{PartError, PartResult, program};
use rustix::thread::CapabilitySet;
use serde_json::json;

const MB: u64 = 1024 * 1024;
/// The disk of the Docker engine, in MiB: what it leaves is nothing to be warned of.
const DISK_MIB: u32 = 2_048;
/// How long the load of a minute may take to rise.
const LOAD_WITHIN: Duration = Duration::from_secs(60);

/// The engine's clock is wrong.
async fn clock(round: &mut Round, door: &EngineDoor) -> PartResult<()> {
    let patient = round.ward.well("clocked").await?;
    let expected = (Link::Clock, Cause::ClockOff);
    for (ahead, fault) in [
        (-7_200, "the engine's clock is two hours behind"),
        (600, "the engine's clock is ten minutes ahead"),
    ] {
        door.clock_ahead(ahead);
        round.warned(fault, &patient, expected, false).await?;
    }
    door.clock_ahead(0);
    let found = round.ward.look(&patient).await?;
    assert!(found.others.iter().all(|one| one.cause != Cause::ClockOff), "{found:#?}");
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// The engine's socket belongs to others from one moment on.
async fn permission(round: &mut Round, door: &EngineDoor) -> PartResult<()> {
    let patient = round.ward.well("denied").await?;
    let since = Timestamp::now();
    door.shut_out()?;
    let expected = (Link::Permission, Cause::EngineDenied);
    let fault = "this user may not use the engine's socket any more";
    round.after(fault, &patient, since, expected, false).await?;
    let (found, _) = round.ward.told(&patient, Cause::EngineDenied).await?;
    let finding = found.finding.expect("a finding");
    assert!(finding.meaning.contains("daemon"), "the group is named: {finding:#?}");
    door.let_in()?;
    whole_again(round, &patient).await?;
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// Without a button, by itself, once the cause is gone.
async fn whole_again(round: &Round, patient: &Patient) -> PartResult<()> {
    round.ward.is(patient, Status::Available).await?;
    let found = round.ward.look(patient).await?;
    assert_eq!(found.broken, None, "{found:#?}");
    Ok(())
}

/// Memory that the runtime itself takes, up to its limit.
async fn memory(round: &mut Round) -> PartResult<()> {
    let making = Making { memory_limit: Some(256 * MB), ..Making::script("narrow", WELL) };
    let making = making.edit(|body| {
        without_swap(body);
        body["HostConfig"]["Tmpfs"] = json!({"/data": "size=300m,mode=1777"});
    });
    let patient = round.ward.sick(making).await?;
    round.ward.is(&patient, Status::Available).await?;
    let fill = "dd if=/dev/zero of=/data/x bs=1M count=246";
    round.ward.ground.client(&["exec", &patient.name, "sh", "-c", fill])?;
    let expected = (Link::Memory, Cause::MemoryShort);
    round.warned("close to its memory limit", &patient, expected, true).await
}

/// Others keep the processors busy. They have hardly any share of them, so nobody else is slowed down.
async fn processors(round: &mut Round) -> PartResult<()> {
    let patient = round.ward.well("slowed").await?;
    let cpus = std::thread::available_parallelism()?.get();
    let busy = format!(
        "i=0; while [ $i -lt {} ]; do (while :; do :; done) & i=$((i+1)); done; wait",
        cpus * 24
    );
    round.ward.ground.client(&[
        "run",
        "-d",
        "--name",
        "busy",
        "--cpu-shares",
        "2",
        IMAGE,
        "sh",
        "-c",
        &busy,
    ])?;
    let enough = cpus as f64 * 4.0 + 0.5;
    program::wait_until(LOAD_WITHIN, "the load does not rise", || {
        let told = std::fs::read_to_string("/proc/loadavg")?;
        let load = told.split(' ').next().and_then(|load| load.parse::<f64>().ok());
        Ok(load.is_some_and(|load| load > enough))
    })?;
    let expected = (Link::Processor, Cause::ProcessorBusy);
    let fault = "others keep the machine's processors busy";
    let told = round.warned(fault, &patient, expected, false).await;
    round.ward.ground.client(&["rm", "-f", "busy"])?;
    told?;
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// A rule of the machine's firewall. Dropped: it is gone.
struct Rule(Vec<String>);

impl Rule {
    fn insert(rule: &str) -> PartResult<Self> {
        let words: Vec<String> = rule.split(' ').map(str::to_owned).collect();
        let rule = Self(words);
        rule.run("-I")?;
        Ok(rule)
    }

    fn run(&self, what: &str) -> PartResult<()> {
        let mut words = ["-w", "5", "-t", "nat", what].map(str::to_owned).to_vec();
        words.extend_from_slice(&self.0);
        program::run("iptables", &words).map(drop)
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        let _ = self.run("-D");
    }
}

/// A program that says of itself that it is well, for as long as somebody asks.
fn impostor() -> PartResult<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let _ = stream.read(&mut [0; 4096]);
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n\"healthy\"";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Ok(port)
}

/// Another program answers at the runtime's port.
async fn another_answers(round: &mut Round) -> PartResult<()> {
    // What is to happen when it is made again stands in a folder of this machine.
    let folder = tempfile::tempdir()?;
    let path = folder.path().display().to_string();
    let script = format!("[ -e /data/serve ] && {{ {WELL}; }}; sleep 3600");
    let mount = json!([{"Type": "bind", "Source": path, "Target": "/data"}]);
    let making =
        Making::script("instead", &script).edit(|body| body["HostConfig"]["Mounts"] = mount);
    let patient = round.ward.make(making).await?;
    let (to, port) = (impostor()?, patient.port);
    let _rule = Rule::insert(&format!(
        "OUTPUT -d 127.0.0.1 -p tcp --dport {port} -j REDIRECT --to-ports {to}"
    ))?;
    // A refusal shows in what is told.
    let _ = round.ward.engine.start(&patient.name).await;
    round.ward.is(&patient, Status::Available).await?;
    std::fs::write(folder.path().join("serve"), "")?;
    let expected = (Link::Listening, Cause::NotTheOneThatAnswers);
    let fault = "another program answers at its port";
    round.asked(fault, &patient, expected, true).await?;
    let (_, ended, operation) = round.mending.pop().expect("begun");
    round.ward.mended(&ended, &operation).await?;
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// The way from the published port to the container is gone: with Docker the program that passes on, with
/// Podman the rule of the firewall, as after a firewall was loaded anew.
async fn cut_off(round: &mut Round) -> PartResult<()> {
    let patient = round.ward.well("cut").await?;
    let port = patient.port.to_string();
    let fault = if let Ground::Docker(_) = &round.ward.ground {
        program::run("kill", &["-9", &passes_on(&port)?])?;
        "the engine's program for its port has ended"
    } else {
        let rules = program::run("iptables", &["-w", "5", "-t", "nat", "-S"])?;
        let to_it: Vec<_> = rules.lines().filter(|rule| of_port(rule, &port)).collect();
        assert!(!to_it.is_empty(), "{rules}");
        for rule in to_it {
            let rule = rule.replacen("-A ", "-D ", 1).replace('"', "");
            let words: Vec<&str> =
                ["-w", "5", "-t", "nat"].into_iter().chain(rule.split(' ')).collect();
            program::run("iptables", &words)?;
        }
        "the firewall's rule for its port is gone"
    };
    let expected = (Link::Reachable, Cause::PortNotReachable);
    round.asked(fault, &patient, expected, true).await
}

fn of_port(rule: &str, port: &str) -> bool {
    let words: Vec<&str> = rule.split(' ').collect();
    words.windows(2).any(|pair| pair[0] == "--dport" && pair[1] == port) && rule.contains("-j DNAT")
}

/// The process that passes on what comes to this port.
fn passes_on(port: &str) -> PartResult<String> {
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&str> = line.split('\0').collect();
        let its = words.windows(2).any(|pair| pair == ["-host-port", port]);
        if its && words[0].ends_with("docker-proxy") {
            return Ok(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Err(PartError::new(format!("Nothing passes on what comes to port {port}.")))
}

/// Another container has what the runtime needs: its port, or its name.
async fn others(round: &mut Round) -> PartResult<()> {
    let patient = round.ward.make(Making::script("late", WELL)).await?;
    let publish = format!("127.0.0.1:{}:8080", patient.port);
    let hold = ["run", "-d", "--name", "holder", "-p", &publish, IMAGE, "sleep", "3600"];
    round.ward.ground.client(&hold)?;
    round.ward.start_refused(&patient).await?;
    let fault = "port taken by another container";
    let expected = (Link::Started, Cause::PortTaken);
    let since = Timestamp::now();
    let (found, at) = round.ward.told(&patient, Cause::PortTaken).await?;
    let finding = found.finding.as_ref().expect("a finding");
    assert!(finding.sentence.contains("holder"), "it is named: {finding:#?}");
    let seconds = (at.as_millisecond() - since.as_millisecond()) as f64 / 1000.0;
    round.holds(fault, &patient, &found, expected, seconds, true).await?;
    round.all_mended().await?;
    round.ward.ground.client(&["rm", "-f", "holder"])?;

    let patient = round.ward.well("replaced").await?;
    let since = Timestamp::now();
    round.ward.ground.client(&["rm", "-f", &patient.name])?;
    round.ward.ground.client(&["run", "-d", "--name", &patient.name, IMAGE, "sleep", "3600"])?;
    let expected = (Link::Container, Cause::ContainerGone);
    let fault = "removed by somebody, and its name given to another container";
    round.after(fault, &patient, since, expected, false).await?;
    // The other one is not touched: what was pressed says that the name is taken.
    let operation = round.ward.mend(&patient, Remedy::Recreate).await?;
    let operation = ended(&round.ward.app, &operation).await?;
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    let problem = operation.problem.expect("a problem");
    let finding = problem.finding.as_ref().expect("a finding");
    assert_eq!(finding.cause, Cause::NameTaken, "{problem:#?}");
    let row = round.rows.last_mut().expect("a row");
    row.mended = "Recreate, which says `NameTaken` until the other one is gone".into();
    round.ward.ground.client(&["rm", "-f", &patient.name])?;
    let operation = round.ward.mend(&patient, Remedy::Recreate).await?;
    round.ward.mended(&patient, &operation).await?;
    round.ward.ground.client(&["rm", "-f", &patient.name]).map(drop)
}

/// Takes space of a file system until so much is left; dropped: gives it back.
struct Filler(PathBuf);

impl Filler {
    fn leave(folder: &Path, bytes: u64) -> PartResult<Self> {
        let filler = Self(folder.join("filler"));
        let disk = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
        // What only the system may use is taken as well when nothing is to be left; the last of it is written,
        // for a file system needs some of its space for itself.
        let free = if bytes == 0 { disk.f_bfree } else { disk.f_bavail } * disk.f_frsize;
        let take = free.saturating_sub(bytes.max(64 * MB)).to_string();
        program::run("fallocate", &["-l", &take, &filler.0.to_string_lossy()])?;
        if bytes == 0 {
            let mut rest = std::fs::OpenOptions::new().append(true).open(&filler.0)?;
            for size in [1024 * 1024, 64 * 1024, 1024] {
                let block = vec![1_u8; size];
                while rest.write_all(&block).is_ok() {}
            }
        }
        Ok(filler)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The disk where the engine keeps everything.
async fn disk(round: &mut Round) -> PartResult<()> {
    let Ground::Docker(engine) = &round.ward.ground else { return Ok(()) };
    let root = engine.data_root();
    let disk = root.parent().map_or_else(|| root.clone(), Path::to_owned);
    let patient = round.ward.well("crowded").await?;
    let late = round.ward.make(Making::script("later", WELL)).await?;

    let filler = Filler::leave(&disk, 300 * MB)?;
    let expected = (Link::Disk, Cause::DiskShort);
    round.warned("the engine's disk is almost full", &patient, expected, false).await?;
    drop(filler);

    let filler = Filler::leave(&disk, 0)?;
    let expected = (Link::Disk, Cause::DiskFull);
    round.asked("the engine's disk is full", &patient, expected, false).await?;
    round.ward.start_refused(&late).await?;
    let fault = "a start while the engine's disk is full";
    let expected = (Link::Started, Cause::DiskFull);
    round.after(fault, &late, Timestamp::now(), expected, false).await?;
    drop(filler);
    let operation = round.ward.mend(&late, Remedy::Start).await?;
    round.ward.mended(&late, &operation).await?;
    whole_again(round, &patient).await
}

async fn all(ground: Ground) -> PartResult<()> {
    let door = EngineDoor::before(&ground.socket())?;
    let ward = Ward::at(ground, &door.socket(), Box::new(|engine| engine)).await?;
    let mut round = Round::new(ward);
    clock(&mut round, &door).await?;
    permission(&mut round, &door).await?;
    memory(&mut round).await?;
    another_answers(&mut round).await?;
    cut_off(&mut round).await?;
    others(&mut round).await?;
    round.all_mended().await?;
    disk(&mut round).await?;
    processors(&mut round).await?;
    let table = format!("{}, around", round.ward.ground.name());
    write_table(&table, &round.rows)
}

/// Takes the right from this thread to use what its owner does not let it use.
fn as_another() -> PartResult<()> {
    let mut sets = rustix::thread::capabilities(None).map_err(std::io::Error::from)?;
    sets.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    rustix::thread::set_capabilities(None, sets).map_err(std::io::Error::from)?;
    Ok(())
}

/// Threads that may not use everybody's sockets; programs that they start are root's as before.
fn as_an_ordinary_user(work: impl Future<Output = PartResult<()>>) -> PartResult<()> {
    as_another()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(|| as_another().expect("a right can be given up"))
        .build()?;
    runtime.block_on(work)
}

#[test]
fn each_fault_around_docker_is_named_rightly() -> PartResult<()> {
    let options = DockerOptions { small_disk_mib: Some(DISK_MIB), ..DockerOptions::default() };
    as_an_ordinary_user(all(Ground::docker(options)?))
}

#[test]
fn each_fault_around_podman_is_named_rightly() -> PartResult<()> {
    as_an_ordinary_user(all(Ground::podman()?))
}
