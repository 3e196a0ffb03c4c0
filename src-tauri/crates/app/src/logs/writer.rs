//! Puts lines at the end of an open log, on a thread of its own.

use std::{io, sync::Arc};

use domain::finding::Problem;
use engine::{LogBatch, LogSource};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    merge,
    open::{Opened, joined, of_disk},
    store::{Counts, Feeder},
};
use crate::context::lock;

/// What there is to do.
pub(super) enum Write {
    /// Lines of one source, or of several that are to be put in order.
    Lines(Vec<(usize, LogBatch)>),
    /// What was learnt from older lines.
    Learn(Vec<Feeder>),
}

pub(super) struct Writer {
    sender: mpsc::Sender<Write>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writer {
    pub fn start(opened: &Arc<Opened>, sources: usize) -> Self {
        let (sender, mut receiver) = mpsc::channel(16);
        let opened = opened.clone();
        let thread = tokio::task::spawn_blocking(move || {
            let mut feeders: Vec<Feeder> =
                (0..sources).map(|source| Feeder::new(u8::try_from(source).unwrap_or(0))).collect();
            while let Some(write) = receiver.blocking_recv() {
                match write {
                    Write::Lines(group) => {
                        add(&opened, &mut feeders, &group)?;
                        opened.stirred.notify_one();
                    }
                    Write::Learn(others) => {
                        for other in others {
                            if let Some(feeder) = feeders.get_mut(other.source()) {
                                feeder.learn(&other);
                            }
                        }
                    }
                }
            }
            Ok(())
        });
        Self { sender, thread }
    }

    /// `false` = it cannot write any more.
    pub async fn write(&self, write: Write) -> bool {
        self.sender.send(write).await.is_ok()
    }

    pub fn sender(&self) -> mpsc::Sender<Write> {
        self.sender.clone()
    }

    /// Waits until everything is written.
    pub async fn end(self) -> Result<(), Problem> {
        drop(self.sender);
        joined(self.thread.await)?.map_err(|error| of_disk(&error))
    }
}

fn add(opened: &Opened, feeders: &mut [Feeder], group: &[(usize, LogBatch)]) -> io::Result<()> {
    let store = &opened.store;
    let mut counts = Counts::default();
    let part = &store.tail;
    {
        let mut names = lock(&store.names);
        for (source, line, text) in merge::in_order(group) {
            let time = line.time.and_then(nanoseconds);
            let error = line.source == LogSource::Error;
            feeders[source].add((part, &mut counts), &mut names, time, error, text)?;
        }
    }
    part.flush()?;
    lock(&store.counts).merge(&counts);
    Ok(())
}

pub(super) fn nanoseconds(time: jiff::Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}
