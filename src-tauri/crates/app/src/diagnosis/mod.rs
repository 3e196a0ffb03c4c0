//! The diagnosis of runtimes: on demand, and by itself whenever one is not well.
//!
//! What can be seen is gathered here, each look with a limit of its own; what it means is decided by
//! `domain::diagnosis` alone.

mod by_itself;
mod gather;
mod inside;
mod mend;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use domain::{
    compute::ComputeId,
    container::Container,
    diagnosis::{Diagnosis, Facts, judge},
    finding::Problem,
    runtime::{Runtime, RuntimeId},
};
use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

pub(crate) use by_itself::{
    compute_back, compute_gone, note_event, note_gone, note_refusal, stir, stir_again, stir_ended,
};
pub(crate) use mend::{mend, preview as preview_mend};

use crate::{
    context::{App, lock, now},
    problem, table,
};

/// How many runtimes of one compute are looked at together.
const AT_ONCE: usize = 4;
/// How many runtimes that are gone are remembered.
const GONE_HELD: usize = 50;

/// What the diagnosis keeps while the application runs.
#[derive(Default)]
pub(crate) struct State {
    last: Mutex<BTreeMap<RuntimeId, Diagnosis>>,
    running: Mutex<BTreeMap<RuntimeId, Going>>,
    turns: Mutex<BTreeMap<ComputeId, Arc<Semaphore>>>,
    /// Runtimes whose container somebody removed, as they were last.
    gone: Mutex<BTreeMap<RuntimeId, Gone>>,
    /// By container: the engine's word for somebody's wish to end it.
    stops: Mutex<BTreeMap<String, String>>,
    /// By container: the engine's words when it refused to start it.
    refusals: Mutex<BTreeMap<String, String>>,
    /// When an engine went away, and came back.
    away: Mutex<BTreeMap<ComputeId, (Timestamp, Option<Timestamp>)>>,
}

/// A runtime whose container is gone.
#[derive(Clone)]
pub(crate) struct Gone {
    pub row: Runtime,
    pub container: Container,
    since: Timestamp,
}

/// A diagnosis that goes on.
struct Going {
    result: watch::Receiver<Option<Diagnosis>>,
    /// Something is different since it began: look once more after it.
    again: bool,
    /// Somebody asked for it.
    asked: bool,
}

/// Why it is looked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Asked,
    /// Something is different.
    Stirred,
}

/// A runtime that was gone has a container again.
pub(crate) fn is_there_again(app: &App, id: &RuntimeId) {
    lock(&app.diagnosis.gone).remove(id);
}

/// The last diagnosis, without looking again.
pub(crate) fn last(app: &App, id: &RuntimeId) -> Option<Diagnosis> {
    lock(&app.diagnosis.last).get(id).cloned()
}

/// Looks now; joins one that somebody else asked for. One that the application began by itself may have
/// looked before what it is asked about happened: that one is waited for, and then it is looked anew.
pub(crate) async fn diagnose(app: &App, id: &RuntimeId) -> Result<Diagnosis, Problem> {
    let by_itself = {
        let running = lock(&app.diagnosis.running);
        running.get(id).filter(|going| !going.asked).map(|going| going.result.clone())
    };
    if let Some(mut before) = by_itself {
        let _ = before.wait_for(Option::is_some).await;
    }
    let mut result = begin(app, id, Why::Asked)?;
    let ended = result.wait_for(Option::is_some).await;
    let diagnosis = ended.ok().and_then(|ended| ended.clone());
    diagnosis.ok_or_else(|| problem::not_found("The runtime"))
}

/// Begins one, or gives the one that goes on.
fn begin(
    app: &App,
    id: &RuntimeId,
    why: Why,
) -> Result<watch::Receiver<Option<Diagnosis>>, Problem> {
    let subject = Subject::of(app, id).ok_or_else(|| problem::not_found("The runtime"))?;
    let mut running = lock(&app.diagnosis.running);
    if let Some(going) = running.get_mut(id) {
        going.again |= why == Why::Stirred;
        return Ok(going.result.clone());
    }
    let (told, result) = watch::channel(None);
    running.insert(
        id.clone(),
        Going { result: result.clone(), again: false, asked: why == Why::Asked },
    );
    drop(running);
    let app = app.clone();
    tokio::spawn(async move {
        let id = subject.row.id.clone();
        let turn = turn(&app, &subject.row.compute);
        let diagnosis = {
            let _turn = turn.acquire().await;
            Course::new(&app, subject).run().await
        };
        let going = lock(&app.diagnosis.running).remove(&id);
        let _ = told.send(Some(diagnosis));
        if going.is_some_and(|going| going.again) {
            stir_again(&app, &id);
        }
    });
    Ok(result)
}

fn turn(app: &App, compute: &ComputeId) -> Arc<Semaphore> {
    let mut turns = lock(&app.diagnosis.turns);
    turns.entry(compute.clone()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
}

/// What is looked at: a runtime as the table has it, or as it was when somebody removed its container.
struct Subject {
    row: Runtime,
    container: Option<Container>,
}

impl Subject {
    fn of(app: &App, id: &RuntimeId) -> Option<Self> {
        let table = lock(&app.table);
        if let Some(row) = table.row(id).cloned() {
            let container = table
                .containers_of(&row.compute, id)
                .into_iter()
                .find(|container| container.id == row.container_id);
            return Some(Self { row, container });
        }
        drop(table);
        let gone = lock(&app.diagnosis.gone).get(id).cloned()?;
        Some(Self { row: gone.row, container: Some(gone.container) })
    }
}

/// One diagnosis in its course: what was seen so far, and what is told of it.
struct Course {
    app: App,
    subject: Subject,
    began: Timestamp,
    since: Instant,
    facts: Mutex<Facts>,
}

impl Course {
    fn new(app: &App, subject: Subject) -> Arc<Self> {
        let facts = gather::known(app, &subject);
        Arc::new(Self {
            app: app.clone(),
            subject,
            began: now(),
            since: Instant::now(),
            facts: Mutex::new(facts),
        })
    }

    async fn run(self: Arc<Self>) -> Diagnosis {
        // Each look has a limit of its own; this one is for all of them together.
        let all = gather::gather(self.clone());
        if tokio::time::timeout(gather::ALTOGETHER, all).await.is_err() {
            tracing::warn!(runtime = %self.subject.row.id, "a diagnosis took too long");
        }
        let diagnosis = self.tell(true);
        let Diagnosis { broken, finding, milliseconds, .. } = &diagnosis;
        let cause = finding.as_ref().map(|finding| finding.cause);
        let runtime = &self.subject.row.id;
        tracing::info!(%runtime, ?broken, ?cause, milliseconds, "diagnosed");
        let row = &self.subject.row;
        table::set_finding(&self.app, &row.compute, &row.container_id, diagnosis.finding.clone());
        diagnosis
    }

    /// Takes in what was seen, and tells what it amounts to so far.
    fn saw(&self, take: impl FnOnce(&mut Facts)) {
        take(&mut lock(&self.facts));
        self.tell(false);
    }

    fn facts(&self) -> Facts {
        lock(&self.facts).clone()
    }

    fn tell(&self, complete: bool) -> Diagnosis {
        let verdict = judge(&lock(&self.facts), complete);
        let diagnosis = Diagnosis {
            runtime: self.subject.row.id.clone(),
            began: self.began,
            milliseconds: u32::try_from(self.since.elapsed().as_millis()).unwrap_or(u32::MAX),
            running: !complete,
            checks: verdict.checks,
            broken: verdict.broken,
            finding: verdict.finding,
            others: verdict.others,
        };
        lock(&self.app.diagnosis.last).insert(diagnosis.runtime.clone(), diagnosis.clone());
        self.app.hub.diagnosis(&diagnosis);
        diagnosis
    }
}
