use std::{ops::ControlFlow, path::Path};

use domain::log::{LogLevel, Mark};

use super::*;

fn part() -> (tempfile::TempDir, Part) {
    let folder = tempfile::tempdir().expect("folder");
    let part = Part::create(&folder.path().join("open")).expect("part");
    (folder, part)
}

fn line<'a>(text: &'a str, written: Option<&'a str>, row: u32) -> NewLine<'a> {
    NewLine {
        time: row.is_multiple_of(2).then(|| -i64::from(row)),
        mark: Mark { row: Some(row), ..Mark::PLAIN },
        text: text.as_bytes(),
        written: written.map(str::as_bytes),
    }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("folder").count()
}

#[test]
fn lines_are_read_as_they_were_added() {
    let (_folder, part) = part();
    part.push(line("one", None, 0)).expect("push");
    part.push(line("", Some("\u{1b}[m"), 1)).expect("push");
    assert_eq!((part.lines(), part.bytes()), (0, 0));
    part.flush().expect("flush");
    part.push(line("three", Some("\u{1b}[1mthree"), 2)).expect("push");
    part.flush().expect("flush");
    assert_eq!((part.lines(), part.bytes()), (3, 11));
    let records = part.records(0, 100).expect("records");
    let told: Vec<_> = records.iter().map(|line| (line.time, line.mark.row)).collect();
    assert_eq!(told, [(Some(0), Some(0)), (None, Some(1)), (Some(-2), Some(2))]);
    let text = |number, from, most| part.text(number, from, most).expect("text");
    assert_eq!(text(0, 0, 100), (b"one".to_vec(), 3));
    assert_eq!(text(1, 0, 100), (vec![], 0));
    assert_eq!(text(2, 2, 2), (b"re".to_vec(), 5));
    assert_eq!(text(2, 9, 2), (vec![], 5));
    let written: Vec<_> =
        records.iter().map(|line| part.written(line, 100).expect("written")).collect();
    assert_eq!(written, [None, Some(b"\x1b[m".to_vec()), Some(b"\x1b[1mthree".to_vec())]);
    assert!(part.text(3, 0, 1).is_err() && part.mark(3, Mark::PLAIN).is_err());
    assert!(part.records(7, 2).expect("none").is_empty());
}

#[test]
fn a_mark_can_be_changed() {
    let (_folder, part) = part();
    for row in 0..3 {
        part.push(line("x", None, row)).expect("push");
    }
    part.flush().expect("flush");
    part.mark(1, Mark { level: LogLevel::Error, ..Mark::PLAIN }).expect("mark");
    let levels: Vec<_> =
        part.records(0, 3).expect("records").iter().map(|line| line.mark.level).collect();
    assert_eq!(levels, [LogLevel::None, LogLevel::Error, LogLevel::None]);
}

#[test]
fn all_lines_are_gone_through_however_long_they_are() {
    let (_folder, part) = part();
    let lengths: Vec<usize> = (0..40_000)
        .map(|line| match line {
            1000 => 3_000_000,
            1001 => 1024 * 1024,
            39_999 => 2_000_000,
            _ => line % 120,
        })
        .collect();
    for length in &lengths {
        part.push(line(&"x".repeat(*length), None, 0)).expect("push");
    }
    part.flush().expect("flush");
    for text in [true, false] {
        let mut seen = Vec::new();
        part.go_through(0..u64::MAX, text, |block| {
            assert_eq!(block.first, seen.len() as u64);
            for index in 0..block.lines.len() {
                if text {
                    let range = block.range(index);
                    assert_eq!(block.text[range.end], b'\n');
                    assert_eq!(block.line_at(range.start), index);
                    assert_eq!(block.line_at(range.end), index);
                    seen.push(range.len());
                } else {
                    seen.push(lengths[seen.len()]);
                }
            }
            ControlFlow::Continue(())
        })
        .expect("read");
        assert_eq!(seen, lengths);
    }
    let mut some = Vec::new();
    part.go_through(999..1002, true, |block| {
        some.extend((0..block.lines.len()).map(|index| block.range(index).len()));
        ControlFlow::Continue(())
    })
    .expect("read");
    assert_eq!(some, [999 % 120, 3_000_000, 1024 * 1024]);
}

#[test]
fn readers_see_whole_lines_while_others_are_added() {
    let (_folder, part) = part();
    let text = |number: u64| format!("line {number} {}", "y".repeat((number % 90) as usize));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..30_000 {
                part.push(line(&text(number), None, 0)).expect("push");
                if number % 7 == 0 {
                    part.flush().expect("flush");
                }
            }
            part.flush().expect("flush");
        });
        while part.lines() < 30_000 {
            let last = part.lines().saturating_sub(1);
            if part.lines() > 0 {
                assert_eq!(part.text(last, 0, 1000).expect("text").0, text(last).into_bytes());
            }
            let mut number = last.saturating_sub(50);
            part.go_through(number..u64::MAX, true, |block| {
                for index in 0..block.lines.len() {
                    assert_eq!(&block.text[block.range(index)], text(number).as_bytes());
                    number += 1;
                }
                ControlFlow::Continue(())
            })
            .expect("read");
        }
    });
}

#[test]
fn nothing_is_left_on_disk_and_nobody_else_sees_it() {
    let (folder, part) = part();
    part.push(line("secret", None, 0)).expect("push");
    part.flush().expect("flush");
    assert_eq!(files(&folder.path().join("open")), 0);
}

#[test]
fn lines_are_told_anew_when_they_are_as_long_together() {
    let (_folder, part) = part();
    for (number, text) in ["one", "twothr", "ee", "four"].into_iter().enumerate() {
        let number = u32::try_from(number).expect("few");
        part.push(line(text, (number == 2).then_some("\u{1b}[mee"), number)).expect("push");
    }
    // Lines that are not on disk yet can be told anew as well.
    assert!(!part.retell(1, &[(b"two", None), (b"thre", None)]).expect("retell"));
    assert!(!part.retell(3, &[(b"four", None), (b"", None)]).expect("retell"));
    assert!(part.retell(9, &[]).expect("retell"));
    let texts = || {
        let mut texts = Vec::new();
        part.go_through(0..9, true, |block| {
            for index in 0..block.lines.len() {
                let text = String::from_utf8_lossy(&block.text[block.range(index)]).into_owned();
                let written = part.written(&block.lines[index], 100).expect("written");
                texts.push((text, written.map(|bytes| String::from_utf8(bytes).expect("text"))));
            }
            ControlFlow::Continue(())
        })
        .expect("read");
        texts
    };
    let ee = Some("\u{1b}[mee".to_owned());
    let before = [("one", None), ("twothr", None), ("ee", ee), ("four", None)];
    assert_eq!(texts(), before.map(|(text, written)| (text.to_owned(), written)));
    let new: [(&[u8], Option<&[u8]>); 2] = [(b"two", Some(b"\x1b[mtwo")), (b"three", None)];
    assert!(part.retell(1, &new).expect("retell"));
    part.push(line("five", Some("\u{1b}[mfive"), 4)).expect("push");
    part.flush().expect("flush");
    let after = [
        ("one", None),
        ("two", Some("\u{1b}[mtwo")),
        ("three", None),
        ("four", None),
        ("five", Some("\u{1b}[mfive")),
    ];
    assert_eq!(texts(), after.map(|(text, written)| (text.to_owned(), written.map(str::to_owned))));
    let records = part.records(0, 9).expect("records");
    assert_eq!(records[2].mark.row, Some(2));
}
