//! Whether a module that the serving Python lacks stands in another Python of the same container, as it does
//! after an installation by hand into conda's.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    diagnosis::{WHO_HAS, read_who_has},
    finding::Evidence,
    flow::{RunFailure, missing_module},
};
use engine::Engine;
use tokio::sync::Mutex;

/// Several Pythons are started for it.
const LIMIT: Duration = Duration::from_secs(8);
/// Modules that are remembered; rows of a batch run lack the same few.
const REMEMBERED: usize = 50;

/// Looks into one container, once for each module.
pub(crate) struct OtherPython {
    engine: Arc<dyn Engine>,
    container: String,
    seen: Mutex<BTreeMap<String, Option<Evidence>>>,
}

impl OtherPython {
    pub(crate) fn of(engine: &Arc<dyn Engine>, container: &str) -> Self {
        Self { engine: engine.clone(), container: container.to_owned(), seen: Mutex::default() }
    }

    /// What was seen where another Python has the module that a failure misses; `None` = it misses none, or
    /// nothing shows it.
    pub(crate) async fn has(&self, failure: &RunFailure) -> Option<Evidence> {
        let module = missing_module(&failure.message)?;
        // Held while it is looked: rows that lack the same end at the same time, and one look does for all.
        let mut known = self.seen.lock().await;
        if let Some(known) = known.get(module) {
            return known.clone();
        }
        let seen = look(self.engine.as_ref(), &self.container, module).await;
        if known.len() < REMEMBERED {
            known.insert(module.to_owned(), seen.clone());
        }
        seen
    }
}

/// What was seen where another Python of a container has the module.
pub(crate) async fn look(engine: &dyn Engine, container: &str, module: &str) -> Option<Evidence> {
    let command = ["sh", "-c", WHO_HAS, "sh", module].map(str::to_owned);
    match engine.exec(container, &command, LIMIT).await {
        Ok(output) => read_who_has(module, &output.out),
        Err(error) => {
            tracing::info!(container, %error, "its Pythons could not be looked at");
            None
        }
    }
}
