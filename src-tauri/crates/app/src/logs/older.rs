//! Everything that a container wrote before what was first shown of it.

use std::{io, ops::ControlFlow, sync::Arc};

use domain::{finding::Problem, runtime::RuntimeId};
use engine::{BatchLine, Engine, EngineError, LogBatch, LogRequest, LogSource};
use futures_util::StreamExt as _;
use spool::Part;
use tokio::sync::mpsc;

use super::{
    container::{TAIL, is_closed},
    meeting::{Held, Meeting},
    mend::Mended,
    merge::Start,
    open::{Opened, joined, of_disk},
    store::{Counts, Feeder},
    writer::nanoseconds,
};
use crate::{computes, context::lock};

/// Older lines of one container.
pub(super) struct Older {
    pub part: Part,
    pub counts: Counts,
    pub feeder: Feeder,
    /// Lines that were first shown and are told otherwise now.
    pub mended: Vec<Mended>,
    /// Lines that were read.
    read: u64,
}

/// How often a log is read that breaks off.
const TRIES: u32 = 2;

/// Reads them; `None` = there are none.
pub(super) async fn read(
    opened: &Arc<Opened>,
    index: usize,
    id: &RuntimeId,
    start: Start,
) -> Result<Option<Older>, Problem> {
    let Some(row) = opened.row(id) else { return Ok(None) };
    let engine = computes::engine(&opened.app, &row.compute)?;
    // Nothing was there at first, or it came late: what is followed begins with as many lines from the end.
    if start.prints.is_empty() && is_short(engine.as_ref(), &row.container_id).await? {
        return Ok(None);
    }
    let start = Arc::new(start);
    let mut tries = 1;
    loop {
        let Once { taken, met, failed } =
            once(opened, index, engine.as_ref(), &row.container_id, &start).await?;
        if met {
            return Ok(taken);
        }
        if tries < TRIES {
            // A connection that breaks off looks like the end of a log.
            tries += 1;
            let lines = taken.map_or(0, |taken| taken.read);
            opened.change(|standing| standing.reading = standing.reading.saturating_sub(lines));
            continue;
        }
        if let Some(error) = failed {
            return Err(Opened::refused(&error));
        }
        opened.change(|standing| {
            standing.notes.push(
                "The engine threw lines away or stopped before the end while the log was read: between the older and the newer lines some may be missing or stand twice."
                    .into(),
            );
        });
        return Ok(taken);
    }
}

/// What one reading gave.
struct Once {
    taken: Option<Older>,
    /// It came to the lines that were first shown, or nobody wants it any more.
    met: bool,
    failed: Option<EngineError>,
}

/// Reads them once.
async fn once(
    opened: &Arc<Opened>,
    index: usize,
    engine: &dyn Engine,
    container: &str,
    start: &Arc<Start>,
) -> Result<Once, Problem> {
    let asked = LogRequest { tail: None, follow: false, since: 0 };
    let mut batches = engine.log_batches(container, asked).await;
    let (sender, receiver) = mpsc::channel::<LogBatch>(16);
    let thread = {
        let (opened, start) = (opened.clone(), start.clone());
        tokio::task::spawn_blocking(move || take(&opened, index, &start, receiver))
    };
    let mut failed = None;
    while let Some(batch) = batches.next().await {
        match batch {
            // Nobody takes it any more: what was first shown has been met.
            Ok(batch) => {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Err(error) => failed = Some(error),
        }
    }
    drop((sender, batches));
    let (taken, met) = joined(thread.await)?.map_err(|error| of_disk(&error))?;
    Ok(Once { taken, met: met && failed.is_none(), failed })
}

/// Whether a log has no more lines than those that are followed begin with.
async fn is_short(engine: &dyn Engine, container: &str) -> Result<bool, Problem> {
    let asked = LogRequest { tail: Some(TAIL + 1), follow: false, since: 0 };
    let mut batches = engine.log_batches(container, asked).await;
    let mut lines = 0;
    while let Some(batch) = batches.next().await {
        lines += batch.map_err(|error| Opened::refused(&error))?.lines.len();
    }
    Ok(lines <= TAIL as usize)
}

/// Takes lines until those come that were first shown.
fn take(
    opened: &Opened,
    index: usize,
    start: &Start,
    mut receiver: mpsc::Receiver<LogBatch>,
) -> io::Result<(Option<Older>, bool)> {
    let mut taking = Taking {
        opened,
        part: Part::create(&opened.store.folder)?,
        counts: Counts::default(),
        feeder: Feeder::new(u8::try_from(index).unwrap_or(0)),
        meeting: Meeting::new(&start.prints, start.nearly),
        first: None,
    };
    let (mut met, mut read) = (false, 0);
    while let Some(batch) = receiver.blocking_recv() {
        if is_closed(opened) {
            return Ok((None, true));
        }
        if taking.batch(&batch)? {
            met = true;
            break;
        }
        let lines = batch.lines.len() as u64;
        read += lines;
        opened.change(|standing| standing.reading += lines);
    }
    drop(receiver);
    if !met {
        let (before, at_end) = taking.meeting.end();
        taking.add_held(before)?;
        met = at_end;
    }
    if !met && taking.follows_shown()? {
        // The engine has thrown away the oldest ones of those that were shown, and all before.
        taking.part = Part::create(&opened.store.folder)?;
        taking.counts = Counts::default();
        taking.meeting = Meeting::new(&[], false);
        met = true;
    }
    let Taking { meeting, .. } = &mut taking;
    let held = std::mem::replace(meeting, Meeting::new(&[], false)).into_held();
    let mut mended = Vec::new();
    if met && start.nearly && !held.is_empty() {
        // Those lines are told by the whole log.
        let before = start.lines_before();
        let mut held = held;
        let shown = held.split_off(before.min(held.len()));
        taking.add_held(held)?;
        // And the one behind them: its first part may stand with the last one that was shown.
        let shown_first = start.prints.len().saturating_sub(before) + 1;
        for (nth, (print, _, text)) in shown.into_iter().take(shown_first).enumerate() {
            if start.prints.get(before + nth).is_none_or(|told| print != *told) {
                mended.push(Mended { source: taking.feeder.source(), nth, text });
            }
        }
    } else {
        if !met {
            taking.add_held(held)?;
        }
        for batch in &start.before {
            taking.add(batch)?;
        }
    }
    taking.part.flush()?;
    let Taking { part, counts, feeder, .. } = taking;
    Ok((Some(Older { part, counts, feeder, mended, read }), met))
}

struct Taking<'a> {
    opened: &'a Opened,
    part: Part,
    counts: Counts,
    feeder: Feeder,
    /// Looks for the lines that were shown first.
    meeting: Meeting<'a>,
    /// The very first line.
    first: Option<(BatchLine, Vec<u8>)>,
}

impl Taking<'_> {
    /// Takes lines; `true` = those that were shown first have come.
    fn batch(&mut self, batch: &LogBatch) -> io::Result<bool> {
        if self.first.is_none() {
            self.first = batch.iter().next().map(|(line, text)| (*line, text.to_vec()));
        }
        let mut plain = LogBatch::default();
        for (line, text) in batch.iter() {
            if self.meeting.is_before(line) {
                plain.push(line.source, line.time, text);
                continue;
            }
            let (before, met) = self.meeting.take(line, text);
            for (_, line, text) in before {
                plain.push(line.source, line.time, &text);
            }
            if met {
                self.add(&plain)?;
                return Ok(true);
            }
        }
        self.add(&plain)?;
        Ok(false)
    }

    /// Whether the first of these lines is one of those that are shown.
    fn follows_shown(&self) -> io::Result<bool> {
        let Some((first, text)) = &self.first else { return Ok(true) };
        let time = first.time.and_then(nanoseconds);
        let tail = &self.opened.store.tail;
        let mut candidates = Vec::new();
        tail.go_through(0..tail.lines(), false, |block| {
            candidates.extend(
                (block.first..).zip(block.lines).filter(|(_, l)| l.time == time).map(|(n, _)| n),
            );
            if candidates.len() > 1000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        for number in candidates {
            let mut clean = Vec::new();
            domain::log::clean(text, &mut clean);
            if tail.text(number, 0, clean.len() + 1)?.0 == clean {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn add_held(&mut self, lines: Vec<Held>) -> io::Result<()> {
        let mut batch = LogBatch::default();
        for (_, line, text) in lines {
            batch.push(line.source, line.time, &text);
        }
        self.add(&batch)
    }

    fn add(&mut self, batch: &LogBatch) -> io::Result<()> {
        let mut names = lock(&self.opened.store.names);
        for (line, text) in batch.iter() {
            let time = line.time.and_then(nanoseconds);
            let error = line.source == LogSource::Error;
            self.feeder.add((&self.part, &mut self.counts), &mut names, time, error, text)?;
        }
        Ok(())
    }
}
