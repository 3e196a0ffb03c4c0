//! What our images take on a compute, and removing those that nothing needs. An image that something
//! uses, or that a runtime may have to go back to, is never removed.

use std::collections::BTreeSet;

use domain::{
    compute::ComputeId,
    container::{LocalImage, Neighbour},
    disk::{self, Around, DiskUsage, ImageRole},
    environment::{ENVIRONMENT_LABEL, EnvironmentId, VERSION_LABEL},
    finding::Problem,
    image::ImageReference,
};
use engine::{Engine, EngineError};

use crate::{
    api::{CleanDisk, CleanedDisk, DiskImage, DiskView},
    computes,
    context::{App, lock},
    environments, problem, settings,
};

/// Looks at every image of ours.
pub(crate) async fn view(app: &App, compute: &ComputeId) -> Result<DiskView, Problem> {
    let engine = computes::engine(app, compute)?;
    let engine = engine.as_ref();
    let failed = |error: EngineError| problem::of_engine(&error);
    let usage = engine.disk_usage().await.map_err(failed)?;
    let images = engine.images().await.map_err(failed)?;
    let neighbours = engine.neighbours().await.map_err(failed)?;
    let known = Known::of(app, compute, &neighbours).await;
    let mut ours: Vec<DiskImage> =
        images.iter().filter_map(|image| known.judge(image, &usage)).collect();
    ours.sort_by_key(|image| std::cmp::Reverse(image.size));
    let free = engine.free_disk().await.ok().flatten();
    Ok(DiskView { images: ours, free, all_layers: usage.layers, build_cache: usage.build_cache })
}

/// Removes images, each looked at again right before.
pub(crate) async fn clean(app: &App, request: CleanDisk) -> Result<CleanedDisk, Problem> {
    let engine = computes::engine(app, &request.compute)?;
    let engine = engine.as_ref();
    let before = engine.disk_usage().await.map_err(|error| problem::of_engine(&error))?;
    let mut cleaned = CleanedDisk { removed: 0, freed: 0, kept: vec![] };
    // What a build left goes after what was built on it.
    let now = view(app, &request.compute).await?;
    let mut wanted: Vec<&DiskImage> =
        now.images.iter().filter(|image| request.images.contains(&image.id)).collect();
    wanted
        .sort_by_key(|image| image.role == ImageRole::BuildCache || image.role == ImageRole::Base);
    for image in wanted {
        let shown = image.names.first().unwrap_or(&image.id);
        let still = view(app, &request.compute).await?;
        match still.images.iter().find(|other| other.id == image.id) {
            // It went with another one.
            None => cleaned.removed += 1,
            Some(now) if !now.may_go => {
                cleaned.kept.push(format!("{shown} is needed by now, so it stays."));
            }
            Some(now) => match remove(engine, now).await {
                Ok(true) => cleaned.removed += 1,
                Ok(false) => cleaned.kept.push(format!("{shown} stays: something else names it.")),
                Err(error) => {
                    let words = problem::of_engine(&error).sentence;
                    cleaned.kept.push(format!("{shown} stays. {words}"));
                }
            },
        }
    }
    if request.build_cache {
        match engine.clear_build_cache().await {
            Ok(bytes) => cleaned.freed = bytes,
            Err(error) => {
                let words = problem::of_engine(&error).sentence;
                cleaned.kept.push(format!("The build cache stays. {words}"));
            }
        }
    }
    let after = engine.disk_usage().await.map_err(|error| problem::of_engine(&error))?;
    cleaned.freed += before.layers.saturating_sub(after.layers);
    app.hub.environments();
    Ok(cleaned)
}

/// By its names, so that an image that got another name meanwhile stays.
/// Answers whether it is gone.
async fn remove(engine: &dyn Engine, image: &DiskImage) -> Result<bool, EngineError> {
    let names = if image.names.is_empty() { vec![&image.id] } else { image.names.iter().collect() };
    for name in names {
        match engine.remove_image(name).await {
            Ok(()) | Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    match engine.image(&image.id).await {
        Ok(_) => Ok(false),
        Err(EngineError::NotFound(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// What is known around the images of a compute.
struct Known {
    neighbours: Vec<Neighbour>,
    /// Digests and ids that a runtime may have to go back to, with its name.
    to_go_back: Vec<(String, String)>,
    /// Image ids and bases of newest versions, with the environment's name.
    useful: Vec<(String, String)>,
    bases: BTreeSet<String>,
    repositories: Vec<String>,
    names: Vec<(EnvironmentId, String)>,
    /// Short ids of what builds left.
    built: Vec<String>,
    runtime_images: BTreeSet<String>,
}

impl Known {
    async fn of(app: &App, compute: &ComputeId, neighbours: &[Neighbour]) -> Self {
        let environments = environments::known(app);
        let mut useful = Vec::new();
        let mut bases = BTreeSet::new();
        for (definition, versions) in &environments {
            let name = definition.name.to_string();
            for version in versions.iter().filter(|version| version.compute == *compute) {
                bases.extend(version.bases.iter().map(|base| base.reference.clone()));
            }
            if let Some(newest) = versions.iter().find(|version| version.compute == *compute) {
                useful.push((newest.image_id.clone(), name.clone()));
                useful
                    .extend(newest.bases.iter().map(|base| (base.reference.clone(), name.clone())));
            }
        }
        let (to_go_back, runtime_images) = {
            let table = lock(&app.table);
            let came_from = lock(&app.came_from);
            let rows = table.rows().filter(|row| row.compute == *compute);
            let back = rows.filter_map(|row| {
                let from = came_from.get(&row.id)?;
                Some((from.digest.clone(), row.name.to_string()))
            });
            let back: Vec<(String, String)> = back.collect();
            let images =
                table.on(compute).into_iter().map(|container| container.image_id).collect();
            (back, images)
        };
        let built = app.parts.history.built_layers(compute).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what builds left cannot be read");
            vec![]
        });
        Self {
            neighbours: neighbours.to_vec(),
            to_go_back,
            useful,
            bases,
            repositories: settings::repositories(app).iter().map(ToString::to_string).collect(),
            names: environments
                .iter()
                .map(|(definition, _)| (definition.id.clone(), definition.name.to_string()))
                .collect(),
            built,
            runtime_images,
        }
    }

    /// What an image is to us; `None` = it is not ours.
    fn role(&self, image: &LocalImage) -> Option<ImageRole> {
        let label = |name: &str| image.config["Labels"][name].as_str();
        if let Some(id) = label(ENVIRONMENT_LABEL) {
            let number = label(VERSION_LABEL).and_then(|text| text.parse().ok()).unwrap_or(0);
            let name = self.names.iter().find(|(own, _)| own.0 == id).map(|(_, name)| name.clone());
            // One that lost its name is what a newer build of the same number left.
            return Some(if image.tags.is_empty() {
                ImageRole::BuildCache
            } else {
                ImageRole::Version { name, number }
            });
        }
        let references: Vec<ImageReference> =
            image.tags.iter().filter_map(|tag| ImageReference::parse(tag).ok()).collect();
        if references.iter().any(|reference| self.bases.contains(&reference.to_string())) {
            return Some(ImageRole::Base);
        }
        let default = references
            .iter()
            .any(|reference| self.repositories.contains(&reference.repository.to_string()));
        let went_from = |digest: &String| {
            *digest == image.id || image.digests.iter().any(|own| own.as_str() == digest)
        };
        if default
            || self.runtime_images.contains(&image.id)
            || self.to_go_back.iter().any(|(digest, _)| went_from(digest))
        {
            return Some(ImageRole::Runtime);
        }
        let bare = image.id.trim_start_matches("sha256:");
        let left = image.tags.is_empty() && self.built.iter().any(|short| bare.starts_with(short));
        left.then_some(ImageRole::BuildCache)
    }

    fn judge(&self, image: &LocalImage, usage: &DiskUsage) -> Option<DiskImage> {
        let role = self.role(image)?;
        let tags: Vec<String> = image
            .tags
            .iter()
            .map(|tag| {
                ImageReference::parse(tag).map_or_else(|_| tag.clone(), |full| full.to_string())
            })
            .collect();
        let is = |text: &String| {
            *text == image.id
                || tags.contains(text)
                || image.digests.iter().any(|digest| digest.as_str() == text)
        };
        let names = |all: &[(String, String)]| {
            let mut names: Vec<String> =
                all.iter().filter(|(text, _)| is(text)).map(|(_, name)| name.clone()).collect();
            names.sort();
            names.dedup();
            names
        };
        let need = disk::need(Around {
            containers: self
                .neighbours
                .iter()
                .filter(|container| container.image_id == image.id)
                .map(|container| container.name.clone())
                .collect(),
            to_go_back: names(&self.to_go_back),
            useful_for: names(&self.useful),
        });
        let counted = usage.images.iter().find(|counted| counted.id == image.id);
        Some(DiskImage {
            id: image.id.clone(),
            names: image.tags.clone(),
            role,
            size: counted.map_or(image.size, domain::disk::ImageDisk::own),
            shared: counted.and_then(|counted| counted.shared).unwrap_or(0),
            created: image.created,
            may_go: need.may_go(),
            proposed: need.is_proposed(),
            need,
        })
    }
}
