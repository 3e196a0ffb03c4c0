//! Whole lines out of pieces of a builder's text.

/// Bytes that are kept of one line.
const LONGEST: usize = 16 * 1024;

/// Puts pieces of text together to lines, as a person would have seen them in a terminal.
///
/// Of a line that was written over with carriage returns, as progress bars do, the last state is
/// kept. Colours and other control sequences are removed, and a line that is far too long is cut.
#[derive(Clone, Debug, Default)]
pub struct LineSplitter {
    line: String,
    /// Bytes of the line that were not kept.
    cut: usize,
    /// A carriage return came last: what comes next writes over the line.
    returned: bool,
}

impl LineSplitter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece; gives the lines that it completes, without their ends.
    pub fn take(&mut self, piece: &str) -> Vec<String> {
        let mut lines = vec![];
        for letter in piece.chars() {
            match letter {
                '\n' => lines.push(self.line()),
                '\r' => self.returned = true,
                letter => self.push(letter),
            }
        }
        lines
    }

    /// The last line, when it has no end.
    pub fn finish(&mut self) -> Option<String> {
        let line = self.line();
        (!line.is_empty()).then_some(line)
    }

    fn push(&mut self, letter: char) {
        if std::mem::take(&mut self.returned) {
            self.line.clear();
            self.cut = 0;
        }
        if self.cut == 0 && self.line.len() + letter.len_utf8() <= LONGEST {
            self.line.push(letter);
        } else {
            self.cut += letter.len_utf8();
        }
    }

    fn line(&mut self) -> String {
        let mut line = plain(&std::mem::take(&mut self.line));
        if self.cut > 0 {
            line.push_str(" … (the line is longer; ");
            line.push_str(&self.cut.to_string());
            line.push_str(" bytes were cut)");
        }
        self.cut = 0;
        self.returned = false;
        line
    }
}

/// The text without terminals' control sequences.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => match letters.next() {
                // Parameters, then one letter that ends it.
                Some('[') => {
                    letters.find(|letter| ('@'..='~').contains(letter));
                }
                // A text (a title, a link), ended by a bell or by another sequence.
                Some(']' | 'P' | '^' | '_') => {
                    while let Some(letter) = letters.next() {
                        if letter == '\u{7}'
                            || letter == '\u{1b}' && letters.next_if_eq(&'\\').is_some()
                        {
                            break;
                        }
                    }
                }
                // Such as the choice of a character set: one more letter.
                Some(' '..='/') => {
                    letters.next();
                }
                _ => {}
            },
            '\t' => plain.push('\t'),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let mut splitter = LineSplitter::new();
        let mut lines: Vec<String> = pieces.iter().flat_map(|piece| splitter.take(piece)).collect();
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn pieces_become_lines_as_a_person_sees_them() {
        for (pieces, expected) in [
            (&["a", "b\nc", "\n"][..], &["ab", "c"][..]),
            (&["a\r\nb\r", "\nc"], &["a", "b", "c"]),
            (&["10%\r20%\r", "100%\ndone"], &["100%", "done"]),
            (&["10%\r20%\r"], &["20%"]),
            (&["\n\na"], &["", "", "a"]),
            (&["\u{1b}[1;31mERROR\u{1b}[0m: x\u{1b}[", "K\n"], &["ERROR: x"]),
            (&["\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7} y\u{1b}(B\n"], &["link y"]),
            (&["a\tb\u{8}\u{0}c\n"], &["a\tbc"]),
            (&["é", "à\n"], &["éà"]),
        ] {
            assert_eq!(lines(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_with_a_note() {
        let line = lines(&[&"x".repeat(LONGEST), "yy\nz\n"]);
        assert!(
            line[0].starts_with("xxx")
                && line[0].ends_with("(the line is longer; 2 bytes were cut)")
        );
        assert!(line[0].len() < LONGEST + 100);
        assert_eq!(line[1], "z");
        // A progress bar may be as long as it likes.
        assert_eq!(lines(&[&"10% ...\r".repeat(LONGEST), "100%\n"]), ["100%"]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_text_is_cut(text in "[ab\\r\\n\u{1b}\\[m]{0,40}", at in 0usize..40) {
            let at = at.min(text.len());
            prop_assert_eq!(lines(&[&text]), lines(&[&text[..at], &text[at..]]));
        }
    }
}
