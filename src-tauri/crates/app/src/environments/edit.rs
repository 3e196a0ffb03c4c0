//! Making, changing, copying, importing and deleting environments.

use std::path::{Path, PathBuf};

use definitions::Context;
use domain::{
    environment::{
        BuildArgument, BuildContext, Definition, EnvironmentId, EnvironmentName, Source,
        build_arguments, check as check_source,
    },
    finding::{Problem, ProblemCode},
    operation::Subject,
};
use engine::EngineError;

use super::{OnDisk, made, of_disk, on_disk, read_again, secrets, view};
use crate::{
    api::{
        CheckEnvironment, DeleteEnvironment, DuplicateEnvironment, EnvironmentCheck,
        EnvironmentForm, ImportEnvironment, ImportedEnvironment, ReadRequirements,
        RequirementsText, SaveEnvironment,
    },
    context::{App, lock},
};

/// Looks at a form as it is typed.
pub(crate) async fn check(app: &App, request: CheckEnvironment) -> EnvironmentCheck {
    let mut problems = Vec::new();
    let name = name_of(app, request.environment.as_ref(), &request.form.name);
    if let Err(problem) = &name {
        problems.push(problem.clone());
    }
    if let Err(problem) = port_of(&request.form) {
        problems.push(problem);
    }
    problems.extend(check_source(&request.form.source, request.form.health_path.trim()));
    let mut answer = EnvironmentCheck { problems, dockerfile: None, bases: vec![], stages: vec![] };
    // What is in the folder is looked at once its path can be one.
    let placed = !answer
        .problems
        .iter()
        .any(|problem| matches!(problem.field.as_deref(), Some("folder" | "dockerfile" | "base")));
    if request.form.source.is_built() && placed {
        let own = request.environment.as_ref().and_then(|id| on_disk(app, id).ok());
        let name = name.ok().or_else(|| EnvironmentName::parse("environment").ok());
        let Some(name) = name else { return answer };
        let folder = own.map_or_else(|| app.parts.shelf.folder_of(&name), |own| own.folder);
        match made::dockerfile_of(&request.form.source, &name, &folder).await {
            Ok(dockerfile) => {
                let arguments = made::arguments_of(&request.form.source);
                answer.bases = dockerfile
                    .bases(&arguments)
                    .into_iter()
                    .map(|base| base.reference.unwrap_or(base.written))
                    .collect();
                answer.stages = dockerfile.stages();
                answer.dockerfile = Some(dockerfile.text().to_owned());
                if let Source::BuildContext(context) = &request.form.source
                    && !context.target.is_empty()
                    && !answer.stages.contains(&context.target)
                {
                    answer.problems.push(Problem::field(
                        "target",
                        format!("The Dockerfile has no stage called \"{}\".", context.target),
                    ));
                }
            }
            Err(problem) => answer.problems.push(problem),
        }
    }
    answer
}

pub(super) fn name_of(
    app: &App,
    own: Option<&EnvironmentId>,
    text: &str,
) -> Result<EnvironmentName, Problem> {
    let name =
        EnvironmentName::parse(text).map_err(|error| Problem::field("name", error.to_string()))?;
    let known = lock(&app.environments);
    let taken = known
        .definitions
        .values()
        .any(|on_disk| on_disk.definition.name == name && Some(&on_disk.definition.id) != own);
    if taken {
        return Err(Problem::field(
            "name",
            format!("There is an environment called {name} already."),
        ));
    }
    Ok(name)
}

fn port_of(form: &EnvironmentForm) -> Result<Option<u16>, Problem> {
    form.port
        .map(|port| match u16::try_from(port) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(Problem::field("port", "A port is a number from 1 to 65535.")),
        })
        .transpose()
}

/// Refused while something works on the environment.
fn idle(app: &App, id: &EnvironmentId) -> Result<(), Problem> {
    if lock(&app.busy).contains_key(&Subject::Environment(id.clone())) {
        return Err(Problem::new(ProblemCode::Busy, "A build of this environment is under way.")
            .hint("Wait until it ends, or cancel it.")
            .retryable());
    }
    Ok(())
}

/// Writes an environment as it was typed; answers its id.
pub(crate) async fn save(app: &App, request: SaveEnvironment) -> Result<EnvironmentId, Problem> {
    read_again(app).await?;
    let before = request.environment.as_ref().map(|id| on_disk(app, id)).transpose()?;
    if let Some(before) = &before {
        idle(app, &before.definition.id)?;
    }
    let form = request.form;
    let definition = Definition {
        name: name_of(app, request.environment.as_ref(), &form.name)?,
        port: port_of(&form)?,
        id: request.environment.unwrap_or_else(new_id),
        description: form.description.trim().to_owned(),
        source: form.source,
        health_path: form.health_path.trim().to_owned(),
    };
    if let Some(problem) =
        check_source(&definition.source, &definition.health_path).into_iter().next()
    {
        return Err(problem);
    }
    write(app, &definition, before.as_ref()).await?;
    if let Some(before) = &before {
        let named = definition.source.secrets();
        let gone = before.definition.source.secrets().into_iter().filter(|id| !named.contains(id));
        let gone: Vec<String> = gone.map(str::to_owned).collect();
        secrets::forget(app, &definition.id, &gone).await;
    }
    Ok(definition.id)
}

fn new_id() -> EnvironmentId {
    EnvironmentId(uuid::Uuid::new_v4().to_string())
}

pub(super) async fn write(
    app: &App,
    definition: &Definition,
    before: Option<&OnDisk>,
) -> Result<(), Problem> {
    let before = before.map(|before| &before.definition.name);
    app.parts.shelf.save(definition, before).await.map_err(|error| of_disk(&error))?;
    read_again(app).await?;
    app.hub.environments();
    Ok(())
}

/// A second environment like this one.
pub(crate) async fn duplicate(
    app: &App,
    request: DuplicateEnvironment,
) -> Result<EnvironmentId, Problem> {
    read_again(app).await?;
    let from = on_disk(app, &request.environment)?;
    let definition = Definition {
        id: new_id(),
        name: name_of(app, None, &request.name)?,
        ..from.definition.clone()
    };
    write(app, &definition, None).await?;
    app.parts
        .shelf
        .copy_files(&from.definition.name, &definition.name)
        .await
        .map_err(|error| of_disk(&error))?;
    secrets::copy(app, &from.definition, &definition.id).await;
    Ok(definition.id)
}

/// Deletes an environment that no runtime was made from.
pub(crate) async fn delete(app: &App, request: DeleteEnvironment) -> Result<(), Problem> {
    let id = &request.environment;
    let on_disk = on_disk(app, id)?;
    idle(app, id)?;
    if let Some(problem) = view::in_use(app, id) {
        return Err(problem);
    }
    let versions: Vec<_> = lock(&app.environments).versions_of(id).cloned().collect();
    app.parts.shelf.remove(&on_disk.definition.name).await.map_err(|error| of_disk(&error))?;
    let ids: Vec<String> =
        on_disk.definition.source.secrets().into_iter().map(str::to_owned).collect();
    secrets::forget(app, id, &ids).await;
    if request.remove_images {
        for version in versions {
            let Ok(engine) = super::engine(app, &version.compute) else { continue };
            // By its tag: an image that something else names or uses stays.
            match engine.remove_image(&version.image.to_string()).await {
                Ok(()) | Err(EngineError::NotFound(_)) => {}
                Err(error) => tracing::info!(%error, "an image of a deleted environment was left"),
            }
        }
    }
    if let Err(error) = app.parts.history.forget_environment(id).await {
        tracing::warn!(%error, "versions of a deleted environment were left in the history");
    }
    read_again(app).await?;
    {
        let mut known = lock(&app.environments);
        known.versions.retain(|version| version.environment != *id);
        known.news.remove(id);
    }
    app.hub.environments();
    Ok(())
}

/// Makes an environment of a folder as it is.
pub(crate) async fn import(
    app: &App,
    request: ImportEnvironment,
) -> Result<ImportedEnvironment, Problem> {
    read_again(app).await?;
    let place = request.folder.trim();
    if !Path::new(place).is_absolute() {
        return Err(Problem::field(
            "folder",
            "Give the whole path of the folder, beginning with \"/\".",
        ));
    }
    let (document, folder) =
        app.parts.shelf.look_at(PathBuf::from(place)).await.map_err(|error| Problem {
            field: Some("folder".into()),
            code: ProblemCode::InvalidInput,
            ..of_disk(&error)
        })?;
    let name = if request.name.trim().is_empty() {
        free_name(app, &document, &folder)?
    } else {
        name_of(app, None, &request.name)?
    };
    // Rules are told on its page: what is not right yet is no reason to refuse the folder.
    let (honoured, left_out) = (document.honoured.clone(), document.left_out.clone());
    let known = document.id.clone().filter(|id| on_disk(app, id).is_err());
    let definition = document.definition(known.unwrap_or_else(new_id), name);
    write(app, &definition, None).await?;
    Ok(ImportedEnvironment { environment: definition.id, honoured, left_out })
}

/// The name in the file, else that of the folder, with a number behind it when it is taken.
fn free_name(
    app: &App,
    document: &definitions::Document,
    folder: &Path,
) -> Result<EnvironmentName, Problem> {
    let of_folder =
        || folder.file_name().and_then(|name| EnvironmentName::near(&name.to_string_lossy()));
    let wanted = document.name.clone().or_else(of_folder).ok_or_else(|| {
        Problem::field(
            "name",
            "Neither the file nor the folder has a name that can be used. Give one.",
        )
    })?;
    free(app, &wanted)
}

/// A name that no environment has: this one, else with a number behind it.
pub(super) fn free(app: &App, wanted: &EnvironmentName) -> Result<EnvironmentName, Problem> {
    let free = |name: &EnvironmentName| name_of(app, None, name.as_str()).is_ok();
    if free(wanted) {
        return Ok(wanted.clone());
    }
    (2..1_000)
        .map(|number| wanted.numbered(number))
        .find(free)
        .ok_or_else(|| Problem::field("name", "Give the environment a name."))
}

/// The text of a requirements file that a person points at.
pub(crate) async fn read_requirements(
    app: &App,
    request: ReadRequirements,
) -> Result<RequirementsText, Problem> {
    let place = request.path.trim();
    if !Path::new(place).is_absolute() {
        return Err(Problem::field("path", "Give the whole path, beginning with \"/\"."));
    }
    let (path, text) =
        app.parts.shelf.requirements_at(PathBuf::from(place)).await.map_err(|error| Problem {
            field: Some("path".into()),
            code: ProblemCode::InvalidInput,
            ..of_disk(&error)
        })?;
    Ok(RequirementsText { path: path.display().to_string(), text })
}

/// Makes the generated Dockerfile the person's own: from then on the environment is a build context.
pub(crate) async fn take_over_dockerfile(app: &App, id: &EnvironmentId) -> Result<(), Problem> {
    read_again(app).await?;
    let before = on_disk(app, id)?;
    idle(app, id)?;
    let Source::Packages(packages) = &before.definition.source else {
        return Err(Problem::new(
            ProblemCode::InvalidInput,
            "Its Dockerfile is the person's own already, or it has none.",
        ));
    };
    let certificates = packages.index.certificates.trim();
    if !certificates.is_empty() {
        app.parts
            .shelf
            .keep_certificates(&before.definition.name, Path::new(certificates))
            .await
            .map_err(|error| of_disk(&error))?;
    }
    let arguments = build_arguments(packages)
        .into_iter()
        .map(|(name, value)| BuildArgument { name, value, confirmed: true })
        .collect();
    let source = Source::BuildContext(BuildContext {
        folder: String::new(),
        dockerfile: String::new(),
        arguments,
        target: String::new(),
        secrets: before.definition.source.secrets().into_iter().map(str::to_owned).collect(),
    });
    secrets::take_over(app, &before.definition).await?;
    // What is on disk is what was generated last.
    let there = Context::new(before.folder.clone(), "Dockerfile").text("Dockerfile").await;
    if there.map_err(|error| of_disk(&error))?.is_none() {
        app.parts.shelf.save(&before.definition, None).await.map_err(|error| of_disk(&error))?;
    }
    let definition = Definition { source, ..before.definition.clone() };
    write(app, &definition, Some(&before)).await
}
