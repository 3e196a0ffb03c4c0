//! Why a run failed, as a problem with its finding.

use super::RunFailure;
use crate::{
    diagnosis::{AboutRun, of_run},
    finding::{Finding, Problem, ProblemCode},
};

/// The failure of a run in words, with what can be done about it.
pub fn explain(failure: &RunFailure) -> Problem {
    explain_about(failure, &AboutRun::default())
}

/// The same with what is known around it.
pub fn explain_about(failure: &RunFailure, about: &AboutRun) -> Problem {
    let details = match &failure.traceback {
        Some(traceback) => format!("{}\n\n{traceback}", failure.message),
        None => failure.message.clone(),
    };
    Problem { details: Some(details), ..run_failed(of_run(failure, about)) }
}

/// A finding as the problem of a run.
pub fn run_failed(finding: Finding) -> Problem {
    let mut problem = Problem::new(ProblemCode::RunFailed, finding.sentence.clone());
    problem.hints.clone_from(&finding.advice);
    problem.finding = Some(Box::new(finding));
    problem
}
