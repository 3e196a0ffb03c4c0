//! CPU and memory of a running container.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Percent of one CPU: 200 = two whole CPUs.
    pub cpu_percent: f64,
    /// Bytes, without the page cache that can be given back.
    pub memory: u64,
    /// Bytes; the container's limit, or the machine's memory.
    pub memory_limit: u64,
}
