//! Whether the system ended processes of a runtime for memory while something ran there: by the engine's
//! events, and by the count of the container's control group.

use std::{sync::Arc, time::Duration};

use domain::{
    diagnosis::{COUNTERS, ended_for_memory},
    finding::Evidence,
    runtime::Runtime,
};
use engine::Engine;
use jiff::Timestamp;
use tokio::{sync::OnceCell, time::Instant};

use crate::context::{App, lock, now};

/// How long a look into a container may take.
const LIMIT: Duration = Duration::from_secs(3);
/// An event may arrive a moment after the answer that tells what came of it.
const LATE: Duration = Duration::from_millis(600);

/// The engine says that processes of a container were ended for memory.
pub(crate) fn note(app: &App, container: &str) {
    lock(&app.out_of_memory).insert(container.to_owned(), now());
    // It may come after the end that it explains.
    let runtime =
        lock(&app.table).rows().find(|row| row.container_id == container).map(|row| row.id.clone());
    if let Some(runtime) = runtime {
        crate::diagnosis::stir_ended(app, &runtime);
    }
}

/// Looks at a container from now on.
pub(crate) struct MemoryWatch {
    engine: Arc<dyn Engine>,
    container: String,
    since: Timestamp,
    /// How many processes had been ended before; `None` = that cannot be seen.
    before: OnceCell<Option<u64>>,
}

impl MemoryWatch {
    /// Begins to look at a runtime. The first count is taken by itself, so that nobody waits for it; without
    /// a limit of memory there is no use in one.
    pub(crate) fn begin(engine: &Arc<dyn Engine>, row: &Runtime) -> Arc<Self> {
        let watch = Arc::new(Self {
            engine: engine.clone(),
            container: row.container_id.clone(),
            since: now(),
            before: OnceCell::new(),
        });
        if row.memory_limit == 0 {
            return watch;
        }
        let counting = watch.clone();
        tokio::spawn(async move {
            counting.before.get_or_init(|| counting.count()).await;
        });
        watch
    }

    async fn count(&self) -> Option<u64> {
        let mut command = vec!["cat".to_owned()];
        command.extend(COUNTERS.map(str::to_owned));
        // One of the files is never there: what cat says of that does not matter.
        let output = self.engine.exec(&self.container, &command, LIMIT).await.ok()?;
        ended_for_memory(&output.out)
    }

    /// Where it was seen since the begin; `None` = nothing shows it.
    pub(crate) async fn seen(&self, app: &App) -> Option<Evidence> {
        if let Some(Some(before)) = self.before.get()
            && let Some(after) = self.count().await.filter(|after| after > before)
        {
            return Some(Evidence {
                probe: "The container's count of processes that were ended for memory".into(),
                seen: format!("{before} before, {after} now"),
            });
        }
        let until = Instant::now() + LATE;
        loop {
            let told = lock(&app.out_of_memory).get(&self.container).copied();
            if let Some(at) = told.filter(|at| *at >= self.since) {
                return Some(Evidence {
                    probe: "Events of the engine".into(),
                    seen: format!("oom at {at}"),
                });
            }
            if Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
