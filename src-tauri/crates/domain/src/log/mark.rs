//! What is kept of each line beside its text.

use std::collections::HashMap;

use super::LogLevel;

/// What is known of a line: that of its record, and where it stands in it. Small, since each line of a log has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub level: LogLevel,
    /// It says nothing to a person.
    pub noise: bool,
    /// It was written to standard error.
    pub error: bool,
    /// It belongs to the record above.
    pub continued: bool,
    /// It is inside a group that the last line before it that is not inside heads.
    pub inside: bool,
    /// Only the beginning of the line is kept.
    pub cut: bool,
    /// Index of the container or file it comes from.
    pub source: u8,
    /// Number of a name; 0 = none.
    pub node: u16,
    /// Number of a name; 0 = none.
    pub run: u16,
    /// Row of a batch run.
    pub row: Option<u32>,
}

impl Mark {
    /// Bytes that one takes.
    pub const BYTES: usize = 12;
    /// Of a line of which nothing is known.
    pub const PLAIN: Self = Self {
        level: LogLevel::None,
        noise: false,
        error: false,
        continued: false,
        inside: false,
        cut: false,
        source: 0,
        node: 0,
        run: 0,
        row: None,
    };

    /// As bytes.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let flags = [self.noise, self.error, self.continued, self.inside, self.cut]
            .iter()
            .enumerate()
            .fold(0, |flags, (bit, set)| flags | (u8::from(*set) << bit));
        let mut bytes = [0; Self::BYTES];
        bytes[0] = flags;
        bytes[1] = self.level as u8;
        bytes[2] = self.source;
        bytes[4..6].copy_from_slice(&self.node.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.run.to_le_bytes());
        bytes[8..12]
            .copy_from_slice(&self.row.map_or(0, |row| row.saturating_add(1)).to_le_bytes());
        bytes
    }

    /// What [`Mark::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let flag = |bit: u8| bytes[0] & (1 << bit) != 0;
        let row = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        Self {
            level: LogLevel::from_number(bytes[1]),
            noise: flag(0),
            error: flag(1),
            continued: flag(2),
            inside: flag(3),
            cut: flag(4),
            source: bytes[2],
            node: u16::from_le_bytes([bytes[4], bytes[5]]),
            run: u16::from_le_bytes([bytes[6], bytes[7]]),
            row: row.checked_sub(1),
        }
    }
}

/// Names of nodes and runs, each with a number from 1.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: HashMap<Box<[u8]>, u16>,
    names: Vec<String>,
}

/// A log cannot have more names than this; lines with others are found by their text only.
const MOST_NAMES: usize = 50_000;
/// A longer name is none. Bytes.
const LONGEST_NAME: usize = 300;

impl Names {
    /// The number of a name, which gets one if there is room; 0 = none.
    pub fn number(&mut self, name: &[u8]) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if name.is_empty() || name.len() > LONGEST_NAME || self.names.len() >= MOST_NAMES {
            return 0;
        }
        self.names.push(String::from_utf8_lossy(name).into_owned());
        let number = u16::try_from(self.names.len()).unwrap_or(0);
        self.numbers.insert(name.into(), number);
        number
    }

    /// The number of a name that has one.
    pub fn find(&self, name: &str) -> Option<u16> {
        self.numbers.get(name.as_bytes()).copied()
    }

    /// The name with this number.
    pub fn name(&self, number: u16) -> Option<&str> {
        self.names.get(usize::from(number).checked_sub(1)?).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_survives_as_bytes() {
        for bits in 0..32_u32 {
            let bit = |at: u32| bits & (1 << at) != 0;
            let mark = Mark {
                level: LogLevel::ALL[bits as usize % 6],
                noise: bit(0),
                error: bit(1),
                continued: bit(2),
                inside: bit(3),
                cut: bit(4),
                source: 3,
                node: 40_000,
                run: 7,
                row: bit(1).then_some(bits),
            };
            assert_eq!(Mark::from_bytes(mark.to_bytes()), mark);
        }
        assert_eq!(Mark::from_bytes([0; 12]), Mark::PLAIN);
    }

    #[test]
    fn names_keep_their_numbers_and_do_not_grow_without_end() {
        let mut names = Names::default();
        assert_eq!((names.number(b"a"), names.number(b"b"), names.number(b"a")), (1, 2, 1));
        assert_eq!((names.name(2), names.name(0), names.name(9)), (Some("b"), None, None));
        for index in 0..60_000_u32 {
            names.number(index.to_string().as_bytes());
        }
        assert_eq!(names.number(b"one more"), 0);
        assert_eq!(names.number(&[b'x'; 1000]), 0);
    }
}
