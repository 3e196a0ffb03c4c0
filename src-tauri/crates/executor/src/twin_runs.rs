//! The twin's runs: each answers as it was scripted, after some time, or ends when it is cancelled.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use crate::{BatchRequest, Line, Miss, NodeRequest, RunError, RunRequest, Runs, ToolMeta};

/// What a run of the twin does.
#[derive(Clone, Debug)]
pub struct TwinRun {
    /// How long it takes; `None` = until it is cancelled.
    pub takes: Option<Duration>,
    pub answer: Result<Value, RunError>,
    /// Lines of its log, each after this time since its begin.
    pub log: Vec<(Duration, String)>,
}

impl TwinRun {
    /// Answers so at once.
    pub fn answers(answer: Value) -> Self {
        Self { takes: Some(Duration::ZERO), answer: Ok(answer), log: vec![] }
    }

    /// Goes on until it is cancelled.
    pub fn endless() -> Self {
        Self { takes: None, ..Self::answers(Value::Null) }
    }

    /// Writes this line after some time.
    pub fn says(mut self, after: Duration, line: &str) -> Self {
        self.log.push((after, line.to_owned()));
        self
    }

    /// Takes so long.
    pub fn for_time(mut self, takes: Duration) -> Self {
        self.takes = Some(takes);
        self
    }
}

/// Who gets the lines of a run's log: path of the log inside the runtime, and the line.
pub type LogWriter = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// What was asked, with the secrets in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub path: &'static str,
    pub body: Value,
}

#[derive(Default)]
struct State {
    scripts: VecDeque<TwinRun>,
    lines: HashMap<u32, VecDeque<TwinRun>>,
    running: HashMap<String, Arc<Notify>>,
    asked: Vec<Asked>,
    meta: ToolMeta,
    /// Of single services, by their address.
    meta_at: std::collections::BTreeMap<String, ToolMeta>,
    tools: Value,
    aggregation: Option<Value>,
    writer: Option<LogWriter>,
    /// What a run that was not scripted says how long it took; seconds.
    usual: Option<f64>,
    /// How long an answer to a line is kept back.
    kept_back: Duration,
    /// The processes of the batch: a line waits for one.
    processes: Option<Arc<Semaphore>>,
    /// Lines that processes run now, and the most at the same time so far.
    in_processes: (usize, usize),
}

/// Runs of one service.
#[derive(Clone, Default)]
pub struct TwinRuns(Arc<Mutex<State>>);

impl std::fmt::Debug for TwinRuns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TwinRuns")
    }
}

impl TwinRuns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next run goes so; several wait for their turn. Without one a run completes with its inputs.
    pub fn will_run(&self, run: TwinRun) {
        self.state().scripts.push_back(run);
    }

    /// The next time the line with this number runs it goes so; several wait for their turn.
    pub fn will_run_line(&self, number: u32, run: TwinRun) {
        self.state().lines.entry(number).or_default().push_back(run);
    }

    /// From now on tools are told so.
    pub fn tell_meta(&self, meta: ToolMeta) {
        self.state().meta = meta;
    }

    /// From now on the service at this address tells tools so, whatever others say.
    pub fn tell_meta_at(&self, base: &str, meta: ToolMeta) {
        self.state().meta_at.insert(base.to_owned(), meta);
    }

    /// From now on these are the tools of packages.
    pub fn tell_tools(&self, tools: Value) {
        self.state().tools = tools;
    }

    /// From now on flows have nodes that run once over all lines, and this is what they answer.
    pub fn will_aggregate(&self, answer: Value) {
        self.state().aggregation = Some(answer);
    }

    /// From now on lines of logs go there.
    pub fn write_logs(&self, writer: LogWriter) {
        self.state().writer = Some(writer);
    }

    /// From now on runs that were not scripted say that they took so many seconds.
    pub fn say_they_take(&self, seconds: f64) {
        self.state().usual = Some(seconds);
    }

    /// From now on answers to lines are kept back for so long, as the real service does.
    pub fn keep_back(&self, time: Duration) {
        self.state().kept_back = time;
    }

    /// The most lines that processes have run at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state().in_processes.1
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Ids of runs that are active.
    pub fn running(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.state().running.keys().cloned().collect();
        ids.sort();
        ids
    }

    fn note(&self, path: &'static str, body: Value) {
        self.state().asked.push(Asked { path, body });
    }

    /// A run, from its begin to its end. Dropping it ends it, as the real client cancels it.
    async fn run(&self, path: &'static str, id: &str, body: Value) -> Result<Value, RunError> {
        self.note(path, body.clone());
        self.answer(id, body).await
    }

    /// What a run answers that was asked for.
    async fn answer(&self, id: &str, body: Value) -> Result<Value, RunError> {
        let number = body["line_number"].as_u64().and_then(|number| u32::try_from(number).ok());
        let cancelled = Arc::new(Notify::new());
        let (script, writer) = {
            let mut state = self.state();
            let inputs = body.get("inputs").or_else(|| body.get("flow_inputs")).cloned();
            let seconds = state.usual.unwrap_or(USUAL_SECONDS);
            let usual = || TwinRun::answers(completed_in(&inputs.unwrap_or_default(), seconds));
            let of_line = number.and_then(|number| state.lines.get_mut(&number)?.pop_front());
            let script = of_line.or_else(|| state.scripts.pop_front()).unwrap_or_else(usual);
            state.running.insert(id.to_owned(), cancelled.clone());
            (script, state.writer.clone())
        };
        let _running = Running { runs: self.clone(), id: id.to_owned() };
        let log = body["log_path"].as_str().unwrap_or_default().to_owned();
        let began = tokio::time::Instant::now();
        let telling = async {
            for (after, line) in &script.log {
                tokio::time::sleep_until(began + *after).await;
                if let Some(writer) = &writer {
                    writer(&log, line);
                }
            }
            match script.takes {
                Some(takes) => tokio::time::sleep_until(began + takes).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = telling => script.answer,
            () = cancelled.notified() => Ok(json!({
                "output": null,
                "run_info": {"status": "Canceled", "error": {
                    "message": "Tool execution is canceled because: Received cancel request..", "code": "UserError"}},
                "node_run_infos": {}
            })),
        }
    }
}

#[async_trait]
impl Runs for TwinRuns {
    async fn run_flow(&self, _: &str, request: &RunRequest) -> Result<Value, RunError> {
        self.run("/execution/flow", &request.run, request.body()).await
    }

    async fn run_node(&self, _: &str, request: &NodeRequest) -> Result<Value, RunError> {
        self.run("/execution/node", &request.run.run, request.body()).await
    }

    async fn cancel(&self, _: &str, run: &str, _: Duration) -> Result<(), RunError> {
        self.note("/execution/cancel", json!({"run_id": run}));
        if let Some(running) = self.state().running.get(run) {
            running.notify_one();
        }
        Ok(())
    }

    async fn tool_meta(
        &self,
        base: &str,
        folder: &str,
        files: &[(String, String)],
        _: Duration,
    ) -> Result<ToolMeta, RunError> {
        self.note("/tool/meta", json!({"working_dir": folder, "tools": files}));
        let known = {
            let state = self.state();
            state.meta_at.get(base).unwrap_or(&state.meta).clone()
        };
        let asked = |path: &String| files.iter().any(|(own, _)| own == path);
        Ok(ToolMeta {
            tools: known.tools.into_iter().filter(|(path, _)| asked(path)).collect(),
            errors: known.errors.into_iter().filter(|(path, _)| asked(path)).collect(),
        })
    }

    async fn package_tools(&self, _: &str, _: Duration) -> Result<Value, RunError> {
        let tools = self.state().tools.clone();
        Ok(if tools.is_null() { json!({}) } else { tools })
    }

    async fn begin_batch(
        &self,
        _: &str,
        request: &BatchRequest,
        _: Duration,
    ) -> Result<Value, RunError> {
        self.note("/initialize", request.body());
        let mut state = self.state();
        let has_aggregation = state.aggregation.is_some();
        state.processes = request.workers.map(|workers| Arc::new(Semaphore::new(workers as usize)));
        drop(state);
        Ok(json!({"inputs_definition": {}, "has_aggregation": has_aggregation}))
    }

    async fn run_line(&self, _: &str, line: &Line) -> Result<Value, RunError> {
        let id = format!("{}_{}", line.run, line.number);
        let (processes, kept_back) = {
            let state = self.state();
            (state.processes.clone(), state.kept_back)
        };
        self.note("/execution", line.body());
        let process = match &processes {
            Some(processes) => processes.acquire().await.ok(),
            None => None,
        };
        let in_process = InProcess::enter(self);
        let answer = self.answer(&id, line.body()).await;
        drop((in_process, process));
        tokio::time::sleep(kept_back).await;
        answer
    }

    async fn aggregate(
        &self,
        _: &str,
        run: &str,
        inputs: &Value,
        outputs: &Value,
    ) -> Result<Value, RunError> {
        let body = json!({"run_id": run, "batch_inputs": inputs, "aggregation_inputs": outputs});
        self.note("/aggregation", body);
        let nothing = || json!({"metrics": {}, "output": {}, "node_run_infos": {}});
        Ok(self.state().aggregation.clone().unwrap_or_else(nothing))
    }

    async fn end_batch(&self, _: &str, _: Duration) -> Result<(), RunError> {
        self.note("/finalize", json!({}));
        Ok(())
    }
}

struct Running {
    runs: TwinRuns,
    id: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.runs.state().running.remove(&self.id);
    }
}

/// A line that a process runs.
struct InProcess(TwinRuns);

impl InProcess {
    fn enter(runs: &TwinRuns) -> Self {
        let mut state = runs.state();
        let now = state.in_processes.0 + 1;
        state.in_processes = (now, state.in_processes.1.max(now));
        drop(state);
        Self(runs.clone())
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.0.state().in_processes.0 -= 1;
    }
}

/// What a run says how long it took, unless it is told otherwise; seconds.
const USUAL_SECONDS: f64 = 1.1;

/// The answer to a run that completed with this output.
pub fn completed(output: &Value) -> Value {
    completed_in(output, USUAL_SECONDS)
}

/// The same of one that says that it took so many seconds.
pub fn completed_in(output: &Value, seconds: f64) -> Value {
    json!({
        "output": output,
        "aggregation_inputs": {},
        "run_info": {"status": "Completed", "error": null, "output": output, "metrics": null,
            "start_time": "2026-11-23T16:24:48.1", "end_time": "2026-11-23T16:24:49.2",
            "system_metrics": {"duration": seconds}},
        "node_run_infos": {}
    })
}

/// The refusal of a service that cannot load a flow.
pub fn refusal(status: u16, message: &str) -> RunError {
    let error = json!({"message": message, "code": if status == 400 { "UserError" } else { "SystemError" }});
    RunError::Refused { status, error: crate::Sealed::new(error) }
}

/// A service that nobody answers.
pub fn nobody() -> RunError {
    Miss::Refused("Connection refused (os error 111)".into()).into()
}
