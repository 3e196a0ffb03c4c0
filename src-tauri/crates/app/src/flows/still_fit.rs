//! Whether the flows that used a runtime find what they need: in its container now, and in the one that is to take
//! its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ::flows::FlowPath;
use domain::{
    diagnosis::{FlowMisfit, FlowsSeen, flows_would_not_fit},
    finding::{Finding, Problem},
    flow::FlowId,
    runtime::{Runtime, RuntimeId},
};
use engine::Engine;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{
    fit::{self, On},
    prepare,
};
use crate::{api::FlowFinding, context::App};

/// Flows that are looked at, those that ran last.
const MOST: usize = 10;
/// Flows that are looked at when nothing is to change, those that ran last: people wait for it.
const LAST: usize = 3;
/// Runs and batch runs that are looked through for them.
const LOOKED_THROUGH: usize = 500;
/// How long one flow may take, on one container.
const EACH: Duration = Duration::from_secs(20);
/// How long all of them may take together.
const ALL: Duration = Duration::from_secs(60);

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StillFit {
    /// Flows that were looked at.
    pub checked: usize,
    /// What fits now and would not fit any more.
    pub misfits: Vec<FlowMisfit>,
    /// Flows that could not be looked at, each with the reason.
    pub not_checked: Vec<String>,
}

impl StillFit {
    /// The finding when something would not fit any more. `target` is what it would be updated to.
    pub(crate) fn finding(&self, runtime: &str, target: &str) -> Option<Finding> {
        (!self.misfits.is_empty()).then(|| flows_would_not_fit(runtime, target, &self.misfits))
    }

    /// In a sentence or two; empty = no flow used the runtime.
    pub(crate) fn words(&self) -> String {
        let mut words = match self.checked {
            0 => String::new(),
            1 => "One flow that used it was looked at.".to_owned(),
            count => format!("{count} flows that used it were looked at."),
        };
        if !self.not_checked.is_empty() {
            words = format!("{words} Not checked: {}.", self.not_checked.join("; "));
        }
        words.trim().to_owned()
    }
}

/// A flow that used a runtime, with the variants that it ran with last.
pub(crate) struct Used {
    flow: FlowId,
    variants: BTreeMap<String, String>,
    last: Timestamp,
}

/// Flows that ran on a runtime and are still there, those that ran last first.
pub(crate) async fn used(app: &App, runtime: &RuntimeId) -> Vec<Used> {
    let history = &app.parts.history;
    let runs = history.flow_runs(None, LOOKED_THROUGH).await.unwrap_or_default();
    let runs = runs.into_iter().filter(|run| run.runtime == *runtime).map(|run| Used {
        flow: run.flow,
        variants: run.variants,
        last: run.started,
    });
    let batches = history.batches(None, LOOKED_THROUGH).await.unwrap_or_default();
    let on = |lanes: &[domain::batch::Lane]| lanes.iter().any(|lane| lane.runtime == *runtime);
    let batches = batches.into_iter().filter(|batch| on(&batch.lanes)).map(|batch| Used {
        flow: batch.flow,
        variants: batch.variants,
        last: batch.started,
    });
    let mut all: Vec<Used> = runs.chain(batches).collect();
    all.sort_by_key(|used| std::cmp::Reverse(used.last));
    let mut newest: Vec<Used> = Vec::new();
    for one in all {
        let known = newest.iter().any(|other| other.flow == one.flow);
        if !known && FlowPath::of(&one.flow).is_there() {
            newest.push(one);
        }
        if newest.len() == MOST {
            break;
        }
    }
    newest
}

/// Names of the connections that flows which used a runtime need.
pub(crate) async fn used_connections(app: &App, runtime: &RuntimeId) -> BTreeSet<String> {
    let existing = super::connection_names(app).await.unwrap_or_default();
    let mut names = BTreeSet::new();
    for used in used(app, runtime).await {
        let path = FlowPath::of(&used.flow);
        // One that cannot be read needs nothing.
        if let Ok(chosen) = prepare::choose(app, &path, &used.variants, &[]).await {
            names.extend(prepare::connections_of(&chosen, &existing, None));
        }
    }
    names
}

/// What the flows that ran on a runtime last lack in its container now.
pub(crate) async fn lacking(
    app: &App,
    runtime: &Runtime,
    engine: &dyn Engine,
    limit: Duration,
) -> FlowsSeen {
    let base = runtime.endpoint.as_deref().unwrap_or_default();
    let on = On { engine, container: &runtime.container_id, base, name: runtime.name.as_str() };
    let on = &on;
    let looking = used(app, &runtime.id).await.into_iter().take(LAST).map(async |used| {
        let path = FlowPath::of(&used.flow);
        let looking = async {
            let chosen = prepare::choose(app, &path, &used.variants, &[]).await?;
            let mut found = fit::missing_connections(app, &chosen).await?;
            found.extend(fit::lacks(app, &chosen, on).await?);
            Ok::<_, Problem>(found)
        };
        let told = match timeout(limit, looking).await {
            Ok(told) => told.map_err(|problem| plain(&problem.sentence)),
            Err(_) => Err(format!("it took longer than {} s", limit.as_secs())),
        };
        (path.name(), told)
    });
    let mut seen = FlowsSeen::default();
    for (name, told) in join_all(looking).await {
        match told {
            Ok(found) => {
                seen.looked_at += 1;
                let lacks = found.iter().filter_map(FlowFinding::finding);
                seen.lacks.extend(lacks.map(|finding| (name.clone(), finding)));
            }
            Err(why) => seen.not_seen.push(format!("{name} ({why})")),
        }
    }
    seen
}

/// The container in which something is looked at.
pub(crate) struct Container<'a> {
    pub id: &'a str,
    /// Where its service answers.
    pub base: &'a str,
}

/// Looks at flows that used a runtime in a container that is to take its place. Only where something is
/// missing there, the old one is looked at as well; `None` = it does not run.
pub(crate) async fn still_fit(
    app: &App,
    flows: Vec<Used>,
    engine: &dyn Engine,
    new: &Container<'_>,
    old: Option<&Container<'_>>,
) -> StillFit {
    let until = Instant::now() + ALL;
    let mut result = StillFit::default();
    for used in flows {
        let name = FlowPath::of(&used.flow).name();
        let left = until.saturating_duration_since(Instant::now());
        let looking = look(app, engine, &used, new, old, left.min(EACH));
        match looking.await {
            Ok(lost) => {
                result.checked += 1;
                if !lost.is_empty() {
                    let packages = lost.iter().flat_map(FlowFinding::packages).collect();
                    let sentences = lost.iter().map(|one| one.problem().sentence.clone()).collect();
                    result.misfits.push(FlowMisfit { flow: name, sentences, packages });
                }
            }
            Err(why) => result.not_checked.push(format!("{name} ({why})")),
        }
    }
    result
}

/// What one flow finds in the old container and not in the new one; the error is why that is not known.
async fn look(
    app: &App,
    engine: &dyn Engine,
    used: &Used,
    new: &Container<'_>,
    old: Option<&Container<'_>>,
    limit: Duration,
) -> Result<Vec<FlowFinding>, String> {
    if limit.is_zero() {
        return Err("no time was left".into());
    }
    let path = FlowPath::of(&used.flow);
    let chosen = prepare::choose(app, &path, &used.variants, &[]).await;
    let chosen = chosen.map_err(|problem| plain(&problem.sentence))?;
    let lacks = async |container: &Container<'_>, name: &str| {
        let on = On { engine, container: container.id, base: container.base, name };
        match timeout(limit, fit::lacks(app, &chosen, &on)).await {
            Ok(Ok(findings)) => Ok(findings),
            Ok(Err(problem)) => Err(plain(&problem.sentence)),
            Err(_) => Err(format!("it took longer than {} s", limit.as_secs())),
        }
    };
    let in_new = lacks(new, "The candidate").await?;
    if in_new.is_empty() {
        return Ok(vec![]);
    }
    let Some(old) = old else {
        return Err("the runtime is stopped, so it cannot be told what fits now".into());
    };
    let in_old = lacks(old, "The runtime").await?;
    Ok(in_new
        .into_iter()
        .filter(|lost| !in_old.iter().any(|known| known.is_about_the_same(lost)))
        .collect())
}

/// A sentence within another one.
fn plain(sentence: &str) -> String {
    sentence.trim_end_matches('.').to_owned()
}
