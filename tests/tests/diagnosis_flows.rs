//! What goes wrong with flows on a real runtime: each fault is caused for real, and the run, or the diagnosis of the
//! runtime that it ran on, has to name the cause.
//!
//! With `PROMPTFLOW_RUNTIMES_DIAGNOSIS=1` it writes its table into `docs/diagnosis.md`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use app::api::{
    BatchDraft, ChangeConfiguration, ConfigurationDraft, OfBatch, OfConnection, OfRuntime,
    OpenFlow, ReadBatchRows, StartFlowRun,
};
use app::handlers;
use domain::batch::{BatchSettings, RowQuery};
use domain::configuration::VariableDraft;
use domain::diagnosis::{Diagnosis, Link, LinkState};
use domain::finding::{Cause, Finding};
use domain::flow::{FlowRunState, NodeRunState};
use domain::operation::OperationState;
use domain::runtime::Status;
use jiff::Timestamp;
use real_parts::docker::DockerOptions;
use real_parts::fake_llm::Refusal;
use real_parts::flow_world::{HEAD, World, node, request, start, tool, until, write};
use real_parts::ground::Ground;
use real_parts::headless::{draft_of, ended, refused, runtime as runtime_is};
use real_parts::llm_world::{KEY, LLM, LlmWorld};
use real_parts::round::title;
use real_parts::ward::{Row, write_table};
use real_parts::{PartResult, name_server};
use tempfile::TempDir;

/// Seconds within which every cause is named, also while others keep the machine busy.
const WITHIN: f64 = 30.0;
const MB: u64 = 1024 * 1024;

/// What was seen so far.
struct Flows {
    world: LlmWorld,
    root: TempDir,
    rows: Vec<Row>,
    made: usize,
}

impl Flows {
    /// A folder with a flow of one node `work`. A flow that is removed is not looked at any more.
    fn flow(&mut self, node: &str, files: &[(&str, &str)]) -> PartResult<PathBuf> {
        self.made += 1;
        let folder = self.root.path().join(format!("flow-{}", self.made));
        let text = format!("{HEAD}${{work.output}}\nnodes:\n{node}");
        write(&folder, &[("flow.dag.yaml", text.as_str())])?;
        write(&folder, files)?;
        Ok(folder)
    }

    /// A flow of a Python node with this code.
    fn python(&mut self, above: &str, body: &str) -> PartResult<PathBuf> {
        let code = format!("{above}\n{}", tool("work", body));
        self.flow(&node("work", "${inputs.text}"), &[("work.py", code.as_str())])
    }

    /// A flow that asks an LLM.
    fn llm(&mut self, connection: &str, deployment: &str) -> PartResult<PathBuf> {
        let node = format!(
            "- name: work\n  type: llm\n  source: {{type: code, path: work.jinja2}}\n  inputs:\n    deployment_name: {deployment}\n    text: ${{inputs.text}}\n  provider: AzureOpenAI\n  connection: {connection}\n  api: chat\n"
        );
        self.flow(&node, &[("work.jinja2", "user:\n{{text}}\n")])
    }

    /// A flow whose own code asks the LLM.
    fn own_client(&mut self, settings: &str) -> PartResult<PathBuf> {
        let body = format!(
            "from openai import AzureOpenAI\n    client = AzureOpenAI(azure_endpoint='{}', api_key='{KEY}', api_version='2024-02-01', max_retries=0{settings})\n    return str(client.chat.completions.create(model='gpt-35-turbo', messages=[{{'role': 'user', 'content': text}}]))",
            self.world.llm.address()
        );
        self.python("", &body)
    }

    /// Runs a flow to its end; the run's state, its finding, and the seconds from its end until that was told.
    async fn run(
        &self,
        folder: &Path,
        limit: Option<u32>,
    ) -> PartResult<(FlowRunState, Option<Finding>, f64)> {
        let app = &self.world.world.app;
        let open = OpenFlow { path: folder.display().to_string() };
        let flow = handlers::open_flow(app, open).await.map_err(refused)?.flow;
        let asked = StartFlowRun { limit, ..request(&self.world.world, &flow, "hi") };
        let id = start(app, asked).await?;
        let run = until(app, &id, "the end", |run| run.state.is_final()).await?;
        let ended = run.ended.unwrap_or_default().as_millisecond();
        let seconds = (Timestamp::now().as_millisecond() - ended) as f64 / 1000.0;
        let finding = run.problem.and_then(|problem| problem.finding).map(|finding| *finding);
        Ok((run.state, finding, seconds))
    }

    /// A run that fails with this cause.
    async fn fails(
        &mut self,
        fault: &str,
        folder: &Path,
        limit: Option<u32>,
        cause: Cause,
    ) -> PartResult<Finding> {
        let (state, finding, seconds) = self.run(folder, limit).await?;
        assert_eq!(state, FlowRunState::Failed, "{fault}: {finding:#?}");
        let finding = finding.unwrap_or_else(|| panic!("{fault} has no finding"));
        assert_eq!(finding.cause, cause, "{fault}: {finding:#?}");
        self.row(fault, "a run", &finding, seconds);
        Ok(finding)
    }

    async fn look(&self) -> PartResult<Diagnosis> {
        let world = &self.world.world;
        let of = OfRuntime { runtime: world.runtime.clone() };
        handlers::diagnose_runtime(&world.app, of).await.map_err(refused)
    }

    /// Nothing is told of the runtime, but that other tests keep the machine busy.
    async fn is_well(&self) -> PartResult<()> {
        let found = self.look().await?;
        let others = found.others.iter().filter(|one| one.cause != Cause::ProcessorBusy);
        assert_eq!((found.broken, others.count()), (None, 0), "{found:#?}");
        Ok(())
    }

    /// The runtime's diagnosis tells this, at this link.
    async fn looked(
        &mut self,
        fault: &str,
        (link, state): (Link, LinkState),
        cause: Cause,
    ) -> PartResult<Finding> {
        let until = Instant::now() + Duration::from_secs(60);
        let found = loop {
            let found = self.look().await?;
            let check = found.checks.iter().find(|check| check.link == link).expect("a check");
            // On a machine that does much beside, the service may not say in time what a flow needs: that is unknown.
            if check.state != LinkState::Unknown || Instant::now() > until {
                assert_eq!(check.state, state, "{fault}: {found:#?}");
                break found;
            }
        };
        let finding =
            found.finding.iter().chain(&found.others).find(|one| one.cause == cause).cloned();
        let finding = finding.unwrap_or_else(|| panic!("{fault}: {found:#?}"));
        assert!(!finding.evidence.is_empty(), "{fault}: {finding:#?}");
        let seconds = f64::from(found.milliseconds) / 1000.0;
        let told = if state == LinkState::Warning { ", told as a warning" } else { "" };
        self.row(fault, &format!("{link:?}{told}"), &finding, seconds);
        Ok(finding)
    }

    fn row(&mut self, fault: &str, link: &str, finding: &Finding, seconds: f64) {
        assert!(seconds <= WITHIN, "{fault} took {seconds:.1} s");
        let first = finding.remedies.first();
        self.rows.push(Row {
            fault: fault.to_owned(),
            link: link.to_owned(),
            cause: format!("{:?}", finding.cause),
            seconds: seconds.max(0.0),
            mended: first.map_or("no".into(), |one| format!("{}, by a page", title(one))),
        });
    }

    /// Changes the runtime's configuration, as one does on its page.
    async fn configure(&self, edit: impl FnOnce(&mut ConfigurationDraft)) -> PartResult<()> {
        let World { app, runtime, .. } = &self.world.world;
        let of = OfRuntime { runtime: runtime.clone() };
        let view = handlers::configuration(app, of).await.map_err(refused)?;
        let based_on = view.based_on.clone();
        let mut draft = draft_of(view);
        edit(&mut draft);
        let change = ChangeConfiguration {
            runtime: runtime.clone(),
            based_on,
            draft,
            confirmed: false,
            cancel_runs: false,
        };
        let began = handlers::change_configuration(app, change).await.map_err(refused)?;
        let operation = ended(app, &began.operation).await?;
        assert_eq!(operation.state, OperationState::Succeeded, "{operation:#?}");
        runtime_is(app, self.world.world.row.name.as_str(), Status::Available).await.map(drop)
    }

    /// From now on the container asks this server for names.
    fn asks_for_names(&self, at: &str) -> PartResult<String> {
        self.as_root(&format!("echo nameserver {at} > /etc/resolv.conf"))
    }

    /// A root's script inside.
    fn as_root(&self, script: &str) -> PartResult<String> {
        let World { engine, container, .. } = &self.world.world;
        engine.client(&["exec", "-u", "0", container, "sh", "-c", script])
    }
}

/// A module that is missing, and one that another Python has.
async fn modules(flows: &mut Flows) -> PartResult<()> {
    let missing = Cause::ModuleMissing;
    let folder = flows.python("import bs4", "return text")?;
    let finding = flows.fails("a module is missing when a node is loaded", &folder, None, missing);
    assert!(finding.await?.sentence.contains("bs4"));
    let told = (Link::Flows, LinkState::Warning);
    let fault = "a module is missing that a flow which ran here loads (`/tool/meta`)";
    let finding = flows.looked(fault, told, missing).await?;
    assert!(finding.meaning.contains("flow-1"), "{finding:#?}");
    std::fs::remove_dir_all(folder)?;

    let folder = flows.python("", "import bs4\n    return text")?;
    flows.fails("a module is missing when a node runs", &folder, None, missing).await?;
    std::fs::remove_dir_all(folder)?;

    // As pip of another Python would install it.
    flows.as_root(
        "python3 -m venv --without-pip /opt/tools && for d in /opt/tools/lib/python3*/site-packages; do echo 'x = 1' > $d/only_there.py; done",
    )?;
    let folder = flows.python("import only_there", "return text")?;
    let fault = "a package was installed into another Python than the one that serves";
    let finding = flows.fails(fault, &folder, None, Cause::OtherPython).await?;
    let evidence = &finding.evidence.last().expect("evidence").seen;
    assert!(evidence.contains("/opt/tools/bin/python") && evidence.contains("does not have it"));
    let fault = "the same, of a flow which ran here";
    flows.looked(fault, told, Cause::OtherPython).await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// Tools and connections that are missing.
async fn parts(flows: &mut Flows) -> PartResult<()> {
    let node = "- name: work\n  type: python\n  source: {type: package, tool: my_tools.search.run}\n  inputs:\n    text: ${inputs.text}\n";
    let folder = flows.flow(node, &[])?;
    flows.fails("a node's tool is missing", &folder, None, Cause::ToolsMissing).await?;
    let told = (Link::Flows, LinkState::Warning);
    let fault = "a tool is missing that a flow which ran here uses";
    flows.looked(fault, told, Cause::ToolsMissing).await?;
    std::fs::remove_dir_all(folder)?;

    flows.world.keep_llm("soon_gone", flows.world.llm.address(), KEY).await?;
    let folder = flows.llm("soon_gone", "gpt-35-turbo")?;
    let (state, finding, _) = flows.run(&folder, None).await?;
    assert_eq!(state, FlowRunState::Completed, "{finding:#?}");
    flows.is_well().await?;
    let delete = handlers::delete_connection(
        &flows.world.world.app,
        OfConnection { name: "soon_gone".into() },
    )
    .await;
    delete.map_err(refused)?;
    let fault = "a connection is missing that a flow which ran here names";
    let finding = flows.looked(fault, told, Cause::ConnectionNotGiven).await?;
    assert!(finding.sentence.contains("soon_gone"), "{finding:#?}");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// What LLMs answer, and whether they answer.
async fn llms(flows: &mut Flows) -> PartResult<()> {
    let address = flows.world.llm.address().to_owned();
    flows.world.keep_llm("other_key", &address, "another-planted-key").await?;
    let nobody = format!("http://{}:1", flows.world.world.engine.machine());
    flows.world.keep_llm("nobody", &nobody, KEY).await?;
    name_server::start(flows.world.gateway)?;
    let servers = flows.as_root("cat /etc/resolv.conf")?;
    flows.asks_for_names(&flows.world.gateway.to_string())?;
    flows.world.keep_llm("nowhere", "https://nowhere.invalid", KEY).await?;
    for (fault, connection, deployment, refusal, cause) in [
        ("an LLM's key is wrong", "other_key", "gpt-35-turbo", None, Cause::LlmUnauthorised),
        ("an LLM has no such deployment", LLM, "gpt-none", None, Cause::LlmNoDeployment),
        (
            "nothing answers at an LLM's address",
            "nobody",
            "gpt-35-turbo",
            None,
            Cause::LlmUnreachable,
        ),
        ("an LLM's host does not exist", "nowhere", "gpt-35-turbo", None, Cause::LlmUnreachable),
        ("an LLM's quota is used up", LLM, "gpt-35-turbo", Some(Refusal::Quota), Cause::LlmQuota),
        (
            "an LLM's filter refuses a prompt",
            LLM,
            "gpt-35-turbo",
            Some(Refusal::Filtered),
            Cause::LlmFiltered,
        ),
    ] {
        let folder = flows.llm(connection, deployment)?;
        flows.world.llm.refuse(refusal);
        flows.fails(fault, &folder, None, cause).await?;
        flows.world.llm.refuse(None);
        if cause == Cause::LlmUnreachable {
            let fault = format!("{fault}, asked from inside");
            flows.looked(&fault, (Link::ModelEndpoints, LinkState::Broken), cause).await?;
        }
        if connection == "nowhere" {
            flows.asks_for_names("127.0.0.9")?;
            let fault = "no server for names answers inside";
            let cause = Cause::NamesNotFoundInside;
            flows.looked(fault, (Link::Network, LinkState::Broken), cause).await?;
            flows.as_root(&format!("cat > /etc/resolv.conf <<'END'\n{servers}\nEND"))?;
        }
        std::fs::remove_dir_all(folder)?;
    }

    let folder = flows.own_client("")?;
    flows.world.llm.refuse(Some(Refusal::TooMany));
    flows.fails("an LLM gets too many requests", &folder, None, Cause::LlmThrottled).await?;
    std::fs::remove_dir_all(folder)?;
    flows.world.llm.refuse(None);
    let folder = flows.own_client(", timeout=1")?;
    flows.world.llm.wait(Duration::from_secs(3));
    flows
        .fails("an LLM takes longer than its client waits", &folder, None, Cause::LlmTimedOut)
        .await?;
    flows.world.llm.wait(Duration::ZERO);
    std::fs::remove_dir_all(folder)?;

    let folder = flows.llm(LLM, "gpt-35-turbo")?;
    let (state, finding, _) = flows.run(&folder, None).await?;
    assert_eq!(state, FlowRunState::Completed, "{finding:#?}");
    flows.world.llm.refuse(Some(Refusal::TooMany));
    let fault = "an LLM gets too many requests, asked from inside";
    let broken = (Link::ModelEndpoints, LinkState::Broken);
    flows.looked(fault, broken, Cause::LlmThrottled).await?;
    flows.world.llm.refuse(None);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// What ends a run.
async fn ends(flows: &mut Flows) -> PartResult<()> {
    for (fault, body, limit, cause) in [
        ("a run takes longer than its limit", "time.sleep(10)", Some(3), Cause::TimeLimit),
        (
            "a run's process is killed",
            "import os; os.kill(os.getpid(), 9)",
            None,
            Cause::RunProcessEnded,
        ),
        (
            "the disk is full when a node writes",
            "open('/dev/full', 'w').write('x' * 100000)",
            None,
            Cause::DiskFull,
        ),
        ("a flow's own code fails", "return str(1 / 0)", None, Cause::OwnCode),
    ] {
        let folder = flows.python("", body)?;
        flows.fails(fault, &folder, limit, cause).await?;
        std::fs::remove_dir_all(folder)?;
    }

    let folder = flows.python("", "time.sleep(10)")?;
    row_takes_too_long(flows, &folder).await?;
    std::fs::remove_dir_all(folder)?;

    let folder = flows.python("", "time.sleep(20)")?;
    stands_still(flows, &folder).await?;
    std::fs::remove_dir_all(folder)?;

    flows.configure(|draft| draft.memory_limit = Some(400 * MB)).await?;
    let folder = flows.python("", "return str(len(b'x' * 1_000_000_000))")?;
    let fault = "a run's process is killed for memory";
    flows.fails(fault, &folder, None, Cause::OutOfMemory).await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// The runtime stands still while a run goes on: who asked it waits in vain. What is told comes after the run's limit.
async fn stands_still(flows: &mut Flows, folder: &Path) -> PartResult<()> {
    let app = flows.world.world.app.clone();
    let open = OpenFlow { path: folder.display().to_string() };
    let flow = handlers::open_flow(&app, open).await.map_err(refused)?.flow;
    let asked = StartFlowRun { limit: Some(2), ..request(&flows.world.world, &flow, "hi") };
    let id = start(&app, asked).await?;
    until(&app, &id, "a running node", |run| {
        run.nodes.iter().any(|node| node.state == NodeRunState::Running)
    })
    .await?;
    let World { engine, container, .. } = &flows.world.world;
    engine.client(&["pause", container])?;
    let told = until(&app, &id, "that its limit is over", |run| {
        run.note.as_deref().is_some_and(|note| note.starts_with("Its 2 s are over."))
    });
    let told = told.await;
    let run = until(&app, &id, "the end", |run| run.state.is_final()).await;
    let World { engine, container, .. } = &flows.world.world;
    engine.client(&["unpause", container])?;
    runtime_is(&app, flows.world.world.row.name.as_str(), Status::Available).await?;
    told?;
    let finding = run?.problem.and_then(|problem| problem.finding).expect("a finding");
    assert_eq!(finding.cause, Cause::ServiceGone, "{finding:#?}");
    let fault = "the runtime stands still, and who asked it waits in vain";
    flows.row(fault, "a run", &finding, 0.0);
    Ok(())
}

/// The runtime is configured to use a proxy that nobody runs.
async fn proxy(flows: &mut Flows) -> PartResult<()> {
    let folder = flows.llm(LLM, "gpt-35-turbo")?;
    // The container is a new one, without the packages for it: that it has run here is enough.
    flows.run(&folder, None).await?;
    let variable = VariableDraft {
        name: "http_proxy".into(),
        value: Some("http://127.0.0.1:9".into()),
        confirmed: false,
    };
    flows.configure(|draft| draft.variables.push(variable)).await?;
    let fault = "the proxy of the runtime does not answer inside";
    let cause = Cause::ProxyNotReachable;
    flows.looked(fault, (Link::Network, LinkState::Broken), cause).await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// A row of a batch run that takes longer than a row may.
async fn row_takes_too_long(flows: &mut Flows, folder: &Path) -> PartResult<()> {
    let app = flows.world.world.app.clone();
    let file = folder.join("rows.jsonl");
    std::fs::write(&file, "{\"text\": \"hi\"}\n")?;
    let open = OpenFlow { path: folder.display().to_string() };
    let draft = BatchDraft {
        flow: handlers::open_flow(&app, open).await.map_err(refused)?.flow,
        name: String::new(),
        runtimes: vec![flows.world.world.runtime.clone()],
        file: file.display().to_string(),
        mapping: [("text".to_owned(), "${data.text}".to_owned())].into(),
        other: None,
        variants: [].into(),
        connections: vec![],
        init: [].into(),
        settings: BatchSettings { workers: 1, retries: 0, stop_after: None, row_limit: Some(2) },
    };
    let batch = handlers::start_batch(&app, draft).await.map_err(refused)?.batch;
    let until = Instant::now() + Duration::from_secs(60);
    let row = loop {
        let query = RowQuery { limit: 10, ..RowQuery::default() };
        let read = ReadBatchRows { batch: batch.clone(), query };
        let page = handlers::batch_rows(&app, read).await.map_err(refused)?;
        if let Some(row) = page.rows.first().filter(|row| row.problem.is_some()) {
            break row.clone();
        }
        assert!(Instant::now() < until, "{page:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let finding = row.problem.and_then(|problem| problem.finding).expect("a finding");
    assert_eq!(finding.cause, Cause::TimeLimit, "{finding:#?}");
    flows.row("a row takes longer than a row may", "a row", &finding, 0.0);
    loop {
        let of = OfBatch { batch: batch.clone() };
        if !handlers::batch(&app, of).await.map_err(refused)?.batch.state.is_active() {
            return Ok(());
        }
        assert!(Instant::now() < until, "the batch run does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn all(table: &str, engine: Ground) -> PartResult<()> {
    let world = LlmWorld::without_pf(engine).await?;
    let root = tempfile::tempdir()?;
    let mut flows = Flows { world, root, rows: vec![], made: 0 };
    modules(&mut flows).await?;
    parts(&mut flows).await?;
    llms(&mut flows).await?;
    ends(&mut flows).await?;
    flows.is_well().await?;
    proxy(&mut flows).await?;
    write_table(table, &flows.rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_flows_are_told_on_docker() -> PartResult<()> {
    all("Flows, Docker", Ground::docker(DockerOptions::default())?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_flows_are_told_on_podman() -> PartResult<()> {
    all("Flows, Podman", Ground::podman()?).await
}
