//! How long it takes from *Run* until the window shows that the first node runs.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use app::api::{Change, OpenFlow, StartFlowRun};
use app::{App, handlers};
use domain::flow::NodeRunState;
use domain::runtime::Runtime;
use executor::client::ExecutorClient;
use executor::{Executor, Place, RunRequest, Sealed};
use real_parts::headless::refused;
use real_parts::{PartError, PartResult};
use serde_json::{Map, json};

/// A node that tells when its code began.
const FLOW: &str = "
inputs: {}
outputs:
  began: {type: double, reference: '${began.output}'}
nodes:
- name: began
  type: python
  source: {type: code, path: began.py}
  inputs: {}
";

const BEGAN: &str = "
import time
from promptflow.core import tool


@tool
def began() -> float:
    began = time.time()
    time.sleep(0.5)
    return began
";

const LIMIT: Duration = Duration::from_secs(60);

/// Milliseconds by us until the window was told, and of the bare request until the node's code began, in turns.
pub async fn measure(
    app: &App,
    row: &Runtime,
    inside: &dyn Fn(&str) -> PartResult<String>,
    home: &Path,
    rounds: usize,
) -> PartResult<(Vec<f64>, Vec<f64>)> {
    let folder = home.join("began");
    std::fs::create_dir(&folder)?;
    for (name, text) in [("flow.dag.yaml", FLOW), ("began.py", BEGAN)] {
        std::fs::write(folder.join(name), text)?;
    }
    let open = OpenFlow { path: folder.display().to_string() };
    let flow = handlers::open_flow(app, open).await.map_err(refused)?.flow;
    let request: StartFlowRun =
        serde_json::from_value(json!({"flow": flow, "runtime": row.id, "inputs": {}}))
            .map_err(|error| PartError::new(error.to_string()))?;
    let (mut ours, mut bare) = (vec![], vec![]);
    // The first one brings the flow to the runtime.
    run(app, request.clone()).await?;
    let found = inside("dirname /tmp/promptflow-runtimes/flows/*/began.py")?;
    let place = found.trim().to_owned();
    inside("mkdir -p /tmp/began")?;
    for round in 0..rounds {
        ours.push(run(app, request.clone()).await?);
        bare.push(ask(row, &place, round).await?);
    }
    Ok((ours, bare))
}

/// Milliseconds from the bare request until the node's code began.
async fn ask(row: &Runtime, folder: &str, round: usize) -> PartResult<f64> {
    let request = RunRequest {
        run: format!("bare-{round}"),
        place: Place {
            folder: folder.to_owned(),
            file: "flow.dag.yaml".into(),
            output: "/tmp/began".into(),
            log: "/tmp/began/run.log".into(),
        },
        inputs: Map::new(),
        connections: Sealed::new(json!({})),
        variables: vec![],
    };
    let client = ExecutorClient::new().map_err(PartError::new)?;
    let asked = SystemTime::now();
    let base = row.endpoint.as_deref().unwrap_or_default();
    let answer = client.runs().run_flow(base, &request).await;
    let answer = answer.map_err(|error| PartError::new(error.to_string()))?;
    let began = answer["output"]["began"]
        .as_f64()
        .ok_or_else(|| PartError::new(format!("The bare run gave nothing: {answer}")))?;
    let asked = asked.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    Ok((began - asked) * 1_000.0)
}

/// Milliseconds from the start of a run by the application until the window was told that its node runs.
async fn run(app: &App, request: StartFlowRun) -> PartResult<f64> {
    let mut changes = app.subscribe();
    let began = Instant::now();
    let id = handlers::start_flow_run(app, request).await.map_err(refused)?.run;
    let telling = async {
        let mut shown = None;
        loop {
            for change in changes.next().await {
                let Change::FlowRun { run } = change else { continue };
                if run.id != id {
                    continue;
                }
                if shown.is_none()
                    && run.nodes.iter().any(|node| node.state == NodeRunState::Running)
                {
                    shown = Some(began.elapsed());
                }
                if run.state.is_final() {
                    return shown
                        .ok_or_else(|| PartError::new(format!("No node was told: {run:#?}")));
                }
            }
        }
    };
    let shown = tokio::time::timeout(LIMIT, telling).await;
    let shown = shown.map_err(|_| PartError::new("The run did not end."))??;
    Ok(shown.as_secs_f64() * 1_000.0)
}
