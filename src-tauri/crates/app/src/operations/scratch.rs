//! Containers that only prove or ask an image, and are removed by whoever made them; what an ended process
//! left of them is recognised by a label and removed by the next build.

use std::collections::BTreeMap;

use domain::{environment::PROOF_LABEL, label::ProcessMark, operation::OperationId};
use engine::{Engine, EngineError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Handle, swap, works_no_more};
use crate::context::App;

/// Names of containers that only prove an image begin so.
pub(super) const NAME: &str = "promptflow-runtimes-proof-";
/// Whose a container is that only proves an image.
#[derive(Serialize, Deserialize)]
struct ProofMark {
    operation: OperationId,
    process: ProcessMark,
}

/// The labels of such a container.
pub(super) fn labels(app: &App, operation: &OperationId) -> BTreeMap<String, String> {
    let process = app.parts.identity.process.clone();
    let mark = ProofMark { operation: operation.clone(), process };
    let text = serde_json::to_string(&mark).unwrap_or_default();
    BTreeMap::from([(PROOF_LABEL.to_owned(), text)])
}

/// A container for `work` alone, which is done while it runs. What an ended
/// process leaves of such ones is removed by the next build.
pub(crate) async fn in_scratch<T>(
    app: &App,
    engine: &dyn Engine,
    purpose: &str,
    mut body: Value,
    work: impl AsyncFnOnce(&str) -> T,
) -> Result<T, EngineError> {
    let operation = OperationId(uuid::Uuid::new_v4().to_string());
    let name = format!("{NAME}{purpose}-{operation}");
    body["Labels"] = json!(labels(app, &operation));
    let id = engine.create(&name, &body).await?;
    let done = async {
        engine.start(&id).await?;
        Ok(work(&id).await)
    };
    let done = done.await;
    swap::patiently(|| engine.remove(&id, true, true)).await?;
    done
}

/// Removes containers that an ended process left while it proved an image.
pub(super) async fn sweep(handle: &Handle) {
    let engine = handle.engine.as_ref();
    let Ok(neighbours) = engine.neighbours().await else { return };
    for neighbour in neighbours.iter().filter(|other| other.name.starts_with(NAME)) {
        let Ok(container) = engine.inspect(&neighbour.id).await else { continue };
        let mark = container.labels.get(PROOF_LABEL);
        let mark = mark.and_then(|text| serde_json::from_str::<ProofMark>(text).ok());
        if mark.is_some_and(|mark| works_no_more(handle.app(), &mark.process, &mark.operation))
            && let Err(error) = engine.remove(&container.id, true, true).await
        {
            tracing::info!(%error, "a container that proved an image was left");
        }
    }
}
