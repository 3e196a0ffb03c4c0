//! What stands in the place of what was taken out. While a text is worked on each stand-in is one character that no
//! text has, so that no later rule takes one for something else.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use super::{Removed, RemovedKind};

/// The first of the characters, in a plane for private use, and how many there are.
const FIRST: u32 = 0xF_0000;
const MOST: u32 = 0xFFFD;

/// The stand-ins of one text.
#[derive(Default)]
pub(super) struct StandIns {
    words: Vec<String>,
    by_original: HashMap<(RemovedKind, String), char>,
    kinds: BTreeMap<RemovedKind, u32>,
    times: BTreeMap<RemovedKind, u32>,
}

fn is_stand_in(character: char) -> bool {
    (FIRST..FIRST + MOST).contains(&u32::from(character))
}

/// The text without characters that would be taken for stand-ins.
pub(super) fn prepared(text: &str) -> Cow<'_, str> {
    if text.contains(is_stand_in) {
        Cow::Owned(text.replace(is_stand_in, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

impl StandIns {
    fn add(&mut self, word: String) -> char {
        let last = usize::try_from(MOST - 1).unwrap_or(usize::MAX);
        let at = self.words.len().min(last);
        if at == self.words.len() {
            self.words.push(word);
        }
        u32::try_from(at).ok().and_then(|at| char::from_u32(FIRST + at)).unwrap_or('\u{FFFD}')
    }

    fn count(&mut self, kind: RemovedKind) {
        *self.times.entry(kind).or_default() += 1;
    }

    /// The same word for everything of this kind.
    pub(super) fn fixed(&mut self, kind: RemovedKind, word: &str) -> char {
        self.count(kind);
        let key = (kind, String::new());
        if let Some(known) = self.by_original.get(&key) {
            return *known;
        }
        let character = self.add(word.to_owned());
        self.by_original.insert(key, character);
        character
    }

    /// A numbered word, the same for the same original: `host-1`.
    pub(super) fn numbered(&mut self, kind: RemovedKind, original: &str) -> char {
        self.count(kind);
        let key = (kind, original.to_owned());
        if let Some(known) = self.by_original.get(&key) {
            return *known;
        }
        let number = self.kinds.entry(kind).or_default();
        *number += 1;
        let word = match kind {
            RemovedKind::Hosts => "host",
            RemovedKind::Addresses => "address",
            RemovedKind::Mails => "mail",
            RemovedKind::Users => "user",
            RemovedKind::Paths => "path",
            RemovedKind::Secrets | RemovedKind::Keys => "secret",
        };
        let word = format!("{word}-{number}");
        let character = self.add(word);
        self.by_original.insert(key, character);
        character
    }

    /// The text with the words in the place of the characters.
    pub(super) fn finished(&self, text: &str) -> String {
        let mut finished = String::with_capacity(text.len());
        for character in text.chars() {
            let at = u32::from(character).checked_sub(FIRST).filter(|at| *at < MOST);
            let word = at.and_then(|at| self.words.get(usize::try_from(at).ok()?));
            match word {
                Some(word) => finished.push_str(word),
                None => finished.push(character),
            }
        }
        finished
    }

    pub(super) fn removed(&self) -> Vec<Removed> {
        self.times.iter().map(|(what, times)| Removed { what: *what, times: *times }).collect()
    }
}
