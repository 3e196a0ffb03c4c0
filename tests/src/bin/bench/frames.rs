//! Frames of the window while a log that it shows grows quickly.

use std::time::Duration;

use real_parts::docker::DockerEngine;
use real_parts::steps::{on, open_runtime, open_tab};
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult};

/// Notes the longest time between two frames, how many there were, and which came late: seconds since the begin, and ms.
const BEGIN: &str = "
const begin = performance.now();
const seen = {longest: 0, frames: 0, late: [], last: begin, over: false};
window.framesSeen = seen;
const step = () => {
    const now = performance.now();
    const took = now - seen.last;
    seen.longest = Math.max(seen.longest, took);
    if (took > 50) seen.late.push(`${((now - begin) / 1000).toFixed(1)} s: ${took.toFixed(0)}`);
    seen.last = now;
    seen.frames += 1;
    if (!seen.over) requestAnimationFrame(step);
};
requestAnimationFrame(step);";
const END: &str = "
window.framesSeen.over = true;
return [window.framesSeen.longest, window.framesSeen.frames, window.framesSeen.late.join(', ')];";

/// A window that shows the log of a runtime.
pub struct Shown {
    window: Window,
}

/// What was seen of frames.
pub struct Frames {
    /// The longest time between two of them, in ms.
    pub longest: f64,
    pub count: f64,
}

impl Frames {
    /// Where the figure comes from.
    pub fn from(&self) -> String {
        format!("{} frames", self.count)
    }
}

impl Shown {
    /// Waits until the log shows this text.
    pub async fn shows(&self, text: &str) -> PartResult<()> {
        self.window.wait_text(Duration::from_secs(30), text).await
    }

    /// Opens the window and the runtime's log in it.
    pub async fn open(docker: &DockerEngine, runtime: &str) -> PartResult<Self> {
        let options =
            WindowOptions { size: (1440, 900), ..on(docker, "registry.invalid/x/runtime") };
        let window = Window::open(options).await?;
        open_runtime(&window, runtime).await?;
        open_tab(&window, "Logs").await?;
        window.find("log", format!("Log of {runtime}").as_str()).await?;
        Ok(Self { window })
    }

    /// Watches frames for this time.
    pub async fn during(&self, time: Duration) -> PartResult<Frames> {
        self.window.run(BEGIN, vec![]).await?;
        // Nothing is asked of the page meanwhile: asking takes time of its frames.
        tokio::time::sleep(time).await;
        let seen = self.window.run(END, vec![]).await?;
        let figure = |at: usize| seen.get(at).and_then(serde_json::Value::as_f64);
        let late = seen.get(2).and_then(serde_json::Value::as_str).unwrap_or_default();
        eprintln!("    frames after more than 50 ms: {late}");
        match (figure(0), figure(1)) {
            (Some(longest), Some(count)) => Ok(Frames { longest, count }),
            _ => Err(PartError::new(format!("Frames were not seen: {seen}"))),
        }
    }
}
