//! The settings of a runtime that a person may change: read, checked, and what a change would do.

use domain::{
    compute,
    configuration::{self as rules, ChangedSetting, Configuration, SettingChange, VariableSetting},
    container::{Container, Neighbour},
    finding::{Problem, ProblemCode},
    label::Labels,
    recovery::Parts,
    recreate,
    runtime::{KEEPS_PREVIOUS_DAYS, Runtime, RuntimeId},
    spec,
};
use engine::{Engine, EngineError};
use serde_json::Value;

use crate::{
    api::{
        ActiveRuns, ConfigurationDraft, ConfigurationPreview, ConfigurationView, OfConfiguration,
        RollBackPreview,
    },
    computes,
    context::{App, lock},
    descriptions, fits,
    operations::{self, active_runs, all_containers, unproven},
    problem,
};

/// A runtime's container and its settings, as they are now.
pub(crate) struct Current {
    pub row: Runtime,
    pub container: Container,
    pub settings: Configuration,
    /// What the label says where a description stands.
    pub label_description: String,
}

impl Current {
    /// Names this state: the container, and what can change while it stays the same one. Values of
    /// variables cannot, so none is needed here.
    pub(crate) fn based_on(&self) -> String {
        let Configuration { description, memory_limit, cpu_limit, restart_policy, .. } =
            &self.settings;
        format!(
            "{} {memory_limit:?} {cpu_limit:?} {} {description}",
            self.container.id,
            restart_policy.as_str()
        )
    }
}

/// Reads the settings of one container of a runtime.
pub(crate) async fn settings_of(
    app: &App,
    engine: &dyn Engine,
    id: &RuntimeId,
    container: &Container,
) -> Result<Configuration, EngineError> {
    let image = image_config(engine, &container.image_id).await?;
    Ok(settings_with(app, id, container, &image))
}

/// The same, with the configuration of the container's image.
pub(crate) fn settings_with(
    app: &App,
    id: &RuntimeId,
    container: &Container,
    image: &Value,
) -> Configuration {
    let settings = rules::read(container, image);
    let description = descriptions::of(app, id, &settings.description);
    Configuration { description, ..settings }
}

/// The configuration of an image; `Null` when it is gone.
async fn image_config(engine: &dyn Engine, image_id: &str) -> Result<Value, EngineError> {
    match engine.image(image_id).await {
        Ok(image) => Ok(image.config),
        Err(EngineError::NotFound(_)) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// The container that serves, and its settings.
pub(crate) async fn current(
    app: &App,
    engine: &dyn Engine,
    id: &RuntimeId,
) -> Result<Current, Problem> {
    let row = operations::row(app, id)?;
    let refused = |error: EngineError| problem::of_engine(&error);
    let container = engine.inspect(&row.container_id).await.map_err(refused)?;
    let settings = settings_of(app, engine, id, &container).await.map_err(refused)?;
    let label_description = Labels::read(&container.labels)
        .and_then(|labels| labels.spec)
        .map(|spec| spec.description)
        .unwrap_or_default();
    Ok(Current { row, container, settings, label_description })
}

/// What the Configuration tab shows.
pub(crate) async fn view(app: &App, id: &RuntimeId) -> Result<ConfigurationView, Problem> {
    let row = operations::row(app, id)?;
    let engine = computes::engine(app, &row.compute)?;
    let current = current(app, engine.as_ref(), id).await?;
    let facts = engine.facts();
    let based_on = current.based_on();
    let Configuration {
        description,
        host_port,
        bind_address,
        memory_limit,
        cpu_limit,
        variables,
        mounts,
        restart_policy,
    } = current.settings;
    Ok(ConfigurationView {
        based_on,
        description_not_in_label: description != current.label_description,
        description,
        host_port,
        bind_address,
        memory_limit,
        cpu_limit,
        variables: variables.into_iter().map(|variable| variable.name).collect(),
        mounts,
        restart_policy,
        compute_memory: facts.memory,
        compute_cpus: facts.cpus,
    })
}

/// Somebody changed the runtime since the form was opened.
pub(crate) fn changed_meanwhile(current: &Current, based_on: &str) -> Result<(), Problem> {
    if current.based_on() == based_on {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::ChangedMeanwhile,
        format!(
            "{} was changed by somebody since this form was opened. Nothing was changed now.",
            current.row.name
        ),
    )
    .hint("Review the changes again: what you typed is kept, and compared with what is there now."))
}

/// Makes settings of a draft; problems name their fields.
pub(crate) fn parse(
    draft: &ConfigurationDraft,
    now: &Configuration,
) -> (Configuration, Vec<Problem>) {
    let mut problems = Vec::new();
    let host_port = u16::try_from(draft.host_port).unwrap_or_else(|_| {
        problems.push(Problem::field("hostPort", "A port is a number from 1 to 65535."));
        now.host_port
    });
    let settings = Configuration {
        description: draft.description.trim().to_owned(),
        host_port,
        bind_address: draft.bind_address.trim().to_owned(),
        memory_limit: draft.memory_limit,
        cpu_limit: draft.cpu_limit,
        variables: draft
            .variables
            .iter()
            .map(|variable| VariableSetting {
                name: variable.name.trim().to_owned(),
                value: variable.value.clone(),
            })
            .collect(),
        mounts: draft.mounts.clone(),
        restart_policy: draft.restart_policy,
    };
    if settings.bind_address != now.bind_address {
        problems.extend(spec::check_access(&settings.bind_address));
        if !draft.confirmed_exposure {
            problems.extend(fits::exposure(&settings.bind_address));
        }
    }
    problems.extend(spec::check_limits(settings.memory_limit, settings.cpu_limit));
    problems.extend(spec::check_variables(settings.variables.iter().zip(&draft.variables).map(
        |(variable, typed)| (variable.name.as_str(), variable.value.as_deref(), typed.confirmed),
    )));
    for (at, variable) in settings.variables.iter().enumerate() {
        let there = now.variables.iter().any(|own| own.name == variable.name);
        if variable.value.is_none() && !there {
            problems.push(Problem::field(
                &format!("variables.{at}"),
                format!("{} has no value that could be kept. Give it one.", variable.name),
            ));
        }
    }
    problems.extend(spec::check_mounts(&settings.mounts));
    (settings, problems)
}

/// Whether the new port is free for this runtime. What its own containers hold does not count.
pub(crate) async fn port_problem(
    engine: &dyn Engine,
    container: &Container,
    own: &[String],
    now: &Configuration,
    to: &Configuration,
) -> Result<Option<Problem>, EngineError> {
    let (address, port) = (to.bind_address.as_str(), to.host_port);
    if port == 0 || (port == now.host_port && address == now.bind_address) {
        return Ok(None);
    }
    let neighbours: Vec<Neighbour> = engine
        .neighbours()
        .await?
        .into_iter()
        .filter(|other| other.id != container.id && !own.contains(&other.id))
        .collect();
    // The machine says "taken" of the port that the runtime itself is published on.
    let holds_it_itself =
        container.is_running() && container.ports.iter().any(|held| held.host_port == port);
    let holder = if holds_it_itself {
        fits::container_that_holds(&neighbours, address, port)
    } else {
        fits::port_holder(&neighbours, address, port)
    };
    Ok(holder.map(|holder| fits::port_taken(&neighbours, address, port, &holder)))
}

/// Ids of the containers of a runtime.
pub(crate) fn own_containers(app: &App, row: &Runtime) -> Vec<String> {
    let all = lock(&app.table).containers_of(&row.compute, &row.id);
    all.into_iter().map(|container| container.id).collect()
}

/// Everything that is wrong with a draft.
async fn check(
    app: &App,
    engine: &dyn Engine,
    current: &Current,
    draft: &ConfigurationDraft,
) -> Result<(Configuration, Vec<Problem>), Problem> {
    let now = &current.settings;
    let (to, mut problems) = parse(draft, now);
    let own = own_containers(app, &current.row);
    let port = port_problem(engine, &current.container, &own, now, &to).await;
    problems.extend(port.map_err(|error| problem::of_engine(&error))?);
    // What is there already works: only what is new is held against the compute.
    let memory = to.memory_limit.filter(|_| to.memory_limit != now.memory_limit);
    let cpus = to.cpu_limit.filter(|_| to.cpu_limit != now.cpu_limit);
    problems.extend(fits::limits(engine.facts(), memory, cpus));
    let new = to.mounts.iter().enumerate().filter(|(_, mount)| !now.mounts.contains(mount));
    problems.extend(fits::folders(new));
    Ok((to, problems))
}

/// What differs, on this engine.
pub(crate) fn changes(
    engine: &dyn Engine,
    from: &Configuration,
    to: &Configuration,
) -> Vec<SettingChange> {
    rules::difference(from, to, compute::changes_policy_in_place(engine.facts()))
}

/// Whether some change needs another container.
pub(crate) fn replaces(changes: &[SettingChange]) -> bool {
    changes.iter().any(|change| !change.in_place)
}

/// What a change would do, before anything happens.
pub(crate) async fn preview(
    app: &App,
    request: OfConfiguration,
) -> Result<ConfigurationPreview, Problem> {
    let row = operations::row(app, &request.runtime)?;
    let engine = computes::engine(app, &row.compute)?;
    let engine = engine.as_ref();
    let current = current(app, engine, &request.runtime).await?;
    changed_meanwhile(&current, &request.based_on)?;
    let (to, problems) = check(app, engine, &current, &request.draft).await?;
    let changes = changes(engine, &current.settings, &to);
    let replaces = replaces(&changes);
    let old = &current.container;
    let running = old.is_running();
    let refused = |error: EngineError| problem::of_engine(&error);
    let (mut refusals, mut confirmations) = (vec![], vec![]);
    let mut active = ActiveRuns::Known { count: 0 };
    if replaces {
        let others = all_containers(engine).await.map_err(refused)?;
        refusals = recreate::refusals(old, &others);
        if running {
            confirmations = unproven(&recreate::cannot_prove(old, None));
            active = active_runs(app, &request.runtime, engine, &old.id).await;
        }
    }
    Ok(ConfigurationPreview {
        changes,
        replaces,
        problems,
        refusals,
        confirmations,
        active_runs: active,
        running,
        keeps_previous_days: KEEPS_PREVIOUS_DAYS,
    })
}

/// A change that may begin: what was asked for, on the state that it was decided on.
pub(crate) async fn accepted(
    app: &App,
    request: &OfConfiguration,
) -> Result<(Current, Configuration, Vec<SettingChange>), Problem> {
    let row = operations::row(app, &request.runtime)?;
    let engine = computes::engine(app, &row.compute)?;
    let engine = engine.as_ref();
    let current = current(app, engine, &request.runtime).await?;
    changed_meanwhile(&current, &request.based_on)?;
    let (to, problems) = check(app, engine, &current, &request.draft).await?;
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let changes = changes(engine, &current.settings, &to);
    if changes.is_empty() {
        return Err(Problem::new(
            ProblemCode::InvalidInput,
            "These are the settings that the runtime has. There is nothing to change.",
        ));
    }
    Ok((current, to, changes))
}

/// The settings that a roll back to `previous` gives back; `None` where it changes none.
pub(crate) async fn going_back(
    app: &App,
    engine: &dyn Engine,
    id: &RuntimeId,
    present: &Container,
    previous: &Container,
) -> Result<Option<(Configuration, Configuration)>, EngineError> {
    let now = settings_of(app, engine, id, present).await?;
    let before = settings_of(app, engine, id, previous).await?;
    let back = rules::going_back(present, &now, previous, &before);
    let differs = !rules::difference(&now, &back, true).is_empty();
    Ok(differs.then_some((now, back)))
}

/// What a roll back would change beside the image.
pub(crate) async fn preview_roll_back(
    app: &App,
    id: &RuntimeId,
) -> Result<RollBackPreview, Problem> {
    let row = operations::row(app, id)?;
    let engine = computes::engine(app, &row.compute)?;
    let engine = engine.as_ref();
    let containers = lock(&app.table).containers_of(&row.compute, id);
    let Some(previous) = Parts::of(&containers).previous else {
        return Ok(RollBackPreview { changes: vec![] });
    };
    let refused = |error: EngineError| problem::of_engine(&error);
    let present = engine.inspect(&row.container_id).await.map_err(refused)?;
    let back = going_back(app, engine, id, &present, previous).await.map_err(refused)?;
    let changes = back.map(|(now, back)| rules::difference(&now, &back, true)).unwrap_or_default();
    Ok(RollBackPreview { changes })
}

/// Names of what changes, for sentences: `published port and variable MODE`.
pub(crate) fn titles<'a>(changes: impl Iterator<Item = &'a ChangedSetting>) -> String {
    let all: Vec<String> = changes.map(ChangedSetting::title).collect();
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
