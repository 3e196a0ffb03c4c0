//! Packages come into the environment of a runtime to stay: where that can be, how it is written, and how it
//! is taken back.

use std::path::{Path, PathBuf};

use definitions::Context;
use domain::{
    environment::{Definition, EnvironmentId, EnvironmentName, REQUIREMENTS, Source},
    finding::{Problem, ProblemCode},
    runtime::Runtime,
};

use super::{OnDisk, edit, environment_of, keep, made, of_disk, on_disk, read_again};
use crate::context::{App, lock};

/// Where a runtime's environment names its packages.
pub(crate) struct Place {
    pub on_disk: OnDisk,
    /// The requirements file of a build context; `None` = the definition itself names them.
    pub file: Option<RequirementsFile>,
}

/// A requirements file that a Dockerfile installs.
#[derive(Clone, Debug)]
pub(crate) struct RequirementsFile {
    /// On this machine.
    pub place: PathBuf,
    /// Within the build context.
    path: String,
    text: String,
}

/// Where the environment of a runtime names its packages; the error is a sentence that says why they cannot
/// be added there.
pub(crate) async fn place(app: &App, row: &Runtime) -> Result<Place, String> {
    let Some((id, _)) = environment_of(row) else {
        return Err(format!("{} runs an image that none of your environments makes.", row.name));
    };
    let Ok(own) = on_disk(app, id) else {
        return Err(format!("The environment of {} is not in this installation.", row.name));
    };
    let name = own.definition.name.clone();
    match &own.definition.source {
        Source::Packages(_) => Ok(Place { on_disk: own, file: None }),
        Source::Image { .. } | Source::Default { .. } => {
            Err(format!("{name} takes its image as it is, so nothing can be added to it."))
        }
        Source::BuildContext(build) => {
            let dockerfile = made::dockerfile_of(&own.definition.source, &name, &own.folder).await;
            let dockerfile = dockerfile.map_err(|problem| problem.sentence)?;
            let root = if build.folder.is_empty() { &own.folder } else { Path::new(&build.folder) };
            let context = Context::new(root.to_owned(), build.dockerfile());
            for path in dockerfile.requirements() {
                let Ok(Some(text)) = context.text(&path).await else { continue };
                let place = context.place(&path);
                let opened = tokio::fs::OpenOptions::new().append(true).open(&place).await;
                if opened.is_err() {
                    return Err(format!("{} may not be written.", place.display()));
                }
                let file = Some(RequirementsFile { place, path, text });
                return Ok(Place { on_disk: own, file });
            }
            Err(format!(
                "The Dockerfile of {name} installs no requirements file of its folder, so it cannot be told where its packages are named."
            ))
        }
    }
}

/// Names of other runtimes that were made from an environment.
pub(crate) fn other_users(app: &App, row: &Runtime, id: &EnvironmentId) -> Vec<String> {
    let table = lock(&app.table);
    let others = table.rows().filter(|other| other.id != row.id);
    let mut names: Vec<String> = others
        .filter(|other| environment_of(other).is_some_and(|(own, _)| own == id))
        .map(|other| other.name.to_string())
        .collect();
    names.sort();
    names
}

/// A name for a new environment that is made of what a runtime runs.
pub(crate) fn proposed_name(app: &App, row: &Runtime) -> Result<EnvironmentName, Problem> {
    let wanted = EnvironmentName::near(row.name.as_str())
        .or_else(|| EnvironmentName::parse("environment").ok())
        .ok_or_else(|| Problem::field("name", "Give the environment a name."))?;
    edit::free(app, &wanted)
}

/// Refuses a name that a new environment cannot have.
pub(crate) fn check_name(app: &App, name: &str) -> Result<(), Problem> {
    edit::name_of(app, None, name).map(drop)
}

/// Packages on their way into an environment.
pub(crate) struct Addition {
    /// With the packages in it.
    pub on_disk: OnDisk,
    /// Files that the build gets in the place of those on disk.
    pub files: Vec<(String, String)>,
    change: Change,
}

enum Change {
    /// The definition was this before.
    Definition(Box<Definition>),
    File(RequirementsFile),
    /// It was made for this.
    New,
}

impl Addition {
    /// Adds to what is there. Nothing is written yet.
    pub(crate) fn to(place: Place, requirements: &[String]) -> Self {
        let Place { mut on_disk, file } = place;
        if let Some(file) = file {
            let after = keep::with(&file.text, requirements);
            let files = vec![(file.path.clone(), after)];
            return Self { on_disk, files, change: Change::File(file) };
        }
        let before = Box::new(on_disk.definition.clone());
        let mut files = Vec::new();
        if let Source::Packages(packages) = &mut on_disk.definition.source {
            packages.requirements = keep::with(&packages.requirements, requirements);
            files.push((REQUIREMENTS.to_owned(), packages.requirements.clone()));
        }
        Self { on_disk, files, change: Change::Definition(before) }
    }

    /// A new environment made of what a runtime runs. It is written at once.
    pub(crate) async fn anew(
        app: &App,
        row: &Runtime,
        requirements: &[String],
        name: &str,
    ) -> Result<Self, Problem> {
        let name = edit::name_of(app, None, name)?;
        let made = keep::of_image(app, row, requirements, &name).await?;
        Ok(Self { on_disk: on_disk(app, &made)?, files: vec![], change: Change::New })
    }

    pub(crate) fn is_new(&self) -> bool {
        matches!(self.change, Change::New)
    }

    /// Writes it, unless somebody edited it meanwhile.
    pub(crate) async fn write(&self, app: &App) -> Result<(), Problem> {
        self.replace(app, false).await
    }

    /// Takes it back, unless somebody edited it meanwhile.
    pub(crate) async fn take_back(&self, app: &App) {
        let id = &self.on_disk.definition.id;
        let done = match &self.change {
            Change::New => {
                let name = &self.on_disk.definition.name;
                match app.parts.shelf.remove(name).await {
                    Ok(_) => read_again(app).await,
                    Err(error) => Err(of_disk(&error)),
                }
            }
            _ => self.replace(app, true).await,
        };
        if let Err(problem) = done {
            tracing::info!(environment = %id, %problem, "added packages were not taken back");
        }
        app.hub.environments();
    }

    /// From before to after, or back.
    async fn replace(&self, app: &App, back: bool) -> Result<(), Problem> {
        let edited = || {
            Problem::new(
                ProblemCode::ChangedMeanwhile,
                format!(
                    "{} was edited while its image was built, so nothing was added to it.",
                    self.on_disk.definition.name
                ),
            )
            .hint("Do it again: the packages come to what it is now.")
            .retryable()
        };
        match &self.change {
            Change::New => {}
            Change::Definition(before) => {
                read_again(app).await?;
                let now = on_disk(app, &before.id)?;
                let after = &self.on_disk.definition;
                let (from, to) = if back { (after, &**before) } else { (&**before, after) };
                if now.definition.source != from.source {
                    // What was never written needs not be taken back.
                    return if back { Ok(()) } else { Err(edited()) };
                }
                let definition = Definition { source: to.source.clone(), ..now.definition.clone() };
                edit::write(app, &definition, Some(&now)).await?;
            }
            Change::File(file) => {
                let after = self.files.first().map_or("", |(_, text)| text.as_str());
                let (from, to) =
                    if back { (after, file.text.as_str()) } else { (file.text.as_str(), after) };
                let now = tokio::fs::read_to_string(&file.place).await.unwrap_or_default();
                if now != from {
                    return if back { Ok(()) } else { Err(edited()) };
                }
                let shelf = &app.parts.shelf;
                let written = shelf.replace_text(file.place.clone(), to.to_owned()).await;
                written.map_err(|error| of_disk(&error))?;
                app.hub.environments();
            }
        }
        Ok(())
    }
}
