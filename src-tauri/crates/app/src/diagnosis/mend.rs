//! What the buttons of a finding do: told before, then done as an operation.

use domain::{
    finding::{Problem, ProblemCode, Remedy},
    operation::OperationId,
    runtime::{Runtime, Status},
};

use super::{Gone, Subject};
use crate::{
    api::{MendPreview, MendRuntime},
    computes,
    context::{App, lock},
    operations, problem,
};

/// Begins what a remedy proposes.
pub(crate) async fn mend(app: &App, request: MendRuntime) -> Result<OperationId, Problem> {
    let MendRuntime { runtime, remedy } = request;
    let known = lock(&app.table).row(&runtime).is_some();
    let gone: Option<Gone> = lock(&app.diagnosis.gone).get(&runtime).cloned();
    match (&remedy, gone) {
        (Remedy::Recreate, Some(gone)) if !known => {
            operations::make_again(app, gone.row, gone.container)
        }
        (Remedy::Start, _) => operations::start(app, &runtime),
        (Remedy::Restart, _) => operations::restart(app, &runtime),
        _ => operations::mend(app, &runtime, &remedy).await,
    }
}

/// What it will do.
pub(crate) fn preview(app: &App, request: MendRuntime) -> Result<MendPreview, Problem> {
    let row =
        Subject::of(app, &request.runtime).ok_or_else(|| problem::not_found("The runtime"))?.row;
    let name = row.name.as_str();
    let interrupted = is_interrupted(&row);
    let of = |title: String, sentence: String, steps: &[&str]| MendPreview {
        title,
        sentence,
        steps: steps.iter().map(ToString::to_string).collect(),
        affected: if interrupted { vec![name.to_owned()] } else { vec![] },
        command: None,
    };
    let again = [
        "A container with the new settings is made and proved beside the old one.",
        "It takes the old one's place and is started.",
        "If it does not become ready, the old one is put back.",
    ];
    Ok(match &request.remedy {
        Remedy::Start => of(
            format!("Start {name}"),
            "The container is started as it is.".into(),
            &["The container is started.", "It is waited for until its service answers."],
        ),
        Remedy::Restart => of(
            format!("Restart {name}"),
            "The container is stopped and started again. Nothing of it changes.".into(),
            &[
                "The container is stopped.",
                "It is started.",
                "It is waited for until its service answers.",
            ],
        ),
        Remedy::ChoosePort { free: Some(port) } => of(
            format!("Publish {name} on port {port}"),
            format!("{name} is then reached at port {port}."),
            &again,
        ),
        Remedy::RaiseMemory { bytes: Some(bytes) } => of(
            format!("Raise the memory limit to {}", problem::bytes(*bytes)),
            "Everything else stays as it is.".into(),
            &again,
        ),
        Remedy::Recreate => of(
            format!("Make the container of {name} again"),
            "It has the same image and settings as before. What was written inside it, outside of its volumes, is not in the new one."
                .into(),
            &again,
        ),
        Remedy::StartWithExecutor => of(
            format!("Start {name} with the executor service"),
            "The same image is started with the open executor service's own command instead of its own."
                .into(),
            &again,
        ),
        Remedy::ListenOn { inside } => of(
            format!("Let the published port lead to port {inside} inside"),
            format!("The published port stays; it leads to port {inside}, where the service listens."),
            &again,
        ),
        Remedy::PullImage => MendPreview {
            affected: vec![],
            ..of(
                format!("Pull the image of {name}"),
                "The image is downloaded again. The container stays as it is.".into(),
                &["The image is pulled."],
            )
        },
        Remedy::RestartEngine | Remedy::ResetNetwork => of_engine(app, &row, &request.remedy),
        _ => return Err(elsewhere()),
    })
}

fn is_interrupted(row: &Runtime) -> bool {
    row.status == Status::Available
}

/// What only the person can do: the command, and whom it interrupts.
fn of_engine(app: &App, row: &Runtime, remedy: &Remedy) -> MendPreview {
    let podman = lock(&app.computes)
        .get(&row.compute)
        .and_then(|entry| entry.facts.as_ref().map(|facts| facts.is_podman))
        .unwrap_or(false);
    let compute = computes::name(app, &row.compute);
    // Podman's containers run on without its service; Docker's are stopped with it.
    let stops = !podman || *remedy == Remedy::ResetNetwork;
    let affected = lock(&app.table)
        .rows()
        .filter(|one| stops && one.compute == row.compute && one.started.is_some())
        .map(|one| one.name.to_string())
        .collect();
    let (command, what) = match (podman, remedy) {
        (true, Remedy::ResetNetwork) => (
            "podman network reload --all",
            "Podman makes its rules for the network of every container anew.",
        ),
        (true, _) => ("systemctl --user restart podman.socket", "Podman's service starts again."),
        (false, Remedy::ResetNetwork) => {
            ("sudo systemctl restart docker", "Docker makes its networks anew when it starts.")
        }
        (false, _) => ("sudo systemctl restart docker", "Docker starts again."),
    };
    MendPreview {
        title: match remedy {
            Remedy::ResetNetwork => format!("Make the network of {compute} anew"),
            _ => format!("Restart the engine of {compute}"),
        },
        sentence: format!("{what} Only you can do this: type the command in a terminal."),
        steps: vec![],
        affected,
        command: Some(command.to_owned()),
    }
}

fn elsewhere() -> Problem {
    Problem::new(
        ProblemCode::InvalidInput,
        "This is not done by one operation. Its page offers what it needs.",
    )
}
