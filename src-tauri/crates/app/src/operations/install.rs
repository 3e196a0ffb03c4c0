//! Install packages: quickly, into the running container. They last until it is recreated.

use std::time::Duration;

use domain::{
    build::{FailedBuild, of_build},
    diagnosis::About,
    environment::{Installer, PackageIndex, Packages, Source, index_with_login, is_requirement},
    finding::{Problem, ProblemCode},
    operation::{Cancel, OperationId, OperationKind, StepKind, package_changes},
    runtime::Runtime,
};
use engine::ExecAs;

use super::{Handle, Outcome, Plan, begin, not_held, proof, row};
use crate::{
    api::InstallPackages,
    context::App,
    environments::{environment_of, index_password, on_disk},
    problem,
};

/// How long pip may take.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Starts to install packages; what is no requirement is refused before anything happens.
pub(crate) fn install(app: &App, request: InstallPackages) -> Result<OperationId, Problem> {
    let row = row(app, &request.runtime)?;
    not_held(&row)?;
    let requirements = requirements(&request.requirements)?;
    if row.started.is_none() {
        return Err(Problem::new(
            ProblemCode::ChangedMeanwhile,
            format!("{} does not run. Packages are installed into a running container.", row.name),
        )
        .hint("Start the runtime, or add the packages to its environment."));
    }
    let plan = Plan::on(OperationKind::Install, &row, &[StepKind::Check, StepKind::Install]);
    begin(app, plan, move |handle| work(handle, row, requirements))
}

/// The requirements, each checked.
pub(crate) fn requirements(lines: &[String]) -> Result<Vec<String>, Problem> {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if lines.is_empty() {
        return Err(Problem::field("requirements", "Name at least one package."));
    }
    match lines.iter().find(|line| !is_requirement(line)) {
        Some(bad) => Err(Problem::field(
            "requirements",
            format!(
                "\"{bad}\" is not a requirement. Write a package as in requirements.txt, for example pandas==2.1."
            ),
        )),
        None => Ok(lines),
    }
}

async fn work(handle: Handle, row: Runtime, requirements: Vec<String>) -> Outcome {
    handle.step(StepKind::Check);
    let engine = handle.engine.clone();
    let before = handle.or_cancel(proof::inside(engine.as_ref(), &row.container_id)).await?;
    let Some(before) = before else {
        return Err(Problem::new(
            ProblemCode::NoService,
            "No Python that serves was found in the container, so there is nowhere to install to.",
        )
        .into());
    };
    let python = before
        .python
        .split_once('(')
        .map_or_else(|| "python".to_owned(), |(_, path)| path.trim_end_matches(')').to_owned());
    handle.step(StepKind::Install);
    // pip in the container goes on when nobody waits for it any more.
    handle.set_cancel(Cancel::No);
    handle.note(requirements.join(", "));
    let mut command: Vec<String> = [
        python.as_str(),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    .map(str::to_owned)
    .to_vec();
    command.extend(requirements.iter().cloned());
    // The service runs as somebody who may not write there.
    let as_root = ExecAs { user: Some("0".into()), variables: index(handle.app(), &row).await };
    let output = engine
        .exec_as(&row.container_id, &command, &as_root, LIMIT)
        .await
        .map_err(|error| problem::of_engine(&error))?;
    if output.exit_code != 0 {
        let lines: Vec<String> =
            output.out.lines().chain(output.error.lines()).map(str::to_owned).collect();
        let text = requirements.join("\n");
        let failed = FailedBuild {
            words: "",
            lines: &lines,
            instruction: Some("pip install"),
            step: None,
            requirements: Some(&text),
            about: About::default(),
        };
        let log = lines.join("\n");
        handle.set(|operation| operation.kept_log = Some(log).filter(|log| !log.is_empty()));
        return Err(Problem::found(of_build(&failed)).into());
    }
    let after = proof::inside(engine.as_ref(), &row.container_id).await;
    let changes =
        after.map(|after| package_changes(&before.packages, &after.packages)).unwrap_or_default();
    let count = changes.len();
    handle.set(|operation| operation.packages = Some(changes));
    let what = match count {
        0 => "Everything was there already".to_owned(),
        1 => "One package changed".to_owned(),
        count => format!("{count} packages changed"),
    };
    Ok(format!(
        "{what} in {}. It lasts until the container is recreated: add it to the environment to keep it.",
        row.name
    ))
}

/// The settings of the package index of the runtime's environment, as variables for pip.
async fn index(app: &App, row: &Runtime) -> Vec<(String, String)> {
    let own = environment_of(row).and_then(|(id, _)| on_disk(app, id).ok());
    let Some(definition) = own.map(|own| own.definition) else { return vec![] };
    let password = index_password(app, &definition.id, &definition.source).await;
    let Source::Packages(packages) = definition.source else { return vec![] };
    // Certificates are on this machine, not in the container.
    let index = PackageIndex { certificates: String::new(), ..packages.index };
    let packages = Packages { index, installer: Installer::Pip, ..packages };
    index_with_login(&packages, password.as_ref())
}
