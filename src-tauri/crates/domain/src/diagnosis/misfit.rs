//! What an update would take away from flows.

use super::finding;
use crate::finding::{Cause, Evidence, Finding, Remedy};

/// A flow that fits a runtime now and would not fit any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowMisfit {
    /// The name of its folder.
    pub flow: String,
    /// What it would not find, a sentence each.
    pub sentences: Vec<String>,
    /// Packages that bring it, as far as they are known.
    pub packages: Vec<String>,
}

/// The finding for an update to `target` that was ended before anything was switched over.
pub fn flows_would_not_fit(runtime: &str, target: &str, misfits: &[FlowMisfit]) -> Finding {
    let mut packages: Vec<String> =
        misfits.iter().flat_map(|misfit| misfit.packages.clone()).collect();
    packages.sort();
    packages.dedup();
    let which = match misfits {
        [one] => {
            format!("The flow {} runs on {runtime} now and would not run on {target}.", one.flow)
        }
        all => format!("{} flows run on {runtime} now and would not run on {target}.", all.len()),
    };
    let add = match packages.as_slice() {
        [] => "Add what is missing to what it is updated to, or update anyway.".to_owned(),
        all => format!("Add {} to what it is updated to, or update anyway.", all.join(", ")),
    };
    let mut found = finding(
        Cause::FlowsWouldNotFit,
        which,
        "They were looked at beside the running one, which goes on as before.",
        &[&add],
        vec![Remedy::UpdateAnyway, Remedy::ChooseImage],
    );
    found.evidence = misfits
        .iter()
        .map(|misfit| Evidence { probe: misfit.flow.clone(), seen: misfit.sentences.join("\n") })
        .collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_flow_misses_what() {
        let misfit = |flow: &str, package: &str| FlowMisfit {
            flow: flow.into(),
            sentences: vec![format!("no {package}")],
            packages: vec![package.into()],
        };
        let found = flows_would_not_fit("eval", "rag 2", &[misfit("a", "x"), misfit("b", "x")]);
        assert_eq!(found.sentence, "2 flows run on eval now and would not run on rag 2.");
        assert!(found.advice[0].starts_with("Add x to"), "{:?}", found.advice);
        assert_eq!(found.evidence[1], Evidence { probe: "b".into(), seen: "no x".into() });
        assert_eq!(found.remedies[0], Remedy::UpdateAnyway);
        let one = flows_would_not_fit("eval", "rag 2", &[misfit("a", "x")]);
        assert!(one.sentence.starts_with("The flow a runs on eval now"), "{}", one.sentence);
    }
}
