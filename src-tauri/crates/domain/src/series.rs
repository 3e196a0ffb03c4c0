//! Several updates one after another: what may start next, given what ended how.
//!
//! A series is a list of runtimes in the person's order. Rules that always hold:
//!
//! - no more than [`Rules::parallel`] run on one compute at a time;
//! - the order is kept: a runtime is passed by only while something holds it back alone;
//! - an image goes to one runtime first. Only when that one ended well do others get it, so an image
//!   that is bad is tried once, whatever may run in parallel;
//! - an image that proved bad is not tried again: who waits for it is skipped with the reason;
//! - after a failure nothing more starts, where the person chose so.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{compute::ComputeId, operation::OperationId, runtime::RuntimeId};

/// Names one series: a random UUID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct SeriesId(pub String);

/// What happens after one of them failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// No further one starts; those that run end as they would.
    Stop,
    GoOn,
}

/// How a series is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Updates at a time on one compute; at least 1.
    pub parallel: u32,
    pub on_failure: OnFailure,
    /// Active runs are not waited for.
    pub cancel_runs: bool,
}

/// How one of them stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MemberState {
    /// Its turn has not come.
    Waiting,
    Running,
    Updated,
    /// Its update failed; it runs what it ran before.
    Failed,
    /// The person cancelled its update.
    Cancelled,
    /// It was left out, and why.
    Skipped,
    /// The series ended before its turn.
    NotStarted,
    /// The application ended in the middle of it.
    CutOff,
}

impl MemberState {
    /// Nothing more will happen with it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One runtime of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub runtime: RuntimeId,
    /// Its name when the series began.
    pub name: String,
    pub compute: ComputeId,
    /// Versions or images as shown to people.
    pub from: String,
    pub to: String,
    /// What identifies the image that it gets.
    pub image: String,
    pub state: MemberState,
    /// Its update, once begun.
    pub operation: Option<OperationId>,
    /// Why it stands so, a sentence.
    pub note: Option<String>,
}

/// How a series ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SeriesEnd {
    /// Each had its turn.
    Complete,
    /// One failed, and no further one was to start then.
    AfterFailure,
    /// The person stopped it.
    Stopped,
    /// The application ended in the middle of it.
    CutOff,
}

/// A series as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    pub id: SeriesId,
    pub rules: Rules,
    /// In the person's order.
    pub members: Vec<Member>,
    /// No further one starts: why. It may still have running ones.
    pub closing: Option<SeriesEnd>,
    /// It has ended, and how.
    pub end: Option<SeriesEnd>,
    /// `user@host`.
    pub started_by: String,
    #[ts(type = "string")]
    pub started: Timestamp,
    #[ts(type = "string | null")]
    pub finished: Option<Timestamp>,
}

/// How one update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Updated,
    Failed {
        why: String,
        /// The image is to blame: it is not tried on another runtime.
        blames_image: bool,
    },
    Cancelled,
    /// It did not begin, because it must not be touched now.
    Skipped {
        why: String,
    },
}

impl Series {
    fn member(&mut self, runtime: &RuntimeId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.runtime == *runtime)
    }

    fn running_on(&self, compute: &ComputeId) -> u32 {
        let running = self
            .members
            .iter()
            .filter(|member| member.state == MemberState::Running && member.compute == *compute);
        u32::try_from(running.count()).unwrap_or(u32::MAX)
    }

    /// Whether an image ended well on one runtime of this series.
    fn is_proven(&self, image: &str) -> bool {
        self.members
            .iter()
            .any(|member| member.image == image && member.state == MemberState::Updated)
    }

    /// The next that may start, and only one: start it, say so with [`Series::started`], ask again.
    /// `busy` are runtimes that something else works on now; each waits for its turn.
    pub fn next(&self, busy: &BTreeSet<RuntimeId>) -> Option<&Member> {
        if self.closing.is_some() || self.end.is_some() {
            return None;
        }
        self.members.iter().find(|member| {
            member.state == MemberState::Waiting
                && !busy.contains(&member.runtime)
                && self.running_on(&member.compute) < self.rules.parallel.max(1)
                && (self.is_proven(&member.image)
                    || !self.members.iter().any(|other| {
                        other.image == member.image && other.state == MemberState::Running
                    }))
        })
    }

    /// The update of a member began.
    pub fn started(&mut self, runtime: &RuntimeId, operation: OperationId) {
        if let Some(member) = self.member(runtime) {
            member.state = MemberState::Running;
            member.operation = Some(operation);
            member.note = None;
        }
    }

    /// A member that waits is told why it is not its turn; `None` = nothing to say.
    pub fn waits(&mut self, runtime: &RuntimeId, why: Option<String>) {
        if let Some(member) = self.member(runtime)
            && member.state == MemberState::Waiting
        {
            member.note = why;
        }
    }

    /// A member ended.
    pub fn ended(&mut self, runtime: &RuntimeId, how: Ended) {
        let Some(member) = self.member(runtime) else { return };
        let (name, image) = (member.name.clone(), member.image.clone());
        let failed = matches!(how, Ended::Failed { .. });
        let is_bad = matches!(how, Ended::Failed { blames_image: true, .. });
        (member.state, member.note) = match how {
            Ended::Updated => (MemberState::Updated, None),
            Ended::Failed { why, .. } => (MemberState::Failed, Some(why)),
            Ended::Cancelled => (MemberState::Cancelled, None),
            Ended::Skipped { why } => (MemberState::Skipped, Some(why)),
        };
        if is_bad {
            let waiting = |member: &&mut Member| {
                member.image == image && member.state == MemberState::Waiting
            };
            for other in self.members.iter_mut().filter(waiting) {
                other.state = MemberState::Skipped;
                other.note =
                    Some(format!("{} did not work on {name}, so it was not tried here.", other.to));
            }
        }
        if failed && self.rules.on_failure == OnFailure::Stop {
            self.closing.get_or_insert(SeriesEnd::AfterFailure);
        }
    }

    /// The person stops it: no further one starts.
    pub fn stop(&mut self) {
        if self.end.is_none() {
            self.closing.get_or_insert(SeriesEnd::Stopped);
        }
    }

    /// Ends the series when nothing runs and nothing more may start. Answers whether it has ended.
    pub fn finish(&mut self, now: Timestamp) -> bool {
        if self.end.is_some() {
            return true;
        }
        let is = |state: MemberState| self.members.iter().any(|member| member.state == state);
        if is(MemberState::Running) || (is(MemberState::Waiting) && self.closing.is_none()) {
            return false;
        }
        self.close(self.closing.unwrap_or(SeriesEnd::Complete), now);
        true
    }

    /// The application that did it is gone: what waited was not done, what ran was cut off.
    pub fn cut_off(&mut self, now: Timestamp) {
        for member in &mut self.members {
            if member.state == MemberState::Running {
                member.state = MemberState::CutOff;
                member.note = Some(
                    "The application ended during its update. What became of it stands in its history."
                        .to_owned(),
                );
            }
        }
        self.close(SeriesEnd::CutOff, now);
    }

    fn close(&mut self, end: SeriesEnd, now: Timestamp) {
        // One that all had their turn in was not stopped early, whatever was pressed at its end.
        let left = |member: &&mut Member| member.state == MemberState::Waiting;
        let mut early = end == SeriesEnd::CutOff;
        for member in self.members.iter_mut().filter(left) {
            member.state = MemberState::NotStarted;
            member.note = None;
            early = true;
        }
        self.end = Some(if early { end } else { SeriesEnd::Complete });
        self.closing = None;
        self.finished = Some(now);
    }
}

#[cfg(test)]
#[path = "series/tests.rs"]
mod tests;
