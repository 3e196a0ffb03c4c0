//! Create: resolve → pull → look into the image → create → start → wait for health. Nothing is left
//! after a cancel or a failure. One that is cut off goes on by itself (see [`super::resume`]).

use domain::{
    container::Container,
    diagnosis::About,
    finding::Problem,
    first::{self, Additions},
    image::ImageReference,
    label::Labels,
    name::Part,
    operation::{OperationId, OperationKind, StepKind, Subject},
    resume::remains,
    runtime::RuntimeId,
    spec::{RecordedSpec, RuntimeSpec},
};
use engine::EngineError;

use super::{
    Handle, Outcome, Plan, Stop, begin, image, proof,
    resume::{self, CutOff},
    swap,
};
use crate::{api::OfDraft, context::App, finding, problem, resolve, wizard};

pub(super) const STEPS: [StepKind; 7] = [
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
    let spec = wizard::spec(app, &request)?;
    let plan = Plan {
        kind: OperationKind::Create,
        subject: Subject::Runtime(RuntimeId(uuid::Uuid::new_v4().to_string())),
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
    handle.step(StepKind::Check);
    resume::keep(&handle, &spec).await?;
    let mut made = Made::default();
    let result = make(&handle, &spec, &mut made).await;
    leave_nothing(&handle, result, &made).await
}

/// Goes on with a create that was cut off, whatever it had made.
pub(super) async fn go_on(handle: Handle, cut_off: CutOff) -> Outcome {
    handle.step(StepKind::Check);
    handle.note("It was cut off when the application ended, and goes on by itself.");
    let mut made = Made { began: true, pulling: cut_off.pulling.clone(), ..Made::default() };
    let result = make_the_rest(&handle, &cut_off, &mut made).await;
    leave_nothing(&handle, result, &made).await
}

/// What was made so far.
#[derive(Default)]
struct Made {
    /// Something may be there.
    began: bool,
    /// The image that was not on the compute before.
    pulling: Option<ImageReference>,
    container: Option<String>,
}

/// After a failure or a cancel everything that was made is removed.
async fn leave_nothing(handle: &Handle, result: Outcome, made: &Made) -> Outcome {
    let Err(stop) = &result else { return result };
    if !made.began {
        return result;
    }
    handle.stopped(stop);
    handle.step(StepKind::CleanUp);
    remove_what_was_made(handle, stop, made.container.as_deref()).await;
    if let Some(pulled) = &made.pulling
        && !image::is_fine(stop)
    {
        image::discard(handle.engine.as_ref(), pulled).await;
    }
    result
}

async fn make(handle: &Handle, spec: &RuntimeSpec, made: &mut Made) -> Outcome {
    let engine = handle.engine.as_ref();
    let neighbours =
        handle.or_cancel(engine.neighbours()).await?.map_err(|error| problem::of_engine(&error))?;
    if let Some(holder) = wizard::name_holder(&neighbours, &spec.name) {
        return Err(wizard::name_taken(&spec.name, holder).into());
    }

    handle.step(StepKind::Resolve);
    let target =
        handle.or_cancel(resolve::resolve(handle.app(), engine, &spec.environment)).await??;
    handle.note(target.title());
    let digest = target.digest();
    handle.set(|operation| {
        operation.to = Some(target.title());
        operation.to_digest = Some(digest);
    });
    made.began = true;
    // What was begun to be pulled before the application ended may be another image than now.
    if let Some(before) = made.pulling.take_if(|before| before.digest != target.reference.digest) {
        image::discard(engine, &before).await;
    }
    if target.local.is_none() {
        resume::pulls(handle, &target.reference).await;
        made.pulling = Some(target.reference.clone());
    }
    on_image(handle, spec, &target, made).await
}

/// What is whole is gone on with; what is half-made is removed and made anew.
async fn make_the_rest(handle: &Handle, cut_off: &CutOff, made: &mut Made) -> Outcome {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    let all = handle.or_cancel(swap::patiently(|| engine.managed())).await?.map_err(refused)?;
    let remains = remains(&handle.id(), &all);
    for half_made in remains.half_made {
        swap::patiently(|| engine.remove(&half_made.id, true, true)).await.map_err(refused)?;
    }
    if let Some(whole) = remains.whole
        && let Some(outcome) = go_on_with(handle, &cut_off.spec, whole, made).await?
    {
        return Ok(outcome);
    }
    let spec = resume::with_values(handle, cut_off).await?;
    make(handle, &spec, made).await
}

/// Starts the container that is there and waits for it. `None` = it has to be made anew.
async fn go_on_with(
    handle: &Handle,
    spec: &RuntimeSpec,
    whole: &Container,
    made: &mut Made,
) -> Result<Option<String>, Stop> {
    let engine = handle.engine.as_ref();
    made.container = Some(whole.id.clone());
    let image = Labels::read(&whole.labels).and_then(|labels| labels.image);
    let title = image.as_ref().map_or_else(
        || whole.image_reference.clone(),
        |image| image.version().map_or_else(|| image.to_string(), |version| version.to_string()),
    );
    if !whole.is_running()
        && let Err(error) = handle.or_cancel(engine.start(&whole.id)).await?
    {
        let additions = Additions::of(engine.facts());
        if additions.without_refused(&error.words(), true).is_some() {
            engine
                .remove(&whole.id, true, true)
                .await
                .map_err(|error| problem::of_engine(&error))?;
            made.container = None;
            return Ok(None);
        }
        let about = About { image: &title, port: spec.host_port, ..About::default() };
        return Err(not_started(handle, spec, &whole.id, &error, about).await.into());
    }
    handle.set(|operation| {
        operation.to = Some(title);
        operation.to_digest = image.and_then(|image| image.digest).map(|digest| digest.to_string());
    });
    for done in [StepKind::Resolve, StepKind::Pull, StepKind::Inspect, StepKind::Create] {
        handle.skip(done, "It was done before the application ended.");
    }
    handle.step(StepKind::Start);
    available(handle, spec, &whole.name, &whole.id).await.map(Some)
}

/// Removes every container of this operation: also one whose create was done though its answer was
/// lost, which only its label tells.
async fn remove_what_was_made(handle: &Handle, stop: &Stop, known: Option<&str>) {
    let engine = handle.engine.as_ref();
    let all = match swap::patiently(|| engine.managed()).await {
        Ok(all) => all,
        Err(error) => {
            tracing::warn!(%error, "what a failed create left cannot be looked for");
            handle.leave_something();
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
            handle.leave_something();
        }
    }
}

async fn on_image(
    handle: &Handle,
    spec: &RuntimeSpec,
    target: &resolve::Target,
    made: &mut Made,
) -> Outcome {
    let engine = handle.engine.as_ref();
    let present = image::pull(handle, target).await?;

    handle.step(StepKind::Inspect);
    let mut labels = Labels {
        runtime: handle.runtime(),
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
        &present,
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
    let about = About {
        image: &target.title(),
        registry: target.reference.repository.host(),
        port: spec.host_port,
        architecture: &engine.facts().architecture,
        ..About::default()
    };
    let name = spec.name.container(Part::Serving);
    let (labels, entry) = (labels.write(), start.entry.as_deref());
    let mut additions = Additions::of(engine.facts());
    let id = loop {
        let body = first::body(spec, &present.name, &labels, start.port, entry, additions);
        let id = match engine.create(&name, &body).await {
            Ok(id) => id,
            Err(error) => {
                let fewer = additions.without_refused(&error.words(), false);
                additions = fewer.ok_or_else(|| problem::engine_finding(&error, about))?;
                continue;
            }
        };
        made.container = Some(id.clone());
        handle.look_at(&id).await;

        handle.step(StepKind::Start);
        handle.check_cancel()?;
        let Err(error) = engine.start(&id).await else { break id };
        let Some(fewer) = additions.without_refused(&error.words(), true) else {
            return Err(not_started(handle, spec, &id, &error, about).await.into());
        };
        engine.remove(&id, true, true).await.map_err(|error| problem::of_engine(&error))?;
        made.container = None;
        additions = fewer;
    };
    available(handle, spec, &name, &id).await
}

/// Why a container did not start, with who holds its port and which one is free.
async fn not_started(
    handle: &Handle,
    spec: &RuntimeSpec,
    id: &str,
    error: &EngineError,
    about: About<'_>,
) -> Problem {
    let engine = handle.engine.as_ref();
    let holder = finding::holder_of(engine, spec.host_port, id).await;
    let free_port = wizard::free_port(engine).await;
    problem::engine_finding(error, About { port_holder: holder.as_deref(), free_port, ..about })
}

/// Waits until the service of a started container answers, and goes on answering.
async fn available(handle: &Handle, spec: &RuntimeSpec, name: &str, id: &str) -> Outcome {
    handle.look_at(id).await;
    handle.step(StepKind::WaitForHealth);
    let path = RecordedSpec::of(spec);
    let limit = handle.app().ready_within();
    let ready = proof::stays_ready(handle, id, path.health_path(), limit, proof::STAY);
    handle.or_cancel(ready).await?.map_err(Problem::found)?;
    handle.look_at(id).await;
    Ok(format!("{name} is available."))
}
