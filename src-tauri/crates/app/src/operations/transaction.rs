//! The transaction of an update: pull, prove beside the running container, switch over; after a failure
//! nothing of it stays.

use domain::{
    container::Container,
    diagnosis::About,
    finding::Problem,
    label::Labels,
    name::{Part, RuntimeName},
    operation::{StepKind, package_changes},
    recreate::{self, Changes, Creation},
    runtime::Runtime,
    spec::Environment,
    start::{self, StartedBy},
};
use engine::{Engine, EngineError};
use serde_json::Value;

use super::{Handle, Outcome, Stop, image, preview::active_runs, proof, swap, update::shown};
use crate::{api::ActiveRuns, finding, problem, resolve::Target};

/// One update of one container, under its lock.
pub(super) struct Transaction<'a> {
    pub row: &'a Runtime,
    pub old: &'a Container,
    pub target: &'a Target,
    /// What the spec says from now on.
    pub environment: Option<Environment>,
    pub cancel_runs: bool,
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
        held: &swap::Held,
        cannot_prove: &[String],
    ) -> Outcome {
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
            (true, true) => format!("{name} runs {before} as before. It was put back."),
            (true, false) => format!("{name} runs {before} as before. It never stopped."),
            (false, _) => format!("{name} is on {before} and stopped, as before."),
        }
    }

    /// After a failure or cancel: nothing of it stays but the old state.
    pub(super) async fn clean_up(&self, handle: &Handle, held: &swap::Held) {
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

/// The lowest image configuration that can be had for a container: `Null` when its image is gone.
async fn image_config(engine: &dyn Engine, image_id: &str) -> Result<Value, EngineError> {
    match engine.image(image_id).await {
        Ok(image) => Ok(image.config),
        Err(EngineError::NotFound(_)) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}
