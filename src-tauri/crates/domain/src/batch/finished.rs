//! Which rows have ended, in a bit each.

/// Rows of a batch run that have a kept result. A million take 125 kB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    words: Vec<u64>,
    number: u32,
}

impl Finished {
    /// A row has ended; `false` = it had before.
    pub fn add(&mut self, row: u32) -> bool {
        let (word, bit) = place(row);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.number += u32::from(new);
        new
    }

    /// Whether a row has ended.
    pub fn has(&self, row: u32) -> bool {
        let (word, bit) = place(row);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many have.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The first row that has not: everything before it need not be read again.
    pub fn first_left(&self) -> u32 {
        let full = self.words.iter().take_while(|bits| **bits == u64::MAX).count();
        let inside = self.words.get(full).map_or(0, |bits| bits.trailing_ones());
        u32::try_from(full * 64).unwrap_or(u32::MAX).saturating_add(inside)
    }
}

impl FromIterator<u32> for Finished {
    fn from_iter<T: IntoIterator<Item = u32>>(rows: T) -> Self {
        let mut finished = Self::default();
        for row in rows {
            finished.add(row);
        }
        finished
    }
}

fn place(row: u32) -> (usize, u64) {
    (usize::try_from(row / 64).unwrap_or(usize::MAX), 1 << (row % 64))
}
