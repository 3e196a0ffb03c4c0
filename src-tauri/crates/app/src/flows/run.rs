//! A run from its begin to its end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    connection::Connections,
    container::Container,
    diagnosis::{AboutRun, Lost, cause_of_run, of_lost},
    finding::{Cause, Evidence, Problem, ProblemCode},
    flow::{
        FlowRun, FlowRunId, FlowRunState, NodeRunState, Outcome, RunFailure, explain_about,
        failure, outcome, run_failed, with_init,
    },
    runtime::Runtime,
    scrub::Scrubber,
    secret::Secret,
};
use engine::{Engine, EngineError};
use executor::{Miss, NodeRequest, Place, RunError, RunRequest, Sealed};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::{from_here::TakenOver, live::Active, of_files, place, prepare::Chosen};
use crate::{
    computes,
    context::{App, lock, now},
    finding,
    memory::MemoryWatch,
    other_python::OtherPython,
    problem,
};

/// How long the service may take to answer that it ended a run.
pub(super) const CANCEL_LIMIT: Duration = Duration::from_secs(45);
/// Until then an engine knows that a container ended, and it is asked so often.
const END_WITHIN: Duration = Duration::from_millis(1200);
const END_TRIES: u32 = 4;
/// How long after its limit a run's answer is not late yet.
const LIMIT_GRACE: Duration = Duration::from_secs(3);
/// Past a run's limit the service is asked whether it is there, so often, and has so long to answer.
const ALIVE_WITHIN: Duration = Duration::from_secs(3);
/// So many times without an answer it is not.
const ALIVE_TRIES: u32 = 3;
/// How long the answer of a cancelled run is waited for beyond that.
pub(super) const AFTER_CANCEL: Duration = Duration::from_secs(10);
/// Answers bigger than this are not kept; bytes of their JSON.
const LARGEST_KEPT: usize = 64 * 1024 * 1024;

/// Everything that a run needs beside its record.
pub(super) struct Work {
    pub row: Runtime,
    pub chosen: Chosen,
    pub values: Map<String, Value>,
    /// What the constructor of a flex flow's class takes; empty = nothing was typed for it. The service's
    /// request for a run has no place for it, and its batch would have: but that loads the flow into the
    /// service itself, whose later runs then find modules and variables of this one, and it cannot be
    /// cancelled. So it goes into a flow's file that this run alone has (see [`with_init`]).
    pub init: Map<String, Value>,
    /// What other nodes gave, for one node alone.
    pub outputs: Map<String, Value>,
    /// What is taken over of an earlier run; `None` = everything runs.
    pub taken: Option<TakenOver>,
    pub connections: Connections,
    pub variables: Vec<(String, Secret)>,
}

/// What follows the log of a run, until it is dropped.
type Following = tokio_util::task::AbortOnDropHandle<()>;

/// How a run ended.
enum End {
    Answered(Value),
    /// Also: where it was seen that the system ended the run for memory.
    Refused(Sealed, Option<Evidence>),
    /// A reason in words.
    Failed(Box<Problem>),
    Cancelled,
}

impl End {
    /// What failed, in the service's words.
    fn failure(&self, folder: &str) -> Option<RunFailure> {
        match self {
            Self::Answered(value) => outcome(value, folder)?.failure,
            Self::Refused(error, _) => Some(failure(error.expose(), folder)),
            Self::Failed(_) | Self::Cancelled => None,
        }
    }
}

/// Lets a run go on by itself.
pub(super) fn begin(app: &App, run: FlowRun, scrubber: Scrubber, work: Work) {
    let id = run.id.clone();
    app.hub.flow_run(&run, true);
    let active = Arc::new(Active::new(run, scrubber));
    lock(&app.flows.active).insert(id.clone(), active.clone());
    let app = app.clone();
    tokio::spawn(async move {
        let end = work.go(&app, &active).await;
        finish(&app, &active, end).await;
        lock(&app.flows.active).remove(&id);
        app.hub.flows();
    });
}

/// Ends as soon as a cancel is asked for.
async fn or_cancel<T>(active: &Active, work: impl Future<Output = T>) -> Result<T, End> {
    tokio::select! {
        done = work => Ok(done),
        () = active.cancel.cancelled() => Err(End::Cancelled),
    }
}

/// Why a flow could not be brought to its runtime.
pub(crate) fn not_brought(error: &EngineError) -> Problem {
    let told = problem::of_engine(error);
    let why = match error {
        EngineError::Context(_) => Problem::new(ProblemCode::Storage, told.sentence.clone()),
        _ => told,
    };
    Problem {
        sentence: format!("The flow could not be brought to the runtime. {}", why.sentence),
        ..why
    }
}

fn engine_failed(error: &EngineError) -> End {
    End::Failed(Box::new(not_brought(error)))
}

impl Work {
    async fn go(self, app: &App, active: &Arc<Active>) -> Ended {
        let mut folder = String::new();
        let connections = self.connections_of_nodes();
        let mut in_other_python = None;
        let end = match self.prepare(app, active, &mut folder).await {
            Ok((engine, place, following)) => {
                let end = self.run(app, active, &engine, &place).await;
                drop(following);
                self.read_rest(app, active, engine.as_ref(), &place).await;
                let run = lock(&active.run).id.clone();
                self.end_inside(engine.as_ref(), &place, &run).await;
                if let Some(failure) = end.failure(&folder) {
                    let pythons = OtherPython::of(&engine, &self.row.container_id);
                    in_other_python = pythons.has(&failure).await;
                }
                end
            }
            Err(end) => end,
        };
        Ended { end, folder, connections, in_other_python }
    }

    /// The connection that each node names, for what is told of one that failed.
    fn connections_of_nodes(&self) -> BTreeMap<String, String> {
        let nodes = self.chosen.flow.nodes.iter();
        nodes.filter_map(|node| Some((node.name.clone(), node.connection.clone()?))).collect()
    }

    /// Brings the flow to the runtime. The log is followed from now on, since beginning that takes a while.
    async fn prepare(
        &self,
        app: &App,
        active: &Arc<Active>,
        folder: &mut String,
    ) -> Result<(Arc<dyn Engine>, Place, Following), End> {
        let (container, run) = (&self.row.container_id, lock(&active.run).id.clone());
        let engine = computes::engine(app, &self.row.compute)
            .map_err(|problem| End::Failed(Box::new(problem)))?;
        let following = follow(app, active, &engine, container, &place::log(&run));
        let following = Following::new(tokio::spawn(following));
        let snapshot = or_cancel(active, self.chosen.disk.snapshot(self.chosen.instead.as_ref()))
            .await?
            .map_err(|error| End::Failed(Box::new(of_files(&error))))?;
        active.change(app, |run| {
            run.note = Some("The flow is being copied to the runtime.".into());
        });
        let own = self.own_file(snapshot.hash(), &run);
        let bringing = async {
            let in_use = super::folders_in_use(app);
            let begin = place::begin_run(engine.as_ref(), container, &run, own.as_ref());
            let bring = place::bring(engine.as_ref(), container, &snapshot, &in_use);
            if own.is_none() {
                tokio::try_join!(bring, begin)?;
            } else {
                // Its own file goes into the folder that is brought.
                bring.await?;
                begin.await?;
            }
            match &self.taken {
                Some(taken) => place::put(engine.as_ref(), container, &run, &taken.files()).await,
                None => Ok(()),
            }
        };
        or_cancel(active, bringing).await?.map_err(|error| engine_failed(&error))?;
        let file = own.map_or_else(|| self.chosen.disk.path.file.clone(), |own| own.name);
        let place = place::of_run(snapshot.hash(), &file, &run);
        folder.clone_from(&place.folder);
        active.set_folder(&place.folder);
        Ok((engine, place, following))
    }

    /// The flow's file as this run alone has it; `None` = it takes the one that everyone has.
    fn own_file(&self, hash: &str, run: &FlowRunId) -> Option<place::OwnFile> {
        let document = self.chosen.document();
        let (document, name) = match &self.taken {
            Some(taken) => (taken.document(document, run), "dag.yaml"),
            None if self.init.is_empty() => return None,
            None => (with_init(document, &self.init), "flex.yaml"),
        };
        let name = format!("{}{name}", place::OwnFile::begin(run));
        Some(place::OwnFile { hash: hash.to_owned(), name, text: document.to_text() })
    }

    /// Removes what the run left inside.
    async fn end_inside(&self, engine: &dyn Engine, place: &Place, run: &FlowRunId) {
        let container = &self.row.container_id;
        place::end_run(engine, container, run).await;
        if place.file != self.chosen.disk.path.file {
            let path = format!("{}/{}", place.folder, place.file);
            place::remove(engine, container, run, &path).await;
        }
    }

    /// Asks the service.
    async fn run(
        &self,
        app: &App,
        active: &Arc<Active>,
        engine: &Arc<dyn Engine>,
        place: &Place,
    ) -> End {
        active.change(app, |run| {
            run.state = FlowRunState::Running;
            run.note = None;
        });
        let memory = MemoryWatch::begin(engine, &self.row);
        let asking = self.ask(app, active, place);
        tokio::pin!(asking);
        let answer = tokio::select! {
            answer = &mut asking => answer,
            lost = self.past_its_limit(app, active) => Err(lost.into()),
            () = active.cancel.cancelled() => {
                active.change(app, |run| {
                    run.state = FlowRunState::Cancelling;
                    run.note = Some("The service ends what runs. That takes some seconds.".into());
                });
                self.cancel(app, active).await;
                match tokio::time::timeout(AFTER_CANCEL, &mut asking).await {
                    Ok(answer) => answer,
                    // The service has said that it ended it: its answer would only say so again.
                    Err(_) => return End::Cancelled,
                }
            }
        };
        match answer {
            Ok(mut answer) => {
                if let Some(taken) = &self.taken {
                    taken.put_back(&mut answer);
                }
                End::Answered(answer)
            }
            Err(_) if active.cancel.is_cancelled() => End::Cancelled,
            Err(RunError::Refused { error, .. }) => {
                let ended = cause_of_run(&failure(error.expose(), "")) == Cause::RunProcessEnded;
                let seen = if ended { memory.seen(app).await } else { None };
                End::Refused(error, seen)
            }
            Err(RunError::Miss(miss)) => {
                End::Failed(Box::new(self.gone(app, active, engine.as_ref(), &miss).await))
            }
        }
    }

    /// Waits until a run's limit is over, and tells then what is waited for: the service ends a node of Python only
    /// between two steps of its code, so the answer may come later. Ends when the service itself no longer answers.
    async fn past_its_limit(&self, app: &App, active: &Active) -> Miss {
        let written =
            self.variables.iter().find(|(name, _)| name == super::prepare::LIMIT_VARIABLE);
        let limit = written.and_then(|(_, limit)| limit.expose().parse::<u32>().ok());
        let Some(limit) = limit.filter(|limit| *limit > 0) else {
            return std::future::pending().await;
        };
        tokio::time::sleep(Duration::from_secs(limit.into()) + LIMIT_GRACE).await;
        active.change(app, |run| {
            if run.state == FlowRunState::Running {
                run.note = Some(format!(
                    "Its {limit} s are over. The service waits for what runs inside the node; Cancel ends it now."
                ));
            }
        });
        let mut missed = 0;
        loop {
            match app.parts.executor.version(self.base(), ALIVE_WITHIN).await {
                Ok(_) => missed = 0,
                Err(miss @ Miss::Silent(_)) if missed + 1 == ALIVE_TRIES => return miss,
                Err(Miss::Silent(_)) => missed += 1,
                // What ends the connection ends the run's own as well.
                Err(_) => {}
            }
            tokio::time::sleep(ALIVE_WITHIN).await;
        }
    }

    fn base(&self) -> &str {
        self.row.endpoint.as_deref().unwrap_or_default()
    }

    async fn ask(&self, app: &App, active: &Active, place: &Place) -> Result<Value, RunError> {
        let (id, node) = {
            let run = lock(&active.run);
            (run.id.0.clone(), run.node.clone())
        };
        let runs = app.parts.executor.runs();
        let connections = Sealed::new(self.connections.request_value());
        let request = RunRequest {
            run: id,
            place: place.clone(),
            inputs: self.values.clone(),
            connections,
            variables: self.variables.clone(),
        };
        match node {
            None => runs.run_flow(self.base(), &request).await,
            Some(node) => {
                let outputs = self.outputs.clone();
                runs.run_node(self.base(), &NodeRequest { run: request, node, outputs }).await
            }
        }
    }

    async fn cancel(&self, app: &App, active: &Active) {
        let id = lock(&active.run).id.0.clone();
        let runs = app.parts.executor.runs();
        if let Err(error) = runs.cancel(self.base(), &id, CANCEL_LIMIT).await {
            tracing::info!(run = id, %error, "a run could not be cancelled");
        }
    }

    /// The container was started since the run was prepared.
    fn is_new_start(&self, container: &Container) -> bool {
        container.started != self.row.started || container.restart_count != self.row.restart_count
    }

    /// Why the service gave no answer.
    async fn gone(&self, app: &App, active: &Active, engine: &dyn Engine, miss: &Miss) -> Problem {
        let began = lock(&active.run).started;
        let mut seen =
            vec![Evidence { probe: "The service's answer".into(), seen: miss.to_string() }];
        let id = &self.row.container_id;
        let mut found = engine.inspect(id).await;
        let as_before = |found: &Result<Container, EngineError>| {
            found.as_ref().is_ok_and(|found| found.is_running() && !self.is_new_start(found))
        };
        // A service that ends closes its connections before its engine knows of it.
        for _ in 0..END_TRIES {
            if matches!(miss, Miss::Silent(_)) || !as_before(&found) {
                break;
            }
            tokio::time::sleep(END_WITHIN / END_TRIES).await;
            found = engine.inspect(id).await;
        }
        let for_memory = lock(&app.out_of_memory).get(id).is_some_and(|at| *at >= began);
        let lost = match found {
            Err(EngineError::NotFound(_)) => Lost::Replaced,
            Ok(container) => {
                let state = format!("{:?} ({})", container.state, container.exit_code);
                seen.push(Evidence { probe: "The container's state".into(), seen: state });
                let log = finding::last_lines(engine, &self.row.container_id).await;
                if !log.trim().is_empty() {
                    seen.push(Evidence { probe: "Last lines of the log".into(), seen: log });
                }
                let again = self.is_new_start(&container);
                let runs = container.is_running();
                let for_memory =
                    for_memory || (!runs && finding::ended_for_memory(engine, &container).await);
                match runs {
                    false if for_memory => Lost::OutOfMemory,
                    false => Lost::Stopped,
                    true if again && for_memory => Lost::OutOfMemory,
                    true if again => Lost::Restarted,
                    true => Lost::Silent,
                }
            }
            Err(_) => Lost::Silent,
        };
        run_failed(of_lost(lost, self.row.name.as_str(), seen)).retryable()
    }

    /// Takes in what of the log did not come while it was followed.
    async fn read_rest(&self, app: &App, active: &Active, engine: &dyn Engine, place: &Place) {
        let most = u64::try_from(super::live::LONGEST_LOG).unwrap_or(u64::MAX);
        match engine.files().read(&self.row.container_id, &place.log, most).await {
            Ok(whole) => active.rest(app, &String::from_utf8_lossy(&whole)),
            Err(error) => tracing::info!(%error, "the end of a run's log cannot be read"),
        }
    }
}

/// How a run ended, and what is needed to tell it.
struct Ended {
    end: End,
    /// Where its flow was inside.
    folder: String,
    /// The connection of each node that names one.
    connections: BTreeMap<String, String>,
    in_other_python: Option<Evidence>,
}

/// Follows the log of a run.
async fn follow_log(
    app: App,
    active: Arc<Active>,
    engine: Arc<dyn Engine>,
    container: String,
    log: String,
) {
    let mut lines = engine.files().follow(&container, &log).await;
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => active.line(&app, &line),
            Err(error) => {
                // The whole log is read at the end all the same.
                tracing::info!(%error, "the log of a run cannot be followed");
                return;
            }
        }
    }
}

fn follow(
    app: &App,
    active: &Arc<Active>,
    engine: &Arc<dyn Engine>,
    container: &str,
    log: &str,
) -> impl Future<Output = ()> + Send + 'static {
    follow_log(app.clone(), active.clone(), engine.clone(), container.to_owned(), log.to_owned())
}

/// Writes down how a run ended, and tells it.
async fn finish(app: &App, active: &Active, ended: Ended) {
    let Ended { end, folder, connections, in_other_python } = ended;
    let mut about = AboutRun { in_other_python, ..AboutRun::default() };
    let explained = |failure: &RunFailure, about: &AboutRun| {
        let connection = failure.node.as_ref().and_then(|node| connections.get(node)).cloned();
        explain_about(failure, &AboutRun { connection, ..about.clone() })
    };
    let mut answer = None;
    let mut read: Option<Outcome> = None;
    let mut failed: Option<Problem> = None;
    let mut refused = None;
    match end {
        End::Answered(value) => {
            let value = active.scrubber.value(&value);
            read = outcome(&value, &folder);
            if read.is_none() {
                failed = Some(Problem::new(
                    ProblemCode::RunFailed,
                    "The service answered with something that is no result of a run.",
                ));
            }
            answer = Some(value);
        }
        End::Refused(error, out_of_memory) => {
            about.out_of_memory = out_of_memory;
            refused = Some(failure(&active.scrubber.value(error.expose()), &folder));
        }
        End::Failed(problem) => failed = Some(*problem),
        End::Cancelled => {}
    }
    let run = active.change(app, |run| {
        run.note = None;
        run.ended = Some(now());
        if let Some(read) = read {
            run.take(read);
            run.problem = run.failure.as_ref().map(|failure| explained(failure, &about));
        } else if let Some(refused) = refused {
            run.state = FlowRunState::Failed;
            run.problem = Some(explained(&refused, &about));
            if let Some(node) = &refused.node
                && let Some(own) = run.nodes.iter_mut().find(|own| own.node == *node)
            {
                own.state = NodeRunState::Failed;
                own.failure = Some(refused.clone());
            }
            run.failure = Some(refused);
        } else if let Some(problem) = failed {
            run.state = FlowRunState::Failed;
            run.problem = Some(problem);
        } else {
            run.state = FlowRunState::Cancelled;
        }
        run.end_nodes();
    });
    let too_big = answer.as_ref().is_some_and(|answer| answer.to_string().len() > LARGEST_KEPT);
    let answer = answer.filter(|_| !too_big);
    let kept = app.parts.history.end_flow_run(&run, answer.as_ref(), &active.text()).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "the result of a run could not be kept");
    }
    // Once more: whoever asks for the result now finds it.
    app.hub.flow_run(&run, true);
}
