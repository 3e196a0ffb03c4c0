//! Which lines of a log are shown.

use std::collections::BTreeSet;

use super::{LogLevel, Mark, Names};

/// What lines have to be by their marks. An empty set asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub levels: BTreeSet<LogLevel>,
    pub nodes: BTreeSet<u16>,
    pub runs: BTreeSet<u16>,
    pub rows: BTreeSet<u32>,
    pub sources: BTreeSet<u8>,
    /// Also lines that say nothing.
    pub noise: bool,
}

/// Stands for names that no line has, so that asking for one of these alone shows nothing. No name has it, since
/// there are never so many.
const NOBODY: u16 = u16::MAX;

impl Filter {
    /// The numbers of names; one that the log does not have asks for lines that are not there.
    pub fn numbers(names: &Names, wanted: &[String]) -> BTreeSet<u16> {
        wanted.iter().map(|name| names.find(name).unwrap_or(NOBODY)).collect()
    }

    /// Whether a line with this mark is shown.
    pub fn passes(&self, mark: &Mark) -> bool {
        fn asks<T: Ord>(set: &BTreeSet<T>, value: Option<&T>) -> bool {
            set.is_empty() || value.is_some_and(|value| set.contains(value))
        }
        (self.noise || !mark.noise)
            && asks(&self.levels, Some(&mark.level))
            && asks(&self.nodes, Some(&mark.node))
            && asks(&self.runs, Some(&mark.run))
            && asks(&self.rows, mark.row.as_ref())
            && asks(&self.sources, Some(&mark.source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fulfils_everything_that_is_asked() {
        let mut names = Names::default();
        let mark = Mark {
            level: LogLevel::Warning,
            node: names.number(b"a"),
            run: names.number(b"r"),
            row: Some(3),
            source: 1,
            ..Mark::PLAIN
        };
        let nodes = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            Filter { nodes: Filter::numbers(&names, &wanted), ..Filter::default() }
        };
        assert!(Filter::default().passes(&mark));
        assert!(nodes(&["a", "unknown"]).passes(&mark));
        assert!(!nodes(&["unknown"]).passes(&mark) && !nodes(&["unknown"]).passes(&Mark::PLAIN));
        assert!(Filter { rows: [3].into(), ..nodes(&["a"]) }.passes(&mark));
        assert!(!Filter { rows: [3].into(), ..Filter::default() }.passes(&Mark::PLAIN));
        assert!(!Filter { levels: [LogLevel::Error].into(), ..nodes(&["a"]) }.passes(&mark));
        assert!(!Filter { sources: [0].into(), ..Filter::default() }.passes(&mark));
        let noise = Mark { noise: true, ..mark };
        assert!(!Filter::default().passes(&noise));
        assert!(Filter { noise: true, ..Filter::default() }.passes(&noise));
    }
}
