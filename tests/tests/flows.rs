//! Flows on a real runtime: a container of a real engine with Prompt flow's own service in it.
#![cfg(feature = "app")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use app::api::{
    Change, FlowFinding, FlowOnRuntime, LogOf, OfFlow, OfFlowRun, OpenFlow, ProposedFrom,
    SaveConnection, StartFlowRun,
};
use app::handlers;
use domain::connection::{ConnectionDraft, ConnectionType, Pair};
use domain::flow::{FlowRunState, NodeRunState};
use domain::secret::Secret;
use real_parts::PartResult;
use real_parts::flow_world::{
    HEAD, World, inside, log, node, open, request, result, seen, start, tool, until, world, write,
};
use real_parts::headless::refused;
use real_parts::log_world::OpenedLog;

#[tokio::test(flavor = "multi_thread")]
async fn flows_run_on_a_real_runtime() -> PartResult<()> {
    let world = world().await?;
    two_nodes_give_their_values(&world).await?;
    a_failure_names_file_and_line(&world).await?;
    a_slow_node_is_told_while_it_runs_and_a_cancel_ends_it(&world).await?;
    includes_and_variants_are_put_in(&world).await?;
    what_a_runtime_lacks_is_told(&world).await?;
    a_connection_reaches_the_code_and_is_kept_nowhere(&world).await?;
    a_flex_flow_runs_with_and_without_a_constructor(&world).await?;
    a_constructors_run_is_cancelled_and_leaves_nothing(&world).await?;
    // Not more copies are kept inside than are of use.
    let copies = inside(&world, "cd /tmp/promptflow-runtimes/flows && ls -d *")?;
    assert_eq!(copies.lines().count(), 16, "{copies}");
    Ok(())
}

async fn two_nodes_give_their_values(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let folder = root.path().join("shout");
    let flow = format!(
        "{HEAD}${{second.output}}\nnodes:\n{}{}",
        node("first", "${inputs.text}"),
        node("second", "${first.output}")
    );
    write(
        &folder,
        &[
            ("flow.dag.yaml", &flow),
            ("first.py", &tool("first", "print('from first')\n    return text.upper()")),
            ("second.py", &tool("second", "return text + '!'")),
            ("data.jsonl", "{\"text\": \"from data\"}\n"),
        ],
    )?;
    let before = seen(&folder)?;
    let id = open(app, &folder).await?;
    let view = handlers::flow(app, OfFlow { flow: id.clone() }).await.map_err(refused)?;
    assert_eq!(
        (view.inputs[0].text.as_str(), view.inputs[0].from),
        ("from data", ProposedFrom::Sample)
    );
    assert_eq!(view.graph.edges.len(), 1);

    let run = start(app, request(world, &id, "hello")).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert_eq!(
        detail.output.map(|value| value.text).as_deref(),
        Some("{\n  \"answer\": \"HELLO!\"\n}")
    );
    let states: Vec<_> =
        detail.run.nodes.iter().map(|node| (node.node.as_str(), node.state)).collect();
    assert_eq!(states, [("first", NodeRunState::Completed), ("second", NodeRunState::Completed)]);
    assert_eq!(detail.nodes[0].output.as_ref().map(|value| value.text.as_str()), Some("HELLO"));
    assert!(detail.nodes[0].out.as_ref().is_some_and(|out| out.text.contains("from first")));
    assert!(detail.run.duration.is_some_and(|seconds| seconds > 0.0));
    let told = log(app, &run).await?;
    assert!(
        told.contains("Executing node first") && told.contains("Node second completes."),
        "{told}"
    );
    assert_eq!(seen(&folder)?, before, "something was written into the person's folder");
    assert_eq!(inside(world, "ls /tmp/promptflow-runtimes/runs")?, "", "a run left something");

    // The same files are not sent again; the runtime and the inputs are remembered.
    let copied = inside(world, "stat -c '%n %z' /tmp/promptflow-runtimes/flows/*.complete")?;
    let again = start(app, request(world, &id, "again")).await?;
    let detail = result(app, &again).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert_eq!(inside(world, "stat -c '%n %z' /tmp/promptflow-runtimes/flows/*.complete")?, copied);
    let view = handlers::flow(app, OfFlow { flow: id.clone() }).await.map_err(refused)?;
    assert_eq!(
        (view.inputs[0].text.as_str(), view.inputs[0].from),
        ("again", ProposedFrom::LastRun)
    );
    assert!(view.runtime.is_some_and(|runtime| runtime.usable));

    // One node alone, with what the other gave before.
    let alone = StartFlowRun {
        node: Some("second".into()),
        from: Some(run.clone()),
        inputs: BTreeMap::new(),
        ..request(world, &id, "")
    };
    let alone = start(app, alone).await?;
    let detail = result(app, &alone).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert_eq!(detail.nodes[0].output.as_ref().map(|value| value.text.as_str()), Some("HELLO!"));

    // A change is told, and its files are sent.
    let mut changes = app.subscribe();
    write(&folder, &[("second.py", &tool("second", "return text + '?'"))])?;
    let changed = async {
        loop {
            let told = changes.next().await;
            if told.iter().any(|change| matches!(change, Change::Flow { flow } if *flow == id)) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), changed).await.expect("the change is told");
    let changed = start(app, request(world, &id, "new")).await?;
    let detail = result(app, &changed).await?;
    assert!(detail.output.is_some_and(|value| value.text.contains("NEW?")));
    Ok(())
}

async fn a_failure_names_file_and_line(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let flow = format!("{HEAD}${{boom.output}}\nnodes:\n{}", node("boom", "${inputs.text}"));
    write(
        root.path(),
        &[("flow.dag.yaml", &flow), ("boom.py", &tool("boom", "return str(1 / 0)"))],
    )?;
    let id = open(app, root.path()).await?;
    let run = start(app, request(world, &id, "x")).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Failed);
    let failure = detail.run.failure.expect("a failure");
    assert_eq!(
        (failure.node.as_deref(), failure.exception.as_str()),
        (Some("boom"), "ZeroDivisionError")
    );
    let at = failure.at.expect("a place");
    assert_eq!((at.file.as_str(), at.line), ("boom.py", 7));
    let sentence = detail.run.problem.expect("a problem").sentence;
    assert_eq!(
        sentence,
        "The node \"boom\" failed in boom.py, line 7: division by zero. (ZeroDivisionError)"
    );

    // A file that cannot be loaded is refused by the service; that is told as well.
    write(root.path(), &[("boom.py", &tool("boom", "return (text"))])?;
    let run = start(app, request(world, &id, "x")).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Failed);
    assert_eq!(detail.run.failure.map(|failure| failure.exception).as_deref(), Some("SyntaxError"));
    Ok(())
}

async fn a_slow_node_is_told_while_it_runs_and_a_cancel_ends_it(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let flow = format!(
        "{HEAD}${{slow.output}}\nenvironment_variables:\n  PF_LONG_RUNNING_LOGGING_INTERVAL: 1\nnodes:\n{}",
        node("slow", "${inputs.text}")
    );
    let body = "for _ in range(60):\n        time.sleep(1)\n    return text";
    write(root.path(), &[("flow.dag.yaml", &flow), ("slow.py", &tool("slow", body))])?;
    let id = open(app, root.path()).await?;
    let run = start(app, request(world, &id, "x")).await?;
    let mut log = OpenedLog::open(app, LogOf::FlowRun { run: run.clone() }).await?;
    let slow = until(app, &run, "the slow node", |run| {
        run.nodes[0].slow.as_ref().is_some_and(|slow| slow.at.is_some())
    })
    .await?;
    assert_eq!((slow.state, slow.nodes[0].state), (FlowRunState::Running, NodeRunState::Running));
    let at = slow.nodes[0].slow.clone().and_then(|slow| slow.at).expect("a place");
    assert_eq!((at.file.as_str(), at.line, at.function.as_str()), ("slow.py", 8, "slow"));
    log.until("a line while it runs", |state| state.live && state.end > state.first).await?;
    let live = log.texts().await?;
    assert!(live.iter().any(|line| line.contains("Executing node slow")), "{live:#?}");

    let asked = Instant::now();
    handlers::cancel_flow_run(app, OfFlowRun { run: run.clone() }).await.map_err(refused)?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Cancelled, "{:#?}", detail.run);
    assert_eq!(detail.run.nodes[0].state, NodeRunState::Cancelled);
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    log.until("the end of the log", |state| !state.live).await?;
    // Nothing of it goes on inside.
    let left = inside(world, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")?;
    assert!(!left.contains("sys.argv[1]"), "the follower goes on: {left}");
    Ok(())
}

async fn includes_and_variants_are_put_in(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let folder = root.path().join("varied");
    let variant = |name: &str| {
        format!(
            "      {name}:\n        node:\n          type: python\n          source: {{type: code, path: {name}.py}}\n          inputs:\n            text: ${{inputs.text}}\n"
        )
    };
    let flow = format!(
        "{HEAD}${{pick.output}}\nadditional_includes:\n- ../shared\nnodes:\n- name: pick\n  use_variants: true\nnode_variants:\n  pick:\n    default_variant_id: plain\n    variants:\n{}{}",
        variant("plain"),
        variant("fancy")
    );
    let body = "from shared.words import END\n    return text + END";
    write(
        root.path(),
        &[
            ("varied/flow.dag.yaml", &flow),
            ("varied/plain.py", &tool("plain", "return text")),
            ("varied/fancy.py", &tool("fancy", body)),
            ("shared/words.py", "END = '~'\n"),
        ],
    )?;
    let before = seen(root.path())?;
    let id = open(app, &folder).await?;
    let run = start(app, request(world, &id, "a")).await?;
    let plain = result(app, &run).await?;
    assert!(plain.output.as_ref().is_some_and(|value| value.text.contains("\"a\"")), "{plain:#?}");
    let fancy = StartFlowRun {
        variants: [("pick".to_owned(), "fancy".to_owned())].into(),
        ..request(world, &id, "a")
    };
    let run = start(app, fancy).await?;
    let fancy = result(app, &run).await?;
    assert!(fancy.output.as_ref().is_some_and(|value| value.text.contains("\"a~\"")), "{fancy:#?}");
    assert_eq!(seen(root.path())?, before, "something was written into the person's folder");
    Ok(())
}

async fn what_a_runtime_lacks_is_told(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let flow = format!(
        "{HEAD}${{read.output}}\nnodes:\n{}- name: ask\n  type: llm\n  source:\n    type: code\n    path: ask.jinja2\n  connection: nobody\n  api: chat\n  inputs:\n    text: ${{read.output}}\n",
        node("read", "${inputs.text}")
    );
    write(
        root.path(),
        &[
            ("flow.dag.yaml", &flow),
            ("read.py", &format!("import bs4\n{}", tool("read", "return text"))),
            ("ask.jinja2", "system:\n{{text}}\n"),
        ],
    )?;
    let path = OpenFlow { path: root.path().display().to_string() };
    let id = handlers::open_flow(app, path).await.map_err(refused)?.flow;
    let on = FlowOnRuntime { flow: id, runtime: world.runtime.clone(), variants: BTreeMap::new() };
    let fit = handlers::check_flow_fit(app, on).await.map_err(refused)?;
    let has = |wanted: fn(&FlowFinding) -> bool| {
        assert!(fit.findings.iter().any(wanted), "{:#?}", fit.findings);
    };
    has(|found| {
        matches!(found, FlowFinding::MissingModule { module, package, files, .. }
        if module == "bs4" && package == "beautifulsoup4" && files == &["read.py"])
    });
    has(|found| {
        matches!(found, FlowFinding::MissingTool { package: Some(package), nodes, .. }
        if package == "promptflow-tools" && nodes == &["ask"])
    });
    has(|found| matches!(found, FlowFinding::MissingConnection { name, .. } if name == "nobody"));
    Ok(())
}

async fn a_connection_reaches_the_code_and_is_kept_nowhere(world: &World) -> PartResult<()> {
    const PLANTED: &str = "planted-token-5561";
    let app = &world.app;
    let token = Pair { key: "token".into(), value: String::new(), secret: true };
    let url = Pair { key: "url".into(), value: "https://x.example".into(), secret: false };
    let draft = ConnectionDraft {
        name: "my_custom".into(),
        kind: ConnectionType::Custom,
        fields: BTreeMap::new(),
        pairs: vec![url, token],
        given: vec![],
    };
    let secrets = [("token".to_owned(), Secret::new(PLANTED.into()))].into();
    let save = SaveConnection { original: None, draft, secrets, file: None };
    handlers::save_connection(app, save).await.map_err(refused)?;
    let root = tempfile::tempdir()?;
    let flow = format!(
        "{HEAD}${{ask.output}}\nenvironment_variables:\n  TOKEN: ${{my_custom.token}}\nnodes:\n{}    conn: my_custom\n",
        node("ask", "${inputs.text}")
    );
    let code = "import os\nfrom promptflow.connections import CustomConnection\nfrom promptflow.core import tool\n\n\n@tool\ndef ask(text: str, conn: CustomConnection) -> str:\n    print('told', conn.token)\n    same = conn.token == os.environ['TOKEN']\n    return f'{text} {conn.url} {same} {len(conn.token)} {conn.token}'\n";
    write(root.path(), &[("flow.dag.yaml", &flow), ("ask.py", code)])?;
    let id = open(app, root.path()).await?;
    let run = start(app, request(world, &id, "hi")).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    let output = detail.output.as_ref().map(|value| value.text.clone()).unwrap_or_default();
    let expected = format!("hi https://x.example True {} **secret**", PLANTED.len());
    assert!(output.contains(&expected), "{output}");
    let everything = format!("{detail:?}{}", log(app, &run).await?);
    assert!(!everything.contains(PLANTED), "{everything}");
    for (path, (content, _)) in seen(world.home.path())? {
        assert!(!String::from_utf8_lossy(&content).contains(PLANTED), "{path}");
    }
    let inside = inside(world, &format!("grep -rl {PLANTED} /tmp/promptflow-runtimes || true"))?;
    assert_eq!(inside, "", "the secret stays inside");
    Ok(())
}

async fn a_flex_flow_runs_with_and_without_a_constructor(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let function = root.path().join("function");
    write(
        &function,
        &[
            ("flow.flex.yaml", "entry: talk:talk\n"),
            ("talk.py", "def talk(text: str, times: int = 2) -> str:\n    return text * times\n"),
        ],
    )?;
    let id = open(app, &function).await?;
    let run = start(app, request(world, &id, "ab")).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert!(detail.output.is_some_and(|value| value.text.contains("abab")));

    let class = root.path().join("class");
    write(
        &class,
        &[
            ("flow.flex.yaml", "entry: talk:Talk\ninit:\n  end:\n    type: string\n"),
            (
                "talk.py",
                "class Talk:\n    def __init__(self, end: str):\n        self.end = end\n\n    def __call__(self, text: str) -> str:\n        return text + self.end\n",
            ),
        ],
    )?;
    let id = open(app, &class).await?;
    let missing = handlers::start_flow_run(app, request(world, &id, "ab")).await;
    assert_eq!(missing.expect_err("refused").field.as_deref(), Some("init.end"));
    let with = StartFlowRun {
        init: [("end".to_owned(), "?!".to_owned())].into(),
        ..request(world, &id, "ab")
    };
    let run = start(app, with.clone()).await?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert!(detail.output.is_some_and(|value| value.text.contains("ab?!")));
    // The service itself has loaded nothing: what is changed counts at once, in the other flow as well,
    // whose module has the same name.
    let code = std::fs::read_to_string(class.join("talk.py"))?;
    write(&class, &[("talk.py", &code.replace("text + self.end", "self.end + text"))])?;
    let run = start(app, with).await?;
    assert!(result(app, &run).await?.output.is_some_and(|value| value.text.contains("?!ab")));
    let of_function = open(app, &function).await?;
    let run = start(app, request(world, &of_function, "ab")).await?;
    let detail = result(app, &run).await?;
    assert!(detail.output.is_some_and(|value| value.text.contains("abab")), "{:#?}", detail.run);
    Ok(())
}

/// A class whose call takes two minutes, in a program of its own, with a secret in a variable.
const SLOW_CLASS: [(&str, &str); 2] = [
    (
        "flow.flex.yaml",
        "entry: slow:Slow\nenvironment_variables:\n  TOKEN: ${my_custom.token}\ninit:\n  end:\n    type: string\n",
    ),
    (
        "slow.py",
        "import subprocess\n\n\nclass Slow:\n    def __init__(self, end: str):\n        self.end = end\n\n    def __call__(self, text: str) -> str:\n        subprocess.run(['sleep', '120'])\n        return text + self.end\n",
    ),
];

async fn a_constructors_run_is_cancelled_and_leaves_nothing(world: &World) -> PartResult<()> {
    let app = &world.app;
    let root = tempfile::tempdir()?;
    let (slow, other) = (root.path().join("slow"), root.path().join("other"));
    write(&slow, &SLOW_CLASS)?;
    let flow = format!("{HEAD}${{wait.output}}\nnodes:\n{}", node("wait", "${inputs.text}"));
    let body = "import os\n    time.sleep(12)\n    return text + str(os.environ.get('TOKEN'))";
    write(&other, &[("flow.dag.yaml", &flow), ("wait.py", &tool("wait", body))])?;
    let (slow, other) = (open(app, &slow).await?, open(app, &other).await?);
    let with = StartFlowRun {
        init: [("end".to_owned(), "an-end-of-its-own".to_owned())].into(),
        ..request(world, &slow, "ab")
    };
    let run = start(app, with).await?;
    let beside = start(app, request(world, &other, "beside")).await?;
    let sleeping = "grep -lz '^120$' /proc/[0-9]*/cmdline 2>/dev/null || true";
    let limit = Instant::now() + Duration::from_secs(30);
    while inside(world, sleeping)?.is_empty() {
        assert!(Instant::now() < limit, "the class is not called");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let asked = Instant::now();
    handlers::cancel_flow_run(app, OfFlowRun { run: run.clone() }).await.map_err(refused)?;
    let detail = result(app, &run).await?;
    assert_eq!(detail.run.state, FlowRunState::Cancelled, "{:#?}", detail.run);
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    let left = inside(world, "grep -rl an-end-of-its-own /tmp/promptflow-runtimes || true")?;
    assert_eq!(left, "", "what the constructor takes stays inside");
    // The other one was not touched, and sees nothing of the first one's variables.
    let detail = result(app, &beside).await?;
    assert_eq!(detail.run.state, FlowRunState::Completed, "{:#?}", detail.run);
    assert!(detail.output.is_some_and(|value| value.text.contains("besideNone")));
    Ok(())
}
