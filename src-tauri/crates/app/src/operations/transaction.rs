//! The transaction of an update: pull, prove beside the running container, switch over; after a failure
//! nothing of it stays.

use std::collections::BTreeMap;

use domain::{
    configuration::{self, Configuration},
    container::{Container, Mount, MountKind},
    diagnosis::{self, About},
    finding::{Cause, Problem},
    image::Platform,
    label::Labels,
    name::{Part, RuntimeName},
    operation::{StepKind, package_changes},
    recreate::{self, Changes, Creation},
    runtime::{Protocol, Runtime},
    spec::Environment,
    start::{self, StartedBy},
};
use engine::EngineError;
use serde_json::Value;

use super::{
    Handle, Outcome, Stop,
    hands::{self, Hands},
    held::{Held, release, still_held},
    image,
    patience::patiently,
    preview::active_runs,
    proof, recover, swap,
    update::shown,
};
use crate::{
    api::ActiveRuns,
    configuration::{own_containers, port_problem, settings_with},
    context::lock,
    finding,
    flows::{FitContainer, still_fit, used_flows},
    problem,
    resolve::{self, Target},
    table,
};

/// The steps of every operation that replaces a container.
pub(super) const STEPS: [StepKind; 9] = [
    StepKind::Resolve,
    StepKind::Lock,
    StepKind::Pull,
    StepKind::Inspect,
    StepKind::Prove,
    StepKind::WaitForRuns,
    StepKind::SwitchOver,
    StepKind::WaitForHealth,
    StepKind::CleanUp,
];

/// All that decides what the new container is, but for the old one: that is looked at again when it
/// counts, for somebody may have changed its settings meanwhile.
struct Successor {
    image: String,
    /// The configuration of the image that the old one was made from.
    old_image: Value,
    labels: BTreeMap<String, String>,
    /// `None` = as the old one is started.
    start: Option<image::Start>,
    /// Names of variables that the person set.
    variables: Vec<String>,
    /// The port inside.
    port: u16,
    /// The port inside that was published before.
    port_before: Option<u16>,
    /// Settings before and after; the same where none change.
    settings: Change,
}

impl Successor {
    fn of(&self, old: &Container) -> Creation {
        let changes = Changes {
            image: &self.image,
            labels: self.labels.clone(),
            start: self.start.as_ref().map(|start| start.entry.clone()),
            variables_of_person: &self.variables,
        };
        let mut creation = recreate::successor(old, &self.old_image, &changes);
        if let Some(before) = self.port_before.filter(|before| *before != self.port) {
            recreate::lead_to(&mut creation, before, self.port);
        }
        let Change { from, to } = &self.settings;
        configuration::apply(from, to, &mut creation, self.port);
        creation
    }
}

/// One update of one container, under its lock.
pub(super) struct Transaction<'a> {
    pub row: &'a Runtime,
    pub old: &'a Container,
    pub target: &'a Target,
    /// What the spec says from now on.
    pub environment: Option<Environment>,
    pub cancel_runs: bool,
    /// What becomes of it when flows that run now would not run any more.
    pub flows: Flows,
    pub service: Service,
    /// Settings that the new container gets; without them it has the old one's.
    pub settings: Option<&'a Change>,
}

/// Whether flows are looked at in the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flows {
    /// The image stays the same: there is nothing to look at.
    Leave,
    /// What would not run any more is told, and the person has agreed to go on.
    Tell,
    /// It is ended before anything is switched over.
    Hold,
}

/// How the service of the new container is started, and where it listens inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    AsBefore,
    /// By the open executor service's own command, whatever the image starts by itself.
    Executor,
    /// As before, on this port inside: the published one leads there.
    On(u16),
}

/// Settings before and after.
#[derive(Clone)]
pub(super) struct Change {
    pub from: Configuration,
    pub to: Configuration,
}

impl Transaction<'_> {
    fn name(&self) -> &RuntimeName {
        &self.row.name
    }

    fn health_path(&self) -> &str {
        self.row.spec.as_ref().map_or("/health", |spec| spec.health_path())
    }

    pub(super) async fn go(
        &self,
        handle: &Handle,
        held: &Held,
        cannot_prove: &[String],
    ) -> Outcome {
        let present = image::pull(handle, self.target).await?;
        still_held(handle, held).await?;
        handle.step(StepKind::Inspect);
        let successor = self.successor(handle, &present).await?;

        if cannot_prove.is_empty() {
            handle.step(StepKind::Prove);
            self.prove(handle, &successor.of(self.old), successor.port).await?;
        } else {
            handle.skip(StepKind::Prove, &cannot_prove.join(" "));
        }
        if self.old.is_running() {
            handle.step(StepKind::WaitForRuns);
            self.wait_for_runs(handle).await?;
        } else {
            handle.skip(StepKind::WaitForRuns, "It is stopped.");
        }
        self.port_is_free(handle).await?;
        handle.step(StepKind::SwitchOver);
        let switch = swap::Switch {
            name: self.name(),
            old: &self.old.id,
            held,
            health_path: self.health_path(),
        };
        let switched =
            swap::switch_over(handle, &switch, |old: &Container| successor.of(old)).await?;
        handle.set(|operation| operation.without_service = switched.without_service);
        let (name, title) = (self.name(), self.target.title());
        let mut outcome = match (switched.runs, self.old.is_running()) {
            (true, _) => format!("{name} runs {title}."),
            (false, false) => format!("{name} is on {title} and still stopped."),
            (false, true) => format!(
                "{name} is on {title} and stopped: someone stopped it while the operation went on."
            ),
        };
        if switched.old_removed {
            outcome.push_str(" The previous container was removed, because this engine cannot keep it from starting again.");
        }
        Ok(outcome)
    }

    /// What the container that takes over is made by.
    async fn successor(
        &self,
        handle: &Handle,
        present: &image::Present,
    ) -> Result<Successor, Stop> {
        let old_image =
            image_config(handle, self.old).await.map_err(|error| problem::of_engine(&error))?;
        let now = settings_with(handle.app(), &self.row.id, self.old, &old_image);
        let settings =
            self.settings.cloned().unwrap_or_else(|| Change { from: now.clone(), to: now });
        let old_labels = Labels::read(&self.old.labels)
            .ok_or_else(|| problem::not_found("The runtime's label"))?;
        let mut spec = old_labels.spec.clone().or_else(|| {
            // One that was adopted becomes ours: what it is now is recorded.
            crate::adopted::since(self.old).map(|_| {
                let image = self.target.reference.clone();
                let port = old_labels.target_port;
                domain::adopt::spec_of(self.name(), &settings.from, image, port)
            })
        });
        if let (Some(spec), Some(environment)) = (&mut spec, &self.environment) {
            spec.environment = environment.clone();
        }
        let spec = spec.map(|spec| settings.to.record(&settings.from, &spec));
        let mut labels = Labels {
            generation: old_labels.generation + 1,
            operation: handle.id(),
            image: Some(self.target.reference.clone()),
            spec,
            ..old_labels.clone()
        };
        let ours = matches!(old_labels.started_by, Some(StartedBy::Image | StartedBy::Executor));
        let asked = old_labels.target_port.or_else(|| {
            self.old
                .ports
                .iter()
                .find(|port| port.protocol == "tcp")
                .map(|port| port.container_port)
        });
        // The same image is started as it was.
        let same = self.settings.is_some() && present.image.id == self.old.image_id;
        let (start, port) = if self.service == Service::Executor {
            let scratch = Labels { spec: None, ..labels.clone() }.write();
            let name = self.name().container(Part::Candidate);
            let start = image::executor_start(handle, present, asked, &scratch, &name).await?;
            labels.started_by = Some(StartedBy::Executor);
            if let Some(spec) = &mut labels.spec {
                spec.start_command = String::new();
            }
            let port = start.port;
            (Some(start), port)
        } else if let Service::On(port) = self.service {
            if let Some(spec) = &mut labels.spec {
                spec.target_port = Some(port);
            }
            (None, port)
        } else if ours && !same {
            let scratch = Labels { spec: None, ..labels.clone() }.write();
            let start = image::decide_start(
                handle,
                present,
                &[],
                asked,
                self.health_path(),
                &scratch,
                &self.name().container(Part::Candidate),
            )
            .await?;
            labels.started_by = Some(start.by);
            let port = start.port;
            (Some(start), port)
        } else {
            (None, start::target_port(asked, &present.image.config))
        };
        labels.target_port = Some(port);
        let variables = old_labels.spec.map(|spec| spec.variables).unwrap_or_default();
        Ok(Successor {
            image: present.name.clone(),
            old_image,
            labels: labels.write(),
            start,
            variables,
            port,
            port_before: asked.filter(|_| self.service != Service::AsBefore),
            settings,
        })
    }

    /// A new port may have been taken since it was chosen: better told now than with the old one stopped.
    async fn port_is_free(&self, handle: &Handle) -> Result<(), Stop> {
        let Some(Change { from, to }) = self.settings else { return Ok(()) };
        let own = own_containers(handle.app(), self.row);
        let engine = handle.engine.as_ref();
        match port_problem(engine, self.old, &own, from, to).await {
            Ok(Some(taken)) => Err(taken.into()),
            Ok(None) => Ok(()),
            Err(error) => Err(problem::of_engine(&error).into()),
        }
    }

    /// Runs the new image beside the old one and waits until its service answers.
    async fn prove(&self, handle: &Handle, creation: &Creation, port: u16) -> Result<(), Stop> {
        let engine = handle.engine.as_ref();
        let candidate = recreate::candidate(creation, self.old, port);
        let name = self.name().container(Part::Candidate);
        let about = About { image: &self.row.image, ..About::default() };
        let id = swap::create(engine, &name, &candidate)
            .await
            .map_err(|error| problem::engine_finding(&error, about))?;
        let mut result = self.proven(handle, &id, about).await;
        if let Err(Stop::Failed(problem)) = &mut result {
            let log = finding::last_lines(engine, &id).await;
            if let Some(found) = self.had_to_write(handle, problem, &log) {
                **problem = found;
            }
            handle.set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
        }
        let removed = patiently(|| engine.remove(&id, true, true)).await;
        result?;
        removed.map_err(|error| problem::of_engine(&error))?;
        Ok(())
    }

    /// The candidate ended because what the runtime writes to was read-only for it: that speaks neither
    /// for nor against the image, and the next time it is asked whether to go on without this proof.
    fn had_to_write(&self, handle: &Handle, problem: &Problem, log: &str) -> Option<Problem> {
        let ended =
            problem.finding.as_ref().filter(|found| found.cause == Cause::ContainerExited)?;
        let writable = |mount: &Mount| !mount.read_only && mount.kind != MountKind::Tmpfs;
        if !diagnosis::could_not_write(log) || !self.old.mounts.iter().any(writable) {
            return None;
        }
        lock(&handle.app().write_at_start)
            .entry(self.row.id.clone())
            .or_default()
            .extend(self.target.digests());
        let mut found = diagnosis::describe(Cause::WritesAtStart, About::default());
        found.evidence.clone_from(&ended.evidence);
        Some(Problem::found(found))
    }

    async fn proven(&self, handle: &Handle, id: &str, about: About<'_>) -> Result<(), Stop> {
        let engine = handle.engine.as_ref();
        let candidate = "the candidate";
        let hands = Hands::watch(&handle.engine);
        swap::start_on_any_port(engine, id).await.map_err(|error| match error {
            EngineError::NotFound(words) if words.contains("o such container") => {
                hands::removed_before_start(candidate)
            }
            error => problem::engine_finding(&error, about),
        })?;
        let limit = handle.app().ready_within();
        let ready = proof::stays_ready(handle, id, self.health_path(), limit, proof::STAY);
        let protocol = match handle.or_cancel(ready).await? {
            Ok(protocol) => protocol,
            Err(found) => return Err(hands.or_found(id, candidate, found).await.into()),
        };
        let new = handle.or_cancel(proof::inside(engine, id)).await?;
        let old = if self.old.is_running() {
            handle.or_cancel(proof::inside(engine, &self.old.id)).await?
        } else {
            None
        };
        let answers = if let (Some(old), Some(new)) = (old, new) {
            let changes = package_changes(&old.packages, &new.packages);
            let differ = match changes.len() {
                0 => "It answers. The packages are the same.".to_owned(),
                1 => "It answers. One package differs.".to_owned(),
                count => format!("It answers. {count} packages differ."),
            };
            handle.set(|operation| operation.packages = Some(changes));
            differ
        } else {
            "It answers. Its packages cannot be compared.".to_owned()
        };
        handle.note(answers.clone());
        if protocol == Protocol::Executor && self.flows != Flows::Leave {
            self.flows_fit(handle, id, &answers).await?;
        }
        Ok(())
    }

    /// Looks at the flows that used the runtime in the candidate. What did not fit before is no obstacle, nor
    /// is what cannot be looked at.
    async fn flows_fit(&self, handle: &Handle, id: &str, before: &str) -> Result<(), Stop> {
        let used = used_flows(handle.app(), &self.row.id).await;
        if used.is_empty() {
            return Ok(());
        }
        let engine = handle.engine.as_ref();
        let Ok(candidate) = engine.inspect(id).await else { return Ok(()) };
        let Some(base) = table::endpoint(&candidate) else { return Ok(()) };
        let new = FitContainer { id, base: &base };
        let old = self.row.endpoint.as_deref().filter(|_| self.old.is_running());
        let old = old.map(|base| FitContainer { id: &self.old.id, base });
        let looking = still_fit(handle.app(), used, engine, &new, old.as_ref());
        let found = handle.or_cancel(looking).await?;
        let words = found.words();
        handle.note(format!("{before} {words}").trim().to_owned());
        let Some(finding) = found.finding(self.name().as_str(), &self.target.title()) else {
            return Ok(());
        };
        if self.flows == Flows::Hold {
            return Err(Problem::found(finding).into());
        }
        handle.note(format!("{before} {words} {} You agreed to that.", finding.sentence));
        Ok(())
    }

    /// Waits until no run is active, as far as that can be seen.
    async fn wait_for_runs(&self, handle: &Handle) -> Result<(), Stop> {
        if self.cancel_runs {
            handle.note("Active runs are ended rather than waited for.");
            crate::batches::pause_on(handle.app(), &self.row.id).await;
            crate::flows::cancel_on(handle.app(), &self.row.id).await;
            return Ok(());
        }
        loop {
            handle.check_cancel()?;
            match active_runs(handle.app(), &self.row.id, handle.engine.as_ref(), &self.old.id)
                .await
            {
                ActiveRuns::Known { count: 0 } => {
                    handle.note("No run is active.");
                    return Ok(());
                }
                ActiveRuns::Known { count: 1 } => handle.note("Waiting for one active run."),
                ActiveRuns::Known { count } => {
                    handle.note(format!("Waiting for {count} active runs."));
                }
                ActiveRuns::Unknown => {
                    handle.note("Whether runs are active cannot be seen from outside.");
                    return Ok(());
                }
            }
            handle.or_cancel(tokio::time::sleep(std::time::Duration::from_secs(1))).await?;
        }
    }

    /// Removes every container of this operation but its lock: also one whose create was done though
    /// its answer was lost, which only its label tells.
    async fn remove_what_was_made(
        &self,
        handle: &Handle,
        held: &Held,
        old_is_there: bool,
    ) -> Result<(), EngineError> {
        let engine = handle.engine.as_ref();
        for container in patiently(|| engine.managed()).await? {
            let made = Labels::read(&container.labels)
                .is_some_and(|labels| labels.operation == held.record.operation);
            // One that serves is left: whoever took the operation over has kept it.
            let part = Part::of_container(&container.name).1;
            if made && matches!(part, Part::Candidate | Part::Next) {
                patiently(|| engine.remove(&container.id, true, old_is_there)).await?;
            }
        }
        Ok(())
    }

    /// What the person has after a failure or cancel.
    fn what_stands(&self, handle: &Handle, old: &Container) -> String {
        let (name, before) = (&old.name, shown(self.row));
        match (old.is_running(), handle.has_step(StepKind::PutBack)) {
            (true, true) => format!("{name} runs {before} as before. It was put back."),
            (true, false) => format!("{name} runs {before} as before. It never stopped."),
            (false, _) => format!("{name} is on {before} and stopped, as before."),
        }
    }

    /// The old container, or the one that was made again in its place; `None` = it is gone.
    async fn standing(
        &self,
        handle: &Handle,
        held: &Held,
    ) -> Result<Option<Container>, EngineError> {
        let engine = handle.engine.as_ref();
        match patiently(|| engine.inspect(&held.record.old)).await {
            Err(EngineError::NotFound(_)) => {}
            answer => return answer.map(Some),
        }
        match patiently(|| engine.inspect(self.name().as_str())).await {
            Err(EngineError::NotFound(_)) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// After a failure or cancel: nothing of it stays but the old state.
    pub(super) async fn clean_up(&self, handle: &Handle, held: &Held) {
        let standing = match self.standing(handle, held).await {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(%error, "what a failed operation left cannot be looked at");
                return recover::later(handle.app(), &handle.compute);
            }
        };
        let in_between = standing.as_ref().is_some_and(|standing| {
            let labels = Labels::read(&standing.labels);
            let is_new = labels.is_some_and(|labels| labels.operation == held.record.operation);
            is_new || standing.name == self.name().container(Part::Previous)
        });
        if in_between {
            // It could not be put back: the lock stays, and recovery goes on from it.
            recover::later(handle.app(), &handle.compute);
        } else {
            match self.remove_what_was_made(handle, held, standing.is_some()).await {
                Ok(()) => release(handle, held).await,
                Err(error) => tracing::warn!(%error, "a candidate could not be removed"),
            }
            let stands = match &standing {
                Some(old) => self.what_stands(handle, old),
                None => format!("The container of {} was removed by someone.", self.name()),
            };
            handle.set(|operation| operation.outcome = Some(stands));
        }
        handle.look_at(&held.record.old).await;
        if let Some(standing) = &standing {
            handle.look_at(&standing.id).await;
        }
    }
}

/// The configuration of the image that a container was made from. Where somebody removed the image, its
/// registry still tells it; `Null` when that cannot be had either, and then nothing counts as inherited.
async fn image_config(handle: &Handle, old: &Container) -> Result<Value, EngineError> {
    match handle.engine.image(&old.image_id).await {
        Ok(image) => return Ok(image.config),
        Err(EngineError::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    let exact = Labels::read(&old.labels)
        .and_then(|labels| labels.image)
        .filter(|image| image.digest.is_some());
    let Some(exact) = exact else { return Ok(Value::Null) };
    let platform = Platform::linux(&handle.engine.facts().architecture);
    let (told, _) = resolve::remote(handle.app(), &exact, &platform).await;
    Ok(told.map_or(Value::Null, |image| image.config))
}
