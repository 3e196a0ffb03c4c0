//! What an environment's image is made from, looked at before anything happens.

use std::{collections::BTreeMap, path::Path};

use definitions::Context;
use domain::{
    build::{Builder, Dockerfile, LineChange},
    environment::{
        BUILD_NUMBER, BaseUsed, CERTIFICATES, EnvironmentName, EnvironmentVersion, Installed,
        REQUIREMENTS, Source, build_arguments, generated, lock_of,
    },
    finding::{Problem, ProblemCode},
    image::{Digest, ImageReference},
    secret::Secret,
};
use engine::Engine;

use super::{OnDisk, bases, of_disk, on_disk};
use crate::{
    api::{BasePreview, BuildPreview, ContextSize, PreviewBuild},
    context::App,
    problem, resolve,
};

/// Space that a build needs beside what it downloads, in bytes, at the least.
const ROOM: u64 = 1024 * 1024 * 1024;

/// How a version is to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// On the newest bases.
    pub newest_base: bool,
    /// With exactly the packages and bases of this version.
    pub exactly: Option<EnvironmentVersion>,
    /// Files that the builder gets in the place of those on disk, by their path within the context.
    pub files: Vec<(String, String)>,
}

/// What is built: a context, its Dockerfile and what the Dockerfile is given.
pub(crate) struct Made {
    pub context: Context,
    /// Where the Dockerfile is within the context.
    pub path: String,
    pub dockerfile: Dockerfile,
    pub arguments: BTreeMap<String, String>,
    pub target: Option<String>,
    /// What its steps may mount, by id.
    pub secrets: BTreeMap<String, Secret>,
    /// Images that it is built on.
    pub bases: Vec<ImageReference>,
    /// The Dockerfile as it is written, before a newer base.
    pub written: String,
    /// Lines that a newer base changes.
    pub changes: Vec<LineChange>,
}

/// What of a person's source goes into the Dockerfile's arguments.
pub(super) fn arguments_of(source: &Source) -> BTreeMap<String, String> {
    match source {
        Source::Packages(packages) => build_arguments(packages).into_iter().collect(),
        Source::BuildContext(context) => context
            .arguments
            .iter()
            .map(|argument| (argument.name.clone(), argument.value.clone()))
            .collect(),
        Source::Image { .. } | Source::Default { .. } => BTreeMap::new(),
    }
}

/// The Dockerfile of a source: generated, or read from its folder.
pub(super) async fn dockerfile_of(
    source: &Source,
    name: &EnvironmentName,
    folder: &Path,
) -> Result<Dockerfile, Problem> {
    let (text, field) = match source {
        Source::Packages(packages) => (generated(name, packages, Installed::AsAsked), "base"),
        Source::BuildContext(build) => {
            let root = if build.folder.is_empty() { folder } else { Path::new(&build.folder) };
            let context = Context::new(root.to_owned(), build.dockerfile());
            let text = context
                .text(build.dockerfile())
                .await
                .map_err(|error| Problem { field: Some("folder".into()), ..of_disk(&error) })?;
            let Some(text) = text else {
                let place = context.place(build.dockerfile());
                return Err(Problem::field(
                    "folder",
                    format!("There is no file {}.", place.display()),
                ));
            };
            (text, "dockerfile")
        }
        Source::Image { .. } | Source::Default { .. } => {
            return Err(Problem::new(
                ProblemCode::InvalidInput,
                "Nothing is built for this environment.",
            ));
        }
    };
    Dockerfile::read(text).map_err(|error| {
        let place = if error.line == 0 { String::new() } else { format!("Line {}: ", error.line) };
        Problem::field(field, format!("The Dockerfile cannot be read. {place}{}", error.sentence))
    })
}

/// Puts together what is to be built.
pub(crate) async fn made_of(
    app: &App,
    engine: &dyn Engine,
    on_disk: &OnDisk,
    number: u32,
    wanted: &Wanted,
) -> Result<Made, Problem> {
    let definition = &on_disk.definition;
    if let Some(problem) =
        domain::environment::check(&definition.source, &definition.health_path).into_iter().next()
    {
        return Err(problem);
    }
    let mut dockerfile =
        dockerfile_of(&definition.source, &definition.name, &on_disk.folder).await?;
    let mut arguments = arguments_of(&definition.source);
    let (root, path, target) = match &definition.source {
        Source::BuildContext(build) => {
            let own = build.folder.is_empty();
            let root =
                if own { on_disk.folder.clone() } else { Path::new(&build.folder).to_owned() };
            let target = (!build.target.is_empty()).then(|| build.target.clone());
            (root, build.dockerfile().to_owned(), target)
        }
        _ => (on_disk.folder.clone(), "Dockerfile".to_owned(), None),
    };
    let mut context = Context::new(root, &path);
    if let Source::Packages(packages) = &definition.source {
        arguments.insert(BUILD_NUMBER.to_owned(), format!("{}.v{number}", definition.name));
        let certificates = packages.index.certificates.trim();
        if !certificates.is_empty() {
            let pem = tokio::fs::read(certificates).await.map_err(|error| {
                Problem::field(
                    "index.certificates",
                    format!("The file {certificates} cannot be read: {error}."),
                )
            })?;
            context = context.with(CERTIFICATES, pem);
        }
        if let Some(exactly) = &wanted.exactly {
            let text = generated(&definition.name, packages, Installed::Exactly);
            dockerfile = Dockerfile::read(text)
                .map_err(|error| Problem::new(ProblemCode::Internal, error.sentence))?;
            context = context.with(REQUIREMENTS, lock_of(&exactly.packages));
        }
    }
    let builder = engine.facts().builder;
    if !definition.source.secrets().is_empty() && !builder.keeps_secrets() {
        return Err(Problem::field("secrets", builder.why_no_secrets())
            .hint("Build this environment on a compute with Docker and BuildKit, or make the image elsewhere and use an environment of the kind \"image\"."));
    }
    can_build(&dockerfile, builder)?;
    let secrets = super::secrets::for_build(app, definition).await?;
    let written = dockerfile.text().to_owned();
    let mut changes = Vec::new();
    let newer = match &wanted.exactly {
        Some(exactly) => pinned(&exactly.bases),
        None if wanted.newest_base => {
            let references = references(&dockerfile, &arguments)?;
            bases::higher_tags(app, engine, &references).await?
        }
        None => BTreeMap::new(),
    };
    if !newer.is_empty() {
        let (text, lines) = dockerfile.with_bases(&arguments, &newer);
        dockerfile = Dockerfile::read(text)
            .map_err(|error| Problem::new(ProblemCode::Internal, error.sentence))?;
        if wanted.exactly.is_none() {
            changes = lines;
        }
    }
    let bases = references(&dockerfile, &arguments)?;
    for (file, text) in &wanted.files {
        context = context.with(file, text.as_bytes());
    }
    context = context.with(&path, dockerfile.text());
    Ok(Made { context, path, dockerfile, arguments, target, secrets, bases, written, changes })
}

/// Whether a builder understands all of it.
fn can_build(dockerfile: &Dockerfile, builder: Builder) -> Result<(), Problem> {
    let used = dockerfile.secrets();
    if let (Some((line, id)), false) = (used.first(), builder.keeps_secrets()) {
        return Err(Problem::field(
            "dockerfile",
            format!("Line {line} mounts the secret {id}. {}", builder.why_no_secrets()),
        )
        .hint("Build it on a compute with Docker and BuildKit."));
    }
    let Some((line, what)) = dockerfile.too_new_for(builder) else { return Ok(()) };
    let who = match builder {
        Builder::Podman => "Podman's builder",
        Builder::Classic | Builder::BuildKit => {
            "the classic builder, which this engine is set to use,"
        }
    };
    Err(Problem::field(
        "dockerfile",
        format!("Line {line}: {what} needs BuildKit; {who} does not know it."),
    )
    .hint("Write it without that, or build it on a compute with Docker and BuildKit."))
}

/// Bases by exactly the image that was used; those that no registry gave stay as they are.
fn pinned(bases: &[BaseUsed]) -> BTreeMap<String, String> {
    bases
        .iter()
        .filter(|base| base.from_registry)
        .filter_map(|base| {
            let reference = ImageReference::parse(&base.reference).ok()?;
            let digest = Digest::parse(&base.digest).ok()?;
            Some((base.reference.clone(), reference.pinned(&digest).to_string()))
        })
        .collect()
}

/// The bases as references.
fn references(
    dockerfile: &Dockerfile,
    arguments: &BTreeMap<String, String>,
) -> Result<Vec<ImageReference>, Problem> {
    dockerfile
        .bases(arguments)
        .into_iter()
        .map(|base| {
            let Some(reference) = &base.reference else {
                return Err(Problem::field(
                    "arguments",
                    format!(
                        "Line {}: the base {} needs an argument that has no value.",
                        base.line, base.written
                    ),
                )
                .hint("Add the argument, or give it a default in the Dockerfile."));
            };
            ImageReference::parse(reference).map_err(|error| {
                Problem::field("dockerfile", format!("Line {}: {error}", base.line))
            })
        })
        .collect()
}

/// What a build would do.
pub(crate) async fn preview(app: &App, request: PreviewBuild) -> Result<BuildPreview, Problem> {
    super::read_again(app).await?;
    let on_disk = on_disk(app, &request.environment)?;
    let engine = super::engine(app, &request.compute)?;
    let engine = engine.as_ref();
    let number = super::next_number(app, engine, &on_disk.definition).await?;
    let before = super::newest(app, &request.environment, Some(&request.compute));
    let free_disk = engine.free_disk().await.ok().flatten();
    let mut preview = BuildPreview {
        number,
        bases: vec![],
        changes: vec![],
        dockerfile: String::new(),
        context: None,
        free_disk,
        problems: vec![],
        warnings: vec![],
    };
    let references = if on_disk.definition.source.is_built() {
        let given = on_disk.definition.source.secrets();
        let wanted = Wanted { newest_base: request.newest_base, ..Wanted::default() };
        let made = match made_of(app, engine, &on_disk, number, &wanted).await {
            Ok(made) => made,
            Err(problem) => {
                preview.problems.push(problem);
                return Ok(preview);
            }
        };
        made.dockerfile.text().clone_into(&mut preview.dockerfile);
        preview.changes.clone_from(&made.changes);
        preview.warnings.extend(
            made.dockerfile.secrets().into_iter().filter(|(_, id)| !given.contains(id)).map(
                |(line, id)| {
                    format!("Line {line} mounts the secret {id}, which this environment does not have; the step runs without it.")
                },
            ),
        );
        match made.context.measure().await {
            Ok(size) => {
                preview.context = Some(ContextSize {
                    files: size.files,
                    bytes: size.bytes,
                    ignored: size.ignored,
                });
            }
            Err(error) => preview.problems.push(of_disk(&error)),
        }
        made.bases
    } else {
        match bases::reference_of(app, engine, &on_disk.definition.source).await {
            Ok(reference) => vec![reference],
            Err(problem) => {
                preview.problems.push(problem);
                return Ok(preview);
            }
        }
    };
    for reference in references {
        let shown = ImageReference { digest: None, ..reference.clone() }.to_string();
        let used_digest = before.as_ref().and_then(|before| {
            before.bases.iter().find(|base| base.reference == shown).map(|base| base.digest.clone())
        });
        preview.bases.push(match resolve::image(app, engine, &reference).await {
            Ok(target) => BasePreview {
                digest: target.digest(),
                download_size: Some(target.download_size),
                reference: shown,
                used_digest,
                problem: None,
            },
            Err(problem) => BasePreview {
                digest: String::new(),
                download_size: None,
                reference: shown,
                used_digest,
                problem: Some(problem),
            },
        });
    }
    let downloads: u64 = preview.bases.iter().filter_map(|base| base.download_size).sum();
    let sent = preview.context.map_or(0, |context| context.bytes);
    let needed = downloads.saturating_mul(problem::UNPACKED) + sent.saturating_mul(2) + ROOM;
    if free_disk.is_some_and(|free| free < needed) {
        preview.warnings.push(format!(
            "It may not fit: about {} may be needed where the compute keeps images, and {} are free.",
            problem::bytes(needed),
            problem::bytes(free_disk.unwrap_or(0))
        ));
    }
    Ok(preview)
}
