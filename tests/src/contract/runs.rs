//! What every executor service must do with flows, be it a real one or the twin in memory.

use std::time::Duration;

use domain::secret::Secret;
use executor::twin::{TwinRun, TwinRuns, completed, refusal};
use executor::{
    BatchRequest, Executor, Line, NodeRequest, Place, RunError, RunRequest, Runs, Sealed,
};
use serde_json::{Map, Value, json};

/// Longest wait of a rule for one answer.
const LIMIT: Duration = Duration::from_secs(60);

/// Files of the flows that the rules run, by name.
pub const FILES: [(&str, &str); 5] = [
    (
        "quick.dag.yaml",
        "inputs:\n  text:\n    type: string\noutputs:\n  answer:\n    type: string\n    reference: ${second.output}\nnodes:\n- name: first\n  type: python\n  source: {type: code, path: upper.py}\n  inputs:\n    text: ${inputs.text}\n- name: second\n  type: python\n  source: {type: code, path: upper.py}\n  inputs:\n    text: ${first.output}\n- name: all\n  type: python\n  aggregation: true\n  source: {type: code, path: count.py}\n  inputs:\n    texts: ${second.output}\n",
    ),
    (
        "slow.dag.yaml",
        "inputs:\n  text:\n    type: string\noutputs: {}\nnodes:\n- name: slow\n  type: python\n  source: {type: code, path: slow.py}\n  inputs:\n    text: ${inputs.text}\n",
    ),
    (
        "upper.py",
        "import os\nfrom promptflow.core import tool\n\n\n@tool\ndef upper(text: str) -> str:\n    if text == 'FAIL':\n        raise ValueError('as asked')\n    return text.upper() + os.environ.get('END', '')\n",
    ),
    (
        "count.py",
        "from promptflow.core import log_metric, tool\n\n\n@tool\ndef count(texts: list) -> int:\n    log_metric('count', len(texts))\n    return len(texts)\n",
    ),
    (
        "slow.py",
        "import time\nfrom promptflow.core import tool\n\n\n@tool\ndef slow(text: str) -> str:\n    for _ in range(60):\n        time.sleep(1)\n    return text\n",
    ),
];

/// A service with the flows of [`FILES`] in a folder.
pub struct Fixture {
    pub executor: Box<dyn Executor>,
    pub base: String,
    pub folder: String,
    /// A folder that is there, where runs may write.
    pub output: String,
    /// The twin has to be told what its runs do.
    pub twin: Option<TwinRuns>,
    /// How many runs are active just now.
    pub active: Box<dyn Fn() -> usize + Send + Sync>,
}

/// Every rule, one after the other.
pub async fn every_rule(fixture: &Fixture) {
    a_run_answers_with_its_values(fixture).await;
    a_failure_is_an_answer(fixture).await;
    a_node_runs_alone(fixture).await;
    a_flow_that_is_not_there_is_refused(fixture).await;
    a_cancel_ends_a_run(fixture).await;
    a_call_that_is_dropped_leaves_no_run(fixture).await;
    tools_are_told_without_running(fixture).await;
    a_batch_goes_line_by_line(fixture).await;
}

impl Fixture {
    fn runs(&self) -> &dyn Runs {
        self.executor.runs()
    }

    fn request(&self, run: &str, file: &str, text: &str) -> RunRequest {
        RunRequest {
            run: run.to_owned(),
            place: Place {
                folder: self.folder.clone(),
                file: file.to_owned(),
                output: format!("{}/{run}", self.output),
                log: format!("{}/{run}.log", self.output),
            },
            inputs: Map::from_iter([("text".to_owned(), text.into())]),
            connections: Sealed::new(json!({})),
            variables: vec![("END".into(), Secret::new("!".into()))],
        }
    }

    fn will(&self, run: TwinRun) {
        if let Some(twin) = &self.twin {
            twin.will_run(run);
        }
    }

    async fn until_active(&self, count: usize) {
        let waiting = async {
            while (self.active)() != count {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let came = tokio::time::timeout(LIMIT, waiting).await;
        assert!(came.is_ok(), "{} runs are active, not {count}", (self.active)());
    }
}

fn status(answer: &Value) -> &str {
    answer["run_info"]["status"].as_str().unwrap_or_default()
}

async fn a_run_answers_with_its_values(fixture: &Fixture) {
    fixture.will(TwinRun::answers(completed(&json!({"answer": "HI!!"}))));
    let request = fixture.request("values", "quick.dag.yaml", "hi");
    let answer = fixture.runs().run_flow(&fixture.base, &request).await.expect("answer");
    assert_eq!((status(&answer), &answer["output"]["answer"]), ("Completed", &json!("HI!!")));
}

async fn a_failure_is_an_answer(fixture: &Fixture) {
    let failed = json!({"run_info": {"status": "Failed", "error": {"message": "as asked"}}});
    fixture.will(TwinRun::answers(failed));
    let request = fixture.request("fails", "quick.dag.yaml", "FAIL");
    let answer = fixture.runs().run_flow(&fixture.base, &request).await.expect("answer");
    assert_eq!(status(&answer), "Failed");
    let message = answer["run_info"]["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("as asked"), "{message}");
}

async fn a_node_runs_alone(fixture: &Fixture) {
    fixture
        .will(TwinRun::answers(json!({"node": "second", "status": "Completed", "output": "ABC!"})));
    let request = NodeRequest {
        run: fixture.request("alone", "quick.dag.yaml", "hi"),
        node: "second".into(),
        outputs: Map::from_iter([("first".to_owned(), "abc".into())]),
    };
    let answer = fixture.runs().run_node(&fixture.base, &request).await.expect("answer");
    assert_eq!((&answer["status"], &answer["output"]), (&json!("Completed"), &json!("ABC!")));
}

async fn a_flow_that_is_not_there_is_refused(fixture: &Fixture) {
    let answer = Err(refusal(500, "No such file or directory: 'none.dag.yaml'"));
    fixture.will(TwinRun { answer, ..TwinRun::answers(Value::Null) });
    let request = fixture.request("none", "none.dag.yaml", "hi");
    let refused = fixture.runs().run_flow(&fixture.base, &request).await;
    let Err(RunError::Refused { status, error }) = refused else { panic!("{refused:?}") };
    assert!(status == 400 || status == 500, "{status}");
    let message = error.expose()["message"].as_str().unwrap_or_default();
    assert!(message.contains("none.dag.yaml"), "{message}");
}

async fn a_cancel_ends_a_run(fixture: &Fixture) {
    fixture.will(TwinRun::endless());
    let request = fixture.request("endless", "slow.dag.yaml", "hi");
    let cancelling = async {
        fixture.until_active(1).await;
        // The service forks first, and knows of the run a moment later.
        tokio::time::sleep(Duration::from_secs(2)).await;
        fixture.runs().cancel(&fixture.base, "endless", LIMIT).await.expect("cancelled");
    };
    let (answer, ()) = tokio::join!(fixture.runs().run_flow(&fixture.base, &request), cancelling);
    assert_eq!(status(&answer.expect("answer")), "Canceled");
    fixture.until_active(0).await;
    fixture.runs().cancel(&fixture.base, "nobody", LIMIT).await.expect("no run is no error");
}

async fn a_call_that_is_dropped_leaves_no_run(fixture: &Fixture) {
    fixture.will(TwinRun::endless());
    let request = fixture.request("dropped", "slow.dag.yaml", "hi");
    let until_it_runs = async {
        fixture.until_active(1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    tokio::select! {
        answer = fixture.runs().run_flow(&fixture.base, &request) => panic!("{answer:?}"),
        () = until_it_runs => {}
    }
    fixture.until_active(0).await;
}

async fn tools_are_told_without_running(fixture: &Fixture) {
    if let Some(twin) = &fixture.twin {
        twin.tell_meta(executor::ToolMeta {
            tools: Map::from_iter([("upper.py".to_owned(), json!({"function": "upper"}))]),
            errors: Map::from_iter([("none.py".to_owned(), json!({"message": "none.py"}))]),
        });
    }
    let files = ["upper.py", "none.py"].map(|file| (file.to_owned(), "python".to_owned()));
    let meta = fixture.runs().tool_meta(&fixture.base, &fixture.folder, &files, LIMIT).await;
    let meta = meta.expect("meta");
    assert_eq!(meta.tools["upper.py"]["function"], "upper");
    let message = meta.errors["none.py"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("none.py"), "{message}");
    let tools = fixture.runs().package_tools(&fixture.base, LIMIT).await.expect("tools");
    assert!(tools.is_object(), "{tools}");
}

async fn a_batch_goes_line_by_line(fixture: &Fixture) {
    let runs = fixture.runs();
    let one = fixture.request("batch", "quick.dag.yaml", "");
    let request = BatchRequest {
        place: one.place,
        connections: one.connections,
        variables: one.variables,
        workers: Some(1),
        line_limit: Some(60),
        init: Map::new(),
    };
    let begun = runs.begin_batch(&fixture.base, &request, LIMIT).await.expect("begun");
    assert!(begun.get("has_aggregation").is_some(), "{begun}");
    let mut outputs = Vec::new();
    for (number, text) in ["a", "b"].into_iter().enumerate() {
        fixture.will(TwinRun::answers(completed(&json!({"answer": text.to_uppercase() + "!!"}))));
        let line = Line {
            run: "batch".into(),
            number: u32::try_from(number).expect("number"),
            inputs: Map::from_iter([("text".to_owned(), text.into())]),
        };
        let answer = runs.run_line(&fixture.base, &line).await.expect("answer");
        assert_eq!(status(&answer), "Completed", "{answer}");
        outputs.push(answer["output"]["answer"].clone());
    }
    assert_eq!(outputs, ["A!!", "B!!"]);
    let inputs = json!({"text": ["a", "b"]});
    let given = json!({"${second.output}": outputs});
    let summed = runs.aggregate(&fixture.base, "batch", &inputs, &given).await.expect("aggregated");
    assert!(summed.get("metrics").is_some(), "{summed}");
    if fixture.twin.is_none() {
        assert_eq!(summed["metrics"]["count"], 2, "{summed}");
    }
    runs.end_batch(&fixture.base, LIMIT).await.expect("ended");
}
