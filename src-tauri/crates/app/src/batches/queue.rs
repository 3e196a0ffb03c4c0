//! Rows that wait for their turn, for all runtimes of a batch run.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use ::flows::{DataError, RowStream};
use domain::batch::{DataRow, Finished};
use tokio::sync::Notify;

use crate::context::lock;

/// Whether a row may have been the cause when its runtime ended. It takes more care each time, until it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    None,
    /// Its runtime ended while the service had it, and more rows than it has processes: whether it ran is not
    /// known. No row waits beside it the next time.
    Few,
    /// Its runtime ended while it ran beside few others. It runs alone.
    Alone,
}

/// A row that was handed out.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub row: DataRow,
    pub care: Care,
    /// How often its runtime ended while it ran alone.
    pub lost_alone: u32,
    /// How often its process ended from outside while it ran.
    pub tried: u32,
}

/// Rows of a file that have no result, handed out one after the other. A row is held by exactly one at a
/// time: it is taken with [`Rows::next`], and then either done or given back.
pub(super) struct Rows {
    source: tokio::sync::Mutex<Option<RowStream>>,
    /// Why no further row can be read: everyone is told, so that nobody takes it for the end.
    broken: Mutex<Option<DataError>>,
    finished: Finished,
    back: Mutex<VecDeque<Item>>,
    /// Handed out, neither done nor given back.
    open: AtomicUsize,
    changed: Notify,
}

impl Rows {
    /// All rows of the stream but those that are finished.
    pub fn new(stream: RowStream, finished: Finished) -> Self {
        Self {
            source: tokio::sync::Mutex::new(Some(stream)),
            broken: Mutex::default(),
            finished,
            back: Mutex::default(),
            open: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// The next row; those that were given back come first. `None` = every row is done. While others still
    /// hold some it waits: one of those may be given back.
    pub async fn next(&self) -> Result<Option<Item>, DataError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(item) = self.take_back() {
                return Ok(Some(item));
            }
            if let Some(row) = self.read().await? {
                return Ok(Some(Item { row, care: Care::None, lost_alone: 0, tried: 0 }));
            }
            if self.open.load(Ordering::SeqCst) == 0 && lock(&self.back).is_empty() {
                self.changed.notify_waiters();
                return Ok(None);
            }
            changed.await;
        }
    }

    fn take_back(&self) -> Option<Item> {
        let mut back = lock(&self.back);
        let item = back.pop_front()?;
        self.open.fetch_add(1, Ordering::SeqCst);
        Some(item)
    }

    /// The next row of the file that has no result. Once the file is at its end it is not read again.
    async fn read(&self) -> Result<Option<DataRow>, DataError> {
        let mut source = self.source.lock().await;
        if let Some(error) = lock(&self.broken).clone() {
            return Err(error);
        }
        while let Some(stream) = source.as_mut() {
            match stream.next().await {
                Some(Ok(row)) if self.finished.has(row.number) => {}
                Some(Ok(row)) => {
                    self.open.fetch_add(1, Ordering::SeqCst);
                    return Ok(Some(row));
                }
                Some(Err(error)) => {
                    *lock(&self.broken) = Some(error.clone());
                    return Err(error);
                }
                None => *source = None,
            }
        }
        Ok(None)
    }

    /// A row has its result.
    pub fn done(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// A row has no result and runs again.
    pub fn give_back(&self, item: Item) {
        let mut back = lock(&self.back);
        back.push_back(item);
        self.open.fetch_sub(1, Ordering::SeqCst);
        drop(back);
        self.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::flows::DataFile;

    use super::*;

    async fn rows(finished: &[u32]) -> Rows {
        let file = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("file");
        std::fs::write(file.path(), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n").expect("written");
        let data = DataFile::open(file.path()).await.expect("opened");
        let rows = Rows::new(data.rows(None), finished.iter().copied().collect());
        // The stream holds the file open.
        let first = rows.next().await.expect("read").expect("a row");
        rows.give_back(first);
        rows
    }

    async fn number(rows: &Rows) -> Option<u32> {
        let next = tokio::time::timeout(Duration::from_secs(5), rows.next()).await;
        next.expect("it waits").expect("read").map(|item| item.row.number)
    }

    #[tokio::test]
    async fn finished_rows_are_left_out_and_each_other_comes_once() {
        let rows = rows(&[1]).await;
        assert_eq!(number(&rows).await, Some(0));
        rows.done();
        assert_eq!(number(&rows).await, Some(2));
        rows.done();
        assert_eq!(number(&rows).await, None);
        assert_eq!(number(&rows).await, None);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_told_to_everyone_and_is_no_end() {
        let file = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("file");
        std::fs::write(file.path(), "{\"n\":0}\n").expect("written");
        let data = DataFile::open(file.path()).await.expect("opened");
        drop(file);
        let rows = Rows::new(data.rows(None), Finished::default());
        for _ in 0..2 {
            let told = rows.next().await;
            assert!(matches!(told, Err(DataError::NotThere(_))), "{told:?}");
        }
    }

    #[tokio::test]
    async fn nobody_is_told_the_end_while_a_row_may_come_back() {
        let rows = rows(&[0, 2]).await;
        let held = rows.next().await.expect("read").expect("a row");
        let early = tokio::time::timeout(Duration::from_millis(50), rows.next()).await;
        assert!(early.is_err(), "{early:?}");
        let (came, ()) = tokio::join!(rows.next(), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            rows.give_back(Item { care: Care::Alone, ..held });
        });
        let came = came.expect("read").expect("the row again");
        assert_eq!((came.row.number, came.care), (1, Care::Alone));
        let (came, ()) = tokio::join!(rows.next(), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            rows.done();
        });
        assert!(came.expect("read").is_none());
    }
}
