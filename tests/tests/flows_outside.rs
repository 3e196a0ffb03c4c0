//! Runs as they are copied for outside: the texts are run as they are, by the shell, Python and `pf`, and give what
//! the application's own run gives.
#![cfg(feature = "app")]

use std::path::Path;
use std::process::Command;

use app::api::{AskOutside, OutsideRun, StartFlowRun};
use app::handlers;
use domain::flow::outside::OutsideForm;
use domain::flow::{FlowRunId, FlowRunState};
use real_parts::flow_world::{HEAD, node, open, request, result, start, tool, write};
use real_parts::headless::refused;
use real_parts::llm_world::{LlmWorld, TOKEN};
use real_parts::{PartError, PartResult};
use serde_json::{Value, json};

/// What shells, Python and JSON each read in a way of their own.
const NASTY: &str = "it's \"$HOME\" `id` \\ $(id) 100% %s\nüber 💡 !";

/// Runs a copied text; the connection's secret is in the variable that its notes name.
fn ran(program: &str, text: &str) -> PartResult<String> {
    // Longer than one word of a command may be.
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    let mut command = Command::new(program);
    command.arg(file.path()).env("MY_CUSTOM_TOKEN", TOKEN);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    let ended = command.output()?;
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    if ended.status.success() {
        return Ok(told);
    }
    let error = String::from_utf8_lossy(&ended.stderr).into_owned();
    Err(PartError::new(format!("{program} failed: {error}\n{text}")))
}

async fn copied(world: &LlmWorld, of: OutsideRun, form: OutsideForm) -> PartResult<String> {
    let request = AskOutside { of, form };
    let told = handlers::flow_outside(&world.world.app, request).await.map_err(refused)?;
    assert!(!format!("{told:?}").contains(TOKEN), "{told:?}");
    Ok(told.text)
}

/// Runs a flow here, and the same copied as curl and as Python; answers the id of the run here and what all gave.
async fn same_over_http(world: &LlmWorld, asked: &StartFlowRun) -> PartResult<(FlowRunId, Value)> {
    let run = start(&world.world.app, asked.clone()).await?;
    let detail = result(&world.world.app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    let (shown, key) = match &asked.node {
        None => (detail.output, "output"),
        Some(_) => (detail.nodes[0].output.clone(), "output"),
    };
    let shown = shown.expect("an output");
    let ours = if shown.json {
        serde_json::from_str(&shown.text).expect("JSON")
    } else {
        Value::from(shown.text)
    };
    for (form, program) in
        [(OutsideForm::Curl, "bash"), (OutsideForm::Curl, "sh"), (OutsideForm::Python, "python3")]
    {
        let proposed = OutsideRun::Proposed { start: Box::new(asked.clone()) };
        let told = ran(program, &copied(world, proposed, form).await?)?;
        let answer: Value = serde_json::from_str(&told).expect(&told);
        assert_eq!(answer[key], ours, "{program}");
    }
    Ok((run, ours))
}

/// Runs a text for `pf` where the flow is in the same folder as on this machine.
fn with_pf(world: &LlmWorld, folder: &Path, text: &str) -> PartResult<Value> {
    let path = folder.display().to_string();
    let parent = folder.parent().unwrap_or(folder).display();
    world.as_pf(&format!("rm -rf '{path}' && mkdir -p '{parent}'"))?;
    let to = format!("{}:{path}", world.world.container);
    world.world.engine.client(&["cp", &path, &to])?;
    world.as_pf(text)?;
    let output = world.as_pf(&format!("cat '{path}/.promptflow'/flow*.output.json"))?;
    Ok(serde_json::from_str(&output).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_runs_give_what_the_run_here_gives() -> PartResult<()> {
    let world = LlmWorld::start().await?;
    let root = tempfile::tempdir()?;
    a_flow_with_a_connection_and_a_variant(&world, root.path()).await?;
    a_picture_longer_than_a_word_may_be(&world, root.path()).await?;
    a_class_with_a_constructor(&world, root.path()).await?;
    world.no_secret_is_left()
}

async fn a_flow_with_a_connection_and_a_variant(world: &LlmWorld, root: &Path) -> PartResult<()> {
    let folder = root.join("a flow");
    let flow = format!(
        "{HEAD}${{ask.output}}\nnodes:\n{}    conn: my_custom\n- name: first\n  use_variants: true\nnode_variants:\n  first:\n    default_variant_id: plain\n    variants:\n      plain:\n        node:\n          type: python\n          source: {{type: code, path: first.py}}\n          inputs:\n            text: ${{inputs.text}}\n      fancy:\n        node:\n          type: python\n          source: {{type: code, path: fancy.py}}\n          inputs:\n            text: ${{inputs.text}}\n",
        node("ask", "${first.output}")
    );
    let ask = "from promptflow.connections import CustomConnection\nfrom promptflow.core import tool\n\n\n@tool\ndef ask(text: str, conn: CustomConnection) -> str:\n    return f'{text} {conn.url} {len(conn.token)}'\n";
    write(
        &folder,
        &[
            ("flow.dag.yaml", &flow),
            ("ask.py", ask),
            ("first.py", &tool("first", "return text")),
            ("fancy.py", &tool("fancy", "return '~' + text")),
        ],
    )?;
    let id = open(&world.world.app, &folder).await?;
    let asked = StartFlowRun {
        variants: [("first".to_owned(), "fancy".to_owned())].into(),
        ..request(&world.world, &id, NASTY)
    };
    let (run, ours) = same_over_http(world, &asked).await?;
    let expected = format!("~{NASTY} https://x.example {}", TOKEN.len());
    assert_eq!(ours, json!({"answer": expected}));
    // As a kept run, and with pf.
    let kept = || OutsideRun::Kept { run: run.clone() };
    let told = ran("bash", &copied(world, kept(), OutsideForm::Curl).await?)?;
    let answer: Value = serde_json::from_str(&told).expect(&told);
    assert_eq!(answer["output"], ours);
    let text = copied(world, kept(), OutsideForm::Pf).await?;
    assert_eq!(with_pf(world, &folder, &text)?, ours);
    // One node alone.
    let alone = StartFlowRun {
        node: Some("ask".into()),
        from: Some(run),
        inputs: std::collections::BTreeMap::new(),
        ..asked
    };
    let (_, alone) = same_over_http(world, &alone).await?;
    assert_eq!(alone, ours["answer"]);
    Ok(())
}

async fn a_picture_longer_than_a_word_may_be(world: &LlmWorld, root: &Path) -> PartResult<()> {
    let folder = root.join("picture");
    let flow = "inputs:\n  picture:\n    type: image\noutputs:\n  size:\n    type: int\n    reference: ${size.output}\nnodes:\n- name: size\n  type: python\n  source: {type: code, path: size.py}\n  inputs:\n    picture: ${inputs.picture}\n";
    let size = "from promptflow.contracts.multimedia import Image\nfrom promptflow.core import tool\n\n\n@tool\ndef size(picture: Image) -> int:\n    return len(bytes(picture))\n";
    write(&folder, &[("flow.dag.yaml", flow), ("size.py", size)])?;
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(300_000, 7);
    std::fs::write(folder.join("big.png"), &picture)?;
    let id = open(&world.world.app, &folder).await?;
    let asked = StartFlowRun {
        inputs: [("picture".to_owned(), "big.png".to_owned())].into(),
        ..request(&world.world, &id, "")
    };
    let (_, ours) = same_over_http(world, &asked).await?;
    assert_eq!(ours, json!({"size": picture.len()}));
    let proposed = OutsideRun::Proposed { start: Box::new(asked) };
    let text = copied(world, proposed, OutsideForm::Pf).await?;
    assert_eq!(with_pf(world, &folder, &text)?, ours);
    Ok(())
}

async fn a_class_with_a_constructor(world: &LlmWorld, root: &Path) -> PartResult<()> {
    let folder = root.join("class");
    write(
        &folder,
        &[
            (
                "flow.flex.yaml",
                "entry: talk:Talk\ninit:\n  end:\n    type: string\n  times:\n    type: int\n",
            ),
            (
                "talk.py",
                "class Talk:\n    def __init__(self, end: str, times: int):\n        self.end = end * times\n\n    def __call__(self, text: str) -> str:\n        return text + self.end\n",
            ),
        ],
    )?;
    let id = open(&world.world.app, &folder).await?;
    let asked = StartFlowRun {
        init: [("end".to_owned(), "?'!".to_owned()), ("times".to_owned(), "2".to_owned())].into(),
        ..request(&world.world, &id, "ab")
    };
    let (_, ours) = same_over_http(world, &asked).await?;
    assert!(ours.to_string().contains("ab?'!?'!"), "{ours}");
    let proposed = OutsideRun::Proposed { start: Box::new(asked) };
    let text = copied(world, proposed, OutsideForm::Pf).await?;
    let theirs = with_pf(world, &folder, &text)?;
    assert!(theirs.to_string().contains("ab?'!?'!"), "{theirs}");
    Ok(())
}
