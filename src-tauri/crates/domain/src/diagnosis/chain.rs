//! From what was seen to the chain of checks, its first broken link, and what is wrong.
//!
//! Each link is judged by a rule of its own. What is behind the first broken link says nothing and is not
//! reached; resources are looked at beside the chain. A wrong cause is worse than none: where no rule
//! knows why a link is broken, the finding is *unknown* and holds what was seen.

use super::{
    check::{Check, Link, LinkState},
    facts::{Facts, Seen},
    links,
};
use crate::finding::{Cause, Evidence, Finding, Remedy};

/// What the facts amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub checks: Vec<Check>,
    pub broken: Option<Link>,
    pub finding: Option<Finding>,
    pub others: Vec<Finding>,
}

/// One link, judged.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub state: LinkState,
    pub probe: String,
    pub saw: String,
    pub sentence: String,
    pub milliseconds: u32,
    pub finding: Option<Finding>,
    /// Further ones.
    pub also: Vec<Finding>,
}

impl Judged {
    /// A link as this look shows it.
    pub fn of<T>(
        seen: &Seen<T>,
        state: LinkState,
        saw: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            state,
            probe: seen.probe.clone(),
            saw: saw.into(),
            sentence: sentence.into(),
            milliseconds: seen.milliseconds,
            finding: None,
            also: vec![],
        }
    }

    /// With what is wrong; its evidence begins with what this link saw.
    pub fn found(mut self, mut finding: Finding) -> Self {
        let own = Evidence { probe: self.probe.clone(), seen: self.saw.clone() };
        if !self.saw.is_empty() && !finding.evidence.contains(&own) {
            finding.evidence.insert(0, own);
        }
        self.finding = Some(finding);
        self
    }

    /// With the log's last lines as evidence, when there are any.
    pub fn with_log(mut self, facts: &Facts) -> Self {
        let log = facts.log_text().trim_end();
        if let Some(finding) = &mut self.finding
            && !log.is_empty()
        {
            let probe = facts.log.as_ref().map_or_else(String::new, |log| log.probe.clone());
            finding.evidence.push(Evidence { probe, seen: log.to_owned() });
        }
        self
    }

    /// With what another look saw as evidence.
    pub fn and_saw<T>(mut self, seen: Option<&Seen<T>>, words: impl Fn(&T) -> String) -> Self {
        if let (Some(finding), Some(seen)) = (&mut self.finding, seen) {
            let words = words(&seen.value);
            if !words.is_empty() {
                finding.evidence.push(Evidence { probe: seen.probe.clone(), seen: words });
            }
        }
        self
    }

    fn check(&self, link: Link) -> Check {
        Check {
            link,
            state: self.state,
            probe: self.probe.clone(),
            saw: self.saw.clone(),
            sentence: self.sentence.clone(),
            milliseconds: self.milliseconds,
        }
    }
}

/// Judges every link by what was seen. While `complete` is false, links that were not looked at yet are
/// left out; afterwards they say so.
pub fn judge(facts: &Facts, complete: bool) -> Verdict {
    let mut verdict = Verdict { checks: vec![], broken: None, finding: None, others: vec![] };
    let mut waits = false;
    for link in Link::ALL {
        let beside = is_beside(link);
        if verdict.broken.is_some() && !beside {
            verdict.checks.push(not_reached(link, verdict.broken));
            continue;
        }
        // One link is only as good as those before it.
        if waits && !beside {
            continue;
        }
        let Some(judged) = links::judge(link, facts) else {
            waits |= !beside;
            if complete {
                verdict.checks.push(if verdict.broken.is_some() {
                    not_reached(link, verdict.broken)
                } else {
                    not_seen(link)
                });
                waits = false;
            }
            continue;
        };
        verdict.checks.push(judged.check(link));
        if judged.state == LinkState::Broken && verdict.broken.is_none() {
            verdict.broken = Some(link);
            let unknown = || unknown(facts, &judged);
            verdict.finding = Some(judged.finding.clone().unwrap_or_else(unknown));
        } else {
            verdict.others.extend(judged.finding);
        }
        verdict.others.extend(judged.also);
    }
    let first = verdict.finding.as_ref().map(|finding| finding.cause);
    verdict.others.retain(|other| Some(other.cause) != first);
    verdict
}

/// Looked at beside the chain: it tells something whatever else is broken.
fn is_beside(link: Link) -> bool {
    link >= Link::Versions
}

fn not_reached(link: Link, broken: Option<Link>) -> Check {
    let sentence = match broken {
        Some(Link::Compute | Link::Permission) => "The engine has to answer first.",
        _ if is_beside(link) => "It can be looked at only while the container runs.",
        _ => "What comes before it has to be mended first.",
    };
    plain(link, LinkState::NotReached, sentence)
}

fn not_seen(link: Link) -> Check {
    plain(link, LinkState::Unknown, "It could not be looked at.")
}

fn plain(link: Link, state: LinkState, sentence: &str) -> Check {
    Check {
        link,
        state,
        probe: String::new(),
        saw: String::new(),
        sentence: sentence.to_owned(),
        milliseconds: 0,
    }
}

/// A link is broken and no rule knows why: what was seen, and no guess.
fn unknown(facts: &Facts, judged: &Judged) -> Finding {
    let mut finding = Finding {
        cause: Cause::Unknown,
        sentence: judged.sentence.clone(),
        meaning: "Why is not known here. What was seen stands below.".into(),
        evidence: vec![Evidence { probe: judged.probe.clone(), seen: judged.saw.clone() }],
        advice: vec!["Look at what was seen, and at the log.".into()],
        remedies: vec![Remedy::ViewLogs],
    };
    if facts.found().is_some_and(crate::container::Container::is_running) {
        finding.remedies.push(Remedy::Restart);
    }
    let mut add = |probe: &str, seen: String| {
        let seen = seen.trim_end().to_owned();
        let evidence = Evidence { probe: probe.to_owned(), seen };
        if !evidence.seen.is_empty() && !finding.evidence.contains(&evidence) {
            finding.evidence.push(evidence);
        }
    };
    if let Some(container) = &facts.container
        && let Some(found) = facts.found()
    {
        add(&container.probe, links::state_words(found));
    }
    if let Some(listening) = &facts.listening {
        add(&listening.probe, links::listening_words(&listening.value));
    }
    if let Some(service) = &facts.service {
        add(&service.probe, service.value.to_string());
    }
    if let Some(inside) = &facts.inside {
        add(&inside.probe, links::inside_words(&inside.value));
    }
    if let Some(log) = &facts.log {
        add(&log.probe, log.value.clone());
    }
    finding
}
