//! Add packages to a runtime to stay: its environment gets them, is built and proved, the runtime is updated
//! to it, and a flow runs again. Until the update has succeeded everything can be, and is, taken back.

use std::time::Duration;

use domain::{
    environment::EnvironmentId,
    finding::{Problem, ProblemCode},
    flow::FlowRunId,
    operation::{Cancel, OperationId, OperationKind, StepKind, Subject},
    recreate,
    runtime::Runtime,
};
use tokio::time::Instant;

use super::{
    Handle, Outcome, Plan, Stop, active_runs, begin_holding, build, not_held, requirements, row,
    shown, unproven, update,
};
use crate::{
    api::{
        ActiveRuns, AddPackages, AddPackagesPreview, AddPackagesTo, AddPackagesWay, OfRuntime,
        RunFlowAgain,
    },
    computes,
    context::App,
    environments::{self, Addition},
    flows, problem,
};

/// The steps of making a version, as they are shown here.
const BUILD: [StepKind; 5] =
    [StepKind::Check, StepKind::Pull, StepKind::Build, StepKind::Prove, StepKind::Keep];
/// The steps of the update, as they are shown here.
const UPDATE: [StepKind; 6] = [
    StepKind::Lock,
    StepKind::Prove,
    StepKind::WaitForRuns,
    StepKind::SwitchOver,
    StepKind::WaitForHealth,
    StepKind::CleanUp,
];
/// How long the runtime may take to be available for the run after the update.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(60);

/// What it would do.
pub(crate) async fn preview(app: &App, request: OfRuntime) -> Result<AddPackagesPreview, Problem> {
    let row = row(app, &request.runtime)?;
    environments::read_again(app).await?;
    let mut preview = AddPackagesPreview {
        ways: vec![],
        notes: vec![],
        confirmations: vec![],
        active_runs: ActiveRuns::Known { count: 0 },
        running: row.started.is_some(),
    };
    if row.adopted.is_some() {
        preview.notes.push(format!(
            "{} was made by somebody else, so packages can only be installed into its running container. They are lost when it is recreated.",
            row.name
        ));
        return Ok(preview);
    }
    let engine = computes::engine(app, &row.compute)?;
    let old =
        engine.inspect(&row.container_id).await.map_err(|error| problem::of_engine(&error))?;
    if old.is_running() {
        preview.confirmations = unproven(&recreate::cannot_prove(&old, None));
        preview.active_runs = active_runs(app, &row.id, engine.as_ref(), &old.id).await;
    }
    let anew = AddPackagesWay::New {
        name: environments::proposed_name(app, &row)?,
        from: row.image.clone(),
    };
    match environments::place_of_packages(app, &row).await {
        Ok(place) => {
            let definition = &place.on_disk.definition;
            let used_by = environments::other_users(app, &row, &definition.id);
            let newest = environments::newest(app, &definition.id, Some(&row.compute));
            if let (Some((_, runs)), Some(newest)) =
                (environments::environment_of(&row), newest.map(|newest| newest.number))
                && newest > runs
            {
                preview.notes.push(format!(
                    "{} runs version {runs} of {}, whose newest is {newest}: what changed between comes with the packages.",
                    row.name, definition.name
                ));
            }
            let own = AddPackagesWay::Own {
                environment: definition.id.clone(),
                name: definition.name.clone(),
                file: place.file.as_ref().map(|file| file.place.display().to_string()),
                used_by: used_by.clone(),
            };
            // What others use is not changed for one of them unless the person says so.
            preview.ways = if used_by.is_empty() { vec![own, anew] } else { vec![anew, own] };
        }
        Err(sentence) => {
            preview.notes.push(sentence);
            preview.ways = vec![anew];
        }
    }
    Ok(preview)
}

/// Starts it. What is no requirement, or cannot be, is refused before anything happens.
pub(crate) async fn add_packages(app: &App, request: AddPackages) -> Result<OperationId, Problem> {
    let row = row(app, &request.runtime)?;
    not_held(&row)?;
    let requirements = requirements(&request.requirements)?;
    if row.adopted.is_some() {
        return Err(Problem::new(
            ProblemCode::CannotBeKept,
            format!("{} was made by somebody else and has no environment of yours.", row.name),
        )
        .hint("Install the packages into the running container instead."));
    }
    environments::read_again(app).await?;
    let (addition, environment) = match &request.to {
        AddPackagesTo::Own => {
            let place = environments::place_of_packages(app, &row).await.map_err(|sentence| {
                Problem::field("to", sentence).hint("Choose a new environment instead.")
            })?;
            let addition = Addition::to(place, &requirements);
            let id = addition.on_disk.definition.id.clone();
            (Some(addition), Some(id))
        }
        AddPackagesTo::New { name } => {
            environments::check_name(app, name)?;
            (None, None)
        }
    };
    let mut steps = BUILD.to_vec();
    steps.extend(UPDATE);
    if request.again.is_some() {
        steps.push(StepKind::RunAgain);
    }
    let mut plan = Plan::on(OperationKind::AddPackages, &row, &steps);
    plan.from = Some(shown(&row));
    let work = Work { row, requirements, request };
    let also = environment.map(Subject::Environment);
    begin_holding(app, plan, also, move |handle| work.go(handle, addition))
}

struct Work {
    row: Runtime,
    requirements: Vec<String>,
    request: AddPackages,
}

impl Work {
    async fn go(self, handle: Handle, addition: Option<Addition>) -> Outcome {
        handle.with_steps(0..BUILD.len()).step(StepKind::Check);
        handle.note(self.requirements.join(", "));
        let app = handle.app().clone();
        let addition = match (addition, &self.request.to) {
            (Some(addition), _) => addition,
            (None, AddPackagesTo::New { name }) => {
                let anew = Addition::anew(&app, &self.row, &self.requirements, name);
                handle.or_cancel(anew).await??
            }
            (None, AddPackagesTo::Own) => return Err(problem::not_found("The environment").into()),
        };
        let id = addition.on_disk.definition.id.clone();
        let number = match self.version(&handle, &addition).await {
            Ok(number) => number,
            Err(stop) => {
                handle.stopped(&stop);
                addition.take_back(&app).await;
                let (name, before) = (&self.row.name, shown(&self.row));
                let of_environment = untouched(&addition);
                handle.set(|operation| {
                    operation.outcome =
                        Some(format!("{name} is on {before} as before. {of_environment}"));
                });
                return Err(stop);
            }
        };
        match self.update(&handle, &id, number).await {
            Ok(outcome) => Ok(self.again(&handle, outcome).await),
            Err(stop) => {
                let version = environments::kept_version(&app, &id, number);
                let gone = match &version {
                    Some(version) => build::take_back(&app, handle.engine.as_ref(), version).await,
                    None => true,
                };
                let about = if gone {
                    addition.take_back(&app).await;
                    untouched(&addition)
                } else {
                    format!("Version {number} of {} stays.", addition.on_disk.definition.name)
                };
                handle.set(|operation| {
                    let stands = operation.outcome.take().unwrap_or_default();
                    operation.outcome = Some(format!("{stands} {about}").trim().to_owned());
                });
                Err(stop)
            }
        }
    }

    /// Builds and proves a version with the packages, and writes them down.
    async fn version(&self, handle: &Handle, addition: &Addition) -> Result<u32, Stop> {
        let part = handle.with_steps(0..BUILD.len());
        let files = addition.files.clone();
        let number = build::version(part, addition.on_disk.clone(), files).await?;
        if let Err(problem) = addition.write(handle.app()).await {
            let id = &addition.on_disk.definition.id;
            if let Some(version) = environments::kept_version(handle.app(), id, number) {
                build::take_back(handle.app(), handle.engine.as_ref(), &version).await;
            }
            return Err(problem.into());
        }
        Ok(number)
    }

    async fn update(&self, handle: &Handle, id: &EnvironmentId, number: u32) -> Outcome {
        handle.set_cancel(Cancel::Cancel);
        handle.check_cancel()?;
        let app = handle.app();
        let environment = environments::chosen(app, &self.row.compute, id, Some(number))?;
        // Somebody may have changed it while the image was built.
        let row = row(app, &self.row.id)?;
        not_held(&row)?;
        let part = handle.with_steps(BUILD.len()..BUILD.len() + UPDATE.len());
        let AddPackages { confirmed, cancel_runs, .. } = self.request;
        update::to(part, row, environment, confirmed, cancel_runs).await
    }

    /// Runs the flow again that is to be; answers what stands now.
    async fn again(&self, handle: &Handle, outcome: String) -> String {
        let Some(run) = &self.request.again else { return outcome };
        handle.set_cancel(Cancel::No);
        handle.step(StepKind::RunAgain);
        match self.run(handle, run).await {
            Ok(run) => {
                handle.set(|operation| operation.run = Some(run));
                format!("{outcome} The flow runs again.")
            }
            Err(problem) => {
                handle.stopped(&Stop::Cancelled);
                format!("{outcome} The flow was not run again: {}", problem.sentence)
            }
        }
    }

    async fn run(&self, handle: &Handle, run: &FlowRunId) -> Result<FlowRunId, Problem> {
        let app = handle.app();
        let until = Instant::now() + AVAILABLE_WITHIN;
        while let Err(problem) = flows::usable(app, &self.row.id) {
            if Instant::now() >= until {
                return Err(problem);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        flows::run_again(app, RunFlowAgain { run: run.clone(), limit: None }).await
    }
}

/// What became of the environment when nothing was added to it.
fn untouched(addition: &Addition) -> String {
    let name = &addition.on_disk.definition.name;
    if addition.is_new() {
        format!("The environment {name} was not kept.")
    } else {
        format!("The environment {name} is as it was.")
    }
}
