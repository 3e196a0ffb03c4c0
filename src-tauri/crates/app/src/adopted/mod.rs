//! Adopted containers: runtimes by a link that is kept here, not by a label of their own.
//!
//! Nothing in such a container changes. [`Linked`] puts between the application and an engine: it tells
//! of a linked container as if it had the labels of a runtime, so that everything else treats it as one.

mod linked;
mod verdict;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use domain::{
    compute::ComputeId,
    container::Container,
    finding::{Problem, ProblemCode},
    label::{self, Creator},
    name::RuntimeName,
    runtime::RuntimeId,
};
use engine::Engine;
use history::History;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    api::{AdoptContainer, ForeignContainer, ForeignContainers},
    computes,
    context::{App, lock},
    operations, problem, table,
};
use linked::Linked;

/// Under which keys the history keeps the links.
const KEY: &str = "adopted.";

/// One adopted container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    runtime: RuntimeId,
    compute: ComputeId,
    /// Its id.
    container: String,
    /// Its name when it was adopted.
    name: String,
    since: Timestamp,
    who: Creator,
}

impl Link {
    /// The labels that it would have.
    fn write(&self, labels: &mut BTreeMap<String, String>) {
        labels.insert(label::RUNTIME.to_owned(), self.runtime.to_string());
        // The first container that is fully ours is the first generation.
        labels.insert(label::GENERATION.to_owned(), "0".to_owned());
        labels.insert(label::CREATOR.to_owned(), self.who.to_string());
        labels.insert(label::ADOPTED.to_owned(), self.since.to_string());
    }
}

/// Every link, by container id.
#[derive(Clone)]
pub(crate) struct Links {
    all: Arc<Mutex<BTreeMap<String, Link>>>,
    history: History,
}

impl Links {
    pub(crate) async fn load(history: &History) -> Self {
        let kept = history.settings_under(KEY).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "adopted containers cannot be read");
            vec![]
        });
        let all = kept
            .into_iter()
            .filter_map(|(container, value)| Some((container, serde_json::from_value(value).ok()?)))
            .collect();
        Self { all: Arc::new(Mutex::new(all)), history: history.clone() }
    }

    fn of(&self, container: &str) -> Option<Link> {
        lock(&self.all).get(container).cloned()
    }

    fn on(&self, compute: &ComputeId) -> Vec<Link> {
        lock(&self.all).values().filter(|link| link.compute == *compute).cloned().collect()
    }

    async fn add(&self, link: Link) -> Result<(), Problem> {
        let value = serde_json::to_value(&link)
            .map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
        let key = format!("{KEY}{}", link.container);
        self.history
            .keep_setting(&key, &value)
            .await
            .map_err(|error| problem::of_history(&error))?;
        lock(&self.all).insert(link.container.clone(), link);
        Ok(())
    }

    /// Forgets a link: its container is gone, or was released.
    async fn drop(&self, container: &str) {
        lock(&self.all).remove(container);
        if let Err(error) = self.history.forget_setting(&format!("{KEY}{container}")).await {
            tracing::warn!(%error, "the link to an adopted container was left");
        }
    }
}

/// The engine as the application sees it, linked containers among its own.
pub(crate) fn linked(app: &App, compute: &ComputeId, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
    Arc::new(Linked::new(engine, compute.clone(), app.links.clone()))
}

/// Since when a container has been adopted; `None` = it is ours, or nobody's.
pub(crate) fn since(container: &Container) -> Option<Timestamp> {
    container.labels.get(label::ADOPTED)?.parse().ok()
}

/// Every container of a compute that is not a runtime, with whether it can be one.
pub(crate) async fn foreign(app: &App, compute: &ComputeId) -> Result<ForeignContainers, Problem> {
    let engine = computes::engine(app, compute)?;
    let all = operations::all_containers(engine.as_ref())
        .await
        .map_err(|error| problem::of_engine(&error))?;
    let ours =
        |container: &Container| container.labels.keys().any(|name| name.starts_with(label::PREFIX));
    let looks = all.iter().filter(|container| !ours(container)).map(|container| async {
        ForeignContainer {
            id: container.id.clone(),
            name: container.name.clone(),
            image: container.image_reference.clone(),
            ports: verdict::ports(container),
            verdict: verdict::of(app, engine.as_ref(), container).await,
            compose: domain::adopt::ComposeService::of(container),
            auto_remove: container.raw["HostConfig"]["AutoRemove"] == serde_json::json!(true),
        }
    });
    let mut containers = futures_util::future::join_all(looks).await;
    containers
        .sort_by(|a, b| (!a.verdict.is_usable(), &a.name).cmp(&(!b.verdict.is_usable(), &b.name)));
    Ok(ForeignContainers { containers })
}

/// Adopts a container that serves; answers the runtime's id.
pub(crate) async fn adopt(app: &App, request: AdoptContainer) -> Result<RuntimeId, Problem> {
    let engine = computes::engine(app, &request.compute)?;
    let container =
        engine.inspect(&request.container).await.map_err(|error| problem::of_engine(&error))?;
    if container.labels.contains_key(label::RUNTIME) {
        return Err(Problem::new(
            ProblemCode::ChangedMeanwhile,
            format!("{} is a runtime already.", container.name),
        ));
    }
    let found = verdict::of(app, engine.as_ref(), &container).await;
    if !found.is_usable() {
        return Err(Problem::new(
            ProblemCode::NoService,
            format!(
                "{} cannot be used as a runtime as it is now. Nothing was done.",
                container.name
            ),
        )
        .hint("Look at why not in the list, mend that, then try again.")
        .retryable());
    }
    RuntimeName::parse(&container.name)
        .map_err(|error| Problem::field("name", error.to_string()))?;
    let link = Link {
        runtime: RuntimeId(uuid::Uuid::new_v4().to_string()),
        compute: request.compute.clone(),
        container: container.id.clone(),
        name: container.name.clone(),
        since: crate::context::now(),
        who: app.parts.identity.creator.clone(),
    };
    let runtime = link.runtime.clone();
    app.links.add(link).await?;
    computes::look_at(app, &request.compute, &engine, &container.id).await;
    computes::tell(app);
    Ok(runtime)
}

/// Lets an adopted container go. Nothing in it changes.
pub(crate) async fn release(app: &App, id: &RuntimeId) -> Result<(), Problem> {
    let row = operations::row(app, id)?;
    if row.adopted.is_none() {
        return Err(Problem::new(
            ProblemCode::InvalidInput,
            format!("{} is fully managed here. It can be deleted, not released.", row.name),
        ));
    }
    operations::not_held(&row)?;
    if row.operation.is_some() {
        return Err(Problem::new(
            ProblemCode::Busy,
            format!("An operation works on {}.", row.name),
        )
        .hint("Wait until it ends, or cancel it.")
        .retryable());
    }
    app.links.drop(&row.container_id).await;
    table::release(app, &row.compute, &row.container_id);
    computes::tell(app);
    Ok(())
}

/// Refuses what only a container of ours may be done to.
pub(crate) fn not_adopted(row: &domain::runtime::Runtime) -> Result<(), Problem> {
    if row.adopted.is_none() {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::CannotBeKept,
        format!(
            "{} was made by somebody else and only adopted here, so it is not deleted.",
            row.name
        ),
    )
    .hint("Release it: it goes on as it is. Or manage it fully first."))
}
