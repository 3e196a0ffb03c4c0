//! From the start of the process to the first frame with the runtimes, against the same binary's
//! blank page.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use real_parts::journey::SOON;
use real_parts::steps::on;
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult};
use serde_json::Value;

use crate::crowd;
use crate::figures::{Chapter, Figure, median, spread};

/// How many runtimes there are.
const RUNTIMES: usize = 50;
/// What the list may cost beyond a blank page, in milliseconds.
const BEYOND_BLANK: f64 = 400.0;
/// What it may take in all, in milliseconds.
const IN_ALL: f64 = 1_200.0;
/// How long a started window is left alone, a multiple of what the start takes.
const LEFT_ALONE: Duration = Duration::from_secs(3);
/// Ticks in a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// When a process started, in milliseconds since 1970, to 10 ms.
fn started(process: u32) -> PartResult<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = &stat[stat.rfind(')').unwrap_or(0)..];
    let ticks: f64 = after_name
        .split_whitespace()
        .nth(20)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| PartError::new("/proc tells no start of a process."))?;
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let up: f64 =
        uptime.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Ok(now.as_secs_f64() * 1_000.0 - (up - ticks / TICKS) * 1_000.0)
}

/// Starts the application and waits until this script gives the instant (milliseconds since 1970).
async fn once(options: WindowOptions, script: &str) -> PartResult<f64> {
    let window = Window::open(WindowOptions { left_alone: true, ..options }).await?;
    // Every question runs in the page, and would be measured with it.
    tokio::time::sleep(LEFT_ALONE).await;
    let until = std::time::Instant::now() + SOON;
    loop {
        let told = window.run(script, Vec::new()).await?;
        if let Some(instant) = told.as_f64().filter(|instant| *instant > 0.0) {
            return Ok(instant - started(window.application_process()?)?);
        }
        if std::time::Instant::now() > until {
            return Err(window.explain("The page tells no instant.").await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const BLANK: &str = "return performance.timing.loadEventEnd";
const SHOWN: &str = "const mark = performance.getEntriesByName('runtimes shown')[0]; \
     return mark ? performance.timeOrigin + mark.startTime : 0";

/// Measures it that many times, in turns.
pub async fn measure(rounds: usize) -> PartResult<Chapter> {
    let engine = crowd::start(RUNTIMES)?;
    let home = tempfile::tempdir()?;
    let page = || WindowOptions {
        home: Some(home.path().to_owned()),
        ..on(&engine, "crowd.example/team/promptflow-runtime")
    };
    let blank = || {
        let mut options = page();
        options.environment.push(("PROMPTFLOW_RUNTIMES_BLANK".into(), "1".into()));
        options
    };
    // The first start makes the history's file and fills the system's caches.
    once(page(), SHOWN).await?;
    let (mut blanks, mut lists) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        blanks.push(once(blank(), BLANK).await?);
        lists.push(once(page(), SHOWN).await?);
    }
    let complete = {
        let window = Window::open(page()).await?;
        window
            .wait(SOON, "all runtimes", "document.querySelector('[role=grid]')?.ariaRowCount == 51")
            .await?;
        window.run("return document.querySelector('[role=grid]').ariaRowCount", vec![]).await?
    };
    assert_ne!(complete, Value::Null);
    Ok(Chapter {
        title: "Start",
        how: format!(
            "From the start of the process (as the kernel tells it, to 10 ms) until the frame after the first one with runtimes in it, with {RUNTIMES} live runtimes on a Docker engine; against the same binary's blank page (until its load event has ended). In turns, in a window of its own under WebKit's driver."
        ),
        figures: vec![
            Figure::told("blank page", median(&blanks), "ms", spread(&blanks)),
            Figure::told("50 live runtimes painted", median(&lists), "ms", spread(&lists))
                .at_most(IN_ALL),
            Figure::told(
                "beyond the blank page",
                median(&lists) - median(&blanks),
                "ms",
                "difference of the medians".into(),
            )
            .at_most(BEYOND_BLANK),
        ],
    })
}
