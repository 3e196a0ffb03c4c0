//! Taking out of a runtime's service what a batch leaves in it.
//!
//! The service begins a batch in its own process: it loads the flow's modules there and sets the batch's variables
//! there, and both stay (promptflow-core 1.11 to 1.18). A later run would find an old module in the place of an
//! edited file of the same name, and the values of variables, secrets among them. There is no request that takes
//! them out. But the begin of a batch runs what a flow's file of code does when it is loaded, in that very process:
//! so a batch is begun of a flow that does nothing but forget, and then says that it cannot be loaded.

use std::time::Duration;

use domain::flow::FlowRunId;
use engine::{Engine, EngineError};
use executor::{BatchRequest, Place, RunError, Runs, Sealed};
use serde_json::{Map, json};

use crate::flows::place;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The flow that is begun, within the folder of the run.
const FLOW: &str = "
inputs: {}
outputs: {}
nodes:
- name: forget
  type: python
  source: {type: code, path: forget.py}
  inputs: {}
";

/// Forgets the modules whose files are in our folder, and sets the variables as they were when the service began.
fn code(names: &[&str]) -> String {
    format!(
        r#"
import os
import sys

OURS = {ours}
NAMES = {names}


def is_ours(module):
    places = [getattr(module, "__file__", None), *list(getattr(module, "__path__", None) or [])]
    return any(str(place).startswith(OURS) for place in places if place)


for name, module in list(sys.modules.items()):
    if name not in ("__main__", __name__) and is_ours(module):
        sys.modules.pop(name, None)
sys.path[:] = [place for place in sys.path if not str(place).startswith(OURS)]
with open("/proc/self/environ", "rb") as first:
    begun_with = dict(
        entry.split("=", 1) for entry in os.fsdecode(first.read()).split("\0") if "=" in entry
    )
for name in NAMES:
    if name in begun_with:
        os.environ[name] = begun_with[name]
    else:
        os.environ.pop(name, None)
raise ImportError("Nothing of the batch is kept.")
"#,
        ours = json!(place::everything()),
        names = json!(names),
    )
}

/// Takes everything out of the service that the batch of this run left in its process. Names are those of the
/// batch's variables.
pub(super) async fn clean(
    runs: &dyn Runs,
    base: &str,
    engine: &dyn Engine,
    container: &str,
    run: &FlowRunId,
    names: &[&str],
) -> Result<(), String> {
    let files = [("forget/flow.dag.yaml", FLOW), ("forget/forget.py", &code(names))];
    place::put(engine, container, run, &files)
        .await
        .map_err(|error: EngineError| error.to_string())?;
    let own = place::of_run("", "flow.dag.yaml", run);
    let request = BatchRequest {
        place: Place { folder: format!("{}/forget", place::run_folder(run)), ..own },
        connections: Sealed::new(json!({})),
        variables: vec![],
        workers: Some(1),
        line_limit: None,
        init: Map::new(),
    };
    match runs.begin_batch(base, &request, LIMIT).await {
        // It was not loaded, as it says of itself.
        Err(RunError::Refused { .. }) => Ok(()),
        Err(RunError::Miss(miss)) => Err(miss.to_string()),
        Ok(_) => Err("the service loaded a flow that cannot be loaded".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_texts_of_the_code() {
        let code = code(&["A", "B\"\\"]);
        assert!(code.contains("NAMES = [\"A\",\"B\\\"\\\\\"]"), "{code}");
        assert!(code.contains("OURS = \"/tmp/promptflow-runtimes/\""), "{code}");
    }
}
