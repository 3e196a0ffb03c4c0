//! The text as it grows: parts with headings, lines with a name and a value.

use std::fmt::{Display, Write as _};

/// Longer lines are cut. Characters.
const LONGEST_LINE: usize = 2_000;

/// A text of parts.
pub(super) struct Text {
    head: String,
    body: String,
}

impl Text {
    /// One that begins with these lines.
    pub(super) fn new(head: &str) -> Self {
        Self { head: head.to_owned(), body: String::new() }
    }

    pub(super) fn part(&mut self, heading: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.body, "\n== {heading} ==\n");
    }

    pub(super) fn fact(&mut self, name: &str, value: impl Display) {
        self.lines(&format!("{name}: {value}"));
    }

    /// A name with what may not be known.
    pub(super) fn maybe(&mut self, name: &str, value: Option<impl Display>) {
        match value {
            Some(value) => self.fact(name, value),
            None => self.fact(name, "not known"),
        }
    }

    /// Lines as they are; very long ones are cut.
    pub(super) fn lines(&mut self, text: &str) {
        for line in text.trim_end_matches('\n').split('\n') {
            if let Some((at, _)) = line.char_indices().nth(LONGEST_LINE) {
                let left_out = line.len() - at;
                let _ = writeln!(self.body, "{} … ({left_out} bytes left out)", &line[..at]);
            } else {
                self.body.push_str(line);
                self.body.push('\n');
            }
        }
    }

    /// The whole text; what is to be known first stands first.
    pub(super) fn finished(self, notes: &[String]) -> String {
        let mut whole = self.head;
        if !notes.is_empty() {
            whole.push_str("\n== What is not in it ==\n");
            for note in notes {
                let _ = writeln!(whole, "- {note}");
            }
        }
        whole + &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stand_before_the_parts_and_long_lines_are_cut() {
        let mut text = Text::new("Head\n");
        text.part("One");
        text.maybe("known", Some(1));
        text.maybe("other", None::<u8>);
        text.lines(&format!("{}é{}", "x".repeat(LONGEST_LINE - 1), "y".repeat(5)));
        let whole = text.finished(&["Not all.".to_owned()]);
        let begins = "Head\n\n== What is not in it ==\n- Not all.\n\n== One ==\nknown: 1\nother: not known\nx";
        assert!(whole.starts_with(begins), "{whole}");
        assert!(whole.ends_with("é … (5 bytes left out)\n"), "{whole}");
    }
}
