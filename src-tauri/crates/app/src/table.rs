//! The live table of runtimes: containers as the engines tell them, made into rows.

use std::collections::BTreeMap;

use domain::{
    compute::ComputeId,
    container::{Container, ContainerState},
    finding::Finding,
    image::ImageReference,
    label::{Labels, LockRecord, Purpose},
    name::{Part, RuntimeName},
    operation::{OperationKind, Subject},
    recovery::Parts,
    runtime::{
        Health, LockHolder, PreviousContainer, Protocol, Runtime, RuntimeId, Seen, Status, status,
    },
    spec::RecordedSpec,
    version::Version,
};

use crate::context::{App, lock};

/// Everything the rows are made from.
#[derive(Default)]
pub(crate) struct Table {
    containers: BTreeMap<(ComputeId, String), Container>,
    /// By container id.
    health: BTreeMap<String, Health>,
    /// By container id: why a runtime is not well.
    findings: BTreeMap<String, Finding>,
    rows: BTreeMap<RuntimeId, Runtime>,
}

impl Table {
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Runtime> {
        self.rows.values()
    }

    pub(crate) fn row(&self, id: &RuntimeId) -> Option<&Runtime> {
        self.rows.get(id)
    }

    /// The containers of one runtime.
    pub(crate) fn containers_of(&self, compute: &ComputeId, id: &RuntimeId) -> Vec<Container> {
        self.containers
            .iter()
            .filter(|((on, _), container)| on == compute && belongs(container, id))
            .map(|(_, container)| container.clone())
            .collect()
    }

    /// Every container of ours.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Container> {
        self.containers.values()
    }

    /// Every container of ours on a compute.
    pub(crate) fn on(&self, compute: &ComputeId) -> Vec<Container> {
        self.containers
            .iter()
            .filter(|((on, _), _)| on == compute)
            .map(|(_, container)| container.clone())
            .collect()
    }

    /// Number of runtimes on each compute.
    pub(crate) fn counts(&self) -> BTreeMap<ComputeId, u32> {
        let mut counts = BTreeMap::new();
        for row in self.rows.values() {
            *counts.entry(row.compute.clone()).or_default() += 1;
        }
        counts
    }
}

fn belongs(container: &Container, id: &RuntimeId) -> bool {
    container.labels.get(domain::label::RUNTIME) == Some(&id.0)
}

fn runtime_of(container: &Container) -> Option<RuntimeId> {
    Labels::read(&container.labels).map(|labels| labels.runtime)
}

/// The whole list of a compute, as it is now.
pub(crate) fn replace(app: &App, compute: &ComputeId, containers: Vec<Container>) {
    let mut touched: Vec<RuntimeId> = Vec::new();
    {
        let mut table = lock(&app.table);
        let old: Vec<(ComputeId, String)> =
            table.containers.keys().filter(|(on, _)| on == compute).cloned().collect();
        for key in old {
            if let Some(container) = table.containers.remove(&key) {
                touched.extend(runtime_of(&container));
            }
        }
        for container in containers {
            touched.extend(runtime_of(&container));
            table.containers.insert((compute.clone(), container.id.clone()), container);
        }
    }
    refresh(app, compute, touched);
}

/// One container, as it is now.
pub(crate) fn put(app: &App, compute: &ComputeId, container: Container) {
    let touched: Vec<RuntimeId> = runtime_of(&container).into_iter().collect();
    lock(&app.table).containers.insert((compute.clone(), container.id.clone()), container);
    refresh(app, compute, touched);
}

/// One container that is no runtime any more; it goes on without us.
pub(crate) fn release(app: &App, compute: &ComputeId, id: &str) {
    let released = lock(&app.table).containers.remove(&(compute.clone(), id.to_owned()));
    refresh(app, compute, released.iter().filter_map(runtime_of).collect());
}

/// One container that is gone.
pub(crate) fn remove(app: &App, compute: &ComputeId, id: &str) {
    let gone = lock(&app.table).containers.remove(&(compute.clone(), id.to_owned()));
    let touched: Vec<RuntimeId> = gone.iter().filter_map(runtime_of).collect();
    let row = touched.first().and_then(|id| lock(&app.table).row(id).cloned());
    refresh(app, compute, touched);
    // Its last container went, and no operation was at work: somebody removed it.
    if let (Some(row), Some(gone)) = (row, gone)
        && row.container_id == gone.id
        && row.operation.is_none()
        && row.lock.is_none()
        && lock(&app.table).row(&row.id).is_none()
    {
        crate::diagnosis::note_gone(app, row, gone);
    }
}

/// What the service of a container answered.
pub(crate) fn set_health(app: &App, compute: &ComputeId, container: &str, health: Health) {
    let touched = {
        let mut table = lock(&app.table);
        if matches!(health, Health::Answered(_)) {
            table.findings.remove(container);
        }
        table.health.insert(container.to_owned(), health);
        table.containers.get(&(compute.clone(), container.to_owned())).and_then(runtime_of)
    };
    refresh(app, compute, touched.into_iter().collect());
}

/// Whether the service of a container answered since it was started.
pub(crate) fn answered_before(app: &App, container: &str) -> bool {
    matches!(lock(&app.table).health.get(container), Some(Health::Answered(_) | Health::Missed(_)))
}

/// What was found about a container that is not well; `None` = nothing any more.
pub(crate) fn set_finding(
    app: &App,
    compute: &ComputeId,
    container: &str,
    finding: Option<Finding>,
) {
    let touched = {
        let mut table = lock(&app.table);
        match finding {
            Some(finding) => {
                table.findings.insert(container.to_owned(), finding);
            }
            None => {
                table.findings.remove(container);
            }
        }
        table.containers.get(&(compute.clone(), container.to_owned())).and_then(runtime_of)
    };
    refresh(app, compute, touched.into_iter().collect());
}

/// Makes the rows of these runtimes anew, and tells what differs.
pub(crate) fn refresh(app: &App, compute: &ComputeId, mut touched: Vec<RuntimeId>) {
    touched.sort();
    touched.dedup();
    let compute_name = crate::computes::name(app, compute);
    for id in touched {
        let mut table = lock(&app.table);
        // An operation that is under way belongs to the row. It is looked for, and the row is told of,
        // while the table is held: otherwise one that ended meanwhile could stand in the row for good.
        let operation =
            lock(&app.busy).get(&Subject::Runtime(id.clone())).cloned().and_then(|operation| {
                lock(&app.operations).get(&operation).map(|running| running.view())
            });
        let containers = table.containers_of(compute, &id);
        let row = make_row(
            app,
            &table,
            compute,
            &compute_name,
            &id,
            &containers,
            operation.as_ref().map(|op| (op.id.clone(), op.kind)),
        );
        let before = table.rows.get(&id).cloned();
        // A runtime that another compute tells of (one engine found twice) is not removed by this one.
        if row.is_none() && before.as_ref().is_some_and(|before| before.compute != *compute) {
            continue;
        }
        if before == row {
            drop(table);
            if let Some(row) = row {
                crate::health::attend(app, &row);
            }
            continue;
        }
        if before.is_none() {
            app.policies_stirred.notify_one();
        }
        match &row {
            Some(row) => {
                table.rows.insert(id.clone(), row.clone());
            }
            None => {
                table.rows.remove(&id);
            }
        }
        app.hub.row(&id, row.as_ref());
        drop(table);
        if let Some(row) = &row {
            crate::diagnosis::stir(app, before.as_ref(), row);
        }
        if let Some(row) = row {
            crate::health::attend(app, &row);
        }
    }
    let mut table = lock(&app.table);
    let living: std::collections::BTreeSet<String> =
        table.containers.keys().map(|(_, id)| id.clone()).collect();
    table.health.retain(|id, _| living.contains(id));
    table.findings.retain(|id, _| living.contains(id));
}

/// The same for a runtime wherever it is.
pub(crate) fn refresh_runtime(app: &App, id: &RuntimeId) {
    let compute = lock(&app.table).row(id).map(|row| row.compute.clone());
    if let Some(compute) = compute {
        refresh(app, &compute, vec![id.clone()]);
    }
}

/// The newest version to be told of, if the one that the check compared it with still runs.
fn update_mark(app: &App, id: &RuntimeId, current: Option<Version>) -> Option<String> {
    if crate::policies::is_never(app, id) {
        return None;
    }
    let checks = lock(&app.checks);
    let check = checks.get(id).filter(|check| check.current == current)?;
    match &check.answer {
        crate::api::VersionAnswer::Newer { version, skipped: false, snoozed_until, .. }
            if snoozed_until.is_none_or(|until| until <= jiff::Timestamp::now()) =>
        {
            version.map(|version| version.to_string())
        }
        crate::api::VersionAnswer::NewerOfEnvironment { to, .. } => Some(to.to_string()),
        _ => None,
    }
}

/// The port on which a container's service is published, as `http://host:port`.
pub(crate) fn endpoint(container: &Container) -> Option<String> {
    let labels = Labels::read(&container.labels);
    let target = labels.as_ref().and_then(|labels| labels.target_port);
    let published =
        |port: &&domain::container::PublishedPort| port.protocol == "tcp" && port.host_port != 0;
    // Where a port is published for both kinds of addresses, each may have a number of its own.
    let port = container.ports.iter().filter(published).min_by_key(|port| {
        (Some(port.container_port) != target, port.host_address.contains(':'))
    })?;
    let host = match port.host_address.as_str() {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        address if address.contains(':') => format!("[{address}]"),
        address => address.to_owned(),
    };
    Some(format!("http://{host}:{}", port.host_port))
}

/// The image a container was made from, with its tag when that is known.
pub(crate) fn image_of(container: &Container, labels: Option<&Labels>) -> String {
    labels
        .and_then(|labels| labels.image.as_ref())
        .map_or_else(|| container.image_reference.clone(), without_digest)
}

fn without_digest(reference: &ImageReference) -> String {
    match &reference.tag {
        Some(tag) => reference.repository.tagged(tag).to_string(),
        None => reference.to_string(),
    }
}

/// The dated version of a container's image.
pub(crate) fn version_of(container: &Container, labels: Option<&Labels>) -> Option<Version> {
    labels
        .and_then(|labels| labels.image.as_ref())
        .and_then(ImageReference::version)
        .or_else(|| ImageReference::parse(&container.image_reference).ok()?.version())
}

#[allow(clippy::too_many_arguments)]
fn make_row(
    app: &App,
    table: &Table,
    compute: &ComputeId,
    compute_name: &str,
    id: &RuntimeId,
    containers: &[Container],
    operation: Option<(domain::operation::OperationId, OperationKind)>,
) -> Option<Runtime> {
    let parts = Parts::of(containers);
    // Between the two renames of an update nothing has the name itself.
    let shown = parts.serving.or_else(|| parts.lock.and(parts.next.or(parts.previous)))?;
    let labels = Labels::read(&shown.labels)?;
    let name = RuntimeName::parse(Part::of_container(&shown.name).0).ok()?;
    let health = table.health.get(&shown.id).cloned().unwrap_or(Health::NotYet);
    let lock_record = parts.lock.and_then(|lock| LockRecord::read(&lock.labels));
    let held = lock_record.as_ref().map(|record| LockHolder {
        who: record.creator.who.clone(),
        since: Some(record.since),
        ours: record.creator.installation == app.parts.identity.creator.installation,
    });
    let kind = operation.as_ref().map(|(_, kind)| *kind).or_else(|| {
        // Someone else's operation shows in the status as well.
        let theirs = held.as_ref().is_some_and(|held| !held.ours);
        lock_record.as_ref().filter(|_| theirs).map(|record| match record.purpose {
            Purpose::Replace => OperationKind::Update,
            Purpose::Delete { .. } => OperationKind::Delete,
        })
    });
    // While it is replaced, adding packages is an update.
    let kind = match kind {
        Some(OperationKind::AddPackages) if lock_record.is_some() => Some(OperationKind::Update),
        kind => kind,
    };
    let running_for = shown.started.map_or(0, |started| {
        u64::try_from(crate::context::now().as_second() - started.as_second()).unwrap_or(0)
    });
    let now = status(&Seen {
        state: shown.state,
        exit_code: shown.exit_code,
        out_of_memory: shown.out_of_memory,
        error: &shown.error,
        health: &health,
        running_for,
        operation: kind,
        ready_within: app.ready_within().as_secs(),
    });
    let finding = table
        .findings
        .get(&shown.id)
        .filter(|_| matches!(now, Status::Failed | Status::Unavailable))
        .cloned();
    let protocol = match health {
        Health::Answered(protocol) => Some(protocol),
        _ => None,
    };
    let version = version_of(shown, Some(&labels));
    let digest = labels
        .image
        .as_ref()
        .and_then(|image| image.digest.as_ref())
        .map_or_else(|| shown.image_id.clone(), ToString::to_string);
    let kept = parts.previous.filter(|previous| previous.id != shown.id).map(|previous| {
        let labels = Labels::read(&previous.labels);
        PreviousContainer {
            image: image_of(previous, labels.as_ref()),
            version: version_of(previous, labels.as_ref()),
            since: shown.created,
            kept: true,
        }
    });
    let previous = kept.or_else(|| crate::came_from::shown(app, id, &digest));
    Some(Runtime {
        id: id.clone(),
        name,
        compute: compute.clone(),
        compute_name: compute_name.to_owned(),
        status: now,
        status_reason: reason(now, shown, &health, protocol),
        finding,
        version,
        image: image_of(shown, Some(&labels)),
        digest,
        environment: labels
            .spec
            .as_ref()
            .map_or_else(|| shown.image_reference.clone(), |spec| spec.environment.title()),
        endpoint: endpoint(shown),
        protocol,
        container_id: shown.id.clone(),
        created: shown.created,
        started: shown.started.filter(|_| shown.is_running()),
        creator: labels.creator.who.clone(),
        mine: labels.creator.installation == app.parts.identity.creator.installation,
        operation: operation.map(|(id, _)| id),
        lock: held,
        previous,
        update_available: update_mark(app, id, version),
        generation: labels.generation,
        restart_count: shown.restart_count,
        ports: shown.ports.clone(),
        mounts: shown.mounts.clone(),
        memory_limit: shown.memory_limit,
        cpu_limit: shown.nano_cpus as f64 / 1e9,
        restart_policy: shown.restart_policy.clone(),
        adopted: crate::adopted::since(shown),
        spec: labels.spec.map(|spec| RecordedSpec {
            description: crate::descriptions::of(app, id, &spec.description),
            ..spec
        }),
    })
}

fn reason(
    status: Status,
    container: &Container,
    health: &Health,
    protocol: Option<Protocol>,
) -> String {
    match status {
        Status::Failed if container.state == ContainerState::Restarting => {
            format!("It ends and is started again (exit code {}).", container.exit_code)
        }
        Status::Failed if container.out_of_memory => "It ran out of memory.".into(),
        Status::Failed if !container.error.is_empty() => "It could not be started.".into(),
        Status::Failed => format!("It ended by itself with exit code {}.", container.exit_code),
        Status::Unavailable if container.state == ContainerState::Paused => "It is paused.".into(),
        Status::Unavailable if matches!(health, Health::NotYet) => {
            "The service inside has not answered since it started.".into()
        }
        Status::Unavailable => "The service inside does not answer any more.".into(),
        Status::Available if protocol == Some(Protocol::AzureRuntime) => {
            "It answers as the Azure runtime, which needs an Azure workspace for flows.".into()
        }
        _ => String::new(),
    }
}
