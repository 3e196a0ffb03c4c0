//! What the application costs while nothing happens: seen, and hidden.

use std::time::{Duration, Instant};

use real_parts::program::{self, descendants};
use real_parts::steps::on;
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult};

use crate::crowd;
use crate::figures::{Chapter, Figure};

const RUNTIMES: usize = 50;
/// Part of one core, in percent.
const VISIBLE: f64 = 5.0;
const HIDDEN: f64 = 0.5;

/// Processor time that these processes have used, in seconds.
fn used(processes: &[u32]) -> f64 {
    processes
        .iter()
        .filter_map(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
            let after_name = stat.get(stat.rfind(')')?..)?.to_owned();
            let fields: Vec<&str> = after_name.split_whitespace().collect();
            let ticks: f64 =
                fields.get(12)?.parse::<f64>().ok()? + fields.get(13)?.parse::<f64>().ok()?;
            Some(ticks / 100.0)
        })
        .sum()
}

/// Percent of one core over this time, of the application and of everything it started.
async fn percent(window: &Window, over: Duration) -> PartResult<f64> {
    let application = window.application_process()?;
    let mut processes = descendants(application);
    processes.push(application);
    let (began, before) = (Instant::now(), used(&processes));
    tokio::time::sleep(over).await;
    Ok((used(&processes) - before) / began.elapsed().as_secs_f64() * 100.0)
}

/// Takes the window off the screen, as minimising it does.
fn hide(window: &Window) -> PartResult<()> {
    let display = window.display().name();
    let mut command = program::command("xdotool")?;
    command.env("DISPLAY", display).args([
        "search",
        "--onlyvisible",
        "--name",
        "Prompt flow Runtimes",
        "windowunmap",
        "%@",
    ]);
    program::output(&mut command).map(drop)
}

/// Measures both over this time each.
pub async fn measure(over: Duration) -> PartResult<Chapter> {
    let engine = crowd::start(RUNTIMES)?;
    let window = Window::open(WindowOptions {
        size: (1440, 900),
        ..on(&engine, "crowd.example/team/promptflow-runtime")
    })
    .await?;
    let known = "[...document.querySelectorAll('[role=row]')].slice(1).every((row) => row.innerText.includes('Available'))";
    window.wait(Duration::from_secs(60), "all rows in view to be Available", known).await?;
    // The checks at the start are over, then.
    tokio::time::sleep(over / 2).await;
    let visible = percent(&window, over).await?;
    hide(&window)?;
    tokio::time::sleep(over / 4).await;
    let hidden = percent(&window, over).await?;
    let state = window.run("return document.visibilityState", vec![]).await?;
    if state != "hidden" {
        return Err(PartError::new(format!("The window was to be hidden, and is {state}.")));
    }
    let from = |of: &str| format!("{of}, {} s", over.as_secs());
    Ok(Chapter {
        title: "Idle",
        how: format!(
            "Processor time of the application and all of WebKit's processes with {RUNTIMES} running runtimes on the list and nothing happening, as part of one core; CPU and memory of the rows in view are live. Hidden: the window is off the screen."
        ),
        figures: vec![
            Figure::told("visible, with WebKit", visible, "%", from("all processes"))
                .at_most(VISIBLE),
            Figure::told("hidden, with WebKit", hidden, "%", from("all processes")).at_most(HIDDEN),
        ],
    })
}
