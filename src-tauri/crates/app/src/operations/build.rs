//! Build: find the bases → pull them → build → look into the image → prove it → keep it as a version.
//! Nothing that runs is touched, and a build that fails leaves no image.

use std::collections::{HashSet, VecDeque};

use domain::{
    build::{BuildEvent, BuildTracker, FailedBuild, LineSplitter, of_build},
    container::LocalImage,
    diagnosis::About,
    environment::{
        BaseUsed, ENVIRONMENT_LABEL, EnvironmentVersion, REQUIREMENTS, Source, VERSION_LABEL,
    },
    finding::{Problem, ProblemCode},
    image::ImageReference,
    operation::{OperationId, OperationKind, StepKind, Subject, package_changes},
    runtime::{Package, Protocol, RuntimeId},
};
use engine::{BuildRequest, Engine, EngineError};
use futures_util::StreamExt;

use super::{Handle, Outcome, Plan, Stop, begin, build_log::BuildLog, image, proof, scratch, swap};
use crate::{
    api::{BuildEnvironment, EnvironmentDraft, UpdateRuntime},
    context::App,
    environments::{self, Made, OnDisk, Wanted},
    finding, problem, resolve,
    resolve::Target,
};

/// The last lines of a build's log that are looked through for the cause of a failure.
const LOOKED_THROUGH: usize = 400;

/// Starts to make a version of an environment.
pub(crate) async fn build(app: &App, request: BuildEnvironment) -> Result<OperationId, Problem> {
    environments::read_again(app).await?;
    let on_disk = environments::on_disk(app, &request.environment)?;
    let definition = &on_disk.definition;
    let exactly = match request.exactly {
        Some(number) => Some(
            environments::kept_version(app, &request.environment, number)
                .ok_or_else(|| problem::not_found("The version"))?,
        ),
        None => None,
    };
    let first = domain::environment::check(&definition.source, &definition.health_path);
    if let Some(problem) = first.into_iter().next() {
        return Err(problem);
    }
    let built = definition.source.is_built();
    let mut steps = vec![StepKind::Check, StepKind::Resolve, StepKind::Pull];
    if built {
        steps.push(StepKind::Build);
    }
    steps.extend([StepKind::Inspect, StepKind::Prove, StepKind::Keep]);
    let before = environments::newest(app, &request.environment, Some(&request.compute));
    let engine = crate::computes::engine(app, &request.compute)?;
    let number = environments::next_number(app, engine.as_ref(), definition).await?;
    let plan = Plan {
        kind: OperationKind::Build,
        subject: Subject::Environment(request.environment.clone()),
        name: definition.name.to_string(),
        compute: request.compute,
        steps,
        from: before.map(|before| before.number.to_string()),
        to: Some(number.to_string()),
        started_by: None,
    };
    let wanted = Wanted { newest_base: request.newest_base, exactly, files: vec![] };
    let work = Work { on_disk, number, wanted, no_cache: request.no_cache, update: request.update };
    begin(app, plan, |handle| work.go(handle))
}

/// Makes a version within another operation, of files in the place of some on disk; answers its number. When
/// it fails nothing of it stays.
pub(super) async fn version(
    handle: Handle,
    on_disk: OnDisk,
    files: Vec<(String, String)>,
) -> Result<u32, Stop> {
    let app = handle.app();
    let number =
        environments::next_number(app, handle.engine.as_ref(), &on_disk.definition).await?;
    let wanted = Wanted { files, ..Wanted::default() };
    let work = Work { on_disk, number, wanted, no_cache: false, update: vec![] };
    work.go(handle).await?;
    Ok(number)
}

/// Takes a version back that is not to be after all; `false` = something uses its image, and it stays.
pub(super) async fn take_back(
    app: &App,
    engine: &dyn Engine,
    version: &EnvironmentVersion,
) -> bool {
    match engine.remove_image(&version.image.to_string()).await {
        Ok(()) | Err(EngineError::NotFound(_)) => {
            environments::forget_version(app, &version.environment, version.number).await;
            true
        }
        Err(error) => {
            tracing::info!(%error, "a version that was not to be stays");
            false
        }
    }
}

struct Work {
    on_disk: OnDisk,
    number: u32,
    wanted: Wanted,
    no_cache: bool,
    /// Runtimes that follow once the version is proved.
    update: Vec<RuntimeId>,
}

/// An image that is to be a version.
struct Candidate {
    image: image::Present,
    reference: ImageReference,
    bases: Vec<BaseUsed>,
    dockerfile: String,
    /// It was not on the compute before.
    is_new: bool,
}

/// What was found in it while it served.
struct Proved {
    protocol: Protocol,
    python: Option<String>,
    packages: Vec<Package>,
}

impl Work {
    async fn go(self, handle: Handle) -> Outcome {
        handle.step(StepKind::Check);
        let log = BuildLog::begin(handle.app(), &handle.id()).await;
        scratch::sweep(&handle).await;
        let result = self.make(&handle, &log).await;
        if let Err(Stop::Failed(problem)) = &result {
            log.line(&format!("The build failed: {}", problem.sentence)).await;
        }
        log.end(handle.app(), &handle.id());
        result
    }

    async fn make(&self, handle: &Handle, log: &BuildLog) -> Outcome {
        let made = if self.on_disk.definition.source.is_built() {
            let engine = handle.engine.as_ref();
            let made = environments::made_of(
                handle.app(),
                engine,
                &self.on_disk,
                self.number,
                &self.wanted,
            );
            Some(handle.or_cancel(made).await??)
        } else {
            None
        };
        let candidate = match &made {
            Some(made) => self.built(handle, log, made).await?,
            None => self.taken(handle, log).await?,
        };
        let proved = match self.prove(handle, &candidate.image, log).await {
            Ok(proved) => proved,
            Err(stop) => {
                handle.stopped(&stop);
                // The compute is not left fuller than it was.
                if made.is_some() {
                    discard(handle.engine.as_ref(), &candidate.reference).await;
                } else if candidate.is_new {
                    image::discard(handle.engine.as_ref(), &candidate.reference).await;
                }
                return Err(stop);
            }
        };
        self.keep(handle, candidate, proved, made.as_ref()).await
    }

    /// The image that a registry or the compute has.
    async fn taken(&self, handle: &Handle, log: &BuildLog) -> Result<Candidate, Stop> {
        handle.step(StepKind::Resolve);
        let app = handle.app();
        let engine = handle.engine.as_ref();
        let reference = environments::reference_of(app, engine, &self.on_disk.definition.source);
        let reference = handle.or_cancel(reference).await??;
        let target = handle.or_cancel(resolve::image(app, engine, &reference)).await??;
        handle.note(target.title());
        log.line(&format!("The image is {}.", target.reference)).await;
        let present = image::pull(handle, &target).await?;
        let base = base_used(&target, &present.image);
        Ok(Candidate {
            image: present,
            reference: target.reference,
            bases: vec![base],
            dockerfile: String::new(),
            is_new: target.local.is_none(),
        })
    }

    /// The image that the engine's builder makes.
    async fn built(&self, handle: &Handle, log: &BuildLog, made: &Made) -> Result<Candidate, Stop> {
        let bases = self.bases(handle, log, made).await?;
        handle.step(StepKind::Build);
        let definition = &self.on_disk.definition;
        let name = definition
            .name
            .image(self.number)
            .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
        let request = BuildRequest {
            name: name.clone(),
            dockerfile: made.path.clone(),
            arguments: made.arguments.clone(),
            labels: [
                (ENVIRONMENT_LABEL.to_owned(), definition.id.to_string()),
                (VERSION_LABEL.to_owned(), self.number.to_string()),
            ]
            .into(),
            target: made.target.clone(),
            no_cache: self.no_cache,
            secrets: made.secrets.clone(),
        };
        let id = self.follow(handle, log, made, &request).await?;
        let image = handle.engine.image(&id).await.map_err(|error| problem::of_engine(&error))?;
        Ok(Candidate {
            image: image::Present { name: image.id.clone(), image },
            reference: name,
            bases,
            dockerfile: made.dockerfile.text().to_owned(),
            is_new: true,
        })
    }

    /// Gets every base onto the compute: with our logins and their progress, and the newest where that is
    /// wanted.
    async fn bases(
        &self,
        handle: &Handle,
        log: &BuildLog,
        made: &Made,
    ) -> Result<Vec<BaseUsed>, Stop> {
        let engine = handle.engine.as_ref();
        let mut used = Vec::new();
        if made.bases.is_empty() {
            handle.skip(StepKind::Resolve, "It is built on nothing.");
            handle.skip(StepKind::Pull, "It is built on nothing.");
        }
        for reference in &made.bases {
            handle.step(StepKind::Resolve);
            handle.note(reference.to_string());
            let there = match engine.image(&reference.to_string()).await {
                Ok(local) => Some(local),
                Err(EngineError::NotFound(_)) => None,
                Err(error) => return Err(problem::of_engine(&error).into()),
            };
            let target = match there {
                Some(local) if !self.wanted.newest_base => Target {
                    reference: reference.clone(),
                    remote: None,
                    local: Some(local),
                    download_size: 0,
                    login: None,
                },
                _ => {
                    let resolving = resolve::image(handle.app(), engine, reference);
                    handle.or_cancel(resolving).await??
                }
            };
            let present = image::pull(handle, &target).await?;
            if target.remote.is_some()
                && let Some(tag) = &reference.tag
            {
                // The builder finds it by this name.
                let tagged = reference.repository.tagged(tag);
                engine
                    .tag(&present.image.id, &tagged)
                    .await
                    .map_err(|error| problem::of_engine(&error))?;
            }
            let base = base_used(&target, &present.image);
            log.line(&format!("The base {} is {}.", base.reference, base.digest)).await;
            used.push(base);
        }
        // Exactly the same bases: under the names by which a newer one is looked for.
        Ok(self.wanted.exactly.as_ref().map_or(used, |exactly| exactly.bases.clone()))
    }

    /// Builds to the end; answers the image's id.
    async fn follow(
        &self,
        handle: &Handle,
        log: &BuildLog,
        made: &Made,
        request: &BuildRequest,
    ) -> Result<String, Stop> {
        let mut tracker = BuildTracker::new();
        let mut splitter = LineSplitter::new();
        let mut last: VecDeque<Said> = VecDeque::new();
        let mut begun = HashSet::new();
        let mut image = None;
        let mut told = tracker.progress();
        let mut events = handle.engine.build(request, made.context.stream()).await;
        let mut broke = false;
        let failed = loop {
            let event = match handle.or_cancel(events.next()).await {
                Ok(Some(Ok(event))) => event,
                // Seen of Podman 4.3 while it copied a large folder. What was built is in its cache.
                Ok(Some(Err(error))) if error.is_broken_answer() && !broke => {
                    broke = true;
                    log.line(&format!("{} The build is begun once more.", error.words())).await;
                    tracker = BuildTracker::new();
                    (last, begun, image) = (VecDeque::new(), HashSet::new(), None);
                    events = handle.engine.build(request, made.context.stream()).await;
                    continue;
                }
                Ok(Some(Err(error))) => break Some(error),
                Ok(None) => break None,
                Err(stop) => {
                    tracker.finish(crate::context::now(), false);
                    handle.build(tracker.progress());
                    // The engine ends the build when nobody reads any more.
                    drop(events);
                    remember(handle, &tracker).await;
                    discard(handle.engine.as_ref(), &request.name).await;
                    return Err(stop);
                }
            };
            tracker.take(&event, crate::context::now());
            // A line that only says something moves no step.
            let now = tracker.progress();
            if now != told {
                handle.build(now.clone());
                told = now;
            }
            match event {
                BuildEvent::Output { text } => {
                    for line in splitter.take(&text) {
                        log.line(&line).await;
                        keep(&mut last, None, line);
                    }
                }
                BuildEvent::Step(step) => {
                    if step.started.is_some() && begun.insert(step.id) {
                        let cached = if step.cached { " (taken from before)" } else { "" };
                        log.line(&format!("{}{cached}", step.title)).await;
                    }
                }
                BuildEvent::StepOutput { step, text } => {
                    for line in splitter.take(&text) {
                        log.line(&line).await;
                        keep(&mut last, Some(step.clone()), line);
                    }
                }
                BuildEvent::Image { id } => image = Some(id),
                BuildEvent::Status { .. } | BuildEvent::Sent { .. } => {}
            }
        };
        if let Some(line) = splitter.finish() {
            log.line(&line).await;
            keep(&mut last, None, line);
        }
        tracker.finish(crate::context::now(), failed.is_none());
        handle.build(tracker.progress());
        remember(handle, &tracker).await;
        match (failed, image) {
            (None, Some(image)) => Ok(image),
            (None, None) => Err(Problem::new(
                ProblemCode::BuildFailed,
                "The builder ended without an image and without a reason.",
            )
            .into()),
            (Some(error), _) => {
                let failed = tracker.failed();
                let (id, step) = (failed.and_then(|(id, _)| id), failed.map(|(_, step)| step));
                let instruction = step.map(|step| step.instruction.as_str());
                let requirements = made.context.text(REQUIREMENTS).await.ok().flatten();
                // Steps may go on beside each other: only what this one said tells why it failed.
                let of_step = |said: &Said| id.is_none() || said.step.as_deref() == id;
                let lines: Vec<String> = last
                    .iter()
                    .filter(|said| of_step(said))
                    .map(|said| said.line.clone())
                    .collect();
                let base = made.bases.first();
                let shown = base.map(ToString::to_string).unwrap_or_default();
                let words = error.words();
                let failed = FailedBuild {
                    words: &words,
                    lines: &lines,
                    instruction,
                    step: step.map(|step| step.number),
                    requirements: requirements.as_deref(),
                    about: About {
                        image: &shown,
                        registry: base.map_or("", |base| base.repository.host()),
                        architecture: &handle.engine.facts().architecture,
                        ..About::default()
                    },
                };
                Err(why(&error, &failed).into())
            }
        }
    }

    /// Starts it beside everything else, and looks into it while it serves.
    async fn prove(
        &self,
        handle: &Handle,
        present: &image::Present,
        log: &BuildLog,
    ) -> Result<Proved, Stop> {
        handle.step(StepKind::Inspect);
        let definition = &self.on_disk.definition;
        let engine = handle.engine.as_ref();
        let operation = handle.id();
        let labels = scratch::labels(handle.app(), &operation);
        let short: String = operation.0.chars().take(8).collect();
        let name = format!("{}{}-{short}", scratch::NAME, definition.name);
        let health_path = definition.health_path();
        let start =
            image::decide_start(handle, present, &[], definition.port, health_path, &labels, &name)
                .await?;
        handle.step(StepKind::Prove);
        let entry = start.entry.as_deref();
        let body = domain::first::proof_body(&present.name, &labels, start.port, entry);
        let failed =
            |error: &EngineError| Stop::from(problem::engine_finding(error, About::default()));
        engine.remove(&name, true, true).await.map_err(|error| failed(&error))?;
        let id = engine.create(&name, &body).await.map_err(|error| failed(&error))?;
        let proved = self.serves(handle, &id, health_path).await;
        if matches!(&proved, Err(Stop::Failed(_))) {
            let kept = finding::last_lines(engine, &id).await;
            for line in kept.lines() {
                log.line(line).await;
            }
            handle.set(|operation| operation.kept_log = Some(kept).filter(|log| !log.is_empty()));
        }
        if let Err(error) = swap::patiently(|| engine.remove(&id, true, true)).await {
            tracing::warn!(%error, "a container that proved an image could not be removed");
        }
        proved
    }

    async fn serves(&self, handle: &Handle, id: &str, health_path: &str) -> Result<Proved, Stop> {
        let engine = handle.engine.as_ref();
        handle.check_cancel()?;
        swap::start_on_any_port(engine, id)
            .await
            .map_err(|error| problem::engine_finding(&error, About::default()))?;
        let limit = handle.app().ready_within();
        let ready = proof::stays_ready(handle, id, health_path, limit, proof::STAY);
        let protocol = handle.or_cancel(ready).await?.map_err(Problem::found)?;
        handle.note("It answers. Its packages are listed.");
        let inside = handle.or_cancel(proof::inside(engine, id)).await?;
        let (python, packages) =
            inside.map_or((None, vec![]), |inside| (Some(inside.python), inside.packages));
        Ok(Proved { protocol, python, packages })
    }

    /// From here on it is a version, and nothing can be cancelled.
    async fn keep(
        &self,
        handle: &Handle,
        candidate: Candidate,
        proved: Proved,
        made: Option<&Made>,
    ) -> Outcome {
        let app = handle.app();
        handle.check_cancel()?;
        handle.step(StepKind::Keep);
        handle.set_cancel(domain::operation::Cancel::No);
        let definition = &self.on_disk.definition;
        let before = environments::newest(app, &definition.id, Some(&handle.compute));
        let version = EnvironmentVersion {
            environment: definition.id.clone(),
            number: self.number,
            compute: handle.compute.clone(),
            image: candidate.reference.clone(),
            image_id: candidate.image.image.id.clone(),
            size: candidate.image.image.size,
            created: crate::context::now(),
            bases: candidate.bases,
            layers: candidate.image.image.layers.iter().map(ToString::to_string).collect(),
            python: proved.python,
            protocol: proved.protocol,
            packages: proved.packages,
            dockerfile: candidate.dockerfile,
            operation: handle.id(),
        };
        handle.set(|operation| {
            operation.to_digest = Some(version.image_id.clone());
            operation.packages =
                before.map(|before| package_changes(&before.packages, &version.packages));
        });
        if let Err(problem) = environments::keep_version(app, version).await {
            if made.is_some() {
                discard(handle.engine.as_ref(), &candidate.reference).await;
            }
            return Err(problem.into());
        }
        let mut outcome = format!("Version {} of {} is ready.", self.number, definition.name);
        if let Some(made) = made.filter(|made| !made.changes.is_empty()) {
            let about = match self.write_newer_base(app, made).await {
                Ok(()) => "Its definition names the newer base now.".to_owned(),
                Err(problem) => {
                    format!("Its definition still names the older base: {}", problem.sentence)
                }
            };
            outcome = format!("{outcome} {about}");
        }
        for runtime in &self.update {
            let about = self.begin_update(handle, runtime);
            outcome = format!("{outcome} {about}");
        }
        Ok(outcome)
    }

    /// A runtime goes to the new version by the same update as ever; one that needs the person's word
    /// waits for it.
    fn begin_update(&self, handle: &Handle, runtime: &RuntimeId) -> String {
        let app = handle.app();
        let Ok(row) = super::row(app, runtime) else {
            return "A runtime that was to follow is not there any more.".to_owned();
        };
        let request = UpdateRuntime {
            runtime: runtime.clone(),
            environment: EnvironmentDraft::Named {
                environment: self.on_disk.definition.id.clone(),
                version: Some(self.number),
            },
            confirmed: false,
            cancel_runs: false,
            shown: None,
        };
        let by = format!("the build of {}", self.on_disk.definition.name);
        match super::update_by(app, request, Some(by)) {
            Ok(_) => format!("{} is updated to it now.", row.name),
            Err(problem) => format!("{} was not updated to it. {}", row.name, problem.sentence),
        }
    }

    /// The newer base was proved: the definition names it from now on, unless somebody edited it meanwhile.
    async fn write_newer_base(&self, app: &App, made: &Made) -> Result<(), Problem> {
        let edited = || {
            Problem::new(ProblemCode::ChangedMeanwhile, "It was edited while the build went on.")
        };
        environments::read_again(app).await?;
        let mut definition = environments::on_disk(app, &self.on_disk.definition.id)?.definition;
        if definition.source != self.on_disk.definition.source {
            return Err(edited());
        }
        let shelf = &app.parts.shelf;
        let written = if let Source::Packages(packages) = &mut definition.source {
            if let Some(base) = made.bases.first() {
                packages.base = base.to_string();
            }
            shelf.save(&definition, None).await
        } else {
            let place = made.context.place(&made.path);
            let now = tokio::fs::read_to_string(&place).await;
            if !now.is_ok_and(|now| now == made.written) {
                return Err(edited());
            }
            shelf.replace_text(place, made.dockerfile.text().to_owned()).await
        };
        written.map_err(|error| environments::of_disk(&error))?;
        environments::read_again(app).await?;
        app.hub.environments();
        Ok(())
    }
}

/// What steps made stays on the engine for the next build, and is ours to clean up.
async fn remember(handle: &Handle, tracker: &BuildTracker) {
    let history = &handle.app().parts.history;
    if let Err(error) = history.keep_built_layers(&handle.compute, tracker.made()).await {
        tracing::warn!(%error, "what a build left could not be written down");
    }
}

/// A line of a build.
struct Said {
    /// The step that said it; `None` = the builder does not tell.
    step: Option<String>,
    line: String,
}

fn keep(last: &mut VecDeque<Said>, step: Option<String>, line: String) {
    if last.len() == LOOKED_THROUGH {
        last.pop_front();
    }
    last.push_back(Said { step, line });
}

/// A failed build in words.
fn why(error: &EngineError, failed: &FailedBuild<'_>) -> Problem {
    match error {
        EngineError::Unreachable(_) | EngineError::Silent(_) => problem::of_engine(error),
        EngineError::Context(reason) => Problem::new(
            ProblemCode::Storage,
            "A file of the build context could not be read, so the build was ended.",
        )
        .hint("Check the rights of the files, or leave them out with .dockerignore.")
        .details(reason),
        _ => {
            let finding = of_build(failed);
            let mut problem = Problem::found(finding).details(error.words());
            problem.retry = true;
            problem
        }
    }
}

fn base_used(target: &Target, local: &LocalImage) -> BaseUsed {
    let digest = target.reference.digest.clone().or_else(|| local.digests.first().cloned());
    BaseUsed {
        reference: ImageReference { digest: None, ..target.reference.clone() }.to_string(),
        from_registry: digest.is_some(),
        digest: digest.map_or_else(|| local.id.clone(), |digest| digest.to_string()),
    }
}

/// Removes the image of a version that is not to be.
async fn discard(engine: &dyn Engine, name: &ImageReference) {
    match engine.remove_image(&name.to_string()).await {
        Ok(()) | Err(EngineError::NotFound(_)) => {}
        Err(error) => tracing::info!(%error, "the image of a failed build was left"),
    }
}

/// A build that was cut off when the application ended: it is told as failed, and starts not again by
/// itself.
pub(super) fn cut_off() -> Problem {
    Problem {
        retry: true,
        ..Problem::new(
            ProblemCode::Internal,
            "The application ended while it was built. The engine ended the build then, and nothing else changed.",
        )
        .hint("Build it again: what was done before is taken from the engine's cache.")
    }
}
