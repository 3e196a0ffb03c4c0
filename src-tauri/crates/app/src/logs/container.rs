//! The logs of containers: their ends at once, what comes from then on, and meanwhile everything from the beginning.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{finding::Problem, log::cannot_be_read, runtime::RuntimeId};
use engine::{Engine, EngineError, LogBatch, LogRequest};
use futures_util::StreamExt as _;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    merge,
    older::{self, Older},
    open::Opened,
    repeated::Repeated,
    resume::{Between, Last, New},
    writer::{Write, Writer},
};
use crate::computes;

/// Lines from the end that are shown first.
pub(super) const TAIL: u32 = 2000;
/// The first lines are there when no more come for so long.
const QUIET: Duration = Duration::from_millis(20);
/// How long the first lines are waited for.
const FIRST_WITHIN: Duration = Duration::from_millis(400);
/// The same for several containers: what comes later cannot be put before what is shown already.
const SEVERAL_QUIET: Duration = Duration::from_millis(200);
const SEVERAL_WITHIN: Duration = Duration::from_secs(2);
/// How long those of a log that has some are waited for, and from the first of them on.
const LATE: Duration = Duration::from_secs(30);
const LATE_QUIET: Duration = Duration::from_secs(1);
/// The same as [`QUIET`] where some may be told wrongly: only those that are first there can be put right.
const NEARLY_QUIET: Duration = Duration::from_millis(100);
/// How often it is looked whether a container runs again.
const LOOK: Duration = Duration::from_millis(500);
/// A followed log that ends although its container runs is asked for again after this.
const AGAIN: Duration = Duration::from_secs(2);
/// Lines of several containers are put in order when they have been there for so long.
const HELD: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);
/// When a followed log has been silent for so long it is looked whether it goes on: Docker (20.10) no longer tells lines
/// of one whose old lines it throws away quickly. It is looked more and more seldom.
const SILENCE: Duration = Duration::from_secs(5);
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Lines of one container.
pub(super) type Told = (usize, LogBatch);

/// Reads until all runtimes are gone.
pub(super) async fn read(opened: &Arc<Opened>, runtimes: &[RuntimeId]) -> Result<(), Problem> {
    let (sender, mut receiver) = mpsc::channel::<Told>(64);
    // All of them end with this.
    let mut readers = JoinSet::new();
    for (index, id) in runtimes.iter().enumerate() {
        readers.spawn(follow(opened.clone(), index, id.clone(), sender.clone()));
    }
    drop(sender);
    let nearly = runtimes.iter().map(|id| tells_nearly(opened, id)).collect::<Vec<_>>();
    let mut first = first_lines(&mut receiver, &nearly).await;
    late_lines(opened, runtimes, &mut first, &mut receiver).await;
    let writer = Writer::start(opened, runtimes.len());
    let (shown, starts) = merge::begin(first, &nearly);
    if !writer.write(Write::Lines(shown)).await {
        return writer.end().await;
    }
    let joining = {
        let (opened, runtimes, sender) = (opened.clone(), runtimes.to_vec(), writer.sender());
        async move {
            if let Err(problem) = join(&opened, &runtimes, starts, sender).await {
                opened.change(|standing| {
                    standing
                        .notes
                        .push(format!("Older lines cannot be read. {}", problem.sentence));
                });
            }
        }
    };
    let mut older = JoinSet::new();
    older.spawn(joining);
    if runtimes.len() == 1 {
        while let Some(told) = receiver.recv().await {
            if !writer.write(Write::Lines(vec![told])).await {
                break;
            }
        }
    } else {
        merge_new(&mut receiver, &writer).await;
    }
    drop(older.join_next().await);
    writer.end().await
}

/// Whether the first lines of a runtime may be told wrongly.
fn tells_nearly(opened: &Opened, id: &RuntimeId) -> bool {
    let engine = opened.row(id).and_then(|row| computes::engine(&opened.app, &row.compute).ok());
    engine.is_some_and(|engine| engine.facts().ends_of_logs_are_cut_wrongly())
}

/// The first lines of each: until all were quiet for a moment.
async fn first_lines(receiver: &mut mpsc::Receiver<Told>, nearly: &[bool]) -> Vec<Vec<LogBatch>> {
    let mut first: Vec<Vec<LogBatch>> = vec![vec![]; nearly.len()];
    let (quiet, within) = match nearly {
        [false] => (QUIET, FIRST_WITHIN),
        [true] => (NEARLY_QUIET, FIRST_WITHIN),
        _ => (SEVERAL_QUIET, SEVERAL_WITHIN),
    };
    let until = Instant::now() + within;
    loop {
        let all_spoke = first.iter().all(|batches| !batches.is_empty());
        let left = until.saturating_duration_since(Instant::now());
        let wait = if all_spoke { quiet.min(left) } else { left };
        match timeout(wait, receiver.recv()).await {
            Ok(Some((source, batch))) => first[source].push(batch),
            Ok(None) | Err(_) => return first,
        }
        if first.iter().all(|batches| is_full(batches)) {
            return first;
        }
    }
}

/// Whether all lines are there that are shown first.
fn is_full(batches: &[LogBatch]) -> bool {
    batches.iter().map(|batch| batch.lines.len()).sum::<usize>() >= TAIL as usize
}

/// Waits for a container whose log has lines and that has told none: what is read from the beginning has to meet them.
async fn late_lines(
    opened: &Opened,
    runtimes: &[RuntimeId],
    first: &mut [Vec<LogBatch>],
    receiver: &mut mpsc::Receiver<Told>,
) {
    let until = Instant::now() + LATE;
    for (index, id) in runtimes.iter().enumerate() {
        if !first[index].is_empty() || !has_lines(opened, id).await {
            continue;
        }
        while !is_full(&first[index]) {
            let left = until.saturating_duration_since(Instant::now());
            let wait = if first[index].is_empty() { left } else { LATE_QUIET.min(left) };
            match timeout(wait, receiver.recv()).await {
                Ok(Some((source, batch))) => first[source].push(batch),
                Ok(None) => return,
                Err(_) => break,
            }
        }
    }
}

/// Whether a runtime's container has written anything.
async fn has_lines(opened: &Opened, id: &RuntimeId) -> bool {
    let Some(row) = opened.row(id) else { return false };
    let Ok(engine) = computes::engine(&opened.app, &row.compute) else { return false };
    let asked = LogRequest { tail: Some(1), follow: false, since: 0 };
    let asking = async { engine.log_batches(&row.container_id, asked).await.next().await };
    matches!(timeout(LATE, asking).await, Ok(Some(Ok(_))))
}

/// Lines of several containers as they come, in the order of their times.
async fn merge_new(receiver: &mut mpsc::Receiver<Told>, writer: &Writer) {
    let mut held: Vec<(Instant, Told)> = Vec::new();
    let mut open = true;
    while open || !held.is_empty() {
        tokio::select! {
            told = receiver.recv(), if open && held.len() < 4096 => match told {
                Some(told) => held.push((Instant::now(), told)),
                None => open = false,
            },
            () = tokio::time::sleep(TICK), if !held.is_empty() => {}
        }
        let due = if open {
            held.partition_point(|(arrived, _)| arrived.elapsed() >= HELD)
        } else {
            held.len()
        };
        if due > 0 {
            let group = held.drain(..due).map(|(_, told)| told).collect();
            if !writer.write(Write::Lines(group)).await {
                return;
            }
        }
    }
}

/// Reads everything from the beginning and puts it before what was first shown.
async fn join(
    opened: &Arc<Opened>,
    runtimes: &[RuntimeId],
    starts: Vec<merge::Start>,
    writer: mpsc::Sender<Write>,
) -> Result<(), Problem> {
    let mut readers = JoinSet::new();
    for (index, (id, start)) in runtimes.iter().zip(starts).enumerate() {
        let (opened, id) = (opened.clone(), id.clone());
        readers.spawn(async move { (index, older::read(&opened, index, &id, start).await) });
    }
    let mut all: Vec<(usize, Older)> = Vec::new();
    while let Some(read) = readers.join_next().await {
        let Ok((index, older)) = read else { continue };
        match older {
            Ok(Some(older)) => all.push((index, older)),
            Ok(None) => {}
            // The others' lines are worth reading all the same.
            Err(problem) => opened.change(|standing| {
                let name = standing.sources.get(index).map_or("", |source| &source.name);
                let note = format!("Older lines of {name} cannot be read. {}", problem.sentence);
                standing.notes.push(note);
            }),
        }
    }
    all.sort_by_key(|(index, _)| *index);
    let older = all.into_iter().map(|(_, older)| older).collect();
    let feeders = opened.blocking(move |opened| merge::join(opened, older)).await?;
    // Whoever is gone needs no more.
    let _ = writer.send(Write::Learn(feeders)).await;
    Ok(())
}

/// Follows one runtime's container, and the one that comes after it.
async fn follow(opened: Arc<Opened>, index: usize, id: RuntimeId, sender: mpsc::Sender<Told>) {
    let mut last: Option<Last> = None;
    let mut before: Option<String> = None;
    let nearly = tells_nearly(&opened, &id);
    let mut repeated = Repeated::default();
    'containers: loop {
        let Some(row) = opened.row(&id) else {
            tell(&opened, index, Some("The runtime was deleted; its log ends here."));
            return;
        };
        let engine = match computes::engine(&opened.app, &row.compute) {
            Ok(engine) => engine,
            Err(problem) => {
                opened.stopped(index, &problem);
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        let container = row.container_id.clone();
        let is_other = before.as_ref().is_some_and(|before| *before != container);
        if is_other {
            last = None;
            let name = row.name.to_string();
            opened.change(|standing| {
                standing.notes.push(format!(
                    "{name} got another container while its log was open; the log of the new one follows."
                ));
            });
        }
        let problem = unreadable(engine.as_ref(), &container, row.name.as_str()).await;
        tell_problem(&opened, index, problem.clone());
        if problem.is_none() {
            tell(&opened, index, None);
            let tail = (!is_other || before.is_none()).then_some(TAIL);
            // Where the end of a log may be told wrongly, all that was written since is asked for instead.
            let mut onwards = last.filter(|_| nearly).and_then(|last| last.onwards());
            let asked = match &onwards {
                Some(onwards) => LogRequest { tail: None, follow: true, since: onwards.since() },
                None => LogRequest { tail, follow: true, since: 0 },
            };
            let mut batches = engine.log_batches(&container, asked).await;
            if let Some(known) = last.filter(|_| onwards.is_none()) {
                let new = known.new_lines(&mut batches).await;
                let new = match new {
                    Ok(New::Next(batch)) => Ok(batch),
                    Ok(New::After(batch)) => {
                        let leave_out = (!nearly).then_some(&mut repeated);
                        let lines = known.up_to(&batch);
                        let joined = match lines {
                            Some(between) => {
                                let told = (&sender, index);
                                missed(engine.as_ref(), &container, between, leave_out, told).await
                            }
                            None => false,
                        };
                        if !joined {
                            opened.change(|standing| {
                                standing.notes.push(format!(
                                    "While the log of {} could not be followed, more was written than could be read afterwards: lines may be missing.",
                                    row.name
                                ));
                            });
                        }
                        Ok(batch)
                    }
                    Err(error) => Err(error),
                };
                match new.map(|batch| if nearly { batch } else { repeated.leave_out(batch) }) {
                    Ok(batch) if batch.lines.is_empty() => {}
                    Ok(batch) => {
                        last = Last::of(&batch);
                        if sender.send((index, batch)).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => opened.stopped(index, &Opened::refused(&error)),
                }
            }
            let mut failed = None;
            let mut silence = SILENCE;
            loop {
                let batch = match timeout(silence, batches.next()).await {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(_)
                        if !nearly && goes_on(engine.as_ref(), &container, last.as_ref()).await =>
                    {
                        before = Some(container);
                        continue 'containers;
                    }
                    Err(_) => {
                        silence = (silence * 2).min(LONGEST_SILENCE);
                        continue;
                    }
                };
                silence = SILENCE;
                match batch {
                    Ok(batch) => {
                        let batch = match &mut onwards {
                            Some(onwards) => onwards.pick(&batch).0,
                            None if nearly => batch,
                            None => repeated.leave_out(batch),
                        };
                        if batch.lines.is_empty() {
                            continue;
                        }
                        last = Last::of(&batch).or(last);
                        if sender.send((index, batch)).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => failed = Some(error),
                }
            }
            match failed {
                Some(
                    EngineError::NotSupported(words) | EngineError::Refused { message: words, .. },
                ) => {
                    let driver = driver(engine.as_ref(), &container).await;
                    let podman = engine.facts().is_podman;
                    let finding = cannot_be_read(row.name.as_str(), &driver, podman);
                    tell_problem(&opened, index, Some(Problem::found(finding).details(words)));
                }
                Some(error) => opened.stopped(index, &Opened::refused(&error)),
                None => tell(&opened, index, Some("The container ended; its log ends here.")),
            }
        }
        before = Some(container.clone());
        if !runs_again(&opened, &id, &container, row.started).await {
            tell(&opened, index, Some("The runtime was deleted; its log ends here."));
            return;
        }
    }
}

/// Gives lines that were written while nobody followed; `false` = they do not join with what comes next.
async fn missed(
    engine: &dyn Engine,
    container: &str,
    mut between: Between,
    mut leave_out: Option<&mut Repeated>,
    (sender, index): (&mpsc::Sender<Told>, usize),
) -> bool {
    let asked = LogRequest { tail: None, follow: false, since: between.since() };
    let mut batches = engine.log_batches(container, asked).await;
    while let Some(Ok(batch)) = batches.next().await {
        let (lines, met) = between.pick(&batch);
        let lines = match &mut leave_out {
            Some(repeated) => repeated.leave_out(lines),
            None => lines,
        };
        let sent = lines.lines.is_empty() || sender.send((index, lines)).await.is_ok();
        if met || !sent {
            return true;
        }
    }
    false
}

/// Whether a log has lines behind the last one that was read.
async fn goes_on(engine: &dyn Engine, container: &str, last: Option<&Last>) -> bool {
    let asked = LogRequest { tail: Some(1), follow: false, since: 0 };
    let newest = engine.log_batches(container, asked).await.next().await;
    newest.is_some_and(|newest| newest.is_ok_and(|newest| !Last::is_end_of(last, &newest)))
}

/// Waits until a container has been started anew, or there is another one; `false` = the runtime is gone.
async fn runs_again(
    opened: &Opened,
    id: &RuntimeId,
    container: &str,
    started: Option<jiff::Timestamp>,
) -> bool {
    let since = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(row) = opened.row(id) else { return false };
        let is_other = row.container_id != container;
        let again = row.started.is_some() && (row.started != started || since.elapsed() >= AGAIN);
        if is_other || again {
            return true;
        }
    }
}

fn tell(opened: &Opened, index: usize, ended: Option<&str>) {
    opened.change(|standing| {
        if let Some(source) = standing.sources.get_mut(index) {
            source.following = ended.is_none();
            source.ended = ended.map(str::to_owned);
        }
    });
}

fn tell_problem(opened: &Opened, index: usize, problem: Option<Problem>) {
    opened.change(|standing| {
        if let Some(source) = standing.sources.get_mut(index) {
            source.following = problem.is_none();
            source.problem = problem.map(Box::new);
        }
        standing.whole |= standing.sources.iter().all(|source| source.problem.is_some());
    });
}

/// Why a container's log cannot be read, as far as its configuration tells.
async fn unreadable(engine: &dyn Engine, container: &str, name: &str) -> Option<Problem> {
    let driver = driver(engine, container).await;
    (driver == "none")
        .then(|| Problem::found(cannot_be_read(name, &driver, engine.facts().is_podman)))
}

/// The log driver of a container; empty = not known.
async fn driver(engine: &dyn Engine, container: &str) -> String {
    let Ok(container) = engine.inspect(container).await else { return String::new() };
    let driver = container.raw.pointer("/HostConfig/LogConfig/Type");
    driver.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Whether nobody has the log open any more.
pub(super) fn is_closed(opened: &Opened) -> bool {
    opened.closed.load(Ordering::Relaxed)
}
