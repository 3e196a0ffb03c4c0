//! Places in programs that lines of tracebacks and stacks name.

use crate::flow::Frame;

use super::head::number;

/// The place that a line names, `  File "/tmp/flows/x/lib/slow.py", line 7, in wait`; `None` = it names none. The
/// file is as the line has it.
pub fn place(line: &[u8]) -> Option<Frame> {
    let rest = line.trim_ascii_start();
    // Exception groups draw a tree before it.
    let rest = rest.strip_prefix(b"| ").unwrap_or(rest).trim_ascii_start();
    let rest = rest.strip_prefix(b"File \"")?;
    let end = memchr::memmem::find(rest, b"\", line ")?;
    let after = &rest[end + 8..];
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let line = number(&after[..digits])?;
    let function = after[digits..].strip_prefix(b", in ").unwrap_or_default().trim_ascii();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Frame { file: text(&rest[..end]), line, function: text(function) })
}

/// Whether a file is of Python or of a package, not of the person's own flow.
pub(super) fn is_foreign(file: &str) -> bool {
    file.starts_with('<')
        || [
            "/site-packages/",
            "/dist-packages/",
            "/lib/python",
            "/lib64/python",
            "\\site-packages\\",
            "\\Lib\\",
        ]
        .iter()
        .any(|part| file.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let frame = |file: &str, line, function: &str| {
            Some(Frame { file: file.into(), line, function: function.into() })
        };
        assert_eq!(
            place(b"  File \"/x/a b.py\", line 7, in wait_for_it"),
            frame("/x/a b.py", 7, "wait_for_it")
        );
        assert_eq!(
            place(b"  | File \"<frozen x>\", line 1, in <module>"),
            frame("<frozen x>", 1, "<module>")
        );
        assert_eq!(place(b"  File \"a.py\", line 3"), frame("a.py", 3, ""));
        for other in [&b"File a.py, line 3"[..], b"  File \"a.py\", line x", b"", b"  File \""] {
            assert_eq!(place(other), None);
        }
    }
}
