//! Why rows failed, together by their cause.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::finding::{Cause, Problem, ProblemCode, Remedy};

/// Rows that failed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FailureGroup {
    pub rows: u32,
    /// The first of them, from 0.
    pub first: u32,
    /// The name of the runtime that ran the first one; empty = none did.
    pub runtime: String,
    /// Why the first of them failed.
    pub problem: Problem,
}

/// What rows have in common that failed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Reason {
    /// The cause's, else the code's own word.
    word: String,
    /// What it is about: a package, a connection, a line. Texts of errors differ from row to row.
    about: String,
}

impl Reason {
    fn of(problem: &Problem) -> Self {
        let Some(finding) = &problem.finding else {
            // What is wrong with a row's inputs differs from row to row.
            let about = match problem.code {
                ProblemCode::InvalidInput => String::new(),
                _ => problem.sentence.clone(),
            };
            return Self { word: format!("{:?}", problem.code), about };
        };
        let about = match (finding.cause, finding.remedies.first()) {
            (Cause::Unknown, _) => finding.sentence.clone(),
            (_, Some(Remedy::AddPackages { packages })) => packages.join(" "),
            (_, Some(Remedy::AddConnection { name })) => name.clone(),
            (_, Some(Remedy::ShowPlace { file, line, .. })) => format!("{file}:{line}"),
            _ => String::new(),
        };
        Self { word: format!("{:?}", finding.cause), about }
    }
}

/// Groups of rows that failed.
#[derive(Clone, Debug, Default)]
pub struct FailureGroups(BTreeMap<Reason, FailureGroup>);

impl FailureGroups {
    /// One row that failed; rows come in their order.
    pub fn add(&mut self, row: u32, runtime: &str, problem: Problem) {
        self.0
            .entry(Reason::of(&problem))
            .or_insert_with(|| FailureGroup {
                rows: 0,
                first: row,
                runtime: runtime.to_owned(),
                problem,
            })
            .rows += 1;
    }

    /// Most rows first.
    pub fn finish(self) -> Vec<FailureGroup> {
        let mut all: Vec<_> = self.0.into_values().collect();
        all.sort_by_key(|group| (std::cmp::Reverse(group.rows), group.first));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Frame, RunFailure, explain};

    fn failed(message: &str, line: Option<u32>) -> Problem {
        let at = line.map(|line| Frame { file: "a.py".into(), line, function: String::new() });
        explain(&RunFailure { message: message.into(), at, ..RunFailure::default() })
    }

    #[test]
    fn rows_with_the_same_cause_stand_together_whatever_their_words() {
        let mut groups = FailureGroups::default();
        groups.add(0, "eval", failed("(KeyError) 'x'", Some(7)));
        groups.add(1, "eval", failed("(ModuleNotFoundError) No module named 'bs4'", None));
        groups.add(2, "eval", failed("(KeyError) 'y'", Some(7)));
        groups.add(3, "eval", failed("(ModuleNotFoundError) No module named 'yaml'", None));
        groups.add(4, "eval", failed("(KeyError) 'x'", Some(9)));
        groups.add(5, "", Problem::new(ProblemCode::InvalidInput, "Row 6: no text."));
        groups.add(6, "", Problem::new(ProblemCode::InvalidInput, "Row 7: no number."));
        groups.add(7, "eval", failed("(KeyError) 'z'", Some(7)));
        let told: Vec<_> =
            groups.finish().into_iter().map(|group| (group.rows, group.first)).collect();
        assert_eq!(told, [(3, 0), (2, 5), (1, 1), (1, 3), (1, 4)]);
    }
}
