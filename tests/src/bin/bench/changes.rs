//! From a change that somebody else makes on the engine until it is in the window's document.
//!
//! The engine tells the instant of each change (`timeNano` of its event, read by Docker's own client);
//! a `MutationObserver` tells when the row of the runtime was as it has to be.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::Engine;
use real_parts::docker::DockerEngine;
use real_parts::headless::connect;
use real_parts::journey::SOON;
use real_parts::steps::on;
use real_parts::window::{Window, WindowOptions};
use real_parts::{PartError, PartResult};
use serde_json::{Value, json};

use crate::crowd;
use crate::figures::{Chapter, Figure, quantile, spread};

/// All of them fit on the screen, so that each row is in the document.
const RUNTIMES: usize = 20;
const APART: Duration = Duration::from_millis(100);
const BURST: usize = 200;
/// Milliseconds.
const HALF: f64 = 60.0;
const NEARLY_ALL: f64 = 300.0;
const AFTER_BURST: f64 = 1_000.0;

/// Notes, at each mutation, the rows that are not as they were: `[instant, name, status]`.
const OBSERVE: &str = r"
const rows = () => new Map([...document.querySelectorAll('[role=grid] [role=row]')].flatMap((row) => {
  const name = row.querySelector('[role=rowheader]')?.innerText.trim();
  const status = row.querySelectorAll('[role=gridcell],[role=cell]')[0]?.innerText.trim();
  return name ? [[name, status ?? '']] : [];
}));
let before = rows();
window.__seen = [];
new MutationObserver(() => {
  const now = performance.timeOrigin + performance.now();
  const after = rows();
  for (const [name, status] of after) if (before.get(name) !== status) window.__seen.push([now, name, status]);
  for (const name of before.keys()) if (!after.has(name)) window.__seen.push([now, name, null]);
  before = after;
}).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
window.__rows = () => Object.fromEntries(rows());
return before.size
";

/// What the engine's own client tells of events: id, action and milliseconds since 1970.
struct Events {
    child: Child,
    told: Arc<Mutex<Vec<(String, String, f64)>>>,
}

impl Events {
    fn follow(engine: &DockerEngine) -> PartResult<Self> {
        let mut child = engine
            .command()?
            .args(["events", "--format", "{{json .}}"])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or_else(|| PartError::new("no output"))?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                let (Some(id), Some(action), Some(nanos)) =
                    (event["id"].as_str(), event["Action"].as_str(), event["timeNano"].as_i64())
                else {
                    continue;
                };
                let entry = (id.to_owned(), action.to_owned(), nanos as f64 / 1e6);
                into.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
            }
        });
        Ok(Self { child, told })
    }

    fn all(&self) -> Vec<(String, String, f64)> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the runtimes as this benchmark has left it.
struct Member {
    id: String,
    name: String,
    runs: bool,
    renamed: usize,
}

/// What the document has to show after a change.
enum Expected {
    Status { runs: bool },
    Present,
}

/// A change that was made.
struct Made {
    id: String,
    action: &'static str,
    /// Name of the row.
    row: String,
    expected: Expected,
}

/// A small reproducible source of choices (a linear congruential generator).
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}

async fn change(engine: &dyn Engine, member: &mut Member, choice: usize) -> PartResult<Made> {
    let refused = |error: engine::EngineError| PartError::new(error.to_string());
    if choice == 0 {
        member.renamed += 1;
        let stem = member.name.split("-r").next().unwrap_or_default().to_owned();
        let name = format!("{stem}-r{}", member.renamed);
        engine.rename(&member.id, &name).await.map_err(refused)?;
        member.name.clone_from(&name);
        let expected = Expected::Present;
        return Ok(Made { id: member.id.clone(), action: "rename", row: name, expected });
    }
    let action = if member.runs {
        engine.stop(&member.id, Duration::ZERO).await.map_err(refused)?;
        "die"
    } else {
        engine.start(&member.id).await.map_err(refused)?;
        "start"
    };
    member.runs = !member.runs;
    let expected = Expected::Status { runs: member.runs };
    Ok(Made { id: member.id.clone(), action, row: member.name.clone(), expected })
}

fn fits(status: Option<&str>, expected: &Expected) -> bool {
    match (status, expected) {
        (Some(_), Expected::Present) => true,
        (Some(status), Expected::Status { runs }) => {
            *runs == matches!(status, "Starting" | "Available" | "Unavailable")
        }
        (None, _) => false,
    }
}

/// The end state is the right one: names, and which of them run.
fn right(shown: &Value, members: &[Member]) -> bool {
    let Some(rows) = shown.as_object() else { return false };
    rows.len() == members.len()
        && members.iter().all(|member| {
            fits(
                rows.get(&member.name).and_then(Value::as_str),
                &Expected::Status { runs: member.runs },
            )
        })
}

async fn until_right(window: &Window, members: &[Member]) -> PartResult<()> {
    let end = Instant::now() + SOON;
    loop {
        let shown = window.run("return window.__rows()", vec![]).await?;
        if right(&shown, members) {
            return Ok(());
        }
        if Instant::now() > end {
            let all: BTreeMap<&str, bool> =
                members.iter().map(|member| (member.name.as_str(), member.runs)).collect();
            return Err(PartError::new(format!("A wrong end state: {shown}, and it is {all:?}.")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn seen(window: &Window) -> PartResult<Vec<(f64, String, Option<String>)>> {
    let told = window.run("return window.__seen", vec![]).await?;
    Ok(told
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let status = entry[2].as_str().map(str::to_owned);
            Some((entry[0].as_f64()?, entry[1].as_str()?.to_owned(), status))
        })
        .collect())
}

/// Milliseconds from each change until the document was right about its runtime and stayed so. A state
/// that the next change of the same runtime overtook is right once that one is; one that never was is an
/// error.
fn delays(
    made: &[Made],
    events: &[(String, String, f64)],
    seen: &[(f64, String, Option<String>)],
) -> PartResult<Vec<f64>> {
    let mut used: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let told = made
        .iter()
        .map(|change| {
            let nth = used.entry((&change.id, change.action)).or_default();
            *nth += 1;
            events
                .iter()
                .filter(|(id, action, _)| *id == change.id && action == change.action)
                .nth(*nth - 1)
                .map(|(_, _, at)| *at)
                .ok_or_else(|| PartError::new("The engine told no event of a change."))
        })
        .collect::<PartResult<Vec<f64>>>()?;
    // Of the next change of the same runtime: when it was made, and when the document was right about it.
    let mut next: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let mut delays = Vec::with_capacity(made.len());
    for (change, at) in made.iter().zip(told).rev() {
        let overtaken = next.get(change.id.as_str()).copied();
        let until = overtaken.map_or(f64::INFINITY, |(next_at, _)| next_at);
        let when = right_at(change, at, until, seen)
            .into_iter()
            .chain(overtaken.map(|(_, right)| right))
            .reduce(f64::min)
            .ok_or_else(|| {
                PartError::new(format!("{} of {} was never seen.", change.action, change.row))
            })?;
        next.insert(&change.id, (at, when));
        delays.push((when - at).max(0.0));
    }
    Ok(delays)
}

/// When the row came to what this change made of it, and did not leave that before the next one.
fn right_at(
    change: &Made,
    at: f64,
    until: f64,
    seen: &[(f64, String, Option<String>)],
) -> Option<f64> {
    // The page's clock tells whole milliseconds.
    let at = at - 1.0;
    let mut right: Option<f64> = None;
    for (when, _, status) in seen.iter().filter(|(_, name, _)| *name == change.row) {
        match fits(status.as_deref(), &change.expected) {
            true => right = right.or(Some(when.max(at))),
            // A later one than the next change is that one's.
            false if *when < until => right = None,
            false => {}
        }
        if *when >= until && right.is_some() {
            break;
        }
    }
    right
}

/// Measures so many single changes, then the burst.
pub async fn measure(count: usize) -> PartResult<Chapter> {
    let engine = crowd::start(RUNTIMES)?;
    let hand = connect(&engine.socket()).await?;
    let mut members: Vec<Member> = (1..=RUNTIMES)
        .map(|number| {
            let name = crowd::name(number);
            let id = engine.client(&["inspect", "--format", "{{.Id}}", &name])?;
            Ok(Member { id: id.trim().to_owned(), name, runs: true, renamed: 0 })
        })
        .collect::<PartResult<_>>()?;
    let window = Window::open(WindowOptions {
        size: (1440, 1180),
        ..on(&engine, "crowd.example/team/promptflow-runtime")
    })
    .await?;
    window
        .wait(SOON, "the rows", "document.querySelectorAll('[role=grid] [role=row]').length >= 21")
        .await?;
    window.run(OBSERVE, vec![]).await?;
    until_right(&window, &members).await?;
    let events = Events::follow(&engine)?;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let mut choices = Choices(2_026);
    let mut made = Vec::with_capacity(count);
    for _ in 0..count {
        let next = Instant::now() + APART;
        let member = choices.below(RUNTIMES);
        let choice = choices.below(4);
        made.push(change(hand.as_ref(), &mut members[member], choice).await?);
        tokio::time::sleep_until(next.into()).await;
    }
    until_right(&window, &members).await?;
    let single = delays(&made, &events.all(), &seen(&window).await?)?;

    window.run("window.__seen.length = 0; return 0", vec![]).await?;
    let already = events.all().len();
    let mut left = BURST;
    while left > 0 {
        // Each of them once, all at the same time.
        let round = left.min(RUNTIMES);
        let jobs = members.iter_mut().take(round).map(|member| change(hand.as_ref(), member, 1));
        for done in futures_util::future::join_all(jobs).await {
            done?;
        }
        left -= round;
    }
    until_right(&window, &members).await?;
    // Starts settle as Available meanwhile; what has to be right is whether they run.
    let last = events
        .all()
        .iter()
        .skip(already)
        .filter(|(_, action, _)| matches!(action.as_str(), "start" | "die"))
        .map(|(_, _, at)| *at)
        .fold(0.0, f64::max);
    let settled = settled_at(&seen(&window).await?, &members);
    let counted = json!(single.len());
    Ok(Chapter {
        title: "A change from outside",
        how: format!(
            "Starts, stops and renames of {RUNTIMES} runtimes by another client, at least 100 ms apart ({counted} of them), and {BURST} starts and stops at once. From the engine's `timeNano` to the mutation of the document after which the row was right. Every end state was right."
        ),
        figures: vec![
            Figure::told(
                "single change, half of them",
                quantile(&single, 0.5),
                "ms",
                spread(&single),
            )
            .at_most(HALF),
            Figure::told(
                "single change, 99 of 100",
                quantile(&single, 0.99),
                "ms",
                spread(&single),
            )
            .at_most(NEARLY_ALL),
            Figure::told(
                "burst: all rows right after its last event",
                (settled - last).max(0.0),
                "ms",
                format!("{BURST} changes"),
            )
            .at_most(AFTER_BURST),
        ],
    })
}

/// When the last row came to the side (runs or not) on which it stayed.
fn settled_at(seen: &[(f64, String, Option<String>)], members: &[Member]) -> f64 {
    members
        .iter()
        .filter_map(|member| {
            let expected = Expected::Status { runs: member.runs };
            let of_row = || seen.iter().filter(|(_, name, _)| *name == member.name);
            let last_wrong = of_row()
                .filter(|(_, _, status)| !fits(status.as_deref(), &expected))
                .map(|(when, _, _)| *when)
                .fold(0.0, f64::max);
            of_row().map(|(when, _, _)| *when).find(|when| *when > last_wrong)
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(action: &'static str, expected: Expected) -> Made {
        Made { id: "a".into(), action, row: "one".into(), expected }
    }

    fn told(action: &str, at: f64) -> (String, String, f64) {
        ("a".into(), action.into(), at)
    }

    #[test]
    fn a_state_that_was_overtaken_counts_until_the_next_one_is_shown() {
        let changes = [
            made("start", Expected::Status { runs: true }),
            made("die", Expected::Status { runs: false }),
            made("start", Expected::Status { runs: true }),
        ];
        let events = [told("start", 100.0), told("die", 200.0), told("start", 900.0)];
        let seen = |when: f64, status: &str| (when, "one".to_owned(), Some(status.to_owned()));
        let all = [seen(250.0, "Stopped"), seen(920.0, "Starting")];
        let mut delays = delays(&changes, &events, &all).expect("seen");
        delays.sort_by(f64::total_cmp);
        assert_eq!(delays, [20.0, 50.0, 150.0]);
        assert!(super::delays(&changes, &events, &all[..1]).is_err(), "the last was never seen");
    }

    #[test]
    fn a_row_that_was_right_all_the_time_does_not_wait_for_what_it_shows_next() {
        let changes = [
            made("start", Expected::Status { runs: true }),
            made("die", Expected::Status { runs: false }),
            made("start", Expected::Status { runs: true }),
        ];
        let events = [told("start", 100.0), told("die", 200.0), told("start", 310.0)];
        let seen = |when: f64, status: &str| (when, "one".to_owned(), Some(status.to_owned()));
        // The stop was never shown: the start came before its picture.
        let all = [seen(130.0, "Starting"), seen(6_000.0, "Available")];
        let sorted = |seen: &[_]| {
            let mut delays = delays(&changes, &events, seen).expect("seen");
            delays.sort_by(f64::total_cmp);
            delays
        };
        assert_eq!(sorted(&all), [0.0, 30.0, 109.0]);
        // Shown late, after the start: the start is right when it is shown again.
        let all = [seen(130.0, "Starting"), seen(350.0, "Stopped"), seen(380.0, "Starting")];
        assert_eq!(sorted(&all), [30.0, 70.0, 150.0]);
    }
}
