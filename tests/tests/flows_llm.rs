//! Flows with LLMs, prompts, images and connections on a real runtime, against a service that answers like Azure
//! OpenAI's; what the application keeps of a run is what the real `pf flow test` gives.
#![cfg(feature = "app")]

use std::path::Path;
use std::time::{Duration, Instant};

use app::api::{
    BatchDraft, FlowRunDetail, NamedValue, OfBatch, ReadBatchRows, ShownValue, StartFlowRun,
};
use app::handlers;
use domain::batch::{BatchSettings, BatchState, RowQuery, RowState};
use domain::flow::{FlowRunState, NodeRunState};
use real_parts::PartResult;
use real_parts::flow_world::{log, open, request, result, start, write};
use real_parts::headless::refused;
use real_parts::llm_world::{CUSTOM, KEY, LLM, LlmWorld, TOKEN};
use serde_json::{Value, json};

/// A value as it was before it was shown.
fn value(shown: Option<&ShownValue>) -> Value {
    let Some(shown) = shown else { return Value::Null };
    assert!(!shown.cut, "{}", shown.text);
    if shown.json {
        serde_json::from_str(&shown.text).expect("JSON")
    } else {
        Value::from(shown.text.as_str())
    }
}

/// Compares what is kept of a run with what `pf` gives for the same.
fn same(ours: &FlowRunDetail, theirs: &Value) {
    let run = &theirs["flow_runs"][0];
    assert_eq!(ours.run.state, FlowRunState::Completed, "{:#?}", ours.run);
    assert_eq!(run["status"], "Completed");
    assert_eq!(value(ours.output.as_ref()), run["output"]);
    let none_or = |value: Value| if value == json!({}) { Value::Null } else { value };
    assert_eq!(none_or(value(ours.metrics.as_ref())), none_or(run["metrics"].clone()));
    assert_eq!(tokens(ours.run.tokens), of_service(&run["system_metrics"]));
    let nodes = theirs["node_runs"].as_array().expect("nodes");
    assert_eq!(nodes.len(), ours.run.nodes.len(), "{nodes:#?}");
    for node in nodes {
        let name = node["node"].as_str().expect("name");
        let own = ours.run.nodes.iter().find(|own| own.node == name).expect("our node");
        let values = ours.nodes.iter().find(|own| own.node == name).expect("its values");
        let state = match own.state {
            NodeRunState::Completed => "Completed",
            NodeRunState::Bypassed => "Bypassed",
            other => panic!("{name} is {other:?}"),
        };
        assert_eq!(node["status"], state, "{name}");
        assert_eq!(value(values.output.as_ref()), node["output"], "{name}");
        assert_eq!(tokens(own.tokens), of_service(&node["system_metrics"]), "{name}");
    }
}

fn tokens(tokens: Option<domain::flow::Tokens>) -> (u64, u64, u64) {
    tokens.map_or((0, 0, 0), |own| (own.prompt, own.completion, own.total))
}

fn of_service(metrics: &Value) -> (u64, u64, u64) {
    let number = |key: &str| metrics[key].as_u64().unwrap_or(0);
    (number("prompt_tokens"), number("completion_tokens"), number("total_tokens"))
}

async fn run(
    world: &LlmWorld,
    folder: &Path,
    inputs: &[(&str, &str)],
    change: impl FnOnce(&mut StartFlowRun),
) -> PartResult<FlowRunDetail> {
    let app = &world.world.app;
    let flow = open(app, folder).await?;
    let mut asked = request(&world.world, &flow, "");
    asked.inputs =
        inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    change(&mut asked);
    let run = start(app, asked).await?;
    let detail = result(app, &run).await?;
    // No secret is in anything that is kept or shown.
    let everything = format!("{detail:?}{}", log(app, &run).await?);
    assert!(!everything.contains(KEY) && !everything.contains(TOKEN), "{everything}");
    Ok(detail)
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_give_what_pf_gives() -> PartResult<()> {
    let world = LlmWorld::start().await?;
    let root = tempfile::tempdir()?;
    the_templates_of_pf(&world, root.path()).await?;
    images_conditions_variants_and_connections(&world, root.path()).await?;
    batches_of_the_templates(&world, root.path()).await?;
    what_an_llm_refuses_is_told(&world, root.path()).await?;
    world.no_secret_is_left()
}

async fn the_templates_of_pf(world: &LlmWorld, root: &Path) -> PartResult<()> {
    for kind in ["standard", "chat", "evaluation"] {
        world.template(kind, &root.join(kind))?;
    }
    let standard = root.join("standard");
    let ours = run(world, &standard, &[("text", "Java")], |_| {}).await?;
    same(&ours, &world.tested(&standard, "--inputs text=Java")?);
    assert!(ours.output.is_some_and(|output| output.text.contains("Java")));

    let chat = root.join("chat");
    let history = json!([{"inputs": {"question": "one?"}, "outputs": {"answer": "first"}}]);
    let inputs = [("question", "two?"), ("chat_history", &history.to_string())];
    let ours = run(world, &chat, &inputs, |_| {}).await?;
    let rows = format!("{}\n", json!({"question": "two?", "chat_history": history}));
    write(&chat, &[("row.jsonl", &rows)])?;
    same(&ours, &world.tested(&chat, "--inputs tested/row.jsonl")?);
    let expected = json!({"answer": "4 messages, the last: two?"});
    assert_eq!(value(ours.output.as_ref()), expected);
    assert!(ours.run.tokens.is_some_and(|tokens| tokens.total > 0));

    let evaluation = root.join("evaluation");
    let inputs = [("groundtruth", "APP"), ("prediction", "app")];
    let ours = run(world, &evaluation, &inputs, |_| {}).await?;
    same(&ours, &world.tested(&evaluation, "--inputs groundtruth=APP prediction=app")?);
    Ok(())
}

fn object(values: &[NamedValue]) -> Value {
    let named = values.iter().map(|one| (one.name.clone(), value(Some(&one.value))));
    Value::Object(named.collect())
}

/// Rows of a flow in a batch run of ours, and in a run of `pf` inside the same container.
async fn same_batch(world: &LlmWorld, folder: &Path, rows: &[Value]) -> PartResult<()> {
    let app = &world.world.app;
    let file = folder.join("rows.jsonl");
    let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
    std::fs::write(&file, text.join("\n"))?;
    let names: Vec<&String> = rows[0].as_object().expect("a row").keys().collect();
    let mapping = names.iter().map(|name| ((*name).clone(), format!("${{data.{name}}}"))).collect();
    let draft = BatchDraft {
        flow: open(app, folder).await?,
        name: String::new(),
        runtimes: vec![world.world.runtime.clone()],
        file: file.display().to_string(),
        mapping,
        other: None,
        variants: [].into(),
        connections: vec![],
        init: [].into(),
        settings: BatchSettings { workers: 4, retries: 0, stop_after: None, row_limit: None },
    };
    let batch = handlers::start_batch(app, draft).await.map_err(refused)?.batch;
    let limit = Instant::now() + Duration::from_secs(120);
    let ours = loop {
        let of = OfBatch { batch: batch.clone() };
        let ours = handlers::batch(app, of).await.map_err(refused)?.batch;
        if !ours.state.is_active() {
            break ours;
        }
        assert!(Instant::now() < limit, "{ours:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(ours.state, BatchState::Completed, "{ours:#?}");
    let query = RowQuery { limit: 500, ..RowQuery::default() };
    let page = handlers::batch_rows(app, ReadBatchRows { batch, query }).await.map_err(refused)?;

    let name = format!("{}-rows", folder.file_name().unwrap_or_default().to_string_lossy());
    let mapped: Vec<String> =
        names.iter().map(|name| format!("{name}='${{data.{name}}}'")).collect();
    let theirs = world.batch(folder, &name, &mapped.join(" "))?;
    assert_eq!(theirs["status"], "Completed", "{theirs:#}");
    let lines = theirs["lines"].as_array().expect("lines");
    assert_eq!((lines.len(), page.rows.len()), (rows.len(), rows.len()));
    for line in lines {
        let own = page.rows.iter().find(|own| line["index"] == own.row).expect("our row");
        let state = if own.state == RowState::Completed { "Completed" } else { "Failed" };
        assert_eq!(line["status"], state, "{line}");
        let mut inputs = line["inputs"].clone();
        // `pf` adds the number of the line to what the row took.
        inputs.as_object_mut().expect("inputs").remove("line_number");
        assert_eq!(object(&own.inputs), inputs, "{line}");
        assert_eq!(object(&own.outputs), line["output"], "{line}");
    }
    let metrics: serde_json::Map<String, Value> =
        ours.metrics.iter().map(|one| (one.name.clone(), json!(one.value))).collect();
    let number = |value: &Value| value.as_f64();
    let told = theirs["metrics"].as_object().expect("metrics");
    assert_eq!(metrics.len(), told.len(), "{told:?}");
    for (name, value) in told {
        assert_eq!(metrics.get(name).and_then(number), number(value), "{name}");
    }
    Ok(())
}

async fn batches_of_the_templates(world: &LlmWorld, root: &Path) -> PartResult<()> {
    let pairs = [("APP", "app"), ("Channel", "Tool"), ("App", "App"), ("", "none")];
    let rows = pairs.map(
        |(groundtruth, prediction)| json!({"groundtruth": groundtruth, "prediction": prediction}),
    );
    same_batch(world, &root.join("evaluation"), &rows).await?;
    let rows = ["Java", "Python"].map(|text| json!({"text": text}));
    same_batch(world, &root.join("standard"), &rows).await?;
    let history = json!([{"inputs": {"question": "one?"}, "outputs": {"answer": "first"}}]);
    let rows = ["two?", "three?", "four?"]
        .map(|question| json!({"question": question, "chat_history": history}));
    same_batch(world, &root.join("chat"), &rows).await
}

/// The smallest picture there is.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const MIXED: &str = "inputs:
  text:
    type: string
  loud:
    type: bool
  picture:
    type: image
outputs:
  told:
    type: string
    reference: ${greet.output}
  shouted:
    type: string
    reference: ${shout.output}
  picked:
    type: string
    reference: ${pick.output}
  size:
    type: int
    reference: ${size.output}
nodes:
- name: greet
  type: prompt
  source: {type: code, path: greet.jinja2}
  inputs:
    text: ${ask.output}
- name: ask
  type: python
  source: {type: code, path: ask.py}
  inputs:
    text: ${inputs.text}
    conn: my_custom
- name: shout
  type: python
  source: {type: code, path: shout.py}
  inputs:
    text: ${inputs.text}
  activate:
    when: ${inputs.loud}
    is: true
- name: size
  type: python
  source: {type: code, path: size.py}
  inputs:
    picture: ${inputs.picture}
- name: pick
  use_variants: true
node_variants:
  pick:
    default_variant_id: plain
    variants:
      plain:
        node:
          type: python
          source: {type: code, path: shout.py}
          inputs:
            text: plain
      fancy:
        node:
          type: python
          source: {type: code, path: shout.py}
          inputs:
            text: fancy
";

async fn images_conditions_variants_and_connections(
    world: &LlmWorld,
    root: &Path,
) -> PartResult<()> {
    use base64::Engine as _;
    let folder = root.join("mixed");
    let head = "from promptflow.core import tool\n";
    let ask = format!(
        "from promptflow.connections import CustomConnection\n{head}\n\n@tool\ndef ask(text: str, conn: CustomConnection) -> str:\n    print(conn.token)\n    return f'{{text}} {{conn.url}} {{len(conn.token)}}'\n"
    );
    let size = format!(
        "from promptflow.contracts.multimedia import Image\n{head}\n\n@tool\ndef size(picture: Image) -> int:\n    return len(bytes(picture))\n"
    );
    let shout = format!("{head}\n\n@tool\ndef shout(text: str) -> str:\n    return text.upper()\n");
    write(
        &folder,
        &[
            ("flow.dag.yaml", &MIXED.replace("my_custom", CUSTOM)),
            ("greet.jinja2", "Hello {{text}}, how are you?\n"),
            ("ask.py", &ask),
            ("size.py", &size),
            ("shout.py", &shout),
        ],
    )?;
    let picture = base64::prelude::BASE64_STANDARD.decode(PNG).expect("a picture");
    std::fs::write(folder.join("dot.png"), &picture)?;
    for (loud, variant) in [("false", "plain"), ("true", "fancy")] {
        let inputs = [("text", "hi"), ("loud", loud), ("picture", "dot.png")];
        let with = |asked: &mut StartFlowRun| {
            asked.variants = [("pick".to_owned(), variant.to_owned())].into();
        };
        let ours = run(world, &folder, &inputs, with).await?;
        let arguments =
            format!("--inputs text=hi loud={loud} picture=dot.png --variant '${{pick.{variant}}}'");
        same(&ours, &world.tested(&folder, &arguments)?);
        let output = value(ours.output.as_ref());
        assert_eq!(output["size"], picture.len());
        assert_eq!(output["picked"], variant.to_uppercase());
        assert_eq!(output["shouted"], if loud == "true" { json!("HI") } else { Value::Null });
        assert!(output["told"].as_str().is_some_and(|told| told.contains("https://x.example")));
    }
    Ok(())
}

async fn what_an_llm_refuses_is_told(world: &LlmWorld, root: &Path) -> PartResult<()> {
    let chat = root.join("chat");
    let written = std::fs::read_to_string(chat.join("flow.dag.yaml"))?;
    let told = async |inputs: &[(&str, &str)], limit: Option<u32>| {
        let ours = run(world, &chat, inputs, |asked| asked.limit = limit).await?;
        assert_eq!(ours.run.state, FlowRunState::Failed, "{:#?}", ours.run);
        Ok(ours.run.problem.expect("a problem").sentence) as PartResult<String>
    };
    let question = [("question", "hi")];
    // Too many requests: it is tried again until one is taken.
    world.llm.refuse_next(2);
    let before = world.llm.asked().len();
    let ours = run(world, &chat, &question, |_| {}).await?;
    assert_eq!(ours.run.state, FlowRunState::Completed, "{:#?}", ours.run);
    assert_eq!(world.llm.asked().len(), before + 3);
    // One that takes too long.
    world.llm.wait(Duration::from_secs(20));
    assert_eq!(
        told(&question, Some(4)).await?,
        "The run took longer than its limit of 4 s and was ended."
    );
    world.llm.wait(Duration::ZERO);
    write(&chat, &[("flow.dag.yaml", &written.replace("gpt-35-turbo", "gpt-none"))])?;
    assert_eq!(
        told(&question, None).await?,
        "The node \"chat\" asks for a deployment or a model that its LLM does not have."
    );
    for (name, address, key, expected) in [
        (
            "other_key",
            world.llm.address(),
            "another-planted-key",
            "The LLM of the node \"chat\" did not accept the key of its connection.",
        ),
        ("nobody", "http://127.0.0.1:9", KEY, "The node \"chat\" did not reach its LLM."),
    ] {
        world.keep_llm(name, address, key).await?;
        write(&chat, &[("flow.dag.yaml", &written.replace(LLM, name))])?;
        assert_eq!(told(&question, None).await?, expected);
    }
    Ok(())
}
