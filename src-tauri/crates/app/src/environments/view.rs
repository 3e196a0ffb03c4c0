//! Environments as they are shown.

use std::collections::BTreeMap;

use domain::{
    environment::{EnvironmentId, EnvironmentVersion},
    finding::{Problem, ProblemCode},
    label::Labels,
    operation::Subject,
    runtime::RuntimeId,
    spec::Environment,
};

use super::{Known, OnDisk, of_disk, secrets};
use crate::{
    api::{EnvironmentVersionView, EnvironmentView, Environments, UnreadableEnvironment},
    context::{App, lock},
    problem,
};

/// Which runtimes run which version, or keep it to go back to.
pub(super) type Users = BTreeMap<(EnvironmentId, u32), Uses>;

/// The runtimes of one version.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    runs: Vec<RuntimeId>,
    keeps: Vec<RuntimeId>,
}

/// Every environment, read from the disk again.
pub(crate) async fn list(app: &App) -> Result<Environments, Problem> {
    super::read_again(app).await?;
    let users = users(app);
    let names = compute_names(app);
    let busy = lock(&app.busy).clone();
    let mut given = BTreeMap::new();
    for (definition, _) in super::known(app) {
        given.insert(definition.id.clone(), secrets::views(app, &definition).await);
    }
    let known = lock(&app.environments);
    let environments = known
        .definitions
        .values()
        .map(|on_disk| {
            let subject = Subject::Environment(on_disk.definition.id.clone());
            EnvironmentView {
                operation: busy.get(&subject).cloned(),
                secrets: given.remove(&on_disk.definition.id).unwrap_or_default(),
                ..view(&known, on_disk, &users, &names)
            }
        })
        .collect();
    let unreadable = known
        .unreadable
        .iter()
        .map(|(folder, error)| UnreadableEnvironment {
            folder: folder.display().to_string(),
            problem: Problem { code: ProblemCode::InvalidInput, ..of_disk(error) },
        })
        .collect();
    let mut list = Environments {
        environments,
        unreadable,
        folder: app.parts.shelf.folder().display().to_string(),
    };
    list.environments.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}

fn view(
    known: &Known,
    on_disk: &OnDisk,
    users: &Users,
    names: &BTreeMap<domain::compute::ComputeId, String>,
) -> EnvironmentView {
    let definition = &on_disk.definition;
    let mut runtimes: Vec<RuntimeId> = users
        .iter()
        .filter(|((id, _), _)| *id == definition.id)
        .flat_map(|(_, uses)| uses.runs.clone())
        .collect();
    runtimes.sort();
    runtimes.dedup();
    EnvironmentView {
        id: definition.id.clone(),
        name: definition.name.clone(),
        description: definition.description.clone(),
        source: definition.source.clone(),
        port: definition.port,
        health_path: definition.health_path.clone(),
        folder: on_disk.folder.display().to_string(),
        versions: known
            .versions_of(&definition.id)
            .map(|version| version_view(version, users, names))
            .collect(),
        runtimes,
        operation: None,
        secrets: vec![],
        problems: domain::environment::check(&definition.source, &definition.health_path),
        news: known.news.get(&definition.id).cloned(),
    }
}

pub(super) fn version_view(
    version: &EnvironmentVersion,
    users: &Users,
    names: &BTreeMap<domain::compute::ComputeId, String>,
) -> EnvironmentVersionView {
    let uses =
        users.get(&(version.environment.clone(), version.number)).cloned().unwrap_or_default();
    let promptflow = version.package("promptflow-core").or_else(|| version.package("promptflow"));
    EnvironmentVersionView {
        number: version.number,
        compute: version.compute.clone(),
        compute_name: names
            .get(&version.compute)
            .cloned()
            .unwrap_or_else(|| version.compute.to_string()),
        image: domain::image::ImageReference { digest: None, ..version.image.clone() },
        digest: version
            .image
            .digest
            .as_ref()
            .map_or_else(|| version.image_id.clone(), ToString::to_string),
        size: version.size,
        created: version.created,
        bases: version.bases.clone(),
        python: version.python.clone(),
        promptflow: promptflow.map(str::to_owned),
        tools: version.package("promptflow-tools").map(str::to_owned),
        protocol: version.protocol,
        packages: u32::try_from(version.packages.len()).unwrap_or(u32::MAX),
        runtimes: uses.runs,
        kept_by: uses.keeps,
        operation: version.operation.clone(),
    }
}

/// Names of computes by id.
pub(super) fn compute_names(app: &App) -> BTreeMap<domain::compute::ComputeId, String> {
    crate::computes::views(app).into_iter().map(|view| (view.id, view.name)).collect()
}

/// Looks through every container of ours, those that are kept to go back to as well.
pub(super) fn users(app: &App) -> Users {
    let mut users = Users::new();
    let table = lock(&app.table);
    for container in table.all() {
        let Some(labels) = Labels::read(&container.labels) else { continue };
        if let Some(Environment::Named { id, version, .. }) =
            labels.spec.map(|spec| spec.environment)
        {
            let uses = users.entry((id, version)).or_default();
            let serves =
                table.row(&labels.runtime).is_none_or(|row| row.container_id == container.id);
            let runtimes = if serves { &mut uses.runs } else { &mut uses.keeps };
            if !runtimes.contains(&labels.runtime) {
                runtimes.push(labels.runtime);
            }
        }
    }
    users
}

/// That an environment is in use, and by whom; `None` = it is not.
pub(super) fn in_use(app: &App, id: &EnvironmentId) -> Option<Problem> {
    let users = users(app);
    let table = lock(&app.table);
    let mut names: Vec<String> = users
        .iter()
        .filter(|((own, _), _)| own == id)
        .flat_map(|(_, uses)| uses.runs.iter().chain(&uses.keeps))
        .map(|runtime| {
            table.row(runtime).map_or_else(|| runtime.to_string(), |row| row.name.to_string())
        })
        .collect();
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| problem::in_use(&names))
}
