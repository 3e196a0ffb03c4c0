//! The detail page: what the list does not show.

use std::time::Duration;

use domain::{
    finding::{Problem, ProblemCode},
    label::Labels,
    runtime::{RuntimeId, Status},
};

use crate::{
    api::{PackageList, RuntimeDetail, VariableSource, VariableView},
    computes,
    context::App,
    operations::{self, inside, refusals},
    problem,
};

pub(crate) async fn detail(app: &App, id: &RuntimeId) -> Result<RuntimeDetail, Problem> {
    let row = operations::row(app, id)?;
    let engine = computes::engine(app, &row.compute)?;
    let engine = engine.as_ref();
    let container =
        engine.inspect(&row.container_id).await.map_err(|error| problem::of_engine(&error))?;
    let image = engine.image(&container.image_id).await.ok();
    let available = row.status == Status::Available;
    let version = match &row.endpoint {
        Some(base) if available => {
            app.parts.executor.version(base, Duration::from_secs(3)).await.ok()
        }
        _ => None,
    };
    let within = if available { inside(engine, &row.container_id).await } else { None };
    let package = |name: &str| {
        let found = within
            .as_ref()?
            .packages
            .iter()
            .find(|package| package.name.eq_ignore_ascii_case(name));
        found.map(|package| package.version.clone())
    };
    let text = |value: &serde_json::Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    };
    let config = &container.raw["Config"];
    let words: Vec<String> =
        text(&config["Entrypoint"]).into_iter().chain(text(&config["Cmd"])).collect();
    let of_image: Vec<String> =
        image.as_ref().map(|image| text(&image.config["Env"])).unwrap_or_default();
    let of_person = Labels::read(&container.labels)
        .and_then(|labels| labels.spec)
        .map(|spec| spec.variables)
        .unwrap_or_default();
    let variables = text(&config["Env"])
        .into_iter()
        .map(|variable| {
            let name = variable.split('=').next().unwrap_or("").to_owned();
            let source = if of_person.contains(&name) {
                VariableSource::Person
            } else if of_image.contains(&variable) {
                VariableSource::Image
            } else if name == domain::first::SLOW_NODE_VARIABLE.0 {
                VariableSource::Product
            } else {
                VariableSource::Person
            };
            VariableView { name, source }
        })
        .collect();
    let networks = container.raw["NetworkSettings"]["Networks"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let cannot_update = refusals(engine, &row.container_id).await.unwrap_or_default();
    Ok(RuntimeDetail {
        promptflow: version.map(|version| version.version).or_else(|| package("promptflow-core")),
        tools: package("promptflow-tools"),
        python: within.as_ref().map(|within| within.python.clone()),
        image_created: image.as_ref().and_then(|image| image.created),
        image_size: image.as_ref().map(|image| image.size),
        variables,
        command: shell_words::join(words),
        networks,
        cannot_update,
        curl: row.endpoint.as_ref().map(|endpoint| curl(endpoint)),
        runtime: row,
    })
}

/// A request that anyone can try: which version answers.
fn curl(endpoint: &str) -> String {
    format!("curl {endpoint}/version")
}

pub(crate) async fn packages(app: &App, id: &RuntimeId) -> Result<PackageList, Problem> {
    let row = operations::row(app, id)?;
    if row.started.is_none() {
        return Err(Problem::new(
            ProblemCode::ContainerFailed,
            "Packages are read from inside a running runtime, and this one does not run.",
        )
        .hint("Start it.")
        .retryable());
    }
    let engine = computes::engine(app, &row.compute)?;
    let within = inside(engine.as_ref(), &row.container_id).await.ok_or_else(|| {
        Problem::new(
            ProblemCode::NoService,
            "No Python was found inside, so no packages can be listed.",
        )
    })?;
    Ok(PackageList { python: within.python, packages: within.packages })
}
