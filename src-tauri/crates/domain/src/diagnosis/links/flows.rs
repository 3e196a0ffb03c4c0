//! Flows that ran on a runtime: whether they still find what they need there.

use crate::{
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{Facts, FlowsSeen},
    },
    finding::{Evidence, Finding, Remedy},
};

pub fn flows(facts: &Facts) -> Option<Judged> {
    let seen = facts.flows.as_ref()?;
    let FlowsSeen { looked_at, lacks, not_seen } = &seen.value;
    if *looked_at == 0 && not_seen.is_empty() {
        let sentence = "No flow ran on this runtime yet.";
        return Some(Judged::of(seen, LinkState::NotNeeded, "none", sentence));
    }
    let mut saw: Vec<String> =
        lacks.iter().map(|(flow, found)| format!("{flow}: {}", found.sentence)).collect();
    saw.extend(not_seen.iter().map(|one| format!("not looked at: {one}")));
    if saw.is_empty() {
        saw.push(match looked_at {
            1 => "one flow".into(),
            count => format!("{count} flows"),
        });
    }
    let saw = saw.join("\n");
    let mut findings = grouped(lacks, &seen.probe).into_iter();
    let Some(first) = findings.next() else {
        let (state, sentence) = if not_seen.is_empty() {
            (LinkState::Passed, "The flows that ran here last find what they need.")
        } else {
            (LinkState::Unknown, "Not every flow that ran here last could be looked at.")
        };
        return Some(Judged::of(seen, state, saw, sentence));
    };
    // The runtime itself is well.
    let sentence = "Flows that ran here lack something now.";
    let mut judged = Judged::of(seen, LinkState::Warning, saw, sentence);
    judged.finding = Some(first);
    judged.also = findings.collect();
    Some(judged)
}

/// One finding for what several flows lack.
fn grouped(lacks: &[(String, Finding)], probe: &str) -> Vec<Finding> {
    let mut groups: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for (flow, found) in lacks {
        match groups.iter_mut().find(|(known, _)| known.sentence == found.sentence) {
            Some((_, flows)) => flows.push(flow),
            None => groups.push((found, vec![flow])),
        }
    }
    groups
        .into_iter()
        .map(|(found, flows)| {
            let need = match flows[..] {
                [one] => format!("The flow {one} needs it."),
                _ => format!("The flows {} need it.", flows.join(", ")),
            };
            let seen = format!("{}: {}", flows.join(", "), found.sentence);
            let own = Evidence { probe: probe.to_owned(), seen };
            // There is no run to be done again.
            let remedies = found.remedies.iter().filter(|remedy| **remedy != Remedy::RunAgain);
            Finding {
                meaning: format!("{need} {}", found.meaning).trim().to_owned(),
                evidence: std::iter::once(own).chain(found.evidence.clone()).collect(),
                remedies: remedies.cloned().collect(),
                ..found.clone()
            }
        })
        .collect()
}
