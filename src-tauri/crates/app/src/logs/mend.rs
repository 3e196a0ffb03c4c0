//! Lines that an engine told wrongly when the end of a log was shown, told anew once the whole log is known.

use std::io;

use super::store::Store;

/// A line of the tail as the whole log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mended {
    /// Index of its source.
    pub source: usize,
    /// Which of its source's lines in the tail it is, from 0.
    pub nth: usize,
    /// As it was written.
    pub text: Vec<u8>,
}

/// The longest line as it was written that is kept.
const WRITTEN: usize = 64 * 1024 * 1024;

impl Store {
    /// Tells lines anew: parts of their texts stood with lines before them. One past the last line that may have
    /// changed; 0 = none has. Lines whose texts together are not what they were stay as they are.
    pub fn mend(&self, mended: &[Mended]) -> io::Result<u64> {
        if mended.is_empty() {
            return Ok(0);
        }
        let numbered = self.numbered(mended)?;
        let mut changed = 0;
        let mut from = 0;
        while from < numbered.len() {
            // As few as fit together: lines that share their parts have the same text as a whole.
            let (mut before, mut after) = (Vec::new(), Vec::new());
            let mut to = from;
            while to < numbered.len() && (to == from || before != after) {
                let (number, line) = numbered[to];
                before.extend(self.whole_text(number)?);
                after.extend(line.clean().0);
                to += 1;
            }
            if before != after {
                // The first of them shares with no other.
                from += 1;
                continue;
            }
            if self.retell(&numbered[from..to])? {
                changed = numbered[to - 1].0 + 1;
            }
            from = to;
        }
        Ok(changed)
    }

    /// Each with its number in the tail, in the order of those.
    fn numbered<'a>(&self, mended: &'a [Mended]) -> io::Result<Vec<(u64, &'a Mended)>> {
        let mut numbered = Vec::new();
        let mut seen: Vec<usize> = Vec::new();
        let mut number = 0;
        while numbered.len() < mended.len() {
            let records = self.tail.records(number, 4096)?;
            if records.is_empty() {
                break;
            }
            for record in records {
                let source = usize::from(record.mark.source);
                if seen.len() <= source {
                    seen.resize(source + 1, 0);
                }
                let found = mended.iter().find(|m| m.source == source && m.nth == seen[source]);
                numbered.extend(found.map(|line| (number, line)));
                seen[source] += 1;
                number += 1;
            }
        }
        Ok(numbered)
    }

    fn whole_text(&self, number: u64) -> io::Result<Vec<u8>> {
        let (_, length) = self.tail.text(number, 0, 0)?;
        let all = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(self.tail.text(number, 0, all)?.0)
    }

    /// All lines from the first one to the last one of these, those of others between as they are.
    fn retell(&self, lines: &[(u64, &Mended)]) -> io::Result<bool> {
        let [(first, _), ..] = lines else { return Ok(false) };
        let last = lines[lines.len() - 1].0;
        let mut anew = Vec::new();
        for (number, record) in (*first..).zip(self.tail.records(*first, last + 1 - first)?) {
            anew.push(match lines.iter().find(|(of, _)| *of == number) {
                Some((_, line)) => {
                    let (text, differs) = line.clean();
                    (text, differs.then(|| line.text.clone()))
                }
                None => (self.whole_text(number)?, self.tail.written(&record, WRITTEN)?),
            });
        }
        let anew: Vec<(&[u8], Option<&[u8]>)> =
            anew.iter().map(|(text, written)| (text.as_slice(), written.as_deref())).collect();
        self.tail.retell(*first, &anew)
    }
}

impl Mended {
    /// Its text, and whether it was written otherwise.
    fn clean(&self) -> (Vec<u8>, bool) {
        let mut text = Vec::new();
        let differs = domain::log::clean(&self.text, &mut text);
        (text, differs)
    }
}

#[cfg(test)]
mod tests {
    use domain::log::Mark;
    use spool::NewLine;

    use super::*;

    fn store(lines: &[(u8, &str)]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::create(&folder.path().join("open")).expect("store");
        for (source, text) in lines {
            let mark = Mark { source: *source, ..Mark::PLAIN };
            let text = text.as_bytes();
            store.tail.push(NewLine { time: None, mark, text, written: None }).expect("push");
        }
        store.tail.flush().expect("flush");
        (folder, store)
    }

    fn texts(store: &Store) -> Vec<String> {
        (0..store.tail.lines())
            .map(|number| store.tail.text(number, 0, 100).expect("text").0)
            .map(|text| String::from_utf8(text).expect("text"))
            .collect()
    }

    fn mended(source: usize, nth: usize, text: &str) -> Mended {
        Mended { source, nth, text: text.into() }
    }

    #[test]
    fn parts_go_back_to_their_lines_between_lines_of_others() {
        let lines = [(0, "a"), (1, "x"), (0, "bc"), (1, "y"), (0, "c"), (0, "d\x1b"), (0, "e")];
        let (_folder, store) = store(&lines);
        let all = [mended(0, 1, "b"), mended(0, 2, "cc"), mended(0, 3, "d"), mended(0, 4, "\x1be")];
        assert_eq!(store.mend(&all).expect("mend"), 5);
        // What is not the same together stays: an escape sequence is no text.
        assert_eq!(texts(&store), ["a", "x", "b", "y", "cc", "d\x1b", "e"]);
        assert_eq!(store.mend(&[]).expect("mend"), 0);
    }

    #[test]
    fn a_line_whose_part_is_lost_keeps_no_other_from_being_mended() {
        let (_folder, store) = store(&[(0, "est"), (0, "onetw"), (0, "o"), (0, "three")]);
        let all = [mended(0, 0, "first"), mended(0, 1, "one"), mended(0, 2, "two")];
        assert_eq!(store.mend(&all).expect("mend"), 3);
        assert_eq!(texts(&store), ["est", "one", "two", "three"]);
    }

    #[test]
    fn a_line_of_many_parts_is_put_together() {
        let (_folder, store) = store(&[(0, "ab"), (0, "bbc"), (0, "ccc")]);
        let all = [mended(0, 0, "a"), mended(0, 1, "bbb"), mended(0, 2, "cccc")];
        assert_eq!(store.mend(&all).expect("mend"), 3);
        assert_eq!(texts(&store), ["a", "bbb", "cccc"]);
    }
}
