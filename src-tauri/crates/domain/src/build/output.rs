//! From what a builder says to the steps of a build.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::LineSplitter;
use crate::operation::StepState;

/// Something that a builder tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildEvent {
    /// A piece of the builder's text, not necessarily whole lines.
    Output { text: String },
    /// How a step stands, from a builder that tells steps apart (BuildKit); each time that it changes.
    Step(StepTold),
    /// What such a step said, in whole lines.
    StepOutput { step: String, text: String },
    /// How far the pull of a base is.
    Status { id: String, status: String, current: Option<u64>, total: Option<u64> },
    /// Bytes of the context that were sent so far.
    Sent { bytes: u64 },
    /// The image was made.
    Image { id: String },
}

/// One step as BuildKit tells it (a *vertex* there).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepTold {
    /// Names the step within its build.
    pub id: String,
    /// In full, e.g. `[packages 2/4] RUN pip install -r requirements.txt`.
    pub title: String,
    /// `None` = it is known that it will come.
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// Nothing had to be done: it was done before.
    pub cached: bool,
    /// Why it failed.
    pub error: Option<String>,
}

impl StepTold {
    /// The instruction as the Dockerfile has it, more or less; the title where it has none.
    pub fn instruction(&self) -> &str {
        let rest = self.title.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        rest.map_or(self.title.as_str(), |(_, instruction)| instruction)
    }

    /// It was ended because another one failed, or because the build was cancelled.
    fn was_ended(&self) -> bool {
        self.error.as_deref().is_some_and(|error| error.contains("context canceled"))
    }

    fn state(&self) -> StepState {
        match (&self.error, self.started, self.finished) {
            (Some(_), _, _) if self.was_ended() => StepState::Skipped,
            (Some(_), _, _) => StepState::Failed,
            (None, Some(_), None) => StepState::Running,
            (None, _, Some(_)) => StepState::Done,
            (None, None, None) => StepState::Pending,
        }
    }
}

/// How far a build is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildProgress {
    /// Bytes of the context that were sent.
    pub sent: u64,
    /// The steps that began, in their order.
    pub steps: Vec<BuildStep>,
    /// How many there will be; `None` = not known yet.
    pub total: Option<u32>,
}

/// A step of a build: one instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BuildStep {
    /// From 1, counted through all stages.
    pub number: u32,
    /// As the builder says it, e.g. `RUN pip install -r requirements.txt`.
    pub instruction: String,
    pub state: StepState,
    /// Nothing had to be done: it was done before.
    pub cached: bool,
    #[ts(type = "string | null")]
    pub started: Option<Timestamp>,
    #[ts(type = "string | null")]
    pub finished: Option<Timestamp>,
}

/// Follows a build by what its builder says; knows Docker's two builders and Podman's.
#[derive(Clone, Debug, Default)]
pub struct BuildTracker {
    /// Ids of the steps that were told, in the order in which they became known; empty for a builder
    /// that only writes text.
    known: Vec<String>,
    /// Ids of the steps that began, as they stand in the progress.
    begun: Vec<String>,
    progress: BuildProgress,
    lines: LineSplitter,
    /// Whether the builder is Docker's; known with the first step.
    docker: bool,
    /// The stage that is being built, from 1; 0 = the builder does not tell.
    stage: u32,
    /// Steps of the stages before.
    before: u32,
    /// Ids of the images that steps made, as the builder tells them.
    made: Vec<String>,
}

/// The line with which a builder begins a step.
struct Header<'a> {
    docker: bool,
    /// Number of the stage and of all stages; 0 = not told.
    stage: (u32, u32),
    number: u32,
    total: Option<u32>,
    instruction: &'a str,
}

impl BuildTracker {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes into account what the builder said at this time.
    ///
    /// [`BuildEvent::Status`] changes nothing here: a pull has its own
    /// [tracker](crate::pull::PullTracker).
    pub fn take(&mut self, event: &BuildEvent, at: Timestamp) {
        match event {
            BuildEvent::Output { text } => {
                for line in self.lines.take(text) {
                    self.line(&line, at);
                }
            }
            BuildEvent::Step(told) => self.told(told),
            BuildEvent::Status { .. } | BuildEvent::StepOutput { .. } => {}
            BuildEvent::Sent { bytes } => self.progress.sent = self.progress.sent.max(*bytes),
            BuildEvent::Image { .. } => self.end_last(StepState::Done, at),
        }
    }

    /// The build ended; the step that it was at is done, or failed.
    pub fn finish(&mut self, at: Timestamp, ok: bool) {
        if let Some(line) = self.lines.finish() {
            self.line(&line, at);
        }
        if !self.known.is_empty() {
            let left = if ok { StepState::Done } else { StepState::Skipped };
            for step in &mut self.progress.steps {
                if step.state == StepState::Running {
                    step.state = left;
                    step.finished = Some(at);
                }
            }
        } else if ok {
            self.end_last(StepState::Done, at);
        } else if let Some(step) = self.progress.steps.last_mut() {
            step.state = StepState::Failed;
            step.finished = Some(at);
        }
    }

    /// Ids of the images that its steps made or took from earlier ones, perhaps shortened: what stays
    /// on the engine for the next build.
    pub fn made(&self) -> &[String] {
        &self.made
    }

    /// The step that failed, with its id where the builder gives steps ids; else the one that it was
    /// at last.
    pub fn failed(&self) -> Option<(Option<&str>, &BuildStep)> {
        let steps = &self.progress.steps;
        if self.known.is_empty() {
            return steps.last().map(|step| (None, step));
        }
        let at = steps.iter().position(|step| step.state == StepState::Failed)?;
        Some((self.begun.get(at).map(String::as_str), &steps[at]))
    }

    /// How it stands.
    pub fn progress(&self) -> BuildProgress {
        self.progress.clone()
    }

    /// A step of a builder that tells them apart. They may go on beside each other.
    fn told(&mut self, told: &StepTold) {
        if !self.known.contains(&told.id) {
            self.known.push(told.id.clone());
        }
        self.progress.total = u32::try_from(self.known.len()).ok();
        let state = told.state();
        if state == StepState::Pending {
            return;
        }
        let at = self.begun.iter().position(|id| *id == told.id).unwrap_or_else(|| {
            self.begun.push(told.id.clone());
            self.progress.steps.push(BuildStep {
                number: u32::try_from(self.begun.len()).unwrap_or(u32::MAX),
                instruction: told.instruction().to_owned(),
                state,
                cached: false,
                started: None,
                finished: None,
            });
            self.begun.len() - 1
        });
        let step = &mut self.progress.steps[at];
        step.state = state;
        step.cached = told.cached;
        step.started = told.started;
        step.finished = told.finished;
    }

    fn line(&mut self, line: &str, at: Timestamp) {
        if let Some(header) = header(line) {
            self.begin(&header, at);
        } else if let Some(said) = line.strip_prefix(" ---> ").or(line.strip_prefix("--> ")) {
            let mut words = said.split_whitespace();
            if said.starts_with("Using cache") {
                if let Some(step) = self.progress.steps.last_mut() {
                    step.cached = true;
                }
                self.end_last(StepState::Done, at);
            } else if let (Some(id), None) = (words.next().filter(|word| is_id(word)), words.next())
            {
                self.made.push(id.to_owned());
                self.end_last(StepState::Done, at);
            }
        } else if line.starts_with("COMMIT")
            || line.strip_prefix("Successfully built ").is_some_and(is_id)
        {
            self.end_last(StepState::Done, at);
        }
    }

    /// Begins a step, unless the line cannot be the builder's own: what a step runs may print
    /// anything.
    fn begin(&mut self, header: &Header<'_>, at: Timestamp) {
        let count = u32::try_from(self.progress.steps.len()).unwrap_or(u32::MAX);
        let (stage, stages) = header.stage;
        let (before, fits) = if self.progress.steps.is_empty() {
            (0, header.number == 1)
        } else if stage > self.stage && self.stage > 0 {
            (count, header.number == 1)
        } else {
            (self.before, stage == self.stage && self.before + header.number == count + 1)
        };
        let fits = fits && (self.progress.steps.is_empty() || header.docker == self.docker);
        let total = header.total.map(|total| before + total).filter(|_| stage == stages);
        if !fits || (self.progress.total.is_some() && self.progress.total != total) {
            return;
        }
        self.end_last(StepState::Done, at);
        self.docker = header.docker;
        self.stage = stage;
        self.before = before;
        self.progress.total = total;
        self.progress.steps.push(BuildStep {
            number: before + header.number,
            instruction: header.instruction.to_owned(),
            state: StepState::Running,
            cached: false,
            started: Some(at),
            finished: None,
        });
    }

    fn end_last(&mut self, state: StepState, at: Timestamp) {
        let last = self.progress.steps.last_mut();
        if let Some(step) = last.filter(|step| step.state == StepState::Running) {
            step.state = state;
            step.finished = Some(at);
        }
    }
}

/// Whether a builder begins a step with this line.
pub(super) fn is_header(line: &str) -> bool {
    header(line).is_some()
}

/// `Step 3/9 : RUN x` (Docker), `STEP 3/9: RUN x`, `[2/2] STEP 1/4: FROM x`, `STEP 3: RUN x` (Podman).
fn header(line: &str) -> Option<Header<'_>> {
    let pair = |text: &str| {
        let (first, second) = text.split_once('/')?;
        Some((first.parse().ok()?, second.parse().ok()?))
    };
    if let Some(rest) = line.strip_prefix("Step ") {
        let (numbers, instruction) = rest.split_once(" : ")?;
        let (number, total) = pair(numbers)?;
        let (docker, stage) = (true, (0, 0));
        return Some(Header { docker, stage, number, total: Some(total), instruction });
    }
    let (stage, rest) = match line.strip_prefix('[') {
        Some(rest) => {
            let (stage, rest) = rest.split_once("] ")?;
            (pair(stage)?, rest)
        }
        None => ((0, 0), line),
    };
    let (numbers, instruction) = rest.strip_prefix("STEP ")?.split_once(": ")?;
    let (number, total) = match pair(numbers) {
        Some((number, total)) => (number, Some(total)),
        None => (numbers.parse().ok()?, None),
    };
    Some(Header { docker: false, stage, number, total, instruction })
}

fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix("sha256:").unwrap_or(word);
    digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    /// One line a second.
    fn track(text: &str) -> BuildTracker {
        let mut tracker = BuildTracker::new();
        for (time, line) in text.lines().enumerate() {
            let event = BuildEvent::Output { text: format!("{line}\n") };
            tracker.take(&event, second(i64::try_from(time).expect("few lines")));
        }
        tracker
    }

    fn told(progress: &BuildProgress) -> Vec<(u32, &str, StepState, bool)> {
        progress
            .steps
            .iter()
            .map(|step| (step.number, step.instruction.as_str(), step.state, step.cached))
            .collect()
    }

    #[test]
    fn dockers_words_become_steps() {
        use StepState::{Done, Failed, Running};
        let mut tracker = track(
            "Step 1/3 : FROM python:3.11\n ---> 1c3e07edea3f\nStep 2/3 : WORKDIR /app\n ---> Using cache\n ---> a945e1a7d8e0\nStep 3/3 : RUN pip install -r x\n ---> Running in fb0a6673981b\nCollecting x\n",
        );
        let progress = tracker.progress();
        assert_eq!(progress.total, Some(3));
        assert_eq!(
            told(&progress),
            [
                (1, "FROM python:3.11", Done, false),
                (2, "WORKDIR /app", Done, true),
                (3, "RUN pip install -r x", Running, false)
            ]
        );
        assert_eq!(progress.steps[0].finished, Some(second(1)));
        assert_eq!(
            (progress.steps[2].started, progress.steps[2].finished),
            (Some(second(5)), None)
        );
        let mut failed = tracker.clone();
        failed.finish(second(20), false);
        assert_eq!(failed.progress().steps[2].state, Failed);
        assert_eq!(failed.progress().steps[2].finished, Some(second(20)));
        tracker.take(&BuildEvent::Image { id: "sha256:1".into() }, second(9));
        tracker.finish(second(20), true);
        assert_eq!(tracker.progress().steps[2].state, Done);
        assert_eq!(tracker.progress().steps[2].finished, Some(second(9)));
    }

    #[test]
    fn podmans_words_become_steps_counted_through_all_stages() {
        use StepState::{Done, Running};
        let tracker = track(
            "[1/2] STEP 1/2: FROM python:3.11 AS build\n[1/2] STEP 2/2: RUN make\n--> 9c0b0aa2a0f4\n[2/2] STEP 1/3: FROM python:3.11-slim\n[2/2] STEP 2/3: WORKDIR /app\n--> Using cache 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n--> 0123456789ab\n[2/2] STEP 3/3: COPY --from=build /a /b\n",
        );
        let progress = tracker.progress();
        assert_eq!(progress.total, Some(5));
        assert_eq!(
            told(&progress),
            [
                (1, "FROM python:3.11 AS build", Done, false),
                (2, "RUN make", Done, false),
                (3, "FROM python:3.11-slim", Done, false),
                (4, "WORKDIR /app", Done, true),
                (5, "COPY --from=build /a /b", Running, false)
            ]
        );
        assert_eq!(track("[1/2] STEP 1/2: FROM a\n").progress().total, None);
        let one = track("STEP 1/2: FROM a\nSTEP 2/2: RUN x\nCOMMIT localhost/x:1\n").progress();
        assert_eq!((one.total, one.steps[1].state), (Some(2), Done));
        assert_eq!(track("STEP 1: FROM a\nSTEP 2: RUN x\n").progress().steps.len(), 2);
    }

    fn step(id: &str, title: &str, started: Option<i64>, finished: Option<i64>) -> StepTold {
        StepTold {
            id: id.into(),
            title: title.into(),
            started: started.map(second),
            finished: finished.map(second),
            ..StepTold::default()
        }
    }

    #[test]
    fn steps_that_go_on_beside_each_other_are_told_apart() {
        use StepState::{Done, Failed, Running, Skipped};
        let mut tracker = BuildTracker::new();
        let mut take = |told: StepTold| {
            tracker.take(&BuildEvent::Step(told), second(0));
            tracker.clone()
        };
        take(step("a", "[packages 1/2] FROM base", Some(1), Some(2)));
        take(step("b", "[packages 2/2] RUN pip install x", None, None));
        take(step("c", "[stage-1 2/2] RUN train", Some(3), None));
        let both = take(step("b", "[packages 2/2] RUN pip install x", Some(4), None));
        assert_eq!(both.progress().total, Some(3));
        assert_eq!(
            told(&both.progress()),
            [
                (1, "FROM base", Done, false),
                (2, "RUN train", Running, false),
                (3, "RUN pip install x", Running, false)
            ]
        );
        let error = |told: StepTold, words: &str| StepTold { error: Some(words.into()), ..told };
        take(error(step("c", "[stage-1 2/2] RUN train", Some(3), Some(6)), "context canceled"));
        let failed = step("b", "[packages 2/2] RUN pip install x", Some(4), Some(6));
        let mut tracker = take(error(failed, "exit code: 1"));
        tracker.finish(second(7), false);
        let states: Vec<_> = tracker.progress().steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [Done, Skipped, Failed]);
        let (id, step) = tracker.failed().expect("a step");
        assert_eq!((id, step.instruction.as_str()), (Some("b"), "RUN pip install x"));
    }

    #[test]
    fn a_builder_without_ids_failed_at_its_last_step() {
        let tracker = track("Step 1/2 : FROM a\nStep 2/2 : RUN x\n");
        let (id, step) = tracker.failed().expect("a step");
        assert_eq!((id, step.number), (None, 2));
    }

    #[test]
    fn what_a_step_prints_is_not_taken_for_a_step() {
        let tracker = track(
            "Step 1/3 : FROM a\nStep 2/3 : RUN train\nStep 1/9 : epoch\nStep 3/9 : epoch\nStep 2/3 : RUN again\nSTEP 3/3: x\nStep x/3 : y\n ---> looks good\n",
        );
        let progress = tracker.progress();
        assert_eq!(progress.total, Some(3));
        assert_eq!(progress.steps.len(), 2);
        assert_eq!(progress.steps[1].state, StepState::Running);
    }

    #[test]
    fn lines_may_come_in_pieces_and_the_context_only_grows() {
        let mut tracker = BuildTracker::new();
        for text in ["Step 1", "/2 : FR", "OM a\nStep 2/2 : CMD x"] {
            tracker.take(&BuildEvent::Output { text: text.into() }, second(1));
        }
        tracker.take(&BuildEvent::Sent { bytes: 20 }, second(2));
        tracker.take(&BuildEvent::Sent { bytes: 10 }, second(2));
        let pull = BuildEvent::Status {
            id: "a".into(),
            status: "Downloading".into(),
            current: None,
            total: None,
        };
        tracker.take(&pull, second(2));
        assert_eq!(tracker.progress().steps.len(), 1);
        assert_eq!(tracker.progress().sent, 20);
        tracker.finish(second(3), true);
        assert_eq!(tracker.progress().steps.len(), 2);
        assert_eq!(tracker.progress().steps[1].state, StepState::Done);
    }
}
