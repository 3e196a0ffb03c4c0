//! What the message of a record tells of nodes, rows and runs.

use memchr::memmem;

use super::head::number;

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// A node begins, or is left out because of its condition.
    Begins {
        node: &'a [u8],
        run_id: &'a [u8],
        bypassed: bool,
    },
    Completes {
        node: &'a [u8],
    },
    Fails {
        node: &'a [u8],
        row: Option<u32>,
    },
    Cancelled {
        node: &'a [u8],
        row: Option<u32>,
    },
    /// It has been running for so long.
    Slow {
        node: &'a [u8],
        row: Option<u32>,
        seconds: u64,
    },
    /// A node wrote something.
    Output {
        node: &'a [u8],
        row: Option<u32>,
    },
    /// Something about a row of a batch run.
    Row {
        row: u32,
    },
    /// It says nothing to a person.
    Noise,
}

const EXECUTING: &[u8] = b"Executing node ";
const BYPASSING: &[u8] = b"Bypassing node ";
const RUN_ID: &[u8] = b". node run id: ";
const NODE: &[u8] = b"Node ";
const COMPLETES: &[u8] = b" completes.";
const NOISE: &[u8] = b"has no start time, which should not happen";
const RUNNING: &[u8] = b" has been running for ";
const IN_LINE: &[u8] = b" in line ";
/// A name or the words before one are not longer. Bytes.
const NAME_WITHIN: usize = 300;

/// Reads a message; `None` = it tells nothing of these.
pub fn told(message: &[u8]) -> Option<Told<'_>> {
    match message.first()? {
        b'E' if message.starts_with(EXECUTING) => begins(&message[EXECUTING.len()..], false),
        b'B' if message.starts_with(BYPASSING) => begins(&message[BYPASSING.len()..], true),
        b'N' if message.starts_with(NODE) => node_says(&message[NODE.len()..]),
        b'[' => output(message),
        b'P' if message.starts_with(b"Process name(") => {
            row_after(message, b"Line number(").map(|row| Told::Row { row })
        }
        b'L' if message.starts_with(b"Line ") => {
            row_after(message, b"Line ").map(|row| Told::Row { row })
        }
        b't' if message.starts_with(b"task ") && message.trim_ascii_end().ends_with(NOISE) => {
            Some(Told::Noise)
        }
        _ => slow(message),
    }
}

fn begins(rest: &[u8], bypassed: bool) -> Option<Told<'_>> {
    let window = &rest[..rest.len().min(NAME_WITHIN)];
    let end = memmem::find(window, RUN_ID)?;
    let run_id = rest[end + RUN_ID.len()..].trim_ascii();
    Some(Told::Begins { node: &rest[..end], run_id, bypassed })
}

fn node_says(rest: &[u8]) -> Option<Told<'_>> {
    if let Some(node) = rest.trim_ascii_end().strip_suffix(COMPLETES)
        && node.len() <= NAME_WITHIN
    {
        return Some(Told::Completes { node });
    }
    let window = &rest[..rest.len().min(NAME_WITHIN)];
    let at = memmem::find(window, IN_LINE)?;
    let (row, after) = row(&rest[at + IN_LINE.len()..]);
    let node = &rest[..at];
    if after.starts_with(b" failed.") {
        return Some(Told::Fails { node, row });
    }
    after.starts_with(b" is canceled").then_some(Told::Cancelled { node, row })
}

/// `[upper in line 0 (index starts from 0)] stdout> text`
fn output(message: &[u8]) -> Option<Told<'_>> {
    let window = &message[1..message.len().min(NAME_WITHIN)];
    let at = memmem::find(window, IN_LINE)?;
    let (row, after) = row(&window[at + IN_LINE.len()..]);
    after
        .starts_with(b" (index starts from 0)]")
        .then_some(Told::Output { node: &window[..at], row })
}

/// The forms for functions, for coroutines, and of older runtimes.
fn slow(message: &[u8]) -> Option<Told<'_>> {
    let window = &message[..message.len().min(NAME_WITHIN)];
    let at = memmem::find(window, RUNNING)?;
    let after = &message[at + RUNNING.len()..];
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds = u64::from(number(&after[..digits])?);
    let mut after = &after[digits..];
    if after.first() == Some(&b'.') && after.get(1).is_some_and(u8::is_ascii_digit) {
        let fraction = after[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        after = &after[1 + fraction..];
    }
    let after = after.strip_prefix(b" second")?;
    let after = after.strip_prefix(b"s").unwrap_or(after);
    if !matches!(after.first(), Some(b',' | b'.')) {
        return None;
    }
    let name = &message[..at];
    let name = name.strip_prefix(b"Task ").unwrap_or(name);
    let (node, row) = match memmem::rfind(name, IN_LINE) {
        Some(at) => match row(&name[at + IN_LINE.len()..]) {
            (row, b"") => (&name[..at], row),
            _ => (name, None),
        },
        None => (name, None),
    };
    (!node.is_empty()).then_some(Told::Slow { node, row, seconds })
}

/// A row's number at the beginning (`None` where it says `None`), and what follows.
fn row(text: &[u8]) -> (Option<u32>, &[u8]) {
    if let Some(rest) = text.strip_prefix(b"None") {
        return (None, rest);
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (row_number(&text[..digits]), &text[digits..])
}

/// A row's number. The highest that fits is none: a mark has no room for it.
fn row_number(digits: &[u8]) -> Option<u32> {
    number(digits).filter(|row| *row < u32::MAX)
}

fn row_after(message: &[u8], words: &[u8]) -> Option<u32> {
    let window = &message[..message.len().min(NAME_WITHIN)];
    let at = memmem::find(window, words)?;
    row(&window[at + words.len()..]).0
}

/// The run and the row in the id of a node's run, `RUN_NODE_ROW`.
pub(super) fn run_and_row<'a>(run_id: &'a [u8], node: &[u8]) -> (&'a [u8], Option<u32>) {
    let Some(at) = memchr::memrchr(b'_', run_id) else { return (run_id, None) };
    let (before, last) = (&run_id[..at], &run_id[at + 1..]);
    let Some(run) = before.strip_suffix(node).and_then(|run| run.strip_suffix(b"_")) else {
        return (run_id, None);
    };
    // Nodes that aggregate have `reduce` instead.
    (run, row_number(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_of_nodes_rows_and_runs() {
        let cases: [(&str, Option<Told<'_>>); 17] = [
            (
                "Executing node upper. node run id: r1_upper_0",
                Some(Told::Begins { node: b"upper", run_id: b"r1_upper_0", bypassed: false }),
            ),
            (
                "Bypassing node b. node run id: r1_b_0",
                Some(Told::Begins { node: b"b", run_id: b"r1_b_0", bypassed: true }),
            ),
            ("Node upper completes.", Some(Told::Completes { node: b"upper" })),
            (
                "Node upper in line 4 failed. Exception: no.",
                Some(Told::Fails { node: b"upper", row: Some(4) }),
            ),
            (
                "Node upper in line None failed. Exception: no.",
                Some(Told::Fails { node: b"upper", row: None }),
            ),
            (
                "Node upper in line 0 is canceled.",
                Some(Told::Cancelled { node: b"upper", row: Some(0) }),
            ),
            (
                "[upper in line 2 (index starts from 0)] stdout> hi",
                Some(Told::Output { node: b"upper", row: Some(2) }),
            ),
            (
                "slow_node in line 0 has been running for 3 seconds, stacktrace of thread 140467102254784:",
                Some(Told::Slow { node: b"slow_node", row: Some(0), seconds: 3 }),
            ),
            (
                "Task slow_node has been running for 3 seconds, stacktrace:",
                Some(Told::Slow { node: b"slow_node", row: None, seconds: 3 }),
            ),
            (
                "slow_node has been running for 60 seconds.",
                Some(Told::Slow { node: b"slow_node", row: None, seconds: 60 }),
            ),
            (
                "slow_node has been running for 60.5 seconds.",
                Some(Told::Slow { node: b"slow_node", row: None, seconds: 60 }),
            ),
            ("task Task-36 has no start time, which should not happen", Some(Told::Noise)),
            (
                "Process name(SpawnProcess-4)-Process id(50)-Line number(7) start execution.",
                Some(Told::Row { row: 7 }),
            ),
            ("Process name(a)-Process id(2)-Line number(4294967295", None),
            ("Line 3 timeout after 60 seconds.", Some(Told::Row { row: 3 })),
            (" has been running for 3 seconds.", None),
            ("It has been running for ever", None),
        ];
        for (message, expected) in cases {
            assert_eq!(told(message.as_bytes()), expected, "{message}");
        }
    }

    #[test]
    fn a_run_id_names_run_and_row() {
        assert_eq!(run_and_row(b"a_b_up_per_12", b"up_per"), (&b"a_b"[..], Some(12)));
        assert_eq!(run_and_row(b"r_sum_reduce", b"sum"), (&b"r"[..], None));
        assert_eq!(run_and_row(b"5f0c", b"sum"), (&b"5f0c"[..], None));
    }
}
