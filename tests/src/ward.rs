//! A ward for sick runtimes: an engine with the application on it, runtimes that are made so that they go
//! wrong, and a record of every diagnosis with the moment at which it came.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::api::{Change, MendRuntime, OfRuntime, Settings};
use app::{App, handlers};
use domain::diagnosis::Diagnosis;
use domain::finding::{Cause, Remedy};
use domain::first::{self, Additions};
use domain::image::ImageReference;
use domain::label::{Creator, Labels};
use domain::name::RuntimeName;
use domain::operation::{Operation, OperationId, OperationState};
use domain::runtime::{RuntimeId, Status};
use domain::spec::{Environment, RecordedSpec, RestartPolicy, RuntimeSpec};
use domain::start::StartedBy;
use engine::Engine;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::{PartError, PartResult};
use crate::ground::Ground;
use crate::headless::{Wrap, connect, connected, ended, refused, start};
use crate::images::{PORT, small_runtime, small_with_python};
use crate::program::free_port;

/// Serves well.
pub const WELL: &str = "trap 'exit 143' TERM INT; httpd -f -p 8080 -h /srv/www & wait";
/// The image whose own command is replaced by each runtime's script.
pub const IMAGE: &str = "sick:1";
/// Seconds that a service has to become ready.
pub const READY_WITHIN: u32 = 10;
/// How long a diagnosis is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

type Record = Arc<Mutex<Vec<(Timestamp, Diagnosis)>>>;

/// The ward.
pub struct Ward {
    pub ground: Ground,
    pub app: App,
    pub engine: Arc<dyn Engine>,
    record: Record,
    _home: tempfile::TempDir,
}

/// A runtime that was made here.
#[derive(Clone, Debug)]
pub struct Patient {
    pub id: RuntimeId,
    pub name: String,
    pub port: u16,
}

/// How a runtime is made.
pub struct Making<'a> {
    pub name: &'a str,
    /// What the container starts.
    pub command: Vec<String>,
    pub restart_policy: RestartPolicy,
    pub memory_limit: Option<u64>,
    /// Changes the body of the request before it is sent.
    pub edit: Box<dyn FnOnce(&mut Value) + 'a>,
}

impl<'a> Making<'a> {
    /// A runtime of this name that runs a script.
    pub fn script(name: &'a str, script: &str) -> Self {
        Self {
            name,
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            restart_policy: RestartPolicy::No,
            memory_limit: None,
            edit: Box::new(|_| {}),
        }
    }

    /// With this change of the request.
    pub fn edit(self, edit: impl FnOnce(&mut Value) + 'a) -> Self {
        Self { edit: Box::new(edit), ..self }
    }
}

impl Ward {
    /// On this engine, as it is.
    pub async fn on(ground: Ground) -> PartResult<Self> {
        let socket = ground.socket();
        Self::at(ground, &socket, Box::new(|engine| engine)).await
    }

    /// On this engine, which gets the ward's images, and which the application finds at this socket.
    pub async fn at(ground: Ground, socket: &Path, wrap: Wrap) -> PartResult<Self> {
        ground.load(&small_with_python("1", "exit 1\n")?, IMAGE)?;
        ground.load(&small_runtime("2")?, "well:1")?;
        let home = tempfile::tempdir()?;
        let app = start(socket, home.path(), "127.0.0.1:1/none/none", wrap).await?;
        connected(&app).await?;
        let settings = Settings {
            ready_within_seconds: READY_WITHIN,
            check_every_hours: 0,
            ..Settings::default()
        };
        handlers::change_settings(&app, settings).await.map_err(refused)?;
        let record = Record::default();
        let (mut changes, kept) = (app.subscribe(), record.clone());
        tokio::spawn(async move {
            loop {
                for change in changes.next().await {
                    if let Change::Diagnosis { diagnosis } = change
                        && !diagnosis.running
                    {
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.push((Timestamp::now(), *diagnosis));
                    }
                }
            }
        });
        let engine = connect(&ground.socket()).await?;
        Ok(Self { ground, app, engine, record, _home: home })
    }

    /// Makes a runtime as the product makes it, and does not start it.
    pub async fn make(&self, making: Making<'_>) -> PartResult<Patient> {
        let port = free_port()?;
        let name =
            RuntimeName::parse(making.name).map_err(|error| PartError::new(error.to_string()))?;
        let reference =
            ImageReference::parse(IMAGE).map_err(|error| PartError::new(error.to_string()))?;
        let spec = RuntimeSpec {
            name: name.clone(),
            description: String::new(),
            environment: Environment::Image { reference: reference.clone() },
            host_port: port,
            bind_address: "127.0.0.1".into(),
            target_port: None,
            memory_limit: making.memory_limit,
            cpu_limit: None,
            variables: vec![],
            mounts: vec![],
            restart_policy: making.restart_policy,
            start_command: String::new(),
            health_path: String::new(),
        };
        let id = RuntimeId(format!("id-of-{name}"));
        let labels = Labels {
            runtime: id.clone(),
            generation: 1,
            operation: OperationId("made-here".into()),
            creator: Creator { installation: "another".into(), who: "bob@box".into() },
            started_by: Some(StartedBy::Person),
            image: Some(reference),
            target_port: Some(PORT),
            spec: Some(RecordedSpec::of(&spec)),
        };
        let additions = Additions { init: false, machine: false };
        let mut body =
            first::body(&spec, IMAGE, &labels.write(), PORT, Some(&making.command), additions);
        (making.edit)(&mut body);
        let created = self.engine.create(name.as_str(), &body).await;
        created.map_err(|error| PartError::new(format!("{name}: {error}")))?;
        Ok(Patient { id, name: name.to_string(), port })
    }

    /// Makes one and starts it; a refused start is no error.
    pub async fn sick(&self, making: Making<'_>) -> PartResult<Patient> {
        let patient = self.make(making).await?;
        // What the engine says is the application's business.
        let _ = self.engine.start(&patient.name).await;
        Ok(patient)
    }

    /// Presses *Start*, which is refused: engines tell of that nobody else.
    pub async fn start_refused(&self, patient: &Patient) -> PartResult<()> {
        self.is(patient, Status::Stopped).await?;
        let request = OfRuntime { runtime: patient.id.clone() };
        let begun = handlers::start_runtime(&self.app, request).await.map_err(refused)?;
        let operation = ended(&self.app, &begun.operation).await?;
        if operation.state == OperationState::Failed {
            return Ok(());
        }
        Err(PartError::new(format!("{} was started: {operation:#?}", patient.name)))
    }

    /// Makes one that serves well, and waits until it does.
    pub async fn well(&self, name: &str) -> PartResult<Patient> {
        let patient = self.sick(Making::script(name, WELL)).await?;
        self.is(&patient, Status::Available).await?;
        Ok(patient)
    }

    /// Waits until a runtime has this status.
    pub async fn is(&self, patient: &Patient, status: Status) -> PartResult<()> {
        crate::headless::runtime(&self.app, &patient.name, status).await.map(drop)
    }

    /// Waits for a diagnosis, by itself, that names this cause; gives it and when it came.
    pub async fn told(
        &self,
        patient: &Patient,
        cause: Cause,
    ) -> PartResult<(Diagnosis, Timestamp)> {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            let all = self.diagnoses(patient);
            let named = |diagnosis: &Diagnosis| {
                diagnosis.finding.as_ref().is_some_and(|finding| finding.cause == cause)
            };
            if let Some((at, found)) = all.iter().find(|(_, diagnosis)| named(diagnosis)) {
                return Ok((found.clone(), *at));
            }
            if std::time::Instant::now() > until {
                let last = all.last().map(|(_, diagnosis)| diagnosis);
                return Err(PartError::new(format!(
                    "{}: {cause:?} was not named. Last: {last:#?}",
                    patient.name
                )));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every diagnosis of a runtime that ended, with the moment at which it came.
    pub fn diagnoses(&self, patient: &Patient) -> Vec<(Timestamp, Diagnosis)> {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.iter().filter(|(_, diagnosis)| diagnosis.runtime == patient.id).cloned().collect()
    }

    /// Looks now.
    pub async fn look(&self, patient: &Patient) -> PartResult<Diagnosis> {
        let request = OfRuntime { runtime: patient.id.clone() };
        handlers::diagnose_runtime(&self.app, request).await.map_err(refused)
    }

    /// Begins a remedy.
    pub async fn mend(&self, patient: &Patient, remedy: Remedy) -> PartResult<OperationId> {
        let request = MendRuntime { runtime: patient.id.clone(), remedy };
        let preview = handlers::preview_mend(&self.app, request.clone()).await.map_err(refused)?;
        if preview.title.is_empty() || preview.steps.is_empty() {
            return Err(PartError::new(format!("The button says nothing: {preview:#?}")));
        }
        let begun = handlers::mend_runtime(&self.app, request).await.map_err(refused)?;
        Ok(begun.operation)
    }

    /// Waits until a remedy is done, and the runtime is well: by its status, and by another diagnosis.
    pub async fn mended(
        &self,
        patient: &Patient,
        operation: &OperationId,
    ) -> PartResult<Operation> {
        let operation = ended(&self.app, operation).await?;
        if operation.state != OperationState::Succeeded {
            return Err(PartError::new(format!("{}: {operation:#?}", patient.name)));
        }
        self.is(patient, Status::Available).await?;
        let after = self.look(patient).await?;
        if after.broken.is_some() {
            return Err(PartError::new(format!("{}: {after:#?}", patient.name)));
        }
        Ok(operation)
    }

    /// When the engine says that the container ended.
    pub async fn ended_at(&self, patient: &Patient) -> PartResult<Timestamp> {
        let found = self.engine.inspect(&patient.name).await;
        let found = found.map_err(|error| PartError::new(error.to_string()))?;
        found.finished.ok_or_else(|| PartError::new(format!("{} has not ended.", patient.name)))
    }

    /// When the engine says that the container started.
    pub async fn started_at(&self, patient: &Patient) -> PartResult<Timestamp> {
        let found = self.engine.inspect(&patient.name).await;
        let found = found.map_err(|error| PartError::new(error.to_string()))?;
        found.started.ok_or_else(|| PartError::new(format!("{} has not started.", patient.name)))
    }

    /// The container's first process, as this machine numbers it.
    pub fn process(&self, patient: &Patient) -> PartResult<String> {
        self.ground.client(&["inspect", &patient.name, "--format", "{{.State.Pid}}"])
    }
}

/// One row of the table of causes.
#[derive(Clone, Debug)]
pub struct Row {
    pub fault: String,
    pub link: String,
    pub cause: String,
    pub seconds: f64,
    pub mended: String,
}

/// Writes an engine's rows into `docs/diagnosis.md` when the environment asks for it.
pub fn write_table(engine: &str, rows: &[Row]) -> PartResult<()> {
    for row in rows {
        println!(
            "| {} | {} | {} | {:.1} s | {} |",
            row.fault, row.link, row.cause, row.seconds, row.mended
        );
    }
    if std::env::var_os("PROMPTFLOW_RUNTIMES_DIAGNOSIS").is_none_or(|value| value != "1") {
        return Ok(());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/diagnosis.md");
    let text = std::fs::read_to_string(path)?;
    let (begin, end) = (format!("<!-- {engine} -->\n"), format!("<!-- end of {engine} -->"));
    let lines: BTreeMap<usize, String> = rows
        .iter()
        .map(|row| {
            format!(
                "| {} | {} | `{}` | {:.1} | {} |\n",
                row.fault, row.link, row.cause, row.seconds, row.mended
            )
        })
        .enumerate()
        .collect();
    let table = format!(
        "\n| fault | broken link | cause that is named | seconds | mended by its button |\n|---|---|---|---|---|\n{}\n",
        lines.into_values().collect::<String>()
    );
    let missing = || PartError::new(format!("docs/diagnosis.md has no place for {engine}."));
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    std::fs::write(path, format!("{before}{begin}{table}{end}{after}"))?;
    Ok(())
}

/// A body that limits memory without swap.
pub fn without_swap(body: &mut Value) {
    let memory = body["HostConfig"]["Memory"].clone();
    body["HostConfig"]["MemorySwap"] = memory;
}

/// A device of this machine that does not exist.
pub fn with_missing_device(body: &mut Value) {
    body["HostConfig"]["Devices"] = json!([{
        "PathOnHost": "/dev/no-such-device",
        "PathInContainer": "/dev/no-such-device",
        "CgroupPermissions": "rwm",
    }]);
}
