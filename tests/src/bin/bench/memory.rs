//! The memory that something takes in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

/// What work gives, and the most memory in bytes beyond that at the beginning while `work` goes on.
pub async fn with_memory<T>(work: impl Future<Output = T>) -> (T, u64) {
    let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let before = resident();
    let (seen, ended) = (Arc::clone(&most), Arc::clone(&over));
    let sampling = std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            seen.fetch_max(resident(), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let done = work.await;
    over.store(true, Ordering::Relaxed);
    let _ = sampling.join();
    (done, most.load(Ordering::Relaxed).saturating_sub(before))
}
