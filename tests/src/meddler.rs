//! Somebody who does one thing at the very instant between two calls of ours.

use std::sync::{Arc, Mutex, PoisonError};

use engine::EngineError;

use crate::around::{Call, Watcher};
use crate::error::{PartError, PartResult};

/// When it is acted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Before,
    After,
    InPull,
}

type Act = Box<dyn FnOnce() -> PartResult<()> + Send>;

/// Acts once, before or after the first call that is looked for.
pub struct Meddler {
    moment: Moment,
    looked_for: Box<dyn Fn(&Call) -> bool + Send + Sync>,
    todo: Mutex<Option<Act>>,
    result: Mutex<Option<PartResult<()>>>,
}

impl Meddler {
    /// Acts right before the first such call is made.
    pub fn before(
        looked_for: impl Fn(&Call) -> bool + Send + Sync + 'static,
        act: impl FnOnce() -> PartResult<()> + Send + 'static,
    ) -> Arc<Self> {
        Self::at(Moment::Before, looked_for, act)
    }

    /// Acts right after the first such call was answered.
    pub fn after(
        looked_for: impl Fn(&Call) -> bool + Send + Sync + 'static,
        act: impl FnOnce() -> PartResult<()> + Send + 'static,
    ) -> Arc<Self> {
        Self::at(Moment::After, looked_for, act)
    }

    /// Acts as soon as bytes of a pull have come.
    pub fn in_pull(act: impl FnOnce() -> PartResult<()> + Send + 'static) -> Arc<Self> {
        Self::at(Moment::InPull, |_| false, act)
    }

    fn at(
        moment: Moment,
        looked_for: impl Fn(&Call) -> bool + Send + Sync + 'static,
        act: impl FnOnce() -> PartResult<()> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            moment,
            looked_for: Box::new(looked_for),
            todo: Mutex::new(Some(Box::new(act))),
            result: Mutex::new(None),
        })
    }

    /// An error unless it acted, and could.
    pub fn acted(&self) -> PartResult<()> {
        let result = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.unwrap_or_else(|| Err(PartError::new("The call in question was never made.")))
    }

    async fn see(&self, call: &Call) {
        if (self.looked_for)(call) {
            self.act().await;
        }
    }

    async fn act(&self) {
        let act = self.todo.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(act) = act else { return };
        let result = tokio::task::spawn_blocking(act)
            .await
            .unwrap_or_else(|error| Err(PartError::new(format!("The meddler broke: {error}"))));
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }
}

#[async_trait::async_trait]
impl Watcher for Meddler {
    async fn before(&self, call: &Call) -> Result<(), EngineError> {
        if self.moment == Moment::Before {
            self.see(call).await;
        }
        Ok(())
    }

    async fn after(&self, call: &Call, _: Option<&str>) {
        if self.moment == Moment::After {
            self.see(call).await;
        }
    }

    async fn in_pull(&self) {
        if self.moment == Moment::InPull {
            self.act().await;
        }
    }
}
