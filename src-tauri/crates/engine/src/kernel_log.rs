//! The log of this machine's kernel: whom it ended for memory. Podman 4 does not tell it of its containers.
//!
//! The kernel writes a line `oom-kill:…,oom_memcg=…,task_memcg=…,task=…,pid=…` (`mm/oom_kill.c`) with the control groups'
//! paths, which hold the container's id. It is read from `/dev/kmsg` (`Documentation/ABI/testing/dev-kmsg`), or from
//! the journal where this user may read only that.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    time::Duration,
};

use jiff::Timestamp;
use rustix::{fs::OFlags, time::ClockId};
use tokio::{process::Command, time::timeout};

/// A container counts as ended by what the kernel did so shortly before or after, in seconds.
const NEAR: i64 = 15;
/// How long the journal may take.
const JOURNAL_LIMIT: Duration = Duration::from_secs(2);
/// The longest record, in bytes: a read of the device takes one whole record.
const RECORD: usize = 8192;
/// More records than any kernel keeps.
const RECORDS: usize = 200_000;

/// The kernel's line about a container that ended at this time; `None` = it says nothing of it, or may not be read.
pub async fn ended_for_memory(container: &str, ended: Timestamp) -> Option<String> {
    let id = container.to_owned();
    let read = tokio::task::spawn_blocking(move || of_device(&id, ended)).await.ok()?;
    match read {
        Ok(line) => line,
        Err(_) => of_journal(container, ended).await,
    }
}

fn of_device(container: &str, ended: Timestamp) -> std::io::Result<Option<String>> {
    let device = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open("/dev/kmsg")?;
    let since_start = rustix::time::clock_gettime(ClockId::Monotonic).tv_sec;
    last_of(device, container, |seconds| {
        let at = Timestamp::now().as_second() - (since_start - seconds);
        (at - ended.as_second()).abs() <= NEAR
    })
}

fn last_of(
    mut device: File,
    container: &str,
    is_near: impl Fn(i64) -> bool,
) -> std::io::Result<Option<String>> {
    let mut last = None;
    let mut record = vec![0; RECORD];
    for _ in 0..RECORDS {
        match device.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let text = String::from_utf8_lossy(&record[..length]);
                let told = record_of(&text).filter(|(seconds, _)| is_near(*seconds));
                let line = told.and_then(|(_, line)| about(line, container));
                last = line.map(str::to_owned).or(last);
            }
            // All has been read.
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // Records were overwritten while they were read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(last)
}

/// Seconds since the machine's start and the message of a record `6,339,5140900,-;message`.
fn record_of(record: &str) -> Option<(i64, &str)> {
    let (head, message) = record.split_once(';')?;
    let microseconds: i64 = head.split(',').nth(2)?.parse().ok()?;
    Some((microseconds / 1_000_000, message.lines().next()?))
}

/// The line when it says that a process of this container was ended.
fn about<'a>(line: &'a str, container: &str) -> Option<&'a str> {
    let told = &line[line.find("oom-kill:")?..];
    (!container.is_empty() && told.contains(container)).then_some(told)
}

async fn of_journal(container: &str, ended: Timestamp) -> Option<String> {
    let (from, to) = (ended.as_second() - NEAR, ended.as_second() + NEAR);
    let mut asking = Command::new("journalctl");
    asking
        .args(["--dmesg", "--output=cat", "--no-pager", "--quiet"])
        .args([format!("--since=@{from}"), format!("--until=@{to}")])
        .kill_on_drop(true);
    let told = timeout(JOURNAL_LIMIT, asking.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&told.stdout);
    text.lines().rev().find_map(|line| about(line, container)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=libpod-10fb,mems_allowed=0,oom_memcg=/libpod_parent/libpod-10fb,task_memcg=/libpod_parent/libpod-10fb,task=python,pid=3689,uid=10001";

    #[test]
    fn records_are_read_in_their_form() {
        let record = format!("6,339,16834566538,-;{LINE}\n SUBSYSTEM=x\n");
        assert_eq!(record_of(&record), Some((16_834, LINE)));
        assert_eq!(record_of("no record"), None);
        assert_eq!(record_of("6,339,x,-;words"), None);
    }

    #[test]
    fn only_the_containers_own_line_counts() {
        assert_eq!(about(LINE, "10fb"), Some(LINE));
        assert_eq!(about(LINE, "20aa"), None);
        assert_eq!(about(LINE, ""), None);
        assert_eq!(about("python invoked oom-killer in 10fb", "10fb"), None);
        let in_journal = format!("kernel: {LINE}");
        assert_eq!(about(&in_journal, "10fb"), Some(LINE));
    }

    #[test]
    fn the_last_line_near_the_end_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kmsg");
        let record = |seconds: i64| format!("6,1,{},-;{LINE} at {seconds}\n", seconds * 1_000_000);
        // A file gives all its records in one read: the device gives one.
        for (seconds, found) in [(100, true), (50, false)] {
            std::fs::write(&path, record(seconds)).expect("written");
            let file = File::open(&path).expect("opened");
            let last = last_of(file, "10fb", |at| (at - 100).abs() <= NEAR).expect("read");
            assert_eq!(last.is_some(), found, "{seconds}");
        }
    }
}
