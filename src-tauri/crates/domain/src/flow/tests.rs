use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::finding::ProblemCode;

fn document(value: Value) -> Document {
    Node { place: Place::default(), content: value.into() }
}

fn flow(value: Value) -> Flow {
    let read = read(&document(value), "flow.dag.yaml");
    assert_eq!(read.problems, []);
    read.flow
}

fn python(name: &str, inputs: Value) -> Value {
    json!({"name": name, "type": "python", "source": {"type": "code", "path": "a.py"}, "inputs": inputs})
}

fn found(flow: &Flow, around: &Around<'_>) -> Vec<(FlowProblemKind, String)> {
    let graph = Graph::of(flow, |node| node);
    problems(flow, &graph, around).into_iter().map(|one| (one.kind, one.sentence)).collect()
}

fn everything() -> Around<'static> {
    Around { file: "flow.dag.yaml", is_file: &|_| true, missing_includes: &[], connections: None }
}

fn branches() -> Value {
    json!({
        "inputs": {"text": {"type": "string"}, "deep": {"type": "bool", "default": false}},
        "outputs": {"answer": {"type": "string", "reference": "${join.output}"}},
        "nodes": [
            python("first", json!({"text": "${inputs.text}"})),
            {"name": "short", "type": "python", "source": {"type": "code", "path": "a.py"},
             "inputs": {"text": "${first.output[0].x}"}, "activate": {"when": "${inputs.deep}", "is": false}},
            {"name": "long", "type": "python", "source": {"type": "code", "path": "a.py"},
             "inputs": {"text": "${inputs.text}"}, "activate": {"when": "${first.output}", "is": "yes"}},
            python("join", json!({"a": "${short.output}", "b": "${long.output}"})),
            {"name": "sum", "type": "python", "aggregation": true,
             "source": {"type": "code", "path": "a.py"}, "inputs": {"all": "${join.output}"}},
        ]
    })
}

#[test]
fn the_graph_has_levels_and_two_kinds_of_edges() {
    let flow = flow(branches());
    let graph = Graph::of(&flow, |node| node);
    let levels: Vec<_> = graph.nodes.iter().map(|node| (node.name.as_str(), node.level)).collect();
    assert_eq!(levels, [("first", 0), ("short", 1), ("long", 1), ("join", 2), ("sum", 3)]);
    let kind = |from: &str, to: &str| {
        graph.edges.iter().find(|edge| edge.from == from && edge.to == to).map(|edge| edge.kind)
    };
    assert_eq!(kind("first", "short"), Some(EdgeKind::Data));
    assert_eq!(kind("first", "long"), Some(EdgeKind::Activation));
    assert_eq!(graph.nodes[1].inputs, ["deep"]);
    assert_eq!(graph.nodes[3].outputs, ["answer"]);
    assert!(graph.nodes[4].aggregation);
    assert_eq!(graph.before("join").collect::<Vec<_>>(), ["long", "short"]);
    assert_eq!(found(&flow, &everything()), []);
}

#[test]
fn a_circle_is_named_in_its_order() {
    let flow = flow(json!({
        "outputs": {"o": {"type": "string", "reference": "${a.output}"}},
        "nodes": [
            python("start", json!({})),
            python("a", json!({"x": "${c.output}", "y": "${start.output}"})),
            python("b", json!({"x": "${a.output}"})),
            python("c", json!({"x": "${b.output}"})),
            python("self", json!({"x": "${self.output}"})),
        ]
    }));
    let graph = Graph::of(&flow, |node| node);
    assert_eq!(graph.circle.len(), 3);
    let found = found(&flow, &everything());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].0, FlowProblemKind::Cycle);
    // Each needs the one before it.
    for (before, after) in [("a", "b"), ("b", "c"), ("c", "a")] {
        assert!(found[0].1.contains(&format!("\"{before}\" → \"{after}\"")), "{}", found[0].1);
    }
}

#[test]
fn what_is_wrong_is_found_and_named() {
    let flow = flow(json!({
        "inputs": {"question": {"type": "string"}},
        "outputs": {
            "gone": {"type": "string", "reference": "${anser.output}"},
            "plain": {"type": "string", "reference": "text"},
        },
        "node_variants": {"varied": {"default_variant_id": "v9", "variants": {
            "v0": {"node": {"type": "llm", "connection": "other", "source": {"type": "code", "path": "p.jinja2"}}}}}},
        "environment_variables": {"KEY": "${vars.api_key}", "SECRET_TOKEN": "sk-abcdefghijklmnop1234567890", "PLAIN": "x"},
        "nodes": [
            python("answer", json!({"q": "${inputs.qestion}", "c": "${nobody.output}"})),
            python("answer", json!({})),
            {"name": "varied", "use_variants": true},
            {"name": "ask", "type": "llm", "connection": "my_aoai", "source": {"type": "code", "path": "missing.jinja2"}},
        ]
    }));
    let connections: BTreeSet<String> = ["my_aoai".to_owned()].into();
    let missing = ["../shared".to_owned()];
    let around = Around {
        file: "flow.dag.yaml",
        is_file: &|path| path != "missing.jinja2",
        missing_includes: &missing,
        connections: Some(&connections),
    };
    let found = found(&flow, &around);
    let has = |kind, words: &str| {
        assert!(
            found.iter().any(|(own, sentence)| *own == kind && sentence.contains(words)),
            "{words}: {found:#?}"
        );
    };
    has(FlowProblemKind::DuplicateName, "\"answer\"");
    has(FlowProblemKind::UnknownReference, "the input \"qestion\"");
    has(FlowProblemKind::UnknownReference, "the node \"nobody\"");
    has(FlowProblemKind::UnknownReference, "The output \"gone\" refers to the node \"anser\"");
    has(FlowProblemKind::UnknownReference, "\"text\", which is no reference");
    has(FlowProblemKind::UnknownVariant, "no variant \"v9\"");
    has(FlowProblemKind::FileMissing, "\"missing.jinja2\"");
    has(FlowProblemKind::FileMissing, "\"../shared\"");
    has(FlowProblemKind::UnknownConnection, "\"other\"");
    has(FlowProblemKind::UnknownConnection, "\"vars\"");
    has(FlowProblemKind::UnusedNode, "\"ask\"");
    assert!(!found.iter().any(|(_, sentence)| sentence.contains("my_aoai")), "{found:#?}");
    let graph = Graph::of(&flow, |node| node);
    let hint = problems(&flow, &graph, &around)
        .into_iter()
        .find(|one| one.sentence.contains("qestion"))
        .map(|one| one.hint);
    assert_eq!(hint.as_deref(), Some("Perhaps \"question\" is meant."));
    let hidden: Vec<_> = flow
        .environment_variables
        .iter()
        .filter(|variable| variable.value.is_none())
        .map(|variable| variable.name.as_str())
        .collect();
    assert_eq!(hidden, ["SECRET_TOKEN"]);
}

#[test]
fn connections_are_found_wherever_they_are_named() {
    let flow = flow(json!({
        "environment_variables": {"KEY": "${vars.api_key}"},
        "node_variants": {"v": {"default_variant_id": "a", "variants": {
            "a": {"node": {"type": "llm", "connection": "one"}},
            "b": {"node": {"type": "llm", "connection": "two"}}}}},
        "nodes": [
            {"name": "v", "use_variants": true},
            python("py", json!({"connection": "three", "conn": "four", "text": "five"})),
        ]
    }));
    let by_tool = [("py".to_owned(), "conn".to_owned())];
    let needed = connections_needed(&flow, &by_tool);
    let mut names: Vec<_> = needed.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["four", "one", "three", "two", "vars"]);
    let vars = needed.iter().find(|one| one.name == "vars").expect("vars");
    assert!(vars.nodes.is_empty());
}

#[test]
fn typed_inputs_become_values_or_sentences() {
    let input = |kind| FlowInput {
        name: "x".into(),
        kind,
        written: String::new(),
        default: None,
        description: String::new(),
        is_chat_input: false,
        is_chat_history: false,
        line: 0,
    };
    for (kind, text, expected) in [
        (ValueKind::String, " a ", json!(" a ")),
        (ValueKind::Int, " 42 ", json!(42)),
        (ValueKind::Double, "4.5", json!(4.5)),
        (ValueKind::Bool, "True", json!(true)),
        (ValueKind::List, "[1, \"a\"]", json!([1, "a"])),
        (ValueKind::Object, "{\"a\": {}}", json!({"a": {}})),
        (ValueKind::Image, "https://x/y.png", json!("https://x/y.png")),
        (ValueKind::Image, "{\"data:image/png;path\": \"a\"}", json!({"data:image/png;path": "a"})),
        (ValueKind::Other, "name", json!("name")),
    ] {
        assert_eq!(inputs::typed(&input(kind), text), Ok(expected), "{kind:?} {text}");
    }
    for (kind, text, words) in [
        (ValueKind::Int, "4.5", "\"x\" needs a whole number; \"4.5\" is none."),
        (
            ValueKind::Double,
            "NaN",
            "\"x\" needs a number, with a point before its fraction; \"NaN\" is none.",
        ),
        (ValueKind::Bool, "yes", "\"x\" needs true or false; \"yes\" is none."),
        (ValueKind::List, "{}", "\"x\" needs a list such as [\"a\", \"b\"]; \"{}\" is none."),
        (
            ValueKind::Object,
            "{a",
            "\"x\" needs an object such as {\"a\": 1} in JSON. It breaks off in line 1, at character 2.",
        ),
        (ValueKind::Int, "", "\"x\" needs a value: a whole number."),
    ] {
        assert_eq!(inputs::typed(&input(kind), text), Err(words.to_owned()), "{kind:?} {text}");
    }
}

#[test]
fn missing_inputs_take_their_defaults_or_are_asked_for() {
    let flow = flow(json!({
        "inputs": {
            "a": {"type": "int", "default": 7},
            "b": {"type": "int"},
            "c": {"type": "string"},
            "h": {"type": "list", "is_chat_history": true},
        },
        "outputs": {"o": {"type": "string", "reference": "${n.output}"}},
        "nodes": [python("n", json!({"x": "${inputs.b}"}))]
    }));
    let texts = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let given =
        inputs::values(&flow.inputs, &texts(&[("b", "1"), ("c", ""), ("a", " ")]), None, "inputs");
    assert_eq!(given.map(Value::Object), Ok(json!({"a": 7, "b": 1, "c": "", "h": []})));
    let problems = inputs::values(&flow.inputs, &texts(&[("z", "")]), None, "inputs")
        .expect_err("it is refused");
    let fields: Vec<_> = problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
    assert_eq!(fields, ["inputs.z", "inputs.b", "inputs.c"]);
    let only = inputs::of_node(&flow, "n");
    assert_eq!(only, ["b"]);
    let given = inputs::values(&flow.inputs, &texts(&[("b", "1")]), Some(&only), "inputs");
    assert_eq!(given.map(Value::Object), Ok(json!({"b": 1})));
}

#[test]
fn a_signature_gives_the_inputs_of_a_flex_flow() {
    let code = "import x\n\n@trace\nasync def other(a): pass\n\nclass Chat:\n    def __init__(self, model: str): ...\n\n    @trace\n    def __call__(\n        self,\n        question: str = \"What, then?\",\n        history: List[Dict[str, str]] = None,\n        top: int = 3,\n        *,\n        deep: bool = False,\n        **rest\n    ) -> str:\n        return \"\"\n";
    let inputs = inputs::of_signature(code, "flow:Chat").expect("inputs");
    let told: Vec<_> =
        inputs.iter().map(|one| (one.name.as_str(), one.kind, one.default.clone())).collect();
    assert_eq!(
        told,
        [
            ("question", ValueKind::String, Some(json!("What, then?"))),
            ("history", ValueKind::List, None),
            ("top", ValueKind::Int, Some(json!(3))),
            ("deep", ValueKind::Bool, Some(json!(false))),
        ]
    );
    assert_eq!(inputs::of_signature(code, "flow:other").expect("inputs").len(), 1);
    assert_eq!(inputs::of_signature(code, "flow:nothing"), None);
}

#[test]
fn variants_and_connections_are_put_into_what_is_sent() {
    let value = json!({
        "node_variants": {"ask": {"default_variant_id": "v0", "variants": {
            "v0": {"node": {"type": "llm", "source": {"type": "code", "path": "0.jinja2"}, "connection": "one"}},
            "v1": {"node": {"type": "llm", "source": {"type": "code", "path": "1.jinja2"}, "connection": "one"}}}}},
        "nodes": [{"name": "ask", "use_variants": true}, python("py", json!({"conn": "a"}))]
    });
    let document = document(value.clone());
    let flow = flow(value);
    let choice: BTreeMap<String, String> = [("ask".to_owned(), "v1".to_owned())].into();
    let others = [
        OtherConnection { node: "ask".into(), input: "connection".into(), value: "two".into() },
        OtherConnection { node: "py".into(), input: "conn".into(), value: "b".into() },
    ];
    let sent = resolved(&document, &flow, &choice, &others).expect("resolved").expect("changed");
    assert_eq!(
        sent.value(),
        json!({"nodes": [
            {"name": "ask", "type": "llm", "source": {"type": "code", "path": "1.jinja2"}, "connection": "two"},
            python("py", json!({"conn": "b"})),
        ]})
    );
    let default =
        resolved(&document, &flow, &BTreeMap::new(), &[]).expect("resolved").expect("changed");
    assert_eq!(default.value()["nodes"][0]["source"]["path"], "0.jinja2");
    assert_eq!(
        chosen(&flow, &flow.nodes[0], &choice).source.as_ref().and_then(|s| s.path.as_deref()),
        Some("1.jinja2")
    );
    let wrong: BTreeMap<String, String> = [("ask".to_owned(), "v7".to_owned())].into();
    let problems = resolved(&document, &flow, &wrong, &[]).expect_err("it is refused");
    assert_eq!(problems[0].field.as_deref(), Some("variants.ask"));
    // Nothing to choose: the file goes as it is.
    let plain = json!({"nodes": [python("py", json!({}))]});
    assert_eq!(
        resolved(&self::document(plain.clone()), &self::flow(plain), &BTreeMap::new(), &[]),
        Ok(None)
    );
}

#[test]
fn a_chat_is_recognised() {
    let flow = flow(json!({
        "inputs": {"chat_history": {"type": "list", "is_chat_history": true, "default": []},
                   "question": {"type": "string", "is_chat_input": true}},
        "outputs": {"answer": {"type": "string", "reference": "${n.output}", "is_chat_output": true}},
        "nodes": [python("n", json!({"q": "${inputs.question}"}))]
    }));
    let chat = flow.chat.expect("chat");
    assert_eq!(
        (chat.input.as_str(), chat.history.as_deref(), chat.output.as_deref()),
        ("question", Some("chat_history"), Some("answer"))
    );
    assert_eq!(self::flow(branches()).chat, None);
}

#[test]
fn a_form_that_is_wrong_is_told_and_the_rest_is_read() {
    let read = read(
        &document(json!({
            "inputs": {"a": {"default": 1}},
            "outputs": [],
            "nodes": [{"type": "python"}, {"name": "n"}, {"name": "m", "type": "python", "activate": {"when": "${n.output}"}}]
        })),
        "flow.dag.yaml",
    );
    let sentences: Vec<_> = read.problems.iter().map(|one| one.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "The input \"a\" has no type.",
            "\"outputs\" holds no names with what belongs to each.",
            "A node has no name.",
            "The node \"n\" says neither its type nor its source.",
            "The condition of the node \"m\" lacks \"when\" or \"is\".",
        ]
    );
    assert_eq!(read.flow.nodes.len(), 2);
}

fn failed_answer() -> Value {
    json!({
        "output": null,
        "run_info": {
            "status": "Failed", "start_time": "2026-11-23T16:24:48.100000", "end_time": "2026-11-23T16:24:49.1",
            "system_metrics": {"duration": 1.0, "total_tokens": 0},
            "error": {
                "message": "Execution failure in 'boom': (ZeroDivisionError) division by zero",
                "messageParameters": {"node_name": "boom"},
                "code": "UserError", "innerError": {"code": "ToolExecutionError", "innerError": null},
                "additionalInfo": [{"type": "ToolExecutionErrorDetails", "info": {
                    "type": "ZeroDivisionError", "message": "division by zero",
                    "traceback": "Traceback (most recent call last):\n  File \"/f/x/boom.py\", line 6, in boom\n    return 1 / 0\nZeroDivisionError: division by zero\n",
                    "filename": "/f/x/boom.py", "lineno": 6, "name": "boom"}}]
            }
        },
        "node_run_infos": {
            "first": {"node": "first", "status": "Completed", "start_time": "2026-11-23T16:24:48.2Z",
                      "system_metrics": {"duration": 0.2, "prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}},
            "boom": {"node": "boom", "status": "Failed", "error": {"message": "m", "code": "UserError"}}
        }
    })
}

#[test]
fn a_failed_answer_tells_code_exception_file_and_line() {
    let outcome = outcome(&failed_answer(), "/f/x").expect("outcome");
    assert_eq!(outcome.state, FlowRunState::Failed);
    assert_eq!(
        outcome.started.map(|time| time.to_string()).as_deref(),
        Some("2026-11-23T16:24:48.1Z")
    );
    let failure = outcome.failure.clone().expect("failure");
    assert_eq!(failure.code, "UserError/ToolExecutionError");
    assert_eq!(failure.exception, "ZeroDivisionError");
    assert_eq!(failure.node.as_deref(), Some("boom"));
    assert_eq!(
        failure.at,
        Some(Frame { file: "boom.py".into(), line: 6, function: "boom".into() })
    );
    let problem = explain(&failure);
    assert_eq!(problem.code, ProblemCode::RunFailed);
    assert_eq!(
        problem.sentence,
        "The node \"boom\" failed in boom.py, line 6: division by zero. (ZeroDivisionError)"
    );
    let first = outcome.nodes.iter().find(|node| node.node == "first").expect("first");
    assert_eq!(first.tokens, Some(Tokens { prompt: 2, completion: 3, total: 5 }));
}

#[test]
fn the_answer_for_one_node_and_for_a_cancelled_run_are_read() {
    let alone = outcome(&json!({"node": "n", "status": "Bypassed"}), "/f").expect("outcome");
    assert_eq!(
        (alone.state, alone.nodes[0].state),
        (FlowRunState::Bypassed, NodeRunState::Bypassed)
    );
    let cancelled = json!({"run_info": {"status": "Canceled", "error": {"message": "m"}}, "node_run_infos": {}});
    let cancelled = outcome(&cancelled, "/f").expect("outcome");
    assert_eq!((cancelled.state, cancelled.failure), (FlowRunState::Cancelled, None));
    assert_eq!(outcome(&json!({"error": {}}), "/f"), None);
}

#[test]
fn each_known_failure_says_what_to_do() {
    let told = |message: &str| {
        let problem = explain(&failure(&json!({"message": message, "code": "UserError"}), "/f"));
        format!("{} {}", problem.sentence, problem.hints.join(" "))
    };
    for (message, words) in [
        (
            "Execution failure in 'upper': (ModuleNotFoundError) No module named 'bs4'",
            "package beautifulsoup4",
        ),
        (
            "(EmptyLLMApiMapping) LLM api mapping is empty, please ensure 'promptflow-tools' package has been installed.",
            "package promptflow-tools",
        ),
        ("(ModuleNotFoundError) No module named 'promptflow.tools'", "no tools for prompts"),
        ("Package tool 'x.y' is not found in the current environment.", "no tool \"x.y\""),
        (
            "(GetConnectionError) Get connection 'my_aoai' for node 'show' error",
            "the connection \"my_aoai\"",
        ),
        ("OpenAI API hits APIConnectionError: Connection error.", "host.docker.internal"),
        ("Line 0 execution timeout for exceeding 3 seconds", "its limit of 3 s"),
        ("Unexpected error occurred while executing the request", "out of memory"),
    ] {
        assert!(told(message).contains(words), "{message}: {}", told(message));
    }
    let failure = failure(
        &json!({"message": "Tool load failed in 'upper': (PythonLoadError) Failed to load python module from file '/f/upper.py': (SyntaxError) invalid syntax (upper.py, line 3)", "code": "UserError"}),
        "/f",
    );
    assert_eq!(failure.exception, "SyntaxError");
}

#[test]
fn a_run_follows_its_log_and_ends_with_its_answer() {
    let mut run = FlowRun {
        from_node: None,
        id: FlowRunId("r".into()),
        flow: FlowId("/f/flow.dag.yaml".into()),
        flow_name: "f".into(),
        runtime: crate::runtime::RuntimeId("t".into()),
        runtime_name: "t".into(),
        version: String::new(),
        node: None,
        from: None,
        variants: BTreeMap::new(),
        state: FlowRunState::Running,
        note: None,
        started: jiff::Timestamp::UNIX_EPOCH,
        ended: None,
        duration: None,
        nodes: ["first", "boom", "after"].map(NodeRun::waiting).into(),
        failure: None,
        problem: None,
        tokens: None,
    };
    let node = |name: &str| name.to_owned();
    assert!(run.tell(&RunEvent::NodeStarted { node: node("first"), time: None }));
    assert!(run.tell(&RunEvent::NodeSlow { node: node("first"), seconds: 3 }));
    assert!(run.tell(&RunEvent::NodeEnded { node: node("first"), time: None }));
    assert!(run.tell(&RunEvent::NodeStarted { node: node("after"), time: None }));
    assert!(!run.tell(&RunEvent::NodeStarted { node: node("unknown"), time: None }));
    assert!(!run.tell(&RunEvent::Other));
    run.take(outcome(&failed_answer(), "/f/x").expect("outcome"));
    let states: Vec<_> = run.nodes.iter().map(|node| node.state).collect();
    assert_eq!(states, [NodeRunState::Completed, NodeRunState::Failed, NodeRunState::Failed]);
    assert_eq!(run.nodes[0].slow.as_ref().map(|slow| slow.seconds), Some(3));
    assert!(run.ended.is_some());
}
