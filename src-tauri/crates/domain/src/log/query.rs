//! What is searched for in a log.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::finding::Problem;

/// Finds a text or a regular expression in lines.
#[derive(Clone, Debug)]
pub struct Finder {
    by: By,
}

#[derive(Clone, Debug)]
enum By {
    Text(Box<memmem::Finder<'static>>),
    /// Over many lines at once: it never goes beyond the end of one.
    Lines(Regex),
    /// Line by line, since it might.
    EachLine(Regex),
}

/// Places that are told of one line.
const MOST_IN_LINE: usize = 1000;

impl Finder {
    /// `text` as it is or as a regular expression; capital and small letters differ when `case`.
    pub fn new(text: &str, expression: bool, case: bool) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::field("text", "There is nothing to search for.")
                .hint("Type what to search for."));
        }
        if !expression && case {
            return Ok(Self { by: By::Text(Box::new(memmem::Finder::new(text).into_owned())) });
        }
        let pattern = if expression { text.to_owned() } else { regex::escape(text) };
        let by = Self::regex(&pattern, case).map_err(|details| {
            Problem::field("text", "This is not a valid regular expression.")
                .hint("Correct it, or search for it as plain text.")
                .details(details)
        })?;
        Ok(Self { by })
    }

    fn regex(pattern: &str, case: bool) -> Result<By, String> {
        let regex =
            RegexBuilder::new(pattern).case_insensitive(!case).multi_line(true).build().map_err(
                |error| match error {
                    regex::Error::CompiledTooBig(_) => "It is too big.".to_owned(),
                    error => error.to_string(),
                },
            )?;
        let hir = regex_syntax::ParserBuilder::new()
            .case_insensitive(!case)
            .multi_line(true)
            .utf8(false)
            .build()
            .parse(pattern)
            .map_err(|error| error.to_string())?;
        let looks = hir.properties().look_set();
        let by_line = looks.contains(Look::Start)
            || looks.contains(Look::End)
            || looks.contains(Look::StartCRLF)
            || looks.contains(Look::EndCRLF)
            || takes_line_end(&hir);
        Ok(if by_line { By::EachLine(regex) } else { By::Lines(regex) })
    }

    /// Whether a line has it.
    pub fn is_in(&self, line: &[u8]) -> bool {
        match &self.by {
            By::Text(finder) => finder.find(line).is_some(),
            By::Lines(regex) | By::EachLine(regex) => regex.is_match(line),
        }
    }

    /// Every line of a text that has it: tells where one begins and ends. Lines end with `\n`, the last one too.
    pub fn lines(&self, text: &[u8], mut found: impl FnMut(Range<usize>)) {
        let line_at = |at: usize| {
            let begin = memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
            begin..memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end)
        };
        let mut at = 0;
        match &self.by {
            By::EachLine(regex) => {
                while at < text.len() {
                    let end = memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
                    if regex.is_match(&text[at..end]) {
                        found(at..end);
                    }
                    at = end + 1;
                }
            }
            By::Text(finder) => {
                while let Some(place) = text.get(at..).and_then(|rest| finder.find(rest)) {
                    // A line end that is searched for is in no line.
                    let line = line_at(at + place);
                    at = line.end + 1;
                    if finder.needle().len() <= line.len() && self.is_in(&text[line.clone()]) {
                        found(line);
                    }
                }
            }
            By::Lines(regex) => {
                while at < text.len() {
                    let Some(place) = regex.find_at(text, at) else { return };
                    // Behind the last line end there is no line.
                    if place.start() >= text.len() && text.ends_with(b"\n") {
                        return;
                    }
                    let line = line_at(place.start());
                    at = line.end + 1;
                    found(line);
                }
            }
        }
    }

    /// The places in one line, in order; at most a thousand.
    pub fn places(&self, line: &[u8]) -> Vec<Range<usize>> {
        match &self.by {
            By::Text(finder) => finder
                .find_iter(line)
                .map(|at| at..at + finder.needle().len())
                .take(MOST_IN_LINE)
                .collect(),
            By::Lines(regex) | By::EachLine(regex) => regex
                .find_iter(line)
                .map(|found| found.range())
                .filter(|range| !range.is_empty())
                .take(MOST_IN_LINE)
                .collect(),
        }
    }
}

/// Whether a part of an expression may take a line's end.
fn takes_line_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&'\n'))
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b'\n'))
        }
        HirKind::Repetition(repetition) => takes_line_end(&repetition.sub),
        HirKind::Capture(capture) => takes_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(takes_line_end),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(finder: &Finder, text: &'a str) -> Vec<&'a str> {
        let mut lines = Vec::new();
        finder.lines(text.as_bytes(), |range| lines.push(&text[range]));
        lines
    }

    const TEXT: &str = "one Two\n\nthree\nTWO and two\nlast two";

    #[test]
    fn lines_are_found_with_and_without_case() {
        let finder =
            |text: &str, expression, case| Finder::new(text, expression, case).expect("valid");
        assert_eq!(found(&finder("two", false, true), TEXT), ["TWO and two", "last two"]);
        assert_eq!(
            found(&finder("two", false, false), TEXT),
            ["one Two", "TWO and two", "last two"]
        );
        assert_eq!(found(&finder("^t.*e$", true, true), TEXT), ["three"]);
        assert_eq!(found(&finder("t.o", false, false), TEXT), [""; 0]);
        assert_eq!(found(&finder(r"\Alast", true, true), TEXT), ["last two"]);
        assert_eq!(found(&finder(r"two\s", true, true), TEXT), [""; 0]);
        assert_eq!(found(&finder("(?s)one.*two", true, true), TEXT), [""; 0]);
        assert_eq!(found(&finder("^$", true, true), TEXT), [""]);
        assert_eq!(found(&finder("e\n", false, true), TEXT), [""; 0]);
        assert_eq!(finder("two", false, false).places(b"TWO and two"), [0..3, 8..11]);
        assert_eq!(found(&finder("ä", false, false), "xÄ"), ["xÄ"]);
    }

    #[test]
    fn what_is_not_valid_says_so() {
        let problem = Finder::new("(a", true, true).expect_err("not valid");
        assert_eq!(problem.field.as_deref(), Some("text"));
        assert!(problem.details.is_some_and(|details| details.contains("unclosed group")));
        assert!(Finder::new("(a", false, false).is_ok());
        assert!(Finder::new("", false, true).is_err());
        assert!(Finder::new("((a{1000}){1000}){1000}", true, true).is_err());
    }

    proptest! {
        #[test]
        fn many_lines_at_once_are_the_same_as_each_alone(
            pattern in r"[ab.\n\[\]^$|*+?\\sSzA()x-]{1,8}", text in "[abx \n]{0,60}", case: bool, expression: bool
        ) {
            if let Ok(finder) = Finder::new(&pattern, expression, case) {
                let mut expected: Vec<&str> = text.split('\n').filter(|line| finder.is_in(line.as_bytes())).collect();
                let mut seen = found(&finder, &text);
                // Behind the last line end there is no line.
                if text.ends_with('\n') || text.is_empty() {
                    if expected.last() == Some(&"") { expected.pop(); }
                    if text.is_empty() { seen.clear(); }
                }
                prop_assert_eq!(seen, expected);
            }
        }
    }
}
