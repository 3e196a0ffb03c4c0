//! What was asked of the twin, and the faults that wait for it.

use domain::compute::Unreachable;

use super::hands::Hand;
use crate::EngineError;

/// The kinds of calls, one for each function of [`crate::Engine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Ping,
    ClearBuildCache,
    Managed,
    Neighbours,
    Inspect,
    Create,
    Start,
    Stop,
    Remove,
    Rename,
    SetRestartPolicy,
    ConnectNetwork,
    Pull,
    Build,
    Image,
    Images,
    Tag,
    RemoveImage,
    RemoveVolume,
    Events,
    Usage,
    Logs,
    Exec,
    Processes,
    FreeDisk,
    DiskUsage,
    Unpack,
    ReadFile,
    FollowFile,
    RemoveFile,
}

impl Call {
    /// Whether the engine is another after it.
    pub fn changes_something(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Start
                | Self::Stop
                | Self::Remove
                | Self::Rename
                | Self::SetRestartPolicy
                | Self::ConnectNetwork
                | Self::Pull
                | Self::Build
                | Self::Tag
                | Self::RemoveImage
                | Self::RemoveVolume
        )
    }
}

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused and nothing is done.
    Refuse(EngineError),
    /// It is done, but the answer is lost.
    AnswerLost,
    /// The engine goes away before it and stays away: also what a use case looks like from outside
    /// when its own process dies there.
    GoAway,
}

/// What is to happen at the moment of a call.
type Moment = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(super) struct Calls {
    pub made: Vec<(Call, String)>,
    pub unreachable: bool,
    planned: Vec<(Call, usize, Fault)>,
    waiting: Vec<(Call, usize, Moment)>,
    hands: Vec<(Call, usize, Hand)>,
}

/// An engine that is not there.
pub(super) fn gone() -> EngineError {
    Unreachable::Refused { path: "/twin/docker.sock".into() }.into()
}

impl Calls {
    pub fn plan(&mut self, call: Call, nth: usize, fault: Fault) {
        self.planned.push((call, nth.max(1), fault));
    }

    pub fn wait(&mut self, call: Call, nth: usize, then: Moment) {
        self.waiting.push((call, nth.max(1), then));
    }

    pub fn hand(&mut self, call: Call, nth: usize, hand: Hand) {
        self.hands.push((call, nth.max(1), hand));
    }

    /// What somebody does right before this call.
    pub fn hands_at(&mut self, call: Call) -> Vec<Hand> {
        for (_, left, _) in self.hands.iter_mut().filter(|(wanted, ..)| *wanted == call) {
            *left -= 1;
        }
        self.hands.extract_if(.., |(_, left, _)| *left == 0).map(|(.., hand)| hand).collect()
    }

    /// What waited for this call, if it is the one.
    fn awaken(&mut self, call: Call) {
        for (_, left, _) in self.waiting.iter_mut().filter(|(wanted, ..)| *wanted == call) {
            *left -= 1;
        }
        for (_, _, then) in self.waiting.extract_if(.., |(_, left, _)| *left == 0) {
            then();
        }
    }

    /// Records a call. `Ok(true)`: do it, and lose the answer.
    pub fn begin(&mut self, call: Call, subject: &str) -> Result<bool, EngineError> {
        self.made.push((call, subject.to_owned()));
        self.awaken(call);
        if self.unreachable {
            return Err(gone());
        }
        let mut due = None;
        for (at, (planned, left, _)) in self.planned.iter_mut().enumerate() {
            if *planned == call {
                *left -= 1;
                if *left == 0 && due.is_none() {
                    due = Some(at);
                }
            }
        }
        let fault = due.map(|at| self.planned.remove(at).2);
        // Two faults for one call: the first planned counts, the other has had its chance.
        self.planned.retain(|(_, left, _)| *left > 0);
        match fault {
            None => Ok(false),
            Some(Fault::Refuse(error)) => Err(error),
            Some(Fault::AnswerLost) => Ok(true),
            Some(Fault::GoAway) => {
                self.unreachable = true;
                Err(gone())
            }
        }
    }
}
