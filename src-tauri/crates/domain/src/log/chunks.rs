//! How many lines of a long log fulfil something: by chunks, so that each line's place among them is found soon and
//! the memory stays small.

/// Lines in a chunk.
pub const CHUNK: u64 = 1024;

/// Counts of the lines of one part of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// How many fulfil it before the end of each chunk; the last chunk may not be full.
    until: Vec<u64>,
    /// Lines that were looked at.
    looked_at: u64,
}

impl Chunks {
    /// How many fulfil it.
    pub fn count(&self) -> u64 {
        self.until.last().copied().unwrap_or(0)
    }

    /// Lines that were looked at so far.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Takes in the next line.
    pub fn push(&mut self, fulfils: bool) {
        if self.looked_at.is_multiple_of(CHUNK) {
            self.until.push(self.count());
        }
        self.looked_at += 1;
        if fulfils && let Some(last) = self.until.last_mut() {
            *last += 1;
        }
    }

    /// How many lines before this chunk fulfil it.
    pub fn before(&self, chunk: u64) -> u64 {
        let index = usize::try_from(chunk).unwrap_or(usize::MAX).min(self.until.len());
        index.checked_sub(1).map_or(0, |index| self.until[index])
    }

    /// The chunk with the line that is this one of those that fulfil it, from 0; `None` = there are fewer.
    pub fn chunk_of(&self, nth: u64) -> Option<u64> {
        (nth < self.count()).then(|| self.until.partition_point(|until| *until <= nth) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_place() {
        let mut chunks = Chunks::default();
        for line in 0..10_000_u64 {
            chunks.push(line.is_multiple_of(3) && !(2000..5000).contains(&line));
        }
        let all: Vec<u64> =
            (0..10_000).filter(|line| line % 3 == 0 && !(2000..5000).contains(line)).collect();
        assert_eq!((chunks.count(), chunks.looked_at()), (all.len() as u64, 10_000));
        for (nth, line) in all.iter().enumerate() {
            assert_eq!(chunks.chunk_of(nth as u64), Some(line / CHUNK));
        }
        assert_eq!(chunks.chunk_of(all.len() as u64), None);
        assert_eq!(chunks.before(3), all.iter().filter(|line| **line < 3 * CHUNK).count() as u64);
        assert_eq!(chunks.before(99), all.len() as u64);
    }
}
