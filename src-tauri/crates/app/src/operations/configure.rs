//! Changes of a runtime's settings: in place where the running container can take them, otherwise by
//! the transaction of an update, on the image that it has.

use domain::{
    configuration::{ChangedSetting, Configuration, SettingChange},
    finding::{Problem, ProblemCode},
    label::Purpose,
    operation::{OperationId, OperationKind, StepKind},
    recovery::Parts,
    recreate,
};
use engine::EngineError;
use serde_json::json;

use super::{
    Handle, Outcome, Plan, Stop, begin, hands, held, image, not_held,
    preview::{all_containers, unproven},
    transaction::{Change, Flows, STEPS, Service, Transaction},
    update::image_of,
};
use crate::{
    api::{ChangeConfiguration, ManageRuntime, OfConfiguration},
    configuration::{self as settings, Current},
    context::{App, lock},
    descriptions, problem, table,
};

/// What was decided.
struct Decision {
    to: Configuration,
    confirmed: bool,
    cancel_runs: bool,
}

/// Starts a change of settings. Bad input, and a state that is another one by now, are refused before
/// anything happens.
pub(crate) async fn change_configuration(
    app: &App,
    request: ChangeConfiguration,
) -> Result<OperationId, Problem> {
    let ChangeConfiguration { runtime, based_on, draft, confirmed, cancel_runs } = request;
    let request = OfConfiguration { runtime, based_on, draft };
    let (current, to, changes) = settings::accepted(app, &request).await?;
    not_held(&current.row)?;
    let change = if settings::replaces(&changes) { &STEPS[..] } else { &[StepKind::ChangeInPlace] };
    let steps = [&[StepKind::Check][..], change].concat();
    let plan = Plan::on(OperationKind::Reconfigure, &current.row, &steps);
    let decision = Decision { to, confirmed, cancel_runs };
    let based_on = request.based_on;
    begin(app, plan, |handle| work(handle, decision, based_on))
}

async fn work(handle: Handle, decision: Decision, based_on: String) -> Outcome {
    let engine = handle.engine.clone();
    handle.step(StepKind::Check);
    let runtime = handle.runtime();
    // Somebody may have been at it since it was asked for: from here on the runtime is this operation's.
    let current = settings::current(handle.app(), engine.as_ref(), &runtime).await?;
    settings::changed_meanwhile(&current, &based_on)?;
    let changes = settings::changes(engine.as_ref(), &current.settings, &decision.to);
    if !settings::replaces(&changes) {
        if let Some(outcome) = in_place(&handle, &current, &decision.to, &changes).await? {
            return Ok(outcome);
        }
        handle.skip(StepKind::ChangeInPlace, "This engine cannot.");
    }
    replace(&handle, &current, &decision, &changes).await
}

/// Starts to make an adopted container fully ours: one with the same image and settings takes its place.
pub(crate) fn manage(app: &App, request: ManageRuntime) -> Result<OperationId, Problem> {
    let row = super::row(app, &request.runtime)?;
    not_held(&row)?;
    if row.adopted.is_none() {
        return Err(Problem::new(
            ProblemCode::ChangedMeanwhile,
            format!("{} is fully managed already.", row.name),
        ));
    }
    let steps = [&[StepKind::Check][..], &STEPS].concat();
    let plan = Plan::on(OperationKind::Manage, &row, &steps);
    begin(app, plan, move |handle| async move {
        handle.step(StepKind::Check);
        let engine = handle.engine.clone();
        let current = settings::current(handle.app(), engine.as_ref(), &request.runtime).await?;
        let decision = Decision {
            to: current.settings.clone(),
            confirmed: request.confirmed,
            cancel_runs: request.cancel_runs,
        };
        replace(&handle, &current, &decision, &[]).await
    })
}

/// Changes what the container can take as it is, all of it or nothing. `None` = this engine cannot, so
/// that the container has to be replaced.
async fn in_place(
    handle: &Handle,
    current: &Current,
    to: &Configuration,
    changes: &[SettingChange],
) -> Result<Option<String>, Stop> {
    handle.step(StepKind::ChangeInPlace);
    let (app, row) = (handle.app(), &current.row);
    let keep = |words: &str| {
        let words = words.to_owned();
        async move { descriptions::keep(app, &row.id, &words, &current.label_description).await }
    };
    let describes = to.description != current.settings.description;
    if describes {
        keep(&to.description).await?;
    }
    if to.restart_policy != current.settings.restart_policy {
        let policy = json!({"Name": to.restart_policy.as_str(), "MaximumRetryCount": 0});
        if let Err(error) = handle.engine.set_restart_policy(&row.container_id, &policy).await {
            if describes {
                keep(&current.settings.description).await?;
            }
            return match error {
                EngineError::NotSupported(_) => Ok(None),
                error => Err(problem::of_engine(&error).into()),
            };
        }
        handle.look_at(&row.container_id).await;
    }
    table::refresh_runtime(app, &row.id);
    let what = settings::titles(changes.iter().map(|change| &change.setting));
    let running = if current.container.is_running() { " It went on running." } else { "" };
    Ok(Some(format!("{} has the new {what}.{running}", row.name)))
}

async fn replace(
    handle: &Handle,
    current: &Current,
    decision: &Decision,
    changes: &[SettingChange],
) -> Outcome {
    let outcome = replace_with(handle, current, decision, changes, Service::AsBefore).await?;
    if changes.is_empty() {
        return Ok(format!("{} is fully managed now.", current.row.name));
    }
    let what = settings::titles(changes.iter().map(|change| &change.setting));
    Ok(format!("{outcome} New: {what}."))
}

/// Replaces a container that is not well by one with these settings, whose service is started so. What
/// cannot be proved beside it needs no confirmation: there is nothing well to be lost.
pub(super) async fn replace_mending(
    handle: &Handle,
    current: &Current,
    to: Configuration,
    service: Service,
) -> Outcome {
    let changes = settings::changes(handle.engine.as_ref(), &current.settings, &to);
    let decision = Decision { to, confirmed: true, cancel_runs: false };
    replace_with(handle, current, &decision, &changes, service).await
}

async fn replace_with(
    handle: &Handle,
    current: &Current,
    decision: &Decision,
    changes: &[SettingChange],
    service: Service,
) -> Outcome {
    let engine = handle.engine.as_ref();
    let refused = |error: EngineError| Stop::from(problem::of_engine(&error));
    let Current { row, container: old, .. } = current;
    if old.name != row.name.as_str() {
        return Err(problem::not_found("The container of this name").into());
    }
    hands::not_paused(&row.name, old)?;
    let others = all_containers(engine).await.map_err(refused)?;
    if let Some(refusal) = recreate::refusals(old, &others).into_iter().next() {
        return Err(refusal.into());
    }
    let cannot_prove = recreate::cannot_prove(old, None);
    if old.is_running()
        && !decision.confirmed
        && let Some(doubt) = unproven(&cannot_prove).into_iter().next()
    {
        return Err(doubt.hint("Confirm that you want this, or leave the settings.").into());
    }
    handle.step(StepKind::Resolve);
    let target = handle.or_cancel(image_of(handle.app(), engine, old)).await??;
    handle.note(target.title());
    let digest = target.digest();
    handle.set(|operation| {
        operation.from_digest = Some(row.digest.clone());
        operation.to_digest = Some(digest);
    });

    handle.step(StepKind::Lock);
    let ours = lock(&handle.app().table).containers_of(&row.compute, &row.id);
    let older = Parts::of(&ours).previous.map(|container| container.id.clone());
    let wanted = held::Wanted {
        name: &row.name,
        old,
        older,
        target: target.digest(),
        purpose: Purpose::Replace,
    };
    let image = match held::some_image(engine, old, &[]).await.map_err(refused)? {
        Some(image) => image,
        // Somebody removed every image: the target is the first one that can be had.
        None => image::pull(handle, &target).await?.name,
    };
    let held = held::take(handle, wanted, &image).await?;
    let change = Change { from: current.settings.clone(), to: decision.to.clone() };
    let transaction = Transaction {
        flows: Flows::Leave,
        row,
        old,
        target: &target,
        environment: None,
        cancel_runs: decision.cancel_runs,
        settings: Some(&change),
        service,
    };
    match transaction.go(handle, &held, &cannot_prove).await {
        Ok(outcome) => Ok(outcome),
        // The image is the one that ran before: whatever went wrong says nothing against it.
        Err(stop) => {
            transaction.clean_up(handle, &held).await;
            Err(named(stop, changes))
        }
    }
}

/// Leads from a failure to the settings that were new.
fn named(stop: Stop, changes: &[SettingChange]) -> Stop {
    let Stop::Failed(mut problem) = stop else { return stop };
    if changes.is_empty() {
        return Stop::Failed(problem);
    }
    let new: Vec<&ChangedSetting> =
        changes.iter().filter(|change| !change.in_place).map(|change| &change.setting).collect();
    let hint = format!(
        "The image is the same as before, so look at what is new: {}.",
        settings::titles(new.into_iter())
    );
    if let Some(finding) = &mut problem.finding {
        finding.advice.push(hint.clone());
    }
    problem.hints.push(hint);
    Stop::Failed(problem)
}
