//! Packages that were tried in a running container come to stay: they are written into its environment.

use domain::{
    environment::{BuildContext, EnvironmentId, EnvironmentName, REQUIREMENTS, Source},
    finding::{Problem, ProblemCode},
    runtime::Runtime,
};
use engine::{Engine, EngineError};

use super::{environment_of, of_disk, on_disk, read_again};
use crate::{
    api::{EnvironmentForm, KeepPackages, KeptPackages, SaveEnvironment},
    context::App,
    operations, problem,
};

/// Writes requirements into the environment of a runtime, or into a new one made from its image.
pub(crate) async fn keep_packages(
    app: &App,
    request: KeepPackages,
) -> Result<KeptPackages, Problem> {
    let row = operations::row(app, &request.runtime)?;
    let requirements = operations::requirements(&request.requirements)?;
    read_again(app).await?;
    let own = environment_of(&row).and_then(|(id, _)| on_disk(app, id).ok());
    let Some(own) = own.filter(|own| own.definition.source.is_built()) else {
        let name = super::proposed_name(app, &row)?;
        let environment = of_image(app, &row, &requirements, &name).await?;
        return Ok(KeptPackages { environment, name: name.to_string(), is_new: true });
    };
    let definition = own.definition;
    let mut source = definition.source.clone();
    match &mut source {
        Source::Packages(packages) => {
            packages.requirements = with(&packages.requirements, &requirements);
        }
        Source::BuildContext(build) => {
            let root = if build.folder.is_empty() {
                own.folder.clone()
            } else {
                build.folder.clone().into()
            };
            let context = definitions::Context::new(root, build.dockerfile());
            let text = context.text(REQUIREMENTS).await.map_err(|error| of_disk(&error))?;
            let Some(text) = text else {
                return Err(Problem::field(
                    "requirements",
                    format!("{} has no {REQUIREMENTS} in its folder, so it cannot be told where its packages are named.", definition.name),
                )
                .hint("Add the packages to the Dockerfile yourself, then build the environment."));
            };
            app.parts
                .shelf
                .replace_text(context.place(REQUIREMENTS), with(&text, &requirements))
                .await
                .map_err(|error| of_disk(&error))?;
        }
        Source::Image { .. } | Source::Default { .. } => {}
    }
    let form = EnvironmentForm {
        name: definition.name.to_string(),
        description: definition.description,
        source,
        port: definition.port.map(u32::from),
        health_path: definition.health_path,
    };
    let save = SaveEnvironment { environment: Some(definition.id), form };
    let environment = super::save(app, save).await?;
    Ok(KeptPackages { environment, name: definition.name.to_string(), is_new: false })
}

/// The text with these lines; one that names the same package takes the place of the old line.
pub(super) fn with(text: &str, requirements: &[String]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for requirement in requirements {
        match lines
            .iter_mut()
            .find(|line| named(line).is_some() && named(line) == named(requirement))
        {
            Some(line) => line.clone_from(requirement),
            None => lines.push(requirement.clone()),
        }
    }
    lines.join("\n") + "\n"
}

/// The package that a line names, as the package index compares names.
pub(super) fn named(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .unwrap_or(line.len());
    let name = line[..end].to_lowercase().replace(['_', '.'], "-");
    (!name.is_empty()).then_some(name)
}

/// A new environment on the image of a runtime, as the documentation of custom environments has it.
pub(super) async fn of_image(
    app: &App,
    row: &Runtime,
    requirements: &[String],
    name: &EnvironmentName,
) -> Result<EnvironmentId, Problem> {
    let form = EnvironmentForm {
        name: name.to_string(),
        description: format!("{} with packages of its own.", row.image),
        source: Source::BuildContext(BuildContext {
            folder: String::new(),
            dockerfile: String::new(),
            arguments: vec![],
            target: String::new(),
            secrets: vec![],
        }),
        port: None,
        health_path: row.spec.as_ref().map(|spec| spec.health_path.clone()).unwrap_or_default(),
    };
    let engine = super::engine(app, &row.compute)?;
    let container =
        engine.inspect(&row.container_id).await.map_err(|error| problem::of_engine(&error))?;
    let image =
        engine.image(&container.image_id).await.map_err(|error| problem::of_engine(&error))?;
    // The Python that serves, not any other that the image may hold.
    let python = operations::inside(engine.as_ref(), &row.container_id)
        .await
        .and_then(|inside| Some(inside.python.split_once('(')?.1.trim_end_matches(')').to_owned()))
        .unwrap_or_else(|| "python".to_owned());
    // Where the image serves as somebody else, packages are installed by root all the same.
    let (root, back) = match image.config["User"].as_str() {
        Some(user) if !user.is_empty() => ("USER 0\n".to_owned(), format!("USER {user}\n")),
        _ => (String::new(), String::new()),
    };
    let base = exactly(engine.as_ref(), row, &container.image_id, name).await?;
    let dockerfile = format!(
        "# {name}: what {} runs, with packages of its own.\nFROM {base}\n{root}COPY {REQUIREMENTS} /tmp/{REQUIREMENTS}\nRUN {python} -m pip install --no-cache-dir -r /tmp/{REQUIREMENTS}\n{back}",
        row.name
    );
    let files = [("Dockerfile", dockerfile), (REQUIREMENTS, with("", requirements))];
    app.parts.shelf.begin(name, &files).await.map_err(|error| of_disk(&error))?;
    super::save(app, SaveEnvironment { environment: None, form }).await
}

/// What a Dockerfile has to begin with so that it is exactly the image that a runtime runs: its tag may name
/// another one by now, or none.
async fn exactly(
    engine: &dyn Engine,
    row: &Runtime,
    image: &str,
    name: &EnvironmentName,
) -> Result<String, Problem> {
    match engine.image(&row.image).await {
        Ok(tagged) if tagged.id == image => return Ok(row.image.clone()),
        Ok(_) | Err(EngineError::NotFound(_)) => {}
        Err(error) => return Err(problem::of_engine(&error)),
    }
    // Versions are counted from 1.
    let own = name.image(0);
    let own = own.map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
    engine.tag(image, &own).await.map_err(|error| problem::of_engine(&error))?;
    Ok(own.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_named_already_gets_the_new_line() {
        let lines = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let text = "# packages\nPandas>=1\nnumpy\n";
        assert_eq!(
            with(text, &lines(&["pandas==2.1", "humanize"])),
            "# packages\npandas==2.1\nnumpy\nhumanize\n"
        );
        assert_eq!(with("", &lines(&["a"])), "a\n");
    }
}
