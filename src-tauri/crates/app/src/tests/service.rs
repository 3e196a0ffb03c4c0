//! The services inside the twin engine's containers: one answers when a container that publishes the
//! asked port runs and its image is meant to serve.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    container::{Container, ContainerState},
    name::Part,
    runtime::Protocol,
};
use engine::twin::TwinEngine;
use executor::{Executor, Miss, Runs, ServiceVersion, twin::TwinRuns};

use crate::context::lock;

/// Label of an image that says how it serves.
pub(super) const LABEL: &str = "test.serves";

/// How the service of an image behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    Well,
    /// Only where its entry point starts the executor.
    AsExecutor,
    /// Nothing ever listens.
    Never,
    /// Another program answers.
    Otherwise,
    /// Well as a candidate, and not in the place of the old one.
    AsCandidate,
    /// Well as a candidate; in the place of the old one its process ends at the first question.
    DiesInPlace,
    /// It answers once, then its process ends.
    Once,
    /// Only with 256 MB of memory, or without a limit.
    WithEnoughMemory,
}

impl Serves {
    pub(super) fn word(self) -> String {
        format!("{self:?}")
    }
}

pub(super) struct Service {
    engines: Vec<TwinEngine>,
    /// How often each container was asked, by id.
    asked: Mutex<BTreeMap<String, u32>>,
    hangs: AtomicBool,
    pub(super) runs: TwinRuns,
}

impl Service {
    pub(super) fn new(engines: Vec<TwinEngine>) -> Self {
        Self {
            engines,
            asked: Mutex::default(),
            hangs: AtomicBool::new(false),
            runs: TwinRuns::default(),
        }
    }

    /// From now on every service takes connections and says nothing, or not any more.
    pub(super) fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }

    /// What this published port answers now.
    pub(super) fn answer(&self, port: u16) -> Result<Protocol, Miss> {
        let refused = || Err(Miss::Refused("Connection refused (os error 111)".into()));
        let holds = |container: &Container| {
            container.state == ContainerState::Running
                && container.ports.iter().any(|held| held.host_port == port)
        };
        let found = self.engines.iter().find_map(|engine| {
            let container = engine.seen().into_iter().find(holds)?;
            Some((engine, container))
        });
        let Some((engine, container)) = found else { return refused() };
        let word = container.labels.get(LABEL).cloned().unwrap_or_default();
        let well = Ok(Protocol::Executor);
        let enough = container.memory_limit == 0 || container.memory_limit >= 256 << 20;
        match word.as_str() {
            "Well" => well,
            "WithEnoughMemory" if enough => well,
            "AsExecutor"
                if container.raw["Config"]["Entrypoint"]
                    .to_string()
                    .contains("promptflow.executor") =>
            {
                well
            }
            "AsCandidate" | "DiesInPlace"
                if Part::of_container(&container.name).1 == Part::Candidate =>
            {
                well
            }
            "Otherwise" => Err(Miss::WrongAnswer { status: 404, excerpt: "File not found".into() }),
            "DiesInPlace" => {
                engine.end_process(&container.id, 3).expect("runs");
                refused()
            }
            "Once" => {
                let mut asked = lock(&self.asked);
                let times = asked.entry(container.id.clone()).or_default();
                *times += 1;
                if *times > 1 {
                    engine.end_process(&container.id, 3).expect("runs");
                    return refused();
                }
                well
            }
            _ => refused(),
        }
    }
}

fn port(base: &str) -> u16 {
    base.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
}

#[async_trait]
impl Executor for Service {
    async fn health(&self, base: &str, _: &str, limit: Duration) -> Result<Protocol, Miss> {
        if self.hangs.load(Ordering::Relaxed) {
            tokio::time::sleep(limit).await;
            return Err(Miss::Silent(limit.as_secs()));
        }
        self.answer(port(base))
    }

    async fn version(&self, base: &str, _: Duration) -> Result<ServiceVersion, Miss> {
        self.answer(port(base)).map(|_| ServiceVersion { version: "1.18.0".into(), commit: None })
    }

    fn runs(&self) -> &dyn Runs {
        &self.runs
    }
}
