//! Watches a published port the way a client would: asks `/health` all the time and counts.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{PartError, PartResult};

/// Pause between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// What was seen on the port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Right answers.
    pub answers: u32,
    /// Questions that got no answer, or another one.
    pub misses: u32,
    /// The longest time from one right answer to the next.
    pub longest_gap: Duration,
}

/// A thread that asks until it is told to stop, or dropped.
pub struct PortWatch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Seen>>,
}

impl PortWatch {
    /// Begins to ask this port of the loopback. What answers now counts as right from the start.
    pub fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = Seen::default();
            let mut last = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                if is_healthy(port) {
                    seen.answers += 1;
                    seen.longest_gap = seen.longest_gap.max(last.elapsed());
                    last = Instant::now();
                } else {
                    seen.misses += 1;
                }
                std::thread::sleep(PAUSE);
            }
            seen.longest_gap = seen.longest_gap.max(last.elapsed());
            seen
        });
        Self { stop, thread: Some(thread) }
    }

    /// Ends the watch and tells what it saw.
    pub fn end(mut self) -> PartResult<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .and_then(|thread| thread.join().ok())
            .ok_or_else(|| PartError::new("The watch on the port broke."))
    }
}

impl Drop for PortWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// One question, answered rightly within a second.
pub fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| {
        answer.lines().next().is_some_and(|line| line.contains(" 200"))
            && answer.contains("healthy")
    })
}
