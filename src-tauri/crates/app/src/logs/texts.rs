//! Logs that are texts: files of this machine, builds, runs of flows.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use domain::{finding::Problem, flow::FlowRunId, operation::OperationId};
use spool::Part;
use tokio::sync::mpsc;

use super::{
    container::is_closed,
    open::Opened,
    store::{Counts, Feeder},
};
use crate::{context::lock, flows, operations};

/// A longer file is shown from its end first. Bytes.
const LONG: u64 = 1024 * 1024;
/// How much of its end.
const END: u64 = 256 * 1024;
/// What is read together.
const TOGETHER: usize = 1024 * 1024;
/// A longer line is cut. Bytes.
const LONGEST: usize = 32 * 1024 * 1024;

/// Lines of a text that comes in pieces.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Tells each line that is complete.
    fn take(
        &mut self,
        piece: &[u8],
        mut tell: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut piece = piece;
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at(end);
            if self.rest.is_empty() {
                tell(line.strip_suffix(b"\r").unwrap_or(line))?;
            } else {
                self.keep(line);
                let whole = std::mem::take(&mut self.rest);
                tell(whole.strip_suffix(b"\r").unwrap_or(&whole))?;
            }
            piece = &rest[1..];
        }
        self.keep(piece);
        Ok(())
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LONGEST.saturating_sub(self.rest.len());
        self.rest.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// What has no line end is a line all the same.
    fn finish(self, mut tell: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.rest.is_empty() { Ok(()) } else { tell(&self.rest) }
    }
}

/// A file of this machine, as it is now.
pub(super) async fn file(opened: &Arc<Opened>, path: &str) -> Result<(), Problem> {
    let path = std::path::PathBuf::from(path);
    let read = opened.blocking(move |opened| {
        let file = File::open(&path)?;
        read_file(opened, file)
    });
    read.await?;
    end(opened, "The file ends here.");
    Ok(())
}

fn end(opened: &Opened, sentence: &str) {
    opened.change(|standing| {
        standing.whole = true;
        for source in &mut standing.sources {
            source.following = false;
            source.ended = Some(sentence.to_owned());
        }
    });
}

fn read_file(opened: &Opened, mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let store = &opened.store;
    let mut from = 0;
    if length > LONG {
        file.seek(SeekFrom::Start(length - END))?;
        let mut end = Vec::new();
        (&mut file).take(END).read_to_end(&mut end)?;
        // A line that is longer than this comes with the older ones.
        let begin = end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1);
        from = length - END + begin as u64;
    }
    file.seek(SeekFrom::Start(from))?;
    let mut counts = Counts::default();
    feed(opened, &mut file, length - from, &store.tail, &mut counts)?;
    lock(&store.counts).merge(&counts);
    opened.stirred.notify_one();
    if from > 0 {
        file.seek(SeekFrom::Start(0))?;
        let part = Part::create(&store.folder)?;
        let mut counts = Counts::default();
        let feeder = feed(opened, &mut file, from, &part, &mut counts)?;
        if !is_closed(opened) {
            opened.join(part, &counts, vec![feeder], &[])?;
        }
    }
    Ok(())
}

/// Puts so many bytes of a file into a part.
fn feed(
    opened: &Opened,
    file: &mut File,
    bytes: u64,
    part: &Part,
    counts: &mut Counts,
) -> io::Result<Feeder> {
    let mut feeder = Feeder::new(0);
    let mut lines = Lines::default();
    let mut piece = vec![0; TOGETHER];
    let mut left = bytes;
    let names = &opened.store.names;
    while left > 0 && !is_closed(opened) {
        let wanted = usize::try_from(left).unwrap_or(TOGETHER).min(TOGETHER);
        let read = file.read(&mut piece[..wanted])?;
        if read == 0 {
            break;
        }
        left -= read as u64;
        let before = part.lines();
        let mut names = lock(names);
        lines.take(&piece[..read], |line| {
            feeder.add((part, counts), &mut names, None, false, line)
        })?;
        drop(names);
        part.flush()?;
        let lines = part.lines() - before;
        opened.change(|standing| standing.reading += lines);
    }
    lines.finish(|line| feeder.add((part, counts), &mut lock(names), None, false, line))?;
    part.flush()?;
    Ok(feeder)
}

/// The log of a build, while it grows and after it ended.
pub(super) async fn build(opened: &Arc<Opened>, operation: &OperationId) -> Result<(), Problem> {
    let (sender, receiver) = mpsc::channel(16);
    let taking = take(opened, receiver);
    let telling = operations::build_log_pieces(&opened.app, operation, sender);
    let (there, taken) = tokio::join!(telling, taking);
    taken?;
    end(
        opened,
        if there { "The build ended; its log ends here." } else { "No log is kept of this build." },
    );
    Ok(())
}

/// The log of a run, while it grows and after it ended.
pub(super) async fn flow_run(opened: &Arc<Opened>, run: &FlowRunId) -> Result<(), Problem> {
    let (sender, receiver) = mpsc::channel(16);
    let taking = take(opened, receiver);
    let telling = flows::log_pieces(&opened.app, run, sender);
    let (told, taken) = tokio::join!(telling, taking);
    taken.and(told)?;
    end(opened, "The run ended; its log ends here.");
    Ok(())
}

/// A piece of a log: its text, and whether each line begins with the time when it was written.
pub(crate) struct LogText {
    pub text: Vec<u8>,
    pub times: bool,
}

/// Takes pieces of a text until there are no more.
async fn take(opened: &Arc<Opened>, mut receiver: mpsc::Receiver<LogText>) -> Result<(), Problem> {
    opened.change(|standing| standing.whole = true);
    opened
        .blocking(move |opened| {
            let (mut lines, mut feeder) = (Lines::default(), Feeder::new(0));
            let store = &opened.store;
            let mut times = false;
            let mut counts = Counts::default();
            let mut add = |line: &[u8], times: bool, counts: &mut Counts| {
                let (time, line) = if times { time_of(line) } else { (None, line) };
                let mut names = lock(&store.names);
                feeder.add((&store.tail, counts), &mut names, time, false, line)
            };
            while let Some(piece) = receiver.blocking_recv() {
                times = piece.times;
                lines.take(&piece.text, |line| add(line, times, &mut counts))?;
                store.tail.flush()?;
                lock(&store.counts).merge(&std::mem::take(&mut counts));
                opened.stirred.notify_one();
            }
            lines.finish(|line| add(line, times, &mut counts))?;
            store.tail.flush()?;
            lock(&store.counts).merge(&counts);
            Ok(())
        })
        .await
}

/// The time in front of a line of a build.
fn time_of(line: &[u8]) -> (Option<i64>, &[u8]) {
    let time = line.iter().take(40).position(|byte| *byte == b' ').and_then(|end| {
        let time: jiff::Timestamp = std::str::from_utf8(&line[..end]).ok()?.parse().ok()?;
        Some((i64::try_from(time.as_nanosecond()).ok()?, end))
    });
    match time {
        Some((time, end)) => (Some(time), &line[end + 1..]),
        None => (None, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_matter_where_a_text_is_cut() {
        let text = b"one\r\n\ntwo\nthree";
        for size in 1..text.len() {
            let (mut lines, mut told) = (Lines::default(), Vec::new());
            for piece in text.chunks(size) {
                lines
                    .take(piece, |line| {
                        told.push(line.to_vec());
                        Ok(())
                    })
                    .expect("take");
            }
            lines
                .finish(|line| {
                    told.push(line.to_vec());
                    Ok(())
                })
                .expect("finish");
            assert_eq!(told, [&b"one"[..], b"", b"two", b"three"], "{size}");
        }
    }
}
