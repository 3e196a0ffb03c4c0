//! Create: resolve → pull → look into the image → create → start → wait for health. Nothing is left
//! after a cancel or a failure.

use domain::{
    diagnosis::About,
    finding::{Cause, Problem},
    first,
    label::Labels,
    name::Part,
    operation::{OperationId, OperationKind, StepKind},
    runtime::RuntimeId,
    spec::{RecordedSpec, RuntimeSpec},
};

use super::{Handle, Outcome, Plan, Stop, begin, image, proof, swap};
use crate::{api::OfDraft, context::App, finding, problem, resolve, wizard};

const STEPS: [StepKind; 7] = [
    StepKind::Check,
    StepKind::Resolve,
    StepKind::Pull,
    StepKind::Inspect,
    StepKind::Create,
    StepKind::Start,
    StepKind::WaitForHealth,
];

/// Starts to create a runtime. Bad input is refused before anything happens.
pub(crate) async fn create(app: &App, request: OfDraft) -> Result<OperationId, Problem> {
    let problems = wizard::check(app, &request).await.problems;
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let spec = wizard::spec(app, &request.draft)?;
    let plan = Plan {
        kind: OperationKind::Create,
        runtime: RuntimeId(uuid::Uuid::new_v4().to_string()),
        name: spec.name.to_string(),
        compute: request.compute,
        steps: STEPS.to_vec(),
        from: None,
        to: None,
        started_by: None,
    };
    begin(app, plan, |handle| work(handle, spec))
}

async fn work(handle: Handle, spec: RuntimeSpec) -> Outcome {
    let engine = handle.engine.clone();
    handle.step(StepKind::Check);
    let neighbours =
        handle.or_cancel(engine.neighbours()).await?.map_err(|error| problem::of_engine(&error))?;
    if neighbours.iter().any(|other| other.name == spec.name.as_str()) {
        return Err(wizard::name_taken(&spec.name).into());
    }

    handle.step(StepKind::Resolve);
    let target = handle
        .or_cancel(resolve::resolve(handle.app(), engine.as_ref(), &spec.environment))
        .await??;
    handle.note(target.title());
    let digest = target.digest();
    handle.set(|operation| {
        operation.to = Some(target.title());
        operation.to_digest = Some(digest);
    });

    let mut made = Made::default();
    let result = on_image(&handle, &spec, &target, &mut made).await;
    if let Err(stop) = &result {
        handle.stopped(stop);
        handle.step(StepKind::CleanUp);
        remove_what_was_made(&handle, stop, made.container.as_deref()).await;
        // An image that is fine is kept for the next try: only the port or a mount was wrong.
        let image_is_fine = matches!(stop, Stop::Failed(problem) if problem.finding.as_ref().is_some_and(|finding| {
            matches!(finding.cause, Cause::PortTaken | Cause::NameTaken | Cause::MountMissing | Cause::NetworkGone)
        }));
        if !image_is_fine {
            image::discard(engine.as_ref(), &target, made.present.as_ref()).await;
        }
    }
    result
}

/// Removes every container of this operation: also one whose create was done though its answer was
/// lost, which only its label tells.
async fn remove_what_was_made(handle: &Handle, stop: &Stop, known: Option<&str>) {
    let engine = handle.engine.as_ref();
    let all = match swap::patiently(|| engine.managed()).await {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!(%error, "what a failed create left cannot be looked for");
            vec![]
        }
    };
    let ours = all.into_iter().filter(|container| {
        Labels::read(&container.labels).is_some_and(|labels| labels.operation == handle.id())
    });
    let mut left: Vec<String> = ours.map(|container| container.id).collect();
    if let Some(known) = known
        && !left.iter().any(|id| id == known)
    {
        left.push(known.to_owned());
    }
    for id in left {
        if matches!(stop, Stop::Failed(_)) && known == Some(id.as_str()) {
            let log = finding::last_lines(engine, &id).await;
            handle.set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
        }
        if let Err(error) = swap::patiently(|| engine.remove(&id, true, true)).await {
            tracing::warn!(%error, "a container of a failed create could not be removed");
        }
    }
}

/// What was made so far.
#[derive(Default)]
struct Made {
    present: Option<image::Present>,
    container: Option<String>,
}

async fn on_image(
    handle: &Handle,
    spec: &RuntimeSpec,
    target: &resolve::Target,
    made: &mut Made,
) -> Outcome {
    let engine = handle.engine.as_ref();
    let present = made.present.insert(image::pull(handle, target).await?);

    handle.step(StepKind::Inspect);
    let mut labels = Labels {
        runtime: handle.runtime.clone(),
        generation: 1,
        operation: handle.id(),
        creator: handle.app().parts.identity.creator.clone(),
        started_by: None,
        image: Some(target.reference.clone()),
        target_port: None,
        spec: None,
    };
    let recorded = RecordedSpec::of(spec);
    let start = image::decide_start(
        handle,
        present,
        &image::words(&spec.start_command)?,
        spec.target_port,
        recorded.health_path(),
        &labels.write(),
        &spec.name.container(Part::Candidate),
    )
    .await?;
    labels.started_by = Some(start.by);
    labels.target_port = Some(start.port);
    labels.spec = Some(recorded.clone());

    handle.step(StepKind::Create);
    let body = |init| {
        first::body(spec, &present.name, &labels.write(), start.port, start.entry.as_deref(), init)
    };
    let about = About {
        image: &target.title(),
        registry: target.reference.repository.host(),
        port: spec.host_port,
        architecture: &engine.facts().architecture,
        ..About::default()
    };
    let name = spec.name.container(Part::Serving);
    let created = match engine.create(&name, &body(true)).await {
        Ok(id) => Ok(id),
        // Podman without an init program refuses at create; Docker always has one.
        Err(error) if error.words().to_lowercase().contains("init") => {
            engine.create(&name, &body(false)).await
        }
        Err(error) => Err(error),
    };
    let id = created.map_err(|error| problem::engine_finding(&error, about))?;
    made.container = Some(id.clone());
    handle.look_at(&id).await;

    handle.step(StepKind::Start);
    handle.check_cancel()?;
    if let Err(error) = engine.start(&id).await {
        let words = error.words();
        if words.to_lowercase().contains("init") && words.contains("not found") {
            // The engine accepted an init that it does not have: without one it starts.
            engine.remove(&id, true, true).await.map_err(|error| problem::of_engine(&error))?;
            let id = engine
                .create(&name, &body(false))
                .await
                .map_err(|error| problem::engine_finding(&error, about))?;
            made.container = Some(id.clone());
            engine.start(&id).await.map_err(|error| problem::engine_finding(&error, about))?;
        } else {
            let holder = finding::holder_of(engine, spec.host_port, &id).await;
            let free = wizard::free_port(engine).await;
            let about = About { port_holder: holder.as_deref(), free_port: free, ..about };
            return Err(problem::engine_finding(&error, about).into());
        }
    }
    let id = made.container.clone().unwrap_or(id);
    handle.look_at(&id).await;

    handle.step(StepKind::WaitForHealth);
    let limit = handle.app().ready_within();
    let ready = proof::stays_ready(handle, &id, recorded.health_path(), limit, proof::STAY);
    handle.or_cancel(ready).await?.map_err(Problem::found)?;
    handle.look_at(&id).await;
    Ok(format!("{} is available.", spec.name))
}
