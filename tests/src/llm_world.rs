//! A runtime with tools for prompts and LLMs, an LLM that it reaches, and the real `pf` beside its service.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use app::api::SaveConnection;
use app::handlers;
use domain::connection::{ConnectionDraft, ConnectionType, Pair};
use domain::runtime::Status;
use domain::secret::Secret;
use serde_json::Value;

use crate::docker::DockerOptions;
use crate::fake_llm::FakeLlm;
use crate::flow_world::{World, inside, seen, world_on};
use crate::ground::Ground;
use crate::headless::{refused, runtime};
use crate::runtime_images::RuntimeImages;
use crate::{PartError, PartResult};

/// The LLM's key, which must be found nowhere.
pub const KEY: &str = "planted-llm-key-4471";
/// The secret of the custom connection.
pub const TOKEN: &str = "planted-token-5561";
/// Connections of this name and kind are known to the application and to `pf`.
pub const LLM: &str = "open_ai_connection";
pub const CUSTOM: &str = "my_custom";

/// Everything, started.
pub struct LlmWorld {
    pub world: World,
    pub llm: FakeLlm,
    /// This machine's address as the runtime sees it.
    pub gateway: IpAddr,
}

/// A store of secrets for `pf`, which has none inside a container.
const KEYRING: &str = r#"
import json, os, keyring.backend
class FileKeyring(keyring.backend.KeyringBackend):
    priority = 1
    path = "/root/pf/keys.json"
    def _all(self):
        if not os.path.exists(self.path):
            return {}
        with open(self.path) as file:
            return json.load(file)
    def get_password(self, service, user):
        return self._all().get(f"{service}/{user}")
    def set_password(self, service, user, password):
        keys = {**self._all(), f"{service}/{user}": password}
        with open(self.path, "w") as file:
            json.dump(keys, file)
    def delete_password(self, service, user):
        pass
"#;

/// Prints what `pf` knows of a run.
const TELL_RUN: &str = "
import json, sys, warnings
warnings.filterwarnings('ignore')
from promptflow.client import PFClient
from promptflow._sdk.operations._local_storage_operations import LocalStorageOperations
client = PFClient()
run = client.runs.get(sys.argv[1])
infos = LocalStorageOperations(run).load_detail()['flow_runs']
print(json.dumps({
    'status': run.status,
    'metrics': client.runs.get_metrics(run.name) or {},
    'lines': [{key: info[key] for key in ('index', 'status', 'inputs', 'output')} for info in infos],
}))
";

impl LlmWorld {
    /// Starts everything on Docker, with the packages on the runtime.
    pub async fn start() -> PartResult<Self> {
        let own = Self::without_pf(Ground::docker(DockerOptions::default())?).await?;
        own.keep_custom().await?;
        own.prepare_pf()?;
        Ok(own)
    }

    /// The same on this engine; `pf` knows of nothing.
    pub async fn without_pf(engine: Ground) -> PartResult<Self> {
        let world = world_on(engine).await?;
        let engine = &world.engine;
        let inspect = |what: &str| engine.client(&["inspect", "-f", what, &world.container]);
        RuntimeImages::ready()?.add_llm_packages(&|| engine.command(), &world.container)?;
        let before = world.row.started;
        engine.client(&["restart", &world.container])?;
        let limit = Instant::now() + Duration::from_secs(60);
        while runtime(&world.app, "flows", Status::Available).await?.started == before {
            if Instant::now() > limit {
                return Err(PartError::new("The runtime does not serve again."));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let gateway = inspect("{{range .NetworkSettings.Networks}}{{.Gateway}} {{end}}")?;
        let gateway = gateway.split_whitespace().next().unwrap_or_default();
        let gateway: IpAddr =
            gateway.parse().map_err(|_| PartError::new("The container has no gateway."))?;
        let llm = FakeLlm::start(gateway, world.engine.machine(), KEY)?;
        let own = Self { world, llm, gateway };
        own.keep_llm(LLM, own.llm.address(), KEY).await?;
        Ok(own)
    }

    /// Keeps a connection of an LLM in the application.
    pub async fn keep_llm(&self, name: &str, address: &str, key: &str) -> PartResult<()> {
        let fields = [("api_base", address), ("api_version", "2024-02-01")];
        let draft = ConnectionDraft {
            name: name.into(),
            kind: ConnectionType::AzureOpenAi,
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            pairs: vec![],
            given: vec![],
        };
        let secrets = [("api_key".to_owned(), Secret::new(key.into()))].into();
        let save = SaveConnection { original: None, draft, secrets, file: None };
        handlers::save_connection(&self.world.app, save).await.map_err(refused).map(drop)
    }

    async fn keep_custom(&self) -> PartResult<()> {
        let pair =
            |key: &str, value: &str, secret| Pair { key: key.into(), value: value.into(), secret };
        let draft = ConnectionDraft {
            name: CUSTOM.into(),
            kind: ConnectionType::Custom,
            fields: BTreeMap::new(),
            pairs: vec![pair("url", "https://x.example", false), pair("token", "", true)],
            given: vec![],
        };
        let secrets = [("token".to_owned(), Secret::new(TOKEN.into()))].into();
        let save = SaveConnection { original: None, draft, secrets, file: None };
        handlers::save_connection(&self.world.app, save).await.map_err(refused).map(drop)
    }

    /// Runs a script inside as root, as `pf` has to be run.
    pub fn as_pf(&self, script: &str) -> PartResult<String> {
        let mut arguments = vec!["exec", "-u", "0"];
        for variable in [
            "HOME=/root/pf",
            "PYTHONPATH=/root/pf",
            "PYTHON_KEYRING_BACKEND=filekeyring.FileKeyring",
            "PF_DISABLE_TRACING=false",
        ] {
            arguments.extend(["-e", variable]);
        }
        arguments.extend([self.world.container.as_str(), "sh", "-c", script]);
        self.world.engine.client(&arguments)
    }

    fn prepare_pf(&self) -> PartResult<()> {
        let llm = format!(
            "name: {LLM}\ntype: azure_open_ai\napi_key: {KEY}\napi_base: {}\napi_type: azure\napi_version: '2024-02-01'\n",
            self.llm.address()
        );
        let custom = format!(
            "name: {CUSTOM}\ntype: custom\nconfigs:\n  url: https://x.example\nsecrets:\n  token: {TOKEN}\n"
        );
        // What it does on its own beside running a flow is of no use here.
        let settings = "telemetry:\n  enabled: false\ntrace:\n  destination: none\n";
        for (name, text) in [
            ("filekeyring.py", KEYRING),
            (".promptflow/pf.yaml", settings),
            ("llm.yaml", &llm),
            ("custom.yaml", &custom),
        ] {
            self.as_pf(&format!(
                "mkdir -p /root/pf/.promptflow && cat > /root/pf/{name} <<'END'\n{text}\nEND"
            ))?;
        }
        for name in ["llm", "custom"] {
            self.as_pf(&format!(
                "pf connection create --file /root/pf/{name}.yaml && rm /root/pf/{name}.yaml"
            ))?;
        }
        Ok(())
    }

    /// What `pf flow init` makes for a type of flow, brought to a folder of this machine.
    pub fn template(&self, kind: &str, to: &Path) -> PartResult<()> {
        self.as_pf(&format!(
            "mkdir -p /root/pf/made && cd /root/pf/made && pf flow init --flow {kind} --type {kind}"
        ))?;
        let from = format!("{}:/root/pf/made/{kind}", self.world.container);
        self.world.engine.client(&["cp", &from, &to.display().to_string()]).map(drop)
    }

    /// What `pf flow test` gives for a flow of this machine: the content of its `flow.detail.json`.
    pub fn tested(&self, folder: &Path, arguments: &str) -> PartResult<Value> {
        self.as_pf("rm -rf /root/pf/tested")?;
        let to = format!("{}:/root/pf/tested", self.world.container);
        self.world.engine.client(&["cp", &folder.display().to_string(), &to])?;
        self.as_pf(&format!("cd /root/pf && pf flow test --flow tested {arguments} > told 2>&1 || {{ cat told; exit 1; }}"))?;
        let detail = self.as_pf("cat /root/pf/tested/.promptflow/flow*.detail.json")?;
        serde_json::from_str(&detail).map_err(|error| PartError::new(format!("{error}: {detail}")))
    }

    /// What `pf run create` gives for a flow of this machine and the file `rows.jsonl` in its folder: an object with
    /// `status`, `metrics`, and `lines` with `index`, `status`, `inputs` and `output` of each row. `mapping` as it is
    /// typed after `--column-mapping`.
    pub fn batch(&self, folder: &Path, name: &str, mapping: &str) -> PartResult<Value> {
        self.as_pf("rm -rf /root/pf/rows")?;
        let to = format!("{}:/root/pf/rows", self.world.container);
        self.world.engine.client(&["cp", &folder.display().to_string(), &to])?;
        self.as_pf(&format!("cat > /root/pf/tell.py <<'END'\n{TELL_RUN}\nEND"))?;
        self.as_pf(&format!(
            "cd /root/pf && pf run create --flow rows --data rows/rows.jsonl --name {name} --column-mapping {mapping} > told 2>&1 || {{ cat told; exit 1; }}"
        ))?;
        let told =
            self.as_pf(&format!("/opt/venv/bin/python /root/pf/tell.py {name} 2>/dev/null"))?;
        let line = told.lines().last().unwrap_or_default();
        serde_json::from_str(line).map_err(|error| PartError::new(format!("{error}: {told}")))
    }

    /// Fails when a secret is in what the application keeps, or in what the engine and the service tell and keep
    /// of the runtime.
    pub fn no_secret_is_left(&self) -> PartResult<()> {
        let container = &self.world.container;
        let left = |place: &str, text: &str| {
            if text.contains(KEY) || text.contains(TOKEN) {
                return Err(PartError::new(format!("A secret is in {place}: {text}")));
            }
            Ok(())
        };
        for (path, (content, _)) in seen(self.world.home.path())? {
            left(&path, &String::from_utf8_lossy(&content))?;
        }
        left("what the engine tells", &self.world.engine.client(&["inspect", container])?)?;
        let logs = self.world.engine.command()?.args(["logs", container]).output()?;
        assert!(logs.status.success() && !logs.stderr.is_empty(), "{logs:?}");
        left("the output of the service", &String::from_utf8_lossy(&logs.stdout))?;
        left("the errors of the service", &String::from_utf8_lossy(&logs.stderr))?;
        // 1 = it looked everywhere and found nothing.
        let search = format!("grep -rlE '{KEY}|{TOKEN}' /tmp/promptflow-runtimes || [ $? = 1 ]");
        match inside(&self.world, &search)?.as_str() {
            "" => Ok(()),
            files => Err(PartError::new(format!("A secret is in files of the runtime: {files}"))),
        }
    }
}
