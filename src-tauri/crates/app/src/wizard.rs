//! The wizard: what it begins with, checks while one types, and the preflight.

use domain::{
    compute::ComputeId,
    container::Neighbour,
    diagnosis::{self, About},
    environment::EnvironmentName,
    finding::{Cause, Problem, ProblemCode},
    name::{Part, RuntimeName},
    spec::{RuntimeSpec, check as check_spec},
};
use engine::Engine;

use crate::{
    api::{
        CheckState, DraftCheck, OfDraft, Preflight, PreflightCheck, PreflightKind, Proposal,
        RuntimeDraft,
    },
    computes,
    context::App,
    fits::{self, first_free, port_holder, port_taken},
    problem, resolve, settings,
};

pub(crate) use fits::free_port;

/// A compute with less free memory than this may not be able to run one more service, in bytes.
const USUAL_NEED: u64 = 256 * 1024 * 1024;

pub(crate) async fn propose(app: &App, compute: &ComputeId) -> Result<Proposal, Problem> {
    let engine = computes::engine(app, compute)?;
    let neighbours = engine.neighbours().await.map_err(|error| problem::of_engine(&error))?;
    let proposed = RuntimeName::proposed(jiff::Zoned::now().datetime());
    let taken = |name: &RuntimeName| name_holder(&neighbours, name).is_some();
    let name = if taken(&proposed) {
        (2..1_000)
            .map(|number| proposed.numbered(number))
            .find(|name| !taken(name))
            .unwrap_or(proposed)
    } else {
        proposed
    };
    let repository = settings::repositories(app)
        .into_iter()
        .next()
        .ok_or_else(|| problem::not_found("The default repository"))?;
    let facts = engine.facts();
    Ok(Proposal {
        name: name.to_string(),
        host_port: first_free(&neighbours, "127.0.0.1").unwrap_or(0),
        repository,
        memory: facts.memory,
        cpus: facts.cpus,
    })
}

/// Makes a spec of a draft; the first thing that cannot be parsed is told.
pub(crate) fn spec(app: &App, request: &OfDraft) -> Result<RuntimeSpec, Problem> {
    let draft = &request.draft;
    let name = RuntimeName::parse(draft.name.trim())
        .map_err(|error| Problem::field("name", error.to_string()))?;
    let environment = resolve::parse(app, &request.compute, &draft.environment)?;
    rest(draft, name, environment)
}

fn port(field: &str, number: u32) -> Result<u16, Problem> {
    u16::try_from(number).map_err(|_| Problem::field(field, "A port is a number from 1 to 65535."))
}

fn rest(
    draft: &RuntimeDraft,
    name: RuntimeName,
    environment: domain::spec::Environment,
) -> Result<RuntimeSpec, Problem> {
    Ok(RuntimeSpec {
        name,
        description: draft.description.trim().to_owned(),
        environment,
        host_port: port("hostPort", draft.host_port)?,
        bind_address: draft.bind_address.trim().to_owned(),
        target_port: draft.target_port.map(|number| port("targetPort", number)).transpose()?,
        memory_limit: draft.memory_limit,
        cpu_limit: draft.cpu_limit,
        variables: draft.variables.clone(),
        mounts: draft.mounts.clone(),
        restart_policy: draft.restart_policy,
        start_command: draft.start_command.trim().to_owned(),
        health_path: draft.health_path.trim().to_owned(),
    })
}

/// The container because of which a name cannot be had: one of that name, or one that plays a part for
/// it, such as a previous one that is left of a runtime. A later update would need that part's name.
pub(crate) fn name_holder<'a>(
    neighbours: &'a [Neighbour],
    name: &RuntimeName,
) -> Option<&'a Neighbour> {
    let held = |other: &&Neighbour| Part::of_container(&other.name).0 == name.as_str();
    let mut holders: Vec<&Neighbour> = neighbours.iter().filter(held).collect();
    holders.sort_by_key(|other| other.name.len());
    holders.into_iter().next()
}

/// The name is taken on this compute, by this container.
pub(crate) fn name_taken(name: &RuntimeName, holder: &Neighbour) -> Problem {
    let sentence = if holder.name == name.as_str() {
        format!("A container called {name} exists on this compute. Names are unique there.")
    } else {
        format!(
            "A container called {} is left on this compute from a runtime called {name}. An update of a new {name} could not use that name.",
            holder.name
        )
    };
    let problem = Problem {
        field: Some("name".into()),
        finding: Some(Box::new(diagnosis::describe(Cause::NameTaken, About::default()))),
        ..Problem::new(ProblemCode::NameTaken, sentence)
    };
    if holder.name == name.as_str() {
        problem.hint("Choose another name.")
    } else {
        problem
            .hint(format!("Choose another name, or remove what is left: docker rm {}", holder.name))
    }
}

/// Checks a draft as it is typed: everything that needs no registry.
pub(crate) async fn check(app: &App, request: &OfDraft) -> DraftCheck {
    let draft = &request.draft;
    let mut problems = Vec::new();
    let name = RuntimeName::parse(draft.name.trim());
    if let Err(error) = &name {
        problems.push(Problem::field("name", error.to_string()));
    }
    let environment = resolve::parse(app, &request.compute, &draft.environment);
    if let Err(problem) = &environment {
        problems.push(problem.clone());
    }
    if draft.environment == (crate::api::EnvironmentDraft::Image { reference: String::new() }) {
        problems.retain(|problem| problem.field.as_deref() != Some("environment.reference"));
        problems.push(Problem::field(
            "environment.reference",
            domain::image::ReferenceError::Empty.to_string(),
        ));
    }
    // Whatever of name and environment is wrong must not hide what else is.
    let stand_in = || RuntimeName::proposed(jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0));
    let any_image = || domain::spec::Environment::Default {
        repository: app.known.repositories[0].clone(),
        version: None,
    };
    let mut proper = draft.clone();
    if let Err(problem) = port("hostPort", draft.host_port) {
        problems.push(problem);
        proper.host_port = 0;
    }
    if let Some(Err(problem)) = draft.target_port.map(|number| port("targetPort", number)) {
        problems.push(problem);
        proper.target_port = None;
    }
    match rest(
        &proper,
        name.clone().unwrap_or_else(|_| stand_in()),
        environment.unwrap_or_else(|_| any_image()),
    ) {
        Err(problem) => problems.push(problem),
        Ok(spec) => {
            problems.extend(check_spec(&spec));
            if !draft.confirmed_exposure {
                problems.extend(fits::exposure(&spec.bind_address));
            }
            problems.extend(on_compute(app, &request.compute, name.ok().as_ref(), &spec).await);
        }
    }
    DraftCheck { problems }
}

async fn on_compute(
    app: &App,
    compute: &ComputeId,
    name: Option<&RuntimeName>,
    spec: &RuntimeSpec,
) -> Vec<Problem> {
    let engine = match computes::engine(app, compute) {
        Ok(engine) => engine,
        Err(problem) => return vec![Problem { field: Some("compute".into()), ..problem }],
    };
    let neighbours = match engine.neighbours().await {
        Ok(neighbours) => neighbours,
        Err(error) => {
            return vec![Problem { field: Some("compute".into()), ..problem::of_engine(&error) }];
        }
    };
    let mut problems = Vec::new();
    if let Some(name) = name
        && let Some(holder) = name_holder(&neighbours, name)
    {
        problems.push(name_taken(name, holder));
    }
    if spec.host_port != 0
        && let Some(holder) = port_holder(&neighbours, &spec.bind_address, spec.host_port)
    {
        problems.push(port_taken(&neighbours, &spec.bind_address, spec.host_port, &holder));
    }
    problems.extend(fits::limits(engine.facts(), spec.memory_limit, spec.cpu_limit));
    problems.extend(fits::folders(spec.mounts.iter().enumerate()));
    problems
}

/// Looks at everything that decides whether a create can work.
pub(crate) async fn preflight(app: &App, request: OfDraft) -> Result<Preflight, Problem> {
    let spec = spec(app, &request)?;
    let mut checks = Vec::new();
    let engine = match computes::engine(app, &request.compute) {
        Ok(engine) => engine,
        Err(problem) => {
            checks.push(failed(PreflightKind::Engine, problem));
            return Ok(Preflight { checks, can_create: false, image: None, download_size: None });
        }
    };
    let facts = engine.facts().clone();
    checks.push(match engine.ping().await {
        Ok(()) => good(
            PreflightKind::Engine,
            format!("{} {} answers ({}).", facts.engine, facts.version, facts.architecture),
        ),
        Err(error) => failed(PreflightKind::Engine, problem::of_engine(&error)),
    });
    let target = resolve::resolve(app, engine.as_ref(), &spec.environment).await;
    let (mut image, mut download_size) = (None, None);
    match &target {
        Ok(target) => {
            image = Some(target.title());
            download_size = Some(target.download_size);
            let version_bad =
                target.version().is_some_and(|version| app.known.is_known_bad(version));
            let sentence = if EnvironmentName::title_of(&target.reference).is_some() {
                format!("{} is on the compute.", target.title())
            } else if target.remote.is_none() {
                format!(
                    "{} is on the compute; its registry gave no answer or does not have it.",
                    target.title()
                )
            } else {
                format!("{} exists for {} and may be pulled.", target.title(), facts.architecture)
            };
            checks.push(if version_bad {
                PreflightCheck {
                    state: CheckState::Warning,
                    ..good(
                        PreflightKind::Image,
                        format!("{} was published with the advice not to use it.", target.title()),
                    )
                }
            } else {
                good(PreflightKind::Image, sentence)
            });
        }
        Err(problem) => checks.push(failed(PreflightKind::Image, problem.clone())),
    }
    checks.push(disk(engine.as_ref(), download_size).await);
    checks.push(memory(&spec, facts.memory));
    match engine.neighbours().await {
        Ok(neighbours) => checks.extend(places(&neighbours, &spec)),
        Err(error) => checks.push(failed(PreflightKind::Name, problem::of_engine(&error))),
    }
    let can_create = checks.iter().all(|check| check.state != CheckState::Failed);
    Ok(Preflight { checks, can_create, image, download_size })
}

fn places(neighbours: &[Neighbour], spec: &RuntimeSpec) -> [PreflightCheck; 2] {
    let port = match port_holder(neighbours, &spec.bind_address, spec.host_port) {
        _ if spec.host_port == 0 => {
            good(PreflightKind::Port, "The engine chooses a port at every start.".into())
        }
        None => good(PreflightKind::Port, format!("Port {} is free.", spec.host_port)),
        Some(holder) => failed(
            PreflightKind::Port,
            port_taken(neighbours, &spec.bind_address, spec.host_port, &holder),
        ),
    };
    let name = match name_holder(neighbours, &spec.name) {
        Some(holder) => failed(PreflightKind::Name, name_taken(&spec.name, holder)),
        None => good(PreflightKind::Name, format!("The name {} is free.", spec.name)),
    };
    [port, name]
}

async fn disk(engine: &dyn Engine, download: Option<u64>) -> PreflightCheck {
    match (engine.free_disk().await, download) {
        (Ok(Some(free)), Some(download)) if free < download.saturating_mul(problem::UNPACKED) => {
            failed(
                PreflightKind::Disk,
                Problem::found(diagnosis::describe(Cause::DiskFull, About::default())),
            )
        }
        (Ok(Some(_)), Some(0)) => good(PreflightKind::Disk, "Nothing has to be downloaded.".into()),
        (Ok(Some(_)), Some(_)) => {
            good(PreflightKind::Disk, "There is enough space for the missing layers.".into())
        }
        _ => unknown(PreflightKind::Disk, "The compute's free disk space cannot be told."),
    }
}

fn memory(spec: &RuntimeSpec, total: u64) -> PreflightCheck {
    match (spec.memory_limit, total) {
        (_, 0) => unknown(PreflightKind::Memory, "The compute's memory cannot be told."),
        (Some(limit), total) if limit > total => failed(
            PreflightKind::Memory,
            Problem::field("memoryLimit", "The compute has less memory than the limit."),
        ),
        (None, total) if total < USUAL_NEED => PreflightCheck {
            state: CheckState::Warning,
            ..good(PreflightKind::Memory, "The compute has little memory for a runtime.".into())
        },
        _ => good(PreflightKind::Memory, "The compute has enough memory.".into()),
    }
}

fn good(kind: PreflightKind, sentence: String) -> PreflightCheck {
    PreflightCheck { kind, state: CheckState::Good, sentence, problem: None }
}

fn failed(kind: PreflightKind, problem: Problem) -> PreflightCheck {
    PreflightCheck {
        kind,
        state: CheckState::Failed,
        sentence: problem.sentence.clone(),
        problem: Some(problem),
    }
}

fn unknown(kind: PreflightKind, sentence: &str) -> PreflightCheck {
    PreflightCheck { kind, state: CheckState::Unknown, sentence: sentence.into(), problem: None }
}
