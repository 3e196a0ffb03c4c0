//! Update and roll back: prove the new image beside the running container, then switch over.

use domain::{
    container::Container,
    diagnosis::About,
    finding::{Problem, ProblemCode},
    image::{Digest, ImageReference},
    label::Labels,
    name::{Part, RuntimeName},
    operation::{OperationId, OperationKind, StepKind, package_changes},
    recovery::Parts,
    recreate::{self, Changes, Creation},
    runtime::{Runtime, RuntimeId},
    spec::Environment,
    start::{self, StartedBy},
};
use engine::{Engine, EngineError};
use serde_json::Value;

use super::{
    Handle, Outcome, Plan, Stop, begin, image, not_held,
    preview::{active_runs, all_containers, doubts, unproven},
    proof, row, swap,
};
use crate::{
    api::{ActiveRuns, UpdateRuntime},
    context::{App, lock},
    finding, problem,
    resolve::{self, Target},
};

const STEPS: [StepKind; 9] = [
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

/// What an update goes to.
enum Aim {
    Environment {
        environment: Environment,
        confirmed: bool,
        cancel_runs: bool,
    },
    /// The image of the kept previous container.
    Previous(Box<Container>),
}

/// Starts an update.
pub(crate) fn update(app: &App, request: UpdateRuntime) -> Result<OperationId, Problem> {
    let row = row(app, &request.runtime)?;
    not_held(&row)?;
    let environment = resolve::parse(app, &request.environment)?;
    let mut plan = Plan::on(OperationKind::Update, &row, &STEPS);
    plan.from = Some(shown(&row));
    let aim = Aim::Environment {
        environment,
        confirmed: request.confirmed,
        cancel_runs: request.cancel_runs,
    };
    begin(app, plan, |handle| work(handle, row, aim))
}

/// Starts to go back to the image of the kept previous container.
pub(crate) fn roll_back(app: &App, id: &RuntimeId) -> Result<OperationId, Problem> {
    let row = row(app, id)?;
    not_held(&row)?;
    let containers = lock(&app.table).containers_of(&row.compute, id);
    let previous = Parts::of(&containers).previous.cloned().ok_or_else(|| {
        Problem::new(
            ProblemCode::NotFound,
            "No previous container is kept, so there is nothing to go back to.",
        )
        .hint("Update to the version that you want instead.")
    })?;
    let mut plan = Plan::on(OperationKind::RollBack, &row, &STEPS);
    plan.from = Some(shown(&row));
    begin(app, plan, |handle| work(handle, row, Aim::Previous(Box::new(previous))))
}

fn shown(row: &Runtime) -> String {
    row.version.map_or_else(|| row.image.clone(), |version| version.to_string())
}

/// The lowest image configuration that can be had for a container: `Null` when its image is gone.
async fn image_config(engine: &dyn Engine, image_id: &str) -> Result<Value, EngineError> {
    match engine.image(image_id).await {
        Ok(image) => Ok(image.config),
        Err(EngineError::NotFound(_)) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

async fn work(handle: Handle, row: Runtime, aim: Aim) -> Outcome {
    let engine = handle.engine.clone();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    handle.step(StepKind::Resolve);
    let old = engine.inspect(&row.container_id).await.map_err(refused)?;
    if old.name != row.name.as_str() {
        return Err(problem::not_found("The container of this name").into());
    }
    let others = all_containers(engine.as_ref()).await.map_err(refused)?;
    if let Some(refusal) = recreate::refusals(&old, &others).into_iter().next() {
        return Err(refusal.into());
    }
    let (target, environment, confirmed, cancel_runs) = match aim {
        Aim::Environment { environment, confirmed, cancel_runs } => {
            let target = handle
                .or_cancel(resolve::resolve(handle.app(), engine.as_ref(), &environment))
                .await??;
            (target, Some(environment), confirmed, cancel_runs)
        }
        Aim::Previous(previous) => {
            let target = previous_image(handle.app(), engine.as_ref(), &previous).await?;
            let environment = Labels::read(&previous.labels)
                .and_then(|labels| labels.spec)
                .map(|spec| spec.environment);
            (target, environment, true, false)
        }
    };
    let rolling_back = handle.kind() == OperationKind::RollBack;
    handle.note(target.title());
    let digest = target.digest();
    handle.set(|operation| {
        operation.to = Some(target.title());
        operation.to_digest = Some(digest);
        operation.from_digest = Some(row.digest.clone());
    });
    let cannot_prove = recreate::cannot_prove(&old, None);
    let mut open_questions = doubts(handle.app(), &target).await;
    if old.is_running() {
        open_questions.extend(unproven(&cannot_prove));
    }
    if let Some(doubt) = open_questions.into_iter().next()
        && !confirmed
    {
        return Err(doubt
            .hint("Choose another version, or confirm that you want this one.")
            .into());
    }

    handle.step(StepKind::Lock);
    let ours = lock(&handle.app().table).containers_of(&row.compute, &row.id);
    let older = Parts::of(&ours).previous.map(|container| container.id.clone());
    let held =
        swap::take_lock(&handle, &row.name, &old, older, &target.digest(), &old.image_id).await?;
    let transaction =
        Transaction { row: &row, old: &old, target: &target, environment, cancel_runs };
    let result = transaction.go(&handle, &held, &cannot_prove).await;
    match result {
        Ok(outcome) => {
            if rolling_back && let Ok(digest) = Digest::parse(&row.digest) {
                remember_bad(handle.app(), &digest, "It was rolled back.").await;
            }
            Ok(outcome)
        }
        Err(stop) => {
            transaction.clean_up(&handle, &held).await;
            transaction.say_what_stands(&handle).await;
            if let Stop::Failed(problem) = &stop
                && let Some(finding) =
                    problem.finding.as_ref().filter(|finding| swap::blames_image(finding))
            {
                for digest in target.digests() {
                    remember_bad(handle.app(), &digest, &finding.sentence).await;
                }
            }
            Err(stop)
        }
    }
}

async fn remember_bad(app: &App, digest: &Digest, why: &str) {
    if let Err(error) = app.parts.history.bad_digest(digest, why, crate::context::now()).await {
        tracing::warn!(%error, "a bad digest could not be written to the history");
    }
}

/// The image of the previous container: on the compute, else from where it came by its digest.
async fn previous_image(
    app: &App,
    engine: &dyn Engine,
    previous: &Container,
) -> Result<Target, Stop> {
    let labels = Labels::read(&previous.labels);
    let reference = labels
        .and_then(|labels| labels.image)
        .or_else(|| ImageReference::parse(&previous.image_reference).ok());
    match (engine.image(&previous.image_id).await, reference) {
        (Ok(local), Some(reference)) => Ok(Target {
            reference,
            remote: None,
            local: Some(local),
            download_size: 0,
            login: None,
        }),
        (Err(EngineError::NotFound(_)), Some(reference)) => {
            Ok(resolve::image(app, engine, &reference).await?)
        }
        (Err(error), _) => Err(problem::of_engine(&error).into()),
        (_, None) => Err(problem::not_found("The image of the previous container").into()),
    }
}

struct Transaction<'a> {
    row: &'a Runtime,
    old: &'a Container,
    target: &'a Target,
    /// What the spec says from now on.
    environment: Option<Environment>,
    cancel_runs: bool,
}

impl Transaction<'_> {
    fn name(&self) -> &RuntimeName {
        &self.row.name
    }

    fn health_path(&self) -> &str {
        self.row.spec.as_ref().map_or("/health", |spec| spec.health_path())
    }

    async fn go(&self, handle: &Handle, held: &swap::Held, cannot_prove: &[String]) -> Outcome {
        let present = image::pull(handle, self.target).await?;
        swap::still_held(handle, held).await?;
        handle.step(StepKind::Inspect);
        let (creation, port) = self.successor(handle, &present).await?;

        if cannot_prove.is_empty() {
            handle.step(StepKind::Prove);
            self.prove(handle, &creation, port).await?;
        } else {
            handle.skip(StepKind::Prove, &cannot_prove.join(" "));
        }
        if self.old.is_running() {
            handle.step(StepKind::WaitForRuns);
            self.wait_for_runs(handle).await?;
        } else {
            handle.skip(StepKind::WaitForRuns, "It is stopped.");
        }
        handle.step(StepKind::SwitchOver);
        let switched =
            swap::switch_over(handle, self.name(), self.old, held, &creation, self.health_path())
                .await?;
        handle.set(|operation| operation.without_service = switched.without_service);
        let mut outcome = format!("{} runs {}.", self.name(), self.target.title());
        if !self.old.is_running() {
            outcome = format!("{} is on {} and still stopped.", self.name(), self.target.title());
        }
        if switched.old_removed {
            outcome.push_str(" The previous container was removed, because this engine cannot keep it from starting again.");
        }
        Ok(outcome)
    }

    /// The container that takes over, and the port inside.
    async fn successor(
        &self,
        handle: &Handle,
        present: &image::Present,
    ) -> Result<(Creation, u16), Stop> {
        let engine = handle.engine.as_ref();
        let old_image = image_config(engine, &self.old.image_id)
            .await
            .map_err(|error| problem::of_engine(&error))?;
        let old_labels = Labels::read(&self.old.labels)
            .ok_or_else(|| problem::not_found("The runtime's label"))?;
        let mut spec = old_labels.spec.clone();
        if let (Some(spec), Some(environment)) = (&mut spec, &self.environment) {
            spec.environment = environment.clone();
        }
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
        let (start, port) = if ours {
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
            (Some(start.entry), start.port)
        } else {
            (None, start::target_port(asked, &present.image.config))
        };
        labels.target_port = Some(port);
        let variables = old_labels.spec.map(|spec| spec.variables).unwrap_or_default();
        let changes = Changes {
            image: &present.name,
            labels: labels.write(),
            start,
            variables_of_person: &variables,
        };
        Ok((recreate::successor(self.old, &old_image, &changes), port))
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
        let result = self.proven(handle, &id, about).await;
        if matches!(result, Err(Stop::Failed(_))) {
            let log = finding::last_lines(engine, &id).await;
            handle.set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
        }
        let removed = swap::patiently(|| engine.remove(&id, true, true)).await;
        result?;
        removed.map_err(|error| problem::of_engine(&error))?;
        Ok(())
    }

    async fn proven(&self, handle: &Handle, id: &str, about: About<'_>) -> Result<(), Stop> {
        let engine = handle.engine.as_ref();
        swap::start_on_any_port(engine, id)
            .await
            .map_err(|error| problem::engine_finding(&error, about))?;
        let limit = handle.app().ready_within();
        let ready = proof::stays_ready(handle, id, self.health_path(), limit, proof::STAY);
        handle.or_cancel(ready).await?.map_err(Problem::found)?;
        let new = handle.or_cancel(proof::inside(engine, id)).await?;
        let old = if self.old.is_running() {
            handle.or_cancel(proof::inside(engine, &self.old.id)).await?
        } else {
            None
        };
        if let (Some(old), Some(new)) = (old, new) {
            let changes = package_changes(&old.packages, &new.packages);
            handle.note(match changes.len() {
                0 => "It answers. The packages are the same.".to_owned(),
                1 => "It answers. One package differs.".to_owned(),
                count => format!("It answers. {count} packages differ."),
            });
            handle.set(|operation| operation.packages = Some(changes));
        } else {
            handle.note("It answers. Its packages cannot be compared.");
        }
        Ok(())
    }

    /// Waits until no run is active, as far as that can be seen.
    async fn wait_for_runs(&self, handle: &Handle) -> Result<(), Stop> {
        if self.cancel_runs {
            handle.note("Active runs are not waited for.");
            return Ok(());
        }
        loop {
            handle.check_cancel()?;
            match active_runs(handle.engine.as_ref(), &self.old.id).await {
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
        held: &swap::Held,
    ) -> Result<(), EngineError> {
        let engine = handle.engine.as_ref();
        for container in swap::patiently(|| engine.managed()).await? {
            let made = Labels::read(&container.labels)
                .is_some_and(|labels| labels.operation == held.record.operation);
            let is_old = container.id == held.record.old;
            if made && !is_old && Part::of_container(&container.name).1 != Part::Lock {
                swap::patiently(|| engine.remove(&container.id, true, true)).await?;
            }
        }
        Ok(())
    }

    /// What the person has after a failure or cancel.
    fn what_stands(&self, handle: &Handle, running: bool) -> String {
        let (name, before) = (self.name(), shown(self.row));
        match (running, handle.has_step(StepKind::PutBack)) {
            (true, true) => format!("{name} was put back and runs {before} again."),
            (true, false) => format!("{name} runs {before} as before. It never stopped."),
            (false, _) => format!("{name} is on {before} as before, and stopped."),
        }
    }

    /// After a failure: tells that the old container is there as before, once the engine has said so.
    async fn say_what_stands(&self, handle: &Handle) {
        let Ok(now) = handle.engine.inspect(&self.old.id).await else { return };
        if now.name != self.name().as_str() || now.is_running() != self.old.is_running() {
            return;
        }
        let (name, version) = (self.name(), shown(self.row));
        handle.set(|operation| {
            operation.outcome = Some(if now.is_running() {
                format!("{name} runs {version} as before.")
            } else {
                format!("{name} is on {version} and stopped, as before.")
            });
        });
    }

    /// After a failure or cancel: nothing of it stays but the old state.
    async fn clean_up(&self, handle: &Handle, held: &swap::Held) {
        let engine = handle.engine.as_ref();
        if let Err(EngineError::NotFound(_)) = engine.inspect(&held.id).await {
            // Someone took the operation over: what is there now is theirs.
            return;
        }
        // The lock stays when the old one could not be put back: recovery goes on from it.
        match swap::patiently(|| engine.inspect(&held.record.old)).await {
            Ok(old) if old.name == self.name().as_str() => {
                match self.remove_what_was_made(handle, held).await {
                    Ok(()) => swap::release(handle, held).await,
                    Err(error) => tracing::warn!(%error, "a candidate could not be removed"),
                }
                let stands = self.what_stands(handle, old.is_running());
                handle.set(|operation| operation.outcome = Some(stands));
            }
            Err(EngineError::NotFound(_)) => swap::release(handle, held).await,
            _ => {}
        }
        handle.look_at(&held.record.old).await;
    }
}
