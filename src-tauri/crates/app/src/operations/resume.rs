//! A create that is cut off goes on by itself: as the same operation, until the runtime is available.
//!
//! Before its work begins, the history keeps what was asked for without the values of variables; these
//! wait in the keyring. At the next start every create that did not end is taken up again as soon as
//! its compute is connected, unless another process works on it. What is kept is forgotten once the
//! create has ended and nothing of it has to be removed any more.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    finding::{Problem, ProblemCode},
    image::ImageReference,
    operation::{Cancel, Operation, OperationId, OperationState, Step, StepState},
    resume::remains,
    secret::Secret,
    spec::{RuntimeSpec, Variable},
};
use engine::Engine;
use history::BegunCreate;
use serde::{Deserialize, Serialize};
use vault::VaultState;

use super::{Handle, Running, Stop, conclude, create, image, run, swap, take_on, works_no_more};
use crate::{computes, context::App};

/// What the history keeps of a create.
#[derive(Serialize, Deserialize)]
struct Request {
    /// Its variables have no values.
    spec: RuntimeSpec,
    /// It has values, which wait in the keyring.
    values: bool,
}

/// A create that was cut off.
pub(super) struct CutOff {
    /// What was asked for; its variables have no values.
    pub spec: RuntimeSpec,
    /// The image that it began to pull.
    pub pulling: Option<ImageReference>,
    values: bool,
}

/// The keyring's entry that holds the values of a create's variables.
fn account(operation: &OperationId) -> String {
    format!("values-of-create:{operation}")
}

fn without_values(spec: &RuntimeSpec) -> RuntimeSpec {
    let empty = |variable: &Variable| Variable { value: String::new(), ..variable.clone() };
    RuntimeSpec { variables: spec.variables.iter().map(empty).collect(), ..spec.clone() }
}

/// Keeps what is needed to go on. A create for which that cannot be kept works all the same; it only
/// does not go on by itself.
pub(super) async fn keep(handle: &Handle, spec: &RuntimeSpec) -> Result<(), Stop> {
    let app = handle.app();
    let values: BTreeMap<&str, &str> = spec
        .variables
        .iter()
        .filter(|variable| !variable.value.is_empty())
        .map(|variable| (variable.name.as_str(), variable.value.as_str()))
        .collect();
    let request = Request { spec: without_values(spec), values: !values.is_empty() };
    let request = serde_json::to_value(request)
        .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    let begun = BegunCreate {
        operation: handle.id(),
        process: app.parts.identity.process.clone(),
        request,
        pulling: None,
    };
    if let Err(error) = app.parts.history.keep_begun(&begun).await {
        tracing::warn!(%error, "what a create needs to go on could not be kept");
        return Ok(());
    }
    if values.is_empty() {
        return Ok(());
    }
    let text = serde_json::to_string(&values)
        .map_err(|_| Problem::new(ProblemCode::Internal, "The variables cannot be written."))?;
    // A locked keyring would ask the person for its password: nobody expects that here.
    let kept = handle
        .or_cancel(async {
            app.parts.vault.state().await == VaultState::Available
                && app.parts.vault.keep(&account(&handle.id()), &Secret::new(text)).await.is_ok()
        })
        .await?;
    if !kept {
        handle.note("The keyring cannot keep the values of the variables. If the application ends before this is done, it cannot go on by itself.");
    }
    Ok(())
}

/// A create begins to pull an image that was not on its compute: it is removed if the create fails,
/// also after it was cut off.
pub(super) async fn pulls(handle: &Handle, image: &ImageReference) {
    if let Err(error) = handle.app().parts.history.begun_pulls(&handle.id(), image).await {
        tracing::warn!(%error, "the image of a create could not be kept in the history");
    }
}

/// What was asked for, with the values from the keyring.
pub(super) async fn with_values(handle: &Handle, cut_off: &CutOff) -> Result<RuntimeSpec, Stop> {
    let mut spec = cut_off.spec.clone();
    if !cut_off.values {
        return Ok(spec);
    }
    let name = &spec.name;
    let lost = |why: String| {
        Problem::new(
            ProblemCode::Keyring,
            format!(
                "The creation of {name} was cut off and cannot go on: {why} Nothing of it is left."
            ),
        )
        .hint("Add the runtime again, with the values of its variables.")
    };
    let account = account(&handle.id());
    let values = handle.or_cancel(handle.app().parts.vault.read(&account)).await?;
    let values = match values {
        Ok(Some(values)) => values,
        Ok(None) => {
            return Err(lost("the values of its variables are not in the keyring.".into()).into());
        }
        Err(error) => {
            let why = format!("the values of its variables cannot be read. {error}");
            return Err(lost(why).into());
        }
    };
    let mut values: BTreeMap<String, String> = serde_json::from_str(values.expose())
        .map_err(|_| lost("the values of its variables in the keyring are damaged.".into()))?;
    for variable in &mut spec.variables {
        variable.value = values.remove(&variable.name).unwrap_or_default();
    }
    Ok(spec)
}

/// Takes up every create that was cut off. Gives the operations that are not to be closed: those that
/// were taken up, and those that another process works on.
pub(super) async fn take_up_all(app: &App, begun: Vec<BegunCreate>) -> Vec<OperationId> {
    let mut open = Vec::new();
    for begun in begun {
        let id = begun.operation.clone();
        match take_up(app, begun).await {
            Ok(true) => open.push(id),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "a create that was cut off cannot be taken up now");
                open.push(id);
            }
        }
    }
    open
}

/// `true` = its operation goes on, here or elsewhere.
async fn take_up(app: &App, begun: BegunCreate) -> Result<bool, history::HistoryError> {
    let history = &app.parts.history;
    let id = &begun.operation;
    if !works_no_more(app, &begun.process, id)
        || !history.take_begun(id, &begun.process, &app.parts.identity.process).await?
    {
        return Ok(true);
    }
    let operation = history.operation(id).await?;
    let request = serde_json::from_value::<Request>(begun.request);
    let (Some(operation), Ok(request)) = (operation, request) else {
        forget(app, id).await;
        return Ok(false);
    };
    if operation.state.is_final() {
        // The process ended right after it: only forgetting was left to do.
        tokio::spawn(tidy(app.clone(), operation, begun.pulling));
        return Ok(false);
    }
    let was_cancelled = operation.state == OperationState::Cancelling;
    let Some(subject) = operation.subject() else {
        forget(app, id).await;
        return Ok(false);
    };
    let running = match take_on(app, anew(operation), &subject, None) {
        Ok(running) => running,
        Err(problem) => {
            tracing::warn!(%problem, "a create that was cut off cannot be taken up");
            return Ok(true);
        }
    };
    if was_cancelled {
        running.cancel.cancel();
    }
    let Request { spec, values } = request;
    let cut_off = CutOff { spec, values, pulling: begun.pulling };
    tokio::spawn(wait_and_go_on(app.clone(), running, cut_off));
    Ok(true)
}

/// The operation as it stands before it goes on.
fn anew(operation: Operation) -> Operation {
    let mut steps: Vec<Step> = create::STEPS.into_iter().map(Step::pending).collect();
    if let Some(first) = steps.first_mut() {
        first.state = StepState::Running;
        first.started = Some(crate::context::now());
        first.note = Some(
            "It was cut off when the application ended. It goes on as soon as its compute is connected.".into(),
        );
    }
    let cancelled = operation.state == OperationState::Cancelling;
    Operation {
        steps,
        pull: None,
        cancel: if cancelled { Cancel::No } else { Cancel::Cancel },
        ..operation
    }
}

async fn wait_and_go_on(app: App, running: Arc<Running>, cut_off: CutOff) {
    running.set_waits(true);
    let compute = running.view().compute;
    let engine = tokio::select! {
        biased;
        () = running.cancel.cancelled() => None,
        engine = computes::connected(&app, &compute) => Some(engine),
    };
    running.set_waits(false);
    if let Some(engine) = engine {
        let handle = Handle::new(&app, running, engine);
        run(handle, |handle| create::go_on(handle, cut_off)).await;
        return;
    }
    running.change(&app, true, |operation| {
        operation.outcome = Some(
            "It was cancelled. What it had made is removed as soon as its compute is connected."
                .into(),
        );
    });
    let view = conclude(&app, &running, Err(Stop::Cancelled)).await;
    tidy(app, view, cut_off.pulling).await;
}

/// After the end of a create: forgets what was kept for it, or removes first what it left.
pub(super) async fn after(app: &App, running: &Running) {
    let view = running.view();
    if running.leaves_something() {
        let begun = begun(app, &view.id).await;
        let pulling = begun.and_then(|begun| begun.pulling);
        tokio::spawn(tidy(app.clone(), view, pulling));
    } else {
        forget(app, &view.id).await;
    }
}

/// Removes what a create that ended left on its compute, as soon as that is connected. What cannot be
/// removed then is tried again after the next start.
async fn tidy(app: App, operation: Operation, pulling: Option<ImageReference>) {
    if operation.state != OperationState::Succeeded {
        let engine = computes::connected(&app, &operation.compute).await;
        if let Err(error) = remove_all(engine.as_ref(), &operation.id).await {
            tracing::warn!(%error, "what a create left could not be removed");
            return;
        }
        if let Some(pulling) = pulling {
            image::discard(engine.as_ref(), &pulling).await;
        }
    }
    forget(&app, &operation.id).await;
}

async fn remove_all(engine: &dyn Engine, id: &OperationId) -> Result<(), engine::EngineError> {
    let all = swap::patiently(|| engine.managed()).await?;
    let remains = remains(id, &all);
    for container in remains.whole.into_iter().chain(remains.half_made) {
        swap::patiently(|| engine.remove(&container.id, true, true)).await?;
    }
    Ok(())
}

async fn begun(app: &App, id: &OperationId) -> Option<BegunCreate> {
    let all = app.parts.history.begun().await.unwrap_or_default();
    all.into_iter().find(|begun| begun.operation == *id)
}

/// Forgets what was kept for a create. While the keyring cannot be asked the entry stays, and is
/// forgotten after a later start.
async fn forget(app: &App, id: &OperationId) {
    let Some(begun) = begun(app, id).await else { return };
    let has_values =
        serde_json::from_value::<Request>(begun.request).map_or(true, |request| request.values);
    if has_values {
        let vault = &app.parts.vault;
        if vault.state().await != VaultState::Available {
            return;
        }
        if let Err(error) = vault.forget(&account(id)).await {
            tracing::warn!(%error, "values of variables stay in the keyring until a later start");
            return;
        }
    }
    if let Err(error) = app.parts.history.forget_begun(id).await {
        tracing::warn!(%error, "what was kept of a create could not be forgotten");
    }
}

/// Whether another living process works on a create.
pub(super) async fn is_another_ones(app: &App, id: &OperationId) -> bool {
    begun(app, id).await.is_some_and(|begun| {
        begun.process != app.parts.identity.process && !works_no_more(app, &begun.process, id)
    })
}
