//! What the window is told by itself: coalesced, so that a burst on the engine is one message, and
//! bounded, since only the newest state of each thing is held.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use domain::{
    batch::{Batch, BatchId},
    diagnosis::Diagnosis,
    flow::{FlowId, FlowRun, FlowRunId},
    operation::{Operation, OperationId},
    runtime::{Runtime, RuntimeId},
    series::Series,
    usage::Usage,
};
use tokio::{sync::Notify, time::Instant};

use crate::{
    api::{Change, ComputeView, Settings, UsageReading, VersionCheck},
    context::{App, lock},
};

/// Messages about rows are at least this far apart.
const PACE: Duration = Duration::from_millis(15);
/// Messages about progress and usage only are at least this far apart: 10 a second.
const SLOW_PACE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Pending {
    rows: BTreeMap<RuntimeId, Option<Box<Runtime>>>,
    computes: Option<Vec<ComputeView>>,
    usage: BTreeMap<RuntimeId, Usage>,
    operations: BTreeMap<OperationId, Box<Operation>>,
    checks: BTreeMap<RuntimeId, Box<VersionCheck>>,
    diagnoses: BTreeMap<RuntimeId, Box<Diagnosis>>,
    settings: Option<Settings>,
    logins: bool,
    connections: bool,
    environments: bool,
    flows: BTreeSet<FlowId>,
    flow_list: bool,
    flow_runs: BTreeMap<FlowRunId, Box<FlowRun>>,
    batches: BTreeMap<BatchId, Box<Batch>>,
    batch_list: bool,
    series: Option<Box<Series>>,
    policies: BTreeSet<RuntimeId>,
    closing: Option<(Vec<Operation>, Vec<FlowRun>, Vec<Batch>)>,
    /// Something that is not mere progress waits.
    urgent: bool,
}

struct Subscriber {
    pending: Mutex<Pending>,
    notify: Notify,
}

/// Hands changes to everyone who subscribed.
#[derive(Default)]
pub(crate) struct Hub {
    subscribers: Mutex<Vec<Weak<Subscriber>>>,
}

impl Hub {
    fn tell(&self, urgent: bool, change: impl Fn(&mut Pending)) {
        let mut subscribers = lock(&self.subscribers);
        subscribers.retain(|subscriber| {
            let Some(subscriber) = subscriber.upgrade() else { return false };
            let mut pending = lock(&subscriber.pending);
            change(&mut pending);
            pending.urgent |= urgent;
            drop(pending);
            subscriber.notify.notify_one();
            true
        });
    }

    /// A row is new or differs (`Some`), or is gone.
    pub(crate) fn row(&self, id: &RuntimeId, row: Option<&Runtime>) {
        self.tell(true, |pending| {
            pending.rows.insert(id.clone(), row.cloned().map(Box::new));
        });
    }

    pub(crate) fn computes(&self, computes: &[ComputeView]) {
        self.tell(true, |pending| pending.computes = Some(computes.to_vec()));
    }

    pub(crate) fn usage(&self, id: &RuntimeId, usage: Usage) {
        self.tell(false, |pending| {
            pending.usage.insert(id.clone(), usage);
        });
    }

    pub(crate) fn operation(&self, operation: &Operation, urgent: bool) {
        self.tell(urgent, |pending| {
            pending.operations.insert(operation.id.clone(), Box::new(operation.clone()));
        });
    }

    pub(crate) fn check(&self, check: &VersionCheck) {
        self.tell(true, |pending| {
            pending.checks.insert(check.runtime.clone(), Box::new(check.clone()));
        });
    }

    /// A diagnosis began, moved on or ended.
    pub(crate) fn diagnosis(&self, diagnosis: &Diagnosis) {
        self.tell(!diagnosis.running, |pending| {
            pending.diagnoses.insert(diagnosis.runtime.clone(), Box::new(diagnosis.clone()));
        });
    }

    pub(crate) fn settings(&self, settings: &Settings) {
        self.tell(true, |pending| pending.settings = Some(settings.clone()));
    }

    pub(crate) fn logins(&self) {
        self.tell(true, |pending| pending.logins = true);
    }

    /// A connection is new, differs or is gone.
    pub(crate) fn connections(&self) {
        self.tell(true, |pending| pending.connections = true);
    }

    /// An environment is new, differs or is gone.
    pub(crate) fn environments(&self) {
        self.tell(true, |pending| pending.environments = true);
    }

    /// Files of a flow, or what is known around it, changed.
    pub(crate) fn flow(&self, flow: &FlowId) {
        self.tell(true, |pending| {
            pending.flows.insert(flow.clone());
        });
    }

    /// The list of flows is different.
    pub(crate) fn flows(&self) {
        self.tell(true, |pending| pending.flow_list = true);
    }

    /// A run of a flow began, moved on or ended.
    /// `urgent` = somebody waits for just this; its end is so always.
    pub(crate) fn flow_run(&self, run: &FlowRun, urgent: bool) {
        self.tell(urgent || run.state.is_final(), |pending| {
            pending.flow_runs.insert(run.id.clone(), Box::new(run.clone()));
        });
    }

    /// A batch run began, moved on or ended.
    pub(crate) fn batch(&self, batch: &Batch) {
        self.tell(!batch.state.is_active(), |pending| {
            pending.batches.insert(batch.id.clone(), Box::new(batch.clone()));
        });
    }

    /// The list of batch runs is different.
    pub(crate) fn batches(&self) {
        self.tell(true, |pending| pending.batch_list = true);
    }

    pub(crate) fn series(&self, series: &Series) {
        self.tell(true, |pending| pending.series = Some(Box::new(series.clone())));
    }

    /// What the policy of a runtime means may be different now.
    pub(crate) fn policy(&self, id: &RuntimeId) {
        self.tell(true, |pending| {
            pending.policies.insert(id.clone());
        });
    }

    pub(crate) fn closing(&self, operations: &[Operation], runs: &[FlowRun], batches: &[Batch]) {
        self.tell(true, |pending| {
            pending.closing = Some((operations.to_vec(), runs.to_vec(), batches.to_vec()));
        });
    }
}

/// One who is told of changes. Dropping it ends that.
pub struct Subscription {
    subscriber: Arc<Subscriber>,
    last: Option<Instant>,
}

pub(crate) fn subscribe(app: &App) -> Subscription {
    let subscriber = Arc::new(Subscriber { pending: Mutex::default(), notify: Notify::new() });
    lock(&app.hub.subscribers).push(Arc::downgrade(&subscriber));
    // Subscribed first and filled after: what changes in between is told twice rather than never.
    {
        let mut pending = Pending { urgent: true, ..Pending::default() };
        pending.computes = Some(crate::computes::views(app));
        for row in lock(&app.table).rows() {
            pending.rows.insert(row.id.clone(), Some(Box::new(row.clone())));
        }
        for running in lock(&app.operations).values() {
            let operation = running.view();
            pending.operations.insert(operation.id.clone(), Box::new(operation));
        }
        for check in lock(&app.checks).values() {
            pending.checks.insert(check.runtime.clone(), Box::new(check.clone()));
        }
        pending.settings = Some(lock(&app.settings).clone());
        pending.series = lock(&app.series).clone().map(Box::new);
        let mut held = lock(&subscriber.pending);
        let newer = std::mem::replace(&mut *held, pending);
        held.rows.extend(newer.rows);
        held.operations.extend(newer.operations);
        held.checks.extend(newer.checks);
        held.diagnoses.extend(newer.diagnoses);
        held.policies.extend(newer.policies);
        if newer.series.is_some() {
            held.series = newer.series;
        }
    }
    subscriber.notify.notify_one();
    Subscription { subscriber, last: None }
}

impl Subscription {
    /// Waits for the next changes; never empty.
    pub async fn next(&mut self) -> Vec<Change> {
        loop {
            self.subscriber.notify.notified().await;
            loop {
                let urgent = lock(&self.subscriber.pending).urgent;
                let due = self.last.map(|last| last + if urgent { PACE } else { SLOW_PACE });
                match due {
                    Some(due) if due > Instant::now() => {
                        // Something urgent may come while progress waits for its turn.
                        tokio::select! {
                            () = tokio::time::sleep_until(due) => {}
                            () = self.subscriber.notify.notified() => {}
                        }
                    }
                    _ => break,
                }
            }
            let pending = std::mem::take(&mut *lock(&self.subscriber.pending));
            let changes = in_order(pending);
            if !changes.is_empty() {
                self.last = Some(Instant::now());
                return changes;
            }
        }
    }
}

fn in_order(pending: Pending) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(settings) = pending.settings {
        changes.push(Change::Settings { settings });
    }
    if let Some(computes) = pending.computes {
        changes.push(Change::Computes { computes });
    }
    // Operations first: a row that names one finds it.
    changes
        .extend(pending.operations.into_values().map(|operation| Change::Operation { operation }));
    if !pending.rows.is_empty() {
        let (mut changed, mut removed) = (Vec::new(), Vec::new());
        for (id, row) in pending.rows {
            match row {
                Some(row) => changed.push(*row),
                None => removed.push(id),
            }
        }
        changes.push(Change::Runtimes { changed, removed });
    }
    if !pending.usage.is_empty() {
        let readings = pending
            .usage
            .into_iter()
            .map(|(runtime, usage)| UsageReading { runtime, usage })
            .collect();
        changes.push(Change::Usage { readings });
    }
    changes.extend(pending.checks.into_values().map(|check| Change::VersionCheck { check }));
    changes
        .extend(pending.diagnoses.into_values().map(|diagnosis| Change::Diagnosis { diagnosis }));
    if pending.connections {
        changes.push(Change::Connections);
    }
    if pending.logins {
        changes.push(Change::RegistryLogins);
    }
    if pending.environments {
        changes.push(Change::Environments);
    }
    if pending.flow_list {
        changes.push(Change::Flows);
    }
    changes.extend(pending.flow_runs.into_values().map(|run| Change::FlowRun { run }));
    changes.extend(pending.flows.into_iter().map(|flow| Change::Flow { flow }));
    if pending.batch_list {
        changes.push(Change::Batches);
    }
    changes.extend(pending.batches.into_values().map(|batch| Change::Batch { batch }));
    changes.extend(pending.series.map(|series| Change::Series { series }));
    changes.extend(pending.policies.into_iter().map(|runtime| Change::UpdatePolicy { runtime }));
    if let Some((operations, runs, batches)) = pending.closing {
        changes.push(Change::Closing { operations, runs, batches });
    }
    changes
}
